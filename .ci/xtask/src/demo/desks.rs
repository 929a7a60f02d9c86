//! What the district does besides complaints: the quarter's 5G stations, and the review of a project. A few
//! people play both to their end by the API, each as themselves.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::thread::sleep;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};
use serde_json::{Value, json};
use yiwang_e2e::http::Client;
use yiwang_e2e::ledger::pages;
use yiwang_e2e::staff::expect;

/// Longest time for one process.
const PATIENCE: Duration = Duration::from_secs(120);
/// Between two looks at the list of work.
const LOOK: Duration = Duration::from_millis(100);

/// Who decides what: an outcome, if there is a choice, and the form.
type Decide = fn(&str, &Value) -> Option<(Option<&'static str>, Value)>;

/// People by what they act as: `role`, `role@unit`, or their own name.
struct Office {
    server: SocketAddr,
    administrator: Client,
    people: BTreeMap<String, Client>,
    /// Work items completed.
    done: usize,
}

/// Plays both; lines for the report.
///
/// # Errors
/// When something is refused that should not be, or does not come to its end.
pub(crate) fn play(server: SocketAddr, token: &str, organisation: &str) -> Result<Vec<(String, String)>> {
    let administrator = Client::with_token(server, token);
    let mut office = Office { server, administrator, people: BTreeMap::new(), done: 0 };
    let answer =
        office.administrator.send(&yiwang_e2e::http::Request::new("PUT", "/api/v1/organisation").body(
            "application/json",
            json!({ "text": organisation, "reason": "the demo's units and experts" }).to_string(),
        ))?;
    expect(answer, "bringing the organisation in")?;
    let mut rows = stations(&mut office).context("the quarter's 5G stations")?;
    rows.extend(review(&mut office).context("the review of a project")?);
    rows.push(("work items completed 待办办结".to_owned(), office.done.to_string()));
    Ok(rows)
}

/// Five operators report; one list has a station twice and comes back before it is counted.
fn stations(office: &mut Office) -> Result<Vec<(String, String)>> {
    let output = office.run("district/base-station-report", &json!({ "period": "2026Q3" }), station_desk)?;
    ensure!(output["counted"] == 45, "five operators with nine stations each are not 45: {output}");
    let mut rows = vec![("5G stations 5G季报".to_owned(), String::new())];
    for name in ["period", "dueAt", "new", "upgraded", "counted", "target"] {
        let value = &output[name];
        rows.push((format!("  {name}"), value.as_str().map_or_else(|| value.to_string(), str::to_owned)));
    }
    for row in output["ranking"].as_array().into_iter().flatten() {
        let place = format!("  {}. {}", row["rank"], row["name"].as_str().unwrap_or_default());
        rows.push((place, format!("{} of {}", row["counted"], row["target"])));
    }
    Ok(rows)
}

fn station_desk(task: &str, item: &Value) -> Option<(Option<&'static str>, Value)> {
    let title = item["title"].as_str().unwrap_or_default();
    Some(match task {
        "fill" => {
            // The operator's first list is wrong on purpose; the corrected one is what comes next.
            let again = title.starts_with("更正");
            let twice = title.contains("联通") && !again;
            let letter = title.chars().find(|c| !c.is_ascii() && !"填报更正：".contains(*c)).unwrap_or('X');
            let code = format!("QC{}", u32::from(letter));
            let station = |n: u32| {
                json!({
                    "id": format!("{code}-{n:03}"), "kind": if n.is_multiple_of(3) { "upgraded" } else { "new" },
                    "town": "十河镇", "longitude": 115.8, "latitude": 33.8, "date": "2026-08-15",
                })
            };
            let mut list: Vec<Value> = (1..=9).map(station).collect();
            if twice {
                list.push(station(1));
            }
            let count = |kind: &str| list.iter().filter(|one| one["kind"] == kind).count();
            (
                None,
                json!({ "newStations": count("new"), "upgradedStations": count("upgraded"), "stations": list }),
            )
        }
        "verify" => (Some("pass"), json!({ "results": item["form"]["data"]["results"] })),
        "review" => (Some("pass"), json!({})),
        "sign" => (Some("sign"), json!({})),
        "fileByHand" => (None, json!({ "receipt": "市数资〔2026〕第3号" })),
        _ => return None,
    })
}

/// One project from its application to the register: six departments, five experts drawn by lot.
fn review(office: &mut Office) -> Result<Vec<(String, String)>> {
    let application = json!({
        "title": "区级养老服务数据平台", "unit": "区民政局", "need": "全区养老机构数据分散，无法统一监管和服务。",
        "contact": { "name": "郑项目", "phone": "13900000000" },
        "existingSystems": [], "interconnection": "接入区一网共治平台和市人口库",
        "dataSharing": [
            { "resource": "养老机构基本信息", "direction": "provide" },
            { "resource": "人口基础信息", "direction": "use" },
        ],
        "cloud": { "vcpu": 16, "memoryGb": 64, "storageTb": 2 },
        "securityLevel": "三级", "cryptography": "采用国密算法保护身份和传输", "secrecy": "none",
        "budget": 320, "goals": "机构数据入库率100%，服务响应不超过24小时", "interestedUnits": [],
        "documents": [ { "name": "可行性研究报告" } ],
    });
    let output = office.run("district/project-review", &application, review_desk)?;
    let mut rows = vec![("project review 项目联审".to_owned(), String::new())];
    for name in ["caseNo", "outcome", "revisions", "score", "registration"] {
        let value = &output[name];
        rows.push((format!("  {name}"), value.as_str().map_or_else(|| value.to_string(), str::to_owned)));
    }
    ensure!(output["outcome"] == "resolved", "the project was not registered: {output}");
    Ok(rows)
}

fn review_desk(task: &str, item: &Value) -> Option<(Option<&'static str>, Value)> {
    Some(match task {
        "completeness" => (Some("accept"), json!({})),
        "opine" => (Some("agree"), json!({ "opinion": "同意建设" })),
        "arrange" => (None, json!({ "place": "区行政中心三楼会议室", "witness": "吴监督" })),
        "confirm" => (Some("attend"), json!({})),
        "rate" => (
            Some("recommend"),
            json!({
                "intensive": 82, "interconnection": 85, "sharing": 88, "coordination": 80, "value": 78,
                "opinion": "方案可行",
            }),
        ),
        "approve" => (Some("approve"), json!({ "opinion": "同意" })),
        "enrol" => {
            let budget = &item["form"]["data"]["approvedBudget"];
            (None, json!({ "number": "QCXX-2026-001", "approvedBudget": budget }))
        }
        _ => return None,
    })
}

impl Office {
    /// Starts a workflow and works until it has ended; its output.
    fn run(&mut self, workflow: &str, input: &Value, decide: Decide) -> Result<Value> {
        let body = json!({ "workflow": workflow, "input": input });
        let answer = expect(self.administrator.post("/api/v1/instances", &body)?, "starting")?.json();
        let id = answer["id"].as_str().or(answer["instance"].as_str()).context("it has an id")?.to_owned();
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

    /// Everything that is offered now and that somebody here does; how many.
    fn work(&mut self, decide: Decide) -> Result<usize> {
        let mut done = 0;
        for item in pages(&mut self.administrator, "/api/v1/work-items?all=true&limit=200")? {
            let task = item["task"].as_str().unwrap_or_default().rsplit('/').next().unwrap_or_default();
            let Some((outcome, form)) = decide(task, &item) else { continue };
            let first =
                |name: &str| item[name].as_array().and_then(|all| all.first()).and_then(Value::as_str);
            let Some(who) = first("candidatePeople").or_else(|| first("candidateRoles")).map(str::to_owned)
            else {
                continue;
            };
            let id = item["id"].as_str().unwrap_or_default();
            let client = self.person(&who)?;
            expect(client.post(&format!("/api/v1/work-items/{id}:claim"), &json!({}))?, "claiming")?;
            let mut body = json!({ "form": form, "decision": format!("demo-{id}") });
            if let Some(outcome) = outcome {
                body["outcome"] = json!(outcome);
            }
            let answer = client.post(&format!("/api/v1/work-items/{id}:complete"), &body)?;
            expect(answer, &format!("{who} completing {}", item["title"]))?;
            done += 1;
        }
        self.done += done;
        Ok(done)
    }

    /// Somebody with a token of their own: a named person, or one who holds the role.
    fn person(&mut self, who: &str) -> Result<&mut Client> {
        if !self.people.contains_key(who) {
            let is_role = who.contains('@') || who.is_ascii();
            let body = if is_role {
                json!({ "person": format!("demo-{}", self.people.len()), "roles": [who] })
            } else {
                json!({ "person": who, "roles": [] })
            };
            let answer = expect(self.administrator.post("/api/v1/tokens", &body)?, "making a token")?.json();
            let secret = answer["secret"].as_str().context("a new token has a secret")?;
            self.people.insert(who.to_owned(), Client::with_token(self.server, secret));
        }
        self.people.get_mut(who).context("they were hired above")
    }
}
