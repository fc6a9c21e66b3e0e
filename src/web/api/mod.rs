//! The JSON API under `/api/v1`; `shared` parts first: bodies ([`body`]) and how failures are told ([`failure`]).

pub mod account_control;
pub mod accounts;
pub mod addresses;
pub mod approvals;
pub mod body;
mod consents;
mod contacts;
pub mod failure;
mod health;
pub mod identifiers;
pub mod inactivity;
pub mod leaving;
mod limits;
pub mod listing;
pub mod methods;
mod notices;
pub mod oidc;
pub mod openapi;
mod passkeys;
pub mod policies;
mod receipts;
mod sealing;
pub mod sign_in_rules;
pub mod subscriber;
mod support;
pub mod support_grants;
pub mod team;
pub mod tokens;
pub(in crate::web) mod trust;
pub mod vault;

use crate::web::routes::Route;

/// Every route of the API.
pub(super) fn routes() -> Vec<Route> {
    let mut routes = Vec::new();
    routes.extend(account_control::routes());
    routes.extend(accounts::routes());
    routes.extend(contacts::routes());
    routes.extend(approvals::routes());
    routes.extend(addresses::routes());
    routes.extend(health::routes());
    routes.extend(identifiers::routes());
    routes.extend(limits::routes());
    routes.extend(leaving::routes());
    routes.extend(sealing::routes());
    routes.extend(methods::routes());
    routes.extend(notices::routes());
    routes.extend(oidc::routes());
    routes.extend(openapi::routes());
    routes.extend(passkeys::routes());
    routes.extend(policies::routes());
    routes.extend(sign_in_rules::routes());
    routes.extend(inactivity::routes());
    routes.extend(subscriber::routes());
    routes.extend(support::routes());
    routes.extend(support_grants::routes());
    routes.extend(team::routes());
    routes.extend(tokens::routes());
    routes.extend(consents::routes());
    routes.extend(trust::routes());
    routes.extend(vault::routes());
    routes
}

/// Each part's description of its operations.
fn documents() -> Vec<utoipa::openapi::OpenApi> {
    let mut documents =
        vec![accounts::document(), methods::document(), passkeys::document(), policies::document(), tokens::document()];
    documents.push(contacts::document());
    documents.push(sign_in_rules::document());
    documents.push(inactivity::document());
    documents.push(notices::document());
    documents.push(identifiers::document());
    documents.push(approvals::document());
    documents.extend([addresses::document(), limits::document()]);
    documents.push(oidc::document());
    documents.push(subscriber::document());
    documents.push(support::document());
    documents.push(support_grants::document());
    documents.push(account_control::document());
    documents.push(team::document());
    documents.push(leaving::document());
    documents.push(consents::document());
    documents.push(trust::document());
    documents.push(sealing::document());
    documents.extend(vault::documents());
    documents
}
