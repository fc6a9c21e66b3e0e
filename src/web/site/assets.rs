//! `/assets/{hash}/{name}`: style sheet, modules, icon, manifest.

use actix_web::HttpResponse;
use actix_web::http::header;
use actix_web::web::Path;

use crate::kernel::access::{Anyone, Authorized};
use crate::web::assets::{self, Found};
use crate::web::problem::Problem;
use crate::web::routes::{Route, get};

pub(super) fn routes() -> Vec<Route> {
    vec![get("/assets/{hash}/{name}", asset)]
}

async fn asset(_: Authorized<Anyone>, path: Path<(String, String)>) -> Result<HttpResponse, Problem> {
    let (hash, name) = path.into_inner();
    let (asset, keep) = match assets::find(&hash, &name).ok_or(Problem::NotFound)? {
        Found::Exact(asset) => (asset, "public, max-age=31536000, immutable"),
        Found::OtherVersion(asset) => (asset, "no-cache"),
    };
    Ok(HttpResponse::Ok().content_type(asset.media_type).insert_header((header::CACHE_CONTROL, keep)).body(asset.bytes))
}
