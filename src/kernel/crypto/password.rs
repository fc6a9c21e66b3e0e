//! Passwords as Argon2id hashes (RFC 9106), computed on threads of their own behind a bounded queue, so that many sign-ins
//! at once cost memory for a few and never hold up other requests. The hash is stored sealed under the account's key.
//!
//! Passwords come NFC-normalised and length-checked from the caller.

mod queue;
#[cfg(test)]
mod tests;
mod work;

use std::num::NonZero;
use std::sync::{Arc, Condvar, Mutex};

use argon2::{Algorithm, Argon2, Version};
use serde::{Deserialize, Serialize};
use tokio::sync::oneshot;
use zeroize::Zeroizing;

use crate::kernel::crypto::password::queue::{Job, Pool, Queue};
use crate::kernel::crypto::password::work::{HASH, Memory, written};
use crate::kernel::entropy::Entropy;
use crate::kernel::personal::{Secret, revealed};

/// How much work a guess costs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Params {
    memory_kib: u32,
    iterations: u32,
    lanes: u32,
}

/// The least that OWASP's Password Storage Cheat Sheet allows: iterations, and the KiB of memory that go with them.
const LEAST: [(u32, u32); 5] = [(1, 46 * 1024), (2, 19 * 1024), (3, 12 * 1024), (4, 9 * 1024), (5, 7 * 1024)];
/// The most that is read from a stored hash or a configuration: 4 GiB, 1,000 iterations, 64 lanes.
const MOST: Params = Params { memory_kib: 4 * 1024 * 1024, iterations: 1000, lanes: 64 };

impl Params {
    /// Memory in KiB, iterations over it, and lanes (at least 8 KiB each).
    ///
    /// # Errors
    /// When a guess would be too cheap, or a sign-in could never end.
    pub fn new(memory_kib: u32, iterations: u32, lanes: u32) -> Result<Self, Unfit> {
        if !LEAST.iter().any(|(least, memory)| iterations >= *least && memory_kib >= *memory) {
            return Err(Unfit::TooWeak);
        }
        Self::stored(memory_kib, iterations, lanes).ok_or(Unfit::OutOfRange)
    }

    /// The cheapest there are, so that tests do not wait.
    #[cfg(any(test, feature = "testing"))]
    #[must_use]
    pub const fn for_tests() -> Self {
        Self { memory_kib: 8, iterations: 1, lanes: 1 }
    }

    /// Memory in KiB.
    #[must_use]
    pub const fn memory_kib(self) -> u32 {
        self.memory_kib
    }

    /// Iterations over the memory.
    #[must_use]
    pub const fn iterations(self) -> u32 {
        self.iterations
    }

    /// Lanes of the memory.
    #[must_use]
    pub const fn lanes(self) -> u32 {
        self.lanes
    }

    /// As once hashed with: they may be weaker than is allowed by now.
    fn stored(memory_kib: u32, iterations: u32, lanes: u32) -> Option<Self> {
        let most = memory_kib <= MOST.memory_kib && iterations <= MOST.iterations && lanes <= MOST.lanes;
        (most && iterations > 0 && lanes > 0 && memory_kib >= 8 * lanes).then_some(Self {
            memory_kib,
            iterations,
            lanes,
        })
    }

    /// Whether a hash made with these is to be made again with `now`.
    const fn rehash(self, now: Self) -> Rehash {
        let raised = now.memory_kib > self.memory_kib || now.iterations > self.iterations || now.lanes > self.lanes;
        if raised { Rehash::Needed } else { Rehash::NotNeeded }
    }

    fn argon2(self, memory: &mut Memory, password: &[u8], salt: &[u8], out: &mut [u8]) -> argon2::Result<()> {
        let params = argon2::Params::new(self.memory_kib, self.iterations, self.lanes, Some(out.len()))?;
        let blocks = memory.of(params.block_count());
        Argon2::new(Algorithm::Argon2id, Version::V0x13, params)
            .hash_password_into_with_memory(password, salt, out, blocks)
    }
}

/// Why parameters are refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Unfit {
    /// Below OWASP's least.
    #[error("too weak: at least 19 MiB with 2 iterations, or 46 with 1, 12 with 3, 9 with 4, 7 with 5")]
    TooWeak,
    /// No sense, or no end.
    #[error("out of range: at most 4 GiB, 1000 iterations and 64 lanes, and at least 8 KiB for each of 1 lane or more")]
    OutOfRange,
}

/// A password's hash in the PHC string format, to be sealed under the account's key.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Phc(#[serde(with = "revealed")] Secret<String>);

impl Phc {
    /// What was stored. A text that is no Argon2id hash matches no password.
    #[must_use]
    pub const fn new(text: Secret<String>) -> Self {
        Self(text)
    }

    /// The hash itself, to be sealed.
    #[must_use]
    pub fn reveal(&self) -> &str {
        self.0.reveal()
    }
}

/// What a password's check found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[must_use = "a check that nobody looks at lets everybody in"]
pub enum Verdict {
    /// It is the password.
    Matches {
        /// Whether to hash it again while it is at hand.
        rehash: Rehash,
    },
    /// It is another.
    Differs,
}

/// Whether parameters were raised since a hash was made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Rehash {
    /// They were.
    Needed,
    /// They were not.
    NotNeeded,
}

/// As many wait as may, or there is no memory for it now. Try again soon.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("busy")]
pub struct Busy;

/// How far the threads step back (POSIX `nice`; Linux keeps it by the thread): a tenth of a processor is left to each
/// while all others want it.
const POLITENESS: i32 = 10;

/// Hashes and checks passwords: so many at once, so many waiting, the rest turned away.
///
/// Clones share threads and queue; the threads end with the last clone.
#[derive(Clone)]
pub struct Hashing(Arc<Pool>);

impl Hashing {
    /// Starts `parallel` threads, each needing `params`' memory while it works; `waiting` more callers may queue. They
    /// step back where others want the processor: a crowd that signs in waits for itself, not everybody for the crowd.
    ///
    /// # Panics
    /// When the machine gives no more threads; at start, where that is the right answer.
    #[must_use]
    pub fn new(params: Params, parallel: NonZero<usize>, waiting: usize) -> Self {
        let queue = Arc::new(Queue {
            params,
            places: parallel.get().saturating_add(waiting),
            state: Mutex::default(),
            changed: Condvar::new(),
        });
        for _ in 0..parallel.get() {
            let queue = Arc::clone(&queue);
            std::thread::spawn(move || {
                // Where the system refuses, hashes are only no politer than the rest.
                let _niceness = rustix::process::nice(POLITENESS);
                queue.work();
            });
        }
        Self(Arc::new(Pool(queue)))
    }

    /// The hash of a new password, with a salt of its own.
    ///
    /// # Errors
    /// [`Busy`], at once, when the queue is full.
    pub async fn hash(&self, password: Secret<String>, entropy: &Entropy) -> Result<Phc, Busy> {
        let (answer, answered) = oneshot::channel();
        self.0.0.enqueue(Job::Hash { password, salt: entropy.bytes(), answer })?;
        answered.await.map_err(|_| Busy)
    }

    /// A hash of no password, in the form and at the cost of a new one: for the decoys that unknown identifiers are
    /// checked against.
    #[must_use]
    pub fn decoy(&self, entropy: &Entropy) -> Phc {
        let text = written(self.0.0.params, &entropy.bytes::<16>(), &entropy.bytes::<HASH>());
        Phc(Secret::new(text.unwrap_or_default()))
    }

    /// Whether the password is the one that `phc` was made from. Whatever `phc` is, it costs a hash.
    ///
    /// # Errors
    /// [`Busy`], at once, when the queue is full.
    pub async fn verify(&self, password: Secret<String>, phc: Phc) -> Result<Verdict, Busy> {
        let (answer, answered) = oneshot::channel();
        self.0.0.enqueue(Job::Verify { password, phc, answer })?;
        answered.await.map_err(|_| Busy)
    }
}

impl std::fmt::Debug for Hashing {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Hashing({:?})", self.0.0.params)
    }
}

/// A key from a passphrase and its salt, for the passphrase-sealed root key. On the calling thread: it takes a while.
///
/// # Errors
/// [`Busy`] when there is no memory for it.
pub fn stretch(params: Params, passphrase: &Secret<String>, salt: &[u8; 16]) -> Result<Secret<[u8; 32]>, Busy> {
    let mut key = Zeroizing::new([0; 32]);
    params.argon2(&mut Memory::default(), passphrase.reveal().as_bytes(), salt, &mut *key).map_err(|_| Busy)?;
    Ok(Secret::new(*key))
}
