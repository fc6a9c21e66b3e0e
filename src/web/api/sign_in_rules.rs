//! What a tenant accepts of what its members confirm by: seen by them, set by its owners.

use actix_web::HttpResponse;
use actix_web::web::Data;
use serde::{Deserialize, Serialize};
use utoipa::{OpenApi, ToSchema};

use crate::accounts::addresses::Lockout;
use crate::accounts::factors::Method;
use crate::accounts::sign_in_rules::{Draft, Rules, RulesError};
use crate::kernel::access::{Authorized, ManageSignInRules, ReadSignInRules};
use crate::kernel::log::Incidents;
use crate::web::api::accounts::{invalid, of_failure};
use crate::web::api::body::Body;
use crate::web::problem::Problem;
use crate::web::routes::{Route, get, put};
use crate::web::services::Services;

pub(super) fn routes() -> Vec<Route> {
    vec![get("/api/v1/tenant/sign-in-rules", rules), put("/api/v1/tenant/sign-in-rules", set_rules)]
}

#[derive(OpenApi)]
#[openapi(paths(rules, set_rules))]
struct Part;

pub(super) fn document() -> utoipa::openapi::OpenApi {
    Part::openapi()
}

/// What the tenant is to accept.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct RulesBody {
    /// The least that is accepted: a strength (`confirmed`, `strong`), or a method, with those that are more secure.
    #[schema(example = "strong")]
    least: String,
    /// Methods that are not, however secure.
    #[schema(example = json!(["email", "sms"]))]
    forbidden: Vec<String>,
    /// Whether rules are meant by which the caller could not confirm.
    confirm_lockout: Option<bool>,
}

/// What the tenant accepts.
#[derive(Serialize, ToSchema)]
struct RulesAnswer {
    /// A strength (`confirmed`, `strong`), or a method.
    #[schema(example = "strong")]
    least: &'static str,
    /// From least to most secure.
    #[schema(value_type = Vec<String>, example = json!(["email", "sms"]))]
    forbidden: Vec<Method>,
    /// What is left of all methods, from least to most secure.
    #[schema(value_type = Vec<String>, example = json!(["totp", "passkey"]))]
    accepted: Vec<Method>,
}

impl From<Rules> for RulesAnswer {
    fn from(rules: Rules) -> Self {
        let (least, forbidden) = (rules.least().name(), rules.forbidden().to_vec());
        Self { least, forbidden, accepted: rules.accepted().collect() }
    }
}

/// What the tenant accepts of what its members confirm by.
#[utoipa::path(get, path = "/api/v1/tenant/sign-in-rules", tag = "tenant", security(("session" = [])), responses(
    (status = 200, description = "The rules", body = RulesAnswer),
))]
async fn rules(access: Authorized<ReadSignInRules>, services: Data<Services>) -> Result<HttpResponse, Problem> {
    let rules = services.accounts.sign_in_rules(&access).await;
    let rules = rules.map_err(|error| of_failure(&services.incidents, error))?;
    Ok(HttpResponse::Ok().json(RulesAnswer::from(rules)))
}

/// Sets what the tenant accepts. It counts from the next request of any session or token on, in this tenant alone: a
/// session that was confirmed by nothing that is accepted counts as unconfirmed (403 `confirmation_required`, with the
/// methods that would do), and a token as well whose maker had just shown nothing that is. Every member is told.
#[utoipa::path(put, path = "/api/v1/tenant/sign-in-rules", tag = "tenant", request_body = RulesBody,
    security(("session" = [])),
    responses(
        (status = 200, description = "The rules", body = RulesAnswer),
        (status = 403, description = "Not confirmed within ten minutes, or no owner"),
        (status = 409, description = "`would_lock_out`: the caller has nothing to confirm by that would be accepted, and `confirm_lockout` is not sent"),
        (status = 422, description = "There is no such method, or nothing would be left to confirm by"),
    ))]
async fn set_rules(
    access: Authorized<ManageSignInRules>,
    services: Data<Services>,
    body: Body<RulesBody>,
) -> Result<HttpResponse, Problem> {
    let RulesBody { least, forbidden, confirm_lockout } = body.read().await?;
    let lockout = if confirm_lockout == Some(true) { Lockout::Meant } else { Lockout::Unwanted };
    let set = services.accounts.set_sign_in_rules(&access, &Draft { least, forbidden }, lockout).await;
    let set = set.map_err(|error| refusal(&services.incidents, error))?;
    Ok(HttpResponse::Ok().json(RulesAnswer::from(set)))
}

/// Why the rules stay as they were, as the client sees it.
pub fn refusal(incidents: &Incidents, error: RulesError) -> Problem {
    match error {
        RulesError::Invalid(faults) => invalid(faults),
        RulesError::WouldLockOut => Problem::WouldLockOut,
        RulesError::Failed(error) => of_failure(incidents, error),
    }
}
