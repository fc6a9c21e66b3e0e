//! Every column that holds sealed values: under whose key, in which place, and how its row is named in what the seal is
//! bound to. What turns keys over walks this list; tests hold it against both engines' schemas and against every place
//! in the source, so that a new sealed column cannot be forgotten.

use diesel::sql_types::{BigInt, Binary, Nullable};
use diesel::{QueryableByName, RunQueryDsl as _};

use crate::kernel::crypto::{KeyUse, KeyVersion, Label, Owner, RowRef};
use crate::kernel::ids::{AnyId, TenantId, Uid};
use crate::kernel::store::statement::{List, Statement, Value};
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
    /// A time and an id: not the primary key, but what there is an index of.
    Timed(&'static str, &'static str),
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

use Key::{Counted, Id, Ids, Timed};
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
    "idempotency"."answer" = values("idempotency.answer"), Tenant("tenant_id"), Timed("at", "row_id"), row "row_id", version "1";
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

/// Whose rows of a column.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::kernel) struct Whose {
    /// Under whose key.
    pub owner: Owner,
    /// Among the rows of which tenant, where they are an account's within several.
    pub within: Option<TenantId>,
}

/// Where a walk over a column stands: behind this row.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::kernel) struct Cursor {
    first: Place,
    second: Option<Place>,
}

/// A part of what tells rows apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Place {
    Id(AnyId),
    Number(i64),
}

impl Place {
    const fn value(self) -> Value {
        match self {
            Self::Id(id) => Value::Id(id),
            Self::Number(number) => Value::Number(number),
        }
    }

    const fn id(self) -> Option<AnyId> {
        if let Self::Id(id) = self { Some(id) } else { None }
    }

    const fn number(self) -> Option<i64> {
        if let Self::Number(number) = self { Some(number) } else { None }
    }
}

/// What kind of column a part of a key is.
#[derive(Clone, Copy)]
enum Kind {
    Id,
    Number,
}

impl Kind {
    /// The column as what holds ids alone and what holds numbers alone.
    fn columns(self, name: &str, position: &str) -> String {
        match self {
            Self::Id => format!("{name} AS {position}_id, CAST(NULL AS bigint) AS {position}_number"),
            Self::Number => format!("CAST(NULL AS uuid) AS {position}_id, {name} AS {position}_number"),
        }
    }
}

impl Key {
    const fn first(self) -> (&'static str, Kind) {
        match self {
            Self::Id(name) | Self::Ids(name, _) | Self::Counted(name, _) => (name, Kind::Id),
            Self::Timed(name, _) => (name, Kind::Number),
        }
    }

    const fn second(self) -> Option<(&'static str, Kind)> {
        match self {
            Self::Id(_) => None,
            Self::Ids(_, name) | Self::Timed(_, name) => Some((name, Kind::Id)),
            Self::Counted(_, name) => Some((name, Kind::Number)),
        }
    }
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
    #[diesel(sql_type = Nullable<Uid>)]
    first_id: Option<AnyId>,
    #[diesel(sql_type = Nullable<BigInt>)]
    first_number: Option<i64>,
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

impl SealedColumn {
    /// `table.column`.
    #[must_use]
    pub fn name(&self) -> String {
        format!("{}.{}", self.table, self.column)
    }

    /// At most `limit` of `whose` values that an older version than `new` sealed, behind `after`. The transaction is
    /// within reach of the tenant whose table it is.
    ///
    /// # Errors
    /// The store's.
    pub(in crate::kernel) fn under_older(
        &self,
        tx: &mut Tx<'_>,
        whose: Whose,
        new: KeyVersion,
        after: Option<Cursor>,
        limit: i64,
    ) -> Result<Vec<Found>, StoreError> {
        let lines: Vec<Line> = self.behind(whose, new, after, limit).load(tx.conn())?;
        lines.into_iter().map(Found::of).collect()
    }

    fn behind(&self, whose: Whose, new: KeyVersion, after: Option<Cursor>, limit: i64) -> Statement {
        let Self { table, column, row, version, .. } = self;
        let (first, first_kind) = self.key.first();
        let (key, second) = match self.key.second() {
            Some((second, kind)) => (format!("{first}, {second}"), kind.columns(second, "second")),
            None => (first.to_owned(), Kind::Number.columns("CAST(NULL AS bigint)", "second")),
        };
        let statement = Statement::new(format!(
            "SELECT {}, {second}, {row} AS row_id, CAST({version} AS bigint) AS row_version, {column} AS body \
             FROM {table} WHERE ",
            first_kind.columns(first, "first"),
        ));
        let mut statement = self.older(statement, whose, new);
        if let Some(after) = after {
            statement = statement.then(&format!(" AND ({key}) > (")).value(after.first.value());
            if let Some(second) = after.second {
                statement = statement.then(", ").value(second.value());
            }
            statement = statement.then(")");
        }
        statement.then(&format!(" ORDER BY {key} LIMIT ")).value(Value::Number(limit))
    }

    /// How many of `whose` values an older version than `new` sealed.
    ///
    /// # Errors
    /// The store's.
    pub(in crate::kernel) fn count_older(
        &self,
        tx: &mut Tx<'_>,
        whose: Whose,
        new: KeyVersion,
    ) -> Result<u64, StoreError> {
        let statement = Statement::new(format!("SELECT count(*) AS count FROM {} WHERE ", self.table));
        let counts: Counts = self.older(statement, whose, new).get_result(tx.conn())?;
        Ok(u64::try_from(counts.count).unwrap_or(0))
    }

    /// Puts each new value in the place of what was found, unless that changed meanwhile; gives how many were put.
    ///
    /// # Errors
    /// The store's.
    pub(in crate::kernel) fn replace(
        &self,
        tx: &mut Tx<'_>,
        whose: Whose,
        anew: &[(Found, Vec<u8>)],
    ) -> Result<usize, StoreError> {
        match tx.conn() {
            // One that is prepared once costs less than a list that is made for each batch.
            conn @ Conn::Sqlite(_) => {
                let mut replaced = 0;
                for (found, new) in anew {
                    replaced += self.one_replaced(whose, found, new).execute(conn)?;
                }
                Ok(replaced)
            }
            // One answer from the server for all of them.
            conn @ Conn::Pg(_) => Ok(self.all_replaced(whose, anew).execute(conn)?),
        }
    }

    fn one_replaced(&self, whose: Whose, found: &Found, new: &[u8]) -> Statement {
        let Self { table, column, .. } = self;
        let statement = Statement::new(format!("UPDATE {table} SET {column} = ")).value(Value::Bytes(new.to_vec()));
        let (first, _) = self.key.first();
        let statement = self.whose(statement.then(" WHERE "), whose);
        let mut statement = statement.then(&format!(" AND {first} = ")).value(found.at.first.value());
        if let (Some((second, _)), Some(place)) = (self.key.second(), found.at.second) {
            statement = statement.then(&format!(" AND {second} = ")).value(place.value());
        }
        statement.then(&format!(" AND {column} = ")).value(Value::Bytes(found.body.clone()))
    }

    fn all_replaced(&self, whose: Whose, anew: &[(Found, Vec<u8>)]) -> Statement {
        let Self { table, column, .. } = self;
        let places = |kind: Kind, of: &dyn Fn(&Cursor) -> Option<Place>| {
            let places = anew.iter().filter_map(|(found, _)| of(&found.at));
            match kind {
                Kind::Id => List::Ids(places.filter_map(Place::id).collect()),
                Kind::Number => List::Numbers(places.filter_map(Place::number).collect()),
            }
        };
        let (first, kind) = self.key.first();
        let (old, new) = anew.iter().map(|(found, new)| (found.body.clone(), new.clone())).unzip();
        let mut statement = Statement::new(format!("UPDATE {table} SET {column} = given.new FROM unnest("))
            .list(places(kind, &|at| Some(at.first)))
            .then(", ")
            .list(List::Bytes(old))
            .then(", ")
            .list(List::Bytes(new));
        let mut is_it = format!(") AS given(first, old, new) WHERE {first} = given.first AND ");
        if let Some((second, kind)) = self.key.second() {
            statement = statement.then(", ").list(places(kind, &|at| at.second));
            is_it = format!(
                ") AS given(first, old, new, second) WHERE {first} = given.first AND {second} = given.second AND "
            );
        }
        self.whose(statement.then(&is_it), whose).then(&format!(" AND {column} = given.old"))
    }

    /// `whose = owner AND` the envelope's four bytes of key version are below those of `new`.
    fn older(&self, statement: Statement, whose: Whose, new: KeyVersion) -> Statement {
        let version = new.as_u32().to_be_bytes().to_vec();
        let Self { column, .. } = self;
        self.whose(statement, whose)
            .then(&format!(" AND {column} IS NOT NULL AND substr({column}, 2, 4) < "))
            .value(Value::Bytes(version))
    }

    fn whose(&self, statement: Statement, whose: Whose) -> Statement {
        let Whose { owner, within } = whose;
        let id = Value::Id(AnyId::from_bytes(owner.id_bytes()));
        match self.under {
            Tenant(column) | Account(column) => statement.then(&format!("{column} = ")).value(id),
            AccountWithinTenants(column) => {
                // One that is nobody's has no rows.
                let tenant = within.map_or([0; 16], |tenant| *tenant.as_bytes());
                let statement = statement.then("tenant_id = ").value(Value::Id(AnyId::from_bytes(tenant)));
                statement.then(&format!(" AND {column} = ")).value(id)
            }
            Either | Day => {
                statement.then("owner_kind = ").value(Value::Small(owner.kind())).then(" AND owner_id = ").value(id)
            }
        }
    }
}

impl Found {
    fn of(line: Line) -> Result<Self, StoreError> {
        let Line { first_id, first_number, second_id, second_number, row_id, row_version, body } = line;
        let place = |id: Option<AnyId>, number: Option<i64>| id.map(Place::Id).or(number.map(Place::Number));
        let first = place(first_id, first_number).ok_or(StoreError::Refused("a row without a key"))?;
        let at = Cursor { first, second: place(second_id, second_number) };
        Ok(Self { at, row: RowRef::new(row_id.as_bytes(), row_version), body })
    }
}

#[cfg(test)]
mod tests {
    use diesel::sql_types::Text;
    use diesel::{Connection as _, SqliteConnection};

    use super::*;
    use crate::kernel::ids::AccountId;
    use crate::kernel::store::migrate::{Schema, migrate};

    #[derive(QueryableByName)]
    struct Step {
        #[diesel(sql_type = Text)]
        detail: String,
    }

    #[test]
    fn no_walk_over_many_values_sorts_them_or_looks_at_every_row_for_one() {
        let mut conn = Conn::Sqlite(SqliteConnection::establish(":memory:").unwrap());
        migrate(&mut conn, Schema::Data).unwrap();
        let tenant = TenantId::from_bytes([1; 16]);
        let mut looked = 0;
        for owner in [Owner::Tenant(tenant), Owner::Account(AccountId::from_bytes([2; 16]))] {
            for column in of(owner) {
                let whose = Whose { owner, within: Some(tenant) };
                let place = |kind| match kind {
                    Kind::Id => Place::Id(AnyId::from_bytes([3; 16])),
                    Kind::Number => Place::Number(3),
                };
                let at = Cursor {
                    first: place(column.key.first().1),
                    second: column.key.second().map(|(_, kind)| place(kind)),
                };
                let walk = column.behind(whose, KeyVersion::FIRST, Some(at), 9);
                let found = Found { at, row: RowRef::new(&[3; 16], 1), body: vec![1] };
                for statement in [walk, column.one_replaced(whose, &found, &[2])] {
                    let steps: Vec<Step> = statement.explained().load(&mut conn).unwrap();
                    let steps: Vec<String> = steps.into_iter().map(|step| step.detail).collect();
                    assert!(steps.iter().all(|step| !step.starts_with("SCAN")), "{}: {steps:?}", column.name());
                    // An account has a few of each, whatever order they come in.
                    let is_sorted = steps.iter().any(|step| step == "USE TEMP B-TREE FOR ORDER BY");
                    assert!(!is_sorted || matches!(column.under, Account(_)), "{}: {steps:?}", column.name());
                    looked += 1;
                }
            }
        }
        assert!(looked > 40, "{looked}");
    }
}
