//! `/operator/backups`: what there is, and whether it can be put back.

use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse};

use crate::kernel::access::{Authorized, SeeConsole};
use crate::kernel::backup::Kept;
use crate::kernel::backup::format::What;
use crate::operators::backups::Keeps;
use crate::web::console::{Desk, refusal};
use crate::web::pages::{ConsoleCell, ConsolePage, ConsolePart, ConsoleWidth};
use crate::web::problem::Problem;
use crate::web::routes::{Route, get};
use crate::web::services::Services;
use crate::web::site::show;

pub(super) fn routes() -> Vec<Route> {
    vec![get("/operator/backups", list)]
}

/// How many stand on the page.
const SHOWN: usize = 100;

async fn page(desk: &Desk<'_>) -> Result<ConsolePage, Problem> {
    let operators = &desk.services.operators;
    let failed = |error| refusal(&desk.services.incidents, error);
    let standing = operators.standing().await.map_err(failed)?;
    let facts = vec![
        ("drilled", standing.drilled.as_ref().map_or(ConsoleCell::Nothing, |(at, _)| desk.at(*at))),
        ("found", standing.drilled.map_or(ConsoleCell::Nothing, |(_, word)| ConsoleCell::Word { word: word.word() })),
    ];
    let mut parts = vec![ConsolePart::Facts { title: "drilled", facts }];
    if operators.keeps_backups() == Keeps::Nowhere {
        parts.push(ConsolePart::Says { says: "backup-none", count: 0 });
        return Ok(desk.page("backups", ConsoleWidth::Wide, parts));
    }
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
    let all = operators.backups().await.map_err(failed)?;
    parts.push(ConsolePart::Table {
        title: "backups",
        columns: vec!["taken-at", "what", "size", "id"],
        rows: all.iter().take(SHOWN).map(row).collect(),
    });
    Ok(desk.page("backups", ConsoleWidth::Wide, parts))
}

async fn list(
    access: Authorized<SeeConsole>,
    request: HttpRequest,
    services: Data<Services>,
) -> Result<HttpResponse, Problem> {
    let desk = Desk::new(&request, &services, Some(&access));
    show(&services, &page(&desk).await?, &desk.chrome)
}
