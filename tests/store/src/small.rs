//! Key-value state and tokens.

use yiwang_core::reference::Kind;
use yiwang_runtime::ports::{Batch, CommitError, Disposition, PollCursor, ScheduleRow, TokenRow};

use crate::Ports;
use crate::rows::{NOW, at, cursor, inbox, page, reference};

/// A value is there until it expires.
pub async fn values_expire_and_are_measured(store: &dyn Ports) {
    assert_eq!(store.get("wechat", "token", NOW).await.unwrap(), None);
    assert!(store.set("wechat", "token", vec![0, 255, 7], Some(at(10)), None).await.unwrap());
    assert_eq!(store.get("wechat", "token", at(9)).await.unwrap(), Some(vec![0, 255, 7]));
    assert_eq!(store.get("wechat", "token", at(10)).await.unwrap(), None);
    assert_eq!(store.used("wechat").await.unwrap(), 8, "key and value");
    assert!(store.set("wechat", "token", vec![1], None, None).await.unwrap());
    assert_eq!(store.get("wechat", "token", at(1_000_000)).await.unwrap(), Some(vec![1]));
    assert_eq!(store.used("wechat").await.unwrap(), 6);
    store.delete("wechat", "token").await.unwrap();
    store.delete("wechat", "token").await.unwrap();
    assert_eq!(
        (store.get("wechat", "token", NOW).await.unwrap(), store.used("wechat").await.unwrap()),
        (None, 0)
    );
}

/// An expired one counts as absent, and is thrown away.
pub async fn a_value_is_set_only_if_absent(store: &dyn Ports) {
    let set = |key, value, now| store.set("web", key, vec![value], Some(at(10)), Some(now));
    assert!(set("nonce", 1, NOW).await.unwrap());
    assert!(!set("nonce", 2, at(9)).await.unwrap());
    assert_eq!(store.get("web", "nonce", at(9)).await.unwrap(), Some(vec![1]));
    assert!(store.set("web", "nonce", vec![3], Some(at(99)), Some(at(10))).await.unwrap());
    assert_eq!(store.get("web", "nonce", at(20)).await.unwrap(), Some(vec![3]));
    for n in 0..50 {
        store.set("web", &format!("n{n}"), vec![0; 100], Some(at(100 + n)), None).await.unwrap();
    }
    // What has expired is thrown away with the next commit: a quota must not be eaten up by it.
    let row = ScheduleRow { workflow: "test/a".to_owned(), fired: NOW, run: None, paused: None };
    store.commit(Batch { now: at(148), schedules: vec![row], ..Batch::default() }).await.unwrap();
    assert_eq!(store.used("web").await.unwrap(), 103, "only the last one is left");
    let both = futures::future::join(set("race", 1, NOW), set("race", 2, NOW)).await;
    assert_ne!(both.0.unwrap(), both.1.unwrap(), "one of two wins");
}

/// Each channel has its own keys.
pub async fn values_of_channels_do_not_meet(store: &dyn Ports) {
    store.set("a", "bc", vec![1], None, None).await.unwrap();
    store.set("ab", "c", vec![2], None, None).await.unwrap();
    assert_eq!(store.get("a", "bc", NOW).await.unwrap(), Some(vec![1]));
    assert_eq!(store.get("ab", "bc", NOW).await.unwrap(), None);
    store.delete("ab", "bc").await.unwrap();
    assert_eq!((store.used("a").await.unwrap(), store.used("ab").await.unwrap()), (3, 2));
}

/// Only the hash is kept.
pub async fn tokens_are_found_by_hash_until_they_are_revoked(store: &dyn Ports) {
    let token = |id: &str, hash: &str| TokenRow {
        id: id.to_owned(),
        hash: hash.to_owned(),
        person: "li".to_owned(),
        roles: vec!["handler@区城管局".to_owned()],
        created: NOW,
        expires: Some(at(9)),
    };
    let (one, two) = (token("t1", "aa"), token("t2", "bb"));
    store.add_token(one.clone()).await.unwrap();
    store.add_token(two.clone()).await.unwrap();
    assert!(store.add_token(token("t1", "cc")).await.is_err(), "the id is taken");
    assert!(store.add_token(token("t3", "aa")).await.is_err(), "the hash is taken");
    assert_eq!(store.token("aa").await.unwrap(), Some(one));
    assert_eq!(store.token("cc").await.unwrap(), None);
    assert_eq!(store.tokens().await.unwrap().len(), 2);
    assert!(store.revoke_token("t1").await.unwrap());
    assert!(!store.revoke_token("t1").await.unwrap());
    assert_eq!(store.token("aa").await.unwrap(), None);
    assert_eq!(store.tokens().await.unwrap(), [two]);
}

/// Documents stay in the order of their numbers; a version of a name is taken once.
pub async fn reference_documents_are_numbered_and_keep_their_versions(store: &dyn Ports) {
    let document = reference;
    let first = vec![document(1, "district", 1), document(2, "hall", 1)];
    let batch = |references| Batch { now: NOW, references, ..Batch::default() };
    store.commit(batch(first)).await.unwrap();
    store.commit(batch(vec![document(3, "district", 2)])).await.unwrap();
    let all = [document(1, "district", 1), document(2, "hall", 1), document(3, "district", 2)];
    assert_eq!(store.references().await.unwrap(), all);
    for taken in [document(3, "hall", 2), document(4, "district", 2)] {
        let error = store.commit(batch(vec![taken])).await.unwrap_err();
        assert!(matches!(error, CommitError::Conflict { .. }), "{error}");
    }
    let versions = store.reference_versions(Kind::Calendar, "district".to_owned()).await.unwrap();
    assert_eq!(versions, [document(3, "district", 2), document(1, "district", 1)]);
    let none = store.reference_versions(Kind::Organisation, "district".to_owned()).await.unwrap();
    assert!(none.is_empty());
}

/// How far a channel has come is stored with the events of its page, or neither is.
pub async fn a_cursor_moves_with_its_events(store: &dyn Ports) {
    let page_of = |id: u64, event: &str, next: &str| Batch {
        now: NOW,
        arrivals: vec![inbox(id, event, Disposition::Pending)],
        poll_cursors: vec![cursor("board", next)],
        ..Batch::default()
    };
    assert!(store.poll_cursors().await.unwrap().is_empty());
    store.commit(page_of(1, "e1", "a")).await.unwrap();
    let error = store.commit(page_of(2, "e1", "b")).await.unwrap_err();
    assert!(matches!(error, CommitError::Conflict { .. }), "{error}");
    assert_eq!(store.poll_cursors().await.unwrap(), [cursor("board", "a")]);
    store.commit(page_of(3, "e2", "b")).await.unwrap();
    // Of two in one batch the last one counts; one without a cursor was asked, too.
    let begins = PollCursor { cursor: None, ..cursor("another", "") };
    let moved = vec![cursor("board", "c"), begins.clone(), cursor("board", "路灯\n\"d\"")];
    store.commit(Batch { now: NOW, poll_cursors: moved, ..Batch::default() }).await.unwrap();
    assert_eq!(store.poll_cursors().await.unwrap(), [begins, cursor("board", "路灯\n\"d\"")]);
    assert_eq!(store.inbox(false, page(9)).await.unwrap().items.len(), 2);
}
