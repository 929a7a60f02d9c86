//! How results are shown: stdout is data, stderr is everything else.
//!
//! A table for people at a terminal, JSON of the API's shape for everything else.

use std::io::{self, IsTerminal, Write};

use clap::ValueEnum;
use comfy_table::{ContentArrangement, Table, presets};
use serde_json::Value;

/// How results are shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Format {
    /// For people.
    Table,
    /// The API's own shape.
    Json,
    /// Only the ids, one on each line.
    Name,
}

/// `-o` as it is written: a format, or a kind of drawing, which only `graph` understands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Wanted {
    /// For people.
    Table,
    /// The API's own shape.
    Json,
    /// Only the ids, one on each line.
    Name,
    /// A picture for browsers (`graph` only).
    Svg,
    /// For Markdown (`graph` only).
    Mermaid,
    /// For Graphviz (`graph` only).
    Dot,
}

impl Wanted {
    /// The format that all commands understand; none where a drawing was asked for.
    pub(crate) fn format(self) -> Option<Format> {
        match self {
            Self::Table => Some(Format::Table),
            Self::Json => Some(Format::Json),
            Self::Name => Some(Format::Name),
            Self::Svg | Self::Mermaid | Self::Dot => None,
        }
    }
}

impl Format {
    /// What was asked for, or a table at a terminal and JSON elsewhere.
    pub(crate) fn or_by_terminal(wanted: Option<Self>) -> Self {
        let usual = if io::stdout().is_terminal() { Self::Table } else { Self::Json };
        wanted.unwrap_or(usual)
    }
}

/// A column: its head, and the JSON Pointer of its value.
pub(crate) type Column = (&'static str, &'static str);

/// Prints a list, or one object as a list of one.
pub(crate) fn list(format: Format, answer: &Value, columns: &[Column]) {
    let one = std::slice::from_ref(answer);
    let items = answer.get("items").and_then(Value::as_array).map_or(one, Vec::as_slice);
    match format {
        Format::Json => json(answer),
        Format::Name => {
            for item in items {
                line(&columns.first().map_or_else(String::new, |(_, pointer)| cell(item, pointer)));
            }
        }
        Format::Table => {
            let heads = columns.iter().map(|(head, _)| (*head).to_owned()).collect();
            let rows =
                items.iter().map(|item| columns.iter().map(|(_, pointer)| cell(item, pointer)).collect());
            table(heads, rows.collect());
            if answer.get("nextCursor").is_some() {
                note("there are more; --limit shows more of them, -o json has the cursor");
            }
        }
    }
}

/// Prints a table.
pub(crate) fn table(heads: Vec<String>, rows: Vec<Vec<String>>) {
    let mut table = Table::new();
    table.load_style(presets::NOTHING).set_content_arrangement(ContentArrangement::Dynamic);
    table.set_header(heads).add_rows(rows);
    for text in table.to_string().lines() {
        line(text.trim_end());
    }
}

/// Prints JSON, readable.
pub(crate) fn json(value: &Value) {
    line(&serde_json::to_string_pretty(value).unwrap_or_default());
}

/// One line of data. A reader that went away is no mistake of ours.
pub(crate) fn line(text: &str) {
    gone_is_fine(writeln!(io::stdout().lock(), "{text}"));
}

/// One line for the person who runs the command.
pub(crate) fn note(text: &str) {
    gone_is_fine(writeln!(io::stderr().lock(), "{text}"));
}

fn gone_is_fine(written: io::Result<()>) {
    // There is nowhere left to complain to.
    drop(written);
}

/// The value at a pointer, as one cell.
pub(crate) fn cell(item: &Value, pointer: &str) -> String {
    match item.pointer(pointer) {
        None | Some(Value::Null) => String::new(),
        Some(Value::String(text)) => text.clone(),
        Some(Value::Bool(true)) => "yes".to_owned(),
        Some(Value::Bool(false)) => String::new(),
        Some(Value::Array(items)) => items
            .iter()
            .map(|item| item.as_str().map_or_else(|| item.to_string(), str::to_owned))
            .collect::<Vec<_>>()
            .join(" "),
        Some(other) => other.to_string(),
    }
}
