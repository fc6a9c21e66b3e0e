//! The certificate of an erasure: what was destroyed and when, signed with Ed25519 over the form of RFC 8785.
//!
//! Everybody who has it and the published key can check it, with nothing of ours: `ops/verify_certificate.py` does it in
//! another language. It names keys and owners by id, and who left by a commitment that only they can open.

use std::collections::BTreeMap;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD as BASE64URL;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::kernel::erasure::{DestroyedKey, PolicyFact};
use crate::kernel::ids::{InstanceId, SigningKeyId};
use crate::kernel::keyring::signing::{PublicKey, Signer};
use crate::kernel::store::StoreError;

/// The name of this form of certificate.
pub const FORMAT: &str = "seif-erasure-certificate/1";

/// What is certified, and by whom. Times are RFC 3339 in UTC with milliseconds.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Certificate {
    /// [`FORMAT`].
    pub format: String,
    /// Which of the two it is.
    pub kind: Kind,
    /// The installation that it was erased from.
    pub service: InstanceId,
    /// Whose data it was: `tenant:…` or `account:…`.
    pub owner: String,
    /// SHA-256 of the erasure's id and the name of who left; see `ops/verify_certificate.py`.
    pub commitment: String,
    /// When it was asked for.
    pub requested_at: String,
    /// When the keys were destroyed: from then on nobody could read anything.
    pub keys_destroyed_at: String,
    /// Each destroyed key.
    pub keys: Vec<DestroyedKey>,
    /// How many rows of each table were deleted.
    pub purged: BTreeMap<String, u64>,
    /// How many files were deleted.
    pub files: u64,
    /// What was found when every store was searched once more.
    pub check: Check,
    /// When all of that was done.
    pub finished_at: String,
    /// Until when an old back-up of the keyring could exist that held the keys.
    pub horizon_at: String,
    /// The farewell mail was sealed under a key of its own, which is destroyed at the latest at this time.
    pub farewell_until: Option<String>,
    /// The legal documents in force when it was asked for.
    pub policies: Vec<PolicyFact>,
    /// The transparency log before this certificate was entered in it, as a signed note: who keeps the certificate keeps
    /// a witness of the log.
    pub checkpoint: String,
    /// When this was signed.
    pub issued_at: String,
    /// The key that signed it.
    pub key: SigningKeyId,
    /// Base64url without padding of the 64 bytes over the canonical form of everything but this member.
    pub signature: String,
}

/// Which certificate of an erasure it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// Everything is erased; back-ups of the keyring may exist until the horizon.
    Erased,
    /// The horizon has passed.
    HorizonPassed,
}

/// What was left when every store was searched once more, after everything had been deleted.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Check {
    /// When.
    pub at: String,
    /// Rows in the data's database.
    pub rows: u64,
    /// Keys and sign-in identifiers in the keyring.
    pub keys: u64,
    /// Pages of both databases that could still have held what was deleted were overwritten.
    pub overwritten: bool,
}

/// Why a text is no certificate that holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Invalid {
    /// It is not JSON, or not of this form: a member is missing or unknown.
    #[error("it is not a certificate: a member is missing, unknown or of another form")]
    Form,
    /// It was changed, or signed by another key.
    #[error("the signature does not hold: it was changed, or signed by another key")]
    Signature,
    /// None of the given keys is the one that it names.
    #[error("it names a key that was not given")]
    UnknownKey,
    /// It states that something was left.
    #[error("it states that something was left over")]
    Incomplete,
}

impl Certificate {
    /// The certificate, signed, as it is kept and handed out; its key is the signer's.
    ///
    /// # Errors
    /// It cannot be written down: then nothing is signed.
    pub fn signed(mut self, signer: &Signer) -> Result<String, StoreError> {
        self.key = signer.id();
        let to_sign = unsigned(&self).map_err(|_| NO_JSON)?;
        self.signature = BASE64URL.encode(signer.sign(to_sign.as_bytes()));
        serde_json::to_string(&self).map_err(|_| NO_JSON)
    }

    /// Reads a certificate and checks its signature against whichever of `keys` it names.
    ///
    /// # Errors
    /// See [`Invalid`].
    pub fn verify(text: &str, keys: &[(SigningKeyId, [u8; 32])]) -> Result<Self, Invalid> {
        let certificate: Self = serde_json::from_str(text).map_err(|_| Invalid::Form)?;
        if certificate.format != FORMAT {
            return Err(Invalid::Form);
        }
        let (_, key) = keys.iter().find(|(id, _)| *id == certificate.key).ok_or(Invalid::UnknownKey)?;
        let signature = BASE64URL.decode(&certificate.signature).ok().and_then(|bytes| bytes.try_into().ok());
        let to_sign = unsigned(&certificate).map_err(|_| Invalid::Form)?;
        PublicKey::verify(key, to_sign.as_bytes(), &signature.ok_or(Invalid::Form)?).map_err(|_| Invalid::Signature)?;
        let Check { rows, keys, overwritten, .. } = certificate.check;
        if rows > 0 || keys > 0 || !overwritten {
            return Err(Invalid::Incomplete);
        }
        Ok(certificate)
    }
}

const NO_JSON: StoreError = StoreError::Refused("a certificate that is no JSON");

/// The bytes of `whole` that are signed: its canonical form without the member `signature`.
///
/// # Errors
/// It is no JSON.
pub(in crate::kernel) fn unsigned(whole: &impl Serialize) -> Result<String, serde_json::Error> {
    let mut value = serde_json::to_value(whole)?;
    if let Value::Object(members) = &mut value {
        members.remove("signature");
    }
    Ok(canonical(&value))
}

/// JSON in the one form of RFC 8785: members sorted by their names' UTF-16 units, no space, the shortest escapes. Ours
/// hold no number but whole ones below 2^53.
#[must_use]
pub fn canonical(value: &Value) -> String {
    match value {
        Value::Array(items) => {
            let items: Vec<String> = items.iter().map(canonical).collect();
            format!("[{}]", items.join(","))
        }
        Value::Object(members) => {
            let mut names: Vec<&String> = members.keys().collect();
            names.sort_by_key(|name| name.encode_utf16().collect::<Vec<_>>());
            let member = |name: &String| {
                let value = members.get(name).map(canonical).unwrap_or_default();
                format!("{}:{value}", Value::String(name.clone()))
            };
            format!("{{{}}}", names.into_iter().map(member).collect::<Vec<_>>().join(","))
        }
        plain => plain.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kernel::clock::Time;
    use crate::kernel::entropy::Entropy;

    fn certificate() -> Certificate {
        let at = "2026-11-22T10:00:00.000Z".to_owned();
        Certificate {
            format: FORMAT.to_owned(),
            kind: Kind::Erased,
            service: InstanceId::from_bytes([1; 16]),
            owner: "tenant:x".to_owned(),
            commitment: "00".to_owned(),
            requested_at: at.clone(),
            keys_destroyed_at: at.clone(),
            keys: vec![DestroyedKey { id: "tenant:x:1".to_owned(), destroyed_at: at.clone() }],
            purged: BTreeMap::from([("records".to_owned(), 3)]),
            files: 0,
            check: Check { at: at.clone(), rows: 0, keys: 0, overwritten: true },
            finished_at: at.clone(),
            horizon_at: at.clone(),
            farewell_until: None,
            policies: vec![PolicyFact { document: "privacy".to_owned(), version: 1 }],
            checkpoint: "seif/log\n0\n".to_owned(),
            issued_at: at,
            key: SigningKeyId::from_bytes([0; 16]),
            signature: String::new(),
        }
    }

    fn signer(seed: u8) -> Signer {
        let id = SigningKeyId::new(Time::from_micros(1), &Entropy::seeded(3));
        Signer::of_bytes(id, &[seed; 32])
    }

    fn signed(certificate: Certificate) -> (String, Vec<(SigningKeyId, [u8; 32])>) {
        (certificate.signed(&signer(9)).unwrap(), vec![(signer(9).id(), signer(9).public())])
    }

    #[test]
    fn a_certificate_holds_until_a_single_character_of_it_is_changed() {
        let (text, keys) = signed(certificate());
        assert_eq!(Certificate::verify(&text, &keys).unwrap().purged, certificate().purged);
        for at in 0..text.len() {
            let mut changed = text.clone().into_bytes();
            changed[at] ^= 1;
            let Ok(changed) = String::from_utf8(changed) else { continue };
            assert!(Certificate::verify(&changed, &keys).is_err(), "{at}: {changed}");
        }
    }

    #[test]
    fn a_member_more_or_another_key_or_something_left_is_refused() {
        let (text, keys) = signed(certificate());
        let more = text.replacen('{', r#"{"remark":"x","#, 1);
        assert_eq!(Certificate::verify(&more, &keys).unwrap_err(), Invalid::Form);
        let inside = text.replacen(r#""rows""#, r#""remark":"x","rows""#, 1);
        assert_eq!(Certificate::verify(&inside, &keys).unwrap_err(), Invalid::Form);
        assert_eq!(Certificate::verify(&text, &[]).unwrap_err(), Invalid::UnknownKey);
        let other = vec![(keys[0].0, signer(8).public())];
        assert_eq!(Certificate::verify(&text, &other).unwrap_err(), Invalid::Signature);
        let mut left = certificate();
        left.check.rows = 1;
        let (text, keys) = signed(left);
        assert_eq!(Certificate::verify(&text, &keys).unwrap_err(), Invalid::Incomplete);
    }

    #[test]
    fn the_canonical_form_is_that_of_rfc_8785() {
        // RFC 8785 §3.2.3 and §3.2.2.2.
        let value = serde_json::json!({
            "\u{20ac}": "Euro Sign", "\r": "Carriage Return", "\u{fb33}": "Hebrew Letter Dalet With Dagesh",
            "1": "One", "\u{1f600}": "Emoji: Grinning Face", "\u{80}": "Control", "\u{f6}": "Latin Small Letter O With Diaeresis",
        });
        let order = ["\\r", "1", "\u{80}", "\u{f6}", "\u{20ac}", "\u{1f600}", "\u{fb33}"];
        let text = canonical(&value);
        let places: Vec<usize> = order.iter().map(|name| text.find(&format!("\"{name}\":")).unwrap()).collect();
        assert!(places.is_sorted(), "{text}");
        let escapes = serde_json::json!("\u{20ac}$\u{f}\nA'B\"\\\\\"/");
        assert_eq!(canonical(&escapes), r#""€$\u000f\nA'B\"\\\\\"/""#);
        assert_eq!(canonical(&serde_json::json!({"b": [1, true, null], "a": {}})), r#"{"a":{},"b":[1,true,null]}"#);
    }
}
