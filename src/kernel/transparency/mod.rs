//! The transparency log: what the service did that everybody may check, in a Merkle tree that only grows.
//!
//! Its entries are [`Leaf`]s: versions of legal documents and that people were told of them, erasures, root keys turned
//! over, restores. None holds anything of a person or a tenant. The [`tree`] is that of RFC 6962; what is published is
//! C2SP's: signed [`note`]s as checkpoints, static [`tiles`], receipts as a [`proof`]. The log itself lives in the
//! keyring ([`keyring::log`](crate::kernel::keyring::log)), where no restore of the data can shorten it. Who rewrote it
//! would have to rewrite every checkpoint that is in somebody's hands: notices and certificates carry one.

mod leaf;
pub mod note;
pub mod proof;
pub mod tiles;
pub mod tree;

pub use self::leaf::{Leaf, Told};
