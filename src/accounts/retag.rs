//! Tags made anew while an account's key turns over: the places from which it is used as a rule, from the history of its
//! sign-ins.

use std::collections::BTreeMap;

use diesel::{ExpressionMethods as _, QueryDsl as _, RunQueryDsl as _};

use crate::accounts::{history, places};
use crate::kernel::Kernel;
use crate::kernel::crypto::Owner;
use crate::kernel::ids::AccountId;
use crate::kernel::rekey::RekeyScope;
use crate::kernel::store::schema::account_notices;
use crate::kernel::store::{StoreError, Tx};

/// Lets an account's usual places be known under the version that seals; gives how many.
///
/// # Errors
/// The store's.
pub async fn retag(kernel: &Kernel, scope: &RekeyScope) -> Result<BTreeMap<String, u64>, StoreError> {
    let known = |tx: &mut Tx<'_>, scope: &RekeyScope| -> Result<u64, StoreError> {
        let Some(account) = account(scope) else { return Ok(0) };
        let mut made = 0;
        for address in history::addresses(tx, scope.keys(), account)? {
            made += places::move_to_newest(tx, scope.keys(), account, address)?;
        }
        Ok(made)
    };
    let made = kernel.write("keys.retag_places", scope, known).await?;
    Ok(BTreeMap::from([("known_places".to_owned(), made)]))
}

/// Forgets an account's places that are known under no version but older ones, since no sign-in tells them any more, and
/// by what refusals of before were gathered: the next is told by itself. Gives how many tags are left: none.
///
/// # Errors
/// The store's.
pub async fn drop_old_tags(kernel: &Kernel, scope: &RekeyScope) -> Result<u64, StoreError> {
    let drop = |tx: &mut Tx<'_>, scope: &RekeyScope| -> Result<(), StoreError> {
        let Some(account) = account(scope) else { return Ok(()) };
        let addresses = history::addresses(tx, scope.keys(), account)?;
        places::keep_newest(tx, scope.keys(), account, &addresses)?;
        let gathered = account_notices::table
            .filter(account_notices::account_id.eq(account))
            .filter(account_notices::gather.is_not_null());
        let nothing = account_notices::gather.eq(None::<Vec<u8>>);
        diesel::update(gathered).set(nothing).execute(tx.conn())?;
        Ok(())
    };
    kernel.write("keys.drop_places", scope, drop).await?;
    Ok(0)
}

const fn account(scope: &RekeyScope) -> Option<AccountId> {
    if let Owner::Account(account) = scope.owner() { Some(account) } else { None }
}
