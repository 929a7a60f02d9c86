//! `SendSms`: one message to one number, by an approved template.

use yiwang_sdk::prelude::*;
use yiwang_sdk::serde_json::{Value, from_str, json};
use yiwang_sdk::{OutgoingRequest, canonical, sms};

use crate::sign::{Request, authorization};
use crate::{PROVIDER, answer};

const VERSION: &str = "2021-01-11";
const CONTENT_TYPE: &str = "application/json; charset=utf-8";
/// `SessionContext` must be shorter than 512 bytes.
const CONTEXT_CHARS_MAX: usize = 120;

/// Sends a message.
pub(crate) fn send<H: Host>(
    host: &H,
    ctx: &CallContext,
    notification: &Notification,
) -> Result<Receipt, Failure> {
    let config = host.config();
    let mobile = sms::recipient(PROVIDER, &config, notification)?;
    let template = sms::template(PROVIDER, &config, notification)?;
    let text = |name: &str| config[name].as_str().unwrap_or_default();
    let context: String = notification.idempotency_key.chars().take(CONTEXT_CHARS_MAX).collect();
    let mut body = json!({
        "PhoneNumberSet": [mobile.e164()],
        "SmsSdkAppId": text("sdkAppId"),
        "SignName": text("signName"),
        "TemplateId": template["id"],
        "TemplateParamSet": params(&config, template, notification)?,
        // Comes back in the answer, for people who look there.
        "SessionContext": context,
    });
    if config["extendCode"].is_string() {
        body["ExtendCode"] = config["extendCode"].clone();
    }
    let body = body.to_string();
    let endpoint = config["endpoint"].as_str().unwrap_or("https://sms.tencentcloudapi.com");
    let at_secs = ctx.now_ms / 1000;
    let signed = Request {
        secret_id: text("secretId"),
        service: "sms",
        host: &canonical::host(endpoint),
        content_type: CONTENT_TYPE,
        body: &body,
        at_secs,
    };
    let timeout = config["timeoutMs"].as_u64().and_then(|ms| ms.try_into().ok()).unwrap_or(8000);
    let mut request = OutgoingRequest::new("POST", format!("{endpoint}/"))
        .with("authorization", authorization(host, &signed)?)
        .with("content-type", CONTENT_TYPE)
        .with("x-tc-action", "SendSms")
        .with("x-tc-region", config["region"].as_str().unwrap_or("ap-guangzhou"))
        .with("x-tc-timestamp", at_secs.to_string())
        .with("x-tc-version", VERSION)
        .within(timeout);
    request.body = Payload::Text(body);
    let told = sms::call(host, PROVIDER, "Response", request)?;
    answer::receipt(&told, ctx.now_ms)
}

/// `TemplateParamSet`: the values of {1}, {2}, … in order.
fn params(config: &Value, template: &Value, notification: &Notification) -> Result<Vec<String>, Failure> {
    let given: Value = from_str(&notification.params).unwrap_or(Value::Null);
    let sources = template["params"].as_array().into_iter().flatten().filter_map(Value::as_str);
    sources.map(|source| sms::param(PROVIDER, config, notification, &given, source)).collect()
}
