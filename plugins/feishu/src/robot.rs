//! Messages of a group robot (自定义机器人). The last part of its address is put in by the host.
//! <https://open.feishu.cn/document/client-docs/bot-v3/add-custom-bot>

use yiwang_sdk::prelude::*;
use yiwang_sdk::serde_json::{Value, json};
use yiwang_sdk::{OutgoingRequest, codec, provider};

use crate::card::content;
use crate::{api, refused};

/// Sends to the group.
pub(crate) fn send<H: Host>(
    host: &H,
    ctx: &CallContext,
    config: &Value,
    notification: &Notification,
) -> Result<Receipt, Failure> {
    let (kind, content) = content(config, notification);
    let member = if kind == "interactive" { "card" } else { "content" };
    let mut body = json!({"msg_type": kind, member: content});
    if config["signed"] != false {
        let timestamp = (ctx.now_ms / 1000).to_string();
        body["sign"] = sign(&provider::secret(host, "robot_secret")?, &timestamp).into();
        body["timestamp"] = timestamp.into();
    }
    let url = format!("{}/open-apis/bot/v2/hook/${{secret:robot_hook}}", api(config));
    let request = OutgoingRequest::new("POST", url).with_json(&body).within(6000);
    let answer = provider::call(host, "feishu", "code", request)?;
    match answer["code"].as_i64() {
        Some(0) => Ok(Receipt { provider_id: None, state: DeliveryState::Accepted, attributes: Vec::new() }),
        _ => Err(refused(&answer)),
    }
}

/// The other way round than anybody would: time and secret are the key, and nothing is what is signed.
pub(crate) fn sign(secret: &str, timestamp: &str) -> String {
    codec::base64_encode(&codec::hmac_sha256(format!("{timestamp}\n{secret}").as_bytes(), b""))
}
