//! What is wrong with one field of what somebody sent.

use std::borrow::Cow;

/// A field, the rule that it breaks, and never its value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    /// Where it is in the request (RFC 6901).
    pub pointer: String,
    /// A stable word for programs and for translation.
    pub code: &'static str,
    /// The rule, in English.
    pub detail: Cow<'static, str>,
}

impl Fault {
    /// What is wrong at `pointer`.
    pub fn new(pointer: impl Into<String>, code: &'static str, detail: impl Into<Cow<'static, str>>) -> Self {
        Self { pointer: pointer.into(), code, detail: detail.into() }
    }
}

/// Collects faults beside the values that were right.
#[derive(Debug, Default)]
pub struct Faults(Vec<Fault>);

impl Faults {
    /// The value, or nothing and its fault written down.
    pub fn take<T>(&mut self, checked: Result<T, Fault>) -> Option<T> {
        checked.map_err(|fault| self.0.push(fault)).ok()
    }

    /// Writes a fault down.
    pub fn push(&mut self, fault: Fault) {
        self.0.push(fault);
    }

    /// Everything that was wrong.
    #[must_use]
    pub fn into_vec(self) -> Vec<Fault> {
        self.0
    }
}
