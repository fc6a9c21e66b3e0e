//! The OpenAPI 3.1 document: generated from the handlers' own descriptions, served at `/api/openapi.json`.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use actix_web::HttpResponse;
use actix_web::http::header;
use serde_json::{Value, json};
use utoipa::OpenApi;

use crate::kernel::access::{Anyone, Authorized, Subject};
use crate::web::guard::TENANT_HEADER;
use crate::web::problem::Problem;
use crate::web::routes::{self, Route, get};

pub(super) fn routes() -> Vec<Route> {
    vec![get("/api/openapi.json", document)]
}

#[derive(OpenApi)]
#[openapi(info(
    title = "Seif",
    description = "A hosted data vault for small businesses. Errors are problem documents (RFC 9457) with a stable `code`."
))]
struct Whole;

/// The document, with every part of the API in it.
#[must_use]
pub fn document_json() -> Value {
    let mut whole = Whole::openapi();
    for part in super::documents() {
        whole.merge(part);
    }
    let mut document = serde_json::to_value(&whole).unwrap_or_default();
    add_common_parts(&mut document);
    document
}

/// What holds everywhere: how to sign in, and what a problem document looks like. Every refusal that a handler names
/// without a form of its own is a problem document.
fn add_common_parts(document: &mut Value) {
    put(
        document,
        "components",
        "securitySchemes",
        json!({
            "token": {"type": "http", "scheme": "bearer", "description": "An API token: seif_…"},
            "session": {"type": "apiKey", "in": "cookie", "name": "__Host-session"},
        }),
    );
    if let Some(components) = document.get_mut("components") {
        put(components, "schemas", "Problem", problem_schema());
    }
    let problem = json!({"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}});
    name_the_tenant(document);
    let Some(paths) = document.get_mut("paths").and_then(Value::as_object_mut) else { return };
    let operations = paths.values_mut().filter_map(Value::as_object_mut).flat_map(|path| path.values_mut());
    for operation in operations {
        name_after_its_tag(operation);
        let Some(responses) = operation.get_mut("responses").and_then(Value::as_object_mut) else { continue };
        for (status, description) in everywhere() {
            responses.entry(status).or_insert_with(|| json!({"description": description}));
        }
        let refusals = responses.iter_mut().filter(|(status, _)| status.starts_with(['4', '5']));
        for (status, response) in refusals {
            if response.get("content").is_none()
                && let Some(response) = response.as_object_mut()
            {
                response.insert("content".to_owned(), problem.clone());
            }
            for (name, header) in headers_of(status) {
                put(response, "headers", name, header);
            }
        }
    }
}

/// Adds to each operation of a tenant, as its route's rule says, the header by which a session names that tenant.
fn name_the_tenant(document: &mut Value) {
    let parameter = json!({
        "name": TENANT_HEADER, "in": "header", "required": false, "schema": {"type": "string", "format": "uuid"},
        "description": "Which tenant: needed of a session whose account belongs to several. A token belongs to one",
    });
    let of_tenants = routes::all()
        .into_iter()
        .filter(|route| matches!(route.rule.subject, Subject::Tenant(..) | Subject::Beside(_)));
    for route in of_tenants {
        let operation = document.get_mut("paths").and_then(|paths| paths.get_mut(route.path));
        let operation = operation.and_then(|path| path.get_mut(route.method.as_str().to_ascii_lowercase()));
        let Some(operation) = operation.and_then(Value::as_object_mut) else { continue };
        if let Some(parameters) = operation.entry("parameters").or_insert_with(|| json!([])).as_array_mut() {
            parameters.push(parameter.clone());
        }
    }
}

/// Handlers of two parts may be called alike; an operation's id is unique in the whole document (OpenAPI 3.1, §4.8.10).
fn name_after_its_tag(operation: &mut Value) {
    let tag = operation.pointer("/tags/0").and_then(Value::as_str).unwrap_or_default();
    let name = operation.pointer("/operationId").and_then(Value::as_str).unwrap_or_default();
    let id = format!("{tag}_{name}");
    if let Some(operation) = operation.as_object_mut() {
        operation.insert("operationId".to_owned(), id.into());
    }
}

/// Sets `document.{group}.{name}`, making the group where there is none.
fn put(document: &mut Value, group: &str, name: &str, value: Value) {
    let Some(members) = document.as_object_mut() else { return };
    if let Some(group) = members.entry(group).or_insert_with(|| json!({})).as_object_mut() {
        group.insert(name.to_owned(), value);
    }
}

/// Whether an answer is one that any operation may give, in the words of all.
#[must_use]
pub fn is_common(status: &str, meaning: &str) -> bool {
    everywhere().get(status).is_some_and(|common| *common == meaning)
}

/// The refusals that any operation may answer with.
fn everywhere() -> BTreeMap<String, &'static str> {
    let all = [
        (400, "The request is malformed"),
        (401, "Nobody is signed in"),
        (403, "From another origin, not confirmed, or not permitted"),
        (404, "No such thing"),
        (408, "The request took too long to arrive"),
        (413, "The body is too large"),
        (415, "The body is not JSON"),
        (421, "The host is not one of this service"),
        (422, "A field is wrong"),
        (423, "An owner has sealed the vault"),
        (429, "A limit is reached"),
        (500, "An unexpected failure, known to the log by its incident id"),
        (503, "A part that is needed cannot be reached, or too many wait"),
    ];
    all.into_iter().map(|(status, description)| (status.to_string(), description)).collect()
}

/// The headers that every refusal of this status has.
fn headers_of(status: &str) -> Vec<(&'static str, Value)> {
    let header =
        |description: &str, schema: Value| json!({"description": description, "required": true, "schema": schema});
    let retry = ("Retry-After", header("Seconds to wait", json!({"type": "integer", "minimum": 1})));
    let text = |description, example: &str| header(description, json!({"type": "string", "example": example}));
    match status {
        "429" => vec![
            retry,
            ("RateLimit", text("What is left of the limit: none, and for how many seconds", "\"sign-in\";r=0;t=300")),
            ("RateLimit-Policy", text("The limit: how many in how many seconds", "\"sign-in\";q=5;w=900")),
        ],
        "503" => vec![retry],
        _ => Vec::new(),
    }
}

fn problem_schema() -> Value {
    let codes: Vec<&str> = Problem::CATALOGUE.iter().map(|entry| entry.code).collect();
    json!({
        "type": "object",
        "required": ["type", "title", "status", "detail", "code"],
        "properties": {
            "type": {"type": "string", "format": "uri-reference", "description": "The address of the problem's explanation"},
            "title": {"type": "string"},
            "status": {"type": "integer"},
            "detail": {"type": "string"},
            "code": {"type": "string", "enum": codes},
            "errors": {"type": "array", "description": "What is wrong with each field", "items": {
                "type": "object",
                "required": ["pointer", "code", "detail"],
                "properties": {
                    "pointer": {"type": "string", "description": "Where it is in the body (RFC 6901)"},
                    "code": {"type": "string"},
                    "detail": {"type": "string"},
                },
            }},
            "needs": {"type": "string", "description": "The scope or permission that is missing"},
            "assurance": {"type": "string", "description": "The assurance that would do: `confirmed`, `strong` or `fresh`"},
            "methods": {"type": "array", "items": {"type": "string"}, "description": "By what to confirm"},
            "documents": {"type": "array", "description": "The documents to acknowledge", "items": {
                "type": "object",
                "required": ["document", "version"],
                "properties": {"document": {"type": "string"}, "version": {"type": "integer", "minimum": 1}},
            }},
            "id": {"type": "string", "description": "The id of what was made before"},
            "incident": {"type": "string", "format": "uuid", "description": "The id under which the log knows the cause"},
        },
    })
}

/// The document's bytes, made once.
static BYTES: LazyLock<Vec<u8>> = LazyLock::new(|| serde_json::to_vec_pretty(&document_json()).unwrap_or_default());

async fn document(_: Authorized<Anyone>) -> HttpResponse {
    HttpResponse::Ok().insert_header((header::CONTENT_TYPE, "application/json")).body(BYTES.as_slice())
}
