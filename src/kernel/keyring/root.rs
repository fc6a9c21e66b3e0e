//! Root keys: what wraps every owner's key, and who keeps them.
//!
//! A key that we hold ourselves (`LocalRoot`, from `files`) wraps at once. A key that never leaves its keeper wraps
//! there: `remote` asks, on threads of its own, so that no request waits for a keeper that it does not need.

pub(super) mod files;
mod openbao;
mod pkcs11;
pub(super) mod remote;

use std::path::PathBuf;
use std::sync::Arc;

use zeroize::Zeroizing;

use self::files::KeyFile;
pub(in crate::kernel) use self::remote::finish;
use self::remote::{Connection, Pending, Remote};
use crate::kernel::crypto::aead::{Aead as _, KEY, NONCE, TAG, Xaes256Gcm};
use crate::kernel::crypto::{KeyVersion, Owner, OwnerKey, Unreadable};
use crate::kernel::entropy::Entropy;
use crate::kernel::keyring::KeyringError;
use crate::kernel::personal::Secret;

/// Who keeps the root keys: who makes new ones, and who else still keeps some that are needed.
#[derive(Debug, Clone)]
pub struct Providers {
    /// Makes new root keys.
    pub current: Provider,
    /// Keep older ones.
    pub earlier: Vec<Provider>,
}

impl From<Provider> for Providers {
    fn from(current: Provider) -> Self {
        Self { current, earlier: Vec::new() }
    }
}

/// A keeper of root keys.
#[derive(Debug, Clone)]
pub enum Provider {
    /// A file that only the service's user may read (`0600`), made at the first start.
    File(PathBuf),
    /// A file sealed under a passphrase (Argon2id).
    Passphrase(PathBuf, Secret<String>),
    /// The transit engine of an OpenBao or Vault server.
    OpenBao(OpenBao),
    /// A PKCS#11 token.
    Pkcs11(Pkcs11),
}

/// How a transit engine is reached: over TLS alone.
#[derive(Debug, Clone)]
pub struct OpenBao {
    /// `https://HOST:PORT`.
    pub url: String,
    /// Where the engine is mounted.
    pub mount: String,
    /// What the names of our keys begin with.
    pub key: String,
    /// The token.
    pub token: Credential,
    /// The authorities that its certificate must chain to, in PEM; without it the system's.
    pub roots: Option<PathBuf>,
}

/// How a token is reached.
#[derive(Debug, Clone)]
pub struct Pkcs11 {
    /// The module's library.
    pub module: PathBuf,
    /// The token's label.
    pub token_label: String,
    /// What the labels of our keys begin with.
    pub key: String,
    /// The user's PIN.
    pub pin: Credential,
    /// Draws the nonces.
    pub entropy: Entropy,
}

/// A secret that lets us in.
#[derive(Debug, Clone)]
pub enum Credential {
    /// In a file, read whenever it is needed, so that it may be renewed.
    File(PathBuf),
    /// Given at the start.
    Given(Secret<String>),
}

impl Credential {
    /// The secret, without its final line break; `None` when there is none.
    fn read(&self) -> Option<Secret<String>> {
        match self {
            Self::Given(secret) => Some(secret.clone()),
            Self::File(path) => {
                let text = Zeroizing::new(std::fs::read_to_string(path).ok()?);
                let text = text.trim_end_matches(['\n', '\r']);
                (!text.is_empty()).then(|| Secret::new(text.to_owned()))
            }
        }
    }
}

impl Provider {
    /// The provider's name, as `seif keys status` shows it.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        match self {
            Self::File(_) => "file",
            Self::Passphrase(..) => "passphrase",
            Self::OpenBao(_) => "openbao",
            Self::Pkcs11(_) => "pkcs11",
        }
    }

    /// The provider at work.
    pub(super) fn source(&self) -> Source {
        match self {
            Self::File(path) => Source::File(self.name(), KeyFile::new(path.clone(), None)),
            Self::Passphrase(path, passphrase) => {
                Source::File(self.name(), KeyFile::new(path.clone(), Some(passphrase.clone())))
            }
            Self::OpenBao(settings) => {
                let (prefix, settings) = (settings.key.clone(), settings.clone());
                let connect = move || Ok(Box::new(openbao::Transit::connect(&settings)?) as Connection);
                Source::Remote(self.name(), Remote::start(self.name(), prefix, Arc::new(connect)))
            }
            Self::Pkcs11(settings) => {
                let (prefix, settings, refused) =
                    (settings.key.clone(), settings.clone(), pkcs11::PinRefused::default());
                let connect = move || Ok(Box::new(pkcs11::Token::connect(&settings, &refused)?) as Connection);
                Source::Remote(self.name(), Remote::start(self.name(), prefix, Arc::new(connect)))
            }
        }
    }
}

/// A provider at work: with its name.
#[derive(Clone)]
pub(super) enum Source {
    File(&'static str, KeyFile),
    Remote(&'static str, Remote),
}

impl Source {
    pub(super) const fn name(&self) -> &'static str {
        match self {
            Self::File(name, _) | Self::Remote(name, _) => name,
        }
    }

    /// How the provider shall know a new root version: nothing where the version's number is enough, else a name that
    /// no other installation takes.
    pub(super) fn handle(&self, version: i64, entropy: &Entropy) -> String {
        match self {
            Self::File(..) => String::new(),
            Self::Remote(_, remote) => {
                let apart: String = entropy.bytes::<8>().iter().map(|byte| format!("{byte:02x}")).collect();
                format!("{}-{apart}-{version}", remote.prefix())
            }
        }
    }

    /// Makes the root key of `version`, unless it is there. Waits for it.
    ///
    /// # Errors
    /// The provider is away or refuses.
    pub(super) fn make(&self, version: i64, handle: &str, entropy: &Entropy) -> Result<Root, KeyringError> {
        match self {
            Self::File(_, file) => {
                let root = file.add(version, entropy)?.root(version);
                root.map(Root::local).ok_or(KeyringError::RootUnknown(version))
            }
            Self::Remote(_, remote) => {
                remote.make(handle).wait_blocking()?;
                Ok(Root::remote(version, handle, remote.clone()))
            }
        }
    }

    /// The root key of `version`, when this provider has it; one that keeps it to itself is not asked.
    ///
    /// # Errors
    /// A file that cannot be read.
    pub(super) fn find(&self, version: i64, handle: &str) -> Result<Option<Root>, KeyringError> {
        match self {
            Self::File(_, file) => Ok(file.load()?.and_then(|keys| keys.root(version)).map(Root::local)),
            Self::Remote(_, remote) => Ok(Some(Root::remote(version, handle, remote.clone()))),
        }
    }

    /// Destroys the root key of `version`; one that is gone already is well.
    ///
    /// # Errors
    /// The provider is away or refuses.
    pub(super) fn destroy(&self, version: i64, handle: &str, entropy: &Entropy) -> Result<(), KeyringError> {
        match self {
            Self::File(_, file) => file.remove(version, entropy),
            Self::Remote(_, remote) => remote.destroy(handle).wait_blocking(),
        }
    }
}

/// Bytes with what they are bound to.
pub(super) struct Item {
    pub(super) context: Vec<u8>,
    pub(super) bytes: Zeroizing<Vec<u8>>,
}

impl Item {
    pub(super) fn new(context: Vec<u8>, bytes: &[u8]) -> Self {
        Self { context, bytes: Zeroizing::new(bytes.to_vec()) }
    }
}

/// What one wrapped key opened to.
pub(super) type Opened = Result<Zeroizing<Vec<u8>>, Unreadable>;

/// One root version, ready to wrap: here, or where it is kept.
#[derive(Clone)]
pub(super) struct Root {
    version: i64,
    place: Place,
}

#[derive(Clone)]
enum Place {
    Here(Arc<LocalRoot>),
    There { handle: Arc<str>, remote: Remote },
}

/// What proves that a root key is the one that the keyring was begun with.
const PROOF: &[u8] = b"seif/1/root/proof";

impl Root {
    fn local(root: LocalRoot) -> Self {
        Self { version: root.version, place: Place::Here(Arc::new(root)) }
    }

    fn remote(version: i64, handle: &str, remote: Remote) -> Self {
        Self { version, place: Place::There { handle: Arc::from(handle), remote } }
    }

    pub(super) const fn version(&self) -> i64 {
        self.version
    }

    /// Whether it wraps without asking anybody.
    pub(super) const fn is_here(&self) -> bool {
        matches!(self.place, Place::Here(_))
    }

    /// What an owner's key is bound to when it is wrapped: the root version, the owner and the key version.
    pub(super) fn context(&self, owner: Owner, version: KeyVersion) -> Vec<u8> {
        let mut context = b"seif/1/wrap".to_vec();
        context.extend(self.version.to_be_bytes());
        context.extend(owner.encode());
        context.extend(version.as_u32().to_be_bytes());
        context
    }

    /// Wraps each item.
    pub(super) fn wrap(&self, items: Vec<Item>, entropy: &Entropy) -> Pending<Vec<Vec<u8>>> {
        match &self.place {
            Place::Here(root) => Pending::ready(
                items.iter().map(|item| root.seal(&item.context, &item.bytes, entropy)).collect::<Result<_, _>>(),
            ),
            Place::There { handle, remote } => remote.seal(handle, items),
        }
    }

    /// Unwraps each item; one that does not open spoils none of the others.
    pub(super) fn unwrap(&self, items: Vec<Item>) -> Pending<Vec<Opened>> {
        match &self.place {
            Place::Here(root) => {
                Pending::ready(Ok(items.iter().map(|item| root.open(&item.context, &item.bytes)).collect()))
            }
            Place::There { handle, remote } => remote.open(handle, items),
        }
    }

    /// A proof of this root key, to be kept in the keyring.
    pub(super) fn proof(&self, entropy: &Entropy) -> Result<Vec<u8>, KeyringError> {
        let proofs = self.wrap(vec![Item::new(PROOF.to_vec(), PROOF)], entropy).wait_blocking()?;
        proofs.into_iter().next().ok_or(KeyringError::Defect("no proof of a root key"))
    }

    /// Whether `proof` was made by this root key.
    pub(super) fn proves(&self, proof: &[u8]) -> Result<Proven, KeyringError> {
        let opened = self.unwrap(vec![Item::new(PROOF.to_vec(), proof)]).wait_blocking()?;
        let is_proven = opened.first().and_then(|one| one.as_ref().ok()).is_some_and(|plain| plain.as_slice() == PROOF);
        Ok(if is_proven { Proven::Yes } else { Proven::No })
    }
}

/// Whether a root key is the one that it should be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Proven {
    Yes,
    No,
}

/// The owner's key that an unwrapped item is.
pub(super) fn owner_key(opened: &Opened) -> Result<OwnerKey, Unreadable> {
    let plain = opened.as_ref().map_err(|_| Unreadable)?;
    Ok(OwnerKey::from_bytes(<[u8; KEY]>::try_from(plain.as_slice()).map_err(|_| Unreadable)?))
}

/// A root key that is here.
pub(super) struct LocalRoot {
    version: i64,
    cipher: Xaes256Gcm,
}

impl LocalRoot {
    fn new(version: i64, key: &Secret<[u8; KEY]>) -> Self {
        Self { version, cipher: Xaes256Gcm::new(key) }
    }

    /// `0x01 | nonce(24) | ciphertext | tag(16)`, bound to `context`.
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

    fn open(&self, context: &[u8], wrapped: &[u8]) -> Opened {
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

#[cfg(test)]
mod tests {
    use std::fs;
    use std::path::Path;

    use super::*;

    fn wrapped(root: &Root, owner: Owner, key: &OwnerKey) -> Vec<u8> {
        let item = Item::new(root.context(owner, KeyVersion::FIRST), key.reveal());
        root.wrap(vec![item], &Entropy::seeded(1)).wait_blocking().unwrap().remove(0)
    }

    fn unwrapped(root: &Root, owner: Owner, version: u32, wrapped: &[u8]) -> Result<OwnerKey, Unreadable> {
        let item = Item::new(root.context(owner, KeyVersion::from_u32(version)), wrapped);
        owner_key(&root.unwrap(vec![item]).wait_blocking().unwrap()[0])
    }

    #[test]
    fn a_wrapped_key_unwraps_only_for_its_owner_version_and_root() {
        let root = |version, byte| Root::local(LocalRoot::new(version, &Secret::new([byte; KEY])));
        let (one, two) = (root(1, 1), root(2, 2));
        let key = OwnerKey::random(&Entropy::seeded(1));
        let bytes = wrapped(&one, Owner::Service, &key);
        assert_eq!(unwrapped(&one, Owner::Service, 1, &bytes).unwrap().reveal(), key.reveal());
        assert!(unwrapped(&one, Owner::Day(1), 1, &bytes).is_err());
        assert!(unwrapped(&one, Owner::Service, 2, &bytes).is_err());
        assert!(unwrapped(&two, Owner::Service, 1, &bytes).is_err());
        assert!(unwrapped(&root(2, 1), Owner::Service, 1, &bytes).is_err(), "the same key as another version");
        for n in 0..bytes.len() {
            assert!(unwrapped(&one, Owner::Service, 1, &bytes[..n]).is_err());
            let mut flipped = bytes.clone();
            flipped[n] ^= 1;
            assert!(unwrapped(&one, Owner::Service, 1, &flipped).is_err());
        }
    }

    fn path_of(provider: &Provider) -> PathBuf {
        match provider {
            Provider::File(path) | Provider::Passphrase(path, _) => path.clone(),
            _ => panic!("no file"),
        }
    }

    fn both(folder: &Path) -> [Provider; 2] {
        [
            Provider::File(folder.join("root.key")),
            Provider::Passphrase(folder.join("root.sealed"), Secret::new("correct horse".to_owned())),
        ]
    }

    #[test]
    fn a_root_file_is_private_and_reads_back() {
        let folder = tempfile::tempdir().unwrap();
        let entropy = Entropy::system();
        for source in both(folder.path()).map(|provider| provider.source()) {
            assert!(source.find(1, "").unwrap().is_none());
            let made = source.make(1, "", &entropy).unwrap();
            let read = source.find(1, "").unwrap().unwrap();
            assert_eq!(read.proves(&made.proof(&entropy).unwrap()).unwrap(), Proven::Yes);
            // Made again it is the same; another version is another.
            let again = source.make(1, "", &entropy).unwrap();
            assert_eq!(again.proves(&made.proof(&entropy).unwrap()).unwrap(), Proven::Yes);
            let two = source.make(2, "", &entropy).unwrap();
            assert_eq!(two.proves(&made.proof(&entropy).unwrap()).unwrap(), Proven::No);
        }
        let wrong = Provider::Passphrase(folder.path().join("root.sealed"), Secret::new("wrong".to_owned())).source();
        assert!(matches!(wrong.find(1, ""), Err(KeyringError::RootFile(_, "does not open with this passphrase"))));
    }

    #[test]
    fn a_root_file_that_others_may_read_is_refused() {
        use std::os::unix::fs::PermissionsExt as _;
        let folder = tempfile::tempdir().unwrap();
        let [provider, _] = both(folder.path());
        provider.source().make(1, "", &Entropy::system()).unwrap();
        fs::set_permissions(path_of(&provider), fs::Permissions::from_mode(0o640)).unwrap();
        assert!(provider.source().find(1, "").is_err());
    }

    #[test]
    fn a_destroyed_version_leaves_no_byte_in_the_file_that_it_was_in() {
        let folder = tempfile::tempdir().unwrap();
        let entropy = Entropy::system();
        for provider in both(folder.path()) {
            let source = provider.source();
            source.make(1, "", &entropy).unwrap();
            source.make(2, "", &entropy).unwrap();
            // The file by another name: what stood in it must be gone there too.
            let old = folder.path().join("old");
            fs::hard_link(path_of(&provider), &old).unwrap();
            source.destroy(1, "", &entropy).unwrap();
            assert!(source.find(1, "").unwrap().is_none() && source.find(2, "").unwrap().is_some());
            assert!(fs::read(&old).unwrap().iter().all(|byte| *byte == 0));
            source.destroy(1, "", &entropy).unwrap();
            source.destroy(2, "", &entropy).unwrap();
            assert!(!path_of(&provider).exists());
            fs::remove_file(old).unwrap();
        }
    }
}
