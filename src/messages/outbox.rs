//! The outbox: mails and text messages that were queued with the data they belong to, on their way out.
//!
//! A slice calls [`enqueue`] in its own transaction, so that there is a mail exactly where there is what it tells of.
//! [`Outbox`] claims what is due, hands it over, and notes what came of it. Several processes may do so at once.
//!
//! A letter goes out once, or twice when nobody can say whether the first one arrived: the process was killed between
//! the server's acceptance and our commit, or the server's answer got lost. Both have the same Message-ID. A code goes
//! out once or not at all: that it is about to be handed over is committed before it is, and never undone by time.

mod rows;
#[cfg(test)]
mod tests;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use serde::{Deserialize, Serialize};
use tokio::sync::{Notify, Semaphore};
use tokio::task::JoinSet;
use tokio::time::timeout;

use crate::kernel::Kernel;
use crate::kernel::clock::Time;
use crate::kernel::crypto::{Owner, OwnerKeys, Place, RowRef};
use crate::kernel::ids::MessageId;
use crate::kernel::keyring::KeyringError;
use crate::kernel::keyring::ledger::Ledger;
use crate::kernel::log::{SafeToLog, incident};
use crate::kernel::store::{StoreError, Tx, Wake};
use crate::kernel::tenancy::ServiceScope;
use crate::messages::delivery::{Delivery, Unreachable};
use crate::messages::files::Swept;
use crate::messages::mail::{Letterhead, Outgoing, compose};
use crate::messages::notice::{Life, Mail, Text};
use crate::messages::outbox::rows::{Claim, Claimed, Hand};
use crate::messages::retry::{self, Next, Over, Worth};
use crate::messages::sms::{Gateway, OutgoingText};
use crate::messages::texts::Texts;
use crate::messages::transport::Transport;

/// A message as the outbox keeps it, under the keys of whom it is for.
struct Body;

impl Place for Body {
    const LABEL: &'static str = "outbox.body";
    type Plain = Message;
}

/// What the outbox keeps.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Message {
    Mail(Mail),
    Text(Text),
}

impl Message {
    const fn life(&self) -> Life {
        match self {
            Self::Mail(mail) => mail.notice.life(),
            Self::Text(text) => text.says.life(),
        }
    }
}

/// Queues `mail` in this transaction, sealed under `keys`: the account's for a person who has one, the day's for an
/// address that is nobody's yet. It leaves when the transaction is committed, and not before.
///
/// # Errors
/// The store's.
pub fn enqueue(tx: &mut Tx<'_>, keys: &OwnerKeys, mail: &Mail) -> Result<MessageId, StoreError> {
    queue(tx, keys, &Message::Mail(mail.clone()))
}

/// The same for a text message: it leaves through the configured gateway, within the life of its code.
///
/// # Errors
/// The store's.
pub fn enqueue_text(tx: &mut Tx<'_>, keys: &OwnerKeys, text: &Text) -> Result<MessageId, StoreError> {
    queue(tx, keys, &Message::Text(text.clone()))
}

fn queue(tx: &mut Tx<'_>, keys: &OwnerKeys, message: &Message) -> Result<MessageId, StoreError> {
    let id = MessageId::new(tx.now(), tx.entropy());
    let life = message.life();
    let body = keys.seal::<Body>(row(id), message, tx.entropy());
    let hand = match life {
        Life::Code(_) => Hand::Once,
        Life::Letter => Hand::TwiceAtMost,
    };
    rows::insert(tx, id, keys.owner(), hand, tx.now().plus(life.length()), &body)?;
    tx.wake(Wake::Outbox);
    Ok(id)
}

/// How many letters wait that are due: who has many to write keeps that low, so that no other waits long.
///
/// # Errors
/// The store's.
pub fn letters_due(tx: &mut Tx<'_>) -> Result<i64, StoreError> {
    rows::letters_due(tx)
}

/// Takes back messages that nobody has claimed; gives which of them. The others are on their way.
///
/// # Errors
/// The store's.
pub fn recall(tx: &mut Tx<'_>, ids: &[MessageId]) -> Result<Vec<MessageId>, StoreError> {
    rows::recall(tx, ids)
}

/// Takes back a message that was queued in this very transaction: where nobody is to be mailed, at the cost of a mail.
///
/// # Errors
/// The store's.
pub fn withdraw(tx: &mut Tx<'_>, id: MessageId) -> Result<(), StoreError> {
    rows::delete(tx, id)
}

/// A message never changes: its row has one version.
const fn row(id: MessageId) -> RowRef {
    RowRef::new(id.as_bytes(), 1)
}

/// As many messages are handed over at once.
const ABREAST: usize = 8;
/// As many are in hand: while some are handed over, others are opened or settled, so that the server waits for neither.
const IN_HAND: usize = 16;
/// When no more than so many are left of those, others are claimed.
const FEW: usize = 12;
/// How long a message in hand waits for its turn, while a server takes its time for the others.
const TURN: Duration = Duration::from_secs(30);
/// How long a claim lasts; after it, another process takes the message for left behind.
const LEASE: Duration = Duration::from_mins(15);
/// A hand-over that takes longer counts as one whose answer got lost. Together with [`TURN`] shorter than [`LEASE`], longer
/// than any answer that a server may take its time for (RFC 5321 §4.5.3.2.6).
const HAND_OVER: Duration = Duration::from_mins(14);
/// How long to wait before asking again for keys that cannot be had now.
const KEYS_AWAY: Duration = Duration::from_secs(5);
/// How often to look for what other processes left behind.
const LOOK: Duration = Duration::from_secs(5);

/// What hands mails over, as a part of this process. Cheap to clone.
#[derive(Clone)]
pub struct Outbox(Arc<Inner>);

struct Inner {
    kernel: Kernel,
    transport: Transport,
    gateway: Option<Gateway>,
    texts: Texts,
    letterhead: Letterhead,
    report: Report,
    /// Permits to hand over.
    turns: Semaphore,
    stopping: AtomicBool,
    stop: Notify,
}

/// What has become of a message, once and for all.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Settled {
    /// The server, or the folder, has it.
    Accepted,
    /// The server will not take it; with its reply code, where it gave one.
    Refused(Option<u16>),
    /// Its life is over, after every attempt that it was worth.
    Expired,
    /// Nobody knows whether it arrived, and it is not sent again.
    Uncertain,
    /// It cannot be sent at all, or its reader is erased.
    Void,
}

/// Who wants to know what has become of a message: told in the transaction that settles it, so that both stand or neither.
pub type Report = fn(&mut Tx<'_>, MessageId, Settled) -> Result<(), StoreError>;

/// What one look at the outbox did, in messages.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[must_use = "what was dropped is worth a word in the log"]
pub struct Round {
    /// Handed over.
    pub delivered: usize,
    /// To be tried again later.
    pub postponed: usize,
    /// Left for good: refused, expired, uncertain, or its owner is erased.
    pub dropped: usize,
}

/// A message that can never go out, for a reason that is ours.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
enum Fault {
    #[error("the message {0} in the outbox does not open")]
    Unreadable(MessageId),
    #[error("the message {0} in the outbox cannot be written")]
    Uncomposed(MessageId),
    #[error("there is no key for the message {0}, and the ledger knows of no erasure")]
    KeyMissing(MessageId),
}

impl SafeToLog for Fault {}

/// A message that is ready to go.
enum Parcel {
    Mail(Outgoing),
    Text(OutgoingText),
}

/// What became of a claimed message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Fate {
    Delivered,
    Again(Time),
    /// It may have arrived: one more time at this moment, and then never again.
    OnceMore(Time),
    Left(Settled),
}

impl Outbox {
    /// The outbox of `kernel`, whose mails leave by `transport` and whose text messages by `gateway`, in the words of
    /// `texts`.
    #[must_use]
    pub fn new(
        kernel: Kernel,
        transport: Transport,
        gateway: Option<Gateway>,
        texts: Texts,
        letterhead: Letterhead,
    ) -> Self {
        Self::reporting(kernel, transport, gateway, texts, letterhead, |_, _, _| Ok(()))
    }

    /// The same, which tells `report` what has become of each message.
    #[must_use]
    pub fn reporting(
        kernel: Kernel,
        transport: Transport,
        gateway: Option<Gateway>,
        texts: Texts,
        letterhead: Letterhead,
        report: Report,
    ) -> Self {
        let (stopping, stop) = (AtomicBool::new(false), Notify::new());
        let turns = Semaphore::new(ABREAST);
        Self(Arc::new(Inner { kernel, transport, gateway, texts, letterhead, report, turns, stopping, stop }))
    }

    /// Hands mails over until [`Outbox::stop`]: at once when this process queues one, otherwise when one is due.
    pub async fn run(&self) {
        let queued = self.0.kernel.db().notifier(Wake::Outbox);
        while !self.0.stopping.load(Ordering::Acquire) {
            match self.deliver_due().await {
                Ok(Round { dropped: 0, .. }) => {}
                Ok(round) => tracing::warn!(dropped = round.dropped, "mails were left undelivered"),
                Err(error) => tracing::warn!(%error, "the outbox cannot be worked on; it is tried again"),
            }
            tokio::select! {
                () = queued.notified() => {}
                () = self.0.stop.notified() => {}
                () = tokio::time::sleep(LOOK) => {}
            }
        }
    }

    /// Ends [`Outbox::run`] once the messages in hand are settled.
    pub fn stop(&self) {
        self.0.stopping.store(true, Ordering::Release);
        self.0.stop.notify_one();
    }

    /// Hands over every message that is due now, and settles it.
    ///
    /// # Errors
    /// The store's; what was claimed until then is settled.
    pub async fn deliver_due(&self) -> Result<Round, StoreError> {
        let mut round = Round::default();
        let (mut in_hand, mut failed) = (JoinSet::new(), None);
        loop {
            // Others follow while some are still on their way, so that nothing waits for the slowest.
            if in_hand.len() <= FEW && failed.is_none() && !self.0.stopping.load(Ordering::Acquire) {
                match self.claim(IN_HAND.saturating_sub(in_hand.len())).await {
                    Ok(claim) => {
                        round.dropped += claim.dead;
                        for message in claim.messages {
                            let outbox = self.clone();
                            in_hand.spawn(async move {
                                let fate = outbox.hand_over(&message).await;
                                outbox.settle(message, fate).await
                            });
                        }
                    }
                    Err(error) => failed = Some(error),
                }
            }
            let Some(settled) = in_hand.join_next().await else { break };
            match settled.unwrap_or(Err(StoreError::Refused("a panic in the outbox"))) {
                Ok(Fate::Delivered) => round.delivered += 1,
                Ok(Fate::Again(_) | Fate::OnceMore(_)) => round.postponed += 1,
                Ok(Fate::Left(_)) => round.dropped += 1,
                Err(error) => failed = Some(error),
            }
        }
        failed.map_or(Ok(round), Err)
    }

    /// Claims at most so many of the messages that are due.
    async fn claim(&self, most: usize) -> Result<Claim, StoreError> {
        let service = self.0.kernel.service();
        if self.0.kernel.point(&service, |tx, _| rows::is_any_due(tx)).await? == rows::Due::Nothing {
            return Ok(Claim { messages: Vec::new(), dead: 0 });
        }
        let (report, most) = (self.0.report, i64::try_from(most).unwrap_or(i64::MAX));
        let claim = move |tx: &mut Tx<'_>, _: &ServiceScope| rows::claim(tx, most, LEASE, report);
        self.0.kernel.write("outbox.claim", &service, claim).await
    }

    /// Removes captured mails that are a day old; does nothing where a server takes the mails.
    pub async fn sweep(&self) {
        let Transport::Files(files) = &self.0.transport else { return };
        let (files, now) = (files.clone(), self.0.kernel.now());
        match tokio::task::spawn_blocking(move || files.sweep(now)).await {
            Ok(Ok(Swept { stuck: 0, .. })) => {}
            Ok(Ok(Swept { stuck, .. })) => tracing::warn!(stuck, "captured mails cannot be removed"),
            Ok(Err(_)) | Err(_) => tracing::warn!("the folder of captured mails cannot be read"),
        }
    }

    async fn hand_over(&self, message: &Claimed) -> Fate {
        let (outgoing, life) = match self.open(message).await {
            Ok(opened) => opened,
            Err(fate) => return fate,
        };
        let turn = timeout(TURN, self.0.turns.acquire()).await;
        if retry::worth(life, message.queued_at, self.0.kernel.now()) == Worth::Nothing {
            return Fate::Left(Settled::Expired);
        }
        let delivery = match turn {
            Ok(_turn) => timeout(HAND_OVER, self.deliver(&outgoing)).await.unwrap_or(Delivery::Uncertain),
            Err(_) => Delivery::Unreachable(Unreachable::Timeout),
        };
        let next = retry::after(delivery, life, message.queued_at, message.attempt(), self.0.kernel.now());
        tracing::debug!(id = %message.id, attempt = message.attempt(), outcome = ?delivery, "a message was tried");
        match (next, delivery, message.hand) {
            (Next::Done, ..) => Fate::Delivered,
            (Next::Again(_), Delivery::Uncertain, Hand::Once)
            | (Next::Over(Over::Expired), Delivery::Uncertain, _)
            | (Next::Over(Over::Uncertain), ..) => Fate::Left(Settled::Uncertain),
            (Next::Again(at), Delivery::Uncertain, Hand::TwiceAtMost) => Fate::OnceMore(at),
            (Next::Again(at), ..) => Fate::Again(at),
            (Next::Over(Over::Refused), Delivery::Refused(refusal), _) => Fate::Left(Settled::Refused(refusal.reply)),
            (Next::Over(Over::Refused), ..) => Fate::Left(Settled::Refused(None)),
            (Next::Over(Over::Expired), ..) => Fate::Left(Settled::Expired),
        }
    }

    async fn deliver(&self, parcel: &Parcel) -> Delivery {
        match (parcel, &self.0.gateway) {
            (Parcel::Mail(mail), _) => self.0.transport.deliver(mail).await,
            (Parcel::Text(text), Some(gateway)) => gateway.deliver(text).await,
            // It was configured when the message was queued.
            (Parcel::Text(_), None) => Delivery::Unreachable(Unreachable::Connection),
        }
    }

    async fn open(&self, message: &Claimed) -> Result<(Parcel, Life), Fate> {
        let kernel = &self.0.kernel;
        let fault = |fault| incident(kernel.clock(), kernel.entropy(), &fault);
        let later = || Fate::Again(kernel.now().plus(KEYS_AWAY));
        let Ok(owner) = message.owner else {
            fault(Fault::Unreadable(message.id));
            return Err(Fate::Left(Settled::Void));
        };
        let keys = match kernel.keyring().reach(owner).await {
            Ok(keys) => keys,
            Err(KeyringError::NoKey(Owner::Day(_) | Owner::Letter(_))) => return Err(Fate::Left(Settled::Void)),
            Err(KeyringError::NoKey(owner)) => match kernel.keyring().ledger_of(owner) {
                Ok(Ledger::Erased) => return Err(Fate::Left(Settled::Void)),
                Ok(Ledger::Silent) => {
                    fault(Fault::KeyMissing(message.id));
                    return Err(Fate::Again(kernel.now().plus(LEASE)));
                }
                Err(_) => return Err(later()),
            },
            Err(_) => return Err(later()),
        };
        let Ok(opened) = keys.open::<Body>(row(message.id), &message.body) else {
            fault(Fault::Unreadable(message.id));
            return Err(Fate::Left(Settled::Void));
        };
        let (texts, letterhead, life) = (&self.0.texts, &self.0.letterhead, opened.life());
        let parcel = match &opened {
            Message::Mail(mail) => {
                compose(texts, letterhead, mail, message.id, message.queued_at).ok().map(Parcel::Mail)
            }
            Message::Text(text) => texts
                .say_in_short(text, letterhead)
                .ok()
                .map(|words| Parcel::Text(OutgoingText { life, to: text.to.clone(), text: words })),
        };
        let Some(parcel) = parcel else {
            fault(Fault::Uncomposed(message.id));
            return Err(Fate::Left(Settled::Void));
        };
        Ok((parcel, life))
    }

    /// A mail under a key of its own is the last that its reader gets: the key goes with it, at the latest in a sweep.
    async fn burn(&self, message: &Claimed, fate: Fate) {
        if let (Ok(owner @ Owner::Letter(_)), Fate::Delivered | Fate::Left(_)) = (message.owner, fate)
            && self.0.kernel.keyring().destroy(owner).await.is_err()
        {
            tracing::warn!(id = %message.id, "the key of a delivered mail waits for the sweep");
        }
    }

    /// Notes what became of `message`. While the database is away it is tried again as long as the claim lasts: what is
    /// not noted by then goes out a second time, if it may.
    async fn settle(&self, message: Claimed, fate: Fate) -> Result<Fate, StoreError> {
        let service = self.0.kernel.service();
        let message = Arc::new(message);
        let mut left = LEASE.saturating_sub(TURN + HAND_OVER).as_secs();
        loop {
            let held = Arc::clone(&message);
            let report = self.0.report;
            let settle = move |tx: &mut Tx<'_>, _: &ServiceScope| rows::settle(tx, &held, fate, report);
            let settled = self.0.kernel.write("outbox.settle", &service, settle).await;
            match settled {
                Err(StoreError::Unavailable | StoreError::Busy | StoreError::Again) if left > 0 => {
                    left -= 1;
                    tokio::time::sleep(Duration::from_secs(1)).await;
                }
                other => {
                    other?;
                    self.burn(&message, fate).await;
                    return Ok(fate);
                }
            }
        }
    }
}
