//! Which documents there are, and where a version stands.

use std::str::FromStr;

/// A legal document of the service.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Document {
    /// The privacy policy.
    Privacy,
    /// The terms of service.
    Terms,
    /// The safe-use rules, an annex to the terms.
    SafeUse,
    /// The data-processing agreement.
    Dpa,
    /// The cookies of the service.
    Cookies,
}

/// One version of a document, counted from 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize)]
pub struct DocumentVersion {
    /// The document.
    pub document: Document,
    /// The version.
    pub version: u32,
}

/// Where a published version stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum State {
    /// It is known, and takes effect later.
    Announced,
    /// It counts.
    InForce,
    /// Another came after it.
    Superseded,
    /// It was announced, and taken back before it counted.
    Withdrawn,
}

impl DocumentVersion {
    pub(super) fn decode(document: i16, version: i64) -> Option<Self> {
        Some(Self { document: Document::from_code(document)?, version: u32::try_from(version).ok()? })
    }

    /// Its key in the database.
    pub(super) fn key(self) -> (i16, i64) {
        (self.document.code(), i64::from(self.version))
    }
}

/// What the database holds for a version that nobody was shown.
pub(super) const DRAFT: i16 = 1;

impl Document {
    /// All of them.
    pub const ALL: [Self; 5] = [Self::Privacy, Self::Terms, Self::SafeUse, Self::Dpa, Self::Cookies];

    /// Those that nobody joins without having acknowledged. The data-processing agreement is part of the
    /// terms, and the cookies ask for no consent.
    pub const AT_SIGN_UP: [Self; 3] = [Self::Privacy, Self::Terms, Self::SafeUse];

    /// Its name in the API: `safe_use`.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Privacy => "privacy",
            Self::Terms => "terms",
            Self::SafeUse => "safe_use",
            Self::Dpa => "dpa",
            Self::Cookies => "cookies",
        }
    }

    pub(super) const fn code(self) -> i16 {
        match self {
            Self::Privacy => 1,
            Self::Terms => 2,
            Self::SafeUse => 3,
            Self::Dpa => 4,
            Self::Cookies => 5,
        }
    }

    pub(super) fn from_code(code: i16) -> Option<Self> {
        Self::ALL.into_iter().find(|document| document.code() == code)
    }
}

/// The text names no document.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("no such document")]
pub struct UnknownDocument;

impl FromStr for Document {
    type Err = UnknownDocument;
    fn from_str(name: &str) -> Result<Self, UnknownDocument> {
        Self::ALL.into_iter().find(|document| document.name() == name).ok_or(UnknownDocument)
    }
}

impl State {
    /// Its name in the API.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Announced => "announced",
            Self::InForce => "in_force",
            Self::Superseded => "superseded",
            Self::Withdrawn => "withdrawn",
        }
    }

    pub(super) const fn code(self) -> i16 {
        match self {
            Self::Announced => 2,
            Self::InForce => 3,
            Self::Superseded => 4,
            Self::Withdrawn => 5,
        }
    }

    /// The state of this code; a draft has none.
    pub(super) fn from_code(code: i16) -> Option<Self> {
        [Self::Announced, Self::InForce, Self::Superseded, Self::Withdrawn]
            .into_iter()
            .find(|state| state.code() == code)
    }
}
