//! Rules of problem documents.

use std::collections::BTreeSet;

use actix_web::middleware::from_fn;
use actix_web::{App, test, web};
use serde_json::{Value, json};

use super::*;
use crate::kernel::clock::{Clock, Time};
use crate::kernel::entropy::Entropy;

fn incidents() -> Incidents {
    Incidents::new(Clock::moved(Time::from_micros(0)), Entropy::seeded(1))
}

fn one_of_each() -> Vec<Problem> {
    let documents = vec![DocumentVersion { document: "privacy", version: 2 }];
    let second = Duration::from_secs(1);
    let exhausted = Exhausted { policy: "sign-in", quota: 5, window: second * 900, retry_after: second * 37 };
    vec![
        Problem::MalformedJson,
        Problem::MalformedRequest,
        Problem::BadCursor,
        Problem::TenantRequired,
        Problem::NotSignedIn,
        Problem::SignInRefused,
        Problem::ProviderRefused,
        Problem::ProofInsufficient,
        Problem::NotLinked,
        Problem::LinkedElsewhere,
        Problem::LogoutRefused,
        Problem::ProviderUnavailable,
        Problem::Forbidden { needs: "records:write" },
        Problem::AddressNotAllowed,
        Problem::CrossOrigin,
        Problem::ConfirmationRequired { assurance: "confirmed", methods: vec!["email", "totp"] },
        Problem::SecondRequired { methods: vec!["totp"] },
        Problem::PolicyUnacknowledged { documents: documents.clone() },
        Problem::TenantLeaving,
        Problem::NotFound,
        Problem::MethodNotAllowed { allowed: vec![Method::GET, Method::PUT] },
        Problem::NotAcceptable,
        Problem::RequestTimeout,
        Problem::AlreadyExists { pointer: Some("/values/number".into()) },
        Problem::AlreadyDone { id: Some("x".into()) },
        Problem::StorageFull,
        Problem::NotEmpty,
        Problem::LastOwner,
        Problem::TenantLeaving,
        Problem::NotYetApproved { retry_after: second },
        Problem::WouldLockOut,
        Problem::VersionConflict,
        Problem::PayloadTooLarge,
        Problem::UnsupportedMediaType,
        Problem::RangeNotSatisfiable,
        Problem::Misdirected,
        Problem::invalid_field("/values/iban", "checksum", "the check digits do not fit"),
        Problem::IdempotencyMismatch,
        Problem::AcknowledgementRequired { documents },
        Problem::CodeRefused,
        Problem::Sealed,
        Problem::PreconditionRequired,
        Problem::TooManyRequests(exhausted),
        Problem::LimitReached(exhausted),
        Problem::Internal(IncidentId::from_bytes([7; 16])),
        Problem::Busy { retry_after: second },
        Problem::KeysUnavailable { retry_after: second * 2 },
        Problem::Unavailable { retry_after: second * 2 },
    ]
}

fn field(response: &HttpResponse, name: impl header::AsHeaderName) -> &str {
    response.headers().get(name).unwrap().to_str().unwrap()
}

async fn body(response: HttpResponse) -> Value {
    let bytes = actix_web::body::to_bytes(response.into_body()).await.unwrap_or_default();
    serde_json::from_slice(&bytes).unwrap()
}

#[actix_web::test]
async fn each_problem_says_what_its_entry_says_and_no_member_more() {
    let mut seen = BTreeSet::new();
    for problem in one_of_each() {
        let entry = problem.descriptor();
        assert_eq!(Problem::by_code(entry.code), Some(entry));
        seen.insert(entry.code);
        let response = problem.error_response();
        assert_eq!(response.status(), entry.status);
        assert_eq!(field(&response, header::CONTENT_TYPE), "application/problem+json");
        let body = body(response).await;
        assert_eq!(body["type"], format!("/problems/{}", entry.code));
        assert_eq!((&body["status"], &body["code"]), (&json!(entry.status.as_u16()), &json!(entry.code)));
        assert_eq!((&body["title"], &body["detail"]), (&json!(entry.title), &json!(entry.detail)));
        let common = ["type", "title", "status", "detail", "code"];
        let more: BTreeSet<_> = body.as_object().unwrap().keys().map(String::as_str).collect();
        let expected: BTreeSet<_> = common.iter().chain(entry.members).copied().collect();
        assert_eq!(more, expected, "{}", entry.code);
    }
    assert_eq!(seen.len(), Problem::CATALOGUE.len(), "every entry has a problem, and every code is its own");
}

#[actix_web::test]
async fn limits_and_failures_say_when_to_come_back() {
    let exhausted = Exhausted {
        policy: "sign-in",
        quota: 5,
        window: Duration::from_secs(900),
        retry_after: Duration::from_millis(36_001),
    };
    let response = Problem::TooManyRequests(exhausted).error_response();
    assert_eq!(field(&response, header::RETRY_AFTER), "37");
    assert_eq!(field(&response, "ratelimit-policy"), "\"sign-in\";q=5;w=900");
    assert_eq!(field(&response, "ratelimit"), "\"sign-in\";r=0;t=37");
    let response = Problem::Busy { retry_after: Duration::ZERO }.error_response();
    assert_eq!(field(&response, header::RETRY_AFTER), "1");
    let response = Problem::MethodNotAllowed { allowed: vec![Method::GET, Method::PUT] }.error_response();
    assert_eq!(field(&response, header::ALLOW), "GET, PUT");
}

#[derive(serde::Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(dead_code, reason = "only its reading matters")]
struct Body {
    name: String,
    count: u8,
    more: Option<Value>,
}

#[derive(serde::Deserialize)]
#[expect(dead_code, reason = "only its reading matters")]
struct Page {
    limit: u8,
}

async fn ask(request: test::TestRequest) -> (StatusCode, Value, String) {
    let json = web::JsonConfig::default().limit(256).error_handler(json_error);
    let app = App::new()
        .app_data(web::Data::new(incidents()))
        .app_data(json)
        .app_data(web::QueryConfig::default().error_handler(query_error))
        .app_data(web::PathConfig::default().error_handler(path_error))
        .wrap(from_fn(everywhere))
        .route("/body", web::post().to(async |_: web::Json<Body>| HttpResponse::NoContent()))
        .route("/list", web::get().to(async |_: web::Query<Page>| HttpResponse::NoContent()))
        .route("/at/{n}", web::get().to(async |_: web::Path<u8>| HttpResponse::NoContent()))
        .route("/page", web::get().to(async || HttpResponse::NotFound().content_type("text/html").body("<p>No</p>")))
        .route("/bare", web::get().to(async || HttpResponse::BadGateway().body("upstream anna said no")));
    let app = test::init_service(app).await;
    let response = test::call_service(&app, request.to_request()).await;
    let status = response.status();
    let text = String::from_utf8(test::read_body(response).await.to_vec()).unwrap();
    (status, serde_json::from_str(&text).unwrap_or_default(), text)
}

fn post(body: impl Into<web::Bytes>) -> test::TestRequest {
    test::TestRequest::post().uri("/body").insert_header(("content-type", "application/json")).set_payload(body)
}

#[actix_web::test]
async fn a_body_that_cannot_be_read_is_refused_without_repeating_it() {
    let deep = format!("{{\"more\":{}", "[".repeat(200));
    let cases: Vec<(Vec<u8>, u16, &str, &str)> = vec![
        (b"{\"name\":\"anna\"".to_vec(), 400, "malformed_json", ""),
        (b"{\"name\":\"\xff\"}".to_vec(), 400, "malformed_json", ""),
        (b"{\"name\":\"anna\0\"}".to_vec(), 400, "malformed_json", ""),
        (deep.into_bytes(), 400, "malformed_json", ""),
        (b"{\"name\":\"a\",\"count\":1,\"anna\":1}".to_vec(), 422, "invalid", "unknown_field"),
        (b"{\"name\":\"anna\"}".to_vec(), 422, "invalid", "missing_field"),
        (b"{\"name\":\"a\",\"name\":\"anna\",\"count\":1}".to_vec(), 422, "invalid", "duplicate_field"),
        (b"{\"name\":\"a\",\"count\":\"anna\"}".to_vec(), 422, "invalid", "wrong_type"),
        (b"{\"name\":\"a\",\"count\":1e400}".to_vec(), 400, "malformed_json", ""),
        (vec![b' '; 300], 413, "payload_too_large", ""),
    ];
    for (sent, status, code, field_code) in cases {
        let shown = String::from_utf8_lossy(&sent).into_owned();
        let (seen, body, text) = ask(post(sent)).await;
        assert_eq!((seen.as_u16(), &body["code"]), (status, &json!(code)), "{shown}: {text}");
        if !field_code.is_empty() {
            assert_eq!(body["errors"][0]["code"], field_code);
        }
        assert!(!text.contains("anna"), "{text}");
    }
    let (status, body, _) = ask(post("{}").insert_header(("content-type", "text/plain"))).await;
    assert_eq!((status.as_u16(), &body["code"]), (415, &json!("unsupported_media_type")));
}

#[actix_web::test]
async fn every_other_refusal_is_a_problem_document_too() {
    let cases = [
        ("/list?limit=anna", 400, "malformed_request"),
        ("/at/anna", 404, "not_found"),
        ("/nowhere", 404, "not_found"),
        ("/bare", 500, "internal"),
    ];
    for (address, status, code) in cases {
        let (seen, body, text) = ask(test::TestRequest::get().uri(address)).await;
        assert_eq!((seen.as_u16(), &body["code"]), (status, &json!(code)), "{text}");
        assert!(!text.contains("anna"), "{text}");
    }
    let (status, _, text) = ask(test::TestRequest::get().uri("/page")).await;
    assert_eq!((status.as_u16(), text.as_str()), (404, "<p>No</p>"));
}
