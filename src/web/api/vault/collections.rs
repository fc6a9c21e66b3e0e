//! Collections over HTTP.

use actix_web::web::{Data, Path};
use actix_web::{HttpRequest, HttpResponse};
use utoipa::OpenApi;

use super::shapes::{CollectionPage, CollectionShape};
use super::{Listing, OfId, OrUnreadable, answer, refusal, send, unreadable, wish};
use crate::kernel::access::{Authorized, ReadCollections, WriteCollections};
use crate::kernel::idempotency::Answer;
use crate::kernel::store::StoreError;
use crate::vault::{ChangedCollection, CollectionItem, CollectionView, NewCollection, Page};
use crate::web::api::body::Body;
use crate::web::problem::Problem;
use crate::web::routes::{Route, delete, get, post, put};
use crate::web::services::Services;

pub(super) fn routes() -> Vec<Route> {
    vec![
        get("/api/v1/collections", list),
        post("/api/v1/collections", create),
        get("/api/v1/collections/{slug}", read),
        put("/api/v1/collections/{slug}", change),
        delete("/api/v1/collections/{slug}", remove),
    ]
}

#[derive(OpenApi)]
#[openapi(
    paths(list, create, read, change, remove),
    components(schemas(NewCollection, ChangedCollection, CollectionShape, CollectionPage))
)]
pub(super) struct Part;

fn created(collection: &CollectionView) -> Result<Answer, StoreError> {
    answer(201, Some(format!("/api/v1/collections/{}", collection.slug())), None, collection)
}

/// The collections, oldest first.
#[utoipa::path(get, path = "/api/v1/collections", tag = "collections",
    security(("token" = []), ("session" = [])),
    params(("limit" = Option<i64>, Query, description = "1 to 200; 50 if left out", minimum = 1, maximum = 200),
        ("after" = Option<String>, Query, description = "The `next` of the page before")),
    responses((status = 200, description = "A page of collections", body = CollectionPage)))]
async fn list(
    access: Authorized<ReadCollections>,
    services: Data<Services>,
    request: HttpRequest,
) -> Result<HttpResponse, Problem> {
    let listing = Listing::plain(&request)?;
    let page = services.vault.collections(&access, listing.limit()?, listing.after).await;
    let page = page.map_err(|error| refusal(&services, error))?;
    let items = page.items.into_iter().map(|item| match item {
        CollectionItem::Collection(collection) => OrUnreadable::Whole(collection),
        CollectionItem::Unreadable(id) => unreadable(&services, OfId { id }),
    });
    Ok(HttpResponse::Ok().json(Page { items: items.collect(), next: page.next }))
}

/// Makes a collection, from its fields or a starter collection.
#[utoipa::path(post, path = "/api/v1/collections", tag = "collections",
    security(("token" = []), ("session" = [])),
    params(("Idempotency-Key" = Option<String>, Header, description = "Done once in 24 hours")),
    request_body = NewCollection,
    responses((status = 201, description = "The collection", body = CollectionShape,
        headers(("Location" = String, description = "Where the collection is"))),
        (status = 409, description = "The slug is taken")))]
async fn create(
    access: Authorized<WriteCollections>,
    services: Data<Services>,
    request: HttpRequest,
    body: Body<NewCollection>,
) -> Result<HttpResponse, Problem> {
    let (input, bytes) = body.read_with_bytes().await?;
    let wish = wish(&request, "POST /api/v1/collections", &bytes, created)?;
    let made = services.vault.create_collection(&access, input, wish).await;
    send(&services.incidents, made.map_err(|error| refusal(&services, error))?, created)
}

/// One collection.
#[utoipa::path(get, path = "/api/v1/collections/{slug}", tag = "collections",
    security(("token" = []), ("session" = [])),
    params(("slug" = String, Path, description = "The collection's slug")),
    responses((status = 200, description = "The collection", body = CollectionShape)))]
async fn read(
    access: Authorized<ReadCollections>,
    services: Data<Services>,
    slug: Path<String>,
) -> Result<HttpResponse, Problem> {
    let collection = services.vault.collection(&access, &slug).await.map_err(|error| refusal(&services, error))?;
    Ok(HttpResponse::Ok().json(collection))
}

/// Changes a collection as a whole. A field is a present one by its id, else by its name; those left out are hidden, with
/// their values.
#[utoipa::path(put, path = "/api/v1/collections/{slug}", tag = "collections",
    security(("token" = []), ("session" = [])),
    params(("slug" = String, Path, description = "The collection's slug")),
    request_body = ChangedCollection,
    responses((status = 200, description = "The collection", body = CollectionShape),
        (status = 409, description = "A field that became unique has a value twice")))]
async fn change(
    access: Authorized<WriteCollections>,
    services: Data<Services>,
    slug: Path<String>,
    body: Body<ChangedCollection>,
) -> Result<HttpResponse, Problem> {
    let input = match body.read().await {
        Ok(input) => input,
        Err(problem) => {
            services.vault.demand_collection(&access, &slug).await.map_err(|error| refusal(&services, error))?;
            return Err(problem);
        }
    };
    let changed = services.vault.change_collection(&access, &slug, input).await;
    Ok(HttpResponse::Ok().json(changed.map_err(|error| refusal(&services, error))?))
}

/// Deletes a collection that has no records, with its trash.
#[utoipa::path(delete, path = "/api/v1/collections/{slug}", tag = "collections",
    security(("token" = []), ("session" = [])),
    params(("slug" = String, Path, description = "The collection's slug")),
    responses((status = 204, description = "Deleted"), (status = 409, description = "It has records")))]
async fn remove(
    access: Authorized<WriteCollections>,
    services: Data<Services>,
    slug: Path<String>,
) -> Result<HttpResponse, Problem> {
    services.vault.delete_collection(&access, &slug).await.map_err(|error| refusal(&services, error))?;
    Ok(HttpResponse::NoContent().finish())
}
