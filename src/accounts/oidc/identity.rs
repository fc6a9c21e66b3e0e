//! Who somebody is elsewhere.

use serde::{Deserialize, Serialize};

use crate::kernel::access::Proof;
use crate::kernel::crypto::{Owner, OwnerKeys, Tag};
use crate::kernel::keyring::identifiers::IdentifierTag;
use crate::kernel::keyring::{Keyring, KeyringError};
use crate::kernel::personal::{Personal, revealed};

/// Who somebody is at a provider: issuer and subject, which are given to nobody else (OpenID Connect Core 1.0 §5.7).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::accounts) struct Identity {
    pub(in crate::accounts) issuer: String,
    #[serde(with = "revealed")]
    pub(in crate::accounts) subject: Personal<String>,
}

impl Identity {
    /// Under what it is looked up, as what people sign in by is.
    pub(in crate::accounts) fn tag(&self, keyring: &Keyring) -> Result<IdentifierTag, KeyringError> {
        keyring.identifier_tag("oidc", &self.joined(self.subject.reveal()))
    }

    /// An issuer has no line break.
    fn joined(&self, part: &str) -> String {
        format!("{}\n{part}", self.issuer)
    }
}

/// Somebody who has just signed in there.
#[derive(Debug, Clone)]
pub(in crate::accounts) struct Vouched {
    pub(in crate::accounts) identity: Identity,
    /// The provider's own name for that sign-in, where it gives one.
    pub(in crate::accounts) sid: Option<Personal<String>>,
    /// What it proves here.
    pub(in crate::accounts) proof: Proof,
}

/// The tags of a sign-in, by which the sessions are found that stand on it.
#[derive(Debug, Clone, Copy)]
pub(in crate::accounts) struct Tags {
    pub(super) index_version: i64,
    pub(super) subject: Option<Tag>,
    pub(super) sid: Option<Tag>,
}

impl Tags {
    /// Of a sign-in's issuer with its subject, its own name, or both.
    pub(super) fn of(
        keyring: &Keyring,
        issuer: &str,
        subject: Option<&str>,
        sid: Option<&str>,
    ) -> Result<Self, KeyringError> {
        let keys = keyring.keys(Owner::Service)?;
        let tag =
            |what: &[u8], value: &str| keys.tag(&[b"provider_sessions", what, issuer.as_bytes()], value.as_bytes());
        Ok(Self {
            index_version: version(&keys),
            subject: subject.map(|subject| tag(b"subject", subject)),
            sid: sid.map(|sid| tag(b"sid", sid)),
        })
    }
}

/// The tag of a sign-out that a provider tells, so that it is taken once.
pub(super) fn logout_tag(keyring: &Keyring, issuer: &str, id: &str) -> Result<Tag, KeyringError> {
    Ok(keyring.keys(Owner::Service)?.tag(&[b"provider_logouts", issuer.as_bytes()], id.as_bytes()))
}

fn version(keys: &OwnerKeys) -> i64 {
    i64::from(keys.current().as_u32())
}
