//! Joining: first the address, then, with the code that was mailed there, the account and its vault.

use serde::Serialize;

use super::chrome::Document;
use super::form::{Form, form_fields};
use super::render::Page;
use super::vault::Day;
#[cfg(test)]
use super::vault::samples;
use crate::kernel::values::Locale;

/// The first step, `/join`: posts `email` and `language` there.
#[derive(Debug, Clone, Serialize)]
pub struct Join {
    /// What was typed.
    pub form: Form<JoinField>,
    /// The language chosen so far.
    pub language: Locale,
    /// What they want to join.
    pub aim: JoinAim,
}

/// What somebody wants to join.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum JoinAim {
    /// A vault of their own, which they open.
    Own,
    /// Somebody else's, that they are invited to.
    Invited,
}

impl JoinAim {
    /// The query that says so.
    #[must_use]
    pub const fn query(self) -> &'static str {
        match self {
            Self::Own => "",
            Self::Invited => "?invited",
        }
    }
}

form_fields! {
    /// The fields of the first step.
    JoinField {
        /// The address to prove.
        Email = "email", Typed;
        /// The language of mails and pages.
        Language = "language", Typed;
    }
}

impl Page for Join {
    const TEMPLATE: &'static str = "join.html";

    #[cfg(test)]
    fn samples() -> Vec<Self> {
        let empty = Self { form: Form::empty(), language: Locale::Lv, aim: JoinAim::Own };
        let wrong = Form::empty().typed(JoinField::Email, "anna(at)example.com".to_owned().into());
        let wrong = wrong.wrong(JoinField::Email, "malformed");
        let invited = Self { aim: JoinAim::Invited, ..empty.clone() };
        vec![empty, invited, Self { form: wrong, language: Locale::Kk, aim: JoinAim::Own }]
    }
}

/// The second step, `/join/{signup_id}`: posts there what [`JoinFinishField`] lists, and `acknowledged`, once a
/// document, as `{document}:{version}`.
#[derive(Debug, Clone, Serialize)]
pub struct JoinFinish {
    /// The sign-up's id, in the path.
    pub signup: String,
    /// What was typed.
    pub form: Form<JoinFinishField>,
    /// The documents in force, each to be acknowledged.
    pub documents: Vec<DocumentToAcknowledge>,
    /// The versions that are announced, which they read too.
    pub announced: Vec<AnnouncedDocument>,
    /// What they join.
    pub aim: JoinAim,
}

/// A version that is announced while somebody joins (P-15).
#[derive(Debug, Clone, Serialize)]
pub struct AnnouncedDocument {
    /// Which.
    pub document: Document,
    /// Its name in the API, by which the form names it.
    pub name: String,
    /// Its version.
    pub version: u32,
    /// The first day on which it may apply.
    pub effective_on: Day,
    /// What changes, in plain words; may be empty.
    pub summary: String,
}

/// A document that is acknowledged by joining.
#[derive(Debug, Clone, Serialize)]
pub struct DocumentToAcknowledge {
    /// Which.
    pub document: Document,
    /// Its version in force.
    pub version: u32,
}

form_fields! {
    /// The fields of the second step.
    JoinFinishField {
        /// The six digits from the mail.
        Code = "code", Nothing;
        /// The code of the invitation, where they were invited.
        Invitation = "invitation", Nothing;
        /// The person's name.
        Name = "name", Typed;
        /// The password.
        Password = "password", Nothing;
        /// Optional.
        Phone = "phone", Typed;
        /// `company` or `self_employed`.
        Kind = "kind", Typed;
        /// The business's name.
        BusinessName = "business_name", Typed;
        /// Its country, two letters.
        Country = "country", Typed;
        /// Its number in that country's register, optional.
        RegistrationNumber = "registration_number", Typed;
        /// Its VAT number, optional.
        VatNumber = "vat_number", Typed;
        /// The documents.
        Acknowledged = "acknowledged", Nothing;
    }
}

impl Page for JoinFinish {
    const TEMPLATE: &'static str = "join_finish.html";

    #[cfg(test)]
    fn samples() -> Vec<Self> {
        use JoinFinishField as F;
        let documents = vec![
            DocumentToAcknowledge { document: Document::Privacy, version: 1 },
            DocumentToAcknowledge { document: Document::Terms, version: 1 },
            DocumentToAcknowledge { document: Document::SafeUse, version: 2 },
        ];
        let signup = "01947a2e-6f00-7000-8000-000000000001".to_owned();
        let announced = AnnouncedDocument {
            document: Document::Privacy,
            name: "privacy".to_owned(),
            version: 2,
            effective_on: Day::new(samples::time(0), Locale::Lv),
            summary: "Ierakstus glabā <gadu>.".to_owned(),
        };
        let again = Form::empty()
            .typed(F::Name, "Anna Ozola".to_owned().into())
            .typed(F::Kind, "self_employed".to_owned().into())
            .typed(F::BusinessName, "Ozolas darbnīca \"Koks & Āda\"".to_owned().into())
            .typed(F::Country, "LV".to_owned().into())
            .typed(F::Code, "123456".to_owned().into())
            .wrong(F::Code, "code_refused")
            .wrong(F::Password, "password_too_common")
            .wrong(F::VatNumber, "malformed")
            .wrong(F::Acknowledged, "acknowledgement_required");
        vec![
            Self {
                signup: signup.clone(),
                form: Form::empty(),
                documents: documents.clone(),
                announced: Vec::new(),
                aim: JoinAim::Own,
            },
            Self {
                signup: signup.clone(),
                form: Form::empty().wrong(F::Invitation, "invitation_refused"),
                documents: documents.clone(),
                announced: vec![announced],
                aim: JoinAim::Invited,
            },
            Self { signup, form: again, documents, announced: Vec::new(), aim: JoinAim::Own },
        ]
    }
}
