//! Bringing a table in: the file, the dry run, the word for it, and what came of it.

use std::sync::Arc;

use actix_web::http::StatusCode;
use actix_web::web::{Data, Path};
use actix_web::{HttpRequest, HttpResponse};

use super::{Desk, shown};
use crate::kernel::access::{Authorized, WriteRecords};
use crate::kernel::ids::{FieldId, ImportId};
use crate::vault::definition::Field;
use crate::vault::imports::{Asked, Ended, LinkKeys, Misfits, Report, RowFault, Terms, Waiting};
use crate::vault::kinds::{Kind, KindName, is_currency};
use crate::vault::{CollectionView, Error};
use crate::web::pages::{
    DryRunStanding, FieldOption, Form, ImportColumn, ImportDone, ImportDryRun, ImportField, ImportFile, ImportLink,
    MappedColumn, Presence, RowProblem,
};
use crate::web::problem::Problem;
use crate::web::routes::{Route, get, post};
use crate::web::services::Services;
use crate::web::site::form::FormFields;
use crate::web::site::upload::UploadBody;
use crate::web::site::{FormBody, go_to};

pub(super) fn routes() -> Vec<Route> {
    vec![
        get("/t/{tenant_id}/collections/{slug}/import", choose),
        post("/t/{tenant_id}/collections/{slug}/import", begin),
        get("/t/{tenant_id}/imports/{id}", look),
        post("/t/{tenant_id}/imports/{id}", finish),
    ]
}

/// The currency that a form offers for amounts without one.
const CURRENCY: &str = "EUR";

async fn choose(
    access: Authorized<WriteRecords>,
    services: Data<Services>,
    path: Path<(String, String)>,
    request: HttpRequest,
) -> Result<HttpResponse, Problem> {
    let (_, slug) = path.into_inner();
    let desk = Desk::of(&request, &services, &access).await?;
    let collection = desk.collection(&slug).await?;
    let page = page(&desk, &collection, Form::empty(), None).await?;
    desk.show(&page)
}

async fn begin(
    access: Authorized<WriteRecords>,
    services: Data<Services>,
    path: Path<(String, String)>,
    request: HttpRequest,
    upload: UploadBody,
) -> Result<HttpResponse, Problem> {
    let (_, slug) = path.into_inner();
    let desk = Desk::of(&request, &services, &access).await?;
    let collection = desk.collection(&slug).await?;
    let upload = upload.read("file", services.settings.limits.batch_body.len()).await?;
    let terms = terms(&collection, &upload.fields);
    let mut form = Form::empty();
    if terms.currency.as_deref().is_some_and(|code| !is_currency(code)) {
        form = form.wrong(ImportField::Currency, "not_a_currency");
    } else if let Some(file) = upload.file {
        let begun = services.vault.begin_import(&access, &slug, (file.name, Arc::new(file.content)), terms).await;
        match begun {
            Ok(id) => return Ok(go_to(&desk.at(&format!("/imports/{id}")))),
            Err(Error::Invalid(faults)) => {
                for fault in faults {
                    form = form.wrong(ImportField::File, fault.code);
                }
            }
            Err(other) => return desk.given(Err(other)),
        }
    } else {
        form = form.wrong(ImportField::File, "required");
    }
    let page = page(&desk, &collection, form, Some(&upload.fields)).await?;
    let path = desk.in_collection(&slug, "/import");
    desk.answer(&page, StatusCode::UNPROCESSABLE_ENTITY, path)
}

async fn look(
    access: Authorized<WriteRecords>,
    services: Data<Services>,
    path: Path<(String, String)>,
    request: HttpRequest,
) -> Result<HttpResponse, Problem> {
    let (id, desk) = (import_id(&path)?, Desk::of(&request, &services, &access).await?);
    told(desk, id, DryRunStanding::Told, StatusCode::OK).await
}

/// Does the import, if it comes to what the page told; else shows what it would come to now.
async fn finish(
    access: Authorized<WriteRecords>,
    services: Data<Services>,
    path: Path<(String, String)>,
    request: HttpRequest,
    form: FormBody,
) -> Result<HttpResponse, Problem> {
    let id = import_id(&path)?;
    let form = form.read().await?;
    let desk = Desk::of(&request, &services, &access).await?;
    let told_before = form.raw("told").parse().map_err(|_| Problem::MalformedRequest)?;
    match services.vault.finish_import(&access, id, told_before).await {
        Ok(_) => Ok(go_to(&desk.at(&format!("/imports/{id}")))),
        Err(Error::VersionConflict | Error::Invalid(_)) => {
            told(desk, id, DryRunStanding::Changed, StatusCode::PRECONDITION_FAILED).await
        }
        Err(other) => desk.given(Err(other)),
    }
}

/// An import's id in a path: one that is none names nothing.
fn import_id(path: &Path<(String, String)>) -> Result<ImportId, Problem> {
    path.1.parse().map_err(|_| Problem::NotFound)
}

/// The page of an import that was begun: what it would come to, or what came of it.
async fn told(
    desk: Desk<'_>,
    id: ImportId,
    standing: DryRunStanding,
    status: StatusCode,
) -> Result<HttpResponse, Problem> {
    match desk.given(desk.services.vault.begun_import(desk.access, id).await)? {
        Waiting::Asked(asked) => {
            let collection = desk.collection(&asked.collection).await?;
            let page = dry_run(&desk, &collection, id, *asked, standing);
            let path = desk.at(&format!("/imports/{id}"));
            desk.answer(&page, status, path)
        }
        Waiting::Ended(Ended { collection, file, made, left_out }) => {
            let collection = desk.mark(&desk.collection(&collection).await?);
            desk.show(&ImportDone { collection, file: file.into(), made: counted(made), left_out: counted(left_out) })
        }
    }
}

fn dry_run(
    desk: &Desk<'_>,
    collection: &CollectionView,
    id: ImportId,
    asked: Asked,
    standing: DryRunStanding,
) -> ImportDryRun {
    let Asked { file, report, .. } = asked;
    let label = |id: FieldId| {
        let field = collection.fields().iter().find(|field| field.id == id)?;
        Some(shown(field.label.in_language(desk.locale())))
    };
    // A column without heading or cells is nobody's.
    let stands =
        |column: &&crate::vault::imports::Column| column.field.is_some() || !column.heading.reveal().is_empty();
    let columns = report
        .columns
        .iter()
        .filter(stands)
        .map(|column| MappedColumn { heading: column.heading.clone().into(), field: column.field.and_then(label) });
    ImportDryRun {
        collection: desk.mark(collection),
        import: id,
        file: file.into(),
        ready: counted(report.accepted),
        refused: counted(report.rows.saturating_sub(report.accepted)),
        problems: report.faults.iter().map(|fault| problem(collection, &report, fault)).collect(),
        standing,
        columns: columns.collect(),
    }
}

/// A fault at the row and the column in which people find it.
fn problem(collection: &CollectionView, report: &Report, told: &RowFault) -> RowProblem {
    let parts: Vec<&str> = told.fault.pointer.split('/').collect();
    let column = match parts.as_slice() {
        ["", "rows", _, "values", name] => {
            let field = collection.fields().iter().find(|field| field.name == **name);
            let is_its = |column: &&crate::vault::imports::Column| column.field == field.map(|field| field.id);
            let heading = field.and_then(|_| report.columns.iter().find(is_its));
            // A value that is needed and has no column has a field alone.
            heading.map(|column| column.heading.clone().into()).or_else(|| field.map(|field| shown(&field.name)))
        }
        ["", "columns", number] => number
            .parse()
            .ok()
            .and_then(|number: usize| report.columns.get(number).map(|column| column.heading.clone().into())),
        _ => None,
    };
    RowProblem { line: told.row.map(counted), column, code: told.fault.code }
}

/// The page that asks for a file, with what was chosen in the form before.
async fn page(
    desk: &Desk<'_>,
    collection: &CollectionView,
    form: Form<ImportField>,
    before: Option<&FormFields>,
) -> Result<ImportFile, Problem> {
    let locale = desk.locale();
    let column = |field: &Field| ImportColumn {
        name: shown(&field.name),
        label: shown(field.label.in_language(locale)),
        presence: if field.required { Presence::Required } else { Presence::Optional },
    };
    let mut links = Vec::new();
    for field in collection.fields() {
        if let Some(target) = target(field) {
            let keys = keys(desk, target).await?;
            let first = || keys.first().map(|key| key.value.clone()).unwrap_or_default();
            let chosen = before.map_or_else(first, |before| shown(before.raw(&link(field))));
            links.push(ImportLink {
                name: shown(&field.name),
                label: shown(field.label.in_language(locale)),
                keys,
                chosen,
            });
        }
    }
    let currency = has_money(collection).then(|| before.map_or(CURRENCY, |before| before.raw("currency")));
    Ok(ImportFile {
        collection: desk.mark(collection),
        form,
        columns: collection.fields().iter().map(column).collect(),
        links,
        currency: currency.map(shown),
    })
}

/// The unique fields of a collection, by which a link into it may be found.
async fn keys(desk: &Desk<'_>, target: &str) -> Result<Vec<FieldOption>, Problem> {
    let target = match desk.services.vault.collection(desk.access, target).await {
        Err(Error::NotFound) => return Ok(Vec::new()),
        other => desk.given(other)?,
    };
    let unique = target.fields().iter().filter(|field| field.unique);
    let option =
        |field: &Field| FieldOption { value: shown(&field.name), label: shown(field.label.in_language(desk.locale())) };
    Ok(unique.map(option).collect())
}

/// How the form says that the file is meant. Who sees the dry run is told what is left out.
fn terms(collection: &CollectionView, form: &FormFields) -> Terms {
    let chosen = |field: &Field| {
        let key = form.raw(&link(field));
        (target(field).is_some() && !key.is_empty()).then(|| (field.name.clone(), key.to_owned()))
    };
    let links: LinkKeys = collection.fields().iter().filter_map(chosen).collect();
    let currency = form.raw("currency").trim().to_uppercase();
    let currency = (has_money(collection) && !currency.is_empty()).then_some(currency);
    Terms { links, currency, misfits: Misfits::LeftOut }
}

fn link(field: &Field) -> String {
    format!("link.{}", field.name)
}

fn target(field: &Field) -> Option<&str> {
    match &field.kind {
        Kind::Link { collection } => Some(collection),
        _ => None,
    }
}

fn has_money(collection: &CollectionView) -> bool {
    collection.fields().iter().any(|field| field.kind.name() == KindName::Money)
}

fn counted(number: usize) -> u64 {
    u64::try_from(number).unwrap_or(u64::MAX)
}
