//! Time as a value: whoever asks what time it is, was handed a [`Clock`].

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use diesel::deserialize::{FromSql, FromSqlRow};
use diesel::expression::AsExpression;
use diesel::serialize::{IsNull, Output, ToSql};
use diesel::sql_types::BigInt;

/// An instant: microseconds since 1970-01-01T00:00:00 UTC. A `BigInt` in the database, RFC 3339 with milliseconds in
/// the API.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, AsExpression, FromSqlRow)]
#[diesel(sql_type = BigInt)]
pub struct Time(i64);

impl Time {
    /// The instant so many microseconds after the epoch.
    #[must_use]
    pub const fn from_micros(micros: i64) -> Self {
        Self(micros)
    }

    /// Microseconds since the epoch.
    #[must_use]
    pub const fn micros(self) -> i64 {
        self.0
    }

    /// Milliseconds since the epoch, rounded down; never below zero.
    #[must_use]
    pub fn millis(self) -> u64 {
        u64::try_from(self.0.div_euclid(1000)).unwrap_or(0)
    }

    /// The instant `later` after this one; the ends of time hold.
    #[must_use]
    pub fn plus(self, later: Duration) -> Self {
        Self(self.0.saturating_add(micros(later)))
    }

    /// The instant `earlier` before this one; the ends of time hold.
    #[must_use]
    pub fn minus(self, earlier: Duration) -> Self {
        Self(self.0.saturating_sub(micros(earlier)))
    }

    /// The same time of day so many months later (UTC), on the last day of that month where it has no such day; the end of
    /// time holds.
    #[must_use]
    pub fn plus_months(self, months: u8) -> Self {
        let later = jiff::Timestamp::from_microsecond(self.0).and_then(|at| {
            at.to_zoned(jiff::tz::TimeZone::UTC).checked_add(jiff::Span::new().months(i64::from(months)))
        });
        later.map_or(Self(i64::MAX), |later| Self(later.timestamp().as_microsecond()))
    }

    /// The first instant of a day (UTC), counted in days since the epoch.
    #[must_use]
    pub const fn of_day(day: i64) -> Self {
        Self(day.saturating_mul(86_400_000_000))
    }

    /// How long after `start` this is; zero when it is before.
    #[must_use]
    pub fn since(self, start: Self) -> Duration {
        Duration::from_micros(u64::try_from(self.0.saturating_sub(start.0)).unwrap_or(0))
    }

    /// The day that it falls on (UTC): `2026-12-22`.
    #[must_use]
    pub fn date(self) -> String {
        self.rfc3339().chars().take(10).collect()
    }

    /// Days since the epoch (UTC).
    #[must_use]
    pub const fn day(self) -> i64 {
        self.0.div_euclid(86_400_000_000)
    }

    /// RFC 3339 in UTC with milliseconds: `2026-03-01T12:00:00.000Z`.
    #[must_use]
    pub fn rfc3339(self) -> String {
        jiff::Timestamp::from_microsecond(self.0)
            .map_or_else(|_| String::from("9999-12-31T23:59:59.999Z"), |t| format!("{t:.3}"))
    }

    /// Reads RFC 3339; `None` when it is not, or out of range.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        text.parse::<jiff::Timestamp>().ok().map(|t| Self(t.as_microsecond()))
    }
}

fn micros(duration: Duration) -> i64 {
    i64::try_from(duration.as_micros()).unwrap_or(i64::MAX)
}

impl serde::Serialize for Time {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.rfc3339())
    }
}

impl<'de> serde::Deserialize<'de> for Time {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = <std::borrow::Cow<'de, str>>::deserialize(deserializer)?;
        Self::parse(&text).ok_or_else(|| serde::de::Error::custom("not an RFC 3339 time"))
    }
}

impl<DB> ToSql<BigInt, DB> for Time
where
    DB: diesel::backend::Backend,
    i64: ToSql<BigInt, DB>,
{
    fn to_sql<'b>(&'b self, out: &mut Output<'b, '_, DB>) -> diesel::serialize::Result {
        let _: IsNull = self.0.to_sql(out)?;
        Ok(IsNull::No)
    }
}

impl<DB> FromSql<BigInt, DB> for Time
where
    DB: diesel::backend::Backend,
    i64: FromSql<BigInt, DB>,
{
    fn from_sql(bytes: DB::RawValue<'_>) -> diesel::deserialize::Result<Self> {
        i64::from_sql(bytes).map(Self)
    }
}

/// Tells the time: the machine's, or one that a test moves.
#[derive(Debug, Clone)]
pub struct Clock(Source);

#[derive(Debug, Clone)]
enum Source {
    System,
    #[cfg_attr(not(any(test, feature = "testing")), expect(dead_code, reason = "only tests move the clock"))]
    Moved(Arc<AtomicI64>),
}

impl Clock {
    /// The machine's clock.
    #[must_use]
    pub const fn system() -> Self {
        Self(Source::System)
    }

    /// A clock that stands still at `start` until it is moved; its clones move with it. For tests alone.
    #[cfg(any(test, feature = "testing"))]
    #[must_use]
    pub fn moved(start: Time) -> Self {
        Self(Source::Moved(Arc::new(AtomicI64::new(start.micros()))))
    }

    /// Moves a test's clock forward; the machine's stays as it is.
    #[cfg(any(test, feature = "testing"))]
    pub fn advance(&self, by: Duration) {
        if let Source::Moved(at) = &self.0 {
            at.fetch_add(micros(by), Ordering::SeqCst);
        }
    }

    /// What time it is.
    #[must_use]
    #[expect(clippy::disallowed_methods, reason = "the one home of the wall clock")]
    pub fn now(&self) -> Time {
        match &self.0 {
            Source::System => {
                let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap_or_default();
                Time(micros(since))
            }
            Source::Moved(at) => Time(at.load(Ordering::SeqCst)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_read_back_as_they_were_written_to_the_millisecond() {
        let time = Time::from_micros(1_772_366_400_123_456);
        assert_eq!(time.rfc3339(), "2026-03-01T12:00:00.123Z");
        assert_eq!(Time::parse(&time.rfc3339()), Some(Time::from_micros(1_772_366_400_123_000)));
        assert_eq!(Time::parse("yesterday"), None);
    }

    #[test]
    fn months_are_those_of_the_calendar() {
        let at = |text: &str| Time::parse(text).unwrap();
        assert_eq!(at("2026-08-31T12:00:00Z").plus_months(6), at("2027-02-28T12:00:00Z"));
        assert_eq!(at("2026-03-01T00:00:00Z").plus_months(60), at("2031-03-01T00:00:00Z"));
        assert_eq!(Time::from_micros(i64::MAX).plus_months(1), Time::from_micros(i64::MAX));
        assert_eq!(Time::of_day(at("2026-03-01T23:59:59Z").day()), at("2026-03-01T00:00:00Z"));
    }

    #[test]
    fn a_moved_clock_moves_for_all_its_clones() {
        let clock = Clock::moved(Time::from_micros(0));
        let other = clock.clone();
        clock.advance(Duration::from_secs(2));
        assert_eq!(other.now(), Time::from_micros(2_000_000));
        assert_eq!(other.now().since(Time::from_micros(500_000)), Duration::from_millis(1500));
        assert_eq!(Time::from_micros(0).since(other.now()), Duration::ZERO);
    }
}
