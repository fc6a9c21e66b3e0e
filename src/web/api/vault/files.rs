//! Files over HTTP.

use actix_web::error::PayloadError;
use actix_web::http::header;
use actix_web::web::{Data, Path, Payload, Query};
use actix_web::{HttpRequest, HttpResponse};
use serde::Deserialize;
use utoipa::OpenApi;

use super::shapes::{FilePage, FileShape};
use super::{Listing, OfId, OrUnreadable, answer, idempotency_key, refusal, send, unreadable};
use crate::kernel::access::{Authorized, DownloadFiles, ReadFiles, WriteFiles};
use crate::kernel::idempotency::{Answer, Keep, Once};
use crate::kernel::ids::{FileId, RecordId};
use crate::kernel::store::StoreError;
use crate::vault::Page;
use crate::vault::files::{File, FileItem};
use crate::web::files;
use crate::web::problem::Problem;
use crate::web::routes::{Route, delete, get, post};
use crate::web::services::Services;

pub(super) fn routes() -> Vec<Route> {
    vec![
        get("/api/v1/files", list),
        post("/api/v1/files", store),
        get("/api/v1/files/{id}", read),
        delete("/api/v1/files/{id}", discard),
    ]
}

#[derive(OpenApi)]
#[openapi(paths(list, store, read, discard), components(schemas(FileShape, FilePage)))]
pub(super) struct Part;

/// The files, newest first: all of them, or those of a record, in the trash or not.
#[utoipa::path(get, path = "/api/v1/files", tag = "files",
    security(("token" = []), ("session" = [])),
    params(("record" = Option<String>, Query, description = "A record's id"),
        ("limit" = Option<i64>, Query, description = "1 to 200; 50 if left out", minimum = 1, maximum = 200),
        ("after" = Option<String>, Query, description = "The `next` of the page before")),
    responses((status = 200, description = "A page of files", body = FilePage)))]
async fn list(
    access: Authorized<ReadFiles>,
    services: Data<Services>,
    request: HttpRequest,
) -> Result<HttpResponse, Problem> {
    let Wanted { record, limit, after } = Wanted::of(&request)?;
    let listing = Listing { limit, after, reveal: None };
    let page = services.vault.files(&access, record_id(record)?, listing.limit()?, listing.after).await;
    let page = page.map_err(|error| refusal(&services, error))?;
    let items = page.items.into_iter().map(|item| match item {
        FileItem::File(file) => OrUnreadable::Whole(file),
        FileItem::Unreadable(id) => unreadable(&services, OfId { id }),
    });
    Ok(HttpResponse::Ok().json(Page { items: items.collect(), next: page.next }))
}

/// Stores a file, as it comes. Its name stands in `Content-Disposition` (`attachment; filename="…"`, or `filename*` in
/// UTF-8), its type in `Content-Type`. With an `Idempotency-Key` the whole body is sent again and compared by its digest.
#[utoipa::path(post, path = "/api/v1/files", tag = "files",
    security(("token" = []), ("session" = [])),
    params(("record" = Option<String>, Query, description = "The id of the record that it belongs to"),
        ("Content-Disposition" = String, Header, description = "What it is called"),
        ("Idempotency-Key" = Option<String>, Header, description = "Done once in 24 hours")),
    request_body(content = Vec<u8>, content_type = "*/*"),
    responses((status = 201, description = "What was stored", body = FileShape,
            headers(("Location" = String, description = "Its address"))),
        (status = 409, description = "There is no room for another file"),
        (status = 413, description = "The file is too large"),
        (status = 415, description = "The type is none")))]
async fn store(
    access: Authorized<WriteFiles>,
    services: Data<Services>,
    request: HttpRequest,
    mut payload: Payload,
) -> Result<HttpResponse, Problem> {
    let Wanted { record, limit: None, after: None } = Wanted::of(&request)? else {
        return Err(Problem::MalformedRequest);
    };
    let record = record_id(record)?;
    let headers = request.headers();
    let kind = files::media_type(headers.get(header::CONTENT_TYPE)).ok_or(Problem::UnsupportedMediaType)?;
    let name = files::name_in(headers.get(header::CONTENT_DISPOSITION)).ok_or(Problem::MalformedRequest)?;
    let key = idempotency_key(&request)?;
    let room = files::room(&services.settings);
    let announced = headers.get(header::CONTENT_LENGTH).and_then(|value| value.to_str().ok()?.parse::<u64>().ok());
    if announced.is_some_and(|length| length > room.file) {
        return Err(Problem::PayloadTooLarge);
    }
    let told = [request.path(), "?", request.query_string(), "\n", name.reveal(), "\n", kind.reveal(), "\n"].concat();
    let incoming = services.vault.receive_file(&access, (name, kind), record, room).await;
    let mut incoming = incoming.map_err(|error| refusal(&services, error))?;
    let broken = |_: &PayloadError| Problem::MalformedRequest;
    files::take_all(&services, &mut incoming, &mut payload, broken).await?;
    let wish = move |sha256: &str| {
        let keep = Keep::Answer(std::sync::Arc::new(stored));
        key.map(|key| Once { route: "POST /files", key, body: [told.as_str(), sha256].concat().into_bytes(), keep })
    };
    let done = incoming.finish(wish).await;
    send(&services.incidents, done.map_err(|error| refusal(&services, error))?, stored)
}

fn stored(file: &File) -> Result<Answer, StoreError> {
    answer(201, Some(format!("/api/v1/files/{}", file.id)), None, file)
}

/// A file's content, as an attachment. A `Range` of bytes is honoured, with `If-Range` or without; content never changes,
/// so its `ETag` is its own for ever.
#[utoipa::path(get, path = "/api/v1/files/{id}", tag = "files",
    security(("token" = []), ("session" = [])),
    params(("id" = String, Path, description = "The file's id"),
        ("Range" = Option<String>, Header, description = "`bytes=0-1023`, `bytes=1024-` or `bytes=-512`")),
    responses((status = 200, description = "The whole", body = Vec<u8>, content_type = "application/octet-stream",
            headers(("ETag" = String, description = "The file's own"), ("Content-Disposition" = String, description = "What it is called"))),
        (status = 206, description = "The part", body = Vec<u8>, content_type = "application/octet-stream",
            headers(("ETag" = String, description = "The file's own"), ("Content-Range" = String, description = "Which bytes of how many"))),
        (status = 304, description = "`If-None-Match` names its `ETag`"),
        (status = 416, description = "The range lies outside the file")))]
async fn read(
    access: Authorized<DownloadFiles>,
    services: Data<Services>,
    id: Path<String>,
    request: HttpRequest,
) -> Result<HttpResponse, Problem> {
    files::send(services, &access, &request, file_id(&id)?).await
}

/// Deletes a file, its content with it.
#[utoipa::path(delete, path = "/api/v1/files/{id}", tag = "files",
    security(("token" = []), ("session" = [])),
    params(("id" = String, Path, description = "The file's id")),
    responses((status = 204, description = "It is gone")))]
async fn discard(
    access: Authorized<WriteFiles>,
    services: Data<Services>,
    id: Path<String>,
) -> Result<HttpResponse, Problem> {
    services.vault.delete_file(&access, file_id(&id)?).await.map_err(|error| refusal(&services, error))?;
    Ok(HttpResponse::NoContent().finish())
}

/// What a query says.
#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct Wanted {
    record: Option<String>,
    limit: Option<i64>,
    after: Option<String>,
}

impl Wanted {
    fn of(request: &HttpRequest) -> Result<Self, Problem> {
        Query::from_query(request.query_string()).map(Query::into_inner).map_err(|_| Problem::MalformedRequest)
    }
}

/// An id that is none names nothing.
fn record_id(said: Option<String>) -> Result<Option<RecordId>, Problem> {
    said.map(|id| id.parse().map_err(|_| Problem::NotFound)).transpose()
}

/// The same of a file's.
pub(in crate::web) fn file_id(said: &str) -> Result<FileId, Problem> {
    said.parse().map_err(|_| Problem::NotFound)
}
