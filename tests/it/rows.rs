//! What the databases hold, row by row, as their own engines tell it.

use diesel::connection::SimpleConnection as _;
use diesel::{Connection as _, PgConnection, QueryableByName, RunQueryDsl as _, SqliteConnection, sql_query};
use seif::kernel::store::schema::TENANT_TABLES;
use seif::testing::{Database, World};

#[derive(QueryableByName)]
struct Line {
    #[diesel(sql_type = diesel::sql_types::Text)]
    line: String,
}

/// A connection beside the service's own.
pub(crate) enum Beside {
    Sqlite(SqliteConnection),
    Postgres(PgConnection),
}

impl Beside {
    /// To the world's data.
    pub(crate) fn of(world: &World) -> Self {
        match world.database {
            Database::Sqlite => Self::file(&world.folder.path().join("seif.db")),
            Database::Postgres => Self::url(&world.database_urls()[0]),
        }
    }

    pub(crate) fn file(path: &std::path::Path) -> Self {
        let mut conn = SqliteConnection::establish(path.to_str().unwrap()).unwrap();
        conn.batch_execute("PRAGMA busy_timeout = 5000").unwrap();
        Self::Sqlite(conn)
    }

    pub(crate) fn url(url: &str) -> Self {
        Self::Postgres(PgConnection::establish(url).unwrap())
    }

    /// Runs a statement; its rows' one column `line`.
    pub(crate) fn lines(&mut self, statement: &str) -> Vec<String> {
        let lines: Vec<Line> = match self {
            Self::Sqlite(conn) => sql_query(statement).load(conn).unwrap(),
            Self::Postgres(conn) => sql_query(statement).load(conn).unwrap(),
        };
        lines.into_iter().map(|line| line.line).collect()
    }

    /// Runs statements for what they change.
    pub(crate) fn run(&mut self, statements: &str) -> diesel::QueryResult<()> {
        match self {
            Self::Sqlite(conn) => conn.batch_execute(statements),
            Self::Postgres(conn) => conn.batch_execute(statements),
        }
    }

    /// An id, or any bytes in hexadecimal, as this engine writes a literal of it.
    pub(crate) fn id(&self, id: &str) -> String {
        match self {
            Self::Sqlite(_) => format!("x'{}'", id.replace('-', "")),
            Self::Postgres(_) => format!("'{id}'"),
        }
    }

    /// Every row of `table` that is `whose`, with all its bytes, in a fixed order.
    pub(crate) fn rows(&mut self, table: &str, whose: &str) -> Vec<String> {
        let whole = match self {
            Self::Sqlite(_) => {
                let columns =
                    self.lines(&format!("SELECT name AS line FROM pragma_table_info('{table}') ORDER BY cid"));
                assert!(!columns.is_empty(), "{table}");
                columns.iter().map(|column| format!("quote(\"{column}\")")).collect::<Vec<_>>().join(" || '|' || ")
            }
            Self::Postgres(_) => format!("{table}::text"),
        };
        self.lines(&format!("SELECT {whole} AS line FROM {table} WHERE {whose} ORDER BY 1"))
    }

    /// Every row of a tenant, by table.
    pub(crate) fn of_tenant(&mut self, tenant: &str) -> Vec<(&'static str, Vec<String>)> {
        let whose = format!("tenant_id = {}", self.id(tenant));
        TENANT_TABLES.iter().map(|table| (*table, self.rows(table, &whose))).collect()
    }

    /// How many rows a table has.
    pub(crate) fn count(&mut self, table: &str) -> i64 {
        self.lines(&format!("SELECT CAST(count(*) AS TEXT) AS line FROM {table}"))[0].parse().unwrap()
    }
}
