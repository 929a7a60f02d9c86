//! One cell of a table, as its file has it.

/// What stands in a cell. A file of texts has only texts.
#[derive(Clone, Debug, Default, PartialEq)]
pub enum Cell {
    /// Nothing.
    #[default]
    Empty,
    /// A text.
    Text(String),
    /// A number.
    Number(f64),
    /// True or false.
    Truth(bool),
    /// A day, or a day and a time, ISO 8601.
    Date(String),
    /// An error of the spreadsheet, e.g. `#REF!`.
    Broken(String),
}

impl Cell {
    /// A text cell; blanks around it do not count.
    pub fn text(text: &str) -> Self {
        let text = text.trim();
        if text.is_empty() { Self::Empty } else { Self::Text(text.to_owned()) }
    }

    /// Is there nothing?
    pub fn is_empty(&self) -> bool {
        *self == Self::Empty
    }

    /// As a person reads it.
    pub(super) fn shown(&self) -> String {
        let text = match self {
            Self::Empty => String::new(),
            Self::Text(text) | Self::Date(text) | Self::Broken(text) => text.clone(),
            Self::Number(number) => plain(*number),
            Self::Truth(truth) => truth.to_string(),
        };
        let short: String = text.chars().take(40).collect();
        if short.len() < text.len() { short + "…" } else { short }
    }
}

/// A number without `.0`: spreadsheets know no whole numbers.
pub(super) fn plain(number: f64) -> String {
    format!("{number}")
}
