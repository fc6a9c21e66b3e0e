//! From a table's cells to the values that a request would write.

use serde_json::{Value, json};

use crate::kernel::values::folded;
use crate::vault::definition::{Collection, Field};
use crate::vault::imports::at;
use crate::vault::imports::sheet::{Sheet, Source};
use crate::vault::kinds::Kind;
use crate::vault::values::Input;
use crate::vault::{Error, Fault};

/// What [`inputs`] gives: rows by their places, and what is wrong with the others.
pub(super) type Inputs = (Vec<(usize, Input)>, Vec<Fault>);

/// The rows of `sheet` as inputs. A heading is a field's name, or its label in any language.
///
/// # Errors
/// A heading that names no field, or one that another names too.
pub(super) fn inputs(sheet: &Sheet, collection: &Collection) -> Result<Inputs, Error> {
    let (headings, rows) = match &sheet.0 {
        Source::Objects(objects) => return Ok((objects.iter().cloned().enumerate().collect(), Vec::new())),
        Source::Table { headings, rows } => (headings, rows),
    };
    let columns = columns(headings, rows, collection)?;
    let (mut inputs, mut faults) = (Vec::with_capacity(rows.len()), Vec::new());
    for (place, cells) in rows {
        if cells.len() > headings.len() && cells.iter().skip(headings.len()).any(|cell| !cell.trim().is_empty()) {
            faults.push(Fault::new(at(*place), "too_many_cells", "The row has more cells than there are headings."));
            continue;
        }
        let mut input = Input::new();
        let faults_before = faults.len();
        for (field, cell) in columns.iter().zip(cells) {
            let Some(field) = field else { continue };
            match value(field, cell) {
                Ok(Some(value)) => drop(input.insert(field.name.clone(), value)),
                Ok(None) => {}
                Err((code, detail)) => {
                    faults.push(Fault::new(format!("{}/{}", at(*place), field.name), code, detail));
                }
            }
        }
        if faults.len() == faults_before {
            inputs.push((*place, input));
        }
    }
    Ok((inputs, faults))
}

/// The field of each column; none for a column in which nothing stands, its heading neither.
fn columns<'c>(
    headings: &[String],
    rows: &[(usize, Vec<String>)],
    collection: &'c Collection,
) -> Result<Vec<Option<&'c Field>>, Error> {
    let mut columns: Vec<Option<&Field>> = Vec::with_capacity(headings.len());
    let mut faults = Vec::new();
    for (number, heading) in headings.iter().enumerate() {
        let is_empty = |(_, cells): &(usize, Vec<String>)| cells.get(number).is_none_or(|cell| cell.trim().is_empty());
        if heading.is_empty() && rows.iter().all(is_empty) {
            columns.push(None);
            continue;
        }
        let pointer = format!("/columns/{number}");
        let field = field_of(heading, collection);
        match field {
            None => faults.push(Fault::new(pointer, "unknown_column", "The collection has no field of this heading.")),
            Some(field) if columns.iter().flatten().any(|other| other.id == field.id) => {
                faults.push(Fault::new(pointer, "repeated_column", "Another column is for the same field."));
            }
            Some(_) => {}
        }
        columns.push(field);
    }
    if faults.is_empty() { Ok(columns) } else { Err(Error::Invalid(faults)) }
}

/// The field that a heading means: by its name, else the only one with such a label.
fn field_of<'c>(heading: &str, collection: &'c Collection) -> Option<&'c Field> {
    if let Some(field) = collection.field(heading) {
        return Some(field);
    }
    let heading = folded(heading);
    let mut labelled =
        collection.fields().iter().filter(|field| field.label.texts().any(|label| folded(label) == heading));
    let field = labelled.next()?;
    if labelled.next().is_none() { Some(field) } else { None }
}

/// A cell as its field's kind would be written in JSON; nothing for an empty one.
fn value(field: &Field, cell: &str) -> Result<Option<Value>, (&'static str, &'static str)> {
    let trimmed = cell.trim();
    if trimmed.is_empty() {
        return Ok(None);
    }
    Ok(Some(match &field.kind {
        Kind::Money => money(trimmed).ok_or(("not_money", "Money is an amount and a currency: 12.50 EUR."))?,
        Kind::Boolean => boolean(trimmed).ok_or(("not_a_boolean", "The cell says true or false."))?,
        Kind::Choice { choices } => {
            let said = folded(trimmed);
            let labelled = |choice: &&crate::vault::kinds::Choice| choice.label.texts().any(|l| folded(l) == said);
            let exact = choices.iter().find(|choice| choice.value == trimmed);
            let choice = exact.or_else(|| choices.iter().find(labelled));
            Value::String(choice.map_or(trimmed, |choice| choice.value.as_str()).to_owned())
        }
        _ => Value::String(cell.to_owned()),
    }))
}

/// `12.50 EUR` or `EUR 12.50`, spaces within the amount allowed.
fn money(cell: &str) -> Option<Value> {
    let parts: Vec<&str> = cell.split_whitespace().collect();
    let is_code = |part: &&str| part.len() == 3 && part.bytes().all(|byte| byte.is_ascii_alphabetic());
    let (code, amount) = match parts.as_slice() {
        [amount @ .., code] if is_code(code) && !amount.is_empty() => (code, amount),
        [code, amount @ ..] if is_code(code) && !amount.is_empty() => (code, amount),
        _ => return None,
    };
    let is_number = |part: &&str| part.bytes().all(|byte| byte.is_ascii_digit() || b"+-.,".contains(&byte));
    if !amount.iter().all(is_number) {
        return None;
    }
    Some(json!({"amount": amount.concat(), "currency": code}))
}

/// Yes and no, as programs and the five languages write them.
fn boolean(cell: &str) -> Option<Value> {
    let said = cell.to_lowercase();
    if ["true", "yes", "1", "jā", "taip", "jah", "иә"].contains(&said.as_str()) {
        Some(Value::Bool(true))
    } else if ["false", "no", "0", "nē", "ne", "ei", "жоқ"].contains(&said.as_str()) {
        Some(Value::Bool(false))
    } else {
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn money_is_an_amount_and_a_currency_in_either_order() {
        for (cell, amount) in [("12.50 EUR", "12.50"), ("EUR 12.50", "12.50"), ("1\u{a0}200.00 eur", "1200.00")] {
            assert_eq!(money(cell).unwrap()["amount"], amount, "{cell}");
        }
        for none in ["12.50", "EUR", "12.50EUR", "12.50 euro", "EUR EUR EUR x"] {
            assert!(money(none).is_none(), "{none}");
        }
    }

    #[test]
    fn yes_and_no_are_understood_in_five_languages() {
        assert_eq!(boolean("TRUE"), Some(json!(true)));
        assert_eq!(boolean("Nē"), Some(json!(false)));
        assert_eq!(boolean("maybe"), None);
    }
}
