//! Which interface a message leaves by, and in which form.

use yiwang_sdk::prelude::*;
use yiwang_sdk::serde_json::{Value, json};
use yiwang_sdk::text;

use crate::{app, robot};

/// Sends a message: to members by the application, to the group by its robot.
pub(crate) fn send<H: Host>(
    host: &H,
    ctx: &CallContext,
    notification: &Notification,
) -> Result<Receipt, Failure> {
    let config = host.config();
    match notification.recipient.kind.as_str() {
        "user-id" => app::send(host, ctx, &config, notification, "touser"),
        "department" => app::send(host, ctx, &config, notification, "toparty"),
        "tag" => app::send(host, ctx, &config, notification, "totag"),
        "group" | "mobile" => robot::send(host, &config, notification),
        kind => Err(Failure::permanent(
            "wecom.recipient-kind",
            format!(
                "a recipient of kind `{kind}`; wecom knows `user-id`, `department`, `tag`, `group`, `mobile`"
            ),
        )),
    }
}

/// `msgtype` and the member named so; at most so many bytes, which both interfaces refuse or cut off.
pub(crate) fn content(
    config: &Value,
    notification: &Notification,
    text_max: usize,
    markdown_max: usize,
) -> Value {
    let subject = notification.subject.as_deref();
    let is_markdown = notification.body_type == "text/markdown";
    if !is_markdown && config["format"] != "markdown" {
        let words = harmless(&text::whole(subject, &notification.body));
        return json!({"msgtype": "text", "text": {"content": text::cut(&words, text_max)}});
    }
    let body = if is_markdown { notification.body.clone() } else { harmless(&notification.body) };
    let words = match subject {
        Some(subject) => format!("### {}\n{body}", harmless(&subject.replace('\n', " "))),
        None => body,
    };
    json!({"msgtype": "markdown", "markdown": {"content": text::cut(&words, markdown_max)}})
}

/// Words of people call nobody: `<@all>` in a text would.
fn harmless(words: &str) -> String {
    words.replace("<@", "＜@")
}
