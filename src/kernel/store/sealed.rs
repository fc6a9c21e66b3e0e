//! Every column that holds sealed values: under whose key, in which place, and how its row is named in what the seal is
//! bound to. What turns keys over walks this list; tests hold it against both engines' schemas and against every place
//! in the source, so that a new sealed column cannot be forgotten.

use diesel::sql_types::{BigInt, Binary, Nullable, SmallInt};
use diesel::{QueryableByName, RunQueryDsl as _, sql_query};

use crate::kernel::crypto::{KeyUse, KeyVersion, Label, Owner, RowRef};
use crate::kernel::ids::{AnyId, Uid};
use crate::kernel::store::{Conn, StoreError, Tx};

/// Under whose key a column is sealed, with the column that says whose it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Under {
    /// A tenant's.
    Tenant(&'static str),
    /// An account's.
    Account(&'static str),
    /// An account's, in rows of each tenant that it acted in.
    AccountWithinTenants(&'static str),
    /// Either's, or another owner's: `owner_kind` and `owner_id` say whose.
    Either,
    /// A day's, which never turns over: it is destroyed after two days.
    Day,
}

/// What tells the rows of an owner apart and puts them in an order: the rest of the primary key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Key {
    /// One id.
    Id(&'static str),
    /// Two ids.
    Ids(&'static str, &'static str),
    /// An id and a number.
    Counted(&'static str, &'static str),
}

/// A column that holds sealed values.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SealedColumn {
    /// The table.
    pub table: &'static str,
    /// The column.
    pub column: &'static str,
    /// The place, as the seal is bound to it.
    pub label: Label,
    /// Under whose key.
    pub under: Under,
    key: Key,
    /// The id that the seal is bound to: a column.
    row: &'static str,
    /// The version that it is bound to: a column, or a number for rows that never change.
    version: &'static str,
}

const fn values(name: &'static str) -> Label {
    Label { name, usage: KeyUse::Values }
}

const fn audit(name: &'static str) -> Label {
    Label { name, usage: KeyUse::Audit }
}

const fn files(name: &'static str) -> Label {
    Label { name, usage: KeyUse::Files }
}

macro_rules! sealed_columns {
    ($($table:literal . $column:literal = $label:expr, $under:expr, $key:expr, row $row:literal, version $version:literal;)+) => {
        /// All of them.
        pub const SEALED: &[SealedColumn] = &[$(SealedColumn {
            table: $table,
            column: $column,
            label: $label,
            under: $under,
            key: $key,
            row: $row,
            version: $version,
        }),+];
    };
}

use Key::{Counted, Id, Ids};
use Under::{Account, AccountWithinTenants, Day, Either, Tenant};

sealed_columns! {
    "tenants"."body" = values("tenants.body"), Tenant("tenant_id"), Id("tenant_id"), row "tenant_id", version "version";
    "collections"."body" = values("collections.body"), Tenant("tenant_id"), Id("id"), row "id", version "version";
    "records"."body" = values("records.body"), Tenant("tenant_id"), Ids("collection_id", "id"), row "id", version "version";
    "record_versions"."body" = values("records.body"), Tenant("tenant_id"), Counted("record_id", "version"), row "record_id", version "version";
    "files"."body" = values("files.body"), Tenant("tenant_id"), Id("id"), row "id", version "1";
    "files"."content_key" = files("files.content_key"), Tenant("tenant_id"), Id("id"), row "id", version "1";
    "audit_entries"."body" = audit("audit.body"), Tenant("tenant_id"), Counted("lane", "seq"), row "id", version "1";
    "audit_entries"."actor" = audit("audit.actor"), AccountWithinTenants("actor_id"), Counted("lane", "seq"), row "id", version "1";
    "idempotency"."answer" = values("idempotency.answer"), Tenant("tenant_id"), Id("row_id"), row "row_id", version "1";
    "waiting_imports"."body" = values("waiting_imports.body"), Tenant("tenant_id"), Id("account_id"), row "id", version "version";
    "waiting_imports"."file" = values("waiting_imports.file"), Tenant("tenant_id"), Id("account_id"), row "id", version "1";
    "subscriber_profiles"."body" = values("subscriber_profiles.body"), Tenant("tenant_id"), Id("tenant_id"), row "tenant_id", version "version";
    "tokens"."body" = values("tokens.body"), Tenant("tenant_id"), Id("id"), row "id", version "1";
    "invitations"."body" = values("invitations.body"), Tenant("tenant_id"), Id("id"), row "id", version "1";
    "accounts"."body" = values("accounts.body"), Account("id"), Id("id"), row "id", version "version";
    "accounts"."password" = values("accounts.password"), Account("id"), Id("id"), row "id", version "password_at";
    "accounts"."addresses" = values("accounts.addresses"), Account("id"), Id("id"), row "id", version "addresses_version";
    "account_notices"."body" = values("account_notices.body"), Account("account_id"), Id("id"), row "id", version "1";
    "sign_ins"."body" = values("sign_ins.body"), Account("account_id"), Id("id"), row "id", version "version";
    "recoveries"."body" = values("recoveries.body"), Account("account_id"), Id("id"), row "id", version "1";
    "sessions"."body" = values("sessions.body"), Account("account_id"), Id("id"), row "id", version "1";
    "factors"."body" = values("factors.body"), Account("account_id"), Id("id"), row "id", version "version";
    "confirmations"."body" = values("confirmations.body"), Account("account_id"), Id("id"), row "id", version "1";
    "identifier_changes"."body" = values("identifier_changes.body"), Account("account_id"), Id("id"), row "id", version "version";
    "support_codes"."body" = values("support_codes.body"), Account("account_id"), Id("account_id"), row "account_id", version "created_at";
    "outbox"."body" = values("outbox.body"), Either, Id("id"), row "id", version "1";
    "signups"."body" = values("signups.body"), Day, Id("id"), row "id", version "1";
    "passkey_sign_ins"."body" = values("passkey_sign_ins.body"), Day, Id("id"), row "id", version "1";
    "anonymous_sessions"."body" = values("anonymous_sessions.body"), Day, Id("id"), row "id", version "1";
    "identifier_undos"."body" = values("identifier_undos.body"), Day, Id("id"), row "id", version "1";
}

/// Binary columns that hold no sealed value, and what they hold instead.
pub const NOT_SEALED: &[(&str, &str)] = &[
    ("account_notices.gather", "a tag"),
    ("anonymous_sessions.digest", "a digest of what a cookie holds"),
    ("audit_entries.chain", "a digest"),
    ("audit_entries.leaf", "a salted digest, which stays when keys turn over"),
    ("backup_drills.facts", "names, counts and times of a back-up that was tried"),
    ("certificates.body", "a certificate of an erasure, which is public to whoever knows its id"),
    ("certificates.digest", "a digest of the id of an erasure"),
    ("collections.slug_tag", "a tag"),
    ("idempotency.body_tag", "a tag"),
    ("idempotency.key_tag", "a tag"),
    ("invitations.digest", "a digest of a code"),
    ("known_places.tag", "a tag"),
    ("log_copies.entry", "an entry of the transparency log, which is public"),
    ("policy_texts.sha256", "a digest of what is published"),
    ("provider_logouts.tag", "a tag under the service's key"),
    ("provider_sessions.sid_tag", "a tag under the service's key"),
    ("provider_sessions.subject_tag", "a tag under the service's key"),
    ("record_tags.tag", "a tag"),
    ("sessions.digest", "a digest of what a cookie holds"),
    ("sessions.showings", "how a session was confirmed, and when: no personal data"),
    ("support_codes.tag", "a tag under a day's key"),
    ("throttles.tag", "a tag under a day's key"),
    ("tokens.digest", "a digest of a token"),
    ("tokens.showings", "how its maker's session was confirmed, and when: no personal data"),
];

/// Places outside of these columns, and where they are.
pub const ELSEWHERE: &[(&str, &str)] = &[
    ("signing_keys.secret", "the keyring, under the service's key"),
    ("operators.body", "the keyring, under the service's key"),
    ("operator_questions.body", "the keyring, under the service's key"),
    ("erasures.wish", "the keyring; whoever is being erased keeps the key they have"),
    ("erasures.account_wish", "the keyring; whoever is being erased keeps the key they have"),
];

/// The columns that hold what is sealed under keys of `owner`'s kind.
pub(in crate::kernel) fn of(owner: Owner) -> impl Iterator<Item = &'static SealedColumn> {
    SEALED.iter().filter(move |column| match (column.under, owner) {
        (Tenant(_), Owner::Tenant(_))
        | (Account(_) | AccountWithinTenants(_), Owner::Account(_))
        | (Either, Owner::Tenant(_) | Owner::Account(_)) => true,
        (Tenant(_) | Account(_) | AccountWithinTenants(_) | Either | Day, _) => false,
    })
}

/// Where a walk over a column stands: behind this row.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::kernel) struct Cursor {
    first: AnyId,
    second: Second,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Second {
    Nothing,
    Id(AnyId),
    Number(i64),
}

/// A sealed value, and where it lies.
pub(in crate::kernel) struct Found {
    /// Its row, to go on behind it and to put another value in its place.
    pub at: Cursor,
    /// What its seal is bound to.
    pub row: RowRef,
    /// The envelope.
    pub body: Vec<u8>,
}

#[derive(QueryableByName)]
struct Line {
    #[diesel(sql_type = Uid)]
    first: AnyId,
    #[diesel(sql_type = Nullable<Uid>)]
    second_id: Option<AnyId>,
    #[diesel(sql_type = Nullable<BigInt>)]
    second_number: Option<i64>,
    #[diesel(sql_type = Uid)]
    row_id: AnyId,
    #[diesel(sql_type = BigInt)]
    row_version: i64,
    #[diesel(sql_type = Binary)]
    body: Vec<u8>,
}

#[derive(QueryableByName)]
struct Counts {
    #[diesel(sql_type = BigInt)]
    count: i64,
}

/// A statement in the making: its text with the engine's own marks for parameters, and their values.
struct Statement {
    text: String,
    values: Vec<Value>,
    marks: Marks,
}

#[derive(Clone, Copy)]
enum Marks {
    Questions,
    Dollars,
}

enum Value {
    Id(AnyId),
    Number(i64),
    Small(i16),
    Bytes(Vec<u8>),
}

impl Statement {
    fn new(conn: &Conn, text: String) -> Self {
        let marks = match conn {
            Conn::Sqlite(_) => Marks::Questions,
            Conn::Pg(_) => Marks::Dollars,
        };
        Self { text, values: Vec::new(), marks }
    }

    fn then(mut self, text: &str) -> Self {
        self.text.push_str(text);
        self
    }

    fn value(mut self, value: Value) -> Self {
        self.values.push(value);
        match self.marks {
            Marks::Questions => self.text.push('?'),
            Marks::Dollars => self.text.push_str(&format!("${}", self.values.len())),
        }
        self
    }
}

/// Binds the values and gives the statement to whichever engine the connection is.
macro_rules! run {
    ($conn:expr, $statement:expr, $query:ident, $c:ident => $run:expr) => {{
        let Statement { text, values, .. } = $statement;
        match $conn {
            Conn::Sqlite($c) => {
                let mut $query = sql_query(text).into_boxed::<diesel::sqlite::Sqlite>();
                for value in values {
                    $query = match value {
                        Value::Id(id) => $query.bind::<Uid, _>(id),
                        Value::Number(number) => $query.bind::<BigInt, _>(number),
                        Value::Small(number) => $query.bind::<SmallInt, _>(number),
                        Value::Bytes(bytes) => $query.bind::<Binary, _>(bytes),
                    };
                }
                $run
            }
            Conn::Pg($c) => {
                let mut $query = sql_query(text).into_boxed::<diesel::pg::Pg>();
                for value in values {
                    $query = match value {
                        Value::Id(id) => $query.bind::<Uid, _>(id),
                        Value::Number(number) => $query.bind::<BigInt, _>(number),
                        Value::Small(number) => $query.bind::<SmallInt, _>(number),
                        Value::Bytes(bytes) => $query.bind::<Binary, _>(bytes),
                    };
                }
                $run
            }
        }
    }};
}

impl SealedColumn {
    /// `table.column`.
    #[must_use]
    pub fn name(&self) -> String {
        format!("{}.{}", self.table, self.column)
    }

    /// At most `limit` values of `owner` that an older version than `new` sealed, behind `after`. The transaction is
    /// within reach of the tenant whose table it is.
    ///
    /// # Errors
    /// The store's.
    pub(in crate::kernel) fn under_older(
        &self,
        tx: &mut Tx<'_>,
        owner: Owner,
        new: KeyVersion,
        after: Option<Cursor>,
        limit: i64,
    ) -> Result<Vec<Found>, StoreError> {
        let Self { table, column, row, version, .. } = self;
        let (key, second) = match self.key {
            Key::Id(id) => {
                (id.to_owned(), "CAST(NULL AS uuid) AS second_id, CAST(NULL AS bigint) AS second_number".to_owned())
            }
            Key::Ids(one, two) => {
                (format!("{one}, {two}"), format!("{two} AS second_id, CAST(NULL AS bigint) AS second_number"))
            }
            Key::Counted(one, two) => {
                (format!("{one}, {two}"), format!("CAST(NULL AS uuid) AS second_id, {two} AS second_number"))
            }
        };
        let (Key::Id(first) | Key::Ids(first, _) | Key::Counted(first, _)) = self.key;
        let text = format!(
            "SELECT {first} AS first, {second}, {row} AS row_id, CAST({version} AS bigint) AS row_version, \
             {column} AS body FROM {table} WHERE "
        );
        let mut statement = self.older(Statement::new(tx.conn(), text), owner, new);
        if let Some(after) = after {
            statement = statement.then(&format!(" AND ({key}) > (")).value(Value::Id(after.first));
            statement = match after.second {
                Second::Nothing => statement,
                Second::Id(id) => statement.then(", ").value(Value::Id(id)),
                Second::Number(number) => statement.then(", ").value(Value::Number(number)),
            }
            .then(")");
        }
        let statement = statement.then(&format!(" ORDER BY {key} LIMIT ")).value(Value::Number(limit));
        let lines: Vec<Line> = run!(tx.conn(), statement, query, c => query.load(c)?);
        Ok(lines.into_iter().map(Found::of).collect())
    }

    /// How many values of `owner` an older version than `new` sealed.
    ///
    /// # Errors
    /// The store's.
    pub(in crate::kernel) fn count_older(
        &self,
        tx: &mut Tx<'_>,
        owner: Owner,
        new: KeyVersion,
    ) -> Result<u64, StoreError> {
        let text = format!("SELECT count(*) AS count FROM {} WHERE ", self.table);
        let statement = self.older(Statement::new(tx.conn(), text), owner, new);
        let counts: Counts = run!(tx.conn(), statement, query, c => query.get_result(c)?);
        Ok(u64::try_from(counts.count).unwrap_or(0))
    }

    /// Puts `new` in the place of what was found, unless it changed meanwhile; gives how many rows (none or one).
    ///
    /// # Errors
    /// The store's.
    pub(in crate::kernel) fn replace(
        &self,
        tx: &mut Tx<'_>,
        owner: Owner,
        found: &Found,
        new: Vec<u8>,
    ) -> Result<usize, StoreError> {
        let Self { table, column, .. } = self;
        let statement = Statement::new(tx.conn(), format!("UPDATE {table} SET {column} = ")).value(Value::Bytes(new));
        let statement = self.whose(statement.then(" WHERE "), owner);
        let (Key::Id(first) | Key::Ids(first, _) | Key::Counted(first, _)) = self.key;
        let mut statement = statement.then(&format!(" AND {first} = ")).value(Value::Id(found.at.first));
        if let (Key::Ids(_, second) | Key::Counted(_, second), value) = (self.key, found.at.second) {
            statement = statement.then(&format!(" AND {second} = "));
            statement = match value {
                Second::Id(id) => statement.value(Value::Id(id)),
                Second::Number(number) => statement.value(Value::Number(number)),
                Second::Nothing => return Err(StoreError::Refused("a key of one part where two are needed")),
            };
        }
        let statement = statement.then(&format!(" AND {column} = ")).value(Value::Bytes(found.body.clone()));
        Ok(run!(tx.conn(), statement, query, c => query.execute(c)?))
    }

    /// `whose = owner AND` the envelope's four bytes of key version are below those of `new`.
    fn older(&self, statement: Statement, owner: Owner, new: KeyVersion) -> Statement {
        let version = new.as_u32().to_be_bytes().to_vec();
        let Self { column, .. } = self;
        self.whose(statement, owner)
            .then(&format!(" AND {column} IS NOT NULL AND substr({column}, 2, 4) < "))
            .value(Value::Bytes(version))
    }

    fn whose(&self, statement: Statement, owner: Owner) -> Statement {
        let id = Value::Id(AnyId::from_bytes(owner.id_bytes()));
        match self.under {
            Tenant(column) | Account(column) | AccountWithinTenants(column) => {
                statement.then(&format!("{column} = ")).value(id)
            }
            Either | Day => {
                statement.then("owner_kind = ").value(Value::Small(owner.kind())).then(" AND owner_id = ").value(id)
            }
        }
    }
}

impl Found {
    fn of(line: Line) -> Self {
        let Line { first, second_id, second_number, row_id, row_version, body } = line;
        let second = match (second_id, second_number) {
            (Some(id), _) => Second::Id(id),
            (None, Some(number)) => Second::Number(number),
            (None, None) => Second::Nothing,
        };
        Self { at: Cursor { first, second }, row: RowRef::new(row_id.as_bytes(), row_version), body }
    }
}
