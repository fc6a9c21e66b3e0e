//! `GET /exports/full`: everything, as one archive.

use actix_web::http::header::{self, HeaderValue};
use actix_web::web::{Bytes, Data, Query};
use actix_web::{HttpRequest, HttpResponse};
use futures_util::stream::unfold;
use serde::Deserialize;
use serde_json::json;
use utoipa::OpenApi;

use super::refusal;
use crate::kernel::access::{Authorized, ExportVault, TenantAccess};
use crate::kernel::ids::AccountId;
use crate::vault::exports::{Export, Sensitive};
use crate::web::api::accounts::of_failure;
use crate::web::files::attachment;
use crate::web::problem::Problem;
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

/// Everything in one ZIP archive, written as it is taken: records as JSON and CSV, files, schema, members, audit. Its last
/// entry, `manifest.json`, says what it holds; one without it broke off.
///
/// Sensitive values are in the clear where the caller may see those of many records at once: a session confirmed within
/// ten minutes, by a strong method once the account has one, or a token with `records:reveal`. Else they are masked, and
/// the manifest says so; with `sensitive=clear` the export is then refused instead.
#[utoipa::path(get, path = "/api/v1/exports/full", tag = "exports",
    security(("token" = []), ("session" = [])),
    params(("sensitive" = Option<String>, Query, description = "`clear` or `masked`; as may be, if left out")),
    responses((status = 200, description = "The archive", body = Vec<u8>, content_type = "application/zip",
        headers(("Content-Disposition" = String, description = "What it is called")))))]
async fn full(
    access: Authorized<ExportVault>,
    services: Data<Services>,
    request: HttpRequest,
) -> Result<HttpResponse, Problem> {
    let Wanted { sensitive } =
        Query::from_query(request.query_string()).map(Query::into_inner).map_err(|_| Problem::MalformedRequest)?;
    let sensitive = match sensitive.as_deref() {
        None => Sensitive::AsMayBe,
        Some("clear") => Sensitive::Clear,
        Some("masked") => Sensitive::Masked,
        Some(_) => return Err(Problem::MalformedRequest),
    };
    archive(services, &access, sensitive).await
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Wanted {
    sensitive: Option<String>,
}

/// The archive, as an answer.
pub(in crate::web) async fn archive(
    services: Data<Services>,
    access: &TenantAccess,
    sensitive: Sensitive,
) -> Result<HttpResponse, Problem> {
    let members = members(&services, access).await?;
    let export = services.vault.export(access, sensitive, members).await;
    let export = export.map_err(|error| refusal(&services, error))?;
    let name = format!("seif-{}.zip", export.at.date());
    let pieces = unfold((export, services), |(mut export, services): (Export, Data<Services>)| async move {
        let piece = export.next().await?.map(Bytes::from).map_err(|error| {
            // The head is gone already: the connection ends before the archive does.
            services.incidents.report(&error);
            std::io::Error::from(std::io::ErrorKind::InvalidData)
        });
        Some((piece, (export, services)))
    });
    Ok(HttpResponse::Ok()
        .insert_header((header::CONTENT_TYPE, HeaderValue::from_static("application/zip")))
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
    Ok(serde_json::to_vec_pretty(&all).unwrap_or_default())
}
