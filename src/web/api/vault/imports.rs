//! `POST /imports`: a whole table into a collection.

use std::sync::Arc;

use actix_web::http::header;
use actix_web::web::{Data, Payload, Query};
use actix_web::{HttpRequest, HttpResponse};
use serde::Serialize;
use serde_json::{Map, Value};
use utoipa::{OpenApi, ToSchema};

use super::{answer, refusal, send, wish};
use crate::kernel::access::{Authorized, WriteRecords};
use crate::kernel::idempotency::Answer;
use crate::kernel::store::StoreError;
use crate::vault::Error;
use crate::vault::imports::{LinkKeys, Misfits, Report, Sheet, Terms};
use crate::web::api::body::collect;
use crate::web::problem::{Problem, of_json};
use crate::web::routes::{Route, post};
use crate::web::services::Services;

pub(super) fn routes() -> Vec<Route> {
    vec![post("/api/v1/imports", import)]
}

#[derive(OpenApi)]
#[openapi(paths(import), components(schemas(ImportAnswer, ImportFault)))]
pub(super) struct Part;

/// What came of an import, or would.
#[derive(Serialize, ToSchema)]
struct ImportAnswer {
    /// The import's id in the audit; absent in a dry run.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = "uuid")]
    id: Option<String>,
    /// The rows of the file that hold anything.
    rows: usize,
    /// Those without a fault: all of them, or nothing was stored.
    accepted: usize,
    /// What is wrong, the first 200.
    errors: Vec<ImportFault>,
    /// The records that were made, in the file's order; absent in a dry run.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Vec<String>>)]
    ids: Option<Vec<String>>,
}

/// What is wrong with a row.
#[derive(Serialize, ToSchema)]
struct ImportFault {
    /// As a spreadsheet counts: the headings stand in row 1. In JSON the first is row 1. Null for the whole file.
    row: Option<usize>,
    /// `/rows/{place}/values/{field}`, places counted from 0 without the headings.
    pointer: String,
    code: &'static str,
    detail: String,
}

/// What the query says.
struct Wanted {
    collection: String,
    dry_run: DryRun,
    terms: Terms,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum DryRun {
    Yes,
    No,
}

/// Makes a record of each row of the body, all or none; with `dry_run=true` it only tells what is wrong.
///
/// CSV: UTF-8, headings in the first row (the fields' names, or their labels), at most 20,000 rows, empty cells without a
/// value, money as `12.50 EUR`, or `12.50` with `currency=EUR`. XLSX: the first sheet in which anything stands, read as
/// such a table. JSON: an array of objects, the values by the fields' names. The cell of a link is a record's id, or, with
/// `link.{field}={key}`, the value of the unique field `key` of the collection it points into.
#[utoipa::path(post, path = "/api/v1/imports", tag = "records",
    security(("token" = []), ("session" = [])),
    params(("collection" = String, Query, description = "The collection's slug"),
        ("dry_run" = Option<bool>, Query, description = "Store nothing; false if left out"),
        ("currency" = Option<String>, Query, description = "Of amounts in a table that stand without one"),
        ("Idempotency-Key" = Option<String>, Header, description = "Done once in 24 hours")),
    request_body(content((String = "text/csv"), (Vec<u8> = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"), (Vec<Value> = "application/json"))),
    responses((status = 200, description = "What an import would come to", body = ImportAnswer),
        (status = 201, description = "What was made", body = ImportAnswer),
        (status = 409, description = "A unique value is another record's")))]
async fn import(
    access: Authorized<WriteRecords>,
    services: Data<Services>,
    request: HttpRequest,
    payload: Payload,
) -> Result<HttpResponse, Problem> {
    let wanted = Wanted::of(&request)?;
    let known = services.vault.demand_collection(&access, &wanted.collection).await;
    known.map_err(|error| refusal(&services, error))?;
    let kind = Kind::of(&request)?;
    let mut payload = payload.into_inner();
    let bytes = collect(&request, &mut payload, services.settings.limits.batch_body.len()).await?;
    let bytes = Arc::new(bytes);
    let content = Arc::clone(&bytes);
    // A table can take a while to read: on a thread that nobody else waits for.
    let sheet = actix_web::web::block(move || kind.read(&content)).await;
    let sheet = sheet.map_err(|_| Problem::MalformedRequest)??;
    let sheet = Arc::new(sheet.map_err(|error| refusal(&services, error))?);
    if wanted.dry_run == DryRun::Yes {
        let report = services.vault.try_import(&access, &wanted.collection, sheet, wanted.terms).await;
        let report = report.map_err(|error| refusal(&services, error))?;
        return Ok(HttpResponse::Ok().json(ImportAnswer::from(&report)));
    }
    let wish = wish(&request, "POST /imports", &bytes, imported)?;
    let done = services.vault.import(&access, &wanted.collection, sheet, wanted.terms, wish).await;
    send(&services.incidents, done.map_err(|error| refusal(&services, error))?, imported)
}

fn imported(report: &Report) -> Result<Answer, StoreError> {
    answer(201, None, None, &ImportAnswer::from(report))
}

impl Wanted {
    fn of(request: &HttpRequest) -> Result<Self, Problem> {
        let pairs: Vec<(String, String)> =
            Query::from_query(request.query_string()).map(Query::into_inner).map_err(|_| Problem::MalformedRequest)?;
        let (mut collection, mut dry_run, mut currency, mut links) = (None, None, None, LinkKeys::new());
        for (name, value) in pairs {
            let before = match name.as_str() {
                "collection" => collection.replace(value).is_some(),
                "dry_run" => {
                    let said = match value.as_str() {
                        "true" => DryRun::Yes,
                        "false" => DryRun::No,
                        _ => return Err(Problem::MalformedRequest),
                    };
                    dry_run.replace(said).is_some()
                }
                "currency" => currency.replace(value).is_some(),
                _ => {
                    let field = name.strip_prefix("link.").ok_or(Problem::MalformedRequest)?;
                    links.insert(field.to_owned(), value).is_some()
                }
            };
            if before {
                return Err(Problem::MalformedRequest);
            }
        }
        let collection = collection.ok_or(Problem::MalformedRequest)?;
        let terms = Terms { links, currency, misfits: Misfits::Refused };
        Ok(Self { collection, dry_run: dry_run.unwrap_or(DryRun::No), terms })
    }
}

/// What the body is.
#[derive(Clone, Copy)]
enum Kind {
    Csv,
    Workbook,
    Json,
}

/// The type of workbooks (XLSX).
const WORKBOOK: &str = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet";

impl Kind {
    /// The rows of a body of this kind; else what is wrong with its JSON, or with its table.
    fn read(self, bytes: &[u8]) -> Result<Result<Sheet, Error>, Problem> {
        Ok(match self {
            Self::Csv => Sheet::csv(bytes),
            Self::Workbook => Sheet::workbook(bytes),
            Self::Json => {
                let objects: Vec<Map<String, Value>> =
                    serde_json::from_slice(bytes).map_err(|error| of_json(&error))?;
                Sheet::objects(objects)
            }
        })
    }

    fn of(request: &HttpRequest) -> Result<Self, Problem> {
        let kind = request.headers().get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok());
        let (essence, parameters) = kind.map(|kind| kind.split_once(';').unwrap_or((kind, ""))).unwrap_or_default();
        let charset = parameters.split(';').filter_map(|parameter| parameter.trim().split_once('='));
        let mut charset = charset.filter(|(name, _)| name.eq_ignore_ascii_case("charset"));
        if !charset.all(|(_, value)| value.trim_matches('"').eq_ignore_ascii_case("utf-8")) {
            return Err(Problem::UnsupportedMediaType);
        }
        match essence.trim().to_ascii_lowercase().as_str() {
            "text/csv" => Ok(Self::Csv),
            WORKBOOK => Ok(Self::Workbook),
            "application/json" => Ok(Self::Json),
            _ => Err(Problem::UnsupportedMediaType),
        }
    }
}

impl From<&Report> for ImportAnswer {
    fn from(report: &Report) -> Self {
        let fault = |told: &crate::vault::imports::RowFault| ImportFault {
            row: told.row,
            pointer: told.fault.pointer.clone(),
            code: told.fault.code,
            detail: told.fault.detail.clone().into_owned(),
        };
        let (id, ids) = report.done.as_ref().map_or((None, None), |(id, records)| {
            (Some(id.to_string()), Some(records.iter().map(ToString::to_string).collect()))
        });
        Self {
            id,
            rows: report.rows,
            accepted: report.accepted,
            errors: report.faults.iter().map(fault).collect(),
            ids,
        }
    }
}
