//! One connection type over both engines, and the small additions that let each query be written once.

#![expect(missing_docs, reason = "the derive makes public items without documentation")]

use diesel::pg::PgConnection;
use diesel::sqlite::SqliteConnection;

/// A connection to either engine; queries go through `&mut Conn`.
#[derive(diesel::MultiConnection)]
pub enum Conn {
    Pg(PgConnection),
    Sqlite(SqliteConnection),
}
