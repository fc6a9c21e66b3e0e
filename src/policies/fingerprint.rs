//! Digests of what leaves the service as evidence.

use sha2::{Digest as _, Sha256};

/// SHA-256 of what was added, in order.
#[derive(Default)]
pub struct Fingerprint(Sha256);

impl Fingerprint {
    /// Of these bytes alone, in hex.
    #[must_use]
    pub fn of(bytes: &[u8]) -> String {
        let mut fingerprint = Self::default();
        fingerprint.add(bytes);
        fingerprint.hex()
    }

    /// Adds more.
    pub fn add(&mut self, bytes: &[u8]) {
        self.0.update(bytes);
    }

    /// The digest in hex.
    #[must_use]
    pub fn hex(self) -> String {
        self.0.finalize().iter().map(|byte| format!("{byte:02x}")).collect()
    }
}
