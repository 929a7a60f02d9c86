//! Short messages by Aliyun and Tencent, from the real component by real HTTP to providers that check what the
//! real ones check: the signature over what arrives, with keys that never enter the component.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit as _, Mac as _};
use serde_json::{Value, json};
use sha2::Digest as _;
use yiwang_core::input::EffectOutcome;
use yiwang_core::{EffectId, InstanceId};
use yiwang_runtime::ports::{Channels as _, Delivery};

use crate::outgoing::serve;
use crate::support::{Fixture, NOW, plugin};

/// A request as it arrived.
struct Arrived {
    method: String,
    target: String,
    head: String,
    body: String,
}

impl Arrived {
    fn read(request: &str) -> Self {
        let (head, body) = request.split_once("\r\n\r\n").unwrap();
        let mut words = head.split(' ');
        let (method, target) = (words.next().unwrap().to_owned(), words.next().unwrap().to_owned());
        Self { method, target, head: head.to_owned(), body: body.to_owned() }
    }

    fn header(&self, name: &str) -> String {
        let lines = self.head.lines().filter_map(|line| line.split_once(':'));
        let mut found =
            lines.filter(|(key, _)| key.eq_ignore_ascii_case(name)).map(|(_, value)| value.trim());
        let value = found.next().unwrap_or_default().to_owned();
        assert_eq!(found.next(), None, "{name} is there once");
        value
    }

    /// Method, path, query, signed headers and digest of the body: what both providers compute.
    fn canonical(&self, signed: &str) -> String {
        let (path, query) = self.target.split_once('?').unwrap_or((&self.target, ""));
        let headers: String =
            signed.split(';').map(|name| format!("{name}:{}\n", self.header(name))).collect();
        format!("{}\n{path}\n{query}\n{headers}\n{signed}\n{}", self.method, digest(&self.body))
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn digest(text: &str) -> String {
    hex(&sha2::Sha256::digest(text.as_bytes()))
}

fn sha256_mac(key: &[u8], data: &str) -> Vec<u8> {
    let mut mac = Hmac::<sha2::Sha256>::new_from_slice(key).unwrap();
    mac.update(data.as_bytes());
    mac.finalize().into_bytes().to_vec()
}

fn sha1_mac(key: &[u8], data: &str) -> Vec<u8> {
    let mut mac = Hmac::<sha1::Sha1>::new_from_slice(key).unwrap();
    mac.update(data.as_bytes());
    mac.finalize().into_bytes().to_vec()
}

fn answer(body: &Value) -> String {
    let body = body.to_string();
    format!(
        "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: {}\r\nconnection: close\r\n\r\n{body}",
        body.len()
    )
}

async fn channel(name: &str, address: &str, mut config: Value, secret: (&str, &str)) -> Fixture {
    config["endpoint"] = address.into();
    let channel = json!({
        "config": config,
        "grants": {"secrets": [secret.0], "http": [{"url": format!("{address}/"), "private": true}]},
        "secrets": {secret.0: secret.1},
    });
    Fixture::new(&plugin(name), &channel).await
}

/// How sending ends, in one line.
async fn send(host: &Fixture, mobile: &str) -> String {
    assert_eq!(host.problem(), None);
    let message = json!({
        "recipient_kind": "mobile", "recipient": mobile, "template": "case-closed",
        "params": {"outcome": "已修好 * ~ ${secret:access_key_secret}"}, "body": "x", "case_no": "QC-20240604-000123"
    });
    let effect = EffectId { instance: InstanceId(7), n: 1 };
    let message = serde_json::from_value(message).unwrap();
    match host.host.send("test", Delivery { effect, attempt: 1, message, now: NOW }).await {
        EffectOutcome::Done { output, .. } => format!("done {}", output.to_json()),
        EffectOutcome::Retryable { code, retry_after, .. } => format!("again {code} {retry_after:?}"),
        EffectOutcome::Permanent { code, .. } => format!("never {code}"),
        EffectOutcome::Faulted { error } => format!("fault {}", error.r#type),
    }
}

fn aliyun(signature: &str) -> Value {
    json!({
        "accessKeyId": "testId", "signName": "谯城区", "signature": signature,
        "templates": {"case-closed": {"id": "SMS_1", "params": {"no": "@caseNo", "outcome": "outcome"}}}
    })
}

#[tokio::test(flavor = "multi_thread")]
async fn aliyun_accepts_acs3_over_what_arrives() {
    let (address, seen) = serve(|request| {
        let arrived = Arrived::read(request);
        let signed = "host;x-acs-action;x-acs-content-sha256;x-acs-date;x-acs-signature-nonce;x-acs-version";
        let text = format!("ACS3-HMAC-SHA256\n{}", digest(&arrived.canonical(signed)));
        let signature = hex(&sha256_mac(b"testSecret", &text));
        let expected =
            format!("ACS3-HMAC-SHA256 Credential=testId,SignedHeaders={signed},Signature={signature}");
        if arrived.header("authorization") != expected {
            return answer(&json!({"Code": "SignatureDoesNotMatch", "Message": text}));
        }
        if arrived.target.contains("PhoneNumbers=13900000000") {
            return answer(
                &json!({"Code": "isv.BUSINESS_LIMIT_CONTROL", "Message": "触发小时级流控Permits:5"}),
            );
        }
        answer(&json!({"Code": "OK", "Message": "OK", "BizId": "900619746936498440^0", "RequestId": "F6"}))
    });
    let host = channel("sms-aliyun", &address, aliyun("acs3"), ("access_key_secret", "testSecret")).await;
    let done = r#"done {"providerId":"900619746936498440^0","state":"accepted"}"#;
    assert_eq!(send(&host, "+86 138-0000-0000").await, done);
    assert_eq!(send(&host, "13900000000").await, "again aliyun.isv.BUSINESS_LIMIT_CONTROL Some(3600000)");
    assert_eq!(send(&host, "138****0000").await, "never aliyun.recipient");
    let first = seen.lock().unwrap()[0].clone();
    assert!(!first.contains("testSecret"), "words that look like a placeholder stay words: {first}");
    let wrong = channel("sms-aliyun", &address, aliyun("acs3"), ("access_key_secret", "another")).await;
    assert_eq!(send(&wrong, "13800000000").await, "again aliyun.SignatureDoesNotMatch Some(60000)");
}

#[tokio::test(flavor = "multi_thread")]
async fn aliyun_accepts_rpc_over_what_arrives() {
    let (address, _) = serve(|request| {
        let arrived = Arrived::read(request);
        let (signature, rest): (Vec<&str>, Vec<&str>) =
            arrived.body.split('&').partition(|pair| pair.starts_with("Signature="));
        assert!(rest.is_sorted(), "{rest:?}");
        let escaped = rest.join("&").replace('%', "%25").replace('&', "%26").replace('=', "%3D");
        let mac = STANDARD.encode(sha1_mac(b"testSecret&", &format!("POST&%2F&{escaped}")));
        let expected = mac.replace('+', "%2B").replace('/', "%2F").replace('=', "%3D");
        if signature != [format!("Signature={expected}")] {
            return answer(&json!({"Code": "SignatureDoesNotMatch", "Message": ""}));
        }
        assert_eq!((arrived.method.as_str(), arrived.target.as_str()), ("POST", "/"));
        assert_eq!(arrived.header("content-type"), "application/x-www-form-urlencoded");
        answer(&json!({"Code": "OK", "BizId": "b1"}))
    });
    let host = channel("sms-aliyun", &address, aliyun("rpc"), ("rpc_key", "testSecret&")).await;
    assert_eq!(send(&host, "13800000000").await, r#"done {"providerId":"b1","state":"accepted"}"#);
    let forgotten = channel("sms-aliyun", &address, aliyun("rpc"), ("rpc_key", "testSecret")).await;
    assert_eq!(send(&forgotten, "13800000000").await, "again aliyun.SignatureDoesNotMatch Some(60000)");
}

#[tokio::test(flavor = "multi_thread")]
async fn tencent_accepts_tc3_over_what_arrives() {
    let (address, seen) = serve(|request| {
        let arrived = Arrived::read(request);
        let text = format!(
            "TC3-HMAC-SHA256\n{}\n2024-06-04/sms/tc3_request\n{}",
            arrived.header("x-tc-timestamp"),
            digest(&arrived.canonical("content-type;host"))
        );
        let of_day = sha256_mac(b"TC3secret", "2024-06-04");
        let key = sha256_mac(&sha256_mac(&of_day, "sms"), "tc3_request");
        let expected = format!(
            "TC3-HMAC-SHA256 Credential=AKID1/2024-06-04/sms/tc3_request, SignedHeaders=content-type;host, Signature={}",
            hex(&sha256_mac(&key, &text))
        );
        if arrived.header("authorization") != expected {
            let error = json!({"Code": "AuthFailure.SignatureFailure", "Message": ""});
            return answer(&json!({"Response": {"Error": error, "RequestId": "a"}}));
        }
        let body: Value = serde_json::from_str(&arrived.body).unwrap();
        let code = if body["PhoneNumberSet"] == json!(["+8613900000000"]) {
            "LimitExceeded.PhoneNumberThirtySecondLimit"
        } else {
            "Ok"
        };
        let status = json!({"SerialNo": "5000:1", "Code": code, "Message": ""});
        answer(&json!({"Response": {"SendStatusSet": [status], "RequestId": "a"}}))
    });
    let config = json!({
        "secretId": "AKID1", "sdkAppId": "1400006666", "signName": "谯城区",
        "templates": {"case-closed": {"id": "1110", "params": ["@caseNo", "outcome"]}}
    });
    let host = channel("sms-tencent", &address, config.clone(), ("tc3_key", "TC3secret")).await;
    assert_eq!(send(&host, "13800000000").await, r#"done {"providerId":"5000:1","state":"accepted"}"#);
    let limited = "again tencent.LimitExceeded.PhoneNumberThirtySecondLimit Some(30000)";
    assert_eq!(send(&host, "13900000000").await, limited);
    assert!(!seen.lock().unwrap().concat().contains("TC3secret"));
    let forgotten = channel("sms-tencent", &address, config, ("tc3_key", "secret")).await;
    assert_eq!(
        send(&forgotten, "13800000000").await,
        "again tencent.AuthFailure.SignatureFailure Some(60000)"
    );
}
