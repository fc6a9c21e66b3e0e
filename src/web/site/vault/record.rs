//! One record: looked at masked, revealed by asking, its files kept with it, taken to the trash, erased for good.

use actix_web::http::StatusCode;
use actix_web::web::{Data, Path};
use actix_web::{HttpRequest, HttpResponse};

use super::cells::{self, Links};
use super::{Desk, after, counted, pager, record_id, shown};
use crate::kernel::access::{
    Assurance, Authorized, DownloadFiles, EraseRecords, ReadRecords, Role, WriteFiles, WriteRecords,
};
use crate::kernel::ids::RecordId;
use crate::kernel::values::Locale;
use crate::vault::files::FileItem;
use crate::vault::{Limit, Precondition, Record};
use crate::web::api::vault::files::file_id;
use crate::web::api::vault::refusal;
use crate::web::pages::{Fact, FileField, FileLine, Form, Moment, RecordErased, RecordFiles, RecordView, Taking};
use crate::web::problem::Problem;
use crate::web::routes::{Route, get, post};
use crate::web::services::Services;
use crate::web::site::explain::to_confirm;
use crate::web::site::upload::UploadBody;
use crate::web::site::{FormBody, go_to};

pub(super) fn routes() -> Vec<Route> {
    vec![
        get("/t/{tenant_id}/collections/{slug}/records/{id}", view),
        post("/t/{tenant_id}/collections/{slug}/records/{id}/reveal", reveal),
        post("/t/{tenant_id}/collections/{slug}/records/{id}/delete", discard),
        post("/t/{tenant_id}/collections/{slug}/records/{id}/erase", erase),
        post("/t/{tenant_id}/collections/{slug}/records/{id}/files", add_files),
        get("/t/{tenant_id}/collections/{slug}/records/{id}/files/{file_id}", take_file),
        post("/t/{tenant_id}/collections/{slug}/records/{id}/files/delete", delete_file),
    ]
}

async fn view(
    access: Authorized<ReadRecords>,
    services: Data<Services>,
    path: Path<(String, String, String)>,
    request: HttpRequest,
) -> Result<HttpResponse, Problem> {
    let (_, slug, id) = path.into_inner();
    let id = record_id(&id)?;
    let desk = Desk::of(&request, &services, &access).await?;
    let record = desk.given(services.vault.record(&access, &slug, id, Vec::new()).await)?;
    let files = files(&desk, id, after(&request), Form::empty()).await?;
    let page = page(&desk, &slug, record, files).await?;
    desk.show(&page)
}

/// Stores files with the record, as they come.
async fn add_files(
    access: Authorized<WriteFiles>,
    services: Data<Services>,
    path: Path<(String, String, String)>,
    request: HttpRequest,
    upload: UploadBody,
) -> Result<HttpResponse, Problem> {
    let (_, slug, id) = path.into_inner();
    let id = record_id(&id)?;
    let desk = Desk::of(&request, &services, &access).await?;
    desk.given(services.vault.demand(&access, &slug, id, Precondition::Any).await)?;
    let home = desk.of_record(&slug, id, "");
    let (code, status) = match upload.store("file", &services, &access, id).await {
        Ok(0) => ("required", StatusCode::UNPROCESSABLE_ENTITY),
        Ok(_) => return Ok(go_to(&format!("{home}?news=files_stored"))),
        Err(Problem::PayloadTooLarge) => ("file_too_large", StatusCode::PAYLOAD_TOO_LARGE),
        Err(Problem::StorageFull) => ("no_room", StatusCode::CONFLICT),
        Err(other) => return Err(other),
    };
    let record = desk.given(services.vault.record(&access, &slug, id, Vec::new()).await)?;
    let files = files(&desk, id, None, Form::empty().wrong(FileField::File, code)).await?;
    let page = page(&desk, &slug, record, files).await?;
    desk.answer(&page, status, home)
}

/// Sends a file of the record.
async fn take_file(
    access: Authorized<DownloadFiles>,
    services: Data<Services>,
    path: Path<(String, String, String, String)>,
    request: HttpRequest,
) -> Result<HttpResponse, Problem> {
    let (_, _, id, file) = path.into_inner();
    let (id, file) = (record_id(&id)?, file_id(&file)?);
    let found = services.vault.file(&access, file).await.map_err(|error| refusal(&services, error))?;
    if found.file.record != Some(id) {
        return Err(Problem::NotFound);
    }
    crate::web::files::send(services, &access, &request, file).await
}

async fn delete_file(
    access: Authorized<WriteFiles>,
    services: Data<Services>,
    path: Path<(String, String, String)>,
    request: HttpRequest,
    form: FormBody,
) -> Result<HttpResponse, Problem> {
    let (_, slug, id) = path.into_inner();
    let id = record_id(&id)?;
    let file = file_id(form.read().await?.raw("file"))?;
    let desk = Desk::of(&request, &services, &access).await?;
    let found = desk.given(services.vault.file(&access, file).await)?;
    if found.file.record != Some(id) {
        return Err(Problem::NotFound);
    }
    desk.given(services.vault.delete_file(&access, file).await)?;
    Ok(go_to(&desk.of_record(&slug, id, "?news=file_deleted")))
}

/// The record's files from a place in their list on.
async fn files(
    desk: &Desk<'_>,
    id: RecordId,
    after: Option<String>,
    form: Form<FileField>,
) -> Result<RecordFiles, Problem> {
    let place = after.clone();
    let listed = desk.given(desk.services.vault.files(desk.access, Some(id), Limit::default(), after).await)?;
    let line = |item: FileItem| match item {
        FileItem::File(file) => {
            let (size, unit) = FileLine::measured(file.size);
            let size = if desk.locale() == Locale::En { size } else { size.replace('.', ",") };
            let at = Some(Moment::new(file.created_at, desk.locale()));
            FileLine { id: file.id, name: Some(file.name.into()), size, unit, at }
        }
        FileItem::Unreadable(id) => FileLine { id, name: None, size: String::new(), unit: "b", at: None },
    };
    let below = desk.access.session.as_ref().is_some_and(|session| session.assurance < Assurance::Confirmed);
    Ok(RecordFiles {
        lines: listed.items.into_iter().map(line).collect(),
        pager: pager(listed.next, place.as_deref()),
        taking: if below { Taking::Confirmed } else { Taking::Now },
        form,
    })
}

/// Shows one sensitive value in the clear, to who may; who only has to confirm first is led there, and back to the
/// record.
async fn reveal(
    access: Authorized<ReadRecords>,
    services: Data<Services>,
    path: Path<(String, String, String)>,
    request: HttpRequest,
    form: FormBody,
) -> Result<HttpResponse, Problem> {
    let (_, slug, id) = path.into_inner();
    let id = record_id(&id)?;
    let form = form.read().await?;
    let desk = Desk::of(&request, &services, &access).await?;
    let home = desk.of_record(&slug, id, "");
    let record = desk.given(services.vault.record(&access, &slug, id, vec![form.raw("field").to_owned()]).await);
    let record = match record {
        Err(problem @ Problem::ConfirmationRequired { .. }) => return Ok(to_confirm(&problem, &home)),
        other => other?,
    };
    let files = files(&desk, id, None, Form::empty()).await?;
    let page = page(&desk, &slug, record, files).await?;
    desk.answer(&page, StatusCode::OK, home)
}

async fn page(desk: &Desk<'_>, slug: &str, record: Record, files: RecordFiles) -> Result<RecordView, Problem> {
    let collection = desk.collection(slug).await?;
    let locale = desk.locale();
    let links = Links::in_values(desk, [&record.values]).await?;
    let facts = collection.fields().iter().map(|field| Fact {
        name: shown(&field.name),
        label: shown(field.label.in_language(locale)),
        value: cells::cell(field, record.values.of(field), &links, locale),
    });
    Ok(RecordView {
        collection: desk.mark(&collection),
        id: record.id,
        title: shown(&cells::title(collection.fields(), record.id, &record.values, locale)),
        facts: facts.collect(),
        version: counted(record.version),
        created_at: Moment::new(record.created_at, locale),
        updated_at: Moment::new(record.updated_at, locale),
        reach: desk.reach(Role::Editor),
        files,
    })
}

async fn discard(
    access: Authorized<WriteRecords>,
    services: Data<Services>,
    path: Path<(String, String, String)>,
    request: HttpRequest,
    form: FormBody,
) -> Result<HttpResponse, Problem> {
    let (_, slug, id) = path.into_inner();
    let id: RecordId = record_id(&id)?;
    let version = form.read().await?.raw("version").parse().map_err(|_| Problem::MalformedRequest)?;
    let desk = Desk::of(&request, &services, &access).await?;
    desk.given(services.vault.discard(&access, &slug, id, Precondition::Versions(vec![version])).await)?;
    Ok(go_to(&desk.in_collection(&slug, "?news=record_trashed")))
}

/// Erases a record for good; what is left is the receipt.
async fn erase(
    access: Authorized<EraseRecords>,
    services: Data<Services>,
    path: Path<(String, String, String)>,
    request: HttpRequest,
    form: FormBody,
) -> Result<HttpResponse, Problem> {
    let (_, slug, id) = path.into_inner();
    let id: RecordId = record_id(&id)?;
    let version = form.read().await?.raw("version").parse().map_err(|_| Problem::MalformedRequest)?;
    let desk = Desk::of(&request, &services, &access).await?;
    let collection = desk.collection(&slug).await?;
    let backups = services.settings.backup.retention.into();
    let erased = services.vault.erase_record(&access, &slug, id, Precondition::Versions(vec![version]), backups);
    let receipt = desk.given(erased.await)?;
    let locale = desk.locale();
    let page = RecordErased {
        collection: desk.mark(&collection),
        id,
        erased_at: Moment::new(receipt.erased_at, locale),
        rows: receipt.purged.values().sum(),
        no_back_up_from: Moment::new(receipt.no_back_up_from, locale),
    };
    let home = desk.in_collection(&slug, "/trash");
    desk.answer(&page, StatusCode::OK, home)
}
