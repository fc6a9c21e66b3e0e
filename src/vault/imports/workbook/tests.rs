#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, reason = "tests")]

use std::io::Write as _;

use rust_xlsxwriter::{ExcelDateTime as Moment, Format, Formula, Workbook};
use zip::ZipWriter;
use zip::write::SimpleFileOptions;

use super::*;

/// The headings and rows of a workbook.
fn read(bytes: &[u8]) -> (Vec<String>, Vec<(usize, Vec<String>)>) {
    match table(bytes) {
        Ok(Source::Table { headings, rows }) => (headings, rows),
        Ok(Source::Objects(_)) => unreachable!(),
        Err(error) => panic!("{error:?}"),
    }
}

fn code(bytes: &[u8]) -> &'static str {
    match table(bytes) {
        Err(Error::Invalid(faults)) => faults[0].code,
        Err(other) => panic!("{other:?}"),
        Ok(_) => "read",
    }
}

/// A workbook as a spreadsheet program writes it.
fn customers() -> Vec<u8> {
    let mut book = Workbook::new();
    let hidden = book.add_worksheet();
    hidden.set_name("Notes").unwrap().set_hidden(true);
    hidden.write(0, 0, "not this one").unwrap();
    book.add_worksheet().set_name("Empty").unwrap();
    let sheet = book.add_worksheet().set_active(true);
    for (column, heading) in ["number", "since", "seen", "limit", "active", " name ", "total"].iter().enumerate() {
        sheet.write(1, u16::try_from(column).unwrap(), *heading).unwrap();
    }
    let (day, moment) = (Format::new().set_num_format("dd.mm.yyyy"), Format::new().set_num_format("yyyy-mm-dd hh:mm"));
    sheet.write(2, 0, 40_003_000_001_u64).unwrap();
    sheet.write_with_format(2, 1, Moment::from_ymd(2026, 11, 22).unwrap(), &day).unwrap();
    sheet
        .write_with_format(2, 2, Moment::from_ymd(2026, 11, 22).unwrap().and_hms(13, 45, 0).unwrap(), &moment)
        .unwrap();
    sheet.write(2, 3, 0.1 + 0.2).unwrap();
    sheet.write(2, 4, true).unwrap();
    sheet.write(2, 5, "Bērzs & dēli <\u{201c}x\u{201d}>").unwrap();
    sheet.write(2, 6, Formula::new("=D3*2").set_result("0.6")).unwrap();
    sheet.write(4, 0, "007").unwrap();
    sheet.write(4, 3, -1_234.5).unwrap();
    book.save_to_buffer().unwrap()
}

/// A workbook put together by hand: its first sheet's rows, its shared texts.
fn packed(rows: &str, texts: &str) -> Vec<u8> {
    let sheet = format!(
        "<worksheet xmlns=\"http://schemas.openxmlformats.org/spreadsheetml/2006/main\"><sheetData>{rows}</sheetData></worksheet>"
    );
    archive(&[
        (
            "_rels/.rels",
            b"<Relationships xmlns=\"http://schemas.openxmlformats.org/package/2006/relationships\"><Relationship Id=\"r1\" Type=\"http://schemas.openxmlformats.org/officeDocument/2006/relationships/officeDocument\" Target=\"xl/workbook.xml\"/></Relationships>",
        ),
        (
            "xl/workbook.xml",
            b"<workbook xmlns=\"http://schemas.openxmlformats.org/spreadsheetml/2006/main\" xmlns:r=\"http://schemas.openxmlformats.org/officeDocument/2006/relationships\"><sheets><sheet name=\"A\" sheetId=\"1\" r:id=\"r1\"/></sheets></workbook>",
        ),
        (
            "xl/_rels/workbook.xml.rels",
            b"<Relationships xmlns=\"http://schemas.openxmlformats.org/package/2006/relationships\"><Relationship Id=\"r1\" Type=\"http://schemas.openxmlformats.org/officeDocument/2006/relationships/worksheet\" Target=\"worksheets/sheet1.xml\"/></Relationships>",
        ),
        ("xl/worksheets/sheet1.xml", sheet.as_bytes()),
        ("xl/sharedStrings.xml", texts.as_bytes()),
    ])
}

fn archive(parts: &[(&str, &[u8])]) -> Vec<u8> {
    let mut archive = ZipWriter::new(Cursor::new(Vec::new()));
    for (name, content) in parts {
        archive.start_file(*name, SimpleFileOptions::default()).unwrap();
        archive.write_all(content).unwrap();
    }
    archive.finish().unwrap().into_inner()
}

fn texts(claim: &str, texts: &str) -> String {
    format!("<sst xmlns=\"http://schemas.openxmlformats.org/spreadsheetml/2006/main\" {claim}>{texts}</sst>")
}

#[test]
fn cells_are_read_as_fields_want_them_and_rows_keep_the_numbers_that_people_see() {
    let (headings, rows) = read(&customers());
    assert_eq!(headings, ["number", "since", "seen", "limit", "active", "name", "total"]);
    let first =
        ["40003000001", "2026-11-22", "2026-11-22T13:45:00", "0.3", "true", "Bērzs & dēli <\u{201c}x\u{201d}>", "0.6"];
    assert_eq!(rows[0], (1, first.map(ToOwned::to_owned).to_vec()));
    assert_eq!(rows[1], (3, ["007", "", "", "-1234.5"].map(ToOwned::to_owned).to_vec()));
    assert_eq!(rows.len(), 2);
}

#[test]
fn a_number_is_written_with_its_digits_alone() {
    for (number, written) in [
        (0.0, "0"),
        (-0.0, "0"),
        (1.0, "1"),
        (-12.5, "-12.5"),
        (0.1 + 0.2, "0.3"),
        (1e-7, "0.0000001"),
        (123_456_789_012_345.0, "123456789012345"),
        (1e20, "100000000000000000000"),
        (1_000.25, "1000.25"),
        (f64::NAN, ""),
        (f64::INFINITY, ""),
    ] {
        assert_eq!(decimal(number), written, "{number}");
    }
}

#[test]
fn a_workbook_by_hand_is_read_whatever_it_leaves_out() {
    let shared =
        texts("count=\"2\" uniqueCount=\"2\"", "<si><t>number</t></si><si><r><t>A</t></r><r><t>B</t></r></si>");
    let rows = "<row><c t=\"s\"><v>0</v></c></row><row r=\"1048576\"><c t=\"s\"><v>1</v></c></row>";
    assert_eq!(read(&packed(rows, &shared)), (vec!["number".to_owned()], vec![(1_048_574, vec!["AB".to_owned()])]));
    assert_eq!(code(&packed("", &shared)), "empty");
}

#[test]
fn what_unpacks_to_too_much_is_refused_before_it_is_read() {
    let bomb = vec![b' '; MOST_UNPACKED + 1];
    let bytes = archive(&[("xl/workbook.xml", &bomb)]);
    assert!(bytes.len() < 512 * 1024, "a small file");
    assert_eq!(code(&bytes), "workbook_too_large");
    let half = vec![b' '; MOST_UNPACKED / 2 + 1];
    assert_eq!(code(&archive(&[("a", &half), ("b", &half)])), "workbook_too_large");
    // One long text that many cells name.
    let long = texts("", &format!("<si><t>{}</t></si>", "x".repeat(1024 * 1024)));
    let row = |cells: usize| format!("<row>{}</row>", "<c t=\"s\"><v>0</v></c>".repeat(cells));
    assert_eq!(code(&packed(&row(3), &long)), "read");
    assert_eq!(code(&packed(&row(65), &long)), "workbook_too_large");
    // Few cells, far apart.
    let far: String = (1..=10_000).map(|row| format!("<row r=\"{row}\"><c r=\"SF{row}\"><v>1</v></c></row>")).collect();
    assert_eq!(code(&packed(&far, &texts("", ""))), "workbook_too_large");
    assert_eq!(code(&packed("<row><c r=\"SG1\"><v>1</v></c></row>", &texts("", ""))), "too_many_columns");
    let many: String = (0..=MOST_ROWS + 1).map(|_| "<row><c><v>1</v></c></row>").collect();
    assert_eq!(code(&packed(&many, &texts("", ""))), "too_many_rows");
}

#[test]
fn a_part_that_claims_more_texts_than_it_has_room_for_is_refused() {
    let row = "<row><c t=\"s\"><v>0</v></c></row>";
    for claim in
        ["uniqueCount=\"999999999999\"", "uniqueCount = '99999999999999999999999999'", "uniqueCount=\"+00100000\""]
    {
        assert_eq!(code(&packed(row, &texts(claim, "<si><t>a</t></si>"))), "not_a_workbook", "{claim}");
    }
    assert_eq!(code(&packed(row, &texts("uniqueCount=\"1\"", "<si><t>a</t></si>"))), "read");
    let other = format!("<?xml version=\"1.0\" encoding=\"ISO-2022-JP\"?>{}", texts("", "<si><t>a</t></si>"));
    assert_eq!(code(&packed(row, &other)), "not_a_workbook");
    let wide: Vec<u8> = texts("", "<si/>").encode_utf16().flat_map(u16::to_le_bytes).collect();
    assert_eq!(code(&archive(&[("xl/sharedStrings.xml", &wide)])), "not_a_workbook");
}

#[test]
fn what_is_no_workbook_is_refused_whatever_is_wrong_with_it() {
    assert_eq!(code(b"a,b\n1,2\n"), "not_a_workbook");
    assert_eq!(code(b""), "not_a_workbook");
    assert_eq!(code(COMPOUND), "workbook_protected");
    assert_eq!(code(&archive(&[("a.txt", b"x")])), "not_a_workbook");
    let whole = customers();
    for end in (0..whole.len()).step_by(97) {
        assert_eq!(code(&whole[..end]), "not_a_workbook", "{end}");
    }
}

#[test]
fn a_changed_byte_anywhere_is_refused_or_read_and_stops_nothing() {
    let whole = customers();
    let mut read = 0;
    for at in (0..whole.len()).step_by(7) {
        for change in [0x01, 0x80, 0xFF] {
            let mut changed = whole.clone();
            changed[at] ^= change;
            read += usize::from(table(&changed).is_ok());
        }
    }
    assert!(read > 0, "most of the parts are not even needed");
    // The same within the parts, where no checksum tells of it.
    let rows = "<row r=\"1\"><c r=\"A1\" t=\"s\" s=\"0\"><v>0</v></c><c r=\"B1\" t=\"b\"><v>1</v></c><c t=\"inlineStr\"><is><t>x</t></is></c></row>";
    let shared = texts("uniqueCount=\"1\"", "<si><t>a</t></si>");
    assert_eq!(code(&packed(rows, &shared)), "read");
    for at in 0..rows.len() {
        for byte in [b'0', b'9', b'<', b'>', b'"', b'/', b' ', b'&'] {
            let mut changed = rows.as_bytes().to_vec();
            changed[at] = byte;
            drop(table(&packed(std::str::from_utf8(&changed).unwrap(), &shared)));
        }
    }
}
