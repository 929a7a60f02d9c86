//! The logic, natively, against the fake host.

use yiwang_sdk::fake;
use yiwang_sdk::prelude::*;
use yiwang_sdk::serde_json::{Value, from_str, json};
use yiwang_sdk::wechat::{Envelope, read_xml, signature};
use yiwang_sdk::{HttpError, OutgoingRequest};

use crate::WeChat;

const TOKEN: &str = "token";
const KEY: &str = "abcdefghijklmnopqrstuvwxyz0123456789ABCDEFG";
const APP: &str = "wxb11529c136998cb6";

fn host(encryption: &str) -> fake::Host {
    let config = json!({
        "appId": APP, "encryption": encryption, "greeting": "欢迎", "acknowledgement": "已收到",
        "gatherSeconds": 300, "region": "341602"
    });
    fake::Host::new().config(config).secret("token", TOKEN).secret("aes_key", KEY)
}

fn text(content: &str) -> String {
    message("text", &format!("<Content><![CDATA[{content}]]></Content><MsgId>24573620185371234</MsgId>"))
}

fn message(kind: &str, rest: &str) -> String {
    format!(
        "<xml><ToUserName><![CDATA[gh_qc311]]></ToUserName><FromUserName><![CDATA[oABC123]]></FromUserName>\
         <CreateTime>1717482600</CreateTime><MsgType><![CDATA[{kind}]]></MsgType>{rest}</xml>"
    )
}

fn plain(xml: &str) -> HttpRequest {
    let signature = signature(&[TOKEN, "1717482600", "n"]);
    fake::post(&format!("/?signature={signature}&timestamp=1717482600&nonce=n"), "text/xml", xml)
}

fn sealed(xml: &str) -> HttpRequest {
    let encrypted = Envelope::new(KEY, APP).unwrap().close(xml, &[9; 16]);
    let signature = signature(&[TOKEN, "1717482600", "n", &encrypted]);
    let body = format!("<xml><ToUserName>gh</ToUserName><Encrypt><![CDATA[{encrypted}]]></Encrypt></xml>");
    let path =
        format!("/?encrypt_type=aes&msg_signature={signature}&timestamp=1717482600&nonce=n&signature=x");
    fake::post(&path, "text/xml", &body)
}

fn call(host: &fake::Host, request: HttpRequest) -> Result<Outcome, Failure> {
    WeChat::webhook(host, &host.context(), request)
}

fn take(xml: &str) -> Outcome {
    call(&host("plain"), plain(xml)).unwrap()
}

fn body(outcome: &Outcome) -> String {
    String::from_utf8(outcome.response.bytes().to_vec()).unwrap()
}

fn data(outcome: &Outcome) -> Value {
    from_str(&outcome.events[0].data).unwrap()
}

#[test]
fn the_platform_checks_our_address() {
    let signature = signature(&[TOKEN, "1717482600", "n"]);
    let check = |signature: &str| {
        let path =
            format!("/?signature={signature}&timestamp=1717482600&nonce=n&echostr=5837397520665436492");
        call(&host("aes"), fake::get(&path))
    };
    assert_eq!(body(&check(&signature).unwrap()), "5837397520665436492");
    assert_eq!(check("0").unwrap_err().code, "channel.bad-signature");
}

#[test]
fn a_text_becomes_a_part_of_a_report_and_is_answered() {
    let outcome = take(&text("薛阁街道南关小区路灯不亮三天了"));
    assert_eq!(
        data(&outcome),
        json!({
            "externalId": "24573620185371234", "channel": "wechat", "kind": "complaint",
            "title": "薛阁街道南关小区路灯不亮三天了", "content": "薛阁街道南关小区路灯不亮三天了",
            "region": "341602", "petitioner": {"openid": "oABC123"}
        })
    );
    let event = &outcome.events[0];
    assert_eq!(event.id, "24573620185371234");
    assert_eq!(event.time.as_deref(), Some("2024-06-04T06:30:00Z"));
    let attribute =
        |name: &str| event.attributes.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str());
    assert_eq!((attribute("session"), attribute("session-window-ms")), (Some("oABC123"), Some("300000")));
    let reply = body(&outcome);
    assert!(
        reply.contains("<ToUserName><![CDATA[oABC123]]>") && reply.contains("<![CDATA[已收到]]>"),
        "{reply}"
    );
}

#[test]
fn an_encrypted_message_is_answered_encrypted() {
    let outcome = call(&host("aes"), sealed(&text("路灯不亮"))).unwrap();
    assert_eq!(data(&outcome)["content"], "路灯不亮");
    let reply = read_xml(&body(&outcome)).unwrap();
    let get = |name: &str| reply.get(name).unwrap();
    assert_eq!(get("MsgSignature"), signature(&[TOKEN, get("TimeStamp"), get("Nonce"), get("Encrypt")]));
    let inner = Envelope::new(KEY, APP).unwrap().open(get("Encrypt")).unwrap();
    assert_eq!(read_xml(&inner).unwrap().get("Content"), Some("已收到"));
}

#[test]
fn the_modes_do_not_mix() {
    let code = |encryption: &str, request: HttpRequest| {
        call(&host(encryption), request).map_err(|failure| failure.code).err()
    };
    assert_eq!(code("aes", plain(&text("x"))).as_deref(), Some("wechat.not-encrypted"));
    assert_eq!(code("plain", sealed(&text("x"))).as_deref(), Some("wechat.encrypted"));
    assert_eq!(code("compatible", plain(&text("x"))), None);
    assert_eq!(code("compatible", sealed(&text("x"))), None);
}

#[test]
fn forged_stale_and_hostile_ones_are_refused() {
    let code = |request: HttpRequest| call(&host("compatible"), request).unwrap_err().code;
    let mut forged = plain(&text("x"));
    forged.query[0].1 = "0".repeat(40);
    assert_eq!(code(forged), "channel.bad-signature");
    let mut twice = plain(&text("x"));
    twice.query.push(("nonce".to_owned(), "m".to_owned()));
    assert_eq!(code(twice), "channel.missing-signature");
    let late = host("plain");
    late.advance(301_000);
    assert_eq!(call(&late, plain(&text("x"))).unwrap_err().code, "channel.stale-timestamp");
    let entity = "<!DOCTYPE a [<!ENTITY b SYSTEM \"file:///etc/hostname\">]><xml><MsgId>&b;</MsgId></xml>";
    assert_eq!(code(plain(entity)), "channel.malformed-body");
    assert_eq!(code(sealed(entity)), "channel.malformed-body");
    let other = Envelope::new(KEY, "wxanother").unwrap().close(&text("x"), &[9; 16]);
    let mut for_another = plain(&format!("<xml><Encrypt>{other}</Encrypt></xml>"));
    for_another.query.push(("encrypt_type".to_owned(), "aes".to_owned()));
    for_another.query.push(("msg_signature".to_owned(), signature(&[TOKEN, "1717482600", "n", &other])));
    assert_eq!(code(for_another), "wechat.undecryptable");
}

#[test]
fn pictures_and_places_are_parts_of_the_same_session() {
    let picture = take(&message(
        "image",
        "<PicUrl><![CDATA[https://mmbiz.qpic.cn/a]]></PicUrl><MediaId><![CDATA[m1]]></MediaId><MsgId>2</MsgId>",
    ));
    assert_eq!(
        data(&picture)["attachments"],
        json!([{"provider": "wechat", "ref": "m1", "url": "https://mmbiz.qpic.cn/a", "mediaType": "image/jpeg"}])
    );
    let place = take(&message(
        "location",
        "<Location_X>33.8446</Location_X><Location_Y>115.7790</Location_Y><Scale>16</Scale><Label><![CDATA[亳州市谯城区]]></Label><MsgId>3</MsgId>",
    ));
    assert_eq!(data(&place)["location"], json!({"lat": 33.8446, "lon": 115.779, "crs": "GCJ-02"}));
    assert_eq!(data(&place)["address"], "亳州市谯城区");
    let session = |outcome: &Outcome| outcome.events[0].attributes.clone();
    assert_eq!(session(&picture), session(&place));
}

#[test]
fn a_photo_is_kept_where_that_is_wished() {
    let photo = fake::blob("image/jpeg", None, b"jpeg");
    let answer = HttpResponse { status: 200, headers: vec![], body: Payload::Blob(photo.clone()) };
    let config = json!({"appId": APP, "encryption": "plain", "keepPhotos": true});
    let xml =
        message("image", "<PicUrl>http://mmbiz.qpic.cn/a</PicUrl><MediaId>m1</MediaId><MsgId>2</MsgId>");
    let host = fake::Host::new().config(config.clone()).secret("token", TOKEN).answer(Ok(answer));
    let outcome = call(&host, plain(&xml)).unwrap();
    assert_eq!(outcome.events[0].attachments, [photo]);
    let host = fake::Host::new().config(config).secret("token", TOKEN).answer(Err(HttpError::Timeout(true)));
    assert_eq!(
        data(&call(&host, plain(&xml)).unwrap())["attachments"][0]["ref"],
        "m1",
        "not lost when it cannot be fetched"
    );
}

#[test]
fn what_cannot_be_taken_is_said_politely() {
    for (kind, rest, said) in [
        ("voice", "<MediaId>v</MediaId><MsgId>4</MsgId>", "语音"),
        ("video", "<MsgId>5</MsgId>", "这种消息"),
        ("text", "<Content> </Content><MsgId>6</MsgId>", "没有看到"),
    ] {
        let outcome = take(&message(kind, rest));
        assert!(outcome.events.is_empty() && body(&outcome).contains(said), "{kind}");
    }
    let spoken = take(&message("voice", "<Recognition><![CDATA[路灯坏了]]></Recognition><MsgId>7</MsgId>"));
    assert_eq!(data(&spoken)["content"], "路灯坏了");
    assert!(body(&take(&message("event", "<Event>subscribe</Event>"))).contains("欢迎"));
    assert_eq!(body(&take(&message("event", "<Event>unsubscribe</Event>"))), "success");
    let menu = "<Event>scancode_push</Event><ScanCodeInfo><ScanType>qr</ScanType></ScanCodeInfo>";
    assert_eq!(body(&take(&message("event", menu))), "success");
}

#[test]
fn a_verdict_is_no_part_of_a_report() {
    let outcome = take(&text("评价 qc-20240604-000123 不满意 没有修好"));
    assert_eq!(outcome.events[0].event_type, "cn.yiwang.intake.feedback.v1");
    assert_eq!(
        data(&outcome),
        json!({"caseNo": "QC-20240604-000123", "satisfied": false, "reason": "没有修好", "openid": "oABC123"})
    );
    assert!(outcome.events[0].attributes.is_empty());
    let unclear = take(&text("评价 还行"));
    assert!(unclear.events.is_empty() && body(&unclear).contains("评价请这样发送"));
}

#[test]
fn an_openid_that_is_markup_stays_text() {
    let xml = text("x").replace("oABC123", "o]]]]><![CDATA[></xml><xml>");
    let outcome = take(&xml);
    let reply = read_xml(&body(&outcome)).unwrap();
    assert_eq!(reply.get("ToUserName"), Some("o]]></xml><xml>"));
}

fn notification() -> Notification {
    Notification {
        idempotency_key: "i1.1".to_owned(),
        recipient: yiwang_sdk::Recipient {
            kind: "openid".to_owned(),
            address: "oABC123".to_owned(),
            display_name: None,
        },
        template: None,
        params: "{}".to_owned(),
        subject: None,
        body: "您反映的问题已办结 ${secret:app_secret}".to_owned(),
        body_type: "text/plain".to_owned(),
        attachments: vec![],
        attributes: vec![],
    }
}

fn answers(answers: &[Value]) -> fake::Host {
    let host = fake::Host::new().config(json!({"appId": APP, "apiBase": "https://api.weixin.qq.com"}));
    answers.iter().fold(host, |host, answer| host.answer(Ok(HttpResponse::json(200, answer))))
}

fn send(host: &fake::Host) -> Result<Receipt, Failure> {
    WeChat::send(host, &host.context(), notification())
}

fn urls(host: &fake::Host) -> Vec<String> {
    let path = |request: &OutgoingRequest| request.url.replace("https://api.weixin.qq.com/cgi-bin/", "");
    host.sent().iter().map(path).collect()
}

fn fresh(token: &str) -> Value {
    json!({"access_token": token, "expires_in": 7200})
}

#[test]
fn the_token_is_fetched_once_and_kept() {
    let ok = json!({"errcode": 0, "errmsg": "ok"});
    let host = answers(&[fresh("t/1"), ok.clone(), ok.clone(), fresh("t2"), ok]);
    send(&host).unwrap();
    send(&host).unwrap();
    host.advance(6_901_000);
    send(&host).unwrap();
    assert_eq!(
        urls(&host),
        [
            "stable_token",
            "message/custom/send?access_token=t%2F1",
            "message/custom/send?access_token=t%2F1",
            "stable_token",
            "message/custom/send?access_token=t2",
        ]
    );
}

#[test]
fn a_token_that_is_no_longer_good_is_fetched_once_more() {
    let bad = json!({"errcode": 40001, "errmsg": "invalid credential"});
    let host = answers(&[fresh("t1"), bad.clone(), fresh("t2"), json!({"errcode": 0})]);
    send(&host).unwrap();
    let host = answers(&[fresh("t1"), bad.clone(), fresh("t2"), bad]);
    let failure = send(&host).unwrap_err();
    assert_eq!((failure.kind, failure.code.as_str()), (FailureKind::Retryable, "wechat.40001"));
}

#[test]
fn the_platforms_codes_are_told_apart() {
    for (code, kind, name) in [
        (45015, FailureKind::Permanent, "wechat.45015"),
        (45047, FailureKind::Permanent, "wechat.45047"),
        (45009, FailureKind::Retryable, "wechat.45009"),
        (-1, FailureKind::Retryable, "wechat.busy"),
        (48001, FailureKind::Misconfigured, "wechat.48001"),
        (99999, FailureKind::Permanent, "wechat.99999"),
    ] {
        let failure = send(&answers(&[fresh("t"), json!({"errcode": code, "errmsg": "x"})])).unwrap_err();
        assert_eq!((failure.kind, failure.code.as_str()), (kind, name));
    }
}

#[test]
fn while_another_call_fetches_the_token_this_one_waits_outside() {
    use yiwang_sdk::Host as _;
    let host = answers(&[]);
    host.kv_set("access-token-lease", b"another", Some(10_000)).unwrap();
    assert_eq!(send(&host).unwrap_err().code, "wechat.token-busy");
}

#[test]
fn long_texts_are_cut_to_what_the_platform_takes() {
    let host = answers(&[fresh("t"), json!({"errcode": 0})]);
    let mut long = notification();
    long.body = "长".repeat(1000);
    WeChat::send(&host, &host.context(), long).unwrap();
    let Payload::Text(body) = &host.sent()[1].body else { panic!("a text") };
    let body: Value = from_str(body).unwrap();
    let content = body["text"]["content"].as_str().unwrap();
    assert!(content.len() <= 2048 && content.ends_with('…'));
}
