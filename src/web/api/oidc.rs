//! Signing in by an identity provider (OpenID Connect), and what a provider itself tells.

use actix_web::http::StatusCode;
use actix_web::http::header::SET_COOKIE;
use actix_web::web::{Data, Path};
use actix_web::{HttpRequest, HttpResponse};
use serde::{Deserialize, Serialize};
use utoipa::{OpenApi, ToSchema};

use crate::accounts::oidc::Choice;
use crate::accounts::oidc::ReturnTo;
use crate::accounts::oidc::arriving::ArriveError;
use crate::accounts::oidc::leaving::{Begun, LeaveError};
use crate::accounts::oidc::logout::LogoutError;
use crate::kernel::access::sessions::Computer;
use crate::kernel::access::{Anyone, Authorized};
use crate::kernel::log::Incidents;
use crate::kernel::personal::Secret;
use crate::kernel::values::Locale;
use crate::web::api::accounts::of_failure;
use crate::web::api::body::Body;
use crate::web::cookies;
use crate::web::guard::Caller;
use crate::web::hosts::origin_of;
use crate::web::problem::Problem;
use crate::web::routes::{Route, get, post};
use crate::web::services::Services;
use crate::web::site::{FormBody, language_of};

pub(super) fn routes() -> Vec<Route> {
    vec![
        get("/api/v1/identity-providers", list_providers),
        post("/api/v1/session/oidc", begin_sign_in),
        post("/oidc/{provider}/back-channel-logout", back_channel_logout),
    ]
}

#[derive(OpenApi)]
#[openapi(paths(list_providers, begin_sign_in))]
struct Part;

pub(super) fn document() -> utoipa::openapi::OpenApi {
    Part::openapi()
}

/// An identity provider.
#[derive(Serialize, ToSchema)]
struct ProviderAnswer {
    /// Its name in the API.
    #[schema(example = "example-bank")]
    id: String,
    /// What people know it by, in each language.
    #[schema(value_type = std::collections::BTreeMap<String, String>)]
    name: std::collections::BTreeMap<&'static str, String>,
}

impl From<Choice> for ProviderAnswer {
    fn from(choice: Choice) -> Self {
        let name = Locale::ALL.map(|locale| (locale.tag(), choice.name.in_language(locale).to_owned()));
        Self { id: choice.id, name: name.into() }
    }
}

/// By whom to sign in.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct ProviderBody {
    /// The provider's id.
    #[schema(example = "example-bank")]
    provider: String,
    /// Others use this computer too: a short session, and nothing is kept.
    shared_computer: Option<bool>,
}

/// A sign-in that is finished at the provider.
#[derive(Serialize, ToSchema)]
struct DepartureAnswer {
    /// Where the browser is to go.
    #[schema(format = "uri")]
    authorization_url: String,
}

/// The identity providers that there are.
#[utoipa::path(get, path = "/api/v1/identity-providers", tag = "session", responses(
    (status = 200, description = "All of them, in no pages", body = Vec<ProviderAnswer>),
))]
async fn list_providers(_: Authorized<Anyone>, services: Data<Services>) -> Result<HttpResponse, Problem> {
    let all: Vec<ProviderAnswer> =
        services.accounts.identity_providers().into_iter().map(ProviderAnswer::from).collect();
    Ok(HttpResponse::Ok().json(all))
}

/// Begins signing in by an identity provider that an account has linked: an anonymous session, and an address to go to.
/// The browser that has the session comes back from there signed in, as surely as the provider's answer proves.
#[utoipa::path(post, path = "/api/v1/session/oidc", tag = "session", request_body = ProviderBody, responses(
    (status = 201, description = "Where to go; the cookie of an anonymous session is set", body = DepartureAnswer),
    (status = 422, description = "There is no such provider"),
    (status = 429, description = "Too many were begun from this address"),
    (status = 503, description = "`provider_unavailable`: the provider does not answer"),
))]
async fn begin_sign_in(
    _: Authorized<Anyone>,
    services: Data<Services>,
    request: HttpRequest,
    origin: Caller,
    body: Body<ProviderBody>,
) -> Result<HttpResponse, Problem> {
    let ProviderBody { provider, shared_computer } = body.read().await?;
    let computer = if shared_computer == Some(true) { Computer::Shared } else { Computer::Own };
    let (return_to, language) = (return_to(&request, "/")?, language_of(&request));
    let begun = services.accounts.begin_provider_sign_in(&provider, return_to, language, computer, &origin.0).await;
    let Begun { address, token } = begun.map_err(|error| of_leaving(&services.incidents, error))?;
    let token = Secret::new(token.reveal().to_owned());
    let cookie = cookies::session(&token).unwrap_or_else(cookies::no_session);
    let answer = DepartureAnswer { authorization_url: address.into_revealed() };
    Ok(HttpResponse::build(StatusCode::CREATED).insert_header((SET_COOKIE, cookie)).json(answer))
}

/// Where a provider says that somebody has signed out there (OpenID Connect Back-Channel Logout 1.0 §2.5).
async fn back_channel_logout(
    _: Authorized<Anyone>,
    services: Data<Services>,
    provider: Path<String>,
    form: FormBody,
) -> Result<HttpResponse, Problem> {
    let form = form.read().await?;
    let ended = services.accounts.back_channel_logout(&provider, &form.secret("logout_token")).await;
    let ended = ended.map_err(|error| of_logout(&services.incidents, error))?;
    tracing::info!(ended, "sessions were ended by a sign-out at an identity provider");
    Ok(HttpResponse::Ok().finish())
}

/// The way back to this service, as the browser knows it, and then to a path of ours.
pub(in crate::web) fn return_to(request: &HttpRequest, next: &str) -> Result<ReturnTo, Problem> {
    let origin = origin_of(request).ok_or(Problem::Misdirected)?;
    Ok(ReturnTo { origin, next: next.to_owned() })
}

/// Why nobody is sent to a provider, as the client sees it.
#[must_use]
pub fn of_leaving(incidents: &Incidents, error: LeaveError) -> Problem {
    match error {
        LeaveError::Unknown => {
            Problem::invalid_field("/provider", "not_a_choice", "There is no such identity provider.")
        }
        LeaveError::Away(_) => Problem::ProviderUnavailable,
        LeaveError::Failed(error) => of_failure(incidents, error),
    }
}

/// Why nothing came of coming back, as the client sees it.
#[must_use]
pub fn of_arriving(incidents: &Incidents, error: ArriveError) -> Problem {
    match error {
        ArriveError::Refused => Problem::ProviderRefused,
        ArriveError::ProvesTooLittle => Problem::ProofInsufficient,
        ArriveError::NotLinked => Problem::NotLinked,
        ArriveError::Outside => Problem::SignInRefused,
        ArriveError::LinkedElsewhere => Problem::LinkedElsewhere,
        ArriveError::Away(_) => Problem::ProviderUnavailable,
        ArriveError::Failed(error) => of_failure(incidents, error),
    }
}

fn of_logout(incidents: &Incidents, error: LogoutError) -> Problem {
    match error {
        LogoutError::Refused => Problem::LogoutRefused,
        LogoutError::Away(_) => Problem::ProviderUnavailable,
        LogoutError::Failed(error) => of_failure(incidents, error),
    }
}
