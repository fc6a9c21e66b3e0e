//! A transaction, as a closure sees it.

use crate::kernel::clock::Time;
use crate::kernel::entropy::Entropy;
use crate::kernel::ids::{LaneId, TenantId};
use crate::kernel::store::{Conn, StoreError, dialect};

/// A transaction under way: a connection, the one time that all of it happens at, and what to wake when it committed.
pub struct Tx<'c> {
    conn: &'c mut Conn,
    now: Time,
    entropy: &'c Entropy,
    lane: Option<LaneId>,
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

impl<'c> Tx<'c> {
    pub(super) fn new(conn: &'c mut Conn, now: Time, entropy: &'c Entropy, lane: Option<LaneId>) -> Self {
        Self { conn, now, entropy, lane, wakes: Vec::new() }
    }

    /// The connection, for diesel's queries.
    pub fn conn(&mut self) -> &mut Conn {
        self.conn
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
    pub const fn lane(&self) -> Option<LaneId> {
        self.lane
    }

    /// Lets the transaction see the rows of `tenant` from here on, instead of whatever it saw before.
    pub(in crate::kernel) fn reach(&mut self, tenant: TenantId) -> Result<(), StoreError> {
        Ok(dialect::reach_instead(self.conn, tenant)?)
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
