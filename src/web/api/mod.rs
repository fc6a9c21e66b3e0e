//! The JSON API under `/api/v1`; `shared` parts first: bodies ([`body`]) and how failures are told ([`failure`]).

pub mod body;
pub mod failure;
mod health;
pub mod openapi;
pub mod policies;
pub mod vault;

use crate::web::routes::Route;

/// Every route of the API.
pub(super) fn routes() -> Vec<Route> {
    let mut routes = Vec::new();
    routes.extend(health::routes());
    routes.extend(openapi::routes());
    routes.extend(policies::routes());
    routes.extend(vault::routes());
    routes
}

/// Each part's description of its operations.
fn documents() -> Vec<utoipa::openapi::OpenApi> {
    let mut documents = vec![policies::document()];
    documents.extend(vault::documents());
    documents
}
