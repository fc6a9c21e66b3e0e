//! Lists of records: a collection's own, what a search found, the trash.

use serde::Serialize;

use super::render::Page;
use super::shown::Shown;
#[cfg(test)]
use super::vault::Place;
#[cfg(test)]
use super::vault::samples;
use super::vault::{Cell, CollectionMark, Moment, Pager, Reach};
use crate::kernel::ids::RecordId;

/// `/t/{tenant}/collections/{slug}`: the records, a table on a desk and cards on a telephone. Searching posts `in` (a
/// field's name, or nothing for any word anywhere), `query` and `after` to `…/search`, so that what is sought stands in
/// no address; `after` in the address goes on in the list.
#[derive(Debug, Clone, Serialize)]
pub struct RecordList {
    /// The collection.
    pub collection: CollectionMark,
    /// The labels of the columns; the first names the record.
    pub columns: Vec<Shown>,
    /// The records.
    pub rows: Vec<RecordRow>,
    /// How many there are in all, where that is known.
    pub total: Option<u64>,
    /// The search box.
    pub search: Search,
    /// What comes before and after.
    pub pager: Pager,
    /// What the visitor's role allows.
    pub reach: Reach,
}

/// One record in a list.
#[derive(Debug, Clone, Serialize)]
pub struct RecordRow {
    /// Its id.
    pub id: RecordId,
    /// What it is called: the first column.
    pub title: Shown,
    /// The other columns.
    pub cells: Vec<Cell>,
}

/// The search box.
#[derive(Debug, Clone, Serialize)]
pub struct Search {
    /// The fields that can be searched by their exact value.
    pub fields: Vec<SearchField>,
    /// What is sought now.
    pub sought: Option<Sought>,
}

/// A field in the search box.
#[derive(Debug, Clone, Serialize)]
pub struct SearchField {
    /// Its name.
    pub name: Shown,
    /// Its label.
    pub label: Shown,
}

/// A search.
#[derive(Debug, Clone, Serialize)]
pub struct Sought {
    /// The field's name; nothing for any word anywhere.
    pub field: Option<Shown>,
    /// What is sought.
    pub query: Shown,
}

impl Page for RecordList {
    const TEMPLATE: &'static str = "records.html";

    #[cfg(test)]
    fn samples() -> Vec<Self> {
        use samples::{record, shown, text};
        let row = |last, title: &str, cells: Vec<Cell>| RecordRow { id: record(last), title: shown(title), cells };
        let rows = vec![
            row(
                1,
                "SIA “Bērzs un dēli”",
                vec![text("K-0001"), text("+371 20000000"), Cell::Masked(shown("…5001")), Cell::Yes],
            ),
            row(2, "Anna Kalniņa <anna>", vec![text("K-0002"), Cell::Empty, Cell::Masked(shown("…0417")), Cell::No]),
            row(3, "UAB „Gintaro krantas“", vec![text("K-0003"), text("+370 60000000"), Cell::Empty, Cell::Empty]),
        ];
        let columns = ["Nosaukums", "Klienta numurs", "Tālrunis", "IBAN", "Aktīvs"].map(shown).to_vec();
        let fields = vec![SearchField { name: shown("customer_number"), label: shown("Klienta numurs") }];
        let page = |rows, total, sought, next: Option<&str>, place, reach| Self {
            collection: samples::customers(),
            columns: columns.clone(),
            rows,
            total,
            search: Search { fields: fields.clone(), sought },
            pager: Pager { next: next.map(str::to_owned), place },
            reach,
        };
        let by_field = Sought { field: Some(shown("customer_number")), query: shown("K-0001") };
        let by_word = Sought { field: None, query: shown("\"nekas\" & neviens") };
        vec![
            page(rows.clone(), Some(1284), None, Some("b2Zmc2V0"), Place::Start, Reach::Change),
            page(rows.clone(), None, Some(by_field), Some("b2Zmc2V0"), Place::FurtherOn, Reach::Look),
            page(rows, Some(3), None, None, Place::FurtherOn, Reach::Look),
            page(Vec::new(), Some(0), None, None, Place::Start, Reach::Change),
            page(Vec::new(), None, Some(by_word), None, Place::Start, Reach::Change),
        ]
    }
}

/// `/t/{tenant}/collections/{slug}/trash`: what was deleted; restoring posts to `…/records/{id}/restore`, erasing for good
/// posts `version` to `…/records/{id}/erase`.
#[derive(Debug, Clone, Serialize)]
pub struct Trash {
    /// The collection.
    pub collection: CollectionMark,
    /// The records, last deleted first.
    pub rows: Vec<TrashedRow>,
    /// What comes before and after.
    pub pager: Pager,
    /// What the visitor's role allows.
    pub reach: Reach,
    /// Whether it allows to erase for good.
    pub erasing: Reach,
}

/// One record in the trash.
#[derive(Debug, Clone, Serialize)]
pub struct TrashedRow {
    /// Its id.
    pub id: RecordId,
    /// What it is called.
    pub title: Shown,
    /// When it was deleted.
    pub trashed_at: Moment,
    /// Its version, which erasing names.
    pub version: u64,
}

impl Page for Trash {
    const TEMPLATE: &'static str = "trash.html";

    #[cfg(test)]
    fn samples() -> Vec<Self> {
        let row = TrashedRow {
            id: samples::record(9),
            title: samples::shown("SIA “Vecais klients”"),
            trashed_at: samples::moment(5),
            version: 3,
        };
        let page = |rows, next: Option<&str>, (reach, erasing)| Self {
            collection: samples::customers(),
            rows,
            pager: Pager { next: next.map(str::to_owned), place: Place::Start },
            reach,
            erasing,
        };
        vec![
            page(vec![row.clone()], Some("b2Zmc2V0"), (Reach::Change, Reach::Change)),
            page(vec![row.clone()], None, (Reach::Change, Reach::Look)),
            page(vec![row], None, (Reach::Look, Reach::Look)),
            page(Vec::new(), None, (Reach::Change, Reach::Change)),
        ]
    }
}

/// What is left of a record that was erased: the receipt.
#[derive(Debug, Clone, Serialize)]
pub struct RecordErased {
    /// The collection.
    pub collection: CollectionMark,
    /// The record's id.
    pub id: RecordId,
    /// When.
    pub erased_at: Moment,
    /// How many rows went: itself, its history, what found it, what the audit told of it.
    pub rows: u64,
    /// From when on no back-up can hold it.
    pub no_back_up_from: Moment,
}

impl Page for RecordErased {
    const TEMPLATE: &'static str = "record_erased.html";

    #[cfg(test)]
    fn samples() -> Vec<Self> {
        vec![Self {
            collection: samples::customers(),
            id: samples::record(9),
            erased_at: samples::moment(5),
            rows: 12,
            no_back_up_from: samples::moment(40),
        }]
    }
}
