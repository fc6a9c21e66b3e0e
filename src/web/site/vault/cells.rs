//! Values as people read them, records as they are called, and what links point at.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::{Desk, shown};
use crate::kernel::ids::RecordId;
use crate::kernel::values::Locale;
use crate::vault::definition::Field;
use crate::vault::kinds::{Kind, KindName};
use crate::vault::{Item, ShownValue};
use crate::web::pages::{Cell, LinkedRecord};
use crate::web::problem::Problem;

/// A value as a page shows it; `None` is a field without one.
pub(super) fn cell(field: &Field, value: Option<ShownValue<'_>>, links: &Links, locale: Locale) -> Cell {
    let value = match value {
        None => return Cell::Empty,
        Some(ShownValue::Masked(mask)) => return Cell::Masked(shown(&mask)),
        Some(ShownValue::Clear(value)) => value,
    };
    match (&field.kind, value) {
        (_, Value::Bool(true)) => Cell::Yes,
        (_, Value::Bool(false)) => Cell::No,
        (Kind::Link { collection }, Value::String(id)) => links.cell(collection, id),
        // A sensitive value that is in the clear was asked for.
        _ if field.sensitive => Cell::Revealed(shown(&text(&field.kind, value, locale))),
        _ => Cell::Text(shown(&text(&field.kind, value, locale))),
    }
}

/// The field that names a record: the first text that every record has and others may share, else the first text, else
/// the first of all; never a sensitive one.
pub(super) fn title_field(fields: &[Field]) -> Option<&Field> {
    let clear = || fields.iter().filter(|field| !field.sensitive);
    let texts = || clear().filter(|field| field.kind.name() == KindName::Text);
    texts().find(|field| field.required && !field.unique).or_else(|| texts().next()).or_else(|| clear().next())
}

/// What a record is called: its naming field, else its id.
pub(super) fn title(fields: &[Field], id: RecordId, values: &crate::vault::Shown, locale: Locale) -> String {
    let value = title_field(fields).and_then(|field| match values.of(field)? {
        ShownValue::Clear(value) => Some(text(&field.kind, value, locale)),
        ShownValue::Masked(_) => None,
    });
    value.unwrap_or_else(|| id.to_string())
}

/// A value in the words of its reader.
fn text(kind: &Kind, value: &Value, locale: Locale) -> String {
    let member = |name: &str| value.get(name).and_then(Value::as_str).unwrap_or_default();
    let plain = value.as_str().unwrap_or_default();
    match kind {
        Kind::Money => format!("{} {}", member("amount"), member("currency")),
        Kind::Date => day(plain, locale),
        Kind::Iban | Kind::PaymentCard => in_fours(plain),
        Kind::Choice { choices } => choices
            .iter()
            .find(|choice| choice.value == plain)
            .map_or(plain, |choice| choice.label.in_language(locale))
            .to_owned(),
        _ => plain.to_owned(),
    }
}

/// A day of the calendar as each language writes it.
fn day(iso: &str, locale: Locale) -> String {
    let format = match locale {
        Locale::En => "%-d %B %Y",
        Locale::Lv => "%d.%m.%Y.",
        Locale::Lt => "%Y-%m-%d",
        Locale::Et | Locale::Kk => "%d.%m.%Y",
    };
    iso.parse::<jiff::civil::Date>().map_or_else(|_| iso.to_owned(), |day| day.strftime(format).to_string())
}

fn in_fours(digits: &str) -> String {
    let mut written = String::new();
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && place % 4 == 0 {
            written.push(' ');
        }
        written.push(digit);
    }
    written
}

/// The records that links on one page point at, by their collections' slugs, with what they are called.
#[derive(Default)]
pub(super) struct Links(BTreeMap<(String, RecordId), String>);

impl Links {
    /// What the links in `values` point at: one question for each collection.
    pub(super) async fn in_values<'v>(
        desk: &Desk<'_>,
        values: impl IntoIterator<Item = &'v crate::vault::Shown>,
    ) -> Result<Self, Problem> {
        let mut asked: BTreeMap<String, BTreeSet<RecordId>> = BTreeMap::new();
        for (field, value) in values.into_iter().flat_map(crate::vault::Shown::iter) {
            if let (Kind::Link { collection }, ShownValue::Clear(Value::String(id))) = (&field.kind, value)
                && let Ok(id) = id.parse()
            {
                asked.entry(collection.clone()).or_default().insert(id);
            }
        }
        let mut titles = BTreeMap::new();
        for (slug, ids) in asked {
            let found = desk.services.vault.linked(desk.access, &slug, ids.into_iter().collect()).await;
            let found = desk.given(found)?;
            if found.is_empty() {
                continue;
            }
            let target = desk.collection(&slug).await?;
            for item in found {
                if let Item::Record(record) = item {
                    let title = title(target.fields(), record.id, &record.values, desk.locale());
                    titles.insert((slug.clone(), record.id), title);
                }
            }
        }
        Ok(Self(titles))
    }

    /// A link; to a record that is not there any more, its id.
    fn cell(&self, collection: &str, id: &str) -> Cell {
        let target = id.parse::<RecordId>().ok().and_then(|id| {
            let title = self.0.get(&(collection.to_owned(), id))?;
            Some(LinkedRecord { collection: shown(collection), id, title: shown(title) })
        });
        target.map_or_else(|| Cell::Text(shown(id)), Cell::Link)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn values_are_written_for_people() {
        let money = json!({"amount": "12.50", "currency": "EUR"});
        assert_eq!(text(&Kind::Money, &money, Locale::En), "12.50 EUR");
        assert_eq!(text(&Kind::Date, &json!("2026-03-01"), Locale::Lv), "01.03.2026.");
        assert_eq!(text(&Kind::Date, &json!("2026-03-01"), Locale::En), "1 March 2026");
        assert_eq!(text(&Kind::Iban, &json!("LV80BANK0000435195001"), Locale::En), "LV80 BANK 0000 4351 9500 1");
        assert_eq!(text(&Kind::Number, &json!("0.5"), Locale::En), "0.5");
    }
}
