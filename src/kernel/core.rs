//! The kernel, put together: the store, the keyring, the audit, and the transactions over them.

use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use diesel::{ExpressionMethods as _, OptionalExtension as _, QueryDsl as _, RunQueryDsl as _};

use crate::kernel::access::{FROZEN, MemberAccess, revoked, tokens as tokens_state};
use crate::kernel::audit::journal::Journal;
use crate::kernel::backup::standing::{self, Found, Standing};
use crate::kernel::backup::{certificates, log_copies};
use crate::kernel::clock::{Clock, Time};
use crate::kernel::crypto::{KeyVersion, Owner, OwnerKeys};
use crate::kernel::entropy::Entropy;
use crate::kernel::erasure;
use crate::kernel::fault::{self, Point};
use crate::kernel::ids::{AccountId, AnyId, InstanceId, MessageId, TenantId};
use crate::kernel::keyring::cache::LEASE;
use crate::kernel::keyring::ledger::Ledger;
use crate::kernel::keyring::root::Providers;
use crate::kernel::keyring::{KeyState, Keyring, KeyringError};
use crate::kernel::objects::{self, Objects};
use crate::kernel::operators;
use crate::kernel::rekey;
use crate::kernel::store::db::StoreFailure;
use crate::kernel::store::migrate::{Schema, migrate};
use crate::kernel::store::schema::{accounts, instance, key_versions, tokens};
use crate::kernel::store::{Conn, Db, Options, StoreError, Target, Tx, both};
use crate::kernel::tenancy::{
    AccountScope, Actor, By, DayScope, Ground, InTenant, JoinScope, NoticeScope, Origin, Scope, ServiceScope,
    TenantScope, UpkeepScope,
};
use crate::kernel::transparency::proof::Receipt;

/// How long the key of a mail to somebody who is being erased lives at most.
pub const LETTER: Duration = Duration::from_secs(24 * 3600);

/// What the kernel is built from.
#[derive(Debug, Clone)]
pub struct Parts {
    /// The data's database.
    pub database: Target,
    /// The keyring's database; another one.
    pub keyring: Target,
    /// Who keeps the root keys.
    pub root: Providers,
    /// The folder of the journal of reads.
    pub journal: PathBuf,
    /// The objects, which nodes of one service share.
    pub objects: Objects,
    /// How much the store may use.
    pub options: Options,
    /// The clock.
    pub clock: Clock,
    /// The randomness.
    pub entropy: Entropy,
}

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

/// Why the kernel did not start.
#[derive(Debug, Clone, thiserror::Error)]
pub enum StartError {
    /// The keyring did not open.
    #[error(transparent)]
    Keyring(#[from] KeyringError),
    /// The data's database did not open.
    #[error("the data's database: {0}")]
    Store(#[from] StoreError),
    /// The data and the keyring belong to different installations.
    #[error("this keyring belongs to another installation than this data")]
    Foreign,
    /// Owners have data, but no key, and the ledger knows of no erasure.
    #[error(
        "{0} owners have data here but no key in the keyring, and none of them was erased: the keyring is not the one of this data, or an old one"
    )]
    KeysMissing(usize),
    /// What is removed from the store of objects would not be gone.
    #[error("the store of objects: {0}")]
    Objects(String),
    /// The journal of reads cannot be written.
    #[error("the journal of reads cannot be written")]
    Journal,
}

impl Kernel {
    /// Opens both databases, brings their schemas up to date, compares them, and only then serves.
    ///
    /// # Errors
    /// See [`StartError`]; nothing is served after any of them.
    pub fn start(parts: Parts) -> Result<Self, StartError> {
        let Parts { database, keyring, root, journal, objects, options, clock, entropy } = parts;
        demand_fit(&objects)?;
        migrate(&mut Conn::open(&keyring)?, Schema::Keyring)?;
        let keyring = Keyring::open(keyring, root, clock.clone(), entropy.clone())?;
        migrate(&mut Conn::open(&database)?, Schema::Data)?;
        let db = Db::open(database, clock.clone(), entropy.clone(), &options)?;
        demand_same_installation(&db, &keyring)?;
        let standing = standing::compare(&db, &keyring)?;
        standing::tell_keyring(&db, &keyring, standing)?;
        fault::reach(Point::StartTold);
        let erased_again = standing::erase_in_keyring(&db, &keyring)?;
        let resurrected = compare(&db, &keyring)?;
        erasure::erase_again(&db, &resurrected)?;
        erasure::erase_records_again(&db, &keyring)?;
        objects::remove_at_start(&db, &objects)?;
        apply_revocations(&db, &keyring)?;
        rekey::reconcile(&db, &keyring)?;
        if standing != Standing::Even {
            operators::tell_again(&keyring)?;
        }
        fault::reach(Point::StartErased);
        let ended = standing::move_on(&db, &keyring, standing)?;
        let found = Found { standing, ended, erased_again: erased_again.max(resurrected.len()) };
        let journal =
            Journal::open(journal, db.clone(), clock.clone(), entropy.clone()).map_err(|_| StartError::Journal)?;
        let day = Mutex::new(None);
        let tomorrow = Mutex::new(None);
        let kernel = Self(Arc::new(Inner { db, keyring, clock, entropy, journal, objects, day, tomorrow, found }));
        kernel.0.keyring.create_blocking(Owner::Service)?;
        kernel.mirror_blocking(Owner::Service)?;
        Ok(kernel)
    }

    /// What the start has found: whether a database was put back from a copy, and what followed.
    #[must_use]
    pub fn found(&self) -> Found {
        self.0.found
    }

    /// Moves both databases on to a new epoch. Where one was put back from a copy under the running service, every session
    /// ends now; what else follows is the next start's. What was certified since is kept beside the data.
    ///
    /// # Errors
    /// A database is away.
    pub fn move_on(&self) -> Result<(), StartError> {
        let standing = standing::compare(&self.0.db, &self.0.keyring)?;
        standing::move_on(&self.0.db, &self.0.keyring, standing)?;
        certificates::keep(&self.0.db, &self.0.keyring)?;
        log_copies::keep(&self.0.db, &self.0.keyring)
    }

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

    /// The scope of this day, for what belongs to nobody yet; its key is made when the day begins.
    ///
    /// # Errors
    /// The keyring or the database is away.
    pub async fn today(&self) -> Result<DayScope, KeyringError> {
        let owner = Owner::day_of(self.now());
        let known = self.0.day.lock().unwrap_or_else(PoisonError::into_inner).clone();
        if let (Some(scope), Owner::Day(day)) = (&known, owner)
            && scope.day == day
        {
            return Ok(scope.clone());
        }
        let Owner::Day(day) = owner else { return Err(KeyringError::Defect("a day of no day")) };
        let ahead = self.0.tomorrow.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let keys = match ahead.filter(|(of, _)| *of == day) {
            Some((_, keys)) => keys,
            None => self.make_day(owner).await?,
        };
        let before = match known.filter(|scope| scope.day.saturating_add(1) == day) {
            Some(scope) => Some(scope.keys),
            None => match self.0.keyring.reach(Owner::Day(day.saturating_sub(1))).await {
                Ok(keys) => Some(keys),
                Err(KeyringError::NoKey(_)) => None,
                Err(error) => return Err(error),
            },
        };
        let scope = DayScope { day, keys, before };
        *self.0.day.lock().unwrap_or_else(PoisonError::into_inner) = Some(scope.clone());
        Ok(scope)
    }

    /// Makes the key of the day that comes, and holds it: whoever keeps the root key may be away at midnight.
    ///
    /// # Errors
    /// The keyring, its keeper or the database is away; then the day makes its own.
    pub async fn make_tomorrow(&self) -> Result<(), KeyringError> {
        let today = self.today().await?.day;
        let tomorrow = today.saturating_add(1);
        let keys = self.make_day(Owner::Day(tomorrow)).await?;
        *self.0.tomorrow.lock().unwrap_or_else(PoisonError::into_inner) = Some((tomorrow, keys));
        Ok(())
    }

    /// The keys of a day, made where there are none.
    async fn make_day(&self, owner: Owner) -> Result<Arc<OwnerKeys>, KeyringError> {
        let keys = self.0.keyring.create(owner).await?;
        let version = keys.current();
        self.0.db.write(Vec::new(), move |tx| mirror(tx, owner, version)).await?;
        Ok(keys)
    }

    /// The scope of an earlier day, for what was sealed under its key.
    ///
    /// # Errors
    /// The day's key is destroyed, or the keyring is away.
    pub async fn day_scope(&self, day: u32) -> Result<DayScope, KeyringError> {
        Ok(DayScope { day, keys: self.0.keyring.reach(Owner::Day(day)).await?, before: None })
    }

    /// Destroys the keys of days that ended more than two days ago; gives how many.
    ///
    /// # Errors
    /// The keyring or the database is away; the rest is destroyed the next time.
    pub async fn destroy_old_days(&self) -> Result<usize, KeyringError> {
        let Owner::Day(today) = Owner::day_of(self.now()) else { return Ok(0) };
        let over = self.0.keyring.days()?.into_iter().filter(|day| day.saturating_add(2) < today);
        let mut destroyed = 0;
        for owner in over.map(Owner::Day) {
            self.0.keyring.destroy(owner).await?;
            self.0.db.write(Vec::new(), move |tx| unmirror(tx, owner)).await?;
            destroyed += 1;
        }
        Ok(destroyed)
    }

    /// A key of its own for one mail to somebody who is being erased.
    ///
    /// # Errors
    /// The keyring is away.
    pub async fn letter_keys(&self) -> Result<Arc<OwnerKeys>, KeyringError> {
        self.0.keyring.create(Owner::Letter(MessageId::new(self.now(), self.entropy()))).await
    }

    /// Destroys the keys of such mails that are a day old, delivered or not; gives how many.
    ///
    /// # Errors
    /// The keyring is away; the rest is destroyed the next time.
    pub async fn destroy_old_letters(&self) -> Result<usize, KeyringError> {
        let over = self.0.keyring.letters(self.now().minus(LETTER))?;
        for id in &over {
            self.0.keyring.destroy(Owner::Letter(*id)).await?;
        }
        Ok(over.len())
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

    fn mirror_blocking(&self, owner: Owner) -> Result<(), KeyringError> {
        let version = self.0.keyring.reach_blocking(owner)?.current();
        self.0.db.write_blocking(Vec::new(), move |tx| mirror(tx, owner, version))?;
        Ok(())
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

fn mirror(tx: &mut Tx<'_>, owner: Owner, version: KeyVersion) -> Result<(), StoreError> {
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

fn unmirror(tx: &mut Tx<'_>, owner: Owner) -> Result<(), StoreError> {
    let mine = key_versions::table
        .filter(key_versions::owner_kind.eq(owner.kind()))
        .filter(key_versions::owner_id.eq(AnyId::from_bytes(owner.id_bytes())));
    diesel::update(mine).set(key_versions::state.eq(KeyState::Destroyed.code())).execute(tx.conn())?;
    Ok(())
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

/// The data and the keyring are of one installation; new data becomes the keyring's.
/// A store of objects that keeps what is removed, or does not let us in, is refused. One that is away is asked again before
/// anything is removed from it.
fn demand_fit(objects: &Objects) -> Result<(), StartError> {
    use std::io::ErrorKind;
    match objects.demand_fit() {
        Err(error) if matches!(error.kind(), ErrorKind::Unsupported | ErrorKind::PermissionDenied) => {
            Err(StartError::Objects(error.to_string()))
        }
        Err(_) => {
            tracing::warn!("the store of objects is away: files cannot be read or stored until it is back");
            Ok(())
        }
        Ok(()) => Ok(()),
    }
}

fn demand_same_installation(db: &Db, keyring: &Keyring) -> Result<(), StartError> {
    let ours = keyring.instance();
    let theirs = db.write_blocking(Vec::new(), move |tx| -> Result<InstanceId, StoreError> {
        let known: Option<InstanceId> = instance::table.select(instance::id).get_result(tx.conn()).optional()?;
        if let Some(id) = known {
            return Ok(id);
        }
        diesel::insert_into(instance::table)
            .values((instance::id.eq(ours), instance::created_at.eq(tx.now())))
            .execute(tx.conn())?;
        Ok(ours)
    })?;
    if ours == theirs { Ok(()) } else { Err(StartError::Foreign) }
}

/// Compares the data with the keyring at the start: no owner's key is missing unless the ledger says that it was erased.
///
/// Gives the owners whom the ledger knows as erased and who are here all the same: a back-up has brought them back.
fn compare(db: &Db, keyring: &Keyring) -> Result<Vec<Owner>, StartError> {
    let mirrored: Vec<(i16, AnyId)> = db.read_here(None, |tx| {
        key_versions::table
            .filter(key_versions::state.ne(KeyState::Destroyed.code()))
            .select((key_versions::owner_kind, key_versions::owner_id))
            .distinct()
            .load(tx.conn())
            .map_err(StoreError::from)
    })?;
    let owners = mirrored.into_iter().filter_map(|(kind, id)| Owner::decode(kind, *id.as_bytes()).ok());
    let resurrected = resurrected(owners, keyring)?;
    demand_versions(db, keyring)?;
    Ok(resurrected)
}

/// Refuses a keyring that has the owners, and not the versions of their keys that the data is sealed under: it is from
/// before they turned over.
fn demand_versions(db: &Db, keyring: &Keyring) -> Result<(), StartError> {
    let in_use: Vec<(i16, AnyId, KeyVersion)> = db.read_here(None, |tx| {
        key_versions::table
            .filter(key_versions::owner_kind.le(2))
            .filter(key_versions::state.eq_any([KeyState::Active.code(), KeyState::Closed.code()]))
            .select((key_versions::owner_kind, key_versions::owner_id, key_versions::version))
            .load(tx.conn())
            .map_err(StoreError::from)
    })?;
    let mut versions: std::collections::HashMap<Owner, Vec<KeyVersion>> = std::collections::HashMap::new();
    for (owner, version, _) in keyring.owners()? {
        versions.entry(owner).or_default().push(version);
    }
    // Whoever has no key at all was erased, or was missed before.
    let is_missing = |(kind, id, version): &(i16, AnyId, KeyVersion)| {
        let owner = Owner::decode(*kind, *id.as_bytes()).ok();
        owner.and_then(|owner| versions.get(&owner)).is_some_and(|held| !held.contains(version))
    };
    let missing = in_use.iter().filter(|row| is_missing(row)).count();
    if missing == 0 { Ok(()) } else { Err(StartError::KeysMissing(missing)) }
}

/// Of owners with data, those who were erased.
///
/// # Errors
/// [`StartError::KeysMissing`] when some have neither a key nor an entry in the ledger.
pub(in crate::kernel) fn resurrected(
    owners: impl IntoIterator<Item = Owner>,
    keyring: &Keyring,
) -> Result<Vec<Owner>, StartError> {
    let held: std::collections::HashSet<Owner> = keyring.owners()?.into_iter().map(|(owner, ..)| owner).collect();
    let mut missing = 0;
    let mut resurrected = Vec::new();
    for owner in owners {
        // Day keys are destroyed by plan, and need no entry.
        let expected = matches!(owner, Owner::Day(_) | Owner::Letter(_)) || held.contains(&owner);
        if expected {
            continue;
        }
        match keyring.ledger_of(owner)? {
            Ledger::Erased => resurrected.push(owner),
            Ledger::Silent => missing += 1,
        }
    }
    if missing == 0 { Ok(resurrected) } else { Err(StartError::KeysMissing(missing)) }
}

/// Ends the tokens, factors and recovery codes that the keyring knows as revoked or used, and freezes the accounts that it
/// knows as frozen: a restored database may have brought them back.
fn apply_revocations(db: &Db, keyring: &Keyring) -> Result<(), StartError> {
    for some in keyring.revoked_tokens()?.chunks(500) {
        let some = some.to_vec();
        db.write_blocking(Vec::new(), move |tx| -> Result<(), StoreError> {
            diesel::update(tokens::table.filter(tokens::id.eq_any(&some)))
                .set(tokens::state.eq(tokens_state::REVOKED))
                .execute(tx.conn())?;
            Ok(())
        })?;
    }
    revoked::revoke_again(db, keyring)?;
    for some in keyring.frozen_accounts()?.chunks(500) {
        let some = some.to_vec();
        db.write_blocking(Vec::new(), move |tx| -> Result<(), StoreError> {
            diesel::update(accounts::table.filter(accounts::id.eq_any(&some)))
                .set(accounts::state.eq(FROZEN))
                .execute(tx.conn())?;
            Ok(())
        })?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kernel::keyring::root::Provider;

    fn parts(folder: &std::path::Path) -> Parts {
        Parts {
            database: Target::Sqlite(folder.join("seif.db")),
            keyring: Target::Sqlite(folder.join("keyring.db")),
            root: Provider::File(folder.join("root.key")).into(),
            journal: folder.join("journal"),
            objects: Objects::in_folder(folder.join("objects")),
            options: Options::default(),
            clock: Clock::system(),
            entropy: Entropy::system(),
        }
    }

    #[test]
    fn a_second_start_finds_the_same_installation_and_a_new_root_key_beside_an_old_keyring_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let first = Kernel::start(parts(folder.path())).unwrap().keyring().instance();
        assert_eq!(Kernel::start(parts(folder.path())).unwrap().keyring().instance(), first);
        std::fs::remove_file(folder.path().join("root.key")).unwrap();
        assert!(matches!(Kernel::start(parts(folder.path())), Err(StartError::Keyring(KeyringError::RootMissing(_)))));
        assert!(!folder.path().join("root.key").exists());
    }

    #[test]
    fn a_keyring_of_another_installation_is_refused() {
        let (one, two) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        drop(Kernel::start(parts(one.path())).unwrap());
        drop(Kernel::start(parts(two.path())).unwrap());
        let mut mixed = parts(one.path());
        mixed.keyring = Target::Sqlite(two.path().join("keyring.db"));
        mixed.root = Provider::File(two.path().join("root.key")).into();
        assert!(matches!(Kernel::start(mixed), Err(StartError::Foreign)));
    }

    #[test]
    fn a_key_that_is_missing_without_a_ledger_entry_is_never_taken_as_an_erasure() {
        let folder = tempfile::tempdir().unwrap();
        let kernel = Kernel::start(parts(folder.path())).unwrap();
        let owner = Owner::Account(AccountId::new(kernel.now(), kernel.entropy()));
        kernel.keyring().create_blocking(owner).unwrap();
        kernel.mirror_blocking(owner).unwrap();
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        runtime.block_on(kernel.keyring().destroy(owner)).unwrap();
        assert!(matches!(kernel.keyring().keys(owner), Err(KeyringError::NoKey(_))));
        assert!(matches!(Kernel::start(parts(folder.path())), Err(StartError::KeysMissing(1))));
        runtime.block_on(kernel.keyring().enter_erasure(owner)).unwrap();
        assert!(Kernel::start(parts(folder.path())).is_ok());
    }
}
