//! What comes in is checked before a plugin sees it.

use serde_json::{Value, json};
use yiwang_runtime::ports::Channels as _;

use crate::support::{Fixture, MULTIPART, multipart, plugin, post};

async fn form() -> Fixture {
    let channel = json!({"config": {"channel": "test", "photoTypes": ["image/jpeg"]}, "grants": {"kv": true, "blobs": true}});
    Fixture::new(&plugin("web-form"), &channel).await
}

const JPEG: &[u8] = b"\xff\xd8\xff\xe0 not much of a picture";

#[tokio::test(flavor = "multi_thread")]
async fn a_photo_is_kept_and_referred_to() {
    let host = form().await;
    let photo = ("photos", Some(("../../lamp.jpg", "image/jpeg")), JPEG);
    let body = multipart(&[("content", None, "路灯不亮".as_bytes()), photo]);
    let received = host.receive(post("/", MULTIPART, body)).await.unwrap();
    let data: Value = received.events[0].event.data.to_json();
    let digest = data["attachments"][0]["digest"].as_str().unwrap();
    assert_eq!(data["attachments"][0]["fileName"], "lamp.jpg");
    assert_eq!(std::fs::read(host.host.file(digest).unwrap()).unwrap(), JPEG);
    assert_eq!(received.events[0].event.source, "/channels/test");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_pretends_to_be_something_else_is_refused() {
    let host = form().await;
    let json = r#"{"content":"x"}"#;
    // JSON that says it is a form; two content types; a picture that is none; a boundary that never comes.
    assert_eq!(host.refused(post("/", MULTIPART, json)).await, "400 request.malformed-form");
    assert_eq!(host.refused(post("/", "multipart/form-data", json)).await, "400 request.malformed-form");
    let mut two = post("/", "application/json", json);
    two.headers.push(("Content-Type".to_owned(), MULTIPART.to_owned()));
    assert_eq!(host.refused(two).await, "400 request.ambiguous-content-type");
    let page = multipart(&[("content", None, b"x"), ("photos", Some(("a.jpg", "image/jpeg")), b"<script>")]);
    assert_eq!(host.refused(post("/", MULTIPART, page)).await, "422 intake.invalid");
    let path = r#"{"content":"x","photos":[{"filepath":"/etc/passwd"}]}"#;
    assert_eq!(host.refused(post("/", "application/json", path)).await, "422 intake.invalid");
}

#[tokio::test(flavor = "multi_thread")]
async fn too_much_is_refused_before_the_plugin() {
    let host = form().await;
    assert_eq!(
        host.refused(post("/", "text/plain", vec![b'x'; (25 << 20) + 1])).await,
        "413 request.body-too-large"
    );
    assert_eq!(
        host.refused(post("/", "application/json", vec![b' '; (2 << 20) + 1])).await,
        "413 request.body-too-large"
    );
    let deep = "[".repeat(10_000);
    assert_eq!(host.refused(post("/", "application/json", deep)).await, "400 request.json-too-deep");
    let parts: Vec<_> = (0..101).map(|_| ("a", None, &b"x"[..])).collect();
    assert_eq!(host.refused(post("/", MULTIPART, multipart(&parts))).await, "413 request.too-many-fields");
    let mut headers = post("/", "application/json", "{}");
    headers.headers.extend((0..40_000).map(|n| (format!("x-{n}"), String::new())));
    assert_eq!(host.refused(headers).await, "431 request.too-many-headers");
    let long = "x".repeat((256 << 10) + 1);
    let field = multipart(&[("content", None, long.as_bytes())]);
    assert_eq!(host.refused(post("/", MULTIPART, field)).await, "413 request.field-too-large");
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_grant_no_file_is_kept() {
    let channel = json!({"config": {"channel": "test"}, "grants": {"kv": true}});
    let host = Fixture::new(&plugin("web-form"), &channel).await;
    let body = multipart(&[("content", None, b"x"), ("photos", Some(("a.jpg", "image/jpeg")), JPEG)]);
    assert_eq!(host.refused(post("/", MULTIPART, body)).await, "415 request.files-not-taken");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_channel_that_cannot_work_says_why_and_the_others_do() {
    let wrong = json!({"config": {"channel": "x", "colour": "red"}});
    let right = json!({"config": {"channel": "x"}, "grants": {"kv": true}});
    let plugin_problem = json!({"config": {"channel": "x", "required": ["photos"], "photosMax": 0}});
    let channels = [("wrong", &wrong), ("test", &right), ("odd", &plugin_problem)];
    let host = Fixture::with(&plugin("web-form"), &channels).await.host;
    let problem = |id: &str| host.list().into_iter().find(|channel| channel.id == id).unwrap().problem;
    assert!(problem("wrong").unwrap().contains("colour"));
    assert!(problem("odd").unwrap().contains("config/photosMax"));
    assert_eq!(problem("test"), None);
    let call = |id: &'static str| host.receive(id, post("/", "application/json", r#"{"content":"x"}"#));
    assert_eq!(call("test").await.unwrap().response.status, 202);
    assert_eq!(call("wrong").await.unwrap_err().code, "channel.not-ready");
    assert_eq!(call("nobody").await.unwrap_err().code, "channel.unknown");
}
