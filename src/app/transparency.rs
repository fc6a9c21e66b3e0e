//! The facts of the data's database that the transparency log states: the log is in the keyring's, so that they come to
//! it one after the other, and whatever a kill left out is entered the next time.

use std::collections::HashMap;

use crate::kernel::transparency::{Leaf, Told};
use crate::kernel::{Kernel, store_error};
use crate::policies::{DocumentVersion, Event, Happened, Policies, PoliciesError, Published};

/// Has the log state everything that happened to legal documents and that it does not state yet, oldest first.
///
/// # Errors
/// The store's or the keyring's.
pub(super) async fn enter_policies(kernel: &Kernel, policies: &Policies) -> Result<(), PoliciesError> {
    // Read in this order, whatever happened to a version finds it.
    let history = policies.history().await?;
    let versions: HashMap<DocumentVersion, Published> =
        policies.list().await?.into_iter().map(|published| (published.which, published)).collect();
    let leaves = history.iter().filter_map(|happened| leaf(happened, versions.get(&happened.which))).collect();
    kernel.keyring().enter_facts(leaves).await.map_err(|error| store_error(&error).into())
}

/// What the log states of it, if anything: neither that notices are queued nor what follows from another version.
fn leaf(happened: &Happened, published: Option<&Published>) -> Option<Leaf> {
    let (document, version) = (happened.which.document.name().to_owned(), happened.which.version);
    let at = happened.at.rfc3339();
    if happened.event == Event::Withdrawn {
        return Some(Leaf::PolicyWithdrawn { document, version, withdrawn_at: at });
    }
    let published = published?;
    let sha256 = published.sha256.iter().map(|byte| format!("{byte:02x}")).collect();
    match happened.event {
        Event::Announced => {
            let effective_at = published.effective_at.rfc3339();
            Some(Leaf::PolicyAnnounced { document, version, sha256, announced_at: at, effective_at })
        }
        Event::InForce => {
            let announced_at = published.announced_at.rfc3339();
            let tally = happened.tally;
            let told = Told { accounts: tally.accounts, reached: tally.noticed, unreachable: tally.unreachable };
            Some(Leaf::PolicyInForce { document, version, sha256, announced_at, in_force_at: at, told })
        }
        Event::Queued | Event::Superseded | Event::Withdrawn => None,
    }
}
