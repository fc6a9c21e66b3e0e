//! `/account/notices`: what became of the account, and how mails of it come (K-7, K-9).

use actix_web::web::{Data, Path, Query};
use actix_web::{HttpRequest, HttpResponse};

use crate::accounts::notices::{Delivery, Entry};
use crate::kernel::access::{Authorized, ChangeAccount, SignedIn};
use crate::kernel::ids::NoticeId;
use crate::kernel::log::SafeToLog;
use crate::kernel::personal::Personal;
use crate::kernel::values::Locale;
use crate::messages::notice;
use crate::messages::telling::TextsError;
use crate::web::api::accounts::of_failure;
use crate::web::api::listing::Listing;
use crate::web::pages::{Moment, NoticeDelivery, NoticeRow, Notices, Outcome, Pager, Place};
use crate::web::problem::Problem;
use crate::web::routes::{Route, get, post};
use crate::web::services::Services;
use crate::web::site::{FormBody, chrome_of, go_to, show};

pub(super) fn routes() -> Vec<Route> {
    vec![
        get("/account/notices", list),
        post("/account/notices/{id}/report", report),
        post("/account/notices/settings", choose),
    ]
}

impl SafeToLog for TextsError {}

/// The query of a list on a page; news may stand beside it.
#[derive(serde::Deserialize)]
struct From {
    after: Option<String>,
}

async fn list(
    access: Authorized<SignedIn>,
    request: HttpRequest,
    services: Data<Services>,
    query: Query<From>,
) -> Result<HttpResponse, Problem> {
    let listing = Listing::starting_after(query.into_inner().after);
    let before = listing.after()?.map(NoticeId::from_bytes);
    let failed = |error| of_failure(&services.incidents, error);
    let found = services.accounts.notices(&access, before, listing.limit_and_one()?).await.map_err(failed)?;
    let delivery = match services.accounts.notice_delivery(&access).await.map_err(failed)? {
        Delivery::AtOnce => NoticeDelivery::AtOnce,
        Delivery::Daily => NoticeDelivery::Daily,
    };
    let chrome = chrome_of(&request, &services, &access).await?;
    let (entries, next) = listing.page::<_, Entry>(found, |entry| *entry.id.as_bytes()).into_parts();
    let place = if before.is_some() { Place::FurtherOn } else { Place::Start };
    let entries = entries.into_iter().map(|entry| row(&services, entry, chrome.locale)).collect::<Result<_, _>>()?;
    show(&services, &Notices { entries, delivery, pager: Pager { next, place } }, &chrome)
}

/// Marks an entry, and leads on to the freeze: whoever did not do it may want to close the account now.
async fn report(
    access: Authorized<SignedIn>,
    services: Data<Services>,
    id: Path<NoticeId>,
) -> Result<HttpResponse, Problem> {
    let reported = services.accounts.report_notice(&access, *id).await;
    reported.map_err(|error| of_failure(&services.incidents, error))?.ok_or(Problem::NotFound)?;
    Ok(go_to("/account/freeze?news=notice_reported"))
}

async fn choose(
    access: Authorized<ChangeAccount>,
    services: Data<Services>,
    form: FormBody,
) -> Result<HttpResponse, Problem> {
    let form = form.read().await?;
    let delivery = Delivery::parse(form.raw("delivery"))
        .ok_or_else(|| Problem::invalid_field("/delivery", "not_a_choice", "Either `at_once` or `daily`."))?;
    let chosen = services.accounts.choose_notice_delivery(&access, delivery).await;
    chosen.map_err(|error| of_failure(&services.incidents, error))?;
    Ok(go_to("/account/notices?news=preferences_saved"))
}

/// An entry in the reader's words.
///
/// # Errors
/// 500 for an entry without words.
pub(super) fn row(services: &Services, entry: Entry, locale: Locale) -> Result<NoticeRow, Problem> {
    let told = services.telling.tell(&entry.notice, locale);
    let told = told.map_err(|error| Problem::unexpected(&services.incidents, &error))?;
    let outcome = match entry.outcome() {
        notice::Outcome::Accepted => Outcome::Accepted,
        notice::Outcome::Refused => Outcome::Refused,
    };
    let (ip, device) = entry.seen.map(|seen| (Personal::new(seen.ip.reveal().to_string()), seen.device)).unzip();
    Ok(NoticeRow {
        id: entry.id,
        at: Moment::new(entry.last_at, locale),
        subject: told.subject.into(),
        text: told.text.into(),
        outcome,
        ip: ip.map(Into::into),
        device: device.map(Into::into),
        reported_at: entry.reported_at.map(|at| Moment::new(at, locale)),
    })
}
