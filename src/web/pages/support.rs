//! The support code (S-12).

use serde::Serialize;

use super::render::Page;
use super::shown::ShownOnce;
use super::vault::Moment;
#[cfg(test)]
use super::vault::samples;

/// `/account/support`: posts there to make a code.
#[derive(Debug, Clone, Serialize)]
pub struct SupportPage {
    /// A code that was just made: the one time that it can be seen.
    pub made: Option<SupportMade>,
}

/// A code, and what support must say back.
#[derive(Debug, Clone, Serialize)]
pub struct SupportMade {
    /// The code.
    pub code: ShownOnce,
    /// The words.
    pub words: Vec<ShownOnce>,
    /// When it dies.
    pub expires_at: Moment,
}

impl Page for SupportPage {
    const TEMPLATE: &'static str = "support.html";

    #[cfg(test)]
    fn samples() -> Vec<Self> {
        let once = |text: &str| crate::kernel::personal::Secret::new(text.to_owned()).into();
        let words = ["apple", "bridge", "candle"].map(once).to_vec();
        let made = SupportMade { code: once("1234 5678"), words, expires_at: samples::moment(1) };
        vec![Self { made: None }, Self { made: Some(made) }]
    }
}
