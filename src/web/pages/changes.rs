//! What changes in the legal documents: for who is signed in, and word by word for anybody (P-15).

use serde::Serialize;

use super::account::TenantChoice;
use super::chrome::Document;
use super::render::Page;
use super::vault::Day;
#[cfg(test)]
use super::vault::samples;
#[cfg(test)]
use crate::kernel::values::Locale;

/// `/changes`: every announced change, what each account can still do, and the form that acknowledges.
#[derive(Debug, Clone, Serialize)]
pub struct Changes {
    /// The changes, the nearest first.
    pub changes: Vec<AnnouncedChange>,
    /// The vaults that whoever looks could leave.
    pub tenants: Vec<TenantChoice>,
}

/// A version that is announced.
#[derive(Debug, Clone, Serialize)]
pub struct AnnouncedChange {
    /// Of what.
    pub document: Document,
    /// Its name in the API, by which the form names it.
    pub name: String,
    /// Its number.
    pub version: u32,
    /// The version that holds until then.
    pub in_force: Option<u32>,
    /// The first day on which it may apply.
    pub effective_on: Day,
    /// What changes, in plain words; may be empty.
    pub summary: String,
    /// Whether it was acknowledged, need not be, or can be.
    pub acknowledgement: Acknowledgement,
}

/// Where a reader stands with a version.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Acknowledgement {
    /// It asks for none.
    NotAsked,
    /// It can be given now, and will be asked for once the version applies.
    Possible,
    /// It is given.
    Given,
}

/// `/{document}/{language}/{from}..{to}`.
#[derive(Debug, Clone, Serialize)]
pub struct LegalDifferences {
    /// Of what.
    pub document: Document,
    /// The title of the later version.
    pub title: String,
    /// The earlier version.
    pub from: u32,
    /// The later one.
    pub to: u32,
    /// What the later one says of the change; may be empty.
    pub summary: String,
    /// The text, line by line.
    pub lines: Vec<ComparedLine>,
    /// How many lines are not the same.
    pub changed: usize,
}

/// A line of a text beside another.
#[derive(Debug, Clone, Serialize)]
pub struct ComparedLine {
    /// What it is.
    pub kind: LineKind,
    /// Whether all of it is the same.
    pub standing: LineStanding,
    /// Its words.
    pub pieces: Vec<ComparedPiece>,
}

/// What a line is in the text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum LineKind {
    /// A heading.
    Heading,
    /// An item of a list.
    Item,
    /// Anything else.
    Text,
}

/// Whether a line is the same in both.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum LineStanding {
    /// It is.
    Same,
    /// Something in it came or went.
    Changed,
}

/// Words that are in both, in the earlier alone, or in the later alone.
#[derive(Debug, Clone, Serialize)]
pub struct ComparedPiece {
    /// Which.
    pub change: PieceChange,
    /// The words.
    pub text: String,
}

/// Where words are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum PieceChange {
    /// In both.
    Same,
    /// In the earlier alone.
    Removed,
    /// In the later alone.
    Added,
}

impl Page for Changes {
    const TEMPLATE: &'static str = "changes.html";

    #[cfg(test)]
    fn samples() -> Vec<Self> {
        use super::account::RoleName;
        let change = |document, acknowledgement, summary: &str| AnnouncedChange {
            document,
            name: "safe_use".to_owned(),
            version: 2,
            in_force: Some(1),
            effective_on: Day::new(samples::time(31 * 24 * 60), Locale::Lv),
            summary: summary.to_owned(),
            acknowledgement,
        };
        let tenant = TenantChoice {
            id: samples::tenant(),
            name: Some(samples::shown("Ozolas <darbnīca>")),
            role: RoleName::Owner,
        };
        vec![
            Self {
                changes: vec![
                    change(Document::Privacy, Acknowledgement::Possible, "Ierakstus glabā gadu."),
                    change(Document::SafeUse, Acknowledgement::Given, ""),
                    change(Document::Cookies, Acknowledgement::NotAsked, "Nekas."),
                ],
                tenants: vec![tenant],
            },
            Self { changes: Vec::new(), tenants: Vec::new() },
        ]
    }
}

impl Page for LegalDifferences {
    const TEMPLATE: &'static str = "legal_differences.html";

    #[cfg(test)]
    fn samples() -> Vec<Self> {
        let piece = |change, text: &str| ComparedPiece { change, text: text.to_owned() };
        let line = |kind, standing, pieces| ComparedLine { kind, standing, pieces };
        let page = |summary: &str, lines: Vec<ComparedLine>| Self {
            document: Document::Privacy,
            title: "Privātuma politika".to_owned(),
            from: 1,
            to: 2,
            summary: summary.to_owned(),
            changed: lines.iter().filter(|line| line.standing == LineStanding::Changed).count(),
            lines,
        };
        let (same, changed) = (LineStanding::Same, LineStanding::Changed);
        let lines = vec![
            line(LineKind::Heading, same, vec![piece(PieceChange::Same, "Ko mēs glabājam")]),
            line(
                LineKind::Text,
                changed,
                vec![
                    piece(PieceChange::Same, "Ierakstus glabājam "),
                    piece(PieceChange::Removed, "30 dienas"),
                    piece(PieceChange::Added, "<gadu>"),
                    piece(PieceChange::Same, "."),
                ],
            ),
            line(LineKind::Item, changed, vec![piece(PieceChange::Added, "Neko citu.")]),
        ];
        vec![page("Ierakstus glabā gadu.", lines), page("", Vec::new())]
    }
}
