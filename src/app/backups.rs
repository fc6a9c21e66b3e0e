//! Back-ups on a schedule, where the configuration names places for them.

use std::path::Path;

use crate::app::sources;
use crate::kernel::Kernel;
use crate::kernel::backup::format::What;
use crate::kernel::backup::key::BackupKey;
use crate::kernel::backup::place::Folder;
use crate::kernel::backup::{self, BackupError};
use crate::settings::Settings;
use crate::web::services::Services;

/// Moves the epoch on, by which a database that is put back is known, and takes the back-ups that are due.
pub(super) async fn hourly(services: &Services) {
    let (kernel, settings) = (services.kernel.clone(), std::sync::Arc::clone(&services.settings));
    let done = actix_web::web::block(move || -> Result<(), BackupError> {
        kernel.move_on()?;
        take_due(&kernel, &settings)
    });
    if let Ok(Err(error)) = done.await {
        tracing::warn!(%error, "a back-up was not taken");
    }
}

fn take_due(kernel: &Kernel, settings: &Settings) -> Result<(), BackupError> {
    let rules = &settings.backup;
    // The data first: then every key that it needs is in the keyring's back-up.
    for (what, to, retention) in
        [(What::Data, &rules.to, rules.retention), (What::Keyring, &rules.keyring_to, rules.keyring_retention)]
    {
        let Some(to) = to else { continue };
        take(kernel, settings, what, to)?;
        let gone = backup::prune(&Folder::new(to.clone()), what, retention.into(), kernel.clock())?;
        if !gone.is_empty() {
            tracing::info!(backups = gone.len(), "back-ups past their retention are deleted");
        }
    }
    Ok(())
}

/// Of several nodes each may find one due; one more is no harm.
fn take(kernel: &Kernel, settings: &Settings, what: What, to: &Path) -> Result<(), BackupError> {
    let folder = Folder::new(to.to_owned());
    let due = kernel.now().minus(settings.backup.every.into());
    match backup::find(&folder, what, None) {
        Ok(newest) if newest.label.taken_at() > due => return Ok(()),
        Ok(_) | Err(BackupError::None) => {}
        Err(error) => return Err(error),
    }
    let (key, _) = BackupKey::load_or_make(&settings.backup_key(), kernel.entropy())?;
    let made = backup::create(&sources(settings), what, &folder, &key, kernel.clock(), kernel.entropy())?;
    let rows: u64 = made.totals.iter().map(|total| total.rows).sum();
    tracing::info!(what = what.name(), rows, "a back-up is taken");
    Ok(())
}
