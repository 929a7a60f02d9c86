//! One HTTP exchange: a request, its redirects, an answer of bounded size within bounded time.
//!
//! Each hop opens its connection through the door and is checked anew. To another origin goes only what
//! says nothing about who asks.

use std::time::Duration;

use bytes::{Bytes, BytesMut};
use http::header::{self, HeaderMap, HeaderName, HeaderValue};
use http::{Method, StatusCode};
use http_body_util::{BodyExt as _, Full};
use hyper::body::Incoming;
use tokio::time::Instant;
use url::Url;

use super::Egress;
use super::failure::Failure;

/// What to ask.
#[derive(Clone, Debug)]
pub struct Request {
    /// The method.
    pub method: Method,
    /// Where: http or https.
    pub url: Url,
    /// Headers. Those that the connection needs are set here and may not be among them.
    pub headers: HeaderMap,
    /// The body; empty: none.
    pub body: Bytes,
    /// What becomes of redirects.
    pub redirects: Redirects,
    /// Less time than the limit.
    pub time: Option<Duration>,
}

/// What becomes of redirects.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Redirects {
    /// They are the answer.
    Keep,
    /// They are followed, up to the limit.
    Follow,
    /// The same, but the body goes to no other origin: it holds a secret.
    FollowWithSecret,
}

impl Request {
    /// A request without headers and body that follows redirects.
    pub fn get(url: Url) -> Self {
        Self {
            method: Method::GET,
            url,
            headers: HeaderMap::new(),
            body: Bytes::new(),
            redirects: Redirects::Follow,
            time: None,
        }
    }
}

/// An answer whose body is still to be read.
#[derive(Debug)]
pub struct Response {
    /// Where it came from in the end.
    pub url: Url,
    /// Its status.
    pub status: StatusCode,
    /// Its headers.
    pub headers: HeaderMap,
    body: Incoming,
    bytes_left: usize,
    max: usize,
    ends: Instant,
    time: Duration,
}

impl Response {
    /// The next piece of the body; none at its end. Within the limits of size and time.
    ///
    /// # Errors
    /// When a limit is passed or the connection breaks.
    pub async fn chunk(&mut self) -> Result<Option<Bytes>, Failure> {
        loop {
            let late = Failure::Time { millis: self.time.as_millis() };
            let frame = tokio::time::timeout_at(self.ends, self.body.frame()).await.map_err(|_| late)?;
            let Some(frame) = frame.transpose().map_err(Failure::protocol)? else { return Ok(None) };
            let Ok(data) = frame.into_data() else { continue };
            self.bytes_left =
                self.bytes_left.checked_sub(data.len()).ok_or(Failure::TooLarge { max: self.max })?;
            return Ok(Some(data));
        }
    }

    /// The same with a limit of its own for the body.
    #[must_use]
    pub fn up_to(self, max: usize) -> Self {
        Self { bytes_left: max, max, ..self }
    }

    /// The whole body.
    ///
    /// # Errors
    /// As [`Response::chunk`].
    pub async fn bytes(mut self) -> Result<Bytes, Failure> {
        let mut whole = BytesMut::new();
        while let Some(piece) = self.chunk().await? {
            whole.extend_from_slice(&piece);
        }
        Ok(whole.freeze())
    }
}

impl Egress {
    /// Sends a request and follows its redirects, if asked. The body of the answer is still to be read.
    ///
    /// # Errors
    /// When there is no answer within the limits, or the policy refuses a hop.
    pub async fn send(&self, request: Request) -> Result<Response, Failure> {
        let limits = self.limits();
        let time = request.time.unwrap_or(limits.total_time).min(limits.total_time);
        let ends = Instant::now() + time;
        let Request { mut method, mut url, mut headers, mut body, redirects, .. } = request;
        own_headers(&mut headers)?;
        let mut hops = 0;
        loop {
            let asked = self.hop(&method, &url, &headers, &body);
            let late = |_| Failure::Time { millis: time.as_millis() };
            let response = tokio::time::timeout_at(ends, asked).await.map_err(late)??;
            let (head, answer) = response.into_parts();
            let next = match redirects {
                Redirects::Keep => None,
                Redirects::Follow | Redirects::FollowWithSecret => {
                    redirect(head.status, &head.headers, &url)?
                }
            };
            let Some(next) = next else {
                return Ok(Response {
                    url,
                    status: head.status,
                    headers: head.headers,
                    body: answer,
                    bytes_left: limits.answer_bytes,
                    max: limits.answer_bytes,
                    ends,
                    time,
                });
            };
            hops += 1;
            if hops > limits.redirects {
                return Err(Failure::Redirects { max: limits.redirects });
            }
            if becomes_get(head.status, &method) {
                method = Method::GET;
                body = Bytes::new();
                for name in [header::CONTENT_TYPE, header::CONTENT_ENCODING, header::CONTENT_LANGUAGE] {
                    headers.remove(name);
                }
            }
            if next.origin() != url.origin() {
                if redirects == Redirects::FollowWithSecret && !body.is_empty() {
                    return Err(Failure::Astray);
                }
                headers = for_anyone(&headers);
            }
            url = next;
        }
    }

    async fn hop(
        &self,
        method: &Method,
        url: &Url,
        headers: &HeaderMap,
        body: &Bytes,
    ) -> Result<http::Response<Incoming>, Failure> {
        if !matches!(url.scheme(), "http" | "https") {
            return Err(Failure::Invalid(format!("`{}` is no scheme of HTTP addresses", url.scheme())));
        }
        if !url.username().is_empty() || url.password().is_some() {
            let words = "an address with a user name in it; write an `authentication`";
            return Err(Failure::Invalid(words.to_owned()));
        }
        let mut target = url.clone();
        target.set_fragment(None);
        let mut request = http::Request::new(Full::new(body.clone()));
        *request.method_mut() = method.clone();
        *request.uri_mut() = target
            .as_str()
            .parse()
            .map_err(|_| Failure::Invalid("the address cannot be written in a request".to_owned()))?;
        request.headers_mut().extend(headers.clone());
        self.client.request(request).await.map_err(|error| Failure::of(&error))
    }
}

/// Adds what every request of ours says, and refuses what belongs to the connection.
fn own_headers(headers: &mut HeaderMap) -> Result<(), Failure> {
    const OF_THE_CONNECTION: [HeaderName; 7] = [
        header::HOST,
        header::CONNECTION,
        header::CONTENT_LENGTH,
        header::TRANSFER_ENCODING,
        header::TE,
        header::UPGRADE,
        header::EXPECT,
    ];
    if let Some(name) = OF_THE_CONNECTION.iter().find(|name| headers.contains_key(*name)) {
        return Err(Failure::Invalid(format!("the header `{name}` is set by the engine itself")));
    }
    let agent = HeaderValue::from_static(concat!("yiwang/", env!("CARGO_PKG_VERSION")));
    headers.entry(header::USER_AGENT).or_insert(agent);
    headers.entry(header::ACCEPT).or_insert(HeaderValue::from_static("*/*"));
    Ok(())
}

/// Where an answer leads on, if it does.
fn redirect(status: StatusCode, headers: &HeaderMap, from: &Url) -> Result<Option<Url>, Failure> {
    if ![301, 302, 303, 307, 308].contains(&status.as_u16()) {
        return Ok(None);
    }
    let Some(location) = headers.get(header::LOCATION) else { return Ok(None) };
    let location = location.to_str().map_err(|_| Failure::protocol("a redirect that is no text"))?;
    from.join(location).map(Some).map_err(|_| Failure::protocol("a redirect to no address"))
}

/// As browsers do it: 303 goes on as GET, and so does a POST after 301 and 302.
fn becomes_get(status: StatusCode, method: &Method) -> bool {
    match status.as_u16() {
        303 => *method != Method::HEAD,
        301 | 302 => *method == Method::POST,
        _ => false,
    }
}

/// What may be told to another origin. Not only `Authorization`: any other header may hold a key.
fn for_anyone(headers: &HeaderMap) -> HeaderMap {
    const HARMLESS: [HeaderName; 6] = [
        header::ACCEPT,
        header::ACCEPT_LANGUAGE,
        header::CONTENT_ENCODING,
        header::CONTENT_LANGUAGE,
        header::CONTENT_TYPE,
        header::USER_AGENT,
    ];
    let kept = headers.iter().filter(|(name, _)| HARMLESS.contains(name));
    kept.map(|(name, value)| (name.clone(), value.clone())).collect()
}
