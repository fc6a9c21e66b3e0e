//! People in the vault over HTTP: where somebody is mentioned, and the erasure of it.

use actix_web::HttpResponse;
use actix_web::web::Data;
use serde::{Deserialize, Serialize};
use utoipa::{OpenApi, ToSchema};

use super::{refusal, shapes};
use crate::kernel::access::{Authorized, EraseRecords};
use crate::kernel::ids::{FileId, IncidentId, RecordId};
use crate::kernel::personal::Personal;
use crate::kernel::store::StoreError;
use crate::vault::people::{Chosen, Mention, Part as MentionedIn, Reach};
use crate::vault::{Item, Record};
use crate::web::api::body::Body;
use crate::web::problem::{FieldProblem, Problem};
use crate::web::routes::{Route, post};
use crate::web::services::Services;

pub(super) fn routes() -> Vec<Route> {
    vec![post("/api/v1/people/search", search), post("/api/v1/people/erasure", erase)]
}

#[derive(OpenApi)]
#[openapi(
    paths(search, erase),
    components(schemas(Sought, Erasure, One, shapes::Mentions, shapes::PersonReceiptShape))
)]
pub(super) struct Part;

/// Whom to look for.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct Sought {
    /// 1 to 10 texts that somebody is known by, such as an address, a number or a name, of 3 to 200 characters each. A
    /// record mentions somebody when all words of one of them are in it.
    known_by: Vec<String>,
}

/// What to erase: all of it, or nothing.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct Erasure {
    /// 1 to 1,000 records.
    records: Vec<One>,
}

/// A record that was looked at.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct One {
    /// The slug of its collection.
    collection: String,
    #[schema(format = "uuid")]
    id: String,
    /// The version that was looked at: another one is 412.
    version: i64,
}

/// A record that mentions somebody.
#[derive(Serialize)]
struct Mentioned<'m> {
    collection: &'m str,
    id: RecordId,
    version: i64,
    mentioned_in: MentionedIn,
    #[serde(skip_serializing_if = "Option::is_none")]
    record: Option<&'m Record>,
    #[serde(skip_serializing_if = "Option::is_none")]
    unreadable: Option<IncidentId>,
}

#[derive(Serialize)]
struct Found<'m> {
    records: Vec<Mentioned<'m>>,
    files: &'m [FileId],
    reach: Reach,
}

/// Finds the records that mention somebody: live and in the trash, in their values, their histories and the names of their
/// files; and files of no record that are named so. What a sensitive field holds is looked at and stays masked.
#[utoipa::path(post, path = "/api/v1/people/search", tag = "records", operation_id = "search_person",
    security(("session" = [])),
    request_body = Sought,
    responses((status = 200, description = "Where somebody is mentioned", body = shapes::Mentions),
        (status = 403, description = "Not confirmed within ten minutes by the strongest method, or no administrator"),
        (status = 422, description = "No text, too many of them, or one that is too short or too long")))]
async fn search(
    access: Authorized<EraseRecords>,
    services: Data<Services>,
    body: Body<Sought>,
) -> Result<HttpResponse, Problem> {
    let known_by: Vec<Personal<String>> = body.read().await?.known_by.into_iter().map(Personal::new).collect();
    let found = services.vault.mentions(&access, &known_by).await.map_err(|error| refusal(&services, error))?;
    let records = found.records.iter().map(|mention| mentioned(&services, mention)).collect();
    Ok(HttpResponse::Ok().json(Found { records, files: &found.files, reach: found.reach }))
}

fn mentioned<'m>(services: &Services, mention: &'m Mention) -> Mentioned<'m> {
    let (record, unreadable) = match &mention.record {
        Item::Record(record) => (Some(record), None),
        Item::Unreadable(_) => (None, Some(services.incidents.report(&StoreError::Unreadable))),
    };
    Mentioned {
        collection: mention.collection.slug(),
        id: mention.record.id(),
        version: mention.version,
        mentioned_in: mention.part,
        record,
        unreadable,
    }
}

/// Erases records of somebody for good, all of them or none: their histories, their files, what finds them, what the
/// audit tells of them. An erasure that is interrupted is ended when it is asked for again, or at the next start.
#[utoipa::path(post, path = "/api/v1/people/erasure", tag = "records", operation_id = "erase_person",
    security(("session" = [])),
    request_body = Erasure,
    responses((status = 200, description = "The receipt", body = shapes::PersonReceiptShape),
        (status = 403, description = "Not confirmed within ten minutes by the strongest method, or no administrator"),
        (status = 404, description = "One of the records is not there"),
        (status = 412, description = "One of them was changed since it was looked at"),
        (status = 422, description = "No record, or too many")))]
async fn erase(
    access: Authorized<EraseRecords>,
    services: Data<Services>,
    body: Body<Erasure>,
) -> Result<HttpResponse, Problem> {
    let wanted = body.read().await?.records;
    let mut chosen = Vec::new();
    for (at, one) in wanted.into_iter().enumerate() {
        let id = one.id.parse().map_err(|_| {
            Problem::Invalid(vec![FieldProblem::new(format!("/records/{at}/id"), "invalid", "It is no id.")])
        })?;
        chosen.push(Chosen { collection: one.collection, id, version: one.version });
    }
    let backups = services.settings.backup.retention.into();
    let receipt = services.vault.erase_person(&access, chosen, backups).await;
    Ok(HttpResponse::Ok().json(receipt.map_err(|error| refusal(&services, error))?))
}
