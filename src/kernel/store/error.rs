//! What can go wrong between a transaction and its database.

use diesel::result::{DatabaseErrorKind, Error as Diesel};
use serde::Serialize;

use crate::kernel::crypto::{Owner, Unreadable};
use crate::kernel::ids::TenantId;

/// A failure of the store. It names no row's content: an engine's own message is never carried along.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum StoreError {
    /// The database cannot be reached, is full, or did not commit: nothing was stored; later it may be.
    #[error("the database is not available")]
    Unavailable,
    /// Too many wait for the database already.
    #[error("too many transactions are waiting")]
    Busy,
    /// Another transaction was in the way; the same one may succeed when it runs again.
    #[error("another transaction was in the way")]
    Again,
    /// The closure has to be its transaction's only one; the store runs it again so.
    #[error("the transaction must be run alone")]
    Alone,
    /// A value that must be unique stands already.
    #[error("the value stands already")]
    Taken,
    /// The key version that the transaction would write under is closed.
    #[error("the key version is closed")]
    KeyClosed(Owner),
    /// The owner has no key any more, or the keyring cannot give it at the moment.
    #[error("the keyring does not give the key")]
    NoKey(Owner),
    /// The owner has a key, and who keeps the root key does not open it at the moment; later it may.
    #[error("the owner's key cannot be opened at the moment")]
    KeysAway,
    /// An owner of the tenant's has sealed its vault: nobody is given its keys.
    #[error("the vault is sealed")]
    Sealed(TenantId),
    /// A stored value does not open.
    #[error("a stored value is unreadable")]
    Unreadable,
    /// The engine refused, for a reason that is ours to mend.
    #[error("the database refused: {0}")]
    Refused(&'static str),
}

/// A value as JSON, to be stored, signed or given out.
///
/// # Errors
/// [`StoreError::Refused`] with `what` it would have been: nothing stands in the place of a value that JSON cannot hold.
pub fn json(what: &'static str, value: &impl Serialize) -> Result<String, StoreError> {
    serde_json::to_string(value).map_err(|_| StoreError::Refused(what))
}

impl From<Unreadable> for StoreError {
    fn from(Unreadable: Unreadable) -> Self {
        Self::Unreadable
    }
}

impl From<Diesel> for StoreError {
    fn from(error: Diesel) -> Self {
        match error {
            Diesel::DatabaseError(kind, info) => match kind {
                DatabaseErrorKind::UniqueViolation => Self::Taken,
                DatabaseErrorKind::SerializationFailure => Self::Again,
                DatabaseErrorKind::UnableToSendCommand | DatabaseErrorKind::ClosedConnection => Self::Unavailable,
                DatabaseErrorKind::ReadOnlyTransaction => Self::Refused("a write in a reading transaction"),
                DatabaseErrorKind::ForeignKeyViolation => Self::Refused("a row that another needs"),
                DatabaseErrorKind::NotNullViolation | DatabaseErrorKind::CheckViolation => {
                    Self::Refused("a row against the schema")
                }
                _ => of_message(info.message()),
            },
            Diesel::NotFound => Self::Refused("a row that should be there is missing"),
            Diesel::DeserializationError(_) | Diesel::SerializationError(_) => {
                Self::Refused("a value of the wrong form")
            }
            _ => Self::Refused("a query that cannot be run"),
        }
    }
}

/// What the engines say only in words.
fn of_message(message: &str) -> StoreError {
    let says = |words: &[&str]| words.iter().any(|word| message.contains(word));
    if says(&["deadlock detected", "could not serialize"]) {
        StoreError::Again
    } else if says(&["database is locked", "database table is locked", "lock timeout", "statement timeout"]) {
        StoreError::Busy
    } else if says(&[
        "is full",
        "disk I/O error",
        "unable to open",
        "readonly database",
        "No space left",
        "could not extend file",
        "terminating connection",
        "server closed the connection",
        "connection to server",
        "no connection to the server",
        "the database system is",
        "out of memory",
        "too many clients",
    ]) {
        StoreError::Unavailable
    } else if says(&["malformed", "not a database"]) {
        StoreError::Refused("the database file is damaged")
    } else if says(&["row-level security"]) {
        StoreError::Refused("a row of a tenant that the transaction does not reach")
    } else {
        StoreError::Refused("an error of the engine")
    }
}
