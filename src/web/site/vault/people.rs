//! Somebody's request to be forgotten: looked for by what they are known by, and erased wherever they are mentioned.

use actix_web::http::StatusCode;
use actix_web::web::{Data, Path};
use actix_web::{HttpRequest, HttpResponse};

use super::{Desk, cells, counted, shown};
use crate::kernel::access::{Authorized, EraseRecords, ReadRecords, Role};
use crate::kernel::personal::Personal;
use crate::kernel::tenancy::InTenant as _;
use crate::vault::people::{Chosen, Mention, Mentions, Part, Reach as Looked};
use crate::vault::{Error, Item};
use crate::web::pages::{MentionRow, Mentioned, Moment, People, PersonErased};
use crate::web::problem::Problem;
use crate::web::routes::{Route, get, post};
use crate::web::services::Services;
use crate::web::site::FormBody;

pub(super) fn routes() -> Vec<Route> {
    vec![
        get("/t/{tenant_id}/people", look),
        post("/t/{tenant_id}/people/search", search),
        post("/t/{tenant_id}/people/erase", erase),
    ]
}

async fn look(
    access: Authorized<ReadRecords>,
    services: Data<Services>,
    _: Path<String>,
    request: HttpRequest,
) -> Result<HttpResponse, Problem> {
    let desk = Desk::of(&request, &services, &access).await?;
    desk.show(&page(&desk, ""))
}

fn page(desk: &Desk<'_>, known_by: &str) -> People {
    People {
        tenant: desk.access.scope.tenant(),
        reach: desk.reach(Role::Admin),
        known_by: shown(known_by),
        wrong: None,
        found: None,
    }
}

/// Whom somebody looks for comes in the form and stands in no address.
async fn search(
    access: Authorized<EraseRecords>,
    services: Data<Services>,
    _: Path<String>,
    request: HttpRequest,
    form: FormBody,
) -> Result<HttpResponse, Problem> {
    let typed = form.read().await?.raw("known_by").to_owned();
    let lines = typed.lines().map(str::trim).filter(|line| !line.is_empty());
    let known_by: Vec<Personal<String>> = lines.map(|line| Personal::new(line.to_owned())).collect();
    let desk = Desk::of(&request, &services, &access).await?;
    let mut page = page(&desk, &typed);
    let status = match services.vault.mentions(&access, &known_by).await {
        Err(Error::Invalid(_)) => {
            page.wrong = Some("out_of_range");
            StatusCode::UNPROCESSABLE_ENTITY
        }
        found => {
            page.found = Some(mentioned(&desk, &desk.given(found)?));
            StatusCode::OK
        }
    };
    let home = desk.at("/people");
    desk.answer(&page, status, home)
}

fn mentioned(desk: &Desk<'_>, found: &Mentions) -> Mentioned {
    Mentioned {
        rows: found.records.iter().map(|mention| row(desk, mention)).collect(),
        files: found.files.len(),
        is_more: found.reach == Looked::More,
    }
}

fn row(desk: &Desk<'_>, mention: &Mention) -> MentionRow {
    let locale = desk.locale();
    let (title, is_trashed) = match &mention.record {
        Item::Record(record) => {
            let title = cells::title(mention.collection.fields(), record.id, &record.values, locale);
            (title, record.trashed_at.is_some())
        }
        Item::Unreadable(id) => (super::lists::unreadable(desk, *id), false),
    };
    MentionRow {
        slug: shown(mention.collection.slug()),
        collection: shown(mention.collection.name().in_language(locale)),
        id: mention.record.id(),
        title: shown(&title),
        version: counted(mention.version),
        part: match mention.part {
            Part::Values => "values",
            Part::History => "history",
            Part::FileName => "file_name",
        },
        is_trashed,
    }
}

/// Erases what stayed ticked; what is left is the receipt.
async fn erase(
    access: Authorized<EraseRecords>,
    services: Data<Services>,
    _: Path<String>,
    request: HttpRequest,
    form: FormBody,
) -> Result<HttpResponse, Problem> {
    let form = form.read().await?;
    let chosen = form.all("record").map(chosen).collect::<Option<Vec<_>>>().ok_or(Problem::MalformedRequest)?;
    let desk = Desk::of(&request, &services, &access).await?;
    let backups = services.settings.backup.retention.into();
    let receipt = desk.given(services.vault.erase_person(&access, chosen, backups).await)?;
    let locale = desk.locale();
    let page = PersonErased {
        tenant: access.scope.tenant(),
        ids: receipt.records,
        erased_at: Moment::new(receipt.erased_at, locale),
        rows: receipt.purged.values().sum(),
        no_back_up_from: Moment::new(receipt.no_back_up_from, locale),
    };
    let home = desk.at("/people");
    desk.answer(&page, StatusCode::OK, home)
}

/// A record as the form names it: `collection/id/version`.
fn chosen(text: &str) -> Option<Chosen> {
    let mut parts = text.split('/');
    let (collection, id, version) = (parts.next()?, parts.next()?, parts.next()?);
    let chosen = Chosen { collection: collection.to_owned(), id: id.parse().ok()?, version: version.parse().ok()? };
    parts.next().is_none().then_some(chosen)
}
