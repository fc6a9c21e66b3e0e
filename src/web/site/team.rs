//! `/t/{tenant_id}/members` and `/invitation`: who belongs to a vault, who is invited, and accepting an invitation.

use actix_web::web::{Data, Path};
use actix_web::{HttpRequest, HttpResponse};

use crate::accounts::team::{Invitation, Member, TeamError};
use crate::kernel::access::{
    Anyone, Authorized, ChangeAccount, LeaveTeam, ManageMembers, ReadMembers, Role, TenantAccess,
};
use crate::kernel::ids::{AccountId, InvitationId, TenantId};
use crate::kernel::tenancy::InTenant as _;
use crate::kernel::values::{EmailAddress, Fault, Faults, Locale};
use crate::web::api::accounts::{invalid, of_failure};
use crate::web::api::team::{parse_role, refusal};
use crate::web::pages::{
    Form, FormField as _, Guest, Invitation as InvitationPage, InvitationField, InvitationRow, InviteField, Managed,
    MemberPage, MemberRow, Members, Moment, Removal, RoleName, Section, Whose,
};
use crate::web::problem::Problem;
use crate::web::routes::{Route, get, post};
use crate::web::services::Services;
use crate::web::site::form::FormFields;
use crate::web::site::{FormBody, Surroundings, go_to, refuse, show, surroundings, told_in};

pub(super) fn routes() -> Vec<Route> {
    vec![
        get("/t/{tenant_id}/members", list),
        post("/t/{tenant_id}/members", invite),
        post("/t/{tenant_id}/members/withdrawals/{id}", withdraw),
        get("/t/{tenant_id}/members/{account_id}", look),
        post("/t/{tenant_id}/members/{account_id}", set_role),
        post("/t/{tenant_id}/members/{account_id}/removal", remove),
        get("/invitation", invitation),
        post("/invitation", accept),
    ]
}

/// How many are read at once.
const PART: i64 = 200;
const ROLES: [Role; 4] = [Role::Viewer, Role::Editor, Role::Admin, Role::Owner];

async fn list(
    access: Authorized<ReadMembers>,
    request: HttpRequest,
    services: Data<Services>,
) -> Result<HttpResponse, Problem> {
    let chrome = surroundings(&request, &services, of_team(&services, &access).await?);
    let page = members(&services, &access, Form::empty(), chrome.locale, chrome.locale).await?;
    show(&services, &page, &chrome)
}

async fn invite(
    access: Authorized<ManageMembers>,
    request: HttpRequest,
    services: Data<Services>,
    form: FormBody,
) -> Result<HttpResponse, Problem> {
    let form = form.read().await?;
    let chrome = surroundings(&request, &services, of_team(&services, &access).await?);
    let problem = match send(&services, &access, &form).await {
        Ok(()) => return Ok(go_to(&format!("/t/{}/members?news=invited", access.scope.tenant()))),
        Err(problem) => problem,
    };
    let typed =
        InviteField::ALL.iter().fold(Form::empty(), |again, field| again.typed(*field, form.text(field.name())));
    let field =
        |pointer: &str| InviteField::ALL.iter().copied().find(|field| pointer.strip_prefix('/') == Some(field.name()));
    let Some(again) = told_in(typed, &problem, field) else { return Err(problem) };
    let language = Locale::parse(form.raw("language")).unwrap_or(chrome.locale);
    let page = members(&services, &access, again, language, chrome.locale).await?;
    refuse(&services, &page, &chrome, &problem)
}

async fn send(services: &Services, access: &TenantAccess, form: &FormFields) -> Result<(), Problem> {
    let mut faults = Faults::default();
    let typed = form.text(InviteField::Email.name());
    let email = match typed.reveal().as_str() {
        "" => Err(Fault::new("/email", "required", "An address is needed.")),
        typed => EmailAddress::parse(typed).map_err(|wrong| Fault::new("/email", "not_an_email", wrong.to_string())),
    };
    let email = faults.take(email);
    let role = faults.take(parse_role(form.raw(InviteField::Role.name())));
    let language = Locale::parse(form.raw(InviteField::Language.name()));
    let language = faults.take(language.map_err(|wrong| Fault::new("/language", "not_a_choice", wrong.to_string())));
    let (Some(email), Some(role), Some(language)) = (email, role, language) else {
        return Err(invalid(faults.into_vec()));
    };
    let invited = services.accounts.invite(access, email, role, Some(language), None).await;
    invited.map(|_| ()).map_err(|error| refusal(&services.incidents, error))
}

async fn withdraw(
    access: Authorized<ManageMembers>,
    services: Data<Services>,
    path: Path<(TenantId, InvitationId)>,
) -> Result<HttpResponse, Problem> {
    let withdrawn = services.accounts.withdraw_invitation(&access, path.1).await;
    withdrawn.map_err(|error| refusal(&services.incidents, error))?;
    Ok(go_to(&format!("/t/{}/members?news=invitation_withdrawn", access.scope.tenant())))
}

async fn look(
    access: Authorized<ReadMembers>,
    request: HttpRequest,
    services: Data<Services>,
    path: Path<(TenantId, AccountId)>,
) -> Result<HttpResponse, Problem> {
    let team = all(&services, &access).await?;
    let member = team.iter().find(|member| member.account == path.1).cloned().ok_or(Problem::NotFound)?;
    let chrome = surroundings(&request, &services, of_team(&services, &access).await?);
    let owners = team.iter().filter(|member| member.role == Role::Owner).count();
    let is_own = member.account == access.scope.actor().account();
    let may_manage = access.role >= Role::Admin && member.role <= access.role;
    let removal = match (member.role, owners) {
        (Role::Owner, 0 | 1) => Removal::LastOwner,
        _ if is_own || may_manage => Removal::Allowed,
        _ => Removal::NotAllowed,
    };
    let roles = if may_manage { given_by(access.role) } else { Vec::new() };
    let member = row(member, access.scope.actor().account());
    show(&services, &MemberPage { tenant: access.scope.tenant(), member, roles, removal }, &chrome)
}

async fn set_role(
    access: Authorized<ManageMembers>,
    services: Data<Services>,
    path: Path<(TenantId, AccountId)>,
    form: FormBody,
) -> Result<HttpResponse, Problem> {
    let form = form.read().await?;
    let role = parse_role(form.raw("role")).map_err(|fault| invalid(vec![fault]))?;
    let set = services.accounts.set_role(&access, path.1, role).await;
    set.map_err(|error| refusal(&services.incidents, error))?;
    Ok(go_to(&format!("/t/{}/members?news=role_changed", access.scope.tenant())))
}

/// Has somebody leave; who leaves themselves, has nothing more to see there.
async fn remove(
    access: Authorized<LeaveTeam>,
    services: Data<Services>,
    path: Path<(TenantId, AccountId)>,
) -> Result<HttpResponse, Problem> {
    let removed = services.accounts.remove_member(&access, path.1).await;
    removed.map_err(|error| refusal(&services.incidents, error))?;
    if path.1 == access.scope.actor().account() {
        return Ok(go_to("/?news=team_left"));
    }
    Ok(go_to(&format!("/t/{}/members?news=member_removed", access.scope.tenant())))
}

/// What there is to do with an invitation: for who is signed in, the form; for everybody else the two ways.
async fn invitation(
    visitor: Authorized<Anyone>,
    request: HttpRequest,
    services: Data<Services>,
) -> Result<HttpResponse, Problem> {
    let guest = if visitor.is_some() { Guest::SignedIn } else { Guest::Stranger };
    let chrome = surroundings(&request, &services, Surroundings::of_whoever(&services, visitor.as_deref()).await?);
    show(&services, &InvitationPage { guest, form: Form::empty() }, &chrome)
}

async fn accept(
    access: Authorized<ChangeAccount>,
    request: HttpRequest,
    services: Data<Services>,
    form: FormBody,
) -> Result<HttpResponse, Problem> {
    let form = form.read().await?;
    let code = form.secret(InvitationField::Invitation.name());
    let problem = match services.accounts.accept_invitation(&access, &code).await {
        Ok((tenant, _)) => return Ok(go_to(&format!("/t/{tenant}/?news=team_joined"))),
        Err(TeamError::MemberAlready) => {
            let form = Form::empty().wrong(InvitationField::Invitation, "member_already");
            let known = Surroundings::of_whoever(&services, Some(&access)).await?;
            let page = InvitationPage { guest: Guest::SignedIn, form };
            let chrome = surroundings(&request, &services, known);
            return refuse(&services, &page, &chrome, &Problem::AlreadyExists { pointer: None });
        }
        Err(error) => refusal(&services.incidents, error),
    };
    let form = match problem {
        Problem::CodeRefused => Form::empty().wrong(InvitationField::Invitation, "invitation_refused"),
        _ => return Err(problem),
    };
    let chrome = surroundings(&request, &services, Surroundings::of_whoever(&services, Some(&access)).await?);
    refuse(&services, &InvitationPage { guest: Guest::SignedIn, form }, &chrome, &problem)
}

async fn of_team(services: &Services, access: &TenantAccess) -> Result<Surroundings, Problem> {
    Surroundings::of_tenant(services, access, Section::Team).await
}

async fn members(
    services: &Services,
    access: &TenantAccess,
    form: Form<InviteField>,
    language: Locale,
    locale: Locale,
) -> Result<Members, Problem> {
    let me = access.scope.actor().account();
    let members = all(services, access).await?.into_iter().map(|member| row(member, me)).collect();
    let managed = if access.role >= Role::Admin {
        let invitations = invited(services, access).await?.into_iter().map(|one| waiting(one, locale)).collect();
        Some(Managed { invitations, roles: given_by(access.role), language })
    } else {
        None
    };
    Ok(Members { tenant: access.scope.tenant(), members, managed, form })
}

/// Everybody who belongs to the tenant.
async fn all(services: &Services, access: &TenantAccess) -> Result<Vec<Member>, Problem> {
    let mut all: Vec<Member> = Vec::new();
    loop {
        let part = services.accounts.members(access, all.last().map(|member| member.account), PART).await;
        let part = part.map_err(|error| of_failure(&services.incidents, error))?;
        let is_last = part.len() < usize::try_from(PART).unwrap_or(usize::MAX);
        all.extend(part);
        if is_last {
            return Ok(all);
        }
    }
}

/// Everybody who is invited and has not come yet.
async fn invited(services: &Services, access: &TenantAccess) -> Result<Vec<Invitation>, Problem> {
    let mut all: Vec<Invitation> = Vec::new();
    loop {
        let part = services.accounts.invitations(access, all.last().map(|one| one.id), PART).await;
        let part = part.map_err(|error| of_failure(&services.incidents, error))?;
        let is_last = part.len() < usize::try_from(PART).unwrap_or(usize::MAX);
        all.extend(part);
        if is_last {
            return Ok(all);
        }
    }
}

/// The roles that who has this one may give.
fn given_by(role: Role) -> Vec<RoleName> {
    ROLES.into_iter().filter(|given| *given <= role).map(RoleName::from).collect()
}

fn row(member: Member, me: AccountId) -> MemberRow {
    let whose = if member.account == me { Whose::Ones } else { Whose::Anothers };
    MemberRow { account: member.account, name: member.name.into(), role: member.role.into(), whose }
}

fn waiting(invitation: Invitation, locale: Locale) -> InvitationRow {
    InvitationRow {
        id: invitation.id,
        email: invitation.email.into(),
        role: invitation.role.into(),
        expires_at: Moment::new(invitation.expires_at, locale),
    }
}
