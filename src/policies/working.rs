//! What is done about announced versions in the background, on any node at any time: every account gets its notice, the
//! notices become mails as fast as these leave, and what is due comes into force.

use std::sync::Arc;
use std::time::Duration;

use tokio::task::JoinSet;

use crate::kernel::ids::AccountId;
use crate::kernel::keyring::KeyringError;
use crate::kernel::log::Incidents;
use crate::kernel::store::{StoreError, Tx};
use crate::kernel::store_error;
use crate::messages::outbox;
use crate::policies::document::DocumentVersion;
use crate::policies::events::{self, Event, Tally};
use crate::policies::life::{Announced, Due};
use crate::policies::{LifeError, Policies, notices};

/// So many letters may wait in the outbox before no more notices are composed: a mail to anybody else waits behind as many.
const AHEAD: i64 = 64;
/// So many accounts are opened at once; where one writer takes all that wait, they share its commits.
const ABREAST: usize = 32;
/// How often to look while nothing is announced: another process may announce something.
const IDLE: Duration = Duration::from_secs(5);
/// How often to look while something is.
const AWAKE: Duration = Duration::from_secs(1);
/// How soon to go on while mails wait for room in the outbox.
const BUSY: Duration = Duration::from_millis(25);
/// How long to wait after a failure.
const AFTER_FAILURE: Duration = Duration::from_secs(15);

/// Whether there is more to do at once.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[must_use = "whoever works on notices goes on as long as there is something to do"]
pub enum Left {
    /// Notices wait for room in the outbox.
    Mails,
    /// Something is announced.
    Waiting,
    /// Nothing is.
    Nothing,
}

impl Policies {
    /// Works for as long as the process lives.
    pub async fn run(&self, incidents: &Incidents) {
        loop {
            let pause = match self.work().await {
                Ok(Left::Mails) => BUSY,
                Ok(Left::Waiting) => AWAKE,
                Ok(Left::Nothing) => IDLE,
                Err(error) => {
                    incidents.report(&error);
                    AFTER_FAILURE
                }
            };
            tokio::time::sleep(pause).await;
        }
    }

    /// Does what can be done now.
    ///
    /// # Errors
    /// The store's; the rest is done the next time.
    pub async fn work(&self) -> Result<Left, LifeError> {
        let service = self.kernel().service();
        let look = |tx: &mut Tx<'_>, _: &_| -> Result<_, StoreError> {
            Ok((Announced::all(tx)?, notices::anybody_to_tell_back(tx)?))
        };
        let (announced, is_to_tell_back) = self.kernel().point(&service, look).await?;
        if announced.is_empty() && !is_to_tell_back {
            return Ok(Left::Nothing);
        }
        for announced in &announced {
            if announced.queued_at.is_none() {
                self.queue(announced.which).await?;
            }
        }
        let mails = self.mail().await?;
        for announced in announced {
            self.have_come_into_force(announced.which).await?;
        }
        Ok(mails)
    }

    /// Queues the notices of `which` that are missing, in transactions of a bounded size; a kill between two loses nothing.
    pub(super) async fn queue(&self, which: DocumentVersion) -> Result<(), LifeError> {
        let service = self.kernel().service();
        let mut after = AccountId::from_bytes([0; 16]);
        loop {
            let some = move |tx: &mut Tx<'_>, _: &_| notices::queue_some(tx, which, after);
            match self.kernel().write("policies.queue", &service, some).await? {
                Some(last) => after = last,
                None => break,
            }
        }
        let finish = move |tx: &mut Tx<'_>, _: &_| -> Result<(), StoreError> {
            let accounts = notices::all_queued(tx, which)?;
            if events::has_happened(tx, which, Event::Queued)? {
                return Ok(());
            }
            events::note(tx, which, Event::Queued, events::SERVICE, Tally { accounts, ..Tally::default() })
        };
        Ok(self.kernel().write("policies.queued", &service, finish).await?)
    }

    /// Composes as many mails as the outbox has room for.
    async fn mail(&self) -> Result<Left, LifeError> {
        let service = self.kernel().service();
        let look = |tx: &mut Tx<'_>, _: &_| -> Result<_, StoreError> {
            let room = AHEAD - outbox::letters_due(tx)?;
            Ok((room, notices::due(tx, room.max(1))?))
        };
        let (room, accounts) = self.kernel().read(&service, look).await?;
        if accounts.is_empty() {
            return Ok(Left::Waiting);
        }
        if room <= 0 {
            return Ok(Left::Mails);
        }
        let checkpoint: Arc<str> = self.kernel().log_checkpoint().await?.into();
        let mut in_hand = JoinSet::new();
        let mut waiting = accounts.into_iter();
        loop {
            while in_hand.len() < ABREAST
                && let Some(account) = waiting.next()
            {
                let (policies, checkpoint) = (self.clone(), Arc::clone(&checkpoint));
                in_hand.spawn(async move { policies.mail_to(account, checkpoint).await });
            }
            match in_hand.join_next().await {
                Some(done) => done.unwrap_or(Err(StoreError::Refused("a panic in a notice")))?,
                None => return Ok(Left::Mails),
            }
        }
    }

    async fn mail_to(&self, account: AccountId, checkpoint: Arc<str>) -> Result<(), StoreError> {
        let address_of = self.0.address_of;
        let done = match self.kernel().account_scope(account).await {
            Ok(scope) => {
                let hand_over =
                    move |tx: &mut Tx<'_>, scope: &_| notices::hand_over(tx, scope, address_of, &checkpoint);
                self.kernel().write("policies.notify", &scope, hand_over).await
            }
            Err(KeyringError::NoKey(owner)) => Err(StoreError::NoKey(owner)),
            Err(error) => Err(store_error(&error)),
        };
        match done {
            // Nobody can be found there any more; that must hold up neither the others nor the version.
            Err(StoreError::NoKey(_) | StoreError::Unreadable) => {
                let service = self.kernel().service();
                let give_up = move |tx: &mut Tx<'_>, _: &_| notices::give_up(tx, account);
                self.kernel().write("policies.give_up", &service, give_up).await
            }
            other => other,
        }
    }

    async fn have_come_into_force(&self, which: DocumentVersion) -> Result<(), LifeError> {
        let service = self.kernel().service();
        let look = move |tx: &mut Tx<'_>, _: &_| -> Result<Due, StoreError> {
            Announced::find(tx, which.document)?.map_or(Ok(Due::Later), |announced| announced.is_due(tx))
        };
        if self.kernel().point(&service, look).await? == Due::Later {
            return Ok(());
        }
        let go = move |tx: &mut Tx<'_>, _: &_| -> Result<Due, StoreError> {
            Announced::find(tx, which.document)?.map_or(Ok(Due::Later), |announced| announced.come_into_force(tx))
        };
        if self.kernel().write("policies.come_into_force", &service, go).await? == Due::Now {
            tracing::info!(document = which.document.name(), version = which.version, "a version came into force");
        }
        Ok(())
    }
}
