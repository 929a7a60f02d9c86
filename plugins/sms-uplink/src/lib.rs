//! Citizens' short messages (上行短信), pushed by the provider that also sends ours.
//!
//! ```text
//! POST /<secret> ─► address allowed ─► JSON: one message or a list ─► events ─► the provider's answer
//! ```
//! Nothing is signed, so the address holds a secret. Several messages of one number are parts of one report.

mod message;

use yiwang_sdk::caller;
use yiwang_sdk::chat::{Chat, Said, said};
use yiwang_sdk::prelude::*;
use yiwang_sdk::serde_json::{Value, json};

use message::Message;

struct SmsUplink;

impl Channel for SmsUplink {
    fn validate_config(config: &Value) -> Vec<Problem> {
        caller::problems(config, "allowFrom")
    }

    fn webhook<H: Host>(host: &H, ctx: &CallContext, request: HttpRequest) -> Result<Outcome, Failure> {
        let config = host.config();
        caller::check(host, "path_key", &config["allowFrom"], &request)?;
        if request.method != "POST" {
            return Err(Failure::refused(405, "channel.method-not-allowed", "use POST").with("keep", "false"));
        }
        let malformed = |reason: String| Failure::refused(400, "channel.malformed-body", reason);
        let body = yiwang_sdk::json::parse(request.bytes()).map_err(malformed)?;
        let messages = message::read(&config, &body).map_err(malformed)?;
        let mut events = Vec::new();
        for message in &messages {
            match event(ctx, &config, message) {
                Some(event) => events.push(event),
                // The numbers and words of people stay out of the log.
                None => host
                    .info("a message was left out: without words, to another number, or an unsubscription"),
            }
        }
        Ok(Outcome::new(answer(&config), events))
    }
}

/// What each provider takes for "received"; it pushes again otherwise.
fn answer(config: &Value) -> HttpResponse {
    HttpResponse::json(
        200,
        &match config["provider"].as_str() {
            Some("tencent") => json!({"result": 0, "errmsg": "OK"}),
            _ => json!({"code": 0, "msg": "成功"}),
        },
    )
}

fn event(ctx: &CallContext, config: &Value, message: &Message) -> Option<Event> {
    let ours = config["destCodes"].as_array().map_or(&[][..], Vec::as_slice);
    if !ours.is_empty() && !ours.iter().any(|code| code.as_str() == message.dest_code.as_deref()) {
        return None;
    }
    let words = match said(&message.content, &message.from) {
        Said::Nothing => return None,
        Said::Verdict(feedback) => return Some(feedback.into_event(message.id.clone())),
        // Half a verdict, too: nobody can be told how to write it better, so a person reads it.
        Said::Unclear(words) | Said::Words(words) => words,
    };
    let mut refusals = config["unsubscribe"].as_array().into_iter().flatten().filter_map(Value::as_str);
    if refusals.any(|refusal| words.eq_ignore_ascii_case(refusal)) {
        return None;
    }
    let chat = Chat { provider: "sms", config };
    let mut part = chat.part(&message.id, &message.from, &words, "");
    part.petitioner.openid = None;
    part.petitioner.phone = Some(message.from.clone());
    if let Some(code) = &message.dest_code {
        part.extra.insert("destCode".to_owned(), code.clone().into());
    }
    Some(chat.event(ctx, part, Vec::new(), &message.from, message.at_ms))
}

yiwang_sdk::export_channel!(SmsUplink: webhook);

#[cfg(test)]
mod tests;
