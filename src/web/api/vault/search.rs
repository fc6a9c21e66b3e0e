//! Search over HTTP.

use actix_web::HttpResponse;
use actix_web::web::{Data, Path};
use serde::Deserialize;
use serde_json::{Map, Value};
use utoipa::{OpenApi, ToSchema};

use super::shapes::RecordPage;
use super::{records_page, refusal};
use crate::kernel::access::{Authorized, ReadRecords};
use crate::vault::{Limit, Query};
use crate::web::api::body::Body;
use crate::web::problem::Problem;
use crate::web::routes::{Route, post};
use crate::web::services::Services;

pub(super) fn routes() -> Vec<Route> {
    vec![post("/api/v1/collections/{slug}/search", search)]
}

#[derive(OpenApi)]
#[openapi(paths(search), components(schemas(Search, RecordPage)))]
pub(super) struct Part;

/// What is searched for: every part that is there must fit.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct Search {
    /// The whole value of each of these searchable fields, by their names.
    #[serde(default)]
    #[schema(value_type = std::collections::BTreeMap<String, Value>)]
    r#where: Map<String, Value>,
    /// Words, or parts of words, in any field; accents and case do not count.
    text: Option<String>,
    /// 1 to 200; 50 if left out.
    limit: Option<i64>,
    /// The `next` of the page before.
    after: Option<String>,
}

/// Finds records, newest first. A page may be short, or empty, while there is a `next`.
#[utoipa::path(post, path = "/api/v1/collections/{slug}/search", tag = "records",
    security(("token" = []), ("session" = [])),
    params(("slug" = String, Path, description = "The collection's slug")),
    request_body = Search,
    responses((status = 200, description = "A page of records", body = RecordPage)))]
async fn search(
    access: Authorized<ReadRecords>,
    services: Data<Services>,
    slug: Path<String>,
    body: Body<Search>,
) -> Result<HttpResponse, Problem> {
    let input = match body.read().await {
        Ok(input) => input,
        Err(problem) => {
            services.vault.demand_collection(&access, &slug).await.map_err(|error| refusal(&services, error))?;
            return Err(problem);
        }
    };
    let out_of_range = || Problem::invalid_field("/limit", "out_of_range", "A page has 1 to 200 items.");
    let limit = input.limit.map_or(Ok(Limit::default()), |limit| Limit::new(limit).ok_or_else(out_of_range))?;
    let query = Query { exact: input.r#where, text: input.text };
    let page = services.vault.search(&access, &slug, query, limit, input.after).await;
    Ok(records_page(&services, page.map_err(|error| refusal(&services, error))?))
}
