//! `/operator/policies`: the legal documents, and who was told of them.

use std::time::Duration;

use actix_web::web::{Data, Path};
use actix_web::{HttpRequest, HttpResponse};

use crate::kernel::access::{Authorized, SeeConsole};
use crate::kernel::log::Incidents;
use crate::kernel::values::{Fault, Locale};
use crate::messages::telling::Told;
use crate::policies::{Document, LifeError, Preview, Published, State};
use crate::web::api::accounts::invalid;
use crate::web::api::failure;
use crate::web::api::policies::refusal as of_policies;
use crate::web::console::Desk;
use crate::web::console::proposals::{announce_form, of_proposals};
use crate::web::pages::{ConsoleCell, ConsoleLink, ConsolePage, ConsolePart, ConsoleWidth, Shown};
use crate::web::problem::Problem;
use crate::web::routes::{Route, get};
use crate::web::services::Services;
use crate::web::site::show;

pub(super) fn routes() -> Vec<Route> {
    vec![get("/operator/policies", list), get("/operator/policies/{document}/preview", preview)]
}

/// How long a second operator may take to confirm what is announced at the time that the form begins with.
const LEEWAY: Duration = Duration::from_secs(2 * 24 * 60 * 60);

pub(super) async fn page(desk: &Desk<'_>) -> Result<ConsolePage, Problem> {
    let services = desk.services;
    let failed = |error| of_policies(&services.incidents, error);
    let mut rows = Vec::new();
    for published in services.policies.list().await.map_err(failed)?.iter().rev() {
        let counts = services.policies.counts(published.which).await.map_err(failed)?;
        let mut row = version(desk, published);
        row.extend([
            ConsoleCell::number(counts.sent + counts.joined),
            ConsoleCell::number(counts.queued),
            ConsoleCell::number(counts.refused + counts.bounced + counts.unreachable),
            ConsoleCell::number(counts.acknowledged),
        ]);
        rows.push(row);
    }
    let columns = vec![
        "document",
        "version",
        "state",
        "announced-at",
        "in-force-at",
        "noticed",
        "queued",
        "unreachable",
        "acknowledged",
    ];
    let mut parts = vec![ConsolePart::Table { title: "policies", columns, rows }];
    let mut drafts = Vec::new();
    for document in Document::ALL {
        let draft = match services.policies.preview(document).await {
            Ok(draft) => draft,
            Err(LifeError::NoDraft) => continue,
            Err(error) => return Err(of_life(&services.incidents, error)),
        };
        let languages: Vec<&str> = draft.texts.iter().map(|text| text.language.tag()).collect();
        let mut facts = vec![
            ("version", ConsoleCell::number(draft.which.version)),
            ("document", ConsoleCell::text(document.name())),
            ("languages", ConsoleCell::text(languages.join(", "))),
        ];
        facts.extend(missing(&draft));
        drafts.push(ConsolePart::Facts { title: "drafts", facts });
        let to = format!("/policies/{}/preview", document.name());
        drafts.push(ConsolePart::Link { to, says: "preview" });
        let earliest = services.policies.now().plus(services.settings.policies.notice.into()).plus(LEEWAY);
        drafts.extend(announce_form(desk, &draft, earliest));
    }
    parts.extend(drafts);
    Ok(desk.page("policies", ConsoleWidth::Wide, parts))
}

fn version(desk: &Desk<'_>, published: &Published) -> Vec<ConsoleCell> {
    let word = match published.state {
        State::Announced => "announced",
        State::InForce => "in_force",
        State::Superseded => "superseded",
        State::Withdrawn => "withdrawn",
    };
    vec![
        ConsoleCell::text(published.which.document.name()),
        ConsoleCell::number(published.which.version),
        ConsoleCell::Word { word },
        desk.at(published.announced_at),
        published.in_force_at.map_or(ConsoleCell::Nothing, |at| desk.at(at)),
    ]
}

async fn list(
    access: Authorized<SeeConsole>,
    request: HttpRequest,
    services: Data<Services>,
) -> Result<HttpResponse, Problem> {
    let desk = Desk::new(&request, &services, Some(&access));
    show(&services, &page(&desk).await?, &desk.chrome)
}

pub(super) fn document(name: &str) -> Result<Document, Problem> {
    name.parse().map_err(|_| Problem::NotFound)
}

/// The languages that a draft has no text in, where there are any.
fn missing(draft: &Preview) -> Option<(&'static str, ConsoleCell)> {
    let tags: Vec<&str> = draft.missing().iter().map(|language| language.tag()).collect();
    (!tags.is_empty()).then(|| ("languages-missing", ConsoleCell::text(tags.join(", "))))
}

/// The draft, the whole mail that tells of it in each language, and how many get it. Readers whose language has no text
/// are told of the one in `fallback`.
async fn previewed(desk: &Desk<'_>, document: Document, fallback: Option<Locale>) -> Result<ConsolePage, Problem> {
    let services = desk.services;
    let draft = services.policies.preview(document).await;
    let draft = draft.map_err(|error| of_life(&services.incidents, error))?;
    let checkpoint = services.policies.checkpoint().await;
    let checkpoint = checkpoint.map_err(|error| failure::of_store(&services.incidents, error))?;
    let mut parts = vec![ConsolePart::Says { says: "will-be-told", count: draft.accounts }];
    if let Some(missing) = missing(&draft) {
        let link = |language: Locale| ConsoleLink {
            to: format!("/policies/{}/preview?fallback={}", document.name(), language.tag()),
            text: Shown::from(language.tag().to_owned()),
        };
        let links = draft.texts.iter().map(|text| link(text.language)).collect();
        let facts = vec![missing, ("preview-fallback", ConsoleCell::Links { links })];
        parts.push(ConsolePart::Facts { title: "languages", facts });
    }
    for language in Locale::ALL {
        if let Some(told) = draft.told_in(language, fallback) {
            let told = services.telling.announcement(vec![told], checkpoint.clone(), language);
            let Told { subject, text } = told.map_err(|error| Problem::unexpected(&services.incidents, &error))?;
            parts.push(titled(language, &subject, text));
        }
        if let Some(text) = draft.texts.iter().find(|text| text.language == language) {
            parts.push(titled(language, &text.title, text.markdown.clone()));
        }
    }
    Ok(desk.page("preview", ConsoleWidth::Wide, parts))
}

fn titled(language: Locale, title: &str, text: String) -> ConsolePart {
    let title = format!("{}: {title}", language.tag());
    ConsolePart::Text { title: Shown::from(title), text: Shown::from(text) }
}

async fn preview(
    access: Authorized<SeeConsole>,
    request: HttpRequest,
    services: Data<Services>,
    name: Path<String>,
) -> Result<HttpResponse, Problem> {
    let desk = Desk::new(&request, &services, Some(&access));
    let fallback = request.query_string().split('&').find_map(|pair| pair.strip_prefix("fallback="));
    let fallback = fallback.map(|tag| language(tag).ok_or(Problem::MalformedRequest)).transpose()?;
    show(&services, &previewed(&desk, document(&name)?, fallback).await?, &desk.chrome)
}

/// The language of this tag.
pub(super) fn language(tag: &str) -> Option<Locale> {
    Locale::ALL.into_iter().find(|language| language.tag() == tag)
}

/// Why a document's life did not go on, as the client sees it.
pub(super) fn of_life(incidents: &Incidents, error: LifeError) -> Problem {
    let field = |pointer, code| invalid(vec![Fault::new(pointer, code, "See the document's state.")]);
    match error {
        LifeError::NoDraft | LifeError::NothingAnnounced | LifeError::Unknown => Problem::NotFound,
        LifeError::AnotherAnnounced(_) => field("/version", "another_announced"),
        LifeError::Languages(_) => field("/languages", "languages_missing"),
        LifeError::TooSoon(_) => field("/effective_at", "too_soon"),
        LifeError::Untitled(_) | LifeError::Placeholder(_) | LifeError::Summary(_) => field("/text", "invalid"),
        LifeError::Changed => field("/version", "draft_changed"),
        LifeError::Rule(error) => of_proposals(incidents, error),
        LifeError::Store(error) => failure::of_store(incidents, error),
    }
}
