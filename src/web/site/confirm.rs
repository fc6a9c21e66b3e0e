//! `/confirm` and `/confirm/{id}`: raising the session by one more proof.

use actix_web::web::{Data, Path};
use actix_web::{HttpRequest, HttpResponse};

use crate::accounts::confirmation::{self, Method, Offered};
use crate::kernel::access::{AccountAccess, Authorized, SignedIn};
use crate::kernel::ids::ConfirmationId;
use crate::web::api::accounts::{of_confirmation, of_failure};
use crate::web::pages::{self, Advice, ConfirmCode, ConfirmCodeField, ConfirmMethods, Form, OfferedMethod};
use crate::web::problem::Problem;
use crate::web::routes::{Route, get, post};
use crate::web::services::Services;
use crate::web::site::{FormBody, Surroundings, go_to, onward, refuse, show, surroundings, told_in, with_session};

pub(super) fn routes() -> Vec<Route> {
    vec![get("/confirm", methods), post("/confirm", begin), get("/confirm/{id}", code), post("/confirm/{id}", confirm)]
}

async fn methods(
    access: Authorized<SignedIn>,
    request: HttpRequest,
    services: Data<Services>,
) -> Result<HttpResponse, Problem> {
    let methods = offered(&services, &access).await?.into_iter().map(of_pages).collect();
    let onward = onward::passing(&onward::next(&request)).into();
    let known = Surroundings::of_whoever(&services, Some(&access)).await?;
    show(&services, &ConfirmMethods { methods, onward }, &surroundings(&request, &services, known))
}

async fn begin(
    access: Authorized<SignedIn>,
    request: HttpRequest,
    services: Data<Services>,
    form: FormBody,
) -> Result<HttpResponse, Problem> {
    let form = form.read().await?;
    let method = Method::parse(form.raw("method"))
        .ok_or_else(|| Problem::invalid_field("/method", "not_a_choice", "The account has no such method."))?;
    let begun = services.accounts.begin_confirmation(&access, method).await;
    let begun = begun.map_err(|error| of_failure(&services.incidents, error))?;
    Ok(go_to(&format!("/confirm/{}{}", begun.id, onward::passing(&onward::next(&request)))))
}

/// The same page for every id, so that it tells of none whether it waits.
async fn code(
    access: Authorized<SignedIn>,
    request: HttpRequest,
    services: Data<Services>,
    id: Path<ConfirmationId>,
) -> Result<HttpResponse, Problem> {
    let page = question(&request, &services, &access, *id, Form::empty()).await?;
    let known = Surroundings::of_whoever(&services, Some(&access)).await?;
    show(&services, &page, &surroundings(&request, &services, known))
}

async fn confirm(
    access: Authorized<SignedIn>,
    request: HttpRequest,
    services: Data<Services>,
    id: Path<ConfirmationId>,
    form: FormBody,
) -> Result<HttpResponse, Problem> {
    let form = form.read().await?;
    let problem = match services.accounts.finish_confirmation(&access, *id, form.secret("code")).await {
        Ok(raised) => {
            let next = onward::with_news(&onward::next(&request), "confirmed");
            return Ok(with_session(go_to(&next), &raised));
        }
        Err(error) => of_confirmation(&services.incidents, error),
    };
    let again = told_in(Form::empty(), &problem, |pointer| (pointer == "/code").then_some(ConfirmCodeField::Code));
    let Some(again) = again else { return Err(problem) };
    let page = question(&request, &services, &access, *id, again).await?;
    let known = Surroundings::of_whoever(&services, Some(&access)).await?;
    refuse(&services, &page, &surroundings(&request, &services, known), &problem)
}

async fn question(
    request: &HttpRequest,
    services: &Services,
    access: &AccountAccess,
    id: ConfirmationId,
    form: Form<ConfirmCodeField>,
) -> Result<ConfirmCode, Problem> {
    // A challenge does not say its method before it is met; there is one method so far.
    let target = offered(services, access).await?.into_iter().find_map(|offered| offered.target);
    Ok(ConfirmCode {
        challenge: id.to_string(),
        method: pages::Method::Email,
        target: target.map(Into::into),
        form,
        onward: onward::passing(&onward::next(request)).into(),
    })
}

async fn offered(services: &Services, access: &AccountAccess) -> Result<Vec<Offered>, Problem> {
    services.accounts.offered_methods(access).await.map_err(|error| of_failure(&services.incidents, error))
}

fn of_pages(offered: Offered) -> OfferedMethod {
    let method = match offered.method {
        Method::Email => pages::Method::Email,
    };
    let advice = match offered.method.advice() {
        confirmation::Advice::Advised => Advice::Advised,
        confirmation::Advice::AdvisedAgainst => Advice::AdvisedAgainst,
    };
    OfferedMethod { method, target: offered.target.map(Into::into), advice }
}
