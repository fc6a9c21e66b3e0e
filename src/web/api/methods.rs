//! What an account has to confirm with: listed, enrolled, removed.

use actix_web::web::{Data, Path};
use actix_web::{HttpRequest, HttpResponse};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::{OpenApi, ToSchema};

use crate::accounts::factors::enrolling::{Draft, EnrolError, Enrolled, Item};
use crate::accounts::factors::{Advice, Answer, Handed, Method};
use crate::kernel::access::factors::Standing;
use crate::kernel::access::{Assurance, Authorized, ChangeAccount, ProtectAccount, RecoverAccount, SignedIn};
use crate::kernel::clock::Time;
use crate::kernel::ids::FactorId;
use crate::kernel::log::Incidents;
use crate::kernel::personal::Personal;
use crate::web::api::accounts::{AnswerBody, invalid, of_failure};
use crate::web::api::body::Body;
use crate::web::api::oidc::return_to;
use crate::web::problem::Problem;
use crate::web::routes::{Route, delete, get, patch, post, put};
use crate::web::services::Services;
use crate::web::site::language_of;

pub(super) fn routes() -> Vec<Route> {
    vec![
        get("/api/v1/account/methods", list_methods),
        post("/api/v1/account/methods", enrol_method),
        put("/api/v1/account/methods/{id}", finish_method),
        patch("/api/v1/account/methods/{id}", rename_method),
        delete("/api/v1/account/methods/{id}", remove_method),
    ]
}

#[derive(OpenApi)]
#[openapi(paths(list_methods, enrol_method, finish_method, rename_method, remove_method))]
struct Part;

pub(super) fn document() -> utoipa::openapi::OpenApi {
    Part::openapi()
}

/// Something that the account can confirm with.
#[derive(Serialize, ToSchema)]
struct FactorAnswer {
    /// Absent from what comes with the account and cannot be removed.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = "uuid")]
    id: Option<FactorId>,
    /// `email`, `recovery_codes`, `totp`, `oidc` or `passkey`.
    #[schema(value_type = String, example = "totp")]
    method: &'static str,
    /// The id of the identity provider that it is of.
    #[serde(skip_serializing_if = "Option::is_none")]
    provider: Option<String>,
    /// What it is called, or where its code goes, masked.
    name: Option<String>,
    /// What a session is that was confirmed by it: `confirmed` or `strong`.
    #[schema(value_type = String, example = "strong")]
    assurance: Assurance,
    /// Whether it is good enough for what the account holds.
    advised: bool,
    /// Whether it can be used; one that too many wrong answers have ended must be removed and enrolled anew.
    usable: bool,
    /// How often it can still be used, where that has an end.
    #[serde(skip_serializing_if = "Option::is_none")]
    left: Option<usize>,
    #[schema(value_type = Option<String>, format = DateTime)]
    created_at: Option<Time>,
    /// When it last confirmed anything.
    #[schema(value_type = Option<String>, format = DateTime)]
    last_used_at: Option<Time>,
}

/// All that the account can confirm with.
#[derive(Serialize, ToSchema)]
struct FactorPage {
    /// From least to most secure.
    items: Vec<FactorAnswer>,
    /// They always come whole.
    #[schema(value_type = Option<String>)]
    next: Option<&'static str>,
}

/// What to enrol.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct FactorBody {
    /// `totp`, `passkey`, `recovery_codes` or `oidc`.
    #[schema(example = "totp")]
    method: String,
    /// What to call it; a passkey without a name is called by the device that it was made on.
    #[schema(value_type = Option<String>)]
    name: Option<Personal<String>>,
    /// With `oidc`: the identity provider.
    provider: Option<String>,
}

/// Another name.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct NameBody {
    /// What to call it from now on.
    #[schema(value_type = String)]
    name: Personal<String>,
}

/// An enrolment: its secrets are shown this once.
#[derive(Serialize, ToSchema)]
struct EnrolmentAnswer {
    #[schema(value_type = String, format = "uuid")]
    id: FactorId,
    #[schema(value_type = String, example = "totp")]
    method: &'static str,
    /// For an authenticator app: the shared secret in base32 without padding (RFC 6238: SHA-1, six digits, 30 seconds).
    #[serde(skip_serializing_if = "Option::is_none")]
    secret: Option<String>,
    /// The same as an address that apps read from a picture.
    #[serde(skip_serializing_if = "Option::is_none")]
    otpauth_uri: Option<String>,
    /// Ten recovery codes, each good once.
    #[serde(skip_serializing_if = "Option::is_none")]
    codes: Option<Vec<String>>,
    /// Where the browser is to go; it comes back with the identity linked.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(format = "uri")]
    authorization_url: Option<String>,
    /// For a passkey: what `PublicKeyCredential.parseCreationOptionsFromJSON` takes (WebAuthn level 3).
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Object>)]
    public_key: Option<Value>,
    /// When it ends unless its answer is sent; absent when nothing is waited for.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = DateTime)]
    expires_at: Option<Time>,
}

/// What the account can confirm with, from least to most secure.
#[utoipa::path(get, path = "/api/v1/account/methods", tag = "account", security(("session" = [])),
    responses((status = 200, description = "All of it", body = FactorPage)))]
async fn list_methods(access: Authorized<SignedIn>, services: Data<Services>) -> Result<HttpResponse, Problem> {
    let items = services.accounts.methods(&access).await.map_err(|error| of_failure(&services.incidents, error))?;
    let items = items.into_iter().map(FactorAnswer::from).collect();
    Ok(HttpResponse::Ok().json(FactorPage { items, next: None }))
}

/// Begins an enrolment. An authenticator app confirms once its code is sent, a passkey once the browser's answer is;
/// recovery codes do at once, and replace those before.
#[utoipa::path(post, path = "/api/v1/account/methods", tag = "account", request_body = FactorBody,
    security(("session" = [])),
    responses(
        (status = 201, description = "Begun, or done", body = EnrolmentAnswer),
        (status = 403, description = "Not confirmed within ten minutes, or not by a strong method that the account has"),
        (status = 422, description = "No such method or identity provider, as many as there may be, or a passkey at a bare address (`needs_name`)"),
        (status = 503, description = "`provider_unavailable`: the identity provider does not answer"),
    ))]
async fn enrol_method(
    access: Authorized<ProtectAccount>,
    services: Data<Services>,
    request: HttpRequest,
    body: Body<FactorBody>,
) -> Result<HttpResponse, Problem> {
    let FactorBody { method, name, provider } = body.read().await?;
    let draft = Draft { method, name };
    let enrolled = if draft.method == Method::Oidc.name() {
        let (return_to, language) = (return_to(&request, "/")?, language_of(&request));
        let provider = provider.unwrap_or_default();
        services.accounts.enrol_provider(&access, draft, &provider, return_to, language).await
    } else {
        services.accounts.enrol(&access, draft).await
    };
    let enrolled = enrolled.map_err(|error| of_enrolment(&services.incidents, error))?;
    Ok(HttpResponse::Created().json(EnrolmentAnswer::from(enrolled)))
}

/// Finishes an enrolment by its first code, or by the browser's answer. The session stays what it is.
#[utoipa::path(put, path = "/api/v1/account/methods/{id}", tag = "account", request_body = AnswerBody,
    security(("session" = [])),
    params(("id" = String, Path, description = "The enrolment's id")),
    responses(
        (status = 200, description = "Enrolled", body = FactorAnswer),
        (status = 403, description = "Not confirmed within ten minutes, or not by a strong method that the account has"),
        (status = 404, description = "No such enrolment waits"),
        (status = 422, description = "`code_refused`: wrong, or the enrolment is over"),
    ))]
async fn finish_method(
    access: Authorized<ProtectAccount>,
    services: Data<Services>,
    id: Path<String>,
    body: Body<AnswerBody>,
) -> Result<HttpResponse, Problem> {
    let id: FactorId = id.parse().map_err(|_| Problem::NotFound)?;
    let answer = Answer::try_from(body.read().await?)?;
    if matches!(answer, Answer::IsItApproved) {
        return Err(Problem::invalid_field("", "missing_field", "the field code or credential is missing"));
    }
    let finished = services.accounts.finish_enrolment(&access, id, answer).await;
    let item = finished.map_err(|error| of_enrolment(&services.incidents, error))?;
    Ok(HttpResponse::Ok().json(FactorAnswer::from(item)))
}

/// Calls something that confirms the account by another name.
#[utoipa::path(patch, path = "/api/v1/account/methods/{id}", tag = "account", request_body = NameBody,
    security(("session" = [])),
    params(("id" = String, Path, description = "The factor's id")),
    responses(
        (status = 200, description = "Renamed", body = FactorAnswer),
        (status = 404, description = "No such factor"),
        (status = 422, description = "The name is none"),
    ))]
async fn rename_method(
    access: Authorized<ChangeAccount>,
    services: Data<Services>,
    id: Path<String>,
    body: Body<NameBody>,
) -> Result<HttpResponse, Problem> {
    let id: FactorId = id.parse().map_err(|_| Problem::NotFound)?;
    let NameBody { name } = body.read().await?;
    let renamed = services.accounts.rename_method(&access, id, &name).await;
    let item = renamed.map_err(|error| of_enrolment(&services.incidents, error))?;
    Ok(HttpResponse::Ok().json(FactorAnswer::from(item)))
}

/// Removes what confirms the account, or takes an enrolment back; what waits for it ends.
#[utoipa::path(delete, path = "/api/v1/account/methods/{id}", tag = "account", security(("session" = [])),
    params(("id" = String, Path, description = "The factor's id")),
    responses(
        (status = 204, description = "Removed"),
        (status = 403, description = "Not confirmed within ten minutes, or neither by a strong method that the account has nor by a recovery code"),
        (status = 404, description = "No such factor"),
    ))]
async fn remove_method(
    access: Authorized<RecoverAccount>,
    services: Data<Services>,
    id: Path<String>,
) -> Result<HttpResponse, Problem> {
    let id: FactorId = id.parse().map_err(|_| Problem::NotFound)?;
    let removed = services.accounts.remove_method(&access, id).await;
    removed.map_err(|error| of_enrolment(&services.incidents, error))?;
    Ok(HttpResponse::NoContent().finish())
}

impl From<Item> for FactorAnswer {
    fn from(item: Item) -> Self {
        Self {
            id: item.id,
            method: item.method.name(),
            provider: item.provider,
            name: item.name.map(Personal::into_revealed),
            assurance: item.proof.assurance(),
            advised: item.advice == Advice::Advised,
            usable: item.standing == Standing::Usable,
            left: item.left,
            created_at: item.created_at,
            last_used_at: item.used_at,
        }
    }
}

impl From<Enrolled> for EnrolmentAnswer {
    fn from(enrolled: Enrolled) -> Self {
        let Enrolled { id, method, handed, expires_at } = enrolled;
        let (secret, otpauth_uri, codes, public_key, authorization_url) = (None, None, None, None, None);
        let method = method.name();
        let mut answer = Self { id, method, secret, otpauth_uri, codes, public_key, authorization_url, expires_at };
        match handed {
            Handed::App { secret, uri } => {
                answer.secret = Some(secret.reveal().clone());
                answer.otpauth_uri = Some(uri.reveal().clone());
            }
            Handed::Passkey(public_key) => answer.public_key = Some(public_key.into_revealed()),
            Handed::Elsewhere(address) => answer.authorization_url = Some(address.into_revealed()),
            Handed::Codes(codes) => answer.codes = Some(codes.iter().map(|code| code.reveal().clone()).collect()),
        }
        answer
    }
}

/// Why nothing was enrolled, or removed, as the client sees it.
#[must_use]
pub fn of_enrolment(incidents: &Incidents, error: EnrolError) -> Problem {
    match error {
        EnrolError::Invalid(faults) => invalid(faults),
        EnrolError::Unknown => Problem::NotFound,
        EnrolError::CodeRefused => Problem::CodeRefused,
        EnrolError::LinkedElsewhere => Problem::LinkedElsewhere,
        EnrolError::Away(_) => Problem::ProviderUnavailable,
        EnrolError::Failed(error) => of_failure(incidents, error),
    }
}
