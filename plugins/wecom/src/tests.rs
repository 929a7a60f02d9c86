//! The logic, natively, against the fake host; the vectors are the platform's own and wechatpy's.

use yiwang_sdk::prelude::*;
use yiwang_sdk::serde_json::{Value, from_str, json};
use yiwang_sdk::wechat::{Envelope, read_xml, signature};
use yiwang_sdk::{HttpError, fake};

use crate::WeCom;

const TOKEN: &str = "QDG6eK";
const KEY: &str = "jWmYm7qr5nMoAUwZRjGtBxmz3KA1tkAj3ykkR6q2B2C";
const CORP: &str = "wx5823bf96d3bd56c7";

/// Of the platform's sample.
const SAMPLE: &str = "RypEvHKD8QQKFhvQ6QleEB4J58tiPdvo+rtK1I9qca6aM/wvqnLSV5zEPeusUiX5L5X/0lWfrf0QADHHhGd3QczcdCUpj911L3vg3W/sYYvuJTs3TUUkSUXxaccAS0qhxchrRYt66wiSpGLYL42aM6A8dTT+6k4aSknmPj48kzJs8qLjvd4Xgpue06DOdnLxAUHzM6+kDZ+HMZfJYuR+LtwGc2hgf5gsijff0ekUNXZiqATP7PF5mZxZ3Izoun1s4zG4LUMnvw2r+KqCKIw+3IQH03v+BCA9nMELNqbSf6tiWSrXJB3LAVGUcallcrw8V2t9EL4EhzJWrQUax5wLVMNS0+rUPA3k22Ncx4XXZS9o0MBH27Bo6BpNelZpS+/uh9KsNlY6bHCmJU9p8g7m3fVKn28H3KDYA5Pl/T8Z1ptDAVe0lXdQ2YoyyH2uyPIGHBZZIs2pDBS8R07+qN+E7Q==";

fn config() -> Value {
    json!({"corpId": CORP, "agentId": 1_000_002, "acknowledgement": "已收到", "greeting": "欢迎", "gatherSeconds": 300})
}

fn host() -> fake::Host {
    fake::Host::new().config(config()).secret("token", TOKEN).secret("aes_key", KEY)
}

/// A host whose clock shows this second.
fn host_at(host: fake::Host, secs: u64) -> (fake::Host, CallContext) {
    let mut ctx = host.context();
    ctx.now_ms = secs * 1000;
    (host, ctx)
}

fn inner(kind: &str, rest: &str) -> String {
    format!(
        "<xml><ToUserName><![CDATA[{CORP}]]></ToUserName><FromUserName><![CDATA[lisi]]></FromUserName>\
         <CreateTime>1717482600</CreateTime><MsgType><![CDATA[{kind}]]></MsgType>{rest}<AgentID>1000002</AgentID></xml>"
    )
}

fn posted(sealed: &str) -> HttpRequest {
    let signature = signature(&[TOKEN, "1717482600", "n", sealed]);
    let path = format!("/?msg_signature={signature}&timestamp=1717482600&nonce=n");
    fake::post(&path, "text/xml", &format!("<xml><Encrypt><![CDATA[{sealed}]]></Encrypt></xml>"))
}

fn sealed(xml: &str) -> HttpRequest {
    posted(&Envelope::new(KEY, CORP).unwrap().close(xml, &[9; 16]))
}

fn call(host: &fake::Host, request: HttpRequest) -> Result<Outcome, Failure> {
    WeCom::webhook(host, &host.context(), request)
}

fn take(kind: &str, rest: &str) -> Outcome {
    call(&host(), sealed(&inner(kind, rest))).unwrap()
}

fn data(outcome: &Outcome) -> Value {
    from_str(&outcome.events[0].data).unwrap()
}

/// The text of an encrypted passive reply; empty for `success`.
fn said(outcome: &Outcome) -> String {
    let body = String::from_utf8(outcome.response.bytes().to_vec()).unwrap();
    if body == "success" {
        return String::new();
    }
    let reply = read_xml(&body).unwrap();
    let get = |name: &str| reply.get(name).unwrap();
    assert_eq!(get("MsgSignature"), signature(&[TOKEN, get("TimeStamp"), get("Nonce"), get("Encrypt")]));
    let inner = Envelope::new(KEY, CORP).unwrap().open(get("Encrypt")).unwrap();
    read_xml(&inner).unwrap().get("Content").unwrap().to_owned()
}

#[test]
fn the_platforms_own_sample_checks_our_address() {
    let echo = "P9nAzCzyDtyTWESHep1vC5X9xho/qYX3Zpb4yKa9SKld1DsH3Iyt3tP3zNdtp+4RPcs8TgAE7OaBO+FZXvnaqQ==";
    let path = format!(
        "/?msg_signature=5c45ff5e21c57e6ad56bac8758b79b1d9ac89fd3&timestamp=1409659589&nonce=263014780&echostr={echo}"
    );
    let (host, ctx) = host_at(host(), 1_409_659_589);
    let outcome = WeCom::webhook(&host, &ctx, fake::get(&path)).unwrap();
    assert_eq!(outcome.response.bytes(), b"1616140317555161061");
    assert!(outcome.events.is_empty());
}

#[test]
fn the_platforms_own_sample_is_a_part_of_a_report() {
    let path =
        "/?msg_signature=477715d11cdb4164915debcba66cb864d751f3e6&timestamp=1409659813&nonce=1372623149";
    let body = format!(
        "<xml><ToUserName><![CDATA[{CORP}]]></ToUserName><Encrypt><![CDATA[{SAMPLE}]]></Encrypt><AgentID><![CDATA[218]]></AgentID></xml>"
    );
    let (host, ctx) = host_at(host(), 1_409_659_820);
    let outcome = WeCom::webhook(&host, &ctx, fake::post(path, "text/xml", &body)).unwrap();
    assert_eq!(
        data(&outcome),
        json!({
            "externalId": "4561255354251345929", "channel": "wecom", "kind": "complaint",
            "title": "hello", "content": "hello", "petitioner": {"openid": "mycreate"}
        })
    );
    assert_eq!(outcome.events[0].id, "4561255354251345929");
    assert_eq!(said(&outcome), "已收到");
    let again = WeCom::webhook(&host, &ctx, fake::post(path, "text/xml", &body)).unwrap();
    assert_eq!(again.events[0].id, outcome.events[0].id, "a replayed one is the same event");
}

#[test]
fn the_samples_of_wechatpy() {
    let host = fake::Host::new()
        .config(json!({"corpId": "wx49f0ab532d5d035a"}))
        .secret("token", "123456")
        .secret("aes_key", "kWxPEV2UEDyxWpmPdKC3F4dgPDmOvfKX1HGnEUDS1aR");
    let (host, ctx) = host_at(host, 1_411_443_780);
    let check = |nonce: &str| {
        let echo = "4ByGGj+sVCYcvGeQYhaKIk1o0pQRNbRjxybjTGblXrBaXlTXeOo1+bXFXDQQb1o6co6Yh9Bv41n7hOchLF6p+Q==";
        let path = format!(
            "/?msg_signature=dd6b9c95b495b3f7e2901bfbc76c664930ffdb96&timestamp=1411443780&nonce={nonce}&echostr={echo}"
        );
        WeCom::webhook(&host, &ctx, fake::get(&path)).map(drop).map_err(|failure| failure.code)
    };
    assert_eq!(check("437374425"), Ok(()));
    assert_eq!(check("437374424"), Err("channel.bad-signature".to_owned()));
}

#[test]
fn each_kind_of_message_becomes_its_part() {
    let picture = take("image", "<PicUrl>https://p.qpic.cn/a</PicUrl><MediaId>m1</MediaId><MsgId>2</MsgId>");
    assert_eq!(
        data(&picture)["attachments"],
        json!([{"provider": "wecom", "ref": "m1", "url": "https://p.qpic.cn/a", "mediaType": "image/jpeg"}])
    );
    let place = take(
        "location",
        "<Location_X>33.8446</Location_X><Location_Y>115.7790</Location_Y><Scale>16</Scale><Label><![CDATA[亳州市谯城区]]></Label><MsgId>3</MsgId>",
    );
    assert_eq!(data(&place)["location"], json!({"lat": 33.8446, "lon": 115.779, "crs": "GCJ-02"}));
    let voice = take("voice", "<MediaId>v1</MediaId><Format>amr</Format><MsgId>4</MsgId>");
    assert_eq!(
        data(&voice)["attachments"],
        json!([{"provider": "wecom", "ref": "v1", "mediaType": "audio/amr"}])
    );
    assert_eq!(data(&voice)["title"], "企业微信语音");
    let session = |outcome: &Outcome| outcome.events[0].attributes.clone();
    assert!(session(&picture) == session(&place) && session(&place) == session(&voice));
    let verdict = take("text", "<Content>评价 QC-20240604-000123 满意</Content><MsgId>5</MsgId>");
    assert_eq!(verdict.events[0].event_type, "cn.yiwang.intake.feedback.v1");
    assert_eq!(said(&take("event", "<Event>subscribe</Event>")), "欢迎");
    assert_eq!(said(&take("event", "<Event>enter_agent</Event>")), "");
    let video = take("video", "<MediaId>w</MediaId><MsgId>6</MsgId>");
    assert!(video.events.is_empty() && said(&video).contains("这种消息"));
}

#[test]
fn what_is_not_from_the_platform_for_us_is_refused() {
    let code = |request: HttpRequest| call(&host(), request).unwrap_err().code;
    let text = inner("text", "<Content>x</Content><MsgId>1</MsgId>");
    let mut forged = sealed(&text);
    forged.query[0].1 = "0".repeat(40);
    assert_eq!(code(forged), "channel.bad-signature");
    assert_eq!(code(fake::post("/", "text/xml", "<xml/>")), "channel.missing-signature");
    let for_another = Envelope::new(KEY, "wwanother").unwrap().close(&text, &[9; 16]);
    assert_eq!(code(posted(&for_another)), "wecom.undecryptable");
    for malformed in ["", "AAAA", "%%%", "AAAAAAAAAAAAAAAAAAAAAA=="] {
        assert_eq!(code(posted(malformed)), "wecom.undecryptable", "{malformed}");
    }
    assert_eq!(code(sealed("<!DOCTYPE a [<!ENTITY b \"c\">]><xml/>")), "channel.malformed-body");
    assert_eq!(code(sealed("no xml")), "channel.malformed-body");
    let huge = format!("<xml><Encrypt>{}</Encrypt></xml>", "A".repeat(1 << 20));
    assert_eq!(
        code(fake::post("/?timestamp=1717482600&nonce=n", "text/xml", &huge)),
        "channel.malformed-body"
    );
    let late = host();
    late.advance(301_000);
    assert_eq!(call(&late, sealed(&text)).unwrap_err().code, "channel.stale-timestamp");
    let mut put = sealed(&text);
    "PUT".clone_into(&mut put.method);
    assert_eq!(code(put), "channel.method-not-allowed");
}

#[test]
fn a_wrong_key_is_the_administrators_affair() {
    let host = fake::Host::new().config(config()).secret("token", TOKEN).secret("aes_key", "short");
    let failure = call(&host, sealed("<xml/>")).unwrap_err();
    assert_eq!((failure.kind, failure.code.as_str()), (FailureKind::Misconfigured, "wecom.bad-aes-key"));
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
        body: "您反映的问题已办结 ${secret:robot_key} <@all>".to_owned(),
        body_type: "text/plain".to_owned(),
        attachments: vec![],
        attributes: vec![],
    }
}

fn answers(answers: &[Value]) -> fake::Host {
    let host = fake::Host::new().config(config());
    answers.iter().fold(host, |host, answer| host.answer(Ok(HttpResponse::json(200, answer))))
}

fn send(host: &fake::Host, notification: Notification) -> Result<Receipt, Failure> {
    WeCom::send(host, &host.context(), notification)
}

fn sent(host: &fake::Host, at: usize) -> Value {
    let Payload::Text(body) = &host.sent()[at].body else { panic!("a text") };
    from_str(body).unwrap()
}

fn fresh() -> Value {
    json!({"errcode": 0, "errmsg": "ok", "access_token": "t/1", "expires_in": 7200})
}

#[test]
fn the_robot_writes_to_its_group_and_mentions_one() {
    let host = answers(&[json!({"errcode": 0, "errmsg": "ok"})]);
    let receipt = send(&host, notification("mobile", "+8613800000000")).unwrap();
    assert_eq!((receipt.provider_id, receipt.state), (None, DeliveryState::Accepted));
    let request = &host.sent()[0];
    assert_eq!(request.url, "https://qyapi.weixin.qq.com/cgi-bin/webhook/send?key=${secret:robot_key}");
    assert_eq!(
        sent(&host, 0),
        json!({"msgtype": "text", "text": {
            "content": "您反映的问题已办结 ${secret:robot_key} ＜@all>",
            "mentioned_mobile_list": ["13800000000"]
        }})
    );
    let host = answers(&[json!({"errcode": 0})]);
    send(&host, notification("group", "@all")).unwrap();
    assert_eq!(sent(&host, 0)["text"]["mentioned_list"], json!(["@all"]));
    assert_eq!(send(&answers(&[]), notification("mobile", "12")).unwrap_err().code, "wecom.recipient");
}

#[test]
fn texts_and_markdown_are_cut_to_what_each_interface_takes() {
    let cut = |body_type: &str, recipient: &str| {
        let host = match recipient {
            "group" => answers(&[json!({"errcode": 0})]),
            _ => answers(&[fresh(), json!({"errcode": 0})]),
        };
        let mut long = notification(recipient, "x");
        (long.body, long.body_type) = ("长".repeat(3000), body_type.to_owned());
        send(&host, long).unwrap();
        let body = sent(&host, host.sent().len() - 1);
        let kind = body["msgtype"].as_str().unwrap();
        let content = body[kind]["content"].as_str().unwrap();
        assert!(content.ends_with('…'));
        content.len()
    };
    assert!((2046..=2048).contains(&cut("text/plain", "group")));
    assert!((4094..=4096).contains(&cut("text/markdown", "group")));
    assert!((2046..=2048).contains(&cut("text/markdown", "user-id")));
    let mut headed = notification("group", "group");
    headed.subject = Some("超时\n预警".to_owned());
    let mut config = config();
    config["format"] = "markdown".into();
    let host = fake::Host::new().config(config).answer(Ok(HttpResponse::json(200, &json!({"errcode": 0}))));
    send(&host, headed).unwrap();
    let content = sent(&host, 0)["markdown"]["content"].clone();
    assert!(content.as_str().unwrap().starts_with("### 超时 预警\n您反映的问题已办结"), "{content}");
}

#[test]
fn the_application_writes_to_a_member() {
    let host = answers(&[fresh(), json!({"errcode": 0, "msgid": "m9"}), json!({"errcode": 0})]);
    assert_eq!(send(&host, notification("user-id", "lisi")).unwrap().provider_id.as_deref(), Some("m9"));
    send(&host, notification("department", "7")).unwrap();
    let urls: Vec<String> = host.sent().iter().map(|request| request.url.clone()).collect();
    let api = "https://qyapi.weixin.qq.com/cgi-bin";
    let message = format!("{api}/message/send?access_token=t%2F1");
    let token = format!("{api}/gettoken?corpid={CORP}&corpsecret=${{secret:corp_secret}}");
    assert_eq!(urls, [token, message.clone(), message], "one token serves both");
    assert_eq!(sent(&host, 1)["touser"], "lisi");
    assert_eq!(sent(&host, 1)["agentid"], 1_000_002);
    assert_eq!(sent(&host, 2)["toparty"], "7");
    for several in ["a|b", "@all", ""] {
        assert_eq!(
            send(&answers(&[]), notification("user-id", several)).unwrap_err().code,
            "wecom.recipient"
        );
    }
    let stale = answers(&[fresh(), json!({"errcode": 42001}), fresh(), json!({"errcode": 0})]);
    send(&stale, notification("user-id", "lisi")).unwrap();
}

#[test]
fn the_platforms_codes_are_told_apart() {
    let left_out = json!({"errcode": 0, "errmsg": "ok", "invaliduser": "lisi"});
    let failure = send(&answers(&[fresh(), left_out]), notification("user-id", "lisi")).unwrap_err();
    assert_eq!((failure.kind, failure.code.as_str()), (FailureKind::Permanent, "wecom.unreached"));
    for (code, kind, name, after) in [
        (-1, FailureKind::Retryable, "wecom.busy", Some(5000)),
        (45009, FailureKind::Retryable, "wecom.45009", Some(60_000)),
        (45033, FailureKind::Retryable, "wecom.45033", Some(5000)),
        (93000, FailureKind::Misconfigured, "wecom.93000", None),
        (60020, FailureKind::Misconfigured, "wecom.60020", None),
        (40058, FailureKind::Permanent, "wecom.40058", None),
        (99999, FailureKind::Permanent, "wecom.99999", None),
    ] {
        let host = answers(&[json!({"errcode": code, "errmsg": "x"})]);
        let failure = send(&host, notification("group", "group")).unwrap_err();
        assert_eq!((failure.kind, failure.code.as_str(), failure.retry_after_ms), (kind, name, after));
    }
    let secret = send(&answers(&[json!({"errcode": 40001})]), notification("user-id", "lisi")).unwrap_err();
    assert_eq!(secret.kind, FailureKind::Misconfigured, "the Secret is wrong");
    let lost = fake::Host::new().config(config()).answer(Err(HttpError::Timeout(true)));
    assert_eq!(send(&lost, notification("group", "group")).unwrap_err().kind, FailureKind::UnknownOutcome);
    let early = fake::Host::new().config(config()).answer(Err(HttpError::Timeout(true)));
    let failure = send(&early, notification("user-id", "lisi")).unwrap_err();
    assert_eq!((failure.kind, failure.code.as_str()), (FailureKind::Retryable, "wecom.token"));
    assert_eq!(send(&answers(&[]), notification("openid", "o")).unwrap_err().code, "wecom.recipient-kind");
    let nameless = fake::Host::new().config(json!({"corpId": CORP}));
    assert_eq!(send(&nameless, notification("user-id", "l")).unwrap_err().code, "wecom.no-agent-id");
}
