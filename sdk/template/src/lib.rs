//! The smallest useful channel: takes `POST /` with `{"text": "…"}` and hands it over.

use yiwang_sdk::intake::{self, Intake, Kind};
use yiwang_sdk::prelude::*;
use yiwang_sdk::{codec, json};

struct MyChannel;

impl Channel for MyChannel {
    fn webhook<H: Host>(host: &H, _ctx: &CallContext, request: HttpRequest) -> Result<Outcome, Failure> {
        let body = json::parse(request.bytes())
            .map_err(|reason| Failure::refused(400, "my-channel.malformed-body", reason))?;
        let text = intake::clean(body["text"].as_str().unwrap_or_default());
        if text.is_empty() {
            return Err(Failure::refused(422, "my-channel.no-text", "`text` is missing or empty"));
        }
        // What does not fit the event's schema would be the plugin's mistake, not the sender's.
        if text.chars().count() > intake::CONTENT_CHARS_MAX {
            return Err(Failure::refused(
                422,
                "my-channel.too-long",
                "`text` has more than 20000 characters",
            ));
        }
        // The same words are the same event: the host drops a second event with the same id.
        let id = codec::sha256_hex(text.as_bytes());
        let greeting = host.config()["greeting"].as_str().unwrap_or("收到").to_owned();
        Ok(Outcome::new(
            HttpResponse::text(202, greeting),
            vec![Intake::new(&id, Kind::Consult, "", &text).into_event(&id, vec![])],
        ))
    }
}

yiwang_sdk::export_channel!(MyChannel: webhook);

#[cfg(test)]
mod tests {
    use yiwang_sdk::fake;

    use super::*;

    #[test]
    fn a_text_becomes_an_event() {
        let host = fake::Host::new();
        let request = fake::post("/", "application/json", r#"{"text":"请问几点上班"}"#);
        let outcome = MyChannel::webhook(&host, &host.context(), request).unwrap();
        assert_eq!(outcome.response.status, 202);
        assert_eq!(outcome.events.len(), 1);
    }

    #[test]
    fn no_text_is_refused() {
        let host = fake::Host::new();
        let failure = MyChannel::webhook(&host, &host.context(), fake::post("/", "application/json", "{}"))
            .unwrap_err();
        assert_eq!(failure.code, "my-channel.no-text");
    }
}
