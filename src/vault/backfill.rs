//! A changed collection's look-ups: what became searchable is found among the old records too, what no longer is, is not.

use diesel::{ExpressionMethods as _, QueryDsl as _, RunQueryDsl as _};

use crate::kernel::ids::RecordId;
use crate::kernel::store::schema::records;
use crate::kernel::store::{StoreError, Tx};
use crate::kernel::tenancy::TenantScope;
use crate::vault::definition::{Collection, Field};
use crate::vault::records::{ROW, Row};
use crate::vault::values::Values;
use crate::vault::{Error, Fault, index, writing};

/// Records that are read at once.
const PAGE: i64 = 1_000;

/// The most records whose look-ups are made within one change: beyond, the writer would stand still too long.
const MOST: usize = 100_000;

/// Makes the look-ups of `before` those of `after`.
///
/// # Errors
/// [`Error::AlreadyExists`] when a field that became unique has a value twice; a fault when there are too many records;
/// the store's.
pub(super) fn adapt(
    tx: &mut Tx<'_>,
    scope: &TenantScope,
    before: &Collection,
    after: &Collection,
) -> Result<(), Error> {
    for old in before.fields().iter().filter(|field| field.searchable) {
        let same = after.fields().iter().any(|field| field.id == old.id && is_found_alike(old, field));
        if !same {
            index::remove_field(tx, scope, old.id)?;
        }
    }
    let was = |field: &Field| before.fields().iter().find(|old| old.id == field.id);
    // A field that was not there before has no values yet.
    let new: Vec<(usize, &Field)> = after
        .fields()
        .iter()
        .enumerate()
        .filter(|(_, field)| field.searchable && was(field).is_some_and(|old| !is_found_alike(old, field)))
        .collect();
    if new.is_empty() { Ok(()) } else { fill(tx, scope, after, &new) }
}

fn is_found_alike(one: &Field, other: &Field) -> bool {
    one.searchable == other.searchable && one.unique == other.unique && one.kind.name() == other.kind.name()
}

fn fill(tx: &mut Tx<'_>, scope: &TenantScope, collection: &Collection, new: &[(usize, &Field)]) -> Result<(), Error> {
    let fields: Vec<&Field> = new.iter().map(|(_, field)| *field).collect();
    let place = |field: &Field| new.iter().find(|(_, f)| f.id == field.id).map_or(0, |(number, _)| *number);
    let member = |field: &Field| if field.unique { "unique" } else { "searchable" };
    let (mut last, mut done) = (RecordId::from_bytes([0; 16]), 0);
    loop {
        let rows: Vec<Row> = records::rows(scope)
            .filter(records::collection_id.eq(collection.id))
            .filter(records::trashed_at.is_null())
            .filter(records::id.gt(last))
            .order(records::id)
            .limit(PAGE)
            .select(ROW)
            .load(tx.conn())?;
        let Some((id, ..)) = rows.last() else { return Ok(()) };
        last = *id;
        done += rows.len();
        if done > MOST {
            let pointer = fields.first().map_or_else(String::new, |f| format!("/fields/{}/{}", place(f), member(f)));
            let detail = "The collection has more than 100,000 records: a field like this is made while it has fewer.";
            return Err(Fault::new(pointer, "too_many_records", detail).into());
        }
        let opened: Vec<(RecordId, Values)> = rows
            .iter()
            .filter_map(|row| match writing::open(scope, row) {
                Ok(body) => Some(Ok((row.0, body.values))),
                // What does not open cannot be found by its values either.
                Err(StoreError::Unreadable) => None,
                Err(other) => Some(Err(other)),
            })
            .collect::<Result<_, _>>()?;
        let at = |_, field: &Field| format!("/fields/{}/{}", place(field), member(field));
        index::insert_many(tx, scope, &fields, &opened, at)?;
    }
}
