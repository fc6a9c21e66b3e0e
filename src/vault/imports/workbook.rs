//! Workbooks (XLSX, ECMA-376): the first sheet in which anything stands, as a table.
//!
//! A workbook is an archive that anybody may have packed. So before the reader opens it, each part is unpacked here once
//! and counted byte by byte, and what a part claims of its own length, which the reader would make room for, is held
//! against what it is. Cells come one by one, wherever the sheet says that they stand.

use std::io::{Cursor, Read as _};

use calamine::{DataRef, ExcelDateTime, Reader as _, SheetType, SheetVisible, Xlsx};
use zip::ZipArchive;

use super::MOST_ROWS;
use super::sheet::{MOST_COLUMNS, Source, too_many, wrong};
use crate::vault::Error;

/// What every archive begins with.
const ARCHIVE: &[u8] = b"PK\x03\x04";
/// What workbooks begin with that are sealed with a password, or older than XLSX.
const COMPOUND: &[u8] = &[0xD0, 0xCF, 0x11, 0xE0, 0xA1, 0xB1, 0x1A, 0xE1];
/// The most bytes that the parts of a workbook come to.
const MOST_UNPACKED: usize = 64 * 1024 * 1024;
/// The most parts.
const MOST_PARTS: usize = 2_000;
/// The most cells of a table, those between others included.
const MOST_CELLS: usize = 2_000_000;
/// The most bytes of text in the cells: each may name the same long one.
const MOST_TEXT: usize = 64 * 1024 * 1024;

/// Whether a file is a workbook, readable or not, by what it begins with.
pub(super) fn is_workbook(bytes: &[u8]) -> bool {
    bytes.starts_with(ARCHIVE) || bytes.starts_with(COMPOUND)
}

/// The table of a workbook.
///
/// # Errors
/// It is none, needs a password, is too large, or holds nothing.
pub(super) fn table(bytes: &[u8]) -> Result<Source, Error> {
    if bytes.starts_with(COMPOUND) {
        let detail = "The workbook is protected with a password, or in the old form XLS. Save it as XLSX without one.";
        return Err(wrong("workbook_protected", detail));
    }
    inspect(bytes)?;
    let mut book: Xlsx<_> = Xlsx::new(Cursor::new(bytes)).map_err(|_| not_a_workbook())?;
    let shown = |sheet: &&calamine::Sheet| sheet.visible == SheetVisible::Visible && sheet.typ == SheetType::WorkSheet;
    let names: Vec<String> = book.sheets_metadata().iter().filter(shown).map(|sheet| sheet.name.clone()).collect();
    for name in names {
        let cells = cells(&mut book, &name)?;
        if !cells.is_empty() {
            return arranged(cells);
        }
    }
    Err(wrong("empty", "The workbook holds no table."))
}

/// Refuses an archive that unpacks to more than it may, or lies about itself.
fn inspect(bytes: &[u8]) -> Result<(), Error> {
    let mut archive = ZipArchive::new(Cursor::new(bytes)).map_err(|_| not_a_workbook())?;
    if archive.len() > MOST_PARTS {
        return Err(too_large());
    }
    let mut room = MOST_UNPACKED;
    for number in 0..archive.len() {
        let mut part = archive.by_index(number).map_err(|_| not_a_workbook())?;
        let name = part.name().map_err(|_| not_a_workbook())?.to_ascii_lowercase();
        let is_text = name.ends_with(".xml");
        let mut content = Vec::new();
        let allowed = u64::try_from(room).unwrap_or(u64::MAX).saturating_add(1);
        part.by_ref().take(allowed).read_to_end(&mut content).map_err(|_| not_a_workbook())?;
        room = room.checked_sub(content.len()).ok_or_else(too_large)?;
        if is_text {
            demand_honest(&content)?;
        }
    }
    Ok(())
}

/// Refuses a part that claims more texts (`uniqueCount`) than its bytes have room for. It is in UTF-8, as every program
/// writes it, so that the name of an attribute can be spelt in one way.
fn demand_honest(part: &[u8]) -> Result<(), Error> {
    const CLAIM: &str = "uniqueCount";
    /// The bytes of the shortest text: `<si/>`.
    const SHORTEST: usize = 5;
    let text = std::str::from_utf8(part).map_err(|_| not_a_workbook())?;
    let head: String = text.chars().take(200).collect::<String>().to_ascii_lowercase();
    let other_encoding = head.contains("encoding") && !head.contains("\"utf-8\"") && !head.contains("'utf-8'");
    if other_encoding || text.contains('\0') {
        return Err(not_a_workbook());
    }
    for (_, rest) in text.match_indices(CLAIM).map(|(at, _)| text.split_at(at + CLAIM.len())) {
        let digits: String = rest
            .chars()
            .skip_while(|c| c.is_whitespace() || ['=', '"', '\'', '+'].contains(c))
            .take_while(char::is_ascii_digit)
            .collect();
        let claimed = if digits.is_empty() { Ok(0) } else { digits.parse::<usize>() };
        if claimed.is_err() || claimed.is_ok_and(|claimed| claimed > text.len() / SHORTEST) {
            return Err(not_a_workbook());
        }
    }
    Ok(())
}

/// The cells of a sheet in which anything stands: row, column, text.
fn cells(book: &mut Xlsx<Cursor<&[u8]>>, sheet: &str) -> Result<Vec<(u32, u32, String)>, Error> {
    let mut reader = book.worksheet_cells_reader(sheet).map_err(|_| not_a_workbook())?;
    let (mut cells, mut text) = (Vec::new(), 0_usize);
    while let Some(cell) = reader.next_cell().map_err(|_| not_a_workbook())? {
        let written = written(cell.get_value());
        if written.trim().is_empty() {
            continue;
        }
        text = text.saturating_add(written.len());
        if cells.len() == MOST_CELLS || text > MOST_TEXT {
            return Err(too_large());
        }
        let (row, column) = cell.get_position();
        cells.push((row, column, written));
    }
    Ok(cells)
}

/// The table that the cells make: the first row with any are the headings.
fn arranged(mut cells: Vec<(u32, u32, String)>) -> Result<Source, Error> {
    cells.sort_by_key(|(row, column, _)| (*row, *column));
    let (mut table, mut room): (Vec<(usize, Vec<String>)>, usize) = (Vec::new(), MOST_CELLS);
    for (row, column, text) in cells {
        let (row, column) = (row as usize, column as usize);
        if column >= MOST_COLUMNS {
            return Err(wrong("too_many_columns", "A table has at most 500 columns."));
        }
        if table.last().is_none_or(|(last, _)| *last != row) {
            if table.len() > MOST_ROWS {
                return Err(too_many());
            }
            table.push((row, Vec::new()));
        }
        let Some((_, line)) = table.last_mut() else { continue };
        room = room.checked_sub((column + 1).saturating_sub(line.len())).ok_or_else(too_large)?;
        // A cell that stands twice is the one that stands there last.
        line.resize(line.len().max(column + 1), String::new());
        if let Some(cell) = line.get_mut(column) {
            *cell = text;
        }
    }
    let mut rows = table.into_iter();
    let headings = rows.next().map(|(_, line)| line).unwrap_or_default();
    let headings = headings.into_iter().map(|heading| heading.trim().to_owned()).collect();
    // Counted as if the headings stood in the sheet's first row, so that rows keep the numbers that people see.
    Ok(Source::Table { headings, rows: rows.map(|(row, line)| (row.saturating_sub(1), line)).collect() })
}

/// What a cell holds, as it would be written into a table of text.
fn written(value: &DataRef<'_>) -> String {
    match value {
        DataRef::Int(number) => number.to_string(),
        DataRef::Float(number) => decimal(*number),
        DataRef::String(text) => text.clone(),
        DataRef::SharedString(text) => (*text).to_owned(),
        DataRef::Bool(truth) => truth.to_string(),
        DataRef::DateTime(moment) => date_or_time(moment),
        DataRef::DateTimeIso(text) => text.strip_suffix("T00:00:00").unwrap_or(text).to_owned(),
        DataRef::DurationIso(text) => text.clone(),
        DataRef::Error(error) => error.to_string(),
        DataRef::Empty => String::new(),
    }
}

/// A number with the 15 digits that a spreadsheet keeps and shows, without powers of ten.
fn decimal(number: f64) -> String {
    let written = format!("{number:.14e}");
    let Some((digits, power)) = written.split_once('e') else { return String::new() };
    let (sign, digits) = digits.strip_prefix('-').map_or(("", digits), |digits| ("-", digits));
    let digits: String = digits.chars().filter(char::is_ascii_digit).collect();
    let digits = digits.trim_end_matches('0');
    let (false, Ok(power)) = (digits.is_empty(), power.parse::<isize>()) else { return "0".to_owned() };
    match usize::try_from(power) {
        Ok(power) if digits.len() > power + 1 => {
            let (whole, rest) = digits.split_at(power + 1);
            format!("{sign}{whole}.{rest}")
        }
        Ok(power) => format!("{sign}{digits:0<width$}", width = power + 1),
        Err(_) => format!("{sign}0.{:0>width$}", digits, width = digits.len() + power.unsigned_abs() - 1),
    }
}

/// A day as `2026-11-22`, with its time where it has one; a time alone as `13:45:00`; a duration as `36:15:00`.
fn date_or_time(moment: &ExcelDateTime) -> String {
    if moment.is_duration() {
        #[expect(clippy::cast_possible_truncation, reason = "what no sheet shows is cut off at the greatest number")]
        let seconds = (moment.as_f64() * 86_400.0).round() as i64;
        let sign = if seconds < 0 { "-" } else { "" };
        let seconds = seconds.unsigned_abs();
        return format!("{sign}{}:{:02}:{:02}", seconds / 3_600, seconds / 60 % 60, seconds % 60);
    }
    let (year, month, day, hour, minute, second, _) = moment.to_ymd_hms_milli();
    let time = format!("{hour:02}:{minute:02}:{second:02}");
    match (moment.as_f64() < 1.0, hour == 0 && minute == 0 && second == 0) {
        (true, _) => time,
        (false, true) => format!("{year:04}-{month:02}-{day:02}"),
        (false, false) => format!("{year:04}-{month:02}-{day:02}T{time}"),
    }
}

fn not_a_workbook() -> Error {
    wrong("not_a_workbook", "The file is not a workbook (XLSX) that can be read.")
}

fn too_large() -> Error {
    wrong("workbook_too_large", "The workbook unpacks to more than a table of 20,000 rows comes to.")
}

#[cfg(test)]
mod tests;
