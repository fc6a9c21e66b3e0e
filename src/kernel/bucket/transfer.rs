//! What is longer than memory: up in parts, down by ranges.

use std::io::{self, Read, Seek, SeekFrom, Write};
use std::sync::Arc;

use bytes::{Buf as _, Bytes};
use futures_util::StreamExt as _;
use futures_util::stream::BoxStream;
use object_store::multipart::{MultipartStore as _, PartId};
use object_store::path::Path;
use object_store::{GetOptions, GetRange, ObjectStore as _, ObjectStoreExt as _};

use super::{Bucket, PATIENCE_OF_PARTS, failed, said};

/// The protocol's own limit of parts.
const MOST_PARTS: usize = 10_000;

/// Something on its way up. Dropped before [`Upload::put`], it is nowhere: its parts are removed beside, or where that
/// fails by [`Bucket::end_uploads`].
pub struct Upload {
    bucket: Bucket,
    path: Path,
    part: usize,
    buffer: Vec<u8>,
    id: Option<String>,
    parts: Vec<PartId>,
}

impl Upload {
    pub(super) const fn new(bucket: Bucket, path: Path, part: usize) -> Self {
        Self { bucket, path, part, buffer: Vec::new(), id: None, parts: Vec::new() }
    }

    /// Puts it under its key, whole: once this returns, the service has it.
    ///
    /// # Errors
    /// [`io::ErrorKind::NotFound`] when it was ended meanwhile; the service's.
    pub fn put(mut self) -> io::Result<()> {
        let (inner, path) = (Arc::clone(&self.bucket.inner), self.path.clone());
        if self.id.is_none() {
            let content = std::mem::take(&mut self.buffer);
            let put = async move { inner.store.put(&path, content.into()).await.map(drop).map_err(failed) };
            return self.bucket.ask(PATIENCE_OF_PARTS, put);
        }
        if !self.buffer.is_empty() {
            self.send()?;
        }
        let Some(id) = self.id.clone() else { return Ok(()) };
        let parts = std::mem::take(&mut self.parts);
        let complete = async move { inner.store.complete_multipart(&path, &id, parts).await.map(drop).map_err(failed) };
        self.bucket.ask(PATIENCE_OF_PARTS, complete)?;
        self.id = None;
        Ok(())
    }

    /// Sends a part.
    fn send(&mut self) -> io::Result<()> {
        if self.parts.len() == MOST_PARTS {
            return Err(said(io::ErrorKind::FileTooLarge, "takes nothing that long"));
        }
        let id = match &self.id {
            Some(id) => id.clone(),
            None => {
                let (inner, path) = (Arc::clone(&self.bucket.inner), self.path.clone());
                let begin = async move { inner.store.create_multipart(&path).await.map_err(failed) };
                self.id.insert(self.bucket.ask(PATIENCE_OF_PARTS, begin)?).clone()
            }
        };
        let (inner, path, number) = (Arc::clone(&self.bucket.inner), self.path.clone(), self.parts.len());
        let content = std::mem::take(&mut self.buffer);
        let send = async move { inner.store.put_part(&path, &id, number, content.into()).await.map_err(failed) };
        self.parts.push(self.bucket.ask(PATIENCE_OF_PARTS, send)?);
        Ok(())
    }
}

impl Write for Upload {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        // A full part waits until more comes: what fits into one needs no parts.
        if self.buffer.len() == self.part && !bytes.is_empty() {
            self.send()?;
        }
        let fits = bytes.len().min(self.part - self.buffer.len());
        self.buffer.extend(bytes.iter().take(fits));
        Ok(fits)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Drop for Upload {
    fn drop(&mut self) {
        if let Some(id) = self.id.take() {
            let (inner, path) = (Arc::clone(&self.bucket.inner), self.path.clone());
            self.bucket.later(async move {
                if inner.store.abort_multipart(&path, &id).await.is_err() {
                    tracing::warn!("an upload that was given up could not be ended; the sweep will");
                }
            });
        }
    }
}

/// How much is asked for at once: little after a jump, since what follows may not be wanted, and then more and more.
const WINDOW: (u64, u64) = (256 * 1024, 16 * 1024 * 1024);

/// Something on its way down.
pub struct Download {
    bucket: Bucket,
    path: Path,
    length: u64,
    at: u64,
    window: u64,
    stream: Option<BoxStream<'static, object_store::Result<Bytes>>>,
    ready: Bytes,
}

impl Download {
    pub(super) const fn new(bucket: Bucket, path: Path, length: u64) -> Self {
        Self { bucket, path, length, at: 0, window: WINDOW.0, stream: None, ready: Bytes::new() }
    }

    /// Its bytes.
    #[must_use]
    pub const fn length(&self) -> u64 {
        self.length
    }

    /// Asks for the next window.
    fn begin(&mut self) -> io::Result<()> {
        let (inner, path) = (Arc::clone(&self.bucket.inner), self.path.clone());
        let range = GetRange::Bounded(self.at..self.length.min(self.at.saturating_add(self.window)));
        let options = GetOptions { range: Some(range), ..GetOptions::default() };
        let begin = async move { Ok(inner.store.get_opts(&path, options).await.map_err(failed)?.into_stream()) };
        self.stream = Some(self.bucket.ask(PATIENCE_OF_PARTS, begin)?);
        self.window = WINDOW.1.min(self.window * 4);
        Ok(())
    }

    /// Makes some bytes ready.
    fn come(&mut self) -> io::Result<()> {
        let is_new = self.stream.is_none();
        if is_new {
            self.begin()?;
        }
        let Some(mut stream) = self.stream.take() else { return Ok(()) };
        let next = async move { Ok((stream.next().await.transpose().map_err(failed)?, stream)) };
        let (some, stream) = self.bucket.ask(PATIENCE_OF_PARTS, next)?;
        match some {
            Some(bytes) => {
                self.ready = bytes;
                self.stream = Some(stream);
            }
            None if is_new => return Err(said(io::ErrorKind::UnexpectedEof, "gives less than there is")),
            None => {}
        }
        Ok(())
    }
}

impl Read for Download {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        while self.ready.is_empty() && self.at < self.length {
            self.come()?;
        }
        let given = self.ready.len().min(into.len());
        for (to, from) in into.iter_mut().zip(&self.ready) {
            *to = *from;
        }
        self.ready.advance(given);
        self.at += u64::try_from(given).map_err(io::Error::other)?;
        Ok(given)
    }
}

impl Seek for Download {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        let to = match to {
            SeekFrom::Start(to) => Some(to),
            SeekFrom::Current(by) => self.at.checked_add_signed(by),
            SeekFrom::End(by) => self.length.checked_add_signed(by),
        };
        let to = to.ok_or(io::ErrorKind::InvalidInput)?;
        let ahead = to.checked_sub(self.at).and_then(|ahead| usize::try_from(ahead).ok());
        match ahead.filter(|ahead| *ahead <= self.ready.len()) {
            Some(ahead) => self.ready.advance(ahead),
            None => {
                self.ready = Bytes::new();
                self.stream = None;
                self.window = WINDOW.0;
            }
        }
        self.at = to;
        Ok(to)
    }
}
