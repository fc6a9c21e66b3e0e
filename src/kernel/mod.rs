//! The trusted base: an auditor who reads this folder has read everything that stands between a tenant's data and the
//! world.
//!
//! Uses nothing else of this crate. From the inside out: values that refuse to be printed ([`personal`]), ids
//! ([`ids`]), time and randomness as values ([`clock`], [`entropy`]), values parsed at the edge ([`values`]),
//! keys and sealing ([`crypto`]).

pub mod clock;
pub mod crypto;
pub mod entropy;
pub mod ids;
pub mod log;
pub mod personal;
pub mod store;
pub mod values;
