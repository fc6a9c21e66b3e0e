//! Taking everything along: what the archive holds, for whom it is sealed, and the button.

use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse};

use super::Desk;
use crate::kernel::access::{Authorized, ExportVault, Role, SeeLeaving};
use crate::kernel::tenancy::InTenant as _;
use crate::vault::exports::{Sensitive, Wanted};
use crate::web::api::vault::exports::{archive, recipients_of};
use crate::web::pages::{ExportField, ExportPage, Form, FormField as _};
use crate::web::problem::Problem;
use crate::web::routes::{Route, get, post};
use crate::web::services::Services;
use crate::web::site::{FormBody, told_in};

pub(super) fn routes() -> Vec<Route> {
    vec![get("/t/{tenant_id}/export", look), post("/t/{tenant_id}/export", take)]
}

async fn look(
    access: Authorized<SeeLeaving>,
    services: Data<Services>,
    request: HttpRequest,
) -> Result<HttpResponse, Problem> {
    let desk = Desk::of(&request, &services, &access).await?;
    desk.show(&page(&desk, Form::empty()))
}

fn page(desk: &Desk<'_>, form: Form<ExportField>) -> ExportPage {
    ExportPage { tenant: desk.access.scope.tenant(), reach: desk.reach(Role::Admin), form }
}

/// Sends the archive. Whoever wants sensitive values in the clear and has to confirm for it is led there, and back.
async fn take(
    access: Authorized<ExportVault>,
    services: Data<Services>,
    request: HttpRequest,
    form: FormBody,
) -> Result<HttpResponse, Problem> {
    let form = form.read().await?;
    let sensitive = match form.raw(ExportField::Sensitive.name()) {
        "clear" => Sensitive::Clear,
        "masked" => Sensitive::Masked,
        _ => return Err(Problem::MalformedRequest),
    };
    let problem = match recipients_of(form.raw(ExportField::Recipient.name()).split_whitespace()) {
        Ok(recipients) => return archive(services, &access, Wanted { sensitive, recipients }).await,
        Err(problem) => problem,
    };
    let again = [ExportField::Sensitive, ExportField::Recipient];
    let again = again.into_iter().fold(Form::empty(), |again, field| again.typed(field, form.text(field.name())));
    let again = told_in(again, &problem, |_| Some(ExportField::Recipient)).ok_or_else(|| problem.clone())?;
    let desk = Desk::of(&request, &services, &access).await?;
    let (page, home) = (page(&desk, again), desk.at("/export"));
    desk.answer(&page, problem.descriptor().status, home)
}
