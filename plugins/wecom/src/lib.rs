//! WeCom (企业微信): what members write to an application in, replies and messages of group robots out.
//!
//! ```text
//! GET  msg_signature ─► decrypt echostr ─► its plain text     (the platform checks our address)
//! POST msg_signature ─► decrypt ─► XML ─► message ─► event + passive reply, within five seconds
//! send to `user-id`, `department`, `tag` ─► access token (cached) ─► message/send
//! send to `group`, `mobile`              ─► the group's robot
//! ```
//! The scheme is that of WeChat with the id of the enterprise as receiver, and is always encrypted. Documentation:
//! <https://developer.work.weixin.qq.com/document/path/90930>. Nothing is stored here but the access token.

mod app;
mod robot;
mod send;

use yiwang_sdk::prelude::*;
use yiwang_sdk::provider::secret;
use yiwang_sdk::serde_json::Value;
use yiwang_sdk::wechat::{Envelope, Fields, Platform, Signed, answer, read_xml};

const PLATFORM: Platform = Platform { provider: "wecom", name: "企业微信", keeps_voices: true };

/// The platform counts time in seconds.
const UNIT_MS: u64 = 1000;

struct WeCom;

impl Channel for WeCom {
    fn webhook<H: Host>(host: &H, ctx: &CallContext, request: HttpRequest) -> Result<Outcome, Failure> {
        if !request.path.trim_end_matches('/').is_empty() {
            return Err(Failure::refused(404, "channel.no-such-path", "there is nothing at this path")
                .with("keep", "false"));
        }
        let callback = Callback::new(host, ctx)?;
        match request.method.as_str() {
            "GET" => callback.check_address(&request),
            "POST" => callback.receive(&request),
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

/// What a callback is checked and opened with.
struct Callback<'a, H: Host> {
    host: &'a H,
    ctx: &'a CallContext,
    config: Value,
    token: String,
    envelope: Envelope,
}

impl<'a, H: Host> Callback<'a, H> {
    fn new(host: &'a H, ctx: &'a CallContext) -> Result<Self, Failure> {
        let config = host.config();
        let token = secret(host, "token")?;
        let corp_id = config["corpId"].as_str().unwrap_or_default();
        let envelope = Envelope::new(&secret(host, "aes_key")?, corp_id).ok_or_else(|| {
            Failure::misconfigured("wecom.bad-aes-key", "secret `aes_key` is not 43 characters of base64")
        })?;
        Ok(Self { host, ctx, config, token, envelope })
    }

    fn check_address(&self, request: &HttpRequest) -> Result<Outcome, Failure> {
        let plain = self.open(request, request.query("echostr").unwrap_or_default())?;
        Ok(Outcome::answer(HttpResponse::text(200, plain)))
    }

    fn receive(&self, request: &HttpRequest) -> Result<Outcome, Failure> {
        let outer = request
            .text()
            .ok_or_else(|| Failure::refused(400, "channel.malformed-body", "the body is not UTF-8"))
            .and_then(read)?;
        let inner = read(&self.open(request, outer.get("Encrypt").unwrap_or_default())?)?;
        let answer = answer(self.host, self.ctx, &self.config, &inner, &PLATFORM)?;
        let salt = self.host.random(16);
        Ok(answer.into_outcome(self.ctx, Some((&self.envelope, &self.token, &salt))))
    }

    fn open(&self, request: &HttpRequest, sealed: &str) -> Result<String, Failure> {
        let signature = request.query("msg_signature");
        Signed::read(request)?.check(&self.token, signature, Some(sealed), UNIT_MS, self.ctx.now_ms)?;
        self.envelope.open(sealed).ok_or_else(|| {
            Failure::refused(401, "wecom.undecryptable", "the message is not encrypted for this CorpID")
        })
    }
}

fn read(text: &str) -> Result<Fields, Failure> {
    read_xml(text).map_err(|reason| Failure::refused(400, "channel.malformed-body", reason))
}

yiwang_sdk::export_channel!(WeCom: webhook, sender);

#[cfg(test)]
mod tests;
