//! `/operator/operators`: who may sign in to the console, and as what. For administrators.

use actix_web::web::{Data, Path};
use actix_web::{HttpRequest, HttpResponse};

use crate::kernel::access::{Authorized, ManageOperators, OperatorAccess, SeeOperators};
use crate::kernel::ids::OperatorId;
use crate::kernel::operators::{OperatorAccount, OperatorName, Role};
use crate::kernel::personal::Personal;
use crate::kernel::values::Fault;
use crate::operators::OperatorsError;
use crate::web::api::accounts::invalid;
use crate::web::console::{Desk, refusal};
use crate::web::pages::{
    ConsoleCell, ConsoleField, ConsoleForm, ConsolePage, ConsolePart, ConsoleWeight, ConsoleWidth,
};
use crate::web::problem::Problem;
use crate::web::routes::{Route, get, post};
use crate::web::services::Services;
use crate::web::site::{FormBody, FormFields, show};

pub(super) fn routes() -> Vec<Route> {
    vec![
        get("/operator/operators", list),
        post("/operator/operators", add),
        post("/operator/operators/{id}/role", give_role),
        post("/operator/operators/{id}/reset", reset),
        post("/operator/operators/{id}/removal", remove),
    ]
}

fn roles(chosen: Role) -> ConsoleField {
    ConsoleField::Choice { name: "role", words: Role::ALL.map(Role::name).to_vec(), chosen: chosen.name() }
}

async fn page(desk: &Desk<'_>, typed: Personal<String>) -> Result<ConsolePage, Problem> {
    let all = desk.services.operators.list().await;
    let all = all.map_err(|error| refusal(&desk.services.incidents, error))?;
    let rows = all.iter().map(|account| row(desk, account)).collect();
    let name = ConsoleField::Line { name: "operator_name", value: typed.into(), autocomplete: "off" };
    let add = ConsoleForm {
        title: Some("operator-add"),
        action: "/operators".to_owned(),
        fields: vec![name, roles(Role::Reader)],
        button: "operator-add",
        weight: ConsoleWeight::Main,
    };
    let columns = vec!["name", "since", "passkeys", "role", "operator-reset", "operator-remove"];
    let parts = vec![ConsolePart::Table { title: "operators", columns, rows }, ConsolePart::Form(add)];
    Ok(desk.page("operators", ConsoleWidth::Wide, parts))
}

fn row(desk: &Desk<'_>, account: &OperatorAccount) -> Vec<ConsoleCell> {
    let form = |what: &str, fields, button, weight| {
        let action = format!("/operators/{}/{what}", account.id);
        ConsoleCell::Form(ConsoleForm { title: None, action, fields, button, weight })
    };
    vec![
        ConsoleCell::Text { text: account.kept.name.clone().into() },
        desk.at(account.created_at),
        ConsoleCell::number(account.kept.passkeys.len()),
        form("role", vec![roles(account.role)], "operator-role", ConsoleWeight::Plain),
        form("reset", Vec::new(), "operator-reset", ConsoleWeight::Plain),
        form("removal", Vec::new(), "operator-remove", ConsoleWeight::Danger),
    ]
}

async fn list(
    access: Authorized<SeeOperators>,
    request: HttpRequest,
    services: Data<Services>,
) -> Result<HttpResponse, Problem> {
    let desk = Desk::new(&request, &services, Some(&access));
    show(&services, &page(&desk, Personal::new(String::new())).await?, &desk.chrome)
}

fn role_of(form: &FormFields) -> Result<Role, Problem> {
    let unknown = || invalid(vec![Fault::new("/role", "unknown_choice", "No such role.")]);
    Role::named(form.raw("role")).ok_or_else(unknown)
}

async fn add(
    access: Authorized<ManageOperators>,
    request: HttpRequest,
    services: Data<Services>,
    form: FormBody,
) -> Result<HttpResponse, Problem> {
    let form = form.read().await?;
    let desk = Desk::new(&request, &services, Some(&access));
    let typed = form.text("operator_name");
    let role = role_of(&form)?;
    let made = match OperatorName::parse(typed.reveal()) {
        Ok(name) => services
            .operators
            .add(access.operator(), &name, role)
            .await
            .map_err(|error| refusal(&services.incidents, error)),
        Err(_) => Err(invalid(vec![Fault::new("/operator_name", "operator_name", "Letters, digits and . - _ @")])),
    };
    match made {
        Ok(account) => shown_once(&desk, &account),
        Err(problem) => desk.refuse(page(&desk, typed).await?, &problem),
    }
}

/// The secret of a new app, which nobody sees again.
fn shown_once(desk: &Desk<'_>, account: &OperatorAccount) -> Result<HttpResponse, Problem> {
    let facts = vec![
        ("name", ConsoleCell::Text { text: account.kept.name.clone().into() }),
        ("role", ConsoleCell::Word { word: account.role.name() }),
    ];
    let parts = vec![
        ConsolePart::Facts { title: "name", facts },
        ConsolePart::Once { title: "secret", secret: account.secret().clone().into() },
        ConsolePart::Once { title: "secret-address", secret: account.app_address().into() },
        ConsolePart::Link { to: "/operators".to_owned(), says: "operators" },
    ];
    desk.show("operator-made", ConsoleWidth::Wide, parts)
}

async fn give_role(
    access: Authorized<ManageOperators>,
    request: HttpRequest,
    services: Data<Services>,
    id: Path<OperatorId>,
    form: FormBody,
) -> Result<HttpResponse, Problem> {
    let form = form.read().await?;
    let given = services.operators.give_role(access.operator(), *id, role_of(&form)?).await;
    told(&request, &services, &access, given).await
}

async fn reset(
    access: Authorized<ManageOperators>,
    request: HttpRequest,
    services: Data<Services>,
    id: Path<OperatorId>,
) -> Result<HttpResponse, Problem> {
    match services.operators.reset(access.operator(), *id).await {
        Ok(account) => shown_once(&Desk::new(&request, &services, Some(&access)), &account),
        Err(error) => told(&request, &services, &access, Err(error)).await,
    }
}

async fn remove(
    access: Authorized<ManageOperators>,
    request: HttpRequest,
    services: Data<Services>,
    id: Path<OperatorId>,
) -> Result<HttpResponse, Problem> {
    let removed = services.operators.remove(access.operator(), *id).await;
    told(&request, &services, &access, removed).await
}

async fn told(
    request: &HttpRequest,
    services: &Services,
    access: &OperatorAccess,
    done: Result<(), OperatorsError>,
) -> Result<HttpResponse, Problem> {
    let desk = Desk::new(request, services, Some(access));
    match done {
        Ok(()) => Ok(desk.done("/operators")),
        Err(error) => {
            let page = page(&desk, Personal::new(String::new())).await?;
            desk.refuse(page, &refusal(&services.incidents, error))
        }
    }
}
