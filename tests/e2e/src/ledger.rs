//! The proof: what the outside world knows, held against what the server says of itself.

use std::collections::{BTreeMap, BTreeSet};
use std::io;

use serde_json::Value;

use crate::complaints::CHANNELS;
use crate::http::Client;
use crate::receiver;
use crate::staff::expect;

/// All items of a list, page by page.
///
/// # Errors
/// When the server is gone or refuses.
pub fn pages(client: &mut Client, target: &str) -> io::Result<Vec<Value>> {
    let mut items = Vec::new();
    let mut cursor: Option<String> = None;
    loop {
        let joint = if target.contains('?') { '&' } else { '?' };
        let page = match &cursor {
            None => target.to_owned(),
            Some(cursor) => format!("{target}{joint}cursor={cursor}"),
        };
        let answer = expect(client.get(&page)?, target)?.json();
        items.extend(answer["items"].as_array().cloned().unwrap_or_default());
        match answer["nextCursor"].as_str() {
            Some(next) => cursor = Some(next.to_owned()),
            None => return Ok(items),
        }
    }
}

/// The history of one instance.
///
/// # Errors
/// When the server is gone or refuses.
pub fn history(client: &mut Client, instance: &str) -> io::Result<Vec<Value>> {
    let mut lines = Vec::new();
    let mut after = 0;
    loop {
        let target = format!("/api/v1/instances/{instance}/history?after={after}");
        let answer = expect(client.get(&target)?, "reading a history")?.json();
        lines.extend(answer["items"].as_array().cloned().unwrap_or_default());
        match answer["nextAfter"].as_u64() {
            Some(next) => after = next,
            None => return Ok(lines),
        }
    }
}

/// Everything that the server says of itself, read by the API.
#[derive(Debug)]
pub struct Books {
    /// Every case.
    pub cases: Vec<Value>,
    /// Every outbound message.
    pub messages: Vec<Value>,
    /// Every kept rejection.
    pub rejections: Vec<Value>,
    /// Every open incident.
    pub incidents: Vec<Value>,
    /// Instance → its history.
    pub histories: BTreeMap<String, Vec<Value>>,
}

impl Books {
    /// Reads all of it.
    ///
    /// # Errors
    /// When the server is gone or refuses.
    pub fn read(client: &mut Client) -> io::Result<Self> {
        let cases = pages(client, "/api/v1/cases?limit=500")?;
        let mut histories = BTreeMap::new();
        for case in &cases {
            let instance = case["instance"].as_str().unwrap_or_default().to_owned();
            let lines = history(client, &instance)?;
            histories.insert(instance, lines);
        }
        Ok(Self {
            messages: pages(client, "/api/v1/messages?limit=500")?,
            rejections: pages(client, "/api/v1/rejections?limit=500")?,
            incidents: pages(client, "/api/v1/incidents?limit=500")?,
            cases,
            histories,
        })
    }

    /// How many cases have this outcome.
    pub fn closed_as(&self, outcome: &str) -> usize {
        self.cases.iter().filter(|case| case["outcome"] == outcome).count()
    }

    /// How many cases have this flag.
    pub fn flagged(&self, flag: &str) -> usize {
        let has =
            |case: &&Value| case["flags"].as_array().is_some_and(|flags| flags.iter().any(|one| one == flag));
        self.cases.iter().filter(has).count()
    }

    /// How many history lines say this.
    pub fn lines(&self, event: &str) -> usize {
        self.histories.values().flatten().filter(|line| line["event"] == event).count()
    }

    /// Every way in which the books disagree with each other or with the world; none is the proof.
    ///
    /// `accepted` are the channels' own ids of all that was answered with a 2xx, `outside` what the
    /// receiver of messages wrote down.
    pub fn mismatches(&self, accepted: &BTreeSet<String>, outside: &receiver::Ledger) -> Vec<String> {
        let mut found = Vec::new();
        self.check_intake(accepted, &mut found);
        for case in &self.cases {
            self.check_case(case, &mut found);
        }
        self.check_messages(outside, &mut found);
        if !self.incidents.is_empty() {
            found.push(format!("{} incidents: {}", self.incidents.len(), self.incidents[0]));
        }
        found
    }

    fn check_intake(&self, accepted: &BTreeSet<String>, found: &mut Vec<String>) {
        let mut by_source: BTreeMap<&str, usize> = BTreeMap::new();
        for case in &self.cases {
            *by_source.entry(case["sourceRef"].as_str().unwrap_or_default()).or_default() += 1;
        }
        for id in accepted {
            match by_source.get(id.as_str()) {
                Some(1) => {}
                Some(n) => found.push(format!("{id} was accepted and became {n} cases")),
                None => found.push(format!("{id} was accepted and is lost")),
            }
        }
        for id in by_source.keys().filter(|id| !accepted.contains(**id)) {
            found.push(format!("a case for `{id}`, which nobody had accepted"));
        }
        let numbers: BTreeSet<&str> = self.cases.iter().filter_map(|case| case["caseNo"].as_str()).collect();
        if numbers.len() != self.cases.len() {
            found.push("a case number was given out twice".to_owned());
        }
    }

    fn check_case(&self, case: &Value, found: &mut Vec<String>) {
        let no = case["caseNo"].as_str().unwrap_or("?");
        let Some(lines) = case["instance"].as_str().and_then(|id| self.histories.get(id)) else {
            found.push(format!("{no} has no history"));
            return;
        };
        let count = |event: &str| lines.iter().filter(|line| line["event"] == event).count();
        for (at, line) in lines.iter().enumerate() {
            if line["seq"].as_u64() != u64::try_from(at + 1).ok() {
                found.push(format!("{no}: history has a gap or a double at line {}", at + 1));
                break;
            }
        }
        if case["state"] != "closed" {
            found.push(format!("{no} is {}", case["state"]));
        }
        let came_by = CHANNELS.iter().any(|channel| case["channel"] == channel.id);
        if !came_by {
            found.push(format!("{no} names the channel {}, which nobody wrote to", case["channel"]));
        }
        // Not `completed`: a closed case may be opened again for a while, and its instance waits for that.
        for event in ["started", "case_opened", "case_closed"] {
            if count(event) != 1 {
                found.push(format!("{no}: history says `{event}` {} times", count(event)));
            }
        }
        let closed = lines.iter().find(|line| line["event"] == "case_closed");
        if closed.is_some_and(|line| line["outcome"] != case["outcome"]) {
            found.push(format!("{no}: the case and its history name different outcomes"));
        }
        let reworks = case["reworks"].as_u64().unwrap_or_default();
        let moved_back = lines.iter().filter(|line| {
            line["event"] == "case_moved"
                && line["to"] == "handling"
                && (line["from"] == "replied" || line["from"] == "audited")
        });
        if moved_back.count() as u64 != reworks {
            found.push(format!("{no}: {reworks} reworks, but history moved it back another number of times"));
        }
        if count("work_item_offered") != count("work_item_completed") + count("work_item_cancelled") {
            found.push(format!("{no}: a work item was offered and never ended"));
        }
    }

    fn check_messages(&self, outside: &receiver::Ledger, found: &mut Vec<String>) {
        let listed: BTreeMap<&str, &Value> =
            self.messages.iter().filter_map(|message| Some((message["id"].as_str()?, message))).collect();
        let requested: BTreeSet<&str> = self
            .histories
            .values()
            .flatten()
            .filter(|line| line["event"] == "effect_requested")
            .filter_map(|line| line["effect"].as_str())
            .collect();
        if requested.len() != listed.len() || !requested.iter().all(|id| listed.contains_key(id)) {
            found.push(format!(
                "history asked for {} messages, the list has {}",
                requested.len(),
                listed.len()
            ));
        }
        for (id, message) in &listed {
            if message["state"] != "sent" {
                found.push(format!("message {id} is {} ({})", message["state"], message["code"]));
            }
        }
        let sent: BTreeSet<&str> =
            listed.iter().filter(|(_, message)| message["channel"] == "notify").map(|(id, _)| *id).collect();
        for id in sent.iter().filter(|id| !outside.messages.contains_key(**id)) {
            found.push(format!("message {id} is said to be sent, and never came"));
        }
        for id in outside.messages.keys().filter(|id| !sent.contains(id.as_str())) {
            found.push(format!("message {id} came, and nobody says to have sent it"));
        }
        if outside.forged > 0 {
            found.push(format!("{} messages came with a signature that does not hold", outside.forged));
        }
    }
}
