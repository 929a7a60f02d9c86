//! What a message that goes out answers, and who has had an automatic answer today, in the channel's small store.

use yiwang_sdk::codec::sha256_hex;
use yiwang_sdk::prelude::*;
use yiwang_sdk::serde_json::{Value, from_slice, json};

use crate::letter::{Letter, not_stored};

/// How long it is known what somebody wrote last.
const THREAD_MS: u64 = 120 * 86_400_000;
/// One automatic answer a day to each person (RFC 3834).
const ANSWER_MS: u64 = 86_400_000;
/// Within which messages of a sender are counted.
const HOUR_MS: u64 = 3_600_000;
/// Ids in `References`.
const REFERENCES_MAX: usize = 10;

/// A conversation: the message that is answered, and those before it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Thread {
    pub(crate) in_reply_to: String,
    pub(crate) references: Vec<String>,
}

/// Remembers that this letter is what its sender wrote last. That it cannot be remembered costs the thread only.
pub(crate) fn remember<H: Host>(host: &H, letter: &Letter) {
    let Some(id) = &letter.message_id else { return };
    let earlier = letter.references.iter().rev().take(REFERENCES_MAX - 1).rev();
    let value = json!({"id": id, "refs": earlier.collect::<Vec<_>>()});
    let key = key("from", &letter.from);
    if let Err(error) = host.kv_set(&key, value.to_string().as_bytes(), Some(THREAD_MS)) {
        host.warn(&format!("a conversation could not be remembered: {error:?}"));
    }
}

/// Are these more messages within an hour than people write? Counted from the first one.
pub(crate) fn floods<H: Host>(host: &H, ctx: &CallContext, from: &str, per_hour: u64) -> bool {
    let key = key("rate", from);
    let known = host.kv_get(&key).ok().flatten().and_then(|bytes| String::from_utf8(bytes).ok());
    let known = known.as_deref().and_then(|text| text.split_once(' '));
    let number = |text: &str| text.parse::<u64>().unwrap_or_default();
    let (begun, count) = known.map_or((ctx.now_ms, 0), |(begun, count)| (number(begun), number(count)));
    let left = (begun + HOUR_MS).saturating_sub(ctx.now_ms).max(1);
    let value = format!("{begun} {}", count + 1);
    if let Err(error) = host.kv_set(&key, value.as_bytes(), Some(left)) {
        host.warn(&format!("messages of a sender could not be counted: {error:?}"));
    }
    count >= per_hour
}

/// What a message to this person about this case answers. The first message about a case settles it: what the
/// person writes later may be another matter.
pub(crate) fn of<H: Host>(host: &H, to: &str, case_no: Option<&str>) -> Option<Thread> {
    let of_case = case_no.map(|case_no| key("case", &format!("{case_no} {to}")));
    if let Some(known) = of_case.as_ref().and_then(|key| read(host, key)) {
        return Some(known);
    }
    let bytes = host.kv_get(&key("from", to)).ok().flatten()?;
    if let Some(key) = of_case
        && let Err(error) = host.kv_set(&key, &bytes, Some(THREAD_MS))
    {
        host.warn(&format!("the conversation of a case could not be remembered: {error:?}"));
    }
    thread(&bytes)
}

fn read<H: Host>(host: &H, key: &str) -> Option<Thread> {
    thread(&host.kv_get(key).ok().flatten()?)
}

fn thread(bytes: &[u8]) -> Option<Thread> {
    let value: Value = from_slice(bytes).ok()?;
    let text = |value: &Value| value.as_str().map(ToOwned::to_owned);
    let references = value["refs"].as_array().into_iter().flatten().filter_map(text).collect();
    Some(Thread { in_reply_to: text(&value["id"])?, references })
}

/// May this person be answered automatically? The same message may be tried again.
///
/// # Errors
/// When it cannot be told: then nobody is answered yet.
pub(crate) fn may_answer<H: Host>(host: &H, to: &str, idempotency_key: &str) -> Result<bool, Failure> {
    let key = key("auto", to);
    if host.kv_set_if_absent(&key, idempotency_key.as_bytes(), Some(ANSWER_MS)).map_err(not_stored)? {
        return Ok(true);
    }
    let by = host.kv_get(&key).map_err(not_stored)?;
    Ok(by.is_none_or(|by| by == idempotency_key.as_bytes()))
}

/// It was not sent after all.
pub(crate) fn not_answered<H: Host>(host: &H, to: &str) {
    if let Err(error) = host.kv_delete(&key("auto", to)) {
        host.warn(&format!("an automatic answer that failed still counts: {error:?}"));
    }
}

/// Addresses do not stand in keys.
fn key(kind: &str, of: &str) -> String {
    let hash = sha256_hex(of.trim().to_ascii_lowercase().as_bytes());
    format!("{kind}:{}", &hash[..32])
}
