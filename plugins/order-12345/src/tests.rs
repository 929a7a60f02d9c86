//! The logic, natively, against the fake host. The fixtures run the component.

use yiwang_sdk::prelude::*;
use yiwang_sdk::serde_json::{Value, from_slice, from_str, json};
use yiwang_sdk::{codec, fake};

use crate::Order12345;

const KEY: &str = "a-key-of-the-city";

fn host(config: Value) -> fake::Host {
    fake::Host::new().config(config).secret("signing_key", KEY)
}

fn order() -> Value {
    json!({
        "order_no": "BZ202406040012345", "source": "12345电话", "type": "投诉", "urgency": "一般",
        "title": "夜间施工噪音", "content": "半夜还在打桩",
        "caller": {"name": "王*", "phone": "138****0000", "confidential": true},
        "area": "341602", "address": "人民路1号", "category": ["城乡建设", "施工管理", "噪音扰民"],
        "accepted_at": "2024-06-04T14:30:00+08:00", "reply_due": "2024-06-19 17:30", "lead_unit": "区城管局",
        "assist_units": ["区生态环境分局"], "attachments": [{"name": "1.jpg", "sha256": "AB".repeat(32)}],
        "repeat_of": "BZ202406010000001"
    })
}

fn signed_at(host: &fake::Host, body: &str, timestamp: &str, join: &str) -> HttpRequest {
    let mac = codec::hmac_sha256(KEY.as_bytes(), format!("{timestamp}{join}n-1{join}{body}").as_bytes());
    let mut request = fake::post("/", "application/json", body);
    let base64 = host.config()["signature"]["encoding"] == "base64";
    let signature = if base64 { codec::base64_encode(&mac) } else { codec::hex(&mac) };
    for (name, value) in [("x-timestamp", timestamp), ("x-nonce", "n-1"), ("x-signature", &signature)] {
        request.headers.push(Header { name: name.to_owned(), value: value.to_owned() });
    }
    request
}

fn signed(host: &fake::Host, body: &str) -> HttpRequest {
    signed_at(host, body, &(host.context().now_ms / 1000).to_string(), "\n")
}

fn call(host: &fake::Host, request: HttpRequest) -> Result<Outcome, Failure> {
    Order12345::webhook(host, &host.context(), request)
}

fn code(host: &fake::Host, request: HttpRequest) -> String {
    call(host, request).unwrap_err().code
}

#[test]
fn an_order_is_carried_over_and_signed_for() {
    let host = host(json!({"channel": "hotline", "signedBy": "谯城区"}));
    let outcome = call(&host, signed(&host, &order().to_string())).unwrap();
    assert_eq!(outcome.events[0].id, "BZ202406040012345");
    let data: Value = from_str(&outcome.events[0].data).unwrap();
    assert_eq!(
        data,
        json!({
            "externalId": "BZ202406040012345", "channel": "hotline", "kind": "complaint", "title": "夜间施工噪音",
            "content": "半夜还在打桩", "category": ["城乡建设", "施工管理", "噪音扰民"], "address": "人民路1号",
            "region": "341602", "petitioner": {"name": "王*", "phone": "138****0000", "confidential": true},
            "urgency": "general",
            "attachments": [{"provider": "12345", "ref": format!("sha256:{}", "ab".repeat(32))}],
            "extra": {
                "replyDue": "2024-06-19T17:30:00+08:00", "source": "12345电话", "leadUnit": "区城管局",
                "assistUnits": ["区生态环境分局"], "repeatOf": "BZ202406010000001", "type": "投诉",
                "acceptedAt": "2024-06-04T14:30:00+08:00",
                "attachments": [{"name": "1.jpg", "sha256": "AB".repeat(32)}]
            }
        })
    );
    let receipt: Value = from_slice(outcome.response.bytes()).unwrap();
    assert_eq!(
        (&receipt["code"], &receipt["order_no"], &receipt["signed_at"], &receipt["signed_by"]),
        (&json!(0), &json!("BZ202406040012345"), &json!("2024-06-04T06:30:00Z"), &json!("谯城区"))
    );
}

#[test]
fn the_same_order_gets_the_same_receipt_and_another_one_is_refused() {
    let host = host(json!({}));
    let first = call(&host, signed(&host, &order().to_string())).unwrap();
    host.advance(3_600_000);
    let again = call(&host, signed(&host, &order().to_string())).unwrap();
    assert_eq!(again.response.bytes(), first.response.bytes());
    assert_eq!(again.events[0].id, first.events[0].id, "the first push may have got lost: handed over again");
    let mut other = order();
    other["content"] = json!("换了内容");
    assert_eq!(code(&host, signed(&host, &other.to_string())), "order.changed");
}

#[test]
fn platforms_sign_in_their_own_way() {
    let host = host(json!({"signature": {"encoding": "base64", "join": "."}}));
    let millis = host.context().now_ms.to_string();
    let request = signed_at(&host, &order().to_string(), &millis, ".");
    assert!(call(&host, request).is_ok());
}

#[test]
fn nothing_is_read_before_the_signature() {
    let host = host(json!({}));
    let mut forged = signed(&host, &order().to_string());
    forged.body = Payload::Text("not json".to_owned());
    assert_eq!(code(&host, forged), "channel.bad-signature");
    let mut twice = signed(&host, "{}");
    twice.headers.push(Header { name: "x-nonce".to_owned(), value: "n-2".to_owned() });
    assert_eq!(code(&host, twice), "channel.bad-signature");
    for (name, value) in
        [("x-timestamp", "1717482600.0"), ("x-nonce", ""), ("x-signature", "zz"), ("x-signature", "")]
    {
        let mut request = signed(&host, "{}");
        request.headers.iter_mut().find(|header| header.name == name).unwrap().value = value.to_owned();
        assert_eq!(code(&host, request), "channel.bad-signature", "{name}");
    }
    assert_eq!(code(&host, fake::post("/", "application/json", "{}")), "channel.missing-signature");
    let late = signed(&host, &order().to_string());
    host.advance(301_000);
    assert_eq!(code(&host, late), "channel.stale-timestamp");
    let keyless = fake::Host::new();
    let request = signed(&keyless, "{}");
    assert_eq!(code(&keyless, request), "channel.secret-not-set");
}

#[test]
fn hostile_orders_cost_nothing() {
    let host = host(json!({}));
    let refused = |body: &str| code(&host, signed(&host, body));
    assert_eq!(refused("not json"), "channel.malformed-body");
    assert_eq!(refused(r#"{"order_no":"1","order_no":"2"}"#), "channel.malformed-body");
    assert_eq!(refused(&"[".repeat(10_000)), "channel.malformed-body");
    for number in [json!(null), json!(""), json!("a\u{0}b"), json!("x".repeat(129)), json!([1])] {
        assert_eq!(refused(&json!({"order_no": number, "content": "x"}).to_string()), "order.no-number");
    }
    let empty = call(&host, signed(&host, r#"{"order_no":"1"}"#)).unwrap();
    assert_eq!((empty.response.status, empty.events.len()), (422, 0));

    let odd = json!({
        "order_no": "2", "content": "x", "reply_due": "明天", "caller": "王", "category": {"a": 1},
        "attachments": [1, {"name": ""}, {"name": "b.jpg", "sha256": "zz", "url": "javascript:alert(1)"}],
        "assist_units": "长".repeat(20_000)
    });
    let outcome = call(&host, signed(&host, &odd.to_string())).unwrap();
    let data: Value = from_str(&outcome.events[0].data).unwrap();
    assert_eq!(data["extra"]["unread"], json!({"replyDue": "明天", "assistUnits": "too long"}));
    assert_eq!(data["attachments"], json!([{"provider": "12345", "ref": "b.jpg"}]));
    assert_eq!(data["petitioner"], Value::Null);
}
