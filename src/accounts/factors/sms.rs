//! A code by text message to the verified phone number (R-4.2, K-2).
//!
//! As with the code by e-mail, each challenge has a code of its own, good for five tries, so that no number of wrong
//! answers ends the method. It is offered where the number is verified and a gateway is configured.

use serde::{Deserialize, Serialize};

use crate::accounts::factors::workings::{Begun, Desk, Factor, Kept, Met, Workings};
use crate::accounts::factors::{Answer, Asks, Enrolment, Facts, Fee, Occasion, Path};
use crate::accounts::history::Way;
use crate::accounts::person::Person;
use crate::kernel::access::{AtHand, Proof};
use crate::kernel::crypto::token::Code;
use crate::kernel::personal::{Comparison, Personal, Secret, revealed};
use crate::kernel::store::StoreError;
use crate::messages::notice::{self, Says, Text, TextPurpose};
use crate::messages::outbox;

/// The method.
pub(super) struct Sms;

static FACTS: Facts = Facts {
    name: "sms",
    code: 6,
    proof: Proof::Confirmed,
    enrolment: Enrolment::AtHand(AtHand::Phone),
    occasion: Occasion::Everyday,
    path: Path::ThroughOthers,
    fee: Fee::MayApply,
    way: Way::Sms,
    means: None,
};

/// The code that was sent.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Expected {
    #[serde(with = "revealed")]
    code: Secret<String>,
}

impl Workings for Sms {
    fn facts(&self) -> &'static Facts {
        &FACTS
    }

    fn target(&self, person: &Person) -> Result<Option<Personal<String>>, StoreError> {
        Ok(person.verified_phone()?.map(|number| Personal::new(number.masked())))
    }

    /// Sends a code, which says what it is for (K-1, K-5).
    fn begin(&self, desk: &mut Desk<'_, '_>) -> Result<Begun, StoreError> {
        let to = desk.person.verified_phone()?.ok_or(StoreError::Refused("a phone number that is not verified"))?;
        let digits = Code::random(desk.tx.entropy()).reveal().to_owned();
        let code = notice::Code::new(Secret::new(digits.clone()), desk.lifetime);
        let asks = Asks::SentCode(Personal::new(to.masked()));
        let says = Says::Code { purpose: TextPurpose::SignIn, code };
        let text = Text { to, language: desk.person.language, says };
        outbox::enqueue_text(desk.tx, desk.scope.keys(), &text)?;
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
