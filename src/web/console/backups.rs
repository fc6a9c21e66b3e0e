//! `/operator/backups`: which there are, whether the newest can be put back, and taking or trying one now.

use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse};

use crate::kernel::access::{Authorized, OperatorAccess, SeeConsole, TurnKeys};
use crate::kernel::backup::Kept;
use crate::kernel::backup::drill::Drill;
use crate::kernel::backup::format::What;
use crate::kernel::operators::Act;
use crate::operators::OperatorsError;
use crate::operators::backups::{Keeps, Known};
use crate::web::console::{Allowed, Desk, ledger, refusal};
use crate::web::pages::{ConsoleCell, ConsoleForm, ConsolePage, ConsolePart, ConsoleWeight, ConsoleWidth};
use crate::web::problem::Problem;
use crate::web::routes::{Route, get, post};
use crate::web::services::Services;
use crate::web::site::show;

pub(super) fn routes() -> Vec<Route> {
    vec![
        get("/operator/backups", list),
        post("/operator/backups/creation", create),
        post("/operator/backups/drill", drill),
    ]
}

/// How many stand on the page.
const SHOWN: usize = 100;

/// What the ledger is asked for.
const ACTS: [Act; 3] = [Act::TakeBackup, Act::TryBackup, Act::Restore];

async fn page(desk: &Desk<'_>) -> Result<ConsolePage, Problem> {
    let operators = &desk.services.operators;
    let drilled = operators.last_drill().await.map_err(|error| refusal(&desk.services.incidents, error))?;
    let mut parts = vec![found(desk, drilled)];
    let keeps = operators.keeps_backups();
    if keeps == Keeps::Nowhere {
        parts.push(ConsolePart::Says { says: "backup-none", count: 0 });
    } else {
        match operators.backups().await {
            Known::All(all) => parts.push(table(desk, &all)),
            Known::Away => parts.push(ConsolePart::Says { says: "backups-away", count: 0 }),
        }
    }
    parts.push(ledger::latest(desk, &ACTS)?);
    parts.push(ConsolePart::Link { to: "/backups".to_owned(), says: "look-again" });
    if keeps != Keeps::Nowhere && desk.may::<TurnKeys>() == Allowed::Yes {
        parts.push(form("backup-create", "creation", ConsoleWeight::Main));
        parts.push(match keeps {
            Keeps::Here => form("drill-start", "drill", ConsoleWeight::Plain),
            Keeps::Unopened | Keeps::Nowhere => ConsolePart::Says { says: "drill-elsewhere", count: 0 },
        });
    }
    Ok(desk.page("backups", ConsoleWidth::Wide, parts))
}

fn found(desk: &Desk<'_>, drilled: Option<Drill>) -> ConsolePart {
    let facts = match drilled {
        None => vec![("drilled", ConsoleCell::Nothing), ("found", ConsoleCell::Nothing)],
        Some(Drill { at, taken_at, findings }) => vec![
            ("drilled", desk.at(at)),
            ("found", ConsoleCell::Word { word: if findings.is_good() { "good" } else { "bad" } }),
            ("taken-at", desk.at(taken_at)),
            ("tenants-opened", ConsoleCell::number(findings.opened)),
            ("unreadable", ConsoleCell::number(findings.unreadable)),
        ],
    };
    ConsolePart::Facts { title: "drilled", facts }
}

fn table(desk: &Desk<'_>, all: &[Kept]) -> ConsolePart {
    let row = |kept: &Kept| {
        let word = match kept.label.what {
            What::Data => "data",
            What::Keyring => "keyring",
        };
        vec![
            desk.at(kept.label.taken_at()),
            ConsoleCell::Word { word },
            ConsoleCell::number(kept.size),
            ConsoleCell::text(kept.label.id.clone()),
        ]
    };
    ConsolePart::Table {
        title: "backups",
        columns: vec!["taken-at", "what", "size", "id"],
        rows: all.iter().take(SHOWN).map(row).collect(),
    }
}

fn form(button: &'static str, action: &str, weight: ConsoleWeight) -> ConsolePart {
    let action = format!("/backups/{action}");
    ConsolePart::Form(ConsoleForm { title: Some(button), action, fields: Vec::new(), button, weight })
}

async fn list(
    access: Authorized<SeeConsole>,
    request: HttpRequest,
    services: Data<Services>,
) -> Result<HttpResponse, Problem> {
    let desk = Desk::new(&request, &services, Some(&access));
    show(&services, &page(&desk).await?, &desk.chrome)
}

async fn create(
    access: Authorized<TurnKeys>,
    request: HttpRequest,
    services: Data<Services>,
) -> Result<HttpResponse, Problem> {
    let begun = services.operators.take_backup(access.operator(), &services.incidents).await;
    told(&request, &services, &access, begun).await
}

async fn drill(
    access: Authorized<TurnKeys>,
    request: HttpRequest,
    services: Data<Services>,
) -> Result<HttpResponse, Problem> {
    let begun = services.operators.try_backup(access.operator(), &services.incidents).await;
    told(&request, &services, &access, begun).await
}

async fn told(
    request: &HttpRequest,
    services: &Services,
    access: &OperatorAccess,
    begun: Result<(), OperatorsError>,
) -> Result<HttpResponse, Problem> {
    let desk = Desk::new(request, services, Some(access));
    let begun = begun.map_err(|error| refusal(&services.incidents, error));
    desk.told(begun.map(|()| desk.begun("/backups")), page(&desk)).await
}
