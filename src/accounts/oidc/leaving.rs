//! Sending somebody to a provider: what was begun is written down, and there is an address to go to.

use std::sync::Arc;
use std::time::Duration;

use openidconnect::core::{CoreAuthPrompt, CoreResponseType};
use openidconnect::{
    AuthenticationContextClass, AuthenticationFlow, CsrfToken, LanguageTag, Nonce, PkceCodeChallenge, PkceCodeVerifier,
    Scope,
};

use crate::accounts::factors::confirming::{ConfirmError, Confirmation};
use crate::accounts::factors::enrolling::{Draft, EnrolError, Enrolled, no_such_provider};
use crate::accounts::factors::{self, Method};
use crate::accounts::oidc::discovery::Found;
use crate::accounts::oidc::pending::Errand;
use crate::accounts::oidc::{Away, Pending, Provider, ReturnTo, sessions};
use crate::accounts::throttles::{Counter, Throttled, of_address};
use crate::accounts::{Accounts, Failure};
use crate::kernel::access::AccountAccess;
use crate::kernel::access::sessions::Computer;
use crate::kernel::crypto::token::SessionToken;
use crate::kernel::ids::SessionId;
use crate::kernel::personal::Personal;
use crate::kernel::store::{StoreError, Tx};
use crate::kernel::tenancy::{DayScope, Origin};
use crate::kernel::values::Locale;

/// A sign-in there may be so old at most that is asked for now. It is asked for anew besides; this makes the provider say
/// when it was (OpenID Connect Core 1.0 §3.1.2.1).
const OLDEST: Duration = Duration::from_secs(60);

/// Somebody about to be sent to a provider that has answered.
#[derive(Clone)]
pub(in crate::accounts) struct Leaving {
    provider: Arc<Provider>,
    found: Arc<Found>,
    session: Option<SessionId>,
    return_to: ReturnTo,
    language: Locale,
}

/// An errand written out: what to keep of it, and where to go.
pub(in crate::accounts) struct Sent {
    pub(in crate::accounts) pending: Pending,
    pub(in crate::accounts) address: Personal<String>,
}

impl Leaving {
    /// To confirm the session, or to link an identity to its account.
    pub(in crate::accounts) fn to_confirm(&self, tx: &Tx<'_>) -> Result<Sent, StoreError> {
        self.send(tx, Errand::Confirm)
    }

    /// To link who somebody is there.
    pub(in crate::accounts) fn to_link(&self, tx: &Tx<'_>) -> Result<Sent, StoreError> {
        self.send(tx, Errand::Link)
    }

    /// The address with everything that it must carry: code flow, PKCE by SHA-256, `state` and `nonce` (OpenID Connect Core
    /// 1.0 §3.1.2.1, RFC 7636 §4.3), and that the person is to sign in anew.
    fn send(&self, tx: &Tx<'_>, errand: Errand) -> Result<Sent, StoreError> {
        let pending = Pending::new(self.provider.id(), &self.return_to, self.session, tx.now(), tx.entropy());
        let redirect = pending.redirect_url().ok_or(StoreError::Refused("a way back that is no address"))?;
        let client = self.provider.client(&self.found, &redirect);
        let verifier = PkceCodeVerifier::new(pending.verifier.reveal().clone());
        let (state, nonce) = (pending.state_of(errand), pending.nonce.reveal().clone());
        let settings = &self.provider.settings;
        let mut wanted: Vec<_> = settings.acr.iter().collect();
        // The strongest first: the provider takes the first that it can (§3.1.2.1).
        wanted.sort_by(|one, other| other.1.cmp(one.1).then_with(|| one.0.cmp(other.0)));
        let mut request = client
            .authorize_url(
                AuthenticationFlow::<CoreResponseType>::AuthorizationCode,
                move || CsrfToken::new(state),
                move || Nonce::new(nonce),
            )
            .set_pkce_challenge(PkceCodeChallenge::from_code_verifier_sha256(&verifier))
            .set_max_age(OLDEST)
            .add_prompt(CoreAuthPrompt::Login)
            .add_ui_locale(LanguageTag::new(self.language.tag().to_owned()));
        for scope in settings.scopes.further() {
            request = request.add_scope(Scope::new(scope.to_owned()));
        }
        for (acr, _) in wanted {
            request = request.add_auth_context_value(AuthenticationContextClass::new(acr.clone()));
        }
        let (address, _, _) = request.url();
        Ok(Sent { pending, address: Personal::new(address.into()) })
    }
}

/// Why nobody is sent to a provider.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum LeaveError {
    /// There is no such provider.
    #[error("there is no such identity provider")]
    Unknown,
    /// The provider is away.
    #[error(transparent)]
    Away(#[from] Away),
    /// Something else was in the way.
    #[error(transparent)]
    Failed(#[from] Failure),
}

/// Somebody who is on the way to sign in.
#[derive(Debug)]
pub struct Begun {
    /// Where to go.
    pub address: Personal<String>,
    /// The anonymous session's, for the cookie alone.
    pub token: SessionToken,
}

impl Accounts {
    /// Begins signing in by a provider: an anonymous session that knows what was begun.
    ///
    /// # Errors
    /// See [`LeaveError`]; [`Failure::Throttled`] after too many from one address.
    pub async fn begin_provider_sign_in(
        &self,
        provider: &str,
        return_to: ReturnTo,
        language: Locale,
        computer: Computer,
        origin: &Origin,
    ) -> Result<Begun, LeaveError> {
        if self.providers().find(provider).is_none() {
            return Err(LeaveError::Unknown);
        }
        let day = self.kernel().today().await.map_err(Failure::from)?;
        let counter = Counter::new(&day, self.rules().departures, &of_address(*origin.address.reveal()));
        self.count_departure(counter).await?;
        let leaving = self.leaving(provider, None, return_to, language).await?.ok_or(LeaveError::Unknown)?;
        let lifetime = self.rules().code_lifetime;
        let begin = move |tx: &mut Tx<'_>, day: &DayScope| -> Result<Begun, StoreError> {
            let Sent { mut pending, address } = leaving.send(tx, Errand::SignIn)?;
            pending.shared_computer = computer == Computer::Shared;
            let expires_at = tx.now().plus(lifetime);
            let token = sessions::begin(tx, day, &pending, expires_at)?;
            Ok(Begun { address, token })
        };
        Ok(self.kernel().write("accounts.begin_provider_sign_in", &day, begin).await.map_err(Failure::from)?)
    }

    /// Counts before anybody is asked, so that nobody makes us ask others as often as they like.
    async fn count_departure(&self, counter: Counter) -> Result<(), Failure> {
        let kernel = self.kernel();
        let count = move |tx: &mut Tx<'_>, _: &_| -> Result<Option<Throttled>, StoreError> {
            let throttled = counter.hold(tx)?;
            if throttled.is_none() {
                counter.count(tx)?;
            }
            Ok(throttled)
        };
        match kernel.write("accounts.count_departure", &kernel.service(), count).await? {
            Some(throttled) => Err(Failure::Throttled(throttled)),
            None => Ok(()),
        }
    }

    /// Begins a confirmation by a provider that the account has linked: the named one, or the one that was used last.
    ///
    /// # Errors
    /// As [`Accounts::begin_confirmation`]; [`ConfirmError::Away`].
    pub async fn begin_confirmation_by_provider(
        &self,
        access: &AccountAccess,
        provider: Option<&str>,
        return_to: ReturnTo,
        language: Locale,
    ) -> Result<Confirmation, ConfirmError> {
        let linked = self.linked_providers(access).await?;
        let named = |id: &&String| provider.is_none_or(|provider| provider == *id);
        let id = linked.iter().find(named).ok_or(ConfirmError::NotEnrolled)?;
        let leaving = self.leaving(id, Some(access.session.id), return_to, language).await?;
        self.begin_challenge(access, Method::Oidc, Some(leaving.ok_or(ConfirmError::NotEnrolled)?)).await
    }

    /// Begins linking who somebody is at a provider.
    ///
    /// # Errors
    /// As [`Accounts::enrol`]; [`EnrolError::Away`].
    pub async fn enrol_provider(
        &self,
        access: &AccountAccess,
        draft: Draft,
        provider: &str,
        return_to: ReturnTo,
        language: Locale,
    ) -> Result<Enrolled, EnrolError> {
        let leaving = self.leaving(provider, Some(access.session.id), return_to, language).await?;
        self.begin_enrolment(access, draft, Some(leaving.ok_or_else(no_such_provider)?)).await
    }

    /// The providers that the account can be confirmed by, the one that was used last first.
    ///
    /// # Errors
    /// The store's.
    pub async fn linked_providers(&self, access: &AccountAccess) -> Result<Vec<String>, Failure> {
        let linked = self.kernel().read(&access.scope, factors::linked).await?;
        Ok(linked.into_iter().filter(|id| self.providers().find(id).is_some()).collect())
    }

    async fn leaving(
        &self,
        provider: &str,
        session: Option<SessionId>,
        return_to: ReturnTo,
        language: Locale,
    ) -> Result<Option<Leaving>, Away> {
        let Some(provider) = self.providers().find(provider) else { return Ok(None) };
        let found = provider.found(self.kernel().now()).await?;
        Ok(Some(Leaving { provider: Arc::clone(provider), found, session, return_to, language }))
    }
}
