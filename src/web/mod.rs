//! What the world reaches: routes, guards, pages, the API, and the encrypted connection beneath them.
//!
//! May use the slices and the kernel; never names the database's library. Start at [`tls`] for the connection,
//! [`problem`] for what a refusal looks like, [`pages`] for what people see.
//!
//! Every request passes, from the outside in: the access log ([`access_log::record`]), the security headers
//! ([`headers::secure`]), the cookie filter ([`cookies::only_ours`]), problem documents ([`problem::everywhere`]), the
//! client's address ([`client::found`]), the genuine hosts ([`hosts::only_genuine`]), the same-origin rule
//! ([`cross_origin::same_origin`]).

pub mod access_log;
pub mod api;
pub mod assets;
pub mod client;
pub mod console;
pub mod cookies;
pub mod cross_origin;
pub mod files;
pub mod guard;
pub mod headers;
pub mod hosts;
pub mod pages;
pub mod problem;
pub mod routes;
pub mod services;
pub mod site;
pub mod tls;
