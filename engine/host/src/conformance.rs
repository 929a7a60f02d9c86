//! What every plugin must stand, whatever it does: any author can run these checks on a component.
//!
//! ```text
//! manifest     every permission has a reason
//! fixtures     there are some, and they hold
//! replay       the same calls with the same clock and chance give the same, byte for byte
//! idempotent   a request or question that comes again, a second later, gives events with the same ids, or none
//! signature    one changed bit in anything that is signed: refused
//! hostile      empty, huge, deep, wrongly encoded, cut off: an answer, never a trap
//! limits       the most memory and time of all these calls
//! ```
//! They run in the real host, and need the fixtures for what a good call looks like.

mod questions;

use std::path::Path;
use std::time::Duration;

use bytes::Bytes;
use serde::Serialize;
use serde_json::{Value, json};
use yiwang_runtime::ports::{ChannelRequest, Poll};

use crate::bench::{Bench, NOW};
use crate::fixture::{self, Fixture, Notification, Step, polled, received, sent};
use crate::inspection::Inspection;
use crate::watch::{Answer, Observed};
use crate::{limits, mail};

/// How a check went.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Verdict {
    /// As it should be.
    Passed,
    /// Not so.
    Failed,
    /// It is about something that this plugin does not do.
    Skipped,
}

/// One check.
#[derive(Clone, Debug, Serialize)]
pub struct Check {
    /// Its name.
    pub name: &'static str,
    /// How it went.
    pub verdict: Verdict,
    /// What was tried, in one line.
    pub says: String,
    /// What failed.
    pub problems: Vec<String>,
}

impl Check {
    fn new(name: &'static str, says: String, problems: Vec<String>) -> Self {
        let verdict = if problems.is_empty() { Verdict::Passed } else { Verdict::Failed };
        Self { name, verdict, says, problems }
    }

    fn skipped(name: &'static str, says: &str) -> Self {
        Self { name, verdict: Verdict::Skipped, says: says.to_owned(), problems: Vec::new() }
    }
}

/// The random numbers of the first time; others follow from another seed.
const SEED: u64 = 0;
const ANOTHER_SEED: u64 = 1;
/// How long after the first time a provider tries again.
const AGAIN_AFTER_MILLIS: u64 = 1_000;

/// What all checks look at.
struct Subject<'a> {
    component: &'a Path,
    cache: &'a Path,
    inspection: Inspection,
    fixtures: Vec<(String, Fixture)>,
    /// All calls, for the last check.
    seen: Vec<Observed>,
}

/// Runs all checks on a component with the fixtures of a folder; `cache` holds compiled components.
///
/// # Errors
/// If the component is not sound or a fixture cannot be read: nothing can be checked then.
pub async fn run(component: &Path, fixtures: &Path, cache: &Path) -> Result<Vec<Check>, String> {
    let fixtures = fixture::all(fixtures)?;
    let named = |path: &Path| path.file_name().unwrap_or_default().to_string_lossy().into_owned();
    let mut subject = Subject {
        component,
        cache,
        inspection: Inspection::of(component)?,
        fixtures: fixtures.into_iter().map(|(path, fixture)| (named(&path), fixture)).collect(),
        seen: Vec::new(),
    };
    Ok(vec![
        subject.manifest(),
        subject.fixtures().await,
        subject.replay().await?,
        subject.idempotent().await?,
        subject.signature().await?,
        subject.hostile().await?,
        subject.limits(),
    ])
}

impl Subject<'_> {
    async fn bench(&self, channel: &Value, seed: u64) -> Result<Bench, String> {
        Bench::start(self.component, self.cache, channel, seed).await
    }

    fn provides(&self, interface: &str) -> bool {
        self.inspection.provides.iter().any(|provided| provided == interface)
    }

    fn manifest(&self) -> Check {
        let asked = &self.inspection.permissions;
        let silent = asked.iter().filter(|one| one.why.as_ref().is_none_or(|why| why.trim().is_empty()));
        let problems = silent.map(|one| format!("{} {}: no `why`", one.kind, one.what)).collect();
        Check::new("manifest", format!("{} permissions, each with a reason", asked.len()), problems)
    }

    async fn fixtures(&self) -> Check {
        let mut problems = Vec::new();
        if self.fixtures.is_empty() {
            problems
                .push("there is none: write one for what the channel does, in fixtures/*.json".to_owned());
        }
        for (name, fixture) in &self.fixtures {
            match fixture::run(self.component, self.cache, fixture).await {
                Ok(wrong) => problems.extend(wrong.into_iter().map(|what| format!("{name} {what}"))),
                Err(reason) => problems.push(format!("{name}: {reason}")),
            }
        }
        let steps: usize = self.fixtures.iter().map(|(_, fixture)| fixture.steps.len()).sum();
        Check::new("fixtures", format!("{} files, {steps} steps", self.fixtures.len()), problems)
    }

    async fn replay(&mut self) -> Result<Check, String> {
        let (mut problems, mut steps) = (Vec::new(), 0);
        for (name, fixture) in &self.fixtures {
            let first = self.bench(&fixture.channel, SEED).await?;
            let second = self.bench(&fixture.channel, SEED).await?;
            for (at, step) in fixture.steps.iter().enumerate() {
                steps += 1;
                let (one, other) = (step.play(&first).await?, step.play(&second).await?);
                let logs =
                    |seen: &[Observed]| seen.iter().flat_map(|call| call.log.clone()).collect::<Vec<_>>();
                if one.value != other.value {
                    problems.push(format!("{name} step {at}: {} then {}", one.value, other.value));
                } else if logs(&one.observed) != logs(&other.observed) {
                    problems.push(format!("{name} step {at}: it logs something else the second time"));
                }
                self.seen.extend(one.observed);
            }
        }
        Ok(Check::new("replay", format!("{steps} steps, twice each"), problems))
    }

    /// With other random numbers and a later clock, but the small state of the channel, which all nodes share: an
    /// id that is made of chance or of the time would differ, unless the plugin remembers what it has given.
    async fn idempotent(&self) -> Result<Check, String> {
        let (mut problems, mut requests) = (Vec::new(), 0);
        for (name, fixture) in &self.fixtures {
            for (at, step) in fixture.steps.iter().enumerate() {
                let Some(request) = &step.request else { continue };
                let once = self.bench(&fixture.channel, SEED).await?;
                once.answers(answers(step));
                let first = ids(&received(&once, request.read(step.now()?)?).await);
                if first.is_empty() {
                    continue;
                }
                requests += 1;
                let later = step.now()?.plus_millis(AGAIN_AFTER_MILLIS);
                once.answers(answers(step));
                let same = ids(&received(&once, request.read(later)?).await);
                if !same.is_empty() && same != first {
                    problems.push(format!("{name} step {at}: {first:?}, and again {same:?}"));
                }
                let elsewhere =
                    once.another(self.component, self.cache, &fixture.channel, ANOTHER_SEED).await?;
                elsewhere.answers(answers(step));
                let other = ids(&received(&elsewhere, request.read(later)?).await);
                if !other.is_empty() && other != first {
                    problems.push(format!("{name} step {at}: {first:?}, on another node {other:?}"));
                }
            }
        }
        let (questions, differ) = questions::idempotent(self).await?;
        problems.extend(differ);
        if requests + questions == 0 {
            return Ok(Check::skipped("idempotent", "no fixture has a request that becomes an event"));
        }
        let says = match (requests, questions) {
            (requests, 0) => format!("{requests} requests, three times each"),
            (0, questions) => format!("{questions} questions, three times each"),
            (requests, questions) => format!("{requests} requests, {questions} questions, three times each"),
        };
        Ok(Check::new("idempotent", says, problems))
    }

    async fn signature(&self) -> Result<Check, String> {
        let (mut problems, mut changed) = (Vec::new(), 0);
        for (name, fixture) in &self.fixtures {
            for (at, step) in fixture.steps.iter().enumerate().filter(|(_, step)| !step.signed.is_empty()) {
                let Some(request) = &step.request else { continue };
                let good = request.read(step.now()?)?;
                let as_written = refusal(&self.once(fixture, step, good.clone()).await?);
                if as_written.as_ref().is_some_and(|(status, _)| is_unauthorised(*status)) {
                    problems.push(format!("{name} step {at}: refused as it is: {as_written:?}"));
                    continue;
                }
                for part in &step.signed {
                    let Some(forgeries) = forgeries(&good, part) else {
                        problems.push(format!("{name} step {at}: it has no `{part}`"));
                        continue;
                    };
                    for (place, forged) in forgeries {
                        changed += 1;
                        let given = self.once(fixture, step, forged).await?;
                        let refused = refusal(&given).filter(|(status, _)| *status < 500);
                        if refused.is_none() || refused == as_written {
                            problems.push(format!(
                                "{name} step {at}: {part} changed at {place} is taken: {given}"
                            ));
                        }
                    }
                }
            }
        }
        if changed > 0 || !problems.is_empty() {
            return Ok(Check::new("signature", format!("{changed} requests with one bit changed"), problems));
        }
        let knows_secrets = self.inspection.permissions.iter().any(|one| one.kind == "secret");
        if knows_secrets && self.provides("webhook") {
            let missing =
                "it takes requests and knows secrets, but no step of a fixture has `signed`".to_owned();
            return Ok(Check::new("signature", "no request with a signature".to_owned(), vec![missing]));
        }
        Ok(Check::skipped("signature", "nothing that comes in is signed"))
    }

    async fn once(&self, fixture: &Fixture, step: &Step, request: ChannelRequest) -> Result<Value, String> {
        let bench = self.bench(&fixture.channel, SEED).await?;
        bench.answers(answers(step));
        Ok(received(&bench, request).await)
    }

    async fn hostile(&mut self) -> Result<Check, String> {
        let (mut problems, mut calls) = (Vec::new(), 0);
        let channels: Vec<Value> = self.fixtures.iter().map(|(_, fixture)| fixture.channel.clone()).collect();
        for channel in &channels {
            let bench = self.bench(channel, SEED).await?;
            if self.provides("webhook") {
                for (what, request) in requests(&self.good_requests(channel)?) {
                    calls += 1;
                    let given = received(&bench, request).await;
                    problems.extend(broken(&given).map(|code| format!("{what}: {code}")));
                }
            }
            if self.provides("sender") {
                for (what, notification, answer) in notifications(&self.good_notifications(channel)) {
                    calls += 1;
                    bench.answers([answer.clone(), answer.clone(), answer]);
                    let given = sent(&bench, notification.read(NOW)?).await;
                    problems.extend(broken(&given).map(|code| format!("{what}: {code}")));
                }
            }
            if self.inspection.imports.iter().any(|name| name == "mail") {
                calls += self.hostile_mail(&bench, channel, &mut problems).await?;
            }
            if self.provides("poller") {
                let (asked, broken) = questions::hostile(&bench, &self.fixtures, channel).await?;
                calls += asked;
                problems.extend(broken);
            }
            self.seen.extend(bench.observed());
        }
        problems.dedup();
        Ok(Check::new("hostile", format!("{calls} calls that mean no good"), problems))
    }

    async fn hostile_mail(
        &self,
        bench: &Bench,
        channel: &Value,
        problems: &mut Vec<String>,
    ) -> Result<usize, String> {
        let mut calls = 0;
        for (what, answer) in mail::hostile::mailboxes().into_iter().filter(|_| self.provides("poller")) {
            calls += 1;
            bench.mail_answers([answer]);
            let poll = Poll { cursor: None, events_max: 100, attempt: 1, now: NOW };
            let given = polled(bench, poll).await;
            problems.extend(broken(&given).map(|code| format!("mail, {what}: {code}")));
        }
        let good = self.good_notifications(channel);
        for (what, answer) in mail::hostile::failures().into_iter().filter(|_| self.provides("sender")) {
            for notification in &good {
                calls += 1;
                bench.mail_answers([answer.clone()]);
                let given = sent(bench, notification.read(NOW)?).await;
                problems.extend(broken(&given).map(|code| format!("a mail server, {what}: {code}")));
            }
        }
        Ok(calls)
    }

    fn limits(&self) -> Check {
        let memory = self.seen.iter().map(|call| call.memory_bytes_peak).max().unwrap_or_default();
        let time = self.seen.iter().map(|call| call.time).max().unwrap_or_default();
        let own = self.inspection.limits.memory_bytes.unwrap_or(limits::MEMORY_BYTES_MAX);
        let mut problems = Vec::new();
        // A call that needs all that there is fails on the next larger body.
        if memory.saturating_mul(4) > own.saturating_mul(3) {
            problems.push(format!("a call had {} of {} KiB", memory >> 10, own >> 10));
        }
        let says = format!("{} calls, at most {} KiB and {}", self.seen.len(), memory >> 10, millis(time));
        Check::new("limits", says, problems)
    }

    fn good_requests(&self, channel: &Value) -> Result<Vec<ChannelRequest>, String> {
        let fixtures = self.fixtures.iter().filter(|(_, fixture)| fixture.channel == *channel);
        let steps = fixtures.flat_map(|(_, fixture)| &fixture.steps);
        steps
            .filter_map(|step| Some((step, step.request.as_ref()?)))
            .map(|(step, it)| it.read(step.now()?))
            .collect()
    }

    fn good_notifications(&self, channel: &Value) -> Vec<Notification> {
        let fixtures = self.fixtures.iter().filter(|(_, fixture)| fixture.channel == *channel);
        fixtures
            .flat_map(|(_, fixture)| &fixture.steps)
            .filter_map(|step| step.notification.clone())
            .collect()
    }
}

fn answers(step: &Step) -> Vec<Answer> {
    step.http.iter().map(|exchange| exchange.answer.clone()).collect()
}

fn ids(given: &Value) -> Vec<String> {
    let events = given["events"].as_array().into_iter().flatten();
    events.filter_map(|event| event["id"].as_str().map(str::to_owned)).collect()
}

/// Status and code of a refusal.
fn refusal(given: &Value) -> Option<(u64, String)> {
    let code = given["code"].as_str()?;
    Some((given["status"].as_u64()?, code.to_owned()))
}

fn is_unauthorised(status: u64) -> bool {
    matches!(status, 401 | 403)
}

/// The code of a call that did not come to a good end.
fn broken(given: &Value) -> Option<String> {
    let code = given["code"].as_str().filter(|code| code.starts_with("plugin."))?;
    let why = given["message"].as_str().or(given["body"].as_str()).unwrap_or_default();
    Some(format!("{code} ({why})"))
}

fn millis(time: Duration) -> String {
    format!("{:.1} ms", time.as_secs_f64() * 1e3)
}

/// The request with one bit changed at the beginning, in the middle and at the end of a part; none if it has no
/// such part.
fn forgeries(good: &ChannelRequest, part: &str) -> Option<Vec<(usize, ChannelRequest)>> {
    let places = |len: usize| {
        let mut places = vec![0, len / 3, len / 2];
        places.dedup();
        places.retain(|at| *at < len);
        places
    };
    if part == "body" {
        let forged = |at: usize| {
            let mut body = good.body.to_vec();
            body[at] ^= 1;
            (at, ChannelRequest { body: body.into(), ..good.clone() })
        };
        return (!good.body.is_empty()).then(|| places(good.body.len()).into_iter().map(forged).collect());
    }
    if let Some(name) = part.strip_prefix("query:") {
        let pairs: Vec<&str> = good.query.split('&').collect();
        let index = pairs.iter().position(|pair| pair.split('=').next() == Some(name))?;
        let value = pairs[index].split_once('=')?.1;
        let forged = |at: usize| {
            let mut pairs: Vec<String> = pairs.iter().map(|pair| (*pair).to_owned()).collect();
            pairs[index] = format!("{name}={}", flipped(value, at));
            (at, ChannelRequest { query: pairs.join("&"), ..good.clone() })
        };
        return Some(places(value.len()).into_iter().map(forged).collect());
    }
    if part == "path" {
        // Its first letter is the slash.
        let forged = |at: usize| (at, ChannelRequest { path: flipped(&good.path, at), ..good.clone() });
        let places = places(good.path.len()).into_iter().filter(|at| *at > 0);
        return Some(places.map(forged).collect());
    }
    if let Some(name) = part.strip_prefix("form:") {
        let form = std::str::from_utf8(&good.body).ok()?;
        let pairs: Vec<&str> = form.split('&').collect();
        let index = pairs.iter().position(|pair| pair.split('=').next() == Some(name))?;
        let value = pairs[index].split_once('=')?.1;
        let forged = |at: usize| {
            let mut pairs: Vec<String> = pairs.iter().map(|pair| (*pair).to_owned()).collect();
            pairs[index] = format!("{name}={}", flipped(value, at));
            (at, ChannelRequest { body: pairs.join("&").into(), ..good.clone() })
        };
        return Some(places(value.len()).into_iter().map(forged).collect());
    }
    let index = good.headers.iter().position(|(name, _)| name.eq_ignore_ascii_case(part))?;
    let value = &good.headers[index].1;
    let forged = |at: usize| {
        let mut headers = good.headers.clone();
        headers[index].1 = flipped(value, at);
        (at, ChannelRequest { headers, ..good.clone() })
    };
    Some(places(value.len()).into_iter().map(forged).collect())
}

/// Another letter or digit at this place.
fn flipped(text: &str, at: usize) -> String {
    let mut bytes = text.as_bytes().to_vec();
    bytes[at] =
        if bytes[at].is_ascii_alphanumeric() && bytes[at] != b'z' && bytes[at] != b'Z' && bytes[at] != b'9' {
            bytes[at] ^ 1
        } else {
            b'0'
        };
    String::from_utf8_lossy(&bytes).into_owned()
}

/// Requests that nobody means well with: on their own, and made of the good ones.
fn requests(good: &[ChannelRequest]) -> Vec<(String, ChannelRequest)> {
    let plain = |kind: &str, body: Vec<u8>| ChannelRequest {
        method: "POST".to_owned(),
        path: "/".to_owned(),
        query: String::new(),
        headers: if kind.is_empty() {
            Vec::new()
        } else {
            vec![("content-type".to_owned(), kind.to_owned())]
        },
        client: None,
        body: Bytes::from(body),
        now: NOW,
    };
    let mut all = Vec::new();
    for kind in ["", "application/json", "text/xml", "text/plain", "application/x-www-form-urlencoded", "x"] {
        for (what, body) in bodies() {
            all.push((format!("{what} as `{kind}`"), plain(kind, body)));
        }
    }
    for method in ["GET", "HEAD", "PUT", "DELETE", "OPTIONS", "PATCH"] {
        all.push((method.to_owned(), ChannelRequest { method: method.to_owned(), ..plain("", Vec::new()) }));
    }
    for path in ["", "//", "/../..", "/%00", "/%ff%fe", "/a/b/c/d/e/f/g", "/\u{202e}x"] {
        all.push((
            format!("path {path:?}"),
            ChannelRequest { path: path.to_owned(), ..plain("", Vec::new()) },
        ));
    }
    for base in good {
        all.extend(worse(base));
    }
    all
}

fn bodies() -> Vec<(&'static str, Vec<u8>)> {
    let deep = |open: &str, close: &str| [open.repeat(60), close.repeat(60)].concat().into_bytes();
    vec![
        ("nothing", Vec::new()),
        ("a zero byte", vec![0]),
        ("half of a letter", vec![0xe4, 0xb8]),
        ("GB18030", vec![0xc4, 0xe3, 0xba, 0xc3]),
        ("UTF-16", vec![0xff, 0xfe, 0x60, 0x4f]),
        ("a byte order mark", b"\xef\xbb\xbf{}".to_vec()),
        ("a megabyte of a", vec![b'a'; 1 << 20]),
        ("all that is taken", vec![b' '; limits::TEXT_BODY_BYTES_MAX]),
        ("deep lists", deep("[", "]")),
        ("deep objects", [r#"{"a":"#.repeat(60), "1".to_owned(), "}".repeat(60)].concat().into_bytes()),
        ("JSON null", b"null".to_vec()),
        ("JSON number", b"1e999999".to_vec()),
        ("JSON text", br#""\ud800""#.to_vec()),
        ("JSON twice", b"{}{}".to_vec()),
        ("the same key twice", br#"{"a":1,"a":2}"#.to_vec()),
        ("many keys", many_keys()),
        (
            "XML that refers to files",
            br#"<!DOCTYPE a [<!ENTITY b SYSTEM "file:///etc/hostname">]><a>&b;</a>"#.to_vec(),
        ),
        (
            "XML that grows",
            br#"<!DOCTYPE a [<!ENTITY b "bbbbbbbbbb"><!ENTITY c "&b;&b;&b;&b;&b;&b;">]><a>&c;&c;&c;</a>"#
                .to_vec(),
        ),
        ("XML without an end", b"<xml><a><b><![CDATA[".to_vec()),
        ("deep XML", deep("<a>", "</a>")),
        ("a form of signs", b"%&=&%zz=%&&&==a".to_vec()),
    ]
}

fn many_keys() -> Vec<u8> {
    let keys: Vec<String> = (0..20_000).map(|at| format!("\"k{at}\":{at}")).collect();
    format!("{{{}}}", keys.join(",")).into_bytes()
}

/// A good request, cut off, without its parts, and with other values in its JSON.
fn worse(good: &ChannelRequest) -> Vec<(String, ChannelRequest)> {
    let mut all = Vec::new();
    let about = |what: &str| format!("{} {} with {what}", good.method, good.path);
    for part in 1..4 {
        let cut = good.body.len() * part / 4;
        all.push((about("a body cut off"), ChannelRequest { body: good.body.slice(..cut), ..good.clone() }));
    }
    all.push((about("no headers"), ChannelRequest { headers: Vec::new(), ..good.clone() }));
    all.push((about("no query"), ChannelRequest { query: String::new(), ..good.clone() }));
    all.push((about("a long query"), ChannelRequest { query: "a=b&".repeat(150), ..good.clone() }));
    let long: Vec<(String, String)> =
        good.headers.iter().map(|(name, _)| (name.clone(), "\u{fffd}A".repeat(2_000))).collect();
    all.push((about("long headers"), ChannelRequest { headers: long, ..good.clone() }));
    if let Ok(Value::Object(members)) = serde_json::from_slice(&good.body) {
        let others = [
            json!(null),
            json!(true),
            json!(-1),
            json!(1e300),
            json!([]),
            json!({"a": {"b": []}}),
            json!(""),
            json!("\u{0}\u{202e}\r\n<script>"),
            json!("长".repeat(50_000)),
        ];
        for name in members.keys() {
            for other in &others {
                let mut changed = members.clone();
                changed.insert(name.clone(), other.clone());
                let body = Bytes::from(Value::Object(changed).to_string());
                let shown: String = other.to_string().chars().take(20).collect();
                all.push((about(&format!("`{name}`: {shown}")), ChannelRequest { body, ..good.clone() }));
            }
        }
    }
    all
}

/// Messages and answers that nobody means well with.
fn notifications(good: &[Notification]) -> Vec<(String, Notification, Answer)> {
    let plain = Notification {
        recipient_kind: "mobile".to_owned(),
        recipient: "13800000000".to_owned(),
        recipient_name: None,
        template: None,
        params: json!({}),
        subject: None,
        body: "您好".to_owned(),
        case_no: None,
        attempt: None,
        effect: None,
    };
    let fine = Answer { status: 200, ..Answer::default() };
    let mut all = Vec::new();
    for base in std::iter::once(&plain).chain(good) {
        for text in
            ["", "\u{0}", "\r\nx: y", "\u{202e}", "../../etc", "${secret:signing_key}", "http://127.0.0.1/"]
        {
            let changed = Notification { recipient: text.to_owned(), ..base.clone() };
            all.push((format!("recipient {text:?}"), changed, fine.clone()));
            let changed =
                Notification { body: text.to_owned(), subject: Some(text.to_owned()), ..base.clone() };
            all.push((format!("text {text:?}"), changed, fine.clone()));
            let changed = Notification { template: Some(text.to_owned()), ..base.clone() };
            all.push((format!("template {text:?}"), changed, fine.clone()));
        }
        let changed = Notification { body: "长".repeat(200_000), ..base.clone() };
        all.push(("a long text".to_owned(), changed, fine.clone()));
        for params in
            [json!(null), json!([]), json!({"a": {"b": {"c": 1}}}), json!({"a": "x".repeat(100_000)})]
        {
            all.push(("odd params".to_owned(), Notification { params, ..base.clone() }, fine.clone()));
        }
        for answer in bad_answers() {
            let what = answer.fails.clone().unwrap_or_else(|| answer.status.to_string());
            all.push((format!("an answer {what}"), base.clone(), answer));
        }
    }
    all
}

fn bad_answers() -> Vec<Answer> {
    let body = |text: &str| Answer { status: 200, body: Some(text.to_owned()), ..Answer::default() };
    let status = |status| Answer { status, ..Answer::default() };
    let fails = |why: &str| Answer { status: 200, fails: Some(why.to_owned()), ..Answer::default() };
    vec![
        body("null"),
        body("[]"),
        body("<html>"),
        body("{\"errcode\":\"x\",\"code\":[],\"access_token\":1}"),
        body(&"a".repeat(1 << 20)),
        body(&"[".repeat(5_000)),
        status(204),
        status(302),
        status(400),
        status(401),
        status(429),
        status(500),
        status(503),
        fails("connect"),
        fails("timeout"),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_forgery_differs_in_one_place() {
        let good = ChannelRequest {
            method: "POST".to_owned(),
            path: "/".to_owned(),
            query: "signature=zZ9&nonce=a".to_owned(),
            headers: vec![("Webhook-Id".to_owned(), "msg_1".to_owned())],
            client: None,
            body: Bytes::from_static(b"{}"),
            now: NOW,
        };
        let query = forgeries(&good, "query:signature").unwrap();
        assert_eq!(query.len(), 2);
        assert!(
            query.iter().all(|(_, forged)| forged.query != good.query && forged.query.ends_with("&nonce=a"))
        );
        let header = forgeries(&good, "webhook-id").unwrap();
        assert!(header.iter().all(|(_, forged)| forged.headers != good.headers));
        let body = forgeries(&good, "body").unwrap();
        assert!(body.iter().all(|(_, forged)| forged.body != good.body));
        assert!(forgeries(&good, "query:none").is_none() && forgeries(&good, "x-none").is_none());
    }
}
