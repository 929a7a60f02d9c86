//! The configuration, read once; what the schema cannot say is checked here.

use std::collections::BTreeMap;

use lol_html::Selector;
use yiwang_sdk::prelude::*;
use yiwang_sdk::serde_json::Value;
use yiwang_sdk::time;

/// Fields that a selector may stand for, in lists and on pages.
const FIELDS: [&str; 8] = ["id", "link", "title", "content", "date", "author", "category", "enclosures"];

/// The configuration.
#[derive(Clone, Debug)]
pub(crate) struct Config {
    /// Of the feed or the page.
    pub(crate) url: String,
    /// A page instead of a feed.
    pub(crate) html: Option<Html>,
    /// Selectors on each entry's own page.
    pub(crate) detail: Vec<(String, Place)>,
    /// Pages that are read for what was missed, the first one included.
    pub(crate) pages: u32,
    /// Milliseconds since 1970: older entries open no case.
    pub(crate) since: Option<i64>,
    /// Of times that come without one.
    pub(crate) offset: String,
    /// Header lines of each request.
    pub(crate) headers: Vec<(String, String)>,
    /// Name under `extra` and where it stands.
    pub(crate) extra: BTreeMap<String, String>,
    /// The least time between two questions.
    pub(crate) pause_ms: u64,
    /// The whole of it, for what is only handed on.
    pub(crate) all: Value,
}

/// A list on a page.
#[derive(Clone, Debug)]
pub(crate) struct Html {
    pub(crate) item: String,
    pub(crate) fields: Vec<(String, Place)>,
    pub(crate) next: Option<Place>,
    pub(crate) may_be_empty: bool,
}

/// `a.title` for the text, `a.title@href` for an attribute, `@data-id` for one of the item itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Place {
    pub(crate) selector: String,
    pub(crate) attribute: Option<String>,
}

impl Place {
    pub(crate) fn read(text: &str) -> Self {
        let name =
            |it: &str| !it.is_empty() && it.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_:".contains(&b));
        match text.rsplit_once('@') {
            Some((selector, attribute)) if name(attribute) => {
                Self { selector: selector.trim().to_owned(), attribute: Some(attribute.to_ascii_lowercase()) }
            }
            _ => Self { selector: text.trim().to_owned(), attribute: None },
        }
    }

    /// Links and files are in attributes, if nothing else is said.
    fn of_field(name: &str, text: &str) -> Self {
        let place = Self::read(text);
        let usual = if matches!(name, "link" | "enclosures") { Some("href".to_owned()) } else { None };
        Self { attribute: place.attribute.or(usual), ..place }
    }
}

impl Config {
    /// Reads it; the schema has been checked.
    pub(crate) fn read(config: &Value) -> Self {
        let html = &config["html"];
        Self {
            url: config["url"].as_str().unwrap_or_default().to_owned(),
            html: html["item"].as_str().map(|item| Html {
                item: item.to_owned(),
                fields: places(html),
                next: html["next"].as_str().map(Place::read),
                may_be_empty: html["mayBeEmpty"].as_bool().unwrap_or(false),
            }),
            detail: places(&config["detail"]),
            pages: config["pages"].as_u64().and_then(|n| u32::try_from(n).ok()).unwrap_or(3),
            since: config["since"].as_str().and_then(time::parse_rfc3339),
            offset: config["utcOffset"].as_str().unwrap_or("+08:00").to_owned(),
            headers: strings(&config["headers"]).collect(),
            extra: strings(&config["extra"]).collect(),
            pause_ms: config["pauseSeconds"].as_u64().unwrap_or(300).saturating_mul(1000),
            all: config.clone(),
        }
    }
}

fn strings(object: &Value) -> impl Iterator<Item = (String, String)> {
    let members = object.as_object().into_iter().flatten();
    members.filter_map(|(name, value)| Some((name.clone(), value.as_str()?.to_owned())))
}

fn places(object: &Value) -> Vec<(String, Place)> {
    let named = FIELDS.iter().filter_map(|name| Some((*name, object[*name].as_str()?)));
    named.map(|(name, text)| (name.to_owned(), Place::of_field(name, text))).collect()
}

/// Mistakes beyond the schema.
pub(crate) fn problems(config: &Value) -> Vec<Problem> {
    let mut found = Vec::new();
    let mut selector = |pointer: String, place: &Place, may_be_own: bool| {
        if place.selector.is_empty() {
            if place.attribute.is_none() || !may_be_own {
                found.push(Problem::at(pointer, "it has no selector"));
            }
        } else if let Err(error) = place.selector.parse::<Selector>() {
            found.push(Problem::at(pointer, format!("`{}` is no selector: {error}", place.selector)));
        }
    };
    let read = Config::read(config);
    if let Some(html) = &read.html {
        selector("/html/item".to_owned(), &Place { selector: html.item.clone(), attribute: None }, false);
        for (name, place) in &html.fields {
            selector(format!("/html/{name}"), place, true);
        }
        if let Some(place) = &html.next {
            selector("/html/next".to_owned(), place, false);
        }
        for (name, place) in &read.extra {
            selector(format!("/extra/{name}"), &Place::read(place), true);
        }
    }
    for (name, place) in &read.detail {
        selector(format!("/detail/{name}"), place, false);
    }
    if config["html"].is_object() && config["html"]["link"].is_null() && config["html"]["id"].is_null() {
        found.push(Problem::at("/html", "it has neither `link` nor `id`: an entry could not be known again"));
    }
    if config["detail"].is_object() && read.detail.is_empty() {
        found.push(Problem::at("/detail", "it has no selector"));
    }
    if config["since"].is_string() && read.since.is_none() {
        found.push(Problem::at("/since", "no time: write 2024-06-01T00:00:00+08:00"));
    }
    if time::parse_rfc3339(&format!("2024-01-01T00:00:00{}", read.offset)).is_none() {
        found.push(Problem::at("/utcOffset", "no offset: write +08:00"));
    }
    found
}
