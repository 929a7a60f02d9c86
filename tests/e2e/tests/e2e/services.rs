//! Calls of a real server to the outside: lifecycle events, how many at a time, broken off when nobody waits.

use std::io::{BufReader, Read as _, Write as _};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::time::Duration;

use serde_json::{Value, json};
use yiwang_e2e::http::{Client, read_body, read_head};
use yiwang_e2e::server::Server;
use yiwang_e2e::staff;

use crate::world::binary;

/// What is waited for comes, or something is wrong.
const PATIENCE: Duration = Duration::from_secs(60);

/// What a service saw.
#[derive(Debug)]
enum Seen {
    /// A request, with the way to let it be answered.
    Asked { path: String, body: Value, release: Sender<()> },
    /// The caller has hung up before it had an answer.
    Closed { path: String },
}

/// A service that holds every request below `/hold/` until it is released, and answers all others at once.
struct Outside {
    address: SocketAddr,
    seen: Receiver<Seen>,
    /// Most requests held at the same time.
    most: Arc<AtomicUsize>,
}

impl Outside {
    fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let (tell, seen) = channel();
        let (now, most) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
        let held = (Arc::clone(&now), Arc::clone(&most));
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let (tell, (now, most)) = (tell.clone(), held.clone());
                std::thread::spawn(move || serve(stream, &tell, &now, &most));
            }
        });
        Self { address, seen, most }
    }

    fn next(&self) -> Seen {
        self.seen.recv_timeout(PATIENCE).expect("the service sees something")
    }

    /// The next request.
    fn asked(&self) -> (String, Value, Sender<()>) {
        match self.next() {
            Seen::Asked { path, body, release } => (path, body, release),
            closed @ Seen::Closed { .. } => panic!("{closed:?}"),
        }
    }
}

fn serve(mut stream: TcpStream, tell: &Sender<Seen>, now: &AtomicUsize, most: &AtomicUsize) {
    let mut reader = BufReader::new(stream.try_clone().unwrap());
    let Ok(Some((line, headers))) = read_head(&mut reader) else { return };
    let body = read_body(&mut reader, &headers).unwrap();
    let body = serde_json::from_slice(&body).unwrap_or_default();
    let path = line.split(' ').nth(1).unwrap_or_default().to_owned();
    let held = path.starts_with("/hold/");
    if held {
        most.fetch_max(now.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
    }
    let (release, released) = channel();
    drop(tell.send(Seen::Asked { path: path.clone(), body, release }));
    if held {
        let mut watched = stream.try_clone().unwrap();
        let tell = tell.clone();
        let answered = Arc::new(AtomicBool::new(false));
        let known = Arc::clone(&answered);
        // Nothing more is sent on this connection before its answer: what is read is its end.
        std::thread::spawn(move || {
            if watched.read(&mut [0]).is_ok_and(|read| read == 0) && !known.load(Ordering::SeqCst) {
                drop(tell.send(Seen::Closed { path }));
            }
        });
        let released = released.recv().is_ok();
        now.fetch_sub(1, Ordering::SeqCst);
        if !released {
            return;
        }
        answered.store(true, Ordering::SeqCst);
    }
    let head = "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 2\r\nConnection: close";
    drop(stream.write_all(format!("{head}\r\n\r\n{{}}").as_bytes()));
}

/// A server whose project has these settings besides.
fn server(settings: &str) -> (Server, Client, tempfile::TempDir) {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("yiwang.yaml"), settings).unwrap();
    let server = Server::start(&binary(), folder.path(), &[]).unwrap();
    let client = Client::with_token(server.address(), &server.administrator_token().unwrap());
    (server, client, folder)
}

fn post(client: &mut Client, path: &str, body: &Value) -> Value {
    staff::expect(client.post(path, body).unwrap(), path).unwrap().json()
}

fn deploy(client: &mut Client, name: &str, tasks: &str) {
    let source = format!(
        "document: {{ dsl: '1.0.3', namespace: test, name: {name}, version: '1.0.0' }}\ndo:\n{tasks}\n"
    );
    post(client, "/api/v1/definitions", &json!({ "source": source }));
}

fn start(client: &mut Client, name: &str, input: &Value) -> String {
    let body = json!({ "workflow": format!("test/{name}"), "input": input });
    post(client, "/api/v1/instances", &body)["id"].as_str().unwrap().to_owned()
}

#[test]
fn lifecycle_events_are_posted_where_the_operator_says() {
    let outside = Outside::start();
    let address = outside.address;
    let (_server, mut client, _folder) = server(&format!(
        "egress: {{ allow: [ '{address}' ] }}\nlifecycle:\n  uri: http://{address}/lifecycle\n  events: [ workflow, task.faulted ]\n"
    ));
    deploy(
        &mut client,
        "fails",
        "  - one: { set: { a: 1 } }\n  - two: { raise: { error: { type: 'https://a.cn/x', status: 400, title: no } } }",
    );
    let instance = start(&mut client, "fails", &json!({}));
    let mut types = Vec::new();
    while types.len() < 3 {
        let (path, event, _) = outside.asked();
        assert_eq!(path, "/lifecycle");
        assert_eq!(event["specversion"], "1.0", "{event}");
        assert_eq!(event["subject"], instance.as_str(), "{event}");
        assert_eq!(event["source"], "/lifecycle/test/fails/1.0.0", "{event}");
        types.push(event["type"].as_str().unwrap().to_owned());
    }
    // They are calls beside each other: their times tell the order, not their arrival.
    types.sort_unstable();
    let expected = ["task.faulted", "workflow.faulted", "workflow.started"];
    assert_eq!(types, expected.map(|name| format!("io.serverlessworkflow.{name}.v1")));
}

#[test]
fn so_many_calls_are_under_way_as_the_operator_allows() {
    let outside = Outside::start();
    let address = outside.address;
    let settings = format!("egress: {{ allow: [ '{address}' ] }}\nlimits: {{ serviceCalls: 2 }}\n");
    let (_server, mut client, _folder) = server(&settings);
    let call =
        format!("  - call: {{ call: http, with: {{ method: get, endpoint: 'http://{address}/hold/x' }} }}");
    deploy(&mut client, "calls", &call);
    for n in 0..6 {
        start(&mut client, "calls", &json!({ "n": n }));
    }
    let mut held = vec![outside.asked().2, outside.asked().2];
    for _ in 2..6 {
        // The next one comes when one has been answered.
        held.remove(0).send(()).unwrap();
        held.push(outside.asked().2);
    }
    assert_eq!(outside.most.load(Ordering::SeqCst), 2);
}

#[test]
fn a_call_that_nobody_waits_for_is_hung_up() {
    let outside = Outside::start();
    let address = outside.address;
    let (_server, mut client, _folder) = server(&format!("egress: {{ allow: [ '{address}' ] }}\n"));
    let call = |path: &str| {
        format!("call: http, with: {{ method: post, endpoint: 'http://{address}/hold/{path}' }}")
    };
    deploy(
        &mut client,
        "late",
        &format!("  - slow: {{ timeout: {{ after: {{ milliseconds: 200 }} }}, {} }}", call("late")),
    );
    deploy(
        &mut client,
        "race",
        &format!(
            "  - race:\n      fork:\n        compete: true\n        branches:\n          - slow: {{ {} }}\n          - timer: {{ wait: {{ milliseconds: 200 }} }}",
            call("race")
        ),
    );
    deploy(&mut client, "cancelled", &format!("  - slow: {{ {} }}", call("cancelled")));
    for name in ["late", "race", "cancelled"] {
        let instance = start(&mut client, name, &json!({}));
        // Kept: it is not released before the end.
        let (path, _, _release) = outside.asked();
        assert_eq!(path, format!("/hold/{name}"));
        if name == "cancelled" {
            post(
                &mut client,
                &format!("/api/v1/instances/{instance}:cancel"),
                &json!({ "reason": "no more" }),
            );
        }
        match outside.next() {
            Seen::Closed { path: closed } => assert_eq!(closed, path),
            asked @ Seen::Asked { .. } => panic!("{asked:?}"),
        }
    }
}
