//! What of a provider's word is believed: the one place where its signed tokens are judged (OpenID Connect Core 1.0
//! §3.1.3.7, OpenID Connect Back-Channel Logout 1.0 §2.6, RFC 8725).
//!
//! The keys and the arithmetic are `openidconnect`'s. Its own verifier goes by the machine's clock, and knows no token that
//! tells of a sign-out; so what a token says is judged here, for both kinds alike, by the service's clock.

use std::collections::BTreeMap;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use openidconnect::core::{CoreJsonWebKey, CoreJwsSigningAlgorithm};
use openidconnect::{JsonWebKey as _, JsonWebKeyAlgorithm, JwsSigningAlgorithm as _};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

use crate::kernel::access::Proof;
use crate::kernel::clock::Time;
use crate::kernel::personal::{Comparison, Personal, Secret};
use crate::settings::Worth;

/// So far the clocks may be apart.
const SKEW: Duration = Duration::from_secs(60);
/// A token that was signed longer ago comes from somewhere else than the provider's own answer.
const OLDEST: Duration = Duration::from_secs(600);
/// No token is longer.
const LONGEST: usize = 64 * 1024;
/// What a sign-out is called among the events of a token.
const LOGOUT: &str = "http://schemas.openid.net/event/backchannel-logout";

/// The signatures that count: those of keys that the provider alone has. Neither `none`, nor any by the shared secret, which
/// is ours too.
const ALLOWED: [CoreJwsSigningAlgorithm; 9] = [
    CoreJwsSigningAlgorithm::RsaSsaPkcs1V15Sha256,
    CoreJwsSigningAlgorithm::RsaSsaPkcs1V15Sha384,
    CoreJwsSigningAlgorithm::RsaSsaPkcs1V15Sha512,
    CoreJwsSigningAlgorithm::RsaSsaPssSha256,
    CoreJwsSigningAlgorithm::RsaSsaPssSha384,
    CoreJwsSigningAlgorithm::RsaSsaPssSha512,
    CoreJwsSigningAlgorithm::EcdsaP256Sha256,
    CoreJwsSigningAlgorithm::EcdsaP384Sha384,
    CoreJwsSigningAlgorithm::EdDsa,
];

/// Why a token is not believed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(super) enum Disbelief {
    #[error("it is no signed token")]
    Malformed,
    #[error("it is signed in a way that does not count")]
    Algorithm,
    #[error("it names a key that the provider does not show")]
    UnknownKey,
    #[error("its signature is not the provider's")]
    Signature,
    #[error("another issuer speaks")]
    Issuer,
    #[error("it is for somebody else")]
    Audience,
    #[error("its time is over, or yet to come")]
    Time,
    #[error("it does not repeat the nonce")]
    Nonce,
    #[error("the sign-in there was before it was asked for")]
    NotFresh,
    #[error("it does not prove enough")]
    ProvesTooLittle,
    #[error("it is a token of another kind")]
    Kind,
}

/// Whose word is heard, for whom, and when.
pub(super) struct Hearing<'h> {
    pub(super) issuer: &'h str,
    pub(super) client: &'h str,
    pub(super) now: Time,
}

/// A sign-in as its provider tells it.
#[derive(Debug)]
pub(super) struct SignedIn {
    pub(super) subject: Personal<String>,
    pub(super) sid: Option<Personal<String>>,
    pub(super) proof: Proof,
}

/// A sign-out as its provider tells it: of a sign-in, or of all of somebody's.
#[derive(Debug)]
pub(super) struct SignedOut {
    pub(super) id: String,
    pub(super) subject: Option<Personal<String>>,
    pub(super) sid: Option<Personal<String>>,
}

/// What a sign-in is held against.
pub(super) struct Asked<'a> {
    pub(super) nonce: &'a Secret<String>,
    pub(super) at: Time,
    pub(super) acr: &'a BTreeMap<String, Worth>,
    pub(super) amr: &'a BTreeMap<String, Worth>,
}

impl Hearing<'_> {
    /// Who signed in, by an ID token.
    pub(super) fn sign_in(
        &self,
        token: &str,
        keys: &[CoreJsonWebKey],
        asked: &Asked<'_>,
    ) -> Result<SignedIn, Disbelief> {
        let (kind, claims) = self.believed(token, keys)?;
        if !matches!(kind.as_deref(), None | Some("jwt")) {
            return Err(Disbelief::Kind);
        }
        let expires_at = claims.exp.ok_or(Disbelief::Time)?.time();
        if expires_at.plus(SKEW) <= self.now {
            return Err(Disbelief::Time);
        }
        let nonce = claims.nonce.as_ref().ok_or(Disbelief::Nonce)?;
        if asked.nonce.same_as(nonce.reveal().as_bytes()) == Comparison::Different {
            return Err(Disbelief::Nonce);
        }
        let signed_in_at = claims.auth_time.ok_or(Disbelief::NotFresh)?.time();
        if signed_in_at.plus(SKEW) < asked.at || signed_in_at > self.now.plus(SKEW) {
            return Err(Disbelief::NotFresh);
        }
        let subject = claims.sub.filter(is_a_name).ok_or(Disbelief::Malformed)?;
        let by_context = claims.acr.as_ref().and_then(|acr| asked.acr.get(acr));
        let by_methods = claims.amr.iter().flatten().filter_map(|amr| asked.amr.get(amr));
        let worth = by_context.into_iter().chain(by_methods).max().ok_or(Disbelief::ProvesTooLittle)?;
        let proof = match worth {
            Worth::Confirmed => Proof::Confirmed,
            Worth::Strong => Proof::Strong,
        };
        Ok(SignedIn { subject, sid: claims.sid, proof })
    }

    /// Who signed out, by a logout token.
    pub(super) fn sign_out(&self, token: &str, keys: &[CoreJsonWebKey]) -> Result<SignedOut, Disbelief> {
        let (kind, claims) = self.believed(token, keys)?;
        if !matches!(kind.as_deref(), None | Some("jwt" | "logout+jwt")) {
            return Err(Disbelief::Kind);
        }
        let tells = claims.events.as_ref().and_then(|events| events.get(LOGOUT)).is_some_and(Value::is_object);
        // A sign-in's token is no sign-out's, whatever else it says (§2.4).
        if !tells || claims.nonce.is_some() {
            return Err(Disbelief::Kind);
        }
        if claims.exp.is_some_and(|at| at.time().plus(SKEW) <= self.now) {
            return Err(Disbelief::Time);
        }
        let id = claims.jti.filter(|id| (1..=255).contains(&id.len())).ok_or(Disbelief::Malformed)?;
        if claims.sub.is_none() && claims.sid.is_none() {
            return Err(Disbelief::Malformed);
        }
        Ok(SignedOut { id, subject: claims.sub, sid: claims.sid })
    }

    /// What both kinds have in common: the provider signed it, for us alone, just now. Gives its type too, in small letters.
    fn believed(&self, token: &str, keys: &[CoreJsonWebKey]) -> Result<(Option<String>, Claims), Disbelief> {
        let (header, payload) = signed(token, keys)?;
        let claims: Claims = decoded(payload)?;
        if claims.iss.as_deref() != Some(self.issuer) {
            return Err(Disbelief::Issuer);
        }
        let audience = claims.aud.as_ref().ok_or(Disbelief::Audience)?;
        if audience.only() != Some(self.client) || claims.azp.as_deref().is_some_and(|azp| azp != self.client) {
            return Err(Disbelief::Audience);
        }
        let signed_at = claims.iat.ok_or(Disbelief::Time)?.time();
        if signed_at > self.now.plus(SKEW) || signed_at.plus(OLDEST) < self.now {
            return Err(Disbelief::Time);
        }
        let kind = header.typ.map(|typ| typ.to_ascii_lowercase());
        Ok((kind.map(|kind| kind.trim_start_matches("application/").to_owned()), claims))
    }
}

/// The header and payload of a token that one of `keys` has signed.
fn signed<'t>(token: &'t str, keys: &[CoreJsonWebKey]) -> Result<(Header, &'t str), Disbelief> {
    if token.len() > LONGEST {
        return Err(Disbelief::Malformed);
    }
    let (message, signature) = token.rsplit_once('.').ok_or(Disbelief::Malformed)?;
    let (header, payload) = message.split_once('.').ok_or(Disbelief::Malformed)?;
    let signature = URL_SAFE_NO_PAD.decode(signature).map_err(|_| Disbelief::Malformed)?;
    let header: Header = decoded(header)?;
    // What must be understood and is not (RFC 7515 §4.1.11).
    if header.crit.is_some() {
        return Err(Disbelief::Malformed);
    }
    let algorithm = serde_json::from_value(Value::String(header.alg.clone())).map_err(|_| Disbelief::Algorithm)?;
    if !ALLOWED.contains(&algorithm) {
        return Err(Disbelief::Algorithm);
    }
    let named = |key: &&CoreJsonWebKey| {
        header.kid.as_deref().is_none_or(|kid| key.key_id().is_some_and(|id| id.as_str() == kid))
    };
    let mut candidates = keys.iter().filter(named).filter(|key| fits(key, &algorithm)).peekable();
    if candidates.peek().is_none() {
        return Err(Disbelief::UnknownKey);
    }
    let is_good = |key: &CoreJsonWebKey| key.verify_signature(&algorithm, message.as_bytes(), &signature).is_ok();
    if candidates.any(is_good) { Ok((header, payload)) } else { Err(Disbelief::Signature) }
}

/// Whether a key may make such signatures (RFC 8725 §3.1).
fn fits(key: &CoreJsonWebKey, algorithm: &CoreJwsSigningAlgorithm) -> bool {
    let signs = key.key_use().is_none_or(openidconnect::JsonWebKeyUse::allows_signature);
    let of_its_kind = algorithm.key_type().as_ref() == Some(key.key_type());
    let meant_for_it = match key.signing_alg() {
        JsonWebKeyAlgorithm::Unspecified => true,
        JsonWebKeyAlgorithm::Algorithm(only) => only == algorithm,
        JsonWebKeyAlgorithm::Unsupported => false,
    };
    signs && of_its_kind && meant_for_it
}

fn decoded<T: DeserializeOwned>(part: &str) -> Result<T, Disbelief> {
    let bytes = URL_SAFE_NO_PAD.decode(part).map_err(|_| Disbelief::Malformed)?;
    serde_json::from_slice(&bytes).map_err(|_| Disbelief::Malformed)
}

/// OpenID Connect Core 1.0 §2: at most 255 ASCII characters.
fn is_a_name(subject: &Personal<String>) -> bool {
    (1..=255).contains(&subject.reveal().len()) && subject.reveal().bytes().all(|byte| matches!(byte, 0x20..0x7f))
}

#[derive(Deserialize)]
struct Header {
    alg: String,
    kid: Option<String>,
    typ: Option<String>,
    crit: Option<Value>,
}

#[derive(Deserialize)]
struct Claims {
    iss: Option<String>,
    sub: Option<Personal<String>>,
    aud: Option<Audience>,
    azp: Option<String>,
    exp: Option<Seconds>,
    iat: Option<Seconds>,
    nonce: Option<Secret<String>>,
    auth_time: Option<Seconds>,
    acr: Option<String>,
    amr: Option<Vec<String>>,
    sid: Option<Personal<String>>,
    jti: Option<String>,
    events: Option<Map<String, Value>>,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Audience {
    One(String),
    Several(Vec<String>),
}

impl Audience {
    /// Whom it is for, where that is one: nobody else is trusted with a token of ours.
    fn only(&self) -> Option<&str> {
        match self {
            Self::One(one) => Some(one),
            Self::Several(all) => match all.as_slice() {
                [one] => Some(one),
                _ => None,
            },
        }
    }
}

/// A `NumericDate` (RFC 7519 §2), parts of seconds cut off.
#[derive(Clone, Copy, Deserialize)]
struct Seconds(f64);

impl Seconds {
    fn time(self) -> Time {
        #[expect(
            clippy::cast_possible_truncation,
            reason = "a float beyond the range is its end, which is what is meant"
        )]
        let micros = (self.0.trunc() * 1_000_000.0) as i64;
        Time::from_micros(micros)
    }
}
