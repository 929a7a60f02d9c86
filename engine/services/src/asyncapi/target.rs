//! Finds in an AsyncAPI document, of version 2 or 3, where an operation goes: server, channel, bindings.
//!
//! Pure: a document and `with` in, a [`Target`] out.

use serde_json::Value;
use yiwang_dsl::Fault;

use crate::fault;

/// Longest chain of `$ref`.
const REFERENCES_MAX: usize = 16;

/// The protocols that are spoken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Speaks {
    Http,
    Nats,
}

impl Speaks {
    fn of(protocol: &str) -> Option<Self> {
        match protocol.to_ascii_lowercase().as_str() {
            "http" | "https" => Some(Self::Http),
            "nats" | "natss" | "tls" => Some(Self::Nats),
            _ => None,
        }
    }
}

/// Where to publish or subscribe.
#[derive(Clone, Debug)]
pub(super) struct Target {
    pub(super) speaks: Speaks,
    /// With a scheme: `https://host:port/path`, `nats://host:port`, `tls://…`.
    pub(super) server: String,
    /// With `{parameter}` in it.
    address: String,
    /// Name, value if it has a usual one, place in the message if it has one.
    parameters: Vec<Parameter>,
    /// `bindings` of the operation.
    pub(super) bindings: Value,
    /// Where a message holds its correlation id, e.g. `$message.header#/id`.
    pub(super) correlation: Option<String>,
}

#[derive(Clone, Debug)]
struct Parameter {
    name: String,
    usual: Option<String>,
    location: Option<String>,
}

/// What `with` means in this document.
pub(super) fn find(document: &Value, with: &Value) -> Result<Target, Fault> {
    let version = document["asyncapi"].as_str().unwrap_or_default();
    let (channel, operation, address) = match version.split('.').next() {
        Some("2") => version_2(document, with)?,
        Some("3") => version_3(document, with)?,
        _ => return Err(fault::configuration("the document is no AsyncAPI document of version 2 or 3")),
    };
    let server = server(document, &channel, with)?;
    let protocol = server.0.as_str();
    let Some(speaks) = Speaks::of(protocol) else { return Err(unspoken(&[protocol])) };
    let correlation = correlation(document, &channel, &operation);
    Ok(Target {
        speaks,
        server: server.1,
        parameters: parameters(document, &channel)?,
        bindings: resolved(document, &operation["bindings"])?.clone(),
        address,
        correlation,
    })
}

/// Channel, operation and address of `channel`.
fn version_2(document: &Value, with: &Value) -> Result<(Value, Value, String), Fault> {
    let name = with["channel"].as_str().ok_or_else(|| {
        fault::configuration(
            "`channel` is missing: the document is of version 2, which has no operations by name",
        )
    })?;
    let channel = resolved(document, member(document, "channels", name, "channel")?)?;
    let kind = if with["message"].is_null() { "subscribe" } else { "publish" };
    let operation = resolved(document, &channel[kind])?;
    if operation.is_null() {
        return Err(fault::configuration(format!("the channel `{name}` has no operation `{kind}`")));
    }
    Ok((channel.clone(), operation.clone(), name.to_owned()))
}

/// The same of `operation`. What it does is said by the call: a document may be written from either side.
fn version_3(document: &Value, with: &Value) -> Result<(Value, Value, String), Fault> {
    let name = with["operation"].as_str().ok_or_else(|| {
        fault::configuration(
            "`operation` is missing: the document is of version 3, whose channels are not called",
        )
    })?;
    let operation = resolved(document, member(document, "operations", name, "operation")?)?;
    let channel = resolved(document, &operation["channel"])?;
    let address = channel["address"].as_str().ok_or_else(|| {
        fault::configuration(format!("the channel of the operation `{name}` has no address in the document"))
    })?;
    Ok((channel.clone(), operation.clone(), address.to_owned()))
}

fn member<'d>(document: &'d Value, list: &str, name: &str, what: &str) -> Result<&'d Value, Fault> {
    document[list].get(name).ok_or_else(|| {
        let members = document[list].as_object().into_iter().flat_map(|members| members.keys()).take(20);
        let known: Vec<String> = members.map(|name| format!("`{name}`")).collect();
        fault::configuration(format!("the document has no {what} `{name}`; there is {}", known.join(", ")))
    })
}

/// What a `$ref` of the same document means; anything else is itself.
fn resolved<'d>(document: &'d Value, mut value: &'d Value) -> Result<&'d Value, Fault> {
    for _ in 0..REFERENCES_MAX {
        let Some(reference) = value["$ref"].as_str() else { return Ok(value) };
        value =
            reference.strip_prefix('#').and_then(|pointer| document.pointer(pointer)).ok_or_else(|| {
                fault::configuration(format!("the document refers to `{reference}`, which is not in it"))
            })?;
    }
    Err(fault::configuration("the document's references go round in a circle"))
}

fn unspoken(protocols: &[&str]) -> Fault {
    let named = protocols.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ");
    fault::configuration(format!(
        "the document's servers speak {named}; calls can be made by `http`, `https` and `nats`"
    ))
}

// --------------------------------------------------------------------------------------------- the server

/// Protocol and address of the server: the one named, or the first of the channel that speaks the protocol.
fn server(document: &Value, channel: &Value, with: &Value) -> Result<(String, String), Fault> {
    let given = &with["server"];
    let variables = &given["variables"];
    if let Some(name) = given["name"].as_str().or(given.as_str()) {
        let server = resolved(document, member(document, "servers", name, "server")?)?;
        return address(document, server, variables);
    }
    let servers = servers(document, channel)?;
    if servers.is_empty() {
        return Err(fault::configuration("the document has no servers"));
    }
    let wanted = with["protocol"].as_str();
    let fits = |server: &&Value| {
        let protocol = server["protocol"].as_str().unwrap_or_default();
        match wanted {
            Some(wanted) => {
                protocol.eq_ignore_ascii_case(wanted)
                    || Speaks::of(protocol).is_some_and(|it| Some(it) == Speaks::of(wanted))
            }
            None => Speaks::of(protocol).is_some(),
        }
    };
    match (servers.iter().copied().find(|server| fits(server)), wanted) {
        (Some(server), _) => address(document, server, variables),
        (None, Some(wanted)) => {
            Err(fault::configuration(format!("the channel has no server that speaks `{wanted}`")))
        }
        (None, None) => {
            let spoken: Vec<&str> = servers.iter().filter_map(|server| server["protocol"].as_str()).collect();
            Err(unspoken(&spoken))
        }
    }
}

/// The servers of the channel, in its order; all of the document, by name, when it names none.
fn servers<'d>(document: &'d Value, channel: &Value) -> Result<Vec<&'d Value>, Fault> {
    let named = channel["servers"].as_array().filter(|named| !named.is_empty());
    let Some(named) = named else {
        let all = document["servers"].as_object().into_iter().flat_map(|servers| servers.values());
        return all.map(|server| resolved(document, server)).collect();
    };
    let one = |named: &Value| {
        // Version 2 has names, version 3 has references.
        let found = named.as_str().map(|name| &document["servers"][name]).or_else(|| {
            named["$ref"].as_str()?.strip_prefix('#').and_then(|pointer| document.pointer(pointer))
        });
        let found = found.filter(|found| !found.is_null());
        found.ok_or_else(|| {
            fault::configuration(format!("the channel names a server {named} that is not there"))
        })
    };
    let found = named.iter().map(|named| resolved(document, one(named)?));
    found.collect()
}

fn address(document: &Value, server: &Value, given: &Value) -> Result<(String, String), Fault> {
    let protocol = server["protocol"].as_str().unwrap_or_default().to_ascii_lowercase();
    let written = match (server["url"].as_str(), server["host"].as_str()) {
        (Some(url), _) => url.to_owned(),
        (None, Some(host)) => format!("{host}{}", server["pathname"].as_str().unwrap_or_default()),
        (None, None) => return Err(fault::configuration("a server of the document has no address")),
    };
    let filled = fill(&written, |name| {
        let variable = resolved(document, &server["variables"][name])?;
        let chosen = match &given[name] {
            Value::Null => variable["default"].as_str().map(str::to_owned),
            Value::String(text) => Some(text.clone()),
            other => Some(other.to_string()),
        };
        let chosen = chosen.ok_or_else(|| {
            fault::configuration(format!(
                "the server's variable `{name}` has no value; give it in `server.variables`"
            ))
        })?;
        let allowed = variable["enum"].as_array();
        if allowed.is_some_and(|allowed| !allowed.iter().any(|one| *one == chosen)) {
            return Err(fault::configuration(format!("the server's variable `{name}` cannot be `{chosen}`")));
        }
        Ok(chosen)
    })?;
    let with_scheme = if filled.contains("://") { filled } else { format!("{protocol}://{filled}") };
    Ok((protocol, with_scheme))
}

/// Fills in each `{name}`.
fn fill(text: &str, mut value: impl FnMut(&str) -> Result<String, Fault>) -> Result<String, Fault> {
    let mut filled = String::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('{') {
        let Some((name, after)) = after.split_once('}') else { break };
        filled.push_str(before);
        filled.push_str(&value(name)?);
        rest = after;
    }
    filled.push_str(rest);
    Ok(filled)
}

// -------------------------------------------------------------------------------------------- the channel

fn parameters(document: &Value, channel: &Value) -> Result<Vec<Parameter>, Fault> {
    let members = channel["parameters"].as_object().into_iter().flatten();
    let parameters = members.map(|(name, value)| {
        let parameter = resolved(document, value)?;
        let usual = parameter["default"].as_str().or(parameter["schema"]["default"].as_str());
        Ok(Parameter {
            name: name.clone(),
            usual: usual.map(str::to_owned),
            location: parameter["location"].as_str().map(str::to_owned),
        })
    });
    parameters.collect()
}

impl Target {
    /// The channel's address for a message that goes out: parameters are read from the message, or have their
    /// usual values.
    pub(super) fn address_of(&self, message: &Value) -> Result<String, Fault> {
        fill(&self.address, |name| {
            let parameter = self.parameters.iter().find(|known| known.name == name);
            let located = parameter.and_then(|parameter| parameter.location.as_deref());
            let found = located.and_then(|location| locate(location, message));
            found.or_else(|| parameter.and_then(|parameter| parameter.usual.clone())).ok_or_else(|| {
                let wish = "a `location` in the message or a `default` in the document";
                fault::configuration(format!(
                    "the channel's parameter `{name}` has no value; it needs {wish}"
                ))
            })
        })
    }

    /// The address to listen at: a parameter that has no usual value is given as `open` says, if it may be
    /// open.
    pub(super) fn address_for_all(&self, open: Option<&str>) -> Result<String, Fault> {
        fill(&self.address, |name| {
            let usual = self.parameters.iter().find(|known| known.name == name);
            let usual = usual.and_then(|parameter| parameter.usual.clone());
            usual.or(open.map(str::to_owned)).ok_or_else(|| {
                fault::configuration(format!(
                    "the channel's parameter `{name}` has no `default` in the document"
                ))
            })
        })
    }
}

/// Where the messages of the operation hold their correlation id.
fn correlation(document: &Value, channel: &Value, operation: &Value) -> Option<String> {
    let first = |value: &Value| match value {
        Value::Array(items) => items.first().cloned(),
        Value::Object(members) => members.values().next().cloned(),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => None,
    };
    let message = match &operation["message"] {
        Value::Null => first(&operation["messages"]).or_else(|| first(&channel["messages"]))?,
        one => one["oneOf"].as_array().and_then(|all| all.first()).unwrap_or(one).clone(),
    };
    let message = resolved(document, &message).ok()?.clone();
    let id = resolved(document, &message["correlationId"]).ok()?;
    id["location"].as_str().map(str::to_owned)
}

/// The text at a place like `$message.payload#/user/id` of a message `{ payload, headers }`.
pub(super) fn locate(location: &str, message: &Value) -> Option<String> {
    let (part, pointer) = location.split_once('#').unwrap_or((location, ""));
    let part = match part.trim() {
        "$message.payload" => &message["payload"],
        "$message.header" | "$message.headers" => &message["headers"],
        _ => return None,
    };
    match part.pointer(pointer)? {
        Value::String(text) => Some(text.clone()),
        value @ (Value::Number(_) | Value::Bool(_)) => Some(value.to_string()),
        Value::Null | Value::Array(_) | Value::Object(_) => None,
    }
}

#[cfg(test)]
mod tests {
    use expect_test::{Expect, expect};
    use serde_json::json;

    use super::*;

    fn second() -> Value {
        json!({
            "asyncapi": "2.6.0",
            "servers": {
                "kafka": { "url": "k:9092", "protocol": "kafka" },
                "live": { "url": "https://{stage}.example.cn/api", "protocol": "https",
                          "variables": { "stage": { "enum": ["a", "b"], "default": "a" } } },
                "bus": { "url": "nats://bus.example.cn", "protocol": "nats" }
            },
            "channels": {
                "orders/{id}": {
                    "parameters": { "id": { "location": "$message.payload#/order/id" } },
                    "publish": { "bindings": { "http": { "type": "request", "method": "PUT" } } },
                    "subscribe": { "message": { "$ref": "#/components/messages/order" } }
                },
                "news": { "servers": ["kafka"], "subscribe": {} }
            },
            "components": { "messages": { "order": { "correlationId": { "location": "$message.header#/id" } } } }
        })
    }

    fn third() -> Value {
        json!({
            "asyncapi": "3.0.0",
            "servers": { "bus": { "host": "bus.example.cn:{port}", "protocol": "nats", "variables": { "port": {} } },
                         "web": { "host": "web.example.cn", "pathname": "/v1", "protocol": "http" } },
            "channels": { "chat": { "address": "chat.{room}.in", "servers": [{ "$ref": "#/servers/bus" }],
                                    "parameters": { "room": { "default": "hall" } } },
                          "any": { "address": "any" } },
            "operations": { "talk": { "action": "send", "channel": { "$ref": "#/channels/chat" },
                                      "bindings": { "nats": { "queue": "q" } } },
                            "round": { "action": "send", "channel": { "$ref": "#/operations/round/channel" } },
                            "all": { "action": "receive", "channel": { "$ref": "#/channels/any" } } }
        })
    }

    #[expect(clippy::needless_pass_by_value, reason = "it reads as a table")]
    fn check(document: Value, with: Value, expected: Expect) {
        let told = find(&document, &with).and_then(|target| {
            let address = match with["message"].is_null() {
                true => target.address_for_all(Some("*"))?,
                false => target.address_of(&with["message"])?,
            };
            let correlation = target.correlation.clone().unwrap_or_default();
            Ok(format!("{:?} {} {address} {} {correlation}", target.speaks, target.server, target.bindings))
        });
        expected.assert_eq(&told.unwrap_or_else(|fault| fault.detail.unwrap()));
    }

    #[test]
    fn documents_of_version_2() {
        let message = json!({ "payload": { "order": { "id": 7 } } });
        check(
            second(),
            json!({ "channel": "orders/{id}", "message": message }),
            expect![[r#"Nats nats://bus.example.cn orders/7 {"http":{"method":"PUT","type":"request"}} "#]],
        );
        let stage = json!({ "name": "live", "variables": { "stage": "b" } });
        check(
            second(),
            json!({ "channel": "orders/{id}", "message": message, "server": stage }),
            expect![[
                r#"Http https://b.example.cn/api orders/7 {"http":{"method":"PUT","type":"request"}} "#
            ]],
        );
        check(
            second(),
            json!({ "channel": "orders/{id}", "message": {} }),
            expect![
                "the channel's parameter `id` has no value; it needs a `location` in the message or a `default` in the document"
            ],
        );
        check(
            second(),
            json!({ "channel": "orders/{id}", "subscription": {}, "protocol": "nats" }),
            expect!["Nats nats://bus.example.cn orders/* null $message.header#/id"],
        );
        let stage = json!({ "name": "live", "variables": { "stage": "c" } });
        check(
            second(),
            json!({ "channel": "orders/{id}", "message": message, "server": stage }),
            expect!["the server's variable `stage` cannot be `c`"],
        );
        check(
            second(),
            json!({ "channel": "news", "subscription": {} }),
            expect!["the document's servers speak `kafka`; calls can be made by `http`, `https` and `nats`"],
        );
        check(
            second(),
            json!({ "channel": "news", "message": {} }),
            expect!["the channel `news` has no operation `publish`"],
        );
        check(
            second(),
            json!({ "channel": "olds", "message": {} }),
            expect!["the document has no channel `olds`; there is `news`, `orders/{id}`"],
        );
        check(
            second(),
            json!({ "operation": "x", "message": {} }),
            expect!["`channel` is missing: the document is of version 2, which has no operations by name"],
        );
        check(
            second(),
            json!({ "channel": "news", "subscription": {}, "protocol": "mqtt" }),
            expect!["the channel has no server that speaks `mqtt`"],
        );
    }

    #[test]
    fn documents_of_version_3() {
        let port = json!({ "name": "bus", "variables": { "port": 4222 } });
        check(
            third(),
            json!({ "operation": "talk", "subscription": {}, "server": port }),
            expect![[r#"Nats nats://bus.example.cn:4222 chat.hall.in {"nats":{"queue":"q"}} "#]],
        );
        check(
            third(),
            json!({ "operation": "talk", "subscription": {} }),
            expect!["the server's variable `port` has no value; give it in `server.variables`"],
        );
        check(
            third(),
            json!({ "operation": "all", "message": {}, "protocol": "http" }),
            expect!["Http http://web.example.cn/v1 any null "],
        );
        check(
            third(),
            json!({ "operation": "round", "message": {} }),
            expect!["the document's references go round in a circle"],
        );
        check(
            third(),
            json!({ "channel": "chat", "message": {} }),
            expect!["`operation` is missing: the document is of version 3, whose channels are not called"],
        );
        check(
            json!({ "asyncapi": "1.0.0" }),
            json!({}),
            expect!["the document is no AsyncAPI document of version 2 or 3"],
        );
    }
}
