//! API tokens: made, listed, revoked; never by a token.

use actix_web::web::{Data, Path};
use actix_web::{HttpRequest, HttpResponse};
use serde::{Deserialize, Serialize};
use utoipa::openapi::RefOr;
use utoipa::openapi::schema::{ObjectBuilder, Schema, Type};
use utoipa::{OpenApi, PartialSchema, ToSchema};

use crate::accounts::tokens::{Draft, NewToken, Token, TokenError};
use crate::kernel::access::{Authorized, ManageTokens, ReadTokens, TokenScope};
use crate::kernel::clock::Time;
use crate::kernel::idempotency::{Keep, Once};
use crate::kernel::ids::{AccountId, TokenId};
use crate::kernel::log::Incidents;
use crate::kernel::personal::Personal;
use crate::web::api::accounts::{invalid, of_failure};
use crate::web::api::body::Body;
use crate::web::api::limits::LimitsBody;
use crate::web::api::listing::Listing;
use crate::web::api::vault::{idempotency_key, repeated};
use crate::web::problem::Problem;
use crate::web::routes::{Route, delete, get, post};
use crate::web::services::Services;

pub(super) fn routes() -> Vec<Route> {
    vec![post("/api/v1/tokens", create), get("/api/v1/tokens", list), delete("/api/v1/tokens/{id}", revoke)]
}

#[derive(OpenApi)]
#[openapi(paths(create, list, revoke))]
struct Part;

pub(super) fn document() -> utoipa::openapi::OpenApi {
    Part::openapi()
}

/// What a token is to be.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct TokenBody {
    /// What it is called.
    #[schema(value_type = String)]
    name: Personal<String>,
    /// What it may.
    #[schema(value_type = Vec<ScopeName>)]
    scopes: Vec<String>,
    /// When it ends (RFC 3339).
    #[schema(format = DateTime)]
    expires_at: Option<String>,
    /// How much it may do in a day; left out: as much as it likes.
    limits: Option<LimitsBody>,
}

/// The name of something that a token may do, for the description alone.
struct ScopeName;

impl PartialSchema for ScopeName {
    fn schema() -> RefOr<Schema> {
        let names = TokenScope::ALL.map(|(_, name)| name);
        ObjectBuilder::new().schema_type(Type::String).enum_values(Some(names)).into()
    }
}

impl ToSchema for ScopeName {}

/// A new token, shown this once.
#[derive(Serialize, ToSchema)]
struct NewTokenAnswer {
    #[schema(value_type = String, format = "uuid")]
    id: TokenId,
    #[schema(example = "seif_…")]
    token: String,
}

/// A token, without itself.
#[derive(Serialize, ToSchema)]
struct TokenAnswer {
    #[schema(value_type = String, format = "uuid")]
    id: TokenId,
    name: String,
    #[schema(value_type = Vec<ScopeName>)]
    scopes: Vec<&'static str>,
    /// On whose behalf it acts.
    #[schema(value_type = String, format = "uuid")]
    account_id: AccountId,
    #[schema(value_type = String, format = DateTime)]
    created_at: Time,
    #[schema(value_type = Option<String>, format = DateTime)]
    expires_at: Option<Time>,
    /// How much it may do in a day; null is no limit.
    limits: LimitsBody,
}

/// A page of tokens.
#[derive(ToSchema)]
#[expect(dead_code, reason = "the form of a page, for the description alone")]
struct TokenPage {
    items: Vec<TokenAnswer>,
    next: Option<String>,
}

/// Makes a token of the tenant; it is shown this once.
#[utoipa::path(post, path = "/api/v1/tokens", tag = "tokens", request_body = TokenBody, security(("session" = [])),
    params(("Idempotency-Key" = Option<String>, Header, description = "Done once in 24 hours")),
    responses(
        (status = 201, description = "The token", body = NewTokenAnswer),
        (status = 403, description = "Not confirmed within ten minutes, or no admin"),
        (status = 409, description = "`already_done`: this Idempotency-Key has made a token, whose `id` it gives"),
        (status = 422, description = "A field is wrong"),
    ))]
async fn create(
    access: Authorized<ManageTokens>,
    services: Data<Services>,
    request: HttpRequest,
    body: Body<TokenBody>,
) -> Result<HttpResponse, Problem> {
    let (TokenBody { name, scopes, expires_at, limits }, bytes) = body.read_with_bytes().await?;
    let draft = Draft { name, scopes, expires_at, limits: limits.unwrap_or_default().into() };
    let wish = idempotency_key(&request)?.map(|key| Once {
        route: "POST /tokens",
        key,
        body: bytes.to_vec(),
        keep: Keep::IdAlone(|made: &NewToken| made.id.to_string()),
    });
    let made = services.accounts.create_token(&access, &draft, wish).await;
    let NewToken { id, token } = made.map_err(|error| refusal(&services.incidents, error))?;
    Ok(HttpResponse::Created().json(NewTokenAnswer { id, token: token.reveal().to_owned() }))
}

/// The tokens of the tenant that were not revoked, oldest first.
#[utoipa::path(get, path = "/api/v1/tokens", tag = "tokens", security(("session" = [])),
    params(
        ("limit" = Option<i64>, Query, description = "1 to 200, 50 if left out", minimum = 1, maximum = 200),
        ("after" = Option<String>, Query, description = "The cursor that the last page gave"),
    ),
    responses((status = 200, description = "A page of tokens", body = TokenPage)))]
async fn list(
    access: Authorized<ReadTokens>,
    services: Data<Services>,
    request: HttpRequest,
) -> Result<HttpResponse, Problem> {
    let query = Listing::of(&request)?;
    let after = query.after()?.map(TokenId::from_bytes);
    let found = services.accounts.tokens(&access, after, query.limit_and_one()?).await;
    let found = found.map_err(|error| of_failure(&services.incidents, error))?;
    Ok(HttpResponse::Ok().json(query.page::<_, TokenAnswer>(found, |token| *token.id.as_bytes())))
}

/// Revokes a token: it works nowhere from then on, whatever is restored.
#[utoipa::path(delete, path = "/api/v1/tokens/{id}", tag = "tokens", security(("session" = [])),
    params(("id" = String, Path, description = "The token's id")),
    responses(
        (status = 204, description = "Revoked"),
        (status = 403, description = "Not confirmed within ten minutes, or no admin"),
        (status = 404, description = "No such token in this tenant"),
    ))]
async fn revoke(
    access: Authorized<ManageTokens>,
    services: Data<Services>,
    id: Path<String>,
) -> Result<HttpResponse, Problem> {
    let id: TokenId = id.parse().map_err(|_| Problem::NotFound)?;
    let revoked = services.accounts.revoke_token(&access, id).await;
    revoked.map_err(|error| refusal(&services.incidents, error))?;
    Ok(HttpResponse::NoContent().finish())
}

impl From<Token> for TokenAnswer {
    fn from(token: Token) -> Self {
        Self {
            id: token.id,
            name: token.name.into_revealed(),
            scopes: token.scopes.iter().map(TokenScope::name).collect(),
            account_id: token.account,
            created_at: token.created_at,
            expires_at: token.expires_at,
            limits: token.limits.into(),
        }
    }
}

/// Why there is no new token, or none revoked, as the client sees it.
#[must_use]
pub fn refusal(incidents: &Incidents, error: TokenError) -> Problem {
    match error {
        TokenError::Invalid(faults) => invalid(faults),
        TokenError::Unknown => Problem::NotFound,
        TokenError::Repeated(refused) => repeated(refused),
        TokenError::Failed(error) => of_failure(incidents, error),
    }
}
