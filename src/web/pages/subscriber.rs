//! What a subscriber answers about itself (S-11).

use serde::Serialize;

use super::form::{Form, form_fields};
use super::render::Page;
use crate::kernel::ids::TenantId;
use crate::tenants::subscriber::{Kept, Size, Trade};

form_fields! {
    /// The fields of the questionnaire.
    SubscriberField {
        /// In what the business works.
        Trade = "trade", Typed;
        /// How many work in it.
        Size = "size", Typed;
        /// What it means to keep; which boxes are ticked stands beside the form.
        Keeps = "keeps", Nothing;
        /// Whom to ask for.
        ContactName = "contact_name", Typed;
        /// Their address.
        ContactEmail = "contact_email", Typed;
        /// Their number.
        ContactPhone = "contact_phone", Typed;
        /// Street and number.
        Street = "street", Typed;
        /// Town.
        Town = "town", Typed;
        /// Postal code.
        PostalCode = "postal_code", Typed;
        /// Country.
        Country = "country", Typed;
    }
}

/// `/t/{tenant}/profile`: posts the answers there; it can be left for later.
#[derive(Debug, Clone, Serialize)]
pub struct SubscriberPage {
    /// Whose.
    pub tenant: TenantId,
    /// What was typed, or answered before.
    pub form: Form<SubscriberField>,
    /// The boxes that are ticked.
    pub keeps: Vec<String>,
    /// The trades to choose from.
    trades: Vec<&'static str>,
    /// The sizes to choose from.
    sizes: Vec<&'static str>,
    /// What can be kept.
    kinds: Vec<&'static str>,
}

impl SubscriberPage {
    /// The page with this form and these boxes ticked.
    #[must_use]
    pub fn new(tenant: TenantId, form: Form<SubscriberField>, keeps: Vec<String>) -> Self {
        Self {
            tenant,
            form,
            keeps,
            trades: Trade::ALL.iter().map(|one| one.name()).collect(),
            sizes: Size::ALL.iter().map(|one| one.name()).collect(),
            kinds: Kept::ALL.iter().map(|one| one.name()).collect(),
        }
    }
}

impl Page for SubscriberPage {
    const TEMPLATE: &'static str = "subscriber.html";

    #[cfg(test)]
    fn samples() -> Vec<Self> {
        let tenant = TenantId::from_bytes([7; 16]);
        let typed = Form::empty()
            .typed(SubscriberField::Trade, "craft".to_owned().into())
            .typed(SubscriberField::Street, "Brīvības iela <1>".to_owned().into())
            .wrong(SubscriberField::Keeps, "not_a_choice")
            .wrong(SubscriberField::Town, "required");
        vec![
            Self::new(tenant, Form::empty(), Vec::new()),
            Self::new(tenant, typed, vec!["customers".to_owned(), "health_data".to_owned()]),
        ]
    }
}
