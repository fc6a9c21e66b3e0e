//! `/t/{tenant_id}/leaving`: what would go, the wish to leave and what can be said against it; `/erasures/{id}`: the proof.

use actix_web::web::{Data, Path};
use actix_web::{HttpRequest, HttpResponse};

use crate::kernel::access::{
    AccountAccess, Anyone, Authorized, ChooseInactivity, EraseAccount, KeepTenant, LeaveTenant, Role, SeeLeaving,
    SignedIn, TenantAccess,
};
use crate::kernel::erasure::ErasureId;
use crate::kernel::ids::{CancellationId, TenantId};
use crate::kernel::personal::{Personal, Secret};
use crate::kernel::tenancy::InTenant as _;
use crate::kernel::values::Locale;
use crate::tenants::inactivity::Months;
use crate::tenants::leaving::{Preview, Request, Standing, When, Wisher};
use crate::web::api::failure;
use crate::web::api::inactivity::term;
use crate::web::api::leaving::{refusal, state};
use crate::web::pages::{
    AccountErasureField, AccountErasurePage, ErasurePage, Form, FormField as _, Leaving, LeavingField, MayLeave,
    Moment, Section, StandingWish, Unused, WisherKind,
};
use crate::web::problem::Problem;
use crate::web::routes::{Route, get, post};
use crate::web::services::Services;
use crate::web::site::control::forgetting;
use crate::web::site::form::FormFields;
use crate::web::site::{FormBody, Surroundings, go_to, refuse, show, surroundings, told_in};

pub(super) fn routes() -> Vec<Route> {
    vec![
        get("/t/{tenant_id}/leaving", look),
        post("/t/{tenant_id}/leaving", leave),
        post("/t/{tenant_id}/leaving/unused", choose_inactivity),
        post("/t/{tenant_id}/leaving/stay", stay),
        post("/t/{tenant_id}/leaving/{id}/agreement", agree),
        get("/account/erasure", account),
        post("/account/erasure", erase_account),
        get("/erasures/{id}", erasure),
    ]
}

async fn look(
    access: Authorized<SeeLeaving>,
    request: HttpRequest,
    services: Data<Services>,
) -> Result<HttpResponse, Problem> {
    let chrome =
        surroundings(&request, &services, Surroundings::of_tenant(&services, &access, Section::Leaving).await?);
    show(&services, &page(&services, &access, chrome.locale, Form::empty()).await?, &chrome)
}

/// Leads to where the erasure can be followed, or shows the wish that stands.
async fn leave(
    access: Authorized<LeaveTenant>,
    request: HttpRequest,
    services: Data<Services>,
    form: FormBody,
) -> Result<HttpResponse, Problem> {
    let form = form.read().await?;
    // Taken before the keys go that open its name.
    let chrome =
        surroundings(&request, &services, Surroundings::of_tenant(&services, &access, Section::Leaving).await?);
    let problem = match wish(&form) {
        Ok(wish) => match services.leaving.request(&access, wish).await {
            Ok(standing) => return Ok(after(&access, &standing)),
            Err(error) => refusal(&services.incidents, error),
        },
        Err(problem) => problem,
    };
    let typed = [LeavingField::TenantName, LeavingField::When, LeavingField::Reason]
        .into_iter()
        .fold(Form::empty(), |again, field| again.typed(field, form.text(field.name())));
    let Some(again) = told_in(typed, &problem, field) else { return Err(problem) };
    refuse(&services, &page(&services, &access, chrome.locale, again).await?, &chrome, &problem)
}

/// What is chosen is one of the page's own; whatever else is sent is refused.
async fn choose_inactivity(
    access: Authorized<ChooseInactivity>,
    services: Data<Services>,
    form: FormBody,
) -> Result<HttpResponse, Problem> {
    let form = form.read().await?;
    let no_count = |_| Problem::invalid_field("/after_months", "not_a_count", "A whole number of months.");
    let after = match form.raw("after_months") {
        "" => None,
        months => Some(term(months.parse().map_err(no_count)?)?),
    };
    let chosen = services.inactivity.choose(&access, after).await;
    chosen.map_err(|error| failure::of_store(&services.incidents, error))?;
    Ok(go_to(&format!("/t/{}/leaving?news=inactivity_chosen", access.scope.tenant())))
}

async fn stay(access: Authorized<KeepTenant>, services: Data<Services>) -> Result<HttpResponse, Problem> {
    let stays = services.leaving.take_back(&access).await;
    stays.map_err(|error| refusal(&services.incidents, error))?;
    Ok(go_to(&format!("/t/{}/leaving?news=leaving_taken_back", access.scope.tenant())))
}

async fn agree(
    access: Authorized<LeaveTenant>,
    services: Data<Services>,
    path: Path<(TenantId, CancellationId)>,
) -> Result<HttpResponse, Problem> {
    let agreed = services.leaving.agree(&access, path.1).await;
    let standing = agreed.map_err(|error| refusal(&services.incidents, error))?;
    Ok(after(&access, &standing))
}

fn after(access: &TenantAccess, standing: &Standing) -> HttpResponse {
    if standing.keys_destroyed_at.is_some() {
        return go_to(&format!("/erasures/{}", standing.wished.erasure.reveal()));
    }
    go_to(&format!("/t/{}/leaving", access.scope.tenant()))
}

async fn account(
    access: Authorized<SignedIn>,
    request: HttpRequest,
    services: Data<Services>,
) -> Result<HttpResponse, Problem> {
    let chrome = surroundings(&request, &services, Surroundings::of_whoever(&services, Some(&access)).await?);
    show(&services, &account_page(&services, &access, Form::empty()).await?, &chrome)
}

/// Leads to where the erasure can be followed; the browser forgets the session.
async fn erase_account(
    access: Authorized<EraseAccount>,
    request: HttpRequest,
    services: Data<Services>,
    form: FormBody,
) -> Result<HttpResponse, Problem> {
    let form = form.read().await?;
    let typed = form.text(AccountErasureField::Email.name());
    let problem = match services.leaving.erase_account(&access, &typed).await {
        Ok(gone) => return Ok(forgetting(go_to(&format!("/erasures/{}", gone.erasure.reveal())))),
        Err(error) => refusal(&services.incidents, error),
    };
    let field = |pointer: &str| (pointer == "/email").then_some(AccountErasureField::Email);
    let again = told_in(Form::empty().typed(AccountErasureField::Email, typed), &problem, field);
    let Some(again) = again else { return Err(problem) };
    let chrome = surroundings(&request, &services, Surroundings::of_whoever(&services, Some(&access)).await?);
    refuse(&services, &account_page(&services, &access, again).await?, &chrome, &problem)
}

async fn account_page(
    services: &Services,
    access: &AccountAccess,
    form: Form<AccountErasureField>,
) -> Result<AccountErasurePage, Problem> {
    let tenants = services.leaving.tenants_of(access).await;
    let tenants = tenants.map_err(|error| refusal(&services.incidents, error))?;
    Ok(AccountErasurePage { tenants, form })
}

async fn erasure(
    visitor: Authorized<Anyone>,
    request: HttpRequest,
    services: Data<Services>,
    path: Path<String>,
) -> Result<HttpResponse, Problem> {
    let id = ErasureId::parse(&path).ok_or(Problem::NotFound)?;
    let found = services.leaving.erasure(&id).await.map_err(|error| refusal(&services.incidents, error))?;
    let found = found.ok_or(Problem::NotFound)?;
    let known = Surroundings::of_whoever(&services, visitor.as_deref()).await?;
    let mut chrome = surroundings(&request, &services, known);
    // The number is nobody else's business: it stands in no field of the page.
    "/".clone_into(&mut chrome.path);
    let moment = |at| Moment::new(at, chrome.locale);
    let readable = |text: String| {
        let value: Option<serde_json::Value> = serde_json::from_str(&text).ok();
        value.and_then(|value| serde_json::to_string_pretty(&value).ok()).unwrap_or(text)
    };
    let page = ErasurePage {
        id: Secret::new(id.reveal()).into(),
        state: state(found.stage),
        requested_at: moment(found.requested_at),
        due_at: moment(found.due_at),
        keys_destroyed_at: found.keys_destroyed_at.map(moment),
        finished_at: found.finished_at.map(moment),
        horizon_at: found.horizon_at.map(moment),
        rows: found.facts.purged.values().sum(),
        files: found.facts.files,
        certificate: found.last_certificate.or(found.certificate).map(|text| Personal::new(readable(text)).into()),
    };
    show(&services, &page, &chrome)
}

fn wish(form: &FormFields) -> Result<Request, Problem> {
    let when = match form.raw(LeavingField::When.name()) {
        "now" => When::Now,
        "after_grace" => When::AfterGrace,
        _ => return Err(Problem::invalid_field("/when", "not_a_choice", "It is now or after_grace.")),
    };
    let reason = form.text(LeavingField::Reason.name());
    if reason.reveal().chars().count() > 1000 {
        return Err(Problem::invalid_field("/reason", "too_long", "A reason has at most 1,000 characters."));
    }
    let reason = (!reason.reveal().is_empty()).then_some(reason);
    Ok(Request { tenant_name: form.text(LeavingField::TenantName.name()), when, reason })
}

async fn page(
    services: &Services,
    access: &TenantAccess,
    locale: Locale,
    form: Form<LeavingField>,
) -> Result<Leaving, Problem> {
    let preview = services.leaving.preview(access).await;
    let Preview { standing, members, owners, keyring_backups, grace } =
        preview.map_err(|error| refusal(&services.incidents, error))?;
    let chosen = services.inactivity.chosen(access).await;
    let chosen = chosen.map_err(|error| failure::of_store(&services.incidents, error))?.map(Months::count);
    let days = |time: std::time::Duration| time.as_secs().div_ceil(86_400);
    let mine =
        standing.as_ref().is_some_and(|standing| standing.wished.by == Wisher::Owner(access.scope.actor().account()));
    let open = standing.as_ref().is_some_and(|standing| standing.wished.objectable_until.is_some());
    let may = match (access.role, mine, open) {
        (Role::Owner, false, true) => MayLeave::Answer,
        (Role::Owner, ..) => MayLeave::Decide,
        _ => MayLeave::Look,
    };
    let standing = standing.map(|standing| StandingWish {
        id: standing.wished.cancellation,
        erasure_id: (access.role == Role::Owner).then(|| Secret::new(standing.wished.erasure.reveal()).into()),
        wisher: match standing.wished.by {
            Wisher::Owner(_) => WisherKind::Owner,
            Wisher::Service => WisherKind::Service,
            Wisher::Operator => WisherKind::Operator,
        },
        due_at: Moment::new(standing.due_at, locale),
        objectable_until: standing.wished.objectable_until.map(|at| Moment::new(at, locale)),
    });
    Ok(Leaving {
        tenant: access.scope.tenant(),
        standing,
        members,
        owners,
        grace_days: days(grace),
        keyring_backup_days: days(keyring_backups),
        unused: Unused::of(chosen),
        may,
        form,
    })
}

/// The field that a pointer into the API's body means.
fn field(pointer: &str) -> Option<LeavingField> {
    match pointer {
        "/tenant_name" => Some(LeavingField::TenantName),
        "/when" => Some(LeavingField::When),
        "/reason" => Some(LeavingField::Reason),
        _ => None,
    }
}
