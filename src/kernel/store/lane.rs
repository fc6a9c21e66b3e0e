//! The threads that write: on SQLite one that commits groups, on PostgreSQL some that commit each write and some that
//! gather what only appends.

use std::collections::HashMap;
use std::sync::mpsc::Receiver;
use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::Notify;

use crate::kernel::clock::Clock;
use crate::kernel::entropy::Entropy;
use crate::kernel::ids::{LaneId, TenantId};
use crate::kernel::store::dialect::{self, Rows};
use crate::kernel::store::tx::Writer;
use crate::kernel::store::work::{Ran, Work};
use crate::kernel::store::{Conn, StoreError, Target, Tx, Wake};

/// The most writes that one commit may carry.
const GROUP: usize = 512;

/// The connection broke while a commit was under way. It may stand: it is not acknowledged, and never run again.
const UNCONFIRMED: StoreError = StoreError::Refused("the commit was not confirmed");

/// How often a transaction is tried when others are in its way.
const TRIES: u32 = 6;

pub(super) type Wakes = Arc<Mutex<HashMap<Wake, Arc<Notify>>>>;

pub(super) struct Item {
    pub(super) tenants: Vec<TenantId>,
    pub(super) work: Box<dyn Work>,
    pub(super) kind: Kind,
    pub(super) shared: Shared,
}

/// Whether a write had its place in its group's transaction.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Shared {
    Yes,
    No,
}

/// What a write does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// Whatever it likes.
    Ordinary,
    /// It only appends.
    Append,
}

/// A thread that writes, with its connection.
pub(super) struct Lane {
    pub(super) target: Target,
    pub(super) clock: Clock,
    pub(super) entropy: Entropy,
    pub(super) wakes: Wakes,
    pub(super) conn: Option<Conn>,
    pub(super) rows: Rows,
    pub(super) writer: Writer,
}

impl Lane {
    pub(super) fn another(&self) -> Self {
        Self {
            target: self.target.clone(),
            clock: self.clock.clone(),
            entropy: self.entropy.clone(),
            wakes: Arc::clone(&self.wakes),
            conn: None,
            rows: self.rows,
            writer: Writer::new(LaneId::new(self.clock.now(), &self.entropy)),
        }
    }

    /// The connection, opened again when the last one broke.
    fn connect(&mut self) -> Result<Conn, StoreError> {
        self.conn.take().map_or_else(|| Conn::open(&self.target), Ok)
    }

    fn wake(&self, wakes: Vec<Wake>) {
        let all = self.wakes.lock().unwrap_or_else(PoisonError::into_inner);
        for wake in wakes {
            if let Some(notify) = all.get(&wake) {
                notify.notify_one();
            }
        }
    }

    /// SQLite: groups of whatever waits, a savepoint a write, one commit a group.
    pub(super) fn commit_groups(mut self, items: &Receiver<Item>) {
        while let Ok(first) = items.recv() {
            let mut group = vec![first];
            while group.len() < GROUP {
                match items.try_recv() {
                    Ok(item) => group.push(item),
                    Err(_) => break,
                }
            }
            group.retain(|item| !item.work.is_abandoned());
            let outcome = self.commit_group(&mut group);
            for item in group {
                item.work.answer(outcome);
            }
        }
    }

    fn commit_group(&mut self, group: &mut [Item]) -> Result<(), StoreError> {
        if group.is_empty() {
            return Ok(());
        }
        let mut conn = self.connect()?;
        let mut wakes = Vec::new();
        self.writer.begin();
        let outcome = dialect::begin_write(&mut conn, self.rows, &[]).map_err(StoreError::from).and_then(|()| {
            for item in group.iter_mut() {
                conn.batch("SAVEPOINT one")?;
                let mark = self.writer.keep();
                if item.kind == Kind::Ordinary {
                    self.writer.release();
                }
                let mut tx = Tx::writing(&mut conn, self.clock.now(), &self.entropy, &mut self.writer);
                let ran = item.work.run(&mut tx);
                let asked = tx.into_wakes();
                if ran == Ran::Commit {
                    conn.batch("RELEASE one")?;
                    wakes.extend(asked);
                } else {
                    conn.batch("ROLLBACK TO one; RELEASE one")?;
                    self.writer.undo(mark);
                }
                if item.kind == Kind::Ordinary {
                    self.writer.release();
                }
            }
            Ok(conn.batch("COMMIT")?)
        });
        match outcome {
            Ok(()) => {
                self.conn = Some(conn);
                self.wake(wakes);
                Ok(())
            }
            Err(error) => {
                // The connection is closed, and with it whatever the group had begun.
                drop(conn);
                self.writer.forget();
                Err(if error == StoreError::Busy { StoreError::Busy } else { StoreError::Unavailable })
            }
        }
    }

    /// PostgreSQL: groups of whatever waits to be appended, one transaction a group. What cannot share it is run alone.
    pub(super) fn append_groups(mut self, items: &Mutex<Receiver<Item>>) {
        loop {
            let mut group = Vec::new();
            {
                let items = items.lock().unwrap_or_else(PoisonError::into_inner);
                let Ok(first) = items.recv() else { return };
                group.push(first);
                group.extend(items.try_iter().take(GROUP - 1));
            }
            group.retain(|item| !item.work.is_abandoned());
            let shared = if group.len() > 1 { self.append_group(&mut group) } else { Err(StoreError::Alone) };
            for mut item in group {
                let outcome = match (&shared, item.shared) {
                    (Ok(()), Shared::Yes) => Ok(()),
                    // Whether it was committed is not known; it was not acknowledged, and must not be done twice.
                    (Err(StoreError::Unavailable), _) => Err(StoreError::Unavailable),
                    _ => self.commit_one(&mut item),
                };
                item.work.answer(outcome);
            }
        }
    }

    /// Runs the whole group in one transaction; an error, unless it is [`StoreError::Unavailable`], has undone all of it.
    fn append_group(&mut self, group: &mut [Item]) -> Result<(), StoreError> {
        let mut conn = self.connect()?;
        let mut tenants: Vec<TenantId> = group.iter().flat_map(|item| item.tenants.iter().copied()).collect();
        tenants.sort_unstable();
        tenants.dedup();
        let mut wakes = Vec::new();
        self.writer.begin_deferring();
        let run = self.run_group(&mut conn, group, &tenants, &mut wakes);
        let outcome = match run {
            Ok(()) => conn.batch("COMMIT").map_err(|error| match StoreError::from(error) {
                StoreError::Again => StoreError::Again,
                _ => StoreError::Unavailable,
            }),
            // What failed before the commit is undone with the connection, whatever state that is in.
            Err(_) => Err(StoreError::Alone),
        };
        match outcome {
            Ok(()) => {
                self.conn = Some(conn);
                self.wake(wakes);
            }
            Err(_) => {
                if conn.batch("ROLLBACK").is_ok() {
                    self.conn = Some(conn);
                }
                self.writer.forget();
            }
        }
        outcome
    }

    fn run_group(
        &mut self,
        conn: &mut Conn,
        group: &mut [Item],
        tenants: &[TenantId],
        wakes: &mut Vec<Wake>,
    ) -> Result<(), StoreError> {
        dialect::begin_write(conn, self.rows, tenants)?;
        for item in group.iter_mut() {
            let mark = self.writer.keep();
            let mut tx = Tx::writing(conn, self.clock.now(), &self.entropy, &mut self.writer);
            let ran = item.work.run(&mut tx);
            let asked = tx.into_wakes();
            if self.writer.is_spoilt() || ran == Ran::Again {
                return Err(StoreError::Alone);
            }
            item.shared = if ran == Ran::Alone { Shared::No } else { Shared::Yes };
            if ran == Ran::Commit {
                wakes.extend(asked);
            } else {
                self.writer.undo(mark);
            }
        }
        self.writer.insert_waiting(conn)
    }

    /// PostgreSQL: each write in a transaction of its own.
    pub(super) fn commit_each(mut self, items: &Mutex<Receiver<Item>>) {
        loop {
            let item = items.lock().unwrap_or_else(PoisonError::into_inner).recv();
            let Ok(mut item) = item else { return };
            if item.work.is_abandoned() {
                continue;
            }
            let outcome = self.commit_one(&mut item);
            item.work.answer(outcome);
        }
    }

    fn commit_one(&mut self, item: &mut Item) -> Result<(), StoreError> {
        let mut last = StoreError::Again;
        for attempt in 0..TRIES {
            if attempt > 0 {
                std::thread::sleep(std::time::Duration::from_millis(u64::from(self.entropy.below(5 << attempt)) + 1));
            }
            match self.attempt(item) {
                Err(StoreError::Again) => last = StoreError::Again,
                // Nothing was begun on a connection that broke while idle: once more on a new one.
                Err(StoreError::Unavailable) if attempt == 0 && last == StoreError::Again => {
                    last = StoreError::Unavailable;
                }
                Err(UNCONFIRMED) => return Err(StoreError::Unavailable),
                other => return other,
            }
        }
        Err(if last == StoreError::Again { StoreError::Busy } else { last })
    }

    fn attempt(&mut self, item: &mut Item) -> Result<(), StoreError> {
        let mut conn = self.connect()?;
        self.writer.begin();
        dialect::begin_write(&mut conn, self.rows, &item.tenants)?;
        let mut tx = Tx::writing(&mut conn, self.clock.now(), &self.entropy, &mut self.writer);
        let ran = item.work.run(&mut tx);
        let wakes = tx.into_wakes();
        let outcome = match ran {
            Ran::Commit => conn.batch("COMMIT").map_err(|error| match StoreError::from(error) {
                StoreError::Again => StoreError::Again,
                _ => UNCONFIRMED,
            }),
            Ran::Undo | Ran::Again | Ran::Alone => {
                conn.batch("ROLLBACK").map_err(|_| StoreError::Refused("the roll-back failed"))
            }
        };
        if ran != Ran::Commit || outcome.is_err() {
            self.writer.forget();
        }
        match outcome {
            Ok(()) => {
                self.conn = Some(conn);
                if ran == Ran::Commit {
                    self.wake(wakes);
                }
                if ran == Ran::Again { Err(StoreError::Again) } else { Ok(()) }
            }
            Err(StoreError::Again) => {
                self.conn = Some(conn);
                Err(StoreError::Again)
            }
            // The closure's own answer stands when it had said no already.
            Err(_) if ran == Ran::Undo => Ok(()),
            Err(UNCONFIRMED) => Err(UNCONFIRMED),
            Err(_) => Err(StoreError::Unavailable),
        }
    }
}
