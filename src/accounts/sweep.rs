//! What is over, deleted; what was left half-way, settled.

use diesel::{ExpressionMethods as _, OptionalExtension as _, QueryDsl as _, RunQueryDsl as _};

use crate::accounts::{
    Accounts, Failure, factors, identifiers, notices, oidc, places, recovering, renewing, support, team,
};
use crate::kernel::access::sessions;
use crate::kernel::ids::{AccountId, ConfirmationId, SignupId};
use crate::kernel::keyring::identifiers::Underway;
use crate::kernel::store::schema::{accounts, confirmations, signups, throttles};
use crate::kernel::store::{StoreError, Tx};

/// Rows of one kind that a transaction deletes.
const BATCH: i64 = 500;

/// What a sweep did.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Swept {
    /// Rows that were over.
    pub rows: usize,
    /// Keys of days destroyed.
    pub days: usize,
    /// Claims of identifiers settled or released, and what was held long enough.
    pub claims: usize,
    /// Accounts whose tokens had ended with them, and are revoked for good now.
    pub tokens: usize,
    /// People told that their new password can be set.
    pub waits: usize,
    /// Addresses in old sign-ins that were shortened.
    pub shortened: usize,
}

impl Accounts {
    /// Deletes sessions, sign-ups, challenges, enrolments, changes of identifiers and counters that are over, destroys the keys of old days, and settles the
    /// claims of accounts that were written, releases those of accounts that were not. Safe at any time, on any node.
    ///
    /// # Errors
    /// The store's; what was done stays done.
    pub async fn sweep(&self) -> Result<Swept, Failure> {
        let mut swept = Swept::default();
        let kernel = self.kernel();
        loop {
            let accounts = self.clone();
            let deleted = kernel.write("accounts.sweep", &kernel.service(), move |tx, _| rows(tx, &accounts)).await?;
            swept.rows += deleted;
            if deleted == 0 {
                break;
            }
        }
        swept.days = kernel.destroy_old_days().await?;
        kernel.tell_revoked().await?;
        swept.claims = self.settle_claims().await?;
        swept.tokens = self.sweep_ended_tokens().await?;
        swept.waits = self.tell_waits().await?;
        swept.shortened = self.shorten_addresses().await?;
        Ok(swept)
    }

    /// Settles the claims of accounts that were written, releases those of accounts that were not, and lets go of what was
    /// held long enough; gives how many. Where a keyring was put back from a copy, every identifier is such a claim: done
    /// before anybody is served, nobody signs in by what the account has given up since.
    ///
    /// # Errors
    /// The store's; what was done stays done.
    pub async fn settle_claims(&self) -> Result<usize, Failure> {
        let mut done = 0;
        // What one account has given up another may have taken: whoever came too early has their turn again.
        loop {
            let (some, refused) = self.settle_once().await?;
            done += some;
            if refused == 0 || some == 0 {
                return Ok(done + self.kernel().keyring().release_held_identifiers().await?);
            }
        }
    }

    /// How many were settled, and how many accounts could not be.
    async fn settle_once(&self) -> Result<(usize, usize), Failure> {
        let (kernel, keyring) = (self.kernel(), self.kernel().keyring());
        let (mut done, mut refused) = (0, 0);
        for (account, underway) in keyring.unsettled_claims()? {
            let known = kernel.point(&kernel.service(), move |tx, _| exists(tx, account)).await?;
            match (known, underway) {
                (Some(_), _) => match self.reconcile(account).await {
                    Ok(changed) => done += changed,
                    Err(error) => {
                        refused += 1;
                        tracing::warn!(%account, %error, "the identifiers of an account cannot be settled");
                    }
                },
                (None, Underway::No) => {
                    keyring.release_identifiers(account).await?;
                    done += 1;
                }
                (None, Underway::Maybe) => {}
            }
        }
        Ok((done, refused))
    }
}

fn exists(tx: &mut Tx<'_>, account: AccountId) -> Result<Option<AccountId>, StoreError> {
    Ok(accounts::table.find(account).select(accounts::id).get_result(tx.conn()).optional()?)
}

fn rows(tx: &mut Tx<'_>, accounts: &Accounts) -> Result<usize, StoreError> {
    let now = tx.now();
    let mut deleted = sessions::sweep(tx, BATCH)?;
    let over: Vec<SignupId> =
        signups::table.filter(signups::expires_at.le(now)).select(signups::id).limit(BATCH).load(tx.conn())?;
    deleted += diesel::delete(signups::table.filter(signups::id.eq_any(&over))).execute(tx.conn())?;
    let over: Vec<ConfirmationId> = confirmations::table
        .filter(confirmations::expires_at.le(now))
        .select(confirmations::id)
        .limit(BATCH)
        .load(tx.conn())?;
    deleted += diesel::delete(confirmations::table.filter(confirmations::id.eq_any(&over))).execute(tx.conn())?;
    let over: Vec<crate::kernel::crypto::Tag> =
        throttles::table.filter(throttles::expires_at.le(now)).select(throttles::tag).limit(BATCH).load(tx.conn())?;
    deleted += diesel::delete(throttles::table.filter(throttles::tag.eq_any(&over))).execute(tx.conn())?;
    deleted += places::sweep(tx, accounts.rules().usual_places, BATCH)?;
    deleted += factors::alone::sweep(tx, BATCH)?;
    deleted += team::sweep(tx, BATCH)?;
    deleted += factors::sweep(tx, accounts.rules().code_lifetime, BATCH)?;
    deleted += notices::sweep(tx, BATCH)?;
    deleted += identifiers::sweep(tx, BATCH)?;
    deleted += oidc::sweep(tx, BATCH)?;
    deleted += support::sweep(tx, BATCH)?;
    deleted += recovering::sweep(tx, BATCH)?;
    deleted += renewing::sweep(tx)?;
    deleted += accounts.0.decoys.forget_history(tx)?;
    Ok(deleted)
}
