//! One row: an intake, or its mistakes by column.

use std::borrow::Cow;

use yiwang_sdk::intake::Intake;
use yiwang_sdk::mapping::Mapping;
use yiwang_sdk::serde_json::{Map, Value, json};

use crate::cell;
use crate::columns::Shape;
use crate::table::Table;

/// Longest text under `extra`, in characters.
const EXTRA_CHARS_MAX: usize = 2000;
/// Longest number of a matter.
const KEY_BYTES_MAX: usize = 128;

/// A mistake in a row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Mistake {
    pub(crate) row: usize,
    pub(crate) column: &'static str,
    pub(crate) code: &'static str,
    pub(crate) detail: Cow<'static, str>,
}

/// Reads a row.
pub(crate) fn read(
    config: &Value,
    table: &Table,
    row: usize,
    record: &csv::StringRecord,
) -> Result<Intake, Vec<Mistake>> {
    let mut reading = Reading { config, row, body: json!({}), extra: Map::new(), mistakes: Vec::new() };
    for (column, shape, at) in &table.columns {
        if let Some(error) = table.broken.get(&(row, *at)) {
            reading.wrong(column, "broken", format!("表格公式出错：{error}"));
            continue;
        }
        let text = cell::plain(record.get(*at).unwrap_or_default());
        if !text.is_empty() {
            reading.cell(column, *shape, text);
        }
    }
    reading.finish(table)
}

struct Reading<'a> {
    config: &'a Value,
    row: usize,
    body: Value,
    extra: Map<String, Value>,
    mistakes: Vec<Mistake>,
}

impl Reading<'_> {
    fn wrong(&mut self, column: &'static str, code: &'static str, detail: impl Into<Cow<'static, str>>) {
        self.mistakes.push(Mistake { row: self.row, column, code, detail: detail.into() });
    }

    fn cell(&mut self, column: &'static str, shape: Shape, text: String) {
        let offset = self.config["utcOffset"].as_str().unwrap_or("+08:00");
        match shape {
            Shape::Key => match key(&text) {
                Ok(()) => self.body["externalId"] = json!(text),
                Err((code, detail)) => self.wrong(column, code, detail),
            },
            Shape::Field("petitioner.phone") if cell::is_mangled(&text) => {
                self.wrong(column, "mangled-number", "号码被表格软件改成了科学计数法，请设为文本格式");
            }
            Shape::Field("petitioner.phone") => match cell::phone(&text) {
                Some(phone) => self.put("petitioner.phone", json!(phone)),
                None => self.wrong(column, "not-a-phone", "不是电话号码"),
            },
            Shape::Field(path) => self.put(path, json!(cell::neutral(text))),
            Shape::TimeField(path) => match cell::date(&text, offset) {
                Some(time) => self.put(path, json!(time)),
                None => self.wrong(column, "not-a-time", "不是日期时间"),
            },
            Shape::Category => {
                let parts = text.split(['>', '/', '、', '；', ';', '|', '＞']).map(str::trim);
                let parts: Vec<String> = parts
                    .filter(|part| !part.is_empty())
                    .map(|part| cell::neutral(part.to_owned()))
                    .collect();
                self.put("category", json!(parts));
            }
            Shape::Degrees(name) => match text.parse::<f64>().ok().filter(|degrees| degrees.abs() <= 180.0) {
                Some(degrees) => self.body["location"][name] = json!(degrees),
                None => self.wrong(column, "not-a-coordinate", "不是经纬度"),
            },
            Shape::Text(name) if text.chars().count() <= EXTRA_CHARS_MAX => {
                self.extra.insert(name.to_owned(), json!(cell::neutral(text)));
            }
            Shape::Text(_) => self.wrong(column, "too-long", "太长"),
            Shape::Time(name) => match cell::date(&text, offset) {
                Some(time) => drop(self.extra.insert(name.to_owned(), json!(time))),
                None => self.wrong(column, "not-a-time", "不是日期时间"),
            },
            Shape::Count(name) => match text.trim_end_matches('人').trim().parse::<u32>() {
                Ok(count) => drop(self.extra.insert(name.to_owned(), json!(count))),
                Err(_) => self.wrong(column, "not-a-number", "不是整数"),
            },
            Shape::Flag(name) => match flag(&text) {
                Some(flag) => drop(self.extra.insert(name.to_owned(), json!(flag))),
                None => self.wrong(column, "not-yes-or-no", "请填“是”或“否”"),
            },
        }
    }

    fn put(&mut self, path: &str, value: Value) {
        match path.split_once('.') {
            Some((first, rest)) => self.body[first][rest] = value,
            None => self.body[path] = value,
        }
    }

    fn finish(mut self, table: &Table) -> Result<Intake, Vec<Mistake>> {
        let key = self.body["externalId"].as_str().map(ToOwned::to_owned);
        if key.is_none() && !self.mistakes.iter().any(|mistake| mistake.column == table.kind.key) {
            self.wrong(table.kind.key, "required", "必填");
        }
        if let Some(crs) = self.config["crs"].as_str().filter(|_| self.body["location"].is_object()) {
            self.body["location"]["crs"] = json!(crs);
        } else if self.body["location"].is_object() {
            self.wrong("经度", "unknown-datum", "通道没有设置坐标系（crs），不能导入经纬度");
        }
        let half = self.body["location"].is_object()
            && (self.body["location"]["lat"].is_null() || self.body["location"]["lon"].is_null());
        if half {
            self.wrong("经度", "not-a-coordinate", "经度和纬度要同时填写");
        }
        let key = key.unwrap_or_default();
        match Mapping::new(self.config).intake(&self.body, &key) {
            Ok(mut intake) => {
                // What another platform may send unreadable, a person can correct here.
                let unread = intake.extra.remove("unread");
                for field in
                    unread.as_ref().and_then(Value::as_object).into_iter().flatten().map(|(name, _)| name)
                {
                    let column = column_of(table, field);
                    self.wrong(column, "unreadable", "值不在可选范围内，或者太长");
                }
                if table.kind.name == "petition" {
                    self.extra.insert("petitionNo".to_owned(), json!(key));
                }
                intake.extra = self.extra;
                if self.mistakes.is_empty() { Ok(intake) } else { Err(self.mistakes) }
            }
            Err(mistakes) => {
                // What was told of a cell is not told again.
                let told = self.mistakes.iter().any(|mistake| mistake.column == table.kind.content);
                for mistake in mistakes.into_iter().filter(|_| !told) {
                    self.wrong(table.kind.content, mistake.code, "必填，最多两万字");
                }
                Err(self.mistakes)
            }
        }
    }
}

fn key(text: &str) -> Result<(), (&'static str, &'static str)> {
    if cell::is_mangled(text) {
        return Err(("mangled-number", "编号被表格软件改成了科学计数法，请设为文本格式"));
    }
    let plain = text.len() <= KEY_BYTES_MAX && !text.chars().any(char::is_control);
    if plain && cell::neutral(text.to_owned()) == text {
        Ok(())
    } else {
        Err(("unusable-number", "不能作为编号"))
    }
}

fn flag(text: &str) -> Option<bool> {
    match text {
        "是" | "1" | "Y" | "y" | "true" | "TRUE" => Some(true),
        "否" | "0" | "N" | "n" | "false" | "FALSE" => Some(false),
        _ => None,
    }
}

fn column_of(table: &Table, field: &str) -> &'static str {
    let found = table.columns.iter().find(|(_, shape, _)| match shape {
        Shape::Field(path) | Shape::TimeField(path) => *path == field,
        Shape::Degrees(_) => field == "location",
        _ => false,
    });
    found.map_or(table.kind.key, |(column, _, _)| *column)
}
