//! Kinds that pick: one of the field's choices, yes or no, another record.

use std::collections::BTreeSet;
use std::fmt;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::kernel::ids::RecordId;
use crate::kernel::values::nfc;
use crate::vault::kinds::label::Label;
use crate::vault::kinds::value::{FieldError, string};

/// Something that can be chosen: what is stored, and what a person reads.
///
/// A tenant's own words: `Debug` does not show them.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Choice {
    /// What a record holds: one line, at most 100 characters.
    pub value: String,
    /// What a person reads.
    pub label: Label,
}

impl fmt::Debug for Choice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Choice(..)")
    }
}

/// Why a list of choices does not hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ChoicesRefused {
    /// None, or more than 200.
    #[error("a choice has 1 to 200 choices")]
    Count,
    /// A value is empty, longer than 100 characters, or not one line.
    #[error("a choice's value is one line of 1 to 100 characters")]
    Value,
    /// Two choices have the same value.
    #[error("no two choices have the same value")]
    Repeated,
}

/// The choices with their values composed and trimmed, if they hold.
pub(super) fn checked(choices: Vec<Choice>) -> Result<Vec<Choice>, ChoicesRefused> {
    if !(1..=200).contains(&choices.len()) {
        return Err(ChoicesRefused::Count);
    }
    let choices: Vec<Choice> =
        choices.into_iter().map(|Choice { value, label }| Choice { value: nfc(value.trim()), label }).collect();
    let is_line = |value: &str| (1..=100).contains(&value.chars().count()) && !value.chars().any(char::is_control);
    if !choices.iter().all(|choice| is_line(&choice.value)) {
        return Err(ChoicesRefused::Value);
    }
    let distinct: BTreeSet<&str> = choices.iter().map(|choice| choice.value.as_str()).collect();
    if distinct.len() == choices.len() { Ok(choices) } else { Err(ChoicesRefused::Repeated) }
}

/// The value of one of the choices, exactly.
pub(super) fn one_of(choices: &[Choice], input: &Value) -> Result<String, FieldError> {
    let value = nfc(string(input)?);
    if choices.iter().any(|choice| choice.value == value) {
        Ok(value)
    } else {
        Err(FieldError::new("not_a_choice", "The value is not one of the field's choices."))
    }
}

/// The chosen value and its labels in every language.
pub(super) fn words(choices: &[Choice], value: &str) -> String {
    let labels = choices.iter().filter(|choice| choice.value == value).flat_map(|choice| choice.label.texts());
    std::iter::once(value).chain(labels).collect::<Vec<_>>().join(" ")
}

/// `true` or `false`, not a word for it.
pub(super) fn boolean(input: &Value) -> Result<Value, FieldError> {
    if input.is_boolean() { Ok(input.clone()) } else { Err(FieldError::wrong_type("The value is true or false.")) }
}

/// A record's id. Whether there is such a record is asked where the records are.
pub(super) fn link(input: &Value) -> Result<String, FieldError> {
    let id: RecordId = string(input)?
        .parse()
        .map_err(|_| FieldError::new("not_an_id", "A link is the id of a record, a UUID in its hyphenated form."))?;
    Ok(id.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn choices(values: &[&str]) -> Vec<Choice> {
        values.iter().map(|&value| Choice { value: value.to_owned(), label: Label::Plain(value.to_owned()) }).collect()
    }

    #[test]
    fn only_one_of_the_choices_is_taken() {
        let choices = checked(choices(&["person", "Ri\u{304}ga"])).unwrap();
        assert_eq!(one_of(&choices, &json!(" person ")).unwrap(), "person");
        assert_eq!(one_of(&choices, &json!("Rīga")).unwrap(), "Rīga");
        for input in [json!("Person"), json!("company")] {
            assert_eq!(one_of(&choices, &input).unwrap_err().code, "not_a_choice");
        }
        assert_eq!(one_of(&choices, &json!(1)).unwrap_err().code, "wrong_type");
    }

    #[test]
    fn a_list_of_choices_holds_or_is_refused() {
        assert_eq!(checked(vec![]), Err(ChoicesRefused::Count));
        assert_eq!(checked(choices(&["a"; 201])), Err(ChoicesRefused::Count));
        assert_eq!(checked(choices(&["a", " "])), Err(ChoicesRefused::Value));
        assert_eq!(checked(choices(&["a\nb"])), Err(ChoicesRefused::Value));
        assert_eq!(checked(choices(&["a", " a"])), Err(ChoicesRefused::Repeated));
        assert!(serde_json::from_value::<Choice>(json!({"value": "a", "label": "A", "extra": 1})).is_err());
    }

    #[test]
    fn a_boolean_is_no_word_or_number() {
        assert_eq!(boolean(&json!(false)).unwrap(), json!(false));
        for input in [json!("true"), json!(1), json!(null)] {
            assert_eq!(boolean(&input).unwrap_err().code, "wrong_type");
        }
    }

    #[test]
    fn a_link_is_a_hyphenated_id_in_small_letters() {
        let id = "01890A5D-AC96-774B-BCCE-B302099A8057";
        assert_eq!(link(&json!(id)).unwrap(), id.to_lowercase());
        for text in ["01890a5dac96774bbcceb302099a8057", "{01890a5d-ac96-774b-bcce-b302099a8057}", "customers/1"] {
            assert_eq!(link(&json!(text)).unwrap_err().code, "not_an_id");
        }
    }
}
