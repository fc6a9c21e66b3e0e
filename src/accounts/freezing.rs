//! Closing an account in one step: from any session, or by a mailed code.
//!
//! A freeze is written into the keyring first, where no restore of the data takes it back. Its sessions and tokens end;
//! its data and keys stay as they are. Opening it again is [`renewing`](crate::accounts::renewing).

use diesel::{ExpressionMethods as _, QueryDsl as _, RunQueryDsl as _};

use crate::accounts::notices::tell_of;
use crate::accounts::person::{self, Held, Standing};
use crate::accounts::recovering::{self, Aim, Tried, Used};
use crate::accounts::renewing::{self, RenewError};
use crate::accounts::{Accounts, Failure};
use crate::kernel::access::tokens::{ACTIVE, ENDED, REVOKED};
use crate::kernel::access::{AccountAccess, scopes_of, sessions};
use crate::kernel::audit::{self, Action, Event, Subject};
use crate::kernel::ids::{AccountId, RecoveryId, SessionId, TokenId};
use crate::kernel::personal::{Personal, Secret};
use crate::kernel::store::schema::tokens;
use crate::kernel::store::{StoreError, Tx};
use crate::kernel::tenancy::{AccountScope, By, InTenant as _, Origin, ServiceScope, TenantScope};
use crate::messages::notice::Notice;

impl Accounts {
    /// Freezes the session's account: no fresh password, no confirmation. Every session and token of it ends.
    ///
    /// # Errors
    /// The store's or the keyring's.
    pub async fn freeze(&self, access: &AccountAccess) -> Result<(), Failure> {
        self.close(&access.scope, By::Session(access.session.id), &access.origin).await
    }

    /// Freezes an account by a mailed code.
    ///
    /// # Errors
    /// [`RenewError::CodeRefused`].
    pub async fn freeze_by_code(
        &self,
        id: RecoveryId,
        code: Secret<String>,
        origin: &Origin,
    ) -> Result<(), RenewError> {
        let scope = self.recovering(id).await?.ok_or(RenewError::CodeRefused)?;
        let (tries, from) = (self.rules().code_tries, origin.clone());
        let try_it = move |tx: &mut Tx<'_>, scope: &AccountScope| -> Result<Option<Used>, StoreError> {
            match recovering::try_code(tx, scope, id, &[Aim::Freeze], &code, tries, &from)? {
                Tried::Fits(_) => recovering::use_up(tx, id).map(Some),
                Tried::Refused => Ok(None),
            }
        };
        let used = self.kernel().write("accounts.try_freeze", &scope, try_it).await.map_err(Failure::from)?;
        if used != Some(Used::Now) {
            return Err(RenewError::CodeRefused);
        }
        Ok(self.close(&scope, before_sign_in(id), origin).await?)
    }

    async fn close(&self, scope: &AccountScope, by: By, origin: &Origin) -> Result<(), Failure> {
        let kernel = self.kernel();
        kernel.keyring().freeze_account(scope.account()).await?;
        let from = origin.clone();
        let close = move |tx: &mut Tx<'_>, scope: &AccountScope| -> Result<(), StoreError> {
            let was_open = person::turn(tx, scope, Standing::Active, Standing::Frozen)?;
            end_everything(tx, scope.account(), None)?;
            if was_open == Held::AsItWas {
                let person = person::find(tx, scope)?;
                tell_of(tx, scope, &person, Notice::AccountFrozen, &from)?;
            }
            Ok(())
        };
        kernel.write("accounts.freeze", scope, close).await?;
        self.revoke_ended(scope.account(), by, origin).await
    }

    /// Enters the tokens that ended with their account in the keyring as revoked, and in the audit of their tenants. What
    /// is left behind by a stop in between, the sweep does.
    pub(super) async fn revoke_ended(&self, account: AccountId, by: By, origin: &Origin) -> Result<(), Failure> {
        let kernel = self.kernel();
        let ended = kernel.point(&kernel.service(), move |tx, _| ended_of(tx, account)).await?;
        if ended.is_empty() {
            return Ok(());
        }
        for token in ended {
            kernel.keyring().revoke_token(token).await?;
        }
        for (scope, _) in scopes_of(kernel, account, by, origin).await? {
            kernel.write("tokens.end", &scope, move |tx, scope| settle(tx, scope, account)).await?;
        }
        // Those of tenants that the account has left, or that are gone.
        kernel.write("tokens.end_rest", &kernel.service(), move |tx, _| settle_rest(tx, account)).await?;
        Ok(())
    }

    /// The same for every account of which something was left behind; gives how many.
    pub(super) async fn sweep_ended_tokens(&self) -> Result<usize, Failure> {
        let kernel = self.kernel();
        let left = |tx: &mut Tx<'_>, _: &ServiceScope| -> Result<Vec<AccountId>, StoreError> {
            let ended = tokens::table.filter(tokens::state.eq(ENDED)).select(tokens::account_id);
            Ok(ended.distinct().limit(100).load(tx.conn())?)
        };
        let accounts = kernel.point(&kernel.service(), left).await?;
        let nowhere = Origin {
            address: Personal::new(std::net::IpAddr::V4(std::net::Ipv4Addr::UNSPECIFIED)),
            device: Personal::new(String::new()),
            site: None,
        };
        for account in &accounts {
            let by = By::Session(SessionId::new(kernel.now(), kernel.entropy()));
            self.revoke_ended(*account, by, &nowhere).await?;
        }
        Ok(accounts.len())
    }
}

/// Who proves themselves by mailed codes acts in a session before sign-in, which has the id of what they asked for.
pub(super) const fn before_sign_in(id: RecoveryId) -> By {
    By::Session(SessionId::from_bytes(*id.as_bytes()))
}

/// Ends what lets anybody act for the account: its sessions but `kept`, its tokens, what was begun to regain it.
pub(super) fn end_everything(tx: &mut Tx<'_>, account: AccountId, kept: Option<SessionId>) -> Result<(), StoreError> {
    sessions::end_but(tx, account, kept)?;
    let working = tokens::table.filter(tokens::account_id.eq(account)).filter(tokens::state.eq(ACTIVE));
    diesel::update(working).set(tokens::state.eq(ENDED)).execute(tx.conn())?;
    recovering::end_codes(tx, account)?;
    renewing::end_wait(tx, account)?;
    Ok(())
}

fn ended_of(tx: &mut Tx<'_>, account: AccountId) -> Result<Vec<TokenId>, StoreError> {
    let ended = tokens::table.filter(tokens::account_id.eq(account)).filter(tokens::state.eq(ENDED));
    Ok(ended.select(tokens::id).load(tx.conn())?)
}

fn settle(tx: &mut Tx<'_>, scope: &TenantScope, account: AccountId) -> Result<(), StoreError> {
    let ended = tokens::table
        .filter(tokens::account_id.eq(account))
        .filter(tokens::tenant_id.eq(scope.tenant()))
        .filter(tokens::state.eq(ENDED));
    let revoked: Vec<TokenId> =
        diesel::update(ended).set(tokens::state.eq(REVOKED)).returning(tokens::id).get_results(tx.conn())?;
    for id in revoked {
        audit::record(tx, scope, &Event::new(Action::TokenRevoked).of(Subject::Token(id)))?;
    }
    Ok(())
}

fn settle_rest(tx: &mut Tx<'_>, account: AccountId) -> Result<(), StoreError> {
    let ended = tokens::table.filter(tokens::account_id.eq(account)).filter(tokens::state.eq(ENDED));
    diesel::update(ended).set(tokens::state.eq(REVOKED)).execute(tx.conn())?;
    Ok(())
}
