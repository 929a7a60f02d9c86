//! What any source comes to: entries, and where older ones are. It does not know what becomes of them.

use yiwang_sdk::Failure;
use yiwang_sdk::serde_json::{Map, Value};

use crate::config::{Config, Html};
use crate::{json_feed, page, syndication};

/// Entries of one document that are looked at; feeds begin with the newest.
pub(crate) const ENTRIES_MAX: usize = 200;

/// A feed, a page of it, or a page that is one.
#[derive(Debug, Default, PartialEq)]
pub(crate) struct Document {
    pub(crate) entries: Vec<Entry>,
    /// The page with older entries, whole.
    pub(crate) next: Option<String>,
    /// Entries that are no use, and were left out.
    pub(crate) unusable: usize,
}

/// One message.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Entry {
    /// As the source numbers it.
    pub(crate) id: Option<String>,
    /// Whole.
    pub(crate) link: Option<String>,
    pub(crate) title: String,
    /// Words, not HTML.
    pub(crate) content: String,
    /// As it is written there.
    pub(crate) published: Option<String>,
    pub(crate) author: Option<String>,
    pub(crate) categories: Vec<String>,
    /// Address and type.
    pub(crate) enclosures: Vec<(String, Option<String>)>,
    /// What else the configuration asks for.
    pub(crate) extra: Map<String, Value>,
}

impl Entry {
    /// Is there anything to open a case with?
    pub(crate) fn is_usable(&self) -> bool {
        !self.title.is_empty() || !self.content.is_empty()
    }
}

/// Reads a document that stands at `url`.
pub(crate) fn read(text: &str, url: &str, config: &Config) -> Result<Document, Failure> {
    let start = text.trim_start();
    let malformed = |why: String| Failure::retryable("feed.malformed", why);
    let mut document = match &config.html {
        Some(html) => from_page(text, url, html, config)?,
        None if start.starts_with('{') => json_feed::read(text, url, config).map_err(malformed)?,
        None if is_html(start) => return Err(no_feed(text, url)),
        None if start.starts_with('<') => syndication::read(text, url, config).map_err(malformed)?,
        None => return Err(malformed("neither XML nor JSON".to_owned())),
    };
    let all = document.entries.len();
    document.entries.retain(Entry::is_usable);
    document.unusable = all - document.entries.len();
    document.entries.truncate(ENTRIES_MAX);
    Ok(document)
}

fn from_page(text: &str, url: &str, html: &Html, config: &Config) -> Result<Document, Failure> {
    let wrong = |code: &str, why: String| Err(Failure::misconfigured(code, why));
    let found = match page::list(text, url, html, &config.extra) {
        Ok(found) => found,
        Err(why) => return Err(Failure::retryable("feed.malformed", why)),
    };
    if found.entries.is_empty() && !html.may_be_empty {
        let why = format!(
            "nothing on the page fits `html.item` ({}); the page has the title `{}`",
            html.item, found.title
        );
        return wrong("feed.no-items", why);
    }
    if !found.entries.is_empty() && !found.entries.iter().any(Entry::is_usable) {
        let why = format!("{} items, and `html.title` fits in none of them", found.entries.len());
        return wrong("feed.no-titles", why);
    }
    if !found.entries.is_empty()
        && found.entries.iter().all(|entry| entry.link.is_none() && entry.id.is_none())
    {
        let why =
            format!("{} items, and none has what `html.link` or `html.id` asks for", found.entries.len());
        return wrong("feed.no-links", why);
    }
    Ok(Document { entries: found.entries, next: found.next, unusable: 0 })
}

fn is_html(start: &str) -> bool {
    let head: String = start.chars().take(200).collect::<String>().to_ascii_lowercase();
    head.starts_with("<!doctype html") || head.starts_with("<html") || head.starts_with("<head")
}

/// A page where a feed should be: it may say where the feed is.
fn no_feed(text: &str, url: &str) -> Failure {
    let why = match page::feed_of(text, url) {
        Some(found) => format!("the address gives a page; its feed is at {found}"),
        None => {
            "the address gives a page: describe its list by `html`, or give the address of a feed".to_owned()
        }
    };
    Failure::misconfigured("feed.no-feed", why)
}
