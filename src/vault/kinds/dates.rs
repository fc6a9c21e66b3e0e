//! Days of the calendar.

use jiff::civil::Date;
use serde_json::Value;

use crate::vault::kinds::value::{FieldError, string};

/// `YYYY-MM-DD` (ISO 8601), a day that exists, of the years 0001 to 9999.
pub(super) fn date(input: &Value) -> Result<String, FieldError> {
    let day = parse(string(input)?).ok_or_else(|| {
        FieldError::new("not_a_date", "A date is a day of the calendar, as year-month-day: YYYY-MM-DD.")
    })?;
    Ok(format!("{:04}-{:02}-{:02}", day.year(), day.month(), day.day()))
}

fn parse(text: &str) -> Option<Date> {
    let mut parts = text.split('-');
    let (year, month, day) = (digits(parts.next()?, 4)?, digits(parts.next()?, 2)?, digits(parts.next()?, 2)?);
    let (month, day) = (i8::try_from(month).ok()?, i8::try_from(day).ok()?);
    if parts.next().is_some() || year < 1 { None } else { Date::new(year, month, day).ok() }
}

fn digits(text: &str, length: usize) -> Option<i16> {
    let is_plain = text.len() == length && text.bytes().all(|byte| byte.is_ascii_digit());
    text.parse().ok().filter(|_| is_plain)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_day_that_exists_is_taken() {
        for day in ["2026-11-22", "2024-02-29", "2000-02-29", "0001-01-01", "9999-12-31"] {
            assert_eq!(date(&json!(day)).unwrap(), day);
        }
    }

    #[test]
    fn a_day_that_does_not_exist_is_refused() {
        for text in [
            "2026-02-29",
            "1900-02-29",
            "2026-13-01",
            "2026-00-10",
            "2026-04-31",
            "0000-01-01",
            "2026-1-1",
            "20261122",
            "22.11.2026",
            "2026-11-22T00:00",
            "-2026-11-22",
            "2026-+1-22",
            "10000-01-01",
            "2026-11-22-1",
        ] {
            assert_eq!(date(&json!(text)).unwrap_err().code, "not_a_date", "{text}");
        }
        assert_eq!(date(&json!(20_261_122)).unwrap_err().code, "wrong_type");
    }
}
