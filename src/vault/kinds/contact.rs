//! Ways to reach someone, and where they are: parsed by the kernel's types.

use serde_json::Value;

use crate::kernel::values::{Country, EmailAddress, NotAPhoneNumber, NotAnEmail, PhoneNumber};
use crate::vault::kinds::value::{FieldError, string};

/// An e-mail address as it was typed.
pub(super) fn email(input: &Value) -> Result<String, FieldError> {
    EmailAddress::parse(string(input)?).map(|address| address.to_stored()).map_err(|error| match error {
        NotAnEmail::TooLong => {
            FieldError::new("too_long", "An e-mail address has at most 254 bytes, and 64 before the @.")
        }
        NotAnEmail::Form => FieldError::new("not_an_email", "An e-mail address is a name, an @ and a domain."),
        NotAnEmail::LocalPart => {
            FieldError::new("not_an_email", "The part before the @ holds a character or a dot that it may not.")
        }
        NotAnEmail::Domain => FieldError::new("not_an_email", "The part after the @ is not a domain."),
    })
}

/// See [`EmailAddress::masked`]; nothing of what is not an address.
pub(super) fn masked_email(stored: &str) -> String {
    EmailAddress::from_stored(stored).map_or_else(|_| "…".to_owned(), |address| address.masked())
}

/// A phone number in E.164 form.
pub(super) fn phone(input: &Value, country: Option<Country>) -> Result<String, FieldError> {
    PhoneNumber::parse(string(input)?, country).map(|number| number.to_stored()).map_err(|error| match error {
        NotAPhoneNumber::CountryCodeMissing => {
            FieldError::new("country_missing", "Start the phone number with + and the country code.")
        }
        NotAPhoneNumber::Form => FieldError::new(
            "not_a_phone",
            "A phone number is digits, with spaces, dashes, dots or parentheses between them.",
        ),
        NotAPhoneNumber::Numbering => {
            FieldError::new("not_a_phone", "No phone number of its country has this length and beginning.")
        }
    })
}

/// A country's code in capitals.
pub(super) fn country(input: &Value) -> Result<String, FieldError> {
    Country::parse(string(input)?)
        .map(Country::to_stored)
        .map_err(|_| FieldError::new("not_a_country", "A country is its two-letter code of ISO 3166-1."))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn each_is_kept_as_the_kernels_type_has_it() {
        assert_eq!(email(&json!(" Anna@Example.lv ")).unwrap(), "Anna@Example.lv");
        assert_eq!(phone(&json!("29 123 456"), Some(Country::LV)).unwrap(), "+37129123456");
        assert_eq!(country(&json!("kz")).unwrap(), "KZ");
    }

    #[test]
    fn each_refusal_has_its_code() {
        assert_eq!(email(&json!("anna")).unwrap_err().code, "not_an_email");
        assert_eq!(email(&json!(format!("{}@example.lv", "a".repeat(65)))).unwrap_err().code, "too_long");
        assert_eq!(phone(&json!("29123456"), None).unwrap_err().code, "country_missing");
        assert_eq!(phone(&json!("2912345x"), Some(Country::LV)).unwrap_err().code, "not_a_phone");
        assert_eq!(phone(&json!("+3711"), None).unwrap_err().code, "not_a_phone");
        assert_eq!(country(&json!("UK")).unwrap_err().code, "not_a_country");
        assert_eq!(country(&json!(["LV"])).unwrap_err().code, "wrong_type");
    }
}
