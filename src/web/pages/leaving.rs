//! Leaving, and the page under which the proof of an erasure stays.

use serde::Serialize;

use super::form::{Form, form_fields};
use super::render::Page;
use super::shown::{Shown, ShownOnce};
use super::vault::Moment;
#[cfg(test)]
use super::vault::samples;
use crate::kernel::ids::{CancellationId, TenantId};

/// `/t/{tenant}/leaving`: posts `tenant_name`, `when` and `reason` there, and to `unused` below it `after_months`, which is
/// empty or one of the choices; a wish that stands is taken back, objected to or
/// agreed to by posting to the addresses below.
#[derive(Debug, Clone, Serialize)]
pub struct Leaving {
    /// The tenant.
    pub tenant: TenantId,
    /// The wish that stands.
    pub standing: Option<StandingWish>,
    /// How many people belong to the tenant.
    pub members: u64,
    /// How many owners there are.
    pub owners: u64,
    /// How many days a wish can be taken back.
    pub grace_days: u64,
    /// How many days an old back-up of the keyring can still exist.
    pub keyring_backup_days: u64,
    /// What becomes of it when nobody uses it.
    pub unused: Unused,
    /// What the reader may do.
    pub may: MayLeave,
    /// What was typed.
    pub form: Form<LeavingField>,
}

/// After how many months without use the tenant leaves.
#[derive(Debug, Clone, Serialize)]
pub struct Unused {
    /// What is chosen; nothing where it stays.
    pub chosen: Option<u8>,
    /// What can be chosen, the fewest first.
    pub choices: Vec<u8>,
}

impl Unused {
    /// With the usual choices, and whatever else was chosen elsewhere.
    #[must_use]
    pub fn of(chosen: Option<u8>) -> Self {
        let mut choices = vec![6, 12, 18, 24, 36, 48, 60];
        choices.extend(chosen);
        choices.sort_unstable();
        choices.dedup();
        Self { chosen, choices }
    }
}

/// What the reader of the page may do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum MayLeave {
    /// Read it.
    Look,
    /// Have the tenant leave, or stay.
    Decide,
    /// The same, and say yes or no to another owner's wish.
    Answer,
}

/// Who wished that the tenant leaves.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum WisherKind {
    /// An owner.
    Owner,
    /// The service, by an owner's choice of what happens when nobody uses the tenant.
    Service,
    /// Whoever runs the service, on the tenant's behalf.
    Operator,
}

/// A wish that stands.
#[derive(Debug, Clone, Serialize)]
pub struct StandingWish {
    /// Its id.
    pub id: CancellationId,
    /// Under which the proof will be; owners see it.
    pub erasure_id: Option<ShownOnce>,
    /// Who wished.
    pub wisher: WisherKind,
    /// When it begins.
    pub due_at: Moment,
    /// Until when another owner may object.
    pub objectable_until: Option<Moment>,
}

form_fields! {
    /// The fields of the wish to leave.
    LeavingField {
        /// The tenant's name, typed.
        TenantName = "tenant_name", Typed;
        /// `now` or `after_grace`.
        When = "when", Typed;
        /// Why.
        Reason = "reason", Typed;
    }
}

impl Page for Leaving {
    const TEMPLATE: &'static str = "leaving.html";

    #[cfg(test)]
    fn samples() -> Vec<Self> {
        let page = |standing, may, form| Self {
            tenant: samples::tenant(),
            standing,
            members: 3,
            owners: 2,
            grace_days: 30,
            keyring_backup_days: 7,
            unused: Unused::of((may != MayLeave::Answer).then_some(21)),
            may,
            form,
        };
        let wish = |objectable_until, wisher| StandingWish {
            wisher,
            id: CancellationId::from_bytes([5; 16]),
            erasure_id: Some(crate::kernel::personal::Secret::new("0af3".repeat(8)).into()),
            due_at: samples::moment(3),
            objectable_until,
        };
        let wrong = Form::empty()
            .typed(LeavingField::TenantName, "SIA".to_owned().into())
            .wrong(LeavingField::TenantName, "not_the_name")
            .wrong(LeavingField::When, "not_a_choice")
            .wrong(LeavingField::Reason, "too_long");
        vec![
            page(None, MayLeave::Look, Form::empty()),
            page(None, MayLeave::Decide, wrong),
            page(Some(wish(None, WisherKind::Service)), MayLeave::Decide, Form::empty()),
            page(Some(wish(None, WisherKind::Operator)), MayLeave::Decide, Form::empty()),
            page(Some(wish(Some(samples::moment(2)), WisherKind::Owner)), MayLeave::Answer, Form::empty()),
        ]
    }
}

/// `/account/erasure`: posts `email` there.
#[derive(Debug, Clone, Serialize)]
pub struct AccountErasurePage {
    /// To how many tenants the account belongs; none, where it can be erased.
    pub tenants: u64,
    /// What was typed.
    pub form: Form<AccountErasureField>,
}

form_fields! {
    /// The fields of the end of an account.
    AccountErasureField {
        /// The account's e-mail address, typed.
        Email = "email", Typed;
    }
}

impl Page for AccountErasurePage {
    const TEMPLATE: &'static str = "account_erasure.html";

    #[cfg(test)]
    fn samples() -> Vec<Self> {
        let wrong = Form::empty()
            .typed(AccountErasureField::Email, "a@example.lv".to_owned().into())
            .wrong(AccountErasureField::Email, "not_the_address");
        vec![
            Self { tenants: 2, form: Form::empty() },
            Self { tenants: 0, form: Form::empty() },
            Self { tenants: 0, form: wrong },
        ]
    }
}

/// `/erasures/{id}`: how far an erasure is, and the proof.
#[derive(Debug, Clone, Serialize)]
pub struct ErasurePage {
    /// The erasure's id, which the reader knows.
    pub id: ShownOnce,
    /// `scheduled`, `erasing` or `erased`.
    pub state: &'static str,
    /// When it was asked for.
    pub requested_at: Moment,
    /// When it begins.
    pub due_at: Moment,
    /// When the keys were destroyed.
    pub keys_destroyed_at: Option<Moment>,
    /// When everything was deleted.
    pub finished_at: Option<Moment>,
    /// From when on no old back-up can open anything.
    pub horizon_at: Option<Moment>,
    /// How many rows were deleted.
    pub rows: u64,
    /// How many files were.
    pub files: u64,
    /// The certificate, to be kept or checked.
    pub certificate: Option<Shown>,
}

impl Page for ErasurePage {
    const TEMPLATE: &'static str = "erasure.html";

    #[cfg(test)]
    fn samples() -> Vec<Self> {
        let page = |state, done: bool| Self {
            id: crate::kernel::personal::Secret::new("0af3".repeat(8)).into(),
            state,
            requested_at: samples::moment(0),
            due_at: samples::moment(1),
            keys_destroyed_at: done.then(|| samples::moment(1)),
            finished_at: done.then(|| samples::moment(2)),
            horizon_at: done.then(|| samples::moment(9)),
            rows: if done { 1234 } else { 0 },
            files: 0,
            certificate: done.then(|| samples::shown("{\"format\":\"…\"}")),
        };
        vec![page("scheduled", false), page("erasing", false), page("erased", true)]
    }
}
