//! Asking a channel for what is new: what a good page gives, and what a hostile one costs.

use serde_json::json;
use yiwang_runtime::ports::{Channels as _, Poll, PollFailed, Polled, PolledPage};

use crate::support::{Fixture, NOW, plugin};

async fn poller(channel: serde_json::Value) -> Fixture {
    Fixture::new(&plugin("hostile"), &channel).await
}

async fn asked(host: &Fixture, cursor: Option<&str>) -> Result<PolledPage, PollFailed> {
    assert_eq!(host.problem(), None);
    let poll = Poll { cursor: cursor.map(str::to_owned), events_max: 7, attempt: 3, now: NOW };
    host.host.poll("test", poll).await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_page_has_events_of_the_channel_and_what_comes_next() {
    let host = poller(json!({"pollSeconds": 300, "grants": {"blobs": true}})).await;
    assert_eq!(host.host.polled(), [Polled { channel: "test".to_owned(), every: 300_000 }]);
    let page = asked(&host, None).await.unwrap();
    let ids: Vec<&str> = page.events.iter().map(|it| it.event.id.as_str()).collect();
    assert_eq!(ids, ["3", "7"], "the attempt, and how many are wanted");
    assert!(page.events.iter().all(|it| it.event.source == "/channels/test" && it.event.time == NOW));
    assert_eq!((page.cursor.as_deref(), page.more, page.next_after), (Some("next"), true, Some(90_000)));
    let last = asked(&host, page.cursor.as_deref()).await.unwrap();
    assert!(last.events.is_empty() && !last.more);
    assert_eq!((last.cursor.as_deref(), last.next_after), (Some("next"), None), "the cursor was handed over");
    assert_eq!(asked(&host, Some("file")).await.unwrap().events.len(), 1, "a file that the call has made");
    let longest = asked(&host, Some("never")).await.unwrap().next_after;
    assert_eq!(longest, Some(24 * 3600 * 1000), "nobody is forgotten for ever");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_page_that_is_none_has_a_code_and_the_next_call_works() {
    let host = poller(json!({})).await;
    for (cursor, code, parks, retry_after) in [
        ("panic", "plugin.trap", false, None),
        ("many", "plugin.invalid-output", false, None),
        ("type", "plugin.invalid-output", false, None),
        ("long-cursor", "plugin.invalid-output", false, None),
        ("zero-cursor", "plugin.invalid-output", false, None),
        ("stranger", "plugin.invalid-output", false, None),
        ("retry", "test.later", false, Some(7_000)),
        ("misconfigured", "test.setup", true, None),
    ] {
        let failed = asked(&host, Some(cursor)).await.map(|page| page.cursor).unwrap_err();
        assert_eq!((&*failed.code, failed.parks, failed.retry_after), (code, parks, retry_after), "{cursor}");
        assert!(asked(&host, None).await.is_ok(), "after {cursor}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_endless_question_is_stopped_at_the_plugins_own_limit() {
    let host = poller(json!({})).await;
    let failed = asked(&host, Some("loop")).await.map(|page| page.cursor).unwrap_err();
    assert_eq!(failed.code, "plugin.timeout");
}

#[tokio::test(flavor = "multi_thread")]
async fn how_often_is_bounded_and_only_pollers_are_asked() {
    for wrong in [json!({"pollSeconds": 9}), json!({"pollSeconds": 1_000_000_000})] {
        let host = poller(wrong).await;
        let problem = host.problem().unwrap();
        assert!(problem.contains("pollSeconds"), "{problem}");
        assert_eq!(host.host.polled(), []);
        let poll = Poll { cursor: None, events_max: 1, attempt: 1, now: NOW };
        let failed = host.host.poll("test", poll).await.map(|page| page.cursor).unwrap_err();
        assert_eq!((&*failed.code, failed.parks), ("channel.not-ready", true));
    }
    let form = Fixture::new(&plugin("web-form"), &json!({"grants": {"kv": true, "blobs": true}})).await;
    assert_eq!(form.host.polled(), []);
    let poll = Poll { cursor: None, events_max: 1, attempt: 1, now: NOW };
    assert!(form.host.poll("test", poll).await.is_err_and(|failed| failed.parks));
}
