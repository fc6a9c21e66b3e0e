//! The two engines hold the same schema: the same tables, columns, nullability, keys and indexes.

use std::collections::BTreeMap;

use diesel::sql_types::Text;
use diesel::{Connection as _, PgConnection, RunQueryDsl as _, SqliteConnection, sql_query};
use seif::kernel::store::{owned, sealed};
use seif::testing::{Database, World};

#[derive(diesel::QueryableByName)]
struct Line {
    #[diesel(sql_type = Text)]
    line: String,
}

type Schema = BTreeMap<String, Vec<String>>;

fn grouped(lines: Vec<Line>) -> Schema {
    let mut schema = Schema::new();
    for Line { line } in lines {
        let (table, rest) = line.split_once('|').unwrap();
        if !table.starts_with("__diesel") && !table.starts_with("sqlite_") {
            schema.entry(table.to_owned()).or_default().push(rest.to_lowercase());
        }
    }
    for lines in schema.values_mut() {
        lines.sort();
    }
    schema
}

/// SQLite's: a column as `name kind nullability place-in-key`, an index as `index unique columns partial`.
fn of_sqlite(path: &str) -> Schema {
    let mut conn = SqliteConnection::establish(path).unwrap();
    let columns = "SELECT m.name || '|' || c.name || ' ' || CASE upper(c.type)
            WHEN 'BLOB' THEN CASE WHEN c.name = 'id' OR c.name LIKE '%\\_id' ESCAPE '\\' OR c.name = 'lane' THEN 'uuid' ELSE 'bytea' END
            ELSE lower(c.type) END || ' ' || CASE WHEN c.\"notnull\" THEN 'required' ELSE 'optional' END || ' ' || c.pk AS line
        FROM sqlite_master m, pragma_table_info(m.name) c WHERE m.type = 'table'";
    let indexes = "SELECT m.name || '|index ' || CASE WHEN i.\"unique\" THEN 'unique' ELSE 'plain' END || ' '
            || (SELECT group_concat(x.name, ',') FROM pragma_index_info(i.name) x) || ' ' || CASE WHEN i.partial THEN 'partial' ELSE 'whole' END AS line
        FROM sqlite_master m, pragma_index_list(m.name) i WHERE m.type = 'table' AND i.origin = 'c'";
    let mut lines: Vec<Line> = sql_query(columns).load(&mut conn).unwrap();
    lines.extend(sql_query(indexes).load::<Line>(&mut conn).unwrap());
    grouped(lines)
}

/// PostgreSQL's, in the same words.
fn of_postgres(url: &str) -> Schema {
    let mut conn = PgConnection::establish(url).unwrap();
    let columns = "SELECT c.relname || '|' || a.attname || ' ' || format_type(a.atttypid, NULL) || ' '
            || CASE WHEN a.attnotnull THEN 'required' ELSE 'optional' END || ' '
            || coalesce(array_position(string_to_array(i.indkey::text, ' ')::int[], a.attnum::int), 0) AS line
        FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
        LEFT JOIN pg_index i ON i.indrelid = c.oid AND i.indisprimary WHERE n.nspname = current_schema() AND c.relkind = 'r'";
    let indexes = "SELECT c.relname || '|index ' || CASE WHEN i.indisunique THEN 'unique' ELSE 'plain' END || ' '
            || (SELECT string_agg(a.attname, ',' ORDER BY k.n) FROM unnest(string_to_array(i.indkey::text, ' ')::int[]) WITH ORDINALITY k(num, n)
                JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum = k.num) || ' '
            || CASE WHEN i.indpred IS NULL THEN 'whole' ELSE 'partial' END AS line
        FROM pg_index i JOIN pg_class c ON c.oid = i.indrelid JOIN pg_namespace n ON n.oid = c.relnamespace
        WHERE n.nspname = current_schema() AND NOT i.indisprimary";
    let mut lines: Vec<Line> = sql_query(columns).load(&mut conn).unwrap();
    lines.extend(sql_query(indexes).load::<Line>(&mut conn).unwrap());
    grouped(lines)
        .into_iter()
        .map(|(table, lines)| {
            (table, lines.into_iter().map(|line| line.replace("timestamp without time zone", "timestamp")).collect())
        })
        .collect()
}

#[test]
fn both_engines_hold_the_same_schema() {
    let mut sqlite = Vec::new();
    World::run(Database::Sqlite, async |world| {
        for file in ["seif.db", "keyring.db"] {
            sqlite.push(of_sqlite(world.folder.path().join(file).to_str().unwrap()));
        }
    });
    World::run(Database::Postgres, async |world| {
        for (url, expected) in world.database_urls().iter().zip(&sqlite) {
            let found = of_postgres(url);
            assert_eq!(found.keys().collect::<Vec<_>>(), expected.keys().collect::<Vec<_>>());
            for (table, lines) in &found {
                assert_eq!(lines, &expected[table], "{table}");
            }
        }
    });
}

#[test]
fn every_table_that_names_a_tenant_first_is_under_row_level_security() {
    World::run(Database::Postgres, async |world| {
        let mut conn = PgConnection::establish(&world.database_urls()[0]).unwrap();
        let guarded: Vec<Line> = sql_query(
            "SELECT relname AS line FROM pg_class WHERE relnamespace = current_schema()::regnamespace AND relkind = 'r' AND relrowsecurity AND relforcerowsecurity",
        )
        .load(&mut conn)
        .unwrap();
        let mut guarded: Vec<String> = guarded.into_iter().map(|l| l.line).collect();
        guarded.sort();
        let mut expected = seif::kernel::store::schema::TENANT_TABLES.map(str::to_owned).to_vec();
        expected.sort();
        assert_eq!(guarded, expected);
    });
}

#[test]
fn a_role_that_could_step_around_row_level_security_stops_the_start() {
    World::run(Database::Postgres, async |world| {
        let mut conn = seif::kernel::store::Conn::open(world.app.services.kernel.db().target()).unwrap();
        assert!(seif::kernel::store::dialect::demand_row_security(&mut conn).is_ok());
        let seif::kernel::store::Conn::Pg(pg) = &mut conn else { panic!("PostgreSQL") };
        pg.begin_test_transaction().unwrap();
        sql_query("ALTER TABLE records DISABLE ROW LEVEL SECURITY").execute(pg).unwrap();
        assert!(seif::kernel::store::dialect::demand_row_security(&mut conn).is_err());
    });
}

#[test]
fn every_table_that_says_whose_a_row_is_is_emptied_by_an_erasure() {
    // P-14
    World::run(Database::Sqlite, async |world| {
        let schema = of_sqlite(world.folder.path().join("seif.db").to_str().unwrap());
        let has =
            |columns: &Vec<String>, name: &str| columns.iter().any(|column| column.starts_with(&format!("{name} ")));
        for (table, columns) in &schema {
            let (tenants, accounts) = (owned::of_tenants(), owned::of_accounts());
            if has(columns, "tenant_id") {
                assert!(tenants.contains(&table.as_str()), "{table} keeps rows of a tenant that has left");
            } else if has(columns, "account_id") {
                assert!(accounts.contains(&table.as_str()), "{table} keeps rows of an account that has left");
            }
        }
        for table in owned::of_tenants().into_iter().chain(owned::of_accounts()) {
            assert!(schema.contains_key(table), "{table}");
        }
    });
}

/// The binary columns of a schema, as `table.column`.
fn binaries(schema: &Schema) -> Vec<String> {
    let of = |(table, lines): (&String, &Vec<String>)| {
        let columns = lines.iter().filter(|line| !line.starts_with("index ")).cloned().collect::<Vec<_>>();
        let binary = columns.into_iter().filter(|line| line.split(' ').nth(1) == Some("bytea"));
        binary.map(|line| format!("{table}.{}", line.split(' ').next().unwrap())).collect::<Vec<_>>()
    };
    let mut names: Vec<String> = schema.iter().flat_map(of).collect();
    names.sort();
    names
}

#[test]
fn every_column_that_could_hold_a_sealed_value_is_named_with_how_its_row_is_made_or_said_to_hold_none() {
    // Keys: a new sealed column cannot be forgotten when keys turn over.
    let mut named: Vec<String> = sealed::SEALED.iter().map(sealed::SealedColumn::name).collect();
    named.extend(sealed::NOT_SEALED.iter().map(|(name, _)| (*name).to_owned()));
    named.sort();
    World::run(Database::Sqlite, async |world| {
        let schema = of_sqlite(world.folder.path().join("seif.db").to_str().unwrap());
        assert_eq!(binaries(&schema), named);
    });
    World::run(Database::Postgres, async |world| {
        assert_eq!(binaries(&of_postgres(&world.database_urls()[0])), named);
    });
}

#[test]
fn every_place_in_the_source_is_in_a_column_that_keys_turn_over_in_or_said_to_be_elsewhere() {
    fn labels(folder: &std::path::Path, found: &mut Vec<String>) {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                // What is sealed there is sealed by its own tests.
                if !path.ends_with("kernel/crypto") {
                    labels(&path, found);
                }
            } else if path.extension().is_some_and(|kind| kind == "rs") {
                let text = std::fs::read_to_string(&path).unwrap();
                let constants = text.split("const LABEL: &'static str = \"").skip(1);
                found.extend(constants.map(|rest| rest.split('"').next().unwrap().to_owned()));
            }
        }
    }
    let mut found = Vec::new();
    labels(&std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("src"), &mut found);
    found.sort();
    let mut known: Vec<String> = sealed::SEALED.iter().map(|column| column.label.name.to_owned()).collect();
    known.extend(sealed::ELSEWHERE.iter().map(|(label, _)| (*label).to_owned()));
    known.sort();
    known.dedup();
    assert_eq!(found, known);
}
