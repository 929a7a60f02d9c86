//! The real server, killed with SIGKILL at thirty random moments under load.
//!
//! A ledger outside holds what was acknowledged: each start and each event. In the end each of them happened
//! exactly once, each message was asked for once and seen at least once under one id, and nobody is stuck.

use std::collections::{BTreeMap, BTreeSet};
use std::net::SocketAddr;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::thread::{JoinHandle, sleep, spawn};
use std::time::{Duration, Instant};

use crate::world::{self, World};
use serde_json::{Value, json};
use yiwang_e2e::http::Client;
use yiwang_e2e::ledger::{history, pages};
use yiwang_e2e::random::Random;

const KILLS: usize = 30;
const CLIENTS: usize = 4;
/// Longest time for the instances to end once the killing is over.
const PATIENCE: Duration = Duration::from_secs(120);

/// A message, a timer, an event: each kind of wait that a crash could tear.
const WALK: &str = "document: { dsl: '1.0.3', namespace: crash, name: walk, version: '1.0.0' }
do:
  - tell:
      call: notify:1.0.0@default
      with:
        channel: notify
        to: { kind: mobile, address: '${ $workflow.input.key }' }
        body: 请回复
  - pause:
      wait: { milliseconds: 30 }
  - answer:
      listen:
        to:
          one:
            with: { type: crash.go }
            correlate:
              key: { from: '${ .data.key }', expect: '${ $workflow.input.key }' }
  - done:
      set: { key: '${ $workflow.input.key }', answer: '${ .[0].answer }' }
";

/// What was acknowledged: key → instance.
type Ledger = Arc<Mutex<BTreeMap<String, String>>>;

#[test]
fn nothing_is_lost_and_nothing_doubled_by_thirty_kills() {
    let seed = world::seed();
    let mut world = World::new(seed);
    world.deploy(WALK);
    let (ledger, stop) = (Ledger::default(), Arc::new(AtomicBool::new(false)));
    let clients = load(world.server.address(), &world.token, &ledger, &stop);

    let mut random = Random::new(seed);
    for _ in 0..KILLS {
        // A random moment is what is tested here: no event that could be waited for would be one.
        sleep(Duration::from_millis(20 + random.number() % 230));
        world.server.kill().unwrap();
        world.server.restart().unwrap();
    }
    stop.store(true, Ordering::SeqCst);
    for client in clients {
        client.join().unwrap();
    }

    let mut administrator = world.administrator();
    wait_for_all(&mut administrator, &world);
    check(&mut administrator, &ledger.lock().unwrap(), &world);
}

/// Clients who start instances and answer them, and try again until they are heard.
fn load(server: SocketAddr, token: &str, ledger: &Ledger, stop: &Arc<AtomicBool>) -> Vec<JoinHandle<()>> {
    let next = Arc::new(AtomicUsize::new(0));
    let one = || {
        let (ledger, stop, next) = (Arc::clone(ledger), Arc::clone(stop), Arc::clone(&next));
        let mut client = Client::with_token(server, token);
        spawn(move || {
            while !stop.load(Ordering::SeqCst) {
                let key = format!("k-{}", next.fetch_add(1, Ordering::SeqCst));
                let start = json!({ "workflow": "crash/walk", "key": key, "input": { "key": key } });
                let instance =
                    heard(&mut client, "/api/v1/instances", &start)["id"].as_str().unwrap().to_owned();
                ledger.lock().unwrap().insert(key.clone(), instance.clone());
                let event = json!({
                    "specversion": "1.0", "id": key, "source": "/crash", "type": "crash.go",
                    "data": { "key": key, "answer": format!("a-{key}") },
                });
                heard_event(&mut client, &event);
                // Some are not sure whether they were heard, and say it again.
                if key.ends_with('7') {
                    let again = heard(&mut client, "/api/v1/instances", &start);
                    assert_eq!(again["id"], json!(instance), "the same key gave another instance");
                    heard_event(&mut client, &event);
                }
            }
        })
    };
    (0..CLIENTS).map(|_| one()).collect()
}

fn heard(client: &mut Client, target: &str, body: &Value) -> Value {
    loop {
        match client.post(target, body) {
            Ok(answer) if answer.ok() => return answer.json(),
            Ok(answer) if answer.status == 503 => sleep(Duration::from_millis(5)),
            Ok(answer) => panic!("{target}: {} {}", answer.status, answer.text()),
            Err(_) => sleep(Duration::from_millis(5)),
        }
    }
}

fn heard_event(client: &mut Client, event: &Value) {
    let request = yiwang_e2e::http::Request::new("POST", "/api/v1/events")
        .body("application/cloudevents+json", event.to_string());
    loop {
        match client.send(&request) {
            Ok(answer) if answer.ok() => return,
            Ok(answer) if answer.status == 503 => sleep(Duration::from_millis(5)),
            Ok(answer) => panic!("publishing: {} {}", answer.status, answer.text()),
            Err(_) => sleep(Duration::from_millis(5)),
        }
    }
}

fn wait_for_all(administrator: &mut Client, world: &World) {
    let began = Instant::now();
    loop {
        let mut open = Vec::new();
        for status in ["pending", "running", "waiting"] {
            let target = format!("/api/v1/instances?status={status}&limit=5");
            let answer = administrator.get(&target).unwrap().json();
            open.extend(answer["items"].as_array().unwrap().clone());
        }
        let messages = pages(administrator, "/api/v1/messages?limit=500").unwrap();
        if open.is_empty() && messages.iter().all(|message| message["state"] == "sent") {
            return;
        }
        let patience = began.elapsed() < PATIENCE;
        assert!(patience, "stuck: {open:?}; log: {}", std::fs::read_to_string(world.server.log()).unwrap());
        sleep(Duration::from_millis(50));
    }
}

fn check(administrator: &mut Client, acked: &BTreeMap<String, String>, world: &World) {
    let instances = pages(administrator, "/api/v1/instances?limit=500").unwrap();
    let keys: BTreeSet<&str> = instances.iter().filter_map(|one| one["startKey"].as_str()).collect();
    assert_eq!(instances.len(), acked.len(), "instances that nobody had acknowledged, or lost ones");
    assert_eq!(keys.len(), instances.len(), "a start key has two instances");

    let mut effects = BTreeSet::new();
    for (key, instance) in acked {
        let lines = history(administrator, instance).unwrap();
        let count = |event: &str| lines.iter().filter(|line| line["event"] == event).count();
        for (at, line) in lines.iter().enumerate() {
            assert_eq!(line["seq"], json!(at + 1), "{key}: history has a gap or a double");
        }
        for event in ["started", "effect_requested", "event_taken", "completed"] {
            assert_eq!(count(event), 1, "{key}: `{event}` in {lines:#?}");
        }
        let last = lines.last().unwrap();
        assert_eq!(last["output"], json!({ "key": key, "answer": format!("a-{key}") }));
        let requested = lines.iter().find(|line| line["event"] == "effect_requested").unwrap();
        effects.insert(requested["effect"].as_str().unwrap().to_owned());
    }

    let outside = world.receiver.ledger();
    let seen: BTreeSet<String> = outside.messages.keys().cloned().collect();
    assert_eq!(seen, effects, "messages that were asked for are the messages that came");
    assert_eq!(outside.forged, 0, "a signature did not hold");
    let listed = pages(administrator, "/api/v1/messages?limit=500").unwrap();
    assert_eq!(listed.len(), effects.len());
    let doubled = outside.messages.values().filter(|(times, _)| *times > 1).count();
    println!(
        "{} instances, {KILLS} kills: each once; {doubled} of {} messages came twice, under their one id",
        acked.len(),
        seen.len()
    );
}
