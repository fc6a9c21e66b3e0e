//! One closure is one transaction.
//!
//! * SQLite: one writer takes all waiting writes, runs each in a savepoint, commits once, then answers each; readers
//!   read beside it. Nothing is acknowledged before it is on disk.
//! * PostgreSQL: a bounded number of connections, a transaction each, run again when another was in the way. Writes that
//!   only append share transactions: their rows go in one statement a table.
//!
//! A closure can run more than once and must have no effect outside of its transaction; it calls no key provider.

use std::num::NonZeroUsize;
use std::sync::mpsc::{SyncSender, TrySendError, sync_channel};
use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::{Notify, Semaphore};

use crate::kernel::clock::Clock;
use crate::kernel::entropy::Entropy;
use crate::kernel::ids::{LaneId, TenantId};
use crate::kernel::store::dialect::{self, Rows};
use crate::kernel::store::lane::{Item, Kind, Lane, Shared, Wakes};
use crate::kernel::store::pool::{Keep, Readers};
use crate::kernel::store::tx::Writer;
use crate::kernel::store::work::{AsStore, Job};
use crate::kernel::store::{Conn, StoreError, Target, Tx, Wake};

pub use crate::kernel::store::work::AsStore as StoreFailure;

/// The connections that append on PostgreSQL: one gathers while the other commits.
const APPENDING: usize = 2;

/// How much the store may use.
#[derive(Debug, Clone)]
pub struct Options {
    /// Connections that write (PostgreSQL; SQLite has one).
    pub writers: NonZeroUsize,
    /// Transactions that read at once, beside the point reads.
    pub readers: NonZeroUsize,
    /// Writes that may wait; one more is [`StoreError::Busy`].
    pub waiting: usize,
}

impl Default for Options {
    fn default() -> Self {
        const SOME: NonZeroUsize = NonZeroUsize::MIN.saturating_add(7);
        Self { writers: SOME, readers: SOME, waiting: 4096 }
    }
}

/// A database, shared by all who use it. Cheap to clone.
#[derive(Clone)]
pub struct Db(Arc<Inner>);

struct Inner {
    target: Target,
    clock: Clock,
    entropy: Entropy,
    readers: Readers,
    reading: Semaphore,
    queue: SyncSender<Item>,
    appends: SyncSender<Item>,
    wakes: Wakes,
    rows: Rows,
}

impl Db {
    /// Opens `target`, whose schema is in place, and starts its writer.
    ///
    /// # Errors
    /// The database is away or lacks a safeguard.
    pub fn open(target: Target, clock: Clock, entropy: Entropy, options: &Options) -> Result<Self, StoreError> {
        let mut first = Conn::open(&target)?;
        dialect::demand_row_security(&mut first)?;
        Self::start(first, target, clock, entropy, options, Rows::OfTenants)
    }

    /// Opens a keyring's database: small, and without tenants' rows.
    ///
    /// # Errors
    /// As [`Db::open`].
    pub fn open_keyring(target: Target, clock: Clock, entropy: Entropy) -> Result<Self, StoreError> {
        let first = Conn::open(&target)?;
        let options = Options { writers: NonZeroUsize::MIN.saturating_add(1), ..Options::default() };
        Self::start(first, target, clock, entropy, &options, Rows::OfNobody)
    }

    fn start(
        first: Conn,
        target: Target,
        clock: Clock,
        entropy: Entropy,
        options: &Options,
        rows: Rows,
    ) -> Result<Self, StoreError> {
        let (queue, items) = sync_channel(options.waiting.max(1));
        let mut appends = queue.clone();
        let wakes = Wakes::default();
        let lane = Lane {
            target: target.clone(),
            clock: clock.clone(),
            entropy: entropy.clone(),
            wakes: Arc::clone(&wakes),
            conn: Some(first),
            rows,
            writer: Writer::new(LaneId::new(clock.now(), &entropy)),
        };
        match target {
            Target::Sqlite(_) => spawn("seif-writer", move || lane.commit_groups(&items))?,
            Target::Postgres(_) => {
                let items = Arc::new(Mutex::new(items));
                for _ in 1..options.writers.get() {
                    let (items, lane) = (Arc::clone(&items), lane.another());
                    spawn("seif-writer", move || lane.commit_each(&items))?;
                }
                if rows == Rows::OfTenants {
                    let (queue, items) = sync_channel(options.waiting.max(1));
                    appends = queue;
                    let items = Arc::new(Mutex::new(items));
                    for _ in 0..APPENDING {
                        let (items, lane) = (Arc::clone(&items), lane.another());
                        spawn("seif-appender", move || lane.append_groups(&items))?;
                    }
                }
                spawn("seif-writer", move || lane.commit_each(&items))?;
            }
        }
        Ok(Self(Arc::new(Inner {
            readers: Readers::new(target.clone(), rows, options.readers.get() + 8),
            reading: Semaphore::new(options.readers.get()),
            target,
            clock,
            entropy,
            queue,
            appends,
            wakes,
            rows,
        })))
    }

    /// Which database this is.
    #[must_use]
    pub fn target(&self) -> &Target {
        &self.0.target
    }

    /// Notified whenever a transaction that asked for `wake` has committed in this process.
    #[must_use]
    pub fn notifier(&self, wake: Wake) -> Arc<Notify> {
        Arc::clone(self.0.wakes.lock().unwrap_or_else(PoisonError::into_inner).entry(wake).or_default())
    }

    /// Runs `run` as one writing transaction within reach of `tenants`; its `Err` undoes it.
    ///
    /// # Errors
    /// The closure's own; [`StoreError::Busy`] when too many wait; [`StoreError::Unavailable`] when nothing could be
    /// committed.
    pub async fn write<R, E, F>(&self, tenants: Vec<TenantId>, run: F) -> Result<R, E>
    where
        F: FnMut(&mut Tx<'_>) -> Result<R, E> + Send + 'static,
        R: Send + 'static,
        E: From<StoreError> + AsStore + Send + 'static,
    {
        let answer = self.enqueue(Kind::Ordinary, tenants, run)?;
        answer.await.unwrap_or_else(|_| Err(E::from(StoreError::Unavailable)))
    }

    /// As [`Db::write`], for a closure that only appends (see [`Tx::append`]) and may share its transaction with others
    /// of its kind.
    ///
    /// # Errors
    /// As [`Db::write`].
    pub async fn append<R, E, F>(&self, tenants: Vec<TenantId>, run: F) -> Result<R, E>
    where
        F: FnMut(&mut Tx<'_>) -> Result<R, E> + Send + 'static,
        R: Send + 'static,
        E: From<StoreError> + AsStore + Send + 'static,
    {
        let answer = self.enqueue(Kind::Append, tenants, run)?;
        answer.await.unwrap_or_else(|_| Err(E::from(StoreError::Unavailable)))
    }

    /// As [`Db::write`], holding up the calling thread: for the start, the end and threads of our own.
    ///
    /// # Errors
    /// As [`Db::write`].
    pub fn write_blocking<R, E, F>(&self, tenants: Vec<TenantId>, run: F) -> Result<R, E>
    where
        F: FnMut(&mut Tx<'_>) -> Result<R, E> + Send + 'static,
        R: Send + 'static,
        E: From<StoreError> + AsStore + Send + 'static,
    {
        let answer = self.enqueue(Kind::Ordinary, tenants, run)?;
        // A runtime's own thread must not wait like this; another one may, while it is held up.
        let waited = if tokio::runtime::Handle::try_current().is_ok() {
            std::thread::scope(|scope| scope.spawn(|| answer.blocking_recv()).join())
        } else {
            Ok(answer.blocking_recv())
        };
        waited.ok().and_then(Result::ok).unwrap_or_else(|| Err(E::from(StoreError::Unavailable)))
    }

    fn enqueue<R, E, F>(
        &self,
        kind: Kind,
        tenants: Vec<TenantId>,
        run: F,
    ) -> Result<tokio::sync::oneshot::Receiver<Result<R, E>>, E>
    where
        F: FnMut(&mut Tx<'_>) -> Result<R, E> + Send + 'static,
        R: Send + 'static,
        E: From<StoreError> + AsStore + Send + 'static,
    {
        let (job, answer) = Job::new(run);
        let queue = if kind == Kind::Append { &self.0.appends } else { &self.0.queue };
        queue.try_send(Item { tenants, work: Box::new(job), kind, shared: Shared::No }).map_err(|full| match full {
            TrySendError::Full(_) => E::from(StoreError::Busy),
            TrySendError::Disconnected(_) => E::from(StoreError::Unavailable),
        })?;
        Ok(answer)
    }

    /// Runs `run` as one reading transaction within reach of `tenant`, on a thread that may wait.
    ///
    /// # Errors
    /// The closure's own, or the store's.
    pub async fn read<R, E, F>(&self, tenant: Option<TenantId>, run: F) -> Result<R, E>
    where
        F: FnOnce(&mut Tx<'_>) -> Result<R, E> + Send + 'static,
        R: Send + 'static,
        E: From<StoreError> + AsStore + Send + 'static,
    {
        let Ok(_place) = self.0.reading.acquire().await else { return Err(E::from(StoreError::Unavailable)) };
        let db = self.clone();
        tokio::task::spawn_blocking(move || db.read_here(tenant, run))
            .await
            .unwrap_or_else(|_| Err(E::from(StoreError::Refused("a panic in a reading transaction"))))
    }

    /// A short read by key: at once on this thread on SQLite (microseconds), as [`Db::read`] elsewhere.
    ///
    /// # Errors
    /// As [`Db::read`].
    pub async fn point<R, E, F>(&self, tenant: Option<TenantId>, run: F) -> Result<R, E>
    where
        F: FnOnce(&mut Tx<'_>) -> Result<R, E> + Send + 'static,
        R: Send + 'static,
        E: From<StoreError> + AsStore + Send + 'static,
    {
        match self.0.target {
            Target::Sqlite(_) => self.read_here(tenant, run),
            Target::Postgres(_) => self.read(tenant, run).await,
        }
    }

    /// One statement by key, without a transaction around it. It reaches no tenant's rows on PostgreSQL.
    ///
    /// # Errors
    /// As [`Db::read`].
    pub async fn glance<R, E, F>(&self, run: F) -> Result<R, E>
    where
        F: FnOnce(&mut Tx<'_>) -> Result<R, E> + Send + 'static,
        R: Send + 'static,
        E: From<StoreError> + AsStore + Send + 'static,
    {
        if matches!(self.0.target, Target::Sqlite(_)) {
            return self.glance_here(run);
        }
        let Ok(_place) = self.0.reading.acquire().await else { return Err(E::from(StoreError::Unavailable)) };
        let db = self.clone();
        tokio::task::spawn_blocking(move || db.glance_here(run))
            .await
            .unwrap_or_else(|_| Err(E::from(StoreError::Refused("a panic in a reading transaction"))))
    }

    fn glance_here<R, E>(&self, run: impl FnOnce(&mut Tx<'_>) -> Result<R, E>) -> Result<R, E>
    where
        E: From<StoreError> + AsStore,
    {
        self.0.readers.with(|conn| {
            let result = run(&mut Tx::reading(conn, self.0.clock.now(), &self.0.entropy));
            let broken = matches!(&result, Err(e) if e.as_store() == Some(StoreError::Unavailable));
            (result, if broken { Keep::Close } else { Keep::Open })
        })
    }

    /// As [`Db::read`], on the calling thread, which waits.
    ///
    /// # Errors
    /// As [`Db::read`].
    pub fn read_here<R, E>(
        &self,
        tenant: Option<TenantId>,
        run: impl FnOnce(&mut Tx<'_>) -> Result<R, E>,
    ) -> Result<R, E>
    where
        E: From<StoreError> + AsStore,
    {
        self.0.readers.with(|conn| {
            if let Err(error) = dialect::begin_read(conn, self.0.rows, tenant.as_slice()) {
                return (Err(E::from(StoreError::from(error))), Keep::Close);
            }
            let result = run(&mut Tx::reading(conn, self.0.clock.now(), &self.0.entropy));
            let ended = conn.batch("COMMIT");
            let broken = ended.is_err() || matches!(&result, Err(e) if e.as_store() == Some(StoreError::Unavailable));
            (result, if broken { Keep::Close } else { Keep::Open })
        })
    }

    /// Overwrites what the engine left over of what was deleted, on a connection of its own, which waits.
    ///
    /// # Errors
    /// [`StoreError::Busy`] when others read an older state for too long; the store's.
    pub(in crate::kernel) fn scrub(&self) -> Result<(), StoreError> {
        dialect::scrub(&mut Conn::open(&self.0.target)?, self.0.rows)
    }

    /// Closes idle reading connections, so that no snapshot of theirs keeps what was deleted.
    pub fn close_idle_readers(&self) {
        self.0.readers.close_idle();
    }
}

fn spawn(name: &str, run: impl FnOnce() + Send + 'static) -> Result<(), StoreError> {
    std::thread::Builder::new().name(name.to_owned()).spawn(run).map(drop).map_err(|_| StoreError::Unavailable)
}
