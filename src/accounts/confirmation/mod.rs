//! Raising a session from `password` to `confirmed` by one more proof.
//!
//! A challenge belongs to its session, is used once, and ends by itself or by wrong tries. A method is a file: it makes a
//! `Challenge` and tells whether an answer meets it. Only `email` so far.

mod email;

use diesel::{ExpressionMethods as _, OptionalExtension as _, QueryDsl as _, RunQueryDsl as _};
use serde::{Deserialize, Serialize};

use crate::accounts::history::{self, Outcome, Way};
use crate::accounts::session::Begun;
use crate::accounts::throttles::{Counter, Throttled};
use crate::accounts::{Accounts, Failure, person};
use crate::kernel::access::sessions::{self, Session};
use crate::kernel::access::{AccountAccess, Assurance};
use crate::kernel::clock::Time;
use crate::kernel::crypto::token::SessionToken;
use crate::kernel::crypto::{Place, RowRef, Sealed};
use crate::kernel::ids::ConfirmationId;
use crate::kernel::personal::{Comparison, Personal, Secret};
use crate::kernel::store::schema::confirmations;
use crate::kernel::store::{StoreError, Tx};
use crate::kernel::tenancy::AccountScope;

/// A way to confirm, least secure first.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Method {
    /// A code to the verified e-mail address.
    Email,
}

impl Method {
    /// All of them.
    pub const ALL: [Self; 1] = [Self::Email];

    /// Its name in the API.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Email => "email",
        }
    }

    /// The method of this name.
    #[must_use]
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|method| method.name() == name)
    }

    /// Whether it is advised: as long as an account has nothing safer.
    #[must_use]
    pub fn advice(self) -> Advice {
        if Self::ALL.last() == Some(&self) { Advice::Advised } else { Advice::AdvisedAgainst }
    }

    const fn code(self) -> i16 {
        match self {
            Self::Email => 1,
        }
    }

    const fn way(self) -> Way {
        match self {
            Self::Email => Way::Email,
        }
    }
}

/// What is said of a method.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Advice {
    /// Take it.
    Advised,
    /// Better take a safer one.
    AdvisedAgainst,
}

/// A way to confirm that is open to an account.
#[derive(Debug, Clone)]
pub struct Offered {
    /// Which.
    pub method: Method,
    /// Where its code goes, masked; nothing where none is sent.
    pub target: Option<Personal<String>>,
}

/// A challenge that waits for its answer.
#[derive(Debug, Clone, Copy)]
pub struct Confirmation {
    /// Its id.
    pub id: ConfirmationId,
    /// By what.
    pub method: Method,
    /// When it ends by itself.
    pub expires_at: Time,
}

/// Why a session was not raised.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ConfirmError {
    /// The answer is wrong, or the challenge is used up, over, or another session's.
    #[error("the code is refused")]
    CodeRefused,
    /// Something else was in the way.
    #[error(transparent)]
    Failed(#[from] Failure),
}

/// What a challenge expects: sealed, and never shown.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
enum Challenge {
    Email(email::Expected),
}

impl Challenge {
    fn met_by(&self, answer: &Secret<String>) -> Comparison {
        match self {
            Self::Email(expected) => expected.met_by(answer),
        }
    }
}

/// Where a challenge lies, under the account's key.
struct ConfirmationBody;

impl Place for ConfirmationBody {
    const LABEL: &'static str = "confirmations.body";
    type Plain = Challenge;
}

impl Accounts {
    /// The ways to confirm that are open to the account, least secure first.
    ///
    /// # Errors
    /// The store's.
    pub async fn offered_methods(&self, access: &AccountAccess) -> Result<Vec<Offered>, Failure> {
        let person = self.kernel().point(&access.scope, person::find).await?;
        let address = person.address()?;
        let offered = |method| match method {
            Method::Email => Offered { method, target: Some(Personal::new(address.masked())) },
        };
        Ok(Method::ALL.into_iter().map(offered).collect())
    }

    /// Begins a confirmation of the session by `method`; one that it waited for before is over.
    ///
    /// # Errors
    /// [`Failure::Throttled`] when the account asked for too many.
    pub async fn begin_confirmation(&self, access: &AccountAccess, method: Method) -> Result<Confirmation, Failure> {
        let day = self.kernel().today().await?;
        let counter = Counter::new(&day, self.rules().codes, access.scope.account().as_bytes());
        let (session, lifetime) = (access.session.id, self.rules().code_lifetime);
        let begin = move |tx: &mut Tx<'_>,
                          scope: &AccountScope|
              -> Result<Result<Confirmation, Throttled>, StoreError> {
            if let Some(throttled) = counter.hold(tx)? {
                return Ok(Err(throttled));
            }
            counter.count(tx)?;
            diesel::delete(confirmations::table.filter(confirmations::session_id.eq(session))).execute(tx.conn())?;
            let person = person::find(tx, scope)?;
            let challenge = match method {
                Method::Email => Challenge::Email(email::begin(tx, scope, &person, lifetime)?),
            };
            let now = tx.now();
            let (id, expires_at) = (ConfirmationId::new(now, tx.entropy()), now.plus(lifetime));
            let body = scope.keys().seal::<ConfirmationBody>(row(id), &challenge, tx.entropy());
            diesel::insert_into(confirmations::table)
                .values((
                    confirmations::id.eq(id),
                    confirmations::session_id.eq(session),
                    confirmations::account_id.eq(scope.account()),
                    confirmations::method.eq(method.code()),
                    confirmations::tries.eq(0),
                    confirmations::created_at.eq(now),
                    confirmations::expires_at.eq(expires_at),
                    confirmations::body.eq(body),
                ))
                .execute(tx.conn())?;
            Ok(Ok(Confirmation { id, method, expires_at }))
        };
        self.kernel().write("accounts.begin_confirmation", &access.scope, begin).await?.map_err(Failure::Throttled)
    }

    /// Raises the session when `answer` meets the challenge: it goes on under a new token.
    ///
    /// # Errors
    /// [`ConfirmError::CodeRefused`]; the last of the tries ends the challenge.
    pub async fn finish_confirmation(
        &self,
        access: &AccountAccess,
        id: ConfirmationId,
        answer: Secret<String>,
    ) -> Result<Begun, ConfirmError> {
        let (session, origin, tries) = (access.session.clone(), access.origin.clone(), self.rules().code_tries);
        let finish = move |tx: &mut Tx<'_>, scope: &AccountScope| -> Result<Option<Raised>, StoreError> {
            let Some((method, challenge)) = take_try(tx, scope, &session, id, tries)? else { return Ok(None) };
            let way = method.way();
            if challenge.met_by(&answer) == Comparison::Different {
                history::enter(tx, scope, &origin, way, Outcome::Refused)?;
                return Ok(None);
            }
            // Whoever deletes the row has used the challenge up: of several at once, one.
            if diesel::delete(confirmations::table.find(id)).execute(tx.conn())? != 1 {
                return Ok(None);
            }
            history::enter(tx, scope, &origin, way, Outcome::Accepted)?;
            sessions::raise(tx, &session, Assurance::Confirmed).map(Some)
        };
        let raised = self.kernel().write("accounts.finish_confirmation", &access.scope, finish).await;
        let (token, session) = raised.map_err(Failure::from)?.ok_or(ConfirmError::CodeRefused)?;
        let access = AccountAccess { session, scope: access.scope.clone(), origin: access.origin.clone() };
        Ok(Begun { token, access })
    }
}

/// A raised session and its new token.
type Raised = (SessionToken, Session);

/// Counts a try before it is looked at, so that many at once are counted one by one; `None` when there is none left.
fn take_try(
    tx: &mut Tx<'_>,
    scope: &AccountScope,
    session: &Session,
    id: ConfirmationId,
    tries: i64,
) -> Result<Option<(Method, Challenge)>, StoreError> {
    let now = tx.now();
    let live = confirmations::table
        .find(id)
        .filter(confirmations::session_id.eq(session.id))
        .filter(confirmations::tries.lt(tries))
        .filter(confirmations::expires_at.gt(now));
    let row_found: Option<(i16, Sealed<ConfirmationBody>)> = diesel::update(live)
        .set(confirmations::tries.eq(confirmations::tries + 1))
        .returning((confirmations::method, confirmations::body))
        .get_result(tx.conn())
        .optional()?;
    let Some((code, body)) = row_found else { return Ok(None) };
    let method = Method::ALL.into_iter().find(|method| method.code() == code).ok_or(StoreError::Unreadable)?;
    Ok(Some((method, scope.keys().open(row(id), &body)?)))
}

/// A challenge never changes but in its tries: its row has one version.
const fn row(id: ConfirmationId) -> RowRef {
    RowRef::new(id.as_bytes(), 1)
}
