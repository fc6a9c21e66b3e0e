//! The legal documents: what is published, what it says, and that somebody acknowledges it.

use actix_web::http::header;
use actix_web::web::{Data, Path, Query};
use actix_web::{HttpRequest, HttpResponse};
use serde::{Deserialize, Serialize};
use utoipa::{OpenApi, ToSchema};

use crate::kernel::access::{Acknowledge, Anyone, Authorized, SignedIn};
use crate::kernel::clock::Time;
use crate::kernel::log::Incidents;
use crate::kernel::values::Locale;
use crate::policies::{
    self, Change, Difference, Document, DocumentVersion, PoliciesError, Published, State, Text, html,
};
use crate::web::api::{failure, receipts};
use crate::web::problem::{self, Problem};
use crate::web::routes::{Route, get, post};
use crate::web::services::Services;

pub(super) fn routes() -> Vec<Route> {
    vec![
        get("/api/v1/policies", list),
        get("/api/v1/policies/{document}/{from}..{to}", differences),
        get("/api/v1/policies/{document}/{version}", text),
        post("/api/v1/policies/{document}/{version}/acknowledgement", acknowledge),
        get("/api/v1/policies/{document}/{version}/receipt", receipt),
        get("/api/v1/account/policy-changes", changes),
    ]
}

#[derive(OpenApi)]
#[openapi(
    paths(list, text, differences, acknowledge, changes, receipt),
    components(schemas(PolicyVersion, PolicyText, PolicyDifferences, PolicyPiece, PolicyChange))
)]
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
    /// Whether it changes what is agreed; else it mends how something is said.
    material: bool,
    /// The languages that it has a text in.
    languages: Vec<&'static str>,
    #[schema(value_type = String, format = DateTime)]
    announced_at: Time,
    /// Before when it does not come into force.
    #[schema(value_type = String, format = DateTime)]
    effective_at: Time,
    /// When it came into force: not before every account was told in time.
    #[schema(value_type = Option<String>, format = DateTime)]
    in_force_at: Option<Time>,
    /// How long before that every account is told, in seconds.
    notice_seconds: u64,
    /// SHA-256 over one line `{sha256 of the text}  {language}` for each text, each ended by a line feed, in the order
    /// of the languages' tags.
    sha256: String,
}

/// An announced version, as an account sees it.
#[derive(Debug, Serialize, ToSchema)]
struct PolicyChange {
    #[schema(example = "privacy")]
    document: &'static str,
    #[schema(minimum = 1)]
    version: u32,
    /// The version that holds until then.
    in_force: Option<u32>,
    title: String,
    /// What it changes, in plain words; empty where nothing was said.
    summary: String,
    /// Whether it changes what is agreed.
    material: bool,
    #[schema(value_type = String, format = DateTime)]
    announced_at: Time,
    /// Before when it does not come into force.
    #[schema(value_type = String, format = DateTime)]
    effective_at: Time,
    /// When the account first saw it here.
    #[schema(value_type = Option<String>, format = DateTime)]
    seen_at: Option<Time>,
    /// When the account acknowledged it.
    #[schema(value_type = Option<String>, format = DateTime)]
    acknowledged_at: Option<Time>,
}

/// What leads from one version's text to another's.
#[derive(Debug, Serialize, ToSchema)]
struct PolicyDifferences {
    /// What the later version says of the change; empty where it says nothing.
    summary: String,
    /// SHA-256 of the earlier text.
    from_sha256: String,
    /// SHA-256 of the later one.
    to_sha256: String,
    /// In order: `same` and `removed` pieces together are the earlier text, `same` and `added` ones the later.
    pieces: Vec<PolicyPiece>,
}

/// A piece of a text beside another.
#[derive(Debug, Serialize, ToSchema)]
struct PolicyPiece {
    /// `same`, `removed` or `added`.
    #[schema(example = "added")]
    change: &'static str,
    /// In Markdown.
    text: String,
}

/// The text of a version.
#[derive(Debug, Serialize, ToSchema)]
struct PolicyText {
    /// The language that it is in: the one asked for, or the version's stated fallback.
    language: &'static str,
    /// What it changes, in plain words; empty where nothing was said.
    summary: String,
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

/// Every published version of every document, by document and version; those that were withdrawn before they came into
/// force aside.
#[utoipa::path(get, path = "/api/v1/policies", tag = "policies", responses(
    (status = 200, description = "The versions", body = [PolicyVersion]),
))]
async fn list(_: Authorized<Anyone>, services: Data<Services>) -> Result<HttpResponse, Problem> {
    let all = services.policies.list().await.map_err(|error| refusal(&services.incidents, error))?;
    let public = all.iter().filter(|published| published.state != State::Withdrawn);
    Ok(HttpResponse::Ok().json(public.map(PolicyVersion::from).collect::<Vec<_>>()))
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
        .insert_header((header::CONTENT_LANGUAGE, text.language.tag()))
        .insert_header((header::VARY, "Accept-Language"))
        .json(PolicyText::from(text)))
}

/// What changes from one version to another, word by word.
#[utoipa::path(get, path = "/api/v1/policies/{document}/{from}..{to}", tag = "policies",
    params(
        ("document" = String, Path, description = "`privacy`, `terms`, `safe_use`, `dpa` or `cookies`"),
        ("from" = u32, Path, description = "A version, counted from 1"),
        ("to" = u32, Path, description = "Another version"),
        ("language" = Option<String>, Query, description = "`en`, `lv`, `lt`, `et` or `kk`"),
    ),
    responses(
        (status = 200, description = "The differences", body = PolicyDifferences),
        (status = 404, description = "No such version, or not in this language"),
    ))]
async fn differences(
    _: Authorized<Anyone>,
    services: Data<Services>,
    path: Path<(String, u32, u32)>,
    query: Query<Language>,
    request: HttpRequest,
) -> Result<HttpResponse, Problem> {
    let (document, from, to) = path.into_inner();
    let language = query.language.unwrap_or_else(|| preferred(&request));
    let mut texts = Vec::new();
    for version in [from, to] {
        let which = named(&(document.clone(), version))?;
        let text = services.policies.text(which, language).await;
        texts.push(text.map_err(|error| refusal(&services.incidents, error))?);
    }
    let [before, after] = texts.as_slice() else { return Err(Problem::NotFound) };
    let pieces = policies::differences(&before.markdown, &after.markdown).into_iter().map(PolicyPiece::from).collect();
    let answer = PolicyDifferences {
        summary: after.summary.clone(),
        from_sha256: hex(&before.sha256),
        to_sha256: hex(&after.sha256),
        pieces,
    };
    Ok(HttpResponse::Ok()
        .insert_header((header::CONTENT_LANGUAGE, language.tag()))
        .insert_header((header::VARY, "Accept-Language"))
        .json(answer))
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

/// What is announced, as the account sees it; from now on it counts as seen.
#[utoipa::path(get, path = "/api/v1/account/policy-changes", tag = "policies",
    security(("session" = [])),
    params(("language" = Option<String>, Query, description = "`en`, `lv`, `lt`, `et` or `kk`")),
    responses((status = 200, description = "The announced versions, the nearest first", body = [PolicyChange])))]
async fn changes(
    access: Authorized<SignedIn>,
    services: Data<Services>,
    query: Query<Language>,
    request: HttpRequest,
) -> Result<HttpResponse, Problem> {
    let language = query.language.unwrap_or_else(|| preferred(&request));
    let failed = |error| refusal(&services.incidents, error);
    let changes = services.policies.changes(language).await.map_err(failed)?;
    if !changes.is_empty() {
        services.policies.seen(&access).await.map_err(failed)?;
    }
    let standings = services.policies.standing(&access).await.map_err(failed)?;
    let answer = |change: Change| {
        let published = change.published;
        let standing = standings.iter().find(|known| known.which == published.which);
        PolicyChange {
            document: published.which.document.name(),
            version: published.which.version,
            in_force: change.in_force,
            title: change.text.title,
            summary: change.text.summary,
            material: published.weight.is_material(),
            announced_at: published.announced_at,
            effective_at: published.effective_at,
            seen_at: standing.and_then(|standing| standing.seen_at),
            acknowledged_at: standing.and_then(|standing| standing.acknowledged_at),
        }
    };
    Ok(HttpResponse::Ok().json(changes.into_iter().map(answer).collect::<Vec<_>>()))
}

/// Which fact of a version.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct WhichFact {
    fact: Option<PolicyFact>,
}

/// What the log states of a version.
#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(rename_all = "snake_case")]
enum PolicyFact {
    Announced,
    InForce,
}

/// That a version stands in the transparency log: its entry's place, offline, as c2sp.org/tlog-proof writes it.
#[utoipa::path(get, path = "/api/v1/policies/{document}/{version}/receipt", tag = "policies",
    params(
        ("document" = String, Path, description = "`privacy`, `terms`, `safe_use`, `dpa` or `cookies`"),
        ("version" = u32, Path, description = "Counted from 1"),
        ("fact" = Option<String>, Query, description = "`announced`, as without it, or `in_force`"),
    ),
    responses(
        (status = 200, description = "The receipt", body = String, content_type = "text/plain"),
        (status = 404, description = "No such version, or the log does not state it yet"),
    ))]
async fn receipt(
    _: Authorized<Anyone>,
    services: Data<Services>,
    path: Path<(String, u32)>,
    query: Query<WhichFact>,
) -> Result<HttpResponse, Problem> {
    let DocumentVersion { document, version } = named(&path)?;
    let fact = match query.fact.unwrap_or(PolicyFact::Announced) {
        PolicyFact::Announced => "announced",
        PolicyFact::InForce => "in_force",
    };
    receipts::answer(&services, format!("policy/{}/{version}/{fact}", document.name())).await
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

impl From<Difference> for PolicyPiece {
    fn from(difference: Difference) -> Self {
        match difference {
            Difference::Same(text) => Self { change: "same", text },
            Difference::Removed(text) => Self { change: "removed", text },
            Difference::Added(text) => Self { change: "added", text },
        }
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
            material: published.weight.is_material(),
            announced_at: published.announced_at,
            effective_at: published.effective_at,
            in_force_at: published.in_force_at,
            notice_seconds: published.notice.as_secs(),
            sha256: hex(&published.sha256),
        }
    }
}

impl From<Text> for PolicyText {
    fn from(text: Text) -> Self {
        let body_html = html(&text.markdown);
        let language = text.language.tag();
        let (title, summary) = (text.title, text.summary);
        Self { language, title, summary, body_markdown: text.markdown, body_html, sha256: hex(&text.sha256) }
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
