//! Notices in words, for a list of them on a page.

use crate::kernel::values::Locale;
use crate::messages::mail::Letterhead;
use crate::messages::notice::Notice;
use crate::messages::texts::Texts;
pub use crate::messages::texts::{TextsError, Told};

/// What says a notice in the words of its mail.
#[derive(Debug)]
pub struct Telling {
    texts: Texts,
    letterhead: Letterhead,
}

impl Telling {
    /// In these words, of the service that the letterhead names.
    #[must_use]
    pub const fn new(texts: Texts, letterhead: Letterhead) -> Self {
        Self { texts, letterhead }
    }

    /// What `notice` is about, and what has happened.
    ///
    /// # Errors
    /// [`TextsError::Missing`] where the language lacks a text.
    pub fn tell(&self, notice: &Notice, language: Locale) -> Result<Told, TextsError> {
        self.texts.tell(notice, language, &self.letterhead)
    }
}
