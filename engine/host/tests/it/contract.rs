//! Plugins that were built against older versions of the contract go on working. The components in this folder
//! were released once and are never built again; a new version of `sdk/wit` adds its own.

use serde_json::json;
use yiwang_core::effect::Message;
use yiwang_core::input::EffectOutcome;
use yiwang_core::{EffectId, InstanceId};
use yiwang_host::Inspection;
use yiwang_runtime::ports::{Channels as _, Delivery, HealthStatus, Poll};

use crate::support::{Fixture, NOW, older, post};

/// Everything of 0.1.0 that a plugin can export, and every import with a resource, a record or a variant.
#[tokio::test(flavor = "multi_thread")]
async fn a_plugin_of_the_first_version_is_served_as_ever() {
    let plugin = older("0.1.0", "hostile");
    assert_eq!(Inspection::of(&plugin.wasm).unwrap().wit, "yiwang:channel@0.1.0");
    let channel = json!({
        "grants": {"blobs": true, "kv": true, "secrets": ["bound"]},
        "secrets": {"seen": "s1", "bound": "s2"},
    });
    let host = Fixture::new(&plugin, &channel).await;
    let received = host.receive(post("/ok", "text/plain", "")).await.unwrap();
    assert_eq!((received.events.len(), received.reports.len()), (1, 0));
    let says = async |path: &str| {
        let received = host.receive(post(path, "text/plain", "")).await.unwrap();
        String::from_utf8(received.response.body.to_vec()).unwrap()
    };
    assert_eq!(says("/blob").await, "Err(BlobError::NotFound)");
    assert_eq!(says("/handles").await, "100", "files are made, up to the limit");
    assert_eq!(says("/kv").await, "Ok(()) Err(KvError::QuotaExceeded) Err(KvError::InvalidKey)");
    let fetched = says("/fetch").await;
    assert!(fetched.starts_with("Err(HttpError::InvalidRequest("), "{fetched}");
    for (path, refused) in [
        ("/memory", "500 plugin.out-of-memory"),
        ("/panic", "500 plugin.trap"),
        ("/events", "500 plugin.invalid-output"),
        ("/random", "500 plugin.trap"),
        ("/nothing", "400 test.refused"),
    ] {
        assert_eq!(host.refused(post(path, "text/plain", "")).await, refused, "{path}");
    }

    let poll = |cursor: Option<&str>| Poll {
        cursor: cursor.map(str::to_owned),
        events_max: 7,
        attempt: 3,
        now: NOW,
    };
    let page = host.host.poll("test", poll(None)).await.unwrap();
    assert_eq!((page.events.len(), page.reports.len(), page.cursor.as_deref()), (2, 0, Some("next")));
    assert_eq!(page.next_after, Some(90_000));
    assert_eq!(host.host.poll("test", poll(Some("file"))).await.unwrap().events.len(), 1);

    let message: Message = serde_json::from_value(
        json!({"recipient_kind": "mobile", "recipient": "1", "params": {}, "body": "x"}),
    )
    .unwrap();
    let effect = EffectId { instance: InstanceId(7), n: 1 };
    let sent = host.host.send("test", Delivery { effect, attempt: 1, message, now: NOW }).await;
    let EffectOutcome::Done { output, .. } = sent else { panic!("{sent:?}") };
    assert_eq!(output.to_json(), json!({"providerId": effect.to_string(), "state": "accepted"}));
    assert_eq!(host.host.health("test", NOW).await.map(|said| said.status), Some(HealthStatus::Up));
}
