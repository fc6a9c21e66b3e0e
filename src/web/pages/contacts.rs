//! Where a person can be reached.

use serde::Serialize;

use super::form::Form;
use super::identifiers::ContactField;
use super::render::Page;
use super::shown::Shown;
use super::vault::Moment;
#[cfg(test)]
use super::vault::samples;
use crate::accounts::identifiers::Kind;
use crate::kernel::ids::IdentifierChangeId;

/// `/account/contacts`: posts to `/account/contacts/confirmation` that all of it is right, and `kind` and `new_email` to
/// `/account/contacts/changes`.
#[derive(Debug, Clone, Serialize)]
pub struct ContactsPage {
    /// The address.
    pub email: Shown,
    /// The phone number.
    pub phone: Option<PhoneRow>,
    /// When it was last said that both are right.
    pub confirmed_at: Option<Moment>,
    /// Changes that wait for their code.
    pub waiting: Vec<WaitingChange>,
    /// What was typed.
    pub form: Form<ContactField>,
    /// Whether a number can be verified here.
    pub texts: TextMessages,
}

/// Whether text messages can be sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum TextMessages {
    /// They can.
    Sent,
    /// No gateway is configured.
    NotSent,
}

/// A change that waits for its code.
#[derive(Debug, Clone, Serialize)]
pub struct WaitingChange {
    /// Its id, in the path.
    pub id: IdentifierChangeId,
    /// Of what.
    pub kind: Kind,
    /// Where the code went.
    pub target: Shown,
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
        let page = |phone, confirmed_at| Self {
            email: shown("anna.<ozola>@example.com"),
            phone,
            confirmed_at,
            waiting: Vec::new(),
            form: Form::empty(),
            texts: TextMessages::Sent,
        };
        let waiting = WaitingChange {
            id: IdentifierChangeId::from_bytes([7; 16]),
            kind: Kind::Email,
            target: shown("anna.new@example.com"),
        };
        let typed = Form::empty().typed(ContactField::NewEmail, "anna".to_owned().into());
        let number = || shown("+37120000000");
        vec![
            Self { texts: TextMessages::NotSent, ..page(None, None) },
            page(Some(PhoneRow { number: number(), verified_at: None }), None),
            page(Some(PhoneRow { number: number(), verified_at: Some(moment(2)) }), Some(moment(5))),
            Self { waiting: vec![waiting], ..page(None, None) },
            Self { form: typed.wrong(ContactField::NewEmail, "not_an_email"), ..page(None, None) },
        ]
    }
}
