//! Signing in by a passkey alone (S-1): no password, and no account named before the device names it.
//!
//! The question belongs to nobody: it lies under the key of its day, and is gone with its first answer, right or wrong.
//! Which account an answer is of says the keyring, where no restore brings back a passkey that was removed. An unknown
//! key, a wrong signature and an account that may not act are one refusal.

use diesel::{ExpressionMethods as _, OptionalExtension as _, QueryDsl as _, RunQueryDsl as _};
use serde_json::Value;

use crate::accounts::factors::confirming::{refused, settle};
use crate::accounts::factors::oidc::identity_of;
use crate::accounts::factors::passkey::Question;
use crate::accounts::factors::workings::{Desk, Factor, Kept};
use crate::accounts::factors::{Answer, Method, rows};
use crate::accounts::history::{self, Outcome};
use crate::accounts::notices::{self, Refusal};
use crate::accounts::oidc::Identity;
use crate::accounts::person::{self, Standing};
use crate::accounts::session::Begun;
use crate::accounts::signing_in::SignInError;
use crate::accounts::throttles::{Counter, Throttled, of_address};
use crate::accounts::{Accounts, Failure, places};
use crate::kernel::access::AccountAccess;
use crate::kernel::access::addresses;
use crate::kernel::access::sessions::{self, Begins, Computer, Session};
use crate::kernel::clock::Time;
use crate::kernel::crypto::passkey::{self, Ceremony};
use crate::kernel::crypto::token::SessionToken;
use crate::kernel::crypto::{Place, RowRef, Sealed};
use crate::kernel::ids::{AccountId, PasskeySignInId};
use crate::kernel::keyring::identifiers::IdentifierTag;
use crate::kernel::keyring::{Keyring, KeyringError};
use crate::kernel::personal::Personal;
use crate::kernel::store::db::StoreFailure;
use crate::kernel::store::schema::passkey_sign_ins;
use crate::kernel::store::{StoreError, Tx};
use crate::kernel::tenancy::{AccountScope, DayScope, Origin, ServiceScope};
use crate::messages::notice::Notice;

/// A question that waits for whichever passkey a device holds.
#[derive(Debug, Clone)]
pub struct Asked {
    /// Its id.
    pub id: PasskeySignInId,
    /// What a browser is told (`PublicKeyCredentialRequestOptionsJSON`).
    pub public_key: Value,
    /// When it ends by itself.
    pub expires_at: Time,
}

/// Why nothing is asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum AskError {
    /// The service was reached by a bare address, and passkeys are bound to a name.
    #[error("passkeys need a name")]
    NeedsName,
    /// Something else was in the way.
    #[error(transparent)]
    Failed(#[from] Failure),
}

impl From<StoreError> for AskError {
    fn from(error: StoreError) -> Self {
        Self::Failed(error.into())
    }
}

impl StoreFailure for AskError {
    fn as_store(&self) -> Option<StoreError> {
        if let Self::Failed(Failure::Store(error)) = self { Some(*error) } else { None }
    }
}

/// What somebody shows to sign in by a passkey alone.
#[derive(Debug, Clone)]
pub struct Shown {
    /// The question that it answers.
    pub question: PasskeySignInId,
    /// The answer (`AuthenticationResponseJSON`).
    pub credential: Personal<Value>,
    /// Whose computer it is.
    pub computer: Computer,
}

/// Where a question lies, under the key of its day.
struct PasskeySignInBody;

impl Place for PasskeySignInBody {
    const LABEL: &'static str = "passkey_sign_ins.body";
    type Plain = Ceremony;
}

impl Accounts {
    /// Asks for whichever passkey a device holds for the site.
    ///
    /// # Errors
    /// [`AskError::NeedsName`]; [`Failure::Throttled`] when too many were asked for from this address.
    pub async fn ask_for_passkey(&self, origin: &Origin) -> Result<Asked, AskError> {
        let site = origin.site.clone().ok_or(AskError::NeedsName)?;
        let day = self.kernel().today().await.map_err(Failure::from)?;
        let counter = Counter::new(&day, self.rules().passkeys_asked, &of_address(*origin.address.reveal()));
        let lifetime = self.rules().code_lifetime;
        let ask = move |tx: &mut Tx<'_>, day: &DayScope| -> Result<Asked, AskError> {
            if let Some(throttled) = counter.hold(tx)? {
                return Err(Failure::Throttled(throttled).into());
            }
            counter.count(tx)?;
            let ceremony = Ceremony::new(&site, tx.entropy());
            let now = tx.now();
            let (id, expires_at) = (PasskeySignInId::new(now, tx.entropy()), now.plus(lifetime));
            let body = day.keys().seal::<PasskeySignInBody>(row(id), &ceremony, tx.entropy());
            diesel::insert_into(passkey_sign_ins::table)
                .values((
                    passkey_sign_ins::id.eq(id),
                    passkey_sign_ins::day.eq(i64::from(day.day())),
                    passkey_sign_ins::created_at.eq(now),
                    passkey_sign_ins::expires_at.eq(expires_at),
                    passkey_sign_ins::body.eq(body),
                ))
                .execute(tx.conn())
                .map_err(StoreError::from)?;
            Ok(Asked { id, public_key: ceremony.request_options(&[], lifetime), expires_at })
        };
        self.kernel().write("accounts.ask_for_passkey", &day, ask).await
    }

    /// Signs in by a passkey: a strong session.
    ///
    /// # Errors
    /// [`SignInError::Refused`], the same whatever was wrong; [`Failure::Throttled`] at once after too many failures
    /// from this address.
    pub async fn sign_in_by_passkey(&self, shown: Shown, origin: &Origin) -> Result<Begun, SignInError> {
        let kernel = self.kernel();
        let day = kernel.today().await.map_err(Failure::from)?;
        let counter = Counter::new(&day, self.rules().by_address, &of_address(*origin.address.reveal()));
        let stands = kernel.point(&kernel.service(), move |tx, _| counter.look(tx)).await.map_err(Failure::from)?;
        if let Some(throttled) = stands {
            return Err(Failure::Throttled(throttled).into());
        }
        let question = self.take_question(shown.question).await?;
        let account = self.account_of(&shown.credential).await?;
        let (Some(ceremony), Some(scope)) = (question, account) else {
            let count = move |tx: &mut Tx<'_>, _: &ServiceScope| counter.count(tx);
            kernel.write("accounts.refuse_passkey", &kernel.service(), count).await.map_err(Failure::from)?;
            return Err(SignInError::Refused);
        };
        self.let_in(scope, ceremony, shown, counter, origin).await
    }

    /// The question, which nobody can answer any more from now on; nothing when there is none, or it is over.
    async fn take_question(&self, id: PasskeySignInId) -> Result<Option<Ceremony>, Failure> {
        let kernel = self.kernel();
        let take = move |tx: &mut Tx<'_>, _: &ServiceScope| -> Result<_, StoreError> {
            let now = tx.now();
            // Whoever deletes the row has it: of several at once, one.
            let taken: Option<(i64, Time, Sealed<PasskeySignInBody>)> =
                diesel::delete(passkey_sign_ins::table.find(id))
                    .returning((passkey_sign_ins::day, passkey_sign_ins::expires_at, passkey_sign_ins::body))
                    .get_result(tx.conn())
                    .optional()?;
            Ok(taken.filter(|(_, expires_at, _)| *expires_at > now))
        };
        let taken = kernel.write("accounts.take_passkey_question", &kernel.service(), take).await?;
        let Some((day, _, body)) = taken else { return Ok(None) };
        let Some(scope) = self.scope_of_day(day).await? else { return Ok(None) };
        Ok(Some(scope.keys().open(row(id), &body).map_err(StoreError::from)?))
    }

    /// The account whose passkey this claims to be; the device must have named its user besides (WebAuthn §7.2).
    async fn account_of(&self, credential: &Personal<Value>) -> Result<Option<AccountScope>, Failure> {
        let Some(said) = passkey::claimed(credential.reveal()).filter(|said| said.handle.is_some()) else {
            return Ok(None);
        };
        let keyring = self.kernel().keyring();
        let tag = keyring.identifier_tag(IDENTIFIER, &said.id)?;
        let account: Option<AccountId> = keyring.find_identifier(&tag).await?;
        match account {
            Some(account) => self.scope_of(account).await,
            None => Ok(None),
        }
    }

    /// Judges the answer and writes down what came of it.
    async fn let_in(
        &self,
        scope: AccountScope,
        ceremony: Ceremony,
        shown: Shown,
        counter: Counter,
        origin: &Origin,
    ) -> Result<Begun, SignInError> {
        let (rules, lifetime) = (self.rules().sessions, self.rules().code_lifetime);
        let (answer, computer, from) = (Answer::Passkey(shown.credential), shown.computer, origin.clone());
        let enter = move |tx: &mut Tx<'_>, scope: &AccountScope| -> Result<Entered, StoreError> {
            if let Some(throttled) = counter.hold(tx)? {
                return Ok(Entered::Throttled(throttled));
            }
            let method = Method::Passkey;
            let (person, standing) = (person::find(tx, scope)?, person::standing(tx, scope)?);
            let held = rows::hold(tx, scope, method)?;
            let factors: Vec<Factor> =
                held.iter().map(|row| Factor { id: row.id, kept: row.body.kept.clone() }).collect();
            let expected = Kept::of(&Question { ceremony: ceremony.clone(), public_key: Value::Null })?;
            let mut desk = Desk { tx, scope, person: &person, lifetime, origin: &from, leaving: None };
            let met = method.workings().judge(&mut desk, &expected, &factors, &answer)?;
            let Some(met) = met else {
                counter.count(tx)?;
                refused(tx, scope, method, &person, &from, Refusal::SignIn)?;
                return Ok(Entered::Refused);
            };
            if standing != Standing::Active {
                history::enter(tx, scope, &from, method.facts().way, Outcome::Refused)?;
                notices::refused(tx, scope, Refusal::SignIn, &from)?;
                return Ok(Entered::Refused);
            }
            if addresses::find(tx, scope)?.admit(*from.address.reveal()).is_err() {
                counter.count(tx)?;
                history::enter(tx, scope, &from, method.facts().way, Outcome::Refused)?;
                notices::tell_of(tx, scope, &person, Notice::SignInOutside, &from)?;
                return Ok(Entered::Refused);
            }
            // Nothing of a passkey is used up.
            let _ = settle(tx, scope, method, &person, &held, met)?;
            places::remember(tx, scope, &from)?;
            history::enter(tx, scope, &from, method.facts().way, Outcome::Accepted)?;
            let begins = Begins::By(method.code(), method.facts().proof);
            let (token, session) = sessions::begin(tx, scope, &rules, computer, begins, &from)?;
            Ok(Entered::Begun(token, Box::new(session)))
        };
        let entered = self.kernel().write("accounts.sign_in_by_passkey", &scope, enter).await;
        match entered.map_err(Failure::from)? {
            Entered::Begun(token, session) => {
                Ok(Begun { token, access: AccountAccess { session: *session, scope, origin: origin.clone() } })
            }
            Entered::Refused => Err(SignInError::Refused),
            Entered::Throttled(throttled) => Err(Failure::Throttled(throttled).into()),
        }
    }
}

/// What came of an answer.
enum Entered {
    Begun(SessionToken, Box<Session>),
    Refused,
    Throttled(Throttled),
}

/// The kind of identifier that a passkey's id is, in the keyring.
pub(super) const IDENTIFIER: &str = "passkey";

/// What an account is found by that signs in by one of its factors alone.
pub(in crate::accounts) enum FoundBy {
    /// The id of a passkey.
    Passkey(Personal<String>),
    /// Who its person is at an identity provider.
    Provider(Identity),
}

impl FoundBy {
    /// Under what the keyring has it.
    pub(in crate::accounts) fn tag(&self, keyring: &Keyring) -> Result<IdentifierTag, KeyringError> {
        match self {
            Self::Passkey(id) => keyring.identifier_tag(IDENTIFIER, id.reveal()),
            Self::Provider(identity) => identity.tag(keyring),
        }
    }
}

/// What the account is found by that signs in by any of its factors alone.
pub(in crate::accounts) fn found_by(tx: &mut Tx<'_>, scope: &AccountScope) -> Result<Vec<FoundBy>, StoreError> {
    let mut found = Vec::new();
    for row in rows::enrolled(tx, scope)? {
        found.extend(row.method.workings().signs_in_by(&row.body.kept)?.map(FoundBy::Passkey));
        found.extend(identity_of(&row)?.map(FoundBy::Provider));
    }
    Ok(found)
}

/// Deletes questions that nobody answered in time, at most `limit`; gives how many.
pub(in crate::accounts) fn sweep(tx: &mut Tx<'_>, limit: i64) -> Result<usize, StoreError> {
    let over: Vec<PasskeySignInId> = passkey_sign_ins::table
        .filter(passkey_sign_ins::expires_at.le(tx.now()))
        .select(passkey_sign_ins::id)
        .limit(limit)
        .load(tx.conn())?;
    Ok(diesel::delete(passkey_sign_ins::table.filter(passkey_sign_ins::id.eq_any(&over))).execute(tx.conn())?)
}

/// A question never changes: its row has one version.
const fn row(id: PasskeySignInId) -> RowRef {
    RowRef::new(id.as_bytes(), 1)
}
