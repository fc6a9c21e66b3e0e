//! Taking everything along: what the archive holds, and the button.

use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse};

use super::Desk;
use crate::kernel::access::{Authorized, ExportVault, Role, SeeLeaving};
use crate::kernel::tenancy::InTenant as _;
use crate::vault::exports::Sensitive;
use crate::web::api::vault::exports::archive;
use crate::web::pages::ExportPage;
use crate::web::problem::Problem;
use crate::web::routes::{Route, get, post};
use crate::web::services::Services;
use crate::web::site::FormBody;

pub(super) fn routes() -> Vec<Route> {
    vec![get("/t/{tenant_id}/export", look), post("/t/{tenant_id}/export", take)]
}

async fn look(
    access: Authorized<SeeLeaving>,
    services: Data<Services>,
    request: HttpRequest,
) -> Result<HttpResponse, Problem> {
    let desk = Desk::of(&request, &services, &access).await?;
    let page = ExportPage { tenant: access.scope.tenant(), reach: desk.reach(Role::Admin) };
    desk.show(&page)
}

/// Sends the archive. Whoever wants sensitive values in the clear and has to confirm for it is led there, and back.
async fn take(
    access: Authorized<ExportVault>,
    services: Data<Services>,
    form: FormBody,
) -> Result<HttpResponse, Problem> {
    let form = form.read().await?;
    let sensitive = match form.raw("sensitive") {
        "clear" => Sensitive::Clear,
        "masked" => Sensitive::Masked,
        _ => return Err(Problem::MalformedRequest),
    };
    archive(services, &access, sensitive).await
}
