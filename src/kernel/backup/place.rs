//! Where back-ups are kept: a folder, or a bucket (`InBucket`).

use std::collections::BTreeSet;
use std::fs;
use std::io::{Read, Write};
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};

use super::BackupError;
use super::format::SUFFIX;
pub use super::in_bucket::InBucket;
use super::shelf::List;
use crate::kernel::fault::{self, Point};
use crate::kernel::objects::{self, Storage};

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

    /// Where the objects of all back-ups are kept.
    fn objects(&self) -> Box<dyn Storage>;

    /// Writes down which objects are those of the back-up `name`, before it has its name.
    ///
    /// # Errors
    /// The place cannot be written.
    fn put_list(&self, name: &str, list: &List) -> Result<(), BackupError>;

    /// Which objects are those of the back-up `name`.
    ///
    /// # Errors
    /// The place cannot be read; [`BackupError::Damaged`].
    fn list_of(&self, name: &str) -> Result<List, BackupError>;

    /// The objects of all back-ups.
    ///
    /// # Errors
    /// As [`Place::list_of`].
    fn known(&self) -> Result<List, BackupError>;

    /// Removes objects that are no back-up's any more, and what kills have left.
    ///
    /// # Errors
    /// The place cannot be read or written; then nothing is removed that a back-up needs.
    fn sweep(&self) -> Result<(), BackupError>;

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

/// What the objects and the lists of them lie in.
const OBJECTS: &str = "objects";
const LISTS: &str = "lists";

fn entries(folder: &Path) -> std::io::Result<Vec<PathBuf>> {
    match fs::read_dir(folder) {
        Ok(entries) => entries.map(|entry| Ok(entry?.path())).collect(),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(Vec::new()),
        Err(error) => Err(error),
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

    fn objects(&self) -> Box<dyn Storage> {
        Box::new(objects::Folder::new(self.0.join(OBJECTS)))
    }

    fn put_list(&self, name: &str, list: &List) -> Result<(), BackupError> {
        let folder = self.0.join(LISTS);
        fs::DirBuilder::new().recursive(true).mode(0o700).create(&folder)?;
        let mut file = fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(folder.join(name))?;
        file.write_all(list.written().as_bytes())?;
        file.sync_all()?;
        Ok(fs::File::open(folder)?.sync_all()?)
    }

    fn list_of(&self, name: &str) -> Result<List, BackupError> {
        let _ = self.path(name)?;
        match fs::read_to_string(self.0.join(LISTS).join(name)) {
            Ok(text) => List::parse(&text),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Err(BackupError::Damaged),
            Err(error) => Err(error.into()),
        }
    }

    fn known(&self) -> Result<List, BackupError> {
        let mut known = List::default();
        for (name, _) in self.list()? {
            match self.list_of(&name) {
                Ok(list) => known.add(list),
                // A back-up of the keyring has none; what a damaged one says is found out anew.
                Err(BackupError::Damaged) => {}
                Err(error) => return Err(error),
            }
        }
        Ok(known)
    }

    fn sweep(&self) -> Result<(), BackupError> {
        let lists = match fs::read_dir(self.0.join(LISTS)) {
            Ok(lists) => lists,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(()),
            Err(error) => return Err(error.into()),
        };
        // Nobody is taking a back-up meanwhile, whose objects are there and its list is not.
        let _lock = self.lock()?;
        let mut needed = BTreeSet::new();
        for list in lists {
            let list = list?;
            match list.file_name().to_str().filter(|name| self.0.join(name).exists()) {
                Some(name) => needed.extend(self.list_of(name)?.names()),
                None => fs::remove_file(list.path())?,
            }
        }
        for folder in entries(&self.0.join(OBJECTS))? {
            for object in entries(&folder)? {
                let name = object.file_name().and_then(|name| name.to_str()).map(ToOwned::to_owned);
                let is_needed = name.and_then(|name| u128::from_str_radix(&name, 16).ok());
                let in_the_making = folder.ends_with("incoming");
                if in_the_making || is_needed.is_some_and(|name| !needed.contains(&name.to_be_bytes())) {
                    fs::remove_file(object)?;
                }
            }
        }
        Ok(())
    }

    fn remove(&self, name: &str) -> Result<(), BackupError> {
        match fs::remove_file(self.path(name)?) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(error.into()),
            _ => Ok(fs::File::open(&self.0)?.sync_all()?),
        }
    }
}
