//! Bringing a table in: the file, what would become of it, and then the import itself.

use serde::Serialize;

use super::form::{Form, form_fields};
use super::render::Page;
use super::shown::Shown;
use super::vault::CollectionMark;
#[cfg(test)]
use super::vault::samples;
use crate::kernel::ids::ImportId;

/// `…/collections/{slug}/import`: posts `file` there (multipart). Nothing is stored before the dry run is confirmed.
#[derive(Debug, Clone, Serialize)]
pub struct ImportFile {
    /// The collection.
    pub collection: CollectionMark,
    /// What is wrong with the file.
    pub form: Form<ImportField>,
    /// The columns that the file may have.
    pub columns: Vec<ImportColumn>,
}

/// A column that a file may have.
#[derive(Debug, Clone, Serialize)]
pub struct ImportColumn {
    /// Its heading: the field's name.
    pub name: Shown,
    /// The field's label, which is a heading too.
    pub label: Shown,
    /// Whether it must be there.
    pub presence: Presence,
}

/// Whether a column must be there.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Presence {
    /// It must.
    Required,
    /// It may.
    Optional,
}

form_fields! {
    /// The one field of an import.
    ImportField {
        /// The file.
        File = "file", Nothing;
    }
}

impl Page for ImportFile {
    const TEMPLATE: &'static str = "import.html";

    #[cfg(test)]
    fn samples() -> Vec<Self> {
        use samples::shown;
        let column =
            |name: &str, label: &str, presence| ImportColumn { name: shown(name), label: shown(label), presence };
        let columns = vec![
            column("customer_number", "Klienta numurs", Presence::Required),
            column("phone", "Tālrunis", Presence::Optional),
        ];
        let page = |form| Self { collection: samples::customers(), form, columns: columns.clone() };
        vec![page(Form::empty()), page(Form::empty().wrong(ImportField::File, "not_a_table"))]
    }
}

/// What the dry run found; confirming posts to `/t/{tenant}/imports/{id}`.
#[derive(Debug, Clone, Serialize)]
pub struct ImportDryRun {
    /// The collection.
    pub collection: CollectionMark,
    /// The import's id.
    pub import: ImportId,
    /// The file's name.
    pub file: Shown,
    /// How many rows would become records. None, and there is nothing to confirm.
    pub ready: u64,
    /// How many rows would be left out.
    pub refused: u64,
    /// The first of those, with what is wrong.
    pub problems: Vec<RowProblem>,
    /// The file's columns and the fields that they go to.
    pub columns: Vec<MappedColumn>,
}

/// What is wrong with a row.
#[derive(Debug, Clone, Serialize)]
pub struct RowProblem {
    /// The line in the file, from 1.
    pub line: u64,
    /// The field's label, when it is about one.
    pub field: Option<Shown>,
    /// The code of the problem.
    pub code: &'static str,
}

/// A column of the file.
#[derive(Debug, Clone, Serialize)]
pub struct MappedColumn {
    /// Its heading.
    pub heading: Shown,
    /// The label of the field that it goes to; nothing when it is left out.
    pub field: Option<Shown>,
}

impl Page for ImportDryRun {
    const TEMPLATE: &'static str = "import_dry_run.html";

    #[cfg(test)]
    fn samples() -> Vec<Self> {
        use samples::shown;
        let columns = vec![
            MappedColumn { heading: shown("nr"), field: Some(shown("Klienta numurs")) },
            MappedColumn { heading: shown("piezīme <iekšēja>"), field: None },
        ];
        let problems = vec![
            RowProblem { line: 14, field: Some(shown("IBAN")), code: "bad_checksum" },
            RowProblem { line: 15, field: None, code: "a_code_without_a_text_of_its_own" },
        ];
        let page = |ready, refused, problems| Self {
            collection: samples::customers(),
            import: ImportId::from_bytes([7; 16]),
            file: shown("klienti.csv"),
            ready,
            refused,
            problems,
            columns: columns.clone(),
        };
        vec![page(412, 0, Vec::new()), page(411, 2, problems.clone()), page(0, 2, problems)]
    }
}
