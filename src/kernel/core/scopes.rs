//! Scopes: whose rows a transaction reaches, under whose keys.

use std::sync::Arc;

use diesel::{ExpressionMethods as _, QueryDsl as _, RunQueryDsl as _};

use crate::kernel::core::Kernel;
use crate::kernel::crypto::{KeyVersion, Owner};
use crate::kernel::ids::{AccountId, AnyId, TenantId};
use crate::kernel::keyring::{KeyState, KeyringError};
use crate::kernel::store::schema::key_versions;
use crate::kernel::store::{StoreError, Tx, both};
use crate::kernel::tenancy::{
    AccountScope, Actor, By, Ground, InTenant as _, JoinScope, NoticeScope, Origin, ServiceScope, TenantScope,
    UpkeepScope,
};

impl Kernel {
    /// The scope of an account, for signing it in and for what it asks of itself.
    ///
    /// # Errors
    /// The account's keys are gone, or the keyring is away.
    pub async fn account_scope(&self, account: AccountId) -> Result<AccountScope, KeyringError> {
        Ok(AccountScope { account, keys: self.0.keyring.reach(Owner::Account(account)).await? })
    }

    /// As [`Kernel::account_scope`], on the calling thread, which waits: for the start.
    ///
    /// # Errors
    /// As [`Kernel::account_scope`].
    pub fn account_scope_blocking(&self, account: AccountId) -> Result<AccountScope, KeyringError> {
        Ok(AccountScope { account, keys: self.0.keyring.reach_blocking(Owner::Account(account))? })
    }

    /// The scope of a tenant for an account that acts in it. Membership and permission are `access`'s to prove first.
    pub(in crate::kernel) async fn tenant_scope(
        &self,
        tenant: TenantId,
        account: AccountId,
        by: By,
        origin: Origin,
    ) -> Result<TenantScope, KeyringError> {
        let keys = self.0.keyring.reach(Owner::Tenant(tenant)).await?;
        let actor = Actor { account, keys: self.0.keyring.reach(Owner::Account(account)).await?, by, origin };
        Ok(TenantScope { tenant, keys, actor })
    }

    /// The scope of a tenant in a story that is told before anybody can be invited. Proves nothing: of the tests alone.
    ///
    /// # Errors
    /// A key is gone, or the keyring is away.
    #[cfg(feature = "testing")]
    pub fn tenant_scope_of_a_story(
        &self,
        tenant: TenantId,
        account: AccountId,
        origin: Origin,
    ) -> Result<TenantScope, KeyringError> {
        let session = crate::kernel::ids::SessionId::new(self.now(), self.entropy());
        let keys = self.0.keyring.reach_blocking(Owner::Tenant(tenant))?;
        let actor_keys = self.0.keyring.reach_blocking(Owner::Account(account))?;
        Ok(TenantScope { tenant, keys, actor: Actor { account, keys: actor_keys, by: By::Session(session), origin } })
    }

    /// One tenant under its keys, for what the service does there by its owners' choice.
    ///
    /// # Errors
    /// The keys are destroyed, or the vault is sealed; the keyring is away.
    pub async fn notice_scope(&self, tenant: TenantId) -> Result<NoticeScope, KeyringError> {
        Ok(NoticeScope::new(tenant, self.0.keyring.reach(Owner::Tenant(tenant)).await?))
    }

    /// Makes the keys of a new account and a new tenant: keyring first, data after.
    ///
    /// # Errors
    /// The keyring is away; keys that were made are nobody's and are swept.
    pub async fn join_scope(
        &self,
        account: AccountId,
        tenant: TenantId,
        by: By,
        origin: Origin,
    ) -> Result<JoinScope, KeyringError> {
        let account_keys = self.0.keyring.create(Owner::Account(account)).await?;
        let keys = self.0.keyring.create(Owner::Tenant(tenant)).await?;
        let actor = Actor { account, keys: Arc::clone(&account_keys), by, origin };
        Ok(JoinScope {
            account: AccountScope { account, keys: account_keys },
            tenant: TenantScope { tenant, keys, actor },
            ground: Ground::New,
        })
    }

    /// Makes the keys of a new account that joins a tenant that is there. That it may is `access`'s to prove first.
    pub(in crate::kernel) async fn guest_scope(
        &self,
        account: AccountId,
        tenant: TenantId,
        by: By,
        origin: Origin,
    ) -> Result<JoinScope, KeyringError> {
        let account_keys = self.0.keyring.create(Owner::Account(account)).await?;
        let tenant = self.tenant_scope(tenant, account, by, origin).await?;
        Ok(JoinScope { account: AccountScope { account, keys: account_keys }, tenant, ground: Ground::Standing })
    }

    /// Mirrors the keys of who joins into the data's database, in the joining transaction.
    ///
    /// # Errors
    /// The store's.
    pub fn mirror_join(tx: &mut Tx<'_>, scope: &JoinScope) -> Result<(), StoreError> {
        mirror(tx, Owner::Account(scope.account.account), scope.account.keys.current())?;
        if scope.ground == Ground::Standing {
            return Ok(());
        }
        mirror(tx, Owner::Tenant(scope.tenant.tenant()), scope.tenant.keys.current())
    }

    /// Makes the keys of an account that joins no tenant. On the calling thread, which waits.
    ///
    /// # Errors
    /// The keyring or the database is away.
    pub fn new_account_blocking(&self, account: AccountId) -> Result<AccountScope, KeyringError> {
        let keys = self.0.keyring.create_blocking(Owner::Account(account))?;
        self.mirror_blocking(Owner::Account(account))?;
        Ok(AccountScope { account, keys })
    }

    /// The service's own scope.
    #[must_use]
    pub fn service(&self) -> ServiceScope {
        ServiceScope::new()
    }

    /// A tenant's rows for the service's own upkeep, without a key.
    #[must_use]
    pub const fn upkeep(&self, tenant: TenantId) -> UpkeepScope {
        UpkeepScope(tenant)
    }

    pub(super) fn mirror_blocking(&self, owner: Owner) -> Result<(), KeyringError> {
        let version = self.0.keyring.reach_blocking(owner)?.current();
        self.0.db.write_blocking(Vec::new(), move |tx| mirror(tx, owner, version))?;
        Ok(())
    }
}

/// The key version as the data knows it: active, in the transaction that makes its first rows.
pub(super) fn mirror(tx: &mut Tx<'_>, owner: Owner, version: KeyVersion) -> Result<(), StoreError> {
    both(
        diesel::insert_into(key_versions::table)
            .values((
                key_versions::owner_kind.eq(owner.kind()),
                key_versions::owner_id.eq(AnyId::from_bytes(owner.id_bytes())),
                key_versions::version.eq(version),
                key_versions::state.eq(KeyState::Active.code()),
                // Nothing stands yet that has a tag.
                key_versions::tags_whole.eq(true),
            ))
            .on_conflict_do_nothing(),
    )
    .execute(tx.conn())?;
    Ok(())
}

/// No version of the owner's key is there any more.
pub(super) fn unmirror(tx: &mut Tx<'_>, owner: Owner) -> Result<(), StoreError> {
    let mine = key_versions::table
        .filter(key_versions::owner_kind.eq(owner.kind()))
        .filter(key_versions::owner_id.eq(AnyId::from_bytes(owner.id_bytes())));
    diesel::update(mine).set(key_versions::state.eq(KeyState::Destroyed.code())).execute(tx.conn())?;
    Ok(())
}
