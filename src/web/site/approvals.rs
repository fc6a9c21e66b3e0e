//! `/account/approvals`: sign-ins on other devices, decided on here (S-3).

use actix_web::web::{Data, Path};
use actix_web::{HttpRequest, HttpResponse};

use crate::accounts::factors::approving::{self, Approvals, Decision, Request};
use crate::kernel::access::{AccountAccess, ApproveSignIns, Authorized, ProtectAccount};
use crate::kernel::ids::ConfirmationId;
use crate::kernel::personal::Personal;
use crate::kernel::values::Locale;
use crate::web::api::accounts::of_failure;
use crate::web::api::approvals::of_decision;
use crate::web::pages::{self, ApprovalRequest, Form, Moment};
use crate::web::problem::Problem;
use crate::web::routes::{Route, get, post};
use crate::web::services::Services;
use crate::web::site::{FormBody, chrome_of, go_to, refuse, show};

pub(super) fn routes() -> Vec<Route> {
    vec![
        get("/account/approvals", waiting),
        post("/account/approvals/{id}", decide),
        post("/account/security/approvals", set),
    ]
}

async fn waiting(
    access: Authorized<ApproveSignIns>,
    request: HttpRequest,
    services: Data<Services>,
) -> Result<HttpResponse, Problem> {
    let chrome = chrome_of(&request, &services, &access).await?;
    show(&services, &page(&services, &access, chrome.locale).await?, &chrome)
}

async fn decide(
    access: Authorized<ApproveSignIns>,
    request: HttpRequest,
    services: Data<Services>,
    id: Path<ConfirmationId>,
    form: FormBody,
) -> Result<HttpResponse, Problem> {
    let form = form.read().await?;
    let (decision, onward) = match form.raw("decision") {
        "refuse" => (Decision::Refuse, "/account/approvals?news=sign_in_refused"),
        "report" => (Decision::Report, "/account/sign-ins?news=sign_in_reported"),
        _ => (Decision::Approve(form.secret("control_code")), "/account/approvals?news=sign_in_approved"),
    };
    let code = match services.accounts.decide(&access, *id, decision).await {
        Ok(()) => return Ok(go_to(onward)),
        Err(approving::DecideError::WrongCode) => "wrong_number",
        Err(approving::DecideError::Unknown) => "request_over",
        Err(error) => return Err(of_decision(&services.incidents, error)),
    };
    let problem = if code == "wrong_number" { Problem::CodeRefused } else { Problem::NotFound };
    let chrome = chrome_of(&request, &services, &access).await?;
    let page = page(&services, &access, chrome.locale).await?;
    refuse(&services, &pages::Approvals { form: Form::empty().refused(code), ..page }, &chrome, &problem)
}

/// Lets other sessions approve sign-ins, or no longer.
async fn set(
    access: Authorized<ProtectAccount>,
    services: Data<Services>,
    form: FormBody,
) -> Result<HttpResponse, Problem> {
    let form = form.read().await?;
    let approvals = match form.raw("approvals") {
        "allowed" => Approvals::Allowed,
        "off" => Approvals::Off,
        _ => return Err(Problem::MalformedRequest),
    };
    let set = services.accounts.set_approvals(&access, approvals).await;
    set.map_err(|error| of_failure(&services.incidents, error))?;
    Ok(go_to("/account/security?news=preferences_saved"))
}

async fn page(services: &Services, access: &AccountAccess, locale: Locale) -> Result<pages::Approvals, Problem> {
    let waiting = services.accounts.approvals(access).await;
    let waiting = waiting.map_err(|error| of_failure(&services.incidents, error))?;
    let row = |request: Request| ApprovalRequest {
        id: request.id,
        at: Moment::new(request.at, locale),
        ip: Personal::new(request.ip.reveal().to_string()).into(),
        device: request.device.into(),
        choices: request.choices,
    };
    Ok(pages::Approvals { requests: waiting.into_iter().map(row).collect(), form: Form::empty() })
}
