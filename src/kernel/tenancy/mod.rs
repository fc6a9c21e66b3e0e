//! Scopes: what a transaction may reach, and under which keys.
//!
//! A scope is the only way to rows and keys. Only the kernel makes one, from a session, a token or a job; it carries
//! the grant of the keys, so that no code reaches for a global map of them.

use std::net::IpAddr;
use std::sync::Arc;

use crate::kernel::crypto::passkey::Site;
use crate::kernel::crypto::{KeyVersion, Owner, OwnerKeys};
use crate::kernel::ids::{AccountId, SessionId, TenantId, TokenId};
use crate::kernel::keyring::{Keyring, KeyringError};
use crate::kernel::personal::Personal;

/// Something that reaches one tenant's rows.
pub trait InTenant {
    /// Which tenant.
    fn tenant(&self) -> TenantId;
}

/// What a writing transaction runs in. Only the kernel's own types are scopes.
pub trait Scope: Clone + Send + Sync + sealed::Sealed + 'static {
    /// The tenants whose rows it reaches.
    fn tenants(&self) -> Vec<TenantId>;
    /// The keys that it seals under: each must still be open in the transaction.
    fn keys_in_use(&self) -> Vec<(Owner, KeyVersion)>;
    /// Every key that it holds.
    fn grants(&self) -> Vec<&Arc<OwnerKeys>>;
    /// The same scope under the keys that are current now.
    ///
    /// # Errors
    /// A key is gone, or the keyring is away.
    fn renewed(&self, keyring: &Keyring) -> Result<Self, KeyringError>;
}

mod together;

pub(in crate::kernel) mod sealed {
    pub trait Sealed {}
}

/// Who acts: an account, in a session or through a token. What tells of the person is sealed under the account's key.
#[derive(Clone, Debug)]
pub struct Actor {
    pub(in crate::kernel) account: AccountId,
    pub(in crate::kernel) keys: Arc<OwnerKeys>,
    pub(in crate::kernel) by: By,
    pub(in crate::kernel) origin: Origin,
}

/// By what an actor acts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum By {
    /// Signed in.
    Session(SessionId),
    /// A program, through an API token.
    Token(TokenId),
}

/// Where a request came from.
#[derive(Clone, Debug)]
pub struct Origin {
    /// The client's address.
    pub address: Personal<IpAddr>,
    /// What the client says of itself, shortened.
    pub device: Personal<String>,
    /// The genuine host that it asked by name, if it did: what passkeys are bound to.
    pub site: Option<Site>,
}

impl Actor {
    /// The account that acts.
    #[must_use]
    pub const fn account(&self) -> AccountId {
        self.account
    }

    /// By what it acts.
    #[must_use]
    pub const fn by(&self) -> By {
        self.by
    }

    /// Where its request came from.
    #[must_use]
    pub const fn origin(&self) -> &Origin {
        &self.origin
    }

    /// The account's own rows: to tell its person, in the tenant's transaction, what is done there in their name.
    #[must_use]
    pub fn own(&self) -> AccountScope {
        AccountScope { account: self.account, keys: Arc::clone(&self.keys) }
    }

    /// As the database holds an actor: kind (1 session, 2 token) and id.
    #[must_use]
    pub const fn columns(&self) -> (i16, crate::kernel::ids::AnyId) {
        match self.by {
            By::Session(_) => (1, crate::kernel::ids::AnyId::from_bytes(*self.account.as_bytes())),
            By::Token(id) => (2, crate::kernel::ids::AnyId::from_bytes(*id.as_bytes())),
        }
    }
}

/// One tenant's rows under that tenant's keys, for one actor.
#[derive(Clone, Debug)]
pub struct TenantScope {
    pub(in crate::kernel) tenant: TenantId,
    pub(in crate::kernel) keys: Arc<OwnerKeys>,
    pub(in crate::kernel) actor: Actor,
}

impl TenantScope {
    /// The tenant's keys.
    #[must_use]
    pub fn keys(&self) -> &OwnerKeys {
        &self.keys
    }

    /// The same, to be carried into a transaction of the kernel's own.
    pub(in crate::kernel) fn shared_keys(&self) -> Arc<OwnerKeys> {
        Arc::clone(&self.keys)
    }

    /// Who acts.
    #[must_use]
    pub const fn actor(&self) -> &Actor {
        &self.actor
    }
}

impl InTenant for TenantScope {
    fn tenant(&self) -> TenantId {
        self.tenant
    }
}

impl sealed::Sealed for TenantScope {}

impl Scope for TenantScope {
    fn tenants(&self) -> Vec<TenantId> {
        vec![self.tenant]
    }

    fn keys_in_use(&self) -> Vec<(Owner, KeyVersion)> {
        vec![
            (Owner::Tenant(self.tenant), self.keys.current()),
            (Owner::Account(self.actor.account), self.actor.keys.current()),
        ]
    }

    fn grants(&self) -> Vec<&Arc<OwnerKeys>> {
        vec![&self.keys, &self.actor.keys]
    }

    fn renewed(&self, keyring: &Keyring) -> Result<Self, KeyringError> {
        let mut renewed = self.clone();
        renewed.keys = keyring.keys(Owner::Tenant(self.tenant))?;
        renewed.actor.keys = keyring.keys(Owner::Account(self.actor.account))?;
        Ok(renewed)
    }
}

/// One account's rows under that account's keys.
#[derive(Clone, Debug)]
pub struct AccountScope {
    pub(in crate::kernel) account: AccountId,
    pub(in crate::kernel) keys: Arc<OwnerKeys>,
}

impl AccountScope {
    /// Which account.
    #[must_use]
    pub const fn account(&self) -> AccountId {
        self.account
    }

    /// The account's keys.
    #[must_use]
    pub fn keys(&self) -> &OwnerKeys {
        &self.keys
    }
}

impl sealed::Sealed for AccountScope {}

impl Scope for AccountScope {
    fn tenants(&self) -> Vec<TenantId> {
        Vec::new()
    }

    fn keys_in_use(&self) -> Vec<(Owner, KeyVersion)> {
        vec![(Owner::Account(self.account), self.keys.current())]
    }

    fn grants(&self) -> Vec<&Arc<OwnerKeys>> {
        vec![&self.keys]
    }

    fn renewed(&self, keyring: &Keyring) -> Result<Self, KeyringError> {
        Ok(Self { account: self.account, keys: keyring.keys(Owner::Account(self.account))? })
    }
}

/// What belongs to nobody yet, under a key of this day that is destroyed two days later.
#[derive(Clone, Debug)]
pub struct DayScope {
    pub(in crate::kernel) day: u32,
    pub(in crate::kernel) keys: Arc<OwnerKeys>,
    pub(in crate::kernel) before: Option<Arc<OwnerKeys>>,
}

impl DayScope {
    /// Days since the epoch.
    #[must_use]
    pub const fn day(&self) -> u32 {
        self.day
    }

    /// The day's keys.
    #[must_use]
    pub fn keys(&self) -> &OwnerKeys {
        &self.keys
    }

    /// The keys of the day before, to find what was counted then; nothing when there are none.
    #[must_use]
    pub fn keys_before(&self) -> Option<&OwnerKeys> {
        self.before.as_deref()
    }
}

impl sealed::Sealed for DayScope {}

impl Scope for DayScope {
    fn tenants(&self) -> Vec<TenantId> {
        Vec::new()
    }

    fn keys_in_use(&self) -> Vec<(Owner, KeyVersion)> {
        vec![(Owner::Day(self.day), self.keys.current())]
    }

    fn grants(&self) -> Vec<&Arc<OwnerKeys>> {
        vec![&self.keys]
    }

    fn renewed(&self, keyring: &Keyring) -> Result<Self, KeyringError> {
        Ok(Self { day: self.day, keys: keyring.keys(Owner::Day(self.day))?, before: self.before.clone() })
    }
}

/// Somebody who joins: their account, new, its keys just made; and its tenant, that they found or are invited to.
#[derive(Clone, Debug)]
pub struct JoinScope {
    pub(in crate::kernel) account: AccountScope,
    pub(in crate::kernel) tenant: TenantScope,
    pub(in crate::kernel) ground: Ground,
}

/// What somebody joins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::kernel) enum Ground {
    /// A tenant of their own, new, its keys just made.
    New,
    /// One that was there before.
    Standing,
}

impl JoinScope {
    /// The new account.
    #[must_use]
    pub const fn account(&self) -> &AccountScope {
        &self.account
    }

    /// The tenant, with the account as who acts.
    #[must_use]
    pub const fn tenant_scope(&self) -> &TenantScope {
        &self.tenant
    }
}

impl sealed::Sealed for JoinScope {}

impl Scope for JoinScope {
    fn tenants(&self) -> Vec<TenantId> {
        self.tenant.tenants()
    }

    fn keys_in_use(&self) -> Vec<(Owner, KeyVersion)> {
        // What is new, the transaction itself mirrors: nothing can have closed it before.
        match self.ground {
            Ground::New => Vec::new(),
            Ground::Standing => vec![(Owner::Tenant(self.tenant.tenant), self.tenant.keys.current())],
        }
    }

    fn grants(&self) -> Vec<&Arc<OwnerKeys>> {
        self.account.grants().into_iter().chain(self.tenant.grants()).collect()
    }

    fn renewed(&self, keyring: &Keyring) -> Result<Self, KeyringError> {
        let (account, tenant) = (self.account.renewed(keyring)?, self.tenant.renewed(keyring)?);
        Ok(Self { account, tenant, ground: self.ground })
    }
}

/// The service's own rows: sweeps, the outbox's order, policies. It opens nobody's data.
#[derive(Clone, Copy, Debug)]
pub struct ServiceScope(());

impl ServiceScope {
    /// The service itself.
    #[must_use]
    pub(crate) const fn new() -> Self {
        Self(())
    }
}

impl sealed::Sealed for ServiceScope {}

impl Scope for ServiceScope {
    fn tenants(&self) -> Vec<TenantId> {
        Vec::new()
    }

    fn keys_in_use(&self) -> Vec<(Owner, KeyVersion)> {
        Vec::new()
    }

    fn grants(&self) -> Vec<&Arc<OwnerKeys>> {
        Vec::new()
    }

    fn renewed(&self, _: &Keyring) -> Result<Self, KeyringError> {
        Ok(*self)
    }
}

/// One tenant's rows for the service's own upkeep: it holds no key, so what it can do is delete what is over.
#[derive(Clone, Copy, Debug)]
pub struct UpkeepScope(pub(in crate::kernel) TenantId);

impl InTenant for UpkeepScope {
    fn tenant(&self) -> TenantId {
        self.0
    }
}

impl sealed::Sealed for UpkeepScope {}

impl Scope for UpkeepScope {
    fn tenants(&self) -> Vec<TenantId> {
        vec![self.0]
    }

    fn keys_in_use(&self) -> Vec<(Owner, KeyVersion)> {
        Vec::new()
    }

    fn grants(&self) -> Vec<&Arc<OwnerKeys>> {
        Vec::new()
    }

    fn renewed(&self, _: &Keyring) -> Result<Self, KeyringError> {
        Ok(*self)
    }
}

/// One tenant's rows under its keys, for what none of its members does: its audit says which operator did it, or that the
/// service did by its owners' choice.
#[derive(Clone, Debug)]
pub struct NoticeScope {
    tenant: TenantId,
    keys: Arc<OwnerKeys>,
}

impl NoticeScope {
    pub(in crate::kernel) const fn new(tenant: TenantId, keys: Arc<OwnerKeys>) -> Self {
        Self { tenant, keys }
    }

    /// The tenant's keys.
    #[must_use]
    pub fn keys(&self) -> &OwnerKeys {
        &self.keys
    }
}

impl InTenant for NoticeScope {
    fn tenant(&self) -> TenantId {
        self.tenant
    }
}

impl sealed::Sealed for NoticeScope {}

impl Scope for NoticeScope {
    fn tenants(&self) -> Vec<TenantId> {
        vec![self.tenant]
    }

    fn keys_in_use(&self) -> Vec<(Owner, KeyVersion)> {
        vec![(Owner::Tenant(self.tenant), self.keys.current())]
    }

    fn grants(&self) -> Vec<&Arc<OwnerKeys>> {
        vec![&self.keys]
    }

    fn renewed(&self, keyring: &Keyring) -> Result<Self, KeyringError> {
        Ok(Self { tenant: self.tenant, keys: keyring.keys(Owner::Tenant(self.tenant))? })
    }
}

/// One tenant of the several that a transaction of the kernel's own reaches: the audit's journal, a sweep. It opens none
/// of their rows.
pub(in crate::kernel) struct Carried(pub(in crate::kernel) TenantId);

impl InTenant for Carried {
    fn tenant(&self) -> TenantId {
        self.0
    }
}
