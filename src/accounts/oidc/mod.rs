//! A third party's multi-step sign-in by OpenID Connect: a person links one to their account, and is confirmed or
//! let in by it from then on.
//!
//! A sign-in elsewhere is an errand in three steps. [`leaving`] writes down what was begun and gives the address to go to;
//! what was begun lies where only the same browser finds it: with the challenge of its session, with the enrolment, or in
//! an anonymous session. [`arriving`] takes it up when the browser comes back, once, and asks the provider what the code
//! that it brings is worth; `signed` decides what of that is believed. [`logout`] ends what stands on a sign-in that has
//! ended there. `discovery` knows the providers' addresses and keys, `transport` is the one way to them.
//!
//! An identity is its issuer and its subject, never an e-mail address: addresses are given to others. It is found by a
//! tag in the keyring, as what people sign in by is.

pub mod arriving;
mod discovery;
mod identity;
pub mod leaving;
pub mod logout;
mod pending;
mod sessions;
mod signed;
mod transport;

use std::sync::Arc;

use openidconnect::core::CoreClient;
use openidconnect::{AuthType, ClientId, ClientSecret, EndpointMaybeSet, EndpointNotSet, EndpointSet, RedirectUrl};

pub(super) use self::identity::{Identity, Tags, Vouched};
pub(super) use self::leaving::Leaving;
pub(super) use self::pending::Pending;
pub use self::pending::ReturnTo;
pub(super) use self::sessions::{stands_on, sweep};
use crate::accounts::Accounts;
use crate::accounts::oidc::discovery::{Found, Known};
use crate::accounts::oidc::transport::Transport;
use crate::kernel::log::SafeToLog;
use crate::settings::IdentityProvider;
use crate::settings::processors::InWords;
use crate::settings::values::UnreadableSecret;

/// Why the identity providers cannot be used as configured.
#[derive(Debug, thiserror::Error)]
pub enum ProvidersError {
    /// A secret's file cannot be read.
    #[error(transparent)]
    Secret(#[from] UnreadableSecret),
    /// A file of authorities cannot be read.
    #[error("the authorities for the identity provider `{0}` cannot be read: {1}")]
    Unreadable(String, std::io::Error),
    /// A file of authorities holds none, or TLS cannot be set up.
    #[error("the authorities for the identity provider `{0}` hold no certificate")]
    Authorities(String),
}

/// The provider cannot be reached, or does not say what it must: nobody comes by it at the moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the identity provider is away")]
pub struct Away;

impl SafeToLog for Away {}

/// The configured providers, in their order.
pub(super) struct Providers(Vec<Arc<Provider>>);

impl Providers {
    /// Reads the secrets; asks nobody anything yet.
    pub(super) fn open(all: &[IdentityProvider]) -> Result<Self, ProvidersError> {
        all.iter().map(|one| Provider::open(one).map(Arc::new)).collect::<Result<_, _>>().map(Self)
    }

    /// The one of this name.
    pub(super) fn find(&self, id: &str) -> Option<&Arc<Provider>> {
        self.0.iter().find(|provider| provider.id() == id)
    }
}

/// A provider.
pub(super) struct Provider {
    settings: IdentityProvider,
    secret: ClientSecret,
    transport: Transport,
    known: tokio::sync::Mutex<Known>,
}

/// A client of a provider whose addresses are known.
type Client =
    CoreClient<EndpointSet, EndpointNotSet, EndpointNotSet, EndpointNotSet, EndpointMaybeSet, EndpointMaybeSet>;

impl Provider {
    fn open(settings: &IdentityProvider) -> Result<Self, ProvidersError> {
        let name = || settings.id.as_str().to_owned();
        let secret = ClientSecret::new(settings.secret()?.reveal().clone());
        let authorities = settings.authorities().map_err(|error| ProvidersError::Unreadable(name(), error))?;
        let transport = Transport::new(authorities.as_deref()).map_err(|_| ProvidersError::Authorities(name()))?;
        Ok(Self { settings: settings.clone(), secret, transport, known: tokio::sync::Mutex::default() })
    }

    /// Its name in addresses.
    pub(super) fn id(&self) -> &str {
        self.settings.id.as_str()
    }

    /// Who it says it is.
    fn issuer(&self) -> &str {
        self.settings.issuer.as_str()
    }

    /// The service's name there.
    fn client_id(&self) -> &str {
        self.settings.client_id.as_str()
    }

    fn client(&self, found: &Found, redirect: &RedirectUrl) -> Client {
        let id = ClientId::new(self.client_id().to_owned());
        CoreClient::from_provider_metadata(found.metadata.clone(), id, Some(self.secret.clone()))
            .set_redirect_uri(redirect.clone())
            .set_auth_type(if found.takes_basic() { AuthType::BasicAuth } else { AuthType::RequestBody })
    }
}

/// A provider as people choose it.
#[derive(Debug, Clone)]
pub struct Choice {
    /// Its name in addresses and in the API.
    pub id: String,
    /// What people know it by.
    pub name: InWords,
}

impl Accounts {
    /// The identity providers that there are, in the order of the configuration.
    #[must_use]
    pub fn identity_providers(&self) -> Vec<Choice> {
        let choice =
            |provider: &Arc<Provider>| Choice { id: provider.id().to_owned(), name: provider.settings.name.clone() };
        self.providers().0.iter().map(choice).collect()
    }
}
