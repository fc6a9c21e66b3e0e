//! Sign-ins on other devices that wait for this session to approve them (S-3).

use actix_web::HttpResponse;
use actix_web::web::{Data, Path};
use serde::{Deserialize, Serialize};
use utoipa::{OpenApi, ToSchema};

use crate::accounts::factors::approving::{Approvals, DecideError, Decision, Request};
use crate::kernel::access::{ApproveSignIns, Authorized, ProtectAccount, SignedIn};
use crate::kernel::clock::Time;
use crate::kernel::ids::ConfirmationId;
use crate::kernel::log::Incidents;
use crate::kernel::personal::Secret;
use crate::web::api::accounts::of_failure;
use crate::web::api::body::Body;
use crate::web::problem::Problem;
use crate::web::routes::{Route, get, put};
use crate::web::services::Services;

pub(super) fn routes() -> Vec<Route> {
    vec![
        get("/api/v1/account/approvals", list_approvals),
        get("/api/v1/account/approvals/settings", approval_settings),
        put("/api/v1/account/approvals/settings", set_approval_settings),
        put("/api/v1/account/approvals/{id}", decide_approval),
    ]
}

#[derive(OpenApi)]
#[openapi(paths(list_approvals, approval_settings, set_approval_settings, decide_approval))]
struct Part;

pub(super) fn document() -> utoipa::openapi::OpenApi {
    Part::openapi()
}

/// A sign-in that waits.
#[derive(Serialize, ToSchema)]
struct ApprovalAnswer {
    #[schema(value_type = String, format = "uuid")]
    id: ConfirmationId,
    #[schema(value_type = String, format = DateTime)]
    at: Time,
    ip: String,
    /// The device in words.
    device: String,
    /// Three different codes of two digits in random order: the other screen shows one of them.
    choices: Vec<String>,
    /// When it ends by itself.
    #[schema(value_type = String, format = DateTime)]
    expires_at: Time,
}

/// All that waits.
#[derive(Serialize, ToSchema)]
struct ApprovalPage {
    /// Oldest first.
    items: Vec<ApprovalAnswer>,
    /// They always come whole.
    #[schema(value_type = Option<String>)]
    next: Option<&'static str>,
}

/// What is decided.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct DecisionBody {
    /// `approve`, `refuse`, or `report` for somebody else's.
    #[schema(example = "approve")]
    decision: String,
    /// To approve: the code that the other screen shows.
    #[schema(value_type = Option<String>, example = "47")]
    control_code: Option<Secret<String>>,
}

/// Whether other sessions may approve.
#[derive(Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct ApprovalSettings {
    /// Whether a sign-in may be approved on another device.
    allowed: bool,
}

/// The sign-ins on other devices that wait to be approved here.
#[utoipa::path(get, path = "/api/v1/account/approvals", tag = "account", security(("session" = [])),
    responses((status = 200, description = "All of them", body = ApprovalPage)))]
async fn list_approvals(access: Authorized<ApproveSignIns>, services: Data<Services>) -> Result<HttpResponse, Problem> {
    let waiting = services.accounts.approvals(&access).await;
    let waiting = waiting.map_err(|error| of_failure(&services.incidents, error))?;
    let items = waiting.into_iter().map(ApprovalAnswer::from).collect();
    Ok(HttpResponse::Ok().json(ApprovalPage { items, next: None }))
}

/// Decides on a sign-in that waits. Of the codes one is right; a wrong one ends the request.
#[utoipa::path(put, path = "/api/v1/account/approvals/{id}", tag = "account", request_body = DecisionBody,
    security(("session" = [])),
    params(("id" = String, Path, description = "The waiting sign-in's id")),
    responses(
        (status = 204, description = "Decided"),
        (status = 404, description = "No such sign-in waits, or it is this session's own"),
        (status = 422, description = "`code_refused`: another code than the other screen shows; `invalid`: no such decision"),
    ))]
async fn decide_approval(
    access: Authorized<ApproveSignIns>,
    services: Data<Services>,
    id: Path<String>,
    body: Body<DecisionBody>,
) -> Result<HttpResponse, Problem> {
    let id: ConfirmationId = id.parse().map_err(|_| Problem::NotFound)?;
    let decision = Decision::try_from(body.read().await?)?;
    let decided = services.accounts.decide(&access, id, decision).await;
    decided.map_err(|error| of_decision(&services.incidents, error))?;
    Ok(HttpResponse::NoContent().finish())
}

/// Whether the account's sign-ins may be approved on another device.
#[utoipa::path(get, path = "/api/v1/account/approvals/settings", tag = "account", security(("session" = [])),
    responses((status = 200, description = "As it is set", body = ApprovalSettings)))]
async fn approval_settings(access: Authorized<SignedIn>, services: Data<Services>) -> Result<HttpResponse, Problem> {
    let set = services.accounts.approvals_setting(&access).await;
    let set = set.map_err(|error| of_failure(&services.incidents, error))?;
    Ok(HttpResponse::Ok().json(ApprovalSettings { allowed: set == Approvals::Allowed }))
}

/// Lets the account's sign-ins be approved on another device, or no longer.
#[utoipa::path(put, path = "/api/v1/account/approvals/settings", tag = "account", request_body = ApprovalSettings,
    security(("session" = [])),
    responses(
        (status = 200, description = "As it is set now", body = ApprovalSettings),
        (status = 403, description = "Not confirmed within ten minutes, or not by a strong method that the account has"),
    ))]
async fn set_approval_settings(
    access: Authorized<ProtectAccount>,
    services: Data<Services>,
    body: Body<ApprovalSettings>,
) -> Result<HttpResponse, Problem> {
    let settings = body.read().await?;
    let approvals = if settings.allowed { Approvals::Allowed } else { Approvals::Off };
    let set = services.accounts.set_approvals(&access, approvals).await;
    set.map_err(|error| of_failure(&services.incidents, error))?;
    Ok(HttpResponse::Ok().json(settings))
}

impl TryFrom<DecisionBody> for Decision {
    type Error = Problem;

    fn try_from(body: DecisionBody) -> Result<Self, Problem> {
        match (body.decision.as_str(), body.control_code) {
            ("approve", Some(code)) => Ok(Self::Approve(code)),
            ("approve", None) => {
                Err(Problem::invalid_field("/control_code", "missing_field", "the code that the other screen shows"))
            }
            ("refuse", _) => Ok(Self::Refuse),
            ("report", _) => Ok(Self::Report),
            _ => Err(Problem::invalid_field("/decision", "not_a_choice", "approve, refuse or report")),
        }
    }
}

impl From<Request> for ApprovalAnswer {
    fn from(request: Request) -> Self {
        Self {
            id: request.id,
            at: request.at,
            ip: request.ip.reveal().to_string(),
            device: request.device.into_revealed(),
            choices: request.choices,
            expires_at: request.expires_at,
        }
    }
}

/// Why a decision did not count, as the client sees it.
#[must_use]
pub fn of_decision(incidents: &Incidents, error: DecideError) -> Problem {
    match error {
        DecideError::Unknown => Problem::NotFound,
        DecideError::WrongCode => Problem::CodeRefused,
        DecideError::Failed(error) => of_failure(incidents, error),
    }
}
