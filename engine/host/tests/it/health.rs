//! How a channel does: asked at most once a minute, and what a hostile answer costs.

use std::collections::BTreeMap;

use serde_json::json;
use yiwang_runtime::ports::{ChannelHealth, Channels as _, HealthStatus};

use crate::support::{Fixture, NOW, plugin};

async fn titled(title: &str) -> Fixture {
    Fixture::new(&plugin("hostile"), &json!({ "title": title })).await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_channel_is_asked_once_a_minute_and_the_list_says_what_it_said() {
    let host = titled("x").await;
    assert_eq!(host.host.list()[0].health, None, "not asked yet");
    let at = |seconds: u64| NOW.plus_millis(seconds * 1000);
    let first = host.host.health("test", at(0)).await.unwrap();
    let details = BTreeMap::from([("asked".to_owned(), NOW.0.to_string())]);
    let message = "the provider is away".to_owned();
    assert_eq!(first, ChannelHealth { status: HealthStatus::Down, message, details, at: at(0) });
    assert_eq!(host.host.list()[0].health, Some(first.clone()));
    assert_eq!(host.host.health("test", at(59)).await, Some(first), "what it said a moment ago");
    assert_eq!(host.host.health("test", at(60)).await.map(|said| said.at), Some(at(60)));
    assert_eq!(
        host.host.health("test", at(30)).await.map(|said| said.at),
        Some(at(30)),
        "the clock went back"
    );
    assert_eq!(host.host.health("nobody", at(0)).await, None);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_channel_that_breaks_down_when_asked_is_down() {
    for (title, code) in [("panic", "(plugin.trap)"), ("loop", "(plugin.timeout)")] {
        let said = titled(title).await.host.health("test", NOW).await.unwrap();
        assert_eq!(said.status, HealthStatus::Down);
        assert!(said.message.contains(code), "{}", said.message);
    }
    let said = titled("long").await.host.health("test", NOW).await.unwrap();
    assert_eq!((said.status, said.message.len()), (HealthStatus::Degraded, 500));
    let details: Vec<_> = said.details.iter().map(|(name, value)| (name.as_str(), value.len())).collect();
    assert_eq!(details, [("ab", 100)]);
}
