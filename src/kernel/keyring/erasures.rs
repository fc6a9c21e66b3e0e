//! Erasures from the wish to the certificate, kept where no restore of the data can roll them back.
//!
//! A row goes through the [`Stage`]s in order and never back; only a wish that is not due can be taken back. Whoever
//! works on one holds it for a while, so that of several processes one does.

use std::time::Duration;

use diesel::{
    BoolExpressionMethods as _, ExpressionMethods as _, NullableExpressionMethods as _, OptionalExtension as _,
    QueryDsl as _, RunQueryDsl as _,
};
use serde::{Deserialize, Serialize};

use super::tables::{erasures, identifiers, ledger};
use super::{Keyring, KeyringError, log, move_epoch, overwrite};
use crate::kernel::LETTER;
use crate::kernel::clock::Time;
use crate::kernel::crypto::{KeyVersion, Owner};
use crate::kernel::erasure::{DestroyedKey, Digest, Facts, named};
use crate::kernel::ids::AnyId;
use crate::kernel::store::{StoreError, Tx, both, json};
use crate::kernel::transparency::Leaf;

/// How far an erasure is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Stage {
    /// Wished for, and not due yet, or not begun.
    Scheduled,
    /// Begun: nobody is let in any more.
    Closing,
    /// The keys are destroyed; what they sealed is being deleted.
    Destroyed,
    /// Done, and certified.
    Erased,
    /// The time is over in which an old back-up of the keyring could exist; certified too.
    Final,
}

impl Stage {
    const fn code(self) -> i16 {
        match self {
            Self::Scheduled => 1,
            Self::Closing => 2,
            Self::Destroyed => 3,
            Self::Erased => 4,
            Self::Final => 5,
        }
    }

    const fn from_code(code: i16) -> Option<Self> {
        Some(match code {
            1 => Self::Scheduled,
            2 => Self::Closing,
            3 => Self::Destroyed,
            4 => Self::Erased,
            5 => Self::Final,
            _ => return None,
        })
    }
}

/// An erasure as it stands.
#[derive(Debug, Clone)]
pub struct Erasure {
    /// The digest of its id.
    pub digest: Digest,
    /// Whose it is.
    pub owner: Owner,
    /// How far it is.
    pub stage: Stage,
    /// When it was wished for.
    pub requested_at: Time,
    /// When it begins.
    pub due_at: Time,
    /// When the keys were destroyed.
    pub keys_destroyed_at: Option<Time>,
    /// When everything was deleted and looked for once more.
    pub finished_at: Option<Time>,
    /// From when on no back-up of the keyring that held the keys exists.
    pub horizon_at: Option<Time>,
    /// What goes into the certificate.
    pub facts: Facts,
    /// The certificate, as it was signed.
    pub certificate: Option<String>,
    /// The one that followed when the horizon had passed.
    pub last_certificate: Option<String>,
}

/// An erasure that is certified, as it is kept beside the data: ids, counts, times and the certificates.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::kernel) struct Settled {
    owner_kind: i16,
    owner_id: AnyId,
    stage: i16,
    requested_at: i64,
    due_at: i64,
    keys_destroyed_at: Option<i64>,
    finished_at: Option<i64>,
    horizon_at: Option<i64>,
    facts: Facts,
    certificate: Option<String>,
    last_certificate: Option<String>,
}

impl Settled {
    /// As it is kept.
    ///
    /// # Errors
    /// It cannot be written down.
    pub(in crate::kernel) fn stored(&self) -> Result<Vec<u8>, StoreError> {
        Ok(json("an erasure that is no JSON", self)?.into_bytes())
    }

    /// What is kept.
    pub(in crate::kernel) fn parse(bytes: &[u8]) -> Option<Self> {
        serde_json::from_slice(bytes).ok()
    }
}

/// What became of a wish.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[must_use]
pub enum Scheduling {
    /// It stands.
    Made,
    /// There is one of this owner already.
    Standing,
}

/// What became of taking a wish back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[must_use]
pub enum Withdrawal {
    /// It is gone.
    Done,
    /// There is none, or it has begun.
    TooLate,
}

type Row = (
    Vec<u8>,
    i16,
    AnyId,
    i16,
    Time,
    Time,
    Option<Time>,
    Option<Time>,
    Option<Time>,
    Vec<u8>,
    Option<Vec<u8>>,
    Option<Vec<u8>>,
);

const COLUMNS: (
    erasures::digest,
    erasures::owner_kind,
    erasures::owner_id,
    erasures::state,
    erasures::requested_at,
    erasures::due_at,
    erasures::keys_destroyed_at,
    erasures::finished_at,
    erasures::horizon_at,
    erasures::facts,
    erasures::certificate,
    erasures::last_certificate,
) = (
    erasures::digest,
    erasures::owner_kind,
    erasures::owner_id,
    erasures::state,
    erasures::requested_at,
    erasures::due_at,
    erasures::keys_destroyed_at,
    erasures::finished_at,
    erasures::horizon_at,
    erasures::facts,
    erasures::certificate,
    erasures::last_certificate,
);

/// The wish of an owner, while it has not begun; a type that only the compiler can write.
macro_rules! scheduled {
    ($owner:expr) => {
        erasures::table
            .filter(erasures::owner_kind.eq($owner.kind()))
            .filter(erasures::owner_id.eq(AnyId::from_bytes($owner.id_bytes())))
            .filter(erasures::state.eq(Stage::Scheduled.code()))
    };
}

fn read(row: Row) -> Result<Erasure, StoreError> {
    let (digest, kind, owner, state, requested_at, due_at, keys_destroyed_at, finished_at, horizon_at, facts, one, two) =
        row;
    let text = |bytes: Option<Vec<u8>>| bytes.map(String::from_utf8).transpose().map_err(|_| StoreError::Unreadable);
    Ok(Erasure {
        digest: Digest::from_bytes(digest.try_into().map_err(|_| StoreError::Unreadable)?),
        owner: Owner::decode(kind, *owner.as_bytes()).map_err(|_| StoreError::Unreadable)?,
        stage: Stage::from_code(state).ok_or(StoreError::Unreadable)?,
        requested_at,
        due_at,
        keys_destroyed_at,
        finished_at,
        horizon_at,
        facts: Facts::parse(&facts).ok_or(StoreError::Unreadable)?,
        certificate: text(one)?,
        last_certificate: text(two)?,
    })
}

impl Keyring {
    /// Writes down the wish to erase `owner` at `due_at`.
    ///
    /// # Errors
    /// The keyring is away.
    pub async fn schedule_erasure(
        &self,
        digest: Digest,
        owner: Owner,
        due_at: Time,
        facts: &Facts,
    ) -> Result<Scheduling, KeyringError> {
        let facts = facts.stored()?;
        self.db()
            .write(Vec::new(), move |tx| -> Result<_, KeyringError> {
                let now = tx.now();
                let made = both(
                    diesel::insert_into(erasures::table)
                        .values((
                            erasures::digest.eq(digest.as_bytes().as_slice()),
                            erasures::owner_kind.eq(owner.kind()),
                            erasures::owner_id.eq(AnyId::from_bytes(owner.id_bytes())),
                            erasures::state.eq(Stage::Scheduled.code()),
                            erasures::requested_at.eq(now),
                            erasures::due_at.eq(due_at),
                            erasures::held_until.eq(now),
                            erasures::facts.eq(&facts),
                        ))
                        .on_conflict_do_nothing(),
                )
                .execute(tx.conn())
                .map_err(StoreError::from)?;
                Ok(if made == 1 { Scheduling::Made } else { Scheduling::Standing })
            })
            .await
    }

    /// The erasure whose id has this digest.
    ///
    /// # Errors
    /// The keyring is away.
    pub async fn erasure(&self, digest: Digest) -> Result<Option<Erasure>, KeyringError> {
        self.db()
            .point(None, move |tx| -> Result<_, KeyringError> {
                let row: Option<Row> = erasures::table
                    .find(digest.as_bytes().as_slice())
                    .select(COLUMNS)
                    .get_result(tx.conn())
                    .optional()
                    .map_err(StoreError::from)?;
                Ok(row.map(read).transpose()?)
            })
            .await
    }

    /// The erasure of `owner`, wished for or done.
    ///
    /// # Errors
    /// The keyring is away.
    pub async fn erasure_of(&self, owner: Owner) -> Result<Option<Erasure>, KeyringError> {
        self.db()
            .point(None, move |tx| -> Result<_, KeyringError> {
                let row: Option<Row> = erasures::table
                    .filter(erasures::owner_kind.eq(owner.kind()))
                    .filter(erasures::owner_id.eq(AnyId::from_bytes(owner.id_bytes())))
                    .select(COLUMNS)
                    .get_result(tx.conn())
                    .optional()
                    .map_err(StoreError::from)?;
                Ok(row.map(read).transpose()?)
            })
            .await
    }

    /// Takes back the wish to erase `owner`, unless it has begun.
    ///
    /// # Errors
    /// The keyring is away.
    pub async fn withdraw_erasure(&self, owner: Owner) -> Result<Withdrawal, KeyringError> {
        self.db()
            .write(Vec::new(), move |tx| -> Result<_, KeyringError> {
                let gone = diesel::delete(scheduled!(owner)).execute(tx.conn()).map_err(StoreError::from)?;
                Ok(if gone == 1 { Withdrawal::Done } else { Withdrawal::TooLate })
            })
            .await
    }

    /// Replaces what was said of a wish, and when it is due, unless it has begun or was changed since it was read.
    ///
    /// # Errors
    /// The keyring is away.
    pub async fn change_erasure(
        &self,
        before: &Erasure,
        due_at: Time,
        facts: &Facts,
    ) -> Result<Withdrawal, KeyringError> {
        let (owner, old, new) = (before.owner, before.facts.stored()?, facts.stored()?);
        self.db()
            .write(Vec::new(), move |tx| -> Result<_, KeyringError> {
                let unchanged = scheduled!(owner).filter(erasures::facts.eq(old.as_slice()));
                let changed = diesel::update(unchanged)
                    .set((erasures::due_at.eq(due_at), erasures::facts.eq(&new)))
                    .execute(tx.conn());
                Ok(if changed.map_err(StoreError::from)? == 1 { Withdrawal::Done } else { Withdrawal::TooLate })
            })
            .await
    }

    /// The owners who wish to leave and may still change their mind.
    ///
    /// # Errors
    /// The keyring is away.
    pub fn leaving(&self) -> Result<Vec<Owner>, KeyringError> {
        let rows: Vec<(i16, AnyId)> = self.db().read_here(None, |tx| {
            erasures::table
                .filter(erasures::state.eq(Stage::Scheduled.code()))
                .select((erasures::owner_kind, erasures::owner_id))
                .load(tx.conn())
                .map_err(StoreError::from)
        })?;
        Ok(rows.into_iter().filter_map(|(kind, id)| Owner::decode(kind, *id.as_bytes()).ok()).collect())
    }

    /// The erasures that are certified, and how far each is.
    ///
    /// # Errors
    /// The keyring is away.
    pub(in crate::kernel) fn settled_stages(&self) -> Result<Vec<(Digest, i16)>, KeyringError> {
        let rows: Vec<(Vec<u8>, i16)> = self.db().read_here(None, |tx| {
            erasures::table
                .filter(erasures::state.ge(Stage::Erased.code()))
                .select((erasures::digest, erasures::state))
                .load(tx.conn())
                .map_err(StoreError::from)
        })?;
        let digest = |bytes: Vec<u8>| bytes.try_into().map(Digest::from_bytes);
        let short = |_| KeyringError::Defect("a digest of another length");
        rows.into_iter().map(|(bytes, stage)| Ok((digest(bytes).map_err(short)?, stage))).collect()
    }

    /// A certified erasure, to be kept beside the data.
    ///
    /// # Errors
    /// The keyring is away.
    pub(in crate::kernel) fn settled(&self, digest: Digest) -> Result<Option<Settled>, KeyringError> {
        let row: Option<Row> = self.db().read_here(None, |tx| {
            erasures::table
                .find(digest.as_bytes().as_slice())
                .filter(erasures::state.ge(Stage::Erased.code()))
                .select(COLUMNS)
                .get_result(tx.conn())
                .optional()
                .map_err(StoreError::from)
        })?;
        let Some(erasure) = row.map(read).transpose()? else { return Ok(None) };
        Ok(Some(Settled {
            owner_kind: erasure.owner.kind(),
            owner_id: AnyId::from_bytes(erasure.owner.id_bytes()),
            stage: erasure.stage.code(),
            requested_at: erasure.requested_at.micros(),
            due_at: erasure.due_at.micros(),
            keys_destroyed_at: erasure.keys_destroyed_at.map(Time::micros),
            finished_at: erasure.finished_at.map(Time::micros),
            horizon_at: erasure.horizon_at.map(Time::micros),
            facts: erasure.facts,
            certificate: erasure.certificate,
            last_certificate: erasure.last_certificate,
        }))
    }

    /// Puts a certified erasure in the place of whatever a keyring from before it says of its owner.
    ///
    /// # Errors
    /// The keyring is away.
    pub(in crate::kernel) fn settle_again(&self, digest: Digest, settled: Settled) -> Result<(), KeyringError> {
        let time = |micros: Option<i64>| micros.map(Time::from_micros);
        self.db().write_blocking(Vec::new(), move |tx| -> Result<(), KeyringError> {
            let theirs = erasures::table
                .filter(erasures::owner_kind.eq(settled.owner_kind))
                .filter(erasures::owner_id.eq(settled.owner_id));
            diesel::delete(theirs).execute(tx.conn()).map_err(StoreError::from)?;
            let row = (
                erasures::digest.eq(digest.as_bytes().to_vec()),
                erasures::owner_kind.eq(settled.owner_kind),
                erasures::owner_id.eq(settled.owner_id),
                erasures::state.eq(settled.stage),
                erasures::requested_at.eq(settled.requested_at),
                erasures::due_at.eq(settled.due_at),
                erasures::held_until.eq(tx.now()),
                erasures::keys_destroyed_at.eq(time(settled.keys_destroyed_at)),
                erasures::finished_at.eq(time(settled.finished_at)),
                erasures::horizon_at.eq(time(settled.horizon_at)),
                erasures::facts.eq(settled.facts.stored()?),
                erasures::certificate.eq(settled.certificate.clone().map(String::into_bytes)),
                erasures::last_certificate.eq(settled.last_certificate.clone().map(String::into_bytes)),
            );
            diesel::insert_into(erasures::table).values(row).execute(tx.conn()).map_err(StoreError::from)?;
            Ok(())
        })
    }

    /// Puts off for `by` every wish that has not begun; gives how many there are.
    ///
    /// # Errors
    /// The keyring is away.
    pub(in crate::kernel) fn put_off(&self, by: Duration) -> Result<usize, KeyringError> {
        self.db().write_blocking(Vec::new(), move |tx| {
            let until = tx.now().plus(by);
            let sooner =
                erasures::table.filter(erasures::state.eq(Stage::Scheduled.code())).filter(erasures::due_at.lt(until));
            Ok(diesel::update(sooner).set(erasures::due_at.eq(until)).execute(tx.conn()).map_err(StoreError::from)?)
        })
    }

    /// How many erasures have begun whose keys are not destroyed yet.
    ///
    /// # Errors
    /// The keyring is away.
    pub(in crate::kernel) fn erasures_closing(&self) -> Result<i64, KeyringError> {
        self.db().read_here(None, |tx| {
            let closing = erasures::table.filter(erasures::state.eq(Stage::Closing.code()));
            closing.count().get_result(tx.conn()).map_err(|error| StoreError::from(error).into())
        })
    }

    /// How many owners' keys were destroyed on their wish, since the service began.
    ///
    /// # Errors
    /// The keyring is away.
    pub async fn count_erasures(&self) -> Result<u64, KeyringError> {
        let done = [Stage::Destroyed.code(), Stage::Erased.code(), Stage::Final.code()];
        let count = move |tx: &mut Tx<'_>| -> Result<i64, KeyringError> {
            let done = erasures::table.filter(erasures::state.eq_any(done)).count().get_result(tx.conn());
            Ok(done.map_err(StoreError::from)?)
        };
        Ok(u64::try_from(self.db().point(None, count).await?).unwrap_or(0))
    }

    /// The erasures that have begun and are not certified.
    ///
    /// # Errors
    /// The keyring is away.
    pub(in crate::kernel) async fn erasures_underway(&self) -> Result<Vec<Erasure>, KeyringError> {
        self.db()
            .point(None, |tx| -> Result<_, KeyringError> {
                let rows: Vec<Row> = erasures::table
                    .filter(erasures::state.eq_any([Stage::Closing.code(), Stage::Destroyed.code()]))
                    .select(COLUMNS)
                    .load(tx.conn())
                    .map_err(StoreError::from)?;
                Ok(rows.into_iter().map(read).collect::<Result<_, _>>()?)
            })
            .await
    }

    /// Takes hold for `hold` of an erasure that is due, or that was left in the middle; `only`, where one is named.
    ///
    /// # Errors
    /// The keyring is away.
    pub(in crate::kernel) async fn claim_erasure(
        &self,
        only: Option<Digest>,
        hold: Duration,
    ) -> Result<Option<Erasure>, KeyringError> {
        self.db()
            .write(Vec::new(), move |tx| -> Result<_, KeyringError> {
                let now = tx.now();
                let begins = erasures::state.eq(Stage::Scheduled.code()).and(erasures::due_at.le(now));
                let goes_on = erasures::state.eq_any([Stage::Closing.code(), Stage::Destroyed.code()]);
                let follows =
                    erasures::state.eq(Stage::Erased.code()).and(erasures::horizon_at.assume_not_null().le(now));
                let mut due = erasures::table
                    .filter(begins.or(goes_on).or(follows))
                    .filter(erasures::held_until.le(now))
                    .order(erasures::due_at)
                    .select(erasures::digest)
                    .limit(1)
                    .into_boxed();
                if let Some(only) = only {
                    due = due.filter(erasures::digest.eq(only.as_bytes().to_vec()));
                }
                let digest: Option<Vec<u8>> = due.get_result(tx.conn()).optional().map_err(StoreError::from)?;
                let Some(digest) = digest else { return Ok(None) };
                // Whoever was faster has moved `held_until` meanwhile.
                let mine = erasures::table.find(&digest).filter(erasures::held_until.le(now));
                let held = diesel::update(mine).set(erasures::held_until.eq(now.plus(hold))).execute(tx.conn());
                if held.map_err(StoreError::from)? == 0 {
                    return Ok(None);
                }
                let first = erasures::table.find(&digest).filter(erasures::state.eq(Stage::Scheduled.code()));
                diesel::update(first)
                    .set(erasures::state.eq(Stage::Closing.code()))
                    .execute(tx.conn())
                    .map_err(StoreError::from)?;
                let row: Row =
                    erasures::table.find(&digest).select(COLUMNS).get_result(tx.conn()).map_err(StoreError::from)?;
                Ok(Some(read(row)?))
            })
            .await
    }

    /// Drops an erasure that has begun and turned out not to be one: nothing was destroyed.
    ///
    /// # Errors
    /// The keyring is away.
    pub(in crate::kernel) async fn drop_erasure(&self, digest: Digest) -> Result<(), KeyringError> {
        self.db()
            .write(Vec::new(), move |tx| -> Result<_, KeyringError> {
                let mine = erasures::table
                    .find(digest.as_bytes().as_slice())
                    .filter(erasures::state.eq(Stage::Closing.code()));
                diesel::delete(mine).execute(tx.conn()).map_err(StoreError::from)?;
                Ok(())
            })
            .await
    }

    /// Holds on to an erasure, or lets go of it with no time at all.
    ///
    /// # Errors
    /// The keyring is away.
    pub(in crate::kernel) async fn hold_erasure(&self, digest: Digest, hold: Duration) -> Result<(), KeyringError> {
        self.db()
            .write(Vec::new(), move |tx| -> Result<_, KeyringError> {
                diesel::update(erasures::table.find(digest.as_bytes().as_slice()))
                    .set(erasures::held_until.eq(tx.now().plus(hold)))
                    .execute(tx.conn())
                    .map_err(StoreError::from)?;
                Ok(())
            })
            .await
    }

    /// In one transaction: the ledger's entries, the end of the sign-in identifiers, the keys of `owners` overwritten and
    /// deleted, every process told. Gives what was destroyed, and when.
    ///
    /// # Errors
    /// The keyring is away; then nothing was destroyed.
    pub(in crate::kernel) async fn destroy_erased(
        &self,
        digest: Digest,
        owners: &[Owner],
        facts: &Facts,
    ) -> Result<Facts, KeyringError> {
        let (owners, mut facts) = (owners.to_vec(), facts.clone());
        for owner in &owners {
            self.evict(*owner);
        }
        let all = owners.clone();
        let facts = self
            .db()
            .write(Vec::new(), move |tx| -> Result<Facts, KeyringError> {
                let now = tx.now();
                facts.wish = None;
                facts.farewell_until =
                    all.iter().any(|owner| matches!(owner, Owner::Tenant(_))).then(|| now.plus(LETTER).rfc3339());
                facts.keys.clear();
                facts.owners = all.iter().copied().map(named).collect();
                for owner in &all {
                    enter(tx, *owner)?;
                    if let Owner::Account(account) = owner {
                        diesel::delete(identifiers::table.filter(identifiers::account_id.eq(account)))
                            .execute(tx.conn())
                            .map_err(StoreError::from)?;
                    }
                    let versions: Vec<KeyVersion> = overwrite(tx, *owner)?;
                    facts.keys.extend(versions.into_iter().map(|version| DestroyedKey::new(*owner, version, now)));
                }
                for owner in &all {
                    move_epoch(tx, Some(*owner))?;
                }
                diesel::update(erasures::table.find(digest.as_bytes().as_slice()))
                    .set((
                        erasures::state.eq(Stage::Destroyed.code()),
                        erasures::keys_destroyed_at.eq(Some(now)),
                        erasures::facts.eq(facts.stored()?),
                    ))
                    .execute(tx.conn())
                    .map_err(StoreError::from)?;
                Ok(facts.clone())
            })
            .await?;
        for owner in owners {
            self.evict(owner);
        }
        Ok(facts)
    }

    /// Ends an erasure with its certificate.
    ///
    /// # Errors
    /// The keyring is away.
    pub(in crate::kernel) async fn finish_erasure(
        &self,
        digest: Digest,
        finished_at: Time,
        horizon_at: Time,
        facts: &Facts,
        certificate: String,
    ) -> Result<(), KeyringError> {
        let facts = facts.stored()?;
        self.db()
            .write(Vec::new(), move |tx| -> Result<_, KeyringError> {
                let mine = erasures::table
                    .find(digest.as_bytes().as_slice())
                    .filter(erasures::state.eq(Stage::Destroyed.code()));
                let ended = diesel::update(mine)
                    .set((
                        erasures::state.eq(Stage::Erased.code()),
                        erasures::finished_at.eq(Some(finished_at)),
                        erasures::horizon_at.eq(Some(horizon_at)),
                        erasures::facts.eq(&facts),
                        erasures::certificate.eq(Some(certificate.as_bytes())),
                        erasures::held_until.eq(tx.now()),
                    ))
                    .execute(tx.conn())
                    .map_err(StoreError::from)?;
                if ended == 1 {
                    enter_certificate(tx, &certificate)?;
                }
                Ok(())
            })
            .await
    }

    /// Adds the certificate that follows when the horizon has passed.
    ///
    /// # Errors
    /// The keyring is away.
    pub(in crate::kernel) async fn certify_horizon(
        &self,
        digest: Digest,
        certificate: String,
    ) -> Result<(), KeyringError> {
        self.db()
            .write(Vec::new(), move |tx| -> Result<_, KeyringError> {
                let mine =
                    erasures::table.find(digest.as_bytes().as_slice()).filter(erasures::state.eq(Stage::Erased.code()));
                let ended = diesel::update(mine)
                    .set((
                        erasures::state.eq(Stage::Final.code()),
                        erasures::last_certificate.eq(Some(certificate.as_bytes())),
                    ))
                    .execute(tx.conn())
                    .map_err(StoreError::from)?;
                if ended == 1 {
                    enter_certificate(tx, &certificate)?;
                }
                Ok(())
            })
            .await
    }

    /// How many keys and identifiers of `owner` the keyring still holds.
    ///
    /// # Errors
    /// The keyring is away.
    pub(in crate::kernel) fn left_of(&self, owner: Owner) -> Result<u64, KeyringError> {
        use super::tables::owner_keys;
        self.db().read_here(None, |tx| -> Result<_, KeyringError> {
            let id = AnyId::from_bytes(owner.id_bytes());
            let keys: i64 = owner_keys::table
                .filter(owner_keys::owner_kind.eq(owner.kind()))
                .filter(owner_keys::owner_id.eq(id))
                .count()
                .get_result(tx.conn())
                .map_err(StoreError::from)?;
            let names: i64 = match owner {
                Owner::Account(account) => identifiers::table
                    .filter(identifiers::account_id.eq(account))
                    .count()
                    .get_result(tx.conn())
                    .map_err(StoreError::from)?,
                _ => 0,
            };
            Ok(u64::try_from(keys + names).unwrap_or(0))
        })
    }
}

/// Has the transparency log state that this certificate was signed.
fn enter_certificate(tx: &mut Tx<'_>, certificate: &str) -> Result<(), KeyringError> {
    let leaf = Leaf::of_certificate(certificate).ok_or(KeyringError::Defect("a certificate that is not JSON"))?;
    Ok(log::append(tx, &leaf)?)
}

pub(super) fn enter(tx: &mut Tx<'_>, owner: Owner) -> Result<(), StoreError> {
    both(
        diesel::insert_into(ledger::table)
            .values((
                ledger::owner_kind.eq(owner.kind()),
                ledger::owner_id.eq(AnyId::from_bytes(owner.id_bytes())),
                ledger::row_id.eq(AnyId::from_bytes([0; 16])),
                ledger::at.eq(tx.now()),
            ))
            .on_conflict_do_nothing(),
    )
    .execute(tx.conn())?;
    Ok(())
}
