//! Erasing records: their rows, their history, their files, what finds them, what the audit tells of them, answers that
//! are kept for repeats.
//!
//! The ledger's entry comes first, in the keyring: whatever is interrupted is ended by another process that lives
//! ([`Kernel::end_record_erasures`]), and that, and whatever a restored back-up brings back, by the next start
//! ([`erase_records_again`]). The deletion writes beside the data that it was done (`erased_records`), so that a ledger
//! from an older back-up is told of it, and forgets no record that older data may bring back later.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use diesel::{ExpressionMethods as _, QueryDsl as _, RunQueryDsl as _};

use super::deed::scrub_at_start;
use crate::kernel::audit::{self, Action, Event, Subject};
use crate::kernel::clock::Time;
use crate::kernel::crypto::{Owner, OwnerKeys};
use crate::kernel::fault::{self, Point};
use crate::kernel::ids::{AnyId, RecordId, TenantId};
use crate::kernel::keyring::{Keyring, KeyringError};
use crate::kernel::store::schema::{erased_records, files, record_tags, record_versions, records};
use crate::kernel::store::{Db, StoreError, Tx, both};
use crate::kernel::tenancy::{InTenant as _, TenantScope, UpkeepScope};
use crate::kernel::{Kernel, idempotency, objects, store_error};

/// How long an erasure may be under way before another process ends it.
const UNDER_WAY: Duration = Duration::from_secs(15 * 60);

/// How far back is looked for what was not ended: further back is for the next start.
const LOOKED_BACK: Duration = Duration::from_secs(2 * 86_400);

/// What was erased of a record: how many rows of each table.
type Purged = BTreeMap<&'static str, u64>;

/// Records that are no more.
#[derive(Debug, Clone)]
pub struct ErasedRecords {
    /// When.
    pub at: Time,
    /// How many rows of each table.
    pub purged: BTreeMap<&'static str, u64>,
}

impl Kernel {
    /// Erases `records`, whatever is left of them.
    ///
    /// What they were links to nothing any more; records that linked to one keep its id, which tells nothing. The engines'
    /// leftovers are overwritten before this returns, except where somebody reads an older state for long: then with
    /// the next erasure.
    ///
    /// # Errors
    /// The store's or the keyring's; what was begun is ended by a repeat, by another process, or at the next start: of all
    /// of them.
    pub async fn erase_records(
        &self,
        scope: &TenantScope,
        records: Vec<RecordId>,
    ) -> Result<ErasedRecords, StoreError> {
        // What was read and not yet moved into the audit would come in behind.
        self.journal().flushed().await?;
        let failed = |error: KeyringError| store_error(&error);
        let at = self.keyring().enter_records(scope.tenant(), records.clone()).await.map_err(failed)?;
        let mut purged = Purged::new();
        for record in records {
            for (table, rows) in self.erase_one(scope, record).await? {
                *purged.entry(table).or_default() += rows;
            }
            fault::reach(Point::RecordErased);
        }
        purged.retain(|_, rows| *rows > 0);
        let db = self.db().clone();
        let scrubbed = tokio::task::spawn_blocking(move || db.scrub()).await;
        if !matches!(scrubbed, Ok(Ok(()))) {
            tracing::warn!("what the engine left over of erased records waits for the next erasure");
        }
        Ok(ErasedRecords { at, purged })
    }

    /// Ends what another process began to erase and did not end: of the records that the ledger knows since the day before
    /// yesterday, and not only for a moment, so that nobody who is still at it is overtaken. Safe at any time, on any node.
    ///
    /// # Errors
    /// The store's or the keyring's; what is left is ended the next time, or at a start.
    pub async fn end_record_erasures(&self) -> Result<(), StoreError> {
        // What was read here and not yet moved into the audit would come in behind.
        self.journal().flushed().await?;
        let (db, keyring, now) = (self.db().clone(), self.keyring().clone(), self.now());
        let ended = tokio::task::spawn_blocking(move || {
            let since = now.minus(LOOKED_BACK);
            let done = erased_here(&db, since)?;
            let known = keyring.erased_records(since, now.minus(UNDER_WAY)).map_err(|error| store_error(&error))?;
            erase_those(&db, &keyring, not_done(known, &done))
        });
        ended.await.map_err(|_| StoreError::Refused("a panic in the erasure of records"))?
    }

    async fn erase_one(&self, scope: &TenantScope, record: RecordId) -> Result<Purged, StoreError> {
        let forgotten = self.forget_in_audit(scope, record).await?;
        let erase = move |tx: &mut Tx<'_>, scope: &TenantScope| -> Result<(Purged, Vec<AnyId>), StoreError> {
            let upkeep = UpkeepScope(scope.tenant());
            let (mut purged, doomed) = purge(tx, &upkeep, record)?;
            purged.insert("idempotency", idempotency::forget(tx, &upkeep, scope.keys(), &record.to_string())?);
            audit::record(tx, scope, &Event::new(Action::RecordErased).of(Subject::Record(record)))?;
            Ok((purged, doomed))
        };
        let (mut purged, doomed) = self.write("records.erase", scope, erase).await?;
        self.remove_doomed(doomed).await?;
        purged.insert("audit_entries", forgotten);
        Ok(purged)
    }

    async fn forget_in_audit(&self, scope: &TenantScope, record: RecordId) -> Result<u64, StoreError> {
        let (mut after, mut forgotten) = (None, 0);
        loop {
            let keys = scope.shared_keys();
            let upkeep = UpkeepScope(scope.tenant());
            let page = self.db().write(vec![scope.tenant()], move |tx| {
                audit::forget(tx, &upkeep, &keys, Subject::Record(record), after)
            });
            let (next, rows) = page.await?;
            forgotten += rows;
            if next.is_none() {
                return Ok(forgotten);
            }
            after = next;
        }
    }
}

/// Deletes the rows of `record` and of its files, and writes down that this was done; gives the objects that go with them.
fn purge(tx: &mut Tx<'_>, scope: &UpkeepScope, record: RecordId) -> Result<(Purged, Vec<AnyId>), StoreError> {
    let rows = |gone: usize| u64::try_from(gone).unwrap_or(u64::MAX);
    // The record goes first: whoever is about to give it a file waits here, or finds it gone.
    let itself = diesel::delete(records::rows(scope).filter(records::id.eq(record))).execute(tx.conn())?;
    let tags = diesel::delete(record_tags::rows(scope).filter(record_tags::record_id.eq(record))).execute(tx.conn())?;
    let versions = diesel::delete(record_versions::rows(scope).filter(record_versions::record_id.eq(record)))
        .execute(tx.conn())?;
    let its_files = files::rows(scope).filter(files::record_id.eq(record));
    let doomed: Vec<AnyId> = its_files.select(files::object_id).load(tx.conn())?;
    objects::doom(tx, scope, &doomed)?;
    let contents = diesel::delete(files::rows(scope).filter(files::record_id.eq(record))).execute(tx.conn())?;
    note(tx, scope.tenant(), record)?;
    let purged = BTreeMap::from([
        ("record_tags", rows(tags)),
        ("record_versions", rows(versions)),
        ("files", rows(contents)),
        ("records", rows(itself)),
    ]);
    Ok((purged, doomed))
}

/// Writes down beside the data that nothing of `record` is here any more.
fn note(tx: &mut Tx<'_>, tenant: TenantId, record: RecordId) -> Result<(), StoreError> {
    let ids = (AnyId::from_bytes(*tenant.as_bytes()), AnyId::from_bytes(*record.as_bytes()));
    let row =
        (erased_records::tenant_id.eq(ids.0), erased_records::record_id.eq(ids.1), erased_records::at.eq(tx.now()));
    both(diesel::insert_into(erased_records::table).values(row).on_conflict_do_nothing()).execute(tx.conn())?;
    Ok(())
}

/// Brings the ledger and the data together: the ledger is told of what was erased here if a back-up of the keyring had
/// brought it back from before; and what it knows as erased and is here all the same is erased again: a back-up of the
/// data has brought it back, or an erasure was interrupted.
///
/// # Errors
/// The store's or the keyring's.
pub(in crate::kernel) fn erase_records_again(db: &Db, keyring: &Keyring) -> Result<(), StoreError> {
    let (first, last) = (Time::from_micros(0), Time::from_micros(i64::MAX));
    // Read in this order, what another process erases meanwhile is in the ledger too.
    let done = erased_here(db, first)?;
    let known = keyring.erased_records(first, last).map_err(|error| store_error(&error))?;
    let entered: BTreeSet<(TenantId, RecordId)> = known.iter().copied().collect();
    let forgotten: Vec<(TenantId, RecordId, Time)> = done
        .iter()
        .filter(|(one, _)| !entered.contains(one))
        .map(|(&(tenant, record), &at)| (tenant, record, at))
        .collect();
    if !forgotten.is_empty() {
        keyring.enter_records_again(&forgotten).map_err(|error| store_error(&error))?;
        tracing::warn!(records = forgotten.len(), "a copy of the keyring was told which records were erased");
    }
    erase_those(db, keyring, not_done(known, &done))
}

/// Erased records, and when.
type ErasedHere = BTreeMap<(TenantId, RecordId), Time>;

/// What was erased from `since` on, as the data says.
fn erased_here(db: &Db, since: Time) -> Result<ErasedHere, StoreError> {
    let rows: Vec<(AnyId, AnyId, Time)> = db.read_here(None, |tx| -> Result<_, StoreError> {
        let columns = (erased_records::tenant_id, erased_records::record_id, erased_records::at);
        Ok(erased_records::table.filter(erased_records::at.ge(since)).select(columns).load(tx.conn())?)
    })?;
    let ids = |(tenant, record, at): (AnyId, AnyId, Time)| {
        ((TenantId::from_bytes(*tenant.as_bytes()), RecordId::from_bytes(*record.as_bytes())), at)
    };
    Ok(rows.into_iter().map(ids).collect())
}

fn not_done(known: Vec<(TenantId, RecordId)>, done: &ErasedHere) -> Vec<(TenantId, RecordId)> {
    known.into_iter().filter(|one| !done.contains_key(one)).collect()
}

/// How many records one transaction notes as erased.
const NOTED: usize = 500;

fn erase_those(db: &Db, keyring: &Keyring, those: Vec<(TenantId, RecordId)>) -> Result<(), StoreError> {
    let failed = |error: KeyringError| store_error(&error);
    let (mut again, mut gone) = (0, Vec::new());
    for (tenant, record) in those {
        let keys = match keyring.reach_blocking(Owner::Tenant(tenant)) {
            Ok(keys) => keys,
            // The tenant is gone, and all its records with it.
            Err(KeyringError::NoKey(_)) => continue,
            Err(KeyringError::Sealed(_)) => keyring.reach_sealed_blocking(tenant).map_err(failed)?,
            Err(error) => return Err(store_error(&error)),
        };
        if db.read_here(Some(tenant), |tx| is_here(tx, tenant, record))? {
            again += 1;
            erase_again(db, tenant, &keys, record)?;
        } else {
            gone.push((tenant, record));
        }
    }
    // Of before it was written down, or of an erasure that came no further than the ledger's entry.
    for some in gone.chunks(NOTED) {
        let some = some.to_vec();
        db.write_blocking(Vec::new(), move |tx| {
            some.iter().try_for_each(|(tenant, record)| note(tx, *tenant, *record))
        })?;
    }
    if again > 0 {
        tracing::warn!(
            records = again,
            "records that were erased were here, of a back-up or of an erasure that was interrupted: erased again"
        );
        scrub_at_start(db);
    }
    Ok(())
}

fn is_here(tx: &mut Tx<'_>, tenant: TenantId, record: RecordId) -> Result<bool, StoreError> {
    let scope = UpkeepScope(tenant);
    let itself: i64 = records::rows(&scope).filter(records::id.eq(record)).count().get_result(tx.conn())?;
    let versions: i64 =
        record_versions::rows(&scope).filter(record_versions::record_id.eq(record)).count().get_result(tx.conn())?;
    let contents: i64 = files::rows(&scope).filter(files::record_id.eq(record)).count().get_result(tx.conn())?;
    Ok(itself + versions + contents > 0)
}

fn erase_again(
    db: &Db,
    tenant: TenantId,
    keys: &std::sync::Arc<OwnerKeys>,
    record: RecordId,
) -> Result<(), StoreError> {
    let mut after = None;
    loop {
        let keys = std::sync::Arc::clone(keys);
        let page =
            move |tx: &mut Tx<'_>| audit::forget(tx, &UpkeepScope(tenant), &keys, Subject::Record(record), after);
        let (next, _) = db.write_blocking(vec![tenant], page)?;
        if next.is_none() {
            break;
        }
        after = next;
    }
    let keys = std::sync::Arc::clone(keys);
    db.write_blocking(vec![tenant], move |tx| {
        let scope = UpkeepScope(tenant);
        idempotency::forget(tx, &scope, &keys, &record.to_string())?;
        purge(tx, &scope, record).map(drop)
    })
}
