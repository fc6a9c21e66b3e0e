//! `/operator/tenants`: businesses as ids, sizes, states and ages (P-3), and having one leave on its behalf.

use actix_web::web::{Data, Query};
use actix_web::{HttpRequest, HttpResponse};

use crate::kernel::access::{Authorized, EraseTenants, SeeConsole};
use crate::kernel::ids::TenantId;
use crate::kernel::log::Incidents;
use crate::kernel::operators::{Asked, Operator};
use crate::kernel::values::Fault;
use crate::operators::tenants::TenantSize;
use crate::tenants::leaving::OnBehalfError;
use crate::web::api::accounts::invalid;
use crate::web::api::failure;
use crate::web::console::proposals::{of_proposals, onward};
use crate::web::console::{Allowed, Desk, refusal};
use crate::web::pages::{
    ConsoleCell, ConsoleField, ConsoleForm, ConsolePage, ConsolePart, ConsoleWeight, ConsoleWidth, Shown,
};
use crate::web::problem::Problem;
use crate::web::routes::{Route, get, post};
use crate::web::services::Services;
use crate::web::site::{FormBody, show};

pub(super) fn routes() -> Vec<Route> {
    vec![get("/operator/tenants", list), post("/operator/tenants/erasure", erase)]
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
    show(&services, &page(&desk, place.after, "").await?, &desk.chrome)
}

/// The page that begins behind `after`; `typed` stands in the form again.
async fn page(desk: &Desk<'_>, after: Option<TenantId>, typed: &str) -> Result<ConsolePage, Problem> {
    let found = desk.services.operators.tenants(after).await;
    let found = found.map_err(|error| refusal(&desk.services.incidents, error))?;
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
    if desk.may::<EraseTenants>() == Allowed::Yes {
        parts.push(ConsolePart::Says { says: "erasing", count: 0 });
        parts.push(ConsolePart::Form(ConsoleForm {
            title: Some("erase-tenant"),
            action: "/tenants/erasure".to_owned(),
            fields: vec![ConsoleField::Line {
                name: "tenant",
                value: Shown::from(typed.to_owned()),
                autocomplete: "off",
            }],
            button: "erase-tenant",
            weight: ConsoleWeight::Danger,
        }));
    }
    Ok(desk.page("tenants", ConsoleWidth::Wide, parts))
}

async fn erase(
    access: Authorized<EraseTenants>,
    request: HttpRequest,
    services: Data<Services>,
    form: FormBody,
) -> Result<HttpResponse, Problem> {
    let form = form.read().await?;
    let typed = form.raw("tenant").trim();
    let desk = Desk::new(&request, &services, Some(&access));
    let asked = match typed.parse() {
        Ok(tenant) => erased(&services, tenant, access.operator()).await,
        Err(_) => Err(of_leaving(&services.incidents, OnBehalfError::NoTenant)),
    };
    match asked {
        Ok(asked) => Ok(onward(&desk, &asked, "/tenants")),
        Err(problem) => desk.refuse(page(&desk, None, typed).await?, &problem),
    }
}

/// Has it leave after the time of grace, or proposes that.
pub(super) async fn erased(services: &Services, tenant: TenantId, who: Operator) -> Result<Asked<()>, Problem> {
    let rule = services.settings.operators.two_person;
    let asked = services.leaving.erase_on_behalf(who, rule, tenant).await;
    Ok(match asked.map_err(|error| of_leaving(&services.incidents, error))? {
        Asked::Done(_) => Asked::Done(()),
        Asked::Proposed(id) => Asked::Proposed(id),
    })
}

/// Why a business does not leave on its behalf, as the client sees it.
fn of_leaving(incidents: &Incidents, error: OnBehalfError) -> Problem {
    let tenant = |code| invalid(vec![Fault::new("/tenant", code, "See the state of the business.")]);
    match error {
        OnBehalfError::NoTenant => tenant("no_such_tenant"),
        OnBehalfError::Leaving => tenant("tenant_leaves"),
        OnBehalfError::Rule(error) => of_proposals(incidents, error),
        OnBehalfError::Store(error) => failure::of_store(incidents, error),
    }
}
