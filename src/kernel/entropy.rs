//! Randomness as a value: whoever draws, was handed an [`Entropy`].

use std::sync::Arc;

/// The source of randomness, from the operating system's generator.
///
/// Tests may hand in [`Entropy::seeded`], so that what they saw once they see again.
#[derive(Clone)]
pub struct Entropy(Source);

#[derive(Clone)]
enum Source {
    System,
    #[cfg_attr(not(any(test, feature = "testing")), expect(dead_code, reason = "only tests draw from a seed"))]
    Seeded(Arc<std::sync::Mutex<Seeded>>),
}

impl Entropy {
    /// The operating system's generator.
    #[must_use]
    pub const fn system() -> Self {
        Self(Source::System)
    }

    /// A generator that repeats itself, for tests alone.
    #[cfg(any(test, feature = "testing"))]
    #[must_use]
    pub fn seeded(seed: u64) -> Self {
        Self(Source::Seeded(Arc::new(std::sync::Mutex::new(Seeded { seed, drawn: 0 }))))
    }

    /// Fills `bytes`. A machine without randomness must not go on: the process ends.
    pub fn fill(&self, bytes: &mut [u8]) {
        match &self.0 {
            Source::System => {
                let drawn = DRAWN.try_with(|drawn| drawn.try_borrow_mut().is_ok_and(|mut drawn| drawn.give(bytes)));
                if drawn != Ok(true) {
                    from_system(bytes);
                }
            }
            Source::Seeded(state) => state.lock().unwrap_or_else(std::sync::PoisonError::into_inner).fill(bytes),
        }
    }

    /// `N` random bytes.
    #[must_use]
    pub fn bytes<const N: usize>(&self) -> [u8; N] {
        let mut bytes = [0; N];
        self.fill(&mut bytes);
        bytes
    }

    /// A number below `bound` (above zero), each as likely as the other: what does not fit evenly is drawn again.
    #[must_use]
    pub fn below(&self, bound: u32) -> u32 {
        let bound = bound.max(1);
        let fair = u32::MAX - u32::MAX % bound;
        loop {
            let drawn = u32::from_le_bytes(self.bytes());
            if drawn < fair {
                return drawn % bound;
            }
        }
    }
}

/// Fills `bytes` from the operating system.
#[expect(clippy::disallowed_methods, reason = "the one home of randomness")]
fn from_system(bytes: &mut [u8]) {
    if getrandom::fill(bytes).is_err() {
        std::process::abort();
    }
}

/// How much is drawn from the system at once: a request needs some ten small pieces, and each call costs as much.
const AT_ONCE: usize = 512;

thread_local! {
    static DRAWN: std::cell::RefCell<Drawn> = const { std::cell::RefCell::new(Drawn { bytes: [0; AT_ONCE], left: 0 }) };
}

/// What a thread has drawn and not given yet. What is given is wiped here at once, so that nobody gets it twice.
struct Drawn {
    bytes: [u8; AT_ONCE],
    left: usize,
}

impl Drawn {
    /// Fills `bytes`, unless that are too many to be worth it.
    #[must_use]
    fn give(&mut self, bytes: &mut [u8]) -> bool {
        if bytes.len() > AT_ONCE / 4 {
            return false;
        }
        if self.left < bytes.len() {
            from_system(&mut self.bytes);
            self.left = AT_ONCE;
        }
        let from = self.left.saturating_sub(bytes.len());
        let Some(piece) = self.bytes.get_mut(from..self.left) else { return false };
        bytes.copy_from_slice(piece);
        zeroize::Zeroize::zeroize(piece);
        self.left = from;
        true
    }
}

impl Drop for Drawn {
    fn drop(&mut self) {
        zeroize::Zeroize::zeroize(&mut self.bytes);
    }
}

impl std::fmt::Debug for Entropy {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Entropy")
    }
}

struct Seeded {
    seed: u64,
    drawn: u64,
}

impl Seeded {
    fn fill(&mut self, bytes: &mut [u8]) {
        use sha2::Digest as _;
        for chunk in bytes.chunks_mut(32) {
            let block =
                sha2::Sha256::new().chain_update(self.seed.to_le_bytes()).chain_update(self.drawn.to_le_bytes());
            self.drawn += 1;
            for (byte, random) in chunk.iter_mut().zip(block.finalize()) {
                *byte = random;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_draws_differ_and_a_seed_repeats_itself() {
        assert_ne!(Entropy::system().bytes::<32>(), Entropy::system().bytes::<32>());
        let (a, b) = (Entropy::seeded(7), Entropy::seeded(7));
        assert_eq!(a.bytes::<40>(), b.bytes::<40>());
        assert_ne!(a.bytes::<40>(), a.bytes::<40>());
    }

    #[test]
    fn no_byte_is_given_twice_however_much_is_drawn_at_once() {
        let mut seen = std::collections::HashSet::new();
        for _ in 0..2_000 {
            assert!(seen.insert(Entropy::system().bytes::<24>()));
            assert_ne!(Entropy::system().bytes::<7>(), [0; 7]);
        }
        assert_ne!(Entropy::system().bytes::<400>(), [0; 400]);
    }

    #[test]
    fn numbers_below_a_bound_reach_every_value_and_never_the_bound() {
        let entropy = Entropy::seeded(1);
        let mut seen = [0u32; 10];
        for _ in 0..10_000 {
            seen[entropy.below(10) as usize] += 1;
        }
        assert!(seen.iter().all(|n| (800..1200).contains(n)), "{seen:?}");
    }
}
