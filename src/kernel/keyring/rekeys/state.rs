//! What is kept of a key that turns over: its row, and the words for it.

use std::collections::BTreeMap;
use std::num::NonZeroU32;
use std::time::Duration;

use diesel::ExpressionMethods as _;
use serde::{Deserialize, Serialize};

use crate::kernel::clock::Time;
use crate::kernel::crypto::{KeyVersion, Owner};
use crate::kernel::ids::AnyId;
use crate::kernel::keyring::KeyringError;
use crate::kernel::keyring::tables::rekeys;
use crate::kernel::store::{StoreError, json};

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

    pub(super) const fn code(self) -> i16 {
        match self {
            Self::Made => 1,
            Self::Sealing => 2,
            Self::Found => 3,
            Self::Alone => 4,
            Self::Retired => 5,
            Self::Destroyed => 6,
        }
    }

    pub(super) fn from_code(code: i16) -> Option<Self> {
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
    pub(super) fn column(self) -> i64 {
        i64::from(self.values_per_second.get())
    }

    pub(super) fn from_column(column: i64) -> Option<Self> {
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

    pub(super) const fn code(self) -> i16 {
        match self {
            Self::Settling => 1,
            Self::KeptAnswers => 2,
            Self::Rest => 3,
            Self::Unsealing => 4,
            Self::Staying => 5,
            Self::GoOn => 6,
        }
    }

    pub(super) fn from_code(code: i16) -> Option<Self> {
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

/// What sets a column.
pub(super) type Assigned<C, V> = diesel::dsl::Eq<C, V>;

pub(super) type Row = (
    (i16, AnyId, KeyVersion, KeyVersion),
    (i16, Time, Time, Option<Time>),
    (bool, Option<i16>, Option<Time>),
    (String, Vec<u8>, Option<Vec<u8>>),
    (Option<i64>, i64, i64, i64),
);

/// The columns of a row, in groups.
pub(super) type Columns = (WhoseColumns, StageColumns, WaitColumns, DeedColumns, PaceColumns);
pub(super) type WhoseColumns = (rekeys::owner_kind, rekeys::owner_id, rekeys::old_version, rekeys::new_version);
pub(super) type StageColumns = (rekeys::stage, rekeys::begun_at, rekeys::stage_at, rekeys::destroy_at);
pub(super) type WaitColumns = (rekeys::is_paused, rekeys::waits_for, rekeys::waits_until);
pub(super) type DeedColumns = (rekeys::actor, rekeys::facts, rekeys::report);
pub(super) type PaceColumns = (rekeys::pace, rekeys::values_done, rekeys::values_all, rekeys::worked_ms);

pub(super) const COLUMNS: Columns = (
    (rekeys::owner_kind, rekeys::owner_id, rekeys::old_version, rekeys::new_version),
    (rekeys::stage, rekeys::begun_at, rekeys::stage_at, rekeys::destroy_at),
    (rekeys::is_paused, rekeys::waits_for, rekeys::waits_until),
    (rekeys::actor, rekeys::facts, rekeys::report),
    (rekeys::pace, rekeys::values_done, rekeys::values_all, rekeys::worked_ms),
);

pub(super) fn read(row: Row) -> Result<Rekey, KeyringError> {
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

/// What a row says of what it waits for.
pub(super) fn waits(
    waiting: Option<Waiting>,
) -> (Assigned<rekeys::waits_for, Option<i16>>, Assigned<rekeys::waits_until, Option<Time>>) {
    (
        rekeys::waits_for.eq(waiting.map(|waiting| waiting.what.code())),
        rekeys::waits_until.eq(waiting.and_then(|waiting| waiting.until)),
    )
}

/// What sets how far the values are.
pub(super) type SetWalked =
    (Assigned<rekeys::values_done, i64>, Assigned<rekeys::values_all, i64>, Assigned<rekeys::worked_ms, i64>);

/// What a row says of what was done.
///
/// # Errors
/// It cannot be written down.
pub(super) fn done(rekey: &Rekey) -> Result<(Assigned<rekeys::facts, Vec<u8>>, SetWalked), StoreError> {
    let Walked { done, all, worked } = rekey.walked;
    let column = |many: u64| i64::try_from(many).unwrap_or(i64::MAX);
    let worked = u64::try_from(worked.as_millis()).unwrap_or(u64::MAX);
    let walked = (
        rekeys::values_done.eq(column(done)),
        rekeys::values_all.eq(column(all)),
        rekeys::worked_ms.eq(column(worked)),
    );
    Ok((rekeys::facts.eq(written(&rekey.facts)?), walked))
}

/// What a row says of what is wanted; where it is gone, the owner was erased meanwhile.
pub(super) fn standing(row: Option<(bool, Option<i64>)>) -> Standing {
    let pace = row.and_then(|(_, pace)| pace).and_then(Pace::from_column);
    let paused = if row.is_some_and(|(is_paused, _)| !is_paused) { Pause::Runs } else { Pause::Waits };
    Standing { paused, pace }
}

/// What was done, as a row holds it.
///
/// # Errors
/// It cannot be written down.
pub(super) fn written(facts: &Facts) -> Result<Vec<u8>, StoreError> {
    Ok(json("facts of a key that are no JSON", facts)?.into_bytes())
}
