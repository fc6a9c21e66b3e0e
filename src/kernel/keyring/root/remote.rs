//! Root keys that never leave their keeper: asked on threads of their own, each over a connection that no other uses.
//!
//! A keeper that is slow or away holds up nobody else: whoever needs it waits without a thread, for [`PATIENCE`] at most,
//! and while it is known to be away ([`Breaker`]) is told so at once. The next one to ask after a pause finds out whether
//! it is back.

use std::mem::ManuallyDrop;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock};
use std::time::{Duration, Instant};

use super::{Item, Opened};
use crate::kernel::keyring::KeyringError;

/// How long a request waits for an answer.
const PATIENCE: Duration = Duration::from_secs(4);

/// How long a start or a command does.
const PATIENCE_OF_COMMANDS: Duration = Duration::from_secs(30);

/// How long the keeper itself may take for one.
pub(super) const TIMEOUT: Duration = Duration::from_secs(2);

/// How long it may take to make or to destroy a key, which is seldom and goes to a disk.
pub(super) const TIMEOUT_OF_CHANGES: Duration = Duration::from_secs(20);

/// How many questions may be under way.
const THREADS: usize = 4;

/// How many may wait.
const WAITING: usize = 1024;

/// How long a keeper that went away is left alone: at first, and at most.
const PAUSE: (Duration, Duration) = (Duration::from_millis(100), Duration::from_secs(2));

/// A connection to a keeper of root keys. It waits no longer than [`TIMEOUT`] where that is in its hands.
pub(super) trait Keeper {
    /// Wraps each item under the key of this name.
    fn seal(&mut self, handle: &str, items: &[Item]) -> Result<Vec<Vec<u8>>, Fail>;
    /// Unwraps each item.
    fn open(&mut self, handle: &str, items: &[Item]) -> Result<Vec<Opened>, Fail>;
    /// Makes the key of this name, unless it is there.
    fn make(&mut self, handle: &str) -> Result<(), Fail>;
    /// Destroys it, unless it is gone.
    fn destroy(&mut self, handle: &str) -> Result<(), Fail>;
}

/// Why a keeper did not do it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Fail {
    /// It does not answer, or not now.
    Away,
    /// It answered, and does not do it for us.
    Refused(&'static str),
}

/// Makes connections.
pub(super) type Connect = dyn Fn() -> Result<Connection, Fail> + Send + Sync;

/// A connection, which one thread uses at a time.
pub(super) type Connection = Box<dyn Keeper + Send>;

/// A keeper of root keys. Cheap to clone.
#[derive(Clone)]
pub(in crate::kernel::keyring) struct Remote(Arc<Inner>);

struct Inner {
    name: &'static str,
    prefix: String,
    queue: SyncSender<Job>,
    breaker: Arc<Breaker>,
}

type Job = Box<dyn FnOnce(&Connections) + Send>;

impl Remote {
    /// Starts the threads. `name` is the provider's; `prefix` is what its keys' names begin with.
    pub(super) fn start(name: &'static str, prefix: String, connect: Arc<Connect>) -> Self {
        let (queue, jobs) = sync_channel::<Job>(WAITING);
        let jobs = Arc::new(Mutex::new(jobs));
        let connections = Arc::new(Connections { connect, idle: Mutex::default() });
        for _ in 0..THREADS {
            let (jobs, connections) = (Arc::clone(&jobs), Arc::clone(&connections));
            let answer = move || answer(&jobs, &connections);
            // Without a thread nobody is answered, which the first question shows.
            drop(std::thread::Builder::new().name("seif-root".to_owned()).spawn(answer));
        }
        Self(Arc::new(Inner { name, prefix, queue, breaker: Arc::new(Breaker::default()) }))
    }

    /// What the names of its keys begin with.
    pub(in crate::kernel::keyring) fn prefix(&self) -> &str {
        &self.0.prefix
    }

    pub(super) fn seal(&self, handle: &Arc<str>, items: Vec<Item>) -> Pending<Vec<Vec<u8>>> {
        let handle = Arc::clone(handle);
        let wanted = items.len();
        self.ask(move |keeper| keeper.seal(&handle, &items).and_then(|all| whole(all, wanted)))
    }

    pub(super) fn open(&self, handle: &Arc<str>, items: Vec<Item>) -> Pending<Vec<Opened>> {
        let handle = Arc::clone(handle);
        let wanted = items.len();
        self.ask(move |keeper| keeper.open(&handle, &items).and_then(|all| whole(all, wanted)))
    }

    pub(super) fn make(&self, handle: &str) -> Pending<()> {
        let handle = handle.to_owned();
        self.ask(move |keeper| keeper.make(&handle))
    }

    pub(super) fn destroy(&self, handle: &str) -> Pending<()> {
        let handle = handle.to_owned();
        self.ask(move |keeper| keeper.destroy(&handle))
    }

    fn ask<T: Send + 'static>(
        &self,
        work: impl FnOnce(&mut dyn Keeper) -> Result<T, Fail> + Send + 'static,
    ) -> Pending<T> {
        let name = self.0.name;
        let away = |fail| Pending::ready(Err(said(name, fail)));
        if self.0.breaker.admits() == Admission::Refused {
            return away(Fail::Away);
        }
        let (answer, outcome) = tokio::sync::oneshot::channel();
        let breaker = Arc::clone(&self.0.breaker);
        let job: Job = Box::new(move |connections| {
            // Whoever asked may have lost patience.
            if answer.is_closed() {
                return;
            }
            let result = connections.ask(work);
            breaker.note(result.as_ref().err().copied());
            drop(answer.send(result));
        });
        match self.0.queue.try_send(job) {
            Ok(()) => Pending(State::Asked { name, outcome, breaker: Arc::clone(&self.0.breaker) }),
            Err(_) => away(Fail::Away),
        }
    }
}

/// The connections to one keeper, as many at most as there are threads.
struct Connections {
    connect: Arc<Connect>,
    idle: Mutex<Vec<Connection>>,
}

impl Connections {
    /// Asks over a connection that nobody uses, or a new one. After a failure none of them is used again: a PKCS#11 module
    /// that has lost sight of its token finds it only when no session is open any more.
    fn ask<T>(&self, work: impl FnOnce(&mut dyn Keeper) -> Result<T, Fail>) -> Result<T, Fail> {
        let idle = self.idle().pop();
        let asked = idle.map_or_else(|| (self.connect)(), Ok).and_then(|mut keeper| {
            let answered = work(&mut *keeper)?;
            self.idle().push(keeper);
            Ok(answered)
        });
        if asked.is_err() {
            self.let_go();
        }
        asked
    }

    /// Ends every connection that nobody uses.
    fn let_go(&self) {
        let idle = std::mem::take(&mut *self.idle());
        drop(idle);
    }

    fn idle(&self) -> MutexGuard<'_, Vec<Connection>> {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn answer(jobs: &Mutex<Receiver<Job>>, connections: &Connections) {
    loop {
        let next = jobs.lock().unwrap_or_else(PoisonError::into_inner).recv();
        let _asking = ASKING.read().unwrap_or_else(PoisonError::into_inner);
        let Ok(job) = next else {
            // The last connections end here, with the guard still held.
            connections.let_go();
            return;
        };
        job(connections);
    }
}

/// Held by each thread that is asking a keeper or taking leave of it, and from [`finish`] on by nobody else any more.
static ASKING: RwLock<()> = RwLock::new(());

/// Waits, for [`TIMEOUT`] at most, until no thread is asking a keeper, and lets none begin. To be called before the
/// process ends: what a PKCS#11 module cleans up then must not be in use.
pub(in crate::kernel) fn finish() {
    let since = Instant::now();
    while since.elapsed() < TIMEOUT {
        if let Ok(alone) = ASKING.try_write() {
            let _for_good = ManuallyDrop::new(alone);
            return;
        }
        std::thread::sleep(Duration::from_millis(1));
    }
}

/// A keeper that answers fewer or more than it was asked is not believed.
fn whole<T>(all: Vec<T>, wanted: usize) -> Result<Vec<T>, Fail> {
    if all.len() == wanted { Ok(all) } else { Err(Fail::Refused("answered something else than it was asked")) }
}

fn said(name: &'static str, fail: Fail) -> KeyringError {
    match fail {
        Fail::Away => KeyringError::RootAway(name),
        Fail::Refused(why) => KeyringError::RootRefused(name, why),
    }
}

/// An answer that is there, or is being waited for.
pub(in crate::kernel::keyring) struct Pending<T>(State<T>);

enum State<T> {
    Here(Result<T, KeyringError>),
    Asked { name: &'static str, outcome: tokio::sync::oneshot::Receiver<Result<T, Fail>>, breaker: Arc<Breaker> },
}

impl<T> Pending<T> {
    pub(in crate::kernel::keyring) const fn ready(result: Result<T, KeyringError>) -> Self {
        Self(State::Here(result))
    }

    /// Waits without a thread.
    ///
    /// # Errors
    /// The keeper is away or refuses.
    pub(in crate::kernel::keyring) async fn wait(self) -> Result<T, KeyringError> {
        match self.0 {
            State::Here(result) => result,
            State::Asked { name, outcome, breaker } => match tokio::time::timeout(PATIENCE, outcome).await {
                Ok(answered) => answered.unwrap_or(Err(Fail::Away)).map_err(|fail| said(name, fail)),
                Err(_) => {
                    breaker.note(Some(Fail::Away));
                    Err(KeyringError::RootAway(name))
                }
            },
        }
    }

    /// Waits on the calling thread: for the start, for commands and for threads of our own.
    ///
    /// # Errors
    /// The keeper is away or refuses.
    pub(in crate::kernel::keyring) fn wait_blocking(self) -> Result<T, KeyringError> {
        use tokio::sync::oneshot::error::TryRecvError;
        let (name, mut outcome, breaker) = match self.0 {
            State::Here(result) => return result,
            State::Asked { name, outcome, breaker } => (name, outcome, breaker),
        };
        let since = Instant::now();
        loop {
            match outcome.try_recv() {
                Ok(answered) => return answered.map_err(|fail| said(name, fail)),
                Err(TryRecvError::Closed) => return Err(KeyringError::RootAway(name)),
                Err(TryRecvError::Empty) if since.elapsed() < PATIENCE_OF_COMMANDS => {
                    std::thread::sleep(Duration::from_micros(200));
                }
                Err(TryRecvError::Empty) => {
                    breaker.note(Some(Fail::Away));
                    return Err(KeyringError::RootAway(name));
                }
            }
        }
    }
}

/// Whether a keeper is known to be away. It is closed while all is well.
#[derive(Default)]
struct Breaker(Mutex<Option<Open>>);

struct Open {
    pause: Duration,
    until: Instant,
}

/// Whether a question may be asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Admission {
    Given,
    Refused,
}

impl Breaker {
    /// While the keeper is away, one question after each pause.
    fn admits(&self) -> Admission {
        let mut open = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        match open.as_mut() {
            None => Admission::Given,
            Some(open) if Instant::now() >= open.until => {
                open.until = Instant::now() + TIMEOUT;
                Admission::Given
            }
            Some(_) => Admission::Refused,
        }
    }

    fn note(&self, fail: Option<Fail>) {
        let mut open = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if fail == Some(Fail::Away) {
            let pause = open.as_ref().map_or(PAUSE.0, |open| (open.pause * 2).min(PAUSE.1));
            if open.is_none() {
                tracing::warn!("who keeps the root key does not answer");
            }
            *open = Some(Open { pause, until: Instant::now() + pause });
        } else if open.take().is_some() {
            tracing::info!("who keeps the root key answers again");
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::panic, reason = "tests")]

    use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

    use super::*;
    use crate::kernel::crypto::Unreadable;

    /// A keeper of nothing: what it seals is what it was given.
    struct Mirror(Arc<Switches>);

    impl Drop for Mirror {
        fn drop(&mut self) {
            self.0.open.fetch_sub(1, Ordering::SeqCst);
        }
    }

    #[derive(Default)]
    struct Switches {
        is_away: AtomicBool,
        is_stuck: AtomicBool,
        asked: AtomicUsize,
        /// How many connections there are.
        open: AtomicUsize,
    }

    impl Mirror {
        fn answers(&self) -> Result<(), Fail> {
            self.0.asked.fetch_add(1, Ordering::SeqCst);
            while self.0.is_stuck.load(Ordering::SeqCst) {
                std::thread::sleep(Duration::from_millis(5));
            }
            if self.0.is_away.load(Ordering::SeqCst) { Err(Fail::Away) } else { Ok(()) }
        }
    }

    impl Keeper for Mirror {
        fn seal(&mut self, _: &str, items: &[Item]) -> Result<Vec<Vec<u8>>, Fail> {
            self.answers().map(|()| items.iter().map(|item| item.bytes.to_vec()).collect())
        }
        fn open(&mut self, _: &str, items: &[Item]) -> Result<Vec<Opened>, Fail> {
            self.answers().map(|()| items.iter().map(|item| Ok(item.bytes.clone())).collect())
        }
        fn make(&mut self, _: &str) -> Result<(), Fail> {
            self.answers()
        }
        fn destroy(&mut self, _: &str) -> Result<(), Fail> {
            self.answers()
        }
    }

    fn mirror() -> (Remote, Arc<Switches>) {
        let switches = Arc::new(Switches::default());
        let held = Arc::clone(&switches);
        let connect: Arc<Connect> = Arc::new(move || {
            held.open.fetch_add(1, Ordering::SeqCst);
            Ok(Box::new(Mirror(Arc::clone(&held))))
        });
        (Remote::start("mirror", "seif".to_owned(), connect), switches)
    }

    fn unwrapped(remote: &Remote) -> Result<Vec<Opened>, KeyringError> {
        remote.open(&Arc::from("seif-1"), vec![Item::new(Vec::new(), b"key")]).wait_blocking()
    }

    #[test]
    fn a_keeper_that_is_away_is_asked_seldom_and_found_again_when_it_is_back() {
        let (remote, switches) = mirror();
        assert_eq!(unwrapped(&remote).unwrap(), [Ok::<_, Unreadable>(zeroize::Zeroizing::new(b"key".to_vec()))]);
        switches.is_away.store(true, Ordering::SeqCst);
        let before = switches.asked.load(Ordering::SeqCst);
        let since = Instant::now();
        for _ in 0..1_000 {
            assert!(matches!(unwrapped(&remote), Err(KeyringError::RootAway("mirror"))));
        }
        let asked = switches.asked.load(Ordering::SeqCst) - before;
        assert!(asked >= 1 && u128::try_from(asked).unwrap() <= 2 + since.elapsed().as_millis() / 100, "{asked}");
        switches.is_away.store(false, Ordering::SeqCst);
        while unwrapped(&remote).is_err() {
            assert!(since.elapsed() < Duration::from_secs(20));
            std::thread::sleep(Duration::from_millis(10));
        }
    }

    #[test]
    fn after_a_failure_no_connection_of_before_is_used_again() {
        let (remote, switches) = mirror();
        switches.is_stuck.store(true, Ordering::SeqCst);
        let ask = || remote.open(&Arc::from("seif-1"), vec![Item::new(Vec::new(), b"key")]);
        let all = [ask(), ask(), ask()];
        let since = Instant::now();
        while switches.open.load(Ordering::SeqCst) < all.len() {
            assert!(since.elapsed() < Duration::from_secs(20));
            std::thread::sleep(Duration::from_millis(1));
        }
        switches.is_stuck.store(false, Ordering::SeqCst);
        for one in all {
            assert!(one.wait_blocking().is_ok());
        }
        assert_eq!(switches.open.load(Ordering::SeqCst), 3, "what is not in use waits for the next question");
        switches.is_away.store(true, Ordering::SeqCst);
        assert!(unwrapped(&remote).is_err());
        assert_eq!(switches.open.load(Ordering::SeqCst), 0);
    }

    #[test]
    fn a_keeper_that_never_answers_holds_nobody_longer_than_their_patience_and_then_nobody_at_all() {
        let (remote, switches) = mirror();
        switches.is_stuck.store(true, Ordering::SeqCst);
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
        let since = Instant::now();
        let asked = remote.open(&Arc::from("seif-1"), vec![Item::new(Vec::new(), b"key")]);
        assert!(runtime.block_on(asked.wait()).is_err());
        assert!(since.elapsed() >= PATIENCE && since.elapsed() < PATIENCE * 2);
        let since = Instant::now();
        assert!(unwrapped(&remote).is_err());
        assert!(since.elapsed() < PATIENCE / 4, "it is known to be away");
        switches.is_stuck.store(false, Ordering::SeqCst);
        while unwrapped(&remote).is_err() {
            assert!(since.elapsed() < Duration::from_secs(20));
            std::thread::sleep(Duration::from_millis(10));
        }
    }
}
