//! What an entry of the log says.

use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use crate::kernel::erasure::certificate::canonical;

/// A fact that everybody may check. Times are RFC 3339 in UTC with milliseconds, digests SHA-256 in hexadecimal digits.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
pub enum Leaf {
    /// A version of a legal document became known.
    PolicyAnnounced {
        /// Its name in the API.
        document: String,
        /// Counted from 1.
        version: u32,
        /// The digest of all its texts, as `GET /api/v1/policies` gives it.
        sha256: String,
        /// When.
        announced_at: String,
        /// From when on it is to count, at the earliest.
        effective_at: String,
    },
    /// A version of a legal document came into force.
    PolicyInForce {
        /// Its name in the API.
        document: String,
        /// Counted from 1.
        version: u32,
        /// The digest of all its texts, as `GET /api/v1/policies` gives it.
        sha256: String,
        /// When it had become known.
        announced_at: String,
        /// When it came into force.
        in_force_at: String,
        /// Who had been told of it by then.
        told: Told,
    },
    /// An announced version of a legal document was withdrawn before it counted.
    PolicyWithdrawn {
        /// Its name in the API.
        document: String,
        /// Counted from 1.
        version: u32,
        /// When.
        withdrawn_at: String,
    },
    /// A certificate of an erasure was signed.
    Erasure {
        /// The digest of the certificate's RFC 8785 form, signature and all. The certificate holds a commitment to a
        /// secret, so that nobody finds out whose it is who does not have it.
        certificate: String,
    },
    /// A root version became the one that wraps.
    RootCurrent {
        /// Counted from 1.
        version: i64,
        /// When.
        at: String,
    },
    /// A root version was destroyed.
    RootDestroyed {
        /// Counted from 1.
        version: i64,
        /// When.
        at: String,
    },
    /// The data was put back from a copy.
    Restored {
        /// Which time of it this is, counted from 1.
        number: i64,
        /// When the service noticed.
        at: String,
    },
}

/// How many accounts were told of a version, and that nobody was left out.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Told {
    /// How many accounts there were to tell.
    pub accounts: u64,
    /// How many of them were told in time: by a mail, or in the application.
    pub reached: u64,
    /// How many could not be reached, after retries.
    pub unreachable: u64,
}

impl Leaf {
    /// The entry's bytes: JSON in the form of RFC 8785.
    #[must_use]
    pub fn entry(&self) -> Vec<u8> {
        // Strings and whole numbers in a struct: nothing in it can fail to be JSON.
        canonical(&serde_json::json!(self)).into_bytes()
    }

    /// Reads an entry; `None` if it is of no kind known here.
    #[must_use]
    pub fn parse(entry: &[u8]) -> Option<Self> {
        serde_json::from_slice(entry).ok()
    }

    /// The fact that it states: the log has one entry of each.
    #[must_use]
    pub fn subject(&self) -> String {
        match self {
            Self::PolicyAnnounced { document, version, .. } => format!("policy/{document}/{version}/announced"),
            Self::PolicyInForce { document, version, .. } => format!("policy/{document}/{version}/in_force"),
            Self::PolicyWithdrawn { document, version, .. } => format!("policy/{document}/{version}/withdrawn"),
            Self::Erasure { certificate } => format!("erasure/{certificate}"),
            Self::RootCurrent { version, .. } => format!("root/{version}/current"),
            Self::RootDestroyed { version, .. } => format!("root/{version}/destroyed"),
            Self::Restored { number, .. } => format!("restored/{number}"),
        }
    }

    /// The entry of a certificate, as it is handed out; `None` if it is not JSON.
    #[must_use]
    pub fn of_certificate(certificate: &str) -> Option<Self> {
        let value: serde_json::Value = serde_json::from_str(certificate).ok()?;
        let digest = Sha256::digest(canonical(&value));
        Some(Self::Erasure { certificate: digest.iter().map(|byte| format!("{byte:02x}")).collect() })
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]

    use super::*;

    #[test]
    fn an_entry_has_one_form_and_reads_back() {
        let leaf = Leaf::RootCurrent { version: 2, at: "2026-11-22T10:00:00.000Z".to_owned() };
        let entry = leaf.entry();
        assert_eq!(entry, br#"{"at":"2026-11-22T10:00:00.000Z","kind":"root_current","version":2}"#);
        assert_eq!(Leaf::parse(&entry).unwrap(), leaf);
        assert!(Leaf::parse(br#"{"kind":"root_current","version":2,"at":"x","who":"y"}"#).is_none());
    }

    #[test]
    fn a_certificate_is_named_by_its_canonical_form_however_it_is_written() {
        let one = Leaf::of_certificate(r#"{"b": 1, "a": "x"}"#).unwrap();
        assert_eq!(one, Leaf::of_certificate(r#"{"a":"x","b":1}"#).unwrap());
        assert_ne!(one, Leaf::of_certificate(r#"{"a":"x","b":2}"#).unwrap());
        assert!(Leaf::of_certificate("no JSON").is_none());
    }
}
