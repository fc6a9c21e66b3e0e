//! Who works on a key that turns over holds it, and leaves the time to those who serve.

use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use crate::kernel::Kernel;
use crate::kernel::keyring::KeyringError;
use crate::kernel::keyring::rekeys::{Pace, Pause, Rekey, Standing};
use crate::kernel::rekey::deed::Rules;

/// How long whoever works on one holds it without a sign of life. Two who work on one do no harm, only twice the work.
pub(super) const HOLD: Duration = Duration::from_secs(10);

/// How often the keyring is told at most how far it is.
const TOLD: Duration = Duration::from_secs(1);

/// That this process works on a key, kept up while it does; and the pace that it keeps to.
pub(super) struct Hold<'w> {
    kernel: &'w Kernel,
    rules: Rules,
    /// When it began to.
    pub(super) since: Instant,
    last: Mutex<Last>,
}

/// What is known since the keyring was asked last.
#[derive(Clone, Copy)]
pub(super) struct Last {
    /// When it was told of the hold, and of what was done.
    told: Instant,
    /// What is wanted.
    pub(super) pace: Option<Pace>,
}

impl<'w> Hold<'w> {
    /// A hold that was just claimed.
    pub(super) fn begun(kernel: &'w Kernel, rules: Rules, pace: Option<Pace>) -> Self {
        let since = Instant::now();
        Self { kernel, rules, since, last: Mutex::new(Last { told: since, pace }) }
    }

    pub(super) fn last(&self) -> Last {
        *self.last.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// How long `made` values take at least.
    fn time_for(&self, made: u64) -> Duration {
        let pace = self.last().pace.map_or(self.rules.values_per_second, |pace| pace.values_per_second.get());
        Duration::from_secs(1).saturating_mul(u32::try_from(made).unwrap_or(u32::MAX)) / pace.max(1)
    }

    /// Leaves the time to others after `made` values since `begun`: as long as the pace wants, which may change meanwhile,
    /// and until `least` has passed. Keeps the hold, and says whether to go on then.
    pub(super) async fn rest(
        &self,
        rekey: &Rekey,
        begun: Instant,
        made: u64,
        least: Duration,
    ) -> Result<Pause, KeyringError> {
        loop {
            let left = self.time_for(made).max(least).saturating_sub(begun.elapsed());
            tokio::time::sleep(left.min(HOLD / 5)).await;
            if self.look(rekey).await?.paused == Pause::Waits {
                return Ok(Pause::Waits);
            }
            if begun.elapsed() >= self.time_for(made).max(least) {
                return Ok(Pause::Runs);
            }
        }
    }

    /// What is wanted by now. The keyring is told how far it is once in [`TOLD`].
    async fn look(&self, rekey: &Rekey) -> Result<Standing, KeyringError> {
        if self.last().told.elapsed() >= TOLD {
            return self.keep(rekey).await;
        }
        let standing = self.kernel.keyring().rekey_standing(rekey).await?;
        self.last.lock().unwrap_or_else(PoisonError::into_inner).pace = standing.pace;
        Ok(standing)
    }

    /// The same, and the keyring is told now.
    pub(super) async fn keep(&self, rekey: &Rekey) -> Result<Standing, KeyringError> {
        let standing = self.kernel.keyring().hold_rekey(rekey, HOLD).await?;
        let last = Last { told: Instant::now(), pace: standing.pace };
        *self.last.lock().unwrap_or_else(PoisonError::into_inner) = last;
        Ok(standing)
    }
}
