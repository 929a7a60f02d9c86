//! The logic, natively, against the fake host. The fixtures run the component.

use yiwang_sdk::fake;
use yiwang_sdk::prelude::*;
use yiwang_sdk::serde_json::{Value, from_slice, from_str, json};

use crate::WebForm;

fn host() -> fake::Host {
    host_with(json!({}))
}

fn host_with(more: Value) -> fake::Host {
    let mut config = json!({
        "channel": "photo-report",
        "photoTypes": ["image/jpeg"],
        "category": ["市容环境"],
        "extraFields": [{"name": "grid", "label": "网格", "required": false}],
    });
    for (key, value) in more.as_object().unwrap() {
        config[key] = value.clone();
    }
    fake::Host::new().config(config)
}

fn call(host: &fake::Host, request: HttpRequest) -> Result<Outcome, Failure> {
    WebForm::webhook(host, &host.context(), request)
}

fn send(host: &fake::Host, body: &Value) -> Outcome {
    call(host, fake::post("/", "application/json", &body.to_string())).unwrap()
}

fn data(outcome: &Outcome) -> Value {
    from_str(&outcome.events[0].data).unwrap()
}

/// The pointers and codes of the mistakes in an answer.
fn mistakes(outcome: &Outcome) -> Vec<String> {
    assert_eq!(outcome.response.status, 422);
    assert!(outcome.events.is_empty());
    let problem: Value = from_slice(outcome.response.bytes()).unwrap();
    let errors = problem["errors"].as_array().unwrap();
    errors
        .iter()
        .map(|e| format!("{} {}", e["pointer"].as_str().unwrap(), e["code"].as_str().unwrap()))
        .collect()
}

#[test]
fn json_becomes_an_intake_with_the_defaults_of_the_channel() {
    let outcome = send(
        &host(),
        &json!({
            "clientId": "app-1", "content": "薛阁街道南关小区路灯不亮三天了。请修复", "occurredAt": "2024-06-04 14:30",
            "location": {"lat": 33.8446, "lon": 115.779, "crs": "GCJ-02"},
            "petitioner": {"name": "王某", "phone": "138-0000-0000", "confidential": true}, "extra": {"grid": "03"}
        }),
    );
    assert_eq!(outcome.response.status, 202);
    assert_eq!(
        data(&outcome),
        json!({
            "externalId": "app-1", "channel": "photo-report", "kind": "complaint",
            "title": "薛阁街道南关小区路灯不亮三天了", "content": "薛阁街道南关小区路灯不亮三天了。请修复",
            "category": ["市容环境"], "occurredAt": "2024-06-04T14:30:00+08:00",
            "location": {"lat": 33.8446, "lon": 115.779, "crs": "GCJ-02"},
            "petitioner": {"name": "王某", "phone": "138-0000-0000", "confidential": true}, "extra": {"grid": "03"}
        })
    );
    let receipt: Value = from_slice(outcome.response.bytes()).unwrap();
    assert_eq!(receipt["receipt"], outcome.events[0].id.as_str());
}

#[test]
fn all_mistakes_come_at_once_with_their_pointers() {
    let host = host_with(json!({"required": ["petitioner.phone", "photos", "title"]}));
    let outcome = send(
        &host,
        &json!({
            "content": "  ", "kind": "骂人", "occurredAt": "昨天", "location": {"lat": 99, "lon": 1, "z": 0},
            "petitioner": {"phone": "abc", "id": 1}, "extra": {"grid": 3, "x": 1}, "filepath": "/etc/passwd"
        }),
    );
    assert_eq!(
        mistakes(&outcome),
        [
            "/filepath unknown-field",
            "/content required",
            "/title required",
            "/kind unknown-value",
            "/occurredAt not-a-time",
            "/location/z unknown-field",
            "/location/lat not-a-coordinate",
            "/location/crs unknown-value",
            "/petitioner/id unknown-field",
            "/petitioner/phone not-a-phone",
            "/extra/x unknown-field",
            "/extra/grid wrong-type",
            "/photos required",
        ]
    );
}

#[test]
fn a_form_with_photos_becomes_attachments() {
    let photo = fake::blob("image/jpeg", Some("灯.jpg"), b"jpeg");
    let request = fake::form(
        "/",
        &[("content", "路灯坏了"), ("petitioner.anonymous", "on"), ("petitioner.phone", "13800000000")],
        &[("photos", photo.clone())],
    );
    let outcome = call(&host(), request).unwrap();
    let data = data(&outcome);
    assert_eq!(data["attachments"][0]["digest"], photo.digest.as_str());
    assert_eq!(data["petitioner"], json!({"anonymous": true}), "who wants to stay unknown leaves no number");
    assert_eq!(outcome.events[0].attachments, [photo]);
}

#[test]
fn photos_are_counted_and_their_types_checked() {
    let files: Vec<(&str, BlobRef)> =
        (0..3).map(|at| ("photos", fake::blob("image/jpeg", Some("a"), &[at]))).collect();
    let host = host_with(json!({"photosMax": 2}));
    assert_eq!(
        mistakes(&call(&host, fake::form("/", &[("content", "x")], &files)).unwrap()),
        ["/photos too-many"]
    );
    let page = fake::blob("text/html", Some("a.jpg"), b"<script>");
    assert_eq!(
        mistakes(&call(&host, fake::form("/", &[("content", "x")], &[("photos", page)])).unwrap()),
        ["/photos/0 unsupported-type"]
    );
    let other = fake::form("/", &[("content", "x")], &[("other", fake::blob("image/jpeg", None, b"x"))]);
    assert_eq!(call(&host, other).unwrap_err().code, "intake.invalid");
}

#[test]
fn the_same_report_has_one_id_and_a_changed_one_another() {
    let host = host();
    let id = |body: Value| send(&host, &body).events[0].id.clone();
    let first = id(json!({"clientId": "a", "content": "x"}));
    assert_eq!(id(json!({"content": "x", "clientId": "a"})), first, "order of keys does not matter");
    assert_ne!(id(json!({"clientId": "a", "content": "y"})), first, "gone back and changed: heard again");
    assert_ne!(id(json!({"clientId": "b", "content": "x"})), first);
}

#[test]
fn without_a_client_id_the_window_decides() {
    let host = host();
    let id = || send(&host, &json!({"content": "x"})).events[0].id.clone();
    let first = id();
    host.advance(9 * 60_000);
    assert_eq!(id(), first);
    host.advance(2 * 60_000);
    assert_ne!(id(), first);
}

#[test]
fn the_header_is_an_id_too() {
    let host = host();
    let mut request = fake::post("/", "application/json", r#"{"content":"x"}"#);
    request.headers.push(Header { name: "idempotency-key".into(), value: "r1".into() });
    let by_header = call(&host, request).unwrap();
    assert_eq!(by_header.events[0].id, send(&host, &json!({"content": "x", "clientId": "r1"})).events[0].id);
}

#[test]
fn bodies_that_are_no_report_are_refused() {
    let code =
        |content_type: &str, body: &str| call(&host(), fake::post("/", content_type, body)).unwrap_err().code;
    assert_eq!(code("text/plain", "x"), "channel.unsupported-media-type");
    assert_eq!(code("application/json", "[]"), "channel.malformed-body");
    assert_eq!(code("application/json", r#"{"content":"a","content":"b"}"#), "channel.malformed-body");
    assert_eq!(code("application/json", &"[".repeat(10_000)), "channel.malformed-body");
    assert_eq!(call(&host(), fake::get("/x")).unwrap_err().code, "channel.no-such-path");
    let mut put = fake::get("/");
    put.method = "PUT".into();
    assert_eq!(call(&host(), put).unwrap_err().code, "channel.method-not-allowed");
}

#[test]
fn the_page_is_safe_and_keeps_what_was_written() {
    let host = host_with(json!({"title": "<b>随手拍</b>", "intro": "\"引言\""}));
    let page = call(&host, fake::get("/")).unwrap().response;
    let html = String::from_utf8(page.bytes().to_vec()).unwrap();
    assert!(html.contains("lang=\"zh-CN\"") && html.contains("&lt;b&gt;随手拍") && !html.contains("<script"));
    assert!(page.header("content-security-policy").is_some());

    let mut wrong =
        fake::form("/", &[("content", "<script>alert(1)</script>"), ("petitioner.phone", "x\"y")], &[]);
    wrong.headers.push(Header { name: "accept".into(), value: "text/html".into() });
    let answer = call(&host, wrong).unwrap().response;
    let html = String::from_utf8(answer.bytes().to_vec()).unwrap();
    assert_eq!(answer.status, 422);
    assert!(html.contains("&lt;script&gt;alert(1)") && html.contains("value=\"x&quot;y\""), "{html}");
    assert!(html.contains("role=\"alert\"") && html.contains("href=\"#f-petitioner-phone\""));
}

#[test]
fn a_browser_gets_a_receipt_page() {
    let mut request = fake::form("/", &[("content", "x")], &[]);
    request.headers.push(Header { name: "accept".into(), value: "text/html,*/*".into() });
    let outcome = call(&host(), request).unwrap();
    let html = String::from_utf8(outcome.response.bytes().to_vec()).unwrap();
    assert!(html.contains(&outcome.events[0].id));
}

#[test]
fn feedback_arrives_as_such() {
    let host = host();
    let body = json!({"caseNo": "qc-20240604-000123", "satisfied": false, "score": 2, "reason": "没有修好"});
    let outcome = call(&host, fake::post("/feedback", "application/json", &body.to_string())).unwrap();
    assert_eq!(outcome.events[0].event_type, "cn.yiwang.intake.feedback.v1");
    assert_eq!(
        data(&outcome),
        json!({"caseNo": "QC-20240604-000123", "satisfied": false, "score": 2, "reason": "没有修好"})
    );
    let wrong = fake::form("/feedback", &[("caseNo", "1"), ("score", "9"), ("x", "y")], &[]);
    assert_eq!(
        mistakes(&call(&host, wrong).unwrap()),
        ["/x unknown-field", "/caseNo not-a-case-number", "/satisfied required", "/score out-of-range"]
    );
}

#[test]
fn configurations_that_cannot_work_are_named() {
    let problems = WebForm::validate_config(&json!({
        "channel": "x", "required": ["photos"], "photosMax": 0,
        "extraFields": [{"name": "a", "label": "A", "type": "select"}, {"name": "a", "label": "B"}]
    }));
    let pointers: Vec<&str> = problems.iter().map(|problem| problem.pointer.as_str()).collect();
    assert_eq!(pointers, ["/extraFields/0/options", "/extraFields/1/name", "/photosMax"]);
}
