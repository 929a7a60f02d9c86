//! Customer-service messages (客服消息): to people who wrote within the last 48 hours.
//!
//! The access token is kept in the channel's small store until shortly before it expires; a short lease sees
//! to it that one call at a time fetches a new one. The secret itself is put in by the host.

use yiwang_sdk::prelude::*;
use yiwang_sdk::serde_json::{Value, from_slice, json};
use yiwang_sdk::{HttpError, KvError, OutgoingRequest};

const TOKEN: &str = "access-token";
const LEASE: &str = "access-token-lease";
/// A token is thrown away this long before the platform does.
const EARLY_SECS: u64 = 300;
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
    let mut token = token(host, ctx, &config)?;
    for refreshed in [false, true] {
        let answer = say(host, &config, &token, notification)?;
        match code(&answer) {
            0 => {
                let id = answer["msgid"].as_u64().map(|id| id.to_string());
                return Ok(Receipt {
                    provider_id: id,
                    state: DeliveryState::Accepted,
                    attributes: Vec::new(),
                });
            }
            // The token is no longer good: somebody else has fetched one, or the secret was changed.
            40001 | 40014 | 42001 if !refreshed => {
                host.kv_delete(TOKEN).map_err(store_failed)?;
                token = self::token(host, ctx, &config)?;
            }
            code => return Err(refused(code, &answer)),
        }
    }
    Err(Failure::retryable("wechat.token", "a fresh access token was not accepted").after(Some(60_000)))
}

fn say<H: Host>(
    host: &H,
    config: &Value,
    token: &str,
    notification: &Notification,
) -> Result<Value, Failure> {
    let text = match &notification.subject {
        Some(subject) => format!("{subject}\n{}", notification.body),
        None => notification.body.clone(),
    };
    let body = json!({
        "touser": notification.recipient.address,
        "msgtype": "text",
        "text": {"content": cut(&text)},
    });
    let url = format!("{}/cgi-bin/message/custom/send?access_token={}", api(config), query(token));
    let response =
        host.http(OutgoingRequest::new("POST", url).with_json(&body).within(6000)).map_err(failed)?;
    parsed(&response)
}

fn token<H: Host>(host: &H, ctx: &CallContext, config: &Value) -> Result<String, Failure> {
    let kept = host.kv_get(TOKEN).map_err(store_failed)?;
    if let Some(token) = kept.and_then(|token| String::from_utf8(token).ok()) {
        return Ok(token);
    }
    if !host.kv_set_if_absent(LEASE, ctx.call_id.as_bytes(), Some(10_000)).map_err(store_failed)? {
        return Err(Failure::retryable("wechat.token-busy", "another call is fetching the access token")
            .after(Some(1000)));
    }
    let fetched = fetch(host, config);
    let stored = fetched.as_ref().map_or(Ok(()), |(token, secs)| {
        let ttl = secs.saturating_sub(EARLY_SECS).max(1) * 1000;
        host.kv_set(TOKEN, token.as_bytes(), Some(ttl)).map_err(store_failed)
    });
    host.kv_delete(LEASE).map_err(store_failed)?;
    stored?;
    fetched.map(|(token, _)| token)
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
    // Nothing was sent to the citizen yet: whatever went wrong here can be tried again.
    let response = host.http(request).map_err(|error| match error {
        HttpError::Timeout(_) | HttpError::Protocol(_) => {
            Failure::retryable("wechat.token", format!("{error:?}"))
        }
        error => failed(error),
    })?;
    let answer = parsed(&response)?;
    match (answer["access_token"].as_str(), answer["expires_in"].as_u64()) {
        (Some(token), Some(secs)) if !token.is_empty() => Ok((token.to_owned(), secs)),
        _ => Err(refused(code(&answer), &answer)),
    }
}

fn api(config: &Value) -> &str {
    config["apiBase"].as_str().unwrap_or("https://api.weixin.qq.com")
}

fn parsed(response: &HttpResponse) -> Result<Value, Failure> {
    if response.status != 200 {
        return Err(Failure::retryable(
            format!("wechat.http-{}", response.status),
            "the interface does not answer as it should",
        ));
    }
    from_slice(response.bytes())
        .map_err(|_| Failure::unknown_outcome("wechat.answer", "the interface answered no JSON"))
}

fn code(answer: &Value) -> i64 {
    answer["errcode"].as_i64().unwrap_or(0)
}

/// What the platform's codes mean for trying again.
fn refused(code: i64, answer: &Value) -> Failure {
    let told: String = answer["errmsg"].as_str().unwrap_or_default().chars().take(200).collect();
    let name = format!("wechat.{code}");
    match code {
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

fn failed(error: HttpError) -> Failure {
    match error {
        HttpError::Denied(reason) => Failure::misconfigured("wechat.denied", reason),
        HttpError::InvalidRequest(reason) => Failure::permanent("wechat.invalid-request", reason),
        HttpError::Dns(reason) | HttpError::Connect(reason) | HttpError::Tls(reason) => {
            Failure::retryable("wechat.unreachable", reason)
        }
        HttpError::Timeout(false) => Failure::retryable("wechat.unreachable", "no connection in time"),
        HttpError::Timeout(true) => Failure::unknown_outcome("wechat.timeout", "no answer in time"),
        HttpError::Protocol(reason) => Failure::unknown_outcome("wechat.protocol", reason),
        HttpError::ResponseTooLarge(_) => {
            Failure::unknown_outcome("wechat.answer", "the answer is too large")
        }
    }
}

fn store_failed(error: KvError) -> Failure {
    match error {
        KvError::Denied(reason) => Failure::misconfigured("wechat.denied", reason),
        error => Failure::retryable("channel.store-unavailable", format!("{error:?}")),
    }
}

/// At most what the platform takes, whole characters.
fn cut(text: &str) -> String {
    if text.len() <= TEXT_BYTES_MAX {
        return text.to_owned();
    }
    let mut end = TEXT_BYTES_MAX - '…'.len_utf8();
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    format!("{}…", &text[..end])
}

/// For a query value.
fn query(text: &str) -> String {
    text.bytes()
        .map(|byte| match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => {
                char::from(byte).to_string()
            }
            byte => format!("%{byte:02X}"),
        })
        .collect()
}
