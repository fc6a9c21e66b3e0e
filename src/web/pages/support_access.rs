//! What the tenant lets support look at.

use serde::Serialize;

use super::form::{Form, form_fields};
use super::render::Page;
use super::shown::Shown;
use super::vault::Moment;
#[cfg(test)]
use super::vault::samples;
use crate::kernel::ids::{SupportGrantId, TenantId};

/// `/t/{tenant}/support`: posts `collections` (a slug for each that is ticked) and `hours` there; a grant ends by posting to
/// `/t/{tenant}/support/{id}/end`.
#[derive(Debug, Clone, Serialize)]
pub struct SupportAccess {
    /// The tenant.
    pub tenant: TenantId,
    /// What was granted, the newest first.
    pub grants: Vec<GrantRow>,
    /// The collections that there are.
    pub collections: Vec<CollectionChoice>,
    /// For how many hours support may be let look.
    pub terms: Vec<u32>,
    /// What was typed.
    pub form: Form<SupportAccessField>,
}

/// A grant in the list.
#[derive(Debug, Clone, Serialize)]
pub struct GrantRow {
    /// Its id.
    pub id: SupportGrantId,
    /// Into which collections.
    pub collections: Vec<Shown>,
    /// Who granted it, where they are a member still.
    pub by: Option<Shown>,
    /// Since when.
    pub made_at: Moment,
    /// Until when.
    pub until: Moment,
    /// Whether it is over.
    pub state: GrantState,
    /// How many pages support looked at.
    pub views: i64,
    /// When it did last.
    pub viewed_at: Option<Moment>,
}

/// Whether support may look by it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum GrantState {
    /// It may.
    Live,
    /// It may not any more.
    Over,
}

/// A collection that can be ticked.
#[derive(Debug, Clone, Serialize)]
pub struct CollectionChoice {
    /// Its slug.
    pub slug: Shown,
    /// What people call it.
    pub name: Shown,
    /// Whether it is ticked.
    pub tick: Tick,
}

/// Whether something is ticked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Tick {
    /// It is.
    On,
    /// It is not.
    Off,
}

form_fields! {
    /// The fields of a new grant.
    SupportAccessField {
        /// Into which collections.
        Collections = "collections", Nothing;
        /// For how many hours.
        Hours = "hours", Typed;
    }
}

impl Page for SupportAccess {
    const TEMPLATE: &'static str = "support_access.html";

    #[cfg(test)]
    fn samples() -> Vec<Self> {
        use samples::{moment, shown};
        let row = |state, views| GrantRow {
            id: SupportGrantId::from_bytes([9; 16]),
            collections: vec![shown("Klienti"), shown("Rēķini")],
            by: (views > 0).then(|| shown("Anna Ozola")),
            made_at: moment(0),
            until: moment(1),
            state,
            views,
            viewed_at: (views > 0).then(|| moment(1)),
        };
        let choice = |slug, name, tick| CollectionChoice { slug: shown(slug), name: shown(name), tick };
        let page = |grants, collections, form| Self {
            tenant: samples::tenant(),
            grants,
            collections,
            terms: vec![1, 4, 24, 72, 168],
            form,
        };
        let collections = vec![choice("customers", "Klienti", Tick::On), choice("invoices", "Rēķini", Tick::Off)];
        let wrong = Form::empty()
            .typed(SupportAccessField::Hours, "4".to_owned().into())
            .wrong(SupportAccessField::Collections, "required")
            .wrong(SupportAccessField::Hours, "out_of_range")
            .refused("too_many");
        vec![
            page(vec![row(GrantState::Live, 3), row(GrantState::Over, 0)], collections.clone(), Form::empty()),
            page(Vec::new(), collections, wrong),
            page(Vec::new(), Vec::new(), Form::empty()),
        ]
    }
}
