//! `/operator/support`: what tenants let support look at now, and a page of it, masked. Each page that is shown is an act
//! of its own in the ledger, and the tenant is told of it before it is shown. There is no search.

use actix_web::web::{Data, Path, Query};
use actix_web::{HttpRequest, HttpResponse};

use crate::kernel::access::{Authorized, SeeConsole, ViewGranted};
use crate::kernel::ids::{CollectionId, RecordId, SupportGrantId, TenantId};
use crate::kernel::operators::SupportRefused;
use crate::kernel::operators::deeds::ViewForSupport;
use crate::kernel::values::Fault;
use crate::operators::support::LiveGrant;
use crate::vault::support::viewing::{FieldShape, SeenRecord, SeenValues};
use crate::web::api::accounts::invalid;
use crate::web::api::failure;
use crate::web::console::{Desk, refusal};
use crate::web::pages::{ConsoleCell, ConsoleLink, ConsolePart, ConsoleValue, ConsoleWidth};
use crate::web::problem::Problem;
use crate::web::routes::{Route, get};
use crate::web::services::Services;

pub(super) fn routes() -> Vec<Route> {
    vec![get("/operator/support", list), get("/operator/support/{tenant_id}/{id}/{collection_id}", view)]
}

#[derive(serde::Deserialize)]
#[serde(deny_unknown_fields)]
struct Place<I> {
    after: Option<I>,
}

async fn list(
    access: Authorized<SeeConsole>,
    request: HttpRequest,
    services: Data<Services>,
    place: Query<Place<SupportGrantId>>,
) -> Result<HttpResponse, Problem> {
    let desk = Desk::new(&request, &services, Some(&access));
    let found = services.operators.support_grants(place.after).await;
    let found = found.map_err(|error| refusal(&services.incidents, error))?;
    let row = |grant: &LiveGrant| {
        vec![
            ConsoleCell::text(grant.tenant.to_string()),
            ConsoleCell::text(grant.id.to_string()),
            desk.at(grant.expires_at),
            ConsoleCell::number(grant.views),
            ConsoleCell::Links { links: grant.collections.iter().map(|id| link(grant, *id)).collect() },
        ]
    };
    let mut parts = vec![ConsolePart::Table {
        title: "support-grants",
        columns: vec!["tenant", "id", "until", "views", "support-collections"],
        rows: found.grants.iter().map(row).collect(),
    }];
    if let Some(last) = found.next {
        parts.push(ConsolePart::Link { to: format!("/support?after={last}"), says: "further" });
    }
    desk.show("support", ConsoleWidth::Wide, parts)
}

fn link(grant: &LiveGrant, collection: CollectionId) -> ConsoleLink {
    let to = format!("/support/{}/{}/{collection}", grant.tenant, grant.id);
    ConsoleLink { to, text: collection.to_string().into() }
}

async fn view(
    access: Authorized<ViewGranted>,
    request: HttpRequest,
    services: Data<Services>,
    path: Path<(TenantId, SupportGrantId, CollectionId)>,
    place: Query<Place<RecordId>>,
) -> Result<HttpResponse, Problem> {
    let desk = Desk::new(&request, &services, Some(&access));
    let (tenant, grant, collection) = path.into_inner();
    let deed = ViewForSupport { tenant, grant, collection };
    let after = place.after;
    let looked =
        services.kernel.operate(access.operator(), deed, async |act| services.vault.view_for_support(act, after).await);
    let seen = match looked.await.map_err(|error| failure::of_keyring(&services.incidents, &error))? {
        Ok(seen) => seen,
        Err(error) => {
            let page = desk.page("support-view", ConsoleWidth::Narrow, Vec::new());
            return desk.refuse(page, &refused(&services, error));
        }
    };
    let record = |record: &SeenRecord| {
        vec![
            ConsoleCell::text(record.id.to_string()),
            ConsoleCell::number(record.version),
            desk.at(record.created_at),
            desk.at(record.updated_at),
            record.values.as_ref().map_or(ConsoleCell::Word { word: "unreadable" }, values),
        ]
    };
    let name = seen.collection.name.in_language(desk.chrome.locale).to_owned();
    let mut parts = vec![
        ConsolePart::Facts {
            title: "support-collection",
            facts: vec![
                ("tenant", ConsoleCell::text(tenant.to_string())),
                ("id", ConsoleCell::text(collection.to_string())),
                ("support-name", ConsoleCell::text(name)),
            ],
        },
        ConsolePart::Table {
            title: "support-fields",
            columns: vec!["support-name", "support-kind", "support-rules"],
            rows: seen.collection.fields.iter().map(field).collect(),
        },
        ConsolePart::Table {
            title: "records",
            columns: vec!["id", "version", "since", "support-changed", "support-values"],
            rows: seen.records.iter().map(record).collect(),
        },
    ];
    if let Some(last) = seen.next {
        let to = format!("/support/{tenant}/{grant}/{collection}?after={last}");
        parts.push(ConsolePart::Link { to, says: "further" });
    }
    desk.show("support-view", ConsoleWidth::Wide, parts)
}

fn field(field: &FieldShape) -> Vec<ConsoleCell> {
    let rules = [
        (field.required, "required"),
        (field.unique, "unique"),
        (field.searchable, "searchable"),
        (field.sensitive, "sensitive"),
    ];
    let rules: Vec<&str> = rules.into_iter().filter(|(is, _)| *is).map(|(_, rule)| rule).collect();
    let kind = serde_json::to_value(field.kind).ok().and_then(|kind| kind.as_str().map(ToOwned::to_owned));
    let rules = if rules.is_empty() { ConsoleCell::Nothing } else { ConsoleCell::text(rules.join(", ")) };
    vec![ConsoleCell::text(field.name.clone()), ConsoleCell::text(kind.unwrap_or_default()), rules]
}

fn values(values: &SeenValues) -> ConsoleCell {
    let value = |(name, seen): (&str, &crate::vault::support::viewing::Seen)| ConsoleValue {
        name: name.to_owned().into(),
        seen: seen.to_string().into(),
    };
    ConsoleCell::Values { values: values.iter().map(value).collect() }
}

/// Why there is nothing to see, as the console says it.
fn refused(services: &Services, error: SupportRefused) -> Problem {
    let code = match error {
        SupportRefused::NotGranted => return Problem::NotFound,
        SupportRefused::Store(error) => return failure::of_store(&services.incidents, error),
        SupportRefused::Sealed => "tenant_sealed",
        SupportRefused::Leaving => "tenant_leaving",
        SupportRefused::Frozen => "granter_frozen",
    };
    invalid(vec![Fault::new("", code, "It cannot be looked at now.")])
}
