//! Decimal numbers and money: digits, never floating point.

use serde_json::{Value, json};

use crate::vault::kinds::currency;
use crate::vault::kinds::value::{FieldError, FieldValue, string};

/// The most digits before the point.
const WHOLE: usize = 18;
/// The most digits behind it.
const DECIMALS: usize = 9;

/// A decimal without needless zeros: `-12.5`. A JSON number is taken only where it is whole, since others are not exact.
pub(super) fn number(input: &Value) -> Result<String, FieldError> {
    Ok(decimal(input)?.written(0))
}

/// `{"amount": "12.50", "currency": "EUR"}`, the amount with exactly the currency's decimals (ISO 4217).
pub(super) fn money(input: &Value) -> Result<Value, FieldError> {
    let not_money =
        || FieldError::new("not_money", "Money is an object with exactly an amount, a decimal string, and a currency.");
    let members = input.as_object().ok_or_else(not_money)?;
    let (Some(amount), Some(code), 2) = (members.get("amount"), members.get("currency"), members.len()) else {
        return Err(not_money());
    };
    let (code, minor) = currency::parse(string(code)?)
        .ok_or_else(|| FieldError::new("not_a_currency", "The currency is a three-letter code of ISO 4217."))?;
    let amount = decimal(amount)?;
    if amount.decimals.len() > minor {
        let detail = format!("An amount in this currency has at most {minor} decimals.");
        return Err(FieldError::new("too_many_decimals", detail));
    }
    Ok(json!({"amount": amount.written(minor), "currency": code}))
}

/// `12.50 EUR`; `None` for what is not money.
pub(super) fn money_words(value: &FieldValue) -> Option<String> {
    Some(format!("{} {}", value.member("amount")?, value.member("currency")?))
}

/// A number's sign and digits, without zeros in front or at the end.
struct Decimal {
    sign: &'static str,
    whole: String,
    decimals: String,
}

impl Decimal {
    /// With at least so many decimals.
    fn written(&self, least: usize) -> String {
        let Self { sign, whole, decimals } = self;
        let point = if decimals.is_empty() && least == 0 { "" } else { "." };
        format!("{sign}{whole}{point}{decimals:0<least$}")
    }
}

fn decimal(input: &Value) -> Result<Decimal, FieldError> {
    match input {
        Value::Number(number) if number.is_i64() || number.is_u64() => parse(&number.to_string()),
        Value::Number(_) => {
            Err(FieldError::new("not_exact", "A number with decimals is given as a string, so that it stays exact."))
        }
        _ => parse(string(input)?),
    }
}

fn parse(text: &str) -> Result<Decimal, FieldError> {
    let (sign, digits) = text.strip_prefix('-').map_or(("", text), |digits| ("-", digits));
    let (whole, decimals) = digits.split_once('.').unwrap_or((digits, "0"));
    let is_digits = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
    if !is_digits(whole) || !is_digits(decimals) {
        let detail = "A number is digits, with a minus in front or a point between them if need be, and nothing else.";
        return Err(FieldError::new("not_a_number", detail));
    }
    let (whole, decimals) = (whole.trim_start_matches('0'), decimals.trim_end_matches('0'));
    if whole.len() > WHOLE {
        return Err(FieldError::new("too_large", format!("A number has at most {WHOLE} digits before the point.")));
    }
    if decimals.len() > DECIMALS {
        let detail = format!("A number has at most {DECIMALS} digits behind the point.");
        return Err(FieldError::new("too_many_decimals", detail));
    }
    let is_zero = whole.is_empty() && decimals.is_empty();
    Ok(Decimal {
        sign: if is_zero { "" } else { sign },
        whole: if whole.is_empty() { "0".to_owned() } else { whole.to_owned() },
        decimals: decimals.to_owned(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_has_one_exact_form() {
        for (input, canonical) in [
            (json!("12.50"), "12.5"),
            (json!("007"), "7"),
            (json!("-0.00"), "0"),
            (json!(" -0.10 "), "-0.1"),
            (json!("1.000"), "1"),
            (json!(42), "42"),
            (json!(-9_007_199_254_740_993_i64), "-9007199254740993"),
            (json!("999999999999999999.999999999"), "999999999999999999.999999999"),
            (json!("0000000000000000000000001"), "1"),
        ] {
            assert_eq!(number(&input).unwrap(), canonical);
        }
    }

    #[test]
    fn what_is_not_an_exact_number_is_refused() {
        for (input, code) in [
            (json!(""), "empty"),
            (json!("12,50"), "not_a_number"),
            (json!("1 000"), "not_a_number"),
            (json!("1e3"), "not_a_number"),
            (json!("+1"), "not_a_number"),
            (json!("--1"), "not_a_number"),
            (json!(".5"), "not_a_number"),
            (json!("5."), "not_a_number"),
            (json!("1.2.3"), "not_a_number"),
            (json!("NaN"), "not_a_number"),
            (json!("٣"), "not_a_number"),
            (json!(12.5), "not_exact"),
            (json!(1e300), "not_exact"),
            (json!("1000000000000000000"), "too_large"),
            (json!(u64::MAX), "too_large"),
            (json!("0.1234567891"), "too_many_decimals"),
            (json!("9".repeat(2_000)), "too_long"),
            (json!(true), "wrong_type"),
        ] {
            assert_eq!(number(&input).unwrap_err().code, code);
        }
    }

    #[test]
    fn an_amount_has_its_currencys_decimals() {
        for (amount, currency, canonical) in [
            (json!("12.5"), "eur", "12.50"),
            (json!("-3"), "EUR", "-3.00"),
            (json!(7), "JPY", "7"),
            (json!("0.001"), "KWD", "0.001"),
            (json!("12.500"), "EUR", "12.50"),
            (json!("1.5"), "KZT", "1.50"),
        ] {
            let canonical = json!({"amount": canonical, "currency": currency.to_uppercase()});
            assert_eq!(money(&json!({"amount": amount, "currency": currency})).unwrap(), canonical);
        }
    }

    #[test]
    fn what_is_not_money_is_refused() {
        for (input, code) in [
            (json!("12.50"), "not_money"),
            (json!({"amount": "12.50"}), "not_money"),
            (json!({"amount": "12.50", "currency": "EUR", "vat": "0"}), "not_money"),
            (json!({"amount": "12.50", "currency": "EURO"}), "not_a_currency"),
            (json!({"amount": "12.50", "currency": "XXX"}), "not_a_currency"),
            (json!({"amount": "12.50", "currency": 978}), "wrong_type"),
            (json!({"amount": "12.505", "currency": "EUR"}), "too_many_decimals"),
            (json!({"amount": "1.5", "currency": "JPY"}), "too_many_decimals"),
            (json!({"amount": 12.5, "currency": "EUR"}), "not_exact"),
        ] {
            assert_eq!(money(&input).unwrap_err().code, code, "{input}");
        }
    }
}
