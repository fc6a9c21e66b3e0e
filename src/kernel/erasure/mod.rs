//! Erasing an owner so that nothing readable is left, and proving it (P-14).
//!
//! The wish stands in the keyring ([`keyring::erasures`](crate::kernel::keyring::erasures)), where no restore can lose
//! it. The deed goes through its steps in an order that holds against a kill at any instant: nobody is let in
//! any more; the ledger's entry and the destruction of the keys, in one transaction; then what the keys sealed, in
//! bounded batches; then what the engines left over; then every store is searched once more; then the [`certificate`].
//! Whatever is interrupted goes on where it was, in this process or another.

pub mod certificate;
mod deed;
mod on_behalf;
mod record;

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

pub(in crate::kernel) use self::deed::erase_again;
pub use self::deed::{Farewell, Last, Leaver, Rules, Step};
pub use self::record::ErasedRecords;
pub(in crate::kernel) use self::record::erase_records_again;
use crate::kernel::clock::Time;
use crate::kernel::crypto::{KeyVersion, Owner};
use crate::kernel::entropy::Entropy;
use crate::kernel::personal::{Personal, Secret};
use crate::kernel::store::{StoreError, json};
use crate::kernel::values::Locale;

/// The id of an erasure: 128 random bits, 32 hexadecimal digits. Whoever knows it may see how far the erasure is, so it
/// is kept as a secret; the service looks for its digest.
#[derive(Debug, Clone)]
pub struct ErasureId(Secret<[u8; 16]>);

/// What an erasure is found by: SHA-256 of a label and its id.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Digest([u8; 32]);

impl ErasureId {
    /// A new one.
    #[must_use]
    pub fn random(entropy: &Entropy) -> Self {
        Self(Secret::new(entropy.bytes()))
    }

    /// Reads 32 hexadecimal digits in small letters; `None` for anything else.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let digit = |byte: u8| matches!(byte, b'0'..=b'9' | b'a'..=b'f');
        if text.len() != 32 || !text.bytes().all(digit) {
            return None;
        }
        Some(Self(Secret::new(u128::from_str_radix(text, 16).ok()?.to_be_bytes())))
    }

    /// The digits, for who leaves.
    #[must_use]
    pub fn reveal(&self) -> String {
        hex(self.0.reveal())
    }

    /// What it is found by.
    #[must_use]
    pub fn digest(&self) -> Digest {
        Digest(hash(&[b"seif/erasure/id", self.0.reveal()]))
    }

    /// A commitment to the name of who leaves: it can be checked by who knows the id, and guessed at by nobody else.
    #[must_use]
    pub fn commit(&self, name: &Personal<String>) -> String {
        hex(&hash(&[b"seif/erasure/name", self.0.reveal(), name.reveal().as_bytes()]))
    }
}

impl Digest {
    /// The digest with these bytes.
    #[must_use]
    pub const fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// Its bytes.
    #[must_use]
    pub const fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

/// What the certificate will say that cannot be found out later: ids, counts and times, nothing of a person.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Facts {
    /// What who leaves has said, sealed under their own key: it goes with the key.
    #[serde(default)]
    pub wish: Option<String>,
    /// See [`ErasureId::commit`].
    pub commitment: String,
    /// The language of who left.
    pub language: Locale,
    /// The legal documents in force when the wish was made.
    pub policies: Vec<PolicyFact>,
    /// Everybody whose data goes, as the destroyed keys name them.
    #[serde(default)]
    pub owners: Vec<String>,
    /// The destroyed keys.
    #[serde(default)]
    pub keys: Vec<DestroyedKey>,
    /// How many rows of each table were deleted.
    #[serde(default)]
    pub purged: BTreeMap<String, u64>,
    /// How many files were.
    #[serde(default)]
    pub files: u64,
    /// The key of the farewell mail is destroyed at the latest at this time.
    #[serde(default)]
    pub farewell_until: Option<String>,
}

/// A version of a legal document that was in force when the wish was made.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PolicyFact {
    /// Its name.
    pub document: String,
    /// Counted from 1.
    pub version: u32,
}

/// A key that is no more.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DestroyedKey {
    /// Whose it was, `tenant` or `account`, its id and the version: `tenant:0190…:1`.
    pub id: String,
    /// When.
    pub destroyed_at: String,
}

impl DestroyedKey {
    /// The key `version` of `owner`, destroyed at `at`.
    #[must_use]
    pub fn new(owner: Owner, version: KeyVersion, at: Time) -> Self {
        Self { id: format!("{}:{}", named(owner), version.as_u32()), destroyed_at: at.rfc3339() }
    }
}

impl Facts {
    /// As the keyring holds them.
    ///
    /// # Errors
    /// They cannot be written down.
    pub fn stored(&self) -> Result<Vec<u8>, StoreError> {
        Ok(json("facts of an erasure that are no JSON", self)?.into_bytes())
    }

    /// What the keyring holds.
    #[must_use]
    pub fn parse(bytes: &[u8]) -> Option<Self> {
        serde_json::from_slice(bytes).ok()
    }
}

/// An owner in words and its id.
pub(in crate::kernel) fn named(owner: Owner) -> String {
    match owner {
        Owner::Tenant(id) => format!("tenant:{id}"),
        Owner::Account(id) => format!("account:{id}"),
        Owner::Service => "service".to_owned(),
        Owner::Day(day) => format!("day:{day}"),
        Owner::Letter(id) => format!("letter:{id}"),
    }
}

fn hash(parts: &[&[u8]]) -> [u8; 32] {
    let mut hasher = Sha256::new();
    for part in parts {
        hasher.update(u64::try_from(part.len()).unwrap_or(u64::MAX).to_be_bytes());
        hasher.update(part);
    }
    hasher.finalize().into()
}

fn hex(bytes: &[u8]) -> String {
    use std::fmt::Write as _;
    bytes.iter().fold(String::with_capacity(bytes.len() * 2), |mut text, byte| {
        // Writing to a string cannot fail.
        let _ = write!(text, "{byte:02x}");
        text
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_is_32_small_hexadecimal_digits_and_its_digest_tells_nothing_of_it() {
        let id = ErasureId::random(&Entropy::seeded(7));
        let text = id.reveal();
        assert_eq!(text.len(), 32);
        assert_eq!(ErasureId::parse(&text).unwrap().digest(), id.digest());
        assert!(!hex(id.digest().as_bytes()).contains(&text));
        for wrong in [
            "",
            "0",
            &text[1..],
            &text.to_uppercase().replace(|c: char| c.is_ascii_digit(), "A"),
            "+0000000000000000000000000000000",
        ] {
            assert!(ErasureId::parse(wrong).is_none(), "{wrong}");
        }
        assert_eq!(format!("{id:?}"), "ErasureId(Secret(..))");
    }

    #[test]
    fn a_commitment_is_to_one_name_and_one_id() {
        let (one, two) = (ErasureId::random(&Entropy::seeded(1)), ErasureId::random(&Entropy::seeded(2)));
        let name = |text: &str| Personal::new(text.to_owned());
        assert_eq!(one.commit(&name("SIA Rīta Maize")), one.commit(&name("SIA Rīta Maize")));
        assert_ne!(one.commit(&name("SIA Rīta Maize")), one.commit(&name("SIA Vakara Maize")));
        assert_ne!(one.commit(&name("SIA Rīta Maize")), two.commit(&name("SIA Rīta Maize")));
    }
}
