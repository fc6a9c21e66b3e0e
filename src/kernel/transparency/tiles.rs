//! How the log is laid out in static files (c2sp.org/tlog-tiles): tiles of up to 256 hashes, bundles of up to 256
//! entries, each address good for ever.

/// How many hashes a tile holds, and entries a bundle, when it is full.
pub const WIDTH: u64 = 256;

/// Tiles stand eight levels of the tree apart.
const LEVELS: u32 = 8;

/// The highest tile's level: above it a tree of 2^64 entries has no hash.
const TOP: u32 = 5;

/// What an address below `/transparency/tile/` names.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tile {
    /// Hashes of subtrees of 256^`level` entries.
    Hashes {
        /// Counted from 0, the leaves'.
        level: u32,
        /// Which tile of its level, counted from 0.
        number: u64,
        /// How many hashes.
        width: u64,
    },
    /// Entries.
    Entries {
        /// Which bundle, counted from 0.
        number: u64,
        /// How many entries.
        width: u64,
    },
}

impl Tile {
    /// Reads what follows `/transparency/tile/`: `0/x001/067`, `entries/003.p/17`; `None` unless it is in that one form.
    #[must_use]
    pub fn parse(path: &str) -> Option<Self> {
        let (kind, rest) = path.split_once('/')?;
        let (number, width) = match rest.split_once(".p/") {
            Some((number, width)) => (number, plain(width).filter(|width| (1..WIDTH).contains(width))?),
            None => (rest, WIDTH),
        };
        let number = parse_number(number)?;
        if kind == "entries" {
            return Some(Self::Entries { number, width });
        }
        let level = u32::try_from(plain(kind)?).ok().filter(|level| *level <= TOP)?;
        Some(Self::Hashes { level, number, width })
    }

    /// The address below `/transparency/tile/`.
    #[must_use]
    pub fn path(&self) -> String {
        let (kind, number, width) = match self {
            Self::Hashes { level, number, width } => (level.to_string(), number, width),
            Self::Entries { number, width } => ("entries".to_owned(), number, width),
        };
        let partial = if *width == WIDTH { String::new() } else { format!(".p/{width}") };
        format!("{kind}/{}{partial}", write_number(*number))
    }

    /// The level of the tree whose hashes it holds; a bundle stands for the leaves.
    #[must_use]
    pub const fn tree_level(&self) -> u32 {
        match self {
            Self::Hashes { level, .. } => *level * LEVELS,
            Self::Entries { .. } => 0,
        }
    }

    /// The first position that it holds at its level of the tree, and the one behind the last; `None` past all numbers.
    #[must_use]
    pub fn span(&self) -> Option<(u64, u64)> {
        let (Self::Hashes { number, width, .. } | Self::Entries { number, width }) = self;
        let first = number.checked_mul(WIDTH)?;
        Some((first, first.checked_add(*width)?))
    }

    /// Whether a log of `size` entries has it. A partial one of fewer than there are by now is no longer there, when
    /// the full one is.
    #[must_use]
    pub fn is_in(&self, size: u64) -> bool {
        let there = size.checked_shr(self.tree_level()).unwrap_or(0);
        self.span().is_some_and(|(_, end)| end <= there)
    }
}

/// The bundle of `entries`: each behind its length in two bytes, the most significant first; `None` if one is longer.
#[must_use]
pub fn bundle(entries: &[Vec<u8>]) -> Option<Vec<u8>> {
    let mut all = Vec::new();
    for entry in entries {
        all.extend(u16::try_from(entry.len()).ok()?.to_be_bytes());
        all.extend(entry);
    }
    Some(all)
}

/// The entries of a bundle; `None` if it is broken off.
#[must_use]
pub fn unbundle(mut bytes: &[u8]) -> Option<Vec<Vec<u8>>> {
    let mut entries = Vec::new();
    while let Some((length, rest)) = bytes.split_first_chunk::<2>() {
        let (entry, rest) = rest.split_at_checked(usize::from(u16::from_be_bytes(*length)))?;
        entries.push(entry.to_vec());
        bytes = rest;
    }
    bytes.is_empty().then_some(entries)
}

/// Groups of three digits, `x` before all but the last: 1234067 is `x001/x234/067`.
fn write_number(number: u64) -> String {
    let mut text = format!("{:03}", number % 1000);
    let mut rest = number / 1000;
    while rest > 0 {
        text = format!("x{:03}/{text}", rest % 1000);
        rest /= 1000;
    }
    text
}

fn parse_number(text: &str) -> Option<u64> {
    let digits: String = text.split('/').map(|group| group.strip_prefix('x').unwrap_or(group)).collect();
    let number = digits.bytes().all(|byte| byte.is_ascii_digit()).then(|| digits.parse().ok()).flatten()?;
    (write_number(number) == text).then_some(number)
}

/// A number without leading zeros.
fn plain(text: &str) -> Option<u64> {
    let number: u64 = text.parse().ok()?;
    (number.to_string() == text).then_some(number)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]

    use super::*;

    #[test]
    fn an_address_has_one_form_and_reads_back() {
        for (path, tile) in [
            ("0/000", Tile::Hashes { level: 0, number: 0, width: 256 }),
            ("1/x001/x234/067", Tile::Hashes { level: 1, number: 1_234_067, width: 256 }),
            ("0/x001/067.p/12", Tile::Hashes { level: 0, number: 1_067, width: 12 }),
            ("entries/999", Tile::Entries { number: 999, width: 256 }),
            ("entries/000.p/1", Tile::Entries { number: 0, width: 1 }),
        ] {
            assert_eq!(Tile::parse(path), Some(tile), "{path}");
            assert_eq!(tile.path(), path);
        }
        for path in [
            "",
            "0",
            "0/",
            "0/0",
            "00/000",
            "6/000",
            "-1/000",
            "0/1000",
            "0/x000/001",
            "0/000.p/0",
            "0/000.p/256",
            "0/000.p/01",
            "0/000.p/",
            "0/001/002",
            "0/x001",
            "entries",
            "other/000",
            "0/000/",
            "0/+01",
            "0/x99/999",
            "0/000.p/12/3",
            "0/x999/x999/x999/x999/x999/x999/x999/999",
        ] {
            assert_eq!(Tile::parse(path), None, "{path}");
        }
    }

    #[test]
    fn a_tile_is_there_once_the_tree_has_all_its_hashes() {
        let tile = |path: &str| Tile::parse(path).unwrap();
        assert!(tile("0/000.p/12").is_in(12) && tile("0/000.p/12").is_in(300) && !tile("0/000.p/12").is_in(11));
        assert!(tile("0/000").is_in(256) && !tile("0/000").is_in(255));
        assert!(
            tile("1/000.p/1").is_in(256) && !tile("1/000.p/1").is_in(255) && !tile("5/000").is_in(u64::from(u32::MAX))
        );
        assert!(tile("entries/001.p/44").is_in(300) && !tile("entries/001.p/45").is_in(300));
        assert!(!tile("5/x018/x446/x744/x073/x709/x551/615").is_in(u64::MAX));
    }

    #[test]
    fn a_bundle_reads_back_and_one_broken_off_does_not() {
        let entries = vec![b"one".to_vec(), Vec::new(), vec![7; 65_535]];
        let bytes = bundle(&entries).unwrap();
        assert_eq!(unbundle(&bytes).unwrap(), entries);
        assert!(unbundle(bytes.split_last().unwrap().1).is_none() && unbundle(&[0]).is_none());
        assert!(bundle(&[vec![0; 65_536]]).is_none());
    }
}
