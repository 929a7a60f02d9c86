//! From a platform's body to an intake, by a table of JSON pointers.
//!
//! What a platform calls things is its own affair; what we need is checked here, all mistakes at once. What
//! is optional and unusable is kept under `extra.unread`: nothing is lost because of a wrong date.

use serde_json::{Map, Value, json};

use crate::HttpResponse;
use crate::intake::{
    CONTENT_CHARS_MAX, CRS, Intake, Kind, Location, Petitioner, TITLE_CHARS_MAX, Urgency, clean,
};

/// One mistake of the platform.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mistake {
    /// JSON pointer of the field.
    pub pointer: String,
    /// Stable, for machines.
    pub code: &'static str,
    /// For people.
    pub detail: &'static str,
}

/// 422 with all mistakes, as a problem document (RFC 9457).
#[must_use]
pub fn problem(mistakes: &[Mistake]) -> HttpResponse {
    let errors: Vec<Value> = mistakes
        .iter()
        .map(|mistake| json!({"pointer": mistake.pointer, "code": mistake.code, "detail": mistake.detail}))
        .collect();
    let body = json!({
        "type": "about:blank",
        "title": "The body does not fit",
        "status": 422,
        "detail": format!("{} fields do not fit", errors.len()),
        "code": "intake.invalid",
        "errors": errors,
    });
    HttpResponse::typed(422, "application/problem+json", body.to_string())
        .with("x-yiwang-code", "intake.invalid")
}

/// The table, with its defaults: the members `map`, `words`, `extra`, `channel`, `kind`, `urgency`, `category`,
/// `region` and `utcOffset` of a configuration.
pub struct Mapping<'a> {
    config: &'a Value,
}

impl<'a> Mapping<'a> {
    /// The table of this configuration.
    #[must_use]
    pub fn new(config: &'a Value) -> Self {
        Self { config }
    }

    /// Reads a body. `id` is the number of the matter where the body has none.
    ///
    /// # Errors
    /// All mistakes that cost the report, at once.
    pub fn intake(&self, body: &Value, id: &str) -> Result<Intake, Vec<Mistake>> {
        let mut read = Read { mapping: self, body, mistakes: Vec::new(), unread: Map::new() };
        let content = read.content();
        let title: String = read.text("title", TITLE_CHARS_MAX).unwrap_or_default();
        let kind = read
            .word("kind")
            .and_then(|word| Kind::parse(&word))
            .or_else(|| self.default("kind").and_then(Kind::parse));
        let mut intake = Intake::new(
            read.text("externalId", 256).unwrap_or_else(|| id.to_owned()),
            kind.unwrap_or(Kind::Complaint),
            &title,
            &content,
        );
        intake.channel = self.default("channel").map(ToOwned::to_owned);
        let urgency = read.word("urgency").and_then(|word| Urgency::parse(&word));
        intake.urgency = urgency.or_else(|| self.default("urgency").and_then(Urgency::parse));
        intake.category = read.category();
        intake.occurred_at = read.time();
        intake.address = read.text("address", 500);
        intake.region = read.text("region", 64).or_else(|| self.default("region").map(ToOwned::to_owned));
        intake.location = read.location();
        intake.petitioner = Petitioner {
            name: read.text("petitioner.name", 100),
            phone: read.text("petitioner.phone", 40).filter(|phone| phone.len() >= 3),
            openid: read.text("petitioner.openid", 128),
            anonymous: read.at("petitioner.anonymous").and_then(Value::as_bool),
            confidential: read.at("petitioner.confidential").and_then(Value::as_bool),
        };
        for (name, pointer) in self.config["extra"].as_object().into_iter().flatten() {
            let value = pointer.as_str().and_then(|pointer| body.pointer(pointer));
            if let Some(value) = value.filter(|value| !value.is_null()) {
                intake.extra.insert(name.clone(), value.clone());
            }
        }
        if !read.unread.is_empty() {
            intake.extra.insert("unread".to_owned(), Value::Object(read.unread));
        }
        if read.mistakes.is_empty() { Ok(intake) } else { Err(read.mistakes) }
    }

    fn pointer(&self, field: &str) -> String {
        match self.config["map"][field].as_str() {
            Some(pointer) => pointer.to_owned(),
            None => format!("/{}", field.replace('.', "/")),
        }
    }

    fn default(&self, name: &str) -> Option<&'a str> {
        self.config[name].as_str()
    }
}

struct Read<'a> {
    mapping: &'a Mapping<'a>,
    body: &'a Value,
    mistakes: Vec<Mistake>,
    unread: Map<String, Value>,
}

impl<'a> Read<'a> {
    fn at(&self, field: &str) -> Option<&'a Value> {
        self.body.pointer(&self.mapping.pointer(field)).filter(|value| !value.is_null())
    }

    fn leave(&mut self, field: &str, value: &Value) {
        self.unread.insert(field.to_owned(), value.clone());
    }

    fn content(&mut self) -> String {
        let content = match self.at("content") {
            Some(Value::String(text)) => clean(text),
            _ => String::new(),
        };
        let (code, detail) = match content.chars().count() {
            0 => ("required", "the content is missing or is no text"),
            chars if chars > CONTENT_CHARS_MAX => ("too-long", "the content has more than 20000 characters"),
            _ => return content,
        };
        self.mistakes.push(Mistake { pointer: self.mapping.pointer("content"), code, detail });
        content
    }

    /// A text; a number counts as one, too long ones are cut and kept whole beside.
    fn text(&mut self, field: &str, chars_max: usize) -> Option<String> {
        let value = self.at(field)?;
        let text = match value {
            Value::String(text) => clean(text),
            Value::Number(number) => number.to_string(),
            Value::Bool(_) | Value::Array(_) | Value::Object(_) | Value::Null => {
                self.leave(field, value);
                return None;
            }
        };
        if text.len() > chars_max && text.chars().count() > chars_max {
            self.leave(field, value);
            return Some(text.chars().take(chars_max - 1).chain(['…']).collect());
        }
        (!text.is_empty()).then_some(text)
    }

    /// A word, in the platform's language or ours.
    fn word(&mut self, field: &str) -> Option<String> {
        let value = self.at(field)?;
        let word = value.as_str().map(str::trim).unwrap_or_default();
        let ours = self.mapping.config["words"][word].as_str().unwrap_or(word).to_owned();
        let known =
            if field == "kind" { Kind::parse(&ours).is_some() } else { Urgency::parse(&ours).is_some() };
        if !known {
            self.leave(field, value);
        }
        known.then_some(ours)
    }

    fn category(&mut self) -> Vec<String> {
        let given: Vec<String> = match self.at("category") {
            Some(Value::String(text)) => vec![clean(text)],
            Some(Value::Array(items)) => items.iter().filter_map(Value::as_str).map(clean).collect(),
            _ => Vec::new(),
        };
        let fitting = |part: &String| !part.is_empty() && part.chars().count() <= 200;
        let given: Vec<String> = given.into_iter().filter(fitting).take(8).collect();
        if !given.is_empty() {
            return given;
        }
        let default = self.mapping.config["category"].as_array().into_iter().flatten();
        default.filter_map(Value::as_str).map(ToOwned::to_owned).collect()
    }

    fn time(&mut self) -> Option<String> {
        let value = self.at("occurredAt")?;
        let offset = self.mapping.default("utcOffset").unwrap_or("+08:00");
        let time = value.as_str().and_then(|text| crate::time::complete(text, offset));
        if time.is_none() {
            self.leave("occurredAt", value);
        }
        time
    }

    fn location(&mut self) -> Option<Location> {
        let number = |value: &Value| value.as_f64().or_else(|| value.as_str()?.trim().parse().ok());
        let degrees =
            |field: &str, max: f64| self.at(field).and_then(number).filter(|n: &f64| n.abs() <= max);
        let (lat, lon) = (degrees("location.lat", 90.0)?, degrees("location.lon", 180.0)?);
        let given = self.at("location.crs").and_then(Value::as_str);
        let Some(crs) = CRS.into_iter().find(|crs| given == Some(crs)) else {
            // A point of an unknown datum may be half a kilometre off: kept, but not as a location.
            self.leave("location", &json!({"lat": lat, "lon": lon, "crs": given}));
            return None;
        };
        Some(Location { lat, lon, crs })
    }
}
