//! Rows that only ever come new: records, their tags, and the audit's entries.
//!
//! Handed over typed, they can go in few statements: on PostgreSQL the rows of many transactions in one each, for there
//! a round trip costs more than the row. See [`Tx::append`](crate::kernel::store::Tx::append).

use diesel::{ExpressionMethods as _, QueryResult, RunQueryDsl as _};

use crate::kernel::clock::Time;
use crate::kernel::crypto::{Place, Sealed, Tag};
use crate::kernel::ids::{AccountId, AuditId, CollectionId, FieldId, LaneId, RecordId, TenantId};
use crate::kernel::store::tables::{audit_entries, record_tags, records};
use crate::kernel::store::{Conn, dialect};
use crate::kernel::tenancy::InTenant;

/// A record's first row.
#[derive(Debug, Clone)]
pub struct NewRecord {
    pub(super) tenant: TenantId,
    pub(super) id: RecordId,
    pub(super) collection: CollectionId,
    pub(super) at: Time,
    pub(super) body: Vec<u8>,
}

impl NewRecord {
    /// Version 1 of the record `id`, made at `at`, in the scope's tenant.
    #[must_use]
    pub fn new<P: Place>(
        scope: &impl InTenant,
        id: RecordId,
        collection: CollectionId,
        at: Time,
        body: Sealed<P>,
    ) -> Self {
        Self { tenant: scope.tenant(), id, collection, at, body: body.into_bytes() }
    }
}

/// What makes a record findable by one value.
#[derive(Debug, Clone)]
pub struct NewTag {
    pub(super) tenant: TenantId,
    pub(super) field: FieldId,
    pub(super) index_version: i64,
    pub(super) tag: Tag,
    pub(super) record: RecordId,
    pub(super) unique: bool,
}

/// Whether a tag may stand for one record alone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stands {
    /// It may not: another record's is a violation.
    Alone,
    /// It may stand for many.
    ForMany,
}

impl NewTag {
    /// The tag of `record` in `field`, in the scope's tenant.
    #[must_use]
    pub fn new(
        scope: &impl InTenant,
        field: FieldId,
        index_version: i64,
        tag: Tag,
        record: RecordId,
        stands: Stands,
    ) -> Self {
        Self { tenant: scope.tenant(), field, index_version, tag, record, unique: stands == Stands::Alone }
    }
}

/// An audit entry with its place in a lane.
#[derive(Debug, Clone)]
pub(in crate::kernel) struct NewEntry {
    pub(in crate::kernel) tenant: TenantId,
    pub(in crate::kernel) lane: LaneId,
    pub(in crate::kernel) seq: i64,
    pub(in crate::kernel) id: AuditId,
    pub(in crate::kernel) at: Time,
    pub(in crate::kernel) leaf: [u8; 32],
    pub(in crate::kernel) chain: [u8; 32],
    pub(in crate::kernel) body: Vec<u8>,
    pub(in crate::kernel) account: Option<AccountId>,
    pub(in crate::kernel) actor: Option<Vec<u8>>,
}

/// Rows to be appended together.
#[derive(Debug, Default)]
pub struct Rows {
    pub(super) records: Vec<NewRecord>,
    pub(super) tags: Vec<NewTag>,
    pub(super) entries: Vec<NewEntry>,
}

impl From<Vec<NewRecord>> for Rows {
    fn from(records: Vec<NewRecord>) -> Self {
        Self { records, ..Self::default() }
    }
}

impl From<Vec<NewTag>> for Rows {
    fn from(tags: Vec<NewTag>) -> Self {
        Self { tags, ..Self::default() }
    }
}

impl From<Vec<NewEntry>> for Rows {
    fn from(entries: Vec<NewEntry>) -> Self {
        Self { entries, ..Self::default() }
    }
}

/// How many of each were there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Mark(usize, usize, usize);

impl Rows {
    pub(super) fn extend(&mut self, mut more: Self) {
        self.records.append(&mut more.records);
        self.tags.append(&mut more.tags);
        self.entries.append(&mut more.entries);
    }

    pub(super) fn mark(&self) -> Mark {
        Mark(self.records.len(), self.tags.len(), self.entries.len())
    }

    pub(super) fn back_to(&mut self, Mark(records, tags, entries): Mark) {
        self.records.truncate(records);
        self.tags.truncate(tags);
        self.entries.truncate(entries);
    }

    /// Inserts them: a statement a row on SQLite, where one is a function call; a statement a table on PostgreSQL.
    pub(super) fn insert(&self, conn: &mut Conn) -> QueryResult<()> {
        match conn {
            Conn::Pg(conn) => dialect::insert_rows(conn, self),
            Conn::Sqlite(conn) => {
                for row in &self.records {
                    diesel::insert_into(records::table)
                        .values((
                            records::tenant_id.eq(row.tenant),
                            records::id.eq(row.id),
                            records::collection_id.eq(row.collection),
                            records::version.eq(1_i64),
                            records::created_at.eq(row.at),
                            records::updated_at.eq(row.at),
                            records::body.eq(row.body.as_slice()),
                        ))
                        .execute(conn)?;
                }
                for row in &self.tags {
                    diesel::insert_into(record_tags::table)
                        .values((
                            record_tags::tenant_id.eq(row.tenant),
                            record_tags::field_id.eq(row.field),
                            record_tags::index_version.eq(row.index_version),
                            record_tags::tag.eq(row.tag),
                            record_tags::record_id.eq(row.record),
                            record_tags::is_unique.eq(row.unique),
                        ))
                        .execute(conn)?;
                }
                for row in &self.entries {
                    diesel::insert_into(audit_entries::table)
                        .values((
                            audit_entries::tenant_id.eq(row.tenant),
                            audit_entries::lane.eq(row.lane),
                            audit_entries::seq.eq(row.seq),
                            audit_entries::id.eq(row.id),
                            audit_entries::at.eq(row.at),
                            audit_entries::leaf.eq(row.leaf.as_slice()),
                            audit_entries::chain.eq(row.chain.as_slice()),
                            audit_entries::body.eq(row.body.as_slice()),
                            audit_entries::actor_id.eq(row.account),
                            audit_entries::actor.eq(row.actor.as_deref()),
                        ))
                        .execute(conn)?;
                }
                Ok(())
            }
        }
    }
}
