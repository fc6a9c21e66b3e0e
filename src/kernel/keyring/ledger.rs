//! What was erased and what was revoked: kept where no restore of the data can roll it back.

use diesel::{ExpressionMethods as _, OptionalExtension as _, QueryDsl as _, RunQueryDsl as _};

use super::tables::{ledger, revocations};
use super::{Keyring, KeyringError};
use crate::kernel::clock::Time;
use crate::kernel::crypto::Owner;
use crate::kernel::ids::{AccountId, AnyId, FactorId, RecordId, TenantId, TokenId, UsedCodeId};
use crate::kernel::store::{StoreError, Tx, both};

/// The kind of what was revoked, as the database holds it.
const TOKEN: i16 = 1;
const FACTOR: i16 = 2;

/// The same for an account that its owner has frozen.
const FROZEN: i16 = 3;

/// The same for a recovery code that was used.
const CODE: i16 = 4;

/// What a keyring that was put back may not know of.
#[derive(Debug, Clone, Default)]
pub(in crate::kernel) struct Revoked {
    /// Tokens that were revoked.
    pub(in crate::kernel) tokens: Vec<TokenId>,
    /// Factors that confirm nobody any more.
    pub(in crate::kernel) factors: Vec<FactorId>,
    /// Recovery codes that were used.
    pub(in crate::kernel) codes: Vec<UsedCodeId>,
    /// Accounts that are frozen.
    pub(in crate::kernel) frozen: Vec<AccountId>,
}

/// What the ledger says of an owner whose keys are gone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[must_use]
pub enum Ledger {
    /// It was erased.
    Erased,
    /// Nothing: keys that are missing all the same are a fault, never an erasure.
    Silent,
}

impl Keyring {
    /// Writes down that `owner` is erased, before its keys are destroyed.
    ///
    /// # Errors
    /// The keyring is away.
    pub async fn enter_erasure(&self, owner: Owner) -> Result<(), KeyringError> {
        self.db()
            .write(Vec::new(), move |tx| {
                let now = tx.now();
                Ok(enter(tx, owner, None, now)?)
            })
            .await
    }

    /// Writes down that a tenant's records are erased, all at once and before their rows are deleted; gives when that was
    /// done first of the one that came last.
    ///
    /// # Errors
    /// The keyring is away.
    pub async fn enter_records(&self, tenant: TenantId, records: Vec<RecordId>) -> Result<Time, KeyringError> {
        let owner = Owner::Tenant(tenant);
        self.db()
            .write(Vec::new(), move |tx| {
                let (id, now, mut at) = (AnyId::from_bytes(owner.id_bytes()), tx.now(), Time::from_micros(0));
                for record in &records {
                    let row = AnyId::from_bytes(*record.as_bytes());
                    enter(tx, owner, Some(*record), now)?;
                    let entry = ledger::table.find((owner.kind(), id, row)).select(ledger::at);
                    at = at.max(entry.get_result(tx.conn()).map_err(StoreError::from)?);
                }
                Ok(at)
            })
            .await
    }

    /// Writes down once more what a keyring that was put back does not know of: records that were erased, and when.
    ///
    /// # Errors
    /// The keyring is away.
    pub(in crate::kernel) fn enter_records_again(
        &self,
        records: &[(TenantId, RecordId, Time)],
    ) -> Result<(), KeyringError> {
        for some in records.chunks(500) {
            let some = some.to_vec();
            self.db().write_blocking(Vec::new(), move |tx| -> Result<(), KeyringError> {
                for (tenant, record, at) in &some {
                    enter(tx, Owner::Tenant(*tenant), Some(*record), *at)?;
                }
                Ok(())
            })?;
        }
        Ok(())
    }

    /// Every record that was erased from `since` on and before `until`, with its tenant.
    ///
    /// # Errors
    /// The keyring is away.
    pub(in crate::kernel) fn erased_records(
        &self,
        since: Time,
        until: Time,
    ) -> Result<Vec<(TenantId, RecordId)>, KeyringError> {
        let kind = Owner::Tenant(TenantId::from_bytes([0; 16])).kind();
        let rows: Vec<(AnyId, AnyId)> = self.db().read_here(None, |tx| {
            ledger::table
                .filter(ledger::owner_kind.eq(kind))
                .filter(ledger::row_id.ne(AnyId::from_bytes([0; 16])))
                .filter(ledger::at.ge(since))
                .filter(ledger::at.lt(until))
                .select((ledger::owner_id, ledger::row_id))
                .load(tx.conn())
                .map_err(StoreError::from)
        })?;
        let ids = |(tenant, row): (AnyId, AnyId)| {
            (TenantId::from_bytes(*tenant.as_bytes()), RecordId::from_bytes(*row.as_bytes()))
        };
        Ok(rows.into_iter().map(ids).collect())
    }

    /// What the ledger says of `owner`.
    ///
    /// # Errors
    /// The keyring is away.
    pub fn ledger_of(&self, owner: Owner) -> Result<Ledger, KeyringError> {
        let at: Option<crate::kernel::clock::Time> = self.db().read_here(None, |tx| {
            ledger::table
                .find((owner.kind(), AnyId::from_bytes(owner.id_bytes()), AnyId::from_bytes([0; 16])))
                .select(ledger::at)
                .get_result(tx.conn())
                .optional()
                .map_err(StoreError::from)
        })?;
        Ok(if at.is_some() { Ledger::Erased } else { Ledger::Silent })
    }

    /// Writes down that `token` is revoked, before the data's database says so.
    ///
    /// # Errors
    /// The keyring is away.
    pub async fn revoke_token(&self, token: TokenId) -> Result<(), KeyringError> {
        self.revoke(TOKEN, AnyId::from_bytes(*token.as_bytes())).await
    }

    /// Writes down that `factor` confirms nobody any more, before the data's database says so.
    ///
    /// # Errors
    /// The keyring is away.
    pub async fn revoke_factor(&self, factor: FactorId) -> Result<(), KeyringError> {
        self.revoke(FACTOR, AnyId::from_bytes(*factor.as_bytes())).await
    }

    async fn revoke(&self, kind: i16, id: AnyId) -> Result<(), KeyringError> {
        self.db()
            .write(Vec::new(), move |tx| {
                both(
                    diesel::insert_into(revocations::table)
                        .values((revocations::kind.eq(kind), revocations::id.eq(id), revocations::at.eq(tx.now())))
                        .on_conflict_do_nothing(),
                )
                .execute(tx.conn())
                .map_err(StoreError::from)?;
                Ok(())
            })
            .await
    }

    /// Writes down once more what a keyring that was put back may not know of.
    ///
    /// # Errors
    /// The keyring is away.
    pub(in crate::kernel) fn revoke_again(&self, revoked: &Revoked) -> Result<(), KeyringError> {
        let Revoked { tokens, factors, codes, frozen } = revoked;
        let tokens = tokens.iter().map(|id| (TOKEN, AnyId::from_bytes(*id.as_bytes())));
        let factors = factors.iter().map(|id| (FACTOR, AnyId::from_bytes(*id.as_bytes())));
        let codes = codes.iter().map(|id| (CODE, AnyId::from_bytes(*id.as_bytes())));
        let frozen = frozen.iter().map(|id| (FROZEN, AnyId::from_bytes(*id.as_bytes())));
        let all: Vec<(i16, AnyId)> = tokens.chain(factors).chain(codes).chain(frozen).collect();
        for some in all.chunks(500) {
            let some = some.to_vec();
            self.db().write_blocking(Vec::new(), move |tx| -> Result<(), KeyringError> {
                for (kind, id) in &some {
                    let row = (revocations::kind.eq(*kind), revocations::id.eq(*id), revocations::at.eq(tx.now()));
                    both(diesel::insert_into(revocations::table).values(row).on_conflict_do_nothing())
                        .execute(tx.conn())
                        .map_err(StoreError::from)?;
                }
                Ok(())
            })?;
        }
        Ok(())
    }

    /// Writes down that `account` is frozen, before the data's database says so: no restore thaws it.
    ///
    /// # Errors
    /// The keyring is away.
    pub async fn freeze_account(&self, account: AccountId) -> Result<(), KeyringError> {
        self.db()
            .write(Vec::new(), move |tx| {
                both(
                    diesel::insert_into(revocations::table)
                        .values((
                            revocations::kind.eq(FROZEN),
                            revocations::id.eq(AnyId::from_bytes(*account.as_bytes())),
                            revocations::at.eq(tx.now()),
                        ))
                        .on_conflict_do_nothing(),
                )
                .execute(tx.conn())
                .map_err(StoreError::from)?;
                Ok(())
            })
            .await
    }

    /// Writes down that `account` is thawed, after the data's database says so.
    ///
    /// # Errors
    /// The keyring is away; then it is frozen again at the next start.
    pub async fn thaw_account(&self, account: AccountId) -> Result<(), KeyringError> {
        self.db()
            .write(Vec::new(), move |tx| {
                let its_own = revocations::table.find((FROZEN, AnyId::from_bytes(*account.as_bytes())));
                diesel::delete(its_own).execute(tx.conn()).map_err(StoreError::from)?;
                Ok(())
            })
            .await
    }

    /// Every frozen account.
    ///
    /// # Errors
    /// The keyring is away.
    pub fn frozen_accounts(&self) -> Result<Vec<AccountId>, KeyringError> {
        let ids: Vec<AnyId> = self.db().read_here(None, |tx| {
            revocations::table
                .filter(revocations::kind.eq(FROZEN))
                .select(revocations::id)
                .load(tx.conn())
                .map_err(StoreError::from)
        })?;
        Ok(ids.into_iter().map(|id| AccountId::from_bytes(*id.as_bytes())).collect())
    }

    /// Every revoked token.
    ///
    /// # Errors
    /// The keyring is away.
    pub fn revoked_tokens(&self) -> Result<Vec<TokenId>, KeyringError> {
        let ids = self.revoked(TOKEN)?.into_iter();
        Ok(ids.map(|id| TokenId::from_bytes(*id.as_bytes())).collect())
    }

    /// Every factor that was removed.
    ///
    /// # Errors
    /// The keyring is away.
    pub fn revoked_factors(&self) -> Result<Vec<FactorId>, KeyringError> {
        let ids = self.revoked(FACTOR)?.into_iter();
        Ok(ids.map(|id| FactorId::from_bytes(*id.as_bytes())).collect())
    }

    /// Every recovery code that was used, by its mark.
    ///
    /// # Errors
    /// The keyring is away.
    pub(in crate::kernel) fn used_codes(&self) -> Result<Vec<UsedCodeId>, KeyringError> {
        let ids = self.revoked(CODE)?.into_iter();
        Ok(ids.map(|id| UsedCodeId::from_bytes(*id.as_bytes())).collect())
    }

    fn revoked(&self, kind: i16) -> Result<Vec<AnyId>, KeyringError> {
        self.db().read_here(None, move |tx| {
            revocations::table
                .filter(revocations::kind.eq(kind))
                .select(revocations::id)
                .load(tx.conn())
                .map_err(|error| StoreError::from(error).into())
        })
    }
}

/// Enters that `owner`, or one of its records, was erased; an entry that is there stays as it is.
fn enter(tx: &mut Tx<'_>, owner: Owner, record: Option<RecordId>, at: Time) -> Result<(), StoreError> {
    let row = AnyId::from_bytes(record.map_or([0; 16], |record| *record.as_bytes()));
    both(
        diesel::insert_into(ledger::table)
            .values((
                ledger::owner_kind.eq(owner.kind()),
                ledger::owner_id.eq(AnyId::from_bytes(owner.id_bytes())),
                ledger::row_id.eq(row),
                ledger::at.eq(at),
            ))
            .on_conflict_do_nothing(),
    )
    .execute(tx.conn())?;
    Ok(())
}
