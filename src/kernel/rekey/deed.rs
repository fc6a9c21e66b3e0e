//! What is done in each stage; all of it can be done twice.

use std::collections::BTreeMap;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::time::{Duration, Instant};

use diesel::{ExpressionMethods as _, QueryDsl as _, RunQueryDsl as _};

use crate::kernel::clock::Time;
use crate::kernel::crypto::{KeyVersion, Owner, OwnerKeys, Unreadable};
use crate::kernel::fault::{self, Point};
use crate::kernel::idempotency;
use crate::kernel::ids::{AccountId, TenantId};
use crate::kernel::keyring::rekeys::{Leaving, Pause, Rekey, Stage, Waiting, WaitsFor, Walked};
use crate::kernel::keyring::{KeyState, Keyring, KeyringError};
use crate::kernel::rekey::hold::{HOLD, Hold};
use crate::kernel::rekey::mirror::{set_state, tags_fall_behind, tags_whole};
use crate::kernel::rekey::report;
use crate::kernel::store::schema::{account_tenants, past_members};
use crate::kernel::store::sealed::{self, Cursor, Found, SealedColumn, Under, Whose};
use crate::kernel::store::{StoreError, Tx};
use crate::kernel::tenancy::{InTenant, Scope, sealed as only_ours};
use crate::kernel::{Kernel, store_error};

/// How many values one transaction puts in place at most.
const BATCH: i64 = 500;

/// For how long somebody who is being erased, or has sealed their vault, is passed over.
const LEAVE_ALONE: Duration = Duration::from_secs(3600);

/// After how long what came in behind is looked for again.
const AGAIN: Duration = Duration::from_secs(60);

/// How a key turns over.
#[derive(Debug, Clone, Copy)]
pub struct Rules {
    /// After how long every node holds what the keyring says, and every request that began before is over. At least the
    /// lease of keys in memory (3 s).
    pub settle: Duration,
    /// How long the last back-up that may hold what the old version sealed is kept.
    pub retention: Duration,
    /// At most so many values a second are sealed anew.
    pub values_per_second: u32,
    /// When the old version is destroyed.
    pub end: End,
}

/// When an old version is destroyed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum End {
    /// Once the last back-up is gone that may need it, and no answer kept for a repeated request.
    InTime,
    /// As soon as nothing is under it: back-ups of before open no more, and requests of the last day, repeated, are done
    /// once more.
    Now,
}

/// What came of a turn.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Turn {
    /// There is nothing to do now.
    Nothing,
    /// One waits.
    Waits(Owner, Waiting),
    /// One reached this stage.
    Reached(Owner, Stage),
}

/// What is left of a stage that takes time.
enum Left {
    Nothing,
    /// Answers kept for repeated requests, until then.
    KeptAnswers(Time),
    /// Something that came in behind.
    Rest,
}

/// How far one is.
#[derive(Debug, Clone, Copy)]
pub struct Progress {
    /// Whose.
    pub owner: Owner,
    /// In which stage.
    pub stage: Stage,
    /// Values that were sealed anew in this stage, by whomever.
    pub done: u64,
    /// How many there were at its beginning; nothing where they were not counted.
    pub all: u64,
    /// For how long was worked on them.
    pub elapsed: Duration,
}

/// Who makes tags anew, since it takes the values and the knowledge of what they mean.
pub trait Lookups: Sync {
    /// Makes, under the version that seals, every tag of the scope's owner that the version before it has; gives how
    /// many, by table. Can be done twice. `paced` is called after each transaction with the number of tags it made, and
    /// says whether to go on.
    fn retag<'l>(&'l self, scope: &'l RekeyScope, paced: Paced<'l>) -> Retagging<'l>;

    /// Removes every tag of the scope's owner under older versions than the one that seals; gives how many are left that
    /// will go by themselves.
    fn drop_old<'l>(
        &'l self,
        scope: &'l RekeyScope,
    ) -> Pin<Box<dyn Future<Output = Result<u64, StoreError>> + Send + 'l>>;
}

/// Told after each transaction how many tags it made.
pub type Paced<'l> = &'l (dyn Fn(u64) -> Pin<Box<dyn Future<Output = Result<(), StoreError>> + Send + 'l>> + Sync);

/// How many tags were made anew, by table.
pub type Retagging<'l> = Pin<Box<dyn Future<Output = Result<BTreeMap<String, u64>, StoreError>> + Send + 'l>>;

/// One owner's rows and keys, while the key turns over.
#[derive(Clone, Debug)]
pub struct RekeyScope {
    owner: Owner,
    keys: Arc<OwnerKeys>,
}

impl RekeyScope {
    /// Whose.
    #[must_use]
    pub const fn owner(&self) -> Owner {
        self.owner
    }

    /// The keys, both versions of them.
    #[must_use]
    pub fn keys(&self) -> &OwnerKeys {
        &self.keys
    }
}

impl InTenant for RekeyScope {
    /// The tenant; an account has rows in none, and gets an id that is nobody's.
    fn tenant(&self) -> TenantId {
        match self.owner {
            Owner::Tenant(tenant) => tenant,
            _ => TenantId::from_bytes([0; 16]),
        }
    }
}

impl only_ours::Sealed for RekeyScope {}

impl Scope for RekeyScope {
    fn tenants(&self) -> Vec<TenantId> {
        tenant_of(self.owner).into_iter().collect()
    }

    fn keys_in_use(&self) -> Vec<(Owner, KeyVersion)> {
        vec![(self.owner, self.keys.current())]
    }

    fn grants(&self) -> Vec<&Arc<OwnerKeys>> {
        vec![&self.keys]
    }

    fn renewed(&self, keyring: &Keyring) -> Result<Self, KeyringError> {
        Ok(Self { owner: self.owner, keys: keyring.keys(self.owner)? })
    }
}

const fn tenant_of(owner: Owner) -> Option<TenantId> {
    if let Owner::Tenant(tenant) = owner { Some(tenant) } else { None }
}

/// Why a stage was left before its end.
enum Stop {
    Store(StoreError),
    /// It waits for the word to go on, or its owner was erased.
    Paused,
}

impl From<StoreError> for Stop {
    fn from(error: StoreError) -> Self {
        Self::Store(error)
    }
}

impl From<KeyringError> for Stop {
    fn from(error: KeyringError) -> Self {
        Self::Store(store_error(&error))
    }
}

impl Kernel {
    /// Takes one key that turns over a stage further: of `only`, or whichever's time has come. `report` is told how far
    /// it is.
    ///
    /// # Errors
    /// The store's or the keyring's: what was done stays done, and whoever calls next goes on.
    pub async fn rekey_next(
        &self,
        only: Option<Owner>,
        rules: Rules,
        lookups: &dyn Lookups,
        report: &(dyn Fn(Progress) + Sync),
    ) -> Result<Turn, StoreError> {
        // Whoever destroys at once does not wait for answers: they go.
        let anyway = (rules.end == End::Now).then_some(WaitsFor::KeptAnswers);
        let claimed = self.keyring().claim_rekey(only, HOLD, anyway).await.map_err(|error| store_error(&error))?;
        let Some(rekey) = claimed else { return Ok(Turn::Nothing) };
        let hold = Hold::begun(self, rules, rekey.pace);
        let mut work = Work { kernel: self, rules, lookups, report, worked_before: rekey.walked.worked, rekey, hold };
        match work.go_on().await {
            Ok(turn) => Ok(turn),
            Err(Stop::Paused) => work.waits(WaitsFor::GoOn, Duration::ZERO).await,
            Err(Stop::Store(error)) => {
                // Somebody else may go on at once; while the keyring is away, the hold runs out by itself.
                let _released = work.release(Duration::ZERO, None).await;
                Err(error)
            }
        }
    }
}

/// A key that turns over, while somebody works on it.
struct Work<'w> {
    kernel: &'w Kernel,
    rules: Rules,
    lookups: &'w dyn Lookups,
    report: &'w (dyn Fn(Progress) + Sync),
    rekey: Rekey,
    worked_before: Duration,
    hold: Hold<'w>,
}

impl Work<'_> {
    async fn go_on(&mut self) -> Result<Turn, Stop> {
        let owner = self.rekey.owner;
        if self.kernel.keyring().stays(owner)? == Leaving::Leaves {
            return Ok(self.waits(WaitsFor::Staying, LEAVE_ALONE).await?);
        }
        if let Owner::Tenant(tenant) = owner
            && self.kernel.keyring().sealing(tenant).await?.is_some()
        {
            return Ok(self.waits(WaitsFor::Unsealing, LEAVE_ALONE).await?);
        }
        let settles = matches!(self.rekey.stage, Stage::Made | Stage::Found | Stage::Alone);
        let left = self.rules.settle.saturating_sub(self.kernel.now().since(self.rekey.stage_at));
        if settles && !left.is_zero() {
            return Ok(self.waits(WaitsFor::Settling, left).await?);
        }
        let to = match self.rekey.stage {
            Stage::Made => {
                fault::reach(Point::RekeyMade);
                self.mirror(&[(self.rekey.new, KeyState::Active)]).await?;
                fault::reach(Point::RekeyMirrored);
                Stage::Sealing
            }
            Stage::Sealing => {
                fault::reach(Point::RekeySealing);
                self.mirror(&[(self.rekey.new, KeyState::Active), (self.rekey.old, KeyState::Closed)]).await?;
                fault::reach(Point::RekeyClosed);
                self.rekey.walked.all = self.rekey.walked.done + self.count_before(self.rekey.new).await?;
                self.seal_all().await?;
                fault::reach(Point::RekeySealed);
                self.retag().await?;
                fault::reach(Point::RekeyTagged);
                Stage::Found
            }
            Stage::Found => {
                // From here on the old version's tags fall behind: data that says otherwise was brought back.
                let (old, sought) = (self.rekey.old, self.scope().await?.keys().tags().sought);
                let fall_behind = move |tx: &mut Tx<'_>| tags_fall_behind(tx, owner, &[sought]);
                self.mirror_with(&[(old, KeyState::Retired)], fall_behind).await?;
                Stage::Alone
            }
            Stage::Alone => {
                fault::reach(Point::RekeyAlone);
                match self.clear().await? {
                    Left::Nothing => {}
                    Left::KeptAnswers(until) => {
                        let left = until.since(self.kernel.now());
                        return Ok(self.waits(WaitsFor::KeptAnswers, left).await?);
                    }
                    Left::Rest => return Ok(self.waits(WaitsFor::Rest, self.rules.settle.max(AGAIN)).await?),
                }
                // It was opened again if a restore had brought it back.
                self.mirror(&[(self.rekey.old, KeyState::Retired)]).await?;
                fault::reach(Point::RekeyCleared);
                Stage::Retired
            }
            Stage::Retired => return self.destroy().await,
            Stage::Destroyed => return Ok(Turn::Nothing),
        };
        let kept = match self.rules.end {
            End::InTime => self.rules.retention,
            End::Now => Duration::ZERO,
        };
        let destroy_at = (to == Stage::Retired).then(|| self.kernel.now().plus(kept));
        if self.kernel.keyring().advance_rekey(&self.rekey, to, destroy_at, None).await? == Leaving::Leaves {
            return Ok(self.waits(WaitsFor::Staying, LEAVE_ALONE).await?);
        }
        if to == Stage::Retired {
            fault::reach(Point::RekeyRetired);
        }
        Ok(Turn::Reached(owner, to))
    }

    /// Lets go for as long as nothing is to be done, and says for what it waits.
    async fn waits(&self, what: WaitsFor, how_long: Duration) -> Result<Turn, StoreError> {
        let until = what.is_of_time().then(|| self.kernel.now().plus(how_long));
        let waiting = Waiting { what, until };
        // The word to go on stands in the row by itself.
        let kept = (what != WaitsFor::GoOn).then_some(waiting);
        self.release(how_long, kept).await?;
        Ok(Turn::Waits(self.rekey.owner, waiting))
    }

    /// Lets go, keeping what was done.
    async fn release(&self, wait: Duration, waiting: Option<Waiting>) -> Result<(), StoreError> {
        let released = self.kernel.keyring().release_rekey(&self.rekey, wait, waiting).await;
        released.map_err(|error| store_error(&error))
    }

    /// The owner's keys as the keyring gives them now.
    async fn scope(&self) -> Result<RekeyScope, Stop> {
        let owner = self.rekey.owner;
        self.kernel.keyring().read_epoch()?;
        Ok(RekeyScope { owner, keys: self.kernel.keyring().reach(owner).await? })
    }

    /// Mirrors the states of versions into the data's database: what is closed there waits for the writes under way.
    async fn mirror(&self, states: &[(KeyVersion, KeyState)]) -> Result<(), Stop> {
        self.mirror_with(states, |_| Ok(())).await
    }

    /// As [`Self::mirror`], with something else at the same moment.
    async fn mirror_with(
        &self,
        states: &[(KeyVersion, KeyState)],
        also: impl Fn(&mut Tx<'_>) -> Result<(), StoreError> + Send + 'static,
    ) -> Result<(), Stop> {
        let (owner, states) = (self.rekey.owner, states.to_vec());
        self.kernel
            .db()
            .write(Vec::new(), move |tx| {
                for (version, state) in &states {
                    set_state(tx, owner, *version, *state)?;
                }
                also(tx)
            })
            .await?;
        Ok(())
    }

    /// The tenants among whose rows a column of this owner lies; one that is nobody's for tables outside of them.
    async fn within(&self, column: &SealedColumn) -> Result<Vec<Option<TenantId>>, Stop> {
        match (column.under, self.rekey.owner) {
            (Under::AccountWithinTenants(_), Owner::Account(account)) => {
                let tenants = self.kernel.db().read(None, move |tx| tenants_of(tx, account)).await?;
                Ok(tenants.into_iter().map(Some).collect())
            }
            (_, owner) => Ok(vec![tenant_of(owner)]),
        }
    }

    /// How many values are under versions before `version`.
    async fn count_before(&self, version: KeyVersion) -> Result<u64, Stop> {
        let (owner, mut all) = (self.rekey.owner, 0);
        for column in sealed::of(owner) {
            for within in self.within(column).await? {
                let whose = Whose { owner, within };
                all += self.kernel.db().read(within, move |tx| column.count_older(tx, whose, version)).await?;
            }
        }
        Ok(all)
    }

    /// Seals anew whatever is under older versions.
    async fn seal_all(&mut self) -> Result<(), Stop> {
        let scope = self.scope().await?;
        for column in sealed::of(self.rekey.owner) {
            for tenant in self.within(column).await? {
                self.seal_column(&scope, column, tenant).await?;
            }
        }
        Ok(())
    }

    async fn seal_column(
        &mut self,
        scope: &RekeyScope,
        column: &'static SealedColumn,
        within: Option<TenantId>,
    ) -> Result<(), Stop> {
        let (owner, new) = (self.rekey.owner, self.rekey.new);
        let whose = Whose { owner, within };
        let (mut after, mut unopenable): (Option<Cursor>, u64) = (None, 0);
        loop {
            let begun = Instant::now();
            let found =
                self.kernel.db().read(within, move |tx| column.under_older(tx, whose, new, after, BATCH)).await?;
            let Some(last) = found.last() else { break };
            after = Some(last.at);
            let mut anew: Vec<(Found, Vec<u8>)> = Vec::new();
            for value in found {
                match scope.keys().seal_anew(column.label, value.row, &value.body, self.kernel.entropy()) {
                    Ok(bytes) => anew.push((value, bytes)),
                    Err(Unreadable) => unopenable += 1,
                }
            }
            // The writer may come to it twice.
            let anew = Arc::new(anew);
            let put = move |tx: &mut Tx<'_>| column.replace(tx, whose, &anew);
            let replaced = self.kernel.db().write(within.into_iter().collect(), put).await?;
            let replaced = u64::try_from(replaced).unwrap_or(0);
            *self.rekey.facts.sealed.entry(column.name()).or_default() += replaced;
            fault::reach(Point::RekeyBatch);
            self.pace(begun, replaced).await?;
        }
        if unopenable > 0 {
            tracing::error!(?owner, table = column.table, count = unopenable, "sealed values do not open");
            self.rekey.facts.unopenable.insert(column.name(), unopenable);
        } else {
            self.rekey.facts.unopenable.remove(&column.name());
        }
        Ok(())
    }

    /// Keeps to the pace that is wanted, or else leaves two thirds of the time to those who serve; keeps the hold, and tells
    /// how far it is.
    async fn pace(&mut self, begun: Instant, made: u64) -> Result<(), Stop> {
        let walked = &mut self.rekey.walked;
        walked.done += made;
        walked.worked = self.worked_before + self.hold.since.elapsed();
        let (owner, stage, Walked { done, all, worked }) = (self.rekey.owner, self.rekey.stage, *walked);
        (self.report)(Progress { owner, stage, done, all, elapsed: worked });
        let least = if self.hold.last().pace.is_some() { Duration::ZERO } else { begun.elapsed() * 3 };
        match self.hold.rest(&self.rekey, begun, made, least).await? {
            Pause::Runs => Ok(()),
            Pause::Waits => Err(Stop::Paused),
        }
    }

    async fn retag(&mut self) -> Result<(), Stop> {
        let scope = self.scope().await?;
        let (hold, rekey) = (&self.hold, &self.rekey);
        let paced = |made: u64| -> Pin<Box<dyn Future<Output = Result<(), StoreError>> + Send + '_>> {
            Box::pin(async move {
                // Whoever pauses it finds it not tagged, and it begins to tag again.
                let rested = hold.rest(rekey, Instant::now(), made, Duration::ZERO).await;
                match rested.map_err(|error| store_error(&error))? {
                    Pause::Runs => Ok(()),
                    Pause::Waits => Err(StoreError::Busy),
                }
            })
        };
        let tagged = self.lookups.retag(&scope, &paced).await;
        if tagged == Err(StoreError::Busy) && hold.keep(rekey).await?.paused == Pause::Waits {
            return Err(Stop::Paused);
        }
        self.rekey.facts.tagged = tagged?;
        let (owner, current) = (scope.owner, scope.keys().current());
        self.mirror_with(&[], move |tx| tags_whole(tx, owner, current)).await
    }

    /// Seals anew what came in behind, removes old tags, and sees whether nothing is left.
    async fn clear(&mut self) -> Result<Left, Stop> {
        // What was read here and not yet moved into the audit would come in behind.
        self.kernel.journal().flushed().await?;
        self.seal_all().await?;
        let scope = self.scope().await?;
        let standing = self.lookups.drop_old(&scope).await?;
        // Keys of repeated requests were written under the old version until the new one was looked up under.
        let before = self.rekey.stage_at;
        let answers = match (self.rekey.owner, self.rules.end) {
            (Owner::Tenant(tenant), End::InTime) => {
                let stand = move |tx: &mut Tx<'_>| idempotency::stand_until(tx, tenant, before);
                self.kernel.db().read(Some(tenant), stand).await?
            }
            (Owner::Tenant(tenant), End::Now) => {
                let drop = move |tx: &mut Tx<'_>| idempotency::drop_before(tx, tenant, before);
                self.kernel.db().write(vec![tenant], drop).await?;
                None
            }
            _ => None,
        };
        let left = self.count_before(self.rekey.new).await?;
        let unopenable: u64 = self.rekey.facts.unopenable.values().sum();
        // What does not open under any version is lost already, and is in the report.
        let left = match answers {
            _ if standing > 0 || left != unopenable => Left::Rest,
            Some(until) => Left::KeptAnswers(until),
            None => Left::Nothing,
        };
        self.rekey.facts.verified_at = matches!(left, Left::Nothing).then(|| self.kernel.now());
        Ok(left)
    }

    /// Destroys the old version, once it is seen again that nothing uses it.
    async fn destroy(&mut self) -> Result<Turn, Stop> {
        let owner = self.rekey.owner;
        self.kernel.journal().flushed().await?;
        let unopenable: u64 = self.rekey.facts.unopenable.values().sum();
        if self.count_before(self.rekey.old.next().unwrap_or(self.rekey.old)).await? > unopenable {
            // Restored, or come in behind: it is opened again, and all of it is sealed anew.
            self.kernel.keyring().reopen_rekey(&self.rekey, Stage::Alone).await?;
            return Ok(Turn::Reached(owner, Stage::Alone));
        }
        fault::reach(Point::RekeyDestroying);
        let report = report::signed(self.kernel, &self.rekey).await?;
        let destroyed = self.kernel.keyring().advance_rekey(&self.rekey, Stage::Destroyed, None, Some(report)).await?;
        if destroyed == Leaving::Leaves {
            return Ok(self.waits(WaitsFor::Staying, LEAVE_ALONE).await?);
        }
        fault::reach(Point::RekeyDestroyed);
        self.mirror(&[(self.rekey.old, KeyState::Destroyed)]).await?;
        Ok(Turn::Reached(owner, Stage::Destroyed))
    }
}

/// The tenants that an account belongs to or belonged to.
fn tenants_of(tx: &mut Tx<'_>, account: AccountId) -> Result<Vec<TenantId>, StoreError> {
    let mut tenants: Vec<TenantId> = account_tenants::table
        .filter(account_tenants::account_id.eq(account))
        .select(account_tenants::tenant_id)
        .load(tx.conn())?;
    let past: Vec<TenantId> = past_members::table
        .filter(past_members::account_id.eq(account))
        .select(past_members::tenant_id)
        .load(tx.conn())?;
    tenants.extend(past);
    tenants.sort_unstable();
    tenants.dedup();
    Ok(tenants)
}
