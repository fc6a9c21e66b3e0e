//! Numbers in the registers of businesses: strict for the countries served, any plausible number elsewhere.

use serde_json::Value;

use crate::kernel::values::{Country, nfc};
use crate::vault::kinds::banking::bad_checksum;
use crate::vault::kinds::value::{FieldError, string};

/// A registration number in its country's form, without spaces; one of another country, or of none known, as written.
pub(super) fn registration_number(input: &Value, country: Option<Country>) -> Result<String, FieldError> {
    let text = string(input)?;
    let (detail, check): (_, fn(&str) -> Outcome) = match country {
        Some(Country::EE) => ("An Estonian register code has 8 digits and starts with 1, 7, 8 or 9.", estonian),
        Some(Country::LV) => ("A Latvian registration number has 11 digits, as has a personal code.", latvian),
        Some(Country::LT) => ("A Lithuanian company code has 9 digits, or 7 if it is old.", lithuanian),
        Some(Country::KZ) => ("A Kazakh BIN or IIN has 12 digits.", kazakh),
        _ => return elsewhere(text),
    };
    let digits: String = text.chars().filter(|c| !c.is_whitespace() && *c != '-').collect();
    let is_digits = digits.bytes().all(|byte| byte.is_ascii_digit());
    match if is_digits { check(&digits) } else { Outcome::Form } {
        Outcome::Fits => Ok(digits),
        Outcome::Checksum => Err(bad_checksum()),
        Outcome::Form => Err(FieldError::new("not_a_registration_number", detail)),
    }
}

/// What a check of digits found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[must_use]
pub(super) enum Outcome {
    Fits,
    Checksum,
    Form,
}

impl Outcome {
    pub(super) const fn of_checksum(fits: bool) -> Self {
        if fits { Self::Fits } else { Self::Checksum }
    }
}

/// Letters and digits of any script with the usual signs between them: `HRB 12345 B`, `556703-7485`.
fn elsewhere(text: &str) -> Result<String, FieldError> {
    let text = nfc(&text.split_whitespace().collect::<Vec<_>>().join(" "));
    let is_sign = |c: char| matches!(c, ' ' | '-' | '.' | '/');
    let is_plausible = (2..=30).contains(&text.chars().count())
        && text.chars().all(|c| c.is_alphanumeric() || is_sign(c))
        && text.chars().any(char::is_numeric);
    if is_plausible {
        Ok(text)
    } else {
        let detail =
            "A registration number is 2 to 30 letters, digits, spaces, dashes, dots and slashes, with a digit.";
        Err(FieldError::new("not_a_registration_number", detail))
    }
}

/// Estonia's register code (registrikood).
fn estonian(digits: &str) -> Outcome {
    if digits.len() != 8 || !digits.starts_with(['1', '7', '8', '9']) {
        return Outcome::Form;
    }
    Outcome::of_checksum(in_two_rounds(digits, &[1, 2, 3, 4, 5, 6, 7], &[3, 4, 5, 6, 7, 8, 9]))
}

/// Latvia's registration number; also a personal code, by its form, for those in business under their own name.
pub(super) fn latvian(digits: &str) -> Outcome {
    if digits.len() != 11 {
        return Outcome::Form;
    }
    if digits.starts_with(['4', '5', '6', '7', '8', '9']) {
        return Outcome::of_checksum(weighted(digits, &[9, 1, 4, 8, 3, 10, 2, 5, 7, 6, 1]) % 11 == 3);
    }
    // Since 2017 personal codes start with 32 to 39 and tell nothing of the birth; those before with day and month.
    let two = |at: usize| digits.get(at..at + 2).and_then(|part| part.parse::<u8>().ok()).unwrap_or(0);
    let is_personal = two(0) >= 32 || ((1..=31).contains(&two(0)) && (1..=12).contains(&two(2)));
    if is_personal { Outcome::Fits } else { Outcome::Form }
}

/// Lithuania's code of a legal entity (juridinio asmens kodas): nine digits, or seven from before 2004.
fn lithuanian(digits: &str) -> Outcome {
    match digits.len() {
        7 => Outcome::of_checksum(in_two_rounds(digits, &[1, 2, 3, 4, 5, 6], &[3, 4, 5, 6, 7, 8])),
        9 => Outcome::of_checksum(in_two_rounds(digits, &[1, 2, 3, 4, 5, 6, 7, 8], &[3, 4, 5, 6, 7, 8, 9, 1])),
        _ => Outcome::Form,
    }
}

/// Kazakhstan's business or individual identification number (BIN, IIN); one whose check would be 10 is never issued.
pub(super) fn kazakh(digits: &str) -> Outcome {
    if digits.len() != 12 {
        return Outcome::Form;
    }
    let check = match weighted(digits, &[1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11]) % 11 {
        10 => weighted(digits, &[3, 4, 5, 6, 7, 8, 9, 10, 11, 1, 2]) % 11,
        check => check,
    };
    Outcome::of_checksum(last(digits) == Some(check))
}

/// Whether the last digit is the weighted sum modulo 11; where that is 10, with the second weights; where again, 0.
pub(super) fn in_two_rounds(digits: &str, first: &[u32], second: &[u32]) -> bool {
    let check = match weighted(digits, first) % 11 {
        10 => weighted(digits, second) % 11 % 10,
        check => check,
    };
    last(digits) == Some(check)
}

/// The sum of the digits, each times its weight, as far as there are weights.
pub(super) fn weighted(digits: &str, weights: &[u32]) -> u32 {
    digits.chars().filter_map(|c| c.to_digit(10)).zip(weights).map(|(digit, weight)| digit * weight).sum()
}

fn last(digits: &str) -> Option<u32> {
    digits.chars().last()?.to_digit(10)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn check(text: &str, country: Option<Country>) -> Result<String, &'static str> {
        registration_number(&json!(text), country).map_err(|error| error.code)
    }

    #[test]
    fn published_numbers_of_each_register_are_taken() {
        for (country, numbers) in [
            (Country::EE, &["12345678", "10137025", "11426914", "10765896"][..]),
            (Country::LV, &["40003521600", "90000069281", "40003032949"]),
            (Country::LT, &["124110246", "188659752", "119511515"]),
            (Country::KZ, &["980540000397", "020240002363", "941240001151", "971240001315"]),
        ] {
            for number in numbers {
                assert_eq!(check(number, Some(country)), Ok((*number).to_owned()), "{country:?}");
            }
        }
    }

    #[test]
    fn an_old_lithuanian_code_of_seven_digits_is_checked_too() {
        // 1·1 + 1·2 + 0·3 + 0·4 + 5·5 + 3·6 = 46 = 2 modulo 11.
        assert_eq!(check("1100532", Some(Country::LT)), Ok("1100532".to_owned()));
        assert_eq!(check("1100533", Some(Country::LT)), Err("bad_checksum"));
    }

    #[test]
    fn a_wrong_check_digit_or_form_is_refused() {
        for (country, number, code) in [
            (Country::EE, "12345679", "bad_checksum"),
            (Country::EE, "22345678", "not_a_registration_number"),
            (Country::EE, "1234567", "not_a_registration_number"),
            (Country::LV, "40003521601", "bad_checksum"),
            (Country::LV, "4000352160", "not_a_registration_number"),
            (Country::LV, "LV40003521600", "not_a_registration_number"),
            (Country::LV, "00137012345", "not_a_registration_number"),
            (Country::LT, "119511516", "bad_checksum"),
            (Country::LT, "11951151", "not_a_registration_number"),
            (Country::KZ, "980540000398", "bad_checksum"),
            (Country::KZ, "98054000039", "not_a_registration_number"),
            (Country::KZ, "98054000039７", "not_a_registration_number"),
        ] {
            assert_eq!(check(number, Some(country)), Err(code), "{country:?} {number}");
        }
    }

    #[test]
    fn every_single_mistyped_digit_of_a_legal_entitys_number_shows() {
        for (country, number) in [
            (Country::EE, "10137025"),
            (Country::LV, "40003521600"),
            (Country::LT, "119511515"),
            (Country::KZ, "980540000397"),
        ] {
            let mistyped = (1..number.len()).flat_map(|at| {
                (b'0'..=b'9').filter(move |digit| *digit != number.as_bytes()[at]).map(move |digit| {
                    let mut bytes = number.as_bytes().to_vec();
                    bytes[at] = digit;
                    String::from_utf8(bytes).unwrap()
                })
            });
            // Sums modulo 11 with a second round or a 10 read as 0 miss a few; fewer than one in ten.
            let (mut missed, mut all) = (0, 0);
            for number in mistyped {
                all += 1;
                missed += usize::from(check(&number, Some(country)).is_ok());
            }
            assert!(missed * 10 < all, "{country:?}: {missed} of {all}");
        }
    }

    #[test]
    fn a_latvian_in_business_under_their_own_name_is_known_by_the_form_of_the_code() {
        assert_eq!(check("161175-19997", Some(Country::LV)), Ok("16117519997".to_owned()));
        assert_eq!(check("32000012345", Some(Country::LV)), Ok("32000012345".to_owned()));
    }

    #[test]
    fn elsewhere_any_plausible_number_is_taken_as_written() {
        for (text, canonical) in [
            ("  HRB  12345 B ", "HRB 12345 B"),
            ("556703-7485", "556703-7485"),
            ("ОГРН 1027700132195", "ОГРН 1027700132195"),
        ] {
            assert_eq!(check(text, Country::parse("DE").ok()), Ok(canonical.to_owned()));
            assert_eq!(check(text, None), Ok(canonical.to_owned()));
        }
        for text in ["7", "none", "12;34", "a\u{0}12", "1234567890123456789012345678901"] {
            assert_eq!(check(text, None), Err("not_a_registration_number"), "{text}");
        }
    }
}
