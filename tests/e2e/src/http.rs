//! A small HTTP/1.1 client over one kept connection, and the reading half of a server.
//!
//! Blocking, bounded in time, and with bodies read by length or by chunks. It knows no address of the API.

use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

use serde_json::Value;

/// Longest wait for an answer.
pub const PATIENCE: Duration = Duration::from_secs(20);

/// One peer, one connection; opened when it is needed, again after a failure.
#[derive(Debug)]
pub struct Client {
    peer: SocketAddr,
    token: Option<String>,
    connection: Option<BufReader<TcpStream>>,
}

/// What came back.
#[derive(Clone, Debug)]
pub struct Response {
    /// Status code.
    pub status: u16,
    /// Names in lower case.
    pub headers: Vec<(String, String)>,
    /// The whole body.
    pub body: Vec<u8>,
}

/// What is sent.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Request {
    /// e.g. `POST`.
    pub method: String,
    /// Path and query.
    pub target: String,
    /// Besides length and host.
    pub headers: Vec<(String, String)>,
    /// The whole body.
    pub body: Vec<u8>,
}

impl Request {
    /// Without body and headers.
    pub fn new(method: &str, target: &str) -> Self {
        Self { method: method.to_owned(), target: target.to_owned(), ..Self::default() }
    }

    /// With one more header.
    #[must_use]
    pub fn header(mut self, name: &str, value: &str) -> Self {
        self.headers.push((name.to_owned(), value.to_owned()));
        self
    }

    /// With a body of this type.
    #[must_use]
    pub fn body(self, media_type: &str, body: impl Into<Vec<u8>>) -> Self {
        let mut request = self.header("content-type", media_type);
        request.body = body.into();
        request
    }
}

impl Response {
    /// A header.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }

    /// The body as text.
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    /// The body as JSON; null when it is none.
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_default()
    }

    /// Whether the status begins with 2.
    pub fn ok(&self) -> bool {
        (200..300).contains(&self.status)
    }
}

impl Client {
    /// Without a token: as the outside world talks to channels.
    pub fn new(peer: SocketAddr) -> Self {
        Self { peer, token: None, connection: None }
    }

    /// With a bearer token.
    pub fn with_token(peer: SocketAddr, token: &str) -> Self {
        Self { peer, token: Some(token.to_owned()), connection: None }
    }

    /// The peer is somewhere else now.
    pub fn move_to(&mut self, peer: SocketAddr) {
        self.peer = peer;
        self.connection = None;
    }

    /// Sends one request and reads the answer. Never sends it a second time: the caller knows what is safe.
    ///
    /// # Errors
    /// When the peer is gone, silent or not speaking HTTP.
    pub fn send(&mut self, request: &Request) -> io::Result<Response> {
        let mut connection = match self.connection.take().filter(is_open) {
            Some(connection) => connection,
            None => self.connect()?,
        };
        let mut head = format!("{} {} HTTP/1.1\r\nhost: {}\r\n", request.method, request.target, self.peer);
        if let Some(token) = &self.token {
            head.push_str(&format!("authorization: Bearer {token}\r\n"));
        }
        for (name, value) in &request.headers {
            head.push_str(&format!("{name}: {value}\r\n"));
        }
        head.push_str(&format!("content-length: {}\r\n\r\n", request.body.len()));
        let mut bytes = head.into_bytes();
        bytes.extend_from_slice(&request.body);
        // A server may refuse a body before it has all of it: then its answer is there and the rest is not
        // wanted.
        let written = connection.get_mut().write_all(&bytes);
        let (first, headers) = match (read_head(&mut connection), written) {
            (Ok(Some(head)), _) => head,
            (_, Err(error)) | (Err(error), Ok(())) => return Err(error),
            (Ok(None), Ok(())) => return Err(broken("no answer")),
        };
        let status = first.split(' ').nth(1).and_then(|code| code.parse().ok());
        let status: u16 = status.ok_or_else(|| broken("no status"))?;
        let bodiless = request.method == "HEAD" || status == 204 || status == 304;
        let body = if bodiless { Vec::new() } else { read_body(&mut connection, &headers)? };
        let response = Response { status, headers, body };
        if response.header("connection").is_none_or(|value| !value.eq_ignore_ascii_case("close")) {
            self.connection = Some(connection);
        }
        Ok(response)
    }

    /// `GET` of a path.
    ///
    /// # Errors
    /// As [`Client::send`].
    pub fn get(&mut self, target: &str) -> io::Result<Response> {
        self.send(&Request::new("GET", target))
    }

    /// `POST` of JSON.
    ///
    /// # Errors
    /// As [`Client::send`].
    pub fn post(&mut self, target: &str, body: &Value) -> io::Result<Response> {
        self.send(&Request::new("POST", target).body("application/json", body.to_string()))
    }

    fn connect(&self) -> io::Result<BufReader<TcpStream>> {
        let stream = TcpStream::connect_timeout(&self.peer, PATIENCE)?;
        stream.set_read_timeout(Some(PATIENCE))?;
        stream.set_write_timeout(Some(PATIENCE))?;
        stream.set_nodelay(true)?;
        Ok(BufReader::new(stream))
    }
}

/// Whether the peer has kept the connection: a closed one reads as ended, an open one has nothing to read.
fn is_open(connection: &BufReader<TcpStream>) -> bool {
    let stream = connection.get_ref();
    let mut byte = [0];
    let quiet = stream.set_nonblocking(true).and_then(|()| stream.peek(&mut byte));
    let open = quiet.is_err_and(|error| error.kind() == io::ErrorKind::WouldBlock);
    stream.set_nonblocking(false).is_ok() && open
}

/// A first line and the headers, names in lower case; nothing when the peer closed before.
///
/// # Errors
/// When it breaks off in the middle.
#[expect(clippy::type_complexity, reason = "a pair of a line and its headers needs no name")]
pub fn read_head(from: &mut BufReader<TcpStream>) -> io::Result<Option<(String, Vec<(String, String)>)>> {
    let mut first = String::new();
    if from.read_line(&mut first)? == 0 {
        return Ok(None);
    }
    let mut headers = Vec::new();
    loop {
        let mut line = String::new();
        if from.read_line(&mut line)? == 0 {
            return Err(broken("the headers break off"));
        }
        let line = line.trim_end();
        if line.is_empty() {
            return Ok(Some((first.trim_end().to_owned(), headers)));
        }
        let (name, value) = line.split_once(':').ok_or_else(|| broken("a header without a colon"))?;
        headers.push((name.to_ascii_lowercase(), value.trim().to_owned()));
    }
}

/// The body that the headers announce.
///
/// # Errors
/// When it breaks off in the middle.
pub fn read_body(from: &mut BufReader<TcpStream>, headers: &[(String, String)]) -> io::Result<Vec<u8>> {
    let header =
        |name: &str| headers.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str());
    let mut body = Vec::new();
    if header("transfer-encoding").is_some_and(|value| value.eq_ignore_ascii_case("chunked")) {
        loop {
            let mut line = String::new();
            from.read_line(&mut line)?;
            let length =
                usize::from_str_radix(line.trim(), 16).map_err(|_| broken("a chunk without length"))?;
            let mut chunk = vec![0; length + 2];
            from.read_exact(&mut chunk)?;
            if length == 0 {
                return Ok(body);
            }
            body.extend_from_slice(&chunk[..length]);
        }
    }
    let length = header("content-length").and_then(|value| value.parse().ok()).unwrap_or(0);
    body.resize(length, 0);
    from.read_exact(&mut body)?;
    Ok(body)
}

fn broken(what: &str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, what.to_owned())
}
