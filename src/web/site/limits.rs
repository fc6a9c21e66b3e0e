//! `/t/{tenant_id}/limits`: how much members may do in a day, by role (K-9).

use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse};

use crate::accounts::limits::RoleLimits;
use crate::kernel::access::{Authorized, Limits, ManageLimits, ReadLimits};
use crate::kernel::personal::Personal;
use crate::kernel::tenancy::InTenant as _;
use crate::kernel::values::{Fault, Faults};
use crate::web::api::accounts::{invalid, of_failure};
use crate::web::pages::{Form, FormField as _, LimitField, RoleLimitsPage, Section};
use crate::web::problem::Problem;
use crate::web::routes::{Route, get, post};
use crate::web::services::Services;
use crate::web::site::form::FormFields;
use crate::web::site::{FormBody, Surroundings, go_to, refuse, show, surroundings, told_in};

pub(super) fn routes() -> Vec<Route> {
    vec![get("/t/{tenant_id}/limits", look), post("/t/{tenant_id}/limits", set)]
}

async fn look(
    access: Authorized<ReadLimits>,
    request: HttpRequest,
    services: Data<Services>,
) -> Result<HttpResponse, Problem> {
    let limits = services.accounts.role_limits(&access).await;
    let RoleLimits { editor, viewer } = limits.map_err(|error| of_failure(&services.incidents, error))?;
    let typed = |form: Form<LimitField>, (field, limit): (LimitField, Option<u32>)| {
        form.typed(field, Personal::new(limit.map(|limit| limit.to_string()).unwrap_or_default()))
    };
    let known = fields(LimitField::EDITOR, editor).into_iter().chain(fields(LimitField::VIEWER, viewer));
    let page = RoleLimitsPage { tenant: access.scope.tenant(), form: known.fold(Form::empty(), typed) };
    let known = Surroundings::of_tenant(&services, &access, Section::Tokens).await?;
    show(&services, &page, &surroundings(&request, &services, known))
}

async fn set(
    access: Authorized<ManageLimits>,
    request: HttpRequest,
    services: Data<Services>,
    form: FormBody,
) -> Result<HttpResponse, Problem> {
    let form = form.read().await?;
    let mut faults = Faults::default();
    let [editor, viewer] = [LimitField::EDITOR, LimitField::VIEWER].map(|names| typed(&form, names, &mut faults));
    let faults = faults.into_vec();
    if faults.is_empty() {
        let set = services.accounts.limit_roles(&access, RoleLimits { editor, viewer }).await;
        set.map_err(|error| of_failure(&services.incidents, error))?;
        return Ok(go_to(&format!("/t/{}/limits?news=limits_saved", access.scope.tenant())));
    }
    let problem = invalid(faults);
    let again = LimitField::ALL.iter().fold(Form::empty(), |again, field| again.typed(*field, form.text(field.name())));
    let field =
        |pointer: &str| LimitField::ALL.iter().copied().find(|field| pointer.strip_prefix('/') == Some(field.name()));
    let Some(again) = told_in(again, &problem, field) else { return Err(problem) };
    let known = Surroundings::of_tenant(&services, &access, Section::Tokens).await?;
    let page = RoleLimitsPage { tenant: access.scope.tenant(), form: again };
    refuse(&services, &page, &surroundings(&request, &services, known), &problem)
}

impl LimitField {
    const EDITOR: [Self; 3] = [Self::EditorReads, Self::EditorDeletes, Self::EditorExports];
    const VIEWER: [Self; 3] = [Self::ViewerReads, Self::ViewerDeletes, Self::ViewerExports];
}

fn fields(names: [LimitField; 3], limits: Limits) -> Vec<(LimitField, Option<u32>)> {
    names.into_iter().zip([limits.reads, limits.deletes, limits.exports]).collect()
}

fn typed(form: &FormFields, names: [LimitField; 3], faults: &mut Faults) -> Limits {
    let [reads, deletes, exports] = names.map(|field| limit(form, field.name(), &format!("/{}", field.name()), faults));
    Limits { reads, deletes, exports }
}

/// A limit as it was typed; an empty field is none.
pub(super) fn limit(form: &FormFields, name: &str, pointer: &str, faults: &mut Faults) -> Option<u32> {
    let typed = form.text(name);
    if typed.reveal().is_empty() {
        return None;
    }
    let wrong = || Fault::new(pointer, "not_a_count", "A whole number from 0 on.");
    faults.take(typed.reveal().parse().map_err(|_| wrong()))
}
