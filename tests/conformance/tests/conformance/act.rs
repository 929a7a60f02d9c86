//! When: the words for what happens. Each happens to both runs.

use cucumber::gherkin::Step;
use cucumber::when;
use serde_json::Value;
use yiwang_core::input::OperatorCommand;

use crate::arrange::document;
use crate::world::Case;

/// An ISO 8601 duration, in milliseconds.
pub(crate) fn millis(text: &str) -> Result<u64, String> {
    yiwang_dsl::duration::parse(text).map_err(|why| format!("`{text}` is no duration: {why}"))
}

/// Started, and let go on until it has ended.
#[when("the workflow is executed")]
async fn executed(case: &mut Case) -> Result<(), String> {
    begin(case).await?;
    for run in &mut case.runs {
        run.to_end().await.map_err(|error| format!("{}: {error}", run.mode.word()))?;
    }
    case.compare().await
}

/// Only deployed: what is scheduled starts by itself.
#[when("the workflow is deployed")]
async fn deployed(case: &mut Case) -> Result<(), String> {
    case.open().await?;
    for run in &mut case.runs {
        run.settle().await?;
    }
    case.compare().await
}

/// Only started: no time passes.
#[when("the workflow is started")]
async fn started(case: &mut Case) -> Result<(), String> {
    begin(case).await?;
    case.compare().await
}

async fn begin(case: &mut Case) -> Result<(), String> {
    case.open().await?;
    let input = case.input.clone().unwrap_or(Value::Null);
    for run in &mut case.runs {
        run.start(input.clone()).await.map_err(|error| format!("{}: {error}", run.mode.word()))?;
    }
    Ok(())
}

#[when(regex = r"^(?:this event is|these events are) published:$")]
async fn published(case: &mut Case, step: &Step) -> Result<(), String> {
    let events = match document(step)? {
        Value::Array(events) => events,
        event => vec![event],
    };
    case.open().await?;
    for run in &mut case.runs {
        run.publish(&events).await?;
    }
    case.compare().await
}

#[when(regex = r"^(P\S+) passes$")]
async fn time_passes(case: &mut Case, duration: String) -> Result<(), String> {
    let millis = millis(&duration)?;
    for run in &mut case.runs {
        run.pass(millis).await?;
    }
    case.compare().await
}

#[when(regex = r"^the runtime is down for (P\S+)$")]
async fn down(case: &mut Case, duration: String) -> Result<(), String> {
    let millis = millis(&duration)?;
    for run in &mut case.runs {
        run.down(millis).await?;
    }
    case.compare().await
}

#[when(regex = r"^the workflow is (cancelled|suspended|resumed)$")]
async fn intervened(case: &mut Case, how: String) -> Result<(), String> {
    let command = match &*how {
        "cancelled" => OperatorCommand::Cancel,
        "suspended" => OperatorCommand::Suspend,
        _ => OperatorCommand::Resume,
    };
    for run in &mut case.runs {
        run.operator(command).await?;
    }
    case.compare().await
}
