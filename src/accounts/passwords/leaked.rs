//! Passwords that have leaked elsewhere (R-8): an operator's list of their digests, looked up on disk and never loaded.
//!
//! Two published forms are read. A file holds a line for each digest, `HASH:COUNT`, sorted by hash, tens of gigabytes in
//! all. A folder holds a file for each first five digits, `ABCDE` or `ABCDE.txt`, with a line for the other 35,
//! `SUFFIX:COUNT`, sorted too. A look-up is a binary search by position: some thirty small reads in the file, one file
//! and a dozen reads in the folder.
//!
//! A list that cannot be read now refuses nobody's password and accepts nobody's: the answer is that it is not known.

use std::fs::File;
use std::io;
use std::ops::ControlFlow;
use std::os::unix::fs::FileExt as _;
use std::path::{Path, PathBuf};

use crate::kernel::crypto::leaked::{DIGITS, LeakedDigest};

/// How many digits name a file of the folder.
const PREFIX: usize = 5;
/// The longest line, its end included: a digest, a colon, and a count of 20 digits.
const LONGEST: u64 = 64;
/// Files up to this size are read through once at the start; of larger ones, this many places are looked at.
const READ_THROUGH: u64 = 64 << 20;
/// How many places of a larger file are looked at.
const PLACES: u64 = 4096;
/// How many of a folder's files are looked at: the first, the last, and evenly between.
const FILES: u32 = 256;

/// An operator's list of leaked passwords.
#[derive(Debug)]
pub struct LeakedList(Form);

#[derive(Debug)]
enum Form {
    /// One file, open: a list that is put in its place counts from the next start on.
    Whole(Lines),
    /// A file for each first five digits.
    Ranges(PathBuf),
}

/// Whether a password has leaked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[must_use]
pub enum Leaked {
    /// The list names it.
    Yes,
    /// The list does not.
    No,
}

/// Why a list cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum ListError {
    /// It is not there, or cannot be read.
    #[error("the list of leaked passwords: {} cannot be read: {why}", path.display())]
    Unreadable {
        /// Which file.
        path: PathBuf,
        /// The system's word.
        why: io::Error,
    },
    /// It is not sorted by hash, or holds something else than hashes.
    #[error(
        "the list of leaked passwords: {} is not sorted by hash, or a line is not HASH:COUNT (look at byte {at})",
        path.display()
    )]
    NotSorted {
        /// Which file.
        path: PathBuf,
        /// Where the line begins that does not fit.
        at: u64,
    },
}

impl LeakedList {
    /// Opens the list at `path`, a file or a folder. It is looked through as far as that takes seconds: whole where it
    /// is small, else at evenly spread places.
    ///
    /// # Errors
    /// See [`ListError`]; the service does not start with a list that finds nothing.
    pub fn open(path: &Path) -> Result<Self, ListError> {
        let unreadable = |why| ListError::Unreadable { path: path.to_owned(), why };
        if std::fs::metadata(path).map_err(unreadable)?.is_dir() {
            for number in 0..FILES {
                let prefix = format!("{:05X}", u64::from(number) * 0xF_FFFF / u64::from(FILES - 1));
                let (file, at) = range(path, prefix.as_bytes())
                    .map_err(|why| ListError::Unreadable { path: path.join(&prefix), why })?;
                file.check(&at)?;
            }
            return Ok(Self(Form::Ranges(path.to_owned())));
        }
        let lines = Lines::open(path, DIGITS).map_err(unreadable)?;
        lines.check(path)?;
        Ok(Self(Form::Whole(lines)))
    }

    /// Whether the list names the password of this digest. Reads from the disk, and waits for it.
    ///
    /// # Errors
    /// The list cannot be read, or is damaged: it is not known.
    pub fn look_up(&self, digest: &LeakedDigest) -> io::Result<Leaked> {
        match &self.0 {
            Form::Whole(lines) => lines.find(digest.digits()),
            Form::Ranges(folder) => {
                let (prefix, suffix) = digest.digits().split_at(PREFIX);
                range(folder, prefix)?.0.find(suffix)
            }
        }
    }
}

/// The file of the folder for these first digits, under either name, and which it is.
fn range(folder: &Path, prefix: &[u8]) -> io::Result<(Lines, PathBuf)> {
    let name = String::from_utf8_lossy(prefix).into_owned();
    let plain = folder.join(&name);
    match Lines::open(&plain, DIGITS - PREFIX) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            let ending = folder.join(name + ".txt");
            Ok((Lines::open(&ending, DIGITS - PREFIX)?, ending))
        }
        opened => Ok((opened?, plain)),
    }
}

/// A file of sorted lines, each a number of hexadecimal digits and perhaps a count.
#[derive(Debug)]
struct Lines {
    file: File,
    length: u64,
    digits: usize,
}

/// A line: where it begins, where the next one does, its digits in capitals, and whether it counts.
struct Line {
    start: u64,
    next: u64,
    digits: Vec<u8>,
    counts: Leaked,
}

impl Lines {
    fn open(path: &Path, digits: usize) -> io::Result<Self> {
        let file = File::open(path)?;
        let length = file.metadata()?.len();
        Ok(Self { file, length, digits })
    }

    fn find(&self, wanted: &[u8]) -> io::Result<Leaked> {
        let (mut low, mut high) = (0, self.length);
        while low < high {
            let line = self.line_at(low + (high - low) / 2)?;
            match line.digits.as_slice().cmp(wanted) {
                std::cmp::Ordering::Equal => return Ok(line.counts),
                std::cmp::Ordering::Less => low = line.next,
                std::cmp::Ordering::Greater => high = line.start,
            }
        }
        Ok(Leaked::No)
    }

    /// The line that the byte at `position` belongs to.
    fn line_at(&self, position: u64) -> io::Result<Line> {
        let from = position.saturating_sub(LONGEST);
        let size = (position + LONGEST).min(self.length) - from;
        let mut window = vec![0; usize::try_from(size).map_err(|_| damaged())?];
        self.file.read_exact_at(&mut window, from)?;
        let at = usize::try_from(position - from).map_err(|_| damaged())?;
        let (before, after) = window.split_at_checked(at).ok_or_else(damaged)?;
        let start = match before.iter().rposition(|byte| *byte == b'\n') {
            Some(end_of_last) => end_of_last + 1,
            None if from == 0 => 0,
            None => return Err(damaged()),
        };
        let end = match after.iter().position(|byte| *byte == b'\n') {
            Some(further) => at + further,
            None if from + size == self.length => window.len(),
            None => return Err(damaged()),
        };
        let (digits, counts) = self.read(window.get(start..end).ok_or_else(damaged)?).ok_or_else(damaged)?;
        let next = (from + u64::try_from(end).map_err(|_| damaged())? + 1).min(self.length);
        Ok(Line { start: from + u64::try_from(start).map_err(|_| damaged())?, next, digits, counts })
    }

    /// What a line says. A count of nought is padding: the published ranges hide in it how many lines they have.
    fn read(&self, line: &[u8]) -> Option<(Vec<u8>, Leaked)> {
        let line = line.strip_suffix(b"\r").unwrap_or(line);
        let (digits, rest) = line.split_at_checked(self.digits)?;
        let count = match rest.split_first() {
            None => return Some((digits.to_ascii_uppercase(), Leaked::Yes)).filter(|_| is_hex(digits)),
            Some((b':', count)) => count,
            Some(_) => return None,
        };
        let is_count = !count.is_empty() && count.len() <= 20 && count.iter().all(u8::is_ascii_digit);
        let counts = if count.iter().all(|digit| *digit == b'0') { Leaked::No } else { Leaked::Yes };
        (is_count && is_hex(digits)).then(|| (digits.to_ascii_uppercase(), counts))
    }

    /// Whether its lines rise: all of them, or those at evenly spread places, each with the next.
    fn check(&self, path: &Path) -> Result<(), ListError> {
        let wrong = |at| ListError::NotSorted { path: path.to_owned(), at };
        let line = |at| {
            self.line_at(at).map_err(|why| match why.kind() {
                io::ErrorKind::InvalidData => wrong(at),
                _ => ListError::Unreadable { path: path.to_owned(), why },
            })
        };
        if self.length == 0 {
            return Err(wrong(0));
        }
        let mut last: Option<Line> = None;
        let mut rises = |line: Line| -> ControlFlow<u64, u64> {
            let (start, next) = (line.start, line.next);
            if let Some(before) = &last
                && before.start < start
                && before.digits >= line.digits
            {
                return ControlFlow::Break(start);
            }
            last = Some(line);
            ControlFlow::Continue(next)
        };
        let step = if self.length <= READ_THROUGH { 1 } else { self.length / PLACES };
        let mut at = 0;
        while at < self.length {
            let next = match rises(line(at)?) {
                ControlFlow::Continue(next) => next,
                ControlFlow::Break(at) => return Err(wrong(at)),
            };
            if step > 1 && next < self.length {
                // Neighbours too: a list in another order may rise at each place that is looked at.
                if let ControlFlow::Break(at) = rises(line(next)?) {
                    return Err(wrong(at));
                }
            }
            at = next.max(at + step);
        }
        Ok(())
    }
}

fn is_hex(digits: &[u8]) -> bool {
    digits.iter().all(u8::is_ascii_hexdigit)
}

fn damaged() -> io::Error {
    io::Error::from(io::ErrorKind::InvalidData)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;
    use std::io::Write as _;

    use super::*;
    use crate::kernel::personal::Secret;

    fn digest(password: &str) -> LeakedDigest {
        LeakedDigest::of(&Secret::new(password.to_owned()))
    }

    fn hash(password: &str) -> String {
        String::from_utf8(digest(password).digits().to_vec()).unwrap()
    }

    /// A list of the passwords `leaked-0` to `leaked-{many - 1}`, sorted, and the passwords in its order.
    fn list(many: usize, end: &str, last_end: &str) -> (tempfile::NamedTempFile, Vec<String>) {
        let sorted: BTreeSet<(String, String)> =
            (0..many).map(|n| format!("leaked-{n}")).map(|password| (hash(&password), password)).collect();
        let mut text = String::new();
        for (n, (hash, _)) in sorted.iter().enumerate() {
            let end = if n + 1 == many { last_end } else { end };
            text += &format!("{hash}:{}{end}", n * n + 1);
        }
        (file(&text), sorted.into_iter().map(|(_, password)| password).collect())
    }

    fn file(text: &str) -> tempfile::NamedTempFile {
        let mut file = tempfile::NamedTempFile::new().unwrap();
        file.write_all(text.as_bytes()).unwrap();
        file
    }

    fn found(list: &LeakedList, password: &str) -> Leaked {
        list.look_up(&digest(password)).unwrap()
    }

    #[test]
    fn of_a_hundred_thousand_each_is_found_and_nothing_else() {
        // R-8
        let (file, passwords) = list(100_000, "\n", "\n");
        let leaked = LeakedList::open(file.path()).unwrap();
        for password in &passwords {
            assert_eq!(found(&leaked, password), Leaked::Yes, "{password}");
        }
        // Between any two, before the first and after the last.
        for n in 0..20_000 {
            assert_eq!(found(&leaked, &format!("not-{n}")), Leaked::No);
        }
        let ends = ["0".repeat(40), "F".repeat(40)];
        let Form::Whole(lines) = &leaked.0 else { panic!("a file") };
        assert!(ends.iter().all(|end| lines.find(end.as_bytes()).unwrap() == Leaked::No));
    }

    #[test]
    fn the_first_and_the_last_line_are_found_whatever_ends_the_lines() {
        for (end, last_end) in [("\n", "\n"), ("\n", ""), ("\r\n", "\r\n"), ("\r\n", "")] {
            for many in [1, 2, 3, 50] {
                let (file, passwords) = list(many, end, last_end);
                let leaked = LeakedList::open(file.path()).unwrap();
                assert!(passwords.iter().all(|password| found(&leaked, password) == Leaked::Yes), "{end:?} {many}");
                assert_eq!(found(&leaked, "another"), Leaked::No);
            }
        }
        let small = file(&format!("{}\n", hash("small").to_lowercase()));
        assert_eq!(found(&LeakedList::open(small.path()).unwrap(), "small"), Leaked::Yes);
    }

    #[test]
    fn a_count_of_nought_is_padding() {
        let padded = file(&format!("{}:0\n", hash("padding")));
        assert_eq!(found(&LeakedList::open(padded.path()).unwrap(), "padding"), Leaked::No);
    }

    #[test]
    fn a_list_that_is_missing_unsorted_or_something_else_is_refused_with_its_name() {
        let missing = LeakedList::open(Path::new("/nowhere/leaked.txt")).unwrap_err();
        assert!(missing.to_string().contains("/nowhere/leaked.txt cannot be read"), "{missing}");
        let (sorted, _) = list(1_000, "\n", "\n");
        let mut lines: Vec<String> =
            std::fs::read_to_string(sorted.path()).unwrap().lines().map(ToOwned::to_owned).collect();
        lines.swap(700, 701);
        let swapped = file(&(lines.join("\n") + "\n"));
        let repeated = file(&format!("{0}:1\n{0}:1\n", hash("twice")));
        for (what, wrong) in [
            ("two lines changed places", &swapped),
            ("a line twice", &repeated),
            ("empty", &file("")),
            ("no digest", &file("password\n")),
            ("too long a line", &file(&"A".repeat(1_000))),
            ("no count", &file(&format!("{}:\n", hash("x")))),
        ] {
            let refused = LeakedList::open(wrong.path()).unwrap_err();
            assert!(matches!(refused, ListError::NotSorted { .. }), "{what}: {refused}");
            assert!(refused.to_string().contains(&wrong.path().display().to_string()), "{what}");
        }
    }

    #[test]
    fn a_file_that_was_cut_off_meanwhile_is_an_error_and_never_a_no() {
        let (file, _) = list(5_000, "\n", "\n");
        let leaked = LeakedList::open(file.path()).unwrap();
        file.as_file().set_len(1_000).unwrap();
        assert!((0..50).all(|n| leaked.look_up(&digest(&format!("not-{n}"))).is_err()));
    }

    /// A folder with the files that the start looks at, and the one of each of `passwords`.
    fn ranges(passwords: &[&str], ending: &str) -> tempfile::TempDir {
        let folder = tempfile::tempdir().unwrap();
        let name = |prefix: &str| folder.path().join(format!("{prefix}{ending}"));
        for number in 0..FILES {
            let prefix = format!("{:05X}", u64::from(number) * 0xF_FFFF / u64::from(FILES - 1));
            std::fs::write(name(&prefix), format!("{}:3\r\n{}:1\r\n", "0".repeat(35), "F".repeat(35))).unwrap();
        }
        for password in passwords {
            let hash = hash(password);
            let (prefix, suffix) = hash.split_at(PREFIX);
            let lines = BTreeSet::from(["0".repeat(35), suffix.to_owned(), "F".repeat(35)]);
            let lines: Vec<String> = lines.into_iter().map(|line| line + ":7").collect();
            std::fs::write(name(prefix), lines.join("\r\n")).unwrap();
        }
        folder
    }

    #[test]
    fn a_folder_of_ranges_is_read_under_either_name_and_a_missing_range_is_an_error() {
        // R-8
        for ending in ["", ".txt"] {
            let folder = ranges(&["leaked-1", "leaked-2"], ending);
            let leaked = LeakedList::open(folder.path()).unwrap();
            assert_eq!((found(&leaked, "leaked-1"), found(&leaked, "leaked-2")), (Leaked::Yes, Leaked::Yes));
            let named = digest("leaked-1");
            let (prefix, _) = named.digits().split_at(PREFIX);
            let Form::Ranges(_) = &leaked.0 else { panic!("a folder") };
            let other = range(folder.path(), prefix).unwrap().0.find("1".repeat(35).as_bytes()).unwrap();
            assert_eq!(other, Leaked::No);
            assert_eq!(leaked.look_up(&digest("elsewhere")).unwrap_err().kind(), io::ErrorKind::NotFound);
        }
        let empty = tempfile::tempdir().unwrap();
        assert!(matches!(LeakedList::open(empty.path()), Err(ListError::Unreadable { .. })));
        let folder = ranges(&[], "");
        std::fs::write(folder.path().join("FFFFF"), "F:1\n0:1\n").unwrap();
        assert!(matches!(LeakedList::open(folder.path()), Err(ListError::NotSorted { .. })));
    }
}
