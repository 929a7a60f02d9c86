//! What a hostile plugin attempts ends with a code, and the next call works.

use std::collections::BTreeMap;

use serde_json::{Value, json};
use yiwang_core::effect::Message;
use yiwang_core::input::EffectOutcome;
use yiwang_core::{EffectId, InstanceId};
use yiwang_runtime::ports::{ChannelRequest, Channels as _, Delivery};

use crate::support::{Fixture, NOW, plugin, post};

async fn hostile(grants: &Value) -> Fixture {
    let channel = json!({"grants": grants, "secrets": {"seen": "s1", "bound": "s2"}});
    Fixture::new(&plugin("hostile"), &channel).await
}

async fn says(host: &Fixture, path: &str) -> String {
    let received = host.receive(post(path, "text/plain", "")).await.unwrap();
    String::from_utf8(received.response.body.to_vec()).unwrap()
}

/// Each path, what it is refused with, and that a call after it works.
#[tokio::test(flavor = "multi_thread")]
async fn every_attack_costs_its_own_call_only() {
    let host = hostile(&json!({"blobs": true})).await;
    let mut wrong = Vec::new();
    for (path, expected) in [
        ("/loop", "503 plugin.timeout"),
        ("/memory", "500 plugin.out-of-memory"),
        ("/panic", "500 plugin.trap"),
        ("/recursion", "500 plugin.trap"),
        ("/events", "500 plugin.invalid-output"),
        ("/headers", "500 plugin.invalid-output"),
        ("/body", "500 plugin.too-much-output"),
        ("/body-2mib", "500 plugin.invalid-output"),
        ("/utf8", "500 plugin.trap"),
        ("/crlf", "500 plugin.invalid-output"),
        ("/header-name", "500 plugin.invalid-output"),
        ("/set-cookie", "500 plugin.invalid-output"),
        ("/status", "500 plugin.invalid-output"),
        ("/broken-json", "500 plugin.invalid-output"),
        ("/deep-json", "500 plugin.invalid-output"),
        ("/schema", "500 plugin.invalid-output"),
        ("/type", "500 plugin.invalid-output"),
        ("/id", "500 plugin.invalid-output"),
        ("/bidi", "500 plugin.invalid-output"),
        ("/time", "500 plugin.invalid-output"),
        ("/core-attribute", "500 plugin.invalid-output"),
        ("/half-session", "500 plugin.invalid-output"),
        ("/attachment", "500 plugin.invalid-output"),
        ("/event-in-refusal", "500 plugin.invalid-output"),
        ("/many-updates", "500 plugin.invalid-output"),
        ("/update-id", "500 plugin.invalid-output"),
        ("/update-time", "500 plugin.invalid-output"),
        ("/update-code", "500 plugin.invalid-output"),
        ("/update-in-refusal", "500 plugin.invalid-output"),
        ("/code", "500 plugin.invalid-output"),
        ("/random", "500 plugin.trap"),
        ("/nothing", "400 test.refused"),
    ] {
        let given = host.refused(post(path, "text/plain", "")).await;
        if given != expected {
            wrong.push(format!("{path}: expected {expected}, given {given}"));
        }
        assert_eq!(says(&host, "/ok").await, "ok", "after {path}");
    }
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
}

#[tokio::test(flavor = "multi_thread")]
async fn floods_are_cut_and_the_plugin_goes_on() {
    let host = hostile(&json!({})).await;
    assert_eq!(says(&host, "/log").await, "ok");
    assert_eq!(
        says(&host, "/reserve").await,
        "true",
        "an allocation that is too large is refused, not fatal"
    );
    assert_eq!(says(&host, "/left").await, "3000");
}

#[tokio::test(flavor = "multi_thread")]
async fn others_are_served_while_one_computes() {
    let host = std::sync::Arc::new(hostile(&json!({})).await);
    let looping: Vec<_> = (0..4)
        .map(|_| {
            let host = std::sync::Arc::clone(&host);
            tokio::spawn(async move { host.refused(post("/loop", "text/plain", "")).await })
        })
        .collect();
    // More of them than threads: they get through only because the loops yield.
    for _ in 0..4 {
        assert_eq!(says(&host, "/ok").await, "ok");
    }
    for task in looping {
        assert_eq!(task.await.unwrap(), "503 plugin.timeout");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_pool_serves_a_crowd_and_outlives_attacks() {
    let channel = json!({"grants": {}, "secrets": {}});
    let host = std::sync::Arc::new(Fixture::pooled(&plugin("hostile"), &channel).await);
    let crowd: Vec<_> = (0..200)
        .map(|number| {
            let host = std::sync::Arc::clone(&host);
            tokio::spawn(async move {
                if number % 10 == 0 {
                    host.refused(post("/panic", "text/plain", "")).await
                } else {
                    says(&host, "/ok").await
                }
            })
        })
        .collect();
    for (number, call) in crowd.into_iter().enumerate() {
        let expected = if number % 10 == 0 { "500 plugin.trap" } else { "ok" };
        assert_eq!(call.await.unwrap(), expected);
    }
    assert_eq!(host.refused(post("/memory", "text/plain", "")).await, "500 plugin.out-of-memory");
    assert_eq!(says(&host, "/ok").await, "ok");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_not_granted_is_denied_with_the_line_to_add() {
    let host = hostile(&json!({})).await;
    let denied = says(&host, "/secrets").await;
    assert!(
        denied.contains("secrets: [seen]") && denied.contains("does not ask for secret `another`"),
        "{denied}"
    );
    assert!(says(&host, "/kv").await.contains("add to its grants: kv: true"));
    assert!(says(&host, "/blob").await.contains("add to its grants: blobs: true"));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_granted_is_no_more_than_that() {
    let grants = json!({"kv": true, "blobs": true, "secrets": ["bound", {"name": "seen", "reveal": true}]});
    let host = hostile(&grants).await;
    let secrets = says(&host, "/secrets").await;
    assert!(secrets.contains("Ok(\"s1\")") && !secrets.contains("s2"), "{secrets}");
    let kv = says(&host, "/kv").await;
    assert!(kv.starts_with("Ok(()) Err(KvError::QuotaExceeded") && kv.contains("InvalidKey"), "{kv}");
    assert!(says(&host, "/blob").await.contains("NotFound"), "a digest alone opens nothing");
    assert_eq!(says(&host, "/handles").await, "100", "of ten thousand files");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_grant_that_nobody_asked_for_is_a_mistake() {
    let host = hostile(&json!({"secrets": ["another"]})).await;
    assert!(host.problem().unwrap().contains("another"));
}

#[tokio::test(flavor = "multi_thread")]
async fn sending_ends_in_one_of_three_ways() {
    let host = hostile(&json!({})).await;
    let send = async |body: &str| {
        let message = Message {
            recipient_kind: "mobile".to_owned(),
            recipient: "1".to_owned(),
            recipient_name: None,
            template: None,
            params: json!({}).into(),
            subject: None,
            body: body.to_owned(),
            case_no: None,
        };
        let effect = EffectId { instance: InstanceId(7), n: 3 };
        host.host.send("test", Delivery { effect, attempt: 1, message, now: NOW }).await
    };
    let code = async |body: &str| match send(body).await {
        EffectOutcome::Done { output, .. } => format!("done {}", output.to_json()),
        EffectOutcome::Retryable { code, retry_after, .. } => format!("again {code} {retry_after:?}"),
        EffectOutcome::Permanent { code, .. } => format!("never {code}"),
        EffectOutcome::Faulted { error } => format!("fault {}", error.r#type),
    };
    let key = EffectId { instance: InstanceId(7), n: 3 }.to_string();
    assert_eq!(code("fine").await, format!("done {{\"providerId\":\"{key}\",\"state\":\"accepted\"}}"));
    assert_eq!(code("retry").await, "again test.later Some(86400000)");
    assert_eq!(code("permanent").await, "never test.never");
    // It is not known whether it was sent, and the plugin does not say that twice is harmless.
    assert_eq!(code("unknown").await, "never test.unknown");
    assert_eq!(code("panic").await, "never plugin.trap");
    assert_eq!(code("receipt").await, "never plugin.invalid-output");
    let nobody = host.host.send("nobody", delivery()).await;
    assert!(matches!(nobody, EffectOutcome::Permanent { code, .. } if code == "channel.unknown"));
}

fn delivery() -> Delivery {
    let message: BTreeMap<&str, Value> = [
        ("recipient_kind", json!("x")),
        ("recipient", json!("x")),
        ("params", json!({})),
        ("body", json!("x")),
    ]
    .into();
    Delivery {
        effect: EffectId { instance: InstanceId(1), n: 1 },
        attempt: 1,
        message: serde_json::from_value(json!(message)).unwrap(),
        now: NOW,
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn one_that_breaks_down_again_and_again_is_parked_and_tried_again() {
    let host = hostile(&json!({})).await;
    let at = |path: &str, secs: u64| ChannelRequest {
        now: NOW.plus_millis(secs * 1000),
        ..post(path, "text/plain", "")
    };
    for _ in 0..10 {
        assert_eq!(host.refused(at("/panic", 0)).await, "500 plugin.trap");
    }
    let problem = host.host.list()[0].problem.clone().unwrap();
    assert!(problem.starts_with("webhook parked since") && problem.contains("plugin.trap"), "{problem}");
    let rejected = host.host.receive("test", at("/ok", 1)).await.map(|it| it.response).unwrap_err();
    assert_eq!((&*rejected.code, rejected.response.status, rejected.keep), ("channel.parked", 503, false));
    assert!(rejected.response.headers.contains(&("retry-after".to_owned(), "29".to_owned())));
    assert!(host.host.receive("test", at("/ok", 30)).await.is_ok(), "one is let through and ends");
    assert_eq!(host.host.list()[0].problem, None);
    for _ in 0..10 {
        host.refused(at("/panic", 31)).await;
    }
    assert!(host.host.unpark("test") && !host.host.unpark("nobody"));
    assert!(host.host.receive("test", at("/ok", 31)).await.is_ok());
}
