//! Which rows are whose: every table that holds rows of a tenant or an account, so that an erasure misses none. A test
//! compares the list with the schema.

use diesel::sql_types::{BigInt, SmallInt};
use diesel::{ExpressionMethods as _, QueryDsl as _, QueryableByName, RunQueryDsl as _, sql_query};

use crate::kernel::crypto::Owner;
use crate::kernel::ids::{AnyId, Uid};
use crate::kernel::store::schema::erased_rows;
use crate::kernel::store::{Conn, StoreError, Tx, both};

/// A table with rows of an owner: its name, the column that says whose, and the columns that tell those rows apart.
struct Owned {
    name: &'static str,
    whose: &'static str,
    apart: &'static str,
}

const fn owned(name: &'static str, whose: &'static str, apart: &'static str) -> Owned {
    Owned { name, whose, apart }
}

/// What a tenant has, what leads to it last.
const OF_TENANTS: [Owned; 23] = [
    owned("tokens", "tenant_id", "id"),
    owned("record_tags", "tenant_id", "field_id, index_version, tag, record_id"),
    owned("record_versions", "tenant_id", "record_id, version"),
    owned("files", "tenant_id", "id"),
    owned("records", "tenant_id", "collection_id, id"),
    owned("erased_records", "tenant_id", "record_id"),
    owned("collections", "tenant_id", "id"),
    owned("audit_entries", "tenant_id", "lane, seq"),
    owned("idempotency", "tenant_id", "key_tag"),
    owned("waiting_imports", "tenant_id", "account_id"),
    owned("daily_uses", "tenant_id", "holder_kind, holder_id, day"),
    owned("subscriber_profiles", "tenant_id", "tenant_id"),
    owned("sweeps", "tenant_id", "due_at"),
    owned("role_limits", "tenant_id", "role"),
    owned("sign_in_rules", "tenant_id", "tenant_id"),
    owned("inactivity", "tenant_id", "tenant_id"),
    owned("support_grant_collections", "tenant_id", "grant_id, collection_id"),
    owned("support_grants", "tenant_id", "id"),
    owned("invitations", "tenant_id", "id"),
    owned("past_members", "tenant_id", "account_id"),
    owned("account_tenants", "tenant_id", "account_id"),
    owned("members", "tenant_id", "account_id"),
    owned("tenants", "tenant_id", "tenant_id"),
];

/// What an account has.
const OF_ACCOUNTS: [Owned; 21] = [
    owned("confirmations", "account_id", "id"),
    owned("recoveries", "account_id", "id"),
    owned("recovery_waits", "account_id", "account_id"),
    owned("support_codes", "account_id", "tag"),
    owned("identifier_changes", "account_id", "id"),
    owned("account_notices", "account_id", "id"),
    owned("prompts", "account_id", "prompt"),
    owned("known_places", "account_id", "tag"),
    owned("sessions", "account_id", "id"),
    owned("tokens", "account_id", "id"),
    owned("factors", "account_id", "id"),
    owned("revoked_factors", "account_id", "factor_id"),
    owned("used_codes", "account_id", "code_id"),
    owned("sign_ins", "account_id", "id"),
    owned("acknowledgements", "account_id", "document, version"),
    owned("past_members", "account_id", "tenant_id"),
    owned("support_grants", "granter_id", "id"),
    owned("consents", "account_id", "purpose, number"),
    owned("policy_notices", "account_id", "document, version"),
    owned("account_tenants", "account_id", "tenant_id"),
    owned("accounts", "id", "id"),
];

/// The table of mails, which says by two columns whose a row is.
const OUTBOX: &str = "outbox";

/// The table of objects, whose rows go when what they name has gone.
pub(in crate::kernel) const OBJECTS: &str = "objects";

/// The names of all these tables, each once.
pub(super) fn names() -> impl Iterator<Item = &'static str> {
    let of_accounts = OF_ACCOUNTS.iter().filter(|mine| OF_TENANTS.iter().all(|theirs| theirs.name != mine.name));
    let apart = [OUTBOX, OBJECTS, "provider_sessions", "erased_rows"];
    OF_TENANTS.iter().chain(of_accounts).map(|table| table.name).chain(apart)
}

/// The tables that an erasure empties of a tenant's rows.
#[must_use]
pub fn of_tenants() -> Vec<&'static str> {
    OF_TENANTS.iter().map(|table| table.name).chain([OBJECTS]).collect()
}

/// The tables that an erasure empties of an account's rows.
#[must_use]
pub fn of_accounts() -> Vec<&'static str> {
    OF_ACCOUNTS.iter().map(|table| table.name).collect()
}

fn tables(owner: Owner) -> &'static [Owned] {
    match owner {
        Owner::Tenant(_) => &OF_TENANTS,
        Owner::Account(_) => &OF_ACCOUNTS,
        Owner::Service | Owner::Day(_) | Owner::Letter(_) => &[],
    }
}

/// Rows that one transaction deletes at most on SQLite, where whoever else writes waits for its end.
const BATCH: usize = 10_000;

/// The same on PostgreSQL, where nobody waits, and each transaction looks first through what those before it deleted.
const LARGE_BATCH: usize = 100_000;

/// Deletes some rows of `owner`, and counts them in the same transaction; gives how many, 0 when none is left. The
/// transaction is within reach of the tenant, where it is one.
///
/// # Errors
/// The store's.
pub(in crate::kernel) fn purge(tx: &mut Tx<'_>, owner: Owner) -> Result<usize, StoreError> {
    let limit = match tx.conn() {
        Conn::Sqlite(_) => BATCH,
        Conn::Pg(_) => LARGE_BATCH,
    };
    let id = AnyId::from_bytes(owner.id_bytes());
    let mut gone = delete_mails(tx.conn(), owner, id)?;
    note(tx, owner, OUTBOX, gone)?;
    for table in tables(owner) {
        if gone >= limit {
            break;
        }
        let some = delete(tx.conn(), table, id, limit - gone)?;
        note(tx, owner, table.name, some)?;
        gone += some;
    }
    Ok(gone)
}

/// How many rows of `owner` there are.
///
/// # Errors
/// The store's.
pub(in crate::kernel) fn left(tx: &mut Tx<'_>, owner: Owner) -> Result<u64, StoreError> {
    let id = AnyId::from_bytes(owner.id_bytes());
    let mut found = 0;
    for Owned { name, whose, .. } in tables(owner) {
        found += count(tx.conn(), &format!("SELECT count(*) AS count FROM {name} WHERE {whose} ="), "", id, None)?;
    }
    if let Owner::Tenant(_) = owner {
        found += count(tx.conn(), "SELECT count(*) AS count FROM objects WHERE tenant_id =", "", id, None)?;
    }
    let kind = Some(owner.kind());
    found += count(tx.conn(), "SELECT count(*) AS count FROM outbox WHERE owner_id =", "AND owner_kind =", id, kind)?;
    Ok(found)
}

/// What was deleted of `owner` so far: the tables' names and how many rows.
///
/// # Errors
/// The store's.
pub(in crate::kernel) fn deleted(tx: &mut Tx<'_>, owner: Owner) -> Result<Vec<(String, u64)>, StoreError> {
    let rows: Vec<(String, i64)> = erased_rows::table
        .filter(erased_rows::owner_kind.eq(owner.kind()))
        .filter(erased_rows::owner_id.eq(AnyId::from_bytes(owner.id_bytes())))
        .order(erased_rows::name)
        .select((erased_rows::name, erased_rows::count))
        .load(tx.conn())?;
    Ok(rows.into_iter().map(|(name, count)| (name, u64::try_from(count).unwrap_or(0))).collect())
}

/// Everybody of whom rows are counted as deleted.
///
/// # Errors
/// The store's.
pub(in crate::kernel) fn counted(tx: &mut Tx<'_>) -> Result<Vec<Owner>, StoreError> {
    let rows: Vec<(i16, AnyId)> =
        erased_rows::table.select((erased_rows::owner_kind, erased_rows::owner_id)).distinct().load(tx.conn())?;
    Ok(rows.into_iter().filter_map(|(kind, id)| Owner::decode(kind, *id.as_bytes()).ok()).collect())
}

/// Forgets what was counted of `owner`: it stands in a certificate.
///
/// # Errors
/// The store's.
pub(in crate::kernel) fn forget(tx: &mut Tx<'_>, owner: Owner) -> Result<(), StoreError> {
    let mine = erased_rows::table
        .filter(erased_rows::owner_kind.eq(owner.kind()))
        .filter(erased_rows::owner_id.eq(AnyId::from_bytes(owner.id_bytes())));
    diesel::delete(mine).execute(tx.conn())?;
    Ok(())
}

/// Counts `rows` of `owner`'s in the table `name` as deleted by this transaction.
///
/// # Errors
/// The store's.
pub(in crate::kernel) fn note(tx: &mut Tx<'_>, owner: Owner, name: &str, rows: usize) -> Result<(), StoreError> {
    if rows == 0 {
        return Ok(());
    }
    let rows = i64::try_from(rows).unwrap_or(i64::MAX);
    let first = (
        erased_rows::owner_kind.eq(owner.kind()),
        erased_rows::owner_id.eq(AnyId::from_bytes(owner.id_bytes())),
        erased_rows::name.eq(name),
        erased_rows::count.eq(rows),
    );
    both(
        diesel::insert_into(erased_rows::table)
            .values(first)
            .on_conflict((erased_rows::owner_kind, erased_rows::owner_id, erased_rows::name))
            .do_update()
            .set(erased_rows::count.eq(erased_rows::count + rows)),
    )
    .execute(tx.conn())?;
    Ok(())
}

/// On SQLite the rows go as they lie, up to the last of `limit`. PostgreSQL would join them to themselves by what tells
/// them apart, and without recent statistics compare each with each (measured: 230 rows a second); there they are told by
/// where they stand, which holds within one statement: a row that moves meanwhile is left for the next.
fn delete(conn: &mut Conn, table: &Owned, id: AnyId, limit: usize) -> Result<usize, StoreError> {
    let Owned { name, whose, .. } = table;
    let limit = i64::try_from(limit).unwrap_or(i64::MAX);
    let gone = match conn {
        Conn::Sqlite(conn) => {
            let up_to_it = sql_query(up_to_the_last(table)).bind::<Uid, _>(id).bind::<BigInt, _>(limit);
            match up_to_it.execute(conn)? {
                // There are fewer.
                0 => sql_query(format!("DELETE FROM {name} WHERE {whose} = ?")).bind::<Uid, _>(id).execute(conn)?,
                gone => gone,
            }
        }
        Conn::Pg(conn) => sql_query(format!(
            "DELETE FROM {name} WHERE {whose} = $1 AND ctid = ANY (ARRAY(SELECT ctid FROM {name} WHERE {whose} = $1 LIMIT $2))"
        ))
        .bind::<Uid, _>(id)
        .bind::<BigInt, _>(limit)
        .execute(conn)?,
    };
    Ok(gone)
}

/// For SQLite: deletes the rows of the first parameter's up to the one that the second counts; none where there are fewer.
/// The plus keeps the columns' affinity out of the comparison, without which it would be a walk over what is to stay.
fn up_to_the_last(table: &Owned) -> String {
    let Owned { name, whose, apart } = table;
    let last = apart.split(", ").map(|column| format!("+{column}")).collect::<Vec<_>>().join(", ");
    format!(
        "DELETE FROM {name} WHERE {whose} = ?1 AND ({apart}) <= \
         (SELECT {last} FROM {name} WHERE {whose} = ?1 ORDER BY {apart} LIMIT 1 OFFSET ?2 - 1)"
    )
}

fn delete_mails(conn: &mut Conn, owner: Owner, id: AnyId) -> Result<usize, StoreError> {
    use crate::kernel::store::schema::outbox;
    let mine = outbox::table.filter(outbox::owner_kind.eq(owner.kind())).filter(outbox::owner_id.eq(id));
    Ok(diesel::delete(mine).execute(conn)?)
}

fn count(conn: &mut Conn, before: &str, between: &str, id: AnyId, kind: Option<i16>) -> Result<u64, StoreError> {
    let row: Counted = match (conn, kind) {
        (Conn::Sqlite(conn), None) => sql_query(format!("{before} ?")).bind::<Uid, _>(id).get_result(conn)?,
        (Conn::Pg(conn), None) => sql_query(format!("{before} $1")).bind::<Uid, _>(id).get_result(conn)?,
        (Conn::Sqlite(conn), Some(kind)) => sql_query(format!("{before} ? {between} ?"))
            .bind::<Uid, _>(id)
            .bind::<SmallInt, _>(kind)
            .get_result(conn)?,
        (Conn::Pg(conn), Some(kind)) => sql_query(format!("{before} $1 {between} $2"))
            .bind::<Uid, _>(id)
            .bind::<SmallInt, _>(kind)
            .get_result(conn)?,
    };
    Ok(u64::try_from(row.count).unwrap_or(0))
}

#[derive(QueryableByName)]
struct Counted {
    #[diesel(sql_type = BigInt)]
    count: i64,
}

#[cfg(test)]
mod tests {
    use diesel::sql_types::Text;
    use diesel::{Connection as _, SqliteConnection};

    use super::*;
    use crate::kernel::store::migrate::{Schema, migrate};

    #[derive(QueryableByName)]
    struct Step {
        #[diesel(sql_type = Text)]
        detail: String,
    }

    fn database() -> Conn {
        let mut conn = Conn::Sqlite(SqliteConnection::establish(":memory:").unwrap());
        migrate(&mut conn, Schema::Data).unwrap();
        conn
    }

    #[test]
    fn what_a_tenant_has_much_of_goes_without_a_look_at_what_stays() {
        let mut conn = database();
        for name in ["record_tags", "record_versions", "records", "audit_entries"] {
            let table = OF_TENANTS.iter().find(|table| table.name == name).unwrap();
            let explained = sql_query(format!("EXPLAIN QUERY PLAN {}", up_to_the_last(table)));
            let explained = explained.bind::<Uid, _>(AnyId::from_bytes([1; 16])).bind::<BigInt, _>(9);
            let steps: Vec<Step> = explained.load(&mut conn).unwrap();
            let steps: Vec<String> = steps.into_iter().map(|step| step.detail).collect();
            let by_all = format!("({})<(", table.apart.replace(' ', ""));
            assert!(steps.iter().any(|step| step.contains(&by_all)), "{name}: {steps:?}");
            assert!(
                steps.iter().all(|step| !step.contains("SCAN ") && !step.contains("ORDER BY")),
                "{name}: {steps:?}"
            );
        }
    }

    #[test]
    fn at_most_so_many_go_at_once_and_nobody_elses() {
        let mut conn = database();
        let (mine, other) = (AnyId::from_bytes([1; 16]), AnyId::from_bytes([2; 16]));
        let table = OF_TENANTS.iter().find(|table| table.name == "daily_uses").unwrap();
        for tenant in [mine, other] {
            for day in 0..25_i64 {
                sql_query(
                    "INSERT INTO daily_uses (tenant_id, holder_kind, holder_id, day, reads, deletes, exports) VALUES (?, ?, ?, ?, 0, 0, 1)",
                )
                .bind::<Uid, _>(tenant)
                .bind::<SmallInt, _>(i16::try_from(day % 2).unwrap())
                .bind::<Uid, _>(AnyId::from_bytes([3; 16]))
                .bind::<BigInt, _>(day)
                .execute(&mut conn)
                .unwrap();
            }
        }
        let gone: Vec<usize> = (0..5).map(|_| delete(&mut conn, table, mine, 10).unwrap()).collect();
        assert_eq!(gone, [10, 10, 5, 0, 0]);
        let of = "SELECT count(*) AS count FROM daily_uses WHERE tenant_id =";
        assert_eq!(count(&mut conn, of, "", mine, None).unwrap(), 0);
        assert_eq!(count(&mut conn, of, "", other, None).unwrap(), 25);
    }
}
