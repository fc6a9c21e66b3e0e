//! What has run its time is removed: the one place where that is begun.

use std::time::Duration;

use actix_web::web::Data;

use crate::app::backups;
use crate::kernel::idempotency;
use crate::kernel::keyring::rotation::Pace;
use crate::kernel::store_error;
use crate::messages::outbox::Outbox;
use crate::web::services::Services;

/// How often the small sweeps are made.
const OFTEN: Duration = Duration::from_secs(60);

/// How fast owner keys are wrapped anew beside requests.
const PACE: Pace = Pace { keys_per_second: 500 };

/// How many of the small sweeps make an hour, after which those over all tenants are made.
const HOUR: u32 = 60;

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

/// Captured mails of a day ago; sessions, sign-ups, challenges and counters that are over; keys of old days; files that
/// waited for an hour to be imported; objects that nothing refers to. And notices that are due are mailed.
pub(super) async fn often(services: &Services, outbox: &Outbox) {
    outbox.sweep().await;
    if let Err(error) = services.accounts.sweep().await {
        services.incidents.report(&error);
    }
    if let Err(error) = services.accounts.mail_notices().await {
        services.incidents.report(&error);
    }
    if let Err(error) = services.vault.sweep().await {
        services.incidents.report(&error);
    }
    if let Err(error) = services.kernel.sweep_objects().await {
        services.incidents.report(&error);
    }
    let keyring = services.kernel.keyring().clone();
    if let Err(error) = keyring.forget_changes().await {
        services.incidents.report(&store_error(&error));
    }
    // A rotation that was killed goes on here; who keeps the root key may be away, which is told where it is needed.
    let rotation = actix_web::web::block(move || keyring.finish_rotation(PACE)).await;
    if let Ok(Err(error)) = rotation {
        tracing::warn!(%error, "the rotation of the root key waits");
    }
}

/// The answers kept for repeated requests, of every tenant; and back-ups that are due.
pub(super) async fn hourly(services: &Services) {
    if let Err(error) = idempotency::sweep(&services.kernel).await {
        services.incidents.report(&error);
    }
    backups::hourly(services).await;
}
