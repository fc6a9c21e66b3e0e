//! The legal documents as pages (R-1, P-15): what is in force, each version, and what changes between two, for anybody,
//! without a cookie.

mod comparing;

use actix_web::http::header::{self, HeaderValue};
use actix_web::web::{Data, Path};
use actix_web::{HttpRequest, HttpResponse};

use crate::kernel::access::{AccountAccess, Anyone, Authorized};
use crate::kernel::values::Locale;
use crate::policies::{Document, DocumentVersion, Published, State, differences, html};
use crate::web::api::policies::refusal;
use crate::web::pages::{self, CleanHtml, Day, LegalDifferences, LegalDocument, LineStanding, OtherVersion, Standing};
use crate::web::problem::Problem;
use crate::web::routes::{Route, get};
use crate::web::services::Services;
use crate::web::site::{self, Surroundings, chrome, surroundings};

pub(super) fn routes() -> Vec<Route> {
    vec![
        get("/privacy", in_my_language),
        get("/terms", in_my_language),
        get("/safe-use", in_my_language),
        get("/dpa", in_my_language),
        get("/cookies", in_my_language),
        get("/privacy/{language}", in_force),
        get("/privacy/{language}/{from}..{to}", compared),
        get("/privacy/{language}/{version}", version),
        get("/terms/{language}", in_force),
        get("/terms/{language}/{from}..{to}", compared),
        get("/terms/{language}/{version}", version),
        get("/safe-use/{language}", in_force),
        get("/safe-use/{language}/{from}..{to}", compared),
        get("/safe-use/{language}/{version}", version),
        get("/dpa/{language}", in_force),
        get("/dpa/{language}/{from}..{to}", compared),
        get("/dpa/{language}/{version}", version),
        get("/cookies/{language}", in_force),
        get("/cookies/{language}/{from}..{to}", compared),
        get("/cookies/{language}/{version}", version),
    ]
}

/// Leads to the language that the reader chose or prefers; where the language switch returns to.
async fn in_my_language(_: Authorized<Anyone>, request: HttpRequest) -> Result<HttpResponse, Problem> {
    let document = document_of(&request).ok_or(Problem::NotFound)?;
    let path = format!("/{}/{}", slug(document), chrome::locale(&request).tag());
    Ok(HttpResponse::Found().insert_header((header::LOCATION, path)).finish())
}

/// The version in force.
async fn in_force(
    visitor: Authorized<Anyone>,
    services: Data<Services>,
    path: Path<String>,
    request: HttpRequest,
) -> Result<HttpResponse, Problem> {
    show(&services, &request, visitor.as_deref(), &path, |published| published.state == State::InForce).await
}

/// One version, whatever became of it.
async fn version(
    visitor: Authorized<Anyone>,
    services: Data<Services>,
    path: Path<(String, u32)>,
    request: HttpRequest,
) -> Result<HttpResponse, Problem> {
    show(&services, &request, visitor.as_deref(), &path.0, |published| published.which.version == path.1).await
}

/// What changes from one version to another, word by word.
async fn compared(
    visitor: Authorized<Anyone>,
    services: Data<Services>,
    path: Path<(String, u32, u32)>,
    request: HttpRequest,
) -> Result<HttpResponse, Problem> {
    let (language, from, to) = path.into_inner();
    let language = Locale::ALL.into_iter().find(|locale| locale.tag() == language).ok_or(Problem::NotFound)?;
    let document = document_of(&request).ok_or(Problem::NotFound)?;
    let failed = |error| refusal(&services.incidents, error);
    let before = services.policies.text(DocumentVersion { document, version: from }, language).await.map_err(failed)?;
    let after = services.policies.text(DocumentVersion { document, version: to }, language).await.map_err(failed)?;
    let lines = comparing::lines(&differences(&before.markdown, &after.markdown));
    let changed = lines.iter().filter(|line| line.standing == LineStanding::Changed).count();
    let page = LegalDifferences {
        document: of_pages(document),
        title: after.title,
        from,
        to,
        summary: after.summary,
        lines,
        changed,
    };
    let known = Surroundings::of_whoever(&services, visitor.as_deref()).await?;
    let mut chrome = surroundings(&request, &services, known);
    chrome.locale = language;
    chrome.path = format!("/{}", slug(document));
    let mut response = site::show(&services, &page, &chrome)?;
    response.headers_mut().insert(header::CONTENT_LANGUAGE, HeaderValue::from_static(language.tag()));
    Ok(response)
}

async fn show(
    services: &Services,
    request: &HttpRequest,
    visitor: Option<&AccountAccess>,
    language: &str,
    wanted: impl Fn(&Published) -> bool,
) -> Result<HttpResponse, Problem> {
    let language = Locale::ALL.into_iter().find(|locale| locale.tag() == language).ok_or(Problem::NotFound)?;
    let document = document_of(request).ok_or(Problem::NotFound)?;
    let all = services.policies.list().await.map_err(|error| refusal(&services.incidents, error))?;
    let versions: Vec<&Published> = all.iter().filter(|published| published.which.document == document).collect();
    let shown = versions.iter().rev().find(|published| wanted(published)).ok_or(Problem::NotFound)?;
    let text = services.policies.text(shown.which, language).await;
    let text = text.map_err(|error| refusal(&services.incidents, error))?;
    let page = LegalDocument {
        document: of_pages(document),
        body: CleanHtml::from_sanitised(html(&text.markdown)),
        title: text.title,
        version: shown.which.version,
        effective_on: Day::new(shown.in_force_at.unwrap_or(shown.effective_at), language),
        standing: match shown.state {
            State::Announced => Standing::Announced,
            State::InForce => Standing::InForce,
            State::Superseded => Standing::Superseded,
            State::Withdrawn => Standing::Withdrawn,
        },
        before: before(&versions, shown),
        coming: coming(&versions, shown, language),
        others: others(&versions, shown, language),
    };
    let known = Surroundings::of_whoever(services, visitor).await?;
    let mut chrome = surroundings(request, services, known);
    chrome.locale = language;
    chrome.path = format!("/{}", slug(document));
    let mut response = site::show(services, &page, &chrome)?;
    response.headers_mut().insert(header::CONTENT_LANGUAGE, HeaderValue::from_static(language.tag()));
    Ok(response)
}

/// The version that `shown` followed or is to follow, for who wants to see what changed.
fn before(versions: &[&Published], shown: &Published) -> Option<u32> {
    let earlier = |published: &&&Published| {
        published.which.version < shown.which.version && matches!(published.state, State::InForce | State::Superseded)
    };
    versions.iter().rev().find(earlier).map(|published| published.which.version)
}

/// The version that is to follow the one in force.
fn coming(versions: &[&Published], shown: &Published, language: Locale) -> Option<OtherVersion> {
    if shown.state != State::InForce {
        return None;
    }
    let announced = versions.iter().find(|published| published.state == State::Announced)?;
    let effective_on = Day::new(announced.effective_at, language);
    Some(OtherVersion { version: announced.which.version, effective_on })
}

/// The other versions, newest first.
fn others(versions: &[&Published], shown: &Published, language: Locale) -> Vec<OtherVersion> {
    let counts = |published: &&&Published| published.which != shown.which && published.state != State::Withdrawn;
    let others = versions.iter().rev().filter(counts);
    let other = |p: &&Published| OtherVersion {
        version: p.which.version,
        effective_on: Day::new(p.in_force_at.unwrap_or(p.effective_at), language),
    };
    others.map(other).collect()
}

/// The document that the address begins with.
fn document_of(request: &HttpRequest) -> Option<Document> {
    let slug = request.path().split('/').nth(1)?;
    Document::ALL.into_iter().find(|document| self::slug(*document) == slug)
}

const fn slug(document: Document) -> &'static str {
    match document {
        Document::SafeUse => "safe-use",
        Document::Privacy | Document::Terms | Document::Dpa | Document::Cookies => document.name(),
    }
}

/// A version as a box to tick names it: `privacy:2`.
pub(super) fn named(which: DocumentVersion) -> String {
    format!("{}:{}", which.document.name(), which.version)
}

pub(super) const fn of_pages(document: Document) -> pages::Document {
    match document {
        Document::Privacy => pages::Document::Privacy,
        Document::Terms => pages::Document::Terms,
        Document::SafeUse => pages::Document::SafeUse,
        Document::Dpa => pages::Document::Dpa,
        Document::Cookies => pages::Document::Cookies,
    }
}
