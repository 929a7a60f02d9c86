//! What the providers push: Aliyun a list (`SmsUp`), Tencent one message at a time; both are read either way.
//! <https://help.aliyun.com/zh/sms/developer-reference/smsup-2>,
//! <https://cloud.tencent.com/document/product/382/59179>

use yiwang_sdk::serde_json::Value;
use yiwang_sdk::sms::{self, Mobile};
use yiwang_sdk::{codec, time};

/// One message of a person.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Message {
    /// The provider's, or made of what it says.
    pub(crate) id: String,
    /// Eleven digits of the mainland; others as they came.
    pub(crate) from: String,
    pub(crate) content: String,
    pub(crate) at_ms: Option<u64>,
    /// The number it was sent to, or its extension.
    pub(crate) dest_code: Option<String>,
}

/// The providers' names of number, content, time and the number it was sent to.
struct Names(&'static str, &'static str, &'static str, &'static str);

/// Reads a push.
pub(crate) fn read(config: &Value, body: &Value) -> Result<Vec<Message>, String> {
    let entries = sms::entries(body)?;
    let names = match config["provider"].as_str() {
        Some("tencent") => Names("mobile", "text", "time", "extend"),
        _ => Names("phone_number", "content", "send_time", "dest_code"),
    };
    let offset = config["utcOffset"].as_str().unwrap_or("+08:00");
    entries
        .iter()
        .enumerate()
        .map(|(at, entry)| message(&names, offset, entry).map_err(|what| format!("message {at}: {what}")))
        .collect()
}

fn message(names: &Names, offset: &str, entry: &Value) -> Result<Message, String> {
    let missing = |name: &str| format!("`{name}` is missing or unusable");
    let given = text(&entry[names.0]).filter(|from| is_number(from)).ok_or_else(|| missing(names.0))?;
    let content = entry[names.1].as_str().ok_or_else(|| missing(names.1))?.to_owned();
    // Tencent writes the country's code beside the number.
    let is_code = |code: &str| code.len() <= 4 && code.bytes().all(|byte| byte.is_ascii_digit());
    let abroad =
        text(&entry["nationcode"]).filter(|code| is_code(code) && code != "86" && !given.starts_with('+'));
    let spelled = abroad.map_or_else(|| given.clone(), |code| format!("+{code}{given}"));
    let from = Mobile::read(&spelled).map_or(spelled, |mobile| mobile.local().to_owned());
    let when = text(&entry[names.2]).unwrap_or_default();
    let dest_code = text(&entry[names.3]).filter(|code| code.len() <= 64);
    let id = match text(&entry["sequence_id"]) {
        Some(id) if is_id(&id) => id,
        // Pushed again, it says the same and is the same message.
        _ => {
            let whole = [from.as_str(), &when, dest_code.as_deref().unwrap_or_default(), &content].join("\n");
            codec::sha256_hex(whole.as_bytes())
        }
    };
    Ok(Message { id, from, content, at_ms: at(&when, offset), dest_code })
}

/// A number or a text as text; none if it is empty.
fn text(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.trim().to_owned()),
        Value::Number(number) => Some(number.to_string()),
        Value::Null | Value::Bool(_) | Value::Array(_) | Value::Object(_) => None,
    }
    .filter(|text| !text.is_empty())
}

fn is_number(text: &str) -> bool {
    (3..=40).contains(&text.len())
        && text.bytes().all(|byte| byte.is_ascii_digit() || b"+- *".contains(&byte))
}

fn is_id(text: &str) -> bool {
    text.len() <= 64 && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_')
}

/// `2024-06-04 14:30:00`, or seconds since 1970.
fn at(when: &str, offset: &str) -> Option<u64> {
    let secs = || when.parse::<u64>().ok().and_then(|secs| secs.checked_mul(1000));
    let written = || time::complete(when, offset).and_then(|text| time::parse_rfc3339(&text));
    secs().or_else(|| written().and_then(|ms| ms.try_into().ok()))
}
