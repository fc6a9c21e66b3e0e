//! `/account/password`, `/account/sessions`, `/account/freeze`: what keeps an account its owner's.

use actix_web::http::header::{HeaderValue, SET_COOKIE};
use actix_web::web::{Data, Path};
use actix_web::{HttpRequest, HttpResponse};

use crate::kernel::access::sessions::{Computer, Listed};
use crate::kernel::access::{AccountAccess, Authorized, ProtectAccount, SignedIn};
use crate::kernel::ids::SessionId;
use crate::kernel::personal::Personal;
use crate::kernel::values::Locale;
use crate::web::api::account_control::of_renewal;
use crate::web::api::accounts::{CLEAR_SITE_DATA, of_failure};
use crate::web::cookies;
use crate::web::pages::{
    Form, FormField as _, FreezePage, Moment, PasswordField, PasswordPage, SessionPlace, SessionRow, SessionsPage,
    WhichSession,
};
use crate::web::problem::Problem;
use crate::web::routes::{Route, get, post};
use crate::web::services::Services;
use crate::web::site::{FormBody, account, chrome_of, go_to, notices, refuse, show, told_in, with_session};

pub(super) fn routes() -> Vec<Route> {
    vec![
        get("/account/password", password),
        post("/account/password", change),
        post("/account/password/object", object),
        get("/account/sessions", sessions),
        post("/account/sessions/others", end_others),
        post("/account/sessions/{id}/end", end_one),
        get("/account/freeze", freeze_page),
        post("/account/freeze", freeze),
    ]
}

/// Where a freeze leads to.
pub(super) const FROZEN: &str = "/sign-in?frozen";

async fn password(
    access: Authorized<SignedIn>,
    request: HttpRequest,
    services: Data<Services>,
) -> Result<HttpResponse, Problem> {
    let chrome = chrome_of(&request, &services, &access).await?;
    let page = password_page(&services, &access, chrome.locale, Form::empty()).await?;
    show(&services, &page, &chrome)
}

async fn change(
    access: Authorized<ProtectAccount>,
    request: HttpRequest,
    services: Data<Services>,
    form: FormBody,
) -> Result<HttpResponse, Problem> {
    let form = form.read().await?;
    let (current, new) = (form.secret(PasswordField::Current.name()), form.secret(PasswordField::New.name()));
    let problem = match services.accounts.change_password(&access, &current, &new).await {
        Ok(begun) => return Ok(with_session(go_to("/account/password?news=password_changed"), &begun)),
        Err(error) => of_renewal(&services.incidents, error),
    };
    let field = |pointer: &str| match pointer {
        "/current" => Some(PasswordField::Current),
        "/new" => Some(PasswordField::New),
        _ => None,
    };
    let Some(again) = told_in(Form::empty(), &problem, field) else { return Err(problem) };
    let chrome = chrome_of(&request, &services, &access).await?;
    let page = password_page(&services, &access, chrome.locale, again).await?;
    refuse(&services, &page, &chrome, &problem)
}

async fn object(access: Authorized<SignedIn>, services: Data<Services>) -> Result<HttpResponse, Problem> {
    services.accounts.cancel_reset(&access).await.map_err(|error| of_failure(&services.incidents, error))?;
    Ok(go_to("/account/password"))
}

async fn password_page(
    services: &Services,
    access: &AccountAccess,
    locale: Locale,
    form: Form<PasswordField>,
) -> Result<PasswordPage, Problem> {
    let failed = |error| of_failure(&services.incidents, error);
    let lately = services.accounts.lately(access).await.map_err(failed)?;
    let waits = services.accounts.reset_waits(access).await.map_err(failed)?;
    let notices = lately.notices.into_iter().map(|entry| notices::row(services, entry, locale));
    Ok(PasswordPage {
        form,
        waits: waits.map(|at| Moment::new(at, locale)),
        attempts: lately.sign_ins.into_iter().map(|entry| account::attempt(entry, locale)).collect(),
        notices: notices.collect::<Result<_, _>>()?,
    })
}

async fn sessions(
    access: Authorized<SignedIn>,
    request: HttpRequest,
    services: Data<Services>,
) -> Result<HttpResponse, Problem> {
    let listed = services.accounts.sessions(&access).await.map_err(|error| of_failure(&services.incidents, error))?;
    let chrome = chrome_of(&request, &services, &access).await?;
    let current = access.session.id;
    let sessions = listed.into_iter().map(|session| row(session, current, chrome.locale)).collect();
    show(&services, &SessionsPage { sessions }, &chrome)
}

async fn end_others(access: Authorized<SignedIn>, services: Data<Services>) -> Result<HttpResponse, Problem> {
    let ended = services.accounts.end_other_sessions(&access).await;
    ended.map_err(|error| of_failure(&services.incidents, error))?;
    Ok(go_to("/account/sessions?news=session_ended"))
}

async fn end_one(
    access: Authorized<SignedIn>,
    services: Data<Services>,
    id: Path<SessionId>,
) -> Result<HttpResponse, Problem> {
    let ended = services.accounts.end_session(&access, *id).await;
    let ended = ended.map_err(|error| of_failure(&services.incidents, error))?.ok_or(Problem::NotFound)?;
    if ended == access.session.id {
        return Ok(forgetting(go_to("/sign-in?signed_out")));
    }
    Ok(go_to("/account/sessions?news=session_ended"))
}

async fn freeze_page(
    access: Authorized<SignedIn>,
    request: HttpRequest,
    services: Data<Services>,
) -> Result<HttpResponse, Problem> {
    show(&services, &FreezePage {}, &chrome_of(&request, &services, &access).await?)
}

async fn freeze(access: Authorized<SignedIn>, services: Data<Services>) -> Result<HttpResponse, Problem> {
    services.accounts.freeze(&access).await.map_err(|error| of_failure(&services.incidents, error))?;
    Ok(forgetting(go_to(FROZEN)))
}

/// The answer with which the browser forgets the session and what it has kept.
pub(super) fn forgetting(mut response: HttpResponse) -> HttpResponse {
    response.headers_mut().insert(SET_COOKIE, cookies::no_session());
    response.headers_mut().insert(CLEAR_SITE_DATA, HeaderValue::from_static("\"cache\", \"storage\""));
    response
}

/// A session as a page lists it.
pub(super) fn row(session: Listed, current: SessionId, locale: Locale) -> SessionRow {
    SessionRow {
        id: session.id,
        device: session.device.into(),
        ip: Personal::new(session.address.reveal().to_string()).into(),
        assurance: session.assurance,
        created_at: Moment::new(session.created_at, locale),
        seen_at: Moment::new(session.seen_at, locale),
        place: match session.computer {
            Computer::Own => SessionPlace::Own,
            Computer::Shared => SessionPlace::Shared,
        },
        which: if session.id == current { WhichSession::Current } else { WhichSession::Other },
    }
}
