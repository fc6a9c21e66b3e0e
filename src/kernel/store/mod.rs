//! The store: SQLite or PostgreSQL behind one connection type, every query written once.

mod conn;

pub use conn::{Conn, MultiBackend, MultiRawValue};
