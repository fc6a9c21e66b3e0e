//! Sealing: what stands between a stored byte and its meaning. The only module that names a cipher.
//!
//! An owner's key ([`OwnerKey`]) never encrypts anything itself; from each of its versions keys are derived by use
//! ([`KeyUse`]), and [`OwnerKeys`] holds them ready. It seals a value into the place that its type names ([`Place`],
//! [`Sealed`]), opens it there and nowhere else, and makes tags to look values up by ([`Tag`]). Whatever fails to open
//! fails as [`Unreadable`], which says nothing about why.
//!
//! | file | what |
//! |---|---|
//! | [`owner`] | whose key it is, and all usable versions of it |
//! | [`envelope`] | the sealed form, its format and what it is bound to |
//! | [`lookup`] | tags |
//! | [`derive`] | one key for each use |
//! | [`aead`] | XAES-256-GCM, behind a trait |
//! | [`password`] | Argon2id on threads of its own, with a bounded queue |
//! | [`token`] | what opens a door for a while: API tokens, session tokens, codes |
//!
//! Uses `personal`, `ids`, `clock` and `entropy`. Start at [`envelope`].

pub mod aead;
pub mod derive;
pub mod envelope;
pub mod lookup;
pub mod owner;
pub mod password;
pub mod token;

pub use derive::KeyUse;
pub use envelope::{Place, RowRef, Sealed};
pub use lookup::Tag;
pub use owner::{KeyVersion, Owner, OwnerKey, OwnerKeys};

/// It does not open: another key, another place, another row, changed bytes, or no envelope at all.
///
/// One error for all of them, so that whoever tries learns nothing from failing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("unreadable")]
pub struct Unreadable;
