//! A message's form: plain text, or a card with the subject as its headline.

use yiwang_sdk::prelude::*;
use yiwang_sdk::serde_json::{Value, json};
use yiwang_sdk::text;

/// Longest text; the robot takes 20 KB of request, and each line end has two bytes there.
const TEXT_BYTES_MAX: usize = 15_000;

/// `msg_type` and what belongs to it.
pub(crate) fn content(config: &Value, notification: &Notification) -> (&'static str, Value) {
    let subject = notification.subject.as_deref();
    let is_markdown = notification.body_type == "text/markdown";
    if !is_markdown && config["format"] != "interactive" {
        let words = harmless(&text::whole(subject, &notification.body));
        return ("text", json!({"text": text::cut(&words, TEXT_BYTES_MAX)}));
    }
    let body = text::cut(&notification.body, TEXT_BYTES_MAX);
    let element = if is_markdown {
        json!({"tag": "markdown", "content": body})
    } else {
        // What people wrote is no markup.
        json!({"tag": "div", "text": {"tag": "plain_text", "content": body}})
    };
    let mut card = json!({"config": {"wide_screen_mode": true}, "elements": [element]});
    if let Some(subject) = subject {
        let colour = config["cardColour"].as_str().unwrap_or("blue");
        let title = json!({"tag": "plain_text", "content": text::cut(subject, 300)});
        card["header"] = json!({"title": title, "template": colour});
    }
    ("interactive", card)
}

/// Words of people call nobody: `<at user_id="all">` in a text would.
fn harmless(words: &str) -> String {
    words.replace("<at", "＜at")
}
