//! The trusted base: an auditor who reads this folder has read everything that stands between a tenant's data and the
//! world.
//!
//! Uses nothing else of this crate. From the inside out: values that refuse to be printed ([`personal`]), ids
//! ([`ids`]), time and randomness as values ([`clock`], [`entropy`]), values parsed at the edge ([`values`]),
//! keys and sealing ([`crypto`]).

pub mod access;
pub mod audit;
pub mod backup;
pub mod bucket;
pub mod clock;
mod core;
pub mod crypto;
pub mod entropy;
pub mod erasure;
pub mod estimate;
pub mod fault;
pub mod idempotency;
pub mod ids;
pub mod keyring;
pub mod log;
pub mod objects;
pub mod operators;
mod owners;
pub mod personal;
pub mod rekey;
pub mod store;
pub mod tenancy;
pub mod transparency;
pub mod values;

pub use self::core::{Kernel, LETTER, Parts, StartError, store_error};

/// Ends what goes on in threads of its own, and writes the log's last lines. To be called before the process ends.
pub fn finish() {
    keyring::root::finish();
    log::finish();
}
