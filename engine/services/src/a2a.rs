//! `call: a2a`: a method of an agent, by JSON-RPC over HTTP (DSL reference, "A2A Call").
//!
//! ```text
//! agentCard ─► its JSON-RPC interface ─┐
//! server ──────────────────────────────┴─► one request ─► its result, or all results of a stream
//! ```

use http::HeaderMap;
use serde_json::{Value, json};
use url::Url;
use yiwang_dsl::{Data, Fault};

use crate::auth::Credentials;
use crate::call::Call;
use crate::performer::Inner;
use crate::rpc::http::{Messages, Server, post};
use crate::rpc::{self, Incoming};
use crate::{document, endpoint, fault, limits, uuid};

/// Its answer is a stream of results.
const STREAMS: [&str; 2] = ["message/stream", "tasks/resubscribe"];
/// They take a message.
const SENDS: [&str; 2] = ["message/send", "message/stream"];
/// The only request of a call.
const ID: u64 = 1;

/// Performs a `call: a2a`.
pub(crate) async fn perform(inner: &Inner, call: &mut Call) -> Result<Data, Fault> {
    let with = call.with.to_json();
    let method = call.text("method")?;
    let parameters = parameters(&method, with["parameters"].clone(), &uuid::of(&call.effect.to_string()))?;
    let (url, credentials) = server(inner, call, &with).await?;
    let server = Server { url, credentials, headers: HeaderMap::new() };
    let response = post(inner, call, &server, &rpc::request(ID, &method, parameters)).await?;
    let mut messages = Messages::new(response, inner.egress.limits().answer_bytes);
    let streams = STREAMS.contains(&method.as_str());
    let mut results = Vec::new();
    while let Some(message) = messages.next().await? {
        match rpc::read(&message, ID)? {
            Incoming::Answer(answer) if streams => results.push(answer?),
            Incoming::Answer(answer) => return answer.map(Data::from),
            // An agent asks nothing by this way.
            Incoming::Asks { .. } | Incoming::Other => {}
        }
        if results.len() > limits::MESSAGES_MAX {
            let detail = format!("the agent sent more than {} results", limits::MESSAGES_MAX);
            return Err(fault::communication(500, "Answer Too Large", detail));
        }
    }
    if streams {
        return Ok(Data::from(Value::Array(results)));
    }
    Err(fault::communication(500, "No Answer", format!("the agent gave no answer to `{method}`")))
}

/// The parameters; a message gets an id and a role if it has none. The id is the same when the call is
/// repeated after a crash, so that the agent can tell.
fn parameters(method: &str, given: Value, id: &str) -> Result<Value, Fault> {
    let mut given = match given {
        Value::Null if SENDS.contains(&method) => json!({}),
        Value::Null => return Ok(Value::Null),
        Value::Object(members) => Value::Object(members),
        _ => return Err(fault::configuration("`parameters` must be an object")),
    };
    if SENDS.contains(&method) {
        match &mut given["message"] {
            message @ Value::Null => *message = json!({ "messageId": id, "role": "user" }),
            Value::Object(message) => {
                for (name, usual) in [("messageId", id), ("role", "user")] {
                    let member = message.entry(name).or_insert(Value::Null);
                    if member.is_null() {
                        *member = usual.into();
                    }
                }
            }
            _ => return Err(fault::configuration("`parameters.message` must be an object")),
        }
    }
    Ok(given)
}

/// Where the agent listens. What a card is fetched with is shown to its agent only at the card's own origin:
/// a card may name any address.
async fn server(inner: &Inner, call: &mut Call, with: &Value) -> Result<(Url, Credentials), Fault> {
    let card = &with["agentCard"];
    if card.is_null() {
        return endpoint::read(inner, call, &with["server"], "server");
    }
    let found = document::get(inner, call, &Data::from(card.clone())).await?;
    let url = interface(&found.value)?;
    let url = found.url.join(url).map_err(|_| fault::configuration("the agent's card has no address"))?;
    if url.origin() != found.url.origin() {
        return Ok((url, Credentials::Nobody));
    }
    let credentials = endpoint::credentials(inner, call, &card["endpoint"])?;
    Ok((url, credentials))
}

/// The address of the card's JSON-RPC interface. Cards of version 1 list their interfaces, older ones have a
/// preferred one and others.
fn interface(card: &Value) -> Result<&str, Fault> {
    let is_rpc = |name: &Value| name.is_null() || name == "JSONRPC";
    let of = |list: &str, binding: &str| {
        let interfaces = card[list].as_array().map(Vec::as_slice).unwrap_or_default().iter();
        let mut fitting = interfaces.filter(|one| one[binding] == "JSONRPC");
        fitting.next().and_then(|one| one["url"].as_str())
    };
    let preferred = card["url"].as_str().filter(|_| is_rpc(&card["preferredTransport"]));
    of("supportedInterfaces", "protocolBinding")
        .or(preferred)
        .or_else(|| of("additionalInterfaces", "transport"))
        .ok_or_else(|| fault::configuration("the agent's card names no JSON-RPC interface"))
}

#[cfg(test)]
mod tests {
    use expect_test::{Expect, expect};

    use super::*;

    #[expect(clippy::needless_pass_by_value, reason = "it reads as a table")]
    fn check<T: std::fmt::Display>(told: Result<T, Fault>, expected: Expect) {
        let told = told.map(|value| value.to_string());
        expected.assert_eq(&told.unwrap_or_else(|fault| fault.detail.unwrap()));
    }

    #[test]
    fn a_message_gets_an_id_and_a_role() {
        let filled = |method: &str, given: Value| parameters(method, given, "u");
        check(
            filled("message/send", json!({ "message": { "parts": [] }, "metadata": 1 })),
            expect![[r#"{"message":{"messageId":"u","parts":[],"role":"user"},"metadata":1}"#]],
        );
        check(
            filled("message/stream", json!({ "message": { "messageId": "m", "role": "agent" } })),
            expect![[r#"{"message":{"messageId":"m","role":"agent"}}"#]],
        );
        check(
            filled("message/send", Value::Null),
            expect![[r#"{"message":{"messageId":"u","role":"user"}}"#]],
        );
        check(filled("tasks/get", json!({ "id": "t" })), expect![[r#"{"id":"t"}"#]]);
        check(filled("tasks/list", Value::Null), expect!["null"]);
        check(
            filled("message/send", json!({ "message": 1 })),
            expect!["`parameters.message` must be an object"],
        );
    }

    #[test]
    fn cards_of_all_versions_name_an_interface() {
        let found = |card: Value| interface(&card).map(str::to_owned);
        check(found(json!({ "url": "https://a.cn/x" })), expect!["https://a.cn/x"]);
        check(
            found(json!({ "url": "https://a.cn/x", "preferredTransport": "GRPC", "additionalInterfaces":
                [{ "transport": "HTTP+JSON", "url": "u" }, { "transport": "JSONRPC", "url": "r" }] })),
            expect!["r"],
        );
        check(
            found(json!({ "supportedInterfaces": [{ "protocolBinding": "JSONRPC", "url": "r" }] })),
            expect!["r"],
        );
        check(found(json!({ "name": "x" })), expect!["the agent's card names no JSON-RPC interface"]);
    }
}
