//! The way out: what is refused, where names lead, how large and how long.

use std::io;
use std::net::IpAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use serde_json::json;
use yiwang_dsl::Fault;
use yiwang_dsl::definition::Protocol;
use yiwang_services::Performer;
use yiwang_services::egress::{Mapping, Resolve};

use crate::support::{call, call_with, json_reply, performer_with, reply, serve, serve_with, told};

/// Answers each question with the next of these addresses, the last one for ever.
struct Names {
    answers: Vec<&'static str>,
    asked: AtomicUsize,
}

impl Names {
    fn new(answers: &[&'static str]) -> Arc<Self> {
        Arc::new(Self { answers: answers.to_vec(), asked: AtomicUsize::new(0) })
    }
}

impl Resolve for Names {
    fn resolve(&self, _: String) -> Pin<Box<dyn Future<Output = io::Result<Vec<IpAddr>>> + Send>> {
        let at = self.asked.fetch_add(1, Ordering::SeqCst).min(self.answers.len() - 1);
        let found = self.answers[at].split(' ').map(|text| text.parse().unwrap()).collect();
        Box::pin(std::future::ready(Ok(found)))
    }
}

async fn get(performer: &Performer, uri: String) -> Result<serde_json::Value, Fault> {
    call(performer, json!({ "method": "get", "endpoint": { "uri": uri }, "redirect": true })).await
}

fn kind(fault: &Fault) -> (&str, u16) {
    (fault.r#type.rsplit('/').next().unwrap(), fault.status)
}

#[tokio::test]
async fn nothing_inside_is_reached_unless_it_is_allowed() {
    let server = serve(|_| json_reply(&json!(1))).await;
    let performer = performer_with(|config| {
        config.allow.clear();
        config.resolver = Names::new(&["127.0.0.1 10.0.0.1 169.254.169.254"]);
    });
    let port = server.at.port();
    for host in
        ["127.0.0.1", "2130706433", "0x7f.1", "[::1]", "[::ffff:127.0.0.1]", "localhost", "a.example.cn"]
    {
        let fault = get(&performer, format!("http://{host}:{port}/")).await.unwrap_err();
        assert_eq!(kind(&fault), ("authorization", 403), "{host}: {fault:?}");
        assert!(fault.detail.unwrap().contains("egress policy"), "{host}");
    }
    assert!(server.seen().is_empty());
}

#[tokio::test]
async fn a_redirect_is_a_hop_like_the_first() {
    let secret = serve(|_| json_reply(&json!("secret"))).await;
    let hidden = secret.url("/meta");
    let open = serve(move |_| reply(302, &[("location", &hidden)], "")).await;
    let target = format!("127.0.0.1:{}", open.at.port());
    let performer = performer_with(|config| config.allow = vec![target.parse().unwrap()]);
    let fault = get(&performer, open.url("/")).await.unwrap_err();
    assert_eq!(kind(&fault), ("authorization", 403), "{fault:?}");
    assert_eq!((open.seen().len(), secret.seen().len()), (1, 0));
}

#[tokio::test]
async fn a_name_that_moves_inside_is_caught_at_its_next_connection() {
    let server = serve(|_| json_reply(&json!(1))).await;
    let names = Names::new(&["127.0.0.1", "127.0.0.2"]);
    let resolver = Arc::clone(&names);
    let performer = performer_with(|config| config.resolver = resolver);
    let uri = format!("http://rebound.example.cn:{}/", server.at.port());
    assert_eq!(get(&performer, uri.clone()).await.unwrap(), json!(1));
    let fault = get(&performer, uri).await.unwrap_err();
    assert_eq!(kind(&fault), ("authorization", 403), "{fault:?}");
    // Each connection asks once: what is checked is what is connected to.
    assert_eq!(names.asked.load(Ordering::SeqCst), 2);
    assert_eq!(server.seen().len(), 1);
}

#[tokio::test]
async fn only_the_allowed_ones_of_several_addresses_are_tried() {
    let server = serve(|_| json_reply(&json!(1))).await;
    let names = Names::new(&["127.0.0.3 10.0.0.1 127.0.0.1"]);
    let performer = performer_with(|config| config.resolver = names);
    assert_eq!(get(&performer, format!("http://a.cn:{}/", server.at.port())).await.unwrap(), json!(1));
}

#[tokio::test]
async fn a_name_may_be_denied_and_all_but_a_list() {
    let server = serve(|_| json_reply(&json!(1))).await;
    let port = server.at.port();
    let performer = performer_with(|config| {
        config.allow = vec!["good.cn".parse().unwrap()];
        config.deny = vec!["*".parse().unwrap(), "127.0.0.1:1".parse().unwrap()];
        config.resolver = Names::new(&["127.0.0.1"]);
    });
    assert_eq!(get(&performer, format!("http://good.cn:{port}/")).await.unwrap(), json!(1));
    let denied = [format!("http://bad.cn:{port}/"), "http://good.cn:1/".into(), "http://8.8.8.8/".into()];
    for uri in denied {
        assert_eq!(kind(&get(&performer, uri.clone()).await.unwrap_err()), ("authorization", 403), "{uri}");
    }
}

#[tokio::test]
async fn the_host_map_and_a_private_authority_lead_into_an_intranet() {
    let made = rcgen::generate_simple_self_signed(vec!["api.example.cn".to_owned()]).unwrap();
    let key = rustls::pki_types::PrivateKeyDer::try_from(made.signing_key.serialize_der()).unwrap();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = rustls::ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![made.cert.der().clone()], key)
        .unwrap();
    let acceptor = tokio_rustls::TlsAcceptor::from(Arc::new(config));
    let server = serve_with(Some(acceptor), |seen| json_reply(&json!(seen.header("host")))).await;
    let at = server.at.to_string();
    let hosts =
        vec![Mapping::new("api.example.cn", &at).unwrap(), Mapping::new("other.cn:8443", &at).unwrap()];
    let trusting = performer_with(|config| {
        config.allow.clear();
        config.hosts = hosts.clone();
        config.certificates = vec![made.cert.pem().into_bytes()];
    });
    assert_eq!(get(&trusting, "https://api.example.cn/".to_owned()).await.unwrap(), json!("api.example.cn"));
    // The certificate must name the host, wherever the map leads.
    let fault = get(&trusting, "https://other.cn:8443/".to_owned()).await.unwrap_err();
    assert_eq!(fault.title.as_deref(), Some("TLS Failure"), "{fault:?}");
    let doubting = performer_with(|config| config.hosts = hosts);
    let fault = get(&doubting, "https://api.example.cn/".to_owned()).await.unwrap_err();
    assert_eq!((kind(&fault), fault.title.as_deref()), (("communication", 500), Some("TLS Failure")));
}

#[tokio::test]
async fn another_origin_does_not_learn_who_asks() {
    let other = serve(|_| json_reply(&json!(2))).await;
    let there = other.url("/there");
    let first = serve(move |seen| match seen.target.as_str() {
        "/" => reply(307, &[("location", "/next")], ""),
        _ => reply(307, &[("location", &there)], ""),
    })
    .await;
    let performer = performer_with(|_| {});
    let with = json!({
        "method": "put", "redirect": true, "body": { "a": 1 }, "headers": { "X-Api-Key": "k" },
        "endpoint": { "uri": first.url("/"), "authentication": { "bearer": { "token": "tokentoken" } } },
    });
    assert_eq!(call(&performer, with).await.unwrap(), json!(2));
    let (first, other) = (first.seen(), other.seen());
    assert_eq!(first[1].header("authorization"), "Bearer tokentoken");
    assert_eq!(first[1].header("x-api-key"), "k");
    assert_eq!((other[0].header("authorization"), other[0].header("x-api-key")), ("", ""));
    assert_eq!((other[0].method.as_str(), other[0].body.as_str()), ("PUT", "{\"a\":1}"));
}

#[tokio::test]
async fn a_body_with_a_secret_goes_to_no_other_origin() {
    let other = serve(|_| json_reply(&json!(2))).await;
    let there = other.url("/there");
    let first = serve(move |_| reply(308, &[("location", &there)], "")).await;
    let with = json!({
        "method": "post", "redirect": true, "body": { "key": null }, "endpoint": { "uri": first.url("/") },
    });
    let deferred = [("/body/key", "$secrets.key")];
    let performer = performer_with(|_| {});
    let fault = call_with(&performer, Protocol::Http, with, &deferred, &["key"]).await.unwrap_err();
    assert_eq!(kind(&fault), ("authorization", 403), "{fault:?}");
    assert!(first.seen()[0].body.contains("s3cr3t-k3y") && other.seen().is_empty());
}

#[tokio::test]
async fn redirects_end() {
    let server = serve(|_| reply(302, &[("location", "/again")], "")).await;
    let performer = performer_with(|config| config.limits.redirects = 3);
    let fault = get(&performer, server.url("/")).await.unwrap_err();
    assert_eq!(told(&fault, &server), "communication/500 Too Many Redirects: redirected more than 3 times");
    assert_eq!(server.seen().len(), 4);
}

#[tokio::test]
async fn answers_have_a_size_and_a_time() {
    let server = serve(|seen| match seen.target.as_str() {
        "/large" => reply(200, &[("content-type", "text/plain")], &"x".repeat(2000)),
        "/heads" => {
            let names: Vec<String> = (0..40).map(|at| format!("x-{at}")).collect();
            reply(200, &names.iter().map(|name| (name.as_str(), "v")).collect::<Vec<_>>(), "")
        }
        _ => String::new(),
    })
    .await;
    let performer = performer_with(|config| {
        config.limits.answer_bytes = 1000;
        config.limits.headers = 20;
    });
    let fault = get(&performer, server.url("/large")).await.unwrap_err();
    assert_eq!(
        told(&fault, &server),
        "communication/500 Answer Too Large: the answer has more than 1000 bytes, which is the limit"
    );
    let fault = get(&performer, server.url("/heads")).await.unwrap_err();
    assert_eq!((kind(&fault), fault.title.as_deref()), (("communication", 500), Some("No Answer")));
    let hurried = performer_with(|config| config.limits.total_time = Duration::from_millis(50));
    let fault = get(&hurried, server.url("/never")).await.unwrap_err();
    assert_eq!(told(&fault, &server), "communication/504 Too Late: no answer within 50 ms");
}

#[tokio::test]
async fn who_is_not_there_is_a_fault_of_communication() {
    // A port that was free a moment ago.
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let gone = format!("http://{}/", listener.local_addr().unwrap());
    drop(listener);
    let fault = get(&performer_with(|_| {}), gone).await.unwrap_err();
    let title = fault.title.as_deref();
    assert_eq!((kind(&fault), title), (("communication", 500), Some("No Connection")), "{fault:?}");
}
