//! Messages of an application to members (发送应用消息). The Secret is put in by the host.

use yiwang_sdk::access_token::AccessToken;
use yiwang_sdk::prelude::*;
use yiwang_sdk::serde_json::Value;
use yiwang_sdk::{OutgoingRequest, provider, text};

use crate::send::content;

/// Longest text, and longest markdown, that the interface takes.
const BYTES_MAX: usize = 2048;

/// Sends; `to` is the member of the body that names the recipient.
pub(crate) fn send<H: Host>(
    host: &H,
    ctx: &CallContext,
    config: &Value,
    notification: &Notification,
    to: &str,
) -> Result<Receipt, Failure> {
    let Some(agent_id) = config["agentId"].as_u64() else {
        return Err(Failure::misconfigured("wecom.no-agent-id", "`agentId` is missing in the configuration"));
    };
    let address = &notification.recipient.address;
    // `|` lists several, and `@all` is everybody: one message is for one recipient.
    if address.is_empty() || address.len() > 64 || address.contains('|') || address == "@all" {
        return Err(Failure::permanent("wecom.recipient", "the recipient is not one id of up to 64 bytes"));
    }
    let mut body = content(config, notification, BYTES_MAX, BYTES_MAX);
    body[to] = address.as_str().into();
    body["agentid"] = agent_id.into();
    let fetch = || fetch(host, config);
    let token = AccessToken { host, ctx, provider: "wecom", fetch: &fetch };
    let say = |token: &str| {
        let url = format!("{}/cgi-bin/message/send?access_token={}", api(config), text::query_value(token));
        provider::call(
            host,
            "wecom",
            "errcode",
            OutgoingRequest::new("POST", url).with_json(&body).within(6000),
        )
    };
    let answer = token.call(say, |answer| matches!(code(answer), 40014 | 42001))?;
    match code(&answer) {
        0 if !reached(&answer) => {
            Err(Failure::permanent("wecom.unreached", "the application cannot be seen by this recipient"))
        }
        0 => {
            let id = answer["msgid"].as_str().filter(|id| (1..=256).contains(&id.len()));
            Ok(Receipt {
                provider_id: id.map(ToOwned::to_owned),
                state: DeliveryState::Accepted,
                attributes: Vec::new(),
            })
        }
        code => Err(refused(code, &answer)),
    }
}

/// The interface says 0 even if it left the only recipient out.
fn reached(answer: &Value) -> bool {
    ["invaliduser", "invalidparty", "invalidtag", "unlicenseduser"]
        .iter()
        .all(|member| answer[*member].as_str().is_none_or(str::is_empty))
}

/// Token and its life in seconds.
fn fetch<H: Host>(host: &H, config: &Value) -> Result<(String, u64), Failure> {
    let corp_id = text::query_value(config["corpId"].as_str().unwrap_or_default());
    let url = format!("{}/cgi-bin/gettoken?corpid={corp_id}&corpsecret=${{secret:corp_secret}}", api(config));
    let answer = provider::call(host, "wecom", "errcode", OutgoingRequest::new("GET", url).within(4000))?;
    match (answer["access_token"].as_str(), answer["expires_in"].as_u64()) {
        (Some(token), Some(secs)) if !token.is_empty() => Ok((token.to_owned(), secs)),
        _ => Err(refused(code(&answer), &answer)),
    }
}

/// The interface in use.
pub(crate) fn api(config: &Value) -> &str {
    config["apiBase"].as_str().unwrap_or("https://qyapi.weixin.qq.com")
}

/// The provider's code of an answer; none of them where there is none.
pub(crate) fn code(answer: &Value) -> i64 {
    answer["errcode"].as_i64().unwrap_or(i64::MIN)
}

/// What the provider's codes mean for trying again.
/// <https://developer.work.weixin.qq.com/document/path/90313>
pub(crate) fn refused(code: i64, answer: &Value) -> Failure {
    let told = provider::words(answer, "errmsg");
    let name = format!("wecom.{code}");
    match code {
        0 | i64::MIN => Failure::unknown_outcome("wecom.answer", "the interface answered neither yes nor no"),
        -1 => Failure::retryable("wecom.busy", "the platform is busy").after(Some(5000)),
        40014 | 42001 => Failure::retryable(name, told).after(Some(60_000)),
        45009 => Failure::retryable(name, "too many messages in a minute").after(Some(60_000)),
        45033 => Failure::retryable(name, "too many calls at the same time").after(Some(5000)),
        // Secret, CorpID, application, address of the server, rights: somebody can put it right.
        40001 | 40013 | 40056 | 41001 | 41004 | 48002 | 50001 | 60011 | 60020 | 93000 | 301_002 => {
            Failure::misconfigured(name, told)
        }
        _ => Failure::permanent(name, told),
    }
}
