//! The logic, natively, against the fake host; the vectors are Feishu's own, a public client's, and our own of
//! the robot's algorithm.

use yiwang_sdk::prelude::*;
use yiwang_sdk::serde_json::{Value, from_slice, from_str, json};
use yiwang_sdk::{HttpError, aes_cbc, codec, fake};

use crate::envelope::{decrypted, signature};
use crate::{Feishu, robot};

const KEY: &str = "kudryavka";
const TOKEN: &str = "rvaYgkND1GOiu5MM0E1rncYC6PLtF7JV";
const APP: &str = "cli_9f5343c580712544";
const AT: &str = "1717482600";

fn config() -> Value {
    json!({"appId": APP, "gatherSeconds": 300})
}

fn host() -> fake::Host {
    fake::Host::new().config(config()).secret("encrypt_key", KEY).secret("verification_token", TOKEN)
}

fn call(host: &fake::Host, request: HttpRequest) -> Result<Outcome, Failure> {
    Feishu::webhook(host, &host.context(), request)
}

fn closed(plain: &str) -> String {
    let iv = [7; 16];
    let mut bytes = iv.to_vec();
    bytes.extend(aes_cbc::close(&codec::sha256(KEY.as_bytes()), &iv, plain.as_bytes(), 16));
    json!({"encrypt": codec::base64_encode(&bytes)}).to_string()
}

fn unsigned(body: &str) -> HttpRequest {
    fake::post("/", "application/json", body)
}

fn signed(body: &str) -> HttpRequest {
    let mut request = unsigned(body);
    for (name, value) in [
        ("x-lark-request-timestamp", AT.to_owned()),
        ("x-lark-request-nonce", "n".to_owned()),
        ("x-lark-signature", signature(AT, "n", KEY, body.as_bytes())),
    ] {
        request.headers.push(Header { name: name.to_owned(), value });
    }
    request
}

fn event(kind: &str, content: &Value) -> Value {
    json!({
        "schema": "2.0",
        "header": {"event_id": "5e3702a84e847582be8db7fb73283c02", "event_type": "im.message.receive_v1",
                   "create_time": "1717482599000", "token": TOKEN, "app_id": APP, "tenant_key": "t"},
        "event": {
            "sender": {"sender_id": {"open_id": "ou_1", "user_id": "u1"}, "sender_type": "user"},
            "message": {"message_id": "om_1", "create_time": "1717482599000", "chat_id": "oc_1", "chat_type": "group",
                        "message_type": kind, "content": content.to_string(),
                        "mentions": [{"key": "@_user_1", "name": "城管助手"}, {"key": "@_user_10", "name": "李四"}]}
        }
    })
}

fn take(kind: &str, content: &Value) -> Outcome {
    call(&host(), signed(&closed(&event(kind, content).to_string()))).unwrap()
}

fn data(outcome: &Outcome) -> Value {
    from_str(&outcome.events[0].data).unwrap()
}

#[test]
fn the_platforms_own_sample_opens() {
    let plain = decrypted("test key", "P37w+VZImNgPEO1RBhJ6RtKl7n6zymIbEG1pReEzghk=");
    assert_eq!(plain.as_deref(), Some(&b"hello world"[..]));
    assert_eq!(decrypted("another key", "P37w+VZImNgPEO1RBhJ6RtKl7n6zymIbEG1pReEzghk="), None);
    for malformed in ["", "AAAA", "%%%", "AAAAAAAAAAAAAAAAAAAAAA=="] {
        assert_eq!(decrypted("test key", malformed), None, "{malformed}");
    }
}

/// cyclone-robotics/feishu-python-sdk, `tests/test_decrypt_aes.py`: an event that Feishu has sent.
#[test]
fn a_recorded_event_opens() {
    let sealed = "FIAfJPGRmFZWkaxPQ1XrJZVbv2JwdjfLk4jx0k/U1deAqYK3AXOZ5zcHt/cC4ZNTqYwWUW/EoL+b2hW/C4zoAQQ5CeMtbxX2zHjm+E4nX/Aww+FHUL6iuIMaeL2KLxqdtbHRC50vgC2YI7xohnb3KuCNBMUzLiPeNIpVdnYaeteCmSaESb+AZpJB9PExzTpRDzCRv+T6o5vlzaE8UgIneC1sYu85BnPBEMTSuj1ZZzfdQi7ZW992Z4dmJxn9e8FL2VArNm99f5Io3c2O4AcNsQENNKtfAAxVjCqc3mg5jF0nKabA+u/5vrUD76flX1UOF5fzJ0sApG2OEn9wfyPDRBsApn9o+fceF9hNrYBGsdtZrZYyGG387CGOtKsuj8e2E8SNp+Pn4E9oYejOTR+ZNLNi+twxaXVlJhr6l+RXYwEiMGQE9zGFBD6h2dOhKh3W84p1GEYnSRIz1+9/Hp66arjC7RCrhuW5OjCj4QFEQJiwgL45XryxHtiZ7JdAlPmjVsL03CxxFZarzxzffryrWUG3VkRdHRHbTsC34+ScoL5MTDU1QAWdqUC1T7xT0lCvQELaIhBTXAYrznJl6PlA83oqlMxpHh0gZBB1jFbfoUr7OQbBs1xqzpYK6Yjux6diwpQB1zlZErYJUfCqK7G/zI9yK/60b4HW0k3M+AvzMcw=";
    let event: Value = from_slice(&decrypted(KEY, sealed).unwrap()).unwrap();
    assert_eq!(event["uuid"], "5226cd85b4d843dccee2e279d93f3ed3");
    assert_eq!(event["event"]["type"], "user_status_change");
}

#[test]
fn a_challenge_is_echoed_with_and_without_signature() {
    let challenge = |token: &str| {
        closed(&json!({"type": "url_verification", "challenge": "ajls384k", "token": token}).to_string())
    };
    for request in [unsigned(&challenge(TOKEN)), signed(&challenge(TOKEN))] {
        let outcome = call(&host(), request).unwrap();
        assert_eq!(outcome.response.bytes(), br#"{"challenge":"ajls384k"}"#);
    }
    assert_eq!(call(&host(), unsigned(&challenge("another"))).unwrap_err().code, "channel.missing-signature");
    let tokenless = fake::Host::new().config(config()).secret("encrypt_key", KEY);
    assert!(call(&tokenless, unsigned(&challenge("whatever"))).is_ok(), "none is set, none is compared");
}

#[test]
fn a_text_is_a_part_of_a_report() {
    let outcome = take("text", &json!({"text": "@_user_1 @_user_10 路灯不亮三天了"}));
    assert_eq!(
        data(&outcome),
        json!({
            "externalId": "5e3702a84e847582be8db7fb73283c02", "channel": "feishu", "kind": "complaint",
            "title": "@李四 路灯不亮三天了", "content": "@李四 路灯不亮三天了", "petitioner": {"openid": "ou_1"}
        })
    );
    let event = &outcome.events[0];
    assert_eq!(
        (event.id.as_str(), event.time.as_deref()),
        ("5e3702a84e847582be8db7fb73283c02", Some("2024-06-04T06:29:59Z"))
    );
    let again = take("text", &json!({"text": "@_user_1 @_user_10 路灯不亮三天了"}));
    assert_eq!(again.events[0].id, event.id, "a replayed one is the same event");
    let picture = take("image", &json!({"image_key": "img_1"}));
    assert_eq!(
        data(&picture)["attachments"],
        json!([{"provider": "feishu", "ref": "om_1/image/img_1", "mediaType": "image/jpeg"}])
    );
    assert_eq!(picture.events[0].attributes, event.attributes, "one session");
    let voice = take("audio", &json!({"file_key": "file_1", "duration": 2000}));
    assert_eq!(data(&voice)["attachments"][0]["ref"], "om_1/file/file_1");
    let post = json!({"title": "井盖", "content": [
        [{"tag": "text", "text": "薛阁街道"}, {"tag": "a", "text": "地图", "href": "https://map"}],
        [{"tag": "img", "image_key": "img_2"}]
    ]});
    let post = data(&take("post", &post));
    assert_eq!((&post["title"], &post["content"]), (&json!("井盖"), &json!("薛阁街道地图 https://map")));
    assert_eq!(post["attachments"][0]["ref"], "om_1/image/img_2");
    let long = take("text", &json!({"text": "长".repeat(30_000)}));
    assert_eq!(data(&long)["content"].as_str().unwrap().chars().count(), 20_000);
    let unclear = take("text", &json!({"text": "评价一下：路灯还是坏的"}));
    assert_eq!(data(&unclear)["content"], "评价一下：路灯还是坏的");
    let verdict = take("text", &json!({"text": "@_user_1 评价 QC-20240604-000123 满意"}));
    assert_eq!(verdict.events[0].event_type, "cn.yiwang.intake.feedback.v1");
}

#[test]
fn a_place_counts_only_with_a_datum() {
    let place = json!({"name": "亳州市谯城区", "longitude": "115.779", "latitude": "33.8446"});
    let unknown = data(&take("location", &place));
    assert_eq!(unknown["location"], Value::Null);
    assert_eq!(unknown["address"], "亳州市谯城区");
    assert_eq!(unknown["extra"]["location"], json!({"lat": 33.8446, "lon": 115.779}));
    let mut config = config();
    config["locationCrs"] = "GCJ-02".into();
    let host = fake::Host::new().config(config).secret("encrypt_key", KEY);
    let known = call(&host, signed(&closed(&event("location", &place).to_string()))).unwrap();
    assert_eq!(data(&known)["location"], json!({"lat": 33.8446, "lon": 115.779, "crs": "GCJ-02"}));
}

#[test]
fn what_cannot_be_taken_is_left() {
    for (kind, content) in [
        ("sticker", json!({"file_key": "f"})),
        ("text", json!({"text": " "})),
        ("image", json!({})),
        ("post", json!({"title": "", "content": []})),
    ] {
        assert!(take(kind, &content).events.is_empty(), "{kind} {content}");
    }
    let mut robot = event("text", &json!({"text": "x"}));
    robot["event"]["sender"]["sender_type"] = "app".into();
    let mut other = event("text", &json!({"text": "x"}));
    other["header"]["event_type"] = "im.chat.updated_v1".into();
    for event in [robot, other] {
        let outcome = call(&host(), signed(&closed(&event.to_string()))).unwrap();
        assert!(outcome.events.is_empty() && outcome.response.status == 200);
    }
}

#[test]
fn what_is_not_from_feishu_for_us_is_refused() {
    let code = |request: HttpRequest| call(&host(), request).unwrap_err().code;
    let body = closed(&event("text", &json!({"text": "x"})).to_string());
    let mut forged = signed(&body);
    forged.body = Payload::Text(format!("{body} "));
    assert_eq!(code(forged), "channel.bad-signature", "the raw body is signed");
    let mut twice = signed(&body);
    twice.headers.push(Header { name: "x-lark-signature".to_owned(), value: "0".to_owned() });
    assert_eq!(code(twice), "channel.bad-signature");
    let mut halved = signed(&body);
    halved.headers.retain(|header| header.name != "x-lark-request-nonce");
    assert_eq!(code(halved), "channel.missing-signature");
    // Nothing is said of what was not signed: else it could be opened byte by byte.
    let broken = json!({"encrypt": "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="}).to_string();
    for body in [&body, &broken, "{}", "no json"] {
        assert_eq!(code(unsigned(body)), "channel.missing-signature");
    }
    assert_eq!(code(signed(&broken)), "feishu.undecryptable");
    assert_eq!(code(signed("{}")), "feishu.not-encrypted");
    assert_eq!(code(signed("no json")), "channel.malformed-body");
    for (member, value) in [("token", "another"), ("app_id", "cli_another")] {
        let mut other = event("text", &json!({"text": "x"}));
        other["header"][member] = value.into();
        assert_eq!(code(signed(&closed(&other.to_string()))), "feishu.another-app", "{member}");
    }
    let late = host();
    late.advance(301_000);
    assert_eq!(call(&late, signed(&body)).unwrap_err().code, "channel.stale-timestamp");
    assert_eq!(code(fake::get("/")), "channel.method-not-allowed");
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
        subject: None,
        body: "已办结 ${secret:robot_hook} <at user_id=\"all\">所有人</at>".to_owned(),
        body_type: "text/plain".to_owned(),
        attachments: vec![],
        attributes: vec![],
    }
}

fn sending(config: Value, answers: &[Value]) -> fake::Host {
    let host = fake::Host::new().config(config).secret("robot_secret", "SECtest0123456789");
    answers.iter().fold(host, |host, answer| host.answer(Ok(HttpResponse::json(200, answer))))
}

fn send(host: &fake::Host, notification: Notification) -> Result<Receipt, Failure> {
    Feishu::send(host, &host.context(), notification)
}

fn sent(host: &fake::Host, at: usize) -> Value {
    let Payload::Text(body) = &host.sent()[at].body else { panic!("a text") };
    from_str(body).unwrap()
}

#[test]
fn the_robots_signature_has_key_and_text_swapped() {
    assert_eq!(
        robot::sign("SECtest0123456789", "1704067200"),
        "hGJ5WjYJN9XbhQtRpMPzfbABWbBvuGgut11TTlibUz8="
    );
    let host = sending(json!({}), &[json!({"code": 0, "msg": "success", "data": {}})]);
    send(&host, notification("group", "group")).unwrap();
    assert_eq!(host.sent()[0].url, "https://open.feishu.cn/open-apis/bot/v2/hook/${secret:robot_hook}");
    assert_eq!(
        sent(&host, 0),
        json!({
            "msg_type": "text",
            "content": {"text": "已办结 ${secret:robot_hook} ＜at user_id=\"all\">所有人</at>"},
            "sign": robot::sign("SECtest0123456789", AT),
            "timestamp": AT
        })
    );
}

#[test]
fn a_card_shows_words_as_words() {
    let host = sending(
        json!({"format": "interactive", "cardColour": "red", "signed": false}),
        &[json!({"code": 0})],
    );
    let mut long = notification("group", "group");
    (long.subject, long.body) = (Some("超时预警".to_owned()), "长\n".repeat(6000));
    send(&host, long).unwrap();
    let body = sent(&host, 0);
    assert_eq!(body["msg_type"], "interactive");
    assert_eq!(
        body["card"]["header"],
        json!({"title": {"tag": "plain_text", "content": "超时预警"}, "template": "red"})
    );
    assert_eq!(body["card"]["elements"][0]["text"]["tag"], "plain_text");
    assert!(body.to_string().len() < 20 << 10 && body["sign"].is_null());
    let host = sending(json!({"signed": false}), &[json!({"code": 0})]);
    let mut markdown = notification("group", "group");
    markdown.body_type = "text/markdown".to_owned();
    send(&host, markdown).unwrap();
    assert_eq!(sent(&host, 0)["card"]["elements"][0]["tag"], "markdown");
}

#[test]
fn the_application_replies_to_a_person() {
    let fresh = json!({"code": 0, "tenant_access_token": "t-1", "expire": 7200});
    let done = json!({"code": 0, "data": {"message_id": "om_9"}});
    let host = sending(config(), &[fresh.clone(), done.clone(), done.clone()]);
    assert_eq!(send(&host, notification("openid", "ou_1")).unwrap().provider_id.as_deref(), Some("om_9"));
    send(&host, notification("chat", "oc_1")).unwrap();
    assert_eq!(sent(&host, 0), json!({"app_id": APP, "app_secret": "${secret:app_secret}"}));
    let request = &host.sent()[1];
    assert_eq!(request.url, "https://open.feishu.cn/open-apis/im/v1/messages?receive_id_type=open_id");
    assert!(request.headers.iter().any(|header| header.value == "Bearer t-1"));
    let body = sent(&host, 1);
    assert_eq!((&body["receive_id"], &body["msg_type"]), (&json!("ou_1"), &json!("text")));
    assert_eq!(body["uuid"].as_str().unwrap().len(), 32, "the same for every try");
    let content: Value = from_str(body["content"].as_str().unwrap()).unwrap();
    assert!(content["text"].as_str().unwrap().starts_with("已办结"));
    let stale = sending(config(), &[fresh.clone(), json!({"code": 99_991_663}), fresh, done]);
    send(&stale, notification("user-id", "u1")).unwrap();
    assert!(stale.sent()[3].url.ends_with("receive_id_type=user_id"));
}

#[test]
fn the_platforms_codes_are_told_apart() {
    for (answer, kind, name, after) in [
        (
            json!({"code": 11232, "msg": "frequency limited"}),
            FailureKind::Retryable,
            "feishu.11232",
            Some(60_000),
        ),
        (
            json!({"code": 9499, "msg": "Too Many Requests"}),
            FailureKind::Retryable,
            "feishu.9499",
            Some(60_000),
        ),
        (json!({"code": 9499, "msg": "Bad Request"}), FailureKind::Permanent, "feishu.9499", None),
        (json!({"code": 2200, "msg": "internal error"}), FailureKind::Retryable, "feishu.2200", Some(5000)),
        (json!({"code": 19021, "msg": "sign match fail"}), FailureKind::Misconfigured, "feishu.19021", None),
        (json!({"code": 19022, "msg": "Ip Not Allowed"}), FailureKind::Misconfigured, "feishu.19022", None),
        (
            json!({"code": 19024, "msg": "Key Words Not Found"}),
            FailureKind::Misconfigured,
            "feishu.19024",
            None,
        ),
        (json!({"code": 230_013, "msg": "no availability"}), FailureKind::Permanent, "feishu.230013", None),
        (json!({}), FailureKind::UnknownOutcome, "feishu.answer", None),
    ] {
        let failure = send(&sending(json!({}), &[answer]), notification("group", "group")).unwrap_err();
        assert_eq!((failure.kind, failure.code.as_str(), failure.retry_after_ms), (kind, name, after));
    }
    let told = json!({"code": 19001, "msg": "param invalid: incoming webhook access token invalid"});
    let host = fake::Host::new().config(json!({"signed": false})).answer(Ok(HttpResponse::json(400, &told)));
    let failure = send(&host, notification("group", "group")).unwrap_err();
    assert_eq!((failure.kind, failure.code.as_str()), (FailureKind::Misconfigured, "feishu.19001"));
    let lost = fake::Host::new().config(json!({"signed": false})).answer(Err(HttpError::Timeout(true)));
    assert_eq!(send(&lost, notification("group", "g")).unwrap_err().kind, FailureKind::UnknownOutcome);
    let failure = send(&sending(json!({}), &[]), notification("openid", "ou_1")).unwrap_err();
    assert_eq!((failure.kind, failure.code.as_str()), (FailureKind::Misconfigured, "feishu.no-app-id"));
    assert_eq!(
        send(&sending(json!({}), &[]), notification("email", "e")).unwrap_err().code,
        "feishu.recipient-kind"
    );
}
