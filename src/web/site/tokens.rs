//! `/t/{tenant_id}/tokens`: which API tokens there are, making one, ending one.

use std::time::Duration;

use actix_web::web::{Data, Path};
use actix_web::{HttpRequest, HttpResponse};

use crate::accounts::tokens::{Draft, Token};
use crate::kernel::access::{Authorized, Limits, ManageTokens, ReadTokens, TenantAccess, TokenScope};
use crate::kernel::ids::{TenantId, TokenId};
use crate::kernel::personal::Secret;
use crate::kernel::tenancy::InTenant as _;
use crate::kernel::values::{Fault, Faults, Locale};
use crate::web::api::accounts::{invalid, of_failure};
use crate::web::api::tokens::refusal;
use crate::web::pages::{Form, FormField as _, LimitShown, Moment, Section, TokenField, TokenMade, TokenRow, Tokens};
use crate::web::problem::Problem;
use crate::web::routes::{Route, get, post};
use crate::web::services::Services;
use crate::web::site::form::FormFields;
use crate::web::site::limits::limit;
use crate::web::site::{FormBody, Surroundings, go_to, refuse, show, surroundings, told_in};

pub(super) fn routes() -> Vec<Route> {
    vec![
        get("/t/{tenant_id}/tokens", list),
        post("/t/{tenant_id}/tokens", make),
        post("/t/{tenant_id}/tokens/{id}/revoke", revoke),
    ]
}

/// What is ticked before anybody has chosen.
const USUAL: &str = "records:read";
/// How many tokens are read at once.
const PART: i64 = 200;
const DAY: Duration = Duration::from_secs(24 * 60 * 60);

async fn list(
    access: Authorized<ReadTokens>,
    request: HttpRequest,
    services: Data<Services>,
) -> Result<HttpResponse, Problem> {
    let chrome = surroundings(&request, &services, of_tokens(&services, &access).await?);
    let page = page(&services, &access, chrome.locale, Form::empty(), ticked([USUAL].into_iter())).await?;
    show(&services, &page, &chrome)
}

/// Makes a token and shows it, this one time: nothing could lead on to it.
async fn make(
    access: Authorized<ManageTokens>,
    request: HttpRequest,
    services: Data<Services>,
    form: FormBody,
) -> Result<HttpResponse, Problem> {
    let form = form.read().await?;
    let chrome = surroundings(&request, &services, of_tokens(&services, &access).await?);
    let problem = match create(&services, &access, &form).await {
        Ok(token) => {
            let name = form.text(TokenField::Name.name()).into();
            let made = TokenMade { tenant: access.scope.tenant(), name, token: token.into() };
            return show(&services, &made, &chrome);
        }
        Err(problem) => problem,
    };
    let typed = TokenField::ALL.iter().fold(Form::empty(), |again, field| again.typed(*field, form.text(field.name())));
    let Some(again) = told_in(typed, &problem, field) else { return Err(problem) };
    let page = page(&services, &access, chrome.locale, again, ticked(form.all("scopes"))).await?;
    refuse(&services, &page, &chrome, &problem)
}

async fn revoke(
    access: Authorized<ManageTokens>,
    services: Data<Services>,
    path: Path<(TenantId, TokenId)>,
) -> Result<HttpResponse, Problem> {
    let revoked = services.accounts.revoke_token(&access, path.1).await;
    revoked.map_err(|error| refusal(&services.incidents, error))?;
    Ok(go_to(&format!("/t/{}/tokens?news=token_revoked", access.scope.tenant())))
}

async fn of_tokens(services: &Services, access: &TenantAccess) -> Result<Surroundings, Problem> {
    Surroundings::of_tenant(services, access, Section::Tokens).await
}

async fn create(services: &Services, access: &TenantAccess, form: &FormFields) -> Result<Secret<String>, Problem> {
    let days = match form.raw(TokenField::Lifetime.name()) {
        "none" => None,
        "30" => Some(30),
        "90" => Some(90),
        "365" => Some(365),
        _ => {
            let unknown = Fault::new("/expires_at", "not_a_choice", "30, 90 or 365 days, or none.");
            return Err(invalid(vec![unknown]));
        }
    };
    let expires_at = days.map(|days| services.kernel.now().plus(DAY.saturating_mul(days)).rfc3339());
    let scopes = form.all(TokenField::Scopes.name()).map(str::to_owned).collect();
    let mut faults = Faults::default();
    let mut of_day = |field: TokenField| limit(form, field.name(), &format!("/limits/{}", field.name()), &mut faults);
    let limits = Limits {
        reads: of_day(TokenField::Reads),
        deletes: of_day(TokenField::Deletes),
        exports: of_day(TokenField::Exports),
    };
    let faults = faults.into_vec();
    if !faults.is_empty() {
        return Err(invalid(faults));
    }
    let draft = Draft { name: form.text(TokenField::Name.name()), scopes, expires_at, limits };
    let made = services.accounts.create_token(access, &draft, None).await;
    let made = made.map_err(|error| refusal(&services.incidents, error))?;
    Ok(Secret::new(made.token.reveal().to_owned()))
}

async fn page(
    services: &Services,
    access: &TenantAccess,
    locale: Locale,
    form: Form<TokenField>,
    ticked: Vec<&'static str>,
) -> Result<Tokens, Problem> {
    let mut tokens = all(services, access).await?;
    tokens.reverse();
    Ok(Tokens {
        tenant: access.scope.tenant(),
        tokens: tokens.into_iter().map(|token| row(token, locale)).collect(),
        form,
        scopes: TokenScope::ALL.iter().map(|(_, name)| *name).collect(),
        ticked,
    })
}

/// Every token of the tenant, oldest first.
async fn all(services: &Services, access: &TenantAccess) -> Result<Vec<Token>, Problem> {
    let mut all: Vec<Token> = Vec::new();
    loop {
        let part = services.accounts.tokens(access, all.last().map(|token| token.id), PART).await;
        let part = part.map_err(|error| of_failure(&services.incidents, error))?;
        let is_last = part.len() < usize::try_from(PART).unwrap_or(usize::MAX);
        all.extend(part);
        if is_last {
            return Ok(all);
        }
    }
}

fn row(token: Token, locale: Locale) -> TokenRow {
    TokenRow {
        id: token.id,
        name: token.name.into(),
        scopes: token.scopes.iter().map(TokenScope::name).collect(),
        created_at: Moment::new(token.created_at, locale),
        expires_at: token.expires_at.map(|at| Moment::new(at, locale)),
        limits: LimitShown::of(token.limits),
    }
}

/// Of what was ticked, the scopes that there are.
fn ticked<'f>(names: impl Iterator<Item = &'f str>) -> Vec<&'static str> {
    names.filter_map(TokenScope::parse).map(TokenScope::name).collect()
}

/// The field that a pointer into the API's body means.
fn field(pointer: &str) -> Option<TokenField> {
    match pointer {
        "/name" => Some(TokenField::Name),
        "/expires_at" => Some(TokenField::Lifetime),
        "/limits/records_read_per_day" => Some(TokenField::Reads),
        "/limits/records_deleted_per_day" => Some(TokenField::Deletes),
        "/limits/exports_per_day" => Some(TokenField::Exports),
        scopes if scopes.starts_with("/scopes") => Some(TokenField::Scopes),
        _ => None,
    }
}
