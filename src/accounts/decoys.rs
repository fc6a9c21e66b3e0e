//! A few accounts that are nobody's: an identifier that is unknown is checked against one of them, so that it takes the
//! same path, at the same cost, as one that is known.

use diesel::{ExpressionMethods as _, QueryDsl as _, RunQueryDsl as _};

use crate::accounts::passwords::Strength;
use crate::accounts::person::{self, Chosen, Person, Standing};
use crate::kernel::crypto::Tag;
use crate::kernel::crypto::password::Hashing;
use crate::kernel::ids::AccountId;
use crate::kernel::personal::Personal;
use crate::kernel::store::schema::accounts;
use crate::kernel::store::{StoreError, Tx};
use crate::kernel::values::Locale;
use crate::kernel::{Kernel, store_error};

/// So many that they do not stand in each other's way.
const HOW_MANY: usize = 8;

/// The decoys of this installation.
#[derive(Debug)]
pub(super) struct Decoys(Vec<AccountId>);

impl Decoys {
    /// Finds the decoys, makes those that are missing, and gives each a hash at today's cost.
    pub(super) fn open(kernel: &Kernel, hashing: &Hashing) -> Result<Self, StoreError> {
        let mut ids: Vec<AccountId> = kernel.db().read_here(None, |tx| {
            accounts::table
                .filter(accounts::state.eq(Standing::Decoy.code()))
                .order(accounts::id)
                .select(accounts::id)
                .load(tx.conn())
                .map_err(StoreError::from)
        })?;
        for id in &ids {
            let scope = kernel.account_scope_blocking(*id).map_err(|error| store_error(&error))?;
            let phc = hashing.decoy(kernel.entropy());
            kernel.db().write_blocking(Vec::new(), move |tx| person::rehash(tx, &scope, &phc))?;
        }
        while ids.len() < HOW_MANY {
            let id = AccountId::new(kernel.now(), kernel.entropy());
            let scope = kernel.new_account_blocking(id).map_err(|error| store_error(&error))?;
            let unguessable = Chosen { phc: hashing.decoy(kernel.entropy()), strength: Strength::Strong };
            kernel.db().write_blocking(Vec::new(), move |tx| {
                person::create(tx, &scope, Standing::Decoy, &nobody(), &unguessable)
            })?;
            ids.push(id);
        }
        Ok(Self(ids))
    }

    /// The decoy for an unknown identifier: the same one for the same, on the same day.
    pub(super) fn of(&self, identifier: &Tag) -> Option<AccountId> {
        let [first, ..] = identifier.as_bytes();
        self.0.get(usize::from(*first) % self.0.len().max(1)).copied()
    }

    /// Drops the sign-in history and the feed of the decoys, which are nobody's.
    pub(super) fn forget_history(&self, tx: &mut Tx<'_>) -> Result<usize, StoreError> {
        use crate::kernel::store::schema::{account_notices, sign_ins};
        let told = account_notices::table.filter(account_notices::account_id.eq_any(&self.0));
        let forgotten = diesel::delete(told).execute(tx.conn())?;
        let theirs = sign_ins::table.filter(sign_ins::account_id.eq_any(&self.0));
        Ok(forgotten + diesel::delete(theirs).execute(tx.conn())?)
    }
}

/// As long as a person's data usually is.
fn nobody() -> Person {
    Person {
        name: Personal::new("Nobody At All".to_owned()),
        email: Personal::new("nobody@decoy.invalid".to_owned()),
        phone: None,
        language: Locale::En,
    }
}
