//! Values of channels, tokens, deployments and schedules.

use std::collections::BTreeMap;

use yiwang_core::{InstanceId, Timestamp};
use yiwang_dsl::definition::DefinitionHash;
use yiwang_runtime::ports::{
    Batch, CommitError, DeploymentRow, Disposition, KeyValue, PollCursor, Query, ScheduleRow, Store,
    TokenRow, Tokens,
};

use crate::rows::{arrival, batch, fresh, workflow};

#[tokio::test]
async fn values_expire_and_are_set_only_once_where_wanted() {
    let fresh = fresh().await;
    let store = &fresh.store;
    let at = |at| Some(Timestamp(at));
    assert!(store.set("wechat", "token", b"one".to_vec(), at(100), None).await.unwrap());
    assert_eq!(store.get("wechat", "token", Timestamp(99)).await.unwrap(), Some(b"one".to_vec()));
    assert_eq!(store.get("wechat", "token", Timestamp(100)).await.unwrap(), None);
    assert_eq!(store.get("sms", "token", Timestamp(0)).await.unwrap(), None);
    assert!(!store.set("wechat", "token", b"two".to_vec(), None, at(99)).await.unwrap());
    assert!(store.set("wechat", "token", b"two".to_vec(), None, at(100)).await.unwrap());
    assert!(!store.set("wechat", "token", b"x".to_vec(), None, at(i64::MAX)).await.unwrap());
    assert_eq!(store.used("wechat").await.unwrap(), 8);
    store.set("wechat", "nonce", vec![0; 10], at(500), None).await.unwrap();
    assert_eq!(store.used("wechat").await.unwrap(), 23);
    store.commit(Batch { now: Timestamp(500), ..batch([]) }).await.unwrap();
    assert_eq!(store.used("wechat").await.unwrap(), 8, "a commit sweeps what has expired");
    store.delete("wechat", "token").await.unwrap();
    store.delete("wechat", "token").await.unwrap();
    assert_eq!(store.used("wechat").await.unwrap(), 0);
}

#[tokio::test]
async fn tokens_are_found_by_hash_and_revoked_by_id() {
    let fresh = fresh().await;
    let token = |id: &str, hash: &str| TokenRow {
        id: id.to_owned(),
        hash: hash.to_owned(),
        person: "zhang".to_owned(),
        roles: vec!["handler@城管局".to_owned()],
        created: Timestamp(1),
        expires: Some(Timestamp(2)),
    };
    fresh.store.add_token(token("t1", "h1")).await.unwrap();
    assert!(fresh.store.add_token(token("t1", "h2")).await.is_err());
    assert!(fresh.store.add_token(token("t2", "h1")).await.is_err());
    let fresh = fresh.tampered("SELECT 1").await;
    assert_eq!(fresh.store.token("h1").await.unwrap(), Some(token("t1", "h1")));
    assert_eq!(fresh.store.token("h2").await.unwrap(), None);
    assert_eq!(fresh.store.tokens().await.unwrap(), [token("t1", "h1")]);
    assert!(fresh.store.revoke_token("t1").await.unwrap());
    assert!(!fresh.store.revoke_token("t1").await.unwrap());
    assert_eq!(fresh.store.token("h1").await.unwrap(), None);
}

#[tokio::test]
async fn deployments_and_schedules_read_back() {
    let fresh = fresh().await;
    let deployment = |hash: &str, name: &str| DeploymentRow {
        hash: DefinitionHash(hash.into()),
        id: workflow(name),
        source: "document: {}".into(),
        forms: BTreeMap::from([("forms/x".to_owned(), serde_json::json!({ "type": "object" }))]),
        resources: BTreeMap::from([("https://a.cn/f.yaml".to_owned(), "set: {}".into())]),
        at: Timestamp(5),
        by: "admin".to_owned(),
    };
    let schedule = |fired, run: Option<u64>| ScheduleRow {
        workflow: "district/return".to_owned(),
        fired: Timestamp(fired),
        run: run.map(InstanceId),
        paused: None,
    };
    let rows = vec![deployment("b", "complaint"), deployment("a", "return")];
    let first = Batch { deployments: rows.clone(), schedules: vec![schedule(1, None)], ..batch([]) };
    fresh.store.commit(first).await.unwrap();
    assert_eq!(fresh.store.deployments().await.unwrap(), rows, "oldest first");
    let second = Batch { schedules: vec![schedule(2, Some(7))], ..batch([]) };
    fresh.store.commit(second).await.unwrap();
    assert_eq!(fresh.store.schedules().await.unwrap(), [schedule(2, Some(7))]);
    for taken in [deployment("a", "third"), deployment("c", "complaint")] {
        let error = fresh.store.commit(Batch { deployments: vec![taken], ..batch([]) }).await.unwrap_err();
        assert!(matches!(error, CommitError::Conflict { .. }), "{error}");
    }
}

#[tokio::test]
async fn a_cursor_is_stored_with_its_events_or_not_at_all() {
    let fresh = fresh().await;
    let page = |n: u64, cursor: Option<&str>| Batch {
        arrivals: vec![arrival(n, &n.to_string(), Disposition::Pending)],
        poll_cursors: vec![cursor_row("board", cursor, 1)],
        ..batch([])
    };
    fresh.store.commit(page(1, Some("a"))).await.unwrap();
    // The inbox has number 1 already: nothing of this page is stored.
    let error = fresh.store.commit(page(1, Some("b"))).await.unwrap_err();
    assert!(matches!(error, CommitError::Conflict { .. }), "{error}");
    assert_eq!(fresh.store.poll_cursors().await.unwrap(), [cursor_row("board", Some("a"), 1)]);
    let alone = vec![cursor_row("board", Some("b"), 2), cursor_row("another", None, 2)];
    fresh.store.commit(Batch { poll_cursors: alone, ..batch([]) }).await.unwrap();
    let fresh = fresh.tampered("SELECT 1").await;
    let stored = fresh.store.poll_cursors().await.unwrap();
    assert_eq!(stored, [cursor_row("another", None, 2), cursor_row("board", Some("b"), 2)]);
    assert_eq!(fresh.store.inbox(false, Default::default()).await.unwrap().items.len(), 1);
}

fn cursor_row(channel: &str, cursor: Option<&str>, at: i64) -> PollCursor {
    PollCursor { channel: channel.to_owned(), cursor: cursor.map(str::to_owned), at: Timestamp(at) }
}
