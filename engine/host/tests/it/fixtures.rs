//! The fixtures of every plugin, run on its component: requests in, answers and events out.
//!
//! ```json
//! {"about": "…", "channel": {"config": {}, "grants": {}, "secrets": {}},
//!  "steps": [{"at": "2024-06-04T14:30:00+08:00",
//!             "request": {"method": "POST", "path": "/", "query": "", "headers": {}, "json": {}},
//!             "expect": {"status": 202, "code": "…", "headers": {}, "json": {}, "contains": [], "events": []}}]}
//! ```
//! A member of `expect` that is not there is not compared, but `events` is: without it there must be none.

use std::fs;

use serde_json::{Value, json};
use yiwang_core::Timestamp;
use yiwang_runtime::ports::{ChannelRequest, ChannelResponse, IncomingEvent};

use crate::support::{Fixture, MULTIPART, NOW, multipart, plugins};

#[tokio::test(flavor = "multi_thread")]
async fn every_fixture_of_every_plugin_holds() {
    let mut wrong = Vec::new();
    let mut steps = 0;
    for plugin in plugins() {
        let folder = plugin.sources.join("fixtures");
        let Ok(entries) = fs::read_dir(&folder) else { continue };
        for entry in entries {
            let path = entry.unwrap().path();
            let name = format!("{}/{}", plugin.name, path.file_name().unwrap().to_string_lossy());
            let fixture: Value = serde_json::from_slice(&fs::read(&path).unwrap())
                .unwrap_or_else(|error| panic!("{name}: {error}"));
            let host = Fixture::new(&plugin, &fixture["channel"]).await;
            if let Some(problem) = host.problem() {
                wrong.push(format!("{name}: the channel is not ready: {problem}"));
                continue;
            }
            for (at, step) in fixture["steps"].as_array().unwrap().iter().enumerate() {
                steps += 1;
                let given = run(&host, &step["request"], step["at"].as_str()).await;
                wrong.extend(
                    differences(&given, &step["expect"]).map(|what| format!("{name} step {at}: {what}")),
                );
            }
        }
    }
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
    assert!(steps > 5, "the fixtures are found");
}

struct Given {
    response: ChannelResponse,
    code: Option<String>,
    events: Vec<IncomingEvent>,
}

async fn run(host: &Fixture, request: &Value, at: Option<&str>) -> Given {
    match host.receive(read(request, at)).await {
        Ok(received) => Given { response: received.response, code: None, events: received.events },
        Err(rejected) => Given { response: rejected.response, code: Some(rejected.code), events: Vec::new() },
    }
}

fn read(request: &Value, at: Option<&str>) -> ChannelRequest {
    let mut headers: Vec<(String, String)> = request["headers"]
        .as_object()
        .into_iter()
        .flatten()
        .map(|(name, value)| (name.clone(), value.as_str().unwrap().to_owned()))
        .collect();
    let mut typed = |kind: &str| headers.push(("content-type".to_owned(), kind.to_owned()));
    let body = if let Some(text) = request["body"].as_str() {
        text.as_bytes().to_vec()
    } else if !request["json"].is_null() {
        typed("application/json");
        request["json"].to_string().into_bytes()
    } else if let Some(text) = request["form"].as_str() {
        typed("application/x-www-form-urlencoded");
        text.as_bytes().to_vec()
    } else if let Some(parts) = request["multipart"].as_array() {
        typed(MULTIPART);
        parts.iter().flat_map(part).collect::<Vec<u8>>().into_iter().chain(*b"--xx--\r\n").collect()
    } else {
        Vec::new()
    };
    ChannelRequest {
        method: request["method"].as_str().unwrap_or("POST").to_owned(),
        path: request["path"].as_str().unwrap_or("/").to_owned(),
        query: request["query"].as_str().unwrap_or_default().to_owned(),
        headers,
        client: None,
        body: body.into(),
        now: at.map_or(NOW, |at| Timestamp::parse(at).unwrap()),
    }
}

/// One part, without the closing line.
fn part(part: &Value) -> Vec<u8> {
    let name = part["name"].as_str().unwrap();
    let file = part["fileName"].as_str().map(|file| (file, part["mediaType"].as_str().unwrap()));
    let mut bytes = part["text"].as_str().unwrap_or_default().as_bytes().to_vec();
    if part["jpeg"] == true {
        bytes.splice(0..0, [0xff, 0xd8, 0xff, 0xe0]);
    }
    let whole = multipart(&[(name, file, &bytes)]);
    whole[..whole.len() - b"--xx--\r\n".len()].to_vec()
}

fn differences(given: &Given, expect: &Value) -> impl Iterator<Item = String> {
    let mut wrong = Vec::new();
    let body = String::from_utf8_lossy(&given.response.body).into_owned();
    let mut compare = |what: &str, given: Value, expected: &Value| {
        if given != *expected {
            wrong.push(format!("{what}: expected {expected}, given {given} (body {body})"));
        }
    };
    compare("status", json!(given.response.status), &expect["status"]);
    compare("code", json!(given.code), &expect["code"]);
    if !expect["json"].is_null() {
        compare("json", serde_json::from_str(&body).unwrap_or(Value::Null), &expect["json"]);
    }
    if !expect["body"].is_null() {
        compare("body", json!(body), &expect["body"]);
    }
    for (name, value) in expect["headers"].as_object().into_iter().flatten() {
        let given = given.response.headers.iter().find(|(given, _)| given == name).map(|(_, value)| value);
        compare(name, json!(given), value);
    }
    for text in expect["contains"].as_array().into_iter().flatten() {
        let there = body.contains(text.as_str().unwrap());
        compare(&format!("contains {text}"), json!(there), &json!(true));
    }
    let none = json!([]);
    let expected = if expect["events"].is_null() { &none } else { &expect["events"] };
    compare("number of events", json!(given.events.len()), &json!(expected.as_array().unwrap().len()));
    for (event, expected) in given.events.iter().zip(expected.as_array().unwrap()) {
        let session =
            event.session.as_ref().map(|session| json!({"key": session.key, "window": session.window}));
        let all = json!({
            "id": event.event.id, "type": event.event.r#type, "subject": event.event.subject,
            "data": event.event.data.to_json(), "session": session,
            "extensions": event.event.extensions.iter().map(|(k, v)| (k.clone(), v.to_json())).collect::<serde_json::Map<_, _>>(),
        });
        for (name, value) in expected.as_object().unwrap() {
            compare(&format!("event {name}"), all[name].clone(), value);
        }
    }
    wrong.into_iter()
}
