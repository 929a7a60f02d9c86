//! From an entry to an intake: the district's words and defaults over what the source says.

use yiwang_sdk::codec;
use yiwang_sdk::intake::{Attachment, CONTENT_CHARS_MAX, Intake, Kind, TITLE_CHARS_MAX, Urgency};
use yiwang_sdk::prelude::*;
use yiwang_sdk::serde_json::{Value, json};

use crate::config::Config;
use crate::document::Entry;
use crate::moment;

/// Files of one entry that are named.
const ENCLOSURES_MAX: usize = 20;
/// An id of the source that is longer is replaced by its digest.
const ID_BYTES_MAX: usize = 256;

/// By what the entry is known again: its own number, its address, or what it says.
pub(crate) fn id_of(entry: &Entry) -> String {
    match entry.id.as_ref().or(entry.link.as_ref()) {
        Some(id)
            if id.len() <= ID_BYTES_MAX && yiwang_sdk::intake::clean(id) == *id && !id.contains('\n') =>
        {
            id.clone()
        }
        Some(id) => format!("sha256:{}", codec::sha256_hex(id.as_bytes())),
        None => {
            let published = entry.published.as_deref().unwrap_or_default();
            let said = [entry.title.as_str(), published, entry.content.as_str()].join("\u{1f}");
            format!("sha256:{}", codec::sha256_hex(said.as_bytes()))
        }
    }
}

/// When it was written, if that can be read.
pub(crate) fn published(entry: &Entry, config: &Config, now_ms: u64) -> Option<String> {
    moment::read(entry.published.as_deref()?, &config.offset, now_ms)
}

/// The event.
pub(crate) fn event(entry: Entry, config: &Config, now_ms: u64) -> Event {
    let all = &config.all;
    let default = |name: &str| all[name].as_str();
    let id = id_of(&entry);
    let occurred_at = published(&entry, config, now_ms);
    let Entry { link, title, content, published, author, categories, enclosures, mut extra, .. } = entry;
    let (mut kind, mut urgency, mut topics) = (None, None, Vec::new());
    for word in categories {
        let ours = all["words"][&word].as_str().unwrap_or(&word);
        match (Kind::parse(ours), Urgency::parse(ours)) {
            (Some(found), _) => kind = kind.or(Some(found)),
            (None, Some(found)) => urgency = urgency.or(Some(found)),
            (None, None) => topics.push(cut(&word, 200)),
        }
    }
    topics.truncate(8);
    if topics.is_empty() || all["topics"] == json!(false) {
        let own = all["category"].as_array().into_iter().flatten();
        topics = own.filter_map(Value::as_str).map(ToOwned::to_owned).collect();
    }
    let content = if content.is_empty() { title.clone() } else { content };
    if content.chars().count() > CONTENT_CHARS_MAX {
        extra.insert("cut".to_owned(), json!(true));
    }
    let kind = kind.or_else(|| default("kind").and_then(Kind::parse)).unwrap_or(Kind::Complaint);
    let mut intake =
        Intake::new(id.clone(), kind, &cut(&title, TITLE_CHARS_MAX), &cut(&content, CONTENT_CHARS_MAX));
    intake.channel = default("channel").map(ToOwned::to_owned);
    intake.category = topics;
    intake.region = default("region").map(ToOwned::to_owned);
    intake.urgency = urgency.or_else(|| default("urgency").and_then(Urgency::parse));
    if let (None, Some(text)) = (&occurred_at, published) {
        extra.insert("unread".to_owned(), json!({"occurredAt": cut(&text, 200)}));
    }
    intake.occurred_at = occurred_at;
    if let Some(author) = author.map(|name| cut(&name, 100)).filter(|name| !name.is_empty()) {
        match default("author").unwrap_or("petitioner") {
            "petitioner" => intake.petitioner.name = Some(author),
            "extra" => {
                extra.entry("author").or_insert(json!(author));
            }
            _ => {}
        }
    }
    let files = enclosures.into_iter().take(ENCLOSURES_MAX);
    intake.attachments = files.map(|(url, media_type)| attachment(url, media_type)).collect();
    if let Some(board) = default("board") {
        extra.insert("board".to_owned(), json!(board));
    }
    if let Some(link) = link {
        extra.entry("url").or_insert(json!(link));
    }
    intake.extra = extra;
    intake.into_event(id, Vec::new())
}

fn attachment(url: String, media_type: Option<String>) -> Attachment {
    let short = url.len() <= 512;
    Attachment::AtProvider {
        provider: "feed".to_owned(),
        reference: if short { url.clone() } else { format!("sha256:{}", codec::sha256_hex(url.as_bytes())) },
        url: Some(url),
        media_type: media_type.map(|kind| cut(&kind, 200)),
    }
}

fn cut(text: &str, chars_max: usize) -> String {
    if text.chars().count() <= chars_max {
        return text.to_owned();
    }
    text.chars().take(chars_max - 1).chain(['…']).collect()
}
