//! Plugins that bring an interpreter, in the allocator that the server uses: many parts, several memories.

use std::sync::Arc;

use serde_json::json;

use crate::support::{Fixture, plugins, post};

/// More at once than a channel may have.
const CROWD: usize = 24;

#[tokio::test(flavor = "multi_thread")]
#[allow(clippy::print_stderr, reason = "people read why a part of a test was skipped")]
async fn the_pool_has_room_for_interpreters() {
    for name in ["my-javascript-channel", "my-python-channel"] {
        // At a desk without its tools it is not there; in CI `plugins` has failed then.
        let Some(plugin) = plugins().into_iter().find(|plugin| plugin.name == name) else {
            eprintln!("skipped: {name} cannot be built here");
            continue;
        };
        let host = Arc::new(Fixture::pooled(&plugin, &json!({"config": {"greeting": "您好"}})).await);
        let crowd: Vec<_> = (0..CROWD)
            .map(|number| {
                let host = Arc::clone(&host);
                let body = json!({"text": format!("第{number}件")}).to_string();
                tokio::spawn(async move { host.receive(post("/", "application/json", body)).await })
            })
            .collect();
        for call in crowd {
            let received = call.await.unwrap().unwrap();
            assert_eq!((received.response.status, &received.response.body[..]), (202, "您好".as_bytes()));
            assert_eq!(received.events.len(), 1, "{name}: of its own request only");
        }
        assert_eq!(host.refused(post("/", "application/json", "{}")).await, format!("422 {name}.no-text"));
    }
}
