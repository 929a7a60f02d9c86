//! Tables that people bring: a list of stations, a register. From cells to rows that fit a schema, or to every
//! mistake with its row and column.
//!
//! ```text
//! CSV text ──csv──► Table ─┐
//! a file ──(edge)──► Table ─┴─read(schema of one row)──► Reading: all rows, or all mistakes
//! ```
//! Nothing is half-done: one mistake, and there are no rows. Files and their formats are not known here.

mod cell;
mod csv;
mod mistake;
mod want;

use jsonschema::Validator;
use jsonschema::error::ValidationErrorKind;
use serde_json::{Map, Value};
use yiwang_dsl::diagnostic::{Language, nearest};

pub use self::cell::Cell;
pub use self::csv::csv;
pub use self::mistake::{Mistake, Wrong};
use self::want::Column;

/// Rows of one table. A district's registers have hundreds; the form behind takes fewer.
pub const ROWS_MAX: usize = 10_000;
/// Columns of one table.
pub const COLUMNS_MAX: usize = 100;
/// Mistakes that are told. Who mends a thousand knows what to look for.
pub const MISTAKES_MAX: usize = 1_000;

/// Cells, as they were in the file.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Table {
    /// The first row: names of the columns.
    pub head: Vec<String>,
    /// The number of the first row.
    pub head_row: u32,
    /// The others, those without any cell left out.
    pub rows: Vec<Row>,
}

/// One row of cells.
#[derive(Clone, Debug, PartialEq)]
pub struct Row {
    /// Its number in the file, from 1, as a spreadsheet shows it.
    pub number: u32,
    /// Its cells.
    pub cells: Vec<Cell>,
}

/// What a table says, held against a schema.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Reading {
    /// How many rows there are.
    pub count: usize,
    /// All of them as objects; empty if there is any mistake.
    pub rows: Vec<Value>,
    /// What is wrong, in order of the rows.
    pub mistakes: Vec<Mistake>,
    /// How many more are wrong.
    pub left_out: usize,
}

/// Reads a table by the schema of one row: an object whose properties are the columns. A column is named as
/// the property, or as its `title`.
///
/// # Errors
/// When the schema is none of a row.
pub fn read(table: &Table, schema: &Value) -> Result<Reading, String> {
    let columns = want::columns(schema)?;
    let validator = jsonschema::validator_for(schema).map_err(|error| error.to_string())?;
    let mut reader = Reader { columns: &columns, validator: &validator, reading: Reading::default() };
    reader.reading.count = table.rows.len();
    if table.rows.len() > ROWS_MAX {
        reader.wrong(table.head_row, None, Wrong::TooManyRows { max: ROWS_MAX });
        return Ok(reader.reading);
    }
    // Without its columns every row would be wrong, in the same way.
    let Some(places) = reader.head(table) else { return Ok(reader.reading) };
    let rows: Vec<Value> = table.rows.iter().map(|row| reader.row(table, &places, row)).collect();
    if reader.reading.mistakes.is_empty() {
        reader.reading.rows = rows;
    }
    Ok(reader.reading)
}

impl Reading {
    /// The answer as people and workflows get it.
    pub fn to_json(&self, language: Language) -> Value {
        serde_json::json!({
            "ok": self.mistakes.is_empty(),
            "count": self.count,
            "rows": self.rows,
            "errors": self.mistakes.iter().map(|mistake| mistake.to_json(language)).collect::<Vec<_>>(),
            "errorsLeftOut": self.left_out,
        })
    }
}

struct Reader<'s> {
    columns: &'s [Column],
    validator: &'s Validator,
    reading: Reading,
}

impl Reader<'_> {
    fn wrong(&mut self, row: u32, column: Option<&str>, wrong: Wrong) {
        if self.reading.mistakes.len() < MISTAKES_MAX {
            self.reading.mistakes.push(Mistake { row, column: column.map(str::to_owned), wrong });
        } else {
            self.reading.left_out += 1;
        }
    }

    /// For each place of the first row the column that it names.
    fn head(&mut self, table: &Table) -> Option<Vec<Option<usize>>> {
        let row = table.head_row;
        let before = self.reading.mistakes.len();
        if table.head.len() > COLUMNS_MAX {
            self.wrong(row, None, Wrong::TooManyColumns { max: COLUMNS_MAX });
            return None;
        }
        let mut places: Vec<Option<usize>> = Vec::new();
        for name in table.head.iter().map(|name| name.trim()) {
            let found = self.columns.iter().position(|column| column.is_named(name));
            match found {
                Some(at) if places.contains(&Some(at)) => {
                    self.wrong(row, Some(name), Wrong::ColumnTwice);
                }
                None if !name.is_empty() => {
                    let known: Vec<&str> = self.columns.iter().map(|column| &*column.title).collect();
                    let near = nearest(name, &known).map(str::to_owned);
                    let known = known.join("、");
                    self.wrong(row, Some(name), Wrong::ColumnUnknown { near, known });
                }
                Some(_) | None => {}
            }
            places.push(found);
        }
        let missing: Vec<String> = self
            .columns
            .iter()
            .enumerate()
            .filter(|(at, column)| column.required && !places.contains(&Some(*at)))
            .map(|(_, column)| column.title.clone())
            .collect();
        for title in missing {
            self.wrong(row, Some(&title), Wrong::ColumnMissing);
        }
        (self.reading.mistakes.len() == before).then_some(places)
    }

    /// One row as an object; what is wrong with it is noted.
    fn row(&mut self, table: &Table, places: &[Option<usize>], row: &Row) -> Value {
        let mut values: Vec<Option<Value>> = vec![None; self.columns.len()];
        let mut told = vec![false; self.columns.len()];
        for (at, cell) in row.cells.iter().enumerate().filter(|(_, cell)| !cell.is_empty()) {
            let Some(column) = places.get(at).copied().flatten() else {
                let name = table.head.get(at).map(|name| name.trim()).filter(|name| !name.is_empty());
                self.wrong(row.number, name, Wrong::CellOutside { place: at + 1 });
                continue;
            };
            match self.columns[column].value(cell) {
                Ok(value) => values[column] = Some(value),
                Err(wrong) => {
                    told[column] = true;
                    let title = self.columns[column].title.clone();
                    self.wrong(row.number, Some(&title), wrong);
                }
            }
        }
        for at in 0..self.columns.len() {
            if self.columns[at].required && values[at].is_none() && !told[at] {
                told[at] = true;
                let title = self.columns[at].title.clone();
                self.wrong(row.number, Some(&title), Wrong::Missing);
            }
        }
        let members: Map<String, Value> = self
            .columns
            .iter()
            .zip(values)
            .filter_map(|(column, value)| Some((column.name.clone(), value?)))
            .collect();
        let object = Value::Object(members);
        self.fits(row.number, &object, &told);
        object
    }

    /// Holds the row against its schema. What was told of a cell is not told again.
    fn fits(&mut self, row: u32, object: &Value, told: &[bool]) {
        let columns = self.columns;
        let validator = self.validator;
        for error in validator.iter_errors(object) {
            if matches!(error.kind(), ValidationErrorKind::Required { .. }) {
                continue;
            }
            let path = error.instance_path().to_string();
            let name = path.strip_prefix('/').map(|rest| rest.split('/').next().unwrap_or(rest));
            let at = name.and_then(|name| columns.iter().position(|column| column.name == name));
            if at.is_some_and(|at| told[at]) {
                continue;
            }
            let wrong = Wrong::of_schema(error.kind(), &error.to_string());
            self.wrong(row, at.map(|at| &*columns[at].title), wrong);
        }
    }
}

#[cfg(test)]
mod tests;
