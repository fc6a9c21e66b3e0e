//! How much may be done in a day, by role (K-9); a token's own limits are given with it.

use actix_web::HttpResponse;
use actix_web::web::Data;
use serde::{Deserialize, Serialize};
use utoipa::{OpenApi, ToSchema};

use crate::accounts::limits::RoleLimits;
use crate::kernel::access::{Authorized, Limits, ManageLimits, ReadLimits};
use crate::web::api::accounts::of_failure;
use crate::web::api::body::Body;
use crate::web::problem::Problem;
use crate::web::routes::{Route, get, put};
use crate::web::services::Services;

pub(super) fn routes() -> Vec<Route> {
    vec![get("/api/v1/tenant/limits", limits), put("/api/v1/tenant/limits", limit)]
}

#[derive(OpenApi)]
#[openapi(paths(limits, limit))]
struct Part;

pub(super) fn document() -> utoipa::openapi::OpenApi {
    Part::openapi()
}

/// How much may be done in a day, which begins at midnight UTC; what is left out has no limit.
#[derive(Clone, Copy, Default, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
pub(super) struct LimitsBody {
    /// Records whose values are shown, in lists too.
    records_read_per_day: Option<u32>,
    /// Records taken to the trash.
    records_deleted_per_day: Option<u32>,
    /// Exports of the whole vault.
    exports_per_day: Option<u32>,
}

impl From<LimitsBody> for Limits {
    fn from(body: LimitsBody) -> Self {
        Self { reads: body.records_read_per_day, deletes: body.records_deleted_per_day, exports: body.exports_per_day }
    }
}

impl From<Limits> for LimitsBody {
    fn from(limits: Limits) -> Self {
        Self {
            records_read_per_day: limits.reads,
            records_deleted_per_day: limits.deletes,
            exports_per_day: limits.exports,
        }
    }
}

/// The limits of the roles that can have any.
#[derive(Default, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
struct RoleLimitsBody {
    editor: LimitsBody,
    viewer: LimitsBody,
}

impl From<RoleLimits> for RoleLimitsBody {
    fn from(limits: RoleLimits) -> Self {
        Self { editor: limits.editor.into(), viewer: limits.viewer.into() }
    }
}

/// How much the tenant's members may do in a day, by role.
#[utoipa::path(get, path = "/api/v1/tenant/limits", tag = "tenant", security(("session" = [])), responses(
    (status = 200, description = "The limits; null is none", body = RoleLimitsBody),
))]
async fn limits(access: Authorized<ReadLimits>, services: Data<Services>) -> Result<HttpResponse, Problem> {
    let limits = services.accounts.role_limits(&access).await;
    let limits = limits.map_err(|error| of_failure(&services.incidents, error))?;
    Ok(HttpResponse::Ok().json(RoleLimitsBody::from(limits)))
}

/// Sets how much the tenant's members may do in a day, by role, in all their sessions and through all their tokens
/// together. Beyond it a session is asked for a confirmation not older than ten minutes (403 `confirmation_required`); a
/// token is refused until the next day (429 `limit_reached`).
#[utoipa::path(put, path = "/api/v1/tenant/limits", tag = "tenant", request_body = RoleLimitsBody,
    security(("session" = [])),
    responses(
        (status = 200, description = "The limits", body = RoleLimitsBody),
        (status = 403, description = "Not confirmed within ten minutes, or no admin"),
        (status = 422, description = "A field is wrong"),
    ))]
async fn limit(
    access: Authorized<ManageLimits>,
    services: Data<Services>,
    body: Body<RoleLimitsBody>,
) -> Result<HttpResponse, Problem> {
    let RoleLimitsBody { editor, viewer } = body.read().await?;
    let limits = RoleLimits { editor: editor.into(), viewer: viewer.into() };
    let limits = services.accounts.limit_roles(&access, limits).await;
    let limits = limits.map_err(|error| of_failure(&services.incidents, error))?;
    Ok(HttpResponse::Ok().json(RoleLimitsBody::from(limits)))
}
