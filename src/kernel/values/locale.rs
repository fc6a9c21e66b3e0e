//! The languages that Seif speaks.

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::kernel::values::deserialize_parsed;

/// A language of the pages, mails and documents.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Locale {
    /// English.
    En,
    /// Latvian.
    Lv,
    /// Lithuanian.
    Lt,
    /// Estonian.
    Et,
    /// Kazakh.
    Kk,
}

/// The text names none of the languages that Seif speaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the language is one of en, lv, lt, et, kk")]
pub struct UnknownLocale;

impl Locale {
    /// All of them, in the order in which a person chooses.
    pub const ALL: [Self; 5] = [Self::En, Self::Lv, Self::Lt, Self::Et, Self::Kk];

    /// The language of a BCP 47 tag (RFC 5646); region, script and extensions do not matter: `lv`, `lv-LV`, `kk-Cyrl-KZ`.
    pub fn parse(tag: &str) -> Result<Self, UnknownLocale> {
        let tag = tag.trim();
        let is_tag = tag.len() <= 100
            && tag
                .split(['-', '_'])
                .all(|part| (1..=8).contains(&part.len()) && part.bytes().all(|byte| byte.is_ascii_alphanumeric()));
        let language = tag.split(['-', '_']).next().unwrap_or_default();
        let found = Self::ALL.into_iter().find(|locale| locale.tag().eq_ignore_ascii_case(language));
        if is_tag { found.ok_or(UnknownLocale) } else { Err(UnknownLocale) }
    }

    /// The one that an `Accept-Language` header prefers (RFC 9110 §12.5.4), the first of equals; `None` if it takes
    /// none of ours. `*` stands for English, unless that is refused.
    #[must_use]
    pub fn negotiate(accept_language: &str) -> Option<Self> {
        let ranges = || accept_language.split(',').take(MOST_RANGES).filter_map(range);
        let refused = |locale: Self| ranges().any(|(tag, weight)| weight == 0 && Self::parse(tag) == Ok(locale));
        let mut best: Option<(Self, u16)> = None;
        for (tag, weight) in ranges().filter(|(_, weight)| *weight > 0) {
            let locale =
                if tag == "*" { Self::ALL.into_iter().find(|locale| !refused(*locale)) } else { Self::parse(tag).ok() };
            if let Some(locale) = locale
                && best.is_none_or(|(_, heaviest)| weight > heaviest)
            {
                best = Some((locale, weight));
            }
        }
        best.map(|(locale, _)| locale)
    }

    /// Its BCP 47 tag.
    #[must_use]
    pub const fn tag(self) -> &'static str {
        match self {
            Self::En => "en",
            Self::Lv => "lv",
            Self::Lt => "lt",
            Self::Et => "et",
            Self::Kk => "kk",
        }
    }

    /// Its name in itself.
    #[must_use]
    pub const fn native_name(self) -> &'static str {
        match self {
            Self::En => "English",
            Self::Lv => "Latviešu",
            Self::Lt => "Lietuvių",
            Self::Et => "Eesti",
            Self::Kk => "Қазақша",
        }
    }
}

/// More ranges than any browser sends; the rest of a longer header is not read.
const MOST_RANGES: usize = 50;

/// A range of the header and its weight in thousandths; `None` for what is not one.
fn range(text: &str) -> Option<(&str, u16)> {
    let (tag, parameters) = text.split_once(';').unwrap_or((text, "q=1"));
    let weight = parameters.trim().strip_prefix(['q', 'Q'])?.trim_start().strip_prefix('=')?.trim();
    let (whole, decimals) = weight.split_once('.').unwrap_or((weight, ""));
    if decimals.len() > 3 || !decimals.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let thousandths: u16 = format!("{decimals:0<3}").parse().ok()?;
    match whole {
        "0" => Some((tag.trim(), thousandths)),
        "1" if thousandths == 0 => Some((tag.trim(), 1000)),
        _ => None,
    }
}

impl Serialize for Locale {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.tag())
    }
}

impl<'de> Deserialize<'de> for Locale {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserialize_parsed(deserializer, Self::parse, "the language is one of en, lv, lt, et, kk")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tag_means_its_language_whatever_the_region_and_case() {
        for (tag, locale) in
            [("en", Locale::En), ("LV-lv", Locale::Lv), ("lt_LT", Locale::Lt), ("kk-Cyrl-KZ", Locale::Kk)]
        {
            assert_eq!(Locale::parse(tag), Ok(locale));
        }
        for tag in ["", "e", "eng", "de", "en-", "lv LV", "lv-\u{0}", "et-toolongpart"] {
            assert_eq!(Locale::parse(tag), Err(UnknownLocale), "{tag}");
        }
    }

    #[test]
    fn the_heaviest_range_of_ours_wins_and_the_first_of_equals() {
        for (header, locale) in [
            ("lv-LV,lv;q=0.9,en;q=0.8", Some(Locale::Lv)),
            ("de, et;q=0.5, lt;q=0.7", Some(Locale::Lt)),
            ("ru, kk ; q=0.9, en;q=0.9", Some(Locale::Kk)),
            ("de, *;q=0.1", Some(Locale::En)),
            ("*, en;q=0", Some(Locale::Lv)),
            ("lv;q=0", None),
            ("de, fr", None),
            ("", None),
            ("lv;q=2, et;q=0.1", Some(Locale::Et)),
            ("lv;q=0.1234, lt;level=1, et;q=.5", None),
        ] {
            assert_eq!(Locale::negotiate(header), locale, "{header}");
        }
    }

    #[test]
    fn a_locale_is_kept_as_its_tag() {
        for locale in Locale::ALL {
            let json = serde_json::to_string(&locale).unwrap();
            assert_eq!(json, format!("\"{}\"", locale.tag()));
            assert_eq!(serde_json::from_str::<Locale>(&json).unwrap(), locale);
        }
        assert!(!serde_json::from_str::<Locale>("\"tlh\"").unwrap_err().to_string().contains("tlh"));
    }
}
