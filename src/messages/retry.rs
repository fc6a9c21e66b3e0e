//! When a message is tried again: a pure function of what happened, how often, and when.

use std::time::Duration;

use crate::kernel::clock::Time;
use crate::messages::delivery::Delivery;
use crate::messages::notice::Life;

/// What to do with a message after an attempt.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Next {
    /// It is delivered.
    Done,
    /// Try again at this time.
    Again(Time),
    /// Leave it.
    Over(Over),
}

/// Why a message is left.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Over {
    /// The server refused it for good.
    Refused,
    /// Its life is over, or would be at the next attempt.
    Expired,
    /// It may have arrived, and must not arrive twice.
    Uncertain,
}

/// What to do after the `attempts`-th attempt (counted from 1), which ended `now` as `delivery` says.
///
/// A letter goes again after 1, 5 and 15 minutes, 1 and 3 hours, then every 6 hours while two days last. A code goes
/// again within seconds, because somebody waits for it, never beyond its life, and never once it may have arrived.
#[must_use]
pub fn after(delivery: Delivery, life: Life, queued_at: Time, attempts: u32, now: Time) -> Next {
    match (delivery, life) {
        (Delivery::Accepted, _) => Next::Done,
        (Delivery::Refused(_), _) => Next::Over(Over::Refused),
        (Delivery::Uncertain, Life::Code(_)) => Next::Over(Over::Uncertain),
        (Delivery::Deferred(_) | Delivery::Unreachable(_), _) | (Delivery::Uncertain, Life::Letter) => {
            let again = now.plus(pause(life, attempts));
            if worth(life, queued_at, again) == Worth::Trying { Next::Again(again) } else { Next::Over(Over::Expired) }
        }
    }
}

/// Whether an attempt still makes sense.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[must_use = "a dead code must not be sent"]
pub enum Worth {
    /// The message's life is not over.
    Trying,
    /// It is.
    Nothing,
}

/// Whether a message queued at `queued_at` is worth an attempt at `at`: asked before each, the first included.
pub fn worth(life: Life, queued_at: Time, at: Time) -> Worth {
    if at < queued_at.plus(life.length()) { Worth::Trying } else { Worth::Nothing }
}

/// How long to wait after the `attempts`-th attempt.
fn pause(life: Life, attempts: u32) -> Duration {
    match (life, attempts) {
        (Life::Letter, 0 | 1) => Duration::from_mins(1),
        (Life::Letter, 2) => Duration::from_mins(5),
        (Life::Letter, 3) => Duration::from_mins(15),
        (Life::Letter, 4) => Duration::from_hours(1),
        (Life::Letter, 5) => Duration::from_hours(3),
        (Life::Letter, 6..) => Duration::from_hours(6),
        (Life::Code(_), 0 | 1) => Duration::from_secs(5),
        (Life::Code(_), 2) => Duration::from_secs(15),
        (Life::Code(_), 3) => Duration::from_secs(30),
        (Life::Code(_), 4) => Duration::from_mins(1),
        (Life::Code(_), 5..) => Duration::from_mins(2),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::messages::delivery::{Refusal, Unreachable};

    const CODE: Life = Life::Code(Duration::from_mins(10));
    const NO: Refusal = Refusal { reply: Some(450), about: None };

    /// Every pause from the first attempt to giving up, where each attempt ends as `delivery`.
    fn pauses(delivery: Delivery, life: Life) -> (Vec<Duration>, Over) {
        let queued_at = Time::from_micros(0);
        let (mut now, mut seen) = (queued_at, Vec::new());
        for attempts in 1.. {
            match after(delivery, life, queued_at, attempts, now) {
                Next::Again(at) => {
                    seen.push(at.since(now));
                    now = at;
                }
                Next::Over(over) => return (seen, over),
                Next::Done => panic!("not delivered"),
            }
        }
        unreachable!()
    }

    #[test]
    fn a_letter_goes_again_ever_more_rarely_for_two_days() {
        let minutes = |pauses: Vec<Duration>| pauses.iter().map(|p| p.as_secs() / 60).collect::<Vec<_>>();
        for delivery in [Delivery::Deferred(NO), Delivery::Unreachable(Unreachable::Connection), Delivery::Uncertain] {
            let (seen, over) = pauses(delivery, Life::Letter);
            assert_eq!(over, Over::Expired);
            assert_eq!(minutes(seen), [1, 5, 15, 60, 180, 360, 360, 360, 360, 360, 360, 360]);
        }
    }

    #[test]
    fn a_code_is_never_tried_beyond_its_life() {
        let (seen, over) = pauses(Delivery::Deferred(NO), CODE);
        assert_eq!(over, Over::Expired);
        assert!(seen.iter().sum::<Duration>() < CODE.length() && seen.len() > 4, "{seen:?}");
        let queued_at = Time::from_micros(7);
        let late = queued_at.plus(CODE.length());
        assert_eq!(worth(CODE, queued_at, late), Worth::Nothing);
        assert_eq!(worth(CODE, queued_at, late.minus(Duration::from_micros(1))), Worth::Trying);
    }

    #[test]
    fn a_code_that_may_have_arrived_is_never_sent_again() {
        let start = Time::from_micros(0);
        let next = after(Delivery::Uncertain, CODE, start, 1, start);
        assert_eq!(next, Next::Over(Over::Uncertain));
    }

    #[test]
    fn what_is_accepted_or_refused_is_settled() {
        let start = Time::from_micros(0);
        for life in [CODE, Life::Letter] {
            assert_eq!(after(Delivery::Accepted, life, start, 1, start), Next::Done);
            assert_eq!(after(Delivery::Refused(NO), life, start, 1, start), Next::Over(Over::Refused));
        }
    }
}
