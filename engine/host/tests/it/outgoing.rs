//! Outgoing requests: to granted addresses only, on every hop, and with secrets that stay on the host.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpListener;
use std::sync::{Arc, Mutex};
use std::thread;

use serde_json::{Value, json};

use crate::support::{Fixture, plugin, post};

/// A server that answers `answer` to everything and keeps what it was sent.
pub(crate) fn serve(
    mut answer: impl FnMut(&str) -> String + Send + 'static,
) -> (String, Arc<Mutex<Vec<String>>>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = format!("http://{}", listener.local_addr().unwrap());
    let seen = Arc::new(Mutex::new(Vec::new()));
    let kept = Arc::clone(&seen);
    thread::spawn(move || {
        for stream in listener.incoming() {
            let Ok(stream) = stream else { return };
            let mut reader = BufReader::new(stream);
            let mut request = String::new();
            let mut len = 0;
            while let Ok(1..) = reader.read_line(&mut request) {
                let line = request.lines().last().unwrap_or_default().to_ascii_lowercase();
                if let Some(value) = line.strip_prefix("content-length:") {
                    len = value.trim().parse().unwrap();
                }
                if line.is_empty() {
                    break;
                }
            }
            let mut body = vec![0; len];
            reader.read_exact(&mut body).unwrap();
            request.push_str(&String::from_utf8_lossy(&body));
            let answer = answer(&request);
            kept.lock().unwrap().push(request);
            reader.get_mut().write_all(answer.as_bytes()).unwrap();
        }
    });
    (address, seen)
}

fn fine(_: &str) -> String {
    "HTTP/1.1 200 OK\r\ncontent-length: 2\r\nconnection: close\r\n\r\nhi".to_owned()
}

async fn host(http: Value) -> Fixture {
    let channel = json!({"grants": {"http": http, "secrets": ["bound"]}, "secrets": {"bound": "s\"2&"}});
    Fixture::new(&plugin("hostile"), &channel).await
}

async fn fetch(host: &Fixture, query: &[(&str, &str)]) -> String {
    let mut request = post("/fetch", "text/plain", "");
    let escape = |text: &str| text.bytes().map(|byte| format!("%{byte:02X}")).collect::<String>();
    let pairs: Vec<String> = query.iter().map(|(name, value)| format!("{name}={}", escape(value))).collect();
    request.query = pairs.join("&");
    let received = host.receive(request).await.unwrap();
    String::from_utf8(received.response.body.to_vec()).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn only_what_is_granted_is_reached() {
    let (address, seen) = serve(fine);
    let none = host(json!([])).await;
    let denied = fetch(&none, &[("url", &address)]).await;
    assert!(
        denied.contains("HttpError::Denied") && denied.contains(&format!("url: \\\"{address}/*\\\"")),
        "{denied}"
    );
    let public_only = host(json!([{"url": "http://*:*/*"}])).await;
    let denied = fetch(&public_only, &[("url", &address)]).await;
    assert!(denied.contains("Denied") && denied.contains("private: true"), "{denied}");
    let private = host(json!([{"url": format!("{address}/*"), "methods": ["GET"], "private": true}])).await;
    assert!(fetch(&private, &[("url", &address)]).await.contains("status: 200"));
    assert!(fetch(&private, &[("url", &address), ("method", "POST")]).await.contains("Denied"));
    assert_eq!(seen.lock().unwrap().len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn addresses_inside_are_refused_in_every_spelling() {
    let (address, seen) = serve(fine);
    let port = address.rsplit_once(':').unwrap().1;
    let host = host(json!([{"url": "http://*:*/*"}])).await;
    for spelling in [
        "127.0.0.1",
        "localhost",
        "2130706433",
        "0x7f000001",
        "0177.0.0.1",
        "127.1",
        "[::1]",
        "[::ffff:127.0.0.1]",
        "0.0.0.0",
    ] {
        let answer = fetch(&host, &[("url", &format!("http://{spelling}:{port}/"))]).await;
        assert!(answer.contains("Denied"), "{spelling}: {answer}");
    }
    for url in ["http://169.254.169.254/latest", "http://10.0.0.1/", "http://[fd00::1]/"] {
        assert!(fetch(&host, &[("url", url)]).await.contains("Denied"), "{url}");
    }
    for url in ["file:///etc/hostname", "ftp://x/", "unix:/tmp/x", "http://a@b/", "not an address"] {
        let answer = fetch(&host, &[("url", url)]).await;
        assert!(answer.contains("Denied") || answer.contains("InvalidRequest"), "{url}: {answer}");
    }
    assert!(seen.lock().unwrap().is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_redirect_is_checked_like_the_first_address() {
    let (inner, seen) = serve(fine);
    let target = inner.clone();
    let (outer, _) = serve(move |_| {
        format!("HTTP/1.1 302 Found\r\nlocation: {target}/\r\ncontent-length: 0\r\nconnection: close\r\n\r\n")
    });
    let one = host(json!([{"url": format!("{outer}/*"), "private": true}])).await;
    assert!(fetch(&one, &[("url", &outer)]).await.contains("Denied"));
    assert!(seen.lock().unwrap().is_empty());
    let both = json!([{"url": format!("{outer}/*"), "private": true}, {"url": format!("{inner}/*"), "private": true}]);
    assert!(fetch(&host(both).await, &[("url", &outer)]).await.contains("status: 200"));
}

#[tokio::test(flavor = "multi_thread")]
async fn redirects_come_to_an_end() {
    let (address, seen) = serve(|_| {
        "HTTP/1.1 302 Found\r\nlocation: /again\r\ncontent-length: 0\r\nconnection: close\r\n\r\n".to_owned()
    });
    let host = host(json!([{"url": format!("{address}/*"), "private": true}])).await;
    assert!(fetch(&host, &[("url", &address)]).await.contains("status: 302"));
    assert_eq!(seen.lock().unwrap().len(), 6);
}

#[tokio::test(flavor = "multi_thread")]
async fn secrets_are_put_in_by_the_host_and_do_not_come_back() {
    let (address, seen) = serve(fine);
    let host = host(json!([{"url": format!("{address}/*"), "private": true}])).await;
    let url = format!("{address}/?k=${{secret:bound}}");
    let query = [
        ("url", url.as_str()),
        ("method", "POST"),
        ("header", "key ${secret:bound}"),
        ("body", r#"{"k":"${secret:bound}"}"#),
    ];
    let answer = fetch(&host, &query).await;
    assert!(answer.contains("status: 200") && !answer.contains("s\"2"), "{answer}");
    let request = seen.lock().unwrap().remove(0);
    assert!(request.contains("?k=s%222%26 "), "{request}");
    assert!(request.contains("x-test: key s\"2&"), "{request}");
    assert!(request.contains(r#"{"k":"s\"2&"}"#), "{request}");
    let unbound = fetch(&host, &[("url", &address), ("header", "${secret:seen}")]).await;
    assert!(unbound.contains("Denied") && unbound.contains("not bound"), "{unbound}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_secret_is_a_whole_part_of_a_path_or_none() {
    let (address, seen) = serve(fine);
    let with = async |secret: &str| {
        let grants =
            json!({"http": [{"url": format!("{address}/*"), "private": true}], "secrets": ["bound"]});
        let channel = json!({"grants": grants, "secrets": {"bound": secret}});
        Fixture::new(&plugin("hostile"), &channel).await
    };
    let host = with("a/../b?c").await;
    let url = format!("{address}/hook/${{secret:bound}}/x?k=1");
    assert!(fetch(&host, &[("url", &url)]).await.contains("status: 200"));
    let request = seen.lock().unwrap().remove(0);
    assert!(request.contains("/hook/a%2F..%2Fb%3Fc/x?k=1 "), "{request}");
    let refused = [
        format!("{address}/hook/a${{secret:bound}}"),
        format!("{address}/hook/${{secret:bound}}${{secret:bound}}"),
        format!("{address}/hook/${{secret:bound"),
        address.replace("127.0.0.1", "${secret:bound}"),
    ];
    for url in refused {
        let answer = fetch(&host, &[("url", &url)]).await;
        assert!(answer.contains("InvalidRequest") || answer.contains("Denied"), "{url}: {answer}");
    }
    for dots in ["", ".", ".."] {
        let answer = fetch(&with(dots).await, &[("url", &url)]).await;
        assert!(answer.contains("Denied") && answer.contains("no part"), "{dots}: {answer}");
    }
    assert!(seen.lock().unwrap().is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn headers_cannot_be_smuggled() {
    let (address, seen) = serve(fine);
    let host = host(json!([{"url": format!("{address}/*"), "private": true}])).await;
    assert!(fetch(&host, &[("url", &address), ("header", "a\r\nhost: b")]).await.contains("InvalidRequest"));
    assert!(seen.lock().unwrap().is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn one_call_sends_so_many_requests_and_no_more() {
    let (address, seen) = serve(fine);
    let host = host(json!([{"url": format!("{address}/*"), "private": true}])).await;
    let mut request = post("/requests", "text/plain", "");
    request.query = format!("url={address}/");
    let received = host.receive(request).await.unwrap();
    assert_eq!(&received.response.body[..], b"16");
    assert_eq!(seen.lock().unwrap().len(), 16);
}
