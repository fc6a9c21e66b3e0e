//! The people whose a tenant is: whoever does something to a vault from outside it tells them, in the same transaction.

use diesel::{ExpressionMethods as _, QueryDsl as _, RunQueryDsl as _};

use crate::kernel::access::Role;
use crate::kernel::ids::{AccountId, TenantId};
use crate::kernel::keyring::KeyringError;
use crate::kernel::store::schema::account_tenants;
use crate::kernel::store::{StoreError, Tx};
use crate::kernel::tenancy::{AccountScope, ServiceScope};
use crate::kernel::{Kernel, store_error};

impl Kernel {
    /// The scope of every owner of a tenant; whose keys are destroyed is left out.
    ///
    /// # Errors
    /// The store's or the keyring's.
    pub async fn owners_of(&self, tenant: TenantId) -> Result<Vec<AccountScope>, StoreError> {
        let read = move |tx: &mut Tx<'_>, _: &ServiceScope| -> Result<Vec<AccountId>, StoreError> {
            Ok(account_tenants::table
                .filter(account_tenants::tenant_id.eq(tenant))
                .filter(account_tenants::role.eq(Role::Owner.code()))
                .select(account_tenants::account_id)
                .load(tx.conn())?)
        };
        let mut scopes = Vec::new();
        for account in self.point(&self.service(), read).await? {
            match self.account_scope(account).await {
                Ok(scope) => scopes.push(scope),
                Err(KeyringError::NoKey(_)) => {}
                Err(error) => return Err(store_error(&error)),
            }
        }
        Ok(scopes)
    }
}
