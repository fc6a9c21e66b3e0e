//! Where results go: to stdout, for people or, with `--json`, for programs.

use serde_json::Value;

/// The form of a result.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Output {
    /// For people.
    Text,
    /// JSON alone.
    Json,
}

/// Tells on stderr how far something is.
#[expect(clippy::print_stderr, reason = "progress goes to stderr")]
pub(super) fn progress(line: &str) {
    eprintln!("seif: {line}");
}

impl Output {
    /// Shows a result in this form.
    #[expect(clippy::print_stdout, reason = "results go to stdout")]
    pub(super) fn show(self, json: &Value, text: impl FnOnce() -> String) {
        match self {
            Self::Text => println!("{}", text()),
            Self::Json => println!("{json:#}"),
        }
    }
}
