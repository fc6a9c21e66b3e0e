//! Records over HTTP.

use actix_web::web::{Data, Path};
use actix_web::{HttpRequest, HttpResponse};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use utoipa::{OpenApi, ToSchema};

use super::shapes::{Ids, ReceiptShape, RecordPage, RecordShape, VersionPage};
use super::{Listing, answer, etag, precondition, record_answer, records_page, refusal, send, versions_page, wish};
use crate::kernel::access::{Authorized, EraseRecords, ReadRecords, WriteRecords};
use crate::kernel::idempotency::Answer;
use crate::kernel::ids::RecordId;
use crate::kernel::store::StoreError;
use crate::kernel::values::objects;
use crate::vault::{Precondition, Record};
use crate::web::api::body::Body;
use crate::web::problem::Problem;
use crate::web::routes::{Route, delete, get, patch, post, put};
use crate::web::services::Services;

pub(super) fn routes() -> Vec<Route> {
    vec![
        get("/api/v1/collections/{slug}/records", list),
        post("/api/v1/collections/{slug}/records", create),
        post("/api/v1/collections/{slug}/records/batch", create_batch),
        get("/api/v1/collections/{slug}/records/{id}", read),
        put("/api/v1/collections/{slug}/records/{id}", replace),
        patch("/api/v1/collections/{slug}/records/{id}", merge),
        delete("/api/v1/collections/{slug}/records/{id}", discard),
        post("/api/v1/collections/{slug}/records/{id}/restore", restore),
        get("/api/v1/collections/{slug}/records/{id}/versions", versions),
        get("/api/v1/collections/{slug}/trash", trash),
        post("/api/v1/collections/{slug}/records/{id}/erasure", erase),
    ]
}

#[derive(OpenApi)]
#[openapi(
    paths(list, create, create_batch, read, replace, merge, discard, restore, versions, trash, erase),
    components(schemas(RecordInput, RecordPatch, Batch, RecordShape, RecordPage, VersionPage, Ids, ReceiptShape))
)]
pub(super) struct Part;

/// A record's values, whole.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct RecordInput {
    /// By the field's name.
    #[schema(value_type = std::collections::BTreeMap<String, Value>)]
    values: Map<String, Value>,
}

/// What changes of a record's values (RFC 7396).
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct RecordPatch {
    /// By the field's name; null clears.
    #[serde(default)]
    #[schema(value_type = std::collections::BTreeMap<String, Value>)]
    values: Map<String, Value>,
}

/// Up to 1,000 records.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct Batch {
    #[serde(deserialize_with = "objects")]
    records: Vec<RecordInput>,
}

fn location(slug: &str, id: RecordId) -> String {
    format!("/api/v1/collections/{slug}/records/{id}")
}

fn created(slug: String) -> impl Fn(&Record) -> Result<Answer, StoreError> + Clone + Send + Sync + 'static {
    move |record| answer(201, Some(location(&slug, record.id)), Some(etag(record.version)), record)
}

/// The record that an address names.
struct Place {
    slug: String,
    id: RecordId,
}

impl Place {
    /// Of a path; an id that is none names nothing.
    fn of(path: Path<(String, String)>) -> Result<Self, Problem> {
        let (slug, id) = path.into_inner();
        let id = id.parse().map_err(|_| Problem::NotFound)?;
        Ok(Self { slug, id })
    }

    /// What a change of it expects and says. Existence and precondition come before the body: whoever names a record
    /// that is not there, or another version, is told that of whatever body.
    async fn change<T: DeserializeOwned + 'static>(
        &self,
        services: &Services,
        access: &Authorized<WriteRecords>,
        request: &HttpRequest,
        body: Body<T>,
    ) -> Result<(Precondition, T), Problem> {
        let expected = precondition(request);
        match body.read().await {
            Ok(input) => Ok((expected, input)),
            Err(problem) => {
                let stands = services.vault.demand(access, &self.slug, self.id, expected).await;
                Err(stands.map_or_else(|error| refusal(services, error), |()| problem))
            }
        }
    }
}

/// The records, newest first; sensitive fields masked unless revealed.
#[utoipa::path(get, path = "/api/v1/collections/{slug}/records", tag = "records",
    security(("token" = []), ("session" = [])),
    params(("slug" = String, Path, description = "The collection's slug"),
        ("limit" = Option<i64>, Query, description = "1 to 200; 50 if left out", minimum = 1, maximum = 200),
        ("after" = Option<String>, Query, description = "The `next` of the page before"),
        ("reveal" = Option<String>, Query, description = "Sensitive fields to show in the clear, with commas between")),
    responses((status = 200, description = "A page of records", body = RecordPage)))]
async fn list(
    access: Authorized<ReadRecords>,
    services: Data<Services>,
    slug: Path<String>,
    request: HttpRequest,
) -> Result<HttpResponse, Problem> {
    let listing = Listing::of(&request)?;
    let (limit, reveal) = (listing.limit()?, listing.reveal());
    let page = services.vault.records(&access, &slug, limit, listing.after, reveal).await;
    Ok(records_page(&services, page.map_err(|error| refusal(&services, error))?))
}

/// Makes a record.
#[utoipa::path(post, path = "/api/v1/collections/{slug}/records", tag = "records",
    security(("token" = []), ("session" = [])),
    params(("slug" = String, Path, description = "The collection's slug"),
        ("Idempotency-Key" = Option<String>, Header, description = "Done once in 24 hours")),
    request_body = RecordInput,
    responses((status = 201, description = "The record", body = RecordShape,
        headers(("ETag" = String, description = "The version, for `If-Match`"),
            ("Location" = String, description = "Where the record is"))),
        (status = 409, description = "A unique value is another record's")))]
async fn create(
    access: Authorized<WriteRecords>,
    services: Data<Services>,
    slug: Path<String>,
    request: HttpRequest,
    body: Body<RecordInput>,
) -> Result<HttpResponse, Problem> {
    let (input, bytes) = match body.read_with_bytes().await {
        Ok(read) => read,
        Err(problem) => return Err(after_collection(&services, &access, &slug, problem).await),
    };
    let created = created(slug.into_inner());
    let wish = wish(&request, "POST /collections/{slug}/records", &bytes, created.clone())?;
    let slug = request.match_info().get("slug").unwrap_or_default();
    let made = services.vault.create(&access, slug, input.values, wish).await;
    send(&services.incidents, made.map_err(|error| refusal(&services, error))?, created)
}

/// Existence comes before the body: whose collection is not there is told that.
async fn after_collection(
    services: &Services,
    access: &Authorized<WriteRecords>,
    slug: &str,
    problem: Problem,
) -> Problem {
    match services.vault.demand_collection(access, slug).await {
        Ok(()) => problem,
        Err(error) => refusal(services, error),
    }
}

#[derive(Serialize)]
struct Made<'i> {
    ids: &'i [RecordId],
}

fn batch_created(ids: &Vec<RecordId>) -> Result<Answer, StoreError> {
    answer(201, None, None, &Made { ids })
}

/// Makes up to 1,000 records, all or none.
#[utoipa::path(post, path = "/api/v1/collections/{slug}/records/batch", tag = "records",
    security(("token" = []), ("session" = [])),
    params(("slug" = String, Path, description = "The collection's slug"),
        ("Idempotency-Key" = Option<String>, Header, description = "Done once in 24 hours")),
    request_body = Batch,
    responses((status = 201, description = "The ids, in the batch's order", body = Ids),
        (status = 409, description = "A unique value is another record's")))]
async fn create_batch(
    access: Authorized<WriteRecords>,
    services: Data<Services>,
    slug: Path<String>,
    request: HttpRequest,
    body: Body<Batch>,
) -> Result<HttpResponse, Problem> {
    let (batch, bytes) = match body.read_batch().await {
        Ok(read) => read,
        Err(problem) => return Err(after_collection(&services, &access, &slug, problem).await),
    };
    let wish = wish(&request, "POST /collections/{slug}/records/batch", &bytes, batch_created)?;
    let inputs = batch.records.into_iter().map(|record| record.values).collect();
    let made = services.vault.create_batch(&access, &slug, inputs, wish).await;
    send(&services.incidents, made.map_err(|error| refusal(&services, error))?, batch_created)
}

/// One record; sensitive fields masked unless revealed.
#[utoipa::path(get, path = "/api/v1/collections/{slug}/records/{id}", tag = "records",
    security(("token" = []), ("session" = [])),
    params(("slug" = String, Path, description = "The collection's slug"),
        ("id" = String, Path, description = "The record's id"),
        ("reveal" = Option<String>, Query, description = "Sensitive fields to show in the clear, with commas between")),
    responses((status = 200, description = "The record", body = RecordShape,
        headers(("ETag" = String, description = "The version, for `If-Match`")))))]
async fn read(
    access: Authorized<ReadRecords>,
    services: Data<Services>,
    path: Path<(String, String)>,
    request: HttpRequest,
) -> Result<HttpResponse, Problem> {
    let Place { slug, id } = Place::of(path)?;
    let listing = Listing::of(&request)?;
    if listing.limit.is_some() || listing.after.is_some() {
        return Err(Problem::MalformedRequest);
    }
    let record = services.vault.record(&access, &slug, id, listing.reveal()).await;
    Ok(record_answer(&record.map_err(|error| refusal(&services, error))?))
}

/// Replaces a record's values. A masked object, as it was shown, keeps what is stored; a field left out is cleared.
#[utoipa::path(put, path = "/api/v1/collections/{slug}/records/{id}", tag = "records",
    security(("token" = []), ("session" = [])),
    params(("slug" = String, Path, description = "The collection's slug"),
        ("id" = String, Path, description = "The record's id"),
        ("If-Match" = Option<String>, Header, description = "The ETag of the version that is changed; 428 without")),
    request_body = RecordInput,
    responses((status = 200, description = "The record", body = RecordShape,
        headers(("ETag" = String, description = "The version, for `If-Match`"))),
        (status = 409, description = "A unique value is another record's"),
        (status = 412, description = "Another version stands"), (status = 428, description = "If-Match is missing")))]
async fn replace(
    access: Authorized<WriteRecords>,
    services: Data<Services>,
    path: Path<(String, String)>,
    request: HttpRequest,
    body: Body<RecordInput>,
) -> Result<HttpResponse, Problem> {
    let place = Place::of(path)?;
    let (expected, input) = place.change(&services, &access, &request, body).await?;
    let record = services.vault.replace(&access, &place.slug, place.id, expected, input.values).await;
    Ok(record_answer(&record.map_err(|error| refusal(&services, error))?))
}

/// Merges into a record's values (RFC 7396): null clears, what is not named stays.
#[utoipa::path(patch, path = "/api/v1/collections/{slug}/records/{id}", tag = "records",
    security(("token" = []), ("session" = [])),
    params(("slug" = String, Path, description = "The collection's slug"),
        ("id" = String, Path, description = "The record's id"),
        ("If-Match" = Option<String>, Header, description = "The ETag of the version that is changed; 428 without")),
    request_body(content((RecordPatch = "application/json"), (RecordPatch = "application/merge-patch+json"))),
    responses((status = 200, description = "The record", body = RecordShape,
        headers(("ETag" = String, description = "The version, for `If-Match`"))),
        (status = 409, description = "A unique value is another record's"),
        (status = 412, description = "Another version stands"), (status = 428, description = "If-Match is missing")))]
async fn merge(
    access: Authorized<WriteRecords>,
    services: Data<Services>,
    path: Path<(String, String)>,
    request: HttpRequest,
    body: Body<RecordPatch>,
) -> Result<HttpResponse, Problem> {
    let place = Place::of(path)?;
    let (expected, input) = place.change(&services, &access, &request, body).await?;
    let record = services.vault.merge(&access, &place.slug, place.id, expected, input.values).await;
    Ok(record_answer(&record.map_err(|error| refusal(&services, error))?))
}

/// Takes a record to the trash.
#[utoipa::path(delete, path = "/api/v1/collections/{slug}/records/{id}", tag = "records",
    security(("token" = []), ("session" = [])),
    params(("slug" = String, Path, description = "The collection's slug"),
        ("id" = String, Path, description = "The record's id"),
        ("If-Match" = Option<String>, Header, description = "The ETag of the version that is meant; 428 without")),
    responses((status = 204, description = "In the trash"),
        (status = 412, description = "Another version stands"), (status = 428, description = "If-Match is missing")))]
async fn discard(
    access: Authorized<WriteRecords>,
    services: Data<Services>,
    path: Path<(String, String)>,
    request: HttpRequest,
) -> Result<HttpResponse, Problem> {
    let Place { slug, id } = Place::of(path)?;
    let done = services.vault.discard(&access, &slug, id, precondition(&request)).await;
    done.map_err(|error| refusal(&services, error))?;
    Ok(HttpResponse::NoContent().finish())
}

fn restored(record: &Record) -> Result<Answer, StoreError> {
    answer(200, None, Some(etag(record.version)), record)
}

/// Brings a record back from the trash.
#[utoipa::path(post, path = "/api/v1/collections/{slug}/records/{id}/restore", tag = "records",
    security(("token" = []), ("session" = [])),
    params(("slug" = String, Path, description = "The collection's slug"),
        ("id" = String, Path, description = "The record's id"),
        ("Idempotency-Key" = Option<String>, Header, description = "Done once in 24 hours")),
    responses((status = 200, description = "The record", body = RecordShape,
        headers(("ETag" = String, description = "The version, for `If-Match`"))),
        (status = 409, description = "A unique value is another record's by now")))]
async fn restore(
    access: Authorized<WriteRecords>,
    services: Data<Services>,
    path: Path<(String, String)>,
    request: HttpRequest,
) -> Result<HttpResponse, Problem> {
    let Place { slug, id } = Place::of(path)?;
    let wish = wish(&request, "POST /collections/{slug}/records/{id}/restore", &[], restored)?;
    let record = services.vault.restore(&access, &slug, id, wish).await;
    send(&services.incidents, record.map_err(|error| refusal(&services, error))?, restored)
}

/// Erases a record for good, live or in the trash: its history, what finds it, what the audit tells of it.
#[utoipa::path(post, path = "/api/v1/collections/{slug}/records/{id}/erasure", tag = "records",
    security(("session" = [])),
    params(("slug" = String, Path, description = "The collection's slug"),
        ("id" = String, Path, description = "The record's id"),
        ("If-Match" = Option<String>, Header, description = "The ETag of the version that is meant; 428 without")),
    responses((status = 200, description = "The receipt", body = ReceiptShape),
        (status = 403, description = "Not confirmed within ten minutes by the strongest method, or no administrator"),
        (status = 412, description = "Another version stands"), (status = 428, description = "If-Match is missing")))]
async fn erase(
    access: Authorized<EraseRecords>,
    services: Data<Services>,
    path: Path<(String, String)>,
    request: HttpRequest,
) -> Result<HttpResponse, Problem> {
    let Place { slug, id } = Place::of(path)?;
    let backups = services.settings.backup.retention.into();
    let receipt = services.vault.erase_record(&access, &slug, id, precondition(&request), backups).await;
    Ok(HttpResponse::Ok().json(receipt.map_err(|error| refusal(&services, error))?))
}

/// A record's history, newest first; of one in the trash too.
#[utoipa::path(get, path = "/api/v1/collections/{slug}/records/{id}/versions", tag = "records",
    security(("token" = []), ("session" = [])),
    params(("slug" = String, Path, description = "The collection's slug"),
        ("id" = String, Path, description = "The record's id"),
        ("limit" = Option<i64>, Query, description = "1 to 200; 50 if left out", minimum = 1, maximum = 200),
        ("after" = Option<String>, Query, description = "The `next` of the page before"),
        ("reveal" = Option<String>, Query, description = "Sensitive fields to show in the clear, with commas between")),
    responses((status = 200, description = "A page of versions", body = VersionPage)))]
async fn versions(
    access: Authorized<ReadRecords>,
    services: Data<Services>,
    path: Path<(String, String)>,
    request: HttpRequest,
) -> Result<HttpResponse, Problem> {
    let Place { slug, id } = Place::of(path)?;
    let listing = Listing::of(&request)?;
    let (limit, reveal) = (listing.limit()?, listing.reveal());
    let page = services.vault.versions(&access, &slug, id, limit, listing.after, reveal).await;
    Ok(versions_page(&services, page.map_err(|error| refusal(&services, error))?))
}

/// The records in the trash, newest first.
#[utoipa::path(get, path = "/api/v1/collections/{slug}/trash", tag = "records",
    security(("token" = []), ("session" = [])),
    params(("slug" = String, Path, description = "The collection's slug"),
        ("limit" = Option<i64>, Query, description = "1 to 200; 50 if left out", minimum = 1, maximum = 200),
        ("after" = Option<String>, Query, description = "The `next` of the page before")),
    responses((status = 200, description = "A page of records", body = RecordPage)))]
async fn trash(
    access: Authorized<ReadRecords>,
    services: Data<Services>,
    slug: Path<String>,
    request: HttpRequest,
) -> Result<HttpResponse, Problem> {
    let listing = Listing::plain(&request)?;
    let page = services.vault.trash(&access, &slug, listing.limit()?, listing.after).await;
    Ok(records_page(&services, page.map_err(|error| refusal(&services, error))?))
}
