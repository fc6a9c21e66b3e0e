//! The search of every file for the business's plain text.

use std::path::{Path, PathBuf};

use aho_corasick::AhoCorasick;
use anyhow::Context as _;

/// What was searched, and where something was found.
pub(super) struct Found {
    pub(super) files: usize,
    pub(super) bytes: u64,
    pub(super) texts: usize,
    pub(super) places: Vec<PathBuf>,
}

/// Searches every file below `folder`, the captured mails aside, for each of `texts`: as it is, and in lower case as an
/// index would hold it.
pub(super) fn plaintext_in(folder: &Path, texts: &[String]) -> anyhow::Result<Found> {
    let patterns = texts.iter().flat_map(|text| [text.clone(), text.to_lowercase()]);
    let searcher = AhoCorasick::new(patterns).context("the texts cannot be searched for")?;
    let mut found = Found { files: 0, bytes: 0, texts: texts.len(), places: Vec::new() };
    search_folder(folder, &folder.join("mail"), &searcher, &mut found)?;
    Ok(found)
}

fn search_folder(folder: &Path, mails: &Path, searcher: &AhoCorasick, found: &mut Found) -> anyhow::Result<()> {
    for entry in std::fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() {
            if path != mails {
                search_folder(&path, mails, searcher, found)?;
            }
            continue;
        }
        let bytes = std::fs::read(&path)?;
        found.files += 1;
        found.bytes += u64::try_from(bytes.len()).unwrap_or(u64::MAX);
        found.places.extend(searcher.find_iter(&bytes).map(|_| path.clone()));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_planted_is_found_in_any_file_but_a_mail() {
        let folder = tempfile::tempdir().unwrap();
        for name in ["mail", "deep"] {
            std::fs::create_dir(folder.path().join(name)).unwrap();
        }
        std::fs::write(folder.path().join("mail/1.eml"), "Jēkabs Bernāts").unwrap();
        let texts = ["Jēkabs Bernāts".to_owned()];
        assert!(plaintext_in(folder.path(), &texts).unwrap().places.is_empty());
        std::fs::write(folder.path().join("deep/index"), b"\0\0j\xc4\x93kabs bern\xc4\x81ts\0").unwrap();
        assert_eq!(plaintext_in(folder.path(), &texts).unwrap().places, [folder.path().join("deep/index")]);
    }
}
