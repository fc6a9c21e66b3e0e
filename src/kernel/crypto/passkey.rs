//! Passkeys: the ceremonies of WebAuthn level 3, as the service that relies on them. The only module that names the
//! library.
//!
//! What is asked of a browser stands here, word for word; what comes back is checked by the library, which is handed its
//! own stored state with our challenge in it. So every challenge is of our [`Entropy`] and the library's own randomness
//! is never asked. It does ask the system's clock at a registration, for the age of attestation certificates; none are
//! asked for, and none decide anything.
//!
//! A passkey is bound to the [`Site`] it was made at. The person must be verified by the device (S-1), the key
//! found by the device itself, and nobody embeds us: a ceremony within another site's frame is refused.

use std::time::Duration;

use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use webauthn_rs_core::WebauthnCore;
use webauthn_rs_core::error::WebauthnError;
use webauthn_rs_core::proto::{
    AttestationFormat, AttestationMetadata, AuthenticatorTransport, COSEAlgorithm, Credential, ParsedAttestation,
    ParsedAttestationData, PublicKeyCredential, RegisterPublicKeyCredential, UserVerificationPolicy,
};

use crate::kernel::entropy::Entropy;
use crate::kernel::personal::Personal;

/// One of our genuine hosts as a browser reached it: what passkeys are bound to. A bare address cannot be one
/// (WebAuthn §5.1.2: the RP ID is a domain).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Site {
    name: String,
    port: Option<u16>,
}

impl Site {
    /// The host of this name, reached at this port; at the usual one when there is none.
    #[must_use]
    pub fn new(name: &str, port: Option<u16>) -> Self {
        Self { name: name.to_owned(), port: port.filter(|port| *port != HTTPS) }
    }

    /// As a browser writes it (RFC 6454 §6.1).
    #[must_use]
    pub fn origin(&self) -> String {
        match self.port {
            Some(port) => format!("https://{}:{port}", self.name),
            None => format!("https://{}", self.name),
        }
    }
}

const HTTPS: u16 = 443;

/// What authenticators know an account by: random, the same at all its passkeys, and of no meaning elsewhere.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct UserHandle(String);

impl UserHandle {
    /// A new one: 32 random bytes.
    #[must_use]
    pub fn random(entropy: &Entropy) -> Self {
        Self(BASE64_URL_SAFE_NO_PAD.encode(entropy.bytes::<32>()))
    }
}

/// Whose passkey is made, as the device shows it when it offers several.
#[derive(Debug, Clone)]
pub struct User {
    /// What it is kept under.
    pub handle: UserHandle,
    /// The identifier of the account.
    pub name: Personal<String>,
    /// The person's name.
    pub display_name: Personal<String>,
}

/// A public key that confirms its owner, with what is known of it.
#[derive(Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Passkey {
    handle: UserHandle,
    credential: Credential,
}

impl Passkey {
    /// The credential's id in base64url, by which its owner's device names it.
    #[must_use]
    pub fn id(&self) -> String {
        BASE64_URL_SAFE_NO_PAD.encode(&self.credential.cred_id)
    }

    /// What authenticators know its account by.
    #[must_use]
    pub const fn handle(&self) -> &UserHandle {
        &self.handle
    }
}

/// What an answer says of itself, before anything of it is checked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Claimed {
    /// The credential's id in base64url.
    pub id: String,
    /// Whose it is; absent where the device keeps no such thing.
    pub handle: Option<UserHandle>,
}

/// Why an answer is not accepted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Refused {
    /// It does not fit what was asked, or is no answer at all.
    #[error("the passkey's answer is refused")]
    Wrong,
    /// All of it fits, but the device's counter went back: there may be a copy of the key (WebAuthn §6.1.1).
    #[error("the passkey's counter went back")]
    Copied,
    /// The question, as it was kept, is none that the library takes: a fault of ours, whatever was answered.
    #[error("the passkey's question cannot be read")]
    Ours,
}

/// One question to an authenticator, kept until its answer comes.
#[derive(Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Ceremony {
    site: Site,
    /// 32 random bytes in base64url.
    challenge: String,
}

/// What the service is called where a device names it.
const SERVICE: &str = "Seif";

/// What a key may be of, the best first: those that the library can check (COSE, RFC 9053).
const ALGORITHMS: [COSEAlgorithm; 3] = [COSEAlgorithm::ES256, COSEAlgorithm::ES384, COSEAlgorithm::RS256];

/// The longest id of a credential, in bytes (WebAuthn §7.1).
const LONGEST_ID: usize = 1023;

/// So many ways to reach a device there are, and some to come.
const MOST_TRANSPORTS: usize = 8;

impl Ceremony {
    /// A new question, asked at `site`.
    #[must_use]
    pub fn new(site: &Site, entropy: &Entropy) -> Self {
        Self { site: site.clone(), challenge: BASE64_URL_SAFE_NO_PAD.encode(entropy.bytes::<32>()) }
    }

    /// How to make a passkey, as `PublicKeyCredential.parseCreationOptionsFromJSON` takes it; not on a device that holds
    /// one of `known` already.
    #[must_use]
    pub fn creation_options(&self, user: &User, known: &[Passkey], lasting: Duration) -> Value {
        let algorithms = ALGORITHMS.map(|algorithm| json!({"type": "public-key", "alg": algorithm as i64}));
        json!({
            "rp": {"id": self.site.name, "name": SERVICE},
            "user": {
                "id": user.handle.0, "name": user.name.reveal(), "displayName": user.display_name.reveal(),
            },
            "challenge": self.challenge,
            "pubKeyCredParams": algorithms,
            "timeout": millis(lasting),
            "excludeCredentials": known.iter().map(descriptor).collect::<Vec<_>>(),
            "authenticatorSelection": {
                "residentKey": "required", "requireResidentKey": true, "userVerification": "required",
            },
            "attestation": "none",
        })
    }

    /// How to use one of `known`, as `PublicKeyCredential.parseRequestOptionsFromJSON` takes it; where none is known,
    /// whichever the device holds for the site.
    #[must_use]
    pub fn request_options(&self, known: &[Passkey], lasting: Duration) -> Value {
        json!({
            "rpId": self.site.name,
            "challenge": self.challenge,
            "timeout": millis(lasting),
            "allowCredentials": known.iter().map(descriptor).collect::<Vec<_>>(),
            "userVerification": "required",
        })
    }

    /// The passkey that `answer` (a `RegistrationResponseJSON`) makes, when it answers this question and is none of
    /// `known` (WebAuthn §7.1).
    ///
    /// # Errors
    /// [`Refused::Wrong`]; [`Refused::Ours`].
    pub fn register(&self, handle: &UserHandle, known: &[Passkey], answer: &Value) -> Result<Passkey, Refused> {
        self.register_under(UserVerificationPolicy::Required, handle, known, answer)
    }

    fn register_under(
        &self,
        verification: UserVerificationPolicy,
        handle: &UserHandle,
        known: &[Passkey],
        answer: &Value,
    ) -> Result<Passkey, Refused> {
        let answer: RegisterPublicKeyCredential = read(answer)?;
        of_a_key(&answer.type_, &answer.id, &answer.raw_id)?;
        self.is_ours(&answer.response.client_data_json)?;
        let state = serde_json::from_value(json!({
            "policy": verification,
            "exclude_credentials": known.iter().map(Passkey::id).collect::<Vec<_>>(),
            "challenge": self.challenge,
            "credential_algorithms": ALGORITHMS,
            "require_resident_key": true,
            "authenticator_attachment": null,
            "extensions": {},
            "allow_synchronised_authenticators": true,
        }));
        let state = state.map_err(|_| Refused::Ours)?;
        let made = self.library()?.register_credential(&answer, &state, None).map_err(|_| Refused::Wrong)?;
        if made.cred_id != answer.raw_id || made.cred_id.is_empty() || made.cred_id.len() > LONGEST_ID {
            return Err(Refused::Wrong);
        }
        // What a device says of its make is not asked for, and not kept where it is told all the same.
        let attestation = ParsedAttestation { data: ParsedAttestationData::None, metadata: AttestationMetadata::None };
        let transports = answer.response.transports.map(|all| all.into_iter().take(MOST_TRANSPORTS).collect());
        let attestation_format = AttestationFormat::None;
        let credential = Credential { transports, attestation, attestation_format, ..made };
        Ok(Passkey { handle: handle.clone(), credential })
    }

    /// The passkey as it is kept from now on, when `answer` (an `AuthenticationResponseJSON`) is its answer to this
    /// question (WebAuthn §7.2).
    ///
    /// # Errors
    /// See [`Refused`].
    pub fn verify(&self, passkey: &Passkey, answer: &Value) -> Result<Passkey, Refused> {
        self.verify_under(UserVerificationPolicy::Required, passkey, answer)
    }

    fn verify_under(
        &self,
        verification: UserVerificationPolicy,
        passkey: &Passkey,
        answer: &Value,
    ) -> Result<Passkey, Refused> {
        let said = claimed(answer).ok_or(Refused::Wrong)?;
        if said.id != passkey.id() || said.handle.is_some_and(|handle| handle != passkey.handle) {
            return Err(Refused::Wrong);
        }
        let answer: PublicKeyCredential = read(answer)?;
        self.is_ours(&answer.response.client_data_json)?;
        let state = serde_json::from_value(json!({
            "credentials": [],
            "policy": verification,
            "challenge": self.challenge,
            "appid": null,
            "allow_backup_eligible_upgrade": false,
        }));
        let state = state.map_err(|_| Refused::Ours)?;
        let checked = self.library()?.authenticate_single_credential(&answer, &state, &passkey.credential);
        let checked = checked.map_err(|error| match error {
            WebauthnError::CredentialPossibleCompromise => Refused::Copied,
            _ => Refused::Wrong,
        })?;
        let mut credential = passkey.credential.clone();
        credential.counter = checked.counter();
        credential.backup_state = checked.backup_state();
        Ok(Passkey { handle: passkey.handle.clone(), credential })
    }

    /// The page that asked was ours to the letter, and in nobody's frame: the library lets frames pass at a use.
    fn is_ours(&self, client_data: &[u8]) -> Result<(), Refused> {
        let seen: ClientData = serde_json::from_slice(client_data).map_err(|_| Refused::Wrong)?;
        let is_framed = seen.cross_origin == Some(true) || seen.top_origin.is_some();
        if seen.origin == self.site.origin() && !is_framed { Ok(()) } else { Err(Refused::Wrong) }
    }

    /// The library for this site: exactly this origin.
    fn library(&self) -> Result<WebauthnCore, Refused> {
        let origin = self.site.origin().parse().map_err(|_| Refused::Ours)?;
        let (subdomains, ports) = (Some(false), Some(false));
        let library = WebauthnCore::new_unsafe_experts_only(
            SERVICE,
            &self.site.name,
            vec![origin],
            Duration::ZERO,
            subdomains,
            ports,
        );
        Ok(library)
    }
}

/// What a browser says of the page that asked (WebAuthn §5.8.1), as far as it is looked at here.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct ClientData {
    origin: String,
    cross_origin: Option<bool>,
    top_origin: Option<String>,
}

/// What `answer` says of itself; nothing when it is no answer of an authenticator.
#[must_use]
pub fn claimed(answer: &Value) -> Option<Claimed> {
    let answer: PublicKeyCredential = read(answer).ok()?;
    of_a_key(&answer.type_, &answer.id, &answer.raw_id).ok()?;
    let handle = answer.response.user_handle.map(|handle| UserHandle(BASE64_URL_SAFE_NO_PAD.encode(handle)));
    Some(Claimed { id: answer.id, handle })
}

/// A credential is a public key's, and its two ids are one.
fn of_a_key(kind: &str, id: &str, raw_id: &[u8]) -> Result<(), Refused> {
    let is_one = kind == "public-key" && id == BASE64_URL_SAFE_NO_PAD.encode(raw_id);
    if is_one { Ok(()) } else { Err(Refused::Wrong) }
}

/// The answer in the library's words. What a browser adds of extensions is left aside: none is asked for.
fn read<T: serde::de::DeserializeOwned>(answer: &Value) -> Result<T, Refused> {
    let mut answer = answer.clone();
    if let Some(members) = answer.as_object_mut() {
        members.remove("clientExtensionResults");
        members.remove("extensions");
    }
    serde_json::from_value(answer).map_err(|_| Refused::Wrong)
}

/// What tells a browser of a passkey.
fn descriptor(passkey: &Passkey) -> Value {
    let mut told = json!({"type": "public-key", "id": passkey.id()});
    let transports = passkey.credential.transports.iter().flatten();
    let known: Vec<&AuthenticatorTransport> =
        transports.filter(|transport| **transport != AuthenticatorTransport::Unknown).collect();
    if let Some(members) = told.as_object_mut().filter(|_| !known.is_empty()) {
        members.insert("transports".to_owned(), json!(known));
    }
    told
}

fn millis(lasting: Duration) -> u64 {
    u64::try_from(lasting.as_millis()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests;
