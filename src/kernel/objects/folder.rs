//! Objects as files of a folder: `incoming/NAME` while they are made, then `NA/NAME`.

use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io::{self, Seek as _, SeekFrom, Write};
use std::os::unix::fs::{DirBuilderExt as _, MetadataExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};

use super::{Aside, Lying, ObjectName, Storage};
use crate::kernel::clock::Time;

/// A folder that is the service's alone; nodes of one service share it.
#[derive(Debug)]
pub struct Folder(PathBuf);

/// What objects in the making lie in.
const INCOMING: &str = "incoming";

impl Folder {
    /// The folder at `path`, made when the first object is.
    #[must_use]
    pub const fn new(path: PathBuf) -> Self {
        Self(path)
    }

    fn aside(&self, name: ObjectName) -> PathBuf {
        self.0.join(INCOMING).join(name.to_string())
    }

    fn place(&self, name: ObjectName) -> PathBuf {
        let name = name.to_string();
        self.0.join(name.get(..2).unwrap_or_default()).join(name)
    }
}

impl Storage for Folder {
    fn begin(&self, name: ObjectName) -> io::Result<Box<dyn Aside>> {
        let (aside, place) = (self.aside(name), self.place(name));
        for path in [&aside, &place] {
            private_parent(path)?;
        }
        let file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&aside)?;
        Ok(Box::new(InFolder { file, aside: Some(aside), place }))
    }

    fn open(&self, name: ObjectName) -> io::Result<Box<dyn Lying>> {
        Ok(Box::new(File::open(self.place(name))?))
    }

    fn remove(&self, names: &[ObjectName]) -> io::Result<()> {
        for path in names.iter().flat_map(|name| [self.aside(*name), self.place(*name)]) {
            match fs::remove_file(&path) {
                Ok(()) => sync_parent(&path)?,
                Err(error) if error.kind() == io::ErrorKind::NotFound => {}
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }

    fn demand_gone(&self, names: &[ObjectName]) -> io::Result<()> {
        for path in names.iter().flat_map(|name| [self.aside(*name), self.place(*name)]) {
            match fs::symlink_metadata(&path) {
                Ok(_) => return Err(io::ErrorKind::AlreadyExists.into()),
                Err(error) if error.kind() == io::ErrorKind::NotFound => {}
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }

    fn remove_unfinished(&self, before: Time) -> io::Result<()> {
        let entries = match fs::read_dir(self.0.join(INCOMING)) {
            Ok(entries) => entries,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
            Err(error) => return Err(error),
        };
        for entry in entries {
            let entry = entry?;
            // Another node may have removed it meanwhile.
            let Ok(metadata) = entry.metadata() else { continue };
            if Time::from_micros(metadata.mtime().saturating_mul(1_000_000)) < before {
                match fs::remove_file(entry.path()) {
                    Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
                    _ => {}
                }
            }
        }
        Ok(())
    }
}

/// A file that is being written; removed when it is dropped before it is in its place.
struct InFolder {
    file: File,
    aside: Option<PathBuf>,
    place: PathBuf,
}

impl Write for InFolder {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.file.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.flush()
    }
}

impl Aside for InFolder {
    fn put(mut self: Box<Self>) -> io::Result<()> {
        self.file.sync_all()?;
        let Some(aside) = self.aside.as_ref() else { return Ok(()) };
        fs::rename(aside, &self.place)?;
        self.aside = None;
        sync_parent(&self.place)
    }
}

impl Drop for InFolder {
    fn drop(&mut self) {
        if let Some(aside) = self.aside.take()
            && fs::remove_file(aside).is_err()
        {
            tracing::warn!("an object in the making could not be removed; the sweep will");
        }
    }
}

impl Lying for File {
    fn length(&mut self) -> io::Result<u64> {
        let length = self.seek(SeekFrom::End(0))?;
        self.rewind()?;
        Ok(length)
    }
}

/// Makes the folder that `path` is to lie in, and makes sure of it in the folder above.
fn private_parent(path: &Path) -> io::Result<()> {
    let Some(parent) = path.parent().filter(|parent| !parent.is_dir()) else { return Ok(()) };
    DirBuilder::new().recursive(true).mode(0o700).create(parent)?;
    sync_parent(parent)
}

/// A new, moved or removed name is durable once its folder is.
fn sync_parent(path: &Path) -> io::Result<()> {
    path.parent().map_or(Ok(()), |parent| File::open(parent)?.sync_all())
}

#[cfg(test)]
mod tests {
    use std::io::Read as _;

    use super::*;
    use crate::kernel::entropy::Entropy;

    fn names(folder: &Path) -> Vec<PathBuf> {
        let mut all = Vec::new();
        for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
            if entry.path().is_dir() { all.extend(names(&entry.path())) } else { all.push(entry.path()) }
        }
        all
    }

    #[test]
    fn an_object_is_in_its_place_once_it_is_whole_and_one_that_is_given_up_is_nowhere() {
        let root = tempfile::tempdir().unwrap();
        let folder = Folder::new(root.path().join("objects"));
        let (one, two) = (ObjectName::random(&Entropy::seeded(1)), ObjectName::random(&Entropy::seeded(2)));
        let mut aside = folder.begin(one).unwrap();
        aside.write_all(b"content").unwrap();
        assert!(folder.open(one).is_err());
        aside.put().unwrap();
        let mut lying = folder.open(one).unwrap();
        assert_eq!(lying.length().unwrap(), 7);
        let mut content = String::new();
        lying.read_to_string(&mut content).unwrap();
        assert_eq!(content, "content");
        assert_eq!(fs::metadata(folder.place(one)).unwrap().mode() & 0o777, 0o600);
        folder.begin(two).unwrap().write_all(b"half").unwrap();
        assert_eq!(names(root.path()), [folder.place(one)]);
        assert_eq!(folder.demand_gone(&[two, one]).unwrap_err().kind(), io::ErrorKind::AlreadyExists);
        for _ in 0..2 {
            folder.remove(&[one]).unwrap();
            folder.demand_gone(&[one, two]).unwrap();
        }
        assert!(names(root.path()).is_empty());
    }

    #[test]
    fn what_was_begun_and_left_behind_is_removed_once_it_is_old() {
        let root = tempfile::tempdir().unwrap();
        let folder = Folder::new(root.path().to_owned());
        folder.remove_unfinished(Time::from_micros(0)).unwrap();
        let aside = folder.aside(ObjectName::random(&Entropy::seeded(1)));
        private_parent(&aside).unwrap();
        fs::write(&aside, b"half").unwrap();
        folder.remove_unfinished(Time::from_micros(0)).unwrap();
        assert!(aside.exists());
        folder.remove_unfinished(Time::from_micros(i64::MAX)).unwrap();
        assert!(!aside.exists());
    }
}
