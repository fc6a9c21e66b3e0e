//! Seif keeps each tenant's data encrypted under that tenant's own keys.
//!
//! # The map
//!
//! | module | what lives here |
//! |---|---|
//! | [`accounts`] | a person's sign-in: joining, passwords, sessions confirmed, API tokens |
//! | [`app`] | composition: builds everything from the settings, for `main` and for tests |
//! | [`cli`] | the command line |
//! | [`kernel`] | the trusted base: personal data, keys, sealing, the store, scope, access, audit; uses nothing of ours |
//! | [`messages`] | what the service says by mail: words in five languages, and their way out |
//! | [`operators`] | who runs the service: their accounts, and how they sign in to the console |
//! | [`policies`] | the legal documents, their versions, and who acknowledged them |
//! | [`settings`] | the typed configuration: the only reader of files and environment |
//! | [`tenants`] | a business as our customer: what it is, who belongs to it |
//! | [`vault`] | what a business keeps: collections, records, the kinds of fields |
//! | [`web`] | what the world reaches: TLS, routes, guards, pages, API |
//!
//! Start reading at [`kernel`].

pub mod accounts;
pub mod app;
pub mod cli;
pub mod kernel;
pub mod messages;
pub mod operators;
pub mod policies;
pub mod settings;
pub mod tenants;
#[cfg(feature = "testing")]
pub mod testing;
pub mod vault;
pub mod web;
