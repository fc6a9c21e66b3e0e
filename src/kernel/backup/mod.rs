//! Back-ups that come back, and bring back nobody who was erased (P-14).
//!
//! # What is backed up
//!
//! The two databases apart. A back-up of the **data** without the keyring is noise; it is kept for long
//! (`backup.retention`). A back-up of the **keyring** is what could undo an erasure: it goes to a place of its own, is
//! kept for short (`backup.keyring_retention`, the horizon of every certificate), and the root key is in neither.
//!
//! # How
//!
//! * **One instant, beside writers**: everything is read in one transaction that sees one state (`REPEATABLE READ` on
//!   PostgreSQL, a reader of the WAL on SQLite), row by row, through the store's own connections. No tool of the engine is
//!   needed, and memory does not grow with the data. On SQLite the log grows while it is read.
//! * **One form for both engines** ([`mod@format`]), so that what was taken from one can be put into the other.
//! * **Sealed** for the back-up key or age recipients ([`key`]) as a [stream](crate::kernel::crypto::stream) that shows whatever is
//!   changed or cut off. At its end stand, for each table, its count of rows and the sum of their hashes; a restore
//!   reads back what it wrote and compares.
//! * **Objects once** ([`shelf`]): sealed files never change, so a place keeps each once, and a back-up copies those that
//!   no earlier one has kept. A restore brings back those of whom nobody has erased.
//! * **Whole or not there**: a back-up gets its name when its last byte is on disk ([`place`]).
//! * The data first, the keyring after: then every key that the data needs is in the keyring's back-up.
//!
//! # What a restore refuses
//!
//! It reads the whole back-up first, and writes nothing when there is a reason not to: the place is not empty; the
//! installation is another; the schema is newer; an owner has data and neither a key nor an entry in the ledger. That the root
//! key is the one of the keyring is demanded when the keyring opens.
//!
//! # What must not go back in time
//!
//! A start knows whether a database was put back from a copy, by whatever means ([`standing`]): the data's epoch lies
//! between what the keyring has planned and what it has seen reached, or one of them is older than the other. Data that
//! this module has put back has an epoch before all others. Then, before anybody is served, the ledger and the
//! revocations are applied (as at each start), and every session is ended.
//!
//! **A keyring that was put back** may be older than an erasure, and holds its keys again. Three things say so, in the
//! order of how much has to be left over: the ledger in the keyring (an entry and a key: the copy mixed two times); the
//! data's mirror of the key states, which an erasure closes before it destroys anything, and of the certificates
//! (`certificates`); and where the data is as old as the keyring, what each later back-up of the data carries of the
//! keyring (`carried`), which a restore of the keyring takes over before it stands where it is looked for. When all of
//! that is older than the erasure, nothing inside knows it: such a back-up exists until the horizon in the certificate and
//! no longer, since a back-up of the keyring is deleted after `backup.keyring_retention`. A wish to leave that such a copy
//! has brought back may have been taken back since: it is put off, so that who made it can do so again.
//!
//! **Mails that wait in data that was put back** may have been sent since its back-up: none of them is sent, and the
//! start says how many there were.

mod carried;
pub(in crate::kernel) mod certificates;
pub mod drill;
pub mod format;
mod in_bucket;
pub mod key;
pub(in crate::kernel) mod log_copies;
pub mod place;
pub mod restore;
pub mod shelf;
pub mod standing;

use std::io::{BufReader, BufWriter, Write};
use std::path::PathBuf;
use std::time::Duration;

use diesel::{QueryDsl as _, RunQueryDsl as _};

use self::format::{Entry, Heading, Label, Reading, Total, What, Writing};
use self::key::{Keys, Wrapped};
use self::place::Place;
use self::shelf::Taken;
use crate::kernel::StartError;
use crate::kernel::clock::Clock;
use crate::kernel::entropy::Entropy;
use crate::kernel::fault::{self, Point};
use crate::kernel::ids::InstanceId;
use crate::kernel::keyring::KeyringError;
use crate::kernel::objects::Objects;
use crate::kernel::operators::deeds::{TakeBackup, TryBackup};
use crate::kernel::operators::{By, OperatorAct, Schedule};
use crate::kernel::store::schema::instance;
use crate::kernel::store::whole::{self, Table};
use crate::kernel::store::{Conn, StoreError, Target};

/// Why there is no back-up, or none that could be put back.
#[derive(Debug, thiserror::Error)]
pub enum BackupError {
    /// A database failed.
    #[error("the database: {0}")]
    Store(#[from] StoreError),
    /// The keyring failed.
    #[error(transparent)]
    Keyring(#[from] KeyringError),
    /// The data and the keyring do not go together.
    #[error(transparent)]
    Start(#[from] StartError),
    /// The place of back-ups cannot be read or written.
    #[error("the place of the back-ups: {0}")]
    Io(std::io::Error),
    /// The place of back-ups cannot be used as configured.
    #[error("the place of the back-ups: {0}")]
    Unusable(String),
    /// The back-up key is not usable.
    #[error("the back-up key at {0} {1}")]
    Key(PathBuf, &'static str),
    /// It was sealed for another key.
    #[error("the back-up opens with {needed}; given is {given}")]
    OtherKey {
        /// What its label names, by ids and recipients.
        needed: String,
        /// What is at hand.
        given: String,
    },
    /// Neither a key nor a recipient is given.
    #[error("a back-up must be sealed for somebody: the back-up key or age recipients")]
    ForNobody,
    /// It is no back-up.
    #[error("the file is not a back-up of Seif")]
    NotABackup,
    /// It is changed, or cut off.
    #[error("the back-up is damaged or cut off")]
    Damaged,
    /// A row is longer than back-ups take.
    #[error("a row is too long for a back-up")]
    TooLong,
    /// There is none.
    #[error("there is no such back-up there")]
    None,
    /// The database was never used.
    #[error("there is nothing to back up: the database was never used")]
    Unused,
    /// It was taken by a newer version of the program.
    #[error("the back-up has the schema of a newer version: {0}")]
    Newer(String),
    /// It belongs to another installation.
    #[error("the back-up belongs to another installation than this keyring")]
    Foreign,
    /// What is to be restored into is in use.
    #[error("the database to restore into is not empty")]
    NotEmpty,
    /// What was written does not come to what was read.
    #[error("the table {0} did not come to what the back-up says")]
    Mismatch(String),
}

impl From<std::io::Error> for BackupError {
    fn from(error: std::io::Error) -> Self {
        match error.kind() {
            std::io::ErrorKind::InvalidData | std::io::ErrorKind::UnexpectedEof => Self::Damaged,
            _ => Self::Io(error),
        }
    }
}

/// A back-up that is there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Kept {
    /// The name of its file.
    pub name: String,
    /// What it says of itself.
    pub label: Label,
    /// Its bytes.
    pub size: u64,
}

/// What a back-up holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Contents {
    /// The name of its file.
    pub name: String,
    /// What it says of itself.
    pub label: Label,
    /// Each table's rows.
    pub totals: Vec<Total>,
    /// Its objects.
    pub taken: Taken,
}

/// What a back-up is taken from.
#[derive(Debug, Clone)]
pub struct Sources {
    /// The data's.
    pub data: Target,
    /// The keyring's.
    pub keyring: Target,
    /// The objects.
    pub objects: Objects,
}

/// As [`create`], for a drill alone, which tries it and throws it away.
///
/// # Errors
/// As [`create`].
pub fn for_a_drill(
    _act: &OperatorAct<TryBackup>,
    sources: &Sources,
    what: What,
    place: &dyn Place,
    key: &Keys,
    clock: &Clock,
    entropy: &Entropy,
) -> Result<Contents, BackupError> {
    create(&By::Service(Schedule::due()), sources, what, place, key, clock, entropy)
}

/// Takes a back-up of one database as it is now, beside whoever writes. Reads no key and opens nothing.
///
/// # Errors
/// See [`BackupError`]; then nothing of it has a name.
pub fn create(
    _by: &By<'_, TakeBackup>,
    sources: &Sources,
    what: What,
    place: &dyn Place,
    key: &Keys,
    clock: &Clock,
    entropy: &Entropy,
) -> Result<Contents, BackupError> {
    let mut keyring = Conn::open_reader(&sources.keyring)?;
    let mut conn = match what {
        What::Data => Conn::open_reader(&sources.data)?,
        What::Keyring => Conn::open_reader(&sources.keyring)?,
    };
    whole::begin_snapshot(&mut conn)?;
    let (stream, wrapped) = key.begin(entropy)?;
    let label = describe(&mut conn, &mut keyring, what, wrapped, clock, entropy)?;
    let tables = whole::tables(&mut conn)?;
    let name = label.file_name();
    let (mut totals, mut taken) = (Vec::new(), Taken::default());
    place.put(&name, &mut |file: &mut dyn Write| {
        let mut writing = Writing::begin(BufWriter::new(file), &label, &stream, entropy)?;
        fault::reach(Point::BackupBegun);
        let mut referred = shelf::Referred::new();
        for table in &tables {
            copy(&mut conn, table, table.name.clone(), &mut writing, &mut referred)?;
        }
        if what == What::Data {
            // Read after the data: whoever is erased in it is in the ledger.
            whole::begin_snapshot(&mut keyring)?;
            for (table, name) in carried::tables(&mut keyring)? {
                copy(&mut keyring, &table, name, &mut writing, &mut referred)?;
            }
            let live = sources.objects.storage();
            let (list, found) = shelf::take(&referred, live, place.objects().as_ref(), &place.known()?)?;
            place.put_list(&name, &list)?;
            taken = found;
        }
        let (file, sums) = writing.finish()?;
        totals = sums;
        file.into_inner().map_err(|error| BackupError::Io(error.into_error()))?;
        fault::reach(Point::BackupWritten);
        Ok(())
    })?;
    Ok(Contents { name, label, totals, taken })
}

fn copy<W: Write>(
    conn: &mut Conn,
    table: &Table,
    name: String,
    writing: &mut Writing<W>,
    referred: &mut shelf::Referred,
) -> Result<(), BackupError> {
    let columns: Vec<String> = table.columns().map(str::to_owned).collect();
    writing.table(&Heading { table: name.clone(), columns: columns.clone() })?;
    whole::read(conn, table, |row| {
        shelf::refer(&name, &columns, row, referred);
        writing.row(row)
    })
}

fn describe(
    conn: &mut Conn,
    keyring: &mut Conn,
    what: What,
    keys: Wrapped,
    clock: &Clock,
    entropy: &Entropy,
) -> Result<Label, BackupError> {
    let schema = whole::migrations(conn)?;
    if schema.is_empty() || whole::migrations(keyring)?.is_empty() {
        return Err(BackupError::Unused);
    }
    let id = entropy.bytes::<8>().iter().map(|byte| format!("{byte:02x}")).collect();
    let installation = installation(conn)?.ok_or(BackupError::Unused)?;
    let roots = whole::root_versions(keyring)?;
    let program = env!("CARGO_PKG_VERSION").to_owned();
    Ok(Label { id, what, installation, at: clock.now().micros(), keys, schema, roots, program })
}

/// Whose a database is. The table is the same in both.
fn installation(conn: &mut Conn) -> Result<Option<InstanceId>, BackupError> {
    let ids: Vec<InstanceId> = instance::table.select(instance::id).load(conn).map_err(StoreError::from)?;
    Ok(ids.into_iter().next())
}

/// The back-ups at a place, oldest first.
///
/// # Errors
/// The place cannot be read; what is no back-up is passed over.
pub fn list(place: &dyn Place) -> Result<Vec<Kept>, BackupError> {
    let mut kept = Vec::new();
    for (name, size) in place.list()? {
        match format::label(&mut place.open(&name)?) {
            Ok(label) => kept.push(Kept { name, label, size }),
            Err(BackupError::NotABackup) => tracing::warn!("a file among the back-ups is none"),
            Err(error) => return Err(error),
        }
    }
    kept.sort_by(|one, other| (one.label.at, &one.name).cmp(&(other.label.at, &other.name)));
    Ok(kept)
}

/// The back-up of this kind that is called `name`, or the newest.
///
/// # Errors
/// There is none, or the place cannot be read.
pub fn find(place: &dyn Place, what: What, name: Option<&str>) -> Result<Kept, BackupError> {
    let mut all = list(place)?.into_iter().filter(|kept| kept.label.what == what);
    let found = match name {
        Some(name) => all.find(|kept| kept.name == name || kept.label.id == name),
        None => all.next_back(),
    };
    found.ok_or(BackupError::None)
}

/// Reads a whole back-up: that it opens to its last byte, and comes to what it says; and its objects, that they are as
/// they were kept.
///
/// # Errors
/// [`BackupError::Damaged`], or it cannot be read.
pub fn verify(place: &dyn Place, name: &str, key: &Keys) -> Result<Contents, BackupError> {
    let mut reading = Reading::begin(BufReader::new(place.open(name)?), key)?;
    loop {
        if let Entry::End(totals) = reading.next()? {
            let list = match reading.label().what {
                What::Data => place.list_of(name)?,
                What::Keyring => shelf::List::default(),
            };
            shelf::verify(&list, place.objects().as_ref())?;
            let taken = Taken { objects: u64::try_from(list.len()).unwrap_or(u64::MAX), ..Taken::default() };
            return Ok(Contents { name: name.to_owned(), label: reading.label().clone(), totals, taken });
        }
    }
}

/// Deletes the back-ups of one kind that are older than `retention`; gives their names. The newest of the data stays
/// whatever its age: a schedule that stands still must not leave nothing. A keyring's goes when its time has passed, since
/// certificates say so.
///
/// # Errors
/// The place cannot be read or written.
pub fn prune(place: &dyn Place, what: What, retention: Duration, clock: &Clock) -> Result<Vec<String>, BackupError> {
    let oldest = clock.now().minus(retention).micros();
    let mut all: Vec<Kept> = list(place)?.into_iter().filter(|kept| kept.label.what == what).collect();
    if what == What::Data {
        drop(all.pop());
    }
    let over: Vec<String> = all.into_iter().filter(|kept| kept.label.at < oldest).map(|kept| kept.name).collect();
    for name in &over {
        place.remove(name)?;
    }
    place.sweep()?;
    Ok(over)
}
