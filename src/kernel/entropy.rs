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
    #[expect(clippy::disallowed_methods, reason = "the one home of randomness")]
    pub fn fill(&self, bytes: &mut [u8]) {
        match &self.0 {
            Source::System => {
                if getrandom::fill(bytes).is_err() {
                    std::process::abort();
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
    fn numbers_below_a_bound_reach_every_value_and_never_the_bound() {
        let entropy = Entropy::seeded(1);
        let mut seen = [0u32; 10];
        for _ in 0..10_000 {
            seen[entropy.below(10) as usize] += 1;
        }
        assert!(seen.iter().all(|n| (800..1200).contains(n)), "{seen:?}");
    }
}
