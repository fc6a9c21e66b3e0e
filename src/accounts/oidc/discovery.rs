//! What a provider says of itself: its addresses and keys (OpenID Connect Discovery 1.0 §4), fetched when they are first
//! needed and kept for a while.

use std::sync::Arc;
use std::time::Duration;

use openidconnect::core::{
    CoreAuthDisplay, CoreClaimName, CoreClaimType, CoreClientAuthMethod, CoreGrantType, CoreJsonWebKey,
    CoreJsonWebKeySet, CoreJweContentEncryptionAlgorithm, CoreJweKeyManagementAlgorithm, CoreResponseMode,
    CoreResponseType, CoreSubjectIdentifierType,
};
use openidconnect::{AdditionalProviderMetadata, IssuerUrl, ProviderMetadata};
use serde::{Deserialize, Serialize};

use crate::accounts::oidc::{Away, Provider};
use crate::kernel::clock::Time;

/// So long it counts: a key that the provider has withdrawn is believed no longer.
const LIFE: Duration = Duration::from_secs(3600);
/// Keys are asked for anew no more often, however many unknown ones are named.
const BETWEEN_KEYS: Duration = Duration::from_secs(60);
/// A provider that was away is not asked again before.
const AFTER_FAILURE: Duration = Duration::from_secs(5);

/// What is said besides OpenID Connect Discovery.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Further {
    /// Whether answers name their issuer (RFC 9207 §3).
    #[serde(default)]
    pub(super) authorization_response_iss_parameter_supported: bool,
}

impl AdditionalProviderMetadata for Further {}

type Metadata = ProviderMetadata<
    Further,
    CoreAuthDisplay,
    CoreClientAuthMethod,
    CoreClaimName,
    CoreClaimType,
    CoreGrantType,
    CoreJweContentEncryptionAlgorithm,
    CoreJweKeyManagementAlgorithm,
    CoreJsonWebKey,
    CoreResponseMode,
    CoreResponseType,
    CoreSubjectIdentifierType,
>;

/// A provider's description and keys, as they were found.
#[derive(Debug)]
pub(super) struct Found {
    pub(super) metadata: Metadata,
    keys: CoreJsonWebKeySet,
}

impl Found {
    /// Its keys.
    pub(super) fn keys(&self) -> &[CoreJsonWebKey] {
        self.keys.keys()
    }

    /// Whether every answer must name its issuer.
    pub(super) fn names_itself(&self) -> bool {
        self.metadata.additional_metadata().authorization_response_iss_parameter_supported
    }

    /// Whether it takes the service's secret in the header, as all do who do not say.
    pub(super) fn takes_basic(&self) -> bool {
        let methods = self.metadata.token_endpoint_auth_methods_supported();
        methods.is_none_or(|methods| methods.contains(&CoreClientAuthMethod::ClientSecretBasic))
    }
}

/// What is known of a provider, and since when.
#[derive(Default)]
pub(super) struct Known {
    found: Option<(Arc<Found>, Time)>,
    keys_at: Option<Time>,
    failed_at: Option<Time>,
}

impl Provider {
    /// What the provider says of itself; asked once for all who wait.
    pub(super) async fn found(&self, now: Time) -> Result<Arc<Found>, Away> {
        let mut known = self.known.lock().await;
        if let Some((found, at)) = &known.found
            && now.since(*at) < LIFE
        {
            return Ok(Arc::clone(found));
        }
        if known.failed_at.is_some_and(|at| now.since(at) < AFTER_FAILURE) {
            return Err(Away);
        }
        match self.discover().await {
            Ok(found) => {
                let found = Arc::new(found);
                *known = Known { found: Some((Arc::clone(&found), now)), keys_at: Some(now), failed_at: None };
                Ok(found)
            }
            Err(Away) => {
                known.failed_at = Some(now);
                tracing::warn!(provider = self.id(), "the identity provider is away, or says of itself what cannot be");
                Err(Away)
            }
        }
    }

    /// The same with its keys of now, for a token that names none of `before`. Within a minute the same keys.
    pub(super) async fn with_keys_of_now(&self, before: &Arc<Found>, now: Time) -> Result<Arc<Found>, Away> {
        let mut known = self.known.lock().await;
        if let Some((found, _)) = &known.found
            && !Arc::ptr_eq(found, before)
        {
            return Ok(Arc::clone(found));
        }
        if known.keys_at.is_some_and(|at| now.since(at) < BETWEEN_KEYS) {
            return Ok(Arc::clone(before));
        }
        known.keys_at = Some(now);
        let keys = self.fetch_keys(&before.metadata).await?;
        let found = Arc::new(Found { metadata: before.metadata.clone(), keys });
        if let Some((kept, _)) = &mut known.found {
            *kept = Arc::clone(&found);
        }
        Ok(found)
    }

    async fn discover(&self) -> Result<Found, Away> {
        let issuer = IssuerUrl::new(self.issuer().to_owned()).map_err(|_| Away)?;
        let metadata = Metadata::discover_async(issuer, &self.transport).await.map_err(|_| Away)?;
        let token = metadata.token_endpoint().ok_or(Away)?;
        let addresses = [metadata.authorization_endpoint().url(), token.url(), metadata.jwks_uri().url()];
        if metadata.issuer().as_str() != self.issuer() || addresses.iter().any(|url| url.scheme() != "https") {
            return Err(Away);
        }
        let keys = metadata.jwks().clone();
        Ok(Found { metadata, keys })
    }

    async fn fetch_keys(&self, metadata: &Metadata) -> Result<CoreJsonWebKeySet, Away> {
        CoreJsonWebKeySet::fetch_async(metadata.jwks_uri(), &self.transport).await.map_err(|_| Away)
    }
}
