//! The document at `/api/openapi.json` says what the service does: its routes are the service's, and it is whole.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use seif::each_database;
use seif::kernel::access::{Need, Rule, Subject, TokenScope};
use seif::web::api::openapi::document_json;
use seif::web::routes;

const METHODS: [&str; 8] = ["get", "put", "post", "delete", "options", "head", "patch", "trace"];

fn in_the_service() -> BTreeSet<String> {
    // The keys of certificates stand where such keys are looked for, and belong to the interface.
    let belongs = |path: &str| path.starts_with("/api/v1/") || path == "/.well-known/seif-keys.json";
    let interface = routes::all().into_iter().filter(|route| belongs(route.path));
    interface.map(|route| format!("{} {}", route.method, route.path)).collect()
}

/// Each operation of `document` with its method and path.
fn operations(document: &Value) -> impl Iterator<Item = (String, &Value)> {
    let paths = document["paths"].as_object().unwrap();
    paths.iter().flat_map(|(path, item)| {
        let members = item.as_object().unwrap().iter();
        let operations = members.filter(|(method, _)| METHODS.contains(&method.as_str()));
        operations.map(move |(method, operation)| (format!("{} {path}", method.to_uppercase()), operation))
    })
}

fn described(document: &Value) -> BTreeSet<String> {
    operations(document).map(|(name, _)| name).collect()
}

/// What `document` says of no route, or leaves out.
fn differences(document: &Value) -> Vec<String> {
    described(document).symmetric_difference(&in_the_service()).cloned().collect()
}

/// Every `$ref` within `value`.
fn references(value: &Value, found: &mut Vec<String>) {
    match value {
        Value::Object(members) => {
            if let Some(Value::String(reference)) = members.get("$ref") {
                found.push(reference.clone());
            }
            members.values().for_each(|member| references(member, found));
        }
        Value::Array(items) => items.iter().for_each(|item| references(item, found)),
        _ => {}
    }
}

fn dangling(document: &Value) -> Vec<String> {
    let mut found = Vec::new();
    references(document, &mut found);
    let resolves =
        |reference: &String| reference.strip_prefix('#').is_some_and(|pointer| document.pointer(pointer).is_some());
    found.retain(|reference| !resolves(reference));
    found
}

/// The parts of an operation's description that a client needs and that are not there.
fn gaps(document: &Value) -> Vec<String> {
    let mut gaps = Vec::new();
    for (name, operation) in operations(document) {
        let in_path: BTreeSet<&str> = name.split('{').skip(1).filter_map(|rest| rest.split('}').next()).collect();
        let parameters = operation["parameters"].as_array().map(Vec::as_slice).unwrap_or_default();
        let described = parameters.iter().filter(|parameter| parameter["in"] == "path");
        let described: BTreeSet<&str> = described.filter_map(|parameter| parameter["name"].as_str()).collect();
        if in_path != described {
            gaps.push(format!("{name}: the path's parameters are {in_path:?}, described are {described:?}"));
        }
        for (status, response) in operation["responses"].as_object().unwrap() {
            let schemas = response["content"].as_object().into_iter().flat_map(|content| content.values());
            let mut schemas = schemas.map(|media| &media["schema"]).peekable();
            let empty = ["204", "304"].contains(&status.as_str());
            if empty == schemas.peek().is_some() {
                gaps.push(format!("{name}: {status} has a body, or none, against its nature"));
            }
            if schemas.any(|schema| schema.as_object().is_none_or(serde_json::Map::is_empty)) {
                gaps.push(format!("{name}: the body of {status} has no form"));
            }
        }
    }
    gaps
}

/// Whether `operation` takes the header `name`.
fn takes(operation: &Value, name: &str) -> bool {
    let mut parameters = operation["parameters"].as_array().into_iter().flatten();
    parameters.any(|parameter| parameter["in"] == "header" && parameter["name"] == name)
}

/// The headers that `document` does not tell of, though the service takes or gives them.
fn silent_headers(document: &Value) -> Vec<String> {
    let rules: BTreeMap<String, Rule> =
        routes::all().into_iter().map(|route| (format!("{} {}", route.method, route.path), route.rule)).collect();
    let names: BTreeSet<String> = described(document);
    let mut silent = Vec::new();
    for (name, operation) in operations(document) {
        let mut demand = |told: bool, what: &str| {
            if !told {
                silent.push(format!("{name}: {what}"));
            }
        };
        let (method, path) = name.split_once(' ').unwrap();
        let rule = rules[&name];
        let of_tenant = matches!(rule.subject, Subject::Tenant(..) | Subject::Beside(_));
        demand(!of_tenant || takes(operation, "Seif-Tenant"), "Seif-Tenant");
        // Whoever changes something of a tenant by POST may ask that it be done once.
        // What ends something is done once by its nature: a repeat finds nothing, and the tenant's keys may be out of reach.
        let ends = path.starts_with("/api/v1/tenant/cancellation")
            || path == "/api/v1/tenant/seal"
            || path.ends_with("/records/{id}/erasure")
            || path.starts_with("/api/v1/people/");
        let once = method == "POST" && of_tenant && rule.need != Need::Password && !ends;
        demand(!once || takes(operation, "Idempotency-Key"), "Idempotency-Key");
        let of_record = path.ends_with("/records/{id}");
        demand(!of_record || method == "GET" || takes(operation, "If-Match"), "If-Match");
        for (status, response) in operation["responses"].as_object().unwrap() {
            let gives = |header: &str| !response["headers"][header].is_null();
            let whole_record = response.pointer("/content/application~1json/schema/$ref");
            let whole_record = whole_record.is_some_and(|form| form == "#/components/schemas/RecordShape");
            demand(!whole_record || gives("ETag"), &format!("ETag of {status}"));
            let has_address = names.iter().any(|other| {
                let item = other.strip_prefix("GET ").and_then(|other| other.strip_prefix(path)?.strip_prefix("/{"));
                item.is_some_and(|parameter| parameter.ends_with('}') && !parameter.contains('/'))
            });
            demand(method != "POST" || status != "201" || !has_address || gives("Location"), "Location");
            let waits = ["429", "503"].contains(&status.as_str());
            demand(!waits || gives("Retry-After"), &format!("Retry-After of {status}"));
            demand(status != "429" || gives("RateLimit") && gives("RateLimit-Policy"), "RateLimit");
        }
    }
    silent
}

#[test]
fn every_operation_tells_the_headers_that_it_takes_and_gives() {
    let mut document = document_json();
    assert_eq!(silent_headers(&document), Vec::<String>::new());
    let record = "/api/v1/collections/{slug}/records/{id}";
    let paths = &mut document["paths"];
    paths[record]["get"]["responses"]["200"]["headers"] = Value::Null;
    paths["/api/v1/collections/{slug}/records"]["post"]["responses"]["201"]["headers"] = Value::Null;
    paths["/api/v1/templates"]["get"]["parameters"] = Value::Null;
    paths["/api/v1/tokens"]["post"]["parameters"] = Value::Null;
    paths[record]["delete"]["parameters"] = Value::Null;
    paths["/api/v1/signups"]["post"]["responses"]["429"]["headers"] = Value::Null;
    let mut silent = silent_headers(&document);
    silent.sort();
    assert_eq!(
        silent,
        [
            format!("DELETE {record}: If-Match"),
            format!("DELETE {record}: Seif-Tenant"),
            format!("GET {record}: ETag of 200"),
            "GET /api/v1/templates: Seif-Tenant".to_owned(),
            "POST /api/v1/collections/{slug}/records: ETag of 201".to_owned(),
            "POST /api/v1/collections/{slug}/records: Location".to_owned(),
            "POST /api/v1/signups: RateLimit".to_owned(),
            "POST /api/v1/signups: Retry-After of 429".to_owned(),
            "POST /api/v1/tokens: Idempotency-Key".to_owned(),
            "POST /api/v1/tokens: Seif-Tenant".to_owned(),
        ]
    );
}

#[test]
fn the_scopes_of_a_token_are_named_one_by_one() {
    let document = document_json();
    let items = document.pointer("/components/schemas/TokenBody/properties/scopes/items").unwrap();
    let form = items["$ref"].as_str().map_or(items, |at| document.pointer(&at[1..]).unwrap());
    let names: Vec<&str> = form["enum"].as_array().unwrap().iter().map(|name| name.as_str().unwrap()).collect();
    assert_eq!(names, TokenScope::ALL.map(|(_, name)| name));
}

#[test]
fn every_route_of_the_interface_is_in_the_document_and_the_other_way_round() {
    let mut document = document_json();
    assert_eq!(differences(&document), Vec::<String>::new());
    // One that nobody serves, and one that is left out, are seen.
    let paths = document["paths"].as_object_mut().unwrap();
    let moved = paths.remove("/api/v1/templates").unwrap();
    paths.insert("/api/v1/patterns".to_owned(), moved);
    assert_eq!(differences(&document), ["GET /api/v1/patterns", "GET /api/v1/templates"]);
}

#[test]
fn every_reference_in_the_document_resolves() {
    let mut document = document_json();
    assert_eq!(dangling(&document), Vec::<String>::new());
    document["components"]["schemas"].as_object_mut().unwrap().remove("Problem");
    assert!(dangling(&document).iter().all(|reference| reference == "#/components/schemas/Problem"));
    assert!(!dangling(&document).is_empty());
}

#[test]
fn every_operation_says_its_parameters_and_the_form_of_each_answer() {
    let mut document = document_json();
    assert_eq!(gaps(&document), Vec::<String>::new());
    document["paths"]["/api/v1/tokens/{id}"]["delete"]["parameters"] = Value::Null;
    document["paths"]["/api/v1/templates"]["get"]["responses"]["200"]["content"] = Value::Null;
    assert_eq!(gaps(&document).len(), 2);
}

#[test]
fn every_operation_has_a_name_of_its_own() {
    let document = document_json();
    let names: Vec<&str> = operations(&document).map(|(_, it)| it["operationId"].as_str().unwrap()).collect();
    let mut seen = BTreeSet::new();
    let twice: Vec<&&str> = names.iter().filter(|name| !seen.insert(**name)).collect();
    assert_eq!(twice, Vec::<&&str>::new());
}

each_database! {
    async fn the_served_document_is_openapi_3_1_and_the_one_that_the_code_makes(world: World) {
        let answer = world.stranger().get("/api/openapi.json").await.expect(200);
        assert_eq!(answer.header("content-type"), "application/json");
        let served: Value = serde_json::from_str(&answer.text()).unwrap();
        assert!(served["openapi"].as_str().unwrap().starts_with("3.1."), "{}", served["openapi"]);
        assert_eq!(served, document_json());
    }
}
