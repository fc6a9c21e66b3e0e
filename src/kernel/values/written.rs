//! Text as people write it: one form for the same characters, one form for look-ups, and the end of a number.

use unicode_normalization::{IsNormalized, UnicodeNormalization, is_nfc_quick};

/// The same characters in their composed form (Unicode Normalization Form C, UAX #15).
#[must_use]
pub fn nfc(text: &str) -> String {
    // Nearly all text is composed already, and to see that costs a tenth of composing it.
    match is_nfc_quick(text.chars()) {
        IsNormalized::Yes => text.to_owned(),
        _ => text.nfc().collect(),
    }
}

/// What two spellings of the same words have in common: composed, without case, trimmed, one space between words.
///
/// For comparing and for look-up tags, never for showing. Folding a folded text changes nothing.
#[must_use]
pub fn folded(text: &str) -> String {
    let spaced = text.split_whitespace().collect::<Vec<_>>().join(" ");
    if spaced.is_ascii() {
        return spaced.to_ascii_lowercase();
    }
    // Upper case first merges letters that share one (ß and ss, σ and ς); the composed form is taken before and after,
    // since case mappings of composed and decomposed letters differ.
    let mut text = nfc(&spaced);
    for _ in 0..ROUNDS {
        let next = without_case(&text);
        if next == text {
            break;
        }
        text = next;
    }
    text
}

/// Enough for every letter of Unicode to come to rest; one or two are the rule.
const ROUNDS: usize = 4;

fn without_case(text: &str) -> String {
    text.chars().flat_map(char::to_uppercase).flat_map(char::to_lowercase).nfc().collect()
}

/// The end of a number, for someone who knows the whole: at most the last four characters and at most a third.
#[must_use]
pub fn tail(text: &str) -> String {
    let length = text.chars().count();
    let shown = (length / 3).min(4);
    std::iter::once('…').chain(text.chars().skip(length - shown)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn spellings_of_the_same_words_fold_to_one() {
        for (left, right) in [
            ("  SIA  Rīta\tRasa ", "sia rīta rasa"),
            ("Ri\u{304}ta", "RĪTA"),
            ("STRASSE", "straße"),
            ("ΟΔΟΣ", "οδος"),
            ("ҚАЗАҚСТАН", "қазақстан"),
        ] {
            assert_eq!(folded(left), folded(right));
        }
        assert_ne!(folded("Rīta"), folded("Rita"));
    }

    #[test]
    fn a_tail_is_at_most_four_characters_and_a_third() {
        assert_eq!(tail("+37129123456"), "…3456");
        assert_eq!(tail("LV80BANK0000435195001"), "…5001");
        assert_eq!(tail("12345"), "…5");
        assert_eq!(tail("12"), "…");
        assert_eq!(tail(""), "…");
    }

    #[test]
    fn every_letter_of_unicode_folds_to_a_fixed_point() {
        for letter in '\0'..=char::MAX {
            let once = folded(&letter.to_string());
            assert_eq!(folded(&once), once, "U+{:04X}", u32::from(letter));
        }
    }

    proptest! {
        #[test]
        fn what_is_composed_already_comes_out_as_if_it_had_been_composed(text in "[a-zA-Z0-9 ]{0,8}\\PC{0,8}[a\u{304}e\u{308}]{0,4}") {
            prop_assert_eq!(nfc(&text), text.nfc().collect::<String>());
        }

        #[test]
        fn plain_letters_fold_as_all_others_do(text in "[ -~]{0,40}") {
            let spaced = text.split_whitespace().collect::<Vec<_>>().join(" ");
            prop_assert_eq!(folded(&text), without_case(&spaced));
        }

        #[test]
        fn folding_twice_changes_nothing(text in "\\PC{0,40}") {
            let once = folded(&text);
            prop_assert_eq!(folded(&once), once);
        }
    }
}
