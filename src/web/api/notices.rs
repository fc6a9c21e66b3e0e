//! What an account's person is told of their account: the feed, reporting, and how mails come.

use actix_web::web::{Data, Path};
use actix_web::{HttpRequest, HttpResponse};
use serde::{Deserialize, Serialize};
use utoipa::{OpenApi, ToSchema};

use crate::accounts::notices::{Delivery, Entry};
use crate::kernel::access::{Authorized, ChangeAccount, SignedIn};
use crate::kernel::clock::Time;
use crate::kernel::ids::NoticeId;
use crate::messages::notice::Outcome;
use crate::web::api::accounts::of_failure;
use crate::web::api::body::Body;
use crate::web::api::failure;
use crate::web::api::listing::Listing;
use crate::web::problem::Problem;
use crate::web::routes::{Route, get, post, put};
use crate::web::services::Services;

pub(super) fn routes() -> Vec<Route> {
    vec![
        get("/api/v1/account/notices", list_notices),
        post("/api/v1/account/notices/{id}/report", report_notice),
        get("/api/v1/account/notice-settings", notice_settings),
        put("/api/v1/account/notice-settings", choose_notice_settings),
    ]
}

#[derive(OpenApi)]
#[openapi(paths(list_notices, report_notice, notice_settings, choose_notice_settings))]
struct Part;

pub(super) fn document() -> utoipa::openapi::OpenApi {
    Part::openapi()
}

/// Something that became of the account, or was tried.
#[derive(Serialize, ToSchema)]
pub(super) struct NoticeAnswer {
    #[schema(value_type = String, format = "uuid")]
    id: NoticeId,
    /// When; for the first time, where it happened several times.
    #[schema(value_type = String, format = DateTime)]
    at: Time,
    /// When for the last time, where refusals within an hour are one entry.
    #[schema(value_type = String, format = DateTime)]
    last_at: Time,
    /// What, as `password_changed` or `sign_in_refused`.
    #[schema(example = "method_added")]
    kind: String,
    /// `accepted` or `refused`.
    #[schema(value_type = String, example = "accepted")]
    outcome: Outcome,
    /// From where, where that is known.
    #[serde(skip_serializing_if = "Option::is_none")]
    ip: Option<String>,
    /// On what, in words.
    #[serde(skip_serializing_if = "Option::is_none")]
    device: Option<String>,
    /// When its person reported it.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = DateTime)]
    reported_at: Option<Time>,
    /// What more there is to it, by its kind: `means`, `left`, `times`.
    #[serde(flatten)]
    #[schema(value_type = Object)]
    details: serde_json::Map<String, serde_json::Value>,
}

/// A page of the feed.
#[derive(ToSchema)]
#[expect(dead_code, reason = "the form of a page, for the description alone")]
struct NoticePage {
    items: Vec<NoticeAnswer>,
    next: Option<String>,
}

/// An entry that was reported.
#[derive(Serialize, ToSchema)]
struct ReportedAnswer {
    #[schema(value_type = String, format = DateTime)]
    reported_at: Time,
    /// Where an empty POST freezes the account, if it was somebody else: nobody gets in until its owner thaws it.
    #[schema(example = "/api/v1/account/freeze")]
    freeze: &'static str,
}

/// How mails of what may wait come. Whatever changes who controls the account always comes at once.
#[derive(Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct NoticeSettings {
    /// `at_once` or `daily`.
    #[schema(example = "daily")]
    delivery: String,
}

/// What became of the account or was tried, newest first. Kept for twelve months.
#[utoipa::path(get, path = "/api/v1/account/notices", tag = "account", security(("session" = [])),
    params(
        ("limit" = Option<i64>, Query, description = "1 to 200, 50 if left out", minimum = 1, maximum = 200),
        ("after" = Option<String>, Query, description = "The cursor that the last page gave"),
    ),
    responses((status = 200, description = "A page of the feed", body = NoticePage)))]
async fn list_notices(
    access: Authorized<SignedIn>,
    services: Data<Services>,
    request: HttpRequest,
) -> Result<HttpResponse, Problem> {
    let query = Listing::of(&request)?;
    let before = query.after()?.map(NoticeId::from_bytes);
    let found = services.accounts.notices(&access, before, query.limit_and_one()?).await;
    let found = found.map_err(|error| of_failure(&services.incidents, error))?;
    let (entries, next) = query.page::<_, Entry>(found, |entry| *entry.id.as_bytes()).into_parts();
    let items = answers(&services, entries)?;
    Ok(HttpResponse::Ok().json(serde_json::json!({ "items": items, "next": next })))
}

/// Says that it was somebody else: marks the entry, and tells how to freeze the account.
#[utoipa::path(post, path = "/api/v1/account/notices/{id}/report", tag = "account", security(("session" = [])),
    params(("id" = String, Path, description = "The entry's id")),
    responses(
        (status = 200, description = "Marked, now or before", body = ReportedAnswer),
        (status = 404, description = "No such entry"),
    ))]
async fn report_notice(
    access: Authorized<SignedIn>,
    services: Data<Services>,
    id: Path<String>,
) -> Result<HttpResponse, Problem> {
    let id: NoticeId = id.parse().map_err(|_| Problem::NotFound)?;
    let reported = services.accounts.report_notice(&access, id).await;
    let reported_at = reported.map_err(|error| of_failure(&services.incidents, error))?.ok_or(Problem::NotFound)?;
    Ok(HttpResponse::Ok().json(ReportedAnswer { reported_at, freeze: "/api/v1/account/freeze" }))
}

/// How mails of what may wait come.
#[utoipa::path(get, path = "/api/v1/account/notice-settings", tag = "account", security(("session" = [])),
    responses((status = 200, description = "As chosen", body = NoticeSettings)))]
async fn notice_settings(access: Authorized<SignedIn>, services: Data<Services>) -> Result<HttpResponse, Problem> {
    let delivery = services.accounts.notice_delivery(&access).await;
    let delivery = delivery.map_err(|error| of_failure(&services.incidents, error))?;
    Ok(HttpResponse::Ok().json(NoticeSettings { delivery: delivery.name().to_owned() }))
}

/// Chooses how mails of what may wait come.
#[utoipa::path(put, path = "/api/v1/account/notice-settings", tag = "account", request_body = NoticeSettings,
    security(("session" = [])),
    responses(
        (status = 200, description = "Chosen", body = NoticeSettings),
        (status = 403, description = "Not confirmed"),
        (status = 422, description = "There is no such delivery"),
    ))]
async fn choose_notice_settings(
    access: Authorized<ChangeAccount>,
    services: Data<Services>,
    body: Body<NoticeSettings>,
) -> Result<HttpResponse, Problem> {
    let body = body.read().await?;
    let delivery = Delivery::parse(&body.delivery)
        .ok_or_else(|| Problem::invalid_field("/delivery", "not_a_choice", "Either `at_once` or `daily`."))?;
    let chosen = services.accounts.choose_notice_delivery(&access, delivery).await;
    chosen.map_err(|error| of_failure(&services.incidents, error))?;
    Ok(HttpResponse::Ok().json(body))
}

/// Entries as the API tells them.
///
/// # Errors
/// 500 for an entry that cannot be told.
pub(super) fn answers(services: &Services, entries: Vec<Entry>) -> Result<Vec<NoticeAnswer>, Problem> {
    let answer = |entry: Entry| {
        let (kind, details) = entry.told().map_err(|error| failure::of_store(&services.incidents, error))?;
        let outcome = entry.outcome();
        let (ip, device) = entry.seen.map(|seen| (seen.ip.reveal().to_string(), seen.device.into_revealed())).unzip();
        Ok(NoticeAnswer {
            id: entry.id,
            at: entry.at,
            last_at: entry.last_at,
            kind,
            outcome,
            ip,
            device,
            reported_at: entry.reported_at,
            details: details.into_revealed(),
        })
    };
    entries.into_iter().map(answer).collect()
}
