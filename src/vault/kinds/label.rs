//! What a person reads for a field or a choice.

use std::collections::BTreeMap;
use std::fmt;

use serde::{Deserialize, Serialize};

use crate::kernel::values::Locale;

/// A text, or one by language.
///
/// A tenant's own words: `Debug` does not show them.
#[derive(Clone, PartialEq, Eq, Serialize)]
#[serde(untagged)]
pub enum Label {
    /// The same in every language.
    Plain(String),
    /// One a language; at least one.
    ByLanguage(BTreeMap<Locale, String>),
}

/// The most characters of a label.
const LONGEST: usize = 200;

impl Label {
    /// The text for someone who reads `locale`: that one, else English, else the first there is.
    #[must_use]
    pub fn in_language(&self, locale: Locale) -> &str {
        match self {
            Self::Plain(text) => text,
            Self::ByLanguage(texts) => {
                let text = texts.get(&locale).or_else(|| texts.get(&Locale::En)).or_else(|| texts.values().next());
                text.map_or("", String::as_str)
            }
        }
    }

    /// Its texts, in every language it has.
    pub fn texts(&self) -> impl Iterator<Item = &str> {
        let (plain, by_language) = match self {
            Self::Plain(text) => (Some(text.as_str()), None),
            Self::ByLanguage(texts) => (None, Some(texts.values().map(String::as_str))),
        };
        plain.into_iter().chain(by_language.into_iter().flatten())
    }

    fn is_sound(&self) -> bool {
        let is_line = |text: &str| {
            !text.trim().is_empty() && text.chars().count() <= LONGEST && !text.chars().any(char::is_control)
        };
        self.texts().next().is_some() && self.texts().all(is_line)
    }
}

impl fmt::Debug for Label {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Label(..)")
    }
}

/// Takes a label only where each text is one line of 1 to 200 characters; the error does not repeat it.
impl<'de> Deserialize<'de> for Label {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        #[serde(untagged)]
        enum Written {
            Plain(String),
            ByLanguage(BTreeMap<Locale, String>),
        }
        let label = match Written::deserialize(deserializer) {
            Ok(Written::Plain(text)) => Some(Self::Plain(text)),
            Ok(Written::ByLanguage(texts)) => Some(Self::ByLanguage(texts)),
            Err(_) => None,
        };
        label.filter(Self::is_sound).ok_or_else(|| {
            serde::de::Error::custom("a label is a text of 1 to 200 characters, or an object of them by language")
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_label_is_read_in_ones_language_or_the_nearest() {
        let label: Label = serde_json::from_str(r#"{"en": "Name", "lv": "Nosaukums"}"#).unwrap();
        assert_eq!(label.in_language(Locale::Lv), "Nosaukums");
        assert_eq!(label.in_language(Locale::Kk), "Name");
        let label: Label = serde_json::from_str(r#"{"et": "Nimi"}"#).unwrap();
        assert_eq!(label.in_language(Locale::En), "Nimi");
        let label: Label = serde_json::from_str("\"Name\"").unwrap();
        assert_eq!(label.in_language(Locale::Lt), "Name");
    }

    #[test]
    fn a_label_keeps_its_form() {
        for json in ["\"Name\"", r#"{"en":"Name","kk":"Атауы"}"#] {
            let label: Label = serde_json::from_str(json).unwrap();
            assert_eq!(serde_json::to_string(&label).unwrap(), json);
            assert_eq!(format!("{label:?}"), "Label(..)");
        }
    }

    #[test]
    fn an_unsound_label_is_refused_without_repeating_it() {
        let long = format!("\"{}\"", "zebra".repeat(50));
        for json in
            ["\"\"", "\" \"", "{}", r#"{"zebra":"x"}"#, r#"{"en":""}"#, "[\"zebra\"]", "\"zebra\\u0000\"", &long]
        {
            let error = serde_json::from_str::<Label>(json).unwrap_err().to_string();
            assert!(!error.contains("zebra"), "{error}");
        }
    }
}
