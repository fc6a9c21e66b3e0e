//! A code to the verified e-mail address.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::accounts::person::Person;
use crate::kernel::crypto::token::Code;
use crate::kernel::personal::{Comparison, Secret, revealed};
use crate::kernel::store::{StoreError, Tx};
use crate::kernel::tenancy::AccountScope;
use crate::messages::notice::{self, Mail, Notice, Purpose};
use crate::messages::outbox;

/// The code that was mailed.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Expected {
    #[serde(with = "revealed")]
    code: Secret<String>,
}

/// Mails a code, which says what it is for (K-1, K-5).
pub(super) fn begin(
    tx: &mut Tx<'_>,
    scope: &AccountScope,
    person: &Person,
    lifetime: Duration,
) -> Result<Expected, StoreError> {
    let digits = Code::random(tx.entropy()).reveal().to_owned();
    let code = notice::Code::new(Secret::new(digits.clone()), lifetime);
    let notice = Notice::ConfirmationCode { code, purpose: Purpose::SignIn };
    outbox::enqueue(tx, scope.keys(), &Mail { to: person.address()?, language: person.language, notice })?;
    Ok(Expected { code: Secret::new(digits) })
}

impl Expected {
    pub(super) fn met_by(&self, answer: &Secret<String>) -> Comparison {
        self.code.same_as(answer.reveal().as_bytes())
    }
}
