//! JSON-RPC 2.0, as far as a client needs it: requests, notifications, and what an answer says.
//!
//! It does not know how the texts travel, nor what the methods mean.

pub(crate) mod http;

use serde_json::{Value, json};
use yiwang_dsl::Fault;
use yiwang_dsl::error::Kind;

/// A request. Its id comes back with its answer.
pub(crate) fn request(id: u64, method: &str, params: Value) -> Value {
    with_params(json!({ "jsonrpc": "2.0", "id": id, "method": method }), params)
}

/// A message that gets no answer.
pub(crate) fn notification(method: &str, params: Value) -> Value {
    with_params(json!({ "jsonrpc": "2.0", "method": method }), params)
}

fn with_params(mut message: Value, params: Value) -> Value {
    if !params.is_null() {
        message["params"] = params;
    }
    message
}

/// What a message from the other side is.
#[derive(Debug)]
pub(crate) enum Incoming {
    /// The answer to our request.
    Answer(Result<Value, Fault>),
    /// It asks us something: it must be told that we answer nothing.
    Asks {
        /// The id of its request.
        id: Value,
        /// Is it only asking whether we are there?
        ping: bool,
    },
    /// It tells us something, or answers another request.
    Other,
}

/// Reads a message while the answer to request `id` is awaited.
pub(crate) fn read(message: &Value, id: u64) -> Result<Incoming, Fault> {
    if message["jsonrpc"] != "2.0" {
        return Err(broken("a message that is not JSON-RPC 2.0"));
    }
    if message["method"].is_string() {
        let asked = message["id"].clone();
        let ping = message["method"] == "ping";
        return Ok(if asked.is_null() { Incoming::Other } else { Incoming::Asks { id: asked, ping } });
    }
    let error = &message["error"];
    // An error without an id answers a request that could not be read: ours.
    if message["id"].as_u64() != Some(id) && !(message["id"].is_null() && error.is_object()) {
        return Ok(Incoming::Other);
    }
    if error.is_object() {
        return Ok(Incoming::Answer(Err(fault(error))));
    }
    match message.get("result") {
        Some(result) => Ok(Incoming::Answer(Ok(result.clone()))),
        None => Err(broken("an answer without a result")),
    }
}

/// The answer to a request of the other side: we are there, and offer it nothing.
pub(crate) fn reply(id: &Value, ping: bool) -> Value {
    if ping {
        return json!({ "jsonrpc": "2.0", "id": id, "result": {} });
    }
    json!({ "jsonrpc": "2.0", "id": id, "error": { "code": -32601, "message": "Method not found" } })
}

/// The reference wants a runtime error for every error of the protocol.
fn fault(error: &Value) -> Fault {
    let message = error["message"].as_str().unwrap_or("no message");
    let code = error["code"].as_i64().unwrap_or_default();
    let data = match &error["data"] {
        Value::Null => String::new(),
        Value::String(text) => format!(" ({text})"),
        other => format!(" ({other})"),
    };
    let detail: String = format!("{code}: {message}{data}").chars().take(2000).collect();
    Fault::new(Kind::Runtime, "", detail)
}

fn broken(what: &str) -> Fault {
    Fault::new(Kind::Runtime, "", format!("the server sent {what}"))
}

#[cfg(test)]
mod tests {
    use expect_test::{Expect, expect};

    use super::*;

    #[expect(clippy::needless_pass_by_value, reason = "it reads as a table")]
    fn check(message: Value, expected: Expect) {
        let told = match read(&message, 3) {
            Ok(Incoming::Answer(Ok(result))) => format!("result {result}"),
            Ok(Incoming::Answer(Err(fault))) | Err(fault) => {
                format!("{} {}", fault.r#type.rsplit('/').next().unwrap(), fault.detail.unwrap())
            }
            Ok(Incoming::Asks { id, ping }) => format!("asks {id} {ping}"),
            Ok(Incoming::Other) => "other".to_owned(),
        };
        expected.assert_eq(&told);
    }

    #[test]
    fn answers_are_told_from_the_rest() {
        check(json!({ "jsonrpc": "2.0", "id": 3, "result": { "a": 1 } }), expect![[r#"result {"a":1}"#]]);
        check(json!({ "jsonrpc": "2.0", "id": 3, "result": null }), expect!["result null"]);
        check(json!({ "jsonrpc": "2.0", "id": 2, "result": {} }), expect!["other"]);
        check(json!({ "jsonrpc": "2.0", "method": "notifications/progress" }), expect!["other"]);
        check(
            json!({ "jsonrpc": "2.0", "id": "s1", "method": "roots/list" }),
            expect![[r#"asks "s1" false"#]],
        );
        check(
            json!({ "jsonrpc": "2.0", "id": 3, "error": { "code": -32602, "message": "bad", "data": "x" } }),
            expect!["runtime -32602: bad (x)"],
        );
        check(
            json!({ "jsonrpc": "2.0", "id": null, "error": { "code": -32700, "message": "no JSON" } }),
            expect!["runtime -32700: no JSON"],
        );
        check(
            json!({ "jsonrpc": "2.0", "id": 3 }),
            expect!["runtime the server sent an answer without a result"],
        );
        check(json!({ "id": 3 }), expect!["runtime the server sent a message that is not JSON-RPC 2.0"]);
    }
}
