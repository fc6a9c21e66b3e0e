//! `/operator/keys`: which keys there are, and those that turn over.

use std::time::Duration;

use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse};

use crate::kernel::access::{Authorized, SeeConsole, TurnKeys};
use crate::kernel::crypto::Owner;
use crate::kernel::keyring::rotation::{RootVersion, Status};
use crate::kernel::keyring::{KeyState, KeyringError};
use crate::kernel::operators::Act;
use crate::kernel::rekey::{Pause, Rekey, Stage, WaitsFor};
use crate::operators::keys::{Going, keys_going, root_going, sealing};
use crate::web::api::failure;
use crate::web::console::proposals::root_cell;
use crate::web::console::turning::{self, Typed};
use crate::web::console::{Allowed, Desk, ledger};
use crate::web::pages::{ConsoleCell, ConsolePage, ConsolePart, ConsoleWidth, Shown};
use crate::web::problem::Problem;
use crate::web::routes::{Route, get};
use crate::web::services::Services;
use crate::web::site::show;

pub(super) fn routes() -> Vec<Route> {
    vec![get("/operator/keys", look), get("/operator/keys/reports", reports)]
}

/// What the ledger is asked for.
const ACTS: [Act; 7] = [
    Act::RotateRoot,
    Act::PrepareRoot,
    Act::DestroyRoot,
    Act::RotateKeys,
    Act::PauseKeys,
    Act::ResumeKeys,
    Act::PaceKeys,
];

pub(super) fn page(desk: &Desk<'_>, typed: Typed) -> Result<ConsolePage, Problem> {
    let keyring = desk.services.kernel.keyring();
    let away = |error: KeyringError| failure::of_keyring(&desk.services.incidents, &error);
    let (status, rekeys) = (keyring.status().map_err(away)?, keyring.rekeys(None).map_err(away)?);
    let now = desk.services.kernel.now();
    let (root, together) = (root_going(&status, now), keys_going(&rekeys, now));
    let mut parts = vec![roots(desk, &status), root_progress(&status, root), owners(&status)];
    parts.extend(together.map(|going| ConsolePart::Facts { title: "under-way", facts: pace(going) }));
    parts.push(turning(desk, &rekeys));
    if root.is_some() || together.is_some() {
        parts.push(ConsolePart::Link { to: "/keys".to_owned(), says: "look-again" });
    }
    parts.push(ledger::latest(desk, &ACTS)?);
    parts.push(ConsolePart::Link { to: "/keys/reports".to_owned(), says: "reports" });
    if rekeys.iter().any(|rekey| rekey.stage == Stage::Retired) {
        parts.push(ConsolePart::Link { to: "/keys/retired".to_owned(), says: "retired-versions" });
    }
    if desk.may::<TurnKeys>() == Allowed::Yes {
        parts.extend(turning::forms(&status, &rekeys, typed));
    }
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
            root_cell(desk, root.version, !root.current && wraps(root.version) == 0),
        ]
    };
    ConsolePart::Table {
        title: "root-versions",
        columns: vec!["version", "provider", "state", "since", "wraps", "destroy-root"],
        rows: status.roots.iter().map(row).collect(),
    }
}

/// How many owner keys the current root version wraps, of all; and how fast, while that goes on.
fn root_progress(status: &Status, going: Option<Going>) -> ConsolePart {
    let all: u64 = status.by_root.iter().map(|(_, many)| u64::try_from(*many).unwrap_or(0)).sum();
    let mut facts = going.map_or_else(|| vec![("progress", ConsoleCell::Bar { done: all, all })], pace);
    if status.is_under_way() {
        facts.push(("state", standing(status.root)));
    }
    facts.extend(status.prepared.map(|version| ("prepared", ConsoleCell::number(version))));
    ConsolePart::Facts { title: "wraps", facts }
}

/// How far work is, how fast it goes, and how long it still takes.
fn pace(Going { done, all, estimate }: Going) -> Vec<(&'static str, ConsoleCell)> {
    vec![
        ("progress", ConsoleCell::Bar { done, all }),
        ("rate-minute", ConsoleCell::number(estimate.rate(MINUTE))),
        ("left", ConsoleCell::left(estimate.left())),
    ]
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

pub(super) fn named(owner: Owner) -> String {
    match owner {
        Owner::Tenant(id) => id.to_string(),
        Owner::Account(id) => id.to_string(),
        Owner::Service | Owner::Day(_) | Owner::Letter(_) => "-".to_owned(),
    }
}

const fn standing(paused: Pause) -> ConsoleCell {
    let word = match paused {
        Pause::Waits => "waits",
        Pause::Runs => "runs",
    };
    ConsoleCell::Word { word }
}

/// What a key that turns over waits for.
const fn waits_for(what: WaitsFor) -> ConsoleCell {
    let word = match what {
        WaitsFor::Settling => "waits-settling",
        WaitsFor::KeptAnswers => "waits-kept-answers",
        WaitsFor::Rest => "waits-rest",
        WaitsFor::Unsealing => "waits-unsealing",
        WaitsFor::Staying => "waits-staying",
        WaitsFor::GoOn => return standing(Pause::Waits),
    };
    ConsoleCell::Word { word }
}

const SECOND: Duration = Duration::from_secs(1);
const MINUTE: Duration = Duration::from_secs(60);

/// Those that are not at their end, the most recent ones first, so many at most.
const SHOWN: usize = 200;

fn turning(desk: &Desk<'_>, rekeys: &[Rekey]) -> ConsolePart {
    let row = |rekey: &Rekey| {
        let values: u64 = rekey.facts.sealed.values().sum();
        let steps = STAGES.iter().position(|stage| *stage == rekey.stage).and_then(|at| u64::try_from(at).ok());
        let (sealing, waiting) = (sealing(rekey), rekey.waiting());
        let bar = ConsoleCell::Bar { done: steps.unwrap_or(0), all: 5 };
        let sealed = sealing
            .map_or_else(|| ConsoleCell::number(values), |Going { done, all, .. }| ConsoleCell::Bar { done, all });
        vec![
            ConsoleCell::text(named(rekey.owner)),
            ConsoleCell::text(format!("{} → {}", rekey.old.as_u32(), rekey.new.as_u32())),
            ConsoleCell::Word { word: word(rekey.stage) },
            bar,
            sealed,
            sealing.map_or(ConsoleCell::Nothing, |going| ConsoleCell::number(going.estimate.rate(SECOND))),
            rekey.pace.map_or(ConsoleCell::Nothing, |pace| ConsoleCell::number(pace.values_per_second.get())),
            ConsoleCell::left(sealing.and_then(|going| going.estimate.left())),
            desk.at(rekey.begun_at),
            rekey.destroy_at.map_or(ConsoleCell::Nothing, |at| desk.at(at)),
            waiting.map_or(standing(Pause::Runs), |waiting| waits_for(waiting.what)),
            waiting.and_then(|waiting| waiting.until).map_or(ConsoleCell::Nothing, |at| desk.at(at)),
        ]
    };
    let open = rekeys.iter().rev().filter(|rekey| rekey.stage != Stage::Destroyed);
    ConsolePart::Table {
        title: "rotations",
        columns: vec![
            "owner", "version", "stage", "progress", "values", "rate", "pace", "left", "since", "ends-at", "state",
            "until",
        ],
        rows: open.take(SHOWN).map(row).collect(),
    }
}

async fn look(
    access: Authorized<SeeConsole>,
    request: HttpRequest,
    services: Data<Services>,
) -> Result<HttpResponse, Problem> {
    let desk = Desk::new(&request, &services, Some(&access));
    show(&services, &page(&desk, Typed::default())?, &desk.chrome)
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
