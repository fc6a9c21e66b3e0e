//! A record's form: for a new record, for one that is there, and for one that somebody else changed meanwhile.

use actix_web::http::StatusCode;
use actix_web::web::{Data, Path};
use actix_web::{HttpRequest, HttpResponse};

use super::cells::{self, Links};
use super::fields::{self, Shows};
use super::{Desk, counted, history, record_id, shown};
use crate::kernel::access::{Authorized, WriteRecords};
use crate::kernel::idempotency::Outcome;
use crate::kernel::ids::RecordId;
use crate::vault::{CollectionView, Error, Fault, Limit, Precondition, Record, Version};
use crate::web::pages::{Conflict, FormOf, Moment, RecordForm};
use crate::web::problem::Problem;
use crate::web::routes::{Route, get, post};
use crate::web::services::Services;
use crate::web::site::form::FormFields;
use crate::web::site::{FormBody, go_to};

pub(super) fn routes() -> Vec<Route> {
    vec![
        get("/t/{tenant_id}/collections/{slug}/records/new", blank),
        post("/t/{tenant_id}/collections/{slug}/records", create),
        get("/t/{tenant_id}/collections/{slug}/records/{id}/edit", edit),
        post("/t/{tenant_id}/collections/{slug}/records/{id}", save),
    ]
}

async fn blank(
    access: Authorized<WriteRecords>,
    services: Data<Services>,
    path: Path<(String, String)>,
    request: HttpRequest,
) -> Result<HttpResponse, Problem> {
    let (_, slug) = path.into_inner();
    let desk = Desk::of(&request, &services, &access).await?;
    let collection = desk.collection(&slug).await?;
    let page = page(&desk, &collection, FormOf::New, Shows::Nothing, &[]).await?;
    desk.show(&page)
}

async fn create(
    access: Authorized<WriteRecords>,
    services: Data<Services>,
    path: Path<(String, String)>,
    request: HttpRequest,
    form: FormBody,
) -> Result<HttpResponse, Problem> {
    let (_, slug) = path.into_inner();
    let desk = Desk::of(&request, &services, &access).await?;
    let collection = desk.collection(&slug).await?;
    let form = form.read().await?;
    let input = fields::input(collection.fields(), None, &form);
    let error = match services.vault.create(&access, &slug, input, None).await {
        Ok(Outcome::Done(record)) => return Ok(go_to(&desk.of_record(&slug, record.id, "?news=record_saved"))),
        Ok(Outcome::Before(_)) => return Ok(go_to(&desk.in_collection(&slug, ""))),
        Err(error) => error,
    };
    let (status, errors) = wrong(&desk, error)?;
    let page = page(&desk, &collection, FormOf::New, Shows::Typed(&form, None), &errors).await?;
    let path = desk.in_collection(&slug, "/records/new");
    desk.answer(&page, status, path)
}

async fn edit(
    access: Authorized<WriteRecords>,
    services: Data<Services>,
    path: Path<(String, String, String)>,
    request: HttpRequest,
) -> Result<HttpResponse, Problem> {
    let (_, slug, id) = path.into_inner();
    let id = record_id(&id)?;
    let desk = Desk::of(&request, &services, &access).await?;
    let collection = desk.collection(&slug).await?;
    let record = desk.given(services.vault.record(&access, &slug, id, Vec::new()).await)?;
    let of = existing(&desk, &collection, &record, record.version);
    let page = page(&desk, &collection, of, Shows::Stored(&record.values), &[]).await?;
    desk.show(&page)
}

async fn save(
    access: Authorized<WriteRecords>,
    services: Data<Services>,
    path: Path<(String, String, String)>,
    request: HttpRequest,
    form: FormBody,
) -> Result<HttpResponse, Problem> {
    let (_, slug, id) = path.into_inner();
    let id = record_id(&id)?;
    let desk = Desk::of(&request, &services, &access).await?;
    let collection = desk.collection(&slug).await?;
    let record = desk.given(services.vault.record(&access, &slug, id, Vec::new()).await)?;
    let form = form.read().await?;
    let began: i64 = form.raw("version").parse().map_err(|_| Problem::MalformedRequest)?;
    let input = fields::input(collection.fields(), Some(&record.values), &form);
    let expected = Precondition::Versions(vec![began]);
    let Err(error) = services.vault.merge(&access, &slug, id, expected, input).await else {
        return Ok(go_to(&desk.of_record(&slug, id, "?news=record_saved")));
    };
    let path = desk.of_record(&slug, id, "/edit");
    if error == Error::VersionConflict {
        let page = conflict(&desk, &collection, id, began, &form).await?;
        return desk.answer(&page, StatusCode::PRECONDITION_FAILED, path);
    }
    let (status, errors) = wrong(&desk, error)?;
    let of = existing(&desk, &collection, &record, began);
    let page = page(&desk, &collection, of, Shows::Typed(&form, Some(&record.values)), &errors).await?;
    desk.answer(&page, status, path)
}

/// Fields, each with the code of what is wrong with it.
type WrongFields = Vec<(String, &'static str)>;

/// What is wrong with which fields, and the status that says so; any other refusal passes on.
fn wrong(desk: &Desk<'_>, error: Error) -> Result<(StatusCode, WrongFields), Problem> {
    match error {
        Error::Invalid(faults) => {
            let told = |fault: &Fault| (field_at(&fault.pointer).to_owned(), fault.code);
            Ok((StatusCode::UNPROCESSABLE_ENTITY, faults.iter().map(told).collect()))
        }
        Error::AlreadyExists(Some(pointer)) => {
            Ok((StatusCode::CONFLICT, vec![(field_at(&pointer).to_owned(), "already_exists")]))
        }
        other => desk.given(Err(other)),
    }
}

/// The field that a pointer into `values` is about.
fn field_at(pointer: &str) -> &str {
    pointer.strip_prefix("/values/").and_then(|rest| rest.split('/').next()).unwrap_or_default()
}

async fn page(
    desk: &Desk<'_>,
    collection: &CollectionView,
    of: FormOf,
    shows: Shows<'_>,
    errors: &[(String, &'static str)],
) -> Result<RecordForm, Problem> {
    let fields = fields::asked(desk, collection.fields(), shows, errors).await?;
    Ok(RecordForm { collection: desk.mark(collection), of, fields, conflict: None })
}

fn existing(desk: &Desk<'_>, collection: &CollectionView, record: &Record, version: i64) -> FormOf {
    let title = cells::title(collection.fields(), record.id, &record.values, desk.locale());
    FormOf::Existing { id: record.id, title: shown(&title), version: counted(version) }
}

/// The form over the version that stands by now, with what became of the record since the form was opened.
async fn conflict(
    desk: &Desk<'_>,
    collection: &CollectionView,
    id: RecordId,
    began: i64,
    form: &FormFields,
) -> Result<RecordForm, Problem> {
    let now = desk.given(desk.services.vault.record(desk.access, collection.slug(), id, Vec::new()).await)?;
    let of = existing(desk, collection, &now, now.version);
    let history = since(desk, collection.slug(), id, began).await?;
    let (newest, base) = (history.first(), history.iter().find(|version| version.version == began));
    let (Some(newest), Some(base)) = (newest, base) else {
        // The version that the form names never was.
        return Err(Problem::VersionConflict);
    };
    let links = Links::in_values(desk, [&base.values, &newest.values]).await?;
    let changes = history::changes(base, newest, &links, desk.locale());
    let shows = Shows::Merged { form, base: &base.values, now: &now.values };
    let mut page = page(desk, collection, of, shows, &[]).await?;
    page.conflict = Some(Conflict { at: Moment::new(newest.at, desk.locale()), changes });
    Ok(page)
}

/// The versions of a record from the newest back to `began`.
async fn since(desk: &Desk<'_>, slug: &str, id: RecordId, began: i64) -> Result<Vec<Version>, Problem> {
    let (mut versions, mut after) = (Vec::new(), None);
    loop {
        let part = desk.services.vault.versions(desk.access, slug, id, Limit::default(), after, Vec::new()).await;
        let part = desk.given(part)?;
        versions.extend(history::opened(desk, part.items));
        let is_far_enough = versions.last().is_some_and(|oldest: &Version| oldest.version <= began);
        match part.next {
            Some(next) if !is_far_enough => after = Some(next),
            _ => return Ok(versions),
        }
    }
}
