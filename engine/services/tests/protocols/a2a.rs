//! Agents over JSON-RPC.

use expect_test::{Expect, expect};
use serde_json::{Value, json};
use yiwang_core::effect::Service;
use yiwang_dsl::definition::Protocol;
use yiwang_services::{Performer, Processes};

use crate::world::{self, Answer, Server};

async fn agent() -> Server {
    Server::start(|asked| {
        let answer = |result: Value| json!({ "jsonrpc": "2.0", "id": asked.body["id"], "result": result });
        match (asked.line.as_str(), asked.body["method"].as_str()) {
            ("GET /.well-known/agent-card.json", _) => {
                Answer::json(&json!({ "name": "x", "url": "/rpc", "preferredTransport": "JSONRPC" }))
            }
            ("POST /rpc", Some("message/send")) => Answer::json(&answer(asked.body["params"].clone())),
            ("POST /rpc", Some("message/stream")) => Answer::events(&[
                answer(json!({ "kind": "task", "id": "t" })),
                answer(json!({ "kind": "status-update", "final": true })),
            ]),
            ("POST /rpc", Some("tasks/get")) => Answer::json(&json!({ "jsonrpc": "2.0", "id": asked.body["id"],
                "error": { "code": -32001, "message": "Task not found" } })),
            ("POST /rpc", Some("tasks/resubscribe")) => Answer::events(&[
                answer(json!({ "kind": "task" })),
                json!({ "jsonrpc": "2.0", "id": asked.body["id"], "error": { "code": -32603, "message": "broke" } }),
            ]),
            ("POST /rpc", Some("tasks/cancel")) => Answer::events(&[]),
            _ => Answer::status(404, ""),
        }
    })
    .await
}

async fn check(performer: &Performer, with: Value, expected: Expect) {
    let told = world::call(performer, Service::Protocol(Protocol::A2a), with).await;
    expected.assert_eq(&told.map(|value| value.to_string()).unwrap_or_else(|fault| fault));
}

#[tokio::test]
async fn an_agent_is_asked() {
    let agent = agent().await;
    let performer = world::performer(Processes::default());
    let card = json!({ "endpoint": { "uri": agent.url("/.well-known/agent-card.json") } });
    let message = json!({ "message": { "parts": [{ "kind": "text", "text": "hi" }] } });
    let with = json!({ "method": "message/send", "agentCard": card, "parameters": message });
    check(&performer, with, expect![[r#"{"message":{"messageId":"28ccfc21-1edd-8d3b-8e53-0110e269ee12","parts":[{"kind":"text","text":"hi"}],"role":"user"}}"#]]).await;
    let server = json!({ "uri": agent.url("/rpc") });
    let ask = |method: &str| json!({ "method": method, "server": server, "parameters": { "id": "t" } });
    check(
        &performer,
        ask("message/stream"),
        expect![[r#"[{"id":"t","kind":"task"},{"final":true,"kind":"status-update"}]"#]],
    )
    .await;
    check(&performer, ask("tasks/get"), expect!["runtime 500 -32001: Task not found"]).await;
    check(&performer, ask("tasks/resubscribe"), expect!["runtime 500 -32603: broke"]).await;
    check(
        &performer,
        ask("tasks/cancel"),
        expect!["communication 500 the agent gave no answer to `tasks/cancel`"],
    )
    .await;
    let lost = json!({ "method": "tasks/list", "server": agent.url("/nowhere") });
    check(&performer, lost, expect!["communication 404 `tasks/list` was answered by 404 Not Found"]).await;
    check(
        &performer,
        json!({ "method": "tasks/list" }),
        expect!["configuration 400 `server` must have a `uri`"],
    )
    .await;
}
