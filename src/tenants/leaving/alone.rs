//! An account that belongs to no tenant erases itself: at once, since nobody else is asked.

use diesel::{ExpressionMethods as _, QueryDsl as _, RunQueryDsl as _};

use crate::kernel::access::AccountAccess;
use crate::kernel::clock::Time;
use crate::kernel::crypto::Owner;
use crate::kernel::erasure::ErasureId;
use crate::kernel::keyring::erasures::Scheduling;
use crate::kernel::personal::Personal;
use crate::kernel::store::schema::account_tenants;
use crate::kernel::store::{StoreError, Tx};
use crate::kernel::tenancy::AccountScope;
use crate::kernel::values::EmailAddress;
use crate::tenants::leaving::wish::sealed_id;
use crate::tenants::leaving::{Leaving, LeavingError};

/// An account whose keys are destroyed.
#[derive(Debug, Clone)]
pub struct Gone {
    /// The id under which the proof is kept.
    pub erasure: ErasureId,
    /// When.
    pub keys_destroyed_at: Time,
}

impl Leaving {
    /// Erases the session's account, whose e-mail address is typed once more. When this returns, its keys are destroyed.
    ///
    /// # Errors
    /// [`LeavingError::OtherAddress`]; [`LeavingError::Belongs`]: an account goes with its last tenant, or after it.
    pub async fn erase_account(&self, access: &AccountAccess, typed: &Personal<String>) -> Result<Gone, LeavingError> {
        let scope = &access.scope;
        let (address, language) = self.kernel().point(scope, self.0.address_of).await?;
        let same = |typed: EmailAddress| typed.normalised().reveal() == address.normalised().reveal();
        if !EmailAddress::parse(typed.reveal()).is_ok_and(same) {
            return Err(LeavingError::OtherAddress);
        }
        if self.tenants_of(access).await? > 0 {
            return Err(LeavingError::Belongs);
        }
        let id = ErasureId::random(self.kernel().entropy());
        let wish = sealed_id(scope, &id, self.kernel().entropy());
        let facts = self.facts_of(wish, id.commit(&address.normalised()), language).await?;
        let (owner, now) = (Owner::Account(scope.account()), self.kernel().now());
        if self.kernel().keyring().schedule_erasure(id.digest(), owner, now, &facts).await? == Scheduling::Standing {
            return Err(LeavingError::Standing);
        }
        self.kernel().destroy_now(id.digest(), self.0.rules, self).await?;
        // It may have been made a member of a tenant meanwhile: then nothing was done.
        let standing = self.kernel().keyring().erasure(id.digest()).await?.ok_or(LeavingError::Belongs)?;
        let keys_destroyed_at = standing.keys_destroyed_at.ok_or(StoreError::Unavailable)?;
        Ok(Gone { erasure: id, keys_destroyed_at })
    }

    /// To how many tenants the session's account belongs.
    ///
    /// # Errors
    /// The store's.
    pub async fn tenants_of(&self, access: &AccountAccess) -> Result<u64, LeavingError> {
        let count = |tx: &mut Tx<'_>, scope: &AccountScope| -> Result<i64, StoreError> {
            let mine = account_tenants::table.filter(account_tenants::account_id.eq(scope.account()));
            Ok(mine.count().get_result(tx.conn())?)
        };
        Ok(u64::try_from(self.kernel().point(&access.scope, count).await?).unwrap_or(0))
    }
}
