//! Signing in with an address or phone number and the password.

use serde::Serialize;

use super::form::{Form, form_fields};
use super::oidc::ProviderChoice;
use super::render::Page;
use super::shown::Shown;

/// `/sign-in`: posts `identifier`, `password` and, when ticked, `shared_computer=yes` there.
#[derive(Debug, Clone, Serialize)]
pub struct SignIn {
    /// What was typed.
    pub form: Form<SignInField>,
    /// Why the page is shown, when it is not simply asked for.
    pub reason: SignInReason,
    /// The query that says where it leads on to: `?next=…`, or nothing.
    pub onward: Shown,
    /// By whom one can sign in besides.
    pub providers: Vec<ProviderChoice>,
    /// Whether a passkey does in place of all that: script posts `question`, `credential` and, where that is ticked,
    /// `shared_computer=yes` to `/sign-in/passkey`.
    pub passkeys: Passkeys,
}

/// Whether passkeys work where the page was asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Passkeys {
    /// They do.
    Work,
    /// A bare address was asked, and they are bound to a name.
    NeedName,
}

/// What brought somebody to the sign-in page.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum SignInReason {
    /// They came by themselves.
    Asked,
    /// The session ended: too long idle, or ended from elsewhere.
    SessionEnded,
    /// They have just signed out.
    SignedOut,
    /// They have just frozen their account.
    Frozen,
}

form_fields! {
    /// The fields of signing in.
    SignInField {
        /// E-mail address or phone number.
        Identifier = "identifier", Typed;
        /// The password.
        Password = "password", Nothing;
        /// A computer that others use too.
        SharedComputer = "shared_computer", Typed;
    }
}

impl Page for SignIn {
    const TEMPLATE: &'static str = "sign_in.html";

    #[cfg(test)]
    fn samples() -> Vec<Self> {
        let typed = Form::empty()
            .typed(SignInField::Identifier, "anna@example.com".to_owned().into())
            .typed(SignInField::SharedComputer, "yes".to_owned().into());
        let page = |form, reason| Self {
            form,
            reason,
            onward: super::shown::tests::shown("?next=/t/1/"),
            passkeys: Passkeys::Work,
            providers: super::oidc::two(),
        };
        let (empty, passkeys) = (Form::empty(), Passkeys::NeedName);
        let throttled = Form::empty().refused("too_many_requests");
        vec![
            Self {
                form: empty,
                reason: SignInReason::Asked,
                onward: Shown::default(),
                passkeys,
                providers: Vec::new(),
            },
            page(Form::empty().refused("passkey_refused"), SignInReason::Asked),
            page(typed.refused("sign_in_refused"), SignInReason::Asked),
            page(throttled.to_try_again_after(std::time::Duration::from_secs(61)), SignInReason::Asked),
            page(Form::empty(), SignInReason::SessionEnded),
            page(Form::empty(), SignInReason::SignedOut),
            page(Form::empty(), SignInReason::Frozen),
        ]
    }
}
