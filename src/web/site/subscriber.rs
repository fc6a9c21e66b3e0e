//! `/t/{tenant}/profile`: what a subscriber answers about itself (S-11).

use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse};

use crate::kernel::access::{Authorized, ReadSubscriber, TenantAccess, WriteSubscriber};
use crate::kernel::personal::Personal;
use crate::kernel::tenancy::InTenant as _;
use crate::tenants::subscriber::{self, Answers, AnswersDraft};
use crate::web::api::failure;
use crate::web::api::subscriber::of_subscriber;
use crate::web::pages::{Form, FormField as _, Section, SubscriberField, SubscriberPage};
use crate::web::problem::Problem;
use crate::web::routes::{Route, get, post};
use crate::web::services::Services;
use crate::web::site::form::FormFields;
use crate::web::site::{FormBody, Surroundings, go_to, refuse, show, surroundings, told_in};

pub(super) fn routes() -> Vec<Route> {
    vec![get("/t/{tenant_id}/profile", page), post("/t/{tenant_id}/profile", answer)]
}

async fn page(
    access: Authorized<ReadSubscriber>,
    request: HttpRequest,
    services: Data<Services>,
) -> Result<HttpResponse, Problem> {
    let found = subscriber::read(&services.kernel, &access).await;
    let found = found.map_err(|error| failure::of_store(&services.incidents, error))?;
    let (form, keeps) = found.map_or_else(|| (Form::empty(), Vec::new()), |answered| as_answered(answered.answers));
    show_it(&request, &services, &access, form, keeps).await
}

async fn show_it(
    request: &HttpRequest,
    services: &Services,
    access: &TenantAccess,
    form: Form<SubscriberField>,
    keeps: Vec<String>,
) -> Result<HttpResponse, Problem> {
    let chrome = surroundings(request, services, Surroundings::of_tenant(services, access, Section::None).await?);
    show(services, &SubscriberPage::new(access.scope.tenant(), form, keeps), &chrome)
}

async fn answer(
    access: Authorized<WriteSubscriber>,
    request: HttpRequest,
    services: Data<Services>,
    form: FormBody,
) -> Result<HttpResponse, Problem> {
    let form = form.read().await?;
    let problem = match subscriber::answer(&services.kernel, &access, &draft(&form)).await {
        Ok(_) => return Ok(go_to(&format!("/t/{}/?news=subscriber_answered", access.scope.tenant()))),
        Err(error) => of_subscriber(&services.incidents, error),
    };
    let Some(again) = told_in(typed(&form), &problem, field) else { return Err(problem) };
    let keeps = form.all("keeps").map(str::to_owned).collect();
    let chrome = surroundings(&request, &services, Surroundings::of_tenant(&services, &access, Section::None).await?);
    refuse(&services, &SubscriberPage::new(access.scope.tenant(), again, keeps), &chrome, &problem)
}

fn draft(form: &FormFields) -> AnswersDraft {
    AnswersDraft {
        trade: form.raw("trade").to_owned(),
        size: form.raw("size").to_owned(),
        keeps: form.all("keeps").map(str::to_owned).collect(),
        contact_name: form.text("contact_name"),
        contact_email: Some(form.text("contact_email")),
        contact_phone: Some(form.text("contact_phone")),
        street: form.text("street"),
        town: form.text("town"),
        postal_code: form.text("postal_code"),
        country: form.raw("country").to_owned(),
    }
}

/// The fields whose text comes back.
const TYPED: [SubscriberField; 9] = [
    SubscriberField::Trade,
    SubscriberField::Size,
    SubscriberField::ContactName,
    SubscriberField::ContactEmail,
    SubscriberField::ContactPhone,
    SubscriberField::Street,
    SubscriberField::Town,
    SubscriberField::PostalCode,
    SubscriberField::Country,
];

fn typed(form: &FormFields) -> Form<SubscriberField> {
    TYPED.into_iter().fold(Form::empty(), |again, field| again.typed(field, form.text(field.name())))
}

/// Earlier answers, to be changed.
fn as_answered(answers: Answers) -> (Form<SubscriberField>, Vec<String>) {
    let keeps = answers.keeps.iter().map(|kept| kept.name().to_owned()).collect();
    let known = |text: &str| Personal::new(text.to_owned());
    let values = [
        known(answers.trade.name()),
        known(answers.size.name()),
        answers.contact_name,
        answers.contact_email.unwrap_or_default(),
        answers.contact_phone.unwrap_or_default(),
        answers.street,
        answers.town,
        answers.postal_code,
        known(answers.country.code()),
    ];
    let form = TYPED.into_iter().zip(values).fold(Form::empty(), |form, (field, value)| form.typed(field, value));
    (form, keeps)
}

/// The field that a pointer into the API's body means.
fn field(pointer: &str) -> Option<SubscriberField> {
    use SubscriberField as F;
    Some(match pointer {
        "/trade" => F::Trade,
        "/size" => F::Size,
        "/contact/name" => F::ContactName,
        "/contact/email" => F::ContactEmail,
        "/contact/phone" => F::ContactPhone,
        "/address/street" => F::Street,
        "/address/town" => F::Town,
        "/address/postal_code" => F::PostalCode,
        "/address/country" => F::Country,
        _ if pointer.starts_with("/keeps") => F::Keeps,
        _ => return None,
    })
}
