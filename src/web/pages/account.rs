//! What belongs to a person and not to a vault: sign-ins, preferences, signing out.

use serde::Serialize;

use super::chrome::Theme;
use super::render::Page;
use super::shown::Shown;
use super::vault::{Moment, Pager};
#[cfg(test)]
use super::vault::{Place, samples};
use crate::kernel::access::Role;
use crate::kernel::ids::TenantId;
use crate::kernel::values::Locale;

/// `/`, for somebody who belongs to several vaults: which one.
#[derive(Debug, Clone, Serialize)]
pub struct ChooseTenant {
    /// The vaults.
    pub tenants: Vec<TenantChoice>,
}

/// A vault in the choice.
#[derive(Debug, Clone, Serialize)]
pub struct TenantChoice {
    /// Its id.
    pub id: TenantId,
    /// Its name; nobody can read it while the vault is sealed.
    pub name: Option<Shown>,
    /// The role there: `owner`, `admin`, `editor`, `viewer`.
    pub role: RoleName,
}

/// A role as pages name it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum RoleName {
    /// Everything, leaving included.
    Owner,
    /// Everything but leaving.
    Admin,
    /// Records.
    Editor,
    /// Looking.
    Viewer,
}

impl From<Role> for RoleName {
    fn from(role: Role) -> Self {
        match role {
            Role::Owner => Self::Owner,
            Role::Admin => Self::Admin,
            Role::Editor => Self::Editor,
            Role::Viewer => Self::Viewer,
        }
    }
}

impl Page for ChooseTenant {
    const TEMPLATE: &'static str = "choose_tenant.html";

    #[cfg(test)]
    fn samples() -> Vec<Self> {
        let roles = [RoleName::Owner, RoleName::Admin, RoleName::Editor, RoleName::Viewer];
        let choice =
            |role| TenantChoice { id: samples::tenant(), name: Some(samples::shown("Ozolas <darbnīca>")), role };
        vec![Self { tenants: roles.map(choice).to_vec() }, Self { tenants: Vec::new() }]
    }
}

/// `/account/sign-ins`: each try, newest first.
#[derive(Debug, Clone, Serialize)]
pub struct SignIns {
    /// The tries.
    pub attempts: Vec<Attempt>,
    /// What comes before and after.
    pub pager: Pager,
}

/// One try to sign in.
#[derive(Debug, Clone, Serialize)]
pub struct Attempt {
    /// When.
    pub at: Moment,
    /// From which network address.
    pub ip: Shown,
    /// With which device, as its browser names itself.
    pub device: Shown,
    /// By what.
    pub method: SignInMethod,
    /// How it ended.
    pub outcome: Outcome,
}

/// By what somebody tried to come in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum SignInMethod {
    /// The password.
    Password,
    /// A code by e-mail, after the password.
    Email,
    /// A code by SMS.
    Sms,
    /// An authenticator app.
    Totp,
    /// Approval on another device.
    Device,
    /// A passkey.
    Passkey,
    /// A sign-in at an identity provider.
    Oidc,
    /// A recovery code.
    RecoveryCode,
    /// Joining.
    Join,
}

/// How a try ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// It was let in.
    Accepted,
    /// It was not.
    Refused,
}

impl Page for SignIns {
    const TEMPLATE: &'static str = "sign_ins.html";

    #[cfg(test)]
    fn samples() -> Vec<Self> {
        use samples::{moment, shown};
        let attempt = |minutes, method, outcome| Attempt {
            at: moment(minutes),
            ip: shown("203.0.113.7"),
            device: shown("Firefox 145, Windows <test>"),
            method,
            outcome,
        };
        let attempts = vec![
            attempt(6, SignInMethod::Email, Outcome::Accepted),
            attempt(5, SignInMethod::Password, Outcome::Accepted),
            attempt(4, SignInMethod::Password, Outcome::Refused),
            attempt(3, SignInMethod::Sms, Outcome::Refused),
            attempt(2, SignInMethod::Totp, Outcome::Accepted),
            attempt(2, SignInMethod::Device, Outcome::Refused),
            attempt(2, SignInMethod::Passkey, Outcome::Accepted),
            attempt(2, SignInMethod::Oidc, Outcome::Accepted),
            attempt(1, SignInMethod::RecoveryCode, Outcome::Accepted),
            attempt(0, SignInMethod::Join, Outcome::Accepted),
        ];
        let page = |attempts, next: Option<&str>, place| Self {
            attempts,
            pager: Pager { next: next.map(str::to_owned), place },
        };
        vec![page(attempts, Some("b2Zmc2V0"), Place::Start), page(Vec::new(), None, Place::FurtherOn)]
    }
}

/// `/preferences`: posts `language` and `theme` (`system`, `light`, `dark`) there.
#[derive(Debug, Clone, Serialize)]
pub struct Preferences {
    /// The language now.
    pub language: Locale,
    /// The theme now.
    pub theme: Theme,
}

impl Page for Preferences {
    const TEMPLATE: &'static str = "preferences.html";

    #[cfg(test)]
    fn samples() -> Vec<Self> {
        [Theme::System, Theme::Light, Theme::Dark].map(|theme| Self { language: Locale::Et, theme }).to_vec()
    }
}

/// `/sign-out`: posts there, so that no link and no picture can sign anybody out.
#[derive(Debug, Clone, Serialize)]
pub struct SignOut {}

impl Page for SignOut {
    const TEMPLATE: &'static str = "sign_out.html";

    #[cfg(test)]
    fn samples() -> Vec<Self> {
        vec![Self {}]
    }
}
