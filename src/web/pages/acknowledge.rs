//! Documents in force that somebody has yet to acknowledge.

use serde::Serialize;

use super::form::{Form, form_fields};
use super::join::DocumentToAcknowledge;
use super::render::Page;
use super::shown::Shown;

/// `/acknowledge`: posts there `acknowledged`, once a document, as `{document}:{version}`.
#[derive(Debug, Clone, Serialize)]
pub struct Acknowledge {
    /// Those that are left.
    pub documents: Vec<DocumentToAcknowledge>,
    /// What was ticked.
    pub form: Form<AcknowledgeField>,
    /// The query that says where it leads on to: `?next=…`, or nothing.
    pub onward: Shown,
}

form_fields! {
    /// The fields of acknowledging.
    AcknowledgeField {
        /// The documents.
        Acknowledged = "acknowledged", Nothing;
    }
}

impl Page for Acknowledge {
    const TEMPLATE: &'static str = "acknowledge.html";

    #[cfg(test)]
    fn samples() -> Vec<Self> {
        use super::chrome::Document;
        let documents =
            [Document::Privacy, Document::SafeUse].map(|document| DocumentToAcknowledge { document, version: 2 });
        let page =
            |form| Self { documents: documents.to_vec(), form, onward: super::shown::tests::shown("?next=/t/1/") };
        let again = Form::empty().wrong(AcknowledgeField::Acknowledged, "acknowledgement_required");
        vec![page(Form::empty()), page(again)]
    }
}
