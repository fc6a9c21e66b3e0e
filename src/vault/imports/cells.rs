//! From a table's cells to the values that a request would write.

use serde_json::{Value, json};

use crate::kernel::personal::Personal;
use crate::kernel::values::folded;
use crate::vault::definition::{Collection, Field};
use crate::vault::imports::sheet::{Sheet, Source};
use crate::vault::imports::{Column, Misfits, Terms, at};
use crate::vault::kinds::Kind;
use crate::vault::values::Input;
use crate::vault::{Error, Fault};

/// What [`inputs`] gives.
#[derive(Default)]
pub(super) struct Inputs {
    /// The columns, in their order.
    pub(super) columns: Vec<Column>,
    /// Rows by their places.
    pub(super) rows: Vec<(usize, Input)>,
    /// What is wrong with the others.
    pub(super) faults: Vec<Fault>,
}

/// The rows of `sheet` as inputs. A heading is a field's name, or its label in any language.
///
/// # Errors
/// A heading that names no field, unless such are left out, or one that another names too.
pub(super) fn inputs(sheet: &Sheet, collection: &Collection, terms: &Terms) -> Result<Inputs, Error> {
    let (headings, rows) = match &sheet.0 {
        Source::Objects(objects) => {
            return Ok(Inputs { rows: objects.iter().cloned().enumerate().collect(), ..Inputs::default() });
        }
        Source::Table { headings, rows } => (headings, rows),
    };
    let fields = fields(headings, rows, collection, terms.misfits)?;
    let mut inputs = Inputs::default();
    for (place, cells) in rows {
        if cells.len() > headings.len() && cells.iter().skip(headings.len()).any(|cell| !cell.trim().is_empty()) {
            let detail = "The row has more cells than there are headings.";
            inputs.faults.push(Fault::new(at(*place), "too_many_cells", detail));
            continue;
        }
        let mut input = Input::new();
        let faults_before = inputs.faults.len();
        for (field, cell) in fields.iter().zip(cells) {
            let Some(field) = field else { continue };
            match value(field, cell, terms.currency.as_deref()) {
                Ok(Some(value)) => drop(input.insert(field.name.clone(), value)),
                Ok(None) => {}
                Err((code, detail)) => {
                    inputs.faults.push(Fault::new(format!("{}/{}", at(*place), field.name), code, detail));
                }
            }
        }
        if inputs.faults.len() == faults_before {
            inputs.rows.push((*place, input));
        }
    }
    let column = |(heading, field): (&String, &Option<&Field>)| Column {
        heading: Personal::new(heading.clone()),
        field: field.map(|field| field.id),
    };
    inputs.columns = headings.iter().zip(&fields).map(column).collect();
    Ok(inputs)
}

/// The field of each column; none for a column in which nothing stands, its heading neither, and for one that is left out.
fn fields<'c>(
    headings: &[String],
    rows: &[(usize, Vec<String>)],
    collection: &'c Collection,
    misfits: Misfits,
) -> Result<Vec<Option<&'c Field>>, Error> {
    let mut fields: Vec<Option<&Field>> = Vec::with_capacity(headings.len());
    let mut faults = Vec::new();
    for (number, heading) in headings.iter().enumerate() {
        let is_empty = |(_, cells): &(usize, Vec<String>)| cells.get(number).is_none_or(|cell| cell.trim().is_empty());
        if heading.is_empty() && rows.iter().all(is_empty) {
            fields.push(None);
            continue;
        }
        let pointer = format!("/columns/{number}");
        let field = field_of(heading, collection);
        match field {
            None if misfits == Misfits::LeftOut => {}
            None => faults.push(Fault::new(pointer, "unknown_column", "The collection has no field of this heading.")),
            Some(field) if fields.iter().flatten().any(|other| other.id == field.id) => {
                faults.push(Fault::new(pointer, "repeated_column", "Another column is for the same field."));
            }
            Some(_) => {}
        }
        fields.push(field);
    }
    if fields.iter().all(Option::is_none) && faults.is_empty() {
        faults.push(Fault::new("", "no_known_column", "No heading is a field of the collection."));
    }
    if faults.is_empty() { Ok(fields) } else { Err(Error::Invalid(faults)) }
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
fn value(field: &Field, cell: &str, currency: Option<&str>) -> Result<Option<Value>, (&'static str, &'static str)> {
    let trimmed = cell.trim();
    if trimmed.is_empty() {
        return Ok(None);
    }
    if ["#N/A", "#REF!", "#VALUE!", "#DIV/0!", "#NAME?", "#NULL!", "#NUM!"].contains(&trimmed) {
        return Err(("error_in_cell", "The cell holds an error of the spreadsheet's own."));
    }
    Ok(Some(match &field.kind {
        Kind::Money => {
            money(trimmed, currency).ok_or(("not_money", "Money is an amount and a currency: 12.50 EUR."))?
        }
        Kind::Date => Value::String(day(trimmed).unwrap_or_else(|| cell.to_owned())),
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

/// `12.50 EUR` or `EUR 12.50`, spaces within the amount allowed; `12.50` alone where amounts have a currency.
fn money(cell: &str, currency: Option<&str>) -> Option<Value> {
    let parts: Vec<&str> = cell.split_whitespace().collect();
    let is_code = |part: &&str| part.len() == 3 && part.bytes().all(|byte| byte.is_ascii_alphabetic());
    let (code, amount) = match parts.as_slice() {
        [amount @ .., code] if is_code(code) && !amount.is_empty() => (*code, amount),
        [code, amount @ ..] if is_code(code) && !amount.is_empty() => (*code, amount),
        amount => (currency?, amount),
    };
    let is_number = |part: &&str| part.bytes().all(|byte| byte.is_ascii_digit() || b"+-.,".contains(&byte));
    if !amount.iter().all(is_number) {
        return None;
    }
    Some(json!({"amount": amount.concat(), "currency": code}))
}

/// `22.11.2026` as all five languages' countries write a day, in the form that the kind takes; nothing of other forms.
fn day(cell: &str) -> Option<String> {
    let mut parts = cell.trim_end_matches('.').split('.');
    let (day, month, year) = (parts.next()?, parts.next()?, parts.next()?);
    let is_number = |part: &str, least: usize| {
        (least..=least.max(2)).contains(&part.len()) && part.bytes().all(|byte| byte.is_ascii_digit())
    };
    let is_day = parts.next().is_none() && is_number(day, 1) && is_number(month, 1) && is_number(year, 4);
    is_day.then(|| format!("{year}-{month:0>2}-{day:0>2}"))
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
            assert_eq!(money(cell, None).unwrap()["amount"], amount, "{cell}");
        }
        for none in ["12.50", "EUR", "12.50EUR", "12.50 euro", "EUR EUR EUR x"] {
            assert!(money(none, None).is_none(), "{none}");
        }
        assert_eq!(money("1 200.50", Some("EUR")), Some(json!({"amount": "1200.50", "currency": "EUR"})));
        assert_eq!(money("12 usd", Some("EUR")).unwrap()["currency"], "usd");
        assert!(money("much", Some("EUR")).is_none());
    }

    #[test]
    fn a_day_may_be_written_with_points() {
        for (cell, read) in [("22.11.2026", "2026-11-22"), ("1.3.2026.", "2026-03-01")] {
            assert_eq!(day(cell).as_deref(), Some(read));
        }
        for other in ["2026-11-22", "11/22/2026", "22.11.26", "22.11.2026.1", "a.b.cdef", "222.1.2026"] {
            assert_eq!(day(other), None, "{other}");
        }
    }

    #[test]
    fn yes_and_no_are_understood_in_five_languages() {
        assert_eq!(boolean("TRUE"), Some(json!(true)));
        assert_eq!(boolean("Nē"), Some(json!(false)));
        assert_eq!(boolean("maybe"), None);
    }
}
