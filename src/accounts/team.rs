//! Who belongs to a tenant: seen, given another role, removed; invited, and joining by the code that was mailed.
//!
//! Nobody gives or takes away a role above their own, and a tenant always has an owner: the owners' rows are held while
//! one of them is changed, so that of two owners who leave at once one stays. A role acts at the next request of every
//! session, since it is looked up for each. An invitation is good once, for the verified address that it was sent to.

use std::time::Duration;

use diesel::{ExpressionMethods as _, OptionalExtension as _, QueryDsl as _, RunQueryDsl as _};
use serde::{Deserialize, Serialize};

use crate::accounts::throttles::{Counter, Limit, Then, Throttled};
use crate::accounts::{Accounts, Failure, person};
use crate::kernel::access::invitations::invited;
use crate::kernel::access::tokens::REVOKED;
use crate::kernel::access::{AccountAccess, Role, TenantAccess};
use crate::kernel::audit::{self, Action, Event, Subject};
use crate::kernel::clock::Time;
use crate::kernel::crypto::token::RecoveryCode;
use crate::kernel::crypto::{Place, RowRef, Sealed};
use crate::kernel::idempotency::{Once, Outcome, Refused, once};
use crate::kernel::ids::{AccountId, InvitationId, TenantId};
use crate::kernel::personal::{Personal, Secret, revealed};
use crate::kernel::store::db::StoreFailure;
use crate::kernel::store::schema::{account_tenants, invitations, members, past_members, tokens};
use crate::kernel::store::{StoreError, Tx, both};
use crate::kernel::tenancy::{InTenant as _, TenantScope};
use crate::kernel::values::{EmailAddress, Locale};
use crate::messages::notice::{Mail, Notice, UndoCode};
use crate::messages::outbox;
use crate::tenants::{self, profile};

/// A member of a tenant.
#[derive(Debug, Clone)]
pub struct Member {
    /// Their account.
    pub account: AccountId,
    /// Their name.
    pub name: Personal<String>,
    /// As what.
    pub role: Role,
}

/// Somebody who was invited and has not come yet.
#[derive(Debug, Clone)]
pub struct Invitation {
    /// Its id.
    pub id: InvitationId,
    /// Where it was sent.
    pub email: Personal<String>,
    /// As what.
    pub role: Role,
    /// When.
    pub created_at: Time,
    /// When it ends by itself.
    pub expires_at: Time,
}

/// Why a team was not changed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TeamError {
    /// The tenant has no such member or invitation.
    #[error("no such member or invitation")]
    Unknown,
    /// It is above the role of who asks.
    #[error("above one's own role")]
    Forbidden,
    /// A tenant always has an owner.
    #[error("the last owner")]
    LastOwner,
    /// The account belongs to the tenant already.
    #[error("a member already")]
    MemberAlready,
    /// The code is wrong, used, over, or for another address.
    #[error("the code is refused")]
    CodeRefused,
    /// It was asked for before, with the same key.
    #[error(transparent)]
    Repeated(#[from] Refused),
    /// Something else was in the way.
    #[error(transparent)]
    Failed(#[from] Failure),
}

impl From<StoreError> for TeamError {
    fn from(error: StoreError) -> Self {
        Self::Failed(error.into())
    }
}

impl From<Throttled> for TeamError {
    fn from(throttled: Throttled) -> Self {
        Self::Failed(Failure::Throttled(throttled))
    }
}

impl StoreFailure for TeamError {
    fn as_store(&self) -> Option<StoreError> {
        if let Self::Failed(Failure::Store(error)) = self { Some(*error) } else { None }
    }
}

/// What is sealed of an invitation, under the tenant's key.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Kept {
    #[serde(with = "revealed")]
    email: Personal<String>,
}

/// Where it lies.
struct InvitationBody;

impl Place for InvitationBody {
    const LABEL: &'static str = "invitations.body";
    type Plain = Kept;
}

/// How long an invitation waits.
const LIFETIME: Duration = Duration::from_secs(7 * 24 * 3600);

/// How many a tenant may send: mails go to who never asked for one.
const LIMIT: Limit =
    Limit { policy: "invitations", free: 20, window: Duration::from_secs(3600), then: Then::NextWindow };

/// An invitation never changes: its row has one version.
const fn row(id: InvitationId) -> RowRef {
    RowRef::new(id.as_bytes(), 1)
}

impl Accounts {
    /// The tenant's members after `after`, at most `limit`.
    ///
    /// # Errors
    /// The store's.
    pub async fn members(
        &self,
        access: &TenantAccess,
        after: Option<AccountId>,
        limit: i64,
    ) -> Result<Vec<Member>, Failure> {
        let after = after.unwrap_or(AccountId::from_bytes([0; 16]));
        let list = move |tx: &mut Tx<'_>, scope: &TenantScope| -> Result<Vec<(AccountId, i16)>, StoreError> {
            Ok(account_tenants::table
                .filter(account_tenants::tenant_id.eq(scope.tenant()))
                .filter(account_tenants::account_id.gt(after))
                .order(account_tenants::account_id)
                .limit(limit)
                .select((account_tenants::account_id, account_tenants::role))
                .load(tx.conn())?)
        };
        let mut all = Vec::new();
        for (account, role) in self.kernel().read(&access.scope, list).await? {
            let scope = self.kernel().account_scope(account).await?;
            let name = self.kernel().point(&scope, person::find).await?.name;
            all.push(Member { account, name, role: Role::from_code(role).ok_or(StoreError::Unreadable)? });
        }
        Ok(all)
    }

    /// The accounts of the tenant's members after `after`, at most `limit`.
    pub(super) async fn member_accounts(
        &self,
        access: &TenantAccess,
        after: Option<AccountId>,
        limit: i64,
    ) -> Result<Vec<AccountId>, Failure> {
        let after = after.unwrap_or(AccountId::from_bytes([0; 16]));
        let list = move |tx: &mut Tx<'_>, scope: &TenantScope| -> Result<Vec<AccountId>, StoreError> {
            Ok(account_tenants::table
                .filter(account_tenants::tenant_id.eq(scope.tenant()))
                .filter(account_tenants::account_id.gt(after))
                .order(account_tenants::account_id)
                .limit(limit)
                .select(account_tenants::account_id)
                .load(tx.conn())?)
        };
        Ok(self.kernel().read(&access.scope, list).await?)
    }

    /// Gives a member another role.
    ///
    /// # Errors
    /// [`TeamError::Unknown`]; [`TeamError::Forbidden`]: the one before or the one after is above one's own;
    /// [`TeamError::LastOwner`].
    pub async fn set_role(&self, access: &TenantAccess, account: AccountId, role: Role) -> Result<(), TeamError> {
        let set = move |tx: &mut Tx<'_>, scope: &TenantScope| -> Result<(), TeamError> {
            let held = hold(tx, scope, account)?;
            if held.before > held.mine || role > held.mine || held.mine < Role::Admin {
                return Err(TeamError::Forbidden);
            }
            if held.is_last_owner(account) && role != Role::Owner {
                return Err(TeamError::LastOwner);
            }
            if held.before == role {
                return Ok(());
            }
            diesel::update(account_tenants::table.find((account, scope.tenant())))
                .set(account_tenants::role.eq(role.code()))
                .execute(tx.conn())
                .map_err(StoreError::from)?;
            audit::record(tx, scope, &Event::new(Action::MemberRoleChanged).of(Subject::Account(account)))?;
            Ok(())
        };
        self.kernel().write("members.set_role", &access.scope, set).await
    }

    /// Removes a member, and whatever tokens they made for the tenant; oneself from any role.
    ///
    /// # Errors
    /// As [`Accounts::set_role`].
    pub async fn remove_member(&self, access: &TenantAccess, account: AccountId) -> Result<(), TeamError> {
        let remove = move |tx: &mut Tx<'_>, scope: &TenantScope| -> Result<(), TeamError> {
            let held = hold(tx, scope, account)?;
            let oneself = scope.actor().account() == account;
            if !oneself && (held.mine < Role::Admin || held.before > held.mine) {
                return Err(TeamError::Forbidden);
            }
            if held.is_last_owner(account) {
                return Err(TeamError::LastOwner);
            }
            diesel::delete(account_tenants::table.find((account, scope.tenant())))
                .execute(tx.conn())
                .map_err(StoreError::from)?;
            let past = (past_members::account_id.eq(account), past_members::tenant_id.eq(scope.tenant()));
            both(diesel::insert_into(past_members::table).values(past).on_conflict_do_nothing())
                .execute(tx.conn())
                .map_err(StoreError::from)?;
            diesel::delete(members::rows(scope).filter(members::account_id.eq(account)))
                .execute(tx.conn())
                .map_err(StoreError::from)?;
            let made =
                tokens::table.filter(tokens::tenant_id.eq(scope.tenant())).filter(tokens::account_id.eq(account));
            diesel::update(made).set(tokens::state.eq(REVOKED)).execute(tx.conn()).map_err(StoreError::from)?;
            audit::record(tx, scope, &Event::new(Action::MemberRemoved).of(Subject::Account(account)))?;
            Ok(())
        };
        self.kernel().write("members.remove", &access.scope, remove).await
    }

    /// Invites whoever reads the mail at `email`, in this language or that of who invites.
    ///
    /// # Errors
    /// [`TeamError::Forbidden`]: the role is above one's own; [`Failure::Throttled`].
    pub async fn invite(
        &self,
        access: &TenantAccess,
        email: EmailAddress,
        role: Role,
        language: Option<Locale>,
        wish: Option<Once<Invitation>>,
    ) -> Result<Outcome<Invitation>, TeamError> {
        if role > access.role {
            return Err(TeamError::Forbidden);
        }
        let day = self.kernel().today().await.map_err(Failure::from)?;
        let counter = Counter::new(&day, LIMIT, access.scope.tenant().as_bytes());
        let inviter = self.kernel().account_scope(access.scope.actor().account()).await.map_err(Failure::from)?;
        let inviter = self.kernel().point(&inviter, person::find).await?;
        let language = language.unwrap_or(inviter.language);
        let invite = move |tx: &mut Tx<'_>, scope: &TenantScope| -> Result<Outcome<Invitation>, TeamError> {
            once(tx, scope, wish.as_ref(), |tx| {
                if let Some(throttled) = counter.hold(tx)? {
                    return Err(throttled.into());
                }
                counter.count(tx)?;
                let now = tx.now();
                let (id, code) = (InvitationId::new(now, tx.entropy()), RecoveryCode::random(tx.entropy()));
                let email_kept = Personal::new(email.to_stored());
                let body =
                    scope.keys().seal::<InvitationBody>(row(id), &Kept { email: email_kept.clone() }, tx.entropy());
                let expires_at = now.plus(LIFETIME);
                diesel::insert_into(invitations::table)
                    .values((
                        invitations::id.eq(id),
                        invitations::digest.eq(code.digest().as_slice()),
                        invitations::tenant_id.eq(scope.tenant()),
                        invitations::role.eq(role.code()),
                        invitations::created_at.eq(now),
                        invitations::expires_at.eq(expires_at),
                        invitations::body.eq(body),
                    ))
                    .execute(tx.conn())
                    .map_err(StoreError::from)?;
                let tenant_name = profile::find(tx, scope)?.name;
                let notice = Notice::Invitation { tenant_name, code: UndoCode::new(code.shown()) };
                outbox::enqueue(tx, scope.keys(), &Mail { to: email.clone(), language, notice })?;
                audit::record(tx, scope, &Event::new(Action::MemberInvited).of(Subject::Invitation(id)))?;
                Ok(Invitation { id, email: email_kept, role, created_at: now, expires_at })
            })
        };
        self.kernel().write("invitations.create", &access.scope, invite).await
    }

    /// The tenant's invitations that wait, after `after`, at most `limit`.
    ///
    /// # Errors
    /// The store's.
    pub async fn invitations(
        &self,
        access: &TenantAccess,
        after: Option<InvitationId>,
        limit: i64,
    ) -> Result<Vec<Invitation>, Failure> {
        let after = after.unwrap_or(InvitationId::from_bytes([0; 16]));
        let list = move |tx: &mut Tx<'_>, scope: &TenantScope| -> Result<Vec<Invitation>, StoreError> {
            type Row = (InvitationId, i16, Time, Time, Sealed<InvitationBody>);
            let now = tx.now();
            let rows: Vec<Row> = invitations::table
                .filter(invitations::tenant_id.eq(scope.tenant()))
                .filter(invitations::expires_at.gt(now))
                .filter(invitations::id.gt(after))
                .order(invitations::id)
                .limit(limit)
                .select((
                    invitations::id,
                    invitations::role,
                    invitations::created_at,
                    invitations::expires_at,
                    invitations::body,
                ))
                .load(tx.conn())?;
            let open = |(id, role, created_at, expires_at, body): Row| {
                let Kept { email } = scope.keys().open(row(id), &body)?;
                let role = Role::from_code(role).ok_or(StoreError::Unreadable)?;
                Ok(Invitation { id, email, role, created_at, expires_at })
            };
            rows.into_iter().map(open).collect()
        };
        Ok(self.kernel().read(&access.scope, list).await?)
    }

    /// Takes an invitation back: its code is good for nothing.
    ///
    /// # Errors
    /// [`TeamError::Unknown`].
    pub async fn withdraw_invitation(&self, access: &TenantAccess, id: InvitationId) -> Result<(), TeamError> {
        let withdraw = move |tx: &mut Tx<'_>, scope: &TenantScope| -> Result<(), TeamError> {
            let this =
                invitations::table.filter(invitations::id.eq(id)).filter(invitations::tenant_id.eq(scope.tenant()));
            if diesel::delete(this).execute(tx.conn()).map_err(StoreError::from)? != 1 {
                return Err(TeamError::Unknown);
            }
            audit::record(tx, scope, &Event::new(Action::InvitationWithdrawn).of(Subject::Invitation(id)))?;
            Ok(())
        };
        self.kernel().write("invitations.withdraw", &access.scope, withdraw).await
    }

    /// Makes the account a member of the tenant that the code invites to; gives which.
    ///
    /// # Errors
    /// [`TeamError::CodeRefused`]: wrong, used, over, or for another address; [`TeamError::MemberAlready`].
    pub async fn accept_invitation(
        &self,
        access: &AccountAccess,
        code: &Secret<String>,
    ) -> Result<(TenantId, Role), TeamError> {
        let code = RecoveryCode::parse(code.reveal()).ok_or(TeamError::CodeRefused)?;
        let invited = invited(self.kernel(), access, &code).await?;
        let (scope, id) = invited.ok_or(TeamError::CodeRefused)?;
        let mine = self.kernel().point(&access.scope, person::find).await?.address()?.normalised();
        let accept = move |tx: &mut Tx<'_>, scope: &TenantScope| -> Result<(TenantId, Role), TeamError> {
            let role = hold_invitation(tx, scope, id, &mine)?.ok_or(TeamError::CodeRefused)?;
            if role_of(tx, scope, scope.actor().account())?.is_some() {
                return Err(TeamError::MemberAlready);
            }
            use_invitation(tx, scope, id, role)?;
            Ok((scope.tenant(), role))
        };
        self.kernel().write("invitations.accept", &scope, accept).await
    }
}

/// The role of an invitation that lasts and was sent to this address; held: of two at once, the second finds nothing.
pub(super) fn hold_invitation(
    tx: &mut Tx<'_>,
    scope: &TenantScope,
    id: InvitationId,
    mine: &Personal<String>,
) -> Result<Option<Role>, StoreError> {
    let now = tx.now();
    let living = invitations::table
        .filter(invitations::id.eq(id))
        .filter(invitations::tenant_id.eq(scope.tenant()))
        .filter(invitations::expires_at.gt(now));
    let row_found: Option<(i16, Sealed<InvitationBody>)> = diesel::update(living)
        .set(invitations::role.eq(invitations::role))
        .returning((invitations::role, invitations::body))
        .get_result(tx.conn())
        .optional()?;
    let Some((role, body)) = row_found else { return Ok(None) };
    let Kept { email } = scope.keys().open(row(id), &body)?;
    let theirs = EmailAddress::from_stored(email.reveal()).map_err(|_| StoreError::Unreadable)?.normalised();
    let role = Role::from_code(role).ok_or(StoreError::Unreadable)?;
    Ok((theirs == *mine).then_some(role))
}

/// Makes who acts a member by an invitation that is held: it is used up.
pub(super) fn use_invitation(
    tx: &mut Tx<'_>,
    scope: &TenantScope,
    id: InvitationId,
    role: Role,
) -> Result<(), StoreError> {
    let account = scope.actor().account();
    diesel::delete(invitations::table.find(id)).execute(tx.conn())?;
    tenants::members::add(tx, scope, account, role)?;
    audit::record(tx, scope, &Event::new(Action::MemberJoined).of(Subject::Account(account)))
}

/// What a change of a member goes by, held until the transaction ends.
struct Held {
    /// The role of who asks, as it stands now.
    mine: Role,
    /// The member's.
    before: Role,
    owners: Vec<AccountId>,
}

impl Held {
    fn is_last_owner(&self, account: AccountId) -> bool {
        self.owners == [account]
    }
}

fn hold(tx: &mut Tx<'_>, scope: &TenantScope, account: AccountId) -> Result<Held, TeamError> {
    let owners = account_tenants::table
        .filter(account_tenants::tenant_id.eq(scope.tenant()))
        .filter(account_tenants::role.eq(Role::Owner.code()));
    let owners: Vec<AccountId> = diesel::update(owners)
        .set(account_tenants::role.eq(account_tenants::role))
        .returning(account_tenants::account_id)
        .get_results(tx.conn())
        .map_err(StoreError::from)?;
    let before = role_of(tx, scope, account)?.ok_or(TeamError::Unknown)?;
    let mine = role_of(tx, scope, scope.actor().account())?.ok_or(TeamError::Forbidden)?;
    Ok(Held { mine, before, owners })
}

fn role_of(tx: &mut Tx<'_>, scope: &TenantScope, account: AccountId) -> Result<Option<Role>, StoreError> {
    let code: Option<i16> = diesel::update(account_tenants::table.find((account, scope.tenant())))
        .set(account_tenants::role.eq(account_tenants::role))
        .returning(account_tenants::role)
        .get_result(tx.conn())
        .optional()?;
    Ok(code.and_then(Role::from_code))
}

/// Deletes invitations that nobody came by, at most `limit`; gives how many.
pub(super) fn sweep(tx: &mut Tx<'_>, limit: i64) -> Result<usize, StoreError> {
    let now = tx.now();
    let over: Vec<InvitationId> = invitations::table
        .filter(invitations::expires_at.le(now))
        .select(invitations::id)
        .limit(limit)
        .load(tx.conn())?;
    Ok(diesel::delete(invitations::table.filter(invitations::id.eq_any(&over))).execute(tx.conn())?)
}
