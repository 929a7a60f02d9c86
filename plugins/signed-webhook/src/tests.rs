//! The logic, natively, against the fake host.

use yiwang_sdk::prelude::*;
use yiwang_sdk::serde_json::{Value, from_slice, from_str, json};
use yiwang_sdk::{fake, standard_webhooks};

use crate::SignedWebhook;

const KEY: &str = "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD";

fn host(config: Value) -> fake::Host {
    fake::Host::new().config(config).secret("signing_key", KEY)
}

fn signed(host: &fake::Host, id: &str, body: &str) -> HttpRequest {
    let at = host.context().now_ms / 1000;
    let signer = fake::Host::new().secret("key", KEY);
    let signature = standard_webhooks::sign(&signer, "key", id, at, body.as_bytes()).unwrap();
    let mut request = fake::post("/", "application/json", body);
    for (name, value) in [
        ("webhook-id", id.to_owned()),
        ("webhook-timestamp", at.to_string()),
        ("webhook-signature", signature),
    ] {
        request.headers.push(Header { name: name.to_owned(), value });
    }
    request
}

fn call(host: &fake::Host, request: HttpRequest) -> Result<Outcome, Failure> {
    SignedWebhook::webhook(host, &host.context(), request)
}

#[test]
fn a_work_order_of_the_hotline_is_mapped() {
    let host = host(json!({
        "channel": "hotline",
        "map": {
            "externalId": "/order_no", "kind": "/type", "occurredAt": "/accepted_at", "region": "/area",
            "petitioner.name": "/caller/name", "petitioner.phone": "/caller/phone", "petitioner.confidential": "/caller/confidential"
        },
        "words": {"投诉举报": "complaint"},
        "extra": {"leadUnit": "/lead_unit", "replyDue": "/reply_due", "absent": "/nowhere"}
    }));
    let body = json!({
        "order_no": "BZ202406040012345", "source": "12345电话", "type": "投诉举报", "urgency": "紧急",
        "title": "夜间施工噪音", "content": "半夜还在打桩", "caller": {"name": "王*", "phone": "138****0000", "confidential": true},
        "area": "341602", "category": ["城乡建设", "施工管理"], "accepted_at": "2024-06-04 14:30:00",
        "reply_due": "2024-06-19T17:30:00+08:00", "lead_unit": "区城管局"
    });
    let outcome = call(&host, signed(&host, "msg_1", &body.to_string())).unwrap();
    assert_eq!(outcome.events[0].id, "msg_1");
    let data: Value = from_str(&outcome.events[0].data).unwrap();
    assert_eq!(
        data,
        json!({
            "externalId": "BZ202406040012345", "channel": "hotline", "kind": "complaint", "title": "夜间施工噪音",
            "content": "半夜还在打桩", "category": ["城乡建设", "施工管理"], "occurredAt": "2024-06-04T14:30:00+08:00",
            "region": "341602", "petitioner": {"name": "王*", "phone": "138****0000", "confidential": true},
            "urgency": "urgent", "extra": {"leadUnit": "区城管局", "replyDue": "2024-06-19T17:30:00+08:00"}
        })
    );
}

#[test]
fn what_cannot_be_read_is_kept_beside() {
    let host = host(json!({"channel": "people-cn"}));
    let body = json!({"content": "x", "kind": "吐槽", "occurredAt": "昨天", "title": "长".repeat(300), "location": {"lat": 33.8, "lon": 115.7}});
    let outcome = call(&host, signed(&host, "m", &body.to_string())).unwrap();
    let data: Value = from_str(&outcome.events[0].data).unwrap();
    assert_eq!(data["kind"], "complaint");
    assert_eq!(data["title"].as_str().unwrap().chars().count(), 200);
    let unread: Vec<&String> = data["extra"]["unread"].as_object().unwrap().keys().collect();
    assert_eq!(unread, ["title", "kind", "occurredAt", "location"]);
    assert_eq!(data["location"], Value::Null);
}

#[test]
fn without_content_it_is_no_report() {
    let host = host(json!({"channel": "people-cn"}));
    for body in [r#"{"content":" "}"#, r#"{"title":"x"}"#, r#"{"content":[1]}"#, "[]"] {
        let outcome = call(&host, signed(&host, "m", body)).unwrap();
        let problem: Value = from_slice(outcome.response.bytes()).unwrap();
        assert_eq!(
            (&problem["status"], &problem["errors"][0]["pointer"]),
            (&json!(422), &json!("/content")),
            "{body}"
        );
    }
}

#[test]
fn nothing_is_read_before_the_signature() {
    let host = host(json!({"channel": "people-cn"}));
    let mut forged = signed(&host, "m", r#"{"content":"x"}"#);
    forged.body = Payload::Text("not json".to_owned());
    assert_eq!(call(&host, forged).unwrap_err().code, "channel.bad-signature");
    let unsigned = fake::post("/", "application/json", r#"{"content":"x"}"#);
    assert_eq!(call(&host, unsigned).unwrap_err().code, "channel.missing-signature");
    let late = signed(&host, "m", r#"{"content":"x"}"#);
    host.advance(301_000);
    assert_eq!(call(&host, late).unwrap_err().code, "channel.stale-timestamp");
    assert_eq!(call(&host, signed(&host, "m", "not json")).unwrap_err().code, "channel.malformed-body");
    let twice = signed(&host, "m", r#"{"content":"a","content":"b"}"#);
    assert_eq!(call(&host, twice).unwrap_err().code, "channel.malformed-body");
}

#[test]
fn keys_can_be_changed_without_a_gap() {
    let config = json!({"channel": "people-cn"});
    let both =
        fake::Host::new().config(config).secret("signing_key", "whsec_AAAA").secret("signing_key_next", KEY);
    assert!(call(&both, signed(&both, "m", r#"{"content":"x"}"#)).is_ok());
}
