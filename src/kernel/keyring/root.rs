//! Root keys: what wraps every owner's key, and where they come from.

use std::collections::BTreeMap;
use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use zeroize::Zeroizing;

use crate::kernel::crypto::aead::{Aead as _, KEY, NONCE, TAG, Xaes256Gcm};
use crate::kernel::crypto::password::{Params, stretch};
use crate::kernel::crypto::{KeyVersion, Owner, OwnerKey, Unreadable};
use crate::kernel::entropy::Entropy;
use crate::kernel::keyring::KeyringError;
use crate::kernel::personal::Secret;

/// Where the root keys are kept.
#[derive(Debug, Clone)]
pub enum Provider {
    /// In a file that only the service's user may read (`0600`), made at the first start.
    File(PathBuf),
    /// In a file sealed under a passphrase (Argon2id).
    Passphrase(PathBuf, Secret<String>),
}

impl Provider {
    /// The provider's name, as `seif keys status` shows it.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        match self {
            Self::File(_) => "file",
            Self::Passphrase(..) => "passphrase",
        }
    }

    /// The path of the provider's file.
    #[must_use]
    pub fn path(&self) -> &Path {
        match self {
            Self::File(path) | Self::Passphrase(path, _) => path,
        }
    }

    /// The root keys that the provider holds; `None` when it has none yet.
    ///
    /// # Errors
    /// The file cannot be read, may be read by others, is damaged, or the passphrase does not open it.
    pub(super) fn load(&self) -> Result<Option<RootKeys>, KeyringError> {
        let path = self.path();
        let bytes = match fs::read(path) {
            Ok(bytes) => Zeroizing::new(bytes),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
            Err(_) => return Err(KeyringError::RootFile(path.to_owned(), "cannot be read")),
        };
        demand_private(path)?;
        let damaged = || KeyringError::RootFile(path.to_owned(), "is not a file of root keys");
        let plain = match self {
            Self::File(_) => bytes,
            Self::Passphrase(_, passphrase) => {
                let file: SealedFile = serde_json::from_slice(&bytes).map_err(|_| damaged())?;
                file.open(passphrase)
                    .map_err(|_| KeyringError::RootFile(path.to_owned(), "does not open with this passphrase"))?
            }
        };
        RootKeys::decode(&plain).map(Some).ok_or_else(damaged)
    }

    /// Makes the first root key and keeps it: written aside, on disk, then renamed.
    ///
    /// # Errors
    /// The file cannot be written.
    pub(super) fn make(&self, entropy: &Entropy) -> Result<RootKeys, KeyringError> {
        let keys = RootKeys(BTreeMap::from([(KeyVersion::FIRST.as_u32(), Secret::new(entropy.bytes()))]));
        let plain = keys.encode();
        let bytes = match self {
            Self::File(_) => plain,
            Self::Passphrase(_, passphrase) => SealedFile::seal(passphrase, &plain, entropy)?,
        };
        write_private(self.path(), &bytes)
            .map_err(|_| KeyringError::RootFile(self.path().to_owned(), "cannot be written"))?;
        Ok(keys)
    }
}

/// The root keys by version.
pub(super) struct RootKeys(BTreeMap<u32, Secret<[u8; KEY]>>);

#[derive(serde::Serialize, serde::Deserialize)]
#[serde(deny_unknown_fields)]
struct KeysFile {
    format: u8,
    keys: BTreeMap<u32, String>,
}

impl RootKeys {
    fn encode(&self) -> Zeroizing<Vec<u8>> {
        let keys = self.0.iter().map(|(version, key)| (*version, BASE64.encode(key.reveal()))).collect();
        Zeroizing::new(serde_json::to_vec(&KeysFile { format: 1, keys }).unwrap_or_default())
    }

    fn decode(bytes: &[u8]) -> Option<Self> {
        let file: KeysFile = serde_json::from_slice(bytes).ok().filter(|file: &KeysFile| file.format == 1)?;
        let keys = file.keys.into_iter().map(|(version, text)| {
            let text = Zeroizing::new(text);
            let bytes = Zeroizing::new(BASE64.decode(text.as_bytes()).ok()?);
            Some((version, Secret::new(<[u8; KEY]>::try_from(bytes.as_slice()).ok()?)))
        });
        keys.collect::<Option<BTreeMap<_, _>>>().filter(|keys| !keys.is_empty()).map(Self)
    }

    /// The root of `version`.
    pub(super) fn root(&self, version: i64) -> Option<Root> {
        let key = self.0.get(&u32::try_from(version).ok()?)?;
        Some(Root { version, cipher: Xaes256Gcm::new(key) })
    }

    /// The newest version here.
    pub(super) fn newest(&self) -> i64 {
        self.0.keys().next_back().copied().map_or(0, i64::from)
    }
}

/// One root key, ready to wrap.
pub(super) struct Root {
    version: i64,
    cipher: Xaes256Gcm,
}

/// What proves that a root key is the one that the keyring was begun with.
const PROOF: &[u8] = b"seif/1/root/proof";

impl Root {
    pub(super) const fn version(&self) -> i64 {
        self.version
    }

    /// Wraps an owner's key: `0x01 | nonce(24) | ciphertext(32) | tag(16)`, bound to the root version, the owner and
    /// the key version.
    pub(super) fn wrap(
        &self,
        owner: Owner,
        version: KeyVersion,
        key: &OwnerKey,
        entropy: &Entropy,
    ) -> Result<Vec<u8>, KeyringError> {
        self.seal(&self.context(owner, version), key.reveal(), entropy)
    }

    /// Unwraps what [`Root::wrap`] wrapped for the same owner and version.
    pub(super) fn unwrap(&self, owner: Owner, version: KeyVersion, wrapped: &[u8]) -> Result<OwnerKey, Unreadable> {
        let plain = self.open(&self.context(owner, version), wrapped)?;
        Ok(OwnerKey::from_bytes(<[u8; KEY]>::try_from(plain.as_slice()).map_err(|_| Unreadable)?))
    }

    /// A proof of this root key, to be kept in the keyring.
    pub(super) fn proof(&self, entropy: &Entropy) -> Result<Vec<u8>, KeyringError> {
        self.seal(PROOF, PROOF, entropy)
    }

    /// Whether `proof` was made by this root key.
    pub(super) fn proves(&self, proof: &[u8]) -> Result<(), Unreadable> {
        self.open(PROOF, proof).map(drop)
    }

    fn context(&self, owner: Owner, version: KeyVersion) -> Vec<u8> {
        let mut context = b"seif/1/wrap".to_vec();
        context.extend(self.version.to_be_bytes());
        context.extend(owner.encode());
        context.extend(version.as_u32().to_be_bytes());
        context
    }

    fn seal(&self, context: &[u8], plain: &[u8], entropy: &Entropy) -> Result<Vec<u8>, KeyringError> {
        let nonce = entropy.bytes::<NONCE>();
        let mut buffer = Zeroizing::new(plain.to_vec());
        let tag = self
            .cipher
            .seal(&nonce, context, &mut buffer)
            .map_err(|_| KeyringError::Defect("a key too long to wrap"))?;
        let mut wrapped = vec![1];
        wrapped.extend(nonce);
        wrapped.extend(buffer.iter());
        wrapped.extend(tag);
        Ok(wrapped)
    }

    fn open(&self, context: &[u8], wrapped: &[u8]) -> Result<Zeroizing<Vec<u8>>, Unreadable> {
        let (format, rest) = wrapped.split_first().ok_or(Unreadable)?;
        let (nonce, rest) = rest.split_first_chunk::<NONCE>().ok_or(Unreadable)?;
        let (ciphertext, tag) = rest.split_last_chunk::<TAG>().ok_or(Unreadable)?;
        if *format != 1 {
            return Err(Unreadable);
        }
        let mut plain = Zeroizing::new(ciphertext.to_vec());
        self.cipher.open(nonce, context, &mut plain, tag)?;
        Ok(plain)
    }
}

/// A file of root keys under a passphrase. The parameters stand in it, so that raising them later breaks nothing.
#[derive(serde::Serialize, serde::Deserialize)]
#[serde(deny_unknown_fields)]
struct SealedFile {
    format: u8,
    memory_kib: u32,
    iterations: u32,
    salt: String,
    sealed: String,
}

/// Argon2id for a passphrase: RFC 9106's second recommended option, doubled in memory.
const PASSPHRASE_MEMORY_KIB: u32 = 128 * 1024;
const PASSPHRASE_ITERATIONS: u32 = 3;

impl SealedFile {
    fn seal(passphrase: &Secret<String>, plain: &[u8], entropy: &Entropy) -> Result<Zeroizing<Vec<u8>>, KeyringError> {
        let salt = entropy.bytes::<16>();
        let params = Params::new(PASSPHRASE_MEMORY_KIB, PASSPHRASE_ITERATIONS, 1)
            .map_err(|_| KeyringError::Defect("Argon2id refused its parameters"))?;
        let key = stretch(params, passphrase, &salt).map_err(|_| KeyringError::Defect("no memory for Argon2id"))?;
        let sealed =
            Root { version: 0, cipher: Xaes256Gcm::new(&key) }.seal(b"seif/1/root/passphrase", plain, entropy)?;
        let file = Self {
            format: 1,
            memory_kib: PASSPHRASE_MEMORY_KIB,
            iterations: PASSPHRASE_ITERATIONS,
            salt: BASE64.encode(salt),
            sealed: BASE64.encode(sealed),
        };
        Ok(Zeroizing::new(serde_json::to_vec(&file).unwrap_or_default()))
    }

    fn open(&self, passphrase: &Secret<String>) -> Result<Zeroizing<Vec<u8>>, Unreadable> {
        // A file that asks for more than this would stop the start for minutes: it is damaged.
        if self.format != 1 || self.memory_kib > 4 * 1024 * 1024 || self.iterations > 64 {
            return Err(Unreadable);
        }
        let salt = BASE64.decode(&self.salt).ok().and_then(|salt| salt.try_into().ok()).ok_or(Unreadable)?;
        let params = Params::new(self.memory_kib, self.iterations, 1).map_err(|_| Unreadable)?;
        let key = stretch(params, passphrase, &salt).map_err(|_| Unreadable)?;
        let sealed = BASE64.decode(&self.sealed).map_err(|_| Unreadable)?;
        Root { version: 0, cipher: Xaes256Gcm::new(&key) }.open(b"seif/1/root/passphrase", &sealed)
    }
}

/// Refuses a file that others than its owner may read or write.
fn demand_private(path: &Path) -> Result<(), KeyringError> {
    use std::os::unix::fs::PermissionsExt as _;
    let mode =
        fs::metadata(path).map_err(|_| KeyringError::RootFile(path.to_owned(), "cannot be read"))?.permissions().mode();
    if mode & 0o077 == 0 {
        Ok(())
    } else {
        Err(KeyringError::RootFile(path.to_owned(), "may be read by others: chmod 600"))
    }
}

fn write_private(path: &Path, bytes: &[u8]) -> std::io::Result<()> {
    use std::os::unix::fs::OpenOptionsExt as _;
    let folder = path.parent().unwrap_or(Path::new("."));
    fs::create_dir_all(folder)?;
    let aside = path.with_extension("new");
    let _ = fs::remove_file(&aside);
    let mut file = fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(&aside)?;
    file.write_all(bytes)?;
    file.sync_all()?;
    fs::rename(&aside, path)?;
    fs::File::open(folder)?.sync_all()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wrapped_key_unwraps_only_for_its_owner_version_and_root() {
        let entropy = Entropy::seeded(1);
        let keys = RootKeys(BTreeMap::from([(1, Secret::new([1; 32])), (2, Secret::new([2; 32]))]));
        let (one, two) = (keys.root(1).unwrap(), keys.root(2).unwrap());
        let key = OwnerKey::random(&entropy);
        let wrapped = one.wrap(Owner::Service, KeyVersion::FIRST, &key, &entropy).unwrap();
        assert_eq!(one.unwrap(Owner::Service, KeyVersion::FIRST, &wrapped).unwrap().reveal(), key.reveal());
        assert!(one.unwrap(Owner::Day(1), KeyVersion::FIRST, &wrapped).is_err());
        assert!(one.unwrap(Owner::Service, KeyVersion::from_u32(2), &wrapped).is_err());
        assert!(two.unwrap(Owner::Service, KeyVersion::FIRST, &wrapped).is_err());
        for n in 0..wrapped.len() {
            assert!(one.unwrap(Owner::Service, KeyVersion::FIRST, &wrapped[..n]).is_err());
            let mut flipped = wrapped.clone();
            flipped[n] ^= 1;
            assert!(one.unwrap(Owner::Service, KeyVersion::FIRST, &flipped).is_err());
        }
    }

    #[test]
    fn a_root_file_is_private_and_reads_back() {
        let folder = tempfile::tempdir().unwrap();
        for provider in [
            Provider::File(folder.path().join("root.key")),
            Provider::Passphrase(folder.path().join("root.sealed"), Secret::new("correct horse".to_owned())),
        ] {
            assert!(provider.load().unwrap().is_none());
            let made = provider.make(&Entropy::system()).unwrap();
            let read = provider.load().unwrap().unwrap();
            let proof = made.root(1).unwrap().proof(&Entropy::system()).unwrap();
            assert!(read.root(1).unwrap().proves(&proof).is_ok());
        }
        let wrong = Provider::Passphrase(folder.path().join("root.sealed"), Secret::new("wrong".to_owned()));
        assert!(matches!(wrong.load(), Err(KeyringError::RootFile(_, "does not open with this passphrase"))));
    }

    #[test]
    fn a_root_file_that_others_may_read_is_refused() {
        use std::os::unix::fs::PermissionsExt as _;
        let folder = tempfile::tempdir().unwrap();
        let provider = Provider::File(folder.path().join("root.key"));
        provider.make(&Entropy::system()).unwrap();
        fs::set_permissions(provider.path(), fs::Permissions::from_mode(0o640)).unwrap();
        assert!(provider.load().is_err());
    }
}
