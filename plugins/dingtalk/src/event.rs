//! Encrypted events (事件订阅, HTTP推送). DingTalk sends one again until it reads `success`, encrypted.

use yiwang_sdk::chat::Chat;
use yiwang_sdk::intake::clean;
use yiwang_sdk::prelude::*;
use yiwang_sdk::provider::secret;
use yiwang_sdk::serde_json::{Value, json};
use yiwang_sdk::wechat::{Envelope, Signed, signature};
use yiwang_sdk::{codec, json};

use crate::malformed;

/// Receives an event.
pub(crate) fn receive<H: Host>(
    host: &H,
    ctx: &CallContext,
    request: &HttpRequest,
) -> Result<Outcome, Failure> {
    let signed = Signed::read(request)?;
    let config = host.config();
    let token = secret(host, "token")?;
    let body = json::parse(request.bytes()).map_err(malformed)?;
    let sealed = body["encrypt"].as_str().ok_or_else(|| malformed("`encrypt` is missing"))?;
    // Older subscriptions call it `signature`.
    let given = request.query("msg_signature").or_else(|| request.query("signature"));
    signed.check(&token, given, Some(sealed), 1, ctx.now_ms)?;
    let receiver = config["receiverId"].as_str().ok_or_else(|| {
        Failure::misconfigured("dingtalk.no-receiver-id", "`receiverId` is missing in the configuration")
    })?;
    let envelope = Envelope::new(&secret(host, "aes_key")?, receiver).ok_or_else(|| {
        Failure::misconfigured("dingtalk.bad-aes-key", "secret `aes_key` is not 43 characters of base64")
    })?;
    let plain = envelope.open(sealed).ok_or_else(|| {
        Failure::refused(401, "dingtalk.undecryptable", "the event is not encrypted for this receiver")
    })?;
    let event = json::parse(plain.as_bytes()).map_err(malformed)?;
    let events = approval(&config, ctx, &event).into_iter().collect();
    Ok(Outcome::new(success(host, ctx, &envelope, &token), events))
}

/// `success`, encrypted and signed: the answer to every event, `check_url` among them.
fn success<H: Host>(host: &H, ctx: &CallContext, envelope: &Envelope, token: &str) -> HttpResponse {
    let sealed = envelope.close("success", &host.random(16));
    let (timestamp, nonce) = (ctx.now_ms.to_string(), codec::hex(&host.random(8)));
    let signed = signature(&[token, &timestamp, &nonce, &sealed]);
    HttpResponse::json(
        200,
        &json!({"msg_signature": signed, "timeStamp": timestamp, "nonce": nonce, "encrypt": sealed}),
    )
}

/// An approval that was handed in, of a template that the configuration names. All other events are only
/// acknowledged: what a subscription brings along is not a mistake.
fn approval(config: &Value, ctx: &CallContext, event: &Value) -> Option<Event> {
    let member = |name: &str| event[name].as_str().filter(|text| !text.is_empty() && text.len() <= 200);
    let named = config["approvals"].as_array()?.iter().any(|code| *code == event["processCode"]);
    if event["EventType"] != "bpms_instance_change" || event["type"] != "start" || !named {
        return None;
    }
    let (id, staff) = (plain(member("processInstanceId")?)?, plain(member("staffId")?)?);
    let title: String = clean(member("title").unwrap_or("钉钉审批")).chars().take(200).collect();
    let chat = Chat { provider: "dingtalk", config };
    let content = match event["url"].as_str().filter(|url| url.len() <= 2048) {
        Some(url) => format!("{title}\n{}", clean(url)),
        None => title.clone(),
    };
    let mut intake = chat.part(id, staff, &content, &title);
    for name in ["processCode", "businessId", "corpId"] {
        if let Some(value) = member(name) {
            intake.extra.insert(name.to_owned(), value.into());
        }
    }
    let mut event = chat.event(ctx, intake, Vec::new(), staff, event["createTime"].as_u64());
    // An approval is whole by itself: nothing else is gathered with it.
    event.attributes.clear();
    Some(event)
}

fn plain(text: &str) -> Option<&str> {
    (text.len() <= 128 && text.bytes().all(|byte| byte.is_ascii_graphic())).then_some(text)
}
