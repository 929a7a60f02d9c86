//! What is noted of one call while it runs: for the list of a channel's last calls, and, where the administrator has
//! it recorded, what it takes to play it again.
//!
//! Notes are as things were, secrets and all; what leaves this crate goes through [`redact`](crate::redact) first.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use serde_json::{Value, json};

use crate::bindings::yiwang::channel::http::{HttpError, Request};
use crate::bindings::yiwang::channel::mail::MailError;
use crate::bindings::yiwang::channel::types::{HttpResponse, Payload};
use crate::{limits, watch};

/// Who made the call reads it afterwards.
#[derive(Clone, Default)]
pub(crate) struct Witness(Arc<Mutex<Noted>>);

impl Witness {
    /// One that notes all that a replay takes.
    pub(crate) fn recording() -> Self {
        let noted = Noted { tape: Some(Tape::default()), ..Noted::default() };
        Self(Arc::new(Mutex::new(noted)))
    }

    /// What the call is to go on with.
    pub(crate) fn take(&self) -> Noted {
        std::mem::take(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// The call is over.
    pub(crate) fn give(&self, noted: Noted) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = noted;
    }
}

/// What was noted.
#[derive(Default)]
pub(crate) struct Noted {
    /// From the fresh instance to its end.
    pub(crate) time: Duration,
    /// The most linear memory that it had.
    pub(crate) memory_bytes_peak: usize,
    /// Level and text of what it logged first.
    pub(crate) log: Vec<(&'static str, String)>,
    /// None: the call is not recorded.
    pub(crate) tape: Option<Tape>,
}

impl Noted {
    /// It logged a line.
    pub(crate) fn logged(&mut self, level: &'static str, line: &str) {
        if self.log.len() < limits::LOG_LINES_KEPT {
            self.log.push((level, line.to_owned()));
        }
    }
}

/// What the host told the plugin during a call, in order.
#[derive(Default)]
pub(crate) struct Tape {
    /// Milliseconds of the wall clock.
    pub(crate) clock: Vec<u64>,
    /// Nanoseconds since the call began.
    pub(crate) monotonic: Vec<u64>,
    pub(crate) random: Vec<u8>,
    /// Small state before the call, as far as it looked at it.
    pub(crate) state: BTreeMap<String, Option<Vec<u8>>>,
    /// What it wrote into it; none: it took it out.
    pub(crate) written: Vec<(String, Option<Vec<u8>>)>,
    /// Requests as it made them, before secrets were put in, and what came back.
    pub(crate) http: Vec<(Value, Value)>,
    /// Signatures that the host made with these secrets.
    pub(crate) signed: Vec<(String, Vec<u8>)>,
    /// Secrets that it saw.
    pub(crate) revealed: BTreeSet<String>,
    /// Why the call is not to be kept at all.
    pub(crate) unkept: Option<&'static str>,
    /// What cannot be played again.
    pub(crate) hidden: Vec<String>,
    bytes: usize,
    /// There was too much of it.
    pub(crate) cut: bool,
}

impl Tape {
    /// Is there room for so many bytes more?
    fn fits(&mut self, bytes: usize) -> bool {
        self.bytes = self.bytes.saturating_add(bytes);
        self.cut |= self.bytes > limits::RECORDING_BYTES_MAX;
        !self.cut
    }

    pub(crate) fn told_time(&mut self, millis: u64) {
        if self.fits(8) {
            self.clock.push(millis);
        }
    }

    pub(crate) fn told_monotonic(&mut self, nanos: u64) {
        if self.fits(8) {
            self.monotonic.push(nanos);
        }
    }

    pub(crate) fn told_random(&mut self, bytes: &[u8]) {
        if self.fits(bytes.len()) {
            self.random.extend_from_slice(bytes);
        }
    }

    /// A value of the small state as it was. What the call wrote itself is not what was there before.
    pub(crate) fn looked_up(&mut self, key: &str, value: Option<&[u8]>) {
        if self.state.contains_key(key) || self.written.iter().any(|(written, _)| written == key) {
            return;
        }
        if self.fits(key.len() + value.map_or(0, <[u8]>::len)) {
            self.state.insert(key.to_owned(), value.map(<[u8]>::to_vec));
        }
    }

    pub(crate) fn wrote(&mut self, key: &str, value: Option<&[u8]>) {
        if self.fits(key.len() + value.map_or(0, <[u8]>::len)) {
            self.written.push((key.to_owned(), value.map(<[u8]>::to_vec)));
        }
    }

    pub(crate) fn signed(&mut self, secret: &str, signature: &[u8]) {
        if self.fits(signature.len()) {
            self.signed.push((secret.to_owned(), signature.to_vec()));
        }
    }

    /// A mail server was spoken with. Letters are coded in many ways, and what is hidden in them may not be found:
    /// such a call is not kept.
    pub(crate) fn mailed(&mut self, error: Option<&MailError>) {
        match error {
            // What the host's own rules refuse, they refuse again.
            Some(MailError::Denied(_) | MailError::InvalidRequest(_)) => {}
            _ => self.unkept = Some("it spoke with a mail server"),
        }
    }

    /// A request went out, or would have.
    pub(crate) fn asked(&mut self, request: &Asking, answer: &Result<HttpResponse, HttpError>) {
        // What the host's own rules refuse, they refuse again.
        let answer = match answer {
            Err(HttpError::Denied(_) | HttpError::InvalidRequest(_)) => return,
            Err(error) => json!({"fails": watch::fails(error)}),
            Ok(response) => {
                let lines: Vec<[&str; 2]> = response
                    .headers
                    .iter()
                    .map(|header| [header.name.as_str(), header.value.as_str()])
                    .collect();
                let mut answer = json!({"status": response.status, "lines": lines});
                put_payload(&mut answer, &response.body);
                if let Payload::Blob(_) = &response.body {
                    self.hidden.push(format!("the answer of {} {} is a file", request.method, request.url));
                }
                answer
            }
        };
        let mut told = json!({"method": request.method, "url": request.url, "headers": request.headers});
        if let Some(members) = told.as_object_mut() {
            members.extend(request.body.clone());
        }
        let size = told.to_string().len() + answer.to_string().len();
        if self.fits(size) {
            self.http.push((told, answer));
        }
    }
}

/// A request as the plugin made it.
pub(crate) struct Asking {
    method: String,
    url: String,
    headers: BTreeMap<String, String>,
    body: serde_json::Map<String, Value>,
}

impl Asking {
    pub(crate) fn of(request: &Request) -> Self {
        let mut body = json!({});
        put_payload(&mut body, &request.body);
        let form: Vec<Value> = request
            .form
            .iter()
            .map(|part| {
                let mut told = json!({"name": part.name});
                put_payload(&mut told, &part.content);
                told
            })
            .collect();
        if !form.is_empty() {
            body["form"] = Value::Array(form);
        }
        let header = |header: &crate::bindings::yiwang::channel::types::Header| {
            (header.name.to_ascii_lowercase(), header.value.clone())
        };
        let Value::Object(body) = body else { unreachable!("made as an object") };
        Self {
            method: request.method.clone(),
            url: request.url.clone(),
            headers: request.headers.iter().map(header).collect(),
            body,
        }
    }
}

fn put_payload(told: &mut Value, payload: &Payload) {
    match payload {
        Payload::Empty => {}
        Payload::Text(text) => told["body"] = json!(text),
        Payload::Bytes(bytes) => put_bytes(told, "body", bytes),
        Payload::Blob(blob) => told["file"] = json!({"digest": blob.digest, "size": blob.size}),
    }
}

/// As text where it is text.
pub(crate) fn put_bytes(told: &mut Value, text: &str, bytes: &[u8]) {
    use base64::Engine as _;
    match std::str::from_utf8(bytes) {
        Ok(readable) => told[text] = json!(readable),
        Err(_) => told["base64"] = json!(base64::engine::general_purpose::STANDARD.encode(bytes)),
    }
}
