//! `/sign-in` and `/sign-out`.

use actix_web::http::header::HeaderValue;
use actix_web::http::header::{HeaderName, SET_COOKIE};
use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse};
use serde_json::Value;

use crate::accounts::factors::alone::Shown;
use crate::accounts::signing_in::{Attempt, SignInError};
use crate::kernel::access::sessions::Computer;
use crate::kernel::access::{Anyone, Authorized};
use crate::kernel::personal::Personal;
use crate::web::api::accounts::{of_failure, of_sign_in};
use crate::web::cookies;
use crate::web::guard::Caller;
use crate::web::hosts::site_of;
use crate::web::pages::{Form, Passkeys, SignIn, SignInField, SignInReason, SignOut};
use crate::web::problem::Problem;
use crate::web::routes::{Route, get, post};
use crate::web::services::Services;
use crate::web::site::confirm::of_passkey;
use crate::web::site::oidc::choices;
use crate::web::site::{FormBody, Surroundings, go_to, onward, refuse, show, surroundings, told_in, with_session};

pub(super) fn routes() -> Vec<Route> {
    vec![
        get("/sign-in", page),
        post("/sign-in", sign_in),
        post("/sign-in/passkey", by_passkey),
        get("/sign-out", sign_out_page),
        post("/sign-out", sign_out),
    ]
}

/// Where signing out leads to.
const SIGNED_OUT: &str = "/sign-in?signed_out";

async fn page(
    visitor: Authorized<Anyone>,
    request: HttpRequest,
    services: Data<Services>,
) -> Result<HttpResponse, Problem> {
    let next = onward::next(&request);
    if visitor.is_some() {
        return Ok(go_to(&next));
    }
    let reason = if request.query_string() == "signed_out" {
        SignInReason::SignedOut
    } else if request.query_string() == "frozen" {
        SignInReason::Frozen
    } else if cookies::session_of(&request).is_some() {
        SignInReason::SessionEnded
    } else {
        SignInReason::Asked
    };
    let chrome = surroundings(&request, &services, Surroundings::of_a_stranger());
    let (onward, providers) = (onward::passing(&next).into(), choices(&services, chrome.locale));
    let passkeys = passkeys(&request);
    show(&services, &SignIn { form: Form::empty(), reason, onward, passkeys, providers }, &chrome)
}

/// Begins a session and leads on to confirming it. A session that the browser had before ends.
async fn sign_in(
    visitor: Authorized<Anyone>,
    request: HttpRequest,
    services: Data<Services>,
    origin: Caller,
    form: FormBody,
) -> Result<HttpResponse, Problem> {
    let form = form.read().await?;
    let onward = onward::passing(&onward::next(&request));
    let computer = if form.raw("shared_computer") == "yes" { Computer::Shared } else { Computer::Own };
    let attempt = Attempt { identifier: form.text("identifier"), password: form.secret("password"), computer };
    let problem = match services.accounts.sign_in(attempt, &origin.0).await {
        Ok(begun) => {
            if let Some(before) = visitor.as_deref() {
                let ended = services.accounts.sign_out(before).await;
                ended.map_err(|error| of_failure(&services.incidents, error))?;
            }
            return Ok(with_session(go_to(&format!("/confirm{onward}")), &begun));
        }
        Err(error) => of_sign_in(&services.incidents, error),
    };
    let typed = Form::empty()
        .typed(SignInField::Identifier, form.text("identifier"))
        .typed(SignInField::SharedComputer, form.text("shared_computer"));
    let Some(again) = told_in(typed, &problem, |_| None) else { return Err(problem) };
    let chrome = surroundings(&request, &services, Surroundings::of_a_stranger());
    let providers = choices(&services, chrome.locale);
    let (reason, passkeys) = (SignInReason::Asked, passkeys(&request));
    let page = SignIn { form: again, reason, onward: onward.into(), passkeys, providers };
    refuse(&services, &page, &chrome, &problem)
}

/// Begins a session by a passkey and nothing else: there is nothing left to confirm. A session that the browser had
/// before ends.
async fn by_passkey(
    visitor: Authorized<Anyone>,
    request: HttpRequest,
    services: Data<Services>,
    origin: Caller,
    form: FormBody,
) -> Result<HttpResponse, Problem> {
    let form = form.read().await?;
    let next = onward::next(&request);
    let computer = if form.raw("shared_computer") == "yes" { Computer::Shared } else { Computer::Own };
    let credential = serde_json::from_str(form.raw("credential")).unwrap_or(Value::Null);
    let begun = match form.raw("question").parse() {
        Ok(question) => {
            let shown = Shown { question, credential: Personal::new(credential), computer };
            services.accounts.sign_in_by_passkey(shown, &origin.0).await
        }
        Err(_) => Err(SignInError::Refused),
    };
    let problem = match begun {
        Ok(begun) => {
            if let Some(before) = visitor.as_deref() {
                let ended = services.accounts.sign_out(before).await;
                ended.map_err(|error| of_failure(&services.incidents, error))?;
            }
            return Ok(with_session(go_to(&next), &begun));
        }
        Err(error) => of_sign_in(&services.incidents, error),
    };
    let Some(again) = of_passkey(&problem) else { return Err(problem) };
    let chrome = surroundings(&request, &services, Surroundings::of_a_stranger());
    let (reason, onward) = (SignInReason::Asked, onward::passing(&next).into());
    let (passkeys, providers) = (passkeys(&request), choices(&services, chrome.locale));
    let page = SignIn { form: again, reason, onward, passkeys, providers };
    refuse(&services, &page, &chrome, &problem)
}

fn passkeys(request: &HttpRequest) -> Passkeys {
    if site_of(request).is_some() { Passkeys::Work } else { Passkeys::NeedName }
}

async fn sign_out_page(
    visitor: Authorized<Anyone>,
    request: HttpRequest,
    services: Data<Services>,
) -> Result<HttpResponse, Problem> {
    if visitor.is_none() {
        return Ok(go_to("/sign-in"));
    }
    let known = Surroundings::of_whoever(&services, visitor.as_deref()).await?;
    show(&services, &SignOut {}, &surroundings(&request, &services, known))
}

/// Ends the session on the server, and the browser forgets. Without a session the browser forgets all the same.
async fn sign_out(visitor: Authorized<Anyone>, services: Data<Services>) -> Result<HttpResponse, Problem> {
    if let Some(account) = visitor.as_deref() {
        services.accounts.sign_out(account).await.map_err(|error| of_failure(&services.incidents, error))?;
    }
    let mut response = go_to(SIGNED_OUT);
    response.headers_mut().insert(SET_COOKIE, cookies::no_session());
    response.headers_mut().insert(CLEAR_SITE_DATA, HeaderValue::from_static("\"cache\", \"storage\""));
    Ok(response)
}

const CLEAR_SITE_DATA: HeaderName = HeaderName::from_static("clear-site-data");
