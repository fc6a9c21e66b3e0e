//! What is told at every address that is a person's, not at the one alone that mails go to (P-10, R-11): that somebody
//! regains the account without its password.
//!
//! Whoever regains it holds one of them. Theirs are too: what the account signed in by before a change that can still be
//! taken back, and the verified phone number. Text messages go where a gateway is configured.

use crate::accounts::identifiers::{Kind, former};
use crate::accounts::person::Person;
use crate::kernel::access::sessions::Phones;
use crate::kernel::store::{StoreError, Tx};
use crate::kernel::tenancy::AccountScope;
use crate::kernel::values::{EmailAddress, PhoneNumber};
use crate::messages::notice::{Mail, Notice, Regained, Says, Text};
use crate::messages::outbox;

/// Tells it beside the address that the feed's own mail goes to.
pub(super) fn tell_besides(
    tx: &mut Tx<'_>,
    scope: &AccountScope,
    person: &Person,
    notice: &Notice,
    step: Regained,
    phones: Phones,
) -> Result<(), StoreError> {
    mail_besides(tx, scope, person, notice)?;
    if phones == Phones::NotReached {
        return Ok(());
    }
    let mut numbers: Vec<PhoneNumber> = person.verified_phone()?.into_iter().collect();
    for (kind, old) in former(tx, scope)? {
        let number = (kind == Kind::Phone).then(|| PhoneNumber::from_stored(old.reveal()));
        let number = number.transpose().map_err(|_| StoreError::Unreadable)?;
        numbers.extend(number.filter(|number| numbers.iter().all(|known| known.e164() != number.e164())));
    }
    for to in numbers {
        let text = Text { to, language: person.language, says: Says::Regained(step) };
        outbox::enqueue_text(tx, scope.keys(), &text)?;
    }
    Ok(())
}

/// The same by mail alone.
pub(super) fn mail_besides(
    tx: &mut Tx<'_>,
    scope: &AccountScope,
    person: &Person,
    notice: &Notice,
) -> Result<(), StoreError> {
    let main = person.address()?;
    for (_, old) in former(tx, scope)?.into_iter().filter(|(kind, _)| *kind == Kind::Email) {
        let to = EmailAddress::from_stored(old.reveal()).map_err(|_| StoreError::Unreadable)?;
        if to != main {
            outbox::enqueue(tx, scope.keys(), &Mail { to, language: person.language, notice: notice.clone() })?;
        }
    }
    Ok(())
}
