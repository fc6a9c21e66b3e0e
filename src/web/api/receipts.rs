//! Receipts: that something stands in the transparency log.

use actix_web::HttpResponse;
use actix_web::http::header;

use crate::web::api::failure;
use crate::web::problem::Problem;
use crate::web::services::Services;

/// The receipt of the entry that states this fact, as a file (c2sp.org/tlog-proof).
///
/// # Errors
/// 404 while the log does not state it, 503 while the keyring is away.
pub(super) async fn answer(services: &Services, subject: String) -> Result<HttpResponse, Problem> {
    let receipt = services.kernel.log_receipt(subject).await;
    let receipt = receipt.map_err(|error| failure::of_store(&services.incidents, error))?;
    Ok(HttpResponse::Ok()
        .content_type("text/plain; charset=utf-8")
        .insert_header((header::CONTENT_DISPOSITION, "attachment; filename=\"receipt.tlog-proof\""))
        .body(receipt.ok_or(Problem::NotFound)?.text()))
}
