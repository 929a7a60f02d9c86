//! The logic, natively, against the fake host. The fixtures run the component.

use yiwang_sdk::fake;
use yiwang_sdk::prelude::*;
use yiwang_sdk::serde_json::{Value, from_slice, from_str, json};

use crate::CloudEvents;

const STRUCTURED: &str = "application/cloudevents+json; charset=utf-8";
const BATCH: &str = "application/cloudevents-batch+json";

fn host(more: Value) -> fake::Host {
    let mut config = json!({"channel": "partner", "types": ["cn.example.report", "cn.example.board.*"]});
    for (key, value) in more.as_object().unwrap() {
        config[key] = value.clone();
    }
    fake::Host::new().config(config).secret("token", "s3cret-token")
}

fn with(mut request: HttpRequest, headers: &[(&str, &str)]) -> HttpRequest {
    for (name, value) in headers {
        request.headers.push(Header { name: (*name).to_owned(), value: (*value).to_owned() });
    }
    request
}

fn post(content_type: &str, body: &str) -> HttpRequest {
    with(fake::post("/", content_type, body), &[("authorization", "Bearer s3cret-token")])
}

fn binary(headers: &[(&str, &str)], body: &str) -> HttpRequest {
    let all =
        [("ce-specversion", "1.0"), ("ce-id", "1"), ("ce-source", "/a"), ("ce-type", "cn.example.report")];
    with(with(post("application/json", body), &all), headers)
}

fn event(more: Value) -> Value {
    let mut event = json!({
        "specversion": "1.0", "id": "1", "source": "/a", "type": "cn.example.report",
        "data": {"content": "路灯不亮", "kind": "求助"}
    });
    for (key, value) in more.as_object().unwrap() {
        event[key] = value.clone();
    }
    event
}

fn call(host: &fake::Host, request: HttpRequest) -> Result<Outcome, Failure> {
    CloudEvents::webhook(host, &host.context(), request)
}

fn refused(host: &fake::Host, request: HttpRequest) -> String {
    let failure = call(host, request).unwrap_err();
    let status =
        failure.attributes.iter().find(|(name, _)| name == "http-status").map(|(_, value)| value.clone());
    format!("{} {}", status.unwrap_or_default(), failure.code)
}

#[test]
fn binary_and_structured_are_the_same_event() {
    let host = host(json!({}));
    let time = "2024-06-04T14:30:00+08:00";
    let of_binary = call(
        &host,
        binary(
            &[("ce-time", time), ("ce-subject", "%E8%B7%AF%E7%81%AF"), ("ce-traceid", "\"t1\"")],
            r#"{"content":"路灯不亮","kind":"求助"}"#,
        ),
    )
    .unwrap();
    assert_eq!(of_binary.response.status, 202);
    let data: Value = from_str(&of_binary.events[0].data).unwrap();
    assert_eq!(
        data,
        json!({
            "externalId": "1", "channel": "partner", "kind": "help", "title": "路灯不亮", "content": "路灯不亮",
            "extra": {"cloudEvent": {
                "id": "1", "source": "/a", "type": "cn.example.report", "time": time,
                "datacontenttype": "application/json", "subject": "路灯", "traceid": "t1"
            }}
        })
    );
    assert_eq!(of_binary.events[0].time.as_deref(), Some(time));
    let of_json = call(&host, post(STRUCTURED, &event(json!({})).to_string())).unwrap();
    assert_eq!(of_json.events[0].id, of_binary.events[0].id, "the same source and id");
    let other = call(&host, post(STRUCTURED, &event(json!({"source": "/b"})).to_string())).unwrap();
    assert_ne!(other.events[0].id, of_json.events[0].id);
}

#[test]
fn data_comes_as_json_base64_or_text() {
    let host = host(json!({}));
    let content = |event: &Value| {
        let outcome = call(&host, post(STRUCTURED, &event.to_string())).unwrap();
        from_str::<Value>(&outcome.events[0].data).unwrap()["content"].clone()
    };
    let mut encoded = event(json!({"data_base64": "eyJjb250ZW50IjoieCJ9"}));
    encoded.as_object_mut().unwrap().remove("data");
    assert_eq!(content(&encoded), "x");
    assert_eq!(content(&event(json!({"datacontenttype": "text/plain", "data": "words"}))), "words");
}

#[test]
fn batches_are_taken_whole_or_not_at_all() {
    let closed = host(json!({}));
    let two = json!([event(json!({})), event(json!({"id": "2"}))]).to_string();
    assert_eq!(refused(&closed, post(BATCH, &two)), "415 channel.unsupported-media-type");
    let open = host(json!({"batch": true, "answer": 200}));
    let outcome = call(&open, post(BATCH, &two)).unwrap();
    let receipts: Value = from_slice(outcome.response.bytes()).unwrap();
    assert_eq!((outcome.events.len(), receipts["receipts"].as_array().unwrap().len()), (2, 2));
    let bad = json!([event(json!({})), event(json!({"id": "2", "data": {}}))]).to_string();
    let outcome = call(&open, post(BATCH, &bad)).unwrap();
    let problem: Value = from_slice(outcome.response.bytes()).unwrap();
    assert_eq!((outcome.response.status, outcome.events.len()), (422, 0));
    assert_eq!(problem["errors"][0]["pointer"], "/1/data/content");
    assert_eq!(call(&open, post(BATCH, "[]")).unwrap().response.status, 204);
    let many = Value::Array((0..501).map(|n| event(json!({"id": n.to_string()}))).collect()).to_string();
    assert_eq!(refused(&open, post(BATCH, &many)), "413 cloudevents.batch-too-large");
}

#[test]
fn attributes_are_checked() {
    let host = host(json!({"requiredAttributes": ["subject"]}));
    let fine = event(json!({"subject": "x"}));
    assert!(call(&host, post(STRUCTURED, &fine.to_string())).is_ok());
    for wrong in [
        json!({}),
        json!({"subject": ""}),
        json!({"subject": "x", "specversion": "0.3"}),
        json!({"subject": "x", "id": ""}),
        json!({"subject": "x", "id": "x".repeat(257)}),
        json!({"subject": "x", "id": "a\nb"}),
        json!({"subject": "x", "source": "a b"}),
        json!({"subject": "x", "time": "gestern"}),
        json!({"subject": "x", "Name": "y"}),
        json!({"subject": "x", "nested": {"a": 1}}),
        json!({"subject": "x", "data_base64": "eHg="}),
        json!({"subject": "x".repeat(2000)}),
    ] {
        let body = event(wrong.clone()).to_string();
        assert_eq!(refused(&host, post(STRUCTURED, &body)), "400 cloudevents.malformed", "{wrong}");
    }
    for body in ["", "[]", "{", r#"{"id":"1","id":"2"}"#] {
        assert_eq!(refused(&host, post(STRUCTURED, body)), "400 cloudevents.malformed", "{body}");
    }
}

#[test]
fn headers_of_the_binary_mode_are_checked() {
    let host = host(json!({}));
    for bad in [
        ("ce-id", "2"),
        ("ce-subject", "%E8"),
        ("ce-subject", "%zz"),
        ("ce-subject", "%"),
        ("ce-datacontenttype", "x"),
        ("ce-a-b", "x"),
    ] {
        assert_eq!(refused(&host, binary(&[bad], "{}")), "400 cloudevents.malformed", "{bad:?}");
    }
    assert_eq!(refused(&host, post("application/json", "{}")), "415 channel.unsupported-media-type");
    assert_eq!(
        refused(&host, post("application/cloudevents+avro", "x")),
        "415 channel.unsupported-media-type"
    );
    let mut image = binary(&[], "x");
    image.headers[0].value = "image/png".to_owned();
    assert_eq!(refused(&host, image), "415 channel.unsupported-media-type");
}

#[test]
fn types_and_sizes_are_bounded() {
    let refusing = host(json!({"maxBytes": 1024}));
    let other = event(json!({"type": "cn.example.reports"})).to_string();
    assert_eq!(refused(&refusing, post(STRUCTURED, &other)), "422 cloudevents.type-not-taken");
    let known = event(json!({"type": "cn.example.board.new"})).to_string();
    assert!(call(&refusing, post(STRUCTURED, &known)).is_ok());
    let large = event(json!({"data": {"content": "x".repeat(1100)}})).to_string();
    assert_eq!(refused(&refusing, post(STRUCTURED, &large)), "413 cloudevents.too-large");
    let ignoring = host(json!({"otherTypes": "ignore"}));
    let outcome = call(&ignoring, post(STRUCTURED, &other)).unwrap();
    assert_eq!((outcome.response.status, outcome.events.len()), (204, 0));
}

#[test]
fn nothing_is_taken_without_the_token() {
    let host = host(json!({}));
    let body = event(json!({})).to_string();
    assert_eq!(refused(&host, fake::post("/", STRUCTURED, &body)), "401 channel.missing-token");
    let wrong = with(fake::post("/", STRUCTURED, "not json"), &[("authorization", "Bearer wrong")]);
    assert_eq!(refused(&host, wrong), "401 channel.bad-token");
    let by_query = call(&host, fake::post("/?access_token=s3cret-token", STRUCTURED, &body)).unwrap();
    assert_eq!(by_query.response.header("cache-control"), Some("private"));
    assert_eq!(refused(&host, fake::post("/?access_token=x", STRUCTURED, &body)), "401 channel.bad-token");
    let both = with(
        fake::post("/?access_token=s3cret-token", STRUCTURED, &body),
        &[("authorization", "Bearer s3cret-token")],
    );
    assert_eq!(refused(&host, both), "401 channel.bad-token");
}

#[test]
fn too_many_are_told_when_to_come_back() {
    let host = host(json!({"perMinute": 2}));
    let send = || call(&host, post(STRUCTURED, &event(json!({})).to_string())).unwrap().response;
    assert_eq!([send().status, send().status], [202, 202]);
    let third = send();
    assert_eq!((third.status, third.header("retry-after")), (429, Some("60")));
    host.advance(60_000);
    assert_eq!(send().status, 202);
}

#[test]
fn the_handshake_names_the_sender_and_the_rate() {
    let host = host(json!({"origins": ["events.example.cn"], "perMinute": 120}));
    let ask = |headers: &[(&str, &str)]| {
        let mut request = with(fake::get("/"), headers);
        request.method = "OPTIONS".to_owned();
        request
    };
    let origin = ("webhook-request-origin", "events.example.cn");
    let answer = call(&host, ask(&[origin, ("webhook-request-rate", "500")])).unwrap().response;
    assert_eq!(
        (
            answer.header("webhook-allowed-origin"),
            answer.header("webhook-allowed-rate"),
            answer.header("allow")
        ),
        (Some("events.example.cn"), Some("120"), Some("POST"))
    );
    assert_eq!(
        refused(&host, ask(&[("webhook-request-origin", "evil.example")])),
        "403 cloudevents.origin-not-allowed"
    );
    assert_eq!(refused(&host, ask(&[])), "403 cloudevents.no-origin");
    assert_eq!(refused(&host, ask(&[origin, origin])), "403 cloudevents.no-origin");
}
