//! What a subscriber answers about itself (S-11).

use actix_web::HttpResponse;
use actix_web::web::Data;
use serde::{Deserialize, Serialize};
use utoipa::{OpenApi, ToSchema};

use crate::kernel::access::{Authorized, ReadSubscriber, WriteSubscriber};
use crate::kernel::clock::Time;
use crate::kernel::log::Incidents;
use crate::kernel::personal::Personal;
use crate::kernel::values::object;
use crate::tenants::subscriber::{self, Answered, Answers, AnswersDraft, SubscriberError};
use crate::web::api::accounts::invalid;
use crate::web::api::body::Body;
use crate::web::api::failure;
use crate::web::problem::Problem;
use crate::web::routes::{Route, get, put};
use crate::web::services::Services;

pub(super) fn routes() -> Vec<Route> {
    vec![get("/api/v1/tenant/profile", read), put("/api/v1/tenant/profile", answer)]
}

#[derive(OpenApi)]
#[openapi(paths(read, answer))]
struct Part;

pub(super) fn document() -> utoipa::openapi::OpenApi {
    Part::openapi()
}

/// The questionnaire.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct ProfileBody {
    /// `shop`, `craft`, `building`, `care`, `health`, `advice`, `hospitality`, `transport`, `software`, `farming`,
    /// `teaching`, `association` or `other`.
    #[schema(example = "craft")]
    trade: String,
    /// How many work in the business: `one`, `up_to_nine`, `up_to_forty_nine`, `up_to_two_hundred_forty_nine` or `more`.
    #[schema(example = "up_to_nine")]
    size: String,
    /// What it means to keep: `customers`, `suppliers`, `employees`, `contracts`, `invoices`, `health_data`, `files`,
    /// `other`.
    keeps: Vec<String>,
    #[serde(deserialize_with = "object")]
    contact: ContactBody,
    #[serde(deserialize_with = "object")]
    address: AddressBody,
}

/// Whom to ask for.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct ContactBody {
    #[schema(value_type = String)]
    name: Personal<String>,
    #[schema(value_type = Option<String>)]
    email: Option<Personal<String>>,
    #[schema(value_type = Option<String>)]
    phone: Option<Personal<String>>,
}

/// Where the business is.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct AddressBody {
    /// Street and number.
    #[schema(value_type = String)]
    street: Personal<String>,
    #[schema(value_type = String)]
    town: Personal<String>,
    #[schema(value_type = String)]
    postal_code: Personal<String>,
    /// Two letters.
    #[schema(example = "LV")]
    country: String,
}

/// What was answered; `answers` is null while nothing was.
#[derive(Serialize, ToSchema)]
struct ProfileAnswer {
    answers: Option<AnswersAnswer>,
    #[schema(value_type = Option<String>, format = DateTime)]
    answered_at: Option<Time>,
}

/// The answers.
#[derive(Serialize, ToSchema)]
struct AnswersAnswer {
    trade: &'static str,
    size: &'static str,
    keeps: Vec<&'static str>,
    contact: ContactAnswer,
    address: AddressAnswer,
}

/// Whom to ask for.
#[derive(Serialize, ToSchema)]
struct ContactAnswer {
    name: String,
    email: Option<String>,
    phone: Option<String>,
}

/// Where the business is.
#[derive(Serialize, ToSchema)]
struct AddressAnswer {
    street: String,
    town: String,
    postal_code: String,
    country: String,
}

/// What the tenant has answered about itself.
#[utoipa::path(get, path = "/api/v1/tenant/profile", tag = "tenant", security(("session" = [])),
    params(("Seif-Tenant" = Option<String>, Header, description = "Which tenant, where the account belongs to several")),
    responses(
        (status = 200, description = "The answers, if any", body = ProfileAnswer),
        (status = 403, description = "No admin"),
    ))]
async fn read(access: Authorized<ReadSubscriber>, services: Data<Services>) -> Result<HttpResponse, Problem> {
    let found = subscriber::read(&services.kernel, &access).await;
    let found = found.map_err(|error| failure::of_store(&services.incidents, error))?;
    Ok(HttpResponse::Ok().json(ProfileAnswer::from(found)))
}

/// Answers the questionnaire, in place of earlier answers; the prompt `subscriber_profile` is gone with it.
#[utoipa::path(put, path = "/api/v1/tenant/profile", tag = "tenant", request_body = ProfileBody,
    security(("session" = [])),
    params(("Seif-Tenant" = Option<String>, Header, description = "Which tenant, where the account belongs to several")),
    responses(
        (status = 200, description = "Kept", body = ProfileAnswer),
        (status = 403, description = "Not confirmed, or no admin"),
        (status = 422, description = "A field is wrong"),
    ))]
async fn answer(
    access: Authorized<WriteSubscriber>,
    services: Data<Services>,
    body: Body<ProfileBody>,
) -> Result<HttpResponse, Problem> {
    let draft = AnswersDraft::from(body.read().await?);
    let answered = subscriber::answer(&services.kernel, &access, &draft).await;
    let answered = answered.map_err(|error| of_subscriber(&services.incidents, error))?;
    Ok(HttpResponse::Ok().json(ProfileAnswer::from(Some(answered))))
}

impl From<ProfileBody> for AnswersDraft {
    fn from(body: ProfileBody) -> Self {
        let ProfileBody { trade, size, keeps, contact, address } = body;
        Self {
            trade,
            size,
            keeps,
            contact_name: contact.name,
            contact_email: contact.email,
            contact_phone: contact.phone,
            street: address.street,
            town: address.town,
            postal_code: address.postal_code,
            country: address.country,
        }
    }
}

impl From<Option<Answered>> for ProfileAnswer {
    fn from(answered: Option<Answered>) -> Self {
        let answered_at = answered.as_ref().map(|answered| answered.at);
        Self { answers: answered.map(|answered| answered.answers.into()), answered_at }
    }
}

impl From<Answers> for AnswersAnswer {
    fn from(answers: Answers) -> Self {
        Self {
            trade: answers.trade.name(),
            size: answers.size.name(),
            keeps: answers.keeps.iter().map(|kept| kept.name()).collect(),
            contact: ContactAnswer {
                name: answers.contact_name.into_revealed(),
                email: answers.contact_email.map(Personal::into_revealed),
                phone: answers.contact_phone.map(Personal::into_revealed),
            },
            address: AddressAnswer {
                street: answers.street.into_revealed(),
                town: answers.town.into_revealed(),
                postal_code: answers.postal_code.into_revealed(),
                country: answers.country.code().to_owned(),
            },
        }
    }
}

/// Why no answers were stored, as the client sees it.
#[must_use]
pub fn of_subscriber(incidents: &Incidents, error: SubscriberError) -> Problem {
    match error {
        SubscriberError::Invalid(faults) => invalid(faults),
        SubscriberError::Store(error) => failure::of_store(incidents, error),
    }
}
