//! The legal documents of the service: their versions, their texts, and who acknowledged what.
//!
//! A version has one text a language. It is a draft until it is published, and a published text never changes: the
//! database itself refuses. The first versions come from `config/legal` at the first start ([`publish_initial`]).
//! [`Policies`] is what the web asks; [`needed_at_sign_up`] and [`acknowledge`] are for the transaction of who joins.

mod document;
mod facts;
mod initial;
mod markdown;
mod published;

use crate::kernel::Kernel;
use crate::kernel::access::AccountAccess;
use crate::kernel::ids::AccountId;
use crate::kernel::log::SafeToLog;
use crate::kernel::store::StoreError;
use crate::kernel::store::db::StoreFailure;
use crate::kernel::values::Locale;

pub use document::{Document, DocumentVersion, State};
pub use facts::Facts;
pub use initial::publish_initial;
pub use markdown::html;
pub use published::{Published, Text, acknowledge, in_force, needed_at_sign_up, text, unacknowledged};

/// What can go wrong with policies.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum PoliciesError {
    /// There is no such version for the public, or not in that language.
    #[error("no such document, version or language")]
    Unknown,
    /// A text that ships with the program is not as it must be: no title, or an unknown placeholder.
    #[error("the shipped text of {0:?} in {1:?} is malformed")]
    Malformed(Document, Locale),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl SafeToLog for PoliciesError {}

impl StoreFailure for PoliciesError {
    fn as_store(&self) -> Option<StoreError> {
        if let Self::Store(error) = self { Some(*error) } else { None }
    }
}

/// The policies of a running service. Cheap to clone.
#[derive(Clone)]
pub struct Policies(Kernel);

impl Policies {
    /// The policies in `kernel`'s database.
    #[must_use]
    pub const fn new(kernel: Kernel) -> Self {
        Self(kernel)
    }

    /// Every published version, by document and version.
    ///
    /// # Errors
    /// The store's.
    pub async fn list(&self) -> Result<Vec<Published>, PoliciesError> {
        self.0.read(&self.0.service(), |tx, _| published::list(tx)).await
    }

    /// The text of a published version.
    ///
    /// # Errors
    /// [`PoliciesError::Unknown`], or the store's.
    pub async fn text(&self, which: DocumentVersion, language: Locale) -> Result<Text, PoliciesError> {
        self.0.point(&self.0.service(), move |tx, _| text(tx, which, language)).await
    }

    /// What `account` has yet to acknowledge of what is needed: until then its sessions change nothing.
    ///
    /// # Errors
    /// The store's.
    pub async fn unacknowledged(&self, account: AccountId) -> Result<Vec<DocumentVersion>, PoliciesError> {
        let service = self.0.service();
        self.0.point(&service, move |tx, _| unacknowledged(tx, account).map_err(PoliciesError::from)).await
    }

    /// Notes that the account has read and accepted `which`; again changes nothing.
    ///
    /// # Errors
    /// [`PoliciesError::Unknown`] for a version that is neither in force nor announced, or the store's.
    pub async fn acknowledge(&self, who: &AccountAccess, which: DocumentVersion) -> Result<(), PoliciesError> {
        self.0
            .write("policies.acknowledge", &who.scope, move |tx, scope| acknowledge(tx, scope.account(), &[which]))
            .await
    }
}
