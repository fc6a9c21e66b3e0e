//! Sealing a vault, and opening it again.

use actix_web::HttpResponse;
use actix_web::web::Data;
use serde::Serialize;
use utoipa::{OpenApi, ToSchema};

use crate::accounts::sealing::Unsealing;
use crate::kernel::access::{Authorized, SealVault, SeeSealing, UnsealVault};
use crate::kernel::clock::Time;
use crate::kernel::ids::AccountId;
use crate::kernel::keyring::sealings::Sealing;
use crate::web::api::accounts::of_failure;
use crate::web::problem::Problem;
use crate::web::routes::{Route, delete, get, post};
use crate::web::services::Services;

pub(super) fn routes() -> Vec<Route> {
    vec![get("/api/v1/tenant/seal", show), post("/api/v1/tenant/seal", seal), delete("/api/v1/tenant/seal", unseal)]
}

#[derive(OpenApi)]
#[openapi(paths(show, seal, unseal))]
struct Part;

pub(super) fn document() -> utoipa::openapi::OpenApi {
    Part::openapi()
}

/// Whether the vault is sealed.
#[derive(Serialize, ToSchema)]
struct SealAnswer {
    sealed: bool,
    /// Since when.
    #[schema(value_type = Option<String>, format = DateTime)]
    sealed_at: Option<Time>,
    /// The owner who did it.
    #[schema(value_type = Option<String>, format = "uuid")]
    sealed_by: Option<AccountId>,
}

/// Whether the vault is sealed.
#[utoipa::path(get, path = "/api/v1/tenant/seal", tag = "seal", security(("session" = [])),
    responses((status = 200, description = "Whether it is, since when and by whom", body = SealAnswer)))]
async fn show(access: Authorized<SeeSealing>, services: Data<Services>) -> Result<HttpResponse, Problem> {
    let sealing = services.accounts.sealing(&access).await.map_err(|error| of_failure(&services.incidents, error))?;
    let answer = match sealing {
        Some(Sealing { at, by }) => SealAnswer { sealed: true, sealed_at: Some(at), sealed_by: Some(by) },
        None => SealAnswer { sealed: false, sealed_at: None, sealed_by: None },
    };
    Ok(HttpResponse::Ok().json(answer))
}

/// Seals the vault: no node holds its keys any more when this is answered, and every request of its team and programs
/// gets 423 `sealed` until an owner unseals it. The owners are told.
#[utoipa::path(post, path = "/api/v1/tenant/seal", tag = "seal", security(("session" = [])),
    responses(
        (status = 204, description = "It is sealed"),
        (status = 403, description = "Not confirmed, or no owner"),
    ))]
async fn seal(access: Authorized<SealVault>, services: Data<Services>) -> Result<HttpResponse, Problem> {
    let sealed = services.accounts.seal_vault(&access).await;
    sealed.map_err(|error| of_failure(&services.incidents, error))?;
    Ok(HttpResponse::NoContent().finish())
}

/// Unseals the vault. The owners are told.
#[utoipa::path(delete, path = "/api/v1/tenant/seal", tag = "seal", security(("session" = [])),
    responses(
        (status = 204, description = "It is open"),
        (status = 403, description = "Not confirmed within ten minutes by the strongest method, or no owner"),
        (status = 404, description = "It is not sealed"),
    ))]
async fn unseal(access: Authorized<UnsealVault>, services: Data<Services>) -> Result<HttpResponse, Problem> {
    let unsealed = services.accounts.unseal_vault(&access).await;
    match unsealed.map_err(|error| of_failure(&services.incidents, error))? {
        Unsealing::Done => Ok(HttpResponse::NoContent().finish()),
        Unsealing::Open => Err(Problem::NotFound),
    }
}
