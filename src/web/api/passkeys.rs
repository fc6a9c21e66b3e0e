//! Signing in by a passkey alone (S-1).

use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use actix_web::web::{Data, Path};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::{OpenApi, ToSchema};

use crate::accounts::factors::alone::{AskError, Asked, Shown};
use crate::kernel::access::sessions::Computer;
use crate::kernel::access::{Anyone, Authorized};
use crate::kernel::clock::Time;
use crate::kernel::ids::PasskeySignInId;
use crate::kernel::log::Incidents;
use crate::kernel::personal::Personal;
use crate::web::api::accounts::{
    NEEDS_NAME, NEEDS_NAME_TEXT, SessionAnswer, of_failure, of_sign_in, passkey, view, with_cookie,
};
use crate::web::api::body::Body;
use crate::web::guard::Caller;
use crate::web::problem::Problem;
use crate::web::routes::{Route, post, put};
use crate::web::services::Services;

pub(super) fn routes() -> Vec<Route> {
    vec![post("/api/v1/session/passkey", ask_for_passkey), put("/api/v1/session/passkey/{id}", sign_in_by_passkey)]
}

#[derive(OpenApi)]
#[openapi(paths(ask_for_passkey, sign_in_by_passkey))]
struct Part;

pub(super) fn document() -> utoipa::openapi::OpenApi {
    Part::openapi()
}

/// A question that waits for whichever passkey a device holds.
#[derive(Serialize, ToSchema)]
struct AskedAnswer {
    #[schema(value_type = String, format = "uuid")]
    id: PasskeySignInId,
    /// What `PublicKeyCredential.parseRequestOptionsFromJSON` takes (WebAuthn level 3).
    #[schema(value_type = Object)]
    public_key: Value,
    /// When it ends by itself.
    #[schema(value_type = String, format = DateTime)]
    expires_at: Time,
}

/// A passkey's answer.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct PasskeyBody {
    /// What `PublicKeyCredential.toJSON()` gives (`AuthenticationResponseJSON`, WebAuthn level 3).
    #[schema(value_type = Object)]
    credential: Personal<Value>,
    /// Others use this computer too: a short session, and nothing is kept.
    shared_computer: Option<bool>,
}

/// Begins a sign-in by a passkey alone: no account is named, the device knows whose passkey it holds.
#[utoipa::path(post, path = "/api/v1/session/passkey", tag = "session", responses(
    (status = 201, description = "The question; its first answer, right or wrong, uses it up", body = AskedAnswer),
    (status = 422, description = "`needs_name`: the service was reached by a bare address, and passkeys are bound to a name"),
    (status = 429, description = "Too many were begun from this address"),
))]
async fn ask_for_passkey(
    _: Authorized<Anyone>,
    services: Data<Services>,
    origin: Caller,
) -> Result<HttpResponse, Problem> {
    let asked = services.accounts.ask_for_passkey(&origin.0).await;
    let Asked { id, public_key, expires_at } = asked.map_err(|error| of_asking(&services.incidents, error))?;
    Ok(HttpResponse::Created().json(AskedAnswer { id, public_key, expires_at }))
}

/// Signs in by a passkey: a session that is `strong` from its beginning.
#[utoipa::path(put, path = "/api/v1/session/passkey/{id}", tag = "session", request_body = PasskeyBody,
    params(("id" = String, Path, description = "The question's id")),
    responses(
        (status = 201, description = "Signed in; the session cookie is set", body = SessionAnswer),
        (status = 401, description = "`sign_in_refused`: unknown, wrong, answered before, over, or of an account that may not"),
        (status = 429, description = "Too many have failed from this address"),
    ))]
async fn sign_in_by_passkey(
    _: Authorized<Anyone>,
    services: Data<Services>,
    origin: Caller,
    id: Path<String>,
    body: Body<PasskeyBody>,
) -> Result<HttpResponse, Problem> {
    let question: PasskeySignInId = id.parse().map_err(|_| Problem::NotFound)?;
    let PasskeyBody { credential, shared_computer } = body.read().await?;
    let computer = if shared_computer == Some(true) { Computer::Shared } else { Computer::Own };
    let shown = Shown { question, credential: passkey(credential)?, computer };
    let begun = services.accounts.sign_in_by_passkey(shown, &origin.0).await;
    let begun = begun.map_err(|error| of_sign_in(&services.incidents, error))?;
    let answer = view(&services, &begun).await?;
    Ok(with_cookie(StatusCode::CREATED, &begun, &answer))
}

/// Why nothing is asked, as the client sees it.
fn of_asking(incidents: &Incidents, error: AskError) -> Problem {
    match error {
        AskError::NeedsName => Problem::invalid_field("", NEEDS_NAME, NEEDS_NAME_TEXT),
        AskError::Failed(error) => of_failure(incidents, error),
    }
}
