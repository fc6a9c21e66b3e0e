//! A code to the verified e-mail address.
//!
//! Each challenge has a code of its own, good for five tries: there is nothing to guess at over many, so no number of
//! wrong answers ends the method. It could not be recovered, and an outsider could shut the owner out by them.

use serde::{Deserialize, Serialize};

use crate::accounts::factors::workings::{Begun, Desk, Factor, Kept, Met, Workings};
use crate::accounts::factors::{Answer, Asks, Enrolment, Facts, Fee, Occasion, Path};
use crate::accounts::history::Way;
use crate::accounts::person::Person;
use crate::kernel::access::Proof;
use crate::kernel::crypto::token::Code;
use crate::kernel::personal::{Comparison, Personal, Secret, revealed};
use crate::kernel::store::StoreError;
use crate::messages::notice::{self, Mail, Notice, Purpose};
use crate::messages::outbox;

/// The method.
pub(super) struct Email;

static FACTS: Facts = Facts {
    name: "email",
    code: 1,
    proof: Proof::Confirmed,
    enrolment: Enrolment::Inherent,
    occasion: Occasion::Everyday,
    path: Path::ThroughOthers,
    fee: Fee::None,
    way: Way::Email,
    means: None,
};

/// The code that was mailed.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Expected {
    #[serde(with = "revealed")]
    code: Secret<String>,
}

impl Workings for Email {
    fn facts(&self) -> &'static Facts {
        &FACTS
    }

    fn target(&self, person: &Person) -> Result<Option<Personal<String>>, StoreError> {
        Ok(Some(Personal::new(person.address()?.masked())))
    }

    /// Mails a code, which says what it is for (K-1, K-5).
    fn begin(&self, desk: &mut Desk<'_, '_>) -> Result<Begun, StoreError> {
        let digits = Code::random(desk.tx.entropy()).reveal().to_owned();
        let code = notice::Code::new(Secret::new(digits.clone()), desk.lifetime);
        let notice = Notice::ConfirmationCode { code, purpose: Purpose::SignIn };
        let to = desk.person.address()?;
        let asks = Asks::SentCode(Personal::new(to.masked()));
        outbox::enqueue(desk.tx, desk.scope.keys(), &Mail { to, language: desk.person.language, notice })?;
        Ok(Begun { expected: Kept::of(&Expected { code: Secret::new(digits) })?, asks })
    }

    fn judge(
        &self,
        _: &mut Desk<'_, '_>,
        expected: &Kept,
        _: &[Factor],
        answer: &Answer,
    ) -> Result<Option<Met>, StoreError> {
        let Answer::Code(typed) = answer else { return Ok(None) };
        let Expected { code } = expected.open()?;
        Ok((code.same_as(typed.reveal().as_bytes()) == Comparison::Same).then_some(Met { by: None }))
    }
}
