//! Who makes tags anew while a key turns over: of tenants the vault, of people the accounts.

use std::future::Future;
use std::pin::Pin;

use crate::accounts;
use crate::kernel::Kernel;
use crate::kernel::crypto::Owner;
use crate::kernel::rekey::{Lookups, Paced, RekeyScope, Retagging};
use crate::kernel::store::StoreError;
use crate::vault::Vault;

/// Support does not look in by what makes tags.
const UNTOLD: StoreError = StoreError::Refused("a look that nobody is told of");

/// Those of this program.
pub struct AllLookups {
    kernel: Kernel,
    vault: Vault,
}

impl AllLookups {
    /// Over this kernel.
    #[must_use]
    pub fn new(kernel: &Kernel) -> Self {
        // Where a number is completed by its country, it was when it was written.
        Self { kernel: kernel.clone(), vault: Vault::new(kernel.clone(), |_, _| Ok(None), |_, _, _, _| Err(UNTOLD)) }
    }
}

impl Lookups for AllLookups {
    fn retag<'l>(&'l self, scope: &'l RekeyScope, paced: Paced<'l>) -> Retagging<'l> {
        Box::pin(async move {
            match scope.owner() {
                Owner::Tenant(_) => self.vault.retag(scope, paced).await,
                _ => accounts::retag::retag(&self.kernel, scope).await,
            }
        })
    }

    fn drop_old<'l>(
        &'l self,
        scope: &'l RekeyScope,
    ) -> Pin<Box<dyn Future<Output = Result<u64, StoreError>> + Send + 'l>> {
        Box::pin(async move {
            match scope.owner() {
                Owner::Tenant(_) => self.vault.drop_old_tags(scope).await,
                _ => accounts::retag::drop_old_tags(&self.kernel, scope).await,
            }
        })
    }
}
