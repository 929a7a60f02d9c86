//! Recorded calls: nothing in them is secret, and played again they come to the same.

use std::collections::BTreeMap;
use std::path::PathBuf;

use serde_json::{Value, json};
use yiwang_host::recording::Recording;
use yiwang_host::{Bench, fixture, replay};
use yiwang_runtime::ports::{CallInfo, Channels as _};

use crate::outgoing::serve;
use crate::support::{Fixture, NOW, plugin, plugins, post};

/// Compiled code is shared by the tests, or each of their processes would compile it.
fn cache() -> PathBuf {
    PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("plugin-cache")
}

fn calls(host: &Fixture) -> Vec<CallInfo> {
    host.host.calls("test").unwrap()
}

fn recording(host: &Fixture, call: &str) -> Option<Value> {
    host.host.recording("test", call)
}

/// A secret as it may stand in a text.
fn spellings(secret: &str) -> Vec<String> {
    use base64::Engine as _;
    use base64::engine::general_purpose::{STANDARD_NO_PAD, URL_SAFE_NO_PAD};
    let hex: String = secret.bytes().map(|byte| format!("{byte:02x}")).collect();
    let quoted = json!(secret).to_string();
    vec![
        secret.to_owned(),
        quoted[1..quoted.len() - 1].to_owned(),
        hex,
        STANDARD_NO_PAD.encode(secret),
        URL_SAFE_NO_PAD.encode(secret),
    ]
}

#[tokio::test(flavor = "multi_thread")]
async fn every_step_of_every_fixture_is_recorded_without_secrets_and_comes_to_the_same() {
    let (mut wrong, mut same, mut excused) = (Vec::new(), 0, 0);
    for plugin in plugins() {
        for (path, fixture) in fixture::all(&plugin.sources.join("fixtures")).unwrap() {
            let mut channel = fixture.channel.clone();
            if channel.is_null() {
                channel = json!({});
            }
            channel["record"] = json!(1);
            let secrets: BTreeMap<String, String> =
                serde_json::from_value(channel.get("secrets").cloned().unwrap_or_else(|| json!({}))).unwrap();
            let bench = Bench::start(&plugin.wasm, &cache(), &channel, 0).await.unwrap();
            for (at, step) in fixture.steps.iter().enumerate() {
                let name = format!("{}/{} {at}", plugin.name, path.file_name().unwrap().to_string_lossy());
                let played = step.play(&bench).await.unwrap();
                if !played.letters.is_empty() {
                    let kept = bench.recorded();
                    assert_eq!(kept, None, "{name}: what was spoken with a mail server is not recorded");
                    continue;
                }
                let Some(recording) = bench.recorded() else {
                    wrong.push(format!("{name}: not recorded"));
                    continue;
                };
                let text = serde_json::to_string(&recording).unwrap();
                for (secret, value) in secrets.iter().filter(|(_, value)| {
                    value.len() >= 8 && !secrets.keys().any(|name| name.contains(value.as_str()))
                }) {
                    if spellings(value).iter().any(|spelled| text.contains(spelled.as_str())) {
                        wrong.push(format!("{name}: the secret `{secret}` is in it"));
                    }
                }
                if recording.cut {
                    continue;
                }
                let read: Recording = replay::read(&text).unwrap();
                assert_eq!(read, recording, "{name}: a recording reads back as it was");
                match replay::replay(&read, &plugin.wasm, &cache(), &secrets).await {
                    Err(reason) => wrong.push(format!("{name}: {reason}")),
                    Ok(replayed) if replayed.same => same += 1,
                    // What was taken out of the request may have been looked at.
                    Ok(replayed) if replayed.caveats.iter().any(|caveat| caveat.contains("header")) => {
                        excused += 1;
                    }
                    Ok(replayed) => {
                        wrong.push(format!("{name}: {:?} {:?}", replayed.differences, replayed.caveats));
                    }
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{same} the same\n{}", wrong.join("\n"));
    assert!(same > 50 && excused < same / 5, "{same} the same, {excused} excused");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_not_recorded_leaves_a_line_and_nothing_more() {
    let host = Fixture::new(&plugin("hostile"), &json!({})).await;
    host.receive(post("/ok", "text/plain", "13812345678")).await.unwrap();
    host.receive(post("/panic", "text/plain", "")).await.unwrap_err();
    host.receive(post("/log", "text/plain", "")).await.unwrap();
    let calls = calls(&host);
    let told: Vec<_> =
        calls.iter().map(|call| (&*call.export, &*call.outcome, call.status, call.code.as_deref())).collect();
    assert_eq!(
        told,
        [
            ("webhook", "done", Some(200), None),
            ("webhook", "refused", Some(500), Some("plugin.trap")),
            ("webhook", "done", Some(200), None),
        ]
    );
    assert_eq!((calls[0].log.len(), &*calls[0].log[0].level), (20, "error"));
    assert!(calls.iter().all(|call| !call.recorded && call.micros > 0 && call.memory_bytes > 0), "{calls:?}");
    assert_eq!(recording(&host, &calls[0].id), None);
    assert_eq!(host.host.calls("nowhere"), None);
}

/// Also what providers report, and how the channel does.
#[tokio::test(flavor = "multi_thread")]
async fn reports_and_questions_of_health_are_recorded_and_come_to_the_same() {
    let channel = json!({"record": 2, "passCredentials": true});
    let host = Fixture::new(&plugin("hostile"), &channel).await;
    let report = post("/", "application/json", "{\"tel\":\"13812345678\"}");
    assert_eq!(host.host.report("test", report).await.unwrap().reports.len(), 2);
    host.host.report("test", post("/panic", "application/json", "{}")).await.unwrap_err();
    for minute in 0..30 {
        host.host.health("test", NOW.plus_millis(minute * 60_000)).await.unwrap();
    }
    let calls = calls(&host);
    let exports = |name: &str| calls.iter().filter(|call| call.export == name).count();
    assert_eq!((exports("delivery-callback"), exports("check-health")), (2, 20));
    let recorded: Vec<&CallInfo> = calls.iter().filter(|call| call.recorded).collect();
    let told: Vec<_> = recorded.iter().map(|call| (&*call.export, &*call.outcome)).collect();
    let wanted = [("check-health", "done"), ("delivery-callback", "refused"), ("delivery-callback", "done")];
    assert_eq!(told, wanted);
    for call in recorded {
        let kept = recording(&host, &call.id).unwrap();
        assert_eq!(kept["export"], call.export);
        assert!(!kept.to_string().contains("13812345678"), "{kept}");
        let read = replay::read(&kept.to_string()).unwrap();
        let none = BTreeMap::new();
        let replayed = replay::replay(&read, &plugin("hostile").wasm, &cache(), &none).await.unwrap();
        assert!(replayed.same, "{}: {:?}", call.export, replayed.differences);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_last_ones_are_kept_whole() {
    let host = Fixture::new(&plugin("hostile"), &json!({"record": 2})).await;
    for _ in 0..300 {
        host.receive(post("/ok", "text/plain", "x")).await.unwrap();
    }
    let calls = calls(&host);
    assert_eq!(calls.len(), 200);
    assert_eq!(calls.iter().filter(|call| call.recorded).count(), 2);
    assert!(calls[0].recorded && calls[1].recorded && !calls[2].recorded);
    assert!(recording(&host, &calls[1].id).is_some() && recording(&host, &calls[2].id).is_none());
    let greedy = Fixture::new(&plugin("hostile"), &json!({"record": 101})).await;
    assert!(greedy.problem().is_some_and(|problem| problem.contains("record is 101")));
}

#[tokio::test(flavor = "multi_thread")]
async fn no_secret_and_no_number_of_a_person_is_in_a_recording() {
    let answer = |_: &str| {
        let body = r#"{"access_token":"tok-998877","phone":"13912345678","echo":"s3cret/+bound"}"#;
        let len = body.len();
        format!(
            "HTTP/1.1 200 OK\r\nset-cookie: sid=1\r\ncontent-length: {len}\r\nconnection: close\r\n\r\n{body}"
        )
    };
    let (address, seen) = serve(answer);
    let channel = json!({
        "record": 5, "passCredentials": true,
        "grants": {
            "http": [{"url": format!("{address}/*"), "private": true}],
            "secrets": ["bound", {"name": "seen", "reveal": true}]
        },
        "secrets": {"bound": "s3cret/+bound", "seen": "s3cret\"seen"}
    });
    let host = Fixture::new(&plugin("hostile"), &channel).await;
    let mut request = post("/fetch", "text/plain", "身份证34160219800102123X，电话0558-5123456");
    request.headers.push(("authorization".to_owned(), "Bearer abcdef".to_owned()));
    request.headers.push(("cookie".to_owned(), "sid=zzz999".to_owned()));
    request.query =
        format!("url={address}/x%3Faccess_token%3Dtok-1234&header=%24%7Bsecret%3Abound%7D&tel=13812345678");
    host.receive(request).await.unwrap();
    assert!(seen.lock().unwrap()[0].contains("x-test: s3cret/+bound"), "it went out with the secret");
    host.receive(post("/secrets", "text/plain", "")).await.unwrap();

    let [second, first] = &calls(&host)[..] else { panic!("two calls") };
    let first = recording(&host, &first.id).unwrap();
    let second = recording(&host, &second.id).unwrap();
    let text = format!("{first}{second}");
    for secret in [
        "s3cret",
        "abcdef",
        "zzz999",
        "sid=1",
        "tok-",
        "13812345678",
        "13912345678",
        "34160219800102123X",
        "5123456",
        "czNjcmV0",
        "s3cret%2F",
    ] {
        assert!(!text.contains(secret), "{secret} is in {text}");
    }
    for told in ["${secret:bound}", "${secret:seen}", "13800000000", "13900000000", "110101190001010006"] {
        assert!(text.contains(told), "{told} is not in {text}");
    }
    assert_eq!(first["step"]["request"]["headers"]["authorization"], "hidden");
    assert_eq!(first["did"]["http"][0]["headers"]["x-test"], "${secret:bound}");
    let hidden = second["hidden"].to_string();
    assert!(hidden.contains("`seen`"), "{hidden}");

    // Played again without any secret, the first comes to the same; the second shows what the plugin saw.
    let wasm = plugin("hostile").wasm;
    let none = BTreeMap::new();
    let replayed = replay::replay(&replay::read(&first.to_string()).unwrap(), &wasm, &cache(), &none).await;
    let replayed = replayed.unwrap();
    assert!(replayed.same, "{:?}", replayed.differences);
    let second = replay::read(&second.to_string()).unwrap();
    let replayed = replay::replay(&second, &wasm, &cache(), &none).await.unwrap();
    assert!(replayed.same, "what stands for the secret is shown for it: {:?}", replayed.differences);
    assert!(replayed.caveats.iter().any(|caveat| caveat.contains("`seen`")), "{:?}", replayed.caveats);
    let known = BTreeMap::from([("seen".to_owned(), "s3cret\"seen".to_owned())]);
    let replayed = replay::replay(&second, &wasm, &cache(), &known).await.unwrap();
    assert!(replayed.same && replayed.caveats.is_empty(), "{replayed:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn another_component_is_told_apart_by_what_it_does() {
    let host = Fixture::new(&plugin("hostile"), &json!({"record": 1})).await;
    host.receive(post("/ok", "text/plain", "x")).await.unwrap();
    let call = calls(&host).remove(0).id;
    let mut recording = replay::read(&recording(&host, &call).unwrap().to_string()).unwrap();
    recording.given["status"] = json!(201);
    recording.plugin.version = "0.0.9".to_owned();
    recording.plugin.digest = "sha256:00".to_owned();
    let none = BTreeMap::new();
    let replayed = replay::replay(&recording, &plugin("hostile").wasm, &cache(), &none).await.unwrap();
    let told: Vec<_> = replayed.differences.iter().map(|one| (&*one.at, one.replayed.clone())).collect();
    assert_eq!(told, [("/given/status", json!(200))]);
    assert!(replayed.caveats.iter().any(|caveat| caveat.contains("0.0.9")), "{:?}", replayed.caveats);
    for text in ["{}", "[]", "nonsense", "{\"format\":\"yiwang.recording/v2\"}"] {
        assert!(replay::read(text).is_err(), "{text}");
    }
}
