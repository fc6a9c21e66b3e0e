//! The vault over HTTP: templates, collections, records, search, audit.
//!
//! What they share is here: paths, pages, preconditions, repeated requests, and how the vault's refusals are told.

mod audit;
mod collections;
pub mod exports;
pub mod files;
mod imports;
mod people;
mod records;
mod search;
mod shapes;
mod templates;

use actix_web::http::header;
use actix_web::web::Query;
use actix_web::{HttpRequest, HttpResponse};
use serde::{Deserialize, Serialize};
use utoipa::OpenApi as _;

use crate::kernel::access::Denied;
use crate::kernel::idempotency::{Answer, Keep, Once, Outcome, Refused};
use crate::kernel::ids::IncidentId;
use crate::kernel::log::Incidents;
use crate::kernel::store::{StoreError, json};
use crate::vault::{Error, Item, Limit, Page, Precondition, Record, VersionItem};
use crate::web::api::failure;
use crate::web::guard;
use crate::web::problem::{FieldProblem, Problem};
use crate::web::routes::Route;
use crate::web::services::Services;

pub(super) fn routes() -> Vec<Route> {
    [
        templates::routes(),
        collections::routes(),
        records::routes(),
        exports::routes(),
        files::routes(),
        imports::routes(),
        search::routes(),
        people::routes(),
        audit::routes(),
    ]
    .into_iter()
    .flatten()
    .collect()
}

pub(super) fn documents() -> Vec<utoipa::openapi::OpenApi> {
    vec![
        templates::Part::openapi(),
        collections::Part::openapi(),
        records::Part::openapi(),
        exports::Part::openapi(),
        files::Part::openapi(),
        imports::Part::openapi(),
        search::Part::openapi(),
        people::Part::openapi(),
        audit::Part::openapi(),
    ]
}

/// A refusal or failure of the vault as the client sees it.
pub fn refusal(services: &Services, error: Error) -> Problem {
    match error {
        Error::NotFound => Problem::NotFound,
        Error::PreconditionRequired => Problem::PreconditionRequired,
        Error::VersionConflict => Problem::VersionConflict,
        Error::Invalid(faults) => {
            let told = |fault: crate::vault::Fault| FieldProblem::new(fault.pointer, fault.code, fault.detail);
            Problem::Invalid(faults.into_iter().map(told).collect())
        }
        Error::AlreadyExists(pointer) => Problem::AlreadyExists { pointer },
        Error::NotEmpty => Problem::NotEmpty,
        Error::TooLarge => Problem::PayloadTooLarge,
        Error::NoRoom => Problem::StorageFull,
        Error::BadCursor => Problem::BadCursor,
        Error::NothingToReveal => Problem::MalformedRequest,
        Error::Repeated(refused) => repeated(refused),
        Error::Denied(Denied::Forbidden) => Problem::Forbidden { needs: "records:reveal" },
        Error::Denied(denied) => guard::refusal(services, denied),
        Error::Store(error) => failure::of_store(&services.incidents, error),
    }
}

/// A refused idempotency key as the client sees it.
pub fn repeated(refused: Refused) -> Problem {
    match refused {
        Refused::Mismatch => Problem::IdempotencyMismatch,
        Refused::AlreadyDone(id) => Problem::AlreadyDone { id: Some(id) },
    }
}

/// The part of a query that every list takes, and `reveal`.
#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct Listing {
    limit: Option<i64>,
    after: Option<String>,
    reveal: Option<String>,
}

impl Listing {
    /// What the request's query says; read once the caller is known, so that who may not is told that first.
    fn of(request: &HttpRequest) -> Result<Self, Problem> {
        Query::from_query(request.query_string()).map(Query::into_inner).map_err(|_| Problem::MalformedRequest)
    }

    /// As [`Listing::of`], of a list that reveals nothing.
    fn plain(request: &HttpRequest) -> Result<Self, Problem> {
        let listing = Self::of(request)?;
        if listing.reveal.is_some() { Err(Problem::MalformedRequest) } else { Ok(listing) }
    }

    fn limit(&self) -> Result<Limit, Problem> {
        self.limit.map_or(Ok(Limit::default()), |limit| Limit::new(limit).ok_or(Problem::MalformedRequest))
    }

    fn reveal(&self) -> Vec<String> {
        let names = self.reveal.as_deref().unwrap_or_default().split(',');
        names.map(str::trim).filter(|name| !name.is_empty()).map(ToOwned::to_owned).collect()
    }
}

/// A record's version as its `ETag`.
fn etag(version: i64) -> String {
    format!("\"v{version}\"")
}

/// What `If-Match` says (RFC 9110 §13.1.1). Tags that are none of ours match nothing.
fn precondition(request: &HttpRequest) -> Precondition {
    let mut fields = request.headers().get_all(header::IF_MATCH).peekable();
    if fields.peek().is_none() {
        return Precondition::Missing;
    }
    let tags: Vec<&str> =
        fields.filter_map(|value| value.to_str().ok()).flat_map(|value| value.split(',')).map(str::trim).collect();
    if tags == ["*"] {
        return Precondition::Any;
    }
    let version = |tag: &&str| tag.strip_prefix("\"v")?.strip_suffix('"')?.parse().ok();
    Precondition::Versions(tags.iter().filter_map(version).collect())
}

/// The most characters of an idempotency key.
const LONGEST_KEY: usize = 255;

/// The wish of a request with an `Idempotency-Key`: the same key with another address or body is another wish.
pub(in crate::web::api) fn wish<T>(
    request: &HttpRequest,
    route: &'static str,
    body: &[u8],
    answer: impl Fn(&T) -> Result<Answer, StoreError> + Send + Sync + 'static,
) -> Result<Option<Once<T>>, Problem> {
    let keep = Keep::Answer(std::sync::Arc::new(answer));
    Ok(idempotency_key(request)?.map(|key| {
        let address = [request.path(), "?", request.query_string(), "\n"].concat();
        Once { route, key, body: [address.as_bytes(), body].concat(), keep }
    }))
}

/// The `Idempotency-Key` of a request: 1 to 255 visible characters of ASCII.
///
/// # Errors
/// It is something else, or there are several.
pub fn idempotency_key(request: &HttpRequest) -> Result<Option<String>, Problem> {
    let mut keys = request.headers().get_all("idempotency-key");
    match (keys.next(), keys.next()) {
        (None, _) => Ok(None),
        (Some(key), None) => {
            let key = key.to_str().map_err(|_| Problem::MalformedRequest)?;
            let visible = key.bytes().all(|byte| byte.is_ascii_graphic());
            let fits = (1..=LONGEST_KEY).contains(&key.len());
            if visible && fits { Ok(Some(key.to_owned())) } else { Err(Problem::MalformedRequest) }
        }
        (Some(_), Some(_)) => Err(Problem::MalformedRequest),
    }
}

/// An answer that may be kept for a repeat.
///
/// # Errors
/// The body cannot be written down: then nothing is done.
pub(in crate::web::api) fn answer(
    status: u16,
    location: Option<String>,
    etag: Option<String>,
    body: &impl Serialize,
) -> Result<Answer, StoreError> {
    Ok(Answer { status, location, etag, body: json("an answer that is no JSON", body)? })
}

/// Sends what was done now as `now` says, or what was answered before.
pub(in crate::web::api) fn send<T>(
    incidents: &Incidents,
    outcome: Outcome<T>,
    now: impl FnOnce(&T) -> Result<Answer, StoreError>,
) -> Result<HttpResponse, Problem> {
    let answer = match outcome {
        Outcome::Done(done) => now(&done).map_err(|error| failure::of_store(incidents, error))?,
        Outcome::Before(answer) => answer,
    };
    let status = actix_web::http::StatusCode::from_u16(answer.status).unwrap_or_default();
    let mut response = HttpResponse::build(status);
    if let Some(location) = answer.location {
        response.insert_header((header::LOCATION, location));
    }
    if let Some(etag) = answer.etag {
        response.insert_header((header::ETAG, etag));
    }
    Ok(response.content_type("application/json").body(answer.body))
}

/// A record as an answer of its own.
fn record_answer(record: &Record) -> HttpResponse {
    HttpResponse::Ok().insert_header((header::ETAG, etag(record.version))).json(record)
}

/// Something in a list that did not open: reported once, and named.
#[derive(Serialize)]
struct Unreadable<T> {
    #[serde(flatten)]
    which: T,
    /// The incident under which the log knows it.
    unreadable: IncidentId,
}

#[derive(Serialize)]
#[serde(untagged)]
enum OrUnreadable<T, U> {
    Whole(T),
    Unreadable(Unreadable<U>),
}

#[derive(Serialize)]
struct OfId<I> {
    id: I,
}

#[derive(Serialize)]
struct OfVersion {
    version: i64,
}

fn unreadable<T, U>(services: &Services, which: U) -> OrUnreadable<T, U> {
    OrUnreadable::Unreadable(Unreadable { which, unreadable: services.incidents.report(&StoreError::Unreadable) })
}

/// A page of records; those that do not open are named by their ids, and the rest stands.
fn records_page(services: &Services, page: Page<Item>) -> HttpResponse {
    let items = page.items.into_iter().map(|item| match item {
        Item::Record(record) => OrUnreadable::Whole(record),
        Item::Unreadable(id) => unreadable(services, OfId { id }),
    });
    HttpResponse::Ok().json(Page { items: items.collect(), next: page.next })
}

/// A page of versions, in the same manner.
fn versions_page(services: &Services, page: Page<VersionItem>) -> HttpResponse {
    let items = page.items.into_iter().map(|item| match item {
        VersionItem::Version(version) => OrUnreadable::Whole(version),
        VersionItem::Unreadable(version) => unreadable(services, OfVersion { version }),
    });
    HttpResponse::Ok().json(Page { items: items.collect(), next: page.next })
}

#[cfg(test)]
mod tests {
    use super::*;
    use actix_web::test::TestRequest;

    fn matching(value: &str) -> Precondition {
        precondition(&TestRequest::default().insert_header(("If-Match", value)).to_http_request())
    }

    #[test]
    fn a_precondition_is_what_if_match_says() {
        assert_eq!(precondition(&TestRequest::default().to_http_request()), Precondition::Missing);
        assert_eq!(matching("*"), Precondition::Any);
        assert_eq!(matching(&etag(3)), Precondition::Versions(vec![3]));
        assert_eq!(matching("\"v1\", \"v2\""), Precondition::Versions(vec![1, 2]));
        // A weak tag never matches strongly (RFC 9110 §8.8.3.2).
        for other in ["W/\"v3\"", "v3", "\"3\"", "", "\"v3"] {
            assert_eq!(matching(other), Precondition::Versions(vec![]), "{other}");
        }
    }

    #[test]
    fn an_idempotency_key_is_visible_and_short() {
        let key = |value: &str| {
            idempotency_key(&TestRequest::default().insert_header(("Idempotency-Key", value)).to_http_request())
        };
        assert_eq!(key("order-17"), Ok(Some("order-17".to_owned())));
        for bad in ["", "a b", "ā", &"x".repeat(256)] {
            assert_eq!(key(bad), Err(Problem::MalformedRequest), "{bad}");
        }
    }
}
