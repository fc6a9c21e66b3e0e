//! What the vault's stories begin with: a collection of customers, and somebody in it.

use seif::testing::{Actor, Answer, MARK};
use serde_json::{Value, json};

pub(crate) const CUSTOMERS: &str = "/api/v1/collections/customers";
pub(crate) const RECORDS: &str = "/api/v1/collections/customers/records";
pub(crate) const SEARCH: &str = "/api/v1/collections/customers/search";
pub(crate) const IBAN: &str = "LV80BANK0000435195001";

/// The fields of a customer.
pub(crate) fn fields() -> Value {
    json!([
        {"name": "number", "label": "Number", "kind": "text", "required": true, "unique": true},
        {"name": "name", "label": {"en": "Name", "lv": "Vārds"}, "kind": "text", "searchable": true},
        {"name": "phone", "label": "Phone", "kind": "phone", "searchable": true},
        {"name": "iban", "label": "IBAN", "kind": "iban", "sensitive": true, "searchable": true},
        {"name": "notes", "label": "Notes", "kind": "long_text"},
        {"name": "limit", "label": "Limit", "kind": "money"}
    ])
}

/// Makes the collection of customers.
pub(crate) async fn customers(owner: &Actor) -> Value {
    owner.post("/api/v1/collections", json!({"name": "Customers", "fields": fields()})).await.expect(201).json()
}

/// A customer's values; the name carries the mark.
pub(crate) fn somebody(number: &str) -> Value {
    json!({"number": number, "name": format!("Anna {MARK}"), "phone": "29 123 456", "iban": IBAN})
}

/// Makes a customer.
pub(crate) async fn customer(owner: &Actor, number: &str) -> Answer {
    owner.post(RECORDS, json!({"values": somebody(number)})).await.expect(201)
}

/// The address of a record that was just made.
pub(crate) fn place(made: &Answer) -> String {
    made.header("location")
}

/// A token of the owner's with these scopes.
pub(crate) async fn token(owner: &Actor, scopes: &[&str]) -> Actor {
    let made = owner.post("/api/v1/tokens", json!({"name": "Story", "scopes": scopes})).await.expect(201).json();
    owner.with_token(made["token"].as_str().unwrap())
}

/// Sends a form with a file as a browser does.
pub(crate) async fn upload(
    browser: &Actor,
    path: &str,
    fields: &[(&str, &str)],
    (name, content): (&str, &[u8]),
) -> Answer {
    const BOUNDARY: &str = "----shelf7d9f";
    let mut body = Vec::new();
    for (field, value) in fields {
        let part = format!("--{BOUNDARY}\r\nContent-Disposition: form-data; name=\"{field}\"\r\n\r\n{value}\r\n");
        body.extend_from_slice(part.as_bytes());
    }
    let head = format!(
        "--{BOUNDARY}\r\nContent-Disposition: form-data; name=\"file\"; filename=\"{name}\"\r\nContent-Type: application/octet-stream\r\n\r\n"
    );
    body.extend_from_slice(head.as_bytes());
    body.extend_from_slice(content);
    body.extend_from_slice(format!("\r\n--{BOUNDARY}--\r\n").as_bytes());
    let kind = format!("multipart/form-data; boundary={BOUNDARY}");
    browser.send_bytes(reqwest::Method::POST, path, Some((&kind, body))).await
}

/// Stores a file.
pub(crate) async fn store(actor: &Actor, query: &str, name: &str, content: &[u8]) -> Answer {
    let named = actor.with_header("content-disposition", &format!("attachment; filename=\"{name}\""));
    let body = Some(("text/plain", content.to_vec()));
    named.send_bytes(reqwest::Method::POST, &format!("/api/v1/files{query}"), body).await
}

/// The ids of a page of records.
pub(crate) fn ids(page: &Value) -> Vec<String> {
    page["items"].as_array().unwrap().iter().map(|item| item["id"].as_str().unwrap().to_owned()).collect()
}

/// Every page of a list, by its cursor.
pub(crate) async fn pages(actor: &Actor, path: &str, limit: u32) -> Vec<Value> {
    let mut pages = Vec::new();
    let mut after = String::new();
    loop {
        let page = actor.get(&format!("{path}?limit={limit}{after}")).await.expect(200).json();
        let next = page["next"].as_str().map(ToOwned::to_owned);
        pages.push(page);
        let Some(next) = next else { return pages };
        after = format!("&after={next}");
    }
}
