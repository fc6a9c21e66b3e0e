//! Back-ups from the console, as `seif backup` does: which there are, taking one now, and trying whether the newest can be
//! put back, each behind the request and with its entries in the ledger.

use std::sync::Arc;

use crate::kernel::Kernel;
use crate::kernel::backup::drill::{self, Drill};
use crate::kernel::backup::{BackupError, Kept};
use crate::kernel::log::Incidents;
use crate::kernel::operators::deeds::{TakeBackup, TryBackup};
use crate::kernel::operators::{By, Ledger, Operator};
use crate::kernel::store::{StoreError, Tx};
use crate::kernel::tenancy::ServiceScope;
use crate::operators::background::{Begun, Kind};
use crate::operators::{Operators, OperatorsError};
use crate::settings::{BackupSeal, Settings};

/// What knows where back-ups go and what of them is opened to try one: it is put together where all parts are known.
#[derive(Clone)]
pub struct Backups {
    /// The configuration that it goes by.
    pub settings: Arc<Settings>,
    /// Those there are, the newest first.
    pub list: fn(&Kernel, &Settings) -> Result<Vec<Kept>, BackupError>,
    /// Takes one of what has a place.
    pub take: fn(&Kernel, &Settings, &By<'_, TakeBackup>) -> Result<(), BackupError>,
    /// Tries the newest of the data, and writes down what was found.
    pub attempt: fn(&Kernel, &Settings, &By<'_, TryBackup>) -> Result<Drill, BackupError>,
}

/// What can be done with back-ups as configured.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Keeps {
    /// Nothing: no place is named.
    Nowhere,
    /// They can be taken; what opens them is elsewhere, or there are none of the data.
    Unopened,
    /// They can be taken and tried.
    Here,
}

/// What is known of the back-ups.
#[derive(Debug, Clone)]
pub enum Known {
    /// Those there are, the newest first.
    All(Vec<Kept>),
    /// A place cannot be read now.
    Away,
}

impl Operators {
    /// The same, with the back-ups of this service.
    #[must_use]
    pub fn with_backups(self, backups: Backups) -> Self {
        Self { backups: Some(Arc::new(backups)), ..self }
    }

    /// What can be done with back-ups as configured.
    #[must_use]
    pub fn keeps_backups(&self) -> Keeps {
        let Some(backups) = &self.backups else { return Keeps::Nowhere };
        let rules = &backups.settings.backup;
        match (&rules.to, &rules.keyring_to) {
            (None, None) => Keeps::Nowhere,
            (Some(_), _) if rules.seal != BackupSeal::Recipients => Keeps::Here,
            _ => Keeps::Unopened,
        }
    }

    /// The back-ups of data and keyring at the places of the configuration.
    pub async fn backups(&self) -> Known {
        let Some(backups) = self.backups.clone() else { return Known::All(Vec::new()) };
        let kernel = self.kernel.clone();
        let list = tokio::task::spawn_blocking(move || (backups.list)(&kernel, &backups.settings));
        match list.await {
            Ok(Ok(all)) => Known::All(all),
            Ok(Err(error)) => {
                tracing::warn!(%error, "the back-ups cannot be listed");
                Known::Away
            }
            Err(_) => Known::Away,
        }
    }

    /// What was found when a back-up was last tried.
    ///
    /// # Errors
    /// The store's.
    pub async fn last_drill(&self) -> Result<Option<Drill>, OperatorsError> {
        let read = |tx: &mut Tx<'_>, _: &ServiceScope| -> Result<_, StoreError> { drill::newest(tx) };
        Ok(self.kernel.read(&self.kernel.service(), read).await?)
    }

    /// Takes a back-up of data and keyring in the background, where each has a place.
    ///
    /// # Errors
    /// [`OperatorsError::NoPlace`]; [`OperatorsError::UnderWay`] where this node takes or tries one already; the keyring
    /// is away.
    pub async fn take_backup(&self, who: Operator, incidents: &Incidents) -> Result<(), OperatorsError> {
        let Some(backups) = self.backups.clone().filter(|_| self.keeps_backups() != Keeps::Nowhere) else {
            return Err(OperatorsError::NoPlace);
        };
        let work = move |operators: &Self, begun: Begun| {
            let kernel = &operators.kernel;
            let taking = Ledger::of(kernel.keyring()).operate_blocking(who, TakeBackup, |act| {
                begun.say();
                (backups.take)(kernel, &backups.settings, &By::Operator(act))
            });
            if let Err(error) = taking? {
                tracing::warn!(%error, "a back-up that an operator asked for was not taken");
            }
            Ok(())
        };
        self.in_background(Kind::Backup, incidents, work).await
    }

    /// Tries in the background whether the newest back-up of the data can be put back, and writes down what was found.
    ///
    /// # Errors
    /// As [`Operators::take_backup`]; [`OperatorsError::NoPlace`] too where nothing here opens it.
    pub async fn try_backup(&self, who: Operator, incidents: &Incidents) -> Result<(), OperatorsError> {
        let Some(backups) = self.backups.clone().filter(|_| self.keeps_backups() == Keeps::Here) else {
            return Err(OperatorsError::NoPlace);
        };
        let work = move |operators: &Self, begun: Begun| {
            let kernel = &operators.kernel;
            let trying = Ledger::of(kernel.keyring()).operate_blocking(who, TryBackup, |act| {
                begun.say();
                (backups.attempt)(kernel, &backups.settings, &By::Operator(act))
            });
            if let Err(error) = trying? {
                tracing::warn!(%error, "a back-up that an operator asked to be tried was not");
            }
            Ok(())
        };
        self.in_background(Kind::Backup, incidents, work).await
    }
}
