//! A session as its account sees it.

use crate::accounts::factors::{Advice, Method, confirming};
use crate::accounts::history::in_words;
use crate::accounts::prompts::Prompt;
use crate::accounts::{Accounts, Failure, person};
use crate::kernel::access::sessions::Listed;
use crate::kernel::access::{AccountAccess, Assurance, Role, Session, TenantAccess, member_scopes, sessions};
use crate::kernel::crypto::token::SessionToken;
use crate::kernel::ids::{AccountId, SessionId, TenantId};
use crate::kernel::personal::Personal;
use crate::kernel::store::{StoreError, Tx};
use crate::kernel::tenancy::{AccountScope, InTenant as _, ServiceScope};
use crate::tenants::profile;

/// A session that has just begun or was just raised: its new token, and who it is.
#[derive(Debug)]
pub struct Begun {
    /// For the cookie alone.
    pub token: SessionToken,
    /// The session and its account.
    pub access: AccountAccess,
}

/// What a session's account sees of it.
#[derive(Debug, Clone)]
pub struct View {
    /// How sure we are.
    pub assurance: Assurance,
    /// Whose it is.
    pub account: AccountId,
    /// The person's name.
    pub name: Personal<String>,
    /// Where they belong.
    pub tenants: Vec<Membership>,
    /// How they may confirm and whether that is advised, from least to most secure.
    pub methods: Vec<(Method, Advice)>,
    /// What the service asks of them.
    pub prompts: Vec<Prompt>,
}

/// A tenant that an account belongs to.
#[derive(Debug, Clone)]
pub struct Membership {
    /// Which.
    pub id: TenantId,
    /// Its name; nobody can read it while the vault is sealed.
    pub name: Option<Personal<String>>,
    /// As what.
    pub role: Role,
}

/// What a page of a tenant calls the two that it is between.
#[derive(Debug, Clone)]
pub struct Names {
    /// The person who acts.
    pub person: Personal<String>,
    /// The tenant.
    pub tenant: Personal<String>,
}

impl Accounts {
    /// The name of the session's person.
    ///
    /// # Errors
    /// The store's.
    pub async fn name(&self, access: &AccountAccess) -> Result<Personal<String>, Failure> {
        Ok(self.kernel().point(&access.scope, person::find).await?.name)
    }

    /// The names of the person who acts in a tenant, and of the tenant.
    ///
    /// # Errors
    /// The store's.
    pub async fn names(&self, access: &TenantAccess) -> Result<Names, Failure> {
        let account = self.kernel().account_scope(access.scope.actor().account()).await?;
        let person = self.kernel().point(&account, person::find).await?;
        let profile = self.kernel().point(&access.scope, profile::find).await?;
        Ok(Names { person: person.name, tenant: profile.name })
    }

    /// The account of a session that acts in a tenant.
    ///
    /// # Errors
    /// The keyring's.
    pub async fn of_member(&self, session: &Session, access: &TenantAccess) -> Result<AccountAccess, Failure> {
        let scope = self.kernel().account_scope(session.account).await?;
        Ok(AccountAccess { session: session.clone(), scope, origin: access.scope.actor().origin().clone() })
    }

    /// The session as its account sees it.
    ///
    /// # Errors
    /// The store's.
    pub async fn view(&self, access: &AccountAccess) -> Result<View, Failure> {
        let person = self.kernel().point(&access.scope, person::find).await?;
        let mut tenants = Vec::new();
        for (scope, role) in member_scopes(self.kernel(), access).await? {
            let profile = self.kernel().point(&scope, profile::find).await?;
            tenants.push(Membership { id: scope.tenant(), name: Some(profile.name), role });
        }
        let sealed = self.sealed_vaults(access, &tenants).await?;
        tenants.extend(sealed);
        let holdings = self.holdings(access).await?;
        let prompts = self.prompts(access).await?;
        let methods = confirming::usable(access).into_iter();
        Ok(View {
            assurance: access.session.assurance,
            account: access.session.account,
            name: person.name,
            tenants,
            methods: methods.map(|(method, _)| (method, method.advice(holdings))).collect(),
            prompts,
        })
    }

    /// The account's sessions, the one seen last first.
    ///
    /// # Errors
    /// The store's.
    pub async fn sessions(&self, access: &AccountAccess) -> Result<Vec<Listed>, Failure> {
        let rules = self.rules().sessions;
        let read = move |tx: &mut Tx<'_>, scope: &AccountScope| sessions::list(tx, scope, &rules);
        let mut listed = self.kernel().read(&access.scope, read).await?;
        for session in &mut listed {
            session.device = session.device.clone().map(|agent| in_words(&agent));
        }
        Ok(listed)
    }

    /// Ends one of the account's sessions; gives its id, and nothing where the account has none of this id.
    ///
    /// # Errors
    /// The store's.
    pub async fn end_session(&self, access: &AccountAccess, id: SessionId) -> Result<Option<SessionId>, Failure> {
        let end = move |tx: &mut Tx<'_>, scope: &AccountScope| sessions::end_one(tx, scope.account(), id);
        Ok(self.kernel().write("accounts.end_session", &access.scope, end).await?)
    }

    /// Ends every session of the account but this one (R-21, K-10).
    ///
    /// # Errors
    /// The store's.
    pub async fn end_other_sessions(&self, access: &AccountAccess) -> Result<(), Failure> {
        let kept = Some(access.session.id);
        let end = move |tx: &mut Tx<'_>, scope: &AccountScope| sessions::end_but(tx, scope.account(), kept);
        Ok(self.kernel().write("accounts.end_sessions", &access.scope, end).await?)
    }

    /// Ends the session, and whatever waits on it.
    ///
    /// # Errors
    /// The store's.
    pub async fn sign_out(&self, access: &AccountAccess) -> Result<(), Failure> {
        let session = access.session.id;
        let end = move |tx: &mut Tx<'_>, _: &ServiceScope| -> Result<(), StoreError> { sessions::end(tx, session) };
        Ok(self.kernel().write("accounts.sign_out", &self.kernel().service(), end).await?)
    }
}
