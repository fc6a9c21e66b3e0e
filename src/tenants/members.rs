//! Who belongs to a tenant, and as what.

use diesel::{ExpressionMethods as _, OptionalExtension as _, QueryDsl as _, RunQueryDsl as _};

use crate::kernel::access::Role;
use crate::kernel::ids::AccountId;
use crate::kernel::store::schema::{account_tenants, members};
use crate::kernel::store::{StoreError, Tx};
use crate::kernel::tenancy::{InTenant as _, TenantScope};

/// Makes `account` a member of the scope's tenant, about to leave or not, as its other members are.
///
/// # Errors
/// The store's; [`StoreError::Taken`] when it is one already.
pub fn add(tx: &mut Tx<'_>, scope: &TenantScope, account: AccountId, role: Role) -> Result<(), StoreError> {
    let now = tx.now();
    let is_leaving: Option<bool> = account_tenants::table
        .filter(account_tenants::tenant_id.eq(scope.tenant()))
        .select(account_tenants::is_leaving)
        .limit(1)
        .get_result(tx.conn())
        .optional()?;
    members::insert()
        .values((members::of(scope), members::account_id.eq(account), members::created_at.eq(now)))
        .execute(tx.conn())?;
    diesel::insert_into(account_tenants::table)
        .values((
            account_tenants::account_id.eq(account),
            account_tenants::tenant_id.eq(scope.tenant()),
            account_tenants::role.eq(role.code()),
            account_tenants::is_leaving.eq(is_leaving.unwrap_or(false)),
        ))
        .execute(tx.conn())?;
    Ok(())
}
