//! A transaction, as a closure sees it.

use std::collections::HashMap;

use crate::kernel::clock::Time;
use crate::kernel::crypto::{KeyVersion, Owner, Tag};
use crate::kernel::entropy::Entropy;
use crate::kernel::ids::{AnyId, LaneId, TenantId};
use crate::kernel::store::append::{Mark, Rows};
use crate::kernel::store::{Conn, StoreError, dialect};

/// A transaction under way: a connection, the one time that all of it happens at, and what to wake when it committed.
pub struct Tx<'c> {
    conn: &'c mut Conn,
    now: Time,
    entropy: &'c Entropy,
    writer: Option<&'c mut Writer>,
    wakes: Vec<Wake>,
}

/// Who has something to do once the transaction is committed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Wake {
    /// A message stands in the outbox.
    Outbox,
    /// A job is due.
    Jobs,
}

/// What a writing connection knows beside its database.
pub(super) struct Writer {
    lane: LaneId,
    /// The last entry of each tenant in this writer's lane, which nobody else extends.
    heads: HashMap<TenantId, Head>,
    /// What they were before the closure that runs now.
    before: Vec<(TenantId, Option<Head>)>,
    /// What this transaction read under a lock, and so stays as it is until the transaction ends.
    held: Held,
    /// What waits to be inserted for several closures at once.
    waiting: Rows,
    mode: Mode,
}

/// The last sequence number and chain value of a tenant in a lane.
pub(in crate::kernel) type Head = (i64, Option<[u8; 32]>);

#[derive(Default)]
struct Held {
    keys: HashMap<(Owner, KeyVersion), i16>,
    rows: HashMap<(TenantId, Tag), (AnyId, i64)>,
}

/// How a closure shares its transaction.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Mode {
    /// What it appends is inserted at once.
    Direct,
    /// What it appends waits for what others append.
    Deferring,
    /// It was to defer, and then asked for the connection: what it did must be undone.
    Spoilt,
}

/// The most tenants whose heads a writer remembers.
const HEADS: usize = 10_000;

impl Writer {
    pub(super) fn new(lane: LaneId) -> Self {
        Self {
            lane,
            heads: HashMap::new(),
            before: Vec::new(),
            held: Held::default(),
            waiting: Rows::default(),
            mode: Mode::Direct,
        }
    }

    /// Begins a transaction of one closure, or of several that are told apart by savepoints.
    pub(super) fn begin(&mut self) {
        self.mode = Mode::Direct;
        self.waiting = Rows::default();
        self.release();
        self.keep();
        if self.heads.len() > HEADS {
            self.heads.clear();
        }
    }

    /// Begins a transaction of several closures that only append.
    pub(super) fn begin_deferring(&mut self) {
        self.begin();
        self.mode = Mode::Deferring;
    }

    /// Forgets what was held: another closure may change it within this very transaction.
    pub(super) fn release(&mut self) {
        self.held = Held::default();
    }

    /// Keeps what the closure did; gives where the next one starts.
    pub(super) fn keep(&mut self) -> Mark {
        self.before.clear();
        self.waiting.mark()
    }

    /// Undoes what a closure did since `mark`.
    pub(super) fn undo(&mut self, mark: Mark) {
        self.waiting.back_to(mark);
        while let Some((tenant, head)) = self.before.pop() {
            match head {
                Some(head) => drop(self.heads.insert(tenant, head)),
                None => drop(self.heads.remove(&tenant)),
            }
        }
    }

    /// The transaction came to nothing, or nobody knows what came of it.
    pub(super) fn forget(&mut self) {
        self.heads.clear();
        self.begin();
    }

    /// Whether a closure that was to defer did something else.
    pub(super) const fn is_spoilt(&self) -> bool {
        matches!(self.mode, Mode::Spoilt)
    }

    /// Inserts what waits.
    pub(super) fn insert_waiting(&mut self, conn: &mut Conn) -> Result<(), StoreError> {
        Ok(std::mem::take(&mut self.waiting).insert(conn)?)
    }
}

impl<'c> Tx<'c> {
    /// A reading transaction.
    pub(super) fn reading(conn: &'c mut Conn, now: Time, entropy: &'c Entropy) -> Self {
        Self { conn, now, entropy, writer: None, wakes: Vec::new() }
    }

    pub(super) fn writing(conn: &'c mut Conn, now: Time, entropy: &'c Entropy, writer: &'c mut Writer) -> Self {
        Self { conn, now, entropy, writer: Some(writer), wakes: Vec::new() }
    }

    /// The connection, for diesel's queries. A closure that only appends has no use for it: see `Tx::settled`.
    pub fn conn(&mut self) -> &mut Conn {
        if let Some(writer) = &mut self.writer
            && writer.mode == Mode::Deferring
        {
            writer.mode = Mode::Spoilt;
        }
        self.conn
    }

    /// The connection, for reading what no append touches: collections, states of keys, audit heads.
    pub(crate) fn settled(&mut self) -> &mut Conn {
        self.conn
    }

    /// Demands that this closure be the transaction's only one: before it reads what others may be appending.
    ///
    /// # Errors
    /// [`StoreError::Alone`], upon which the store runs the closure again, alone.
    pub fn demand_alone(&self) -> Result<(), StoreError> {
        match &self.writer {
            Some(writer) if writer.mode == Mode::Deferring => Err(StoreError::Alone),
            _ => Ok(()),
        }
    }

    /// Appends rows. They may be inserted only when the closure has returned, together with those of others; a unique
    /// value that stands already is told here when the closure is alone, and otherwise makes it run again, alone.
    ///
    /// # Errors
    /// The store's; [`StoreError::Taken`].
    pub fn append(&mut self, rows: impl Into<Rows>) -> Result<(), StoreError> {
        match &mut self.writer {
            Some(writer) if writer.mode == Mode::Deferring => {
                writer.waiting.extend(rows.into());
                Ok(())
            }
            Some(_) => Ok(rows.into().insert(self.conn)?),
            None => Err(StoreError::Refused("a write in a reading transaction")),
        }
    }

    /// When this transaction happens.
    #[must_use]
    pub const fn now(&self) -> Time {
        self.now
    }

    /// Randomness for ids and nonces.
    #[must_use]
    pub const fn entropy(&self) -> &'c Entropy {
        self.entropy
    }

    /// The audit's lane: this writer's own, so that no two transactions extend one lane at once. Readers have none.
    #[must_use]
    pub fn lane(&self) -> Option<LaneId> {
        self.writer.as_ref().map(|writer| writer.lane)
    }

    /// The tenant's last entry in this lane, where it is known.
    pub(in crate::kernel) fn head(&self, tenant: TenantId) -> Option<Head> {
        self.writer.as_ref().and_then(|writer| writer.heads.get(&tenant).copied())
    }

    /// The lane goes on from `head`.
    pub(in crate::kernel) fn go_on(&mut self, tenant: TenantId, head: Head) {
        if let Some(writer) = &mut self.writer {
            let before = writer.heads.insert(tenant, head);
            writer.before.push((tenant, before));
        }
    }

    /// The mirrored state of a key version; on PostgreSQL it stays so until the transaction ends.
    pub(in crate::kernel) fn key_state(
        &mut self,
        owner: Owner,
        version: KeyVersion,
    ) -> Result<Option<i16>, StoreError> {
        if let Some(state) = self.writer.as_ref().and_then(|writer| writer.held.keys.get(&(owner, version))) {
            return Ok(Some(*state));
        }
        let state = dialect::key_state(self.conn, owner, version)?;
        if let (Some(writer), Some(state)) = (&mut self.writer, state) {
            writer.held.keys.insert((owner, version), state);
        }
        Ok(state)
    }

    /// The id and version of what a tag names, when this transaction read it under a lock before.
    pub(crate) fn held(&self, tenant: TenantId, tag: Tag) -> Option<(AnyId, i64)> {
        self.writer.as_ref().and_then(|writer| writer.held.rows.get(&(tenant, tag)).copied())
    }

    /// The transaction has read, under a lock, that `tag` names this row in this version.
    pub(crate) fn hold(&mut self, tenant: TenantId, tag: Tag, row: (AnyId, i64)) {
        if let Some(writer) = &mut self.writer {
            writer.held.rows.insert((tenant, tag), row);
        }
    }

    /// Wakes `whom` if and when the transaction is committed.
    pub fn wake(&mut self, whom: Wake) {
        if !self.wakes.contains(&whom) {
            self.wakes.push(whom);
        }
    }

    pub(super) fn into_wakes(self) -> Vec<Wake> {
        self.wakes
    }
}
