//! The clean-up of what is overdue: six items at the windows that nobody works on, the hourly round, a list that
//! one person proposes and another one approves, the ledger of each sweep, the week's bulletin.

use anyhow::{Context, Result, ensure};
use serde_json::{Value, json};
use yiwang_e2e::http::Request;
use yiwang_e2e::ledger::pages;
use yiwang_e2e::staff::expect;

use super::office::{Decide, Office};

/// The item's number, what it is about, what is decided about it, and how its case ends.
const ITEMS: [(&str, &str, &str, &str); 6] = [
    ("BJ-1", "食品经营许可", "reassign", "resolved"),
    ("BJ-2", "公共卫生许可", "supplement", "resolved"),
    ("BJ-3", "户外广告设置", "terminate", "rejected"),
    ("BJ-4", "道路挖掘许可", "finish", "resolved"),
    ("BJ-5", "个体工商户登记", "reassign", "resolved"),
    ("BJ-6", "测试办件", "void", "withdrawn"),
];
const UNIT: &str = "区市场局";
/// Nobody works on anything.
const IDLE: Decide = |_, _| None;

/// Plays it; lines for the report.
pub(super) fn play(office: &mut Office) -> Result<Vec<(String, String)>> {
    for (no, title, decision, _) in ITEMS {
        let item = json!({
            "itemNo": no, "title": title, "unit": UNIT, "test": decision == "void",
            "applicant": { "name": "李女士", "phone": "13900000001" },
        });
        publish(office, "cn.yiwang.item.accepted.v1", no, &item)?;
    }
    let all = ITEMS.len();
    office.until("six items overdue", |office| {
        Ok(cases(office)?.iter().filter(|case| has(case, "overdue")).count().eq(&all).then_some(()))
    })?;
    let round = office.run("district/overdue-clock", &json!({}), IDLE)?;
    ensure!(round["urged"] == all && round["supervised"] == all, "not all were urged: {round}");
    let again = office.run("district/overdue-clock", &json!({}), IDLE)?;
    ensure!(again["urged"] == 0 && again["supervised"] == 0, "a second round did it again: {again}");

    let cleaned = clean_up(office)?;
    ensure!(cleaned["acted"] == all && cleaned["failed"] == 0, "the clean-up failed: {cleaned}");
    let supplement = json!({ "itemNo": "BJ-2" });
    publish(office, "cn.yiwang.item.supplemented.v1", "BJ-2-supplement", &supplement)?;
    let closed = office.until("six items closed", |office| {
        office.work(window)?;
        let cases = cases(office)?;
        Ok(cases.iter().all(|case| case["state"] == "closed").then_some(cases))
    })?;
    let lines = ledgers(office, &cleaned, &closed)?;

    let bulletin = office.run("district/overdue-bulletin", &json!({}), leader)?;
    // Complaints and operators were late, too.
    let late = pages(&mut office.administrator, "/api/v1/cases?state=closed&flag=overdue&limit=500")?.len();
    ensure!(
        bulletin["published"] == true && bulletin["cleaned"] == late && bulletin["zombies"] == 0,
        "{late} cases were closed late, and the bulletin says otherwise: {bulletin}"
    );
    Ok([
        ("clean-up 超时件清理", String::new()),
        ("  urged and under supervision 催办、督办", round["urged"].to_string()),
        ("  decided by two persons 双人核准", cleaned["decided"].to_string()),
        ("  lines of ledgers, as the cases say 台账", lines.to_string()),
        ("  cleaned, by the bulletin 周报", bulletin["cleaned"].to_string()),
    ]
    .map(|(what, value)| (what.to_owned(), value))
    .into())
}

/// One person proposes what to do with each, and may not approve it; another one does.
fn clean_up(office: &mut Office) -> Result<Value> {
    let id = office.start("district/overdue-cleanup", &json!({}))?;
    let propose = office.until("the list of the night", |office| office.item("propose"))?;
    let found = cases(office)?;
    let decisions = ITEMS.map(|(no, _, decision, _)| {
        let case = found.iter().find(|case| case["sourceRef"] == no).map(|case| case["caseNo"].clone());
        let mut row = json!({ "caseNo": case, "decision": decision, "reason": format!("清理：{decision}") });
        if decision == "terminate" {
            row["basis"] = json!("行政许可法第七十条");
        }
        row
    });
    // Whoever runs the hall is a supervisor, too, and yet is not asked twice.
    let both = "何大厅";
    office.hire(both, both, &["hall_manager", "supervisor"])?;
    office.complete(both, &propose, None, &json!({ "decisions": decisions }))?;
    let approve = office.until("the approval", |office| office.item("approve"))?;
    let item = approve["id"].as_str().unwrap_or_default();
    let own = office.person(both)?.post(&format!("/api/v1/work-items/{item}:claim"), &json!({}))?;
    ensure!(own.status == 403, "who proposed could approve: {} {}", own.status, own.text());
    office.complete("supervisor", &approve, Some("approve"), &json!({}))?;
    office.finish("district/overdue-cleanup", &id, IDLE)
}

/// What the ledgers of the sweeps say is what the cases came to; how many lines.
fn ledgers(office: &mut Office, cleaned: &Value, closed: &[Value]) -> Result<usize> {
    let mut lines = 0;
    for result in cleaned["results"].as_array().context("the clean-up has results")? {
        let sweep = result["sweep"].as_str().context("each with its sweep")?;
        for line in pages(&mut office.administrator, &format!("/api/v1/sweeps/{sweep}/lines?limit=500"))? {
            let case = closed.iter().find(|case| case["caseNo"] == line["caseNo"]);
            let case = case.with_context(|| format!("the ledger names a case that is not there: {line}"))?;
            let item = ITEMS.iter().find(|(no, ..)| case["sourceRef"] == *no).context("it is one of ours")?;
            ensure!(line["result"] == "acted", "the ledger says that nothing was done: {line}");
            ensure!(result["decision"] == item.2, "{} was to be another decision: {result}", item.0);
            ensure!(case["outcome"] == item.3, "{} ended otherwise: {}", item.0, case["outcome"]);
            lines += 1;
        }
    }
    ensure!(lines == ITEMS.len(), "{lines} lines of ledgers");
    Ok(lines)
}

/// The windows finish what has come back to them.
fn window(task: &str, item: &Value) -> Option<(Option<&'static str>, Value)> {
    // The others are decided by the clean-up.
    let again = item["description"].as_str().is_some_and(|text| text.contains('；'));
    (task == "handle" && again).then(|| (Some("finish"), json!({ "result": "已办结" })))
}

fn leader(task: &str, _: &Value) -> Option<(Option<&'static str>, Value)> {
    (task == "sign").then(|| (Some("sign"), json!({})))
}

fn publish(office: &mut Office, kind: &str, id: &str, data: &Value) -> Result<()> {
    let event = json!({ "specversion": "1.0", "id": id, "source": "/hall", "type": kind, "data": data });
    let request = Request::new("POST", "/api/v1/events");
    let request = request.body("application/cloudevents+json", event.to_string());
    expect(office.administrator.send(&request)?, "publishing an event")?;
    Ok(())
}

/// The items at the windows.
fn cases(office: &mut Office) -> Result<Vec<Value>> {
    Ok(pages(&mut office.administrator, "/api/v1/cases?channel=hall&limit=500")?)
}

fn has(case: &Value, flag: &str) -> bool {
    case["flags"].as_array().is_some_and(|flags| flags.iter().any(|one| one == flag))
}
