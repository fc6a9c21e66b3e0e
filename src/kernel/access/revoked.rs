//! Factors that confirm nobody any more, and recovery codes that were used: they stay so whichever database is put back
//! from a copy (K-8).
//!
//! The deletion of a factor, or the use of a code, writes in its own transaction that it was done; the keyring is told of
//! it, by whoever removes a factor before, of one that was replaced or used up and of a code right after. Each start tells
//! a keyring that was put back what it is missing, and tells data that was put back which factors and codes are done with.
//!
//! A factor is deleted once more. A code stands in what is sealed of its set: what is known as used is left out whenever a
//! set is opened ([`used_of`]).

use std::collections::HashSet;
use std::time::Duration;

use diesel::{ExpressionMethods as _, QueryDsl as _, RunQueryDsl as _};

use crate::kernel::clock::Time;
use crate::kernel::ids::{FactorId, UsedCodeId};
use crate::kernel::keyring::Keyring;
use crate::kernel::keyring::ledger::Revoked;
use crate::kernel::store::schema::{factors, revoked_factors, used_codes};
use crate::kernel::store::{Db, StoreError, Tx, both};
use crate::kernel::tenancy::AccountScope;
use crate::kernel::{Kernel, StartError, store_error};

/// How far back is looked for what the keyring was not told: further back is for the next start.
const LOOKED_BACK: Duration = Duration::from_hours(2);

/// How many rows a transaction deletes or writes.
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

/// Writes down that a recovery code of the account was used, in the transaction that takes it out of its set.
///
/// # Errors
/// The store's.
pub fn note_used(tx: &mut Tx<'_>, scope: &AccountScope, code: UsedCodeId) -> Result<(), StoreError> {
    let row =
        (used_codes::code_id.eq(code), used_codes::account_id.eq(Some(scope.account())), used_codes::at.eq(tx.now()));
    both(diesel::insert_into(used_codes::table).values(row).on_conflict_do_nothing()).execute(tx.conn())?;
    Ok(())
}

/// Those of these recovery codes that were used.
///
/// # Errors
/// The store's.
pub fn used_of(tx: &mut Tx<'_>, codes: &[UsedCodeId]) -> Result<Vec<UsedCodeId>, StoreError> {
    let used = used_codes::table.filter(used_codes::code_id.eq_any(codes));
    Ok(used.select(used_codes::code_id).load(tx.conn())?)
}

impl Kernel {
    /// Tells the keyring which factors were revoked, and which recovery codes used, lately. Safe at any time, on any node.
    ///
    /// # Errors
    /// A database is away; what it was not told it is told the next time.
    pub async fn tell_revoked(&self) -> Result<(), StoreError> {
        let (db, keyring, since) = (self.db().clone(), self.keyring().clone(), self.now().minus(LOOKED_BACK));
        let told = tokio::task::spawn_blocking(move || -> Result<(), StoreError> {
            let (factors, codes) = noted_since(&db, since)?;
            let lately = Revoked { factors, codes, ..Revoked::default() };
            keyring.revoke_again(&lately).map_err(|error| store_error(&error))
        });
        told.await.map_err(|_| StoreError::Refused("a panic while the keyring was told of factors"))?
    }
}

/// Tells the keyring of the revoked factors and used codes that it does not know of; deletes those factors that are here
/// all the same, and writes down those codes that are not known here as used.
///
/// # Errors
/// A database is away.
pub(in crate::kernel) fn revoke_again(db: &Db, keyring: &Keyring) -> Result<(), StartError> {
    let (factors_here, codes_here) = noted_since(db, Time::from_micros(0))?;
    let (known_factors, known_codes) = (keyring.revoked_factors()?, keyring.used_codes()?);
    let factors = missing(&factors_here, &known_factors);
    let codes = missing(&codes_here, &known_codes);
    keyring.revoke_again(&Revoked { factors: factors.clone(), codes, ..Revoked::default() })?;
    let all: Vec<FactorId> = known_factors.into_iter().chain(factors).collect();
    for some in all.chunks(BATCH) {
        let some = some.to_vec();
        db.write_blocking(Vec::new(), move |tx| -> Result<(), StoreError> {
            diesel::delete(factors::table.filter(factors::id.eq_any(&some))).execute(tx.conn())?;
            Ok(())
        })?;
    }
    let brought_back = missing(&known_codes, &codes_here);
    for some in brought_back.chunks(BATCH) {
        let some = some.to_vec();
        db.write_blocking(Vec::new(), move |tx| -> Result<(), StoreError> {
            for code in &some {
                let row = (used_codes::code_id.eq(*code), used_codes::at.eq(tx.now()));
                both(diesel::insert_into(used_codes::table).values(row).on_conflict_do_nothing()).execute(tx.conn())?;
            }
            Ok(())
        })?;
    }
    Ok(())
}

/// Those of `all` that are not among `known`.
fn missing<T: Copy + Eq + std::hash::Hash>(all: &[T], known: &[T]) -> Vec<T> {
    let known: HashSet<&T> = known.iter().collect();
    all.iter().filter(|one| !known.contains(one)).copied().collect()
}

/// The factors that were revoked, and the codes that were used, from `since` on.
fn noted_since(db: &Db, since: Time) -> Result<(Vec<FactorId>, Vec<UsedCodeId>), StoreError> {
    db.read_here(None, |tx| -> Result<_, StoreError> {
        let factors = revoked_factors::table.filter(revoked_factors::at.ge(since));
        let codes = used_codes::table.filter(used_codes::at.ge(since));
        Ok((
            factors.select(revoked_factors::factor_id).load(tx.conn())?,
            codes.select(used_codes::code_id).load(tx.conn())?,
        ))
    })
}
