//! Whose keys are due, by age, by what was sealed under them, or since an operator wants everybody's turned over.

use diesel::{
    BoolExpressionMethods as _, ExpressionMethods as _, OptionalExtension as _, QueryDsl as _, RunQueryDsl as _,
};

use super::{AT_ONCE, Leaving, Pace};
use crate::kernel::clock::Time;
use crate::kernel::crypto::Owner;
use crate::kernel::ids::AnyId;
use crate::kernel::keyring::tables::{owner_keys, rekey_runs};
use crate::kernel::keyring::{KeyState, Keyring, KeyringError, sealings};
use crate::kernel::store::{StoreError, both};

/// What a run over everybody's keys is kept under.
pub const EVERYBODY: &str = "all";

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

impl Keyring {
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
