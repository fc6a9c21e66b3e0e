//! What keeps an account its owner's: the password, sessions, the freeze.

use serde::Serialize;

use super::account::Attempt;
use super::form::{Form, form_fields};
use super::notices::NoticeRow;
use super::render::Page;
use super::shown::Shown;
use super::vault::Moment;
#[cfg(test)]
use super::vault::samples;
use crate::kernel::access::Assurance;
use crate::kernel::ids::SessionId;

/// `/account/password`: posts `current_password` and `new_password` there; a new password that waits is objected to by
/// posting to `/account/password/object`.
#[derive(Debug, Clone, Serialize)]
pub struct PasswordPage {
    /// What is wrong with the last try.
    pub form: Form<PasswordField>,
    /// From when a new password could be set that was asked for by mail alone.
    pub waits: Option<Moment>,
    /// The last sign-ins.
    pub attempts: Vec<Attempt>,
    /// What became of the account lately.
    pub notices: Vec<NoticeRow>,
}

form_fields! {
    /// The fields of a change of the password.
    PasswordField {
        /// The present one.
        Current = "current_password", Nothing;
        /// The one from now on.
        New = "new_password", Nothing;
    }
}

impl Page for PasswordPage {
    const TEMPLATE: &'static str = "password.html";

    #[cfg(test)]
    fn samples() -> Vec<Self> {
        let attempts = super::account::SignIns::samples().remove(0).attempts;
        let notices = super::notices::Notices::samples().remove(0).entries;
        let wrong = Form::empty().wrong(PasswordField::Current, "password_wrong");
        let same = Form::empty().wrong(PasswordField::New, "password_unchanged");
        vec![
            Self { form: Form::empty(), waits: None, attempts, notices },
            Self { form: wrong, waits: Some(samples::moment(3)), attempts: Vec::new(), notices: Vec::new() },
            Self { form: same, waits: None, attempts: Vec::new(), notices: Vec::new() },
        ]
    }
}

/// `/account/sessions`: one ends by posting to `/account/sessions/{id}/end`, all others by posting to
/// `/account/sessions/others`.
#[derive(Debug, Clone, Serialize)]
pub struct SessionsPage {
    /// The sessions, the one seen last first.
    pub sessions: Vec<SessionRow>,
}

/// A session.
#[derive(Debug, Clone, Serialize)]
pub struct SessionRow {
    /// Its id.
    pub id: SessionId,
    /// Its device in words.
    pub device: Shown,
    /// Where it was begun.
    pub ip: Shown,
    /// How sure we are.
    pub assurance: Assurance,
    /// Since when.
    pub created_at: Moment,
    /// When the last request came.
    pub seen_at: Moment,
    /// Whose computer it is on.
    pub place: SessionPlace,
    /// Whether it is the one that looks.
    pub which: WhichSession,
}

/// Whose computer a session is on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum SessionPlace {
    /// One's own.
    Own,
    /// One that others use too.
    Shared,
}

/// Whether a session is the one that looks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum WhichSession {
    /// It is.
    Current,
    /// It is not.
    Other,
}

#[cfg(test)]
impl SessionRow {
    pub(super) fn samples() -> Vec<Self> {
        use samples::{moment, shown};
        let row = |number: u8, assurance, place, which| Self {
            id: SessionId::from_bytes([number; 16]),
            device: shown("Firefox <test>, Linux"),
            ip: shown("203.0.113.7"),
            assurance,
            created_at: moment(0),
            seen_at: moment(i64::from(number)),
            place,
            which,
        };
        vec![
            row(3, Assurance::Strong, SessionPlace::Own, WhichSession::Current),
            row(2, Assurance::Confirmed, SessionPlace::Own, WhichSession::Other),
            row(1, Assurance::Password, SessionPlace::Shared, WhichSession::Other),
        ]
    }
}

impl Page for SessionsPage {
    const TEMPLATE: &'static str = "sessions.html";

    #[cfg(test)]
    fn samples() -> Vec<Self> {
        let sessions = SessionRow::samples();
        let mine = sessions.iter().take(1).cloned().collect();
        vec![Self { sessions }, Self { sessions: mine }]
    }
}

/// `/account/freeze`: posts there, and it is done.
#[derive(Debug, Clone, Serialize)]
pub struct FreezePage {}

impl Page for FreezePage {
    const TEMPLATE: &'static str = "freeze.html";

    #[cfg(test)]
    fn samples() -> Vec<Self> {
        vec![Self {}]
    }
}
