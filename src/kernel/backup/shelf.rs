//! The objects of a back-up: sealed files, which never change and have random names. A place keeps each once, whatever
//! number of back-ups refer to it, and a list for each back-up says which: name, length, and SHA-256 of the sealed bytes.
//!
//! Nothing here is opened. A list finds mistakes of a disk; against malice each object is sealed in chunks under a key of
//! its own, which the data holds sealed under its tenant's.

use std::collections::{BTreeMap, BTreeSet};
use std::io::{self, Read as _};

use sha2::{Digest as _, Sha256};

use super::BackupError;
use crate::kernel::fault::{self, Point};
use crate::kernel::ids::TenantId;
use crate::kernel::objects::{ObjectName, STANDS, Storage};
use crate::kernel::store::whole::Value;

/// Objects by name, each with its tenant.
pub(super) type Referred = BTreeMap<[u8; 16], TenantId>;

/// An object as it was kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Item {
    length: u64,
    sha256: [u8; 32],
}

/// What a back-up keeps of objects.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct List(BTreeMap<[u8; 16], Item>);

/// How taking objects went.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Taken {
    /// Objects that the back-up keeps.
    pub objects: u64,
    /// Those that no earlier one had kept.
    pub copied: u64,
    /// Their bytes.
    pub copied_bytes: u64,
    /// Objects that were deleted while the back-up was taken.
    pub gone: u64,
}

/// Notes the object that a row refers to; rows of other tables, and objects that do not stand, are passed over.
pub(super) fn refer(table: &str, columns: &[String], row: &[Value], referred: &mut Referred) {
    if table != "objects" {
        return;
    }
    let cell = |name: &str| columns.iter().zip(row).find(|(column, _)| *column == name).map(|(_, value)| value);
    let id = |name: &str| match cell(name) {
        Some(Value::Bytes(bytes)) => bytes.as_slice().try_into().ok(),
        _ => None,
    };
    if cell("state") == Some(&Value::Number(STANDS.into()))
        && let (Some(object), Some(tenant)) = (id("id"), id("tenant_id"))
    {
        referred.insert(object, TenantId::from_bytes(tenant));
    }
}

fn name(bytes: [u8; 16]) -> ObjectName {
    ObjectName::from_bytes(bytes)
}

impl List {
    /// One line an object.
    pub(super) fn written(&self) -> String {
        let line = |(id, item): (&[u8; 16], &Item)| format!("{} {} {}\n", name(*id), item.length, hex(&item.sha256));
        self.0.iter().map(line).collect()
    }

    /// What was written.
    ///
    /// # Errors
    /// [`BackupError::Damaged`].
    pub(super) fn parse(text: &str) -> Result<Self, BackupError> {
        let item = |line: &str| {
            let mut parts = line.split(' ');
            let (id, length, sha256) = (parts.next()?, parts.next()?, parts.next()?);
            let item = Item { length: length.parse().ok()?, sha256: bytes(sha256)? };
            parts.next().is_none().then_some((bytes(id)?, item))
        };
        text.lines().map(|line| item(line).ok_or(BackupError::Damaged)).collect::<Result<_, _>>().map(Self)
    }

    /// The names of all objects.
    pub(super) fn names(&self) -> BTreeSet<[u8; 16]> {
        self.0.keys().copied().collect()
    }

    /// Adds what another list has.
    pub(super) fn add(&mut self, other: Self) {
        self.0.extend(other.0);
    }

    /// How many objects there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

/// Copies to `kept` what the data refers to and no earlier back-up has kept; `known` are the lists of those.
///
/// # Errors
/// A storage cannot be read or written.
pub(super) fn take(
    referred: &Referred,
    live: &dyn Storage,
    kept: &dyn Storage,
    known: &List,
) -> Result<(List, Taken), BackupError> {
    let (mut list, mut taken) = (List::default(), Taken::default());
    for id in referred.keys() {
        let item = match known.0.get(id).filter(|item| has(kept, *id, item.length)) {
            Some(item) => *item,
            None => match copy(live, kept, *id)? {
                Some(item) => {
                    taken.copied += 1;
                    taken.copied_bytes += item.length;
                    item
                }
                None => {
                    taken.gone += 1;
                    continue;
                }
            },
        };
        taken.objects += 1;
        list.0.insert(*id, item);
    }
    fault::reach(Point::BackupObjects);
    Ok((list, taken))
}

/// Copies back what `list` has of `referred`, but for the objects of `gone`, who were erased; gives how many.
///
/// # Errors
/// [`BackupError::Damaged`] for one that is not there or not as it was kept; a storage cannot be read or written.
pub(super) fn give_back(
    list: &List,
    referred: &Referred,
    gone: &BTreeSet<TenantId>,
    kept: &dyn Storage,
    live: &dyn Storage,
) -> Result<u64, BackupError> {
    let mut given = 0;
    for (id, item) in &list.0 {
        if referred.get(id).is_none_or(|tenant| gone.contains(tenant)) {
            continue;
        }
        // What is there was put there whole, by an earlier try.
        if !has(live, *id, item.length) && copy(kept, live, *id)? != Some(*item) {
            live.remove(&[name(*id)])?;
            return Err(BackupError::Damaged);
        }
        given += 1;
    }
    Ok(given)
}

/// Reads every object of `list`.
///
/// # Errors
/// [`BackupError::Damaged`] for one that is not there or not as it was kept.
pub(super) fn verify(list: &List, kept: &dyn Storage) -> Result<(), BackupError> {
    for (id, item) in &list.0 {
        if read(kept, *id, &mut io::sink())? != Some(*item) {
            return Err(BackupError::Damaged);
        }
    }
    Ok(())
}

/// Whether every object of `list` is there, by its length.
///
/// # Errors
/// [`BackupError::Damaged`].
pub(super) fn demand_there(list: &List, kept: &dyn Storage) -> Result<(), BackupError> {
    let there = list.0.iter().all(|(id, item)| has(kept, *id, item.length));
    if there { Ok(()) } else { Err(BackupError::Damaged) }
}

fn has(storage: &dyn Storage, id: [u8; 16], length: u64) -> bool {
    storage.length(name(id)).is_ok_and(|found| found == Some(length))
}

/// Copies an object as it lies, durably; `None` when there is none.
fn copy(from: &dyn Storage, to: &dyn Storage, id: [u8; 16]) -> Result<Option<Item>, BackupError> {
    let mut aside = match to.begin(name(id)) {
        // Left behind by a kill.
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
            to.remove(&[name(id)])?;
            to.begin(name(id))?
        }
        begun => begun?,
    };
    let Some(item) = read(from, id, &mut aside)? else { return Ok(None) };
    aside.put()?;
    Ok(Some(item))
}

fn read(from: &dyn Storage, id: [u8; 16], to: &mut dyn io::Write) -> Result<Option<Item>, BackupError> {
    let mut object = match from.open(name(id)) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        opened => opened?,
    };
    let (mut digest, mut length, mut some) = (Sha256::new(), 0, vec![0; 256 * 1024]);
    let _ = object.length()?;
    loop {
        let read = object.read(&mut some)?;
        let Some(bytes) = some.get(..read).filter(|bytes| !bytes.is_empty()) else { break };
        digest.update(bytes);
        to.write_all(bytes)?;
        length += u64::try_from(read).unwrap_or(u64::MAX);
    }
    Ok(Some(Item { length, sha256: digest.finalize().into() }))
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn bytes<const N: usize>(text: &str) -> Option<[u8; N]> {
    let digits = text.as_bytes().as_chunks::<2>();
    let byte = |two: &[u8; 2]| u8::from_str_radix(std::str::from_utf8(two).ok()?, 16).ok();
    let all: Vec<u8> = digits.0.iter().map(byte).collect::<Option<_>>()?;
    if digits.1.is_empty() { all.try_into().ok() } else { None }
}
