//! Root keys turn over: a new root version, every owner's key wrapped by it, and the old one destroyed.
//!
//! Each step is a transaction of its own and is found again after a kill at any of them, by whoever runs the command
//! next, on any node: the version is planned (the keyring's database knows of it before its provider does), made,
//! current from one moment on, and then takes over the others' keys in small batches. While two versions are live, both
//! unwrap. No key is replaced before the one that replaces it was seen to open.

use std::collections::HashSet;
use std::ops::ControlFlow;
use std::time::{Duration, Instant};

use diesel::{ExpressionMethods as _, OptionalExtension as _, QueryDsl as _, RunQueryDsl as _};

use super::rekeys::Pause;
use super::root::{Item, Root, Source, owner_key};
use super::roots::{self, Roots, Row};
use super::tables::{owner_keys, root_events, roots as root_rows};
use super::{KeyState, Keyring, KeyringError, RootState, hold, log, move_epoch};
use crate::kernel::clock::Time;
use crate::kernel::crypto::{KeyVersion, Owner, Unreadable};
use crate::kernel::entropy::Entropy;
use crate::kernel::fault::{self, Point};
use crate::kernel::ids::AnyId;
use crate::kernel::operators::OperatorAct;
use crate::kernel::operators::deeds::{DestroyRoot, PrepareRoot, RotateRoot};
use crate::kernel::personal::Comparison;
use crate::kernel::store::{Conn, Db, StoreError, Tx};
use crate::kernel::transparency::Leaf;

/// How many owner keys one transaction wraps anew.
const BATCH: i64 = 64;

/// How many keys that do not open are passed over before a rotation gives up.
const UNOPENABLE: usize = 1_000;

/// Who turned a root key over when no person did.
const SERVICE: &str = "service";

/// What was done to a root version.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub enum RootEvent {
    /// It became the one that wraps.
    Current,
    /// Keys of older versions were wrapped by it, so many.
    Rewrapped,
    /// It was to be destroyed.
    Destroying,
    /// Its key was gone.
    Destroyed,
    /// It was to wait with the keys that it had not taken over yet.
    Held,
    /// It went on with them.
    GoesOn,
}

impl RootEvent {
    const ALL: [Self; 6] =
        [Self::Current, Self::Rewrapped, Self::Destroying, Self::Destroyed, Self::Held, Self::GoesOn];

    const fn code(self) -> i16 {
        match self {
            Self::Current => 1,
            Self::Rewrapped => 2,
            Self::Destroying => 3,
            Self::Destroyed => 4,
            Self::Held => 5,
            Self::GoesOn => 6,
        }
    }
}

/// One line of the root keys' own history.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Recorded {
    /// When.
    pub at: Time,
    /// Which root version.
    pub version: i64,
    /// What.
    pub event: RootEvent,
    /// To how many owner keys.
    pub keys: i64,
    /// By whom: `local:UID` for the machine's own command line, or `service`.
    pub actor: String,
}

/// A root version, for `seif keys status`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RootVersion {
    /// Counted from 1.
    pub version: i64,
    /// Who keeps it.
    pub provider: String,
    /// Whether it wraps what is made now.
    pub current: bool,
    /// Since when.
    pub created_at: Time,
}

/// The state of the keyring.
#[derive(Debug)]
pub struct Status {
    /// Every root version that is not destroyed.
    pub roots: Vec<RootVersion>,
    /// How many owner keys each root version wraps.
    pub by_root: Vec<(i64, i64)>,
    /// How many owners have a key.
    pub owners: i64,
    /// How many keys of tenants and accounts are in each state.
    pub by_state: Vec<(KeyState, i64)>,
    /// What was done to the root keys, oldest first.
    pub history: Vec<Recorded>,
    /// Whether the current version waits for the word to go on.
    pub root: Pause,
    /// The version that is prepared and wraps nothing yet, where there is one.
    pub prepared: Option<i64>,
}

impl Status {
    /// Whether the current root version has not taken over every owner's key yet.
    #[must_use]
    pub fn is_under_way(&self) -> bool {
        let current = self.roots.iter().find(|root| root.current).map(|root| root.version);
        self.by_root.iter().any(|(version, keys)| *keys > 0 && Some(*version) != current)
    }
}

/// How far a rotation is.
#[derive(Debug, Clone, Copy)]
pub struct Progress {
    /// Owner keys wrapped anew by this run.
    pub done: u64,
    /// Owner keys that it found to be wrapped by others.
    pub all: u64,
    /// For how long it has been wrapping.
    pub elapsed: Duration,
}

/// How fast owner keys are wrapped anew.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Pace {
    /// At most so many a second.
    pub keys_per_second: u32,
}

/// What came of a rotation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rotated {
    /// The root version that wraps now.
    pub version: i64,
    /// Who keeps it.
    pub provider: String,
    /// Whether an earlier, interrupted rotation was gone on with.
    pub resumed: bool,
    /// How many owner keys this run wrapped anew.
    pub rewrapped: u64,
    /// How many do not open, and stay under their old version.
    pub unopenable: u64,
    /// Whether it waits for the word to go on.
    pub paused: Pause,
}

/// What one process wrapped anew.
#[derive(Debug, Clone, Copy)]
struct Rewrapped {
    done: u64,
    unopenable: u64,
    paused: Pause,
}

/// An owner key's row: whose, which version, and as the old root wrapped it.
type Wrapped = (i16, AnyId, KeyVersion, Vec<u8>);

impl Keyring {
    /// The root versions and how many owner keys each wraps.
    ///
    /// # Errors
    /// The keyring is away.
    pub fn status(&self) -> Result<Status, KeyringError> {
        self.db().read_here(None, |tx| {
            let shown = |row: &Row| row.state == RootState::Live.code() || row.state == RootState::Destroying.code();
            let rows = roots::all(tx)?;
            let prepared = rows.iter().find(|row| row.state == RootState::Planned.code()).map(|row| row.version);
            let current = rows.iter().find(|row| row.is_current).map_or(0, |row| row.version);
            let root = hold::standing(tx, current)?.paused;
            let roots = rows.into_iter().filter(shown).map(|row| RootVersion {
                version: row.version,
                provider: row.provider,
                current: row.is_current,
                created_at: row.created_at,
            });
            let by_root = owner_keys::table
                .filter(owner_keys::wrapped.is_not_null())
                .group_by(owner_keys::root_version)
                .select((owner_keys::root_version, diesel::dsl::count_star()))
                .order(owner_keys::root_version)
                .load(tx.conn())
                .map_err(StoreError::from)?;
            // Each owner has one that is active.
            let owners = owner_keys::table.filter(owner_keys::state.eq(KeyState::Active.code()));
            let owners = owners.count().get_result(tx.conn()).map_err(StoreError::from)?;
            let by_state: Vec<(i16, i64)> = owner_keys::table
                .filter(owner_keys::owner_kind.le(2))
                .group_by(owner_keys::state)
                .select((owner_keys::state, diesel::dsl::count_star()))
                .order(owner_keys::state)
                .load(tx.conn())
                .map_err(StoreError::from)?;
            let known = by_state.into_iter().filter_map(|(state, keys)| Some((KeyState::from_code(state)?, keys)));
            Ok(Status {
                roots: roots.collect(),
                by_root,
                owners,
                by_state: known.collect(),
                history: history(tx)?,
                root,
                prepared,
            })
        })
    }

    /// Turns the root key over: makes a new version at the configured provider and wraps every owner key by it, beside a
    /// running service. Where an earlier run was interrupted, this one goes on with it; where it waits for the word to go
    /// on, this one leaves it so. On the calling thread, for as long as it takes; `report` is told how far it is and may
    /// break off. Whoever goes on after this process keeps to `pace`.
    ///
    /// # Errors
    /// The keyring or a provider is away: what was done stays done, and the next run goes on from there.
    pub fn rotate_root(
        &self,
        act: &OperatorAct<RotateRoot>,
        pace: Pace,
        mut report: impl FnMut(Progress) -> ControlFlow<()>,
    ) -> Result<Rotated, KeyringError> {
        let actor = &act.by().to_string();
        let maker = self.0.roots.maker()?;
        let rows = self.db().read_here(None, roots::all)?;
        let in_use = self.db().read_here(None, roots::in_use)?;
        let is_unfinished = rows.iter().any(|row| {
            row.is_current && row.provider == maker.name() && in_use.iter().any(|version| *version != row.version)
        });
        let mut resumed = is_unfinished;
        if !is_unfinished {
            resumed = rows.iter().any(|row| row.state == RootState::Planned.code() && row.provider == maker.name());
            turn_over(self.db(), &self.0.roots, &self.0.entropy, actor)?;
        }
        self.db().write_blocking(Vec::new(), move |tx| hold::keep_pace(tx, pace))?;
        let (root, done) = loop {
            self.read_epoch()?;
            self.look_for_roots()?;
            let root = self.current_root()?;
            fault::reach(Point::RootCurrent);
            match self.rewrap(&root, actor, pace, &mut report) {
                // Somebody else turned it over once more: what is left goes under that one.
                Err(KeyringError::RootMoved) => {}
                done => break done.map(|done| (root, done))?,
            }
        };
        let provider = self.db().read_here(None, roots::all)?.into_iter().find(|row| row.version == root.version());
        let provider = provider.map(|row| row.provider).unwrap_or_default();
        let Rewrapped { done: rewrapped, unopenable, paused } = done;
        Ok(Rotated { version: root.version(), provider, resumed, rewrapped, unopenable, paused })
    }

    /// Makes the next root version and lets it wrap nothing yet, so that a key file can be copied to other nodes first;
    /// gives its number. The next rotation goes on from there.
    ///
    /// # Errors
    /// The keyring or the provider is away.
    pub fn prepare_root(&self, _act: &OperatorAct<PrepareRoot>) -> Result<i64, KeyringError> {
        let maker = self.0.roots.maker()?;
        let planned = plan(self.db(), maker, &self.0.entropy)?;
        maker.make(planned.version, &planned.handle, &self.0.entropy)?;
        Ok(planned.version)
    }

    /// Goes on with a rotation that was interrupted and does not wait for the word to, for the service itself; gives how
    /// many owner keys it wrapped anew. At `pace`, unless whoever began it wants another. On the calling thread.
    ///
    /// # Errors
    /// As [`Keyring::rotate_root`].
    pub fn finish_rotation(&self, pace: Pace) -> Result<u64, KeyringError> {
        let in_use = self.db().read_here(None, roots::in_use)?;
        let root = self.current_root()?;
        if in_use.iter().all(|version| *version == root.version()) {
            return Ok(0);
        }
        Ok(self.rewrap(&root, SERVICE, pace, |_| ControlFlow::Continue(()))?.done)
    }

    /// Whether a root version could be destroyed now, so that none is proposed that cannot be.
    ///
    /// # Errors
    /// It is the current one, it still wraps keys, or there is none.
    pub fn demand_idle_root(&self, version: i64) -> Result<(), KeyringError> {
        self.db().read_here(None, |tx| idle(tx, version)).map(drop)
    }

    /// Destroys the root version that the act names for good: at its provider, then here.
    ///
    /// # Errors
    /// It is the current one, it still wraps keys, there is none, or its provider is away or not configured; then
    /// running it again goes on.
    pub fn destroy_root(&self, act: &OperatorAct<DestroyRoot>) -> Result<(), KeyringError> {
        let version = act.deed().version;
        let by = act.by().to_string();
        let row = self.db().write_blocking(Vec::new(), move |tx| condemn(tx, version, &by))?;
        fault::reach(Point::RootDestroying);
        let sources: Vec<&Source> = self.0.roots.named(&row.provider).collect();
        if sources.is_empty() {
            return Err(KeyringError::RootNotConfigured(version, row.provider.clone()));
        }
        for source in sources {
            source.destroy(version, &row.handle, &self.0.entropy)?;
        }
        fault::reach(Point::RootGone);
        let by = act.by().to_string();
        self.db().write_blocking(Vec::new(), move |tx| {
            let gone = root_rows::table.find(version).filter(root_rows::state.eq(RootState::Destroying.code()));
            let set = (root_rows::state.eq(RootState::Destroyed.code()), root_rows::proof.eq(Vec::new()));
            if diesel::update(gone).set(set).execute(tx.conn()).map_err(StoreError::from)? == 1 {
                record(tx, version, RootEvent::Destroyed, 0, &by)?;
                log::append(tx, &Leaf::RootDestroyed { version, at: tx.now().rfc3339() })?;
            }
            Ok::<_, KeyringError>(())
        })?;
        self.look_for_roots()
    }

    /// Wraps by `root` what others wrap; gives how many, and how many do not open.
    fn rewrap(
        &self,
        root: &Root,
        actor: &str,
        pace: Pace,
        mut report: impl FnMut(Progress) -> ControlFlow<()>,
    ) -> Result<Rewrapped, KeyringError> {
        let since = Instant::now();
        let all = self.db().read_here(None, |tx| others(tx, root.version()))?;
        let mut progress = Progress { done: 0, all, elapsed: Duration::ZERO };
        let (mut unopenable, version) = (HashSet::new(), root.version());
        let mut paused = Pause::Runs;
        'versions: loop {
            let old = self.db().read_here(None, roots::in_use)?;
            let mut is_idle = true;
            for old in old.into_iter().filter(|old| *old != root.version()) {
                loop {
                    let begun = Instant::now();
                    let (standing, batch) = self.db().read_here(None, |tx| {
                        let standing = hold::standing(tx, version)?;
                        Ok::<_, KeyringError>((standing, wrapped_by(tx, old, &unopenable)?))
                    })?;
                    if batch.is_empty() {
                        break;
                    }
                    is_idle = false;
                    paused = standing.paused;
                    if paused == Pause::Waits {
                        break 'versions;
                    }
                    let size = u32::try_from(batch.len()).unwrap_or(u32::MAX);
                    progress.done += self.rewrap_batch(old, root, batch, &mut unopenable)?;
                    progress.elapsed = since.elapsed();
                    fault::reach(Point::RootBatch);
                    if report(progress).is_break() {
                        break 'versions;
                    }
                    // Two thirds of the time are left to those who serve.
                    let pace = standing.pace.unwrap_or(pace);
                    let least = Duration::from_secs(1).saturating_mul(size) / pace.keys_per_second.max(1);
                    std::thread::sleep((begun.elapsed() * 2).max(least.saturating_sub(begun.elapsed())));
                }
            }
            if is_idle {
                break;
            }
        }
        fault::reach(Point::RootRewrapped);
        if progress.done > 0 {
            let (by, keys) = (actor.to_owned(), i64::try_from(progress.done).unwrap_or(i64::MAX));
            self.db().write_blocking(Vec::new(), move |tx| record(tx, version, RootEvent::Rewrapped, keys, &by))?;
        }
        let unopenable = u64::try_from(unopenable.len()).unwrap_or(u64::MAX);
        Ok(Rewrapped { done: progress.done, unopenable, paused })
    }

    fn rewrap_batch(
        &self,
        old_version: i64,
        root: &Root,
        batch: Vec<Wrapped>,
        unopenable: &mut HashSet<(i16, AnyId, KeyVersion)>,
    ) -> Result<u64, KeyringError> {
        let old = self.0.roots.get(old_version).ok_or_else(|| self.why_unknown(old_version))?;
        let owners = batch.iter().map(|(kind, id, ..)| Owner::decode(*kind, *id.as_bytes()));
        let owners: Vec<Owner> =
            owners.collect::<Result<_, _>>().map_err(|_| KeyringError::Defect("an owner of no kind"))?;
        let bound = |root: &Root, bytes: &[u8], n: usize| {
            let (owner, row) = owners.get(n).zip(batch.get(n)).ok_or(KeyringError::Defect("a batch of two lengths"))?;
            Ok::<_, KeyringError>(Item::new(root.context(*owner, row.2), bytes))
        };
        let sealed = batch.iter().enumerate().map(|(n, row)| bound(&old, &row.3, n)).collect::<Result<Vec<_>, _>>()?;
        let opened = old.unwrap(sealed).wait_blocking()?;
        let mut keys = Vec::new();
        for (n, (row, opened)) in batch.iter().zip(&opened).enumerate() {
            match owner_key(opened) {
                Ok(key) => keys.push((n, key)),
                Err(Unreadable) => {
                    tracing::error!(root = old_version, "an owner key does not unwrap");
                    unopenable.insert((row.0, row.1, row.2));
                }
            }
        }
        if unopenable.len() > UNOPENABLE {
            return Err(KeyringError::Defect("too many owner keys do not unwrap"));
        }
        let plain = keys.iter().map(|(n, key)| bound(root, key.reveal(), *n)).collect::<Result<Vec<_>, _>>()?;
        let wrapped = root.wrap(plain, &self.0.entropy).wait_blocking()?;
        let again = keys.iter().zip(&wrapped).map(|((n, _), wrapped)| bound(root, wrapped, *n));
        let again = root.unwrap(again.collect::<Result<Vec<_>, _>>()?).wait_blocking()?;
        for ((_, key), again) in keys.iter().zip(&again) {
            let is_same = owner_key(again).is_ok_and(|again| again.same_as(key) == Comparison::Same);
            if !is_same {
                return Err(KeyringError::Defect("a key that was just wrapped does not open"));
            }
        }
        let places: Vec<usize> = keys.iter().map(|(n, _)| *n).collect();
        let rows: Vec<(Wrapped, Vec<u8>)> = places.iter().filter_map(|n| batch.get(*n).cloned()).zip(wrapped).collect();
        let version = root.version();
        self.db().write_blocking(Vec::new(), move |tx| replace(tx, old_version, version, &rows))
    }

    fn why_unknown(&self, version: i64) -> KeyringError {
        let row = self.db().read_here(None, roots::all).ok().into_iter().flatten().find(|row| row.version == version);
        match row {
            Some(row) if self.0.roots.named(&row.provider).next().is_none() => {
                KeyringError::RootNotConfigured(version, row.provider)
            }
            _ => KeyringError::RootUnknown(version),
        }
    }
}

/// Makes the first root version of an installation.
///
/// # Errors
/// The provider is away, or the keyring.
pub(super) fn first(db: &Db, roots: &Roots, entropy: &Entropy) -> Result<(), KeyringError> {
    turn_over(db, roots, entropy, SERVICE)
}

/// A new version: planned, made, current. Goes on with one that is planned.
fn turn_over(db: &Db, roots: &Roots, entropy: &Entropy, actor: &str) -> Result<(), KeyringError> {
    let maker = roots.maker()?;
    let planned = plan(db, maker, entropy)?;
    fault::reach(Point::RootPlanned);
    let root = maker.make(planned.version, &planned.handle, entropy)?;
    let proof = root.proof(entropy)?;
    fault::reach(Point::RootMade);
    let actor = actor.to_owned();
    db.write_blocking(Vec::new(), move |tx| enact(tx, planned.version, &proof, &actor))
}

struct Planned {
    version: i64,
    handle: String,
}

fn plan(db: &Db, maker: &Source, entropy: &Entropy) -> Result<Planned, KeyringError> {
    let name = maker.name();
    for _ in 0..4 {
        let newest = db.read_here(None, roots::all)?.last().map_or(0, |row| row.version);
        let handle = maker.handle(newest + 1, entropy);
        let planned = db.write_blocking(Vec::new(), move |tx| {
            let rows = roots::all(tx)?;
            if let Some(row) = rows.iter().find(|row| row.state == RootState::Planned.code()) {
                if row.provider == name {
                    return Ok(Some(Planned { version: row.version, handle: row.handle.clone() }));
                }
                // Another provider is configured since; nothing was ever wrapped by it.
                diesel::delete(root_rows::table.find(row.version)).execute(tx.conn()).map_err(StoreError::from)?;
            }
            if rows.last().map_or(0, |row| row.version) != newest {
                return Ok(None);
            }
            diesel::insert_into(root_rows::table)
                .values((
                    root_rows::version.eq(newest + 1),
                    root_rows::provider.eq(name),
                    root_rows::is_current.eq(false),
                    root_rows::created_at.eq(tx.now()),
                    root_rows::proof.eq(Vec::new()),
                    root_rows::state.eq(RootState::Planned.code()),
                    root_rows::handle.eq(&handle),
                ))
                .execute(tx.conn())
                .map_err(StoreError::from)?;
            Ok::<_, KeyringError>(Some(Planned { version: newest + 1, handle: handle.clone() }))
        });
        match planned {
            Ok(Some(planned)) => return Ok(planned),
            // Somebody else planned at the same moment.
            Ok(None) | Err(KeyringError::Store(StoreError::Taken)) => {}
            Err(error) => return Err(error),
        }
    }
    Err(KeyringError::Store(StoreError::Busy))
}

/// From here on the version wraps what is made; when somebody else enacted it, all is well.
fn enact(tx: &mut Tx<'_>, version: i64, proof: &[u8], actor: &str) -> Result<(), KeyringError> {
    let planned = root_rows::table.find(version).filter(root_rows::state.eq(RootState::Planned.code()));
    let is_planned: Option<i64> =
        planned.select(root_rows::version).get_result(tx.conn()).optional().map_err(StoreError::from)?;
    if is_planned.is_none() {
        return Ok(());
    }
    diesel::update(root_rows::table.filter(root_rows::is_current.eq(true)))
        .set(root_rows::is_current.eq(false))
        .execute(tx.conn())
        .map_err(StoreError::from)?;
    diesel::update(root_rows::table.find(version))
        .set((
            root_rows::is_current.eq(true),
            root_rows::proof.eq(proof),
            root_rows::state.eq(RootState::Live.code()),
            root_rows::created_at.eq(tx.now()),
        ))
        .execute(tx.conn())
        .map_err(StoreError::from)?;
    record(tx, version, RootEvent::Current, 0, actor)?;
    log::append(tx, &Leaf::RootCurrent { version, at: tx.now().rfc3339() })?;
    move_epoch(tx, None)
}

/// Marks a version as to be destroyed, unless something needs it.
fn condemn(tx: &mut Tx<'_>, version: i64, actor: &str) -> Result<Row, KeyringError> {
    lock(tx, version)?;
    let row = idle(tx, version)?;
    if row.state != RootState::Destroying.code() {
        diesel::update(root_rows::table.find(version))
            .set(root_rows::state.eq(RootState::Destroying.code()))
            .execute(tx.conn())
            .map_err(StoreError::from)?;
        record(tx, version, RootEvent::Destroying, 0, actor)?;
        move_epoch(tx, None)?;
    }
    Ok(row)
}

/// The version, where it wraps nothing and is not the current one.
fn idle(tx: &mut Tx<'_>, version: i64) -> Result<Row, KeyringError> {
    let row = roots::all(tx)?.into_iter().find(|row| row.version == version).ok_or(KeyringError::NoRoot(version))?;
    if row.is_current {
        return Err(KeyringError::RootCurrent(version));
    }
    if row.state == RootState::Destroyed.code() {
        return Err(KeyringError::NoRoot(version));
    }
    let wrapped = owner_keys::table
        .filter(owner_keys::root_version.eq(version))
        .filter(owner_keys::wrapped.is_not_null())
        .count()
        .get_result::<i64>(tx.conn())
        .map_err(StoreError::from)?;
    if wrapped > 0 {
        return Err(KeyringError::RootInUse(version, wrapped));
    }
    Ok(row)
}

/// Refuses to wrap by a version that is current no more; it stays current until the transaction ends.
pub(super) fn demand_current(tx: &mut Tx<'_>, version: i64) -> Result<(), KeyringError> {
    let row = root_rows::table.find(version).select(root_rows::is_current);
    let is_current: Option<bool> = match tx.conn() {
        Conn::Sqlite(conn) => row.get_result(conn).optional(),
        Conn::Pg(conn) => row.for_share().get_result(conn).optional(),
    }
    .map_err(StoreError::from)?;
    if is_current == Some(true) { Ok(()) } else { Err(KeyringError::RootMoved) }
}

/// Keeps others from wrapping by a version until the transaction ends.
fn lock(tx: &mut Tx<'_>, version: i64) -> Result<(), KeyringError> {
    let row = root_rows::table.find(version).select(root_rows::version);
    let found: Result<Option<i64>, _> = match tx.conn() {
        Conn::Sqlite(conn) => row.get_result(conn).optional(),
        Conn::Pg(conn) => row.for_update().get_result(conn).optional(),
    };
    found.map(drop).map_err(|error| StoreError::from(error).into())
}

/// How many keys others than `version` wrap.
pub(super) fn others(tx: &mut Tx<'_>, version: i64) -> Result<u64, KeyringError> {
    let count: i64 = owner_keys::table
        .filter(owner_keys::root_version.ne(version))
        .filter(owner_keys::wrapped.is_not_null())
        .count()
        .get_result(tx.conn())
        .map_err(StoreError::from)?;
    Ok(u64::try_from(count).unwrap_or_default())
}

/// The next keys that `version` wraps, without those that do not open.
fn wrapped_by(
    tx: &mut Tx<'_>,
    version: i64,
    unopenable: &HashSet<(i16, AnyId, KeyVersion)>,
) -> Result<Vec<Wrapped>, KeyringError> {
    let rows: Vec<(i16, AnyId, KeyVersion, Option<Vec<u8>>)> = owner_keys::table
        .filter(owner_keys::root_version.eq(version))
        .filter(owner_keys::wrapped.is_not_null())
        .select((owner_keys::owner_kind, owner_keys::owner_id, owner_keys::version, owner_keys::wrapped))
        .order((owner_keys::owner_kind, owner_keys::owner_id, owner_keys::version))
        .limit(BATCH + i64::try_from(unopenable.len()).unwrap_or_default())
        .load(tx.conn())
        .map_err(StoreError::from)?;
    let rows = rows.into_iter().filter(|row| !unopenable.contains(&(row.0, row.1, row.2)));
    Ok(rows.filter_map(|(kind, id, version, wrapped)| Some((kind, id, version, wrapped?))).collect())
}

/// Puts each key's new wrapping in place of the old one. One that changed or was destroyed meanwhile is left alone.
fn replace(tx: &mut Tx<'_>, old: i64, new: i64, rows: &[(Wrapped, Vec<u8>)]) -> Result<u64, KeyringError> {
    demand_current(tx, new)?;
    let mut replaced = 0;
    for ((kind, id, version, before), after) in rows {
        let row = owner_keys::table
            .find((*kind, *id, *version))
            .filter(owner_keys::root_version.eq(old))
            .filter(owner_keys::wrapped.eq(Some(before)));
        let set = (owner_keys::root_version.eq(new), owner_keys::wrapped.eq(Some(after)));
        replaced += diesel::update(row).set(set).execute(tx.conn()).map_err(StoreError::from)?;
    }
    Ok(u64::try_from(replaced).unwrap_or_default())
}

pub(super) fn record(
    tx: &mut Tx<'_>,
    version: i64,
    event: RootEvent,
    keys: i64,
    actor: &str,
) -> Result<(), KeyringError> {
    let mut id = [0; 16];
    tx.entropy().fill(&mut id);
    diesel::insert_into(root_events::table)
        .values((
            root_events::id.eq(AnyId::from_bytes(id)),
            root_events::version.eq(version),
            root_events::kind.eq(event.code()),
            root_events::keys.eq(keys),
            root_events::actor.eq(actor),
            root_events::at.eq(tx.now()),
        ))
        .execute(tx.conn())
        .map_err(StoreError::from)?;
    Ok(())
}

fn history(tx: &mut Tx<'_>) -> Result<Vec<Recorded>, KeyringError> {
    let rows: Vec<(Time, i64, i16, i64, String)> = root_events::table
        .select((root_events::at, root_events::version, root_events::kind, root_events::keys, root_events::actor))
        .order((root_events::at, root_events::version, root_events::kind))
        .load(tx.conn())
        .map_err(StoreError::from)?;
    let recorded = |(at, version, kind, keys, actor): (Time, i64, i16, i64, String)| {
        let event = RootEvent::ALL.into_iter().find(|event| event.code() == kind)?;
        Some(Recorded { at, version, event, keys, actor })
    };
    Ok(rows.into_iter().filter_map(recorded).collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kernel::clock::Clock;
    use crate::kernel::ids::AccountId;
    use crate::kernel::keyring::root::Provider;
    use crate::kernel::operators::{Ledger, Operator, TwoPersons};
    use crate::kernel::store::Target;
    use crate::kernel::store::migrate::{Schema, migrate};

    const PACE: Pace = Pace { keys_per_second: 1_000_000 };

    fn keyring(folder: &std::path::Path) -> Keyring {
        let target = Target::Sqlite(folder.join("keyring.db"));
        migrate(&mut Conn::open(&target).unwrap(), Schema::Keyring).unwrap();
        Keyring::open(target, Provider::File(folder.join("root.key")), Clock::system(), Entropy::system()).unwrap()
    }

    fn owners(keyring: &Keyring, many: usize) {
        for _ in 0..many {
            let owner = Owner::Account(AccountId::new(Clock::system().now(), &Entropy::system()));
            keyring.create_blocking(owner).unwrap();
        }
    }

    fn go_on(_: Progress) -> ControlFlow<()> {
        ControlFlow::Continue(())
    }

    fn rotate(keyring: &Keyring, report: fn(Progress) -> ControlFlow<()>) -> Rotated {
        let turn = |act: &OperatorAct<RotateRoot>| keyring.rotate_root(act, PACE, report);
        Ledger::of(keyring).operate_blocking(Operator::Local(0), RotateRoot, turn).unwrap().unwrap()
    }

    fn destroy(keyring: &Keyring, version: i64) -> Result<(), KeyringError> {
        let gone = |act: &OperatorAct<DestroyRoot>| keyring.destroy_root(act);
        let deed = DestroyRoot { version };
        let asked = Ledger::of(keyring).operate_by_two_blocking(Operator::Local(0), TwoPersons::Auto, deed, gone);
        asked.unwrap().done().unwrap()
    }

    #[test]
    fn a_version_that_wraps_anything_is_not_destroyed_and_neither_is_the_current_one() {
        let folder = tempfile::tempdir().unwrap();
        let keyring = keyring(folder.path());
        owners(&keyring, 100);
        rotate(&keyring, |_| ControlFlow::Break(()));
        assert!(matches!(destroy(&keyring, 1), Err(KeyringError::RootInUse(1, 36))));
        assert!(matches!(destroy(&keyring, 2), Err(KeyringError::RootCurrent(2))));
        assert_eq!(keyring.finish_rotation(PACE).unwrap(), 36);
        assert_eq!(keyring.finish_rotation(PACE).unwrap(), 0);
        destroy(&keyring, 1).unwrap();
        assert!(matches!(destroy(&keyring, 1), Err(KeyringError::NoRoot(1))));
        let events: Vec<_> = keyring.status().unwrap().history.iter().map(|line| (line.version, line.event)).collect();
        for expected in [(1, RootEvent::Current), (2, RootEvent::Current), (1, RootEvent::Destroyed)] {
            assert!(events.contains(&expected), "{events:?}");
        }
    }

    #[test]
    fn a_key_that_does_not_open_is_left_where_it_is_and_stops_no_other() {
        let folder = tempfile::tempdir().unwrap();
        let keyring = keyring(folder.path());
        owners(&keyring, 70);
        let (owner, ..) = keyring.owners().unwrap()[3];
        keyring
            .db()
            .write_blocking(Vec::new(), move |tx| {
                let mine = owner_keys::table.filter(owner_keys::owner_id.eq(AnyId::from_bytes(owner.id_bytes())));
                let damaged = diesel::update(mine).set(owner_keys::wrapped.eq(Some(vec![1u8; 73])));
                damaged.execute(tx.conn()).map_err(StoreError::from)?;
                Ok::<_, KeyringError>(())
            })
            .unwrap();
        let rotated = rotate(&keyring, go_on);
        assert_eq!((rotated.rewrapped, rotated.unopenable), (69, 1));
        assert_eq!(keyring.status().unwrap().by_root, [(1, 1), (2, 69)]);
        assert!(matches!(destroy(&keyring, 1), Err(KeyringError::RootInUse(1, 1))));
    }

    #[test]
    fn of_two_rotations_at_once_both_end_under_one_version() {
        let folder = tempfile::tempdir().unwrap();
        let [one, two] = [keyring(folder.path()), keyring(folder.path())];
        owners(&one, 200);
        std::thread::scope(|scope| {
            let other = scope.spawn(|| rotate(&two, go_on));
            rotate(&one, go_on);
            other.join().unwrap();
        });
        let status = one.status().unwrap();
        let current = status.roots.iter().find(|root| root.current).unwrap().version;
        assert_eq!(status.by_root, [(current, 200)]);
        for (owner, ..) in two.owners().unwrap() {
            two.reach_blocking(owner).unwrap();
        }
    }
}
