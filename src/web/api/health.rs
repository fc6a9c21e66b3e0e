//! Health for machines: the process, and what it needs.

use actix_web::HttpResponse;
use actix_web::web::Data;

use crate::kernel::access::{Anyone, Authorized};
use crate::kernel::store::StoreError;
use crate::web::api::failure;
use crate::web::problem::Problem;
use crate::web::routes::{Route, get};
use crate::web::services::Services;

pub(super) fn routes() -> Vec<Route> {
    vec![get("/healthz", process), get("/readyz", ready)]
}

/// The process lives.
async fn process(_: Authorized<Anyone>) -> HttpResponse {
    HttpResponse::Ok().content_type("text/plain; charset=utf-8").body("ok\n")
}

/// The database and the keyring answer.
async fn ready(_: Authorized<Anyone>, services: Data<Services>) -> Result<HttpResponse, Problem> {
    services.kernel.keyring().ready().map_err(|error| failure::of_keyring(&services.incidents, &error))?;
    services
        .kernel
        .db()
        .read(None, |_| Ok::<_, StoreError>(()))
        .await
        .map_err(|error| failure::of_store(&services.incidents, error))?;
    Ok(HttpResponse::Ok().content_type("text/plain; charset=utf-8").body("ready\n"))
}
