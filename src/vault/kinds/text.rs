//! Texts: one line, or lines.

use serde_json::Value;

use crate::kernel::values::nfc;
use crate::vault::kinds::value::{FieldError, any_string};

/// The most characters of one line.
const LINE: usize = 1_000;
/// The most characters of lines.
const LINES: usize = 100_000;

/// One line, composed, without spaces around it.
pub(super) fn line(input: &Value) -> Result<String, FieldError> {
    let text = nfc(any_string(input)?.trim());
    if text.is_empty() {
        return Err(FieldError::empty());
    }
    if text.contains(['\n', '\r', '\u{2028}', '\u{2029}']) {
        return Err(FieldError::new("not_one_line", "The text is one line, without line breaks."));
    }
    bounded(text, LINE, char::is_control)
}

/// Lines, composed, each ended by a line feed alone; spaces stay as they are.
pub(super) fn lines(input: &Value) -> Result<String, FieldError> {
    let text = nfc(any_string(input)?).replace("\r\n", "\n").replace('\r', "\n");
    if text.trim().is_empty() {
        return Err(FieldError::empty());
    }
    bounded(text, LINES, |c| c.is_control() && c != '\n' && c != '\t')
}

fn bounded(text: String, most: usize, is_refused: fn(char) -> bool) -> Result<String, FieldError> {
    if text.chars().any(is_refused) {
        return Err(FieldError::new("control_character", "The text holds a control character."));
    }
    if text.chars().count() > most {
        return Err(FieldError::new("too_long", format!("The text has more than {most} characters.")));
    }
    Ok(text)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_line_is_composed_and_trimmed() {
        assert_eq!(line(&json!("  SIA Ri\u{304}ta \t")).unwrap(), "SIA Rīta");
        assert_eq!(line(&json!("ā".repeat(1_000))).unwrap().chars().count(), 1_000);
    }

    #[test]
    fn what_is_not_a_line_is_refused() {
        for (input, code) in [
            (json!(""), "empty"),
            (json!(" \n "), "empty"),
            (json!("a\nb"), "not_one_line"),
            (json!("a\u{2028}b"), "not_one_line"),
            (json!("a\0b"), "control_character"),
            (json!("a\tb"), "control_character"),
            (json!("a\u{85}b"), "control_character"),
            (json!("ā".repeat(1_001)), "too_long"),
            (json!(5), "wrong_type"),
            (json!(["a"]), "wrong_type"),
        ] {
            assert_eq!(line(&input).unwrap_err().code, code);
        }
    }

    #[test]
    fn lines_keep_their_spaces_and_end_in_a_line_feed_alone() {
        assert_eq!(lines(&json!("  a\r\n\tb\rc\n")).unwrap(), "  a\n\tb\nc\n");
        assert_eq!(lines(&json!("x".repeat(100_000))).unwrap().len(), 100_000);
        for (input, code) in [
            (json!("\n \n"), "empty"),
            (json!("a\0"), "control_character"),
            (json!("a\u{1b}[31m"), "control_character"),
            (json!("x".repeat(100_001)), "too_long"),
            (json!(null), "wrong_type"),
        ] {
            assert_eq!(lines(&input).unwrap_err().code, code);
        }
    }
}
