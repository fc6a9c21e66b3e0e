//! The journal of reads: a read's entry survives a kill of the process before its answer leaves.
//!
//! Entries are appended, sealed, to a file (one `write`, no flush to disk), moved into the audit within a second, and
//! replayed at the next start. Each file is moved in one transaction that also notes the file, so that no entry stands
//! twice.

use std::collections::BTreeMap;
use std::fs::{self, File, OpenOptions};
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::time::Duration;

use diesel::{ExpressionMethods as _, OptionalExtension as _, QueryDsl as _, RunQueryDsl as _};

use super::{SealedEntry, append};
use crate::kernel::clock::{Clock, Time};
use crate::kernel::crypto::{Owner, Sealed};
use crate::kernel::entropy::Entropy;
use crate::kernel::ids::{AccountId, AnyId, AuditId, TenantId};
use crate::kernel::keyring::KeyState;
use crate::kernel::store::schema::{journals, key_versions};
use crate::kernel::store::{Db, StoreError, Tx};
use crate::kernel::tenancy::Carried;

/// How often the journal is moved into the audit.
const MOVE: Duration = Duration::from_millis(500);

/// The most entries that one file, and so one transaction, holds.
const FULL: usize = 20_000;

/// The most files that may wait; beyond, the audit's database has been away too long and reads are refused.
const WAITING: usize = 64;

/// The journal of this process. Cheap to clone.
#[derive(Clone)]
pub struct Journal(Arc<Inner>);

struct Inner {
    folder: PathBuf,
    db: Db,
    clock: Clock,
    entropy: Entropy,
    open: Mutex<Open>,
    moving: Mutex<()>,
}

struct Open {
    now: Option<(AnyId, File)>,
    entries: Vec<SealedEntry>,
    full: Vec<(AnyId, Arc<Vec<SealedEntry>>)>,
}

impl Journal {
    /// Opens the journal in `folder`, moving what an earlier process left there.
    ///
    /// # Errors
    /// The folder cannot be written, or the database is away.
    pub(in crate::kernel) fn open(folder: PathBuf, db: Db, clock: Clock, entropy: Entropy) -> Result<Self, StoreError> {
        use std::os::unix::fs::DirBuilderExt as _;
        fs::DirBuilder::new().recursive(true).mode(0o700).create(&folder).map_err(|_| StoreError::Unavailable)?;
        let journal = Self(Arc::new(Inner {
            folder,
            db,
            clock,
            entropy,
            open: Mutex::new(Open { now: None, entries: Vec::new(), full: Vec::new() }),
            moving: Mutex::new(()),
        }));
        journal.replay()?;
        journal.keep_moving()?;
        Ok(journal)
    }

    /// Notes `entry`: once this returns, a kill of the process does not lose it.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`] when it cannot be written: then nothing may be answered.
    pub fn note(&self, entry: SealedEntry) -> Result<(), StoreError> {
        let line = encode(&entry);
        let mut open = self.0.open.lock().unwrap_or_else(PoisonError::into_inner);
        if open.full.len() >= WAITING {
            return Err(StoreError::Unavailable);
        }
        if open.now.is_none() {
            let id = AnyId::new(self.0.clock.now(), &self.0.entropy);
            open.now = Some((id, create(&path(&self.0.folder, id)).map_err(|_| StoreError::Unavailable)?));
        }
        let Some((_, file)) = &mut open.now else { return Err(StoreError::Unavailable) };
        if file.write_all(&line).is_err() {
            // What was written of it is no whole entry: the file ends here, and a replay reads up to it.
            self.turn(&mut open);
            return Err(StoreError::Unavailable);
        }
        open.entries.push(entry);
        if open.entries.len() >= FULL {
            self.turn(&mut open);
        }
        Ok(())
    }

    /// Ends the file being written, so that it can be moved.
    fn turn(&self, open: &mut Open) {
        if let Some((id, _)) = open.now.take() {
            let entries = std::mem::take(&mut open.entries);
            open.full.push((id, Arc::new(entries)));
        }
    }

    /// Moves everything noted so far into the audit.
    ///
    /// # Errors
    /// The database is away; the journal keeps what was not moved.
    pub fn flush(&self) -> Result<(), StoreError> {
        let _one = self.0.moving.lock().unwrap_or_else(PoisonError::into_inner);
        self.turn(&mut self.0.open.lock().unwrap_or_else(PoisonError::into_inner));
        loop {
            let Some((id, entries)) = self.0.open.lock().unwrap_or_else(PoisonError::into_inner).full.pop() else {
                return Ok(());
            };
            if let Err(error) = self.move_file(id, &entries) {
                self.0.open.lock().unwrap_or_else(PoisonError::into_inner).full.push((id, entries));
                return Err(error);
            }
        }
    }

    /// As [`Journal::flush`], on a thread that may wait.
    ///
    /// # Errors
    /// As [`Journal::flush`].
    pub async fn flushed(&self) -> Result<(), StoreError> {
        let journal = self.clone();
        let flushed = tokio::task::spawn_blocking(move || journal.flush()).await;
        flushed.map_err(|_| StoreError::Refused("a panic in the journal"))?
    }

    fn move_file(&self, id: AnyId, entries: &Arc<Vec<SealedEntry>>) -> Result<(), StoreError> {
        let mut by_tenant: BTreeMap<TenantId, Vec<usize>> = BTreeMap::new();
        for (n, entry) in entries.iter().enumerate() {
            by_tenant.entry(entry.tenant).or_default().push(n);
        }
        let tenants = by_tenant.keys().copied().collect();
        let within = Arc::clone(entries);
        self.0.db.write_blocking(tenants, move |tx| move_entries(tx, id, &within, &by_tenant))?;
        drop(fs::remove_file(path(&self.0.folder, id)));
        Ok(())
    }

    /// Moves the files that an earlier process left.
    fn replay(&self) -> Result<(), StoreError> {
        for entry in fs::read_dir(&self.0.folder).map_err(|_| StoreError::Unavailable)? {
            let name = entry.map_err(|_| StoreError::Unavailable)?.file_name();
            let Some(id) =
                name.to_str().and_then(|name| name.strip_suffix(".journal")).and_then(|id| id.parse::<AnyId>().ok())
            else {
                continue;
            };
            let bytes = fs::read(path(&self.0.folder, id)).map_err(|_| StoreError::Unavailable)?;
            self.move_file(id, &Arc::new(decode(&bytes)))?;
        }
        Ok(())
    }

    fn keep_moving(&self) -> Result<(), StoreError> {
        let weak: Weak<Inner> = Arc::downgrade(&self.0);
        let run = move || {
            loop {
                std::thread::sleep(MOVE);
                let Some(inner) = weak.upgrade() else { return };
                if Self(inner).flush().is_err() {
                    tracing::warn!("the journal of reads waits for the database");
                }
            }
        };
        std::thread::Builder::new()
            .name("seif-journal".to_owned())
            .spawn(run)
            .map(drop)
            .map_err(|_| StoreError::Unavailable)
    }
}

fn move_entries(
    tx: &mut Tx<'_>,
    id: AnyId,
    entries: &[SealedEntry],
    by_tenant: &BTreeMap<TenantId, Vec<usize>>,
) -> Result<(), StoreError> {
    let moved: Option<AnyId> = journals::table.find(id).select(journals::id).get_result(tx.conn()).optional()?;
    if moved.is_some() {
        return Ok(());
    }
    let gone = erased(tx, by_tenant.keys())?;
    for (tenant, numbers) in by_tenant {
        // Whoever has left has no audit any more.
        if gone.contains(tenant) {
            continue;
        }
        let scope = Carried(*tenant);
        append(tx, &scope, numbers.iter().filter_map(|n| entries.get(*n)))?;
    }
    diesel::insert_into(journals::table).values((journals::id.eq(id), journals::at.eq(tx.now()))).execute(tx.conn())?;
    Ok(())
}

/// Those of `tenants` who have no key any more, or are about to lose it.
fn erased<'t>(tx: &mut Tx<'_>, tenants: impl Iterator<Item = &'t TenantId>) -> Result<Vec<TenantId>, StoreError> {
    let kind = Owner::Tenant(TenantId::from_bytes([0; 16])).kind();
    let all: Vec<TenantId> = tenants.copied().collect();
    let mut alive: Vec<AnyId> = Vec::new();
    for some in all.chunks(500) {
        let ids: Vec<AnyId> = some.iter().map(|tenant| AnyId::from_bytes(*tenant.as_bytes())).collect();
        let found: Vec<AnyId> = key_versions::table
            .filter(key_versions::owner_kind.eq(kind))
            .filter(key_versions::owner_id.eq_any(ids))
            .filter(key_versions::state.ne(KeyState::Destroyed.code()))
            .select(key_versions::owner_id)
            .distinct()
            .load(tx.conn())?;
        alive.extend(found);
    }
    Ok(all.into_iter().filter(|tenant| alive.iter().all(|id| id.as_bytes() != tenant.as_bytes())).collect())
}

fn path(folder: &Path, id: AnyId) -> PathBuf {
    folder.join(format!("{id}.journal"))
}

fn create(path: &Path) -> std::io::Result<File> {
    use std::os::unix::fs::OpenOptionsExt as _;
    OpenOptions::new().append(true).create_new(true).mode(0o600).open(path)
}

/// An entry on the file: `length(4) | tenant(16) | id(16) | at(8) | leaf(32) | account(16) | body length(4) | body |
/// actor`, big-endian.
fn encode(entry: &SealedEntry) -> Vec<u8> {
    let (account, actor) = match &entry.actor {
        Some((account, actor)) => (*account, actor.as_bytes()),
        None => (AccountId::from_bytes([0; 16]), [].as_slice()),
    };
    let body = entry.body.as_bytes();
    let length = 16 + 16 + 8 + 32 + 16 + 4 + body.len() + actor.len();
    let mut line = Vec::with_capacity(4 + length);
    line.extend(u32::try_from(length).unwrap_or(u32::MAX).to_be_bytes());
    line.extend(entry.tenant.as_bytes());
    line.extend(entry.id.as_bytes());
    line.extend(entry.at.micros().to_be_bytes());
    line.extend(entry.leaf);
    line.extend(account.as_bytes());
    line.extend(u32::try_from(body.len()).unwrap_or(u32::MAX).to_be_bytes());
    line.extend(body);
    line.extend(actor);
    line
}

/// The whole entries at the beginning of a file; one cut short by a kill was never answered for.
fn decode(mut bytes: &[u8]) -> Vec<SealedEntry> {
    let mut entries = Vec::new();
    while let Some((entry, rest)) = decode_one(bytes) {
        entries.push(entry);
        bytes = rest;
    }
    entries
}

fn decode_one(bytes: &[u8]) -> Option<(SealedEntry, &[u8])> {
    let (length, rest) = bytes.split_first_chunk::<4>()?;
    let (line, rest) = rest.split_at_checked(usize::try_from(u32::from_be_bytes(*length)).ok()?)?;
    let (tenant, line) = line.split_first_chunk::<16>()?;
    let (id, line) = line.split_first_chunk::<16>()?;
    let (at, line) = line.split_first_chunk::<8>()?;
    let (leaf, line) = line.split_first_chunk::<32>()?;
    let (account, line) = line.split_first_chunk::<16>()?;
    let (body, line) = line.split_first_chunk::<4>()?;
    let (body, actor) = line.split_at_checked(usize::try_from(u32::from_be_bytes(*body)).ok()?)?;
    let entry = SealedEntry {
        tenant: TenantId::from_bytes(*tenant),
        id: AuditId::from_bytes(*id),
        at: Time::from_micros(i64::from_be_bytes(*at)),
        leaf: *leaf,
        body: Sealed::from_bytes(body.to_vec()),
        actor: (!actor.is_empty()).then(|| (AccountId::from_bytes(*account), Sealed::from_bytes(actor.to_vec()))),
    };
    Some((entry, rest))
}
