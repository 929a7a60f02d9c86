//! Messages of the application to people and chats. The App Secret is put in by the host.
//! <https://open.feishu.cn/document/server-docs/im-v1/message/create>

use yiwang_sdk::access_token::AccessToken;
use yiwang_sdk::prelude::*;
use yiwang_sdk::serde_json::{Value, json};
use yiwang_sdk::{OutgoingRequest, codec, provider};

use crate::card::content;
use crate::{api, refused};

/// Sends; `id_type` says what the recipient's address is.
pub(crate) fn send<H: Host>(
    host: &H,
    ctx: &CallContext,
    config: &Value,
    notification: &Notification,
    id_type: &str,
) -> Result<Receipt, Failure> {
    if config["appId"].is_null() {
        return Err(Failure::misconfigured("feishu.no-app-id", "`appId` is missing in the configuration"));
    }
    let (kind, content) = content(config, notification);
    let key = codec::sha256_hex(notification.idempotency_key.as_bytes());
    let body = json!({
        "receive_id": notification.recipient.address,
        "msg_type": kind,
        "content": content.to_string(),
        // The platform drops a second message with the same one within an hour; at most 50 characters.
        "uuid": key.get(..32),
    });
    let url = format!("{}/open-apis/im/v1/messages?receive_id_type={id_type}", api(config));
    let fetch = || fetch(host, config);
    let token = AccessToken { host, ctx, provider: "feishu", fetch: &fetch };
    let say = |token: &str| {
        let request = OutgoingRequest::new("POST", url.clone())
            .with("authorization", format!("Bearer {token}"))
            .with_json(&body)
            .within(6000);
        provider::call(host, "feishu", "code", request)
    };
    let is_stale = |answer: &Value| {
        matches!(answer["code"].as_i64(), Some(99_991_661 | 99_991_663 | 99_991_664 | 99_991_668))
    };
    let answer = token.call(say, is_stale)?;
    if answer["code"] != 0 {
        return Err(refused(&answer));
    }
    let id = answer["data"]["message_id"].as_str().filter(|id| (1..=256).contains(&id.len()));
    Ok(Receipt {
        provider_id: id.map(ToOwned::to_owned),
        state: DeliveryState::Accepted,
        attributes: Vec::new(),
    })
}

/// Token and its life in seconds.
fn fetch<H: Host>(host: &H, config: &Value) -> Result<(String, u64), Failure> {
    let body = json!({"app_id": config["appId"], "app_secret": "${secret:app_secret}"});
    let url = format!("{}/open-apis/auth/v3/tenant_access_token/internal", api(config));
    let request = OutgoingRequest::new("POST", url).with_json(&body).within(4000);
    let answer = provider::call(host, "feishu", "code", request)?;
    match (answer["tenant_access_token"].as_str(), answer["expire"].as_u64()) {
        (Some(token), Some(secs)) if !token.is_empty() => Ok((token.to_owned(), secs)),
        _ => Err(refused(&answer)),
    }
}
