//! API tokens: for programs, so that nobody types a password into another's system. Of one tenant, with the scopes
//! that they were given, shown once, revocable.
//!
//! A revocation goes into the keyring first, where no restore of the data can take it back.

use diesel::dsl::{Eq, Filter};
use diesel::{ExpressionMethods as _, OptionalExtension as _, QueryDsl as _, RunQueryDsl as _};
use serde::{Deserialize, Serialize};

use crate::accounts::notices::tell_of;
use crate::accounts::{Accounts, Failure, person};
use crate::kernel::access::limits::Columns;
use crate::kernel::access::rules::Showings;
use crate::kernel::access::tokens::{ACTIVE, REVOKED};
use crate::kernel::access::{Limits, TenantAccess, TokenScope, TokenScopes};
use crate::kernel::audit::{self, Action, Event, Subject};
use crate::kernel::clock::Time;
use crate::kernel::crypto::token::ApiToken;
use crate::kernel::crypto::{Place, RowRef, Sealed};
use crate::kernel::idempotency::{Once, Outcome, Refused, once};
use crate::kernel::ids::{AccountId, TenantId, TokenId};
use crate::kernel::personal::{Personal, revealed};
use crate::kernel::store::db::StoreFailure;
use crate::kernel::store::schema::tokens;
use crate::kernel::store::{StoreError, Tx};
use crate::kernel::tenancy::{InTenant as _, TenantScope};
use crate::kernel::values::{Fault, Faults};
use crate::messages::notice::Notice;
use crate::tenants::profile;

/// What a new token is to be, as it came.
#[derive(Debug, Clone)]
pub struct Draft {
    /// What it is called.
    pub name: Personal<String>,
    /// What it may, by the names of the API.
    pub scopes: Vec<String>,
    /// When it ends.
    pub expires_at: Option<String>,
    /// How much it may do in a day (K-9).
    pub limits: Limits,
}

/// What a new token is to be.
#[derive(Debug, Clone)]
struct Wanted {
    name: Personal<String>,
    scopes: TokenScopes,
    expires_at: Option<Time>,
    limits: Limits,
}

/// A token as its tenant sees it; never the token itself.
#[derive(Debug, Clone)]
pub struct Token {
    /// Its id.
    pub id: TokenId,
    /// What it is called.
    pub name: Personal<String>,
    /// What it may.
    pub scopes: TokenScopes,
    /// On whose behalf it acts.
    pub account: AccountId,
    /// Since when.
    pub created_at: Time,
    /// Until when.
    pub expires_at: Option<Time>,
    /// How much it may do in a day.
    pub limits: Limits,
}

/// Why there is no new token, or none revoked.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TokenError {
    /// Fields are wrong.
    #[error("fields are wrong")]
    Invalid(Vec<Fault>),
    /// It was asked for before, with the same key.
    #[error(transparent)]
    Repeated(#[from] Refused),
    /// There is no such token in this tenant.
    #[error("no such token")]
    Unknown,
    /// Something else was in the way.
    #[error(transparent)]
    Failed(#[from] Failure),
}

impl From<StoreError> for TokenError {
    fn from(error: StoreError) -> Self {
        Self::Failed(error.into())
    }
}

impl StoreFailure for TokenError {
    fn as_store(&self) -> Option<StoreError> {
        if let Self::Failed(Failure::Store(error)) = self { Some(*error) } else { None }
    }
}

/// A token that was just made, and its id.
#[derive(Debug)]
pub struct NewToken {
    /// Its id.
    pub id: TokenId,
    /// The token, for its holder alone.
    pub token: ApiToken,
}

/// What is kept of a token beside its digest.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Kept {
    #[serde(with = "revealed")]
    name: Personal<String>,
}

/// Where a token's name lies, under the tenant's key.
struct TokenBody;

impl Place for TokenBody {
    const LABEL: &'static str = "tokens.body";
    type Plain = Kept;
}

impl Draft {
    fn check(&self, now: Time) -> Result<Wanted, Vec<Fault>> {
        let mut faults = Faults::default();
        let name = faults.take(profile::name("/name", &self.name));
        if self.scopes.is_empty() {
            faults.push(Fault::new("/scopes", "required", "A token needs a scope."));
        }
        let scopes: TokenScopes = self
            .scopes
            .iter()
            .enumerate()
            .filter_map(|(at, scope)| {
                let unknown = || Fault::new(format!("/scopes/{at}"), "not_a_choice", "There is no such scope.");
                faults.take(TokenScope::parse(scope).ok_or_else(unknown))
            })
            .collect();
        let expires_at = self.expires_at.as_ref().and_then(|text| {
            let at = Time::parse(text).ok_or_else(|| Fault::new("/expires_at", "not_a_date", "A time of RFC 3339."));
            let later = at.and_then(|at| {
                let over = || Fault::new("/expires_at", "out_of_range", "A token ends in the future.");
                if at > now { Ok(at) } else { Err(over()) }
            });
            faults.take(later)
        });
        let faults = faults.into_vec();
        match name {
            Some(name) if faults.is_empty() => Ok(Wanted { name, scopes, expires_at, limits: self.limits }),
            _ => Err(faults),
        }
    }
}

impl Accounts {
    /// Makes a token of the tenant for the account that acts. The token itself is given this once.
    ///
    /// # Errors
    /// See [`TokenError`].
    pub async fn create_token(
        &self,
        access: &TenantAccess,
        draft: &Draft,
        wish: Option<Once<NewToken>>,
    ) -> Result<NewToken, TokenError> {
        let wanted = draft.check(self.kernel().now()).map_err(TokenError::Invalid)?;
        // What its maker has just shown is what it stands on, where the tenant does not accept everything.
        let now = self.kernel().now();
        let showings = access.session.as_ref().map(|session| session.showings.fresh(now)).unwrap_or_default();
        let create = move |tx: &mut Tx<'_>, scope: &TenantScope| -> Result<Outcome<NewToken>, TokenError> {
            once(tx, scope, wish.as_ref(), |tx| Ok(create(tx, scope, &wanted, &showings)?))
        };
        match self.kernel().write("tokens.create", &access.scope, create).await? {
            Outcome::Done(made) => Ok(made),
            Outcome::Before(_) => Err(StoreError::Refused("an answer with a token was kept").into()),
        }
    }

    /// The tenant's tokens after `after`, oldest first, at most `limit`; revoked ones are left out.
    ///
    /// # Errors
    /// The store's.
    pub async fn tokens(
        &self,
        access: &TenantAccess,
        after: Option<TokenId>,
        limit: i64,
    ) -> Result<Vec<Token>, Failure> {
        let after = after.unwrap_or(TokenId::from_bytes([0; 16]));
        let list = move |tx: &mut Tx<'_>, scope: &TenantScope| list(tx, scope, after, limit);
        Ok(self.kernel().read(&access.scope, list).await?)
    }

    /// Revokes a token of the tenant: it works nowhere from the next request on.
    ///
    /// # Errors
    /// See [`TokenError`].
    pub async fn revoke_token(&self, access: &TenantAccess, id: TokenId) -> Result<(), TokenError> {
        let kernel = self.kernel();
        let known = move |tx: &mut Tx<'_>, scope: &TenantScope| -> Result<Option<TokenId>, StoreError> {
            Ok(mine(scope).filter(tokens::id.eq(id)).select(tokens::id).get_result(tx.conn()).optional()?)
        };
        kernel.point(&access.scope, known).await.map_err(Failure::from)?.ok_or(TokenError::Unknown)?;
        kernel.keyring().revoke_token(id).await.map_err(Failure::from)?;
        let revoke = move |tx: &mut Tx<'_>, scope: &TenantScope| -> Result<(), StoreError> {
            let revoked = diesel::update(mine(scope).filter(tokens::id.eq(id)))
                .set(tokens::state.eq(REVOKED))
                .execute(tx.conn())?;
            if revoked == 1 {
                audit::record(tx, scope, &Event::new(Action::TokenRevoked).of(Subject::Token(id)))?;
            }
            Ok(())
        };
        Ok(kernel.write("tokens.revoke", &access.scope, revoke).await.map_err(Failure::from)?)
    }
}

/// The tokens of the scope's tenant that work.
fn mine(scope: &TenantScope) -> Mine {
    tokens::table.filter(tokens::tenant_id.eq(scope.tenant())).filter(tokens::state.eq(ACTIVE))
}

type Mine = Filter<Filter<tokens::table, Eq<tokens::tenant_id, TenantId>>, Eq<tokens::state, i16>>;

fn create(tx: &mut Tx<'_>, scope: &TenantScope, wanted: &Wanted, showings: &Showings) -> Result<NewToken, StoreError> {
    let now = tx.now();
    let (id, token) = (TokenId::new(now, tx.entropy()), ApiToken::random(tx.entropy()));
    let body = scope.keys().seal::<TokenBody>(row(id), &Kept { name: wanted.name.clone() }, tx.entropy());
    let (reads, deletes, exports) = wanted.limits.columns();
    diesel::insert_into(tokens::table)
        .values((
            tokens::id.eq(id),
            tokens::digest.eq(token.digest().as_slice()),
            tokens::tenant_id.eq(scope.tenant()),
            tokens::account_id.eq(scope.actor().account()),
            tokens::scopes.eq(wanted.scopes.bits()),
            tokens::state.eq(ACTIVE),
            tokens::created_at.eq(now),
            tokens::expires_at.eq(wanted.expires_at),
            tokens::body.eq(body),
            tokens::showings.eq(showings.to_stored()),
            (tokens::reads_a_day.eq(reads), tokens::deletes_a_day.eq(deletes), tokens::exports_a_day.eq(exports)),
        ))
        .execute(tx.conn())?;
    audit::record(tx, scope, &Event::new(Action::TokenCreated).of(Subject::Token(id)))?;
    let own = scope.actor().own();
    let person = person::find(tx, &own)?;
    tell_of(tx, &own, &person, Notice::TokenMade, scope.actor().origin())?;
    Ok(NewToken { id, token })
}

type Row = (TokenId, AccountId, i64, Time, Option<Time>, Columns, Sealed<TokenBody>);

fn list(tx: &mut Tx<'_>, scope: &TenantScope, after: TokenId, limit: i64) -> Result<Vec<Token>, StoreError> {
    let rows: Vec<Row> = mine(scope)
        .filter(tokens::id.gt(after))
        .order(tokens::id)
        .limit(limit)
        .select((
            tokens::id,
            tokens::account_id,
            tokens::scopes,
            tokens::created_at,
            tokens::expires_at,
            (tokens::reads_a_day, tokens::deletes_a_day, tokens::exports_a_day),
            tokens::body,
        ))
        .load(tx.conn())?;
    let open = |(id, account, scopes, created_at, expires_at, limits, body): Row| {
        let Kept { name } = scope.keys().open(row(id), &body)?;
        let (scopes, limits) = (TokenScopes::from_bits(scopes), Limits::from_columns(limits));
        Ok(Token { id, name, scopes, account, created_at, expires_at, limits })
    };
    rows.into_iter().map(open).collect()
}

/// A token never changes: its row has one version.
const fn row(id: TokenId) -> RowRef {
    RowRef::new(id.as_bytes(), 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pointers(name: &str, scopes: &[&str], expires_at: Option<&str>) -> Vec<String> {
        let draft = Draft {
            name: Personal::new(name.to_owned()),
            scopes: scopes.iter().map(|&scope| scope.to_owned()).collect(),
            expires_at: expires_at.map(str::to_owned),
            limits: Limits::default(),
        };
        let now = Time::parse("2026-03-01T12:00:00Z").unwrap();
        draft.check(now).map_or_else(|faults| faults.into_iter().map(|fault| fault.pointer).collect(), |_| vec![])
    }

    #[test]
    fn a_token_has_a_name_known_scopes_and_an_end_in_the_future_if_any() {
        //
        assert_eq!(pointers("till", &["records:read"], None), [""; 0]);
        assert_eq!(pointers("till", &["records:read", "audit:read"], Some("2026-03-02T00:00:00Z")), [""; 0]);
        assert_eq!(pointers(" ", &[], Some("2026-03-01T12:00:00Z")), ["/name", "/scopes", "/expires_at"]);
        assert_eq!(pointers("till", &["records:read", "records"], Some("soon")), ["/scopes/1", "/expires_at"]);
    }
}
