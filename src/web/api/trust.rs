//! What the running service knows of itself and says to anybody (P-12, R-20): read, never configured by hand twice.

use std::time::Duration;

use actix_web::HttpResponse;
use actix_web::web::{Data, block};
use serde::Serialize;
use utoipa::{OpenApi, ToSchema};

use crate::kernel::access::{Anyone, Authorized};
use crate::kernel::clock::Time;
use crate::kernel::store_error;
use crate::operators::standing::Drilled;
use crate::policies::{Facts, Happened};
use crate::settings::values::TlsProfile;
use crate::web::api::{failure, policies};
use crate::web::cookies;
use crate::web::problem::Problem;
use crate::web::routes::{Route, get};
use crate::web::services::Services;

pub(super) fn routes() -> Vec<Route> {
    vec![get("/api/v1/trust", trust)]
}

#[derive(OpenApi)]
#[openapi(paths(trust), components(schemas(Trust, RootKeyFact, DrillFact, PolicyEvent)))]
struct Part;

pub(super) fn document() -> utoipa::openapi::OpenApi {
    Part::openapi()
}

/// What the service knows of itself.
#[derive(Debug, Serialize, ToSchema)]
pub(in crate::web) struct Trust {
    /// The genuine host names; any other that looks alike is not this service.
    pub(in crate::web) domains: Vec<String>,
    /// Where questions are answered.
    pub(in crate::web) contact: String,
    /// Where the data stands; nothing where the operator has not said.
    pub(in crate::web) region: Option<String>,
    /// What protects the place.
    pub(in crate::web) hosting: Option<String>,
    /// The versions of TLS that are spoken; nothing is served without.
    pub(in crate::web) tls: Vec<&'static str>,
    /// The root keys in use, without what they are.
    pub(in crate::web) root_keys: Vec<RootKeyFact>,
    /// How many owners have keys of their own: businesses, people, and the service itself.
    pub(in crate::web) owners_with_keys: u64,
    /// How many owners' keys were destroyed because they left.
    pub(in crate::web) erasures: u64,
    /// For how many days a back-up is kept.
    pub(in crate::web) backup_days: u64,
    /// The last time that a back-up was put back, to see whether it can be; nothing before the first.
    pub(in crate::web) last_drill: Option<DrillFact>,
    /// Every cookie that there is.
    pub(in crate::web) cookies: [&'static str; 2],
    /// What happened to the legal documents, oldest first.
    pub(in crate::web) policies: Vec<PolicyEvent>,
}

/// A root key, by what may be known of it.
#[derive(Debug, Serialize, ToSchema)]
pub(in crate::web) struct RootKeyFact {
    /// Its version.
    pub(in crate::web) version: i64,
    /// What keeps it: a file, a passphrase, a key service, a hardware module.
    pub(in crate::web) kept_by: String,
    /// Since when.
    #[schema(value_type = String, format = DateTime)]
    pub(in crate::web) since: Time,
}

/// That a back-up was put back into a scratch place, and a sample of every tenant opened.
#[derive(Debug, Serialize, ToSchema)]
pub(in crate::web) struct DrillFact {
    /// When.
    #[schema(value_type = String, format = DateTime)]
    pub(in crate::web) at: Time,
    /// Whether all of it came back.
    pub(in crate::web) good: bool,
}

/// Something that happened to a version of a document.
#[derive(Debug, Serialize, ToSchema)]
pub(in crate::web) struct PolicyEvent {
    /// Of which document.
    pub(in crate::web) document: &'static str,
    /// Which version.
    pub(in crate::web) version: u32,
    /// `announced`, `notices_queued`, `in_force`, `superseded` or `withdrawn`.
    pub(in crate::web) event: &'static str,
    /// When.
    #[schema(value_type = String, format = DateTime)]
    pub(in crate::web) at: Time,
    /// How many accounts there were.
    pub(in crate::web) accounts: u64,
    /// Of them, how many had been told.
    pub(in crate::web) noticed: u64,
    /// How many could not be reached.
    pub(in crate::web) unreachable: u64,
}

/// What the running service says of itself to anybody.
#[utoipa::path(get, path = "/api/v1/trust", tag = "policies",
    responses((status = 200, description = "The facts", body = Trust)))]
async fn trust(_: Authorized<Anyone>, services: Data<Services>) -> Result<HttpResponse, Problem> {
    Ok(HttpResponse::Ok().json(known(&services).await?))
}

/// Reads the facts.
///
/// # Errors
/// A database is away.
pub(in crate::web) async fn known(services: &Services) -> Result<Trust, Problem> {
    let facts = Facts::of(&services.settings);
    let incidents = &services.incidents;
    let keyring = services.kernel.keyring().clone();
    let erasures = keyring.count_erasures().await;
    let erasures = erasures.map_err(|error| failure::of_store(incidents, store_error(&error)))?;
    let status = block(move || keyring.status())
        .await
        .map_err(|_| Problem::Unavailable { retry_after: Duration::from_secs(1) })?;
    let status = status.map_err(|error| failure::of_store(incidents, store_error(&error)))?;
    let root = |root: crate::kernel::keyring::rotation::RootVersion| RootKeyFact {
        version: root.version,
        kept_by: root.provider,
        since: root.created_at,
    };
    let drilled = services.operators.drilled().await.map_err(|error| failure::of_store(incidents, error))?;
    let history = services.policies.history().await.map_err(|error| policies::refusal(incidents, error))?;
    Ok(Trust {
        domains: facts.service_domains,
        contact: facts.contact_email,
        region: facts.hosting_region,
        hosting: facts.hosting_facts,
        tls: match services.settings.tls.profile {
            TlsProfile::Modern => vec!["1.3"],
            TlsProfile::Intermediate => vec!["1.3", "1.2"],
        },
        root_keys: status.roots.into_iter().filter(|root| root.current).map(root).collect(),
        owners_with_keys: u64::try_from(status.owners).unwrap_or(0),
        erasures,
        backup_days: facts.backup_retention.as_secs().div_ceil(86_400),
        last_drill: drilled.map(|(at, found)| DrillFact { at, good: found == Drilled::Good }),
        cookies: [cookies::SESSION, cookies::PREFERENCES],
        policies: history.iter().map(event).collect(),
    })
}

fn event(happened: &Happened) -> PolicyEvent {
    PolicyEvent {
        document: happened.which.document.name(),
        version: happened.which.version,
        event: happened.event.name(),
        at: happened.at,
        accounts: happened.tally.accounts,
        noticed: happened.tally.noticed,
        unreachable: happened.tally.unreachable,
    }
}
