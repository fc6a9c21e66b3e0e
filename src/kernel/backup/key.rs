//! What back-ups are sealed for. Each has a random key of its own, wrapped in its label: by the back-up key, 32 random bytes
//! in a file of their own, made at the first back-up; or for age recipients, whose identities are elsewhere; or both. Who
//! loses all of these has no back-ups.

use std::fs;
use std::io::{Read as _, Write as _};
use std::os::unix::fs::{OpenOptionsExt as _, PermissionsExt as _};
use std::path::Path;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};
use zeroize::{Zeroize as _, Zeroizing};

use super::BackupError;
use crate::kernel::crypto::aead::KEY;
use crate::kernel::crypto::age::{self, Identity, Recipient};
use crate::kernel::crypto::stream::{Opening, Sealing};
use crate::kernel::entropy::Entropy;
use crate::kernel::personal::Secret;

/// What back-ups are sealed under.
#[derive(Debug, Clone)]
pub struct BackupKey(Secret<[u8; KEY]>);

/// Whether a key was there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Origin {
    /// It was.
    There,
    /// It was made now: a copy of it belongs elsewhere.
    Made,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    format: u8,
    key: String,
}

impl BackupKey {
    #[cfg(test)]
    pub(super) const fn of(bytes: Secret<[u8; KEY]>) -> Self {
        Self(bytes)
    }

    /// The key in the file at `path`.
    ///
    /// # Errors
    /// There is none, others may read it, or it is damaged.
    pub fn load(path: &Path) -> Result<Self, BackupError> {
        Self::find(path)?.ok_or_else(|| BackupError::Key(path.to_owned(), "is not there"))
    }

    /// The key in the file at `path`; the first one is made when there is no such file.
    ///
    /// # Errors
    /// As [`BackupKey::load`]; the file cannot be written.
    pub fn load_or_make(path: &Path, entropy: &Entropy) -> Result<(Self, Origin), BackupError> {
        if let Some(key) = Self::find(path)? {
            return Ok((key, Origin::There));
        }
        let bytes = Zeroizing::new(entropy.bytes::<KEY>());
        let text = Zeroizing::new(BASE64.encode(bytes.as_slice()));
        let mut file = File { format: 1, key: text.to_string() };
        let json = serde_json::to_vec(&file).map(Zeroizing::new);
        file.key.zeroize();
        let json = json.map_err(|_| BackupError::TooLong)?;
        let unwritable = |_| BackupError::Key(path.to_owned(), "cannot be written");
        let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
        let aside = folder.join(format!(".backup.key.{:08x}", u32::from_le_bytes(entropy.bytes())));
        fs::create_dir_all(folder).map_err(unwritable)?;
        let mut file =
            fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(&aside).map_err(unwritable)?;
        file.write_all(&json).and_then(|()| file.sync_all()).map_err(unwritable)?;
        // A link is made once: of two who come first together, the other takes this one's key.
        let linked = fs::hard_link(&aside, path);
        fs::remove_file(&aside).map_err(unwritable)?;
        match linked {
            Ok(()) => fs::File::open(folder).and_then(|folder| folder.sync_all()).map_err(unwritable)?,
            Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => {}
            Err(error) => return Err(unwritable(error)),
        }
        Ok((Self::load(path)?, Origin::Made))
    }

    fn find(path: &Path) -> Result<Option<Self>, BackupError> {
        let fault = |why| BackupError::Key(path.to_owned(), why);
        let bytes = match fs::read(path) {
            Ok(bytes) => Zeroizing::new(bytes),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
            Err(_) => return Err(fault("cannot be read")),
        };
        let mode = fs::metadata(path).map_err(|_| fault("cannot be read"))?.permissions().mode();
        if mode & 0o077 != 0 {
            return Err(fault("may be read by others: chmod 600"));
        }
        let damaged = || fault("is not a back-up key");
        let file: File = serde_json::from_slice(&bytes).map_err(|_| damaged())?;
        let text = Zeroizing::new(file.key);
        let key = Zeroizing::new(BASE64.decode(text.as_bytes()).map_err(|_| damaged())?);
        let key = <[u8; KEY]>::try_from(key.as_slice()).map_err(|_| damaged())?;
        if file.format == 1 { Ok(Some(Self(Secret::new(key)))) } else { Err(damaged()) }
    }

    /// Wraps the key of one back-up.
    fn wrap(&self, stream: &StreamKey, entropy: &Entropy) -> Result<String, BackupError> {
        let mut wrapping = Sealing::begin(Vec::new(), &self.0, WRAPPED, entropy)?;
        wrapping.write_all(stream.reveal())?;
        Ok(BASE64.encode(wrapping.finish()?))
    }

    fn unwrap(&self, wrapped: &str) -> Result<StreamKey, BackupError> {
        let wrapped = BASE64.decode(wrapped).map_err(|_| BackupError::Damaged)?;
        let mut key = Zeroizing::new(Vec::new());
        Opening::begin(wrapped.as_slice(), &self.0, WRAPPED)?.take(KEY as u64 + 1).read_to_end(&mut key)?;
        stream_key(&key)
    }

    /// What labels name it by: the beginning of a hash, which tells nothing of it.
    #[must_use]
    pub fn id(&self) -> String {
        let digest = Sha256::new().chain_update(b"seif/backup/key").chain_update(self.0.reveal()).finalize();
        digest.iter().take(8).map(|byte| format!("{byte:02x}")).collect()
    }
}

/// The key of one back-up.
pub(super) type StreamKey = Secret<[u8; KEY]>;

/// What a wrapped key is bound to.
const WRAPPED: &[u8] = b"seif/1/backup/key";

fn stream_key(bytes: &[u8]) -> Result<StreamKey, BackupError> {
    bytes.try_into().map(Secret::new).map_err(|_| BackupError::Damaged)
}

/// What a back-up's key is wrapped by, in its label.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Wrapped {
    /// The id of the back-up key, where there is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub key: Option<String>,
    /// Wrapped by it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    by_key: Option<String>,
    /// The age recipients, `age1…`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub recipients: Vec<String>,
    /// Wrapped for them: an age file in Base64, which the tool `age` opens too.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    age: Option<String>,
}

/// What back-ups are sealed for, and opened with.
#[derive(Debug, Clone, Default)]
pub struct Keys {
    own: Option<BackupKey>,
    recipients: Vec<Recipient>,
    identities: Vec<Identity>,
}

impl From<BackupKey> for Keys {
    fn from(own: BackupKey) -> Self {
        Self { own: Some(own), ..Self::default() }
    }
}

impl Keys {
    /// To seal for whoever has this key, and for these recipients.
    #[must_use]
    pub const fn sealing(own: Option<BackupKey>, recipients: Vec<Recipient>) -> Self {
        Self { own, recipients, identities: Vec::new() }
    }

    /// To open with this key, or one of these identities.
    #[must_use]
    pub const fn opening(own: Option<BackupKey>, identities: Vec<Identity>) -> Self {
        Self { own, recipients: Vec::new(), identities }
    }

    /// A key for one back-up, and how it stands in its label.
    pub(super) fn begin(&self, entropy: &Entropy) -> Result<(StreamKey, Wrapped), BackupError> {
        let mut bytes = entropy.bytes::<KEY>();
        let stream = Secret::new(bytes);
        bytes.zeroize();
        let by_key = self.own.as_ref().map(|own| own.wrap(&stream, entropy)).transpose()?;
        let age = if self.recipients.is_empty() {
            None
        } else {
            let sealed = age::sealed(stream.reveal(), &self.recipients, entropy);
            Some(BASE64.encode(sealed.map_err(|_| BackupError::TooLong)?))
        };
        if by_key.is_none() && age.is_none() {
            return Err(BackupError::ForNobody);
        }
        let recipients = self.recipients.iter().map(ToString::to_string).collect();
        Ok((stream, Wrapped { key: self.own.as_ref().map(BackupKey::id), by_key, recipients, age }))
    }

    /// The key of the back-up with this label.
    pub(super) fn unwrap(&self, wrapped: &Wrapped) -> Result<StreamKey, BackupError> {
        if let (Some(own), Some(id), Some(by_key)) = (&self.own, &wrapped.key, &wrapped.by_key)
            && own.id() == *id
        {
            return own.unwrap(by_key);
        }
        let ours: Vec<String> = self.ours();
        match &wrapped.age {
            Some(file) if wrapped.recipients.iter().any(|recipient| ours.contains(recipient)) => {
                let file = BASE64.decode(file).map_err(|_| BackupError::Damaged)?;
                stream_key(&age::opened(&file, &self.identities).map_err(|_| BackupError::Damaged)?)
            }
            _ => Err(self.other(wrapped, &ours)),
        }
    }

    fn ours(&self) -> Vec<String> {
        let recipients = self.identities.iter().filter_map(|identity| identity.recipient().ok());
        recipients.map(|recipient| recipient.to_string()).collect()
    }

    fn other(&self, wrapped: &Wrapped, ours: &[String]) -> BackupError {
        let said = |key: Option<String>, recipients: &[String]| {
            let key = key.map(|id| format!("the back-up key {id}"));
            let age = (!recipients.is_empty()).then(|| format!("an age identity of {}", recipients.join(", ")));
            let all: Vec<String> = key.into_iter().chain(age).collect();
            if all.is_empty() { "nothing".to_owned() } else { all.join(" or ") }
        };
        BackupError::OtherKey {
            needed: said(wrapped.key.clone(), &wrapped.recipients),
            given: said(self.own.as_ref().map(BackupKey::id), ours),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const OTHER: &str = "AGE-SECRET-KEY-1HQPXE9P7QW5QP6YUASGSAEXYMGL8KZZG54DQYCZNVXYQJY7P8FEQJR6RE7";

    #[test]
    fn a_back_up_opens_by_each_way_that_it_was_sealed_for_and_by_no_other() {
        let identity = |at: u8| {
            let text = ["AGE-SECRET-KEY-18Z8QYKCRU4MGS7PFLCWV3DMR5JKUT0NQPFWFPFTC3Y6M6QWR59VQ5XRD6P", OTHER];
            Identity::parse(text[usize::from(at)]).unwrap()
        };
        let own = |byte: u8| BackupKey::of(Secret::new([byte; KEY]));
        let recipient = identity(0).recipient().unwrap();
        let entropy = Entropy::seeded(1);
        let opens = |keys: &Keys, wrapped: &Wrapped, stream: &StreamKey| match keys.unwrap(wrapped) {
            Ok(found) => {
                assert_eq!(found.reveal(), stream.reveal());
                true
            }
            Err(error) => {
                assert!(matches!(error, BackupError::OtherKey { .. }), "{error}");
                false
            }
        };
        for (sealing, by_key, by_age) in [
            (Keys::sealing(Some(own(1)), Vec::new()), true, false),
            (Keys::sealing(None, vec![recipient.clone()]), false, true),
            (Keys::sealing(Some(own(1)), vec![recipient]), true, true),
        ] {
            let (stream, wrapped) = sealing.begin(&entropy).unwrap();
            assert_eq!(opens(&own(1).into(), &wrapped, &stream), by_key);
            assert_eq!(opens(&Keys::opening(None, vec![identity(1), identity(0)]), &wrapped, &stream), by_age);
            assert_eq!(opens(&Keys::opening(Some(own(2)), vec![identity(0)]), &wrapped, &stream), by_age);
            for none in [Keys::default(), own(2).into(), Keys::opening(None, vec![identity(1)])] {
                assert!(!opens(&none, &wrapped, &stream));
            }
        }
        assert!(matches!(Keys::default().begin(&entropy), Err(BackupError::ForNobody)));
    }

    #[test]
    fn a_key_is_made_once_for_its_owner_alone_and_never_over_another() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("keys/backup.key");
        assert!(matches!(BackupKey::load(&path), Err(BackupError::Key(_, "is not there"))));
        let (key, origin) = BackupKey::load_or_make(&path, &Entropy::system()).unwrap();
        assert_eq!(origin, Origin::Made);
        let (again, origin) = BackupKey::load_or_make(&path, &Entropy::system()).unwrap();
        assert_eq!((again.id(), origin), (key.id(), Origin::There));
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        assert_eq!(fs::read_dir(folder.path().join("keys")).unwrap().count(), 1);
        fs::set_permissions(&path, fs::Permissions::from_mode(0o640)).unwrap();
        assert!(BackupKey::load_or_make(&path, &Entropy::system()).is_err());
        fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).unwrap();
        fs::write(&path, b"{}").unwrap();
        assert!(BackupKey::load_or_make(&path, &Entropy::system()).is_err());
    }
}
