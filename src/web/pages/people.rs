//! Somebody's request to be forgotten: where they are mentioned, and the receipt.

use serde::Serialize;

use super::render::Page;
use super::shown::Shown;
#[cfg(test)]
use super::vault::samples;
use super::vault::{Moment, Reach};
use crate::kernel::ids::{RecordId, TenantId};

/// `/t/{tenant}/people`: posts `known_by`, a line each, to `…/people/search`, which shows what it found on the same page;
/// there each `record` that stays ticked is posted to `…/people/erase` as `collection/id/version`.
#[derive(Debug, Clone, Serialize)]
pub struct People {
    /// The tenant.
    pub tenant: TenantId,
    /// Whether the visitor's role allows it.
    pub reach: Reach,
    /// What was typed last, a line each.
    pub known_by: Shown,
    /// The code of what is wrong with it.
    pub wrong: Option<&'static str>,
    /// What was found; nothing before the first search.
    pub found: Option<Mentioned>,
}

/// What was found.
#[derive(Debug, Clone, Serialize)]
pub struct Mentioned {
    /// The records.
    pub rows: Vec<MentionRow>,
    /// How many files belong to no record and are named so.
    pub files: usize,
    /// Whether there is more than is shown.
    pub is_more: bool,
}

/// A record that mentions somebody.
#[derive(Debug, Clone, Serialize)]
pub struct MentionRow {
    /// The slug of its collection.
    pub slug: Shown,
    /// Its name.
    pub collection: Shown,
    /// Its id.
    pub id: RecordId,
    /// What it is called.
    pub title: Shown,
    /// Its version.
    pub version: u64,
    /// Where it mentions them: `values`, `history`, `file_name`.
    pub part: &'static str,
    /// Whether it is in the trash.
    pub is_trashed: bool,
}

impl Page for People {
    const TEMPLATE: &'static str = "people.html";

    #[cfg(test)]
    fn samples() -> Vec<Self> {
        let row = |last, title: &str, part, is_trashed| MentionRow {
            slug: samples::shown("customers"),
            collection: samples::shown("Klienti"),
            id: samples::record(last),
            title: samples::shown(title),
            version: 3,
            part,
            is_trashed,
        };
        let rows = vec![
            row(1, "Anna Kalniņa <anna>", "values", false),
            row(2, "Anna Kalniņa", "history", true),
            row(3, "Līgums 7", "file_name", false),
        ];
        let page = |reach, known_by: &str, wrong, found| Self {
            tenant: samples::tenant(),
            reach,
            known_by: samples::shown(known_by),
            wrong,
            found,
        };
        vec![
            page(Reach::Change, "", None, None),
            page(Reach::Look, "", None, None),
            page(Reach::Change, "a", Some("out_of_range"), None),
            page(
                Reach::Change,
                "anna@example.lv",
                None,
                Some(Mentioned { rows: rows.clone(), files: 2, is_more: false }),
            ),
            page(Reach::Change, "anna", None, Some(Mentioned { rows, files: 0, is_more: true })),
            page(Reach::Change, "nobody", None, Some(Mentioned { rows: Vec::new(), files: 0, is_more: false })),
        ]
    }
}

/// What is left of somebody's records: the receipt.
#[derive(Debug, Clone, Serialize)]
pub struct PersonErased {
    /// The tenant.
    pub tenant: TenantId,
    /// The records' ids.
    pub ids: Vec<RecordId>,
    /// When.
    pub erased_at: Moment,
    /// How many rows went.
    pub rows: u64,
    /// From when on no back-up can hold them.
    pub no_back_up_from: Moment,
}

impl Page for PersonErased {
    const TEMPLATE: &'static str = "person_erased.html";

    #[cfg(test)]
    fn samples() -> Vec<Self> {
        vec![Self {
            tenant: samples::tenant(),
            ids: vec![samples::record(1), samples::record(9)],
            erased_at: samples::moment(5),
            rows: 31,
            no_back_up_from: samples::moment(40),
        }]
    }
}
