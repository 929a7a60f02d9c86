//! The channel's configuration. Its schema is `config.schema.json`; the host has checked it against that
//! and has filled in the defaults.

use yiwang_sdk::intake::{Kind, Urgency};
use yiwang_sdk::prelude::*;
use yiwang_sdk::serde_json::Value;

pub(crate) struct Config {
    pub(crate) channel: String,
    pub(crate) title: String,
    pub(crate) intro: Option<String>,
    pub(crate) page: bool,
    pub(crate) feedback: bool,
    pub(crate) kind: Kind,
    pub(crate) urgency: Option<Urgency>,
    pub(crate) category: Vec<String>,
    pub(crate) categories: Vec<String>,
    pub(crate) region: Option<String>,
    pub(crate) required: Vec<String>,
    pub(crate) extra: Vec<Extra>,
    pub(crate) photos_max: usize,
    pub(crate) photo_types: Vec<String>,
    pub(crate) dedupe_window_ms: u64,
    pub(crate) utc_offset: String,
}

pub(crate) struct Extra {
    pub(crate) name: String,
    pub(crate) label: String,
    pub(crate) shape: Shape,
    pub(crate) required: bool,
    pub(crate) options: Vec<String>,
    pub(crate) max_chars: usize,
}

#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Shape {
    Text,
    Textarea,
    Number,
    Date,
    Select,
    Checkbox,
}

impl Config {
    pub(crate) fn read(json: &Value, ctx: &CallContext) -> Result<Self, Failure> {
        let title_of_channel =
            ctx.attributes.iter().find(|(name, _)| name == "channel-title").map(|(_, title)| title.clone());
        let text = |name: &str| json[name].as_str().map(ToOwned::to_owned);
        Ok(Self {
            channel: text("channel")
                .ok_or_else(|| Failure::misconfigured("web-form.config", "`channel` is missing"))?,
            title: text("title").or(title_of_channel).unwrap_or_else(|| "网上填报".to_owned()),
            intro: text("intro"),
            page: json["page"].as_bool().unwrap_or(true),
            feedback: json["feedback"].as_bool().unwrap_or(true),
            kind: json["kind"].as_str().and_then(Kind::parse).unwrap_or(Kind::Complaint),
            urgency: json["urgency"].as_str().and_then(Urgency::parse),
            category: strings(&json["category"]),
            categories: strings(&json["categories"]),
            region: text("region"),
            required: strings(&json["required"]),
            extra: json["extraFields"].as_array().into_iter().flatten().map(Extra::read).collect(),
            photos_max: json["photosMax"].as_u64().and_then(|max| max.try_into().ok()).unwrap_or(9),
            photo_types: strings(&json["photoTypes"]),
            dedupe_window_ms: json["dedupeWindowMinutes"].as_u64().unwrap_or(10) * 60_000,
            utc_offset: text("utcOffset").unwrap_or_else(|| "+08:00".to_owned()),
        })
    }

    pub(crate) fn requires(&self, field: &str) -> bool {
        field == "content" || self.required.iter().any(|name| name == field)
    }
}

impl Extra {
    fn read(json: &Value) -> Self {
        Self {
            name: json["name"].as_str().unwrap_or_default().to_owned(),
            label: json["label"].as_str().unwrap_or_default().to_owned(),
            shape: match json["type"].as_str() {
                Some("textarea") => Shape::Textarea,
                Some("number") => Shape::Number,
                Some("date") => Shape::Date,
                Some("select") => Shape::Select,
                Some("checkbox") => Shape::Checkbox,
                _ => Shape::Text,
            },
            required: json["required"].as_bool().unwrap_or(false),
            options: strings(&json["options"]),
            max_chars: json["maxLength"].as_u64().and_then(|max| max.try_into().ok()).unwrap_or(500),
        }
    }
}

/// What a schema cannot say.
pub(crate) fn problems(json: &Value) -> Vec<Problem> {
    let mut problems = Vec::new();
    let fields = json["extraFields"].as_array().map_or(&[][..], Vec::as_slice);
    for (at, field) in fields.iter().enumerate() {
        let select = field["type"] == "select";
        if select && field["options"].as_array().is_none_or(Vec::is_empty) {
            problems.push(Problem::at(format!("/extraFields/{at}/options"), "a select needs options"));
        }
        if fields[..at].iter().any(|other| other["name"] == field["name"]) {
            problems.push(Problem::at(format!("/extraFields/{at}/name"), "this name is there twice"));
        }
    }
    let photos_required =
        json["required"].as_array().is_some_and(|list| list.iter().any(|name| name == "photos"));
    if photos_required && json["photosMax"] == 0 {
        problems.push(Problem::at("/photosMax", "photos are required, but none may be sent"));
    }
    problems
}

fn strings(json: &Value) -> Vec<String> {
    json.as_array().into_iter().flatten().filter_map(Value::as_str).map(ToOwned::to_owned).collect()
}
