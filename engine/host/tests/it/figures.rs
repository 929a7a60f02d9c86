//! What the host's care costs: a call through it beside a bare call of the same component.
//!
//! Figures, not a test: `cargo xtask bench` runs it on the release build.

use std::time::{Duration, Instant};

use serde_json::json;
use wasmtime::component::{Component, HasSelf, InstancePre, Linker};
use wasmtime::{Config, Engine, InstanceAllocationStrategy, PoolingAllocationConfig, Store};
use yiwang_host::Bench;

use crate::support::{Fixture, plugin, post};

/// The same contract as the host's, with nothing but the function that is called.
mod raw {
    #![allow(clippy::all, clippy::doc_markdown, clippy::str_to_string, reason = "generated code")]
    #![allow(missing_docs, unreachable_pub, unused_qualifications, reason = "generated code")]
    wasmtime::component::bindgen!({
        path: "../../sdk/wit",
        inline: "package yiwang:bench; world raw { export yiwang:channel/webhook@1.0.0; }",
        world: "yiwang:bench/raw",
    });
}

use raw::exports::yiwang::channel::webhook::GuestIndices;
use raw::yiwang::channel::types;

const CALLS: usize = 5_000;
const CONFIG: &str = r#"{"channel":"bench"}"#;

#[derive(Default)]
struct Nothing;

impl types::Host for Nothing {}

#[tokio::test]
#[ignore = "figures: `cargo xtask bench` prints them"]
async fn a_call_beside_a_bare_one() {
    let form = plugin("web-form");
    let bytes = std::fs::read(&form.wasm).unwrap();
    let (engine, pre) = bare(&bytes);
    let indices = GuestIndices::new(&pre).unwrap();
    let fixture =
        Fixture::pooled(&form, &json!({ "config": { "channel": "bench" }, "grants": { "kv": true } })).await;

    let mut through = Vec::with_capacity(CALLS);
    let mut alone = Vec::with_capacity(CALLS);
    let mut reused = Vec::with_capacity(CALLS);
    let mut warm = Store::new(&engine, Nothing);
    let instance = pre.instantiate(&mut warm).unwrap();
    let guest = indices.load(&mut warm, &instance).unwrap();
    // In turns, so that a busy moment of the machine hits all three alike.
    for at in 0..CALLS {
        let body = body(at);
        let began = Instant::now();
        let received = fixture.receive(post("/", "application/json", body.clone())).await.unwrap();
        through.push(began.elapsed());
        assert_eq!((received.response.status, received.events.len()), (202, 1));

        let (context, request) = (context(), request(&body));
        let began = Instant::now();
        let mut store = Store::new(&engine, Nothing);
        let instance = pre.instantiate(&mut store).unwrap();
        let guest_once = indices.load(&mut store, &instance).unwrap();
        let outcome = guest_once.call_handle(&mut store, &context, &request).unwrap().unwrap();
        drop(store);
        alone.push(began.elapsed());
        assert_eq!((outcome.response.status, outcome.events.len()), (202, 1));

        let began = Instant::now();
        let outcome = guest.call_handle(&mut warm, &context, &request).unwrap().unwrap();
        reused.push(began.elapsed());
        assert_eq!(outcome.events.len(), 1);
    }
    print("plugin call through the host", through);
    print("raw wasmtime, fresh instance", alone);
    print("raw wasmtime, instance used again", reused);
}

/// From the file to a channel that is ready: compiled anew, and from the cache.
#[tokio::test]
#[ignore = "figures: `cargo xtask bench` prints them"]
async fn a_start_with_and_without_the_cache() {
    let form = plugin("web-form");
    let folder = tempfile::tempdir().unwrap();
    let mut times = Vec::new();
    for at in 0..21 {
        let began = Instant::now();
        let channel = json!({ "config": { "channel": "bench" }, "grants": { "kv": true } });
        Bench::start(&form.wasm, folder.path(), &channel, 0).await.unwrap();
        let took = began.elapsed();
        if at == 0 { print("start of a channel, compiled anew", vec![took]) } else { times.push(took) }
    }
    print("start of a channel, from the cache", times);
    let bytes = std::fs::read(&form.wasm).unwrap();
    let engine = Engine::new(&Config::new()).unwrap();
    let compiled = Component::new(&engine, &bytes).unwrap().serialize().unwrap();
    let times = (0..20).map(|_| {
        let began = Instant::now();
        // The bytes were made three lines above.
        #[allow(unsafe_code, reason = "the bytes were made here")]
        let component = unsafe { Component::deserialize(&engine, &compiled) };
        component.unwrap();
        began.elapsed()
    });
    print("raw wasmtime, loading compiled code", times.collect());
}

/// An engine with a pool and no limits; of the imports only the configuration answers.
fn bare(bytes: &[u8]) -> (Engine, InstancePre<Nothing>) {
    let mut config = Config::new();
    config.allocation_strategy(InstanceAllocationStrategy::Pooling(PoolingAllocationConfig::new()));
    let engine = Engine::new(&config).unwrap();
    let component = Component::new(&engine, bytes).unwrap();
    let mut linker: Linker<Nothing> = Linker::new(&engine);
    types::add_to_linker::<_, HasSelf<_>>(&mut linker, |state| state).unwrap();
    let mut interface = linker.instance("yiwang:channel/config@1.0.0").unwrap();
    interface.func_wrap("get", |_, ()| Ok((CONFIG.to_owned(),))).unwrap();
    linker.define_unknown_imports_as_traps(&component).unwrap();
    let pre = linker.instantiate_pre(&component).unwrap();
    (engine, pre)
}

/// About 1 KB of JSON.
fn body(at: usize) -> String {
    let content = "薛阁街道南关小区路灯不亮三天了，老人晚上出门不便，请尽快安排人员维修。".repeat(8);
    json!({ "content": content, "clientId": format!("bench-{at}"), "petitioner": { "anonymous": true } })
        .to_string()
}

fn context() -> types::CallContext {
    types::CallContext {
        channel_id: "test".to_owned(),
        tenant: "default".to_owned(),
        call_id: "0".to_owned(),
        attempt: 1,
        now_ms: 1_717_482_600_000,
        deadline_ms: 1_717_482_603_000,
        traceparent: None,
        locale: "zh-CN".to_owned(),
        attributes: vec![
            ("channel-title".to_owned(), "测试渠道".to_owned()),
            ("mount-path".to_owned(), "/channels/test".to_owned()),
        ],
    }
}

fn request(body: &str) -> types::HttpRequest {
    types::HttpRequest {
        method: "POST".to_owned(),
        path: "/".to_owned(),
        query: Vec::new(),
        headers: vec![types::Header {
            name: "content-type".to_owned(),
            value: "application/json".to_owned(),
        }],
        client_addr: Some("203.0.113.7".to_owned()),
        body: types::Payload::Text(body.to_owned()),
        form: Vec::new(),
    }
}

#[expect(clippy::print_stdout, reason = "figures are what was asked for")]
fn print(what: &str, mut times: Vec<Duration>) {
    times.sort_unstable();
    let micros = |percent: usize| times[(times.len() - 1) * percent / 100].as_secs_f64() * 1e6;
    println!("{what:<44} p50 {:.0} µs, p99 {:.0} µs", micros(50), micros(99));
}
