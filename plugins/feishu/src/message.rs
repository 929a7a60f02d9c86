//! A message to the application (`im.message.receive_v1`) as a part of a report.
//! <https://open.feishu.cn/document/server-docs/im-v1/message/events/receive>
//!
//! The answer to an event shows nobody anything: what cannot be taken is left, and the process replies.

use yiwang_sdk::chat::{Chat, Said, said};
use yiwang_sdk::intake::{Attachment, CRS, Intake, Location, clean};
use yiwang_sdk::json;
use yiwang_sdk::prelude::*;
use yiwang_sdk::serde_json::{Value, json};

use crate::malformed;

/// The event, if the message is one that we can take.
pub(crate) fn read(config: &Value, ctx: &CallContext, event: &Value) -> Result<Option<Event>, Failure> {
    let id = plain(&event["header"]["event_id"], "event_id")?;
    let (sender, message) = (&event["event"]["sender"], &event["event"]["message"]);
    // Other robots in a group talk, too.
    if sender["sender_type"] != "user" {
        return Ok(None);
    }
    let from = plain(&sender["sender_id"]["open_id"], "open_id")?;
    let content = message["content"].as_str().unwrap_or_default();
    let content = json::parse(content.as_bytes()).map_err(malformed)?;
    let read = Message { chat: Chat { provider: "feishu", config }, id, from, message, content };
    if let Said::Verdict(verdict) = read.said() {
        return Ok(Some(verdict.into_event(id)));
    }
    let Some(intake) = read.part() else { return Ok(None) };
    let at = message["create_time"].as_str().and_then(|text| text.parse().ok());
    Ok(Some(read.chat.event(ctx, intake, Vec::new(), from, at)))
}

struct Message<'a> {
    chat: Chat<'a>,
    id: &'a str,
    from: &'a str,
    message: &'a Value,
    content: Value,
}

impl Message<'_> {
    /// The words of a plain text; other kinds have none.
    fn said(&self) -> Said {
        match (self.message["message_type"].as_str(), self.content["text"].as_str()) {
            (Some("text"), Some(text)) => said(&self.named(text), self.from),
            _ => Said::Nothing,
        }
    }

    fn part(&self) -> Option<Intake> {
        let content = &self.content;
        let file = |words: &str, title: &str, kind: &str, key: &str, media_type: Option<&str>| {
            let mut intake = self.intake(words, title);
            intake.attachments.push(self.attachment(kind, content[key].as_str()?, media_type)?);
            Some(intake)
        };
        match self.message["message_type"].as_str()? {
            "text" => match self.said() {
                // Nobody can be told how a verdict is written: the words are kept rather than lost.
                Said::Words(words) | Said::Unclear(words) => Some(self.intake(&words, "")),
                Said::Nothing | Said::Verdict(_) => None,
            },
            "post" => self.post(),
            "image" => file("［照片］", "飞书照片", "image", "image_key", Some("image/jpeg")),
            "audio" => file("［语音］", "飞书语音", "file", "file_key", Some("audio/opus")),
            "media" => file("［视频］", "飞书视频", "file", "file_key", Some("video/mp4")),
            "file" => {
                let name = clean(content["file_name"].as_str().unwrap_or_default());
                file(&format!("［文件］{name}"), "飞书文件", "file", "file_key", None)
            }
            "location" => Some(self.location()),
            _ => None,
        }
    }

    fn intake(&self, content: &str, title: &str) -> Intake {
        self.chat.part(self.id, self.from, content, title)
    }

    /// Fetched by the message's id and this key, as `image` or `file`.
    fn attachment(&self, kind: &str, key: &str, media_type: Option<&str>) -> Option<Attachment> {
        let message = self.message["message_id"].as_str()?;
        let reference = format!("{message}/{kind}/{key}");
        let plain = (1..=512).contains(&reference.len()) && reference.bytes().all(|b| b.is_ascii_graphic());
        plain.then(|| Attachment::AtProvider {
            provider: "feishu".to_owned(),
            reference,
            url: None,
            media_type: media_type.map(ToOwned::to_owned),
        })
    }

    /// `@_user_1` stands for somebody: the name is put there. At the beginning it is how the robot of a group
    /// is called, and belongs to nothing.
    fn named(&self, text: &str) -> String {
        let called =
            text.trim_start().strip_prefix("@_user_1").filter(|rest| rest.starts_with(char::is_whitespace));
        let text = called.unwrap_or(text);
        let mentions = self.message["mentions"].as_array().into_iter().flatten();
        // The last first, or `@_user_1` would be found in `@_user_10`.
        mentions.rev().fold(text.to_owned(), |text, mention| {
            match (mention["key"].as_str(), mention["name"].as_str()) {
                (Some(key), Some(name)) if key.len() > 2 => text.replace(key, &format!("@{name}")),
                _ => text,
            }
        })
    }

    /// Rich text: lines of pieces.
    fn post(&self) -> Option<Intake> {
        let mut words = Vec::new();
        let mut photos = Vec::new();
        for line in self.content["content"].as_array().into_iter().flatten() {
            let pieces = line.as_array().map(Vec::as_slice).unwrap_or_default();
            let text = |piece: &Value| match piece["tag"].as_str() {
                Some("text") => piece["text"].as_str().map(ToOwned::to_owned),
                Some("a") => Some(format!("{} {}", piece["text"].as_str()?, piece["href"].as_str()?)),
                Some("at") => Some(format!("@{}", piece["user_name"].as_str()?)),
                _ => None,
            };
            words.push(pieces.iter().filter_map(text).collect::<String>());
            let image =
                |piece: &Value| self.attachment("image", piece["image_key"].as_str()?, Some("image/jpeg"));
            photos.extend(pieces.iter().filter_map(image));
        }
        let title: String =
            clean(self.content["title"].as_str().unwrap_or_default()).chars().take(200).collect();
        let words = clean(&words.join("\n"));
        let mut intake = match (words.as_str(), title.as_str()) {
            ("", "") if photos.is_empty() => return None,
            ("", "") => self.intake("［照片］", "飞书照片"),
            ("", title) => self.intake(title, title),
            (words, title) => self.intake(words, title),
        };
        intake.attachments.extend(photos.into_iter().take(50));
        Some(intake)
    }

    fn location(&self) -> Intake {
        let name: String =
            clean(self.content["name"].as_str().unwrap_or_default()).chars().take(500).collect();
        let mut intake = self.intake(&format!("［位置］{name}"), "飞书位置");
        intake.address = (!name.is_empty()).then_some(name);
        let degrees = |member: &str, max: f64| {
            let number = self.content[member].as_str().and_then(|text| text.trim().parse::<f64>().ok());
            number.filter(|number| number.is_finite() && number.abs() <= max)
        };
        if let (Some(lat), Some(lon)) = (degrees("latitude", 90.0), degrees("longitude", 180.0)) {
            let datum = self.chat.config["locationCrs"].as_str();
            match CRS.into_iter().find(|crs| datum == Some(crs)) {
                Some(crs) => intake.location = Some(Location { lat, lon, crs }),
                // A point of an unknown datum may be half a kilometre off: kept, but not as a location.
                None => drop(intake.extra.insert("location".to_owned(), json!({"lat": lat, "lon": lon}))),
            }
        }
        intake
    }
}

fn plain<'a>(value: &'a Value, name: &str) -> Result<&'a str, Failure> {
    let value = value.as_str().unwrap_or_default();
    let right = (1..=128).contains(&value.len()) && value.bytes().all(|byte| byte.is_ascii_graphic());
    right.then_some(value).ok_or_else(|| malformed(format!("`{name}` is missing or not plain")))
}
