//! Bringing a database to this version's schema.

use diesel_migrations::{EmbeddedMigrations, MigrationHarness as _, embed_migrations};

use crate::kernel::store::{Conn, StoreError};

const DATA_SQLITE: EmbeddedMigrations = embed_migrations!("migrations/sqlite");
const DATA_POSTGRES: EmbeddedMigrations = embed_migrations!("migrations/postgres");
const KEYRING_SQLITE: EmbeddedMigrations = embed_migrations!("migrations/keyring-sqlite");
const KEYRING_POSTGRES: EmbeddedMigrations = embed_migrations!("migrations/keyring-postgres");

/// Which of the two databases.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Schema {
    /// Everything but the keys.
    Data,
    /// Keys, and what must not go back in time.
    Keyring,
}

/// Applies what is missing, each step in a transaction of its own; processes that start together take turns.
///
/// # Errors
/// The database is away, or a step failed; then that step left nothing behind.
pub fn migrate(conn: &mut Conn, schema: Schema) -> Result<(), StoreError> {
    let failed = |_| StoreError::Refused("a migration failed");
    match conn {
        Conn::Sqlite(conn) => {
            let steps = if schema == Schema::Data { DATA_SQLITE } else { KEYRING_SQLITE };
            conn.run_pending_migrations(steps).map_err(failed)?;
        }
        Conn::Pg(conn) => {
            use diesel::connection::SimpleConnection as _;
            let steps = if schema == Schema::Data { DATA_POSTGRES } else { KEYRING_POSTGRES };
            conn.batch_execute("SET lock_timeout = 0; SELECT pg_advisory_lock(7311066)")?;
            let done = conn.run_pending_migrations(steps).map(drop).map_err(failed);
            conn.batch_execute("SELECT pg_advisory_unlock(7311066); SET lock_timeout = '5s'")?;
            done?;
        }
    }
    Ok(())
}
