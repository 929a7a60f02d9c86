//! Cases from outside: acts, lists, files, the public track.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test that cannot go on ends here")]
#![allow(dead_code, reason = "the support of other tests is shared")]

mod support;

use http::StatusCode;
use serde_json::{Value, json};
use support::{ADMIN, App, HANDLER, PETITIONER, Sent, send};

const PROCESS: &str = r#"document: { dsl: '1.0.3', namespace: test, name: case, version: '1.0.0' }
do:
  - open:
      call: case-open:1.0.0@default
      with: { type: complaint, title: '${ .title }', content: '${ . }', channel: form }
  - handling:
      call: case-update:1.0.0@default
      with: { state: handling, unit: 区城管局, due: '2030-01-01T00:00:00Z' }
  - heed:
      listen: { to: { one: { with: { source: /cases, type: cn.yiwang.case.withdraw.v1 } } } }
  - close:
      call: case-close:1.0.0@default
      with: { outcome: withdrawn, fields: { reply: 已撤回 } }
"#;

/// A server with one case; its number.
async fn with_case() -> (App, String) {
    let app = App::start().await;
    app.deploy(PROCESS).await;
    let input = json!({
        "title": "南关小区路灯不亮",
        "petitioner": { "name": "王建国", "phone": "13800000001", "idNo": "341602199001011234" },
    });
    let answer =
        app.post(ADMIN, "/api/v1/instances", json!({ "workflow": "test/case", "input": input })).await;
    assert_eq!(answer.status, StatusCode::CREATED, "{}", answer.text());
    let cases = app.get(ADMIN, "/api/v1/cases").await.json();
    (app, cases["items"][0]["caseNo"].as_str().unwrap().to_owned())
}

async fn act(app: &App, who: &str, no: &str, word: &str, body: Value) -> (u16, Value) {
    let answer = app.post(who, &format!("/api/v1/cases/{no}:{word}"), body).await;
    (answer.status.as_u16(), answer.json())
}

#[tokio::test]
async fn acts_are_answered_with_what_was_decided() {
    let (app, no) = with_case().await;
    let note = json!({ "text": "已联系", "decision": "n1" });
    let (status, first) = act(&app, HANDLER, &no, "note", note.clone()).await;
    assert_eq!((status, &first["act"], &first["by"]), (200, &json!("note"), &json!(HANDLER)), "{first}");
    assert_eq!(act(&app, HANDLER, &no, "note", note).await, (200, first), "twice is once");
    for (who, word, body, status, code) in [
        (HANDLER, "note", json!({ "text": "另一句", "decision": "n1", "x": 1 }), 422, "request.fields"),
        (HANDLER, "urge", json!({ "decision": "n1" }), 409, "resource.conflict"),
        (HANDLER, "note", json!({}), 422, "request.fields"),
        (HANDLER, "note", json!({ "text": "" }), 422, "data.invalid"),
        (HANDLER, "supervise", json!({ "reason": "x" }), 403, "auth.forbidden"),
        (PETITIONER, "note", json!({ "text": "x" }), 403, "auth.forbidden"),
        (ADMIN, "supervise", json!({}), 422, "data.invalid"),
        (ADMIN, "extend", json!({ "due": "tomorrow", "reason": "x" }), 422, "request.fields"),
        (ADMIN, "extend", json!({ "due": "2030-02-01T00:00:00Z", "reason": "x" }), 422, "data.invalid"),
        (ADMIN, "redispatch", json!({ "reason": "x" }), 409, "event.not-expected"),
        (ADMIN, "merge", json!({ "into": "QC-1", "reason": "x" }), 404, "resource.not-found"),
        (ADMIN, "split", json!({ "workflow": "no/such", "content": {} }), 404, "resource.not-found"),
        (ADMIN, "satisfaction", json!({ "score": 6 }), 422, "data.invalid"),
        (ADMIN, "satisfaction", json!({ "score": 5 }), 409, "resource.conflict"),
        (ADMIN, "linked", json!({ "no": "x", "relation": "merged_from" }), 404, "route.unknown"),
        (ADMIN, "flag", json!({ "flag": "gone" }), 422, "request.fields"),
    ] {
        let (got, problem) = act(&app, who, &no, word, body.clone()).await;
        assert_eq!((got, problem["code"].as_str()), (status, Some(code)), "{word} {body}: {problem}");
    }
    let (status, missing) = act(&app, ADMIN, "QC-1", "urge", json!({})).await;
    assert_eq!((status, missing["code"].as_str()), (404, Some("resource.not-found")));
    let sent = Sent::new("POST", &format!("/api/v1/cases/{no}:urge")).bearer(app.token(ADMIN));
    let answer = send(&app, sent.header("if-match", "\"1\"").json(&json!({}))).await;
    assert_eq!(answer.code(), "resource.changed", "{}", answer.text());
    let (status, _) = act(&app, ADMIN, &no, "withdraw", json!({ "reason": "群众撤回" })).await;
    assert_eq!(status, 200);
    let case = app.get(ADMIN, &format!("/api/v1/cases/{no}")).await.json();
    assert_eq!((&case["state"], &case["outcome"]), (&json!("closed"), &json!("withdrawn")));
}

#[tokio::test]
async fn lists_are_searched_and_masked() {
    let (app, no) = with_case().await;
    for (query, found) in [
        ("q=%E8%B7%AF%E7%81%AF", 1),
        ("q=%E6%B0%B4", 0),
        ("q=0001", 1),
        ("q=0002", 0),
        (&*format!("q={no}"), 1),
        ("open=true&sort=due&dueBefore=2031-01-01T00:00:00Z", 1),
        ("dueBefore=2029-01-01T00:00:00Z", 0),
        ("openedFrom=2020-01-01T00:00:00Z&openedUntil=2020-01-02T00:00:00Z", 0),
    ] {
        let list = app.get(HANDLER, &format!("/api/v1/cases?{query}")).await.json();
        assert_eq!(list["items"].as_array().map(Vec::len), Some(found), "{query}: {list}");
    }
    for query in ["sort=gone", "dueBefore=soon", "open=perhaps"] {
        assert_eq!(
            app.get(HANDLER, &format!("/api/v1/cases?{query}")).await.code(),
            "request.query",
            "{query}"
        );
    }
    let list = app.get(HANDLER, "/api/v1/cases").await.json();
    let case = &list["items"][0];
    assert_eq!(case["petitioner"], json!({ "name": "王**", "phone": "138****0001" }));
    let masked = json!({ "name": "王**", "phone": "138****0001", "idNo": "341****1234" });
    assert_eq!(case["content"]["petitioner"], masked);
    let one = app.get(HANDLER, &format!("/api/v1/cases/{no}")).await.json();
    assert_eq!(one["petitioner"]["phone"], json!("13800000001"), "who handles it can call");
    let repeats = app.get(HANDLER, &format!("/api/v1/cases/{no}/repeats")).await.json();
    assert_eq!(repeats["items"], json!([]));
}

#[tokio::test]
async fn a_case_is_shown_as_it_was_known() {
    let (app, no) = with_case().await;
    let before = app.get(HANDLER, &format!("/api/v1/cases/{no}")).await.json();
    let now = app.get(HANDLER, &format!("/api/v1/cases/{no}?asOf=2100-01-01T00:00:00Z")).await.json();
    assert_eq!(now, before, "what its history makes of it");
    let early = app.get(HANDLER, &format!("/api/v1/cases/{no}?asOf=2020-01-01T00:00:00Z")).await;
    assert_eq!((early.status.as_u16(), &*early.code()), (404, "resource.not-found"));
    assert_eq!(app.get(HANDLER, &format!("/api/v1/cases/{no}?asOf=then")).await.code(), "request.query");
}

#[tokio::test]
async fn files_belong_to_cases() {
    let (app, no) = with_case().await;
    let path = format!("/api/v1/cases/{no}/attachments");
    let upload = |name: &str, body: &[u8]| {
        let sent = Sent::new("POST", &format!("{path}?name={name}")).bearer(app.token(HANDLER));
        sent.header("content-type", "text/plain").body(body)
    };
    let answer = send(&app, upload("a.txt", b"lamp")).await;
    assert_eq!(answer.status, StatusCode::OK, "{}", answer.text());
    assert_eq!(send(&app, upload("a.txt", b"")).await.code(), "request.fields");
    let case = app.get(HANDLER, &format!("/api/v1/cases/{no}")).await.json();
    let file = &case["attachments"][0];
    assert_eq!((&file["name"], &file["size"]), (&json!("a.txt"), &json!(4)));
    let digest = file["digest"].as_str().unwrap().strip_prefix("sha256:").unwrap();
    let got = app.get(HANDLER, &format!("{path}/{digest}")).await;
    assert_eq!((got.status, got.text()), (StatusCode::OK, "lamp".to_owned()));
    assert_eq!(got.header("content-disposition"), "attachment; filename*=UTF-8''a.txt");
    assert_eq!(got.header("x-content-type-options"), "nosniff");
    let other = "0".repeat(64);
    assert_eq!(app.get(HANDLER, &format!("{path}/{other}")).await.code(), "resource.not-found");
    let body = json!({ "digest": format!("sha256:{other}"), "name": "b", "mediaType": "a/b", "size": 1 });
    assert_eq!(act(&app, HANDLER, &no, "attach", body).await.0, 404, "a file that is not kept");
    let body = json!({ "digest": format!("sha256:{digest}"), "name": "b", "mediaType": "a/b", "size": 4 });
    assert_eq!(act(&app, HANDLER, &no, "attach", body).await.0, 200);
}

#[tokio::test]
async fn the_public_sees_how_a_case_stands_and_no_more() {
    let (app, no) = with_case().await;
    let case = app.get(HANDLER, &format!("/api/v1/cases/{no}")).await.json();
    let code = case["trackingCode"].as_str().unwrap().to_owned();
    let seen = app.call("GET", &format!("/api/v1/track/{}", code.to_lowercase()), None).await;
    assert_eq!(seen.status, StatusCode::OK, "{}", seen.text());
    let seen = seen.json();
    assert_eq!((&seen["stateText"]["zh"], &seen["reply"]), (&json!("办理中"), &Value::Null));
    let text = seen.to_string();
    for secret in ["王建国", "13800000001", "路灯", "区城管局", &*no] {
        assert!(!text.contains(secret), "{secret} in {text}");
    }
    act(&app, ADMIN, &no, "withdraw", json!({ "reason": "群众撤回" })).await;
    let seen = app.call("GET", &format!("/api/v1/track/{code}"), None).await.json();
    assert_eq!((&seen["reply"], &seen["outcomeText"]["zh"]), (&json!("已撤回"), &json!("已撤回")));
    let unknown = app.call("GET", "/api/v1/track/0000-0000-0000", None).await;
    let wrong = app.call("GET", "/api/v1/track/nothing", None).await;
    assert_eq!(
        (unknown.code(), wrong.code()),
        ("resource.not-found".to_owned(), "resource.not-found".to_owned())
    );
    let mut limited = 0;
    for _ in 0..60 {
        let answer = app.call("GET", "/api/v1/track/0000-0000-0000", None).await;
        limited += usize::from(answer.code() == "request.rate");
    }
    assert!(limited >= 25, "guessing ends: {limited}");
}

#[tokio::test]
async fn nobody_passes_for_the_engine() {
    let (app, no) = with_case().await;
    for (source, r#type) in
        [("/cases", "cn.yiwang.case.withdraw.v1"), ("/clocks", "cn.yiwang.clock.breached.v1")]
    {
        let event = json!({
            "specversion": "1.0", "id": "1", "source": source, "type": r#type, "data": { "caseNo": no },
        });
        let sent = Sent::new("POST", "/api/v1/events").bearer(app.token(ADMIN));
        let sent = sent.header("content-type", "application/cloudevents+json");
        let answer = send(&app, sent.body(event.to_string().as_bytes())).await;
        assert_eq!(answer.code(), "auth.forbidden", "{source}");
    }
}
