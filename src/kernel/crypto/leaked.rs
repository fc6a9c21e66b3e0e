//! The digest by which published lists name leaked passwords: SHA-1 of the password's bytes, in hexadecimal digits.
//!
//! It protects nothing here: it is how the lists are written. A password's digest is as telling as the password to
//! whoever has such a list, so it is wiped, and shown nowhere.

use sha1::{Digest as _, Sha1};
use zeroize::Zeroizing;

use crate::kernel::personal::Secret;

/// How many hexadecimal digits a digest has.
pub const DIGITS: usize = 40;

/// A password as a published list would name it: 40 capital hexadecimal digits.
pub struct LeakedDigest(Zeroizing<[u8; DIGITS]>);

impl LeakedDigest {
    /// The digest of `password`, of its bytes as they are.
    #[must_use]
    pub fn of(password: &Secret<String>) -> Self {
        let digest: Zeroizing<[u8; 20]> = Zeroizing::new(Sha1::digest(password.reveal()).into());
        let mut digits = Zeroizing::new([b'0'; DIGITS]);
        let halves = digest.iter().flat_map(|byte| [byte >> 4, byte & 0x0f]);
        for (digit, half) in digits.iter_mut().zip(halves) {
            *digit = if half < 10 { b'0' + half } else { b'A' + (half - 10) };
        }
        Self(digits)
    }

    /// Its digits.
    #[must_use]
    pub fn digits(&self) -> &[u8; DIGITS] {
        &self.0
    }
}

impl std::fmt::Debug for LeakedDigest {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("LeakedDigest(..)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_digest_is_the_one_of_the_published_lists() {
        // FIPS 180-4's examples; the second is the best known line of such a list.
        let of = |text: &str| {
            let digest = LeakedDigest::of(&Secret::new(text.to_owned()));
            String::from_utf8(digest.digits().to_vec()).unwrap()
        };
        assert_eq!(of("abc"), "A9993E364706816ABA3E25717850C26C9CD0D89D");
        assert_eq!(of("password"), "5BAA61E4C9B93F3F0682250B6CF8331B7EE68FD8");
        assert_eq!(format!("{:?}", LeakedDigest::of(&Secret::new("abc".to_owned()))), "LeakedDigest(..)");
    }
}
