//! Texts from elsewhere: fetched once, when a workflow is deployed, and kept with it.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use futures::FutureExt;
use futures::future::BoxFuture;
use serde_json::{Value, json};
use yiwang_core::input::EffectOutcome;
use yiwang_dsl::Fault;
use yiwang_dsl::error::Kind;
use yiwang_runtime::harness::Harness;
use yiwang_runtime::memory::MemoryStore;
use yiwang_runtime::ports::{Outside, ServiceCall, Services};
use yiwang_runtime::{Config, Ending, Error};

use crate::world::{NOON, Scripted, start, workflow};

/// A network of texts.
#[derive(Default)]
struct Network {
    texts: Mutex<BTreeMap<String, String>>,
    asked: AtomicUsize,
}

impl Network {
    fn put(&self, uri: &str, text: &str) {
        self.texts.lock().unwrap().insert(uri.to_owned(), text.to_owned());
    }
}

impl Services for Network {
    fn call(&self, call: ServiceCall) -> BoxFuture<'_, EffectOutcome> {
        self.asked.fetch_add(1, Ordering::Relaxed);
        let with = call.request.with.to_json();
        assert_eq!((&with["method"], &with["output"]), (&json!("get"), &json!("raw")));
        let uri = with["endpoint"]["uri"].as_str().unwrap();
        let outcome = match self.texts.lock().unwrap().get(uri) {
            Some(text) => EffectOutcome::done(Value::from(STANDARD.encode(text))),
            None => EffectOutcome::Faulted { error: Fault::new(Kind::Communication, "", "404 Not Found") },
        };
        async move { outcome }.boxed()
    }
}

async fn open(store: &Arc<MemoryStore>, network: &Arc<Network>) -> Harness {
    let outside =
        Outside { channels: Arc::new(Scripted::default()) as _, services: Arc::clone(network) as _ };
    Harness::open(Config::default(), Arc::clone(store) as _, outside, NOON).await.unwrap()
}

const FUNCTION: &str = "https://functions.example/greet/function.yaml";

fn greeting() -> String {
    workflow("greet", "", &format!("  - hello: {{ call: '{FUNCTION}', with: {{ name: 谯城 }} }}"))
}

#[tokio::test]
async fn a_function_is_fetched_once_and_kept() {
    let (store, network) = (Arc::default(), Arc::new(Network::default()));
    network.put(FUNCTION, "set: { text: '${ \"你好，\" + .name }' }\n");
    let mut engine = open(&store, &network).await;
    let first = engine.deploy(&greeting(), BTreeMap::new(), "li").await.unwrap();
    assert_eq!(network.asked.load(Ordering::Relaxed), 1);

    // It changes, and then it is gone: what is deployed stays as it was, also over a restart.
    network.put(FUNCTION, "set: { text: changed }\n");
    let again = engine.deploy(&greeting(), BTreeMap::new(), "li").await.unwrap();
    assert_eq!((again.hash, again.existing), (first.hash, true));
    network.texts.lock().unwrap().clear();
    drop(engine);
    let mut engine = open(&store, &network).await;
    let mut waiting = engine.start_and_wait(start("test/greet", None, json!({}))).await;
    engine.settle().await.unwrap();
    let Some(Ok(ended)) = waiting.ended() else { panic!("it did not end") };
    let Ending::Completed(output) = ended.ending else { panic!("it did not complete: {:?}", ended.ending) };
    assert_eq!(output.to_json(), json!({ "text": "你好，谯城" }));
    assert_eq!(network.asked.load(Ordering::Relaxed), 1, "nothing was asked for again");
}

#[tokio::test]
async fn what_cannot_be_had_is_told_with_the_reason() {
    let (store, network) = (Arc::default(), Arc::new(Network::default()));
    let mut engine = open(&store, &network).await;
    let error = engine.deploy(&greeting(), BTreeMap::new(), "li").await.unwrap_err();
    let Error::Invalid(remarks) = error else { panic!("{error}") };
    let told: Vec<String> =
        remarks.iter().map(|remark| format!("{} {}", remark.code, remark.message)).collect();
    assert!(told.iter().any(|text| text.starts_with("YW0221") && text.contains("404 Not Found")), "{told:?}");
}
