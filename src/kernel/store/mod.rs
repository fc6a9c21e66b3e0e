//! The store: SQLite or PostgreSQL behind one connection type, every query written once.
//!
//! Start at [`Db`]: a closure is a transaction. Rows of tenants are reached through [`schema`], which gives no table
//! without a scope: a forgotten tenant filter does not compile. All that differs between the engines is in [`dialect`].

pub mod append;
mod conn;
pub mod db;
pub mod dialect;
mod error;
mod lane;
pub mod migrate;
pub mod owned;
mod pool;
pub mod schema;
pub mod sealed;
mod statement;
mod tables;
pub(in crate::kernel) mod tx;
pub(in crate::kernel) mod whole;
mod work;

pub(crate) use conn::each;
pub use conn::{Both, Conn, MultiBackend, MultiRawValue, Target, both};
pub use db::{Db, Options};
pub use error::{StoreError, json};
pub use tx::{Tx, Wake};
