//! The support code (S-12): a caller proves themselves to support, and support to the caller, without any sign-in data.
//!
//! The person's screen shows a code, good once and for ten minutes, and words. They read the code out; whoever can say
//! the words back has looked it up here, and is support. Only the code's tag is stored, under the key of its day; the
//! words and the names that identify the caller are sealed under the account's key. Support is told nothing else.

mod words;

use std::time::Duration;

use diesel::{ExpressionMethods as _, OptionalExtension as _, QueryDsl as _, RunQueryDsl as _};
use serde::{Deserialize, Serialize};

use crate::accounts::notices::tell;
use crate::accounts::throttles::{Counter, Limit, Then, Throttled};
use crate::accounts::{Accounts, Failure, person};
use crate::kernel::Kernel;
use crate::kernel::access::{AccountAccess, member_scopes};
use crate::kernel::clock::Time;
use crate::kernel::crypto::{Place, RowRef, Sealed, Tag};
use crate::kernel::ids::AccountId;
use crate::kernel::keyring::KeyringError;
use crate::kernel::operators::OperatorAct;
use crate::kernel::operators::deeds::IdentifyCaller;
use crate::kernel::personal::{Personal, Secret, revealed};
use crate::kernel::store::schema::support_codes;
use crate::kernel::store::{StoreError, Tx};
use crate::kernel::tenancy::{AccountScope, DayScope, ServiceScope};
use crate::kernel::values::Locale;
use crate::messages::notice::Notice;
use crate::tenants::profile;

/// How long a code is good.
const LIFETIME: Duration = Duration::from_mins(10);
/// How many digits it has.
const DIGITS: usize = 8;
/// How many words support says back.
const WORDS: usize = 3;
/// Wrong codes that go free in an hour, of all commands together: eight digits are guessed by chance.
const WRONG: Limit =
    Limit { policy: "support-codes", free: 20, window: Duration::from_hours(1), then: Then::NextWindow };

/// Codes that an account may make in an hour.
const MADE: Limit =
    Limit { policy: "support-codes-made", free: 60, window: Duration::from_hours(1), then: Then::NextWindow };

/// A code, for its owner's screen alone.
#[derive(Debug, Clone)]
pub struct SupportCode {
    /// Two groups of four digits.
    pub code: Secret<String>,
    /// What support must say back, in the person's language.
    pub words: Vec<Secret<String>>,
    /// When the code dies.
    pub expires_at: Time,
}

/// Whom a code identifies, and what support says back.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Caller {
    /// The person's name.
    #[serde(with = "revealed")]
    pub name: Personal<String>,
    /// The names of their businesses.
    pub tenants: Vec<Named>,
    /// What to say back.
    pub words: Vec<Word>,
    /// In which language.
    pub language: Locale,
}

/// The name of a business.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Named(#[serde(with = "revealed")] pub Personal<String>);

/// A word to say back.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Word(#[serde(with = "revealed")] pub Secret<String>);

/// Why nobody is identified.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum VerifyError {
    /// The code is wrong, used, or older than ten minutes.
    #[error("no such code: it is wrong, was used already, or is older than ten minutes")]
    Refused,
    /// Too many were wrong.
    #[error("too many codes were wrong: wait {} minutes", .0.as_secs().div_ceil(60))]
    TooMany(Duration),
    /// The store or the keyring failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl From<KeyringError> for VerifyError {
    fn from(error: KeyringError) -> Self {
        Self::Store(crate::kernel::store_error(&error))
    }
}

/// Where what a code identifies lies, under the account's key. Its row version is the time of its making.
struct SupportBody;

impl Place for SupportBody {
    const LABEL: &'static str = "support_codes.body";
    type Plain = Caller;
}

impl Accounts {
    /// Makes a code for the session's person; one that was made before is dead.
    ///
    /// # Errors
    /// [`Failure::Throttled`] after too many.
    pub async fn support_code(&self, access: &AccountAccess) -> Result<SupportCode, Failure> {
        let kernel = self.kernel();
        let mut tenants = Vec::new();
        for (scope, _) in member_scopes(kernel, access).await? {
            tenants.push(Named(kernel.point(&scope, profile::find).await?.name));
        }
        let day = kernel.today().await?;
        let of_account = [access.scope.account().as_bytes().as_slice(), b"support"].concat();
        let counter = Counter::new(&day, MADE, &of_account);
        let make = move |tx: &mut Tx<'_>, scope: &AccountScope| -> Result<Result<SupportCode, Throttled>, StoreError> {
            if let Some(throttled) = counter.hold(tx)? {
                return Ok(Err(throttled));
            }
            counter.count(tx)?;
            let person = person::find(tx, scope)?;
            let (digits, now) = (digits(tx), tx.now());
            let words: Vec<Word> = words::some(person.language, WORDS, tx.entropy())
                .map(|word| Word(Secret::new(word.to_owned())))
                .collect();
            let caller =
                Caller { name: person.name, tenants: tenants.clone(), words: words.clone(), language: person.language };
            let mine = support_codes::table.filter(support_codes::account_id.eq(scope.account()));
            diesel::delete(mine).execute(tx.conn())?;
            let expires_at = now.plus(LIFETIME);
            let body = scope.keys().seal::<SupportBody>(row(scope.account(), now), &caller, tx.entropy());
            diesel::insert_into(support_codes::table)
                .values((
                    support_codes::tag.eq(tag(&day, &digits)),
                    support_codes::account_id.eq(scope.account()),
                    support_codes::created_at.eq(now),
                    support_codes::expires_at.eq(expires_at),
                    support_codes::body.eq(body),
                ))
                .execute(tx.conn())?;
            let words = words.into_iter().map(|Word(word)| word).collect();
            Ok(Ok(SupportCode { code: in_groups(&digits), words, expires_at }))
        };
        match kernel.write("accounts.support_code", &access.scope, make).await {
            Ok(made) => made.map_err(Failure::Throttled),
            // Somebody else's is the same, one time in a hundred million: the person presses once more.
            Err(StoreError::Taken) => Err(Failure::Store(StoreError::Busy)),
            Err(error) => Err(error.into()),
        }
    }
}

/// Whom `typed` identifies; the code is used with it, and its owner hears of it (K-7). Needs no running service.
///
/// # Errors
/// See [`VerifyError`].
pub async fn verify(
    kernel: &Kernel,
    _act: &OperatorAct<IdentifyCaller>,
    typed: &Secret<String>,
) -> Result<Caller, VerifyError> {
    let today = kernel.today().await?;
    let counter = Counter::new(&today, WRONG, b"");
    let stands = kernel.point(&kernel.service(), move |tx, _| counter.look(tx)).await?;
    if let Some(throttled) = stands {
        return Err(VerifyError::TooMany(throttled.retry_after));
    }
    if let Some(caller) = used(kernel, &today, typed).await? {
        return Ok(caller);
    }
    let count = move |tx: &mut Tx<'_>, _: &ServiceScope| -> Result<Option<Throttled>, StoreError> {
        let throttled = counter.hold(tx)?;
        counter.count(tx)?;
        Ok(throttled)
    };
    match kernel.write("support.count", &kernel.service(), count).await? {
        Some(throttled) => Err(VerifyError::TooMany(throttled.retry_after)),
        None => Err(VerifyError::Refused),
    }
}

/// The caller of a live code, which is used with it.
async fn used(kernel: &Kernel, today: &DayScope, typed: &Secret<String>) -> Result<Option<Caller>, VerifyError> {
    let digits: String = typed.reveal().chars().filter(|c| !matches!(c, ' ' | '-')).collect();
    let digits = Secret::new(digits);
    if digits.reveal().len() != DIGITS {
        return Ok(None);
    }
    let mut tags = vec![tag(today, &digits)];
    if let Some(before) = today.day().checked_sub(1) {
        // Made before midnight.
        match kernel.day_scope(before).await {
            Ok(yesterday) => tags.push(tag(&yesterday, &digits)),
            Err(KeyringError::NoKey(_)) => {}
            Err(error) => return Err(error.into()),
        }
    }
    let live = tags.clone();
    let find = move |tx: &mut Tx<'_>, _: &ServiceScope| -> Result<Option<AccountId>, StoreError> {
        let now = tx.now();
        Ok(support_codes::table
            .filter(support_codes::tag.eq_any(&live))
            .filter(support_codes::expires_at.gt(now))
            .select(support_codes::account_id)
            .get_result(tx.conn())
            .optional()?)
    };
    let Some(account) = kernel.point(&kernel.service(), find).await? else { return Ok(None) };
    let scope = match kernel.account_scope(account).await {
        Ok(scope) => scope,
        Err(KeyringError::NoKey(_)) => return Ok(None),
        Err(error) => return Err(error.into()),
    };
    let take = move |tx: &mut Tx<'_>, scope: &AccountScope| -> Result<Option<Caller>, StoreError> {
        let now = tx.now();
        let mine = support_codes::table
            .filter(support_codes::tag.eq_any(&tags))
            .filter(support_codes::account_id.eq(scope.account()))
            .filter(support_codes::expires_at.gt(now));
        // Whoever deletes the row has used the code: of several at once, one.
        let row_found: Option<(Time, Sealed<SupportBody>)> = diesel::delete(mine)
            .returning((support_codes::created_at, support_codes::body))
            .get_result(tx.conn())
            .optional()?;
        let Some((at, body)) = row_found else { return Ok(None) };
        let caller = scope.keys().open(row(scope.account(), at), &body)?;
        let person = person::find(tx, scope)?;
        tell(tx, scope, &person, Notice::SupportIdentified)?;
        Ok(Some(caller))
    };
    Ok(kernel.write("support.verify", &scope, take).await?)
}

/// Deletes codes that are over, at most `limit`; gives how many.
pub(super) fn sweep(tx: &mut Tx<'_>, limit: i64) -> Result<usize, StoreError> {
    let now = tx.now();
    let over: Vec<Tag> = support_codes::table
        .filter(support_codes::expires_at.le(now))
        .select(support_codes::tag)
        .limit(limit)
        .load(tx.conn())?;
    Ok(diesel::delete(support_codes::table.filter(support_codes::tag.eq_any(&over))).execute(tx.conn())?)
}

fn digits(tx: &Tx<'_>) -> Secret<String> {
    let entropy = tx.entropy();
    Secret::new((0..DIGITS).filter_map(|_| char::from_digit(entropy.below(10), 10)).collect())
}

/// `12345678` as `1234 5678`, which is how one reads it out.
fn in_groups(digits: &Secret<String>) -> Secret<String> {
    let (first, second) = digits.reveal().split_at(DIGITS / 2);
    Secret::new(format!("{first} {second}"))
}

fn tag(day: &DayScope, digits: &Secret<String>) -> Tag {
    day.keys().tag(&[b"support-codes"], digits.reveal().as_bytes())
}

fn row(account: AccountId, at: Time) -> RowRef {
    RowRef::new(account.as_bytes(), at.micros())
}
