//! gRPC against a server of HTTP/2 that echoes in all four ways.

use std::convert::Infallible;
use std::net::SocketAddr;

use bytes::{BufMut as _, Bytes, BytesMut};
use expect_test::{Expect, expect};
use futures::stream;
use http::{HeaderMap, Response};
use http_body_util::{BodyExt as _, StreamBody};
use hyper::body::{Frame, Incoming};
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo};
use serde_json::{Value, json};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpListener;
use yiwang_core::effect::Service;
use yiwang_dsl::definition::Protocol;
use yiwang_services::egress::Mapping;
use yiwang_services::{Config, Performer, Processes};

use crate::authority::Authority;
use crate::world::{self, Answer, Server};

const PROTO: &str = r#"
    syntax = "proto3";
    package demo;
    import "kinds/words.proto";
    service Echo {
        rpc Once(kinds.Word) returns (kinds.Word);
        rpc Join(stream kinds.Word) returns (kinds.Word);
        rpc Split(kinds.Word) returns (stream kinds.Word);
        rpc Each(stream kinds.Word) returns (stream kinds.Word);
        rpc Refuse(kinds.Word) returns (kinds.Word);
        rpc Cut(kinds.Word) returns (kinds.Word);
    }
"#;
const WORDS: &str = r#"syntax = "proto3"; package kinds; message Word { string text = 1; int64 count = 2; }"#;

/// Answers each method in its way. `Word` is written by hand: field 1, a short text.
async fn server() -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            tokio::spawn(serve(stream));
        }
    });
    address
}

/// The same behind TLS.
async fn secured(authority: &Authority) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let acceptor = tokio_rustls::TlsAcceptor::from(authority.server(b"h2"));
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            // Whoever does not trust us hangs up.
            if let Ok(stream) = acceptor.accept(stream).await {
                tokio::spawn(serve(stream));
            }
        }
    });
    address
}

async fn serve(stream: impl AsyncRead + AsyncWrite + Unpin + Send + 'static) {
    let serving = hyper::server::conn::http2::Builder::new(TokioExecutor::new());
    drop(serving.serve_connection(TokioIo::new(stream), service_fn(answer)).await);
}

type Frames = Vec<Result<Frame<Bytes>, Infallible>>;

async fn answer(
    request: http::Request<Incoming>,
) -> Result<
    Response<StreamBody<stream::Iter<std::vec::IntoIter<Result<Frame<Bytes>, Infallible>>>>>,
    Infallible,
> {
    let method = request.uri().path().rsplit('/').next().unwrap_or_default().to_owned();
    let token = request.headers().get("authorization").map(|value| value.to_str().unwrap().to_owned());
    let body = request.into_body().collect().await.unwrap().to_bytes();
    let mut texts = Vec::new();
    let mut rest = &body[..];
    while rest.len() >= 5 {
        let length = u32::from_be_bytes(rest[1..5].try_into().unwrap()) as usize;
        let message = &rest[5..5 + length];
        texts.push(String::from_utf8(message.get(2..).unwrap_or_default().to_vec()).unwrap());
        rest = &rest[5 + length..];
    }
    let word = |text: &str| {
        let mut frame = BytesMut::new();
        frame.put_u8(0);
        frame.put_u32(u32::try_from(text.len()).unwrap() + 2);
        frame.put_u8(0x0a);
        frame.put_u8(u8::try_from(text.len()).unwrap());
        frame.put_slice(text.as_bytes());
        Ok(Frame::data(frame.freeze()))
    };
    let ended = |code: &str, message: &str| {
        let mut trailers = HeaderMap::new();
        trailers.insert("grpc-status", code.parse().unwrap());
        trailers.insert("grpc-message", message.parse().unwrap());
        Ok(Frame::trailers(trailers))
    };
    let frames: Frames = match method.as_str() {
        "Once" => vec![word(&format!("{}{}", texts[0], token.unwrap_or_default())), ended("0", "")],
        "Join" => vec![word(&texts.join("+")), ended("0", "")],
        "Split" => texts[0].split(' ').map(word).chain([ended("0", "")]).collect(),
        "Each" => texts.iter().map(|text| word(&text.to_uppercase())).chain([ended("0", "")]).collect(),
        "Refuse" => vec![ended("7", "not%20you")],
        _ => vec![word("half")],
    };
    let response = Response::builder().header("content-type", "application/grpc");
    Ok(response.body(StreamBody::new(stream::iter(frames))).unwrap())
}

async fn files() -> Server {
    Server::start(|asked| match asked.line.as_str() {
        "GET /api/echo.proto" => Answer::status(200, PROTO),
        "GET /api/kinds/words.proto" => Answer::status(200, WORDS),
        _ => Answer::status(404, ""),
    })
    .await
}

fn with(files: &Server, service: SocketAddr, method: &str, arguments: Value) -> Value {
    json!({
        "proto": { "endpoint": { "uri": files.url("/api/echo.proto") } },
        "service": { "name": "demo.Echo", "host": service.ip().to_string(), "port": service.port() },
        "method": method,
        "arguments": arguments,
    })
}

async fn check(performer: &Performer, with: Value, expected: Expect) {
    let told = world::call(performer, Service::Protocol(Protocol::Grpc), with).await;
    // Ports differ from run to run.
    let told = told.map(|value| value.to_string()).unwrap_or_else(|fault| fault);
    let told: String = told
        .split(' ')
        .map(|word| if word.contains("127.0.0.1:") { "…" } else { word })
        .collect::<Vec<_>>()
        .join(" ");
    expected.assert_eq(&told);
}

#[tokio::test]
async fn methods_of_all_kinds_are_called() {
    let (files, service) = (files().await, server().await);
    let performer = world::performer(Processes::default());
    check(
        &performer,
        with(&files, service, "Once", json!({ "text": "hi" })),
        expect![[r#"{"count":0,"text":"hi"}"#]],
    )
    .await;
    check(
        &performer,
        with(&files, service, "Join", json!([{ "text": "a" }, { "text": "b" }])),
        expect![[r#"{"count":0,"text":"a+b"}"#]],
    )
    .await;
    check(
        &performer,
        with(&files, service, "Split", json!({ "text": "a b c" })),
        expect![[r#"[{"count":0,"text":"a"},{"count":0,"text":"b"},{"count":0,"text":"c"}]"#]],
    )
    .await;
    check(
        &performer,
        with(&files, service, "Each", json!([{ "text": "a" }, { "text": "b" }])),
        expect![[r#"[{"count":0,"text":"A"},{"count":0,"text":"B"}]"#]],
    )
    .await;
}

#[tokio::test]
async fn what_fails_is_a_fault() {
    let (files, service) = (files().await, server().await);
    let performer = world::performer(Processes::default());
    check(
        &performer,
        with(&files, service, "Refuse", json!({ "text": "x" })),
        expect!["authorization 403 PERMISSION_DENIED: not you"],
    )
    .await;
    check(
        &performer,
        with(&files, service, "Cut", json!({ "text": "x" })),
        expect!["communication 500 the answer is cut off: it does not say how the call ended"],
    )
    .await;
    check(
        &performer,
        with(&files, service, "Once", json!({ "txt": "x" })),
        expect!["validation 400 `arguments` are no `kinds.Word`: unrecognized field name 'txt'"],
    )
    .await;
    check(&performer, with(&files, service, "Twice", json!({})), expect!["configuration 400 the service `demo.Echo` has no method `Twice`; there is `Once`, `Join`, `Split`, `Each`, `Refuse`, `Cut`"]).await;
    // A server of HTTP/1. How it hangs up is its own affair.
    let other = with(&files, files.address, "Once", json!({ "text": "x" }));
    let told = world::call(&performer, Service::Protocol(Protocol::Grpc), other).await.unwrap_err();
    assert!(told.starts_with("communication 503"), "{told}");
    let missing = json!({ "proto": { "endpoint": { "uri": files.url("/none.proto") } }, "method": "Once",
        "service": { "name": "demo.Echo", "host": "127.0.0.1", "port": service.port() } });
    check(
        &performer,
        missing,
        expect!["communication 404 the document … cannot be had: the server answered 404 Not Found"],
    )
    .await;
}

#[tokio::test]
async fn the_egress_policy_holds() {
    let (files, service) = (files().await, server().await);
    let closed = Performer::new(Config::default()).unwrap();
    check(
        &closed,
        with(&files, service, "Once", json!({ "text": "x" })),
        expect!["authorization 403 the egress policy does not allow …"],
    )
    .await;
    let mut config = Config::default();
    config.egress.allow = vec![format!("127.0.0.1:{}", files.address.port()).parse().unwrap()];
    let half = Performer::new(config).unwrap();
    check(
        &half,
        with(&files, service, "Once", json!({ "text": "x" })),
        expect!["authorization 403 the egress policy does not allow …"],
    )
    .await;
}

#[tokio::test]
async fn a_private_authority_is_trusted_where_the_operator_says_so() {
    let authority = Authority::of("grpc.example.cn");
    let (files, service) = (files().await, secured(&authority).await);
    let performer = |certificates: Vec<Vec<u8>>, tls: &str| {
        let mut config = Config::default();
        config.egress.allow = vec!["127.0.0.0/8".parse().unwrap()];
        for host in ["grpc.example.cn:7443", "other.example.cn:7443"] {
            config.egress.hosts.push(Mapping::new(host, &service.to_string()).unwrap());
        }
        config.egress.secured = vec![tls.parse().unwrap()];
        config.egress.certificates = certificates;
        Performer::new(config).unwrap()
    };
    let ask = |host: &str| {
        let mut with = with(&files, service, "Once", json!({ "text": "hi" }));
        with["service"] = json!({ "name": "demo.Echo", "host": host, "port": 7443 });
        with
    };
    let trusting = performer(vec![authority.certificate.clone()], "*.example.cn:7443");
    check(&trusting, ask("grpc.example.cn"), expect![[r#"{"count":0,"text":"hi"}"#]]).await;
    // The certificate must name the host, wherever the map leads.
    let told = world::call(&trusting, Service::Protocol(Protocol::Grpc), ask("other.example.cn")).await;
    assert!(told.unwrap_err().contains("not valid for name"));
    let doubting = performer(Vec::new(), "*.example.cn:7443");
    let told = world::call(&doubting, Service::Protocol(Protocol::Grpc), ask("grpc.example.cn")).await;
    assert!(told.unwrap_err().contains("UnknownIssuer"));
    // Without TLS the two do not understand each other.
    let plain = performer(vec![authority.certificate.clone()], "nobody.example.cn");
    let told = world::call(&plain, Service::Protocol(Protocol::Grpc), ask("grpc.example.cn")).await;
    assert!(told.unwrap_err().starts_with("communication"));
}
