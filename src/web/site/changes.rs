//! `/changes`: what is announced of the legal documents, for who is signed in; seeing it counts as being told (P-15).

use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse};

use crate::kernel::access::{AccountAccess, Acknowledge, Authorized, Role, SignedIn};
use crate::kernel::values::Locale;
use crate::policies::{Change, Document, Standing};
use crate::web::api::accounts::of_failure;
use crate::web::api::policies::refusal;
use crate::web::pages::{Acknowledgement, AnnouncedChange, Changes, Day, TenantChoice};
use crate::web::problem::Problem;
use crate::web::routes::{Route, get, post};
use crate::web::services::Services;
use crate::web::site::{FormBody, chrome_of, documents, go_to, show};

pub(super) fn routes() -> Vec<Route> {
    vec![get("/changes", look), post("/changes", acknowledge)]
}

async fn look(
    access: Authorized<SignedIn>,
    request: HttpRequest,
    services: Data<Services>,
) -> Result<HttpResponse, Problem> {
    let chrome = chrome_of(&request, &services, &access).await?;
    let changes = announced(&services, &access, chrome.locale).await?;
    let view = services.accounts.view(&access).await.map_err(|error| of_failure(&services.incidents, error))?;
    let owned = view.tenants.into_iter().filter(|membership| membership.role == Role::Owner);
    let tenants = owned
        .map(|membership| TenantChoice {
            id: membership.id,
            name: membership.name.map(Into::into),
            role: membership.role.into(),
        })
        .collect();
    show(&services, &Changes { changes, tenants }, &chrome)
}

async fn acknowledge(
    access: Authorized<Acknowledge>,
    services: Data<Services>,
    form: FormBody,
) -> Result<HttpResponse, Problem> {
    let form = form.read().await?;
    let failed = |error| refusal(&services.incidents, error);
    let read: Vec<&str> = form.all("acknowledged").collect();
    for standing in services.policies.standing(&access).await.map_err(failed)? {
        if read.contains(&documents::named(standing.which).as_str()) {
            services.policies.acknowledge(&access, standing.which).await.map_err(failed)?;
        }
    }
    Ok(go_to("/changes"))
}

/// What is announced, where the account stands with it; from now on it counts as seen.
async fn announced(
    services: &Services,
    access: &AccountAccess,
    language: Locale,
) -> Result<Vec<AnnouncedChange>, Problem> {
    let failed = |error| refusal(&services.incidents, error);
    let changes = services.policies.changes(language).await.map_err(failed)?;
    let standings = services.policies.standing(access).await.map_err(failed)?;
    if standings.iter().any(|standing| standing.seen_at.is_none()) {
        services.policies.seen(access).await.map_err(failed)?;
    }
    Ok(changes.into_iter().map(|change| shown(change, &standings, language)).collect())
}

fn shown(change: Change, standings: &[Standing], language: Locale) -> AnnouncedChange {
    let which = change.published.which;
    let acknowledged = standings.iter().any(|known| known.which == which && known.acknowledged_at.is_some());
    let asked = Document::AT_SIGN_UP.contains(&which.document) && change.published.weight.is_material();
    AnnouncedChange {
        document: documents::of_pages(which.document),
        name: which.document.name().to_owned(),
        version: which.version,
        in_force: change.in_force,
        effective_on: Day::new(change.published.effective_at, language),
        summary: change.text.summary,
        acknowledgement: match (acknowledged, asked) {
            (true, _) => Acknowledgement::Given,
            (false, true) => Acknowledgement::Possible,
            (false, false) => Acknowledgement::NotAsked,
        },
    }
}
