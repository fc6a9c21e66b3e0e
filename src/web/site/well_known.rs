//! What machines look for under `/.well-known`.

use std::time::Duration;

use actix_web::HttpResponse;
use actix_web::http::header;
use actix_web::web::Data;
use serde_json::json;

use crate::kernel::access::{Anyone, Authorized};
use crate::kernel::values::Locale;
use crate::policies::Document;
use crate::settings::values::Reach;
use crate::web::api::policies::refusal;
use crate::web::problem::Problem;
use crate::web::routes::{Route, get};
use crate::web::services::Services;

pub(super) fn routes() -> Vec<Route> {
    vec![
        get("/.well-known/security.txt", security),
        get("/.well-known/change-password", change_password),
        get("/.well-known/gpc.json", privacy_control),
    ]
}

/// How long what it says may be relied on; less than a year (RFC 9116 §2.5.5), counted from midnight so that a day's
/// answers are alike.
const VALID: Duration = Duration::from_hours(180 * 24);

/// Where to report a weakness (RFC 9116).
async fn security(_: Authorized<Anyone>, services: Data<Services>) -> HttpResponse {
    let today = services.kernel.now().day();
    let midnight = crate::kernel::clock::Time::from_micros(today.saturating_mul(86_400_000_000));
    let languages: Vec<&str> = Locale::ALL.iter().map(|locale| locale.tag()).collect();
    let mut text = format!(
        "Contact: mailto:{}\nExpires: {}\nPreferred-Languages: {}\n",
        services.settings.contact(),
        midnight.plus(VALID).rfc3339(),
        languages.join(", "),
    );
    for name in services.settings.server.names.iter().filter(|name| name.reach() == Reach::Network) {
        text.push_str(&format!("Canonical: https://{name}/.well-known/security.txt\n"));
    }
    HttpResponse::Ok().insert_header((header::CONTENT_TYPE, "text/plain; charset=utf-8")).body(text)
}

/// Leads password managers to where a password is changed (W3C, A Well-Known URL for Changing Passwords).
async fn change_password(_: Authorized<Anyone>) -> HttpResponse {
    HttpResponse::Found().insert_header((header::LOCATION, "/account/password")).finish()
}

/// Says that Global Privacy Control is honoured: since the privacy policy in force is.
async fn privacy_control(_: Authorized<Anyone>, services: Data<Services>) -> Result<HttpResponse, Problem> {
    let all = services.policies.list().await.map_err(|error| refusal(&services.incidents, error))?;
    let privacy = all.iter().filter(|known| known.which.document == Document::Privacy);
    let since = privacy.filter_map(|known| known.in_force_at).max().unwrap_or_else(|| services.kernel.now());
    Ok(HttpResponse::Ok().json(json!({"gpc": true, "lastUpdate": since.date()})))
}
