//! Putting a back-up back: into a database that is empty, and only when nothing speaks against it.
//!
//! The whole back-up is read before anything is written. A SQLite file is filled aside and gets its name when it is
//! complete; a PostgreSQL database is filled in one transaction. Killed at any step, a restore begins again from the
//! start; once the data stands where it is looked for, its epoch tells every start what is left to do.

use std::collections::{BTreeMap, BTreeSet};
use std::io::{BufReader, Read};
use std::os::unix::fs::DirBuilderExt as _;
use std::path::{Path, PathBuf};

use super::format::{Adding, Entry, Heading, Label, Reading, Total, What, encoded};
use super::key::Keys;
use super::place::Place;
use super::standing::PUT_BACK;
use super::{BackupError, carried, installation, shelf};
use crate::kernel::clock::Time;
use crate::kernel::core::resurrected;
use crate::kernel::crypto::Owner;
use crate::kernel::fault::{self, Point};
use crate::kernel::ids::InstanceId;
use crate::kernel::keyring::{KeyState, Keyring};
use crate::kernel::objects::Objects;
use crate::kernel::operators::deeds::{Restore, RestoreKeyring};
use crate::kernel::operators::{self, Operator, OperatorAct};
use crate::kernel::store::migrate::{self, Schema};
use crate::kernel::store::whole::{self, Table, Value};
use crate::kernel::store::{Conn, StoreError, Target};

/// A back-up that was read to its end, and what it says that a restore has to know first.
#[derive(Debug, Clone)]
pub struct Inspected {
    name: String,
    label: Label,
    totals: Vec<Total>,
    owners: BTreeSet<Owner>,
    carried: carried::Carried,
    referred: shelf::Referred,
}

impl Inspected {
    /// What the back-up says of itself.
    #[must_use]
    pub const fn label(&self) -> &Label {
        &self.label
    }

    /// The owners whose keys are not destroyed in it.
    pub(super) fn owners(&self) -> impl Iterator<Item = Owner> + '_ {
        self.owners.iter().copied()
    }

    /// Each table's rows.
    #[must_use]
    pub fn totals(&self) -> &[Total] {
        &self.totals
    }
}

/// Reads a whole back-up.
///
/// # Errors
/// It is damaged, or cannot be read.
pub fn inspect(place: &dyn Place, name: &str, key: &Keys) -> Result<Inspected, BackupError> {
    let mut reading = Reading::begin(BufReader::new(place.open(name)?), key)?;
    let (mut owners, mut carried) = (BTreeSet::new(), carried::Carried::default());
    let (mut heading, mut referred) = (None::<Heading>, shelf::Referred::new());
    loop {
        match reading.next()? {
            Entry::Table(next) => heading = Some(next),
            Entry::Row(row) => match &heading {
                Some(heading) if heading.table == "key_versions" => owners.extend(owner_with_data(heading, &row)),
                Some(heading) => {
                    shelf::refer(&heading.table, &heading.columns, &row, &mut referred);
                    carried.take(heading, row);
                }
                None => {}
            },
            Entry::End(totals) => {
                let label = reading.label().clone();
                return Ok(Inspected { name: name.to_owned(), label, totals, owners, carried, referred });
            }
        }
    }
}

/// The owner of a mirrored key that is not destroyed.
fn owner_with_data(heading: &Heading, row: &[Value]) -> Option<Owner> {
    let state = number(cell(heading, row, "state")?)?;
    if state == i64::from(KeyState::Destroyed.code()) {
        return None;
    }
    let kind = i16::try_from(number(cell(heading, row, "owner_kind")?)?).ok()?;
    Owner::decode(kind, id(cell(heading, row, "owner_id")?)?).ok()
}

fn cell<'r>(heading: &Heading, row: &'r [Value], column: &str) -> Option<&'r Value> {
    heading.columns.iter().zip(row).find(|(name, _)| *name == column).map(|(_, value)| value)
}

const fn number(value: &Value) -> Option<i64> {
    if let Value::Number(number) = value { Some(*number) } else { None }
}

fn id(value: &Value) -> Option<[u8; 16]> {
    if let Value::Bytes(bytes) = value { bytes.as_slice().try_into().ok() } else { None }
}

/// Whether a back-up of the data goes with this keyring: the same installation, and for every owner with data a key, or
/// the ledger's word that it was erased. Gives who was.
///
/// # Errors
/// [`BackupError::Foreign`], or [`StartError::KeysMissing`](crate::kernel::StartError::KeysMissing).
pub fn demand_fit(inspected: &Inspected, keyring: &Keyring) -> Result<Vec<Owner>, BackupError> {
    if inspected.label.installation != keyring.instance() {
        return Err(BackupError::Foreign);
    }
    Ok(resurrected(inspected.owners.iter().copied(), keyring)?)
}

/// Copies the back-up's objects to `live`, but for those of `gone`, who were erased; gives how many. Begun
/// again, it goes on.
///
/// # Errors
/// [`BackupError::Damaged`] when one is not there or not as it was kept; a storage cannot be read or written.
pub fn restore_objects(
    _act: &OperatorAct<Restore>,
    place: &dyn Place,
    inspected: &Inspected,
    gone: &[Owner],
    live: &Objects,
) -> Result<u64, BackupError> {
    let tenant = |owner: &Owner| if let Owner::Tenant(tenant) = owner { Some(*tenant) } else { None };
    let gone = gone.iter().filter_map(tenant).collect();
    let list = place.list_of(&inspected.name)?;
    let given = shelf::give_back(&list, &inspected.referred, &gone, place.objects().as_ref(), live.storage())?;
    fault::reach(Point::RestoreObjects);
    Ok(given)
}

/// Whose keyring is at `target`; nothing is made where there is none.
///
/// # Errors
/// There is no keyring there, or its database is away.
pub fn keyring_at(target: &Target) -> Result<InstanceId, BackupError> {
    if matches!(target, Target::Sqlite(path) if !path.exists()) {
        return Err(BackupError::Unused);
    }
    let mut conn = Conn::open_reader(target)?;
    if whole::migrations(&mut conn)?.is_empty() {
        return Err(BackupError::Unused);
    }
    installation(&mut conn)?.ok_or(BackupError::Unused)
}

/// Fills the empty database at `target` with the data that was inspected, reads it back, and marks it as put back. The
/// operator's entry is in the ledger of the keyring that the data goes with.
///
/// # Errors
/// See [`BackupError`]; then nothing stands at `target` that a start would take for a database of ours.
pub fn restore(
    _act: &OperatorAct<Restore>,
    place: &dyn Place,
    inspected: &Inspected,
    key: &Keys,
    target: &Target,
) -> Result<(), BackupError> {
    put(place, inspected, key, target, None).map(drop)
}

/// The same in a place of a drill's own, which nobody looks for.
pub(super) fn fill_scratch(
    place: &dyn Place,
    inspected: &Inspected,
    key: &Keys,
    target: &Target,
) -> Result<(), BackupError> {
    put(place, inspected, key, target, None).map(drop)
}

/// As [`restore`] for a keyring, which takes over in the same transaction what `later`, a back-up of the data, carries of
/// erasures, certificates, revocations and what operators did. There is no ledger yet that `who` could be entered in: the
/// same transaction enters it in the one that is put back. Gives how many owners and records were erased that the keyring
/// had not known of.
///
/// # Errors
/// As [`restore`]; `later` belongs to another installation.
pub fn restore_keyring(
    who: Operator,
    at: Time,
    place: &dyn Place,
    inspected: &Inspected,
    later: Option<&Inspected>,
    key: &Keys,
    target: &Target,
) -> Result<usize, BackupError> {
    if later.is_some_and(|later| inspected.label.installation != later.label.installation) {
        return Err(BackupError::Foreign);
    }
    put(place, inspected, key, target, Some(Taking { who, at, later }))
}

/// What a keyring takes over when it is put back.
#[derive(Clone, Copy)]
struct Taking<'i> {
    who: Operator,
    at: Time,
    later: Option<&'i Inspected>,
}

fn put(
    place: &dyn Place,
    inspected: &Inspected,
    key: &Keys,
    target: &Target,
    taking: Option<Taking<'_>>,
) -> Result<usize, BackupError> {
    let file = place.open(&inspected.name)?;
    let taken = match target {
        Target::Postgres(_) => fill(file, inspected, key, target, taking)?,
        Target::Sqlite(path) => {
            if path.exists() {
                return Err(BackupError::NotEmpty);
            }
            if let Some(folder) = path.parent().filter(|folder| !folder.as_os_str().is_empty()) {
                std::fs::DirBuilder::new().recursive(true).mode(0o700).create(folder)?;
            }
            let aside = aside(path);
            remove(&aside)?;
            let taken = match fill(file, inspected, key, &Target::Sqlite(aside.clone()), taking) {
                Ok(taken) => taken,
                Err(error) => {
                    remove(&aside)?;
                    return Err(error);
                }
            };
            fault::reach(Point::RestoreCommitted);
            if aside.with_extension("restoring-wal").exists() {
                return Err(BackupError::Io(std::io::Error::other("the log was not moved into its file")));
            }
            std::fs::File::open(&aside)?.sync_all()?;
            std::fs::rename(&aside, path)?;
            std::fs::File::open(path.parent().unwrap_or(Path::new(".")))?.sync_all()?;
            taken
        }
    };
    fault::reach(Point::RestorePlaced);
    Ok(taken)
}

/// How the name of a SQLite file ends while it is filled.
pub const ASIDE: &str = ".restoring";

fn aside(path: &Path) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(ASIDE);
    PathBuf::from(name)
}

fn remove(path: &Path) -> Result<(), BackupError> {
    for end in ["", "-wal", "-shm"] {
        let mut name = path.as_os_str().to_owned();
        name.push(end);
        match std::fs::remove_file(PathBuf::from(name)) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => return Err(error.into()),
            _ => {}
        }
    }
    Ok(())
}

/// On return the database is closed, and all of it in its file.
fn fill(
    file: Box<dyn Read>,
    inspected: &Inspected,
    key: &Keys,
    target: &Target,
    taking: Option<Taking<'_>>,
) -> Result<usize, BackupError> {
    let schema = match inspected.label.what {
        What::Data => Schema::Data,
        What::Keyring => Schema::Keyring,
    };
    let mut conn = Conn::open(target)?;
    let there = whole::migrations(&mut conn)?;
    if !there.is_empty() && installation(&mut conn)?.is_some() {
        return Err(BackupError::NotEmpty);
    }
    migrate::migrate_to(&mut conn, schema, &inspected.label.schema).map_err(|error| match error {
        StoreError::Refused(_) => BackupError::Newer(inspected.label.schema.last().cloned().unwrap_or_default()),
        other => other.into(),
    })?;
    fault::reach(Point::RestoreBegun);
    let filling = whole::begin_filling(&mut conn)?;
    let tables = whole::tables(&mut conn)?;
    for table in &tables {
        whole::clear(&mut conn, table)?;
    }
    pour(&mut conn, &tables, file, key)?;
    compare(&mut conn, &tables, &inspected.totals)?;
    let taken = match taking.and_then(|taking| taking.later) {
        Some(later) if later.label.at > inspected.label.at => later.carried.replace(&mut conn, &tables)?,
        Some(earlier) => earlier.carried.add(&mut conn, &tables)?,
        None => 0,
    };
    // A back-up of before there was a ledger gets it by the migration below.
    let has_ledger = tables.iter().any(|table| table.name == "operator_head");
    let note = |conn: &mut Conn| match taking {
        Some(taking) => {
            let deed = RestoreKeyring { backup: inspected.label.id.clone() };
            operators::forget_open(conn)?;
            operators::note_at_once(conn, taking.at, taking.who, &deed)
        }
        None => Ok(()),
    };
    if has_ledger {
        note(&mut conn)?;
    }
    whole::mark(&mut conn, schema, PUT_BACK)?;
    fault::reach(Point::RestoreFilled);
    whole::commit_filling(&mut conn, filling)?;
    migrate::migrate(&mut conn, schema)?;
    if !has_ledger {
        note(&mut conn)?;
    }
    Ok(taken)
}

fn pour(conn: &mut Conn, tables: &[Table], file: Box<dyn Read>, key: &Keys) -> Result<(), BackupError> {
    let mut reading = Reading::begin(BufReader::new(file), key)?;
    let mut batch = Batch::default();
    loop {
        match reading.next()? {
            Entry::Table(heading) => {
                batch.flush(conn)?;
                batch.table = table_for(tables, &heading)?;
            }
            Entry::Row(row) => batch.take(conn, row)?,
            Entry::End(_) => return batch.flush(conn),
        }
    }
}

/// The table that rows under this heading go into; none for what is carried along.
fn table_for(tables: &[Table], heading: &Heading) -> Result<Option<Table>, BackupError> {
    if carried::is_carried(heading) {
        return Ok(None);
    }
    let table = tables.iter().find(|table| table.name == heading.table);
    let fits = |table: &&Table| table.columns().eq(heading.columns.iter().map(String::as_str));
    table.filter(fits).cloned().map(Some).ok_or_else(|| BackupError::Mismatch(heading.table.clone()))
}

/// Rows on their way into a table.
#[derive(Default)]
struct Batch {
    table: Option<Table>,
    rows: Vec<Vec<Value>>,
    bytes: usize,
}

/// Bytes of a batch, about.
const BATCH_BYTES: usize = 4 << 20;

impl Batch {
    fn take(&mut self, conn: &mut Conn, row: Vec<Value>) -> Result<(), BackupError> {
        if self.table.is_none() {
            return Ok(());
        }
        let length = |value: &Value| match value {
            Value::Null | Value::Number(_) => 8,
            Value::Text(text) => text.len(),
            Value::Bytes(bytes) => bytes.len(),
        };
        self.bytes += row.iter().map(length).sum::<usize>();
        self.rows.push(row);
        if self.rows.len() >= whole::BATCH || self.bytes >= BATCH_BYTES { self.flush(conn) } else { Ok(()) }
    }

    fn flush(&mut self, conn: &mut Conn) -> Result<(), BackupError> {
        if let Some(table) = &self.table {
            whole::insert(conn, table, &self.rows)?;
        }
        self.rows.clear();
        self.bytes = 0;
        Ok(())
    }
}

/// Reads back what was written.
fn compare(conn: &mut Conn, tables: &[Table], totals: &[Total]) -> Result<(), BackupError> {
    let said: BTreeMap<&str, &Total> = totals.iter().map(|total| (total.table.as_str(), total)).collect();
    for table in tables {
        let (mut adding, mut bytes) = (Adding::default(), Vec::new());
        whole::read(conn, table, |row| -> Result<(), BackupError> {
            encoded(row, &mut bytes)?;
            adding.add(&bytes);
            Ok(())
        })?;
        if said.get(table.name.as_str()) != Some(&&adding.total(&table.name)) {
            return Err(BackupError::Mismatch(table.name.clone()));
        }
    }
    Ok(())
}
