//! Instances: started, listed, shown, and moved by operators.

use http::header::LOCATION;
use http::{HeaderValue, Method, StatusCode};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use yiwang_core::InstanceId;
use yiwang_core::history::{HistoryEvent, What};
use yiwang_core::input::{Cause, OperatorCommand};
use yiwang_core::transition::Status;
use yiwang_dsl::Data;
use yiwang_runtime::ports::{InstanceFilter, InstanceSummary};
use yiwang_runtime::{Ended, Ending, Error, OperatorAct, Start};

use crate::call::{Answer, Call, ok, page, with_status, word};
use crate::json;
use crate::limits::{HISTORY_LEN_MAX, TEXT_BYTES_MAX, WAIT_SECS_MAX};
use crate::policy::{PROCESS_ADMIN, Policy};
use crate::problem::{Code, Problem};
use crate::routes::Routes;
use crate::view::{InstanceView, PageView, history_line};

pub(super) fn routes(routes: &mut Routes) {
    routes.add(Policy::Staff, Method::GET, "/api/v1/instances", list);
    routes.add(Policy::Staff, Method::POST, "/api/v1/instances", start);
    routes.add(Policy::Staff, Method::GET, "/api/v1/instances/{id}", get);
    routes.add(Policy::Staff, Method::GET, "/api/v1/instances/{id}/history", history);
    let operator = Policy::Role(&[PROCESS_ADMIN]);
    for (pattern, command) in [
        ("/api/v1/instances/{id}:cancel", OperatorCommand::Cancel),
        ("/api/v1/instances/{id}:retry", OperatorCommand::Retry),
        ("/api/v1/instances/{id}:suspend", OperatorCommand::Suspend),
        ("/api/v1/instances/{id}:resume", OperatorCommand::Resume),
    ] {
        routes.add(operator, Method::POST, pattern, move |call| operate(call, command));
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Wanted {
    workflow: Option<String>,
    status: Option<String>,
    cursor: Option<String>,
    limit: Option<usize>,
}

async fn list(call: Call) -> Answer {
    let wanted: Wanted = call.query()?;
    let filter = InstanceFilter { workflow: wanted.workflow, status: word("status", wanted.status)? };
    let found = call.app.query.instances(filter, page(wanted.cursor, wanted.limit)?).await?;
    ok(&PageView::of(found, InstanceView::from))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ToStart {
    /// `namespace/name`.
    workflow: String,
    /// Absent: the newest.
    version: Option<String>,
    /// The caller's name for this start: the same key starts one instance only.
    key: Option<String>,
    #[serde(default, deserialize_with = "json::present")]
    input: Option<Value>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Waiting {
    /// Answer when the instance has ended, or after 25 seconds with what is there.
    #[serde(default)]
    wait: bool,
}

/// 201 for a new instance; 200 for the one that the same key started before.
async fn start(mut call: Call) -> Answer {
    let waiting: Waiting = call.query()?;
    let wanted: ToStart = call.json().await?;
    let key = wanted.key.or(call.idempotency_key()?);
    if key.as_ref().is_some_and(|key| key.is_empty() || key.len() > TEXT_BYTES_MAX) {
        let detail = format!("A start key has 1 to {TEXT_BYTES_MAX} bytes");
        return Err(Problem::new(Code::Fields, detail.clone()).at("/key", detail));
    }
    let start = Start {
        workflow: wanted.workflow,
        version: wanted.version,
        key,
        input: wanted.input.map_or_else(|| Data::object([]), Data::from),
        cause: Cause::Request { person: call.actor()?.person.clone() },
    };
    let (started, ended) = if waiting.wait {
        let (started, end) = call.app.handle.start_and_watch(start).await?;
        (started, within(&call, end).await?)
    } else {
        (call.app.handle.start(start).await?, None)
    };
    let id = started.instance;
    let view = match (started.standing, ended) {
        // What became of it is known without looking it up.
        (Some(standing), Some(ended)) => view(ended.summary(standing.summary), Some(ended.ending)),
        (Some(standing), None) if !waiting.wait => view(standing.summary, standing.ending),
        (_, ended) => whole(&call, id, ended.map(|ended| ended.ending)).await?,
    };
    let mut response =
        with_status(if started.existing { StatusCode::OK } else { StatusCode::CREATED }, &view)?;
    let location = HeaderValue::try_from(format!("/api/v1/instances/{id}")).expect("an id is a header value");
    response.headers_mut().insert(LOCATION, location);
    Ok(response)
}

/// `?wait=true` waits for its end.
async fn get(call: Call) -> Answer {
    let waiting: Waiting = call.query()?;
    let id = call.id("instance")?;
    ok(&shown(&call, id, waiting).await?)
}

/// One instance, at its end if that is to be waited for.
async fn shown(call: &Call, id: InstanceId, waiting: Waiting) -> Result<InstanceView, Problem> {
    let ended = if waiting.wait { within(call, call.app.handle.ended(id)).await? } else { None };
    whole(call, id, ended.map(|ended| ended.ending)).await
}

/// Waits until an instance ends, or the wait has been long enough. None: it has ended before, does not end, or is
/// not there.
async fn within(
    call: &Call,
    end: impl Future<Output = Result<Ended, Error>>,
) -> Result<Option<Ended>, Problem> {
    let waited = tokio::select! {
        waited = tokio::time::timeout(WAIT_SECS_MAX, end) => waited,
        () = call.app.stopping.cancelled() => return Ok(None),
    };
    match waited {
        Ok(Ok(ended)) => Ok(Some(ended)),
        // What cannot be waited for is shown as it is.
        Ok(Err(Error::EndedBefore(_) | Error::UnknownInstance(_) | Error::Incident { .. })) | Err(_) => {
            Ok(None)
        }
        Ok(Err(error)) => Err(error.into()),
    }
}

/// One instance, with its output or error when it has ended; `ending`: what is known of that already.
pub(super) async fn whole(
    call: &Call,
    id: InstanceId,
    ending: Option<Ending>,
) -> Result<InstanceView, Problem> {
    let summary = call.app.query.instance(id).await?;
    let summary = summary.ok_or_else(|| Problem::not_found("instance", &id.to_string()))?;
    let ended = matches!(summary.status, Status::Completed | Status::Faulted);
    let ending = match ending {
        None if ended => match last_line(call, id).await? {
            Some(What::Completed { output }) => Some(Ending::Completed(output)),
            Some(What::Faulted { error }) => Some(Ending::Faulted(error)),
            Some(_) | None => None,
        },
        known => known.filter(|_| ended),
    };
    Ok(view(summary, ending))
}

fn view(summary: InstanceSummary, ending: Option<Ending>) -> InstanceView {
    let mut view = InstanceView::from(summary);
    match ending {
        Some(Ending::Completed(output)) => view.output = Some(output.to_json()),
        Some(Ending::Faulted(error)) => view.error = serde_json::to_value(error).ok(),
        Some(Ending::Cancelled) | None => {}
    }
    view
}

/// The last completed or faulted line of an instance.
async fn last_line(call: &Call, id: InstanceId) -> Result<Option<What>, Problem> {
    let (mut after, mut last) = (0, None);
    loop {
        let lines = call.app.query.history(id, after, HISTORY_LEN_MAX).await?;
        for line in &lines {
            let line: HistoryEvent = serde_json::from_str(line.get()).map_err(Problem::internal)?;
            after = line.seq;
            if matches!(line.what, What::Completed { .. } | What::Faulted { .. }) {
                last = Some(line.what);
            }
        }
        if lines.len() < HISTORY_LEN_MAX {
            return Ok(last);
        }
    }
}

async fn history(call: Call) -> Answer {
    let id: InstanceId = call.id("instance")?;
    if call.app.query.instance(id).await?.is_none() {
        return Err(Problem::not_found("instance", &id.to_string()));
    }
    history_of(&call, id).await
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct From {
    /// The `seq` of the last line that the caller has.
    #[serde(default)]
    after: u64,
    limit: Option<usize>,
}

/// Lines of history, oldest first; `nextAfter` when there may be more.
pub(super) async fn history_of(call: &Call, id: InstanceId) -> Answer {
    #[derive(Serialize)]
    #[serde(rename_all = "camelCase")]
    struct Lines {
        items: Vec<Value>,
        #[serde(skip_serializing_if = "Option::is_none")]
        next_after: Option<u64>,
    }
    let from: From = call.query()?;
    let limit = from.limit.unwrap_or(HISTORY_LEN_MAX);
    if limit == 0 || limit > HISTORY_LEN_MAX {
        return Err(Problem::new(Code::Query, format!("`limit` is 1 to {HISTORY_LEN_MAX}")));
    }
    let lines = call.app.query.history(id, from.after, limit).await?;
    let items = lines.iter().map(|line| serde_json::from_str(line.get()).map(history_line));
    let items: Vec<Value> = items.collect::<Result<_, _>>().map_err(Problem::internal)?;
    let last = items.last().and_then(|line| line.get("seq")?.as_u64());
    ok(&Lines { next_after: if items.len() == limit { last } else { None }, items })
}

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct Why {
    /// For the history.
    reason: Option<String>,
}

async fn operate(mut call: Call, command: OperatorCommand) -> Answer {
    let id = call.id("instance")?;
    let why: Why = call.json_or_default().await?;
    if why.reason.as_ref().is_some_and(|reason| reason.len() > TEXT_BYTES_MAX) {
        let detail = format!("A reason has at most {TEXT_BYTES_MAX} bytes");
        return Err(Problem::new(Code::Fields, detail.clone()).at("/reason", detail));
    }
    let by = call.actor()?.clone();
    call.app.handle.operator(OperatorAct { instance: id, command, by, reason: why.reason }).await?;
    ok(&whole(&call, id, None).await?)
}
