//! An account's own row: who the person is, and the hash of their password.

use diesel::{ExpressionMethods as _, OptionalExtension as _, QueryDsl as _, RunQueryDsl as _};
use serde::{Deserialize, Serialize};

use crate::accounts::passwords::Strength;
use crate::kernel::clock::Time;
use crate::kernel::crypto::password::Phc;
use crate::kernel::crypto::{Place, RowRef, Sealed};
use crate::kernel::ids::AccountId;
use crate::kernel::personal::{Personal, revealed};
use crate::kernel::store::schema::accounts;
use crate::kernel::store::{StoreError, Tx};
use crate::kernel::tenancy::AccountScope;
use crate::kernel::values::{EmailAddress, Locale, PhoneNumber};

/// What an account is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Standing {
    /// It may act.
    Active,
    /// Stopped by its owner: it may not.
    Frozen,
    /// Nobody's: what unknown identifiers are checked against.
    Decoy,
}

impl Standing {
    /// As the database holds it.
    pub(super) const fn code(self) -> i16 {
        match self {
            Self::Active => 1,
            Self::Frozen => 2,
            Self::Decoy => 3,
        }
    }

    const fn from_code(code: i16) -> Self {
        match code {
            1 => Self::Active,
            3 => Self::Decoy,
            _ => Self::Frozen,
        }
    }
}

/// Who a person is.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Person {
    /// Their name.
    #[serde(with = "revealed")]
    pub(super) name: Personal<String>,
    /// The address they joined with.
    #[serde(with = "revealed")]
    pub(super) email: Personal<String>,
    /// Their phone number.
    #[serde(default)]
    pub(super) phone: Option<Phone>,
    /// The language of their mails.
    pub(super) language: Locale,
}

/// A person's phone number.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Phone {
    /// In E.164 form.
    #[serde(with = "revealed")]
    pub(super) number: Personal<String>,
    /// Whether it is known to be theirs (K-2).
    pub(super) standing: PhoneStanding,
}

/// Whether a phone number is known to be its account's: only then anything is sent to it, or confirmed by it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum PhoneStanding {
    /// It was only said.
    Unverified,
    /// A code that was sent there came back.
    Verified {
        /// When.
        at: Time,
    },
}

impl Phone {
    /// A number that somebody has said is theirs.
    pub(super) fn unverified(number: &PhoneNumber) -> Self {
        Self { number: Personal::new(number.to_stored()), standing: PhoneStanding::Unverified }
    }

    /// A number that is known to be theirs since then, as it is stored.
    pub(super) const fn verified(number: Personal<String>, at: Time) -> Self {
        Self { number, standing: PhoneStanding::Verified { at } }
    }
}

impl Person {
    /// The phone number that codes may be sent to: a verified one (K-2).
    pub(super) fn verified_phone(&self) -> Result<Option<PhoneNumber>, StoreError> {
        let Some(Phone { number, standing: PhoneStanding::Verified { .. } }) = &self.phone else { return Ok(None) };
        PhoneNumber::from_stored(number.reveal()).map(Some).map_err(|_| StoreError::Unreadable)
    }

    /// The phone number, verified or only said.
    pub(super) fn phone_number(&self) -> Result<Option<PhoneNumber>, StoreError> {
        let number = self.phone.as_ref().map(|phone| PhoneNumber::from_stored(phone.number.reveal()));
        number.transpose().map_err(|_| StoreError::Unreadable)
    }

    /// The address that mails go to.
    pub(super) fn address(&self) -> Result<EmailAddress, StoreError> {
        EmailAddress::from_stored(self.email.reveal()).map_err(|_| StoreError::Unreadable)
    }
}

/// Where a person's data lies.
struct AccountBody;

impl Place for AccountBody {
    const LABEL: &'static str = "accounts.body";
    type Plain = Person;
}

/// A password as it is kept.
#[derive(Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Chosen {
    /// Its hash.
    pub(super) phc: Phc,
    /// How hard it was to guess when it was chosen: for the term of its age alone.
    pub(super) strength: Strength,
}

/// Where a password's hash lies. Its row version is the time of its choice.
struct AccountPassword;

impl Place for AccountPassword {
    const LABEL: &'static str = "accounts.password";
    type Plain = Chosen;
}

/// The version of a row that was never changed.
const FIRST: i64 = 1;

/// Writes down an account that is new.
pub(super) fn create(
    tx: &mut Tx<'_>,
    scope: &AccountScope,
    standing: Standing,
    person: &Person,
    password: &Chosen,
) -> Result<(), StoreError> {
    let (id, now) = (scope.account(), tx.now());
    let body = scope.keys().seal::<AccountBody>(RowRef::new(id.as_bytes(), FIRST), person, tx.entropy());
    let password = scope.keys().seal::<AccountPassword>(chosen_at(id, now), password, tx.entropy());
    diesel::insert_into(accounts::table)
        .values((
            accounts::id.eq(id),
            accounts::version.eq(FIRST),
            accounts::state.eq(standing.code()),
            accounts::body.eq(body),
            accounts::password.eq(password),
            accounts::password_at.eq(now),
            accounts::created_at.eq(now),
            accounts::updated_at.eq(now),
            accounts::phone_verified.eq(person.verified_phone()?.is_some()),
        ))
        .execute(tx.conn())?;
    Ok(())
}

/// Who the scope's account is.
pub(super) fn find(tx: &mut Tx<'_>, scope: &AccountScope) -> Result<Person, StoreError> {
    let id = scope.account();
    let (version, body): (i64, Sealed<AccountBody>) =
        accounts::table.find(id).select((accounts::version, accounts::body)).get_result(tx.conn())?;
    Ok(scope.keys().open(RowRef::new(id.as_bytes(), version), &body)?)
}

/// What the scope's account is.
pub(super) fn standing(tx: &mut Tx<'_>, scope: &AccountScope) -> Result<Standing, StoreError> {
    let code = accounts::table.find(scope.account()).select(accounts::state).get_result(tx.conn())?;
    Ok(Standing::from_code(code))
}

/// Changes who the scope's account is: gives who it was, and who it is now.
///
/// # Errors
/// The store's; [`StoreError::Again`] when somebody else changed it meanwhile.
pub(super) fn change(
    tx: &mut Tx<'_>,
    scope: &AccountScope,
    alter: impl FnOnce(&mut Person),
) -> Result<(Person, Person), StoreError> {
    let id = scope.account();
    let (version, body): (i64, Sealed<AccountBody>) =
        accounts::table.find(id).select((accounts::version, accounts::body)).get_result(tx.conn())?;
    let before = scope.keys().open(RowRef::new(id.as_bytes(), version), &body)?;
    let mut after = before.clone();
    alter(&mut after);
    let (next, now) = (version.saturating_add(1), tx.now());
    let body = scope.keys().seal::<AccountBody>(RowRef::new(id.as_bytes(), next), &after, tx.entropy());
    let changed = diesel::update(accounts::table.find(id).filter(accounts::version.eq(version)))
        .set((
            accounts::version.eq(next),
            accounts::body.eq(body),
            accounts::updated_at.eq(now),
            accounts::phone_verified.eq(after.verified_phone()?.is_some()),
        ))
        .execute(tx.conn())?;
    if changed == 1 { Ok((before, after)) } else { Err(StoreError::Again) }
}

/// Holds the account as it was when its password was verified: until the transaction ends, nobody changes the password
/// and nobody freezes the account.
pub(super) fn hold(tx: &mut Tx<'_>, scope: &AccountScope, chosen_at: Time) -> Result<Held, StoreError> {
    let as_it_was = accounts::table
        .find(scope.account())
        .filter(accounts::state.eq(Standing::Active.code()))
        .filter(accounts::password_at.eq(chosen_at));
    let held = diesel::update(as_it_was).set(accounts::state.eq(accounts::state)).execute(tx.conn())?;
    Ok(if held == 1 { Held::AsItWas } else { Held::Changed })
}

/// Whether an account is as it was.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[must_use = "what was verified may not hold any more"]
pub(super) enum Held {
    AsItWas,
    Changed,
}

/// Makes the account something else, where it is `from`; gives whether it was.
pub(super) fn turn(tx: &mut Tx<'_>, scope: &AccountScope, from: Standing, to: Standing) -> Result<Held, StoreError> {
    let now = tx.now();
    let turned = diesel::update(accounts::table.find(scope.account()).filter(accounts::state.eq(from.code())))
        .set((accounts::state.eq(to.code()), accounts::updated_at.eq(now)))
        .execute(tx.conn())?;
    Ok(if turned == 1 { Held::AsItWas } else { Held::Changed })
}

/// Keeps another password.
pub(super) fn renew_password(tx: &mut Tx<'_>, scope: &AccountScope, password: &Chosen) -> Result<(), StoreError> {
    let (id, now) = (scope.account(), tx.now());
    let before: Time = accounts::table.find(id).select(accounts::password_at).get_result(tx.conn())?;
    // Later than the one before, whatever the clock says: by this moment the two are told apart.
    let at = now.max(before.plus(std::time::Duration::from_micros(1)));
    let password = scope.keys().seal::<AccountPassword>(chosen_at(id, at), password, tx.entropy());
    diesel::update(accounts::table.find(id))
        .set((accounts::password.eq(password), accounts::password_at.eq(at), accounts::updated_at.eq(now)))
        .execute(tx.conn())?;
    Ok(())
}

/// What a sign-in is checked against; `None` when there is no such row.
pub(super) fn credentials(tx: &mut Tx<'_>, scope: &AccountScope) -> Result<Option<(Standing, Phc, Time)>, StoreError> {
    let id = scope.account();
    let row: Option<(i16, Sealed<AccountPassword>, Time)> = accounts::table
        .find(id)
        .select((accounts::state, accounts::password, accounts::password_at))
        .get_result(tx.conn())
        .optional()?;
    let open = |(state, password, at): (i16, Sealed<AccountPassword>, Time)| {
        Ok((Standing::from_code(state), scope.keys().open(chosen_at(id, at), &password)?.phc, at))
    };
    row.map(open).transpose()
}

/// How long ago what was done.
pub(super) struct Ages {
    /// When the account began.
    pub(super) created_at: Time,
    /// When the password was chosen.
    pub(super) password_at: Time,
    /// How hard it was to guess then.
    pub(super) strength: Strength,
}

/// How old the account and its password are.
pub(super) fn ages(tx: &mut Tx<'_>, scope: &AccountScope) -> Result<Ages, StoreError> {
    let id = scope.account();
    let (created_at, password_at, password): (Time, Time, Sealed<AccountPassword>) = accounts::table
        .find(id)
        .select((accounts::created_at, accounts::password_at, accounts::password))
        .get_result(tx.conn())?;
    let strength = scope.keys().open(chosen_at(id, password_at), &password)?.strength;
    Ok(Ages { created_at, password_at, strength })
}

/// Keeps another hash of the same password, unless the password was changed since.
pub(super) fn rehash(tx: &mut Tx<'_>, scope: &AccountScope, password: &Phc) -> Result<(), StoreError> {
    let id = scope.account();
    let (at, before): (Time, Sealed<AccountPassword>) =
        accounts::table.find(id).select((accounts::password_at, accounts::password)).get_result(tx.conn())?;
    let Chosen { strength, .. } = scope.keys().open(chosen_at(id, at), &before)?;
    let again = Chosen { phc: password.clone(), strength };
    let password = scope.keys().seal::<AccountPassword>(chosen_at(id, at), &again, tx.entropy());
    diesel::update(accounts::table.find(id).filter(accounts::password_at.eq(at)))
        .set(accounts::password.eq(password))
        .execute(tx.conn())?;
    Ok(())
}

fn chosen_at(id: AccountId, at: Time) -> RowRef {
    RowRef::new(id.as_bytes(), at.micros())
}
