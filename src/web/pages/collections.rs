//! The collections of a vault: what is there, starting from templates, making one of one's own.

use serde::Serialize;

use super::form::{Form, form_fields};
use super::record::FieldOption;
use super::render::Page;
use super::shown::Shown;
use super::vault::Reach;
#[cfg(test)]
use super::vault::samples;
use crate::kernel::ids::TenantId;
use crate::vault::kinds::KindName;

/// The first page of a vault, `/t/{tenant}/`: its collections.
#[derive(Debug, Clone, Serialize)]
pub struct Collections {
    /// The tenant.
    pub tenant: TenantId,
    /// In the order of their names.
    pub collections: Vec<CollectionCard>,
    /// What the visitor's role allows.
    pub reach: Reach,
}

/// One collection in the overview.
#[derive(Debug, Clone, Serialize)]
pub struct CollectionCard {
    /// Its slug.
    pub slug: Shown,
    /// What people call it.
    pub name: Shown,
    /// What it is kept for, if that is written down.
    pub purpose: Option<Shown>,
    /// How many records it holds.
    pub records: u64,
}

impl Page for Collections {
    const TEMPLATE: &'static str = "collections.html";

    #[cfg(test)]
    fn samples() -> Vec<Self> {
        use samples::{shown, tenant};
        let card = |slug: &str, name: &str, purpose: Option<&str>, records| CollectionCard {
            slug: shown(slug),
            name: shown(name),
            purpose: purpose.map(shown),
            records,
        };
        let some = vec![
            card("customers", "Klienti", Some("Pasūtījumu pieņemšana un izpilde, rēķinu izrakstīšana."), 1284),
            card("contracts", "Līgumi", None, 1),
            card("sales_invoices", "Pārdošanas rēķini", Some("Grāmatvedība un norēķini ar klientiem."), 0),
            card("employees", "Darbinieki", Some("Darba attiecības un algas."), 22),
        ];
        vec![
            Self { tenant: tenant(), collections: some, reach: Reach::Change },
            Self { tenant: tenant(), collections: Vec::new(), reach: Reach::Change },
            Self { tenant: tenant(), collections: Vec::new(), reach: Reach::Look },
        ]
    }
}

/// `/t/{tenant}/starters`: templates to begin with; posts `template`, once for each that is ticked, there.
#[derive(Debug, Clone, Serialize)]
pub struct Starters {
    /// The tenant.
    pub tenant: TenantId,
    /// In the order in which they are to be made.
    pub starters: Vec<Starter>,
}

/// A template in the choice; its texts are in the visitor's language.
#[derive(Debug, Clone, Serialize)]
pub struct Starter {
    /// Its name, which is posted.
    pub template: String,
    /// What people call it.
    pub name: String,
    /// What it is for.
    pub description: String,
    /// The labels of its fields.
    pub fields: Vec<String>,
    /// Whether it is ticked.
    pub state: StarterState,
}

/// How a template stands in the choice.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum StarterState {
    /// Not ticked.
    Offered,
    /// Ticked: suits this kind of business.
    Suggested,
    /// Made already: cannot be ticked.
    Present,
}

impl Page for Starters {
    const TEMPLATE: &'static str = "starters.html";

    #[cfg(test)]
    fn samples() -> Vec<Self> {
        let starter = |template: &str, name: &str, description: &str, fields: &[&str], state| Starter {
            template: template.to_owned(),
            name: name.to_owned(),
            description: description.to_owned(),
            fields: fields.iter().map(|&field| field.to_owned()).collect(),
            state,
        };
        let people = ["Klienta numurs", "Nosaukums vai vārds", "E-pasts", "Tālrunis", "PVN numurs"];
        let starters = vec![
            starter("customers", "Klienti", "Kas pērk no jums.", &people, StarterState::Present),
            starter("contracts", "Līgumi", "Ar ko un par ko esat vienojušies.", &people[..2], StarterState::Suggested),
            starter("employees", "Darbinieki", "Kas strādā pie jums.", &people[1..], StarterState::Offered),
        ];
        vec![Self { tenant: samples::tenant(), starters }]
    }
}

/// `/t/{tenant}/collections/new`: posts to `/t/{tenant}/collections` the fields of [`NewCollectionField`] and for each
/// row `n` from 0 `fields.{n}.label`, `fields.{n}.kind`, `fields.{n}.choices` (one a line), `fields.{n}.collection` (the
/// slug of what it links to) and, when ticked, `fields.{n}.required`, `….unique`,
/// `….searchable`, `….sensitive` with the value `yes`; rows without a label do not count. With `more=yes` the page
/// comes back with more rows.
#[derive(Debug, Clone, Serialize)]
pub struct NewCollection {
    /// The tenant.
    pub tenant: TenantId,
    /// What was typed above the rows.
    pub form: Form<NewCollectionField>,
    /// The rows, empty ones included.
    pub rows: Vec<NewFieldRow>,
    /// Every kind, in the order of the choice.
    pub kinds: Vec<KindName>,
    /// The collections that a field can link to.
    pub targets: Vec<FieldOption>,
}

/// One row: a field that is to be.
#[derive(Debug, Clone, Serialize)]
pub struct NewFieldRow {
    /// Its label as typed.
    pub label: Shown,
    /// Its kind.
    pub kind: KindName,
    /// What can be chosen, one a line; of the kind `choice`.
    pub choices: Shown,
    /// The slug of what it links to; of the kind `link`.
    pub target: Shown,
    /// What is ticked.
    pub ticked: Vec<FieldTrait>,
    /// What is wrong with the row.
    pub error: Option<&'static str>,
}

/// What a field can be besides its kind.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum FieldTrait {
    /// Never empty.
    Required,
    /// No value twice.
    Unique,
    /// Found by its exact value.
    Searchable,
    /// Masked until revealed.
    Sensitive,
}

impl FieldTrait {
    /// All of them, in the order of a row.
    pub const ALL: [Self; 4] = [Self::Required, Self::Unique, Self::Searchable, Self::Sensitive];
}

form_fields! {
    /// The fields above the rows.
    NewCollectionField {
        /// What people call it.
        Name = "collection_name", Typed;
        /// What it is kept for, for the register of processing; optional.
        Purpose = "purpose", Typed;
        /// On what legal basis: `contract`, `legal_obligation`, `legitimate_interest`, `consent`; optional.
        LegalBasis = "legal_basis", Typed;
        /// For how many days; optional.
        RetentionDays = "retention_days", Typed;
        /// The rows as a whole.
        Fields = "fields", Nothing;
    }
}

impl Page for NewCollection {
    const TEMPLATE: &'static str = "new_collection.html";

    #[cfg(test)]
    fn samples() -> Vec<Self> {
        use NewCollectionField as F;
        let empty = || NewFieldRow {
            label: Shown::default(),
            kind: KindName::Text,
            choices: Shown::default(),
            target: Shown::default(),
            ticked: Vec::new(),
            error: None,
        };
        let choice = NewFieldRow {
            label: samples::shown("Degviela"),
            kind: KindName::Choice,
            choices: samples::shown("Dīzelis\nBenzīns"),
            ..empty()
        };
        let link = NewFieldRow {
            label: samples::shown("Īpašnieks"),
            kind: KindName::Link,
            target: samples::shown("customers"),
            ..empty()
        };
        let targets = vec![FieldOption { value: samples::shown("customers"), label: samples::shown("Klienti") }];
        let typed = NewFieldRow {
            label: samples::shown("Šasijas numurs"),
            kind: KindName::Text,
            choices: Shown::default(),
            target: Shown::default(),
            ticked: vec![FieldTrait::Unique, FieldTrait::Searchable],
            error: Some("too_long"),
        };
        let form = Form::empty()
            .typed(F::Name, "Transportlīdzekļi".to_owned().into())
            .typed(F::RetentionDays, "ilgi".to_owned().into())
            .wrong(F::RetentionDays, "not_a_number")
            .wrong(F::Fields, "invalid");
        let page = |form, rows, targets| Self {
            tenant: samples::tenant(),
            form,
            rows,
            kinds: KindName::ALL.to_vec(),
            targets,
        };
        vec![
            page(Form::empty(), vec![empty(), empty(), empty(), empty()], Vec::new()),
            page(form, vec![typed, choice, link, empty()], targets),
        ]
    }
}
