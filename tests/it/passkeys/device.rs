//! A device that keeps a passkey, in software: it does as WebAuthn level 3 §6 says, and can be made to lie.

use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD as BASE64;
use p256::ecdsa::signature::Signer as _;
use p256::ecdsa::{Signature, SigningKey};
use seif::testing::World;
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

/// A device with one passkey; what it says of itself can be changed before it is asked.
#[derive(Clone)]
pub(crate) struct Device {
    key: SigningKey,
    id: [u8; 32],
    /// Whose it is, as it was told at the making.
    pub(crate) user: Option<String>,
    /// Where the browser is.
    pub(crate) origin: String,
    /// Which site it takes the page for; the one that it is told, when there is none.
    pub(crate) rp_id: Option<String>,
    /// Whether it verifies its person.
    pub(crate) verifies: bool,
    /// How often it was used.
    pub(crate) counter: u32,
    /// What the ceremony is called, where it is not called by its name.
    pub(crate) ceremony: Option<&'static str>,
    /// Whether the page stands in another's frame.
    pub(crate) framed: bool,
}

impl Device {
    /// A device in front of the world's pages. Each number is another device.
    pub(crate) fn new(world: &World, number: u8) -> Self {
        Self {
            key: SigningKey::from_slice(&Sha256::digest([number])).unwrap(),
            id: Sha256::digest([number, 1]).into(),
            user: None,
            origin: world.url(""),
            rp_id: None,
            verifies: true,
            counter: 0,
            ceremony: None,
            framed: false,
        }
    }

    /// The credential's id.
    pub(crate) fn id(&self) -> String {
        BASE64.encode(self.id)
    }

    /// Makes the passkey that `options` ask for: a `RegistrationResponseJSON`.
    pub(crate) fn makes(&mut self, options: &Value) -> Value {
        self.user = Some(options["user"]["id"].as_str().unwrap().to_owned());
        let data = self.authenticator_data(options["rp"]["id"].as_str().unwrap(), ATTESTED, &self.credential_data());
        let length = u8::try_from(data.len()).unwrap();
        // {"fmt": "none", "attStmt": {}, "authData": bytes} (CTAP2's canonical CBOR)
        let object = [&b"\xa3\x63fmt\x64none\x67attStmt\xa0\x68authData\x58"[..], &[length], &data].concat();
        let client = self.client_data(self.ceremony.unwrap_or("webauthn.create"), options);
        self.said(json!({
            "clientDataJSON": BASE64.encode(client), "attestationObject": BASE64.encode(object),
            "transports": ["internal", "carrier-pigeon"],
        }))
    }

    /// Uses the passkey for what `options` ask: an `AuthenticationResponseJSON`.
    pub(crate) fn uses(&mut self, options: &Value) -> Value {
        self.counter += 1;
        self.says(options)
    }

    /// The same, of a device that counts nothing, as those do whose passkeys are on several.
    pub(crate) fn says(&self, options: &Value) -> Value {
        let data = self.authenticator_data(options["rpId"].as_str().unwrap(), 0, &[]);
        let client = self.client_data(self.ceremony.unwrap_or("webauthn.get"), options);
        let signature: Signature = self.key.sign(&[&data[..], &Sha256::digest(&client)].concat());
        self.said(json!({
            "clientDataJSON": BASE64.encode(client), "authenticatorData": BASE64.encode(data),
            "signature": BASE64.encode(signature.to_der()), "userHandle": self.user,
        }))
    }

    fn said(&self, response: Value) -> Value {
        json!({
            "id": self.id(), "rawId": self.id(), "type": "public-key", "authenticatorAttachment": "platform",
            "clientExtensionResults": {"credProps": {"rk": true}}, "response": response,
        })
    }

    fn client_data(&self, ceremony: &str, options: &Value) -> Vec<u8> {
        let said = json!({
            "type": ceremony, "challenge": options["challenge"], "origin": self.origin, "crossOrigin": self.framed,
        });
        said.to_string().into_bytes()
    }

    fn authenticator_data(&self, asked: &str, more: u8, credential: &[u8]) -> Vec<u8> {
        let rp_id = self.rp_id.as_deref().unwrap_or(asked);
        let flags = PRESENT | more | if self.verifies { VERIFIED } else { 0 };
        [&Sha256::digest(rp_id)[..], &[flags], &self.counter.to_be_bytes(), credential].concat()
    }

    /// The make of the device, the id, and the key as COSE has it: EC2, ES256, P-256, x, y (RFC 9053 §7.1).
    fn credential_data(&self) -> Vec<u8> {
        let point = self.key.verifying_key().to_sec1_point(false);
        let (x, y) = (point.x().unwrap(), point.y().unwrap());
        [&[0; 16][..], &[0, 32], &self.id, b"\xa5\x01\x02\x03\x26\x20\x01\x21\x58\x20", x, b"\x22\x58\x20", y].concat()
    }
}

const PRESENT: u8 = 0x01;
const VERIFIED: u8 = 0x04;
const ATTESTED: u8 = 0x40;
