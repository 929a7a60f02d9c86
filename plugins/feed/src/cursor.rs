//! How far a feed was read: what the server may be asked by, which entries were handed over, and the page of history
//! that comes next. At most 4 KiB, whatever the feed holds.

use serde::{Deserialize, Serialize};
use yiwang_sdk::{codec, serde_json};

use crate::document::ENTRIES_MAX;

/// What the host keeps.
const BYTES_MAX: usize = 4096;
/// Entries that are known again: those of the newest page, and those of a page of history beside it.
const SEEN_MAX: usize = 2 * ENTRIES_MAX;
/// Characters of an entry's mark: 48 bits.
const MARK: usize = 8;
/// A longer validator is not kept: the whole feed comes each time then.
const VALIDATOR_BYTES_MAX: usize = 150;
/// A longer address of a page of history is not followed.
const PAGE_BYTES_MAX: usize = 500;

/// How far it is.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Cursor {
    /// Of which address: another one is another feed.
    of: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) etag: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) modified: Option<String>,
    /// Marks, one after the other.
    seen: String,
    /// A page of history, and how many more may follow.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) walk: Option<(String, u32)>,
    /// The page that is being read had nothing that was known when it was begun.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) all_new: Option<bool>,
}

/// The mark of an entry's id.
pub(crate) fn mark(id: &str) -> String {
    codec::base64_encode(&codec::sha256(id.as_bytes())[..MARK / 4 * 3])
}

impl Cursor {
    /// Reads one; one of another address, or of a broken store, is none.
    pub(crate) fn read(text: Option<&str>, url: &str) -> Self {
        let of = mark(url);
        let read: Option<Self> = text.and_then(|text| serde_json::from_str(text).ok());
        let whole = |seen: &str| seen.is_ascii() && seen.len().is_multiple_of(MARK);
        read.filter(|cursor| cursor.of == of && whole(&cursor.seen)).unwrap_or(Self { of, ..Self::default() })
    }

    /// For the host. What does not fit is left out, the cheapest to lose first.
    pub(crate) fn text(mut self) -> String {
        let long = |it: &Option<String>, max: usize| it.as_ref().is_some_and(|it| it.len() > max);
        if long(&self.etag, VALIDATOR_BYTES_MAX) {
            self.etag = None;
        }
        if long(&self.modified, VALIDATOR_BYTES_MAX) {
            self.modified = None;
        }
        loop {
            let text = serde_json::to_string(&self).expect("strings and numbers");
            if text.len() <= BYTES_MAX {
                return text;
            }
            // Quotes in a validator count twice.
            if self.walk.take().is_none() && self.etag.take().is_none() && self.modified.take().is_none() {
                self.seen.drain(..self.seen.len().min(MARK));
            }
        }
    }

    pub(crate) fn knows(&self, mark: &str) -> bool {
        self.seen.as_bytes().chunks(MARK).any(|known| known == mark.as_bytes())
    }

    /// Goes on to a page of history, if its address may be kept.
    pub(crate) fn walk_to(&mut self, page: Option<String>, left: u32) {
        self.walk = page.filter(|page| left > 0 && page.len() <= PAGE_BYTES_MAX).map(|page| (page, left));
    }

    /// Those that were handed over, after those that are known already; the longest known go first.
    pub(crate) fn add(&mut self, marks: &[String]) {
        for mark in marks.iter().filter(|mark| mark.len() == MARK) {
            self.seen.push_str(mark);
        }
        let over = self.seen.len().saturating_sub(SEEN_MAX * MARK);
        self.seen.drain(..over);
    }

    /// Only those that are in this document are known from now on, in its order.
    pub(crate) fn keep(&mut self, marks: &[String]) {
        let kept: String = marks.iter().filter(|mark| self.knows(mark)).map(String::as_str).collect();
        self.seen = kept;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_always_fits() {
        let mut cursor = Cursor::read(None, "https://example.cn/");
        let marks: Vec<String> = (0..1_000).map(|n: u32| mark(&n.to_string())).collect();
        cursor.add(&marks);
        cursor.etag = Some("\"".repeat(150));
        cursor.modified = Some("x".repeat(10_000));
        cursor.walk_to(Some(format!("https://example.cn/{}", "\"".repeat(400))), 3);
        assert!(cursor.walk.is_some() && cursor.knows(&marks[999]) && !cursor.knows(&marks[0]));
        let text = cursor.text();
        assert!(text.len() <= BYTES_MAX, "{}", text.len());
        let read = Cursor::read(Some(&text), "https://example.cn/");
        assert!(read.knows(&marks[999]) && read.knows(&marks[700]));
    }

    #[test]
    fn another_address_begins_anew() {
        let mut cursor = Cursor::read(None, "https://a.example.cn/");
        cursor.add(&[mark("1")]);
        let text = cursor.text();
        assert!(Cursor::read(Some(&text), "https://a.example.cn/").knows(&mark("1")));
        for (text, url) in [(text.as_str(), "https://b.example.cn/"), ("{", "x"), ("", "x"), ("null", "x")] {
            assert!(!Cursor::read(Some(text), url).knows(&mark("1")), "{text}");
        }
    }
}
