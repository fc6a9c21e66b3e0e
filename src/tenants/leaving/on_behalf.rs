//! A tenant that whoever runs the service has leave on its behalf: where its owners cannot any more, or must not stay.
//!
//! It takes two operators, and it is the ordinary cancellation with the whole time of grace, never at once: every member is
//! told by mail, until the end of it the tenant reads and exports, and any owner has it stay, as often as it is begun. A
//! vault that is sealed leaves in the same way and stays sealed; to have it stay, an owner unseals it.
//!
//! Members are told first, and only then does the wish stand, as in `unused`: whoever dies in between has erased nobody
//! unheard. The sweep then lets the tenant change things again, and it can be begun anew. The operators learn when it is due,
//! and never the number under which the proof is kept: that one is the owners'.

use diesel::dsl::count_star;
use diesel::{ExpressionMethods as _, QueryDsl as _, RunQueryDsl as _};

use super::Leaving;
use crate::kernel::clock::Time;
use crate::kernel::crypto::Owner;
use crate::kernel::erasure::ErasureId;
use crate::kernel::ids::{CancellationId, TenantId};
use crate::kernel::keyring::KeyringError;
use crate::kernel::keyring::erasures::{Scheduling, Stage};
use crate::kernel::log::SafeToLog;
use crate::kernel::operators::deeds::EraseTenant;
use crate::kernel::operators::{Asked, Operator, OperatorAct, ProposalError, TwoPersons};
use crate::kernel::personal::Personal;
use crate::kernel::store::db::StoreFailure;
use crate::kernel::store::schema::{account_tenants, tenants};
use crate::kernel::store::{StoreError, Tx};
use crate::kernel::store_error;
use crate::kernel::tenancy::{AccountScope, InTenant as _, NoticeScope, UpkeepScope};
use crate::kernel::values::{Locale, nfc};
use crate::messages::notice::{Mail, Notice};
use crate::messages::outbox;
use crate::tenants::leaving::LeavingError;
use crate::tenants::leaving::wish::{When, Wish, Wished, Wisher};
use crate::tenants::profile;

/// Why no tenant leaves on its behalf.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum OnBehalfError {
    /// There is none of this id, or it has left.
    #[error("there is no such tenant")]
    NoTenant,
    /// It is leaving already.
    #[error("the tenant is leaving already")]
    Leaving,
    /// What two operators are needed for was not done.
    #[error(transparent)]
    Rule(#[from] ProposalError),
    /// The store or the keyring failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl SafeToLog for OnBehalfError {}

impl StoreFailure for OnBehalfError {
    fn as_store(&self) -> Option<StoreError> {
        match self {
            Self::Store(error) | Self::Rule(ProposalError::Store(error)) => Some(*error),
            _ => None,
        }
    }
}

impl From<KeyringError> for OnBehalfError {
    fn from(error: KeyringError) -> Self {
        Self::Store(store_error(&error))
    }
}

impl From<LeavingError> for OnBehalfError {
    fn from(error: LeavingError) -> Self {
        match error {
            LeavingError::Store(error) => Self::Store(error),
            _ => Self::Leaving,
        }
    }
}

impl Leaving {
    /// Has `tenant` leave after the time of grace on behalf of `who`, where another operator has confirmed it or there is
    /// nobody to ask; otherwise proposes it. Gives when it is due.
    ///
    /// # Errors
    /// [`OnBehalfError::NoTenant`] and [`OnBehalfError::Leaving`]: then nothing was begun or proposed;
    /// [`OnBehalfError::Rule`]; a store's.
    pub async fn erase_on_behalf(
        &self,
        who: Operator,
        rule: TwoPersons,
        tenant: TenantId,
    ) -> Result<Asked<Time>, OnBehalfError> {
        self.demand_staying(tenant).await?;
        let begin = async |act: &OperatorAct<EraseTenant>| self.wish_on_behalf(act).await;
        match self.kernel().operate_by_two(who, rule, EraseTenant { tenant }, begin).await? {
            Asked::Done(due_at) => Ok(Asked::Done(due_at?)),
            Asked::Proposed(id) => Ok(Asked::Proposed(id)),
        }
    }

    /// Refuses a tenant that is not there, or that is leaving.
    async fn demand_staying(&self, tenant: TenantId) -> Result<(), OnBehalfError> {
        let is_there = |tx: &mut Tx<'_>, scope: &UpkeepScope| -> Result<i64, StoreError> {
            Ok(tenants::rows(scope).select(count_star()).get_result(tx.conn())?)
        };
        let known = self.kernel().keyring().erasure_of(Owner::Tenant(tenant)).await?;
        match known.map(|erasure| erasure.stage) {
            Some(Stage::Scheduled | Stage::Closing) => Err(OnBehalfError::Leaving),
            Some(Stage::Destroyed | Stage::Erased | Stage::Final) => Err(OnBehalfError::NoTenant),
            None if self.kernel().read(&self.kernel().upkeep(tenant), is_there).await? == 0 => {
                Err(OnBehalfError::NoTenant)
            }
            None => Ok(()),
        }
    }

    /// Tells every member, and then writes the wish down.
    async fn wish_on_behalf(&self, act: &OperatorAct<EraseTenant>) -> Result<Time, OnBehalfError> {
        let tenant = act.deed().tenant;
        let (now, entropy) = (self.kernel().now(), self.kernel().entropy());
        let due_at = now.plus(self.0.grace);
        let wished = Wished {
            erasure: ErasureId::random(entropy),
            cancellation: CancellationId::new(now, entropy),
            by: Wisher::Operator,
            when: When::AfterGrace,
            objectable_until: None,
            agreed: Vec::new(),
        };
        let digest = wished.erasure.digest();
        let (sealed, commitment) = self.tell_on_behalf(act, wished, due_at).await?;
        let facts = self.facts_of(sealed, commitment, self.language_of(tenant).await?).await?;
        match self.kernel().keyring().schedule_erasure(digest, Owner::Tenant(tenant), due_at, &facts).await? {
            Scheduling::Made => Ok(due_at),
            Scheduling::Standing => Err(OnBehalfError::Leaving),
        }
    }

    /// From now on the tenant reads and exports; everybody is told. Gives the wish as the keyring holds it, and the
    /// commitment to the tenant's name.
    async fn tell_on_behalf(
        &self,
        act: &OperatorAct<EraseTenant>,
        wished: Wished,
        due_at: Time,
    ) -> Result<(String, String), OnBehalfError> {
        let (tenant, address_of) = (act.deed().tenant, self.0.address_of);
        let members = self.people(tenant, None).await?;
        let write = move |tx: &mut Tx<'_>, (scope, members): &(NoticeScope, Vec<AccountScope>)| {
            let theirs = account_tenants::table.filter(account_tenants::tenant_id.eq(scope.tenant()));
            let staying = theirs.filter(account_tenants::is_leaving.eq(false));
            let marked = diesel::update(staying).set(account_tenants::is_leaving.eq(true)).execute(tx.conn());
            // Of two at once the second waits for the first, and then finds nobody who stays.
            if marked.map_err(StoreError::from)? == 0 && !members.is_empty() {
                return Err(OnBehalfError::Leaving);
            }
            let tenant_name = profile::name_of(tx, scope)?;
            for member in members {
                let (to, language) = address_of(tx, member)?;
                let notice = Notice::LeavingOnBehalf { tenant_name: tenant_name.clone(), on: due_at.date() };
                outbox::enqueue(tx, member.keys(), &Mail { to, language, notice })?;
            }
            let commitment = wished.erasure.commit(&Personal::new(nfc(tenant_name.reveal().trim())));
            let wish = Wish { wished: wished.clone(), reason: None, tenant_name };
            Ok((wish.sealed(scope.keys(), scope.tenant(), tx.entropy()), commitment))
        };
        self.kernel().write_on_behalf(act, members, write).await
    }

    /// The language of the tenant's first owner whose keys are there.
    async fn language_of(&self, tenant: TenantId) -> Result<Locale, OnBehalfError> {
        let owners = self.owners(tenant).await?;
        match self.people(tenant, Some(&owners)).await?.first() {
            Some(owner) => Ok(self.kernel().point(owner, self.0.address_of).await?.1),
            None => Ok(Locale::En),
        }
    }
}
