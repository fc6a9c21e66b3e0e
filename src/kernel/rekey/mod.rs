//! Turning over an owner's key: a new version seals, everything that the old one sealed is sealed anew, and the old one
//! goes. Beside a running service whose requests never fail for it, in steps that can be gone through twice, by whoever
//! comes next, on any node.
//!
//! # The stages
//!
//! The keyring holds how far each is ([`Stage`]), with the states of both versions, in one transaction; the data's
//! database mirrors the states of what seals (`key_versions`).
//!
//! | stage | old version | new version | tags are looked up, and written, under | what is done in it |
//! |---|---|---|---|---|
//! | `Made` | seals | opens | old; old | nothing, until every node holds the new version |
//! | `Sealing` | opens | seals | old; both | mirror: old closed; values are sealed anew, tags made anew |
//! | `Found` | opens | seals | new; both | nothing, until every node looks up under the new version; mirror: old retired |
//! | `Alone` | opens | seals | new; new | what came in behind is sealed anew, old tags go, nothing is left: checked |
//! | `Retired` | opens restored data only | seals | new; new | nothing, until the last back-up that may need it is gone |
//! | `Destroyed` | gone | seals | new; new | checked once more before; a signed report |
//!
//! # Why no write lands under a closed version, and none is refused
//!
//! Between `Made` and `Sealing` the mirror gets the new version, active, beside the old one. Then the keyring lets the
//! new one seal; from then until the mirror closes the old one, a write under either is good. The mirror closes it by
//! updating the row that each writing transaction reads (`FOR SHARE` on PostgreSQL; SQLite has one writer): it waits for
//! those under way, and whoever comes later finds it closed, reads the keys again and runs again under the new one, once.
//! Had the keyring been first in both, a node that was told early would have met a version that the mirror does not
//! know; had the mirror been first in both, a node could only have got the closed version from the keyring, again.
//!
//! What is sealed outside of such a transaction (the journal of reads, a row for another owner than the scope's) may
//! land later. So the walk over the columns is made again in `Alone`, [`Rules::settle`] after the last change of what a
//! node may hold, and once more before the old version is destroyed: retired and destroyed is only what is seen to be
//! used by nothing. Before both, whoever works on it moves what was read in its own process into the audit; the others do
//! so twice a second, well within [`Rules::settle`].
//!
//! # Who holds keys for long
//!
//! A transaction begins with the keys that its process holds then ([`Kernel`] renews older scopes), so that it looks up
//! where tags are whole. What is under a version that it does not hold it asks the keyring for: a newer one, or a retired
//! one, under which the journal of a node that was down may bring entries in. They stay readable, and are sealed anew
//! before the version is destroyed.
//!
//! # A restore
//!
//! The data's database may go back in time, the keyring not. At the start, data that knows a version as in use which the
//! keyring is done with has its tags, and not those of the version that came: the turning over goes back to `Sealing`, and
//! through all of it again. Data from before a version was destroyed opens no more: that is what destroying is for.
//!
//! # Values
//!
//! [`sealed::SEALED`] lists every sealed column. A batch is read, sealed anew outside of any write (same place, row and
//! row version; only key version and nonce differ), and put in place by a comparison with the bytes that were read, so
//! that a change of the row meanwhile wins; the change was sealed under the new version anyway. How far the walk is, the
//! envelopes themselves say: after a kill it finds what is left by their key version. The audit's leaves are digests and
//! stay.
//!
//! # Tags
//!
//! A tag cannot be made anew without the value. Three kinds:
//!
//! - Those of records: unique on (tenant, field, index version, tag). From `Sealing` on, all nodes write both, so a value
//!   stands alone under both at once; the slices make the new tags of what was there ([`Lookups`]), each batch under
//!   locks of its records; then the new ones are looked up, then the old ones are no longer written, then they go. At no
//!   moment does a search or a check of uniqueness look where something is missing.
//! - Those that stand in a column of their own row (collections' names): looked up under every version that is held.
//! - Those that stand for a while (idempotency keys, places, gathered notices): looked up under every version that is
//!   held; a version is retired once those of a day ago are gone.
//!
//! Start at [`Kernel::rekey_next`].

mod deed;
mod hold;
mod mirror;
pub mod report;

pub use self::deed::{End, Lookups, Paced, Progress, RekeyScope, Retagging, Rules, Turn};
pub(in crate::kernel) use self::mirror::reconcile;
pub use crate::kernel::keyring::rekeys::{Begun, Facts, Pace, Pause, Rekey, Stage, Waiting, WaitsFor, Walked};
#[expect(unused_imports, reason = "the docs name them")]
use crate::kernel::{Kernel, store::sealed};
