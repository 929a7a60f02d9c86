//! What a delivery report says (RFC 3464): who was not reached, why, and which of our messages it was.

use mail_parser::MessageParser;
use yiwang_sdk::prelude::*;
use yiwang_sdk::serde_json::{Map, Value};
use yiwang_sdk::time;

use crate::letter::{self, Letter};

/// Reads `message/delivery-status` and the head of the message that came back.
pub(crate) fn read(status: &str, original: &str) -> Map<String, Value> {
    let mut told = Map::new();
    let mut put = |name: &str, text: Option<String>, max: usize| {
        let text = text.map(|text| yiwang_sdk::intake::clean(&text).chars().take(max).collect::<String>());
        if let Some(text) = text.filter(|text| !text.is_empty()) {
            told.insert(name.to_owned(), text.into());
        }
    };
    // `rfc822; user@example.cn`
    let typed = |name: &str| {
        let value = field(status, name)?;
        Some(value.split_once(';').map_or(value.as_str(), |(_, rest)| rest).trim().to_owned())
    };
    put("recipient", typed("Original-Recipient").or_else(|| typed("Final-Recipient")), 254);
    put("action", field(status, "Action"), 40);
    put("status", field(status, "Status"), 20);
    put("diagnostic", typed("Diagnostic-Code"), 500);
    let head = MessageParser::default().parse_headers(original);
    let id = head.as_ref().and_then(|head| head.message_id());
    put("messageId", id.map(ToOwned::to_owned), 256);
    told
}

/// What became of one of our messages, for the record of it; none where the report does not say of which.
pub(crate) fn update(letter: &Letter, received_ms: Option<u64>) -> Option<DeliveryUpdate> {
    letter.aside.as_ref().filter(|aside| aside.reason == "bounce")?;
    let told = read(&letter.status, &letter.original);
    let text = |name: &str| told.get(name).and_then(Value::as_str).unwrap_or_default();
    let id = letter::id(text("messageId"))?;
    let mut update = match text("action").to_ascii_lowercase().as_str() {
        "failed" => {
            let digits = text("status").chars().filter(|char| char.is_ascii_digit() || *char == '.');
            let status: String = digits.take(20).collect();
            let code = if status.is_empty() { "smtp.failed".to_owned() } else { format!("smtp.{status}") };
            DeliveryUpdate::failed(id, code, text("diagnostic").chars().take(200).collect::<String>())
        }
        "delivered" => DeliveryUpdate::new(id, DeliveryState::Delivered),
        // Handed on to a server that reports nothing.
        "relayed" | "expanded" => DeliveryUpdate::new(id, DeliveryState::Sent),
        // It is tried further.
        _ => return None,
    };
    update.time = received_ms.map(time::rfc3339);
    Some(update)
}

/// The first field of this name, unfolded.
fn field(text: &str, name: &str) -> Option<String> {
    let mut lines = text.lines().skip_while(|line| {
        let found = line.split(':').next().unwrap_or_default().trim();
        !found.eq_ignore_ascii_case(name) || !line.contains(':')
    });
    let mut value = lines.next()?.split_once(':')?.1.trim().to_owned();
    for more in lines.take_while(|line| line.starts_with([' ', '\t'])) {
        value.push(' ');
        value.push_str(more.trim());
    }
    Some(value)
}
