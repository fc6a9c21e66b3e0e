//! Seif keeps each tenant's data encrypted under that tenant's own keys.
//!
//! # The map
//!
//! | module | what lives here |
//! |---|---|
//! | [`kernel`] | the trusted base: personal data, keys, sealing, the store, scope, access, audit; uses nothing of ours |
//!
//! Start reading at [`kernel`].

pub mod kernel;
