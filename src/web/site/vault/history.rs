//! What became of a record, version by version.

use actix_web::web::{Data, Path};
use actix_web::{HttpRequest, HttpResponse};

use super::cells::{self, Links};
use super::{Desk, after, counted, pager, record_id, shown};
use crate::kernel::access::{Authorized, ReadRecords};
use crate::kernel::ids::RecordId;
use crate::kernel::store::StoreError;
use crate::kernel::values::Locale;
use crate::vault::definition::Field;
use crate::vault::{Change, Limit, Maker, Page, Version, VersionItem};
use crate::web::pages::{self, Deed, FieldChange, History, Moment, Visitor};
use crate::web::problem::Problem;
use crate::web::routes::{Route, get};
use crate::web::services::Services;

pub(super) fn routes() -> Vec<Route> {
    vec![get("/t/{tenant_id}/collections/{slug}/records/{id}/versions", history)]
}

async fn history(
    access: Authorized<ReadRecords>,
    services: Data<Services>,
    path: Path<(String, String, String)>,
    request: HttpRequest,
) -> Result<HttpResponse, Problem> {
    let (_, slug, id) = path.into_inner();
    let id = record_id(&id)?;
    let desk = Desk::of(&request, &services, &access).await?;
    let collection = desk.collection(&slug).await?;
    let after = after(&request);
    let Page { items, next } =
        desk.given(services.vault.versions(&access, &slug, id, Limit::default(), after.clone(), Vec::new()).await)?;
    let mut versions = opened(&desk, items);
    let shown_here = versions.len();
    versions.extend(one_before(&desk, &slug, id, next.clone()).await?);
    let links = Links::in_values(&desk, versions.iter().map(|version| &version.values)).await?;
    let title = versions
        .first()
        .map_or_else(|| id.to_string(), |newest| cells::title(collection.fields(), id, &newest.values, desk.locale()));
    let told = versions.iter().enumerate().take(shown_here);
    let told = told.map(|(place, version)| {
        let changes = versions.get(place + 1).map(|before| changes(before, version, &links, desk.locale()));
        pages::Version {
            number: counted(version.version),
            at: Moment::new(version.at, desk.locale()),
            by: by(&desk, version.by),
            deed: deed(version.change),
            changes: changes.unwrap_or_default(),
        }
    });
    let page = History {
        collection: desk.mark(&collection),
        id,
        title: shown(&title),
        versions: told.collect(),
        pager: pager(next, after.as_deref()),
    };
    desk.show(&page)
}

/// The version before those on the page, to compare the last of them with.
async fn one_before(
    desk: &Desk<'_>,
    slug: &str,
    id: RecordId,
    next: Option<String>,
) -> Result<Option<Version>, Problem> {
    let (Some(next), Some(one)) = (next, Limit::new(1)) else { return Ok(None) };
    let page = desk.given(desk.services.vault.versions(desk.access, slug, id, one, Some(next), Vec::new()).await)?;
    Ok(opened(desk, page.items).into_iter().next())
}

/// Those that open; the others are reported.
pub(super) fn opened(desk: &Desk<'_>, items: Vec<VersionItem>) -> Vec<Version> {
    let version = |item| match item {
        VersionItem::Version(version) => Some(version),
        VersionItem::Unreadable(_) => {
            desk.services.incidents.report(&StoreError::Unreadable);
            None
        }
    };
    items.into_iter().filter_map(version).collect()
}

/// What a version changed, field by field; a masked value stays masked on both sides.
pub(super) fn changes(before: &Version, now: &Version, links: &Links, locale: Locale) -> Vec<FieldChange> {
    let change = |field: &Field| FieldChange {
        label: shown(field.label.in_language(locale)),
        before: cells::cell(field, before.values.of(field), links, locale),
        after: cells::cell(field, now.values.of(field), links, locale),
    };
    now.values.changed_since(&before.values).map(change).collect()
}

/// The visitor by their own name; of others no page tells yet who they are.
fn by(desk: &Desk<'_>, maker: Maker) -> Option<pages::Shown> {
    let own = desk.access.scope.actor().account();
    match (&desk.chrome.visitor, maker) {
        (Visitor::Confirmed { name } | Visitor::Unconfirmed { name }, Maker::Account(account)) if account == own => {
            Some(name.clone())
        }
        _ => None,
    }
}

const fn deed(change: Change) -> Deed {
    match change {
        Change::Created => Deed::Created,
        Change::Changed => Deed::Changed,
        Change::Trashed => Deed::Trashed,
        Change::Restored => Deed::Restored,
    }
}
