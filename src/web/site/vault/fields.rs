//! Between a record's form and its values: how each kind is asked for, and what was typed.

use serde_json::{Value, json};

use super::{Desk, cells, shown};
use crate::vault::definition::Field;
use crate::vault::kinds::{Kind, KindName};
use crate::vault::{Input, Item, Limit, ShownValue};
use crate::web::pages::{FieldOption, Need, RecordField};
use crate::web::problem::Problem;
use crate::web::site::form::FormFields;

/// A value as a form holds it: the text, and the currency of money.
#[derive(Clone, Default, PartialEq, Eq)]
struct Held {
    text: String,
    currency: String,
}

/// The currency that an empty form offers.
const CURRENCY: &str = "EUR";

/// What stands in the form's field, from what is stored; nothing of what is masked.
fn of_stored(value: Option<&ShownValue<'_>>) -> Held {
    let Some(ShownValue::Clear(value)) = value else { return Held::default() };
    let member = |name: &str| value.get(name).and_then(Value::as_str).unwrap_or_default().to_owned();
    match value {
        Value::Object(_) => Held { text: member("amount"), currency: member("currency") },
        Value::Bool(true) => Held { text: "yes".to_owned(), ..Held::default() },
        other => Held { text: other.as_str().unwrap_or_default().to_owned(), ..Held::default() },
    }
}

/// What was typed into the form's field.
fn of_form(field: &Field, form: &FormFields) -> Held {
    let name = format!("values.{}", field.name);
    let typed = form.raw(&name);
    match field.kind.name() {
        // A browser ends lines in its own way.
        KindName::LongText => Held { text: typed.replace("\r\n", "\n"), ..Held::default() },
        KindName::Money => {
            let currency = form.raw(&format!("{name}.currency")).trim().to_uppercase();
            Held { text: typed.trim().to_owned(), currency }
        }
        _ => Held { text: typed.trim().to_owned(), ..Held::default() },
    }
}

/// A decimal number as people type it: with a comma, with spaces between the thousands.
pub(super) fn decimal(typed: &str) -> String {
    let digits: String = typed.chars().filter(|c| !c.is_whitespace()).collect();
    if digits.contains('.') || digits.matches(',').count() != 1 { digits } else { digits.replace(',', ".") }
}

/// What the form changes of `stored`, as a merge patch: what stands in it as it was is left out, so that values which
/// would no longer be taken stay as long as nobody touches them.
pub(super) fn input(fields: &[Field], stored: Option<&crate::vault::Shown>, form: &FormFields) -> Input {
    let mut input = Input::new();
    for field in fields {
        let before = stored.and_then(|stored| stored.of(field));
        if let Some(value) = change(field, stored.is_some(), before.as_ref(), form) {
            input.insert(field.name.clone(), value);
        }
    }
    input
}

fn change(field: &Field, exists: bool, before: Option<&ShownValue<'_>>, form: &FormFields) -> Option<Value> {
    let typed = of_form(field, form);
    let is_masked = matches!(before, Some(ShownValue::Masked(_)));
    if is_masked && form.raw(&format!("clear.{}", field.name)) == "yes" {
        return Some(Value::Null);
    }
    if field.kind.name() == KindName::Boolean {
        let ticked = typed.text == "yes";
        let stays = match before {
            Some(ShownValue::Clear(before)) => **before == Value::Bool(ticked),
            Some(ShownValue::Masked(_)) => !ticked,
            None => !ticked && exists && !field.required,
        };
        return (!stays).then_some(Value::Bool(ticked));
    }
    let stored = of_stored(before);
    if typed.text.trim().is_empty() {
        return (before.is_some() && !is_masked).then_some(Value::Null);
    }
    if before.is_some() && typed == stored {
        return None;
    }
    Some(match field.kind {
        Kind::Money => json!({"amount": decimal(&typed.text), "currency": typed.currency}),
        Kind::Number => json!(decimal(&typed.text)),
        _ => json!(typed.text),
    })
}

/// What a form shows in its fields.
#[derive(Clone, Copy)]
pub(super) enum Shows<'v> {
    /// Nothing yet.
    Nothing,
    /// What is stored.
    Stored(&'v crate::vault::Shown),
    /// What was typed, over what is stored where there is something.
    Typed(&'v FormFields, Option<&'v crate::vault::Shown>),
    /// What was typed into fields that then were other than in `base`; in the others, what is stored by now.
    Merged {
        /// What was typed.
        form: &'v FormFields,
        /// What the form started from.
        base: &'v crate::vault::Shown,
        /// What is stored now.
        now: &'v crate::vault::Shown,
    },
}

/// The form's fields in their order, each with the first of `errors` that is its own.
pub(super) async fn asked(
    desk: &Desk<'_>,
    fields: &[Field],
    shows: Shows<'_>,
    errors: &[(String, &'static str)],
) -> Result<Vec<RecordField>, Problem> {
    let mut asked = Vec::with_capacity(fields.len());
    for field in fields {
        let (held, stored) = match shows {
            Shows::Nothing => (Held::default(), None),
            Shows::Stored(stored) => (of_stored(stored.of(field).as_ref()), stored.of(field)),
            Shows::Typed(form, stored) => (of_form(field, form), stored.and_then(|stored| stored.of(field))),
            Shows::Merged { form, base, now } => {
                let (typed, began, stands) = (of_form(field, form), base.of(field), now.of(field));
                let untouched = typed == of_stored(began.as_ref());
                (if untouched { of_stored(stands.as_ref()) } else { typed }, stands)
            }
        };
        let masked = match &stored {
            Some(ShownValue::Masked(mask)) => Some(shown(mask)),
            _ => None,
        };
        asked.push(RecordField {
            name: shown(&field.name),
            label: shown(field.label.in_language(desk.locale())),
            kind: field.kind.name(),
            need: if field.required { Need::Required } else { Need::Optional },
            options: options(desk, field, &held.text).await?,
            value: shown(&held.text),
            currency: shown(if held.currency.is_empty() { CURRENCY } else { &held.currency }),
            masked,
            error: errors.iter().find(|(name, _)| *name == field.name).map(|(_, code)| *code),
        });
    }
    Ok(asked)
}

/// What can be chosen; of records, when they fit into one part of a list. What is chosen now is always among them.
async fn options(desk: &Desk<'_>, field: &Field, chosen: &str) -> Result<Vec<FieldOption>, Problem> {
    let option = |value: &str, label: &str| FieldOption { value: shown(value), label: shown(label) };
    let mut known: Vec<String> = Vec::new();
    let mut options: Vec<FieldOption> = Vec::new();
    match &field.kind {
        Kind::Choice { choices } => {
            known.extend(choices.iter().map(|choice| choice.value.clone()));
            options.extend(choices.iter().map(|choice| option(&choice.value, choice.label.in_language(desk.locale()))));
        }
        Kind::Link { collection } => {
            let target = match desk.services.vault.collection(desk.access, collection).await {
                Err(crate::vault::Error::NotFound) => return Ok(Vec::new()),
                other => desk.given(other)?,
            };
            let few = Limit::default();
            let found = desk.services.vault.records(desk.access, collection, few, None, Vec::new()).await;
            let found = desk.given(found)?;
            if found.next.is_some() {
                return Ok(Vec::new());
            }
            for item in found.items {
                if let Item::Record(record) = item {
                    let id = record.id.to_string();
                    let title = cells::title(target.fields(), record.id, &record.values, desk.locale());
                    options.push(option(&id, &title));
                    known.push(id);
                }
            }
            if options.is_empty() {
                return Ok(Vec::new());
            }
        }
        _ => return Ok(Vec::new()),
    }
    if !chosen.is_empty() && !known.iter().any(|value| value == chosen) {
        options.push(option(chosen, chosen));
    }
    Ok(options)
}

#[cfg(test)]
mod tests {
    use super::decimal;

    #[test]
    fn a_number_may_be_typed_with_a_comma_and_spaces() {
        for (typed, read) in [
            ("12,50", "12.50"),
            ("1 234,5", "1234.5"),
            ("1\u{a0}000", "1000"),
            ("1,234.5", "1,234.5"),
            ("1,2,3", "1,2,3"),
            ("7", "7"),
        ] {
            assert_eq!(decimal(typed), read);
        }
    }
}
