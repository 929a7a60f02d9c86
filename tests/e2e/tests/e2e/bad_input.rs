//! What strangers may send: a coded 4xx each, a kept rejection where the channel says so, never a panic.

use serde_json::json;
use yiwang_e2e::complaints::{By, CHANNELS, generate};
use yiwang_e2e::http::Request;
use yiwang_e2e::ledger::pages;
use yiwang_e2e::senders::{Manner, can_be_forged, request};

use crate::world::World;

/// What the API answers to requests that cannot be right.
#[test]
fn the_api_refuses_with_codes() {
    let world = World::new(21);
    let mut administrator = world.administrator();
    let mut stranger = world.stranger();
    let deep = format!("{}{}", "[".repeat(20_000), "]".repeat(20_000));
    let long = json!({ "source": "x".repeat(40 << 20) }).to_string();
    let table = [
        (Request::new("GET", "/api/v1/no-such-thing"), 404),
        (Request::new("PUT", "/api/v1/instances"), 405),
        (Request::new("GET", "/api/v1/instances/not-an-id"), 404),
        (Request::new("GET", "/api/v1/instances?limit=-1"), 400),
        (Request::new("GET", "/api/v1/instances?colour=red"), 400),
        (Request::new("GET", "/api/v1/cases?cursor=xyz"), 400),
        (Request::new("POST", "/api/v1/instances").body("application/json", "{"), 400),
        (Request::new("POST", "/api/v1/instances").body("application/json", "[]"), 422),
        (Request::new("POST", "/api/v1/instances").body("text/plain", "{}"), 415),
        (Request::new("POST", "/api/v1/instances").body("application/json", deep), 400),
        (Request::new("POST", "/api/v1/definitions").body("application/json", long), 413),
        (
            Request::new("POST", "/api/v1/instances").body("application/json", r#"{"workflow":"no/such"}"#),
            404,
        ),
        (Request::new("POST", "/api/v1/definitions").body("application/json", r#"{"source":"do: ["}"#), 422),
    ];
    for (request, status) in table {
        let answer = match administrator.send(&request) {
            Ok(answer) => answer,
            // The server hung up on a body that was far too long, before its answer could be read.
            Err(error) if status == 413 && error.kind() != std::io::ErrorKind::TimedOut => {
                administrator = world.administrator();
                continue;
            }
            Err(error) => panic!("{} {}: {error}", request.method, request.target),
        };
        let shown = format!("{} {}: {} {}", request.method, request.target, answer.status, answer.text());
        let close = [400, 404, 422].contains(&status) && [400, 404, 422].contains(&answer.status);
        assert!(answer.status == status || close, "expected {status}: {shown}");
        assert!(answer.json()["code"].is_string(), "a problem has a code: {shown}");
    }
    for target in ["/api/v1/cases", "/api/v1/work-items", "/api/v1/tokens", "/api/v1/me"] {
        assert_eq!(stranger.get(target).unwrap().status, 401, "{target} without a token");
    }
    let made =
        administrator.post("/api/v1/tokens", &json!({ "person": "p", "roles": ["petitioner"] })).unwrap();
    let secret = made.json()["secret"].as_str().unwrap().to_owned();
    let mut petitioner = yiwang_e2e::http::Client::with_token(world.server.address(), &secret);
    assert_eq!(petitioner.get("/api/v1/cases").unwrap().status, 403, "a petitioner sees no cases");
    assert_eq!(petitioner.get("/api/v1/tokens").unwrap().status, 403, "and no tokens");
    still_well(&world);
}

/// Each channel gets a malformed and a forged request, and one that it takes.
#[test]
fn channels_refuse_what_is_malformed_or_forged_and_keep_it() {
    let world = World::new(22);
    let mut stranger = world.stranger();
    let mut refused = 0;
    for complaint in generate(22, CHANNELS.len()) {
        for manner in [Manner::Malformed, Manner::Forged, Manner::Proper] {
            if manner == Manner::Forged && !can_be_forged(complaint.channel.by) {
                continue;
            }
            let answer = stranger.send(&request(&complaint, manner, &world.secrets)).unwrap();
            let shown =
                format!("{manner:?} on {}: {} {}", complaint.channel.id, answer.status, answer.text());
            match manner {
                Manner::Proper => assert!(answer.ok(), "{shown}"),
                Manner::Forged => assert!([400, 401, 403].contains(&answer.status), "{shown}"),
                Manner::Malformed => assert!((400..500).contains(&answer.status), "{shown}"),
            }
            refused += usize::from(manner != Manner::Proper);
        }
    }
    let kept = pages(&mut world.administrator(), "/api/v1/rejections?limit=500").unwrap();
    assert_eq!(kept.len(), refused, "each refusal is kept with its reason: {kept:#?}");
    assert!(kept.iter().all(|one| one["code"].as_str().is_some_and(|code| !code.is_empty())));
    still_well(&world);
}

/// Bodies that are made to hurt.
#[test]
fn channels_bear_hostile_bodies() {
    let world = World::new(23);
    let mut stranger = world.stranger();
    let web = CHANNELS.iter().find(|channel| channel.by == By::WebForm).unwrap().id;
    let target = format!("/channels/{web}/");
    let deep = format!("{{\"content\":{}{}}}", "[".repeat(50_000), "]".repeat(50_000));
    let twice = r#"{"content":"a","content":"b"}"#;
    let bomb =
        "<!DOCTYPE l [<!ENTITY a \"aaaaaaaaaa\"><!ENTITY b \"&a;&a;&a;&a;&a;&a;&a;&a;\">]><xml>&b;</xml>";
    let table = [
        Request::new("POST", &target).body("application/json", deep),
        Request::new("POST", &target).body("application/json", vec![0xff, 0xfe, 0x00]),
        Request::new("POST", &target).body("application/json", twice),
        Request::new("POST", &target).body("text/html", "<b>"),
        Request::new("POST", &target).body("multipart/form-data; boundary=x", "--y"),
        Request::new("POST", &target).body("multipart/form-data", "--x"),
        Request::new("POST", &target).body("application/json", vec![b' '; 80 << 20]),
        Request::new("POST", "/channels/wechat/?signature=a&timestamp=1&nonce=b").body("text/xml", bomb),
        Request::new("GET", "/channels/no-such-channel/"),
        Request::new("POST", "/channels/%2e%2e/api/v1/cases"),
    ];
    for request in table {
        // A body over the limit may be refused while it is still being sent: that is an answer too.
        match stranger.send(&request) {
            Ok(answer) => {
                let shown = format!("{} {}: {}", request.method, request.target, answer.text());
                assert!((400..500).contains(&answer.status), "{} {shown}", answer.status);
            }
            Err(error) => assert!(request.body.len() > 1 << 20, "{}: {error}", request.target),
        }
        stranger = world.stranger();
    }
    still_well(&world);
}

/// The server answers, and its log speaks of no panic.
fn still_well(world: &World) {
    assert!(world.stranger().get("/healthz").unwrap().ok());
    let log = std::fs::read_to_string(world.server.log()).unwrap();
    assert!(!log.contains("panicked"), "{log}");
    assert!(world.folder.path().join("yiwang.yaml").exists());
}
