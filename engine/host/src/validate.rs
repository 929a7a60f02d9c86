//! What a plugin hands over is as foreign as what a citizen hands over: all of it is checked here, and
//! nowhere else.
//!
//! A mistake in it is the plugin's: the call fails with `plugin.invalid-output`, and nothing of it is used.

use bytes::Bytes;
use http::{HeaderName, HeaderValue};
use serde_json::Value;
use yiwang_core::Timestamp;
use yiwang_runtime::ports::{
    ChannelResponse, DeliveryReport, DeliveryState, IncomingEvent, PolledPage, Session,
};

use crate::bindings::exports::yiwang::channel::poller::Page;
use crate::bindings::exports::yiwang::channel::sender::Receipt;
use crate::bindings::exports::yiwang::channel::webhook::Outcome;
use crate::bindings::yiwang::channel::types as bindings;
use crate::bindings::yiwang::channel::types::{DeliveryUpdate, Event, Failure, HttpResponse, Payload};
use crate::blobs::is_bidi;
use crate::call::Failed;
use crate::channel::Ready;
use crate::limits;

/// Header names that a plugin may not set: they steer the connection, or others' sessions.
const HEADERS_REFUSED: [&str; 12] = [
    "connection",
    "content-length",
    "host",
    "keep-alive",
    "proxy-authenticate",
    "server",
    "set-cookie",
    "strict-transport-security",
    "te",
    "trailer",
    "transfer-encoding",
    "upgrade",
];
/// Names that CloudEvents gives a meaning of its own.
const CORE_NAMES: [&str; 9] =
    ["id", "source", "specversion", "type", "subject", "time", "data", "datacontenttype", "dataschema"];

/// A checked outcome of a request.
pub(crate) struct Checked {
    pub(crate) response: ChannelResponse,
    pub(crate) events: Vec<IncomingEvent>,
    pub(crate) reports: Vec<DeliveryReport>,
    /// Code that the plugin gave a response of 400 and above.
    pub(crate) code: Option<String>,
}

fn invalid(what: impl Into<String>) -> Failed {
    Failed::new("plugin.invalid-output", what)
}

/// Checks what a webhook call gave.
pub(crate) fn outcome(
    channel: &Ready,
    outcome: Outcome,
    now: Timestamp,
    files: &dyn Fn(&str) -> bool,
) -> Result<Checked, Failed> {
    let (response, code) = response(channel, outcome.response)?;
    if outcome.events.len() > limits::EVENTS_MAX {
        return Err(invalid(format!("{} events, at most {}", outcome.events.len(), limits::EVENTS_MAX)));
    }
    if response.status >= 400 && !(outcome.events.is_empty() && outcome.updates.is_empty()) {
        return Err(invalid("a refusing response with events or updates"));
    }
    let events = outcome
        .events
        .into_iter()
        .map(|given| event(channel, given, now, files))
        .collect::<Result<_, _>>()?;
    let reports = reports(channel, outcome.updates, now)?;
    Ok(Checked { response, events, reports, code })
}

/// Checks what a poller gave.
pub(crate) fn page(
    channel: &Ready,
    page: Page,
    events_max: u32,
    now: Timestamp,
    files: &dyn Fn(&str) -> bool,
) -> Result<PolledPage, Failed> {
    let asked = usize::try_from(events_max).unwrap_or(usize::MAX).min(limits::EVENTS_MAX);
    if page.events.len() > asked {
        return Err(invalid(format!("{} events, {asked} were asked for", page.events.len())));
    }
    let cursor = page.cursor;
    if cursor.as_ref().is_some_and(|cursor| cursor.len() > limits::CURSOR_BYTES_MAX || cursor.contains('\0'))
    {
        return Err(invalid("a cursor is too long, or holds a zero byte"));
    }
    let events =
        page.events.into_iter().map(|given| event(channel, given, now, files)).collect::<Result<_, _>>()?;
    let max = u64::try_from(limits::RETRY_AFTER_MAX.as_millis()).unwrap_or(u64::MAX);
    let next_after = page.next_after_ms.map(|ms| ms.min(max));
    let reports = reports(channel, page.updates, now)?;
    Ok(PolledPage { events, reports, cursor, more: page.more, next_after })
}

/// What became of messages, as the plugin read it from the provider.
fn reports(
    channel: &Ready,
    updates: Vec<DeliveryUpdate>,
    now: Timestamp,
) -> Result<Vec<DeliveryReport>, Failed> {
    if updates.len() > limits::EVENTS_MAX {
        return Err(invalid(format!("{} updates, at most {}", updates.len(), limits::EVENTS_MAX)));
    }
    let report = |given: DeliveryUpdate| {
        checked_attributes(given.attributes)?;
        let why = given.failure.map(failure).transpose()?;
        let at = given
            .time
            .map(|text| Timestamp::parse(&text).ok_or_else(|| invalid("an update's time is not RFC 3339")));
        Ok(DeliveryReport {
            channel: channel.id.clone(),
            provider_id: plain("a provider's id", &given.provider_id, limits::PROVIDER_ID_BYTES_MAX)?,
            state: delivery_state(given.state),
            code: why.as_ref().map(|why| why.code.clone()),
            reason: why.map(|why| why.message).filter(|message| !message.is_empty()),
            at: at.transpose()?.unwrap_or(now),
        })
    };
    updates.into_iter().map(report).collect()
}

fn delivery_state(given: bindings::DeliveryState) -> DeliveryState {
    match given {
        bindings::DeliveryState::Accepted => DeliveryState::Accepted,
        bindings::DeliveryState::Sent => DeliveryState::Sent,
        bindings::DeliveryState::Delivered => DeliveryState::Delivered,
        bindings::DeliveryState::Read => DeliveryState::Read,
        bindings::DeliveryState::Failed => DeliveryState::Failed,
    }
}

fn response(channel: &Ready, response: HttpResponse) -> Result<(ChannelResponse, Option<String>), Failed> {
    if !(200..=599).contains(&response.status) {
        return Err(invalid(format!("status {}", response.status)));
    }
    if response.headers.len() > limits::HEADERS_MAX {
        return Err(invalid(format!("{} headers, at most {}", response.headers.len(), limits::HEADERS_MAX)));
    }
    let mut headers = Vec::new();
    let mut code = None;
    for header in response.headers {
        let name = HeaderName::from_bytes(header.name.as_bytes())
            .map_err(|_| invalid("a header name is not valid"))?;
        HeaderValue::from_str(&header.value)
            .map_err(|_| invalid(format!("the value of header {name} is not valid")))?;
        if HEADERS_REFUSED.contains(&name.as_str()) || header.value.len() > limits::HEADER_VALUE_BYTES_MAX {
            return Err(invalid(format!("header {name} is not allowed or too long")));
        }
        if name == "x-yiwang-code" {
            code = Some(checked_code(&header.value)?);
        } else {
            headers.push((name.to_string(), header.value));
        }
    }
    let body = match response.body {
        Payload::Empty => Bytes::new(),
        Payload::Text(text) => Bytes::from(text),
        Payload::Bytes(bytes) => Bytes::from(bytes),
        Payload::Blob(_) => return Err(invalid("a file as the body of a response")),
    };
    if body.len() > limits::RESPONSE_BODY_BYTES_MAX {
        return Err(invalid(format!(
            "a body of {} bytes, at most {}",
            body.len(),
            limits::RESPONSE_BODY_BYTES_MAX
        )));
    }
    let _ = channel;
    Ok((ChannelResponse { status: response.status, headers, body }, code))
}

fn event(
    channel: &Ready,
    event: Event,
    now: Timestamp,
    files: &dyn Fn(&str) -> bool,
) -> Result<IncomingEvent, Failed> {
    let id = plain("an event's id", &event.id, limits::EVENT_ID_BYTES_MAX)?;
    let known = channel.plugin.event_schemas.iter().find(|(name, _)| *name == event.event_type);
    let Some((event_type, schema)) = known else {
        let told: String = event.event_type.escape_debug().take(100).collect();
        return Err(invalid(format!("an event of type `{told}`, which the manifest does not name")));
    };
    let subject =
        event.subject.as_deref().map(|subject| plain("an event's subject", subject, 256)).transpose()?;
    let time = match &event.time {
        None => now,
        Some(text) => Timestamp::parse(text).ok_or_else(|| invalid("an event's time is not RFC 3339"))?,
    };
    if event.data.len() > limits::EVENT_DATA_BYTES_MAX {
        return Err(invalid(format!(
            "an event's data has {} bytes, at most {}",
            event.data.len(),
            limits::EVENT_DATA_BYTES_MAX
        )));
    }
    // Refuses more than 128 levels by itself; the limit of 64 is ours.
    let mut data: Value =
        serde_json::from_str(&event.data).map_err(|error| invalid(format!("an event's data: {error}")))?;
    if depth(&data) > limits::JSON_DEPTH_MAX {
        return Err(invalid(format!(
            "an event's data is nested deeper than {} levels",
            limits::JSON_DEPTH_MAX
        )));
    }
    if let Some(schema) = schema
        && let Err(error) = schema.validate(&data)
    {
        // The instance path says where; the value itself may be personal.
        return Err(invalid(format!(
            "an event's data does not fit its schema at `{}`",
            error.instance_path()
        )));
    }
    name_channel(channel, &mut data);
    if let Some(unknown) = event.attachments.iter().find(|blob| !files(&blob.digest)) {
        let told: String = unknown.digest.escape_debug().take(80).collect();
        return Err(invalid(format!("an attachment `{told}` that was not handed to this call")));
    }
    let (session, extensions) = attributes(channel, event.attributes)?;
    Ok(IncomingEvent {
        event: yiwang_core::Event {
            id,
            source: format!("/channels/{}", channel.id),
            r#type: event_type.clone(),
            subject,
            time,
            data: data.into(),
            extensions: extensions
                .into_iter()
                .map(|(name, value)| (name, Value::String(value).into()))
                .collect(),
        },
        session,
    })
}

/// `channel` of an intake is the channel's id, whatever the plugin says: cases and answers rely on it. The
/// plugin's own word, the kind of channel as reports count it, stands beside it as `channelKind`.
fn name_channel(channel: &Ready, data: &mut Value) {
    let Some(members) = data.as_object_mut().filter(|members| members.contains_key("channel")) else {
        return;
    };
    let own = members.insert("channel".to_owned(), Value::String(channel.id.clone()));
    if let Some(kind) = own {
        members.insert("channelKind".to_owned(), kind);
    }
}

type Attributes = Vec<(String, String)>;

/// The session apart, the rest checked, the channel's own put beside.
fn attributes(channel: &Ready, given: Attributes) -> Result<(Option<Session>, Attributes), Failed> {
    let mut given = checked_attributes(given)?;
    let mut take = |name: &str| {
        let at = given.iter().position(|(known, _)| known == name)?;
        Some(given.remove(at).1)
    };
    let session = match (take("session"), take("session-window-ms")) {
        (None, None) => None,
        (Some(key), Some(window)) => {
            let window =
                window.parse().ok().filter(|ms| u128::from(*ms) <= limits::SESSION_WINDOW_MAX.as_millis());
            let window = window.ok_or_else(|| invalid("session-window-ms is no number up to one hour"))?;
            Some(Session { key: plain("a session", &key, 256)?, window })
        }
        (Some(_), None) | (None, Some(_)) => {
            return Err(invalid("session and session-window-ms belong together"));
        }
    };
    for (name, value) in &channel.attributes {
        if !given.iter().any(|(known, _)| known == name) {
            given.push((name.clone(), value.clone()));
        }
    }
    Ok((session, given))
}

fn checked_attributes(given: Attributes) -> Result<Attributes, Failed> {
    if given.len() > limits::ATTRIBUTES_MAX {
        return Err(invalid(format!("{} attributes, at most {}", given.len(), limits::ATTRIBUTES_MAX)));
    }
    for (at, (name, value)) in given.iter().enumerate() {
        let right = (1..=64).contains(&name.len())
            && name.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-' || b == b'.')
            && name.starts_with(|c: char| c.is_ascii_alphanumeric());
        let twice = given[..at].iter().any(|(other, _)| other == name);
        if !right
            || twice
            || CORE_NAMES.contains(&name.as_str())
            || value.len() > limits::ATTRIBUTE_VALUE_BYTES_MAX
        {
            return Err(invalid(format!("attribute `{}`", name.escape_debug().take(64).collect::<String>())));
        }
    }
    Ok(given)
}

/// A failure with its words and wishes cut to size.
pub(crate) fn failure(failure: Failure) -> Result<Failure, Failed> {
    let max = u64::try_from(limits::RETRY_AFTER_MAX.as_millis()).unwrap_or(u64::MAX);
    Ok(Failure {
        kind: failure.kind,
        code: checked_code(&failure.code)?,
        message: cut(&failure.message),
        retry_after_ms: failure.retry_after_ms.map(|ms| ms.min(max)),
        attributes: checked_attributes(failure.attributes)?,
    })
}

/// A receipt as the output of the effect.
pub(crate) fn receipt(receipt: Receipt) -> Result<Value, Failed> {
    let mut output = serde_json::json!({"state": delivery_state(receipt.state).word()});
    if let Some(id) = receipt.provider_id {
        output["providerId"] = plain("a provider's id", &id, limits::PROVIDER_ID_BYTES_MAX)?.into();
    }
    for (name, value) in checked_attributes(receipt.attributes)? {
        output["attributes"][name] = value.into();
    }
    Ok(output)
}

fn checked_code(code: &str) -> Result<String, Failed> {
    let right = (1..=64).contains(&code.len())
        && code.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'.' || b == b'_');
    if right {
        Ok(code.to_owned())
    } else {
        Err(invalid("a code is not made of letters, digits, dots and dashes"))
    }
}

fn plain(what: &str, text: &str, bytes_max: usize) -> Result<String, Failed> {
    let right = (1..=bytes_max).contains(&text.len()) && !text.chars().any(|c| c.is_control() || is_bidi(c));
    if right {
        Ok(text.to_owned())
    } else {
        Err(invalid(format!("{what} is empty, too long or has control characters")))
    }
}

/// Without control characters, and not endless.
pub(crate) fn cut(text: &str) -> String {
    text.chars().filter(|c| !c.is_control() && !is_bidi(*c)).take(limits::MESSAGE_CHARS_MAX).collect()
}

fn depth(value: &Value) -> usize {
    match value {
        Value::Array(items) => 1 + items.iter().map(depth).max().unwrap_or(0),
        Value::Object(map) => 1 + map.values().map(depth).max().unwrap_or(0),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => 0,
    }
}
