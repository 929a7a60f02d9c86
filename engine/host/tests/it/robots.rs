//! Messages by WeCom, DingTalk and Feishu, from the real component by real HTTP to providers that check what
//! the real ones check: the secret in the address, the signature and its time, and how many come.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit as _, Mac as _};
use serde_json::{Value, json};
use yiwang_core::input::EffectOutcome;
use yiwang_core::{EffectId, InstanceId};
use yiwang_runtime::ports::{Channels as _, Delivery};

use crate::outgoing::serve;
use crate::support::{Fixture, NOW, plugin};

const SECRET: &str = "SECtest0123456789";

/// The line and the JSON body of a request.
fn read(request: &str) -> (String, Value) {
    let (head, body) = request.split_once("\r\n\r\n").unwrap();
    let target = head.split(' ').nth(1).unwrap().to_owned();
    (target, serde_json::from_str(body).unwrap_or(Value::Null))
}

fn answer(body: &Value) -> String {
    let body = body.to_string();
    format!(
        "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: {}\r\nconnection: close\r\n\r\n{body}",
        body.len()
    )
}

fn mac(key: &str, data: &str) -> String {
    let mut mac = Hmac::<sha2::Sha256>::new_from_slice(key.as_bytes()).unwrap();
    mac.update(data.as_bytes());
    STANDARD.encode(mac.finalize().into_bytes())
}

async fn channel(name: &str, address: &str, config: Value, secrets: Value) -> Fixture {
    let mut config = config;
    config["apiBase"] = address.into();
    let names: Vec<Value> = secrets
        .as_object()
        .unwrap()
        .keys()
        .map(|name| json!({"name": name, "reveal": name == "robot_secret"}))
        .collect();
    let grants = json!({
        "kv": name != "dingtalk", "secrets": names,
        "http": [{"url": format!("{address}/*"), "private": true}]
    });
    Fixture::new(&plugin(name), &json!({"config": config, "grants": grants, "secrets": secrets})).await
}

/// How sending ends, in one line.
async fn send(host: &Fixture, n: u32, kind: &str, address: &str) -> String {
    assert_eq!(host.problem(), None);
    let message = json!({
        "recipient_kind": kind, "recipient": address, "params": {},
        "body": "工单 QC-20240604-000123 已超时 ${secret:robot_key} ${secret:robot_token} ${secret:robot_hook}"
    });
    let effect = EffectId { instance: InstanceId(7), n };
    let message = serde_json::from_value(message).unwrap();
    match host.host.send("test", Delivery { effect, attempt: 1, message, now: NOW }).await {
        EffectOutcome::Done { output, .. } => format!("done {}", output.to_json()),
        EffectOutcome::Retryable { code, retry_after, .. } => format!("again {code} {retry_after:?}"),
        EffectOutcome::Permanent { code, .. } => format!("never {code}"),
        EffectOutcome::Faulted { error } => format!("fault {}", error.r#type),
    }
}

const DONE: &str = r#"done {"state":"accepted"}"#;

#[tokio::test(flavor = "multi_thread")]
async fn dingtalks_robot_is_signed_and_silenced_after_too_many() {
    let mut taken = 0;
    let (address, seen) = serve(move |request| {
        let (target, body) = read(request);
        let at = NOW.0.to_string();
        let sign = mac(SECRET, &format!("{at}\n{SECRET}"));
        let sign = sign.replace('+', "%2B").replace('/', "%2F").replace('=', "%3D");
        if target != format!("/robot/send?access_token=t%261&timestamp={at}&sign={sign}") {
            return answer(&json!({"errcode": 310_000, "errmsg": "sign not match"}));
        }
        taken += 1;
        if taken > 2 {
            return answer(&json!({"errcode": 130_101, "errmsg": "send too fast"}));
        }
        assert_eq!(body["at"], json!({"atMobiles": ["13800000000"]}));
        answer(&json!({"errcode": 0, "errmsg": "ok"}))
    });
    let secrets = json!({"robot_token": "t&1", "robot_secret": SECRET});
    let host = channel("dingtalk", &address, json!({}), secrets).await;
    assert_eq!(send(&host, 1, "mobile", "13800000000").await, DONE);
    assert_eq!(send(&host, 2, "mobile", "13800000000").await, DONE);
    assert_eq!(send(&host, 3, "mobile", "13800000000").await, "again dingtalk.130101 Some(600000)");
    let words = read(&seen.lock().unwrap()[0]).1["text"]["content"].as_str().unwrap().to_owned();
    assert!(
        words.ends_with("${secret:robot_token} ${secret:robot_hook}"),
        "words are no placeholders: {words}"
    );
    let wrong = json!({"robot_token": "t&1", "robot_secret": "another"});
    let host = channel("dingtalk", &address, json!({}), wrong).await;
    assert_eq!(send(&host, 1, "group", "g").await, "again dingtalk.310000 Some(60000)");
}

#[tokio::test(flavor = "multi_thread")]
async fn feishus_robot_is_signed_the_other_way_round() {
    let (address, _) = serve(|request| {
        let (target, body) = read(request);
        if target != "/open-apis/bot/v2/hook/hook-1" {
            return answer(&json!({"code": 19001, "msg": "incoming webhook access token invalid"}));
        }
        let at = (NOW.0 / 1000).to_string();
        if body["timestamp"] != json!(at) || body["sign"] != json!(mac(&format!("{at}\n{SECRET}"), "")) {
            return answer(&json!({"code": 19021, "msg": "sign match fail"}));
        }
        answer(&json!({"code": 0, "msg": "success"}))
    });
    let with = async |hook: &str, secret: &str| {
        let secrets = json!({"robot_hook": hook, "robot_secret": secret});
        let host = channel("feishu", &address, json!({}), secrets).await;
        send(&host, 1, "group", "g").await
    };
    assert_eq!(with("hook-1", SECRET).await, DONE);
    assert_eq!(with("hook-1", "another").await, "again feishu.19021 Some(60000)");
    assert_eq!(with("hook-2", SECRET).await, "again feishu.19001 Some(60000)");
    assert_eq!(with("..", SECRET).await, "again feishu.denied Some(60000)");
}

#[tokio::test(flavor = "multi_thread")]
async fn wecom_writes_by_robot_and_by_application() {
    let mut tokens = 0;
    let (address, seen) = serve(move |request| {
        let (target, body) = read(request);
        match target.as_str() {
            "/cgi-bin/webhook/send?key=k-1" => answer(&json!({"errcode": 0, "errmsg": "ok"})),
            "/cgi-bin/gettoken?corpid=wx5823bf96d3bd56c7&corpsecret=s-1" => {
                tokens += 1;
                answer(&json!({"errcode": 0, "access_token": format!("t-{tokens}"), "expires_in": 7200}))
            }
            // The first token is no longer good when it is used.
            "/cgi-bin/message/send?access_token=t-1" => answer(&json!({"errcode": 42001})),
            "/cgi-bin/message/send?access_token=t-2" => {
                assert_eq!((&body["touser"], &body["agentid"]), (&json!("lisi"), &json!(1_000_002)));
                answer(&json!({"errcode": 0, "msgid": "m-1"}))
            }
            _ => answer(&json!({"errcode": 93000, "errmsg": "invalid webhook url"})),
        }
    });
    let config = json!({"corpId": "wx5823bf96d3bd56c7", "agentId": 1_000_002});
    let secrets = json!({"robot_key": "k-1", "corp_secret": "s-1"});
    let host = channel("wecom", &address, config.clone(), secrets).await;
    assert_eq!(send(&host, 1, "group", "g").await, DONE);
    let sent = r#"done {"providerId":"m-1","state":"accepted"}"#;
    assert_eq!(send(&host, 2, "user-id", "lisi").await, sent);
    assert_eq!(send(&host, 3, "user-id", "lisi").await, sent);
    let targets: Vec<String> = seen.lock().unwrap().iter().map(|request| read(request).0).collect();
    assert_eq!(targets.iter().filter(|target| target.contains("gettoken")).count(), 2, "{targets:?}");
    let host = channel("wecom", &address, config, json!({"robot_key": "k-2"})).await;
    assert_eq!(send(&host, 1, "group", "g").await, "again wecom.93000 Some(60000)");
}
