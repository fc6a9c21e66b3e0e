//! How a record lies in the store: its sealed body, and its earlier bodies as they were sealed.
//!
//! A body is bound to its record's id and version, so a superseded one is moved to the history byte for byte.

use diesel::{ExpressionMethods as _, QueryDsl as _, RunQueryDsl as _};
use serde::{Deserialize, Serialize};

use crate::kernel::clock::Time;
use crate::kernel::crypto::{Place, RowRef, Sealed};
use crate::kernel::ids::{AnyId, RecordId};
use crate::kernel::store::append::NewRecord;
use crate::kernel::store::schema::{record_versions, records};
use crate::kernel::store::{StoreError, Tx};
use crate::kernel::tenancy::TenantScope;
use crate::vault::Error;
use crate::vault::definition::Collection;
use crate::vault::history::Change;
use crate::vault::records::Row;
use crate::vault::values::Values;

/// Where a record's body lies, now or in its history.
pub(super) struct RecordBody;

impl Place for RecordBody {
    const LABEL: &'static str = "records.body";
    type Plain = Body;
}

/// What is sealed of a record's version.
#[derive(Serialize, Deserialize)]
pub(super) struct Body {
    /// How this version came to be.
    #[serde(rename = "c")]
    pub(super) change: i16,
    /// Who made it: kind and id, as the store holds actors.
    #[serde(rename = "k")]
    pub(super) actor_kind: i16,
    #[serde(rename = "a")]
    pub(super) actor: AnyId,
    #[serde(rename = "v")]
    pub(super) values: Values,
}

/// Opens a record's row.
pub(super) fn open(scope: &TenantScope, row: &Row) -> Result<Body, StoreError> {
    Ok(scope.keys().open(RowRef::new(row.0.as_bytes(), row.1), &row.5)?)
}

/// Seals a version of a record, made by who acts.
pub(super) fn seal(
    tx: &Tx<'_>,
    scope: &TenantScope,
    id: RecordId,
    version: i64,
    change: Change,
    values: Values,
) -> Sealed<RecordBody> {
    let (actor_kind, actor) = scope.actor().columns();
    let body = Body { change: change.code(), actor_kind, actor, values };
    scope.keys().seal(RowRef::new(id.as_bytes(), version), &body, tx.entropy())
}

/// Puts a new version in the place of `row`, opened `before`, which moves to the history; gives the new version's number.
///
/// # Errors
/// [`Error::VersionConflict`] when another transaction was first; the store's.
pub(super) fn supersede(
    tx: &mut Tx<'_>,
    scope: &TenantScope,
    collection: &Collection,
    (row, before): (&Row, &Body),
    change: Change,
    values: Values,
) -> Result<i64, Error> {
    let (id, version, _, at, trashed, sealed) = row;
    let next = version + 1;
    let body = seal(tx, scope, *id, next, change, values);
    let trashed_at = match change {
        Change::Trashed => Some(tx.now()),
        Change::Restored => None,
        Change::Created | Change::Changed => *trashed,
    };
    let present = records::rows(scope)
        .filter(records::collection_id.eq(collection.id))
        .filter(records::id.eq(id))
        .filter(records::version.eq(version));
    let changed = diesel::update(present)
        .set((
            records::version.eq(next),
            records::updated_at.eq(tx.now()),
            records::trashed_at.eq(trashed_at),
            records::body.eq(&body),
        ))
        .execute(tx.conn())?;
    if changed == 0 {
        return Err(Error::VersionConflict);
    }
    record_versions::insert()
        .values((
            record_versions::of(scope),
            record_versions::record_id.eq(id),
            record_versions::version.eq(version),
            record_versions::change.eq(before.change),
            record_versions::actor_kind.eq(before.actor_kind),
            record_versions::actor_id.eq(before.actor),
            record_versions::at.eq(*at),
            record_versions::body.eq(sealed),
        ))
        .execute(tx.conn())?;
    Ok(next)
}

/// The most records that one statement inserts.
const CHUNK: usize = 1_000;

/// Inserts new records in few statements.
///
/// # Errors
/// The store's.
pub(super) fn insert_many(
    tx: &mut Tx<'_>,
    scope: &TenantScope,
    collection: &Collection,
    made: &[(RecordId, Values)],
) -> Result<(), StoreError> {
    let now: Time = tx.now();
    for chunk in made.chunks(CHUNK) {
        let rows: Vec<_> = chunk
            .iter()
            .map(|(id, values)| {
                let body = seal(tx, scope, *id, 1, Change::Created, values.clone());
                NewRecord::new(scope, *id, collection.id, now, body)
            })
            .collect();
        tx.append(rows)?;
    }
    Ok(())
}
