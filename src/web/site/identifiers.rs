//! `/account/contacts/changes`: what signs in, changed; `/undo-change`: a change taken back from the old (P-6).

use actix_web::web::{Data, Path};
use actix_web::{HttpRequest, HttpResponse};

use crate::accounts::identifiers::changing::Draft;
use crate::kernel::access::{AccountAccess, Anyone, Authorized, ProtectAccount};
use crate::kernel::ids::{IdentifierChangeId, IdentifierUndoId};
use crate::web::api::accounts::of_failure;
use crate::web::api::identifiers::{of_change, of_undo};
use crate::web::guard::Caller;
use crate::web::pages::{ChangeCode, ConfirmCodeField, ContactField, Form, FormField as _, UndoChange, UndoChangeCode};
use crate::web::problem::Problem;
use crate::web::routes::{Route, get, post};
use crate::web::services::Services;
use crate::web::site::{FormBody, Surroundings, chrome_of, contacts, go_to, refuse, show, surroundings, told_in};

pub(super) fn routes() -> Vec<Route> {
    vec![
        post("/account/contacts/changes", begin),
        get("/account/contacts/changes/{id}", waiting),
        post("/account/contacts/changes/{id}", finish),
        post("/account/contacts/phone/remove", remove_phone),
        get("/undo-change", undo_start),
        post("/undo-change", undo_begin),
        get("/undo-change/{id}", undo_code),
        post("/undo-change/{id}", undo_finish),
    ]
}

/// Begins a change, and leads on to where its code is typed.
async fn begin(
    access: Authorized<ProtectAccount>,
    request: HttpRequest,
    services: Data<Services>,
    form: FormBody,
) -> Result<HttpResponse, Problem> {
    let form = form.read().await?;
    let kind = form.raw("kind").to_owned();
    let field = if kind == "phone" { ContactField::NewPhone } else { ContactField::NewEmail };
    let value = form.text(field.name());
    let draft = Draft { kind, value: value.clone() };
    let problem = match services.accounts.begin_change(&access, draft).await {
        Ok(change) => return Ok(go_to(&format!("/account/contacts/changes/{}", change.id))),
        Err(error) => of_change(&services.incidents, error),
    };
    let typed = Form::empty().typed(field, value);
    let again = told_in(typed, &problem, |_| Some(field));
    let Some(again) = again else { return Err(problem) };
    let chrome = chrome_of(&request, &services, &access).await?;
    let page = contacts::page(&services, &access, chrome.locale, again).await?;
    refuse(&services, &page, &chrome, &problem)
}

async fn waiting(
    access: Authorized<ProtectAccount>,
    request: HttpRequest,
    services: Data<Services>,
    id: Path<IdentifierChangeId>,
) -> Result<HttpResponse, Problem> {
    let page = change_code(&services, &access, *id, Form::empty()).await?.ok_or(Problem::NotFound)?;
    let chrome = chrome_of(&request, &services, &access).await?;
    show(&services, &page, &chrome)
}

async fn finish(
    access: Authorized<ProtectAccount>,
    request: HttpRequest,
    services: Data<Services>,
    id: Path<IdentifierChangeId>,
    form: FormBody,
) -> Result<HttpResponse, Problem> {
    let form = form.read().await?;
    let problem = match services.accounts.finish_change(&access, *id, form.secret("code")).await {
        Ok(_) => return Ok(go_to("/account/contacts?news=identifier_changed")),
        Err(error) => of_change(&services.incidents, error),
    };
    let again = told_in(Form::empty(), &problem, |pointer| (pointer == "/code").then_some(ConfirmCodeField::Code));
    let Some(again) = again else { return Err(problem) };
    let Some(page) = change_code(&services, &access, *id, again).await? else { return Err(problem) };
    let chrome = chrome_of(&request, &services, &access).await?;
    refuse(&services, &page, &chrome, &problem)
}

async fn remove_phone(access: Authorized<ProtectAccount>, services: Data<Services>) -> Result<HttpResponse, Problem> {
    services.accounts.remove_phone(&access).await.map_err(|error| of_change(&services.incidents, error))?;
    Ok(go_to("/account/contacts?news=phone_removed"))
}

/// The page of a change that waits for its code; nothing when none of this id does.
async fn change_code(
    services: &Services,
    access: &AccountAccess,
    id: IdentifierChangeId,
    form: Form<ConfirmCodeField>,
) -> Result<Option<ChangeCode>, Problem> {
    let changes = services.accounts.changes(access).await.map_err(|error| of_failure(&services.incidents, error))?;
    let change = changes.into_iter().find(|change| change.id == id);
    Ok(change.map(|change| ChangeCode { id, target: change.new.into(), form }))
}

async fn undo_start(
    visitor: Authorized<Anyone>,
    request: HttpRequest,
    services: Data<Services>,
) -> Result<HttpResponse, Problem> {
    let known = Surroundings::of_whoever(&services, visitor.as_deref()).await?;
    show(&services, &UndoChange { form: Form::empty() }, &surroundings(&request, &services, known))
}

/// The same answer for every identifier.
async fn undo_begin(_: Authorized<Anyone>, services: Data<Services>, form: FormBody) -> Result<HttpResponse, Problem> {
    let begun = services.accounts.begin_undo(&form.read().await?.text("identifier")).await;
    let begun = begun.map_err(|error| of_failure(&services.incidents, error))?;
    Ok(go_to(&format!("/undo-change/{}", begun.id)))
}

/// The same page for every id, so that it tells of none whether it waits.
async fn undo_code(
    visitor: Authorized<Anyone>,
    request: HttpRequest,
    services: Data<Services>,
    id: Path<IdentifierUndoId>,
) -> Result<HttpResponse, Problem> {
    let known = Surroundings::of_whoever(&services, visitor.as_deref()).await?;
    let page = UndoChangeCode { id: *id, form: Form::empty() };
    show(&services, &page, &surroundings(&request, &services, known))
}

async fn undo_finish(
    visitor: Authorized<Anyone>,
    request: HttpRequest,
    services: Data<Services>,
    origin: Caller,
    id: Path<IdentifierUndoId>,
    form: FormBody,
) -> Result<HttpResponse, Problem> {
    let form = form.read().await?;
    let problem = match services.accounts.finish_undo(*id, &form.secret("code"), &origin.0).await {
        Ok(_) => return Ok(go_to("/sign-in?news=change_undone")),
        Err(error) => of_undo(&services.incidents, error),
    };
    let again = told_in(Form::empty(), &problem, |pointer| (pointer == "/code").then_some(ConfirmCodeField::Code));
    let Some(again) = again else { return Err(problem) };
    let known = Surroundings::of_whoever(&services, visitor.as_deref()).await?;
    let chrome = surroundings(&request, &services, known);
    refuse(&services, &UndoChangeCode { id: *id, form: again }, &chrome, &problem)
}
