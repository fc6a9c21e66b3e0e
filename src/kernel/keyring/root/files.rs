//! Root keys in a file: private to the service's user, or sealed under a passphrase.

use std::collections::BTreeMap;
use std::fs;
use std::io::{Seek as _, Write as _};
use std::path::{Path, PathBuf};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use zeroize::Zeroizing;

use super::LocalRoot;
use crate::kernel::crypto::Unreadable;
use crate::kernel::crypto::aead::KEY;
use crate::kernel::crypto::password::{Params, stretch};
use crate::kernel::entropy::Entropy;
use crate::kernel::keyring::KeyringError;
use crate::kernel::personal::Secret;

/// A file of root keys, all versions in one.
#[derive(Debug, Clone)]
pub(in crate::kernel::keyring) struct KeyFile {
    path: PathBuf,
    passphrase: Option<Secret<String>>,
}

impl KeyFile {
    /// The file at `path`, sealed where there is a passphrase.
    pub(super) const fn new(path: PathBuf, passphrase: Option<Secret<String>>) -> Self {
        Self { path, passphrase }
    }

    /// Where it is.
    pub(in crate::kernel::keyring) fn path(&self) -> &Path {
        &self.path
    }

    /// The root keys in it; `None` when there is no such file.
    ///
    /// # Errors
    /// The file cannot be read, may be read by others, is damaged, or the passphrase does not open it.
    pub(in crate::kernel::keyring) fn load(&self) -> Result<Option<RootKeys>, KeyringError> {
        let bytes = match fs::read(&self.path) {
            Ok(bytes) => Zeroizing::new(bytes),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
            Err(_) => return Err(self.fault("cannot be read")),
        };
        demand_private(&self.path)?;
        let plain = match &self.passphrase {
            None => bytes,
            Some(passphrase) => {
                let file: SealedFile =
                    serde_json::from_slice(&bytes).map_err(|_| self.fault("is not a file of root keys"))?;
                file.open(passphrase).map_err(|_| self.fault("does not open with this passphrase"))?
            }
        };
        RootKeys::decode(&plain).map(Some).ok_or_else(|| self.fault("is not a file of root keys"))
    }

    /// Makes the key of `version`, unless it is there: written aside, on disk, then renamed. Gives all keys.
    ///
    /// # Errors
    /// The file cannot be written, or not be read.
    pub(in crate::kernel::keyring) fn add(&self, version: i64, entropy: &Entropy) -> Result<RootKeys, KeyringError> {
        let number = u32::try_from(version).map_err(|_| KeyringError::Defect("a root version out of range"))?;
        let _lock = self.lock()?;
        let mut keys = self.load()?.unwrap_or_default();
        if let std::collections::btree_map::Entry::Vacant(place) = keys.0.entry(number) {
            place.insert(Secret::new(entropy.bytes()));
            self.store(&keys, entropy)?;
        }
        Ok(keys)
    }

    /// Removes the key of `version`: the file is written anew without it, and the old one's bytes are overwritten.
    ///
    /// # Errors
    /// The file cannot be written.
    pub(in crate::kernel::keyring) fn remove(&self, version: i64, entropy: &Entropy) -> Result<(), KeyringError> {
        let _lock = self.lock()?;
        let Some(mut keys) = self.load()? else { return Ok(()) };
        let known = u32::try_from(version).ok().and_then(|number| keys.0.remove(&number));
        if known.is_none() {
            return Ok(());
        }
        let unwritable = |_| self.fault("cannot be written");
        // Held open past its own name: only once the new file stands do the old one's bytes go.
        let mut old = fs::OpenOptions::new().write(true).open(&self.path).map_err(unwritable)?;
        let length = old.metadata().map_err(unwritable)?.len();
        if keys.0.is_empty() {
            fs::remove_file(&self.path).map_err(unwritable)?;
        } else {
            self.store(&keys, entropy)?;
        }
        let zeros = vec![0; usize::try_from(length).unwrap_or_default()];
        old.rewind().and_then(|()| old.write_all(&zeros)).and_then(|()| old.sync_all()).map_err(unwritable)
    }

    fn store(&self, keys: &RootKeys, entropy: &Entropy) -> Result<(), KeyringError> {
        let plain = keys.encode()?;
        let bytes = match &self.passphrase {
            None => plain,
            Some(passphrase) => SealedFile::seal(passphrase, &plain, entropy)?,
        };
        write_private(&self.path, &bytes).map_err(|_| self.fault("cannot be written"))
    }

    /// Held while the file is read and written anew: of two who add the same version at once, one makes the key.
    fn lock(&self) -> Result<fs::File, KeyringError> {
        use std::os::unix::fs::OpenOptionsExt as _;
        let folder = self.path.parent().unwrap_or(Path::new("."));
        let taken = fs::create_dir_all(folder).and_then(|()| {
            let path = beside(&self.path, ".lock");
            let file = fs::OpenOptions::new().create(true).append(true).mode(0o600).open(path)?;
            file.lock()?;
            Ok(file)
        });
        taken.map_err(|_| self.fault("cannot be locked"))
    }

    fn fault(&self, why: &'static str) -> KeyringError {
        KeyringError::RootFile(self.path.clone(), why)
    }
}

/// The root keys by version.
#[derive(Default)]
pub(in crate::kernel::keyring) struct RootKeys(BTreeMap<u32, Secret<[u8; KEY]>>);

#[derive(serde::Serialize, serde::Deserialize)]
#[serde(deny_unknown_fields)]
struct KeysFile {
    format: u8,
    keys: BTreeMap<u32, String>,
}

impl RootKeys {
    fn encode(&self) -> Result<Zeroizing<Vec<u8>>, KeyringError> {
        let keys = self.0.iter().map(|(version, key)| (*version, BASE64.encode(key.reveal()))).collect();
        written(&KeysFile { format: 1, keys })
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
    pub(in crate::kernel::keyring) fn root(&self, version: i64) -> Option<LocalRoot> {
        let key = self.0.get(&u32::try_from(version).ok()?)?;
        Some(LocalRoot::new(version, key))
    }
}

/// What goes into a file: never an empty one in the place of keys.
fn written(file: &impl serde::Serialize) -> Result<Zeroizing<Vec<u8>>, KeyringError> {
    serde_json::to_vec(file).map(Zeroizing::new).map_err(|_| KeyringError::Defect("root keys that cannot be written"))
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
        let sealed = LocalRoot::new(0, &key).seal(b"seif/1/root/passphrase", plain, entropy)?;
        let file = Self {
            format: 1,
            memory_kib: PASSPHRASE_MEMORY_KIB,
            iterations: PASSPHRASE_ITERATIONS,
            salt: BASE64.encode(salt),
            sealed: BASE64.encode(sealed),
        };
        written(&file)
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
        LocalRoot::new(0, &key).open(b"seif/1/root/passphrase", &sealed)
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
    let aside = beside(path, ".new");
    let _ = fs::remove_file(&aside);
    let mut file = fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(&aside)?;
    file.write_all(bytes)?;
    file.sync_all()?;
    fs::rename(&aside, path)?;
    fs::File::open(folder)?.sync_all()
}

/// The path with `suffix` behind its whole name.
fn beside(path: &Path, suffix: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(suffix);
    PathBuf::from(name)
}
