//! What the account agrees to beyond what the service needs (P-4).

use actix_web::web::{Data, Path};
use actix_web::{HttpRequest, HttpResponse};
use serde::{Deserialize, Serialize};
use utoipa::{OpenApi, ToSchema};

use crate::kernel::access::{Authorized, DecideConsent, SignedIn};
use crate::kernel::clock::Time;
use crate::kernel::tenancy::AccountScope;
use crate::policies::consents::{Choice, Decision, Purpose, Register};
use crate::web::api::body::Body;
use crate::web::api::policies::refusal;
use crate::web::api::vault::exports::entry;
use crate::web::guard::{PrivacySignal, privacy_signal};
use crate::web::problem::Problem;
use crate::web::routes::{Route, get, put};
use crate::web::services::Services;

pub(super) fn routes() -> Vec<Route> {
    vec![get("/api/v1/account/consents", list_consents), put("/api/v1/account/consents/{purpose}", decide_consent)]
}

#[derive(OpenApi)]
#[openapi(paths(list_consents, decide_consent), components(schemas(ConsentAnswer, ConsentDecision, ConsentBody)))]
struct Part;

pub(super) fn document() -> utoipa::openapi::OpenApi {
    Part::openapi()
}

/// Where the account stands with a purpose.
#[derive(Debug, Serialize, ToSchema)]
struct ConsentAnswer {
    /// `news` or `surveys`.
    #[schema(example = "news")]
    purpose: &'static str,
    /// Whether the account agrees to the text as it is today.
    given: bool,
    /// The version of that text.
    text_version: u32,
    /// Every decision, newest first.
    history: Vec<ConsentDecision>,
}

/// A decision.
#[derive(Debug, Serialize, ToSchema)]
struct ConsentDecision {
    /// Whether it was given or taken back.
    given: bool,
    /// On which version of the text.
    text_version: u32,
    /// `said` by the person, or `global_privacy_control`.
    #[schema(example = "said")]
    by: &'static str,
    /// When.
    #[schema(value_type = String, format = DateTime)]
    at: Time,
}

/// What is decided.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct ConsentBody {
    /// Whether the account agrees.
    given: bool,
}

/// What the account agrees to, and every decision on it.
#[utoipa::path(get, path = "/api/v1/account/consents", tag = "policies",
    security(("session" = [])),
    responses((status = 200, description = "The purposes", body = [ConsentAnswer])))]
async fn list_consents(access: Authorized<SignedIn>, services: Data<Services>) -> Result<HttpResponse, Problem> {
    Ok(HttpResponse::Ok().json(answers(&services, &access.scope).await?))
}

/// Agrees, or takes it back: the one is as easy as the other. From a browser that sends `Sec-GPC: 1` nothing is agreed to,
/// and the answer says so.
#[utoipa::path(put, path = "/api/v1/account/consents/{purpose}", tag = "policies",
    security(("session" = [])),
    params(("purpose" = String, Path, description = "`news` or `surveys`")),
    request_body = ConsentBody,
    responses(
        (status = 200, description = "Where the account stands now", body = ConsentAnswer),
        (status = 404, description = "No such purpose"),
    ))]
async fn decide_consent(
    access: Authorized<DecideConsent>,
    services: Data<Services>,
    path: Path<String>,
    request: HttpRequest,
    body: Body<ConsentBody>,
) -> Result<HttpResponse, Problem> {
    let body = body.read().await?;
    let purpose = Purpose::parse(&path).ok_or(Problem::NotFound)?;
    let given = body.given && privacy_signal(&request) == PrivacySignal::None;
    let choice = if given { Choice::Given } else { Choice::Withdrawn };
    let decided = services.policies.decide_consent(&access, purpose, choice).await;
    decided.map_err(|error| refusal(&services.incidents, error))?;
    let all = answers(&services, &access.scope).await?;
    let mine = all.into_iter().find(|answer| answer.purpose == purpose.name()).ok_or(Problem::NotFound)?;
    Ok(HttpResponse::Ok().json(mine))
}

/// The account's own register, as an entry of an export that it asks for: the same as [`list_consents`] gives.
pub(in crate::web::api) async fn written(services: &Services, own: &AccountScope) -> Result<Vec<u8>, Problem> {
    entry(services, &answers(services, own).await?)
}

async fn answers(services: &Services, own: &AccountScope) -> Result<Vec<ConsentAnswer>, Problem> {
    let registers = services.policies.consents(own).await;
    Ok(registers.map_err(|error| refusal(&services.incidents, error))?.iter().map(answer).collect())
}

fn answer(register: &Register) -> ConsentAnswer {
    ConsentAnswer {
        purpose: register.purpose.name(),
        given: register.stands == Choice::Given,
        text_version: register.purpose.text_version(),
        history: register.history.iter().map(decision).collect(),
    }
}

fn decision(decision: &Decision) -> ConsentDecision {
    ConsentDecision {
        given: decision.choice == Choice::Given,
        text_version: decision.text_version,
        by: decision.way.name(),
        at: decision.at,
    }
}
