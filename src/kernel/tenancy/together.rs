//! Several scopes in one transaction: what concerns them all stands for each of them, or for none.

use std::sync::Arc;

use super::{Scope, sealed};
use crate::kernel::crypto::{KeyVersion, Owner, OwnerKeys};
use crate::kernel::ids::TenantId;
use crate::kernel::keyring::{Keyring, KeyringError};

impl<A: Scope, B: Scope> sealed::Sealed for (A, B) {}

impl<A: Scope, B: Scope> Scope for (A, B) {
    fn tenants(&self) -> Vec<TenantId> {
        once_each(self.0.tenants().into_iter().chain(self.1.tenants()))
    }

    fn keys_in_use(&self) -> Vec<(Owner, KeyVersion)> {
        once_each(self.0.keys_in_use().into_iter().chain(self.1.keys_in_use()))
    }

    fn grants(&self) -> Vec<&Arc<OwnerKeys>> {
        self.0.grants().into_iter().chain(self.1.grants()).collect()
    }

    fn renewed(&self, keyring: &Keyring) -> Result<Self, KeyringError> {
        Ok((self.0.renewed(keyring)?, self.1.renewed(keyring)?))
    }
}

impl<S: Scope> sealed::Sealed for Vec<S> {}

impl<S: Scope> Scope for Vec<S> {
    fn tenants(&self) -> Vec<TenantId> {
        once_each(self.iter().flat_map(Scope::tenants))
    }

    fn keys_in_use(&self) -> Vec<(Owner, KeyVersion)> {
        once_each(self.iter().flat_map(Scope::keys_in_use))
    }

    fn grants(&self) -> Vec<&Arc<OwnerKeys>> {
        self.iter().flat_map(Scope::grants).collect()
    }

    fn renewed(&self, keyring: &Keyring) -> Result<Self, KeyringError> {
        self.iter().map(|scope| scope.renewed(keyring)).collect()
    }
}

/// In one order, whoever asks: two transactions over the same rows do not wait for each other in a circle.
fn once_each<T: Ord>(all: impl Iterator<Item = T>) -> Vec<T> {
    let mut all: Vec<T> = all.collect();
    all.sort_unstable();
    all.dedup();
    all
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kernel::tenancy::UpkeepScope;

    #[test]
    fn what_several_reach_is_reached_once_and_in_one_order() {
        let [one, two] = [1, 2].map(|byte| TenantId::from_bytes([byte; 16]));
        let together = (vec![UpkeepScope(two), UpkeepScope(one)], UpkeepScope(two));
        assert_eq!(together.tenants(), [one, two]);
    }
}
