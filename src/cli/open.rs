//! `seif open`: a vault's own export that was sealed for age recipients, opened with an identity of theirs, on any machine: it
//! needs no configuration, no service and no keyring.

use std::ffi::OsString;
use std::fs::{self, File, OpenOptions};
use std::io::{self, BufReader, BufWriter, Seek as _, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};

use clap::Args;
use rustix::fs::{CWD, RenameFlags, renameat_with};
use serde_json::json;
use zeroize::Zeroizing;

use crate::cli::output::Output;
use crate::kernel::crypto::age::{Identity, NotAKey, NotOpened, Opening};
use crate::kernel::entropy::Entropy;
use crate::vault::exports::{Manifest, NotWhole, Shown, inspect};

/// Which export, by whose identity, and where to.
#[derive(Debug, Args)]
pub(super) struct Open {
    /// The sealed export: a file whose name ends in .zip.age.
    file: PathBuf,
    /// A file of age identities, AGE-SECRET-KEY-1…, one of which opens it.
    #[arg(long, value_name = "FILE")]
    identity: PathBuf,
    /// Where the ZIP archive goes. Nothing may be there.
    #[arg(long, value_name = "PATH")]
    to: PathBuf,
}

/// Why nothing was written.
#[derive(Debug, thiserror::Error)]
pub(super) enum Refusal {
    /// A file that was named cannot be read.
    #[error("{} cannot be read: {why}", .path.display())]
    Unreadable { path: PathBuf, why: io::Error },
    /// The file of identities holds something else, or nothing.
    #[error("{}: what is in it {why}", .path.display())]
    NotIdentities { path: PathBuf, why: NotAKey },
    /// Nothing is ever written over something.
    #[error("{} is there already", .0.display())]
    Taken(PathBuf),
    /// The archive cannot be written there.
    #[error("{} cannot be written: {why}", .path.display())]
    Unwritable { path: PathBuf, why: io::Error },
    /// One of the two fails half-way.
    #[error("{} cannot be read to its end, or {} not written: {why}", .file.display(), .to.display())]
    Interrupted { file: PathBuf, to: PathBuf, why: io::Error },
    /// It does not open.
    #[error("{} does not open: {why}", .path.display())]
    NotOpened { path: PathBuf, why: NotOpened },
    /// It opens up to somewhere.
    #[error("{} is damaged or cut off: it does not open to its end", .0.display())]
    BrokenOff(PathBuf),
    /// It opens, and is not what was exported.
    #[error("{} opens, but the archive in it is not whole: {why}", .path.display())]
    NotWhole { path: PathBuf, why: NotWhole },
}

impl Refusal {
    /// Whether another command line would do, as opposed to another file.
    pub(super) const fn is_wrong_use(&self) -> bool {
        matches!(self, Self::Unreadable { .. } | Self::NotIdentities { .. } | Self::Taken(_))
    }
}

/// Opens it, and says what is in it; writes nothing unless it is whole.
pub(super) fn run(wanted: &Open, output: Output) -> Result<(), Refusal> {
    let Open { file, identity, to } = wanted;
    let identities = identities(identity)?;
    let sealed = File::open(file).map_err(|why| Refusal::Unreadable { path: file.clone(), why })?;
    if to.symlink_metadata().is_ok() {
        return Err(Refusal::Taken(to.clone()));
    }
    let opening = Opening::begin(BufReader::new(sealed), &identities);
    let mut opening = opening.map_err(|why| Refusal::NotOpened { path: file.clone(), why })?;
    let unwritable = |why| Refusal::Unwritable { path: to.clone(), why };
    let mut aside = Aside::beside(to).map_err(unwritable)?;
    let mut writing = BufWriter::new(&aside.file);
    io::copy(&mut opening, &mut writing).map_err(|error| match error.kind() {
        io::ErrorKind::InvalidData => Refusal::BrokenOff(file.clone()),
        _ => Refusal::Interrupted { file: file.clone(), to: to.clone(), why: error },
    })?;
    writing.flush().map_err(unwritable)?;
    drop(writing);
    aside.file.rewind().map_err(unwritable)?;
    let manifest = inspect(&aside.file).map_err(|why| Refusal::NotWhole { path: file.clone(), why })?;
    aside.become_whole(to).map_err(|error| match error.kind() {
        io::ErrorKind::AlreadyExists => Refusal::Taken(to.clone()),
        _ => unwritable(error),
    })?;
    told(&manifest, to, output);
    Ok(())
}

fn identities(file: &Path) -> Result<Vec<Identity>, Refusal> {
    let text = fs::read_to_string(file).map(Zeroizing::new);
    let text = text.map_err(|why| Refusal::Unreadable { path: file.to_owned(), why })?;
    Identity::of_file(&text).map_err(|why| Refusal::NotIdentities { path: file.to_owned(), why })
}

/// The archive while nobody knows yet whether it is whole: for its owner alone, beside where it will be, and gone if it
/// never gets there.
struct Aside {
    path: PathBuf,
    file: File,
}

impl Aside {
    fn beside(to: &Path) -> io::Result<Self> {
        let mut name = OsString::from(".");
        name.push(to.file_name().ok_or(io::ErrorKind::InvalidInput)?);
        name.push(format!(".{:016x}", u64::from_le_bytes(Entropy::system().bytes())));
        let path = to.with_file_name(name);
        let file = OpenOptions::new().read(true).write(true).create_new(true).mode(0o600).open(&path)?;
        Ok(Self { path, file })
    }

    /// Under its own name, once it is on the disk. What has appeared there meanwhile stays.
    fn become_whole(&mut self, to: &Path) -> io::Result<()> {
        self.file.sync_all()?;
        renameat_with(CWD, &self.path, CWD, to, RenameFlags::NOREPLACE)?;
        let folder = to.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
        File::open(folder)?.sync_all()
    }
}

impl Drop for Aside {
    fn drop(&mut self) {
        // Not there any more once it got its name.
        drop(fs::remove_file(&self.path));
    }
}

fn told(manifest: &Manifest, to: &Path, output: Output) {
    let lost = manifest.unreadable.count();
    let said = json!({
        "to": to.display().to_string(), "whole": true, "tenant": manifest.tenant, "begun_at": manifest.begun_at,
        "finished_at": manifest.finished_at, "sensitive": manifest.sensitive, "records": manifest.records,
        "files": manifest.files, "audit_entries": manifest.audit_entries, "unreadable": manifest.unreadable,
    });
    output.show(&said, || {
        let records: u64 = manifest.records.values().sum();
        let shown = match manifest.sensitive {
            Shown::Clear => "in the clear",
            Shown::Masked => "masked",
        };
        let mut lines = format!(
            "{}: whole\nthe vault {} as of {}\n{records} records of {} collections, sensitive values {shown}; {} files; {} entries of the audit",
            to.display(), manifest.tenant, manifest.begun_at.rfc3339(), manifest.records.len(), manifest.files, manifest.audit_entries,
        );
        if lost > 0 {
            lines.push_str(&format!("\n{lost} things could not be opened when it was made: manifest.json names them"));
        }
        lines
    });
}
