//! The logic, natively, against the fake host.

use yiwang_sdk::fake;
use yiwang_sdk::prelude::*;
use yiwang_sdk::serde_json::{Value, from_slice, from_str, json};

use crate::SmsUplink;

const KEY: &str = "Zk3-secret_of_the_path";

fn host(config: Value) -> fake::Host {
    fake::Host::new().config(config).secret("path_key", KEY)
}

fn push(config: Value, body: &Value) -> Result<Outcome, Failure> {
    let host = host(config);
    let request = fake::post(&format!("/{KEY}"), "application/json", &body.to_string());
    SmsUplink::webhook(&host, &host.context(), request)
}

fn entry(content: &str, id: &Value) -> Value {
    json!({
        "phone_number": "13800000000", "content": content, "send_time": "2024-06-04 14:29:30",
        "dest_code": "106900001234", "sequence_id": id
    })
}

fn data(event: &Event) -> Value {
    from_str(&event.data).unwrap()
}

#[test]
fn a_list_of_messages_becomes_parts_of_reports() {
    let body = json!([
        entry("薛阁街道南关小区路灯不亮三天了", &json!(1_234_567_890)),
        entry("就在南门", &json!("1234567891"))
    ]);
    let outcome = push(json!({"region": "341602", "gatherSeconds": 600}), &body).unwrap();
    assert_eq!(from_slice::<Value>(outcome.response.bytes()).unwrap(), json!({"code": 0, "msg": "成功"}));
    let [first, second] = outcome.events.as_slice() else { panic!("two events") };
    assert_eq!((first.id.as_str(), second.id.as_str()), ("1234567890", "1234567891"));
    assert_eq!(first.time.as_deref(), Some("2024-06-04T06:29:30Z"));
    assert_eq!(
        data(first),
        json!({
            "externalId": "1234567890", "channel": "sms", "kind": "complaint", "title": "薛阁街道南关小区路灯不亮三天了",
            "content": "薛阁街道南关小区路灯不亮三天了", "region": "341602", "petitioner": {"phone": "13800000000"},
            "extra": {"destCode": "106900001234"}
        })
    );
    for event in [first, second] {
        let attribute =
            |name: &str| event.attributes.iter().find(|(key, _)| key == name).map(|(_, v)| v.as_str());
        assert_eq!(
            (attribute("session"), attribute("session-window-ms")),
            (Some("13800000000"), Some("600000"))
        );
    }
}

#[test]
fn a_redelivery_is_the_same_event() {
    let id = |content: &str| push(json!({}), &entry(content, &Value::Null)).unwrap().events[0].id.clone();
    assert_eq!(id("路灯不亮"), id("路灯不亮"));
    assert_ne!(id("路灯不亮"), id("路灯亮了"));
    let hostile = push(json!({}), &entry("x", &json!("a\nb"))).unwrap().events[0].id.clone();
    assert_eq!(hostile.len(), 64, "an id with controls is none");
}

#[test]
fn tencent_pushes_one_message_with_other_names() {
    let body = json!({
        "extend": "01", "mobile": "13800000000", "nationcode": "86", "sign": "谯城区", "text": "路灯不亮", "time": 1_717_482_500
    });
    let outcome = push(json!({"provider": "tencent"}), &body).unwrap();
    assert_eq!(from_slice::<Value>(outcome.response.bytes()).unwrap(), json!({"result": 0, "errmsg": "OK"}));
    assert_eq!(outcome.events[0].time.as_deref(), Some("2024-06-04T06:28:20Z"));
    assert_eq!(data(&outcome.events[0])["petitioner"], json!({"phone": "13800000000"}));
    let abroad = json!({"mobile": "51234567", "nationcode": "852", "text": "x", "time": 0});
    let outcome = push(json!({"provider": "tencent"}), &abroad).unwrap();
    assert_eq!(data(&outcome.events[0])["petitioner"], json!({"phone": "85251234567"}));
    assert_eq!(outcome.events[0].time, None, "a clock of 1970 is wrong");
}

#[test]
fn a_verdict_is_no_report_and_half_a_verdict_is_read_by_a_person() {
    let said = |content: &str| push(json!({}), &json!([entry(content, &json!(7))])).unwrap().events.remove(0);
    let verdict = said("评价 QC-20240604-000123 不满意 没有修好");
    assert_eq!(verdict.event_type, "cn.yiwang.intake.feedback.v1");
    assert_eq!(data(&verdict)["satisfied"], false);
    assert_eq!(data(&said("评价 满意"))["content"], "评价 满意");
}

#[test]
fn what_is_no_report_is_left_out_and_answered() {
    let config = json!({"unsubscribe": ["T", "TD", "退订"], "destCodes": ["106900001234"]});
    let elsewhere = json!({"phone_number": "13800000000", "content": "路灯", "dest_code": "1069"});
    let body = json!([
        entry("td", &json!(1)),
        entry("退订", &json!(2)),
        entry(" \u{202E}", &json!(3)),
        elsewhere,
        entry("路灯", &json!(4))
    ]);
    let outcome = push(config, &body).unwrap();
    assert_eq!(outcome.events.iter().map(|event| event.id.as_str()).collect::<Vec<_>>(), ["4"]);
}

#[test]
fn numbers_are_written_one_way() {
    for (given, phone) in [
        ("+86 138-0000-0000", "13800000000"),
        ("008613800000000", "13800000000"),
        ("138****0000", "138****0000"),
        ("10086", "10086"),
    ] {
        let mut body = entry("x", &json!(1));
        body["phone_number"] = given.into();
        assert_eq!(data(&push(json!({}), &body).unwrap().events[0])["petitioner"]["phone"], phone);
    }
}

#[test]
fn strangers_and_hostile_bodies_are_refused() {
    let host = host(json!({"allowFrom": ["203.0.113.0/24"]}));
    let code = |path: &str, from: Option<&str>, body: &str| {
        let mut request = fake::post(path, "application/json", body);
        request.client_addr = from.map(ToOwned::to_owned);
        SmsUplink::webhook(&host, &host.context(), request).map_err(|failure| failure.code).unwrap_err()
    };
    let path = format!("/{KEY}");
    let provider = Some("203.0.113.7");
    assert_eq!(code("/", provider, "[]"), "channel.no-such-path");
    assert_eq!(code("/wrong-secret-of-path", provider, "[]"), "channel.no-such-path");
    assert_eq!(code(&path, Some("198.51.100.1"), "[]"), "channel.sender-not-allowed");
    for body in [
        "",
        "7",
        "[7]",
        "{}",
        r#"[{"phone_number":"13800000000"}]"#,
        r#"[{"phone_number":"13800000000","content":7}]"#,
        r#"[{"phone_number":"<script>","content":"x"}]"#,
        r#"[{"phone_number":"1","content":"x"}]"#,
        r#"[{"phone_number":"13800000000","content":"a","content":"b"}]"#,
    ] {
        assert_eq!(code(&path, provider, body), "channel.malformed-body", "{body}");
    }
    let mut get = fake::get(&path);
    get.client_addr = provider.map(ToOwned::to_owned);
    assert_eq!(
        SmsUplink::webhook(&host, &host.context(), get).unwrap_err().code,
        "channel.method-not-allowed"
    );
}

#[test]
fn a_list_of_addresses_is_checked_at_the_start() {
    let problems = SmsUplink::validate_config(&json!({"allowFrom": ["203.0.113.0/24", "provider.cn"]}));
    assert_eq!(problems.iter().map(|problem| problem.pointer.as_str()).collect::<Vec<_>>(), ["/allowFrom/1"]);
}
