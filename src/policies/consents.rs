//! What people agreed to beyond what the service needs (P-4): by purpose and by the version of its text, nothing at first,
//! taken back as easily as given, with the whole history.
//!
//! Code that does something optional takes a [`Consent`] of its purpose, and only [`held`] makes one: from a consent that
//! stands in the very transaction, to the text that is shown today. A change of a text raises its version here, and whoever
//! agreed to an earlier one has not agreed to it.

use std::marker::PhantomData;

use diesel::{ExpressionMethods as _, OptionalExtension as _, QueryDsl as _, RunQueryDsl as _};

use crate::kernel::clock::Time;
use crate::kernel::ids::AccountId;
use crate::kernel::store::schema::consents;
use crate::kernel::store::{StoreError, Tx};

/// For what a consent is asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Purpose {
    /// Mails on new functions of the service.
    News,
    /// Being asked, now and then, how the service could be better.
    Surveys,
}

impl Purpose {
    /// All of them.
    pub const ALL: [Self; 2] = [Self::News, Self::Surveys];

    /// Its name in the API.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::News => "news",
            Self::Surveys => "surveys",
        }
    }

    /// The purpose of this name.
    #[must_use]
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|purpose| purpose.name() == name)
    }

    /// The version of the text that asks for it, counted from 1: raised with every change of that text.
    #[must_use]
    pub const fn text_version(self) -> u32 {
        match self {
            Self::News | Self::Surveys => 1,
        }
    }

    const fn code(self) -> i16 {
        match self {
            Self::News => 1,
            Self::Surveys => 2,
        }
    }
}

/// A purpose as a type, for [`Consent`].
pub trait Optional {
    /// Which purpose.
    const PURPOSE: Purpose;
}

/// Mails on new functions.
#[derive(Debug)]
pub struct News;

/// Being asked how the service could be better.
#[derive(Debug)]
pub struct Surveys;

impl Optional for News {
    const PURPOSE: Purpose = Purpose::News;
}

impl Optional for Surveys {
    const PURPOSE: Purpose = Purpose::Surveys;
}

/// That an account agrees to `P`, at the moment of the transaction that found it. Cannot be made, copied or kept otherwise.
#[derive(Debug)]
#[must_use = "whoever asks for a consent does something with it"]
pub struct Consent<P: Optional> {
    account: AccountId,
    purpose: PhantomData<P>,
}

impl<P: Optional> Consent<P> {
    /// Who agrees.
    #[must_use]
    pub const fn account(&self) -> AccountId {
        self.account
    }
}

/// The consent of `account` to `P`, where it stands.
///
/// # Errors
/// The store's.
pub fn held<P: Optional>(tx: &mut Tx<'_>, account: AccountId) -> Result<Option<Consent<P>>, StoreError> {
    let newest = newest(tx, account, P::PURPOSE)?;
    let stands = newest.is_some_and(|(_, decision)| decision.stands_for(P::PURPOSE));
    Ok(stands.then_some(Consent { account, purpose: PhantomData }))
}

/// What was decided.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Choice {
    /// To agree.
    Given,
    /// Not to, or not any more.
    Withdrawn,
}

/// How it came to be decided.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Way {
    /// The person said so.
    Said,
    /// Their browser asks not to be followed (Global Privacy Control).
    PrivacyControl,
}

impl Way {
    /// Its name in the API.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Said => "said",
            Self::PrivacyControl => "global_privacy_control",
        }
    }

    const fn code(self) -> i16 {
        match self {
            Self::Said => 1,
            Self::PrivacyControl => 2,
        }
    }
}

/// A decision, as it was made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Decision {
    /// What was decided.
    pub choice: Choice,
    /// On which version of the text.
    pub text_version: u32,
    /// How.
    pub way: Way,
    /// When.
    pub at: Time,
}

impl Decision {
    fn stands_for(&self, purpose: Purpose) -> bool {
        self.choice == Choice::Given && self.text_version == purpose.text_version()
    }
}

/// Where an account stands with a purpose.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Register {
    /// Which purpose.
    pub purpose: Purpose,
    /// Whether it agrees to the text of today.
    pub stands: Choice,
    /// Every decision, newest first.
    pub history: Vec<Decision>,
}

type Row = (i64, i64, bool, i16, Time);

const COLUMNS: (consents::number, consents::text_version, consents::is_given, consents::way, consents::at) =
    (consents::number, consents::text_version, consents::is_given, consents::way, consents::at);

fn read((number, text_version, is_given, way, at): Row) -> (i64, Decision) {
    let choice = if is_given { Choice::Given } else { Choice::Withdrawn };
    let way = if way == Way::PrivacyControl.code() { Way::PrivacyControl } else { Way::Said };
    (number, Decision { choice, text_version: u32::try_from(text_version).unwrap_or(0), way, at })
}

fn newest(tx: &mut Tx<'_>, account: AccountId, purpose: Purpose) -> Result<Option<(i64, Decision)>, StoreError> {
    let row: Option<Row> = consents::table
        .filter(consents::account_id.eq(account))
        .filter(consents::purpose.eq(purpose.code()))
        .order(consents::number.desc())
        .limit(1)
        .select(COLUMNS)
        .get_result(tx.conn())
        .optional()?;
    Ok(row.map(read))
}

/// Everything that `account` has decided, by purpose.
pub(super) fn registers(tx: &mut Tx<'_>, account: AccountId) -> Result<Vec<Register>, StoreError> {
    let mut all = Vec::new();
    for purpose in Purpose::ALL {
        let rows: Vec<Row> = consents::table
            .filter(consents::account_id.eq(account))
            .filter(consents::purpose.eq(purpose.code()))
            .order(consents::number.desc())
            .select(COLUMNS)
            .load(tx.conn())?;
        let history: Vec<Decision> = rows.into_iter().map(|row| read(row).1).collect();
        let stands = history.first().is_some_and(|newest| newest.stands_for(purpose));
        let stands = if stands { Choice::Given } else { Choice::Withdrawn };
        all.push(Register { purpose, stands, history });
    }
    Ok(all)
}

/// Writes a decision down, where it changes anything.
pub(super) fn decide(
    tx: &mut Tx<'_>,
    account: AccountId,
    purpose: Purpose,
    choice: Choice,
    way: Way,
) -> Result<(), StoreError> {
    let newest = newest(tx, account, purpose)?;
    let changes = match (&newest, choice) {
        (None, Choice::Withdrawn) => false,
        (None, Choice::Given) => true,
        (Some((_, newest)), Choice::Given) => !newest.stands_for(purpose),
        (Some((_, newest)), Choice::Withdrawn) => newest.choice == Choice::Given,
    };
    if !changes {
        return Ok(());
    }
    let (number, now) = (newest.map_or(1, |(number, _)| number.saturating_add(1)), tx.now());
    let decided = diesel::insert_into(consents::table)
        .values((
            consents::account_id.eq(account),
            consents::purpose.eq(purpose.code()),
            consents::number.eq(number),
            consents::text_version.eq(i64::from(purpose.text_version())),
            consents::is_given.eq(choice == Choice::Given),
            consents::way.eq(way.code()),
            consents::at.eq(now),
        ))
        .execute(tx.conn());
    match decided.map_err(StoreError::from) {
        // Somebody decided at the same moment; the transaction runs again and sees it.
        Err(StoreError::Taken) => Err(StoreError::Again),
        other => other.map(drop),
    }
}

/// Takes back everything that `account` agreed to: its browser asks not to be followed.
pub(super) fn withdraw_all(tx: &mut Tx<'_>, account: AccountId) -> Result<(), StoreError> {
    for purpose in Purpose::ALL {
        decide(tx, account, purpose, Choice::Withdrawn, Way::PrivacyControl)?;
    }
    Ok(())
}

/// Whether `account` agrees to anything.
pub(super) fn any_given(tx: &mut Tx<'_>, account: AccountId) -> Result<Choice, StoreError> {
    for purpose in Purpose::ALL {
        if newest(tx, account, purpose)?.is_some_and(|(_, newest)| newest.choice == Choice::Given) {
            return Ok(Choice::Given);
        }
    }
    Ok(Choice::Withdrawn)
}
