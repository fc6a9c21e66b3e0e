//! `/operator/tenants`: businesses as ids, sizes, states and ages; who subscribes, of one (P-3); and having one leave on its
//! behalf.

use actix_web::web::{Data, Path, Query};
use actix_web::{HttpRequest, HttpResponse};

use crate::kernel::access::{Authorized, EraseTenants, SeeConsole, SeeSubscribers};
use crate::kernel::ids::TenantId;
use crate::kernel::log::Incidents;
use crate::kernel::operators::{Asked, Operator};
use crate::kernel::personal::Personal;
use crate::kernel::values::Fault;
use crate::operators::OperatorsError;
use crate::operators::tenants::TenantSize;
use crate::tenants::leaving::OnBehalfError;
use crate::tenants::shown::{self, Seen, Subscriber};
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
    vec![get("/operator/tenants", list), post("/operator/tenants/erasure", erase), get("/operator/tenants/{id}", look)]
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
    let id = |tenant: TenantId| match desk.may::<SeeSubscribers>() {
        Allowed::Yes => ConsoleCell::Link { to: format!("/tenants/{tenant}"), text: Shown::from(tenant.to_string()) },
        Allowed::No => ConsoleCell::text(tenant.to_string()),
    };
    let row = |tenant: &TenantSize| {
        let of_it = sized(desk, tenant).into_iter().map(|(_, cell)| cell);
        std::iter::once(id(tenant.id)).chain(of_it).collect()
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

/// How it stands, how old and how large it is.
fn sized(desk: &Desk<'_>, tenant: &TenantSize) -> Vec<(&'static str, ConsoleCell)> {
    vec![
        ("state", ConsoleCell::Word { word: tenant.state.word() }),
        ("since", desk.at(tenant.created_at)),
        ("members", ConsoleCell::number(tenant.members)),
        ("records", ConsoleCell::number(tenant.records)),
        ("files", ConsoleCell::number(tenant.files)),
    ]
}

/// Who subscribes; that somebody looked is in the ledger and in the business's own audit before it is shown.
async fn look(
    access: Authorized<SeeSubscribers>,
    request: HttpRequest,
    services: Data<Services>,
    id: Path<TenantId>,
) -> Result<HttpResponse, Problem> {
    let desk = Desk::new(&request, &services, Some(&access));
    let tenant = services.operators.tenant(*id).await.map_err(|error| match error {
        OperatorsError::NoTenant => Problem::NotFound,
        error => refusal(&services.incidents, error),
    })?;
    let seen = shown::show(&services.kernel, access.operator(), tenant.id).await;
    let seen = seen.map_err(|error| failure::of_store(&services.incidents, error))?;
    let mut facts = vec![("id", ConsoleCell::text(tenant.id.to_string()))];
    facts.extend(sized(&desk, &tenant));
    let mut parts = vec![ConsolePart::Facts { title: "tenant", facts }];
    parts.push(match seen {
        Seen::Open(subscriber) => ConsolePart::Facts { title: "subscriber", facts: of_subscriber(*subscriber) },
        Seen::Sealed => ConsolePart::Says { says: "subscriber-sealed", count: 0 },
    });
    parts.push(ConsolePart::Link { to: "/tenants".to_owned(), says: "tenants" });
    desk.show("tenant", ConsoleWidth::Wide, parts)
}

fn of_subscriber(subscriber: Subscriber) -> Vec<(&'static str, ConsoleCell)> {
    let text = |text: Personal<String>| ConsoleCell::Text { text: text.into() };
    let given = |given: Option<Personal<String>>| given.map_or(ConsoleCell::Nothing, text);
    let mut facts = vec![
        ("name", text(subscriber.name)),
        ("kind", ConsoleCell::Word { word: subscriber.kind.name() }),
        ("country", ConsoleCell::text(subscriber.country.code())),
        ("registration", given(subscriber.registration_number)),
        ("vat", given(subscriber.vat_number)),
    ];
    match subscriber.address {
        Some(address) => {
            let place = [&address.town, &address.postal_code].map(|part| part.reveal().as_str()).join(" ");
            let line = format!("{}, {place}, {}", address.street.reveal(), address.country.code());
            facts.push(("address", ConsoleCell::text(line)));
        }
        None => facts.push(("address", ConsoleCell::Nothing)),
    }
    facts
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
    desk.told(asked.map(|asked| onward(&desk, &asked, "/tenants")), page(&desk, None, typed)).await
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
