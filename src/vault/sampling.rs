//! Whether a tenant's records and files open: what a drill of back-ups asks of restored data.

use std::io::Read as _;

use diesel::{ExpressionMethods as _, QueryDsl as _, RunQueryDsl as _};

use crate::kernel::crypto::{OwnerKeys, RowRef, Sealed};
use crate::kernel::ids::{AnyId, FileId, RecordId};
use crate::kernel::objects::{ContentKey, FileKey, ObjectName, Objects, failed};
use crate::kernel::store::schema::{files as stored, records as kept};
use crate::kernel::store::{StoreError, Tx};
use crate::kernel::tenancy::{InTenant as _, UpkeepScope};
use crate::vault::writing::RecordBody;

/// Records that are opened of each tenant: the newest.
const RECORDS: i64 = 20;

/// Files that are: the newest, each up to so many bytes.
const FILES: i64 = 3;
const BYTES: u64 = 1 << 20;

/// Opens the tenant's newest records and drops what they hold; gives how many there were.
///
/// # Errors
/// [`StoreError::Unreadable`] when one does not open.
pub fn records(tx: &mut Tx<'_>, scope: &UpkeepScope, keys: &OwnerKeys, _: &Objects) -> Result<u64, StoreError> {
    let rows: Vec<(RecordId, i64, Sealed<RecordBody>)> = kept::rows(scope)
        .select((kept::id, kept::version, kept::body))
        .order(kept::id.desc())
        .limit(RECORDS)
        .load(tx.conn())?;
    for (id, version, body) in &rows {
        drop(keys.open(RowRef::new(id.as_bytes(), *version), body)?);
    }
    Ok(u64::try_from(rows.len()).unwrap_or_default())
}

/// Opens the beginning of the tenant's newest files and drops what they hold; gives how many there were.
///
/// # Errors
/// [`StoreError::Unreadable`] when one does not open, or is not there.
pub fn files(tx: &mut Tx<'_>, scope: &UpkeepScope, keys: &OwnerKeys, objects: &Objects) -> Result<u64, StoreError> {
    let rows: Vec<(FileId, AnyId, i64, Sealed<ContentKey>)> = stored::rows(scope)
        .select((stored::id, stored::object_id, stored::size, stored::content_key))
        .order(stored::id.desc())
        .limit(FILES)
        .load(tx.conn())?;
    for (id, object, size, wrapped) in &rows {
        let key = FileKey::unwrapped(keys, *id, wrapped)?;
        let size = u64::try_from(*size).map_err(|_| StoreError::Unreadable)?;
        let opened = objects.open(ObjectName::from_id(*object), (scope.tenant(), *id), &key, (0, size));
        let reading = opened.map_err(|error| failed(&error))?;
        let read = std::io::copy(&mut reading.take(BYTES), &mut std::io::sink()).map_err(|error| failed(&error))?;
        if read != size.min(BYTES) {
            return Err(StoreError::Unreadable);
        }
    }
    Ok(u64::try_from(rows.len()).unwrap_or_default())
}
