//! Looking on at the calls of a bench: what they did and cost, with random numbers that follow from a seed and
//! with answers from outside that were written down. A server has none of this.

use std::collections::{BTreeMap, VecDeque};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use sha2::{Digest as _, Sha256};

use crate::bindings::yiwang::channel::http::HttpError;
use crate::bindings::yiwang::channel::mail::MailError;
use crate::mail::{MailAnswer, MailAsked};

/// One call, as it was seen from outside.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Observed {
    /// From the fresh instance to its end.
    pub time: Duration,
    /// The most linear memory that it had.
    pub memory_bytes_peak: usize,
    /// Functions of the host and how often they were called.
    pub host_calls: BTreeMap<&'static str, u32>,
    /// Level and text of what it logged.
    pub log: Vec<(&'static str, String)>,
}

/// An answer from outside, written down.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Answer {
    /// 200 unless it is said.
    #[serde(default = "ok")]
    pub status: u16,
    /// Header lines.
    #[serde(default)]
    pub headers: BTreeMap<String, String>,
    /// More of them, in order.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub lines: Vec<(String, String)>,
    /// The body as JSON.
    #[serde(default)]
    pub json: Value,
    /// Or as text.
    #[serde(default)]
    pub body: Option<String>,
    /// Or as bytes.
    #[serde(default)]
    pub base64: Option<String>,
    /// No answer: `timeout` (it may have arrived), `timeout before it was sent`, `dns: …`, `tls: …`, `protocol: …`,
    /// `too large: N`; anything else: no connection.
    #[serde(default)]
    pub fails: Option<String>,
}

fn ok() -> u16 {
    200
}

impl Answer {
    /// The body.
    ///
    /// # Errors
    /// If its base64 is none.
    pub fn bytes(&self) -> Result<Vec<u8>, String> {
        if let Some(text) = &self.base64 {
            return STANDARD.decode(text).map_err(|error| format!("base64: {error}"));
        }
        Ok(match &self.body {
            Some(text) => text.clone().into_bytes(),
            None if self.json.is_null() => Vec::new(),
            None => self.json.to_string().into_bytes(),
        })
    }
}

/// A request that went out, secrets filled in.
#[derive(Clone, Debug, Serialize)]
pub struct Asked {
    /// Upper case.
    pub method: String,
    /// All of the address.
    pub url: String,
    /// By name, lower case.
    pub headers: BTreeMap<String, String>,
    /// The body; bytes that are no UTF-8 are replaced.
    pub body: String,
}

/// Who looks on.
pub(crate) struct Watch {
    /// Seed and how often it was asked.
    random: Mutex<(u64, u64)>,
    seen: Mutex<Vec<Observed>>,
    asked: Mutex<Vec<Asked>>,
    /// None: requests go out for real.
    answers: Mutex<Option<VecDeque<Answer>>>,
    letters: Mutex<Vec<MailAsked>>,
    /// The same for mail servers.
    mail: Mutex<Option<VecDeque<MailAnswer>>>,
    /// What a recorded call was told.
    playback: Mutex<Playback>,
}

/// The name of a secret, and a signature made with it; none: it is made anew.
pub(crate) type Signed = (String, Option<Vec<u8>>);

/// What the host told the plugin in a call that was recorded; when there is no more of something, it goes on as on
/// any bench.
#[derive(Default)]
pub(crate) struct Playback {
    pub(crate) call: String,
    pub(crate) clock: VecDeque<u64>,
    pub(crate) monotonic: VecDeque<u64>,
    pub(crate) random: VecDeque<u8>,
    pub(crate) http: Vec<Answer>,
    pub(crate) hmac: Vec<Signed>,
}

impl Watch {
    pub(crate) fn new(seed: u64) -> Self {
        Self {
            random: Mutex::new((seed, 0)),
            seen: Mutex::default(),
            asked: Mutex::default(),
            answers: Mutex::default(),
            letters: Mutex::default(),
            mail: Mutex::default(),
            playback: Mutex::default(),
        }
    }

    /// From now on the plugin is told what it was told then.
    pub(crate) fn play_back(&self, mut playback: Playback) {
        self.expect(std::mem::take(&mut playback.http));
        *held(&self.playback) = playback;
    }

    /// The name of the recorded call.
    pub(crate) fn call(&self) -> Option<String> {
        Some(held(&self.playback).call.clone()).filter(|call| !call.is_empty())
    }

    /// The wall clock of the recorded call.
    pub(crate) fn clock(&self) -> Option<u64> {
        held(&self.playback).clock.pop_front()
    }

    /// How long the recorded call had run.
    pub(crate) fn monotonic(&self) -> Option<u64> {
        held(&self.playback).monotonic.pop_front()
    }

    /// The next signature that was made with this secret; none: it is to be made.
    pub(crate) fn signature(&self, secret: &str) -> Option<Vec<u8>> {
        let mut playback = held(&self.playback);
        let at = playback.hmac.iter().position(|(name, _)| name == secret)?;
        playback.hmac.remove(at).1
    }

    /// The next bytes of the stream.
    pub(crate) fn random(&self, bytes: &mut [u8]) {
        let mut told = held(&self.playback);
        if told.random.len() >= bytes.len() {
            bytes.iter_mut().for_each(|byte| *byte = told.random.pop_front().unwrap_or_default());
            return;
        }
        drop(told);
        let mut random = held(&self.random);
        for chunk in bytes.chunks_mut(32) {
            random.1 += 1;
            let mut hash = Sha256::new();
            hash.update(random.0.to_le_bytes());
            hash.update(random.1.to_le_bytes());
            chunk.copy_from_slice(&hash.finalize()[..chunk.len()]);
        }
    }

    pub(crate) fn keep(&self, seen: Observed) {
        held(&self.seen).push(seen);
    }

    /// What was seen since the last time.
    pub(crate) fn seen(&self) -> Vec<Observed> {
        std::mem::take(&mut held(&self.seen))
    }

    /// Requests that went out since the last time.
    pub(crate) fn asked(&self) -> Vec<Asked> {
        std::mem::take(&mut held(&self.asked))
    }

    /// From now on these answers are given, and nothing goes out.
    pub(crate) fn expect(&self, answers: impl IntoIterator<Item = Answer>) {
        *held(&self.answers) = Some(answers.into_iter().collect());
        // What is closed is closed for mail, too.
        held(&self.mail).get_or_insert_default();
    }

    /// Conversations with mail servers since the last time.
    pub(crate) fn letters(&self) -> Vec<MailAsked> {
        std::mem::take(&mut held(&self.letters))
    }

    /// From now on mail servers give these answers, and nothing goes out.
    pub(crate) fn expect_mail(&self, answers: impl IntoIterator<Item = MailAnswer>) {
        *held(&self.mail) = Some(answers.into_iter().collect());
    }

    /// The answer of a mail server; none where it is asked for real.
    pub(crate) fn mail(&self, asked: impl FnOnce() -> MailAsked) -> Option<Result<MailAnswer, MailError>> {
        let mut answers = held(&self.mail);
        let answers = answers.as_mut()?;
        let asked = asked();
        let what = format!("no answer is written down for {}", asked.server);
        held(&self.letters).push(asked);
        Some(answers.pop_front().ok_or(MailError::Connect(what)))
    }

    /// The answer to a request; none where it goes out for real.
    pub(crate) fn answer(&self, request: &reqwest::Request) -> Result<Option<reqwest::Response>, HttpError> {
        let mut answers = held(&self.answers);
        let Some(answers) = answers.as_mut() else { return Ok(None) };
        let asked = Asked::of(request);
        let what = format!("{} {}", asked.method, asked.url);
        held(&self.asked).push(asked);
        let Some(answer) = answers.pop_front() else {
            return Err(HttpError::Connect(format!("no answer is written down for {what}")));
        };
        if let Some(why) = &answer.fails {
            return Err(failure(why));
        }
        let mut response = http::Response::builder().status(answer.status);
        let lines = answer.lines.iter().map(|(name, value)| (name, value));
        for (name, value) in answer.headers.iter().chain(lines) {
            response = response.header(name, value);
        }
        let body = answer.bytes().map_err(HttpError::Protocol)?;
        let response = response
            .body(body)
            .map_err(|error| HttpError::Protocol(format!("the fixture's answer: {error}")))?;
        Ok(Some(response.into()))
    }
}

/// How a failure is written in [`Answer::fails`].
pub(crate) fn fails(error: &HttpError) -> String {
    match error {
        HttpError::Timeout(true) => "timeout".to_owned(),
        HttpError::Timeout(false) => "timeout before it was sent".to_owned(),
        HttpError::Dns(why) => format!("dns: {why}"),
        HttpError::Tls(why) => format!("tls: {why}"),
        HttpError::Protocol(why) => format!("protocol: {why}"),
        HttpError::ResponseTooLarge(max) => format!("too large: {max}"),
        HttpError::Connect(why) | HttpError::Denied(why) | HttpError::InvalidRequest(why) => why.clone(),
    }
}

/// What was written so.
fn failure(why: &str) -> HttpError {
    let after = |what: &str| why.strip_prefix(what).map(str::to_owned);
    match why {
        "timeout" => return HttpError::Timeout(true),
        "timeout before it was sent" => return HttpError::Timeout(false),
        _ => {}
    }
    let named = after("dns: ").map(HttpError::Dns).or_else(|| after("tls: ").map(HttpError::Tls));
    let named = named.or_else(|| after("protocol: ").map(HttpError::Protocol));
    let too_large = || after("too large: ")?.parse().ok().map(HttpError::ResponseTooLarge);
    named.or_else(too_large).unwrap_or_else(|| HttpError::Connect(why.to_owned()))
}

impl Asked {
    fn of(request: &reqwest::Request) -> Self {
        let value = |value: &http::HeaderValue| String::from_utf8_lossy(value.as_bytes()).into_owned();
        let headers = request.headers().iter().map(|(name, text)| (name.as_str().to_owned(), value(text)));
        let body = request.body().and_then(reqwest::Body::as_bytes).unwrap_or_default();
        Self {
            method: request.method().to_string(),
            url: request.url().to_string(),
            headers: headers.collect(),
            body: String::from_utf8_lossy(body).into_owned(),
        }
    }
}

/// Nobody panics while holding one of these.
fn held<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
