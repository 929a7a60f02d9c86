//! Messages of a group robot (自定义机器人). Its `access_token` is put into the address by the host.
//! <https://open.dingtalk.com/document/orgapp/custom-robots-send-group-messages>

use yiwang_sdk::prelude::*;
use yiwang_sdk::serde_json::{Value, json};
use yiwang_sdk::{OutgoingRequest, codec, provider, text};

use crate::message::sign;

/// Longest text; the platform takes 20,000 bytes of request.
const TEXT_BYTES_MAX: usize = 15_000;

/// Sends to the group; a `mobile` or `user-id` is mentioned, of a `group` nobody, or everybody if its
/// address is `@all`.
pub(crate) fn send<H: Host>(
    host: &H,
    ctx: &CallContext,
    notification: &Notification,
) -> Result<Receipt, Failure> {
    let config = host.config();
    let body = body(&config, notification)?;
    let base = config["apiBase"].as_str().unwrap_or("https://oapi.dingtalk.com");
    let mut url = format!("{base}/robot/send?access_token=${{secret:robot_token}}");
    if config["signed"] != false {
        let timestamp = ctx.now_ms.to_string();
        let sign = codec::base64_encode(&sign(host, "robot_secret", &timestamp)?);
        url = format!("{url}&timestamp={timestamp}&sign={}", text::query_value(&sign));
    }
    let request = OutgoingRequest::new("POST", url).with_json(&body).within(6000);
    let answer = provider::call(host, "dingtalk", "errcode", request)?;
    match answer["errcode"].as_i64() {
        Some(0) => Ok(Receipt { provider_id: None, state: DeliveryState::Accepted, attributes: Vec::new() }),
        Some(code) => Err(refused(code, &answer)),
        None => Err(Failure::unknown_outcome("dingtalk.answer", "the interface answered neither yes nor no")),
    }
}

fn body(config: &Value, notification: &Notification) -> Result<Value, Failure> {
    let recipient = &notification.recipient;
    let (at, mention) = match recipient.kind.as_str() {
        "mobile" => {
            let mobile = mobile(&recipient.address)?;
            (json!({"atMobiles": [mobile]}), Some(format!("@{mobile}")))
        }
        "user-id" if is_id(&recipient.address) => {
            (json!({"atUserIds": [recipient.address]}), Some(format!("@{}", recipient.address)))
        }
        "user-id" => return Err(Failure::permanent("dingtalk.recipient", "the recipient is not a user id")),
        "group" if recipient.address == "@all" => (json!({"isAtAll": true}), None),
        "group" => (json!({}), None),
        kind => {
            return Err(Failure::permanent(
                "dingtalk.recipient-kind",
                format!("a recipient of kind `{kind}`; dingtalk knows `group`, `mobile`, `user-id`"),
            ));
        }
    };
    let subject = notification.subject.as_deref();
    if notification.body_type != "text/markdown" && config["format"] != "markdown" {
        let content = text::cut(&text::whole(subject, &notification.body), TEXT_BYTES_MAX);
        return Ok(json!({"msgtype": "text", "text": {"content": content}, "at": at}));
    }
    let title = subject.map(|subject| subject.replace('\n', " "));
    let headline = title.as_ref().map(|title| format!("### {title}\n\n")).unwrap_or_default();
    let words = text::cut(&format!("{headline}{}", notification.body), TEXT_BYTES_MAX);
    // In markdown only who is named in the text, too, is mentioned.
    let words = match mention {
        Some(mention) => format!("{words}\n\n{mention}"),
        None => words,
    };
    let title = title.unwrap_or_else(|| yiwang_sdk::intake::title_of(&notification.body));
    Ok(json!({"msgtype": "markdown", "markdown": {"title": title, "text": words}, "at": at}))
}

fn mobile(address: &str) -> Result<&str, Failure> {
    let digits = address.strip_prefix("+86").unwrap_or(address);
    let plain = digits.len() == 11 && digits.bytes().all(|byte| byte.is_ascii_digit());
    plain.then_some(digits).ok_or_else(|| {
        Failure::permanent("dingtalk.recipient", "the recipient is not a mobile number of eleven digits")
    })
}

fn is_id(address: &str) -> bool {
    (1..=64).contains(&address.len()) && address.bytes().all(|byte| byte.is_ascii_graphic())
}

/// What the platform's codes mean for trying again.
fn refused(code: i64, answer: &Value) -> Failure {
    let told = provider::words(answer, "errmsg");
    let name = format!("dingtalk.{code}");
    match code {
        -1 => Failure::retryable("dingtalk.busy", "the platform is busy").after(Some(5000)),
        // More than 20 in a minute: the robot is silenced for ten minutes.
        130_101 | 410_100 => {
            Failure::retryable(name, "more than 20 messages in a minute").after(Some(600_000))
        }
        90030 => Failure::retryable(name, "the organisation's quota of robot messages is used up")
            .after(Some(3_600_000)),
        // Signature, word or address; the token; a robot or group that is no longer there.
        310_000 | 300_001 | 300_005 | 400_013 | 400_101 | 400_102 | 400_106 => {
            Failure::misconfigured(name, told)
        }
        _ => Failure::permanent(name, told),
    }
}
