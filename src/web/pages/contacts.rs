//! Where a person can be reached.

use serde::Serialize;

use super::render::Page;
use super::shown::Shown;
use super::vault::Moment;
#[cfg(test)]
use super::vault::samples;

/// `/account/contacts`: posts to `/account/contacts/confirmation` that all of it is right.
#[derive(Debug, Clone, Serialize)]
pub struct ContactsPage {
    /// The address.
    pub email: Shown,
    /// The phone number.
    pub phone: Option<PhoneRow>,
    /// When it was last said that both are right.
    pub confirmed_at: Option<Moment>,
}

/// A phone number, and since when it is known to be theirs.
#[derive(Debug, Clone, Serialize)]
pub struct PhoneRow {
    /// In E.164 form.
    pub number: Shown,
    /// Nothing while it was only said.
    pub verified_at: Option<Moment>,
}

impl Page for ContactsPage {
    const TEMPLATE: &'static str = "contacts.html";

    #[cfg(test)]
    fn samples() -> Vec<Self> {
        use samples::{moment, shown};
        let page = |phone, confirmed_at| Self { email: shown("anna.<ozola>@example.com"), phone, confirmed_at };
        let number = || shown("+37120000000");
        vec![
            page(None, None),
            page(Some(PhoneRow { number: number(), verified_at: None }), None),
            page(Some(PhoneRow { number: number(), verified_at: Some(moment(2)) }), Some(moment(5))),
        ]
    }
}
