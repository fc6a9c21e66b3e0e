//! `/operator/keys/retired`: versions that open restored data only, and destroying one before its time. What that makes
//! unreadable stands above the button.

use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse};

use crate::kernel::access::{Authorized, OperatorAccess, SeeConsole, TurnKeys};
use crate::kernel::backup::Kept;
use crate::kernel::backup::format::What;
use crate::kernel::crypto::{KeyVersion, Owner};
use crate::kernel::ids::{AccountId, TenantId};
use crate::kernel::rekey::Rekey;
use crate::operators::OperatorsError;
use crate::operators::backups::{Keeps, Known};
use crate::web::console::keys::named;
use crate::web::console::{Allowed, Desk, refusal};
use crate::web::pages::{
    ConsoleCell, ConsoleField, ConsoleForm, ConsolePage, ConsolePart, ConsoleWeight, ConsoleWidth,
};
use crate::web::problem::Problem;
use crate::web::routes::{Route, get, post};
use crate::web::services::Services;
use crate::web::site::{FormBody, show};

pub(super) fn routes() -> Vec<Route> {
    vec![get("/operator/keys/retired", list), post("/operator/keys/retired/destruction", destroy)]
}

/// So many of each stand on the page.
const SHOWN: usize = 200;

/// What a version that is destroyed now takes with it.
const UNREADABLE: [&str; 4] = ["unreadable-copies", "unreadable-keyrings", "unreadable-repeats", "unreadable-journal"];

async fn page(desk: &Desk<'_>) -> Result<ConsolePage, Problem> {
    let operators = &desk.services.operators;
    let retired = operators.retired().map_err(|error| refusal(&desk.services.incidents, error))?;
    let mut parts: Vec<_> = UNREADABLE.iter().map(|says| ConsolePart::Says { says, count: 0 }).collect();
    parts.push(match operators.backups().await {
        _ if operators.keeps_backups() == Keeps::Nowhere => ConsolePart::Says { says: "backup-none", count: 0 },
        Known::Away => ConsolePart::Says { says: "backups-away", count: 0 },
        Known::All(all) => lost(desk, &all),
    });
    let may = desk.may::<TurnKeys>();
    let row = |rekey: &Rekey| {
        vec![
            ConsoleCell::text(named(rekey.owner)),
            ConsoleCell::number(rekey.old.as_u32()),
            desk.at(rekey.stage_at),
            rekey.destroy_at.map_or(ConsoleCell::Nothing, |at| desk.at(at)),
            if may == Allowed::Yes { form(rekey) } else { ConsoleCell::Nothing },
        ]
    };
    parts.push(ConsolePart::Table {
        title: "retired-versions",
        columns: vec!["owner", "version", "since", "ends-at", "destroy-now"],
        rows: retired.iter().rev().take(SHOWN).map(row).collect(),
    });
    Ok(desk.page("retired-versions", ConsoleWidth::Wide, parts))
}

/// The back-ups of the data that open no more once a version is destroyed that sealed what they hold.
fn lost(desk: &Desk<'_>, all: &[Kept]) -> ConsolePart {
    let row = |kept: &Kept| vec![desk.at(kept.label.taken_at()), ConsoleCell::text(kept.label.id.clone())];
    let of_data = all.iter().filter(|kept| kept.label.what == What::Data);
    ConsolePart::Table {
        title: "unreadable-backups",
        columns: vec!["taken-at", "id"],
        rows: of_data.take(SHOWN).map(row).collect(),
    }
}

fn form(rekey: &Rekey) -> ConsoleCell {
    let hidden = |name, value| ConsoleField::Hidden { name, value };
    let kind = match rekey.owner {
        Owner::Account(_) => "account",
        Owner::Tenant(_) | Owner::Service | Owner::Day(_) | Owner::Letter(_) => "tenant",
    };
    ConsoleCell::Form(ConsoleForm {
        title: None,
        action: "/keys/retired/destruction".to_owned(),
        fields: vec![hidden(kind, named(rekey.owner)), hidden("version", rekey.old.as_u32().to_string())],
        button: "destroy-now",
        weight: ConsoleWeight::Danger,
    })
}

async fn list(
    access: Authorized<SeeConsole>,
    request: HttpRequest,
    services: Data<Services>,
) -> Result<HttpResponse, Problem> {
    let desk = Desk::new(&request, &services, Some(&access));
    show(&services, &page(&desk).await?, &desk.chrome)
}

async fn destroy(
    access: Authorized<TurnKeys>,
    request: HttpRequest,
    services: Data<Services>,
    form: FormBody,
) -> Result<HttpResponse, Problem> {
    let form = form.read().await?;
    let tenant = form.raw("tenant").parse::<TenantId>().ok().map(Owner::Tenant);
    let owner = tenant.or_else(|| form.raw("account").parse::<AccountId>().ok().map(Owner::Account));
    let version = form.raw("version").parse().ok().map(KeyVersion::from_u32);
    let done = match owner.zip(version) {
        Some((owner, version)) => services.operators.destroy_now(access.operator(), owner, version).await,
        None => Err(OperatorsError::NotRetired),
    };
    told(&request, &services, &access, done).await
}

async fn told(
    request: &HttpRequest,
    services: &Services,
    access: &OperatorAccess,
    done: Result<(), OperatorsError>,
) -> Result<HttpResponse, Problem> {
    let desk = Desk::new(request, services, Some(access));
    let done = done.map_err(|error| refusal(&services.incidents, error));
    desk.told(done.map(|()| desk.begun("/keys/retired")), page(&desk)).await
}
