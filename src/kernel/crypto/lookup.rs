//! Tags to look values up by, without the values: HMAC-SHA-256 (RFC 2104) under the owner's index key, 16 bytes of it.

use diesel::deserialize::{FromSql, FromSqlRow};
use diesel::expression::AsExpression;
use diesel::serialize::{Output, ToSql};
use diesel::sql_types::Binary;
use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::Sha256;
use zeroize::{Zeroize as _, Zeroizing};

use super::aead::KEY;
use super::owner::{KeyVersion, OwnerKeys};
use crate::kernel::personal::Secret;

/// What equal values of one owner and context share, and nobody without the key can tell from noise.
///
/// It shows which rows hold the same value, no more. A 16-byte `Binary` in the database.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, AsExpression, FromSqlRow)]
#[diesel(sql_type = Binary)]
pub struct Tag([u8; 16]);

impl Tag {
    /// The tag with these bytes.
    #[must_use]
    pub const fn from_bytes(bytes: [u8; 16]) -> Self {
        Self(bytes)
    }

    /// Its bytes.
    #[must_use]
    pub const fn as_bytes(&self) -> &[u8; 16] {
        &self.0
    }
}

impl OwnerKeys {
    /// The tag of `value` in `context` (collection, field, …) under the current version.
    ///
    /// The value comes normalised. No two contexts run into each other: their number and lengths are part of the tag.
    #[must_use]
    pub fn tag(&self, context: &[&[u8]], value: &[u8]) -> Tag {
        self.current_keys().index.tag(context, value)
    }

    /// The same under another version; `None` when its key is not here.
    #[must_use]
    pub fn tag_under(&self, version: KeyVersion, context: &[&[u8]], value: &[u8]) -> Option<Tag> {
        self.keys(version).map(|keys| keys.index.tag(context, value))
    }
}

/// The index key, its inner and outer states computed.
pub(super) struct IndexKey(Hmac<Sha256>);

impl IndexKey {
    pub(super) fn new(key: &Secret<[u8; KEY]>) -> Self {
        // HMAC pads a short key with zeros to the hash's block; doing so here leaves nothing that could fail.
        let mut block = Zeroizing::new([0; 64]);
        for (to, from) in block.iter_mut().zip(key.reveal()) {
            *to = *from;
        }
        let mut padded = (*block).into();
        let mac = Hmac::new(&padded);
        padded.zeroize();
        Self(mac)
    }

    fn tag(&self, context: &[&[u8]], value: &[u8]) -> Tag {
        let mut mac = self.0.clone();
        mac.update(&length(context.len()));
        for part in context {
            mac.update(&length(part.len()));
            mac.update(part);
        }
        mac.update(value);
        let mut tag = [0; 16];
        for (to, from) in tag.iter_mut().zip(mac.finalize().into_bytes()) {
            *to = from;
        }
        Tag(tag)
    }
}

fn length(of: usize) -> [u8; 8] {
    (of as u64).to_le_bytes()
}

impl<DB> ToSql<Binary, DB> for Tag
where
    DB: diesel::backend::Backend,
    [u8]: ToSql<Binary, DB>,
{
    fn to_sql<'b>(&'b self, out: &mut Output<'b, '_, DB>) -> diesel::serialize::Result {
        self.0.as_slice().to_sql(out)
    }
}

impl<DB> FromSql<Binary, DB> for Tag
where
    DB: diesel::backend::Backend,
    Vec<u8>: FromSql<Binary, DB>,
{
    fn from_sql(bytes: DB::RawValue<'_>) -> diesel::deserialize::Result<Self> {
        let bytes = Vec::<u8>::from_sql(bytes)?;
        Ok(Self(bytes.as_slice().try_into().map_err(|_| "a tag has 16 bytes")?))
    }
}
