//! `/operator/keys`: which keys there are, and those that turn over.

use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse};

use crate::kernel::access::{Authorized, SeeConsole};
use crate::kernel::crypto::Owner;
use crate::kernel::keyring::rotation::{RootVersion, Status};
use crate::kernel::keyring::{KeyState, KeyringError};
use crate::kernel::rekey::{Pause, Rekey, Stage};
use crate::web::api::failure;
use crate::web::console::Desk;
use crate::web::pages::{ConsoleCell, ConsolePage, ConsolePart, ConsoleWidth, Shown};
use crate::web::problem::Problem;
use crate::web::routes::{Route, get};
use crate::web::services::Services;
use crate::web::site::show;

pub(super) fn routes() -> Vec<Route> {
    vec![get("/operator/keys", look), get("/operator/keys/reports", reports)]
}

fn page(desk: &Desk<'_>) -> Result<ConsolePage, Problem> {
    let keyring = desk.services.kernel.keyring();
    let away = |error: KeyringError| failure::of_keyring(&desk.services.incidents, &error);
    let (status, rekeys) = (keyring.status().map_err(away)?, keyring.rekeys(None).map_err(away)?);
    let mut parts = vec![roots(desk, &status), root_progress(&status), owners(&status), turning(desk, &rekeys)];
    parts.push(ConsolePart::Link { to: "/keys/reports".to_owned(), says: "reports" });
    Ok(desk.page("keys", ConsoleWidth::Wide, parts))
}

fn roots(desk: &Desk<'_>, status: &Status) -> ConsolePart {
    let wraps = |version: i64| status.by_root.iter().find(|(of, _)| *of == version).map_or(0, |(_, many)| *many);
    let row = |root: &RootVersion| {
        vec![
            ConsoleCell::number(root.version),
            ConsoleCell::text(root.provider.clone()),
            ConsoleCell::Word { word: if root.current { "current" } else { "known" } },
            desk.at(root.created_at),
            ConsoleCell::number(wraps(root.version)),
        ]
    };
    ConsolePart::Table {
        title: "root-versions",
        columns: vec!["version", "provider", "state", "since", "wraps"],
        rows: status.roots.iter().map(row).collect(),
    }
}

/// How many owner keys the current root version wraps, of all: a rotation under way shows here.
fn root_progress(status: &Status) -> ConsolePart {
    let current = status.roots.iter().find(|root| root.current).map(|root| root.version);
    let many = |of: &(i64, i64)| u64::try_from(of.1).unwrap_or(0);
    let all: u64 = status.by_root.iter().map(many).sum();
    let done: u64 = status.by_root.iter().filter(|(version, _)| Some(*version) == current).map(many).sum();
    ConsolePart::Facts { title: "wraps", facts: vec![("progress", ConsoleCell::Bar { done, all })] }
}

fn owners(status: &Status) -> ConsolePart {
    let word = |state: KeyState| match state {
        KeyState::Active => "active",
        KeyState::Closed => "closed",
        KeyState::Retired => "retired",
        KeyState::Destroyed => "destroyed",
        KeyState::Made => "made",
    };
    let mut facts = vec![("owners", ConsoleCell::number(status.owners))];
    facts.extend(status.by_state.iter().map(|(state, many)| (word(*state), ConsoleCell::number(*many))));
    ConsolePart::Facts { title: "owner-keys", facts }
}

/// The steps of a key that turns over, in order.
const STAGES: [Stage; 6] = [Stage::Made, Stage::Sealing, Stage::Found, Stage::Alone, Stage::Retired, Stage::Destroyed];

const fn word(stage: Stage) -> &'static str {
    match stage {
        Stage::Made => "made",
        Stage::Sealing => "sealing",
        Stage::Found => "found",
        Stage::Alone => "alone",
        Stage::Retired => "retired",
        Stage::Destroyed => "destroyed",
    }
}

fn named(owner: Owner) -> String {
    match owner {
        Owner::Tenant(id) => id.to_string(),
        Owner::Account(id) => id.to_string(),
        Owner::Service | Owner::Day(_) | Owner::Letter(_) => "-".to_owned(),
    }
}

/// Those that are not at their end, the most recent ones first, so many at most.
const SHOWN: usize = 200;

fn turning(desk: &Desk<'_>, rekeys: &[Rekey]) -> ConsolePart {
    let row = |rekey: &Rekey| {
        let values: u64 = rekey.facts.sealed.values().sum();
        let seconds = rekey.stage_at.since(rekey.begun_at).as_secs().max(1);
        let done = STAGES.iter().position(|stage| *stage == rekey.stage).and_then(|at| u64::try_from(at).ok());
        vec![
            ConsoleCell::text(named(rekey.owner)),
            ConsoleCell::text(format!("{} → {}", rekey.old.as_u32(), rekey.new.as_u32())),
            ConsoleCell::Word { word: word(rekey.stage) },
            ConsoleCell::Bar { done: done.unwrap_or(0), all: 5 },
            ConsoleCell::number(values),
            ConsoleCell::number(values / seconds),
            desk.at(rekey.begun_at),
            rekey.destroy_at.map_or(ConsoleCell::Nothing, |at| desk.at(at)),
            ConsoleCell::Word { word: if rekey.paused == Pause::Waits { "waits" } else { "runs" } },
        ]
    };
    let open = rekeys.iter().rev().filter(|rekey| rekey.stage != Stage::Destroyed);
    ConsolePart::Table {
        title: "rotations",
        columns: vec!["owner", "version", "stage", "progress", "values", "rate", "since", "ends-at", "state"],
        rows: open.take(SHOWN).map(row).collect(),
    }
}

async fn look(
    access: Authorized<SeeConsole>,
    request: HttpRequest,
    services: Data<Services>,
) -> Result<HttpResponse, Problem> {
    let desk = Desk::new(&request, &services, Some(&access));
    show(&services, &page(&desk)?, &desk.chrome)
}

/// The signed reports of destroyed versions, the newest first.
async fn reports(
    access: Authorized<SeeConsole>,
    request: HttpRequest,
    services: Data<Services>,
) -> Result<HttpResponse, Problem> {
    let desk = Desk::new(&request, &services, Some(&access));
    let rekeys = services.kernel.keyring().rekeys(None);
    let rekeys = rekeys.map_err(|error| failure::of_keyring(&services.incidents, &error))?;
    let report = |rekey: Rekey| {
        let title = Shown::from(named(rekey.owner));
        rekey.report.map(|text| ConsolePart::Text { title, text: Shown::from(text) })
    };
    let mut parts: Vec<ConsolePart> = rekeys.into_iter().rev().filter_map(report).take(SHOWN).collect();
    if parts.is_empty() {
        parts.push(ConsolePart::Says { says: "empty", count: 0 });
    }
    desk.show("reports", ConsoleWidth::Wide, parts)
}
