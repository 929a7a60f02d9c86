//! Feishu (飞书): what people write to an application in, its replies and messages of a group robot out.
//!
//! ```text
//! POST X-Lark-Signature ─► decrypt ─► challenge? echo : im.message.receive_v1 ─► event
//! send to `openid`, `user-id`, `chat` ─► access token (cached) ─► im/v1/messages
//! send to `group`                     ─► sign ─► the group's robot
//! ```
//! Documentation: <https://open.feishu.cn/document/server-docs/event-subscription-guide/overview>.
//! Nothing is stored here but the access token.

mod app;
mod card;
mod envelope;
mod message;
mod robot;

use yiwang_sdk::prelude::*;
use yiwang_sdk::provider::{secret, words};
use yiwang_sdk::serde_json::{Value, json};
use yiwang_sdk::{SecretError, codec, provider};

struct Feishu;

impl Channel for Feishu {
    fn webhook<H: Host>(host: &H, ctx: &CallContext, request: HttpRequest) -> Result<Outcome, Failure> {
        if !request.path.trim_end_matches('/').is_empty() {
            return Err(Failure::refused(404, "channel.no-such-path", "there is nothing at this path")
                .with("keep", "false"));
        }
        if request.method != "POST" {
            return Err(Failure::refused(405, "channel.method-not-allowed", "use POST").with("keep", "false"));
        }
        let key = secret(host, "encrypt_key")?;
        let signed = envelope::check(&key, &request, ctx.now_ms)?;
        let opened = envelope::open(&key, request.bytes());
        if !signed {
            // Saving an address in the console sends a challenge without signature. Of anything else that is
            // not signed nothing is said, not even whether it could be opened.
            return challenge(host, opened.ok())
                .ok_or_else(|| Failure::refused(401, "channel.missing-signature", "it is not signed"));
        }
        let event = opened?;
        if let Some(outcome) = challenge(host, Some(event.clone())) {
            return Ok(outcome);
        }
        let config = host.config();
        let header = &event["header"];
        let ours = header["app_id"].is_string() && header["app_id"] == config["appId"];
        if !ours || !token_holds(host, &header["token"])? {
            return Err(Failure::refused(401, "feishu.another-app", "the event is not for this application"));
        }
        let events = match header["event_type"].as_str().unwrap_or_default() {
            "im.message.receive_v1" => message::read(&config, ctx, &event)?,
            // What a subscription brings along is not a mistake.
            _ => None,
        };
        let response = HttpResponse::json(200, &json!({}));
        Ok(Outcome::new(response, events.into_iter().collect()))
    }

    fn send<H: Host>(host: &H, ctx: &CallContext, notification: Notification) -> Result<Receipt, Failure> {
        let config = host.config();
        match notification.recipient.kind.as_str() {
            "openid" => app::send(host, ctx, &config, &notification, "open_id"),
            "user-id" => app::send(host, ctx, &config, &notification, "user_id"),
            "chat" => app::send(host, ctx, &config, &notification, "chat_id"),
            "group" => robot::send(host, ctx, &config, &notification),
            kind => Err(Failure::permanent(
                "feishu.recipient-kind",
                format!("a recipient of kind `{kind}`; feishu knows `openid`, `user-id`, `chat`, `group`"),
            )),
        }
    }
}

/// The answer to a challenge; none if it is none, or not with our token.
fn challenge<H: Host>(host: &H, event: Option<Value>) -> Option<Outcome> {
    let event = event.filter(|event| event["type"] == "url_verification")?;
    let word = event["challenge"].as_str().filter(|word| (1..=256).contains(&word.len()))?;
    let held = token_holds(host, &event["token"]).is_ok_and(|held| held);
    held.then(|| Outcome::answer(HttpResponse::json(200, &json!({"challenge": word}))))
}

/// Is it our Verification Token? Where none is set, there is nothing to compare.
fn token_holds<H: Host>(host: &H, given: &Value) -> Result<bool, Failure> {
    match host.secret("verification_token") {
        Ok(token) => Ok(codec::same(given.as_str().unwrap_or_default().as_bytes(), token.as_bytes())),
        Err(SecretError::NotSet | SecretError::Denied(_)) => Ok(true),
        Err(error) => Err(provider::unusable("verification_token", error)),
    }
}

fn malformed(reason: impl Into<String>) -> Failure {
    Failure::refused(400, "channel.malformed-body", reason)
}

/// What the platform's codes mean for trying again.
/// <https://open.feishu.cn/document/server-docs/getting-started/server-error-codes>
fn refused(answer: &Value) -> Failure {
    let Some(code) = answer["code"].as_i64().filter(|code| *code != 0) else {
        return Failure::unknown_outcome("feishu.answer", "the interface answered neither yes nor no");
    };
    let told = words(answer, "msg");
    let name = format!("feishu.{code}");
    match code {
        // One number for two things: only the words say which.
        9499 if told.to_ascii_lowercase().contains("too many") => {
            Failure::retryable(name, "too many messages").after(Some(60_000))
        }
        11232 | 230_020 | 99_991_400 => Failure::retryable(name, "too many messages").after(Some(60_000)),
        2200 | 55_001 | 90_217 => Failure::retryable(name, told).after(Some(5000)),
        99_991_661 | 99_991_663 | 99_991_664 | 99_991_668 => {
            Failure::retryable(name, told).after(Some(60_000))
        }
        // The robot's address, its signature, address of the server, word; application, secret, rights.
        19001 | 19002 | 19021 | 19022 | 19024 | 10003 | 10014 | 99_991_672 | 230_006 => {
            Failure::misconfigured(name, told)
        }
        _ => Failure::permanent(name, told),
    }
}

fn api(config: &Value) -> &str {
    config["apiBase"].as_str().unwrap_or("https://open.feishu.cn")
}

yiwang_sdk::export_channel!(Feishu: webhook, sender);

#[cfg(test)]
mod tests;
