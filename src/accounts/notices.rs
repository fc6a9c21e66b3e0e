//! What an account's person is told of their account (K-7, K-9): a feed in the application, and mails at once or once a
//! day.
//!
//! `tell` is the one way: an entry of the feed, sealed under the account's key, and a mail. Whatever changes who
//! controls the account is mailed in the same transaction; the rest waits for [`Accounts::mail_notices`], by the person's
//! choice until the next minute or until the next morning. Refusals (`refused`) of one kind within an hour are one
//! entry with a count, so that nobody floods the feed or the mailbox by failing often; known and unknown identifiers take
//! the same path, since only the job mails, and it leaves the decoys out.

use std::time::Duration;

use diesel::{ExpressionMethods as _, OptionalExtension as _, QueryDsl as _, RunQueryDsl as _};
use serde::{Deserialize, Serialize};

use crate::accounts::history::in_words;
use crate::accounts::person::{self, Person, Standing};
use crate::accounts::{Accounts, Failure};
use crate::kernel::access::AccountAccess;
use crate::kernel::clock::Time;
use crate::kernel::crypto::{Place, RowRef, Sealed, Tag};
use crate::kernel::ids::{AccountId, NoticeId};
use crate::kernel::personal::{Personal, revealed};
use crate::kernel::store::schema::{account_notices, accounts};
use crate::kernel::store::{StoreError, Tx, both};
use crate::kernel::tenancy::{AccountScope, Origin};
use crate::messages::notice::{DigestItem, Life, Mail, Notice, Outcome, Urgency};
use crate::messages::outbox;

/// When mails of what may wait are sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Delivery {
    /// Within a minute.
    AtOnce,
    /// Gathered, each morning.
    Daily,
}

impl Delivery {
    /// Both, with their names in the API.
    pub const ALL: [(Self, &'static str); 2] = [(Self::AtOnce, "at_once"), (Self::Daily, "daily")];

    /// The one of this name.
    #[must_use]
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|(_, known)| *known == name).map(|(delivery, _)| delivery)
    }

    /// Its name in the API.
    #[must_use]
    pub fn name(self) -> &'static str {
        Self::ALL.into_iter().find(|(known, _)| *known == self).map_or("", |(_, name)| name)
    }

    const fn code(self) -> i16 {
        match self {
            Self::AtOnce => 1,
            Self::Daily => 2,
        }
    }

    const fn from_code(code: i16) -> Self {
        if code == 2 { Self::Daily } else { Self::AtOnce }
    }

    /// When a mail of what happened `now` is due.
    fn due(self, now: Time) -> Time {
        match self {
            Self::AtOnce => now,
            Self::Daily => {
                let day = MORNING_OF_THE_FIRST.plus(DAY * u32::try_from(now.minus(MORNING).day()).unwrap_or(0));
                day.plus(DAY)
            }
        }
    }
}

/// Digests leave at five in the morning UTC: before work between the Baltic and Kazakhstan.
const MORNING: Duration = Duration::from_secs(5 * 3600);
const MORNING_OF_THE_FIRST: Time = Time::from_micros(5 * 3600 * 1_000_000);
const DAY: Duration = Duration::from_secs(86_400);
/// Refusals within so long are one entry.
const GATHERED: i64 = 3_600 * 1_000_000;
/// How long entries are kept.
const KEPT: Duration = Duration::from_secs(365 * 86_400);
/// So many lines a digest has at most.
const LINES: usize = 40;
/// So many accounts are mailed in one go.
const AT_ONCE: i64 = 100;

/// What was refused to whom may or may not be the account's person.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Refusal {
    /// A sign-in.
    SignIn,
    /// An answer to a challenge.
    Confirmation,
    /// A sign-in with the right password, while the account is frozen.
    WhileFrozen,
    /// A mailed code, or what was to be shown besides, of who is not signed in.
    Recovery,
    /// The present password, of who wants to change it.
    PasswordChange,
}

impl Refusal {
    const fn notice(self, times: u32) -> Notice {
        match self {
            Self::SignIn => Notice::SignInRefused { times },
            Self::Confirmation => Notice::ConfirmationRefused { times },
            Self::WhileFrozen => Notice::SignInWhileFrozen { times },
            Self::Recovery => Notice::RecoveryRefused { times },
            Self::PasswordChange => Notice::PasswordChangeRefused { times },
        }
    }

    const fn label(self) -> &'static [u8] {
        match self {
            Self::SignIn => b"sign-in",
            Self::Confirmation => b"confirmation",
            Self::WhileFrozen => b"while-frozen",
            Self::Recovery => b"recovery",
            Self::PasswordChange => b"password-change",
        }
    }
}

/// What is sealed of an entry.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Body {
    notice: Notice,
    seen: Option<Seen>,
}

/// From where something was done.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Seen {
    /// The client's address.
    #[serde(with = "revealed")]
    pub ip: Personal<std::net::IpAddr>,
    /// The device in words.
    #[serde(with = "revealed")]
    pub device: Personal<String>,
}

impl Seen {
    fn of(origin: &Origin) -> Self {
        Self { ip: origin.address.clone(), device: origin.device.clone().map(|agent| in_words(&agent)) }
    }
}

/// Where an entry lies, under the account's key.
struct NoticeBody;

impl Place for NoticeBody {
    const LABEL: &'static str = "account_notices.body";
    type Plain = Body;
}

/// An entry of the feed.
#[derive(Debug, Clone)]
pub struct Entry {
    /// Its id, in the order of time.
    pub id: NoticeId,
    /// When it happened; for the first time, where it happened several times.
    pub at: Time,
    /// When it happened for the last time.
    pub last_at: Time,
    /// What happened.
    pub notice: Notice,
    /// From where.
    pub seen: Option<Seen>,
    /// When its person reported it.
    pub reported_at: Option<Time>,
}

impl Entry {
    /// Whether it was done or refused.
    #[must_use]
    pub const fn outcome(&self) -> Outcome {
        self.notice.outcome()
    }

    /// The word for what happened, and what more there is to it: for the account's own person alone.
    ///
    /// # Errors
    /// The notice has no such form, which no notice has.
    pub fn told(&self) -> Result<(String, Personal<serde_json::Map<String, serde_json::Value>>), StoreError> {
        let spelled = serde_json::to_value(&self.notice).map_err(|_| StoreError::Unreadable)?;
        let (kind, details) = match spelled {
            serde_json::Value::String(kind) => (kind, serde_json::Map::new()),
            serde_json::Value::Object(tagged) => match tagged.into_iter().next() {
                Some((kind, serde_json::Value::Object(details))) => (kind, details),
                _ => return Err(StoreError::Unreadable),
            },
            _ => return Err(StoreError::Unreadable),
        };
        Ok((kind, Personal::new(details)))
    }
}

/// Tells the account's person what has become of their account (K-7): in the feed, and by mail.
pub(super) fn tell(tx: &mut Tx<'_>, scope: &AccountScope, person: &Person, notice: Notice) -> Result<(), StoreError> {
    told(tx, scope, person, notice, None)
}

/// The same of something that was done from `origin`.
pub(super) fn tell_of(
    tx: &mut Tx<'_>,
    scope: &AccountScope,
    person: &Person,
    notice: Notice,
    origin: &Origin,
) -> Result<(), StoreError> {
    told(tx, scope, person, notice, Some(Seen::of(origin)))
}

fn told(
    tx: &mut Tx<'_>,
    scope: &AccountScope,
    person: &Person,
    notice: Notice,
    seen: Option<Seen>,
) -> Result<(), StoreError> {
    // A code belongs into its mail and nowhere else.
    let is_news = notice.life() == Life::Letter;
    let due_at = match notice.urgency() {
        Urgency::Now => {
            let mail = Mail { to: person.address()?, language: person.language, notice: notice.clone() };
            outbox::enqueue(tx, scope.keys(), &mail)?;
            None
        }
        Urgency::AsChosen => Some(delivery(tx, scope)?.due(tx.now())),
    };
    if is_news { enter(tx, scope, &Body { notice, seen }, None, due_at) } else { Ok(()) }
}

/// Writes down that something was refused: once an hour, with a count.
pub(super) fn refused(tx: &mut Tx<'_>, scope: &AccountScope, what: Refusal, origin: &Origin) -> Result<(), StoreError> {
    let hour = tx.now().micros().div_euclid(GATHERED);
    let gather = scope.keys().tag(&[b"account_notices", what.label()], &hour.to_be_bytes());
    // The same is read whatever was refused, so that no time tells what it was.
    let chosen = delivery(tx, scope)?;
    let due_at = match what.notice(1).urgency() {
        Urgency::Now => tx.now(),
        Urgency::AsChosen => chosen.due(tx.now()),
    };
    let body = Body { notice: what.notice(1), seen: Some(Seen::of(origin)) };
    enter(tx, scope, &body, Some(gather), Some(due_at))
}

fn enter(
    tx: &mut Tx<'_>,
    scope: &AccountScope,
    body: &Body,
    gather: Option<Tag>,
    due_at: Option<Time>,
) -> Result<(), StoreError> {
    let now = tx.now();
    let id = NoticeId::new(now, tx.entropy());
    let body = scope.keys().seal::<NoticeBody>(row(id), body, tx.entropy());
    both(
        diesel::insert_into(account_notices::table)
            .values((
                account_notices::account_id.eq(scope.account()),
                account_notices::id.eq(id),
                account_notices::at.eq(now),
                account_notices::last_at.eq(now),
                account_notices::times.eq(1i64),
                account_notices::gather.eq(gather),
                account_notices::due_at.eq(due_at),
                account_notices::body.eq(body),
            ))
            .on_conflict((account_notices::account_id, account_notices::gather))
            .do_update()
            .set((account_notices::times.eq(account_notices::times + 1), account_notices::last_at.eq(now))),
    )
    .execute(tx.conn())?;
    Ok(())
}

/// What the account's person chose.
fn delivery(tx: &mut Tx<'_>, scope: &AccountScope) -> Result<Delivery, StoreError> {
    let code: i16 = accounts::table.find(scope.account()).select(accounts::notice_delivery).get_result(tx.conn())?;
    Ok(Delivery::from_code(code))
}

type Columns = (NoticeId, Time, Time, i64, Option<Time>, Sealed<NoticeBody>);

const COLUMNS: (
    account_notices::id,
    account_notices::at,
    account_notices::last_at,
    account_notices::times,
    account_notices::reported_at,
    account_notices::body,
) = (
    account_notices::id,
    account_notices::at,
    account_notices::last_at,
    account_notices::times,
    account_notices::reported_at,
    account_notices::body,
);

fn open(scope: &AccountScope, (id, at, last_at, times, reported_at, body): Columns) -> Result<Entry, StoreError> {
    let Body { notice, seen } = scope.keys().open(row(id), &body)?;
    let times = u32::try_from(times).unwrap_or(u32::MAX);
    let notice = match notice {
        Notice::SignInRefused { .. } => Notice::SignInRefused { times },
        Notice::ConfirmationRefused { .. } => Notice::ConfirmationRefused { times },
        Notice::SignInWhileFrozen { .. } => Notice::SignInWhileFrozen { times },
        Notice::RecoveryRefused { .. } => Notice::RecoveryRefused { times },
        Notice::PasswordChangeRefused { .. } => Notice::PasswordChangeRefused { times },
        other => other,
    };
    Ok(Entry { id, at, last_at, notice, seen, reported_at })
}

impl Accounts {
    /// The account's feed before `before`, newest first, at most `limit`.
    ///
    /// # Errors
    /// The store's.
    pub async fn notices(
        &self,
        access: &AccountAccess,
        before: Option<NoticeId>,
        limit: i64,
    ) -> Result<Vec<Entry>, Failure> {
        let before = before.unwrap_or(NoticeId::from_bytes([0xff; 16]));
        let read = move |tx: &mut Tx<'_>, scope: &AccountScope| list(tx, scope, before, limit);
        Ok(self.kernel().read(&access.scope, read).await?)
    }

    /// Marks an entry as something that its person did not do; gives when it was first marked, and nothing where the
    /// account has no such entry. Whoever runs the service sees that the account has reported something, and not what.
    ///
    /// # Errors
    /// The store's.
    pub async fn report_notice(&self, access: &AccountAccess, id: NoticeId) -> Result<Option<Time>, Failure> {
        let report = move |tx: &mut Tx<'_>, scope: &AccountScope| -> Result<Option<Time>, StoreError> {
            let now = tx.now();
            let its_own = account_notices::table.find((scope.account(), id));
            diesel::update(its_own.filter(account_notices::reported_at.is_null()))
                .set(account_notices::reported_at.eq(now))
                .execute(tx.conn())?;
            let reported: Option<Option<Time>> =
                its_own.select(account_notices::reported_at).get_result(tx.conn()).optional()?;
            Ok(reported.flatten())
        };
        let reported = self.kernel().write("notices.report", &access.scope, report).await?;
        if reported.is_some() {
            tracing::warn!(account = %access.scope.account(), "a person reports something done to their account");
        }
        Ok(reported)
    }

    /// When the account's person wants mails of what may wait.
    ///
    /// # Errors
    /// The store's.
    pub async fn notice_delivery(&self, access: &AccountAccess) -> Result<Delivery, Failure> {
        Ok(self.kernel().point(&access.scope, delivery).await?)
    }

    /// Keeps what the person chose. What waits for the morning goes out now when they want it at once.
    ///
    /// # Errors
    /// The store's.
    pub async fn choose_notice_delivery(&self, access: &AccountAccess, delivery: Delivery) -> Result<(), Failure> {
        let choose = move |tx: &mut Tx<'_>, scope: &AccountScope| -> Result<(), StoreError> {
            diesel::update(accounts::table.find(scope.account()))
                .set(accounts::notice_delivery.eq(delivery.code()))
                .execute(tx.conn())?;
            let due_at = delivery.due(tx.now());
            let waiting = account_notices::table
                .filter(account_notices::account_id.eq(scope.account()))
                .filter(account_notices::due_at.is_not_null());
            diesel::update(waiting).set(account_notices::due_at.eq(due_at)).execute(tx.conn())?;
            Ok(())
        };
        Ok(self.kernel().write("notices.choose", &access.scope, choose).await?)
    }

    /// Mails what is due: one notice as itself, several as a digest. Gives how many accounts were mailed. Safe at any
    /// time, on any node.
    ///
    /// # Errors
    /// The store's; what was mailed stays mailed.
    pub async fn mail_notices(&self) -> Result<usize, Failure> {
        let kernel = self.kernel();
        let mut mailed = 0;
        loop {
            let accounts = kernel.point(&kernel.service(), |tx, _| due(tx)).await?;
            if accounts.is_empty() {
                return Ok(mailed);
            }
            for account in accounts {
                match self.scope_of(account).await? {
                    Some(scope) => mailed += kernel.write("notices.mail", &scope, mail).await?,
                    None => {
                        kernel.write("notices.forget", &kernel.service(), move |tx, _| forget(tx, account)).await?;
                    }
                }
            }
        }
    }
}

fn list(tx: &mut Tx<'_>, scope: &AccountScope, before: NoticeId, limit: i64) -> Result<Vec<Entry>, StoreError> {
    let rows: Vec<Columns> = account_notices::table
        .filter(account_notices::account_id.eq(scope.account()))
        .filter(account_notices::id.lt(before))
        .order(account_notices::id.desc())
        .limit(limit)
        .select(COLUMNS)
        .load(tx.conn())?;
    rows.into_iter().map(|row| open(scope, row)).collect()
}

/// Some of the accounts that have something to be mailed now.
fn due(tx: &mut Tx<'_>) -> Result<Vec<AccountId>, StoreError> {
    let now = tx.now();
    Ok(account_notices::table
        .filter(account_notices::due_at.le(now))
        .select(account_notices::account_id)
        .distinct()
        .limit(AT_ONCE)
        .load(tx.conn())?)
}

/// Mails what is due of one account; gives how many accounts that were.
fn mail(tx: &mut Tx<'_>, scope: &AccountScope) -> Result<usize, StoreError> {
    let now = tx.now();
    let mine = account_notices::table
        .filter(account_notices::account_id.eq(scope.account()))
        .filter(account_notices::due_at.le(now));
    // Whoever takes the rows mails them: of several nodes, one.
    let rows: Vec<Columns> =
        diesel::update(mine).set(account_notices::due_at.eq(None::<Time>)).returning(COLUMNS).get_results(tx.conn())?;
    if rows.is_empty() || person::standing(tx, scope)? == Standing::Decoy {
        return Ok(0);
    }
    let mut entries = rows.into_iter().map(|row| open(scope, row)).collect::<Result<Vec<_>, StoreError>>()?;
    entries.sort_by_key(|entry| entry.id);
    let person = person::find(tx, scope)?;
    let to = person.address()?;
    // What could not wait stands alone, the rest together.
    let (urgent, rest): (Vec<Entry>, Vec<Entry>) =
        entries.into_iter().partition(|entry| entry.notice.urgency() == Urgency::Now);
    for notice in urgent.into_iter().map(|entry| entry.notice).chain(together(rest)) {
        outbox::enqueue(tx, scope.keys(), &Mail { to: to.clone(), language: person.language, notice })?;
    }
    Ok(1)
}

/// One notice as itself, several as a digest of the newest.
fn together(entries: Vec<Entry>) -> Option<Notice> {
    let more = u32::try_from(entries.len().saturating_sub(LINES)).unwrap_or(u32::MAX);
    let newest = entries.into_iter().rev().take(LINES);
    let mut items: Vec<DigestItem> =
        newest.map(|entry| DigestItem { at: entry.last_at, notice: entry.notice }).collect();
    items.reverse();
    match (items.len(), items.pop()) {
        (_, None) => None,
        (1, Some(only)) => Some(only.notice),
        (_, last) => Some(Notice::Digest { items: items.into_iter().chain(last).collect(), more }),
    }
}

/// Forgets the feed of an account whose keys are gone: nobody can read it any more.
fn forget(tx: &mut Tx<'_>, account: AccountId) -> Result<(), StoreError> {
    diesel::delete(account_notices::table.filter(account_notices::account_id.eq(account))).execute(tx.conn())?;
    Ok(())
}

/// Deletes entries that are a year old, at most `limit`; gives how many.
pub(super) fn sweep(tx: &mut Tx<'_>, limit: i64) -> Result<usize, StoreError> {
    let until = tx.now().minus(KEPT);
    let over: Vec<NoticeId> = account_notices::table
        .filter(account_notices::at.le(until))
        .select(account_notices::id)
        .limit(limit)
        .load(tx.conn())?;
    Ok(diesel::delete(account_notices::table.filter(account_notices::id.eq_any(&over))).execute(tx.conn())?)
}

/// An entry never changes but in what stands beside its body: its row has one version.
const fn row(id: NoticeId) -> RowRef {
    RowRef::new(id.as_bytes(), 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_digest_is_due_on_the_next_morning_and_the_rest_now() {
        // K-9
        let at = |text: &str| Time::parse(text).unwrap();
        for (now, morning) in [
            ("2026-03-01T04:59:59Z", "2026-03-01T05:00:00Z"),
            ("2026-03-01T05:00:00Z", "2026-03-02T05:00:00Z"),
            ("2026-03-01T23:59:59Z", "2026-03-02T05:00:00Z"),
        ] {
            assert_eq!(Delivery::Daily.due(at(now)), at(morning), "{now}");
            assert_eq!(Delivery::AtOnce.due(at(now)), at(now));
        }
        for (delivery, name) in Delivery::ALL {
            assert_eq!(Delivery::parse(name), Some(delivery));
            assert_eq!(Delivery::from_code(delivery.code()), delivery);
        }
    }
}
