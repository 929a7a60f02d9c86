//! Messages to the robot of an application (机器人, HTTP模式), signed in the headers.
//! <https://open.dingtalk.com/document/orgapp/receive-message>

use yiwang_sdk::chat::{Chat, Said, VERDICT_HELP, VERDICT_THANKS, said};
use yiwang_sdk::intake::{Attachment, clean};
use yiwang_sdk::prelude::*;
use yiwang_sdk::provider::{secret, unusable};
use yiwang_sdk::serde_json::{Value, json};
use yiwang_sdk::{codec, json};

use crate::malformed;

/// DingTalk says that a request is to be refused when its timestamp is an hour off.
const TOLERANCE_MS: u64 = 3_600_000;

/// Receives a message.
pub(crate) fn receive<H: Host>(
    host: &H,
    ctx: &CallContext,
    request: &HttpRequest,
) -> Result<Outcome, Failure> {
    check(host, ctx, request)?;
    let body = json::parse(request.bytes()).map_err(malformed)?;
    answer(&host.config(), ctx, &body)
}

/// `sign` is the HMAC of `timestamp`, a line end and the secret, with the secret as key. The body is not
/// signed: what keeps it whole is TLS.
fn check<H: Host>(host: &H, ctx: &CallContext, request: &HttpRequest) -> Result<(), Failure> {
    let timestamp = once(request, "timestamp")?;
    let (given, ours) = (once(request, "sign")?, sign(host, "app_secret", timestamp)?);
    // As text: a last symbol with other spare bits would decode to the same.
    if !codec::same(given.as_bytes(), codec::base64_encode(&ours).as_bytes()) {
        return Err(Failure::refused(401, "channel.bad-signature", "the signature does not match"));
    }
    if ctx.now_ms.abs_diff(timestamp.parse().unwrap_or(0)) > TOLERANCE_MS {
        return Err(Failure::refused(
            401,
            "channel.stale-timestamp",
            "the timestamp is more than an hour off",
        ));
    }
    Ok(())
}

/// DingTalk's signature of a time in milliseconds, with a secret both as key and in the text.
pub(crate) fn sign<H: Host>(host: &H, name: &str, timestamp: &str) -> Result<Vec<u8>, Failure> {
    let text = format!("{timestamp}\n{}", secret(host, name)?);
    host.hmac(name, "utf8", "sha256", text.as_bytes()).map_err(|error| unusable(name, error))
}

/// The header must be there exactly once.
fn once<'a>(request: &'a HttpRequest, name: &str) -> Result<&'a str, Failure> {
    let mut values = request.headers.iter().filter(|header| header.name == name);
    match (values.next(), values.next()) {
        (Some(header), None) if header.value.len() <= 128 => Ok(&header.value),
        _ => {
            let reason = format!("header `{name}` is not there once");
            Err(Failure::refused(401, "channel.missing-signature", reason))
        }
    }
}

fn answer(config: &Value, ctx: &CallContext, message: &Value) -> Result<Outcome, Failure> {
    let id = plain(message, "msgId")?;
    // Somebody from outside the organisation has no staff id.
    let from = plain(message, "senderStaffId").or_else(|_| plain(message, "senderId"))?;
    let chat = Chat { provider: "dingtalk", config };
    let reply = |text: &str, events: Vec<Event>| {
        let body = json!({"msgtype": "text", "text": {"content": text}});
        Ok(Outcome::new(HttpResponse::json(200, &body), events))
    };
    let mut intake = match message["msgtype"].as_str().unwrap_or_default() {
        "text" => match said(message["text"]["content"].as_str().unwrap_or_default(), from) {
            Said::Words(words) => chat.part(id, from, &words, ""),
            Said::Verdict(verdict) => return reply(VERDICT_THANKS, vec![verdict.into_event(id)]),
            Said::Unclear(_) => return reply(VERDICT_HELP, Vec::new()),
            Said::Nothing => return reply("没有看到文字内容，请再发一次。", Vec::new()),
        },
        "richText" => {
            let parts = message["content"]["richText"].as_array().map(Vec::as_slice).unwrap_or_default();
            let words: Vec<&str> = parts.iter().filter_map(|part| part["text"].as_str()).collect();
            let words = clean(&words.concat());
            let mut intake = match words.as_str() {
                "" => chat.part(id, from, "［照片］", "钉钉照片"),
                words => chat.part(id, from, words, ""),
            };
            intake.attachments.extend(parts.iter().filter_map(photo).take(50));
            if words.is_empty() && intake.attachments.is_empty() {
                return reply("没有看到文字内容，请再发一次。", Vec::new());
            }
            intake
        }
        "picture" => {
            let mut intake = chat.part(id, from, "［照片］", "钉钉照片");
            intake.attachments.extend(photo(&message["content"]));
            intake
        }
        // The platform writes down what was said.
        "audio" => match clean(message["content"]["recognition"].as_str().unwrap_or_default()).as_str() {
            "" => return reply("暂时不能处理语音，请用文字或照片反映问题。", Vec::new()),
            words => chat.part(id, from, words, ""),
        },
        _ => return reply("暂时不能处理这种消息，请用文字或照片反映问题。", Vec::new()),
    };
    let nick = clean(message["senderNick"].as_str().unwrap_or_default());
    intake.petitioner.name = Some(nick.chars().take(100).collect()).filter(|name: &String| !name.is_empty());
    let event = chat.event(ctx, intake, Vec::new(), from, message["createAt"].as_u64());
    reply(config["acknowledgement"].as_str().unwrap_or("已收到。"), vec![event])
}

/// A picture, by the code with which the application can fetch it.
fn photo(part: &Value) -> Option<Attachment> {
    let code = part["downloadCode"].as_str().or_else(|| part["pictureDownloadCode"].as_str())?;
    (1..=512).contains(&code.len()).then(|| Attachment::AtProvider {
        provider: "dingtalk".to_owned(),
        reference: code.to_owned(),
        url: None,
        media_type: Some("image/jpeg".to_owned()),
    })
}

fn plain<'a>(message: &'a Value, name: &str) -> Result<&'a str, Failure> {
    let value = message[name].as_str().unwrap_or_default();
    let right = (1..=128).contains(&value.len()) && value.bytes().all(|byte| byte.is_ascii_graphic());
    right.then_some(value).ok_or_else(|| malformed(format!("`{name}` is missing or not plain")))
}
