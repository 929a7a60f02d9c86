//! Tables from text with separators (RFC 4180): commas, semicolons or tabs, whichever the first line has.

use super::{Cell, Row, Table};

/// Reads a text. A byte order mark at its beginning does not count.
pub fn csv(text: &str) -> Table {
    let text = one_kind_of_line(text.strip_prefix('\u{feff}').unwrap_or(text));
    let mut reader = ::csv::ReaderBuilder::new()
        .has_headers(false)
        .flexible(true)
        .delimiter(delimiter(&text))
        .from_reader(text.as_bytes());
    let mut table = Table { head_row: 1, ..Table::default() };
    let mut has_head = false;
    // A cell may have line breaks: they are lines of the text, and no rows of the table.
    let mut breaks = 0;
    let mut record = ::csv::StringRecord::new();
    // The text is UTF-8 and its records may differ in length: there is nothing left that could fail.
    while reader.read_record(&mut record).unwrap_or(false) {
        breaks += record.iter().map(|cell| cell.matches('\n').count() as u64).sum::<u64>();
        // The reader stands behind the line break that ended the record.
        let line = reader.position().line().saturating_sub(1 + breaks);
        let number = u32::try_from(line).unwrap_or(u32::MAX);
        let cells: Vec<Cell> = record.iter().map(Cell::text).collect();
        if cells.iter().all(Cell::is_empty) {
            continue;
        }
        if has_head {
            table.rows.push(Row { number, cells });
            continue;
        }
        has_head = true;
        table.head_row = number;
        table.head = record.iter().map(|name| name.trim().to_owned()).collect();
        while table.head.last().is_some_and(String::is_empty) {
            table.head.pop();
        }
    }
    table
}

/// Every line ends with a line feed, the last one too: rows are counted by them.
fn one_kind_of_line(text: &str) -> String {
    let mut text = text.replace("\r\n", "\n").replace('\r', "\n");
    if !text.ends_with('\n') {
        text.push('\n');
    }
    text
}

/// The separator that stands most often in the first line; a comma if none does.
fn delimiter(text: &str) -> u8 {
    let first = text.lines().find(|line| !line.trim().is_empty()).unwrap_or_default();
    let count = |separator: u8| first.bytes().filter(|byte| *byte == separator).count();
    [b';', b'\t'].into_iter().fold(b',', |best, other| if count(other) > count(best) { other } else { best })
}
