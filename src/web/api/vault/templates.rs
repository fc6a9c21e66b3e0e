//! The starter collections.

use actix_web::HttpResponse;
use utoipa::OpenApi;

use super::shapes::TemplateShape;
use crate::kernel::access::{Authorized, ReadCollections};
use crate::vault::templates;
use crate::web::problem::Problem;
use crate::web::routes::{Route, get};

pub(super) fn routes() -> Vec<Route> {
    vec![get("/api/v1/templates", list)]
}

#[derive(OpenApi)]
#[openapi(paths(list))]
pub(super) struct Part;

/// The starter collections, each with the kinds of business that it is offered to; those that others link to first.
#[utoipa::path(get, path = "/api/v1/templates", tag = "collections", operation_id = "templates",
    security(("token" = []), ("session" = [])),
    responses((status = 200, description = "The starter collections", body = [TemplateShape])))]
async fn list(_: Authorized<ReadCollections>) -> Result<HttpResponse, Problem> {
    let all: Vec<_> = templates::all().iter().map(|template| &template.shown).collect();
    Ok(HttpResponse::Ok().json(all))
}
