//! `/operator/backups`: whether the newest can be put back.

use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse};

use crate::kernel::access::{Authorized, SeeConsole};
use crate::web::console::{Desk, refusal};
use crate::web::pages::{ConsoleCell, ConsolePage, ConsolePart, ConsoleWidth};
use crate::web::problem::Problem;
use crate::web::routes::{Route, get};
use crate::web::services::Services;
use crate::web::site::show;

pub(super) fn routes() -> Vec<Route> {
    vec![get("/operator/backups", list)]
}

async fn page(desk: &Desk<'_>) -> Result<ConsolePage, Problem> {
    let operators = &desk.services.operators;
    let failed = |error| refusal(&desk.services.incidents, error);
    let standing = operators.standing().await.map_err(failed)?;
    let facts = vec![
        ("drilled", standing.drilled.as_ref().map_or(ConsoleCell::Nothing, |(at, _)| desk.at(*at))),
        ("found", standing.drilled.map_or(ConsoleCell::Nothing, |(_, word)| ConsoleCell::Word { word: word.word() })),
    ];
    let parts = vec![ConsolePart::Facts { title: "drilled", facts }];
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
