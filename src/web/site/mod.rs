//! The pages' addresses: each handler fills in a context of [`crate::web::pages`] and nothing else.
//!
//! A handler fails with the same [`Problem`] as the API; [`explain`] turns it into a page, or leads to where the person
//! can do what is missing: sign in, or confirm.

mod api_docs;
mod assets;
mod chrome;
mod documents;
pub mod explain;
mod form;
mod preferences;
mod problems;
mod well_known;

use actix_web::HttpResponse;
use actix_web::http::header;

pub(in crate::web) use self::chrome::{Surroundings, surroundings};
pub(in crate::web) use self::form::FormBody;
use crate::kernel::log::SafeToLog;
use crate::web::pages::{self, Chrome, Page, RenderError};
use crate::web::problem::Problem;
use crate::web::routes::Route;
use crate::web::services::Services;

/// Every route of the pages.
pub(super) fn routes() -> Vec<Route> {
    let mut routes = Vec::new();
    routes.extend(api_docs::routes());
    routes.extend(assets::routes());
    routes.extend(documents::routes());
    routes.extend(preferences::routes());
    routes.extend(problems::routes());
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
