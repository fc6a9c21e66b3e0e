//! What an account shows besides its mailbox when nobody is signed in: a code of an app, a recovery code, or a passkey
//!
//!
//! What a passkey is asked stands with the mailed code, from its begin on. Methods whose answer goes through somebody else
//! are not among them.

use std::time::Duration;

use serde_json::Value;

use crate::accounts::factors::confirming::settle;
use crate::accounts::factors::passkey::Question;
use crate::accounts::factors::rows;
use crate::accounts::factors::workings::{Begun, Desk, Factor, Kept};
use crate::accounts::factors::{Answer, Asks, Method};
use crate::accounts::notices::tell_of;
use crate::accounts::person::Person;
use crate::kernel::crypto::passkey::Ceremony;
use crate::kernel::store::{StoreError, Tx};
use crate::kernel::tenancy::{AccountScope, Origin};
use crate::messages::notice::Notice;

/// The methods that can be shown, from least to most secure.
const SHOWN: [Method; 3] = [Method::RecoveryCodes, Method::Totp, Method::Passkey];

/// What somebody shows.
pub(in crate::accounts) struct Showing<'s> {
    /// By which method.
    pub(in crate::accounts) method: Method,
    /// What.
    pub(in crate::accounts) answer: &'s Answer,
    /// What a passkey was asked, where one was.
    pub(in crate::accounts) asked: Option<Ceremony>,
}

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
    for method in SHOWN {
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
    showing: Showing<'_>,
    origin: &Origin,
    lifetime: Duration,
) -> Result<Second, StoreError> {
    let Showing { method, answer, asked } = showing;
    let held = rows::hold(tx, scope, method)?;
    let factors: Vec<Factor> = held.iter().map(|row| Factor { id: row.id, kept: row.body.kept.clone() }).collect();
    let mut desk = Desk { tx, scope, person, lifetime, origin, leaving: None };
    let expected = match (method, asked) {
        (Method::Passkey, Some(ceremony)) => Kept::of(&Question { ceremony, public_key: Value::Null })?,
        // At a bare address, where none could be asked.
        (Method::Passkey, None) => return Ok(Second::NotShown),
        _ => match method.workings().begin(&mut desk)? {
            Begun { expected, asks: Asks::Code } => expected,
            _ => return Ok(Second::NotShown),
        },
    };
    let Some(met) = method.workings().judge(&mut desk, &expected, &factors, answer)? else {
        if rows::count_failure(tx, scope, method)? > 0
            && let Some(means) = method.facts().means
        {
            tell_of(tx, scope, person, Notice::MethodEnded { means }, origin)?;
        }
        return Ok(Second::NotShown);
    };
    // Whoever renews by it tells the keyring what it used up.
    let _ = settle(tx, scope, method, person, &held, met)?;
    Ok(Second::Shown)
}
