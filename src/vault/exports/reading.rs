//! Whether an archive is whole: every entry reads to its end and has its checksum, and together they are what the manifest
//! says. Nothing is unpacked, and memory does not grow with what is in it.

use std::collections::BTreeSet;
use std::fmt;
use std::io::{self, BufReader, Read, Seek};

use serde::de::{Deserializer as _, IgnoredAny, SeqAccess, Visitor};
use zip::ZipArchive;
use zip::result::ZipError;

use super::manifest::{FORMAT, Manifest, NAME};

/// The longest manifest: it names what could not be opened, and nothing else that grows.
const LONGEST: u64 = 64 * 1024 * 1024;

/// Entries that stand in each archive beside the collections and files.
const ALWAYS: [&str; 5] = ["schema.json", "files.json", "members.json", "audit.json", "consents.json"];

/// Why an archive is not whole.
#[derive(Debug, thiserror::Error)]
pub enum NotWhole {
    /// It cannot be read.
    #[error("it cannot be read: {0}")]
    Io(io::Error),
    /// It is no ZIP archive, or ends before its end.
    #[error("it is no whole ZIP archive")]
    NotAnArchive,
    /// It is an archive of something else, or of a newer version.
    #[error("it is no export of this form ({FORMAT})")]
    OtherForm,
    /// An entry is not there.
    #[error("the entry {0} is missing")]
    Missing(String),
    /// An entry is not what was written.
    #[error("the entry {0} is damaged")]
    Damaged(String),
    /// There is more or less than the manifest says.
    #[error("{what}: {there} are there, and the manifest says {said}")]
    Count {
        /// Of what.
        what: String,
        /// What it says.
        said: u64,
        /// What there is.
        there: u64,
    },
}

/// What the archive says it holds, once it is found to hold that.
///
/// # Errors
/// See [`NotWhole`].
pub fn inspect(archive: impl Read + Seek) -> Result<Manifest, NotWhole> {
    let mut archive = ZipArchive::new(BufReader::new(archive)).map_err(|error| match error {
        ZipError::Io(error) if error.kind() != io::ErrorKind::UnexpectedEof => NotWhole::Io(error),
        _ => NotWhole::NotAnArchive,
    })?;
    let manifest = manifest(&mut archive)?;
    let names: Vec<String> = archive
        .file_names()
        .map(|name| name.map(Into::into))
        .collect::<Result<_, _>>()
        .map_err(|_| NotWhole::NotAnArchive)?;
    let demand = |name: String| if names.contains(&name) { Ok(()) } else { Err(NotWhole::Missing(name)) };
    ALWAYS.iter().try_for_each(|name| demand((*name).to_owned()))?;
    for slug in manifest.records.keys() {
        demand(format!("collections/{slug}/records.json"))?;
        demand(format!("collections/{slug}/records.csv"))?;
    }
    let lost: BTreeSet<String> = manifest.unreadable.files.iter().map(ToString::to_string).collect();
    let mut files = 0;
    for name in &names {
        let rows = rows(&mut archive, name)?;
        let of_collection = name.strip_prefix("collections/").and_then(|name| name.strip_suffix("/records.json"));
        if let Some(slug) = of_collection {
            demand_equal(name, manifest.records.get(slug).copied().unwrap_or_default(), rows)?;
        } else if name == "audit.json" {
            demand_equal(name, manifest.audit_entries, rows)?;
        } else if let Some(id) = name.strip_prefix("files/").and_then(|name| name.split('/').next())
            && !lost.contains(id)
        {
            files += 1;
        }
    }
    demand_equal("files", manifest.files, files)?;
    Ok(manifest)
}

fn demand_equal(what: &str, said: u64, there: u64) -> Result<(), NotWhole> {
    if said == there { Ok(()) } else { Err(NotWhole::Count { what: what.to_owned(), said, there }) }
}

fn manifest<R: Read + Seek>(archive: &mut ZipArchive<R>) -> Result<Manifest, NotWhole> {
    let entry = match archive.by_name(NAME) {
        Ok(entry) => entry,
        Err(ZipError::FileNotFound) => return Err(NotWhole::Missing(NAME.to_owned())),
        Err(_) => return Err(NotWhole::Damaged(NAME.to_owned())),
    };
    let read: Result<Manifest, _> = serde_json::from_reader(BufReader::new(entry.take(LONGEST)));
    match read {
        Ok(manifest) if manifest.format == FORMAT => Ok(manifest),
        Err(error) if error.is_io() => Err(NotWhole::Damaged(NAME.to_owned())),
        _ => Err(NotWhole::OtherForm),
    }
}

/// Reads an entry to its end, which compares its checksum; gives how many items it lists, where it is a list.
fn rows<R: Read + Seek>(archive: &mut ZipArchive<R>, name: &str) -> Result<u64, NotWhole> {
    let damaged = || NotWhole::Damaged(name.to_owned());
    let mut entry = BufReader::new(archive.by_name(name).map_err(|_| damaged())?);
    // Files are the business's own, whatever they are called.
    let is_list = name.ends_with(".json") && !name.starts_with("files/") && !["schema.json", NAME].contains(&name);
    let mut rows = 0;
    if is_list {
        let mut list = serde_json::Deserializer::from_reader(&mut entry);
        rows = list.deserialize_seq(Counting).map_err(|_| damaged())?;
        list.end().map_err(|_| damaged())?;
    }
    io::copy(&mut entry, &mut io::sink()).map_err(|_| damaged())?;
    Ok(rows)
}

/// Counts the items of a list and keeps none.
struct Counting;

impl<'de> Visitor<'de> for Counting {
    type Value = u64;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a list")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<u64, A::Error> {
        let mut items = 0;
        while list.next_element::<IgnoredAny>()?.is_some() {
            items += 1;
        }
        Ok(items)
    }
}
