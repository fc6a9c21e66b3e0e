//! A change of what an account signs in by: begun with a code to the new one, finished with it; and a phone removed.

use crate::accounts::factors::forget_mailed_codes;
use crate::accounts::identifiers::rows::{self, Beginning, First, Fits};
use crate::accounts::identifiers::{Kind, is_verified};
use crate::accounts::notices::tell_of;
use crate::accounts::person::{self, Person};
use crate::accounts::prompts::{self, Prompt};
use crate::accounts::signing_in::Identifier;
use crate::accounts::throttles::{Counter, Throttled};
use crate::accounts::{Accounts, Failure};
use crate::kernel::access::AccountAccess;
use crate::kernel::clock::Time;
use crate::kernel::crypto::token::{Code, RecoveryCode};
use crate::kernel::ids::IdentifierChangeId;
use crate::kernel::keyring::identifiers::Claim;
use crate::kernel::personal::{Personal, Secret};
use crate::kernel::store::db::StoreFailure;
use crate::kernel::store::{StoreError, Tx};
use crate::kernel::tenancy::{AccountScope, Origin};
use crate::kernel::values::{EmailAddress, Fault};
use crate::messages::notice::{self, Mail, Notice, Purpose, UndoCode};
use crate::messages::outbox;

/// For how long a change can be undone from the old (P-6).
pub(super) const UNDOABLE: std::time::Duration = std::time::Duration::from_hours(7 * 24);

/// What somebody wants to sign in by from now on, as it came.
#[derive(Debug, Clone)]
pub struct Draft {
    /// `email` or `phone`.
    pub kind: String,
    /// The new one.
    pub value: Personal<String>,
}

/// A change that waits for the code that went to the new one.
#[derive(Debug, Clone)]
pub struct Change {
    /// Its id.
    pub id: IdentifierChangeId,
    /// Of what.
    pub kind: Kind,
    /// To what.
    pub new: Personal<String>,
    /// When its code dies.
    pub expires_at: Time,
}

/// Why nothing was changed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ChangeError {
    /// Fields are wrong.
    #[error("fields are wrong")]
    Invalid(Vec<Fault>),
    /// There is no such change, or nothing to remove.
    #[error("there is no such change")]
    Unknown,
    /// The code is wrong, used or dead, or what it was sent to is another account's.
    #[error("the code is refused")]
    CodeRefused,
    /// Something else was in the way.
    #[error(transparent)]
    Failed(#[from] Failure),
}

impl From<StoreError> for ChangeError {
    fn from(error: StoreError) -> Self {
        Self::Failed(error.into())
    }
}

impl From<Throttled> for ChangeError {
    fn from(throttled: Throttled) -> Self {
        Self::Failed(Failure::Throttled(throttled))
    }
}

impl StoreFailure for ChangeError {
    fn as_store(&self) -> Option<StoreError> {
        if let Self::Failed(Failure::Store(error)) = self { Some(*error) } else { None }
    }
}

impl Accounts {
    /// Begins a change: a code goes to the new one. The answer is the same for one that is another account's, whose owner
    /// hears of it, and no code fits.
    ///
    /// # Errors
    /// [`ChangeError::Invalid`]; [`Failure::Throttled`] after too many codes for this account, or for this address.
    pub async fn begin_change(&self, access: &AccountAccess, draft: Draft) -> Result<Change, ChangeError> {
        let new = checked(&draft)?;
        let identifier = Identifier::email(&new);
        let tag = self.tag_of(&identifier).map_err(Failure::from)?;
        let holder = self.kernel().keyring().holder_of_identifier(&tag).await.map_err(Failure::from)?;
        let taken = holder.is_some_and(|(account, _)| account != access.scope.account());
        let day = self.kernel().today().await.map_err(Failure::from)?;
        let of_account = [access.scope.account().as_bytes().as_slice(), b"identifier"].concat();
        let counters = [
            Counter::new(&day, self.rules().codes, &of_account),
            Counter::new(&day, self.rules().codes, identifier.normalised.reveal().as_bytes()),
        ];
        let lifetime = self.rules().code_lifetime;
        let begin = move |tx: &mut Tx<'_>, scope: &AccountScope| -> Result<Change, ChangeError> {
            let person = person::find(tx, scope)?;
            if person.address()?.normalised().reveal() == identifier.normalised.reveal() {
                return Err(fault("/value", "unchanged", "This is what the account has already."));
            }
            for counter in &counters {
                if let Some(throttled) = counter.hold(tx)? {
                    return Err(throttled.into());
                }
            }
            for counter in &counters {
                counter.count(tx)?;
            }
            let code = Code::random(tx.entropy()).reveal().to_owned();
            let expires_at = tx.now().plus(lifetime);
            let stored = Personal::new(new.to_stored());
            let beginning = Beginning {
                kind: Kind::Email,
                new: stored.clone(),
                code: Secret::new(code.clone()),
                taken: u8::from(taken),
            };
            let id = rows::begin(tx, scope, beginning, expires_at)?;
            let code = notice::Code::new(Secret::new(code), lifetime);
            let notice = if taken {
                Notice::AddressWanted
            } else {
                Notice::ConfirmationCode { code, purpose: Purpose::NewAddress }
            };
            outbox::enqueue(tx, scope.keys(), &Mail { to: new.clone(), language: person.language, notice })?;
            Ok(Change { id, kind: Kind::Email, new: stored, expires_at })
        };
        self.kernel().write("accounts.begin_change", &access.scope, begin).await
    }

    /// The changes that wait for their code.
    ///
    /// # Errors
    /// The store's.
    pub async fn changes(&self, access: &AccountAccess) -> Result<Vec<Change>, Failure> {
        let waiting = self.kernel().read(&access.scope, rows::all_waiting).await?;
        let change =
            |row: rows::Waiting| Change { id: row.id, kind: row.kind, new: row.new, expires_at: row.expires_at };
        Ok(waiting.into_iter().map(change).collect())
    }

    /// Finishes a change: from now on the new one signs in, and the old one holds what undoes it.
    ///
    /// # Errors
    /// [`ChangeError::Unknown`]; [`ChangeError::CodeRefused`], the last of the tries ends it.
    pub async fn finish_change(
        &self,
        access: &AccountAccess,
        id: IdentifierChangeId,
        code: Secret<String>,
    ) -> Result<Change, ChangeError> {
        let change = self.try_change(access, id, code).await?;
        let identifier = change.kind.identifier(change.new.reveal()).map_err(Failure::from)?;
        let tag = self.tag_of(&identifier).map_err(Failure::from)?;
        let (keyring, account) = (self.kernel().keyring(), access.scope.account());
        if keyring.claim_identifier(&tag, account).await.map_err(Failure::from)? == Claim::Taken {
            return Err(ChangeError::CodeRefused);
        }
        let (kind, new) = (change.kind, change.new.clone());
        let origin = access.origin.clone();
        let switched = move |tx: &mut Tx<'_>, scope: &AccountScope| switch(tx, scope, &change, &origin);
        let switched = self.kernel().write("accounts.finish_change", &access.scope, switched).await;
        // Where it is not known whether the transaction was committed, what the row says now decides.
        if self.reconcile(account).await.is_err() {
            tracing::warn!(%account, "the identifiers of a changed account are settled by the next sweep");
        }
        match switched.map_err(Failure::from)? {
            First::Yes => Ok(Change { id, kind, new, expires_at: self.kernel().now().plus(UNDOABLE) }),
            First::No => {
                if keyring.release_identifier(account, &tag).await.is_err() {
                    tracing::warn!(%account, "a claim that came to nothing lapses by itself");
                }
                Err(ChangeError::CodeRefused)
            }
        }
    }

    /// Tries the code. Each try is counted before it is looked at; a right one is given back, since what follows may
    /// still fail for reasons that are ours.
    async fn try_change(
        &self,
        access: &AccountAccess,
        id: IdentifierChangeId,
        code: Secret<String>,
    ) -> Result<rows::Waiting, ChangeError> {
        let tries = self.rules().code_tries;
        let attempt = move |tx: &mut Tx<'_>, scope: &AccountScope| -> Result<Option<rows::Waiting>, ChangeError> {
            rows::exists(tx, scope, id)?.ok_or(ChangeError::Unknown)?;
            let Some(waiting) = rows::take_try(tx, scope, id, tries)? else { return Ok(None) };
            if waiting.fits(&code) == Fits::No {
                return Ok(None);
            }
            rows::give_back(tx, scope, id)?;
            Ok(Some(waiting))
        };
        let tried = self.kernel().write("accounts.try_change", &access.scope, attempt).await?;
        tried.ok_or(ChangeError::CodeRefused)
    }

    /// Removes the phone number: it signs in no more, and gets no code. A verified one can be brought back from itself.
    ///
    /// # Errors
    /// [`ChangeError::Unknown`]: there is none.
    pub async fn remove_phone(&self, access: &AccountAccess) -> Result<(), ChangeError> {
        let origin = access.origin.clone();
        let remove = move |tx: &mut Tx<'_>, scope: &AccountScope| -> Result<(), ChangeError> {
            let (before, after) = person::change(tx, scope, |person| person.phone = None)?;
            let phone = before.phone.clone().ok_or(ChangeError::Unknown)?;
            rows::forget_waiting(tx, scope, Kind::Phone)?;
            if is_verified(&phone) {
                let code = RecoveryCode::random(tx.entropy());
                let until = tx.now().plus(UNDOABLE);
                rows::removed(tx, scope, Kind::Phone, phone.number.clone(), code.shown(), until)?;
                tell_of_change(tx, scope, (&before, &after), Kind::Phone, &code, &origin)?;
            }
            Ok(())
        };
        self.kernel().write("accounts.remove_phone", &access.scope, remove).await?;
        if self.reconcile(access.scope.account()).await.is_err() {
            tracing::warn!(account = %access.scope.account(), "a removed phone number is released by the next sweep");
        }
        Ok(())
    }
}

/// The new one in place of the old, and everybody told: of several at once, one.
fn switch(tx: &mut Tx<'_>, scope: &AccountScope, change: &rows::Waiting, origin: &Origin) -> Result<First, StoreError> {
    let old = change.kind.of(&person::find(tx, scope)?).cloned();
    let code = RecoveryCode::random(tx.entropy());
    let until = tx.now().plus(UNDOABLE);
    if rows::done(tx, scope, change, old.clone().map(|old| (old, code.shown())), until)? == First::No {
        return Ok(First::No);
    }
    let now = tx.now();
    let (before, after) = person::change(tx, scope, |person| match change.kind {
        Kind::Email => person.email = change.new.clone(),
        Kind::Phone => person.phone = Some(person::Phone::verified(change.new.clone(), now)),
    })?;
    if change.kind.of(&before) != old.as_ref() {
        return Err(StoreError::Again);
    }
    forget_mailed_codes(tx, scope)?;
    prompts::answered(tx, scope, Prompt::ConfirmContacts)?;
    tell_of_change(tx, scope, (&before, &after), change.kind, &code, origin)?;
    Ok(First::Yes)
}

/// Tells the person by what they have now, and by what they had before: there with the code that takes it back.
fn tell_of_change(
    tx: &mut Tx<'_>,
    scope: &AccountScope,
    (before, after): (&Person, &Person),
    kind: Kind,
    code: &RecoveryCode,
    origin: &Origin,
) -> Result<(), StoreError> {
    tell_of(tx, scope, after, Notice::IdentifierChanged, origin)?;
    if kind == Kind::Email {
        let notice = Notice::IdentifierUndo { code: UndoCode::new(code.shown()) };
        outbox::enqueue(tx, scope.keys(), &Mail { to: before.address()?, language: before.language, notice })?;
    }
    Ok(())
}

fn checked(draft: &Draft) -> Result<EmailAddress, ChangeError> {
    match Kind::parse(&draft.kind) {
        Some(Kind::Email) => EmailAddress::parse(draft.value.reveal())
            .map_err(|wrong| fault("/value", "not_an_email", wrong.to_string())),
        Some(Kind::Phone) | None => Err(fault("/kind", "not_a_choice", "An identifier is of the kind email.")),
    }
}

fn fault(pointer: &'static str, code: &'static str, detail: impl Into<std::borrow::Cow<'static, str>>) -> ChangeError {
    ChangeError::Invalid(vec![Fault::new(pointer, code, detail)])
}
