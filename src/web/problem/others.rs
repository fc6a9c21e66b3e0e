//! What others say is wrong, as problems of ours: actix's own errors, and whatever would leave without a document.

use std::time::Duration;

use actix_web::body::{BoxBody, MessageBody};
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::error::{JsonPayloadError, PathError, PayloadError, QueryPayloadError};
use actix_web::http::header::{self, HeaderMap, HeaderName, HeaderValue};
use actix_web::http::{Method, StatusCode};
use actix_web::middleware::Next;
use actix_web::{HttpRequest, ResponseError as _, web};

use crate::kernel::log::{Incidents, SafeToLog};
use crate::web::problem::{PROBLEM_JSON, Problem};

impl From<&PayloadError> for Problem {
    fn from(error: &PayloadError) -> Self {
        match error {
            PayloadError::Overflow => Self::PayloadTooLarge,
            _ => Self::MalformedRequest,
        }
    }
}

/// For `JsonConfig::error_handler`: too large, of the wrong type, not JSON, or JSON of another shape.
#[expect(clippy::needless_pass_by_value, reason = "the signature that actix calls")]
pub fn json_error(error: JsonPayloadError, _request: &HttpRequest) -> actix_web::Error {
    let problem = match &error {
        JsonPayloadError::OverflowKnownLength { .. } | JsonPayloadError::Overflow { .. } => Problem::PayloadTooLarge,
        JsonPayloadError::ContentType => Problem::UnsupportedMediaType,
        JsonPayloadError::Deserialize(error) => of_json(error),
        JsonPayloadError::Payload(error) => error.into(),
        _ => Problem::MalformedRequest,
    };
    problem.into()
}

/// What is wrong with JSON that could not be read as a body of ours. Nothing of the body is repeated: of serde's
/// message only the name of a missing field is used, which is a name of ours.
#[must_use]
pub fn of_json(error: &serde_json::Error) -> Problem {
    if !error.is_data() {
        return Problem::MalformedJson;
    }
    let message = error.to_string();
    if let Some(name) = message.strip_prefix("missing field `").and_then(|rest| rest.split('`').next()) {
        return Problem::invalid_field("", "missing_field", format!("the field {name} is missing"));
    }
    if message.starts_with("unknown field") {
        return Problem::invalid_field("", "unknown_field", "a field is not known here");
    }
    if message.starts_with("duplicate field") {
        return Problem::invalid_field("", "duplicate_field", "a field stands twice");
    }
    Problem::invalid_field("", "wrong_type", "a value is not of the kind that its field takes")
}

/// For `QueryConfig::error_handler`.
pub fn query_error(_error: QueryPayloadError, _request: &HttpRequest) -> actix_web::Error {
    Problem::MalformedRequest.into()
}

/// For `PathConfig::error_handler`: an id that is none names nothing.
pub fn path_error(_error: PathError, _request: &HttpRequest) -> actix_web::Error {
    Problem::NotFound.into()
}

/// The service for addresses that there are none of.
pub async fn nothing_here() -> Problem {
    Problem::NotFound
}

/// A response left without a problem document of ours.
#[derive(Debug, thiserror::Error)]
#[error("an answer of status {0} had no problem document")]
struct Unmapped(u16);
impl SafeToLog for Unmapped {}

/// Middleware: any refusal or failure that is neither a problem document nor a page becomes the problem of its status.
///
/// # Errors
/// Passes on what the inner services return.
pub async fn everywhere(
    incidents: web::Data<Incidents>,
    request: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
) -> Result<ServiceResponse<BoxBody>, actix_web::Error> {
    let response = next.call(request).await?.map_into_boxed_body();
    let status = response.status();
    if !(status.is_client_error() || status.is_server_error()) || is_told(response.headers()) {
        return Ok(response);
    }
    let problem = of_status(status, response.headers(), &incidents);
    let (request, old) = response.into_parts();
    let mut new = problem.error_response();
    for (name, value) in old.headers() {
        if !is_of_the_body(name) && !new.headers().contains_key(name) {
            new.headers_mut().append(name.clone(), value.clone());
        }
    }
    Ok(ServiceResponse::new(request, new))
}

fn is_told(headers: &HeaderMap) -> bool {
    let kind = headers.get(header::CONTENT_TYPE).map_or(&b""[..], HeaderValue::as_bytes);
    kind == PROBLEM_JSON.as_bytes() || kind.starts_with(b"text/html")
}

fn is_of_the_body(name: &HeaderName) -> bool {
    [header::CONTENT_TYPE, header::CONTENT_LENGTH, header::CONTENT_ENCODING, header::ETAG].contains(name)
}

fn of_status(status: StatusCode, headers: &HeaderMap, incidents: &Incidents) -> Problem {
    match status {
        StatusCode::UNAUTHORIZED => Problem::NotSignedIn,
        StatusCode::NOT_FOUND | StatusCode::GONE => Problem::NotFound,
        StatusCode::METHOD_NOT_ALLOWED => Problem::MethodNotAllowed { allowed: allowed(headers) },
        StatusCode::NOT_ACCEPTABLE => Problem::NotAcceptable,
        StatusCode::REQUEST_TIMEOUT => Problem::RequestTimeout,
        StatusCode::PRECONDITION_FAILED => Problem::VersionConflict,
        StatusCode::PAYLOAD_TOO_LARGE => Problem::PayloadTooLarge,
        StatusCode::UNSUPPORTED_MEDIA_TYPE => Problem::UnsupportedMediaType,
        StatusCode::RANGE_NOT_SATISFIABLE => Problem::RangeNotSatisfiable,
        StatusCode::MISDIRECTED_REQUEST => Problem::Misdirected,
        StatusCode::SERVICE_UNAVAILABLE => Problem::Unavailable { retry_after: Duration::from_secs(5) },
        status if status.is_client_error() => Problem::MalformedRequest,
        status => Problem::unexpected(incidents, &Unmapped(status.as_u16())),
    }
}

fn allowed(headers: &HeaderMap) -> Vec<Method> {
    let list = headers.get(header::ALLOW).and_then(|value| value.to_str().ok()).unwrap_or_default();
    list.split(',').filter_map(|method| method.trim().parse().ok()).collect()
}
