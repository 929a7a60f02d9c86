//! From what was given to an intake, or to the list of all mistakes, each at its JSON pointer.

use yiwang_sdk::intake::{self, CRS, Intake, Kind, Location, Petitioner, Urgency, clean};
use yiwang_sdk::prelude::*;
use yiwang_sdk::serde_json::{Map, Value, json};

use crate::config::{Config, Extra, Shape};
use crate::input::Given;

/// One mistake of the sender.
pub(crate) struct Mistake {
    /// JSON pointer of the field.
    pub(crate) pointer: String,
    /// Stable, for machines.
    pub(crate) code: &'static str,
    /// For the person who filled in the form.
    pub(crate) detail: String,
}

/// 422 with all mistakes.
pub(crate) fn problem(mistakes: &[Mistake]) -> HttpResponse {
    let errors: Vec<Value> = mistakes
        .iter()
        .take(50)
        .map(|mistake| json!({"pointer": mistake.pointer, "code": mistake.code, "detail": mistake.detail}))
        .collect();
    let body = json!({
        "type": "about:blank",
        "title": "内容有误",
        "status": 422,
        "detail": format!("有 {} 处需要修改", mistakes.len()),
        "code": "intake.invalid",
        "errors": errors,
    });
    HttpResponse::typed(422, "application/problem+json", body.to_string())
        .with("x-yiwang-code", "intake.invalid")
}

/// The fields that every channel of this plugin knows.
const KNOWN: [&str; 13] = [
    "clientId",
    "kind",
    "title",
    "content",
    "category",
    "occurredAt",
    "address",
    "region",
    "location",
    "petitioner",
    "urgency",
    "extra",
    "photos",
];

/// Reads an intake out of the fields.
pub(crate) fn intake(config: &Config, given: &Given) -> Result<Intake, Vec<Mistake>> {
    let mut fields = Fields { given, mistakes: Vec::new() };
    fields.no_others("", &given.fields, &KNOWN);

    fields.client_id();
    let content = fields.text(config, "content", intake::CONTENT_CHARS_MAX).unwrap_or_default();
    let title = fields.text(config, "title", intake::TITLE_CHARS_MAX).unwrap_or_default();
    let kind = fields.word("kind", Kind::parse, "诉求类型").unwrap_or(config.kind);
    let mut intake = Intake::new("", kind, &title, &content);
    intake.channel = Some(config.channel.clone());
    intake.urgency = fields.word("urgency", Urgency::parse, "紧急程度").or(config.urgency);
    intake.category = fields.category(config);
    intake.occurred_at = fields.time(config);
    intake.address = fields.text(config, "address", 500);
    intake.region = fields.text(config, "region", 64).or_else(|| config.region.clone());
    intake.location = fields.location(config);
    intake.petitioner = fields.petitioner(config);
    intake.extra = fields.extra(config);
    intake.attachments = given.photos.iter().map(Into::into).collect();
    fields.photos(config);

    if fields.mistakes.is_empty() { Ok(intake) } else { Err(fields.mistakes) }
}

struct Fields<'a> {
    given: &'a Given,
    mistakes: Vec<Mistake>,
}

impl Fields<'_> {
    fn wrong(&mut self, path: &str, code: &'static str, detail: impl Into<String>) {
        let pointer = format!("/{}", path.replace('~', "~0").replace('/', "~1").replace('.', "/"));
        self.mistakes.push(Mistake { pointer, code, detail: detail.into() });
    }

    fn no_others(&mut self, prefix: &str, map: &Map<String, Value>, known: &[&str]) {
        for name in map.keys().filter(|name| !known.contains(&name.as_str())) {
            let path = if prefix.is_empty() { name.clone() } else { format!("{prefix}.{name}") };
            self.wrong(&path, "unknown-field", "没有这个字段");
        }
    }

    fn client_id(&mut self) {
        let usable =
            |id: &str| (1..=200).contains(&id.len()) && id.bytes().all(|byte| byte.is_ascii_graphic());
        if self.given.at("clientId").is_some_and(|id| !id.as_str().is_some_and(usable)) {
            self.wrong("clientId", "wrong-type", "应为 1 到 200 个 ASCII 字符");
        }
    }

    /// A text field; empty is the same as absent.
    fn text(&mut self, config: &Config, path: &str, chars_max: usize) -> Option<String> {
        let text = match self.given.at(path) {
            None | Some(Value::Null) => String::new(),
            Some(Value::String(text)) => clean(text),
            Some(_) => {
                self.wrong(path, "wrong-type", "应为文字");
                return None;
            }
        };
        if text.is_empty() {
            if config.requires(path) {
                self.wrong(path, "required", "请填写此项");
            }
            return None;
        }
        if text.chars().count() > chars_max {
            self.wrong(path, "too-long", format!("最多 {chars_max} 个字"));
            return None;
        }
        Some(text)
    }

    fn word<T>(&mut self, path: &str, parse: fn(&str) -> Option<T>, label: &str) -> Option<T> {
        match self.given.at(path)? {
            Value::Null => None,
            Value::String(text) => {
                let word = parse(text);
                if word.is_none() {
                    self.wrong(path, "unknown-value", format!("没有这种{label}"));
                }
                word
            }
            _ => {
                self.wrong(path, "wrong-type", "应为文字");
                None
            }
        }
    }

    fn category(&mut self, config: &Config) -> Vec<String> {
        let given = match self.given.at("category") {
            None | Some(Value::Null) => Vec::new(),
            Some(Value::String(text)) => vec![clean(text)],
            Some(Value::Array(items)) if items.iter().all(Value::is_string) => {
                items.iter().filter_map(Value::as_str).map(clean).collect()
            }
            Some(_) => {
                self.wrong("category", "wrong-type", "应为文字或文字列表");
                return Vec::new();
            }
        };
        let given: Vec<String> = given.into_iter().filter(|part| !part.is_empty()).collect();
        if given.len() > 8 || given.iter().any(|part| part.chars().count() > 200) {
            self.wrong("category", "too-long", "最多 8 级，每级最多 200 个字");
        }
        if given.is_empty() && config.category.is_empty() && config.requires("category") {
            self.wrong("category", "required", "请选择类别");
        }
        if given.is_empty() { config.category.clone() } else { given }
    }

    fn time(&mut self, config: &Config) -> Option<String> {
        let text = self.text(config, "occurredAt", 40)?;
        let time = yiwang_sdk::time::complete(&text, &config.utc_offset);
        if time.is_none() {
            self.wrong("occurredAt", "not-a-time", "请写成 2024-06-04T14:30 的样子");
        }
        time
    }

    fn location(&mut self, config: &Config) -> Option<Location> {
        let map = match self.given.at("location") {
            None | Some(Value::Null) => {
                if config.requires("location") {
                    self.wrong("location", "required", "请给出位置");
                }
                return None;
            }
            Some(Value::Object(map)) => map,
            Some(_) => {
                self.wrong("location", "wrong-type", "应为 {lat, lon, crs}");
                return None;
            }
        };
        self.no_others("location", map, &["lat", "lon", "crs"]);
        let lat = self.degrees("location.lat", 90.0);
        let lon = self.degrees("location.lon", 180.0);
        // Never guessed: 500 m of error put a broken lamp into another street.
        let crs = CRS.into_iter().find(|crs| map.get("crs").and_then(Value::as_str) == Some(crs));
        if crs.is_none() {
            self.wrong("location.crs", "unknown-value", "请注明坐标系：WGS84、GCJ-02、CGCS2000 或 BD-09");
        }
        Some(Location { lat: lat?, lon: lon?, crs: crs? })
    }

    fn degrees(&mut self, path: &str, max: f64) -> Option<f64> {
        let number = match self.given.at(path) {
            Some(Value::Number(number)) => number.as_f64(),
            Some(Value::String(text)) => text.parse().ok(),
            _ => None,
        };
        let number = number.filter(|number: &f64| number.is_finite() && number.abs() <= max);
        if number.is_none() {
            self.wrong(path, "not-a-coordinate", format!("应为 -{max} 到 {max} 之间的数"));
        }
        number
    }

    fn petitioner(&mut self, config: &Config) -> Petitioner {
        match self.given.at("petitioner") {
            None | Some(Value::Null) => {}
            Some(Value::Object(map)) => {
                self.no_others("petitioner", map, &["name", "phone", "anonymous", "confidential"]);
            }
            Some(_) => self.wrong("petitioner", "wrong-type", "应为 {name, phone, anonymous, confidential}"),
        }
        let anonymous = self.yes_no("petitioner.anonymous");
        let confidential = self.yes_no("petitioner.confidential");
        if anonymous == Some(true) {
            // Whoever wants to stay unknown stays unknown, whatever the form remembered.
            return Petitioner { anonymous, confidential, ..Petitioner::default() };
        }
        let name = self.text(config, "petitioner.name", 100);
        let phone = self.text(config, "petitioner.phone", 40);
        if phone.as_deref().is_some_and(|phone| !is_phone(phone)) {
            self.wrong("petitioner.phone", "not-a-phone", "请填写手机号或带区号的固定电话");
        }
        Petitioner { name, phone, openid: None, anonymous, confidential }
    }

    fn yes_no(&mut self, path: &str) -> Option<bool> {
        match self.given.at(path)? {
            Value::Bool(yes) => Some(*yes),
            Value::String(text) => match text.as_str() {
                "on" | "true" | "1" | "是" => Some(true),
                "off" | "false" | "0" | "否" => Some(false),
                _ => {
                    self.wrong(path, "wrong-type", "应为是或否");
                    None
                }
            },
            Value::Null => None,
            _ => {
                self.wrong(path, "wrong-type", "应为是或否");
                None
            }
        }
    }

    fn extra(&mut self, config: &Config) -> Map<String, Value> {
        match self.given.at("extra") {
            None | Some(Value::Null) => {}
            Some(Value::Object(map)) => {
                let known: Vec<&str> = config.extra.iter().map(|field| field.name.as_str()).collect();
                self.no_others("extra", map, &known);
            }
            Some(_) => self.wrong("extra", "wrong-type", "应为对象"),
        }
        let mut extra = Map::new();
        for field in &config.extra {
            if let Some(value) = self.extra_field(config, field) {
                extra.insert(field.name.clone(), value);
            } else if field.required
                && !self.mistakes.iter().any(|m| m.pointer == format!("/extra/{}", field.name))
            {
                self.wrong(&format!("extra.{}", field.name), "required", "请填写此项");
            }
        }
        extra
    }

    fn extra_field(&mut self, config: &Config, field: &Extra) -> Option<Value> {
        let path = format!("extra.{}", field.name);
        match field.shape {
            Shape::Checkbox => self.yes_no(&path).map(Value::Bool),
            Shape::Number => {
                let number = match self.given.at(&path)? {
                    Value::Number(number) => Some(number.clone()),
                    Value::String(text) => text.trim().parse().ok(),
                    _ => None,
                };
                if number.is_none() {
                    self.wrong(&path, "not-a-number", "请填写数字");
                }
                number.map(Value::Number)
            }
            Shape::Text | Shape::Textarea | Shape::Date | Shape::Select => {
                let text = self.text(config, &path, field.max_chars)?;
                let midnight = format!("{text}T00:00:00Z");
                if field.shape == Shape::Date && yiwang_sdk::time::parse_rfc3339(&midnight).is_none() {
                    self.wrong(&path, "not-a-date", "请写成 2024-06-04 的样子");
                } else if field.shape == Shape::Select && !field.options.contains(&text) {
                    self.wrong(&path, "unknown-value", "请从列出的选项中选择");
                }
                Some(Value::String(text))
            }
        }
    }

    fn photos(&mut self, config: &Config) {
        let given = self.given;
        if given.fields.contains_key("photos") {
            self.wrong("photos", "wrong-type", "照片请用 multipart/form-data 的文件字段上传");
        }
        if given.photos.is_empty() && config.requires("photos") {
            self.wrong("photos", "required", "请至少上传一张照片");
        }
        if given.photos.len() > config.photos_max {
            self.wrong("photos", "too-many", format!("最多 {} 张照片", config.photos_max));
        }
        for (at, photo) in given.photos.iter().enumerate() {
            if photo.size == 0 {
                self.wrong(&format!("photos.{at}"), "empty-file", "这个文件是空的");
            } else if !config.photo_types.contains(&photo.media_type) {
                self.wrong(&format!("photos.{at}"), "unsupported-type", "不支持这种文件类型");
            }
        }
    }
}

/// Digits, perhaps with a plus, spaces, dashes or stars (a masked number is better than none).
fn is_phone(text: &str) -> bool {
    let digits = text.bytes().filter(|byte| byte.is_ascii_digit() || *byte == b'*').count();
    (5..=20).contains(&digits)
        && text
            .bytes()
            .all(|byte| byte.is_ascii_digit() || matches!(byte, b'+' | b'-' | b' ' | b'*' | b'(' | b')'))
}
