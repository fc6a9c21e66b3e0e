//! A statement whose table is known only at run time. Its text is the same for the same table, so that each connection
//! prepares it once.

use diesel::backend::Backend;
use diesel::pg::Pg;
use diesel::query_builder::{AstPass, Query, QueryFragment, QueryId};
use diesel::serialize::ToSql;
use diesel::sql_types::{Array, BigInt, Binary, HasSqlType, SmallInt, Untyped};
use diesel::sqlite::Sqlite;
use diesel::{QueryResult, RunQueryDsl};

use crate::kernel::ids::{AnyId, Uid};
use crate::kernel::store::{Conn, MultiBackend};

/// A statement in the making: text, and values where they stand in it.
#[derive(Debug)]
pub(super) struct Statement(Vec<Part>);

/// A piece of a statement.
#[derive(Debug)]
enum Part {
    Text(String),
    Value(Value),
    List(List),
}

/// What a statement is given.
#[derive(Debug)]
pub(super) enum Value {
    Id(AnyId),
    Number(i64),
    Small(i16),
    Bytes(Vec<u8>),
}

/// As many values as there are rows; PostgreSQL's alone.
#[derive(Debug)]
pub(super) enum List {
    Ids(Vec<AnyId>),
    Numbers(Vec<i64>),
    Bytes(Vec<Vec<u8>>),
}

impl Statement {
    pub(super) fn new(text: String) -> Self {
        Self(vec![Part::Text(text)])
    }

    pub(super) fn then(mut self, text: &str) -> Self {
        self.0.push(Part::Text(text.to_owned()));
        self
    }

    pub(super) fn value(mut self, value: Value) -> Self {
        self.0.push(Part::Value(value));
        self
    }

    pub(super) fn list(mut self, list: List) -> Self {
        self.0.push(Part::List(list));
        self
    }

    /// The same, to be told how the engine goes about it.
    #[cfg(test)]
    pub(super) fn explained(mut self) -> Self {
        self.0.insert(0, Part::Text("EXPLAIN QUERY PLAN ".to_owned()));
        self
    }

    fn walk<'b, DB>(&'b self, mut out: AstPass<'_, 'b, DB>) -> QueryResult<()>
    where
        DB: Lists + HasSqlType<Uid>,
        AnyId: ToSql<Uid, DB>,
        i64: ToSql<BigInt, DB>,
        i16: ToSql<SmallInt, DB>,
        Vec<u8>: ToSql<Binary, DB>,
    {
        for part in &self.0 {
            match part {
                Part::Text(text) => out.push_sql(text),
                Part::Value(Value::Id(id)) => out.push_bind_param::<Uid, _>(id)?,
                Part::Value(Value::Number(number)) => out.push_bind_param::<BigInt, _>(number)?,
                Part::Value(Value::Small(number)) => out.push_bind_param::<SmallInt, _>(number)?,
                Part::Value(Value::Bytes(bytes)) => out.push_bind_param::<Binary, _>(bytes)?,
                Part::List(list) => DB::push(&mut out, list)?,
            }
        }
        Ok(())
    }
}

/// An engine, and whether it takes lists.
trait Lists: Backend {
    fn push<'b>(out: &mut AstPass<'_, 'b, Self>, list: &'b List) -> QueryResult<()>;
}

impl Lists for Pg {
    fn push<'b>(out: &mut AstPass<'_, 'b, Self>, list: &'b List) -> QueryResult<()> {
        match list {
            List::Ids(ids) => out.push_bind_param::<Array<Uid>, _>(ids),
            List::Numbers(numbers) => out.push_bind_param::<Array<BigInt>, _>(numbers),
            List::Bytes(bytes) => out.push_bind_param::<Array<Binary>, _>(bytes),
        }
    }
}

impl Lists for Sqlite {
    fn push<'b>(_: &mut AstPass<'_, 'b, Self>, _: &'b List) -> QueryResult<()> {
        Err(diesel::result::Error::QueryBuilderError("SQLite takes no lists".into()))
    }
}

impl QueryFragment<Pg> for Statement {
    fn walk_ast<'b>(&'b self, out: AstPass<'_, 'b, Pg>) -> QueryResult<()> {
        self.walk(out)
    }
}

impl QueryFragment<Sqlite> for Statement {
    fn walk_ast<'b>(&'b self, out: AstPass<'_, 'b, Sqlite>) -> QueryResult<()> {
        self.walk(out)
    }
}

impl QueryFragment<MultiBackend> for Statement {
    fn walk_ast<'b>(&'b self, out: AstPass<'_, 'b, MultiBackend>) -> QueryResult<()> {
        MultiBackend::walk_variant_ast(self, out)
    }
}

/// Told apart by its text.
impl QueryId for Statement {
    type QueryId = ();
    const HAS_STATIC_QUERY_ID: bool = false;
}

impl Query for Statement {
    type SqlType = Untyped;
}

impl RunQueryDsl<Conn> for Statement {}
