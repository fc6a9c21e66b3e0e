//! Where back-ups are kept. A folder today; an object store gives the same five operations (`put` as a multipart upload
//! that is completed at its end, which is as whole as a rename), and is not a dependency yet.

use std::fs;
use std::io::{Read, Write};
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};

use super::BackupError;
use super::format::SUFFIX;
use crate::kernel::fault::{self, Point};

/// A place of back-ups.
pub trait Place {
    /// Keeps what `write` writes under `name`: whole, or not at all.
    ///
    /// # Errors
    /// The place cannot be written, or what `write` gives.
    fn put(
        &self,
        name: &str,
        write: &mut dyn FnMut(&mut dyn Write) -> Result<(), BackupError>,
    ) -> Result<(), BackupError>;

    /// Reads what is kept under `name`, from its beginning.
    ///
    /// # Errors
    /// There is none, or it cannot be read.
    fn open(&self, name: &str) -> Result<Box<dyn Read>, BackupError>;

    /// The names that are kept, and their bytes.
    ///
    /// # Errors
    /// The place cannot be read.
    fn list(&self) -> Result<Vec<(String, u64)>, BackupError>;

    /// Keeps it no longer; one that is not there is none.
    ///
    /// # Errors
    /// The place cannot be written.
    fn remove(&self, name: &str) -> Result<(), BackupError>;
}

/// A folder, its owner's alone.
#[derive(Debug, Clone)]
pub struct Folder(PathBuf);

/// How the names of what is being written end.
const UNDERWAY: &str = ".underway";

impl Folder {
    /// The folder at `path`; made at the first back-up.
    #[must_use]
    pub const fn new(path: PathBuf) -> Self {
        Self(path)
    }

    /// Held while something is written: what another process was writing when it was killed is nobody's then.
    fn lock(&self) -> std::io::Result<fs::File> {
        fs::DirBuilder::new().recursive(true).mode(0o700).create(&self.0)?;
        let lock = fs::OpenOptions::new().create(true).append(true).mode(0o600).open(self.0.join(".lock"))?;
        lock.lock()?;
        for entry in fs::read_dir(&self.0)? {
            let entry = entry?;
            if entry.file_name().to_string_lossy().ends_with(UNDERWAY) {
                fs::remove_file(entry.path())?;
            }
        }
        Ok(lock)
    }

    /// A name from outside stays in the folder.
    fn path(&self, name: &str) -> Result<PathBuf, BackupError> {
        let plain = Path::new(name).file_name().is_some_and(|file| file == name);
        if plain && name.ends_with(SUFFIX) { Ok(self.0.join(name)) } else { Err(BackupError::None) }
    }
}

impl Place for Folder {
    fn put(
        &self,
        name: &str,
        write: &mut dyn FnMut(&mut dyn Write) -> Result<(), BackupError>,
    ) -> Result<(), BackupError> {
        let path = self.path(name)?;
        let _lock = self.lock()?;
        let underway = self.0.join(format!("{name}{UNDERWAY}"));
        let mut file = fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(&underway)?;
        let written = write(&mut file).and_then(|()| Ok(file.sync_all()?));
        if let Err(error) = written {
            let _ = fs::remove_file(&underway);
            return Err(error);
        }
        fs::rename(&underway, &path)?;
        fault::reach(Point::BackupNamed);
        Ok(fs::File::open(&self.0)?.sync_all()?)
    }

    fn open(&self, name: &str) -> Result<Box<dyn Read>, BackupError> {
        match fs::File::open(self.path(name)?) {
            Ok(file) => Ok(Box::new(file)),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Err(BackupError::None),
            Err(error) => Err(error.into()),
        }
    }

    fn list(&self) -> Result<Vec<(String, u64)>, BackupError> {
        let entries = match fs::read_dir(&self.0) {
            Ok(entries) => entries,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
            Err(error) => return Err(error.into()),
        };
        let mut names = Vec::new();
        for entry in entries {
            let entry = entry?;
            if let Some(name) = entry.file_name().to_str().filter(|name| name.ends_with(SUFFIX)) {
                names.push((name.to_owned(), entry.metadata()?.len()));
            }
        }
        Ok(names)
    }

    fn remove(&self, name: &str) -> Result<(), BackupError> {
        match fs::remove_file(self.path(name)?) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(error.into()),
            _ => Ok(fs::File::open(&self.0)?.sync_all()?),
        }
    }
}
