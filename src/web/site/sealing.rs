//! `/t/{tenant_id}/seal`: sealing the vault, and opening it again.

use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse};

use crate::kernel::access::{Authorized, Role, SealVault, SeeSealing, UnsealVault};
use crate::web::api::accounts::of_failure;
use crate::web::pages::{MaySeal, Moment, SealPage};
use crate::web::problem::Problem;
use crate::web::routes::{Route, get, post};
use crate::web::services::Services;
use crate::web::site::{chrome_of, go_to, show};

pub(super) fn routes() -> Vec<Route> {
    vec![
        get("/t/{tenant_id}/seal", look),
        post("/t/{tenant_id}/seal", seal),
        post("/t/{tenant_id}/seal/opening", unseal),
    ]
}

/// The page needs none of the vault's keys, and so stands whether it is sealed or not.
async fn look(
    access: Authorized<SeeSealing>,
    request: HttpRequest,
    services: Data<Services>,
) -> Result<HttpResponse, Problem> {
    let sealing = services.accounts.sealing(&access).await.map_err(|error| of_failure(&services.incidents, error))?;
    let chrome = chrome_of(&request, &services, &access.account).await?;
    let page = SealPage {
        tenant: access.tenant,
        sealed_at: sealing.map(|sealing| Moment::new(sealing.at, chrome.locale)),
        may: if access.role == Role::Owner { MaySeal::Decide } else { MaySeal::Look },
    };
    show(&services, &page, &chrome)
}

async fn seal(access: Authorized<SealVault>, services: Data<Services>) -> Result<HttpResponse, Problem> {
    let sealed = services.accounts.seal_vault(&access).await;
    sealed.map_err(|error| of_failure(&services.incidents, error))?;
    Ok(go_to(&format!("/t/{}/seal", access.tenant)))
}

/// Leads into the vault; where it was open already, too.
async fn unseal(access: Authorized<UnsealVault>, services: Data<Services>) -> Result<HttpResponse, Problem> {
    let unsealed = services.accounts.unseal_vault(&access).await;
    let _either = unsealed.map_err(|error| of_failure(&services.incidents, error))?;
    Ok(go_to(&format!("/t/{}/", access.tenant)))
}
