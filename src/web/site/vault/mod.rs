//! The pages of a vault: what is kept there, looked at and changed by forms alone.
//!
//! Each handler asks the vault for what the JSON API gives, and puts it into a page. What they share is here: the
//! surroundings, refusals, and pages that answer a form ([`Desk`]). How values look is in [`cells`], how forms ask for
//! them in [`fields`].

mod cells;
mod collections;
mod export;
mod fields;
mod history;
mod import;
mod lists;
mod new_collection;
mod people;
mod record;
mod writing;

use actix_web::http::StatusCode;
use actix_web::{HttpRequest, HttpResponse};

use crate::kernel::access::{Role, TenantAccess};
use crate::kernel::ids::RecordId;
use crate::kernel::personal::Personal;
use crate::kernel::values::Locale;
use crate::vault::{CollectionView, Error};
use crate::web::api::vault::refusal;
use crate::web::pages::{Chrome, CollectionMark, Page, Pager, Place, Reach, Section, Shown};
use crate::web::problem::Problem;
use crate::web::routes::Route;
use crate::web::services::Services;
use crate::web::site::{Surroundings, show, surroundings};

pub(super) fn routes() -> Vec<Route> {
    [
        collections::routes(),
        new_collection::routes(),
        lists::routes(),
        record::routes(),
        writing::routes(),
        history::routes(),
        import::routes(),
        export::routes(),
        people::routes(),
    ]
    .into_iter()
    .flatten()
    .collect()
}

/// What every handler here works with: the services, who asks, and what surrounds the page.
struct Desk<'s> {
    services: &'s Services,
    access: &'s TenantAccess,
    chrome: Chrome,
}

impl<'s> Desk<'s> {
    /// The desk of who asks for `request`.
    async fn of(request: &HttpRequest, services: &'s Services, access: &'s TenantAccess) -> Result<Self, Problem> {
        let known = Surroundings::of_tenant(services, access, Section::Collections).await?;
        Ok(Self { services, access, chrome: surroundings(request, services, known) })
    }

    const fn locale(&self) -> Locale {
        self.chrome.locale
    }

    /// What stands below the tenant's address.
    fn at(&self, rest: &str) -> String {
        format!("/t/{}{rest}", crate::kernel::tenancy::InTenant::tenant(&self.access.scope))
    }

    /// The address of a collection, and what stands below it.
    fn in_collection(&self, slug: &str, rest: &str) -> String {
        self.at(&format!("/collections/{slug}{rest}"))
    }

    /// The address of a record, and what stands below it.
    fn of_record(&self, slug: &str, id: RecordId, rest: &str) -> String {
        self.in_collection(slug, &format!("/records/{id}{rest}"))
    }

    /// What a role allows from `role` on.
    fn reach(&self, role: Role) -> Reach {
        if self.access.role >= role { Reach::Change } else { Reach::Look }
    }

    /// What the vault gave, or its refusal as a problem.
    fn given<T>(&self, result: Result<T, Error>) -> Result<T, Problem> {
        result.map_err(|error| refusal(self.services, error))
    }

    async fn collection(&self, slug: &str) -> Result<CollectionView, Problem> {
        self.given(self.services.vault.collection(self.access, slug).await)
    }

    fn mark(&self, collection: &CollectionView) -> CollectionMark {
        CollectionMark {
            tenant: crate::kernel::tenancy::InTenant::tenant(&self.access.scope),
            slug: shown(collection.slug()),
            name: shown(collection.name().in_language(self.locale())),
        }
    }

    fn show<P: Page>(&self, page: &P) -> Result<HttpResponse, Problem> {
        show(self.services, page, &self.chrome)
    }

    /// A page in answer to a form: with this status, and leading back to `path`, which can be asked for.
    fn answer<P: Page>(mut self, page: &P, status: StatusCode, path: String) -> Result<HttpResponse, Problem> {
        self.chrome.path = path;
        let mut response = self.show(page)?;
        *response.status_mut() = status;
        Ok(response)
    }
}

/// A text of the tenant's on its way onto a page.
fn shown(text: &str) -> Shown {
    Personal::new(text.to_owned()).into()
}

/// A record's id in a path: one that is none names nothing.
fn record_id(text: &str) -> Result<RecordId, Problem> {
    text.parse().map_err(|_| Problem::NotFound)
}

/// The cursor in the address of a list.
fn after(request: &HttpRequest) -> Option<String> {
    request.query_string().split('&').find_map(|pair| pair.strip_prefix("after=")).map(ToOwned::to_owned)
}

/// Where a part of a list stands.
fn pager(next: Option<String>, after: Option<&str>) -> Pager {
    Pager { next, place: if after.is_some() { Place::FurtherOn } else { Place::Start } }
}

/// A vault's count for a page, which has no negative ones.
fn counted(number: i64) -> u64 {
    u64::try_from(number).unwrap_or_default()
}
