//! Those who process data for the service, to be read by anybody (P-1).

use serde::Serialize;

use super::render::Page;

/// `/processors/{language}`.
#[derive(Debug, Clone, Serialize)]
pub struct Processors {
    /// Each of them; none where the service does all by itself.
    pub processors: Vec<ProcessorRow>,
}

/// One of them, in the reader's language.
#[derive(Debug, Clone, Serialize)]
pub struct ProcessorRow {
    /// The company's name.
    pub name: String,
    /// The name of its country, or the code where these pages have no name for it.
    pub country: String,
    /// What it does.
    pub purpose: String,
    /// What it gets for that.
    pub receives: String,
}

impl Page for Processors {
    const TEMPLATE: &'static str = "processors.html";

    #[cfg(test)]
    fn samples() -> Vec<Self> {
        let row = |name: &str| ProcessorRow {
            name: name.to_owned(),
            country: "Latvija".to_owned(),
            purpose: "piegādā e-pastu".to_owned(),
            receives: "adreses un vēstules".to_owned(),
        };
        vec![Self { processors: Vec::new() }, Self { processors: vec![row("Pasts & Co <SIA>"), row("Mākonis")] }]
    }
}
