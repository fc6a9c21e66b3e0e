//! A new password for who is not signed in: one that was forgotten (P-10, R-11), or that of an account that its owner froze
//!
//!
//! It takes a code by mail and something besides: a code of an app, a recovery code, or a passkey. What an account has is
//! told only once the mailed code fits. Where the mailbox is all there is, it takes time: the person is told at once and at the
//! end, and can object from any session or by a mailed code; after it, another mailed code does.
//!
//! Every session and token of the account ends with its old password. The tokens too: whoever asks for a new password
//! does not know who knew the old one, and a token that somebody else made would outlive everything else. No session
//! begins: what a session may do is still shown to be theirs by what the account has, so that nothing here steps around
//! an app or a passkey.
//!
//! Whoever has lost every place from which the account may be used lifts the list on the same way: with what is
//! shown besides, or once it has waited, and never by the mailbox alone. Each step is told at every address of the
//! person's (`everywhere`).

use std::time::Duration;

use diesel::{ExpressionMethods as _, OptionalExtension as _, QueryDsl as _, RunQueryDsl as _};

use crate::accounts::everywhere;
use crate::accounts::factors::seconds::{self, Second, Showing};
use crate::accounts::factors::{Answer, Method};
use crate::accounts::freezing::{before_sign_in, end_everything};
use crate::accounts::notices::{self, Refusal, tell, tell_of};
use crate::accounts::passwords::{NotTaken, OwnData, Weakness};
use crate::accounts::person::{self, Chosen, Held, Person, Standing};
use crate::accounts::prompts::{self, Prompt};
use crate::accounts::recovering::{self, Aim, Tried, Used};
use crate::accounts::{Accounts, Failure, Rules};
use crate::kernel::access::addresses::{self, AddressList};
use crate::kernel::access::sessions::Phones;
use crate::kernel::access::{AccountAccess, scopes_of};
use crate::kernel::audit::{self, Action, Event, Subject};
use crate::kernel::clock::Time;
use crate::kernel::ids::{AccountId, RecoveryId};
use crate::kernel::personal::Secret;
use crate::kernel::store::schema::recovery_waits;
use crate::kernel::store::{StoreError, Tx, both};
use crate::kernel::tenancy::{AccountScope, By, Origin, TenantScope};
use crate::kernel::values::Fault;
use crate::messages::notice::{Notice, Regained};

/// What finishes a reset or a thaw, as it came.
#[derive(Debug, Clone)]
pub struct Renewal {
    /// The code from the mail.
    pub code: Secret<String>,
    /// The password from now on.
    pub new_password: Secret<String>,
    /// What is shown besides.
    pub second: Option<Shown>,
    /// What becomes of the list of addresses from which the account may be used.
    pub addresses: Addresses,
}

/// What becomes of a list of addresses.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Addresses {
    /// It stays.
    Kept,
    /// It is lifted: whoever regains the account can reach none of its places any more.
    Lifted,
}

/// What is shown beside a mailed code.
#[derive(Debug, Clone)]
pub struct Shown {
    /// The method, by its name in the API.
    pub method: String,
    /// Its code, or what a passkey answers.
    pub answer: Answer,
}

/// What came of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[must_use]
pub enum Renewed {
    /// The new password holds.
    Done,
    /// It can be set from then on, by another mailed code.
    Waits {
        /// From when.
        until: Time,
    },
}

/// Why nothing was done.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RenewError {
    /// Fields are wrong.
    #[error("fields are wrong")]
    Invalid(Vec<Fault>),
    /// A code is wrong, used or over, or there never was one; which, is not told.
    #[error("the code is refused")]
    CodeRefused,
    /// The mailed code fits; one of these must be shown besides.
    #[error("something must be shown besides")]
    SecondRequired(Vec<Method>),
    /// Something else was in the way.
    #[error(transparent)]
    Failed(#[from] Failure),
}

/// For how long a password can be set once it has waited.
const OPEN: Duration = Duration::from_hours(7 * 24);
/// So many accounts are told in one go.
const AT_ONCE: i64 = 100;

/// What a transaction found.
enum Outcome {
    Refused,
    Weak(Vec<Weakness>),
    Second(Vec<Method>),
    Waits(Time),
    Done,
}

impl Accounts {
    /// Sets a new password by a mailed code and something besides, or begins to wait: at most once for a code. A frozen
    /// account is open again, where that was the aim.
    ///
    /// # Errors
    /// See [`RenewError`]; the fields are looked at before the code, but for what only its owner's data tells.
    pub async fn renew(
        &self,
        aim: Aim,
        id: RecoveryId,
        renewal: Renewal,
        origin: &Origin,
    ) -> Result<Renewed, RenewError> {
        let Renewal { code, new_password, second, addresses } = renewal;
        let new = self.0.passwords.check(&new_password, &OwnData::new()).await;
        let new = new.map_err(|error| not_taken(error, "/new_password"))?;
        // Before anything is known of the account, so that every try costs the same.
        let phc = self.0.hashing.hash(new.clone().into_secret(), self.kernel().entropy()).await;
        let chosen = Chosen { phc: phc.map_err(Failure::from)?, strength: new.strength() };
        let scope = self.recovering(id).await?.ok_or(RenewError::CodeRefused)?;
        let tenants = match addresses {
            Addresses::Kept => Vec::new(),
            Addresses::Lifted => self.tenants_of(&scope, before_sign_in(id), origin).await?,
        };
        let all = (scope.clone(), tenants);
        let rules = *self.rules();
        let from = origin.clone();
        let finish = move |tx: &mut Tx<'_>,
                           (scope, tenants): &(AccountScope, Vec<TenantScope>)|
              -> Result<Outcome, StoreError> {
            let tried = recovering::try_code(tx, scope, id, &[aim], &code, rules.code_tries, &from)?;
            let Tried::Fits(asked) = tried else { return Ok(Outcome::Refused) };
            let person = person::find(tx, scope)?;
            if let Err(weak) = new.fits(&own_data(&person)?) {
                recovering::give_back(tx, id)?;
                return Ok(Outcome::Weak(weak));
            }
            let could_show = seconds::of(tx, scope)?;
            if could_show.is_empty() {
                if let Some(until) = wait(tx, scope, &person, &rules)? {
                    return match recovering::use_up(tx, id)? {
                        Used::Now => Ok(Outcome::Waits(until)),
                        Used::Before => Ok(Outcome::Refused),
                    };
                }
            } else {
                let Some(shown) = &second else {
                    recovering::give_back(tx, id)?;
                    return Ok(Outcome::Second(could_show));
                };
                let method = Method::parse(&shown.method).filter(|method| could_show.contains(method));
                let judged = match method {
                    Some(method) => {
                        let showing = Showing { method, answer: &shown.answer, asked };
                        seconds::judge(tx, scope, &person, showing, &from, rules.code_lifetime)?
                    }
                    None => Second::NotShown,
                };
                if judged == Second::NotShown {
                    notices::refused(tx, scope, Refusal::Recovery, &from)?;
                    return Ok(Outcome::Refused);
                }
            }
            if recovering::use_up(tx, id)? == Used::Before {
                return Ok(Outcome::Refused);
            }
            let phones = rules.sessions.phones;
            let regaining = Regaining { aim, person: &person, phones, origin: &from, addresses, tenants };
            take_effect(tx, scope, &regaining, &chosen)
        };
        let outcome = self.kernel().write("accounts.renew", &all, finish).await.map_err(Failure::from)?;
        match outcome {
            Outcome::Refused => Err(RenewError::CodeRefused),
            Outcome::Weak(weak) => Err(not_taken(NotTaken::Weak(weak), "/new_password")),
            Outcome::Second(methods) => Err(RenewError::SecondRequired(methods)),
            Outcome::Waits(until) => Ok(Renewed::Waits { until }),
            Outcome::Done => {
                self.tell_used_up(scope.account()).await;
                if aim == Aim::Thaw {
                    self.kernel().keyring().thaw_account(scope.account()).await.map_err(Failure::from)?;
                }
                self.revoke_ended(scope.account(), before_sign_in(id), origin).await?;
                Ok(Renewed::Done)
            }
        }
    }

    /// The scope of each tenant that the account belongs to, for its audit.
    async fn tenants_of(&self, scope: &AccountScope, by: By, origin: &Origin) -> Result<Vec<TenantScope>, Failure> {
        let scopes = scopes_of(self.kernel(), scope.account(), by, origin).await?;
        Ok(scopes.into_iter().map(|(scope, _)| scope).collect())
    }

    /// From when a new password can be set that waits, if one does.
    ///
    /// # Errors
    /// The store's.
    pub async fn reset_waits(&self, access: &AccountAccess) -> Result<Option<Time>, Failure> {
        Ok(self.kernel().point(&access.scope, waiting).await?)
    }

    /// Objects to a new password that waits, from a session of any assurance.
    ///
    /// # Errors
    /// The store's.
    pub async fn cancel_reset(&self, access: &AccountAccess) -> Result<(), Failure> {
        let from = access.origin.clone();
        let cancel = move |tx: &mut Tx<'_>, scope: &AccountScope| cancel(tx, scope, &from);
        Ok(self.kernel().write("accounts.cancel_reset", &access.scope, cancel).await?)
    }

    /// Objects to a new password that waits, by a mailed code.
    ///
    /// # Errors
    /// [`RenewError::CodeRefused`].
    pub async fn cancel_reset_by_code(
        &self,
        id: RecoveryId,
        code: Secret<String>,
        origin: &Origin,
    ) -> Result<(), RenewError> {
        let scope = self.recovering(id).await?.ok_or(RenewError::CodeRefused)?;
        let (tries, from) = (self.rules().code_tries, origin.clone());
        let stop = move |tx: &mut Tx<'_>, scope: &AccountScope| -> Result<Used, StoreError> {
            let tried = recovering::try_code(tx, scope, id, &[Aim::Reset, Aim::Thaw], &code, tries, &from)?;
            if matches!(tried, Tried::Refused) || recovering::use_up(tx, id)? == Used::Before {
                return Ok(Used::Before);
            }
            cancel(tx, scope, &from)?;
            Ok(Used::Now)
        };
        match self.kernel().write("accounts.cancel_reset", &scope, stop).await.map_err(Failure::from)? {
            Used::Now => Ok(()),
            Used::Before => Err(RenewError::CodeRefused),
        }
    }

    /// Tells those whose new password has waited long enough; gives how many.
    ///
    /// # Errors
    /// The store's.
    pub(super) async fn tell_waits(&self) -> Result<usize, Failure> {
        let kernel = self.kernel();
        let accounts = kernel.point(&kernel.service(), |tx, _| over(tx)).await?;
        let mut told = 0;
        let phones = self.rules().sessions.phones;
        for account in accounts {
            let tell_one = move |tx: &mut Tx<'_>, scope: &AccountScope| tell_one(tx, scope, phones);
            match self.scope_of(account).await? {
                Some(scope) => told += kernel.write("accounts.tell_wait", &scope, tell_one).await?,
                None => {
                    kernel.write("accounts.end_wait", &kernel.service(), move |tx, _| end_wait(tx, account)).await?;
                }
            }
        }
        Ok(told)
    }
}

/// Who regains an account, and how.
struct Regaining<'r> {
    aim: Aim,
    person: &'r Person,
    phones: Phones,
    origin: &'r Origin,
    addresses: Addresses,
    /// Whose audit tells of a lifted list.
    tenants: &'r [TenantScope],
}

/// The new password holds, and nothing that was known before does.
fn take_effect(
    tx: &mut Tx<'_>,
    scope: &AccountScope,
    regaining: &Regaining<'_>,
    chosen: &Chosen,
) -> Result<Outcome, StoreError> {
    let Regaining { aim, person, phones, origin, addresses, .. } = *regaining;
    let (from, notice, step) = match aim {
        Aim::Thaw => (Standing::Frozen, Notice::AccountThawed, Regained::Thawed),
        Aim::Reset | Aim::Freeze => (Standing::Active, Notice::PasswordChanged, Regained::Done),
    };
    if person::turn(tx, scope, from, Standing::Active)? == Held::Changed {
        return Ok(Outcome::Refused);
    }
    person::renew_password(tx, scope, chosen)?;
    end_everything(tx, scope.account(), None)?;
    tell_of(tx, scope, person, notice.clone(), origin)?;
    everywhere::tell_besides(tx, scope, person, &notice, step, phones)?;
    if aim == Aim::Thaw {
        prompts::ask(tx, scope, Prompt::ReviewMethods)?;
    }
    if addresses == Addresses::Lifted {
        lift(tx, scope, regaining)?;
    }
    Ok(Outcome::Done)
}

/// Lets the account be used from anywhere, where it has a list: its tenants' audit and its person learn of it.
fn lift(tx: &mut Tx<'_>, scope: &AccountScope, regaining: &Regaining<'_>) -> Result<(), StoreError> {
    let Regaining { person, origin, tenants, .. } = *regaining;
    if addresses::find(tx, scope)? == AddressList::default() {
        return Ok(());
    }
    addresses::replace(tx, scope, &AddressList::default())?;
    for tenant in tenants {
        audit::record(tx, tenant, &Event::new(Action::AddressesLifted).of(Subject::Account(scope.account())))?;
    }
    tell_of(tx, scope, person, Notice::AddressesLifted, origin)?;
    everywhere::mail_besides(tx, scope, person, &Notice::AddressesLifted)
}

/// Until when a new password has yet to wait; nothing once it has waited. Where it did not wait yet, it begins to, and
/// the person hears of it.
fn wait(tx: &mut Tx<'_>, scope: &AccountScope, person: &Person, rules: &Rules) -> Result<Option<Time>, StoreError> {
    let now = tx.now();
    let mine = recovery_waits::table.find(scope.account());
    let waits: Option<(Time, Time)> =
        mine.select((recovery_waits::ready_at, recovery_waits::expires_at)).get_result(tx.conn()).optional()?;
    match waits {
        Some((ready_at, _)) if now < ready_at => return Ok(Some(ready_at)),
        Some((_, expires_at)) if now < expires_at => return Ok(None),
        Some(_) => end_wait(tx, scope.account())?,
        None => {}
    }
    let ready_at = now.plus(rules.reset_wait);
    let begun = both(
        diesel::insert_into(recovery_waits::table)
            .values((
                recovery_waits::account_id.eq(scope.account()),
                recovery_waits::ready_at.eq(ready_at),
                recovery_waits::expires_at.eq(ready_at.plus(OPEN)),
            ))
            .on_conflict_do_nothing(),
    )
    .execute(tx.conn())?;
    if begun == 1 {
        let notice = Notice::ResetWaits { until: ready_at };
        tell(tx, scope, person, notice.clone())?;
        everywhere::tell_besides(tx, scope, person, &notice, Regained::Waits, rules.sessions.phones)?;
    }
    Ok(Some(ready_at))
}

fn cancel(tx: &mut Tx<'_>, scope: &AccountScope, origin: &Origin) -> Result<(), StoreError> {
    let stopped = diesel::delete(recovery_waits::table.find(scope.account())).execute(tx.conn())?;
    recovering::end_codes(tx, scope.account())?;
    if stopped == 1 {
        let person = person::find(tx, scope)?;
        tell_of(tx, scope, &person, Notice::ResetCancelled, origin)?;
    }
    Ok(())
}

/// Ends what waits, without a word.
pub(super) fn end_wait(tx: &mut Tx<'_>, account: AccountId) -> Result<(), StoreError> {
    diesel::delete(recovery_waits::table.find(account)).execute(tx.conn())?;
    Ok(())
}

/// Until when a new password waits, if one does.
pub(super) fn waiting(tx: &mut Tx<'_>, scope: &AccountScope) -> Result<Option<Time>, StoreError> {
    let now = tx.now();
    let mine = recovery_waits::table.find(scope.account()).filter(recovery_waits::expires_at.gt(now));
    Ok(mine.select(recovery_waits::ready_at).get_result(tx.conn()).optional()?)
}

fn over(tx: &mut Tx<'_>) -> Result<Vec<AccountId>, StoreError> {
    let now = tx.now();
    Ok(recovery_waits::table
        .filter(recovery_waits::told_at.is_null())
        .filter(recovery_waits::ready_at.le(now))
        .select(recovery_waits::account_id)
        .limit(AT_ONCE)
        .load(tx.conn())?)
}

fn tell_one(tx: &mut Tx<'_>, scope: &AccountScope, phones: Phones) -> Result<usize, StoreError> {
    let now = tx.now();
    let untold = recovery_waits::table.find(scope.account()).filter(recovery_waits::told_at.is_null());
    let told = diesel::update(untold).set(recovery_waits::told_at.eq(now)).execute(tx.conn())?;
    if told == 1 {
        let person = person::find(tx, scope)?;
        tell(tx, scope, &person, Notice::ResetReady)?;
        everywhere::tell_besides(tx, scope, &person, &Notice::ResetReady, Regained::Ready, phones)?;
    }
    Ok(told)
}

/// Deletes what has waited and was not used; gives how many.
pub(super) fn sweep(tx: &mut Tx<'_>) -> Result<usize, StoreError> {
    let now = tx.now();
    Ok(diesel::delete(recovery_waits::table.filter(recovery_waits::expires_at.le(now))).execute(tx.conn())?)
}

/// What a password must not hold of its owner.
///
/// # Errors
/// [`StoreError::Unreadable`] where its address or number is none: what cannot be read cannot be kept out of it.
pub(super) fn own_data(person: &Person) -> Result<OwnData, StoreError> {
    let own = OwnData::new().name(person.name.reveal()).email(&person.address()?);
    Ok(person.phone_number()?.iter().fold(own, OwnData::phone))
}

/// Why a password is not taken, as a fault of its field.
pub(super) fn not_taken(error: NotTaken, pointer: &str) -> RenewError {
    match error {
        NotTaken::Weak(broken) => RenewError::Invalid(broken.iter().map(|weakness| weakness.at(pointer)).collect()),
        NotTaken::Unknown => RenewError::Failed(StoreError::Unavailable.into()),
    }
}
