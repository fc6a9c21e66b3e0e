//! What the world reaches: routes, guards, pages, the API, and the encrypted connection beneath them.
//!
//! May use the slices and the kernel; never names the database's library. Start at [`tls`] for the connection,
//! [`problem`] for what a refusal looks like, [`pages`] for what people see.

pub mod assets;
pub mod pages;
pub mod problem;
pub mod tls;
