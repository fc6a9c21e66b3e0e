//! Whose key it is, and every usable version of it.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use diesel::deserialize::{FromSql, FromSqlRow};
use diesel::expression::AsExpression;
use diesel::pg::Pg;
use diesel::serialize::{IsNull, Output, ToSql};
use diesel::sql_types::BigInt;
use diesel::sqlite::Sqlite;
use zeroize::Zeroize as _;

use super::aead::{Aead as _, KEY, Xaes256Gcm};
use super::derive::{KeyUse, derived};
use super::lookup::IndexKey;
use super::{Unreadable, envelope};
use crate::kernel::clock::Time;
use crate::kernel::entropy::Entropy;
use crate::kernel::ids::{AccountId, MessageId, TenantId};
use crate::kernel::personal::Secret;
use crate::kernel::store::MultiBackend;

/// Whose key: destroying it makes unreadable what was sealed under it, wherever it lies.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Owner {
    /// A business, for its data.
    Tenant(TenantId),
    /// A person, for what belongs to them alone.
    Account(AccountId),
    /// The service itself.
    Service,
    /// A day of the service (days since the epoch, UTC), for what belongs to nobody yet.
    Day(u32),
    /// One mail to somebody who is being erased: it goes once that is delivered, or after a day.
    Letter(MessageId),
}

impl Owner {
    /// The key of the day that `time` falls on.
    #[must_use]
    pub fn day_of(time: Time) -> Self {
        Self::Day(u32::try_from(time.day()).unwrap_or(0))
    }

    /// The kind as a number: 1 tenant, 2 account, 3 service, 4 day, 5 letter.
    #[must_use]
    pub const fn kind(self) -> i16 {
        self.kind_byte() as i16
    }

    /// 16 bytes that tell owners of a kind apart: the id; zeros; or zeros and the day, big-endian, in the last four.
    #[must_use]
    pub fn id_bytes(self) -> [u8; 16] {
        match self {
            Self::Tenant(id) => *id.as_bytes(),
            Self::Account(id) => *id.as_bytes(),
            Self::Service => [0; 16],
            Self::Day(day) => u128::from(day).to_be_bytes(),
            Self::Letter(id) => *id.as_bytes(),
        }
    }

    /// Kind and id in 17 bytes, as associated data binds them. Frozen.
    #[must_use]
    pub fn encode(self) -> [u8; 17] {
        let mut bytes = [0; 17];
        for (to, from) in bytes.iter_mut().zip(std::iter::once(self.kind_byte()).chain(self.id_bytes())) {
            *to = from;
        }
        bytes
    }

    /// The owner of a kind and an id.
    ///
    /// # Errors
    /// [`Unreadable`] when no owner is written so.
    pub fn decode(kind: i16, id: [u8; 16]) -> Result<Self, Unreadable> {
        match kind {
            1 => Ok(Self::Tenant(TenantId::from_bytes(id))),
            2 => Ok(Self::Account(AccountId::from_bytes(id))),
            3 if id == [0; 16] => Ok(Self::Service),
            5 => Ok(Self::Letter(MessageId::from_bytes(id))),
            4 => u32::try_from(u128::from_be_bytes(id)).map(Self::Day).map_err(|_| Unreadable),
            _ => Err(Unreadable),
        }
    }

    const fn kind_byte(self) -> u8 {
        match self {
            Self::Tenant(_) => 1,
            Self::Account(_) => 2,
            Self::Service => 3,
            Self::Day(_) => 4,
            Self::Letter(_) => 5,
        }
    }
}

/// Which of an owner's keys, counted from 1. A `BigInt` in the database.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, AsExpression, FromSqlRow)]
#[diesel(sql_type = BigInt)]
pub struct KeyVersion(u32);

impl KeyVersion {
    /// An owner's first.
    pub const FIRST: Self = Self(1);

    /// The version of this number; no key has number 0.
    #[must_use]
    pub const fn from_u32(number: u32) -> Self {
        Self(number)
    }

    /// Its number.
    #[must_use]
    pub const fn as_u32(self) -> u32 {
        self.0
    }

    /// The one after it; `None` after the last.
    #[must_use]
    pub fn next(self) -> Option<Self> {
        self.0.checked_add(1).map(Self)
    }
}

/// An owner's key, from which the keys for each use are derived. It seals nothing itself; the keyring wraps it.
#[derive(Clone, Debug)]
pub struct OwnerKey(Secret<[u8; KEY]>);

impl OwnerKey {
    /// A new key.
    #[must_use]
    pub fn random(entropy: &Entropy) -> Self {
        let mut bytes = entropy.bytes();
        let key = Self::from_bytes(bytes);
        bytes.zeroize();
        key
    }

    /// The key with these bytes, just unwrapped; the caller keeps no other copy.
    #[must_use]
    pub const fn from_bytes(bytes: [u8; KEY]) -> Self {
        Self(Secret::new(bytes))
    }

    /// Compares in constant time.
    pub fn same_as(&self, other: &Self) -> crate::kernel::personal::Comparison {
        self.0.same_as(other.reveal())
    }

    /// The key itself, to be wrapped.
    #[must_use]
    pub const fn reveal(&self) -> &[u8; KEY] {
        self.0.reveal()
    }
}

/// Every usable version of one owner's key, with the keys for each use derived.
///
/// The current version seals; all of them open. Overwritten when dropped.
pub struct OwnerKeys {
    owner: Owner,
    current: Derived,
    others: Vec<Derived>,
    tags: TagVersions,
    seals: Arc<AtomicU64>,
    beyond: Option<Arc<dyn Beyond>>,
}

/// Who knows versions that are not here: those that came since, and those that open restored data only.
pub(in crate::kernel) trait Beyond: Send + Sync {
    /// The key of `owner` in this version; `None` when there is none, or it cannot be had now.
    fn version(&self, owner: Owner, version: KeyVersion) -> Option<Arc<OwnerKeys>>;
}

/// Under which versions tags stand: what is looked up is looked up under one, and what is written is written under each.
///
/// They differ from the version that seals only while a key is turned over, so that nothing is missed meanwhile: first
/// all write under both, then the old rows' tags are made under the new, then the new is looked up under, and then the
/// old is dropped.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TagVersions {
    /// Looked up under, and written.
    pub sought: KeyVersion,
    /// Written too.
    pub also: Option<KeyVersion>,
}

/// One version's keys.
pub(super) struct Derived {
    pub(super) version: KeyVersion,
    pub(super) index: IndexKey,
    values: Xaes256Gcm,
    files: Xaes256Gcm,
    audit: Xaes256Gcm,
}

impl OwnerKeys {
    /// The keys of `owner`; `None` when `current` is not among the versions.
    #[must_use]
    pub fn new(
        owner: Owner,
        versions: impl IntoIterator<Item = (KeyVersion, OwnerKey)>,
        current: KeyVersion,
    ) -> Option<Self> {
        let (mut now, mut others) = (None, Vec::new());
        for (version, key) in versions {
            let keys = Derived::new(version, &key);
            if version == current {
                now = Some(keys);
            } else {
                others.push(keys);
            }
        }
        let tags = TagVersions { sought: current, also: None };
        Some(Self { owner, current: now?, others, tags, seals: Arc::default(), beyond: None })
    }

    /// The same, counting what they seal in `seals`.
    #[must_use]
    pub(in crate::kernel) fn counting(mut self, seals: Arc<AtomicU64>) -> Self {
        self.seals = seals;
        self
    }

    /// The same, asking `beyond` for what was sealed under a version that is not here: whoever holds them for long may
    /// meet a newer one.
    #[must_use]
    pub(in crate::kernel) fn knowing(mut self, beyond: Arc<dyn Beyond>) -> Self {
        self.beyond = Some(beyond);
        self
    }

    /// One more value is sealed.
    pub(super) fn count(&self) {
        self.seals.fetch_add(1, Ordering::Relaxed);
    }

    /// Lets `open` open with the keys of `version`, here or beyond.
    ///
    /// # Errors
    /// [`Unreadable`] when there are none; that of `open`.
    pub(super) fn opening<R>(
        &self,
        version: KeyVersion,
        open: impl FnOnce(&Derived) -> Result<R, Unreadable>,
    ) -> Result<R, Unreadable> {
        if let Some(keys) = self.keys(version) {
            return open(keys);
        }
        let beyond = self.beyond.as_ref().and_then(|beyond| beyond.version(self.owner, version)).ok_or(Unreadable)?;
        open(beyond.keys(version).ok_or(Unreadable)?)
    }

    /// The same, with tags under other versions than the one that seals; `None` when the key of one is not here.
    #[must_use]
    pub fn with_tags(mut self, tags: TagVersions) -> Option<Self> {
        let is_here = |version: KeyVersion| self.keys(version).is_some();
        if !is_here(tags.sought) || !tags.also.is_none_or(is_here) {
            return None;
        }
        self.tags = tags;
        Some(self)
    }

    /// Under which versions tags stand.
    #[must_use]
    pub const fn tags(&self) -> TagVersions {
        self.tags
    }

    /// The versions under which a new tag is written, the one that is looked up under first.
    pub fn written_tags(&self) -> impl Iterator<Item = KeyVersion> + use<> {
        std::iter::once(self.tags.sought).chain(self.tags.also)
    }

    /// Every version whose key is here, the oldest first.
    #[must_use]
    pub fn versions(&self) -> Vec<KeyVersion> {
        let mut versions: Vec<KeyVersion> =
            std::iter::once(&self.current).chain(&self.others).map(|keys| keys.version).collect();
        versions.sort_unstable();
        versions
    }

    /// Whose keys they are.
    #[must_use]
    pub const fn owner(&self) -> Owner {
        self.owner
    }

    /// The version that seals.
    #[must_use]
    pub const fn current(&self) -> KeyVersion {
        self.current.version
    }

    pub(super) const fn current_keys(&self) -> &Derived {
        &self.current
    }

    pub(super) fn keys(&self, version: KeyVersion) -> Option<&Derived> {
        std::iter::once(&self.current).chain(&self.others).find(|keys| keys.version == version)
    }
}

impl std::fmt::Debug for OwnerKeys {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "OwnerKeys({:?}, version {})", self.owner, self.current.version.0)
    }
}

impl Derived {
    fn new(version: KeyVersion, key: &OwnerKey) -> Self {
        let cipher = |usage| Xaes256Gcm::new(&derived(&key.0, usage));
        Self {
            version,
            index: IndexKey::new(&derived(&key.0, KeyUse::Index)),
            values: cipher(KeyUse::Values),
            files: cipher(KeyUse::Files),
            audit: cipher(KeyUse::Audit),
        }
    }

    /// The cipher that seals into `P`. A place that names the index key does not compile.
    pub(super) const fn cipher<P: envelope::Place>(&self) -> &Xaes256Gcm {
        const { assert!(!matches!(P::USE, KeyUse::Index), "the index key seals nothing") }
        self.cipher_for(P::USE)
    }

    /// The cipher for `usage`; the index key seals nothing, and is none of them.
    pub(super) const fn cipher_for(&self, usage: KeyUse) -> &Xaes256Gcm {
        match usage {
            KeyUse::Values | KeyUse::Index => &self.values,
            KeyUse::Files => &self.files,
            KeyUse::Audit => &self.audit,
        }
    }
}

impl ToSql<BigInt, Pg> for KeyVersion {
    fn to_sql<'b>(&'b self, out: &mut Output<'b, '_, Pg>) -> diesel::serialize::Result {
        ToSql::<BigInt, Pg>::to_sql(&i64::from(self.0), &mut out.reborrow())
    }
}

impl ToSql<BigInt, Sqlite> for KeyVersion {
    fn to_sql<'b>(&'b self, out: &mut Output<'b, '_, Sqlite>) -> diesel::serialize::Result {
        out.set_value(i64::from(self.0));
        Ok(IsNull::No)
    }
}

impl ToSql<BigInt, MultiBackend> for KeyVersion {
    fn to_sql<'b>(&'b self, out: &mut Output<'b, '_, MultiBackend>) -> diesel::serialize::Result {
        out.set_value((BigInt, self));
        Ok(IsNull::No)
    }
}

impl<DB> FromSql<BigInt, DB> for KeyVersion
where
    DB: diesel::backend::Backend,
    i64: FromSql<BigInt, DB>,
{
    fn from_sql(bytes: DB::RawValue<'_>) -> diesel::deserialize::Result<Self> {
        let number = i64::from_sql(bytes)?;
        u32::try_from(number).ok().filter(|n| *n > 0).map(Self).ok_or_else(|| "not a key version".into())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn owners_read_back_from_their_kind_and_id_and_nothing_else_does() {
        let id = [0xab; 16];
        let owners = [
            (1, Owner::Tenant(TenantId::from_bytes(id))),
            (2, Owner::Account(AccountId::from_bytes(id))),
            (3, Owner::Service),
            (4, Owner::Day(20_513)),
        ];
        for (kind, owner) in owners {
            assert_eq!(owner.kind(), kind);
            assert_eq!(owner.encode()[0], u8::try_from(kind).unwrap());
            assert_eq!(owner.encode()[1..], owner.id_bytes());
            assert_eq!(Owner::decode(kind, owner.id_bytes()), Ok(owner));
        }
        assert_eq!(Owner::Day(20_513).id_bytes()[12..], 20_513u32.to_be_bytes());
        for (kind, id) in [(0, [0; 16]), (6, [0; 16]), (-1, [0; 16]), (3, id), (4, id)] {
            assert_eq!(Owner::decode(kind, id), Err(Unreadable));
        }
    }

    #[test]
    fn a_days_key_is_that_of_the_day_in_utc() {
        let last = Time::parse("2026-03-01T23:59:59.999Z").unwrap();
        assert_eq!(Owner::day_of(last), Owner::Day(20_513));
        assert_eq!(Owner::day_of(last.plus(std::time::Duration::from_millis(1))), Owner::Day(20_514));
    }

    #[test]
    fn keys_without_their_current_version_are_none() {
        let entropy = Entropy::seeded(1);
        let (first, second) = (KeyVersion::FIRST, KeyVersion::from_u32(2));
        assert_eq!(first.next(), Some(second));
        let versions = || [(first, OwnerKey::random(&entropy))];
        assert!(OwnerKeys::new(Owner::Service, versions(), second).is_none());
        let keys = OwnerKeys::new(Owner::Service, versions(), first).unwrap();
        assert_eq!((keys.owner(), keys.current()), (Owner::Service, first));
    }

    #[test]
    fn keys_do_not_show_in_debug_output() {
        let key = OwnerKey::from_bytes([0x41; KEY]);
        assert_eq!(format!("{key:?}"), "OwnerKey(Secret(..))");
        let keys = OwnerKeys::new(Owner::Service, [(KeyVersion::FIRST, key)], KeyVersion::FIRST).unwrap();
        assert_eq!(format!("{keys:?}"), "OwnerKeys(Service, version 1)");
    }
}
