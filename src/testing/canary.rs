//! The sweep after each story: its personal data stands nowhere in the clear but in the captured mails.

use std::io::Write;
use std::path::Path;
use std::sync::{Mutex, OnceLock, PoisonError};

use diesel::{Connection as _, PgConnection, RunQueryDsl as _};

use crate::kernel::log::{self, Format};

/// What every story's personal data carries: in no word of ours, and the same in lower case.
pub const MARK: &str = "Kanarilintu";

static LOG: OnceLock<&'static Mutex<Vec<u8>>> = OnceLock::new();

/// Collects the log of the whole process from here on.
pub(super) fn listen() {
    LOG.get_or_init(|| {
        let lines: &'static Mutex<Vec<u8>> = Box::leak(Box::default());
        let subscriber =
            log::subscriber(tracing::level_filters::LevelFilter::TRACE, Format::Json, move || Lines(lines));
        drop(tracing::subscriber::set_global_default(subscriber));
        lines
    });
}

struct Lines(&'static Mutex<Vec<u8>>);

impl Write for Lines {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

/// Whether the log of the whole process holds `mark`, in any case of its letters.
#[must_use]
pub fn is_logged(mark: &str) -> bool {
    LOG.get().is_some_and(|lines| {
        let lines = lines.lock().unwrap_or_else(PoisonError::into_inner);
        lines.windows(mark.len()).any(|window| window.eq_ignore_ascii_case(mark.as_bytes()))
    })
}

/// Looks for the mark in the log, in every file of the world's folder but the captured mails, and in every table.
pub fn sweep(folder: &Path, databases: &[String]) {
    if let Some(lines) = LOG.get() {
        let lines = lines.lock().unwrap_or_else(PoisonError::into_inner);
        assert!(find(&lines).is_none(), "personal data in the log: {}", line_around(&lines, find(&lines)));
    }
    sweep_folder(folder);
    for url in databases {
        sweep_postgres(url);
    }
}

fn sweep_folder(folder: &Path) {
    for entry in std::fs::read_dir(folder).expect("the world's folder") {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            if !path.ends_with("mail") {
                sweep_folder(&path);
            }
        } else if let Ok(bytes) = std::fs::read(&path) {
            assert!(find(&bytes).is_none(), "personal data in {}", path.display());
        }
    }
}

/// Reads every table of every schema that is not the engine's, as text and as hexadecimal bytes.
fn sweep_postgres(url: &str) {
    let mut conn = PgConnection::establish(url).expect("the story's database");
    let tables: Vec<Named> = diesel::sql_query(
        "SELECT format('%I.%I', table_schema, table_name) AS name FROM information_schema.tables
         WHERE table_schema NOT IN ('pg_catalog', 'information_schema') AND table_type = 'BASE TABLE'",
    )
    .load(&mut conn)
    .expect("the list of tables");
    let hex: String = MARK.bytes().map(|byte| format!("{byte:02x}")).collect();
    let lower: String = MARK.to_lowercase().bytes().map(|byte| format!("{byte:02x}")).collect();
    for Named { name } in tables {
        let found: Counted = diesel::sql_query(format!(
            "SELECT count(*) AS count FROM {name} t WHERE t::text ILIKE '%{MARK}%' OR t::text LIKE '%{hex}%' OR t::text LIKE '%{lower}%'"
        ))
        .get_result(&mut conn)
        .expect("a count");
        assert_eq!(found.count, 0, "personal data in the table {name}");
    }
}

#[derive(diesel::QueryableByName)]
struct Named {
    #[diesel(sql_type = diesel::sql_types::Text)]
    name: String,
}

#[derive(diesel::QueryableByName)]
struct Counted {
    #[diesel(sql_type = diesel::sql_types::BigInt)]
    count: i64,
}

/// Where the mark stands, in any case of its letters.
fn find(bytes: &[u8]) -> Option<usize> {
    bytes.windows(MARK.len()).position(|window| window.eq_ignore_ascii_case(MARK.as_bytes()))
}

fn line_around(bytes: &[u8], at: Option<usize>) -> String {
    let at = at.unwrap_or(0);
    String::from_utf8_lossy(bytes.get(at.saturating_sub(300)..bytes.len().min(at + 100)).unwrap_or_default())
        .into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    #[should_panic(expected = "personal data in")]
    fn the_sweep_finds_what_was_planted_in_a_file() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::create_dir(folder.path().join("deep")).unwrap();
        std::fs::write(folder.path().join("deep/log"), format!("x{}1 joined", MARK.to_lowercase())).unwrap();
        sweep(folder.path(), &[]);
    }

    #[test]
    fn the_sweep_passes_over_captured_mails() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::create_dir(folder.path().join("mail")).unwrap();
        std::fs::write(folder.path().join("mail/1.eml"), MARK).unwrap();
        sweep(folder.path(), &[]);
    }
}
