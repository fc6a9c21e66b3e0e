//! What opens a door for a while: API tokens, session tokens and one-time codes. Stored as digests, shown once.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use sha2::{Digest as _, Sha256};
use zeroize::{Zeroize as _, Zeroizing};

use crate::kernel::entropy::Entropy;
use crate::kernel::personal::{Comparison, Secret};

/// A token for programs: `seif_`, 32 random bytes as 43 characters of base62, and 6 more of checksum, so that a scanner
/// finds a leaked one and a mistyped one never reaches the database.
#[derive(Debug, Clone)]
pub struct ApiToken(Secret<String>);

const PREFIX: &str = "seif_";
const BODY: usize = 43;
const CHECKSUM: usize = 6;

impl ApiToken {
    /// A new token.
    #[must_use]
    pub fn random(entropy: &Entropy) -> Self {
        let body = base62::<32, BODY>(Zeroizing::new(entropy.bytes()));
        let mut text = String::with_capacity(PREFIX.len() + BODY + CHECKSUM);
        text.push_str(PREFIX);
        text.extend(body.iter().copied().map(char::from));
        text.extend(checksum(&*body).map(char::from));
        Self(Secret::new(text))
    }

    /// Reads a token; `None` when it has another form or its checksum is wrong.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let rest = text.strip_prefix(PREFIX)?.as_bytes();
        let (body, sum) = rest.split_at_checked(BODY)?;
        (body.iter().all(u8::is_ascii_alphanumeric) && *sum == checksum(body))
            .then(|| Self(Secret::new(text.to_owned())))
    }

    /// The token as its holder keeps it; shown once, when it is made.
    #[must_use]
    pub fn reveal(&self) -> &str {
        self.0.reveal()
    }

    /// What is stored in its place: SHA-256 of its text. No salt: there is nothing to guess in 256 random bits.
    #[must_use]
    pub fn digest(&self) -> [u8; 32] {
        Sha256::digest(self.0.reveal()).into()
    }
}

/// A session's token: 32 random bytes, base64url without padding in the cookie.
#[derive(Debug, Clone)]
pub struct SessionToken(Secret<String>);

impl SessionToken {
    /// A new token.
    #[must_use]
    pub fn random(entropy: &Entropy) -> Self {
        let bytes = Zeroizing::new(entropy.bytes::<32>());
        Self(Secret::new(URL_SAFE_NO_PAD.encode(*bytes)))
    }

    /// Reads a token; `None` when it is not 32 bytes in canonical base64url.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let mut bytes = Zeroizing::new([0; 32]);
        let read = URL_SAFE_NO_PAD.decode_slice(text, &mut *bytes).ok()?;
        (read == bytes.len()).then(|| Self(Secret::new(text.to_owned())))
    }

    /// The token as the cookie carries it.
    #[must_use]
    pub fn reveal(&self) -> &str {
        self.0.reveal()
    }

    /// What is stored in its place: SHA-256 of its text.
    #[must_use]
    pub fn digest(&self) -> [u8; 32] {
        Sha256::digest(self.0.reveal()).into()
    }
}

/// A one-time code of six digits, each of the million as likely as the other.
#[derive(Debug, Clone)]
pub struct Code(Secret<String>);

impl Code {
    /// A new code.
    #[must_use]
    pub fn random(entropy: &Entropy) -> Self {
        Self(Secret::new(format!("{:06}", entropy.below(1_000_000))))
    }

    /// Reads a code; `None` when it is not six digits.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        (text.len() == 6 && text.bytes().all(|byte| byte.is_ascii_digit())).then(|| Self(Secret::new(text.to_owned())))
    }

    /// The code as it is sent.
    #[must_use]
    pub fn reveal(&self) -> &str {
        self.0.reveal()
    }

    /// Whether `entered` is this code, in a time that tells nothing of where it differs.
    pub fn same_as(&self, entered: &str) -> Comparison {
        self.0.same_as(entered.as_bytes())
    }
}

/// Six characters over a token's body: CRC-32 in base62. It guards against slips, not against anybody.
fn checksum(body: &[u8]) -> [u8; CHECKSUM] {
    *base62(Zeroizing::new(crc32(body).to_be_bytes()))
}

/// `N` big-endian bytes as `DIGITS` characters, zeros in front.
fn base62<const N: usize, const DIGITS: usize>(mut number: Zeroizing<[u8; N]>) -> Zeroizing<[u8; DIGITS]> {
    let mut digits = Zeroizing::new([b'0'; DIGITS]);
    for digit in digits.iter_mut().rev() {
        let mut remainder = 0;
        for byte in number.iter_mut() {
            let part = remainder << 8 | u16::from(*byte);
            *byte = part.checked_div(62).and_then(|quotient| u8::try_from(quotient).ok()).unwrap_or(0);
            remainder = part % 62;
        }
        *digit = character(remainder);
    }
    number.zeroize();
    digits
}

/// Digits, then capitals, then small letters.
fn character(digit: u16) -> u8 {
    let digit = u8::try_from(digit).unwrap_or(0);
    match digit {
        0..=9 => b'0' + digit,
        10..=35 => b'A' + (digit - 10),
        _ => b'a' + (digit - 36),
    }
}

/// CRC-32 as in ISO 3309 (reflected, polynomial 0xEDB88320).
fn crc32(bytes: &[u8]) -> u32 {
    !bytes.iter().fold(u32::MAX, |crc, byte| {
        (0..8).fold(crc ^ u32::from(*byte), |crc, _| crc >> 1 ^ (0xEDB8_8320 & 0u32.wrapping_sub(crc & 1)))
    })
}
