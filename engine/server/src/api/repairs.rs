//! Repairs of instances: one address each. Whether it fits is decided by the rules of the engine, inside the
//! transition; what a step was given is looked up in history here.

use http::{Method, StatusCode};
use serde::Serialize;
use serde_json::{Map, Value};
use yiwang_core::InstanceId;
use yiwang_core::history::{HistoryEvent, What};
use yiwang_core::input::Cause;
use yiwang_core::migration::{Remark, Verdict, Wish};
use yiwang_core::repair::{Repair, Standing, recorded};
use yiwang_core::transition::Status;
use yiwang_runtime::{Inspection, MigrationPreview, RepairAct, Start, workflow_name};

use super::instances::whole;
use crate::call::{Answer, Call, ok, with_status};
use crate::limits::{HISTORY_LEN_MAX, TEXT_BYTES_MAX};
use crate::policy::{PROCESS_ADMIN, Policy};
use crate::problem::{Code, Problem};
use crate::routes::Routes;
use crate::view::history_line;

/// Address and word of each repair.
const REPAIRS: &[(&str, &str)] = &[
    ("/api/v1/instances/{id}:skip", "skip"),
    ("/api/v1/instances/{id}:move", "move"),
    ("/api/v1/instances/{id}:patch", "patch"),
    ("/api/v1/instances/{id}:migrate", "migrate"),
];

pub(super) fn routes(routes: &mut Routes) {
    let operator = Policy::Role(&[PROCESS_ADMIN]);
    routes.add(Policy::Staff, Method::GET, "/api/v1/instances/{id}/standing", stands);
    for &(pattern, word) in REPAIRS {
        routes.add(operator, Method::POST, pattern, move |call| act(call, word));
    }
    routes.add(operator, Method::POST, "/api/v1/instances/{id}:rerun", rerun);
    routes.add(operator, Method::POST, "/api/v1/instances/{id}:preview-migration", preview);
}

/// Where it stands, and where it could go from there.
async fn stands(call: Call) -> Answer {
    #[derive(Serialize)]
    struct View {
        status: Status,
        items: Vec<Standing>,
    }
    let Inspection { status, standing, .. } = call.app.handle.inspect(call.id("instance")?).await?;
    ok(&View { status, items: standing })
}

/// What a migration would do now. Writes nothing.
async fn preview(mut call: Call) -> Answer {
    #[derive(Serialize)]
    struct View {
        verdict: Verdict,
        remarks: Vec<Remark>,
        /// The lines that history would have.
        lines: Vec<Value>,
        #[serde(skip_serializing_if = "Option::is_none")]
        refused: Option<String>,
    }
    let wish: Wish = call.json().await?;
    let MigrationPreview { plan, lines, refused } =
        call.app.handle.preview_migration(call.id("instance")?, wish).await?;
    let lines = lines.iter().map(|line| serde_json::to_value(line).map(history_line));
    ok(&View {
        verdict: plan.verdict(),
        lines: lines.collect::<Result<_, _>>().map_err(Problem::internal)?,
        remarks: plan.remarks,
        refused,
    })
}

/// `reason` and `decision` beside the repair's own members. The `Idempotency-Key` header does for the decision,
/// too; without either there is a fresh one.
async fn act(mut call: Call, word: &'static str) -> Answer {
    let mut body: Map<String, Value> = call.json_or_default().await?;
    let why = Why::take(&call, &mut body)?;
    let repair = repair_of(word, body)?;
    perform(&call, repair, why).await
}

/// A repair by its word and its members, as the API takes them.
///
/// # Errors
/// When its members are not these.
fn repair_of(word: &str, mut members: Map<String, Value>) -> Result<Repair, Problem> {
    members.insert("do".to_owned(), word.into());
    serde_json::from_value(Value::Object(members))
        .map_err(|error| Problem::new(Code::Fields, error.to_string()).at("", error.to_string()))
}

async fn perform(call: &Call, repair: Repair, why: Why) -> Answer {
    let (instance, by) = (call.id("instance")?, call.actor()?.clone());
    let Why { reason, decision } = why;
    let done = call.app.handle.repair(RepairAct { instance, repair, by, reason, decision }).await?;
    let mut answer = done.to_json();
    answer["now"] = serde_json::to_value(whole(call, instance, None).await?).map_err(Problem::internal)?;
    ok(&answer)
}

/// A step of one that goes on begins once more, with what it was given then; one that has ended is run again as a
/// new one.
async fn rerun(mut call: Call) -> Answer {
    let mut body: Map<String, Value> = call.json_or_default().await?;
    let why = Why::take(&call, &mut body)?;
    let id: InstanceId = call.id("instance")?;
    let [task, from] = ["task", "from"].map(|name| body.remove(name));
    let texts: Result<[Option<String>; 2], _> = serde_json::from_value(Value::from_iter([task, from]));
    let [task, from] = texts.map_err(|error| Problem::new(Code::Fields, error.to_string()))?;
    if let Some(name) = body.keys().next() {
        let detail = format!("There is no member `{name}` here");
        return Err(Problem::new(Code::Fields, detail.clone()).at(format!("/{name}"), detail));
    }
    let Inspection { deployment, status, .. } = call.app.handle.inspect(id).await?;
    let lines = lines(&call, id).await?;
    let Some(task) = task else {
        return anew(&call, id, &deployment, status, &lines, why).await;
    };
    let definition = &deployment.definition;
    let input = recorded::input(definition, &lines, &task).map_err(|unknown| match unknown {
        recorded::Unknown::Task => {
            Problem::new(Code::RepairNowhere, format!("The workflow has no task `{task}`, or several"))
        }
        recorded::Unknown::NotBegun => {
            Problem::new(Code::RepairNowhere, format!("`{task}` has not begun yet: move there instead"))
        }
        recorded::Unknown::NotTold => Problem::new(
            Code::RepairInput,
            format!("History does not tell what `{task}` was given: move there, with the input"),
        ),
    })?;
    perform(&call, Repair::Move { from, to: task, input: Some(input) }, why).await
}

/// A new instance with the input of one that has ended.
async fn anew(
    call: &Call,
    of: InstanceId,
    deployment: &yiwang_core::Deployment,
    status: Status,
    lines: &[HistoryEvent],
    why: Why,
) -> Answer {
    let over = match status {
        Status::Completed | Status::Cancelled | Status::Faulted => true,
        Status::Pending | Status::Running | Status::Waiting | Status::Suspended => false,
    };
    let input = lines.iter().find_map(|line| match &line.what {
        What::Started { input, .. } => Some(input.clone()),
        _ => None,
    });
    let Some(input) = input.filter(|_| over) else {
        let detail = "Only one that has begun and ended is run again as a new one; name the `task` that is to \
                      run again";
        return Err(Problem::new(Code::Conflict, detail));
    };
    let Why { reason, decision } = why;
    if reason.trim().is_empty() {
        return Err(no_reason());
    }
    let person = call.actor()?.person.clone();
    let id = &deployment.definition.id;
    let begun = call
        .app
        .handle
        .start(Start {
            workflow: workflow_name(id),
            version: Some(id.version.clone()),
            key: Some(format!("rerun:{of}:{decision}")),
            input,
            cause: Cause::Rerun { of, person, reason },
        })
        .await?;
    let view = whole(call, begun.instance, None).await?;
    with_status(if begun.existing { StatusCode::OK } else { StatusCode::CREATED }, &view)
}

/// All lines of its history.
pub(super) async fn lines(call: &Call, id: InstanceId) -> Result<Vec<HistoryEvent>, Problem> {
    let mut all: Vec<HistoryEvent> = Vec::new();
    loop {
        let after = all.last().map_or(0, |line| line.seq);
        let page = call.app.query.history(id, after, HISTORY_LEN_MAX).await?;
        let len = page.len();
        for line in page {
            all.push(serde_json::from_str(line.get()).map_err(Problem::internal)?);
        }
        if len < HISTORY_LEN_MAX {
            return Ok(all);
        }
    }
}

/// Why, and by which decision.
pub(super) struct Why {
    pub(super) reason: String,
    pub(super) decision: String,
}

impl Why {
    pub(super) fn take(call: &Call, body: &mut Map<String, Value>) -> Result<Self, Problem> {
        let mut text = |name: &str| match body.remove(name) {
            None | Some(Value::Null) => Ok(None),
            Some(Value::String(text)) if text.len() <= TEXT_BYTES_MAX => Ok(Some(text)),
            Some(_) => {
                let detail = format!("A text of at most {TEXT_BYTES_MAX} bytes stands here");
                Err(Problem::new(Code::Fields, detail.clone()).at(format!("/{name}"), detail))
            }
        };
        let (reason, decision) = (text("reason")?, text("decision")?);
        let decision = match decision.or(call.idempotency_key()?) {
            Some(decision) => decision,
            None => crate::auth::random_id("dec").map_err(Problem::internal)?,
        };
        // Whether a reason is needed is a rule of the engine.
        Ok(Self { reason: reason.unwrap_or_default(), decision })
    }
}

fn no_reason() -> Problem {
    Problem::new(Code::RepairReason, "Say why").at("/reason", "Say why")
}
