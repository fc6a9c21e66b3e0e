//! What becomes of the tenant when nobody uses it: seen by its members, chosen by its owners (P-14).

use actix_web::HttpResponse;
use actix_web::web::Data;
use serde::{Deserialize, Deserializer, Serialize};
use utoipa::{OpenApi, ToSchema};

use crate::kernel::access::{Authorized, ChooseInactivity, SeeLeaving};
use crate::tenants::inactivity::Months;
use crate::web::api::body::Body;
use crate::web::api::failure;
use crate::web::problem::Problem;
use crate::web::routes::{Route, get, put};
use crate::web::services::Services;

pub(super) fn routes() -> Vec<Route> {
    vec![get("/api/v1/tenant/inactivity", inactivity), put("/api/v1/tenant/inactivity", choose_inactivity)]
}

#[derive(OpenApi)]
#[openapi(paths(inactivity, choose_inactivity))]
struct Part;

pub(super) fn document() -> utoipa::openapi::OpenApi {
    Part::openapi()
}

/// After how long without use the tenant leaves.
#[derive(Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct InactivityBody {
    /// In months; null where it stays however long nobody uses it, as at first.
    #[schema(required = true, minimum = 6, maximum = 60, example = 24)]
    #[serde(deserialize_with = "named")]
    after_months: Option<u32>,
}

/// Whoever leaves it out has not said that there is to be no term.
fn named<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<u32>, D::Error> {
    Option::deserialize(deserializer)
}

impl From<Option<Months>> for InactivityBody {
    fn from(after: Option<Months>) -> Self {
        Self { after_months: after.map(|months| u32::from(months.count())) }
    }
}

/// After how many months without use the tenant leaves.
#[utoipa::path(get, path = "/api/v1/tenant/inactivity", tag = "leaving", security(("session" = [])), responses(
    (status = 200, description = "The term; null is none", body = InactivityBody),
))]
async fn inactivity(access: Authorized<SeeLeaving>, services: Data<Services>) -> Result<HttpResponse, Problem> {
    let chosen = services.inactivity.chosen(&access).await;
    let chosen = chosen.map_err(|error| failure::of_store(&services.incidents, error))?;
    Ok(HttpResponse::Ok().json(InactivityBody::from(chosen)))
}

/// Chooses after how many months without use the tenant leaves. Each request of a session or a token that is let into the
/// tenant is a use. Every owner is warned 90, 30 and 7 days before; if nobody uses the tenant in spite of that, it is as if
/// an owner had asked for its cancellation `after_grace`, which any owner may take back.
#[utoipa::path(put, path = "/api/v1/tenant/inactivity", tag = "leaving", request_body = InactivityBody,
    security(("session" = [])),
    responses(
        (status = 200, description = "The term", body = InactivityBody),
        (status = 403, description = "Not confirmed within ten minutes by the strongest method, no owner, or the tenant is leaving"),
        (status = 422, description = "Fewer than 6 months, or more than 60"),
    ))]
async fn choose_inactivity(
    access: Authorized<ChooseInactivity>,
    services: Data<Services>,
    body: Body<InactivityBody>,
) -> Result<HttpResponse, Problem> {
    let InactivityBody { after_months } = body.read().await?;
    let after = after_months.map(term).transpose()?;
    let chosen = services.inactivity.choose(&access, after).await;
    chosen.map_err(|error| failure::of_store(&services.incidents, error))?;
    Ok(HttpResponse::Ok().json(InactivityBody::from(after)))
}

/// A term of so many months.
///
/// # Errors
/// There is none such.
pub fn term(months: u32) -> Result<Months, Problem> {
    Months::new(months)
        .ok_or_else(|| Problem::invalid_field("/after_months", "out_of_range", "A term has 6 to 60 months."))
}
