//! The logic, natively, against the fake host.

use yiwang_sdk::prelude::*;
use yiwang_sdk::serde_json::{Value, from_slice, from_str, json};
use yiwang_sdk::{HttpError, Recipient, fake};

use crate::SmsTencent;

const PATH_KEY: &str = "Zk3-secret_of_the_path";

fn config() -> Value {
    json!({
        "secretId": "AKID1", "sdkAppId": "1400006666", "signName": "谯城区",
        "templates": {"case-closed": {"id": "1110", "params": ["@caseNo", "outcome"]}, "bare": {"id": "7"}},
        "plain": {"id": "1111", "params": ["@body"]}
    })
}

fn notification(template: Option<&str>, params: &Value) -> Notification {
    Notification {
        idempotency_key: "i7.3".to_owned(),
        recipient: Recipient {
            kind: "mobile".to_owned(),
            address: "13800000000".to_owned(),
            display_name: None,
        },
        template: template.map(ToOwned::to_owned),
        params: params.to_string(),
        subject: None,
        body: "您反映的问题\n已办结".to_owned(),
        body_type: "text/plain".to_owned(),
        attachments: Vec::new(),
        attributes: vec![("case-no".to_owned(), "QC-20240604-000123".to_owned())],
    }
}

fn host(config: Value, answer: Result<HttpResponse, HttpError>) -> fake::Host {
    fake::Host::new()
        .config(config)
        .secret("tc3_key", "TC3secret")
        .secret("path_key", PATH_KEY)
        .answer(answer)
}

fn status(code: &str, message: &str) -> Result<HttpResponse, HttpError> {
    let status = json!({
        "SerialNo": "5000:1045710669157053657849499619", "PhoneNumber": "+8613800000000", "Fee": 1,
        "SessionContext": "i7.3", "Code": code, "Message": message, "IsoCode": "CN"
    });
    Ok(HttpResponse::json(200, &json!({"Response": {"SendStatusSet": [status], "RequestId": "a0"}})))
}

fn error(code: &str, message: &str) -> Result<HttpResponse, HttpError> {
    let error = json!({"Code": code, "Message": message});
    Ok(HttpResponse::json(200, &json!({"Response": {"Error": error, "RequestId": "a0"}})))
}

fn send(host: &fake::Host, notification: Notification) -> Result<Receipt, Failure> {
    SmsTencent::send(host, &host.context(), notification)
}

#[test]
fn a_message_is_sent_to_one_number() {
    let host = host(config(), status("Ok", "send success"));
    let receipt = send(&host, notification(Some("case-closed"), &json!({"outcome": "已修好"}))).unwrap();
    assert_eq!(receipt.provider_id.as_deref(), Some("5000:1045710669157053657849499619"));
    let sent = &host.sent()[0];
    assert_eq!((sent.method.as_str(), sent.url.as_str()), ("POST", "https://sms.tencentcloudapi.com/"));
    let header = |name: &str| {
        let mut found = sent.headers.iter().filter(|header| header.name == name);
        (found.next().map(|header| header.value.as_str()), found.next().is_none())
    };
    assert_eq!(header("content-type"), (Some("application/json; charset=utf-8"), true));
    assert_eq!(header("x-tc-action"), (Some("SendSms"), true));
    assert_eq!(header("x-tc-timestamp"), (Some("1717482600"), true));
    assert_eq!(header("x-tc-version"), (Some("2021-01-11"), true));
    assert_eq!(header("x-tc-region"), (Some("ap-guangzhou"), true));
    let authorization = header("authorization").0.unwrap();
    assert!(authorization.starts_with("TC3-HMAC-SHA256 Credential=AKID1/2024-06-04/sms/tc3_request, "));
    let Payload::Text(body) = &sent.body else { panic!("a text body") };
    assert_eq!(
        from_str::<Value>(body).unwrap(),
        json!({
            "PhoneNumberSet": ["+8613800000000"], "SmsSdkAppId": "1400006666", "SignName": "谯城区", "TemplateId": "1110",
            "TemplateParamSet": ["QC-20240604-000123", "已修好"], "SessionContext": "i7.3"
        })
    );
}

#[test]
fn parameters_keep_their_order_and_their_line() {
    let params = |template: Option<&str>| {
        let mut config = config();
        config["extendCode"] = "10".into();
        let host = host(config, status("Ok", ""));
        send(&host, notification(template, &json!({}))).unwrap();
        let Payload::Text(body) = host.sent()[0].body.clone() else { panic!("a text body") };
        let body: Value = from_str(&body).unwrap();
        assert_eq!(body["ExtendCode"], "10");
        body["TemplateParamSet"].clone()
    };
    assert_eq!(params(None), json!(["您反映的问题 已办结"]));
    assert_eq!(params(Some("not-set-up")), json!(["您反映的问题 已办结"]), "`plain` takes the text");
    assert_eq!(params(Some("bare")), json!([]));
}

#[test]
fn each_code_means_something_for_the_request_and_for_the_number() {
    let day = (9 * 60 + 30) * 60_000;
    for (code, kind, after) in [
        ("LimitExceeded.PhoneNumberThirtySecondLimit", FailureKind::Retryable, Some(30_000)),
        ("LimitExceeded.PhoneNumberOneHourLimit", FailureKind::Retryable, Some(3_600_000)),
        ("LimitExceeded.PhoneNumberDailyLimit", FailureKind::Retryable, Some(day)),
        ("LimitExceeded.PhoneNumberSameContentDailyLimit", FailureKind::Retryable, Some(day)),
        ("LimitExceeded.AppDailyLimit", FailureKind::Retryable, Some(day)),
        ("LimitExceeded.DeliveryFrequencyLimit", FailureKind::Retryable, Some(60_000)),
        ("LimitExceeded.PhoneNumberCountLimit", FailureKind::Permanent, None),
        ("RequestLimitExceeded", FailureKind::Retryable, Some(5000)),
        ("InternalError.OtherError", FailureKind::Retryable, Some(10_000)),
        ("InternalError.Timeout", FailureKind::UnknownOutcome, None),
        ("InvalidParameterValue.IncorrectPhoneNumber", FailureKind::Permanent, None),
        ("InvalidParameterValue.ContentLengthLimit", FailureKind::Permanent, None),
        ("FailedOperation.PhoneNumberInBlacklist", FailureKind::Permanent, None),
        ("FailedOperation.ContainSensitiveWord", FailureKind::Permanent, None),
        ("NeverHeardOf", FailureKind::Permanent, None),
        ("AuthFailure.SignatureFailure", FailureKind::Misconfigured, None),
        ("AuthFailure.SecretIdNotFound", FailureKind::Misconfigured, None),
        ("AuthFailure.SignatureExpire", FailureKind::Misconfigured, None),
        ("UnauthorizedOperation.SmsSdkAppIdVerifyFail", FailureKind::Misconfigured, None),
        ("FailedOperation.SignatureIncorrectOrUnapproved", FailureKind::Misconfigured, None),
        ("FailedOperation.TemplateIncorrectOrUnapproved", FailureKind::Misconfigured, None),
        ("FailedOperation.InsufficientBalanceInSmsPackage", FailureKind::Misconfigured, None),
    ] {
        for answer in [status(code, "+8613800000000 refused"), error(code, "+8613800000000 refused")] {
            let failure = send(&host(config(), answer), notification(None, &json!({}))).unwrap_err();
            assert_eq!((failure.kind, failure.retry_after_ms), (kind, after), "{code}");
            assert_eq!(failure.code, format!("tencent.{code}"));
            assert!(!failure.message.contains("13800000000"), "{}", failure.message);
        }
    }
}

#[test]
fn what_may_have_been_sent_is_told_apart() {
    let response = |response: Value| Ok(HttpResponse::json(200, &json!({"Response": response})));
    for (answer, kind) in [
        (Err(HttpError::Timeout(true)), FailureKind::UnknownOutcome),
        (Err(HttpError::Timeout(false)), FailureKind::Retryable),
        (Err(HttpError::Dns("no such name".to_owned())), FailureKind::Retryable),
        (Ok(HttpResponse::empty(502)), FailureKind::UnknownOutcome),
        (response(json!({})), FailureKind::UnknownOutcome),
        (response(json!({"SendStatusSet": []})), FailureKind::UnknownOutcome),
        (response(json!({"SendStatusSet": [{}, {}]})), FailureKind::UnknownOutcome),
        (response(json!({"SendStatusSet": [{}]})), FailureKind::UnknownOutcome),
    ] {
        assert_eq!(send(&host(config(), answer), notification(None, &json!({}))).unwrap_err().kind, kind);
    }
}

#[test]
fn without_a_template_the_administrator_is_told() {
    let mut config = config();
    config["plain"] = Value::Null;
    let host = host(config, status("Ok", ""));
    let failure = send(&host, notification(Some("new-one"), &json!({}))).unwrap_err();
    assert_eq!((failure.kind, failure.code.as_str()), (FailureKind::Misconfigured, "tencent.no-template"));
    assert!(failure.message.contains("templates.new-one"));
    assert!(host.sent().is_empty());
}

fn report(body: &str) -> Result<yiwang_sdk::delivery::Outcome, Failure> {
    let host = host(config(), status("Ok", ""));
    let request = fake::post(&format!("/{PATH_KEY}"), "application/json", body);
    SmsTencent::delivery_callback(&host, &host.context(), request)
}

#[test]
fn reports_say_what_became_of_messages() {
    let body = json!([
        {
            "user_receive_time": "2015-10-17 08:03:04", "nationcode": "86", "mobile": "13800000000",
            "report_status": "SUCCESS", "errmsg": "DELIVRD", "description": "用户短信送达成功", "sid": "s1"
        },
        {"report_status": "FAIL", "errmsg": "MK:1008", "description": "手机 13800000000 关机", "sid": "s2"},
        {"report_status": "SUCCESS", "errmsg": "DELIVRD"}
    ]);
    let outcome = report(&body.to_string()).unwrap();
    assert_eq!(from_slice::<Value>(outcome.response.bytes()).unwrap(), json!({"result": 0, "errmsg": "OK"}));
    let [delivered, failed] = outcome.updates.as_slice() else { panic!("two updates") };
    assert_eq!((delivered.provider_id.as_str(), delivered.state), ("s1", DeliveryState::Delivered));
    assert_eq!(delivered.time.as_deref(), Some("2015-10-17T08:03:04+08:00"));
    let failure = failed.failure.as_ref().unwrap();
    assert_eq!((failed.state, failure.code.as_str()), (DeliveryState::Failed, "tencent.MK1008"));
    assert_eq!(failure.message, "手机 … 关机");
}

#[test]
fn reports_of_strangers_and_hostile_ones_are_refused() {
    for body in ["", "7", "[7]", r#"[{"sid":"s"}]"#, r#"[{"sid":"s","report_status":"MAYBE"}]"#] {
        assert_eq!(report(body).unwrap_err().code, "channel.malformed-body", "{body}");
    }
    let host = host(config(), status("Ok", ""));
    let mut wrong = fake::post(&format!("/{PATH_KEY}x"), "application/json", "[]");
    wrong.client_addr = Some("203.0.113.7".to_owned());
    assert_eq!(
        SmsTencent::delivery_callback(&host, &host.context(), wrong).unwrap_err().code,
        "channel.no-such-path"
    );
}
