//! Sign-ins that wait for another session of the account to approve them (S-3): seen, decided on, taken.
//!
//! A request is a challenge of the method `device`. Deciding and taking each hold its row, so that of several at once
//! one counts; a refused one is gone, an approved one names who approved it until it is taken, once. Whoever approved
//! must still be signed in by then.

use diesel::{ExpressionMethods as _, OptionalExtension as _, QueryDsl as _, RunQueryDsl as _};

use crate::accounts::factors::confirming::{ConfirmError, ConfirmationBody, row, tell};
use crate::accounts::factors::device::{Asked, NUMBER};
use crate::accounts::history::{self, Outcome, Way};
use crate::accounts::session::Begun;
use crate::accounts::{Accounts, Failure, person};
use crate::kernel::access::sessions::{self, Shown};
use crate::kernel::access::{AccountAccess, Assurance, Session};
use crate::kernel::clock::Time;
use crate::kernel::crypto::Sealed;
use crate::kernel::ids::{AccountId, ConfirmationId, SessionId};
use crate::kernel::personal::{Comparison, Personal, Secret};
use crate::kernel::store::db::StoreFailure;
use crate::kernel::store::schema::{accounts, confirmations};
use crate::kernel::store::{StoreError, Tx};
use crate::kernel::tenancy::{AccountScope, Origin};
use crate::messages::notice::{Decided, Notice};

/// A sign-in that waits to be approved, as the other session sees it.
#[derive(Debug, Clone)]
pub struct Request {
    /// Its id: the challenge's.
    pub id: ConfirmationId,
    /// When it was asked for.
    pub at: Time,
    /// From which address.
    pub ip: Personal<std::net::IpAddr>,
    /// On what, in words.
    pub device: Personal<String>,
    /// The codes to pick from, in random order.
    pub choices: Vec<String>,
    /// When it ends by itself.
    pub expires_at: Time,
}

/// What a session decides on another one's request.
#[derive(Debug, Clone)]
pub enum Decision {
    /// It is the same person, who has read this code there.
    Approve(Secret<String>),
    /// It may not sign in.
    Refuse,
    /// The same, and it was somebody else.
    Report,
}

/// Why a decision did not count.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum DecideError {
    /// No such request waits for this session.
    #[error("no such request")]
    Unknown,
    /// It is not the code that the other screen shows; the request is over.
    #[error("the wrong code")]
    WrongCode,
    /// Something else was in the way.
    #[error(transparent)]
    Failed(#[from] Failure),
}

impl From<StoreError> for DecideError {
    fn from(error: StoreError) -> Self {
        Self::Failed(error.into())
    }
}

impl StoreFailure for DecideError {
    fn as_store(&self) -> Option<StoreError> {
        if let Self::Failed(Failure::Store(error)) = self { Some(*error) } else { None }
    }
}

/// What the waiting screen shows.
#[derive(Debug, Clone)]
pub struct Waiting {
    /// The code to pick on the other device.
    pub code: Secret<String>,
    /// When it ends by itself.
    pub expires_at: Time,
    /// Whether it still waits.
    pub standing: Standing,
}

/// How a sign-in stands that waits for another session.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standing {
    /// Nobody has decided on it.
    Waiting,
    /// It was approved, and not taken yet.
    Approved,
}

/// Whether anything waits to be approved.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Asking {
    /// Something does.
    Somebody,
    /// Nothing does.
    Nobody,
}

/// Whether other sessions may approve an account's sign-ins.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Approvals {
    /// They may.
    Allowed,
    /// The account has switched it off.
    Off,
}

impl Accounts {
    /// The sign-ins that wait for this session to approve them, oldest first.
    ///
    /// # Errors
    /// The store's.
    pub async fn approvals(&self, access: &AccountAccess) -> Result<Vec<Request>, Failure> {
        let session = access.session.id;
        let read = move |tx: &mut Tx<'_>, scope: &AccountScope| -> Result<Vec<Request>, StoreError> {
            let now = tx.now();
            let rows: Vec<(ConfirmationId, Time, Time, Sealed<ConfirmationBody>)> =
                waiting(scope.account(), session, now)
                    .order(confirmations::id)
                    .select((
                        confirmations::id,
                        confirmations::created_at,
                        confirmations::expires_at,
                        confirmations::body,
                    ))
                    .load(tx.conn())?;
            let open = |(id, at, expires_at, body): (ConfirmationId, Time, Time, Sealed<ConfirmationBody>)| {
                let Asked { ip, device, choices, .. } = scope.keys().open(row(id), &body)?.open()?;
                Ok(Request { id, at, ip, device, choices, expires_at })
            };
            rows.into_iter().map(open).collect()
        };
        Ok(self.kernel().read(&access.scope, read).await?)
    }

    /// Whether anything waits for `session` to approve it: nothing does for one that may not.
    ///
    /// # Errors
    /// The store's.
    pub async fn is_asked(&self, session: &Session) -> Result<Asking, Failure> {
        if session.assurance < Assurance::Confirmed {
            return Ok(Asking::Nobody);
        }
        let scope = self.kernel().account_scope(session.account).await?;
        let id = session.id;
        let find = move |tx: &mut Tx<'_>, scope: &AccountScope| -> Result<Option<ConfirmationId>, StoreError> {
            let now = tx.now();
            let one = waiting(scope.account(), id, now).select(confirmations::id).limit(1);
            Ok(one.get_result(tx.conn()).optional()?)
        };
        let found = self.kernel().point(&scope, find).await?;
        Ok(if found.is_some() { Asking::Somebody } else { Asking::Nobody })
    }

    /// Decides on a sign-in that waits.
    ///
    /// # Errors
    /// [`DecideError::Unknown`]: none of this id waits, or it is this session's own; [`DecideError::WrongCode`].
    pub async fn decide(
        &self,
        access: &AccountAccess,
        id: ConfirmationId,
        decision: Decision,
    ) -> Result<(), DecideError> {
        let me = access.session.id;
        let decide = move |tx: &mut Tx<'_>, scope: &AccountScope| -> Result<Decided, DecideError> {
            let now = tx.now();
            // Held: of two decisions at once, the second finds nothing that waits.
            let body: Option<Sealed<ConfirmationBody>> =
                diesel::update(waiting(scope.account(), me, now).filter(confirmations::id.eq(id)))
                    .set(confirmations::tries.eq(confirmations::tries + 1))
                    .returning(confirmations::body)
                    .get_result(tx.conn())
                    .optional()
                    .map_err(StoreError::from)?;
            let asked: Asked =
                scope.keys().open(row(id), &body.ok_or(DecideError::Unknown)?).map_err(StoreError::from)?.open()?;
            let decided = match &decision {
                Decision::Approve(picked) if asked.code.same_as(picked.reveal().as_bytes()) == Comparison::Same => {
                    diesel::update(confirmations::table.find(id))
                        .set(confirmations::approver_id.eq(me))
                        .execute(tx.conn())
                        .map_err(StoreError::from)?;
                    return Ok(Decided::Approved);
                }
                Decision::Approve(_) => Decided::WrongCode,
                Decision::Refuse => Decided::Refused,
                Decision::Report => Decided::Reported,
            };
            diesel::delete(confirmations::table.find(id)).execute(tx.conn()).map_err(StoreError::from)?;
            let origin = Origin { address: asked.ip, device: asked.device, site: None };
            history::enter(tx, scope, &origin, Way::Device, Outcome::Refused)?;
            let person = person::find(tx, scope)?;
            tell(tx, scope, &person, Notice::SignInDecided { decided })?;
            Ok(decided)
        };
        match self.kernel().write("accounts.decide_approval", &access.scope, decide).await? {
            Decided::WrongCode => Err(DecideError::WrongCode),
            Decided::Approved | Decided::Refused | Decided::Reported => Ok(()),
        }
    }

    /// What this session's waiting screen shows; nothing when it waits for no approval, or not any more.
    ///
    /// # Errors
    /// The store's.
    pub async fn waits_for_approval(
        &self,
        access: &AccountAccess,
        id: ConfirmationId,
    ) -> Result<Option<Waiting>, Failure> {
        let session = access.session.id;
        let find = move |tx: &mut Tx<'_>, scope: &AccountScope| -> Result<Option<Waiting>, StoreError> {
            let now = tx.now();
            let row_found: Option<(Time, Option<SessionId>, Sealed<ConfirmationBody>)> = own(session, id, now)
                .select((confirmations::expires_at, confirmations::approver_id, confirmations::body))
                .get_result(tx.conn())
                .optional()?;
            let Some((expires_at, approved_by, body)) = row_found else { return Ok(None) };
            let Asked { code, .. } = scope.keys().open(row(id), &body)?.open()?;
            let standing = if approved_by.is_some() { Standing::Approved } else { Standing::Waiting };
            Ok(Some(Waiting { code, expires_at, standing }))
        };
        Ok(self.kernel().point(&access.scope, find).await?)
    }

    /// Raises the session that waits, once another has approved it: to what that one has shown.
    pub(super) async fn finish_approved(
        &self,
        access: &AccountAccess,
        id: ConfirmationId,
    ) -> Result<Begun, ConfirmError> {
        let (session, origin) = (access.session.clone(), access.origin.clone());
        let rules = self.rules().sessions;
        let finish = move |tx: &mut Tx<'_>, scope: &AccountScope| -> Result<Taken, StoreError> {
            let now = tx.now();
            let approved_by: Option<Option<SessionId>> = diesel::update(own(session.id, id, now))
                .set(confirmations::tries.eq(confirmations::tries))
                .returning(confirmations::approver_id)
                .get_result(tx.conn())
                .optional()?;
            let Some(approved_by) = approved_by else { return Ok(Taken::Over) };
            let Some(approver) = approved_by else { return Ok(Taken::NotYet) };
            // Whoever deletes the row has used the approval up: of several at once, one.
            if diesel::delete(confirmations::table.find(id)).execute(tx.conn())? != 1 {
                return Ok(Taken::Over);
            }
            let shown: Option<Shown> = sessions::shown_by(tx, scope, approver, &rules)?;
            let Some(shown) = shown else {
                history::enter(tx, scope, &origin, Way::Device, Outcome::Refused)?;
                return Ok(Taken::Over);
            };
            history::enter(tx, scope, &origin, Way::Device, Outcome::Accepted)?;
            let person = person::find(tx, scope)?;
            tell(tx, scope, &person, Notice::SignInDecided { decided: Decided::Approved })?;
            let (token, session) = sessions::raise_to(tx, &session, &shown, NUMBER)?;
            Ok(Taken::Raised(Box::new(Begun {
                token,
                access: AccountAccess { session, scope: scope.clone(), origin: origin.clone() },
            })))
        };
        let taken = self.kernel().write("accounts.finish_approved", &access.scope, finish).await;
        match taken.map_err(Failure::from)? {
            Taken::Raised(begun) => Ok(*begun),
            Taken::NotYet => Err(ConfirmError::NotYetApproved),
            Taken::Over => Err(ConfirmError::CodeRefused),
        }
    }

    /// Whether other sessions may approve the account's sign-ins.
    ///
    /// # Errors
    /// The store's.
    pub async fn approvals_setting(&self, access: &AccountAccess) -> Result<Approvals, Failure> {
        let read = |tx: &mut Tx<'_>, scope: &AccountScope| -> Result<bool, StoreError> {
            Ok(accounts::table.find(scope.account()).select(accounts::approvals).get_result(tx.conn())?)
        };
        let allowed = self.kernel().point(&access.scope, read).await?;
        Ok(if allowed { Approvals::Allowed } else { Approvals::Off })
    }

    /// Lets other sessions approve the account's sign-ins, or no longer: then what waits is over.
    ///
    /// # Errors
    /// The store's.
    pub async fn set_approvals(&self, access: &AccountAccess, approvals: Approvals) -> Result<(), Failure> {
        let set = move |tx: &mut Tx<'_>, scope: &AccountScope| -> Result<(), StoreError> {
            let allowed = approvals == Approvals::Allowed;
            diesel::update(accounts::table.find(scope.account()).filter(accounts::approvals.ne(allowed)))
                .set(accounts::approvals.eq(allowed))
                .execute(tx.conn())?;
            if approvals == Approvals::Off {
                let of_account = confirmations::table
                    .filter(confirmations::account_id.eq(scope.account()))
                    .filter(confirmations::method.eq(NUMBER));
                diesel::delete(of_account).execute(tx.conn())?;
            }
            Ok(())
        };
        Ok(self.kernel().write("accounts.set_approvals", &access.scope, set).await?)
    }
}

/// What waits for another session of the account than `session`.
#[diesel::dsl::auto_type(no_type_alias)]
fn waiting(account: AccountId, session: SessionId, now: Time) -> _ {
    let method: i16 = NUMBER;
    confirmations::table
        .filter(confirmations::account_id.eq(account))
        .filter(confirmations::method.eq(method))
        .filter(confirmations::session_id.ne(session))
        .filter(confirmations::approver_id.is_null())
        .filter(confirmations::expires_at.gt(now))
}

/// What `session` waits for itself, approved or not.
#[diesel::dsl::auto_type(no_type_alias)]
fn own(session: SessionId, id: ConfirmationId, now: Time) -> _ {
    let method: i16 = NUMBER;
    confirmations::table
        .filter(confirmations::id.eq(id))
        .filter(confirmations::method.eq(method))
        .filter(confirmations::session_id.eq(session))
        .filter(confirmations::expires_at.gt(now))
}

/// What came of asking whether it is approved.
enum Taken {
    Raised(Box<Begun>),
    NotYet,
    Over,
}
