use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// A language that the service speaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Language {
    /// English.
    En,
    /// Latvian.
    Lv,
    /// Lithuanian.
    Lt,
    /// Estonian.
    Et,
    /// Kazakh.
    Kk,
}

impl Language {
    /// All of them.
    pub const ALL: [Self; 5] = [Self::En, Self::Lv, Self::Lt, Self::Et, Self::Kk];

    /// Its code, as in `language` fields and addresses (ISO 639-1).
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::En => "en",
            Self::Lv => "lv",
            Self::Lt => "lt",
            Self::Et => "et",
            Self::Kk => "kk",
        }
    }
}

impl fmt::Display for Language {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code())
    }
}

/// Not the code of a language that the service speaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a language of this service")]
pub struct UnknownLanguage;

impl FromStr for Language {
    type Err = UnknownLanguage;

    fn from_str(code: &str) -> Result<Self, UnknownLanguage> {
        Self::ALL.into_iter().find(|language| language.code() == code).ok_or(UnknownLanguage)
    }
}
