//! Seif.
