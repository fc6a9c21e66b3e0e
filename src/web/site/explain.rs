//! A refusal of a page, for a person: where to sign in or confirm, or a page that says what is wrong.

use actix_web::body::{BoxBody, MessageBody};
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::http::{Method, StatusCode, header};
use actix_web::middleware::Next;
use actix_web::{FromRequest as _, HttpRequest, HttpResponse, web};

use crate::kernel::access::{Anyone, Authorized};
use crate::web::console;
use crate::web::pages::{self, Refusal};
use crate::web::problem::Problem;
use crate::web::routes::{self, Route};
use crate::web::services::Services;
use crate::web::site::{Surroundings, go_to, onward, surroundings};

/// Middleware: a problem document in answer to a page's address becomes a page.
///
/// # Errors
/// Passes on what the inner services return.
pub async fn to_people(
    request: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
) -> Result<ServiceResponse<BoxBody>, actix_web::Error> {
    let response = next.call(request).await?.map_into_boxed_body();
    let problem = response.response().error().and_then(|error| error.as_error::<Problem>()).cloned();
    let status = response.status();
    if !is_for_people(response.request())
        || is_a_page(&response)
        || !(status.is_client_error() || status.is_server_error())
    {
        return Ok(response);
    }
    let (request, old) = response.into_parts();
    let page = page(&request, status, problem.as_ref()).await;
    let Some(mut page) = page else { return Ok(ServiceResponse::new(request, old)) };
    for name in [header::ALLOW, header::RETRY_AFTER, header::SET_COOKIE] {
        if let Some(value) = old.headers().get(&name) {
            page.headers_mut().insert(name, value.clone());
        }
    }
    Ok(ServiceResponse::new(request, page))
}

/// Whether the answer is a page already: a form that says itself what is wrong with it.
fn is_a_page(response: &ServiceResponse) -> bool {
    let kind = response.headers().get(header::CONTENT_TYPE);
    kind.and_then(|kind| kind.to_str().ok()).is_some_and(|kind| kind.starts_with("text/html"))
}

/// Whether a person in a browser asked, for something that is no part of the machines' interface.
fn is_for_people(request: &HttpRequest) -> bool {
    let path = request.path();
    let for_machines = ["/api/v1/", "/api/openapi.json", "/healthz", "/readyz", "/.well-known/", "/assets/"]
        .iter()
        .any(|prefix| path.starts_with(prefix));
    let accepts_pages = request
        .headers()
        .get(header::ACCEPT)
        .and_then(|value| value.to_str().ok())
        .is_some_and(|value| value.contains("text/html"));
    accepts_pages && !for_machines
}

async fn page(request: &HttpRequest, status: StatusCode, problem: Option<&Problem>) -> Option<HttpResponse> {
    let back = back(request);
    if let (Some(console), Some(problem)) = (console::of(request), problem)
        && let Some(page) = console::lead_on(&console, request, problem)
    {
        return Some(page);
    }
    match problem {
        Some(Problem::NotSignedIn) => return Some(go_to(&format!("/sign-in?next={}", encoded(back)))),
        Some(problem @ Problem::ConfirmationRequired { .. }) => return Some(to_confirm(problem, back)),
        Some(Problem::PolicyUnacknowledged { .. }) => {
            return Some(go_to(&format!("/acknowledge?next={}", encoded(back))));
        }
        Some(Problem::Sealed) => {
            if let Some(tenant) = request.match_info().get("tenant_id") {
                return Some(go_to(&format!("/t/{}/seal", encoded(tenant))));
            }
        }
        _ => {}
    }
    let services = request.app_data::<web::Data<Services>>()?;
    let descriptor = problem.map_or_else(|| of_status(status), Problem::descriptor);
    let mut refusal = Refusal::new(descriptor);
    match problem {
        Some(Problem::Internal(incident)) => refusal = refusal.with_incident(*incident),
        Some(Problem::Busy { retry_after } | Problem::Unavailable { retry_after }) => {
            refusal = refusal.with_retry_after(*retry_after);
        }
        Some(Problem::TooManyRequests(exhausted) | Problem::LimitReached(exhausted)) => {
            refusal = refusal.with_retry_after(exhausted.retry_after);
        }
        _ => {}
    }
    let chrome = surroundings(request, services, known(request, services).await);
    let html = pages::render(&refusal, &chrome).map_err(|error| services.incidents.report(&error)).ok()?;
    Some(HttpResponse::build(status).content_type("text/html; charset=utf-8").body(html.into_body()))
}

/// Leads to where the session can show what it lacks, and back: where not every method would do, it says which.
pub(in crate::web) fn to_confirm(problem: &Problem, back: &str) -> HttpResponse {
    let by: Option<Vec<String>> = match problem {
        // By e-mail anybody can be confirmed who need not be any stronger or fresher, unless a vault does not accept it.
        Problem::ConfirmationRequired { assurance, methods }
            if matches!(*assurance, "strong" | "fresh") || !methods.contains(&"email") =>
        {
            Some(methods.iter().map(|&method| method.to_owned()).collect())
        }
        _ => None,
    };
    go_to(&format!("/confirm{}", onward::passing_by(back, by.as_deref())))
}

/// Of whoever looks; while that cannot be known, nobody's: the refusal itself is what must be shown.
async fn known(request: &HttpRequest, services: &Services) -> Surroundings {
    let Ok(visitor) = Authorized::<Anyone>::extract(request).await else { return Surroundings::of_a_stranger() };
    let known = Surroundings::of_whoever(services, visitor.as_deref()).await;
    known.unwrap_or_else(|_| Surroundings::of_a_stranger())
}

/// Where to come back to: the page that was asked for, or the nearest one above the address of a form.
fn back(request: &HttpRequest) -> &str {
    if request.method() == Method::GET {
        return request.uri().path_and_query().map_or("/", |path| path.as_str());
    }
    let pages: Vec<Route> = routes::all().into_iter().filter(|route| route.method == Method::GET).collect();
    let pattern = request.match_pattern().unwrap_or_default();
    let (mut path, mut pattern) = (request.path(), pattern.as_str());
    while !pages.iter().any(|page| page.path == pattern) {
        match (path.rsplit_once('/'), pattern.rsplit_once('/')) {
            (Some((above, _)), Some((pattern_above, _))) => (path, pattern) = (above, pattern_above),
            _ => return "/",
        }
    }
    path
}

fn of_status(status: StatusCode) -> &'static crate::web::problem::Descriptor {
    let known = Problem::CATALOGUE.iter().find(|descriptor| descriptor.status == status);
    known.unwrap_or_else(|| Problem::NotFound.descriptor())
}

/// A path as a value of a query.
pub(in crate::web) fn encoded(path: &str) -> String {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~/".contains(&byte);
    path.bytes().map(|byte| if plain(byte) { char::from(byte).to_string() } else { format!("%{byte:02X}") }).collect()
}
