//! `/reset`, `/freeze` and `/thaw`: what a person does without being signed in (P-10, R-11, R-27).

use actix_web::web::{Data, Path};
use actix_web::{HttpRequest, HttpResponse};

use crate::accounts::recovering::Aim;
use crate::accounts::renewing::{Renewal, Renewed, Shown};
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
use crate::web::site::control::FROZEN;
use crate::web::site::form::FormFields;
use crate::web::site::{FormBody, Surroundings, go_to, refuse, show, surroundings, told_in};

pub(super) fn routes() -> Vec<Route> {
    vec![
        get("/reset", start_reset),
        post("/reset", begin_reset),
        get("/reset/{id}", reset_page),
        post("/reset/{id}", finish_reset),
        post("/reset/{id}/cancel", cancel),
        get("/thaw", start_thaw),
        post("/thaw", begin_thaw),
        get("/thaw/{id}", thaw_page),
        post("/thaw/{id}", finish_thaw),
        get("/freeze", start_freeze),
        post("/freeze", begin_freeze),
        get("/freeze/{id}", freeze_page),
        post("/freeze/{id}", finish_freeze),
    ]
}

/// A request and what answers it.
struct Asked {
    request: HttpRequest,
    services: Data<Services>,
    origin: Caller,
}

async fn start_reset(_: Authorized<Anyone>, request: HttpRequest, services: Data<Services>) -> Answered {
    start(&request, &services, RecoveryAim::Reset)
}

async fn start_thaw(_: Authorized<Anyone>, request: HttpRequest, services: Data<Services>) -> Answered {
    start(&request, &services, RecoveryAim::Thaw)
}

async fn start_freeze(_: Authorized<Anyone>, request: HttpRequest, services: Data<Services>) -> Answered {
    start(&request, &services, RecoveryAim::Freeze)
}

async fn begin_reset(
    _: Authorized<Anyone>,
    request: HttpRequest,
    services: Data<Services>,
    origin: Caller,
    form: FormBody,
) -> Answered {
    begin(Asked { request, services, origin }, RecoveryAim::Reset, form).await
}

async fn begin_thaw(
    _: Authorized<Anyone>,
    request: HttpRequest,
    services: Data<Services>,
    origin: Caller,
    form: FormBody,
) -> Answered {
    begin(Asked { request, services, origin }, RecoveryAim::Thaw, form).await
}

async fn begin_freeze(
    _: Authorized<Anyone>,
    request: HttpRequest,
    services: Data<Services>,
    origin: Caller,
    form: FormBody,
) -> Answered {
    begin(Asked { request, services, origin }, RecoveryAim::Freeze, form).await
}

async fn reset_page(
    _: Authorized<Anyone>,
    request: HttpRequest,
    services: Data<Services>,
    id: Path<RecoveryId>,
) -> Answered {
    question(&request, &services, RecoveryAim::Reset, *id)
}

async fn thaw_page(
    _: Authorized<Anyone>,
    request: HttpRequest,
    services: Data<Services>,
    id: Path<RecoveryId>,
) -> Answered {
    question(&request, &services, RecoveryAim::Thaw, *id)
}

async fn freeze_page(
    _: Authorized<Anyone>,
    request: HttpRequest,
    services: Data<Services>,
    id: Path<RecoveryId>,
) -> Answered {
    question(&request, &services, RecoveryAim::Freeze, *id)
}

async fn finish_reset(
    _: Authorized<Anyone>,
    request: HttpRequest,
    services: Data<Services>,
    origin: Caller,
    id: Path<RecoveryId>,
    form: FormBody,
) -> Answered {
    renew(Asked { request, services, origin }, RecoveryAim::Reset, *id, form).await
}

async fn finish_thaw(
    _: Authorized<Anyone>,
    request: HttpRequest,
    services: Data<Services>,
    origin: Caller,
    id: Path<RecoveryId>,
    form: FormBody,
) -> Answered {
    renew(Asked { request, services, origin }, RecoveryAim::Thaw, *id, form).await
}

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
            again(&request, &services, RecoveryAim::Freeze, *id, &form, problem)
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
            again(&request, &services, RecoveryAim::Reset, *id, &form, problem)
        }
    }
}

type Answered = Result<HttpResponse, Problem>;

fn start(request: &HttpRequest, services: &Services, aim: RecoveryAim) -> Answered {
    let chrome = surroundings(request, services, Surroundings::of_a_stranger());
    show(services, &RecoveryStart { aim, form: Form::empty() }, &chrome)
}

async fn begin(asked: Asked, aim: RecoveryAim, form: FormBody) -> Answered {
    let Asked { request, services, origin } = asked;
    let form = form.read().await?;
    let identifier = form.text(RecoveryStartField::Identifier.name());
    let problem = match services.accounts.begin_recovery(of_accounts(aim), &identifier, &origin.0).await {
        Ok(begun) => return Ok(go_to(&format!("/{}/{}", path(aim), begun.id))),
        Err(error) => of_failure(&services.incidents, error),
    };
    let typed = Form::empty().typed(RecoveryStartField::Identifier, identifier);
    let Some(form) = told_in(typed, &problem, |_| None) else { return Err(problem) };
    let chrome = surroundings(&request, &services, Surroundings::of_a_stranger());
    refuse(&services, &RecoveryStart { aim, form }, &chrome, &problem)
}

fn question(request: &HttpRequest, services: &Services, aim: RecoveryAim, id: RecoveryId) -> Answered {
    let chrome = surroundings(request, services, Surroundings::of_a_stranger());
    show(services, &RecoveryFinish { aim, id, form: Form::empty() }, &chrome)
}

async fn renew(asked: Asked, aim: RecoveryAim, id: RecoveryId, form: FormBody) -> Answered {
    let Asked { request, services, origin } = asked;
    let form = form.read().await?;
    let method = form.raw(RecoveryField::SecondMethod.name());
    let second = (!method.is_empty())
        .then(|| Shown { method: method.to_owned(), code: form.secret(RecoveryField::SecondCode.name()) });
    let renewal = Renewal {
        code: form.secret(RecoveryField::Code.name()),
        new_password: form.secret(RecoveryField::NewPassword.name()),
        second,
    };
    let page = match services.accounts.renew(of_accounts(aim), id, renewal, &origin.0).await {
        Ok(Renewed::Done) if aim == RecoveryAim::Thaw => {
            return Ok(go_to("/sign-in?next=/account/security"));
        }
        Ok(Renewed::Done) => (RecoveryOutcome::Done, None),
        Ok(Renewed::Waits { until }) => (RecoveryOutcome::Waits, Some(until)),
        Err(error) => {
            let problem = of_renewal(&services.incidents, error);
            return again(&request, &services, aim, id, &form, problem);
        }
    };
    let chrome = surroundings(&request, &services, Surroundings::of_a_stranger());
    let (outcome, ready_at) = page;
    show(&services, &RecoveryOver { outcome, ready_at: ready_at.map(|at| Moment::new(at, chrome.locale)) }, &chrome)
}

/// The form once more, with what is wrong.
fn again(
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
    let second = RecoveryField::SecondMethod;
    let typed = Form::empty().typed(second, form.text(second.name()));
    let Some(form) = told_in(typed, &problem, field) else { return Err(problem) };
    let chrome = surroundings(request, services, Surroundings::of_a_stranger());
    refuse(services, &RecoveryFinish { aim, id, form }, &chrome, &problem)
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
