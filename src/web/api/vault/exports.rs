//! `GET /exports/full`: everything, as one archive.

use actix_web::http::header::{self, HeaderValue};
use actix_web::web::{Bytes, Data, Query};
use actix_web::{HttpRequest, HttpResponse};
use futures_util::stream::unfold;
use serde::Serialize;
use serde_json::json;
use utoipa::OpenApi;

use super::refusal;
use crate::kernel::access::{Authorized, ExportVault, TenantAccess};
use crate::kernel::ids::AccountId;
use crate::kernel::store::StoreError;
use crate::vault::exports::{Beside, Export, NotRecipients, Recipients, Sensitive, Wanted};
use crate::web::api::accounts::of_failure;
use crate::web::api::{consents, failure};
use crate::web::files::attachment;
use crate::web::problem::{FieldProblem, Problem};
use crate::web::routes::{Route, get};
use crate::web::services::Services;

pub(super) fn routes() -> Vec<Route> {
    vec![get("/api/v1/exports/full", full)]
}

#[derive(OpenApi)]
#[openapi(paths(full))]
pub(super) struct Part;

/// How many members are asked for at once.
const MEMBERS: i64 = 200;

/// Everything in one ZIP archive, written as it is taken: records as JSON and CSV, files, schema, members, audit, and what
/// the account that asks, or whose token it is, has agreed to and taken back, as `GET /account/consents` gives it. Its last
/// entry, `manifest.json`, says what it holds; one without it broke off.
///
/// Sensitive values are in the clear where the caller may see those of many records at once: a session confirmed within
/// ten minutes, by a strong method once the account has one, or a token with `records:reveal`. Else they are masked, and
/// the manifest says so; with `sensitive=clear` the export is then refused instead.
///
/// For one to five recipients of age the same archive comes sealed, as an age file (version 1, X25519) named `….zip.age`:
/// `seif open`, the tool `age` and every other reader of that format open it, with the identity of any of them.
#[utoipa::path(get, path = "/api/v1/exports/full", tag = "exports",
    security(("token" = []), ("session" = [])),
    params(
        ("sensitive" = Option<String>, Query, description = "`clear` or `masked`; as may be, if left out"),
        ("recipient" = Option<Vec<String>>, Query, description = "`age1…`, up to five, each as a parameter of its own"),
    ),
    responses(
        (status = 200, description = "The archive; for recipients as `application/octet-stream`",
            content((Vec<u8> = "application/zip"), (Vec<u8> = "application/octet-stream")),
            headers(("Content-Disposition" = String, description = "What it is called"))),
        (status = 422, description = "A recipient is none, or there are more than five; `errors` names which"),
    ))]
async fn full(
    access: Authorized<ExportVault>,
    services: Data<Services>,
    request: HttpRequest,
) -> Result<HttpResponse, Problem> {
    let query = Query::<Vec<(String, String)>>::from_query(request.query_string());
    let (mut sensitive, mut recipients) = (None, Vec::new());
    for (name, value) in query.map_err(|_| Problem::MalformedRequest)?.into_inner() {
        match (name.as_str(), value.as_str()) {
            ("sensitive", "clear") if sensitive.is_none() => sensitive = Some(Sensitive::Clear),
            ("sensitive", "masked") if sensitive.is_none() => sensitive = Some(Sensitive::Masked),
            ("recipient", _) => recipients.push(value),
            _ => return Err(Problem::MalformedRequest),
        }
    }
    let recipients = recipients_of(recipients.iter().map(String::as_str))?;
    archive(services, &access, Wanted { sensitive: sensitive.unwrap_or(Sensitive::AsMayBe), recipients }).await
}

/// For whom the archive is sealed, as they are written.
///
/// # Errors
/// 422 that names the one which is none.
pub(in crate::web) fn recipients_of<'t>(texts: impl IntoIterator<Item = &'t str>) -> Result<Recipients, Problem> {
    let wrong =
        |pointer: String, code, detail: &'static str| Problem::Invalid(vec![FieldProblem::new(pointer, code, detail)]);
    Recipients::parse(texts).map_err(|error| match error {
        NotRecipients::Wrong(number) => wrong(
            format!("/recipient/{number}"),
            "not_a_recipient",
            "the parameter recipient is an age recipient of the X25519 kind, age1…",
        ),
        NotRecipients::TooMany => {
            wrong("/recipient".to_owned(), "too_many_recipients", "the parameter recipient stands at most five times")
        }
    })
}

/// The archive, as an answer.
pub(in crate::web) async fn archive(
    services: Data<Services>,
    access: &TenantAccess,
    wanted: Wanted,
) -> Result<HttpResponse, Problem> {
    let consents = consents::written(&services, &access.scope.actor().own()).await?;
    let beside = Beside { members: members(&services, access).await?, consents };
    let kind = if wanted.recipients.all().is_empty() { "application/zip" } else { "application/octet-stream" };
    let export = services.vault.export(access, wanted, beside).await;
    let export = export.map_err(|error| refusal(&services, error))?;
    let name = export.name.clone();
    let pieces = unfold((export, services), |(mut export, services): (Export, Data<Services>)| async move {
        let piece = export.next().await?.map(Bytes::from).map_err(|error| {
            // The head is gone already: the connection ends before the archive does.
            services.incidents.report(&error);
            std::io::Error::from(std::io::ErrorKind::InvalidData)
        });
        Some((piece, (export, services)))
    });
    Ok(HttpResponse::Ok()
        .insert_header((header::CONTENT_TYPE, HeaderValue::from_static(kind)))
        .insert_header(attachment(&name))
        .streaming(Box::pin(pieces)))
}

/// Who belongs to the tenant, as an entry of the archive.
async fn members(services: &Services, access: &TenantAccess) -> Result<Vec<u8>, Problem> {
    let (mut all, mut after) = (Vec::new(), None::<AccountId>);
    loop {
        let page = services.accounts.members(access, after, MEMBERS).await;
        let page = page.map_err(|error| of_failure(&services.incidents, error))?;
        let Some(last) = page.last() else { break };
        after = Some(last.account);
        all.extend(
            page.iter()
                .map(|member| json!({"account": member.account, "name": member.name.reveal(), "role": member.role})),
        );
    }
    entry(services, &all)
}

/// What an entry of the archive holds.
///
/// # Errors
/// It is no JSON: then there is no archive.
pub(in crate::web::api) fn entry(services: &Services, content: &impl Serialize) -> Result<Vec<u8>, Problem> {
    let no_json = |_| failure::of_store(&services.incidents, StoreError::Refused("an export that is no JSON"));
    serde_json::to_vec_pretty(content).map_err(no_json)
}
