//! `/operator/tenants`: businesses as ids, sizes, states and ages (P-3).

use actix_web::web::{Data, Query};
use actix_web::{HttpRequest, HttpResponse};

use crate::kernel::access::{Authorized, SeeConsole};
use crate::kernel::ids::TenantId;
use crate::operators::tenants::TenantSize;
use crate::web::console::{Desk, refusal};
use crate::web::pages::{ConsoleCell, ConsolePart, ConsoleWidth};
use crate::web::problem::Problem;
use crate::web::routes::{Route, get};
use crate::web::services::Services;

pub(super) fn routes() -> Vec<Route> {
    vec![get("/operator/tenants", list)]
}

#[derive(serde::Deserialize)]
#[serde(deny_unknown_fields)]
struct Place {
    after: Option<TenantId>,
}

async fn list(
    access: Authorized<SeeConsole>,
    request: HttpRequest,
    services: Data<Services>,
    place: Query<Place>,
) -> Result<HttpResponse, Problem> {
    let desk = Desk::new(&request, &services, Some(&access));
    let found = services.operators.tenants(place.after).await;
    let found = found.map_err(|error| refusal(&services.incidents, error))?;
    let row = |tenant: &TenantSize| {
        vec![
            ConsoleCell::text(tenant.id.to_string()),
            ConsoleCell::Word { word: tenant.state.word() },
            desk.at(tenant.created_at),
            ConsoleCell::number(tenant.members),
            ConsoleCell::number(tenant.records),
            ConsoleCell::number(tenant.files),
        ]
    };
    let mut parts = vec![ConsolePart::Table {
        title: "tenants",
        columns: vec!["id", "state", "since", "members", "records", "files"],
        rows: found.tenants.iter().map(row).collect(),
    }];
    if let Some(last) = found.next {
        parts.push(ConsolePart::Link { to: format!("/tenants?after={last}"), says: "further" });
    }
    desk.show("tenants", ConsoleWidth::Wide, parts)
}
