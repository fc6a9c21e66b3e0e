//! Who belongs to a tenant, and who is invited to it.

use actix_web::web::{Data, Path};
use actix_web::{HttpRequest, HttpResponse};
use serde::{Deserialize, Serialize};
use utoipa::{OpenApi, ToSchema};

use crate::accounts::team::{Invitation, Member, TeamError};
use crate::kernel::access::{Authorized, ChangeAccount, LeaveTeam, ManageMembers, ReadInvitations, ReadMembers, Role};
use crate::kernel::clock::Time;
use crate::kernel::idempotency::Answer;
use crate::kernel::ids::{AccountId, InvitationId, TenantId};
use crate::kernel::log::Incidents;
use crate::kernel::personal::{Personal, Secret};
use crate::kernel::store::StoreError;
use crate::kernel::values::{EmailAddress, Fault, Faults, Locale};
use crate::web::api::accounts::{invalid, of_failure};
use crate::web::api::body::Body;
use crate::web::api::listing::Listing;
use crate::web::api::vault::{answer, repeated, send, wish};
use crate::web::problem::Problem;
use crate::web::routes::{Route, delete, get, post, put};
use crate::web::services::Services;

pub(super) fn routes() -> Vec<Route> {
    vec![
        get("/api/v1/members", list_members),
        put("/api/v1/members/{account_id}", set_role),
        delete("/api/v1/members/{account_id}", remove_member),
        get("/api/v1/invitations", list_invitations),
        post("/api/v1/invitations", invite),
        delete("/api/v1/invitations/{id}", withdraw_invitation),
        post("/api/v1/invitations/accept", accept_invitation),
    ]
}

#[derive(OpenApi)]
#[openapi(paths(
    list_members,
    set_role,
    remove_member,
    list_invitations,
    invite,
    withdraw_invitation,
    accept_invitation
))]
struct Part;

pub(super) fn document() -> utoipa::openapi::OpenApi {
    Part::openapi()
}

/// A member.
#[derive(Serialize, ToSchema)]
struct MemberAnswer {
    #[schema(value_type = String, format = "uuid")]
    account_id: AccountId,
    name: String,
    /// `owner`, `admin`, `editor` or `viewer`.
    #[schema(value_type = String, example = "editor")]
    role: Role,
}

/// A page of members.
#[derive(ToSchema)]
#[expect(dead_code, reason = "the form of a page, for the description alone")]
struct MemberPage {
    items: Vec<MemberAnswer>,
    next: Option<String>,
}

/// An invitation that waits.
#[derive(Serialize, ToSchema)]
struct InvitationAnswer {
    #[schema(value_type = String, format = "uuid")]
    id: InvitationId,
    #[schema(format = "email")]
    email: String,
    #[schema(value_type = String, example = "editor")]
    role: Role,
    #[schema(value_type = String, format = DateTime)]
    created_at: Time,
    /// When it ends by itself.
    #[schema(value_type = String, format = DateTime)]
    expires_at: Time,
}

/// A page of invitations.
#[derive(ToSchema)]
#[expect(dead_code, reason = "the form of a page, for the description alone")]
struct InvitationPage {
    items: Vec<InvitationAnswer>,
    next: Option<String>,
}

/// A member's role.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct RoleBody {
    /// `owner`, `admin`, `editor` or `viewer`; not above one's own.
    #[schema(example = "editor")]
    role: String,
}

/// Who is invited.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct InvitationBody {
    #[schema(value_type = String, format = "email")]
    email: Personal<String>,
    /// Not above one's own.
    #[schema(example = "editor")]
    role: String,
    /// Of the mail: `en`, `lv`, `lt`, `et` or `kk`; that of who invites, if left out.
    #[schema(example = "lv")]
    language: Option<String>,
}

/// The code of an invitation.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct AcceptBody {
    /// From the mail, in any case, with or without hyphens.
    #[schema(value_type = String)]
    code: Secret<String>,
}

/// Where the account belongs from now on.
#[derive(Serialize, ToSchema)]
struct JoinedTeam {
    #[schema(value_type = String, format = "uuid")]
    tenant_id: TenantId,
    #[schema(value_type = String, example = "editor")]
    role: Role,
}

/// The members of the tenant.
#[utoipa::path(get, path = "/api/v1/members", tag = "members", security(("session" = []), ("token" = [])),
    params(
        ("limit" = Option<i64>, Query, description = "1 to 200, 50 if left out", minimum = 1, maximum = 200),
        ("after" = Option<String>, Query, description = "The cursor that the last page gave"),
    ),
    responses((status = 200, description = "A page of members", body = MemberPage)))]
async fn list_members(
    access: Authorized<ReadMembers>,
    services: Data<Services>,
    request: HttpRequest,
) -> Result<HttpResponse, Problem> {
    let query = Listing::of(&request)?;
    let after = query.after()?.map(AccountId::from_bytes);
    let found = services.accounts.members(&access, after, query.limit_and_one()?).await;
    let found = found.map_err(|error| of_failure(&services.incidents, error))?;
    Ok(HttpResponse::Ok().json(query.page::<_, MemberAnswer>(found, |member| *member.account.as_bytes())))
}

/// Gives a member another role, at their next request.
#[utoipa::path(put, path = "/api/v1/members/{account_id}", tag = "members", request_body = RoleBody,
    security(("session" = [])),
    params(("account_id" = String, Path, description = "The member's account")),
    responses(
        (status = 204, description = "Changed"),
        (status = 403, description = "Not confirmed within ten minutes, no admin, or a role above one's own"),
        (status = 404, description = "No such member"),
        (status = 409, description = "`last_owner`: a tenant always has an owner"),
        (status = 422, description = "No such role"),
    ))]
async fn set_role(
    access: Authorized<ManageMembers>,
    services: Data<Services>,
    id: Path<String>,
    body: Body<RoleBody>,
) -> Result<HttpResponse, Problem> {
    let account: AccountId = id.parse().map_err(|_| Problem::NotFound)?;
    let RoleBody { role } = body.read().await?;
    let role = parse_role(&role).map_err(|fault| invalid(vec![fault]))?;
    let set = services.accounts.set_role(&access, account, role).await;
    set.map_err(|error| refusal(&services.incidents, error))?;
    Ok(HttpResponse::NoContent().finish())
}

/// Removes a member, and the tokens that they made; oneself from any role.
#[utoipa::path(delete, path = "/api/v1/members/{account_id}", tag = "members", security(("session" = [])),
    params(("account_id" = String, Path, description = "The member's account")),
    responses(
        (status = 204, description = "Removed"),
        (status = 403, description = "Not confirmed within ten minutes, or another's without being an admin, or above one's own role"),
        (status = 404, description = "No such member"),
        (status = 409, description = "`last_owner`: a tenant always has an owner"),
    ))]
async fn remove_member(
    access: Authorized<LeaveTeam>,
    services: Data<Services>,
    id: Path<String>,
) -> Result<HttpResponse, Problem> {
    let account: AccountId = id.parse().map_err(|_| Problem::NotFound)?;
    let removed = services.accounts.remove_member(&access, account).await;
    removed.map_err(|error| refusal(&services.incidents, error))?;
    Ok(HttpResponse::NoContent().finish())
}

/// The invitations that wait, oldest first.
#[utoipa::path(get, path = "/api/v1/invitations", tag = "members", security(("session" = [])),
    params(
        ("limit" = Option<i64>, Query, description = "1 to 200, 50 if left out", minimum = 1, maximum = 200),
        ("after" = Option<String>, Query, description = "The cursor that the last page gave"),
    ),
    responses((status = 200, description = "A page of invitations", body = InvitationPage)))]
async fn list_invitations(
    access: Authorized<ReadInvitations>,
    services: Data<Services>,
    request: HttpRequest,
) -> Result<HttpResponse, Problem> {
    let query = Listing::of(&request)?;
    let after = query.after()?.map(InvitationId::from_bytes);
    let found = services.accounts.invitations(&access, after, query.limit_and_one()?).await;
    let found = found.map_err(|error| of_failure(&services.incidents, error))?;
    Ok(HttpResponse::Ok().json(query.page::<_, InvitationAnswer>(found, |invitation| *invitation.id.as_bytes())))
}

/// Invites somebody by mail. The code in it is good for seven days, once, for an account with that verified address.
#[utoipa::path(post, path = "/api/v1/invitations", tag = "members", request_body = InvitationBody,
    security(("session" = [])),
    params(("Idempotency-Key" = Option<String>, Header, description = "Done once in 24 hours")),
    responses(
        (status = 201, description = "A mail is on its way", body = InvitationAnswer),
        (status = 403, description = "Not confirmed within ten minutes, no admin, or a role above one's own"),
        (status = 422, description = "A field is wrong"),
        (status = 429, description = "Too many invitations in an hour"),
    ))]
async fn invite(
    access: Authorized<ManageMembers>,
    services: Data<Services>,
    request: HttpRequest,
    body: Body<InvitationBody>,
) -> Result<HttpResponse, Problem> {
    let (body, bytes) = body.read_with_bytes().await?;
    let wish = wish(&request, "POST /invitations", &bytes, created)?;
    let mut faults = Faults::default();
    let email = EmailAddress::parse(body.email.reveal());
    let email = faults.take(email.map_err(|wrong| Fault::new("/email", "not_an_email", wrong.to_string())));
    let role = faults.take(parse_role(&body.role));
    let language = body.language.as_deref().map(Locale::parse).transpose();
    let language = faults.take(language.map_err(|wrong| Fault::new("/language", "not_a_choice", wrong.to_string())));
    let (Some(email), Some(role), Some(language)) = (email, role, language) else {
        return Err(invalid(faults.into_vec()));
    };
    let invited = services.accounts.invite(&access, email, role, language, wish).await;
    send(&services.incidents, invited.map_err(|error| refusal(&services.incidents, error))?, created)
}

fn created(invitation: &Invitation) -> Result<Answer, StoreError> {
    answer(201, None, None, &InvitationAnswer::from(invitation.clone()))
}

/// Takes an invitation back.
#[utoipa::path(delete, path = "/api/v1/invitations/{id}", tag = "members", security(("session" = [])),
    params(("id" = String, Path, description = "The invitation's id")),
    responses(
        (status = 204, description = "Taken back"),
        (status = 403, description = "Not confirmed within ten minutes, or no admin"),
        (status = 404, description = "No such invitation waits"),
    ))]
async fn withdraw_invitation(
    access: Authorized<ManageMembers>,
    services: Data<Services>,
    id: Path<String>,
) -> Result<HttpResponse, Problem> {
    let id: InvitationId = id.parse().map_err(|_| Problem::NotFound)?;
    let withdrawn = services.accounts.withdraw_invitation(&access, id).await;
    withdrawn.map_err(|error| refusal(&services.incidents, error))?;
    Ok(HttpResponse::NoContent().finish())
}

/// Joins the tenant that the code invites to: by an account whose verified address it was sent to.
#[utoipa::path(post, path = "/api/v1/invitations/accept", tag = "members", request_body = AcceptBody,
    security(("session" = [])),
    responses(
        (status = 200, description = "A member from now on", body = JoinedTeam),
        (status = 409, description = "`already_exists`: the account is a member"),
        (status = 422, description = "`code_refused`: wrong, used, over, or for another address"),
    ))]
async fn accept_invitation(
    access: Authorized<ChangeAccount>,
    services: Data<Services>,
    body: Body<AcceptBody>,
) -> Result<HttpResponse, Problem> {
    let AcceptBody { code } = body.read().await?;
    let joined = services.accounts.accept_invitation(&access, &code).await;
    let (tenant_id, role) = joined.map_err(|error| refusal(&services.incidents, error))?;
    Ok(HttpResponse::Ok().json(JoinedTeam { tenant_id, role }))
}

/// The role of this name.
pub(in crate::web) fn parse_role(text: &str) -> Result<Role, Fault> {
    match text {
        "owner" => Ok(Role::Owner),
        "admin" => Ok(Role::Admin),
        "editor" => Ok(Role::Editor),
        "viewer" => Ok(Role::Viewer),
        _ => Err(Fault::new("/role", "not_a_choice", "owner, admin, editor or viewer")),
    }
}

impl From<Member> for MemberAnswer {
    fn from(member: Member) -> Self {
        Self { account_id: member.account, name: member.name.into_revealed(), role: member.role }
    }
}

impl From<Invitation> for InvitationAnswer {
    fn from(invitation: Invitation) -> Self {
        Self {
            id: invitation.id,
            email: invitation.email.into_revealed(),
            role: invitation.role,
            created_at: invitation.created_at,
            expires_at: invitation.expires_at,
        }
    }
}

/// Why a team was not changed, as the client sees it.
#[must_use]
pub fn refusal(incidents: &Incidents, error: TeamError) -> Problem {
    match error {
        TeamError::Unknown => Problem::NotFound,
        TeamError::Forbidden => Problem::Forbidden { needs: "permission" },
        TeamError::LastOwner => Problem::LastOwner,
        TeamError::MemberAlready => Problem::AlreadyExists { pointer: None },
        TeamError::CodeRefused => Problem::CodeRefused,
        TeamError::Repeated(refused) => repeated(refused),
        TeamError::Failed(error) => of_failure(incidents, error),
    }
}
