//! What a person's message means: a part of a report, a verdict, or nothing that we can take.
//!
//! Every kind is answered within the platform's five seconds; what cannot be taken is said politely.

use serde_json::Value;

use super::reply::{Answer, Reply};
use super::xml::Fields;
use crate::chat::{Chat, Said, VERDICT_HELP, VERDICT_THANKS, said};
use crate::intake::{Attachment, Intake, Location, clean};
use crate::{BlobRef, CallContext, Failure, Host, HttpResponse, OutgoingRequest, Payload, codec};

/// Longest time for fetching a photo; the person waits for the reply.
const PHOTO_MS: u32 = 1500;

/// What the platforms do differently.
pub struct Platform {
    /// Name of the provider in attachments and as the default kind of channel.
    pub provider: &'static str,
    /// Name for people, in titles.
    pub name: &'static str,
    /// Is a voice that the platform has not written down a part of a report, by its media id?
    pub keeps_voices: bool,
}

/// Answers a message.
///
/// # Errors
/// 400 `channel.malformed-body`.
pub fn answer<H: Host>(
    host: &H,
    ctx: &CallContext,
    config: &Value,
    message: &Fields,
    platform: &Platform,
) -> Result<Answer, Failure> {
    let from = required(message, "FromUserName")?;
    let us = required(message, "ToUserName")?;
    let id = id(message, &from)?;
    let reply = |text: &str| Some(Reply { to: from.clone(), from: us.clone(), text: text.to_owned() });
    let nothing = |text: &str| Ok(Answer { events: Vec::new(), reply: reply(text) });
    let chat = Chat { provider: platform.provider, config };
    let part = |content: &str, title: &str| chat.part(&id, &from, content, title);
    let (intake, blobs) = match message.get("MsgType").unwrap_or_default() {
        "text" => match said(message.get("Content").unwrap_or_default(), &from) {
            Said::Words(words) => (part(&words, ""), Vec::new()),
            Said::Verdict(verdict) => {
                let events = vec![verdict.into_event(id.clone())];
                return Ok(Answer { events, reply: reply(VERDICT_THANKS) });
            }
            Said::Unclear(_) => return nothing(VERDICT_HELP),
            Said::Nothing => return nothing("没有看到文字内容，请再发一次。"),
        },
        "voice" => match (clean(message.get("Recognition").unwrap_or_default()), media(message)) {
            (words, _) if !words.is_empty() => (part(&words, ""), Vec::new()),
            (_, Some(media)) if platform.keeps_voices => {
                let mut intake = part("［语音］", &format!("{}语音", platform.name));
                intake.attachments.push(Attachment::AtProvider {
                    provider: platform.provider.to_owned(),
                    reference: media.to_owned(),
                    url: None,
                    media_type: message.get("Format").map(audio_type),
                });
                (intake, Vec::new())
            }
            // There is nothing to keep but what somebody has written down.
            _ => return nothing("暂时不能处理语音，请用文字、照片或位置反映问题。"),
        },
        "image" => {
            let title = format!("{}照片", platform.name);
            image(host, config, message, part("［照片］", &title), platform)
        }
        "location" => (location(message, part, &format!("{}位置", platform.name))?, Vec::new()),
        "event" => {
            let subscribed = message.get("Event") == Some("subscribe");
            let greeting = config["greeting"].as_str().filter(|_| subscribed);
            return Ok(Answer { events: Vec::new(), reply: greeting.and_then(reply) });
        }
        _ => return nothing("暂时不能处理这种消息，请用文字、照片或位置反映问题。"),
    };
    let at = message.get("CreateTime").and_then(|at| at.parse::<u64>().ok()?.checked_mul(1000));
    let event = chat.event(ctx, intake, blobs, &from, at);
    Ok(Answer { events: vec![event], reply: reply(config["acknowledgement"].as_str().unwrap_or_default()) })
}

/// `MsgId`; events have none and are known by person and time.
fn id(message: &Fields, from: &str) -> Result<String, Failure> {
    if let Some(id) = message.get("MsgId").filter(|id| !id.is_empty()) {
        let plain = id.len() <= 64 && id.bytes().all(|byte| byte.is_ascii_alphanumeric());
        return if plain { Ok(id.to_owned()) } else { Err(malformed("MsgId")) };
    }
    let at = message
        .get("CreateTime")
        .filter(|at| at.parse::<u64>().is_ok())
        .ok_or_else(|| malformed("CreateTime"))?;
    Ok(format!("{from}-{at}"))
}

fn required(message: &Fields, name: &str) -> Result<String, Failure> {
    let value = message.get(name).unwrap_or_default();
    let plain = (1..=128).contains(&value.len()) && value.bytes().all(|byte| byte.is_ascii_graphic());
    if plain { Ok(value.to_owned()) } else { Err(malformed(name)) }
}

fn malformed(name: &str) -> Failure {
    Failure::refused(400, "channel.malformed-body", format!("`{name}` is missing or not plain"))
}

fn media(message: &Fields) -> Option<&str> {
    message.get("MediaId").filter(|id| !id.is_empty() && id.len() <= 512)
}

fn audio_type(format: &str) -> String {
    let format: String = format.chars().filter(char::is_ascii_alphanumeric).take(16).collect();
    format!("audio/{}", format.to_ascii_lowercase())
}

fn image<H: Host>(
    host: &H,
    config: &Value,
    message: &Fields,
    mut intake: Intake,
    platform: &Platform,
) -> (Intake, Vec<BlobRef>) {
    let url = message.get("PicUrl").filter(|url| url.len() <= 2048 && url.starts_with("http"));
    if config["keepPhotos"] == true
        && let Some(url) = url
    {
        let mut request = OutgoingRequest::new("GET", url).within(PHOTO_MS);
        request.response_to_blob = true;
        match host.http(request) {
            Ok(HttpResponse { status: 200, body: Payload::Blob(photo), .. }) => {
                intake.attachments.push((&photo).into());
                return (intake, vec![photo]);
            }
            // The address is handed over instead; whoever handles the case can still open it.
            Ok(response) => host.warn(&format!("a photo could not be fetched: {}", response.status)),
            Err(error) => host.warn(&format!("a photo could not be fetched: {error:?}")),
        }
    }
    let reference =
        media(message).map(ToOwned::to_owned).or_else(|| url.map(|url| codec::sha256_hex(url.as_bytes())));
    if let Some(reference) = reference {
        intake.attachments.push(Attachment::AtProvider {
            provider: platform.provider.to_owned(),
            reference,
            url: url.map(ToOwned::to_owned),
            media_type: Some("image/jpeg".to_owned()),
        });
    }
    (intake, Vec::new())
}

/// The platforms' coordinates are GCJ-02, and are handed over as such.
fn location(message: &Fields, part: impl Fn(&str, &str) -> Intake, title: &str) -> Result<Intake, Failure> {
    let degrees = |name: &str, max: f64| {
        let number = message.get(name).and_then(|text| text.trim().parse::<f64>().ok());
        number.filter(|number| number.is_finite() && number.abs() <= max).ok_or_else(|| malformed(name))
    };
    let (lat, lon) = (degrees("Location_X", 90.0)?, degrees("Location_Y", 180.0)?);
    let label: String = clean(message.get("Label").unwrap_or_default()).chars().take(500).collect();
    let content = if label.is_empty() { "［位置］".to_owned() } else { format!("［位置］{label}") };
    let mut intake = part(&content, title);
    intake.location = Some(Location { lat, lon, crs: "GCJ-02" });
    intake.address = (!label.is_empty()).then_some(label);
    Ok(intake)
}
