//! The people of an office, each with a token of their own: they take what is offered to them and decide it.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::thread::sleep;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use serde_json::{Value, json};
use yiwang_e2e::http::{Client, Request};
use yiwang_e2e::ledger::pages;
use yiwang_e2e::staff::expect;

/// Longest time for one process.
const PATIENCE: Duration = Duration::from_secs(120);
/// Between two looks at the list of work.
const LOOK: Duration = Duration::from_millis(100);

/// Who decides what: an outcome, if there is a choice, and the form.
pub(crate) type Decide = fn(&str, &Value) -> Option<(Option<&'static str>, Value)>;

/// People by what they act as: `role`, `role@unit`, or their own name.
pub(crate) struct Office {
    server: SocketAddr,
    pub(crate) administrator: Client,
    people: BTreeMap<String, Client>,
    done: usize,
}

impl Office {
    /// With these units and people.
    pub(crate) fn open(server: SocketAddr, token: &str, organisation: &str) -> Result<Self> {
        let mut administrator = Client::with_token(server, token);
        let body = json!({ "text": organisation, "reason": "the demo's units and experts" }).to_string();
        let put = Request::new("PUT", "/api/v1/organisation").body("application/json", body);
        expect(administrator.send(&put)?, "bringing the organisation in")?;
        Ok(Self { server, administrator, people: BTreeMap::new(), done: 0 })
    }

    /// Work items completed.
    pub(crate) fn done(&self) -> usize {
        self.done
    }

    /// Starts a workflow and works until it has ended; its output.
    pub(crate) fn run(&mut self, workflow: &str, input: &Value, decide: Decide) -> Result<Value> {
        let id = self.start(workflow, input)?;
        self.finish(workflow, &id, decide)
    }

    /// Starts a workflow; its instance.
    pub(crate) fn start(&mut self, workflow: &str, input: &Value) -> Result<String> {
        let body = json!({ "workflow": workflow, "input": input });
        let answer = expect(self.administrator.post("/api/v1/instances", &body)?, "starting")?.json();
        let id = answer["id"].as_str().or(answer["instance"].as_str());
        Ok(id.context("it has an id")?.to_owned())
    }

    /// Works until an instance has ended; its output.
    pub(crate) fn finish(&mut self, workflow: &str, id: &str, decide: Decide) -> Result<Value> {
        let began = Instant::now();
        loop {
            let shown = self.administrator.get(&format!("/api/v1/instances/{id}"))?;
            let shown = expect(shown, "looking at the instance")?.json();
            match shown["status"].as_str().unwrap_or_default() {
                "completed" => return Ok(shown["output"].clone()),
                "faulted" | "cancelled" => bail!("{workflow} did not come to its end: {shown}"),
                _ if began.elapsed() > PATIENCE => {
                    let open = pages(&mut self.administrator, "/api/v1/work-items?all=true&limit=50")?;
                    let open: Vec<_> = open.iter().map(|item| item["title"].to_string()).collect();
                    bail!("{workflow} is not done after {} s; open: {}", PATIENCE.as_secs(), open.join(", "));
                }
                _ => {}
            }
            if self.work(decide)? == 0 {
                sleep(LOOK);
            }
        }
    }

    /// Looks until there is what is looked for.
    pub(crate) fn until<T>(
        &mut self,
        what: &str,
        mut look: impl FnMut(&mut Self) -> Result<Option<T>>,
    ) -> Result<T> {
        let began = Instant::now();
        loop {
            if let Some(found) = look(self)? {
                return Ok(found);
            }
            if began.elapsed() > PATIENCE {
                bail!("{what}: not within {} s", PATIENCE.as_secs());
            }
            sleep(LOOK);
        }
    }

    /// The open work item of a task.
    pub(crate) fn item(&mut self, task: &str) -> Result<Option<Value>> {
        let open = pages(&mut self.administrator, "/api/v1/work-items?all=true&limit=200")?;
        Ok(open.into_iter().find(|item| task_of(item) == task))
    }

    /// Everything that is offered now and that somebody here does; how many.
    pub(crate) fn work(&mut self, decide: Decide) -> Result<usize> {
        let mut done = 0;
        for item in pages(&mut self.administrator, "/api/v1/work-items?all=true&limit=200")? {
            let Some((outcome, form)) = decide(task_of(&item), &item) else { continue };
            let first =
                |name: &str| item[name].as_array().and_then(|all| all.first()).and_then(Value::as_str);
            let Some(who) = first("candidatePeople").or_else(|| first("candidateRoles")).map(str::to_owned)
            else {
                continue;
            };
            self.complete(&who, &item, outcome, &form)?;
            done += 1;
        }
        Ok(done)
    }

    /// Somebody takes a work item and decides it.
    pub(crate) fn complete(
        &mut self,
        who: &str,
        item: &Value,
        outcome: Option<&str>,
        form: &Value,
    ) -> Result<()> {
        let id = item["id"].as_str().unwrap_or_default();
        let client = self.person(who)?;
        expect(client.post(&format!("/api/v1/work-items/{id}:claim"), &json!({}))?, "claiming")?;
        let mut body = json!({ "form": form, "decision": format!("demo-{id}") });
        if let Some(outcome) = outcome {
            body["outcome"] = json!(outcome);
        }
        let answer = client.post(&format!("/api/v1/work-items/{id}:complete"), &body)?;
        expect(answer, &format!("{who} completing {}", item["title"]))?;
        self.done += 1;
        Ok(())
    }

    /// Somebody with a token of their own: a named person, or one who holds the role.
    pub(crate) fn person(&mut self, who: &str) -> Result<&mut Client> {
        let is_role = who.contains('@') || who.is_ascii();
        let number = self.people.len();
        match is_role {
            true => self.hire(who, &format!("demo-{number}"), &[who]),
            false => self.hire(who, who, &[]),
        }
    }

    /// The same with these roles, whatever they are called here.
    pub(crate) fn hire(&mut self, called: &str, person: &str, roles: &[&str]) -> Result<&mut Client> {
        if !self.people.contains_key(called) {
            let body = json!({ "person": person, "roles": roles });
            let answer = expect(self.administrator.post("/api/v1/tokens", &body)?, "making a token")?.json();
            let secret = answer["secret"].as_str().context("a new token has a secret")?;
            self.people.insert(called.to_owned(), Client::with_token(self.server, secret));
        }
        self.people.get_mut(called).context("they were hired above")
    }
}

/// The name of the task that a work item belongs to.
fn task_of(item: &Value) -> &str {
    item["task"].as_str().unwrap_or_default().rsplit('/').next().unwrap_or_default()
}
