//! What an account has to confirm with: seen, added, removed (R-5, K-6, K-8).

use serde::Serialize;

use super::confirm::{Advice, ConfirmCodeField, PasskeyField};
use super::control::SessionRow;
use super::form::{Form, form_fields};
use super::oidc::ProviderChoice;
use super::qr::Qr;
use super::render::Page;
use super::shown::{Shown, ShownOnce};
use super::vault::Moment;
#[cfg(test)]
use super::vault::samples;
use crate::accounts::factors::{Fee, Method};
use crate::kernel::ids::FactorId;

/// `/account/security`: posts `method` and `factor_name` to `/account/security/methods`; a factor is renamed by posting
/// `factor_name` to `/account/security/rename/{id}`, removed by posting to `/account/security/remove/{id}`.
#[derive(Debug, Clone, Serialize)]
pub struct Security {
    /// The methods, from least to most secure (R-5).
    pub methods: Vec<SecurityMethod>,
    /// Whether sign-ins may be approved on another device.
    pub approvals: ApprovalsSet,
    /// Where the account is signed in, the session seen last first.
    pub sessions: Vec<SessionRow>,
    /// What was typed.
    pub form: Form<SecurityField>,
}

/// Whether sign-ins may be approved on another device; posts `approvals` (`allowed`, `off`) to
/// `/account/security/approvals`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum ApprovalsSet {
    /// They may.
    Allowed,
    /// They may not.
    Off,
}

/// A method, and what there is of it.
#[derive(Debug, Clone, Serialize)]
pub struct SecurityMethod {
    /// Which.
    pub method: Method,
    /// Whether it is advised for what this vault holds.
    pub advice: Advice,
    /// What the account has of it.
    pub factors: Vec<SecurityFactor>,
    /// How another is added.
    pub adding: Adding,
    /// What it may cost (S-3).
    pub fee: Fee,
    /// The identity providers that one can be added of.
    pub providers: Vec<ProviderChoice>,
}

/// How a factor is added.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Adding {
    /// Not at all: it comes with the account.
    Never,
    /// By a name of its own.
    Named,
    /// By a press, in place of the one before.
    Anew,
    /// By a press for each identity provider.
    Elsewhere,
    /// By a press: the device that keeps it gives it its name.
    Pressed,
    /// The same, but not at a bare address.
    NeedsName,
}

/// Something that confirms.
#[derive(Debug, Clone, Serialize)]
pub struct SecurityFactor {
    /// Its id; what comes with the account has none.
    pub id: Option<FactorId>,
    /// What it is called, or where its code goes.
    pub name: Option<Shown>,
    /// Since when.
    pub created_at: Option<Moment>,
    /// When it last confirmed anything.
    pub used_at: Option<Moment>,
    /// Whether it can be used.
    pub standing: FactorStanding,
    /// How often it can still be used.
    pub left: Option<usize>,
}

/// Whether a factor can be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum FactorStanding {
    /// It can.
    Usable,
    /// Too many wrong answers in a row.
    Ended,
}

form_fields! {
    /// The fields of a new factor.
    SecurityField {
        /// What it is called.
        Name = "factor_name", Typed;
    }
}

impl Page for Security {
    const TEMPLATE: &'static str = "security.html";

    #[cfg(test)]
    fn samples() -> Vec<Self> {
        use samples::{moment, shown};
        let factor = |name: Option<&str>, standing, left: Option<usize>| SecurityFactor {
            id: Some(FactorId::from_bytes([u8::try_from(name.map_or(1, str::len)).unwrap(); 16])),
            name: name.map(shown),
            created_at: Some(moment(0)),
            used_at: left.is_none().then(|| moment(9)),
            standing,
            left,
        };
        let mail = SecurityFactor {
            id: None,
            name: Some(shown("a…@example.com")),
            created_at: None,
            used_at: None,
            standing: FactorStanding::Usable,
            left: None,
        };
        let method = |method: Method, advice, factors, adding| SecurityMethod {
            method,
            advice,
            factors,
            adding,
            fee: method.facts().fee,
            providers: Vec::new(),
        };
        let page = |advice, codes, apps, links, form, passkeys| Self {
            methods: vec![
                method(Method::Email, advice, vec![mail.clone()], Adding::Never),
                method(Method::Sms, advice, Vec::new(), Adding::Never),
                method(Method::Device, Advice::Advised, Vec::new(), Adding::Never),
                method(Method::RecoveryCodes, Advice::Advised, codes, Adding::Anew),
                method(Method::Totp, Advice::Advised, apps, Adding::Named),
                SecurityMethod {
                    providers: super::oidc::two(),
                    ..method(Method::Oidc, Advice::Advised, links, Adding::Elsewhere)
                },
                method(Method::Passkey, Advice::Advised, Vec::new(), passkeys),
            ],
            sessions: SessionRow::samples(),
            approvals: if advice == Advice::Advised { ApprovalsSet::Allowed } else { ApprovalsSet::Off },
            form,
        };
        let apps = vec![
            factor(Some("Telefons"), FactorStanding::Usable, None),
            factor(Some("Planšete <mājās>"), FactorStanding::Ended, None),
        ];
        let long = Form::empty().typed(SecurityField::Name, "Telefons".to_owned().into());
        vec![
            page(Advice::Advised, Vec::new(), Vec::new(), Vec::new(), Form::empty(), Adding::Pressed),
            page(
                Advice::AdvisedAgainst,
                vec![factor(None, FactorStanding::Usable, Some(7))],
                apps,
                vec![factor(Some("Bankas „Pavyzdys“"), FactorStanding::Usable, None)],
                long.wrong(SecurityField::Name, "too_long"),
                Adding::NeedsName,
            ),
            page(
                Advice::AdvisedAgainst,
                Vec::new(),
                Vec::new(),
                Vec::new(),
                Form::empty().refused("too_many"),
                Adding::Pressed,
            ),
        ]
    }
}

/// `/account/security/methods/{id}`: an authenticator app that waits for its first code; posts `code` there.
#[derive(Debug, Clone, Serialize)]
pub struct EnrolApp {
    /// The enrolment's id, in the path.
    pub id: FactorId,
    /// The picture for the app's camera.
    pub qr: Option<Qr>,
    /// The secret in groups of four, for who has no camera.
    pub secret: ShownOnce,
    /// What is wrong with the last try.
    pub form: Form<ConfirmCodeField>,
}

impl Page for EnrolApp {
    const TEMPLATE: &'static str = "enrol_app.html";

    #[cfg(test)]
    fn samples() -> Vec<Self> {
        use crate::kernel::personal::Secret;
        let page = |form| Self {
            id: FactorId::from_bytes([7; 16]),
            qr: Qr::of(&Secret::new("otpauth://totp/Seif:anna%40example.lv?secret=GEZDGNBVGY3TQOJQ".to_owned())),
            secret: Secret::new("GEZD GNBV GY3T QOJQ GEZD GNBV GY3T QOJQ".to_owned()).into(),
            form,
        };
        vec![page(Form::empty()), page(Form::empty().wrong(ConfirmCodeField::Code, "code_refused"))]
    }
}

/// `/account/security/methods/{id}`: a passkey that is to be made; script posts `credential` there.
#[derive(Debug, Clone, Serialize)]
pub struct EnrolPasskey {
    /// The enrolment's id, in the path.
    pub id: FactorId,
    /// What the browser is told (`PublicKeyCredentialCreationOptionsJSON`), as text.
    pub public_key: Shown,
    /// What is wrong with the last try.
    pub form: Form<PasskeyField>,
}

impl Page for EnrolPasskey {
    const TEMPLATE: &'static str = "enrol_passkey.html";

    #[cfg(test)]
    fn samples() -> Vec<Self> {
        let page = |form| Self {
            id: FactorId::from_bytes([7; 16]),
            public_key: samples::shown(r#"{"rp":{"id":"vault.example","name":"Seif"},"user":{"name":"<anna>"}}"#),
            form,
        };
        vec![page(Form::empty()), page(Form::empty().refused("passkey_refused"))]
    }
}

/// Recovery codes that were just made: the one time that they can be seen.
#[derive(Debug, Clone, Serialize)]
pub struct RecoveryCodesMade {
    /// The codes.
    pub codes: Vec<ShownOnce>,
    /// When they were made.
    pub made_at: Moment,
}

impl Page for RecoveryCodesMade {
    const TEMPLATE: &'static str = "recovery_codes.html";

    #[cfg(test)]
    fn samples() -> Vec<Self> {
        let code = |n| crate::kernel::personal::Secret::new(format!("7k2m-9pqr-0abc-d5ef-ghjk-{n:04}")).into();
        vec![Self { codes: (0..10).map(code).collect(), made_at: samples::moment(1) }]
    }
}
