//! What goes on for operators behind their requests: begun in one, with its entry in the ledger, and gone on with on a
//! thread of its own, so that no request waits for it and none is served slower by it.

use std::sync::Arc;

use tokio::sync::{Mutex, OwnedMutexGuard, oneshot};

use crate::kernel::log::Incidents;
use crate::kernel::store::StoreError;
use crate::operators::{Operators, OperatorsError};

/// What can go on in the background: of each kind one at a time on a node.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// A new root version wraps every owner's key.
    Root,
    /// Keys of many owners begin to turn over.
    Keys,
    /// A back-up is taken or tried.
    Backup,
}

/// What goes on on this node.
#[derive(Debug, Clone, Default)]
pub(super) struct Background {
    root: Arc<Mutex<()>>,
    keys: Arc<Mutex<()>>,
    backup: Arc<Mutex<()>>,
}

/// Says that the ledger has the entry: from then on nobody waits.
#[derive(Debug)]
pub(super) struct Begun(oneshot::Sender<()>);

impl Begun {
    pub(super) fn say(self) {
        // Whoever asked may have gone.
        let _nobody = self.0.send(());
    }
}

impl Background {
    fn of(&self, kind: Kind) -> &Arc<Mutex<()>> {
        match kind {
            Kind::Root => &self.root,
            Kind::Keys => &self.keys,
            Kind::Backup => &self.backup,
        }
    }

    fn take(&self, kind: Kind) -> Result<OwnedMutexGuard<()>, OperatorsError> {
        Arc::clone(self.of(kind)).try_lock_owned().map_err(|_| OperatorsError::UnderWay)
    }
}

impl Operators {
    /// Has `work` done on a thread of its own; comes back once it has begun. What fails later is reported, and stands in
    /// the ledger. A kill ends it as it ends a command.
    pub(super) async fn in_background(
        &self,
        kind: Kind,
        incidents: &Incidents,
        work: impl FnOnce(&Self, Begun) -> Result<(), OperatorsError> + Send + 'static,
    ) -> Result<(), OperatorsError> {
        let working = self.background.take(kind)?;
        let (said, begun) = oneshot::channel();
        let (operators, incidents) = (self.clone(), incidents.clone());
        let run = move || {
            if let Err(error) = work(&operators, Begun(said)) {
                incidents.report(&error);
            }
            drop(working);
        };
        let thread = std::thread::Builder::new().name("seif-operators".to_owned()).spawn(run);
        drop(thread.map_err(|_| StoreError::Unavailable)?);
        // Dropped unsaid: there is no entry, and nothing is done.
        Ok(begun.await.map_err(|_| StoreError::Unavailable)?)
    }

    /// Waits until nothing goes on in the background on this node.
    pub async fn at_rest(&self) {
        for kind in [Kind::Root, Kind::Keys, Kind::Backup] {
            drop(self.background.of(kind).lock().await);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_each_kind_one_goes_on_at_a_time() {
        let background = Background::default();
        let root = background.take(Kind::Root).unwrap();
        assert_eq!(background.take(Kind::Root).unwrap_err(), OperatorsError::UnderWay);
        drop(background.take(Kind::Keys).unwrap());
        drop(root);
        drop(background.take(Kind::Root).unwrap());
    }
}
