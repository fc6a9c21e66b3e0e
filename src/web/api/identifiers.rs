//! What an account signs in by: changed, and a change taken back from the old (P-6).

use actix_web::HttpResponse;
use actix_web::web::{Data, Path};
use serde::{Deserialize, Serialize};
use utoipa::{OpenApi, ToSchema};

use crate::accounts::identifiers::Kind;
use crate::accounts::identifiers::changing::{Change, ChangeError, Draft};
use crate::accounts::identifiers::undoing::{Undo, UndoError};
use crate::kernel::access::{Anyone, Authorized, ProtectAccount};
use crate::kernel::clock::Time;
use crate::kernel::ids::{IdentifierChangeId, IdentifierUndoId};
use crate::kernel::log::Incidents;
use crate::kernel::personal::{Personal, Secret};
use crate::web::api::accounts::{invalid, of_failure};
use crate::web::api::body::Body;
use crate::web::guard::Caller;
use crate::web::problem::Problem;
use crate::web::routes::{Route, delete, post, put};
use crate::web::services::Services;

pub(super) fn routes() -> Vec<Route> {
    vec![
        post("/api/v1/account/identifiers", begin_change),
        put("/api/v1/account/identifiers/{id}", finish_change),
        delete("/api/v1/account/contacts/phone", remove_phone),
        post("/api/v1/identifier-undos", begin_undo),
        put("/api/v1/identifier-undos/{id}", finish_undo),
    ]
}

#[derive(OpenApi)]
#[openapi(paths(begin_change, finish_change, remove_phone, begin_undo, finish_undo))]
struct Part;

pub(super) fn document() -> utoipa::openapi::OpenApi {
    Part::openapi()
}

/// What to sign in by from now on.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct IdentifierBody {
    /// `email` or `phone`.
    #[schema(example = "email")]
    kind: String,
    /// The new one.
    #[schema(value_type = String)]
    value: Personal<String>,
}

/// A change that waits for the code that went to the new one.
#[derive(Serialize, ToSchema)]
struct ChangeBegun {
    #[schema(value_type = String, format = "uuid")]
    id: IdentifierChangeId,
    /// When the code dies.
    #[schema(value_type = String, format = DateTime)]
    expires_at: Time,
}

/// The code that went to the new one.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct ChangeCodeBody {
    /// Six digits.
    #[schema(value_type = String)]
    code: Secret<String>,
}

/// A change that was made.
#[derive(Serialize, ToSchema)]
struct ChangeMade {
    /// `email` or `phone`.
    #[schema(value_type = String, example = "email")]
    kind: Kind,
    /// What signs in from now on.
    value: String,
    /// Until when the old one can take it back.
    #[schema(value_type = String, format = DateTime)]
    undo_until: Time,
}

/// Which identifier was changed.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct UndoBody {
    /// The old one.
    #[schema(value_type = String)]
    identifier: Personal<String>,
}

/// A request to take a change back.
#[derive(Serialize, ToSchema)]
struct UndoBegun {
    #[schema(value_type = String, format = "uuid")]
    id: IdentifierUndoId,
    /// When it is forgotten; another can be made.
    #[schema(value_type = String, format = DateTime)]
    expires_at: Time,
}

/// The code that the old identifier was sent.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct UndoCodeBody {
    /// Six groups of four.
    #[schema(value_type = String)]
    code: Secret<String>,
}

/// What was taken back, and what to do now.
#[derive(Serialize, ToSchema)]
struct UndoneAnswer {
    /// `email` or `phone`: the old one signs in again, and every session has ended.
    #[schema(value_type = String, example = "email")]
    restored: Kind,
    /// What to do next, in this order; nothing is frozen.
    #[schema(example = json!(["sign_in", "change_password", "review_methods", "review_sign_ins"]))]
    next: [&'static str; 4],
}

/// What to do when somebody else was in the account.
const NEXT: [&str; 4] = ["sign_in", "change_password", "review_methods", "review_sign_ins"];

/// Begins a change: a code goes to the new one. The answer is the same for one that is another account's; its owner hears
/// of it, and no code fits.
#[utoipa::path(post, path = "/api/v1/account/identifiers", tag = "account", request_body = IdentifierBody,
    security(("session" = [])),
    responses(
        (status = 202, description = "A code is on its way", body = ChangeBegun),
        (status = 403, description = "Not confirmed within ten minutes, or not by a strong method that the account has"),
        (status = 422, description = "No such kind, or nothing that could sign in"),
        (status = 429, description = "Too many codes for this account or this address"),
    ))]
async fn begin_change(
    access: Authorized<ProtectAccount>,
    services: Data<Services>,
    body: Body<IdentifierBody>,
) -> Result<HttpResponse, Problem> {
    let IdentifierBody { kind, value } = body.read().await?;
    let begun = services.accounts.begin_change(&access, Draft { kind, value }).await;
    let Change { id, expires_at, .. } = begun.map_err(|error| of_change(&services.incidents, error))?;
    Ok(HttpResponse::Accepted().json(ChangeBegun { id, expires_at }))
}

/// Finishes a change: the new one signs in, the old one no more; it is told how to take this back within seven days.
#[utoipa::path(put, path = "/api/v1/account/identifiers/{id}", tag = "account", request_body = ChangeCodeBody,
    security(("session" = [])),
    params(("id" = String, Path, description = "The change's id")),
    responses(
        (status = 200, description = "Changed", body = ChangeMade),
        (status = 403, description = "Not confirmed within ten minutes, or not by a strong method that the account has"),
        (status = 404, description = "No such change waits"),
        (status = 422, description = "`code_refused`: wrong, used, over, or another account's identifier"),
    ))]
async fn finish_change(
    access: Authorized<ProtectAccount>,
    services: Data<Services>,
    id: Path<String>,
    body: Body<ChangeCodeBody>,
) -> Result<HttpResponse, Problem> {
    let id: IdentifierChangeId = id.parse().map_err(|_| Problem::NotFound)?;
    let changed = services.accounts.finish_change(&access, id, body.read().await?.code).await;
    let Change { kind, new, expires_at, .. } = changed.map_err(|error| of_change(&services.incidents, error))?;
    Ok(HttpResponse::Ok().json(ChangeMade { kind, value: new.into_revealed(), undo_until: expires_at }))
}

/// Removes the phone number: it signs in no more, and no code goes there. A verified one can be brought back from itself
/// within seven days.
#[utoipa::path(delete, path = "/api/v1/account/contacts/phone", tag = "account", security(("session" = [])),
    responses(
        (status = 204, description = "Removed"),
        (status = 403, description = "Not confirmed within ten minutes, or not by a strong method that the account has"),
        (status = 404, description = "There is none"),
    ))]
async fn remove_phone(access: Authorized<ProtectAccount>, services: Data<Services>) -> Result<HttpResponse, Problem> {
    services.accounts.remove_phone(&access).await.map_err(|error| of_change(&services.incidents, error))?;
    Ok(HttpResponse::NoContent().finish())
}

/// Asks to take a change back. The answer is the same for every identifier; where it was changed within seven days, its
/// code is sent there once more.
#[utoipa::path(post, path = "/api/v1/identifier-undos", tag = "account", request_body = UndoBody, responses(
    (status = 202, description = "Asked", body = UndoBegun),
))]
async fn begin_undo(
    _: Authorized<Anyone>,
    services: Data<Services>,
    body: Body<UndoBody>,
) -> Result<HttpResponse, Problem> {
    let begun = services.accounts.begin_undo(&body.read().await?.identifier).await;
    let Undo { id, expires_at } = begun.map_err(|error| of_failure(&services.incidents, error))?;
    Ok(HttpResponse::Accepted().json(UndoBegun { id, expires_at }))
}

/// Takes the change back by the code that the old identifier was sent: it signs in again, later changes are forgotten,
/// every session ends.
#[utoipa::path(put, path = "/api/v1/identifier-undos/{id}", tag = "account", request_body = UndoCodeBody,
    params(("id" = String, Path, description = "The request's id")),
    responses(
        (status = 200, description = "Taken back", body = UndoneAnswer),
        (status = 422, description = "`code_refused`: not the code of a change of this identifier, or over, or used"),
        (status = 429, description = "Too many wrong ones from this address"),
    ))]
async fn finish_undo(
    _: Authorized<Anyone>,
    services: Data<Services>,
    origin: Caller,
    id: Path<String>,
    body: Body<UndoCodeBody>,
) -> Result<HttpResponse, Problem> {
    let id: IdentifierUndoId = id.parse().map_err(|_| Problem::NotFound)?;
    let undone = services.accounts.finish_undo(id, &body.read().await?.code, &origin.0).await;
    let undone = undone.map_err(|error| of_undo(&services.incidents, error))?;
    Ok(HttpResponse::Ok().json(UndoneAnswer { restored: undone.kind, next: NEXT }))
}

/// Why nothing was changed, as the client sees it.
#[must_use]
pub fn of_change(incidents: &Incidents, error: ChangeError) -> Problem {
    match error {
        ChangeError::Invalid(faults) => invalid(faults),
        ChangeError::Unknown => Problem::NotFound,
        ChangeError::CodeRefused => Problem::CodeRefused,
        ChangeError::Failed(error) => of_failure(incidents, error),
    }
}

/// Why nothing was taken back, as the client sees it.
#[must_use]
pub fn of_undo(incidents: &Incidents, error: UndoError) -> Problem {
    match error {
        UndoError::CodeRefused => Problem::CodeRefused,
        UndoError::Failed(error) => of_failure(incidents, error),
    }
}
