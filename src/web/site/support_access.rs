//! `/t/{tenant_id}/support`: what the tenant lets support look at, how often it did, and an end of it.

use std::collections::HashMap;

use actix_web::web::{Data, Path};
use actix_web::{HttpRequest, HttpResponse};

use crate::kernel::access::{Authorized, EndSupportGrant, GrantSupport, ReadSupportGrants, TenantAccess};
use crate::kernel::clock::Time;
use crate::kernel::ids::{AccountId, CollectionId, SupportGrantId, TenantId};
use crate::kernel::personal::Personal;
use crate::kernel::store::StoreError;
use crate::kernel::tenancy::InTenant as _;
use crate::kernel::values::{Fault, Locale};
use crate::vault::support::SupportGrant;
use crate::vault::{CollectionItem, CollectionView, Limit};
use crate::web::api::accounts::{invalid, of_failure};
use crate::web::api::support_grants::term;
use crate::web::api::vault::refusal;
use crate::web::pages::{
    CollectionChoice, Form, FormField as _, GrantRow, GrantState, Moment, Section, SupportAccess, SupportAccessField,
    Tick,
};
use crate::web::problem::Problem;
use crate::web::routes::{Route, get, post};
use crate::web::services::Services;
use crate::web::site::form::FormFields;
use crate::web::site::{FormBody, Surroundings, go_to, refuse, show, surroundings, told_in};

pub(super) fn routes() -> Vec<Route> {
    vec![
        get("/t/{tenant_id}/support", look),
        post("/t/{tenant_id}/support", grant),
        post("/t/{tenant_id}/support/{id}/end", end),
    ]
}

/// For how many hours the page offers it.
const TERMS: [u32; 5] = [1, 4, 24, 72, 168];
/// How many members are read at once.
const PART: i64 = 200;

async fn look(
    access: Authorized<ReadSupportGrants>,
    request: HttpRequest,
    services: Data<Services>,
) -> Result<HttpResponse, Problem> {
    let chrome = surroundings(&request, &services, around(&services, &access).await?);
    let page = page(&services, &access, chrome.locale, Form::empty(), &[]).await?;
    show(&services, &page, &chrome)
}

async fn grant(
    access: Authorized<GrantSupport>,
    request: HttpRequest,
    services: Data<Services>,
    form: FormBody,
) -> Result<HttpResponse, Problem> {
    let form = form.read().await?;
    let ticked: Vec<String> = form.all(SupportAccessField::Collections.name()).map(ToOwned::to_owned).collect();
    let problem = match make(&services, &access, &form, ticked.clone()).await {
        Ok(()) => return Ok(go_to(&format!("/t/{}/support?news=support_granted", access.scope.tenant()))),
        Err(problem) => problem,
    };
    let hours = Personal::new(form.raw(SupportAccessField::Hours.name()).to_owned());
    let typed = Form::empty().typed(SupportAccessField::Hours, hours);
    let Some(again) = told_in(typed, &problem, field) else { return Err(problem) };
    let chrome = surroundings(&request, &services, around(&services, &access).await?);
    let page = page(&services, &access, chrome.locale, again, &ticked).await?;
    refuse(&services, &page, &chrome, &problem)
}

async fn end(
    access: Authorized<EndSupportGrant>,
    services: Data<Services>,
    path: Path<(TenantId, SupportGrantId)>,
) -> Result<HttpResponse, Problem> {
    services.vault.end_support_grant(&access, path.1).await.map_err(|error| refusal(&services, error))?;
    Ok(go_to(&format!("/t/{}/support?news=support_grant_ended", access.scope.tenant())))
}

async fn make(
    services: &Services,
    access: &TenantAccess,
    form: &FormFields,
    ticked: Vec<String>,
) -> Result<(), Problem> {
    if ticked.is_empty() {
        return Err(invalid(vec![Fault::new("/collections", "required", "A collection is needed.")]));
    }
    let hours = form.raw(SupportAccessField::Hours.name()).parse();
    let no_count = |_| Problem::invalid_field("/hours", "not_a_count", "A whole number of hours.");
    let hours = term(hours.map_err(no_count)?)?;
    let made = services.vault.grant_support(access, ticked, hours, None).await;
    made.map(drop).map_err(|error| refusal(services, error))
}

/// The field that a pointer into the API's body means.
fn field(pointer: &str) -> Option<SupportAccessField> {
    match pointer {
        "/hours" => Some(SupportAccessField::Hours),
        collections if collections.starts_with("/collections") => Some(SupportAccessField::Collections),
        _ => None,
    }
}

async fn around(services: &Services, access: &TenantAccess) -> Result<Surroundings, Problem> {
    Surroundings::of_tenant(services, access, Section::Team).await
}

async fn page(
    services: &Services,
    access: &TenantAccess,
    locale: Locale,
    form: Form<SupportAccessField>,
    ticked: &[String],
) -> Result<SupportAccess, Problem> {
    let grants = services.vault.support_grants(access).await.map_err(|error| refusal(services, error))?;
    let collections = collections(services, access).await?;
    let name = |collection: &CollectionView| collection.name().in_language(locale).to_owned();
    let names: HashMap<CollectionId, String> =
        collections.iter().map(|collection| (collection.id(), name(collection))).collect();
    let people = if grants.is_empty() { HashMap::new() } else { people(services, access).await? };
    let mut choices: Vec<(String, String)> =
        collections.iter().map(|collection| (name(collection), collection.slug().to_owned())).collect();
    choices.sort_by_key(|(name, _)| name.to_lowercase());
    let choice = |(name, slug): (String, String)| CollectionChoice {
        tick: if ticked.contains(&slug) { Tick::On } else { Tick::Off },
        name: name.into(),
        slug: slug.into(),
    };
    let now = services.kernel.now();
    Ok(SupportAccess {
        tenant: access.scope.tenant(),
        grants: grants.into_iter().map(|grant| row(&grant, now, locale, &names, &people)).collect(),
        collections: choices.into_iter().map(choice).collect(),
        terms: TERMS.to_vec(),
        form,
    })
}

fn row(
    grant: &SupportGrant,
    now: Time,
    locale: Locale,
    names: &HashMap<CollectionId, String>,
    people: &HashMap<AccountId, Personal<String>>,
) -> GrantRow {
    let called = |id: &CollectionId| names.get(id).cloned().unwrap_or_else(|| id.to_string()).into();
    GrantRow {
        id: grant.id,
        collections: grant.collections.iter().map(called).collect(),
        by: people.get(&grant.granted_by).cloned().map(Into::into),
        made_at: Moment::new(grant.made_at, locale),
        until: Moment::new(grant.ended_at.unwrap_or(grant.expires_at), locale),
        state: if grant.is_live(now) { GrantState::Live } else { GrantState::Over },
        views: grant.views,
        viewed_at: grant.viewed_at.map(|at| Moment::new(at, locale)),
    }
}

/// Every collection that opens; the others are reported.
async fn collections(services: &Services, access: &TenantAccess) -> Result<Vec<CollectionView>, Problem> {
    let most = Limit::new(200).unwrap_or_default();
    let (mut all, mut after) = (Vec::new(), None);
    loop {
        let page = services.vault.collections(access, most, after).await.map_err(|error| refusal(services, error))?;
        for item in page.items {
            match item {
                CollectionItem::Collection(collection) => all.push(collection),
                CollectionItem::Unreadable(_) => drop(services.incidents.report(&StoreError::Unreadable)),
            }
        }
        match page.next {
            Some(next) => after = Some(next),
            None => return Ok(all),
        }
    }
}

/// What the members are called.
async fn people(services: &Services, access: &TenantAccess) -> Result<HashMap<AccountId, Personal<String>>, Problem> {
    let (mut people, mut after) = (HashMap::new(), None);
    loop {
        let part = services.accounts.members(access, after, PART).await;
        let part = part.map_err(|error| of_failure(&services.incidents, error))?;
        after = part.last().map(|member| member.account);
        let is_last = part.len() < usize::try_from(PART).unwrap_or(usize::MAX);
        people.extend(part.into_iter().map(|member| (member.account, member.name)));
        if is_last {
            return Ok(people);
        }
    }
}
