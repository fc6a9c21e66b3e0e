//! What an account shows besides its mailbox when nobody is signed in: a code of an app, or a recovery code.
//!
//! Methods that need a question first, or whose answer goes through somebody else, are not among them.

use std::time::Duration;

use crate::accounts::factors::confirming::settle;
use crate::accounts::factors::rows;
use crate::accounts::factors::workings::{Desk, Factor};
use crate::accounts::factors::{Answer, Asks, Method};
use crate::accounts::notices::tell_of;
use crate::accounts::person::Person;
use crate::kernel::store::{StoreError, Tx};
use crate::kernel::tenancy::{AccountScope, Origin};
use crate::messages::notice::Notice;

/// The methods that a code of its own answers.
const ANSWERED: [Method; 2] = [Method::RecoveryCodes, Method::Totp];

/// Whether something was shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[must_use = "what was not shown opens nothing"]
pub(in crate::accounts) enum Second {
    Shown,
    NotShown,
}

/// What the account can show besides its mailbox, held until the transaction ends.
pub(in crate::accounts) fn of(tx: &mut Tx<'_>, scope: &AccountScope) -> Result<Vec<Method>, StoreError> {
    let mut held = Vec::new();
    for method in ANSWERED {
        if !rows::hold(tx, scope, method)?.is_empty() {
            held.push(method);
        }
    }
    Ok(held)
}

/// Judges what is shown: as in a session, a wrong one counts against the factor, and a right one is used up.
pub(in crate::accounts) fn judge(
    tx: &mut Tx<'_>,
    scope: &AccountScope,
    person: &Person,
    method: Method,
    answer: &Answer,
    origin: &Origin,
    lifetime: Duration,
) -> Result<Second, StoreError> {
    let held = rows::hold(tx, scope, method)?;
    let factors: Vec<Factor> = held.iter().map(|row| Factor { id: row.id, kept: row.body.kept.clone() }).collect();
    let mut desk = Desk { tx, scope, person, lifetime, origin, leaving: None };
    let begun = method.workings().begin(&mut desk)?;
    if !matches!(begun.asks, Asks::Code) {
        return Ok(Second::NotShown);
    }
    let Some(met) = method.workings().judge(&mut desk, &begun.expected, &factors, answer)? else {
        if rows::count_failure(tx, scope, method)? > 0
            && let Some(means) = method.facts().means
        {
            tell_of(tx, scope, person, Notice::MethodEnded { means }, origin)?;
        }
        return Ok(Second::NotShown);
    };
    settle(tx, scope, method, person, &held, met)?;
    Ok(Second::Shown)
}
