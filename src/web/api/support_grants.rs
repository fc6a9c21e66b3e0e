//! What the tenant lets support look at: granted, seen, ended.

use actix_web::web::{Data, Path};
use actix_web::{HttpRequest, HttpResponse};
use serde::{Deserialize, Serialize};
use utoipa::{OpenApi, ToSchema};

use crate::kernel::access::{Authorized, EndSupportGrant, GrantSupport, ReadSupportGrants};
use crate::kernel::clock::Time;
use crate::kernel::idempotency::Answer;
use crate::kernel::ids::{AccountId, CollectionId, SupportGrantId};
use crate::kernel::store::StoreError;
use crate::vault::support::{Hours, SupportGrant};
use crate::web::api::body::Body;
use crate::web::api::vault::{answer, refusal, send, wish};
use crate::web::problem::Problem;
use crate::web::routes::{Route, delete, get, post};
use crate::web::services::Services;

pub(super) fn routes() -> Vec<Route> {
    vec![
        post("/api/v1/tenant/support-grants", grant),
        get("/api/v1/tenant/support-grants", list),
        delete("/api/v1/tenant/support-grants/{id}", end),
    ]
}

#[derive(OpenApi)]
#[openapi(paths(grant, list, end))]
struct Part;

pub(super) fn document() -> utoipa::openapi::OpenApi {
    Part::openapi()
}

/// What support is to be let look at.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct SupportGrantBody {
    /// Into which collections: slugs or ids.
    #[schema(min_items = 1, max_items = 100)]
    collections: Vec<String>,
    /// For how long; a day where it is left out.
    #[schema(minimum = 1, maximum = 168, example = 24)]
    hours: Option<u32>,
}

/// What support is let look at, masked.
#[derive(Serialize, ToSchema)]
struct SupportGrantAnswer {
    #[schema(value_type = String, format = "uuid")]
    id: SupportGrantId,
    /// Who granted it.
    #[schema(value_type = String, format = "uuid")]
    granted_by: AccountId,
    /// Into which collections: their ids.
    #[schema(value_type = Vec<String>)]
    collections: Vec<CollectionId>,
    #[schema(value_type = String, format = DateTime)]
    made_at: Time,
    /// Until when, at the latest.
    #[schema(value_type = String, format = DateTime)]
    expires_at: Time,
    /// When somebody ended it before.
    #[schema(value_type = Option<String>, format = DateTime)]
    ended_at: Option<Time>,
    /// How many pages support looked at; each stands in the audit.
    views: i64,
    /// When it did last.
    #[schema(value_type = Option<String>, format = DateTime)]
    viewed_at: Option<Time>,
}

/// What was granted in the last months, the newest first.
#[derive(Serialize, ToSchema)]
struct SupportGrants {
    items: Vec<SupportGrantAnswer>,
}

impl From<&SupportGrant> for SupportGrantAnswer {
    fn from(grant: &SupportGrant) -> Self {
        Self {
            id: grant.id,
            granted_by: grant.granted_by,
            collections: grant.collections.clone(),
            made_at: grant.made_at,
            expires_at: grant.expires_at,
            ended_at: grant.ended_at,
            views: grant.views,
            viewed_at: grant.viewed_at,
        }
    }
}

fn granted(grant: &SupportGrant) -> Result<Answer, StoreError> {
    answer(201, None, None, &SupportGrantAnswer::from(grant))
}

/// Lets support look into collections for a time, never longer than a week. It sees no more than which fields there are,
/// which of them have a value, and states; each page that it looks at is in the audit at once.
#[utoipa::path(post, path = "/api/v1/tenant/support-grants", tag = "tenant", request_body = SupportGrantBody,
    security(("session" = [])),
    params(("Idempotency-Key" = Option<String>, Header, description = "Done once in 24 hours")),
    responses(
        (status = 201, description = "The grant", body = SupportGrantAnswer),
        (status = 403, description = "Not confirmed within ten minutes, or no admin"),
        (status = 422, description = "No such collection, too few hours or too many, or ten grants are live already"),
    ))]
async fn grant(
    access: Authorized<GrantSupport>,
    services: Data<Services>,
    request: HttpRequest,
    body: Body<SupportGrantBody>,
) -> Result<HttpResponse, Problem> {
    let (SupportGrantBody { collections, hours }, bytes) = body.read_with_bytes().await?;
    let hours = hours.map_or(Ok(Hours::default()), term)?;
    let wish = wish(&request, "POST /api/v1/tenant/support-grants", &bytes, granted)?;
    let made = services.vault.grant_support(&access, collections, hours, wish).await;
    send(&services.incidents, made.map_err(|error| refusal(&services, error))?, granted)
}

/// What support was let look at, and how often it did.
#[utoipa::path(get, path = "/api/v1/tenant/support-grants", tag = "tenant", security(("session" = [])), responses(
    (status = 200, description = "The grants, the newest first", body = SupportGrants),
))]
async fn list(access: Authorized<ReadSupportGrants>, services: Data<Services>) -> Result<HttpResponse, Problem> {
    let found = services.vault.support_grants(&access).await.map_err(|error| refusal(&services, error))?;
    Ok(HttpResponse::Ok().json(SupportGrants { items: found.iter().map(SupportGrantAnswer::from).collect() }))
}

/// Lets support look no longer, from this moment on.
#[utoipa::path(delete, path = "/api/v1/tenant/support-grants/{id}", tag = "tenant", security(("session" = [])),
    params(("id" = String, Path, description = "The grant's id")),
    responses(
        (status = 204, description = "It is over"),
        (status = 403, description = "Not confirmed, or no admin"),
        (status = 404, description = "No such grant of this tenant"),
    ))]
async fn end(
    access: Authorized<EndSupportGrant>,
    services: Data<Services>,
    id: Path<String>,
) -> Result<HttpResponse, Problem> {
    let id: SupportGrantId = id.parse().map_err(|_| Problem::NotFound)?;
    services.vault.end_support_grant(&access, id).await.map_err(|error| refusal(&services, error))?;
    Ok(HttpResponse::NoContent().finish())
}

/// So many hours.
///
/// # Errors
/// There are none such.
pub fn term(hours: u32) -> Result<Hours, Problem> {
    Hours::new(hours)
        .ok_or_else(|| Problem::invalid_field("/hours", "out_of_range", "Support looks for 1 to 168 hours."))
}
