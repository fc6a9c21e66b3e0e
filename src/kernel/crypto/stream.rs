//! Sealing what is too long for memory: chunks under a key of the stream's own, each bound to its place in the stream.
//!
//! A stream is `salt(32) | commitment(32) | chunks`. From the key, the salt and the context HKDF-SHA-256 derives the
//! chunks' key and the commitment, so that a stream opens under one key and in one context only. A chunk is up to 64 KiB
//! and its tag; its nonce is its number and whether it is the last, so that no chunk can be left out, moved, repeated
//! or cut off unseen (the construction is STREAM of Hoang, Reyhanitabar, Rogaway and Vizár, 2015).

use std::io::{self, Read, Seek, SeekFrom, Write};

use hkdf::Hkdf;
use sha2::Sha256;
use subtle::ConstantTimeEq as _;
use zeroize::{Zeroize as _, Zeroizing};

use super::Unreadable;
use super::aead::{Aead as _, KEY, NONCE, TAG, Xaes256Gcm};
use crate::kernel::entropy::Entropy;
use crate::kernel::personal::Secret;

/// Bytes of a chunk before it is sealed; all but the last are as long.
pub const CHUNK: usize = 64 * 1024;

const SALT: usize = 32;
const COMMITMENT: usize = 32;

/// Bytes that a stream of `plain` bytes has once it is sealed.
#[must_use]
pub const fn sealed_length(plain: u64) -> u64 {
    let chunks = if plain == 0 { 1 } else { plain.div_ceil(CHUNK as u64) };
    (SALT + COMMITMENT) as u64 + plain + chunks * TAG as u64
}

/// Seals what is written to it. Nothing of it opens before [`Sealing::finish`] has written the last chunk.
pub struct Sealing<W: Write> {
    to: W,
    cipher: Xaes256Gcm,
    chunk: Zeroizing<Vec<u8>>,
    number: u64,
}

impl<W: Write> Sealing<W> {
    /// Begins a stream in `to` that opens under `key` in this `context` alone.
    ///
    /// # Errors
    /// `to` cannot be written.
    pub fn begin(mut to: W, key: &Secret<[u8; KEY]>, context: &[u8], entropy: &Entropy) -> io::Result<Self> {
        let salt = entropy.bytes::<SALT>();
        let (key, commitment) = derived(key, &salt, context);
        to.write_all(&salt)?;
        to.write_all(&commitment)?;
        Ok(Self { to, cipher: Xaes256Gcm::new(&key), chunk: Zeroizing::new(Vec::with_capacity(CHUNK)), number: 0 })
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
        let tag = self.cipher.seal(&nonce(self.number, which), &[], &mut self.chunk).map_err(io::Error::other)?;
        self.to.write_all(&self.chunk)?;
        self.to.write_all(&tag)?;
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

/// Opens what is read from it. Its end is reached only when the last chunk was opened: whatever is cut off, moved or
/// changed fails with [`io::ErrorKind::InvalidData`].
pub struct Opening<R: Read> {
    from: R,
    cipher: Xaes256Gcm,
    ahead: Vec<u8>,
    chunk: Zeroizing<Vec<u8>>,
    at: usize,
    number: u64,
    ended: bool,
}

impl<R: Read> Opening<R> {
    /// Begins to open the stream in `from`.
    ///
    /// # Errors
    /// `from` cannot be read, or was not sealed under this key in this context.
    pub fn begin(mut from: R, key: &Secret<[u8; KEY]>, context: &[u8]) -> io::Result<Self> {
        let key = committed(&mut from, key, context)?;
        Self::of_chunks(from, &key, 0)
    }

    fn of_chunks(mut from: R, key: &Secret<[u8; KEY]>, number: u64) -> io::Result<Self> {
        let ahead = piece(&mut from)?;
        let chunk = Zeroizing::new(Vec::with_capacity(CHUNK));
        Ok(Self { from, cipher: Xaes256Gcm::new(key), ahead, chunk, at: 0, number, ended: false })
    }

    fn open(&mut self) -> io::Result<()> {
        let next = piece(&mut self.from)?;
        let mut sealed = std::mem::replace(&mut self.ahead, next);
        let which = if self.ahead.is_empty() { Chunk::Last } else { Chunk::Inner };
        let tag: [u8; TAG] = *sealed.last_chunk().ok_or_else(unreadable)?;
        sealed.truncate(sealed.len() - TAG);
        self.cipher.open(&nonce(self.number, which), &[], &mut sealed, &tag).map_err(|_| unreadable())?;
        self.chunk = Zeroizing::new(sealed);
        self.at = 0;
        self.number += 1;
        self.ended = which == Chunk::Last;
        Ok(())
    }
}

impl<R: Read + Seek> Opening<R> {
    /// As [`Opening::begin`], from the plain byte `at` on, which is before the end: only the chunks from there are read.
    ///
    /// # Errors
    /// As [`Opening::begin`]; the stream ends before `at`.
    pub fn begin_at(mut from: R, key: &Secret<[u8; KEY]>, context: &[u8], at: u64) -> io::Result<Self> {
        let key = committed(&mut from, key, context)?;
        let number = at / CHUNK as u64;
        let before = number.checked_mul((CHUNK + TAG) as u64).ok_or_else(unreadable)?;
        from.seek(SeekFrom::Start(before.saturating_add((SALT + COMMITMENT) as u64)))?;
        let mut opening = Self::of_chunks(from, &key, number)?;
        opening.open()?;
        opening.at = usize::try_from(at % CHUNK as u64).map_err(io::Error::other)?;
        if opening.at > opening.chunk.len() { Err(unreadable()) } else { Ok(opening) }
    }
}

impl<R: Read> Read for Opening<R> {
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

/// Reads a stream's head: the key of its chunks, if it was sealed under this key in this context.
fn committed(from: &mut impl Read, key: &Secret<[u8; KEY]>, context: &[u8]) -> io::Result<Secret<[u8; KEY]>> {
    let (mut salt, mut said) = ([0; SALT], [0; COMMITMENT]);
    from.read_exact(&mut salt).and_then(|()| from.read_exact(&mut said)).map_err(cut_off)?;
    let (key, commitment) = derived(key, &salt, context);
    if bool::from(said.ct_eq(&commitment)) { Ok(key) } else { Err(unreadable()) }
}

/// The key of the chunks, and what commits to it.
fn derived(key: &Secret<[u8; KEY]>, salt: &[u8; SALT], context: &[u8]) -> (Secret<[u8; KEY]>, [u8; COMMITMENT]) {
    let kdf = Hkdf::<Sha256>::new(Some(salt), key.reveal());
    let (mut chunks, mut commitment) = ([0; KEY], [0; COMMITMENT]);
    let of_chunks = kdf.expand_multi_info(&[b"seif/1/stream/chunks", context], &mut chunks);
    let of_commitment = kdf.expand_multi_info(&[b"seif/1/stream/commitment", context], &mut commitment);
    if of_chunks.and(of_commitment).is_err() {
        // Only more than 8,160 bytes can fail; going on would mean sealing under zeros.
        std::process::abort();
    }
    let secret = Secret::new(chunks);
    chunks.zeroize();
    (secret, commitment)
}

fn nonce(number: u64, which: Chunk) -> [u8; NONCE] {
    let mut nonce = [0; NONCE];
    let last = u8::from(which == Chunk::Last);
    for (to, from) in nonce.iter_mut().zip(number.to_be_bytes().into_iter().chain([last])) {
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

fn cut_off(error: io::Error) -> io::Error {
    if error.kind() == io::ErrorKind::UnexpectedEof { unreadable() } else { error }
}

#[cfg(test)]
mod tests {
    use super::*;

    const CONTEXT: &[u8] = b"a context";

    fn key(byte: u8) -> Secret<[u8; KEY]> {
        Secret::new([byte; KEY])
    }

    fn sealed(plain: &[u8]) -> Vec<u8> {
        let mut sealing = Sealing::begin(Vec::new(), &key(7), CONTEXT, &Entropy::seeded(1)).unwrap();
        for part in plain.chunks(10_001) {
            sealing.write_all(part).unwrap();
        }
        sealing.finish().unwrap()
    }

    fn opened(sealed: &[u8]) -> io::Result<Vec<u8>> {
        let mut plain = Vec::new();
        Opening::begin(sealed, &key(7), CONTEXT)?.read_to_end(&mut plain)?;
        Ok(plain)
    }

    #[test]
    fn streams_of_every_length_open_as_they_were() {
        for length in [0, 1, CHUNK - 1, CHUNK, CHUNK + 1, 2 * CHUNK, 3 * CHUNK + 17] {
            let plain: Vec<u8> = (0..length).map(|at| (at % 251) as u8).collect();
            assert!(opened(&sealed(&plain)).unwrap() == plain, "{length}");
        }
    }

    #[test]
    fn whatever_is_cut_off_moved_repeated_added_or_changed_is_seen() {
        const HEAD: usize = SALT + COMMITMENT;
        const WHOLE: usize = CHUNK + TAG;
        let whole = sealed(&vec![5; 3 * CHUNK]);
        assert_eq!(whole.len(), HEAD + 3 * WHOLE);
        for length in [0, 10, HEAD, HEAD + 1, HEAD + TAG, HEAD + WHOLE, HEAD + 2 * WHOLE, whole.len() - 1] {
            assert_eq!(opened(&whole[..length]).unwrap_err().kind(), io::ErrorKind::InvalidData, "{length}");
        }
        let chunk = |number: usize| &whole[HEAD + number * WHOLE..][..WHOLE];
        for order in [[1, 0, 2].as_slice(), &[0, 0, 1, 2], &[0, 2], &[0, 1, 2, 2]] {
            let moved: Vec<u8> = order.iter().flat_map(|number| chunk(*number)).copied().collect();
            assert!(opened(&[&whole[..HEAD], &moved].concat()).is_err(), "{order:?}");
        }
        assert!(opened(&[whole.as_slice(), b"x"].concat()).is_err());
        for at in [0, SALT, HEAD, HEAD + 100, whole.len() - 1] {
            let mut changed = whole.clone();
            changed[at] ^= 1;
            assert!(opened(&changed).is_err(), "{at}");
        }
    }

    #[test]
    fn a_stream_opens_from_any_byte_and_its_length_is_known_beforehand() {
        for length in [0, 1, CHUNK - 1, CHUNK, CHUNK + 1, 2 * CHUNK, 2 * CHUNK + 17] {
            let plain: Vec<u8> = (0..length).map(|at| (at % 251) as u8).collect();
            let whole = sealed(&plain);
            assert_eq!(whole.len() as u64, sealed_length(length as u64));
            for at in [0, 1, CHUNK - 1, CHUNK, CHUNK + 1, 2 * CHUNK].into_iter().filter(|at| *at == 0 || *at < length) {
                let mut rest = Vec::new();
                let from = io::Cursor::new(&whole);
                Opening::begin_at(from, &key(7), CONTEXT, at as u64).unwrap().read_to_end(&mut rest).unwrap();
                assert!(rest == plain[at..], "{length} from {at}");
            }
        }
        let whole = sealed(&vec![5; 3 * CHUNK]);
        let from = |at| Opening::begin_at(io::Cursor::new(&whole), &key(7), CONTEXT, at).map(drop);
        assert!(from(2 * CHUNK as u64).is_ok() && from(3 * CHUNK as u64 + 1).is_err() && from(u64::MAX).is_err());
        // A chunk in another's place does not open from there either.
        let mut moved = whole.clone();
        let (first, second) = (SALT + COMMITMENT, SALT + COMMITMENT + CHUNK + TAG);
        moved.copy_within(first..second, second);
        let moved = Opening::begin_at(io::Cursor::new(&moved), &key(7), CONTEXT, CHUNK as u64).map(drop);
        assert_eq!(moved.unwrap_err().kind(), io::ErrorKind::InvalidData);
    }

    #[test]
    fn another_key_or_another_context_opens_nothing() {
        let whole = sealed(b"plain");
        assert!(Opening::begin(whole.as_slice(), &key(8), CONTEXT).is_err());
        assert!(Opening::begin(whole.as_slice(), &key(7), b"another").is_err());
        assert_ne!(sealed(b"plain").len(), 5);
        let twice = Sealing::begin(Vec::new(), &key(7), CONTEXT, &Entropy::system()).unwrap().finish().unwrap();
        assert_ne!(twice, Sealing::begin(Vec::new(), &key(7), CONTEXT, &Entropy::system()).unwrap().finish().unwrap());
    }
}
