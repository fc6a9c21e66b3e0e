//! Who signs in by what. An identifier is known by its tag alone, under the service's own key.
//!
//! An identifier is claimed before its account is written to the data's database, and settled after. A claim that was
//! never settled (the process was killed in between) is taken over by the next who proves the same identifier.
//!
//! When an account changes an identifier, the old one is held: it signs in no more and is nobody else's, so that the
//! change can be undone from it. What an account's identifiers are is written in the account's own row; after a change
//! [`Keyring::reconcile_identifiers`] brings this list in line with it.

use std::time::Duration;

use diesel::{ExpressionMethods as _, OptionalExtension as _, QueryDsl as _, RunQueryDsl as _};

use super::tables::identifiers;
use super::{Keyring, KeyringError};
use crate::kernel::clock::Time;
use crate::kernel::crypto::{Owner, Tag};
use crate::kernel::ids::AccountId;
use crate::kernel::store::{StoreError, Tx, dialect};

/// How long an unsettled claim stands against others.
const CLAIM: Duration = Duration::from_secs(300);

/// The tag of an identifier, under the current index version.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct IdentifierTag {
    tag: Tag,
    index_version: i64,
}

/// What an identifier is to its account.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Hold {
    /// It signs in.
    SignsIn,
    /// It did: until then it is nobody else's.
    Until(Time),
}

/// An account's identifiers as they stand here, for [`Keyring::reconcile_identifiers`] to see that nobody changes them
/// meanwhile.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Standing(Vec<Row>);

/// Index version, tag, since when, whether settled, until when held.
type Row = (i64, Tag, Time, bool, Option<Time>);

/// What came of a reconciliation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[must_use]
pub enum Reconciled {
    /// So many lines changed.
    Done(usize),
    /// Somebody changed them since they were looked at: look again.
    Overtaken,
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
        Ok(self.holder_of_identifier(identifier).await?.and_then(|(account, hold)| match hold {
            Hold::SignsIn => Some(account),
            Hold::Until(_) => None,
        }))
    }

    /// Whose `identifier` is, and as what: nobody else can have it.
    ///
    /// # Errors
    /// The keyring is away.
    pub async fn holder_of_identifier(
        &self,
        identifier: &IdentifierTag,
    ) -> Result<Option<(AccountId, Hold)>, KeyringError> {
        let wanted = *identifier;
        let found: Option<(AccountId, Option<Time>)> = self
            .db()
            .point(None, move |tx| {
                let found = identifiers::table
                    .find((wanted.index_version, wanted.tag))
                    .select((identifiers::account_id, identifiers::held_until))
                    .get_result(tx.conn())
                    .optional()
                    .map_err(StoreError::from)?;
                Ok::<_, KeyringError>(found)
            })
            .await?;
        let now = self.clock().now();
        Ok(found.and_then(|(account, held_until)| match held_until {
            None => Some((account, Hold::SignsIn)),
            Some(until) => (now < until).then_some((account, Hold::Until(until))),
        }))
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
        let wanted = *identifier;
        let claimed = self
            .db()
            .write(Vec::new(), move |tx| {
                let mine = identifiers::table.find((wanted.index_version, wanted.tag));
                let standing: Option<(AccountId, Time, bool, Option<Time>)> = mine
                    .select((
                        identifiers::account_id,
                        identifiers::claimed_at,
                        identifiers::is_settled,
                        identifiers::held_until,
                    ))
                    .get_result(tx.conn())
                    .optional()
                    .map_err(StoreError::from)?;
                let now = tx.now();
                match standing {
                    Some((holder, ..)) if holder == account => return Ok(Claim::Made),
                    Some((_, _, true, None)) => return Ok(Claim::Taken),
                    Some((_, _, true, Some(until))) if now < until => return Ok(Claim::Taken),
                    Some((_, at, false, _)) if now.since(at) < CLAIM => return Ok(Claim::Taken),
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
                Ok::<_, KeyringError>(Claim::Made)
            })
            .await;
        match claimed {
            // Two claimed it at the same moment.
            Err(KeyringError::Store(StoreError::Taken)) => Ok(Claim::Taken),
            other => other,
        }
    }

    /// The identifiers of `account` as they stand here.
    ///
    /// # Errors
    /// The keyring is away.
    pub async fn identifiers_of(&self, account: AccountId) -> Result<Standing, KeyringError> {
        self.db().point(None, move |tx| Ok(Standing(rows_of(tx, account)?))).await
    }

    /// Brings the identifiers of `account` in line with `wanted`, which was read from its own row after `seen` was read
    /// here: what is missing is entered, what is not wanted goes, young claims aside.
    ///
    /// # Errors
    /// The keyring is away; [`StoreError::Taken`]: one of them is another account's.
    pub async fn reconcile_identifiers(
        &self,
        account: AccountId,
        seen: Standing,
        wanted: Vec<(IdentifierTag, Hold)>,
    ) -> Result<Reconciled, KeyringError> {
        self.db()
            .write(Vec::new(), move |tx| {
                // Of two who have seen the same, the second sees what the first made of it.
                dialect::take_turns(tx.conn(), account.as_bytes()).map_err(StoreError::from)?;
                let standing = rows_of(tx, account)?;
                if standing != seen.0 {
                    return Ok(Reconciled::Overtaken);
                }
                let now = tx.now();
                let mut changed = 0;
                for (identifier, hold) in &wanted {
                    let held_until = match hold {
                        Hold::SignsIn => None,
                        Hold::Until(until) => Some(*until),
                    };
                    let row = identifiers::table.find((identifier.index_version, identifier.tag));
                    let known =
                        standing.iter().find(|row| (row.0, row.1) == (identifier.index_version, identifier.tag));
                    changed += match known {
                        Some((_, _, _, true, held)) if *held == held_until => 0,
                        Some(_) => diesel::update(row.filter(identifiers::account_id.eq(account)))
                            .set((identifiers::is_settled.eq(true), identifiers::held_until.eq(held_until)))
                            .execute(tx.conn())
                            .map_err(StoreError::from)?,
                        None => diesel::insert_into(identifiers::table)
                            .values((
                                identifiers::tag.eq(identifier.tag),
                                identifiers::index_version.eq(identifier.index_version),
                                identifiers::account_id.eq(account),
                                identifiers::claimed_at.eq(now),
                                identifiers::is_settled.eq(true),
                                identifiers::held_until.eq(held_until),
                            ))
                            .execute(tx.conn())
                            .map_err(StoreError::from)?,
                    };
                }
                for (index_version, tag, at, is_settled, _) in standing {
                    let is_wanted = wanted.iter().any(|(one, _)| (one.index_version, one.tag) == (index_version, tag));
                    let may_be_underway = !is_settled && now.since(at) < CLAIM;
                    if !is_wanted && !may_be_underway {
                        let row = identifiers::table.find((index_version, tag));
                        changed += diesel::delete(row.filter(identifiers::account_id.eq(account)))
                            .execute(tx.conn())
                            .map_err(StoreError::from)?;
                    }
                }
                Ok(Reconciled::Done(changed))
            })
            .await
    }

    /// Gives up one claim of `account` that was not settled.
    ///
    /// # Errors
    /// The keyring is away; then the claim lapses by itself.
    pub async fn release_identifier(&self, account: AccountId, identifier: &IdentifierTag) -> Result<(), KeyringError> {
        let wanted = *identifier;
        self.db()
            .write(Vec::new(), move |tx| {
                let mine = identifiers::table
                    .find((wanted.index_version, wanted.tag))
                    .filter(identifiers::account_id.eq(account))
                    .filter(identifiers::is_settled.eq(false));
                diesel::delete(mine).execute(tx.conn()).map_err(StoreError::from)?;
                Ok(())
            })
            .await
    }

    /// Deletes what was held until now; gives how many.
    ///
    /// # Errors
    /// The keyring is away. What is over counts for nothing even before.
    pub async fn release_held_identifiers(&self) -> Result<usize, KeyringError> {
        self.db()
            .write(Vec::new(), move |tx| {
                let over = identifiers::table.filter(identifiers::held_until.le(tx.now()));
                Ok(diesel::delete(over).execute(tx.conn()).map_err(StoreError::from)?)
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

    /// Gives up one identifier of `account`, settled or not; another account's stays.
    ///
    /// # Errors
    /// The keyring is away.
    pub async fn forget_identifier(&self, identifier: &IdentifierTag, account: AccountId) -> Result<(), KeyringError> {
        let wanted = *identifier;
        self.db()
            .write(Vec::new(), move |tx| {
                let mine = identifiers::table
                    .find((wanted.index_version, wanted.tag))
                    .filter(identifiers::account_id.eq(account));
                diesel::delete(mine).execute(tx.conn()).map_err(StoreError::from)?;
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

    /// Puts every identifier in question: this keyring was put back from a copy, and what accounts sign in by may have
    /// changed since. Each account's own row decides ([`Keyring::reconcile_identifiers`]), before anybody is served.
    ///
    /// # Errors
    /// The keyring is away.
    pub(in crate::kernel) fn question_identifiers(&self) -> Result<(), KeyringError> {
        self.db().write_blocking(Vec::new(), |tx| -> Result<(), KeyringError> {
            let long_ago = tx.now().minus(CLAIM);
            let unsettled = (identifiers::is_settled.eq(false), identifiers::claimed_at.eq(long_ago));
            diesel::update(identifiers::table).set(unsettled).execute(tx.conn()).map_err(StoreError::from)?;
            Ok(())
        })
    }

    /// The accounts whose claims are not settled, each once, with whether one may still be on its way.
    ///
    /// # Errors
    /// The keyring is away.
    pub fn unsettled_claims(&self) -> Result<Vec<(AccountId, Underway)>, KeyringError> {
        self.db().read_here(None, |tx| {
            let now = tx.now();
            let found: Vec<(AccountId, Time)> = identifiers::table
                .filter(identifiers::is_settled.eq(false))
                .select((identifiers::account_id, identifiers::claimed_at))
                .order((identifiers::account_id, identifiers::claimed_at.desc()))
                .load(tx.conn())
                .map_err(StoreError::from)?;
            let underway = |at| if now.since(at) < CLAIM { Underway::Maybe } else { Underway::No };
            let mut claims: Vec<_> = found.into_iter().map(|(account, at)| (account, underway(at))).collect();
            // The youngest of an account's.
            claims.dedup_by_key(|(account, _)| *account);
            Ok(claims)
        })
    }
}

fn rows_of(tx: &mut Tx<'_>, account: AccountId) -> Result<Vec<Row>, StoreError> {
    Ok(identifiers::table
        .filter(identifiers::account_id.eq(account))
        .order((identifiers::index_version, identifiers::tag))
        .select((
            identifiers::index_version,
            identifiers::tag,
            identifiers::claimed_at,
            identifiers::is_settled,
            identifiers::held_until,
        ))
        .load(tx.conn())?)
}
