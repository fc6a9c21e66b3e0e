//! Connections that are open and idle, for reading.

use std::sync::{Mutex, PoisonError};

use crate::kernel::store::dialect::{self, Rows};
use crate::kernel::store::{Conn, StoreError, Target};

/// A stack of idle reading connections. The one used last is used next: its caches are warm.
pub(super) struct Readers {
    target: Target,
    rows: Rows,
    idle: Mutex<Vec<Conn>>,
    keep: usize,
}

impl Readers {
    /// Keeps at most `keep` connections open while idle.
    pub(super) fn new(target: Target, rows: Rows, keep: usize) -> Self {
        Self { target, rows, idle: Mutex::new(Vec::new()), keep }
    }

    /// Runs `f` with a connection. One that failed is closed, not kept; so is one whose closure panicked.
    pub(super) fn with<R, E: From<StoreError>>(
        &self,
        f: impl FnOnce(&mut Conn) -> (Result<R, E>, Keep),
    ) -> Result<R, E> {
        let idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner).pop();
        let mut conn = match idle {
            Some(conn) => conn,
            None => {
                let mut conn = Conn::open_reader(&self.target)?;
                dialect::bind_to_rows(&mut conn, self.rows).map_err(StoreError::from)?;
                conn
            }
        };
        let (result, keep) = f(&mut conn);
        if keep == Keep::Open {
            let mut idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner);
            if idle.len() < self.keep {
                idle.push(conn);
            }
        }
        result
    }

    /// Closes what is idle: after an erasure, so that no old snapshot holds deleted pages.
    pub(super) fn close_idle(&self) {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner).clear();
    }
}

/// Whether a connection can be used again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Keep {
    Open,
    Close,
}
