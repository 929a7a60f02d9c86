//! Customer-service messages (客服消息): to people who wrote within the last 48 hours.
//!
//! The secret itself is put in by the host.

use yiwang_sdk::access_token::AccessToken;
use yiwang_sdk::prelude::*;
use yiwang_sdk::serde_json::{Value, json};
use yiwang_sdk::{OutgoingRequest, provider, text};

/// Longest text that the platform takes.
const TEXT_BYTES_MAX: usize = 2048;

/// Sends a text.
pub(crate) fn send<H: Host>(
    host: &H,
    ctx: &CallContext,
    notification: &Notification,
) -> Result<Receipt, Failure> {
    if notification.recipient.kind != "openid" {
        let kind = &notification.recipient.kind;
        return Err(Failure::permanent(
            "wechat.recipient-kind",
            format!("a recipient of kind `{kind}`; wechat knows `openid`"),
        ));
    }
    let config = host.config();
    let fetch = || fetch(host, &config);
    let token = AccessToken { host, ctx, provider: "wechat", fetch: &fetch };
    let say = |token: &str| say(host, &config, token, notification);
    let answer = token.call(say, |answer| matches!(code(answer), 40001 | 40014 | 42001))?;
    match code(&answer) {
        0 => {
            let id = answer["msgid"].as_u64().map(|id| id.to_string());
            Ok(Receipt { provider_id: id, state: DeliveryState::Accepted, attributes: Vec::new() })
        }
        code => Err(refused(code, &answer)),
    }
}

fn say<H: Host>(
    host: &H,
    config: &Value,
    token: &str,
    notification: &Notification,
) -> Result<Value, Failure> {
    let words = text::whole(notification.subject.as_deref(), &notification.body);
    let body = json!({
        "touser": notification.recipient.address,
        "msgtype": "text",
        "text": {"content": text::cut(&words, TEXT_BYTES_MAX)},
    });
    let token = text::query_value(token);
    let url = format!("{}/cgi-bin/message/custom/send?access_token={token}", api(config));
    provider::call(host, "wechat", "errcode", OutgoingRequest::new("POST", url).with_json(&body).within(6000))
}

/// Token and its life in seconds.
fn fetch<H: Host>(host: &H, config: &Value) -> Result<(String, u64), Failure> {
    let body = json!({
        "grant_type": "client_credential",
        "appid": config["appId"],
        "secret": "${secret:app_secret}",
    });
    let url = format!("{}/cgi-bin/stable_token", api(config));
    let request = OutgoingRequest::new("POST", url).with_json(&body).within(4000);
    let answer = provider::call(host, "wechat", "errcode", request)?;
    match (answer["access_token"].as_str(), answer["expires_in"].as_u64()) {
        (Some(token), Some(secs)) if !token.is_empty() => Ok((token.to_owned(), secs)),
        _ => Err(refused(code(&answer), &answer)),
    }
}

fn api(config: &Value) -> &str {
    config["apiBase"].as_str().unwrap_or("https://api.weixin.qq.com")
}

/// The platform's code; none of them where there is none.
fn code(answer: &Value) -> i64 {
    answer["errcode"].as_i64().unwrap_or(i64::MIN)
}

/// What the platform's codes mean for trying again.
fn refused(code: i64, answer: &Value) -> Failure {
    let told = provider::words(answer, "errmsg");
    let name = format!("wechat.{code}");
    match code {
        0 | i64::MIN => {
            Failure::unknown_outcome("wechat.answer", "the interface answered neither yes nor no")
        }
        -1 => Failure::retryable("wechat.busy", "the platform is busy").after(Some(5000)),
        40001 | 40014 | 42001 => Failure::retryable(name, told).after(Some(60_000)),
        45009 => {
            Failure::retryable(name, "the day's quota of the interface is used up").after(Some(3_600_000))
        }
        45011 => Failure::retryable(name, "too many calls in a minute").after(Some(60_000)),
        45015 => Failure::permanent(name, "the person has not written for 48 hours"),
        45047 => Failure::permanent(name, "the person has got as many messages as the platform allows"),
        40003 => Failure::permanent(name, "there is no such person"),
        43004 => Failure::permanent(name, "the person does not follow the account any more"),
        40013 | 40125 | 40164 | 41002 | 41004 | 48001 | 50002 => Failure::misconfigured(name, told),
        _ => Failure::permanent(name, told),
    }
}
