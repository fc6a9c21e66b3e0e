//! A file of rows, read before anything is asked of the store.

use std::fmt;

use crate::vault::imports::{MOST_ROWS, workbook};
use crate::vault::values::Input;
use crate::vault::{Error, Fault};

/// The rows of a file. What it holds is the tenant's: `Debug` does not show it.
pub struct Sheet(pub(super) Source);

pub(super) enum Source {
    /// Headings, and under them rows of cells, each with its place among the file's rows.
    Table { headings: Vec<String>, rows: Vec<(usize, Vec<String>)> },
    /// Values by the fields' names.
    Objects(Vec<Input>),
}

/// The most columns of a table.
pub(super) const MOST_COLUMNS: usize = 500;

impl Sheet {
    /// Reads a table from a file as a person chose it: a workbook by what it begins with, else CSV.
    ///
    /// # Errors
    /// As for either.
    pub fn file(bytes: &[u8]) -> Result<Self, Error> {
        if workbook::is_workbook(bytes) { Self::workbook(bytes) } else { Self::csv(bytes) }
    }

    /// Reads the first sheet of a workbook (XLSX) in which anything stands. Its first row holds the headings; rows in which
    /// nothing stands are left out. Costs as much time and room as 64 MiB of text at most.
    ///
    /// # Errors
    /// It is no workbook, sealed with a password, too large, or has too many rows.
    pub fn workbook(bytes: &[u8]) -> Result<Self, Error> {
        workbook::table(bytes).map(Self)
    }

    /// Reads a table in CSV (RFC 4180): UTF-8, a row of headings, cells separated by commas, semicolons or tabs, whichever
    /// the headings are. Rows in which nothing stands are left out.
    ///
    /// # Errors
    /// It is no such table, or has too many rows.
    pub fn csv(bytes: &[u8]) -> Result<Self, Error> {
        let bytes = bytes.strip_prefix("\u{feff}".as_bytes()).unwrap_or(bytes);
        let text = std::str::from_utf8(bytes).map_err(|_| wrong("not_utf8", "The file is not UTF-8."))?;
        let mut reader = csv::ReaderBuilder::new()
            .has_headers(false)
            .flexible(true)
            .delimiter(separator(text))
            .from_reader(text.as_bytes());
        let not_a_table = |_| wrong("not_a_table", "The file is not a table in CSV.");
        let mut records = reader.records();
        let headings = records.next().ok_or_else(|| wrong("empty", "The file holds no headings."))?;
        let headings: Vec<String> = headings.map_err(not_a_table)?.iter().map(|cell| cell.trim().to_owned()).collect();
        if headings.len() > MOST_COLUMNS {
            return Err(wrong("too_many_columns", "A table has at most 500 columns."));
        }
        let mut rows = Vec::new();
        for (place, record) in records.enumerate() {
            let record = record.map_err(not_a_table)?;
            if record.iter().all(|cell| cell.trim().is_empty()) {
                continue;
            }
            if rows.len() == MOST_ROWS {
                return Err(too_many());
            }
            rows.push((place, record.iter().map(ToOwned::to_owned).collect()));
        }
        Ok(Self(Source::Table { headings, rows }))
    }

    /// Rows as objects: each the values of a record by the fields' names.
    ///
    /// # Errors
    /// There are too many.
    pub fn objects(objects: Vec<Input>) -> Result<Self, Error> {
        if objects.len() > MOST_ROWS { Err(too_many()) } else { Ok(Self(Source::Objects(objects))) }
    }

    /// How many rows hold anything.
    pub(super) fn rows(&self) -> usize {
        match &self.0 {
            Source::Table { rows, .. } => rows.len(),
            Source::Objects(objects) => objects.len(),
        }
    }

    /// What people call the row at this place.
    pub(super) fn number(&self, place: usize) -> usize {
        match &self.0 {
            Source::Table { .. } => place + 2,
            Source::Objects(_) => place + 1,
        }
    }
}

impl fmt::Debug for Sheet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Sheet({} rows)", self.rows())
    }
}

/// What separates the headings: the most frequent of the three in the first line, quoted text aside.
fn separator(text: &str) -> u8 {
    let mut quoted = false;
    let mut counts = [(b',', 0usize), (b';', 0), (b'\t', 0)];
    for byte in text.bytes() {
        match byte {
            b'"' => quoted = !quoted,
            b'\n' | b'\r' if !quoted => break,
            _ if !quoted => {
                if let Some((_, count)) = counts.iter_mut().find(|(separator, _)| *separator == byte) {
                    *count += 1;
                }
            }
            _ => {}
        }
    }
    let most = counts.into_iter().rev().max_by_key(|(_, count)| *count);
    most.map_or(b',', |(separator, _)| separator)
}

pub(super) fn wrong(code: &'static str, detail: &'static str) -> Error {
    Fault::new("", code, detail).into()
}

pub(super) fn too_many() -> Error {
    wrong("too_many_rows", "An import has at most 20,000 rows; take several files.")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn table(text: &str) -> (Vec<String>, Vec<(usize, Vec<String>)>) {
        match Sheet::csv(text.as_bytes()).unwrap().0 {
            Source::Table { headings, rows } => (headings, rows),
            Source::Objects(_) => unreachable!(),
        }
    }

    fn code(bytes: &[u8]) -> &'static str {
        match Sheet::csv(bytes) {
            Err(Error::Invalid(faults)) => faults[0].code,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn a_table_is_read_whatever_separates_its_cells() {
        for text in
            ["a,b\r\n1,\"x, \"\"y\"\"\nz\"\r\n", "\u{feff}a;b\n1;\"x, \"\"y\"\"\nz\"\n", "a\tb\n1\t\"x, \"\"y\"\"\nz\""]
        {
            let (headings, rows) = table(text);
            assert_eq!(headings, ["a", "b"], "{text}");
            assert_eq!(rows, [(0, vec!["1".to_owned(), "x, \"y\"\nz".to_owned()])], "{text}");
        }
        assert_eq!(table("\"a;b;c\",d\n1,2").0, ["a;b;c", "d"]);
    }

    #[test]
    fn rows_in_which_nothing_stands_are_left_out_and_the_others_keep_their_places() {
        let (_, rows) = table("a,b\n1,2\n , \n3,4\n,\n");
        assert_eq!(rows.iter().map(|(place, _)| *place).collect::<Vec<_>>(), [0, 2]);
    }

    #[test]
    fn what_is_no_table_is_refused() {
        assert_eq!(code(b""), "empty");
        assert_eq!(code(b"a,b\n\xff,1\n"), "not_utf8");
        assert_eq!(code(",".repeat(600).as_bytes()), "too_many_columns");
        let many = format!("a\n{}", "1\n".repeat(MOST_ROWS + 1));
        assert_eq!(code(many.as_bytes()), "too_many_rows");
        assert!(Sheet::csv(format!("a\n{}", "1\n".repeat(MOST_ROWS)).as_bytes()).is_ok());
    }
}
