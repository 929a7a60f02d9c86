//! One question: one document, what is new in it, and where to go on.
//!
//! ```text
//! newest page ──► events ──► more of them than fit: the same page again, without validators
//!      │
//!      └─ nothing of it was known, and it says where older entries are ──► that page ──► … at most `pages`
//! ```
//! Nothing is lost where the page changes between two calls: an entry is known by its mark, not by its place. What is
//! handed over twice for that reason the host knows by its id.

use yiwang_sdk::prelude::*;

use crate::config::Config;
use crate::cursor::{self, Cursor};
use crate::document::{self, Document, Entry};
use crate::fetch::{self, Fetched};
use crate::{detail, intake};
use yiwang_sdk::serde_json::Value;

/// Left of the call's time when no further page is begun.
const TIME_LEFT_MS: u64 = 11_000;

/// Answers the question.
pub(crate) fn run<H: Host>(
    host: &H,
    ctx: &CallContext,
    config: &Value,
    cursor: Option<&str>,
    events_max: usize,
) -> Result<Page, Failure> {
    let config = &Config::read(config);
    let mut cursor = Cursor::read(cursor, &config.url);
    let walk = cursor.walk.clone();
    let url = walk.as_ref().map_or(config.url.as_str(), |(url, _)| url.as_str());
    let fetched = match fetch::get(host, config, url, walk.is_none().then_some(&cursor)) {
        // History that is gone is no reason not to read on.
        Err(failure) if walk.is_some() && !matches!(failure.kind, FailureKind::Retryable) => {
            host.warn(&format!("a page with older entries was left out: {}", failure.code));
            cursor.walk = None;
            cursor.all_new = None;
            return Ok(page(cursor, Vec::new(), false, config));
        }
        fetched => fetched?,
    };
    let Fetched::Text { text, etag, modified } = fetched else {
        return Ok(page(cursor, Vec::new(), false, config));
    };
    let document = document::read(&text, url, config)?;
    drop(text);
    if document.unusable > 0 {
        host.warn(&format!("{} entries have neither title nor content", document.unusable));
    }
    let Document { entries, next, .. } = document;
    let marked: Vec<(String, Entry)> =
        entries.into_iter().map(|entry| (cursor::mark(&intake::id_of(&entry)), entry)).collect();
    let marks: Vec<String> = marked.iter().map(|(mark, _)| mark.clone()).collect();
    let (mut known, mut fresh) = (0, Vec::new());
    for (mark, entry) in marked {
        if cursor.knows(&mark) || is_older(&entry, config, ctx.now_ms) {
            known += 1;
        } else if fresh.iter().all(|(other, _)| *other != mark) {
            fresh.push((mark, entry));
        }
    }
    let all_new = *cursor.all_new.get_or_insert(known == 0);
    // Feeds begin with the newest; cases are opened in the order in which people wrote.
    fresh.reverse();
    let taken = take(host, ctx, config, fresh, events_max)?;
    // On the way back nothing is forgotten: what was known before says where to stop.
    if walk.is_none() && !(all_new && next.is_some()) {
        cursor.keep(&marks);
    }
    cursor.add(&taken.marks);
    if taken.left > 0 {
        // The same page again; without validators, or it would be "unchanged".
        cursor.etag = if walk.is_some() { cursor.etag } else { None };
        cursor.modified = if walk.is_some() { cursor.modified } else { None };
        return Ok(page(cursor, taken.events, !taken.interrupted, config));
    }
    cursor.all_new = None;
    let left = match &walk {
        None => {
            (cursor.etag, cursor.modified) = (etag, modified);
            config.pages.saturating_sub(1)
        }
        Some((_, left)) => left - 1,
    };
    // On to older entries only while nothing is known: everything further back was read before.
    cursor.walk_to(next.filter(|next| all_new && next != url), left);
    let more = cursor.walk.is_some();
    Ok(page(cursor, taken.events, more, config))
}

/// Entries that became events.
#[derive(Default)]
struct Taken {
    events: Vec<Event>,
    marks: Vec<String>,
    /// Entries that wait for the next call.
    left: usize,
    /// The source wants a pause before it.
    interrupted: bool,
}

fn take<H: Host>(
    host: &H,
    ctx: &CallContext,
    config: &Config,
    fresh: Vec<(String, Entry)>,
    events_max: usize,
) -> Result<Taken, Failure> {
    let with_detail = !config.detail.is_empty();
    let most = if with_detail { events_max.min(detail::PAGES_MAX) } else { events_max };
    let mut taken = Taken { left: fresh.len(), ..Taken::default() };
    // How often this very page was asked for: it counts for the first entry only.
    let mut attempt = ctx.attempt;
    for (mark, mut entry) in fresh.into_iter().take(most) {
        if with_detail {
            if !taken.events.is_empty() && host.now_ms() + TIME_LEFT_MS > ctx.deadline_ms {
                break;
            }
            match detail::add(host, config, &mut entry, attempt) {
                Ok(()) => {}
                // What was read is kept; the rest is asked for at the next time.
                Err(failure) if !taken.events.is_empty() => {
                    host.warn(&format!("an entry's page was not read: {}", failure.code));
                    taken.interrupted = true;
                    break;
                }
                Err(failure) => return Err(failure),
            }
        }
        attempt = 1;
        taken.events.push(intake::event(entry, config, ctx.now_ms));
        taken.marks.push(mark);
        taken.left -= 1;
    }
    Ok(taken)
}

fn is_older(entry: &Entry, config: &Config, now_ms: u64) -> bool {
    let Some(since) = config.since else { return false };
    let published = intake::published(entry, config, now_ms);
    published.and_then(|text| yiwang_sdk::time::parse_rfc3339(&text)).is_some_and(|ms| ms < since)
}

fn page(cursor: Cursor, events: Vec<Event>, more: bool, config: &Config) -> Page {
    let next_after_ms = (!more).then_some(config.pause_ms);
    Page { events, updates: Vec::new(), cursor: Some(cursor.text()), more, next_after_ms }
}
