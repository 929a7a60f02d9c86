//! The logic, natively, against the fake host.

use yiwang_sdk::prelude::*;
use yiwang_sdk::serde_json::{Value, from_slice, json};
use yiwang_sdk::{HttpError, OutgoingRequest, Recipient, fake};

use crate::SmsAliyun;

const PATH_KEY: &str = "Zk3-secret_of_the_path";

fn config() -> Value {
    json!({
        "accessKeyId": "testId", "signName": "谯城区",
        "templates": {
            "case-closed": {"id": "SMS_71390007", "params": {"no": "@caseNo", "outcome": "outcome"}},
            "as-given": {"id": "SMS_2"}
        },
        "plain": {"id": "SMS_1", "params": {"content": "@body"}}
    })
}

fn notification(template: Option<&str>, params: &Value) -> Notification {
    Notification {
        idempotency_key: "i7.3".to_owned(),
        recipient: Recipient {
            kind: "mobile".to_owned(),
            address: "+86 138-0000-0000".to_owned(),
            display_name: Some("王某".to_owned()),
        },
        template: template.map(ToOwned::to_owned),
        params: params.to_string(),
        subject: None,
        body: "您反映的“路灯 * 不亮~”已办结".to_owned(),
        body_type: "text/plain".to_owned(),
        attachments: Vec::new(),
        attributes: vec![("case-no".to_owned(), "QC-20240604-000123".to_owned())],
    }
}

fn host(config: Value, answer: Result<HttpResponse, HttpError>) -> fake::Host {
    fake::Host::new()
        .config(config)
        .secret("access_key_secret", "testSecret")
        .secret("rpc_key", "testSecret&")
        .secret("path_key", PATH_KEY)
        .answer(answer)
}

fn fine() -> Result<HttpResponse, HttpError> {
    Ok(HttpResponse::json(
        200,
        &json!({"Code": "OK", "Message": "OK", "BizId": "9006197469364984^0", "RequestId": "F6"}),
    ))
}

fn send(host: &fake::Host, notification: Notification) -> Result<Receipt, Failure> {
    SmsAliyun::send(host, &host.context(), notification)
}

fn header<'a>(request: &'a OutgoingRequest, name: &str) -> &'a str {
    let found = request.headers.iter().find(|header| header.name == name);
    found.map_or("", |header| header.value.as_str())
}

#[test]
fn a_message_is_sent_by_acs3() {
    let host = host(config(), fine());
    let receipt = send(&host, notification(Some("case-closed"), &json!({"outcome": "已修好"}))).unwrap();
    assert_eq!(receipt.provider_id.as_deref(), Some("9006197469364984^0"));
    let sent = &host.sent()[0];
    assert_eq!(
        sent.url,
        "https://dysmsapi.aliyuncs.com/?OutId=i7.3&PhoneNumbers=13800000000&SignName=%E8%B0%AF%E5%9F%8E%E5%8C%BA\
         &TemplateCode=SMS_71390007&TemplateParam=%7B%22no%22%3A%22QC-20240604-000123%22%2C%22outcome%22%3A%22\
         %E5%B7%B2%E4%BF%AE%E5%A5%BD%22%7D"
    );
    assert_eq!((sent.method.as_str(), &sent.body), ("POST", &Payload::Empty));
    assert_eq!(header(sent, "x-acs-date"), "2024-06-04T06:30:00Z");
    assert_eq!(header(sent, "x-acs-action"), "SendSms");
    assert_eq!(header(sent, "x-acs-signature-nonce").len(), 32);
    let authorization = header(sent, "authorization");
    assert!(
        authorization.starts_with("ACS3-HMAC-SHA256 Credential=testId,SignedHeaders=host;x-acs-action;"),
        "{authorization}"
    );
}

#[test]
fn a_message_is_sent_by_rpc_in_a_form() {
    let mut config = config();
    config["signature"] = "rpc".into();
    config["extendCode"] = "88".into();
    let host = host(config, fine());
    send(&host, notification(None, &json!({}))).unwrap();
    let sent = &host.sent()[0];
    assert_eq!(sent.url, "https://dysmsapi.aliyuncs.com/", "no number stands in the address");
    let Payload::Text(form) = &sent.body else { panic!("a form") };
    for part in [
        "AccessKeyId=testId&Action=SendSms&Format=JSON&OutId=i7.3&PhoneNumbers=13800000000&RegionId=cn-hangzhou&",
        "SmsUpExtendCode=88&TemplateCode=SMS_1&",
        // Space, asterisk and tilde as RFC 3986 has them.
        "%20%2A%20%E4%B8%8D%E4%BA%AE~%E2%80%9D",
        "Timestamp=2024-06-04T06%3A30%3A00Z&Version=2017-05-25",
    ] {
        assert!(form.contains(part), "{part} in {form}");
    }
    assert!(!form.contains('+') && !form.contains('*'));
}

#[test]
fn parameters_are_texts_and_fit() {
    let param = |template: &str, params: &Value| {
        let host = host(config(), fine());
        send(&host, notification(Some(template), params)).map_err(|failure| failure.code)?;
        let url = host.sent()[0].url.clone();
        Ok::<_, String>(
            url.split_once("TemplateParam=").map(|(_, param)| param.to_owned()).unwrap_or_default(),
        )
    };
    assert_eq!(param("as-given", &json!({"n": 3})).as_deref(), Ok("%7B%22n%22%3A%223%22%7D"));
    assert_eq!(
        param("as-given", &json!({})).as_deref(),
        Ok(""),
        "a template without variables has no parameter"
    );
    let long = param("case-closed", &json!({"outcome": "长".repeat(50)})).unwrap();
    assert_eq!(long.matches("%E9%95%BF").count(), 34);
    assert_eq!(param("case-closed", &json!({})), Err("aliyun.param-missing".to_owned()));
    assert_eq!(param("as-given", &json!({"deep": {"a": 1}})), Err("aliyun.param-missing".to_owned()));
}

#[test]
fn whom_it_cannot_reach_gets_nothing() {
    for (kind, address, code) in [
        ("openid", "o1", "aliyun.recipient-kind"),
        ("mobile", "138****0000", "aliyun.recipient"),
        ("mobile", "0558-5551234", "aliyun.recipient"),
        ("mobile", "+85251234567", "aliyun.recipient"),
    ] {
        let host = host(config(), fine());
        let mut notification = notification(None, &json!({}));
        notification.recipient.kind = kind.to_owned();
        notification.recipient.address = address.to_owned();
        let failure = send(&host, notification).unwrap_err();
        assert_eq!((failure.kind, failure.code.as_str()), (FailureKind::Permanent, code));
        assert!(host.sent().is_empty());
    }
}

#[test]
fn each_code_means_something() {
    let day = (9 * 60 + 30) * 60_000;
    for (code, message, kind, after) in [
        ("isv.BUSINESS_LIMIT_CONTROL", "触发分钟级流控Permits:1", FailureKind::Retryable, Some(60_000)),
        ("isv.BUSINESS_LIMIT_CONTROL", "触发小时级流控Permits:5", FailureKind::Retryable, Some(3_600_000)),
        ("isv.BUSINESS_LIMIT_CONTROL", "触发天级流控Permits:10", FailureKind::Retryable, Some(day)),
        ("isv.DAY_LIMIT_CONTROL", "", FailureKind::Retryable, Some(day)),
        ("isp.SYSTEM_ERROR", "", FailureKind::Retryable, Some(10_000)),
        ("Throttling.User", "", FailureKind::Retryable, Some(5000)),
        ("isv.MOBILE_NUMBER_ILLEGAL", "13800000000invalid mobile number", FailureKind::Permanent, None),
        ("isv.TEMPLATE_MISSING_PARAMETERS", "", FailureKind::Permanent, None),
        ("isv.PARAM_LENGTH_LIMIT", "", FailureKind::Permanent, None),
        ("isv.BLACK_KEY_CONTROL_LIMIT", "", FailureKind::Permanent, None),
        ("isv.NEVER_HEARD_OF", "", FailureKind::Permanent, None),
        ("isv.SMS_SIGNATURE_ILLEGAL", "", FailureKind::Misconfigured, None),
        ("isv.SMS_TEMPLATE_ILLEGAL", "", FailureKind::Misconfigured, None),
        ("isv.AMOUNT_NOT_ENOUGH", "", FailureKind::Misconfigured, None),
        ("isp.RAM_PERMISSION_DENY", "", FailureKind::Misconfigured, None),
        ("InvalidAccessKeyId.NotFound", "", FailureKind::Misconfigured, None),
        ("InvalidTimeStamp.Expired", "", FailureKind::Misconfigured, None),
        (
            "SignatureDoesNotMatch",
            "server string to sign is:POST&%2F&PhoneNumbers%3D13800000000",
            FailureKind::Misconfigured,
            None,
        ),
    ] {
        // Some come with 400, some with 200.
        for status in [200, 400] {
            let answer =
                HttpResponse::json(status, &json!({"Code": code, "Message": message, "RequestId": "F6"}));
            let failure = send(&host(config(), Ok(answer)), notification(None, &json!({}))).unwrap_err();
            assert_eq!((failure.kind, failure.retry_after_ms), (kind, after), "{code}");
            assert_eq!(failure.code, format!("aliyun.{code}"));
            assert!(!failure.message.contains("13800000000"), "{}", failure.message);
        }
    }
}

#[test]
fn what_may_have_been_sent_is_told_apart() {
    for (answer, kind) in [
        (Err(HttpError::Timeout(true)), FailureKind::UnknownOutcome),
        (Err(HttpError::Timeout(false)), FailureKind::Retryable),
        (Err(HttpError::Connect("refused".to_owned())), FailureKind::Retryable),
        (Err(HttpError::Denied("no grant".to_owned())), FailureKind::Misconfigured),
        (Ok(HttpResponse::empty(504)), FailureKind::UnknownOutcome),
        (Ok(HttpResponse::empty(503)), FailureKind::Retryable),
        (Ok(HttpResponse::text(200, "<html>")), FailureKind::UnknownOutcome),
        (Ok(HttpResponse::json(200, &json!({"RequestId": "F6"}))), FailureKind::UnknownOutcome),
    ] {
        assert_eq!(send(&host(config(), answer), notification(None, &json!({}))).unwrap_err().kind, kind);
    }
}

fn report(body: &str) -> Result<yiwang_sdk::delivery::Outcome, Failure> {
    let host = host(config(), fine());
    let request = fake::post(&format!("/{PATH_KEY}"), "application/json", body);
    SmsAliyun::delivery_callback(&host, &host.context(), request)
}

#[test]
fn reports_say_what_became_of_messages() {
    let body = json!([
        {
            "phone_number": "13800000000", "send_time": "2024-06-04 14:30:00", "report_time": "2024-06-04 14:30:05",
            "success": true, "err_code": "DELIVERED", "err_msg": "用户接收成功", "sms_size": "1",
            "biz_id": "9006197469364984^0", "out_id": "i7.3"
        },
        {"success": false, "err_code": "MOBILE_NOT_ON_SERVICE", "err_msg": "13800000000 停机", "biz_id": "b2"},
        {"success": true, "err_code": "DELIVERED"}
    ]);
    let outcome = report(&body.to_string()).unwrap();
    assert_eq!(from_slice::<Value>(outcome.response.bytes()).unwrap(), json!({"code": 0, "msg": "接收成功"}));
    let [delivered, failed] = outcome.updates.as_slice() else { panic!("two updates") };
    assert_eq!(
        (delivered.provider_id.as_str(), delivered.state),
        ("9006197469364984^0", DeliveryState::Delivered)
    );
    assert_eq!(delivered.time.as_deref(), Some("2024-06-04T14:30:05+08:00"));
    assert!(delivered.failure.is_none());
    assert!(delivered.attributes.contains(&("out-id".to_owned(), "i7.3".to_owned())));
    assert_eq!((failed.provider_id.as_str(), failed.state), ("b2", DeliveryState::Failed));
    let failure = failed.failure.as_ref().unwrap();
    assert_eq!((failure.code.as_str(), failure.message.as_str()), ("aliyun.MOBILE_NOT_ON_SERVICE", "… 停机"));
}

#[test]
fn reports_of_strangers_and_hostile_ones_are_refused() {
    for body in ["", "7", "[7]", r#"[{"biz_id":"b"}]"#, r#"[{"biz_id":"b","success":7}]"#, "[{]"] {
        assert_eq!(report(body).unwrap_err().code, "channel.malformed-body", "{body}");
    }
    let host = host(config(), fine());
    let stranger = fake::post("/wrong-secret-of-path", "application/json", "[]");
    assert_eq!(
        SmsAliyun::delivery_callback(&host, &host.context(), stranger).unwrap_err().code,
        "channel.no-such-path"
    );
}
