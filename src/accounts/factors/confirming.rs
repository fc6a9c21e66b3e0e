//! Raising a session by one more proof.
//!
//! A challenge belongs to its session and its method, is used once, and ends by itself, by wrong tries, or with the
//! factor (K-8).

use diesel::{ExpressionMethods as _, OptionalExtension as _, QueryDsl as _, RunQueryDsl as _};

use crate::accounts::factors::rows::{self, Used};
use crate::accounts::factors::workings::{Desk, Factor, Here, Kept, Met};
use crate::accounts::factors::{Advice, Answer, Asks, Enrolment, Method, Occasion};
use crate::accounts::history::{self, Outcome};
pub(super) use crate::accounts::notices::tell;
use crate::accounts::notices::{self, Refusal, tell_of};
use crate::accounts::oidc::{Away, Leaving};
use crate::accounts::session::Begun;
use crate::accounts::throttles::{Counter, Throttled};
use crate::accounts::{Accounts, Failure, person};
use crate::kernel::access::factors::Standing;
use crate::kernel::access::sessions::{self, Session};
use crate::kernel::access::{AccountAccess, Proof};
use crate::kernel::clock::Time;
use crate::kernel::crypto::token::SessionToken;
use crate::kernel::crypto::{Place, RowRef, Sealed};
use crate::kernel::ids::ConfirmationId;
use crate::kernel::personal::Personal;
use crate::kernel::store::db::StoreFailure;
use crate::kernel::store::schema::confirmations;
use crate::kernel::store::{StoreError, Tx};
use crate::kernel::tenancy::{AccountScope, Origin};
use crate::messages::notice::Notice;

/// A way to confirm that is open to an account.
#[derive(Debug, Clone)]
pub struct Offered {
    /// Which.
    pub method: Method,
    /// What a session has shown that was confirmed by it: of a third party's sign-in, the most that a linked one has
    /// proved.
    pub proof: Proof,
    /// Whether it is advised.
    pub advice: Advice,
    /// Where its code goes, masked; nothing where none is sent.
    pub target: Option<Personal<String>>,
}

/// A challenge that waits for its answer.
#[derive(Debug, Clone)]
pub struct Confirmation {
    /// Its id.
    pub id: ConfirmationId,
    /// By what.
    pub method: Method,
    /// What it asks for.
    pub asks: Asks,
    /// When it ends by itself.
    pub expires_at: Time,
}

/// Why there is no challenge, or a session was not raised.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ConfirmError {
    /// The account has nothing of this method that could be used.
    #[error("the account has no such method")]
    NotEnrolled,
    /// The service was reached by a bare address, and this method works at its name alone.
    #[error("the method needs a name")]
    NeedsName,
    /// The answer is wrong, or the challenge is used up, over, or another session's.
    #[error("the code is refused")]
    CodeRefused,
    /// Nobody has decided on it yet.
    #[error("not yet approved")]
    NotYetApproved,
    /// The identity provider is away.
    #[error(transparent)]
    Away(#[from] Away),
    /// Something else was in the way.
    #[error(transparent)]
    Failed(#[from] Failure),
}

impl From<StoreError> for ConfirmError {
    fn from(error: StoreError) -> Self {
        Self::Failed(error.into())
    }
}

impl From<Throttled> for ConfirmError {
    fn from(throttled: Throttled) -> Self {
        Self::Failed(Failure::Throttled(throttled))
    }
}

impl StoreFailure for ConfirmError {
    fn as_store(&self) -> Option<StoreError> {
        if let Self::Failed(Failure::Store(error)) = self { Some(*error) } else { None }
    }
}

/// Where a challenge lies, under the account's key.
pub(super) struct ConfirmationBody;

impl Place for ConfirmationBody {
    const LABEL: &'static str = "confirmations.body";
    type Plain = Kept;
}

/// The methods that a session can be confirmed by where it is, each with what it proves, from least to most secure. A
/// third party's sign-in stands by the most that a linked one has proved, which may be less than what the method could.
#[must_use]
pub fn usable(access: &AccountAccess) -> Vec<(Method, Proof)> {
    let (session, site) = (&access.session, access.origin.site.as_ref());
    let proof = |method: Method| {
        let mine = |factor: &&crate::kernel::access::factors::Enrolled| {
            factor.method == method.code() && factor.standing == Standing::Usable
        };
        match method.facts().enrolment {
            Enrolment::Inherent => Some(method.facts().proof),
            Enrolment::AtHand(way) => session.at_hand().contains(&way).then(|| method.facts().proof),
            Enrolment::One | Enrolment::Several => session.factors.iter().filter(mine).map(|it| it.proof).max(),
        }
    };
    let here = |method: &Method| method.workings().here(site) == Here::Works;
    let all = Method::ALL.into_iter().filter(here);
    let mut usable: Vec<_> = all.filter_map(|method| Some((method, proof(method)?))).collect();
    usable.sort_by_key(|(method, proof)| (*proof, *method));
    usable
}

/// The method that is offered first: the most secure one for every day, of those offered.
#[must_use]
pub fn first(offered: &[Offered]) -> Option<Method> {
    let is_everyday = |offered: &&Offered| offered.method.facts().occasion == Occasion::Everyday;
    let most = |offered: &&Offered| (offered.proof, offered.method);
    let everyday = offered.iter().filter(is_everyday).max_by_key(most);
    everyday.or_else(|| offered.iter().max_by_key(most)).map(|offered| offered.method)
}

impl Accounts {
    /// The ways to confirm that are open to the session, from least to most secure.
    ///
    /// # Errors
    /// The store's.
    pub async fn offered_methods(&self, access: &AccountAccess) -> Result<Vec<Offered>, Failure> {
        let person = self.kernel().point(&access.scope, person::find).await?;
        let holdings = self.holdings(access).await?;
        let offered = |(method, proof): (Method, Proof)| -> Result<Offered, Failure> {
            let target = method.workings().target(&person)?;
            Ok(Offered { method, proof, advice: method.advice(holdings), target })
        };
        usable(access).into_iter().map(offered).collect()
    }

    /// Begins a confirmation of the session by `method`; one that it waited for before is over.
    ///
    /// # Errors
    /// [`ConfirmError::NotEnrolled`], [`ConfirmError::NeedsName`]; [`Failure::Throttled`] when the account asked for too many.
    pub async fn begin_confirmation(
        &self,
        access: &AccountAccess,
        method: Method,
    ) -> Result<Confirmation, ConfirmError> {
        self.begin_challenge(access, method, None).await
    }

    /// The same, for a method that sends people elsewhere.
    pub(in crate::accounts) async fn begin_challenge(
        &self,
        access: &AccountAccess,
        method: Method,
        leaving: Option<Leaving>,
    ) -> Result<Confirmation, ConfirmError> {
        let day = self.kernel().today().await.map_err(Failure::from)?;
        // Each method for itself: who asks for mails upon mails does not keep the owner from the app.
        let counted = [access.scope.account().as_bytes().as_slice(), method.name().as_bytes()].concat();
        let counter = Counter::new(&day, method.workings().limit(self.rules().codes), &counted);
        let (session, origin) = (access.session.clone(), access.origin.clone());
        if method.workings().here(origin.site.as_ref()) == Here::NeedsName {
            return Err(ConfirmError::NeedsName);
        }
        let lifetime = method.workings().lifetime(self.rules().code_lifetime);
        let begin = move |tx: &mut Tx<'_>, scope: &AccountScope| -> Result<Confirmation, ConfirmError> {
            let usable = match method.facts().enrolment {
                Enrolment::Inherent => true,
                Enrolment::AtHand(way) => session.at_hand().contains(&way),
                Enrolment::One | Enrolment::Several => !rows::hold(tx, scope, method)?.is_empty(),
            };
            if !usable {
                return Err(ConfirmError::NotEnrolled);
            }
            if let Some(throttled) = counter.hold(tx)? {
                return Err(throttled.into());
            }
            counter.count(tx)?;
            diesel::delete(confirmations::table.filter(confirmations::session_id.eq(session.id)))
                .execute(tx.conn())
                .map_err(StoreError::from)?;
            let person = person::find(tx, scope)?;
            let mut desk = Desk { tx, scope, person: &person, lifetime, origin: &origin, leaving: leaving.as_ref() };
            let begun = method.workings().begin(&mut desk)?;
            let now = tx.now();
            let (id, expires_at) = (ConfirmationId::new(now, tx.entropy()), now.plus(lifetime));
            let body = scope.keys().seal::<ConfirmationBody>(row(id), &begun.expected, tx.entropy());
            diesel::insert_into(confirmations::table)
                .values((
                    confirmations::id.eq(id),
                    confirmations::session_id.eq(session.id),
                    confirmations::account_id.eq(scope.account()),
                    confirmations::method.eq(method.code()),
                    confirmations::tries.eq(0),
                    confirmations::created_at.eq(now),
                    confirmations::expires_at.eq(expires_at),
                    confirmations::body.eq(body),
                ))
                .execute(tx.conn())
                .map_err(StoreError::from)?;
            Ok(Confirmation { id, method, asks: begun.asks, expires_at })
        };
        self.kernel().write("accounts.begin_confirmation", &access.scope, begin).await
    }

    /// The method of a challenge of this session, used up or not; nothing when it has none of this id.
    ///
    /// # Errors
    /// The store's.
    pub async fn challenged_by(&self, access: &AccountAccess, id: ConfirmationId) -> Result<Option<Method>, Failure> {
        let session = access.session.id;
        let find = move |tx: &mut Tx<'_>, _: &AccountScope| -> Result<Option<i16>, StoreError> {
            let its_own = confirmations::table.find(id).filter(confirmations::session_id.eq(session));
            Ok(its_own.select(confirmations::method).get_result(tx.conn()).optional()?)
        };
        Ok(self.kernel().point(&access.scope, find).await?.and_then(Method::from_code))
    }

    /// What a living challenge of this session asks for, where that can be said again.
    ///
    /// # Errors
    /// The store's.
    pub async fn asks_again(&self, access: &AccountAccess, id: ConfirmationId) -> Result<Option<Asks>, Failure> {
        let session = access.session.id;
        let find = move |tx: &mut Tx<'_>, scope: &AccountScope| -> Result<Option<Asks>, StoreError> {
            let now = tx.now();
            let living = confirmations::table
                .find(id)
                .filter(confirmations::session_id.eq(session))
                .filter(confirmations::expires_at.gt(now))
                .select((confirmations::method, confirmations::body));
            let found: Option<(i16, Sealed<ConfirmationBody>)> = living.get_result(tx.conn()).optional()?;
            let Some((code, body)) = found else { return Ok(None) };
            let Some(method) = Method::from_code(code) else { return Ok(None) };
            method.workings().asked(&scope.keys().open(row(id), &body)?)
        };
        Ok(self.kernel().point(&access.scope, find).await?)
    }

    /// Raises the session when `answer` meets the challenge: it goes on under a new token.
    ///
    /// # Errors
    /// [`ConfirmError::CodeRefused`]; the last of the tries ends the challenge, and the hundredth in a row the factor.
    /// [`ConfirmError::NotYetApproved`], which is no try.
    pub async fn finish_confirmation(
        &self,
        access: &AccountAccess,
        id: ConfirmationId,
        answer: Answer,
    ) -> Result<Begun, ConfirmError> {
        if matches!(answer, Answer::IsItApproved) {
            return self.finish_approved(access, id).await;
        }
        let (session, origin) = (access.session.clone(), access.origin.clone());
        let (tries, lifetime) = (self.rules().code_tries, self.rules().code_lifetime);
        let finish = move |tx: &mut Tx<'_>,
                           scope: &AccountScope|
              -> Result<Option<(SessionToken, Session, Spent)>, StoreError> {
            let Some((method, expected)) = take_try(tx, scope, &session, id, tries)? else { return Ok(None) };
            let way = method.facts().way;
            let person = person::find(tx, scope)?;
            let held = rows::hold(tx, scope, method)?;
            let factors: Vec<Factor> =
                held.iter().map(|row| Factor { id: row.id, kept: row.body.kept.clone() }).collect();
            let mut desk = Desk { tx, scope, person: &person, lifetime, origin: &origin, leaving: None };
            let Some(met) = method.workings().judge(&mut desk, &expected, &factors, &answer)? else {
                refused(tx, scope, method, &person, &origin, Refusal::Confirmation)?;
                return Ok(None);
            };
            // Whoever deletes the row has used the challenge up: of several at once, one.
            if diesel::delete(confirmations::table.find(id)).execute(tx.conn())? != 1 {
                return Ok(None);
            }
            let spent = settle(tx, scope, method, &person, &held, met)?;
            history::enter(tx, scope, &origin, way, Outcome::Accepted)?;
            let (token, session) = sessions::raise(tx, &session, method.code(), method.facts().proof)?;
            Ok(Some((token, session, spent)))
        };
        let raised = self.kernel().write("accounts.finish_confirmation", &access.scope, finish).await;
        let (token, session, spent) = raised.map_err(Failure::from)?.ok_or(ConfirmError::CodeRefused)?;
        if spent == Spent::Something {
            self.tell_used_up(access.scope.account()).await;
        }
        let access = AccountAccess { session, scope: access.scope.clone(), origin: access.origin.clone() };
        Ok(Begun { token, access })
    }
}

/// A raised session and its new token.
pub(super) type Raised = (SessionToken, Session);

/// Writes down that an answer was refused; the last of too many ends the factor, and its person hears of it.
pub(super) fn refused(
    tx: &mut Tx<'_>,
    scope: &AccountScope,
    method: Method,
    person: &person::Person,
    origin: &Origin,
    what: Refusal,
) -> Result<(), StoreError> {
    history::enter(tx, scope, origin, method.facts().way, Outcome::Refused)?;
    notices::refused(tx, scope, what, origin)?;
    if rows::count_failure(tx, scope, method)? > 0
        && let Some(means) = method.facts().means
    {
        tell_of(tx, scope, person, Notice::MethodEnded { means }, origin)?;
    }
    Ok(())
}

/// Whether an accepted answer has used something up, of which the keyring is told before it is acknowledged.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[must_use = "the keyring is told of what is used up"]
pub(in crate::accounts) enum Spent {
    Something,
    Nothing,
}

/// Keeps what an accepted answer leaves of its factor; what has nothing left is gone.
pub(super) fn settle(
    tx: &mut Tx<'_>,
    scope: &AccountScope,
    method: Method,
    person: &person::Person,
    held: &[rows::Row],
    met: Met,
) -> Result<Spent, StoreError> {
    let Some((id, kept)) = met.by else { return Ok(Spent::Nothing) };
    let used = held.iter().find(|row| row.id == id).ok_or(StoreError::Refused("a factor that was not held"))?;
    let left = method.workings().left(&kept)?;
    rows::forgive(tx, scope, method)?;
    if left == Some(0) {
        rows::remove(tx, scope, id)?;
    } else {
        rows::keep(tx, scope, used, kept, Used::Now)?;
    }
    if let Some(left) = left {
        let left = u32::try_from(left).unwrap_or(u32::MAX);
        tell(tx, scope, person, Notice::RecoveryCodeUsed { left })?;
        return Ok(Spent::Something);
    }
    Ok(Spent::Nothing)
}

/// Counts a try before it is looked at, so that many at once are counted one by one; `None` when there is none left.
fn take_try(
    tx: &mut Tx<'_>,
    scope: &AccountScope,
    session: &Session,
    id: ConfirmationId,
    tries: i64,
) -> Result<Option<(Method, Kept)>, StoreError> {
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
    let method = Method::from_code(code).ok_or(StoreError::Unreadable)?;
    Ok(Some((method, scope.keys().open(row(id), &body)?)))
}

/// A challenge never changes but in its tries: its row has one version.
pub(super) const fn row(id: ConfirmationId) -> RowRef {
    RowRef::new(id.as_bytes(), 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_most_secure_method_for_every_day_is_offered_first_and_recovery_codes_only_when_nothing_else_would_do() {
        //
        let of = |method: Method| {
            let (proof, advice) = (method.facts().proof, Advice::Advised);
            Offered { method, proof, advice, target: None }
        };
        for (methods, chosen) in [
            (&[Method::Email][..], Some(Method::Email)),
            (&[Method::Email, Method::RecoveryCodes], Some(Method::Email)),
            (&[Method::Email, Method::RecoveryCodes, Method::Totp], Some(Method::Totp)),
            (&[Method::Email, Method::Totp, Method::Passkey], Some(Method::Passkey)),
            (&[Method::RecoveryCodes], Some(Method::RecoveryCodes)),
            (&[], None),
        ] {
            let offered: Vec<Offered> = methods.iter().copied().map(of).collect();
            assert_eq!(first(&offered), chosen, "{methods:?}");
        }
        // A third party's sign-in that proves no more than a mailed code stands behind whatever is strong.
        let weak = Offered { proof: Proof::Confirmed, ..of(Method::Oidc) };
        assert_eq!(first(&[of(Method::Email), weak.clone()]), Some(Method::Oidc));
        assert_eq!(first(&[of(Method::Email), weak, of(Method::Totp)]), Some(Method::Totp));
        assert_eq!(first(&[of(Method::Totp), of(Method::Oidc)]), Some(Method::Oidc));
    }
}
