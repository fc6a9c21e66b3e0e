//! Numbers of bank accounts and payment cards, with their check digits.

use serde_json::Value;

use crate::vault::kinds::value::{FieldError, string};

/// An IBAN without spaces, in capitals (ISO 13616-1): the length of its country, check digits by ISO 7064 MOD 97-10.
pub(super) fn iban(input: &Value) -> Result<String, FieldError> {
    let not_an_iban = |detail: &'static str| FieldError::new("not_an_iban", detail);
    let iban: String = string(input)?.chars().filter(|c| !c.is_whitespace() && *c != '-').collect();
    let iban = iban.to_ascii_uppercase();
    if !iban.bytes().all(|byte| byte.is_ascii_alphanumeric()) {
        return Err(not_an_iban("An IBAN is letters and digits, with spaces between them at most."));
    }
    let (Some(country), Some(check)) = (iban.get(..2), iban.get(2..4)) else {
        return Err(not_an_iban("An IBAN starts with its country's code and two check digits."));
    };
    let length = IBAN_LENGTHS
        .iter()
        .find_map(|(listed, length)| (*listed == country).then_some(*length))
        .ok_or_else(|| not_an_iban("An IBAN starts with the code of a country that has them."))?;
    if iban.len() != length {
        return Err(FieldError::new("not_an_iban", format!("An IBAN of this country has {length} characters.")));
    }
    // 00, 01 and 99 stand for the same remainders as 97, 98 and 02, and are never issued.
    let is_checked = check.bytes().all(|byte| byte.is_ascii_digit())
        && !matches!(check, "00" | "01" | "99")
        && remainder_97(iban.chars().skip(4).chain(iban.chars().take(4))) == 1;
    if is_checked { Ok(iban) } else { Err(bad_checksum()) }
}

/// The number that digits and letters (A = 10 … Z = 35) write, modulo 97.
fn remainder_97(characters: impl Iterator<Item = char>) -> u32 {
    characters.filter_map(|c| c.to_digit(36)).fold(0, |so_far, digit| {
        let shifted = if digit < 10 { so_far * 10 } else { so_far * 100 };
        (shifted + digit) % 97
    })
}

/// The digits of a payment card (ISO/IEC 7812-1): 12 to 19, the last by Luhn.
pub(super) fn payment_card(input: &Value) -> Result<String, FieldError> {
    let is_between = |c: char| c.is_whitespace() || c == '-';
    let digits: String = string(input)?.chars().filter(|c| !is_between(*c)).collect();
    let is_card = (12..=19).contains(&digits.len())
        && digits.bytes().all(|byte| byte.is_ascii_digit())
        && !digits.starts_with('0');
    if !is_card {
        return Err(FieldError::new(
            "not_a_payment_card",
            "A payment card's number has 12 to 19 digits, and no zero in front.",
        ));
    }
    if luhn_sum(&digits).is_multiple_of(10) { Ok(digits) } else { Err(bad_checksum()) }
}

fn luhn_sum(digits: &str) -> u32 {
    let counted = |(place, digit): (usize, u32)| match place % 2 {
        0 => digit,
        _ if digit > 4 => 2 * digit - 9,
        _ => 2 * digit,
    };
    digits.chars().rev().filter_map(|c| c.to_digit(10)).enumerate().map(counted).sum()
}

/// The check digits do not belong to the others.
pub(super) fn bad_checksum() -> FieldError {
    FieldError::new("bad_checksum", "The check digits do not fit: a digit or letter is probably mistyped.")
}

/// How long an IBAN of each country is (SWIFT IBAN Registry, release 101).
#[rustfmt::skip]
const IBAN_LENGTHS: [(&str, usize); 89] = [
    ("AD", 24), ("AE", 23), ("AL", 28), ("AT", 20), ("AZ", 28), ("BA", 20), ("BE", 16), ("BG", 22), ("BH", 22),
    ("BI", 27), ("BR", 29), ("BY", 28), ("CH", 21), ("CR", 22), ("CY", 28), ("CZ", 24), ("DE", 22), ("DJ", 27),
    ("DK", 18), ("DO", 28), ("EE", 20), ("EG", 29), ("ES", 24), ("FI", 18), ("FK", 18), ("FO", 18), ("FR", 27),
    ("GB", 22), ("GE", 22), ("GI", 23), ("GL", 18), ("GR", 27), ("GT", 28), ("HN", 28), ("HR", 21), ("HU", 28),
    ("IE", 22), ("IL", 23), ("IQ", 23), ("IS", 26), ("IT", 27), ("JO", 30), ("KW", 30), ("KZ", 20), ("LB", 28),
    ("LC", 32), ("LI", 21), ("LT", 20), ("LU", 20), ("LV", 21), ("LY", 25), ("MC", 27), ("MD", 24), ("ME", 22),
    ("MK", 19), ("MN", 20), ("MR", 27), ("MT", 31), ("MU", 30), ("NI", 28), ("NL", 18), ("NO", 15), ("OM", 23),
    ("PK", 24), ("PL", 28), ("PS", 29), ("PT", 25), ("QA", 29), ("RO", 24), ("RS", 22), ("RU", 33), ("SA", 24),
    ("SC", 31), ("SD", 18), ("SE", 24), ("SI", 19), ("SK", 24), ("SM", 27), ("SO", 23), ("ST", 25), ("SV", 28),
    ("TL", 23), ("TN", 24), ("TR", 26), ("UA", 29), ("VA", 22), ("VG", 24), ("XK", 20), ("YE", 30),
];

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn the_registrys_example_ibans_are_taken() {
        for (input, canonical) in [
            ("LV80 BANK 0000 4351 9500 1", "LV80BANK0000435195001"),
            ("ee38 2200 2210 2014 5685", "EE382200221020145685"),
            ("LT12 1000 0111 0100 1000", "LT121000011101001000"),
            ("KZ86 125K ZT50 0410 0100", "KZ86125KZT5004100100"),
            ("DE89-3704-0044-0532-0130-00", "DE89370400440532013000"),
            ("GB82WEST12345698765432", "GB82WEST12345698765432"),
            ("NO9386011117947", "NO9386011117947"),
            ("MT84MALT011000012345MTLCAST001S", "MT84MALT011000012345MTLCAST001S"),
            ("FR1420041010050500013M02606", "FR1420041010050500013M02606"),
        ] {
            assert_eq!(iban(&json!(input)).unwrap(), canonical);
        }
    }

    #[test]
    fn what_is_not_an_iban_is_refused() {
        for (input, code) in [
            ("LV81BANK0000435195001", "bad_checksum"),
            ("LV80BANK0000435195010", "bad_checksum"),
            ("LVX0BANK0000435195001", "bad_checksum"),
            ("LV80BANK000043519500", "not_an_iban"),
            ("US80BANK0000435195001", "not_an_iban"),
            ("LV80BĀNK0000435195001", "not_an_iban"),
            ("LV80BANK_000435195001", "not_an_iban"),
            ("LV", "not_an_iban"),
            ("ā", "not_an_iban"),
            ("-", "not_an_iban"),
        ] {
            assert_eq!(iban(&json!(input)).unwrap_err().code, code, "{input}");
        }
    }

    #[test]
    fn check_digits_that_are_never_issued_are_refused() {
        // An account of a country whose check digits would be 97 also satisfies MOD 97-10 with 00, and 98 with 01.
        let with = |check: &str, account: u32| format!("NO{check}{account:011}");
        let mut seen = 0;
        for account in 0..500 {
            for (issued, never) in [("97", "00"), ("98", "01"), ("02", "99")] {
                if iban(&json!(with(issued, account))).is_ok() {
                    assert_eq!(iban(&json!(with(never, account))).unwrap_err().code, "bad_checksum");
                    seen += 1;
                }
            }
        }
        assert!(seen > 3, "{seen}");
    }

    #[test]
    fn test_numbers_of_the_card_schemes_are_taken() {
        for (input, digits) in [
            ("4111 1111 1111 1111", "4111111111111111"),
            ("5555-5555-5555-4444", "5555555555554444"),
            ("378282246310005", "378282246310005"),
            ("6011111111111117", "6011111111111117"),
            ("30569309025904", "30569309025904"),
            ("4222222222222", "4222222222222"),
            ("501800000009", "501800000009"),
            ("6304000000000000000", "6304000000000000000"),
        ] {
            assert_eq!(payment_card(&json!(input)).map_err(|error| error.code), Ok(digits.to_owned()));
        }
    }

    #[test]
    fn what_is_not_a_card_is_refused() {
        for (input, code) in [
            ("4111111111111112", "bad_checksum"),
            ("1411111111111111", "bad_checksum"),
            ("0000000000000000", "not_a_payment_card"),
            ("41111111111", "not_a_payment_card"),
            ("41111111111111111111", "not_a_payment_card"),
            ("4111x11111111111", "not_a_payment_card"),
            ("４１１１111111111111", "not_a_payment_card"),
        ] {
            assert_eq!(payment_card(&json!(input)).unwrap_err().code, code, "{input}");
        }
        assert_eq!(payment_card(&json!(4_111_111_111_111_111_u64)).unwrap_err().code, "wrong_type");
    }
}
