//! What pages need beside one record or one list: how many records there are, and what links point at.

use std::collections::BTreeMap;
use std::sync::Arc;

use diesel::dsl::count_star;
use diesel::{ExpressionMethods as _, QueryDsl as _, RunQueryDsl as _};

use crate::kernel::access::TenantAccess;
use crate::kernel::audit::Action;
use crate::kernel::ids::{CollectionId, RecordId};
use crate::kernel::store::StoreError;
use crate::kernel::store::schema::records;
use crate::vault::records::{Item, ROW, Row, item};
use crate::vault::values::Revealed;
use crate::vault::{Error, Vault, known};

/// The most records that links are looked up for at once.
const MOST: usize = 1_000;

impl Vault {
    /// How many live records each of the tenant's collections has; those that have none are left out.
    ///
    /// # Errors
    /// The store's.
    pub async fn counts(&self, access: &TenantAccess) -> Result<BTreeMap<CollectionId, u64>, Error> {
        self.kernel
            .read(&access.scope, |tx, scope| {
                let counts: Vec<(CollectionId, i64)> = records::rows(scope)
                    .filter(records::trashed_at.is_null())
                    .group_by(records::collection_id)
                    .select((records::collection_id, count_star()))
                    .load(tx.conn())
                    .map_err(StoreError::from)?;
                Ok(counts.into_iter().map(|(id, count)| (id, u64::try_from(count).unwrap_or_default())).collect())
            })
            .await
    }

    /// Those of `ids` that are live records of the collection, masked, up to a thousand; noted as one listing. A
    /// collection that is not there has none.
    ///
    /// # Errors
    /// The store's.
    pub async fn linked(&self, access: &TenantAccess, slug: &str, ids: Vec<RecordId>) -> Result<Vec<Item>, Error> {
        let (known, slug) = (Arc::clone(&self.known), slug.to_owned());
        let found = self
            .kernel
            .read(&access.scope, move |tx, scope| -> Result<_, Error> {
                let collection = match known::find(tx, scope, &known, &slug) {
                    Err(Error::NotFound) => return Ok(None),
                    other => other?,
                };
                let asked = ids.get(..MOST).unwrap_or(&ids);
                let rows: Vec<Row> = records::rows(scope)
                    .filter(records::id.eq_any(asked))
                    .filter(records::collection_id.eq(collection.id))
                    .filter(records::trashed_at.is_null())
                    .select(ROW)
                    .load(tx.conn())
                    .map_err(StoreError::from)?;
                let opened = rows.into_iter().map(|row| item(scope, &collection, row, &Revealed::default()));
                let items = opened.collect::<Result<Vec<_>, _>>()?;
                Ok(Some((collection, items)))
            })
            .await?;
        let Some((collection, items)) = found else { return Ok(Vec::new()) };
        self.note_list(access, Action::RecordsListed, &collection, &Revealed::default(), items.len()).await?;
        Ok(items)
    }
}
