//! All that differs between SQLite and PostgreSQL, beside the migrations.

use diesel::connection::SimpleConnection as _;
use diesel::deserialize::QueryableByName;
use diesel::pg::PgConnection;
use diesel::sql_types::{Array, BigInt, Binary, Bool, Nullable, Text};
use diesel::sqlite::SqliteConnection;
use diesel::{ExpressionMethods as _, OptionalExtension as _, QueryDsl as _, QueryResult, RunQueryDsl as _, sql_query};

use crate::kernel::clock::Time;
use crate::kernel::crypto::{KeyVersion, Owner};
use crate::kernel::ids::{AnyId, MessageId, TenantId, Uid};
use crate::kernel::store::schema::{key_versions, outbox};
use crate::kernel::store::{Conn, StoreError, append, owned};

/// The role under which rows of tenants are reached on PostgreSQL.
pub const ROWS_ROLE: &str = "seif_rows";

/// Sets SQLite's safeguards on a connection and refuses to go on when one did not take: a lost commit, a kept deleted
/// byte or an ignored reference would otherwise show only when it is too late.
///
/// Pages are moved from the log into the file every 16 MB instead of every 4: those of tags and their index, which are
/// written at random, are then moved once for several writes (measured: an erasure deletes 1.4 times as many rows a second).
pub(super) fn prepare_sqlite(conn: &mut SqliteConnection) -> Result<(), StoreError> {
    conn.batch_execute(
        "PRAGMA busy_timeout = 5000;
         PRAGMA journal_mode = WAL;
         PRAGMA synchronous = FULL;
         PRAGMA foreign_keys = ON;
         PRAGMA secure_delete = ON;
         PRAGMA trusted_schema = OFF;
         PRAGMA temp_store = MEMORY;
         PRAGMA wal_autocheckpoint = 4000;
         PRAGMA journal_size_limit = 67108864;
         PRAGMA cache_size = -16384;
         PRAGMA mmap_size = 268435456;",
    )?;
    for (pragma, value) in [
        ("SELECT journal_mode AS value FROM pragma_journal_mode", "wal"),
        ("SELECT CAST(synchronous AS TEXT) AS value FROM pragma_synchronous", "2"),
        ("SELECT CAST(foreign_keys AS TEXT) AS value FROM pragma_foreign_keys", "1"),
        ("SELECT CAST(secure_delete AS TEXT) AS value FROM pragma_secure_delete", "1"),
    ] {
        let row: TextRow = sql_query(pragma).get_result(conn)?;
        if row.value != value {
            return Err(StoreError::Refused("a safeguard of SQLite did not take"));
        }
    }
    Ok(())
}

/// Sets what every PostgreSQL session of the service runs with.
pub(super) fn prepare_postgres(conn: &mut PgConnection) -> Result<(), StoreError> {
    conn.batch_execute(
        "SET client_min_messages = warning; SET timezone = 'UTC'; SET synchronous_commit = on;
         SET lock_timeout = '5s'; SET idle_in_transaction_session_timeout = '30s'; SET statement_timeout = '60s'",
    )?;
    Ok(())
}

/// A PostgreSQL that is neither a Unix socket nor loopback would carry rows in the clear: it is not connected to.
pub(super) fn demand_local(url: &str) -> Result<(), StoreError> {
    let rest = url.split_once("://").map_or("", |(_, rest)| rest);
    let authority = rest.split(['/', '?']).next().unwrap_or_default();
    let host = authority.rsplit_once('@').map_or(authority, |(_, host)| host);
    let host = host
        .strip_prefix('[')
        .and_then(|h| h.split_once(']'))
        .map_or_else(|| host.split(':').next().unwrap_or_default(), |(h, _)| h);
    let named = rest.split_once('?').map_or("", |(_, query)| query);
    let mut hosts: Vec<&str> = named
        .split('&')
        .filter_map(|pair| pair.strip_prefix("host=").or_else(|| pair.strip_prefix("hostaddr=")))
        .collect();
    hosts.push(host);
    let local = |host: &&str| {
        host.is_empty()
            || host.starts_with("%2F")
            || host.starts_with("%2f")
            || host.starts_with('/')
            || ["localhost", "127.0.0.1", "::1"].contains(host)
    };
    if hosts.iter().all(local) {
        Ok(())
    } else {
        Err(StoreError::Refused("a PostgreSQL beyond this machine needs TLS with full verification"))
    }
}

/// Begins a reading transaction that sees the rows of `tenant` alone (on PostgreSQL; on SQLite the types see to it).
pub(super) fn begin_read(conn: &mut Conn, rows: Rows, tenants: &[TenantId]) -> QueryResult<()> {
    match conn {
        Conn::Sqlite(conn) => conn.batch_execute("BEGIN"),
        Conn::Pg(conn) => conn.batch_execute(&format!("BEGIN READ ONLY; {}", reach(rows, tenants))),
    }
}

/// Begins a writing transaction within reach of `tenants`.
pub(super) fn begin_write(conn: &mut Conn, rows: Rows, tenants: &[TenantId]) -> QueryResult<()> {
    match conn {
        Conn::Sqlite(conn) => conn.batch_execute("BEGIN IMMEDIATE"),
        Conn::Pg(conn) => conn.batch_execute(&format!("BEGIN; {}", reach(rows, tenants))),
    }
}

/// Lets nothing on this connection, transaction or not, step around row-level security.
pub(super) fn bind_to_rows(conn: &mut Conn, rows: Rows) -> QueryResult<()> {
    match (conn, rows) {
        (Conn::Pg(conn), Rows::OfTenants) => conn.batch_execute(&format!("SET ROLE {ROWS_ROLE}")),
        _ => Ok(()),
    }
}

/// Whose rows a database holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Rows {
    /// Tenants', under row-level security on PostgreSQL.
    OfTenants,
    /// Nobody's: the keyring.
    OfNobody,
}

fn reach(rows: Rows, tenants: &[TenantId]) -> String {
    if rows == Rows::OfNobody {
        return String::new();
    }
    let list = tenants.iter().map(TenantId::to_string).collect::<Vec<_>>().join(",");
    format!("SET LOCAL ROLE {ROWS_ROLE}; SET LOCAL seif.tenants = '{list}'")
}

/// Refuses a PostgreSQL whose role for rows could step around row-level security.
///
/// # Errors
/// The role is missing, can log in, is a superuser or bypasses; or a tenant's table has no policy.
pub fn demand_row_security(conn: &mut Conn) -> Result<(), StoreError> {
    let Conn::Pg(conn) = conn else { return Ok(()) };
    let safe: BoolRow = sql_query(
        "SELECT count(*) = 1 AND bool_and(NOT rolcanlogin AND NOT rolsuper AND NOT rolbypassrls) AS value
         FROM pg_roles WHERE rolname = 'seif_rows'",
    )
    .get_result(conn)?;
    if !safe.value {
        return Err(StoreError::Refused("the role seif_rows is missing, or could step around row-level security"));
    }
    let open: CountRow = sql_query(
        "SELECT count(*) AS value FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid
         JOIN pg_namespace n ON n.oid = c.relnamespace JOIN pg_index i ON i.indrelid = c.oid AND i.indisprimary
         WHERE n.nspname = current_schema() AND c.relkind = 'r' AND a.attname = 'tenant_id'
         AND i.indkey[0] = a.attnum AND NOT (c.relrowsecurity AND c.relforcerowsecurity)",
    )
    .get_result(conn)?;
    if open.value != 0 {
        return Err(StoreError::Refused("a table of tenants has no row-level security"));
    }
    Ok(())
}

/// The mirrored state of a key version; on PostgreSQL it stays so until the transaction ends.
pub(in crate::kernel) fn key_state(conn: &mut Conn, owner: Owner, version: KeyVersion) -> QueryResult<Option<i16>> {
    let row = key_versions::table
        .find((owner.kind(), AnyId::from_bytes(owner.id_bytes()), version))
        .select(key_versions::state);
    match conn {
        Conn::Sqlite(conn) => row.get_result(conn).optional(),
        Conn::Pg(conn) => row.for_share().get_result(conn).optional(),
    }
}

/// Inserts rows in one statement a table, whatever their number: each column is an array.
pub(super) fn insert_rows(conn: &mut PgConnection, rows: &append::Rows) -> QueryResult<()> {
    let append::Rows { records, tags, entries } = rows;
    if !records.is_empty() {
        sql_query(
            "INSERT INTO records (tenant_id, id, collection_id, version, created_at, updated_at, body)
             SELECT t, i, c, 1, a, a, b FROM unnest($1, $2, $3, $4, $5) AS new (t, i, c, a, b)",
        )
        .bind::<Array<Uid>, _>(column(records, |row| row.tenant))
        .bind::<Array<Uid>, _>(column(records, |row| row.id))
        .bind::<Array<Uid>, _>(column(records, |row| row.collection))
        .bind::<Array<BigInt>, _>(column(records, |row| row.at))
        .bind::<Array<Binary>, _>(column(records, |row| row.body.as_slice()))
        .execute(conn)?;
    }
    if !tags.is_empty() {
        sql_query(
            "INSERT INTO record_tags (tenant_id, field_id, index_version, tag, record_id, is_unique)
             SELECT * FROM unnest($1, $2, $3, $4, $5, $6)",
        )
        .bind::<Array<Uid>, _>(column(tags, |row| row.tenant))
        .bind::<Array<Uid>, _>(column(tags, |row| row.field))
        .bind::<Array<BigInt>, _>(column(tags, |row| row.index_version))
        .bind::<Array<Binary>, _>(column(tags, |row| row.tag))
        .bind::<Array<Uid>, _>(column(tags, |row| row.record))
        .bind::<Array<Bool>, _>(column(tags, |row| row.unique))
        .execute(conn)?;
    }
    if !entries.is_empty() {
        sql_query(
            "INSERT INTO audit_entries (tenant_id, lane, seq, id, at, leaf, chain, body, actor_id, actor)
             SELECT * FROM unnest($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)",
        )
        .bind::<Array<Uid>, _>(column(entries, |row| row.tenant))
        .bind::<Array<Uid>, _>(column(entries, |row| row.lane))
        .bind::<Array<BigInt>, _>(column(entries, |row| row.seq))
        .bind::<Array<Uid>, _>(column(entries, |row| row.id))
        .bind::<Array<BigInt>, _>(column(entries, |row| row.at))
        .bind::<Array<Binary>, _>(column(entries, |row| row.leaf.as_slice()))
        .bind::<Array<Binary>, _>(column(entries, |row| row.chain.as_slice()))
        .bind::<Array<Binary>, _>(column(entries, |row| row.body.as_slice()))
        .bind::<Array<Nullable<Uid>>, _>(column(entries, |row| row.account))
        .bind::<Array<Nullable<Binary>>, _>(column(entries, |row| row.actor.as_deref()))
        .execute(conn)?;
    }
    Ok(())
}

fn column<'r, R, C>(rows: &'r [R], value: impl Fn(&'r R) -> C) -> Vec<C> {
    rows.iter().map(value).collect()
}

/// The first messages in `state` that are due; on PostgreSQL held until the transaction ends, past those that others hold.
pub fn due_messages(conn: &mut Conn, state: i16, now: Time, limit: i64) -> QueryResult<Vec<MessageId>> {
    let due = outbox::table
        .filter(outbox::state.eq(state))
        .filter(outbox::next_at.le(now))
        .order((outbox::next_at, outbox::id))
        .limit(limit)
        .select(outbox::id);
    match conn {
        Conn::Sqlite(conn) => due.load(conn),
        Conn::Pg(conn) => due.for_update().skip_locked().load(conn),
    }
}

/// Lets one transaction at a time go on with `what`, a tag or an id, until it ends. SQLite has one writer at a time anyhow.
pub(crate) fn take_turns(conn: &mut Conn, what: &[u8]) -> QueryResult<()> {
    let Conn::Pg(conn) = conn else { return Ok(()) };
    // An id begins with a time, and ends at random.
    let number = what.last_chunk().map_or(0, |bytes| i64::from_be_bytes(*bytes));
    conn.batch_execute(&format!("SELECT pg_advisory_xact_lock({number})"))
}

/// How often a checkpoint is tried while somebody reads an older state, and how long between.
const CHECKPOINTS: u32 = 200;
const BETWEEN: std::time::Duration = std::time::Duration::from_millis(50);

/// Overwrites what the engine left over of deleted rows. On SQLite, `secure_delete` has overwritten them within the file
/// once the log is moved into it and cut to nothing, which counts only when nobody was in the way; on PostgreSQL, dead
/// rows go with a vacuum.
pub(super) fn scrub(conn: &mut Conn, rows: Rows) -> Result<(), StoreError> {
    match conn {
        Conn::Sqlite(conn) => {
            for _ in 0..CHECKPOINTS {
                let done: Checkpoint = sql_query("PRAGMA wal_checkpoint(TRUNCATE)").get_result(conn)?;
                if done.busy == 0 && done.log == 0 {
                    return Ok(());
                }
                std::thread::sleep(BETWEEN);
            }
            Err(StoreError::Busy)
        }
        Conn::Pg(conn) => {
            conn.batch_execute("SET statement_timeout = 0")?;
            // A vacuum alone leaves dead bytes in the pages, and wrapped keys are few: their table is written anew.
            let tables: Vec<String> = match rows {
                Rows::OfTenants => owned::names().map(|table| format!("VACUUM {table}")).collect(),
                Rows::OfNobody => {
                    ["FULL owner_keys", "FULL identifiers", "erasures"].map(|table| format!("VACUUM {table}")).into()
                }
            };
            // One statement each: a vacuum takes part in no transaction.
            for vacuum in tables {
                conn.batch_execute(&vacuum)?;
            }
            Ok(())
        }
    }
}

/// What a checkpoint says of itself.
#[derive(QueryableByName)]
struct Checkpoint {
    #[diesel(sql_type = BigInt)]
    busy: i64,
    /// Frames that are left in the log; -1 where there is none.
    #[diesel(sql_type = BigInt)]
    log: i64,
}

#[derive(QueryableByName)]
struct TextRow {
    #[diesel(sql_type = Text)]
    value: String,
}

#[derive(QueryableByName)]
struct BoolRow {
    #[diesel(sql_type = Bool)]
    value: bool,
}

#[derive(QueryableByName)]
struct CountRow {
    #[diesel(sql_type = BigInt)]
    value: i64,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_postgresql_beyond_this_machine_is_refused() {
        for url in [
            "postgres:///seif?host=/run/pg",
            "postgres://u:p@localhost:5433/x",
            "postgres://127.0.0.1/x",
            "postgres://[::1]:5/x",
            "postgres://%2Frun%2Fpg/x",
        ] {
            assert_eq!(demand_local(url), Ok(()), "{url}");
        }
        for url in [
            "postgres://db.example/x",
            "postgres://u@10.0.0.1:5432/x",
            "postgres://localhost/x?host=db.example",
            "postgres://localhost/x?hostaddr=10.0.0.1",
            "postgres://localhost@db.example/x",
        ] {
            assert!(demand_local(url).is_err(), "{url}");
        }
    }
}
