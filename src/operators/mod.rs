//! Who runs the service: operators' accounts, and how they sign in to the console.
//!
//! They are apart from every tenant's accounts, in the keyring's database, and have no password: a code of an
//! authenticator app, or a passkey. Start at [`Operators`]; what an operator may do stands in
//! [`Role`] and in the permissions that name roles.

mod background;
pub mod backups;
pub mod keys;
mod passkeys;
mod signing_in;
pub mod standing;
pub mod support;
pub mod tenants;

use std::sync::Arc;

use crate::kernel::Kernel;
use crate::kernel::access::throttles::Throttled;
use crate::kernel::ids::OperatorId;
use crate::kernel::keyring::KeyringError;
use crate::kernel::keyring::operators::{Changed, Then};
use crate::kernel::log::SafeToLog;
use crate::kernel::operators::deeds::{RemoveOperator, ResetOperator, Set, SetOperator};
use crate::kernel::operators::{Operator, OperatorAccount, OperatorName, Role};
use crate::kernel::store::StoreError;
use crate::kernel::store::db::StoreFailure;
use crate::kernel::store_error;

use self::background::Background;
use self::backups::Backups;
pub use self::passkeys::Question;

/// What the operators of this service can do about themselves. Cheap to clone.
#[derive(Clone)]
pub struct Operators {
    kernel: Kernel,
    background: Background,
    backups: Option<Arc<Backups>>,
}

/// Why something about an operator was not done.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum OperatorsError {
    /// The name, the code or the passkey is wrong: which, is not told.
    #[error("the sign-in is refused")]
    Refused,
    /// Too many failed.
    #[error("a limit is reached")]
    Throttled(Throttled),
    /// Somebody has this name.
    #[error("there is an operator of this name")]
    Taken,
    /// There is no such operator.
    #[error("there is no such operator")]
    NotFound,
    /// The console leaves nobody without an administrator.
    #[error("the last administrator stays; the machine's own command line can remove them")]
    LastAdministrator,
    /// The service was reached by a bare address, and passkeys are bound to a name.
    #[error("passkeys need a name")]
    NeedsName,
    /// Something of the kind is under way already.
    #[error("something of the kind is under way already")]
    UnderWay,
    /// The configuration names no place for what is asked, or nothing that opens it.
    #[error("the configuration names no place of back-ups")]
    NoPlace,
    /// There is no such tenant.
    #[error("there is no such tenant")]
    NoTenant,
    /// There is no such account.
    #[error("there is no such account")]
    NoAccount,
    /// There is no such key version, or it is not retired.
    #[error("there is no such retired key version")]
    NotRetired,
    /// An owner has sealed the tenant's vault.
    #[error("the tenant's vault is sealed")]
    TenantSealed,
    /// The tenant is being erased.
    #[error("the tenant is being erased")]
    TenantErased,
    /// The store or the keyring failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl SafeToLog for OperatorsError {}

impl StoreFailure for OperatorsError {
    fn as_store(&self) -> Option<StoreError> {
        if let Self::Store(error) = self { Some(*error) } else { None }
    }
}

impl From<KeyringError> for OperatorsError {
    fn from(error: KeyringError) -> Self {
        Self::Store(store_error(&error))
    }
}

impl Operators {
    /// The operators of the service that `kernel` is of.
    #[must_use]
    pub fn new(kernel: Kernel) -> Self {
        Self { kernel, background: Background::default(), backups: None }
    }

    /// Every operator, in the order of their making.
    ///
    /// # Errors
    /// The keyring is away.
    pub async fn list(&self) -> Result<Vec<OperatorAccount>, OperatorsError> {
        Ok(self.kernel.keyring().operators().await?)
    }

    /// The operator of this name.
    ///
    /// # Errors
    /// [`OperatorsError::NotFound`]; the keyring is away.
    pub async fn named(&self, name: &OperatorName) -> Result<OperatorAccount, OperatorsError> {
        self.kernel.keyring().operator_named(name).await?.ok_or(OperatorsError::NotFound)
    }

    /// The operator of this id.
    ///
    /// # Errors
    /// [`OperatorsError::NotFound`]; the keyring is away.
    pub async fn with_id(&self, id: OperatorId) -> Result<OperatorAccount, OperatorsError> {
        self.kernel.keyring().operator(id).await?.ok_or(OperatorsError::NotFound)
    }

    /// Makes an account with a new app, whose secret it gives for this once.
    ///
    /// # Errors
    /// [`OperatorsError::Taken`]; the keyring is away.
    pub async fn add(&self, by: Operator, name: &OperatorName, role: Role) -> Result<OperatorAccount, OperatorsError> {
        let account = OperatorAccount::new(name, role, self.kernel.now(), self.kernel.entropy());
        let deed = SetOperator { operator: account.id, role, how: Set::Added };
        let adding = self.kernel.operate(by, deed, async |_| self.kernel.keyring().add_operator(&account).await);
        match adding.await? {
            Ok(()) => Ok(account),
            Err(KeyringError::Store(StoreError::Taken)) => Err(OperatorsError::Taken),
            Err(error) => Err(error.into()),
        }
    }

    /// Gives an operator another role; it counts from the next request on.
    ///
    /// # Errors
    /// [`OperatorsError::NotFound`]; [`OperatorsError::LastAdministrator`]; the keyring is away.
    pub async fn give_role(&self, by: Operator, id: OperatorId, role: Role) -> Result<(), OperatorsError> {
        let deed = SetOperator { operator: id, role, how: Set::Changed };
        let changing = self.kernel.operate(by, deed, async |_| {
            self.change(by, id, Then::Nothing, |account| account.of_role(role)).await.map(drop)
        });
        changing.await?
    }

    /// Gives an operator a new app, for this once, and nothing of what they had: their sessions end.
    ///
    /// # Errors
    /// [`OperatorsError::NotFound`]; the keyring is away.
    pub async fn reset(&self, by: Operator, id: OperatorId) -> Result<OperatorAccount, OperatorsError> {
        let resetting = self.kernel.operate(by, ResetOperator { operator: id }, async |_| {
            self.change(by, id, Then::SessionsEnd, |account| account.reset(self.kernel.entropy())).await
        });
        resetting.await?
    }

    /// Removes an operator: their sessions end.
    ///
    /// # Errors
    /// [`OperatorsError::NotFound`]; [`OperatorsError::LastAdministrator`]; the keyring is away.
    pub async fn remove(&self, by: Operator, id: OperatorId) -> Result<(), OperatorsError> {
        let removing = self.kernel.operate(by, RemoveOperator { operator: id }, async |_| {
            match self.kernel.keyring().remove_operator(by, id).await? {
                Changed::Done => Ok(()),
                Changed::Overtaken => Err(OperatorsError::NotFound),
                Changed::LastAdministrator => Err(OperatorsError::LastAdministrator),
            }
        });
        removing.await?
    }

    /// Changes an account as it stands now, whoever else changes it.
    async fn change(
        &self,
        by: Operator,
        id: OperatorId,
        then: Then,
        change: impl Fn(OperatorAccount) -> OperatorAccount,
    ) -> Result<OperatorAccount, OperatorsError> {
        for _ in 0..TRIES {
            let changed = change(self.with_id(id).await?);
            match self.kernel.keyring().change_operator(by, &changed, then.clone()).await? {
                Changed::Done => return Ok(changed),
                Changed::Overtaken => {}
                Changed::LastAdministrator => return Err(OperatorsError::LastAdministrator),
            }
        }
        Err(StoreError::Again.into())
    }
}

/// How often a change is tried that others overtake.
const TRIES: u32 = 8;
