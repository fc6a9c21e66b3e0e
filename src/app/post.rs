//! The outbox at work in the background, until the service stops.

use std::future::Future;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use actix_web::rt::task::JoinHandle;
use tokio::time::timeout;

/// What hands mails over, once it has begun.
#[derive(Default)]
pub(super) struct Post(Mutex<Option<JoinHandle<()>>>);

impl Post {
    /// Lets `work` go on in the background. Must be called within actix's runtime.
    pub(super) fn begin(&self, work: impl Future<Output = ()> + 'static) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(actix_web::rt::spawn(work));
    }

    /// Waits until the work that was told to stop has ended, at most for `patience`; then it is given up.
    pub(super) async fn end(&self, patience: Duration) {
        let Some(mut work) = self.0.lock().unwrap_or_else(PoisonError::into_inner).take() else { return };
        match timeout(patience, &mut work).await {
            Ok(Ok(())) => {}
            Ok(Err(_)) => tracing::warn!("the outbox broke off"),
            Err(_) => {
                tracing::warn!("a mail in hand was not taken in time; what becomes of it is not known");
                work.abort();
            }
        }
    }
}
