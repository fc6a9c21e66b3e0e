//! What an operator's word gives of a tenant that is to leave on its behalf: its rows under its keys, for one transaction.

use crate::kernel::crypto::Owner;
use crate::kernel::keyring::KeyringError;
use crate::kernel::operators::OperatorAct;
use crate::kernel::operators::deeds::EraseTenant;
use crate::kernel::store::db::StoreFailure;
use crate::kernel::store::{StoreError, Tx};
use crate::kernel::tenancy::{AccountScope, NoticeScope};
use crate::kernel::{Kernel, store_error};

impl Kernel {
    /// Runs `run` as the one writing transaction in the tenant that `act` has leave, and for `others`. A sealed vault is no
    /// way to stay for ever: its keys are reached for this transaction alone, no cache holds them, and it stays sealed.
    ///
    /// # Errors
    /// The closure's own, or the store's.
    pub async fn write_on_behalf<R, E, F>(
        &self,
        act: &OperatorAct<EraseTenant>,
        others: Vec<AccountScope>,
        run: F,
    ) -> Result<R, E>
    where
        F: FnMut(&mut Tx<'_>, &(NoticeScope, Vec<AccountScope>)) -> Result<R, E> + Send + 'static,
        R: Send + 'static,
        E: From<StoreError> + StoreFailure + Send + 'static,
    {
        let failed = |error: KeyringError| E::from(store_error(&error));
        let tenant = act.deed().tenant;
        let keys = match self.keyring().reach(Owner::Tenant(tenant)).await {
            Err(KeyringError::Sealed(_)) => self.keyring().reach_sealed(tenant).await,
            keys => keys,
        };
        self.write_as_held("tenants.leave_on_behalf", (NoticeScope::new(tenant, keys.map_err(failed)?), others), run)
            .await
    }
}
