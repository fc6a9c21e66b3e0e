//! The steps of an erasure, each of which can be gone through twice.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::time::{Duration, Instant};

use diesel::{ExpressionMethods as _, QueryDsl as _, RunQueryDsl as _};

use crate::kernel::clock::Time;
use crate::kernel::crypto::{Owner, OwnerKeys};
use crate::kernel::erasure::certificate::{Certificate, Check, FORMAT, Kind};
use crate::kernel::erasure::{Digest, Facts, named};
use crate::kernel::fault::{self, Point};
use crate::kernel::ids::{AccountId, AnyId, SigningKeyId, TenantId};
use crate::kernel::keyring::cache::LEASE;
use crate::kernel::keyring::erasures::{Erasure, Stage};
use crate::kernel::keyring::{KeyState, KeyringError};
use crate::kernel::objects;
use crate::kernel::store::schema::{
    account_tenants, accounts, key_versions, members, provider_sessions, sessions, tokens,
};
use crate::kernel::store::{Db, StoreError, Tx, Wake, owned};
use crate::kernel::tenancy::{AccountScope, UpkeepScope};
use crate::kernel::{Kernel, store_error};

/// How long whoever works on an erasure holds it without a sign of life.
const HOLD: Duration = Duration::from_secs(60);

/// How long whoever wants keys destroyed at once waits for somebody else who is at it, and how often it is looked.
const PATIENCE: Duration = Duration::from_secs(10);
const LOOK_AGAIN: Duration = Duration::from_millis(20);

/// How often whatever came in behind is deleted again before the check counts as failed.
const ROUNDS: usize = 10;

/// An account whose data is being erased. Nobody signs in to it.
const ERASING: i16 = 4;

/// How long what is left of keys can live on elsewhere.
#[derive(Debug, Clone, Copy)]
pub struct Rules {
    /// How long back-ups of the keyring, and archived logs of its database, are kept.
    pub keyring_backups: Duration,
}

/// What is to be written in the transaction that closes the door.
pub type Last = Box<dyn FnMut(&mut Tx<'_>) -> Result<(), StoreError> + Send>;

/// Who prepares what an owner is told last, while their keys still open what is needed for it.
pub trait Farewell: Sync {
    /// What is to be written in the transaction that closes the door to `leaver`.
    fn prepare<'f>(&'f self, leaver: &'f Leaver)
    -> Pin<Box<dyn Future<Output = Result<Last, StoreError>> + Send + 'f>>;
}

/// Who is about to be erased, and everybody who belongs to them.
pub struct Leaver {
    /// Whose erasure it is.
    pub owner: Owner,
    /// Their keys, for the last time.
    pub keys: Arc<OwnerKeys>,
    /// What they had said.
    pub facts: Facts,
    /// The accounts of a tenant's members, or the account itself.
    pub people: Vec<AccountScope>,
}

/// A point at which an erasure can be left, to be gone on with later; a test leaves it at each, as a kill would.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
#[expect(missing_docs, reason = "each name says after what")]
pub enum Step {
    Claimed,
    Closed,
    KeysDestroyed,
    OneBatch,
    Purged,
    Overwritten,
    Certified,
}

impl Step {
    /// Every step, in order.
    pub const ALL: [Self; 7] = [
        Self::Claimed,
        Self::Closed,
        Self::KeysDestroyed,
        Self::OneBatch,
        Self::Purged,
        Self::Overwritten,
        Self::Certified,
    ];

    /// Where a test ends the process after it.
    const fn point(self) -> Point {
        match self {
            Self::Claimed => Point::ErasureClaimed,
            Self::Closed => Point::ErasureClosed,
            Self::KeysDestroyed => Point::ErasureKeysDestroyed,
            Self::OneBatch => Point::ErasureBatch,
            Self::Purged => Point::ErasurePurged,
            Self::Overwritten => Point::ErasureOverwritten,
            Self::Certified => Point::ErasureCertified,
        }
    }
}

/// Where to end.
#[derive(Clone, Copy)]
struct Until(Option<Step>);

impl Until {
    fn reached(self, step: Step) -> Result<(), Stop> {
        fault::reach(step.point());
        if self.0 == Some(step) { Err(Stop::Ended) } else { Ok(()) }
    }
}

/// Why an erasure did not go on.
enum Stop {
    Store(StoreError),
    /// Left where it was to be left.
    Ended,
}

impl From<StoreError> for Stop {
    fn from(error: StoreError) -> Self {
        Self::Store(error)
    }
}

impl Kernel {
    /// Goes on with every erasure that is due or was left in the middle, and adds certificates whose horizon has passed;
    /// gives how many were ended.
    ///
    /// # Errors
    /// The store's or the keyring's; the rest goes on the next time.
    pub async fn erase_due(&self, rules: Rules, farewell: &dyn Farewell) -> Result<usize, StoreError> {
        let mut ended = 0;
        while self.erase_next(None, rules, farewell, Until(None)).await? == Next::Ended {
            ended += 1;
        }
        self.forget_settled().await?;
        Ok(ended)
    }

    /// Destroys the keys of one erasure that is due, and leaves the rest to whoever goes on ([`Kernel::erase_due`]), who
    /// is woken. Where somebody else has taken hold of it a moment ago, it waits until they have, for a while.
    ///
    /// # Errors
    /// As [`Kernel::erase_due`].
    pub async fn destroy_now(&self, digest: Digest, rules: Rules, farewell: &dyn Farewell) -> Result<(), StoreError> {
        let since = Instant::now();
        loop {
            let next = self.erase_next(Some(digest), rules, farewell, Until(Some(Step::KeysDestroyed))).await?;
            if next == Next::Stopped {
                // Ours: what is left of it is anybody's.
                self.keyring().hold_erasure(digest, Duration::ZERO).await.map_err(|error| store_error(&error))?;
                break;
            }
            let known = self.keyring().erasure(digest).await.map_err(|error| store_error(&error))?;
            let is_done = known.is_none_or(|erasure| erasure.keys_destroyed_at.is_some());
            if is_done || since.elapsed() >= PATIENCE {
                break;
            }
            tokio::time::sleep(LOOK_AGAIN).await;
        }
        self.db().notifier(Wake::Jobs).notify_one();
        Ok(())
    }

    /// As [`Kernel::erase_due`], ended after `step` as by a kill; its hold has run out.
    ///
    /// # Errors
    /// As [`Kernel::erase_due`].
    #[cfg(feature = "testing")]
    pub async fn erase_until(
        &self,
        digest: Digest,
        rules: Rules,
        farewell: &dyn Farewell,
        step: Step,
    ) -> Result<(), StoreError> {
        let _ended = self.erase_next(Some(digest), rules, farewell, Until(Some(step))).await?;
        self.keyring().hold_erasure(digest, Duration::ZERO).await.map_err(|error| store_error(&error))
    }

    async fn erase_next(
        &self,
        only: Option<Digest>,
        rules: Rules,
        farewell: &dyn Farewell,
        until: Until,
    ) -> Result<Next, StoreError> {
        let claimed = self.keyring().claim_erasure(only, HOLD).await.map_err(|error| store_error(&error))?;
        let Some(erasure) = claimed else { return Ok(Next::Nothing) };
        let digest = erasure.digest;
        let ended = match erasure.stage {
            Stage::Erased | Stage::Final => self.certify_horizon(erasure).await,
            Stage::Scheduled | Stage::Closing | Stage::Destroyed => {
                self.go_through(erasure, rules, farewell, until).await
            }
        };
        match ended {
            Ok(()) => Ok(Next::Ended),
            Err(Stop::Ended) => Ok(Next::Stopped),
            Err(Stop::Store(error)) => {
                // Somebody else may go on at once; while the keyring is away, the hold runs out by itself.
                drop(self.keyring().hold_erasure(digest, Duration::ZERO).await);
                Err(error)
            }
        }
    }

    async fn go_through(
        &self,
        mut erasure: Erasure,
        rules: Rules,
        farewell: &dyn Farewell,
        until: Until,
    ) -> Result<(), Stop> {
        until.reached(Step::Claimed)?;
        if erasure.stage < Stage::Destroyed {
            let owners = self.close(&erasure, farewell).await?;
            if owners.is_empty() {
                self.keyring().drop_erasure(erasure.digest).await.map_err(|error| store_error(&error))?;
                return Err(Stop::Ended);
            }
            until.reached(Step::Closed)?;
            erasure.facts = self.destroy(&erasure, &owners).await?;
        }
        let destroyed_at = self.destroyed_at(&erasure).await?;
        until.reached(Step::KeysDestroyed)?;
        // A copy of the data from before is known as one from here on.
        self.move_on_beside().await;
        let owners = owners(&erasure.facts);
        self.purge(erasure.digest, &owners, until).await?;
        until.reached(Step::Purged)?;
        // Whoever held a key in memory has let go of it by then, and has written what it was about to write.
        tokio::time::sleep(LEASE.saturating_sub(self.now().since(destroyed_at))).await;
        self.purge(erasure.digest, &owners, Until(None)).await?;
        self.overwrite().await?;
        until.reached(Step::Overwritten)?;
        self.certify(erasure, &owners, destroyed_at, rules).await?;
        self.move_on_beside().await;
        until.reached(Step::Certified)?;
        self.forget_counts(&owners).await
    }

    /// Nobody is let in any more, and no write in flight lands: in one transaction the mirrored states of the keys, the
    /// accounts that belong nowhere else, sessions, tokens, memberships, and the farewell. Gives whose keys are to be
    /// destroyed: nobody's when it is an account that has come to belong to a tenant meanwhile.
    async fn close(&self, erasure: &Erasure, farewell: &dyn Farewell) -> Result<Vec<Owner>, Stop> {
        let owner = erasure.owner;
        let mut last = match self.leaver(erasure).await? {
            Some(leaver) => farewell.prepare(&leaver).await?,
            None => Box::new(|_: &mut Tx<'_>| Ok(())),
        };
        let closed = self.db().write(reach(owner), move |tx| match owner {
            Owner::Tenant(tenant) => {
                let closing = is_open(tx, owner)?;
                let owners = close_tenant(tx, tenant)?;
                closing.then(|| last(tx)).transpose()?;
                Ok(owners)
            }
            Owner::Account(account) => {
                let closing = is_open(tx, owner)?;
                if close_unless_elsewhere(tx, account, None)? == Belongs::Somewhere {
                    return Ok(Vec::new());
                }
                close_accounts(tx, &[account])?;
                closing.then(|| last(tx)).transpose()?;
                Ok(vec![owner])
            }
            Owner::Service | Owner::Day(_) | Owner::Letter(_) => {
                Err(StoreError::Refused("an erasure of the service itself"))
            }
        });
        Ok(closed.await?)
    }

    /// Who leaves, as long as their keys are there.
    async fn leaver(&self, erasure: &Erasure) -> Result<Option<Leaver>, Stop> {
        let owner = erasure.owner;
        let keys = match self.keyring().reach(owner).await {
            Ok(keys) => keys,
            Err(KeyringError::NoKey(_)) => return Ok(None),
            // Whoever sealed their vault leaves all the same, when the wish is due.
            Err(KeyringError::Sealed(tenant)) => {
                self.keyring().reach_sealed(tenant).await.map_err(|error| store_error(&error))?
            }
            Err(error) => return Err(Stop::Store(store_error(&error))),
        };
        let people = match owner {
            Owner::Tenant(tenant) => self.point(&UpkeepScope(tenant), everybody).await?,
            Owner::Account(account) => vec![account],
            Owner::Service | Owner::Day(_) | Owner::Letter(_) => Vec::new(),
        };
        let mut scopes = Vec::new();
        for account in people {
            scopes.push(self.account_scope(account).await.map_err(|error| store_error(&error))?);
        }
        Ok(Some(Leaver { owner, keys, facts: erasure.facts.clone(), people: scopes }))
    }

    async fn destroy(&self, erasure: &Erasure, owners: &[Owner]) -> Result<Facts, Stop> {
        let destroyed = self.keyring().destroy_erased(erasure.digest, owners, &erasure.facts).await;
        destroyed.map_err(|error| Stop::Store(store_error(&error)))
    }

    async fn destroyed_at(&self, erasure: &Erasure) -> Result<Time, Stop> {
        let known = self.keyring().erasure(erasure.digest).await.map_err(|error| store_error(&error))?;
        Ok(known
            .and_then(|erasure| erasure.keys_destroyed_at)
            .ok_or(StoreError::Refused("an erasure without its time"))?)
    }

    /// Deletes what the keys sealed, in short transactions.
    async fn purge(&self, digest: Digest, owners: &[Owner], until: Until) -> Result<(), Stop> {
        // What was read and not yet moved into the audit would come in behind.
        self.journal().flushed().await?;
        for owner in owners.iter().copied() {
            self.purge_objects(digest, owner, until).await?;
            loop {
                let gone = self.db().write(reach(owner), move |tx| owned::purge(tx, owner)).await?;
                until.reached(Step::OneBatch)?;
                if gone == 0 {
                    break;
                }
                self.keyring().hold_erasure(digest, HOLD).await.map_err(|error| store_error(&error))?;
            }
        }
        Ok(())
    }

    /// Removes the objects of a tenant, a few at a time, and counts them where the storage no longer has them.
    async fn purge_objects(&self, digest: Digest, owner: Owner, until: Until) -> Result<(), Stop> {
        let Owner::Tenant(tenant) = owner else { return Ok(()) };
        loop {
            let names = self.some_objects(tenant).await?;
            if names.is_empty() {
                return Ok(());
            }
            self.remove_all(names.clone()).await?;
            let gone = move |tx: &mut Tx<'_>| {
                let gone = objects::forget(tx, &names)?;
                owned::note(tx, owner, owned::OBJECTS, gone)
            };
            self.db().write(reach(owner), gone).await?;
            until.reached(Step::OneBatch)?;
            self.keyring().hold_erasure(digest, HOLD).await.map_err(|error| store_error(&error))?;
        }
    }

    /// Overwrites what the engines left over of deleted rows and keys, in both databases.
    async fn overwrite(&self) -> Result<(), Stop> {
        let (data, keyring) = (self.db().clone(), self.keyring().db().clone());
        let scrub = tokio::task::spawn_blocking(move || {
            data.scrub()?;
            keyring.scrub()
        });
        Ok(scrub.await.unwrap_or(Err(StoreError::Refused("a panic while pages were overwritten")))?)
    }

    async fn left(&self, owners: &[Owner]) -> Result<(u64, u64), Stop> {
        let (mut rows, mut keys) = (0, 0);
        for owner in owners.iter().copied() {
            rows += self.db().read(reach(owner).first().copied(), move |tx| owned::left(tx, owner)).await?;
            keys += self.keyring().left_of(owner).map_err(|error| store_error(&error))?;
        }
        Ok((rows, keys))
    }

    async fn certify(
        &self,
        mut erasure: Erasure,
        owners: &[Owner],
        destroyed_at: Time,
        rules: Rules,
    ) -> Result<(), Stop> {
        let mut found = self.left(owners).await?;
        for _ in 0..ROUNDS {
            if found == (0, 0) {
                break;
            }
            self.purge(erasure.digest, owners, Until(None)).await?;
            self.overwrite().await?;
            found = self.left(owners).await?;
        }
        if found != (0, 0) {
            return Err(Stop::Store(StoreError::Refused("rows of an erased owner keep coming back")));
        }
        for owner in owners.iter().copied() {
            let deleted = self.db().read(None, move |tx| owned::deleted(tx, owner)).await?;
            for (name, rows) in deleted {
                *erasure.facts.purged.entry(name).or_default() += rows;
            }
        }
        erasure.facts.files = erasure.facts.purged.get(owned::OBJECTS).copied().unwrap_or(0);
        let finished_at = self.now();
        let horizon_at = destroyed_at.plus(rules.keyring_backups);
        let certificate = self.certificate(&erasure, Kind::Erased, (destroyed_at, finished_at, horizon_at)).await?;
        let digest = erasure.digest;
        let finished =
            self.keyring().finish_erasure(digest, finished_at, horizon_at, &erasure.facts, certificate).await;
        Ok(finished.map_err(|error| store_error(&error))?)
    }

    async fn certify_horizon(&self, erasure: Erasure) -> Result<(), Stop> {
        let (Some(destroyed_at), Some(finished_at), Some(horizon_at)) =
            (erasure.keys_destroyed_at, erasure.finished_at, erasure.horizon_at)
        else {
            return Err(Stop::Store(StoreError::Refused("an erasure without its times")));
        };
        let times = (destroyed_at, finished_at, horizon_at);
        let certificate = self.certificate(&erasure, Kind::HorizonPassed, times).await?;
        let certified = self.keyring().certify_horizon(erasure.digest, certificate).await;
        certified.map_err(|error| store_error(&error))?;
        self.move_on_beside().await;
        Ok(())
    }

    /// [`Kernel::move_on`] beside an erasure, which does not wait for what comes every hour anyhow.
    async fn move_on_beside(&self) {
        let kernel = self.clone();
        if let Ok(Err(error)) = tokio::task::spawn_blocking(move || kernel.move_on()).await {
            tracing::warn!(%error, "the epoch moves on with the next hour");
        }
    }

    async fn certificate(
        &self,
        erasure: &Erasure,
        kind: Kind,
        (destroyed_at, finished_at, horizon_at): (Time, Time, Time),
    ) -> Result<String, StoreError> {
        let facts = &erasure.facts;
        let signer = self.keyring().signer().await.map_err(|error| store_error(&error))?;
        let checkpoint = self.log_checkpoint().await?;
        let certificate = Certificate {
            format: FORMAT.to_owned(),
            kind,
            service: self.keyring().instance(),
            owner: named(erasure.owner),
            commitment: facts.commitment.clone(),
            requested_at: erasure.requested_at.rfc3339(),
            keys_destroyed_at: destroyed_at.rfc3339(),
            keys: facts.keys.clone(),
            purged: facts.purged.clone(),
            files: facts.files,
            check: Check { at: finished_at.rfc3339(), rows: 0, keys: 0, overwritten: true },
            finished_at: finished_at.rfc3339(),
            horizon_at: horizon_at.rfc3339(),
            farewell_until: facts.farewell_until.clone(),
            policies: facts.policies.clone(),
            checkpoint,
            issued_at: self.now().rfc3339(),
            key: SigningKeyId::from_bytes([0; 16]),
            signature: String::new(),
        };
        certificate.signed(&signer)
    }

    /// Forgets what was counted of owners whose certificate stands: a kill between the two leaves it behind.
    async fn forget_settled(&self) -> Result<(), StoreError> {
        let counted = self.db().read(None, owned::counted).await?;
        if counted.is_empty() {
            return Ok(());
        }
        // Read after what was counted: whoever is not on the way any more by now has been certified with it.
        let underway = self.keyring().erasures_underway().await.map_err(|error| store_error(&error))?;
        if underway.iter().any(|erasure| erasure.stage == Stage::Closing) {
            return Ok(());
        }
        let underway: Vec<Owner> = underway.iter().flat_map(|erasure| owners(&erasure.facts)).collect();
        let settled: Vec<Owner> = counted.into_iter().filter(|owner| !underway.contains(owner)).collect();
        let forget = move |tx: &mut Tx<'_>| settled.iter().try_for_each(|owner| owned::forget(tx, *owner));
        self.db().write(Vec::new(), forget).await
    }

    async fn forget_counts(&self, owners: &[Owner]) -> Result<(), Stop> {
        let owners = owners.to_vec();
        let forget = move |tx: &mut Tx<'_>| owners.iter().try_for_each(|owner| owned::forget(tx, *owner));
        Ok(self.db().write(Vec::new(), forget).await?)
    }
}

/// Deletes the rows of owners who were erased and whom a restored back-up has brought back: noise, without their keys.
pub(in crate::kernel) fn erase_again(db: &Db, owners: &[Owner]) -> Result<(), StoreError> {
    for owner in owners.iter().copied() {
        db.write_blocking(reach(owner), move |tx| {
            set_states(tx, owner, KeyState::Destroyed)?;
            if let Owner::Tenant(tenant) = owner { objects::doom_all(tx, tenant) } else { Ok(()) }
        })?;
        while db.write_blocking(reach(owner), move |tx| owned::purge(tx, owner))? > 0 {}
        db.write_blocking(Vec::new(), move |tx| owned::forget(tx, owner))?;
    }
    if !owners.is_empty() {
        tracing::warn!(owners = owners.len(), "a back-up had brought back who was erased: erased again");
        scrub_at_start(db);
    }
    Ok(())
}

/// Overwrites what the engine left over; where another process is in the way, the service starts all the same.
pub(super) fn scrub_at_start(db: &Db) {
    if db.scrub().is_err() {
        tracing::warn!("what the engine left over waits for the next erasure");
    }
}

/// Whether there was something to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Next {
    Ended,
    /// One was begun, and is left as it is.
    Stopped,
    Nothing,
}

/// Whose data goes, by the facts.
fn owners(facts: &Facts) -> Vec<Owner> {
    let owner = |name: &String| match name.split_once(':')? {
        ("tenant", id) => id.parse().ok().map(Owner::Tenant),
        ("account", id) => id.parse().ok().map(Owner::Account),
        _ => None,
    };
    facts.owners.iter().filter_map(owner).collect()
}

/// Ends a tenant's sessions' reach, its tokens and memberships; gives it and its members who belong nowhere else.
fn close_tenant(tx: &mut Tx<'_>, tenant: TenantId) -> Result<Vec<Owner>, StoreError> {
    set_states(tx, Owner::Tenant(tenant), KeyState::Destroyed)?;
    let mut alone = Vec::new();
    for account in everybody(tx, &UpkeepScope(tenant))? {
        if close_unless_elsewhere(tx, account, Some(tenant))? == Belongs::Nowhere {
            alone.push(account);
        }
    }
    close_accounts(tx, &alone)?;
    let gone = diesel::delete(tokens::table.filter(tokens::tenant_id.eq(tenant))).execute(tx.conn())?;
    owned::note(tx, Owner::Tenant(tenant), "tokens", gone)?;
    let theirs = account_tenants::table.filter(account_tenants::tenant_id.eq(tenant));
    let gone = diesel::delete(theirs).execute(tx.conn())?;
    owned::note(tx, Owner::Tenant(tenant), "account_tenants", gone)?;
    let owners = alone.into_iter().map(Owner::Account);
    Ok(std::iter::once(Owner::Tenant(tenant)).chain(owners).collect())
}

/// Whether an account belongs to a tenant that stays.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Belongs {
    Somewhere,
    Nowhere,
}

/// Closes the keys of an account that belongs to no tenant but `leaving`; those of any other stay as they are.
fn close_unless_elsewhere(
    tx: &mut Tx<'_>,
    account: AccountId,
    leaving: Option<TenantId>,
) -> Result<Belongs, StoreError> {
    let owner = Owner::Account(account);
    // Its key's row is held first: whoever is about to make it a member elsewhere holds it too.
    let before = states(tx, owner)?;
    set_states(tx, owner, KeyState::Destroyed)?;
    let mut elsewhere = account_tenants::table.filter(account_tenants::account_id.eq(account)).into_boxed();
    if let Some(tenant) = leaving {
        elsewhere = elsewhere.filter(account_tenants::tenant_id.ne(tenant));
    }
    let elsewhere: i64 = elsewhere.count().get_result(tx.conn())?;
    if elsewhere == 0 {
        return Ok(Belongs::Nowhere);
    }
    for (version, state) in before {
        let key = (owner.kind(), AnyId::from_bytes(owner.id_bytes()), version);
        diesel::update(key_versions::table.find(key)).set(key_versions::state.eq(state)).execute(tx.conn())?;
    }
    Ok(Belongs::Somewhere)
}

/// Everybody who belongs to the tenant.
fn everybody(tx: &mut Tx<'_>, scope: &UpkeepScope) -> Result<Vec<AccountId>, StoreError> {
    Ok(members::rows(scope).select(members::account_id).load(tx.conn())?)
}

/// The tenant that a transaction over the owner's rows must be within reach of.
fn reach(owner: Owner) -> Vec<TenantId> {
    if let Owner::Tenant(tenant) = owner { vec![tenant] } else { Vec::new() }
}

/// Whether the door is still open: what is told last is told once.
fn is_open(tx: &mut Tx<'_>, owner: Owner) -> Result<bool, StoreError> {
    Ok(states(tx, owner)?.iter().any(|(_, state)| *state != KeyState::Destroyed.code()))
}

fn close_accounts(tx: &mut Tx<'_>, them: &[AccountId]) -> Result<(), StoreError> {
    for account in them {
        set_states(tx, Owner::Account(*account), KeyState::Destroyed)?;
        diesel::update(accounts::table.find(account)).set(accounts::state.eq(ERASING)).execute(tx.conn())?;
        let theirs = sessions::table.filter(sessions::account_id.eq(account)).select(sessions::id);
        let standing = provider_sessions::table.filter(provider_sessions::session_id.eq_any(theirs));
        let gone = diesel::delete(standing).execute(tx.conn())?;
        owned::note(tx, Owner::Account(*account), "provider_sessions", gone)?;
        let gone = diesel::delete(sessions::table.filter(sessions::account_id.eq(account))).execute(tx.conn())?;
        owned::note(tx, Owner::Account(*account), "sessions", gone)?;
    }
    Ok(())
}

fn states(tx: &mut Tx<'_>, owner: Owner) -> Result<Vec<(crate::kernel::crypto::KeyVersion, i16)>, StoreError> {
    let mine = key_versions::table
        .filter(key_versions::owner_kind.eq(owner.kind()))
        .filter(key_versions::owner_id.eq(AnyId::from_bytes(owner.id_bytes())));
    Ok(mine.select((key_versions::version, key_versions::state)).load(tx.conn())?)
}

fn set_states(tx: &mut Tx<'_>, owner: Owner, state: KeyState) -> Result<(), StoreError> {
    let mine = key_versions::table
        .filter(key_versions::owner_kind.eq(owner.kind()))
        .filter(key_versions::owner_id.eq(AnyId::from_bytes(owner.id_bytes())));
    diesel::update(mine).set(key_versions::state.eq(state.code())).execute(tx.conn())?;
    Ok(())
}
