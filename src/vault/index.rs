//! What makes live records findable by value: a tag for each searchable field that has one.

use std::collections::BTreeSet;

use diesel::{ExpressionMethods as _, OptionalExtension as _, QueryDsl as _, RunQueryDsl as _};

use crate::kernel::crypto::{KeyVersion, OwnerKeys, Tag};
use crate::kernel::ids::{FieldId, RecordId};
use crate::kernel::store::append::{NewTag, Stands};
use crate::kernel::store::schema::{record_tags, records};
use crate::kernel::store::{Conn, StoreError, Tx};
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

/// The tag of a value in its field under one version.
pub(super) fn tag_under(keys: &OwnerKeys, version: KeyVersion, field: &Field, value: &FieldValue) -> Option<Tag> {
    keys.tag_under(version, &[b"records.value", field.id.as_bytes()], &field.kind.normalise(value)?)
}

/// The tags to write of a value, each with the version that it stands under: two while the tenant's key turns over.
pub(super) fn tags_to_write(keys: &OwnerKeys, field: &Field, value: &FieldValue) -> Vec<(i64, Tag)> {
    let Some(normalised) = field.kind.normalise(value) else { return Vec::new() };
    let tags = keys.tags_to_write(&[b"records.value", field.id.as_bytes()], &normalised);
    tags.into_iter().map(|(version, tag)| (i64::from(version.as_u32()), tag)).collect()
}

/// The version under which tags are looked up.
pub(super) fn version(keys: &OwnerKeys) -> i64 {
    i64::from(keys.tags().sought.as_u32())
}

/// Holds a record before its tags are touched, while the tenant's key turns over: whoever makes its tags anew waits, or
/// is waited for.
///
/// # Errors
/// The store's.
pub(super) fn hold(
    tx: &mut Tx<'_>,
    scope: &TenantScope,
    collection: &Collection,
    record: RecordId,
) -> Result<(), StoreError> {
    if scope.keys().tags().also.is_none() {
        return Ok(());
    }
    let row = records::rows(scope)
        .filter(records::collection_id.eq(collection.id))
        .filter(records::id.eq(record))
        .select(records::id);
    // SQLite has one writer at a time.
    if let Conn::Pg(conn) = tx.conn() {
        let _held: Option<RecordId> = row.for_update().get_result(conn).optional()?;
    }
    Ok(())
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
    let searchable = || collection.fields().iter().filter(|field| field.searchable);
    if searchable().all(|field| before.get(field) == now.get(field)) {
        return Ok(());
    }
    if searchable().any(|field| before.get(field).is_some()) {
        hold(tx, scope, collection, record)?;
        // All of them, by the record: whatever version they stand under.
        remove(tx, scope, record)?;
    }
    let mut plain = Vec::new();
    for field in searchable() {
        let Some(value) = now.get(field) else { continue };
        for (index_version, tag) in tags_to_write(scope.keys(), field, value) {
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
    }
    Ok(tx.append(plain)?)
}

/// Whether a tag of the field stands for one record alone.
pub(super) const fn stands(field: &Field) -> Stands {
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
    made: &[(RecordId, Values)],
    at: impl Fn(usize, &Field) -> String,
) -> Result<(), Error> {
    for field in fields {
        if field.unique {
            let tags: Vec<(usize, RecordId, Tag)> = made
                .iter()
                .enumerate()
                .filter_map(|(number, (id, values))| Some((number, *id, tag(scope.keys(), field, values.get(field)?)?)))
                .collect();
            demand_free(tx, scope, field, &tags, |number| at(number, field))?;
        }
        let of = |(id, values): &(RecordId, Values)| {
            let tags = values.get(field).map(|value| tags_to_write(scope.keys(), field, value)).unwrap_or_default();
            tags.into_iter().map(|(version, tag)| (*id, version, tag)).collect::<Vec<_>>()
        };
        let rows: Vec<(RecordId, i64, Tag)> = made.iter().flat_map(of).collect();
        insert_rows(tx, scope, field, &rows)?;
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
    tags: &[(RecordId, i64, Tag)],
) -> Result<(), Error> {
    for chunk in tags.chunks(CHUNK) {
        let rows: Vec<_> = chunk
            .iter()
            .map(|(record, version, tag)| NewTag::new(scope, field.id, *version, *tag, *record, stands(field)))
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
