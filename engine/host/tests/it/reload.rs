//! Channels are read again while they work: all or nothing, and what has begun ends as it began.

use std::path::PathBuf;
use std::sync::{Arc, Mutex};

use serde_json::{Value, json};
use yiwang_host::{ChannelConfig, Config, Configured, Host, Memory};
use yiwang_runtime::ports::Channels as _;

use crate::support::{plugin, post};

fn channel(id: &str, greeting: &Value, enabled: bool) -> ChannelConfig {
    let value = json!({
        "id": id, "title": id, "plugin": "my-channel", "config": {"greeting": greeting}, "enabled": enabled
    });
    serde_json::from_value(value).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn what_has_begun_ends_as_it_began() {
    let written = Arc::new(Mutex::new(vec![channel("one", &json!("一"), true)]));
    let folder = tempfile::tempdir().unwrap();
    let components = plugin("my-channel").wasm.parent().unwrap().to_owned();
    let mut config = Config::new(components, folder.path().to_owned(), Arc::new(Memory::default()));
    config.cache = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("plugin-cache");
    config.pooling = false;
    config.channels = written.lock().unwrap().clone();
    let source = Arc::clone(&written);
    config.source =
        Some(Arc::new(move || Ok(Configured { channels: source.lock().unwrap().clone(), lock: None })));
    let host = Host::start(config).await.unwrap();
    let write = |channels: Vec<ChannelConfig>| *written.lock().unwrap() = channels;
    let call = |id: &'static str| host.receive(id, post("/", "application/json", r#"{"text":"x"}"#));
    let body = |received: yiwang_runtime::ports::Received| {
        String::from_utf8(received.response.body.to_vec()).unwrap()
    };

    // The call is made before the reload, and runs after it.
    let begun = call("one");
    write(vec![channel("one", &json!("二"), true), channel("two", &json!("三"), true)]);
    assert_eq!(host.reload().await.unwrap().len(), 2);
    assert_eq!(body(begun.await.unwrap()), "一");
    assert_eq!(body(call("one").await.unwrap()), "二");
    assert_eq!(body(call("two").await.unwrap()), "三");

    // One that would break keeps all as they are.
    write(vec![channel("one", &json!(1), true), channel("two", &json!("四"), true)]);
    let reasons = host.reload().await.unwrap_err();
    assert!(reasons.len() == 1 && reasons[0].contains("channel `one`: config/greeting"), "{reasons:?}");
    assert_eq!(body(call("two").await.unwrap()), "三");

    // One that is switched off, and one that is taken away.
    let begun = call("two");
    write(vec![channel("one", &json!("五"), false)]);
    host.reload().await.unwrap();
    assert_eq!(body(begun.await.unwrap()), "三");
    assert_eq!(call("one").await.unwrap_err().code, "channel.not-ready");
    assert_eq!(call("two").await.unwrap_err().code, "channel.unknown");
}
