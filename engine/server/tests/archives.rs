//! What has ended leaves the store by the rules of retention, and stays where a hold says so.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test that cannot go on ends here")]
#![allow(dead_code, reason = "the support of other tests is shared")]

mod support;

use serde_json::{Value, json};
use support::{ADMIN, App, HANDLER, Sent, send};

const ONCE: &str = r#"document: { dsl: '1.0.3', namespace: test, name: once, version: '1.0.0' }
do:
  - done: { set: { done: true } }
"#;

async fn rules(app: &App, rows: &str) -> u16 {
    let body = format!("schema: yiwang.retention/v1\nid: default\n{rows}");
    let sent = Sent::new("PUT", "/api/v1/reference/retention/default").bearer(app.token(ADMIN));
    send(app, sent.json(&json!({ "body": body }))).await.status.as_u16()
}

async fn run(app: &App, body: Value) -> Value {
    app.post(ADMIN, "/api/v1/archives", body).await.json()
}

#[tokio::test]
async fn what_is_over_is_archived_once_and_what_is_held_stays() {
    let app = App::start().await;
    app.deploy(ONCE).await;
    let mut ids = Vec::new();
    for n in 0..3 {
        let start = json!({ "workflow": "test/once", "input": { "n": n } });
        let begun = app.post(ADMIN, "/api/v1/instances?wait=true", start).await.json();
        ids.push(begun["id"].as_str().unwrap().to_owned());
    }
    assert_eq!(run(&app, json!({})).await["code"], "resource.conflict", "nothing goes without rules");
    assert_eq!(rules(&app, "rules: [ { keep: P30D } ]\n").await, 201);
    assert_eq!(run(&app, json!({})).await["instances"], 0, "it is too early");

    let held =
        format!("rules: [ {{ keep: PT0S }} ]\nholds: [ {{ instance: '{}', reason: 行政复议 }} ]\n", ids[0]);
    assert_eq!(rules(&app, &held).await, 201);
    let dry = run(&app, json!({ "dryRun": true })).await;
    assert_eq!((&dry["instances"], &dry["held"][0]["reason"]), (&json!(2), &json!("行政复议")), "{dry}");
    assert!(app.get(ADMIN, &format!("/api/v1/instances/{}", ids[1])).await.status.is_success());
    let done = run(&app, json!({})).await;
    assert_eq!((&done["instances"], &done["more"]), (&json!(2), &json!(false)), "{done}");
    for (id, status) in [(&ids[0], 200), (&ids[1], 404), (&ids[2], 404)] {
        let shown = app.get(ADMIN, &format!("/api/v1/instances/{id}")).await;
        assert_eq!(shown.status.as_u16(), status, "{id}");
    }
    assert_eq!(run(&app, json!({})).await["instances"], 0, "once");

    let list = app.get(ADMIN, "/api/v1/archives").await.json();
    assert_eq!(list["items"][0]["instances"], 2, "{list}");
    let digits = list["items"][0]["digest"].as_str().unwrap().strip_prefix("sha256:").unwrap();
    let file = app.get(ADMIN, &format!("/api/v1/archives/{digits}")).await.text();
    let lines: Vec<Value> = file.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let of = |line: &Value| line["instance"].as_str().unwrap_or_default().to_owned();
    assert!(lines.iter().all(|line| of(line) == ids[1] || of(line) == ids[2]), "{file}");
    assert!(lines.iter().any(|line| line["lines"].as_str().is_some_and(|text| text.contains("completed"))));
    let stayed = app.get(ADMIN, &format!("/api/v1/archives/{digits}/hashes")).await.json();
    for id in &ids[1..] {
        let ends = lines.iter().rfind(|line| of(line) == **id).unwrap();
        let items = stayed["items"].as_array().unwrap();
        let item = items.iter().find(|item| of(item) == **id).unwrap();
        assert_eq!(item["hash"], ends["hash"], "{stayed}");
    }
    let other = "0".repeat(64);
    assert_eq!(app.get(ADMIN, &format!("/api/v1/archives/{other}")).await.code(), "resource.not-found");
}

#[tokio::test]
async fn only_administrators_archive_and_wrong_rules_are_told() {
    let app = App::start().await;
    let answer = app.post(HANDLER, "/api/v1/archives", json!({})).await;
    assert_eq!((answer.status.as_u16(), &*answer.code()), (403, "auth.forbidden"));
    assert_eq!(rules(&app, "rules: [ { keep: P1M } ]\n").await, 422, "a month has no fixed length");
    assert_eq!(rules(&app, "holds: [ { reason: x } ]\n").await, 422);
    assert_eq!(app.post(ADMIN, "/api/v1/archives", json!({ "dry": true })).await.status.as_u16(), 422);
}
