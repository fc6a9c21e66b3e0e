//! How long to wait, in words for people.

use std::time::Duration;

use serde::Serialize;

/// A wait in the largest unit that says it well, never less than it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Wait {
    /// Of what.
    pub unit: Unit,
    /// How many.
    pub count: u64,
}

/// A unit of time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Unit {
    /// Up to a minute.
    Seconds,
    /// Up to two hours.
    Minutes,
    /// Beyond.
    Hours,
}

impl From<Duration> for Wait {
    fn from(wait: Duration) -> Self {
        let seconds = wait.as_millis().div_ceil(1000).max(1);
        let (unit, length) = match seconds {
            ..60 => (Unit::Seconds, 1),
            60..7200 => (Unit::Minutes, 60),
            _ => (Unit::Hours, 3600),
        };
        Self { unit, count: u64::try_from(seconds.div_ceil(length)).unwrap_or(u64::MAX) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wait_is_told_in_words_and_never_shorter_than_it_is() {
        for (seconds, unit, count) in [
            (0, Unit::Seconds, 1),
            (59, Unit::Seconds, 59),
            (60, Unit::Minutes, 1),
            (61, Unit::Minutes, 2),
            (900, Unit::Minutes, 15),
            (7199, Unit::Minutes, 120),
            (7200, Unit::Hours, 2),
            (7201, Unit::Hours, 3),
        ] {
            assert_eq!(Wait::from(Duration::from_secs(seconds)), Wait { unit, count }, "{seconds}");
        }
        assert_eq!(Wait::from(Duration::from_millis(1001)), Wait { unit: Unit::Seconds, count: 2 });
    }
}
