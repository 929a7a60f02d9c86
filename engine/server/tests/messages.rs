//! Messages from outside: the list, dead letters sent again and given up, one by one and many at once.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test that cannot go on ends here")]
#![allow(dead_code, reason = "the support of other tests is shared")]

mod support;

use http::StatusCode;
use serde_json::{Value, json};
use support::{ADMIN, App, HANDLER, PETITIONER, SCHEDULER, Sent, send};

/// Says something by the channel.
const TELLS: &str = r#"document: { dsl: '1.0.3', namespace: test, name: tell, version: '1.0.0' }
do:
  - tell:
      call: send:1.0.0@form
      with:
        to: { kind: mobile, address: '13800000000' }
        body: ${ $input.say }
"#;

/// Starts one that says this; the id of its message once it stands so.
async fn told(app: &App, say: &str, state: &str) -> String {
    let body = json!({ "workflow": "test/tell", "input": { "say": say } });
    let started = app.post(ADMIN, "/api/v1/instances", body).await.json();
    let id = format!("{}.1", started["id"].as_str().unwrap());
    reached(app, &id, state).await;
    id
}

/// Waits for the engine, which answers a start before its messages are sent.
async fn reached(app: &App, id: &str, state: &str) -> Value {
    for _ in 0..100_000 {
        let message = app.get(HANDLER, &format!("/api/v1/messages/{id}")).await.json();
        if message["state"] == state {
            return message;
        }
        tokio::task::yield_now().await;
    }
    panic!("{id} never became {state}");
}

async fn ids(app: &App, query: &str) -> Vec<String> {
    let page = app.get(HANDLER, &format!("/api/v1/messages{query}")).await.json();
    let items = page["items"].as_array().unwrap_or_else(|| panic!("{page}"));
    items.iter().map(|item| item["id"].as_str().unwrap().to_owned()).collect()
}

#[tokio::test]
async fn a_dead_letter_is_looked_at_and_sent_again_once() {
    let app = App::start().await;
    app.deploy(TELLS).await;
    let id = told(&app, "form.blocked 您好", "failed").await;
    let shown = app.get(HANDLER, &format!("/api/v1/messages/{id}")).await.json();
    assert_eq!((&shown["code"], &shown["failure"]), (&json!("form.blocked"), &json!("停机")), "{shown}");
    assert_eq!((&shown["attempts"], &shown["recipient"]), (&json!(1), &json!("mobile:138****0000")));
    assert!(shown["requested"].is_string() && shown["nextAttempt"].is_null(), "{shown}");
    assert!(!shown.to_string().contains("13800000000"), "{shown}");
    let events: Vec<_> = shown["history"].as_array().unwrap().iter().map(|line| &line["event"]).collect();
    assert_eq!(events, ["effect_requested", "effect_returned"]);

    let at = format!("/api/v1/messages/{id}:retry");
    for who in [HANDLER, SCHEDULER, PETITIONER] {
        assert_eq!(app.post(who, &at, json!({ "reason": "x" })).await.status, StatusCode::FORBIDDEN);
    }
    for (body, code) in [
        (json!({}), "repair.reason"),
        (json!({ "reason": " " }), "repair.reason"),
        (json!({ "reason": "x", "force": true }), "request.fields"),
    ] {
        assert_eq!(app.post(ADMIN, &at, body).await.code(), code);
    }
    let again = || {
        let sent = Sent::new("POST", &at).bearer(app.token(ADMIN)).header("idempotency-key", "k1");
        send(&app, sent.json(&json!({ "reason": "平台已恢复" })))
    };
    let done = again().await;
    assert_eq!(done.status, StatusCode::OK, "{}", done.text());
    assert_eq!(done.json()["decision"], "k1");
    let sent = reached(&app, &id, "sent").await;
    assert_eq!((&sent["attempts"], &sent["code"]), (&json!(2), &Value::Null), "{sent}");
    assert_eq!(again().await.json()["now"]["state"], "sent", "the same decision is the same answer");
    let repaired =
        sent["history"].as_array().unwrap().iter().find(|line| line["event"] == "repaired").unwrap();
    assert_eq!((&repaired["by"], &repaired["reason"]), (&json!(ADMIN), &json!("平台已恢复")));
    assert_eq!(repaired["repair"], json!({ "do": "resend", "message": id }));
    let instance = id.strip_suffix(".1").unwrap();
    let instance = app.get(ADMIN, &format!("/api/v1/instances/{instance}")).await.json();
    assert_eq!(instance["status"], "completed");

    let settled = app.post(ADMIN, &at, json!({ "reason": "x" })).await;
    assert_eq!((settled.status, &*settled.code()), (StatusCode::CONFLICT, "message.settled"));
    for nowhere in ["nonsense", "0000000000000.1", "0000000000000"] {
        let answer = app.post(ADMIN, &format!("/api/v1/messages/{nowhere}:retry"), json!({})).await;
        assert_eq!(answer.status, StatusCode::NOT_FOUND, "{nowhere}");
    }
}

#[tokio::test]
async fn many_are_counted_first_and_then_sent_again_or_given_up() {
    let app = App::start().await;
    app.deploy(TELLS).await;
    let mut blocked = Vec::new();
    for n in 0..5 {
        blocked.push(told(&app, &format!("form.blocked {n}"), "failed").await);
    }
    let full = told(&app, "form.full", "failed").await;
    let busy = told(&app, "form.busy", "retrying").await;
    told(&app, "ok", "sent").await;
    blocked.reverse();
    assert_eq!(ids(&app, "?state=failed&code=form.blocked").await, blocked);
    assert_eq!(ids(&app, "?state=failed,retrying&channel=form").await.len(), 7);
    assert_eq!(ids(&app, "?state=retrying").await, [&*busy]);
    assert_eq!(ids(&app, "?before=2020-01-01T00:00:00Z").await.len(), 0);
    let instance = full.strip_suffix(".1").unwrap();
    assert_eq!(ids(&app, &format!("?instance={instance}")).await, [&*full]);
    for query in ["?state=lost", "?before=soon", "?instance=x", "?colour=red"] {
        let answer = app.get(HANDLER, &format!("/api/v1/messages{query}")).await;
        assert_eq!(answer.status, StatusCode::BAD_REQUEST, "{query}");
    }

    let retry = "/api/v1/messages:retry";
    let meant = json!({ "channel": "form", "code": "form.blocked", "dryRun": true });
    let dry = app.post(ADMIN, retry, meant.clone()).await.json();
    assert_eq!((dry["items"].as_array().unwrap().len(), &dry["done"]), (5, &json!(0)), "{dry}");
    assert_eq!(ids(&app, "?state=failed&code=form.blocked").await.len(), 5, "nothing was done");
    for (who, body, code) in [
        (HANDLER, meant.clone(), "auth.forbidden"),
        (ADMIN, json!({ "channel": "form" }), "repair.reason"),
        (ADMIN, json!({ "reason": "x" }), "request.fields"),
        (ADMIN, json!({ "channel": "form", "reason": "x", "states": ["sent"] }), "request.fields"),
    ] {
        assert_eq!(app.post(who, retry, body).await.code(), code);
    }
    // Page by page; whoever sends a page again does nothing more.
    let mut body =
        json!({ "channel": "form", "code": "form.blocked", "limit": 2, "reason": "恢复", "decision": "k" });
    let mut done = 0;
    loop {
        let page = app.post(ADMIN, retry, body.clone()).await.json();
        done += page["done"].as_u64().unwrap();
        assert_eq!(page["refused"], json!([]), "{page}");
        if page["nextCursor"].is_null() {
            break;
        }
        body["cursor"] = page["nextCursor"].clone();
    }
    assert_eq!(done, 5);
    for id in &blocked {
        assert_eq!(reached(&app, id, "sent").await["attempts"], 2);
    }

    let drop = json!({ "channel": "form", "states": ["failed", "retrying"], "reason": "停用" });
    let dropped = app.post(ADMIN, "/api/v1/messages:drop", drop.clone()).await.json();
    assert_eq!(dropped["done"], 2, "{dropped}");
    for id in [&full, &busy] {
        let message = reached(&app, id, "dropped").await;
        let last = message["history"].as_array().unwrap().last().unwrap().clone();
        assert_eq!((&last["repair"]["do"], &last["reason"]), (&json!("drop"), &json!("停用")), "{message}");
    }
    let none = app.post(ADMIN, "/api/v1/messages:drop", drop).await.json();
    assert_eq!((none["items"].as_array().unwrap().len(), &none["done"]), (0, &json!(0)));
    let stats = app.get(ADMIN, "/api/v1/stats").await.json();
    assert_eq!(stats["messages.dropped"], 2, "{stats}");
}
