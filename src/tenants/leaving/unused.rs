//! A tenant that nobody uses leaves after the time of grace, because an owner chose it: the wish is the service's, every
//! member is told, and any owner takes it back.
//!
//! Members are told first, and only then does the wish stand: whoever dies in between has erased nobody unheard, and the
//! next to look goes on (`inactivity`).

use diesel::{ExpressionMethods as _, QueryDsl as _, RunQueryDsl as _};

use super::{Leaving, LeavingError};
use crate::kernel::audit::{self, Action, Event};
use crate::kernel::crypto::Owner;
use crate::kernel::erasure::ErasureId;
use crate::kernel::ids::{AccountId, CancellationId, TenantId};
use crate::kernel::keyring::KeyringError;
use crate::kernel::keyring::erasures::Scheduling;
use crate::kernel::personal::Personal;
use crate::kernel::store::schema::account_tenants;
use crate::kernel::store::{StoreError, Tx};
use crate::kernel::tenancy::{AccountScope, InTenant as _, NoticeScope, ServiceScope};
use crate::kernel::values::nfc;
use crate::messages::notice::{Mail, Notice};
use crate::messages::outbox;
use crate::tenants::inactivity::Claim;
use crate::tenants::leaving::wish::{When, Wish, Wished, Wisher};
use crate::tenants::profile;

impl Leaving {
    /// Tells every member that their tenant leaves because nobody uses it, and writes it down, once `claim` has it, all in
    /// one transaction. From then on the tenant reads and exports.
    pub(in crate::tenants) async fn announce_unused(
        &self,
        scope: &NoticeScope,
        claim: impl Fn(&mut Tx<'_>) -> Result<Claim, StoreError> + Send + 'static,
    ) -> Result<Claim, LeavingError> {
        let members = self.people(scope.tenant(), None).await?;
        let (grace, address_of) = (self.0.grace, self.0.address_of);
        let write = move |tx: &mut Tx<'_>, (scope, members): &(NoticeScope, Vec<AccountScope>)| {
            if claim(tx)? == Claim::Lost {
                return Ok(Claim::Lost);
            }
            diesel::update(account_tenants::table.filter(account_tenants::tenant_id.eq(scope.tenant())))
                .set(account_tenants::is_leaving.eq(true))
                .execute(tx.conn())?;
            audit::record_by_service(tx, scope, &Event::new(Action::LeavingUnused))?;
            let (tenant_name, on) = (profile::name_of(tx, scope)?, tx.now().plus(grace).date());
            for member in members {
                let (to, language) = address_of(tx, member)?;
                let notice = Notice::LeavingUnused { tenant_name: tenant_name.clone(), on: on.clone() };
                outbox::enqueue(tx, member.keys(), &Mail { to, language, notice })?;
            }
            Ok::<_, StoreError>(Claim::Won)
        };
        Ok(self.kernel().write("tenants.leaving_unused", &(scope.clone(), members), write).await?)
    }

    /// Has the tenant leave after the time of grace, from now; where a wish stands already, that stays as it is.
    pub(in crate::tenants) async fn leave_unused(&self, scope: &NoticeScope) -> Result<(), LeavingError> {
        let owners = self.owners(scope.tenant()).await?;
        let owner = self.people(scope.tenant(), Some(&owners)).await?.into_iter().next();
        // Nobody could take it back.
        let Some(owner) = owner else { return Ok(()) };
        let (_, language) = self.kernel().point(&owner, self.0.address_of).await?;
        let (now, entropy) = (self.kernel().now(), self.kernel().entropy());
        let tenant_name = self.kernel().point(scope, profile::name_of).await?;
        let id = ErasureId::random(entropy);
        let wished = Wished {
            erasure: id.clone(),
            cancellation: CancellationId::new(now, entropy),
            by: Wisher::Service,
            when: When::AfterGrace,
            objectable_until: None,
            agreed: Vec::new(),
        };
        let name = Personal::new(nfc(tenant_name.reveal().trim()));
        let wish = Wish { wished, reason: None, tenant_name };
        let sealed = wish.sealed(scope.keys(), scope.tenant(), entropy);
        let facts = self.facts_of(sealed, id.commit(&name), language).await?;
        let (owner, due_at) = (Owner::Tenant(scope.tenant()), now.plus(self.0.grace));
        match self.kernel().keyring().schedule_erasure(id.digest(), owner, due_at, &facts).await? {
            Scheduling::Made | Scheduling::Standing => Ok(()),
        }
    }

    /// The scopes of everybody who belongs to the tenant, or of `some`; whose keys are destroyed is left out.
    pub(in crate::tenants) async fn people(
        &self,
        tenant: TenantId,
        some: Option<&[AccountId]>,
    ) -> Result<Vec<AccountScope>, StoreError> {
        let everybody = move |tx: &mut Tx<'_>, _: &ServiceScope| -> Result<Vec<AccountId>, StoreError> {
            Ok(account_tenants::table
                .filter(account_tenants::tenant_id.eq(tenant))
                .order(account_tenants::account_id)
                .select(account_tenants::account_id)
                .load(tx.conn())?)
        };
        let accounts = match some {
            Some(some) => some.to_vec(),
            None => self.kernel().point(&self.kernel().service(), everybody).await?,
        };
        let mut people = Vec::new();
        for account in accounts {
            match self.kernel().account_scope(account).await {
                Ok(person) => people.push(person),
                Err(KeyringError::NoKey(_)) => {}
                Err(error) => return Err(crate::kernel::store_error(&error)),
            }
        }
        Ok(people)
    }

    /// The scopes of the tenant's owners; whose keys are destroyed is left out.
    pub(in crate::tenants) async fn owners_to_tell(
        &self,
        scope: &NoticeScope,
    ) -> Result<Vec<AccountScope>, StoreError> {
        let owners = self.owners(scope.tenant()).await?;
        self.people(scope.tenant(), Some(&owners)).await
    }
}
