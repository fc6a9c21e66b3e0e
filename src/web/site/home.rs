//! `/`: the one vault of whoever is signed in, the choice among several, or the way in.

use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse};

use crate::accounts::session::Membership;
use crate::kernel::access::{Anyone, Authorized};
use crate::web::api::accounts::of_failure;
use crate::web::pages::{ChooseTenant, TenantChoice};
use crate::web::problem::Problem;
use crate::web::routes::{Route, get};
use crate::web::services::Services;
use crate::web::site::{chrome_of, go_to, show};

pub(super) fn routes() -> Vec<Route> {
    vec![get("/", home)]
}

async fn home(
    visitor: Authorized<Anyone>,
    request: HttpRequest,
    services: Data<Services>,
) -> Result<HttpResponse, Problem> {
    let Some(account) = visitor.as_deref() else { return Ok(go_to("/sign-in")) };
    let view = services.accounts.view(account).await.map_err(|error| of_failure(&services.incidents, error))?;
    if let [only] = view.tenants.as_slice() {
        let within = if only.name.is_some() { "" } else { "seal" };
        return Ok(go_to(&format!("/t/{}/{within}", only.id)));
    }
    let chrome = chrome_of(&request, &services, account).await?;
    show(&services, &ChooseTenant { tenants: view.tenants.into_iter().map(choice).collect() }, &chrome)
}

fn choice(membership: Membership) -> TenantChoice {
    TenantChoice { id: membership.id, name: membership.name.map(Into::into), role: membership.role.into() }
}
