//! A field's value, and what can be wrong with one.

use std::fmt;

use serde_json::Value;

use crate::kernel::personal::Personal;

/// A value in its kind's canonical form. Its content belongs to the tenant: `Debug` does not show it.
#[derive(Clone, PartialEq)]
pub struct FieldValue(Personal<Value>);

impl FieldValue {
    /// The value from a sealed body, where only checked ones are put.
    #[must_use]
    pub const fn from_stored(value: Value) -> Self {
        Self(Personal::new(value))
    }

    /// The value as JSON, for a sealed body or its owner. The caller answers for where it goes.
    #[must_use]
    pub fn to_json(&self) -> Value {
        self.0.reveal().clone()
    }

    /// The value as JSON, given up.
    #[must_use]
    pub fn into_json(self) -> Value {
        self.0.into_revealed()
    }

    /// The value as JSON, looked at where it is. The caller answers for where it goes.
    #[must_use]
    pub(in crate::vault) const fn as_json(&self) -> &Value {
        self.0.reveal()
    }

    /// Its text, where it is one.
    pub(super) fn as_str(&self) -> Option<&str> {
        self.0.reveal().as_str()
    }

    /// One of its members, where it has members.
    pub(super) fn member(&self, name: &str) -> Option<&str> {
        self.0.reveal().get(name)?.as_str()
    }
}

impl fmt::Debug for FieldValue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("FieldValue(..)")
    }
}

/// Why an input is no value of its kind: a stable code for programs, a sentence for people, never the input.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{detail}")]
pub struct FieldError {
    /// `snake_case`, part of the API.
    pub code: &'static str,
    /// What would be right, in English.
    pub detail: String,
}

/// The most of an input that is looked at, in bytes, where a kind has no limit of its own: no number is that long.
const LONGEST: usize = 1_024;

impl FieldError {
    pub(super) fn new(code: &'static str, detail: impl Into<String>) -> Self {
        Self { code, detail: detail.into() }
    }

    pub(super) fn wrong_type(detail: &'static str) -> Self {
        Self::new("wrong_type", detail)
    }

    pub(super) fn empty() -> Self {
        Self::new("empty", "A value cannot be empty. Leave the field out, or send null, for no value.")
    }
}

/// The input as a text, whatever its length.
pub(super) fn any_string(input: &Value) -> Result<&str, FieldError> {
    input.as_str().ok_or_else(|| FieldError::wrong_type("The value is given as a string."))
}

/// The input as a short text without spaces around it, and not empty.
pub(super) fn string(input: &Value) -> Result<&str, FieldError> {
    let text = any_string(input)?;
    if text.len() > LONGEST {
        return Err(FieldError::new("too_long", "The value is longer than any of its kind."));
    }
    let text = text.trim();
    if text.is_empty() { Err(FieldError::empty()) } else { Ok(text) }
}
