//! What an account signs in by, changed (P-6, R-3, K-2): the new one is proved by a code, the old one hears of it and can
//! take the change back for seven days.
//!
//! [`changing`] begins and finishes a change; [`undoing`] takes it back. Whoever has only the new address can neither
//! learn of the undo's code, which goes to the old one alone, nor stand in its way: it is random beyond guessing and so
//! needs no limit that another could use up, it outlives later changes, and it ends every session. Whoever lacks the old
//! address lacks the code.
//!
//! The two databases in order: the new identifier is claimed in the keyring; the data's transaction writes the person's
//! row; then the keyring is brought in line with that row (`Accounts::reconcile`), where the old identifier is held for
//! as long as the change can be undone. What stops in between is brought in line by the sweep.

pub mod changing;
mod rows;
pub mod undoing;

use crate::accounts::factors::alone::found_by;
use crate::accounts::person::{self, Person, PhoneStanding};
use crate::accounts::signing_in::Identifier;
use crate::accounts::{Accounts, Failure};
use crate::kernel::ids::AccountId;
use crate::kernel::keyring::KeyringError;
use crate::kernel::keyring::identifiers::{Hold, IdentifierTag, Reconciled};
use crate::kernel::personal::Personal;
use crate::kernel::store::{StoreError, Tx};
use crate::kernel::tenancy::AccountScope;
use crate::kernel::values::{EmailAddress, PhoneNumber};

pub(super) use self::rows::sweep;

/// What somebody signs in by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// The e-mail address.
    Email,
    /// The phone number.
    Phone,
}

impl Kind {
    /// The kind of this name in the API.
    #[must_use]
    pub fn parse(name: &str) -> Option<Self> {
        match name {
            "email" => Some(Self::Email),
            "phone" => Some(Self::Phone),
            _ => None,
        }
    }

    /// As the database holds it.
    const fn code(self) -> i16 {
        match self {
            Self::Email => 1,
            Self::Phone => 2,
        }
    }

    const fn from_code(code: i16) -> Option<Self> {
        match code {
            1 => Some(Self::Email),
            2 => Some(Self::Phone),
            _ => None,
        }
    }

    /// How a stored one is looked up.
    fn identifier(self, stored: &str) -> Result<Identifier, StoreError> {
        match self {
            Self::Email => EmailAddress::from_stored(stored).map(|address| Identifier::email(&address)).ok(),
            Self::Phone => PhoneNumber::from_stored(stored).map(|number| Identifier::phone(&number)).ok(),
        }
        .ok_or(StoreError::Unreadable)
    }

    /// What of this kind the person signs in by now.
    fn of(self, person: &Person) -> Option<&Personal<String>> {
        match self {
            Self::Email => Some(&person.email),
            Self::Phone => person.phone.as_ref().filter(|phone| is_verified(phone)).map(|phone| &phone.number),
        }
    }
}

/// What the account signed in by, as far as a change can still be taken back from it: each once.
pub(super) fn former(tx: &mut Tx<'_>, scope: &AccountScope) -> Result<Vec<(Kind, Personal<String>)>, StoreError> {
    let mut former: Vec<(Kind, Personal<String>)> = Vec::new();
    for done in rows::undoable(tx, scope)? {
        if !former.iter().any(|(kind, known)| *kind == done.kind && known.reveal() == done.old.reveal()) {
            former.push((done.kind, done.old));
        }
    }
    Ok(former)
}

fn is_verified(phone: &person::Phone) -> bool {
    matches!(phone.standing, PhoneStanding::Verified { .. })
}

/// How often the keyring is looked at again when somebody changed it meanwhile.
const ROUNDS: usize = 8;

impl Accounts {
    /// Brings the keyring's list in line with what the account's rows say it signs in by, factors that do so alone among
    /// it, and what of it is held; gives how many lines changed.
    ///
    /// # Errors
    /// The store's; then the sweep does it.
    pub(super) async fn reconcile(&self, account: AccountId) -> Result<usize, Failure> {
        let keyring = self.kernel().keyring();
        for _ in 0..ROUNDS {
            let seen = keyring.identifiers_of(account).await?;
            let Some(scope) = self.scope_of(account).await? else { return Ok(0) };
            let look =
                |tx: &mut Tx<'_>, scope: &AccountScope| Ok::<_, StoreError>((wanted(tx, scope)?, found_by(tx, scope)?));
            let (addresses, factors) = self.kernel().read(&scope, look).await?;
            let addresses = addresses.into_iter().map(|(identifier, hold)| Ok((self.tag_of(&identifier)?, hold)));
            let factors = factors.into_iter().map(|found| Ok((found.tag(keyring)?, Hold::SignsIn)));
            let wanted = addresses.chain(factors).collect::<Result<Vec<_>, KeyringError>>()?;
            match keyring.reconcile_identifiers(account, seen, wanted).await? {
                Reconciled::Done(changed) => return Ok(changed),
                Reconciled::Overtaken => {}
            }
        }
        Err(Failure::Store(StoreError::Busy))
    }

    fn tag_of(&self, identifier: &Identifier) -> Result<IdentifierTag, KeyringError> {
        self.kernel().keyring().identifier_tag(identifier.kind, identifier.normalised.reveal())
    }
}

/// The addresses that the account signs in by, and those that are held for it: each once, what signs in first.
fn wanted(tx: &mut Tx<'_>, scope: &AccountScope) -> Result<Vec<(Identifier, Hold)>, StoreError> {
    let person = person::find(tx, scope)?;
    let mut wanted: Vec<(Identifier, Hold)> = Vec::new();
    for kind in [Kind::Email, Kind::Phone] {
        if let Some(stored) = kind.of(&person) {
            wanted.push((kind.identifier(stored.reveal())?, Hold::SignsIn));
        }
    }
    for done in rows::undoable(tx, scope)? {
        let held = done.kind.identifier(done.old.reveal())?;
        let same = |(known, _): &(Identifier, Hold)| {
            known.kind == held.kind && known.normalised.reveal() == held.normalised.reveal()
        };
        match wanted.iter_mut().find(|known| same(known)) {
            Some((_, Hold::SignsIn)) => {}
            Some((_, hold @ Hold::Until(_))) => {
                if let Hold::Until(until) = *hold {
                    *hold = Hold::Until(until.max(done.until));
                }
            }
            None => wanted.push((held, Hold::Until(done.until))),
        }
    }
    Ok(wanted)
}
