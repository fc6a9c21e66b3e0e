//! The keyring: every owner's keys, wrapped by a root key, in a database of its own.
//!
//! It is never part of an ordinary back-up, which is what makes an erasure hold: an old back-up of the data without
//! the keyring is noise. What must not go back in time lives here too: key states, sign-in [`identifiers`], the
//! erasure ledger, revocations.
//!
//! A process may use keys in memory for three seconds after it last read the epoch; then it drops them and says
//! [`KeyringError::Away`] until it can read again.

pub(in crate::kernel) mod cache;
mod changes;
pub(in crate::kernel) mod epochs;
pub mod erasures;
mod hold;
pub mod identifiers;
pub mod ledger;
pub mod log;
pub mod operators;
pub mod rekeys;
pub mod root;
mod roots;
pub mod rotation;
pub mod sealings;
mod seals;
pub mod signing;
mod states;
pub(in crate::kernel) mod tables;

use std::path::PathBuf;
use std::sync::{Arc, Weak};

use diesel::{ExpressionMethods as _, OptionalExtension as _, QueryDsl as _, RunQueryDsl as _};

use self::cache::{Cache, Lease};
use self::changes::move_epoch;
use self::root::remote::Pending;
use self::root::{Item, Opened, Providers, Root, owner_key};
use self::roots::Roots;
use self::seals::Seals;
use self::tables::{instance, owner_keys};
use crate::kernel::clock::{Clock, Time};
use crate::kernel::crypto::{Beyond, KeyVersion, Owner, OwnerKey, OwnerKeys, TagVersions};
use crate::kernel::entropy::Entropy;
use crate::kernel::ids::{AnyId, InstanceId, MessageId, TenantId};
use crate::kernel::store::db::StoreFailure;
use crate::kernel::store::{Db, StoreError, Target, Tx, both};

pub use self::states::KeyState;
pub(in crate::kernel) use self::states::{RootState, TagState};

/// A failure of the keyring.
#[derive(Debug, Clone, thiserror::Error)]
pub enum KeyringError {
    /// The keyring's database cannot be read: keys in memory may be used no longer.
    #[error("the keyring cannot be read")]
    Away,
    /// The owner's keys are destroyed, or never were.
    #[error("there is no key of this owner")]
    NoKey(Owner),
    /// An owner of this tenant's has sealed its vault: nobody is given its keys.
    #[error("the vault is sealed")]
    Sealed(TenantId),
    /// The owner has keys, and this process cannot unwrap them.
    #[error("a key does not unwrap")]
    Unwrap(Owner),
    /// The keyring holds keys that were wrapped by a root key, and the root key is not there.
    #[error(
        "the keyring holds wrapped keys, and their root key is not at {0}: bring it back; a new one would open nothing"
    )]
    RootMissing(PathBuf),
    /// The root key is another than the one that the keyring was begun with.
    #[error("the root key at {0} is not the one that this keyring's keys are wrapped by")]
    RootForeign(PathBuf),
    /// The file of root keys is not usable.
    #[error("the root key at {0} {1}")]
    RootFile(PathBuf, &'static str),
    /// A root version is needed, and who keeps it is not among the configured.
    #[error(
        "root version {0} is kept by the provider {1}, which is not configured: name it under [[root_key.earlier]] until nothing is wrapped by it"
    )]
    RootNotConfigured(i64, String),
    /// A root version is needed, and its provider does not have it: on another machine, perhaps.
    #[error("root version {0} is not at its provider")]
    RootUnknown(i64),
    /// Who keeps the root key does not answer, or not now.
    #[error("the provider {0}, which keeps the root key, does not answer")]
    RootAway(&'static str),
    /// Who keeps the root key does not do it for us.
    #[error("the provider {0}, which keeps the root key, {1}")]
    RootRefused(&'static str, &'static str),
    /// A root version that wraps keys is not destroyed.
    #[error("root version {0} wraps {1} owner keys: run seif keys rotate-root first")]
    RootInUse(i64, i64),
    /// The current root version is not destroyed.
    #[error("root version {0} is the current one: run seif keys rotate-root first")]
    RootCurrent(i64),
    /// There is no such root version.
    #[error("there is no root version {0}")]
    NoRoot(i64),
    /// Another root version became current while a key was wrapped.
    #[error("another root version became current meanwhile")]
    RootMoved,
    /// A fault of ours.
    #[error("the keyring failed: {0}")]
    Defect(&'static str),
    /// The store failed.
    #[error("the keyring's store failed: {0}")]
    Store(#[from] StoreError),
}

impl StoreFailure for KeyringError {
    fn as_store(&self) -> Option<StoreError> {
        if let Self::Store(error) = self { Some(*error) } else { None }
    }
}

/// How many owners' keys a process holds at most.
const HELD: usize = 20_000;

/// The keyring of this process. Cheap to clone.
#[derive(Clone)]
pub struct Keyring(Arc<Inner>);

struct Inner {
    db: Db,
    clock: Clock,
    entropy: Entropy,
    instance: InstanceId,
    roots: Roots,
    cache: Cache,
    seals: Seals,
}

impl Keyring {
    /// Opens the keyring in `target`, whose schema is in place. At the very first start it makes the root key; never
    /// when wrapped keys are there already.
    ///
    /// # Errors
    /// The root key is missing, foreign or unusable, or the database is away.
    pub fn open(
        target: Target,
        providers: impl Into<Providers>,
        clock: Clock,
        entropy: Entropy,
    ) -> Result<Self, KeyringError> {
        let db = Db::open_keyring(target, clock.clone(), entropy.clone())?;
        let roots = Roots::new(&providers.into());
        let (mut rows, in_use) =
            db.read_here(None, |tx| Ok::<_, KeyringError>((roots::all(tx)?, roots::in_use(tx)?)))?;
        if !rows.iter().any(|row| row.is_current) {
            if !in_use.is_empty() {
                return Err(KeyringError::Defect("wrapped keys without a current root version"));
            }
            rotation::first(&db, &roots, &entropy)?;
            rows = db.read_here(None, roots::all)?;
        }
        roots.demand(&rows, &in_use)?;
        let instance = db.write_blocking(Vec::new(), begin)?;
        let (cache, seals) = (Cache::new(HELD), Seals::default());
        let keyring = Self(Arc::new(Inner { db, clock, entropy, instance, roots, cache, seals }));
        keyring.read_epoch()?;
        keyring.watch()?;
        Ok(keyring)
    }

    /// Which installation this keyring belongs to.
    #[must_use]
    pub fn instance(&self) -> InstanceId {
        self.0.instance
    }

    /// The keyring's own database, for what else must not go back in time.
    pub(super) fn db(&self) -> &Db {
        &self.0.db
    }

    /// The randomness that the keyring lives by.
    pub(super) fn entropy(&self) -> &Entropy {
        &self.0.entropy
    }

    /// The keys of `owner`, without waiting for who keeps the root key: those that have to be asked for are asked for
    /// in the background, so that the same question succeeds a moment later. Whoever can wait calls [`Keyring::reach`].
    ///
    /// # Errors
    /// [`KeyringError::NoKey`] when there are none, [`KeyringError::Away`] when that cannot be known now,
    /// [`KeyringError::RootAway`] when they are not held.
    pub fn keys(&self, owner: Owner) -> Result<Arc<OwnerKeys>, KeyringError> {
        if let Some(keys) = self.0.cache.find(owner) {
            return Ok(keys);
        }
        let Ok(runtime) = tokio::runtime::Handle::try_current() else { return self.reach_blocking(owner) };
        let rows = self.0.db.read_here(None, |tx| given(tx, owner)).map_err(away)?;
        if rows.iter().all(|row| self.0.roots.get(row.2).is_none_or(|root| root.is_here())) {
            return self.reach_blocking(owner);
        }
        let (keyring, provider) = (self.clone(), self.provider());
        runtime.spawn(async move { keyring.reach(owner).await.map(drop) });
        Err(KeyringError::RootAway(provider))
    }

    /// The keys of `owner`. While who keeps the root key is asked, no thread is held up.
    ///
    /// # Errors
    /// [`KeyringError::NoKey`] when there are none, [`KeyringError::Away`] when that cannot be known now,
    /// [`KeyringError::RootAway`] or [`KeyringError::RootRefused`] when they cannot be unwrapped now.
    pub async fn reach(&self, owner: Owner) -> Result<Arc<OwnerKeys>, KeyringError> {
        if let Some(keys) = self.0.cache.find(owner) {
            return Ok(keys);
        }
        let mut seen = None;
        loop {
            let epoch = self.epoch_in_use()?;
            let rows = self.0.db.point(None, move |tx| given(tx, owner)).await.map_err(away)?;
            let attempt = match self.begin_unwrap(owner, &rows) {
                Ok(asked) => {
                    let mut opened = Vec::new();
                    for one in asked {
                        opened.push(one.wait().await?);
                    }
                    finish_unwrap(owner, &rows, &opened)
                }
                Err(error) => Err(error),
            };
            match self.settle(owner, epoch, rows, &mut seen, attempt)? {
                Some(keys) => return Ok(keys),
                None => continue,
            }
        }
    }

    /// As [`Keyring::reach`], on the calling thread: for the start and for commands.
    ///
    /// # Errors
    /// As [`Keyring::reach`].
    pub fn reach_blocking(&self, owner: Owner) -> Result<Arc<OwnerKeys>, KeyringError> {
        if let Some(keys) = self.0.cache.find(owner) {
            return Ok(keys);
        }
        let mut seen = None;
        loop {
            let epoch = self.epoch_in_use()?;
            let rows = self.0.db.read_here(None, |tx| given(tx, owner)).map_err(away)?;
            let attempt = self.begin_unwrap(owner, &rows).and_then(|asked| {
                let opened = asked.into_iter().map(Pending::wait_blocking).collect::<Result<Vec<_>, _>>()?;
                finish_unwrap(owner, &rows, &opened)
            });
            match self.settle(owner, epoch, rows, &mut seen, attempt)? {
                Some(keys) => return Ok(keys),
                None => continue,
            }
        }
    }

    /// Whether these are the keys that this process holds of their owner now, as the keyring gave them last.
    pub(super) fn holds(&self, keys: &Arc<OwnerKeys>) -> bool {
        self.0.cache.find(keys.owner()).is_some_and(|held| Arc::ptr_eq(&held, keys))
    }

    /// One version of the key of `owner`, whatever may be done under it but sealing: newer than what the asker holds, or
    /// retired. On the calling thread.
    fn other_version(&self, owner: Owner, version: KeyVersion) -> Result<Arc<OwnerKeys>, KeyringError> {
        let held = self.0.cache.find(owner);
        if let Some(keys) = held.filter(|keys| keys.versions().contains(&version)) {
            return Ok(keys);
        }
        let rows = self.0.db.read_here(None, |tx| stored_version(tx, owner, version)).map_err(away)?;
        let asked = self.begin_unwrap(owner, &rows)?;
        let opened = asked.into_iter().map(Pending::wait_blocking).collect::<Result<Vec<_>, _>>()?;
        let opened = opened.iter().flatten().next().ok_or(KeyringError::NoKey(owner))?;
        let key = owner_key(opened).map_err(|_| KeyringError::Unwrap(owner))?;
        OwnerKeys::new(owner, [(version, key)], version).map(Arc::new).ok_or(KeyringError::NoKey(owner))
    }

    fn epoch_in_use(&self) -> Result<i64, KeyringError> {
        match self.0.cache.lease() {
            Lease::Lasts(epoch) => Ok(epoch),
            Lease::RanOut => self.read_epoch(),
        }
    }

    /// Asks for each row's key, at its own root.
    fn begin_unwrap(&self, owner: Owner, rows: &[StoredKey]) -> Result<Vec<Pending<Vec<Opened>>>, KeyringError> {
        let wrapped = rows.iter().filter_map(|(version, _, root, wrapped, _)| Some((version, root, wrapped.as_ref()?)));
        let ask = |(version, root, wrapped): (&KeyVersion, &i64, &Vec<u8>)| {
            let root = self.0.roots.get(*root).ok_or(KeyringError::RootUnknown(*root))?;
            Ok(root.unwrap(vec![Item::new(root.context(owner, *version), wrapped)]))
        };
        wrapped.map(ask).collect()
    }

    /// Holds what was unwrapped. What did not unwrap is tried again as long as its rows changed meanwhile: a rotation
    /// may have been there between reading and unwrapping.
    fn settle(
        &self,
        owner: Owner,
        epoch: i64,
        rows: Vec<StoredKey>,
        seen: &mut Option<Vec<StoredKey>>,
        attempt: Result<OwnerKeys, KeyringError>,
    ) -> Result<Option<Arc<OwnerKeys>>, KeyringError> {
        match attempt {
            Ok(keys) => {
                let seals = self.0.seals.of(owner, keys.current());
                let keys = Arc::new(keys.counting(seals).knowing(Arc::new(Others(Arc::downgrade(&self.0)))));
                self.0.cache.hold(&keys, epoch);
                Ok(Some(keys))
            }
            Err(error @ (KeyringError::Unwrap(_) | KeyringError::RootUnknown(_))) => {
                if seen.as_ref() == Some(&rows) {
                    tracing::warn!(?owner, %error, "keys do not unwrap");
                    return Err(error);
                }
                *seen = Some(rows);
                self.look_for_roots()?;
                Ok(None)
            }
            Err(error) => Err(error),
        }
    }

    /// Takes up root versions that another process made.
    fn look_for_roots(&self) -> Result<(), KeyringError> {
        let rows = self.0.db.read_here(None, roots::all).map_err(away)?;
        self.0.roots.take_up(&rows);
        Ok(())
    }

    /// Makes the first key of `owner`; where it has one already, that one is given.
    ///
    /// # Errors
    /// The keyring, or who keeps the root key, is away.
    pub async fn create(&self, owner: Owner) -> Result<Arc<OwnerKeys>, KeyringError> {
        for _ in 0..4 {
            match self.reach(owner).await {
                Err(KeyringError::NoKey(_)) => {}
                known => return known,
            }
            let (root, asked) = self.begin_creation(owner)?;
            let wrapped = first_of(asked.wait().await?)?;
            match self.0.db.write(Vec::new(), creation(owner, root, wrapped)).await {
                Err(KeyringError::RootMoved) => self.look_for_roots()?,
                done => done?,
            }
        }
        Err(KeyringError::RootMoved)
    }

    /// As [`Keyring::create`], for callers outside of an asynchronous runtime.
    ///
    /// # Errors
    /// As [`Keyring::create`].
    pub fn create_blocking(&self, owner: Owner) -> Result<Arc<OwnerKeys>, KeyringError> {
        for _ in 0..4 {
            match self.reach_blocking(owner) {
                Err(KeyringError::NoKey(_)) => {}
                known => return known,
            }
            let (root, asked) = self.begin_creation(owner)?;
            let wrapped = first_of(asked.wait_blocking()?)?;
            match self.0.db.write_blocking(Vec::new(), creation(owner, root, wrapped)) {
                Err(KeyringError::RootMoved) => self.look_for_roots()?,
                done => done?,
            }
        }
        Err(KeyringError::RootMoved)
    }

    /// Wraps a new key; gives the root version too.
    fn begin_creation(&self, owner: Owner) -> Result<(i64, Wrapping), KeyringError> {
        let root = self.current_root()?;
        let key = OwnerKey::random(&self.0.entropy);
        let item = Item::new(root.context(owner, KeyVersion::FIRST), key.reveal());
        Ok((root.version(), root.wrap(vec![item], &self.0.entropy)))
    }

    /// Destroys every key of `owner`: overwritten, deleted, and dropped by every process within the lease.
    ///
    /// # Errors
    /// The keyring is away; then nothing was destroyed.
    pub async fn destroy(&self, owner: Owner) -> Result<(), KeyringError> {
        self.0.cache.evict(owner);
        self.0
            .db
            .write(Vec::new(), move |tx| -> Result<(), KeyringError> {
                overwrite(tx, owner)?;
                move_epoch(tx, Some(owner))
            })
            .await?;
        self.0.cache.evict(owner);
        Ok(())
    }

    /// Drops the keys of `owner` from this process's memory.
    fn evict(&self, owner: Owner) {
        self.0.cache.evict(owner);
    }

    /// The owners of one kind that have keys, in order.
    ///
    /// # Errors
    /// The keyring is away.
    pub fn owners(&self) -> Result<Vec<(Owner, KeyVersion, i16)>, KeyringError> {
        let rows: Vec<(i16, AnyId, KeyVersion, i16)> = self.0.db.read_here(None, |tx| {
            owner_keys::table
                .select((owner_keys::owner_kind, owner_keys::owner_id, owner_keys::version, owner_keys::state))
                .order((owner_keys::owner_kind, owner_keys::owner_id, owner_keys::version))
                .load(tx.conn())
                .map_err(StoreError::from)
        })?;
        rows.into_iter()
            .map(|(kind, id, version, state)| {
                Owner::decode(kind, *id.as_bytes())
                    .map(|owner| (owner, version, state))
                    .map_err(|_| KeyringError::Defect("an owner of no kind"))
            })
            .collect()
    }

    /// The days that have a key.
    ///
    /// # Errors
    /// The keyring is away.
    pub fn days(&self) -> Result<Vec<u32>, KeyringError> {
        let kind = Owner::Day(0).kind();
        let ids: Vec<AnyId> = self.0.db.read_here(None, |tx| {
            owner_keys::table
                .filter(owner_keys::owner_kind.eq(kind))
                .select(owner_keys::owner_id)
                .load(tx.conn())
                .map_err(StoreError::from)
        })?;
        let day = |id: AnyId| match Owner::decode(kind, *id.as_bytes()) {
            Ok(Owner::Day(day)) => Some(day),
            _ => None,
        };
        Ok(ids.into_iter().filter_map(day).collect())
    }

    /// The mails with a key of their own that was made by `latest`.
    ///
    /// # Errors
    /// The keyring is away.
    pub fn letters(&self, latest: Time) -> Result<Vec<MessageId>, KeyringError> {
        let kind = Owner::Letter(MessageId::from_bytes([0; 16])).kind();
        let ids: Vec<AnyId> = self.0.db.read_here(None, |tx| {
            owner_keys::table
                .filter(owner_keys::owner_kind.eq(kind))
                .filter(owner_keys::created_at.le(latest))
                .select(owner_keys::owner_id)
                .load(tx.conn())
                .map_err(StoreError::from)
        })?;
        Ok(ids.into_iter().map(|id| MessageId::from_bytes(*id.as_bytes())).collect())
    }

    /// Whether the keyring can be read now.
    ///
    /// # Errors
    /// [`KeyringError::Away`].
    pub fn ready(&self) -> Result<(), KeyringError> {
        self.read_epoch().map(drop)
    }

    fn current_root(&self) -> Result<Root, KeyringError> {
        self.0.roots.current().ok_or(KeyringError::Defect("no root key"))
    }

    /// The name of the provider that makes new root keys.
    #[must_use]
    pub fn provider(&self) -> &'static str {
        self.0.roots.maker().map_or("none", root::Source::name)
    }

    /// The clock that the keyring lives by.
    #[must_use]
    pub fn clock(&self) -> &Clock {
        &self.0.clock
    }
}

/// Versions that whoever holds some of an owner's keys does not hold, for as long as the keyring lives.
struct Others(Weak<Inner>);

impl Beyond for Others {
    fn version(&self, owner: Owner, version: KeyVersion) -> Option<Arc<OwnerKeys>> {
        let keyring = Keyring(self.0.upgrade()?);
        match keyring.other_version(owner, version) {
            Ok(keys) => Some(keys),
            Err(error) => {
                tracing::warn!(?owner, version = version.as_u32(), %error, "a value is under a key that is not here");
                None
            }
        }
    }
}

/// New keys that are being wrapped.
type Wrapping = Pending<Vec<Vec<u8>>>;

type StoredKey = (KeyVersion, i16, i64, Option<Vec<u8>>, i16);

const STORED: (
    owner_keys::version,
    owner_keys::state,
    owner_keys::root_version,
    owner_keys::wrapped,
    owner_keys::tags,
) = (owner_keys::version, owner_keys::state, owner_keys::root_version, owner_keys::wrapped, owner_keys::tags);

/// The keys of `owner` for whoever asks: nobody's while they are sealed.
fn given(tx: &mut Tx<'_>, owner: Owner) -> Result<Vec<StoredKey>, KeyringError> {
    sealings::demand_open(tx, owner)?;
    stored(tx, owner)
}

/// Every key of `owner` that a request may use: not those that open restored data only.
fn stored(tx: &mut Tx<'_>, owner: Owner) -> Result<Vec<StoredKey>, KeyringError> {
    let rows = owner_keys::table
        .filter(owner_keys::owner_kind.eq(owner.kind()))
        .filter(owner_keys::owner_id.eq(AnyId::from_bytes(owner.id_bytes())))
        .filter(owner_keys::state.ne_all([KeyState::Retired.code(), KeyState::Destroyed.code()]))
        .select(STORED)
        .order(owner_keys::version)
        .load(tx.conn())
        .map_err(StoreError::from)?;
    Ok(rows)
}

/// One version of the key of `owner`, whatever its state; nothing when it is destroyed.
fn stored_version(tx: &mut Tx<'_>, owner: Owner, version: KeyVersion) -> Result<Vec<StoredKey>, KeyringError> {
    sealings::demand_open(tx, owner)?;
    let row = owner_keys::table
        .find((owner.kind(), AnyId::from_bytes(owner.id_bytes()), version))
        .filter(owner_keys::wrapped.is_not_null())
        .select(STORED);
    Ok(row.load(tx.conn()).map_err(StoreError::from)?)
}

/// The owner's keys, of what each wrapped row opened to.
fn finish_unwrap(owner: Owner, rows: &[StoredKey], opened: &[Vec<Opened>]) -> Result<OwnerKeys, KeyringError> {
    let mut versions = Vec::new();
    let (mut current, mut sought, mut also) = (None, None, None);
    let wrapped = rows.iter().filter(|(_, _, _, wrapped, _)| wrapped.is_some());
    for ((version, state, _, _, tags), opened) in wrapped.zip(opened.iter().flatten()) {
        versions.push((*version, owner_key(opened).map_err(|_| KeyringError::Unwrap(owner))?));
        if *state == KeyState::Active.code() {
            current = Some(*version);
        }
        if *tags == TagState::Sought.code() {
            sought = Some(*version);
        } else if *tags == TagState::Written.code() {
            also = Some(*version);
        }
    }
    let current = current.ok_or(KeyringError::NoKey(owner))?;
    let keys = OwnerKeys::new(owner, versions, current).ok_or(KeyringError::NoKey(owner))?;
    let tags = TagVersions { sought: sought.unwrap_or(current), also };
    keys.with_tags(tags).ok_or(KeyringError::Defect("tags under a version that is not here"))
}

fn first_of(wrapped: Vec<Vec<u8>>) -> Result<Vec<u8>, KeyringError> {
    wrapped.into_iter().next().ok_or(KeyringError::Defect("nothing was wrapped"))
}

/// Writes down the first key of `owner`, unless it has one; not under a root version that is current no more.
fn creation(
    owner: Owner,
    root: i64,
    wrapped: Vec<u8>,
) -> impl FnMut(&mut Tx<'_>) -> Result<(), KeyringError> + Send + use<> {
    move |tx: &mut Tx<'_>| {
        rotation::demand_current(tx, root)?;
        if !stored(tx, owner)?.is_empty() {
            return Ok(());
        }
        let row = (
            owner_keys::owner_kind.eq(owner.kind()),
            owner_keys::owner_id.eq(AnyId::from_bytes(owner.id_bytes())),
            owner_keys::version.eq(KeyVersion::FIRST),
            owner_keys::state.eq(KeyState::Active.code()),
            owner_keys::root_version.eq(root),
            owner_keys::wrapped.eq(&wrapped),
            owner_keys::created_at.eq(tx.now()),
        );
        // Of two who make one at the same moment, the second gets the first's.
        both(diesel::insert_into(owner_keys::table).values(row).on_conflict_do_nothing())
            .execute(tx.conn())
            .map_err(StoreError::from)?;
        Ok(())
    }
}

/// Writes down the installation's id at the first start; gives it.
fn begin(tx: &mut Tx<'_>) -> Result<InstanceId, KeyringError> {
    let known: Option<InstanceId> =
        instance::table.select(instance::id).get_result(tx.conn()).optional().map_err(StoreError::from)?;
    if let Some(id) = known {
        return Ok(id);
    }
    let id = InstanceId::new(tx.now(), tx.entropy());
    diesel::insert_into(instance::table)
        .values((instance::id.eq(id), instance::created_at.eq(tx.now())))
        .execute(tx.conn())
        .map_err(StoreError::from)?;
    Ok(id)
}

/// Overwrites every key of `owner`, then deletes it; gives the versions there were.
fn overwrite(tx: &mut Tx<'_>, owner: Owner) -> Result<Vec<KeyVersion>, StoreError> {
    let mine = owner_keys::table
        .filter(owner_keys::owner_kind.eq(owner.kind()))
        .filter(owner_keys::owner_id.eq(AnyId::from_bytes(owner.id_bytes())));
    let versions = mine.select(owner_keys::version).order(owner_keys::version).load(tx.conn())?;
    diesel::update(mine).set(owner_keys::wrapped.eq(Some(vec![0u8; 73]))).execute(tx.conn())?;
    diesel::delete(mine).execute(tx.conn())?;
    rekeys::forget(tx, owner)?;
    sealings::forget(tx, owner)?;
    Ok(versions)
}

fn away(error: KeyringError) -> KeyringError {
    match error {
        KeyringError::Store(StoreError::Unavailable | StoreError::Busy | StoreError::Again) => KeyringError::Away,
        other => other,
    }
}
