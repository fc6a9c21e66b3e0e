//! Where a person can be reached, and what the service asks of them in the application.

use actix_web::HttpResponse;
use actix_web::web::{Data, Path};
use serde::Serialize;
use utoipa::{OpenApi, ToSchema};

use crate::accounts::contacts::Contacts;
use crate::accounts::prompts::Prompt;
use crate::kernel::access::{Authorized, ChangeAccount, SignedIn};
use crate::kernel::clock::Time;
use crate::web::api::accounts::of_failure;
use crate::web::problem::Problem;
use crate::web::routes::{Route, get, post};
use crate::web::services::Services;

pub(super) fn routes() -> Vec<Route> {
    vec![
        get("/api/v1/account/contacts", contacts),
        post("/api/v1/account/contacts/confirmation", confirm_contacts),
        post("/api/v1/account/prompts/{prompt}/dismissal", put_off),
    ]
}

#[derive(OpenApi)]
#[openapi(paths(contacts, confirm_contacts, put_off))]
struct Part;

pub(super) fn document() -> utoipa::openapi::OpenApi {
    Part::openapi()
}

/// Where a person can be reached.
#[derive(Serialize, ToSchema)]
struct ContactsAnswer {
    #[schema(format = "email")]
    email: String,
    phone: Option<PhoneAnswer>,
    /// When the person last said that these are right.
    #[schema(value_type = Option<String>, format = DateTime)]
    confirmed_at: Option<Time>,
}

/// A phone number.
#[derive(Serialize, ToSchema)]
struct PhoneAnswer {
    /// In E.164 form.
    #[schema(example = "+37120000000")]
    number: String,
    /// Since when it is known to be theirs; null while it was only said, and then it neither signs in nor gets texts.
    #[schema(value_type = Option<String>, format = DateTime)]
    verified_at: Option<Time>,
}

/// Where the session's person can be reached.
#[utoipa::path(get, path = "/api/v1/account/contacts", tag = "account", security(("session" = [])),
    responses((status = 200, description = "Address and phone number", body = ContactsAnswer)))]
async fn contacts(access: Authorized<SignedIn>, services: Data<Services>) -> Result<HttpResponse, Problem> {
    let contacts = services.accounts.contacts(&access).await.map_err(|error| of_failure(&services.incidents, error))?;
    Ok(HttpResponse::Ok().json(ContactsAnswer::from(contacts)))
}

/// Says that address and phone number are still right: the prompt `confirm_contacts` is gone until they are old again.
#[utoipa::path(post, path = "/api/v1/account/contacts/confirmation", tag = "account", security(("session" = [])),
    responses((status = 204, description = "Noted")))]
async fn confirm_contacts(
    access: Authorized<ChangeAccount>,
    services: Data<Services>,
) -> Result<HttpResponse, Problem> {
    services.accounts.confirm_contacts(&access).await.map_err(|error| of_failure(&services.incidents, error))?;
    Ok(HttpResponse::NoContent().finish())
}

/// Puts a prompt off: `password_age` for 30 days, others for a week.
#[utoipa::path(post, path = "/api/v1/account/prompts/{prompt}/dismissal", tag = "account", security(("session" = [])),
    params(("prompt" = String, Path, description = "Its name, as the session's `prompts` has it")),
    responses(
        (status = 204, description = "Put off"),
        (status = 404, description = "There is no such prompt"),
    ))]
async fn put_off(
    access: Authorized<ChangeAccount>,
    services: Data<Services>,
    prompt: Path<String>,
) -> Result<HttpResponse, Problem> {
    let prompt = Prompt::parse(&prompt).ok_or(Problem::NotFound)?;
    services.accounts.put_off(&access, prompt).await.map_err(|error| of_failure(&services.incidents, error))?;
    Ok(HttpResponse::NoContent().finish())
}

impl From<Contacts> for ContactsAnswer {
    fn from(contacts: Contacts) -> Self {
        Self {
            email: contacts.email.into_revealed(),
            phone: contacts
                .phone
                .map(|phone| PhoneAnswer { number: phone.number.into_revealed(), verified_at: phone.verified_at }),
            confirmed_at: contacts.confirmed_at,
        }
    }
}
