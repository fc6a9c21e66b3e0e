//! The kernel, put together: the store, the keyring, the audit, and the transactions over them.

use std::sync::{Arc, Mutex, PoisonError};

use crate::kernel::access::MemberAccess;
use crate::kernel::audit::journal::Journal;
use crate::kernel::backup::log_copies;
use crate::kernel::backup::standing::Found;
use crate::kernel::clock::{Clock, Time};
use crate::kernel::crypto::{KeyVersion, Owner, OwnerKeys};
use crate::kernel::entropy::Entropy;
use crate::kernel::keyring::cache::LEASE;
use crate::kernel::keyring::{KeyState, Keyring, KeyringError};
use crate::kernel::objects::Objects;
use crate::kernel::store::db::StoreFailure;
use crate::kernel::store::{Db, StoreError, Tx};
use crate::kernel::tenancy::{AccountScope, Actor, By, DayScope, Scope, TenantScope};
use crate::kernel::transparency::proof::Receipt;

pub use self::days::LETTER;
pub(in crate::kernel) use self::start::resurrected;
pub use self::start::{Parts, StartError};

mod days;
mod scopes;
mod start;

/// The trusted base of a running service. Cheap to clone.
#[derive(Clone)]
pub struct Kernel(Arc<Inner>);

struct Inner {
    db: Db,
    keyring: Keyring,
    clock: Clock,
    entropy: Entropy,
    journal: Journal,
    objects: Objects,
    day: Mutex<Option<DayScope>>,
    /// The day that comes, and its keys.
    tomorrow: Mutex<Option<(u32, Arc<OwnerKeys>)>>,
    found: Found,
}

impl Kernel {
    /// The signed note of the transparency log as it is now. Its entries stand beside the data too before it is given, so
    /// that neither database can be put back from a copy that contradicts it.
    ///
    /// # Errors
    /// A database is away, or the log was rewritten: then nothing is signed.
    pub async fn log_checkpoint(&self) -> Result<String, StoreError> {
        let kernel = self.clone();
        let kept = tokio::task::spawn_blocking(move || log_copies::keep(&kernel.0.db, &kernel.0.keyring));
        match kept.await {
            Ok(Ok(())) => {}
            Ok(Err(StartError::Keyring(error))) => return Err(store_error(&error)),
            Ok(Err(StartError::Store(error))) => return Err(error),
            Ok(Err(_)) | Err(_) => return Err(StoreError::Refused("the transparency log was not copied")),
        }
        self.0.keyring.log_checkpoint().await.map_err(|error| store_error(&error))
    }

    /// The receipt of the log's entry that states this fact, under the newest checkpoint; `None` while there is none.
    ///
    /// # Errors
    /// As [`Kernel::log_checkpoint`].
    pub async fn log_receipt(&self, subject: String) -> Result<Option<Receipt>, StoreError> {
        let checkpoint = self.log_checkpoint().await?;
        self.0.keyring.log_receipt(subject, checkpoint).await.map_err(|error| store_error(&error))
    }

    /// The data's database, for transactions that reach no sealed row.
    #[must_use]
    pub fn db(&self) -> &Db {
        &self.0.db
    }

    /// The keyring.
    #[must_use]
    pub fn keyring(&self) -> &Keyring {
        &self.0.keyring
    }

    /// The clock.
    #[must_use]
    pub fn clock(&self) -> &Clock {
        &self.0.clock
    }

    /// The time.
    #[must_use]
    pub fn now(&self) -> Time {
        self.0.clock.now()
    }

    /// The randomness.
    #[must_use]
    pub fn entropy(&self) -> &Entropy {
        &self.0.entropy
    }

    /// Where sealed content is.
    #[must_use]
    pub fn objects(&self) -> &Objects {
        &self.0.objects
    }

    /// The journal of reads.
    #[must_use]
    pub fn journal(&self) -> &Journal {
        &self.0.journal
    }

    /// Runs `run` as the one writing transaction `name`: data, audit and outbox, all or none. It may run again, under a
    /// renewed scope when a key was closed meanwhile.
    ///
    /// # Errors
    /// The closure's own, or the store's.
    pub async fn write<S, R, E, F>(&self, name: &'static str, scope: &S, run: F) -> Result<R, E>
    where
        S: Scope,
        F: FnMut(&mut Tx<'_>, &S) -> Result<R, E> + Send + 'static,
        R: Send + 'static,
        E: From<StoreError> + StoreFailure + Send + 'static,
    {
        self.written(name, self.up_to_date(scope).await?, Sharing::Alone, run).await
    }

    /// Drops the keys of the owner's tenant everywhere and gives them to nobody from now on, once `run` has written in the
    /// tenant and for the `others` what is to be written of it. When this returns, no node holds them; whoever read or
    /// wrote before is done with it, or is refused. Nothing is written where it is sealed already.
    ///
    /// # Errors
    /// The closure's own, or the store's: then it is not sealed.
    pub async fn seal_vault<R, E, F>(&self, owner: &MemberAccess, others: Vec<AccountScope>, run: F) -> Result<(), E>
    where
        F: FnMut(&mut Tx<'_>, &(TenantScope, Vec<AccountScope>)) -> Result<R, E> + Send + 'static,
        R: Send + 'static,
        E: From<StoreError> + StoreFailure + Send + 'static,
    {
        let failed = |error: KeyringError| E::from(store_error(&error));
        let (tenant, account) = (owner.tenant, &owner.account);
        let by = By::Session(account.session.id);
        match self.tenant_scope(tenant, account.session.account, by, account.origin.clone()).await {
            Ok(scope) => {
                let _written = self.write("tenants.seal", &(scope, others), run).await?;
                self.0.keyring.seal_tenant(tenant, account.session.account).await.map_err(failed)?;
            }
            Err(KeyringError::Sealed(_)) => {}
            Err(error) => return Err(failed(error)),
        }
        // Whatever node did not hear of it has let go of what it held by then.
        tokio::time::sleep(LEASE).await;
        Ok(())
    }

    /// Opens the sealed vault of the owner's tenant: `run` writes in the tenant and for the `others` what is to be written
    /// of it, under keys that are held for this transaction alone; then everybody is given them again. Nothing where it is
    /// not sealed.
    ///
    /// # Errors
    /// The closure's own, or the store's: then it stays sealed.
    pub async fn unseal_vault<R, E, F>(
        &self,
        owner: &MemberAccess,
        others: Vec<AccountScope>,
        run: F,
    ) -> Result<Option<R>, E>
    where
        F: FnMut(&mut Tx<'_>, &(TenantScope, Vec<AccountScope>)) -> Result<R, E> + Send + 'static,
        R: Send + 'static,
        E: From<StoreError> + StoreFailure + Send + 'static,
    {
        let failed = |error: KeyringError| E::from(store_error(&error));
        let (tenant, account) = (owner.tenant, &owner.account);
        if self.0.keyring.sealing(tenant).await.map_err(failed)?.is_none() {
            return Ok(None);
        }
        let keys = self.0.keyring.reach_sealed(tenant).await.map_err(failed)?;
        let (by, origin) = (By::Session(account.session.id), account.origin.clone());
        let own = Arc::clone(&account.scope.keys);
        let actor = Actor { account: account.session.account, keys: own, by, origin };
        let scope = (TenantScope { tenant, keys, actor }, others);
        let done = self.written("tenants.unseal", scope, Sharing::Alone, run).await?;
        self.0.keyring.unseal_tenant(tenant).await.map_err(failed)?;
        Ok(Some(done))
    }

    /// As [`Kernel::write`], for a closure that only appends: it reads through `Tx::settled`, writes through
    /// [`Tx::append`], and may share its transaction with others of its kind.
    ///
    /// # Errors
    /// As [`Kernel::write`].
    pub async fn append<S, R, E, F>(&self, name: &'static str, scope: &S, run: F) -> Result<R, E>
    where
        S: Scope,
        F: FnMut(&mut Tx<'_>, &S) -> Result<R, E> + Send + 'static,
        R: Send + 'static,
        E: From<StoreError> + StoreFailure + Send + 'static,
    {
        self.written(name, self.up_to_date(scope).await?, Sharing::WithAppends, run).await
    }

    /// As [`Kernel::write`], under the keys that the scope holds, whether or not everybody is given them.
    pub(in crate::kernel) async fn write_as_held<S, R, E, F>(
        &self,
        name: &'static str,
        scope: S,
        run: F,
    ) -> Result<R, E>
    where
        S: Scope,
        F: FnMut(&mut Tx<'_>, &S) -> Result<R, E> + Send + 'static,
        R: Send + 'static,
        E: From<StoreError> + StoreFailure + Send + 'static,
    {
        self.written(name, scope, Sharing::Alone, run).await
    }

    async fn written<S, R, E, F>(&self, name: &'static str, scope: S, sharing: Sharing, run: F) -> Result<R, E>
    where
        S: Scope,
        F: FnMut(&mut Tx<'_>, &S) -> Result<R, E> + Send + 'static,
        R: Send + 'static,
        E: From<StoreError> + StoreFailure + Send + 'static,
    {
        let run = Arc::new(Mutex::new(run));
        let mut scope = scope;
        for _ in 0..4 {
            let (inner, within) = (Arc::clone(&run), scope.clone());
            let closure = move |tx: &mut Tx<'_>| {
                demand_open(tx, &within.keys_in_use())?;
                (*inner.lock().unwrap_or_else(PoisonError::into_inner))(tx, &within)
            };
            let result = match sharing {
                Sharing::Alone => self.0.db.write(scope.tenants(), closure).await,
                Sharing::WithAppends => self.0.db.append(scope.tenants(), closure).await,
            };
            match result {
                Err(error) if matches!(error.as_store(), Some(StoreError::KeyClosed(_))) => {
                    tracing::debug!(transaction = name, "a key was closed; once more under the current one");
                    // What is in memory may be older than what closed the key.
                    let known = self.0.keyring.read_epoch();
                    known.map_err(|e| E::from(store_error(&e)))?;
                    for (owner, _) in scope.keys_in_use() {
                        self.0.keyring.reach(owner).await.map_err(|e| E::from(store_error(&e)))?;
                    }
                    scope = scope.renewed(&self.0.keyring).map_err(|e| E::from(store_error(&e)))?;
                }
                other => return other,
            }
        }
        Err(E::from(StoreError::Busy))
    }

    /// The scope under the keys that this process holds now. One that was made a while ago may know neither what its
    /// owners' rows are sealed under meanwhile nor that its keys are gone.
    async fn up_to_date<S: Scope>(&self, scope: &S) -> Result<S, StoreError> {
        let keyring = &self.0.keyring;
        if scope.grants().into_iter().all(|keys| keyring.holds(keys)) {
            return Ok(scope.clone());
        }
        let owners: Vec<Owner> = scope.grants().into_iter().map(|keys| keys.owner()).collect();
        for owner in owners {
            keyring.reach(owner).await.map_err(|error| store_error(&error))?;
        }
        scope.renewed(keyring).map_err(|error| store_error(&error))
    }

    /// Runs `run` as one reading transaction within `scope`, on a thread that may wait.
    ///
    /// # Errors
    /// The closure's own, or the store's.
    pub async fn read<S, R, E, F>(&self, scope: &S, run: F) -> Result<R, E>
    where
        S: Scope,
        F: FnOnce(&mut Tx<'_>, &S) -> Result<R, E> + Send + 'static,
        R: Send + 'static,
        E: From<StoreError> + StoreFailure + Send + 'static,
    {
        let within = self.up_to_date(scope).await?;
        self.0.db.read(scope.tenants().first().copied(), move |tx| run(tx, &within)).await
    }

    /// A short read by key: on this thread on SQLite.
    ///
    /// # Errors
    /// The closure's own, or the store's.
    pub async fn point<S, R, E, F>(&self, scope: &S, run: F) -> Result<R, E>
    where
        S: Scope,
        F: FnOnce(&mut Tx<'_>, &S) -> Result<R, E> + Send + 'static,
        R: Send + 'static,
        E: From<StoreError> + StoreFailure + Send + 'static,
    {
        let within = self.up_to_date(scope).await?;
        self.0.db.point(scope.tenants().first().copied(), move |tx| run(tx, &within)).await
    }

    /// One statement by key over tables that are outside of row-level security, without a transaction around it.
    ///
    /// # Errors
    /// The closure's own, or the store's.
    pub(in crate::kernel) async fn glance<R, E, F>(&self, run: F) -> Result<R, E>
    where
        F: FnOnce(&mut Tx<'_>) -> Result<R, E> + Send + 'static,
        R: Send + 'static,
        E: From<StoreError> + StoreFailure + Send + 'static,
    {
        self.0.db.glance(run).await
    }
}

/// With whom a closure may share its transaction.
#[derive(Clone, Copy)]
enum Sharing {
    Alone,
    WithAppends,
}

/// The store's word for a failure of the keyring, for transactions that met it.
#[must_use]
pub fn store_error(error: &KeyringError) -> StoreError {
    match error {
        KeyringError::Store(error) => *error,
        KeyringError::Away => StoreError::Unavailable,
        KeyringError::NoKey(owner) => StoreError::NoKey(*owner),
        KeyringError::Sealed(tenant) => StoreError::Sealed(*tenant),
        KeyringError::Unwrap(_) => StoreError::Unreadable,
        KeyringError::RootAway(_)
        | KeyringError::RootRefused(..)
        | KeyringError::RootUnknown(_)
        | KeyringError::RootMoved => StoreError::KeysAway,
        _ => StoreError::Refused("the keyring failed"),
    }
}

/// Refuses to write under a key that is closed; holds it open until the transaction ends.
fn demand_open(tx: &mut Tx<'_>, keys: &[(Owner, KeyVersion)]) -> Result<(), StoreError> {
    for (owner, version) in keys {
        match tx.key_state(*owner, *version)? {
            Some(state) if state == KeyState::Active.code() => {}
            Some(_) => return Err(StoreError::KeyClosed(*owner)),
            None => return Err(StoreError::NoKey(*owner)),
        }
    }
    Ok(())
}
