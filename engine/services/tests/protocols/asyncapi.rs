//! Channels of AsyncAPI documents: over HTTP, and over a real NATS server where there is one.

use std::collections::BTreeSet;
use std::sync::atomic::{AtomicU32, Ordering};

use expect_test::{Expect, expect};
use serde_json::{Value, json};
use yiwang_core::effect::Service;
use yiwang_dsl::definition::Protocol;
use yiwang_services::egress::Mapping;
use yiwang_services::{Config, Performer, Processes};

use crate::authority::Authority;
use crate::nats_server::NatsServer;
use crate::world::{self, Answer, Server};

const ASYNC_API: Service = Service::Protocol(Protocol::AsyncApi);

/// Serves a document of version 3 with a channel on NATS.
async fn documents(nats: &str, authority: &str) -> Server {
    let document = json!({
        "asyncapi": "3.0.0",
        "servers": { "bus": { "host": nats, "protocol": "nats" }, "tls": { "host": authority, "protocol": "natss" } },
        "channels": { "orders": { "address": "orders.{region}", "parameters":
            { "region": { "location": "$message.payload#/region" } },
            "messages": { "order": { "correlationId": { "location": "$message.header#/order" } } } } },
        "operations": {
            "order": { "action": "send", "channel": { "$ref": "#/channels/orders" } },
            "work": { "action": "receive", "channel": { "$ref": "#/channels/orders" }, "bindings": { "nats": { "queue": "workers" } } }
        }
    });
    Server::start(move |_| Answer::json(&document)).await
}

fn ask(documents: &Server, rest: Value) -> Value {
    let mut with =
        json!({ "document": { "endpoint": { "uri": documents.url("/a.json") } }, "operation": "order" });
    with.as_object_mut().unwrap().extend(rest.as_object().unwrap().clone());
    with
}

async fn check(performer: &Performer, with: Value, expected: Expect) {
    let told = world::call(performer, ASYNC_API, with).await;
    expected.assert_eq(&told.map(|value| value.to_string()).unwrap_or_else(|fault| fault));
}

#[tokio::test]
async fn messages_go_over_nats_and_come_back() {
    let Some(nats) = NatsServer::start(&[]).await else { return };
    let documents = documents(&nats.address, "127.0.0.1:1").await;
    let performer = world::performer(Processes::default());
    let listening = world::call_with(
        &performer,
        ASYNC_API,
        ask(
            &documents,
            json!({ "subscription": { "filter": null, "consume": { "until": null, "for": "PT60S" } } }),
        ),
        &[("/subscription/filter", ".payload.number >= 0"), ("/subscription/consume/until", "length >= 2")],
    );
    let count = AtomicU32::new(0);
    // Nobody knows when the other side listens; it is told until it has enough.
    let telling = async {
        loop {
            let number = count.fetch_add(1, Ordering::Relaxed);
            let payload = json!({ "region": "north", "number": number });
            let message = json!({ "payload": payload, "headers": { "order": "o1", "n": 1 } });
            let told =
                world::call(&performer, ASYNC_API, ask(&documents, json!({ "message": message }))).await;
            assert_eq!(told, Ok(Value::Null));
        }
    };
    let heard: Result<Value, String> =
        tokio::select! { heard = listening => heard, () = telling => unreachable!() };
    let mut heard = heard.unwrap();
    let first = heard[0]["payload"]["number"].as_u64().unwrap();
    for (at, message) in heard.as_array_mut().unwrap().iter_mut().enumerate() {
        assert_eq!(message["payload"]["number"], first + at as u64, "in order, none left out");
        message["payload"]["number"] = json!("n");
    }
    expect![[r#"[{"correlationId":"o1","headers":{"n":"1","order":"o1"},"payload":{"number":"n","region":"north"}},{"correlationId":"o1","headers":{"n":"1","order":"o1"},"payload":{"number":"n","region":"north"}}]"#]].assert_eq(&heard.to_string());
}

#[tokio::test]
async fn a_nats_server_may_refuse() {
    let Some(nats) = NatsServer::start(&["--user", "a", "--pass", "secret"]).await else { return };
    let documents = documents(&nats.address, "127.0.0.1:1").await;
    let performer = world::performer(Processes::default());
    let message = json!({ "payload": { "region": "north" } });
    check(
        &performer,
        ask(&documents, json!({ "message": message })),
        expect!["authentication 401 the NATS server said: Authorization Violation"],
    )
    .await;
    let basic = |password: &str| json!({ "basic": { "username": "a", "password": password } });
    let with = |password: &str, message: &Value| {
        ask(&documents, json!({ "message": message, "authentication": basic(password) }))
    };
    check(
        &performer,
        with("wrong one", &message),
        expect!["authentication 401 the NATS server said: Authorization Violation"],
    )
    .await;
    check(&performer, with("secret", &message), expect!["null"]).await;
    let bad = json!({ "payload": { "region": "no.*" } });
    check(&performer, with("secret", &bad), expect!["configuration 400 `orders.no.*` is no NATS subject"])
        .await;
}

#[tokio::test]
async fn each_message_goes_to_one_of_a_queue_group() {
    let Some(nats) = NatsServer::start(&[]).await else { return };
    let documents = documents(&nats.address, "127.0.0.1:1").await;
    let performer = world::performer(Processes::default());
    let work = || {
        let mut with = ask(&documents, json!({ "subscription": { "consume": { "amount": 20 } } }));
        with["operation"] = json!("work");
        world::call(&performer, ASYNC_API, with)
    };
    let telling = async {
        for number in 0.. {
            let message = json!({ "payload": { "region": "north", "number": number } });
            let told =
                world::call(&performer, ASYNC_API, ask(&documents, json!({ "message": message }))).await;
            assert_eq!(told, Ok(Value::Null));
        }
    };
    let working = futures::future::try_join(work(), work());
    let (one, other) = tokio::select! { heard = working => heard.unwrap(), () = telling => unreachable!() };
    let numbers = |heard: &Value| {
        let all = heard.as_array().unwrap().iter();
        all.map(|message| message["payload"]["number"].as_u64().unwrap()).collect::<BTreeSet<_>>()
    };
    let (one, other) = (numbers(&one), numbers(&other));
    assert_eq!((one.len(), other.len()), (20, 20));
    assert!(one.is_disjoint(&other), "{one:?} {other:?}");
}

#[tokio::test]
async fn nats_over_tls_with_a_private_authority() {
    let authority = Authority::of("bus.example.cn");
    let (_folder, certificate, key) = authority.files();
    let (certificate, key) = (certificate.to_str().unwrap(), key.to_str().unwrap());
    let Some(nats) = NatsServer::start(&["--tls", "--tlscert", certificate, "--tlskey", key]).await else {
        return;
    };
    let (bus, other) = ("bus.example.cn:7422", "other.example.cn:7422");
    let performer = |certificates: Vec<Vec<u8>>| {
        let mut config = Config::default();
        config.egress.allow = vec!["127.0.0.0/8".parse().unwrap()];
        config.egress.hosts = [bus, other].map(|host| Mapping::new(host, &nats.address).unwrap()).to_vec();
        config.egress.certificates = certificates;
        Performer::new(config).unwrap()
    };
    // `natss` begins with TLS asked for by the address, `nats` because the server says so.
    let documents_of = documents;
    let documents = documents_of(bus, bus).await;
    let trusting = performer(vec![authority.certificate.clone()]);
    for protocol in ["natss", "nats"] {
        let message = json!({ "payload": { "region": "north" } });
        let mut with = ask(&documents, json!({ "message": message }));
        with["protocol"] = json!(protocol);
        check(&trusting, with, expect!["null"]).await;
    }
    let message = ask(&documents, json!({ "message": { "payload": { "region": "north" } } }));
    let told = world::call(&performer(Vec::new()), ASYNC_API, message.clone()).await.unwrap_err();
    assert!(told.contains("UnknownIssuer"), "{told}");
    let elsewhere = documents_of(other, other).await;
    let message = ask(&elsewhere, json!({ "message": { "payload": { "region": "north" } } }));
    let told = world::call(&trusting, ASYNC_API, message).await.unwrap_err();
    assert!(told.contains("not valid for name"), "{told}");
}

#[tokio::test]
async fn messages_go_over_http_and_come_back() {
    let server = Server::start(|asked| match asked.line.as_str() {
        "GET /a.json" => Answer::json(&json!({
            "asyncapi": "2.6.0",
            "servers": { "web": { "url": format!("http://{}/api", asked.headers["host"].to_str().unwrap()), "protocol": "http" } },
            "channels": {
                "news": { "publish": { "bindings": { "http": { "method": "PUT" } } }, "subscribe": {} },
                "polled": { "subscribe": {} }, "closed": { "publish": {} } },
        })),
        "PUT /api/news" => Answer::status(204, ""),
        "GET /api/news" => Answer::events(&[json!({ "n": 1 }), json!({ "n": 2 }), json!("three")]),
        "GET /api/polled" => Answer::json(&json!([1])),
        _ => Answer::status(409, ""),
    })
    .await;
    let performer = world::performer(Processes::default());
    let ask = |channel: &str, rest: Value| {
        let mut with =
            json!({ "document": { "endpoint": { "uri": server.url("/a.json") } }, "channel": channel });
        with.as_object_mut().unwrap().extend(rest.as_object().unwrap().clone());
        with
    };
    let message = json!({ "message": { "payload": { "a": 1 }, "headers": { "x-b": "c" } } });
    check(&performer, ask("news", message.clone()), expect!["null"]).await;
    let put = server.asked().into_iter().find(|asked| asked.line.starts_with("PUT")).unwrap();
    assert_eq!((put.body, put.headers["x-b"].to_str().unwrap()), (json!({ "a": 1 }), "c"));
    let three = json!({ "subscription": { "consume": { "amount": 3 } } });
    check(&performer, ask("news", three.clone()), expect![[r#"[{"headers":{"event":"message"},"payload":{"n":1}},{"headers":{"event":"message"},"payload":{"n":2}},{"headers":{"event":"message"},"payload":"three"}]"#]]).await;
    let polled = world::call(&performer, ASYNC_API, ask("polled", three)).await.unwrap();
    assert_eq!(polled.as_array().map(Vec::len), Some(3));
    check(
        &performer,
        ask("closed", message),
        expect!["communication 409 the channel `/api/closed` answered 409 Conflict"],
    )
    .await;
}
