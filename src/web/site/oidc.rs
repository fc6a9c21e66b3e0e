//! Going to an identity provider and coming back: `/sign-in/oidc` and `/sign-in/oidc/{provider}/return`.

use actix_web::http::header::{HeaderName, HeaderValue, SET_COOKIE};
use actix_web::web::{Data, Path, Query};
use actix_web::{HttpRequest, HttpResponse};
use serde::Deserialize;

use crate::accounts::oidc::arriving::{Arrival, Arrived, Traveller};
use crate::accounts::oidc::leaving::Begun;
use crate::kernel::access::sessions::Computer;
use crate::kernel::access::{Anyone, Authorized};
use crate::kernel::crypto::token::SessionToken;
use crate::kernel::personal::{Personal, Secret};
use crate::kernel::values::Locale;
use crate::web::api::accounts::of_failure;
use crate::web::api::oidc::{of_arriving, of_leaving, return_to};
use crate::web::cookies;
use crate::web::guard::Caller;
use crate::web::pages::{Chrome, Leave, ProviderChoice};
use crate::web::problem::Problem;
use crate::web::routes::{Route, get, post};
use crate::web::services::Services;
use crate::web::site::{FormBody, Surroundings, go_to, onward, show, surroundings, with_session};

pub(super) fn routes() -> Vec<Route> {
    vec![post("/sign-in/oidc", begin), get("/sign-in/oidc/{provider}/return", arrive)]
}

/// Sends somebody to sign in elsewhere. A session that the browser had before ends.
async fn begin(
    visitor: Authorized<Anyone>,
    request: HttpRequest,
    services: Data<Services>,
    origin: Caller,
    form: FormBody,
) -> Result<HttpResponse, Problem> {
    let form = form.read().await?;
    let computer = if form.raw("shared_computer") == "yes" { Computer::Shared } else { Computer::Own };
    let chrome = surroundings(&request, &services, Surroundings::of_a_stranger());
    let return_to = return_to(&request, &onward::next(&request))?;
    let provider = form.raw("provider");
    let begun = services.accounts.begin_provider_sign_in(provider, return_to, chrome.locale, computer, &origin.0).await;
    let Begun { address, token } = begun.map_err(|error| of_leaving(&services.incidents, error))?;
    if let Some(before) = visitor.as_deref() {
        let ended = services.accounts.sign_out(before).await;
        ended.map_err(|error| of_failure(&services.incidents, error))?;
    }
    let mut response = leave(&services, &chrome, provider, address)?;
    let token = Secret::new(token.reveal().to_owned());
    let cookie = cookies::session(&token).unwrap_or_else(cookies::no_session);
    response.headers_mut().insert(SET_COOKIE, cookie);
    Ok(response)
}

/// What a provider's redirect brings along (RFC 6749 §4.1.2, RFC 9207 §2); what else there is, is passed over.
#[derive(Deserialize)]
struct Brought {
    state: Option<Secret<String>>,
    code: Option<Secret<String>>,
    iss: Option<String>,
}

/// Somebody comes back. The address is left at once, so that what it carries stays nowhere.
async fn arrive(
    visitor: Authorized<Anyone>,
    request: HttpRequest,
    services: Data<Services>,
    origin: Caller,
    provider: Path<String>,
    brought: Query<Brought>,
) -> Result<HttpResponse, Problem> {
    let Brought { state, code, iss } = brought.into_inner();
    let access = visitor.as_deref();
    let anonymous = cookies::session_of(&request).filter(|_| access.is_none());
    let anonymous = anonymous.and_then(|token| SessionToken::parse(token.reveal()));
    let traveller = Traveller { access, anonymous, origin: origin.0 };
    let state = state.ok_or(Problem::ProviderRefused)?;
    let arrival = Arrival { provider: provider.into_inner(), state, code, iss };
    match services.accounts.arrive(traveller, arrival).await {
        Ok(Arrived::SignedIn(begun, next)) => Ok(with_session(go_to(&next), &begun)),
        Ok(Arrived::Confirmed(begun, next)) => Ok(with_session(go_to(&onward::with_news(&next, "confirmed")), &begun)),
        Ok(Arrived::Linked) => Ok(go_to("/account/security?news=method_added")),
        Err(error) => {
            let mut response = HttpResponse::from_error(of_arriving(&services.incidents, error));
            if access.is_none() {
                // What was begun is over; the browser has no session.
                response.headers_mut().insert(SET_COOKIE, cookies::no_session());
            }
            Ok(response)
        }
    }
}

/// The page that leads on to a provider. A form may not lead to another site (CSP `form-action`), its answer may.
pub(super) fn leave(
    services: &Services,
    chrome: &Chrome,
    provider: &str,
    address: Personal<String>,
) -> Result<HttpResponse, Problem> {
    let name = choices(services, chrome.locale).into_iter().find(|choice| choice.id == provider);
    let name = name.map_or_else(|| provider.to_owned(), |choice| choice.name);
    let at_once =
        HeaderValue::from_str(&format!("0; url={}", address.reveal())).map_err(|_| Problem::ProviderRefused)?;
    let mut response = show(services, &Leave { name, address: address.into() }, chrome)?;
    response.headers_mut().insert(REFRESH, at_once);
    Ok(response)
}

const REFRESH: HeaderName = HeaderName::from_static("refresh");

/// The providers as a reader of this language knows them.
pub(super) fn choices(services: &Services, locale: Locale) -> Vec<ProviderChoice> {
    let choice = |choice: crate::accounts::oidc::Choice| ProviderChoice {
        name: choice.name.in_language(locale).to_owned(),
        id: choice.id,
    };
    services.accounts.identity_providers().into_iter().map(choice).collect()
}
