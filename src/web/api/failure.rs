//! How failures of the store and the keyring are told.

use std::time::Duration;

use crate::kernel::keyring::KeyringError;
use crate::kernel::log::{Incidents, SafeToLog};
use crate::kernel::store::StoreError;
use crate::kernel::store_error;
use crate::web::problem::Problem;

/// When a client may try again after the store was away.
const AWAY: Duration = Duration::from_secs(2);

/// When a client may try again after too many waited.
const BUSY: Duration = Duration::from_secs(1);

impl SafeToLog for StoreError {}

/// Too many wait already.
#[must_use]
pub const fn busy() -> Problem {
    Problem::Busy { retry_after: BUSY }
}

/// A failure of the store: away and busy are told, all else is an incident.
#[must_use]
pub fn of_store(incidents: &Incidents, error: StoreError) -> Problem {
    match error {
        StoreError::Unavailable => Problem::Unavailable { retry_after: AWAY },
        StoreError::Busy | StoreError::Again | StoreError::Alone | StoreError::KeyClosed(_) => busy(),
        StoreError::NoKey(_) => Problem::NotFound,
        StoreError::Sealed(_) => Problem::Sealed,
        StoreError::KeysAway => Problem::KeysUnavailable { retry_after: AWAY },
        StoreError::Taken | StoreError::Unreadable | StoreError::Refused(_) => Problem::unexpected(incidents, &error),
    }
}

/// A failure of the keyring.
#[must_use]
pub fn of_keyring(incidents: &Incidents, error: &KeyringError) -> Problem {
    of_store(incidents, store_error(error))
}
