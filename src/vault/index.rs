//! What makes live records findable by value: a tag for each searchable field that has one.

use std::collections::BTreeSet;

use diesel::{ExpressionMethods as _, QueryDsl as _, RunQueryDsl as _};

use crate::kernel::crypto::{OwnerKeys, Tag};
use crate::kernel::ids::{FieldId, RecordId};
use crate::kernel::store::append::{NewTag, Stands};
use crate::kernel::store::schema::record_tags;
use crate::kernel::store::{StoreError, Tx};
use crate::kernel::tenancy::TenantScope;
use crate::vault::Error;
use crate::vault::definition::{Collection, Field};
use crate::vault::kinds::FieldValue;
use crate::vault::values::Values;

/// The most tags that are handed to the store at once.
const CHUNK: usize = 5_000;
/// The most tags that one statement asks for.
const ASKED: usize = 1_000;

/// The tag of a value in its field; `None` where values of the kind have none.
pub(super) fn tag(keys: &OwnerKeys, field: &Field, value: &FieldValue) -> Option<Tag> {
    let normalised = field.kind.normalise(value)?;
    Some(keys.tag(&[b"records.value", field.id.as_bytes()], &normalised))
}

/// The version under which tags stand.
pub(super) fn version(keys: &OwnerKeys) -> i64 {
    i64::from(keys.current().as_u32())
}

/// Makes one record findable.
///
/// # Errors
/// [`Error::AlreadyExists`] with the field's pointer when a unique value is another's; the store's.
pub(super) fn insert(
    tx: &mut Tx<'_>,
    scope: &TenantScope,
    collection: &Collection,
    record: RecordId,
    values: &Values,
) -> Result<(), Error> {
    replace(tx, scope, collection, record, &Values::default(), values)
}

/// Makes one record findable by `now` instead of `before`.
///
/// # Errors
/// As [`insert`].
pub(super) fn replace(
    tx: &mut Tx<'_>,
    scope: &TenantScope,
    collection: &Collection,
    record: RecordId,
    before: &Values,
    now: &Values,
) -> Result<(), Error> {
    let index_version = version(scope.keys());
    let searchable = || collection.fields().iter().filter(|field| field.searchable);
    if searchable().all(|field| before.get(field) == now.get(field)) {
        return Ok(());
    }
    if searchable().any(|field| before.get(field).is_some()) {
        // All of them, by the record: whatever version they stand under.
        remove(tx, scope, record)?;
    }
    let mut plain = Vec::new();
    for field in searchable() {
        let Some(tag) = now.get(field).and_then(|value| tag(scope.keys(), field, value)) else { continue };
        let row = NewTag::new(scope, field.id, index_version, tag, record, stands(field));
        if !field.unique {
            plain.push(row);
            continue;
        }
        // One at a time, so that a violation tells which field it was.
        match tx.append(vec![row]) {
            Err(StoreError::Taken) => return Err(Error::AlreadyExists(Some(format!("/values/{}", field.name)))),
            other => other?,
        }
    }
    Ok(tx.append(plain)?)
}

/// Whether a tag of the field stands for one record alone.
const fn stands(field: &Field) -> Stands {
    if field.unique { Stands::Alone } else { Stands::ForMany }
}

/// Makes a record that goes to the trash unfindable; its unique values are free again.
///
/// # Errors
/// The store's.
pub(super) fn remove(tx: &mut Tx<'_>, scope: &TenantScope, record: RecordId) -> Result<(), StoreError> {
    diesel::delete(record_tags::rows(scope).filter(record_tags::record_id.eq(record))).execute(tx.conn())?;
    Ok(())
}

/// Makes many new records findable, in few statements; `at` gives each one's pointer.
///
/// # Errors
/// As [`insert`].
pub(super) fn insert_many(
    tx: &mut Tx<'_>,
    scope: &TenantScope,
    fields: &[&Field],
    records: &[(RecordId, Values)],
    at: impl Fn(usize, &Field) -> String,
) -> Result<(), Error> {
    for field in fields {
        let tags: Vec<(usize, RecordId, Tag)> = records
            .iter()
            .enumerate()
            .filter_map(|(number, (id, values))| Some((number, *id, tag(scope.keys(), field, values.get(field)?)?)))
            .collect();
        if field.unique {
            demand_free(tx, scope, field, &tags, |number| at(number, field))?;
        }
        insert_rows(tx, scope, field, &tags)?;
    }
    Ok(())
}

/// Finds the first unique value that stands twice: among these, or before them.
fn demand_free(
    tx: &mut Tx<'_>,
    scope: &TenantScope,
    field: &Field,
    tags: &[(usize, RecordId, Tag)],
    at: impl Fn(usize) -> String,
) -> Result<(), Error> {
    let mut seen = BTreeSet::new();
    if let Some((number, ..)) = tags.iter().find(|(_, _, tag)| !seen.insert(*tag)) {
        return Err(Error::AlreadyExists(Some(at(*number))));
    }
    for chunk in tags.chunks(ASKED) {
        let standing: Vec<Tag> = record_tags::rows(scope)
            .filter(record_tags::field_id.eq(field.id))
            .filter(record_tags::index_version.eq(version(scope.keys())))
            .filter(record_tags::tag.eq_any(chunk.iter().map(|(_, _, tag)| *tag).collect::<Vec<_>>()))
            .select(record_tags::tag)
            .limit(1)
            .load(tx.conn())
            .map_err(StoreError::from)?;
        if let Some((number, ..)) = chunk.iter().find(|(_, _, tag)| standing.contains(tag)) {
            return Err(Error::AlreadyExists(Some(at(*number))));
        }
    }
    Ok(())
}

fn insert_rows(
    tx: &mut Tx<'_>,
    scope: &TenantScope,
    field: &Field,
    tags: &[(usize, RecordId, Tag)],
) -> Result<(), Error> {
    let index_version = version(scope.keys());
    for chunk in tags.chunks(CHUNK) {
        let rows: Vec<_> = chunk
            .iter()
            .map(|(_, record, tag)| NewTag::new(scope, field.id, index_version, *tag, *record, stands(field)))
            .collect();
        match tx.append(rows) {
            // Another transaction was first, after the question above.
            Err(StoreError::Taken) => return Err(Error::AlreadyExists(None)),
            other => other?,
        }
    }
    Ok(())
}

/// Removes every tag of a field.
///
/// # Errors
/// The store's.
pub(super) fn remove_field(tx: &mut Tx<'_>, scope: &TenantScope, field: FieldId) -> Result<(), StoreError> {
    diesel::delete(record_tags::rows(scope).filter(record_tags::field_id.eq(field))).execute(tx.conn())?;
    Ok(())
}
