//! An entry's own page: lists have titles, the words are one click away.

use yiwang_sdk::prelude::*;
use yiwang_sdk::serde_json::Value;

use crate::config::Config;
use crate::document::Entry;
use crate::fetch::{self, Fetched};
use crate::page;

/// Pages of one call: the host lets sixteen requests out, and the first is for the list.
pub(crate) const PAGES_MAX: usize = 12;

/// Tries after which an entry is taken without its page: the others wait behind it.
const TRIES_MAX: u32 = 5;

/// Adds what the page has. A page that is gone, that may not be asked for, or that fails again and again leaves the
/// entry as it is, with a note.
pub(crate) fn add<H: Host>(
    host: &H,
    config: &Config,
    entry: &mut Entry,
    attempt: u32,
) -> Result<(), Failure> {
    let Some(url) = entry.link.clone() else { return Ok(()) };
    let text = match fetch::get(host, config, &url, None) {
        Ok(Fetched::Text { text, .. }) => text,
        Ok(Fetched::Unchanged) => return Ok(()),
        Err(failure) if failure.kind != FailureKind::Retryable || attempt >= TRIES_MAX => {
            host.warn(&format!("an entry is taken without its page: {}", failure.code));
            entry.extra.insert("detail".to_owned(), Value::String(failure.code));
            return Ok(());
        }
        Err(failure) => return Err(failure),
    };
    let found = match page::one(&text, &url, &config.detail) {
        Ok(found) => found,
        Err(why) => {
            host.warn(&format!("an entry's page cannot be read: {why}"));
            entry.extra.insert("detail".to_owned(), Value::String("feed.malformed".to_owned()));
            return Ok(());
        }
    };
    let asked = |name: &str| config.detail.iter().any(|(field, _)| field == name);
    if asked("content") && found.content.is_empty() {
        // Not the entry's fault, most likely: all pages of a site are made alike.
        host.warn("`detail.content` fits nothing on an entry's page");
        entry.extra.insert("detail".to_owned(), Value::String("feed.no-content".to_owned()));
    }
    let over = |own: &mut String, theirs: String| {
        if !theirs.is_empty() {
            *own = theirs;
        }
    };
    over(&mut entry.title, found.title);
    over(&mut entry.content, found.content);
    entry.id = found.id.or(entry.id.take());
    entry.published = found.published.or(entry.published.take());
    entry.author = found.author.or(entry.author.take());
    if !found.categories.is_empty() {
        entry.categories = found.categories;
    }
    entry.enclosures.extend(found.enclosures);
    Ok(())
}
