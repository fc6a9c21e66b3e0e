//! How far the data's database is: what a start knows a restored one by.
//!
//! Each start moves the epoch on: planned here, then moved there, then reached here. So there it is never behind what was
//! reached nor ahead of what was planned, wherever a kill comes in between and however many nodes start at once, as long
//! as neither database was put back from a copy.

use diesel::{BoolExpressionMethods as _, ExpressionMethods as _, JoinOnDsl as _, QueryDsl as _, RunQueryDsl as _};

use super::erasures::enter;
use super::tables::{identifiers, instance, ledger, owner_keys};
use super::{Keyring, KeyringError, move_epoch, overwrite};
use crate::kernel::crypto::Owner;
use crate::kernel::ids::AnyId;
use crate::kernel::store::StoreError;

impl Keyring {
    /// The epoch that the data's database has reached at least.
    ///
    /// # Errors
    /// The keyring is away.
    pub(in crate::kernel) fn epoch_reached(&self) -> Result<i64, KeyringError> {
        self.db().read_here(None, |tx| {
            instance::table
                .select(instance::reached)
                .get_result(tx.conn())
                .map_err(|error| StoreError::from(error).into())
        })
    }

    /// The epoch that it may have reached at most.
    ///
    /// # Errors
    /// The keyring is away.
    pub(in crate::kernel) fn epoch_planned(&self) -> Result<i64, KeyringError> {
        self.db().read_here(None, |tx| {
            instance::table
                .select(instance::planned)
                .get_result(tx.conn())
                .map_err(|error| StoreError::from(error).into())
        })
    }

    /// Writes down that the data's database is about to be moved to `epoch`.
    ///
    /// # Errors
    /// The keyring is away.
    pub(in crate::kernel) fn plan_epoch(&self, epoch: i64) -> Result<(), KeyringError> {
        self.db().write_blocking(Vec::new(), move |tx| {
            let behind = instance::table.filter(instance::planned.lt(epoch));
            diesel::update(behind).set(instance::planned.eq(epoch)).execute(tx.conn()).map_err(StoreError::from)?;
            Ok(())
        })
    }

    /// Writes down that the data's database was moved to `epoch`.
    ///
    /// # Errors
    /// The keyring is away; the next start moves on from what was planned.
    pub(in crate::kernel) fn reach_epoch(&self, epoch: i64) -> Result<(), KeyringError> {
        self.db().write_blocking(Vec::new(), move |tx| {
            let behind = instance::table.filter(instance::reached.lt(epoch));
            diesel::update(behind).set(instance::reached.eq(epoch)).execute(tx.conn()).map_err(StoreError::from)?;
            Ok(())
        })
    }

    /// Erases once more whom a keyring that was put back has brought back: the ledger's entry, the end of the sign-in
    /// identifiers and the destruction of the keys, in one transaction.
    ///
    /// # Errors
    /// The keyring is away.
    pub(in crate::kernel) fn erase_again(&self, owner: Owner) -> Result<(), KeyringError> {
        self.db().write_blocking(Vec::new(), move |tx| -> Result<(), KeyringError> {
            enter(tx, owner)?;
            if let Owner::Account(account) = owner {
                diesel::delete(identifiers::table.filter(identifiers::account_id.eq(account)))
                    .execute(tx.conn())
                    .map_err(StoreError::from)?;
            }
            overwrite(tx, owner)?;
            move_epoch(tx, Some(owner))
        })?;
        self.evict(owner);
        Ok(())
    }

    /// The owners whom the ledger says were erased and who have a key all the same.
    ///
    /// # Errors
    /// The keyring is away.
    pub(in crate::kernel) fn erased_with_keys(&self) -> Result<Vec<Owner>, KeyringError> {
        let rows: Vec<(i16, AnyId)> =
            self.db().read_here(None, |tx| {
                owner_keys::table
                    .inner_join(ledger::table.on(
                        ledger::owner_kind.eq(owner_keys::owner_kind).and(ledger::owner_id.eq(owner_keys::owner_id)),
                    ))
                    .filter(ledger::row_id.eq(AnyId::from_bytes([0; 16])))
                    .select((owner_keys::owner_kind, owner_keys::owner_id))
                    .distinct()
                    .load(tx.conn())
                    .map_err(StoreError::from)
            })?;
        let owner = |(kind, id): (i16, AnyId)| {
            Owner::decode(kind, *id.as_bytes()).map_err(|_| KeyringError::Defect("an owner of no kind"))
        };
        rows.into_iter().map(owner).collect()
    }
}
