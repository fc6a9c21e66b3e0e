//! Signing in with e-mail address or phone number and password.
//!
//! An unknown identifier, a frozen account and a wrong password are one refusal: each is looked up, verified at the same
//! cost through the same queue, and written down; so is the right password from where the account may not be used.
//! Who fails too often is turned away before any of it. Failures from an account's usual places and from elsewhere are
//! counted apart, and what others do to the whole service holds up strangers alone, so that nobody shuts an owner out by
//! failing on purpose.

use crate::accounts::history::{self, Outcome, Way};
use crate::accounts::notices::{self, Refusal};
use crate::accounts::passwords::normalised;
use crate::accounts::person::{self, Held, Standing};
use crate::accounts::places::{self, Place};
use crate::accounts::session::Begun;
use crate::accounts::throttles::{Counter, Throttled, of_address};
use crate::accounts::{Accounts, Failure, Rules};
use crate::kernel::access::addresses::{self, AddressList};
use crate::kernel::access::sessions::{self, Begins, Computer};
use crate::kernel::access::{AccountAccess, Outside};
use crate::kernel::clock::Time;
use crate::kernel::crypto::password::{Phc, Rehash, Verdict};
use crate::kernel::ids::AccountId;
use crate::kernel::personal::{Personal, Secret};
use crate::kernel::store::{StoreError, Tx};
use crate::kernel::tenancy::{AccountScope, DayScope, Origin};
use crate::kernel::values::{EmailAddress, PhoneNumber, folded};
use crate::messages::notice::Notice;

/// What somebody shows to sign in.
#[derive(Debug, Clone)]
pub struct Attempt {
    /// E-mail address or phone number, as typed.
    pub identifier: Personal<String>,
    /// The password, as typed.
    pub password: Secret<String>,
    /// Whose computer it is.
    pub computer: Computer,
}

/// Why somebody is not signed in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum SignInError {
    /// Identifier and password do not go together, or the account may not.
    #[error("the sign-in is refused")]
    Refused,
    /// Something else was in the way.
    #[error(transparent)]
    Failed(#[from] Failure),
}

/// A longer identifier is nobody's.
const LONGEST_IDENTIFIER: usize = 320;
/// A longer password is nobody's, and is not worth normalising.
const LONGEST_PASSWORD: usize = 4_096;

/// An identifier in the form by which it is looked up.
#[derive(Debug, Clone)]
pub(super) struct Identifier {
    pub(super) kind: &'static str,
    pub(super) normalised: Personal<String>,
}

impl Identifier {
    pub(super) fn email(address: &EmailAddress) -> Self {
        Self { kind: "email", normalised: address.normalised() }
    }

    pub(super) fn phone(number: &PhoneNumber) -> Self {
        Self { kind: "phone", normalised: Personal::new(number.e164().to_owned()) }
    }

    /// What was typed; text that is neither address nor number counts too, and is nobody's.
    pub(super) fn typed(text: &str) -> Self {
        if let Ok(address) = EmailAddress::parse(text) {
            return Self::email(&address);
        }
        if let Ok(number) = PhoneNumber::parse(text, None) {
            return Self::phone(&number);
        }
        let short: String = text.chars().take(LONGEST_IDENTIFIER).collect();
        Self { kind: "neither", normalised: Personal::new(folded(&short)) }
    }
}

/// Who knocks, and how often they may.
#[derive(Clone)]
struct Knock {
    day: DayScope,
    rules: Rules,
    identifier: Identifier,
    origin: Origin,
}

impl Knock {
    /// What counts against it: at usual places what failed there, elsewhere what strangers have failed.
    fn counters(&self, place: Place) -> Vec<Counter> {
        let (day, rules, kind) = (&self.day, &self.rules, self.identifier.kind.as_bytes());
        let identifier = [kind, b":", self.identifier.normalised.reveal().as_bytes()].concat();
        let from = Counter::new(day, rules.by_address, &of_address(*self.origin.address.reveal()));
        match place {
            // Under the same name, so that it does not tell who is at home where.
            Place::Usual => {
                let there = [&identifier, b"@usual".as_slice()].concat();
                vec![Counter::new(day, rules.by_identifier, &there), from]
            }
            Place::Strange => {
                let all = Counter::new(day, rules.over_service, b"");
                vec![Counter::new(day, rules.by_identifier, &identifier), from, all]
            }
        }
    }
}

/// What a password is checked against: somebody's, or a decoy's.
struct Candidate {
    scope: AccountScope,
    standing: Standing,
    password: Phc,
    addresses: AddressList,
    counters: Vec<Counter>,
    throttled: Option<Throttled>,
    chosen_at: Time,
}

impl Accounts {
    /// Signs in: a session with the assurance of a password.
    ///
    /// # Errors
    /// [`SignInError::Refused`], the same whatever was wrong; [`Failure::Throttled`] at once after too many.
    pub async fn sign_in(&self, attempt: Attempt, origin: &Origin) -> Result<Begun, SignInError> {
        let identifier = Identifier::typed(attempt.identifier.reveal());
        let day = self.kernel().today().await.map_err(Failure::from)?;
        let knock = Knock { day, rules: *self.rules(), identifier, origin: origin.clone() };
        let candidate = self.candidate(knock).await?;
        if let Some(throttled) = candidate.throttled {
            return Err(Failure::Throttled(throttled).into());
        }
        let (accepted, rehashed) = self.verify(&candidate, &attempt.password, origin).await?;
        let Candidate { scope, counters, chosen_at, .. } = candidate;
        let entry =
            Entry { counters, accepted, chosen_at, rehashed, computer: attempt.computer, origin: origin.clone() };
        self.enter(scope, entry).await
    }

    /// The account that an identifier is of, or a decoy: for what is asked for without a password.
    pub(super) async fn whose(&self, identifier: &Identifier, origin: &Origin) -> Result<AccountScope, Failure> {
        let day = self.kernel().today().await?;
        let knock = Knock { day, rules: *self.rules(), identifier: identifier.clone(), origin: origin.clone() };
        Ok(self.candidate(knock).await?.scope)
    }

    /// The account of the identifier, or a decoy.
    async fn candidate(&self, knock: Knock) -> Result<Candidate, Failure> {
        let keyring = self.kernel().keyring();
        let tag = keyring.identifier_tag(knock.identifier.kind, knock.identifier.normalised.reveal())?;
        let known = match keyring.find_identifier(&tag).await? {
            Some(account) => self.checked_against(account, knock.clone()).await?,
            None => None,
        };
        if let Some(candidate) = known {
            return Ok(candidate);
        }
        let of_strangers = knock.counters(Place::Strange);
        let decoy = of_strangers.first().and_then(|counter| self.0.decoys.of(counter.tag()));
        let decoy = decoy.ok_or(StoreError::Refused("there are no decoys"))?;
        self.checked_against(decoy, knock).await?.ok_or(Failure::Store(StoreError::Refused("a decoy is missing")))
    }

    async fn checked_against(&self, account: AccountId, knock: Knock) -> Result<Option<Candidate>, Failure> {
        let Some(scope) = self.scope_of(account).await? else { return Ok(None) };
        let read = move |tx: &mut Tx<'_>, scope: &AccountScope| -> Result<Option<Candidate>, StoreError> {
            let Some((standing, password, chosen_at)) = person::credentials(tx, scope)? else { return Ok(None) };
            let place = places::find(tx, scope, &knock.origin, knock.rules.usual_places)?;
            let counters = knock.counters(place);
            let throttled = first(tx, &counters, Counter::look)?;
            let addresses = addresses::find(tx, scope)?;
            let scope = scope.clone();
            Ok(Some(Candidate { scope, standing, password, addresses, counters, throttled, chosen_at }))
        };
        Ok(self.kernel().point(&scope, read).await?)
    }

    /// Whether the candidate is let in, and a new hash where the parameters were raised.
    async fn verify(
        &self,
        candidate: &Candidate,
        typed: &Secret<String>,
        origin: &Origin,
    ) -> Result<(Accepted, Option<Phc>), Failure> {
        let is_long = typed.reveal().len() > LONGEST_PASSWORD;
        let password = if is_long { Secret::new(String::new()) } else { normalised(typed) };
        let verdict = self.0.hashing.verify(password.clone(), candidate.password.clone()).await?;
        match verdict {
            Verdict::Matches { rehash } if candidate.standing == Standing::Active && !is_long => {
                if let Err(Outside) = candidate.addresses.admit(*origin.address.reveal()) {
                    return Ok((Accepted::NotFromThere, None));
                }
                let rehashed = match rehash {
                    // Where there is no room for it now, the next sign-in does it.
                    Rehash::Needed => self.0.hashing.hash(password, self.kernel().entropy()).await.ok(),
                    Rehash::NotNeeded => None,
                };
                Ok((Accepted::Yes, rehashed))
            }
            Verdict::Matches { .. } if candidate.standing == Standing::Frozen && !is_long => {
                Ok((Accepted::Frozen, None))
            }
            Verdict::Matches { .. } | Verdict::Differs => Ok((Accepted::No, None)),
        }
    }

    /// Writes down what came of it. Who failed too often meanwhile is turned away even with the right password, so that
    /// many guesses at once are no more than many one by one.
    async fn enter(&self, scope: AccountScope, entry: Entry) -> Result<Begun, SignInError> {
        let (rules, origin) = (self.rules().sessions, entry.origin.clone());
        let write = move |tx: &mut Tx<'_>, scope: &AccountScope| -> Result<Entered, StoreError> {
            let Entry { counters, accepted, chosen_at, rehashed, computer, origin } = &entry;
            if let Some(throttled) = first(tx, counters, Counter::hold)? {
                return Ok(Entered::Throttled(throttled));
            }
            // Whoever was let in by a password that has been changed since, or into an account that has been frozen, is not.
            let accepted = match accepted {
                Accepted::Yes if person::hold(tx, scope, *chosen_at)? == Held::Changed => Accepted::No,
                other => *other,
            };
            if accepted != Accepted::Yes {
                for counter in counters {
                    counter.count(tx)?;
                }
                history::enter(tx, scope, origin, Way::Password, Outcome::Refused)?;
                match accepted {
                    Accepted::NotFromThere => {
                        let person = person::find(tx, scope)?;
                        notices::tell_of(tx, scope, &person, Notice::SignInOutside, origin)?;
                    }
                    // Only the account's owner hears that the password was right, and how to thaw.
                    Accepted::Frozen => notices::refused(tx, scope, Refusal::WhileFrozen, origin)?,
                    Accepted::No | Accepted::Yes => notices::refused(tx, scope, Refusal::SignIn, origin)?,
                }
                return Ok(Entered::Refused);
            }
            if let Some(of_identifier) = counters.first() {
                of_identifier.clear(tx)?;
            }
            places::remember(tx, scope, origin)?;
            if let Some(phc) = rehashed {
                person::rehash(tx, scope, phc)?;
            }
            history::enter(tx, scope, origin, Way::Password, Outcome::Accepted)?;
            let (token, session) = sessions::begin(tx, scope, &rules, *computer, Begins::ByPassword, origin)?;
            Ok(Entered::Begun(token, Box::new(session)))
        };
        let entered = self.kernel().write("accounts.sign_in", &scope, write).await.map_err(Failure::from)?;
        match entered {
            Entered::Begun(token, session) => {
                Ok(Begun { token, access: AccountAccess { session: *session, scope, origin } })
            }
            Entered::Refused => Err(SignInError::Refused),
            Entered::Throttled(throttled) => Err(Failure::Throttled(throttled).into()),
        }
    }
}

/// Whether somebody is let in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Accepted {
    Yes,
    No,
    /// The password is the right one, and the account may not be used from there.
    NotFromThere,
    /// The password is right, and the account is frozen.
    Frozen,
}

/// What is to be written down.
struct Entry {
    counters: Vec<Counter>,
    accepted: Accepted,
    chosen_at: Time,
    rehashed: Option<Phc>,
    computer: Computer,
    origin: Origin,
}

/// What came of it.
enum Entered {
    Begun(crate::kernel::crypto::token::SessionToken, Box<sessions::Session>),
    Refused,
    Throttled(Throttled),
}

/// The first counter that refuses.
pub(super) fn first(
    tx: &mut Tx<'_>,
    counters: &[Counter],
    ask: impl Fn(&Counter, &mut Tx<'_>) -> Result<Option<Throttled>, StoreError>,
) -> Result<Option<Throttled>, StoreError> {
    for counter in counters {
        if let Some(throttled) = ask(counter, tx)? {
            return Ok(Some(throttled));
        }
    }
    Ok(None)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_identifier_is_an_address_in_any_case_or_a_number_in_any_spelling() {
        //
        let of = |text: &str| {
            let identifier = Identifier::typed(text);
            (identifier.kind, identifier.normalised.into_revealed())
        };
        assert_eq!(of(" Anna@Example.LV "), ("email", "anna@example.lv".to_owned()));
        assert_eq!(of("00371 2912-3456"), ("phone", "+37129123456".to_owned()));
        assert_eq!(of("Anna"), ("neither", "anna".to_owned()));
        assert_eq!(of(&"ā".repeat(100_000)).1.chars().count(), LONGEST_IDENTIFIER);
    }
}
