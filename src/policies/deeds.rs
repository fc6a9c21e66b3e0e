//! What an operator does to the documents, as their ledger has it.

use crate::kernel::ids::MessageId;
use crate::kernel::operators::{Act, ByOne, ByTwo, Deed, Of};
use crate::policies::document::{Document, DocumentVersion};
use crate::policies::life::Plan;

/// Texts are added to the draft of a document's next version.
#[derive(Debug, Clone, Copy)]
pub struct DraftTexts {
    /// Of which document.
    pub document: Document,
}

impl Deed for DraftTexts {
    fn act(&self) -> Act {
        Act::DraftPolicy
    }

    fn of(&self) -> Vec<Of> {
        vec![of(self.document)]
    }
}

impl ByOne for DraftTexts {}

/// The draft of a document is announced.
#[derive(Debug, Clone, serde::Serialize, serde::Deserialize)]
pub struct Announce {
    /// Which version.
    pub which: DocumentVersion,
    /// How.
    pub plan: Plan,
    /// The SHA-256 of its texts, in hex: another text is another deed.
    pub sha256: String,
}

impl Announce {
    /// Whether it is of the same version in the same words.
    pub(super) fn is_as(&self, other: &Self) -> bool {
        (self.which, &self.sha256) == (other.which, &other.sha256)
    }
}

impl Deed for Announce {
    fn act(&self) -> Act {
        Act::AnnouncePolicy
    }

    fn of(&self) -> Vec<Of> {
        vec![of(self.which.document), Of::Version(self.which.version)]
    }
}

impl ByTwo for Announce {}

/// What is announced of a document is taken back.
#[derive(Debug, Clone, Copy)]
pub struct Withdraw {
    /// Of which document.
    pub document: Document,
}

impl Deed for Withdraw {
    fn act(&self) -> Act {
        Act::WithdrawPolicy
    }

    fn of(&self) -> Vec<Of> {
        vec![of(self.document)]
    }
}

impl ByOne for Withdraw {}

/// A notice is known to have come back.
#[derive(Debug, Clone, Copy)]
pub struct NoteBounce {
    /// The mail that came back.
    pub message: MessageId,
}

impl Deed for NoteBounce {
    fn act(&self) -> Act {
        Act::NoteBounce
    }

    fn of(&self) -> Vec<Of> {
        vec![Of::Message(self.message)]
    }
}

impl ByOne for NoteBounce {}

/// What proves a version's notice is written out: what became of each account's, by the account's id.
#[derive(Debug, Clone, Copy)]
pub struct ExportEvidence {
    /// Of which version.
    pub which: DocumentVersion,
}

impl Deed for ExportEvidence {
    fn act(&self) -> Act {
        Act::ExportEvidence
    }

    fn of(&self) -> Vec<Of> {
        vec![of(self.which.document), Of::Version(self.which.version)]
    }
}

impl ByOne for ExportEvidence {}

fn of(document: Document) -> Of {
    Of::Document(document.name().to_owned())
}
