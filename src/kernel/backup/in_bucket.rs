//! Back-ups in a bucket: `NAME`, `lists/NAME` and `objects/OBJECT` under its prefix, each put whole or not at all.
//!
//! There is no lock that several machines could share. Instead, what nobody needs is removed only when it is older than
//! any back-up takes ([`UNDERWAY`]), and a back-up relies on what the newest one has kept and copies the rest anew, so that
//! nothing it needs is older than that and needed by nobody else.

use std::collections::{BTreeMap, BTreeSet};
use std::io::{self, Read, Write};
use std::sync::OnceLock;
use std::time::Duration;

use super::format::SUFFIX;
use super::place::Place;
use super::shelf::List;
use super::{BackupError, What};
use crate::kernel::bucket::{Bucket, Entry};
use crate::kernel::clock::{Clock, Time};
use crate::kernel::fault::{self, Point};
use crate::kernel::objects::{self, Aside, Lying, ObjectName, Storage};

/// A bucket, or the part of it under a prefix, that is for back-ups alone.
#[derive(Debug, Clone)]
pub struct InBucket {
    bucket: Bucket,
    clock: Clock,
}

/// What the lists of objects lie in.
const LISTS: &str = "lists";
/// What the objects lie in, as `objects::InBucket` has it.
const OBJECTS: &str = "objects";

/// Bytes of a part of an upload; 10,000 of them are the longest back-up.
const PART: usize = 32 * 1024 * 1024;

/// Longer than taking a back-up takes.
const UNDERWAY: Duration = Duration::from_secs(2 * 86_400);

impl InBucket {
    /// The back-ups in this bucket; its prefix is theirs alone.
    #[must_use]
    pub const fn new(bucket: Bucket, clock: Clock) -> Self {
        Self { bucket, clock }
    }

    fn lists(&self) -> Bucket {
        self.bucket.within(LISTS)
    }

    fn read_list(&self, name: &str) -> Result<Option<List>, BackupError> {
        let mut text = String::new();
        match self.lists().read(name) {
            Ok(mut list) => list.read_to_string(&mut text)?,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(error.into()),
        };
        List::parse(&text).map(Some)
    }
}

/// A name from outside stays under the prefix.
fn plain(name: &str) -> Result<&str, BackupError> {
    let is_plain = name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b".-_".contains(&byte));
    if is_plain && name.ends_with(SUFFIX) { Ok(name) } else { Err(BackupError::None) }
}

impl Place for InBucket {
    fn put(
        &self,
        name: &str,
        write: &mut dyn FnMut(&mut dyn Write) -> Result<(), BackupError>,
    ) -> Result<(), BackupError> {
        // What is deleted at the end of its time has to be gone.
        self.bucket.demand_fit()?;
        let mut upload = self.bucket.begin(plain(name)?, PART);
        write(&mut upload)?;
        upload.put()?;
        fault::reach(Point::BackupNamed);
        Ok(())
    }

    fn open(&self, name: &str) -> Result<Box<dyn Read>, BackupError> {
        match self.bucket.read(plain(name)?) {
            Ok(file) => Ok(Box::new(file)),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Err(BackupError::None),
            Err(error) => Err(error.into()),
        }
    }

    fn list(&self) -> Result<Vec<(String, u64)>, BackupError> {
        let all = self.bucket.list_here()?.into_iter().filter(|entry| plain(&entry.key).is_ok());
        Ok(all.map(|entry| (entry.key, entry.length)).collect())
    }

    fn objects(&self) -> Box<dyn Storage> {
        Box::new(Shelf {
            objects: objects::InBucket::new(&self.bucket),
            bucket: self.bucket.clone(),
            lengths: OnceLock::new(),
        })
    }

    fn put_list(&self, name: &str, list: &List) -> Result<(), BackupError> {
        let mut upload = self.lists().begin(plain(name)?, PART);
        upload.write_all(list.written().as_bytes())?;
        Ok(upload.put()?)
    }

    fn list_of(&self, name: &str) -> Result<List, BackupError> {
        self.read_list(plain(name)?)?.ok_or(BackupError::Damaged)
    }

    fn known(&self) -> Result<List, BackupError> {
        match super::find(self, What::Data, None) {
            Ok(newest) => match self.list_of(&newest.name) {
                // What a damaged one says is found out anew.
                Err(BackupError::Damaged) => Ok(List::default()),
                list => list,
            },
            Err(BackupError::None) => Ok(List::default()),
            Err(error) => Err(error),
        }
    }

    fn sweep(&self) -> Result<(), BackupError> {
        let over = self.clock.now().minus(UNDERWAY);
        let is_over = |entry: &Entry| entry.at < over;
        let objects = self.bucket.within(OBJECTS);
        // Objects first: one that comes meanwhile is young, and whatever refers to what is here is listed after.
        let there = objects.list()?;
        let lists = self.lists().list()?;
        let names: BTreeSet<String> = self.list()?.into_iter().map(|(name, _)| name).collect();
        let (mut needed, mut left) = (BTreeSet::new(), Vec::new());
        for list in lists {
            if names.contains(&list.key) || !is_over(&list) {
                needed.extend(self.read_list(&list.key)?.unwrap_or_default().names());
            } else {
                left.push(list.key);
            }
        }
        let needed: BTreeSet<String> =
            needed.into_iter().map(|name| ObjectName::from_bytes(name).to_string()).collect();
        let nobodys: Vec<String> = there
            .into_iter()
            .filter(|entry| is_over(entry) && !needed.contains(&entry.key))
            .map(|entry| entry.key)
            .collect();
        for some in nobodys.chunks(500) {
            objects.remove(some)?;
        }
        if !left.is_empty() {
            self.lists().remove(&left)?;
        }
        Ok(self.bucket.end_uploads(over)?)
    }

    fn remove(&self, name: &str) -> Result<(), BackupError> {
        let names = [plain(name)?.to_owned()];
        self.bucket.remove(&names)?;
        Ok(self.bucket.demand_gone(&names)?)
    }
}

/// Objects of back-ups: how long each is, is asked once for all of them.
#[derive(Debug)]
struct Shelf {
    objects: objects::InBucket,
    bucket: Bucket,
    lengths: OnceLock<BTreeMap<String, u64>>,
}

impl Storage for Shelf {
    fn begin(&self, name: ObjectName) -> io::Result<Box<dyn Aside>> {
        self.objects.begin(name)
    }

    fn open(&self, name: ObjectName) -> io::Result<Box<dyn Lying>> {
        self.objects.open(name)
    }

    fn length(&self, name: ObjectName) -> io::Result<Option<u64>> {
        let lengths = match self.lengths.get() {
            Some(lengths) => lengths,
            None => {
                let all = self.bucket.within(OBJECTS).list()?;
                self.lengths.get_or_init(|| all.into_iter().map(|entry| (entry.key, entry.length)).collect())
            }
        };
        Ok(lengths.get(&name.to_string()).copied())
    }

    fn remove(&self, names: &[ObjectName]) -> io::Result<()> {
        self.objects.remove(names)
    }

    fn demand_gone(&self, names: &[ObjectName]) -> io::Result<()> {
        self.objects.demand_gone(names)
    }

    fn remove_unfinished(&self, before: Time) -> io::Result<()> {
        self.objects.remove_unfinished(before)
    }

    fn demand_fit(&self) -> io::Result<()> {
        self.objects.demand_fit()
    }
}
