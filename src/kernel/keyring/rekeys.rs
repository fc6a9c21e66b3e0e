//! Owners' keys that turn over, from the making of a version to the destruction of the one before it; where no restore of
//! the data can roll them back.
//!
//! A row goes through the [`Stage`]s in order and never back, but for one: a retired version under which a restore
//! brought data back is opened again. Each step changes the states of the keys in the same transaction. Whoever works on
//! one holds it for a while, so that of several processes one does. What is done in between is told in
//! [`crate::kernel::rekey`].

use std::collections::{BTreeMap, HashMap};
use std::num::NonZeroU32;
use std::time::Duration;

use diesel::{
    BoolExpressionMethods as _, ExpressionMethods as _, OptionalExtension as _, QueryDsl as _, RunQueryDsl as _,
};
use serde::{Deserialize, Serialize};

use super::root::Item;
use super::tables::{erasures, owner_keys, rekey_runs, rekeys};
use super::{KeyState, Keyring, KeyringError, TagState, first_of, hold, move_epoch, rotation, sealings};
use crate::kernel::clock::Time;
use crate::kernel::crypto::{KeyVersion, Owner, OwnerKey, TagVersions};
use crate::kernel::ids::AnyId;
use crate::kernel::operators::deeds::{HoldKeys, PaceKeys, RotateKeys};
use crate::kernel::operators::{self, By, Mark, OperatorAct};
use crate::kernel::store::{StoreError, Tx, both};

/// How far the turning over of a key is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Stage {
    /// The new version is made: it opens, and seals nothing yet.
    Made,
    /// It seals; what the old one sealed is sealed anew, and tags are written under both.
    Sealing,
    /// Everything is under the new version, and is looked up under it; tags are still written under both.
    Found,
    /// Tags are written under the new version alone.
    Alone,
    /// The old version opens restored data only.
    Retired,
    /// The old version is destroyed.
    Destroyed,
}

impl Stage {
    const ALL: [Self; 6] = [Self::Made, Self::Sealing, Self::Found, Self::Alone, Self::Retired, Self::Destroyed];

    const fn code(self) -> i16 {
        match self {
            Self::Made => 1,
            Self::Sealing => 2,
            Self::Found => 3,
            Self::Alone => 4,
            Self::Retired => 5,
            Self::Destroyed => 6,
        }
    }

    fn from_code(code: i16) -> Option<Self> {
        Self::ALL.into_iter().find(|stage| stage.code() == code)
    }
}

/// What was done: counts alone.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Facts {
    /// How many values of each column were sealed anew: `table.column`.
    pub sealed: BTreeMap<String, u64>,
    /// How many tags were made anew, by table.
    pub tagged: BTreeMap<String, u64>,
    /// How many values do not open under any version, by column, and were left as they are.
    pub unopenable: BTreeMap<String, u64>,
    /// When it was last seen that nothing is left under the old version.
    pub verified_at: Option<Time>,
}

/// How fast the values under a key are sealed anew.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Pace {
    /// At most so many a second.
    pub values_per_second: NonZeroU32,
}

impl Pace {
    fn column(self) -> i64 {
        i64::from(self.values_per_second.get())
    }

    fn from_column(column: i64) -> Option<Self> {
        let values = u32::try_from(column).ok().and_then(NonZeroU32::new);
        values.map(|values_per_second| Self { values_per_second })
    }
}

/// How far the values under a key are, counted over all who worked on them since its stage began.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Walked {
    /// So many were sealed anew.
    pub done: u64,
    /// Of so many; nothing where they were not counted.
    pub all: u64,
    /// For so long was worked on them.
    pub worked: Duration,
}

/// What an operator wants of a key that turns over.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::kernel) struct Standing {
    /// Whether it waits for the word to go on.
    pub(in crate::kernel) paused: Pause,
    /// How fast it goes; nothing where whoever goes on with it decides.
    pub(in crate::kernel) pace: Option<Pace>,
}

/// What waits, or goes on, from now on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Held {
    /// How many owners' keys that turn over.
    pub keys: usize,
    /// Whether the root version waits, where it was meant too.
    pub root: Option<Pause>,
}

/// A key that turns over, as it stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rekey {
    /// Whose.
    pub owner: Owner,
    /// The version that goes.
    pub old: KeyVersion,
    /// The version that comes.
    pub new: KeyVersion,
    /// How far it is.
    pub stage: Stage,
    /// When it was begun.
    pub begun_at: Time,
    /// Since when it is that far.
    pub stage_at: Time,
    /// When the old version is destroyed, once it is retired.
    pub destroy_at: Option<Time>,
    /// Whether it waits for the word to go on.
    pub paused: Pause,
    /// What else it waits for, while nobody works on it.
    pub waits: Option<Waiting>,
    /// How fast it goes; nothing where whoever goes on with it decides.
    pub pace: Option<Pace>,
    /// How far its values are.
    pub walked: Walked,
    /// Who began it.
    pub actor: String,
    /// What was done so far.
    pub facts: Facts,
    /// The signed report, once the old version is destroyed.
    pub report: Option<String>,
}

impl Rekey {
    /// What it waits for, while nobody works on it: first of all for the word to go on.
    #[must_use]
    pub fn waiting(&self) -> Option<Waiting> {
        match self.paused {
            Pause::Waits => Some(Waiting { what: WaitsFor::GoOn, until: None }),
            Pause::Runs => self.waits,
        }
    }
}

/// Whether a key that turns over waits for the word to go on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Pause {
    /// It goes on.
    Runs,
    /// It waits.
    Waits,
}

/// That a key that turns over waits, and for what.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Waiting {
    /// For what.
    pub what: WaitsFor,
    /// When that is over, or looked at again; nothing where somebody has to do something first.
    pub until: Option<Time>,
}

/// What a key that turns over can wait for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum WaitsFor {
    /// Every node and every request to know of its last step.
    Settling,
    /// The answers kept for repeated requests, which stand for a day and are found by their tags under the old version.
    KeptAnswers,
    /// What came in behind to be sealed anew too.
    Rest,
    /// An owner to unseal the vault.
    Unsealing,
    /// A wish to leave to be taken back.
    Staying,
    /// The word to go on.
    GoOn,
}

impl WaitsFor {
    const ALL: [Self; 6] = [Self::Settling, Self::KeptAnswers, Self::Rest, Self::Unsealing, Self::Staying, Self::GoOn];

    const fn code(self) -> i16 {
        match self {
            Self::Settling => 1,
            Self::KeptAnswers => 2,
            Self::Rest => 3,
            Self::Unsealing => 4,
            Self::Staying => 5,
            Self::GoOn => 6,
        }
    }

    fn from_code(code: i16) -> Option<Self> {
        Self::ALL.into_iter().find(|what| what.code() == code)
    }

    /// Whether time alone brings its end, or a moment at which it is looked at again.
    #[must_use]
    pub const fn is_of_time(self) -> bool {
        matches!(self, Self::Settling | Self::KeptAnswers | Self::Rest)
    }
}

/// Whether an owner is being erased, or wished to be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::kernel) enum Leaving {
    /// They are.
    Leaves,
    /// They are not.
    Stays,
}

/// Since when a run has been under way.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Run {
    /// When it was begun, by whichever command.
    pub begun_at: Time,
    /// The pace of those whom it comes to; nothing where whoever goes on with them decides.
    pub pace: Option<Pace>,
    /// Whether it was begun before, by a command that did not get to its end.
    pub resumed: bool,
}

/// What became of the wish that a key be turned over.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[must_use]
pub enum Begun {
    /// A new version is made.
    Made(KeyVersion),
    /// One is under way already.
    UnderWay,
    /// The owner is being erased: their keys go for good.
    Leaving,
    /// The owner has sealed their vault: once it is open again, it can be.
    Sealed,
}

/// What a run over everybody's keys is kept under.
pub const EVERYBODY: &str = "all";

/// How many that are due are looked at to find one that waits for no other.
const SOME: i64 = 16;

/// How many counts one transaction notes.
const AT_ONCE: usize = 500;

/// The row of a turning over; a type that only the compiler can write.
macro_rules! this {
    ($rekey:expr) => {
        rekeys::table.find(($rekey.owner.kind(), AnyId::from_bytes($rekey.owner.id_bytes()), $rekey.old))
    };
}

/// What sets a column.
type Assigned<C, V> = diesel::dsl::Eq<C, V>;

type Row = (
    (i16, AnyId, KeyVersion, KeyVersion),
    (i16, Time, Time, Option<Time>),
    (bool, Option<i16>, Option<Time>),
    (String, Vec<u8>, Option<Vec<u8>>),
    (Option<i64>, i64, i64, i64),
);

/// The columns of a row, in groups.
type Columns = (WhoseColumns, StageColumns, WaitColumns, DeedColumns, PaceColumns);
type WhoseColumns = (rekeys::owner_kind, rekeys::owner_id, rekeys::old_version, rekeys::new_version);
type StageColumns = (rekeys::stage, rekeys::begun_at, rekeys::stage_at, rekeys::destroy_at);
type WaitColumns = (rekeys::is_paused, rekeys::waits_for, rekeys::waits_until);
type DeedColumns = (rekeys::actor, rekeys::facts, rekeys::report);
type PaceColumns = (rekeys::pace, rekeys::values_done, rekeys::values_all, rekeys::worked_ms);

const COLUMNS: Columns = (
    (rekeys::owner_kind, rekeys::owner_id, rekeys::old_version, rekeys::new_version),
    (rekeys::stage, rekeys::begun_at, rekeys::stage_at, rekeys::destroy_at),
    (rekeys::is_paused, rekeys::waits_for, rekeys::waits_until),
    (rekeys::actor, rekeys::facts, rekeys::report),
    (rekeys::pace, rekeys::values_done, rekeys::values_all, rekeys::worked_ms),
);

fn read(row: Row) -> Result<Rekey, KeyringError> {
    let (named, step, (is_paused, waits_for, until), (actor, facts, report), (pace, done, all, worked)) = row;
    let ((kind, id, old, new), (stage, begun_at, stage_at, destroy_at)) = (named, step);
    let many = |column: i64| u64::try_from(column).unwrap_or(0);
    let malformed = || KeyringError::Defect("a turning over of no form");
    let waits = waits_for.map(|code| WaitsFor::from_code(code).map(|what| Waiting { what, until }));
    Ok(Rekey {
        owner: Owner::decode(kind, *id.as_bytes()).map_err(|_| malformed())?,
        old,
        new,
        stage: Stage::from_code(stage).ok_or_else(malformed)?,
        begun_at,
        stage_at,
        destroy_at,
        paused: if is_paused { Pause::Waits } else { Pause::Runs },
        waits: waits.map(|known| known.ok_or_else(malformed)).transpose()?,
        pace: pace.and_then(Pace::from_column),
        walked: Walked { done: many(done), all: many(all), worked: Duration::from_millis(many(worked)) },
        actor,
        facts: serde_json::from_slice(&facts).map_err(|_| malformed())?,
        report: report.map(String::from_utf8).transpose().map_err(|_| malformed())?,
    })
}

impl Keyring {
    /// Makes the next version of the key of `owner`, which opens and seals nothing yet. One at a time. Whoever goes on with it
    /// keeps to `pace`, where there is one.
    ///
    /// # Errors
    /// [`KeyringError::NoKey`]; the keyring, or who keeps the root key, is away.
    pub async fn begin_rekey(
        &self,
        owner: Owner,
        by: By<'_, RotateKeys>,
        pace: Option<Pace>,
    ) -> Result<Begun, KeyringError> {
        if let By::Operator(act) = &by
            && !act.deed().whose.covers(owner)
        {
            return Err(KeyringError::Defect("keys that the operator's entry does not name"));
        }
        let mark = by.mark();
        for _ in 0..4 {
            let keys = match self.reach(owner).await {
                Err(KeyringError::Sealed(_)) => return Ok(Begun::Sealed),
                other => other?,
            };
            let (old, newest) = self.db().read_here(None, move |tx| versions(tx, owner))?;
            let new = newest.next().ok_or(KeyringError::Defect("no further key version"))?;
            drop(keys);
            let root = self.current_root()?;
            let key = OwnerKey::random(self.entropy());
            let asked = root.wrap(vec![Item::new(root.context(owner, new), key.reveal())], self.entropy());
            let wrapped = first_of(asked.wait().await?)?;
            let (root, mark) = (root.version(), mark.clone());
            let begun = self
                .db()
                .write(Vec::new(), move |tx| {
                    rotation::demand_current(tx, root)?;
                    begin(tx, owner, (old, new), (root, &wrapped), pace, &mark)
                })
                .await;
            match begun {
                Err(KeyringError::RootMoved) => self.look_for_roots()?,
                // Somebody else began at the same moment.
                Err(KeyringError::Store(StoreError::Taken)) => return Ok(Begun::UnderWay),
                other => {
                    self.evict(owner);
                    return other;
                }
            }
        }
        Err(KeyringError::RootMoved)
    }

    /// Takes one that nobody works on and that is not paused, for `hold`: of `only`, or of anybody; those that need no
    /// waiting first. Retired ones only when their time has come. What waits for `anyway` is taken before that is over.
    ///
    /// # Errors
    /// The keyring is away.
    pub async fn claim_rekey(
        &self,
        only: Option<Owner>,
        hold: Duration,
        anyway: Option<WaitsFor>,
    ) -> Result<Option<Rekey>, KeyringError> {
        // Nothing waits for what has no code.
        let anyway = anyway.map_or(0, WaitsFor::code);
        self.db()
            .write(Vec::new(), move |tx| {
                let now = tx.now();
                let is_free = || rekeys::held_until.le(now).or(rekeys::waits_for.eq(anyway));
                let mut due = rekeys::table
                    .filter(rekeys::stage.le(Stage::Retired.code()))
                    .filter(is_free())
                    .filter(rekeys::is_paused.eq(false))
                    .filter(rekeys::destroy_at.is_null().or(rekeys::destroy_at.le(now)))
                    .into_boxed();
                if let Some(owner) = only {
                    due = due
                        .filter(rekeys::owner_kind.eq(owner.kind()))
                        .filter(rekeys::owner_id.eq(AnyId::from_bytes(owner.id_bytes())));
                }
                let rows: Vec<Row> = due
                    .order((rekeys::held_until, rekeys::stage.desc(), rekeys::old_version))
                    .select(COLUMNS)
                    .limit(SOME)
                    .load(tx.conn())
                    .map_err(StoreError::from)?;
                let mut first = None;
                for row in rows {
                    let rekey = read(row)?;
                    if !waits_for_another(tx, &rekey)? {
                        first = Some(rekey);
                        break;
                    }
                }
                let Some(rekey) = first else { return Ok(None) };
                // Of two who found it, the second finds it held.
                let mine = this!(rekey).filter(is_free()).filter(rekeys::is_paused.eq(false));
                let taken = diesel::update(mine).set((rekeys::held_until.eq(now.plus(hold)), waits(None)));
                let taken = taken.execute(tx.conn()).map_err(StoreError::from)?;
                Ok((taken == 1).then_some(rekey))
            })
            .await
    }

    /// Holds one for `hold` longer, and keeps what was done so far; says what is wanted of it.
    ///
    /// # Errors
    /// The keyring is away.
    pub(in crate::kernel) async fn hold_rekey(&self, rekey: &Rekey, hold: Duration) -> Result<Standing, KeyringError> {
        let rekey = rekey.clone();
        self.db()
            .write(Vec::new(), move |tx| {
                let set = (rekeys::held_until.eq(tx.now().plus(hold)), done(&rekey));
                let wanted = diesel::update(this!(rekey)).set(set).returning((rekeys::is_paused, rekeys::pace));
                Ok(standing(wanted.get_result(tx.conn()).optional().map_err(StoreError::from)?))
            })
            .await
    }

    /// What is wanted of one by now.
    ///
    /// # Errors
    /// The keyring is away.
    pub(in crate::kernel) async fn rekey_standing(&self, rekey: &Rekey) -> Result<Standing, KeyringError> {
        let rekey = rekey.clone();
        self.db()
            .read(None, move |tx| {
                let wanted = this!(rekey).select((rekeys::is_paused, rekeys::pace));
                Ok(standing(wanted.get_result(tx.conn()).optional().map_err(StoreError::from)?))
            })
            .await
    }

    /// Lets go of one for `wait`, and keeps what was done so far and what it waits for meanwhile.
    ///
    /// # Errors
    /// The keyring is away.
    pub(in crate::kernel) async fn release_rekey(
        &self,
        rekey: &Rekey,
        wait: Duration,
        waiting: Option<Waiting>,
    ) -> Result<(), KeyringError> {
        let rekey = rekey.clone();
        self.db()
            .write(Vec::new(), move |tx| {
                let set = (rekeys::held_until.eq(tx.now().plus(wait)), done(&rekey), waits(waiting));
                // Gone where the owner was erased meanwhile.
                diesel::update(this!(rekey)).set(set).execute(tx.conn()).map_err(StoreError::from)?;
                Ok(())
            })
            .await
    }

    /// Takes one a stage further, with the states of both versions and what was done; nothing when somebody else did, or
    /// when the owner is to be erased by now: what was said at that wish may be sealed under the old version.
    /// `destroy_at` is when the old version goes, once it is retired. Nobody holds it any more.
    ///
    /// # Errors
    /// The keyring is away.
    pub(in crate::kernel) async fn advance_rekey(
        &self,
        rekey: &Rekey,
        to: Stage,
        destroy_at: Option<Time>,
        report: Option<String>,
    ) -> Result<Leaving, KeyringError> {
        let (owner, rekey) = (rekey.owner, rekey.clone());
        let stays = self
            .db()
            .write(Vec::new(), move |tx| {
                if leaving(tx, owner)? > 0 {
                    return Ok(Leaving::Leaves);
                }
                let now = tx.now();
                let set = (
                    rekeys::stage.eq(to.code()),
                    rekeys::stage_at.eq(now),
                    rekeys::held_until.eq(now),
                    rekeys::destroy_at.eq(destroy_at),
                    done(&Rekey { walked: Walked::default(), ..rekey.clone() }),
                    rekeys::report.eq(report.clone().map(String::into_bytes)),
                    waits(None),
                );
                let mine = this!(rekey).filter(rekeys::stage.eq(rekey.stage.code()));
                if diesel::update(mine).set(set).execute(tx.conn()).map_err(StoreError::from)? == 1 {
                    enact(tx, &rekey, to)?;
                    move_epoch(tx, Some(owner))?;
                }
                Ok::<_, KeyringError>(Leaving::Stays)
            })
            .await?;
        self.evict(owner);
        Ok(stays)
    }

    /// Opens a retired version again: something is under it. `to` is a stage that was gone through before.
    ///
    /// # Errors
    /// The keyring is away.
    pub(in crate::kernel) async fn reopen_rekey(&self, rekey: &Rekey, to: Stage) -> Result<(), KeyringError> {
        let (owner, rekey) = (rekey.owner, rekey.clone());
        self.db().write(Vec::new(), move |tx| reopen(tx, &rekey, to)).await?;
        self.evict(owner);
        Ok(())
    }

    /// As [`Keyring::reopen_rekey`], on the calling thread: for the start.
    ///
    /// # Errors
    /// The keyring is away.
    pub(in crate::kernel) fn reopen_rekey_blocking(&self, rekey: &Rekey, to: Stage) -> Result<(), KeyringError> {
        let (owner, rekey) = (rekey.owner, rekey.clone());
        self.db().write_blocking(Vec::new(), move |tx| reopen(tx, &rekey, to))?;
        self.evict(owner);
        Ok(())
    }

    /// Lets every one that the act names wait or go on; where it names nobody, all of them and the root version that takes
    /// over owners' keys.
    ///
    /// # Errors
    /// The keyring is away.
    pub async fn pause_rekeys(&self, act: &OperatorAct<HoldKeys>) -> Result<Held, KeyringError> {
        let (HoldKeys { whose, to }, mark, by) = (*act.deed(), act.mark(), act.by().to_string());
        self.db()
            .write(Vec::new(), move |tx| {
                let open: Vec<(i16, AnyId, KeyVersion)> = rekeys::table
                    .filter(rekeys::stage.lt(Stage::Retired.code()))
                    .select((rekeys::owner_kind, rekeys::owner_id, rekeys::old_version))
                    .load(tx.conn())
                    .map_err(StoreError::from)?;
                let mut keys = 0;
                for (kind, id, old) in open {
                    let owner = Owner::decode(kind, *id.as_bytes()).ok();
                    if whose.is_some_and(|whose| owner != Some(whose)) {
                        continue;
                    }
                    let still = rekeys::table.find((kind, id, old)).filter(rekeys::stage.lt(Stage::Retired.code()));
                    let set = rekeys::is_paused.eq(to == Pause::Waits);
                    keys += diesel::update(still).set(set).execute(tx.conn()).map_err(StoreError::from)?;
                    if let (Some(entry), Some(Owner::Tenant(tenant))) = (mark.entry, owner) {
                        operators::touch(tx.conn(), entry, tenant)?;
                    }
                }
                let root = if whose.is_none() { Some(hold::set(tx, to, &by)?) } else { None };
                Ok(Held { keys, root })
            })
            .await
    }

    /// Has every key that turns over go at the pace that the act names from the next batch on, and whom a run comes to later,
    /// whoever goes on with them; gives how many turn over.
    ///
    /// # Errors
    /// The keyring is away.
    pub async fn pace_rekeys(&self, act: &OperatorAct<PaceKeys>) -> Result<usize, KeyringError> {
        let pace = Some(act.deed().pace.column());
        self.db()
            .write(Vec::new(), move |tx| {
                let open = rekeys::table.filter(rekeys::stage.lt(Stage::Retired.code()));
                let keys = diesel::update(open).set(rekeys::pace.eq(pace)).execute(tx.conn());
                let runs = diesel::update(rekey_runs::table).set(rekey_runs::pace.eq(pace)).execute(tx.conn());
                runs.map_err(StoreError::from)?;
                Ok(keys.map_err(StoreError::from)?)
            })
            .await
    }

    /// Has those of `owners` that turn over go at `pace`, whoever goes on with them.
    ///
    /// # Errors
    /// The keyring is away.
    pub async fn keep_rekey_pace(
        &self,
        owners: &[Owner],
        pace: Pace,
        act: &OperatorAct<RotateKeys>,
    ) -> Result<(), KeyringError> {
        if !owners.iter().all(|owner| act.deed().whose.covers(*owner)) {
            return Err(KeyringError::Defect("keys that the operator's entry does not name"));
        }
        for some in owners.chunks(AT_ONCE) {
            let within = some.to_vec();
            self.db()
                .write(Vec::new(), move |tx| {
                    for owner in &within {
                        let open = rekeys::table
                            .filter(rekeys::owner_kind.eq(owner.kind()))
                            .filter(rekeys::owner_id.eq(AnyId::from_bytes(owner.id_bytes())))
                            .filter(rekeys::stage.lt(Stage::Retired.code()));
                        let set = rekeys::pace.eq(Some(pace.column()));
                        diesel::update(open).set(set).execute(tx.conn()).map_err(StoreError::from)?;
                    }
                    Ok::<_, KeyringError>(())
                })
                .await?;
        }
        Ok(())
    }

    /// Lets a retired version be destroyed now.
    ///
    /// # Errors
    /// The keyring is away.
    pub async fn hasten_rekey(&self, rekey: &Rekey, act: &OperatorAct<RotateKeys>) -> Result<(), KeyringError> {
        if !act.deed().whose.covers(rekey.owner) {
            return Err(KeyringError::Defect("keys that the operator's entry does not name"));
        }
        let rekey = rekey.clone();
        self.db()
            .write(Vec::new(), move |tx| {
                let retired = this!(rekey).filter(rekeys::stage.eq(Stage::Retired.code()));
                let set = rekeys::destroy_at.eq(Some(tx.now()));
                diesel::update(retired).set(set).execute(tx.conn()).map_err(StoreError::from)?;
                Ok(())
            })
            .await
    }

    /// Every turning over of `only`'s keys, or of anybody's, in the order of their beginnings: an owner's by their versions.
    ///
    /// # Errors
    /// The keyring is away.
    pub fn rekeys(&self, only: Option<Owner>) -> Result<Vec<Rekey>, KeyringError> {
        let rows: Vec<Row> = self.db().read_here(None, |tx| {
            let mut all = rekeys::table.into_boxed();
            if let Some(owner) = only {
                all = all
                    .filter(rekeys::owner_kind.eq(owner.kind()))
                    .filter(rekeys::owner_id.eq(AnyId::from_bytes(owner.id_bytes())));
            }
            let order = (rekeys::begun_at, rekeys::owner_kind, rekeys::owner_id, rekeys::old_version);
            let all = all.order(order).select(COLUMNS);
            all.load(tx.conn()).map_err(StoreError::from)
        })?;
        rows.into_iter().map(read).collect()
    }

    /// Under which version the tags of each owner whose key has turned over are looked up.
    ///
    /// # Errors
    /// The keyring is away.
    pub(in crate::kernel) fn sought_tags(&self) -> Result<HashMap<Owner, KeyVersion>, KeyringError> {
        let rows: Vec<(i16, AnyId, KeyVersion)> = self.db().read_here(None, |tx| {
            owner_keys::table
                .filter(owner_keys::tags.eq(TagState::Sought.code()))
                .select((owner_keys::owner_kind, owner_keys::owner_id, owner_keys::version))
                .load(tx.conn())
                .map_err(StoreError::from)
        })?;
        let malformed = |_| KeyringError::Defect("an owner of no kind");
        rows.into_iter()
            .map(|(kind, id, version)| Ok((Owner::decode(kind, *id.as_bytes()).map_err(malformed)?, version)))
            .collect()
    }

    /// Under which versions tags are written of each owner whose key has turned over.
    ///
    /// # Errors
    /// The keyring is away.
    pub(in crate::kernel) fn tags_written(&self) -> Result<Vec<(Owner, TagVersions)>, KeyringError> {
        let also: Vec<(i16, AnyId, KeyVersion)> = self.db().read_here(None, |tx| {
            owner_keys::table
                .filter(owner_keys::tags.eq(TagState::Written.code()))
                .select((owner_keys::owner_kind, owner_keys::owner_id, owner_keys::version))
                .load(tx.conn())
                .map_err(StoreError::from)
        })?;
        let also = |owner: Owner| {
            let theirs =
                |row: &&(i16, AnyId, KeyVersion)| row.0 == owner.kind() && *row.1.as_bytes() == owner.id_bytes();
            also.iter().find(theirs).map(|row| row.2)
        };
        Ok(self
            .sought_tags()?
            .into_iter()
            .map(|(owner, sought)| (owner, TagVersions { sought, also: also(owner) }))
            .collect())
    }

    /// Begins a run over the keys of `whose` (`all`, or an owner), or goes on with the one that was begun and not ended:
    /// whoever was turned over since then is not again. Whom it comes to goes at `pace`, where there is one.
    ///
    /// # Errors
    /// The keyring is away.
    pub async fn begin_run(&self, whose: &str, pace: Option<Pace>) -> Result<Run, KeyringError> {
        let whose = whose.to_owned();
        self.db()
            .write(Vec::new(), move |tx| {
                let now = tx.now();
                let new = (rekey_runs::whose.eq(&whose), rekey_runs::begun_at.eq(now));
                let made = both(diesel::insert_into(rekey_runs::table).values(new).on_conflict_do_nothing())
                    .execute(tx.conn())
                    .map_err(StoreError::from)?;
                if let Some(pace) = pace {
                    let set = rekey_runs::pace.eq(Some(pace.column()));
                    let run = rekey_runs::table.find(&whose);
                    diesel::update(run).set(set).execute(tx.conn()).map_err(StoreError::from)?;
                }
                let run = rekey_runs::table.find(&whose).select((rekey_runs::begun_at, rekey_runs::pace));
                let (begun_at, pace): (Time, Option<i64>) = run.get_result(tx.conn()).map_err(StoreError::from)?;
                Ok(Run { begun_at, pace: pace.and_then(Pace::from_column), resumed: made == 0 })
            })
            .await
    }

    /// The run over everybody's keys that was not ended, if there is one.
    ///
    /// # Errors
    /// The keyring is away.
    pub fn run_under_way(&self) -> Result<Option<Run>, KeyringError> {
        self.db().read_here(None, |tx| {
            let run = rekey_runs::table.find(EVERYBODY).select((rekey_runs::begun_at, rekey_runs::pace));
            let found: Option<(Time, Option<i64>)> = run.get_result(tx.conn()).optional().map_err(StoreError::from)?;
            Ok(found.map(|(begun_at, pace)| Run { begun_at, pace: pace.and_then(Pace::from_column), resumed: true }))
        })
    }

    /// Ends a run: the next one begins anew.
    ///
    /// # Errors
    /// The keyring is away.
    pub async fn end_run(&self, whose: &str) -> Result<(), KeyringError> {
        let whose = whose.to_owned();
        self.db()
            .write(Vec::new(), move |tx| {
                diesel::delete(rekey_runs::table.find(&whose)).execute(tx.conn()).map_err(StoreError::from)?;
                Ok(())
            })
            .await
    }

    /// Adds to each key's count what this process sealed under it since the last time, where that is at least `least`
    /// values; gives to how many. What a process that is killed did not tell yet is not counted.
    ///
    /// # Errors
    /// The keyring is away; then it is told the next time.
    pub async fn note_seals(&self, least: u64) -> Result<usize, KeyringError> {
        let told = self.0.seals.take(least);
        for some in told.chunks(AT_ONCE) {
            let within = some.to_vec();
            let noted = self.db().write(Vec::new(), move |tx| {
                for (owner, version, many) in &within {
                    let many = i64::try_from(*many).unwrap_or(i64::MAX);
                    let row = (owner.kind(), AnyId::from_bytes(owner.id_bytes()), *version);
                    diesel::update(owner_keys::table.find(row))
                        .set(owner_keys::seals.eq(owner_keys::seals + many))
                        .execute(tx.conn())
                        .map_err(StoreError::from)?;
                }
                Ok::<_, KeyringError>(())
            });
            if let Err(error) = noted.await {
                self.0.seals.put_back(some);
                return Err(error);
            }
        }
        Ok(told.len())
    }

    /// Whether an erasure of `owner` is wished for or under way: what it keeps is sealed under the owner's key too.
    ///
    /// # Errors
    /// The keyring is away.
    pub(in crate::kernel) fn stays(&self, owner: Owner) -> Result<Leaving, KeyringError> {
        let found: i64 = self.db().read_here(None, |tx| leaving(tx, owner))?;
        Ok(if found > 0 { Leaving::Leaves } else { Leaving::Stays })
    }

    /// Whether the keys of `owner` stay as they are for now: an erasure is wished for, or the vault is sealed.
    ///
    /// # Errors
    /// The keyring is away.
    pub fn rests(&self, owner: Owner) -> Result<bool, KeyringError> {
        match self.db().read_here(None, |tx| sealings::demand_open(tx, owner)) {
            Err(KeyringError::Sealed(_)) => Ok(true),
            Err(error) => Err(error),
            Ok(()) => Ok(self.stays(owner)? == Leaving::Leaves),
        }
    }

    /// The tenants and accounts whose sealing version was made by `latest`, the oldest first.
    ///
    /// # Errors
    /// The keyring is away.
    pub fn keys_older_than(&self, latest: Time) -> Result<Vec<Owner>, KeyringError> {
        self.keys_due(latest, u64::MAX)
    }

    /// The tenants and accounts whose sealing version was made by `latest`, or has sealed at least `most` values, the
    /// oldest first.
    ///
    /// # Errors
    /// The keyring is away.
    pub fn keys_due(&self, latest: Time, most: u64) -> Result<Vec<Owner>, KeyringError> {
        let most = i64::try_from(most).unwrap_or(i64::MAX);
        let rows: Vec<(i16, AnyId)> = self.db().read_here(None, |tx| {
            owner_keys::table
                .filter(owner_keys::state.eq(KeyState::Active.code()))
                .filter(owner_keys::created_at.le(latest).or(owner_keys::seals.ge(most)))
                .filter(owner_keys::owner_kind.le(2))
                .order((owner_keys::created_at, owner_keys::owner_kind, owner_keys::owner_id))
                .select((owner_keys::owner_kind, owner_keys::owner_id))
                .load(tx.conn())
                .map_err(StoreError::from)
        })?;
        let owner = |(kind, id): (i16, AnyId)| {
            Owner::decode(kind, *id.as_bytes()).map_err(|_| KeyringError::Defect("an owner of no kind"))
        };
        rows.into_iter().map(owner).collect()
    }
}

/// What a row says of what it waits for.
fn waits(
    waiting: Option<Waiting>,
) -> (Assigned<rekeys::waits_for, Option<i16>>, Assigned<rekeys::waits_until, Option<Time>>) {
    (
        rekeys::waits_for.eq(waiting.map(|waiting| waiting.what.code())),
        rekeys::waits_until.eq(waiting.and_then(|waiting| waiting.until)),
    )
}

/// What sets how far the values are.
type SetWalked =
    (Assigned<rekeys::values_done, i64>, Assigned<rekeys::values_all, i64>, Assigned<rekeys::worked_ms, i64>);

/// What a row says of what was done.
fn done(rekey: &Rekey) -> (Assigned<rekeys::facts, Vec<u8>>, SetWalked) {
    let Walked { done, all, worked } = rekey.walked;
    let column = |many: u64| i64::try_from(many).unwrap_or(i64::MAX);
    let worked = u64::try_from(worked.as_millis()).unwrap_or(u64::MAX);
    let walked = (
        rekeys::values_done.eq(column(done)),
        rekeys::values_all.eq(column(all)),
        rekeys::worked_ms.eq(column(worked)),
    );
    (rekeys::facts.eq(written(&rekey.facts)), walked)
}

/// What a row says of what is wanted; where it is gone, the owner was erased meanwhile.
fn standing(row: Option<(bool, Option<i64>)>) -> Standing {
    let pace = row.and_then(|(_, pace)| pace).and_then(Pace::from_column);
    let paused = if row.is_some_and(|(is_paused, _)| !is_paused) { Pause::Runs } else { Pause::Waits };
    Standing { paused, pace }
}

fn written(facts: &Facts) -> Vec<u8> {
    serde_json::to_vec(facts).unwrap_or_default()
}

/// The version that seals, and the newest there is.
fn versions(tx: &mut Tx<'_>, owner: Owner) -> Result<(KeyVersion, KeyVersion), KeyringError> {
    let rows: Vec<(KeyVersion, i16)> = owner_keys::table
        .filter(owner_keys::owner_kind.eq(owner.kind()))
        .filter(owner_keys::owner_id.eq(AnyId::from_bytes(owner.id_bytes())))
        .select((owner_keys::version, owner_keys::state))
        .order(owner_keys::version)
        .load(tx.conn())
        .map_err(StoreError::from)?;
    let active = rows.iter().find(|(_, state)| *state == KeyState::Active.code());
    active.zip(rows.last()).map(|(active, last)| (active.0, last.0)).ok_or(KeyringError::NoKey(owner))
}

fn leaving(tx: &mut Tx<'_>, owner: Owner) -> Result<i64, KeyringError> {
    let theirs = erasures::table
        .filter(erasures::owner_kind.eq(owner.kind()))
        .filter(erasures::owner_id.eq(AnyId::from_bytes(owner.id_bytes())));
    Ok(theirs.count().get_result(tx.conn()).map_err(StoreError::from)?)
}

fn begin(
    tx: &mut Tx<'_>,
    owner: Owner,
    (old, new): (KeyVersion, KeyVersion),
    (root, wrapped): (i64, &[u8]),
    pace: Option<Pace>,
    mark: &Mark,
) -> Result<Begun, KeyringError> {
    let (kind, id, now) = (owner.kind(), AnyId::from_bytes(owner.id_bytes()), tx.now());
    if leaving(tx, owner)? > 0 {
        return Ok(Begun::Leaving);
    }
    let under_way: i64 = rekeys::table
        .filter(rekeys::owner_kind.eq(kind))
        .filter(rekeys::owner_id.eq(id))
        .filter(rekeys::stage.lt(Stage::Retired.code()))
        .count()
        .get_result(tx.conn())
        .map_err(StoreError::from)?;
    if under_way > 0 || versions(tx, owner)?.0 != old {
        return Ok(Begun::UnderWay);
    }
    diesel::insert_into(owner_keys::table)
        .values((
            owner_keys::owner_kind.eq(kind),
            owner_keys::owner_id.eq(id),
            owner_keys::version.eq(new),
            owner_keys::state.eq(KeyState::Made.code()),
            owner_keys::root_version.eq(root),
            owner_keys::wrapped.eq(Some(wrapped)),
            owner_keys::created_at.eq(now),
            owner_keys::tags.eq(TagState::Unused.code()),
        ))
        .execute(tx.conn())
        .map_err(StoreError::from)?;
    diesel::insert_into(rekeys::table)
        .values((
            rekeys::owner_kind.eq(kind),
            rekeys::owner_id.eq(id),
            rekeys::old_version.eq(old),
            rekeys::new_version.eq(new),
            rekeys::stage.eq(Stage::Made.code()),
            (rekeys::begun_at.eq(now), rekeys::stage_at.eq(now), rekeys::held_until.eq(now)),
            rekeys::is_paused.eq(false),
            rekeys::actor.eq(&mark.by),
            rekeys::facts.eq(written(&Facts::default())),
            rekeys::pace.eq(pace.map(Pace::column)),
        ))
        .execute(tx.conn())
        .map_err(StoreError::from)?;
    if let (Some(entry), Owner::Tenant(tenant)) = (mark.entry, owner) {
        operators::touch(tx.conn(), entry, tenant)?;
    }
    move_epoch(tx, Some(owner))?;
    Ok(Begun::Made(new))
}

/// Whether another version of the owner's turns over first: a restore brought it back.
fn waits_for_another(tx: &mut Tx<'_>, rekey: &Rekey) -> Result<bool, KeyringError> {
    let under_way: Vec<(KeyVersion, i16)> = rekeys::table
        .filter(rekeys::owner_kind.eq(rekey.owner.kind()))
        .filter(rekeys::owner_id.eq(AnyId::from_bytes(rekey.owner.id_bytes())))
        .filter(rekeys::old_version.ne(rekey.old))
        .filter(rekeys::stage.lt(Stage::Retired.code()))
        .select((rekeys::old_version, rekeys::stage))
        .load(tx.conn())
        .map_err(StoreError::from)?;
    let goes_before = |(version, stage): &(KeyVersion, i16)| match Stage::from_code(*stage) {
        Some(stage) if rekey.stage < Stage::Retired => (order_of(stage), *version) < (order_of(rekey.stage), rekey.old),
        _ => *version < rekey.old,
    };
    Ok(under_way.iter().any(goes_before))
}

/// In which order several of one owner go on: first tags are made whole under what seals, then older ones are removed,
/// then another version begins to seal. A retired one waits for older ones alone.
const fn order_of(stage: Stage) -> u8 {
    match stage {
        Stage::Sealing | Stage::Found => 0,
        Stage::Alone => 1,
        Stage::Made | Stage::Retired | Stage::Destroyed => 2,
    }
}

fn reopen(tx: &mut Tx<'_>, rekey: &Rekey, to: Stage) -> Result<(), KeyringError> {
    let now = tx.now();
    let set = (
        rekeys::stage.eq(to.code()),
        rekeys::stage_at.eq(now),
        rekeys::held_until.eq(now),
        rekeys::destroy_at.eq(None::<Time>),
        waits(None),
        (rekeys::values_done.eq(0), rekeys::values_all.eq(0), rekeys::worked_ms.eq(0)),
    );
    let as_known = this!(rekey).filter(rekeys::stage.eq(rekey.stage.code()));
    if diesel::update(as_known).set(set).execute(tx.conn()).map_err(StoreError::from)? == 1 {
        if to == Stage::Sealing {
            // Tags are whole under this version alone, whichever others turn over.
            let theirs = owner_keys::table
                .filter(owner_keys::owner_kind.eq(rekey.owner.kind()))
                .filter(owner_keys::owner_id.eq(AnyId::from_bytes(rekey.owner.id_bytes())));
            let unused = owner_keys::tags.eq(TagState::Unused.code());
            diesel::update(theirs).set(unused).execute(tx.conn()).map_err(StoreError::from)?;
        }
        enact(tx, rekey, to)?;
        move_epoch(tx, Some(rekey.owner))?;
    }
    Ok(())
}

/// The states of both versions at a stage.
fn enact(tx: &mut Tx<'_>, rekey: &Rekey, stage: Stage) -> Result<(), KeyringError> {
    let (old, new) = match stage {
        Stage::Made => return Ok(()),
        Stage::Sealing => ((KeyState::Closed, TagState::Sought), TagState::Written),
        Stage::Found => ((KeyState::Closed, TagState::Written), TagState::Sought),
        Stage::Alone => ((KeyState::Closed, TagState::Unused), TagState::Sought),
        Stage::Retired => ((KeyState::Retired, TagState::Unused), TagState::Sought),
        Stage::Destroyed => ((KeyState::Destroyed, TagState::Unused), TagState::Sought),
    };
    let (kind, id) = (rekey.owner.kind(), AnyId::from_bytes(rekey.owner.id_bytes()));
    let gone = owner_keys::table.find((kind, id, rekey.old));
    if stage == Stage::Destroyed {
        let overwritten = owner_keys::wrapped.eq(Some(vec![0u8; 73]));
        diesel::update(gone).set(overwritten).execute(tx.conn()).map_err(StoreError::from)?;
        let nothing = owner_keys::wrapped.eq(None::<Vec<u8>>);
        diesel::update(gone).set(nothing).execute(tx.conn()).map_err(StoreError::from)?;
    }
    let set = (owner_keys::state.eq(old.0.code()), owner_keys::tags.eq(old.1.code()));
    diesel::update(gone).set(set).execute(tx.conn()).map_err(StoreError::from)?;
    if stage <= Stage::Found {
        // Where a restore brought this version back, the one that came may have been followed by another since.
        let seals: Option<KeyVersion> = owner_keys::table
            .filter(owner_keys::owner_kind.eq(kind))
            .filter(owner_keys::owner_id.eq(id))
            .filter(owner_keys::state.eq(KeyState::Active.code()))
            .select(owner_keys::version)
            .get_result(tx.conn())
            .optional()
            .map_err(StoreError::from)?;
        let set = (owner_keys::state.eq(KeyState::Active.code()), owner_keys::tags.eq(new.code()));
        let comes = owner_keys::table.find((kind, id, seals.unwrap_or(rekey.new)));
        diesel::update(comes).set(set).execute(tx.conn()).map_err(StoreError::from)?;
    }
    Ok(())
}

/// Forgets how far the keys of `owner` were turned over: they are destroyed.
pub(super) fn forget(tx: &mut Tx<'_>, owner: Owner) -> Result<(), StoreError> {
    let mine = rekeys::table
        .filter(rekeys::owner_kind.eq(owner.kind()))
        .filter(rekeys::owner_id.eq(AnyId::from_bytes(owner.id_bytes())));
    diesel::delete(mine).execute(tx.conn())?;
    Ok(())
}
