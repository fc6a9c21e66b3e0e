//! What is written down about the tests is true: every test and file that `ops/asvs.md` and `ops/promises.md` name is there.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

/// Every test as `module::name`: the module is the file's name, or its folder's for a `mod.rs`.
fn tests(folder: &Path, found: &mut BTreeSet<String>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            tests(&path, found);
            continue;
        }
        if path.extension().is_none_or(|extension| extension != "rs") {
            continue;
        }
        let text = std::fs::read_to_string(&path).unwrap();
        let called = |line: &str| Some(line.split_once("fn ")?.1.split(['(', '<']).next()?.to_owned());
        for name in text.lines().filter_map(called) {
            found.extend(modules(&path).into_iter().map(|module| format!("{module}::{name}")));
        }
    }
}

/// The names that a file goes by: its own, and those of its folders, alone and before it.
fn modules(path: &Path) -> Vec<String> {
    let stem = path.file_stem().unwrap().to_str().unwrap().to_owned();
    let folders = path.parent().unwrap().components().rev().take(3);
    let folders = folders.map(|part| part.as_os_str().to_str().unwrap().to_owned());
    folders.flat_map(|folder| [format!("{folder}::{stem}"), folder]).chain([stem.clone()]).collect()
}

/// What stands between backticks on a line.
fn quoted(line: &str) -> impl Iterator<Item = &str> {
    line.split('`').skip(1).step_by(2)
}

/// What a page names in vain.
fn missing(page: &str, tests: &BTreeSet<String>) -> Vec<String> {
    let root = PathBuf::from(env!("CARGO_MANIFEST_DIR"));
    let names = page.lines().filter(|line| line.starts_with('|')).flat_map(quoted);
    let names = names.filter(|name| !name.contains(' '));
    let is_there = |name: &str| match name.split_once("::") {
        Some((module, _)) if module.starts_with(|c: char| c.is_ascii_lowercase()) => {
            let start = name.trim_end_matches(['…', '*']);
            let of_it = format!("{name}::");
            let is_it = |test: &String| test == name || test.starts_with(&of_it);
            tests.iter().any(|test| if name.ends_with(['…', '*']) { test.starts_with(start) } else { is_it(test) })
        }
        _ if ["src/", "tests/", "ops/", "config/"].iter().any(|folder| name.starts_with(folder)) => {
            root.join(name).exists()
        }
        _ => true,
    };
    names.filter(|name| !is_there(name)).map(str::to_owned).collect()
}

fn all_tests() -> BTreeSet<String> {
    let root = PathBuf::from(env!("CARGO_MANIFEST_DIR"));
    let mut found = BTreeSet::new();
    for folder in ["tests/it", "src"] {
        tests(&root.join(folder), &mut found);
    }
    found
}

#[test]
fn every_test_and_file_that_the_pages_about_them_name_is_there() {
    let tests = all_tests();
    for page in ["ops/asvs.md", "ops/promises.md"] {
        let text = std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(page)).unwrap();
        assert_eq!(missing(&text, &tests), [""; 0], "{page}");
    }
}

#[test]
fn every_requirement_of_the_three_chapters_stands_in_the_page() {
    let text = std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("ops/asvs.md")).unwrap();
    let sections = [(6, [3, 12, 8, 6, 8, 4, 2, 4].as_slice()), (7, &[3, 4, 2, 5, 3, 2]), (10, &[2, 3, 5, 16, 5, 2, 3])];
    for (chapter, counts) in sections {
        for (section, count) in counts.iter().enumerate() {
            let section = section + 1;
            // The chapters of those who issue tokens themselves stand as a whole.
            if chapter == 10 && [3, 4, 6, 7].contains(&section) {
                continue;
            }
            for number in 1..=*count {
                let name = format!("V{chapter}.{section}.{number}");
                let is_named = text
                    .match_indices(&name)
                    .any(|(at, _)| !text[at + name.len()..].starts_with(|c: char| c.is_ascii_digit()));
                assert!(is_named, "{name}");
            }
        }
    }
}

#[test]
fn a_test_or_file_that_is_not_there_is_found() {
    let tests = BTreeSet::from(["methods::a_code_is_good".to_owned()]);
    let page =
        "| x | `methods::a_code_is_bad`, `methods::a_code…`, `src/lib.rs`, `src/nowhere.rs`, `Need::Strongest` |";
    assert_eq!(missing(page, &tests), ["methods::a_code_is_bad", "src/nowhere.rs"]);
}

/// The rows of the requirements that signing in and accounts answer for.
const ROWS: [&str; 55] = [
    "R-3", "R-4.1", "R-4.2", "R-4.3", "R-4.4", "R-5", "R-6", "R-7", "R-8", "R-9", "R-10", "R-11", "R-12", "R-13",
    "R-14", "R-15", "R-17", "R-18", "R-20", "R-21", "R-22", "R-23", "R-24", "R-25", "R-27", "R-32", "R-34", "R-35",
    "S-1", "S-2", "S-3", "S-4", "S-5", "S-6", "S-7", "S-9", "S-10", "S-11", "S-12", "S-13", "S-14", "S-16", "S-17",
    "K-1", "K-2", "K-3", "K-4", "K-5", "K-6", "K-7", "K-8", "K-9", "K-10", "K-16", "K-17",
];

/// Whether `text` names `id`, and not one that only begins alike: `R-4` is not `R-4.1`, nor `R-40`.
fn names(text: &str, id: &str) -> bool {
    text.match_indices(id).any(|(at, _)| {
        let (before, after) = (&text[..at], &text[at + id.len()..]);
        let goes_on = after.strip_prefix('.').unwrap_or(after).starts_with(|c: char| c.is_ascii_digit());
        !goes_on && !before.ends_with(|c: char| c.is_ascii_alphanumeric() || c == '-')
    })
}

/// What the comments of a file's tests say: of a file of tests all of them, of another those below `#[cfg(test)]`.
fn said_of_tests(path: &Path) -> String {
    let text = std::fs::read_to_string(path).unwrap();
    let is_of_tests = path.components().any(|part| part.as_os_str() == "it")
        || ["tests.rs", "checks.rs"].iter().any(|name| path.ends_with(name));
    let tests =
        if is_of_tests { text.as_str() } else { text.split_once("#[cfg(test)]\nmod tests").map_or("", |it| it.1) };
    // What stands at the head of a file says what it is about, and proves nothing.
    let lines = tests.lines().filter(|line| !line.starts_with("//!"));
    let comments = lines.filter_map(|line| Some(line.split_once("//")?.1));
    comments.flat_map(|comment| [comment, "\n"]).collect()
}

fn files(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            files(&path, found);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            found.push(path);
        }
    }
}

#[test]
fn every_row_of_signing_in_and_accounts_is_cited_by_a_test_or_said_to_stand_elsewhere() {
    let root = PathBuf::from(env!("CARGO_MANIFEST_DIR"));
    let mut all = Vec::new();
    for folder in ["tests/it", "src"] {
        files(&root.join(folder), &mut all);
    }
    let this = Path::new("written.rs");
    let said: String = all.iter().filter(|path| !path.ends_with(this)).map(|path| said_of_tests(path)).collect();
    let page = std::fs::read_to_string(root.join("ops/sign-in.md")).unwrap();
    let (_, elsewhere) = page.split_once("## Rows that stand elsewhere").unwrap();
    let elsewhere: String = elsewhere.lines().filter(|line| line.starts_with("| ")).collect();
    let missing: Vec<&str> = ROWS.into_iter().filter(|id| !names(&said, id) && !names(&elsewhere, id)).collect();
    assert_eq!(missing, [""; 0]);
}

#[test]
fn a_row_is_named_as_a_whole_or_not_at_all() {
    for (text, id, is_named) in [
        (" R-4.1, S-3", "R-4.1", true),
        (" R-4.1", "R-4", false),
        (" R-40", "R-4", false),
        (" R-4. A sentence ends", "R-4", true),
        (" SR-4", "R-4", false),
        (" P-10", "P-1", false),
    ] {
        assert_eq!(names(text, id), is_named, "{text} {id}");
    }
}
