//! The legal documents: what is published, what it says, and that somebody acknowledges it.

use actix_web::http::header;
use actix_web::web::{Data, Path, Query};
use actix_web::{HttpRequest, HttpResponse};
use serde::{Deserialize, Serialize};
use utoipa::{OpenApi, ToSchema};

use crate::kernel::access::{Acknowledge, Anyone, Authorized};
use crate::kernel::clock::Time;
use crate::kernel::log::Incidents;
use crate::kernel::values::Locale;
use crate::policies::{Document, DocumentVersion, PoliciesError, Published, Text, html};
use crate::web::api::failure;
use crate::web::problem::{self, Problem};
use crate::web::routes::{Route, get, post};
use crate::web::services::Services;

pub(super) fn routes() -> Vec<Route> {
    vec![
        get("/api/v1/policies", list),
        get("/api/v1/policies/{document}/{version}", text),
        post("/api/v1/policies/{document}/{version}/acknowledgement", acknowledge),
    ]
}

#[derive(OpenApi)]
#[openapi(paths(list, text, acknowledge), components(schemas(PolicyVersion, PolicyText)))]
struct Part;

pub(super) fn document() -> utoipa::openapi::OpenApi {
    Part::openapi()
}

/// A published version of a document.
#[derive(Debug, Serialize, ToSchema)]
struct PolicyVersion {
    /// `privacy`, `terms`, `safe_use`, `dpa` or `cookies`.
    #[schema(example = "privacy")]
    document: &'static str,
    /// Counted from 1.
    #[schema(minimum = 1)]
    version: u32,
    /// `announced`, `in_force` or `superseded`.
    #[schema(example = "in_force")]
    state: &'static str,
    /// The languages that it has a text in.
    languages: Vec<&'static str>,
    #[schema(value_type = String, format = DateTime)]
    announced_at: Time,
    #[schema(value_type = String, format = DateTime)]
    effective_at: Time,
    /// SHA-256 over one line `{sha256 of the text}  {language}` for each text, each ended by a line feed, in the order
    /// of the languages' tags.
    sha256: String,
}

/// The text of a version.
#[derive(Debug, Serialize, ToSchema)]
struct PolicyText {
    title: String,
    /// The whole text in Markdown, its title the first line.
    body_markdown: String,
    /// The text below its title in HTML, sanitised.
    body_html: String,
    /// SHA-256 of `body_markdown` in UTF-8.
    sha256: String,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Language {
    language: Option<Locale>,
}

/// Every published version of every document, by document and version.
#[utoipa::path(get, path = "/api/v1/policies", tag = "policies", responses(
    (status = 200, description = "The versions", body = [PolicyVersion]),
))]
async fn list(_: Authorized<Anyone>, services: Data<Services>) -> Result<HttpResponse, Problem> {
    let all = services.policies.list().await.map_err(|error| refusal(&services.incidents, error))?;
    Ok(HttpResponse::Ok().json(all.iter().map(PolicyVersion::from).collect::<Vec<_>>()))
}

/// What a version says; without `language` in the one that `Accept-Language` prefers, or English.
#[utoipa::path(get, path = "/api/v1/policies/{document}/{version}", tag = "policies",
    params(
        ("document" = String, Path, description = "`privacy`, `terms`, `safe_use`, `dpa` or `cookies`"),
        ("version" = u32, Path, description = "Counted from 1"),
        ("language" = Option<String>, Query, description = "`en`, `lv`, `lt`, `et` or `kk`"),
    ),
    responses(
        (status = 200, description = "The text", body = PolicyText),
        (status = 404, description = "No such version, or not in this language"),
    ))]
async fn text(
    _: Authorized<Anyone>,
    services: Data<Services>,
    path: Path<(String, u32)>,
    query: Query<Language>,
    request: HttpRequest,
) -> Result<HttpResponse, Problem> {
    let which = named(&path)?;
    let language = query.language.unwrap_or_else(|| preferred(&request));
    let text = services.policies.text(which, language).await;
    let text = text.map_err(|error| refusal(&services.incidents, error))?;
    Ok(HttpResponse::Ok()
        .insert_header((header::CONTENT_LANGUAGE, language.tag()))
        .insert_header((header::VARY, "Accept-Language"))
        .json(PolicyText::from(text)))
}

/// Notes that the signed-in account has read and accepted a version; again changes nothing.
#[utoipa::path(post, path = "/api/v1/policies/{document}/{version}/acknowledgement", tag = "policies",
    security(("session" = [])),
    params(
        ("document" = String, Path, description = "`privacy`, `terms`, `safe_use`, `dpa` or `cookies`"),
        ("version" = u32, Path, description = "Counted from 1"),
    ),
    responses(
        (status = 204, description = "Noted"),
        (status = 404, description = "No such version, or one that is no longer in force"),
    ))]
async fn acknowledge(
    access: Authorized<Acknowledge>,
    services: Data<Services>,
    path: Path<(String, u32)>,
) -> Result<HttpResponse, Problem> {
    let which = named(&path)?;
    let noted = services.policies.acknowledge(&access, which).await;
    noted.map_err(|error| refusal(&services.incidents, error))?;
    Ok(HttpResponse::NoContent().finish())
}

fn named(path: &(String, u32)) -> Result<DocumentVersion, Problem> {
    let document: Document = path.0.parse().map_err(|_| Problem::NotFound)?;
    Ok(DocumentVersion { document, version: path.1 })
}

fn preferred(request: &HttpRequest) -> Locale {
    let wanted = request.headers().get(header::ACCEPT_LANGUAGE).and_then(|value| value.to_str().ok());
    wanted.and_then(Locale::negotiate).unwrap_or(Locale::En)
}

/// A failure of the policies as the client sees it.
#[must_use]
pub fn refusal(incidents: &Incidents, error: PoliciesError) -> Problem {
    match error {
        PoliciesError::Unknown => Problem::NotFound,
        PoliciesError::Malformed(..) => Problem::unexpected(incidents, &error),
        PoliciesError::Store(error) => failure::of_store(incidents, error),
    }
}

impl From<DocumentVersion> for problem::DocumentVersion {
    fn from(which: DocumentVersion) -> Self {
        Self { document: which.document.name(), version: which.version }
    }
}

impl From<&Published> for PolicyVersion {
    fn from(published: &Published) -> Self {
        Self {
            document: published.which.document.name(),
            version: published.which.version,
            state: published.state.name(),
            languages: published.languages.iter().map(|language| language.tag()).collect(),
            announced_at: published.announced_at,
            effective_at: published.effective_at,
            sha256: hex(&published.sha256),
        }
    }
}

impl From<Text> for PolicyText {
    fn from(text: Text) -> Self {
        let body_html = html(&text.markdown);
        Self { title: text.title, body_markdown: text.markdown, body_html, sha256: hex(&text.sha256) }
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
