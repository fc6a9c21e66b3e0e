//! Values that refuse to be printed, logged or serialised by accident.
//!
//! [`Personal`] holds what tells something of a person or a business; [`Secret`] holds what opens something. Neither
//! has `Display` or `Serialize`; their `Debug` names the type alone. `reveal()` is the one way out, and easy to search
//! for.

use std::fmt;

use subtle::ConstantTimeEq;
use zeroize::{Zeroize, ZeroizeOnDrop};

/// Something about a person or a business: it can be kept, moved and sealed, not printed.
///
/// Equality is ordinary; compare secrets through [`Secret`].
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Personal<T>(T);

impl<T> Personal<T> {
    /// Takes `value` into keeping.
    pub const fn new(value: T) -> Self {
        Self(value)
    }

    /// The value itself. The caller answers for where it goes.
    pub const fn reveal(&self) -> &T {
        &self.0
    }

    /// The value itself, given up.
    pub fn into_revealed(self) -> T {
        self.0
    }

    /// The same keeping, of something made from the value.
    pub fn map<U>(self, make: impl FnOnce(T) -> U) -> Personal<U> {
        Personal(make(self.0))
    }
}

impl<T> fmt::Debug for Personal<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Personal(..)")
    }
}

impl<T> From<T> for Personal<T> {
    fn from(value: T) -> Self {
        Self(value)
    }
}

impl<'de, T: serde::Deserialize<'de>> serde::Deserialize<'de> for Personal<T> {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        T::deserialize(deserializer).map(Self).map_err(|_| serde::de::Error::custom("not of the expected form"))
    }
}

/// Something that opens a door: a password, a code, a token, a key. Overwritten when dropped, compared in constant
/// time.
#[derive(Clone, Zeroize, ZeroizeOnDrop)]
pub struct Secret<T: Zeroize>(T);

impl<T: Zeroize> Secret<T> {
    /// Takes `value` into keeping; the caller keeps no other copy.
    pub const fn new(value: T) -> Self {
        Self(value)
    }

    /// The value itself. The caller answers for where it goes and makes no copy.
    pub const fn reveal(&self) -> &T {
        &self.0
    }
}

impl<T: Zeroize> fmt::Debug for Secret<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(..)")
    }
}

impl<T: Zeroize + AsRef<[u8]>> Secret<T> {
    /// Whether both hold the same bytes, found in a time that depends on their lengths alone.
    pub fn same_as(&self, other: &[u8]) -> Comparison {
        if self.0.as_ref().ct_eq(other).into() { Comparison::Same } else { Comparison::Different }
    }
}

impl<'de, T: Zeroize + serde::Deserialize<'de>> serde::Deserialize<'de> for Secret<T> {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        T::deserialize(deserializer).map(Self).map_err(|_| serde::de::Error::custom("not of the expected form"))
    }
}

/// Writes kept values out in the clear: **only for types that go into a seal** (`kernel::crypto`), never for answers,
/// logs or plain columns.
///
/// Named field by field, so that each place where something leaves its keeping is found by a search:
/// `#[serde(with = "crate::kernel::personal::revealed")]`, and `revealed::option` for an `Option` of them.
pub mod revealed {
    use serde::{Deserialize, Deserializer, Serialize, Serializer};

    use super::{Personal, Secret};

    /// What keeps a value from being written: [`Personal`] and [`Secret`].
    pub trait Keeping {
        /// What is kept.
        type Kept: Serialize;

        /// The value itself.
        fn kept(&self) -> &Self::Kept;
    }

    impl<T: Serialize> Keeping for Personal<T> {
        type Kept = T;

        fn kept(&self) -> &T {
            self.reveal()
        }
    }

    impl<T: Serialize + zeroize::Zeroize> Keeping for Secret<T> {
        type Kept = T;

        fn kept(&self) -> &T {
            self.reveal()
        }
    }

    /// Writes what is kept, as itself.
    pub fn serialize<K: Keeping, S: Serializer>(keeping: &K, serializer: S) -> Result<S::Ok, S::Error> {
        keeping.kept().serialize(serializer)
    }

    /// Reads it into keeping again.
    pub fn deserialize<'de, K: Deserialize<'de>, D: Deserializer<'de>>(deserializer: D) -> Result<K, D::Error> {
        K::deserialize(deserializer)
    }

    /// The same for an `Option`; with `#[serde(default)]` besides, when it may be missing altogether.
    pub mod option {
        use serde::{Deserialize, Deserializer, Serialize, Serializer};

        use super::Keeping;

        /// Writes what is kept, as itself, or nothing.
        pub fn serialize<K: Keeping, S: Serializer>(keeping: &Option<K>, serializer: S) -> Result<S::Ok, S::Error> {
            keeping.as_ref().map(Keeping::kept).serialize(serializer)
        }

        /// Reads it into keeping again.
        pub fn deserialize<'de, K: Deserialize<'de>, D: Deserializer<'de>>(
            deserializer: D,
        ) -> Result<Option<K>, D::Error> {
            Option::<K>::deserialize(deserializer)
        }
    }
}

/// What a comparison of secrets found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[must_use = "a comparison that nobody looks at protects nothing"]
pub enum Comparison {
    /// Equal, byte by byte.
    Same,
    /// Not equal.
    Different,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn neither_personal_data_nor_secrets_show_in_debug_output() {
        let shown = format!("{:?} {:?}", Personal::new("Anna"), Secret::new("hunter2".to_owned()));
        assert_eq!(shown, "Personal(..) Secret(..)");
    }

    #[test]
    fn what_goes_into_a_seal_is_written_in_the_clear_and_read_back() {
        #[derive(serde::Serialize, serde::Deserialize)]
        struct Person {
            #[serde(with = "revealed")]
            name: Personal<String>,
            #[serde(with = "revealed")]
            password: Secret<String>,
            #[serde(with = "revealed::option")]
            phone: Option<Personal<String>>,
        }
        let text = r#"{"name":"Anna","password":"hunter2","phone":null}"#;
        let person: Person = serde_json::from_str(text).unwrap();
        assert_eq!(person.name.reveal(), "Anna");
        assert_eq!(person.phone, None);
        assert_eq!(serde_json::to_string(&person).unwrap(), text);
    }

    #[test]
    fn a_wrong_type_is_reported_without_the_value() {
        let error = serde_json::from_str::<Secret<String>>("4242").unwrap_err().to_string();
        assert!(!error.contains("4242"), "{error}");
        let error = serde_json::from_str::<Personal<u8>>("\"Anna\"").unwrap_err().to_string();
        assert!(!error.contains("Anna"), "{error}");
    }

    #[test]
    fn secrets_compare_by_their_bytes() {
        let secret = Secret::new("abc".to_owned());
        assert_eq!(secret.same_as(b"abc"), Comparison::Same);
        assert_eq!(secret.same_as(b"abd"), Comparison::Different);
        assert_eq!(secret.same_as(b"abcd"), Comparison::Different);
    }
}
