//! The integration tests: one binary, so that it links once. A module a subject; a test's name is the rule it states.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic, reason = "tests")]
#![allow(clippy::print_stderr, reason = "a test that is skipped or fails says why")]

mod access;
mod account_control;
mod addresses;
mod approvals;
mod architecture;
mod audit;
mod away;
mod bad_input;
mod browser;
mod clients;
mod collections;
mod contacts;
mod crash;
mod crowd;
mod damage;
mod dependencies;
mod edge;
mod idempotency;
mod identifiers;
mod import_pages;
mod imports;
mod isolation;
mod joining;
mod journal;
mod limits;
mod mail;
mod methods;
mod notices;
mod oidc;
mod openapi;
mod pages;
mod parity;
mod passkeys;
mod policies;
mod process;
mod records;
mod regaining;
mod restart;
mod rows;
mod search;
mod shelf;
mod signing_in;
mod store;
mod subscriber;
mod support;
mod table;
mod team;
mod texts;
mod tokens;
mod vault_pages;
mod wire;
mod written;
