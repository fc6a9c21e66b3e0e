//! A person's sign-in: how it comes to be, how it is used, how sure we are of it.
//!
//! Start at [`Accounts`], which the web holds. A file a subject: [`joining`] (an address is proved before anything is
//! stored), [`signing_in`] (unknown and known identifiers are alike), [`factors`] (raising a session, and by
//! what), [`oidc`] (by a third party's sign-in), [`history`], [`notices`] (what its person is told), [`tokens`] (for programs), [`passwords`] (what one must be), [`throttles`] (how often one may fail),
//! [`prompts`] (what the service asks of a person), [`contacts`], [`identifiers`] (what signs in, changed), [`addresses`] (from
//! where it may be used), [`limits`] (how much in a day), [`team`] (who belongs to a tenant) and [`sign_in_rules`] (what it accepts of what they confirm by), [`support`] (who is on the telephone), [`changing`] (the
//! password), [`recovering`] (what is done without being signed in: [`renewing`] a password, and `freezing`). What the parts
//! of an account are under is the account's own key; what belongs to nobody yet is under the day's.

pub mod addresses;
pub mod changing;
pub mod contacts;
mod decoys;
mod everywhere;
pub mod factors;
mod freezing;
pub mod history;
pub mod identifiers;
pub mod joining;
pub mod limits;
pub mod notices;
pub mod oidc;
pub mod passwords;
mod person;
mod places;
pub mod prompts;
pub mod recovering;
pub mod renewing;
pub mod retag;
pub mod sealing;
pub mod session;
pub mod sign_in_rules;
pub mod signing_in;
pub mod support;
mod sweep;
pub mod team;
pub mod tokens;

use std::num::NonZero;
use std::sync::Arc;
use std::time::Duration;

pub use self::sweep::Swept;
use crate::accounts::decoys::Decoys;
use crate::accounts::oidc::{Providers, ProvidersError};
use crate::accounts::passwords::Passwords;
use crate::accounts::passwords::leaked::{LeakedList, ListError};
use crate::accounts::throttles::{Limit, Then, Throttled};
use crate::kernel::access::SessionRules;
pub use crate::kernel::access::throttles;
use crate::kernel::crypto::password::{Busy, Hashing, Params, Unfit};
use crate::kernel::ids::AccountId;
use crate::kernel::keyring::KeyringError;
use crate::kernel::log::SafeToLog;
use crate::kernel::store::{StoreError, Tx};
use crate::kernel::tenancy::{AccountScope, DayScope};
use crate::kernel::values::{EmailAddress, Locale};
use crate::kernel::{Kernel, store_error};
use crate::messages::notice::Notice;
use crate::settings::Settings;

/// What the accounts of this service can do. Cheap to clone.
#[derive(Clone)]
pub struct Accounts(Arc<Inner>);

struct Inner {
    kernel: Kernel,
    hashing: Hashing,
    passwords: Passwords,
    decoys: Decoys,
    providers: Providers,
    rules: Rules,
}

/// How often and how long.
#[derive(Debug, Clone, Copy)]
struct Rules {
    sessions: SessionRules,
    /// How long a code lives.
    code_lifetime: Duration,
    /// How long a new password waits where the mailbox is all there is.
    reset_wait: Duration,
    /// How many tries end a code.
    code_tries: i64,
    /// Codes to one account or address.
    codes: Limit,
    /// Sign-ins begun elsewhere from one address.
    departures: Limit,
    /// Failed sign-ins with one identifier: from its account's usual places, and from elsewhere.
    by_identifier: Limit,
    /// Failed sign-ins from one address.
    by_address: Limit,
    /// Sign-ins by a passkey that were begun from one address.
    passkeys_asked: Limit,
    /// After how long a person is asked for what.
    prompts: prompts::Terms,
    /// Failed sign-ins over the whole service.
    over_service: Limit,
    /// How long a usual place is remembered.
    usual_places: Duration,
}

/// Why something about an account could not be done, whatever it was.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Failure {
    /// Too many failed, or asked.
    #[error("a limit is reached")]
    Throttled(Throttled),
    /// As many passwords as may wait are being checked.
    #[error("too many passwords are being checked")]
    Busy,
    /// The store or the keyring failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl SafeToLog for Failure {}

impl From<KeyringError> for Failure {
    fn from(error: KeyringError) -> Self {
        Self::Store(store_error(&error))
    }
}

impl From<Busy> for Failure {
    fn from(Busy: Busy) -> Self {
        Self::Busy
    }
}

/// Why the accounts cannot be opened.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// The parameters of password hashing do not hold.
    #[error(transparent)]
    Unfit(#[from] Unfit),
    /// The list of leaked passwords cannot be used.
    #[error(transparent)]
    Leaked(#[from] ListError),
    /// The identity providers cannot be used as configured.
    #[error(transparent)]
    Providers(#[from] ProvidersError),
    /// The store or the keyring failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl Accounts {
    /// Opens the accounts over `kernel`; `further` are common passwords besides the built-in ones, one a line. Waits for
    /// the store.
    ///
    /// # Errors
    /// See [`OpenError`].
    pub fn open(kernel: Kernel, settings: &Settings, sessions: SessionRules, further: &str) -> Result<Self, OpenError> {
        let chosen = &settings.passwords;
        let params = Params::new(chosen.memory_kib, chosen.passes, chosen.lanes)?;
        let parallel = NonZero::new(chosen.parallel)
            .or_else(|| std::thread::available_parallelism().ok())
            .unwrap_or(NonZero::<usize>::MIN);
        let hashing = Hashing::new(params, parallel, chosen.waiting);
        let providers = Providers::open(&settings.identity_providers)?;
        let decoys = Decoys::open(&kernel, &hashing)?;
        let leaked = chosen.leaked.as_deref().map(LeakedList::open).transpose()?;
        let passwords = Passwords::new(further, leaked);
        Ok(Self(Arc::new(Inner { kernel, hashing, passwords, decoys, providers, rules: rules(settings, sessions) })))
    }

    /// Takes a number for the account's own, in a story that is told before it can be verified. Of the tests alone.
    ///
    /// # Errors
    /// The store's.
    #[cfg(feature = "testing")]
    pub async fn verify_phone_of_a_story(
        &self,
        account: AccountId,
        number: &crate::kernel::values::PhoneNumber,
    ) -> Result<(), Failure> {
        use crate::accounts::person::{Phone, PhoneStanding};
        let scope = self.kernel().account_scope(account).await?;
        let phone = Phone::unverified(number);
        let verify = move |tx: &mut crate::kernel::store::Tx<'_>, scope: &AccountScope| -> Result<(), StoreError> {
            let at = tx.now();
            let phone = Phone { standing: PhoneStanding::Verified { at }, ..phone.clone() };
            person::change(tx, scope, |person| person.phone = Some(phone)).map(|_| ())
        };
        Ok(self.kernel().write("accounts.verify_phone_of_a_story", &scope, verify).await?)
    }

    fn kernel(&self) -> &Kernel {
        &self.0.kernel
    }

    /// The scope of an account; nothing once its keys are destroyed.
    async fn scope_of(&self, account: AccountId) -> Result<Option<AccountScope>, Failure> {
        match self.kernel().account_scope(account).await {
            Ok(scope) => Ok(Some(scope)),
            Err(KeyringError::NoKey(_)) => Ok(None),
            Err(error) => Err(error.into()),
        }
    }

    /// The scope of the day that a row names; nothing once its key is destroyed.
    async fn scope_of_day(&self, day: i64) -> Result<Option<DayScope>, Failure> {
        let day = u32::try_from(day).map_err(|_| StoreError::Refused("a day before the epoch"))?;
        match self.kernel().day_scope(day).await {
            Ok(scope) => Ok(Some(scope)),
            Err(KeyringError::NoKey(_)) => Ok(None),
            Err(error) => Err(error.into()),
        }
    }

    fn providers(&self) -> &Providers {
        &self.0.providers
    }

    fn rules(&self) -> &Rules {
        &self.0.rules
    }
}

/// Tells an account's person something that concerns a tenant of theirs: in the feed, and by mail.
///
/// # Errors
/// The store's.
pub fn tell(tx: &mut Tx<'_>, scope: &AccountScope, notice: Notice) -> Result<(), StoreError> {
    let person = person::find(tx, scope)?;
    notices::tell(tx, scope, &person, notice)
}

/// Where the mails of an account's person go, and in which language.
///
/// # Errors
/// The store's.
pub fn address_of(tx: &mut Tx<'_>, scope: &AccountScope) -> Result<(EmailAddress, Locale), StoreError> {
    let person = person::find(tx, scope)?;
    Ok((person.address()?, person.language))
}

fn rules(settings: &Settings, sessions: SessionRules) -> Rules {
    let limits = &settings.limits;
    let failed = |policy, free| Limit {
        policy,
        free,
        window: limits.sign_in_window.into(),
        then: Then::Growing(Duration::from_secs(60)),
    };
    Rules {
        sessions,
        code_lifetime: settings.codes.lifetime.into(),
        reset_wait: settings.codes.reset_wait.into(),
        code_tries: settings.codes.tries.into(),
        codes: Limit {
            policy: "codes",
            free: settings.codes.per_account_per_hour,
            window: Duration::from_secs(3600),
            then: Then::NextWindow,
        },
        departures: Limit {
            policy: "oidc-departures",
            free: 30,
            window: Duration::from_secs(900),
            then: Then::NextWindow,
        },
        by_identifier: failed("sign-in-identifier", limits.sign_in_per_identifier),
        by_address: failed("sign-in-address", limits.sign_in_per_address),
        passkeys_asked: Limit {
            policy: "passkeys-asked",
            free: limits.passkeys_per_address,
            window: limits.sign_in_window.into(),
            then: Then::NextWindow,
        },
        prompts: prompts::Terms {
            contacts: settings.prompts.contacts.into(),
            password_least: settings.prompts.password_least.into(),
            password_most: settings.prompts.password_most.into(),
        },
        over_service: Limit { then: Then::Paced, ..failed("sign-in-service", limits.sign_in_over_service) },
        usual_places: limits.usual_places.into(),
    }
}
