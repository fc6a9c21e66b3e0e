//! A record's values: from a request's JSON through the fields' kinds to what is sealed, and back, masked.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::sync::Arc;

use serde::de::{MapAccess, Visitor};
use serde::ser::SerializeMap as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::{Map, Value};

use crate::kernel::values::Country;
use crate::vault::definition::{Collection, Field};
use crate::vault::kinds::{FieldValue, KindName};
use crate::vault::{Error, Fault};

/// Values as a request writes them: by the field's name.
pub type Input = Map<String, Value>;

/// A record's values by their fields' keys, each in its kind's canonical form; those of removed fields too.
#[derive(Clone, PartialEq, Default)]
pub(super) struct Values(BTreeMap<u16, FieldValue>);

impl Values {
    pub(super) fn get(&self, field: &Field) -> Option<&FieldValue> {
        self.0.get(&field.key)
    }
}

impl fmt::Debug for Values {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Values(..)")
    }
}

/// Writes the values out, for a seal alone.
impl Serialize for Values {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.0.iter().map(|(key, value)| (key, value.as_json())))
    }
}

impl<'de> Deserialize<'de> for Values {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Stored;
        impl<'de> Visitor<'de> for Stored {
            type Value = Values;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("values by field")
            }
            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Values, A::Error> {
                let mut values = BTreeMap::new();
                while let Some((key, value)) = map.next_entry::<u16, Value>()? {
                    values.insert(key, FieldValue::from_stored(value));
                }
                Ok(Values(values))
            }
        }
        deserializer.deserialize_map(Stored)
    }
}

/// What becomes of values that a request does not name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Unnamed {
    /// They are cleared: the input is the whole record.
    Cleared,
    /// They stay: the input is a merge patch (RFC 7396).
    Kept,
}

/// The values that `input` makes of `before`, each checked by its kind.
///
/// A masked object, the same as was shown, keeps what is stored; null clears. `home` completes national numbers where
/// the record names no country itself. Pointers start at `at`.
///
/// # Errors
/// Each rule that a value breaks.
pub(super) fn checked(
    collection: &Collection,
    before: &Values,
    input: &Input,
    unnamed: Unnamed,
    home: Option<Country>,
    at: &str,
) -> Result<Values, Vec<Fault>> {
    let mut faults: Vec<Fault> = unknown(collection, input, at).collect();
    let country = country_of(collection, before, input, unnamed).or(home);
    let mut values = before.clone();
    for field in collection.fields() {
        match change(field, before.get(field), input.get(&field.name), unnamed, country) {
            Ok(Change::Keep) => {}
            Ok(Change::Clear) => drop(values.0.remove(&field.key)),
            Ok(Change::Set(value)) => drop(values.0.insert(field.key, value)),
            Err(Broken { code, detail }) => {
                faults.push(Fault::new(format!("{at}/{}", field.name), code, detail));
                continue;
            }
        }
        if field.required && values.get(field).is_none() {
            faults.push(Fault::new(format!("{at}/{}", field.name), "required", "The field needs a value."));
        }
    }
    if faults.is_empty() { Ok(values) } else { Err(faults) }
}

enum Change {
    Keep,
    Set(FieldValue),
    Clear,
}

struct Broken {
    code: &'static str,
    detail: std::borrow::Cow<'static, str>,
}

fn change(
    field: &Field,
    before: Option<&FieldValue>,
    input: Option<&Value>,
    unnamed: Unnamed,
    country: Option<Country>,
) -> Result<Change, Broken> {
    let input = match (input, unnamed) {
        (None, Unnamed::Kept) => return Ok(Change::Keep),
        (None, Unnamed::Cleared) | (Some(Value::Null), _) => return Ok(Change::Clear),
        (Some(input), _) => input,
    };
    if field.sensitive
        && let Some(mask) = mask_of(input)
    {
        if before.is_some_and(|value| field.kind.mask(value) == mask) {
            return Ok(Change::Keep);
        }
        let detail = "A masked object keeps what is stored, and this is not the one that was shown for it.";
        return Err(Broken { code: "not_the_mask", detail: detail.into() });
    }
    let checked = match (before, unnamed) {
        (Some(before), Unnamed::Kept) if before.as_json().is_object() && input.is_object() => {
            let mut merged = before.as_json().clone();
            merge(&mut merged, input);
            field.kind.check(&merged, country)
        }
        _ => field.kind.check(input, country),
    };
    checked.map(Change::Set).map_err(|error| Broken { code: error.code, detail: error.detail.into() })
}

/// The text of a masked object: `{"masked": "…5001"}` and nothing else.
fn mask_of(input: &Value) -> Option<&str> {
    let object = input.as_object().filter(|object| object.len() == 1)?;
    object.get("masked")?.as_str()
}

/// RFC 7396 §2, within one value.
fn merge(target: &mut Value, patch: &Value) {
    let Value::Object(members) = patch else {
        *target = patch.clone();
        return;
    };
    if !target.is_object() {
        *target = Value::Object(Map::new());
    }
    let Value::Object(object) = target else { return };
    for (name, member) in members {
        if member.is_null() {
            object.remove(name);
        } else {
            merge(object.entry(name.clone()).or_insert(Value::Null), member);
        }
    }
}

/// Names that are no field's: told by their pointer, shortened, since they are whatever the client sent.
fn unknown<'i>(collection: &'i Collection, input: &'i Input, at: &'i str) -> impl Iterator<Item = Fault> + 'i {
    input.keys().filter(|name| collection.field(name).is_none()).map(move |name| {
        let name: String = name.chars().take(40).collect();
        let pointer = format!("{at}/{}", name.replace('~', "~0").replace('/', "~1"));
        Fault::new(pointer, "unknown_field", "The collection has no field of this name.")
    })
}

/// Whether the tenant's country decides what `inputs` mean: one has a national number, and names no country.
pub(super) fn needs_home<'i>(
    collection: &Collection,
    before: &Values,
    inputs: impl IntoIterator<Item = &'i Input>,
    unnamed: Unnamed,
) -> bool {
    let national = |field: &&Field| {
        matches!(field.kind.name(), KindName::Phone | KindName::VatNumber | KindName::RegistrationNumber)
    };
    let fields: Vec<&Field> = collection.fields().iter().filter(national).collect();
    let is_national = |input: &Input| fields.iter().any(|field| input.contains_key(&field.name));
    let names_none = |input: &Input| country_of(collection, before, input, unnamed).is_none();
    inputs.into_iter().any(|input| is_national(input) && names_none(input))
}

/// The country that the record itself names, in its first field of that kind.
fn country_of(collection: &Collection, before: &Values, input: &Input, unnamed: Unnamed) -> Option<Country> {
    let field = collection.fields().iter().find(|field| field.kind.name() == KindName::Country)?;
    let stored = || Country::parse(before.get(field)?.as_json().as_str()?).ok();
    match input.get(&field.name) {
        Some(Value::String(code)) => Country::parse(code).ok(),
        Some(Value::Object(_)) => stored(),
        None if unnamed == Unnamed::Kept => stored(),
        _ => None,
    }
}

/// The sensitive fields that a caller is to see in the clear.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Revealed(BTreeSet<u16>);

impl Revealed {
    /// The fields of these names.
    pub(super) fn named(collection: &Collection, names: &[String]) -> Result<Self, Error> {
        let key = |name: &String| collection.field(name).map(|field| field.key).ok_or(Error::NothingToReveal);
        names.iter().map(key).collect::<Result<_, _>>().map(Self)
    }

    /// The sensitive ones among them that `values` has.
    pub(super) fn fields<'c>(&'c self, collection: &'c Collection) -> impl Iterator<Item = &'c Field> + 'c {
        collection.fields().iter().filter(|field| field.sensitive && self.0.contains(&field.key))
    }
}

/// A record's values as its reader may see them: sensitive ones masked, unless revealed. Fit for an answer.
#[derive(Clone)]
pub struct Shown {
    pub(super) collection: Arc<Collection>,
    pub(super) values: Values,
    pub(super) revealed: Revealed,
}

/// A value as its reader may see it.
#[derive(Debug, Clone, PartialEq)]
pub enum ShownValue<'v> {
    /// In the clear.
    Clear(&'v Value),
    /// What stands in its place.
    Masked(String),
}

impl Shown {
    /// The fields that have a value, in their order, with what may be seen of it.
    pub fn iter(&self) -> impl Iterator<Item = (&Field, ShownValue<'_>)> {
        self.collection.fields().iter().filter_map(|field| {
            let value = self.values.get(field)?;
            let shown = if field.sensitive && !self.revealed.0.contains(&field.key) {
                ShownValue::Masked(field.kind.mask(value))
            } else {
                ShownValue::Clear(value.as_json())
            };
            Some((field, shown))
        })
    }

    /// What may be seen of a field's value; nothing where it has none.
    #[must_use]
    pub fn of(&self, field: &Field) -> Option<ShownValue<'_>> {
        self.iter().find(|(known, _)| known.id == field.id).map(|(_, shown)| shown)
    }

    /// The fields whose values are others than in `before`, another version of the same record. That a masked value
    /// changed is told, not to what.
    pub fn changed_since(&self, before: &Self) -> impl Iterator<Item = &Field> {
        let differs = |field: &&Field| self.values.get(field) != before.values.get(field);
        self.collection.fields().iter().filter(differs)
    }
}

impl Serialize for Shown {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        for (field, shown) in self.iter() {
            map.serialize_entry(&field.name, &shown)?;
        }
        map.end()
    }
}

impl Serialize for ShownValue<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Clear(value) => value.serialize(serializer),
            Self::Masked(mask) => {
                let mut map = serializer.serialize_map(Some(1))?;
                map.serialize_entry("masked", mask)?;
                map.end()
            }
        }
    }
}

impl fmt::Debug for Shown {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Shown(..)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kernel::clock::Time;
    use crate::kernel::entropy::Entropy;
    use crate::kernel::ids::CollectionId;
    use crate::vault::definition::{Definition, define};
    use crate::vault::kinds::Label;
    use serde_json::json;

    fn collection() -> Collection {
        let fields = json!([
            {"name": "name", "label": "Name", "kind": "text", "required": true},
            {"name": "iban", "label": "IBAN", "kind": "iban", "sensitive": true},
            {"name": "price", "label": "Price", "kind": "money"},
            {"name": "phone", "label": "Phone", "kind": "phone"},
            {"name": "country", "label": "Country", "kind": "country"}
        ]);
        let now = Time::from_micros(0);
        let fields = define(serde_json::from_value(fields).unwrap(), now, &Entropy::seeded(1)).unwrap();
        let definition = Definition {
            slug: "x".to_owned(),
            name: Label::Plain("X".to_owned()),
            fields,
            removed: Vec::new(),
            purpose: None,
            legal_basis: None,
            retention_days: None,
        };
        let id = CollectionId::from_bytes([1; 16]);
        Collection { id, version: 1, definition, created_at: now, updated_at: now }
    }

    fn input(value: Value) -> Input {
        value.as_object().unwrap().clone()
    }

    fn made(value: Value) -> Result<Values, Vec<Fault>> {
        checked(&collection(), &Values::default(), &input(value), Unnamed::Cleared, None, "/values")
    }

    fn shown(values: Values, reveal: &[String]) -> Value {
        let collection = Arc::new(collection());
        let revealed = Revealed::named(&collection, reveal).unwrap();
        serde_json::to_value(Shown { collection, values, revealed }).unwrap()
    }

    const IBAN: &str = "LV80BANK0000435195001";

    #[test]
    fn a_sensitive_value_is_masked_until_it_is_revealed() {
        let values = made(json!({"name": "Anna", "iban": IBAN})).unwrap();
        assert_eq!(shown(values.clone(), &[]), json!({"name": "Anna", "iban": {"masked": "…5001"}}));
        assert_eq!(shown(values, &["iban".to_owned()])["iban"], json!(IBAN));
        assert_eq!(Revealed::named(&collection(), &["x".to_owned()]), Err(Error::NothingToReveal));
    }

    #[test]
    fn a_change_is_told_of_a_masked_value_too() {
        let of = |value: Value| {
            let values = made(value).unwrap();
            Shown { collection: Arc::new(collection()), values, revealed: Revealed::default() }
        };
        let before = of(json!({"name": "Anna", "iban": IBAN}));
        let after = of(json!({"name": "Anna", "iban": "LT121000011101001000", "country": "LT"}));
        let changed: Vec<&str> = after.changed_since(&before).map(|field| field.name.as_str()).collect();
        assert_eq!(changed, ["iban", "country"]);
        assert_eq!(after.changed_since(&after).count(), 0);
        assert_eq!(after.of(&collection().fields()[0]), Some(ShownValue::Clear(&json!("Anna"))));
    }

    #[test]
    fn the_same_mask_keeps_what_is_stored_and_another_is_refused() {
        let before = made(json!({"name": "Anna", "iban": IBAN})).unwrap();
        let put = |value: Value| checked(&collection(), &before, &input(value), Unnamed::Cleared, None, "/values");
        let kept = put(json!({"name": "Anna", "iban": {"masked": "…5001"}})).unwrap();
        assert_eq!(kept, before);
        let refused = put(json!({"name": "Anna", "iban": {"masked": "…5002"}})).unwrap_err();
        assert_eq!((refused[0].pointer.as_str(), refused[0].code), ("/values/iban", "not_the_mask"));
        assert!(made(json!({"name": "Anna", "iban": {"masked": "…5001"}})).is_err());
        assert!(put(json!({"name": {"masked": "…"}})).is_err());
        let cleared = put(json!({"name": "Anna"})).unwrap();
        assert_eq!(shown(cleared, &[]), json!({"name": "Anna"}));
    }

    #[test]
    fn a_patch_keeps_what_it_does_not_name_clears_null_and_merges_members() {
        let before =
            made(json!({"name": "Anna", "price": {"amount": "5", "currency": "EUR"}, "country": "LV"})).unwrap();
        let patch = |value: Value| checked(&collection(), &before, &input(value), Unnamed::Kept, None, "/values");
        let patched = patch(json!({"price": {"amount": "7"}, "country": null})).unwrap();
        assert_eq!(shown(patched, &[]), json!({"name": "Anna", "price": {"amount": "7.00", "currency": "EUR"}}));
        assert_eq!(patch(json!({"name": null})).unwrap_err()[0].code, "required");
        assert_eq!(shown(patch(json!({"phone": "29123456"})).unwrap(), &[])["phone"], json!("+37129123456"));
    }

    #[test]
    fn every_fault_is_told_by_its_pointer_and_not_by_its_value() {
        let faults = made(json!({"iban": "LV00", "a/b~c": "zebra"})).unwrap_err();
        let told: Vec<_> = faults.iter().map(|fault| (fault.pointer.as_str(), fault.code)).collect();
        assert_eq!(
            told,
            [("/values/a~1b~0c", "unknown_field"), ("/values/name", "required"), ("/values/iban", "not_an_iban")]
        );
        assert!(faults.iter().all(|fault| !fault.detail.contains("zebra") && !fault.detail.contains("LV00")));
    }

    #[test]
    fn values_read_back_as_they_were_sealed() {
        let values = made(json!({"name": "Anna", "price": {"amount": "5", "currency": "EUR"}})).unwrap();
        let text = serde_json::to_string(&values).unwrap();
        assert_eq!(serde_json::from_str::<Values>(&text).unwrap(), values);
        assert_eq!(format!("{values:?}"), "Values(..)");
    }
}
