//! Owners' keys that turn over, from the making of a version to the destruction of the one before it; where no restore of
//! the data can roll them back.
//!
//! A row goes through the [`Stage`]s in order and never back, but for one: a retired version under which a restore
//! brought data back is opened again. Each step changes the states of the keys in the same transaction. Whoever works on
//! one holds it for a while, so that of several processes one does. What is done in between is told in
//! [`crate::kernel::rekey`].

use std::collections::HashMap;
use std::time::Duration;

use diesel::{
    BoolExpressionMethods as _, ExpressionMethods as _, OptionalExtension as _, QueryDsl as _, RunQueryDsl as _,
};

pub use self::due::{EVERYBODY, Run};
pub use self::state::{Begun, Facts, Pace, Pause, Rekey, Stage, Waiting, WaitsFor, Walked};
use self::state::{COLUMNS, Row, done, read, standing, waits, written};
pub(in crate::kernel) use self::state::{Leaving, Standing};
pub use self::wishes::Held;
use super::root::Item;
use super::tables::{erasures, owner_keys, rekeys};
use super::{KeyState, Keyring, KeyringError, TagState, first_of, move_epoch, rotation};
use crate::kernel::clock::Time;
use crate::kernel::crypto::{KeyVersion, Owner, OwnerKey, TagVersions};
use crate::kernel::ids::AnyId;
use crate::kernel::operators::deeds::RotateKeys;
use crate::kernel::operators::{self, By, Mark};
use crate::kernel::store::{StoreError, Tx};

/// The row of a turning over; a type that only the compiler can write.
macro_rules! this {
    ($rekey:expr) => {
        rekeys::table.find(($rekey.owner.kind(), AnyId::from_bytes($rekey.owner.id_bytes()), $rekey.old))
    };
}

mod due;
mod state;
mod wishes;

/// How many counts one transaction notes.
const AT_ONCE: usize = 500;

/// How many that are due are looked at to find one that waits for no other.
const SOME: i64 = 16;

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
                let set = (rekeys::held_until.eq(tx.now().plus(hold)), done(&rekey)?);
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
                let set = (rekeys::held_until.eq(tx.now().plus(wait)), done(&rekey)?, waits(waiting));
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
                    done(&Rekey { walked: Walked::default(), ..rekey.clone() })?,
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

    /// Whether an erasure of `owner` is wished for or under way: what it keeps is sealed under the owner's key too.
    ///
    /// # Errors
    /// The keyring is away.
    pub(in crate::kernel) fn stays(&self, owner: Owner) -> Result<Leaving, KeyringError> {
        let found: i64 = self.db().read_here(None, |tx| leaving(tx, owner))?;
        Ok(if found > 0 { Leaving::Leaves } else { Leaving::Stays })
    }
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
            rekeys::facts.eq(written(&Facts::default())?),
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
