//! The logic, natively, against the fake host.

use yiwang_sdk::prelude::*;
use yiwang_sdk::serde_json::{Value, from_slice, json};
use yiwang_sdk::{HttpError, fake, standard_webhooks};

use crate::OutboundWebhook;

const KEY: &str = "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD";

fn notification() -> Notification {
    Notification {
        idempotency_key: "i7.3".to_owned(),
        recipient: yiwang_sdk::Recipient {
            kind: "mobile".to_owned(),
            address: "13800000000".to_owned(),
            display_name: Some("王某".to_owned()),
        },
        template: Some("case-closed".to_owned()),
        params: r#"{"outcome":"resolved"}"#.to_owned(),
        subject: None,
        body: "您反映的问题已办结".to_owned(),
        body_type: "text/plain".to_owned(),
        attachments: Vec::new(),
        attributes: vec![("case-no".to_owned(), "QC-20240604-000123".to_owned())],
    }
}

fn host(answer: Result<HttpResponse, HttpError>) -> fake::Host {
    let config = json!({"url": "https://gateway.example.cn/notify"});
    fake::Host::new().config(config).secret("signing_key", KEY).answer(answer)
}

fn send(host: &fake::Host) -> Result<Receipt, Failure> {
    OutboundWebhook::send(host, &host.context(), notification())
}

#[test]
fn the_message_is_signed_and_names_itself() {
    let host = host(Ok(HttpResponse::empty(204)));
    let receipt = send(&host).unwrap();
    assert_eq!(receipt.provider_id.as_deref(), Some("i7.3"));
    let sent = &host.sent()[0];
    let Payload::Text(body) = &sent.body else { panic!("a text body") };
    let mut received = fake::post("/", "application/json", body);
    received.headers.clone_from(&sent.headers);
    let receiver = fake::Host::new().secret("key", KEY);
    assert_eq!(
        standard_webhooks::verify(&receiver, &["key"], &received, host.context().now_ms),
        Ok("i7.3".to_owned())
    );
    let body: Value = from_slice(body.as_bytes()).unwrap();
    assert_eq!(body["timestamp"], "2024-06-04T06:30:00Z");
    assert_eq!(body["data"]["caseNo"], "QC-20240604-000123");
    assert_eq!(body["data"]["params"]["outcome"], "resolved");
}

#[test]
fn each_answer_means_something() {
    for (status, kind, code) in [
        (301, FailureKind::Permanent, "webhook.http-301"),
        (400, FailureKind::Permanent, "webhook.http-400"),
        (401, FailureKind::Misconfigured, "webhook.http-401"),
        (410, FailureKind::Permanent, "webhook.gone"),
        (429, FailureKind::Retryable, "webhook.http-429"),
        (503, FailureKind::Retryable, "webhook.http-503"),
    ] {
        let failure = send(&host(Ok(HttpResponse::empty(status)))).unwrap_err();
        assert_eq!((failure.kind, failure.code.as_str()), (kind, code));
    }
    let later = send(&host(Ok(HttpResponse::empty(503).with("retry-after", "120")))).unwrap_err();
    assert_eq!(later.retry_after_ms, Some(120_000));
}

#[test]
fn what_did_not_get_through_is_told_apart() {
    for (error, kind) in [
        (HttpError::Connect("refused".to_owned()), FailureKind::Retryable),
        (HttpError::Timeout(true), FailureKind::UnknownOutcome),
        (HttpError::Timeout(false), FailureKind::Retryable),
        (HttpError::Denied("no grant".to_owned()), FailureKind::Misconfigured),
    ] {
        assert_eq!(send(&host(Err(error))).unwrap_err().kind, kind);
    }
    let keyless = fake::Host::new().config(json!({"url": "https://x"}));
    assert_eq!(send(&keyless).unwrap_err().code, "channel.secret-unusable");
}
