//! The outbox's rows: what is due, who holds it, and how often it may still be handed over.

use std::time::Duration;

use diesel::{ExpressionMethods as _, QueryDsl as _, RunQueryDsl as _};

use super::{Body, Fate, Report, Settled};
use crate::kernel::clock::Time;
use crate::kernel::crypto::{Owner, Sealed, Unreadable};
use crate::kernel::ids::{AnyId, MessageId};
use crate::kernel::store::schema::outbox;
use crate::kernel::store::{StoreError, Tx, dialect};

/// How often a message may be handed over without knowing that an earlier time came to nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Hand {
    /// Once: a code, or a letter that may have arrived already.
    Once,
    /// A second time, should nobody know what became of the first.
    TwiceAtMost,
}

/// Waits for its time.
const QUEUED: i16 = 1;
/// The same, of what may be handed over once only.
const QUEUED_ONCE: i16 = 2;
/// Claimed, until its `next_at`.
const SENDING: i16 = 3;
/// Claimed, and never again.
const SENDING_ONCE: i16 = 4;

/// A message that this process holds.
pub(super) struct Claimed {
    pub(super) id: MessageId,
    /// Whose it is; a row that says nonsense must not keep the others waiting.
    pub(super) owner: Result<Owner, Unreadable>,
    pub(super) hand: Hand,
    attempts: i64,
    pub(super) queued_at: Time,
    pub(super) body: Sealed<Body>,
}

impl Claimed {
    /// Which attempt this is, counted from 1.
    pub(super) fn attempt(&self) -> u32 {
        u32::try_from(self.attempts).unwrap_or(u32::MAX)
    }
}

/// What a look for due messages found.
pub(super) struct Claim {
    pub(super) messages: Vec<Claimed>,
    /// Messages whose life is over, or that may have arrived when their process died: deleted.
    pub(super) dead: usize,
}

/// Whether anything is due.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Due {
    /// At least one message.
    Some,
    /// None.
    Nothing,
}

pub(super) fn insert(
    tx: &mut Tx<'_>,
    id: MessageId,
    owner: Owner,
    hand: Hand,
    expires_at: Time,
    body: &Sealed<Body>,
) -> Result<(), StoreError> {
    let now = tx.now();
    diesel::insert_into(outbox::table)
        .values((
            outbox::id.eq(id),
            outbox::owner_kind.eq(owner.kind()),
            outbox::owner_id.eq(AnyId::from_bytes(owner.id_bytes())),
            outbox::state.eq(if hand == Hand::Once { QUEUED_ONCE } else { QUEUED }),
            outbox::attempts.eq(0i64),
            outbox::next_at.eq(now),
            outbox::expires_at.eq(expires_at),
            outbox::created_at.eq(now),
            outbox::body.eq(body),
        ))
        .execute(tx.conn())?;
    Ok(())
}

/// Deletes a message that nobody has claimed.
pub(super) fn delete(tx: &mut Tx<'_>, id: MessageId) -> Result<(), StoreError> {
    diesel::delete(outbox::table.find(id)).execute(tx.conn())?;
    Ok(())
}

/// How many letters wait that are due.
pub(super) fn letters_due(tx: &mut Tx<'_>) -> Result<i64, StoreError> {
    let now = tx.now();
    Ok(outbox::table.filter(outbox::state.eq(QUEUED)).filter(outbox::next_at.le(now)).count().get_result(tx.conn())?)
}

/// Deletes those of `ids` that nobody has claimed; gives which.
pub(super) fn recall(tx: &mut Tx<'_>, ids: &[MessageId]) -> Result<Vec<MessageId>, StoreError> {
    let unclaimed = outbox::table.filter(outbox::id.eq_any(ids)).filter(outbox::state.eq_any([QUEUED, QUEUED_ONCE]));
    Ok(diesel::delete(unclaimed).returning(outbox::id).get_results(tx.conn())?)
}

/// Whether a claim would find anything: a read, so that an idle service writes nothing.
pub(super) fn is_any_due(tx: &mut Tx<'_>) -> Result<Due, StoreError> {
    let now = tx.now();
    for state in [QUEUED_ONCE, QUEUED, SENDING, SENDING_ONCE] {
        let first: Option<Time> = outbox::table
            .filter(outbox::state.eq(state))
            .select(diesel::dsl::min(outbox::next_at))
            .get_result(tx.conn())?;
        if first.is_some_and(|at| at <= now) {
            return Ok(Due::Some);
        }
    }
    Ok(Due::Nothing)
}

/// Claims at most `limit` due messages for `lease`, those that cannot wait first, and deletes the dead.
pub(super) fn claim(tx: &mut Tx<'_>, limit: i64, lease: Duration, report: Report) -> Result<Claim, StoreError> {
    let now = tx.now();
    let left: Vec<MessageId> =
        diesel::delete(outbox::table.filter(outbox::state.eq(SENDING_ONCE)).filter(outbox::next_at.le(now)))
            .returning(outbox::id)
            .get_results(tx.conn())?;
    let expired: Vec<MessageId> = diesel::delete(
        outbox::table
            .filter(outbox::state.eq_any([QUEUED, QUEUED_ONCE, SENDING]))
            .filter(outbox::next_at.le(now))
            .filter(outbox::expires_at.le(now)),
    )
    .returning(outbox::id)
    .get_results(tx.conn())?;
    for id in &left {
        report(tx, *id, Settled::Uncertain)?;
    }
    for id in &expired {
        report(tx, *id, Settled::Expired)?;
    }
    let mut messages = Vec::new();
    for (from, to, hand) in [
        (QUEUED_ONCE, SENDING_ONCE, Hand::Once),
        (QUEUED, SENDING, Hand::TwiceAtMost),
        // Whoever held it is gone: it may have arrived.
        (SENDING, SENDING_ONCE, Hand::Once),
    ] {
        let room = limit - i64::try_from(messages.len()).unwrap_or(limit);
        for id in dialect::due_messages(tx.conn(), from, now, room)? {
            let (kind, owner, attempts, queued_at, body): (i16, AnyId, i64, Time, Sealed<Body>) =
                diesel::update(outbox::table.filter(outbox::id.eq(id)))
                    .set((
                        outbox::state.eq(to),
                        outbox::attempts.eq(outbox::attempts + 1),
                        outbox::next_at.eq(now.plus(lease)),
                    ))
                    .returning((
                        outbox::owner_kind,
                        outbox::owner_id,
                        outbox::attempts,
                        outbox::created_at,
                        outbox::body,
                    ))
                    .get_result(tx.conn())?;
            let owner = Owner::decode(kind, *owner.as_bytes());
            messages.push(Claimed { id, owner, hand, attempts, queued_at, body });
        }
    }
    Ok(Claim { messages, dead: left.len() + expired.len() })
}

/// Notes what became of a message, unless another process has claimed it since.
pub(super) fn settle(tx: &mut Tx<'_>, message: &Claimed, fate: Fate, report: Report) -> Result<(), StoreError> {
    let held = outbox::table.filter(outbox::id.eq(message.id)).filter(outbox::attempts.eq(message.attempts));
    let (state, at) = match fate {
        Fate::Delivered | Fate::Left(_) => {
            let settled = if let Fate::Left(settled) = fate { settled } else { Settled::Accepted };
            return match diesel::delete(held).execute(tx.conn())? {
                0 => Ok(()),
                _ => report(tx, message.id, settled),
            };
        }
        Fate::Again(at) => (if message.hand == Hand::Once { QUEUED_ONCE } else { QUEUED }, at),
        Fate::OnceMore(at) => (QUEUED_ONCE, at),
    };
    diesel::update(held).set((outbox::state.eq(state), outbox::next_at.eq(at))).execute(tx.conn())?;
    Ok(())
}
