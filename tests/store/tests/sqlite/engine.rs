//! The real loop on the real file: a process goes on where the last one ended.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde_json::json;
use yiwang_core::input::{Cause, EffectOutcome};
use yiwang_core::transition::Status;
use yiwang_runtime::harness::Harness;
use yiwang_runtime::ports::{
    ChannelInfo, ChannelRequest, Channels, Delivery, NoServices, Outside, Query as _, Received, Rejected,
    Store,
};
use yiwang_runtime::{Config, Start};
use yiwang_store::SqlStore;
use yiwang_store_suite::rows::NOW;

/// No channels at all.
struct Silent;

impl Channels for Silent {
    fn list(&self) -> Vec<ChannelInfo> {
        Vec::new()
    }

    fn receive(
        &self,
        _: &str,
        _: ChannelRequest,
    ) -> futures::future::BoxFuture<'_, Result<Received, Rejected>> {
        unreachable!("there is no channel")
    }

    fn send(&self, _: &str, _: Delivery) -> futures::future::BoxFuture<'_, EffectOutcome> {
        unreachable!("there is no channel")
    }
}

#[tokio::test]
async fn a_timer_of_yesterdays_process_fires_today() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("yiwang.db");
    let text = "document: {dsl: '1.0.3', namespace: test, name: rest, version: '1.0.0'}\n\
                do:\n  - rest: {wait: PT1H}\n  - done: {set: {rested: true}}\n";
    let mut instance = None;
    for (process, time) in [(0, NOW), (1, NOW.plus_millis(1_000)), (2, NOW.plus_millis(7_200_000))] {
        let store = Arc::new(SqlStore::open(&path).await.unwrap());
        let shared = Arc::clone(&store) as Arc<dyn Store>;
        let outside = Outside { channels: Arc::new(Silent), services: Arc::new(NoServices) };
        let mut engine = Harness::open(Config::default(), shared, outside, time).await.unwrap();
        let deployed = engine.deploy(text, BTreeMap::new(), "li").await.unwrap();
        assert_eq!(deployed.existing, process > 0);
        let start = Start {
            workflow: "test/rest".to_owned(),
            version: None,
            key: Some("k".to_owned()),
            input: json!({"n": 1}).into(),
            cause: Cause::Request { person: "li".to_owned() },
        };
        let begun = engine.start(start).await.unwrap();
        assert_eq!((begun.existing, *instance.get_or_insert(begun.instance)), (process > 0, begun.instance));
        engine.settle().await.unwrap();
        let expected = if process == 2 { Status::Completed } else { Status::Waiting };
        assert_eq!(store.instance(begun.instance).await.unwrap().unwrap().status, expected);
        assert_eq!(store.verify().await.unwrap().broken, None);
        store.close().await;
    }
}
