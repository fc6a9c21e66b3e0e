//! The support code: what a person reads out, and what support must say back (S-12).

use actix_web::HttpResponse;
use actix_web::web::Data;
use serde::Serialize;
use utoipa::{OpenApi, ToSchema};

use crate::kernel::access::{Authorized, ChangeAccount};
use crate::kernel::clock::Time;
use crate::web::api::accounts::of_failure;
use crate::web::problem::Problem;
use crate::web::routes::{Route, post};
use crate::web::services::Services;

pub(super) fn routes() -> Vec<Route> {
    vec![post("/api/v1/account/support-codes", make)]
}

#[derive(OpenApi)]
#[openapi(paths(make))]
struct Part;

pub(super) fn document() -> utoipa::openapi::OpenApi {
    Part::openapi()
}

/// A support code, shown this once.
#[derive(Serialize, ToSchema)]
struct SupportCodeAnswer {
    /// Eight digits in two groups: read it out to support, whom you have called yourself.
    #[schema(example = "1234 5678")]
    code: String,
    /// What support must say back, in the language of the person's mails.
    words: Vec<String>,
    /// When the code dies.
    #[schema(value_type = String, format = DateTime)]
    expires_at: Time,
}

/// Makes a support code: good once, for ten minutes; one made before is dead. It identifies the person to support, who
/// proves itself by the words, and opens nothing.
#[utoipa::path(post, path = "/api/v1/account/support-codes", tag = "account", security(("session" = [])), responses(
    (status = 201, description = "The code", body = SupportCodeAnswer),
    (status = 403, description = "Not confirmed"),
    (status = 429, description = "Too many codes for this account"),
))]
async fn make(access: Authorized<ChangeAccount>, services: Data<Services>) -> Result<HttpResponse, Problem> {
    let made = services.accounts.support_code(&access).await;
    let made = made.map_err(|error| of_failure(&services.incidents, error))?;
    Ok(HttpResponse::Created().json(SupportCodeAnswer {
        code: made.code.reveal().clone(),
        words: made.words.iter().map(|word| word.reveal().clone()).collect(),
        expires_at: made.expires_at,
    }))
}
