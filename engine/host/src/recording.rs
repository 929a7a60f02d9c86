//! A call as it was, for whoever wants to know why: what came in, what the host told the plugin, what was given back.
//!
//! ```text
//! witness (raw) + request + result ──redact──► Recording ──► a file, or the memory of the server
//! ```
//! Nothing in it is secret. It is read by [`replay`](crate::replay) and by people.

use std::collections::BTreeMap;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};
use sha2::{Digest as _, Sha256};
use yiwang_core::Timestamp;
use yiwang_runtime::ports::{ChannelRequest, Delivery, Poll};

use crate::breaker::Door;
use crate::cache::hex;
use crate::channel::Ready;
use crate::limits;
use crate::redact::{HIDDEN, Redactor, is_credential, is_in};
use crate::witness::{Noted, Tape, put_bytes};

/// The form of the file.
pub const FORMAT: &str = "yiwang.recording/v1";

/// One recorded call.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Recording {
    /// [`FORMAT`].
    pub format: String,
    /// Names the call.
    pub id: String,
    /// `webhook`, `sender`, `poller`, `delivery-callback` or `check-health`.
    pub export: String,
    /// Which component it was.
    pub plugin: Component,
    /// SHA-256 of the channel's configuration.
    pub config_digest: String,
    /// The channel as a fixture writes it, without secrets.
    pub channel: Value,
    /// `at`, and `request`, `notification`, `poll`, `report` or `health`, as in the step of a fixture.
    pub step: Value,
    /// What the host told the plugin.
    pub world: World,
    /// What was given back, as fixtures compare it.
    pub given: Value,
    /// What it did besides.
    pub did: Did,
    /// What is not as it was, and may make a replay differ.
    pub hidden: Vec<String>,
    /// There was too much to keep: it cannot be played again.
    #[serde(default)]
    pub cut: bool,
}

/// A component.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Component {
    /// Name of the plugin.
    pub name: String,
    /// Its version.
    pub version: String,
    /// `sha256:…` of the file.
    pub digest: String,
}

/// What the host told the plugin, in order.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct World {
    /// The context's name of the call.
    pub call: String,
    /// Milliseconds of the wall clock.
    pub clock: Vec<u64>,
    /// Nanoseconds since the call began.
    pub monotonic: Vec<u64>,
    /// Hex.
    pub random: String,
    /// Small state before the call, base64; null: there was none.
    pub kv: BTreeMap<String, Option<String>>,
    /// Answers from outside, as a fixture writes them.
    pub http: Vec<Value>,
    /// Name of the secret, and base64 of what stands for the signature in what came in; null: it is nowhere there,
    /// and is made anew.
    pub hmac: Vec<(String, Option<String>)>,
}

/// What a call did besides giving something back.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Did {
    /// Requests as it made them, before secrets were put in.
    pub http: Vec<Value>,
    /// Key and value (base64) that it wrote into the small state; null: it took it out.
    pub kv: Vec<(String, Option<String>)>,
    /// What it logged.
    pub log: Vec<Value>,
}

/// What the plugin was asked.
pub(crate) enum Asked {
    /// Without its body, if that is too large to be kept.
    Request(Box<Heard>),
    Send(Delivery),
    Poll(Poll),
    /// How it does, at this time.
    Health(Timestamp),
}

/// A request, as far as it is kept.
pub(crate) struct Heard {
    request: ChannelRequest,
    body: Body,
    door: Door,
}

/// Is the body of a request there?
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Body {
    Whole,
    Missing,
}

impl Asked {
    /// A request, with a body that is not too large.
    pub(crate) fn request(request: &ChannelRequest, door: Door) -> Self {
        let (body, kept) = if request.body.len() <= limits::RECORDED_BODY_BYTES_MAX {
            (Body::Whole, request.body.clone())
        } else {
            (Body::Missing, bytes::Bytes::new())
        };
        let request = ChannelRequest { body: kept, ..request.clone() };
        Self::Request(Box::new(Heard { request, body, door }))
    }

    /// Is there not all of it?
    fn is_cut(&self) -> bool {
        match self {
            Self::Request(heard) => heard.body == Body::Missing,
            Self::Send(_) | Self::Poll(_) | Self::Health(_) => false,
        }
    }

    /// When it was asked.
    pub(crate) fn now(&self) -> Timestamp {
        match self {
            Self::Request(heard) => heard.request.now,
            Self::Send(delivery) => delivery.now,
            Self::Poll(poll) => poll.now,
            Self::Health(now) => *now,
        }
    }

    /// Where credentials may stand in what came in.
    fn raw(&self) -> Value {
        match self {
            Self::Request(heard) => {
                let request = &heard.request;
                let headers: Map<String, Value> =
                    request.headers.iter().map(|(name, value)| (name.clone(), json!(value))).collect();
                json!([request.path, request.query, headers, String::from_utf8_lossy(&request.body)])
            }
            Self::Send(_) | Self::Poll(_) | Self::Health(_) => Value::Null,
        }
    }

    /// As the step of a fixture.
    fn step(&self, redactor: &Redactor, hidden: &mut Vec<String>) -> Value {
        let at = self.now().rfc3339();
        match self {
            Self::Request(heard) => {
                let told = told_request(&heard.request, redactor, hidden);
                match heard.door {
                    Door::Report => json!({"at": at, "report": told}),
                    Door::Webhook | Door::Poll | Door::Send => json!({"at": at, "request": told}),
                }
            }
            Self::Health(_) => json!({"at": at, "health": {}}),
            Self::Send(delivery) => {
                let message = &delivery.message;
                let notification = json!({
                    "effect": delivery.effect, "attempt": delivery.attempt,
                    "recipientKind": message.recipient_kind, "recipient": message.recipient,
                    "recipientName": message.recipient_name, "template": message.template,
                    "params": message.params.to_json(), "subject": message.subject, "body": message.body,
                    "caseNo": message.case_no,
                });
                json!({"at": at, "notification": redactor.json(&notification)})
            }
            Self::Poll(poll) => {
                let question =
                    json!({"cursor": poll.cursor, "eventsMax": poll.events_max, "attempt": poll.attempt});
                json!({"at": at, "poll": redactor.json(&question)})
            }
        }
    }
}

fn told_request(request: &ChannelRequest, redactor: &Redactor, hidden: &mut Vec<String>) -> Value {
    let mut headers = Map::new();
    for (name, value) in &request.headers {
        let told = if is_credential(name) { redactor.credential(value) } else { redactor.text(value) };
        if told == HIDDEN {
            hidden.push(format!("the header `{}`", name.to_ascii_lowercase()));
        }
        let value = told;
        headers.insert(name.clone(), json!(value));
    }
    let mut told = json!({
        "method": request.method, "path": redactor.text(&request.path),
        "query": redactor.text(&request.query), "headers": headers,
    });
    let body = redactor.bytes(&request.body);
    if body != request.body {
        hidden.push("credentials or numbers of people in the body".to_owned());
    }
    put_bytes(&mut told, "body", &body);
    told
}

/// All that a recording is made of.
pub(crate) struct Parts<'a> {
    pub(crate) ready: &'a Ready,
    pub(crate) id: &'a str,
    /// What was called.
    pub(crate) export: &'static str,
    pub(crate) asked: &'a Asked,
    pub(crate) noted: Noted,
    /// What was given back.
    pub(crate) given: Value,
}

impl Recording {
    /// Makes it, with nothing in it that must not be. None: it is not to be recorded.
    pub(crate) fn new(parts: Parts<'_>) -> Option<Self> {
        let Parts { ready, id, export, asked, noted, given } = parts;
        let tape = noted.tape.filter(|tape| tape.unkept.is_none())?;
        let mut redactor = ready.redactor();
        let signatures: Vec<Vec<u8>> = tape.signed.iter().map(|(_, signature)| signature.clone()).collect();
        let others = redactor.sign(id, &signatures);
        let raw = asked.raw();
        redactor.learn(tape.http.iter().flat_map(|(request, answer)| [request, answer]).chain([&raw]));
        let mut hidden = tape.hidden.clone();
        let step = asked.step(&redactor, &mut hidden);
        hidden.extend(tape.revealed.iter().map(|name| format!("the secret `{name}`, which the plugin saw")));
        let cut = tape.cut || asked.is_cut();
        hidden.extend(cut.then(|| "what was more than a recording holds".to_owned()));
        let came_in = came_in(&raw, &tape);
        let signed = tape.signed.iter().zip(&others);
        let hmac = signed
            .map(|((name, signature), other)| {
                (name.clone(), is_in(signature, &came_in).then(|| STANDARD.encode(other)))
            })
            .collect();
        let log = noted.log.iter().map(|(level, text)| json!({"level": level, "text": redactor.text(text)}));
        let manifest = &ready.plugin.manifest;
        Some(Self {
            format: FORMAT.to_owned(),
            id: id.to_owned(),
            export: export.to_owned(),
            plugin: Component {
                name: manifest.name.clone(),
                version: manifest.version.clone(),
                digest: ready.plugin.digest.clone(),
            },
            config_digest: format!("sha256:{}", hex(&Sha256::digest(&ready.config))),
            channel: settings(ready, &redactor),
            step,
            given: redactor.json(&given),
            did: Did {
                http: tape.http.iter().map(|(request, _)| told_exchange(&redactor, request)).collect(),
                kv: tape.written.iter().map(|(key, value)| kept(&redactor, key, value.as_deref())).collect(),
                log: log.collect(),
            },
            world: World {
                call: id.to_owned(),
                kv: tape.state.iter().map(|(key, value)| kept(&redactor, key, value.as_deref())).collect(),
                http: tape.http.iter().map(|(_, answer)| told_exchange(&redactor, answer)).collect(),
                hmac,
                random: hex(&tape.random),
                clock: tape.clock,
                monotonic: tape.monotonic,
            },
            hidden,
            cut,
        })
    }
}

/// All that the plugin was told, as one text.
fn came_in(raw: &Value, tape: &Tape) -> String {
    let mut text = raw.to_string();
    for (_, answer) in &tape.http {
        text.push_str(&answer.to_string());
    }
    for value in tape.state.values().flatten() {
        text.push_str(&String::from_utf8_lossy(value));
    }
    text
}

/// The channel as it is written; what it is granted are names.
fn settings(ready: &Ready, redactor: &Redactor) -> Value {
    let mut told = ready.written.clone();
    for name in ["config", "title", "attributes"] {
        told[name] = redactor.settings(&told[name]);
    }
    told
}

/// A request that went out or its answer: headers by their names, the body as a text.
fn told_exchange(redactor: &Redactor, told: &Value) -> Value {
    let mut told = redactor.json(told);
    if let Some(text) = told.get("base64").and_then(Value::as_str)
        && let Ok(bytes) = STANDARD.decode(text)
    {
        told["base64"] = json!(STANDARD.encode(redactor.bytes(&bytes)));
    }
    told
}

/// A value of the small state. What is kept under a name of a credential is one.
fn kept(redactor: &Redactor, key: &str, value: Option<&[u8]>) -> (String, Option<String>) {
    let value = value.map(|value| {
        let credential = key.split(|c: char| !(c.is_ascii_alphanumeric() || c == '_')).any(is_credential);
        let looks_plain =
            std::str::from_utf8(value).is_ok_and(|text| !text.trim_start().starts_with(['{', '[']));
        if credential && looks_plain {
            STANDARD.encode(HIDDEN)
        } else {
            STANDARD.encode(redactor.bytes(value))
        }
    });
    (redactor.text(key), value)
}
