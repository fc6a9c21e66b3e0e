//! `[[processors]]`: those who process data on the operator's behalf (P-1). Public by intent.

use serde::Deserialize;

use super::values::Expected;
use crate::kernel::values::{Country, Locale};

/// Somebody who gets data from the service to do something for it.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Processor {
    /// The company's name.
    pub name: Line,
    /// Where it processes.
    pub country: Country,
    /// What for.
    pub purpose: InWords,
    /// What it gets.
    pub receives: InWords,
}

/// A text for every reader, or one for each language.
#[derive(Debug, Clone, Deserialize)]
#[serde(untagged, expecting = "expected a text, or one for each of en, lv, lt, et, kk")]
pub enum InWords {
    /// The same in every language.
    Alike(Line),
    /// One for each.
    Each(Box<Each>),
}

/// A text in each language.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Each {
    en: Line,
    lv: Line,
    lt: Line,
    et: Line,
    kk: Line,
}

/// One line of text that says something.
#[derive(Debug, Clone, Deserialize)]
#[serde(try_from = "String")]
pub struct Line(String);

impl TryFrom<String> for Line {
    type Error = Expected;
    fn try_from(text: String) -> Result<Self, Expected> {
        let says = !text.trim().is_empty() && !text.chars().any(char::is_control);
        if says { Ok(Self(text.trim().to_owned())) } else { Err(Expected("one line of text")) }
    }
}

impl Line {
    /// The line.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl InWords {
    /// The text for who reads `language`.
    #[must_use]
    pub fn in_language(&self, language: Locale) -> &str {
        let line = match (self, language) {
            (Self::Alike(line), _) => line,
            (Self::Each(each), Locale::En) => &each.en,
            (Self::Each(each), Locale::Lv) => &each.lv,
            (Self::Each(each), Locale::Lt) => &each.lt,
            (Self::Each(each), Locale::Et) => &each.et,
            (Self::Each(each), Locale::Kk) => &each.kk,
        };
        line.as_str()
    }
}
