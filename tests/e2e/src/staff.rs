//! The people who work: each with a token and roles, taking work items from their own list.
//!
//! What they decide follows from the case number and the seed, so that a run can be repeated; nobody looks
//! into the server.

use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::net::SocketAddr;

use serde_json::{Value, json};

use crate::complaints::{UNITS, unit_for};
use crate::http::{Client, Request, Response};
use crate::ledger::pages;
use crate::random::Random;

/// One person at a desk.
#[derive(Debug)]
pub struct Person {
    /// Their id.
    pub name: String,
    /// `role` or `role@unit`.
    pub roles: Vec<String>,
    client: Client,
    seed: u64,
    /// Cases that this person has sent back once: nobody sends back for ever.
    sent_back: BTreeSet<(String, String)>,
}

/// Tallies of what people did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Done {
    /// Work items completed.
    pub completed: usize,
    /// Work items that somebody else had, or that changed meanwhile.
    pub missed: usize,
    /// Work items left alone on purpose, to see them become overdue.
    pub waiting: usize,
}

/// Roles without a unit.
const CENTRAL: [&str; 6] =
    ["intake_agent", "dispatcher", "auditor", "callback_agent", "supervisor", "leader"];
/// Roles that every unit has.
const OF_A_UNIT: [&str; 3] = ["unit_liaison", "handler", "approver"];

/// Name → secret of a token, for everybody who is needed.
///
/// # Errors
/// When the administrator's client gets no answer, or another than a token.
pub fn hire(administrator: &mut Client) -> io::Result<BTreeMap<String, (Vec<String>, String)>> {
    let central = CENTRAL.iter().map(|role| ((*role).to_owned(), (*role).to_owned()));
    let units = UNITS.iter().flat_map(|unit| {
        OF_A_UNIT.iter().map(move |role| (format!("{role}-{unit}"), format!("{role}@{unit}")))
    });
    let mut hired = BTreeMap::new();
    for (name, role) in central.chain(units) {
        let answer = administrator.post("/api/v1/tokens", &json!({ "person": name, "roles": [role] }))?;
        let secret = expect(answer, "making a token")?.json()["secret"].as_str().map(str::to_owned);
        let secret = secret.ok_or_else(|| io::Error::other("a new token has no secret"))?;
        hired.insert(name, (vec![role], secret));
    }
    Ok(hired)
}

impl Person {
    /// At the desk, with a connection of their own.
    pub fn new(server: SocketAddr, name: &str, roles: &[String], secret: &str, seed: u64) -> Self {
        let client = Client::with_token(server, secret);
        Self { name: name.to_owned(), roles: roles.to_vec(), client, seed, sent_back: BTreeSet::new() }
    }

    /// The server came back at another address.
    pub fn reconnect(&mut self, server: SocketAddr) {
        self.client.move_to(server);
    }

    /// Works through everything that is on the list now.
    ///
    /// # Errors
    /// When the server is gone in the middle. What was decided before stays decided.
    pub fn work(&mut self) -> io::Result<Done> {
        let mut done = Done::default();
        for item in pages(&mut self.client, "/api/v1/work-items?limit=200")? {
            match self.decide(&item) {
                None => done.waiting += 1,
                Some((outcome, form)) => {
                    if self.complete(&item, outcome, &form)? {
                        done.completed += 1;
                    } else {
                        done.missed += 1;
                    }
                }
            }
        }
        Ok(done)
    }

    /// Claims and completes; true when it was this person who did it.
    fn complete(&mut self, item: &Value, outcome: Option<&str>, form: &Value) -> io::Result<bool> {
        let id = item["id"].as_str().unwrap_or_default();
        let claimed = item["assignee"].as_str() == Some(&self.name);
        if !claimed && !self.client.post(&format!("/api/v1/work-items/{id}:claim"), &json!({}))?.ok() {
            return Ok(false);
        }
        let mut body = json!({ "form": form, "decision": format!("{}-{id}", self.name) });
        if let Some(outcome) = outcome {
            body["outcome"] = json!(outcome);
        }
        let request = Request::new("POST", &format!("/api/v1/work-items/{id}:complete"));
        let answer = self.client.send(&request.body("application/json", body.to_string()))?;
        match answer.status {
            200 => Ok(true),
            404 | 409 => Ok(false),
            status => Err(io::Error::other(format!(
                "{} could not complete {}: {status} {}",
                self.name,
                item["title"],
                answer.text()
            ))),
        }
    }

    /// What to do with an item: an outcome, if there is a choice, and the form. Nothing: not yet.
    fn decide(&mut self, item: &Value) -> Option<(Option<&'static str>, Value)> {
        let task = item["task"].as_str().unwrap_or_default().rsplit('/').next().unwrap_or_default();
        let case = item["caseNo"].as_str().unwrap_or_default();
        let role = self.roles[0].split('@').next().unwrap_or_default();
        // Supervisors and leaders are added to overdue items to press, not to do the work of others.
        let own = match task {
            "review" => role == "supervisor",
            _ => role != "supervisor" && role != "leader",
        };
        if !own {
            return None;
        }
        let mut luck = Random::new(self.seed ^ hash(&format!("{case}/{task}")));
        let offers = |outcome: &str| {
            item["outcomes"].as_array().is_some_and(|all| all.iter().any(|one| one == outcome))
        };
        let mut once = |outcome: &'static str, percent: usize, luck: &mut Random| {
            offers(outcome)
                && luck.percent(percent)
                && self.sent_back.insert((case.to_owned(), format!("{task}/{outcome}")))
        };
        Some(match task {
            "triage" => triage(&mut luck),
            "dispatch" => {
                let unit = unit_for(item["title"].as_str().unwrap_or_default());
                (None, json!({ "unit": unit, "instruction": "请依法依规办理" }))
            }
            "sign" if once("return", 8, &mut luck) => {
                (Some("return"), json!({ "reason": "不属于本单位职责" }))
            }
            "sign" => (Some("sign"), json!({})),
            "handle" if item["overdue"] != true && luck.percent(5) => return None,
            "handle" => (None, handled(&mut luck)),
            "reply" if once("back", 5, &mut luck) => (Some("back"), json!({ "comment": "请补充办理情况" })),
            "reply" => (Some("publish"), json!({ "comment": "同意" })),
            "audit" if once("rework", 6, &mut luck) => {
                (Some("rework"), json!({ "comment": "群众诉求未完全解决" }))
            }
            "audit" => (Some("pass"), json!({ "comment": "同意结案" })),
            "callback" => called_back(&mut luck),
            "review" => (Some("close"), json!({ "opinion": "已依规办理，同意结案" })),
            _ => return None,
        })
    }
}

fn triage(luck: &mut Random) -> (Option<&'static str>, Value) {
    match luck.below(100) {
        0..4 => (Some("reject"), json!({ "reason": "属于诉讼事项，请向法院提出" })),
        4..6 => (Some("merge"), json!({ "reason": "与在办件重复" })),
        6..8 => (Some("transfer"), json!({ "reason": "属于市级职责" })),
        8 => (Some("withdraw"), json!({ "reason": "诉求人来电撤回" })),
        _ => (Some("accept"), json!({ "category": "城乡建设" })),
    }
}

fn handled(luck: &mut Random) -> Value {
    let mut form = json!({
        "measures": "现场查看并处理",
        "reply": "您反映的问题已经核实，现将办理情况答复如下：已安排人员到场处理。",
    });
    match luck.below(100) {
        0..84 => form["result"] = json!("resolved"),
        84..93 => form["result"] = json!("explained"),
        _ => {
            form["result"] = json!("planned");
            form["plan"] = json!({ "targetDate": "2027-06-30", "project": "老旧小区改造" });
        }
    }
    form
}

fn called_back(luck: &mut Random) -> (Option<&'static str>, Value) {
    match luck.below(100) {
        0..82 => (Some("satisfied"), json!({ "score": 5 })),
        82..95 => (Some("dissatisfied"), json!({ "score": 2, "reason": "问题又出现了" })),
        _ => (Some("unreachable"), json!({ "attempts": 3 })),
    }
}

/// FNV-1a: the same number for the same text in every run.
pub fn hash(text: &str) -> u64 {
    text.bytes().fold(0xcbf2_9ce4_8422_2325, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3)
    })
}

/// The answer, if it is a good one.
///
/// # Errors
/// With status and text, if it is not.
pub fn expect(answer: Response, doing: &str) -> io::Result<Response> {
    if answer.ok() {
        return Ok(answer);
    }
    Err(io::Error::other(format!("{doing}: {} {}", answer.status, answer.text())))
}
