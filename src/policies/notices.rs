//! Who is told of an announced version, and what became of it: one notice an account.
//!
//! Queued in bulk, without opening anybody's data ([`queue_some`]); composed when its turn comes, in the account's
//! language and sealed under the account's key ([`hand_over`]), all that is due of one account in one mail; settled in the
//! outbox's own transaction ([`settled`]). Who sees it in the application is told too ([`seen`]), and who joins meanwhile
//! reads it at the sign-up ([`joined`]). From `ready_at` on an account no longer holds the version up: the promised time
//! after it was told, or the moment at which it turned out that nobody can be reached there.

use std::time::Duration;

use diesel::{
    BoolExpressionMethods as _, ExpressionMethods as _, Insertable as _, IntoSql as _, OptionalExtension as _,
    QueryDsl as _, RunQueryDsl as _,
};

use crate::kernel::clock::Time;
use crate::kernel::ids::{AccountId, MessageId};
use crate::kernel::store::schema::{accounts, policies, policy_notices};
use crate::kernel::store::{StoreError, Tx, both};
use crate::kernel::tenancy::AccountScope;
use crate::kernel::values::Locale;
use crate::messages::notice::{ChangedDocument, Mail, Notice, WithdrawnDocument};
use crate::messages::outbox::{self, Settled};
use crate::policies::document::{DocumentVersion, State};
use crate::policies::events::Tally;
use crate::policies::published::{self, announced, text};
use crate::policies::{AddressOf, PoliciesError};

/// What the database holds for an account that is nobody's.
pub(super) const DECOY: i16 = 3;

/// So many accounts are queued in one transaction: a fraction of a second.
const BATCH: i64 = 2_000;

/// What the database holds where whoever was told of a version is to be told that it was withdrawn.
const TO_BE_TOLD_BACK: i16 = 1;
/// Where that mail is with the outbox.
const TOLD_BACK: i16 = 2;

/// What became of a notice on its way by mail.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Delivery {
    /// To be mailed.
    Queued,
    /// With the outbox.
    Handed,
    /// The mail server has it.
    Sent,
    /// The mail server will not take it.
    Refused,
    /// It came back.
    Bounced,
    /// It could not be handed over while it was worth trying.
    Unreachable,
    /// The version was withdrawn before it was mailed.
    CalledOff,
    /// Read at the sign-up.
    Joined,
}

impl Delivery {
    const ALL: [Self; 8] = [
        Self::Queued,
        Self::Handed,
        Self::Sent,
        Self::Refused,
        Self::Bounced,
        Self::Unreachable,
        Self::CalledOff,
        Self::Joined,
    ];

    const fn code(self) -> i16 {
        match self {
            Self::Queued => 1,
            Self::Handed => 2,
            Self::Sent => 3,
            Self::Refused => 4,
            Self::Bounced => 5,
            Self::Unreachable => 6,
            Self::CalledOff => 7,
            Self::Joined => 8,
        }
    }

    fn from_code(code: i16) -> Option<Self> {
        Self::ALL.into_iter().find(|delivery| delivery.code() == code)
    }

    /// Its name in the evidence. Whether a queued notice is with the outbox already is no difference to anybody.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Queued | Self::Handed => "queued",
            Self::Sent => "sent",
            Self::Refused => "refused",
            Self::Bounced => "bounced",
            Self::Unreachable => "unreachable",
            Self::CalledOff => "called_off",
            Self::Joined => "joined",
        }
    }
}

/// How many notices of a version are where. Each is in one of the states of its delivery; seen and acknowledged are counted
/// beside that.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Counts {
    /// Not mailed yet, or to be tried again.
    pub queued: u64,
    /// Taken by the mail server.
    pub sent: u64,
    /// Refused by it.
    pub refused: u64,
    /// Sent, and come back.
    pub bounced: u64,
    /// Never taken, after retries.
    pub unreachable: u64,
    /// Not mailed, because the version was withdrawn.
    pub called_off: u64,
    /// Read at the sign-up.
    pub joined: u64,
    /// Seen in the application, or acknowledged.
    pub seen: u64,
    /// Acknowledged.
    pub acknowledged: u64,
}

impl Counts {
    /// How many accounts have one.
    #[must_use]
    pub const fn accounts(&self) -> u64 {
        self.queued + self.sent + self.refused + self.bounced + self.unreachable + self.called_off + self.joined
    }
}

/// What became of one account's notice.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Told {
    /// Whose.
    pub account: AccountId,
    /// What became of its mail.
    pub delivery: Delivery,
    /// When it was queued.
    pub queued_at: Time,
    /// When its delivery was settled.
    pub settled_at: Option<Time>,
    /// The mail server's reply code, where it refused.
    pub reply: Option<u16>,
    /// When it was seen in the application.
    pub seen_at: Option<Time>,
    /// When it was acknowledged.
    pub acknowledged_at: Option<Time>,
}

/// Queues a notice of `which` for some of the accounts after `after` that have none; gives the last account that was
/// looked at, and nothing when there was no further one. Opens nobody's data; a repetition changes nothing.
pub(super) fn queue_some(
    tx: &mut Tx<'_>,
    which: DocumentVersion,
    after: AccountId,
) -> Result<Option<AccountId>, StoreError> {
    let from = accounts::table.filter(accounts::id.gt(after)).order(accounts::id).select(accounts::id);
    let full: Option<AccountId> = from.offset(BATCH - 1).limit(1).get_result(tx.conn()).optional()?;
    let upto = full.unwrap_or(AccountId::from_bytes([0xff; 16]));
    let ((document, version), now) = (which.key(), tx.now());
    let queued = accounts::table
        .filter(accounts::id.gt(after))
        .filter(accounts::id.le(upto))
        .filter(accounts::state.ne(DECOY))
        .select((
            accounts::id,
            document.into_sql::<diesel::sql_types::SmallInt>(),
            version.into_sql::<diesel::sql_types::BigInt>(),
            Delivery::Queued.code().into_sql::<diesel::sql_types::SmallInt>(),
            now.into_sql::<diesel::sql_types::BigInt>(),
        ));
    both(
        queued
            .insert_into(policy_notices::table)
            .into_columns((
                policy_notices::account_id,
                policy_notices::document,
                policy_notices::version,
                policy_notices::state,
                policy_notices::queued_at,
            ))
            .on_conflict_do_nothing(),
    )
    .execute(tx.conn())?;
    Ok(full)
}

/// Whether somebody has an account and no notice of `which`.
pub(super) fn anybody_untold(tx: &mut Tx<'_>, which: DocumentVersion) -> Result<bool, StoreError> {
    let (document, version) = which.key();
    let told = policy_notices::table
        .filter(policy_notices::account_id.eq(accounts::id))
        .filter(policy_notices::document.eq(document))
        .filter(policy_notices::version.eq(version));
    let untold: Option<AccountId> = accounts::table
        .filter(accounts::state.ne(DECOY))
        .filter(diesel::dsl::not(diesel::dsl::exists(told)))
        .select(accounts::id)
        .limit(1)
        .get_result(tx.conn())
        .optional()?;
    Ok(untold.is_some())
}

/// Whether an account holds `which` up: it was told too short a time ago, or not at all.
pub(super) fn holds_up(tx: &mut Tx<'_>, which: DocumentVersion) -> Result<bool, StoreError> {
    let now = tx.now();
    let of_version = || {
        let (document, version) = which.key();
        policy_notices::table
            .filter(policy_notices::document.eq(document))
            .filter(policy_notices::version.eq(version))
            .select(policy_notices::account_id)
            .limit(1)
    };
    let untold: Option<AccountId> =
        of_version().filter(policy_notices::ready_at.is_null()).get_result(tx.conn()).optional()?;
    if untold.is_some() {
        return Ok(true);
    }
    let lately: Option<AccountId> =
        of_version().filter(policy_notices::ready_at.gt(now)).get_result(tx.conn()).optional()?;
    Ok(lately.is_some())
}

type IsToBeToldBack = diesel::dsl::Eq<policy_notices::withdrawal, Option<i16>>;

fn is_to_be_told_back() -> IsToBeToldBack {
    policy_notices::withdrawal.eq(Some(TO_BE_TOLD_BACK))
}

/// Some of the accounts that are to be mailed: those who are to be told of a change before those for whom one is withdrawn.
pub(super) fn due(tx: &mut Tx<'_>, limit: i64) -> Result<Vec<AccountId>, StoreError> {
    let mut accounts: Vec<AccountId> = policy_notices::table
        .filter(policy_notices::state.eq(Delivery::Queued.code()))
        .select(policy_notices::account_id)
        .distinct()
        .order(policy_notices::account_id)
        .limit(limit)
        .load(tx.conn())?;
    if accounts.is_empty() {
        accounts = policy_notices::table
            .filter(is_to_be_told_back())
            .select(policy_notices::account_id)
            .distinct()
            .order(policy_notices::account_id)
            .limit(limit)
            .load(tx.conn())?;
    }
    Ok(accounts)
}

/// Whether somebody is still to be told that what they were told of was withdrawn.
pub(super) fn anybody_to_tell_back(tx: &mut Tx<'_>) -> Result<bool, StoreError> {
    let first = policy_notices::table.filter(is_to_be_told_back()).select(policy_notices::account_id).limit(1);
    let found: Option<AccountId> = first.get_result(tx.conn()).optional()?;
    Ok(found.is_some())
}

/// Puts what is due of the scope's account into the outbox: a mail of all that is announced, with the log's `checkpoint`, and
/// one of all that was withdrawn since they were told of it. Of several nodes, one does.
pub(super) fn hand_over(
    tx: &mut Tx<'_>,
    scope: &AccountScope,
    address_of: AddressOf,
    checkpoint: &str,
) -> Result<(), StoreError> {
    tell_back(tx, scope, address_of)?;
    let account = scope.account();
    let mine = policy_notices::table
        .filter(policy_notices::account_id.eq(account))
        .filter(policy_notices::state.eq(Delivery::Queued.code()));
    let taken: Vec<(i16, i64)> = diesel::update(mine)
        .set(policy_notices::state.eq(Delivery::Handed.code()))
        .returning((policy_notices::document, policy_notices::version))
        .get_results(tx.conn())?;
    let which = in_order(taken);
    if which.is_empty() {
        return Ok(());
    }
    let (to, language) = address_of(tx, scope)?;
    let mut documents = Vec::new();
    for which in &which {
        let text = text_of(tx, *which, language)?;
        let effective_at: Time =
            policies::table.find(which.key()).select(policies::effective_at).get_result(tx.conn())?;
        documents.push(ChangedDocument {
            title: text.title,
            version: which.version,
            on: effective_at.date(),
            summary: text.summary,
        });
    }
    let mail = Mail { to, language, notice: Notice::PolicyChanged { documents, checkpoint: checkpoint.to_owned() } };
    let id = outbox::enqueue(tx, scope.keys(), &mail)?;
    for which in which {
        let (document, version) = which.key();
        diesel::update(policy_notices::table.find((account, document, version)))
            .set(policy_notices::message_id.eq(id))
            .execute(tx.conn())?;
    }
    Ok(())
}

/// The versions of rows, as a mail names them one after the other.
fn in_order(rows: Vec<(i16, i64)>) -> Vec<DocumentVersion> {
    let decoded = rows.into_iter().filter_map(|(document, version)| DocumentVersion::decode(document, version));
    let mut which: Vec<DocumentVersion> = decoded.collect();
    which.sort();
    which
}

/// What was said of a version to whoever was told of it.
fn text_of(tx: &mut Tx<'_>, which: DocumentVersion, language: Locale) -> Result<published::Text, StoreError> {
    match text(tx, which, language) {
        Ok(text) => Ok(text),
        Err(PoliciesError::Store(error)) => Err(error),
        Err(_) => Err(StoreError::Refused("an announced version without a text")),
    }
}

/// Puts one mail of all that was withdrawn since the scope's account was told of it into the outbox.
fn tell_back(tx: &mut Tx<'_>, scope: &AccountScope, address_of: AddressOf) -> Result<(), StoreError> {
    let mine =
        policy_notices::table.filter(policy_notices::account_id.eq(scope.account())).filter(is_to_be_told_back());
    let taken: Vec<(i16, i64)> = diesel::update(mine)
        .set(policy_notices::withdrawal.eq(Some(TOLD_BACK)))
        .returning((policy_notices::document, policy_notices::version))
        .get_results(tx.conn())?;
    let which = in_order(taken);
    if which.is_empty() {
        return Ok(());
    }
    let (to, language) = address_of(tx, scope)?;
    let mut documents = Vec::new();
    for which in which {
        let title = text_of(tx, which, language)?.title;
        documents.push(WithdrawnDocument { title, version: which.version });
    }
    let mail = Mail { to, language, notice: Notice::PolicyWithdrawn { documents } };
    outbox::enqueue(tx, scope.keys(), &mail).map(drop)
}

/// Notes what has become of the mail `id`, where it was such a notice: told by the outbox, in the transaction that
/// settles the mail.
///
/// # Errors
/// The store's.
pub fn settled(tx: &mut Tx<'_>, id: MessageId, settled: Settled) -> Result<(), StoreError> {
    let (delivery, reply) = match settled {
        Settled::Accepted => (Delivery::Sent, None),
        Settled::Refused(reply) => (Delivery::Refused, reply),
        Settled::Expired | Settled::Uncertain | Settled::Void => (Delivery::Unreachable, None),
    };
    move_on(tx, id, &[Delivery::Handed], delivery, reply)
}

/// Notes that the mail `id` came back. Gives how many notices it told of: none where it was no such mail.
pub(super) fn bounced(tx: &mut Tx<'_>, id: MessageId) -> Result<usize, StoreError> {
    let many: i64 = policy_notices::table
        .filter(policy_notices::message_id.eq(id))
        .filter(policy_notices::state.eq_any([Delivery::Sent.code(), Delivery::Handed.code()]))
        .count()
        .get_result(tx.conn())?;
    move_on(tx, id, &[Delivery::Sent, Delivery::Handed], Delivery::Bounced, None)?;
    Ok(usize::try_from(many).unwrap_or(0))
}

fn move_on(
    tx: &mut Tx<'_>,
    id: MessageId,
    from: &[Delivery],
    to: Delivery,
    reply: Option<u16>,
) -> Result<(), StoreError> {
    type Row = (AccountId, i16, i64, Option<Time>, Option<Time>);
    let now = tx.now();
    let from: Vec<i16> = from.iter().map(|delivery| delivery.code()).collect();
    let rows: Vec<Row> = policy_notices::table
        .filter(policy_notices::message_id.eq(id))
        .filter(policy_notices::state.eq_any(&from))
        .select((
            policy_notices::account_id,
            policy_notices::document,
            policy_notices::version,
            policy_notices::seen_at,
            policy_notices::ready_at,
        ))
        .load(tx.conn())?;
    for (account, document, version, seen_at, ready_at) in rows {
        let ready_at = match to {
            Delivery::Sent => ready_at.unwrap_or(now.plus(promised(tx, (document, version))?)),
            // Nobody is reached by mail there; who has seen it in the application has the promised time from then on.
            _ if seen_at.is_some() => ready_at.unwrap_or(now),
            _ => ready_at.map_or(now, |ready_at| ready_at.min(now)),
        };
        diesel::update(policy_notices::table.find((account, document, version)))
            .set((
                policy_notices::state.eq(to.code()),
                policy_notices::settled_at.eq(now),
                policy_notices::reply.eq(reply.and_then(|code| i16::try_from(code).ok())),
                policy_notices::ready_at.eq(ready_at),
            ))
            .execute(tx.conn())?;
    }
    Ok(())
}

/// How long before its effect everybody is told of a version.
fn promised(tx: &mut Tx<'_>, key: (i16, i64)) -> Result<Duration, StoreError> {
    let micros: i64 = policies::table.find(key).select(policies::notice).get_result(tx.conn())?;
    Ok(Duration::from_micros(u64::try_from(micros).unwrap_or(0)))
}

/// Gives up the mail of an account whose data does not open, or whose keys are gone.
pub(super) fn give_up(tx: &mut Tx<'_>, account: AccountId) -> Result<(), StoreError> {
    let now = tx.now();
    let mine = || {
        policy_notices::table
            .filter(policy_notices::account_id.eq(account))
            .filter(policy_notices::state.eq(Delivery::Queued.code()))
    };
    diesel::update(mine().filter(policy_notices::ready_at.is_null()))
        .set(policy_notices::ready_at.eq(now))
        .execute(tx.conn())?;
    diesel::update(mine())
        .set((policy_notices::state.eq(Delivery::Unreachable.code()), policy_notices::settled_at.eq(now)))
        .execute(tx.conn())?;
    let to_tell_back =
        policy_notices::table.filter(policy_notices::account_id.eq(account)).filter(is_to_be_told_back());
    diesel::update(to_tell_back).set(policy_notices::withdrawal.eq(None::<i16>)).execute(tx.conn())?;
    Ok(())
}

/// Takes back every mail of `which` that is not on its way; whoever was told of it, by a mail that is or has been, or in the
/// application, is to be told that it is withdrawn.
pub(super) fn call_off(tx: &mut Tx<'_>, which: DocumentVersion) -> Result<(), StoreError> {
    let ((document, version), now) = (which.key(), tx.now());
    let of_version = || {
        policy_notices::table.filter(policy_notices::document.eq(document)).filter(policy_notices::version.eq(version))
    };
    let called_off = (policy_notices::state.eq(Delivery::CalledOff.code()), policy_notices::settled_at.eq(now));
    diesel::update(of_version().filter(policy_notices::state.eq(Delivery::Queued.code())))
        .set(called_off)
        .execute(tx.conn())?;
    let handed: Vec<Option<MessageId>> = of_version()
        .filter(policy_notices::state.eq(Delivery::Handed.code()))
        .select(policy_notices::message_id)
        .load(tx.conn())?;
    let mut alone = Vec::new();
    for id in handed.into_iter().flatten() {
        let told: i64 =
            policy_notices::table.filter(policy_notices::message_id.eq(id)).count().get_result(tx.conn())?;
        // A mail that tells of another document too is still true of that.
        if told == 1 {
            alone.push(id);
        }
    }
    for some in alone.chunks(500) {
        for id in outbox::recall(tx, some)? {
            diesel::update(of_version().filter(policy_notices::message_id.eq(id)))
                .set(called_off)
                .execute(tx.conn())?;
        }
    }
    let told = policy_notices::state
        .eq(Delivery::Handed.code())
        .or(policy_notices::state.eq(Delivery::Sent.code()))
        .or(policy_notices::state.eq(Delivery::Joined.code()))
        .or(policy_notices::seen_at.is_not_null());
    diesel::update(of_version().filter(told))
        .set(policy_notices::withdrawal.eq(Some(TO_BE_TOLD_BACK)))
        .execute(tx.conn())?;
    Ok(())
}

/// Notes that the account's person sees what is announced; the first time counts.
pub(super) fn seen(tx: &mut Tx<'_>, account: AccountId) -> Result<(), StoreError> {
    for which in announced(tx)? {
        note_seen(tx, account, which)?;
    }
    Ok(())
}

fn note_seen(tx: &mut Tx<'_>, account: AccountId, which: DocumentVersion) -> Result<(), StoreError> {
    let ((document, version), now) = (which.key(), tx.now());
    let mine = || policy_notices::table.find((account, document, version));
    let first = diesel::update(mine().filter(policy_notices::seen_at.is_null()))
        .set(policy_notices::seen_at.eq(now))
        .execute(tx.conn())?;
    if first == 1 {
        let ready_at = now.plus(promised(tx, which.key())?);
        diesel::update(mine().filter(policy_notices::ready_at.is_null()))
            .set(policy_notices::ready_at.eq(ready_at))
            .execute(tx.conn())?;
    }
    Ok(())
}

/// Notes that the account has acknowledged `which`, where it has a notice of it.
pub(super) fn acknowledged(tx: &mut Tx<'_>, account: AccountId, which: DocumentVersion) -> Result<(), StoreError> {
    let ((document, version), now) = (which.key(), tx.now());
    note_seen(tx, account, which)?;
    let mine = policy_notices::table.find((account, document, version));
    diesel::update(mine.filter(policy_notices::acknowledged_at.is_null()))
        .set(policy_notices::acknowledged_at.eq(now))
        .execute(tx.conn())?;
    Ok(())
}

/// Gives an account that joins now its notices of what is announced. It has read at the sign-up what is among
/// `acknowledged`; of the rest it gets a mail. It holds nothing up: it knew the terms that it joined under.
///
/// # Errors
/// The store's.
pub fn joined(tx: &mut Tx<'_>, account: AccountId, acknowledged: &[DocumentVersion]) -> Result<(), StoreError> {
    let now = tx.now();
    for which in announced(tx)? {
        let (document, version) = which.key();
        let has_read = acknowledged.contains(&which);
        let delivery = if has_read { Delivery::Joined } else { Delivery::Queued };
        diesel::insert_into(policy_notices::table)
            .values((
                policy_notices::account_id.eq(account),
                policy_notices::document.eq(document),
                policy_notices::version.eq(version),
                policy_notices::state.eq(delivery.code()),
                policy_notices::queued_at.eq(now),
                policy_notices::settled_at.eq(has_read.then_some(now)),
                policy_notices::ready_at.eq(now),
            ))
            .execute(tx.conn())?;
    }
    Ok(())
}

/// How many notices of `which` are where.
pub(super) fn counts(tx: &mut Tx<'_>, which: DocumentVersion) -> Result<Counts, StoreError> {
    let (document, version) = which.key();
    let rows: Vec<(i16, i64, i64, i64)> = policy_notices::table
        .filter(policy_notices::document.eq(document))
        .filter(policy_notices::version.eq(version))
        .group_by(policy_notices::state)
        .select((
            policy_notices::state,
            diesel::dsl::count_star(),
            diesel::dsl::count(policy_notices::seen_at),
            diesel::dsl::count(policy_notices::acknowledged_at),
        ))
        .load(tx.conn())?;
    let mut counts = Counts::default();
    let many = |many: i64| u64::try_from(many).unwrap_or(0);
    for (state, all, seen, acknowledged) in rows {
        let place = match Delivery::from_code(state).ok_or(StoreError::Refused("a notice of no kind"))? {
            Delivery::Queued | Delivery::Handed => &mut counts.queued,
            Delivery::Sent => &mut counts.sent,
            Delivery::Refused => &mut counts.refused,
            Delivery::Bounced => &mut counts.bounced,
            Delivery::Unreachable => &mut counts.unreachable,
            Delivery::CalledOff => &mut counts.called_off,
            Delivery::Joined => &mut counts.joined,
        };
        *place += many(all);
        counts.seen += many(seen);
        counts.acknowledged += many(acknowledged);
    }
    Ok(counts)
}

/// How many accounts had been told of `which`: by mail, in the application, or at the sign-up.
pub(super) fn tally(tx: &mut Tx<'_>, which: DocumentVersion) -> Result<Tally, StoreError> {
    let (document, version) = which.key();
    let counts = counts(tx, which)?;
    let lost: i64 = policy_notices::table
        .filter(policy_notices::document.eq(document))
        .filter(policy_notices::version.eq(version))
        .filter(policy_notices::state.eq_any([
            Delivery::Refused.code(),
            Delivery::Bounced.code(),
            Delivery::Unreachable.code(),
        ]))
        .filter(policy_notices::seen_at.is_null())
        .count()
        .get_result(tx.conn())?;
    let told: i64 = policy_notices::table
        .filter(policy_notices::document.eq(document))
        .filter(policy_notices::version.eq(version))
        .filter(policy_notices::ready_at.is_not_null())
        .count()
        .get_result(tx.conn())?;
    let (told, unreachable) = (u64::try_from(told).unwrap_or(0), u64::try_from(lost).unwrap_or(0));
    Ok(Tally { accounts: counts.accounts(), noticed: told.saturating_sub(unreachable), unreachable })
}

/// What became of the notices of `which`, by account, after `after`, at most `limit`.
pub(super) fn deliveries(
    tx: &mut Tx<'_>,
    which: DocumentVersion,
    after: AccountId,
    limit: i64,
) -> Result<Vec<Told>, StoreError> {
    type Row = (AccountId, i16, Time, Option<Time>, Option<i16>, Option<Time>, Option<Time>);
    let (document, version) = which.key();
    let rows: Vec<Row> = policy_notices::table
        .filter(policy_notices::document.eq(document))
        .filter(policy_notices::version.eq(version))
        .filter(policy_notices::account_id.gt(after))
        .order(policy_notices::account_id)
        .limit(limit)
        .select((
            policy_notices::account_id,
            policy_notices::state,
            policy_notices::queued_at,
            policy_notices::settled_at,
            policy_notices::reply,
            policy_notices::seen_at,
            policy_notices::acknowledged_at,
        ))
        .load(tx.conn())?;
    let read = |(account, state, queued_at, settled_at, reply, seen_at, acknowledged_at): Row| {
        Ok(Told {
            account,
            delivery: Delivery::from_code(state).ok_or(StoreError::Refused("a notice of no kind"))?,
            queued_at,
            settled_at,
            reply: reply.and_then(|code| u16::try_from(code).ok()),
            seen_at,
            acknowledged_at,
        })
    };
    rows.into_iter().map(read).collect()
}

/// Notes that every account has its notice of `which`; gives how many.
pub(super) fn all_queued(tx: &mut Tx<'_>, which: DocumentVersion) -> Result<u64, StoreError> {
    let now = tx.now();
    diesel::update(policies::table.find(which.key()).filter(policies::state.eq(State::Announced.code())))
        .set(policies::queued_at.eq(now))
        .execute(tx.conn())?;
    Ok(counts(tx, which)?.accounts())
}

/// Where an account stands with a version that is announced.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Standing {
    /// Which.
    pub which: DocumentVersion,
    /// When it was first seen in the application.
    pub seen_at: Option<Time>,
    /// When it was acknowledged.
    pub acknowledged_at: Option<Time>,
}

/// Where `account` stands with what is announced.
pub(super) fn standing(tx: &mut Tx<'_>, account: AccountId) -> Result<Vec<Standing>, StoreError> {
    let mut all = Vec::new();
    for which in announced(tx)? {
        let (document, version) = which.key();
        let times: Option<(Option<Time>, Option<Time>)> = policy_notices::table
            .find((account, document, version))
            .select((policy_notices::seen_at, policy_notices::acknowledged_at))
            .get_result(tx.conn())
            .optional()?;
        let (seen_at, acknowledged_at) = times.unwrap_or_default();
        all.push(Standing { which, seen_at, acknowledged_at });
    }
    Ok(all)
}
