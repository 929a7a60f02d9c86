//! MCP over HTTP and over standard streams.

use expect_test::{Expect, expect};
use serde_json::{Value, json};
use yiwang_core::effect::Service;
use yiwang_dsl::definition::Protocol;
use yiwang_services::{Performer, Processes};

use crate::world::{self, Answer, Server};

async fn server() -> Server {
    Server::start(|asked| {
        let answer = |result: Value| json!({ "jsonrpc": "2.0", "id": asked.body["id"], "result": result });
        match asked.body["method"].as_str() {
            Some("initialize") if asked.line.contains("/new") => {
                Answer::json(&answer(json!({ "protocolVersion": "2099-01-01" })))
            }
            Some("initialize") => {
                let version = &asked.body["params"]["protocolVersion"];
                let hello = json!({ "protocolVersion": version, "capabilities": {}, "serverInfo": {} });
                Answer::json(&answer(hello)).and("mcp-session-id", "s1")
            }
            Some("tools/list") => Answer::json(&answer(json!({ "tools": [{ "name": "add" }] }))),
            Some("tools/call") => Answer::events(&[
                json!({ "jsonrpc": "2.0", "method": "notifications/progress", "params": {} }),
                json!({ "jsonrpc": "2.0", "id": "p", "method": "ping" }),
                answer(json!({ "content": [{ "type": "text", "text": "3" }] })),
            ]),
            Some("prompts/get") => Answer::json(&json!({ "jsonrpc": "2.0", "id": asked.body["id"],
                "error": { "code": -32602, "message": "no such prompt" } })),
            Some("resources/list") => Answer::status(503, "later"),
            _ => Answer::status(202, ""),
        }
    })
    .await
}

async fn check(performer: &Performer, with: Value, expected: Expect) {
    let told = world::call(performer, Service::Protocol(Protocol::Mcp), with).await;
    expected.assert_eq(&told.map(|value| value.to_string()).unwrap_or_else(|fault| fault));
}

fn over_http(server: &Server, path: &str, method: &str, parameters: Value) -> Value {
    let endpoint = json!({ "uri": server.url(path) });
    json!({ "method": method, "parameters": parameters,
            "transport": { "http": { "endpoint": endpoint, "headers": { "x-team": "a" } } },
            "client": { "name": "test", "version": "1" } })
}

#[tokio::test]
async fn a_call_is_a_whole_session() {
    let server = server().await;
    let performer = world::performer(Processes::default());
    let parameters = json!({ "name": "add", "arguments": { "a": 1, "b": 2 } });
    check(
        &performer,
        over_http(&server, "/mcp", "tools/call", parameters),
        expect![[r#"{"content":[{"text":"3","type":"text"}]}"#]],
    )
    .await;
    let asked: Vec<String> = server
        .asked()
        .iter()
        .map(|asked| {
            let header =
                |name: &str| asked.headers.get(name).map_or("-", |value| value.to_str().unwrap()).to_owned();
            let (session, version) = (header("mcp-session-id"), header("mcp-protocol-version"));
            format!("{} {session} {version} {} {}\n", asked.line, header("x-team"), asked.body)
        })
        .collect();
    expect![[r#"
        POST /mcp - - a {"id":1,"jsonrpc":"2.0","method":"initialize","params":{"capabilities":{},"clientInfo":{"name":"test","version":"1"},"protocolVersion":"2025-06-18"}}
        POST /mcp s1 2025-06-18 a {"jsonrpc":"2.0","method":"notifications/initialized"}
        POST /mcp s1 2025-06-18 a {"id":2,"jsonrpc":"2.0","method":"tools/call","params":{"arguments":{"a":1,"b":2},"name":"add"}}
        POST /mcp s1 2025-06-18 a {"id":"p","jsonrpc":"2.0","result":{}}
        DELETE /mcp s1 2025-06-18 a null
    "#]].assert_eq(&asked.concat());
    check(
        &performer,
        over_http(&server, "/mcp", "tools/list", Value::Null),
        expect![[r#"{"tools":[{"name":"add"}]}"#]],
    )
    .await;
}

#[tokio::test]
async fn what_fails_is_a_fault() {
    let server = server().await;
    let performer = world::performer(Processes::default());
    check(
        &performer,
        over_http(&server, "/mcp", "prompts/get", json!({ "name": "x" })),
        expect!["runtime 500 -32602: no such prompt"],
    )
    .await;
    check(
        &performer,
        over_http(&server, "/mcp", "resources/list", Value::Null),
        expect!["communication 503 `resources/list` was answered by 503 Service Unavailable"],
    )
    .await;
    check(
        &performer,
        over_http(&server, "/new", "tools/list", Value::Null),
        expect!["runtime 500 the server speaks version `2099-01-01` of the protocol only"],
    )
    .await;
    check(
        &performer,
        json!({ "method": "tools/list", "transport": {} }),
        expect!["configuration 400 `transport` must be `http` or `stdio`"],
    )
    .await;
}

/// A server of a few lines of shell.
const SCRIPT: &str = r#"
echo starting
while read -r line; do
  case "$line" in
    *'"method":"initialize"'*) echo '{"jsonrpc":"2.0","id":1,"result":{"protocolVersion":"2025-06-18"}}' ;;
    *'"method":"tools/list"'*)
      echo '{"jsonrpc":"2.0","id":"q","method":"sampling/createMessage"}'
      read -r refused
      echo "{\"jsonrpc\":\"2.0\",\"id\":2,\"result\":{\"tools\":[],\"env\":\"$KEY\",\"told\":$refused}}" ;;
    *'"method":"tools/call"'*) exit 1 ;;
    *'"method":"prompts/list"'*) sleep 600 ;;
  esac
done
"#;

fn over_stdio(method: &str) -> Value {
    let stdio = json!({ "command": "sh", "arguments": ["-c", SCRIPT], "environment": { "KEY": "k" } });
    json!({ "method": method, "transport": { "stdio": stdio }, "timeout": { "seconds": 2 } })
}

#[tokio::test]
async fn a_child_is_spoken_to_where_it_is_allowed() {
    let closed = world::performer(Processes::default());
    check(
        &closed,
        over_stdio("tools/list"),
        expect!["authorization 403 the operator of this server does not allow MCP servers like `sh`"],
    )
    .await;
    let allowed =
        |commands: Value| serde_json::from_value(json!({ "mcp": { "allow": true, "commands": commands } }));
    check(
        &world::performer(allowed(json!(["npx"])).unwrap()),
        over_stdio("tools/list"),
        expect!["authorization 403 the operator of this server does not allow MCP servers like `sh`"],
    )
    .await;
    let open = world::performer(allowed(json!([])).unwrap());
    check(&open, over_stdio("tools/list"), expect![[r#"{"env":"k","told":{"error":{"code":-32601,"message":"Method not found"},"id":"q","jsonrpc":"2.0"},"tools":[]}"#]]).await;
    check(
        &open,
        over_stdio("tools/call"),
        expect!["communication 500 the MCP server gave no answer: it has ended"],
    )
    .await;
    check(&open, over_stdio("prompts/list"), expect!["timeout 408 the server gave no answer within 2000 ms"])
        .await;
}
