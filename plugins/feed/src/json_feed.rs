//! JSON Feed 1.0 and 1.1.

use yiwang_sdk::json;
use yiwang_sdk::serde_json::Value;

use crate::config::Config;
use crate::document::{Document, ENTRIES_MAX, Entry};
use crate::{link, words};

/// Reads a feed that stands at `url`.
pub(crate) fn read(text: &str, url: &str, config: &Config) -> Result<Document, String> {
    let feed = json::parse(text.trim_start().as_bytes()).map_err(|why| format!("no JSON: {why}"))?;
    let version = feed["version"].as_str().unwrap_or_default();
    if !version.contains("jsonfeed.org/version/1") {
        return Err("the JSON is no JSON Feed: `version` says so".to_owned());
    }
    let items = feed["items"].as_array().ok_or("the JSON Feed has no `items`")?;
    Ok(Document {
        entries: items.iter().take(ENTRIES_MAX).map(|item| entry(item, url, config)).collect(),
        next: feed["next_url"].as_str().and_then(|next| link::resolve(url, next)),
        unusable: 0,
    })
}

fn entry(item: &Value, base: &str, config: &Config) -> Entry {
    let text = |name: &str| item[name].as_str().map(str::trim).filter(|text| !text.is_empty());
    let content = text("content_text").map(words::tidy);
    let content = content.or_else(|| text("content_html").or_else(|| text("summary")).map(words::of));
    // 1.0 has one author, 1.1 a list.
    let author = item["authors"][0]["name"].as_str().or_else(|| item["author"]["name"].as_str());
    let attachments = item["attachments"].as_array().into_iter().flatten();
    Entry {
        id: match &item["id"] {
            Value::String(id) => Some(id.trim().to_owned()).filter(|id| !id.is_empty()),
            Value::Number(id) => Some(id.to_string()),
            _ => None,
        },
        link: text("url").or_else(|| text("external_url")).and_then(|it| link::resolve(base, it)),
        title: text("title").map(words::line).unwrap_or_default(),
        content: content.unwrap_or_default(),
        published: text("date_published").or_else(|| text("date_modified")).map(ToOwned::to_owned),
        author: author.map(words::line).filter(|name| !name.is_empty()),
        categories: item["tags"]
            .as_array()
            .into_iter()
            .flatten()
            .filter_map(Value::as_str)
            .map(words::line)
            .filter(|tag| !tag.is_empty())
            .collect(),
        enclosures: attachments
            .filter_map(|it| {
                let url = link::resolve(base, it["url"].as_str()?)?;
                Some((url, it["mime_type"].as_str().map(ToOwned::to_owned)))
            })
            .collect(),
        extra: config
            .extra
            .iter()
            .filter_map(|(name, pointer)| Some((name.clone(), item.pointer(pointer)?.clone())))
            .filter(|(_, value)| !value.is_null())
            .collect(),
    }
}
