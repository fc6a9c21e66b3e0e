//! How much members may do in a day, by role (K-9).

use serde::Serialize;

use super::form::{Form, form_fields};
use super::render::Page;
#[cfg(test)]
use super::vault::samples;
use crate::kernel::access::Limits;
use crate::kernel::ids::TenantId;

/// A limit of a day as a list shows it: of what, by its name in the API, and how much.
#[derive(Debug, Clone, Copy, Serialize)]
pub struct LimitShown {
    /// Of what.
    pub what: &'static str,
    /// How much.
    pub many: u32,
}

impl LimitShown {
    /// Those that there are.
    #[must_use]
    pub fn of(limits: Limits) -> Vec<Self> {
        use crate::kernel::access::Use;
        let all = [Use::Read, Use::Delete, Use::Export];
        all.into_iter().filter_map(|what| Some(Self { what: what.name(), many: limits.of(what)? })).collect()
    }
}

/// `/t/{tenant}/limits`: posts a field for each role and limit there; an empty one is no limit.
#[derive(Debug, Clone, Serialize)]
pub struct RoleLimitsPage {
    /// The tenant.
    pub tenant: TenantId,
    /// The limits, or what was typed.
    pub form: Form<LimitField>,
}

form_fields! {
    /// The fields of the limits.
    LimitField {
        /// Records that an editor reads.
        EditorReads = "editor_records_read_per_day", Typed;
        /// Records that an editor deletes.
        EditorDeletes = "editor_records_deleted_per_day", Typed;
        /// Exports that an editor makes.
        EditorExports = "editor_exports_per_day", Typed;
        /// Records that a viewer reads.
        ViewerReads = "viewer_records_read_per_day", Typed;
        /// Records that a viewer deletes.
        ViewerDeletes = "viewer_records_deleted_per_day", Typed;
        /// Exports that a viewer makes.
        ViewerExports = "viewer_exports_per_day", Typed;
    }
}

impl Page for RoleLimitsPage {
    const TEMPLATE: &'static str = "limits.html";

    #[cfg(test)]
    fn samples() -> Vec<Self> {
        let wrong = Form::empty()
            .typed(LimitField::ViewerReads, "many".to_owned().into())
            .wrong(LimitField::ViewerReads, "not_a_count");
        [Form::empty(), wrong].map(|form| Self { tenant: samples::tenant(), form }).to_vec()
    }
}
