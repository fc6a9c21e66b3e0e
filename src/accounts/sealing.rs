//! Sealing a vault: an owner has its keys dropped everywhere and given to nobody, in one step, when a laptop is stolen or
//! somebody is gone; an owner opens it again by a strong confirmation. Every owner is told of both.
//!
//! What is sealed cannot be read to say who the owners are, so that stands beside the vault (`account_tenants`). While a
//! vault is sealed nothing can be written down in it either: of what its members do elsewhere meanwhile, its audit says
//! nothing.

use crate::accounts::notices::tell;
use crate::accounts::session::Membership;
use crate::accounts::{Accounts, Failure, person};
use crate::kernel::access::{AccountAccess, MemberAccess, memberships};
use crate::kernel::audit::{self, Action, Event};
use crate::kernel::keyring::sealings::Sealing;
use crate::kernel::personal::Personal;
use crate::kernel::store::{StoreError, Tx};
use crate::kernel::tenancy::{AccountScope, TenantScope};
use crate::messages::notice::Notice;
use crate::tenants::profile;

/// What became of the wish to open a vault.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[must_use]
pub enum Unsealing {
    /// It is open.
    Done,
    /// It was open.
    Open,
}

impl Accounts {
    /// Seals the vault: when this returns, no node holds its keys. Where it is sealed already, it stays so.
    ///
    /// # Errors
    /// The store's or the keyring's: it may have been written down already, and is not sealed.
    pub async fn seal_vault(&self, access: &MemberAccess) -> Result<(), Failure> {
        let owners = self.kernel().owners_of(access.tenant).await?;
        let note = |tx: &mut Tx<'_>, all: &(TenantScope, Vec<AccountScope>)| {
            note(tx, all, Action::VaultSealed, |tenant_name| Notice::VaultSealed { tenant_name })
        };
        Ok(self.kernel().seal_vault(access, owners, note).await?)
    }

    /// Opens the vault again.
    ///
    /// # Errors
    /// The store's or the keyring's: then it stays sealed.
    pub async fn unseal_vault(&self, access: &MemberAccess) -> Result<Unsealing, Failure> {
        let owners = self.kernel().owners_of(access.tenant).await?;
        let note = |tx: &mut Tx<'_>, all: &(TenantScope, Vec<AccountScope>)| {
            note(tx, all, Action::VaultUnsealed, |tenant_name| Notice::VaultUnsealed { tenant_name })
        };
        let done = self.kernel().unseal_vault(access, owners, note).await?;
        Ok(if done.is_some() { Unsealing::Done } else { Unsealing::Open })
    }

    /// Since when the member's vault is sealed, and by whom; nothing while it is open.
    ///
    /// # Errors
    /// The keyring is away.
    pub async fn sealing(&self, access: &MemberAccess) -> Result<Option<Sealing>, Failure> {
        Ok(self.kernel().keyring().sealing(access.tenant).await?)
    }

    /// The vaults that the account belongs to and that are sealed, with its role in each; `open` are known not to be.
    pub(super) async fn sealed_vaults(
        &self,
        access: &AccountAccess,
        open: &[Membership],
    ) -> Result<Vec<Membership>, Failure> {
        let account = access.scope.account();
        let belongs = self.kernel().point(&self.kernel().service(), move |tx, _| memberships(tx, account)).await?;
        let mut sealed = Vec::new();
        for (id, role) in belongs.into_iter().filter(|(id, _)| open.iter().all(|known| known.id != *id)) {
            if self.kernel().keyring().sealing(id).await?.is_some() {
                sealed.push(Membership { id, name: None, role });
            }
        }
        Ok(sealed)
    }
}

/// Writes down what was done, and tells every owner, in one transaction.
fn note(
    tx: &mut Tx<'_>,
    (scope, owners): &(TenantScope, Vec<AccountScope>),
    action: Action,
    notice: impl Fn(Personal<String>) -> Notice,
) -> Result<(), StoreError> {
    audit::record(tx, scope, &Event::new(action))?;
    let tenant_name = profile::find(tx, scope)?.name;
    for owner in owners {
        let person = person::find(tx, owner)?;
        tell(tx, owner, &person, notice(tenant_name.clone()))?;
    }
    Ok(())
}
