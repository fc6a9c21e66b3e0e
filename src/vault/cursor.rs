//! Lists in pages: how many, from where on, and whether there is more.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD as BASE64;
use serde::Serialize;

use crate::kernel::crypto::{KeyVersion, OwnerKeys};
use crate::vault::Error;

/// How many items of a list to give at once: 1 to 200.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limit(u8);

impl Limit {
    /// As many as there may be.
    pub(super) const MOST: Self = Self(200);

    /// So many, when a list may give so many.
    #[must_use]
    pub fn new(items: i64) -> Option<Self> {
        u8::try_from(items).ok().filter(|items| (1..=200).contains(items)).map(Self)
    }

    pub(super) const fn items(self) -> usize {
        self.0 as usize
    }

    /// One more than asked for: whether it is there says whether there is a next page.
    pub(super) const fn and_one(self) -> i64 {
        self.0 as i64 + 1
    }
}

impl Default for Limit {
    fn default() -> Self {
        Self(50)
    }
}

/// A page of a list.
#[derive(Debug, Clone, Serialize)]
pub struct Page<T> {
    /// What is on it.
    pub items: Vec<T>,
    /// The cursor of the next page; `None` on the last.
    pub next: Option<String>,
}

/// What a cursor belongs to: a list and whatever narrows it. One of another list does not read.
pub(super) struct Cursors<'k> {
    keys: &'k OwnerKeys,
    list: Vec<Vec<u8>>,
}

impl<'k> Cursors<'k> {
    pub(super) fn new(keys: &'k OwnerKeys, list: &[&[u8]]) -> Self {
        let own = std::iter::once(b"cursor".as_slice());
        Self { keys, list: own.chain(list.iter().copied()).map(<[u8]>::to_vec).collect() }
    }

    /// The cursor of `position`: opaque, and useless to make up.
    pub(super) fn write<const N: usize>(&self, position: [u8; N]) -> String {
        let version = self.keys.current();
        let tag = self.tag(version, &position).unwrap_or_default();
        let bytes = [version.as_u32().to_be_bytes().as_slice(), &position, &tag].concat();
        BASE64.encode(bytes)
    }

    /// The position that a cursor of this list stands for; `None` when there is no cursor.
    pub(super) fn read<const N: usize>(&self, cursor: Option<&str>) -> Result<Option<[u8; N]>, Error> {
        cursor.map(|cursor| self.position(cursor).ok_or(Error::BadCursor)).transpose()
    }

    fn position<const N: usize>(&self, cursor: &str) -> Option<[u8; N]> {
        let bytes = BASE64.decode(cursor).ok()?;
        let (version, rest) = bytes.split_first_chunk::<4>()?;
        let (position, tag) = rest.split_first_chunk::<N>()?;
        let version = KeyVersion::from_u32(u32::from_be_bytes(*version));
        (self.tag(version, position)?.as_slice() == tag).then_some(*position)
    }

    fn tag(&self, version: KeyVersion, position: &[u8]) -> Option<[u8; 16]> {
        let context: Vec<&[u8]> = self.list.iter().map(Vec::as_slice).collect();
        self.keys.tag_under(version, &context, position).map(|tag| *tag.as_bytes())
    }
}

/// Cuts `found`, read with [`Limit::and_one`], to a page.
pub(super) fn page<T>(mut found: Vec<T>, limit: Limit, cursor: impl FnOnce(&T) -> String) -> Page<T> {
    let more = found.len() > limit.items();
    found.truncate(limit.items());
    let next = if more { found.last().map(cursor) } else { None };
    Page { items: found, next }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kernel::crypto::{Owner, OwnerKey};
    use crate::kernel::entropy::Entropy;

    fn keys() -> OwnerKeys {
        let key = OwnerKey::random(&Entropy::seeded(1));
        OwnerKeys::new(Owner::Service, [(KeyVersion::FIRST, key)], KeyVersion::FIRST).unwrap()
    }

    #[test]
    fn a_cursor_reads_in_its_own_list_alone() {
        let keys = keys();
        let (one, two) = (Cursors::new(&keys, &[b"records", b"a"]), Cursors::new(&keys, &[b"records", b"b"]));
        let cursor = one.write([7; 16]);
        assert_eq!(one.read::<16>(Some(&cursor)), Ok(Some([7; 16])));
        assert_eq!(one.read::<16>(None), Ok(None));
        assert_eq!(two.read::<16>(Some(&cursor)), Err(Error::BadCursor));
        assert_eq!(one.read::<8>(Some(&cursor)), Err(Error::BadCursor));
    }

    #[test]
    fn what_was_never_given_is_no_cursor() {
        let keys = keys();
        let list = Cursors::new(&keys, &[b"records"]);
        let mut forged = list.write([7; 16]);
        forged.replace_range(10..11, if &forged[10..11] == "A" { "B" } else { "A" });
        for text in ["", "x", "ā", "AAAAAQ", &forged] {
            assert_eq!(list.read::<16>(Some(text)), Err(Error::BadCursor), "{text}");
        }
    }

    #[test]
    fn a_page_has_a_next_one_only_when_there_is_more() {
        let limit = Limit::new(2).unwrap();
        assert_eq!(page(vec![1, 2, 3], limit, ToString::to_string).next, Some("2".to_owned()));
        assert_eq!(page(vec![1, 2], limit, ToString::to_string).next, None);
        for items in [0, 201, -1] {
            assert!(Limit::new(items).is_none());
        }
    }
}
