//! `/confirm` and `/confirm/{id}`: raising the session by one more proof.

use actix_web::web::{Data, Path};
use actix_web::{HttpRequest, HttpResponse};
use serde_json::Value;

use crate::accounts::factors::approving::Standing;
use crate::accounts::factors::confirming::{ConfirmError, Offered, first};
use crate::accounts::factors::{self, Answer, Asks, Method};
use crate::accounts::sign_in_rules::Rules;
use crate::kernel::access::{AccountAccess, Assurance, Authorized, SignedIn};
use crate::kernel::ids::ConfirmationId;
use crate::kernel::personal::Personal;
use crate::web::api::accounts::{of_confirmation, of_failure};
use crate::web::api::oidc::return_to;
use crate::web::pages::{
    Advice, ConfirmCode, ConfirmCodeField, ConfirmMethods, ConfirmPasskey, ConfirmReason, ConfirmWait, Form, FormField,
    Moment, OfferedMethod, PasskeyField, WaitStanding,
};
use crate::web::problem::Problem;
use crate::web::routes::{Route, get, post};
use crate::web::services::Services;
use crate::web::site::chrome::locale;
use crate::web::site::oidc::{choices, leave};
use crate::web::site::{FormBody, FormFields, chrome_of, go_to, onward, refuse, show, told_in, with_session};

pub(super) fn routes() -> Vec<Route> {
    vec![get("/confirm", methods), post("/confirm", begin), get("/confirm/{id}", code), post("/confirm/{id}", confirm)]
}

async fn methods(
    access: Authorized<SignedIn>,
    request: HttpRequest,
    services: Data<Services>,
) -> Result<HttpResponse, Problem> {
    let page = choice(&request, &services, &access).await?;
    show(&services, &page, &chrome_of(&request, &services, &access).await?)
}

/// Begins a challenge; where its code came along, finishes it too.
async fn begin(
    access: Authorized<SignedIn>,
    request: HttpRequest,
    services: Data<Services>,
    form: FormBody,
) -> Result<HttpResponse, Problem> {
    let form = form.read().await?;
    let method = Method::parse(form.raw("method"))
        .ok_or_else(|| of_confirmation(&services.incidents, ConfirmError::NotEnrolled))?;
    if method == Method::Oidc {
        return go(&access, &request, &services, form.raw("provider")).await;
    }
    let begun = services.accounts.begin_confirmation(&access, method).await;
    let begun = begun.map_err(|error| of_confirmation(&services.incidents, error))?;
    if form.raw("code").is_empty() {
        return Ok(go_to(&format!("/confirm/{}{}", begun.id, onward(&request))));
    }
    answer(&access, &request, &services, begun.id, Answer::Code(form.secret("code"))).await
}

/// Sends somebody to an identity provider that they have linked.
async fn go(
    access: &AccountAccess,
    request: &HttpRequest,
    services: &Services,
    provider: &str,
) -> Result<HttpResponse, Problem> {
    let chrome = chrome_of(request, services, access).await?;
    let return_to = return_to(request, &onward::next(request))?;
    let (accounts, locale) = (&services.accounts, chrome.locale);
    let begun = accounts.begin_confirmation_by_provider(access, Some(provider), return_to, locale).await;
    let begun = begun.map_err(|error| of_confirmation(&services.incidents, error))?;
    match begun.asks {
        Asks::Elsewhere(address) => leave(services, &chrome, provider, address),
        Asks::Code | Asks::SentCode(_) | Asks::Approval(_) | Asks::Passkey(_) => {
            Err(of_confirmation(&services.incidents, ConfirmError::NotEnrolled))
        }
    }
}

/// A challenge of another session is one that never was: the choice is offered again.
async fn code(
    access: Authorized<SignedIn>,
    request: HttpRequest,
    services: Data<Services>,
    id: Path<ConfirmationId>,
) -> Result<HttpResponse, Problem> {
    let chrome = chrome_of(&request, &services, &access).await?;
    if let Some(page) = waiting(&request, &services, &access, *id).await? {
        return show(&services, &page, &chrome);
    }
    if let Some(page) = passkey(&request, &services, &access, *id, Form::empty()).await? {
        return show(&services, &page, &chrome);
    }
    let page = question(&request, &services, &access, *id, Form::empty()).await?;
    let Some(page) = page else { return Ok(go_to(&format!("/confirm{}", onward(&request)))) };
    show(&services, &page, &chrome)
}

async fn confirm(
    access: Authorized<SignedIn>,
    request: HttpRequest,
    services: Data<Services>,
    id: Path<ConfirmationId>,
    form: FormBody,
) -> Result<HttpResponse, Problem> {
    let form = form.read().await?;
    answer(&access, &request, &services, *id, answer_of(&form)).await
}

/// The answer that a form brings: what a browser says of a passkey, a code, or nothing but the question
/// whether it was approved. What is no JSON fits nothing.
pub(super) fn answer_of(form: &FormFields) -> Answer {
    match form.raw("credential") {
        "" if form.raw("code").is_empty() => Answer::IsItApproved,
        "" => Answer::Code(form.secret("code")),
        said => Answer::Passkey(Personal::new(serde_json::from_str(said).unwrap_or(Value::Null))),
    }
}

/// The form of a passkey with what is wrong: there is no code that could be.
pub(super) fn of_passkey<F: FormField>(problem: &Problem) -> Option<Form<F>> {
    match problem {
        Problem::CodeRefused | Problem::SignInRefused => Some(Form::empty().refused("passkey_refused")),
        other => told_in(Form::empty(), other, |_| None),
    }
}

async fn answer(
    access: &AccountAccess,
    request: &HttpRequest,
    services: &Services,
    id: ConfirmationId,
    answer: Answer,
) -> Result<HttpResponse, Problem> {
    let approval = matches!(answer, Answer::IsItApproved);
    let problem = match services.accounts.finish_confirmation(access, id, answer).await {
        Ok(raised) => {
            let next = onward::with_news(&onward::next(request), "confirmed");
            return Ok(with_session(go_to(&next), &raised));
        }
        Err(error) => of_confirmation(&services.incidents, error),
    };
    let chrome = chrome_of(request, services, access).await?;
    if let Some(again) = of_passkey(&problem)
        && let Some(page) = passkey(request, services, access, id, again).await?
    {
        return refuse(services, &page, &chrome, &problem);
    }
    if let (Problem::NotYetApproved { .. }, Some(page)) = (&problem, waiting(request, services, access, id).await?) {
        return refuse(services, &ConfirmWait { standing: WaitStanding::AskedTooEarly, ..page }, &chrome, &problem);
    }
    let again = told_in(Form::empty(), &problem, |pointer| (pointer == "/code").then_some(ConfirmCodeField::Code));
    let Some(again) = again else { return Err(problem) };
    if let Some(page) = question(request, services, access, id, again).await? {
        return refuse(services, &page, &chrome, &problem);
    }
    // Of an approval that was refused or is over, nothing is left: another way is offered.
    let choice = choice(request, services, access).await?;
    let form = Form::empty().refused(if approval { "approval_refused" } else { "code_refused" });
    refuse(services, &ConfirmMethods { form, ..choice }, &chrome, &problem)
}

/// The query that leads on from here.
fn onward(request: &HttpRequest) -> String {
    onward::passing_by(&onward::next(request), onward::by(request).as_deref())
}

async fn choice(request: &HttpRequest, services: &Services, access: &AccountAccess) -> Result<ConfirmMethods, Problem> {
    let by = onward::by(request);
    let would_do = |offered: &Offered| by.as_ref().is_none_or(|by| by.iter().any(|name| name == offered.method.name()));
    let mut offered: Vec<Offered> = offered(services, access).await?.into_iter().filter(would_do).collect();
    let accepted = accepted_onward(request, services, access).await?;
    offered.retain(|offered| accepted.as_ref().is_none_or(|accepted| accepted.contains(&offered.method)));
    let linked = services.accounts.linked_providers(access).await;
    let linked = linked.map_err(|error| of_failure(&services.incidents, error))?;
    let mut providers = choices(services, locale(request));
    providers.retain(|provider| linked.contains(&provider.id));
    // One that is linked and no longer configured leads nowhere.
    offered.retain(|offered| offered.method != Method::Oidc || !providers.is_empty());
    let chosen = first(&offered);
    let (mut first, mut others) = (None, Vec::new());
    for offered in offered {
        let is_first = Some(offered.method) == chosen;
        let mut page = of_pages(offered);
        if page.method == Method::Oidc {
            page.providers = std::mem::take(&mut providers);
        }
        if is_first { first = Some(page) } else { others.push(page) }
    }
    let reason = match access.session.assurance {
        Assurance::Password => ConfirmReason::First,
        Assurance::Confirmed | Assurance::Strong => ConfirmReason::Again,
    };
    Ok(ConfirmMethods { first, others, reason, accepted, onward: onward(request).into(), form: Form::empty() })
}

/// What the vault accepts that it leads on to; nothing where it leads to none of theirs, or everything is accepted.
async fn accepted_onward(
    request: &HttpRequest,
    services: &Services,
    access: &AccountAccess,
) -> Result<Option<Vec<Method>>, Problem> {
    let next = onward::next(request);
    let tenant = next.strip_prefix("/t/").and_then(|rest| rest.split(['/', '?']).next()?.parse().ok());
    let Some(tenant) = tenant else { return Ok(None) };
    let rules = services.accounts.sign_in_rules_of(access, tenant).await;
    let rules = rules.map_err(|error| of_failure(&services.incidents, error))?;
    Ok(rules.filter(|rules| *rules != Rules::default()).map(|rules| rules.accepted().collect()))
}

/// The screen of a challenge that another device is to approve; nothing when this session has none of this id.
async fn waiting(
    request: &HttpRequest,
    services: &Services,
    access: &AccountAccess,
    id: ConfirmationId,
) -> Result<Option<ConfirmWait>, Problem> {
    let waiting = services.accounts.waits_for_approval(access, id).await;
    let waiting = waiting.map_err(|error| of_failure(&services.incidents, error))?;
    let Some(waiting) = waiting else { return Ok(None) };
    Ok(Some(ConfirmWait {
        challenge: id,
        code: waiting.code.reveal().clone().into(),
        expires_at: Moment::new(waiting.expires_at, locale(request)),
        standing: match waiting.standing {
            Standing::Waiting => WaitStanding::Waiting,
            Standing::Approved => WaitStanding::Approved,
        },
        onward: onward(request).into(),
    }))
}

/// The question of a challenge by a passkey; nothing when this session has none of this id that waits.
async fn passkey(
    request: &HttpRequest,
    services: &Services,
    access: &AccountAccess,
    id: ConfirmationId,
    form: Form<PasskeyField>,
) -> Result<Option<ConfirmPasskey>, Problem> {
    let asked =
        services.accounts.asks_again(access, id).await.map_err(|error| of_failure(&services.incidents, error))?;
    let Some(Asks::Passkey(public_key)) = asked else { return Ok(None) };
    Ok(Some(ConfirmPasskey {
        challenge: id.to_string(),
        public_key: public_key.reveal().to_string().into(),
        form,
        onward: onward(request).into(),
    }))
}

/// The question of a challenge; nothing when this session has none of this id.
async fn question(
    request: &HttpRequest,
    services: &Services,
    access: &AccountAccess,
    id: ConfirmationId,
    form: Form<ConfirmCodeField>,
) -> Result<Option<ConfirmCode>, Problem> {
    let method = services.accounts.challenged_by(access, id).await;
    let method = method.map_err(|error| of_failure(&services.incidents, error))?;
    let Some(method) = method.filter(|method| *method != Method::Device) else { return Ok(None) };
    let its_own = |offered: &Offered| offered.method == method;
    let target = offered(services, access).await?.into_iter().find(its_own).and_then(|offered| offered.target);
    Ok(Some(ConfirmCode {
        challenge: id.to_string(),
        method,
        target: target.map(Into::into),
        form,
        onward: onward(request).into(),
    }))
}

async fn offered(services: &Services, access: &AccountAccess) -> Result<Vec<Offered>, Problem> {
    services.accounts.offered_methods(access).await.map_err(|error| of_failure(&services.incidents, error))
}

fn of_pages(offered: Offered) -> OfferedMethod {
    let target = offered.target.map(Into::into);
    let fee = offered.method.facts().fee;
    let advice = advice(offered.advice);
    OfferedMethod { method: offered.method, target, advice, fee, providers: Vec::new() }
}

/// An advice as pages give it.
pub(super) fn advice(advice: factors::Advice) -> Advice {
    match advice {
        factors::Advice::Advised => Advice::Advised,
        factors::Advice::AdvisedAgainst => Advice::AdvisedAgainst,
    }
}
