//! What a method is and how it works: the one interface of them all.

use std::time::Duration;

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::accounts::history::Way;
use crate::accounts::oidc::Leaving;
use crate::accounts::person::Person;
use crate::accounts::throttles::Limit;
use crate::kernel::access::{AtHand, Proof};
use crate::kernel::crypto::passkey::Site;
use crate::kernel::ids::FactorId;
use crate::kernel::personal::{Personal, Secret, revealed};
use crate::kernel::store::{StoreError, Tx};
use crate::kernel::tenancy::{AccountScope, Origin};
use crate::messages::notice::Means;

/// What is to be known of a method.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Facts {
    /// Its name in the API, in the words of the pages with hyphens: `recovery_codes`.
    pub name: &'static str,
    /// Its number in the database. Never given to another.
    pub(super) code: i16,
    /// What a session has shown that was confirmed by it.
    pub proof: Proof,
    /// What must have been done before it can be used.
    pub enrolment: Enrolment,
    /// When it is offered.
    pub occasion: Occasion,
    /// How its code reaches the person.
    pub path: Path,
    /// What it costs the person.
    pub fee: Fee,
    /// What the sign-in history calls it.
    pub(super) way: Way,
    /// What mails call it; nothing where there is nothing to tell of.
    pub(super) means: Option<Means>,
}

/// What must have been done before a method can be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Enrolment {
    /// Nothing: it comes with the account, and cannot be removed.
    Inherent,
    /// It is enrolled; another enrolment replaces the one before.
    One,
    /// It is enrolled as often as the person has such things.
    Several,
    /// Nothing, while what it takes is there: another session, a verified phone.
    AtHand(AtHand),
}

/// When a method is offered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Occasion {
    /// Always; the most secure one first.
    Everyday,
    /// After the others: it is for the day when they are lost.
    Emergency,
}

/// How a method's code reaches the person.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Path {
    /// It is with them.
    Direct,
    /// Somebody else carries it: whoever can read their mailbox or take over their number has it too.
    ThroughOthers,
}

/// What a method costs the person (S-3).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Fee {
    /// Nothing.
    None,
    /// Somebody else may ask for a fee for each use.
    MayApply,
}

/// What a challenge asks for.
#[derive(Debug, Clone)]
pub enum Asks {
    /// A code that was sent to here, masked.
    SentCode(Personal<String>),
    /// A code that the person has.
    Code,
    /// That another session approves, where this code is picked out of several.
    Approval(Secret<String>),
    /// An answer of a passkey: what a browser is told (`PublicKeyCredentialRequestOptionsJSON`).
    Passkey(Personal<Value>),
    /// To go to this address, and to come back from there.
    Elsewhere(Personal<String>),
}

/// An answer to a challenge, or to an enrolment.
#[derive(Debug, Clone)]
pub enum Answer {
    /// A code.
    Code(Secret<String>),
    /// Nothing: whether it was approved.
    IsItApproved,
    /// What a browser says of a passkey (`RegistrationResponseJSON`, `AuthenticationResponseJSON`).
    Passkey(Personal<Value>),
}

/// What an enrolment hands over.
#[derive(Debug, Clone)]
pub enum Handed {
    /// For an authenticator app.
    App {
        /// The shared secret, base32 without padding.
        secret: Secret<String>,
        /// The same as an address that apps read from a picture.
        uri: Secret<String>,
    },
    /// Codes to put aside.
    Codes(Vec<Secret<String>>),
    /// For a browser that makes a passkey (`PublicKeyCredentialCreationOptionsJSON`).
    Passkey(Personal<Value>),
    /// An address to go to, and to come back from.
    Elsewhere(Personal<String>),
}

/// What a method keeps of a factor or a challenge: a serde type of its own, sealed under the account's key.
#[derive(Clone, Serialize, Deserialize)]
#[serde(transparent)]
pub(super) struct Kept(#[serde(with = "revealed")] Secret<String>);

impl Kept {
    pub(super) fn of(value: &impl Serialize) -> Result<Self, StoreError> {
        let text = serde_json::to_string(value).map_err(|_| StoreError::Refused("something that cannot be kept"))?;
        Ok(Self(Secret::new(text)))
    }

    pub(super) fn open<T: DeserializeOwned>(&self) -> Result<T, StoreError> {
        serde_json::from_str(self.0.reveal()).map_err(|_| StoreError::Unreadable)
    }
}

/// Where a method works: in the account's transaction.
pub(super) struct Desk<'d, 't> {
    pub(super) tx: &'d mut Tx<'t>,
    pub(super) scope: &'d AccountScope,
    pub(super) person: &'d Person,
    /// How long a challenge lives.
    pub(super) lifetime: Duration,
    /// Who asks, as far as the request shows.
    pub(super) origin: &'d Origin,
    /// Where somebody is about to be sent, by a method that sends them elsewhere.
    pub(super) leaving: Option<&'d Leaving>,
}

/// Whether a method works where the request came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Here {
    Works,
    /// It works at the service's name alone, and a bare address was asked.
    NeedsName,
}

/// An enrolment that was begun.
pub(super) struct Enrolling {
    pub(super) kept: Kept,
    pub(super) handed: Handed,
    pub(super) then: Then,
}

/// What an enrolment waits for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Then {
    /// An answer: only then it confirms, and replaces what it replaces.
    Answer,
    /// Nothing.
    Done,
}

/// A challenge that was begun.
pub(super) struct Begun {
    /// What it expects.
    pub(super) expected: Kept,
    pub(super) asks: Asks,
}

/// A factor as its method sees it.
pub(super) struct Factor {
    pub(super) id: FactorId,
    pub(super) kept: Kept,
}

/// An answer fits.
pub(super) struct Met {
    /// The factor that it fits, and what is kept of it from now on; nothing where there is none.
    pub(super) by: Option<(FactorId, Kept)>,
}

/// A method. One file each; `Method::workings` names them.
pub(super) trait Workings: Sync {
    /// What is to be known of it.
    fn facts(&self) -> &'static Facts;

    /// How long a challenge lives, where codes live for `usual`.
    fn lifetime(&self, usual: Duration) -> Duration {
        usual
    }

    /// How many challenges an account may begin, where that is `usual`.
    fn limit(&self, usual: Limit) -> Limit {
        usual
    }

    /// Where its codes go, masked; nothing where none are sent.
    fn target(&self, _: &Person) -> Result<Option<Personal<String>>, StoreError> {
        Ok(None)
    }

    /// Whether it works where the request came to.
    fn here(&self, _: Option<&Site>) -> Here {
        Here::Works
    }

    /// What a factor is called that its person gave no name, by what the client says of itself.
    fn named_after(&self, _: &Personal<String>) -> Option<Personal<String>> {
        None
    }

    /// Begins an enrolment; nothing where it comes with the account.
    fn enrol(&self, _: &mut Desk<'_, '_>) -> Result<Option<Enrolling>, StoreError> {
        Ok(None)
    }

    /// What an enrolment that waits has handed over, for who must see it again.
    fn handed(&self, _: &Person, _: &Kept) -> Result<Option<Handed>, StoreError> {
        Ok(None)
    }

    /// What is kept once `answer` finishes the enrolment; nothing when it does not fit.
    fn settle(&self, _: &mut Desk<'_, '_>, _: &Kept, _: &Answer) -> Result<Option<Kept>, StoreError> {
        Ok(None)
    }

    /// By what the account would be found that signs in by this factor alone, once `answer` finishes its enrolment;
    /// nothing when it does not fit, or only ever comes after the password.
    fn would_sign_in_by(
        &self,
        _: &mut Desk<'_, '_>,
        _: &Kept,
        _: &Answer,
    ) -> Result<Option<Personal<String>>, StoreError> {
        Ok(None)
    }

    /// By what the account is found that signs in by this factor alone.
    fn signs_in_by(&self, _: &Kept) -> Result<Option<Personal<String>>, StoreError> {
        Ok(None)
    }

    /// Begins a challenge.
    fn begin(&self, desk: &mut Desk<'_, '_>) -> Result<Begun, StoreError>;

    /// What a challenge asks for, once more; nothing where that is not kept.
    fn asked(&self, _: &Kept) -> Result<Option<Asks>, StoreError> {
        Ok(None)
    }

    /// Whether `answer` meets what a challenge expects, by one of the account's usable factors of this method. They are
    /// held: nobody else's answer is judged by them until the transaction ends.
    fn judge(
        &self,
        desk: &mut Desk<'_, '_>,
        expected: &Kept,
        factors: &[Factor],
        answer: &Answer,
    ) -> Result<Option<Met>, StoreError>;

    /// The identity provider that a factor is of, by its name; nothing where it is of none.
    fn provider(&self, _: &Kept) -> Result<Option<String>, StoreError> {
        Ok(None)
    }

    /// What is kept of an enrolled factor, without what is remembered as used: the row may be of a copy from before.
    fn without_used(&self, _: &mut Tx<'_>, kept: Kept) -> Result<Kept, StoreError> {
        Ok(kept)
    }

    /// How often a factor can still be used; nothing where that has no end.
    fn left(&self, _: &Kept) -> Result<Option<usize>, StoreError> {
        Ok(None)
    }
}
