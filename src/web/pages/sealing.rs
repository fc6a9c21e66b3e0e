//! Sealing a vault, and opening it again.

use serde::Serialize;

use super::render::Page;
use super::vault::Moment;
#[cfg(test)]
use super::vault::samples;
use crate::kernel::ids::TenantId;

/// `/t/{tenant}/seal`: posts there to seal, and to `/t/{tenant}/seal/opening` to unseal.
#[derive(Debug, Clone, Serialize)]
pub struct SealPage {
    /// The tenant.
    pub tenant: TenantId,
    /// Since when it is sealed; nothing while it is open.
    pub sealed_at: Option<Moment>,
    /// What the reader may do.
    pub may: MaySeal,
}

/// What the reader of the page may do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum MaySeal {
    /// Read it.
    Look,
    /// Seal and unseal.
    Decide,
}

impl Page for SealPage {
    const TEMPLATE: &'static str = "seal.html";

    #[cfg(test)]
    fn samples() -> Vec<Self> {
        let page = |sealed_at, may| Self { tenant: samples::tenant(), sealed_at, may };
        vec![
            page(None, MaySeal::Look),
            page(None, MaySeal::Decide),
            page(Some(samples::moment(-30)), MaySeal::Look),
            page(Some(samples::moment(-30)), MaySeal::Decide),
        ]
    }
}
