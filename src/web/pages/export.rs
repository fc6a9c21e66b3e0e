//! Taking everything along.

use serde::Serialize;

use super::render::Page;
use super::vault::Reach;
#[cfg(test)]
use super::vault::samples;
use crate::kernel::ids::TenantId;

/// `/t/{tenant}/export`: posts `sensitive`, `clear` or `masked`, there, and gets the archive.
#[derive(Debug, Clone, Serialize)]
pub struct ExportPage {
    /// The tenant.
    pub tenant: TenantId,
    /// Whether the visitor's role allows it.
    pub reach: Reach,
}

impl Page for ExportPage {
    const TEMPLATE: &'static str = "export.html";

    #[cfg(test)]
    fn samples() -> Vec<Self> {
        let page = |reach| Self { tenant: samples::tenant(), reach };
        vec![page(Reach::Change), page(Reach::Look)]
    }
}
