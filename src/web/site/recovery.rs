//! `/reset`, `/freeze` and `/thaw`: what a person does without being signed in (P-10, R-11, R-27).

use actix_web::web::{Data, Path};
use actix_web::{HttpRequest, HttpResponse};

use crate::accounts::factors::{Answer, Method};
use crate::accounts::recovering::Aim;
use crate::accounts::renewing::{Addresses, Renewal, Renewed, Shown};
use crate::kernel::access::{Anyone, Authorized};
use crate::kernel::ids::RecoveryId;
use crate::web::api::account_control::of_renewal;
use crate::web::api::accounts::of_failure;
use crate::web::guard::Caller;
use crate::web::pages::{
    Form, FormField as _, Moment, RecoveryAim, RecoveryField, RecoveryFinish, RecoveryOutcome, RecoveryOver,
    RecoveryStart, RecoveryStartField,
};
use crate::web::problem::Problem;
use crate::web::routes::{Route, get, post};
use crate::web::services::Services;
use crate::web::site::confirm::answer_of;
use crate::web::site::control::FROZEN;
use crate::web::site::form::FormFields;
use crate::web::site::{FormBody, Surroundings, go_to, refuse, show, surroundings, told_in};

pub(super) fn routes() -> Vec<Route> {
    vec![
        get("/reset", start::<Reset>),
        post("/reset", begin::<Reset>),
        get("/reset/{id}", question::<Reset>),
        post("/reset/{id}", renew::<Reset>),
        post("/reset/{id}/cancel", cancel),
        get("/thaw", start::<Thaw>),
        post("/thaw", begin::<Thaw>),
        get("/thaw/{id}", question::<Thaw>),
        post("/thaw/{id}", renew::<Thaw>),
        get("/freeze", start::<Freeze>),
        post("/freeze", begin::<Freeze>),
        get("/freeze/{id}", question::<Freeze>),
        post("/freeze/{id}", finish_freeze),
    ]
}

/// What an address is for.
trait For: 'static {
    const AIM: RecoveryAim;
}

struct Reset;
struct Freeze;
struct Thaw;

impl For for Reset {
    const AIM: RecoveryAim = RecoveryAim::Reset;
}

impl For for Freeze {
    const AIM: RecoveryAim = RecoveryAim::Freeze;
}

impl For for Thaw {
    const AIM: RecoveryAim = RecoveryAim::Thaw;
}

async fn start<F: For>(_: Authorized<Anyone>, request: HttpRequest, services: Data<Services>) -> Answered {
    let chrome = surroundings(&request, &services, Surroundings::of_a_stranger());
    show(&services, &RecoveryStart { aim: F::AIM, form: Form::empty() }, &chrome)
}

async fn begin<F: For>(
    _: Authorized<Anyone>,
    request: HttpRequest,
    services: Data<Services>,
    origin: Caller,
    form: FormBody,
) -> Answered {
    let form = form.read().await?;
    let identifier = form.text(RecoveryStartField::Identifier.name());
    let problem = match services.accounts.begin_recovery(of_accounts(F::AIM), &identifier, &origin.0).await {
        Ok(begun) => return Ok(go_to(&format!("/{}/{}", path(F::AIM), begun.id))),
        Err(error) => of_failure(&services.incidents, error),
    };
    let typed = Form::empty().typed(RecoveryStartField::Identifier, identifier);
    let Some(form) = told_in(typed, &problem, |_| None) else { return Err(problem) };
    let chrome = surroundings(&request, &services, Surroundings::of_a_stranger());
    refuse(&services, &RecoveryStart { aim: F::AIM, form }, &chrome, &problem)
}

async fn question<F: For>(
    _: Authorized<Anyone>,
    request: HttpRequest,
    services: Data<Services>,
    id: Path<RecoveryId>,
) -> Answered {
    let chrome = surroundings(&request, &services, Surroundings::of_a_stranger());
    show(&services, &asking(&services, F::AIM, *id, Form::empty()).await?, &chrome)
}

async fn renew<F: For>(
    _: Authorized<Anyone>,
    request: HttpRequest,
    services: Data<Services>,
    origin: Caller,
    id: Path<RecoveryId>,
    form: FormBody,
) -> Answered {
    let form = form.read().await?;
    let renewal = Renewal {
        code: form.secret(RecoveryField::Code.name()),
        new_password: form.secret(RecoveryField::NewPassword.name()),
        second: shown(&form),
        addresses: match form.raw(RecoveryField::Addresses.name()) {
            LIFT => Addresses::Lifted,
            _ => Addresses::Kept,
        },
    };
    let page = match services.accounts.renew(of_accounts(F::AIM), *id, renewal, &origin.0).await {
        Ok(Renewed::Done) if F::AIM == RecoveryAim::Thaw => {
            return Ok(go_to("/sign-in?next=/account/security"));
        }
        Ok(Renewed::Done) => (RecoveryOutcome::Done, None),
        Ok(Renewed::Waits { until }) => (RecoveryOutcome::Waits, Some(until)),
        Err(error) => {
            let problem = of_renewal(&services.incidents, error);
            return again(&request, &services, F::AIM, *id, &form, problem).await;
        }
    };
    let chrome = surroundings(&request, &services, Surroundings::of_a_stranger());
    let (outcome, ready_at) = page;
    show(&services, &RecoveryOver { outcome, ready_at: ready_at.map(|at| Moment::new(at, chrome.locale)) }, &chrome)
}

/// What is shown beside the mailed code: what a browser says of a passkey, or a code of what was chosen.
fn shown(form: &FormFields) -> Option<Shown> {
    if let answer @ Answer::Passkey(_) = answer_of(form) {
        return Some(Shown { method: Method::Passkey.name().to_owned(), answer });
    }
    let method = form.raw(RecoveryField::SecondMethod.name());
    let answer = || Answer::Code(form.secret(RecoveryField::SecondCode.name()));
    (!method.is_empty()).then(|| Shown { method: method.to_owned(), answer: answer() })
}

/// What the box says that removes the list of addresses.
const LIFT: &str = "lift";

async fn finish_freeze(
    _: Authorized<Anyone>,
    request: HttpRequest,
    services: Data<Services>,
    origin: Caller,
    id: Path<RecoveryId>,
    form: FormBody,
) -> Answered {
    let form = form.read().await?;
    match services.accounts.freeze_by_code(*id, form.secret("code"), &origin.0).await {
        Ok(()) => Ok(go_to(FROZEN)),
        Err(error) => {
            let problem = of_renewal(&services.incidents, error);
            again(&request, &services, RecoveryAim::Freeze, *id, &form, problem).await
        }
    }
}

/// Objects to a new password that waits.
async fn cancel(
    _: Authorized<Anyone>,
    request: HttpRequest,
    services: Data<Services>,
    origin: Caller,
    id: Path<RecoveryId>,
    form: FormBody,
) -> Answered {
    let form = form.read().await?;
    match services.accounts.cancel_reset_by_code(*id, form.secret("code"), &origin.0).await {
        Ok(()) => {
            let page = RecoveryOver { outcome: RecoveryOutcome::Cancelled, ready_at: None };
            show(&services, &page, &surroundings(&request, &services, Surroundings::of_a_stranger()))
        }
        Err(error) => {
            let problem = of_renewal(&services.incidents, error);
            again(&request, &services, RecoveryAim::Reset, *id, &form, problem).await
        }
    }
}

type Answered = Result<HttpResponse, Problem>;

/// The form that finishes it.
async fn asking(
    services: &Services,
    aim: RecoveryAim,
    id: RecoveryId,
    form: Form<RecoveryField>,
) -> Result<RecoveryFinish, Problem> {
    let asks = services.accounts.recovery_asks(id).await;
    let asks = asks.map_err(|error| of_failure(&services.incidents, error))?;
    Ok(RecoveryFinish { aim, id, public_key: asks.map(|asks| asks.to_string().into()), form })
}

/// The form once more, with what is wrong.
async fn again(
    request: &HttpRequest,
    services: &Services,
    aim: RecoveryAim,
    id: RecoveryId,
    form: &FormFields,
    problem: Problem,
) -> Answered {
    let field = |pointer: &str| match pointer {
        "/code" => Some(RecoveryField::Code),
        "/new_password" => Some(RecoveryField::NewPassword),
        "/second" => Some(RecoveryField::SecondCode),
        _ => None,
    };
    let typed = [RecoveryField::SecondMethod, RecoveryField::Addresses]
        .into_iter()
        .fold(Form::empty(), |typed, field| typed.typed(field, form.text(field.name())));
    let Some(form) = told_in(typed, &problem, field) else { return Err(problem) };
    let chrome = surroundings(request, services, Surroundings::of_a_stranger());
    refuse(services, &asking(services, aim, id, form).await?, &chrome, &problem)
}

const fn of_accounts(aim: RecoveryAim) -> Aim {
    match aim {
        RecoveryAim::Reset => Aim::Reset,
        RecoveryAim::Freeze => Aim::Freeze,
        RecoveryAim::Thaw => Aim::Thaw,
    }
}

const fn path(aim: RecoveryAim) -> &'static str {
    match aim {
        RecoveryAim::Reset => "reset",
        RecoveryAim::Freeze => "freeze",
        RecoveryAim::Thaw => "thaw",
    }
}
