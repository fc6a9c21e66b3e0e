//! `/account/security`: what the account has to confirm with; an app enrolled, recovery codes made, either removed.

use actix_web::web::{Data, Path};
use actix_web::{HttpRequest, HttpResponse};

use crate::accounts::factors::approving::Approvals;
use crate::accounts::factors::enrolling::{Draft, EnrolError, Item};
use crate::accounts::factors::{Answer, Enrolment, Handed, Method};
use crate::kernel::access::factors::Standing;
use crate::kernel::access::sessions::Phones;
use crate::kernel::access::{AccountAccess, AtHand, Authorized, ProtectAccount, RecoverAccount, SignedIn};
use crate::kernel::ids::FactorId;
use crate::kernel::personal::Secret;
use crate::kernel::values::Locale;
use crate::web::api::accounts::of_failure;
use crate::web::api::methods::of_enrolment;
use crate::web::pages::{
    Adding, Advice, ApprovalsSet, ConfirmCodeField, EnrolApp, FactorStanding, Form, FormField as _, Moment, Qr,
    RecoveryCodesMade, Security, SecurityFactor, SecurityField, SecurityMethod,
};
use crate::web::problem::Problem;
use crate::web::routes::{Route, get, post};
use crate::web::services::Services;
use crate::web::site::confirm::advice;
use crate::web::site::{FormBody, Surroundings, go_to, refuse, show, surroundings, told_in};

pub(super) fn routes() -> Vec<Route> {
    vec![
        get("/account/security", overview),
        post("/account/security/methods", enrol),
        get("/account/security/methods/{id}", enrolment),
        post("/account/security/methods/{id}", finish),
        post("/account/security/remove/{id}", remove),
    ]
}

async fn overview(
    access: Authorized<SignedIn>,
    request: HttpRequest,
    services: Data<Services>,
) -> Result<HttpResponse, Problem> {
    let chrome = surroundings(&request, &services, Surroundings::of_whoever(&services, Some(&access)).await?);
    let page = page(&services, &access, chrome.locale, Form::empty()).await?;
    show(&services, &page, &chrome)
}

/// Begins an enrolment: an app's leads on to its picture, recovery codes are shown this one time.
async fn enrol(
    access: Authorized<ProtectAccount>,
    request: HttpRequest,
    services: Data<Services>,
    form: FormBody,
) -> Result<HttpResponse, Problem> {
    let form = form.read().await?;
    let name = form.text(SecurityField::Name.name());
    let draft =
        Draft { method: form.raw("method").to_owned(), name: (!name.reveal().is_empty()).then(|| name.clone()) };
    let chrome = surroundings(&request, &services, Surroundings::of_whoever(&services, Some(&access)).await?);
    let problem = match services.accounts.enrol(&access, draft).await {
        Ok(enrolled) => match enrolled.handed {
            Handed::App { .. } => return Ok(go_to(&format!("/account/security/methods/{}", enrolled.id))),
            Handed::Codes(codes) => {
                let codes = codes.into_iter().map(Into::into).collect();
                let made_at = Moment::new(services.kernel.now(), chrome.locale);
                return show(&services, &RecoveryCodesMade { codes, made_at }, &chrome);
            }
        },
        Err(error) => of_enrolment(&services.incidents, error),
    };
    let typed = Form::empty().typed(SecurityField::Name, name);
    let again = told_in(typed, &problem, |pointer| (pointer == "/name").then_some(SecurityField::Name));
    let Some(again) = again else { return Err(problem) };
    let page = page(&services, &access, chrome.locale, again).await?;
    refuse(&services, &page, &chrome, &problem)
}

async fn enrolment(
    access: Authorized<ProtectAccount>,
    request: HttpRequest,
    services: Data<Services>,
    id: Path<FactorId>,
) -> Result<HttpResponse, Problem> {
    let page = app(&services, &access, *id, Form::empty()).await?.ok_or(Problem::NotFound)?;
    let chrome = surroundings(&request, &services, Surroundings::of_whoever(&services, Some(&access)).await?);
    show(&services, &page, &chrome)
}

async fn finish(
    access: Authorized<ProtectAccount>,
    request: HttpRequest,
    services: Data<Services>,
    id: Path<FactorId>,
    form: FormBody,
) -> Result<HttpResponse, Problem> {
    let form = form.read().await?;
    let finished = services.accounts.finish_enrolment(&access, *id, Answer::Code(form.secret("code"))).await;
    let problem = match finished {
        Ok(_) => return Ok(go_to("/account/security?news=method_added")),
        Err(error) => of_enrolment(&services.incidents, error),
    };
    let again = told_in(Form::empty(), &problem, |pointer| (pointer == "/code").then_some(ConfirmCodeField::Code));
    let Some(again) = again else { return Err(problem) };
    let Some(page) = app(&services, &access, *id, again).await? else { return Err(problem) };
    let chrome = surroundings(&request, &services, Surroundings::of_whoever(&services, Some(&access)).await?);
    refuse(&services, &page, &chrome, &problem)
}

async fn remove(
    access: Authorized<RecoverAccount>,
    services: Data<Services>,
    id: Path<FactorId>,
) -> Result<HttpResponse, Problem> {
    let removed = services.accounts.remove_method(&access, *id).await;
    removed.map_err(|error| of_enrolment(&services.incidents, error))?;
    Ok(go_to("/account/security?news=method_removed"))
}

/// The page of an app that waits for its first code; nothing when none of this id does.
async fn app(
    services: &Services,
    access: &AccountAccess,
    id: FactorId,
    form: Form<ConfirmCodeField>,
) -> Result<Option<EnrolApp>, Problem> {
    let enrolled = match services.accounts.enrolment(access, id).await {
        Ok(enrolled) => enrolled,
        Err(EnrolError::Unknown) => return Ok(None),
        Err(error) => return Err(of_enrolment(&services.incidents, error)),
    };
    let Handed::App { secret, uri } = enrolled.handed else { return Ok(None) };
    Ok(Some(EnrolApp { id, qr: Qr::of(&uri), secret: in_groups(&secret).into(), form }))
}

/// A secret in groups of four, as a person types it.
fn in_groups(secret: &Secret<String>) -> Secret<String> {
    let mut grouped = String::with_capacity(secret.reveal().len() * 5 / 4 + 1);
    for (at, letter) in secret.reveal().chars().enumerate() {
        if at > 0 && at % 4 == 0 {
            grouped.push(' ');
        }
        grouped.push(letter);
    }
    Secret::new(grouped)
}

async fn page(
    services: &Services,
    access: &AccountAccess,
    locale: Locale,
    form: Form<SecurityField>,
) -> Result<Security, Problem> {
    let items = services.accounts.methods(access).await.map_err(|error| of_failure(&services.incidents, error))?;
    let holdings = services.accounts.holdings(access).await;
    let holdings = holdings.map_err(|error| of_failure(&services.incidents, error))?;
    let is_there = |method: &Method| match method.facts().enrolment {
        Enrolment::AtHand(AtHand::Phone) => services.sessions.phones == Phones::Reached,
        _ => true,
    };
    let methods = Method::ALL.into_iter().filter(is_there).map(|method| {
        let advised: Advice = advice(method.advice(holdings));
        let factors = items.iter().filter(|item| item.method == method).map(|item| factor(item, locale)).collect();
        let adding = match method.facts().enrolment {
            Enrolment::Inherent | Enrolment::AtHand(_) => Adding::Never,
            Enrolment::One => Adding::Anew,
            Enrolment::Several => Adding::Named,
        };
        SecurityMethod { method, advice: advised, factors, adding, fee: method.facts().fee }
    });
    let approvals = services.accounts.approvals_setting(access).await;
    let approvals = match approvals.map_err(|error| of_failure(&services.incidents, error))? {
        Approvals::Allowed => ApprovalsSet::Allowed,
        Approvals::Off => ApprovalsSet::Off,
    };
    Ok(Security { methods: methods.collect(), approvals, form })
}

fn factor(item: &Item, locale: Locale) -> SecurityFactor {
    SecurityFactor {
        id: item.id,
        name: item.name.clone().map(Into::into),
        created_at: item.created_at.map(|at| Moment::new(at, locale)),
        used_at: item.used_at.map(|at| Moment::new(at, locale)),
        standing: match item.standing {
            Standing::Usable => FactorStanding::Usable,
            Standing::Ended => FactorStanding::Ended,
        },
        left: item.left,
    }
}
