//! Why the vault does not do what it was asked.

use std::borrow::Cow;

use crate::kernel::access::Denied;
use crate::kernel::idempotency::Refused;
use crate::kernel::log::SafeToLog;
use crate::kernel::store::StoreError;
use crate::kernel::store::db::StoreFailure;
use crate::vault::kinds::FieldError;

/// What is wrong with one part of an input.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    /// Where, as a JSON pointer (RFC 6901).
    pub pointer: String,
    /// A stable word for programs.
    pub code: &'static str,
    /// The rule that it breaks; never the value.
    pub detail: Cow<'static, str>,
}

impl Fault {
    pub(super) fn new(pointer: impl Into<String>, code: &'static str, detail: impl Into<Cow<'static, str>>) -> Self {
        Self { pointer: pointer.into(), code, detail: detail.into() }
    }

    pub(super) fn of(pointer: String, error: FieldError) -> Self {
        Self { pointer, code: error.code, detail: error.detail.into() }
    }
}

/// Why an operation of the vault was refused or failed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// No such collection or record in this tenant.
    #[error("no such thing")]
    NotFound,
    /// The version that is to be changed was not named.
    #[error("the version is not named")]
    PreconditionRequired,
    /// Another version stands than the one named.
    #[error("another version stands")]
    VersionConflict,
    /// Parts of the input are wrong.
    #[error("the input does not hold")]
    Invalid(Vec<Fault>),
    /// Something unique is there already; where, as a JSON pointer.
    #[error("it is there already")]
    AlreadyExists(Option<String>),
    /// The collection still holds records.
    #[error("the collection is not empty")]
    NotEmpty,
    /// The file is larger than a file may be.
    #[error("the file is too large")]
    TooLarge,
    /// The tenant keeps as many files, or as much in them, as it may.
    #[error("no room for another file")]
    NoRoom,
    /// The cursor was not given by this list.
    #[error("not a cursor of this list")]
    BadCursor,
    /// The fields to be revealed are not the collection's.
    #[error("no such field to reveal")]
    NothingToReveal,
    /// The idempotency key stands for something else, or for what is not repeated.
    #[error(transparent)]
    Repeated(#[from] Refused),
    /// The caller may not.
    #[error(transparent)]
    Denied(#[from] Denied),
    /// The store's own failure; an unreadable value among them.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl StoreFailure for Error {
    fn as_store(&self) -> Option<StoreError> {
        match self {
            Self::Store(error) | Self::Denied(Denied::Store(error)) => Some(*error),
            _ => None,
        }
    }
}

impl SafeToLog for Error {}

impl From<diesel::result::Error> for Error {
    fn from(error: diesel::result::Error) -> Self {
        Self::Store(error.into())
    }
}

impl From<crate::kernel::crypto::Unreadable> for Error {
    fn from(error: crate::kernel::crypto::Unreadable) -> Self {
        Self::Store(error.into())
    }
}

impl From<Fault> for Error {
    fn from(fault: Fault) -> Self {
        Self::Invalid(vec![fault])
    }
}
