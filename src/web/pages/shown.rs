//! Personal values and secrets on their way onto a page.
//!
//! A page's context is serialised once, into the renderer; only there do these give up what they hold. Anywhere else
//! (JSON, a log field) serialising them is an error.

use minijinja::value::serializing_for_value;
use serde::{Serialize, Serializer};

use crate::kernel::personal::{Personal, Secret};

/// A personal value that a page shows to whom it belongs.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Shown(Personal<String>);

impl From<Personal<String>> for Shown {
    fn from(value: Personal<String>) -> Self {
        Self(value)
    }
}

impl From<String> for Shown {
    fn from(value: String) -> Self {
        Self(Personal::new(value))
    }
}

impl Serialize for Shown {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        into_page(self.0.reveal(), serializer)
    }
}

/// A secret that a page shows this one time: a token that was just made.
#[derive(Debug, Clone)]
pub struct ShownOnce(Secret<String>);

impl From<Secret<String>> for ShownOnce {
    fn from(value: Secret<String>) -> Self {
        Self(value)
    }
}

impl Serialize for ShownOnce {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        into_page(self.0.reveal(), serializer)
    }
}

fn into_page<S: Serializer>(value: &str, serializer: S) -> Result<S::Ok, S::Error> {
    if serializing_for_value() {
        serializer.serialize_str(value)
    } else {
        Err(serde::ser::Error::custom("only a page may show this"))
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    /// A made-up personal value for a sample.
    pub(in super::super) fn shown(text: &str) -> Shown {
        Shown(Personal::new(text.to_owned()))
    }

    #[test]
    fn a_personal_value_goes_onto_a_page_and_nowhere_else() {
        let name = shown("Anna");
        assert_eq!(minijinja::Value::from(minijinja::value::Serde(&name)).as_str(), Some("Anna"));
        assert!(serde_json::to_string(&name).is_err());
        assert_eq!(format!("{name:?}"), "Shown(Personal(..))");
        let token = ShownOnce::from(Secret::new("seif_x".to_owned()));
        assert!(serde_json::to_string(&token).is_err());
        assert_eq!(format!("{token:?}"), "ShownOnce(Secret(..))");
    }
}
