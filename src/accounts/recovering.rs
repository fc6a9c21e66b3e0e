//! What an account's person does without being signed in: ask for a code by mail, and by it freeze the account, thaw it,
//! or set a new password (P-10, R-11, R-27).
//!
//! Nothing here tells whether an identifier has an account, what that has to confirm with, or whether it is frozen: a
//! decoy stands in for who is not there, the same rows are written, and the answers are alike. Only a code that was
//! mailed, once it fits, opens what more there is to say. This file begins and tries codes; [`renewing`] sets passwords,
//! `freezing` closes accounts.
//!
//! [`renewing`]: crate::accounts::renewing

use diesel::{ExpressionMethods as _, OptionalExtension as _, QueryDsl as _, RunQueryDsl as _};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::accounts::notices::{self, Refusal};
use crate::accounts::person::{self, Standing};
use crate::accounts::signing_in::{Identifier, first};
use crate::accounts::throttles::{Counter, Limit, of_address};
use crate::accounts::{Accounts, Failure};
use crate::kernel::clock::Time;
use crate::kernel::crypto::passkey::Ceremony;
use crate::kernel::crypto::token::Code;
use crate::kernel::crypto::{Place, RowRef, Sealed};
use crate::kernel::ids::{AccountId, RecoveryId};
use crate::kernel::personal::{Comparison, Personal, Secret, revealed};
use crate::kernel::store::schema::recoveries;
use crate::kernel::store::{StoreError, Tx};
use crate::kernel::tenancy::{AccountScope, Origin, ServiceScope};
use crate::messages::notice::{self, Mail, Notice, Purpose};
use crate::messages::outbox;

/// What a code is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Aim {
    /// A new password.
    Reset,
    /// Closing the account.
    Freeze,
    /// Opening it again, under a new password.
    Thaw,
}

impl Aim {
    const fn purpose(self) -> Purpose {
        match self {
            Self::Reset => Purpose::PasswordReset,
            Self::Freeze => Purpose::Freeze,
            Self::Thaw => Purpose::Thaw,
        }
    }

    /// What an account must be for it.
    const fn of(self) -> Standing {
        match self {
            Self::Reset | Self::Freeze => Standing::Active,
            Self::Thaw => Standing::Frozen,
        }
    }
}

/// A code was asked for; whether one was mailed is not told.
#[derive(Debug, Clone)]
pub struct Recovery {
    /// Its id.
    pub id: RecoveryId,
    /// When its code dies.
    pub expires_at: Time,
    /// What a browser is told that shows a passkey besides (`PublicKeyCredentialRequestOptionsJSON`): whichever the
    /// device holds for the site, so that it tells nothing of the account. Nothing at a bare address, and for a freeze.
    pub public_key: Option<Value>,
}

/// How many more codes of all addresses together go to one identifier than of one: nobody uses them up for its owner.
const WIDER: u32 = 5;

/// What is sealed of a code that was asked for.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Waiting {
    aim: Aim,
    #[serde(with = "revealed")]
    code: Secret<String>,
    /// 1 when it was mailed, 0 when nothing fits; a number, so that both are as long.
    mailed: u8,
    /// What a passkey is asked that is shown besides.
    ceremony: Option<Ceremony>,
}

/// Where it lies, under the account's key.
struct RecoveryBody;

impl Place for RecoveryBody {
    const LABEL: &'static str = "recoveries.body";
    type Plain = Waiting;
}

/// What came of a try.
#[must_use = "a code that does not fit opens nothing"]
pub(super) enum Tried {
    /// It fits; and what a passkey was asked that is shown besides.
    Fits(Option<Ceremony>),
    Refused,
}

/// Whether a code was still there to be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[must_use = "a code that was used before opens nothing"]
pub(super) enum Used {
    Now,
    Before,
}

impl Accounts {
    /// Asks for a code by mail: the same answer, at the same cost, for every identifier.
    ///
    /// # Errors
    /// [`Failure::Throttled`] when too many were asked for with this identifier, known or not, or from this address.
    pub async fn begin_recovery(
        &self,
        aim: Aim,
        identifier: &Personal<String>,
        origin: &Origin,
    ) -> Result<Recovery, Failure> {
        let kernel = self.kernel();
        let identifier = Identifier::typed(identifier.reveal());
        let day = kernel.today().await?;
        let address = of_address(*origin.address.reveal());
        let of_identifier =
            [b"recovery:", identifier.kind.as_bytes(), b":", identifier.normalised.reveal().as_bytes()].concat();
        let codes = self.rules().codes;
        let wide = Limit { policy: "codes-identifier", free: codes.free.saturating_mul(WIDER), ..codes };
        let from_address = Limit { policy: "codes-address", ..self.rules().by_address };
        let counters = [
            Counter::new(&day, wide, &of_identifier),
            Counter::new(&day, codes, &[of_identifier.as_slice(), b"@", address.as_slice()].concat()),
            Counter::new(&day, from_address, &address),
        ];
        let scope = self.whose(&identifier, origin).await?;
        let lifetime = self.rules().code_lifetime;
        let site = origin.site.clone().filter(|_| aim != Aim::Freeze);
        let begin = move |tx: &mut Tx<'_>, scope: &AccountScope| -> Result<Result<Recovery, Failure>, StoreError> {
            if let Some(throttled) = first(tx, &counters, Counter::hold)? {
                return Ok(Err(Failure::Throttled(throttled)));
            }
            for counter in &counters {
                counter.count(tx)?;
            }
            let (standing, person) = (person::standing(tx, scope)?, person::find(tx, scope)?);
            let digits = Code::random(tx.entropy()).reveal().to_owned();
            let code = notice::Code::new(Secret::new(digits.clone()), lifetime);
            let fits = standing == aim.of();
            let notice = if standing == Standing::Frozen && !fits {
                Notice::SignInWhileFrozen { times: 1 }
            } else {
                Notice::ConfirmationCode { code, purpose: aim.purpose() }
            };
            let goes_out = fits || standing == Standing::Frozen;
            let mail = Mail { to: person.address()?, language: person.language, notice };
            let queued = outbox::enqueue(tx, scope.keys(), &mail)?;
            if !goes_out {
                outbox::withdraw(tx, queued)?;
            }
            let now = tx.now();
            let (id, expires_at) = (RecoveryId::new(now, tx.entropy()), now.plus(lifetime));
            let ceremony = site.as_ref().map(|site| Ceremony::new(site, tx.entropy()));
            let public_key = ceremony.as_ref().map(|ceremony| ceremony.request_options(&[], lifetime));
            let waiting = Waiting { aim, code: Secret::new(digits), mailed: u8::from(fits), ceremony };
            let body = scope.keys().seal::<RecoveryBody>(row(id), &waiting, tx.entropy());
            diesel::insert_into(recoveries::table)
                .values((
                    recoveries::id.eq(id),
                    recoveries::account_id.eq(scope.account()),
                    recoveries::tries.eq(0i64),
                    recoveries::created_at.eq(now),
                    recoveries::expires_at.eq(expires_at),
                    recoveries::body.eq(body),
                ))
                .execute(tx.conn())?;
            Ok(Ok(Recovery { id, expires_at, public_key }))
        };
        kernel.write("accounts.begin_recovery", &scope, begin).await?
    }

    /// What a browser is told, once more, that shows a passkey beside the code; nothing where that was not asked, or
    /// there is nothing of this id.
    ///
    /// # Errors
    /// The store's.
    pub async fn recovery_asks(&self, id: RecoveryId) -> Result<Option<Value>, Failure> {
        let Some(scope) = self.recovering(id).await? else { return Ok(None) };
        let find = move |tx: &mut Tx<'_>, scope: &AccountScope| -> Result<Option<Ceremony>, StoreError> {
            let live = recoveries::table.find(id).filter(recoveries::expires_at.gt(tx.now()));
            let body: Option<Sealed<RecoveryBody>> = live.select(recoveries::body).get_result(tx.conn()).optional()?;
            let Some(body) = body else { return Ok(None) };
            Ok(scope.keys().open(row(id), &body)?.ceremony)
        };
        let ceremony = self.kernel().point(&scope, find).await?;
        Ok(ceremony.map(|ceremony| ceremony.request_options(&[], self.rules().code_lifetime)))
    }

    /// The account, or decoy, that a recovery is of; nothing when there is none of this id.
    pub(super) async fn recovering(&self, id: RecoveryId) -> Result<Option<AccountScope>, Failure> {
        let kernel = self.kernel();
        let find = move |tx: &mut Tx<'_>, _: &ServiceScope| -> Result<Option<AccountId>, StoreError> {
            Ok(recoveries::table.find(id).select(recoveries::account_id).get_result(tx.conn()).optional()?)
        };
        let Some(account) = kernel.point(&kernel.service(), find).await? else { return Ok(None) };
        self.scope_of(account).await
    }
}

/// Tries a code for one of these aims. A try is counted before it is looked at, so that many at once are counted one by
/// one; what was wrong is told to the account's person alone.
pub(super) fn try_code(
    tx: &mut Tx<'_>,
    scope: &AccountScope,
    id: RecoveryId,
    aims: &[Aim],
    code: &Secret<String>,
    most: i64,
    origin: &Origin,
) -> Result<Tried, StoreError> {
    let now = tx.now();
    let live = recoveries::table.find(id).filter(recoveries::tries.lt(most)).filter(recoveries::expires_at.gt(now));
    let body: Option<Sealed<RecoveryBody>> = diesel::update(live)
        .set(recoveries::tries.eq(recoveries::tries + 1))
        .returning(recoveries::body)
        .get_result(tx.conn())
        .optional()?;
    let Some(body) = body else { return Ok(Tried::Refused) };
    let waiting = scope.keys().open(row(id), &body)?;
    let same = waiting.code.same_as(code.reveal().trim().as_bytes()) == Comparison::Same;
    if same && waiting.mailed == 1 && aims.contains(&waiting.aim) {
        return Ok(Tried::Fits(waiting.ceremony));
    }
    notices::refused(tx, scope, Refusal::Recovery, origin)?;
    Ok(Tried::Refused)
}

/// Gives a try back: its code was right, and something else is missing.
pub(super) fn give_back(tx: &mut Tx<'_>, id: RecoveryId) -> Result<(), StoreError> {
    diesel::update(recoveries::table.find(id)).set(recoveries::tries.eq(recoveries::tries - 1)).execute(tx.conn())?;
    Ok(())
}

/// Uses a code up: of several at once, one does.
pub(super) fn use_up(tx: &mut Tx<'_>, id: RecoveryId) -> Result<Used, StoreError> {
    let used = diesel::delete(recoveries::table.find(id)).execute(tx.conn())?;
    Ok(if used == 1 { Used::Now } else { Used::Before })
}

/// Ends every code that was asked for of an account.
pub(super) fn end_codes(tx: &mut Tx<'_>, account: AccountId) -> Result<(), StoreError> {
    diesel::delete(recoveries::table.filter(recoveries::account_id.eq(account))).execute(tx.conn())?;
    Ok(())
}

/// Deletes codes that are over, at most `limit`; gives how many.
pub(super) fn sweep(tx: &mut Tx<'_>, limit: i64) -> Result<usize, StoreError> {
    let now = tx.now();
    let over: Vec<RecoveryId> =
        recoveries::table.filter(recoveries::expires_at.le(now)).select(recoveries::id).limit(limit).load(tx.conn())?;
    Ok(diesel::delete(recoveries::table.filter(recoveries::id.eq_any(&over))).execute(tx.conn())?)
}

/// It never changes but in its tries: its row has one version.
const fn row(id: RecoveryId) -> RowRef {
    RowRef::new(id.as_bytes(), 1)
}
