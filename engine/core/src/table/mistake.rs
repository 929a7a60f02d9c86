//! What can be wrong with a table, in words for who mends it.

use jsonschema::error::ValidationErrorKind;
use serde_json::{Value, json};
use yiwang_dsl::diagnostic::Language;

/// One mistake.
#[derive(Clone, Debug, PartialEq)]
pub struct Mistake {
    /// Number of the row in the file, from 1.
    pub row: u32,
    /// Title of the column.
    pub column: Option<String>,
    /// What is wrong.
    pub wrong: Wrong,
}

/// What is wrong.
#[derive(Clone, Debug, PartialEq)]
#[expect(missing_docs, reason = "the sentences below say it")]
pub enum Wrong {
    TooManyRows { max: usize },
    TooManyColumns { max: usize },
    ColumnMissing,
    ColumnUnknown { near: Option<String>, known: String },
    ColumnTwice,
    CellOutside { place: usize },
    Missing,
    Broken { text: String },
    Formula { text: String },
    NotInteger { text: String },
    NotNumber { text: String },
    NotTruth { text: String },
    NotDate { text: String },
    NotOneOf { text: String, known: String },
    TooShort { min: u64 },
    TooLong { max: u64 },
    TooSmall { min: String },
    TooLarge { max: String },
    Pattern { pattern: String },
    Schema { said: String },
}

impl Mistake {
    /// As people and workflows get it.
    pub fn to_json(&self, language: Language) -> Value {
        json!({
            "row": self.row,
            "column": self.column,
            "code": self.wrong.code(),
            "message": self.wrong.said(language),
        })
    }
}

impl Wrong {
    /// What a schema found. Words of ours where people often meet them.
    pub(super) fn of_schema(kind: &ValidationErrorKind, said: &str) -> Self {
        match kind {
            ValidationErrorKind::MinLength { limit } => Self::TooShort { min: *limit },
            ValidationErrorKind::MaxLength { limit } => Self::TooLong { max: *limit },
            ValidationErrorKind::Minimum { limit } | ValidationErrorKind::ExclusiveMinimum { limit } => {
                Self::TooSmall { min: limit.to_string() }
            }
            ValidationErrorKind::Maximum { limit } | ValidationErrorKind::ExclusiveMaximum { limit } => {
                Self::TooLarge { max: limit.to_string() }
            }
            ValidationErrorKind::Pattern { pattern } => Self::Pattern { pattern: pattern.clone() },
            _ => Self::Schema { said: said.to_owned() },
        }
    }

    /// Stable code.
    pub fn code(&self) -> &'static str {
        match self {
            Self::TooManyRows { .. } => "table.too-many-rows",
            Self::TooManyColumns { .. } => "table.too-many-columns",
            Self::ColumnMissing => "table.column-missing",
            Self::ColumnUnknown { .. } => "table.column-unknown",
            Self::ColumnTwice => "table.column-twice",
            Self::CellOutside { .. } => "cell.outside",
            Self::Missing => "cell.missing",
            Self::Broken { .. } => "cell.broken",
            Self::Formula { .. } => "cell.formula",
            Self::NotInteger { .. } => "cell.not-integer",
            Self::NotNumber { .. } => "cell.not-number",
            Self::NotTruth { .. } => "cell.not-truth",
            Self::NotDate { .. } => "cell.not-date",
            Self::NotOneOf { .. } => "cell.not-one-of",
            Self::TooShort { .. } => "cell.too-short",
            Self::TooLong { .. } => "cell.too-long",
            Self::TooSmall { .. } => "cell.too-small",
            Self::TooLarge { .. } => "cell.too-large",
            Self::Pattern { .. } => "cell.pattern",
            Self::Schema { .. } => "cell.invalid",
        }
    }

    /// One sentence.
    pub fn said(&self, language: Language) -> String {
        match language {
            Language::English => self.english(),
            Language::Chinese => self.chinese(),
        }
    }

    fn english(&self) -> String {
        match self {
            Self::TooManyRows { max } => format!("there are more than {max} rows"),
            Self::TooManyColumns { max } => format!("there are more than {max} columns"),
            Self::ColumnMissing => "this column is missing".to_owned(),
            Self::ColumnUnknown { near: Some(near), .. } => {
                format!("there is no such column; did you mean `{near}`?")
            }
            Self::ColumnUnknown { near: None, known } => {
                format!("there is no such column; known are {known}")
            }
            Self::ColumnTwice => "this column stands there twice".to_owned(),
            Self::CellOutside { place } => format!("the cell in place {place} belongs to no column"),
            Self::Missing => "a value is missing".to_owned(),
            Self::Broken { text } => format!("the spreadsheet has an error here: {text}"),
            Self::Formula { text } => format!("`{text}` looks like a formula; a value stands here"),
            Self::NotInteger { text } => format!("`{text}` is not a whole number"),
            Self::NotNumber { text } => format!("`{text}` is not a number"),
            Self::NotTruth { text } => format!("`{text}` is neither yes nor no"),
            Self::NotDate { text } => format!("`{text}` is not a day like 2024-03-31"),
            Self::NotOneOf { text, known } => format!("`{text}` is none of {known}"),
            Self::TooShort { min } => format!("it has fewer than {min} characters"),
            Self::TooLong { max } => format!("it has more than {max} characters"),
            Self::TooSmall { min } => format!("it is less than {min}"),
            Self::TooLarge { max } => format!("it is more than {max}"),
            Self::Pattern { pattern } => format!("it does not have the form {pattern}"),
            Self::Schema { said } => said.clone(),
        }
    }

    fn chinese(&self) -> String {
        match self {
            Self::TooManyRows { max } => format!("超过 {max} 行"),
            Self::TooManyColumns { max } => format!("超过 {max} 列"),
            Self::ColumnMissing => "缺少这一列".to_owned(),
            Self::ColumnUnknown { near: Some(near), .. } => format!("没有这一列，是否为“{near}”？"),
            Self::ColumnUnknown { near: None, known } => format!("没有这一列，可用的列有 {known}"),
            Self::ColumnTwice => "这一列重复".to_owned(),
            Self::CellOutside { place } => format!("第 {place} 个单元格不属于任何一列"),
            Self::Missing => "未填写".to_owned(),
            Self::Broken { text } => format!("表格公式出错：{text}"),
            Self::Formula { text } => format!("“{text}”像是公式，请填写数值或文字"),
            Self::NotInteger { text } => format!("“{text}”不是整数"),
            Self::NotNumber { text } => format!("“{text}”不是数字"),
            Self::NotTruth { text } => format!("“{text}”应填“是”或“否”"),
            Self::NotDate { text } => format!("“{text}”不是日期，应如 2024-03-31"),
            Self::NotOneOf { text, known } => format!("“{text}”应为 {known} 之一"),
            Self::TooShort { min } => format!("少于 {min} 个字"),
            Self::TooLong { max } => format!("超过 {max} 个字"),
            Self::TooSmall { min } => format!("小于 {min}"),
            Self::TooLarge { max } => format!("大于 {max}"),
            Self::Pattern { pattern } => format!("格式不符（{pattern}）"),
            Self::Schema { said } => format!("不符合要求：{said}"),
        }
    }
}
