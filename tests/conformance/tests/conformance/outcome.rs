//! Then: the words for what must have come of it. Each is asked of both runs.

use cucumber::gherkin::Step;
use cucumber::then;
use serde_json::Value;
use yiwang_conformance::compare::{at, contains, same, show};
use yiwang_conformance::run::Run;
use yiwang_conformance::trace::{Ending, Fate, Trace};
use yiwang_core::transition::Status;

use crate::act::millis;
use crate::arrange::document;
use crate::world::Case;

/// Asks a question of each run's history.
async fn each(case: &Case, check: impl Fn(&Run, &Trace) -> Result<(), String>) -> Result<(), String> {
    if case.runs.is_empty() {
        return Err("nothing has happened yet".to_owned());
    }
    for run in &case.runs {
        let trace = run.trace().await?;
        check(run, &trace).map_err(|error| format!("{}: {error}", run.mode.word()))?;
    }
    Ok(())
}

fn ensure(holds: bool, why: impl FnOnce() -> String) -> Result<(), String> {
    if holds { Ok(()) } else { Err(why()) }
}

fn output(run: &Run, trace: &Trace) -> Result<Value, String> {
    match trace.ending() {
        Ending::Completed(output) => Ok(output),
        other => Err(not_so("completed", run, &other)),
    }
}

fn error(run: &Run, trace: &Trace) -> Result<Value, String> {
    match trace.ending() {
        Ending::Faulted(error) => Ok(error),
        other => Err(not_so("faulted", run, &other)),
    }
}

fn not_so(wanted: &str, run: &Run, ending: &Ending) -> String {
    if let Some(refused) = &run.refused {
        return format!("it was refused: {refused:?}");
    }
    match ending {
        Ending::Completed(output) => format!("it should have {wanted}; it completed with {}", show(output)),
        Ending::Faulted(error) => format!("it should have {wanted}; it faulted with {}", show(error)),
        Ending::Cancelled => format!("it should have {wanted}; it was cancelled"),
        Ending::None => format!("it should have {wanted}; it has not ended"),
    }
}

fn equal(actual: &Value, expected: &Value) -> Result<(), String> {
    ensure(same(actual, expected), || format!("expected {}, got {}", show(expected), show(actual)))
}

// ---------------------------------------------------------------------------------------- the workflow

#[then("the workflow should complete")]
async fn completes(case: &mut Case) -> Result<(), String> {
    each(case, |run, trace| output(run, trace).map(drop)).await?;
    // A scenario that calls a service has not passed unless the service was asked.
    let unasked = case.runs.iter().find(|run| case.networked && run.stub.requests().is_empty());
    unasked.map_or(Ok(()), |run| Err(format!("{}: nothing was asked of the stub", run.mode.word())))
}

#[then("the workflow should complete with output:")]
async fn completes_with(case: &mut Case, step: &Step) -> Result<(), String> {
    let expected = document(step)?;
    each(case, |run, trace| equal(&output(run, trace)?, &expected)).await
}

#[then("the workflow should cancel")]
async fn cancels(case: &mut Case) -> Result<(), String> {
    each(case, |run, trace| match trace.ending() {
        Ending::Cancelled => Ok(()),
        other => Err(not_so("been cancelled", run, &other)),
    })
    .await
}

#[then("the workflow should fault")]
async fn faults(case: &mut Case) -> Result<(), String> {
    each(case, |run, trace| error(run, trace).map(drop)).await
}

#[then("the workflow should fault with error:")]
async fn faults_with(case: &mut Case, step: &Step) -> Result<(), String> {
    let expected = document(step)?;
    each(case, |run, trace| {
        let actual = error(run, trace)?;
        ensure(contains(&actual, &expected), || {
            format!("expected {}, got {}", show(&expected), show(&actual))
        })
    })
    .await
}

#[then(regex = r"^the workflow should be (running|waiting|suspended)$")]
async fn is_in_phase(case: &mut Case, phase: String) -> Result<(), String> {
    for run in &case.runs {
        let wanted = match &*phase {
            "running" => Status::Running,
            "waiting" => Status::Waiting,
            _ => Status::Suspended,
        };
        let status = run.status().await?;
        let ending = run.trace().await?.ending();
        ensure(status == wanted, || format!("{}: it is {status:?}; {ending:?}", run.mode.word()))?;
    }
    Ok(())
}

#[then(regex = r"^the workflow should be refused(?: with '([^']+)')?$")]
async fn is_refused(case: &mut Case, code: String) -> Result<(), String> {
    case.open().await?;
    each(case, |run, _| {
        let refused = run.refused.as_ref().ok_or("it was deployed")?;
        let told = code.is_empty() || refused.iter().any(|(told, _)| *told == code);
        ensure(told, || format!("it was refused with {refused:?}"))
    })
    .await
}

#[then("the workflow should be accepted")]
async fn is_accepted(case: &mut Case) -> Result<(), String> {
    case.open().await?;
    each(case, |run, _| ensure(run.refused.is_none(), || format!("it was refused with {:?}", run.refused)))
        .await
}

#[then(regex = r"^the workflow output should have properties (.+)$")]
async fn has_properties(case: &mut Case, list: String) -> Result<(), String> {
    let paths: Vec<&str> = list.split(',').map(|path| path.trim().trim_matches('\'')).collect();
    each(case, |run, trace| {
        let output = output(run, trace)?;
        let missing: Vec<&&str> = paths.iter().filter(|path| at(&output, path).is_none()).collect();
        ensure(missing.is_empty(), || format!("{missing:?} are missing in {}", show(&output)))
    })
    .await
}

#[then(regex = r"^the workflow output should have a '([^']+)' property with value:$")]
async fn has_property(case: &mut Case, step: &Step, path: String) -> Result<(), String> {
    let expected = document(step)?;
    each(case, |run, trace| {
        let output = output(run, trace)?;
        let actual = at(&output, &path).ok_or_else(|| format!("`{path}` is missing in {}", show(&output)))?;
        equal(actual, &expected)
    })
    .await
}

#[then(regex = r"^the workflow output should have a '([^']+)' property containing (\d+) items$")]
async fn has_items(case: &mut Case, path: String, items: usize) -> Result<(), String> {
    each(case, |run, trace| {
        let output = output(run, trace)?;
        let found = at(&output, &path).and_then(Value::as_array).map(Vec::len);
        ensure(found == Some(items), || format!("`{path}` has {found:?} items in {}", show(&output)))
    })
    .await
}

#[then(regex = r"^the workflow should have taken (P\S+)$")]
async fn has_taken(case: &mut Case, duration: String) -> Result<(), String> {
    let expected = i64::try_from(millis(&duration)?).map_err(|error| error.to_string())?;
    each(case, |_, trace| {
        let taken = trace.taken();
        ensure(taken == expected, || format!("it took {taken} ms"))
    })
    .await
}

#[then(regex = r"^the workflow should have taken between (P\S+) and (P\S+)$")]
async fn has_taken_between(case: &mut Case, from: String, to: String) -> Result<(), String> {
    let bounds = i64::try_from(millis(&from)?).map_err(|error| error.to_string())?
        ..=i64::try_from(millis(&to)?).map_err(|error| error.to_string())?;
    each(case, |_, trace| {
        let taken = trace.taken();
        ensure(bounds.contains(&taken), || format!("it took {taken} ms"))
    })
    .await
}

// ------------------------------------------------------------------------------------------- its tasks

#[then(regex = r"^(\S+) should run first$")]
async fn runs_first(case: &mut Case, task: String) -> Result<(), String> {
    each(case, |_, trace| {
        let started = trace.started();
        ensure(started.first() == Some(&task), || format!("they ran so: {started:?}"))
    })
    .await
}

#[then(regex = r"^(\S+) should run last$")]
async fn runs_last(case: &mut Case, task: String) -> Result<(), String> {
    each(case, |_, trace| {
        let started = trace.started();
        ensure(started.last() == Some(&task), || format!("they ran so: {started:?}"))
    })
    .await
}

#[then(regex = r"^(\S+) should run after (\S+)$")]
async fn runs_after(case: &mut Case, task: String, other: String) -> Result<(), String> {
    in_order(case, &other, &task).await
}

#[then(regex = r"^(\S+) should run before (\S+)$")]
async fn runs_before(case: &mut Case, task: String, other: String) -> Result<(), String> {
    in_order(case, &task, &other).await
}

async fn in_order(case: &Case, first: &str, second: &str) -> Result<(), String> {
    each(case, |_, trace| {
        let started = trace.started();
        let place = |name: &str| started.iter().position(|it| it == name);
        let ordered = place(first).is_some_and(|first| place(second).is_some_and(|second| first < second));
        ensure(ordered, || format!("they ran so: {started:?}"))
    })
    .await
}

#[then(regex = r"^(\S+) should run (\d+) times?$")]
async fn runs_times(case: &mut Case, task: String, times: usize) -> Result<(), String> {
    each(case, |_, trace| {
        let ran = trace.begun(&task).len();
        ensure(ran == times, || format!("`{task}` ran {ran} times"))
    })
    .await
}

#[then(regex = r"^(\S+) should not run$")]
async fn never_runs(case: &mut Case, task: String) -> Result<(), String> {
    runs_times(case, task, 0).await
}

/// `X should have begun after PT0S, PT2S`: measured from the beginning of the workflow.
#[then(regex = r"^(\S+) should have begun after (P.+)$")]
async fn has_begun_after(case: &mut Case, task: String, list: String) -> Result<(), String> {
    let times: Result<Vec<u64>, String> = list.split(',').map(|text| millis(text.trim())).collect();
    let times: Vec<i64> = times?.into_iter().filter_map(|time| i64::try_from(time).ok()).collect();
    each(case, |_, trace| {
        let begun = trace.begun(&task);
        ensure(begun == times, || format!("`{task}` began after {begun:?} ms"))
    })
    .await
}

/// Asks what became of a task.
async fn fate(case: &Case, task: &str, wanted: impl Fn(&Fate) -> bool) -> Result<(), String> {
    each(case, |_, trace| {
        let fate = trace.fate(task);
        ensure(wanted(&fate), || format!("of `{task}` became: {fate:?}"))
    })
    .await
}

#[then(regex = r"^(\S+) should be skipped$")]
async fn task_is_skipped(case: &mut Case, task: String) -> Result<(), String> {
    fate(case, &task, |fate| matches!(fate, Fate::Skipped)).await
}

#[then(regex = r"^(\S+) should cancel$")]
async fn task_cancels(case: &mut Case, task: String) -> Result<(), String> {
    if task == "workflow" {
        return Err("ask for `the workflow`".to_owned());
    }
    fate(case, &task, |fate| matches!(fate, Fate::Cancelled)).await
}

#[then(regex = r"^(\S+) should complete$")]
async fn task_completes(case: &mut Case, task: String) -> Result<(), String> {
    fate(case, &task, |fate| matches!(fate, Fate::Completed(_))).await
}

#[then(regex = r"^(\S+) should complete with output:$")]
async fn task_completes_with(case: &mut Case, step: &Step, task: String) -> Result<(), String> {
    let expected = document(step)?;
    fate(case, &task, |fate| matches!(fate, Fate::Completed(output) if same(output, &expected))).await
}

#[then(regex = r"^(\S+) should fault$")]
async fn task_faults(case: &mut Case, task: String) -> Result<(), String> {
    fate(case, &task, |fate| matches!(fate, Fate::Faulted(_))).await
}

#[then(regex = r"^(\S+) should fault with error:$")]
async fn task_faults_with(case: &mut Case, step: &Step, task: String) -> Result<(), String> {
    let expected = document(step)?;
    fate(case, &task, |fate| matches!(fate, Fate::Faulted(error) if contains(error, &expected))).await
}

// --------------------------------------------------------------------------------- instances and events

#[then(regex = r"^(\d+) instances? should have been started$")]
async fn instances_started(case: &mut Case, count: usize) -> Result<(), String> {
    for run in &case.runs {
        let traces = run.traces().await?.len();
        ensure(traces == count, || format!("{}: {traces} were started", run.mode.word()))?;
    }
    Ok(())
}

#[then("the instances should have been started at:")]
async fn instances_started_at(case: &mut Case, step: &Step) -> Result<(), String> {
    let Value::Array(expected) = document(step)? else {
        return Err("a list of times must follow".to_owned());
    };
    let parse = |text: &Value| text.as_str().and_then(yiwang_core::Timestamp::parse).map(|time| time.0);
    let expected: Option<Vec<i64>> = expected.iter().map(parse).collect();
    let expected = expected.ok_or("a list of times must follow")?;
    for run in &case.runs {
        let traces = run.traces().await?;
        let times: Vec<i64> = traces.iter().filter_map(|trace| Some(trace.0.first()?.at)).collect();
        let shown: Vec<String> = times.iter().map(|at| yiwang_core::Timestamp(*at).rfc3339()).collect();
        ensure(times == expected, || format!("{}: they were started at {shown:?}", run.mode.word()))?;
    }
    Ok(())
}

#[then("the instances should have completed with outputs:")]
async fn instances_completed_with(case: &mut Case, step: &Step) -> Result<(), String> {
    let expected = document(step)?;
    for run in &case.runs {
        let mut outputs = Vec::new();
        for trace in run.traces().await? {
            outputs.push(match trace.ending() {
                Ending::Completed(output) => output,
                other => return Err(format!("{}: {}", run.mode.word(), not_so("completed", run, &other))),
            });
        }
        equal(&Value::Array(outputs), &expected).map_err(|error| format!("{}: {error}", run.mode.word()))?;
    }
    Ok(())
}

#[then("the emitted events should be:")]
async fn emitted_events(case: &mut Case, step: &Step) -> Result<(), String> {
    let expected = document(step)?;
    for run in &case.runs {
        let emitted = Value::Array(run.emitted().await?);
        ensure(contains(&emitted, &expected), || format!("{}: {}", run.mode.word(), show(&emitted)))?;
    }
    Ok(())
}

/// `of the workflow`: those of workflows; `of '/do/0/x'`: those of one task; otherwise all.
#[then(regex = r"^the lifecycle events( of the workflow| of '[^']+')? should be:$")]
async fn lifecycle_events(case: &mut Case, step: &Step, whose: String) -> Result<(), String> {
    let expected = document(step)?;
    let task = whose.strip_prefix(" of '").and_then(|rest| rest.strip_suffix('\''));
    let wanted = |event: &Value| match task {
        Some(task) => event["data"]["task"] == task,
        None if whose.is_empty() => true,
        None => event["type"].as_str().is_some_and(|name| name.contains(".workflow.")),
    };
    for run in &case.runs {
        let told = Value::Array(run.told().into_iter().filter(wanted).collect());
        ensure(contains(&told, &expected), || format!("{}: {}", run.mode.word(), show(&told)))?;
    }
    Ok(())
}

// --------------------------------------------------------------------------------------------- services

#[then("the requests should be:")]
async fn requests_were(case: &mut Case, step: &Step) -> Result<(), String> {
    let expected = document(step)?;
    for run in &case.runs {
        let asked = Value::Array(run.stub.requests().into_iter().map(|request| request.body).collect());
        ensure(contains(&asked, &expected), || format!("{}: {}", run.mode.word(), show(&asked)))?;
    }
    Ok(())
}

#[then(regex = r"^'([^']+)' should have been asked (\d+) times?$")]
async fn asked_times(case: &mut Case, uri: String, times: usize) -> Result<(), String> {
    for run in &case.runs {
        let asked = run.stub.requests().iter().filter(|request| request.uri == uri).count();
        ensure(asked == times, || format!("{}: it was asked {asked} times", run.mode.word()))?;
    }
    Ok(())
}

#[then(regex = r"^'([^']+)' should not be recorded$")]
async fn not_recorded(case: &mut Case, secret: String) -> Result<(), String> {
    for run in &case.runs {
        let stored = run.stored().await?;
        ensure(!stored.contains(&secret), || format!("{}: it is in the store", run.mode.word()))?;
    }
    Ok(())
}
