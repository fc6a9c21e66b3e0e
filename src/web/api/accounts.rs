//! Joining, sessions, confirmations, and the sign-in history.

use actix_web::http::StatusCode;
use actix_web::http::header::{HeaderName, HeaderValue, SET_COOKIE};
use actix_web::web::{Data, Path};
use actix_web::{HttpRequest, HttpResponse};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::{OpenApi, ToSchema};

use crate::accounts::Failure;
use crate::accounts::factors::confirming::{ConfirmError, Confirmation};
use crate::accounts::factors::{Advice, Answer, Asks, Method};
use crate::accounts::history::SignIn;
use crate::accounts::joining::{Aim, Draft, INVITATION_REFUSED, JoinError, Signup};
use crate::accounts::prompts::Prompt;
use crate::accounts::session::{Begun, View};
use crate::accounts::signing_in::{Attempt, SignInError};
use crate::accounts::throttles::Throttled;
use crate::kernel::access::sessions::Computer;
use crate::kernel::access::{Anyone, Authorized, SignedIn};
use crate::kernel::clock::Time;
use crate::kernel::ids::{ConfirmationId, SignInId, SignupId};
use crate::kernel::log::Incidents;
use crate::kernel::personal::{Personal, Secret};
use crate::kernel::values::{EmailAddress, Fault, Faults, Locale, object_if_any, objects};
use crate::tenants::profile::ProfileDraft;
use crate::web::api::body::Body;
use crate::web::api::failure;
use crate::web::api::listing::Listing;
use crate::web::api::oidc::return_to;
use crate::web::cookies;
use crate::web::guard::Caller;
use crate::web::problem::{Exhausted, FieldProblem, Problem};
use crate::web::routes::{Route, delete, get, post, put};
use crate::web::services::Services;
use crate::web::site::language_of;

pub(super) fn routes() -> Vec<Route> {
    vec![
        post("/api/v1/signups", begin_signup),
        put("/api/v1/signups/{id}", finish_signup),
        post("/api/v1/session", sign_in),
        get("/api/v1/session", session),
        delete("/api/v1/session", sign_out),
        post("/api/v1/session/confirmations", begin_confirmation),
        put("/api/v1/session/confirmations/{id}", finish_confirmation),
        get("/api/v1/account/sign-ins", sign_ins),
    ]
}

#[derive(OpenApi)]
#[openapi(paths(
    begin_signup,
    finish_signup,
    sign_in,
    session,
    sign_out,
    begin_confirmation,
    finish_confirmation,
    sign_ins
))]
struct Part;

pub(super) fn document() -> utoipa::openapi::OpenApi {
    Part::openapi()
}

/// Who wants to join.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct SignupBody {
    /// The address to prove.
    #[schema(value_type = String, format = "email")]
    email: Personal<String>,
    /// The language of the mails: `en`, `lv`, `lt`, `et` or `kk`.
    #[schema(example = "lv")]
    language: String,
}

/// A sign-up that waits for its code.
#[derive(Serialize, ToSchema)]
struct SignupBegun {
    #[schema(value_type = String, format = "uuid")]
    id: SignupId,
    /// When the code dies.
    #[schema(value_type = String, format = DateTime)]
    expires_at: Time,
}

/// What finishes a sign-up.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct FinishBody {
    /// Six digits, from the mail.
    #[schema(value_type = String)]
    code: Secret<String>,
    #[schema(value_type = String, format = Password)]
    password: Secret<String>,
    /// The person's name.
    #[schema(value_type = String)]
    name: Personal<String>,
    /// The person's phone number; a national one is read by the business's country.
    #[schema(value_type = Option<String>)]
    phone: Option<Personal<String>>,
    /// The business that they found. Either this, or `invitation`.
    #[serde(default, deserialize_with = "object_if_any")]
    tenant: Option<TenantBody>,
    /// The code of an invitation that was mailed to the address: the account becomes a member of the inviting tenant.
    #[schema(value_type = Option<String>)]
    invitation: Option<Secret<String>>,
    /// The documents that were read.
    #[serde(deserialize_with = "objects")]
    acknowledged: Vec<AcknowledgedBody>,
}

/// The business that joins.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct TenantBody {
    /// `company` or `self_employed`.
    #[schema(example = "company")]
    kind: String,
    #[schema(value_type = String)]
    name: Personal<String>,
    /// Two letters.
    #[schema(example = "LV")]
    country: String,
    /// Its number in that country's register.
    #[schema(value_type = Option<String>)]
    registration_number: Option<Personal<String>>,
    #[schema(value_type = Option<String>)]
    vat_number: Option<Personal<String>>,
}

/// A version of a document that was read.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct AcknowledgedBody {
    #[schema(example = "privacy")]
    document: String,
    version: u32,
}

/// What was made by joining.
#[derive(Serialize, ToSchema)]
struct JoinedAnswer {
    #[schema(value_type = String, format = "uuid")]
    account_id: crate::kernel::ids::AccountId,
    #[schema(value_type = String, format = "uuid")]
    tenant_id: crate::kernel::ids::TenantId,
    session: SessionAnswer,
}

/// Who signs in.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct SignInBody {
    /// E-mail address or phone number.
    #[schema(value_type = String)]
    identifier: Personal<String>,
    #[schema(value_type = String, format = Password)]
    password: Secret<String>,
    /// Others use this computer too: a short session, and nothing is kept.
    shared_computer: Option<bool>,
}

/// A session as its account sees it.
#[derive(Serialize, ToSchema)]
pub(super) struct SessionAnswer {
    /// `password`, `confirmed` or `strong`.
    #[schema(value_type = String, example = "password")]
    assurance: crate::kernel::access::Assurance,
    account: AccountAnswer,
    tenants: Vec<MembershipAnswer>,
    /// How the session can be confirmed, from least to most secure.
    methods: Vec<MethodAnswer>,
    /// What the service asks of the person, in the application alone: `confirm_contacts`, `password_age`, `subscriber_profile`.
    prompts: Vec<&'static str>,
}

#[derive(Serialize, ToSchema)]
struct AccountAnswer {
    #[schema(value_type = String, format = "uuid")]
    id: crate::kernel::ids::AccountId,
    name: String,
}

#[derive(Serialize, ToSchema)]
struct MembershipAnswer {
    #[schema(value_type = String, format = "uuid")]
    id: crate::kernel::ids::TenantId,
    /// Null while the vault is sealed: nobody can read it.
    name: Option<String>,
    /// True where an owner has sealed the vault; left out where it is open.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    sealed: bool,
    /// `owner`, `admin`, `editor` or `viewer`.
    #[schema(value_type = String, example = "owner")]
    role: crate::kernel::access::Role,
}

#[derive(Serialize, ToSchema)]
struct MethodAnswer {
    method: &'static str,
    /// Whether it is good enough for what the account holds.
    advised: bool,
}

/// By what to confirm.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct ConfirmationBody {
    #[schema(example = "email")]
    method: String,
    /// With `oidc`: the identity provider; the one that was used last, if left out.
    provider: Option<String>,
}

/// A challenge that waits for its answer.
#[derive(Serialize, ToSchema)]
struct ConfirmationBegun {
    #[schema(value_type = String, format = "uuid")]
    id: ConfirmationId,
    method: &'static str,
    /// Where a code is on its way to, masked; absent where none is sent.
    #[serde(skip_serializing_if = "Option::is_none")]
    sent_to: Option<String>,
    /// To be picked on another device that is signed in and confirmed: two digits.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = "47")]
    control_code: Option<String>,
    /// Of a passkey: what `PublicKeyCredential.parseRequestOptionsFromJSON` takes (WebAuthn level 3), for the account's
    /// own passkeys.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Object>)]
    public_key: Option<Value>,
    /// Where the browser is to go; it comes back with the session raised. Absent where there is nowhere to go.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(format = "uri")]
    authorization_url: Option<String>,
    /// When it ends by itself.
    #[schema(value_type = String, format = DateTime)]
    expires_at: Time,
}

/// The answer to a challenge or an enrolment: one of its members, and none where another device approves.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct AnswerBody {
    /// Six digits, or one of the recovery codes.
    #[schema(value_type = Option<String>)]
    code: Option<Secret<String>>,
    /// Of a passkey: what `PublicKeyCredential.toJSON()` gives (`RegistrationResponseJSON` for an enrolment,
    /// `AuthenticationResponseJSON` for a challenge; WebAuthn level 3).
    #[schema(value_type = Option<Object>)]
    credential: Option<Personal<Value>>,
}

impl TryFrom<AnswerBody> for Answer {
    type Error = Problem;

    fn try_from(AnswerBody { code, credential }: AnswerBody) -> Result<Self, Problem> {
        match (code, credential) {
            (Some(code), None) => Ok(Self::Code(code)),
            (None, Some(credential)) => passkey(credential).map(Self::Passkey),
            (None, None) => Ok(Self::IsItApproved),
            (Some(_), Some(_)) => {
                Err(Problem::invalid_field("", "unknown_field", "code and credential exclude each other"))
            }
        }
    }
}

/// What a browser says of a passkey: at least an object.
pub(super) fn passkey(credential: Personal<Value>) -> Result<Personal<Value>, Problem> {
    if credential.reveal().is_object() {
        return Ok(credential);
    }
    Err(Problem::invalid_field("/credential", "wrong_type", "a value is not of the kind that its field takes"))
}

/// A sign-in, let in or not.
#[derive(Serialize, ToSchema)]
pub(super) struct SignInAnswer {
    #[schema(value_type = String, format = DateTime)]
    at: Time,
    ip: String,
    /// The device in words.
    device: String,
    /// `sign_up`, `password`, `email`, `sms`, `recovery_code`, `totp`, `oidc`, `passkey` or `device`.
    #[schema(value_type = String, example = "password")]
    method: crate::accounts::history::Way,
    /// `accepted` or `refused`.
    #[schema(value_type = String, example = "accepted")]
    outcome: crate::accounts::history::Outcome,
}

/// A page of the sign-in history.
#[derive(ToSchema)]
#[expect(dead_code, reason = "the form of a page, for the description alone")]
struct SignInPage {
    items: Vec<SignInAnswer>,
    next: Option<String>,
}

/// Begins a sign-up. The answer is the same whether the address has an account or not; the mail to its owner differs.
#[utoipa::path(post, path = "/api/v1/signups", tag = "joining", request_body = SignupBody, responses(
    (status = 202, description = "A mail is on its way", body = SignupBegun),
    (status = 422, description = "The address or the language is none"),
    (status = 429, description = "Too many codes for this address"),
))]
async fn begin_signup(
    _: Authorized<Anyone>,
    services: Data<Services>,
    body: Body<SignupBody>,
) -> Result<HttpResponse, Problem> {
    let body = body.read().await?;
    let mut faults = Faults::default();
    let email = EmailAddress::parse(body.email.reveal());
    let email = faults.take(email.map_err(|wrong| Fault::new("/email", "not_an_email", wrong.to_string())));
    let language = Locale::parse(&body.language);
    let language = faults.take(language.map_err(|wrong| Fault::new("/language", "not_a_choice", wrong.to_string())));
    let (Some(email), Some(language)) = (email, language) else { return Err(invalid(faults.into_vec())) };
    let begun = services.accounts.begin_signup(email, language).await;
    let Signup { id, expires_at } = begun.map_err(|error| of_failure(&services.incidents, error))?;
    Ok(HttpResponse::Accepted().json(SignupBegun { id, expires_at }))
}

/// Finishes a sign-up: the account, its tenant, and a confirmed session. With an invitation in place of a tenant, the
/// account becomes a member of the inviting one.
#[utoipa::path(put, path = "/api/v1/signups/{id}", tag = "joining", request_body = FinishBody,
    params(("id" = String, Path, description = "The sign-up's id")),
    responses(
        (status = 201, description = "Joined; the session cookie is set", body = JoinedAnswer),
        (status = 422, description = "`invalid`, `acknowledgement_required` or `code_refused`, in that order; an invitation that leads nowhere is `invalid`, with `invitation_refused` at `/invitation`"),
        (status = 503, description = "Too many passwords are being checked"),
    ))]
async fn finish_signup(
    _: Authorized<Anyone>,
    services: Data<Services>,
    origin: Caller,
    id: Path<String>,
    body: Body<FinishBody>,
) -> Result<HttpResponse, Problem> {
    let id: SignupId = id.parse().map_err(|_| Problem::NotFound)?;
    let draft = Draft::try_from(body.read().await?)?;
    let joined = services.accounts.finish_signup(id, draft, &origin.0).await;
    let joined = joined.map_err(|error| of_joining(&services.incidents, error))?;
    let session = view(&services, &joined.session).await?;
    let answer = JoinedAnswer { account_id: joined.account, tenant_id: joined.tenant, session };
    Ok(with_cookie(StatusCode::CREATED, &joined.session, &answer))
}

/// Signs in. A wrong password and an unknown identifier are alike.
#[utoipa::path(post, path = "/api/v1/session", tag = "session", request_body = SignInBody, responses(
    (status = 201, description = "Signed in; the session cookie is set", body = SessionAnswer),
    (status = 401, description = "`sign_in_refused`: identifier and password do not go together"),
    (status = 429, description = "Too many have failed for this identifier, or from this address"),
    (status = 503, description = "Too many passwords are being checked"),
))]
async fn sign_in(
    _: Authorized<Anyone>,
    services: Data<Services>,
    origin: Caller,
    body: Body<SignInBody>,
) -> Result<HttpResponse, Problem> {
    let SignInBody { identifier, password, shared_computer } = body.read().await?;
    let computer = if shared_computer == Some(true) { Computer::Shared } else { Computer::Own };
    let begun = services.accounts.sign_in(Attempt { identifier, password, computer }, &origin.0).await;
    let begun = begun.map_err(|error| of_sign_in(&services.incidents, error))?;
    let answer = view(&services, &begun).await?;
    Ok(with_cookie(StatusCode::CREATED, &begun, &answer))
}

/// The session.
#[utoipa::path(get, path = "/api/v1/session", tag = "session", security(("session" = [])), responses(
    (status = 200, description = "The session", body = SessionAnswer),
))]
async fn session(access: Authorized<SignedIn>, services: Data<Services>) -> Result<HttpResponse, Problem> {
    let view = services.accounts.view(&access).await.map_err(|error| of_failure(&services.incidents, error))?;
    Ok(HttpResponse::Ok().json(SessionAnswer::from(view)))
}

/// Signs out: the session ends on the server, and the browser forgets.
#[utoipa::path(delete, path = "/api/v1/session", tag = "session", security(("session" = [])), responses(
    (status = 204, description = "Signed out"),
))]
async fn sign_out(access: Authorized<SignedIn>, services: Data<Services>) -> Result<HttpResponse, Problem> {
    services.accounts.sign_out(&access).await.map_err(|error| of_failure(&services.incidents, error))?;
    Ok(HttpResponse::NoContent()
        .insert_header((SET_COOKIE, cookies::no_session()))
        .insert_header((CLEAR_SITE_DATA, HeaderValue::from_static("\"cache\", \"storage\"")))
        .finish())
}

pub(in crate::web) const CLEAR_SITE_DATA: HeaderName = HeaderName::from_static("clear-site-data");

/// Begins a confirmation of the session.
#[utoipa::path(post, path = "/api/v1/session/confirmations", tag = "session", request_body = ConfirmationBody,
    security(("session" = [])),
    responses(
        (status = 201, description = "The challenge; where `sent_to` stands, a code is on its way", body = ConfirmationBegun),
        (status = 422, description = "The account has no such method, or a passkey is asked for at a bare address (`needs_name`)"),
        (status = 429, description = "Too many codes for this account"),
        (status = 503, description = "`provider_unavailable`: the identity provider does not answer"),
    ))]
async fn begin_confirmation(
    access: Authorized<SignedIn>,
    services: Data<Services>,
    request: HttpRequest,
    body: Body<ConfirmationBody>,
) -> Result<HttpResponse, Problem> {
    let body = body.read().await?;
    let method =
        Method::parse(&body.method).ok_or_else(|| of_confirmation(&services.incidents, ConfirmError::NotEnrolled))?;
    let begun = match method {
        Method::Oidc => {
            let (return_to, language) = (return_to(&request, "/")?, language_of(&request));
            let provider = body.provider.as_deref();
            services.accounts.begin_confirmation_by_provider(&access, provider, return_to, language).await
        }
        _ => services.accounts.begin_confirmation(&access, method).await,
    };
    let Confirmation { id, method, asks, expires_at } =
        begun.map_err(|error| of_confirmation(&services.incidents, error))?;
    let (mut sent_to, mut control_code, mut public_key, mut authorization_url) = (None, None, None, None);
    match asks {
        Asks::SentCode(to) => sent_to = Some(to.into_revealed()),
        Asks::Approval(code) => control_code = Some(code.reveal().clone()),
        Asks::Passkey(asked) => public_key = Some(asked.into_revealed()),
        Asks::Elsewhere(address) => authorization_url = Some(address.into_revealed()),
        Asks::Code => {}
    }
    let method = method.name();
    let begun = ConfirmationBegun { id, method, sent_to, control_code, public_key, authorization_url, expires_at };
    Ok(HttpResponse::Created().json(begun))
}

/// Answers a challenge: the session is `confirmed` from then on, by a strong method `strong`, under a new cookie value.
#[utoipa::path(put, path = "/api/v1/session/confirmations/{id}", tag = "session", request_body = AnswerBody,
    security(("session" = [])),
    params(("id" = String, Path, description = "The challenge's id")),
    responses(
        (status = 200, description = "The session, confirmed", body = SessionAnswer),
        (status = 409, description = "`not_yet_approved`: another device has not decided yet"),
        (status = 422, description = "`code_refused`: wrong, used, refused, over, or another session's"),
    ))]
async fn finish_confirmation(
    access: Authorized<SignedIn>,
    services: Data<Services>,
    id: Path<String>,
    body: Body<AnswerBody>,
) -> Result<HttpResponse, Problem> {
    let id: ConfirmationId = id.parse().map_err(|_| Problem::NotFound)?;
    let answer = Answer::try_from(body.read().await?)?;
    let begun = services.accounts.finish_confirmation(&access, id, answer).await;
    let begun = begun.map_err(|error| of_confirmation(&services.incidents, error))?;
    let answer = view(&services, &begun).await?;
    Ok(with_cookie(StatusCode::OK, &begun, &answer))
}

/// The account's sign-ins, newest first, those that were refused too.
#[utoipa::path(get, path = "/api/v1/account/sign-ins", tag = "account", security(("session" = [])),
    params(
        ("limit" = Option<i64>, Query, description = "1 to 200, 50 if left out", minimum = 1, maximum = 200),
        ("after" = Option<String>, Query, description = "The cursor that the last page gave"),
    ),
    responses((status = 200, description = "A page of the history", body = SignInPage)))]
async fn sign_ins(
    access: Authorized<SignedIn>,
    services: Data<Services>,
    request: HttpRequest,
) -> Result<HttpResponse, Problem> {
    let query = Listing::of(&request)?;
    let before = query.after()?.map(SignInId::from_bytes);
    let found = services.accounts.sign_ins(&access, before, query.limit_and_one()?).await;
    let found = found.map_err(|error| of_failure(&services.incidents, error))?;
    services.accounts.saw_sign_ins(&access).await.map_err(|error| of_failure(&services.incidents, error))?;
    Ok(HttpResponse::Ok().json(query.page::<_, SignInAnswer>(found, |entry| *entry.id.as_bytes())))
}

pub(super) async fn view(services: &Services, begun: &Begun) -> Result<SessionAnswer, Problem> {
    let view = services.accounts.view(&begun.access).await;
    view.map(SessionAnswer::from).map_err(|error| of_failure(&services.incidents, error))
}

pub(super) fn with_cookie(status: StatusCode, begun: &Begun, answer: &impl Serialize) -> HttpResponse {
    let mut response = HttpResponse::build(status);
    let token = Secret::new(begun.token.reveal().to_owned());
    response.insert_header((SET_COOKIE, cookies::session(&token).unwrap_or_else(cookies::no_session)));
    response.json(answer)
}

impl From<TenantBody> for ProfileDraft {
    fn from(TenantBody { kind, name, country, registration_number, vat_number }: TenantBody) -> Self {
        Self { kind, name, country, registration_number, vat_number }
    }
}

impl TryFrom<FinishBody> for Draft {
    type Error = Problem;

    fn try_from(body: FinishBody) -> Result<Self, Problem> {
        let aim = match (body.tenant, body.invitation) {
            (Some(tenant), None) => Aim::Own(tenant.into()),
            (None, Some(code)) => Aim::Invitation(code),
            (None, None) => {
                return Err(Problem::invalid_field("/tenant", "required", "a tenant or an invitation is needed"));
            }
            (Some(_), Some(_)) => {
                return Err(Problem::invalid_field("", "unknown_field", "tenant and invitation exclude each other"));
            }
        };
        Ok(Self {
            code: body.code,
            password: body.password,
            name: body.name,
            phone: body.phone,
            aim,
            acknowledged: body.acknowledged.into_iter().map(|read| (read.document, read.version)).collect(),
        })
    }
}

impl From<View> for SessionAnswer {
    fn from(view: View) -> Self {
        let method = |(method, advice): (Method, Advice)| MethodAnswer {
            method: method.name(),
            advised: advice == Advice::Advised,
        };
        Self {
            assurance: view.assurance,
            account: AccountAnswer { id: view.account, name: view.name.into_revealed() },
            tenants: view
                .tenants
                .into_iter()
                .map(|tenant| MembershipAnswer {
                    id: tenant.id,
                    sealed: tenant.name.is_none(),
                    name: tenant.name.map(Personal::into_revealed),
                    role: tenant.role,
                })
                .collect(),
            methods: view.methods.into_iter().map(method).collect(),
            prompts: view.prompts.into_iter().map(Prompt::name).collect(),
        }
    }
}

impl From<SignIn> for SignInAnswer {
    fn from(entry: SignIn) -> Self {
        Self {
            at: entry.at,
            ip: entry.seen.ip.reveal().to_string(),
            device: entry.seen.device.into_revealed(),
            method: entry.seen.method,
            outcome: entry.seen.outcome,
        }
    }
}

/// Wrong fields as the client sees them.
#[must_use]
pub fn invalid(faults: Vec<Fault>) -> Problem {
    let field = |fault: Fault| FieldProblem { pointer: fault.pointer, code: fault.code, detail: fault.detail };
    Problem::Invalid(faults.into_iter().map(field).collect())
}

/// A failure of the accounts as the client sees it.
#[must_use]
pub fn of_failure(incidents: &Incidents, error: Failure) -> Problem {
    match error {
        Failure::Throttled(Throttled { limit, retry_after }) => Problem::TooManyRequests(Exhausted {
            policy: limit.policy,
            quota: limit.free,
            window: limit.window,
            retry_after,
        }),
        Failure::Busy => failure::busy(),
        Failure::Store(error) => failure::of_store(incidents, error),
    }
}

/// Why nobody has joined, as the client sees it.
#[must_use]
pub fn of_joining(incidents: &Incidents, error: JoinError) -> Problem {
    match error {
        JoinError::Invalid(faults) => invalid(faults),
        JoinError::Unacknowledged(documents) => {
            Problem::AcknowledgementRequired { documents: documents.into_iter().map(Into::into).collect() }
        }
        JoinError::CodeRefused => Problem::CodeRefused,
        JoinError::InvitationRefused => {
            let fault =
                Fault::new("/invitation", INVITATION_REFUSED, "Used, over, taken back, or for another address.");
            invalid(vec![fault])
        }
        JoinError::Failed(error) => of_failure(incidents, error),
    }
}

/// Why somebody is not signed in, as the client sees it.
#[must_use]
pub fn of_sign_in(incidents: &Incidents, error: SignInError) -> Problem {
    match error {
        SignInError::Refused => Problem::SignInRefused,
        SignInError::Failed(error) => of_failure(incidents, error),
    }
}

/// How often a waiting screen asks whether it is approved.
const ASK_AGAIN: std::time::Duration = std::time::Duration::from_secs(2);

/// What is wrong where a passkey is to be used at a bare address.
pub(super) const NEEDS_NAME: &str = "needs_name";
/// The same in words.
pub(super) const NEEDS_NAME_TEXT: &str = "It works at the service's name alone, not at a bare address.";

/// Why there is no challenge, or a session was not raised, as the client sees it.
#[must_use]
pub fn of_confirmation(incidents: &Incidents, error: ConfirmError) -> Problem {
    match error {
        ConfirmError::NotEnrolled => {
            Problem::invalid_field("/method", "not_a_choice", "The account has no such method.")
        }
        ConfirmError::NeedsName => Problem::invalid_field("/method", NEEDS_NAME, NEEDS_NAME_TEXT),
        ConfirmError::CodeRefused => Problem::CodeRefused,
        ConfirmError::NotYetApproved => Problem::NotYetApproved { retry_after: ASK_AGAIN },
        ConfirmError::Away(_) => Problem::ProviderUnavailable,
        ConfirmError::Failed(error) => of_failure(incidents, error),
    }
}
