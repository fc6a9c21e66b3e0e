//! What a business keeps: collections of records, their fields' kinds, search, files, and their way in and out.
//!
//! Uses [`kernel`](crate::kernel) alone. What a field may hold is decided in [`kinds`].

pub mod kinds;
