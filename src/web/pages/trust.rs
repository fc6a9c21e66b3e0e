//! What the running service knows of itself, to be read by anybody (P-12, R-20).

use serde::Serialize;

use super::chrome::Document;
use super::render::Page;
use super::vault::Day;
#[cfg(test)]
use super::vault::samples;
#[cfg(test)]
use crate::kernel::values::Locale;

/// `/trust/{language}`.
#[derive(Debug, Clone, Serialize)]
pub struct TrustPage {
    /// The genuine host names; none where it runs for trying out.
    pub domains: Vec<String>,
    /// Where the data stands.
    pub region: Option<String>,
    /// What protects the place.
    pub hosting: Option<String>,
    /// The versions of TLS.
    pub tls: String,
    /// Since when the present root key is used.
    pub key_since: Option<Day>,
    /// What keeps it.
    pub key_kept_by: Option<String>,
    /// How many owners have keys of their own.
    pub owners: u64,
    /// How many owners' keys were destroyed.
    pub erasures: u64,
    /// For how many days a back-up is kept.
    pub backup_days: u64,
    /// When a back-up was last put back to see whether it can be.
    pub drilled: Option<Day>,
    /// What came of it: `good` or `bad`.
    pub drill_found: &'static str,
    /// The names of all cookies.
    pub cookies: Vec<String>,
    /// What happened to the legal documents, newest first.
    pub policies: Vec<PolicyLine>,
}

/// Something that happened to a version.
#[derive(Debug, Clone, Serialize)]
pub struct PolicyLine {
    /// Of which document.
    pub document: Document,
    /// Which version.
    pub version: u32,
    /// `announced`, `in_force` or `withdrawn`.
    pub event: String,
    /// When.
    pub on: Day,
    /// How many accounts there were.
    pub accounts: u64,
    /// How many of them had been told.
    pub noticed: u64,
    /// How many could not be reached.
    pub unreachable: u64,
}

impl Page for TrustPage {
    const TEMPLATE: &'static str = "trust.html";

    #[cfg(test)]
    fn samples() -> Vec<Self> {
        let day = || Day::new(samples::time(0), Locale::Lv);
        let line = |event: &str, noticed| PolicyLine {
            document: Document::Privacy,
            version: 2,
            event: event.to_owned(),
            on: day(),
            accounts: 120,
            noticed,
            unreachable: 3,
        };
        let bare = Self {
            domains: Vec::new(),
            region: None,
            hosting: None,
            tls: "1.3".to_owned(),
            key_since: None,
            key_kept_by: None,
            owners: 1,
            erasures: 0,
            backup_days: 35,
            drilled: None,
            drill_found: "good",
            cookies: vec!["__Host-session".to_owned(), "__Host-prefs".to_owned()],
            policies: Vec::new(),
        };
        let full = Self {
            domains: vec!["seif.example".to_owned(), "vault.seif.example".to_owned()],
            region: Some("Rīga, Latvija".to_owned()),
            hosting: Some("divi elektrības pievadi & ģenerators".to_owned()),
            tls: "1.3, 1.2".to_owned(),
            key_since: Some(day()),
            key_kept_by: Some("pkcs11".to_owned()),
            owners: 1_234,
            erasures: 17,
            drilled: Some(day()),
            drill_found: "bad",
            policies: vec![line("in_force", 117), line("announced", 0), line("withdrawn", 20)],
            ..bare.clone()
        };
        vec![bare, full]
    }
}
