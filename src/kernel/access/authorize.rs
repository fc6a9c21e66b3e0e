//! From what a request shows to what it may do.

use std::ops::Deref;

use diesel::{
    BoolExpressionMethods as _, ExpressionMethods as _, JoinOnDsl as _, NullableExpressionMethods as _,
    OptionalExtension as _, QueryDsl as _, RunQueryDsl as _,
};

use crate::kernel::Kernel;
use crate::kernel::access::addresses::{self, Outside};
use crate::kernel::access::factors::Wanted;
use crate::kernel::access::limits::{self, Reached};
use crate::kernel::access::permission::{Effect, Held, Need, OperatorAccess, Permission, Rule, Subject};
use crate::kernel::access::rules::{self, Showings};
use crate::kernel::access::sessions::{self, Touch};
use crate::kernel::access::tokens::TokenScope;
use crate::kernel::access::{
    AccountAccess, Allowance, Limits, MemberAccess, Role, Session, SessionRules, SignInRules, TenantAccess,
    TokenScopes, Verdict,
};
use crate::kernel::clock::Time;
use crate::kernel::crypto::Owner;
use crate::kernel::crypto::token::{ApiToken, SessionToken};
use crate::kernel::ids::{AccountId, TenantId, TokenId};
use crate::kernel::keyring::KeyringError;
use crate::kernel::operators;
use crate::kernel::store::db::StoreFailure;
use crate::kernel::store::schema::{account_tenants, accounts, inactivity, role_limits, sign_in_rules, tokens};
use crate::kernel::store::{StoreError, Tx, each};
use crate::kernel::tenancy::{By, Origin, ServiceScope, TenantScope};

/// The proof that a caller may do `P`, and what it needs for it.
pub struct Authorized<P: Permission>(P::Holds);

impl<P: Permission> Authorized<P> {
    /// What the permission gives.
    pub fn into_inner(self) -> P::Holds {
        self.0
    }
}

impl<P: Permission> Deref for Authorized<P> {
    type Target = P::Holds;
    fn deref(&self) -> &P::Holds {
        &self.0
    }
}

/// What a request shows of itself.
#[derive(Debug, Clone)]
pub struct Credentials {
    /// The session cookie's value.
    pub session: Option<SessionToken>,
    /// The bearer token.
    pub bearer: Option<ApiToken>,
    /// The tenant that it names.
    pub tenant: Option<TenantId>,
    /// Where it came from.
    pub origin: Origin,
}

/// Why a caller may not.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Denied {
    /// No session and no token, or none that counts any more.
    #[error("not signed in")]
    NotSignedIn,
    /// The session must be confirmed first.
    #[error("a confirmation is required")]
    ConfirmationRequired(Wanted),
    /// The role or the token's scopes do not reach.
    #[error("not permitted")]
    Forbidden,
    /// The tenant is not one of the caller's, or does not exist: the two are alike.
    #[error("no such tenant")]
    NotFound,
    /// The tenant is about to leave: reading goes on, changes do not.
    #[error("the tenant is leaving")]
    Leaving,
    /// An owner of the tenant's has sealed its vault.
    #[error("the vault is sealed")]
    Sealed,
    /// The account belongs to several tenants and names none.
    #[error("a tenant must be named")]
    TenantRequired,
    /// The account may not be used from this address.
    #[error("not from this address")]
    AddressNotAllowed,
    /// A limit of the day is reached (K-9).
    #[error("a limit of the day is reached")]
    LimitReached(Reached),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl StoreFailure for Denied {
    fn as_store(&self) -> Option<StoreError> {
        if let Self::Store(error) = self { Some(*error) } else { None }
    }
}

impl From<KeyringError> for Denied {
    fn from(error: KeyringError) -> Self {
        match error {
            // An account or tenant whose keys are destroyed is gone.
            KeyringError::NoKey(Owner::Account(_)) => Self::NotSignedIn,
            KeyringError::NoKey(Owner::Tenant(_)) => Self::NotFound,
            KeyringError::Sealed(_) => Self::Sealed,
            other => Self::Store(crate::kernel::store_error(&other)),
        }
    }
}

/// Proves that the request may do `P`.
///
/// # Errors
/// See [`Denied`].
pub async fn authorize<P: Permission>(
    kernel: &Kernel,
    rules: &SessionRules,
    shown: &Credentials,
) -> Result<Authorized<P>, Denied> {
    let held = hold(kernel, rules, shown, &P::RULE).await?;
    P::Holds::try_from(held).map(Authorized)
}

async fn hold(kernel: &Kernel, rules: &SessionRules, shown: &Credentials, rule: &Rule) -> Result<Held, Denied> {
    if let Subject::Operator(roles) = rule.subject {
        return operator(kernel, rules, shown, roles, rule.need).await;
    }
    let found = look_up(kernel, rules, shown, rule).await?;
    let account = async |session: Session| -> Result<Box<AccountAccess>, Denied> {
        let scope = kernel.account_scope(session.account).await?;
        Ok(Box::new(AccountAccess { session, scope, origin: shown.origin.clone() }))
    };
    if let Some(session) = found.session.as_ref().filter(|session| session.needs_a_touch(kernel.now()) == Touch::Due) {
        let id = session.id;
        kernel.write("sessions.touch", &ServiceScope::new(), move |tx, _| sessions::touch(tx, id)).await?;
    }
    if let (Some((tenant, _)), Some(day)) = (found.place, found.used_on)
        && day < kernel.now().day()
    {
        kernel.write("tenants.use", &ServiceScope::new(), move |tx, _| note_use(tx, tenant)).await?;
    }
    match rule.subject {
        Subject::Anyone => Ok(Held::Visitor(match found.session {
            Some(session) => Some(account(session).await?),
            None => None,
        })),
        Subject::Account => account(found.session.ok_or(Denied::NotSignedIn)?).await.map(Held::Account),
        Subject::Operator(_) => Err(Denied::NotSignedIn),
        Subject::Beside(_) => {
            let (tenant, role) = found.place.ok_or(Denied::NotFound)?;
            let account = *account(found.session.ok_or(Denied::NotSignedIn)?).await?;
            Ok(Held::Beside(Box::new(MemberAccess { tenant, role, account })))
        }
        Subject::Tenant(..) => {
            let (tenant, role) = found.place.ok_or(Denied::NotFound)?;
            let (by, actor) = match (&found.session, &found.token) {
                (Some(session), _) => (By::Session(session.id), session.account),
                (None, Some(token)) => (By::Token(token.id), token.account),
                (None, None) => return Err(Denied::NotSignedIn),
            };
            let scope = kernel.tenant_scope(tenant, actor, by, shown.origin.clone()).await?;
            let of_token = found.token.as_ref().map(|token| (token.id, token.limits));
            let allowance = Allowance::of(of_token, actor, found.role_limits);
            let scopes = found.token.map(|token| token.scopes);
            Ok(Held::Tenant(Box::new(TenantAccess { scope, role, session: found.session, scopes, allowance })))
        }
    }
}

/// The operator whose session it is. What an account or a token may counts for nothing here, and the reverse.
async fn operator(
    kernel: &Kernel,
    rules: &SessionRules,
    shown: &Credentials,
    roles: &[operators::Role],
    need: Need,
) -> Result<Held, Denied> {
    let token = shown.session.clone().filter(|_| shown.bearer.is_none()).ok_or(Denied::NotSignedIn)?;
    let session = kernel.keyring().operator_session(&token, rules.console).await?.ok_or(Denied::NotSignedIn)?;
    if !roles.contains(&session.account.role) {
        return Err(Denied::Forbidden);
    }
    need.met_by_operator(session.shown_at, kernel.now())?;
    let access = OperatorAccess { account: session.account, token, origin: shown.origin.clone() };
    Ok(Held::Operator(Box::new(access)))
}

#[derive(Default)]
struct Found {
    session: Option<Session>,
    token: Option<Token>,
    place: Option<(TenantId, Role)>,
    role_limits: Limits,
    /// On which day the tenant was last used, where that counts.
    used_on: Option<i64>,
}

struct Token {
    id: TokenId,
    tenant: TenantId,
    account: AccountId,
    scopes: TokenScopes,
    limits: Limits,
    /// What its maker had just shown.
    showings: Showings,
}

/// What an account is in a tenant, how much it may do there in a day, what is accepted there of what it confirms by,
/// whether the tenant is about to leave, and when it was last used where that counts.
struct Place {
    role: Role,
    limits: Limits,
    rules: SignInRules,
    is_leaving: bool,
    used_on: Option<i64>,
}

/// An account that may act.
pub(crate) const ACTIVE: i16 = 1;
/// An account that its owner has frozen.
pub(crate) const FROZEN: i16 = 2;

async fn look_up(kernel: &Kernel, rules: &SessionRules, shown: &Credentials, rule: &Rule) -> Result<Found, Denied> {
    // Whoever shows nothing and needs nothing is asked nothing: the process says that it lives without its database.
    if let (Subject::Anyone, None) = (rule.subject, &shown.session) {
        return Ok(Found::default());
    }
    if let (Subject::Tenant(least, scopes), Some(token)) = (rule.subject, &shown.bearer) {
        let digest = token.digest();
        let (token, place, addresses) = kernel.glance(move |tx| live_token(tx, &digest)).await?;
        admit(kernel, token.account, &addresses, &shown.origin).await?;
        return by_token(shown, token, place, rule, least, scopes);
    }
    let (shown_session, named) = (shown.session.clone(), shown.tenant);
    let (rules, asked) = (*rules, *rule);
    let find = move |tx: &mut Tx<'_>, _: &ServiceScope| -> Result<_, Denied> {
        let Some(token) = &shown_session else { return Ok(None) };
        let Some((session, addresses)) = sessions::find(tx, token, &rules)? else { return Ok(None) };
        Ok(Some((session.account, addresses, by_session(tx, session, named, &asked, &rules))))
    };
    let admitted = match kernel.point(&ServiceScope::new(), find).await? {
        None => Err(Denied::NotSignedIn),
        // Where it may be used comes before what it may do.
        Some((account, addresses, found)) => admit(kernel, account, &addresses, &shown.origin).await.map(|()| found),
    };
    match (rule.subject, admitted) {
        // What is open to all stays open; there the session counts for nothing.
        (Subject::Anyone, Err(Denied::NotSignedIn | Denied::AddressNotAllowed)) => Ok(Found::default()),
        (_, admitted) => admitted?,
    }
}

/// What a session allows of what its account may do.
fn by_session(
    tx: &mut Tx<'_>,
    session: Session,
    named: Option<TenantId>,
    rule: &Rule,
    rules: &SessionRules,
) -> Result<Found, Denied> {
    let (session, place, there) = match rule.subject {
        Subject::Anyone => (session, None, None),
        Subject::Operator(_) => return Err(Denied::NotSignedIn),
        Subject::Account => {
            rule.need.met_by(&session, tx.now())?;
            (session, None, None)
        }
        Subject::Tenant(least, _) | Subject::Beside(least) => {
            let tenant = tenant_of(tx, session.account, named);
            // A tenant that is none of theirs has no rules, as one that never existed.
            let place = match &tenant {
                Ok(tenant) => place(tx, *tenant, session.account)?,
                Err(Denied::Store(error)) => return Err((*error).into()),
                Err(_) => None,
            };
            let of_tenant = place.as_ref().map(|place| place.rules).unwrap_or_default();
            let session = sessions::within(tx, session, of_tenant, rules)?;
            rule.need.met_by(&session, tx.now())?;
            let (tenant, place) = (tenant?, reaching(place, rule, least)?);
            (session, Some((tenant, place.role)), Some(place))
        }
    };
    let role_limits = there.as_ref().map(|there| there.limits).unwrap_or_default();
    let used_on = there.and_then(|there| there.used_on);
    Ok(Found { session: Some(session), place, role_limits, used_on, ..Found::default() })
}

/// Refuses an account where it may not be used.
async fn admit(kernel: &Kernel, account: AccountId, addresses: &addresses::Row, origin: &Origin) -> Result<(), Denied> {
    if addresses.1.is_none() {
        return Ok(());
    }
    let list = addresses::opened(&kernel.account_scope(account).await?, addresses)?;
    list.admit(*origin.address.reveal()).map_err(|Outside| Denied::AddressNotAllowed)
}

/// What a token allows of what its account may do in its tenant.
fn by_token(
    shown: &Credentials,
    token: Token,
    place: Option<Place>,
    rule: &Rule,
    least: Role,
    scopes: &[TokenScope],
) -> Result<Found, Denied> {
    if shown.tenant.is_some_and(|named| named != token.tenant) {
        return Err(Denied::NotFound);
    }
    if !scopes.iter().any(|scope| token.scopes.hold(*scope).is_ok()) {
        return Err(Denied::Forbidden);
    }
    let Place { role, limits, rules, used_on, .. } = reaching(place, rule, least)?;
    if rules.judge_maker(&token.showings) == Verdict::Refused {
        return Err(Denied::ConfirmationRequired(rules::unmet(rules)));
    }
    let place = (token.tenant, role);
    Ok(Found { token: Some(token), place: Some(place), role_limits: limits, used_on, ..Found::default() })
}

/// The token of this digest, what its account is in its tenant, and from where that may be used: one statement.
fn live_token(tx: &mut Tx<'_>, digest: &[u8; 32]) -> Result<(Token, Option<Place>, addresses::Row), Denied> {
    type Own = (TokenId, TenantId, AccountId, i64, Option<Time>, Option<Vec<u8>>);
    type There = (Option<(i16, bool)>, Option<limits::Columns>, Option<rules::Columns>, Option<i64>);
    type Row = (Own, limits::Columns, There, addresses::Row);
    let place =
        account_tenants::account_id.eq(tokens::account_id).and(account_tenants::tenant_id.eq(tokens::tenant_id));
    let of_role = role_limits::tenant_id
        .eq(tokens::tenant_id)
        .and(role_limits::role.nullable().eq(account_tenants::role.nullable()));
    let query = tokens::table
        .inner_join(accounts::table.on(accounts::id.eq(tokens::account_id)))
        .left_join(account_tenants::table.on(place))
        .left_join(role_limits::table.on(of_role))
        .left_join(sign_in_rules::table.on(sign_in_rules::tenant_id.eq(tokens::tenant_id)))
        .left_join(inactivity::table.on(inactivity::tenant_id.eq(tokens::tenant_id)))
        .filter(tokens::digest.eq(digest.as_slice()))
        .filter(tokens::state.eq(crate::kernel::access::tokens::ACTIVE))
        .filter(accounts::state.eq(ACTIVE))
        .select((
            (tokens::id, tokens::tenant_id, tokens::account_id, tokens::scopes, tokens::expires_at, tokens::showings),
            (tokens::reads_a_day, tokens::deletes_a_day, tokens::exports_a_day),
            (
                (account_tenants::role, account_tenants::is_leaving).nullable(),
                ROLE_LIMITS.nullable(),
                rules::COLUMNS.nullable(),
                inactivity::used_on.nullable(),
            ),
            addresses::COLUMNS,
        ));
    let row: Option<Row> = each!(tx.conn(), c => query.get_result(c)).optional().map_err(StoreError::from)?;
    let (own, of_token, (membership, of_role, rules, used_on), addresses) = row.ok_or(Denied::NotSignedIn)?;
    let (id, tenant, account, scopes, expires_at, showings) = own;
    if expires_at.is_some_and(|at| at <= tx.now()) {
        return Err(Denied::NotSignedIn);
    }
    let (scopes, limits) = (TokenScopes::from_bits(scopes), Limits::from_columns(of_token));
    let showings = Showings::from_stored(showings.as_deref());
    let place = place_of(membership, of_role, rules, used_on);
    Ok((Token { id, tenant, account, scopes, limits, showings }, place, addresses))
}

/// The columns of a role's limits.
const ROLE_LIMITS: (role_limits::reads_a_day, role_limits::deletes_a_day, role_limits::exports_a_day) =
    (role_limits::reads_a_day, role_limits::deletes_a_day, role_limits::exports_a_day);

fn place_of(
    membership: Option<(i16, bool)>,
    limits: Option<limits::Columns>,
    of_tenant: Option<rules::Columns>,
    used_on: Option<i64>,
) -> Option<Place> {
    let (role, is_leaving) = membership?;
    let role = Role::from_code(role)?;
    let limits = limits.map(Limits::from_columns).unwrap_or_default();
    Some(Place { role, limits, rules: rules::of_columns(of_tenant), is_leaving, used_on })
}

/// The tenant that a session means: the one it names, or its only one.
fn tenant_of(tx: &mut Tx<'_>, account: AccountId, named: Option<TenantId>) -> Result<TenantId, Denied> {
    if let Some(tenant) = named {
        return Ok(tenant);
    }
    let mut belongs: Vec<TenantId> = account_tenants::table
        .filter(account_tenants::account_id.eq(account))
        .select(account_tenants::tenant_id)
        .limit(2)
        .load(tx.conn())
        .map_err(StoreError::from)?;
    match (belongs.pop(), belongs.pop()) {
        (Some(only), None) => Ok(only),
        (Some(_), Some(_)) => Err(Denied::TenantRequired),
        (None, _) => Err(Denied::NotFound),
    }
}

/// What the account is in the tenant.
fn place(tx: &mut Tx<'_>, tenant: TenantId, account: AccountId) -> Result<Option<Place>, Denied> {
    type Row = ((i16, bool), Option<limits::Columns>, Option<rules::Columns>, Option<i64>);
    let of_role =
        role_limits::tenant_id.eq(account_tenants::tenant_id).and(role_limits::role.eq(account_tenants::role));
    let query = account_tenants::table
        .left_join(role_limits::table.on(of_role))
        .left_join(sign_in_rules::table.on(sign_in_rules::tenant_id.eq(account_tenants::tenant_id)))
        .left_join(inactivity::table.on(inactivity::tenant_id.eq(account_tenants::tenant_id)))
        .filter(account_tenants::account_id.eq(account))
        .filter(account_tenants::tenant_id.eq(tenant))
        .select((
            (account_tenants::role, account_tenants::is_leaving),
            ROLE_LIMITS.nullable(),
            rules::COLUMNS.nullable(),
            inactivity::used_on.nullable(),
        ));
    let row: Option<Row> = each!(tx.conn(), c => query.get_result(c)).optional().map_err(StoreError::from)?;
    Ok(row.and_then(|(membership, limits, rules, used_on)| place_of(Some(membership), limits, rules, used_on)))
}

/// Writes down that the tenant is used today, where its owners chose that this counts: once a day.
fn note_use(tx: &mut Tx<'_>, tenant: TenantId) -> Result<(), StoreError> {
    let today = tx.now().day();
    let earlier = inactivity::table.filter(inactivity::tenant_id.eq(tenant)).filter(inactivity::used_on.lt(today));
    diesel::update(earlier).set(inactivity::used_on.eq(today)).execute(tx.conn())?;
    Ok(())
}

/// A place whose role is at least `least`, where the tenant stays or nothing changes; no role is no membership, and the
/// tenant one that never existed.
fn reaching(place: Option<Place>, rule: &Rule, least: Role) -> Result<Place, Denied> {
    let place = place.ok_or(Denied::NotFound)?;
    if place.role < least {
        return Err(Denied::Forbidden);
    }
    if place.is_leaving && rule.effect == Effect::Changes {
        return Err(Denied::Leaving);
    }
    Ok(place)
}

/// The tenants of an account with its role in each, for the session's own object.
///
/// # Errors
/// The store's.
pub fn memberships(tx: &mut Tx<'_>, account: AccountId) -> Result<Vec<(TenantId, Role)>, StoreError> {
    let rows: Vec<(TenantId, i16)> = account_tenants::table
        .filter(account_tenants::account_id.eq(account))
        .order(account_tenants::tenant_id)
        .select((account_tenants::tenant_id, account_tenants::role))
        .load(tx.conn())?;
    Ok(rows.into_iter().filter_map(|(tenant, code)| Some((tenant, Role::from_code(code)?))).collect())
}

/// The scope of each tenant that the account belongs to, with its role there: membership is looked up first.
///
/// # Errors
/// The store's, or the keyring's. A tenant whose keys are destroyed, or that is sealed, is left out.
pub async fn member_scopes(kernel: &Kernel, access: &AccountAccess) -> Result<Vec<(TenantScope, Role)>, StoreError> {
    scopes_of(kernel, access.session.account, By::Session(access.session.id), &access.origin).await
}

/// The same for an account's owner who acts without a session: who has proved themselves by mailed codes, to close or to
/// regain the account.
///
/// # Errors
/// As [`member_scopes`].
pub async fn scopes_of(
    kernel: &Kernel,
    account: AccountId,
    by: By,
    origin: &Origin,
) -> Result<Vec<(TenantScope, Role)>, StoreError> {
    let belongs = kernel.point(&ServiceScope::new(), move |tx, _| memberships(tx, account)).await?;
    let mut scopes = Vec::new();
    for (tenant, role) in belongs {
        match kernel.tenant_scope(tenant, account, by, origin.clone()).await {
            Ok(scope) => scopes.push((scope, role)),
            Err(KeyringError::NoKey(Owner::Tenant(_)) | KeyringError::Sealed(_)) => {}
            Err(error) => return Err(crate::kernel::store_error(&error)),
        }
    }
    Ok(scopes)
}
