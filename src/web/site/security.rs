//! `/account/security`: what the account has to confirm with; an app or a passkey enrolled, recovery codes
//! made, each renamed or removed; and where it is signed in (K-6).

use actix_web::web::{Data, Path};
use actix_web::{HttpRequest, HttpResponse};
use serde_json::Value;

use crate::accounts::factors::approving::Approvals;
use crate::accounts::factors::enrolling::{Draft, EnrolError, Item};
use crate::accounts::factors::{Enrolment, Handed, Method};
use crate::kernel::access::factors::Standing;
use crate::kernel::access::sessions::Phones;
use crate::kernel::access::{
    AccountAccess, AtHand, Authorized, ChangeAccount, ProtectAccount, RecoverAccount, SignedIn,
};
use crate::kernel::ids::FactorId;
use crate::kernel::personal::{Personal, Secret};
use crate::kernel::values::Locale;
use crate::web::api::accounts::of_failure;
use crate::web::api::methods::of_enrolment;
use crate::web::api::oidc::return_to;
use crate::web::pages::{
    Adding, Advice, ApprovalsSet, ConfirmCodeField, EnrolApp, EnrolPasskey, FactorStanding, Form, FormField as _,
    Moment, PasskeyField, ProviderChoice, Qr, RecoveryCodesMade, Security, SecurityFactor, SecurityField,
    SecurityMethod,
};
use crate::web::problem::Problem;
use crate::web::routes::{Route, get, post};
use crate::web::services::Services;
use crate::web::site::confirm::{advice, answer_of, of_passkey};
use crate::web::site::control::row;
use crate::web::site::oidc::{choices, leave};
use crate::web::site::{FormBody, chrome_of, go_to, refuse, show, told_in};

pub(super) fn routes() -> Vec<Route> {
    vec![
        get("/account/security", overview),
        post("/account/security/methods", enrol),
        get("/account/security/methods/{id}", enrolment),
        post("/account/security/methods/{id}", finish),
        post("/account/security/rename/{id}", rename),
        post("/account/security/remove/{id}", remove),
    ]
}

async fn overview(
    access: Authorized<SignedIn>,
    request: HttpRequest,
    services: Data<Services>,
) -> Result<HttpResponse, Problem> {
    let chrome = chrome_of(&request, &services, &access).await?;
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
    let chrome = chrome_of(&request, &services, &access).await?;
    let provider = form.raw("provider");
    let enrolled = if draft.method == Method::Oidc.name() {
        let return_to = return_to(&request, "/account/security")?;
        services.accounts.enrol_provider(&access, draft, provider, return_to, chrome.locale).await
    } else {
        services.accounts.enrol(&access, draft).await
    };
    let problem = match enrolled {
        Ok(enrolled) => match enrolled.handed {
            Handed::Elsewhere(address) => return leave(&services, &chrome, provider, address),
            Handed::App { .. } | Handed::Passkey(_) => {
                return Ok(go_to(&format!("/account/security/methods/{}", enrolled.id)));
            }
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
    let handed = handed(&services, &access, *id).await?.ok_or(Problem::NotFound)?;
    let chrome = chrome_of(&request, &services, &access).await?;
    match handed {
        Handed::App { secret, uri } => show(&services, &app(*id, &secret, &uri, Form::empty()), &chrome),
        Handed::Passkey(public_key) => show(&services, &passkey(*id, &public_key, Form::empty()), &chrome),
        Handed::Codes(_) | Handed::Elsewhere(_) => Err(Problem::NotFound),
    }
}

async fn finish(
    access: Authorized<ProtectAccount>,
    request: HttpRequest,
    services: Data<Services>,
    id: Path<FactorId>,
    form: FormBody,
) -> Result<HttpResponse, Problem> {
    let form = form.read().await?;
    let finished = services.accounts.finish_enrolment(&access, *id, answer_of(&form)).await;
    let problem = match finished {
        Ok(_) => return Ok(go_to("/account/security?news=method_added")),
        Err(error) => of_enrolment(&services.incidents, error),
    };
    let Some(handed) = handed(&services, &access, *id).await? else { return Err(problem) };
    let chrome = chrome_of(&request, &services, &access).await?;
    match handed {
        Handed::App { secret, uri } => {
            let at = |pointer: &str| (pointer == "/code").then_some(ConfirmCodeField::Code);
            let Some(again) = told_in(Form::empty(), &problem, at) else { return Err(problem) };
            refuse(&services, &app(*id, &secret, &uri, again), &chrome, &problem)
        }
        Handed::Passkey(public_key) => {
            let Some(again) = of_passkey(&problem) else { return Err(problem) };
            refuse(&services, &passkey(*id, &public_key, again), &chrome, &problem)
        }
        Handed::Codes(_) | Handed::Elsewhere(_) => Err(problem),
    }
}

async fn rename(
    access: Authorized<ChangeAccount>,
    request: HttpRequest,
    services: Data<Services>,
    id: Path<FactorId>,
    form: FormBody,
) -> Result<HttpResponse, Problem> {
    let name = form.read().await?.text(SecurityField::Name.name());
    let problem = match services.accounts.rename_method(&access, *id, &name).await {
        Ok(_) => return Ok(go_to("/account/security?news=method_renamed")),
        Err(error) => of_enrolment(&services.incidents, error),
    };
    let Some(again) = told_in(Form::empty(), &problem, |_| None) else { return Err(problem) };
    let chrome = chrome_of(&request, &services, &access).await?;
    let page = page(&services, &access, chrome.locale, again).await?;
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

/// What an enrolment has handed over that waits for its answer; nothing when none of this id does.
async fn handed(services: &Services, access: &AccountAccess, id: FactorId) -> Result<Option<Handed>, Problem> {
    match services.accounts.enrolment(access, id).await {
        Ok(enrolled) => Ok(Some(enrolled.handed)),
        Err(EnrolError::Unknown) => Ok(None),
        Err(error) => Err(of_enrolment(&services.incidents, error)),
    }
}

fn app(id: FactorId, secret: &Secret<String>, uri: &Secret<String>, form: Form<ConfirmCodeField>) -> EnrolApp {
    EnrolApp { id, qr: Qr::of(uri), secret: in_groups(secret).into(), form }
}

fn passkey(id: FactorId, public_key: &Personal<Value>, form: Form<PasskeyField>) -> EnrolPasskey {
    EnrolPasskey { id, public_key: public_key.reveal().to_string().into(), form }
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
    let providers = choices(services, locale);
    let is_there = |method: &Method| match method.facts().enrolment {
        Enrolment::AtHand(AtHand::Phone) => services.sessions.phones == Phones::Reached,
        Enrolment::Several if *method == Method::Oidc => {
            !providers.is_empty() || items.iter().any(|item| item.method == *method)
        }
        _ => true,
    };
    let methods = Method::ALL.into_iter().filter(is_there).map(|method| {
        let advised: Advice = advice(method.advice(holdings));
        let factors =
            items.iter().filter(|item| item.method == method).map(|item| factor(item, locale, &providers)).collect();
        let adding = match method.facts().enrolment {
            Enrolment::Inherent | Enrolment::AtHand(_) => Adding::Never,
            Enrolment::One => Adding::Anew,
            Enrolment::Several if method == Method::Passkey => match access.origin.site {
                Some(_) => Adding::Pressed,
                None => Adding::NeedsName,
            },
            Enrolment::Several if method == Method::Oidc && providers.is_empty() => Adding::Never,
            Enrolment::Several if method == Method::Oidc => Adding::Elsewhere,
            Enrolment::Several => Adding::Named,
        };
        let (fee, providers) =
            (method.facts().fee, if adding == Adding::Elsewhere { providers.clone() } else { Vec::new() });
        SecurityMethod { method, advice: advised, factors, adding, fee, providers }
    });
    let approvals = services.accounts.approvals_setting(access).await;
    let approvals = match approvals.map_err(|error| of_failure(&services.incidents, error))? {
        Approvals::Allowed => ApprovalsSet::Allowed,
        Approvals::Off => ApprovalsSet::Off,
    };
    let listed = services.accounts.sessions(access).await.map_err(|error| of_failure(&services.incidents, error))?;
    let sessions = listed.into_iter().map(|session| row(session, access.session.id, locale)).collect();
    Ok(Security { methods: methods.collect(), approvals, sessions, form })
}

fn factor(item: &Item, locale: Locale, providers: &[ProviderChoice]) -> SecurityFactor {
    // A link without a name of its own is called as its provider is.
    let provider = providers.iter().find(|choice| item.provider.as_ref() == Some(&choice.id));
    let called = provider.map(|choice| choice.name.clone()).or_else(|| item.provider.clone());
    SecurityFactor {
        id: item.id,
        name: item.name.clone().or_else(|| called.map(Into::into)).map(Into::into),
        created_at: item.created_at.map(|at| Moment::new(at, locale)),
        used_at: item.used_at.map(|at| Moment::new(at, locale)),
        standing: match item.standing {
            Standing::Usable => FactorStanding::Usable,
            Standing::Ended => FactorStanding::Ended,
        },
        left: item.left,
    }
}
