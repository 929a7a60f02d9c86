//! From bytes to a table: a workbook or text, its encoding and separator, the columns by name.

use std::collections::BTreeMap;

use yiwang_sdk::intake::clean;
use yiwang_sdk::prelude::*;
use yiwang_sdk::serde_json::Value;

use crate::columns::{GENERAL, Kind, PETITION, Shape};
use crate::workbook;

/// Most rows of a table.
pub(crate) const ROWS_MAX: usize = 20_000;
/// Most columns of a table.
pub(crate) const COLUMNS_MAX: usize = 100;

/// A table that can be read.
#[derive(Debug)]
pub(crate) struct Table {
    pub(crate) kind: &'static Kind,
    pub(crate) encoding: &'static str,
    /// Known columns with their place.
    pub(crate) columns: Vec<(&'static str, Shape, usize)>,
    /// Columns that nobody knows.
    pub(crate) ignored: Vec<String>,
    pub(crate) rows: Vec<(usize, csv::StringRecord)>,
    /// Cells that the spreadsheet itself could not compute, by row and place.
    pub(crate) broken: Broken,
}

/// What stands in such a cell: `#REF!`.
pub(crate) type Broken = BTreeMap<(usize, usize), String>;

/// Cells before anybody knows what the columns mean.
#[derive(Debug, Default)]
pub(crate) struct Cells {
    pub(crate) encoding: &'static str,
    pub(crate) head: csv::StringRecord,
    /// Rows with their number as a spreadsheet shows it. Empty rows are left out.
    pub(crate) rows: Vec<(usize, csv::StringRecord)>,
    pub(crate) broken: Broken,
}

/// Reads a table; of a workbook the sheet of this name, or the first that can be seen.
pub(crate) fn read(bytes: &[u8], sheet: Option<&str>, config: &Value) -> Result<Table, Failure> {
    let is_workbook = bytes.starts_with(b"PK\x03\x04");
    let cells = if is_workbook { workbook::read(bytes, sheet)? } else { separated(bytes)? };
    let (kind, columns, ignored) = columns(&cells.head, config)?;
    let Cells { encoding, rows, broken, .. } = cells;
    Ok(Table { kind, encoding, columns, ignored, rows, broken })
}

/// Refuses a table of more rows than are read in one call.
pub(crate) fn too_many_rows() -> Failure {
    Failure::refused(413, "import.too-many-rows", format!("more than {ROWS_MAX} rows: split the table"))
}

fn separated(bytes: &[u8]) -> Result<Cells, Failure> {
    let (text, encoding) = decode(bytes)?;
    let head = text.lines().next().unwrap_or_default();
    let separator = [b',', b'\t', b';']
        .into_iter()
        .max_by_key(|mark| (head.bytes().filter(|byte| byte == mark).count(), *mark == b','))
        .unwrap_or(b',');
    let mut reader = csv::ReaderBuilder::new()
        .delimiter(separator)
        .flexible(true)
        .has_headers(false)
        .from_reader(text.as_bytes());
    let mut records = reader.records();
    let head = records.next().transpose().map_err(|error| malformed(error.to_string()))?.unwrap_or_default();
    let mut cells = Cells { encoding, head, ..Cells::default() };
    for (at, record) in records.enumerate() {
        let record = record.map_err(|error| malformed(error.to_string()))?;
        if record.iter().all(|cell| cell.trim().is_empty()) {
            continue;
        }
        if cells.rows.len() == ROWS_MAX {
            return Err(too_many_rows());
        }
        cells.rows.push((at + 2, record));
    }
    Ok(cells)
}

/// UTF-8 with or without its mark, else GB18030; neither guesses nor replaces.
fn decode(bytes: &[u8]) -> Result<(String, &'static str), Failure> {
    if bytes.starts_with(&[0xd0, 0xcf, 0x11, 0xe0]) {
        let why = "this is an old .xls workbook: save it as .xlsx or CSV";
        return Err(Failure::refused(415, "import.workbook", why));
    }
    let wrong = |reason: &str| Failure::refused(400, "import.encoding", reason);
    if bytes.starts_with(&[0xff, 0xfe]) || bytes.starts_with(&[0xfe, 0xff]) {
        return Err(wrong("this is UTF-16: save it as CSV (UTF-8)"));
    }
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    let (text, encoding) = match core::str::from_utf8(bytes) {
        Ok(text) => (text.to_owned(), "UTF-8"),
        Err(_) => {
            let text = encoding_rs::GB18030.decode_without_bom_handling_and_without_replacement(bytes);
            (text.ok_or_else(|| wrong("neither UTF-8 nor GB18030"))?.into_owned(), "GB18030")
        }
    };
    if text.contains('\0') {
        return Err(wrong("the table holds zero bytes: it is no text"));
    }
    Ok((text, encoding))
}

type Columns = (&'static Kind, Vec<(&'static str, Shape, usize)>, Vec<String>);

fn columns(head: &csv::StringRecord, config: &Value) -> Result<Columns, Failure> {
    if head.len() > COLUMNS_MAX {
        return Err(malformed(format!("more than {COLUMNS_MAX} columns")));
    }
    let names: Vec<String> = head
        .iter()
        .map(|name| {
            let name = clean(name);
            config["columns"][&name].as_str().map_or(name, ToOwned::to_owned)
        })
        .collect();
    let kind = [&GENERAL, &PETITION]
        .into_iter()
        .find(|kind| [kind.key, kind.content].iter().all(|must| names.iter().any(|name| name == must)))
        .ok_or_else(|| {
            Failure::refused(
                422,
                "import.columns",
                "the first row has neither 来源编号 and 内容 nor 信访编号 and 概况",
            )
        })?;
    let (mut known, mut ignored, mut seen) = (Vec::new(), Vec::new(), BTreeMap::new());
    for (at, name) in names.into_iter().enumerate() {
        match kind.columns.iter().find(|(column, _)| *column == name) {
            Some((column, _)) if seen.insert(*column, at).is_some() => {
                return Err(Failure::refused(
                    422,
                    "import.columns",
                    format!("column {column} is there twice"),
                ));
            }
            Some((column, shape)) => known.push((*column, *shape, at)),
            None if name.is_empty() => {}
            None => ignored.push(name.chars().take(50).collect()),
        }
    }
    Ok((kind, known, ignored))
}

fn malformed(reason: String) -> Failure {
    Failure::refused(400, "import.malformed", reason)
}
