//! How many values were sealed under each key since that was last noted.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use crate::kernel::crypto::{KeyVersion, Owner};

/// This process's counts, one a key version that was in use.
#[derive(Default)]
pub(super) struct Seals(Mutex<HashMap<(Owner, KeyVersion), Arc<AtomicU64>>>);

impl Seals {
    /// The count of one key version, for who seals under it.
    pub(super) fn of(&self, owner: Owner, version: KeyVersion) -> Arc<AtomicU64> {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(all.entry((owner, version)).or_default())
    }

    /// Takes the counts of tenants and accounts that have reached `least`; those of keys that nobody holds any more are
    /// forgotten once they are taken.
    pub(super) fn take(&self, least: u64) -> Vec<(Owner, KeyVersion, u64)> {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let mut taken = Vec::new();
        all.retain(|(owner, version), count| {
            let is_held = Arc::strong_count(count) > 1;
            let is_counted = matches!(owner, Owner::Tenant(_) | Owner::Account(_));
            if is_counted && count.load(Ordering::Relaxed) >= least.max(1) {
                taken.push((*owner, *version, count.swap(0, Ordering::Relaxed)));
            }
            is_held || (is_counted && count.load(Ordering::Relaxed) > 0)
        });
        taken
    }

    /// Puts back what was taken and could not be noted.
    pub(super) fn put_back(&self, taken: &[(Owner, KeyVersion, u64)]) {
        for (owner, version, many) in taken {
            self.of(*owner, *version).fetch_add(*many, Ordering::Relaxed);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kernel::ids::TenantId;

    #[test]
    fn what_was_sealed_is_taken_once_and_put_back_where_it_could_not_be_noted() {
        let (seals, owner) = (Seals::default(), Owner::Tenant(TenantId::from_bytes([1; 16])));
        let count = seals.of(owner, KeyVersion::FIRST);
        count.fetch_add(5, Ordering::Relaxed);
        assert_eq!(seals.take(6), []);
        let taken = seals.take(5);
        assert_eq!((taken.as_slice(), seals.take(1)), ([(owner, KeyVersion::FIRST, 5)].as_slice(), Vec::new()));
        drop(count);
        seals.put_back(&taken);
        assert_eq!(seals.take(1), taken);
        assert!(seals.0.lock().unwrap().len() <= 1 && seals.take(1).is_empty());
        assert!(seals.0.lock().unwrap().is_empty(), "nobody holds it");
    }
}
