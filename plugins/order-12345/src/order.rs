//! From a work order to an intake.

use yiwang_sdk::intake::{Attachment, Intake, clean};
use yiwang_sdk::mapping::{Mapping, Mistake};
use yiwang_sdk::prelude::*;
use yiwang_sdk::serde_json::{Value, json};

/// Most attachments of an order.
const ATTACHMENTS_MAX: usize = 50;
/// The largest value of a member that is carried over as it is.
const CARRIED_BYTES_MAX: usize = 16 << 10;

/// The number of an order, which is the event's id.
pub(crate) fn number(body: &Value) -> Result<String, Failure> {
    let number = match &body["order_no"] {
        Value::String(text) => text.trim().to_owned(),
        Value::Number(number) => number.to_string(),
        _ => String::new(),
    };
    let usable = (1..=128).contains(&number.len()) && !number.chars().any(char::is_control);
    usable
        .then_some(number)
        .ok_or_else(|| Failure::refused(422, "order.no-number", "`order_no` is not 1 to 128 bytes of text"))
}

/// Reads an order.
pub(crate) fn intake(config: &Value, body: &Value, order_no: &str) -> Result<Intake, Vec<Mistake>> {
    let table = table(config);
    let mut intake = Mapping::new(&table).intake(body, order_no)?;
    order_no.clone_into(&mut intake.external_id);
    let offset = table["utcOffset"].as_str().unwrap_or("+08:00");
    if let Some(due) = body["reply_due"].as_str() {
        match yiwang_sdk::time::complete(due, offset) {
            Some(due) => drop(intake.extra.insert("replyDue".to_owned(), due.into())),
            None => unread(&mut intake, "replyDue", &body["reply_due"]),
        }
    }
    for (name, member) in CARRIED {
        let value = &body[member];
        if value.is_null() {
            continue;
        }
        if value.to_string().len() > CARRIED_BYTES_MAX {
            unread(&mut intake, name, &json!("too long"));
        } else {
            intake.extra.insert(name.to_owned(), value.clone());
        }
    }
    let files = body["attachments"].as_array().into_iter().flatten();
    intake.attachments = files.take(ATTACHMENTS_MAX).filter_map(attachment).collect();
    Ok(intake)
}

/// Members that are carried over as they are: our name, theirs.
const CARRIED: [(&str, &str); 7] = [
    ("source", "source"),
    ("leadUnit", "lead_unit"),
    ("assistUnits", "assist_units"),
    ("repeatOf", "repeat_of"),
    ("type", "type"),
    ("acceptedAt", "accepted_at"),
    ("attachments", "attachments"),
];

/// Where our fields stand in an order, with the channel's own defaults.
fn table(config: &Value) -> Value {
    let mut table = config.clone();
    table["map"] = json!({
        "externalId": "/order_no",
        "kind": "/type",
        "region": "/area",
        "occurredAt": "/occurred_at",
        "petitioner.name": "/caller/name",
        "petitioner.phone": "/caller/phone",
        "petitioner.anonymous": "/caller/anonymous",
        "petitioner.confidential": "/caller/confidential",
    });
    table
}

/// A file that the platform keeps: known by its digest, else by its name.
fn attachment(file: &Value) -> Option<Attachment> {
    let text = |name: &str, max: usize| {
        file[name].as_str().map(clean).filter(|text| (1..=max).contains(&text.chars().count()))
    };
    let reference = match text("sha256", 64) {
        Some(digest) if yiwang_sdk::codec::hex_decode(&digest).is_some_and(|bytes| bytes.len() == 32) => {
            format!("sha256:{}", digest.to_ascii_lowercase())
        }
        _ => text("name", 255)?,
    };
    let url = text("url", 2048).filter(|url| url.starts_with("https://") || url.starts_with("http://"));
    Some(Attachment::AtProvider {
        provider: "12345".to_owned(),
        reference,
        url,
        media_type: text("media_type", 200),
    })
}

fn unread(intake: &mut Intake, name: &str, value: &Value) {
    let unread = intake.extra.entry("unread").or_insert_with(|| json!({}));
    unread[name] = value.clone();
}
