//! A change of what an account signs in by, taken back from the old one (P-6).
//!
//! A request is taken for every identifier alike, and kept as long as a code lives; only its code, which the old one was
//! sent when the change was made, does anything. Codes are 120 random bits: wrong ones are limited by the caller's
//! address alone, so that nobody stands in the way of whom it belongs to.

use diesel::{ExpressionMethods as _, OptionalExtension as _, QueryDsl as _, RunQueryDsl as _};
use serde::{Deserialize, Serialize};

use crate::accounts::factors::forget_mailed_codes;
use crate::accounts::identifiers::Kind;
use crate::accounts::identifiers::changing::send_undo;
use crate::accounts::identifiers::rows::{self, Done, First};
use crate::accounts::notices::tell_of;
use crate::accounts::person::{self, Phone};
use crate::accounts::signing_in::Identifier;
use crate::accounts::throttles::{Counter, Limit, Throttled, of_address};
use crate::accounts::{Accounts, Failure};
use crate::kernel::clock::Time;
use crate::kernel::crypto::token::RecoveryCode;
use crate::kernel::crypto::{Place, RowRef, Sealed};
use crate::kernel::ids::{AccountId, IdentifierUndoId};
use crate::kernel::keyring::identifiers::Hold;
use crate::kernel::personal::{Comparison, Personal, Secret, revealed};
use crate::kernel::store::schema::identifier_undos;
use crate::kernel::store::{StoreError, Tx};
use crate::kernel::tenancy::{AccountScope, DayScope, Origin, ServiceScope};
use crate::messages::notice::Notice;

/// A request to take a change back, for an identifier that has one or has none.
#[derive(Debug, Clone, Copy)]
pub struct Undo {
    /// Its id.
    pub id: IdentifierUndoId,
    /// When it is forgotten; another can be made.
    pub expires_at: Time,
}

/// What was taken back.
#[derive(Debug, Clone, Copy)]
pub struct Undone {
    /// What signs in again.
    pub kind: Kind,
}

/// Why nothing was taken back.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum UndoError {
    /// The code is not the one of a change of this identifier that can still be undone.
    #[error("the code is refused")]
    CodeRefused,
    /// Something else was in the way.
    #[error(transparent)]
    Failed(#[from] Failure),
}

/// What is kept of a request.
#[derive(Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Asked {
    kind: String,
    #[serde(with = "revealed")]
    normalised: Personal<String>,
    /// Whose it was, or a decoy's.
    account: AccountId,
}

/// Where a request lies, under the key of its day.
struct UndoBody;

impl Place for UndoBody {
    const LABEL: &'static str = "identifier_undos.body";
    type Plain = Asked;
}

/// How many wrong codes may come from one address.
const WRONG: &str = "undo-address";
/// How often the code is sent to the old one again.
const AGAIN: &str = "undo-again";

impl Accounts {
    /// Takes a request to undo a change of `identifier`: the same answer for every one. Where there is such a change, its
    /// code is sent to the old one once more, not too often.
    ///
    /// # Errors
    /// The store's.
    pub async fn begin_undo(&self, identifier: &Personal<String>) -> Result<Undo, Failure> {
        let kernel = self.kernel();
        let identifier = Identifier::typed(identifier.reveal());
        let holder = kernel.keyring().holder_of_identifier(&self.tag_of(&identifier)?).await?;
        let day = kernel.today().await?;
        let limit = Limit { policy: AGAIN, ..self.rules().codes };
        let counter = Counter::new(&day, limit, identifier.normalised.reveal().as_bytes());
        // Nobody's takes the path of a decoy.
        let decoy = || self.0.decoys.of(counter.tag()).ok_or(StoreError::Refused("there are no decoys"));
        let account = match holder {
            Some((account, Hold::Until(_))) => account,
            Some((_, Hold::SignsIn)) | None => decoy()?,
        };
        let scope = kernel.account_scope(account).await?;
        let lifetime = self.rules().code_lifetime;
        let asked = Asked { kind: identifier.kind.to_owned(), normalised: identifier.normalised.clone(), account };
        let begin = move |tx: &mut Tx<'_>, scope: &AccountScope| -> Result<Undo, StoreError> {
            let undo = insert(tx, &day, &asked, lifetime)?;
            let person = person::find(tx, scope)?;
            let of_it = rows::undoable(tx, scope)?.into_iter().rfind(|done| is_of(done, &asked));
            if counter.hold(tx)?.is_none() {
                counter.count(tx)?;
                if let Some(done) = of_it {
                    send_undo(tx, scope, done.kind, &done.old, person.language, done.code)?;
                }
            }
            Ok(undo)
        };
        Ok(kernel.write("accounts.begin_undo", &scope, begin).await?)
    }

    /// Takes the change back when `code` is the one that the old identifier was sent: it signs in again, what came after
    /// is forgotten, and every session ends.
    ///
    /// # Errors
    /// [`UndoError::CodeRefused`]; [`Failure::Throttled`] after too many from one address.
    pub async fn finish_undo(
        &self,
        id: IdentifierUndoId,
        code: &Secret<String>,
        origin: &Origin,
    ) -> Result<Undone, UndoError> {
        let kernel = self.kernel();
        let day = kernel.today().await.map_err(Failure::from)?;
        let limit = Limit { policy: WRONG, ..self.rules().by_address };
        let counter = Counter::new(&day, limit, &of_address(*origin.address.reveal()));
        let stands = kernel.point(&kernel.service(), move |tx, _| counter.look(tx)).await.map_err(Failure::from)?;
        if let Some(throttled) = stands {
            return Err(Failure::Throttled(throttled).into());
        }
        let undone = match (self.asked(id).await?, RecoveryCode::parse(code.reveal())) {
            (Some(asked), Some(code)) => self.undo(id, asked, code, origin.clone()).await?,
            _ => None,
        };
        if let Some((account, kind)) = undone {
            if self.reconcile(account).await.is_err() {
                tracing::warn!(%account, "the identifiers of a changed account are settled by the next sweep");
            }
            return Ok(Undone { kind });
        }
        let count = move |tx: &mut Tx<'_>, _: &ServiceScope| -> Result<Option<Throttled>, StoreError> {
            let throttled = counter.hold(tx)?;
            counter.count(tx)?;
            Ok(throttled)
        };
        match kernel.write("accounts.count_undo", &kernel.service(), count).await.map_err(Failure::from)? {
            Some(throttled) => Err(Failure::Throttled(throttled).into()),
            None => Err(UndoError::CodeRefused),
        }
    }

    /// What was asked, while it is kept and its day has a key.
    async fn asked(&self, id: IdentifierUndoId) -> Result<Option<Asked>, Failure> {
        let kernel = self.kernel();
        let read = move |tx: &mut Tx<'_>, _: &ServiceScope| -> Result<Option<(i64, Sealed<UndoBody>)>, StoreError> {
            let now = tx.now();
            Ok(identifier_undos::table
                .find(id)
                .filter(identifier_undos::expires_at.gt(now))
                .select((identifier_undos::day, identifier_undos::body))
                .get_result(tx.conn())
                .optional()?)
        };
        let Some((day, body)) = kernel.point(&kernel.service(), read).await? else { return Ok(None) };
        let Some(scope) = self.scope_of_day(day).await? else { return Ok(None) };
        Ok(Some(scope.keys().open(row(id), &body).map_err(StoreError::from)?))
    }

    async fn undo(
        &self,
        id: IdentifierUndoId,
        asked: Asked,
        code: RecoveryCode,
        origin: Origin,
    ) -> Result<Option<(AccountId, Kind)>, Failure> {
        let Some(scope) = self.scope_of(asked.account).await? else { return Ok(None) };
        let undo = move |tx: &mut Tx<'_>, scope: &AccountScope| -> Result<Option<Kind>, StoreError> {
            let fits = |done: &Done| {
                let known = RecoveryCode::parse(done.code.reveal()).map(|known| known.shown());
                is_of(done, &asked)
                    && known.is_some_and(|known| known.same_as(code.shown().reveal().as_bytes()) == Comparison::Same)
            };
            let Some(done) = rows::undoable(tx, scope)?.into_iter().find(fits) else { return Ok(None) };
            if rows::undo(tx, scope, &done)? == First::No {
                return Ok(None);
            }
            diesel::delete(identifier_undos::table.find(id)).execute(tx.conn())?;
            restore(tx, scope, &done, &origin)?;
            Ok(Some(done.kind))
        };
        let account = scope.account();
        let undone = self.kernel().write("accounts.undo_change", &scope, undo).await?;
        Ok(undone.map(|kind| (account, kind)))
    }
}

/// The old one signs in again, and nobody is signed in: whoever made the change least of all.
fn restore(tx: &mut Tx<'_>, scope: &AccountScope, done: &Done, origin: &Origin) -> Result<(), StoreError> {
    let now = tx.now();
    let (_, person) = person::change(tx, scope, |person| match done.kind {
        Kind::Email => person.email = done.old.clone(),
        Kind::Phone => person.phone = Some(Phone::verified(done.old.clone(), now)),
    })?;
    forget_mailed_codes(tx, scope)?;
    crate::kernel::access::sessions::end_all(tx, scope.account())?;
    tell_of(tx, scope, &person, Notice::IdentifierRestored, origin)
}

fn is_of(done: &Done, asked: &Asked) -> bool {
    done.kind
        .identifier(done.old.reveal())
        .is_ok_and(|old| old.kind == asked.kind && old.normalised.reveal() == asked.normalised.reveal())
}

fn insert(tx: &mut Tx<'_>, day: &DayScope, asked: &Asked, lifetime: std::time::Duration) -> Result<Undo, StoreError> {
    let now = tx.now();
    let (id, expires_at) = (IdentifierUndoId::new(now, tx.entropy()), now.plus(lifetime));
    let body = day.keys().seal::<UndoBody>(row(id), asked, tx.entropy());
    diesel::insert_into(identifier_undos::table)
        .values((
            identifier_undos::id.eq(id),
            identifier_undos::day.eq(i64::from(day.day())),
            identifier_undos::expires_at.eq(expires_at),
            identifier_undos::body.eq(body),
        ))
        .execute(tx.conn())?;
    Ok(Undo { id, expires_at })
}

/// A request never changes: its row has one version.
const fn row(id: IdentifierUndoId) -> RowRef {
    RowRef::new(id.as_bytes(), 1)
}
