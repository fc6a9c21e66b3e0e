//! `/account/support`: a code to read out to support, and the words to hear back (S-12).

use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse};

use crate::kernel::access::{Authorized, ChangeAccount, SignedIn};
use crate::web::api::accounts::of_failure;
use crate::web::pages::{Moment, SupportMade, SupportPage};
use crate::web::problem::Problem;
use crate::web::routes::{Route, get, post};
use crate::web::services::Services;
use crate::web::site::{chrome_of, show};

pub(super) fn routes() -> Vec<Route> {
    vec![get("/account/support", page), post("/account/support", make)]
}

async fn page(
    access: Authorized<SignedIn>,
    request: HttpRequest,
    services: Data<Services>,
) -> Result<HttpResponse, Problem> {
    let chrome = chrome_of(&request, &services, &access).await?;
    show(&services, &SupportPage { made: None }, &chrome)
}

/// Makes a code and shows it, this one time.
async fn make(
    access: Authorized<ChangeAccount>,
    request: HttpRequest,
    services: Data<Services>,
) -> Result<HttpResponse, Problem> {
    let made = services.accounts.support_code(&access).await;
    let made = made.map_err(|error| of_failure(&services.incidents, error))?;
    let chrome = chrome_of(&request, &services, &access).await?;
    let made = SupportMade {
        code: made.code.into(),
        words: made.words.into_iter().map(Into::into).collect(),
        expires_at: Moment::new(made.expires_at, chrome.locale),
    };
    show(&services, &SupportPage { made: Some(made) }, &chrome)
}
