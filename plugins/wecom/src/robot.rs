//! Messages of a group robot (群机器人). Its `key` is put into the address by the host.
//! <https://developer.work.weixin.qq.com/document/path/91770>

use yiwang_sdk::prelude::*;
use yiwang_sdk::serde_json::{Value, json};
use yiwang_sdk::{OutgoingRequest, provider};

use crate::app::{api, code, refused};
use crate::send::content;

const TEXT_BYTES_MAX: usize = 2048;
const MARKDOWN_BYTES_MAX: usize = 4096;

/// Sends to the group; a `mobile` is mentioned, of a `group` nobody, or everybody if its address is `@all`.
pub(crate) fn send<H: Host>(
    host: &H,
    config: &Value,
    notification: &Notification,
) -> Result<Receipt, Failure> {
    let recipient = &notification.recipient;
    let mut body = content(config, notification, TEXT_BYTES_MAX, MARKDOWN_BYTES_MAX);
    // Markdown has no such member.
    if body["msgtype"] == "text" {
        if recipient.kind == "mobile" {
            body["text"]["mentioned_mobile_list"] = json!([mobile(&recipient.address)?]);
        } else if recipient.address == "@all" {
            body["text"]["mentioned_list"] = json!(["@all"]);
        }
    }
    let url = format!("{}/cgi-bin/webhook/send?key=${{secret:robot_key}}", api(config));
    let request = OutgoingRequest::new("POST", url).with_json(&body).within(6000);
    let answer = provider::call(host, "wecom", "errcode", request)?;
    match code(&answer) {
        0 => Ok(Receipt { provider_id: None, state: DeliveryState::Accepted, attributes: Vec::new() }),
        code => Err(refused(code, &answer)),
    }
}

fn mobile(address: &str) -> Result<&str, Failure> {
    let digits = address.strip_prefix("+86").unwrap_or(address);
    let plain = digits.len() == 11 && digits.bytes().all(|byte| byte.is_ascii_digit());
    plain.then_some(digits).ok_or_else(|| {
        Failure::permanent("wecom.recipient", "the recipient is not a mobile number of eleven digits")
    })
}
