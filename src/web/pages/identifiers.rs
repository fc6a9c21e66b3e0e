//! What an account signs in by, changed, and a change taken back (P-6).

use serde::Serialize;

use super::confirm::ConfirmCodeField;
use super::form::{Form, form_fields};
use super::render::Page;
use super::shown::Shown;
#[cfg(test)]
use super::vault::samples;
use crate::kernel::ids::{IdentifierChangeId, IdentifierUndoId};

form_fields! {
    /// The fields of a change that begins.
    ContactField {
        /// The new address.
        NewEmail = "new_email", Typed;
        /// The new number.
        NewPhone = "new_phone", Typed;
    }
}

form_fields! {
    /// The fields of a request to take a change back.
    UndoField {
        /// The old identifier.
        Identifier = "identifier", Typed;
    }
}

/// `/account/contacts/changes/{id}`: a change that waits for its code; posts `code` there.
#[derive(Debug, Clone, Serialize)]
pub struct ChangeCode {
    /// The change's id, in the path.
    pub id: IdentifierChangeId,
    /// Where the code went.
    pub target: Shown,
    /// What is wrong with the last try.
    pub form: Form<ConfirmCodeField>,
}

impl Page for ChangeCode {
    const TEMPLATE: &'static str = "change_code.html";

    #[cfg(test)]
    fn samples() -> Vec<Self> {
        let id = IdentifierChangeId::from_bytes([7; 16]);
        let page = |form| Self { id, target: samples::shown("anna.<new>@example.com"), form };
        vec![page(Form::empty()), page(Form::empty().wrong(ConfirmCodeField::Code, "code_refused"))]
    }
}

/// `/undo-change`: posts `identifier` there.
#[derive(Debug, Clone, Serialize)]
pub struct UndoChange {
    /// What was typed.
    pub form: Form<UndoField>,
}

impl Page for UndoChange {
    const TEMPLATE: &'static str = "undo_change.html";

    #[cfg(test)]
    fn samples() -> Vec<Self> {
        vec![Self { form: Form::empty() }]
    }
}

/// `/undo-change/{id}`: posts `code` there. The same for every id.
#[derive(Debug, Clone, Serialize)]
pub struct UndoChangeCode {
    /// The request's id, in the path.
    pub id: IdentifierUndoId,
    /// What is wrong with the last try.
    pub form: Form<ConfirmCodeField>,
}

impl Page for UndoChangeCode {
    const TEMPLATE: &'static str = "undo_change_code.html";

    #[cfg(test)]
    fn samples() -> Vec<Self> {
        let page = |form| Self { id: IdentifierUndoId::from_bytes([7; 16]), form };
        let throttled = Form::empty().refused("too_many_requests");
        vec![
            page(Form::empty()),
            page(Form::empty().wrong(ConfirmCodeField::Code, "code_refused")),
            page(throttled.to_try_again_after(std::time::Duration::from_secs(61))),
        ]
    }
}
