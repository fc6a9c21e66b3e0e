//! What pages say, in five languages: Fluent messages from `src/web/texts`, part of the program.
//!
//! The five files have the same keys and the same variables, which tests here hold. A key that does not exist, or a
//! variable that was not given, is an error and never a gap on a page.

use std::sync::LazyLock;

use fluent_bundle::concurrent::FluentBundle;
use fluent_bundle::{FluentArgs, FluentResource};
use unic_langid::LanguageIdentifier;

use crate::kernel::values::Locale;

/// Why a text could not be said.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TextError {
    /// The file of that language cannot be read as Fluent.
    #[error("the texts in {0:?} are not well-formed")]
    Malformed(Locale),
    /// No text has that key.
    #[error("no text {key} in {locale:?}")]
    Missing {
        /// The key.
        key: String,
        /// The language.
        locale: Locale,
    },
    /// The text names a variable that was not given.
    #[error("the text {key} in {locale:?} wants another variable")]
    Unfilled {
        /// The key.
        key: String,
        /// The language.
        locale: Locale,
    },
}

/// The texts of one language.
pub struct Texts {
    locale: Locale,
    bundle: FluentBundle<FluentResource>,
}

impl Texts {
    /// The texts of `locale`, read once.
    ///
    /// # Errors
    /// [`TextError::Malformed`], which a test rules out.
    pub fn of(locale: Locale) -> Result<&'static Self, TextError> {
        static ALL: LazyLock<Vec<Result<Texts, TextError>>> =
            LazyLock::new(|| Locale::ALL.into_iter().map(Texts::read).collect());
        match ALL.iter().zip(Locale::ALL).find(|(_, of)| *of == locale) {
            Some((Ok(texts), _)) => Ok(texts),
            _ => Err(TextError::Malformed(locale)),
        }
    }

    fn read(locale: Locale) -> Result<Self, TextError> {
        let malformed = || TextError::Malformed(locale);
        let language: LanguageIdentifier = locale.tag().parse().map_err(|_| malformed())?;
        let resource = FluentResource::try_new(source(locale).to_owned()).map_err(|_| malformed())?;
        let mut bundle = FluentBundle::new_concurrent(vec![language]);
        // All five are written from left to right: nothing to isolate, and marks would end up in titles.
        bundle.set_use_isolating(false);
        bundle.add_resource(resource).map_err(|_| malformed())?;
        Ok(Self { locale, bundle })
    }

    /// The text of `key`, its variables filled in. Plain text: whoever puts it into HTML escapes it.
    ///
    /// # Errors
    /// [`TextError::Missing`], [`TextError::Unfilled`].
    pub fn say(&self, key: &str, args: &FluentArgs<'_>) -> Result<String, TextError> {
        let missing = || TextError::Missing { key: key.to_owned(), locale: self.locale };
        let pattern = self.bundle.get_message(key).and_then(|message| message.value()).ok_or_else(missing)?;
        let mut errors = Vec::new();
        let text = self.bundle.format_pattern(pattern, Some(args), &mut errors).into_owned();
        if errors.is_empty() { Ok(text) } else { Err(TextError::Unfilled { key: key.to_owned(), locale: self.locale }) }
    }

    /// The text of `key`, or, where there is none, that of `otherwise`. Neither has variables.
    ///
    /// # Errors
    /// As for [`Texts::say`] with `otherwise`.
    pub fn say_or(&self, key: &str, otherwise: &str) -> Result<String, TextError> {
        let key = if self.bundle.has_message(key) { key } else { otherwise };
        self.say(key, &FluentArgs::new())
    }
}

const fn source(locale: Locale) -> &'static str {
    match locale {
        Locale::En => include_str!("../texts/en.ftl"),
        Locale::Lv => include_str!("../texts/lv.ftl"),
        Locale::Lt => include_str!("../texts/lt.ftl"),
        Locale::Et => include_str!("../texts/et.ftl"),
        Locale::Kk => include_str!("../texts/kk.ftl"),
    }
}

#[cfg(test)]
pub(super) mod tests {
    use std::collections::{BTreeMap, BTreeSet};

    use super::*;

    /// The keys of a language with the variables that each text names.
    pub(in super::super) fn keys(locale: Locale) -> BTreeMap<String, BTreeSet<String>> {
        let mut all: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
        let mut current = String::new();
        for line in source(locale).lines().filter(|line| !line.starts_with('#')) {
            if line.starts_with(|c: char| c.is_ascii_lowercase()) {
                current = line.split_once(" =").unwrap().0.to_owned();
                assert!(all.insert(current.clone(), BTreeSet::new()).is_none(), "{current} twice in {locale:?}");
            }
            for (at, _) in line.match_indices('$') {
                let name = line[at + 1..].split(|c: char| !c.is_ascii_alphanumeric() && c != '_').next().unwrap();
                all.get_mut(&current).unwrap().insert(name.to_owned());
            }
        }
        all
    }

    #[test]
    fn the_five_languages_have_the_same_keys_and_variables() {
        let english = keys(Locale::En);
        assert!(english.len() > 100, "{} keys", english.len());
        for locale in Locale::ALL {
            let own = keys(locale);
            let missing: Vec<_> = english.keys().filter(|key| !own.contains_key(*key)).collect();
            let extra: Vec<_> = own.keys().filter(|key| !english.contains_key(*key)).collect();
            assert!(missing.is_empty() && extra.is_empty(), "{locale:?} lacks {missing:?} and adds {extra:?}");
            for (key, variables) in &own {
                assert_eq!(variables, &english[key], "variables of {key} in {locale:?}");
            }
        }
    }

    #[test]
    fn every_language_is_well_formed_and_says_every_key() {
        for locale in Locale::ALL {
            let texts = Texts::of(locale).unwrap();
            for (key, variables) in keys(locale) {
                let mut args = FluentArgs::new();
                for variable in variables {
                    args.set(variable, 2);
                }
                let text = texts.say(&key, &args).unwrap();
                assert!(!text.trim().is_empty(), "{key} in {locale:?} says nothing");
                assert!(!text.contains(['{', '}']), "{key} in {locale:?}: {text}");
            }
        }
    }

    #[test]
    fn a_missing_key_or_variable_is_an_error() {
        let texts = Texts::of(Locale::Lv).unwrap();
        let none = FluentArgs::new();
        assert!(matches!(texts.say("no-such-key", &none), Err(TextError::Missing { .. })));
        let (with_variable, _) = keys(Locale::Lv).into_iter().find(|(_, v)| !v.is_empty()).unwrap();
        assert!(matches!(texts.say(&with_variable, &none), Err(TextError::Unfilled { .. })));
    }

    /// A text that is the same in English and elsewhere was most likely never translated.
    #[test]
    fn texts_differ_from_the_english_ones() {
        let english = Texts::of(Locale::En).unwrap();
        for locale in Locale::ALL.into_iter().filter(|locale| *locale != Locale::En) {
            let texts = Texts::of(locale).unwrap();
            for (key, variables) in keys(locale).iter().filter(|(_, variables)| variables.is_empty()) {
                let none = FluentArgs::new();
                let (here, there) = (texts.say(key, &none).unwrap(), english.say(key, &none).unwrap());
                assert!(variables.is_empty());
                assert!(here != there || there.split_whitespace().count() < 3, "{key} in {locale:?}: {here}");
            }
        }
    }

    #[test]
    fn kazakh_is_in_cyrillic_with_its_own_letters() {
        let text = source(Locale::Kk);
        for letter in ['ә', 'ғ', 'қ', 'ң', 'ө', 'ұ', 'ү', 'һ', 'і'].into_iter().filter(|l| *l != 'һ') {
            assert!(text.contains(letter), "no {letter}");
        }
    }
}
