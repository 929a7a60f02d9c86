//! Schedules: what starts by the clock, when next, what became of it; run now, pause, resume.

use http::{Method, StatusCode};
use serde::{Deserialize, Serialize};
use yiwang_dsl::definition::{DaysOff, DefinitionId, Misfire, Overlap};
use yiwang_runtime::ports::{ScheduleOutcome, ScheduleRun};
use yiwang_runtime::{Begins, ScheduleAct, ScheduleCommand, ScheduleInfo};

use crate::call::{Answer, Call, ok, page, with_status};
use crate::limits::{PLANNED_LEN_MAX, TEXT_BYTES_MAX};
use crate::policy::{PROCESS_ADMIN, Policy, SCHEDULER};
use crate::problem::{Code, Problem};
use crate::routes::Routes;
use crate::view::{PageView, time};

pub(super) fn routes(routes: &mut Routes) {
    routes.add(Policy::Staff, Method::GET, "/api/v1/schedules", list);
    routes.add(Policy::Staff, Method::GET, "/api/v1/schedules/{namespace}/{name}", get);
    routes.add(Policy::Staff, Method::GET, "/api/v1/schedules/{namespace}/{name}/runs", runs);
    let scheduler = Policy::Role(&[SCHEDULER, PROCESS_ADMIN]);
    routes.add(scheduler, Method::POST, "/api/v1/schedules/{namespace}/{name}:run", run);
    routes.add(scheduler, Method::POST, "/api/v1/schedules/{namespace}/{name}:pause", |call| {
        act(call, ScheduleCommand::Pause)
    });
    routes.add(scheduler, Method::POST, "/api/v1/schedules/{namespace}/{name}:resume", |call| {
        act(call, ScheduleCommand::Resume)
    });
}

/// One schedule.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct ScheduleView {
    /// `namespace/name`.
    workflow: String,
    version: String,
    /// `cron`, `every` or `after`.
    kind: &'static str,
    /// The cron expression, or an ISO 8601 duration.
    schedule: String,
    timezone: String,
    overlap: Overlap,
    misfire: Misfire,
    days_off: DaysOff,
    /// The next planned times.
    next: Vec<String>,
    /// Planned times up to this one are handled.
    handled: Option<String>,
    /// The last run.
    run: Option<String>,
    paused: Option<PausedView>,
}

#[derive(Serialize)]
struct PausedView {
    by: String,
    at: String,
    reason: Option<String>,
}

impl From<ScheduleInfo> for ScheduleView {
    fn from(of: ScheduleInfo) -> Self {
        let seconds = |millis: u64| match (millis / 1_000, millis % 1_000) {
            (seconds, 0) => format!("PT{seconds}S"),
            (seconds, millis) => format!("PT{seconds}.{millis:03}S"),
        };
        let (kind, schedule) = match of.begins {
            Begins::Cron(text) => ("cron", text),
            Begins::Every(length) => ("every", seconds(length)),
            Begins::After(length) => ("after", seconds(length)),
        };
        let DefinitionId { namespace, name, version } = of.workflow;
        Self {
            workflow: format!("{namespace}/{name}"),
            version,
            kind,
            schedule,
            timezone: of.timezone,
            overlap: of.overlap,
            misfire: of.misfire,
            days_off: of.days_off,
            next: of.next.into_iter().map(time).collect(),
            handled: of.handled.map(time),
            run: of.run.map(|run| run.to_string()),
            paused: of.paused.map(|it| PausedView { by: it.by, at: time(it.at), reason: it.reason }),
        }
    }
}

/// What became of a planned time.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct RunView {
    id: String,
    workflow: String,
    planned: String,
    at: String,
    outcome: ScheduleOutcome,
    instance: Option<String>,
    /// Phase of the instance now.
    status: Option<yiwang_core::transition::Status>,
    by: Option<String>,
    reason: Option<String>,
}

impl From<ScheduleRun> for RunView {
    fn from(of: ScheduleRun) -> Self {
        Self {
            id: of.id.to_string(),
            workflow: of.workflow,
            planned: time(of.planned),
            at: time(of.at),
            outcome: of.outcome,
            instance: of.instance.map(|instance| instance.to_string()),
            status: None,
            by: of.by,
            reason: of.reason,
        }
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Planned {
    /// How many planned times.
    next: Option<usize>,
}

async fn all(call: &Call) -> Result<Vec<ScheduleInfo>, Problem> {
    let planned: Planned = call.query()?;
    let count = planned.next.unwrap_or(3);
    if count > PLANNED_LEN_MAX {
        return Err(Problem::new(Code::Query, format!("`next` is at most {PLANNED_LEN_MAX}")));
    }
    let rows = call.app.query.schedule_rows().await?;
    Ok(call.app.handle.schedules(&rows, call.now, count))
}

async fn list(call: Call) -> Answer {
    let views = all(&call).await?.into_iter().map(ScheduleView::from).collect();
    ok(&PageView::whole(views))
}

/// `?next=10`: the next ten planned times.
async fn get(call: Call) -> Answer {
    let wanted = workflow(&call);
    let mut found = all(&call).await?.into_iter();
    let found = found.find(|it| format!("{}/{}", it.workflow.namespace, it.workflow.name) == wanted);
    ok(&ScheduleView::from(found.ok_or_else(|| Problem::not_found("schedule", &wanted))?))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Wanted {
    cursor: Option<String>,
    limit: Option<usize>,
}

async fn runs(call: Call) -> Answer {
    let wanted: Wanted = call.query()?;
    let page = page(wanted.cursor, wanted.limit)?;
    let found = call.app.query.schedule_runs(Some(workflow(&call)), page).await?;
    let mut statuses = Vec::with_capacity(found.items.len());
    for run in &found.items {
        let summary = match run.instance {
            Some(instance) => call.app.query.instance(instance).await?,
            None => None,
        };
        statuses.push(summary.map(|summary| summary.status));
    }
    let mut statuses = statuses.into_iter();
    ok(&PageView::of(found, |run| RunView { status: statuses.next().flatten(), ..RunView::from(run) }))
}

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct Why {
    /// For the list of runs.
    reason: Option<String>,
}

/// The `Idempotency-Key` is needed: a run that was asked for twice is one run.
async fn run(call: Call) -> Answer {
    let Some(key) = call.idempotency_key()? else {
        return Err(Problem::new(
            Code::Header,
            "`Idempotency-Key` names this run: the same key starts it once",
        ));
    };
    act(call, ScheduleCommand::Run { key }).await
}

async fn act(mut call: Call, command: ScheduleCommand) -> Answer {
    let why: Why = call.json_or_default().await?;
    if why.reason.as_ref().is_some_and(|reason| reason.len() > TEXT_BYTES_MAX) {
        let detail = format!("A reason has at most {TEXT_BYTES_MAX} bytes");
        return Err(Problem::new(Code::Fields, detail.clone()).at("/reason", detail));
    }
    let by = call.actor()?.person.clone();
    let act = ScheduleAct { workflow: workflow(&call), command, by, reason: why.reason };
    let run = call.app.handle.schedule(act).await?;
    with_status(StatusCode::OK, &RunView::from(run))
}

fn workflow(call: &Call) -> String {
    format!("{}/{}", call.param("namespace"), call.param("name"))
}
