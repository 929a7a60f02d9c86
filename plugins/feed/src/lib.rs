//! Boards and feeds: Atom 1.0, RSS 1.0 and 2.0, JSON Feed 1.1, and pages that have no feed, by CSS selectors.
//!
//! ```text
//! cursor ─► fetch ─► charset ─► document (xml | json | page) ─► entries ─► what is new ─► details ─► events
//!   ▲                                                                                        │
//!   └──────────────── validators, seen entries, the page of history that comes next ◄────────┘
//! ```
//! What comes from outside is text that somebody else wrote: sizes, depths and counts have limits, no entity is
//! expanded, nothing is fetched but the address of the configuration, its pages, and the entries' own pages.

mod charset;
mod config;
mod cursor;
mod detail;
mod document;
mod fetch;
mod intake;
mod json_feed;
mod link;
mod moment;
mod page;
mod round;
mod syndication;
mod tree;
mod words;

use yiwang_sdk::prelude::*;
use yiwang_sdk::serde_json::Value;

struct Feed;

impl Channel for Feed {
    fn validate_config(config: &Value) -> Vec<Problem> {
        config::problems(config)
    }

    fn poll<H: Host>(
        host: &H,
        ctx: &CallContext,
        cursor: Option<String>,
        max_events: u32,
    ) -> Result<Page, Failure> {
        let config = host.config();
        round::run(host, ctx, &config, cursor.as_deref(), max_events as usize)
    }
}

yiwang_sdk::export_channel!(Feed: poller);

#[cfg(test)]
mod tests;
