//! WeChat Official Account: citizens' messages in, customer-service replies out.
//!
//! ```text
//! GET  signature ─► echostr                    (the platform checks our address)
//! POST signature ─► decrypt ─► XML ─► message ─► event + passive reply, within five seconds
//! send ─► access token (cached, one refresh at a time) ─► custom/send
//! ```
//! A report arrives as several messages; each becomes an event of one session, which the host gathers.
//! Nothing is stored here but the access token.

mod crypto;
mod message;
mod reply;
mod send;
mod xml;

use crypto::Envelope;
use yiwang_sdk::prelude::*;
use yiwang_sdk::serde_json::Value;
use yiwang_sdk::{SecretError, codec};

/// How far the platform's timestamp may be off. It delivers within seconds and tries three times.
const TOLERANCE_SECS: u64 = 300;

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
                signed.check(&token, "signature", None, ctx.now_ms)?;
                let echo = request.query("echostr").unwrap_or_default();
                let plain = echo.len() <= 256 && echo.bytes().all(|byte| byte.is_ascii_graphic());
                if !plain {
                    return Err(Failure::refused(400, "wechat.bad-echostr", "echostr is not plain text"));
                }
                Ok(Outcome { response: HttpResponse::text(200, echo), events: Vec::new() })
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
        .and_then(read_xml)?;
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
        signed.check(token, "signature", None, ctx.now_ms)?;
        let answer = message::answer(host, ctx, config, &outer)?;
        return Ok(answer.into_outcome(ctx, None));
    }
    if encryption == "plain" {
        return Err(Failure::refused(401, "wechat.encrypted", "this channel takes plain messages only"));
    }
    let sealed = outer.get("Encrypt").unwrap_or_default();
    signed.check(token, "msg_signature", Some(sealed), ctx.now_ms)?;
    let app_id = config["appId"].as_str().unwrap_or_default();
    let envelope = Envelope::new(&secret(host, "aes_key")?, app_id).ok_or_else(|| {
        Failure::misconfigured("wechat.bad-aes-key", "secret `aes_key` is not 43 characters of base64")
    })?;
    let inner = envelope.open(sealed).ok_or_else(|| {
        Failure::refused(401, "wechat.undecryptable", "the message is not encrypted for this account")
    })?;
    let answer = message::answer(host, ctx, config, &read_xml(&inner)?)?;
    let salt = host.random(16);
    Ok(answer.into_outcome(ctx, Some((&envelope, token, &salt))))
}

fn read_xml(text: &str) -> Result<xml::Fields, Failure> {
    xml::read(text).map_err(|reason| Failure::refused(400, "channel.malformed-body", reason))
}

/// The query members of a signature.
struct Signed<'a> {
    request: &'a HttpRequest,
    timestamp: &'a str,
    nonce: &'a str,
}

impl<'a> Signed<'a> {
    fn read(request: &'a HttpRequest) -> Result<Self, Failure> {
        let member = |name: &str| {
            let mut values = request.query.iter().filter(|(key, _)| key == name);
            match (values.next(), values.next()) {
                (Some((_, value)), None) if !value.is_empty() && value.len() <= 128 => Ok(value.as_str()),
                _ => Err(Failure::refused(
                    401,
                    "channel.missing-signature",
                    format!("`{name}` is not there once"),
                )),
            }
        };
        Ok(Self { request, timestamp: member("timestamp")?, nonce: member("nonce")? })
    }

    fn check(&self, token: &str, name: &str, sealed: Option<&str>, now_ms: u64) -> Result<(), Failure> {
        let given = self.request.query(name).unwrap_or_default();
        let mut parts = vec![token, self.timestamp, self.nonce];
        parts.extend(sealed);
        if !codec::same(given.as_bytes(), crypto::signature(&parts).as_bytes()) {
            return Err(Failure::refused(401, "channel.bad-signature", "the signature does not match"));
        }
        let at: u64 = self.timestamp.parse().unwrap_or(0);
        if (now_ms / 1000).abs_diff(at) > TOLERANCE_SECS {
            return Err(Failure::refused(
                401,
                "channel.stale-timestamp",
                "the timestamp is too far away from now",
            ));
        }
        Ok(())
    }
}

fn secret<H: Host>(host: &H, name: &str) -> Result<String, Failure> {
    host.secret(name).map_err(|error| {
        let reason = match error {
            SecretError::Denied(reason) | SecretError::Unsupported(reason) => reason,
            SecretError::NotSet => format!("secret `{name}` is not set"),
        };
        Failure::misconfigured("channel.secret-unusable", reason)
    })
}

yiwang_sdk::export_channel!(WeChat: webhook, sender);

#[cfg(test)]
mod tests;
