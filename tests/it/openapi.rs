//! The document at `/api/openapi.json` says what the service does: its routes are the service's, and it is whole.

use std::collections::BTreeSet;

use serde_json::Value;

use seif::each_database;
use seif::web::api::openapi::document_json;
use seif::web::routes;

const METHODS: [&str; 8] = ["get", "put", "post", "delete", "options", "head", "patch", "trace"];

fn in_the_service() -> BTreeSet<String> {
    let interface = routes::all().into_iter().filter(|route| route.path.starts_with("/api/v1/"));
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
