//! One connection type over both engines, and the small additions that let each query be written once.

#![expect(missing_docs, reason = "the derive makes public items without documentation")]

use std::path::PathBuf;

use diesel::backend::Backend;
use diesel::connection::SimpleConnection as _;
use diesel::pg::{Pg, PgConnection};
use diesel::query_builder::{AstPass, Query, QueryFragment, QueryId};
use diesel::sqlite::{Sqlite, SqliteConnection};
use diesel::{Connection as _, QueryResult, RunQueryDsl};

use crate::kernel::personal::Secret;
use crate::kernel::store::{StoreError, dialect};

/// A connection to either engine; queries go through `&mut Conn`.
#[derive(diesel::MultiConnection)]
pub enum Conn {
    Pg(PgConnection),
    Sqlite(SqliteConnection),
}

/// Which database: a file, or a server's URL.
#[derive(Clone, Debug)]
pub enum Target {
    /// A SQLite file; made when it does not exist.
    Sqlite(PathBuf),
    /// `postgres://…`; may hold a password.
    Postgres(Secret<String>),
}

impl Conn {
    /// Opens `target` for reading and writing, with every safeguard of the engine asserted.
    ///
    /// The derived `establish` tries one engine after the other with the same string; this one never does.
    ///
    /// # Errors
    /// The database is away, or one of its safeguards did not take.
    pub fn open(target: &Target) -> Result<Self, StoreError> {
        match target {
            Target::Sqlite(path) => {
                let path = path.to_str().ok_or(StoreError::Refused("the path of the database is not UTF-8"))?;
                let mut conn = SqliteConnection::establish(path).map_err(|_| StoreError::Unavailable)?;
                dialect::prepare_sqlite(&mut conn)?;
                Ok(Self::Sqlite(conn))
            }
            Target::Postgres(url) => {
                dialect::demand_local(url.reveal())?;
                let mut conn = PgConnection::establish(url.reveal()).map_err(|_| StoreError::Unavailable)?;
                dialect::prepare_postgres(&mut conn)?;
                Ok(Self::Pg(conn))
            }
        }
    }

    /// The same, for reading alone: a write through it fails.
    ///
    /// # Errors
    /// As [`Conn::open`].
    pub fn open_reader(target: &Target) -> Result<Self, StoreError> {
        let mut conn = Self::open(target)?;
        if let Self::Sqlite(sqlite) = &mut conn {
            sqlite.batch_execute("PRAGMA query_only = ON").map_err(|_| StoreError::Unavailable)?;
        }
        Ok(conn)
    }

    /// Runs statements that hold nothing from outside.
    pub(crate) fn batch(&mut self, statements: &str) -> QueryResult<()> {
        match self {
            Self::Pg(conn) => conn.batch_execute(statements),
            Self::Sqlite(conn) => conn.batch_execute(statements),
        }
    }
}

/// A query that is valid on both engines although diesel cannot tell it of their sum: `ON CONFLICT`, `excluded`,
/// `UNION`.
pub struct Both<Q>(Q);

/// Sends `query` to whichever engine the connection is.
pub fn both<Q>(query: Q) -> Both<Q> {
    Both(query)
}

impl<Q: QueryFragment<Pg> + QueryFragment<Sqlite>> QueryFragment<MultiBackend> for Both<Q> {
    fn walk_ast<'b>(&'b self, pass: AstPass<'_, 'b, MultiBackend>) -> QueryResult<()> {
        MultiBackend::walk_variant_ast(&self.0, pass)
    }
}

impl<Q: QueryId> QueryId for Both<Q> {
    type QueryId = Q::QueryId;
    const HAS_STATIC_QUERY_ID: bool = Q::HAS_STATIC_QUERY_ID;
}

impl<Q: Query> Query for Both<Q> {
    type SqlType = Q::SqlType;
}

impl<Q> RunQueryDsl<Conn> for Both<Q> {}

const _: fn() = || {
    fn is_backend<B: Backend>() {}
    is_backend::<MultiBackend>();
};

/// Compiles one expression for each engine: for inserts of several rows at once.
macro_rules! each {
    ($conn:expr, $c:ident => $query:expr) => {
        match $conn {
            $crate::kernel::store::Conn::Pg($c) => $query,
            $crate::kernel::store::Conn::Sqlite($c) => $query,
        }
    };
}
pub(crate) use each;
