//! What a person agrees to beyond what the service needs (P-4).

use serde::Serialize;

use super::render::Page;
use super::vault::Day;
#[cfg(test)]
use super::vault::samples;
#[cfg(test)]
use crate::kernel::values::Locale;

/// `/account/consents`: one button a purpose, which posts `given` to `/account/consents/{purpose}`.
#[derive(Debug, Clone, Serialize)]
pub struct ConsentsPage {
    /// The purposes.
    pub consents: Vec<ConsentLine>,
    /// Whether the browser asks not to be followed.
    pub signal: Signal,
}

/// A purpose.
#[derive(Debug, Clone, Serialize)]
pub struct ConsentLine {
    /// Its name in the API.
    pub purpose: String,
    /// Whether the person agrees.
    pub standing: ConsentStanding,
    /// Every decision, newest first.
    pub history: Vec<ConsentDecided>,
}

/// Whether somebody agrees.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum ConsentStanding {
    /// They do.
    Given,
    /// They do not, or not any more.
    Withdrawn,
}

/// Whether Global Privacy Control was sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Signal {
    /// It was.
    Sent,
    /// It was not.
    Absent,
}

/// A decision.
#[derive(Debug, Clone, Serialize)]
pub struct ConsentDecided {
    /// What was decided.
    pub standing: ConsentStanding,
    /// Whether it was the browser's signal that decided.
    pub by: Signal,
    /// When.
    pub on: Day,
}

impl Page for ConsentsPage {
    const TEMPLATE: &'static str = "consents.html";

    #[cfg(test)]
    fn samples() -> Vec<Self> {
        let decided = |standing, by| ConsentDecided { standing, by, on: Day::new(samples::time(0), Locale::Lv) };
        let line = |purpose: &str, standing, history| ConsentLine { purpose: purpose.to_owned(), standing, history };
        let (given, withdrawn) = (ConsentStanding::Given, ConsentStanding::Withdrawn);
        vec![
            Self {
                consents: vec![line("news", withdrawn, Vec::new()), line("surveys", withdrawn, Vec::new())],
                signal: Signal::Absent,
            },
            Self {
                consents: vec![
                    line("news", given, vec![decided(given, Signal::Absent), decided(withdrawn, Signal::Sent)]),
                    line("surveys", withdrawn, vec![decided(withdrawn, Signal::Absent)]),
                ],
                signal: Signal::Absent,
            },
            Self {
                consents: vec![line("news", withdrawn, vec![decided(withdrawn, Signal::Sent)])],
                signal: Signal::Sent,
            },
        ]
    }
}
