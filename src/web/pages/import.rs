//! Bringing a table in: the file, what would become of it, and then the import itself.

use serde::Serialize;

use super::form::{Form, form_fields};
use super::record::FieldOption;
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
    /// The links, each with the ways in which its cells may name a record.
    pub links: Vec<ImportLink>,
    /// The currency of amounts that stand without one; nothing where the collection has no money.
    pub currency: Option<Shown>,
}

/// A link that is to be found by what its cells hold; posts `link.{name}`.
#[derive(Debug, Clone, Serialize)]
pub struct ImportLink {
    /// The field's name.
    pub name: Shown,
    /// Its label.
    pub label: Shown,
    /// The unique fields of what it points at; without one of them, the cells hold ids.
    pub keys: Vec<FieldOption>,
    /// The name of the one that is chosen; empty for ids.
    pub chosen: Shown,
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
    /// The fields of an import that every collection has, and the currency of amounts.
    ImportField {
        /// The file.
        File = "file", Nothing;
        /// The currency.
        Currency = "currency", Nothing;
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
        let keys = vec![FieldOption { value: shown("number"), label: shown("Līguma numurs") }];
        let link = ImportLink { name: shown("contract"), label: shown("Līgums"), keys, chosen: shown("number") };
        let page = |form, links, currency: Option<&str>| Self {
            collection: samples::customers(),
            form,
            columns: columns.clone(),
            links,
            currency: currency.map(shown),
        };
        let wrong = Form::empty().wrong(ImportField::File, "not_a_table");
        let amounts = wrong.clone().wrong(ImportField::Currency, "not_a_currency");
        vec![
            page(Form::empty(), Vec::new(), None),
            page(wrong, vec![link.clone()], Some("EUR")),
            page(amounts, vec![link], Some("EUROS")),
        ]
    }
}

/// What the dry run found; confirming posts `told`, the number of records that it told, to `/t/{tenant}/imports/{id}`.
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
    /// What is wrong, the first of it.
    pub problems: Vec<RowProblem>,
    /// Whether the vault has changed since the word was given for another dry run.
    pub standing: DryRunStanding,
    /// The file's columns and the fields that they go to.
    pub columns: Vec<MappedColumn>,
}

/// Whether what a dry run told still stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum DryRunStanding {
    /// It was told just now.
    Told,
    /// It is another than the one that was agreed to.
    Changed,
}

/// What is wrong with a row, or with the whole file.
#[derive(Debug, Clone, Serialize)]
pub struct RowProblem {
    /// The line in the file, from 1; none for the whole.
    pub line: Option<u64>,
    /// The column, when it is about one: its heading.
    pub column: Option<Shown>,
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
            RowProblem { line: Some(14), column: Some(shown("IBAN")), code: "bad_checksum" },
            RowProblem { line: Some(15), column: None, code: "a_code_without_a_text_of_its_own" },
        ];
        let whole = vec![RowProblem { line: None, column: Some(shown("nr")), code: "repeated_column" }];
        let page = |ready, refused, problems, standing| Self {
            collection: samples::customers(),
            import: ImportId::from_bytes([7; 16]),
            file: shown("klienti.csv"),
            ready,
            refused,
            problems,
            standing,
            columns: columns.clone(),
        };
        let told = DryRunStanding::Told;
        vec![
            page(412, 0, Vec::new(), told),
            page(411, 2, problems.clone(), told),
            page(1, 2, problems.clone(), DryRunStanding::Changed),
            page(0, 2, problems, told),
            page(0, 412, whole, told),
        ]
    }
}

/// What came of an import.
#[derive(Debug, Clone, Serialize)]
pub struct ImportDone {
    /// The collection.
    pub collection: CollectionMark,
    /// The file's name.
    pub file: Shown,
    /// How many records were made.
    pub made: u64,
    /// How many rows were left out.
    pub left_out: u64,
}

impl Page for ImportDone {
    const TEMPLATE: &'static str = "import_done.html";

    #[cfg(test)]
    fn samples() -> Vec<Self> {
        let page = |made, left_out| Self {
            collection: samples::customers(),
            file: samples::shown("klienti.xlsx"),
            made,
            left_out,
        };
        vec![page(412, 0), page(1, 2)]
    }
}
