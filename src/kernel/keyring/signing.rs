//! The keys that certificates are signed with (Ed25519, RFC 8032). They never go back in time, and their secret halves
//! are sealed under the service's own key.

use diesel::{ExpressionMethods as _, QueryDsl as _, RunQueryDsl as _};
use ed25519_dalek::{Signature, Signer as _, SigningKey, VerifyingKey};

use super::tables::signing_keys;
use super::{Keyring, KeyringError};
use crate::kernel::clock::Time;
use crate::kernel::crypto::{Owner, Place, RowRef, Sealed};
use crate::kernel::ids::SigningKeyId;
use crate::kernel::personal::{Secret, revealed};
use crate::kernel::store::StoreError;

/// Where the secret half of a signing key lies.
struct SigningSecret;

impl Place for SigningSecret {
    const LABEL: &'static str = "signing_keys.secret";
    type Plain = Half;
}

/// The 32 bytes of a secret half.
#[derive(serde::Serialize, serde::Deserialize)]
struct Half(#[serde(with = "revealed")] Secret<[u8; 32]>);

/// What a key signs, and nothing else.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Purpose {
    /// Certificates and reports.
    Certificates,
    /// Checkpoints of the transparency log.
    Log,
}

impl Purpose {
    const fn code(self) -> i16 {
        match self {
            Self::Certificates => 1,
            Self::Log => 2,
        }
    }
}

/// The public half of a signing key, as it is published.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PublicKey {
    /// Its id, which signatures name.
    pub id: SigningKeyId,
    /// The 32 bytes of RFC 8032.
    pub bytes: [u8; 32],
    /// Since when it signs.
    pub created_at: Time,
}

/// A signing key at hand.
pub struct Signer {
    id: SigningKeyId,
    key: SigningKey,
}

impl Signer {
    pub(in crate::kernel) fn of_bytes(id: SigningKeyId, bytes: &[u8; 32]) -> Self {
        Self { id, key: SigningKey::from_bytes(bytes) }
    }

    /// Its id, which what it signs names.
    #[must_use]
    pub const fn id(&self) -> SigningKeyId {
        self.id
    }

    /// Its public half.
    #[must_use]
    pub fn public(&self) -> [u8; 32] {
        self.key.verifying_key().to_bytes()
    }

    /// Signs `message`.
    #[must_use]
    pub fn sign(&self, message: &[u8]) -> [u8; 64] {
        self.key.sign(message).to_bytes()
    }
}

/// It was not signed by this key, or was changed since.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the signature does not hold")]
pub struct NotSigned;

impl PublicKey {
    /// Whether `signature` is this key's over `message`, by the strict rules (no small-order keys, one form only).
    ///
    /// # Errors
    /// [`NotSigned`].
    pub fn verify(bytes: &[u8; 32], message: &[u8], signature: &[u8; 64]) -> Result<(), NotSigned> {
        let key = VerifyingKey::from_bytes(bytes).map_err(|_| NotSigned)?;
        key.verify_strict(message, &Signature::from_bytes(signature)).map_err(|_| NotSigned)
    }
}

impl Keyring {
    /// Every public key that certificates are signed with, oldest first; the last one signs.
    ///
    /// # Errors
    /// The keyring is away.
    pub fn public_keys(&self) -> Result<Vec<PublicKey>, KeyringError> {
        self.public_keys_for(Purpose::Certificates)
    }

    /// Every public key that signs for `purpose`, oldest first; the last one signs.
    ///
    /// # Errors
    /// The keyring is away.
    pub fn public_keys_for(&self, purpose: Purpose) -> Result<Vec<PublicKey>, KeyringError> {
        let rows: Vec<(SigningKeyId, Vec<u8>, Time)> = self.db().read_here(None, |tx| {
            signing_keys::table
                .filter(signing_keys::purpose.eq(purpose.code()))
                .order(signing_keys::id)
                .select((signing_keys::id, signing_keys::public, signing_keys::created_at))
                .load(tx.conn())
                .map_err(StoreError::from)
        })?;
        rows.into_iter()
            .map(|(id, bytes, created_at)| {
                let bytes = bytes.try_into().map_err(|_| KeyringError::Defect("a public key of another length"))?;
                Ok(PublicKey { id, bytes, created_at })
            })
            .collect()
    }

    /// The newest key that signs certificates; the first one is made when there is none.
    ///
    /// # Errors
    /// The keyring is away.
    pub async fn signer(&self) -> Result<Signer, KeyringError> {
        self.signer_for(Purpose::Certificates).await
    }

    /// The newest key that signs for `purpose`; the first one is made when there is none.
    ///
    /// # Errors
    /// The keyring is away.
    pub async fn signer_for(&self, purpose: Purpose) -> Result<Signer, KeyringError> {
        let keys = self.keys(Owner::Service)?;
        let id = SigningKeyId::new(self.clock().now(), self.entropy());
        let half = Half(Secret::new(self.entropy().bytes::<32>()));
        let public = Signer::of_bytes(id, half.0.reveal()).public();
        let sealed = keys.seal::<SigningSecret>(RowRef::new(id.as_bytes(), 1), &half, self.entropy());
        let (id, sealed): (SigningKeyId, Sealed<SigningSecret>) = self
            .db()
            .write(Vec::new(), move |tx| -> Result<_, KeyringError> {
                let newest: Vec<(SigningKeyId, Sealed<SigningSecret>)> = signing_keys::table
                    .filter(signing_keys::purpose.eq(purpose.code()))
                    .order(signing_keys::id.desc())
                    .select((signing_keys::id, signing_keys::secret))
                    .limit(1)
                    .load(tx.conn())
                    .map_err(StoreError::from)?;
                if let Some(newest) = newest.into_iter().next() {
                    return Ok(newest);
                }
                diesel::insert_into(signing_keys::table)
                    .values((
                        signing_keys::id.eq(id),
                        signing_keys::public.eq(public.as_slice()),
                        signing_keys::secret.eq(&sealed),
                        signing_keys::created_at.eq(tx.now()),
                        signing_keys::purpose.eq(purpose.code()),
                    ))
                    .execute(tx.conn())
                    .map_err(StoreError::from)?;
                Ok((id, sealed.clone()))
            })
            .await?;
        let half =
            keys.open(RowRef::new(id.as_bytes(), 1), &sealed).map_err(|_| KeyringError::Unwrap(Owner::Service))?;
        Ok(Signer::of_bytes(id, half.0.reveal()))
    }
}
