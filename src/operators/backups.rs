//! Back-ups from the console: what there is.

use std::path::PathBuf;

use crate::kernel::backup::place::Folder;
use crate::kernel::backup::{self, BackupError, Kept};
use crate::kernel::store::StoreError;
use crate::operators::{Operators, OperatorsError};

/// Where back-ups are and of what, as configured.
#[derive(Clone)]
pub struct Backups {
    /// The folder of the data's.
    pub data: Option<PathBuf>,
    /// The folder of the keyring's.
    pub keyring: Option<PathBuf>,
}

impl Operators {
    /// The back-ups of data and keyring, the newest first.
    ///
    /// # Errors
    /// A place cannot be read.
    pub async fn backups(&self) -> Result<Vec<Kept>, OperatorsError> {
        let places: Vec<PathBuf> = [&self.backups.data, &self.backups.keyring].into_iter().flatten().cloned().collect();
        let list = tokio::task::spawn_blocking(move || -> Result<Vec<Kept>, BackupError> {
            let mut all = Vec::new();
            for place in places {
                all.extend(backup::list(&Folder::new(place))?);
            }
            all.sort_by_key(|kept| std::cmp::Reverse(kept.label.at));
            Ok(all)
        });
        match list.await {
            Ok(Ok(all)) => Ok(all),
            Ok(Err(_)) | Err(_) => Err(OperatorsError::Store(StoreError::Unavailable)),
        }
    }

    /// Whether any place is configured.
    #[must_use]
    pub fn keeps_backups(&self) -> Keeps {
        if self.backups.data.is_some() { Keeps::There } else { Keeps::Nowhere }
    }
}

/// Whether back-ups have a place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Keeps {
    /// They do.
    There,
    /// They do not.
    Nowhere,
}
