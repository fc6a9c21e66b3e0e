//! `/preferences` and `/preferences/language`: the second cookie, only after somebody chose.

use actix_web::http::header;
use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse};

use crate::kernel::access::{Anyone, Authorized};
use crate::kernel::values::Locale;
use crate::web::cookies::{self, Theme};
use crate::web::pages::Preferences;
use crate::web::problem::Problem;
use crate::web::routes::{Route, get, post};
use crate::web::services::Services;
use crate::web::site::{FormBody, Surroundings, go_to, show, surroundings};

pub(super) fn routes() -> Vec<Route> {
    vec![get("/preferences", page), post("/preferences", save), post("/preferences/language", language)]
}

async fn page(
    visitor: Authorized<Anyone>,
    request: HttpRequest,
    services: Data<Services>,
) -> Result<HttpResponse, Problem> {
    let known = Surroundings::of_whoever(&services, visitor.as_deref()).await?;
    let chrome = surroundings(&request, &services, known);
    show(&services, &Preferences { language: chrome.locale, theme: chrome.theme }, &chrome)
}

async fn save(_: Authorized<Anyone>, request: HttpRequest, form: FormBody) -> Result<HttpResponse, Problem> {
    let form = form.read().await?;
    let theme = match form.raw("theme") {
        "light" => Theme::Light,
        "dark" => Theme::Dark,
        _ => Theme::Auto,
    };
    let mut chosen = cookies::preferences_of(&request);
    chosen.language = Locale::parse(form.raw("language")).ok().or(chosen.language);
    chosen.theme = Some(theme);
    Ok(with_preferences(go_to("/preferences?news=preferences_saved"), chosen))
}

/// The language switch in the footer, which leads back to where it stood.
async fn language(_: Authorized<Anyone>, request: HttpRequest, form: FormBody) -> Result<HttpResponse, Problem> {
    let form = form.read().await?;
    let mut chosen = cookies::preferences_of(&request);
    chosen.language = Locale::parse(form.raw("language")).ok().or(chosen.language);
    Ok(with_preferences(go_to(form.raw("return_to")), chosen))
}

pub(super) fn with_preferences(mut response: HttpResponse, chosen: cookies::Preferences) -> HttpResponse {
    if let Some(cookie) = cookies::preferences(chosen) {
        response.headers_mut().append(header::SET_COOKIE, cookie);
    }
    response
}
