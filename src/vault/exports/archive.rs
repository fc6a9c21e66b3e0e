//! A ZIP archive that is written as its reader takes it: only what is between two entries' pieces is in memory. For
//! recipients it is sealed on its way, so that it is plain nowhere.

use std::io::{self, Write};
use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::mpsc::Sender;
use zip::write::{SimpleFileOptions, StreamWriter, ZipWriter};
use zip::{CompressionMethod, DateTime};

use super::Recipients;
use crate::kernel::clock::Time;
use crate::kernel::crypto::age::Sealing;
use crate::kernel::entropy::Entropy;
use crate::kernel::store::StoreError;
use crate::vault::Error;

/// Bytes that are gathered before they are handed on.
const GATHERED: usize = 64 * 1024;

/// From this length on an entry has the long form of its lengths (ZIP64), which not every reader knows.
const LONG: u64 = 0xf000_0000;

/// Why an archive ends before its end.
#[derive(Debug)]
pub(super) enum Stop {
    /// Nobody takes it any more.
    Gone,
    /// Something failed.
    Failed(Error),
}

impl From<Error> for Stop {
    fn from(error: Error) -> Self {
        Self::Failed(error)
    }
}

/// How an entry is packed.
#[derive(Clone, Copy)]
pub(super) enum Packing {
    /// Text, made small.
    Deflated,
    /// So many bytes as they are.
    Stored(u64),
}

/// An archive in the making.
pub(super) struct Archive {
    zip: Option<Zip>,
    made: Made,
    at: DateTime,
    to: Sender<Result<Vec<u8>, Error>>,
}

type Zip = ZipWriter<StreamWriter<Out>>;

/// As whom the bytes reach.
enum Out {
    Plain(Made),
    Sealed(Sealing<Made>),
}

impl Write for Out {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match self {
            Self::Plain(made) => made.write(bytes),
            Self::Sealed(sealing) => sealing.write(bytes),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Ends the archive, and what it is sealed in.
fn ended(zip: Zip) -> io::Result<()> {
    match zip.finish().map_err(io::Error::other)?.into_inner() {
        Out::Plain(_) => Ok(()),
        Out::Sealed(sealing) => sealing.finish().map(drop),
    }
}

/// What was written and not handed on yet.
#[derive(Clone, Default)]
struct Made(Arc<Mutex<Vec<u8>>>);

impl Made {
    fn bytes(&self) -> std::sync::MutexGuard<'_, Vec<u8>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Write for Made {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.bytes().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Archive {
    /// An archive of this moment that goes to `to`, piece by piece; sealed, where there are recipients.
    pub(super) fn new(
        at: Time,
        recipients: &Recipients,
        entropy: &Entropy,
        to: Sender<Result<Vec<u8>, Error>>,
    ) -> Result<Self, Error> {
        let made = Made::default();
        let out = match recipients.all() {
            [] => Out::Plain(made.clone()),
            all => Out::Sealed(Sealing::begin(made.clone(), all, entropy).map_err(|_| unwritable())?),
        };
        let zip = ZipWriter::new_stream(out).set_auto_large_file();
        Ok(Self { zip: Some(zip), made, at: moment(at), to })
    }

    /// Begins an entry.
    pub(super) async fn begin(&mut self, name: String, packing: Packing) -> Result<(), Stop> {
        let options = SimpleFileOptions::default().last_modified_time(self.at).unix_permissions(0o600);
        let options = match packing {
            Packing::Deflated => options.compression_method(CompressionMethod::Deflated),
            Packing::Stored(size) => options.compression_method(CompressionMethod::Stored).large_file(size >= LONG),
        };
        self.work(move |zip| zip.start_file(name, options).map_err(io::Error::other)).await
    }

    /// Writes the next bytes of the entry that was begun.
    pub(super) async fn write(&mut self, bytes: Vec<u8>) -> Result<(), Stop> {
        self.work(move |zip| zip.write_all(&bytes)).await
    }

    /// Ends the archive: without this nobody takes it for a whole one.
    pub(super) async fn finish(mut self) -> Result<(), Stop> {
        let zip = self.zip.take().ok_or_else(broken)?;
        let ended = tokio::task::spawn_blocking(move || ended(zip)).await;
        ended.map_err(|_| broken())?.map_err(|_| broken())?;
        self.hand_on(0).await
    }

    /// Packing takes a processor for a while: it is done where that holds nobody up.
    async fn work(&mut self, work: impl FnOnce(&mut Zip) -> io::Result<()> + Send + 'static) -> Result<(), Stop> {
        let mut zip = self.zip.take().ok_or_else(broken)?;
        let done = tokio::task::spawn_blocking(move || work(&mut zip).map(|()| zip)).await;
        self.zip = Some(done.map_err(|_| broken())?.map_err(|_| broken())?);
        self.hand_on(GATHERED).await
    }

    async fn hand_on(&self, least: usize) -> Result<(), Stop> {
        let bytes = {
            let mut made = self.made.bytes();
            if made.len() < least { Vec::new() } else { std::mem::take(&mut *made) }
        };
        if bytes.is_empty() {
            return Ok(());
        }
        self.to.send(Ok(bytes)).await.map_err(|_| Stop::Gone)
    }
}

fn broken() -> Stop {
    Stop::Failed(unwritable())
}

fn unwritable() -> Error {
    StoreError::Refused("an archive that cannot be written").into()
}

/// A moment as archives know it, in UTC; before 1980 there is none.
fn moment(at: Time) -> DateTime {
    let text = at.rfc3339();
    let number = |from: usize, to: usize| text.get(from..to).and_then(|digits| digits.parse::<u16>().ok());
    let small = |from, to| number(from, to).and_then(|number| u8::try_from(number).ok());
    let parts = || Some((number(0, 4)?, small(5, 7)?, small(8, 10)?, small(11, 13)?, small(14, 16)?, small(17, 19)?));
    let made = parts().and_then(|(year, month, day, hour, minute, second)| {
        DateTime::from_date_and_time(year, month, day, hour, minute, second).ok()
    });
    made.unwrap_or_default()
}
