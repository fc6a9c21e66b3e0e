//! Confirming a session by something besides the password (R-3, R-4).

use serde::Serialize;

use super::form::{Form, form_fields};
use super::oidc::ProviderChoice;
use super::render::Page;
use super::shown::Shown;
use crate::accounts::factors::{Fee, Method};

/// `/confirm`: the most secure method first, the others below it from least to most secure (R-5). Posts `method` there;
/// a method that sends no code takes it at once, as `code`.
#[derive(Debug, Clone, Serialize)]
pub struct ConfirmMethods {
    /// What is offered first; nothing where nothing would do.
    pub first: Option<OfferedMethod>,
    /// What else the account may use.
    pub others: Vec<OfferedMethod>,
    /// Why it is asked for.
    pub reason: ConfirmReason,
    /// What the vault accepts where it leads on to, which does not accept everything.
    pub accepted: Option<Vec<Method>>,
    /// The query that says where it leads on to: `?next=…`, or nothing.
    pub onward: Shown,
    /// The form of the code, where the first method takes it at once.
    pub form: Form<ConfirmCodeField>,
}

/// Why a confirmation is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum ConfirmReason {
    /// The password alone was shown.
    First,
    /// It must be shown anew, or by something more secure.
    Again,
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
    /// What it may cost (S-3).
    pub fee: Fee,
    /// The identity providers that it may be done by; none where it is done by no other.
    pub providers: Vec<ProviderChoice>,
}

/// What is said of a method beside its name (R-5).
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
        use super::shown::tests::shown;
        let offered = |method, advice| OfferedMethod {
            method,
            target: match method {
                Method::Email => Some(shown("a…@example.com")),
                Method::Sms => Some(shown("…3456")),
                _ => None,
            },
            advice,
            fee: method.facts().fee,
            providers: if method == Method::Oidc { super::oidc::two() } else { Vec::new() },
        };
        let page = |first, others, reason| Self {
            first,
            others,
            reason,
            accepted: None,
            onward: shown("?next=/t/1/"),
            form: Form::empty(),
        };
        let mail = |advice| offered(Method::Email, advice);
        let codes = offered(Method::RecoveryCodes, Advice::Advised);
        vec![
            Self { onward: Shown::default(), ..page(Some(mail(Advice::Advised)), Vec::new(), ConfirmReason::First) },
            page(Some(mail(Advice::AdvisedAgainst)), vec![codes.clone()], ConfirmReason::Again),
            page(
                Some(offered(Method::Totp, Advice::Advised)),
                vec![mail(Advice::AdvisedAgainst), codes.clone()],
                ConfirmReason::First,
            ),
            page(
                Some(offered(Method::Sms, Advice::AdvisedAgainst)),
                vec![offered(Method::Device, Advice::Advised), mail(Advice::Advised)],
                ConfirmReason::First,
            ),
            page(Some(offered(Method::Device, Advice::Advised)), vec![codes.clone()], ConfirmReason::First),
            page(
                Some(offered(Method::Oidc, Advice::Advised)),
                vec![mail(Advice::AdvisedAgainst), offered(Method::Totp, Advice::Advised)],
                ConfirmReason::First,
            ),
            page(
                Some(offered(Method::Totp, Advice::Advised)),
                vec![offered(Method::Oidc, Advice::Advised)],
                ConfirmReason::First,
            ),
            page(Some(codes.clone()), Vec::new(), ConfirmReason::Again),
            page(Some(offered(Method::Passkey, Advice::Advised)), vec![codes.clone()], ConfirmReason::First),
            page(None, Vec::new(), ConfirmReason::Again),
            Self {
                accepted: Some(vec![Method::Totp, Method::Passkey]),
                ..page(None, Vec::new(), ConfirmReason::First)
            },
            Self {
                accepted: Some(vec![Method::Totp, Method::Passkey]),
                ..page(Some(offered(Method::Totp, Advice::Advised)), Vec::new(), ConfirmReason::First)
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

/// `/confirm/{id}` where a passkey is asked for; script posts `credential` there.
#[derive(Debug, Clone, Serialize)]
pub struct ConfirmPasskey {
    /// The challenge's id, in the path.
    pub challenge: String,
    /// What the browser is told (`PublicKeyCredentialRequestOptionsJSON`), as text.
    pub public_key: Shown,
    /// What is wrong with the last try.
    pub form: Form<PasskeyField>,
    /// The query that says where it leads on to: `?next=…`, or nothing.
    pub onward: Shown,
}

form_fields! {
    /// The one field of a passkey's answer.
    PasskeyField {
        /// What the browser says.
        Credential = "credential", Nothing;
    }
}

impl Page for ConfirmPasskey {
    const TEMPLATE: &'static str = "confirm_passkey.html";

    #[cfg(test)]
    fn samples() -> Vec<Self> {
        use super::shown::tests::shown;
        let page = |form| Self {
            challenge: "01947a2e-6f00-7000-8000-000000000002".to_owned(),
            public_key: shown(r#"{"rpId":"vault.example","challenge":"AAAA"}"#),
            form,
            onward: shown("?next=/t/1/"),
        };
        vec![page(Form::empty()), page(Form::empty().refused("passkey_refused"))]
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
            page(Method::Email, Some("a…@example.com"), Form::empty().refused("challenge_ended")),
            page(Method::Totp, None, Form::empty()),
            page(Method::RecoveryCodes, None, Form::empty()),
        ]
    }
}
