//! E-mail addresses (RFC 5321 §4.1.2, RFC 6531 §3.3), as far as people have them.

use std::fmt;
use std::hash::{Hash, Hasher};

use crate::kernel::personal::Personal;
use crate::kernel::values::{deserialize_parsed, folded, nfc};

/// An address that mail can be sent to: a dot-atom, `@`, and a domain of two labels or more.
///
/// Letters of any script are taken in both parts. Quoted local parts and address literals are not: nobody signs up
/// with one, and each reader of mail understands them differently. Two addresses are equal when they are the same
/// [normalised](Self::normalised).
#[derive(Clone)]
pub struct EmailAddress(Personal<String>);

/// The text is not an address that mail can be sent to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NotAnEmail {
    /// It lacks the `@`, or a part beside it.
    #[error("an e-mail address is a name, an @ and a domain")]
    Form,
    /// The part before the `@` holds a character that none may, or a dot out of place.
    #[error("the part before the @ holds a character or a dot that it may not")]
    LocalPart,
    /// The part after the `@` is not a host name of two labels or more.
    #[error("the part after the @ is not a domain")]
    Domain,
    /// Longer than 254 bytes, or 64 before the `@` (RFC 5321 §4.5.3.1, erratum 1690).
    #[error("an e-mail address has at most 254 bytes, and 64 before the @")]
    TooLong,
}

impl EmailAddress {
    /// The address that `text` writes, spaces around it aside.
    pub fn parse(text: &str) -> Result<Self, NotAnEmail> {
        let text = nfc(text.trim());
        let (local, domain) = text.rsplit_once('@').ok_or(NotAnEmail::Form)?;
        if local.is_empty() || domain.is_empty() {
            return Err(NotAnEmail::Form);
        }
        if text.len() > 254 || local.len() > 64 {
            return Err(NotAnEmail::TooLong);
        }
        if !local.split('.').all(is_atom) {
            return Err(NotAnEmail::LocalPart);
        }
        if !is_domain(domain) {
            return Err(NotAnEmail::Domain);
        }
        Ok(Self(Personal::new(text)))
    }

    /// The address as a look-up sees it: composed and without case, in both parts.
    ///
    /// A server may tell `Anna@` from `anna@`; none in use does, and people do not.
    #[must_use]
    pub fn normalised(&self) -> Personal<String> {
        Personal::new(folded(self.0.reveal()))
    }

    /// The address as it was typed. The caller answers for where it goes.
    #[must_use]
    pub const fn display(&self) -> &str {
        self.0.reveal().as_str()
    }

    /// What its owner recognises and nobody else completes: `a…@example.lv`. A name of one or two letters is not shown.
    #[must_use]
    pub fn masked(&self) -> String {
        let (local, domain) = self.0.reveal().rsplit_once('@').unwrap_or_default();
        let first = if local.chars().count() < 3 { None } else { local.chars().next() };
        first.into_iter().chain("…@".chars()).chain(domain.chars()).collect()
    }

    /// The text for a sealed body.
    #[must_use]
    pub fn to_stored(&self) -> String {
        self.0.reveal().clone()
    }

    /// The address from a sealed body.
    pub fn from_stored(text: &str) -> Result<Self, NotAnEmail> {
        Self::parse(text)
    }
}

/// RFC 5322 §3.2.3 `atext`, with RFC 6532's letters beyond ASCII; nothing that cannot be seen.
fn is_atom(atom: &str) -> bool {
    !atom.is_empty()
        && atom.chars().all(|c| match c {
            'a'..='z' | 'A'..='Z' | '0'..='9' => true,
            c if c.is_ascii() => "!#$%&'*+/=?^_`{|}~-".contains(c),
            c => is_visible(c),
        })
}

/// Host names (RFC 1123 §2.1), with letters of any script; the last label is not a number, so no bare IPv4 address.
fn is_domain(domain: &str) -> bool {
    let labels: Vec<&str> = domain.split('.').collect();
    let is_label = |label: &&str| {
        (1..=63).contains(&label.len())
            && !label.starts_with('-')
            && !label.ends_with('-')
            && label.chars().all(|c| if c.is_ascii() { c.is_ascii_alphanumeric() || c == '-' } else { is_visible(c) })
    };
    let is_named = |label: &&str| label.chars().any(|c| !c.is_ascii_digit());
    domain.len() <= 253 && labels.len() >= 2 && labels.iter().all(is_label) && labels.last().is_some_and(is_named)
}

/// Whether a character beyond ASCII shows: no spaces, controls, joiners, direction marks, private or non-characters,
/// nor the look-alikes of `.` and `@`.
fn is_visible(c: char) -> bool {
    !c.is_control()
        && !c.is_whitespace()
        && !matches!(c, '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{fff0}'..='\u{ffff}' | '\u{fdd0}'..='\u{fdef}'
            | '\u{e000}'..='\u{f8ff}' | '\u{e0000}'..='\u{10ffff}'
            | '\u{3002}' | '\u{ff0e}' | '\u{ff61}' | '\u{ff20}' | '\u{fe6b}')
}

impl PartialEq for EmailAddress {
    fn eq(&self, other: &Self) -> bool {
        self.normalised() == other.normalised()
    }
}

impl Eq for EmailAddress {}

impl Hash for EmailAddress {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.normalised().hash(state);
    }
}

impl fmt::Debug for EmailAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("EmailAddress(..)")
    }
}

impl<'de> serde::Deserialize<'de> for EmailAddress {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserialize_parsed(deserializer, Self::parse, "not an e-mail address")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn addresses_that_people_have_are_taken() {
        for text in [
            "anna@example.lv",
            "  Anna.Berzina+shop@Example.LV ",
            "o'brien_1@mail-2.example.co.uk",
            "jānis@piemērs.lv",
            "пошта@пример.қаз",
            "a@xn--mller-kva.de",
            "x@1.example",
        ] {
            assert!(EmailAddress::parse(text).is_ok(), "{text}");
        }
    }

    #[test]
    fn what_is_not_an_address_is_refused_with_its_reason() {
        let long_local = format!("{}@example.lv", "a".repeat(65));
        let long = format!("a@{}lv", "abcdefg.".repeat(32));
        for (text, why) in [
            ("", NotAnEmail::Form),
            ("anna", NotAnEmail::Form),
            ("@example.lv", NotAnEmail::Form),
            ("anna@", NotAnEmail::Form),
            ("an na@example.lv", NotAnEmail::LocalPart),
            (".anna@example.lv", NotAnEmail::LocalPart),
            ("an..na@example.lv", NotAnEmail::LocalPart),
            ("\"anna b\"@example.lv", NotAnEmail::LocalPart),
            ("a@b@example.lv", NotAnEmail::LocalPart),
            ("an\u{200b}na@example.lv", NotAnEmail::LocalPart),
            ("anna\0@example.lv", NotAnEmail::LocalPart),
            ("anna@localhost", NotAnEmail::Domain),
            ("anna@[192.0.2.1]", NotAnEmail::Domain),
            ("anna@192.0.2.1", NotAnEmail::Domain),
            ("anna@-example.lv", NotAnEmail::Domain),
            ("anna@example.lv.", NotAnEmail::Domain),
            ("anna@exam_ple.lv", NotAnEmail::Domain),
            ("anna@example.lv\r\nBcc: x@example.lv", NotAnEmail::LocalPart),
            (&long_local, NotAnEmail::TooLong),
            (&long, NotAnEmail::TooLong),
        ] {
            assert_eq!(EmailAddress::parse(text).unwrap_err(), why, "{text}");
        }
    }

    #[test]
    fn an_address_keeps_its_spelling_and_is_found_by_any() {
        let typed = EmailAddress::parse(" Ja\u{304}nis@Piemērs.LV ").unwrap();
        assert_eq!(typed.display(), "Jānis@Piemērs.LV");
        assert_eq!(typed.normalised().reveal(), "jānis@piemērs.lv");
        assert_eq!(typed, EmailAddress::parse("JĀNIS@piemērs.lv").unwrap());
        assert_eq!(EmailAddress::from_stored(&typed.to_stored()).unwrap().display(), typed.display());
    }

    #[test]
    fn a_mask_shows_the_first_letter_of_a_name_long_enough() {
        assert_eq!(EmailAddress::parse("anna@example.lv").unwrap().masked(), "a…@example.lv");
        assert_eq!(EmailAddress::parse("al@example.lv").unwrap().masked(), "…@example.lv");
    }

    #[test]
    fn neither_debug_output_nor_errors_repeat_an_address() {
        let shown = format!("{:?}", EmailAddress::parse("anna@example.lv").unwrap());
        assert_eq!(shown, "EmailAddress(..)");
        let error = serde_json::from_str::<EmailAddress>("\"anna@example\"").unwrap_err().to_string();
        assert!(!error.contains("anna"), "{error}");
        let error = serde_json::from_str::<EmailAddress>("424242").unwrap_err().to_string();
        assert!(!error.contains("424242"), "{error}");
    }

    proptest! {
        #[test]
        fn what_was_parsed_parses_again_to_the_same(text in "[\\PC]{1,12}@[\\PC]{1,12}\\.[a-zA-Zа-яā]{2,5}") {
            if let Ok(address) = EmailAddress::parse(&text) {
                let again = EmailAddress::from_stored(&address.to_stored()).unwrap();
                prop_assert_eq!(again.display(), address.display());
            }
        }
    }
}
