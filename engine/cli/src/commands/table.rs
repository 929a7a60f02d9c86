//! `yiwang table FILE --form FORM`: a list as CSV or XLSX, held against the form it is for. Needs no server.

use std::path::PathBuf;

use serde_json::Value;
use yiwang_core::table::{Reading, read};
use yiwang_server::limits::TABLE_FILE_BYTES_MAX;
use yiwang_server::spreadsheet;

use crate::failure::{self, Exit, Failure};
use crate::language;
use crate::output::{self, Format};

#[derive(clap::Args, Debug)]
pub(super) struct Args {
    /// The list: .xlsx, or text with separators in UTF-8 or GB18030.
    #[arg(value_name = "FILE")]
    file: PathBuf,
    /// The form's JSON Schema.
    #[arg(long, value_name = "FILE")]
    form: PathBuf,
    /// The list in the form; without it, the form itself says what a row is.
    #[arg(long, value_name = "NAME")]
    member: Option<String>,
    /// Of a workbook the sheet; without it, the first that can be seen.
    #[arg(long, value_name = "NAME")]
    sheet: Option<String>,
}

pub(super) fn run(args: &Args, wanted: Option<Format>) -> Result<(), Failure> {
    let text =
        std::fs::read_to_string(&args.form).map_err(|error| failure::file("reading", &args.form, error))?;
    let form: Value = serde_json::from_str(&text).map_err(|error| {
        let message = format!("{} is not JSON", args.form.display());
        Failure::new(Exit::Invalid, "form.invalid", message).because(error)
    })?;
    let schema = spreadsheet::row_schema(&form, args.member.as_deref()).ok_or_else(|| {
        let message = format!("`--member` names no list of rows in {}", args.form.display());
        Failure::new(Exit::NotFound, "form.no-list", message)
    })?;
    let size = std::fs::metadata(&args.file).map_err(|error| failure::file("reading", &args.file, error))?;
    let unreadable = |problem: String| {
        Failure::new(Exit::Invalid, "table.unreadable", format!("{}: {problem}", args.file.display()))
    };
    if size.len() > TABLE_FILE_BYTES_MAX as u64 {
        return Err(unreadable(spreadsheet::Unreadable::TooLarge.to_string()));
    }
    let bytes = std::fs::read(&args.file).map_err(|error| failure::file("reading", &args.file, error))?;
    let table = spreadsheet::table(&bytes, args.sheet.as_deref())
        .map_err(|problem| unreadable(problem.to_string()))?;
    let reading = read(&table, schema).map_err(|problem| {
        let message = format!("{}: {problem}", args.form.display());
        Failure::new(Exit::Invalid, "form.invalid", message)
    })?;
    if Format::or_by_terminal(wanted) == Format::Json {
        output::json(&reading.to_json(language::chosen()));
    } else {
        print(&reading);
    }
    if reading.mistakes.is_empty() { Ok(()) } else { Err(Failure::said(Exit::Invalid)) }
}

fn print(reading: &Reading) {
    if reading.mistakes.is_empty() {
        output::line(&format!("{} rows, no mistakes", reading.count));
        return;
    }
    let heads = ["ROW", "COLUMN", "CODE", "MISTAKE"].map(str::to_owned).to_vec();
    let rows = reading.mistakes.iter().map(|mistake| {
        let column = mistake.column.clone().unwrap_or_default();
        let (code, said) = (mistake.wrong.code().to_owned(), mistake.wrong.said(language::chosen()));
        vec![mistake.row.to_string(), column, code, said]
    });
    output::table(heads, rows.collect());
    let more = match reading.left_out {
        0 => String::new(),
        more => format!(", and {more} more"),
    };
    let (count, wrong) = (reading.count, reading.mistakes.len());
    output::note(&format!("{count} rows, {wrong} mistakes{more}: none is taken"));
}
