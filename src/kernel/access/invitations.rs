//! From an invitation's code to the tenant that it leads to: the one way into a tenant for who does not belong to it yet.

use diesel::{ExpressionMethods as _, OptionalExtension as _, QueryDsl as _, RunQueryDsl as _};

use crate::kernel::Kernel;
use crate::kernel::access::AccountAccess;
use crate::kernel::crypto::Owner;
use crate::kernel::crypto::token::RecoveryCode;
use crate::kernel::ids::{InvitationId, TenantId};
use crate::kernel::keyring::KeyringError;
use crate::kernel::store::schema::invitations;
use crate::kernel::store::{StoreError, Tx};
use crate::kernel::tenancy::{By, ServiceScope, TenantScope};

/// The invitation that `code` opens, while it lasts, and the scope of its tenant with the account as who acts: for
/// joining it, and nothing else.
///
/// # Errors
/// The store's, or the keyring's.
pub async fn invited(
    kernel: &Kernel,
    access: &AccountAccess,
    code: &RecoveryCode,
) -> Result<Option<(TenantScope, InvitationId)>, StoreError> {
    let digest = code.digest();
    let find = move |tx: &mut Tx<'_>, _: &ServiceScope| -> Result<Option<(InvitationId, TenantId)>, StoreError> {
        let now = tx.now();
        let living = invitations::table
            .filter(invitations::digest.eq(digest.as_slice()))
            .filter(invitations::expires_at.gt(now))
            .select((invitations::id, invitations::tenant_id));
        Ok(living.get_result(tx.conn()).optional()?)
    };
    let Some((id, tenant)) = kernel.point(&ServiceScope::new(), find).await? else { return Ok(None) };
    let by = By::Session(access.session.id);
    match kernel.tenant_scope(tenant, access.session.account, by, access.origin.clone()).await {
        Ok(scope) => Ok(Some((scope, id))),
        Err(KeyringError::NoKey(Owner::Tenant(_))) => Ok(None),
        Err(error) => Err(crate::kernel::store_error(&error)),
    }
}
