//! What support sees of a collection that its tenant has granted: its shape, the states of its records and what is wrong
//! with them, and nothing of what anybody entered.
//!
//! A member who may not reveal sees what is not marked as sensitive in the clear, and of a sensitive number its last digits.
//! Support is no member, and sees less. In the clear is what states are told by, unless it is marked as sensitive: booleans,
//! choices by the collection's own codes, and the ids that links point to. Everything else is masked, whatever it is marked
//! as: of texts it is said how many characters they have, since cut-off texts are a usual trouble; of e-mail addresses, phone
//! numbers, accounts, cards, registration numbers, names, dates, amounts, numbers and countries nothing, neither the last
//! digits nor the domain. What a field is called and of which kind it is, is shown: that is the shape.
//!
//! There is no search, no file, no history and no trash.

use serde::Serialize;
use serde::ser::{SerializeMap as _, Serializer};
use serde_json::Value;

use crate::kernel::clock::Time;
use crate::kernel::ids::{CollectionId, RecordId};
use crate::kernel::operators::deeds::ViewForSupport;
use crate::kernel::operators::{Granted, GrantedRow, OperatorAct, SupportRefused};
use crate::vault::Vault;
use crate::vault::definition::{Definition, Field};
use crate::vault::kinds::{FieldValue, KindName, Label};
use crate::vault::known::CollectionBody;
use crate::vault::values::Values;
use crate::vault::writing::{Body, RecordBody};

/// How many records are on one page.
pub const PAGE: usize = 25;

/// A page of a collection as support sees it.
#[derive(Debug, Serialize)]
pub struct SupportView {
    /// The collection's shape.
    pub collection: CollectionShape,
    /// Its records, the newest first.
    pub records: Vec<SeenRecord>,
    /// After which the next page begins, where there is one.
    pub next: Option<RecordId>,
}

/// The shape of a collection.
#[derive(Debug, Serialize)]
pub struct CollectionShape {
    /// Its id.
    pub id: CollectionId,
    /// What a person reads.
    pub name: Label,
    /// Its fields, in the order in which a form shows them.
    pub fields: Vec<FieldShape>,
}

/// The shape of a field.
#[derive(Debug, Serialize)]
#[expect(clippy::struct_excessive_bools, reason = "as the field's own definition has them")]
pub struct FieldShape {
    /// Its name in the API.
    pub name: String,
    /// What its values are.
    pub kind: KindName,
    /// A record without it is refused.
    pub required: bool,
    /// No two records share a value.
    pub unique: bool,
    /// Can be found by its exact value.
    pub searchable: bool,
    /// Masked for members too.
    pub sensitive: bool,
}

/// A record as support sees it.
#[derive(Debug, Serialize)]
pub struct SeenRecord {
    /// Its id.
    pub id: RecordId,
    /// Counted from 1.
    pub version: i64,
    /// When it was made.
    pub created_at: Time,
    /// When it was changed last.
    pub updated_at: Time,
    /// Of each field that has a value, what may be seen of it; nothing where the record does not open.
    pub values: Option<SeenValues>,
}

/// The fields that have a value, by name.
#[derive(Debug)]
pub struct SeenValues(Vec<(String, Seen)>);

/// What support sees of a value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Seen {
    /// That it is so: a boolean, a choice, a record's id.
    State(String),
    /// That there is one.
    Something,
    /// That there is a text of so many characters.
    Text(usize),
}

impl Vault {
    /// A page of the collection that `act` is about, masked: the records made before `before`. Whoever looks first by a grant
    /// has its owners told.
    ///
    /// # Errors
    /// [`SupportRefused`].
    pub async fn view_for_support(
        &self,
        act: &OperatorAct<ViewForSupport>,
        before: Option<RecordId>,
    ) -> Result<SupportView, SupportRefused> {
        self.kernel.view_for_support(act, self.first_look, move |granted| view(granted, before)).await
    }
}

fn view(granted: &mut Granted<'_, '_>, before: Option<RecordId>) -> Result<SupportView, SupportRefused> {
    let (id, definition) = granted.collection::<CollectionBody>()?;
    let mut rows = granted.records::<RecordBody>(before, i64::try_from(PAGE + 1).unwrap_or(i64::MAX))?;
    let is_more = rows.len() > PAGE;
    rows.truncate(PAGE);
    let next = rows.last().map(|row| row.id).filter(|_| is_more);
    let records = rows.into_iter().map(|row| seen(&definition, row)).collect();
    let Definition { name, fields, .. } = definition;
    let fields = fields.into_iter().map(shape).collect();
    Ok(SupportView { collection: CollectionShape { id, name, fields }, records, next })
}

fn shape(field: Field) -> FieldShape {
    let Field { name, kind, required, unique, searchable, sensitive, .. } = field;
    FieldShape { name, kind: kind.name(), required, unique, searchable, sensitive }
}

fn seen(definition: &Definition, row: GrantedRow<Body>) -> SeenRecord {
    let GrantedRow { id, version, created_at, updated_at, body } = row;
    let values = body.ok().map(|body| masked(&definition.fields, &body.values));
    SeenRecord { id, version, created_at, updated_at, values }
}

fn masked(fields: &[Field], values: &Values) -> SeenValues {
    let of = |field: &Field| Some((field.name.clone(), mask(field, values.get(field)?)));
    SeenValues(fields.iter().filter_map(of).collect())
}

/// What support sees of a value; see the module.
fn mask(field: &Field, value: &FieldValue) -> Seen {
    match (field.kind.name(), value.as_json()) {
        _ if field.sensitive => Seen::Something,
        (KindName::Boolean, Value::Bool(is)) => Seen::State(is.to_string()),
        (KindName::Choice | KindName::Link, Value::String(text)) => Seen::State(text.clone()),
        (KindName::Text | KindName::LongText, Value::String(text)) => Seen::Text(text.chars().count()),
        _ => Seen::Something,
    }
}

impl SeenValues {
    /// Names of fields, and what may be seen of their values.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &Seen)> {
        self.0.iter().map(|(name, seen)| (name.as_str(), seen))
    }
}

impl std::fmt::Display for Seen {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::State(state) => f.write_str(state),
            Self::Something => f.write_str("…"),
            Self::Text(characters) => write!(f, "… ({characters})"),
        }
    }
}

impl Serialize for SeenValues {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.iter())
    }
}

impl Serialize for Seen {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        if let Self::State(state) = self {
            return serializer.serialize_str(state);
        }
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("masked", "…")?;
        if let Self::Text(characters) = self {
            map.serialize_entry("characters", characters)?;
        }
        map.end()
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::kernel::entropy::Entropy;
    use crate::vault::definition::define;

    /// What support sees of `value` in a field of this kind.
    fn of(kind: &str, value: Value, sensitive: bool) -> Value {
        let mut field = json!({"name": "x", "label": "X", "kind": kind, "sensitive": sensitive});
        match kind {
            "choice" => field["choices"] = json!([{"value": "paid", "label": "Paid"}]),
            "link" => field["collection"] = json!("others"),
            _ => {}
        }
        let inputs = serde_json::from_value(json!([field])).unwrap();
        let fields = define(inputs, Time::from_micros(0), &Entropy::seeded(1)).unwrap();
        let value = FieldValue::from_stored(value);
        serde_json::to_value(mask(&fields[0], &value)).unwrap()
    }

    #[test]
    fn of_each_kind_support_sees_states_alone_and_of_what_is_sensitive_not_even_those() {
        let id = "0193a0e8-4d6b-7000-8000-000000000001";
        let nothing = json!({"masked": "…"});
        for (kind, value, seen) in [
            ("text", json!("Zīle"), json!({"masked": "…", "characters": 4})),
            ("long_text", json!("a\nb"), json!({"masked": "…", "characters": 3})),
            ("number", json!("12.5"), nothing.clone()),
            ("money", json!({"amount": "12.50", "currency": "EUR"}), nothing.clone()),
            ("date", json!("1980-02-29"), nothing.clone()),
            ("boolean", json!(true), json!("true")),
            ("choice", json!("paid"), json!("paid")),
            ("email", json!("anna@example.lv"), nothing.clone()),
            ("phone", json!("+37129123456"), nothing.clone()),
            ("iban", json!("LV80BANK0000435195001"), nothing.clone()),
            ("payment_card", json!("4111111111111111"), nothing.clone()),
            ("vat_number", json!("LV40003521600"), nothing.clone()),
            ("registration_number", json!("40003521600"), nothing.clone()),
            ("country", json!("LV"), nothing.clone()),
            ("link", json!(id), json!(id)),
        ] {
            assert_eq!(of(kind, value.clone(), false), seen, "{kind}");
            assert_eq!(of(kind, value, true), nothing, "{kind}");
        }
        assert_eq!(KindName::ALL.len(), 15);
    }
}
