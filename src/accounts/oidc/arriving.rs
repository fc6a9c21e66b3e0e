//! Coming back from a provider: what was begun is taken up once, the code is redeemed, and what the provider says of the
//! person is held against what is known here.

use std::sync::Arc;

use openidconnect::{AuthorizationCode, PkceCodeVerifier, RequestTokenError, TokenResponse as _};

use crate::accounts::factors::Method;
use crate::accounts::factors::confirming::ConfirmError;
use crate::accounts::factors::enrolling::EnrolError;
use crate::accounts::history::{self, Outcome, Way};
use crate::accounts::oidc::discovery::Found;
use crate::accounts::oidc::identity::{Identity, Tags, Vouched};
use crate::accounts::oidc::pending::{Errand, Pending};
use crate::accounts::oidc::sessions::{self as rows, Ended};
use crate::accounts::oidc::signed::{Asked, Disbelief, Hearing, SignedIn};
use crate::accounts::oidc::{Away, Provider};
use crate::accounts::person::{self, Standing};
use crate::accounts::session::Begun;
use crate::accounts::{Accounts, Failure, factors, notices, places};
use crate::kernel::access::sessions::{self, Begins, Computer};
use crate::kernel::access::{AccountAccess, Outside, Session, addresses};
use crate::kernel::crypto::token::SessionToken;
use crate::kernel::ids::AccountId;
use crate::kernel::keyring::KeyringError;
use crate::kernel::personal::{Comparison, Personal, Secret};
use crate::kernel::store::{StoreError, Tx};
use crate::kernel::tenancy::{AccountScope, Origin, ServiceScope};
use crate::messages::notice::Notice;

/// What a browser brings back.
#[derive(Debug, Clone)]
pub struct Arrival {
    /// The provider whose address it came to.
    pub provider: String,
    /// `state`, as it was sent along.
    pub state: Secret<String>,
    /// The code; none where the provider has refused.
    pub code: Option<Secret<String>>,
    /// Who says that it has sent the browser (RFC 9207).
    pub iss: Option<String>,
}

/// Who came back.
pub struct Traveller<'t> {
    /// The session that the browser has, if any.
    pub access: Option<&'t AccountAccess>,
    /// What its cookie says, where that is no session of an account.
    pub anonymous: Option<SessionToken>,
    /// Where it is.
    pub origin: Origin,
}

/// What came of it.
pub enum Arrived {
    /// Somebody is signed in.
    SignedIn(Begun, String),
    /// The session is confirmed.
    Confirmed(Begun, String),
    /// An identity is linked.
    Linked,
}

/// Why nothing came of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ArriveError {
    /// It does not belong to anything begun in this browser, is used or over, was broken off, or is not believed.
    #[error("the sign-in elsewhere does not count")]
    Refused,
    /// It is believed, and proves too little.
    #[error("the sign-in elsewhere proves too little")]
    ProvesTooLittle,
    /// No account here is linked to it; one that may not sign in is like none.
    #[error("no account is linked to it")]
    NotLinked,
    /// Its account may not be used from there.
    #[error("the account may not be used from there")]
    Outside,
    /// It is linked to another account.
    #[error("it is linked to another account")]
    LinkedElsewhere,
    /// The provider is away.
    #[error(transparent)]
    Away(#[from] Away),
    /// Something else was in the way.
    #[error(transparent)]
    Failed(#[from] Failure),
}

impl From<Disbelief> for ArriveError {
    fn from(why: Disbelief) -> Self {
        if why == Disbelief::ProvesTooLittle { Self::ProvesTooLittle } else { Self::Refused }
    }
}

impl From<StoreError> for ArriveError {
    fn from(error: StoreError) -> Self {
        Self::Failed(error.into())
    }
}

impl From<KeyringError> for ArriveError {
    fn from(error: KeyringError) -> Self {
        Self::Failed(error.into())
    }
}

impl From<ConfirmError> for ArriveError {
    fn from(error: ConfirmError) -> Self {
        match error {
            ConfirmError::NotEnrolled
            | ConfirmError::CodeRefused
            | ConfirmError::NotYetApproved
            | ConfirmError::NeedsName => Self::Refused,
            ConfirmError::Away(away) => Self::Away(away),
            ConfirmError::Failed(failure) => Self::Failed(failure),
        }
    }
}

impl From<EnrolError> for ArriveError {
    fn from(error: EnrolError) -> Self {
        match error {
            EnrolError::Invalid(_) | EnrolError::Unknown | EnrolError::CodeRefused => Self::Refused,
            EnrolError::Away(away) => Self::Away(away),
            EnrolError::LinkedElsewhere => Self::LinkedElsewhere,
            EnrolError::Failed(failure) => Self::Failed(failure),
        }
    }
}

impl Accounts {
    /// Takes up what was begun, and finishes it.
    ///
    /// # Errors
    /// See [`ArriveError`]. Whatever it is, what was begun is over, unless it was begun elsewhere.
    pub async fn arrive(&self, traveller: Traveller<'_>, arrival: Arrival) -> Result<Arrived, ArriveError> {
        let provider = Arc::clone(self.providers().find(&arrival.provider).ok_or(ArriveError::Refused)?);
        let (errand, state) = Errand::of(arrival.state.reveal()).ok_or(ArriveError::Refused)?;
        match (errand, traveller.access) {
            (Errand::SignIn, _) => {
                let pending = self.take_anonymous(traveller.anonymous, &state, &arrival.provider).await?;
                let vouched = self.vouched(&provider, &pending, arrival).await?;
                let begun = self.let_in_by_link(&pending, vouched, traveller.origin).await?;
                Ok(Arrived::SignedIn(begun, pending.next))
            }
            (Errand::Confirm, Some(access)) => {
                let (id, pending) = self.take_challenge(access, &state, &arrival.provider).await?;
                let vouched = self.vouched(&provider, &pending, arrival).await?;
                let tags = self.tags(&vouched)?;
                let begun = self.confirm_by_identity(access, id, vouched, tags).await?;
                Ok(Arrived::Confirmed(begun, pending.next))
            }
            (Errand::Link, Some(access)) => {
                let (id, pending) = self.take_enrolment(access, &state, &arrival.provider).await?;
                let vouched = self.vouched(&provider, &pending, arrival).await?;
                self.link(access, id, provider.id(), vouched).await?;
                Ok(Arrived::Linked)
            }
            (Errand::Confirm | Errand::Link, None) => Err(ArriveError::Refused),
        }
    }

    /// What an anonymous session has begun: over with this, whatever comes of it.
    async fn take_anonymous(
        &self,
        token: Option<SessionToken>,
        state: &Secret<String>,
        provider: &str,
    ) -> Result<Pending, ArriveError> {
        let (kernel, token) = (self.kernel(), token.ok_or(ArriveError::Refused)?);
        let find = move |tx: &mut Tx<'_>, _: &ServiceScope| rows::find(tx, &token);
        let (id, day, body) = kernel.point(&kernel.service(), find).await?.ok_or(ArriveError::Refused)?;
        let day = self.scope_of_day(day).await?.ok_or(ArriveError::Refused)?;
        let pending = day.keys().open(rows::row(&id), &body).map_err(StoreError::from)?;
        if pending.is_of(state, provider, None) == Comparison::Different {
            return Err(ArriveError::Refused);
        }
        let end = move |tx: &mut Tx<'_>, _: &ServiceScope| rows::end(tx, id);
        match kernel.write("accounts.take_anonymous", &kernel.service(), end).await? {
            Ended::Now => Ok(pending),
            Ended::Before => Err(ArriveError::Refused),
        }
    }

    /// Who the provider says has signed in, for what was begun.
    async fn vouched(
        &self,
        provider: &Arc<Provider>,
        pending: &Pending,
        arrival: Arrival,
    ) -> Result<Vouched, ArriveError> {
        let now = self.kernel().now();
        let found = provider.found(now).await?;
        // Who sent the browser, before its code is shown to anybody (RFC 9207 §2.4): another could have sent it, to have
        // us redeem its own code here, or this one's there.
        let says_so = match arrival.iss.as_deref() {
            Some(iss) => iss == provider.issuer(),
            None => !found.names_itself(),
        };
        let code = arrival.code.filter(|_| says_so).ok_or(ArriveError::Refused)?;
        let token = provider.redeem(&found, pending, &code).await?;
        match provider.hear(found, &token, pending, now).await {
            Ok(SignedIn { subject, sid, proof }) => {
                let identity = Identity { issuer: provider.issuer().to_owned(), subject };
                Ok(Vouched { identity, sid, proof })
            }
            Err(why) => {
                tracing::warn!(provider = provider.id(), %why, "a sign-in at an identity provider was not believed");
                Err(why.into())
            }
        }
    }

    /// A session of the account that is linked to who came.
    async fn let_in_by_link(&self, pending: &Pending, vouched: Vouched, origin: Origin) -> Result<Begun, ArriveError> {
        let keyring = self.kernel().keyring();
        let account = keyring.find_identifier(&vouched.identity.tag(keyring)?).await?;
        let account: AccountId = account.ok_or(ArriveError::NotLinked)?;
        let Some(scope) = self.scope_of(account).await? else { return Err(ArriveError::NotLinked) };
        let (tags, rules, seen_from) = (self.tags(&vouched)?, self.rules().sessions, origin.clone());
        let computer = if pending.shared_computer { Computer::Shared } else { Computer::Own };
        let enter = move |tx: &mut Tx<'_>, scope: &AccountScope| -> Result<Entered, StoreError> {
            let credentials = person::credentials(tx, scope)?;
            if !credentials.is_some_and(|(standing, ..)| standing == Standing::Active) {
                return Ok(Entered::NotLinked);
            }
            if factors::use_linked(tx, scope, &vouched.identity)?.is_none() {
                return Ok(Entered::NotLinked);
            }
            if let Err(Outside) = addresses::find(tx, scope)?.admit(*seen_from.address.reveal()) {
                let person = person::find(tx, scope)?;
                history::enter(tx, scope, &seen_from, Way::Oidc, Outcome::Refused)?;
                notices::tell_of(tx, scope, &person, Notice::SignInOutside, &seen_from)?;
                return Ok(Entered::Outside);
            }
            places::remember(tx, scope, &seen_from)?;
            history::enter(tx, scope, &seen_from, Way::Oidc, Outcome::Accepted)?;
            let begins = Begins::By(Method::Oidc.code(), vouched.proof);
            let (token, session) = sessions::begin(tx, scope, &rules, computer, begins, &seen_from)?;
            rows::stands_on(tx, session.id, &tags)?;
            Ok(Entered::Begun(token, Box::new(session)))
        };
        match self.kernel().write("accounts.let_in", &scope, enter).await? {
            Entered::Begun(token, session) => {
                Ok(Begun { token, access: AccountAccess { session: *session, scope, origin } })
            }
            Entered::NotLinked => Err(ArriveError::NotLinked),
            Entered::Outside => Err(ArriveError::Outside),
        }
    }

    fn tags(&self, vouched: &Vouched) -> Result<Tags, KeyringError> {
        let Vouched { identity, sid, .. } = vouched;
        let sid = sid.as_ref().map(Personal::reveal).map(String::as_str);
        Tags::of(self.kernel().keyring(), &identity.issuer, Some(identity.subject.reveal()), sid)
    }
}

/// What came of who is linked.
enum Entered {
    Begun(SessionToken, Box<Session>),
    NotLinked,
    Outside,
}

impl Provider {
    /// Redeems a code: the ID token that it is good for, once.
    async fn redeem(
        &self,
        found: &Found,
        pending: &Pending,
        code: &Secret<String>,
    ) -> Result<Secret<String>, ArriveError> {
        let redirect = pending.redirect_url().ok_or(ArriveError::Refused)?;
        let client = self.client(found, &redirect);
        let request = client.exchange_code(AuthorizationCode::new(code.reveal().clone()));
        let request = request.map_err(|_| ArriveError::Refused)?;
        let verifier = PkceCodeVerifier::new(pending.verifier.reveal().clone());
        let answer = request.set_pkce_verifier(verifier).request_async(&self.transport).await;
        match answer {
            Ok(answer) => {
                let token = answer.id_token().ok_or(ArriveError::Refused)?;
                Ok(Secret::new(token.to_string()))
            }
            Err(RequestTokenError::Request(away)) => Err(away.into()),
            Err(_) => {
                tracing::warn!(provider = self.id(), "an identity provider gave no token for a code");
                Err(ArriveError::Refused)
            }
        }
    }

    /// Who signed in, by the token; where it names an unknown key, by the provider's keys of now.
    async fn hear(
        &self,
        found: Arc<Found>,
        token: &Secret<String>,
        pending: &Pending,
        now: crate::kernel::clock::Time,
    ) -> Result<SignedIn, Disbelief> {
        let hearing = Hearing { issuer: self.issuer(), client: self.client_id(), now };
        let (acr, amr) = (&self.settings.acr, &self.settings.amr);
        let asked = Asked { nonce: &pending.nonce, at: pending.began_at, acr, amr };
        match hearing.sign_in(token.reveal(), found.keys(), &asked) {
            Err(Disbelief::UnknownKey) => {
                let found = self.with_keys_of_now(&found, now).await.map_err(|Away| Disbelief::UnknownKey)?;
                hearing.sign_in(token.reveal(), found.keys(), &asked)
            }
            heard => heard,
        }
    }
}
