//! The pages' addresses: each handler fills in a context of [`crate::web::pages`] and nothing else.
//!
//! A handler fails with the same [`Problem`] as the API; [`explain`] turns it into a page, or leads to where the person
//! can do what is missing: sign in, or confirm.

mod account;
mod acknowledge;
mod addresses;
mod api_docs;
mod approvals;
mod assets;
mod changes;
mod chrome;
mod confirm;
mod consents;
mod contacts;
mod control;
mod documents;
pub mod explain;
mod form;
mod home;
mod identifiers;
mod join;
mod leaving;
mod limits;
mod notices;
mod oidc;
mod onward;
mod preferences;
mod problems;
mod processors;
mod prompts;
mod recovery;
mod sealing;
mod security;
mod sign_in;
mod sign_in_rules;
mod subscriber;
mod support;
mod support_access;
mod team;
mod tokens;
mod transparency;
mod trust;
mod upload;
mod vault;
mod well_known;

use actix_web::HttpResponse;
use actix_web::http::header;

pub(in crate::web) use self::chrome::{Surroundings, chrome_of, locale as language_of, surroundings};
pub(in crate::web) use self::explain::encoded;
pub(in crate::web) use self::form::{FormBody, FormFields};
use crate::accounts::session::Begun;
use crate::kernel::log::SafeToLog;
use crate::kernel::personal::Secret;
use crate::web::cookies;
use crate::web::pages::{self, Chrome, Form, FormField, Page, RenderError};
use crate::web::problem::Problem;
use crate::web::routes::Route;
use crate::web::services::Services;

/// Every route of the pages.
pub(super) fn routes() -> Vec<Route> {
    let mut routes = Vec::new();
    routes.extend(api_docs::routes());
    routes.extend(account::routes());
    routes.extend(acknowledge::routes());
    routes.extend(changes::routes());
    routes.extend(approvals::routes());
    routes.extend(addresses::routes());
    routes.extend(assets::routes());
    routes.extend(confirm::routes());
    routes.extend(consents::routes());
    routes.extend(control::routes());
    routes.extend(contacts::routes());
    routes.extend(documents::routes());
    routes.extend(home::routes());
    routes.extend(identifiers::routes());
    routes.extend(join::routes());
    routes.extend(limits::routes());
    routes.extend(notices::routes());
    routes.extend(oidc::routes());
    routes.extend(leaving::routes());
    routes.extend(preferences::routes());
    routes.extend(problems::routes());
    routes.extend(processors::routes());
    routes.extend(prompts::routes());
    routes.extend(recovery::routes());
    routes.extend(sealing::routes());
    routes.extend(security::routes());
    routes.extend(sign_in::routes());
    routes.extend(sign_in_rules::routes());
    routes.extend(team::routes());
    routes.extend(subscriber::routes());
    routes.extend(support::routes());
    routes.extend(support_access::routes());
    routes.extend(tokens::routes());
    routes.extend(transparency::routes());
    routes.extend(trust::routes());
    routes.extend(vault::routes());
    routes.extend(well_known::routes());
    routes
}

impl SafeToLog for RenderError {}

/// A page as an answer.
///
/// # Errors
/// 500 when the page cannot be rendered.
pub(in crate::web) fn show<P: Page>(services: &Services, page: &P, chrome: &Chrome) -> Result<HttpResponse, Problem> {
    let html = pages::render(page, chrome).map_err(|error| Problem::unexpected(&services.incidents, &error))?;
    Ok(HttpResponse::Ok().content_type("text/html; charset=utf-8").body(html.into_body()))
}

/// A page with a form that was refused, under the status and header fields of `problem`.
///
/// # Errors
/// 500 when the page cannot be rendered.
pub(in crate::web) fn refuse<P: Page>(
    services: &Services,
    page: &P,
    chrome: &Chrome,
    problem: &Problem,
) -> Result<HttpResponse, Problem> {
    let mut response = show(services, page, chrome)?;
    *response.status_mut() = problem.descriptor().status;
    problem.add_headers(response.headers_mut());
    Ok(response)
}

/// The form with what `problem` says of it; `field` gives the field that a pointer into the API's body means. Nothing
/// when the problem is not the form's.
pub(in crate::web) fn told_in<F: FormField>(
    form: Form<F>,
    problem: &Problem,
    field: impl Fn(&str) -> Option<F>,
) -> Option<Form<F>> {
    let at = |form: Form<F>, pointer: &str, code| match field(pointer) {
        Some(field) => form.wrong(field, code),
        None => form.refused(code),
    };
    let code = problem.descriptor().code;
    match problem {
        Problem::Invalid(wrong) => Some(wrong.iter().fold(form, |form, one| at(form, &one.pointer, one.code))),
        Problem::CodeRefused => Some(at(form, "/code", code)),
        Problem::SecondRequired { .. } => Some(at(form, "/second", code)),
        Problem::AcknowledgementRequired { .. } => Some(at(form, "/acknowledged", code)),
        Problem::SignInRefused => Some(form.refused(code)),
        Problem::TooManyRequests(exhausted) => Some(form.refused(code).to_try_again_after(exhausted.retry_after)),
        _ => None,
    }
}

/// The answer with the cookie of a session that has begun or was raised.
pub(in crate::web) fn with_session(mut response: HttpResponse, begun: &Begun) -> HttpResponse {
    let token = Secret::new(begun.token.reveal().to_owned());
    let cookie = cookies::session(&token).unwrap_or_else(cookies::no_session);
    response.headers_mut().insert(header::SET_COOKIE, cookie);
    response
}

/// Leads on to another page of ours after a form was taken (303).
pub(in crate::web) fn go_to(path: &str) -> HttpResponse {
    HttpResponse::SeeOther().insert_header((header::LOCATION, local(path))).finish()
}

/// A path of our own; anything that could lead elsewhere leads to the beginning.
#[must_use]
pub(in crate::web) fn local(path: &str) -> &str {
    let bytes = path.as_bytes();
    let ours = bytes.first() == Some(&b'/') && !matches!(bytes.get(1), Some(b'/' | b'\\'));
    if ours && bytes.iter().all(|byte| (0x21..0x7f).contains(byte) && *byte != b'\\') { path } else { "/" }
}

#[cfg(test)]
mod tests {
    use super::local;

    #[test]
    fn only_paths_of_our_own_are_led_to() {
        assert_eq!(local("/t/1/records?after=x"), "/t/1/records?after=x");
        for elsewhere in [
            "",
            "https://example.com",
            "//example.com",
            "/\\example.com",
            "/a\\b",
            "/a b",
            "/\n",
            "\u{e9}",
            "javascript:1",
        ] {
            assert_eq!(local(elsewhere), "/", "{elsewhere}");
        }
    }
}
