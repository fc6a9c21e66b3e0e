//! `/operator`: how the service is doing.

use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse};

use crate::kernel::access::{Authorized, SeeConsole};
use crate::kernel::rekey::Stage;
use crate::web::api::failure;
use crate::web::console::{Desk, refusal};
use crate::web::pages::{ConsoleCell, ConsolePart, ConsoleWidth};
use crate::web::problem::Problem;
use crate::web::routes::{Route, get};
use crate::web::services::Services;

pub(super) fn routes() -> Vec<Route> {
    vec![get("/operator", overview)]
}

async fn overview(
    access: Authorized<SeeConsole>,
    request: HttpRequest,
    services: Data<Services>,
) -> Result<HttpResponse, Problem> {
    let desk = Desk::new(&request, &services, Some(&access));
    let standing = services.operators.standing().await;
    let standing = standing.map_err(|error| refusal(&services.incidents, error))?;
    let keyring = services.kernel.keyring();
    let away = |error| failure::of_keyring(&services.incidents, &error);
    let (status, rekeys) = (keyring.status().map_err(away)?, keyring.rekeys(None).map_err(away)?);
    let turning = rekeys.iter().filter(|rekey| rekey.stage < Stage::Retired).count();
    let since =
        status.roots.iter().find(|root| root.current).map_or(ConsoleCell::Nothing, |root| desk.at(root.created_at));
    let keys = vec![
        ("owners", ConsoleCell::number(status.owners)),
        ("root-since", since),
        ("turning", ConsoleCell::number(turning)),
    ];
    let mails = vec![
        ("waiting", ConsoleCell::number(standing.waiting)),
        ("oldest", standing.oldest.map_or(ConsoleCell::Nothing, |at| desk.at(at))),
    ];
    let backups = vec![
        ("drilled", standing.drilled.as_ref().map_or(ConsoleCell::Nothing, |(at, _)| desk.at(*at))),
        ("found", standing.drilled.map_or(ConsoleCell::Nothing, |(_, word)| ConsoleCell::Word { word: word.word() })),
    ];
    let parts = vec![
        ConsolePart::Facts { title: "keys", facts: keys },
        ConsolePart::Facts { title: "outbox", facts: mails },
        ConsolePart::Facts { title: "backups", facts: backups },
    ];
    desk.show("overview", ConsoleWidth::Wide, parts)
}
