//! Workbooks (`.xlsx`): the cells of one sheet as texts, read as the server's own tables are, with the same sentences.
//!
//! ```text
//! bytes ─► unpacked once to measure it ─► shared texts ─► the sheet, cell by cell ─► rows of texts
//! ```
//! A workbook names a text once and shows it a million times: what is kept of it is counted, too. The limits leave
//! half of a call's memory free.

use std::io::{Cursor, Read as _};

use calamine::{DataRef, Reader as _, SheetVisible, Xlsx};
use yiwang_sdk::Failure;

use crate::table::{COLUMNS_MAX, Cells, ROWS_MAX, too_many_rows};

/// Bytes of a workbook when it is unpacked. Sheets shrink to a tenth; what shrinks to a thousandth is a bomb.
const UNPACKED_BYTES_MAX: u64 = 24 << 20;
/// Bytes of its shared texts, all of which are in memory at once.
const SHARED_BYTES_MAX: u64 = 6 << 20;
/// Bytes of all cells that are kept.
const CELL_BYTES_MAX: usize = 6 << 20;
/// Cells that are kept, empty ones between them included.
const CELLS_MAX: usize = 400_000;
/// Empty rows and a head above the rows proper.
const HEAD_ROWS: usize = 50;
/// From here on a spreadsheet has lost digits: it keeps fifteen.
const DIGITS_LOST_FROM: f64 = 1e15;

/// The cells of the sheet of this name, or of the first that can be seen.
pub(crate) fn read(bytes: &[u8], sheet: Option<&str>) -> Result<Cells, Failure> {
    measure(bytes)?;
    let mut book = Xlsx::new(Cursor::new(bytes)).map_err(broken)?;
    let name = sheet_of(&book, sheet)?;
    // Cell by cell: a whole sheet would be as large as its farthest cell says.
    let mut reader = book.worksheet_cells_reader(&name).map_err(broken)?;
    let mut cells = Cells { encoding: "XLSX", ..Cells::default() };
    let mut rows = Rows { cells: &mut cells, row: 0, texts: Vec::new(), has_head: false, bytes: 0, kept: 0 };
    while let Some(next) = reader.next_cell().map_err(broken)? {
        let (row, column) = next.get_position();
        rows.add(row as usize + 1, column as usize, next.get_value())?;
    }
    rows.end()?;
    Ok(cells)
}

fn sheet_of(book: &Xlsx<Cursor<&[u8]>>, sheet: Option<&str>) -> Result<String, Failure> {
    let sheets = book.sheets_metadata();
    let found = match sheet {
        Some(name) => sheets.iter().find(|sheet| sheet.name == name),
        None => sheets.iter().find(|sheet| sheet.visible == SheetVisible::Visible),
    };
    found.map(|sheet| sheet.name.clone()).ok_or_else(|| {
        let known: Vec<&str> = sheets.iter().map(|sheet| sheet.name.as_str()).take(20).collect();
        let (name, known) = (sheet.unwrap_or_default(), known.join("、"));
        Failure::refused(422, "import.no-sheet", format!("there is no sheet `{name}`; there are {known}"))
    })
}

/// Unpacks everything once, into nothing: the sizes that an archive claims may be lies.
fn measure(bytes: &[u8]) -> Result<(), Failure> {
    let mut archive = zip::ZipArchive::new(Cursor::new(bytes)).map_err(broken)?;
    let mut left = UNPACKED_BYTES_MAX;
    for index in 0..archive.len() {
        let entry = archive.by_index(index).map_err(broken)?;
        let is_shared = entry.name().to_ascii_lowercase().ends_with("sharedstrings.xml");
        let unpacked = std::io::copy(&mut entry.take(left + 1), &mut std::io::sink()).map_err(broken)?;
        left = left
            .checked_sub(unpacked)
            .ok_or_else(|| too_large("bytes when it is unpacked", UNPACKED_BYTES_MAX))?;
        if is_shared && unpacked > SHARED_BYTES_MAX {
            return Err(too_large("bytes of shared texts", SHARED_BYTES_MAX));
        }
    }
    Ok(())
}

/// The rows that are being put together.
struct Rows<'a> {
    cells: &'a mut Cells,
    /// Number of the row at hand; 0: none yet.
    row: usize,
    texts: Vec<String>,
    has_head: bool,
    bytes: usize,
    kept: usize,
}

impl Rows<'_> {
    fn add(&mut self, row: usize, column: usize, value: &DataRef<'_>) -> Result<(), Failure> {
        let text = match value {
            DataRef::Error(error) => error.to_string(),
            value => text(value),
        };
        if text.is_empty() {
            return Ok(());
        }
        if row > ROWS_MAX + HEAD_ROWS || column >= COLUMNS_MAX {
            let why = format!("the sheet has a cell beyond row {ROWS_MAX} or column {COLUMNS_MAX}");
            return Err(Failure::refused(413, "import.too-many-rows", why));
        }
        if row != self.row {
            self.end()?;
            self.row = row;
        }
        self.bytes += text.len();
        if self.bytes > CELL_BYTES_MAX {
            return Err(too_large("bytes of cells", CELL_BYTES_MAX as u64));
        }
        if self.texts.len() <= column {
            self.kept += column + 1 - self.texts.len();
            if self.kept > CELLS_MAX {
                return Err(too_large("cells", CELLS_MAX as u64));
            }
            self.texts.resize(column + 1, String::new());
        }
        if matches!(value, DataRef::Error(_)) {
            self.cells.broken.insert((row, column), text);
        } else {
            self.texts[column] = text;
        }
        Ok(())
    }

    /// The row at hand is whole.
    fn end(&mut self) -> Result<(), Failure> {
        if self.row == 0 {
            return Ok(());
        }
        let record = csv::StringRecord::from(std::mem::take(&mut self.texts));
        if !self.has_head {
            self.has_head = true;
            self.cells.head = record;
        } else if self.cells.rows.len() == ROWS_MAX {
            return Err(too_many_rows());
        } else {
            self.cells.rows.push((self.row, record));
        }
        Ok(())
    }
}

fn text(value: &DataRef<'_>) -> String {
    match value {
        DataRef::Empty | DataRef::Error(_) => String::new(),
        DataRef::Int(number) => number.to_string(),
        DataRef::Float(number) => plain(*number),
        DataRef::String(text) => text.trim().to_owned(),
        DataRef::SharedString(text) => text.trim().to_owned(),
        DataRef::Bool(truth) => truth.to_string(),
        DataRef::DateTime(at) if at.is_datetime() => {
            let (year, month, day, hour, minute, second, _) = at.to_ymd_hms_milli();
            format!("{year:04}-{month:02}-{day:02} {hour:02}:{minute:02}:{second:02}")
        }
        DataRef::DateTime(length) => plain(length.as_f64()),
        DataRef::DateTimeIso(text) | DataRef::DurationIso(text) => text.trim().to_owned(),
    }
}

/// Without `.0`: spreadsheets know no whole numbers. One whose last digits are lost is written as spreadsheets write
/// it, so that it is told as what it is.
fn plain(number: f64) -> String {
    if number.abs() >= DIGITS_LOST_FROM {
        format!("{number:.5e}").replacen('e', "E+", 1)
    } else {
        number.to_string()
    }
}

fn too_large(what: &str, max: u64) -> Failure {
    Failure::refused(413, "import.too-large", format!("the workbook has more than {max} {what}"))
}

fn broken(error: impl std::fmt::Display) -> Failure {
    Failure::refused(400, "import.malformed", format!("the workbook cannot be read: {error}"))
}

#[cfg(test)]
pub(crate) mod tests;
