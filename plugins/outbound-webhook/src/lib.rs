//! Notifications as signed webhooks (Standard Webhooks 1.0), for gateways that bring them to people.
//!
//! `webhook-id` is the message's idempotency key: the same over all tries, so a receiver that keeps ids gets
//! each message once. When to try again is the engine's business; this says what an answer means.

use yiwang_sdk::prelude::*;
use yiwang_sdk::serde_json::{Value, from_str, json};
use yiwang_sdk::{HttpError, OutgoingRequest, SecretError, standard_webhooks, time};

struct OutboundWebhook;

impl Channel for OutboundWebhook {
    fn send<H: Host>(host: &H, ctx: &CallContext, notification: Notification) -> Result<Receipt, Failure> {
        let config = host.config();
        let url = url(&config, &notification)?;
        let id = notification.idempotency_key.clone();
        let body = body(&config, ctx, &notification).to_string();
        let at = ctx.now_ms / 1000;
        let signature =
            standard_webhooks::sign(host, "signing_key", &id, at, body.as_bytes()).map_err(unusable)?;
        let timeout = config["timeoutMs"].as_u64().and_then(|ms| ms.try_into().ok()).unwrap_or(8000);
        let mut request = OutgoingRequest::new("POST", url)
            .with("content-type", "application/json")
            .with("webhook-id", id.clone())
            .with("webhook-timestamp", at.to_string())
            .with("webhook-signature", signature)
            .within(timeout);
        request.body = Payload::Text(body);
        request.max_response_bytes = Some(64 << 10);
        let response = host.http(request).map_err(failed)?;
        judge(&response)?;
        Ok(Receipt { provider_id: Some(id), state: DeliveryState::Accepted, attributes: Vec::new() })
    }
}

fn url(config: &Value, notification: &Notification) -> Result<String, Failure> {
    if config["recipientUrls"] == true && notification.recipient.kind == "url" {
        return Ok(notification.recipient.address.clone());
    }
    let url = config["url"].as_str();
    url.map(ToOwned::to_owned).ok_or_else(|| Failure::misconfigured("webhook.no-url", "`url` is missing"))
}

fn body(config: &Value, ctx: &CallContext, notification: &Notification) -> Value {
    let attribute = |name: &str| {
        notification.attributes.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
    };
    let recipient = &notification.recipient;
    json!({
        "type": config["type"].as_str().unwrap_or("cn.yiwang.notification.v1"),
        "timestamp": time::rfc3339(ctx.now_ms),
        "data": {
            "recipient": {"kind": recipient.kind, "address": recipient.address, "name": recipient.display_name},
            "template": notification.template,
            "params": from_str::<Value>(&notification.params).unwrap_or(Value::Null),
            "subject": notification.subject,
            "body": notification.body,
            "caseNo": attribute("case-no"),
        },
    })
}

/// What an answer means: the table of the specification.
fn judge(response: &HttpResponse) -> Result<(), Failure> {
    let code = format!("webhook.http-{}", response.status);
    let told = |what: &str| format!("the receiver answered {}: {what}", response.status);
    match response.status {
        200..=299 => Ok(()),
        // Following a redirect would show the message to somebody whom nobody has granted it to.
        300..=399 => Err(Failure::permanent(code, told("redirects are not followed"))),
        410 => {
            Err(Failure::permanent("webhook.gone", told("it wants no more messages; take the channel away")))
        }
        408 | 425 | 429 | 500..=599 => {
            Err(Failure::retryable(code, told("try again later")).after(retry_after(response)))
        }
        // A wrong signature is a wrong key, which somebody can put right.
        401 | 403 => Err(Failure::misconfigured(code, told("it does not accept our signature"))),
        _ => Err(Failure::permanent(code, told("it does not take this message"))),
    }
}

/// Only seconds: a date would need the receiver's clock to be right.
fn retry_after(response: &HttpResponse) -> Option<u64> {
    response.header("retry-after")?.trim().parse::<u64>().ok().map(|secs| secs.saturating_mul(1000))
}

fn failed(error: HttpError) -> Failure {
    match error {
        HttpError::Denied(reason) => Failure::misconfigured("webhook.denied", reason),
        HttpError::InvalidRequest(reason) => Failure::permanent("webhook.invalid-request", reason),
        HttpError::Dns(reason) => Failure::retryable("webhook.dns", reason),
        HttpError::Connect(reason) => Failure::retryable("webhook.connect", reason),
        HttpError::Tls(reason) => Failure::retryable("webhook.tls", reason),
        HttpError::Timeout(false) => Failure::retryable("webhook.timeout", "no connection in time"),
        HttpError::Timeout(true) => Failure::unknown_outcome("webhook.timeout", "no answer in time"),
        HttpError::Protocol(reason) => Failure::unknown_outcome("webhook.protocol", reason),
        // It has answered, so it has taken the message or not; its words do not matter.
        HttpError::ResponseTooLarge(_) => {
            Failure::unknown_outcome("webhook.response-too-large", "the answer has more than 64 KiB")
        }
    }
}

fn unusable(error: SecretError) -> Failure {
    let reason = match error {
        SecretError::Denied(reason) | SecretError::Unsupported(reason) => reason,
        SecretError::NotSet => "secret `signing_key` is not set".to_owned(),
    };
    Failure::misconfigured("channel.secret-unusable", reason)
}

yiwang_sdk::export_channel!(OutboundWebhook: sender);

#[cfg(test)]
mod tests;
