//! `/processors`: who else gets data, as the legal documents promise (P-1), for anybody, without a cookie.

use actix_web::http::header::{self, HeaderValue};
use actix_web::web::{Data, Path};
use actix_web::{HttpRequest, HttpResponse};
use fluent_bundle::FluentArgs;

use crate::kernel::access::{Anyone, Authorized};
use crate::kernel::values::{Country, Locale};
use crate::settings::{Objects, Processor, S3};
use crate::web::pages::texts::Texts;
use crate::web::pages::{ProcessorRow, Processors};
use crate::web::problem::Problem;
use crate::web::routes::{Route, get};
use crate::web::services::Services;
use crate::web::site::{Surroundings, chrome, show, surroundings};

pub(super) fn routes() -> Vec<Route> {
    vec![get("/processors", in_my_language), get("/processors/{language}", list)]
}

/// Leads to the language that the reader chose or prefers.
async fn in_my_language(_: Authorized<Anyone>, request: HttpRequest) -> HttpResponse {
    let path = format!("/processors/{}", chrome::locale(&request).tag());
    HttpResponse::Found().insert_header((header::LOCATION, path)).finish()
}

async fn list(
    visitor: Authorized<Anyone>,
    services: Data<Services>,
    path: Path<String>,
    request: HttpRequest,
) -> Result<HttpResponse, Problem> {
    let language = Locale::ALL.into_iter().find(|locale| locale.tag() == *path).ok_or(Problem::NotFound)?;
    let settings = &services.settings;
    let mut processors: Vec<_> = settings.processors.iter().map(|one| row(one, language)).collect();
    if let Objects::S3(bucket) = &settings.objects {
        processors.extend(keeper(&bucket.service, language, ("processor-files", "processor-files-get")));
    }
    if let Some(service) = &settings.backup.s3 {
        processors.extend(keeper(service, language, ("processor-backups", "processor-files-get")));
    }
    let known = Surroundings::of_whoever(&services, visitor.as_deref()).await?;
    let mut chrome = surroundings(&request, &services, known);
    chrome.locale = language;
    "/processors".clone_into(&mut chrome.path);
    let mut response = show(&services, &Processors { processors }, &chrome)?;
    response.headers_mut().insert(header::CONTENT_LANGUAGE, HeaderValue::from_static(language.tag()));
    Ok(response)
}

fn row(processor: &Processor, language: Locale) -> ProcessorRow {
    ProcessorRow {
        name: processor.name.as_str().to_owned(),
        country: country(processor.country, language),
        purpose: processor.purpose.in_language(language).to_owned(),
        receives: processor.receives.in_language(language).to_owned(),
    }
}

/// Whose bucket something is in, unless it is on this machine.
fn keeper(service: &S3, language: Locale, (purpose, receives): (&str, &str)) -> Option<ProcessorRow> {
    let (company, where_it_is) = service.company.as_ref()?;
    let say = |key: &str| Texts::of(language).and_then(|texts| texts.say(key, &FluentArgs::new()));
    Some(ProcessorRow {
        name: company.as_str().to_owned(),
        country: country(*where_it_is, language),
        purpose: say(purpose).unwrap_or_default(),
        receives: say(receives).unwrap_or_default(),
    })
}

/// The country's name, where the pages have one; else its code.
fn country(country: Country, language: Locale) -> String {
    let key = format!("country-{}", country.code().to_ascii_lowercase());
    let named = Texts::of(language).and_then(|texts| texts.say(&key, &FluentArgs::new()));
    named.unwrap_or_else(|_| country.code().to_owned())
}
