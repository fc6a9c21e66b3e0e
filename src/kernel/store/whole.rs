//! A whole database, table by table: read as it was at one instant, and written into an empty one.
//!
//! Both engines give and take the same rows: of four forms, with columns in the order of their names. So what was read
//! from one can be written into the other. Memory holds a row while reading, and a batch of them while writing.

use diesel::backend::Backend;
use diesel::connection::DefaultLoadingMode;
use diesel::deserialize::{FromSql, QueryableByName};
use diesel::pg::{Pg, PgRowByRowLoadingMode};
use diesel::row::{Field as _, NamedRow, Row};
use diesel::sql_types::{BigInt, Binary, Bool, Nullable, Text};
use diesel::sqlite::Sqlite;
use diesel::{QueryResult, RunQueryDsl as _, sql_query};

use crate::kernel::ids::{AnyId, TenantId, Uid};
use crate::kernel::store::dialect::ROWS_ROLE;
use crate::kernel::store::migrate::Schema;
use crate::kernel::store::{Conn, StoreError};

/// A value of a row.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(in crate::kernel) enum Value {
    /// Nothing.
    Null,
    /// A number, or 0 and 1 for no and yes.
    Number(i64),
    /// Text.
    Text(String),
    /// Bytes: sealed values, tags, ids.
    Bytes(Vec<u8>),
}

/// A table as the database has it.
#[derive(Debug, Clone)]
pub(in crate::kernel) struct Table {
    /// Its name.
    pub(in crate::kernel) name: String,
    columns: Vec<Column>,
    /// Its rows are reached for some tenants at a time.
    by_tenant: bool,
}

#[derive(Debug, Clone)]
struct Column {
    name: String,
    form: Form,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Form {
    Number,
    Bool,
    Text,
    Bytes,
    Uid,
}

impl Table {
    /// The names of its columns, in order.
    pub(in crate::kernel) fn columns(&self) -> impl Iterator<Item = &str> {
        self.columns.iter().map(|column| column.name.as_str())
    }

    /// The table with those of its columns that are among `names`.
    pub(in crate::kernel) fn only(&self, names: &[String]) -> Self {
        let columns = self.columns.iter().filter(|column| names.contains(&column.name)).cloned().collect();
        Self { name: self.name.clone(), columns, by_tenant: self.by_tenant }
    }
}

/// Where the migrations note what they have done.
const MIGRATIONS: &str = "__diesel_schema_migrations";

/// Tenants whose rows are reached at a time.
const TENANTS: usize = 500;

/// Rows that are inserted by one statement at most; SQLite takes 32,766 values.
pub(in crate::kernel) const BATCH: usize = 500;

/// Begins a transaction that sees the database as it is now, however long it reads.
///
/// # Errors
/// The store's.
pub(in crate::kernel) fn begin_snapshot(conn: &mut Conn) -> Result<(), StoreError> {
    let begin = match conn {
        Conn::Sqlite(_) => "BEGIN",
        Conn::Pg(_) => {
            "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY;
             SET LOCAL statement_timeout = 0; SET LOCAL idle_in_transaction_session_timeout = 0"
        }
    };
    Ok(conn.batch(begin)?)
}

/// Begins the transaction that fills an empty database: no trigger has a say, since what comes was let in once.
/// [`commit_filling`] ends it.
///
/// # Errors
/// The store's.
pub(in crate::kernel) fn begin_filling(conn: &mut Conn) -> Result<Filling, StoreError> {
    match conn {
        Conn::Sqlite(_) => {
            conn.batch("BEGIN IMMEDIATE")?;
            let found = "SELECT name, sql AS text FROM sqlite_master WHERE type = 'trigger' ORDER BY name";
            let triggers: Vec<Named> = load(conn, found)?;
            for trigger in &triggers {
                conn.batch(&format!("DROP TRIGGER {}", quoted(&trigger.name)))?;
            }
            Ok(Filling(triggers.into_iter().map(|trigger| trigger.text).collect()))
        }
        Conn::Pg(_) => {
            conn.batch("BEGIN; SET LOCAL statement_timeout = 0; SET LOCAL idle_in_transaction_session_timeout = 0")?;
            let found = "SELECT DISTINCT c.relname::text AS name, '' AS text FROM pg_trigger t
                 JOIN pg_class c ON c.oid = t.tgrelid JOIN pg_namespace n ON n.oid = c.relnamespace
                 WHERE n.nspname = current_schema() AND NOT t.tgisinternal";
            let tables: Vec<Named> = load(conn, found)?;
            let mut again = Vec::new();
            for table in tables.iter().map(|table| quoted(&table.name)) {
                conn.batch(&format!("ALTER TABLE {table} DISABLE TRIGGER USER"))?;
                again.push(format!("ALTER TABLE {table} ENABLE TRIGGER USER"));
            }
            Ok(Filling(again))
        }
    }
}

/// What brings the triggers back.
#[must_use]
pub(in crate::kernel) struct Filling(Vec<String>);

/// Ends the transaction, with every trigger back in its place.
///
/// # Errors
/// The store's; then nothing was written.
pub(in crate::kernel) fn commit_filling(conn: &mut Conn, filling: Filling) -> Result<(), StoreError> {
    for statement in filling.0 {
        conn.batch(&statement)?;
    }
    Ok(conn.batch("COMMIT")?)
}

/// The tables, by name.
///
/// # Errors
/// The store's; a column of a form that is not known here.
pub(in crate::kernel) fn tables(conn: &mut Conn) -> Result<Vec<Table>, StoreError> {
    let found = match conn {
        Conn::Sqlite(_) => {
            "SELECT m.name AS name, p.name AS text, upper(p.type) AS form, CAST(0 AS BIGINT) AS secured
             FROM sqlite_master m JOIN pragma_table_info(m.name) p
             WHERE m.type = 'table' AND m.name NOT LIKE 'sqlite\\_%' ESCAPE '\\' ORDER BY m.name, p.name"
        }
        Conn::Pg(_) => {
            "SELECT c.relname::text AS name, a.attname::text AS text, upper(t.typname::text) AS form,
             CAST(CAST(c.relrowsecurity AS INTEGER) AS BIGINT) AS secured
             FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid JOIN pg_type t ON t.oid = a.atttypid
             JOIN pg_namespace n ON n.oid = c.relnamespace
             WHERE n.nspname = current_schema() AND c.relkind = 'r' AND a.attnum > 0 AND NOT a.attisdropped
             ORDER BY c.relname::text COLLATE \"C\", a.attname::text COLLATE \"C\""
        }
    };
    let rows: Vec<Described> = load(conn, found)?;
    let mut tables: Vec<Table> = Vec::new();
    for row in rows.into_iter().filter(|row| row.name != MIGRATIONS) {
        let column = Column { name: row.text, form: form(&row.form)? };
        match tables.last_mut().filter(|table| table.name == row.name) {
            Some(table) => table.columns.push(column),
            None => tables.push(Table { name: row.name, columns: vec![column], by_tenant: row.secured != 0 }),
        }
    }
    Ok(tables)
}

fn form(name: &str) -> Result<Form, StoreError> {
    Ok(match name {
        "BIGINT" | "SMALLINT" | "INTEGER" | "INT2" | "INT4" | "INT8" => Form::Number,
        "BOOLEAN" | "BOOL" => Form::Bool,
        "TEXT" | "VARCHAR" => Form::Text,
        "BLOB" | "BYTEA" => Form::Bytes,
        "UUID" => Form::Uid,
        _ => return Err(StoreError::Refused("a column of a type that back-ups do not know")),
    })
}

/// The migrations that the database has gone through, in order; none for one that was never used.
///
/// # Errors
/// The store's.
pub(in crate::kernel) fn migrations(conn: &mut Conn) -> Result<Vec<String>, StoreError> {
    let there = match conn {
        Conn::Sqlite(_) => format!("SELECT name, '' AS text FROM sqlite_master WHERE name = '{MIGRATIONS}'"),
        Conn::Pg(_) => format!(
            "SELECT tablename::text AS name, '' AS text FROM pg_tables
             WHERE schemaname = current_schema() AND tablename = '{MIGRATIONS}'"
        ),
    };
    if load::<Named>(conn, &there)?.is_empty() {
        return Ok(Vec::new());
    }
    let rows: Vec<Named> =
        load(conn, &format!("SELECT version AS name, '' AS text FROM {MIGRATIONS} ORDER BY version"))?;
    Ok(rows.into_iter().map(|row| row.name).collect())
}

/// The root versions that wrap at least one owner key, of a keyring.
///
/// # Errors
/// The store's.
pub(in crate::kernel) fn root_versions(conn: &mut Conn) -> Result<Vec<i64>, StoreError> {
    let wrapping = "SELECT DISTINCT CAST(root_version AS TEXT) AS name, '' AS text FROM owner_keys
         WHERE wrapped IS NOT NULL";
    let rows: Vec<Named> = load(conn, wrapping)?;
    let mut versions: Vec<i64> = rows.iter().filter_map(|row| row.name.parse().ok()).collect();
    versions.sort_unstable();
    Ok(versions)
}

/// Marks a database as put back from a copy, by an epoch that no start leaves there.
///
/// # Errors
/// The store's; the schema is from before there were epochs.
pub(in crate::kernel) fn mark(conn: &mut Conn, schema: Schema, epoch: i64) -> Result<(), StoreError> {
    let column = match schema {
        Schema::Data => "epoch",
        Schema::Keyring => "planned",
    };
    Ok(conn.batch(&format!("UPDATE instance SET {column} = {epoch}"))?)
}

/// Deletes what the migrations have put into `table`, which nobody has used.
///
/// # Errors
/// The store's.
pub(in crate::kernel) fn clear(conn: &mut Conn, table: &Table) -> Result<(), StoreError> {
    Ok(conn.batch(&format!("DELETE FROM {}", quoted(&table.name)))?)
}

/// Gives every row of `table` to `each`, in no order.
///
/// # Errors
/// The store's, or what `each` gives.
pub(in crate::kernel) fn read<E: From<StoreError>>(
    conn: &mut Conn,
    table: &Table,
    mut each: impl FnMut(&[Value]) -> Result<(), E>,
) -> Result<(), E> {
    let columns: Vec<String> =
        table.columns.iter().enumerate().map(|(at, column)| selected(conn, at, column)).collect();
    let query = format!("SELECT {} FROM {}", columns.join(", "), quoted(&table.name));
    if !table.by_tenant {
        return stream(conn, &query, &mut each);
    }
    // Every tenant is mirrored where row-level security does not reach; nobody else has rows.
    let all = "SELECT DISTINCT CAST(owner_id AS TEXT) AS name, '' AS text FROM key_versions WHERE owner_kind = ";
    let kind = crate::kernel::crypto::Owner::Tenant(TenantId::from_bytes([0; 16])).kind();
    let tenants: Vec<Named> = load(conn, &format!("{all}{kind}")).map_err(E::from)?;
    for some in tenants.chunks(TENANTS) {
        let list = some.iter().map(|row| row.name.as_str()).collect::<Vec<_>>().join(",");
        reach(conn, &list).map_err(E::from)?;
        stream(conn, &query, &mut each)?;
        conn.batch("SET LOCAL ROLE NONE").map_err(|error| E::from(error.into()))?;
    }
    Ok(())
}

/// Inserts `rows` into `table`, whose columns they follow.
///
/// # Errors
/// The store's; a row that does not fit the table.
pub(in crate::kernel) fn insert(conn: &mut Conn, table: &Table, rows: &[Vec<Value>]) -> Result<(), StoreError> {
    let width = table.columns.len();
    if rows.is_empty() {
        return Ok(());
    }
    if rows.iter().any(|row| row.len() != width) {
        return Err(StoreError::Refused("a row of another width than its table"));
    }
    if table.by_tenant {
        reach(conn, &tenants_of(table, rows)?)?;
    }
    let names: Vec<String> = table.columns().map(quoted).collect();
    let mark = |at: usize| if matches!(conn, Conn::Pg(_)) { format!("${}", at + 1) } else { "?".to_owned() };
    let places: Vec<String> = (0..rows.len())
        .map(|row| {
            let marks: Vec<String> = (0..width).map(|column| mark(row * width + column)).collect();
            format!("({})", marks.join(", "))
        })
        .collect();
    let text = format!("INSERT INTO {} ({}) VALUES {}", quoted(&table.name), names.join(", "), places.join(", "));
    let inserted = match conn {
        Conn::Sqlite(conn) => {
            let mut query = sql_query(text).into_boxed::<Sqlite>();
            for value in rows.iter().flatten() {
                query = match value {
                    Value::Null => query.bind::<Nullable<BigInt>, _>(None::<i64>),
                    Value::Number(number) => query.bind::<BigInt, _>(*number),
                    Value::Text(text) => query.bind::<Text, _>(text.as_str()),
                    Value::Bytes(bytes) => query.bind::<Binary, _>(bytes.as_slice()),
                };
            }
            query.execute(conn)?
        }
        Conn::Pg(conn) => {
            let mut query = sql_query(text).into_boxed::<Pg>();
            for (column, value) in rows.iter().flat_map(|row| table.columns.iter().zip(row)) {
                query = match column.form {
                    Form::Number => query.bind::<Nullable<BigInt>, _>(number(value)?),
                    Form::Bool => query.bind::<Nullable<Bool>, _>(number(value)?.map(|number| number != 0)),
                    Form::Text => query.bind::<Nullable<Text>, _>(text_of(value)?),
                    Form::Bytes => query.bind::<Nullable<Binary>, _>(bytes(value)?),
                    Form::Uid => query.bind::<Nullable<Uid>, _>(bytes(value)?.map(id).transpose()?),
                };
            }
            query.execute(conn)?
        }
    };
    if table.by_tenant {
        conn.batch("SET LOCAL ROLE NONE")?;
    }
    if inserted == rows.len() { Ok(()) } else { Err(StoreError::Refused("rows that were not inserted")) }
}

const UNFIT: StoreError = StoreError::Refused("a value of another form than its column");

fn number(value: &Value) -> Result<Option<i64>, StoreError> {
    match value {
        Value::Null => Ok(None),
        Value::Number(number) => Ok(Some(*number)),
        _ => Err(UNFIT),
    }
}

fn text_of(value: &Value) -> Result<Option<&str>, StoreError> {
    match value {
        Value::Null => Ok(None),
        Value::Text(text) => Ok(Some(text)),
        _ => Err(UNFIT),
    }
}

fn bytes(value: &Value) -> Result<Option<&[u8]>, StoreError> {
    match value {
        Value::Null => Ok(None),
        Value::Bytes(bytes) => Ok(Some(bytes)),
        _ => Err(UNFIT),
    }
}

fn id(bytes: &[u8]) -> Result<AnyId, StoreError> {
    bytes.try_into().map(AnyId::from_bytes).map_err(|_| UNFIT)
}

/// The tenants whose rows these are, as the transaction must name them.
fn tenants_of(table: &Table, rows: &[Vec<Value>]) -> Result<String, StoreError> {
    let at = table.columns().position(|name| name == "tenant_id").ok_or(UNFIT)?;
    let mut tenants = std::collections::BTreeSet::new();
    for row in rows {
        let bytes = row.get(at).map(bytes).transpose()?.flatten().ok_or(UNFIT)?;
        tenants.insert(TenantId::from_bytes(bytes.try_into().map_err(|_| UNFIT)?).to_string());
    }
    Ok(tenants.into_iter().collect::<Vec<_>>().join(","))
}

fn reach(conn: &mut Conn, tenants: &str) -> Result<(), StoreError> {
    Ok(conn.batch(&format!("SET LOCAL ROLE {ROWS_ROLE}; SET LOCAL seif.tenants = '{tenants}'"))?)
}

/// A column in a form that both engines give; the first letter of its name says which.
fn selected(conn: &Conn, at: usize, column: &Column) -> String {
    let name = quoted(&column.name);
    match (column.form, conn) {
        (Form::Number, _) => format!("CAST({name} AS BIGINT) AS n{at}"),
        (Form::Bool, _) => format!("CAST(CAST({name} AS INTEGER) AS BIGINT) AS n{at}"),
        (Form::Text, _) => format!("{name} AS t{at}"),
        (Form::Bytes, _) => format!("{name} AS b{at}"),
        (Form::Uid, _) => format!("uuid_send({name}) AS b{at}"),
    }
}

fn quoted(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}

fn stream<E: From<StoreError>>(
    conn: &mut Conn,
    query: &str,
    each: &mut impl FnMut(&[Value]) -> Result<(), E>,
) -> Result<(), E> {
    let failed = |error| E::from(StoreError::from(error));
    match conn {
        Conn::Sqlite(conn) => {
            for row in sql_query(query).load_iter::<Values, DefaultLoadingMode>(conn).map_err(failed)? {
                each(&row.map_err(failed)?.0)?;
            }
        }
        Conn::Pg(conn) => {
            for row in sql_query(query).load_iter::<Values, PgRowByRowLoadingMode>(conn).map_err(failed)? {
                each(&row.map_err(failed)?.0)?;
            }
        }
    }
    Ok(())
}

/// A row of whatever columns.
struct Values(Vec<Value>);

impl<DB: Backend> QueryableByName<DB> for Values
where
    i64: FromSql<BigInt, DB>,
    String: FromSql<Text, DB>,
    Vec<u8>: FromSql<Binary, DB>,
{
    fn build<'a>(row: &impl NamedRow<'a, DB>) -> diesel::deserialize::Result<Self> {
        let values = (0..row.field_count()).map(|at| -> diesel::deserialize::Result<Value> {
            let field = Row::get(row, at).ok_or("a column that is not there")?;
            let form = field.field_name().and_then(|name| name.bytes().next());
            let Some(value) = field.value() else { return Ok(Value::Null) };
            Ok(match form {
                Some(b'n') => Value::Number(i64::from_sql(value)?),
                Some(b't') => Value::Text(String::from_sql(value)?),
                _ => Value::Bytes(Vec::from_sql(value)?),
            })
        });
        values.collect::<diesel::deserialize::Result<_>>().map(Self)
    }
}

#[derive(diesel::QueryableByName)]
struct Named {
    #[diesel(sql_type = Text)]
    name: String,
    #[diesel(sql_type = Text)]
    text: String,
}

#[derive(diesel::QueryableByName)]
struct Described {
    #[diesel(sql_type = Text)]
    name: String,
    #[diesel(sql_type = Text)]
    text: String,
    #[diesel(sql_type = Text)]
    form: String,
    #[diesel(sql_type = BigInt)]
    secured: i64,
}

fn load<R>(conn: &mut Conn, query: &str) -> Result<Vec<R>, StoreError>
where
    R: QueryableByName<Pg> + QueryableByName<Sqlite> + 'static,
{
    let rows: QueryResult<Vec<R>> = match conn {
        Conn::Sqlite(conn) => sql_query(query).load(conn),
        Conn::Pg(conn) => sql_query(query).load(conn),
    };
    Ok(rows?)
}
