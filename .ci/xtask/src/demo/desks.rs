//! What the district does besides complaints: the quarter's 5G stations, the review of a project, and the clean-up
//! of what is overdue. A few people play all to their end by the API, each as themselves.

use std::net::SocketAddr;

use anyhow::{Context, Result, ensure};
use serde_json::{Value, json};

use super::cleanup;
use super::office::Office;

/// Plays all; lines for the report.
///
/// # Errors
/// When something is refused that should not be, or does not come to its end.
pub(crate) fn play(server: SocketAddr, token: &str, organisation: &str) -> Result<Vec<(String, String)>> {
    let mut office = Office::open(server, token, organisation)?;
    let mut rows = stations(&mut office).context("the quarter's 5G stations")?;
    rows.extend(review(&mut office).context("the review of a project")?);
    rows.extend(cleanup::play(&mut office).context("the clean-up of what is overdue")?);
    rows.push(("work items completed 待办办结".to_owned(), office.done().to_string()));
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
