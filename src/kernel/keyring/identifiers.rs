//! Who signs in by what. An identifier is known by its tag alone, under the service's own key.
//!
//! An identifier is claimed before its account is written to the data's database, and settled after. A claim that was
//! never settled (the process was killed in between) is taken over by the next who proves the same identifier.

use std::time::Duration;

use diesel::{ExpressionMethods as _, OptionalExtension as _, QueryDsl as _, RunQueryDsl as _};

use super::tables::identifiers;
use super::{Keyring, KeyringError};
use crate::kernel::crypto::{Owner, Tag};
use crate::kernel::ids::AccountId;
use crate::kernel::store::StoreError;

/// How long an unsettled claim stands against others.
const CLAIM: Duration = Duration::from_secs(300);

/// The tag of an identifier, under the current index version.
#[derive(Debug, Clone)]
pub struct IdentifierTag {
    tag: Tag,
    index_version: i64,
}

/// What became of a claim.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[must_use]
pub enum Claim {
    /// It is the account's now.
    Made,
    /// It is another account's.
    Taken,
}

/// Whether the account of an unsettled claim may be about to be written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Underway {
    /// The claim is young.
    Maybe,
    /// It is older than any transaction takes.
    No,
}

impl Keyring {
    /// The tag of a normalised identifier (`email:anna@example.lv`, `phone:+37120000000`).
    ///
    /// # Errors
    /// The keyring is away.
    pub fn identifier_tag(&self, kind: &str, normalised: &str) -> Result<IdentifierTag, KeyringError> {
        let keys = self.keys(Owner::Service)?;
        let tag = keys.tag(&[b"identifiers", kind.as_bytes()], normalised.as_bytes());
        Ok(IdentifierTag { tag, index_version: i64::from(keys.current().as_u32()) })
    }

    /// The account that signs in by `identifier`. An unsettled claim counts: its account may have been written.
    ///
    /// # Errors
    /// The keyring is away.
    pub async fn find_identifier(&self, identifier: &IdentifierTag) -> Result<Option<AccountId>, KeyringError> {
        let wanted = identifier.clone();
        self.db()
            .point(None, move |tx| {
                let found = identifiers::table
                    .find((wanted.index_version, wanted.tag))
                    .select(identifiers::account_id)
                    .get_result(tx.conn())
                    .optional()
                    .map_err(StoreError::from)?;
                Ok(found)
            })
            .await
    }

    /// Claims `identifier` for `account`, which is about to be written.
    ///
    /// # Errors
    /// The keyring is away.
    pub async fn claim_identifier(
        &self,
        identifier: &IdentifierTag,
        account: AccountId,
    ) -> Result<Claim, KeyringError> {
        let wanted = identifier.clone();
        self.db()
            .write(Vec::new(), move |tx| {
                let mine = identifiers::table.find((wanted.index_version, wanted.tag));
                let standing: Option<(crate::kernel::clock::Time, bool)> = mine
                    .select((identifiers::claimed_at, identifiers::is_settled))
                    .get_result(tx.conn())
                    .optional()
                    .map_err(StoreError::from)?;
                match standing {
                    Some((_, true)) => return Ok(Claim::Taken),
                    Some((at, false)) if tx.now().since(at) < CLAIM => return Ok(Claim::Taken),
                    Some(_) => {
                        diesel::delete(mine).execute(tx.conn()).map_err(StoreError::from)?;
                    }
                    None => {}
                }
                diesel::insert_into(identifiers::table)
                    .values((
                        identifiers::tag.eq(wanted.tag),
                        identifiers::index_version.eq(wanted.index_version),
                        identifiers::account_id.eq(account),
                        identifiers::claimed_at.eq(tx.now()),
                        identifiers::is_settled.eq(false),
                    ))
                    .execute(tx.conn())
                    .map_err(StoreError::from)?;
                Ok(Claim::Made)
            })
            .await
    }

    /// Settles the claims of `account`, which stands in the data's database now.
    ///
    /// # Errors
    /// The keyring is away; then the claim is settled at the next start.
    pub async fn settle_identifiers(&self, account: AccountId) -> Result<(), KeyringError> {
        self.db()
            .write(Vec::new(), move |tx| {
                diesel::update(identifiers::table.filter(identifiers::account_id.eq(account)))
                    .set(identifiers::is_settled.eq(true))
                    .execute(tx.conn())
                    .map_err(StoreError::from)?;
                Ok(())
            })
            .await
    }

    /// Gives up the claims of `account`, which was not written after all.
    ///
    /// # Errors
    /// The keyring is away; then the claim lapses by itself.
    pub async fn release_identifiers(&self, account: AccountId) -> Result<(), KeyringError> {
        self.db()
            .write(Vec::new(), move |tx| {
                let mine = identifiers::table
                    .filter(identifiers::account_id.eq(account))
                    .filter(identifiers::is_settled.eq(false));
                diesel::delete(mine).execute(tx.conn()).map_err(StoreError::from)?;
                Ok(())
            })
            .await
    }

    /// The accounts whose claims are not settled, each with whether it may still be on its way.
    ///
    /// # Errors
    /// The keyring is away.
    pub fn unsettled_claims(&self) -> Result<Vec<(AccountId, Underway)>, KeyringError> {
        self.db().read_here(None, |tx| {
            let now = tx.now();
            let found: Vec<(AccountId, crate::kernel::clock::Time)> = identifiers::table
                .filter(identifiers::is_settled.eq(false))
                .select((identifiers::account_id, identifiers::claimed_at))
                .load(tx.conn())
                .map_err(StoreError::from)?;
            let underway = |at| if now.since(at) < CLAIM { Underway::Maybe } else { Underway::No };
            Ok(found.into_iter().map(|(account, at)| (account, underway(at))).collect())
        })
    }
}
