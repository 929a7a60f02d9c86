//! From bytes to a table: the encoding, the separator, the columns by name.

use std::collections::BTreeMap;

use yiwang_sdk::intake::clean;
use yiwang_sdk::prelude::*;
use yiwang_sdk::serde_json::Value;

use crate::columns::{GENERAL, Kind, PETITION, Shape};

/// Most rows of a table.
const ROWS_MAX: usize = 20_000;
/// Most columns of a table.
const COLUMNS_MAX: usize = 100;

/// A table that can be read.
#[derive(Debug)]
pub(crate) struct Table {
    pub(crate) kind: &'static Kind,
    pub(crate) encoding: &'static str,
    /// Known columns with their place.
    pub(crate) columns: Vec<(&'static str, Shape, usize)>,
    /// Columns that nobody knows.
    pub(crate) ignored: Vec<String>,
    /// Rows with their number as a spreadsheet shows it; the head is 1. Empty rows are left out.
    pub(crate) rows: Vec<(usize, csv::StringRecord)>,
}

/// Reads a table.
pub(crate) fn read(bytes: &[u8], config: &Value) -> Result<Table, Failure> {
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
    let (kind, columns, ignored) = columns(&head, config)?;
    let mut rows = Vec::new();
    for (at, record) in records.enumerate() {
        let record = record.map_err(|error| malformed(error.to_string()))?;
        if record.iter().all(|cell| cell.trim().is_empty()) {
            continue;
        }
        if rows.len() == ROWS_MAX {
            return Err(Failure::refused(
                413,
                "import.too-many-rows",
                format!("more than {ROWS_MAX} rows: split the table"),
            ));
        }
        rows.push((at + 2, record));
    }
    Ok(Table { kind, encoding, columns, ignored, rows })
}

/// UTF-8 with or without its mark, else GB18030; neither guesses nor replaces.
fn decode(bytes: &[u8]) -> Result<(String, &'static str), Failure> {
    if bytes.starts_with(b"PK\x03\x04") || bytes.starts_with(&[0xd0, 0xcf, 0x11, 0xe0]) {
        return Err(Failure::refused(415, "import.workbook", "this is a workbook: save it as CSV (UTF-8)"));
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
