//! `/problems/{code}`: what a problem's `type` leads to; the catalogue is its own documentation.

use actix_web::web::{Data, Path};
use actix_web::{HttpRequest, HttpResponse};

use crate::kernel::access::{Anyone, Authorized};
use crate::web::pages::Refusal;
use crate::web::problem::Problem;
use crate::web::routes::{Route, get};
use crate::web::services::Services;
use crate::web::site::{Surroundings, show, surroundings};

pub(super) fn routes() -> Vec<Route> {
    vec![get("/problems/{code}", problem)]
}

async fn problem(
    _: Authorized<Anyone>,
    path: Path<String>,
    request: HttpRequest,
    services: Data<Services>,
) -> Result<HttpResponse, Problem> {
    let descriptor = Problem::by_code(&path).ok_or(Problem::NotFound)?;
    show(&services, &Refusal::new(descriptor), &surroundings(&request, &services, Surroundings::of_a_stranger()))
}
