//! WeChat Official Account: citizens' messages in, customer-service replies out.
//!
//! ```text
//! GET  signature ─► echostr                    (the platform checks our address)
//! POST signature ─► decrypt ─► XML ─► message ─► event + passive reply, within five seconds
//! send ─► access token (cached, one refresh at a time) ─► custom/send
//! ```
//! A report arrives as several messages; each becomes an event of one session, which the host gathers.
//! Nothing is stored here but the access token.

mod send;

use yiwang_sdk::prelude::*;
use yiwang_sdk::provider::secret;
use yiwang_sdk::serde_json::Value;
use yiwang_sdk::wechat::{Envelope, Fields, Platform, Signed, answer, read_xml};

const PLATFORM: Platform = Platform { provider: "wechat", name: "微信", keeps_voices: false };

/// The platform counts time in seconds.
const UNIT_MS: u64 = 1000;

struct WeChat;

impl Channel for WeChat {
    fn webhook<H: Host>(host: &H, ctx: &CallContext, request: HttpRequest) -> Result<Outcome, Failure> {
        if !request.path.trim_end_matches('/').is_empty() {
            return Err(Failure::refused(404, "channel.no-such-path", "there is nothing at this path")
                .with("keep", "false"));
        }
        let config = host.config();
        let token = secret(host, "token")?;
        let signed = Signed::read(&request)?;
        match request.method.as_str() {
            "GET" => {
                signed.check(&token, request.query("signature"), None, UNIT_MS, ctx.now_ms)?;
                let echo = request.query("echostr").unwrap_or_default();
                let plain = echo.len() <= 256 && echo.bytes().all(|byte| byte.is_ascii_graphic());
                if !plain {
                    return Err(Failure::refused(400, "wechat.bad-echostr", "echostr is not plain text"));
                }
                Ok(Outcome::answer(HttpResponse::text(200, echo)))
            }
            "POST" => receive(host, ctx, &config, &token, &signed, &request),
            _ => {
                Err(Failure::refused(405, "channel.method-not-allowed", "use GET or POST")
                    .with("keep", "false"))
            }
        }
    }

    fn send<H: Host>(host: &H, ctx: &CallContext, notification: Notification) -> Result<Receipt, Failure> {
        send::send(host, ctx, &notification)
    }
}

fn receive<H: Host>(
    host: &H,
    ctx: &CallContext,
    config: &Value,
    token: &str,
    signed: &Signed<'_>,
    request: &HttpRequest,
) -> Result<Outcome, Failure> {
    let outer = request
        .text()
        .ok_or_else(|| Failure::refused(400, "channel.malformed-body", "the body is not UTF-8"))
        .and_then(read)?;
    let encryption = config["encryption"].as_str().unwrap_or("aes");
    let encrypted = request.query("encrypt_type") == Some("aes");
    if !encrypted {
        if encryption == "aes" {
            return Err(Failure::refused(
                401,
                "wechat.not-encrypted",
                "this channel takes encrypted messages only",
            ));
        }
        signed.check(token, request.query("signature"), None, UNIT_MS, ctx.now_ms)?;
        let answer = answer(host, ctx, config, &outer, &PLATFORM)?;
        return Ok(answer.into_outcome(ctx, None));
    }
    if encryption == "plain" {
        return Err(Failure::refused(401, "wechat.encrypted", "this channel takes plain messages only"));
    }
    let sealed = outer.get("Encrypt").unwrap_or_default();
    signed.check(token, request.query("msg_signature"), Some(sealed), UNIT_MS, ctx.now_ms)?;
    let app_id = config["appId"].as_str().unwrap_or_default();
    let envelope = Envelope::new(&secret(host, "aes_key")?, app_id).ok_or_else(|| {
        Failure::misconfigured("wechat.bad-aes-key", "secret `aes_key` is not 43 characters of base64")
    })?;
    let inner = envelope.open(sealed).ok_or_else(|| {
        Failure::refused(401, "wechat.undecryptable", "the message is not encrypted for this account")
    })?;
    let answer = answer(host, ctx, config, &read(&inner)?, &PLATFORM)?;
    let salt = host.random(16);
    Ok(answer.into_outcome(ctx, Some((&envelope, token, &salt))))
}

fn read(text: &str) -> Result<Fields, Failure> {
    read_xml(text).map_err(|reason| Failure::refused(400, "channel.malformed-body", reason))
}

yiwang_sdk::export_channel!(WeChat: webhook, sender);

#[cfg(test)]
mod tests;
