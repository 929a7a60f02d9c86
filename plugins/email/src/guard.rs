//! What is no report of a person: machines that answer machines (RFC 3834), bounces, lists, our own messages. Each
//! is set aside with the reason; nobody answers it, so no two machines can keep each other busy.

use mail_parser::{Message, MimeHeaders as _};
use yiwang_sdk::serde_json::Value;

use crate::authentication::Authentication;
use crate::settings;

/// Why a message is set aside: a word of the schema, and by what it was seen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Aside {
    pub(crate) reason: &'static str,
    pub(crate) detail: String,
}

impl Aside {
    pub(crate) fn new(reason: &'static str, detail: impl Into<String>) -> Self {
        Self { reason, detail: detail.into() }
    }
}

/// Looks at the head of a message; `from` is its sender's address.
pub(crate) fn aside(
    config: &Value,
    message: &Message<'_>,
    from: &str,
    authentication: &Authentication,
) -> Option<Aside> {
    if settings::is_own(config, from) {
        return Some(Aside::new("own", "it comes from an address of ours"));
    }
    if let Some(detail) = bounce(message, from) {
        return Some(Aside::new("bounce", detail));
    }
    if let Some(word) = value(message, "Auto-Submitted").filter(|word| !word.starts_with("no")) {
        return Some(Aside::new("auto-reply", format!("Auto-Submitted: {word}")));
    }
    for name in ["X-Autoreply", "X-Autorespond", "X-Autoresponder", "X-AutoReply-From"] {
        if value(message, name).is_some() {
            return Some(Aside::new("auto-reply", name));
        }
    }
    if let Some(word) = value(message, "Precedence") {
        match word.as_str() {
            "bulk" | "junk" => return Some(Aside::new("bulk", format!("Precedence: {word}"))),
            "list" => return Some(Aside::new("list", "Precedence: list")),
            "auto_reply" => return Some(Aside::new("auto-reply", "Precedence: auto_reply")),
            _ => {}
        }
    }
    for name in ["List-Id", "List-Post", "List-Unsubscribe", "List-Help"] {
        if value(message, name).is_some() {
            return Some(Aside::new("list", name));
        }
    }
    if from.is_empty() {
        return Some(Aside::new("no-sender", "it has no sender that could be answered"));
    }
    let forged = authentication.forged().filter(|_| config["unauthenticated"] == "set-aside");
    forged.map(|detail| Aside::new("unauthenticated", detail))
}

fn bounce(message: &Message<'_>, from: &str) -> Option<&'static str> {
    let kind = message.content_type();
    let is_report = kind.is_some_and(|kind| {
        kind.ctype().eq_ignore_ascii_case("multipart")
            && kind.subtype().is_some_and(|subtype| subtype.eq_ignore_ascii_case("report"))
            && kind.attribute("report-type").is_none_or(|kind| kind.eq_ignore_ascii_case("delivery-status"))
    });
    if is_report {
        return Some("a delivery report");
    }
    if value(message, "Return-Path").is_some_and(|path| path == "<>") {
        return Some("Return-Path: <>");
    }
    let local = from.split('@').next().unwrap_or_default();
    local.eq_ignore_ascii_case("mailer-daemon").then_some("from mailer-daemon")
}

/// The first word of a header, in lower case.
fn value(message: &Message<'_>, name: &str) -> Option<String> {
    let found = message.headers_raw().find(|(found, _)| found.eq_ignore_ascii_case(name))?.1;
    let word = found.trim().split([';', ' ', '\t', '\r', '\n']).next().unwrap_or_default();
    Some(
        word.chars().filter(|char| char.is_ascii_graphic()).take(60).collect::<String>().to_ascii_lowercase(),
    )
}
