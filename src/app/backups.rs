//! Back-ups on a schedule, where the configuration names places for them.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use crate::app::{place, sources_with};
use crate::kernel::Kernel;
use crate::kernel::backup::drill::{self, Drill, Sampler};
use crate::kernel::backup::format::What;
use crate::kernel::backup::key::{BackupKey, Keys, Origin};
use crate::kernel::backup::place::Place;
use crate::kernel::backup::{self, BackupError, Kept};
use crate::kernel::entropy::Entropy;
use crate::kernel::operators::deeds::{TakeBackup, TryBackup};
use crate::kernel::operators::{By, Schedule};
use crate::operators::backups::Backups;
use crate::settings::{Backup, BackupPlace, BackupSeal, Settings};
use crate::tenants::profile;
use crate::vault::sampling;
use crate::web::services::Services;

/// Moves the epoch on, by which a database that is put back is known, and takes the back-ups that are due.
pub(super) async fn hourly(services: &Services) {
    let (kernel, settings) = (services.kernel.clone(), Arc::clone(&services.settings));
    let done = actix_web::web::block(move || -> Result<(), BackupError> {
        kernel.move_on()?;
        take_due(&kernel, &settings)?;
        drill_due(&kernel, &settings)
    });
    if let Ok(Err(error)) = done.await {
        tracing::warn!(%error, "a back-up was not taken, or not tried");
    }
}

/// What is opened of each tenant to see whether a back-up can be put back.
pub const SAMPLERS: [Sampler; 3] = [profile::sample, sampling::records, sampling::files];

/// Where a drill puts a back-up back.
#[must_use]
pub fn scratch(settings: &Settings) -> PathBuf {
    settings.data.join("drills")
}

/// What operators do with back-ups from the console.
pub(super) fn for_operators(settings: Arc<Settings>) -> Backups {
    Backups { settings, list, take: take_now, attempt: try_now }
}

/// Those of the data and of the keyring, the newest first.
fn list(kernel: &Kernel, settings: &Settings) -> Result<Vec<Kept>, BackupError> {
    let mut all = Vec::new();
    for (what, to, _) in places(&settings.backup) {
        let kept = backup::list(place_of(kernel, settings, to)?.as_ref())?;
        all.extend(kept.into_iter().filter(|kept| kept.label.what == what));
    }
    all.sort_by_key(|kept| std::cmp::Reverse((kept.label.at, kept.name.clone())));
    Ok(all)
}

/// Takes both, due or not.
fn take_now(kernel: &Kernel, settings: &Settings, by: &By<'_, TakeBackup>) -> Result<(), BackupError> {
    for (what, to, retention) in places(&settings.backup) {
        let place = place_of(kernel, settings, to)?;
        create(kernel, settings, what, place.as_ref(), by)?;
        prune(kernel, what, place.as_ref(), retention)?;
    }
    Ok(())
}

/// Tries the newest back-up of the data, due or not.
fn try_now(kernel: &Kernel, settings: &Settings, by: &By<'_, TryBackup>) -> Result<Drill, BackupError> {
    let to = settings.backup.to.as_ref().ok_or(BackupError::None)?;
    let key = BackupKey::load(&settings.backup_key())?.into();
    let (folder, clock, entropy) = (scratch(settings), kernel.clock(), kernel.entropy());
    let place = place_of(kernel, settings, to)?;
    let done = drill::drill(by, place.as_ref(), &key, kernel.keyring(), &folder, &SAMPLERS, clock, entropy)?;
    drill::note(&sources_with(settings, kernel.objects().clone()).data, &done, entropy)?;
    if done.findings.is_good() {
        tracing::info!(
            tenants = done.findings.tenants,
            values = done.findings.opened,
            "the newest back-up can be put back"
        );
    } else {
        tracing::error!(unreadable = done.findings.unreadable, "the newest back-up cannot be put back as it should");
    }
    Ok(done)
}

/// Tries the newest back-up of the data when that was last done long enough ago, and writes down what was found.
fn drill_due(kernel: &Kernel, settings: &Settings) -> Result<(), BackupError> {
    // Sealed for others alone: whoever has an identity drills.
    if settings.backup.to.is_none() || settings.backup.seal == BackupSeal::Recipients {
        return Ok(());
    }
    let due = kernel.now().minus(settings.backup.drill_every.into());
    if kernel.db().read_here(None, drill::newest)?.is_some_and(|last| last.at > due) {
        return Ok(());
    }
    try_now(kernel, settings, &By::Service(Schedule::due())).map(drop)
}

/// What has a place, and how long it is kept there. The data first: then every key that it needs is in the keyring's
/// back-up.
fn places(rules: &Backup) -> impl Iterator<Item = (What, &BackupPlace, Duration)> {
    let all = [(What::Data, &rules.to, rules.retention), (What::Keyring, &rules.keyring_to, rules.keyring_retention)];
    all.into_iter().filter_map(|(what, to, retention)| Some((what, to.as_ref()?, retention.into())))
}

fn take_due(kernel: &Kernel, settings: &Settings) -> Result<(), BackupError> {
    for (what, to, retention) in places(&settings.backup) {
        let place = place_of(kernel, settings, to)?;
        take(kernel, settings, what, place.as_ref())?;
        prune(kernel, what, place.as_ref(), retention)?;
    }
    Ok(())
}

fn prune(kernel: &Kernel, what: What, place: &dyn Place, retention: Duration) -> Result<(), BackupError> {
    let gone = backup::prune(place, what, retention, kernel.clock())?;
    if !gone.is_empty() {
        tracing::info!(backups = gone.len(), "back-ups past their retention are deleted");
    }
    Ok(())
}

/// What back-ups are sealed for as configured; whether the back-up key was made for it.
///
/// # Errors
/// The back-up key is not usable.
pub fn sealing(settings: &Settings, entropy: &Entropy) -> Result<(Keys, Origin), BackupError> {
    let Backup { seal, recipients, .. } = &settings.backup;
    let (own, origin) = match seal {
        BackupSeal::Recipients => (None, Origin::There),
        BackupSeal::Key | BackupSeal::Both => {
            let (key, origin) = BackupKey::load_or_make(&settings.backup_key(), entropy)?;
            (Some(key), origin)
        }
    };
    Ok((Keys::sealing(own, recipients.clone()), origin))
}

fn place_of(kernel: &Kernel, settings: &Settings, at: &BackupPlace) -> Result<Box<dyn Place>, BackupError> {
    place(settings, at, kernel.clock()).map_err(|error| BackupError::Unusable(error.to_string()))
}

/// Of several nodes each may find one due; one more is no harm.
fn take(kernel: &Kernel, settings: &Settings, what: What, place: &dyn Place) -> Result<(), BackupError> {
    let due = kernel.now().minus(settings.backup.every.into());
    match backup::find(place, what, None) {
        Ok(newest) if newest.label.taken_at() > due => return Ok(()),
        Ok(_) | Err(BackupError::None) => {}
        Err(error) => return Err(error),
    }
    create(kernel, settings, what, place, &By::Service(Schedule::due()))
}

fn create(
    kernel: &Kernel,
    settings: &Settings,
    what: What,
    place: &dyn Place,
    by: &By<'_, TakeBackup>,
) -> Result<(), BackupError> {
    let (key, _) = sealing(settings, kernel.entropy())?;
    let sources = sources_with(settings, kernel.objects().clone());
    let made = backup::create(by, &sources, what, place, &key, kernel.clock(), kernel.entropy())?;
    let rows: u64 = made.totals.iter().map(|total| total.rows).sum();
    tracing::info!(what = what.name(), rows, "a back-up is taken");
    Ok(())
}
