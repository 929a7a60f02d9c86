//! `SmsReport`: what became of messages, pushed as a JSON array.
//! <https://help.aliyun.com/zh/sms/developer-reference/smsreport-2>

use yiwang_sdk::prelude::*;
use yiwang_sdk::serde_json::Value;
use yiwang_sdk::{json, sms, time};

use crate::PROVIDER;

/// The states that a push reports. An entry without `biz_id` belongs to no message of ours and is left out.
pub(crate) fn updates(body: &[u8]) -> Result<Vec<DeliveryUpdate>, String> {
    let pushed = json::parse(body)?;
    sms::entries(&pushed)?.iter().filter_map(|entry| update(entry).transpose()).collect()
}

fn update(entry: &Value) -> Result<Option<DeliveryUpdate>, String> {
    if !entry.is_object() {
        return Err("an entry of the list is no object".to_owned());
    }
    let text = |name: &str| entry[name].as_str().unwrap_or_default();
    if text("biz_id").is_empty() {
        return Ok(None);
    }
    let delivered = match &entry["success"] {
        Value::Bool(success) => *success,
        Value::String(success) => success == "true",
        _ => return Err("a report does not say whether it was a success".to_owned()),
    };
    let code = text("err_code");
    let failure =
        (!delivered).then(|| Failure::permanent(sms::code(PROVIDER, code), sms::words(text("err_msg"))));
    let parts = number(&entry["sms_size"]);
    let known = [("err-code", code), ("out-id", text("out_id")), ("parts", parts.as_str())]
        .into_iter()
        .filter(|(_, value)| !value.is_empty())
        .map(|(name, value)| (name.to_owned(), value.chars().take(256).collect()))
        .collect();
    Ok(Some(DeliveryUpdate {
        provider_id: text("biz_id").to_owned(),
        state: if delivered { DeliveryState::Delivered } else { DeliveryState::Failed },
        time: time::complete(text("report_time"), "+08:00"),
        failure,
        attributes: known,
    }))
}

fn number(value: &Value) -> String {
    value
        .as_str()
        .map_or_else(|| value.as_u64().map(|n| n.to_string()).unwrap_or_default(), ToOwned::to_owned)
}
