//! The interface for programs, to be read by people. Its descriptions are those of the OpenAPI document, in English.

use serde::Serialize;

use super::render::Page;

/// `/api/docs`.
#[derive(Debug, Clone, Serialize)]
pub struct ApiDocs {
    /// The operations, grouped by what they are about.
    pub groups: Vec<ApiGroup>,
}

/// Operations about one thing.
#[derive(Debug, Clone, Serialize)]
pub struct ApiGroup {
    /// What they are about.
    pub name: String,
    /// The operations.
    pub operations: Vec<ApiOperation>,
}

/// One operation.
#[derive(Debug, Clone, Serialize)]
pub struct ApiOperation {
    /// `GET`, `POST` and so on.
    pub method: String,
    /// Its address, with the names of what varies in braces.
    pub path: String,
    /// What it does.
    pub summary: String,
    /// What can be sent along: name, place (`path`, `query`, `header`) and meaning.
    pub parameters: Vec<(String, String, String)>,
    /// What may come back: status and meaning, successes and the refusals of its own.
    pub answers: Vec<(String, String)>,
}

impl Page for ApiDocs {
    const TEMPLATE: &'static str = "api_docs.html";

    #[cfg(test)]
    fn samples() -> Vec<Self> {
        let text = str::to_owned;
        let operation = ApiOperation {
            method: text("GET"),
            path: text("/api/v1/tokens/{id}"),
            summary: text("Shows a token."),
            parameters: vec![(text("id"), text("path"), text("The token's id"))],
            answers: vec![(text("200"), text("The token"))],
        };
        let bare = ApiOperation { parameters: Vec::new(), ..operation.clone() };
        vec![Self { groups: vec![ApiGroup { name: text("tokens"), operations: vec![operation, bare] }] }]
    }
}
