//! Taking everything along.

use serde::Serialize;

use super::form::{Form, form_fields};
use super::render::Page;
use super::vault::Reach;
#[cfg(test)]
use super::vault::samples;
use crate::kernel::ids::TenantId;

/// `/t/{tenant}/export`: posts `sensitive`, `clear` or `masked`, and `recipient` there, and gets the archive.
#[derive(Debug, Clone, Serialize)]
pub struct ExportPage {
    /// The tenant.
    pub tenant: TenantId,
    /// Whether the visitor's role allows it.
    pub reach: Reach,
    /// What was asked for, where it could not be had so.
    pub form: Form<ExportField>,
}

form_fields! {
    /// What is asked for.
    ExportField {
        /// What becomes of sensitive values.
        Sensitive = "sensitive", Typed;
        /// For whom the archive is sealed: age recipients, one a line; for nobody in particular when empty.
        Recipient = "recipient", Typed;
    }
}

impl Page for ExportPage {
    const TEMPLATE: &'static str = "export.html";

    #[cfg(test)]
    fn samples() -> Vec<Self> {
        let page = |reach, form| Self { tenant: samples::tenant(), reach, form };
        let wrong = Form::empty()
            .typed(ExportField::Sensitive, "masked".to_owned().into())
            .typed(ExportField::Recipient, "age1<nobody>".to_owned().into())
            .wrong(ExportField::Recipient, "not_a_recipient");
        vec![page(Reach::Change, Form::empty()), page(Reach::Change, wrong), page(Reach::Look, Form::empty())]
    }
}
