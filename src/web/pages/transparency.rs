//! The transparency log, to be read by anybody.

use serde::Serialize;

use super::Moment;
use super::render::Page;

/// `/transparency/{language}`.
#[derive(Debug, Clone, Serialize)]
pub struct TransparencyPage {
    /// How many entries the log has.
    pub size: u64,
    /// The newest of them, newest first.
    pub entries: Vec<LogRow>,
}

/// An entry in the reader's language.
#[derive(Debug, Clone, Serialize)]
pub struct LogRow {
    /// Its place, counted from 0.
    pub index: u64,
    /// What it states.
    pub fact: LogFact,
    /// When that was; erasures do not say.
    pub at: Option<Moment>,
}

/// What an entry states.
#[derive(Debug, Clone, Serialize)]
#[serde(tag = "kind", rename_all = "kebab-case")]
pub enum LogFact {
    /// A version of a document became known.
    PolicyAnnounced {
        /// The document's name in the texts.
        document: String,
        /// Counted from 1.
        version: u32,
    },
    /// A version of a document came into force.
    PolicyInForce {
        /// The document's name in the texts.
        document: String,
        /// Counted from 1.
        version: u32,
    },
    /// An announced version was withdrawn.
    PolicyWithdrawn {
        /// The document's name in the texts.
        document: String,
        /// Counted from 1.
        version: u32,
    },
    /// An erasure was certified.
    Erasure,
    /// A root version became current.
    RootCurrent {
        /// Counted from 1.
        version: i64,
    },
    /// A root version was destroyed.
    RootDestroyed {
        /// Counted from 1.
        version: i64,
    },
    /// The data was put back from a copy.
    Restored,
    /// Of a kind that this release does not know.
    Other,
}

impl Page for TransparencyPage {
    const TEMPLATE: &'static str = "transparency.html";

    #[cfg(test)]
    fn samples() -> Vec<Self> {
        use super::vault::samples::moment;
        let document = "safe-use".to_owned();
        let facts = [
            LogFact::PolicyAnnounced { document: document.clone(), version: 2 },
            LogFact::PolicyInForce { document: document.clone(), version: 2 },
            LogFact::PolicyWithdrawn { document, version: 3 },
            LogFact::Erasure,
            LogFact::RootCurrent { version: 2 },
            LogFact::RootDestroyed { version: 1 },
            LogFact::Restored,
            LogFact::Other,
        ];
        let row = |(index, fact): (u64, LogFact)| {
            let at = (!matches!(fact, LogFact::Erasure)).then(|| moment(7));
            LogRow { index, fact, at }
        };
        let entries = (0..).zip(facts).map(row).collect();
        vec![
            Self { size: 0, entries: Vec::new() },
            Self { size: 1, entries: vec![row((0, LogFact::Erasure))] },
            Self { size: 208, entries },
        ]
    }
}
