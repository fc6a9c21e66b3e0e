//! The short names that stand in addresses.

use unicode_normalization::UnicodeNormalization as _;

/// The most characters of a slug.
const LONGEST: usize = 60;

/// The most characters of a field's name.
const LONGEST_FIELD_NAME: usize = 40;

/// What stands for pages in the addresses where collections stand: `…/collections/new`.
const RESERVED: [&str; 1] = ["new"];

/// A collection's name in addresses: `[a-z0-9_-]`, 1 to 60 characters.
#[derive(Clone, PartialEq, Eq, Hash)]
pub(super) struct Slug(String);

impl Slug {
    /// The slug that `text` is, letter by letter.
    pub(super) fn parse(text: &str) -> Option<Self> {
        let allowed = |byte: u8| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'_' | b'-');
        ((1..=LONGEST).contains(&text.len()) && text.bytes().all(allowed)).then(|| Self(text.to_owned()))
    }

    /// A slug from a name in any of the languages served; `None` when nothing of it can be written so.
    pub(super) fn derive(name: &str) -> Option<Self> {
        let mut slug = String::new();
        for letter in name.chars().flat_map(char::to_lowercase).nfd() {
            match letter {
                'a'..='z' | '0'..='9' => slug.push(letter),
                _ => match transliterated(letter) {
                    Some(latin) => slug.push_str(latin),
                    None if is_mark(letter) => {}
                    None if slug.ends_with('-') || slug.is_empty() => {}
                    None => slug.push('-'),
                },
            }
        }
        slug.truncate(LONGEST);
        Self::parse(slug.trim_matches('-'))
    }

    /// Whether the slug stands for a page already, so that no new collection may have it.
    pub(super) fn is_reserved(&self) -> bool {
        RESERVED.contains(&self.0.as_str())
    }

    pub(super) fn as_str(&self) -> &str {
        &self.0
    }
}

/// A field's name in the API, from what a person calls it: the slug's letters with `_`, and none of those in `taken`.
#[must_use]
pub fn field_name(label: &str, taken: &[String]) -> String {
    let slug = Slug::derive(label).map(|slug| slug.as_str().replace('-', "_")).unwrap_or_default();
    let mut name: String =
        if slug.starts_with(|c: char| c.is_ascii_lowercase()) { slug } else { format!("field_{slug}") };
    name.truncate(LONGEST_FIELD_NAME - 4);
    let name = name.trim_end_matches('_').to_owned();
    let numbered = (2_u32..).map(|number| format!("{name}_{number}"));
    std::iter::once(name.clone()).chain(numbered).find(|name| !taken.contains(name)).unwrap_or(name)
}

fn is_mark(letter: char) -> bool {
    unicode_normalization::char::is_combining_mark(letter)
}

/// Letters that have no Latin base: Cyrillic as Kazakhstan's Latin and common use write it, and the few of Europe's.
fn transliterated(letter: char) -> Option<&'static str> {
    Some(match letter {
        'ß' => "ss",
        'æ' | 'ә' => "ae",
        'ø' | 'ө' => "o",
        'ł' => "l",
        'đ' => "d",
        'ı' | 'і' | 'и' | 'ы' => "i",
        'а' => "a",
        'б' => "b",
        'в' => "v",
        'г' | 'ғ' => "g",
        'д' => "d",
        'е' | 'э' => "e",
        'ж' => "zh",
        'з' => "z",
        'к' => "k",
        'қ' => "q",
        'л' => "l",
        'м' => "m",
        'н' => "n",
        'ң' => "ng",
        'о' => "o",
        'п' => "p",
        'р' => "r",
        'с' => "s",
        'т' => "t",
        'у' | 'ұ' | 'ү' => "u",
        'ф' => "f",
        'х' | 'һ' => "h",
        'ц' => "ts",
        'ч' => "ch",
        'ш' => "sh",
        'щ' => "shch",
        'ъ' | 'ь' => "",
        'ю' => "yu",
        'я' => "ya",
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_label_in_each_language_names_a_field_that_no_other_has() {
        let taken = ["price".to_owned(), "price_2".to_owned()];
        for (label, name) in [
            ("Šasijas numurs", "sasijas_numurs"),
            ("Price", "price_3"),
            ("2026", "field_2026"),
            ("№", "field"),
            ("Бағасы", "bagasi"),
        ] {
            assert_eq!(field_name(label, &taken), name);
        }
        assert!(field_name(&"long ".repeat(40), &[]).len() <= LONGEST_FIELD_NAME);
    }

    #[test]
    fn a_name_in_each_language_has_a_slug() {
        for (name, slug) in [
            ("Customers", "customers"),
            ("Pārdošanas rēķini", "pardosanas-rekini"),
            ("Pardavimo sąskaitos – 2026", "pardavimo-saskaitos-2026"),
            ("Töötajad / õpilased", "tootajad-opilased"),
            ("Қызметкерлер", "qizmetkerler"),
            ("  Straße  ", "strasse"),
        ] {
            assert_eq!(Slug::derive(name).unwrap().as_str(), slug, "{name}");
        }
        assert!(Slug::derive("顧客").is_none());
        assert_eq!(Slug::derive(&"ш".repeat(100)).unwrap().as_str().len(), 60);
    }

    #[test]
    fn a_slug_that_stands_for_a_page_is_reserved() {
        assert!(Slug::derive("New").unwrap().is_reserved());
        assert!(!Slug::parse("news").unwrap().is_reserved());
    }

    #[test]
    fn only_small_letters_digits_and_two_signs_make_a_slug() {
        for text in ["a", "sales_invoices", "x-1"] {
            assert!(Slug::parse(text).is_some());
        }
        for text in ["", "A", "ā", "a b", "a/b", "a.b", &"a".repeat(61)] {
            assert!(Slug::parse(text).is_none(), "{text}");
        }
    }
}
