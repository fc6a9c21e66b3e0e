//! `/transparency`: the log for machines, as static files (c2sp.org/tlog-tiles), and for readers. For anybody, without a
//! cookie.

use actix_web::http::header::{self, HeaderValue};
use actix_web::web::{Data, Path};
use actix_web::{HttpRequest, HttpResponse};

use crate::kernel::access::{Anyone, Authorized};
use crate::kernel::clock::Time;
use crate::kernel::keyring::log::Entered;
use crate::kernel::transparency::Leaf;
use crate::kernel::transparency::note::Checkpoint;
use crate::kernel::transparency::tiles::Tile;
use crate::kernel::values::Locale;
use crate::web::api::failure;
use crate::web::pages::{LogFact, LogRow, Moment, TransparencyPage};
use crate::web::problem::Problem;
use crate::web::routes::{Route, get};
use crate::web::services::Services;
use crate::web::site::{Surroundings, chrome, show, surroundings};

/// How many entries the page shows.
const SHOWN: u32 = 100;

pub(super) fn routes() -> Vec<Route> {
    vec![
        get("/transparency", in_my_language),
        get("/transparency/checkpoint", checkpoint),
        get("/transparency/keys", keys),
        get("/transparency/tile/{tile:.*}", tile),
        get("/transparency/{language}", page),
    ]
}

/// Leads to the language that the reader chose or prefers.
async fn in_my_language(_: Authorized<Anyone>, request: HttpRequest) -> HttpResponse {
    let path = format!("/transparency/{}", chrome::locale(&request).tag());
    HttpResponse::Found().insert_header((header::LOCATION, path)).finish()
}

/// The signed note of the log as it is now (c2sp.org/tlog-checkpoint).
async fn checkpoint(_: Authorized<Anyone>, services: Data<Services>) -> Result<HttpResponse, Problem> {
    let note = services.kernel.log_checkpoint().await;
    let note = note.map_err(|error| failure::of_store(&services.incidents, error))?;
    Ok(text("no-cache").body(note))
}

/// The keys that checkpoints are signed with, one a line, oldest first (c2sp.org/signed-note).
async fn keys(_: Authorized<Anyone>, services: Data<Services>) -> Result<HttpResponse, Problem> {
    let refused = |error| failure::of_keyring(&services.incidents, &error);
    let keyring = services.kernel.keyring();
    // The first key is made with the first checkpoint.
    services.kernel.log_checkpoint().await.map_err(|error| failure::of_store(&services.incidents, error))?;
    let keys = keyring.log_verifiers().map_err(refused)?;
    Ok(text("no-cache").body(keys.iter().map(|key| format!("{key}\n")).collect::<String>()))
}

/// Hashes or entries; what is at an address never changes.
async fn tile(_: Authorized<Anyone>, services: Data<Services>, path: Path<String>) -> Result<HttpResponse, Problem> {
    let tile = Tile::parse(&path).ok_or(Problem::NotFound)?;
    let bytes = services.kernel.keyring().log_tile(tile).await;
    let bytes = bytes.map_err(|error| failure::of_keyring(&services.incidents, &error))?.ok_or(Problem::NotFound)?;
    Ok(HttpResponse::Ok()
        .content_type("application/octet-stream")
        .insert_header((header::CACHE_CONTROL, "public, max-age=31536000, immutable"))
        .body(bytes))
}

/// What the log holds, in words.
async fn page(
    visitor: Authorized<Anyone>,
    services: Data<Services>,
    path: Path<String>,
    request: HttpRequest,
) -> Result<HttpResponse, Problem> {
    let language = Locale::ALL.into_iter().find(|locale| locale.tag() == *path).ok_or(Problem::NotFound)?;
    let refused = |error| failure::of_keyring(&services.incidents, &error);
    let keyring = services.kernel.keyring();
    let note = services.kernel.log_checkpoint().await;
    let note = note.map_err(|error| failure::of_store(&services.incidents, error))?;
    let size = Checkpoint::parse(&note).map_or(0, |checkpoint| checkpoint.size);
    let entries = keyring.log_newest(SHOWN).await.map_err(refused)?;
    let entries = entries.iter().map(|entered| row(entered, language)).collect();
    let known = Surroundings::of_whoever(&services, visitor.as_deref()).await?;
    let mut chrome = surroundings(&request, &services, known);
    chrome.locale = language;
    "/transparency".clone_into(&mut chrome.path);
    let mut response = show(&services, &TransparencyPage { size, entries }, &chrome)?;
    response.headers_mut().insert(header::CONTENT_LANGUAGE, HeaderValue::from_static(language.tag()));
    Ok(response)
}

fn text(keep: &'static str) -> actix_web::HttpResponseBuilder {
    let mut response = HttpResponse::Ok();
    response.content_type("text/plain; charset=utf-8").insert_header((header::CACHE_CONTROL, keep));
    response
}

fn row(entered: &Entered, language: Locale) -> LogRow {
    let (fact, at) = Leaf::parse(&entered.entry).map_or((LogFact::Other, None), fact);
    let at = at.and_then(|at| Time::parse(&at)).map(|at| Moment::new(at, language));
    LogRow { index: entered.index, fact, at }
}

fn fact(leaf: Leaf) -> (LogFact, Option<String>) {
    // The texts name documents as addresses do.
    let named = |document: String| document.replace('_', "-");
    match leaf {
        Leaf::PolicyAnnounced { document, version, announced_at, .. } => {
            (LogFact::PolicyAnnounced { document: named(document), version }, Some(announced_at))
        }
        Leaf::PolicyInForce { document, version, in_force_at, .. } => {
            (LogFact::PolicyInForce { document: named(document), version }, Some(in_force_at))
        }
        Leaf::PolicyWithdrawn { document, version, withdrawn_at } => {
            (LogFact::PolicyWithdrawn { document: named(document), version }, Some(withdrawn_at))
        }
        Leaf::Erasure { .. } => (LogFact::Erasure, None),
        Leaf::RootCurrent { version, at } => (LogFact::RootCurrent { version }, Some(at)),
        Leaf::RootDestroyed { version, at } => (LogFact::RootDestroyed { version }, Some(at)),
        Leaf::Restored { at, .. } => (LogFact::Restored, Some(at)),
    }
}
