//! `/operator/outbox`: what waits to be handed over or done, by state.

use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse};

use crate::kernel::access::{Authorized, SeeConsole};
use crate::operators::standing::Work;
use crate::web::console::{Desk, refusal};
use crate::web::pages::{ConsoleCell, ConsolePart, ConsoleWidth};
use crate::web::problem::Problem;
use crate::web::routes::{Route, get};
use crate::web::services::Services;

pub(super) fn routes() -> Vec<Route> {
    vec![get("/operator/outbox", waiting)]
}

async fn waiting(
    access: Authorized<SeeConsole>,
    request: HttpRequest,
    services: Data<Services>,
) -> Result<HttpResponse, Problem> {
    let desk = Desk::new(&request, &services, Some(&access));
    let failed = |error| refusal(&services.incidents, error);
    let messages = services.operators.messages().await.map_err(failed)?;
    let work = services.operators.work().await.map_err(failed)?;
    let since = |at| Option::map_or(at, ConsoleCell::Nothing, |at| desk.at(at));
    let of_messages = |of: crate::operators::standing::Messages| {
        vec![ConsoleCell::Word { word: of.word() }, ConsoleCell::number(of.many), since(of.oldest)]
    };
    let of_work =
        |work: Work| vec![ConsoleCell::Word { word: work.word }, ConsoleCell::number(work.many), since(work.oldest)];
    let parts = vec![
        ConsolePart::Table {
            title: "waiting",
            columns: vec!["state", "count", "oldest"],
            rows: messages.into_iter().map(of_messages).collect(),
        },
        ConsolePart::Table {
            title: "work",
            columns: vec!["work", "count", "oldest"],
            rows: work.into_iter().map(of_work).collect(),
        },
    ];
    desk.show("outbox", ConsoleWidth::Wide, parts)
}
