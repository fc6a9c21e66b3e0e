//! One record: looking at it, writing it, its history.

use serde::Serialize;

use super::form::{Form, form_fields};
use super::render::Page;
use super::shown::Shown;
#[cfg(test)]
use super::vault::samples;
use super::vault::{Cell, CollectionMark, FieldChange, Moment, Pager, Reach};
#[cfg(test)]
use super::vault::{LinkedRecord, Place};
use crate::kernel::ids::{FileId, RecordId};
use crate::vault::kinds::KindName;

/// `/t/{tenant}/collections/{slug}/records/{id}`. Revealing a value posts `field` to `…/reveal`, deleting posts
/// `version` to `…/delete`.
#[derive(Debug, Clone, Serialize)]
pub struct RecordView {
    /// The collection.
    pub collection: CollectionMark,
    /// The record's id.
    pub id: RecordId,
    /// What it is called.
    pub title: Shown,
    /// Its fields in the order of the collection.
    pub facts: Vec<Fact>,
    /// Its version.
    pub version: u64,
    /// When it was made.
    pub created_at: Moment,
    /// When it was last changed.
    pub updated_at: Moment,
    /// What the visitor's role allows.
    pub reach: Reach,
    /// Its files.
    pub files: RecordFiles,
}

/// The files of a record. Storing posts `file` (multipart, several at once or one) to `…/files`, deleting posts `file`,
/// the id, to `…/files/delete`; a file is at `…/files/{id}`.
#[derive(Debug, Clone, Serialize)]
pub struct RecordFiles {
    /// The files, newest first.
    pub lines: Vec<FileLine>,
    /// What comes before and after.
    pub pager: Pager,
    /// Whether they can be taken away at once.
    pub taking: Taking,
    /// What is wrong with what was sent.
    pub form: Form<FileField>,
}

/// A file of a record.
#[derive(Debug, Clone, Serialize)]
pub struct FileLine {
    /// Its id.
    pub id: FileId,
    /// What it is called; nothing when that does not open.
    pub name: Option<Shown>,
    /// How long it is: `12`, `1.2`.
    pub size: String,
    /// Of what: `b`, `kib`, `mib`, `gib`.
    pub unit: &'static str,
    /// When it was stored.
    pub at: Option<Moment>,
}

impl FileLine {
    /// So many bytes, as people write them: the number and its unit.
    #[must_use]
    pub fn measured(bytes: u64) -> (String, &'static str) {
        let units = [("gib", 30), ("mib", 20), ("kib", 10)];
        let Some((unit, shift)) = units.into_iter().find(|(_, shift)| bytes >> shift > 0) else {
            return (bytes.to_string(), "b");
        };
        let tenths = (u128::from(bytes) * 10) >> shift;
        let (whole, rest) = (tenths / 10, tenths % 10);
        (if whole >= 10 || rest == 0 { whole.to_string() } else { format!("{whole}.{rest}") }, unit)
    }
}

/// Whether files can be taken away.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Taking {
    /// At once.
    Now,
    /// Once the session is confirmed.
    Confirmed,
}

form_fields! {
    /// What is asked of who stores files.
    FileField {
        /// The files.
        File = "file", Nothing;
    }
}

/// A field with its value.
#[derive(Debug, Clone, Serialize)]
pub struct Fact {
    /// The field's name.
    pub name: Shown,
    /// Its label.
    pub label: Shown,
    /// Its value.
    pub value: Cell,
}

impl Page for RecordView {
    const TEMPLATE: &'static str = "record.html";

    #[cfg(test)]
    fn samples() -> Vec<Self> {
        use samples::{moment, record, shown, text};
        let fact = |name: &str, label: &str, value| Fact { name: shown(name), label: shown(label), value };
        let invoice = LinkedRecord { collection: shown("contracts"), id: record(4), title: shown("Līgums 2026/14") };
        let line = |last: u8, name: Option<&str>, bytes| {
            let (size, unit) = FileLine::measured(bytes);
            FileLine { id: FileId::from_bytes([last; 16]), name: name.map(shown), size, unit, at: Some(moment(190)) }
        };
        let files =
            |lines, taking, form| RecordFiles { lines, pager: Pager { next: None, place: Place::Start }, taking, form };
        let some = vec![
            line(1, Some("Līgums 2026/14 — parakstīts <galīgais>.pdf"), 1_300_000),
            line(2, Some("Foto.jpg"), 12),
            line(3, None, 70_000),
        ];
        let wrong = Form::empty().wrong(FileField::File, "too_large");
        let page = |iban, reach, files| Self {
            collection: samples::customers(),
            id: record(1),
            title: shown("SIA “Bērzs un dēli”"),
            facts: vec![
                fact("customer_number", "Klienta numurs", text("K-0001")),
                fact("email", "E-pasts", text("birojs@berzs.example")),
                fact("iban", "IBAN", iban),
                fact("contract", "Līgums", Cell::Link(invoice.clone())),
                fact("active", "Aktīvs", Cell::Yes),
                fact("blocked", "Bloķēts", Cell::No),
                fact("notes", "Piezīmes", text("Zvanīt pēc deviņiem.\nPiegāde no pagalma puses <pie vārtiem>.")),
                fact("vat_number", "PVN numurs", Cell::Empty),
            ],
            version: 3,
            created_at: moment(0),
            updated_at: moment(190),
            reach,
            files,
        };
        let (now, confirmed) = (Taking::Now, Taking::Confirmed);
        vec![
            page(Cell::Masked(shown("…5001")), Reach::Change, files(some.clone(), now, Form::empty())),
            page(Cell::Revealed(shown("LV80 BANK 0000 4351 9500 1")), Reach::Change, files(Vec::new(), now, wrong)),
            page(Cell::Masked(shown("…5001")), Reach::Look, files(some, confirmed, Form::empty())),
            page(Cell::Masked(shown("…5001")), Reach::Look, files(Vec::new(), now, Form::empty())),
        ]
    }
}

/// A record to be written: posts `values.{name}` for each field, for money also `values.{name}.currency`, `yes` for a
/// boolean that is set, and `clear.{name}=yes` to take away a masked value; empty fields of masked values keep what is
/// stored. To `…/records` for a new record; to `…/records/{id}`, with `version`, for one that is there.
#[derive(Debug, Clone, Serialize)]
pub struct RecordForm {
    /// The collection.
    pub collection: CollectionMark,
    /// Which record.
    pub of: FormOf,
    /// Its fields in the order of the collection.
    pub fields: Vec<RecordField>,
    /// What somebody else changed meanwhile, when that is why the form is shown again; the form then holds what this
    /// person typed, and posts the newer version.
    pub conflict: Option<Conflict>,
}

/// The record that a form is about.
#[derive(Debug, Clone, Serialize)]
#[serde(tag = "state", rename_all = "snake_case")]
pub enum FormOf {
    /// One that is not there yet.
    New,
    /// One that is.
    Existing {
        /// Its id.
        id: RecordId,
        /// What it is called.
        title: Shown,
        /// The version that the form started from.
        version: u64,
    },
}

/// A field of a form.
#[derive(Debug, Clone, Serialize)]
pub struct RecordField {
    /// Its name: `[a-z][a-z0-9_]*`.
    pub name: Shown,
    /// Its label.
    pub label: Shown,
    /// Its kind, which decides how it is asked for.
    pub kind: KindName,
    /// Whether it may be left empty.
    pub need: Need,
    /// What was typed or is stored, in the form that is posted (`2026-03-01`, `12.50`, a choice's value, a record's id);
    /// `yes` for a boolean that is set. Empty for a masked value.
    pub value: Shown,
    /// The currency of money.
    pub currency: Shown,
    /// The tail of a stored value that is masked.
    pub masked: Option<Shown>,
    /// What can be chosen: for `choice`, and for `link` where there are few.
    pub options: Vec<FieldOption>,
    /// What is wrong with it: the code of the problem.
    pub error: Option<&'static str>,
}

/// Whether a field may be left empty.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Need {
    /// It may not.
    Required,
    /// It may.
    Optional,
}

/// Something to choose.
#[derive(Debug, Clone, Serialize)]
pub struct FieldOption {
    /// What is posted.
    pub value: Shown,
    /// What people read.
    pub label: Shown,
}

/// What somebody else changed while a form was open.
#[derive(Debug, Clone, Serialize)]
pub struct Conflict {
    /// When.
    pub at: Moment,
    /// Each field that differs: before is what the form started from, after is what is stored now.
    pub changes: Vec<FieldChange>,
}

impl Page for RecordForm {
    const TEMPLATE: &'static str = "record_form.html";

    #[cfg(test)]
    fn samples() -> Vec<Self> {
        use samples::{moment, shown, text};
        let option = |value: &str, label: &str| FieldOption { value: shown(value), label: shown(label) };
        let field = |kind: KindName, value: &str, error| RecordField {
            name: shown(&format!("f_{kind:?}").to_lowercase()),
            label: shown(&format!("{kind:?} <lauks>")),
            kind,
            need: if kind == KindName::Text { Need::Required } else { Need::Optional },
            value: shown(value),
            currency: shown("EUR"),
            masked: None,
            options: match kind {
                KindName::Choice => vec![option("wood", "Koks"), option("leather", "Āda")],
                KindName::Link => vec![option("01947a2e-6f00-7000-8000-000000000104", "Līgums 2026/14")],
                _ => Vec::new(),
            },
            error,
        };
        let empty: Vec<_> = KindName::ALL.into_iter().map(|kind| field(kind, "", None)).collect();
        let masked = RecordField {
            masked: Some(shown("…5001")),
            need: Need::Required,
            ..field(KindName::Iban, "", Some("bad_checksum"))
        };
        let typed = vec![
            field(KindName::Text, "SIA \"Bērzs & dēli\"", Some("too_long")),
            field(KindName::Money, "12.50", Some("not_a_currency")),
            field(KindName::Boolean, "yes", None),
            field(KindName::Choice, "leather", None),
            field(KindName::LongText, "Viena rinda\n</textarea>un vēl", None),
            masked,
        ];
        let change = |label: &str, before, after| FieldChange { label: shown(label), before, after };
        let conflict = Conflict {
            at: moment(7),
            changes: vec![
                change("Tālrunis", text("+371 20000000"), text("+371 20000001")),
                change("IBAN", Cell::Masked(shown("…5001")), Cell::Empty),
            ],
        };
        let of = FormOf::Existing { id: samples::record(1), title: shown("SIA “Bērzs un dēli”"), version: 3 };
        let page = |of, fields, conflict| Self { collection: samples::customers(), of, fields, conflict };
        vec![
            page(FormOf::New, empty, None),
            page(of.clone(), typed.clone(), None),
            page(of, typed.into_iter().map(|field| RecordField { error: None, ..field }).collect(), Some(conflict)),
        ]
    }
}

/// `…/records/{id}/versions`: what became of a record, newest first.
#[derive(Debug, Clone, Serialize)]
pub struct History {
    /// The collection.
    pub collection: CollectionMark,
    /// The record's id.
    pub id: RecordId,
    /// What it is called.
    pub title: Shown,
    /// Its versions.
    pub versions: Vec<Version>,
    /// What comes before and after.
    pub pager: Pager,
}

/// One version.
#[derive(Debug, Clone, Serialize)]
pub struct Version {
    /// Its number, from 1.
    pub number: u64,
    /// When it was made.
    pub at: Moment,
    /// By whom; nothing when that account is erased.
    pub by: Option<Shown>,
    /// What was done.
    pub deed: Deed,
    /// The fields that it changed.
    pub changes: Vec<FieldChange>,
}

/// What made a version.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Deed {
    /// The record was made.
    Created,
    /// It came with an import.
    Imported,
    /// It was changed.
    Changed,
    /// It went to the trash.
    Trashed,
    /// It came back.
    Restored,
}

impl Page for History {
    const TEMPLATE: &'static str = "history.html";

    #[cfg(test)]
    fn samples() -> Vec<Self> {
        use samples::{moment, shown, text};
        let change = FieldChange { label: shown("Tālrunis"), before: Cell::Empty, after: text("+371 20000000") };
        let masked = FieldChange {
            label: shown("IBAN"),
            before: Cell::Masked(shown("…0417")),
            after: Cell::Masked(shown("…5001")),
        };
        let version = |number, deed, by: Option<&str>, changes| Version {
            number,
            at: moment(i64::try_from(number).unwrap_or_default() * 60),
            by: by.map(shown),
            deed,
            changes,
        };
        let versions = vec![
            version(5, Deed::Restored, Some("Anna Ozola"), Vec::new()),
            version(4, Deed::Trashed, Some("Anna Ozola"), Vec::new()),
            version(3, Deed::Changed, Some("Jānis Bērziņš"), vec![change.clone(), masked]),
            version(2, Deed::Changed, None, vec![change]),
            version(1, Deed::Imported, None, Vec::new()),
        ];
        let made = vec![version(1, Deed::Created, Some("Anna Ozola"), Vec::new())];
        let page = |versions, next: Option<&str>| Self {
            collection: samples::customers(),
            id: samples::record(1),
            title: shown("SIA “Bērzs un dēli”"),
            versions,
            pager: Pager { next: next.map(str::to_owned), place: Place::Start },
        };
        vec![page(versions, Some("b2Zmc2V0")), page(made, None)]
    }
}

#[cfg(test)]
mod tests {
    use super::FileLine;

    #[test]
    fn lengths_are_written_as_people_do() {
        for (bytes, told) in [
            (0, ("0", "b")),
            (1023, ("1023", "b")),
            (1024, ("1", "kib")),
            (1536, ("1.5", "kib")),
            (70_000, ("68", "kib")),
            (1_300_000, ("1.2", "mib")),
            (5 << 30, ("5", "gib")),
            (u64::MAX, ("17179869183", "gib")),
        ] {
            let (size, unit) = FileLine::measured(bytes);
            assert_eq!((size.as_str(), unit), told, "{bytes}");
        }
    }
}
