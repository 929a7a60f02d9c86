//! What a column wants, as the schema of its property says, and a cell's value by it.

use serde_json::{Value, json};

use super::cell::plain;
use super::{Cell, Wrong};

/// One column: a property of the row's schema.
#[derive(Clone, Debug)]
pub(super) struct Column {
    pub(super) name: String,
    pub(super) title: String,
    pub(super) required: bool,
    want: Want,
}

#[derive(Clone, Debug)]
enum Want {
    Text,
    Integer,
    Number,
    Truth,
    Date,
    /// One of these values, by its title.
    Choice(Vec<(Value, String)>),
}

/// The columns that a schema of one row has.
pub(super) fn columns(schema: &Value) -> Result<Vec<Column>, String> {
    let properties = schema.get("properties").and_then(Value::as_object).filter(|all| !all.is_empty());
    let properties = properties.ok_or("the schema of a row is an object with `properties`")?;
    let required: Vec<&str> = schema
        .get("required")
        .and_then(Value::as_array)
        .into_iter()
        .flatten()
        .filter_map(Value::as_str)
        .collect();
    let column = |(name, property): (&String, &Value)| Column {
        name: name.clone(),
        title: property.get("title").and_then(Value::as_str).unwrap_or(name).to_owned(),
        required: required.contains(&name.as_str()),
        want: want(property),
    };
    Ok(properties.iter().map(column).collect())
}

fn want(property: &Value) -> Want {
    if let Some(options) = property.get("oneOf").and_then(Value::as_array) {
        let option = |option: &Value| {
            let value = option.get("const")?.clone();
            let title =
                option.get("title").and_then(Value::as_str).map_or_else(|| label(&value), str::to_owned);
            Some((value, title))
        };
        if let Some(options) = options.iter().map(option).collect::<Option<Vec<_>>>() {
            return Want::Choice(options);
        }
    }
    if let Some(options) = property.get("enum").and_then(Value::as_array) {
        let options = options.iter().filter(|value| !value.is_null());
        return Want::Choice(options.map(|value| (value.clone(), label(value))).collect());
    }
    let is = |name: &str| match property.get("type") {
        Some(Value::String(one)) => one == name,
        Some(Value::Array(several)) => several.iter().any(|one| one == name),
        _ => false,
    };
    if is("integer") {
        Want::Integer
    } else if is("number") {
        Want::Number
    } else if is("boolean") {
        Want::Truth
    } else if property.get("format").and_then(Value::as_str) == Some("date") {
        Want::Date
    } else {
        Want::Text
    }
}

fn label(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

impl Column {
    /// Is this a name of it?
    pub(super) fn is_named(&self, name: &str) -> bool {
        self.title == name || self.name.eq_ignore_ascii_case(name)
    }

    /// The value of a cell that is not empty.
    pub(super) fn value(&self, cell: &Cell) -> Result<Value, Wrong> {
        if let Cell::Broken(text) = cell {
            return Err(Wrong::Broken { text: text.clone() });
        }
        let text = cell.shown();
        match &self.want {
            Want::Text => as_text(cell).map(Value::String),
            Want::Integer => number(cell)
                .filter(|number| number.fract() == 0.0 && number.abs() < 9e15)
                .map(whole)
                .ok_or(Wrong::NotInteger { text }),
            Want::Number => number(cell).map(whole_or_not).ok_or(Wrong::NotNumber { text }),
            Want::Truth => truth(cell).map(Value::Bool).ok_or(Wrong::NotTruth { text }),
            Want::Date => date(cell).map(Value::String).ok_or(Wrong::NotDate { text }),
            Want::Choice(options) => choice(options, cell).ok_or_else(|| Wrong::NotOneOf {
                text,
                known: options.iter().map(|(_, title)| title.as_str()).collect::<Vec<_>>().join("、"),
            }),
        }
    }
}

/// A text that a spreadsheet would not compute when the list is opened there again.
fn as_text(cell: &Cell) -> Result<String, Wrong> {
    match cell {
        Cell::Text(text) if is_formula(text) => Err(Wrong::Formula { text: cell.shown() }),
        Cell::Text(text) | Cell::Date(text) | Cell::Broken(text) => Ok(text.clone()),
        Cell::Number(number) => Ok(plain(*number)),
        Cell::Truth(truth) => Ok(truth.to_string()),
        Cell::Empty => Ok(String::new()),
    }
}

/// Begins like a formula and is no number: `=1+1`, `@SUM(A1)`, `-cmd`. A phone number with `+` is one.
fn is_formula(text: &str) -> bool {
    let mut chars = text.chars();
    match chars.next() {
        Some('=' | '@') => true,
        Some('+' | '-') => {
            let rest = chars.as_str();
            !rest.is_empty() && !rest.chars().all(|c| c.is_ascii_digit() || " .-".contains(c))
        }
        Some(_) | None => false,
    }
}

fn number(cell: &Cell) -> Option<f64> {
    match cell {
        Cell::Number(number) => Some(*number),
        Cell::Text(text) => {
            let digits = text.replace([',', '，', ' '], "");
            let usual = digits.bytes().all(|byte| byte.is_ascii_digit() || b"+-.eE".contains(&byte));
            digits.parse::<f64>().ok().filter(|number| usual && number.is_finite())
        }
        Cell::Empty | Cell::Truth(_) | Cell::Date(_) | Cell::Broken(_) => None,
    }
}

#[expect(clippy::cast_possible_truncation, reason = "whole, and within 2⁵³")]
fn whole(number: f64) -> Value {
    json!(number as i64)
}

fn whole_or_not(number: f64) -> Value {
    if number.fract() == 0.0 && number.abs() < 9e15 { whole(number) } else { json!(number) }
}

fn truth(cell: &Cell) -> Option<bool> {
    match cell {
        Cell::Truth(truth) => Some(*truth),
        Cell::Number(number) if *number == 1.0 => Some(true),
        Cell::Number(number) if *number == 0.0 => Some(false),
        Cell::Text(text) => match text.to_ascii_lowercase().as_str() {
            "是" | "有" | "√" | "yes" | "y" | "true" | "1" => Some(true),
            "否" | "无" | "×" | "no" | "n" | "false" | "0" => Some(false),
            _ => None,
        },
        Cell::Empty | Cell::Number(_) | Cell::Date(_) | Cell::Broken(_) => None,
    }
}

/// `2024-03-05`, `2024/3/5`, `2024.3.5`, `2024年3月5日`, `20240305`; of a day with a time the day.
fn date(cell: &Cell) -> Option<String> {
    let text = match cell {
        Cell::Date(text) => text.get(..10)?,
        Cell::Text(text) => text.as_str(),
        Cell::Number(number) if (19_000_101.0..=99_991_231.0).contains(number) => {
            return date(&Cell::Text(plain(*number)));
        }
        Cell::Empty | Cell::Number(_) | Cell::Truth(_) | Cell::Broken(_) => return None,
    };
    let digits = text.len() == 8 && text.bytes().all(|byte| byte.is_ascii_digit());
    let parts: Vec<&str> = if digits {
        vec![&text[..4], &text[4..6], &text[6..]]
    } else {
        text.trim_end_matches('日').split(['-', '/', '.', '年', '月']).map(str::trim).collect()
    };
    let [year, month, day] = parts.as_slice() else { return None };
    if year.len() != 4 || month.len() > 2 || day.len() > 2 {
        return None;
    }
    let day = jiff::civil::Date::new(year.parse().ok()?, month.parse().ok()?, day.parse().ok()?).ok()?;
    Some(day.to_string())
}

fn choice(options: &[(Value, String)], cell: &Cell) -> Option<Value> {
    let text = match cell {
        Cell::Number(number) => plain(*number),
        Cell::Truth(truth) => truth.to_string(),
        Cell::Text(text) | Cell::Date(text) => text.clone(),
        Cell::Empty | Cell::Broken(_) => return None,
    };
    let is = |(value, title): &&(Value, String)| *title == text || label(value).eq_ignore_ascii_case(&text);
    options.iter().find(is).map(|(value, _)| value.clone())
}
