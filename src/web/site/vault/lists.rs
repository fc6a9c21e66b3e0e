//! The records of a collection, what a search finds among them, and its trash.

use actix_web::http::StatusCode;
use actix_web::web::{Data, Path};
use actix_web::{HttpRequest, HttpResponse};
use serde_json::{Value, json};

use super::cells::{self, Links};
use super::{Desk, after, counted, pager, record_id, shown};
use crate::kernel::access::{Authorized, ReadRecords, Role, WriteRecords};
use crate::kernel::ids::RecordId;
use crate::kernel::store::StoreError;
use crate::vault::definition::Field;
use crate::vault::kinds::{Found, Kind, KindName};
use crate::vault::{CollectionView, Error, Input, Item, Limit, Page, Query};
use crate::web::pages::{Cell, Moment, Place, RecordList, RecordRow, Search, SearchField, Sought, Trash, TrashedRow};
use crate::web::problem::Problem;
use crate::web::routes::{Route, get, post};
use crate::web::services::Services;
use crate::web::site::{FormBody, go_to};

pub(super) fn routes() -> Vec<Route> {
    vec![
        get("/t/{tenant_id}/collections/{slug}", list),
        post("/t/{tenant_id}/collections/{slug}/search", search),
        get("/t/{tenant_id}/collections/{slug}/trash", trash),
        post("/t/{tenant_id}/collections/{slug}/records/{id}/restore", restore),
    ]
}

/// The most columns of a list beside the name of the record.
const COLUMNS: usize = 4;

async fn list(
    access: Authorized<ReadRecords>,
    services: Data<Services>,
    path: Path<(String, String)>,
    request: HttpRequest,
) -> Result<HttpResponse, Problem> {
    let (_, slug) = path.into_inner();
    let desk = Desk::of(&request, &services, &access).await?;
    let collection = desk.collection(&slug).await?;
    let after = after(&request);
    let found =
        desk.given(services.vault.records(&access, &slug, Limit::default(), after.clone(), Vec::new()).await)?;
    let total = match after {
        None => desk.given(services.vault.counts(&access).await)?.get(&collection.id()).copied().or(Some(0)),
        Some(_) => None,
    };
    let place = pager(None, after.as_deref()).place;
    let page = page(&desk, &collection, found, total, None, place).await?;
    desk.show(&page)
}

/// What is sought comes in the form and stands in no address.
async fn search(
    access: Authorized<ReadRecords>,
    services: Data<Services>,
    path: Path<(String, String)>,
    request: HttpRequest,
    form: FormBody,
) -> Result<HttpResponse, Problem> {
    let (_, slug) = path.into_inner();
    let form = form.read().await?;
    let desk = Desk::of(&request, &services, &access).await?;
    let collection = desk.collection(&slug).await?;
    let home = desk.in_collection(collection.slug(), "");
    let typed = form.text("query").into_revealed();
    if typed.is_empty() {
        return Ok(go_to(&home));
    }
    let field = collection.fields().iter().find(|field| field.name == form.raw("in"));
    let query = match field {
        Some(field) => {
            Query { exact: Input::from_iter([(field.name.clone(), sought(&field.kind, &typed))]), text: None }
        }
        None => Query { exact: Input::new(), text: Some(typed.clone()) },
    };
    let after = Some(form.raw("after")).filter(|after| !after.is_empty()).map(ToOwned::to_owned);
    let place = pager(None, after.as_deref()).place;
    let found = match services.vault.search(&access, &slug, query, Limit::default(), after).await {
        // What cannot be a value of the field is the value of no record.
        Err(Error::Invalid(_)) => Page { items: Vec::new(), next: None },
        other => desk.given(other)?,
    };
    let sought = Sought { field: field.map(|field| shown(&field.name)), query: shown(&typed) };
    let page = page(&desk, &collection, found, None, Some(sought), place).await?;
    desk.answer(&page, StatusCode::OK, home)
}

/// A value as somebody types it into the search box.
fn sought(kind: &Kind, typed: &str) -> Value {
    match kind {
        Kind::Money => {
            let (amount, currency) = typed.rsplit_once(char::is_whitespace).unwrap_or((typed, "EUR"));
            json!({"amount": super::fields::decimal(amount), "currency": currency.to_uppercase()})
        }
        Kind::Number => json!(super::fields::decimal(typed)),
        Kind::Choice { choices } => {
            let is_meant = |text: &str| text.to_lowercase() == typed.to_lowercase();
            let chosen = choices.iter().find(|choice| choice.label.texts().any(is_meant));
            json!(chosen.map_or(typed, |choice| &choice.value))
        }
        _ => json!(typed),
    }
}

async fn page(
    desk: &Desk<'_>,
    collection: &CollectionView,
    found: Page<Item>,
    total: Option<u64>,
    sought: Option<Sought>,
    place: Place,
) -> Result<RecordList, Problem> {
    let (fields, locale) = (collection.fields(), desk.locale());
    let naming = cells::title_field(fields);
    let columns = columns(fields, naming);
    let links = Links::in_values(desk, found.items.iter().filter_map(values)).await?;
    let row = |item: &Item| match item {
        Item::Record(record) => RecordRow {
            id: record.id,
            title: shown(&cells::title(fields, record.id, &record.values, locale)),
            cells: columns.iter().map(|field| cells::cell(field, record.values.of(field), &links, locale)).collect(),
        },
        Item::Unreadable(id) => RecordRow {
            id: *id,
            title: shown(&unreadable(desk, *id)),
            cells: columns.iter().map(|_| Cell::Empty).collect(),
        },
    };
    let rows = found.items.iter().map(row).collect();
    let label = |field: &Field| shown(field.label.in_language(locale));
    let first = naming.map_or_else(|| shown(collection.name().in_language(locale)), label);
    let searchable = fields.iter().filter(|field| field.searchable && field.kind.name() != KindName::Link);
    let search_fields = searchable.map(|field| SearchField { name: shown(&field.name), label: label(field) });
    Ok(RecordList {
        collection: desk.mark(collection),
        columns: std::iter::once(first).chain(columns.iter().map(|field| label(field))).collect(),
        rows,
        total,
        search: Search { fields: search_fields.collect(), sought },
        pager: crate::web::pages::Pager { next: found.next, place },
        reach: desk.reach(Role::Editor),
    })
}

/// The fields that a list shows beside the name: the first that are short, those that every record has before others.
fn columns<'f>(fields: &'f [Field], naming: Option<&Field>) -> Vec<&'f Field> {
    let short = || {
        let other = |field: &&Field| naming.is_none_or(|naming| naming.id != field.id);
        fields.iter().filter(other).filter(|field| field.kind.name() != KindName::LongText)
    };
    let needed = short().filter(|field| field.required);
    let others = short().filter(|field| !field.required);
    // Those that can be told apart by their values come first among the others.
    let (telling, rest): (Vec<_>, Vec<_>) =
        others.partition(|field| field.searchable && field.kind.name().found() == Found::ByValueAndWords);
    let mut chosen: Vec<&Field> = needed.chain(telling).chain(rest).take(COLUMNS).collect();
    chosen.sort_by_key(|field| fields.iter().position(|known| known.id == field.id));
    chosen
}

const fn values(item: &Item) -> Option<&crate::vault::Shown> {
    match item {
        Item::Record(record) => Some(&record.values),
        Item::Unreadable(_) => None,
    }
}

/// Reports a record that does not open, and calls it by its id.
pub(super) fn unreadable(desk: &Desk<'_>, id: RecordId) -> String {
    desk.services.incidents.report(&StoreError::Unreadable);
    id.to_string()
}

async fn trash(
    access: Authorized<ReadRecords>,
    services: Data<Services>,
    path: Path<(String, String)>,
    request: HttpRequest,
) -> Result<HttpResponse, Problem> {
    let (_, slug) = path.into_inner();
    let desk = Desk::of(&request, &services, &access).await?;
    let collection = desk.collection(&slug).await?;
    let after = after(&request);
    let found = desk.given(services.vault.trash(&access, &slug, Limit::default(), after.clone()).await)?;
    let locale = desk.locale();
    let row = |item: Item| match item {
        Item::Record(record) => Some(TrashedRow {
            id: record.id,
            title: shown(&cells::title(collection.fields(), record.id, &record.values, locale)),
            trashed_at: Moment::new(record.trashed_at.unwrap_or(record.updated_at), locale),
            version: counted(record.version),
        }),
        // Of one that does not open nobody knows when it was trashed, and it could not be restored.
        Item::Unreadable(id) => {
            unreadable(&desk, id);
            None
        }
    };
    let rows = found.items.into_iter().filter_map(row).collect();
    let pager = pager(found.next, after.as_deref());
    let (reach, erasing) = (desk.reach(Role::Editor), desk.reach(Role::Admin));
    desk.show(&Trash { collection: desk.mark(&collection), rows, pager, reach, erasing })
}

async fn restore(
    access: Authorized<WriteRecords>,
    services: Data<Services>,
    path: Path<(String, String, String)>,
    request: HttpRequest,
) -> Result<HttpResponse, Problem> {
    let (_, slug, id) = path.into_inner();
    let id = record_id(&id)?;
    let desk = Desk::of(&request, &services, &access).await?;
    desk.given(services.vault.restore(&access, &slug, id, None).await)?;
    Ok(go_to(&desk.of_record(&slug, id, "?news=record_restored")))
}
