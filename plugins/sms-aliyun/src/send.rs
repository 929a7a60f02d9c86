//! `SendSms`: one message to one number, by an approved template.

use yiwang_sdk::prelude::*;
use yiwang_sdk::serde_json::{Map, Value, from_str};
use yiwang_sdk::{OutgoingRequest, canonical, codec, sms, time};

use crate::{PROVIDER, answer, sign};

const VERSION: &str = "2017-05-25";

/// Sends a message.
pub(crate) fn send<H: Host>(
    host: &H,
    ctx: &CallContext,
    notification: &Notification,
) -> Result<Receipt, Failure> {
    let config = host.config();
    let mobile = sms::recipient(PROVIDER, &config, notification)?;
    let template = sms::template(PROVIDER, &config, notification)?;
    let params = params(&config, template, notification)?;
    let text = |name: &str| config[name].as_str().unwrap_or_default();
    // Comes back in the delivery report, for people who look there.
    let out_id: String = notification.idempotency_key.chars().take(255).collect();
    let mut pairs = vec![
        ("OutId", out_id.as_str()),
        ("PhoneNumbers", mobile.local()),
        ("SignName", text("signName")),
        ("TemplateCode", template["id"].as_str().unwrap_or_default()),
    ];
    if let Some(params) = &params {
        pairs.push(("TemplateParam", params.as_str()));
    }
    if config["extendCode"].is_string() {
        pairs.push(("SmsUpExtendCode", text("extendCode")));
    }
    let request = if config["signature"] == "rpc" {
        rpc(host, ctx, &config, pairs)?
    } else {
        acs3(host, ctx, &config, &pairs)?
    };
    let timeout = config["timeoutMs"].as_u64().and_then(|ms| ms.try_into().ok()).unwrap_or(8000);
    let told = sms::call(host, PROVIDER, "Code", request.within(timeout))?;
    answer::receipt(&told, ctx.now_ms)
}

/// `TemplateParam`: a JSON object whose values are texts; none if the template has no variables.
fn params(config: &Value, template: &Value, notification: &Notification) -> Result<Option<String>, Failure> {
    let given: Value = from_str(&notification.params).unwrap_or(Value::Null);
    let mut params = Map::new();
    let mut put = |name: &str, source: &str| -> Result<(), Failure> {
        let value = sms::param(PROVIDER, config, notification, &given, source)?;
        params.insert(name.to_owned(), Value::String(value));
        Ok(())
    };
    match template["params"].as_object() {
        Some(map) => {
            for (name, source) in map {
                put(name, source.as_str().unwrap_or_default())?;
            }
        }
        None => {
            for name in given.as_object().into_iter().flat_map(Map::keys) {
                put(name, name)?;
            }
        }
    }
    Ok((!params.is_empty()).then(|| Value::Object(params).to_string()))
}

fn endpoint(config: &Value) -> &str {
    config["endpoint"].as_str().unwrap_or("https://dysmsapi.aliyuncs.com")
}

/// The parameters stand in the query, as the interface describes them; the body is empty.
fn acs3<H: Host>(
    host: &H,
    ctx: &CallContext,
    config: &Value,
    pairs: &[(&str, &str)],
) -> Result<OutgoingRequest, Failure> {
    let query = canonical::query(pairs);
    let name = canonical::host(endpoint(config));
    let (date, nonce, empty) =
        (time::rfc3339(ctx.now_ms), codec::hex(&host.random(16)), codec::sha256_hex(b""));
    let signed = [
        ("host", name.as_str()),
        ("x-acs-action", "SendSms"),
        ("x-acs-content-sha256", empty.as_str()),
        ("x-acs-date", date.as_str()),
        ("x-acs-signature-nonce", nonce.as_str()),
        ("x-acs-version", VERSION),
    ];
    let id = config["accessKeyId"].as_str().unwrap_or_default();
    let authorization = sign::acs3(host, id, &query, &signed)?;
    let mut request = OutgoingRequest::new("POST", format!("{}/?{query}", endpoint(config)));
    // The client itself sends `host`.
    for (name, value) in &signed[1..] {
        request = request.with(name, *value);
    }
    Ok(request.with("authorization", authorization))
}

/// The parameters, the signature among them, stand in a form: no number of a person in an address.
fn rpc<H: Host>(
    host: &H,
    ctx: &CallContext,
    config: &Value,
    pairs: Vec<(&str, &str)>,
) -> Result<OutgoingRequest, Failure> {
    let (date, nonce) = (time::rfc3339(ctx.now_ms), codec::hex(&host.random(16)));
    let mut pairs = pairs;
    pairs.extend([
        ("AccessKeyId", config["accessKeyId"].as_str().unwrap_or_default()),
        ("Action", "SendSms"),
        ("Format", "JSON"),
        ("RegionId", config["region"].as_str().unwrap_or("cn-hangzhou")),
        ("SignatureMethod", "HMAC-SHA1"),
        ("SignatureNonce", nonce.as_str()),
        ("SignatureVersion", "1.0"),
        ("Timestamp", date.as_str()),
        ("Version", VERSION),
    ]);
    let signature = sign::rpc(host, "POST", &pairs)?;
    pairs.push(("Signature", signature.as_str()));
    let mut request = OutgoingRequest::new("POST", format!("{}/", endpoint(config)))
        .with("content-type", "application/x-www-form-urlencoded");
    request.body = Payload::Text(canonical::query(&pairs));
    Ok(request)
}
