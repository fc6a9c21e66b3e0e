//! `[[identity_providers]]`: others whose multi-step sign-in confirms people here, by OpenID Connect.

use std::collections::BTreeMap;
use std::path::PathBuf;

use serde::Deserialize;

use super::processors::{InWords, Line};
use super::values::{Expected, SecretFile, UnreadableSecret};
use crate::kernel::personal::Secret;

/// Somebody who knows people's identities: an e-bank, a company's own sign-in.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct IdentityProvider {
    /// Its name in addresses and in the API. What is kept of people does not depend on it, their links do.
    pub id: ProviderId,
    /// What people know it by.
    pub name: InWords,
    /// Its issuer, exactly as it writes it itself (OpenID Connect Discovery 1.0 §3).
    pub issuer: Issuer,
    /// The service's name there.
    pub client_id: Line,
    /// The file of the service's secret there.
    pub client_secret_file: SecretFile,
    /// What is asked for, `openid` always among it (RFC 6749 §3.3).
    #[serde(default)]
    pub scopes: Scopes,
    /// What each of its `acr` values proves; any other proves nothing.
    #[serde(default)]
    pub acr: BTreeMap<String, Worth>,
    /// What each of its `amr` values proves; any other proves nothing.
    #[serde(default)]
    pub amr: BTreeMap<String, Worth>,
    /// Authorities that its certificate must chain to, in PEM; without it the system's.
    #[serde(default)]
    pub roots: Option<PathBuf>,
}

/// What a sign-in elsewhere proves here.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(try_from = "String")]
pub enum Worth {
    /// A second proof besides the password.
    Confirmed,
    /// A proof that cannot be read along or guessed along.
    Strong,
}

impl TryFrom<String> for Worth {
    type Error = Expected;
    fn try_from(text: String) -> Result<Self, Expected> {
        match text.as_str() {
            "confirmed" => Ok(Self::Confirmed),
            "strong" => Ok(Self::Strong),
            _ => Err(Expected("confirmed or strong")),
        }
    }
}

/// A provider's name in addresses: small letters, digits and hyphens, at most 32.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Deserialize)]
#[serde(try_from = "String")]
pub struct ProviderId(String);

impl TryFrom<String> for ProviderId {
    type Error = Expected;
    fn try_from(text: String) -> Result<Self, Expected> {
        let fits = (1..=32).contains(&text.len())
            && text.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-')
            && !text.starts_with('-')
            && !text.ends_with('-');
        if fits { Ok(Self(text)) } else { Err(Expected("small letters, digits and hyphens, at most 32")) }
    }
}

impl ProviderId {
    /// The name.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// An issuer: `https`, no query and no fragment.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub struct Issuer(String);

impl TryFrom<String> for Issuer {
    type Error = Expected;
    fn try_from(text: String) -> Result<Self, Expected> {
        let rest = text.strip_prefix("https://").unwrap_or_default();
        let host = rest.split('/').next().unwrap_or_default();
        let fits = !host.is_empty()
            && !host.contains('@')
            && text.bytes().all(|byte| byte.is_ascii_graphic() && !matches!(byte, b'?' | b'#' | b'\\'));
        if fits { Ok(Self(text)) } else { Err(Expected("an https address without query and fragment")) }
    }
}

impl Issuer {
    /// The issuer as its provider writes it.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// What is asked for, in words with spaces between.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(try_from = "String")]
pub struct Scopes(Vec<String>);

impl TryFrom<String> for Scopes {
    type Error = Expected;
    fn try_from(text: String) -> Result<Self, Expected> {
        let token = |word: &str| word.bytes().all(|byte| byte.is_ascii_graphic() && !matches!(byte, b'"' | b'\\'));
        let words: Vec<String> = text.split_whitespace().map(ToOwned::to_owned).collect();
        if words.iter().all(|word| token(word)) { Ok(Self(words)) } else { Err(Expected("scopes with spaces between")) }
    }
}

impl Scopes {
    /// What is asked for besides `openid`.
    pub fn further(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(String::as_str).filter(|scope| *scope != "openid")
    }
}

impl IdentityProvider {
    /// The service's secret at the provider.
    ///
    /// # Errors
    /// The file cannot be read, or holds no secret.
    pub fn secret(&self) -> Result<Secret<String>, UnreadableSecret> {
        self.client_secret_file.read()
    }

    /// The authorities of [`IdentityProvider::roots`], in PEM.
    ///
    /// # Errors
    /// The file cannot be read.
    pub fn authorities(&self) -> std::io::Result<Option<Vec<u8>>> {
        self.roots.as_ref().map(std::fs::read).transpose()
    }
}

/// Why these providers do not go together, or one of them could never prove anything.
pub(super) fn contradiction(all: &[IdentityProvider]) -> Option<&'static str> {
    let repeats = |same: fn(&IdentityProvider, &IdentityProvider) -> bool| {
        all.iter().enumerate().any(|(at, one)| all.iter().skip(at + 1).any(|other| same(one, other)))
    };
    if repeats(|one, other| one.id == other.id) {
        return Some("names two with the same `id`");
    }
    if repeats(|one, other| one.issuer == other.issuer) {
        return Some("names two with the same `issuer`");
    }
    let proves_nothing = |one: &IdentityProvider| one.acr.is_empty() && one.amr.is_empty();
    all.iter().any(proves_nothing).then_some("names one with neither `acr` nor `amr`: nothing of it would be accepted")
}
