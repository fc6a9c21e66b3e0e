//! The keyring: every owner's keys, wrapped by a root key, in a database of its own.
//!
//! It is never part of an ordinary back-up, which is what makes an erasure hold: an old back-up of the data without
//! the keyring is noise. What must not go back in time lives here too: key states, sign-in [`identifiers`], the
//! erasure ledger, revocations.
//!
//! A process may use keys in memory for three seconds after it last read the epoch; then it drops them and says
//! [`KeyringError::Away`] until it can read again.

mod cache;
pub mod identifiers;
pub mod ledger;
pub mod root;
mod tables;

use std::path::PathBuf;
use std::sync::{Arc, RwLock};
use std::time::{Duration, Instant};

use diesel::{ExpressionMethods as _, OptionalExtension as _, QueryDsl as _, RunQueryDsl as _};

use self::cache::{Cache, Lease};
use self::root::{Provider, Root, RootKeys};
use self::tables::{epoch, instance, owner_keys, roots};
use crate::kernel::clock::Clock;
use crate::kernel::crypto::{KeyVersion, Owner, OwnerKey, OwnerKeys};
use crate::kernel::entropy::Entropy;
use crate::kernel::ids::{AnyId, InstanceId};
use crate::kernel::store::db::StoreFailure;
use crate::kernel::store::{Db, StoreError, Target, Tx};

/// A failure of the keyring.
#[derive(Debug, Clone, thiserror::Error)]
pub enum KeyringError {
    /// The keyring's database cannot be read: keys in memory may be used no longer.
    #[error("the keyring cannot be read")]
    Away,
    /// The owner's keys are destroyed, or never were.
    #[error("there is no key of this owner")]
    NoKey(Owner),
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

/// What a key version may be used for. The data's database mirrors it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum KeyState {
    /// Seals new values and opens.
    Active,
    /// Opens; whatever it sealed is being sealed anew.
    Closed,
    /// Opens restored data only.
    Retired,
    /// Gone: its bytes were overwritten.
    Destroyed,
}

impl KeyState {
    /// As the databases hold it.
    #[must_use]
    pub const fn code(self) -> i16 {
        match self {
            Self::Active => 1,
            Self::Closed => 2,
            Self::Retired => 3,
            Self::Destroyed => 4,
        }
    }
}

/// How many owners' keys a process holds at most.
const HELD: usize = 20_000;

/// How often the epoch is read while nothing asks for it.
const WATCH: Duration = Duration::from_secs(1);

/// The keyring of this process. Cheap to clone.
#[derive(Clone)]
pub struct Keyring(Arc<Inner>);

struct Inner {
    db: Db,
    clock: Clock,
    entropy: Entropy,
    instance: InstanceId,
    provider: Provider,
    roots: RwLock<RootKeys>,
    cache: Cache,
}

impl Keyring {
    /// Opens the keyring in `target`, whose schema is in place. At the very first start it makes the root key; never
    /// when wrapped keys are there already.
    ///
    /// # Errors
    /// The root key is missing, foreign or unusable, or the database is away.
    pub fn open(target: Target, provider: Provider, clock: Clock, entropy: Entropy) -> Result<Self, KeyringError> {
        let db = Db::open_keyring(target, clock.clone(), entropy.clone())?;
        let begun = db.read_here(None, |tx| -> Result<_, KeyringError> {
            let known: Vec<(i64, Vec<u8>)> = roots::table
                .select((roots::version, roots::proof))
                .order(roots::version)
                .load(tx.conn())
                .map_err(StoreError::from)?;
            Ok(known)
        })?;
        let keys = match (provider.load()?, begun.is_empty()) {
            (Some(keys), _) => keys,
            (None, true) => provider.make(&entropy)?,
            (None, false) => return Err(KeyringError::RootMissing(provider.path().to_owned())),
        };
        for (version, proof) in &begun {
            let root = keys.root(*version).ok_or_else(|| KeyringError::RootForeign(provider.path().to_owned()))?;
            root.proves(proof).map_err(|_| KeyringError::RootForeign(provider.path().to_owned()))?;
        }
        let first = keys.root(keys.newest()).ok_or(KeyringError::Defect("no root key"))?;
        let proof = first.proof(&entropy)?;
        let (name, version) = (provider.name(), first.version());
        let instance = db.write_blocking(Vec::new(), move |tx| begin(tx, name, version, &proof))?;
        let keyring = Self(Arc::new(Inner {
            db,
            clock,
            entropy,
            instance,
            provider,
            roots: RwLock::new(keys),
            cache: Cache::new(HELD),
        }));
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

    /// The keys of `owner`.
    ///
    /// # Errors
    /// [`KeyringError::NoKey`] when there are none, [`KeyringError::Away`] when that cannot be known now.
    pub fn keys(&self, owner: Owner) -> Result<Arc<OwnerKeys>, KeyringError> {
        if let Some(keys) = self.0.cache.find(owner) {
            return Ok(keys);
        }
        let epoch = match self.0.cache.lease() {
            Lease::Lasts(epoch) => epoch,
            Lease::RanOut => self.read_epoch()?,
        };
        let rows = self.0.db.read_here(None, |tx| stored(tx, owner)).map_err(away)?;
        let keys = Arc::new(self.unwrap(owner, &rows)?);
        self.0.cache.hold(&keys, epoch);
        Ok(keys)
    }

    /// Makes the first key of `owner`; where it has one already, that one is given.
    ///
    /// # Errors
    /// The keyring is away.
    pub async fn create(&self, owner: Owner) -> Result<Arc<OwnerKeys>, KeyringError> {
        self.0.db.write(Vec::new(), self.creation(owner)?).await?;
        self.keys(owner)
    }

    /// As [`Keyring::create`], for callers outside of an asynchronous runtime.
    ///
    /// # Errors
    /// The keyring is away.
    pub fn create_blocking(&self, owner: Owner) -> Result<Arc<OwnerKeys>, KeyringError> {
        self.0.db.write_blocking(Vec::new(), self.creation(owner)?)?;
        self.keys(owner)
    }

    fn creation(
        &self,
        owner: Owner,
    ) -> Result<impl FnMut(&mut Tx<'_>) -> Result<(), KeyringError> + Send + use<>, KeyringError> {
        let root = self.current_root()?;
        let wrapped = root.wrap(owner, KeyVersion::FIRST, &OwnerKey::random(&self.0.entropy), &self.0.entropy)?;
        let version = root.version();
        Ok(move |tx: &mut Tx<'_>| {
            if !stored(tx, owner)?.is_empty() {
                return Ok(());
            }
            diesel::insert_into(owner_keys::table)
                .values((
                    owner_keys::owner_kind.eq(owner.kind()),
                    owner_keys::owner_id.eq(AnyId::from_bytes(owner.id_bytes())),
                    owner_keys::version.eq(KeyVersion::FIRST),
                    owner_keys::state.eq(KeyState::Active.code()),
                    owner_keys::root_version.eq(version),
                    owner_keys::wrapped.eq(&wrapped),
                    owner_keys::created_at.eq(tx.now()),
                ))
                .execute(tx.conn())
                .map_err(StoreError::from)?;
            Ok(())
        })
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
                let id = AnyId::from_bytes(owner.id_bytes());
                let mine = owner_keys::table
                    .filter(owner_keys::owner_kind.eq(owner.kind()))
                    .filter(owner_keys::owner_id.eq(id));
                diesel::update(mine)
                    .set(owner_keys::wrapped.eq(Some(vec![0u8; 73])))
                    .execute(tx.conn())
                    .map_err(StoreError::from)?;
                diesel::delete(mine).execute(tx.conn()).map_err(StoreError::from)?;
                move_epoch(tx)
            })
            .await?;
        self.0.cache.evict(owner);
        Ok(())
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

    /// The root versions and how many owner keys each wraps, for `seif keys status`.
    ///
    /// # Errors
    /// The keyring is away.
    pub fn status(&self) -> Result<Status, KeyringError> {
        let status = self.0.db.read_here(None, |tx| -> Result<Status, StoreError> {
            let roots: Vec<(i64, String, bool, crate::kernel::clock::Time)> = roots::table
                .select((roots::version, roots::provider, roots::is_current, roots::created_at))
                .order(roots::version)
                .load(tx.conn())?;
            let by_root: Vec<(i64, i64)> = owner_keys::table
                .group_by(owner_keys::root_version)
                .select((owner_keys::root_version, diesel::dsl::count_star()))
                .order(owner_keys::root_version)
                .load(tx.conn())?;
            let owners: i64 =
                owner_keys::table.filter(owner_keys::version.eq(KeyVersion::FIRST)).count().get_result(tx.conn())?;
            Ok(Status { roots, by_root, owners })
        })?;
        Ok(status)
    }

    /// Whether the keyring can be read now.
    ///
    /// # Errors
    /// [`KeyringError::Away`].
    pub fn ready(&self) -> Result<(), KeyringError> {
        self.read_epoch().map(drop)
    }

    fn current_root(&self) -> Result<Root, KeyringError> {
        let roots = self.0.roots.read().map_err(|_| KeyringError::Defect("a panic while root keys changed"))?;
        roots.root(roots.newest()).ok_or(KeyringError::Defect("no root key"))
    }

    fn unwrap(&self, owner: Owner, rows: &[StoredKey]) -> Result<OwnerKeys, KeyringError> {
        let roots = self.0.roots.read().map_err(|_| KeyringError::Defect("a panic while root keys changed"))?;
        let mut versions = Vec::new();
        let mut current = None;
        for (version, state, root_version, wrapped) in rows {
            let Some(wrapped) = wrapped else { continue };
            let root = roots.root(*root_version).ok_or(KeyringError::Unwrap(owner))?;
            versions.push((*version, root.unwrap(owner, *version, wrapped).map_err(|_| KeyringError::Unwrap(owner))?));
            if *state == KeyState::Active.code() {
                current = Some(*version);
            }
        }
        let current = current.ok_or(KeyringError::NoKey(owner))?;
        OwnerKeys::new(owner, versions, current).ok_or(KeyringError::NoKey(owner))
    }

    fn read_epoch(&self) -> Result<i64, KeyringError> {
        let at = Instant::now();
        let value = self
            .0
            .db
            .read_here(None, |tx| {
                epoch::table.find(1).select(epoch::value).get_result::<i64>(tx.conn()).map_err(StoreError::from)
            })
            .map_err(|_| KeyringError::Away)?;
        self.0.cache.renew(value, at);
        Ok(value)
    }

    /// Reads the epoch again and again until the keyring is dropped.
    fn watch(&self) -> Result<(), KeyringError> {
        let inner = Arc::downgrade(&self.0);
        let watch = move || {
            loop {
                std::thread::sleep(WATCH);
                let Some(inner) = inner.upgrade() else { return };
                if Self(inner).read_epoch().is_err() {
                    tracing::warn!("the keyring cannot be read");
                }
            }
        };
        std::thread::Builder::new()
            .name("seif-epoch".to_owned())
            .spawn(watch)
            .map(drop)
            .map_err(|_| KeyringError::Defect("no thread"))
    }

    /// The provider's name.
    #[must_use]
    pub fn provider(&self) -> &'static str {
        self.0.provider.name()
    }

    /// The clock that the keyring lives by.
    #[must_use]
    pub fn clock(&self) -> &Clock {
        &self.0.clock
    }
}

/// The state of the keyring: `roots` as (version, provider, current, made at), `by_root` as (root version, owner keys).
#[derive(Debug)]
pub struct Status {
    /// Every root version.
    pub roots: Vec<(i64, String, bool, crate::kernel::clock::Time)>,
    /// How many owner keys each root version wraps.
    pub by_root: Vec<(i64, i64)>,
    /// How many owners have a key.
    pub owners: i64,
}

type StoredKey = (KeyVersion, i16, i64, Option<Vec<u8>>);

fn stored(tx: &mut Tx<'_>, owner: Owner) -> Result<Vec<StoredKey>, KeyringError> {
    let rows = owner_keys::table
        .filter(owner_keys::owner_kind.eq(owner.kind()))
        .filter(owner_keys::owner_id.eq(AnyId::from_bytes(owner.id_bytes())))
        .select((owner_keys::version, owner_keys::state, owner_keys::root_version, owner_keys::wrapped))
        .order(owner_keys::version)
        .load(tx.conn())
        .map_err(StoreError::from)?;
    Ok(rows)
}

/// Writes down the root key and the installation's id at the first start; gives the id.
fn begin(tx: &mut Tx<'_>, provider: &str, version: i64, proof: &[u8]) -> Result<InstanceId, KeyringError> {
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
    diesel::insert_into(roots::table)
        .values((
            roots::version.eq(version),
            roots::provider.eq(provider),
            roots::is_current.eq(true),
            roots::created_at.eq(tx.now()),
            roots::proof.eq(proof),
        ))
        .execute(tx.conn())
        .map_err(StoreError::from)?;
    Ok(id)
}

/// Tells every process that keys or their states changed.
fn move_epoch(tx: &mut Tx<'_>) -> Result<(), KeyringError> {
    diesel::update(epoch::table.find(1))
        .set(epoch::value.eq(epoch::value + 1))
        .execute(tx.conn())
        .map_err(StoreError::from)?;
    Ok(())
}

fn away(error: KeyringError) -> KeyringError {
    match error {
        KeyringError::Store(StoreError::Unavailable | StoreError::Busy | StoreError::Again) => KeyringError::Away,
        other => other,
    }
}
