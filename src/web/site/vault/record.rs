//! One record: looked at masked, revealed by asking, taken to the trash, erased for good.

use actix_web::http::StatusCode;
use actix_web::web::{Data, Path};
use actix_web::{HttpRequest, HttpResponse};

use super::cells::{self, Links};
use super::{Desk, counted, record_id, shown};
use crate::kernel::access::{Authorized, EraseRecords, ReadRecords, Role, WriteRecords};
use crate::kernel::ids::RecordId;
use crate::vault::{Precondition, Record};
use crate::web::pages::{Fact, Moment, RecordErased, RecordView};
use crate::web::problem::Problem;
use crate::web::routes::{Route, get, post};
use crate::web::services::Services;
use crate::web::site::explain::to_confirm;
use crate::web::site::{FormBody, go_to};

pub(super) fn routes() -> Vec<Route> {
    vec![
        get("/t/{tenant_id}/collections/{slug}/records/{id}", view),
        post("/t/{tenant_id}/collections/{slug}/records/{id}/reveal", reveal),
        post("/t/{tenant_id}/collections/{slug}/records/{id}/delete", discard),
        post("/t/{tenant_id}/collections/{slug}/records/{id}/erase", erase),
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
    let page = page(&desk, &slug, record).await?;
    desk.show(&page)
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
    let page = page(&desk, &slug, record).await?;
    desk.answer(&page, StatusCode::OK, home)
}

async fn page(desk: &Desk<'_>, slug: &str, record: Record) -> Result<RecordView, Problem> {
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
