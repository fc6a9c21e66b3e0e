//! The audit over HTTP.

use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse};
use serde::Serialize;
use utoipa::{OpenApi, ToSchema};

use super::shapes::AuditPage;
use super::{Listing, OfId, OrUnreadable, refusal, unreadable};
use crate::kernel::access::{Authorized, ReadAudit};
use crate::kernel::audit::Intact;
use crate::vault::{AuditItem, Page};
use crate::web::problem::Problem;
use crate::web::routes::{Route, get};
use crate::web::services::Services;

pub(super) fn routes() -> Vec<Route> {
    vec![get("/api/v1/audit", list), get("/api/v1/audit/verification", verify)]
}

#[derive(OpenApi)]
#[openapi(paths(list, verify), components(schemas(Verification, AuditPage)))]
pub(super) struct Part;

/// What a re-computation of the audit's chain found.
#[derive(Serialize, ToSchema)]
struct Verification {
    /// How many entries there are.
    entries: u64,
    /// Whether none is missing, moved or changed.
    intact: bool,
    /// The head of the chain, SHA-256 in hexadecimal.
    head: String,
}

/// What was done in the tenant, newest first.
#[utoipa::path(get, path = "/api/v1/audit", tag = "audit",
    security(("token" = []), ("session" = [])),
    params(("limit" = Option<i64>, Query, description = "1 to 200; 50 if left out", minimum = 1, maximum = 200),
        ("after" = Option<String>, Query, description = "The `next` of the page before")),
    responses((status = 200, description = "A page of entries", body = AuditPage)))]
async fn list(
    access: Authorized<ReadAudit>,
    services: Data<Services>,
    request: HttpRequest,
) -> Result<HttpResponse, Problem> {
    let listing = Listing::plain(&request)?;
    let page = services.vault.audit(&access, listing.limit()?, listing.after).await;
    let page = page.map_err(|error| refusal(&services, error))?;
    let items = page.items.into_iter().map(|item| match item {
        AuditItem::Entry(entry) => OrUnreadable::Whole(entry),
        AuditItem::Unreadable(id) => unreadable(&services, OfId { id }),
    });
    Ok(HttpResponse::Ok().json(Page { items: items.collect(), next: page.next }))
}

/// Re-computes the audit's chain over everything that was noted before this request.
#[utoipa::path(get, path = "/api/v1/audit/verification", tag = "audit",
    security(("token" = []), ("session" = [])),
    responses((status = 200, description = "What was found", body = Verification)))]
async fn verify(access: Authorized<ReadAudit>, services: Data<Services>) -> Result<HttpResponse, Problem> {
    let found = services.vault.verify_audit(&access).await.map_err(|error| refusal(&services, error))?;
    let head = found.head.iter().map(|byte| format!("{byte:02x}")).collect();
    let intact = found.intact == Intact::Yes;
    Ok(HttpResponse::Ok().json(Verification { entries: found.entries, intact, head }))
}
