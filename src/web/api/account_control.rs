//! What keeps an account its owner's: the password, sessions, the freeze; and the ways back in.

use actix_web::http::StatusCode;
use actix_web::http::header::{HeaderValue, SET_COOKIE};
use actix_web::web::{Data, Path};
use actix_web::{HttpResponse, HttpResponseBuilder};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::{OpenApi, ToSchema};

use crate::accounts::factors::Answer;
use crate::accounts::recovering::{Aim, Recovery};
use crate::accounts::renewing::{Addresses, RenewError, Renewal, Renewed, Shown};
use crate::kernel::access::sessions::{Computer, Listed};
use crate::kernel::access::{Anyone, Assurance, Authorized, ProtectAccount, SignedIn};
use crate::kernel::clock::Time;
use crate::kernel::ids::{RecoveryId, SessionId};
use crate::kernel::log::Incidents;
use crate::kernel::personal::{Personal, Secret};
use crate::kernel::values::object;
use crate::web::api::accounts::{CLEAR_SITE_DATA, SessionAnswer, SignInAnswer, invalid, of_failure, view, with_cookie};
use crate::web::api::body::Body;
use crate::web::api::notices::{NoticeAnswer, answers};
use crate::web::cookies;
use crate::web::guard::Caller;
use crate::web::problem::Problem;
use crate::web::routes::{Route, delete, get, post, put};
use crate::web::services::Services;

pub(super) fn routes() -> Vec<Route> {
    vec![
        put("/api/v1/account/password", change_password),
        delete("/api/v1/account/password-reset", cancel_reset),
        get("/api/v1/account/sessions", list_sessions),
        delete("/api/v1/account/sessions", end_other_sessions),
        delete("/api/v1/account/sessions/{id}", end_session),
        post("/api/v1/account/freeze", freeze),
        post("/api/v1/account-freezes", begin_freeze),
        put("/api/v1/account-freezes/{id}", finish_freeze),
        post("/api/v1/account-thaws", begin_thaw),
        put("/api/v1/account-thaws/{id}", finish_thaw),
        post("/api/v1/password-resets", begin_reset),
        put("/api/v1/password-resets/{id}", finish_reset),
        post("/api/v1/password-resets/{id}/cancellation", cancel_reset_by_code),
    ]
}

#[derive(OpenApi)]
#[openapi(paths(
    change_password,
    cancel_reset,
    list_sessions,
    end_other_sessions,
    end_session,
    freeze,
    begin_freeze,
    finish_freeze,
    begin_thaw,
    finish_thaw,
    begin_reset,
    finish_reset,
    cancel_reset_by_code
))]
struct Part;

pub(super) fn document() -> utoipa::openapi::OpenApi {
    Part::openapi()
}

/// A change of the password.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct PasswordBody {
    #[schema(value_type = String, format = Password)]
    current: Secret<String>,
    #[schema(value_type = String, format = Password)]
    new: Secret<String>,
}

/// The password is changed: every other session has ended. What was done lately, for who suspects somebody else.
#[derive(Serialize, ToSchema)]
struct PasswordAnswer {
    session: SessionAnswer,
    /// The last sign-ins, newest first.
    sign_ins: Vec<SignInAnswer>,
    /// What became of the account lately, newest first.
    notices: Vec<NoticeAnswer>,
}

/// A session of the account.
#[derive(Serialize, ToSchema)]
struct ListedAnswer {
    #[schema(value_type = String, format = "uuid")]
    id: SessionId,
    /// The device in words.
    device: String,
    /// Where it was begun.
    ip: String,
    /// `password`, `confirmed` or `strong`.
    #[schema(value_type = String, example = "confirmed")]
    assurance: Assurance,
    /// On a computer that others use too.
    shared_computer: bool,
    #[schema(value_type = String, format = DateTime)]
    created_at: Time,
    /// When the last request came, to the minute.
    #[schema(value_type = String, format = DateTime)]
    seen_at: Time,
    /// When it ends whatever happens.
    #[schema(value_type = String, format = DateTime)]
    expires_at: Time,
    /// Whether it is this one.
    current: bool,
}

/// The account's sessions.
#[derive(Serialize, ToSchema)]
struct SessionList {
    /// The one seen last first.
    items: Vec<ListedAnswer>,
    /// They always come whole.
    #[schema(value_type = Option<String>)]
    next: Option<&'static str>,
}

/// Whose account it is.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct IdentifierBody {
    /// E-mail address or phone number.
    #[schema(value_type = String)]
    identifier: Personal<String>,
}

/// A code was asked for. Whether one is on its way is not told.
#[derive(Serialize, ToSchema)]
struct RecoveryBegun {
    #[schema(value_type = String, format = "uuid")]
    id: RecoveryId,
    /// When the code dies.
    #[schema(value_type = String, format = DateTime)]
    expires_at: Time,
    /// What `PublicKeyCredential.parseRequestOptionsFromJSON` takes (WebAuthn level 3), to show a passkey beside the code;
    /// the same whether the account has one or not. Absent from a freeze, and where a bare address was asked.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Object>)]
    public_key: Option<Value>,
}

/// A mailed code.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct CodeBody {
    /// Six digits, from the mail.
    #[schema(value_type = String)]
    code: Secret<String>,
}

/// What sets a new password.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct RenewalBody {
    /// Six digits, from the mail.
    #[schema(value_type = String)]
    code: Secret<String>,
    #[schema(value_type = String, format = Password)]
    new_password: Secret<String>,
    /// What the account has besides; which of it would do is told once the mailed code fits.
    #[serde(default, deserialize_with = "some_object")]
    second: Option<SecondBody>,
    /// Whether the list of addresses from which the account may be used stays; it does where nothing is said.
    #[serde(default)]
    addresses: AddressesChoice,
}

/// What becomes of a list of addresses.
#[derive(Clone, Copy, Default, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
enum AddressesChoice {
    /// It stays.
    #[default]
    Keep,
    /// It is removed: none of its places can be reached any more. Never by the mailbox alone.
    Lift,
}

/// Something besides the mailed code.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct SecondBody {
    /// `totp`, `recovery_codes` or `passkey`.
    #[schema(example = "totp")]
    method: String,
    /// Of an app, or one of the recovery codes.
    #[schema(value_type = Option<String>)]
    code: Option<Secret<String>>,
    /// Of a passkey: what `PublicKeyCredential.toJSON()` gives for the `public_key` that asking gave.
    #[schema(value_type = Option<Object>)]
    credential: Option<Personal<Value>>,
}

impl TryFrom<SecondBody> for Shown {
    type Error = Problem;

    fn try_from(SecondBody { method, code, credential }: SecondBody) -> Result<Self, Problem> {
        let answer = match (code, credential) {
            (Some(code), None) => Answer::Code(code),
            (None, Some(credential)) if credential.reveal().is_object() => Answer::Passkey(credential),
            (None, Some(_)) => {
                let text = "a value is not of the kind that its field takes";
                return Err(Problem::invalid_field("/second/credential", "wrong_type", text));
            }
            _ => {
                let text = "either code or credential is needed";
                return Err(Problem::invalid_field("/second", "missing_field", text));
            }
        };
        Ok(Self { method, answer })
    }
}

fn some_object<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<Option<SecondBody>, D::Error> {
    object(deserializer).map(Some)
}

/// What became of a new password.
#[derive(Serialize, ToSchema)]
struct RenewalAnswer {
    /// `done`: sign in by it; every session and token of the account has ended. `waits`: the mailbox is all that the
    /// account has, so that it can be set only later, by another mailed code.
    #[schema(value_type = String, example = "done")]
    state: &'static str,
    /// From when it can be set.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = DateTime)]
    ready_at: Option<Time>,
}

/// Changes the password, by the present one and from a session that was confirmed within ten minutes. Every other session
/// ends; this one goes on under a new cookie value.
#[utoipa::path(put, path = "/api/v1/account/password", tag = "account", request_body = PasswordBody,
    security(("session" = [])),
    responses(
        (status = 200, description = "Changed; the session cookie is set anew", body = PasswordAnswer),
        (status = 403, description = "Not confirmed within ten minutes, or not by a strong method that the account has"),
        (status = 422, description = "The present one is wrong, or the new one breaks a rule"),
        (status = 429, description = "Too many wrong ones"),
        (status = 503, description = "Too many passwords are being checked"),
    ))]
async fn change_password(
    access: Authorized<ProtectAccount>,
    services: Data<Services>,
    body: Body<PasswordBody>,
) -> Result<HttpResponse, Problem> {
    let PasswordBody { current, new } = body.read().await?;
    let begun = services.accounts.change_password(&access, &current, &new).await;
    let begun = begun.map_err(|error| of_renewal(&services.incidents, error))?;
    let lately = services.accounts.lately(&begun.access).await;
    let lately = lately.map_err(|error| of_failure(&services.incidents, error))?;
    let answer = PasswordAnswer {
        session: view(&services, &begun).await?,
        sign_ins: lately.sign_ins.into_iter().map(Into::into).collect(),
        notices: answers(&services, lately.notices)?,
    };
    Ok(with_cookie(StatusCode::OK, &begun, &answer))
}

/// Objects to a new password that was asked for by mail alone and waits; does nothing where none does.
#[utoipa::path(delete, path = "/api/v1/account/password-reset", tag = "account", security(("session" = [])),
    responses((status = 204, description = "Nothing waits any more")))]
async fn cancel_reset(access: Authorized<SignedIn>, services: Data<Services>) -> Result<HttpResponse, Problem> {
    services.accounts.cancel_reset(&access).await.map_err(|error| of_failure(&services.incidents, error))?;
    Ok(HttpResponse::NoContent().finish())
}

/// The account's sessions: on what, from where, since when.
#[utoipa::path(get, path = "/api/v1/account/sessions", tag = "account", security(("session" = [])),
    responses((status = 200, description = "All of them", body = SessionList)))]
async fn list_sessions(access: Authorized<SignedIn>, services: Data<Services>) -> Result<HttpResponse, Problem> {
    let listed = services.accounts.sessions(&access).await.map_err(|error| of_failure(&services.incidents, error))?;
    let items = listed.into_iter().map(|session| told(session, access.session.id)).collect();
    Ok(HttpResponse::Ok().json(SessionList { items, next: None }))
}

/// Ends every session but this one.
#[utoipa::path(delete, path = "/api/v1/account/sessions", tag = "account", security(("session" = [])),
    responses((status = 204, description = "This is the only one")))]
async fn end_other_sessions(access: Authorized<SignedIn>, services: Data<Services>) -> Result<HttpResponse, Problem> {
    let ended = services.accounts.end_other_sessions(&access).await;
    ended.map_err(|error| of_failure(&services.incidents, error))?;
    Ok(HttpResponse::NoContent().finish())
}

/// Ends one session; where it is this one, the browser forgets too.
#[utoipa::path(delete, path = "/api/v1/account/sessions/{id}", tag = "account", security(("session" = [])),
    params(("id" = String, Path, description = "The session's id")),
    responses(
        (status = 204, description = "Ended"),
        (status = 404, description = "No such session"),
    ))]
async fn end_session(
    access: Authorized<SignedIn>,
    services: Data<Services>,
    id: Path<String>,
) -> Result<HttpResponse, Problem> {
    let id: SessionId = id.parse().map_err(|_| Problem::NotFound)?;
    let ended = services.accounts.end_session(&access, id).await;
    let ended = ended.map_err(|error| of_failure(&services.incidents, error))?.ok_or(Problem::NotFound)?;
    let mut answer = HttpResponse::NoContent();
    if ended == access.session.id {
        forget(&mut answer);
    }
    Ok(answer.finish())
}

/// Freezes the account, in one step and whatever the session has shown: every session and token of it ends, and nobody
/// gets in until its owner thaws it.
#[utoipa::path(post, path = "/api/v1/account/freeze", tag = "account", security(("session" = [])),
    responses((status = 204, description = "Frozen")))]
async fn freeze(access: Authorized<SignedIn>, services: Data<Services>) -> Result<HttpResponse, Problem> {
    services.accounts.freeze(&access).await.map_err(|error| of_failure(&services.incidents, error))?;
    let mut answer = HttpResponse::NoContent();
    forget(&mut answer);
    Ok(answer.finish())
}

/// Asks for a code by mail that freezes an account. The answer is the same for every identifier.
#[utoipa::path(post, path = "/api/v1/account-freezes", tag = "recovery", request_body = IdentifierBody, responses(
    (status = 202, description = "If there is such an account, a code is on its way", body = RecoveryBegun),
    (status = 429, description = "Too many codes for this identifier, or from this address"),
))]
async fn begin_freeze(
    _: Authorized<Anyone>,
    services: Data<Services>,
    origin: Caller,
    body: Body<IdentifierBody>,
) -> Result<HttpResponse, Problem> {
    begin(&services, &origin, Aim::Freeze, body).await
}

/// Freezes an account by a mailed code.
#[utoipa::path(put, path = "/api/v1/account-freezes/{id}", tag = "recovery", request_body = CodeBody,
    params(("id" = String, Path, description = "The id that asking gave")),
    responses(
        (status = 204, description = "Frozen"),
        (status = 422, description = "`code_refused`: wrong, used, over, or there never was one"),
    ))]
async fn finish_freeze(
    _: Authorized<Anyone>,
    services: Data<Services>,
    origin: Caller,
    id: Path<String>,
    body: Body<CodeBody>,
) -> Result<HttpResponse, Problem> {
    let id: RecoveryId = id.parse().map_err(|_| Problem::NotFound)?;
    let frozen = services.accounts.freeze_by_code(id, body.read().await?.code, &origin.0).await;
    frozen.map_err(|error| of_renewal(&services.incidents, error))?;
    Ok(HttpResponse::NoContent().finish())
}

/// Asks for a code by mail that thaws a frozen account. The answer is the same for every identifier.
#[utoipa::path(post, path = "/api/v1/account-thaws", tag = "recovery", request_body = IdentifierBody, responses(
    (status = 202, description = "If there is such an account and it is frozen, a code is on its way", body = RecoveryBegun),
    (status = 429, description = "Too many codes for this identifier, or from this address"),
))]
async fn begin_thaw(
    _: Authorized<Anyone>,
    services: Data<Services>,
    origin: Caller,
    body: Body<IdentifierBody>,
) -> Result<HttpResponse, Problem> {
    begin(&services, &origin, Aim::Thaw, body).await
}

/// Thaws an account under a new password, by a mailed code and what it has besides. Then sign in, add a safer method and
/// remove each that is not yours (`/api/v1/account/methods`).
#[utoipa::path(put, path = "/api/v1/account-thaws/{id}", tag = "recovery", request_body = RenewalBody,
    params(("id" = String, Path, description = "The id that asking gave")),
    responses(
        (status = 200, description = "Open again", body = RenewalAnswer),
        (status = 202, description = "It waits: the mailbox is all that the account has", body = RenewalAnswer),
        (status = 403, description = "`second_required`: the mailed code fits; one of `methods` must be shown besides"),
        (status = 422, description = "`invalid` or `code_refused`, in that order"),
        (status = 503, description = "Too many passwords are being checked"),
    ))]
async fn finish_thaw(
    _: Authorized<Anyone>,
    services: Data<Services>,
    origin: Caller,
    id: Path<String>,
    body: Body<RenewalBody>,
) -> Result<HttpResponse, Problem> {
    finish(&services, &origin, Aim::Thaw, &id, body).await
}

/// Asks for a code by mail that replaces a forgotten password. The answer is the same for every identifier.
#[utoipa::path(post, path = "/api/v1/password-resets", tag = "recovery", request_body = IdentifierBody, responses(
    (status = 202, description = "If there is such an account, a code is on its way", body = RecoveryBegun),
    (status = 429, description = "Too many codes for this identifier, or from this address"),
))]
async fn begin_reset(
    _: Authorized<Anyone>,
    services: Data<Services>,
    origin: Caller,
    body: Body<IdentifierBody>,
) -> Result<HttpResponse, Problem> {
    begin(&services, &origin, Aim::Reset, body).await
}

/// Sets a new password by a mailed code and what the account has besides. Every session and token of it ends. Where the
/// mailbox is all there is, it waits: another mailed code finishes it once the time has passed.
#[utoipa::path(put, path = "/api/v1/password-resets/{id}", tag = "recovery", request_body = RenewalBody,
    params(("id" = String, Path, description = "The id that asking gave")),
    responses(
        (status = 200, description = "The new password holds", body = RenewalAnswer),
        (status = 202, description = "It waits: the mailbox is all that the account has", body = RenewalAnswer),
        (status = 403, description = "`second_required`: the mailed code fits; one of `methods` must be shown besides"),
        (status = 422, description = "`invalid` or `code_refused`, in that order"),
        (status = 503, description = "Too many passwords are being checked"),
    ))]
async fn finish_reset(
    _: Authorized<Anyone>,
    services: Data<Services>,
    origin: Caller,
    id: Path<String>,
    body: Body<RenewalBody>,
) -> Result<HttpResponse, Problem> {
    finish(&services, &origin, Aim::Reset, &id, body).await
}

/// Objects to a new password that waits, by a mailed code.
#[utoipa::path(post, path = "/api/v1/password-resets/{id}/cancellation", tag = "recovery", request_body = CodeBody,
    params(("id" = String, Path, description = "The id that asking gave")),
    responses(
        (status = 204, description = "Nothing waits any more"),
        (status = 422, description = "`code_refused`: wrong, used, over, or there never was one"),
    ))]
async fn cancel_reset_by_code(
    _: Authorized<Anyone>,
    services: Data<Services>,
    origin: Caller,
    id: Path<String>,
    body: Body<CodeBody>,
) -> Result<HttpResponse, Problem> {
    let id: RecoveryId = id.parse().map_err(|_| Problem::NotFound)?;
    let cancelled = services.accounts.cancel_reset_by_code(id, body.read().await?.code, &origin.0).await;
    cancelled.map_err(|error| of_renewal(&services.incidents, error))?;
    Ok(HttpResponse::NoContent().finish())
}

async fn begin(
    services: &Services,
    origin: &Caller,
    aim: Aim,
    body: Body<IdentifierBody>,
) -> Result<HttpResponse, Problem> {
    let body = body.read().await?;
    let begun = services.accounts.begin_recovery(aim, &body.identifier, &origin.0).await;
    let Recovery { id, expires_at, public_key } = begun.map_err(|error| of_failure(&services.incidents, error))?;
    Ok(HttpResponse::Accepted().json(RecoveryBegun { id, expires_at, public_key }))
}

async fn finish(
    services: &Services,
    origin: &Caller,
    aim: Aim,
    id: &str,
    body: Body<RenewalBody>,
) -> Result<HttpResponse, Problem> {
    let id: RecoveryId = id.parse().map_err(|_| Problem::NotFound)?;
    let RenewalBody { code, new_password, second, addresses } = body.read().await?;
    let second = second.map(Shown::try_from).transpose()?;
    let addresses = match addresses {
        AddressesChoice::Keep => Addresses::Kept,
        AddressesChoice::Lift => Addresses::Lifted,
    };
    let renewal = Renewal { code, new_password, second, addresses };
    let renewed = services.accounts.renew(aim, id, renewal, &origin.0).await;
    Ok(match renewed.map_err(|error| of_renewal(&services.incidents, error))? {
        Renewed::Done => HttpResponse::Ok().json(RenewalAnswer { state: "done", ready_at: None }),
        Renewed::Waits { until } => {
            HttpResponse::Accepted().json(RenewalAnswer { state: "waits", ready_at: Some(until) })
        }
    })
}

fn told(session: Listed, current: SessionId) -> ListedAnswer {
    ListedAnswer {
        id: session.id,
        device: session.device.into_revealed(),
        ip: session.address.reveal().to_string(),
        assurance: session.assurance,
        shared_computer: session.computer == Computer::Shared,
        created_at: session.created_at,
        seen_at: session.seen_at,
        expires_at: session.expires_at,
        current: session.id == current,
    }
}

/// The browser forgets the session and what it has kept.
pub(super) fn forget(answer: &mut HttpResponseBuilder) {
    answer
        .insert_header((SET_COOKIE, cookies::no_session()))
        .insert_header((CLEAR_SITE_DATA, HeaderValue::from_static("\"cache\", \"storage\"")));
}

/// Why there is no new password, or no freeze, as the client sees it.
#[must_use]
pub fn of_renewal(incidents: &Incidents, error: RenewError) -> Problem {
    match error {
        RenewError::Invalid(faults) => invalid(faults),
        RenewError::CodeRefused => Problem::CodeRefused,
        RenewError::SecondRequired(methods) => Problem::SecondRequired {
            methods: methods.into_iter().map(crate::accounts::factors::Method::name).collect(),
        },
        RenewError::Failed(error) => of_failure(incidents, error),
    }
}
