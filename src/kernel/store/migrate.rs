//! Bringing a database to this version's schema.

use diesel::backend::Backend;
use diesel::migration::MigrationSource;
use diesel_migrations::{EmbeddedMigrations, MigrationHarness, embed_migrations};

use crate::kernel::store::{Conn, StoreError, whole};

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

/// Applies the steps of these versions and no other, so that rows of an older schema fit.
///
/// # Errors
/// As [`migrate`]; a version that is not known here.
pub fn migrate_to(conn: &mut Conn, schema: Schema, versions: &[String]) -> Result<(), StoreError> {
    let (sqlite, postgres) = match schema {
        Schema::Data => (DATA_SQLITE, DATA_POSTGRES),
        Schema::Keyring => (KEYRING_SQLITE, KEYRING_POSTGRES),
    };
    match conn {
        Conn::Sqlite(conn) => apply(conn, sqlite, versions)?,
        Conn::Pg(conn) => apply(conn, postgres, versions)?,
    }
    if whole::migrations(conn)? == versions {
        Ok(())
    } else {
        Err(StoreError::Refused("a schema that this version does not know"))
    }
}

fn apply<DB: Backend, C: MigrationHarness<DB>>(
    conn: &mut C,
    steps: EmbeddedMigrations,
    versions: &[String],
) -> Result<(), StoreError>
where
    EmbeddedMigrations: MigrationSource<DB>,
{
    let failed = |_| StoreError::Refused("a migration failed");
    for step in conn.pending_migrations(steps).map_err(failed)? {
        if versions.contains(&step.name().version().to_string()) {
            conn.run_migration(&*step).map_err(failed)?;
        }
    }
    Ok(())
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
