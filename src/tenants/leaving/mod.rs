//! A tenant that leaves: the wish, which can be taken back, and the deed, which cannot (P-14).
//!
//! An owner wishes it, with the tenant's name typed ([`Leaving::request`]). Where there are other owners, they are told
//! and may object for a week; silence lets it go on, so that an owner who has vanished traps nobody. Until it is due the
//! tenant reads and exports. What then happens is `kernel::erasure`'s.
//!
//! The wish stands in the keyring, so that no restore of the data loses it, sealed under the tenant's own key, with which
//! it goes. An account that belongs to no tenant goes in the same way (`alone`), and a tenant that nobody uses, where an owner chose
//! it, by the service's wish (`unused`). Whoever runs the service has one leave on its behalf (`on_behalf`), after the grace
//! too. That a tenant is leaving is mirrored beside its memberships, where every request sees it.

mod alone;
mod farewell;
mod on_behalf;
mod unused;
mod wish;

use std::sync::Arc;
use std::time::Duration;

use diesel::{ExpressionMethods as _, QueryDsl as _, RunQueryDsl as _};

pub use self::alone::Gone;
pub use self::on_behalf::OnBehalfError;
use self::wish::Wish;
pub use self::wish::{When, Wished, Wisher};
use crate::kernel::access::{Role, TenantAccess};
use crate::kernel::audit::{self, Action, Event};
use crate::kernel::clock::Time;
use crate::kernel::crypto::Owner;
use crate::kernel::erasure::{ErasureId, Facts, PolicyFact, Rules};
use crate::kernel::ids::{AccountId, CancellationId, TenantId};
use crate::kernel::keyring::KeyringError;
use crate::kernel::keyring::erasures::{Erasure, Scheduling, Stage, Withdrawal};
use crate::kernel::log::{Incidents, SafeToLog};
use crate::kernel::personal::Personal;
use crate::kernel::store::schema::{account_tenants, members};
use crate::kernel::store::{StoreError, Tx, Wake};
use crate::kernel::tenancy::{AccountScope, InTenant as _, TenantScope};
use crate::kernel::values::{EmailAddress, Locale, nfc};
use crate::kernel::{Kernel, store_error};
use crate::messages::notice::{Mail, Notice};
use crate::messages::outbox;
use crate::tenants::profile;

/// How long other owners may object.
const OBJECTION: Duration = Duration::from_secs(7 * 24 * 3600);

/// How often to look for what other processes left behind, or what has become due.
const LOOK: Duration = Duration::from_secs(60);

/// How soon after something was in the way.
const LOOK_AGAIN: Duration = Duration::from_secs(5);

/// Where a person's mails go, and in which language.
pub type AddressOf = fn(&mut Tx<'_>, &AccountScope) -> Result<(EmailAddress, Locale), StoreError>;

/// The legal documents in force.
pub type InForce = fn(&mut Tx<'_>) -> Result<Vec<PolicyFact>, StoreError>;

/// What tenants that leave can do. Cheap to clone.
#[derive(Clone)]
pub struct Leaving(Arc<Inner>);

struct Inner {
    kernel: Kernel,
    /// How long a wish can be taken back that is not for now.
    grace: Duration,
    rules: Rules,
    address_of: AddressOf,
    in_force: InForce,
}

/// What an owner asks for.
#[derive(Debug, Clone)]
pub struct Request {
    /// The tenant's name, typed.
    pub tenant_name: Personal<String>,
    /// At once or after a time of grace.
    pub when: When,
    /// Why; nobody need say.
    pub reason: Option<Personal<String>>,
}

/// A wish that stands, as its tenant's owners see it.
#[derive(Debug, Clone)]
pub struct Standing {
    /// What was wished, by whom.
    pub wished: Wished,
    /// When it was.
    pub requested_at: Time,
    /// When it begins.
    pub due_at: Time,
    /// When the keys were destroyed, where that is done.
    pub keys_destroyed_at: Option<Time>,
}

/// What would go.
#[derive(Debug, Clone)]
pub struct Preview {
    /// The wish that stands, if any.
    pub standing: Option<Standing>,
    /// How many people belong to the tenant.
    pub members: u64,
    /// How many owners there are, who would be asked.
    pub owners: u64,
    /// How long after the destruction of the keys a back-up of the keyring can still exist.
    pub keyring_backups: Duration,
    /// How long a wish can be taken back.
    pub grace: Duration,
}

/// Why a wish is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum LeavingError {
    /// The typed name is not the tenant's.
    #[error("the name is another")]
    OtherName,
    /// There is one already.
    #[error("the tenant is leaving already")]
    Standing,
    /// There is none, it is another, or it has begun.
    #[error("there is no such wish")]
    Nothing,
    /// It is the caller's own wish, or the time for it is over.
    #[error("not this owner's to say, or not any more")]
    NotYours,
    /// The typed address is not the account's.
    #[error("the address is another")]
    OtherAddress,
    /// The account belongs to a tenant.
    #[error("the account belongs to a tenant")]
    Belongs,
    /// The store or the keyring failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl SafeToLog for LeavingError {}

impl From<KeyringError> for LeavingError {
    fn from(error: KeyringError) -> Self {
        Self::Store(store_error(&error))
    }
}

impl crate::kernel::store::db::StoreFailure for LeavingError {
    fn as_store(&self) -> Option<StoreError> {
        if let Self::Store(error) = self { Some(*error) } else { None }
    }
}

impl Leaving {
    /// Over `kernel`; a wish for later can be taken back for `grace`.
    #[must_use]
    pub fn new(kernel: Kernel, grace: Duration, rules: Rules, address_of: AddressOf, in_force: InForce) -> Self {
        Self(Arc::new(Inner { kernel, grace, rules, address_of, in_force }))
    }

    /// Has the tenant leave. When that is due at once, its keys are destroyed before this returns.
    ///
    /// # Errors
    /// [`LeavingError::OtherName`], [`LeavingError::Standing`].
    pub async fn request(&self, access: &TenantAccess, request: Request) -> Result<Standing, LeavingError> {
        let scope = &access.scope;
        let profile = self.kernel().point(scope, profile::find).await?;
        if nfc(request.tenant_name.reveal().trim()) != nfc(profile.name.reveal().trim()) {
            return Err(LeavingError::OtherName);
        }
        let now = self.kernel().now();
        let asked = self.owners(scope.tenant()).await?.len() > 1;
        let objectable_until = asked.then(|| now.plus(OBJECTION));
        let earliest = match request.when {
            When::Now => now,
            When::AfterGrace => now.plus(self.0.grace),
        };
        let due_at = objectable_until.map_or(earliest, |until| earliest.max(until));
        let id = ErasureId::random(self.kernel().entropy());
        let wished = Wished {
            erasure: id.clone(),
            cancellation: CancellationId::new(now, self.kernel().entropy()),
            by: Wisher::Owner(scope.actor().account()),
            when: request.when,
            objectable_until,
            agreed: Vec::new(),
        };
        let wish = Wish { wished: wished.clone(), reason: request.reason, tenant_name: profile.name.clone() };
        let facts = self.facts(access, &id, &wish).await?;
        let owner = Owner::Tenant(scope.tenant());
        if self.kernel().keyring().schedule_erasure(id.digest(), owner, due_at, &facts).await? == Scheduling::Standing {
            return Err(LeavingError::Standing);
        }
        if due_at <= now {
            self.kernel().destroy_now(id.digest(), self.0.rules, self).await?;
        } else if let Err(error) = self.begin(scope, &profile.name, due_at).await {
            // What was not answered for does not stand; should this fail too, the sweep makes both ends meet.
            drop(self.kernel().keyring().withdraw_erasure(owner).await);
            return Err(error);
        }
        let standing = self.kernel().keyring().erasure(id.digest()).await?;
        let keys_destroyed_at = standing.and_then(|erasure| erasure.keys_destroyed_at);
        Ok(Standing { wished, requested_at: now, due_at, keys_destroyed_at })
    }

    /// What would go, and the wish that stands.
    ///
    /// # Errors
    /// The store's.
    pub async fn preview(&self, access: &TenantAccess) -> Result<Preview, LeavingError> {
        let scope = &access.scope;
        let belong = |tx: &mut Tx<'_>, scope: &TenantScope| -> Result<i64, StoreError> {
            Ok(members::rows(scope).count().get_result(tx.conn())?)
        };
        let members = self.kernel().point(scope, belong).await?;
        let standing = match self.standing(scope).await? {
            Some((erasure, wish)) => Some(Standing {
                wished: wish.wished,
                requested_at: erasure.requested_at,
                due_at: erasure.due_at,
                keys_destroyed_at: None,
            }),
            None => None,
        };
        Ok(Preview {
            standing,
            members: u64::try_from(members).unwrap_or(0),
            owners: u64::try_from(self.owners(scope.tenant()).await?.len()).unwrap_or(0),
            keyring_backups: self.0.rules.keyring_backups,
            grace: self.0.grace,
        })
    }

    /// Has the tenant stay after all.
    ///
    /// # Errors
    /// [`LeavingError::Nothing`]: there is no wish, or it has begun.
    pub async fn take_back(&self, access: &TenantAccess) -> Result<(), LeavingError> {
        self.stay(&access.scope, Action::LeavingTakenBack).await
    }

    /// Another owner objects: the tenant stays.
    ///
    /// # Errors
    /// [`LeavingError::Nothing`]; [`LeavingError::NotYours`]: the caller's own wish, or the week is over.
    pub async fn object(&self, access: &TenantAccess, which: CancellationId) -> Result<(), LeavingError> {
        drop(self.objectable(access, which).await?);
        self.stay(&access.scope, Action::LeavingObjected).await
    }

    /// Another owner agrees; once all have, nobody need be waited for.
    ///
    /// # Errors
    /// As [`Leaving::object`].
    pub async fn agree(&self, access: &TenantAccess, which: CancellationId) -> Result<Standing, LeavingError> {
        let (erasure, mut wish) = self.objectable(access, which).await?;
        let scope = &access.scope;
        let me = scope.actor().account();
        if !wish.wished.agreed.contains(&me) {
            wish.wished.agreed.push(me);
        }
        let open = |owner: &AccountId| Wisher::Owner(*owner) != wish.wished.by && !wish.wished.agreed.contains(owner);
        let all = !self.owners(scope.tenant()).await?.iter().any(open);
        let due_at = match (all, wish.wished.when) {
            (false, _) => erasure.due_at,
            (true, When::Now) => self.kernel().now(),
            (true, When::AfterGrace) => erasure.requested_at.plus(self.0.grace),
        };
        if all {
            wish.wished.objectable_until = None;
        }
        let facts = Facts {
            wish: Some(wish.sealed(scope.keys(), scope.tenant(), self.kernel().entropy())),
            ..erasure.facts.clone()
        };
        if self.kernel().keyring().change_erasure(&erasure, due_at, &facts).await? == Withdrawal::TooLate {
            return Err(LeavingError::Nothing);
        }
        self.note(scope, Action::LeavingAgreed).await?;
        if due_at <= self.kernel().now() {
            self.kernel().destroy_now(erasure.digest, self.0.rules, self).await?;
        }
        let now = self.kernel().keyring().erasure(erasure.digest).await?;
        let keys_destroyed_at = now.and_then(|erasure| erasure.keys_destroyed_at);
        Ok(Standing { wished: wish.wished, requested_at: erasure.requested_at, due_at, keys_destroyed_at })
    }

    /// An erasure by its id, whoever asks.
    ///
    /// # Errors
    /// The keyring is away.
    pub async fn erasure(&self, id: &ErasureId) -> Result<Option<Erasure>, LeavingError> {
        Ok(self.kernel().keyring().erasure(id.digest()).await?)
    }

    /// Goes on with every erasure that is due, makes the mirrored state of tenants meet the wishes that stand, and ends
    /// keys of farewells.
    ///
    /// # Errors
    /// The store's; the rest is done the next time.
    pub async fn sweep(&self) -> Result<(), LeavingError> {
        let wished = self.kernel().keyring().leaving()?;
        let wished = wished.into_iter().filter_map(|owner| if let Owner::Tenant(id) = owner { Some(id) } else { None });
        let wished: Vec<TenantId> = wished.collect();
        let service = self.kernel().service();
        self.kernel().write("leaving.mirror", &service, move |tx, _| mirror(tx, &wished)).await?;
        self.kernel().erase_due(self.0.rules, self).await?;
        self.kernel().destroy_old_letters().await?;
        Ok(())
    }

    /// Works on an erasure that is due as far as `step`, and leaves it there, as a kill would.
    ///
    /// # Errors
    /// The store's.
    #[cfg(feature = "testing")]
    pub async fn erase_until(&self, id: &ErasureId, step: crate::kernel::erasure::Step) -> Result<(), LeavingError> {
        Ok(self.kernel().erase_until(id.digest(), self.0.rules, self, step).await?)
    }

    /// Erases whatever is due for as long as the process lives: at once when this process began it.
    pub async fn run(&self, incidents: &Incidents) {
        let begun = self.kernel().db().notifier(Wake::Jobs);
        loop {
            let pause = match self.sweep().await {
                Ok(()) => LOOK,
                Err(error) => {
                    incidents.report(&error);
                    LOOK_AGAIN
                }
            };
            tokio::select! {
                () = begun.notified() => {}
                () = tokio::time::sleep(pause) => {}
            }
        }
    }

    fn kernel(&self) -> &Kernel {
        &self.0.kernel
    }

    /// The owners of a tenant.
    async fn owners(&self, tenant: TenantId) -> Result<Vec<AccountId>, StoreError> {
        let read = move |tx: &mut Tx<'_>, _: &_| -> Result<Vec<AccountId>, StoreError> {
            Ok(account_tenants::table
                .filter(account_tenants::tenant_id.eq(tenant))
                .filter(account_tenants::role.eq(Role::Owner.code()))
                .select(account_tenants::account_id)
                .load(tx.conn())?)
        };
        self.kernel().point(&self.kernel().service(), read).await
    }

    async fn facts(&self, access: &TenantAccess, id: &ErasureId, wish: &Wish) -> Result<Facts, LeavingError> {
        let account = self.kernel().account_scope(access.scope.actor().account()).await?;
        let (_, language) = self.kernel().point(&account, self.0.address_of).await?;
        let sealed = wish.sealed(access.scope.keys(), access.scope.tenant(), self.kernel().entropy());
        let name = Personal::new(nfc(wish.tenant_name.reveal().trim()));
        self.facts_of(sealed, id.commit(&name), language).await
    }

    /// The facts as they stand before anything was done.
    async fn facts_of(&self, wish: String, commitment: String, language: Locale) -> Result<Facts, LeavingError> {
        let in_force = self.0.in_force;
        let policies = self.kernel().point(&self.kernel().service(), move |tx, _| in_force(tx)).await?;
        Ok(Facts {
            wish: Some(wish),
            commitment,
            language,
            policies,
            owners: Vec::new(),
            keys: Vec::new(),
            purged: std::collections::BTreeMap::new(),
            files: 0,
            farewell_until: None,
        })
    }

    /// From now on the tenant reads and exports; everybody is told.
    async fn begin(&self, scope: &TenantScope, name: &Personal<String>, due_at: Time) -> Result<(), LeavingError> {
        let notice = Notice::LeavingRequested { tenant_name: name.clone(), on: due_at.date() };
        self.tell_all(scope, Action::LeavingRequested, Mirrored::Leaving, notice).await
    }

    async fn stay(&self, scope: &TenantScope, action: Action) -> Result<(), LeavingError> {
        let owner = Owner::Tenant(scope.tenant());
        if self.kernel().keyring().withdraw_erasure(owner).await? == Withdrawal::TooLate {
            return Err(LeavingError::Nothing);
        }
        let profile = self.kernel().point(scope, profile::find).await?;
        self.tell_all(scope, action, Mirrored::Staying, Notice::LeavingTakenBack { tenant_name: profile.name }).await
    }

    /// Writes down what became of the wish, in one transaction with the mails to every member.
    async fn tell_all(
        &self,
        scope: &TenantScope,
        action: Action,
        mirrored: Mirrored,
        notice: Notice,
    ) -> Result<(), LeavingError> {
        let all = |tx: &mut Tx<'_>, scope: &TenantScope| -> Result<Vec<AccountId>, StoreError> {
            Ok(members::rows(scope).select(members::account_id).load(tx.conn())?)
        };
        let mut people: Vec<AccountScope> = Vec::new();
        for account in self.kernel().point(scope, all).await? {
            people.push(self.kernel().account_scope(account).await?);
        }
        let address_of = self.0.address_of;
        let write = move |tx: &mut Tx<'_>, scope: &TenantScope| -> Result<(), StoreError> {
            diesel::update(account_tenants::table.filter(account_tenants::tenant_id.eq(scope.tenant())))
                .set(account_tenants::is_leaving.eq(mirrored == Mirrored::Leaving))
                .execute(tx.conn())?;
            audit::record(tx, scope, &Event::new(action))?;
            for person in &people {
                let (to, language) = address_of(tx, person)?;
                outbox::enqueue(tx, person.keys(), &Mail { to, language, notice: notice.clone() })?;
            }
            Ok(())
        };
        Ok(self.kernel().write("tenants.leaving", scope, write).await?)
    }

    async fn note(&self, scope: &TenantScope, action: Action) -> Result<(), LeavingError> {
        let write = move |tx: &mut Tx<'_>, scope: &TenantScope| audit::record(tx, scope, &Event::new(action));
        Ok(self.kernel().write("tenants.leaving", scope, write).await?)
    }

    /// The wish of the scope's tenant that has not begun, with what was said.
    async fn standing(&self, scope: &TenantScope) -> Result<Option<(Erasure, Wish)>, LeavingError> {
        let found = self.kernel().keyring().erasure_of(Owner::Tenant(scope.tenant())).await?;
        let Some(erasure) = found.filter(|erasure| erasure.stage == Stage::Scheduled) else { return Ok(None) };
        let wish = Wish::open(scope, &erasure.facts)?;
        Ok(Some((erasure, wish)))
    }

    /// The same, when the caller is an owner who may still say no.
    async fn objectable(&self, access: &TenantAccess, which: CancellationId) -> Result<(Erasure, Wish), LeavingError> {
        let standing = self.standing(&access.scope).await?;
        let (erasure, wish) =
            standing.filter(|(_, wish)| wish.wished.cancellation == which).ok_or(LeavingError::Nothing)?;
        let mine = wish.wished.by == Wisher::Owner(access.scope.actor().account());
        let in_time = wish.wished.objectable_until.is_some_and(|until| self.kernel().now() < until);
        if mine || !in_time { Err(LeavingError::NotYours) } else { Ok((erasure, wish)) }
    }
}

/// What stands beside the memberships.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Mirrored {
    Leaving,
    Staying,
}

/// Makes what stands beside the memberships meet the wishes: a restore may have brought back an older state.
fn mirror(tx: &mut Tx<'_>, wished: &[TenantId]) -> Result<(), StoreError> {
    let marked: Vec<TenantId> = account_tenants::table
        .filter(account_tenants::is_leaving.eq(true))
        .select(account_tenants::tenant_id)
        .distinct()
        .load(tx.conn())?;
    let staying: Vec<TenantId> = marked.into_iter().filter(|tenant| !wished.contains(tenant)).collect();
    for some in staying.chunks(500) {
        diesel::update(account_tenants::table.filter(account_tenants::tenant_id.eq_any(some.to_vec())))
            .set(account_tenants::is_leaving.eq(false))
            .execute(tx.conn())?;
    }
    for some in wished.chunks(500) {
        let unmarked = account_tenants::table
            .filter(account_tenants::tenant_id.eq_any(some.to_vec()))
            .filter(account_tenants::is_leaving.eq(false));
        diesel::update(unmarked).set(account_tenants::is_leaving.eq(true)).execute(tx.conn())?;
    }
    Ok(())
}
