//! The two tables under "Directions" in the README: which part may use which, and where a name is at home.

/// A path such as `kernel::store`, in segments.
type Segments = Vec<String>;

/// The README's directions.
pub(super) struct Directions {
    /// A part and what else of ours it may use.
    uses: Vec<(String, Vec<Segments>)>,
    /// Names that only some modules may say, and those modules.
    homes: Vec<(Vec<Segments>, Vec<Segments>)>,
}

impl Directions {
    /// Reads the first two tables after the heading `## Directions`; names stand in backticks, all else is commentary.
    ///
    /// Panics without that heading or with fewer than two tables below it.
    pub(super) fn parse(readme: &str) -> Self {
        let (_, rest) = readme.split_once("\n## Directions\n").expect("the README has a section Directions");
        let section = rest.split("\n## ").next().unwrap_or(rest);
        let tables: Vec<Vec<[Vec<Segments>; 2]>> = tables(section);
        let [uses, homes, ..] = tables.as_slice() else { panic!("two tables under Directions") };
        Self {
            uses: uses
                .iter()
                .flat_map(|[parts, used]| parts.iter().map(|part| (part.join("::"), used.clone())))
                .collect(),
            homes: homes.iter().map(|[names, at]| (names.clone(), at.clone())).collect(),
        }
    }

    /// The parts that have a row.
    pub(super) fn parts(&self) -> impl Iterator<Item = &str> {
        self.uses.iter().map(|(part, _)| part.as_str())
    }

    /// Why `module` may not use `path`, if that is one of ours and it may not.
    pub(super) fn refuse_part(&self, module: &[String], path: &[String]) -> Option<String> {
        let (first, rest) = path.split_first()?;
        if first != "crate" {
            return None;
        }
        let part = module.first()?;
        let Some((_, allowed)) = self.uses.iter().find(|(name, _)| name == part) else {
            return Some(format!("the README has no row for {part}"));
        };
        let within = rest.first() == Some(part);
        let all = [vec!["all".to_owned()]];
        if within || *allowed == all || allowed.iter().any(|prefix| rest.starts_with(prefix)) {
            return None;
        }
        Some(format!("{part} may not use it"))
    }

    /// Why `module` may not say `path`, if that is a name with a home elsewhere.
    pub(super) fn refuse_name(&self, module: &[String], path: &[String]) -> Option<String> {
        self.homes.iter().find_map(|(names, homes)| {
            let name = names.iter().find(|name| covers(path, name))?;
            let at_home = homes.iter().any(|home| module.starts_with(home));
            (!at_home).then(|| {
                let homes: Vec<String> = homes.iter().map(|home| home.join("::")).collect();
                format!("{} is named only in {}", name.join("::"), homes.join(", "))
            })
        })
    }
}

/// Whether naming `path` names `name`: it is below it, or a glob above it.
fn covers(path: &[String], name: &[String]) -> bool {
    let glob = path.last().is_some_and(|last| last == "*");
    path.starts_with(name) || (glob && name.starts_with(&path[..path.len() - 1]))
}

/// Each table's rows below its header, as the names in the first two columns.
fn tables(section: &str) -> Vec<Vec<[Vec<Segments>; 2]>> {
    let mut found = Vec::new();
    let mut rows: Vec<&str> = Vec::new();
    for line in section.lines().chain([""]) {
        if line.starts_with('|') {
            rows.push(line);
        } else if !rows.is_empty() {
            found.push(rows.iter().skip(2).map(|row| cells(row)).collect());
            rows.clear();
        }
    }
    found
}

fn cells(row: &str) -> [Vec<Segments>; 2] {
    let mut columns = row.trim_matches('|').split('|').map(names);
    [columns.next().unwrap_or_default(), columns.next().unwrap_or_default()]
}

fn names(cell: &str) -> Vec<Segments> {
    cell.split('`').skip(1).step_by(2).map(|name| name.split("::").map(str::to_owned).collect()).collect()
}

#[test]
fn a_table_is_read_by_its_backticks() {
    let directions = Directions::parse(
        "# X\n\n## Directions\n\nText.\n\n| part | may use |\n|---|---|\n| `web`, `cli` | `vault`, not `jobs::run`'s words |\n\
         | `kernel` | nothing |\n\n| name | where |\n|---|---|\n| `std::env` | `settings` |\n\n## Next\n| `no` | `no` |\n",
    );
    assert_eq!(directions.parts().collect::<Vec<_>>(), ["web", "cli", "kernel"]);
    let segments = |path: &str| -> Segments { path.split("::").map(str::to_owned).collect() };
    assert_eq!(directions.refuse_part(&segments("web::api"), &segments("crate::vault::x")), None);
    assert_eq!(directions.refuse_part(&segments("web::api"), &segments("crate::jobs::run::x")), None);
    assert!(directions.refuse_part(&segments("web::api"), &segments("crate::jobs::x")).is_some());
    assert!(directions.refuse_part(&segments("kernel"), &segments("crate::vault::x")).is_some());
    assert!(directions.refuse_name(&segments("web"), &segments("std::env::var")).is_some());
    assert_eq!(directions.refuse_name(&segments("settings::sources"), &segments("std::env::var")), None);
    assert_eq!(directions.refuse_name(&segments("web"), &segments("std::environment")), None);
}
