//! DingTalk (钉钉): what people write to a robot and approvals in, messages of a group robot out.
//!
//! ```text
//! POST {"encrypt"} + signature ─► decrypt ─► event ─► approval handed in? an intake : nothing
//!                                                └─► answer: `success`, encrypted
//! POST + headers timestamp, sign ─► message to the robot ─► event + reply
//! send ─► HMAC sign ─► robot/send
//! ```
//! Both come to the same address. The scheme of events is WeChat's. Documentation:
//! <https://open.dingtalk.com/document/orgapp/configure-event-subcription>. Nothing is stored here.

mod event;
mod message;
mod send;

use yiwang_sdk::prelude::*;

struct DingTalk;

impl Channel for DingTalk {
    fn webhook<H: Host>(host: &H, ctx: &CallContext, request: HttpRequest) -> Result<Outcome, Failure> {
        if !request.path.trim_end_matches('/').is_empty() {
            return Err(Failure::refused(404, "channel.no-such-path", "there is nothing at this path")
                .with("keep", "false"));
        }
        if request.method != "POST" {
            return Err(Failure::refused(405, "channel.method-not-allowed", "use POST").with("keep", "false"));
        }
        // A robot's message is signed in the headers, an event in the query.
        if request.header("sign").is_some() {
            return message::receive(host, ctx, &request);
        }
        event::receive(host, ctx, &request)
    }

    fn send<H: Host>(host: &H, ctx: &CallContext, notification: Notification) -> Result<Receipt, Failure> {
        send::send(host, ctx, &notification)
    }
}

fn malformed(reason: impl Into<String>) -> Failure {
    Failure::refused(400, "channel.malformed-body", reason)
}

yiwang_sdk::export_channel!(DingTalk: webhook, sender);

#[cfg(test)]
mod tests;
