//! What a collection is: its names, its fields, and why what it holds is kept.
//!
//! A field keeps its id and its key through every renaming; a field that is removed stays as a hidden definition, so
//! that old values open. `define` makes the fields of a new collection, `redefine` those of a changed one.

use std::collections::BTreeSet;
use std::fmt;

use serde::{Deserialize, Serialize};

use crate::kernel::clock::Time;
use crate::kernel::entropy::Entropy;
use crate::kernel::ids::{CollectionId, FieldId};
use crate::vault::Fault;
use crate::vault::kinds::{Choice, Found, Kind, KindName, Label};

/// The most fields of a collection.
const MOST_FIELDS: usize = 200;
/// The most characters of a field's name.
const LONGEST_NAME: usize = 40;

/// Why personal data may be processed (GDPR, Article 6(1)).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum LegalBasis {
    /// The person agreed.
    Consent,
    /// A contract with the person needs it.
    Contract,
    /// A law demands it.
    LegalObligation,
    /// Somebody's life needs it.
    VitalInterests,
    /// A task in the public interest needs it.
    PublicTask,
    /// An interest that outweighs the person's.
    LegitimateInterest,
}

/// A field as the API writes it.
#[derive(Clone, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct FieldInput {
    /// Which field of the present definition it is; by its name when left out.
    #[schema(value_type = Option<String>, format = "uuid")]
    pub id: Option<FieldId>,
    /// `[a-z][a-z0-9_]{0,39}`, unique in the collection.
    pub name: String,
    /// What a person reads: a text, or an object of them by language.
    #[schema(value_type = serde_json::Value)]
    pub label: Label,
    /// What its values are.
    #[schema(value_type = String)]
    pub kind: KindName,
    /// A record without it is refused.
    #[serde(default)]
    pub required: Option<bool>,
    /// No two records share a value. Implies `searchable`.
    #[serde(default)]
    pub unique: Option<bool>,
    /// Can be found by its exact value.
    #[serde(default)]
    pub searchable: Option<bool>,
    /// Masked until it is revealed.
    #[serde(default)]
    pub sensitive: Option<bool>,
    /// What can be chosen: for the kind `choice`.
    #[serde(default, deserialize_with = "crate::kernel::values::objects_if_any")]
    #[schema(value_type = Option<Vec<serde_json::Value>>)]
    pub choices: Option<Vec<Choice>>,
    /// The slug of the collection that it points into: for the kind `link`.
    #[serde(default)]
    pub collection: Option<String>,
}

/// A field of a collection.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "Written", into = "Written")]
pub struct Field {
    /// Which field, whatever its name.
    pub id: FieldId,
    /// The same as a small number, under which records hold its value.
    pub key: u16,
    /// Its name in the API.
    pub name: String,
    /// What a person reads.
    pub label: Label,
    /// What its values are.
    pub kind: Kind,
    /// A record without it is refused.
    pub required: bool,
    /// No two records share a value.
    pub unique: bool,
    /// Can be found by its exact value.
    pub searchable: bool,
    /// Masked until it is revealed.
    pub sensitive: bool,
}

/// A field as it is sealed.
#[derive(Clone, Serialize, Deserialize)]
struct Written {
    id: FieldId,
    key: u16,
    name: String,
    label: Label,
    kind: KindName,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    choices: Option<Vec<Choice>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    collection: Option<String>,
    required: bool,
    unique: bool,
    searchable: bool,
    sensitive: bool,
}

impl TryFrom<Written> for Field {
    type Error = crate::vault::kinds::ParametersRefused;
    fn try_from(written: Written) -> Result<Self, Self::Error> {
        let Written { id, key, name, label, kind, choices, collection, required, unique, searchable, sensitive } =
            written;
        let kind = Kind::new(kind, choices, collection)?;
        Ok(Self { id, key, name, label, kind, required, unique, searchable, sensitive })
    }
}

impl From<Field> for Written {
    fn from(field: Field) -> Self {
        let Field { id, key, name, label, kind, required, unique, searchable, sensitive } = field;
        let name_of_kind = kind.name();
        let (choices, collection) = parameters(kind);
        Self { id, key, name, label, kind: name_of_kind, choices, collection, required, unique, searchable, sensitive }
    }
}

/// What a kind carries beside its name.
#[must_use]
pub fn parameters(kind: Kind) -> (Option<Vec<Choice>>, Option<String>) {
    match kind {
        Kind::Choice { choices } => (Some(choices), None),
        Kind::Link { collection } => (None, Some(collection)),
        _ => (None, None),
    }
}

/// A field's `Debug` tells its id alone: names and labels are the tenant's.
impl fmt::Debug for Field {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Field({})", self.id)
    }
}

/// What of a collection is sealed.
#[derive(Clone, Serialize, Deserialize)]
pub(super) struct Definition {
    pub(super) slug: String,
    pub(super) name: Label,
    pub(super) fields: Vec<Field>,
    /// Fields that were removed: their values stay in records, and nobody is shown them.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(super) removed: Vec<Field>,
    pub(super) purpose: Option<Label>,
    pub(super) legal_basis: Option<LegalBasis>,
    pub(super) retention_days: Option<u32>,
}

/// A collection, opened.
pub struct Collection {
    pub(super) id: CollectionId,
    pub(super) version: i64,
    pub(super) definition: Definition,
    pub(super) created_at: Time,
    pub(super) updated_at: Time,
}

impl Collection {
    /// The field of this name.
    pub(super) fn field(&self, name: &str) -> Option<&Field> {
        self.definition.fields.iter().find(|field| field.name == name)
    }

    /// Its fields, in the order in which a form shows them.
    pub(super) fn fields(&self) -> &[Field] {
        &self.definition.fields
    }
}

/// The fields of a new collection.
///
/// # Errors
/// Each rule that an input breaks, with its pointer.
pub(super) fn define(inputs: Vec<FieldInput>, now: Time, entropy: &Entropy) -> Result<Vec<Field>, Vec<Fault>> {
    let (fields, _) = redefine(&[], &[], inputs, KindChange::Allowed, now, entropy)?;
    Ok(fields)
}

/// Whether a field may become another kind: while no record has a value, nothing is lost.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum KindChange {
    Allowed,
    Refused,
}

/// The fields of a changed collection, and all that were ever removed.
///
/// # Errors
/// As [`define`]; another kind where [`KindChange::Refused`].
pub(super) fn redefine(
    present: &[Field],
    removed: &[Field],
    inputs: Vec<FieldInput>,
    kinds: KindChange,
    now: Time,
    entropy: &Entropy,
) -> Result<(Vec<Field>, Vec<Field>), Vec<Fault>> {
    let mut faults = Vec::new();
    if !(1..=MOST_FIELDS).contains(&inputs.len()) {
        faults.push(Fault::new("/fields", "count", "A collection has 1 to 200 fields."));
        return Err(faults);
    }
    let (mut names, mut taken) = (BTreeSet::new(), BTreeSet::new());
    let mut next = present.iter().chain(removed).map(|field| field.key).max().map_or(1, |key| key.saturating_add(1));
    let mut fields = Vec::with_capacity(inputs.len());
    for (number, input) in inputs.into_iter().enumerate() {
        let at = |member: &str| format!("/fields/{number}/{member}");
        if !names.insert(input.name.clone()) {
            faults.push(Fault::new(at("name"), "repeated", "No two fields have the same name."));
        }
        let before = match input.id {
            Some(id) => present.iter().find(|field| field.id == id),
            None => present.iter().find(|field| field.name == input.name),
        };
        if input.id.is_some() && before.is_none() {
            faults.push(Fault::new(at("id"), "no_such_field", "The collection has no field of this id."));
        }
        if before.is_some_and(|field| !taken.insert(field.id)) {
            faults.push(Fault::new(at("id"), "repeated", "No two fields have the same id."));
        }
        match field(input, before, kinds, &at) {
            Ok(mut field) => {
                if before.is_none() {
                    (field.id, field.key) = (FieldId::new(now, entropy), next);
                    next = next.saturating_add(1);
                }
                fields.push(field);
            }
            Err(found) => faults.extend(found),
        }
    }
    if next == u16::MAX {
        faults.push(Fault::new("/fields", "count", "The collection has had as many fields as it can."));
    }
    if !faults.is_empty() {
        return Err(faults);
    }
    let gone = present.iter().filter(|field| !taken.contains(&field.id)).cloned();
    let removed = removed.iter().cloned().chain(gone).collect();
    Ok((fields, removed))
}

fn field(
    input: FieldInput,
    before: Option<&Field>,
    kinds: KindChange,
    at: &dyn Fn(&str) -> String,
) -> Result<Field, Vec<Fault>> {
    let mut faults = Vec::new();
    if !is_name(&input.name) {
        faults.push(Fault::new(at("name"), "not_a_name", "A name is [a-z][a-z0-9_]{0,39}."));
    }
    let unique = input.unique.unwrap_or_default();
    let searchable = unique || input.searchable.unwrap_or_default();
    if searchable && input.kind.found() == Found::ByWords {
        let member = if unique { "unique" } else { "searchable" };
        faults.push(Fault::new(
            at(member),
            "not_searchable",
            "Values of this kind are found by their words alone: they can be neither searchable nor unique.",
        ));
    }
    if input.collection.as_deref().is_some_and(|slug| super::slug::Slug::parse(slug).is_none()) {
        faults.push(Fault::new(at("collection"), "not_a_slug", "A slug is [a-z0-9_-], 1 to 60 characters."));
    }
    let kind = match Kind::new(input.kind, input.choices, input.collection) {
        Ok(kind) => kind,
        Err(error) => {
            faults.push(Fault::new(at("kind"), "wrong_parameters", error.to_string()));
            return Err(faults);
        }
    };
    if kinds == KindChange::Refused && before.is_some_and(|field| !is_same(&field.kind, &kind)) {
        faults.push(Fault::new(
            at("kind"),
            "kind_fixed",
            "The kind of a field stays while the collection has records: add another field instead.",
        ));
    }
    if !faults.is_empty() {
        return Err(faults);
    }
    Ok(Field {
        id: before.map_or(FieldId::from_bytes([0; 16]), |field| field.id),
        key: before.map_or(0, |field| field.key),
        name: input.name,
        label: input.label,
        kind,
        required: input.required.unwrap_or_default(),
        unique,
        searchable,
        sensitive: input.sensitive.unwrap_or_default(),
    })
}

fn is_name(name: &str) -> bool {
    let mut bytes = name.bytes();
    name.len() <= LONGEST_NAME
        && bytes.next().is_some_and(|first| first.is_ascii_lowercase())
        && bytes.all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_')
}

/// Whether values of the one are values of the other; a list of choices may change.
fn is_same(one: &Kind, other: &Kind) -> bool {
    match (one, other) {
        (Kind::Link { collection: one }, Kind::Link { collection: other }) => one == other,
        _ => one.name() == other.name(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn inputs(fields: serde_json::Value) -> Vec<FieldInput> {
        serde_json::from_value(fields).unwrap()
    }

    fn defined(fields: serde_json::Value) -> Result<Vec<Field>, Vec<Fault>> {
        define(inputs(fields), Time::from_micros(0), &Entropy::seeded(1))
    }

    fn changed(
        present: &[Field],
        fields: serde_json::Value,
        kinds: KindChange,
    ) -> Result<(Vec<Field>, Vec<Field>), Vec<Fault>> {
        redefine(present, &[], inputs(fields), kinds, Time::from_micros(0), &Entropy::seeded(2))
    }

    #[test]
    fn a_field_survives_its_renaming_and_a_removed_one_stays_hidden() {
        let two = json!([{"name": "name", "label": "Name", "kind": "text"}, {"name": "phone", "label": "P", "kind": "phone"}]);
        let present = defined(two).unwrap();
        let renamed = json!([{"id": present[0].id, "name": "legal_name", "label": "Name", "kind": "text"},
            {"name": "email", "label": "E-mail", "kind": "email", "unique": true}]);
        let (fields, removed) = changed(&present, renamed, KindChange::Refused).unwrap();
        assert_eq!((fields[0].id, fields[0].key), (present[0].id, present[0].key));
        assert_eq!(fields[0].name, "legal_name");
        assert_eq!(removed, [present[1].clone()]);
        assert!(fields[1].key > present[1].key && fields[1].searchable);
    }

    #[test]
    fn a_kind_stays_while_there_are_records() {
        let present = defined(json!([{"name": "x", "label": "X", "kind": "text"}])).unwrap();
        let other = json!([{"name": "x", "label": "X", "kind": "date"}]);
        assert_eq!(changed(&present, other.clone(), KindChange::Refused).unwrap_err()[0].code, "kind_fixed");
        assert_eq!(changed(&present, other, KindChange::Allowed).unwrap().0[0].key, present[0].key);
    }

    #[test]
    fn each_broken_rule_has_its_pointer() {
        for (fields, pointer, code) in [
            (json!([]), "/fields", "count"),
            (json!([{"name": "X", "label": "X", "kind": "text"}]), "/fields/0/name", "not_a_name"),
            (
                json!([{"name": "x", "label": "X", "kind": "text"}, {"name": "x", "label": "X", "kind": "text"}]),
                "/fields/1/name",
                "repeated",
            ),
            (
                json!([{"name": "x", "label": "X", "kind": "payment_card", "searchable": true}]),
                "/fields/0/searchable",
                "not_searchable",
            ),
            (
                json!([{"name": "x", "label": "X", "kind": "boolean", "unique": true}]),
                "/fields/0/unique",
                "not_searchable",
            ),
            (json!([{"name": "x", "label": "X", "kind": "choice"}]), "/fields/0/kind", "wrong_parameters"),
            (
                json!([{"name": "x", "label": "X", "kind": "link", "collection": "A b"}]),
                "/fields/0/collection",
                "not_a_slug",
            ),
            (
                json!([{"id": "01890a5d-ac96-774b-bcce-b302099a8057", "name": "x", "label": "X", "kind": "text"}]),
                "/fields/0/id",
                "no_such_field",
            ),
        ] {
            let faults = defined(fields).unwrap_err();
            assert_eq!((faults[0].pointer.as_str(), faults[0].code), (pointer, code));
        }
    }

    #[test]
    fn a_field_reads_back_as_it_was_sealed() {
        let fields = defined(json!([
            {"name": "x", "label": {"en": "X"}, "kind": "choice", "choices": [{"value": "a", "label": "A"}]},
            {"name": "y", "label": "Y", "kind": "link", "collection": "customers", "sensitive": true}
        ]))
        .unwrap();
        let text = serde_json::to_string(&fields).unwrap();
        assert_eq!(serde_json::from_str::<Vec<Field>>(&text).unwrap(), fields);
    }
}
