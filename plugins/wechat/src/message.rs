//! What a citizen's message means: a part of a report, a verdict, or nothing that we can take.
//!
//! Every kind is answered within the platform's five seconds; what cannot be taken is said politely.

use yiwang_sdk::intake::{self, Attachment, Feedback, Intake, Kind, Location, clean};
use yiwang_sdk::prelude::*;
use yiwang_sdk::serde_json::Value;
use yiwang_sdk::{OutgoingRequest, codec, time};

use crate::reply::{Answer, Reply};
use crate::xml::Fields;

/// Longest time for fetching a photo; the citizen waits for the reply.
const PHOTO_MS: u32 = 1500;

/// Answers a message.
pub(crate) fn answer<H: Host>(
    host: &H,
    ctx: &CallContext,
    config: &Value,
    message: &Fields,
) -> Result<Answer, Failure> {
    let from = required(message, "FromUserName")?;
    let us = required(message, "ToUserName")?;
    let reply = |text: &str| Some(Reply { to: from.clone(), from: us.clone(), text: text.to_owned() });
    let said = |name: &str| config[name].as_str().unwrap_or_default().to_owned();
    let nothing = |text: &str| Ok(Answer { events: Vec::new(), reply: reply(text) });
    let id = id(message, &from)?;
    let intake = |content: &str, title: &str| base(config, &id, &from, content, title);
    let event = match message.get("MsgType").unwrap_or_default() {
        "text" => {
            let text = clean(message.get("Content").unwrap_or_default());
            if let Some(words) = text.strip_prefix("评价") {
                return Ok(match verdict(words, &from) {
                    Some(feedback) => Answer {
                        events: vec![feedback.into_event(id.clone())],
                        reply: reply("感谢您的评价。"),
                    },
                    None => Answer {
                        events: Vec::new(),
                        reply: reply(
                            "评价请这样发送：评价 办件编号 满意（或 不满意 加原因），例如：评价 QC-20240604-000123 满意",
                        ),
                    },
                });
            }
            if text.is_empty() {
                return nothing("没有看到文字内容，请再发一次。");
            }
            intake(&text, "").into_event(id.clone(), Vec::new())
        }
        // The platform can write down what was said; only then there is something to keep.
        "voice" => match clean(message.get("Recognition").unwrap_or_default()) {
            text if text.is_empty() => return nothing("暂时不能处理语音，请用文字、照片或位置反映问题。"),
            text => intake(&text, "").into_event(id.clone(), Vec::new()),
        },
        "image" => image(host, config, message, intake("［照片］", "微信照片"), &id),
        "location" => location(message, intake, &id)?,
        "event" => {
            let subscribed = message.get("Event") == Some("subscribe");
            return Ok(Answer {
                events: Vec::new(),
                reply: if subscribed { reply(&said("greeting")) } else { None },
            });
        }
        _ => return nothing("暂时不能处理这种消息，请用文字、照片或位置反映问题。"),
    };
    let window = config["gatherSeconds"].as_u64().unwrap_or(300) * 1000;
    let mut event = event.in_session(from.clone(), window);
    event.time = message.get("CreateTime").and_then(|at| at.parse::<u64>().ok()).and_then(|secs| {
        // A time far from now is a mistake of somebody's clock.
        let ms = secs.checked_mul(1000)?;
        (ctx.now_ms.abs_diff(ms) < 86_400_000).then(|| time::rfc3339(ms))
    });
    Ok(Answer { events: vec![event], reply: reply(&said("acknowledgement")) })
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

fn base(config: &Value, id: &str, from: &str, content: &str, title: &str) -> Intake {
    let kind = config["kind"].as_str().and_then(Kind::parse).unwrap_or(Kind::Complaint);
    let content: String = content.chars().take(intake::CONTENT_CHARS_MAX).collect();
    let mut intake = Intake::new(id, kind, title, &content);
    intake.channel = Some(config["channel"].as_str().unwrap_or("wechat").to_owned());
    intake.region = config["region"].as_str().map(ToOwned::to_owned);
    intake.petitioner.openid = Some(from.to_owned());
    intake
}

fn image<H: Host>(host: &H, config: &Value, message: &Fields, mut intake: Intake, id: &str) -> Event {
    let url = message
        .get("PicUrl")
        .filter(|url| url.len() <= 2048 && url.starts_with("http"))
        .map(ToOwned::to_owned);
    if config["keepPhotos"] == true
        && let Some(url) = &url
    {
        let mut request = OutgoingRequest::new("GET", url.clone()).within(PHOTO_MS);
        request.response_to_blob = true;
        match host.http(request) {
            Ok(HttpResponse { status: 200, body: Payload::Blob(photo), .. }) => {
                intake.attachments.push((&photo).into());
                return intake.into_event(id, vec![photo]);
            }
            // The address is handed over instead; whoever handles the case can still open it.
            Ok(response) => host.warn(&format!("a photo could not be fetched: {}", response.status)),
            Err(error) => host.warn(&format!("a photo could not be fetched: {error:?}")),
        }
    }
    let media = message.get("MediaId").filter(|id| !id.is_empty() && id.len() <= 512);
    let reference =
        media.map(ToOwned::to_owned).or_else(|| url.as_deref().map(|url| codec::sha256_hex(url.as_bytes())));
    if let Some(reference) = reference {
        intake.attachments.push(Attachment::AtProvider {
            provider: "wechat".to_owned(),
            reference,
            url,
            media_type: Some("image/jpeg".to_owned()),
        });
    }
    intake.into_event(id, Vec::new())
}

/// The platform's coordinates are GCJ-02, and are handed over as such.
fn location(message: &Fields, intake: impl Fn(&str, &str) -> Intake, id: &str) -> Result<Event, Failure> {
    let degrees = |name: &str, max: f64| {
        let number = message.get(name).and_then(|text| text.trim().parse::<f64>().ok());
        number.filter(|number| number.is_finite() && number.abs() <= max).ok_or_else(|| malformed(name))
    };
    let (lat, lon) = (degrees("Location_X", 90.0)?, degrees("Location_Y", 180.0)?);
    let label: String = clean(message.get("Label").unwrap_or_default()).chars().take(500).collect();
    let content = if label.is_empty() { "［位置］".to_owned() } else { format!("［位置］{label}") };
    let mut intake = intake(&content, "微信位置");
    intake.location = Some(Location { lat, lon, crs: "GCJ-02" });
    intake.address = (!label.is_empty()).then_some(label);
    Ok(intake.into_event(id, Vec::new()))
}

/// ` QC-20240604-000123 不满意 没有修好`
fn verdict(words: &str, from: &str) -> Option<Feedback> {
    let mut parts = words.trim().splitn(3, char::is_whitespace);
    let case_no = parts.next()?.to_ascii_uppercase();
    let rest = parts.next()?.trim();
    let satisfied = match rest {
        "满意" | "非常满意" | "很满意" => true,
        "不满意" | "非常不满意" | "很不满意" => false,
        _ => return None,
    };
    let reason: String = clean(parts.next().unwrap_or_default()).chars().take(2000).collect();
    intake::is_case_no(&case_no).then(|| Feedback {
        case_no,
        satisfied,
        score: None,
        reason: (!reason.is_empty()).then_some(reason),
        openid: Some(from.to_owned()),
    })
}
