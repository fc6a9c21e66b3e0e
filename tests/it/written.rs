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
