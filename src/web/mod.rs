//! What the world reaches: routes, guards, pages, the API, and the encrypted connection beneath them.
//!
//! May use the slices and the kernel; never names the database's library. Start at [`tls`] for the connection,
//! [`problem`] for what a refusal looks like.

pub mod problem;
pub mod tls;
