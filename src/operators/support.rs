//! What tenants let support look at now: ids, times and counts. What is then seen is the vault's to show
//! (`vault::support::viewing`), by an act of the ledger alone.

use diesel::{ExpressionMethods as _, QueryDsl as _, RunQueryDsl as _};

use crate::kernel::clock::Time;
use crate::kernel::ids::{CollectionId, SupportGrantId, TenantId};
use crate::kernel::store::schema::{support_grant_collections, support_grants};
use crate::kernel::store::{StoreError, Tx};
use crate::kernel::tenancy::{ServiceScope, UpkeepScope};
use crate::operators::{Operators, OperatorsError};

/// How many grants stand on one page.
pub const PAGE: usize = 50;

/// A grant that is live.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LiveGrant {
    /// Which.
    pub id: SupportGrantId,
    /// Whose.
    pub tenant: TenantId,
    /// Since when.
    pub made_at: Time,
    /// Until when.
    pub expires_at: Time,
    /// How many pages were looked at by it.
    pub views: i64,
    /// Into which collections.
    pub collections: Vec<CollectionId>,
}

/// A page of live grants.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GrantPage {
    /// Those on it, the newest first.
    pub grants: Vec<LiveGrant>,
    /// After which the next page begins, where there is one.
    pub next: Option<SupportGrantId>,
}

type Row = (SupportGrantId, TenantId, Time, Time, i64);

impl Operators {
    /// The grants that are live, made before `before`; at most [`PAGE`].
    ///
    /// # Errors
    /// A store's.
    pub async fn support_grants(&self, before: Option<SupportGrantId>) -> Result<GrantPage, OperatorsError> {
        let before = before.unwrap_or(SupportGrantId::from_bytes([0xff; 16]));
        let list = move |tx: &mut Tx<'_>, _: &ServiceScope| -> Result<Vec<Row>, StoreError> {
            let now = tx.now();
            let rows = support_grants::table
                .filter(support_grants::expires_at.gt(now))
                .filter(support_grants::ended_at.is_null())
                .filter(support_grants::id.lt(before))
                .order(support_grants::id.desc())
                .limit(i64::try_from(PAGE + 1).unwrap_or(i64::MAX))
                .select((
                    support_grants::id,
                    support_grants::tenant_id,
                    support_grants::made_at,
                    support_grants::expires_at,
                    support_grants::views,
                ));
            Ok(rows.load(tx.conn())?)
        };
        let mut rows = self.kernel.read(&self.kernel.service(), list).await?;
        let is_more = rows.len() > PAGE;
        rows.truncate(PAGE);
        let next = rows.last().map(|row| row.0).filter(|_| is_more);
        let mut grants = Vec::with_capacity(rows.len());
        for (id, tenant, made_at, expires_at, views) in rows {
            let named = move |tx: &mut Tx<'_>, scope: &UpkeepScope| -> Result<Vec<CollectionId>, StoreError> {
                let mine = support_grant_collections::rows(scope).filter(support_grant_collections::grant_id.eq(id));
                let mine = mine.order(support_grant_collections::collection_id);
                Ok(mine.select(support_grant_collections::collection_id).load(tx.conn())?)
            };
            let collections = self.kernel.read(&self.kernel.upkeep(tenant), named).await?;
            grants.push(LiveGrant { id, tenant, made_at, expires_at, views, collections });
        }
        Ok(GrantPage { grants, next })
    }
}
