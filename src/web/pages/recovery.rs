//! What a person does without being signed in: freeze, thaw, replace a forgotten password (P-10, R-11, R-27).

use serde::Serialize;

use super::form::{Form, form_fields};
use super::render::Page;
use super::shown::Shown;
use super::vault::Moment;
#[cfg(test)]
use super::vault::samples;
use crate::kernel::ids::RecoveryId;

/// What for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum RecoveryAim {
    /// A new password: `/reset`.
    Reset,
    /// Closing the account: `/freeze`.
    Freeze,
    /// Opening it again: `/thaw`.
    Thaw,
}

/// `/reset`, `/freeze` and `/thaw`: posts `identifier` there.
#[derive(Debug, Clone, Serialize)]
pub struct RecoveryStart {
    /// What for.
    pub aim: RecoveryAim,
    /// What was typed.
    pub form: Form<RecoveryStartField>,
}

form_fields! {
    /// The field that asks for a code.
    RecoveryStartField {
        /// E-mail address or phone number.
        Identifier = "identifier", Typed;
    }
}

impl Page for RecoveryStart {
    const TEMPLATE: &'static str = "recovery_start.html";

    #[cfg(test)]
    fn samples() -> Vec<Self> {
        let typed = Form::empty().typed(RecoveryStartField::Identifier, "anna@example.com".to_owned().into());
        let wait = std::time::Duration::from_secs(90);
        let throttled = typed.refused("too_many_requests").to_try_again_after(wait);
        vec![
            Self { aim: RecoveryAim::Reset, form: Form::empty() },
            Self { aim: RecoveryAim::Freeze, form: throttled },
            Self { aim: RecoveryAim::Thaw, form: Form::empty() },
        ]
    }
}

/// `/reset/{id}`, `/freeze/{id}` and `/thaw/{id}`: posts `code` there, and but for a freeze `new_password`,
/// `second_method` and `second_code` (or, by script, `credential`), and `addresses`; a new password that waits is
/// cancelled by posting `code` to `/reset/{id}/cancel`.
#[derive(Debug, Clone, Serialize)]
pub struct RecoveryFinish {
    /// What for.
    pub aim: RecoveryAim,
    /// The id in the path.
    pub id: RecoveryId,
    /// What the browser is told to show a passkey besides (`PublicKeyCredentialRequestOptionsJSON`), as text.
    pub public_key: Option<Shown>,
    /// What was typed.
    pub form: Form<RecoveryField>,
}

form_fields! {
    /// The fields that finish it.
    RecoveryField {
        /// From the mail.
        Code = "code", Nothing;
        /// The password from now on.
        NewPassword = "new_password", Nothing;
        /// What is shown besides: `totp`, `recovery_codes`, or nothing.
        SecondMethod = "second_method", Typed;
        /// Its code.
        SecondCode = "second_code", Nothing;
        /// What a passkey says, in place of both.
        Credential = "credential", Nothing;
        /// `lift`, where the list of addresses is to be removed.
        Addresses = "addresses", Typed;
    }
}

impl Page for RecoveryFinish {
    const TEMPLATE: &'static str = "recovery_finish.html";

    #[cfg(test)]
    fn samples() -> Vec<Self> {
        let id = RecoveryId::from_bytes([7; 16]);
        let asked = || Some(samples::shown(r#"{"rpId":"vault.example","challenge":"<x>","allowCredentials":[]}"#));
        let page = |aim, public_key, form| Self { aim, id, public_key, form };
        let chosen = Form::empty().typed(RecoveryField::SecondMethod, "totp".to_owned().into());
        let chosen = chosen.typed(RecoveryField::Addresses, "lift".to_owned().into());
        vec![
            page(RecoveryAim::Reset, asked(), Form::empty()),
            page(RecoveryAim::Reset, None, chosen.wrong(RecoveryField::SecondCode, "second_required")),
            page(RecoveryAim::Freeze, None, Form::empty().wrong(RecoveryField::Code, "code_refused")),
            page(RecoveryAim::Thaw, asked(), Form::empty().wrong(RecoveryField::NewPassword, "password_too_short")),
        ]
    }
}

/// What came of it.
#[derive(Debug, Clone, Serialize)]
pub struct RecoveryOver {
    /// How it ended.
    pub outcome: RecoveryOutcome,
    /// From when it can be set.
    pub ready_at: Option<Moment>,
}

/// How it ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum RecoveryOutcome {
    /// The new password holds.
    Done,
    /// It has to wait.
    Waits,
    /// It was cancelled.
    Cancelled,
}

impl Page for RecoveryOver {
    const TEMPLATE: &'static str = "recovery_over.html";

    #[cfg(test)]
    fn samples() -> Vec<Self> {
        vec![
            Self { outcome: RecoveryOutcome::Done, ready_at: None },
            Self { outcome: RecoveryOutcome::Waits, ready_at: Some(samples::moment(1)) },
            Self { outcome: RecoveryOutcome::Cancelled, ready_at: None },
        ]
    }
}
