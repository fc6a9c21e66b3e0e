//! From an invitation's code to the tenant that it leads to: the one way into a tenant for who does not belong to it yet.

use diesel::{ExpressionMethods as _, OptionalExtension as _, QueryDsl as _, RunQueryDsl as _};

use crate::kernel::Kernel;
use crate::kernel::access::AccountAccess;
use crate::kernel::crypto::Owner;
use crate::kernel::crypto::token::RecoveryCode;
use crate::kernel::ids::{AccountId, InvitationId, TenantId};
use crate::kernel::keyring::KeyringError;
use crate::kernel::store::schema::invitations;
use crate::kernel::store::{StoreError, Tx};
use crate::kernel::tenancy::{By, JoinScope, Origin, ServiceScope, TenantScope};

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
    let Some((id, tenant)) = living(kernel, code).await? else { return Ok(None) };
    let by = By::Session(access.session.id);
    match kernel.tenant_scope(tenant, access.session.account, by, access.origin.clone()).await {
        Ok(scope) => Ok(Some((scope, id))),
        Err(KeyringError::NoKey(Owner::Tenant(_))) => Ok(None),
        Err(error) => Err(crate::kernel::store_error(&error)),
    }
}

/// The same for somebody who has no account yet: the keys of `account` are made with it.
///
/// # Errors
/// The store's, or the keyring's; keys that were made are nobody's and are swept.
pub async fn invited_anew(
    kernel: &Kernel,
    account: AccountId,
    by: By,
    origin: Origin,
    code: &RecoveryCode,
) -> Result<Option<(JoinScope, InvitationId)>, StoreError> {
    let Some((id, tenant)) = living(kernel, code).await? else { return Ok(None) };
    match kernel.guest_scope(account, tenant, by, origin).await {
        Ok(scope) => Ok(Some((scope, id))),
        Err(KeyringError::NoKey(Owner::Tenant(_))) => Ok(None),
        Err(error) => Err(crate::kernel::store_error(&error)),
    }
}

/// Whether `code` opens an invitation that lasts; for whom it is, is sealed.
///
/// # Errors
/// The store's.
pub async fn stands(kernel: &Kernel, code: &RecoveryCode) -> Result<Option<InvitationId>, StoreError> {
    Ok(living(kernel, code).await?.map(|(id, _)| id))
}

/// The invitation that `code` opens, while it lasts, and to which tenant it leads.
async fn living(kernel: &Kernel, code: &RecoveryCode) -> Result<Option<(InvitationId, TenantId)>, StoreError> {
    let digest = code.digest();
    let find = move |tx: &mut Tx<'_>, _: &ServiceScope| -> Result<Option<(InvitationId, TenantId)>, StoreError> {
        let now = tx.now();
        let living = invitations::table
            .filter(invitations::digest.eq(digest.as_slice()))
            .filter(invitations::expires_at.gt(now))
            .select((invitations::id, invitations::tenant_id));
        Ok(living.get_result(tx.conn()).optional()?)
    };
    kernel.point(&ServiceScope::new(), find).await
}
