//! Phone numbers (ITU-T E.164), strictly for the countries served, by length elsewhere.

use std::fmt;

use unicode_normalization::UnicodeNormalization;

use crate::kernel::personal::Personal;
use crate::kernel::values::{Country, deserialize_parsed, tail};

/// A phone number that can be called from anywhere: `+`, country code, national number.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct PhoneNumber(Personal<String>);

/// The text is not a phone number that can be called.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NotAPhoneNumber {
    /// It holds something besides digits, a leading `+` and the usual signs between them.
    #[error("a phone number is digits, with spaces, dashes, dots or parentheses between them")]
    Form,
    /// It starts with neither `+` nor `00`, and there is no country whose numbering could complete it.
    #[error("start the phone number with + and the country code")]
    CountryCodeMissing,
    /// It has too few or too many digits, or starts as no number of its country does.
    #[error("no phone number of its country has this length and beginning")]
    Numbering,
}

impl PhoneNumber {
    /// The number that `text` writes in any common way; a national one is completed by `country`, where that is one of
    /// Estonia, Kazakhstan, Latvia and Lithuania.
    pub fn parse(text: &str, country: Option<Country>) -> Result<Self, NotAPhoneNumber> {
        let (is_international, digits) = digits_of(text)?;
        if is_international {
            return international(&digits);
        }
        let plan = country.and_then(plan_of).ok_or(NotAPhoneNumber::CountryCodeMissing)?;
        national(plan, &digits)
    }

    /// The number in E.164 form: `+37129123456`. The caller answers for where it goes.
    #[must_use]
    pub const fn e164(&self) -> &str {
        self.0.reveal().as_str()
    }

    /// What its owner recognises and nobody else completes: `…3456`, never more than a third.
    #[must_use]
    pub fn masked(&self) -> String {
        tail(self.0.reveal())
    }

    /// The text for a sealed body.
    #[must_use]
    pub fn to_stored(&self) -> String {
        self.0.reveal().clone()
    }

    /// The number from a sealed body.
    pub fn from_stored(text: &str) -> Result<Self, NotAPhoneNumber> {
        Self::parse(text, None)
    }
}

/// How a country numbers its phones, as far as a check needs it.
struct Plan {
    country: Country,
    code: &'static str,
    /// What is dialled before a national number within the country.
    trunk: &'static [&'static str],
    /// First digits, and how many digits in all.
    numbers: &'static [(&'static str, usize)],
}

/// The numbering plans of the countries served (ITU national numbering plans, as of 2026).
///
/// Kazakhstan shares `+7` with Russia: what starts with 6 or 7 behind it is Kazakh, and 8 is free-phone of either.
static PLANS: [Plan; 4] = [
    Plan { country: Country::LV, code: "371", trunk: &[], numbers: &[("26789", 8)] },
    Plan { country: Country::LT, code: "370", trunk: &["8", "0"], numbers: &[("3456789", 8)] },
    Plan { country: Country::EE, code: "372", trunk: &[], numbers: &[("3456789", 7), ("4578", 8), ("8", 10)] },
    Plan { country: Country::KZ, code: "7", trunk: &["8"], numbers: &[("678", 10)] },
];

fn plan_of(country: Country) -> Option<&'static Plan> {
    PLANS.iter().find(|plan| plan.country == country)
}

impl Plan {
    fn numbers(&self, national: &str) -> bool {
        self.numbers
            .iter()
            .any(|(first, length)| national.len() == *length && national.starts_with(|c| first.contains(c)))
    }
}

/// Whether the text names its country code, and its digits behind `+` or `00`.
fn digits_of(text: &str) -> Result<(bool, String), NotAPhoneNumber> {
    let text: String = text.nfkc().collect();
    let text = text.trim();
    let text = text.strip_prefix("tel:").unwrap_or(text).trim_start_matches(['(', ' ']);
    let (plus, rest) = text.strip_prefix('+').map_or((false, text), |rest| (true, rest));
    // "+370 (0) 612 34567": the zero is dialled only within the country.
    let rest = if plus { rest.replacen("(0)", "", 1) } else { rest.to_owned() };
    let is_between =
        |c: char| c.is_whitespace() || matches!(c, '-' | '.' | '/' | '(' | ')' | '\u{2010}'..='\u{2015}' | '\u{2212}');
    if !rest.chars().all(|c| c.is_ascii_digit() || is_between(c)) {
        return Err(NotAPhoneNumber::Form);
    }
    let digits: String = rest.chars().filter(char::is_ascii_digit).collect();
    if digits.is_empty() {
        return Err(NotAPhoneNumber::Form);
    }
    match digits.strip_prefix("00") {
        Some(rest) if !plus => Ok((true, rest.to_owned())),
        _ => Ok((plus, digits)),
    }
}

fn international(digits: &str) -> Result<PhoneNumber, NotAPhoneNumber> {
    let is_numbered = match PLANS.iter().find_map(|plan| Some((plan, digits.strip_prefix(plan.code)?))) {
        // All of +7 has ten digits; only what starts like a Kazakh number is held to that plan.
        Some((plan, national)) if plan.country == Country::KZ => national.len() == 10 && !national.starts_with('0'),
        Some((plan, national)) => plan.numbers(national),
        None => (8..=15).contains(&digits.len()) && !digits.starts_with('0'),
    };
    if is_numbered { Ok(PhoneNumber(Personal::new(format!("+{digits}")))) } else { Err(NotAPhoneNumber::Numbering) }
}

/// The number itself, or what is left of it without the trunk prefix, or without a country code that lacks its `+`.
fn national(plan: &Plan, digits: &str) -> Result<PhoneNumber, NotAPhoneNumber> {
    let prefixes = plan.trunk.iter().copied().chain([plan.code]);
    std::iter::once(digits)
        .chain(prefixes.filter_map(|prefix| digits.strip_prefix(prefix)))
        .find(|national| plan.numbers(national))
        .map(|national| PhoneNumber(Personal::new(format!("+{}{national}", plan.code))))
        .ok_or(NotAPhoneNumber::Numbering)
}

impl fmt::Debug for PhoneNumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PhoneNumber(..)")
    }
}

/// Reads a number with its country code; a national one needs [`PhoneNumber::parse`] and a country.
impl<'de> serde::Deserialize<'de> for PhoneNumber {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserialize_parsed(deserializer, Self::from_stored, "not a phone number with its country code")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn common_ways_of_writing_a_number_mean_the_same() {
        for (text, country, e164) in [
            ("+371 29 123 456", None, "+37129123456"),
            ("00371-29123456", None, "+37129123456"),
            ("(+371) 29.123.456", None, "+37129123456"),
            ("tel:+37129123456", None, "+37129123456"),
            ("\u{ff0b}371\u{a0}29123456", None, "+37129123456"),
            ("29 123 456", Some(Country::LV), "+37129123456"),
            ("371 29123456", Some(Country::LV), "+37129123456"),
            ("8 612 34567", Some(Country::LT), "+37061234567"),
            ("0 612 34567", Some(Country::LT), "+37061234567"),
            ("(8-5) 212 3456", Some(Country::LT), "+37052123456"),
            ("+370 (0) 612 34567", None, "+37061234567"),
            ("80012345", Some(Country::LT), "+37080012345"),
            ("5123 4567", Some(Country::EE), "+37251234567"),
            ("612 3456", Some(Country::EE), "+3726123456"),
            ("8 (727) 250-12-34", Some(Country::KZ), "+77272501234"),
            ("7 701 123 45 67", Some(Country::KZ), "+77011234567"),
            ("701 123 45 67", Some(Country::KZ), "+77011234567"),
            ("+44 20 7946 0958", Some(Country::LV), "+442079460958"),
            ("+7 495 123-45-67", None, "+74951234567"),
        ] {
            assert_eq!(PhoneNumber::parse(text, country).map(|n| n.to_stored()), Ok(e164.to_owned()), "{text}");
        }
    }

    #[test]
    fn what_cannot_be_called_is_refused_with_its_reason() {
        for (text, country, why) in [
            ("", None, NotAPhoneNumber::Form),
            ("+", None, NotAPhoneNumber::Form),
            ("29123456 ext 5", Some(Country::LV), NotAPhoneNumber::Form),
            ("+371+29123456", None, NotAPhoneNumber::Form),
            ("29123456", None, NotAPhoneNumber::CountryCodeMissing),
            ("29123456", Country::parse("DE").ok(), NotAPhoneNumber::CountryCodeMissing),
            ("+3712912345", None, NotAPhoneNumber::Numbering),
            ("+37119123456", None, NotAPhoneNumber::Numbering),
            ("2912345", Some(Country::LV), NotAPhoneNumber::Numbering),
            ("+7701123456", None, NotAPhoneNumber::Numbering),
            ("+1234567", None, NotAPhoneNumber::Numbering),
            ("+1234567890123456", None, NotAPhoneNumber::Numbering),
            ("+0371291234567", None, NotAPhoneNumber::Numbering),
        ] {
            assert_eq!(PhoneNumber::parse(text, country).unwrap_err(), why, "{text}");
        }
    }

    #[test]
    fn a_mask_shows_at_most_four_digits_and_a_third() {
        assert_eq!(PhoneNumber::from_stored("+37129123456").unwrap().masked(), "…3456");
        assert_eq!(PhoneNumber::from_stored("+3726123456").unwrap().masked(), "…456");
    }

    #[test]
    fn neither_debug_output_nor_errors_repeat_a_number() {
        assert_eq!(format!("{:?}", PhoneNumber::from_stored("+37129123456").unwrap()), "PhoneNumber(..)");
        for json in ["\"29123456\"", "29123456"] {
            let error = serde_json::from_str::<PhoneNumber>(json).unwrap_err().to_string();
            assert!(!error.contains("2912"), "{error}");
        }
    }

    proptest! {
        #[test]
        fn what_was_parsed_parses_again_to_the_same(text in "[+]?[0-9 ()/-]{6,18}") {
            for country in [None, Some(Country::LV), Some(Country::LT), Some(Country::EE), Some(Country::KZ)] {
                if let Ok(number) = PhoneNumber::parse(&text, country) {
                    prop_assert_eq!(PhoneNumber::parse(number.e164(), country), Ok(number));
                }
            }
        }
    }
}
