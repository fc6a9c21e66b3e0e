//! Confirming a session by something besides the password.

use serde::Serialize;

use super::form::{Form, form_fields};
use super::render::Page;
use super::shown::Shown;

/// `/confirm`: the methods to choose from, least secure first; posts `method` there.
#[derive(Debug, Clone, Serialize)]
pub struct ConfirmMethods {
    /// What this account may use.
    pub methods: Vec<OfferedMethod>,
    /// The query that says where it leads on to: `?next=…`, or nothing.
    pub onward: Shown,
}

/// A method in the choice.
#[derive(Debug, Clone, Serialize)]
pub struct OfferedMethod {
    /// Which.
    pub method: Method,
    /// Where the code goes, masked: `a…@example.com`. Nothing where no code is sent.
    pub target: Option<Shown>,
    /// Whether it is advised for what this vault holds.
    pub advice: Advice,
}

/// A way to confirm.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Method {
    /// A code by e-mail.
    Email,
    /// A code by SMS.
    Sms,
    /// A code of an authenticator app.
    Totp,
    /// A recovery code.
    RecoveryCode,
}

/// What is said of a method beside its name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Advice {
    /// Good for this vault.
    Advised,
    /// Allowed, and better not used for what this vault holds.
    AdvisedAgainst,
}

impl Page for ConfirmMethods {
    const TEMPLATE: &'static str = "confirm_methods.html";

    #[cfg(test)]
    fn samples() -> Vec<Self> {
        let offered = |method, target: Option<&str>, advice| OfferedMethod {
            method,
            target: target.map(super::shown::tests::shown),
            advice,
        };
        vec![
            Self {
                methods: vec![offered(Method::Email, Some("a…@example.com"), Advice::Advised)],
                onward: Shown::default(),
            },
            Self {
                onward: super::shown::tests::shown("?next=/t/1/"),
                methods: vec![
                    offered(Method::Email, Some("a…@example.com"), Advice::AdvisedAgainst),
                    offered(Method::Sms, Some("+371 …42"), Advice::AdvisedAgainst),
                    offered(Method::Totp, None, Advice::Advised),
                    offered(Method::RecoveryCode, None, Advice::Advised),
                ],
            },
        ]
    }
}

/// `/confirm/{id}`: posts `code` there; another code is asked for by posting `method` to `/confirm`.
#[derive(Debug, Clone, Serialize)]
pub struct ConfirmCode {
    /// The challenge's id, in the path.
    pub challenge: String,
    /// How it is answered.
    pub method: Method,
    /// Where the code went, masked, if it went anywhere.
    pub target: Option<Shown>,
    /// What is wrong with the last try.
    pub form: Form<ConfirmCodeField>,
    /// The query that says where it leads on to: `?next=…`, or nothing.
    pub onward: Shown,
}

form_fields! {
    /// The one field of a confirmation.
    ConfirmCodeField {
        /// The code.
        Code = "code", Nothing;
    }
}

impl Page for ConfirmCode {
    const TEMPLATE: &'static str = "confirm_code.html";

    #[cfg(test)]
    fn samples() -> Vec<Self> {
        let page = |method, target: Option<&str>, form| Self {
            challenge: "01947a2e-6f00-7000-8000-000000000002".to_owned(),
            method,
            target: target.map(super::shown::tests::shown),
            form,
            onward: super::shown::tests::shown("?next=/t/1/"),
        };
        vec![
            page(Method::Email, Some("a…@example.com"), Form::empty()),
            page(Method::Email, Some("a…@example.com"), Form::empty().wrong(ConfirmCodeField::Code, "code_refused")),
            page(Method::Sms, Some("+371 …42"), Form::empty().refused("challenge_ended")),
            page(Method::Totp, None, Form::empty()),
            page(Method::RecoveryCode, None, Form::empty()),
        ]
    }
}
