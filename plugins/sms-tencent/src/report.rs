//! The callback of delivery states, pushed as a JSON array.
//! <https://cloud.tencent.com/document/product/382/59178>

use yiwang_sdk::prelude::*;
use yiwang_sdk::serde_json::Value;
use yiwang_sdk::{json, sms, time};

use crate::PROVIDER;

/// The states that a push reports. An entry without `sid` belongs to no message of ours and is left out.
pub(crate) fn updates(body: &[u8]) -> Result<Vec<DeliveryUpdate>, String> {
    let pushed = json::parse(body)?;
    sms::entries(&pushed)?.iter().filter_map(|entry| update(entry).transpose()).collect()
}

fn update(entry: &Value) -> Result<Option<DeliveryUpdate>, String> {
    if !entry.is_object() {
        return Err("an entry of the list is no object".to_owned());
    }
    let text = |name: &str| entry[name].as_str().unwrap_or_default();
    if text("sid").is_empty() {
        return Ok(None);
    }
    let delivered = match text("report_status") {
        "SUCCESS" => true,
        "FAIL" => false,
        _ => return Err("a report does not say whether it was a success".to_owned()),
    };
    let code = text("errmsg");
    let failure =
        (!delivered).then(|| Failure::permanent(sms::code(PROVIDER, code), sms::words(text("description"))));
    let mut attributes = Vec::new();
    if !code.is_empty() {
        attributes.push(("err-code".to_owned(), code.chars().take(256).collect()));
    }
    Ok(Some(DeliveryUpdate {
        provider_id: text("sid").to_owned(),
        state: if delivered { DeliveryState::Delivered } else { DeliveryState::Failed },
        time: time::complete(text("user_receive_time"), "+08:00"),
        failure,
        attributes,
    }))
}
