//! A collection as CSV, for spreadsheets: UTF-8 with its mark, so that they take it as that; RFC 4180 beside.
//!
//! A spreadsheet runs a cell that begins as a formula does. Such a cell gets an apostrophe before it, which spreadsheets
//! take for 'text'; numbers and telephone numbers stay as they are, since a number is no formula. The exact values stand
//! in the JSON beside.

use serde_json::Value;

use crate::kernel::clock::Time;
use crate::vault::definition::Collection;
use crate::vault::records::Record;
use crate::vault::values::ShownValue;

/// The columns that every table has.
const ALWAYS: [&str; 5] = ["id", "version", "created_at", "updated_at", "trashed_at"];

/// The first line.
pub(super) fn head(collection: &Collection) -> Vec<u8> {
    let names = collection.fields().iter().map(|field| field.name.as_str());
    let mut bytes = "\u{feff}".as_bytes().to_vec();
    bytes.extend(line(ALWAYS.into_iter().chain(names).map(ToOwned::to_owned)));
    bytes
}

/// A record's line.
pub(super) fn row(collection: &Collection, record: &Record) -> Vec<u8> {
    let trashed = record.trashed_at.map(Time::rfc3339).unwrap_or_default();
    let always = [
        record.id.to_string(),
        record.version.to_string(),
        record.created_at.rfc3339(),
        record.updated_at.rfc3339(),
        trashed,
    ];
    let values = collection.fields().iter().map(|field| match record.values.of(field) {
        None => String::new(),
        Some(ShownValue::Masked(mask)) => harmless(mask),
        Some(ShownValue::Clear(value)) => harmless(text(value)),
    });
    line(always.into_iter().chain(values))
}

/// A value as people write it: money as `12.50 EUR`, a truth as `true`.
fn text(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::String(text) => text.clone(),
        Value::Object(members) => {
            let part = |name: &str| members.get(name).and_then(Value::as_str);
            match (part("amount"), part("currency")) {
                (Some(amount), Some(currency)) => format!("{amount} {currency}"),
                _ => value.to_string(),
            }
        }
        other => other.to_string(),
    }
}

/// The same cell, unless a spreadsheet could take it for a formula.
fn harmless(cell: String) -> String {
    let begins = |letter: char| matches!(letter, '=' | '+' | '-' | '@' | '＝' | '＋' | '－' | '＠');
    let is_formula = cell.starts_with(['\t', '\r', '\n']) || cell.trim_start().starts_with(begins);
    if is_formula && !is_number(&cell) { format!("'{cell}") } else { cell }
}

/// A sign, digits, points, commas and spaces; after them a currency or nothing.
fn is_number(cell: &str) -> bool {
    let unsigned = cell.strip_prefix(['+', '-']).unwrap_or(cell);
    let amount = match unsigned.rsplit_once(' ') {
        Some((amount, code)) if code.len() == 3 && code.bytes().all(|byte| byte.is_ascii_uppercase()) => amount,
        _ => unsigned,
    };
    amount.starts_with(|letter: char| letter.is_ascii_digit())
        && amount.bytes().all(|byte| byte.is_ascii_digit() || b"., ".contains(&byte))
}

/// One line; every cell that needs it in quotes, its quotes doubled.
fn line(cells: impl Iterator<Item = String>) -> Vec<u8> {
    let mut writer = csv::WriterBuilder::new().terminator(csv::Terminator::CRLF).from_writer(Vec::new());
    // Writing to memory cannot fail.
    let _ = writer.write_record(cells);
    writer.into_inner().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn what_a_spreadsheet_could_run_is_told_to_be_text_and_numbers_stay() {
        for formula in ["=1+1", "+SUM(A1)", "-2+3", "@x", "\t=1", " =1", "=cmd|' /C calc'!A0", "＝1", "+1+1", "-"] {
            assert_eq!(harmless(formula.to_owned()), format!("'{formula}"));
        }
        for number in ["-12.50", "+37129123456", "+371 29 123 456", "-1,234.50 EUR", "Anna = Berta", "a@b.example", ""]
        {
            assert_eq!(harmless(number.to_owned()), number);
        }
    }

    #[test]
    fn values_are_written_as_people_write_them() {
        for (value, written) in [
            (json!("Anna"), "Anna"),
            (json!({"amount": "12.50", "currency": "EUR"}), "12.50 EUR"),
            (json!(true), "true"),
            (json!(7), "7"),
            (Value::Null, ""),
        ] {
            assert_eq!(text(&value), written);
        }
        assert_eq!(
            line(["a\"b".to_owned(), "c,d".to_owned(), "e\nf".to_owned()].into_iter()),
            b"\"a\"\"b\",\"c,d\",\"e\nf\"\r\n"
        );
    }
}
