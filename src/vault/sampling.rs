//! Whether a tenant's records open: what a drill of back-ups asks of restored data.

use diesel::{ExpressionMethods as _, QueryDsl as _, RunQueryDsl as _};

use crate::kernel::crypto::{OwnerKeys, RowRef, Sealed};
use crate::kernel::ids::RecordId;
use crate::kernel::store::schema::records;
use crate::kernel::store::{StoreError, Tx};
use crate::kernel::tenancy::UpkeepScope;
use crate::vault::writing::RecordBody;

/// Records that are opened of each tenant: the newest.
const SAMPLE: i64 = 20;

/// Opens the tenant's newest records and drops what they hold; gives how many there were.
///
/// # Errors
/// [`StoreError::Unreadable`] when one does not open.
pub fn sample(tx: &mut Tx<'_>, scope: &UpkeepScope, keys: &OwnerKeys) -> Result<u64, StoreError> {
    let rows: Vec<(RecordId, i64, Sealed<RecordBody>)> = records::rows(scope)
        .select((records::id, records::version, records::body))
        .order(records::id.desc())
        .limit(SAMPLE)
        .load(tx.conn())?;
    for (id, version, body) in &rows {
        drop(keys.open(RowRef::new(id.as_bytes(), *version), body)?);
    }
    Ok(u64::try_from(rows.len()).unwrap_or_default())
}
