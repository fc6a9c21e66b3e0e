//! Leaving: the wish, what becomes of it, and the proof, which anybody may ask for who knows its id.

use std::collections::BTreeMap;

use actix_web::HttpResponse;
use actix_web::web::{Data, Path, Query};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD as BASE64URL;
use serde::{Deserialize, Serialize};
use utoipa::{OpenApi, ToSchema};

use crate::kernel::access::{Anyone, Authorized, EraseAccount, KeepTenant, LeaveTenant, SeeLeaving};
use crate::kernel::clock::Time;
use crate::kernel::erasure::ErasureId;
use crate::kernel::erasure::certificate::Kind;
use crate::kernel::ids::{AccountId, CancellationId};
use crate::kernel::keyring::erasures::{Erasure, Stage};
use crate::kernel::log::Incidents;
use crate::kernel::personal::Personal;
use crate::kernel::transparency::Leaf;
use crate::tenants::leaving::{Gone, LeavingError, Preview, Request, Standing, When, Wisher};
use crate::web::api::account_control::forget;
use crate::web::api::body::Body;
use crate::web::api::{failure, receipts};
use crate::web::problem::Problem;
use crate::web::routes::{Route, delete, get, post};
use crate::web::services::Services;

pub(super) fn routes() -> Vec<Route> {
    vec![
        get("/api/v1/tenant/cancellation", show),
        post("/api/v1/tenant/cancellation", request),
        delete("/api/v1/tenant/cancellation", take_back),
        post("/api/v1/tenant/cancellation/{id}/objection", object),
        post("/api/v1/tenant/cancellation/{id}/agreement", agree),
        post("/api/v1/account/erasure", erase_account),
        get("/api/v1/erasures/{id}", erasure),
        get("/api/v1/erasures/{id}/receipt", receipt),
        get("/.well-known/seif-keys.json", keys),
    ]
}

#[derive(OpenApi)]
#[openapi(paths(show, request, take_back, object, agree, erase_account, erasure, receipt, keys))]
struct Part;

pub(super) fn document() -> utoipa::openapi::OpenApi {
    Part::openapi()
}

/// The most characters of a reason.
const LONGEST_REASON: usize = 1000;

/// The wish to leave.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct CancellationBody {
    /// The tenant's name, typed.
    #[schema(value_type = String)]
    tenant_name: Personal<String>,
    /// `now` or `after_grace`.
    #[schema(value_type = String, example = "after_grace")]
    when: String,
    /// Why; nobody need say. At most 1,000 characters.
    #[schema(value_type = Option<String>)]
    reason: Option<Personal<String>>,
}

/// A wish that stands, or was done at once.
#[derive(Serialize, ToSchema)]
struct CancellationAnswer {
    /// Its own id, for objections.
    #[schema(value_type = String, format = "uuid")]
    id: CancellationId,
    /// The secret under which it can be followed by anybody, and its proof is kept: 32 hexadecimal digits.
    erasure_id: String,
    /// Which owner wished; null where it was none of them.
    #[schema(value_type = Option<String>, format = "uuid")]
    requested_by: Option<AccountId>,
    /// `owner`; `service`, by an owner's choice of what happens when nobody uses the tenant; or `operator`, on its behalf.
    requester: &'static str,
    #[schema(value_type = String, format = DateTime)]
    requested_at: Time,
    /// When the keys were destroyed: nobody can read anything any more.
    #[schema(value_type = Option<String>, format = DateTime)]
    #[serde(skip_serializing_if = "Option::is_none")]
    keys_destroyed_at: Option<Time>,
    /// Until when it can be taken back.
    #[schema(value_type = Option<String>, format = DateTime)]
    #[serde(skip_serializing_if = "Option::is_none")]
    grace_until: Option<Time>,
    /// Until when another owner may object.
    #[schema(value_type = Option<String>, format = DateTime)]
    #[serde(skip_serializing_if = "Option::is_none")]
    objectable_until: Option<Time>,
}

/// What would go, and the wish that stands.
#[derive(Serialize, ToSchema)]
struct LeavingAnswer {
    /// The wish that stands.
    cancellation: Option<CancellationAnswer>,
    /// How many people belong to the tenant; whoever belongs to no other is erased too.
    members: u64,
    /// How many owners there are. Where there is more than one, the others may object for seven days.
    owners: u64,
    /// How many days a wish that is not for now can be taken back.
    grace_days: u64,
    /// How many days after the destruction of the keys an old back-up of the keyring can still exist.
    keyring_backup_days: u64,
}

/// The end of an account that belongs to no tenant.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct AccountErasureBody {
    /// The account's e-mail address, typed.
    #[schema(value_type = String, format = "email")]
    email: Personal<String>,
}

/// An account whose keys are destroyed.
#[derive(Serialize, ToSchema)]
struct AccountErasureAnswer {
    /// The secret under which the erasure can be followed by anybody, and its proof is kept: 32 hexadecimal digits.
    erasure_id: String,
    #[schema(value_type = String, format = DateTime)]
    keys_destroyed_at: Time,
}

/// How far an erasure is.
#[derive(Serialize, ToSchema)]
struct ErasureAnswer {
    /// `scheduled`, `erasing` or `erased`.
    #[schema(example = "erased")]
    state: &'static str,
    #[schema(value_type = String, format = DateTime)]
    requested_at: Time,
    /// When it begins, or began.
    #[schema(value_type = String, format = DateTime)]
    due_at: Time,
    #[schema(value_type = Option<String>, format = DateTime)]
    keys_destroyed_at: Option<Time>,
    /// How many rows of each table were deleted, once all are.
    purged: BTreeMap<String, u64>,
    /// How many files were.
    files: u64,
    #[schema(value_type = Option<String>, format = DateTime)]
    finished_at: Option<Time>,
    /// The proof: an object, signed with Ed25519 over the RFC 8785 form of everything but `signature`.
    #[schema(value_type = Option<Object>)]
    certificate: Option<serde_json::Value>,
    /// The one that follows when no old back-up of the keyring can exist any more.
    #[schema(value_type = Option<Object>)]
    last_certificate: Option<serde_json::Value>,
}

/// The public halves of the keys that certificates are signed with, as a JSON Web Key set (RFC 8037).
#[derive(Serialize, ToSchema)]
struct KeySet {
    keys: Vec<Key>,
}

/// One of them.
#[derive(Serialize, ToSchema)]
struct Key {
    #[schema(example = "OKP")]
    kty: &'static str,
    #[schema(example = "Ed25519")]
    crv: &'static str,
    /// The id that signatures name.
    kid: String,
    /// Base64url without padding of its 32 bytes.
    x: String,
    #[schema(value_type = String, format = DateTime)]
    created_at: Time,
}

/// What would go if the tenant left, and the wish that stands.
#[utoipa::path(get, path = "/api/v1/tenant/cancellation", tag = "leaving", security(("session" = [])),
    responses((status = 200, description = "What would go", body = LeavingAnswer)))]
async fn show(access: Authorized<SeeLeaving>, services: Data<Services>) -> Result<HttpResponse, Problem> {
    let preview = services.leaving.preview(&access).await;
    let preview = preview.map_err(|error| refusal(&services.incidents, error))?;
    Ok(HttpResponse::Ok().json(LeavingAnswer::from(preview)))
}

/// Has the tenant leave: at once, or after a time in which it can be taken back.
#[utoipa::path(post, path = "/api/v1/tenant/cancellation", tag = "leaving", request_body = CancellationBody,
    security(("session" = [])),
    responses(
        (status = 202, description = "It is going to be erased, or its keys are destroyed already", body = CancellationAnswer),
        (status = 403, description = "Not confirmed within ten minutes by the strongest method, or no owner"),
        (status = 409, description = "The tenant is leaving already"),
        (status = 422, description = "The name is not the tenant's, or a field is wrong"),
    ))]
async fn request(
    access: Authorized<LeaveTenant>,
    services: Data<Services>,
    body: Body<CancellationBody>,
) -> Result<HttpResponse, Problem> {
    let CancellationBody { tenant_name, when, reason } = body.read().await?;
    let when = match when.as_str() {
        "now" => When::Now,
        "after_grace" => When::AfterGrace,
        _ => return Err(Problem::invalid_field("/when", "not_a_choice", "It is now or after_grace.")),
    };
    if reason.as_ref().is_some_and(|reason| reason.reveal().chars().count() > LONGEST_REASON) {
        return Err(Problem::invalid_field("/reason", "too_long", "A reason has at most 1,000 characters."));
    }
    let standing = services.leaving.request(&access, Request { tenant_name, when, reason }).await;
    let standing = standing.map_err(|error| refusal(&services.incidents, error))?;
    Ok(HttpResponse::Accepted().json(CancellationAnswer::from(standing)))
}

/// Has the tenant stay after all.
#[utoipa::path(delete, path = "/api/v1/tenant/cancellation", tag = "leaving", security(("session" = [])),
    responses(
        (status = 204, description = "It stays"),
        (status = 403, description = "Not confirmed, or no owner"),
        (status = 404, description = "There is no wish, or it has begun"),
    ))]
async fn take_back(access: Authorized<KeepTenant>, services: Data<Services>) -> Result<HttpResponse, Problem> {
    let taken = services.leaving.take_back(&access).await;
    taken.map_err(|error| refusal(&services.incidents, error))?;
    Ok(HttpResponse::NoContent().finish())
}

/// Another owner objects: the tenant stays.
#[utoipa::path(post, path = "/api/v1/tenant/cancellation/{id}/objection", tag = "leaving", security(("session" = [])),
    params(("id" = String, Path, description = "The wish's id")),
    responses(
        (status = 204, description = "It stays"),
        (status = 403, description = "One's own wish, the seven days are over, not confirmed, or no owner"),
        (status = 404, description = "No such wish, or it has begun"),
    ))]
async fn object(
    access: Authorized<KeepTenant>,
    services: Data<Services>,
    id: Path<String>,
) -> Result<HttpResponse, Problem> {
    let objected = services.leaving.object(&access, which(&id)?).await;
    objected.map_err(|error| refusal(&services.incidents, error))?;
    Ok(HttpResponse::NoContent().finish())
}

/// Another owner agrees: once all have, nobody is waited for.
#[utoipa::path(post, path = "/api/v1/tenant/cancellation/{id}/agreement", tag = "leaving", security(("session" = [])),
    params(("id" = String, Path, description = "The wish's id")),
    responses(
        (status = 200, description = "The wish as it stands now", body = CancellationAnswer),
        (status = 403, description = "One's own wish, the seven days are over, not confirmed, or no owner"),
        (status = 404, description = "No such wish, or it has begun"),
    ))]
async fn agree(
    access: Authorized<LeaveTenant>,
    services: Data<Services>,
    id: Path<String>,
) -> Result<HttpResponse, Problem> {
    let agreed = services.leaving.agree(&access, which(&id)?).await;
    let standing = agreed.map_err(|error| refusal(&services.incidents, error))?;
    Ok(HttpResponse::Ok().json(CancellationAnswer::from(standing)))
}

/// Erases the session's account, which belongs to no tenant: at once, and for good.
#[utoipa::path(post, path = "/api/v1/account/erasure", tag = "leaving", request_body = AccountErasureBody,
    security(("session" = [])),
    responses(
        (status = 202, description = "Its keys are destroyed; the rest follows", body = AccountErasureAnswer),
        (status = 403, description = "Not confirmed within ten minutes by the strongest method"),
        (status = 409, description = "It belongs to a tenant, or is being erased already"),
        (status = 422, description = "The address is not the account's"),
    ))]
async fn erase_account(
    access: Authorized<EraseAccount>,
    services: Data<Services>,
    body: Body<AccountErasureBody>,
) -> Result<HttpResponse, Problem> {
    let AccountErasureBody { email } = body.read().await?;
    let gone = services.leaving.erase_account(&access, &email).await;
    let Gone { erasure, keys_destroyed_at } = gone.map_err(|error| refusal(&services.incidents, error))?;
    let mut answer = HttpResponse::Accepted();
    forget(&mut answer);
    Ok(answer.json(AccountErasureAnswer { erasure_id: erasure.reveal(), keys_destroyed_at }))
}

/// How far an erasure is, and its proof. No sign-in: the id is the secret.
#[utoipa::path(get, path = "/api/v1/erasures/{id}", tag = "leaving", security(()),
    params(("id" = String, Path, description = "The erasure's id: 32 hexadecimal digits")),
    responses(
        (status = 200, description = "The erasure", body = ErasureAnswer),
        (status = 404, description = "No such erasure"),
    ))]
async fn erasure(_: Authorized<Anyone>, services: Data<Services>, id: Path<String>) -> Result<HttpResponse, Problem> {
    let id = ErasureId::parse(&id).ok_or(Problem::NotFound)?;
    let found = services.leaving.erasure(&id).await.map_err(|error| refusal(&services.incidents, error))?;
    Ok(HttpResponse::Ok().json(ErasureAnswer::from(found.ok_or(Problem::NotFound)?)))
}

/// Which certificate of an erasure.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct WhichCertificate {
    certificate: Option<Kind>,
}

/// That a certificate stands in the transparency log: its entry's place, offline, as c2sp.org/tlog-proof writes it.
#[utoipa::path(get, path = "/api/v1/erasures/{id}/receipt", tag = "leaving", security(()),
    params(
        ("id" = String, Path, description = "The erasure's id: 32 hexadecimal digits"),
        ("certificate" = Option<String>, Query, description = "`erased`, as without it, or `horizon_passed`"),
    ),
    responses(
        (status = 200, description = "The receipt", body = String, content_type = "text/plain"),
        (status = 404, description = "No such erasure, or it is not certified yet"),
    ))]
async fn receipt(
    _: Authorized<Anyone>,
    services: Data<Services>,
    id: Path<String>,
    query: Query<WhichCertificate>,
) -> Result<HttpResponse, Problem> {
    let id = ErasureId::parse(&id).ok_or(Problem::NotFound)?;
    let found = services.leaving.erasure(&id).await.map_err(|error| refusal(&services.incidents, error))?;
    let found = found.ok_or(Problem::NotFound)?;
    let certificate = match query.certificate.unwrap_or(Kind::Erased) {
        Kind::Erased => found.certificate,
        Kind::HorizonPassed => found.last_certificate,
    };
    let leaf = certificate.as_deref().and_then(Leaf::of_certificate).ok_or(Problem::NotFound)?;
    receipts::answer(&services, leaf.subject()).await
}

/// The keys that certificates are signed with.
#[utoipa::path(get, path = "/.well-known/seif-keys.json", tag = "leaving", security(()),
    responses((status = 200, description = "The keys", body = KeySet)))]
async fn keys(_: Authorized<Anyone>, services: Data<Services>) -> Result<HttpResponse, Problem> {
    let found = services.kernel.keyring().public_keys();
    let found = found.map_err(|error| failure::of_keyring(&services.incidents, &error))?;
    let key = |key: crate::kernel::keyring::signing::PublicKey| Key {
        kty: "OKP",
        crv: "Ed25519",
        kid: key.id.to_string(),
        x: BASE64URL.encode(key.bytes),
        created_at: key.created_at,
    };
    Ok(HttpResponse::Ok().json(KeySet { keys: found.into_iter().map(key).collect() }))
}

fn which(id: &str) -> Result<CancellationId, Problem> {
    id.parse().map_err(|_| Problem::NotFound)
}

impl From<Standing> for CancellationAnswer {
    fn from(standing: Standing) -> Self {
        let Standing { wished, requested_at, due_at, keys_destroyed_at } = standing;
        Self {
            id: wished.cancellation,
            erasure_id: wished.erasure.reveal(),
            requested_by: wished.by.account(),
            requester: match wished.by {
                Wisher::Owner(_) => "owner",
                Wisher::Service => "service",
                Wisher::Operator => "operator",
            },
            requested_at,
            keys_destroyed_at,
            grace_until: keys_destroyed_at.is_none().then_some(due_at),
            objectable_until: wished.objectable_until,
        }
    }
}

impl From<Preview> for LeavingAnswer {
    fn from(preview: Preview) -> Self {
        let days = |time: std::time::Duration| time.as_secs().div_ceil(86_400);
        Self {
            cancellation: preview.standing.map(Into::into),
            members: preview.members,
            owners: preview.owners,
            grace_days: days(preview.grace),
            keyring_backup_days: days(preview.keyring_backups),
        }
    }
}

impl From<Erasure> for ErasureAnswer {
    fn from(erasure: Erasure) -> Self {
        let read = |text: Option<String>| text.and_then(|text| serde_json::from_str(&text).ok());
        Self {
            state: state(erasure.stage),
            requested_at: erasure.requested_at,
            due_at: erasure.due_at,
            keys_destroyed_at: erasure.keys_destroyed_at,
            purged: erasure.facts.purged,
            files: erasure.facts.files,
            finished_at: erasure.finished_at,
            certificate: read(erasure.certificate),
            last_certificate: read(erasure.last_certificate),
        }
    }
}

/// How far an erasure is, in a word.
#[must_use]
pub const fn state(stage: Stage) -> &'static str {
    match stage {
        Stage::Scheduled => "scheduled",
        Stage::Closing | Stage::Destroyed => "erasing",
        Stage::Erased | Stage::Final => "erased",
    }
}

/// Why a wish is refused, as the client sees it.
#[must_use]
pub fn refusal(incidents: &Incidents, error: LeavingError) -> Problem {
    match error {
        LeavingError::OtherName => {
            Problem::invalid_field("/tenant_name", "not_the_name", "Type the tenant's name as it is written.")
        }
        LeavingError::OtherAddress => {
            Problem::invalid_field("/email", "not_the_address", "Type the account's e-mail address.")
        }
        LeavingError::Belongs => Problem::NotEmpty,
        LeavingError::Standing => Problem::AlreadyExists { pointer: None },
        LeavingError::Nothing => Problem::NotFound,
        LeavingError::NotYours => Problem::Forbidden { needs: "another owner, within seven days" },
        LeavingError::Store(error) => failure::of_store(incidents, error),
    }
}
