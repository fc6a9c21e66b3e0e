//! Notices in words: for a list of them on a page, and as the whole letter for whoever reads it before it is sent.

use crate::kernel::values::Locale;
use crate::messages::mail::Letterhead;
use crate::messages::notice::{ChangedDocument, Notice};
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

    /// The whole letter that tells a reader of `language` of a change of these documents: what an outbox would send. It is
    /// public, every word of it; no other letter is told so, since others hold codes.
    ///
    /// # Errors
    /// [`TextsError::Missing`] where the language lacks a text.
    pub fn announcement(
        &self,
        documents: Vec<ChangedDocument>,
        checkpoint: String,
        language: Locale,
    ) -> Result<Told, TextsError> {
        let notice = Notice::PolicyChanged { documents, checkpoint };
        let words = self.texts.write(&notice, language, &self.letterhead)?;
        Ok(Told { subject: words.subject, text: words.body.reveal().replace("\r\n", "\n") })
    }
}
