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
use crate::kernel::access::sessions::Phones;
use crate::kernel::access::{AccountAccess, member_scopes};
use crate::kernel::clock::Time;
use crate::kernel::crypto::token::{Code, RecoveryCode};
use crate::kernel::ids::IdentifierChangeId;
use crate::kernel::keyring::identifiers::Claim;
use crate::kernel::personal::{Personal, Secret};
use crate::kernel::store::db::StoreFailure;
use crate::kernel::store::{StoreError, Tx};
use crate::kernel::tenancy::{AccountScope, Origin};
use crate::kernel::values::{EmailAddress, Fault, Locale, PhoneNumber};
use crate::messages::notice::{self, Mail, Notice, Purpose, Says, Text, TextPurpose, UndoCode};
use crate::messages::outbox;
use crate::tenants::profile;

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
        let new = self.checked(access, &draft).await?;
        let identifier = new.identifier();
        let tag = self.tag_of(&identifier).map_err(Failure::from)?;
        let holder = self.kernel().keyring().holder_of_identifier(&tag).await.map_err(Failure::from)?;
        let is_anothers = holder.is_some_and(|(account, _)| account != access.scope.account());
        let taken = if is_anothers { Taken::Yes } else { Taken::No };
        let day = self.kernel().today().await.map_err(Failure::from)?;
        let of_account = [access.scope.account().as_bytes().as_slice(), b"identifier"].concat();
        let counters = [
            Counter::new(&day, self.rules().codes, &of_account),
            Counter::new(&day, self.rules().codes, identifier.normalised.reveal().as_bytes()),
        ];
        let lifetime = self.rules().code_lifetime;
        let begin = move |tx: &mut Tx<'_>, scope: &AccountScope| -> Result<Change, ChangeError> {
            let person = person::find(tx, scope)?;
            let same = new.kind().of(&person).map(|stored| new.kind().identifier(stored.reveal())).transpose()?;
            if same.is_some_and(|same| same.normalised.reveal() == identifier.normalised.reveal()) {
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
            let stored = new.to_stored();
            let beginning = Beginning {
                kind: new.kind(),
                new: stored.clone(),
                code: Secret::new(code.clone()),
                taken: u8::from(taken == Taken::Yes),
            };
            let id = rows::begin(tx, scope, beginning, expires_at)?;
            let code = notice::Code::new(Secret::new(code), lifetime);
            new.send(tx, scope, person.language, taken, code)?;
            Ok(Change { id, kind: new.kind(), new: stored, expires_at })
        };
        self.kernel().write("accounts.begin_change", &access.scope, begin).await
    }

    /// The new one, read by the country of the account's first tenant where a number does not name its own.
    async fn checked(&self, access: &AccountAccess, draft: &Draft) -> Result<New, ChangeError> {
        let kind = Kind::parse(&draft.kind);
        let kind =
            kind.ok_or_else(|| fault("/kind", "not_a_choice", "An identifier is of the kind email or phone."))?;
        if kind == Kind::Email {
            let address = EmailAddress::parse(draft.value.reveal());
            return Ok(New::Email(address.map_err(|wrong| fault("/value", "not_an_email", wrong.to_string()))?));
        }
        if self.rules().sessions.phones == Phones::NotReached {
            return Err(fault(
                "/kind",
                "not_a_choice",
                "No text messages can be sent here: a number cannot be verified.",
            ));
        }
        let mut country = None;
        if let Some((scope, _)) = member_scopes(self.kernel(), access).await.map_err(Failure::from)?.first() {
            country = Some(self.kernel().point(scope, profile::find).await.map_err(Failure::from)?.country);
        }
        let number = PhoneNumber::parse(draft.value.reveal(), country);
        Ok(New::Phone(number.map_err(|wrong| fault("/value", "not_a_phone", wrong.to_string()))?))
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
    match kind.of(before) {
        Some(old) => send_undo(tx, scope, kind, old, before.language, code.shown()),
        None => Ok(()),
    }
}

/// The code that takes a change back, to the old one alone.
pub(super) fn send_undo(
    tx: &mut Tx<'_>,
    scope: &AccountScope,
    kind: Kind,
    old: &Personal<String>,
    language: Locale,
    code: Secret<String>,
) -> Result<(), StoreError> {
    match kind {
        Kind::Email => {
            let to = EmailAddress::from_stored(old.reveal()).map_err(|_| StoreError::Unreadable)?;
            let notice = Notice::IdentifierUndo { code: UndoCode::new(code) };
            outbox::enqueue(tx, scope.keys(), &Mail { to, language, notice })?;
        }
        Kind::Phone => {
            let to = PhoneNumber::from_stored(old.reveal()).map_err(|_| StoreError::Unreadable)?;
            let code = notice::Code::new(code, UNDOABLE);
            let says = Says::Code { purpose: TextPurpose::Undo, code };
            outbox::enqueue_text(tx, scope.keys(), &Text { to, language, says })?;
        }
    }
    Ok(())
}

/// What somebody wants to sign in by.
enum New {
    Email(EmailAddress),
    Phone(PhoneNumber),
}

impl New {
    const fn kind(&self) -> Kind {
        match self {
            Self::Email(_) => Kind::Email,
            Self::Phone(_) => Kind::Phone,
        }
    }

    fn identifier(&self) -> Identifier {
        match self {
            Self::Email(address) => Identifier::email(address),
            Self::Phone(number) => Identifier::phone(number),
        }
    }

    fn to_stored(&self) -> Personal<String> {
        Personal::new(match self {
            Self::Email(address) => address.to_stored(),
            Self::Phone(number) => number.to_stored(),
        })
    }

    /// Sends the code to the new one; where that is somebody else's, they hear of it instead.
    fn send(
        &self,
        tx: &mut Tx<'_>,
        scope: &AccountScope,
        language: Locale,
        taken: Taken,
        code: notice::Code,
    ) -> Result<(), StoreError> {
        match self {
            Self::Email(to) => {
                let notice = match taken {
                    Taken::Yes => Notice::AddressWanted,
                    Taken::No => Notice::ConfirmationCode { code, purpose: Purpose::NewAddress },
                };
                outbox::enqueue(tx, scope.keys(), &Mail { to: to.clone(), language, notice })?;
            }
            Self::Phone(to) => {
                // The code fits nothing where the number is another account's, and nobody learns that from it.
                let says = Says::Code { purpose: TextPurpose::NewNumber, code };
                let text = Text { to: to.clone(), language, says };
                outbox::enqueue_text(tx, scope.keys(), &text)?;
            }
        }
        Ok(())
    }
}

/// Whether the new one is another account's.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Taken {
    Yes,
    No,
}

fn fault(pointer: &'static str, code: &'static str, detail: impl Into<std::borrow::Cow<'static, str>>) -> ChangeError {
    ChangeError::Invalid(vec![Fault::new(pointer, code, detail)])
}
