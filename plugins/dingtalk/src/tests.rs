//! The logic, natively, against the fake host; the vectors are DingTalk's own sample and our own of its algorithm.

use yiwang_sdk::prelude::*;
use yiwang_sdk::serde_json::{Value, from_slice, from_str, json};
use yiwang_sdk::wechat::{Envelope, signature};
use yiwang_sdk::{HttpError, codec, fake};

use crate::DingTalk;

const TOKEN: &str = "mryue";
const KEY: &str = "Yue0EfdN5900c1ce5cf6A152c63DDe1808a60c5ecd7";
const RECEIVER: &str = "ding6ccabc44d2c8d38b";
const APP_SECRET: &str = "an-app-secret";
const AT: &str = "1717482600000";

fn config() -> Value {
    json!({"receiverId": RECEIVER, "acknowledgement": "已收到", "gatherSeconds": 300, "approvals": ["PROC-1"]})
}

fn host() -> fake::Host {
    fake::Host::new()
        .config(config())
        .secret("token", TOKEN)
        .secret("aes_key", KEY)
        .secret("app_secret", APP_SECRET)
}

fn call(host: &fake::Host, request: HttpRequest) -> Result<Outcome, Failure> {
    DingTalk::webhook(host, &host.context(), request)
}

fn posted(sealed: &str) -> HttpRequest {
    let signed = signature(&[TOKEN, AT, "n", sealed]);
    let path = format!("/?msg_signature={signed}&timestamp={AT}&nonce=n");
    fake::post(&path, "application/json", &json!({"encrypt": sealed}).to_string())
}

fn sealed(event: &Value) -> HttpRequest {
    posted(&Envelope::new(KEY, RECEIVER).unwrap().close(&event.to_string(), &[9; 16]))
}

fn message(body: &Value) -> HttpRequest {
    let sign = codec::hmac_sha256(APP_SECRET.as_bytes(), format!("{AT}\n{APP_SECRET}").as_bytes());
    let mut request = fake::post("/", "application/json", &body.to_string());
    for (name, value) in [("timestamp", AT.to_owned()), ("sign", codec::base64_encode(&sign))] {
        request.headers.push(Header { name: name.to_owned(), value });
    }
    request
}

fn text(content: &str) -> Value {
    json!({
        "msgId": "msgBjXREkdlZkfTfrIiQomjAw==", "msgtype": "text", "text": {"content": content}, "createAt": 1_717_482_599_000_u64,
        "conversationType": "2", "senderId": "$:LWCP_v1:$gzXDEX==", "senderStaffId": "0326", "senderNick": "王某"
    })
}

fn data(outcome: &Outcome) -> Value {
    from_str(&outcome.events[0].data).unwrap()
}

/// The answer's text, of whichever kind.
fn said(outcome: &Outcome) -> String {
    let body: Value = from_slice(outcome.response.bytes()).unwrap();
    if let Some(text) = body["text"]["content"].as_str() {
        return text.to_owned();
    }
    let get = |name: &str| body[name].as_str().unwrap();
    assert_eq!(get("msg_signature"), signature(&[TOKEN, get("timeStamp"), get("nonce"), get("encrypt")]));
    Envelope::new(KEY, RECEIVER).unwrap().open(get("encrypt")).unwrap()
}

#[test]
fn dingtalks_own_sample_checks_our_address() {
    let sealed = "0vJiX6vliEpwG3U45CtXqi+m8PXbQRARJ8p8BbDuD1EMTDf0jKpQ79QS93qEk7XHpP6u+oTTrd15NRPvNvmBKyDCYxxOK+HZeKju4yhELOFchzNukR+t8SB/qk4ROMu3";
    let host = host();
    let mut ctx = host.context();
    ctx.now_ms = 1_608_001_897_000;
    for member in ["msg_signature", "signature"] {
        let path = format!(
            "/?{member}=03044561471240d4a14bb09372dfcfd4fd0e40cb&timestamp=1608001896814&nonce=WL4PK6yA"
        );
        let request = fake::post(&path, "application/json", &json!({"encrypt": sealed}).to_string());
        let outcome = DingTalk::webhook(&host, &ctx, request).unwrap();
        assert!(outcome.events.is_empty());
        assert_eq!(said(&outcome), "success");
    }
}

#[test]
fn an_approval_that_is_handed_in_becomes_a_case() {
    let event = |kind: &str, template: &str| {
        json!({
            "EventType": "bpms_instance_change", "type": kind, "processCode": template, "corpId": "dingc",
            "processInstanceId": "p-1", "staffId": "0326", "title": "王某提交的用印申请", "createTime": 1_717_482_590_000_u64,
            "url": "https://aflow.dingtalk.com/x"
        })
    };
    let outcome = call(&host(), sealed(&event("start", "PROC-1"))).unwrap();
    assert_eq!(said(&outcome), "success");
    assert_eq!(outcome.events[0].id, "p-1");
    assert!(outcome.events[0].attributes.is_empty(), "it is whole by itself");
    assert_eq!(
        data(&outcome),
        json!({
            "externalId": "p-1", "channel": "dingtalk", "kind": "complaint", "title": "王某提交的用印申请",
            "content": "王某提交的用印申请\nhttps://aflow.dingtalk.com/x", "petitioner": {"openid": "0326"},
            "extra": {"processCode": "PROC-1", "corpId": "dingc"}
        })
    );
    for other in [event("finish", "PROC-1"), event("start", "PROC-2"), json!({"EventType": "user_add_org"})] {
        let outcome = call(&host(), sealed(&other)).unwrap();
        assert!(outcome.events.is_empty() && said(&outcome) == "success");
    }
}

#[test]
fn a_message_to_the_robot_is_a_part_of_a_report() {
    let outcome = call(&host(), message(&text(" 路灯不亮三天了"))).unwrap();
    assert_eq!(
        data(&outcome),
        json!({
            "externalId": "msgBjXREkdlZkfTfrIiQomjAw==", "channel": "dingtalk", "kind": "complaint",
            "title": "路灯不亮三天了", "content": "路灯不亮三天了", "petitioner": {"name": "王某", "openid": "0326"}
        })
    );
    assert_eq!(said(&outcome), "已收到");
    let again = call(&host(), message(&text(" 路灯不亮三天了"))).unwrap();
    assert_eq!(again.events[0].id, outcome.events[0].id, "a replayed one is the same event");
    let long = call(&host(), message(&text(&"长".repeat(30_000)))).unwrap();
    assert_eq!(data(&long)["content"].as_str().unwrap().chars().count(), 20_000);
    let mut picture = text("");
    (picture["msgtype"], picture["content"]) = ("picture".into(), json!({"downloadCode": "d1"}));
    let picture = call(&host(), message(&picture)).unwrap();
    assert_eq!(
        data(&picture)["attachments"],
        json!([{"provider": "dingtalk", "ref": "d1", "mediaType": "image/jpeg"}])
    );
    assert_eq!(picture.events[0].attributes, outcome.events[0].attributes, "one session");
    let mut rich = text("");
    (rich["msgtype"], rich["content"]) = (
        "richText".into(),
        json!({"richText": [{"text": "\n"}, {"downloadCode": "d2", "type": "picture"}, {"text": "井盖坏了"}]}),
    );
    let rich = call(&host(), message(&rich)).unwrap();
    assert_eq!(
        (&data(&rich)["content"], &data(&rich)["attachments"][0]["ref"]),
        (&json!("井盖坏了"), &json!("d2"))
    );
    let mut voice = text("");
    (voice["msgtype"], voice["content"]) = ("audio".into(), json!({"recognition": "噪音扰民"}));
    assert_eq!(data(&call(&host(), message(&voice)).unwrap())["content"], "噪音扰民");
    let verdict = call(&host(), message(&text("评价 QC-20240604-000123 不满意 没有修好"))).unwrap();
    assert_eq!(verdict.events[0].event_type, "cn.yiwang.intake.feedback.v1");
    for (kind, answer) in [("video", "这种消息"), ("audio", "语音"), ("richText", "没有看到")] {
        let mut other = text("");
        other["msgtype"] = kind.into();
        let outcome = call(&host(), message(&other)).unwrap();
        assert!(outcome.events.is_empty() && said(&outcome).contains(answer), "{kind}");
    }
}

#[test]
fn events_that_are_not_from_dingtalk_for_us_are_refused() {
    let code = |request: HttpRequest| call(&host(), request).unwrap_err().code;
    let event = json!({"EventType": "check_url"});
    let mut forged = sealed(&event);
    forged.query[0].1 = "0".repeat(40);
    assert_eq!(code(forged), "channel.bad-signature");
    assert_eq!(code(fake::post("/", "application/json", "{}")), "channel.missing-signature");
    let for_another = Envelope::new(KEY, "dinganother").unwrap().close(&event.to_string(), &[9; 16]);
    assert_eq!(code(posted(&for_another)), "dingtalk.undecryptable");
    for padded in ["", "AAAA", "%%%", "AAAAAAAAAAAAAAAAAAAAAA=="] {
        assert_eq!(code(posted(padded)), "dingtalk.undecryptable", "{padded}");
    }
    let mut twice = sealed(&event);
    twice.body = Payload::Text(r#"{"encrypt":"a","encrypt":"b"}"#.to_owned());
    assert_eq!(code(twice), "channel.malformed-body");
    let late = host();
    late.advance(301_000);
    assert_eq!(call(&late, sealed(&event)).unwrap_err().code, "channel.stale-timestamp");
    assert_eq!(code(fake::get("/")), "channel.method-not-allowed");
    let nobody = fake::Host::new().config(json!({})).secret("token", TOKEN).secret("aes_key", KEY);
    let failure = call(&nobody, sealed(&event)).unwrap_err();
    assert_eq!(
        (failure.kind, failure.code.as_str()),
        (FailureKind::Misconfigured, "dingtalk.no-receiver-id")
    );
}

#[test]
fn messages_that_are_not_from_dingtalk_are_refused() {
    let code = |request: HttpRequest| call(&host(), request).unwrap_err().code;
    let mut forged = message(&text("x"));
    forged.headers[2].value = codec::base64_encode(&[0; 32]);
    assert_eq!(code(forged), "channel.bad-signature");
    let mut twice = message(&text("x"));
    twice.headers.push(Header { name: "timestamp".to_owned(), value: "1".to_owned() });
    assert_eq!(code(twice), "channel.missing-signature");
    assert_eq!(code(message(&json!({"msgtype": "text"}))), "channel.malformed-body");
    assert_eq!(code(message(&json!([]))), "channel.malformed-body");
    let late = host();
    late.advance(3_600_000);
    assert!(call(&late, message(&text("x"))).is_ok());
    late.advance(1);
    assert_eq!(call(&late, message(&text("x"))).unwrap_err().code, "channel.stale-timestamp");
}

fn notification(kind: &str, address: &str) -> Notification {
    Notification {
        idempotency_key: "i1.1".to_owned(),
        recipient: yiwang_sdk::Recipient {
            kind: kind.to_owned(),
            address: address.to_owned(),
            display_name: None,
        },
        template: None,
        params: "{}".to_owned(),
        subject: Some("超时预警".to_owned()),
        body: "工单 QC-20240604-000123 已超时 ${secret:robot_token}".to_owned(),
        body_type: "text/plain".to_owned(),
        attachments: vec![],
        attributes: vec![],
    }
}

fn robot(config: Value, answer: Value) -> fake::Host {
    let host = fake::Host::new().config(config).secret("robot_secret", "SECtest0123456789");
    host.answer(Ok(HttpResponse::json(200, &answer)))
}

fn send(host: &fake::Host, notification: Notification) -> Result<Receipt, Failure> {
    DingTalk::send(host, &host.context(), notification)
}

fn sent(host: &fake::Host) -> Value {
    let Payload::Text(body) = &host.sent()[0].body else { panic!("a text") };
    from_str(body).unwrap()
}

#[test]
fn the_robots_signature_is_the_known_one() {
    let host = robot(json!({}), json!({"errcode": 0, "errmsg": "ok"}));
    let mut ctx = host.context();
    ctx.now_ms = 1_704_067_200_000;
    let receipt = DingTalk::send(&host, &ctx, notification("mobile", "13800000000")).unwrap();
    assert_eq!(receipt.state, DeliveryState::Accepted);
    assert_eq!(
        host.sent()[0].url,
        "https://oapi.dingtalk.com/robot/send?access_token=${secret:robot_token}&timestamp=1704067200000&sign=EjTT8l6gHLT11QTFrqua7FSEP3O35kzkrF3DjAlvNhk%3D"
    );
    assert_eq!(
        sent(&host),
        json!({
            "msgtype": "text",
            "text": {"content": "超时预警\n工单 QC-20240604-000123 已超时 ${secret:robot_token}"},
            "at": {"atMobiles": ["13800000000"]}
        })
    );
}

#[test]
fn markdown_has_a_headline_and_names_whom_it_mentions() {
    let host = robot(json!({"format": "markdown", "signed": false}), json!({"errcode": 0}));
    let mut long = notification("mobile", "+8613800000000");
    long.body = "长".repeat(10_000);
    send(&host, long).unwrap();
    let url = "https://oapi.dingtalk.com/robot/send?access_token=${secret:robot_token}";
    assert_eq!(host.sent()[0].url, url, "not signed");
    let body = sent(&host);
    let words = body["markdown"]["text"].as_str().unwrap();
    assert!(words.starts_with("### 超时预警\n\n长") && words.ends_with("…\n\n@13800000000"));
    assert!(body.to_string().len() < 20_000);
    assert_eq!((&body["msgtype"], &body["markdown"]["title"]), (&json!("markdown"), &json!("超时预警")));
    let host = robot(json!({"signed": false}), json!({"errcode": 0}));
    send(&host, notification("group", "@all")).unwrap();
    assert_eq!(sent(&host)["at"], json!({"isAtAll": true}));
}

#[test]
fn the_platforms_codes_are_told_apart() {
    for (code, kind, name, after) in [
        (-1, FailureKind::Retryable, "dingtalk.busy", Some(5000)),
        (130_101, FailureKind::Retryable, "dingtalk.130101", Some(600_000)),
        (90030, FailureKind::Retryable, "dingtalk.90030", Some(3_600_000)),
        (310_000, FailureKind::Misconfigured, "dingtalk.310000", None),
        (300_001, FailureKind::Misconfigured, "dingtalk.300001", None),
        (430_104, FailureKind::Permanent, "dingtalk.430104", None),
        (460_101, FailureKind::Permanent, "dingtalk.460101", None),
    ] {
        let host = robot(json!({}), json!({"errcode": code, "errmsg": "x"}));
        let failure = send(&host, notification("group", "group")).unwrap_err();
        assert_eq!((failure.kind, failure.code.as_str(), failure.retry_after_ms), (kind, name, after));
    }
    let code = |host: fake::Host, kind: &str, address: &str| {
        let failure = send(&host, notification(kind, address)).unwrap_err();
        (failure.kind, failure.code)
    };
    let lost = fake::Host::new().config(json!({"signed": false})).answer(Err(HttpError::Timeout(true)));
    assert_eq!(code(lost, "group", "g"), (FailureKind::UnknownOutcome, "dingtalk.timeout".to_owned()));
    let keyless = fake::Host::new().config(json!({}));
    assert_eq!(
        code(keyless, "group", "g"),
        (FailureKind::Misconfigured, "channel.secret-unusable".to_owned())
    );
    let wordless = robot(json!({}), json!({}));
    assert_eq!(code(wordless, "group", "g"), (FailureKind::UnknownOutcome, "dingtalk.answer".to_owned()));
    let permanent = |code: &str| (FailureKind::Permanent, code.to_owned());
    assert_eq!(code(robot(json!({}), json!({})), "mobile", "1"), permanent("dingtalk.recipient"));
    assert_eq!(code(robot(json!({}), json!({})), "email", "a@b"), permanent("dingtalk.recipient-kind"));
}
