//! Codes by time (TOTP, RFC 6238): what an authenticator app shows, SHA-1, six digits, 30 seconds.

use hmac::{Hmac, KeyInit as _, Mac as _};
use sha1::Sha1;
use zeroize::Zeroizing;

use crate::kernel::clock::Time;
use crate::kernel::entropy::Entropy;
use crate::kernel::personal::{Comparison, Secret};

/// How long a code stands, in seconds (RFC 6238 §5.2).
pub const PERIOD: u32 = 30;

/// How many digits a code has.
pub const DIGITS: u32 = 6;

/// How many steps an app's clock may be off, to either side (RFC 6238 §6).
const DRIFT: i64 = 1;

/// What an app and the service share: 160 random bits (RFC 4226 §4, R6).
#[derive(Clone)]
pub struct TotpSecret(Secret<[u8; LENGTH]>);

const LENGTH: usize = 20;

/// A number of periods since 1970: each has its own code.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, serde::Serialize, serde::Deserialize)]
#[serde(transparent)]
pub struct Step(i64);

impl Step {
    /// The step at `time`.
    #[must_use]
    pub const fn at(time: Time) -> Self {
        Self(time.micros().div_euclid(PERIOD as i64 * 1_000_000))
    }

    /// The step so many after this one.
    #[must_use]
    pub const fn plus(self, steps: i64) -> Self {
        Self(self.0.saturating_add(steps))
    }
}

impl TotpSecret {
    /// A new secret.
    #[must_use]
    pub fn random(entropy: &Entropy) -> Self {
        Self(Secret::new(entropy.bytes()))
    }

    /// Reads a secret in the form that [`TotpSecret::base32`] gives.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let mut bytes = Zeroizing::new([0; LENGTH]);
        let (mut bits, mut held, mut filled) = (0u32, 0u32, bytes.iter_mut());
        for letter in text.bytes() {
            let value = ALPHABET.iter().position(|known| *known == letter)?;
            bits = bits << 5 | u32::try_from(value).ok()?;
            held += 5;
            if held >= 8 {
                held -= 8;
                *filled.next()? = u8::try_from(bits >> held & 0xff).ok()?;
            }
        }
        (filled.next().is_none() && held == 0).then(|| Self(Secret::new(*bytes)))
    }

    /// The secret as apps take it: base32 (RFC 4648 §6) without padding.
    #[must_use]
    pub fn base32(&self) -> Secret<String> {
        let mut text = String::with_capacity(LENGTH * 8 / 5);
        let (mut bits, mut held) = (0u32, 0u32);
        for byte in self.0.reveal() {
            bits = bits << 8 | u32::from(*byte);
            held += 8;
            while held >= 5 {
                held -= 5;
                let letter = ALPHABET.get((bits >> held & 0x1f) as usize).copied().unwrap_or(b'A');
                text.push(char::from(letter));
            }
        }
        Secret::new(text)
    }

    /// The code of a step.
    #[must_use]
    pub fn code(&self, step: Step) -> Secret<String> {
        Secret::new(format!("{:06}", truncated(self.0.reveal(), step) % 10u32.pow(DIGITS)))
    }

    /// The step whose code `entered` is, at `now` or one step to either side of it, and later than `last`: a code that
    /// was accepted, and any before it, is never accepted again (RFC 6238 §5.2).
    #[must_use]
    pub fn accepts(&self, entered: &str, now: Time, last: Option<Step>) -> Option<Step> {
        let steps = (-DRIFT..=DRIFT).map(|off| Step::at(now).plus(off));
        // All are looked at, so that the time tells nothing of which one it was.
        let met: Vec<Step> =
            steps.filter(|step| self.code(*step).same_as(entered.as_bytes()) == Comparison::Same).collect();
        met.into_iter().find(|step| last.is_none_or(|last| *step > last))
    }
}

const ALPHABET: [u8; 32] = *b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";

/// HOTP's number before it is cut to digits (RFC 4226 §5.3).
fn truncated(secret: &[u8], step: Step) -> u32 {
    let Ok(mac) = Hmac::<Sha1>::new_from_slice(secret) else {
        // HMAC takes keys of any length; going on would mean a code that anybody can compute.
        std::process::abort();
    };
    let digest = mac.chain_update(step.0.to_be_bytes()).finalize().into_bytes();
    let offset = usize::from(digest.last().copied().unwrap_or(0) & 0x0f);
    let four = digest.get(offset..).and_then(|rest| rest.first_chunk::<4>()).copied().unwrap_or_default();
    u32::from_be_bytes(four) & 0x7fff_ffff
}

#[cfg(test)]
mod tests {
    use super::*;

    const RFC: &[u8; 20] = b"12345678901234567890";

    fn rfc() -> TotpSecret {
        TotpSecret(Secret::new(*RFC))
    }

    fn at(seconds: i64) -> Time {
        Time::from_micros(seconds * 1_000_000)
    }

    #[test]
    fn codes_are_those_of_rfc_6238_and_of_rfc_4226() {
        // RFC 6238 appendix B, SHA-1, eight digits.
        for (seconds, code) in [
            (59, 94_287_082),
            (1_111_111_109, 7_081_804),
            (1_111_111_111, 14_050_471),
            (1_234_567_890, 89_005_924),
            (2_000_000_000, 69_279_037),
            (20_000_000_000, 65_353_130),
        ] {
            assert_eq!(truncated(RFC, Step::at(at(seconds))) % 100_000_000, code, "{seconds}");
        }
        // RFC 4226 appendix D, six digits.
        let codes: Vec<String> = (0..10).map(|step| rfc().code(Step(step)).reveal().clone()).collect();
        let expected =
            ["755224", "287082", "359152", "969429", "338314", "254676", "287922", "162583", "399871", "520489"];
        assert_eq!(codes, expected);
    }

    #[test]
    fn a_code_is_accepted_one_step_early_or_late_and_no_further() {
        let code = rfc().code(Step(100)).reveal().clone();
        for (seconds, accepted) in
            [(2969, false), (2970, true), (3000, true), (3029, true), (3059, true), (3060, false)]
        {
            assert_eq!(rfc().accepts(&code, at(seconds), None).is_some(), accepted, "{seconds}");
        }
        for other in ["", "00000", " 12345", "1234567", "１２３４５６"] {
            assert_eq!(rfc().accepts(other, at(3000), None), None, "{other}");
        }
    }

    #[test]
    fn a_code_that_was_accepted_and_any_before_it_are_not_accepted_again() {
        let code = |step| rfc().code(Step(step)).reveal().clone();
        let last = rfc().accepts(&code(100), at(3000), None);
        assert_eq!(last, Some(Step(100)));
        assert_eq!(rfc().accepts(&code(100), at(3000), last), None);
        assert_eq!(rfc().accepts(&code(99), at(3000), last), None);
        assert_eq!(rfc().accepts(&code(101), at(3000), last), Some(Step(101)));
    }

    #[test]
    fn a_secret_reads_back_from_its_text() {
        // RFC 4648 §10 has no vector of 20 bytes; this one is RFC 6238's secret, encoded by coreutils' base32.
        assert_eq!(rfc().base32().reveal(), "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ");
        for seed in 0..20 {
            let secret = TotpSecret::random(&Entropy::seeded(seed));
            let text = secret.base32();
            assert_eq!(TotpSecret::parse(text.reveal()).unwrap().0.reveal(), secret.0.reveal());
        }
        let whole = rfc().base32().reveal().clone();
        for other in ["", &whole[1..], &format!("{whole}A"), &whole.to_lowercase(), &format!("{whole}======")] {
            assert!(TotpSecret::parse(other).is_none(), "{other}");
        }
    }
}
