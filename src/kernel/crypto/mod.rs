//! Sealing: what stands between a stored byte and its meaning. The only module that names a cipher.
//!
//! An owner's key ([`OwnerKey`]) never encrypts anything itself; from each of its versions keys are derived by use
//! ([`KeyUse`]), and [`OwnerKeys`] holds them ready. It seals a value into the place that its type names ([`Place`],
//! [`Sealed`]), opens it there and nowhere else, and makes tags to look values up by ([`Tag`]). Whatever fails to open
//! fails as [`Unreadable`], which says nothing about why.
//!
//! | file | what |
//! |---|---|
//! | [`owner`] | whose key it is, and all usable versions of it |
//! | [`envelope`] | the sealed form, its format and what it is bound to |
//! | [`lookup`] | tags |
//! | [`mod@derive`] | one key for each use |
//! | [`aead`] | XAES-256-GCM, behind a trait |
//! | [`age`] | files for whoever has the identity, elsewhere and with other tools |
//! | [`stream`] | what is too long for memory, in chunks |
//! | [`passkey`] | the ceremonies of WebAuthn |
//! | [`password`] | Argon2id on threads of its own, with a bounded queue |
//! | [`leaked`] | how published lists name a leaked password |
//! | [`token`] | what opens a door for a while: API tokens, session tokens, codes |
//! | [`totp`] | the codes of authenticator apps |
//!
//! Uses `personal`, `ids`, `clock` and `entropy`. Start at [`envelope`].

pub mod aead;
pub mod age;
pub mod derive;
pub mod envelope;
pub mod leaked;
pub mod lookup;
pub mod owner;
pub mod passkey;
pub mod password;
pub mod stream;
pub mod token;
pub mod totp;

pub use derive::KeyUse;
pub use envelope::{Label, Place, RowRef, Sealed};
pub use lookup::Tag;
pub(in crate::kernel) use owner::Beyond;
pub use owner::{KeyVersion, Owner, OwnerKey, OwnerKeys, TagVersions};

/// It does not open: another key, another place, another row, changed bytes, or no envelope at all.
///
/// One error for all of them, so that whoever tries learns nothing from failing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("unreadable")]
pub struct Unreadable;

#[cfg(test)]
mod testing {
    use serde::de::{DeserializeOwned, Deserializer, Error as _};

    /// Bytes written as hexadecimal digits in a file of vectors.
    pub(super) struct Hex(pub(super) Vec<u8>);

    impl Hex {
        pub(super) fn array<const N: usize>(&self) -> [u8; N] {
            self.0.as_slice().try_into().unwrap()
        }
    }

    impl<'de> serde::Deserialize<'de> for Hex {
        fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
            let digits = String::deserialize(deserializer)?;
            let pairs = digits.as_bytes().chunks(2).map(|pair| {
                let pair = std::str::from_utf8(pair).map_err(D::Error::custom)?;
                u8::from_str_radix(pair, 16).map_err(D::Error::custom)
            });
            pairs.collect::<Result<_, _>>().map(Self)
        }
    }

    /// Reads a file of vectors.
    pub(super) fn vectors<T: DeserializeOwned>(json: &str) -> T {
        serde_json::from_str(json).unwrap()
    }
}

#[cfg(test)]
mod tests {
    use diesel::prelude::*;

    use super::*;
    use crate::kernel::entropy::Entropy;
    use crate::kernel::store::Conn;

    struct Body;

    impl Place for Body {
        const LABEL: &'static str = "cells.body";
        type Plain = String;
    }

    diesel::table! {
        cells (version) {
            version -> BigInt,
            body -> Binary,
            note -> Nullable<Binary>,
            tag -> Binary,
        }
    }

    #[derive(Debug, PartialEq, Queryable, Insertable)]
    #[diesel(table_name = cells)]
    struct Cell {
        version: KeyVersion,
        body: Sealed<Body>,
        note: Option<Sealed<Body>>,
        tag: Tag,
    }

    #[test]
    fn sealed_values_tags_and_key_versions_are_columns() {
        let entropy = Entropy::seeded(1);
        let version = KeyVersion::from_u32(u32::MAX);
        let keys = OwnerKeys::new(Owner::Service, [(version, OwnerKey::random(&entropy))], version).unwrap();
        let row = RowRef::new(&[7; 16], 1);
        let body = keys.seal::<Body>(row, &"Anna".to_owned(), &entropy);
        let tag = keys.tag(&[], b"Anna");

        let mut conn = Conn::Sqlite(diesel::sqlite::SqliteConnection::establish(":memory:").unwrap());
        diesel::sql_query(
            "CREATE TABLE cells (version INTEGER PRIMARY KEY, body BLOB NOT NULL, note BLOB, tag BLOB) STRICT",
        )
        .execute(&mut conn)
        .unwrap();
        let cell = Cell { version, body: body.clone(), note: None, tag };
        diesel::insert_into(cells::table).values(&cell).execute(&mut conn).unwrap();
        diesel::update(cells::table.find(version)).set(cells::note.eq(Some(&body))).execute(&mut conn).unwrap();

        let found: Cell = cells::table.filter(cells::tag.eq(tag)).get_result(&mut conn).unwrap();
        assert_eq!(found, Cell { note: Some(body), ..cell });
        assert_eq!(keys.open(row, &found.body).unwrap(), "Anna");
    }

    #[test]
    fn what_is_no_tag_or_key_version_is_not_read_as_one() {
        let mut conn = Conn::Sqlite(diesel::sqlite::SqliteConnection::establish(":memory:").unwrap());
        diesel::sql_query("CREATE TABLE cells (version INTEGER PRIMARY KEY, body BLOB, note BLOB, tag BLOB)")
            .execute(&mut conn)
            .unwrap();
        diesel::sql_query("INSERT INTO cells VALUES (0, x'', NULL, x'00')").execute(&mut conn).unwrap();
        assert!(cells::table.select(cells::tag).get_result::<Tag>(&mut conn).is_err());
        assert!(cells::table.select(cells::version).get_result::<KeyVersion>(&mut conn).is_err());
    }
}
