//! The first page of a vault, and the starter collections.

use std::collections::BTreeSet;

use actix_web::web::{Data, Path};
use actix_web::{HttpRequest, HttpResponse};

use super::{Desk, shown};
use crate::kernel::access::{Authorized, ReadCollections, Role, WriteCollections};
use crate::kernel::store::StoreError;
use crate::vault::templates::{self, Template};
use crate::vault::{CollectionItem, CollectionView, Error, Limit, NewCollection};
use crate::web::pages::{CollectionCard, Collections, Starter, StarterState, Starters};
use crate::web::problem::Problem;
use crate::web::routes::{Route, get, post};
use crate::web::services::Services;
use crate::web::site::{FormBody, go_to};

pub(super) fn routes() -> Vec<Route> {
    vec![
        get("/t/{tenant_id}/", overview),
        get("/t/{tenant_id}/starters", starters),
        post("/t/{tenant_id}/starters", start),
    ]
}

async fn overview(
    access: Authorized<ReadCollections>,
    services: Data<Services>,
    _: Path<String>,
    request: HttpRequest,
) -> Result<HttpResponse, Problem> {
    let desk = Desk::of(&request, &services, &access).await?;
    let counts = desk.given(services.vault.counts(&access).await)?;
    let locale = desk.locale();
    let mut collections = all(&desk).await?;
    collections.sort_by_key(|collection| collection.name().in_language(locale).to_lowercase());
    let card = |collection: &CollectionView| CollectionCard {
        slug: shown(collection.slug()),
        name: shown(collection.name().in_language(locale)),
        purpose: collection.purpose().map(|purpose| shown(purpose.in_language(locale))),
        records: counts.get(&collection.id()).copied().unwrap_or_default(),
    };
    let collections = collections.iter().map(card).collect();
    let tenant = crate::kernel::tenancy::InTenant::tenant(&access.scope);
    desk.show(&Collections { tenant, collections, reach: desk.reach(Role::Admin) })
}

/// Every collection that opens; the others are reported.
pub(super) async fn all(desk: &Desk<'_>) -> Result<Vec<CollectionView>, Problem> {
    let most = Limit::new(200).unwrap_or_default();
    let (mut all, mut after) = (Vec::new(), None);
    loop {
        let page = desk.given(desk.services.vault.collections(desk.access, most, after).await)?;
        for item in page.items {
            match item {
                CollectionItem::Collection(collection) => all.push(collection),
                CollectionItem::Unreadable(_) => drop(desk.services.incidents.report(&StoreError::Unreadable)),
            }
        }
        match page.next {
            Some(next) => after = Some(next),
            None => return Ok(all),
        }
    }
}

async fn starters(
    access: Authorized<WriteCollections>,
    services: Data<Services>,
    _: Path<String>,
    request: HttpRequest,
) -> Result<HttpResponse, Problem> {
    let desk = Desk::of(&request, &services, &access).await?;
    let present: BTreeSet<String> = all(&desk).await?.iter().map(|one| one.slug().to_owned()).collect();
    let locale = desk.locale();
    let starter = |template: &Template| {
        let told = &template.shown;
        let fields = template.fields();
        Starter {
            template: told.template.clone(),
            name: told.name.in_language(locale).to_owned(),
            description: told.description.in_language(locale).to_owned(),
            fields: fields.iter().map(|field| field.label.in_language(locale).to_owned()).collect(),
            state: state(&present, template),
        }
    };
    let starters = templates::all().iter().map(starter).collect();
    desk.show(&Starters { tenant: crate::kernel::tenancy::InTenant::tenant(&access.scope), starters })
}

/// In an empty vault those for every trade are ticked; later, nothing is.
fn state(present: &BTreeSet<String>, template: &Template) -> StarterState {
    if present.contains(&template.shown.slug) {
        StarterState::Present
    } else if present.is_empty() && template.shown.trades.iter().any(|trade| trade == "all") {
        StarterState::Suggested
    } else {
        StarterState::Offered
    }
}

/// Makes those that are ticked, one by one in the order in which they link; one that is there already stays as it is.
async fn start(
    access: Authorized<WriteCollections>,
    services: Data<Services>,
    _: Path<String>,
    request: HttpRequest,
    form: FormBody,
) -> Result<HttpResponse, Problem> {
    let form = form.read().await?;
    let desk = Desk::of(&request, &services, &access).await?;
    let ticked: BTreeSet<&str> = form.all("template").collect();
    if ticked.is_empty() {
        return Ok(go_to(&desk.at("/starters")));
    }
    for template in templates::all().iter().filter(|template| ticked.contains(template.shown.template.as_str())) {
        let new = NewCollection {
            name: None,
            slug: None,
            template: Some(template.shown.template.clone()),
            fields: None,
            purpose: None,
            legal_basis: None,
            retention_days: None,
        };
        match services.vault.create_collection(&access, new, None).await {
            Err(Error::AlreadyExists(_)) => {}
            other => drop(desk.given(other)?),
        }
    }
    Ok(go_to(&desk.at("/?news=collections_made")))
}
