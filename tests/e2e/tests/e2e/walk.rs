//! A workflow that waits in each way that a crash could tear, people who start and answer it until they are heard,
//! and the proof that each of them was heard once.

use std::collections::{BTreeMap, BTreeSet};
use std::net::SocketAddr;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::thread::{JoinHandle, sleep, spawn};
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use yiwang_e2e::http::{Client, Request, Response};
use yiwang_e2e::ledger::{history, pages};
use yiwang_e2e::receiver::Receiver;

const CLIENTS: usize = 4;
/// Longest time for the instances to end once nothing fails any more.
const PATIENCE: Duration = Duration::from_secs(120);
/// Before somebody who was not heard says it again.
const AGAIN: Duration = Duration::from_millis(5);

/// A message, a timer, an event: each kind of wait that a crash could tear.
pub(crate) const WALK: &str = "document: { dsl: '1.0.3', namespace: crash, name: walk, version: '1.0.0' }
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

/// Key → instance.
type Ledger = BTreeMap<String, String>;

/// People who start instances and answer them, and try again until they are heard.
pub(crate) struct Load {
    /// What was acknowledged.
    ledger: Arc<Mutex<Ledger>>,
    stop: Arc<AtomicBool>,
    clients: Vec<JoinHandle<()>>,
}

impl Load {
    /// They know these addresses, and go where they are sent.
    pub(crate) fn start(servers: &[SocketAddr], token: &str) -> Self {
        let (ledger, stop) = (Arc::<Mutex<Ledger>>::default(), Arc::new(AtomicBool::new(false)));
        let next = Arc::new(AtomicUsize::new(0));
        let one = |_| {
            let (ledger, stop, next) = (Arc::clone(&ledger), Arc::clone(&stop), Arc::clone(&next));
            let mut caller = Caller::new(servers, token);
            spawn(move || {
                while !stop.load(Ordering::SeqCst) {
                    let key = format!("k-{}", next.fetch_add(1, Ordering::SeqCst));
                    let start = json!({ "workflow": "crash/walk", "key": key, "input": { "key": key } });
                    let instance = caller.start(&start);
                    ledger.lock().unwrap().insert(key.clone(), instance.clone());
                    let event = json!({
                        "specversion": "1.0", "id": key, "source": "/crash", "type": "crash.go",
                        "data": { "key": key, "answer": format!("a-{key}") },
                    });
                    caller.publish(&event);
                    // Some are not sure whether they were heard, and say it again.
                    if key.ends_with('7') {
                        assert_eq!(caller.start(&start), instance, "the same key gave another instance");
                        caller.publish(&event);
                    }
                }
            })
        };
        let clients = (0..CLIENTS).map(one).collect();
        Self { ledger, stop, clients }
    }

    /// How many starts were acknowledged so far.
    pub(crate) fn acknowledged(&self) -> usize {
        self.ledger.lock().unwrap().len()
    }

    /// Nobody starts anything new. What was acknowledged.
    pub(crate) fn end(self) -> Ledger {
        self.stop.store(true, Ordering::SeqCst);
        for client in self.clients {
            client.join().unwrap();
        }
        std::mem::take(&mut self.ledger.lock().unwrap())
    }
}

/// Somebody who says it again until it is heard.
struct Caller {
    servers: Vec<SocketAddr>,
    at: usize,
    client: Client,
}

impl Caller {
    fn new(servers: &[SocketAddr], token: &str) -> Self {
        Self { servers: servers.to_vec(), at: 0, client: Client::with_token(servers[0], token) }
    }

    fn start(&mut self, body: &Value) -> String {
        let request = Request::new("POST", "/api/v1/instances").body("application/json", body.to_string());
        self.heard(&request).json()["id"].as_str().unwrap().to_owned()
    }

    fn publish(&mut self, event: &Value) {
        let request = Request::new("POST", "/api/v1/events");
        self.heard(&request.body("application/cloudevents+json", event.to_string()));
    }

    fn heard(&mut self, request: &Request) -> Response {
        loop {
            match self.client.send(request) {
                Ok(answer) if answer.ok() => return answer,
                Ok(answer) if answer.status == 307 => {
                    let there = answer.header("location").and_then(|there| there.strip_prefix("http://"));
                    let there = there.and_then(|there| there.split('/').next()).unwrap();
                    self.client.move_to(there.parse().unwrap());
                }
                Ok(answer) if answer.status != 503 => {
                    panic!("{}: {} {}", request.target, answer.status, answer.text())
                }
                Ok(_) | Err(_) => {
                    self.at += 1;
                    self.client.move_to(self.servers[self.at % self.servers.len()]);
                    sleep(AGAIN);
                }
            }
        }
    }
}

/// Waits until nothing is under way; `log` is what a failure shows.
pub(crate) fn wait_for_all(administrator: &mut Client, log: impl Fn() -> String) {
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
        assert!(began.elapsed() < PATIENCE, "stuck: {open:?}; log: {}", log());
        sleep(Duration::from_millis(50));
    }
}

/// Each that was acknowledged happened exactly once, and nothing else did; each message was asked for once and
/// seen at least once under one id. How many messages came twice.
pub(crate) fn check(administrator: &mut Client, acknowledged: &Ledger, receiver: &Receiver) -> usize {
    let instances = pages(administrator, "/api/v1/instances?limit=500").unwrap();
    let keys: BTreeSet<&str> = instances.iter().filter_map(|one| one["startKey"].as_str()).collect();
    assert_eq!(instances.len(), acknowledged.len(), "instances that nobody had acknowledged, or lost ones");
    assert_eq!(keys.len(), instances.len(), "a start key has two instances");

    let mut effects = BTreeSet::new();
    for (key, instance) in acknowledged {
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

    let outside = receiver.ledger();
    let seen: BTreeSet<String> = outside.messages.keys().cloned().collect();
    assert_eq!(seen, effects, "messages that were asked for are the messages that came");
    assert_eq!(outside.forged, 0, "a signature did not hold");
    let listed = pages(administrator, "/api/v1/messages?limit=500").unwrap();
    assert_eq!(listed.len(), effects.len());
    outside.messages.values().filter(|(times, _)| *times > 1).count()
}
