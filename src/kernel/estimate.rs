//! How fast work goes, and how long it still takes.

use std::time::Duration;

/// What is known of work by how much of it is done: for whoever watches it, in a terminal or on a page.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Estimate {
    done: u64,
    all: u64,
    elapsed: Duration,
}

impl Estimate {
    /// Of work of which `done` of `all` were done in `elapsed`.
    #[must_use]
    pub const fn of(done: u64, all: u64, elapsed: Duration) -> Self {
        Self { done, all, elapsed }
    }

    /// How many are done in `length` of time.
    #[must_use]
    pub fn rate(&self, length: Duration) -> u64 {
        let many = u128::from(self.done) * length.as_millis() / self.elapsed.as_millis().max(1);
        u64::try_from(many).unwrap_or(u64::MAX)
    }

    /// How long the rest takes at the pace so far; nothing before anything is done.
    #[must_use]
    pub fn left(&self) -> Option<Duration> {
        let rest = self.all.saturating_sub(self.done);
        let left = (self.elapsed.as_millis() * u128::from(rest)).checked_div(u128::from(self.done))?;
        Some(Duration::from_millis(u64::try_from(left).unwrap_or(u64::MAX)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_rest_takes_as_long_as_what_is_done_let_expect() {
        let work = Estimate::of(1_200, 10_000, Duration::from_millis(1_500));
        assert_eq!((work.rate(Duration::from_secs(1)), work.left()), (800, Some(Duration::from_secs(11))));
        let slow = Estimate::of(2, 6, Duration::from_secs(120));
        assert_eq!((slow.rate(Duration::from_secs(60)), slow.left()), (1, Some(Duration::from_secs(240))));
        assert_eq!(slow.rate(Duration::from_secs(1)), 0);
        assert_eq!(Estimate::of(0, 5, Duration::from_secs(9)).left(), None);
        assert_eq!(Estimate::of(7, 5, Duration::from_secs(9)).left(), Some(Duration::ZERO));
        assert_eq!(Estimate::of(u64::MAX, u64::MAX, Duration::ZERO).rate(Duration::from_secs(1)), u64::MAX);
    }
}
