//! `/account/sign-ins`: who came in, or tried to.

use actix_web::web::{Data, Query};
use actix_web::{HttpRequest, HttpResponse};

use crate::accounts::history::{self, Way};
use crate::kernel::access::{Authorized, SignedIn};
use crate::kernel::ids::SignInId;
use crate::kernel::personal::Personal;
use crate::kernel::values::Locale;
use crate::web::api::accounts::of_failure;
use crate::web::api::listing::Listing;
use crate::web::pages::{Attempt, Moment, Outcome, Pager, Place, SignInMethod, SignIns};
use crate::web::problem::Problem;
use crate::web::routes::{Route, get};
use crate::web::services::Services;
use crate::web::site::{chrome_of, show};

pub(super) fn routes() -> Vec<Route> {
    vec![get("/account/sign-ins", sign_ins)]
}

/// The query of a list on a page; news may stand beside it.
#[derive(serde::Deserialize)]
struct From {
    after: Option<String>,
}

async fn sign_ins(
    access: Authorized<SignedIn>,
    request: HttpRequest,
    services: Data<Services>,
    query: Query<From>,
) -> Result<HttpResponse, Problem> {
    let listing = Listing::starting_after(query.into_inner().after);
    let before = listing.after()?.map(SignInId::from_bytes);
    let found = services.accounts.sign_ins(&access, before, listing.limit_and_one()?).await;
    let found = found.map_err(|error| of_failure(&services.incidents, error))?;
    services.accounts.saw_sign_ins(&access).await.map_err(|error| of_failure(&services.incidents, error))?;
    let chrome = chrome_of(&request, &services, &access).await?;
    let (entries, next) = listing.page::<_, history::SignIn>(found, |entry| *entry.id.as_bytes()).into_parts();
    let place = if before.is_some() { Place::FurtherOn } else { Place::Start };
    let attempts = entries.into_iter().map(|entry| attempt(entry, chrome.locale)).collect();
    show(&services, &SignIns { attempts, pager: Pager { next, place } }, &chrome)
}

pub(super) fn attempt(entry: history::SignIn, locale: Locale) -> Attempt {
    Attempt {
        at: Moment::new(entry.at, locale),
        ip: Personal::new(entry.seen.ip.reveal().to_string()).into(),
        device: entry.seen.device.into(),
        method: match entry.seen.method {
            Way::SignUp => SignInMethod::Join,
            Way::Password => SignInMethod::Password,
            Way::Email => SignInMethod::Email,
            Way::Sms => SignInMethod::Sms,
            Way::RecoveryCode => SignInMethod::RecoveryCode,
            Way::Totp => SignInMethod::Totp,
            Way::Device => SignInMethod::Device,
            Way::Passkey => SignInMethod::Passkey,
            Way::Oidc => SignInMethod::Oidc,
        },
        outcome: match entry.seen.outcome {
            history::Outcome::Accepted => Outcome::Accepted,
            history::Outcome::Refused => Outcome::Refused,
        },
    }
}
