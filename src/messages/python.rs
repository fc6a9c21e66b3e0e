//! The tests' Python, for what must not be tested against itself: a mail server, and a reader of mails.

use std::path::{Path, PathBuf};

/// The interpreter of the environment that `ops/lib/smtp-venv` makes; `None`, after a word on stderr, where it is
/// missing and this is not CI.
#[expect(clippy::disallowed_methods, reason = "where the tests' tools are stands in the environment")]
#[expect(clippy::print_stderr, reason = "a skipped test says so")]
pub(crate) fn python() -> Option<PathBuf> {
    let made = Path::new(env!("CARGO_MANIFEST_DIR")).join("target/tools/smtp/bin/python3");
    let python = std::env::var_os("SEIF_TEST_SMTP_PYTHON").map_or(made, PathBuf::from);
    if python.exists() {
        return Some(python);
    }
    assert!(std::env::var("CI").as_deref() != Ok("true"), "the tests' mail server is missing: ops/lib/smtp-venv");
    eprintln!("skipped: no mail server at {}; ops/lib/smtp-venv target/tools/smtp makes it", python.display());
    None
}
