//! How often something may fail or be asked: counters under the key of the day, so that they are noise two days later.
//!
//! The first few go free. From then on, whoever comes back too early is turned away at once, and nothing is computed
//! for them. A count is taken with its row held, so that many at once are counted one by one. At midnight UTC the key
//! changes; what was counted under the one before counts on for its window.

use std::net::IpAddr;
use std::time::Duration;

use diesel::{ExpressionMethods as _, OptionalExtension as _, QueryDsl as _, RunQueryDsl as _};

use crate::kernel::clock::Time;
use crate::kernel::crypto::Tag;
use crate::kernel::store::schema::throttles;
use crate::kernel::store::{StoreError, Tx, both};
use crate::kernel::tenancy::DayScope;

/// How many go free, and what comes then.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limit {
    /// Its name: lower-case letters and hyphens.
    pub policy: &'static str,
    /// So many go free.
    pub free: u32,
    /// Within so long.
    pub window: Duration,
    /// What comes when they are used up.
    pub then: Then,
}

/// What comes when the free ones are used up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Then {
    /// One more after so long, the next after twice that, and so on up to the window.
    Growing(Duration),
    /// None until the window is over.
    NextWindow,
    /// One at a time, as far apart as brings the rest of the window to as many again: for what all share, so that there
    /// is still a way in.
    Paced,
}

/// A limit is reached.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Throttled {
    /// Which.
    pub limit: Limit,
    /// When the next one goes free.
    pub retry_after: Duration,
}

/// One thing that is counted.
#[derive(Debug, Clone, Copy)]
pub struct Counter {
    tag: Tag,
    limit: Limit,
    before: Option<Before>,
}

/// The same thing under the key of the day before.
#[derive(Debug, Clone, Copy)]
struct Before {
    tag: Tag,
    /// From then on nothing that was counted under it counts any more.
    over: Time,
}

/// The address as limits count it: an IPv6 customer has a whole /64.
#[must_use]
pub fn of_address(address: IpAddr) -> Vec<u8> {
    match address {
        IpAddr::V4(address) => address.octets().to_vec(),
        IpAddr::V6(address) => address.octets().into_iter().take(8).collect(),
    }
}

/// A day in microseconds.
const DAY: i64 = 86_400 * 1_000_000;

/// A counter's row: count, since when the last one counts, when it is forgotten.
type Row = (i64, Time, Time);

impl Counter {
    /// The counter of `value` for `limit`, on this day.
    #[must_use]
    pub fn new(day: &DayScope, limit: Limit, value: &[u8]) -> Self {
        let context: [&[u8]; 2] = [b"throttles", limit.policy.as_bytes()];
        let midnight = Time::from_micros(i64::from(day.day()) * DAY);
        let before = day
            .keys_before()
            .map(|keys| Before { tag: keys.tag(&context, value), over: midnight.plus(limit.window.saturating_mul(2)) });
        Self { tag: day.keys().tag(&context, value), limit, before }
    }

    /// Its tag: as good as random to whoever lacks the day's key.
    #[must_use]
    pub const fn tag(&self) -> &Tag {
        &self.tag
    }

    /// Whether the next one goes free, as it stands now.
    ///
    /// # Errors
    /// The store's.
    pub fn look(&self, tx: &mut Tx<'_>) -> Result<Option<Throttled>, StoreError> {
        let row = stored(tx, self.tag)?;
        self.judged(tx, row)
    }

    /// The same, and nobody else counts until this transaction ends.
    ///
    /// # Errors
    /// The store's.
    pub fn hold(&self, tx: &mut Tx<'_>) -> Result<Option<Throttled>, StoreError> {
        let row: Option<Row> = diesel::update(throttles::table.find(self.tag))
            .set(throttles::count.eq(throttles::count))
            .returning((throttles::count, throttles::since, throttles::expires_at))
            .get_result(tx.conn())
            .optional()?;
        self.judged(tx, row)
    }

    fn judged(&self, tx: &mut Tx<'_>, row: Option<Row>) -> Result<Option<Throttled>, StoreError> {
        let now = tx.now();
        let row = together(row, self.carried(tx)?, now);
        Ok(row.and_then(|row| self.limit.refuses(row, now)))
    }

    /// What was counted the day before, where that can still count.
    fn carried(&self, tx: &mut Tx<'_>) -> Result<Option<Row>, StoreError> {
        match self.before.filter(|before| tx.now() < before.over) {
            Some(before) => stored(tx, before.tag),
            None => Ok(None),
        }
    }

    /// Counts one.
    ///
    /// # Errors
    /// The store's.
    pub fn count(&self, tx: &mut Tx<'_>) -> Result<(), StoreError> {
        let now = tx.now();
        diesel::delete(throttles::table.find(self.tag).filter(throttles::expires_at.le(now))).execute(tx.conn())?;
        let first = (
            throttles::tag.eq(self.tag),
            throttles::count.eq(1),
            throttles::since.eq(now),
            throttles::expires_at.eq(now.plus(self.limit.window)),
        );
        let (count, _, expires_at): Row = both(
            diesel::insert_into(throttles::table)
                .values(first)
                .on_conflict(throttles::tag)
                .do_update()
                .set((throttles::count.eq(throttles::count + 1), throttles::since.eq(now)))
                .returning((throttles::count, throttles::since, throttles::expires_at)),
        )
        .get_result(tx.conn())?;
        let carried = self.carried(tx)?.filter(|row| now < row.2).map_or(0, |row| row.0);
        let until = now.plus(self.limit.window);
        let is_beyond = count + carried >= i64::from(self.limit.free);
        if matches!(self.limit.then, Then::Growing(_)) && is_beyond && expires_at < until {
            // It is remembered for a whole window after the last one, so that waiting does not begin anew.
            diesel::update(throttles::table.find(self.tag)).set(throttles::expires_at.eq(until)).execute(tx.conn())?;
        }
        Ok(())
    }

    /// Forgets all that was counted.
    ///
    /// # Errors
    /// The store's.
    pub fn clear(&self, tx: &mut Tx<'_>) -> Result<(), StoreError> {
        diesel::delete(throttles::table.find(self.tag)).execute(tx.conn())?;
        if let Some(before) = self.before.filter(|before| tx.now() < before.over) {
            diesel::delete(throttles::table.find(before.tag)).execute(tx.conn())?;
        }
        Ok(())
    }
}

fn stored(tx: &mut Tx<'_>, tag: Tag) -> Result<Option<Row>, StoreError> {
    let row = throttles::table
        .find(tag)
        .select((throttles::count, throttles::since, throttles::expires_at))
        .get_result(tx.conn())
        .optional()?;
    Ok(row)
}

/// What was counted on two days, as one.
fn together(today: Option<Row>, before: Option<Row>, now: Time) -> Option<Row> {
    let live = |row: &Row| now < row.2;
    match (today.filter(live), before.filter(live)) {
        (Some(one), Some(other)) => Some((one.0 + other.0, one.1.max(other.1), one.2.max(other.2))),
        (one, other) => one.or(other),
    }
}

impl Limit {
    fn refuses(self, (count, since, expires_at): Row, now: Time) -> Option<Throttled> {
        let beyond = u32::try_from(count - i64::from(self.free)).ok()?;
        let until = match self.then {
            Then::Growing(first) => {
                since.plus(first.saturating_mul(1 << beyond.min(16)).min(self.window)).min(expires_at)
            }
            Then::NextWindow => expires_at,
            Then::Paced => since.plus(self.window / self.free.max(1)).min(expires_at),
        };
        (now < until).then(|| Throttled { limit: self, retry_after: until.since(now) })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MINUTE: Duration = Duration::from_secs(60);
    const LIMIT: Limit =
        Limit { policy: "test", free: 5, window: Duration::from_secs(900), then: Then::Growing(MINUTE) };

    fn wait(limit: Limit, count: i64, passed: Duration) -> Option<Duration> {
        let since = Time::from_micros(1_000_000);
        let row = (count, since, since.plus(limit.window));
        limit.refuses(row, since.plus(passed)).map(|throttled| throttled.retry_after)
    }

    #[test]
    fn the_first_five_go_free_and_then_the_wait_grows_up_to_the_window() {
        for free in 0..5 {
            assert_eq!(wait(LIMIT, free, Duration::ZERO), None);
        }
        for (count, minutes) in [(5, 1), (6, 2), (7, 4), (8, 8), (9, 15), (50, 15), (4_000_000, 15)] {
            let expected = Some(MINUTE * minutes);
            assert_eq!(wait(LIMIT, count, Duration::ZERO), expected, "{count}");
        }
        assert_eq!(wait(LIMIT, 6, MINUTE), Some(MINUTE));
        assert_eq!(wait(LIMIT, 6, MINUTE * 2), None);
    }

    #[test]
    fn what_is_not_to_grow_waits_for_the_next_window() {
        let hourly = Limit { then: Then::NextWindow, ..LIMIT };
        assert_eq!(wait(hourly, 4, Duration::ZERO), None);
        assert_eq!(wait(hourly, 5, MINUTE), Some(MINUTE * 14));
        assert_eq!(wait(hourly, 5, LIMIT.window), None);
    }

    #[test]
    fn what_all_share_goes_on_at_a_pace_that_lets_as_many_again_through() {
        let shared = Limit { then: Then::Paced, ..LIMIT };
        assert_eq!(wait(shared, 4, Duration::ZERO), None);
        for count in [5, 6, 5_000] {
            assert_eq!(wait(shared, count, MINUTE), Some(MINUTE * 2), "{count}");
            assert_eq!(wait(shared, count, MINUTE * 3), None, "{count}");
        }
    }

    #[test]
    fn what_was_counted_before_midnight_counts_on_for_its_window() {
        let at = |minutes: u32| Time::from_micros(0).plus(MINUTE * minutes);
        let (before, today) = ((4, at(0), at(15)), (1, at(5), at(20)));
        assert_eq!(together(Some(today), Some(before), at(6)), Some((5, at(5), at(20))));
        assert_eq!(together(None, Some(before), at(6)), Some(before));
        assert_eq!(together(Some(today), Some(before), at(15)), Some(today));
        assert_eq!(together(None, Some(before), at(15)), None);
    }

    #[test]
    fn an_ipv6_network_counts_as_one_address() {
        let of = |text: &str| of_address(text.parse().unwrap());
        assert_eq!(of("2001:db8:1:2::1"), of("2001:db8:1:2:ffff::9"));
        assert_ne!(of("2001:db8:1:2::1"), of("2001:db8:1:3::1"));
        assert_ne!(of("192.0.2.1"), of("192.0.2.2"));
    }
}
