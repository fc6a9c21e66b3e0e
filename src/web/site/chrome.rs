//! What surrounds a page, from the request.

use actix_web::HttpRequest;
use actix_web::http::{Method, header};

use crate::accounts::factors::approving::Asking;
use crate::kernel::access::{AccountAccess, Assurance, Session, TenantAccess};
use crate::kernel::personal::Personal;
use crate::kernel::tenancy::InTenant as _;
use crate::kernel::values::Locale;
use crate::policies::Coming;
use crate::web::api::accounts::of_failure;
use crate::web::api::policies::refusal;
use crate::web::cookies;
use crate::web::pages::{
    ApprovalAsked, Asked, Chrome, ComingChange, Day, Document, News, Section, TenantMark, Theme, Visitor,
};
use crate::web::problem::Problem;
use crate::web::services::Services;
use crate::web::site::{documents, prompts};

/// What a handler knows of a page's surroundings beside the request.
pub(in crate::web) struct Surroundings {
    /// Who looks at it.
    pub(in crate::web) visitor: Visitor,
    /// The vault that it belongs to.
    pub(in crate::web) tenant: Option<TenantMark>,
    /// The part of the vault.
    pub(in crate::web) section: Section,
    /// What the service asks of who looks at it, and where that is done.
    pub(in crate::web) asked: Option<Asked>,
    /// Whether a sign-in on another device waits for them.
    pub(in crate::web) approval: ApprovalAsked,
    /// What is announced of the legal documents, and they have not acknowledged.
    pub(in crate::web) coming: Vec<Coming>,
}

impl Surroundings {
    /// Nobody's, of no vault.
    pub(in crate::web) const fn of_a_stranger() -> Self {
        Self {
            visitor: Visitor::Stranger,
            tenant: None,
            section: Section::None,
            asked: None,
            approval: ApprovalAsked::Nobody,
            coming: Vec::new(),
        }
    }
}

impl Surroundings {
    /// Of whoever looks, in no vault.
    ///
    /// # Errors
    /// The account cannot be read.
    pub(in crate::web) async fn of_whoever(
        services: &Services,
        account: Option<&AccountAccess>,
    ) -> Result<Self, Problem> {
        let Some(account) = account else { return Ok(Self::of_a_stranger()) };
        let name = services.accounts.name(account).await.map_err(|error| of_failure(&services.incidents, error))?;
        let asked = asked(services, account).await?;
        let approval = approval(services, Some(&account.session)).await?;
        let coming = coming(services, &account.session).await?;
        let visitor = visitor(&account.session, name);
        Ok(Self { visitor, tenant: None, section: Section::None, asked, approval, coming })
    }

    /// Of a member who looks at a part of the vault.
    ///
    /// # Errors
    /// The account or the tenant cannot be read.
    pub(in crate::web) async fn of_tenant(
        services: &Services,
        access: &TenantAccess,
        section: Section,
    ) -> Result<Self, Problem> {
        let names = services.accounts.names(access).await.map_err(|error| of_failure(&services.incidents, error))?;
        let visitor = match &access.session {
            Some(session) => visitor(session, names.person),
            // A token was made by a confirmed session; there is nothing that it could confirm.
            None => Visitor::Confirmed { name: names.person.into() },
        };
        let tenant = TenantMark { id: access.scope.tenant(), name: names.tenant.into() };
        let asked = match &access.session {
            Some(session) => {
                let account = services.accounts.of_member(session, access).await;
                asked(services, &account.map_err(|error| of_failure(&services.incidents, error))?).await?
            }
            None => None,
        };
        let approval = approval(services, access.session.as_ref()).await?;
        let coming = match &access.session {
            Some(session) => coming(services, session).await?,
            None => Vec::new(),
        };
        Ok(Self { visitor, tenant: Some(tenant), section, asked, approval, coming })
    }
}

/// The first thing that is asked of a confirmed session, and where it is done: below that nothing could be.
async fn asked(services: &Services, account: &AccountAccess) -> Result<Option<Asked>, Problem> {
    if account.session.assurance < Assurance::Confirmed {
        return Ok(None);
    }
    let prompts = services.accounts.prompts(account).await.map_err(|error| of_failure(&services.incidents, error))?;
    let Some(prompt) = prompts.first().copied() else { return Ok(None) };
    Ok(Some(Asked { prompt, leads_to: prompts::leads_to(services, account, prompt).await? }))
}

async fn approval(services: &Services, session: Option<&Session>) -> Result<ApprovalAsked, Problem> {
    let Some(session) = session else { return Ok(ApprovalAsked::Nobody) };
    let asking = services.accounts.is_asked(session).await;
    Ok(match asking.map_err(|error| of_failure(&services.incidents, error))? {
        Asking::Somebody => ApprovalAsked::Somebody,
        Asking::Nobody => ApprovalAsked::Nobody,
    })
}

async fn coming(services: &Services, session: &Session) -> Result<Vec<Coming>, Problem> {
    services.policies.coming(session.account).await.map_err(|error| refusal(&services.incidents, error))
}

/// What is announced, in the page's language.
fn change(coming: &[Coming], locale: Locale) -> Option<ComingChange> {
    let first = coming.iter().map(|one| one.effective_at).min()?;
    let summaries: Vec<&str> =
        coming.iter().map(|one| one.summary(locale)).filter(|summary| !summary.is_empty()).collect();
    Some(ComingChange {
        documents: coming.iter().map(|one| documents::of_pages(one.which.document)).collect(),
        effective_on: Day::new(first, locale),
        summary: summaries.join(" "),
    })
}

fn visitor(session: &Session, name: Personal<String>) -> Visitor {
    match session.assurance {
        Assurance::Password => Visitor::Unconfirmed { name: name.into() },
        Assurance::Confirmed | Assurance::Strong => Visitor::Confirmed { name: name.into() },
    }
}

/// What is around a page of somebody who is signed in, in no vault.
///
/// # Errors
/// The account cannot be read.
pub(in crate::web) async fn chrome_of(
    request: &HttpRequest,
    services: &Services,
    account: &AccountAccess,
) -> Result<Chrome, Problem> {
    Ok(surroundings(request, services, Surroundings::of_whoever(services, Some(account)).await?))
}

/// The surroundings of the page that `request` asks for.
pub(in crate::web) fn surroundings(request: &HttpRequest, services: &Services, known: Surroundings) -> Chrome {
    let preferences = cookies::preferences_of(request);
    let theme = match preferences.theme {
        Some(cookies::Theme::Light) => Theme::Light,
        Some(cookies::Theme::Dark) => Theme::Dark,
        Some(cookies::Theme::Auto) | None => Theme::System,
    };
    let locale = locale(request);
    Chrome {
        locale,
        change: change(&known.coming, locale),
        theme,
        visitor: known.visitor,
        tenant: known.tenant,
        contact: services.settings.contact().to_owned(),
        documents: vec![Document::Privacy, Document::Terms, Document::SafeUse, Document::Dpa, Document::Cookies],
        path: request.path().to_owned(),
        section: known.section,
        approval: known.approval,
        news: news(request),
        asked: known.asked.filter(|asked| is_in_place(request, asked)),
    }
}

/// Not where it is done, and not above a form that was refused, which has no way back.
fn is_in_place(request: &HttpRequest, asked: &Asked) -> bool {
    request.method() == Method::GET && request.path() != asked.leads_to
}

/// The language that was chosen; else the one that the browser asks for.
pub(in crate::web) fn locale(request: &HttpRequest) -> Locale {
    let approval =
        || request.headers().get(header::ACCEPT_LANGUAGE).and_then(|value| Locale::negotiate(value.to_str().ok()?));
    cookies::preferences_of(request).language.or_else(approval).unwrap_or(Locale::En)
}

/// What just happened, as `?news=` says it: a word of a closed list.
fn news(request: &HttpRequest) -> Option<News> {
    let word = request.query_string().split('&').find_map(|pair| pair.strip_prefix("news="))?;
    Some(match word {
        "joined" => News::Joined,
        "confirmed" => News::Confirmed,
        "collections_made" => News::CollectionsMade,
        "record_saved" => News::RecordSaved,
        "files_stored" => News::FilesStored,
        "file_deleted" => News::FileDeleted,
        "record_trashed" => News::RecordTrashed,
        "record_restored" => News::RecordRestored,
        "imported" => News::Imported,
        "subscriber_answered" => News::SubscriberAnswered,
        "identifier_changed" => News::IdentifierChanged,
        "change_undone" => News::ChangeUndone,
        "phone_removed" => News::PhoneRemoved,
        "contacts_confirmed" => News::ContactsConfirmed,
        "method_added" => News::MethodAdded,
        "method_renamed" => News::MethodRenamed,
        "method_removed" => News::MethodRemoved,
        "password_changed" => News::PasswordChanged,
        "session_ended" => News::SessionEnded,
        "notice_reported" => News::NoticeReported,
        "sign_in_approved" => News::SignInApproved,
        "sign_in_refused" => News::SignInRefused,
        "sign_in_reported" => News::SignInReported,
        "invited" => News::Invited,
        "invitation_withdrawn" => News::InvitationWithdrawn,
        "role_changed" => News::RoleChanged,
        "member_removed" => News::MemberRemoved,
        "team_joined" => News::TeamJoined,
        "team_left" => News::TeamLeft,
        "sign_in_rules_saved" => News::SignInRulesSaved,
        "leaving_taken_back" => News::LeavingTakenBack,
        "inactivity_chosen" => News::InactivityChosen,
        "limits_saved" => News::LimitsSaved,
        "addresses_saved" => News::AddressesSaved,
        "support_granted" => News::SupportGranted,
        "support_grant_ended" => News::SupportGrantEnded,
        "token_revoked" => News::TokenRevoked,
        "console_done" => News::ConsoleDone,
        "console_proposed" => News::ConsoleProposed,
        "console_begun" => News::ConsoleBegun,
        "preferences_saved" => News::PreferencesSaved,
        _ => return None,
    })
}
