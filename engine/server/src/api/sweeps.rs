//! Sweeps: previewed, asked for, approved by a second person, watched, cancelled, reported.

use axum::response::{IntoResponse as _, Response};
use http::header::{CONTENT_TYPE, LOCATION};
use http::{HeaderValue, Method, StatusCode};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use yiwang_core::InstanceId;
use yiwang_core::selector::field::Found;
use yiwang_core::selector::{Field, Mistake, Of, Selection};
use yiwang_core::sweep::{By, Definition, Line, Phase, Result as LineResult, Sweep, Wanted, preview};
use yiwang_runtime::SweepAct;
use yiwang_runtime::ports::{Group, PageRequest, SelectFrom};

use crate::call::{Answer, Call, ok, page, with_status, word};
use crate::limits::{PAGE_LEN_MAX, SWEEP_SAMPLES, TEXT_BYTES_MAX};
use crate::policy::{PROCESS_ADMIN, Policy, SCHEDULER};
use crate::problem::{Code, Place, Problem};
use crate::routes::Routes;
use crate::view::{PageView, time};

pub(super) fn routes(routes: &mut Routes) {
    let scheduler = Policy::Role(&[SCHEDULER, PROCESS_ADMIN]);
    routes.add(scheduler, Method::POST, "/api/v1/sweeps:preview", look);
    routes.add(scheduler, Method::POST, "/api/v1/sweeps", begin);
    routes.add(Policy::Staff, Method::GET, "/api/v1/sweeps", list);
    routes.add(Policy::Staff, Method::GET, "/api/v1/sweeps/{id}", get);
    routes.add(Policy::Staff, Method::GET, "/api/v1/sweeps/{id}/lines", lines);
    routes.add(Policy::Staff, Method::GET, "/api/v1/sweeps/{id}/report", report);
    routes
        .add(scheduler, Method::POST, "/api/v1/sweeps/{id}:approve", |call| decide(call, Decision::Approve));
    routes.add(scheduler, Method::POST, "/api/v1/sweeps/{id}:cancel", |call| decide(call, Decision::Cancel));
}

/// One sweep.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct SweepView {
    id: String,
    name: String,
    state: Phase,
    key: String,
    digest: String,
    definition: Value,
    requested: ByView,
    expected: Option<u64>,
    approved: Option<ByView>,
    cancelled: Option<ByView>,
    /// Why it was not begun.
    refused: Option<String>,
    as_of: Option<String>,
    found: Option<u64>,
    acted: u64,
    skipped: u64,
    failed: u64,
    ended: Option<String>,
}

#[derive(Serialize)]
struct ByView {
    person: String,
    at: String,
    reason: Option<String>,
}

impl From<By> for ByView {
    fn from(of: By) -> Self {
        Self { person: of.person, at: time(of.at), reason: of.reason }
    }
}

impl From<Sweep> for SweepView {
    fn from(of: Sweep) -> Self {
        Self {
            id: of.id.to_string(),
            name: of.name,
            state: of.state,
            key: of.key,
            digest: of.digest,
            definition: of.definition,
            requested: of.requested.into(),
            expected: of.expected,
            approved: of.approved.map(ByView::from),
            cancelled: of.cancelled.map(ByView::from),
            refused: of.refused,
            as_of: of.as_of.map(time),
            found: of.found,
            acted: of.acted,
            skipped: of.skipped,
            failed: of.failed,
            ended: of.ended.map(time),
        }
    }
}

/// One line of a ledger.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct LineView {
    target: String,
    instance: String,
    case_no: Option<String>,
    unit: Option<String>,
    cause: Option<String>,
    result: LineResult,
    acts: u32,
    code: Option<String>,
    why: Option<String>,
    at: String,
    since: String,
}

impl From<Line> for LineView {
    fn from(of: Line) -> Self {
        let target = of.target();
        let (code, why) = of.why.unzip();
        Self {
            target,
            instance: of.instance.to_string(),
            case_no: of.case_no.map(|no| no.to_string()),
            unit: of.unit,
            cause: of.cause,
            result: of.result,
            acts: of.acts,
            code,
            why,
            at: time(of.at),
            since: time(of.since),
        }
    }
}

/// A checked definition, or all its mistakes.
fn checked(written: &Value, below: &str) -> Result<Definition, Problem> {
    Definition::parse(written).map_err(|mistakes| invalid(mistakes, below))
}

/// The definition that is given, or the newest one of this name.
fn meant(call: &Call, written: Option<&Value>, name: Option<&str>) -> Result<Definition, Problem> {
    match (written, name) {
        (Some(written), None) => checked(written, "/definition"),
        (None, Some(name)) => {
            let district = call.app.handle.district();
            let found = district.sweep(name).map(|definition| Definition::clone(definition));
            found.ok_or_else(|| Problem::not_found("sweep", name))
        }
        (Some(_), Some(_)) | (None, None) => {
            let detail = "Give `definition` or `name`: one of them";
            Err(Problem::new(Code::Fields, detail).at("/definition", detail))
        }
    }
}

fn invalid(mistakes: Vec<Mistake>, below: &str) -> Problem {
    let detail = match mistakes.as_slice() {
        [one] => one.message.clone(),
        all => format!("There are {} mistakes", all.len()),
    };
    let place = |mistake: Mistake| {
        let help = mistake.help.map(|help| format!("; {help}")).unwrap_or_default();
        Place::at(format!("{below}{}", mistake.place), format!("{}: {}{help}", mistake.code, mistake.message))
    };
    Problem::new(Code::SweepInvalid, detail).with_places(mistakes.into_iter().map(place).collect())
}

fn selection(call: &Call, definition: &Definition) -> Result<Selection, Problem> {
    definition
        .selector
        .resolve(call.now, &*call.app.handle.district())
        .map_err(|problem| Problem::new(Code::SweepInvalid, problem.clone()).at("/definition/where", problem))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ToLook {
    definition: Option<Value>,
    /// Of a sweep that is a reference document, instead of a definition.
    name: Option<String>,
}

/// Counts and samples. Writes nothing.
async fn look(mut call: Call) -> Answer {
    #[derive(Serialize)]
    #[serde(rename_all = "camelCase")]
    struct Preview {
        name: String,
        of: Of,
        as_of: String,
        count: u64,
        /// For the run: who runs it has seen this.
        token: String,
        needs_approval: bool,
        by_state: Vec<GroupView>,
        /// Of instances: by version.
        by_unit: Vec<GroupView>,
        by_cause: Vec<GroupView>,
        samples: Vec<Value>,
    }
    let wanted: ToLook = call.json().await?;
    let definition = meant(&call, wanted.definition.as_ref(), wanted.name.as_deref())?;
    let selection = selection(&call, &definition)?;
    let (state, unit) = match definition.of() {
        Of::Cases => (Field::CaseState, Field::Unit),
        Of::WorkItems => (Field::ItemState, Field::Unit),
        Of::Instances => (Field::Status, Field::Version),
    };
    let by_state = call.app.query.tally(selection.clone(), vec![state]).await?;
    let by_unit = call.app.query.tally(selection.clone(), vec![unit]).await?;
    let mut by_cause = Vec::new();
    let mut before: Vec<Selection> = Vec::new();
    for cause in &definition.causes {
        let own = cause
            .selector
            .resolve(call.now, &*call.app.handle.district())
            .map_err(|problem| Problem::new(Code::SweepInvalid, problem))?;
        // Each target counts for the first cause that holds.
        let earlier = yiwang_core::selector::Test::Any(before.iter().map(|it| it.test.clone()).collect());
        let test = yiwang_core::selector::Test::All(vec![
            selection.test.clone(),
            own.test.clone(),
            yiwang_core::selector::Test::Not(Box::new(earlier)),
        ]);
        let groups = call.app.query.tally(Selection { of: selection.of, test }, Vec::new()).await?;
        let count = groups.iter().map(|group| group.count).sum();
        by_cause.push(GroupView { value: Some(cause.name.clone()), count });
        before.push(own);
    }
    let samples = call.app.query.select(selection, SelectFrom::default(), SWEEP_SAMPLES).await?;
    let count = by_state.iter().map(|group| group.count).sum();
    ok(&Preview {
        token: preview::token(&definition.digest(), call.now, count),
        name: definition.name.clone(),
        of: definition.of(),
        as_of: time(call.now),
        count,
        needs_approval: definition.approval.is_some(),
        by_state: by_state.into_iter().map(GroupView::from).collect(),
        by_unit: by_unit.into_iter().map(GroupView::from).collect(),
        by_cause,
        samples: samples.into_iter().map(sample).collect(),
    })
}

#[derive(Serialize)]
struct GroupView {
    value: Option<String>,
    count: u64,
}

impl From<Group> for GroupView {
    fn from(of: Group) -> Self {
        Self { value: of.values.into_iter().next().flatten(), count: of.count }
    }
}

/// What a person needs to see of one target: nothing of the citizen's own words.
fn sample(found: Found) -> Value {
    let case = found.case.as_ref();
    let item = found.item.as_ref();
    json!({
        "instance": found.instance,
        "item": item.map(|item| item.id),
        "caseNo": case.map(|case| &case.no).or_else(|| item?.case_no.as_ref()),
        "title": item.map(|item| &item.title).or_else(|| case.map(|case| &case.title)),
        "state": item.map_or_else(|| json!(case.map(|case| case.state)), |item| json!(item.state)),
        "workflow": found.workflow,
        "version": found.version,
        "status": found.status,
        "unit": case.and_then(|case| case.unit.as_ref()),
        "due": item.map_or_else(|| case.and_then(|case| case.due), |item| item.due).map(time),
        "touched": time(found.touched),
    })
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ToBegin {
    definition: Option<Value>,
    /// Of a sweep that is a reference document, instead of a definition.
    name: Option<String>,
    /// The token of its preview.
    preview: Option<String>,
    /// Why.
    reason: Option<String>,
}

/// 201 for a new sweep; 200 for the one that the same `Idempotency-Key` began before.
async fn begin(mut call: Call) -> Answer {
    let Some(key) = call.idempotency_key()? else {
        return Err(Problem::new(
            Code::Header,
            "`Idempotency-Key` names this sweep: the same key runs it once",
        ));
    };
    let wanted: ToBegin = call.json().await?;
    check_reason(wanted.reason.as_ref())?;
    let definition = meant(&call, wanted.definition.as_ref(), wanted.name.as_deref())?;
    selection(&call, &definition)?;
    needs_operator(&call, &definition)?;
    let existing = call.app.query.sweep_of_key(key.clone()).await?.is_some();
    let person = call.actor()?.person.clone();
    let wanted =
        Wanted { definition, key, person, reason: wanted.reason, preview: wanted.preview, waiter: None };
    let sweep = call.app.handle.sweep(wanted).await?;
    let status = if existing { StatusCode::OK } else { StatusCode::CREATED };
    let location =
        HeaderValue::try_from(format!("/api/v1/sweeps/{}", sweep.id)).expect("an id is a header value");
    let mut response = with_status(status, &SweepView::from(sweep))?;
    response.headers_mut().insert(LOCATION, location);
    Ok(response)
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Listed {
    state: Option<String>,
    cursor: Option<String>,
    limit: Option<usize>,
}

async fn list(call: Call) -> Answer {
    let listed: Listed = call.query()?;
    let phase = word("state", listed.state)?;
    let found = call.app.query.sweeps(phase, page(listed.cursor, listed.limit)?).await?;
    ok(&PageView::of(found, SweepView::from))
}

async fn get(call: Call) -> Answer {
    ok(&SweepView::from(one(&call).await?))
}

async fn one(call: &Call) -> Result<Sweep, Problem> {
    let id: InstanceId = call.id("sweep")?;
    let found = call.app.query.sweep(id).await?;
    found.ok_or_else(|| Problem::not_found("sweep", &id.to_string()))
}

enum Decision {
    Approve,
    Cancel,
}

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct Why {
    reason: Option<String>,
}

async fn decide(mut call: Call, decision: Decision) -> Answer {
    let id: InstanceId = call.id("sweep")?;
    let Why { reason } = call.json_or_default().await?;
    check_reason(reason.as_ref())?;
    let person = call.actor()?.person.clone();
    let known = one(&call).await?;
    if known.state.is_over() {
        // What was decided so before is decided so still; anything else comes too late.
        let same = matches!(decision, Decision::Cancel) && known.state == Phase::Cancelled;
        if same {
            return ok(&SweepView::from(known));
        }
        return Err(Problem::new(Code::Conflict, format!("The sweep is over: {}", json!(known.state))));
    }
    if let Ok(definition) = Definition::parse(&known.definition) {
        needs_operator(&call, &definition)?;
    }
    let act = match decision {
        Decision::Approve => SweepAct::Approve { id, person, reason },
        Decision::Cancel => SweepAct::Cancel { id, person, reason },
    };
    ok(&SweepView::from(call.app.handle.sweep_act(act).await?))
}

/// What operators do one by one, others do not do by the hundred.
fn needs_operator(call: &Call, definition: &Definition) -> Result<(), Problem> {
    let may = Policy::Role(&[PROCESS_ADMIN]);
    if definition.is_operators() && may.admit(Some(call.actor()?)).is_err() {
        let detail = format!("Sweeps that act on instances need the role {PROCESS_ADMIN}");
        return Err(Problem::new(Code::Forbidden, detail));
    }
    Ok(())
}

fn check_reason(reason: Option<&String>) -> Result<(), Problem> {
    if reason.is_some_and(|reason| reason.len() > TEXT_BYTES_MAX) {
        let detail = format!("A reason has at most {TEXT_BYTES_MAX} bytes");
        return Err(Problem::new(Code::Fields, detail.clone()).at("/reason", detail));
    }
    Ok(())
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct WantedLines {
    result: Option<String>,
    cursor: Option<String>,
    limit: Option<usize>,
}

async fn lines(call: Call) -> Answer {
    let wanted: WantedLines = call.query()?;
    let sweep = one(&call).await?;
    let result = word("result", wanted.result)?;
    let found = call.app.query.sweep_lines(sweep.id, result, page(wanted.cursor, wanted.limit)?).await?;
    ok(&PageView::of(found, LineView::from))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Form {
    format: Option<String>,
}

/// In numbers; `?format=csv`: the whole ledger as a table.
async fn report(call: Call) -> Answer {
    let Form { format } = call.query()?;
    let sweep = one(&call).await?;
    match format.as_deref() {
        None | Some("json") => numbers(&call, sweep).await,
        Some("csv") => ledger(&call, &sweep).await,
        Some(_) => Err(Problem::new(Code::Query, "`format` is json or csv")),
    }
}

async fn numbers(call: &Call, sweep: Sweep) -> Answer {
    let summary = call.app.query.sweep_summary(sweep.id).await?;
    let definition = Definition::parse(&sweep.definition).ok();
    let remaining = match definition.as_ref().map(|definition| selection(call, definition)) {
        Some(Ok(selection)) => {
            let groups = call.app.query.tally(selection, Vec::new()).await?;
            Some(groups.iter().map(|group| group.count).sum::<u64>())
        }
        Some(Err(_)) | None => None,
    };
    let age = summary.median_since.zip(sweep.as_of).map(|(since, as_of)| (as_of.0 - since.0).max(0) / 1_000);
    ok(&json!({
        "sweep": SweepView::from(sweep),
        "groups": summary.groups,
        // Those that the selector would find now.
        "remaining": remaining,
        "medianAgeSeconds": age,
        "asOf": time(call.now),
    }))
}

async fn ledger(call: &Call, sweep: &Sweep) -> Answer {
    let mut text = String::from("target,case,unit,cause,result,acts,code,why,at,since\r\n");
    let mut cursor = None;
    loop {
        let request = PageRequest { cursor, limit: PAGE_LEN_MAX };
        let found = call.app.query.sweep_lines(sweep.id, None, request).await?;
        for line in found.items {
            let result = json!(line.result).as_str().unwrap_or_default().to_owned();
            let view = LineView::from(line);
            let cells = [
                Some(view.target),
                view.case_no,
                view.unit,
                view.cause,
                Some(result),
                Some(view.acts.to_string()),
                view.code,
                view.why,
                Some(view.at),
                Some(view.since),
            ];
            let cells: Vec<String> =
                cells.into_iter().map(|cell| quoted(&cell.unwrap_or_default())).collect();
            text.push_str(&cells.join(","));
            text.push_str("\r\n");
        }
        match found.next_cursor {
            Some(next) => cursor = Some(next),
            None => break,
        }
    }
    let csv = HeaderValue::from_static("text/csv; charset=utf-8");
    let response: Response = (StatusCode::OK, [(CONTENT_TYPE, csv)], text).into_response();
    Ok(response)
}

/// A cell as RFC 4180 has it. What a spreadsheet would take for a formula gets a quote in front.
fn quoted(text: &str) -> String {
    let safe =
        if text.starts_with(['=', '+', '-', '@', '\t', '\r']) { format!("'{text}") } else { text.to_owned() };
    if safe.contains(['"', ',', '\n', '\r']) { format!("\"{}\"", safe.replace('"', "\"\"")) } else { safe }
}
