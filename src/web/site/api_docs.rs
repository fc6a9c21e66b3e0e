//! `/api/docs`: the OpenAPI document as a page.

use std::collections::BTreeMap;

use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse};
use serde_json::Value;

use crate::kernel::access::{Anyone, Authorized};
use crate::web::api::openapi::{document_json, is_common};
use crate::web::pages::{ApiDocs, ApiGroup, ApiOperation};
use crate::web::problem::Problem;
use crate::web::routes::{Route, get};
use crate::web::services::Services;
use crate::web::site::{Surroundings, show, surroundings};

pub(super) fn routes() -> Vec<Route> {
    vec![get("/api/docs", docs)]
}

async fn docs(_: Authorized<Anyone>, request: HttpRequest, services: Data<Services>) -> Result<HttpResponse, Problem> {
    let page = ApiDocs { groups: groups(&document_json()) };
    show(&services, &page, &surroundings(&request, &services, Surroundings::of_a_stranger()))
}

fn groups(document: &Value) -> Vec<ApiGroup> {
    let mut groups: BTreeMap<String, Vec<ApiOperation>> = BTreeMap::new();
    let paths = document.get("paths").and_then(Value::as_object);
    for (path, methods) in paths.into_iter().flatten() {
        for (method, operation) in methods.as_object().into_iter().flatten() {
            let group = text(operation, "/tags/0");
            groups.entry(group).or_default().push(described(path, method, operation));
        }
    }
    groups.into_iter().map(|(name, operations)| ApiGroup { name, operations }).collect()
}

fn described(path: &str, method: &str, operation: &Value) -> ApiOperation {
    let parameters = operation.get("parameters").and_then(Value::as_array).into_iter().flatten();
    let answers = operation.get("responses").and_then(Value::as_object).into_iter().flatten();
    ApiOperation {
        method: method.to_uppercase(),
        path: path.to_owned(),
        summary: text(operation, "/summary"),
        parameters: parameters.map(|p| (text(p, "/name"), text(p, "/in"), text(p, "/description"))).collect(),
        answers: answers
            .map(|(status, answer)| (status.clone(), text(answer, "/description")))
            .filter(|(status, meaning)| !is_common(status, meaning))
            .collect(),
    }
}

fn text(value: &Value, pointer: &str) -> String {
    value.pointer(pointer).and_then(Value::as_str).unwrap_or_default().to_owned()
}
