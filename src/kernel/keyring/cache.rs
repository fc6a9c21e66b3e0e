//! Keys in memory: bounded, overwritten when they go, and usable only while the lease lasts.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use crate::kernel::crypto::{Owner, OwnerKeys};

/// How long keys may be used after the epoch was last read.
pub(in crate::kernel) const LEASE: Duration = Duration::from_secs(3);

/// The keys that this process holds. Dropping an [`OwnerKeys`] overwrites it; those in use at that moment go with their
/// request.
pub(super) struct Cache {
    capacity: usize,
    held: Mutex<Held>,
}

struct Held {
    epoch: i64,
    read_at: Option<Instant>,
    clock: u64,
    keys: HashMap<Owner, (Arc<OwnerKeys>, u64)>,
}

impl Cache {
    pub(super) fn new(capacity: usize) -> Self {
        Self {
            capacity: capacity.max(1),
            held: Mutex::new(Held { epoch: 0, read_at: None, clock: 0, keys: HashMap::new() }),
        }
    }

    fn held(&self) -> std::sync::MutexGuard<'_, Held> {
        self.held.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The epoch that was read last; 0 before the first time.
    pub(super) fn epoch(&self) -> i64 {
        self.held().epoch
    }

    /// Notes that `epoch` was read at `at`; when it moved since `before`, the keys that `changed` go. One that another
    /// thread has read a later one after says nothing any more.
    pub(super) fn renew(&self, before: i64, epoch: i64, changed: &Changed, at: Instant) {
        let mut held = self.held();
        if epoch < held.epoch && held.read_at.is_some_and(|later| at <= later) {
            return;
        }
        if held.epoch != epoch {
            // What changed is known from one epoch to another; what another thread noted meanwhile is not among it.
            match changed {
                Changed::Of(owners) if held.epoch == before => {
                    for owner in owners {
                        held.keys.remove(owner);
                    }
                }
                _ => held.keys.clear(),
            }
            held.epoch = epoch;
        }
        if held.read_at.is_none_or(|before| before < at) {
            held.read_at = Some(at);
        }
    }

    /// Whether the lease lasts; when it does not, every key goes.
    pub(super) fn lease(&self) -> Lease {
        let mut held = self.held();
        if held.read_at.is_some_and(|at| at.elapsed() < LEASE) {
            Lease::Lasts(held.epoch)
        } else {
            held.keys.clear();
            Lease::RanOut
        }
    }

    /// The keys of `owner`, when they are held and the lease lasts.
    pub(super) fn find(&self, owner: Owner) -> Option<Arc<OwnerKeys>> {
        let mut held = self.held();
        if held.read_at.is_none_or(|at| at.elapsed() >= LEASE) {
            return None;
        }
        held.clock += 1;
        let clock = held.clock;
        held.keys.get_mut(&owner).map(|(keys, used)| {
            *used = clock;
            Arc::clone(keys)
        })
    }

    /// Holds `keys`, read under `epoch`; not when the epoch moved meanwhile. The one used longest ago makes room.
    pub(super) fn hold(&self, keys: &Arc<OwnerKeys>, epoch: i64) {
        let mut held = self.held();
        if held.epoch != epoch {
            return;
        }
        if held.keys.len() >= self.capacity && !held.keys.contains_key(&keys.owner()) {
            // A tenth goes at once, so that the search for the oldest is paid seldom.
            let mut used: Vec<u64> = held.keys.values().map(|(_, used)| *used).collect();
            used.sort_unstable();
            let limit = used.get(self.capacity / 10).copied().unwrap_or(u64::MAX);
            // Nothing goes without the service's own: it stays.
            held.keys.retain(|owner, (_, used)| *used > limit || *owner == Owner::Service);
        }
        held.clock += 1;
        let clock = held.clock;
        held.keys.insert(keys.owner(), (Arc::clone(keys), clock));
    }

    /// Lets go of one owner's keys.
    pub(super) fn evict(&self, owner: Owner) {
        self.held().keys.remove(&owner);
    }
}

/// Whose keys changed from one epoch to another.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Changed {
    /// Theirs.
    Of(Vec<Owner>),
    /// That is not known any more: everybody's.
    All,
}

/// Whether keys in memory may be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Lease {
    /// The epoch, read a moment ago.
    Lasts(i64),
    /// The epoch must be read again first.
    RanOut,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kernel::crypto::{KeyVersion, OwnerKey};
    use crate::kernel::entropy::Entropy;

    fn keys(day: u32) -> Arc<OwnerKeys> {
        let key = OwnerKey::random(&Entropy::system());
        Arc::new(OwnerKeys::new(Owner::Day(day), [(KeyVersion::FIRST, key)], KeyVersion::FIRST).unwrap())
    }

    #[test]
    fn keys_go_when_the_epoch_moves_or_the_lease_runs_out() {
        let cache = Cache::new(8);
        assert_eq!(cache.lease(), Lease::RanOut);
        cache.renew(0, 1, &Changed::All, Instant::now());
        cache.hold(&keys(1), 1);
        assert!(cache.find(Owner::Day(1)).is_some());
        cache.renew(1, 2, &Changed::All, Instant::now());
        assert!(cache.find(Owner::Day(1)).is_none());
        cache.hold(&keys(1), 1);
        assert!(cache.find(Owner::Day(1)).is_none(), "keys read under an older epoch are not held");
        let Some(long_ago) = Instant::now().checked_sub(LEASE) else { return };
        let late = Cache::new(8);
        late.renew(0, 1, &Changed::All, long_ago);
        late.hold(&keys(1), 1);
        assert!(late.find(Owner::Day(1)).is_none());
        assert_eq!(late.lease(), Lease::RanOut);
    }

    #[test]
    fn only_whose_keys_changed_lose_them_as_long_as_that_is_known() {
        let cache = Cache::new(8);
        cache.renew(0, 1, &Changed::All, Instant::now());
        for day in 1..=3 {
            cache.hold(&keys(day), 1);
        }
        cache.renew(1, 2, &Changed::Of(vec![Owner::Day(1)]), Instant::now());
        assert!(cache.find(Owner::Day(1)).is_none());
        assert!(cache.find(Owner::Day(2)).is_some() && cache.find(Owner::Day(3)).is_some());
        // Somebody else noted epoch 2 meanwhile: what changed from 1 to 3 is not what changed from 2 to 3.
        cache.renew(1, 3, &Changed::Of(vec![Owner::Day(2)]), Instant::now());
        assert!(cache.find(Owner::Day(3)).is_none());
        assert_eq!(cache.epoch(), 3);
    }

    #[test]
    fn an_epoch_that_is_told_late_neither_holds_keys_of_before_nor_lets_later_ones_go() {
        let (cache, early) = (Cache::new(8), Instant::now());
        let late = early + Duration::from_millis(1);
        cache.renew(0, 1, &Changed::All, early);
        cache.renew(1, 2, &Changed::All, late);
        cache.hold(&keys(1), 2);
        cache.renew(1, 1, &Changed::Of(Vec::new()), early);
        cache.hold(&keys(2), 1);
        assert!(cache.find(Owner::Day(1)).is_some() && cache.find(Owner::Day(2)).is_none());
        assert_eq!(cache.epoch(), 2);
        // A keyring that was put back is believed.
        cache.renew(2, 1, &Changed::All, late + Duration::from_millis(1));
        assert!(cache.find(Owner::Day(1)).is_none());
        assert_eq!(cache.epoch(), 1);
    }

    #[test]
    fn the_cache_never_holds_more_than_its_capacity_and_keeps_what_is_used() {
        let cache = Cache::new(20);
        cache.renew(0, 1, &Changed::All, Instant::now());
        for day in 0..200 {
            cache.hold(&keys(day), 1);
            assert!(cache.find(Owner::Day(0)).is_some(), "used at every step");
            assert!(cache.held().keys.len() <= 20);
        }
    }
}
