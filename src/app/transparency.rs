//! The facts of the data's database that the transparency log states: the log is in the keyring's, so that they come to
//! it one after the other, and whatever a kill left out is entered the next time.

use crate::kernel::transparency::tree::Hash;
use crate::kernel::transparency::{Leaf, Told};
use crate::kernel::{Kernel, store_error};
use crate::policies::{Policies, PoliciesError, Published, State};

/// Has the log state every version of a legal document that it does not state yet.
///
/// # Errors
/// The store's or the keyring's.
pub(super) async fn enter_policies(kernel: &Kernel, policies: &Policies) -> Result<(), PoliciesError> {
    let leaves = policies.list().await?.iter().flat_map(leaves).collect();
    kernel.keyring().enter_facts(leaves).await.map_err(|error| store_error(&error).into())
}

fn leaves(published: &Published) -> Vec<Leaf> {
    let document = published.which.document.name().to_owned();
    let version = published.which.version;
    let sha256: String = published.sha256.iter().map(|byte| format!("{byte:02x}")).collect();
    let announced_at = published.announced_at.rfc3339();
    let effective_at = published.effective_at.rfc3339();
    let mut leaves = vec![Leaf::PolicyAnnounced {
        document: document.clone(),
        version,
        sha256: sha256.clone(),
        announced_at: announced_at.clone(),
        effective_at: effective_at.clone(),
    }];
    if matches!(published.state, State::InForce | State::Superseded) {
        let told = Told { root: Hash::of_nothing().to_string(), ..Told::default() };
        leaves.push(Leaf::PolicyInForce { document, version, sha256, announced_at, in_force_at: effective_at, told });
    }
    leaves
}
