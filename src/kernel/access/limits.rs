//! How much may be done in a day by a token, and by a member with a role (K-9).
//!
//! Limits are columns beside what every request looks up anyway, so whoever has none is not asked twice. What is done is
//! counted only for who has one, in a row of the tenant's for each day (UTC), so that the count survives a restart and
//! holds over all processes; it is counted before the answer leaves, and what is refused is not counted.

use std::time::Duration;

use diesel::{ExpressionMethods as _, QueryDsl as _, RunQueryDsl as _};

use crate::kernel::access::permission::Need;
use crate::kernel::access::{Denied, Session, TenantAccess};
use crate::kernel::clock::Time;
use crate::kernel::ids::{AccountId, AnyId, TokenId};
use crate::kernel::store::schema::daily_uses;
use crate::kernel::store::{StoreError, Tx, both};
use crate::kernel::tenancy::TenantScope;

const DAY: Duration = Duration::from_secs(24 * 60 * 60);

/// What is counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Use {
    /// Records whose values leave the vault.
    Read,
    /// Records that go to the trash.
    Delete,
    /// Files with many records that leave the vault.
    Export,
}

impl Use {
    /// The name of its limit in the API.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Read => "records_read_per_day",
            Self::Delete => "records_deleted_per_day",
            Self::Export => "exports_per_day",
        }
    }
}

/// How much may be done in a day; nothing is as much as one likes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Limits {
    /// Records read.
    pub reads: Option<u32>,
    /// Records deleted.
    pub deletes: Option<u32>,
    /// Exports.
    pub exports: Option<u32>,
}

/// Limits as the database holds them: reads, deletes, exports.
pub type Columns = (Option<i64>, Option<i64>, Option<i64>);

impl Limits {
    /// What the database holds; a number that is none allows nothing.
    #[must_use]
    pub fn from_columns((reads, deletes, exports): Columns) -> Self {
        let limit = |held: Option<i64>| held.map(|held| u32::try_from(held).unwrap_or(0));
        Self { reads: limit(reads), deletes: limit(deletes), exports: limit(exports) }
    }

    /// As the database holds it.
    #[must_use]
    pub fn columns(self) -> Columns {
        (self.reads.map(i64::from), self.deletes.map(i64::from), self.exports.map(i64::from))
    }

    /// How much of this may be done.
    #[must_use]
    pub const fn of(self, what: Use) -> Option<u32> {
        match what {
            Use::Read => self.reads,
            Use::Delete => self.deletes,
            Use::Export => self.exports,
        }
    }
}

/// For whom something is counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Holder {
    /// A token.
    Token(TokenId),
    /// A member with a role, in all sessions and through all tokens together.
    Member(AccountId),
}

impl Holder {
    /// As the database holds it: kind and id.
    const fn columns(self) -> (i16, AnyId) {
        match self {
            Self::Token(id) => (1, AnyId::from_bytes(*id.as_bytes())),
            Self::Member(id) => (2, AnyId::from_bytes(*id.as_bytes())),
        }
    }
}

/// The limits that hold for a caller.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Allowance {
    token: Option<(TokenId, Limits)>,
    member: (AccountId, Limits),
}

impl Allowance {
    /// The limits of a token, and of the account's role in the tenant; nothing when there are none.
    pub(super) fn of(token: Option<(TokenId, Limits)>, member: AccountId, role: Limits) -> Option<Self> {
        let token = token.filter(|(_, limits)| *limits != Limits::default());
        (token.is_some() || role != Limits::default()).then_some(Self { token, member: (member, role) })
    }

    /// What there is to count of `what`, with its limit.
    fn counted(self, what: Use) -> impl Iterator<Item = (Holder, u32)> {
        let token = self.token.and_then(|(id, limits)| Some((Holder::Token(id), limits.of(what)?)));
        let (id, limits) = self.member;
        token.into_iter().chain(limits.of(what).map(|limit| (Holder::Member(id), limit)))
    }
}

/// A limit of the day is reached.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Reached {
    /// Of what.
    pub what: Use,
    /// So much is allowed.
    pub limit: u32,
    /// How long the day still lasts.
    pub retry_after: Duration,
}

/// What counts for a caller who has a limit.
#[derive(Debug, Clone)]
pub struct Meter {
    what: Use,
    allowance: Allowance,
    session: Option<Session>,
}

impl TenantAccess {
    /// What counts `what` for the caller; nothing when that has no limit, as is the rule.
    #[must_use]
    pub fn meter(&self, what: Use) -> Option<Meter> {
        let allowance = self.allowance.filter(|allowance| allowance.counted(what).next().is_some())?;
        Some(Meter { what, allowance, session: self.session.clone() })
    }
}

impl Meter {
    /// Counts so many for whoever acts, in the transaction that does it.
    ///
    /// # Errors
    /// Beyond a limit, and then nothing is counted: [`Denied::LimitReached`] for a token; for a session
    /// [`Denied::ConfirmationRequired`] unless it was confirmed within ten minutes, by a strong method once its account
    /// has one.
    pub fn charge(&self, tx: &mut Tx<'_>, scope: &TenantScope, many: usize) -> Result<(), Denied> {
        let many = i64::try_from(many).unwrap_or(i64::MAX);
        for (holder, limit) in self.allowance.counted(self.what) {
            if count(tx, scope, holder, self.what, many)? > i64::from(limit) {
                beyond(self.session.as_ref(), self.what, limit, tx.now())?;
            }
        }
        Ok(())
    }
}

fn beyond(session: Option<&Session>, what: Use, limit: u32, now: Time) -> Result<(), Denied> {
    match session {
        Some(session) => Need::Strongest.met_by(session, now),
        None => Err(Denied::LimitReached(Reached { what, limit, retry_after: left_of_day(now) })),
    }
}

fn left_of_day(now: Time) -> Duration {
    let day = i64::try_from(DAY.as_micros()).unwrap_or(i64::MAX);
    Duration::from_micros(u64::try_from(day - now.micros().rem_euclid(day)).unwrap_or_default())
}

/// Counts, and gives what that makes on this day. What was counted on earlier days is forgotten with the first of a day.
fn count(tx: &mut Tx<'_>, scope: &TenantScope, holder: Holder, what: Use, many: i64) -> Result<i64, StoreError> {
    let (kind, id) = holder.columns();
    let day = tx.now().micros().div_euclid(i64::try_from(DAY.as_micros()).unwrap_or(i64::MAX));
    let of = |this: Use| if this == what { many } else { 0 };
    let (reads, deletes, exports) = (of(Use::Read), of(Use::Delete), of(Use::Export));
    let first = both(
        daily_uses::insert()
            .values((
                daily_uses::of(scope),
                daily_uses::holder_kind.eq(kind),
                daily_uses::holder_id.eq(id),
                daily_uses::day.eq(day),
                daily_uses::reads.eq(0),
                daily_uses::deletes.eq(0),
                daily_uses::exports.eq(0),
            ))
            .on_conflict_do_nothing(),
    )
    .execute(tx.conn())?;
    let holders = daily_uses::rows(scope).filter(daily_uses::holder_kind.eq(kind)).filter(daily_uses::holder_id.eq(id));
    if first > 0 {
        diesel::delete(holders.filter(daily_uses::day.lt(day))).execute(tx.conn())?;
    }
    let done: (i64, i64, i64) = diesel::update(holders.filter(daily_uses::day.eq(day)))
        .set((
            daily_uses::reads.eq(daily_uses::reads + reads),
            daily_uses::deletes.eq(daily_uses::deletes + deletes),
            daily_uses::exports.eq(daily_uses::exports + exports),
        ))
        .returning((daily_uses::reads, daily_uses::deletes, daily_uses::exports))
        .get_result(tx.conn())?;
    Ok(match what {
        Use::Read => done.0,
        Use::Delete => done.1,
        Use::Export => done.2,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    // K-9
    #[test]
    fn the_day_ends_at_midnight_utc() {
        let at = |text: &str| left_of_day(Time::parse(text).unwrap_or(Time::from_micros(0)));
        assert_eq!(at("2026-03-01T23:59:59Z"), Duration::from_secs(1));
        assert_eq!(at("2026-03-02T00:00:00Z"), DAY);
    }

    #[test]
    fn limits_read_back_from_their_columns_and_a_number_that_is_none_allows_nothing() {
        let limits = Limits { reads: Some(10), deletes: None, exports: Some(0) };
        assert_eq!(Limits::from_columns(limits.columns()), limits);
        assert_eq!(Limits::from_columns((Some(-1), None, None)).reads, Some(0));
    }
}
