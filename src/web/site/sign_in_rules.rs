//! `/t/{tenant_id}/sign-in-rules`: what a vault accepts of what its members confirm by.

use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse};

use crate::accounts::addresses::Lockout;
use crate::accounts::factors::Method;
use crate::accounts::sign_in_rules::{Draft, Least, Rules};
use crate::kernel::access::{Authorized, ManageSignInRules, ReadSignInRules, Role, TenantAccess};
use crate::kernel::personal::Personal;
use crate::kernel::tenancy::InTenant as _;
use crate::web::api::accounts::of_failure;
use crate::web::api::sign_in_rules::refusal;
use crate::web::pages::{Form, FormField as _, LockoutQuestion, RulesChoice, RulesField, Section, SignInRulesPage};
use crate::web::problem::Problem;
use crate::web::routes::{Route, get, post};
use crate::web::services::Services;
use crate::web::site::{FormBody, Surroundings, go_to, refuse, show, surroundings, told_in};

pub(super) fn routes() -> Vec<Route> {
    vec![get("/t/{tenant_id}/sign-in-rules", look), post("/t/{tenant_id}/sign-in-rules", set)]
}

async fn look(
    access: Authorized<ReadSignInRules>,
    request: HttpRequest,
    services: Data<Services>,
) -> Result<HttpResponse, Problem> {
    let rules = known(&services, &access).await?;
    let known = Surroundings::of_tenant(&services, &access, Section::Team).await?;
    let form = Form::empty().typed(RulesField::Least, Personal::new(rules.least().name().to_owned()));
    let choice = (access.role >= Role::Owner).then(|| choice(rules.forbidden().to_vec(), LockoutQuestion::None));
    let page = SignInRulesPage { tenant: access.scope.tenant(), accepted: rules.accepted().collect(), choice, form };
    show(&services, &page, &surroundings(&request, &services, known))
}

async fn set(
    access: Authorized<ManageSignInRules>,
    request: HttpRequest,
    services: Data<Services>,
    form: FormBody,
) -> Result<HttpResponse, Problem> {
    let form = form.read().await?;
    let is_meant = form.raw(RulesField::ConfirmRules.name()) == "yes";
    let lockout = if is_meant { Lockout::Meant } else { Lockout::Unwanted };
    let forbidden: Vec<String> = form.all(RulesField::Forbidden.name()).map(str::to_owned).collect();
    let ticked = forbidden.iter().filter_map(|name| Method::parse(name)).collect();
    let draft = Draft { least: form.raw(RulesField::Least.name()).to_owned(), forbidden };
    let problem = match services.accounts.set_sign_in_rules(&access, &draft, lockout).await {
        Ok(_) => return Ok(go_to(&format!("/t/{}/sign-in-rules?news=sign_in_rules_saved", access.scope.tenant()))),
        Err(error) => refusal(&services.incidents, error),
    };
    let typed = Form::empty().typed(RulesField::Least, form.text(RulesField::Least.name()));
    let (again, question) = match &problem {
        Problem::WouldLockOut => {
            (Some(typed.wrong(RulesField::ConfirmRules, "rules_lock_out")), LockoutQuestion::Asked)
        }
        other => (told_in(typed, other, field), LockoutQuestion::None),
    };
    let Some(again) = again else { return Err(problem) };
    let rules = known(&services, &access).await?;
    let known = Surroundings::of_tenant(&services, &access, Section::Team).await?;
    let (tenant, accepted) = (access.scope.tenant(), rules.accepted().collect());
    let page = SignInRulesPage { tenant, accepted, choice: Some(choice(ticked, question)), form: again };
    refuse(&services, &page, &surroundings(&request, &services, known), &problem)
}

async fn known(services: &Services, access: &TenantAccess) -> Result<Rules, Problem> {
    services.accounts.sign_in_rules(access).await.map_err(|error| of_failure(&services.incidents, error))
}

fn choice(ticked: Vec<Method>, lockout: LockoutQuestion) -> RulesChoice {
    RulesChoice { least: Least::all().map(Least::name).collect(), methods: Method::ALL.to_vec(), ticked, lockout }
}

fn field(pointer: &str) -> Option<RulesField> {
    match pointer {
        "/least" => Some(RulesField::Least),
        forbidden if forbidden.starts_with("/forbidden") => Some(RulesField::Forbidden),
        _ => None,
    }
}
