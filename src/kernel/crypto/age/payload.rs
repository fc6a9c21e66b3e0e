//! The content of an age file: chunks of 64 KiB, each bound to its place, the last one marked as that (the construction is
//! STREAM of Hoang, Reyhanitabar, Rogaway and Vizár, 2015).

use std::io::{self, BufRead, Read, Write};

use super::header::{self, FileKey, NotOpened};
use super::{Identity, Recipient, Secret, TAG, Unreadable, Zeroizing, expanded, open, seal};
use crate::kernel::entropy::Entropy;

/// Bytes of a chunk before it is sealed; all but the last are as long.
pub(super) const CHUNK: usize = 64 * 1024;

const NONCE: usize = 16;

/// Seals what is written to it. It is no whole file before [`Sealing::finish`] has written the last chunk.
pub struct Sealing<W: Write> {
    to: W,
    key: Secret<[u8; 32]>,
    chunk: Zeroizing<Vec<u8>>,
    number: u64,
}

impl<W: Write> Sealing<W> {
    /// Begins a file in `to` that each of these recipients opens.
    ///
    /// # Errors
    /// `to` cannot be written; there is no recipient, or there are too many.
    pub fn begin(mut to: W, recipients: &[Recipient], entropy: &Entropy) -> io::Result<Self> {
        let (file_key, header) =
            header::written(recipients, entropy).map_err(|error| io::Error::new(io::ErrorKind::InvalidInput, error))?;
        let nonce = entropy.bytes::<NONCE>();
        to.write_all(&header)?;
        to.write_all(&nonce)?;
        let chunk = Zeroizing::new(Vec::with_capacity(CHUNK + TAG));
        Ok(Self { to, key: of_chunks(&nonce, &file_key), chunk, number: 0 })
    }

    /// Writes the last chunk; gives back what was written to.
    ///
    /// # Errors
    /// It cannot be written.
    pub fn finish(mut self) -> io::Result<W> {
        self.seal(Chunk::Last)?;
        Ok(self.to)
    }

    fn seal(&mut self, which: Chunk) -> io::Result<()> {
        seal(&self.key, nonce(self.number, which), &mut self.chunk).map_err(io::Error::other)?;
        self.to.write_all(&self.chunk)?;
        self.chunk.clear();
        self.number += 1;
        Ok(())
    }
}

impl<W: Write> Write for Sealing<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        // A full chunk waits until it is known not to be the last.
        if self.chunk.len() == CHUNK && !bytes.is_empty() {
            self.seal(Chunk::Inner)?;
        }
        let fits = bytes.len().min(CHUNK - self.chunk.len());
        self.chunk.extend(bytes.iter().take(fits));
        Ok(fits)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.to.flush()
    }
}

/// Opens what is read from it. Its end is reached only when the last chunk was opened: whatever is cut off, moved, added or
/// changed fails with [`io::ErrorKind::InvalidData`].
pub struct Opening<R: Read> {
    from: R,
    key: Secret<[u8; 32]>,
    ahead: Vec<u8>,
    chunk: Zeroizing<Vec<u8>>,
    at: usize,
    number: u64,
    ended: bool,
}

impl<R: BufRead> Opening<R> {
    /// Begins to open the file in `from` by the first of these identities that it was sealed for.
    ///
    /// # Errors
    /// See [`NotOpened`].
    pub fn begin(mut from: R, identities: &[Identity]) -> Result<Self, NotOpened> {
        let file_key = header::read(&mut from, identities)?;
        let mut nonce = [0; NONCE];
        from.read_exact(&mut nonce).map_err(|error| match error.kind() {
            io::ErrorKind::UnexpectedEof => NotOpened::Damaged,
            _ => NotOpened::Io(error),
        })?;
        let ahead = piece(&mut from).map_err(NotOpened::Io)?;
        let key = of_chunks(&nonce, &file_key);
        Ok(Self { from, key, ahead, chunk: Zeroizing::default(), at: 0, number: 0, ended: false })
    }

    fn open(&mut self) -> io::Result<()> {
        let next = piece(&mut self.from)?;
        let mut chunk = Zeroizing::new(std::mem::replace(&mut self.ahead, next));
        let which = if self.ahead.is_empty() { Chunk::Last } else { Chunk::Inner };
        open(&self.key, nonce(self.number, which), &mut chunk).map_err(|_| unreadable())?;
        if chunk.is_empty() && self.number > 0 {
            return Err(unreadable());
        }
        self.chunk = chunk;
        self.at = 0;
        self.number += 1;
        self.ended = which == Chunk::Last;
        Ok(())
    }
}

impl<R: BufRead> Read for Opening<R> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        while self.at == self.chunk.len() && !self.ended {
            self.open()?;
        }
        let rest = self.chunk.get(self.at..).unwrap_or_default();
        let given = rest.len().min(into.len());
        for (to, from) in into.iter_mut().zip(rest) {
            *to = *from;
        }
        self.at += given;
        Ok(given)
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Chunk {
    Inner,
    Last,
}

fn of_chunks(nonce: &[u8; NONCE], file_key: &FileKey) -> Secret<[u8; 32]> {
    expanded(nonce, file_key, b"payload")
}

/// The chunk's number in eleven bytes, and whether it is the last.
fn nonce(number: u64, which: Chunk) -> [u8; 12] {
    let mut nonce = [0; 12];
    let parts = number.to_be_bytes().into_iter().chain([u8::from(which == Chunk::Last)]);
    for (to, from) in nonce.iter_mut().skip(3).zip(parts) {
        *to = from;
    }
    nonce
}

/// The next sealed chunk: whole, or what is left; empty at the end.
fn piece(from: &mut impl Read) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::with_capacity(CHUNK + TAG);
    let most = u64::try_from(CHUNK + TAG).unwrap_or(u64::MAX);
    from.by_ref().take(most).read_to_end(&mut bytes)?;
    Ok(bytes)
}

fn unreadable() -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, Unreadable)
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECRET: &str = "AGE-SECRET-KEY-18Z8QYKCRU4MGS7PFLCWV3DMR5JKUT0NQPFWFPFTC3Y6M6QWR59VQ5XRD6P";

    fn identity() -> Identity {
        Identity::parse(SECRET).unwrap()
    }

    fn sealed(plain: &[u8]) -> Vec<u8> {
        let recipient = identity().recipient().unwrap();
        let mut sealing = Sealing::begin(Vec::new(), &[recipient], &Entropy::seeded(1)).unwrap();
        for part in plain.chunks(10_001) {
            sealing.write_all(part).unwrap();
        }
        sealing.finish().unwrap()
    }

    fn opened(file: &[u8]) -> io::Result<Vec<u8>> {
        let mut plain = Vec::new();
        Opening::begin(file, &[identity()]).map_err(io::Error::other)?.read_to_end(&mut plain)?;
        Ok(plain)
    }

    #[test]
    fn files_of_every_length_open_as_they_were() {
        for length in [0, 1, CHUNK - 1, CHUNK, CHUNK + 1, 2 * CHUNK, 3 * CHUNK + 17] {
            let plain: Vec<u8> = (0..length).map(|at| (at % 251) as u8).collect();
            assert!(opened(&sealed(&plain)).unwrap() == plain, "{length}");
        }
    }

    #[test]
    fn whatever_is_cut_off_moved_repeated_added_or_changed_is_seen() {
        const WHOLE: usize = CHUNK + TAG;
        let whole = sealed(&vec![5; 3 * CHUNK]);
        let head = whole.len() - 3 * WHOLE;
        for length in [0, 10, head - 1, head, head + 1, head + TAG, head + WHOLE, head + 2 * WHOLE, whole.len() - 1] {
            assert!(opened(&whole[..length]).is_err(), "{length}");
        }
        let chunk = |number: usize| &whole[head + number * WHOLE..][..WHOLE];
        for order in [[1, 0, 2].as_slice(), &[0, 0, 1, 2], &[0, 2], &[0, 1, 2, 2]] {
            let moved: Vec<u8> = order.iter().flat_map(|number| chunk(*number)).copied().collect();
            assert!(opened(&[&whole[..head], &moved].concat()).is_err(), "{order:?}");
        }
        assert!(opened(&[whole.as_slice(), b"x"].concat()).is_err());
        for at in (0..head).chain([head + 100, whole.len() - 1]) {
            let mut changed = whole.clone();
            changed[at] ^= 1;
            assert!(opened(&changed).is_err(), "{at}");
        }
    }

    #[test]
    fn an_empty_last_chunk_after_others_is_no_end() {
        let plain = vec![5; CHUNK];
        let mut sealing = Sealing::begin(Vec::new(), &[identity().recipient().unwrap()], &Entropy::seeded(1)).unwrap();
        sealing.write_all(&plain).unwrap();
        sealing.seal(Chunk::Inner).unwrap();
        assert!(opened(&sealing.finish().unwrap()).is_err());
    }

    #[test]
    fn it_is_said_why_a_file_does_not_open() {
        let whole = sealed(b"plain");
        let other =
            Identity::parse("AGE-SECRET-KEY-1HQPXE9P7QW5QP6YUASGSAEXYMGL8KZZG54DQYCZNVXYQJY7P8FEQJR6RE7").unwrap();
        let why = |file: &[u8], identity: &Identity| {
            Opening::begin(file, std::slice::from_ref(identity)).map(drop).unwrap_err().to_string()
        };
        assert_eq!(why(b"PK\x03\x04", &other), NotOpened::NotAge.to_string());
        assert_eq!(why(&whole, &other), NotOpened::ForOthers.to_string());
        assert_eq!(why(&whole[..40], &other), NotOpened::Damaged.to_string());
        let text = String::from_utf8_lossy(&whole[..160]).into_owned();
        let mac = text.find("--- ").map_or(0, |at| at + 6);
        let mut changed = whole;
        changed[mac] = if changed[mac] == b'A' { b'B' } else { b'A' };
        assert!(mac > 0 && why(&changed, &identity()) == NotOpened::Changed.to_string());
    }
}
