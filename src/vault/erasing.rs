//! A record is erased for good: its owner's customer asked for it, or nobody may keep it any longer.

use std::sync::Arc;
use std::time::Duration;

use diesel::{ExpressionMethods as _, OptionalExtension as _, QueryDsl as _, RunQueryDsl as _};
use serde::Serialize;

use crate::kernel::access::{TenantAccess, Use};
use crate::kernel::clock::Time;
use crate::kernel::erasure::ErasedRecords;
use crate::kernel::ids::RecordId;
use crate::kernel::store::schema::records;
use crate::kernel::store::{StoreError, Tx};
use crate::kernel::tenancy::TenantScope;
use crate::vault::known::{self, Known};
use crate::vault::records::{Precondition, charge};
use crate::vault::{Error, Vault};

/// What is left of an erased record: that it was erased.
#[derive(Debug, Clone, Serialize)]
pub struct Receipt {
    /// Its id.
    pub id: RecordId,
    /// When.
    pub erased_at: Time,
    /// How many rows of each table were erased: itself, its history, what found it, what the audit told of it.
    pub purged: std::collections::BTreeMap<&'static str, u64>,
    /// From when on no back-up can hold it any more. One that is restored before has it erased again, before anybody is
    /// served.
    pub no_back_up_from: Time,
}

impl Vault {
    /// Erases a record, live or in the trash, with its history; `backups` is how long a back-up is kept.
    ///
    /// # Errors
    /// No such collection or record, another version of it; the limit of a day; the store's.
    pub async fn erase_record(
        &self,
        access: &TenantAccess,
        slug: &str,
        id: RecordId,
        expected: Precondition,
        backups: Duration,
    ) -> Result<Receipt, Error> {
        let (known, slug) = (Arc::clone(&self.known), slug.to_owned());
        let meter = access.meter(Use::Delete);
        let demand = move |tx: &mut Tx<'_>, scope: &TenantScope| {
            expected.allow(version(tx, scope, &known, &slug, id)?)?;
            charge(meter.as_ref(), tx, scope)
        };
        self.kernel.write("records.may_erase", &access.scope, demand).await?;
        let ErasedRecords { at, purged } = self.kernel.erase_records(&access.scope, vec![id]).await?;
        Ok(Receipt { id, erased_at: at, purged, no_back_up_from: at.plus(backups) })
    }
}

fn version(tx: &mut Tx<'_>, scope: &TenantScope, known: &Known, slug: &str, id: RecordId) -> Result<i64, Error> {
    let collection = known::find(tx, scope, known, slug)?;
    let version: Option<i64> = records::rows(scope)
        .filter(records::collection_id.eq(collection.id))
        .filter(records::id.eq(id))
        .select(records::version)
        .get_result(tx.conn())
        .optional()
        .map_err(StoreError::from)?;
    version.ok_or(Error::NotFound)
}
