//! VAT identification numbers: check digits for Estonia, Latvia, Lithuania and Kazakhstan, the form for the rest of the
//! European Union (Council Directive 2006/112/EC, article 215; the forms as VIES has them), any plausible one elsewhere.

use serde_json::Value;

use crate::kernel::values::Country;
use crate::vault::kinds::banking::bad_checksum;
use crate::vault::kinds::registers::{Outcome, in_two_rounds, kazakh, latvian, weighted};
use crate::vault::kinds::value::{FieldError, string};

/// A VAT number in capitals with its country's prefix, `EL` for Greece; one without a prefix is completed by `country`.
pub(super) fn vat_number(input: &Value, country: Option<Country>) -> Result<String, FieldError> {
    let number: String =
        string(input)?.chars().filter(|c| !c.is_whitespace() && !matches!(c, '-' | '.' | '/')).collect();
    let number = number.to_ascii_uppercase();
    let refused = |detail: &'static str| FieldError::new("not_a_vat_number", detail);
    if !number.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'*')) {
        return Err(refused("A VAT number is letters and digits, with spaces, dashes, dots or slashes at most."));
    }
    // A prefix is believed before the country of the record is; a national form before a prefix without a known form.
    let own = country.map(|country| prefix_of(country.code()));
    let prefixed = number.split_at_checked(2).map(|(prefix, rest)| (prefix_of(prefix), rest));
    let strict = prefixed.into_iter().chain(own.map(|own| (own, number.as_str())));
    for (prefix, rest) in strict {
        match form_of(prefix).map_or(Outcome::Form, |form| form.check(rest)) {
            Outcome::Fits => return Ok(format!("{prefix}{rest}")),
            Outcome::Checksum => return Err(bad_checksum()),
            Outcome::Form => {}
        }
    }
    let has_form = |prefix: &str| form_of(prefix).is_some();
    match (prefixed, own) {
        (Some((prefix, _)), _) if has_form(prefix) => Err(refused("No VAT number with this prefix has this form.")),
        (Some((prefix, rest)), _) if Country::parse(prefix).is_ok() && is_plausible(rest) => Ok(number),
        (_, Some(own)) if has_form(own) => Err(refused("No VAT number of this country has this form.")),
        (_, Some(own)) if is_plausible(&number) => Ok(format!("{own}{number}")),
        (_, Some(_)) => Err(refused("A VAT number has 4 to 15 letters and digits behind its prefix.")),
        (_, None) => Err(FieldError::new("country_missing", "Start the VAT number with its country's two letters.")),
    }
}

fn form_of(prefix: &str) -> Option<&'static Form> {
    FORMS.iter().find(|form| form.prefix == prefix)
}

/// Greece's numbers start with the language's code (the same directive); all others with the country's.
fn prefix_of(code: &str) -> &str {
    if code == "GR" { "EL" } else { code }
}

/// For countries without a form here: letters and digits, four digits at least.
fn is_plausible(rest: &str) -> bool {
    let is_made_of = rest.bytes().all(|byte| byte.is_ascii_alphanumeric());
    (4..=15).contains(&rest.len()) && is_made_of && rest.bytes().filter(u8::is_ascii_digit).count() >= 4
}

/// What a country's numbers look like behind the prefix, and their check digits where those are checked.
struct Form {
    prefix: &'static str,
    /// `#` a digit, `@` a letter, `?` either, `!` either or `+` or `*`; anything else itself.
    patterns: &'static [&'static str],
    checksum: Option<fn(&str) -> Outcome>,
}

impl Form {
    fn check(&self, rest: &str) -> Outcome {
        if !self.patterns.iter().any(|pattern| fits(pattern, rest)) {
            return Outcome::Form;
        }
        self.checksum.map_or(Outcome::Fits, |checksum| checksum(rest))
    }
}

fn fits(pattern: &str, text: &str) -> bool {
    pattern.len() == text.len()
        && pattern.bytes().zip(text.bytes()).all(|(pattern, byte)| match pattern {
            b'#' => byte.is_ascii_digit(),
            b'@' => byte.is_ascii_uppercase(),
            b'?' => byte.is_ascii_alphanumeric(),
            b'!' => byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'*'),
            literal => byte == literal,
        })
}

const fn form(prefix: &'static str, patterns: &'static [&'static str]) -> Form {
    Form { prefix, patterns, checksum: None }
}

const fn checked(prefix: &'static str, patterns: &'static [&'static str], checksum: fn(&str) -> Outcome) -> Form {
    Form { prefix, patterns, checksum: Some(checksum) }
}

/// The member states, Northern Ireland (XI), and Kazakhstan, whose taxpayers use their BIN or IIN.
static FORMS: [Form; 29] = [
    form("AT", &["U########"]),
    form("BE", &["0#########", "1#########"]),
    form("BG", &["#########", "##########"]),
    form("CY", &["########@"]),
    form("CZ", &["########", "#########", "##########"]),
    form("DE", &["#########"]),
    form("DK", &["########"]),
    checked("EE", &["#########"], estonian),
    form("EL", &["#########"]),
    form("ES", &["@########", "########@", "@#######@"]),
    form("FI", &["########"]),
    form("FR", &["??#########"]),
    form("HR", &["###########"]),
    form("HU", &["########"]),
    form("IE", &["#######@", "#######@@", "#!#####@"]),
    form("IT", &["###########"]),
    checked("KZ", &["############"], kazakh),
    checked("LT", &["#######1#", "##########1#"], lithuanian),
    form("LU", &["########"]),
    checked("LV", &["###########"], latvian),
    form("MT", &["########"]),
    form("NL", &["!!!!!!!!!!##"]),
    form("PL", &["##########"]),
    form("PT", &["#########"]),
    form("RO", &["##", "###", "####", "#####", "######", "#######", "########", "#########", "##########"]),
    form("SE", &["############"]),
    form("SI", &["########"]),
    form("SK", &["##########"]),
    form("XI", &["#########", "############", "GD###", "HA###"]),
];

/// Estonia's KMKR number: weights 3, 7, 1 to a multiple of ten.
fn estonian(digits: &str) -> Outcome {
    Outcome::of_checksum(weighted(digits, &[3, 7, 1, 3, 7, 1, 3, 7, 1]).is_multiple_of(10))
}

/// Lithuania's PVM code: weights 1 to 9 and on from 1, else from 3.
fn lithuanian(digits: &str) -> Outcome {
    const WEIGHTS: [u32; 13] = [1, 2, 3, 4, 5, 6, 7, 8, 9, 1, 2, 3, 4];
    let counted = digits.len().saturating_sub(1);
    let (first, second) = (WEIGHTS.get(..counted), WEIGHTS.get(2..counted + 2));
    Outcome::of_checksum(first.zip(second).is_some_and(|(first, second)| in_two_rounds(digits, first, second)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn check(text: &str, country: Option<&str>) -> Result<String, &'static str> {
        vat_number(&json!(text), country.map(|code| Country::parse(code).unwrap())).map_err(|error| error.code)
    }

    #[test]
    fn a_number_of_each_member_state_is_taken() {
        let numbers = "ATU13585627 BE0428759497 BG175074752 CY10259033P CZ25123891 DE136695976 DK13585628 EE100931558 \
            EE100594102 EL094259216 ESB58378431 ES54362315K ESX2482300W FI20774740 FR40303265045 FRK7399859412 HR33392005961 \
            HU12892312 IE6433435F IE6433435OA IE8D79739I IT00743110157 KZ980540000397 LT119511515 LT100001919017 \
            LT100004801610 LT290061371314 LU15027442 LV40003521600 LV16117519997 MT11679112 NL004495445B01 PL8567346215 \
            PT501964843 RO18547290 RO18 SE123456789701 SI50223054 SK2022749619 XI980780684";
        for number in numbers.split_whitespace() {
            assert_eq!(check(number, None), Ok(number.to_owned()));
        }
    }

    #[test]
    fn a_number_without_prefix_is_completed_by_its_country() {
        for (text, country, canonical) in [
            ("4000 3521 600", "LV", "LV40003521600"),
            ("u13585627", "AT", "ATU13585627"),
            ("094259216", "GR", "EL094259216"),
            ("GR 094259216", "LV", "EL094259216"),
            ("980540000397", "KZ", "KZ980540000397"),
            ("DE 136.695.976", "FR", "DE136695976"),
            ("AD303265045", "FR", "FRAD303265045"),
            ("980 780 684", "GB", "GB980780684"),
            ("NO 123 456 785 MVA", "LV", "NO123456785MVA"),
            ("CHE-123.456.788 MWST", "CH", "CHE123456788MWST"),
        ] {
            assert_eq!(check(text, Some(country)), Ok(canonical.to_owned()), "{text}");
        }
    }

    #[test]
    fn a_wrong_check_digit_or_form_is_refused() {
        for (text, country, code) in [
            ("EE100931559", None, "bad_checksum"),
            ("LV40003521601", None, "bad_checksum"),
            ("LT119511516", None, "bad_checksum"),
            ("LT100001919018", None, "bad_checksum"),
            ("KZ980540000398", None, "bad_checksum"),
            ("40003521601", Some("LV"), "bad_checksum"),
            ("LT119511525", None, "not_a_vat_number"),
            ("DE13669597", None, "not_a_vat_number"),
            ("ES123456789", None, "not_a_vat_number"),
            ("LV4000352160Ā", None, "not_a_vat_number"),
            ("12", Some("GB"), "not_a_vat_number"),
            ("136695976", None, "country_missing"),
            ("QQ136695976", None, "country_missing"),
            ("ā", None, "not_a_vat_number"),
            ("1", None, "country_missing"),
        ] {
            assert_eq!(check(text, country), Err(code), "{text}");
        }
    }

    #[test]
    fn forms_are_sorted_and_those_of_the_union_are_all_there() {
        assert!(FORMS.is_sorted_by(|a, b| a.prefix < b.prefix));
        assert_eq!(FORMS.len(), 27 + 2);
    }
}
