//! Whether the newest back-up can be put back: restored into a scratch place, opened, compared, erased, written down.
//!
//! The scratch place is a SQLite file whatever the engine is: a back-up has one form. The keyring is the one at work and
//! only read, so a drill ends no session and destroys no key. What is restored stays sealed on the disk; a sample of
//! every tenant is opened in memory and dropped.

use std::path::Path;
use std::time::Duration;

use diesel::{ExpressionMethods as _, QueryDsl as _, RunQueryDsl as _};
use serde::{Deserialize, Serialize};

use super::format::What;
use super::key::Keys;
use super::place::Place;
use super::{BackupError, restore, shelf};
use crate::kernel::StartError;
use crate::kernel::clock::{Clock, Time};
use crate::kernel::core::resurrected;
use crate::kernel::crypto::{Owner, OwnerKeys};
use crate::kernel::entropy::Entropy;
use crate::kernel::fault::{self, Point};
use crate::kernel::ids::AnyId;
use crate::kernel::keyring::{Keyring, KeyringError};
use crate::kernel::objects::Objects;
use crate::kernel::operators::By;
use crate::kernel::operators::deeds::TryBackup;
use crate::kernel::store::schema::backup_drills;
use crate::kernel::store::{Conn, Db, Options, StoreError, Target, Tx};
use crate::kernel::tenancy::UpkeepScope;

/// Opens some of what a slice keeps of a tenant; gives how many values there were.
pub type Sampler = fn(&mut Tx<'_>, &UpkeepScope, &OwnerKeys, &Objects) -> Result<u64, StoreError>;

/// What a drill found: names, counts and times.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Findings {
    /// The back-up's name.
    pub backup: String,
    /// Tables whose counts and sums came to what the back-up says.
    pub tables: usize,
    /// Rows in them.
    pub rows: u64,
    /// Objects that are there; those of the sample were opened too.
    pub objects: u64,
    /// Tenants of which a sample opened.
    pub tenants: u64,
    /// Values that opened.
    pub opened: u64,
    /// Tenants of which something did not open.
    pub unreadable: u64,
    /// Tenants who are in the back-up and were erased since: nothing of them can be opened, and nothing was tried.
    pub erased_since: u64,
    /// How long the restore took, in milliseconds.
    pub restored_in: u64,
    /// Why it cannot be put back at all.
    pub fault: Option<String>,
}

impl Findings {
    /// Nothing found yet of the back-up that is called so.
    fn of(name: &str) -> Self {
        Self {
            backup: name.to_owned(),
            tables: 0,
            rows: 0,
            objects: 0,
            tenants: 0,
            opened: 0,
            unreadable: 0,
            erased_since: 0,
            restored_in: 0,
            fault: None,
        }
    }

    /// Everything that was tried opened.
    #[must_use]
    pub const fn is_good(&self) -> bool {
        self.unreadable == 0 && self.fault.is_none()
    }
}

/// A drill that was written down.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Drill {
    /// When.
    pub at: Time,
    /// The instant that its back-up shows.
    pub taken_at: Time,
    /// What it found.
    pub findings: Findings,
}

/// How the names of scratch places begin.
const SCRATCH: &str = "drill-";

/// Restores the newest back-up of the data into a place of its own within `folder`, samples every tenant, and erases the
/// place, whatever comes of it; so are places that a kill has left. A back-up that cannot be put back is a finding.
///
/// # Errors
/// There is no back-up, or a place cannot be read or written, or a database is away: nothing was found out.
#[expect(clippy::too_many_arguments, reason = "where from, where to, by whom and what time it is")]
pub fn drill(
    _by: &By<'_, TryBackup>,
    place: &dyn Place,
    key: &Keys,
    keyring: &Keyring,
    folder: &Path,
    samplers: &[Sampler],
    clock: &Clock,
    entropy: &Entropy,
) -> Result<Drill, BackupError> {
    let _lock = lock(folder)?;
    sweep(folder)?;
    let kept = super::find(place, What::Data, None)?;
    let at = clock.now();
    let scratch = folder.join(format!("{SCRATCH}{:016x}", u64::from_le_bytes(entropy.bytes())));
    private(&scratch)?;
    let done = within(place, &kept.name, key, keyring, &scratch, samplers, clock, entropy);
    fault::reach(Point::DrillDone);
    std::fs::remove_dir_all(&scratch)?;
    let findings = match done {
        Ok(findings) => findings,
        Err(
            fault @ (BackupError::Damaged
            | BackupError::Mismatch(_)
            | BackupError::Foreign
            | BackupError::OtherKey { .. }
            | BackupError::Start(StartError::KeysMissing(_))),
        ) => Findings { fault: Some(fault.to_string()), ..Findings::of(&kept.name) },
        Err(other) => return Err(other),
    };
    Ok(Drill { at, taken_at: kept.label.taken_at(), findings })
}

#[expect(clippy::too_many_arguments, reason = "the inner half of one function")]
fn within(
    place: &dyn Place,
    name: &str,
    key: &Keys,
    keyring: &Keyring,
    scratch: &Path,
    samplers: &[Sampler],
    clock: &Clock,
    entropy: &Entropy,
) -> Result<Findings, BackupError> {
    let inspected = restore::inspect(place, name, key)?;
    restore::demand_fit(&inspected, keyring)?;
    let list = place.list_of(name)?;
    shelf::demand_there(&list, place.objects().as_ref())?;
    let objects = Objects::within(place.objects().into());
    let target = Target::Sqlite(scratch.join("seif.db"));
    let begun = std::time::Instant::now();
    restore::fill_scratch(place, &inspected, key, &target)?;
    let restored_in = u64::try_from(begun.elapsed().as_millis()).unwrap_or(u64::MAX);
    let gone = resurrected(inspected.owners(), keyring)?;
    let db = Db::open(target, clock.clone(), entropy.clone(), &Options::default())?;
    let mut found = Findings {
        tables: inspected.totals().len(),
        rows: inspected.totals().iter().map(|total| total.rows).sum(),
        objects: u64::try_from(list.len()).unwrap_or(u64::MAX),
        restored_in,
        ..Findings::of(name)
    };
    for owner in inspected.owners() {
        let Owner::Tenant(tenant) = owner else { continue };
        if gone.contains(&owner) {
            found.erased_since += 1;
            continue;
        }
        let keys = match keyring.reach_blocking(owner) {
            // Nobody is given its keys: its rows are counted, and none is opened.
            Err(KeyringError::Sealed(_)) => continue,
            other => other?,
        };
        let sampled = db.read_here(Some(tenant), |tx| {
            samplers
                .iter()
                .map(|sampler| sampler(tx, &UpkeepScope(tenant), &keys, &objects))
                .sum::<Result<u64, StoreError>>()
        });
        match sampled {
            Ok(opened) => {
                found.tenants += 1;
                found.opened += opened;
            }
            Err(StoreError::Unreadable) => found.unreadable += 1,
            Err(error) => return Err(error.into()),
        }
    }
    Ok(found)
}

/// One drill at a time in a folder.
fn lock(folder: &Path) -> Result<std::fs::File, BackupError> {
    use std::os::unix::fs::OpenOptionsExt as _;
    private(folder)?;
    let path = folder.join(".drill.lock");
    let lock = std::fs::OpenOptions::new().create(true).append(true).mode(0o600).open(path)?;
    lock.lock()?;
    Ok(lock)
}

fn private(folder: &Path) -> Result<(), BackupError> {
    use std::os::unix::fs::DirBuilderExt as _;
    Ok(std::fs::DirBuilder::new().recursive(true).mode(0o700).create(folder)?)
}

fn sweep(folder: &Path) -> Result<(), BackupError> {
    for entry in std::fs::read_dir(folder)? {
        let entry = entry?;
        if entry.file_name().to_string_lossy().starts_with(SCRATCH) && entry.file_type()?.is_dir() {
            std::fs::remove_dir_all(entry.path())?;
        }
    }
    Ok(())
}

/// How long drills are remembered.
const REMEMBERED: Duration = Duration::from_secs(400 * 86_400);

/// Writes a drill down in the service's own database.
///
/// # Errors
/// The store's.
pub fn note(target: &Target, drill: &Drill, entropy: &Entropy) -> Result<(), BackupError> {
    let facts = serde_json::to_vec(&drill.findings).map_err(|_| BackupError::TooLong)?;
    let mut conn = Conn::open(target)?;
    let row = (
        backup_drills::id.eq(AnyId::new(drill.at, entropy)),
        backup_drills::at.eq(drill.at),
        backup_drills::taken_at.eq(drill.taken_at),
        backup_drills::is_good.eq(drill.findings.is_good()),
        backup_drills::facts.eq(facts),
    );
    diesel::insert_into(backup_drills::table).values(row).execute(&mut conn).map_err(StoreError::from)?;
    let old = backup_drills::table.filter(backup_drills::at.lt(drill.at.minus(REMEMBERED)));
    diesel::delete(old).execute(&mut conn).map_err(StoreError::from)?;
    Ok(())
}

/// The newest drill, for whoever asks whether back-ups can be put back.
///
/// # Errors
/// The store's.
pub fn newest(tx: &mut Tx<'_>) -> Result<Option<Drill>, StoreError> {
    let rows: Vec<(Time, Time, Vec<u8>)> = backup_drills::table
        .select((backup_drills::at, backup_drills::taken_at, backup_drills::facts))
        .order((backup_drills::at.desc(), backup_drills::id.desc()))
        .limit(1)
        .load(tx.conn())?;
    let Some((at, taken_at, facts)) = rows.into_iter().next() else { return Ok(None) };
    let findings = serde_json::from_slice(&facts).map_err(|_| StoreError::Unreadable)?;
    Ok(Some(Drill { at, taken_at, findings }))
}
