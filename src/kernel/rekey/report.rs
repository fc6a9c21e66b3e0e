//! The report of a key that turned over: what was sealed anew and when the old version was destroyed, signed with Ed25519
//! over the form of RFC 8785, as certificates of erasure are.

use std::collections::BTreeMap;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD as BASE64URL;
use serde::{Deserialize, Serialize};

use crate::kernel::erasure::certificate::{Invalid, unsigned};
use crate::kernel::erasure::named;
use crate::kernel::ids::{InstanceId, SigningKeyId};
use crate::kernel::keyring::rekeys::{Facts, Rekey};
use crate::kernel::keyring::signing::{PublicKey, Signer};
use crate::kernel::store::StoreError;
use crate::kernel::{Kernel, store_error};

/// The name of this form of report.
pub const FORMAT: &str = "seif-key-report/1";

/// What is reported, and by whom. Times are RFC 3339 in UTC with milliseconds.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Report {
    /// [`FORMAT`].
    pub format: String,
    /// The installation.
    pub service: InstanceId,
    /// Whose key: `tenant:…` or `account:…`.
    pub owner: String,
    /// The version that is destroyed.
    pub old_version: u32,
    /// The version that came after it.
    pub new_version: u32,
    /// Who began it: `local:UID`, or `service`.
    pub actor: String,
    /// When it was begun.
    pub begun_at: String,
    /// When it was last seen that nothing was left under the old version.
    pub verified_at: Option<String>,
    /// How many values of each column were sealed anew.
    pub sealed: BTreeMap<String, u64>,
    /// How many tags were made anew, by table.
    pub tagged: BTreeMap<String, u64>,
    /// How many values opened under no version, by column, and are lost.
    pub unopenable: BTreeMap<String, u64>,
    /// When the old version was destroyed, and this was signed.
    pub issued_at: String,
    /// The key that signed it.
    pub key: SigningKeyId,
    /// Base64url without padding of the 64 bytes over the canonical form of everything but this member.
    pub signature: String,
}

impl Report {
    fn signed(mut self, signer: &Signer) -> Result<String, StoreError> {
        let no_json = |_| StoreError::Refused("a report that is no JSON");
        self.signature = BASE64URL.encode(signer.sign(unsigned(&self).map_err(no_json)?.as_bytes()));
        serde_json::to_string(&self).map_err(no_json)
    }

    /// Reads a report and checks its signature against whichever of `keys` it names.
    ///
    /// # Errors
    /// See [`Invalid`].
    pub fn verify(text: &str, keys: &[(SigningKeyId, [u8; 32])]) -> Result<Self, Invalid> {
        let report: Self = serde_json::from_str(text).map_err(|_| Invalid::Form)?;
        if report.format != FORMAT {
            return Err(Invalid::Form);
        }
        let (_, key) = keys.iter().find(|(id, _)| *id == report.key).ok_or(Invalid::UnknownKey)?;
        let signature = BASE64URL.decode(&report.signature).ok().and_then(|bytes| bytes.try_into().ok());
        let to_sign = unsigned(&report).map_err(|_| Invalid::Form)?;
        PublicKey::verify(key, to_sign.as_bytes(), &signature.ok_or(Invalid::Form)?).map_err(|_| Invalid::Signature)?;
        Ok(report)
    }
}

/// The report of `rekey`, signed.
///
/// # Errors
/// The keyring is away, or the report cannot be written down.
pub(super) async fn signed(kernel: &Kernel, rekey: &Rekey) -> Result<String, StoreError> {
    let signer = kernel.keyring().signer().await.map_err(|error| store_error(&error))?;
    let Facts { sealed, tagged, unopenable, verified_at } = rekey.facts.clone();
    let report = Report {
        format: FORMAT.to_owned(),
        service: kernel.keyring().instance(),
        owner: named(rekey.owner),
        old_version: rekey.old.as_u32(),
        new_version: rekey.new.as_u32(),
        actor: rekey.actor.clone(),
        begun_at: rekey.begun_at.rfc3339(),
        verified_at: verified_at.map(crate::kernel::clock::Time::rfc3339),
        sealed,
        tagged,
        unopenable,
        issued_at: kernel.now().rfc3339(),
        key: signer.id(),
        signature: String::new(),
    };
    report.signed(&signer)
}
