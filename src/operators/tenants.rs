//! Tenants as whoever runs the service sees them: ids, sizes, states and ages. Rows are counted without any key, so there
//! is nothing that this could open (P-3).

use diesel::dsl::count_star;
use diesel::{ExpressionMethods as _, QueryDsl as _, RunQueryDsl as _};

use crate::kernel::clock::Time;
use crate::kernel::crypto::Owner;
use crate::kernel::ids::{AnyId, TenantId};
use crate::kernel::store::schema::{account_tenants, files, key_versions, records, tenants};
use crate::kernel::store::{StoreError, Tx};
use crate::kernel::tenancy::{ServiceScope, UpkeepScope};
use crate::operators::{Operators, OperatorsError};

/// How many tenants stand on one page.
pub const PAGE: i64 = 50;

/// A tenant in numbers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TenantSize {
    /// Which.
    pub id: TenantId,
    /// How it stands.
    pub state: TenantState,
    /// Since when it is there.
    pub created_at: Time,
    /// Its members.
    pub members: i64,
    /// Its records.
    pub records: i64,
    /// Its files.
    pub files: i64,
}

/// A page of tenants.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TenantPage {
    /// Those on it, in the order of their making.
    pub tenants: Vec<TenantSize>,
    /// After which the next page begins, where there is one.
    pub next: Option<TenantId>,
}

/// How a tenant stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TenantState {
    /// It is served.
    Served,
    /// It is about to leave.
    Leaving,
    /// An owner of its has sealed its vault.
    Sealed,
}

impl TenantState {
    /// As the console calls it.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Served => "served",
            Self::Leaving => "leaving",
            Self::Sealed => "sealed",
        }
    }
}

impl Operators {
    /// The tenant of this id.
    ///
    /// # Errors
    /// [`OperatorsError::NoTenant`]; a store's.
    pub async fn tenant(&self, id: TenantId) -> Result<TenantSize, OperatorsError> {
        self.sized(id).await?.ok_or(OperatorsError::NoTenant)
    }

    async fn sized(&self, id: TenantId) -> Result<Option<TenantSize>, OperatorsError> {
        let size = self.kernel.read(&self.kernel.upkeep(id), move |tx, scope| size(tx, scope, id)).await?;
        let is_sealed = self.kernel.keyring().sealing(id).await?.is_some();
        Ok(size.map(|size| if is_sealed { TenantSize { state: TenantState::Sealed, ..size } } else { size }))
    }

    /// Tenants after `after` in the order of their ids, which is that of their making; at most [`PAGE`].
    ///
    /// # Errors
    /// A store's.
    pub async fn tenants(&self, after: Option<TenantId>) -> Result<TenantPage, OperatorsError> {
        let after = after.map_or(AnyId::from_bytes([0; 16]), |id| AnyId::from_bytes(*id.as_bytes()));
        let list = move |tx: &mut Tx<'_>, _: &ServiceScope| -> Result<Vec<AnyId>, StoreError> {
            let found = key_versions::table
                .filter(key_versions::owner_kind.eq(Owner::Tenant(TenantId::from_bytes([0; 16])).kind()))
                .filter(key_versions::owner_id.gt(after))
                .select(key_versions::owner_id)
                .distinct()
                .order(key_versions::owner_id)
                .limit(PAGE)
                .load(tx.conn())?;
            Ok(found)
        };
        let ids = self.kernel.read(&self.kernel.service(), list).await?;
        // Of a full page more may follow, also where some of its ids name no tenant any more.
        let is_full = i64::try_from(ids.len()).is_ok_and(|many| many >= PAGE);
        let next = ids.last().filter(|_| is_full).map(|id| TenantId::from_bytes(*id.as_bytes()));
        let mut tenants = Vec::with_capacity(ids.len());
        for id in ids {
            // Keys of a sign-up that never came to its end have no tenant.
            tenants.extend(self.sized(TenantId::from_bytes(*id.as_bytes())).await?);
        }
        Ok(TenantPage { tenants, next })
    }
}

fn size(tx: &mut Tx<'_>, scope: &UpkeepScope, id: TenantId) -> Result<Option<TenantSize>, StoreError> {
    let created: Vec<Time> = tenants::rows(scope).select(tenants::created_at).load(tx.conn())?;
    let Some(created_at) = created.into_iter().next() else { return Ok(None) };
    let members: Vec<bool> = account_tenants::table
        .filter(account_tenants::tenant_id.eq(id))
        .select(account_tenants::is_leaving)
        .load(tx.conn())?;
    let state = if members.contains(&true) { TenantState::Leaving } else { TenantState::Served };
    Ok(Some(TenantSize {
        id,
        state,
        created_at,
        members: i64::try_from(members.len()).unwrap_or(i64::MAX),
        records: records::rows(scope).select(count_star()).get_result(tx.conn())?,
        files: files::rows(scope).select(count_star()).get_result(tx.conn())?,
    }))
}
