//! The other end of outbound channels: a city's message gateway and the WeChat platform, on one port.
//!
//! It checks every signature as the specification says, keeps a ledger, and can fail on purpose.

use std::collections::BTreeMap;
use std::io::{self, BufReader, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{SystemTime, UNIX_EPOCH};

use serde_json::Value;

use crate::http::{read_body, read_head};
use crate::signature::standard_webhook_holds;

/// A running receiver. It stops with the process, or when dropped.
#[derive(Debug)]
pub struct Receiver {
    address: SocketAddr,
    inner: Arc<Inner>,
}

#[derive(Debug)]
struct Inner {
    secret: String,
    ledger: Mutex<Ledger>,
    refuse: AtomicU32,
    stopped: AtomicBool,
}

/// What came in.
#[derive(Clone, Debug, Default)]
pub struct Ledger {
    /// Accepted messages by their id: how often they came, and the last body.
    pub messages: BTreeMap<String, (u32, Value)>,
    /// Messages to WeChat users.
    pub wechat: Vec<Value>,
    /// Requests whose signature did not hold.
    pub forged: u32,
    /// Requests that were refused on purpose.
    pub refused: u32,
}

impl Receiver {
    /// Listens on a free loopback port.
    ///
    /// # Errors
    /// When there is none.
    pub fn start(secret: &str) -> io::Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0")?;
        let address = listener.local_addr()?;
        let inner = Arc::new(Inner {
            secret: secret.to_owned(),
            ledger: Mutex::default(),
            refuse: AtomicU32::new(0),
            stopped: AtomicBool::new(false),
        });
        let shared = Arc::clone(&inner);
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                if shared.stopped.load(Ordering::SeqCst) {
                    return;
                }
                if let Ok(stream) = stream {
                    let shared = Arc::clone(&shared);
                    std::thread::spawn(move || serve(&shared, stream));
                }
            }
        });
        Ok(Self { address, inner })
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Answers 503 to the next so many messages.
    pub fn refuse_next(&self, count: u32) {
        self.inner.refuse.store(count, Ordering::SeqCst);
    }

    /// What came in so far.
    pub fn ledger(&self) -> Ledger {
        self.inner.ledger.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

impl Drop for Receiver {
    fn drop(&mut self) {
        self.inner.stopped.store(true, Ordering::SeqCst);
        // Wakes the thread that accepts.
        drop(TcpStream::connect(self.address));
    }
}

fn serve(inner: &Inner, stream: TcpStream) {
    let mut reader = BufReader::new(stream);
    while let Ok(Some((first, headers))) = read_head(&mut reader) {
        let Ok(body) = read_body(&mut reader, &headers) else { return };
        let target = first.split(' ').nth(1).unwrap_or_default();
        let (status, answer) = take(inner, target, &headers, &body);
        let text = format!(
            "HTTP/1.1 {status}\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n{answer}",
            answer.len()
        );
        if reader.get_mut().write_all(text.as_bytes()).is_err() {
            return;
        }
    }
}

fn take(
    inner: &Inner,
    target: &str,
    headers: &[(String, String)],
    body: &[u8],
) -> (&'static str, &'static str) {
    let mut ledger = inner.ledger.lock().unwrap_or_else(PoisonError::into_inner);
    if target.starts_with("/cgi-bin/token") || target.starts_with("/cgi-bin/stable_token") {
        return ("200 OK", r#"{"access_token":"a-token-for-the-demo","expires_in":7200}"#);
    }
    if target.starts_with("/cgi-bin/message/") {
        ledger.wechat.push(serde_json::from_slice(body).unwrap_or_default());
        return ("200 OK", r#"{"errcode":0,"errmsg":"ok"}"#);
    }
    let now = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |passed| passed.as_secs());
    if !standard_webhook_holds(&inner.secret, headers, body, i64::try_from(now).unwrap_or(i64::MAX)) {
        ledger.forged += 1;
        return ("401 Unauthorized", "{}");
    }
    let refusing = inner.refuse.fetch_update(Ordering::SeqCst, Ordering::SeqCst, |left| left.checked_sub(1));
    if refusing.is_ok() {
        ledger.refused += 1;
        return ("503 Service Unavailable", "{}");
    }
    let id = headers.iter().find(|(name, _)| name == "webhook-id").map(|(_, id)| id.clone());
    let entry = ledger.messages.entry(id.unwrap_or_default()).or_default();
    entry.0 += 1;
    entry.1 = serde_json::from_slice(body).unwrap_or_default();
    ("200 OK", "{}")
}
