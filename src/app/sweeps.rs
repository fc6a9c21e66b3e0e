//! What has run its time is removed: the one place where that is begun.

use std::time::Duration;

use actix_web::web::Data;

use crate::app;
use crate::app::lookups::AllLookups;
use crate::app::{backups, transparency};
use crate::kernel::crypto::Owner;
use crate::kernel::idempotency;
use crate::kernel::keyring::{Keyring, KeyringError};
use crate::kernel::operators::{By, Schedule};
use crate::kernel::rekey::{Begun, Pace, Turn};
use crate::kernel::store::StoreError;
use crate::kernel::store_error;
use crate::messages::outbox::Outbox;
use crate::operators::keys::PACE;
use crate::web::services::Services;

/// How often the small sweeps are made.
const OFTEN: Duration = Duration::from_secs(60);

/// How many of the small sweeps make an hour, after which those over all tenants are made.
const HOUR: u32 = 60;

/// How long after all that could be done of keys was done it is looked again: as long as a change of the keyring settles.
const LOOK_AGAIN: Duration = Duration::from_secs(15);

/// Sweeps for as long as the process lives.
pub(super) async fn run(services: Data<Services>, outbox: Outbox) {
    loop {
        hourly(&services).await;
        for _ in 0..HOUR {
            often(&services, &outbox).await;
            tokio::time::sleep(OFTEN).await;
        }
    }
}

/// Turns keys over for as long as the process lives. Apart from the sweeps, since a large tenant's key may take hours.
pub(super) async fn run_keys(services: Data<Services>) {
    loop {
        keys(&services).await;
        tokio::time::sleep(LOOK_AGAIN).await;
    }
}

/// Takes back-ups and tries them for as long as the process lives. Apart from the sweeps, which it would hold up.
pub(super) async fn run_backups(services: Data<Services>) {
    loop {
        backups::hourly(&services).await;
        tokio::time::sleep(OFTEN * HOUR).await;
    }
}

/// Captured mails of a day ago; sessions, sign-ups, challenges and counters that are over; keys of old days; files that
/// waited for an hour to be imported; objects that nothing refers to. And notices that are due are mailed, and what is due
/// of the policies comes into force.
pub(super) async fn often(services: &Services, outbox: &Outbox) {
    outbox.sweep().await;
    if let Err(error) = services.accounts.sweep().await {
        services.incidents.report(&error);
    }
    if let Err(error) = services.accounts.mail_notices().await {
        services.incidents.report(&error);
    }
    if let Err(error) = services.policies.work().await {
        services.incidents.report(&error);
    }
    if let Err(error) = services.vault.sweep().await {
        services.incidents.report(&error);
    }
    if let Err(error) = services.vault.forget_closed().await {
        services.incidents.report(&error);
    }
    if let Err(error) = services.kernel.sweep_objects().await {
        services.incidents.report(&error);
    }
    if let Err(error) = transparency::enter_policies(&services.kernel, &services.policies).await {
        services.incidents.report(&error);
    }
    let keyring = services.kernel.keyring().clone();
    if let Err(error) = keyring.forget_changes().await {
        services.incidents.report(&store_error(&error));
    }
    if let Err(error) = keyring.note_seals(MANY).await {
        services.incidents.report(&store_error(&error));
    }
    if let Err(error) = services.kernel.tell_tenants().await {
        services.incidents.report(&error);
    }
}

/// Goes on with a root version that takes over owners' keys, and with owners' keys that turn over, wherever it was begun.
pub(super) async fn keys(services: &Services) {
    let keyring = services.kernel.keyring().clone();
    // A rotation that was killed goes on here; who keeps the root key may be away, which is told where it is needed.
    let rotation = actix_web::web::block(move || keyring.finish_rotation(PACE)).await;
    if let Ok(Err(error)) = rotation {
        tracing::warn!(%error, "the rotation of the root key waits");
    }
    if let Err(error) = go_on_with_a_run(services).await {
        tracing::warn!(%error, "keys that an operator wants turned over wait");
    }
    turn_keys_over(services).await;
}

/// Goes on with every owner's key that turns over and whose time has come.
async fn turn_keys_over(services: &Services) {
    let (rules, lookups) = (app::rekey_rules(&services.settings), AllLookups::new(&services.kernel));
    loop {
        match services.kernel.rekey_next(None, rules, &lookups, &|_| ()).await {
            // One that waits is passed over until its time has come.
            Ok(Turn::Reached(..) | Turn::Waits(..)) => {}
            Ok(Turn::Nothing) => return,
            Err(StoreError::Busy | StoreError::Again | StoreError::KeysAway) => return,
            Err(error) => {
                services.incidents.report(&error);
                return;
            }
        }
    }
}

/// The answers kept for repeated requests, of every tenant; the key of the day that comes. The transparency log is gone
/// through, erasures of records that another process left are ended, and owners are warned of whose tenant nobody uses.
pub(super) async fn hourly(services: &Services) {
    let keyring = services.kernel.keyring().clone();
    if let Ok(Err(error)) = actix_web::web::block(move || keyring.check_log()).await {
        services.incidents.report(&store_error(&error));
    }
    if let Err(error) = services.kernel.make_tomorrow().await {
        tracing::warn!(%error, "the key of the day that comes is not made yet");
    }
    if let Err(error) = idempotency::sweep(&services.kernel).await {
        services.incidents.report(&error);
    }
    if let Err(error) = services.kernel.keyring().note_seals(1).await {
        services.incidents.report(&store_error(&error));
    }
    match services.kernel.end_record_erasures().await {
        Ok(()) | Err(StoreError::Busy | StoreError::Again | StoreError::KeysAway) => {}
        Err(error) => {
            services.incidents.report(&error);
        }
    }
    match services.inactivity.sweep().await {
        // Who keeps the keys or the database is away for a moment: within the hour.
        Ok(()) | Err(StoreError::Busy | StoreError::Again | StoreError::KeysAway) => {}
        Err(error) => {
            services.incidents.report(&error);
        }
    }
    if let Err(error) = begin_old_keys(services).await {
        tracing::warn!(%error, "keys that are old wait to be turned over");
    }
}

/// How many keys are begun to be turned over at a time, so that not all are at once.
const BEGUN: usize = 50;

/// How many values are sealed under a key before that is noted within the minute; what is less waits for the hour.
const MANY: u64 = 10_000;

/// Begins to turn over the keys that are as old, or have sealed as much, as the settings allow, the oldest first.
async fn begin_old_keys(services: &Services) -> Result<(), KeyringError> {
    let keyring = services.kernel.keyring();
    let latest = services.kernel.now().minus(services.settings.keys.rotate_after.into());
    let most = services.settings.keys.rotate_after_values.get();
    begin(keyring, keyring.keys_due(latest, most)?, None).await
}

/// Begins to turn over the keys that an operator asked for and whose command was interrupted, some each time.
async fn go_on_with_a_run(services: &Services) -> Result<(), KeyringError> {
    let keyring = services.kernel.keyring();
    match keyring.run_under_way()? {
        Some(run) => begin(keyring, keyring.keys_older_than(run.begun_at)?, run.pace).await,
        None => Ok(()),
    }
}

async fn begin(keyring: &Keyring, owners: Vec<Owner>, pace: Option<Pace>) -> Result<(), KeyringError> {
    let mut made = 0;
    for owner in owners {
        match keyring.begin_rekey(owner, By::Service(Schedule::due()), pace).await {
            Ok(Begun::Made(_)) => made += 1,
            // Under way; or sealed or leaving, however long: those after it do not wait for it. Or erased a moment ago.
            Ok(Begun::UnderWay | Begun::Sealed | Begun::Leaving) | Err(KeyringError::NoKey(_)) => {}
            Err(error) => return Err(error),
        }
        if made == BEGUN {
            break;
        }
    }
    Ok(())
}
