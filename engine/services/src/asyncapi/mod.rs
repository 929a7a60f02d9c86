//! `call: asyncapi`: publishes a message to a channel, or takes messages from it (DSL reference,
//! "AsyncAPI Call").
//!
//! ```text
//! document ─► target (server, channel, bindings) ─┬─ message ──────► published, output null
//!                                                 └─ subscription ─► messages ─► consumer ─► an array
//! ```
//! Spoken are `http` and `nats`. A `foreach` is not known here: it goes over the output.

mod consume;
mod http;
mod nats;
mod target;

use serde_json::Value;
use yiwang_dsl::{Data, Fault};

use crate::auth::Credentials;
use crate::call::Call;
use crate::performer::Inner;
use crate::{document, fault};
use consume::Consumer;
use target::{Speaks, Target};

/// Performs a `call: asyncapi`.
pub(crate) async fn perform(inner: &Inner, call: &mut Call) -> Result<Data, Fault> {
    let with = call.with.to_json();
    let resource = call.get("document").ok_or_else(|| fault::configuration("there is no `document`"))?;
    let document = document::get(inner, call, &resource).await?;
    let target = target::find(&document.value, &with)?;
    let credentials = Credentials::of(inner, call, call.get("authentication"))?;
    match (&with["message"], &with["subscription"]) {
        (Value::Null, Value::Null) => {
            Err(fault::configuration("there is no `message` and no `subscription`"))
        }
        (message, Value::Null) => {
            let address = target.address_of(message)?;
            match target.speaks {
                Speaks::Http => http::publish(inner, call, &credentials, &target, &address, message).await?,
                Speaks::Nats => nats::publish(inner, call, &credentials, &target, &address, message).await?,
            }
            Ok(Data::null())
        }
        (_, subscription) => subscribe(inner, call, &credentials, &target, subscription).await,
    }
}

async fn subscribe(
    inner: &Inner,
    call: &mut Call,
    credentials: &Credentials,
    target: &Target,
    subscription: &Value,
) -> Result<Data, Fault> {
    let mut consumer = Consumer::new(subscription, &call.later, &call.secrets)?;
    if !consumer.goes_on()? {
        return Ok(consumer.output());
    }
    let (time, enough) = consumer.time();
    let receiving = async {
        match target.speaks {
            Speaks::Http => http::receive(inner, call, credentials, target, &mut consumer).await,
            Speaks::Nats => nats::receive(inner, call, credentials, target, &mut consumer).await,
        }
    };
    match tokio::time::timeout(time, receiving).await {
        Ok(received) => received?,
        // The time that the workflow gave is over: what has come is the output.
        Err(_) if enough => {}
        Err(_) => return Err(consumer.late()),
    }
    Ok(consumer.output())
}

/// The bytes of a payload: a text as it is, all else as JSON.
fn written(payload: &Value) -> Vec<u8> {
    match payload {
        Value::Null => Vec::new(),
        Value::String(text) => text.clone().into_bytes(),
        other => other.to_string().into_bytes(),
    }
}

/// A payload of bytes: JSON if it is, else a text, else in base 64.
fn read(bytes: &[u8]) -> Value {
    use base64::Engine as _;
    if bytes.is_empty() {
        return Value::Null;
    }
    if let Ok(value) = serde_json::from_slice(bytes) {
        return value;
    }
    match std::str::from_utf8(bytes) {
        Ok(text) => Value::String(text.to_owned()),
        Err(_) => Value::String(base64::prelude::BASE64_STANDARD.encode(bytes)),
    }
}
