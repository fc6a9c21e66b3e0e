//! Factors that confirm nobody any more, and stay so whichever database is put back from a copy (K-8).
//!
//! The deletion of a factor writes in its own transaction that it was done; the keyring is told of it, by whoever removes
//! one before, of one that was replaced or used up right after. Each start tells a keyring that was put back what it is
//! missing, and deletes what data that was put back has brought along.

use std::collections::HashSet;
use std::time::Duration;

use diesel::{ExpressionMethods as _, QueryDsl as _, RunQueryDsl as _};

use crate::kernel::clock::Time;
use crate::kernel::ids::FactorId;
use crate::kernel::keyring::Keyring;
use crate::kernel::store::schema::{factors, revoked_factors};
use crate::kernel::store::{Db, StoreError, Tx, both};
use crate::kernel::tenancy::AccountScope;
use crate::kernel::{Kernel, StartError, store_error};

/// How far back is looked for what the keyring was not told: further back is for the next start.
const LOOKED_BACK: Duration = Duration::from_hours(2);

/// How many factors a transaction deletes.
const BATCH: usize = 500;

/// Writes down that a factor of the account confirms nobody any more, in the transaction that deletes it.
///
/// # Errors
/// The store's.
pub fn note_revoked(tx: &mut Tx<'_>, scope: &AccountScope, factor: FactorId) -> Result<(), StoreError> {
    let row = (
        revoked_factors::factor_id.eq(factor),
        revoked_factors::account_id.eq(scope.account()),
        revoked_factors::at.eq(tx.now()),
    );
    both(diesel::insert_into(revoked_factors::table).values(row).on_conflict_do_nothing()).execute(tx.conn())?;
    Ok(())
}

impl Kernel {
    /// Tells the keyring which factors were revoked lately. Safe at any time, on any node.
    ///
    /// # Errors
    /// A database is away; what it was not told it is told the next time.
    pub async fn tell_revoked_factors(&self) -> Result<(), StoreError> {
        let (db, keyring, since) = (self.db().clone(), self.keyring().clone(), self.now().minus(LOOKED_BACK));
        let told = tokio::task::spawn_blocking(move || -> Result<(), StoreError> {
            let lately = revoked_since(&db, since)?;
            keyring.revoke_again(&[], &lately, &[]).map_err(|error| store_error(&error))
        });
        told.await.map_err(|_| StoreError::Refused("a panic while the keyring was told of factors"))?
    }
}

/// Tells the keyring of the revoked factors that it does not know of, and deletes those that are here all the same.
///
/// # Errors
/// A database is away.
pub(in crate::kernel) fn revoke_factors_again(db: &Db, keyring: &Keyring) -> Result<(), StartError> {
    let here = revoked_since(db, Time::from_micros(0))?;
    let known: HashSet<FactorId> = keyring.revoked_factors()?.into_iter().collect();
    let forgotten: Vec<FactorId> = here.into_iter().filter(|factor| !known.contains(factor)).collect();
    keyring.revoke_again(&[], &forgotten, &[])?;
    let all: Vec<FactorId> = known.into_iter().chain(forgotten).collect();
    for some in all.chunks(BATCH) {
        let some = some.to_vec();
        db.write_blocking(Vec::new(), move |tx| -> Result<(), StoreError> {
            diesel::delete(factors::table.filter(factors::id.eq_any(&some))).execute(tx.conn())?;
            Ok(())
        })?;
    }
    Ok(())
}

fn revoked_since(db: &Db, since: Time) -> Result<Vec<FactorId>, StoreError> {
    db.read_here(None, |tx| -> Result<_, StoreError> {
        let those = revoked_factors::table.filter(revoked_factors::at.ge(since));
        Ok(those.select(revoked_factors::factor_id).load(tx.conn())?)
    })
}
