//! Passwords as Argon2id hashes (RFC 9106), computed on threads of their own behind a bounded queue, so that many sign-ins
//! at once cost memory for a few and never hold up other requests. The hash is stored sealed under the account's key.
//!
//! Passwords come NFC-normalised and length-checked from the caller.

use std::collections::VecDeque;
use std::num::NonZero;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use argon2::password_hash::phc::{self, Output, ParamsString, PasswordHash, Salt};
use argon2::{ARGON2ID_IDENT, Algorithm, Argon2, Block, Version};
use serde::{Deserialize, Serialize};
use subtle::ConstantTimeEq as _;
use tokio::sync::oneshot;
use zeroize::{Zeroize, Zeroizing};

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

/// What a hash is computed in. Kept from one hash to the next, since asking the system for it anew costs more than the
/// hash; wiped as soon as there is no next, and given back soon after.
#[derive(Default)]
struct Memory {
    blocks: Vec<Block>,
    /// How many were written since the last wipe, from the first on.
    written: usize,
}

impl Memory {
    fn of(&mut self, count: usize) -> &mut [Block] {
        if self.blocks.len() < count {
            self.wipe();
            self.blocks = vec![Block::default(); count];
        }
        self.written = self.written.max(count);
        self.blocks.get_mut(..count).unwrap_or_default()
    }

    fn wipe(&mut self) {
        self.blocks.iter_mut().take(self.written).for_each(Zeroize::zeroize);
        self.written = 0;
    }

    fn give_back(&mut self) {
        self.wipe();
        self.blocks = Vec::new();
    }
}

impl Drop for Memory {
    fn drop(&mut self) {
        self.wipe();
    }
}

/// How long memory is kept for the next hash.
const KEPT: Duration = Duration::from_secs(5);

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

/// Ends the threads when nobody can ask any more.
struct Pool(Arc<Queue>);

impl Drop for Pool {
    fn drop(&mut self) {
        self.0.state().closed = true;
        self.0.changed.notify_all();
    }
}

struct Queue {
    params: Params,
    /// How many may run or wait, together.
    places: usize,
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Default)]
struct State {
    waiting: VecDeque<Job>,
    running: usize,
    closed: bool,
}

impl State {
    fn taken(&self) -> usize {
        self.waiting.len().saturating_add(self.running)
    }
}

impl Queue {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Gives `job` a place: a free one, or that of a caller who has gone.
    fn enqueue(&self, job: Job) -> Result<(), Busy> {
        let mut state = self.state();
        if state.taken() >= self.places {
            state.waiting.retain(|job| !job.is_abandoned());
        }
        if state.taken() >= self.places {
            return Err(Busy);
        }
        state.waiting.push_back(job);
        self.changed.notify_one();
        Ok(())
    }

    /// A thread's life.
    fn work(&self) {
        let mut memory = Memory::default();
        loop {
            match self.take(&mut memory) {
                // A panic must not cost a thread; its caller is answered `Busy`, since the answer's sender is gone.
                Some((job, place)) => drop(catch_unwind(AssertUnwindSafe(|| job.run(self.params, &mut memory, place)))),
                None => return,
            }
        }
    }

    /// The next job that somebody still waits for; `None` at the end. While there is none, `memory` is wiped, and given
    /// back after a while.
    fn take(&self, memory: &mut Memory) -> Option<(Job, Running<'_>)> {
        let mut state = self.state();
        loop {
            while let Some(job) = state.waiting.pop_front() {
                if !job.is_abandoned() {
                    state.running += 1;
                    return Some((job, Running(self)));
                }
            }
            if state.closed {
                return None;
            }
            if memory.written > 0 {
                drop(state);
                memory.wipe();
                state = self.state();
            } else if memory.blocks.is_empty() {
                state = self.changed.wait(state).unwrap_or_else(PoisonError::into_inner);
            } else {
                let (back, waited) = self.changed.wait_timeout(state, KEPT).unwrap_or_else(PoisonError::into_inner);
                state = back;
                if waited.timed_out() {
                    memory.give_back();
                }
            }
        }
    }
}

/// The place of a job that runs; free again when dropped.
struct Running<'q>(&'q Queue);

impl Drop for Running<'_> {
    fn drop(&mut self) {
        let mut state = self.0.state();
        state.running = state.running.saturating_sub(1);
    }
}

enum Job {
    Hash { password: Secret<String>, salt: [u8; 16], answer: oneshot::Sender<Phc> },
    Verify { password: Secret<String>, phc: Phc, answer: oneshot::Sender<Verdict> },
}

impl Job {
    fn is_abandoned(&self) -> bool {
        match self {
            Self::Hash { answer, .. } => answer.is_closed(),
            Self::Verify { answer, .. } => answer.is_closed(),
        }
    }

    /// Answers, or drops the answer's sender when it cannot; either way the place is free first, so that whoever was
    /// answered finds it so.
    fn run(self, params: Params, memory: &mut Memory, place: Running<'_>) {
        match self {
            Self::Hash { password, salt, answer } => {
                let phc = hashed(params, memory, &password, &salt);
                drop(place);
                phc.map(|phc| answer.send(phc));
            }
            Self::Verify { password, phc, answer } => {
                let verdict = verified(params, memory, &password, &phc);
                drop(place);
                verdict.ok().map(|verdict| answer.send(verdict));
            }
        }
    }
}

/// Bytes of a hash (RFC 9106 §4).
const HASH: usize = 32;

fn hashed(params: Params, memory: &mut Memory, password: &Secret<String>, salt: &[u8; 16]) -> Option<Phc> {
    let mut hash = Zeroizing::new([0; HASH]);
    params.argon2(memory, password.reveal().as_bytes(), salt, &mut *hash).ok()?;
    let text = written(params, salt, &*hash).ok()?;
    Some(Phc(Secret::new(text)))
}

fn verified(now: Params, memory: &mut Memory, password: &Secret<String>, phc: &Phc) -> argon2::Result<Verdict> {
    let password = password.reveal().as_bytes();
    let Some((params, salt, hash)) = read(phc.reveal()) else {
        now.argon2(memory, password, &[0; 16], &mut *Zeroizing::new([0; HASH]))?;
        return Ok(Verdict::Differs);
    };
    let mut found = Zeroizing::new(vec![0; hash.len()]);
    params.argon2(memory, password, &salt, &mut found)?;
    let same = bool::from(found.ct_eq(hash.as_bytes()));
    Ok(if same { Verdict::Matches { rehash: params.rehash(now) } } else { Verdict::Differs })
}

/// The parts of an Argon2id hash, version 0x13; `None` when it is something else.
fn read(phc: &str) -> Option<(Params, Salt, Output)> {
    let phc = PasswordHash::new(phc).ok()?;
    let number = |name| phc.params.get_decimal(name);
    let params = Params::stored(number("m")?, number("t")?, number("p")?)?;
    (phc.algorithm == ARGON2ID_IDENT && phc.version == Some(Version::V0x13.into()))
        .then_some((params, phc.salt?, phc.hash?))
}

fn written(params: Params, salt: &[u8], hash: &[u8]) -> phc::Result<String> {
    let mut named = ParamsString::new();
    named.add_decimal("m", params.memory_kib)?;
    named.add_decimal("t", params.iterations)?;
    named.add_decimal("p", params.lanes)?;
    let phc = PasswordHash {
        algorithm: ARGON2ID_IDENT,
        version: Some(Version::V0x13.into()),
        params: named,
        salt: Some(Salt::new(salt)?),
        hash: Some(Output::new(hash)?),
    };
    Ok(phc.to_string())
}

#[cfg(test)]
mod tests {
    use futures_util::FutureExt as _;

    use super::*;

    fn secret(text: &str) -> Secret<String> {
        Secret::new(text.to_owned())
    }

    fn hashing(params: Params, waiting: usize) -> Hashing {
        Hashing::new(params, NonZero::<usize>::MIN, waiting)
    }

    /// Without threads: what is queued stays queued.
    fn standing(places: usize) -> Hashing {
        let (state, changed) = (Mutex::default(), Condvar::new());
        Hashing(Arc::new(Pool(Arc::new(Queue { params: Params::for_tests(), places, state, changed }))))
    }

    #[test]
    fn memory_is_wiped_and_a_hash_does_not_depend_on_what_was_in_it() {
        let (mut fresh, mut used) = (Memory::default(), Memory::default());
        let (large, small) = (Params { memory_kib: 64, ..Params::for_tests() }, Params::for_tests());
        let hash = |memory: &mut Memory, params: Params, password: &str| {
            hashed(params, memory, &secret(password), &[7; 16]).unwrap()
        };
        let expected = hash(&mut fresh, small, "one").reveal().to_owned();
        hash(&mut used, large, "another");
        assert!(used.blocks.iter().any(|block| block.as_ref().iter().any(|word| *word != 0)));
        assert_eq!(hash(&mut used, small, "one").reveal(), expected);
        used.wipe();
        assert!(used.blocks.iter().all(|block| block.as_ref().iter().all(|word| *word == 0)));
        used.give_back();
        assert!(used.blocks.is_empty());
    }

    #[test]
    fn a_decoy_has_the_form_and_the_cost_of_a_new_hash() {
        let params = Params::new(19 * 1024, 2, 1).unwrap();
        let decoy = hashing(params, 1).decoy(&Entropy::system());
        let (read, salt, hash) = read(decoy.reveal()).unwrap();
        assert_eq!((read, salt.len(), hash.len()), (params, 16, HASH));
    }

    #[tokio::test]
    async fn a_password_matches_its_own_hash_alone() {
        let hashing = hashing(Params::for_tests(), 1);
        let phc = hashing.hash(secret("Pääsõna 1"), &Entropy::system()).await.unwrap();
        assert!(phc.reveal().starts_with("$argon2id$v=19$m=8,t=1,p=1$"));
        let again = hashing.hash(secret("Pääsõna 1"), &Entropy::system()).await.unwrap();
        assert_ne!(phc.reveal(), again.reveal());
        let matches = Verdict::Matches { rehash: Rehash::NotNeeded };
        assert_eq!(hashing.verify(secret("Pääsõna 1"), phc.clone()).await, Ok(matches));
        for other in ["", "Pääsõna 2", "Pääsõna 1 "] {
            assert_eq!(hashing.verify(secret(other), phc.clone()).await, Ok(Verdict::Differs));
        }
    }

    #[tokio::test]
    async fn hashes_of_the_reference_implementation_match_and_ask_for_todays_parameters() {
        let hashing = hashing(Params::stored(256, 2, 2).unwrap(), 1);
        for (phc, rehash) in [
            ("$argon2id$v=19$m=256,t=2,p=1$c29tZXNhbHQ$nf65EOgLrQMR/uIPnA4rEsF5h7TKyQwu9U1bMCHGi/4", Rehash::Needed),
            ("$argon2id$v=19$m=256,t=2,p=2$c29tZXNhbHQ$bQk8UB/VmZZF4Oo79iDXuL5/0ttZwg2f/5U52iv1cDc", Rehash::NotNeeded),
        ] {
            let phc = Phc::new(secret(phc));
            assert_eq!(hashing.verify(secret("password"), phc.clone()).await, Ok(Verdict::Matches { rehash }));
            assert_eq!(hashing.verify(secret("Password"), phc).await, Ok(Verdict::Differs));
        }
    }

    #[test]
    fn argon2id_underneath_gives_the_vector_of_rfc_9106() {
        let params = argon2::ParamsBuilder::new()
            .m_cost(32)
            .t_cost(3)
            .p_cost(4)
            .data(argon2::AssociatedData::new(&[4; 12]).unwrap())
            .build()
            .unwrap();
        let mut tag = [0; 32];
        Argon2::new_with_secret(&[3; 8], Algorithm::Argon2id, Version::V0x13, params)
            .unwrap()
            .hash_password_into(&[1; 32], &[2; 16], &mut tag)
            .unwrap();
        let published: [u8; 32] = [
            0x0d, 0x64, 0x0d, 0xf5, 0x8d, 0x78, 0x76, 0x6c, 0x08, 0xc0, 0x37, 0xa3, 0x4a, 0x8b, 0x53, 0xc9, 0xd0, 0x1e,
            0xf0, 0x45, 0x2d, 0x75, 0xb6, 0x5e, 0xb5, 0x25, 0x20, 0xe9, 0x6b, 0x01, 0xe6, 0x59,
        ];
        assert_eq!(tag, published);
    }

    #[tokio::test]
    async fn what_is_no_argon2id_hash_matches_nothing() {
        let hashing = hashing(Params::for_tests(), 1);
        for phc in [
            "",
            "password",
            "$argon2id$v=19$m=8,t=1,p=1$c29tZXNhbHQ",
            "$argon2i$v=19$m=256,t=2,p=1$c29tZXNhbHQ$nf65EOgLrQMR/uIPnA4rEsF5h7TKyQwu9U1bMCHGi/4",
            "$argon2id$v=16$m=256,t=2,p=1$c29tZXNhbHQ$nf65EOgLrQMR/uIPnA4rEsF5h7TKyQwu9U1bMCHGi/4",
            "$argon2id$v=19$m=4294967295,t=2,p=1$c29tZXNhbHQ$nf65EOgLrQMR/uIPnA4rEsF5h7TKyQwu9U1bMCHGi/4",
        ] {
            assert_eq!(hashing.verify(secret("password"), Phc::new(secret(phc))).await, Ok(Verdict::Differs), "{phc}");
        }
    }

    #[test]
    fn parameters_below_owasps_least_are_refused() {
        let mib = |n: u32| n * 1024;
        for (memory, iterations) in [(mib(46), 1), (mib(19), 2), (mib(12), 3), (mib(9), 4), (mib(7), 5), (mib(64), 3)] {
            assert!(Params::new(memory, iterations, 1).is_ok(), "{memory} {iterations}");
        }
        for (memory, iterations) in
            [(mib(46), 0), (mib(19), 1), (mib(12), 2), (mib(9), 3), (mib(7), 4), (mib(7) - 1, 9)]
        {
            assert_eq!(Params::new(memory, iterations, 1), Err(Unfit::TooWeak), "{memory} {iterations}");
        }
        for (memory, iterations, lanes) in [(mib(19), 2, 0), (mib(19), 2, 65), (u32::MAX, 2, 1), (mib(19), 1001, 1)] {
            assert_eq!(Params::new(memory, iterations, lanes), Err(Unfit::OutOfRange));
        }
    }

    #[test]
    fn a_full_queue_turns_callers_away_and_those_who_leave_give_up_their_places() {
        let hashing = standing(2);
        let entropy = Entropy::system();
        let mut staying = Box::pin(hashing.hash(secret("one"), &entropy));
        assert!(staying.as_mut().now_or_never().is_none());
        let mut leaving = Box::pin(hashing.verify(secret("two"), Phc::new(secret(""))));
        assert!(leaving.as_mut().now_or_never().is_none());
        let turned_away = hashing.hash(secret("three"), &entropy).now_or_never();
        assert!(matches!(turned_away, Some(Err(Busy))));

        drop(leaving);
        for _ in 0..100 {
            assert!(hashing.hash(secret("four"), &entropy).now_or_never().is_none());
        }
        let queue = &hashing.0.0;
        assert!(
            matches!(queue.take(&mut Memory::default()), Some((Job::Hash { password, .. }, _)) if password.reveal() == "one")
        );
        assert_eq!(queue.state().running, 0);
    }

    #[test]
    fn a_thread_takes_no_job_that_nobody_waits_for_and_ends_with_the_last_handle() {
        let hashing = standing(5);
        for _ in 0..3 {
            assert!(hashing.hash(secret("gone"), &Entropy::system()).now_or_never().is_none());
        }
        let queue = Arc::clone(&hashing.0.0);
        drop(hashing);
        assert!(queue.take(&mut Memory::default()).is_none());
        assert_eq!(queue.state().taken(), 0);
    }

    #[test]
    fn its_threads_alone_step_back() {
        /// The niceness of each thread of this process: field 19 of its `stat` (proc(5)).
        fn niceness() -> Vec<i32> {
            let tasks = std::fs::read_dir("/proc/self/task").unwrap();
            let stats = tasks.filter_map(|task| std::fs::read_to_string(task.unwrap().path().join("stat")).ok());
            stats
                .map(|stat| stat.rsplit(')').next().unwrap().split_whitespace().nth(16).unwrap().parse().unwrap())
                .collect()
        }
        let own = rustix::process::getpriority_process(None).unwrap();
        let hashing = Hashing::new(Params::for_tests(), NonZero::new(3).unwrap(), 0);
        let expected = (own + POLITENESS).min(19);
        let begin = std::time::Instant::now();
        while niceness().iter().filter(|nice| **nice == expected).count() < 3 && begin.elapsed().as_secs() < 20 {
            std::thread::yield_now();
        }
        assert!(niceness().iter().filter(|nice| **nice == expected).count() >= 3);
        assert_eq!(rustix::process::getpriority_process(None).unwrap(), own);
        drop(hashing);
    }

    #[tokio::test]
    async fn whoever_was_answered_finds_the_place_free() {
        let hashing = hashing(Params::for_tests(), 0);
        for _ in 0..500 {
            assert!(hashing.hash(secret("again"), &Entropy::system()).await.is_ok());
        }
    }

    #[tokio::test]
    async fn all_who_found_a_place_are_answered() {
        let hashing = Hashing::new(Params::for_tests(), NonZero::new(2).unwrap(), 30);
        let phc = hashing.hash(secret("right"), &Entropy::system()).await.unwrap();
        let checks = (0..32).map(|i| hashing.verify(secret(if i % 2 == 0 { "right" } else { "wrong" }), phc.clone()));
        for (i, verdict) in futures_util::future::join_all(checks).await.into_iter().enumerate() {
            assert_eq!(matches!(verdict.unwrap(), Verdict::Matches { .. }), i % 2 == 0);
        }
    }

    #[test]
    fn the_hash_is_written_for_a_seal_and_shows_nowhere_else() {
        let phc: Phc = serde_json::from_str("\"$argon2id$\"").unwrap();
        assert_eq!(serde_json::to_string(&phc).unwrap(), "\"$argon2id$\"");
        assert_eq!(format!("{phc:?}"), "Phc(Secret(..))");
    }

    #[test]
    fn a_passphrase_and_its_salt_make_one_key() {
        let key = |text, salt| *stretch(Params::for_tests(), &secret(text), &[salt; 16]).unwrap().reveal();
        assert_eq!(key("a", 1), key("a", 1));
        assert_ne!(key("a", 1), key("a", 2));
        assert_ne!(key("a", 1), key("b", 1));
    }
}
