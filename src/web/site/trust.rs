//! `/trust`: what the running service knows of itself, for anybody, without a cookie (P-12, R-20).

use actix_web::http::header::{self, HeaderValue};
use actix_web::web::{Data, Path};
use actix_web::{HttpRequest, HttpResponse};

use crate::kernel::access::{Anyone, Authorized};
use crate::kernel::values::Locale;
use crate::policies::Document;
use crate::web::api::trust::{self, PolicyEvent};
use crate::web::pages::{Day, PolicyLine, TrustPage};
use crate::web::problem::Problem;
use crate::web::routes::{Route, get};
use crate::web::services::Services;
use crate::web::site::{Surroundings, chrome, documents, show, surroundings};

pub(super) fn routes() -> Vec<Route> {
    vec![get("/trust", in_my_language), get("/trust/{language}", facts)]
}

/// Leads to the language that the reader chose or prefers.
async fn in_my_language(_: Authorized<Anyone>, request: HttpRequest) -> HttpResponse {
    let path = format!("/trust/{}", chrome::locale(&request).tag());
    HttpResponse::Found().insert_header((header::LOCATION, path)).finish()
}

async fn facts(
    visitor: Authorized<Anyone>,
    services: Data<Services>,
    path: Path<String>,
    request: HttpRequest,
) -> Result<HttpResponse, Problem> {
    let language = Locale::ALL.into_iter().find(|locale| locale.tag() == *path).ok_or(Problem::NotFound)?;
    let known = trust::known(&services).await?;
    let page = TrustPage {
        domains: known.domains,
        region: known.region,
        hosting: known.hosting,
        tls: known.tls.join(", "),
        key_since: known.root_keys.iter().map(|root| root.since).max().map(|since| Day::new(since, language)),
        key_kept_by: known.root_keys.first().map(|root| root.kept_by.clone()),
        owners: known.owners_with_keys,
        erasures: known.erasures,
        backup_days: known.backup_days,
        drilled: known.last_drill.as_ref().map(|drill| Day::new(drill.at, language)),
        drill_found: if known.last_drill.as_ref().is_none_or(|drill| drill.good) { "good" } else { "bad" },
        cookies: known.cookies.map(ToOwned::to_owned).to_vec(),
        policies: known.policies.iter().rev().filter_map(|event| line(event, language)).collect(),
    };
    let around = Surroundings::of_whoever(&services, visitor.as_deref()).await?;
    let mut chrome = surroundings(&request, &services, around);
    chrome.locale = language;
    "/trust".clone_into(&mut chrome.path);
    let mut response = show(&services, &page, &chrome)?;
    response.headers_mut().insert(header::CONTENT_LANGUAGE, HeaderValue::from_static(language.tag()));
    Ok(response)
}

/// What users noticed: an announcement, coming into force, a withdrawal.
fn line(event: &PolicyEvent, language: Locale) -> Option<PolicyLine> {
    let known = ["announced", "in_force", "withdrawn"].into_iter().find(|known| *known == event.event)?;
    let document: Document = event.document.parse().ok()?;
    Some(PolicyLine {
        document: documents::of_pages(document),
        version: event.version,
        event: known.to_owned(),
        on: Day::new(event.at, language),
        accounts: event.accounts,
        noticed: event.noticed,
        unreachable: event.unreachable,
    })
}
