//! The sealed form of a value, and the place that it belongs to.
//!
//! Format 1, frozen by `tests/vectors/envelope-v1.json`:
//!
//! ```text
//! 0x01 | key version (4, big-endian) | nonce (24) | ciphertext | tag (16)
//! ```
//!
//! The associated data binds it to where it lies: format, key version, owner (17 bytes), the place's label, row id (16)
//! and row version (8, big-endian), each behind its length (8 bytes, little-endian).

use std::io;
use std::marker::PhantomData;

use diesel::deserialize::{FromSql, FromSqlRow};
use diesel::expression::AsExpression;
use diesel::serialize::{Output, ToSql};
use diesel::sql_types::Binary;
use serde::Serialize;
use serde::de::DeserializeOwned;
use zeroize::Zeroizing;

use super::Unreadable;
use super::aead::{Aead as _, NONCE, TAG};
use super::derive::KeyUse;
use super::owner::{KeyVersion, Owner, OwnerKeys};
use crate::kernel::entropy::Entropy;
use crate::kernel::personal::Secret;

/// Where a sealed value belongs, as a type: what was sealed into one place does not open in another.
pub trait Place: 'static {
    /// The place's name in the associated data (`records.body`). A constant of its own, never taken from the table's or
    /// column's name: those may change, this may not.
    const LABEL: &'static str;
    /// Which of the owner's keys seals it; not [`KeyUse::Index`], which does not compile.
    const USE: KeyUse = KeyUse::Values;
    /// What is in it. Its fields that are personal or secret use `kernel::personal::revealed`.
    type Plain: Serialize + DeserializeOwned;
}

/// A [`Place`] by its name, for what walks over every sealed column.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Label {
    /// [`Place::LABEL`].
    pub name: &'static str,
    /// [`Place::USE`].
    pub usage: KeyUse,
}

/// The row that a value lies in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct RowRef {
    /// The row's id.
    pub id: [u8; 16],
    /// The row's version; a value sealed for one version does not open in another.
    pub version: i64,
}

impl RowRef {
    /// The row of this id and version.
    #[must_use]
    pub const fn new(id: &[u8; 16], version: i64) -> Self {
        Self { id: *id, version }
    }
}

/// A value sealed into the place `P`: what a column holds. A `Binary` in the database.
#[derive(AsExpression, FromSqlRow)]
#[diesel(sql_type = Binary)]
pub struct Sealed<P>(Vec<u8>, PhantomData<fn() -> P>);

impl<P> Sealed<P> {
    /// What was stored. Nothing is checked before it is opened.
    #[must_use]
    pub const fn from_bytes(bytes: Vec<u8>) -> Self {
        Self(bytes, PhantomData)
    }

    /// The envelope's bytes, given away.
    #[must_use]
    pub fn into_bytes(self) -> Vec<u8> {
        self.0
    }

    /// The envelope's bytes.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }

    /// Which version of its owner's key it was sealed under.
    ///
    /// # Errors
    /// [`Unreadable`] when this is no envelope.
    pub fn key_version(&self) -> Result<KeyVersion, Unreadable> {
        Envelope::read(&self.0).map(|envelope| envelope.version)
    }
}

impl OwnerKeys {
    /// Seals `plain` for one row, under the current version and a nonce of its own.
    ///
    /// # Panics
    /// When `plain` cannot be written as JSON (a map whose keys are not text), or has more than 64 GiB: a defect of
    /// the plain type, and anything stored in its stead would be lost data.
    #[must_use]
    pub fn seal<P: Place>(&self, row: RowRef, plain: &P::Plain, entropy: &Entropy) -> Sealed<P> {
        self.seal_with(row, &entropy.bytes(), |buffer| serde_json::to_writer(buffer, plain).map_err(io::Error::from))
    }

    /// Opens what was sealed for this row.
    ///
    /// # Errors
    /// [`Unreadable`]: another owner, place, row or version, a key that is not here, changed bytes, or a plain text
    /// that is not what the place holds.
    pub fn open<P: Place>(&self, row: RowRef, sealed: &Sealed<P>) -> Result<P::Plain, Unreadable> {
        let plain = self.open_bytes(row, sealed)?;
        serde_json::from_slice(plain.reveal()).map_err(|_| Unreadable)
    }

    /// Seals bytes as they are, for places that hold no JSON (the key of a file).
    ///
    /// # Panics
    /// When there are more than 64 GiB.
    #[must_use]
    pub fn seal_bytes<P: Place>(&self, row: RowRef, plain: &[u8], entropy: &Entropy) -> Sealed<P> {
        self.seal_with(row, &entropy.bytes(), |buffer| io::Write::write_all(buffer, plain))
    }

    /// Opens what [`seal_bytes`](Self::seal_bytes) sealed for this row.
    ///
    /// # Errors
    /// [`Unreadable`], as for [`open`](Self::open).
    pub fn open_bytes<P: Place>(&self, row: RowRef, sealed: &Sealed<P>) -> Result<Secret<Vec<u8>>, Unreadable> {
        let envelope = Envelope::read(&sealed.0)?;
        let associated = associated(P::LABEL, envelope.version, self.owner(), row);
        let mut plain = Zeroizing::new(envelope.ciphertext.to_vec());
        self.opening(envelope.version, |keys| {
            keys.cipher::<P>().open(envelope.nonce, &associated, &mut plain, envelope.tag)
        })?;
        Ok(Secret::new(std::mem::take(&mut *plain)))
    }

    /// Seals anew for `row`, under the current version and a nonce of its own, what an earlier version sealed for it; the
    /// plain text is never read, and is overwritten. For the turning over of keys alone, which knows a place by its
    /// label.
    ///
    /// # Errors
    /// [`Unreadable`], as for [`open`](Self::open).
    pub(in crate::kernel) fn seal_anew(
        &self,
        place: Label,
        row: RowRef,
        sealed: &[u8],
        entropy: &Entropy,
    ) -> Result<Vec<u8>, Unreadable> {
        let before = Envelope::read(sealed)?;
        let new = self.current_keys();
        let mut buffer = Zeroizing::new(before.ciphertext.to_vec());
        let bound = associated(place.name, before.version, self.owner(), row);
        self.opening(before.version, |old| {
            old.cipher_for(place.usage).open(before.nonce, &bound, &mut buffer, before.tag)
        })?;
        self.count();
        let nonce: [u8; NONCE] = entropy.bytes();
        let bound = associated(place.name, new.version, self.owner(), row);
        let tag = new.cipher_for(place.usage).seal(&nonce, &bound, &mut buffer).map_err(|_| Unreadable)?;
        let head = [[FORMAT].as_slice(), &new.version.as_u32().to_be_bytes(), &nonce].concat();
        Ok([head.as_slice(), &buffer, &tag].concat())
    }

    /// Lets `write` put the plain text behind the envelope's head, and encrypts it there.
    #[expect(clippy::panic, reason = "a defect of the plain type; there is nothing else to store")]
    fn seal_with<P: Place>(
        &self,
        row: RowRef,
        nonce: &[u8; NONCE],
        write: impl FnOnce(&mut Scrubbed) -> io::Result<()>,
    ) -> Sealed<P> {
        let keys = self.current_keys();
        self.count();
        let mut buffer = Scrubbed::with_capacity(512);
        buffer.extend(&[FORMAT]);
        buffer.extend(&keys.version.as_u32().to_be_bytes());
        buffer.extend(nonce);
        let written = write(&mut buffer);
        let associated = associated(P::LABEL, keys.version, self.owner(), row);
        let sealed = buffer.0.get_mut(HEAD..).filter(|_| written.is_ok());
        let tag = sealed.and_then(|plain| keys.cipher::<P>().seal(nonce, &associated, plain).ok());
        let Some(tag) = tag else { panic!("{} cannot be sealed", P::LABEL) };
        buffer.extend(&tag);
        Sealed::from_bytes(buffer.into_sealed())
    }
}

/// The only format there is.
const FORMAT: u8 = 1;
/// Bytes before the ciphertext.
const HEAD: usize = 1 + 4 + NONCE;

/// An envelope's parts.
struct Envelope<'a> {
    version: KeyVersion,
    nonce: &'a [u8; NONCE],
    ciphertext: &'a [u8],
    tag: &'a [u8; TAG],
}

impl<'a> Envelope<'a> {
    fn read(bytes: &'a [u8]) -> Result<Self, Unreadable> {
        let (format, rest) = bytes.split_first().ok_or(Unreadable)?;
        let (version, rest) = rest.split_first_chunk().ok_or(Unreadable)?;
        let (nonce, rest) = rest.split_first_chunk().ok_or(Unreadable)?;
        let (ciphertext, tag) = rest.split_last_chunk().ok_or(Unreadable)?;
        let version = u32::from_be_bytes(*version);
        if *format != FORMAT || version == 0 {
            return Err(Unreadable);
        }
        Ok(Self { version: KeyVersion::from_u32(version), nonce, ciphertext, tag })
    }
}

/// What an envelope is bound to.
fn associated(label: &str, version: KeyVersion, owner: Owner, row: RowRef) -> Vec<u8> {
    let (version, owner, row_version) = (version.as_u32().to_be_bytes(), owner.encode(), row.version.to_be_bytes());
    let parts: [&[u8]; 6] = [&[FORMAT], &version, &owner, label.as_bytes(), &row.id, &row_version];
    let mut bytes = Vec::with_capacity(parts.iter().map(|part| 8 + part.len()).sum());
    for part in parts {
        bytes.extend_from_slice(&(part.len() as u64).to_le_bytes());
        bytes.extend_from_slice(part);
    }
    bytes
}

/// A buffer that leaves no copy of its content behind when it grows or is dropped.
struct Scrubbed(Zeroizing<Vec<u8>>);

impl Scrubbed {
    fn with_capacity(bytes: usize) -> Self {
        Self(Zeroizing::new(Vec::with_capacity(bytes)))
    }

    fn extend(&mut self, bytes: &[u8]) {
        let needed = self.0.len().saturating_add(bytes.len());
        if needed > self.0.capacity() {
            let mut larger = Vec::with_capacity(needed.max(self.0.capacity().saturating_mul(2)));
            larger.extend_from_slice(&self.0);
            self.0 = Zeroizing::new(larger);
        }
        self.0.extend_from_slice(bytes);
    }

    /// The content, once it is ciphertext.
    fn into_sealed(mut self) -> Vec<u8> {
        std::mem::take(&mut *self.0)
    }
}

impl io::Write for Scrubbed {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.extend(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl<P> Clone for Sealed<P> {
    fn clone(&self) -> Self {
        Self::from_bytes(self.0.clone())
    }
}

impl<P> PartialEq for Sealed<P> {
    fn eq(&self, other: &Self) -> bool {
        self.0 == other.0
    }
}

impl<P> Eq for Sealed<P> {}

impl<P: Place> std::fmt::Debug for Sealed<P> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Sealed({}, {} bytes)", P::LABEL, self.0.len())
    }
}

impl<P, DB> ToSql<Binary, DB> for Sealed<P>
where
    P: Place,
    DB: diesel::backend::Backend,
    [u8]: ToSql<Binary, DB>,
{
    fn to_sql<'b>(&'b self, out: &mut Output<'b, '_, DB>) -> diesel::serialize::Result {
        self.0.as_slice().to_sql(out)
    }
}

impl<P, DB> FromSql<Binary, DB> for Sealed<P>
where
    DB: diesel::backend::Backend,
    Vec<u8>: FromSql<Binary, DB>,
{
    fn from_sql(bytes: DB::RawValue<'_>) -> diesel::deserialize::Result<Self> {
        Vec::<u8>::from_sql(bytes).map(Self::from_bytes)
    }
}

#[cfg(test)]
mod tests;
