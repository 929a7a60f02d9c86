//! Channels as subjects of NATS.

use serde_json::Value;
use yiwang_dsl::Fault;

use super::consume::{Consumer, Message};
use super::target::{self, Target};
use crate::auth::Credentials;
use crate::call::Call;
use crate::http::text;
use crate::nats::Connection;
use crate::performer::Inner;
use crate::{fault, limits};

/// Publishes one message.
pub(super) async fn publish(
    inner: &Inner,
    call: &mut Call,
    credentials: &Credentials,
    target: &Target,
    subject: &str,
    message: &Value,
) -> Result<(), Fault> {
    let headers = headers(&message["headers"])?;
    let shown = credentials.first(inner, call).await?;
    let time = inner.egress.limits().total_time;
    let publishing = async {
        let mut connection = Connection::open(&inner.egress, &target.server, shown).await?;
        connection.publish(subject, &headers, &super::written(&message["payload"])).await
    };
    tokio::time::timeout(time, publishing).await.unwrap_or_else(|_| {
        let detail = format!("the NATS server did not take the message within {} ms", time.as_millis());
        Err(fault::communication(504, "Too Late", detail))
    })
}

/// Takes messages until the consumer has enough. A parameter of the channel without a value stands for any.
pub(super) async fn receive(
    inner: &Inner,
    call: &mut Call,
    credentials: &Credentials,
    target: &Target,
    consumer: &mut Consumer,
) -> Result<(), Fault> {
    let subject = target.address_for_all(Some("*"))?;
    let shown = credentials.first(inner, call).await?;
    let mut connection = Connection::open(&inner.egress, &target.server, shown).await?;
    connection.subscribe(&subject, target.bindings["nats"]["queue"].as_str()).await?;
    loop {
        let incoming = connection.next().await?;
        let payload = super::read(&incoming.payload);
        let whole = serde_json::json!({ "payload": payload, "headers": incoming.headers });
        let located = target.correlation.as_deref().and_then(|place| target::locate(place, &whole));
        let usual =
            || ["correlationId", "correlation-id"].iter().find_map(|name| incoming.headers.get(*name));
        let correlation_id = located.or_else(|| usual().and_then(Value::as_str).map(str::to_owned));
        let message = Message { payload, headers: incoming.headers.clone(), correlation_id };
        if !consumer.take(message)? {
            return Ok(());
        }
    }
}

fn headers(given: &Value) -> Result<Vec<(String, String)>, Fault> {
    let members = match given {
        Value::Null => return Ok(Vec::new()),
        Value::Object(members) if members.len() <= limits::HEADERS => members,
        _ => return Err(fault::configuration("`message.headers` must be an object of texts")),
    };
    let pairs = members.iter().filter_map(|(name, value)| {
        text(name, value).map(|text| text.map(|text| (name.clone(), text))).transpose()
    });
    pairs.collect()
}
