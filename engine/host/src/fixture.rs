//! Fixtures of a plugin: what comes in or is to go out, and what must be given back. The same for every language,
//! run on the real component in the real host.
//!
//! ```json
//! {"about": "…", "channel": {"config": {}, "grants": {}, "secrets": {}},
//!  "steps": [{"at": "2024-06-04T14:30:00+08:00",
//!             "request": {"method": "POST", "path": "/", "query": "", "headers": {}, "json": {}},
//!             "expect": {"status": 202, "code": "…", "headers": {}, "json": {}, "contains": [], "events": []}},
//!            {"notification": {"recipientKind": "mobile", "recipient": "13…", "body": "…"},
//!             "http": [{"request": {"method": "POST", "url": "https://…"}, "answer": {"status": 200, "json": {}}}],
//!             "expect": {"outcome": "done", "output": {}}}]}
//! ```
//! A member of `expect` that is not there is not compared, but `code` and `events` are: without them there must be
//! none. `mail` has the conversations with mail servers as `http` has the requests. `signed` names what a signature or a secret covers, for [`conformance`](crate::conformance): `body`, `path`,
//! a header, `query:NAME` or `form:NAME`. Nothing leaves the machine: `http` has the answers from outside, in order.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use serde::Deserialize;
use serde_json::{Map, Value, json};
use yiwang_core::input::EffectOutcome;
use yiwang_core::{EffectId, InstanceId, Timestamp};
use yiwang_runtime::ports::{
    ChannelRequest, Delivery, DeliveryReport, IncomingEvent, Poll, PollFailed, PolledPage, Received, Rejected,
};

use crate::bench::{Bench, NOW};
use crate::mail::{MailAnswer, MailAsked};
use crate::watch::{Answer, Asked, Observed};

/// The type of a body that a fixture writes as parts.
const MULTIPART: &str = "multipart/form-data; boundary=xx";

/// One file.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Fixture {
    /// What it shows.
    #[serde(default)]
    pub about: String,
    /// `config`, `grants` and `secrets` of the channel.
    #[serde(default)]
    pub channel: Value,
    /// In order, on one channel.
    pub steps: Vec<Step>,
}

/// One call.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Step {
    /// When (RFC 3339).
    #[serde(default)]
    pub at: Option<String>,
    /// What comes in.
    #[serde(default)]
    pub request: Option<Request>,
    /// Or what goes out.
    #[serde(default)]
    pub notification: Option<Notification>,
    /// Or the question for what is new.
    #[serde(default)]
    pub poll: Option<Question>,
    /// Or what a provider reports of messages that went out.
    #[serde(default)]
    pub report: Option<Request>,
    /// Or the question how the channel does; `{}`.
    #[serde(default)]
    pub health: Option<HowItDoes>,
    /// Answers from outside, in order.
    #[serde(default)]
    pub http: Vec<Exchange>,
    /// Conversations with mail servers, in order.
    #[serde(default)]
    pub mail: Vec<Conversation>,
    /// What a signature covers.
    #[serde(default)]
    pub signed: Vec<String>,
    /// What must be given back.
    #[serde(default)]
    pub expect: Expect,
}

/// A request to the channel.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Request {
    /// POST unless it is said.
    pub method: Option<String>,
    /// `/` unless it is said.
    pub path: Option<String>,
    /// Without `?`.
    #[serde(default)]
    pub query: String,
    /// Header lines.
    #[serde(default)]
    pub headers: BTreeMap<String, String>,
    /// The body as text.
    pub body: Option<String>,
    /// Or as bytes in base64.
    pub base64: Option<String>,
    /// Or as JSON, with its content type.
    #[serde(default)]
    pub json: Value,
    /// Or as a form, with its content type.
    pub form: Option<String>,
    /// Or as parts of a form, with its content type.
    pub multipart: Option<Vec<Part>>,
}

/// A part of a form.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Part {
    /// Name of the field.
    pub name: String,
    /// Of a file.
    pub file_name: Option<String>,
    /// Of a file.
    pub media_type: Option<String>,
    /// What is in it.
    #[serde(default)]
    pub text: String,
    /// Does it begin as a photo does?
    #[serde(default)]
    pub jpeg: bool,
}

/// A message that is to go out.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Notification {
    /// `openid`, `mobile`, `url` …
    pub recipient_kind: String,
    /// The address.
    pub recipient: String,
    /// The recipient's name.
    pub recipient_name: Option<String>,
    /// Name of a template.
    pub template: Option<String>,
    /// What the template needs.
    #[serde(default)]
    pub params: Value,
    /// A headline.
    pub subject: Option<String>,
    /// Plain text.
    #[serde(default)]
    pub body: String,
    /// The case it is about.
    pub case_no: Option<String>,
    /// 1 for the first try.
    pub attempt: Option<u32>,
    /// Its id, which is the key by which a receiver knows it again; the same for all unless it is said.
    pub effect: Option<EffectId>,
}

/// The question for what is new.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Question {
    /// As the last page gave it; none: the first time.
    pub cursor: Option<String>,
    /// 100 unless it is said.
    pub events_max: Option<u32>,
    /// 1 for the first try.
    pub attempt: Option<u32>,
}

/// The question how the channel does.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct HowItDoes {}

impl Question {
    /// As the engine would ask it.
    pub(crate) fn read(&self, now: Timestamp) -> Poll {
        Poll {
            cursor: self.cursor.clone(),
            events_max: self.events_max.unwrap_or(100),
            attempt: self.attempt.unwrap_or(1),
            now,
        }
    }
}

/// A request that goes out, and its answer.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Exchange {
    /// What it must be like.
    #[serde(default)]
    pub request: Outgoing,
    /// What it is answered.
    #[serde(default)]
    pub answer: Answer,
}

/// What a request that goes out must be like; what is not there is not compared.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Outgoing {
    method: Option<String>,
    url: Option<String>,
    #[serde(default)]
    headers: BTreeMap<String, String>,
    #[serde(default)]
    json: Value,
    body: Option<String>,
    #[serde(default)]
    contains: Vec<String>,
}

/// A conversation with a mail server, and its answer.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Conversation {
    /// What it must be like.
    #[serde(default)]
    pub request: Posted,
    /// What it is answered.
    #[serde(default)]
    pub answer: MailAnswer,
}

/// What a conversation with a mail server must be like; what is not there is not compared.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Posted {
    server: Option<String>,
    user: Option<String>,
    mailbox: Option<String>,
    uid_validity: Option<u32>,
    after_uid: Option<u32>,
    sender: Option<String>,
    recipients: Option<Vec<String>>,
    #[serde(default)]
    contains: Vec<String>,
}

/// What must be given back.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Expect {
    status: Option<u16>,
    code: Option<String>,
    #[serde(default)]
    headers: BTreeMap<String, String>,
    #[serde(default)]
    json: Value,
    body: Option<String>,
    #[serde(default)]
    contains: Vec<String>,
    #[serde(default)]
    events: Vec<Map<String, Value>>,
    #[serde(default)]
    reports: Option<Vec<Map<String, Value>>>,
    outcome: Option<String>,
    #[serde(default)]
    output: Value,
    retry_after: Option<u64>,
}

/// What was given back for one step.
#[derive(Clone, Debug)]
pub struct Given {
    /// `status`, `code`, `headers`, `body` and `events` of a request; `outcome`, `code`, `output` and `retryAfter`
    /// of a message; `outcome`, `code`, `events` and `output` (`cursor`, `more`, `nextAfter`) of a question.
    pub value: Value,
    /// The calls of the plugin.
    pub observed: Vec<Observed>,
    /// What went out.
    pub asked: Vec<Asked>,
    /// Conversations with mail servers.
    pub letters: Vec<MailAsked>,
}

/// The fixtures of a folder, in order of their names: `*.json`, with the path.
///
/// # Errors
/// If one cannot be read.
pub fn all(folder: &Path) -> Result<Vec<(PathBuf, Fixture)>, String> {
    let Ok(entries) = fs::read_dir(folder) else { return Ok(Vec::new()) };
    let mut paths: Vec<PathBuf> = entries.filter_map(|entry| entry.ok().map(|entry| entry.path())).collect();
    paths.retain(|path| path.extension().is_some_and(|end| end == "json"));
    paths.sort();
    paths.into_iter().map(|path| read(&path).map(|fixture| (path, fixture))).collect()
}

/// Reads one.
///
/// # Errors
/// With its place.
pub fn read(path: &Path) -> Result<Fixture, String> {
    let about = |reason: String| format!("{}: {reason}", path.display());
    let bytes = fs::read(path).map_err(|error| about(error.to_string()))?;
    serde_json::from_slice(&bytes).map_err(|error| about(error.to_string()))
}

/// Plays a fixture; gives what was not as expected.
///
/// # Errors
/// If the channel does not start, or a step is not well written.
pub async fn run(component: &Path, cache: &Path, fixture: &Fixture) -> Result<Vec<String>, String> {
    let bench = Bench::start(component, cache, &fixture.channel, 0).await?;
    let mut wrong = Vec::new();
    for (at, step) in fixture.steps.iter().enumerate() {
        let given = step.play(&bench).await.map_err(|reason| format!("step {at}: {reason}"))?;
        wrong.extend(step.differences(&given).into_iter().map(|what| format!("step {at}: {what}")));
    }
    Ok(wrong)
}

impl Step {
    /// Plays it.
    ///
    /// # Errors
    /// If it is not well written.
    pub async fn play(&self, bench: &Bench) -> Result<Given, String> {
        bench.answers(self.http.iter().map(|exchange| exchange.answer.clone()));
        bench.mail_answers(self.mail.iter().map(|conversation| conversation.answer.clone()));
        let value = self.call(bench, self.now()?).await?;
        Ok(Given { value, observed: bench.observed(), asked: bench.asked(), letters: bench.letters() })
    }

    /// Makes the call at this time; what comes back is one value.
    pub(crate) async fn call(&self, bench: &Bench, now: Timestamp) -> Result<Value, String> {
        match (&self.request, &self.notification, &self.poll, &self.report, &self.health) {
            (Some(request), None, None, None, None) => Ok(received(bench, request.read(now)?).await),
            (None, Some(notification), None, None, None) => Ok(sent(bench, notification.read(now)?).await),
            (None, None, Some(question), None, None) => Ok(polled(bench, question.read(now)).await),
            (None, None, None, Some(report), None) => Ok(answered(&bench.report(report.read(now)?).await)),
            (None, None, None, None, Some(_)) => {
                let said = bench.health(now).await.ok_or("the channel is not ready")?;
                Ok(
                    json!({"outcome": said.status, "output": {"message": said.message, "details": said.details}}),
                )
            }
            _ => Err("it has one of `request`, `notification`, `poll`, `report` and `health`".to_owned()),
        }
    }

    /// When it is.
    pub(crate) fn now(&self) -> Result<Timestamp, String> {
        match &self.at {
            None => Ok(NOW),
            Some(text) => Timestamp::parse(text).ok_or_else(|| format!("`{text}` is no time")),
        }
    }

    /// What is not as expected.
    #[must_use]
    pub fn differences(&self, given: &Given) -> Vec<String> {
        let mut wrong = self.expect.differences(&given.value);
        if self.http.len() != given.asked.len() {
            let asked: Vec<String> =
                given.asked.iter().map(|asked| format!("{} {}", asked.method, asked.url)).collect();
            wrong.push(format!("requests that went out: expected {}, given {asked:?}", self.http.len()));
        }
        for (exchange, asked) in self.http.iter().zip(&given.asked) {
            wrong.extend(exchange.request.differences(asked));
        }
        if self.mail.len() != given.letters.len() {
            let servers: Vec<&str> = given.letters.iter().map(|asked| asked.server.as_str()).collect();
            wrong.push(format!("conversations: expected {}, given {servers:?}", self.mail.len()));
        }
        for (conversation, asked) in self.mail.iter().zip(&given.letters) {
            wrong.extend(conversation.request.differences(asked));
        }
        wrong
    }
}

/// Hands a request to the plugin; what comes back is one value.
pub async fn received(bench: &Bench, request: ChannelRequest) -> Value {
    answered(&bench.receive(request).await)
}

/// What came of a request, as one value.
pub(crate) fn answered(result: &Result<Received, Rejected>) -> Value {
    let (response, code, events, reports) = match result {
        Ok(Received { response, events, reports }) => (response, None, events.as_slice(), reports.as_slice()),
        Err(rejected) => (&rejected.response, Some(&rejected.code), [].as_slice(), [].as_slice()),
    };
    let headers: Map<String, Value> =
        response.headers.iter().map(|(name, value)| (name.clone(), json!(value))).collect();
    let mut value = json!({
        "status": response.status, "code": code, "headers": headers, "events": told(events),
        "reports": reported(reports),
    });
    match std::str::from_utf8(&response.body) {
        Ok(text) => value["body"] = json!(text),
        Err(_) => value["base64"] = json!(STANDARD.encode(&response.body)),
    }
    value
}

/// Events as a fixture writes them.
fn told(events: &[IncomingEvent]) -> Vec<Value> {
    events
        .iter()
        .map(|event| {
            let session =
                event.session.as_ref().map(|session| json!({"key": session.key, "window": session.window}));
            let extensions: Map<String, Value> =
                event.event.extensions.iter().map(|(key, value)| (key.clone(), value.to_json())).collect();
            json!({
                "id": event.event.id, "type": event.event.r#type, "subject": event.event.subject,
                "data": event.event.data.to_json(), "session": session, "extensions": extensions,
            })
        })
        .collect()
}

/// What became of messages, as a fixture writes it.
fn reported(reports: &[DeliveryReport]) -> Vec<Value> {
    let told = |report: &DeliveryReport| {
        json!({
            "providerId": report.provider_id, "state": report.state, "code": report.code,
            "reason": report.reason, "at": report.at.rfc3339(),
        })
    };
    reports.iter().map(told).collect()
}

/// Asks the plugin for what is new; what comes back is one value.
pub async fn polled(bench: &Bench, poll: Poll) -> Value {
    asking(&bench.poll(poll).await)
}

/// What came of a question, as one value.
pub(crate) fn asking(result: &Result<PolledPage, PollFailed>) -> Value {
    match result {
        Ok(page) => {
            let output = json!({"cursor": page.cursor, "more": page.more, "nextAfter": page.next_after});
            json!({"outcome": "page", "code": null, "events": told(&page.events), "output": output,
                   "reports": reported(&page.reports)})
        }
        Err(failed) => {
            let outcome = if failed.parks { "parks" } else { "retryable" };
            let (code, message, after) = (&failed.code, &failed.message, failed.retry_after);
            json!({"outcome": outcome, "code": code, "message": message, "retryAfter": after})
        }
    }
}

/// Hands a message to the plugin; what comes back is one value.
pub async fn sent(bench: &Bench, delivery: Delivery) -> Value {
    sending(&bench.send(delivery).await)
}

/// What came of a message, as one value.
pub(crate) fn sending(outcome: &EffectOutcome) -> Value {
    match outcome {
        EffectOutcome::Done { output, .. } => json!({"outcome": "done", "output": output.to_json()}),
        EffectOutcome::Retryable { code, message, retry_after } => {
            json!({"outcome": "retryable", "code": code, "message": message, "retryAfter": retry_after})
        }
        EffectOutcome::Permanent { code, message } => {
            json!({"outcome": "permanent", "code": code, "message": message})
        }
        EffectOutcome::Faulted { error } => json!({"outcome": "faulted", "code": error.r#type}),
    }
}

impl Request {
    /// As it would come from outside.
    ///
    /// # Errors
    /// If its base64 is none.
    pub fn read(&self, now: Timestamp) -> Result<ChannelRequest, String> {
        let mut headers: Vec<(String, String)> =
            self.headers.iter().map(|(name, value)| (name.clone(), value.clone())).collect();
        let (kind, body) = self.content()?;
        headers.extend(kind.map(|kind| ("content-type".to_owned(), kind.to_owned())));
        Ok(ChannelRequest {
            method: self.method.clone().unwrap_or_else(|| "POST".to_owned()),
            path: self.path.clone().unwrap_or_else(|| "/".to_owned()),
            query: self.query.clone(),
            headers,
            client: None,
            body: Bytes::from(body),
            now,
        })
    }

    fn content(&self) -> Result<(Option<&'static str>, Vec<u8>), String> {
        if let Some(text) = &self.body {
            return Ok((None, text.as_bytes().to_vec()));
        }
        if let Some(text) = &self.base64 {
            return STANDARD
                .decode(text)
                .map(|bytes| (None, bytes))
                .map_err(|error| format!("base64: {error}"));
        }
        if !self.json.is_null() {
            return Ok((Some("application/json"), self.json.to_string().into_bytes()));
        }
        if let Some(text) = &self.form {
            return Ok((Some("application/x-www-form-urlencoded"), text.as_bytes().to_vec()));
        }
        let Some(parts) = &self.multipart else { return Ok((None, Vec::new())) };
        let mut body: Vec<u8> = parts.iter().flat_map(Part::bytes).collect();
        body.extend_from_slice(b"--xx--\r\n");
        Ok((Some(MULTIPART), body))
    }
}

impl Part {
    fn bytes(&self) -> Vec<u8> {
        let mut head = format!("--xx\r\ncontent-disposition: form-data; name=\"{}\"", self.name);
        if let Some(file) = &self.file_name {
            let kind = self.media_type.as_deref().unwrap_or("application/octet-stream");
            head.push_str(&format!("; filename=\"{file}\"\r\ncontent-type: {kind}"));
        }
        let photo: &[u8] = if self.jpeg { &[0xff, 0xd8, 0xff, 0xe0] } else { &[] };
        [head.as_bytes(), b"\r\n\r\n", photo, self.text.as_bytes(), b"\r\n"].concat()
    }
}

impl Notification {
    /// As the engine would send it.
    ///
    /// # Errors
    /// If the case's number is none.
    pub fn read(&self, now: Timestamp) -> Result<Delivery, String> {
        let params = if self.params.is_null() { json!({}) } else { self.params.clone() };
        let mut message = json!({
            "recipient_kind": self.recipient_kind, "recipient": self.recipient, "params": params,
            "body": self.body,
        });
        let optional = [
            ("recipient_name", &self.recipient_name),
            ("template", &self.template),
            ("subject", &self.subject),
            ("case_no", &self.case_no),
        ];
        for (name, value) in optional {
            if let Some(value) = value {
                message[name] = json!(value);
            }
        }
        Ok(Delivery {
            effect: self.effect.unwrap_or(EffectId { instance: InstanceId(7), n: 3 }),
            attempt: self.attempt.unwrap_or(1),
            message: serde_json::from_value(message).map_err(|error| format!("notification: {error}"))?,
            now,
        })
    }
}

impl Expect {
    fn differences(&self, given: &Value) -> Vec<String> {
        let mut wrong = Vec::new();
        let body = given["body"].as_str().unwrap_or_default();
        let mut compare = |what: &str, given: &Value, expected: &Value| {
            if given != expected {
                wrong.push(format!("{what}: expected {expected}, given {given} (body {body})"));
            }
        };
        if let Some(outcome) = &self.outcome {
            compare("outcome", &given["outcome"], &json!(outcome));
        }
        if let Some(status) = self.status {
            compare("status", &given["status"], &json!(status));
        }
        compare("code", &given["code"], &json!(self.code));
        if !self.json.is_null() {
            compare("json", &serde_json::from_str(body).unwrap_or(Value::Null), &self.json);
        }
        if let Some(expected) = &self.body {
            compare("body", &json!(body), &json!(expected));
        }
        for (name, value) in &self.headers {
            compare(name, &given["headers"][name], &json!(value));
        }
        for text in &self.contains {
            compare(&format!("contains `{text}`"), &json!(body.contains(text)), &json!(true));
        }
        if let Some(after) = self.retry_after {
            compare("retryAfter", &given["retryAfter"], &json!(after));
        }
        for (name, value) in self.output.as_object().into_iter().flatten() {
            compare(&format!("output {name}"), &given["output"][name], value);
        }
        let events = given["events"].as_array().map(Vec::as_slice).unwrap_or_default();
        compare("number of events", &json!(events.len()), &json!(self.events.len()));
        for (event, expected) in events.iter().zip(&self.events) {
            for (name, value) in expected {
                compare(&format!("event {name}"), &event[name], value);
            }
        }
        let reports = given["reports"].as_array().map(Vec::as_slice).unwrap_or_default();
        if let Some(expected) = &self.reports {
            compare("number of reports", &json!(reports.len()), &json!(expected.len()));
            for (report, expected) in reports.iter().zip(expected) {
                for (name, value) in expected {
                    compare(&format!("report {name}"), &report[name], value);
                }
            }
        }
        wrong
    }
}

impl Outgoing {
    fn differences(&self, asked: &Asked) -> Vec<String> {
        let mut wrong = Vec::new();
        let mut compare = |what: &str, given: &Value, expected: &Value| {
            if given != expected {
                wrong.push(format!("request that went out: {what}: expected {expected}, given {given}"));
            }
        };
        if let Some(method) = &self.method {
            compare("method", &json!(asked.method), &json!(method));
        }
        if let Some(url) = &self.url {
            compare("url", &json!(asked.url), &json!(url));
        }
        for (name, value) in &self.headers {
            compare(name, &json!(asked.headers.get(name)), &json!(value));
        }
        if !self.json.is_null() {
            compare("json", &serde_json::from_str(&asked.body).unwrap_or(Value::Null), &self.json);
        }
        if let Some(body) = &self.body {
            compare("body", &json!(asked.body), &json!(body));
        }
        for text in &self.contains {
            compare(&format!("contains `{text}`"), &json!(asked.body.contains(text)), &json!(true));
        }
        wrong
    }
}

impl Posted {
    fn differences(&self, asked: &MailAsked) -> Vec<String> {
        let mut wrong = Vec::new();
        let mut compare = |what: &str, given: Value, expected: Option<Value>| {
            if let Some(expected) = expected.filter(|expected| *expected != given) {
                wrong.push(format!("conversation: {what}: expected {expected}, given {given}"));
            }
        };
        compare("server", json!(asked.server), self.server.as_ref().map(|it| json!(it)));
        compare("user", json!(asked.user), self.user.as_ref().map(|it| json!(it)));
        compare("mailbox", json!(asked.mailbox), self.mailbox.as_ref().map(|it| json!(it)));
        compare("uidValidity", json!(asked.uid_validity), self.uid_validity.map(|it| json!(it)));
        compare("afterUid", json!(asked.after_uid), self.after_uid.map(|it| json!(it)));
        compare("sender", json!(asked.sender), self.sender.as_ref().map(|it| json!(it)));
        compare("recipients", json!(asked.recipients), self.recipients.as_ref().map(|it| json!(it)));
        for text in &self.contains {
            if !asked.message.contains(text) {
                wrong.push(format!("conversation: `{text}` is not in the message:\n{}", asked.message));
            }
        }
        wrong
    }
}
