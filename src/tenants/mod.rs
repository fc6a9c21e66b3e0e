//! A business as the service's customer: what it is, and who belongs to it.
//!
//! Everything here is sealed under the tenant's own key. Start at [`profile`].

pub mod inactivity;
pub mod leaving;
pub mod members;
pub mod profile;
pub mod shown;
pub mod subscriber;
