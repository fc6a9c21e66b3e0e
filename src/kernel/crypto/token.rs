//! What opens a door for a while: API tokens, session tokens, one-time codes and recovery codes. Stored as digests, shown once.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use sha2::{Digest as _, Sha256};
use zeroize::{Zeroize as _, Zeroizing};

use crate::kernel::entropy::Entropy;
use crate::kernel::ids::UsedCodeId;
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

/// A recovery code: 120 random bits, so that its plain digest tells nothing, as 24 characters that look like no others.
#[derive(Debug, Clone)]
pub struct RecoveryCode(Secret<String>);

/// Crockford's base32: digits, and small letters but i, l, o and u.
const READABLE: [u8; 32] = *b"0123456789abcdefghjkmnpqrstvwxyz";
const RECOVERY: usize = 24;

impl RecoveryCode {
    /// A new code.
    #[must_use]
    pub fn random(entropy: &Entropy) -> Self {
        let bytes = Zeroizing::new(entropy.bytes::<RECOVERY>());
        let letters = bytes.iter().filter_map(|byte| READABLE.get(usize::from(byte & 0x1f)));
        Self(Secret::new(letters.copied().map(char::from).collect()))
    }

    /// Reads a code as a person types it: in any case, with or without hyphens and spaces, with the letters that look
    /// like digits; `None` when it is none.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let mut letters = String::with_capacity(RECOVERY);
        for letter in text.chars().filter(|letter| *letter != '-' && !letter.is_whitespace()) {
            let letter = match letter.to_ascii_lowercase() {
                'i' | 'l' => '1',
                'o' => '0',
                other => other,
            };
            let is_known = u8::try_from(letter).is_ok_and(|letter| READABLE.contains(&letter));
            if !is_known || letters.len() == RECOVERY {
                return None;
            }
            letters.push(letter);
        }
        (letters.len() == RECOVERY).then(|| Self(Secret::new(letters)))
    }

    /// The code as it is written down: six groups of four.
    #[must_use]
    pub fn shown(&self) -> Secret<String> {
        let mut text = String::with_capacity(RECOVERY + RECOVERY / 4);
        for (at, letter) in self.0.reveal().chars().enumerate() {
            if at > 0 && at % 4 == 0 {
                text.push('-');
            }
            text.push(letter);
        }
        Secret::new(text)
    }

    /// What is stored in its place: SHA-256 of its text.
    #[must_use]
    pub fn digest(&self) -> [u8; 32] {
        Sha256::digest(self.0.reveal()).into()
    }

    /// The mark by which the code of this digest is remembered once it was used, beside no word of whose it was: 128 bits
    /// of SHA-256 over the digest, in a domain of its own.
    #[must_use]
    pub fn mark(digest: &[u8; 32]) -> UsedCodeId {
        let whole: [u8; 32] =
            Sha256::new_with_prefix(b"seif/used-recovery-code").chain_update(digest).finalize().into();
        let mut mark = [0; 16];
        mark.copy_from_slice(whole.split_at(16).0);
        UsedCodeId::from_bytes(mark)
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn api_tokens_read_back_and_have_one_digest() {
        for seed in 0..50 {
            let token = ApiToken::random(&Entropy::seeded(seed));
            let read = ApiToken::parse(token.reveal()).unwrap();
            assert_eq!(read.digest(), token.digest());
            assert_eq!(token.reveal().len(), 54);
        }
        assert_ne!(ApiToken::random(&Entropy::seeded(1)).digest(), ApiToken::random(&Entropy::seeded(2)).digest());
    }

    #[test]
    fn an_api_token_with_one_character_changed_is_none() {
        let token = ApiToken::random(&Entropy::seeded(1));
        for at in 0..token.reveal().len() {
            for replacement in ["0", "1", "Z", "_", "é"] {
                let mut text = token.reveal().to_owned();
                text.replace_range(at..=at, replacement);
                assert_eq!(ApiToken::parse(&text).is_some(), text == token.reveal(), "{at} {replacement}");
            }
        }
        let whole = token.reveal();
        for text in ["", "seif_", "seif", &whole[..53], &whole[1..], &format!("{whole}0"), &format!(" {whole}")] {
            assert!(ApiToken::parse(text).is_none(), "{text}");
        }
    }

    #[test]
    fn base62_and_the_checksum_are_as_computed_elsewhere() {
        assert_eq!(crc32(b"123456789"), 0xCBF4_3926);
        assert_eq!(&*base62::<4, 6>(Zeroizing::new([0xff; 4])), b"4gfFC3");
        let most = base62::<32, BODY>(Zeroizing::new([0xff; 32]));
        assert_eq!(&*most, b"yhjskwdA6OZ1AL1YmHWZWm8LLG7HjnuCA2j5rOw8Xp1");
        assert!(ApiToken::parse("seif_003aUlTJC7tjlCTQj2uNU3MFagCXG9LRKRcwGkBIDlf1Yo7hP").is_some());
    }

    #[test]
    fn session_tokens_read_back_in_their_one_form() {
        let token = SessionToken::random(&Entropy::system());
        let text = token.reveal();
        assert_eq!(text.len(), 43);
        assert_eq!(SessionToken::parse(text).unwrap().digest(), token.digest());
        let padded = format!("{text}=");
        // The last character carries two bits that mean nothing: set, they would be another text for the same bytes.
        let twin = "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAB";
        for other in ["", &text[..42], &padded, &format!("{text}A"), &text.replace(&text[..1], "+"), twin] {
            assert!(SessionToken::parse(other).is_none(), "{other}");
        }
    }

    #[test]
    fn codes_are_six_digits_compared_whole() {
        let entropy = Entropy::seeded(1);
        let codes: Vec<_> = (0..2000).map(|_| Code::random(&entropy)).collect();
        assert!(codes.iter().all(|code| Code::parse(code.reveal()).is_some()));
        for digit in '0'..='9' {
            let first = codes.iter().filter(|code| code.reveal().starts_with(digit)).count();
            assert!((140..260).contains(&first), "{digit}: {first}");
        }
        let code = Code::parse("012345").unwrap();
        assert_eq!(code.same_as("012345"), Comparison::Same);
        for other in ["", "12345", "012346", "0123450", "０１２３４５"] {
            assert_eq!(code.same_as(other), Comparison::Different);
        }
        for other in ["", "12345", "1234567", "12345x", "-12345", "１２３４５６"] {
            assert!(Code::parse(other).is_none(), "{other}");
        }
    }

    #[test]
    fn recovery_codes_read_back_as_people_type_them() {
        for seed in 0..50 {
            let code = RecoveryCode::random(&Entropy::seeded(seed));
            let shown = code.shown().reveal().clone();
            assert_eq!((shown.len(), shown.matches('-').count()), (29, 5));
            for typed in [
                shown.clone(),
                shown.to_uppercase(),
                shown.replace('-', " "),
                shown.replace('0', "O"),
                shown.replace('1', "l"),
            ] {
                assert_eq!(RecoveryCode::parse(&typed).unwrap().digest(), code.digest(), "{typed}");
            }
            for other in [
                "",
                &shown[1..],
                &format!("{shown}0"),
                &shown.replacen(|_| true, "u", 1),
                &shown.replacen(|_| true, "é", 1),
            ] {
                assert!(RecoveryCode::parse(other).is_none(), "{other}");
            }
        }
        assert_eq!(format!("{:?}", RecoveryCode::random(&Entropy::seeded(1))), "RecoveryCode(Secret(..))");
    }

    #[test]
    fn nothing_of_them_shows_in_debug_output() {
        let entropy = Entropy::system();
        let shown = format!(
            "{:?} {:?} {:?}",
            ApiToken::random(&entropy),
            SessionToken::random(&entropy),
            Code::random(&entropy)
        );
        assert_eq!(shown, "ApiToken(Secret(..)) SessionToken(Secret(..)) Code(Secret(..))");
    }
}
