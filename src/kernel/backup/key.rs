//! The back-up key: 32 random bytes in a file of their own, made at the first back-up. Who loses it has no back-ups.

use std::fs;
use std::io::Write as _;
use std::os::unix::fs::{OpenOptionsExt as _, PermissionsExt as _};
use std::path::Path;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};
use zeroize::{Zeroize as _, Zeroizing};

use super::BackupError;
use crate::kernel::crypto::aead::KEY;
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

    /// What labels name it by: the beginning of a hash, which tells nothing of it.
    #[must_use]
    pub fn id(&self) -> String {
        let digest = Sha256::new().chain_update(b"seif/backup/key").chain_update(self.0.reveal()).finalize();
        digest.iter().take(8).map(|byte| format!("{byte:02x}")).collect()
    }

    pub(super) const fn secret(&self) -> &Secret<[u8; KEY]> {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

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
