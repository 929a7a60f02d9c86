//! Files that people bring as tables: XLSX, or text with separators in UTF-8 or GB18030, as offices save it.
//!
//! ```text
//! bytes ─► PK…: unpacked once to measure it ─► cells of the first visible sheet ─┐
//!       └► text: UTF-8, else GB18030 ─► separators ──────────────────────────────┴─► core::table::Table
//! ```
//! What the columns mean is not known here.

use std::io::{Cursor, Read as _};

use calamine::{DataRef, Reader as _, SheetVisible, Xlsx};
use serde_json::Value;
use yiwang_core::table::{COLUMNS_MAX, Cell, ROWS_MAX, Row, Table, csv};

use crate::limits::{TABLE_FILE_BYTES_MAX, TABLE_UNPACKED_BYTES_MAX};

/// Why a file is no table.
#[derive(Debug, thiserror::Error)]
pub enum Unreadable {
    /// More bytes than a list of stations has.
    #[error("the file has more than {TABLE_FILE_BYTES_MAX} bytes")]
    TooLarge,
    /// A bomb, or a workbook full of pictures.
    #[error("the workbook has more than {TABLE_UNPACKED_BYTES_MAX} bytes when it is unpacked")]
    TooLargeUnpacked,
    /// Rows or columns beyond the limit.
    #[error("the sheet has a cell beyond row {ROWS_MAX} or column {COLUMNS_MAX}")]
    TooWide,
    /// The format of the nineties.
    #[error("this is an old .xls workbook: save it as .xlsx or CSV")]
    OldWorkbook,
    /// Neither UTF-8 nor GB18030.
    #[error("this is neither an .xlsx workbook nor text in UTF-8 or GB18030")]
    NoText,
    /// There is no such sheet.
    #[error("there is no sheet `{name}`; there are {known}")]
    NoSheet {
        /// The wanted one.
        name: String,
        /// The others.
        known: String,
    },
    /// The workbook is broken.
    #[error("the workbook cannot be read: {0}")]
    Broken(String),
}

/// The table in a file. Of a workbook the first sheet that can be seen, or the one of this name.
///
/// # Errors
/// When it is no table.
pub fn table(bytes: &[u8], sheet: Option<&str>) -> Result<Table, Unreadable> {
    if bytes.len() > TABLE_FILE_BYTES_MAX {
        return Err(Unreadable::TooLarge);
    }
    if bytes.starts_with(b"PK\x03\x04") {
        measure(bytes)?;
        return workbook(bytes, sheet);
    }
    if bytes.starts_with(&[0xD0, 0xCF, 0x11, 0xE0]) {
        return Err(Unreadable::OldWorkbook);
    }
    Ok(csv(&text(bytes)?))
}

/// What a form says about one row of its list.
pub fn row_schema<'f>(form: &'f Value, member: Option<&str>) -> Option<&'f Value> {
    match member {
        None => Some(form),
        Some(member) => form.get("properties")?.get(member)?.get("items"),
    }
}

fn text(bytes: &[u8]) -> Result<String, Unreadable> {
    if bytes.contains(&0) {
        return Err(Unreadable::NoText);
    }
    if let Ok(text) = std::str::from_utf8(bytes) {
        return Ok(text.to_owned());
    }
    let (text, had_errors) = encoding_rs::GB18030.decode_without_bom_handling(bytes);
    if had_errors { Err(Unreadable::NoText) } else { Ok(text.into_owned()) }
}

/// Unpacks everything once, into nothing: the sizes that an archive claims may be lies.
fn measure(bytes: &[u8]) -> Result<(), Unreadable> {
    let mut archive = zip::ZipArchive::new(Cursor::new(bytes)).map_err(broken)?;
    let mut left = TABLE_UNPACKED_BYTES_MAX;
    for index in 0..archive.len() {
        let entry = archive.by_index(index).map_err(broken)?;
        let mut entry = entry.take(left + 1);
        let unpacked = std::io::copy(&mut entry, &mut std::io::sink()).map_err(broken)?;
        left = left.checked_sub(unpacked).ok_or(Unreadable::TooLargeUnpacked)?;
    }
    Ok(())
}

fn workbook(bytes: &[u8], sheet: Option<&str>) -> Result<Table, Unreadable> {
    let mut book = Xlsx::new(Cursor::new(bytes)).map_err(broken)?;
    let sheets = book.sheets_metadata();
    let found = match sheet {
        Some(name) => sheets.iter().find(|sheet| sheet.name == name),
        None => sheets.iter().find(|sheet| sheet.visible == SheetVisible::Visible),
    };
    let Some(found) = found else {
        let known: Vec<&str> = sheets.iter().map(|sheet| sheet.name.as_str()).collect();
        return Err(Unreadable::NoSheet {
            name: sheet.unwrap_or_default().to_owned(),
            known: known.join("、"),
        });
    };
    let name = found.name.clone();
    // Cell by cell: a whole sheet would be as large as its farthest cell says.
    let mut cells = book.worksheet_cells_reader(&name).map_err(broken)?;
    let mut rows: Vec<Row> = Vec::new();
    while let Some(next) = cells.next_cell().map_err(broken)? {
        let (row, column) = next.get_position();
        let cell = cell(next.get_value());
        if cell.is_empty() {
            continue;
        }
        let column = column as usize;
        if row as usize > ROWS_MAX + HEAD_ROWS || column >= COLUMNS_MAX {
            return Err(Unreadable::TooWide);
        }
        let number = row + 1;
        if rows.last().is_none_or(|last| last.number != number) {
            rows.push(Row { number, cells: Vec::new() });
        }
        let Some(last) = rows.last_mut() else { continue };
        if last.cells.len() <= column {
            last.cells.resize(column + 1, Cell::Empty);
        }
        last.cells[column] = cell;
    }
    let mut rows = rows.into_iter();
    let Some(head) = rows.next() else { return Ok(Table { head_row: 1, ..Table::default() }) };
    let names = head.cells.iter().map(|cell| match cell {
        Cell::Text(text) | Cell::Date(text) => text.clone(),
        Cell::Number(number) => number.to_string(),
        Cell::Empty | Cell::Truth(_) | Cell::Broken(_) => String::new(),
    });
    Ok(Table { head: names.collect(), head_row: head.number, rows: rows.collect() })
}

/// Empty rows and a head above the rows proper.
const HEAD_ROWS: usize = 50;

fn cell(value: &DataRef<'_>) -> Cell {
    match value {
        DataRef::Empty => Cell::Empty,
        DataRef::Int(number) => Cell::Text(number.to_string()),
        DataRef::Float(number) => Cell::Number(*number),
        DataRef::String(text) => Cell::text(text),
        DataRef::SharedString(text) => Cell::text(text),
        DataRef::Bool(truth) => Cell::Truth(*truth),
        DataRef::DateTime(at) if at.is_datetime() => {
            let (year, month, day, hour, minute, second, _) = at.to_ymd_hms_milli();
            let day = format!("{year:04}-{month:02}-{day:02}");
            if (hour, minute, second) == (0, 0, 0) {
                Cell::Date(day)
            } else {
                Cell::Date(format!("{day}T{hour:02}:{minute:02}:{second:02}"))
            }
        }
        DataRef::DateTime(length) => Cell::Number(length.as_f64()),
        DataRef::DateTimeIso(text) => Cell::Date(text.clone()),
        DataRef::DurationIso(text) => Cell::text(text),
        DataRef::Error(error) => Cell::Broken(error.to_string()),
    }
}

fn broken(error: impl std::fmt::Display) -> Unreadable {
    Unreadable::Broken(error.to_string())
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;

    use super::*;

    /// A workbook as spreadsheets write it, with one sheet of these rows and perhaps a hidden one before it.
    fn xlsx(rows: &str) -> Vec<u8> {
        let parts = [
            (
                "[Content_Types].xml",
                r#"<?xml version="1.0"?><Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types"><Default Extension="xml" ContentType="application/xml"/></Types>"#.to_owned(),
            ),
            (
                "_rels/.rels",
                r#"<?xml version="1.0"?><Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"><Relationship Id="r1" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/officeDocument" Target="xl/workbook.xml"/></Relationships>"#.to_owned(),
            ),
            (
                "xl/workbook.xml",
                r#"<?xml version="1.0"?><workbook xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main" xmlns:r="http://schemas.openxmlformats.org/officeDocument/2006/relationships"><sheets><sheet name="字典" sheetId="1" state="hidden" r:id="r1"/><sheet name="站址" sheetId="2" r:id="r2"/></sheets></workbook>"#.to_owned(),
            ),
            (
                "xl/_rels/workbook.xml.rels",
                r#"<?xml version="1.0"?><Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"><Relationship Id="r1" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/worksheet" Target="worksheets/sheet1.xml"/><Relationship Id="r2" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/worksheet" Target="worksheets/sheet2.xml"/><Relationship Id="r3" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/styles" Target="styles.xml"/></Relationships>"#.to_owned(),
            ),
            (
                "xl/styles.xml",
                r#"<?xml version="1.0"?><styleSheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><cellXfs count="2"><xf numFmtId="0"/><xf numFmtId="14"/></cellXfs></styleSheet>"#.to_owned(),
            ),
            ("xl/worksheets/sheet1.xml", sheet("")),
            ("xl/worksheets/sheet2.xml", sheet(rows)),
        ];
        let mut file = zip::ZipWriter::new(Cursor::new(Vec::new()));
        for (name, text) in parts {
            file.start_file(name, zip::write::SimpleFileOptions::default()).unwrap();
            file.write_all(text.as_bytes()).unwrap();
        }
        file.finish().unwrap().into_inner()
    }

    fn sheet(rows: &str) -> String {
        format!(
            r#"<?xml version="1.0"?><worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><sheetData>{rows}</sheetData></worksheet>"#
        )
    }

    #[test]
    fn cells_of_the_first_visible_sheet_keep_their_kinds() {
        let bytes = xlsx(
            r#"<row r="2"><c r="A2" t="inlineStr"><is><t>站址编码</t></is></c><c r="B2" t="inlineStr"><is><t>开通日期</t></is></c></row>
               <row r="4"><c r="A4"><v>1001</v></c><c r="B4" s="1"><v>45356</v></c><c r="C4" t="b"><v>1</v></c></row>
               <row r="5"><c r="A5" t="e"><v>#REF!</v></c><c r="B5" t="inlineStr"><is><t> </t></is></c></row>"#,
        );
        let table = table(&bytes, None).unwrap();
        assert_eq!((table.head_row, table.head), (2, vec!["站址编码".to_owned(), "开通日期".to_owned()]));
        let date = Cell::Date("2024-03-05".to_owned());
        assert_eq!(
            table.rows,
            [
                Row { number: 4, cells: vec![Cell::Number(1001.0), date, Cell::Truth(true)] },
                Row { number: 5, cells: vec![Cell::Broken("#REF!".to_owned())] },
            ]
        );
        let missing = super::table(&bytes, Some("名单")).unwrap_err().to_string();
        assert_eq!(missing, "there is no sheet `名单`; there are 字典、站址");
        assert_eq!(super::table(&bytes, Some("字典")).unwrap(), csv(""));
    }

    #[test]
    fn text_is_utf8_or_gb18030() {
        let (gb, ..) = encoding_rs::GB18030.encode("站址编码,乡镇\nQC-1,古井镇\n");
        let of_gb = table(&gb, None).unwrap();
        assert_eq!(of_gb, table("\u{feff}站址编码,乡镇\nQC-1,古井镇\n".as_bytes(), None).unwrap());
        assert_eq!(of_gb.head, ["站址编码", "乡镇"]);
    }

    #[test]
    fn what_is_no_table_says_why() {
        let why = |bytes: &[u8]| table(bytes, None).unwrap_err().to_string();
        assert!(why(&[0xD0, 0xCF, 0x11, 0xE0, 1]).contains(".xlsx"));
        assert!(why(b"a\0b").contains("neither"));
        assert!(why(&[b'a', 0xFF, 0xFF]).contains("neither"));
        assert!(why(b"PK\x03\x04 and then nothing").contains("cannot be read"));
        assert!(why(&vec![b'a'; TABLE_FILE_BYTES_MAX + 1]).contains("more than"));
        let far = r#"<row r="1048576"><c r="XFD1048576"><v>1</v></c></row>"#;
        assert!(why(&xlsx(far)).contains("beyond"), "a far cell costs nothing");
        let bomb = format!("<row r=\"1\"><c r=\"A1\"><v>1</v></c></row>{}", " ".repeat(65 << 20));
        assert!(why(&xlsx(&bomb)).contains("unpacked"));
        let cut = &xlsx("")[..400];
        assert!(why(cut).contains("cannot be read"));
    }
}
