//! `/operator/keys/…`: turning keys over, as `seif keys` does. For key keepers and administrators.

use std::num::NonZeroU32;

use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse};

use crate::kernel::access::{Authorized, OperatorAccess, TurnKeys};
use crate::kernel::crypto::Owner;
use crate::kernel::ids::{AccountId, TenantId};
use crate::kernel::keyring::rotation::{Pace, Status};
use crate::kernel::rekey::{self, Pause, Rekey, Stage};
use crate::kernel::values::Fault;
use crate::operators::OperatorsError;
use crate::operators::keys::{self, Many};
use crate::web::api::accounts::invalid;
use crate::web::console::keys::page;
use crate::web::console::{Desk, refusal};
use crate::web::pages::{ConsoleField, ConsoleForm, ConsolePart, ConsoleWeight, Shown};
use crate::web::problem::Problem;
use crate::web::routes::{Route, post};
use crate::web::services::Services;
use crate::web::site::FormBody;

pub(super) fn routes() -> Vec<Route> {
    vec![
        post("/operator/keys/root", root),
        post("/operator/keys/preparation", prepare),
        post("/operator/keys/tenant", tenant),
        post("/operator/keys/account", account),
        post("/operator/keys/older", older),
        post("/operator/keys/everybody", everybody),
        post("/operator/keys/pause", pause),
        post("/operator/keys/go-on", go_on),
        post("/operator/keys/pace", pace),
    ]
}

/// A pace to begin with, where an operator wants one: so many values a second.
const VALUES: u32 = 1_000;

/// What was typed and is shown again where it was refused.
pub(super) struct Typed {
    tenant: String,
    account: String,
    days: String,
    rate: String,
    values_rate: String,
}

impl Default for Typed {
    fn default() -> Self {
        let rate = keys::PACE.keys_per_second.to_string();
        let values_rate = VALUES.to_string();
        Self { tenant: String::new(), account: String::new(), days: "90".to_owned(), rate, values_rate }
    }
}

/// What can be begun, and paused where something goes on.
pub(super) fn forms(status: &Status, rekeys: &[Rekey], typed: Typed) -> Vec<ConsolePart> {
    let form = |title: &'static str, action: &str, fields| {
        let action = format!("/keys/{action}");
        ConsolePart::Form(ConsoleForm {
            title: Some(title),
            action,
            fields,
            button: title,
            weight: ConsoleWeight::Plain,
        })
    };
    let line = |name, value: String| vec![ConsoleField::Line { name, value: Shown::from(value), autocomplete: "off" }];
    let mut forms = vec![ConsolePart::Says { says: "turning-over", count: 0 }];
    let root = status.is_under_way().then_some(status.root);
    let is_open = |waits: Pause| {
        root == Some(waits) || rekeys.iter().any(|rekey| rekey.stage < Stage::Retired && rekey.paused == waits)
    };
    if is_open(Pause::Runs) {
        forms.push(form("pause", "pause", Vec::new()));
    }
    if is_open(Pause::Waits) {
        forms.push(form("go-on", "go-on", Vec::new()));
    }
    if rekeys.iter().any(|rekey| rekey.stage < Stage::Retired) {
        forms.push(form("set-pace", "pace", line("values_rate", typed.values_rate)));
    }
    forms.push(form("rotate-tenant", "tenant", line("tenant", typed.tenant)));
    forms.push(form("rotate-account", "account", line("account", typed.account)));
    forms.push(form("rotate-older", "older", line("days", typed.days)));
    forms.push(form("rotate-everybody", "everybody", Vec::new()));
    if root.is_none() && status.prepared.is_none() {
        forms.push(form("prepare-root", "preparation", Vec::new()));
    }
    if root != Some(Pause::Waits) {
        forms.push(form("rotate-root", "root", line("rate", typed.rate)));
    }
    forms
}

/// What comes of an act that goes on behind the request.
enum Then {
    Begun,
    Done,
}

async fn told(
    request: &HttpRequest,
    services: &Services,
    access: &OperatorAccess,
    typed: Typed,
    done: Result<Then, Problem>,
) -> Result<HttpResponse, Problem> {
    let desk = Desk::new(request, services, Some(access));
    let led = |then| match then {
        Then::Begun => desk.begun("/keys"),
        Then::Done => desk.done("/keys"),
    };
    desk.told(done.map(led), async { page(&desk, typed) }).await
}

fn as_told(services: &Services, done: Result<(), OperatorsError>, then: Then) -> Result<Then, Problem> {
    done.map(|()| then).map_err(|error| refusal(&services.incidents, error))
}

/// The fastest that owner keys are wrapped anew: so many a second.
const FASTEST: u32 = 100_000;

async fn root(
    access: Authorized<TurnKeys>,
    request: HttpRequest,
    services: Data<Services>,
    form: FormBody,
) -> Result<HttpResponse, Problem> {
    let form = form.read().await?;
    let typed = form.raw("rate").trim();
    let begun = match typed.parse().ok().filter(|rate| (1..=FASTEST).contains(rate)) {
        Some(keys_per_second) => {
            let pace = Pace { keys_per_second };
            let begun = services.operators.turn_root_over(access.operator(), pace, &services.incidents).await;
            as_told(&services, begun, Then::Begun)
        }
        None => Err(invalid(vec![Fault::new("/rate", "not_a_rate", "Owner keys a second.")])),
    };
    told(&request, &services, &access, Typed { rate: typed.to_owned(), ..Typed::default() }, begun).await
}

async fn prepare(
    access: Authorized<TurnKeys>,
    request: HttpRequest,
    services: Data<Services>,
) -> Result<HttpResponse, Problem> {
    let prepared = services.operators.prepare_root(access.operator()).await;
    told(&request, &services, &access, Typed::default(), as_told(&services, prepared, Then::Done)).await
}

async fn tenant(
    access: Authorized<TurnKeys>,
    request: HttpRequest,
    services: Data<Services>,
    form: FormBody,
) -> Result<HttpResponse, Problem> {
    let form = form.read().await?;
    let typed = form.raw("tenant").trim();
    let begun = match typed.parse::<TenantId>() {
        Ok(tenant) => services.operators.turn_over(access.operator(), Owner::Tenant(tenant)).await,
        Err(_) => Err(OperatorsError::NoTenant),
    };
    let typed = Typed { tenant: typed.to_owned(), ..Typed::default() };
    told(&request, &services, &access, typed, as_told(&services, begun, Then::Begun)).await
}

async fn account(
    access: Authorized<TurnKeys>,
    request: HttpRequest,
    services: Data<Services>,
    form: FormBody,
) -> Result<HttpResponse, Problem> {
    let form = form.read().await?;
    let typed = form.raw("account").trim();
    let begun = match typed.parse::<AccountId>() {
        Ok(account) => services.operators.turn_over(access.operator(), Owner::Account(account)).await,
        Err(_) => Err(OperatorsError::NoAccount),
    };
    let typed = Typed { account: typed.to_owned(), ..Typed::default() };
    told(&request, &services, &access, typed, as_told(&services, begun, Then::Begun)).await
}

/// The longest age, in days: a hundred years.
const LONGEST: u32 = 36_500;

async fn older(
    access: Authorized<TurnKeys>,
    request: HttpRequest,
    services: Data<Services>,
    form: FormBody,
) -> Result<HttpResponse, Problem> {
    let form = form.read().await?;
    let typed = form.raw("days").trim();
    let begun = match typed.parse().ok().filter(|days| *days <= LONGEST) {
        Some(days) => {
            let whose = Many::OlderThanDays(days);
            let begun = services.operators.turn_many_over(access.operator(), whose, &services.incidents).await;
            as_told(&services, begun, Then::Begun)
        }
        None => Err(invalid(vec![Fault::new("/days", "not_a_number_of_days", "A number of days.")])),
    };
    told(&request, &services, &access, Typed { days: typed.to_owned(), ..Typed::default() }, begun).await
}

async fn everybody(
    access: Authorized<TurnKeys>,
    request: HttpRequest,
    services: Data<Services>,
) -> Result<HttpResponse, Problem> {
    let begun = services.operators.turn_many_over(access.operator(), Many::All, &services.incidents).await;
    told(&request, &services, &access, Typed::default(), as_told(&services, begun, Then::Begun)).await
}

/// The fastest that values are sealed anew: so many a second.
const FASTEST_VALUES: u32 = 1_000_000;

async fn pace(
    access: Authorized<TurnKeys>,
    request: HttpRequest,
    services: Data<Services>,
    form: FormBody,
) -> Result<HttpResponse, Problem> {
    let form = form.read().await?;
    let typed = form.raw("values_rate").trim();
    let wanted = typed.parse().ok().filter(|rate: &NonZeroU32| rate.get() <= FASTEST_VALUES);
    let paced = match wanted {
        Some(values_per_second) => {
            let paced = services.operators.pace_keys(access.operator(), rekey::Pace { values_per_second }).await;
            as_told(&services, paced, Then::Done)
        }
        None => Err(invalid(vec![Fault::new("/values_rate", "not_a_pace", "Values a second.")])),
    };
    told(&request, &services, &access, Typed { values_rate: typed.to_owned(), ..Typed::default() }, paced).await
}

async fn pause(
    access: Authorized<TurnKeys>,
    request: HttpRequest,
    services: Data<Services>,
) -> Result<HttpResponse, Problem> {
    hold(&access, &request, &services, Pause::Waits).await
}

async fn go_on(
    access: Authorized<TurnKeys>,
    request: HttpRequest,
    services: Data<Services>,
) -> Result<HttpResponse, Problem> {
    hold(&access, &request, &services, Pause::Runs).await
}

async fn hold(
    access: &OperatorAccess,
    request: &HttpRequest,
    services: &Services,
    to: Pause,
) -> Result<HttpResponse, Problem> {
    let held = services.operators.hold_keys(access.operator(), to).await;
    told(request, services, access, Typed::default(), as_told(services, held, Then::Done)).await
}
