//! Objects in a bucket: `objects/NAME` under its prefix. What is in the making is an upload that nobody sees.

use std::io::{self, Seek as _, SeekFrom, Write};
use std::time::{Duration, Instant};

use super::{Aside, IN_THE_MAKING, Lying, ObjectName, Storage};
use crate::kernel::bucket::{Bucket, Download, Upload};
use crate::kernel::clock::Time;

/// Objects in a bucket that is the service's alone under its prefix.
#[derive(Debug)]
pub struct InBucket(Bucket);

/// What objects lie in.
const OBJECTS: &str = "objects";

/// Bytes of a part of an upload, and so the memory of each; 10,000 of them are the longest object.
const PART: usize = 8 * 1024 * 1024;

/// Before this has passed nobody can have swept the object's row: what is put later would be known to nobody.
const IN_TIME: Duration = Duration::from_secs(IN_THE_MAKING.as_secs() - 3600);

impl InBucket {
    /// Objects in this bucket.
    #[must_use]
    pub fn new(bucket: &Bucket) -> Self {
        Self(bucket.within(OBJECTS))
    }
}

fn keys(names: &[ObjectName]) -> Vec<String> {
    names.iter().map(ToString::to_string).collect()
}

impl Storage for InBucket {
    fn begin(&self, name: ObjectName) -> io::Result<Box<dyn Aside>> {
        Ok(Box::new(Rising { upload: self.0.begin(&name.to_string(), PART), begun: Instant::now() }))
    }

    fn open(&self, name: ObjectName) -> io::Result<Box<dyn Lying>> {
        Ok(Box::new(self.0.read(&name.to_string())?))
    }

    fn remove(&self, names: &[ObjectName]) -> io::Result<()> {
        self.0.remove(&keys(names))
    }

    fn demand_gone(&self, names: &[ObjectName]) -> io::Result<()> {
        self.0.demand_gone(&keys(names))
    }

    fn remove_unfinished(&self, before: Time) -> io::Result<()> {
        self.0.end_uploads(before)
    }

    fn demand_fit(&self) -> io::Result<()> {
        self.0.demand_fit()
    }
}

/// An object on its way up.
struct Rising {
    upload: Upload,
    begun: Instant,
}

impl Write for Rising {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.upload.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.upload.flush()
    }
}

impl Aside for Rising {
    fn put(self: Box<Self>) -> io::Result<()> {
        if self.begun.elapsed() > IN_TIME { Err(io::ErrorKind::TimedOut.into()) } else { self.upload.put() }
    }
}

impl Lying for Download {
    fn length(&mut self) -> io::Result<u64> {
        self.seek(SeekFrom::Start(0))?;
        Ok(Self::length(self))
    }
}
