//! What people do with work items. A refused command changes nothing, but for the line that says that
//! somebody tried what they must not do.

mod act;
mod arrange;
mod form;
mod may;

use yiwang_dsl::Data;

use self::may::{Denied, conflict};
use crate::WorkItemId;
use crate::group;
use crate::history::What;
use crate::limits::ATTEMPTS_MAX;
use crate::machine::{Machine, Move};
use crate::state::{Decided, OpenItem, Owner};
use crate::transition::{Refusal, RefusalKind, Status};
use crate::work_item::{Actor, Completion, SEALED, WorkItem, WorkItemCommand, WorkItemState};

/// Applies a command; the answer is the item's new state.
pub(crate) fn command(
    machine: &mut Machine<'_>,
    id: WorkItemId,
    command: WorkItemCommand,
    version: Option<u32>,
    by: &Actor,
) -> Result<Data, Refusal> {
    if let Some(answer) = done_before(machine, id, &command, by) {
        return Ok(answer);
    }
    if machine.state.status == Status::Suspended {
        let message = "the instance is suspended; its work items wait".to_owned();
        return Err(Refusal::new(RefusalKind::Conflict, message));
    }
    if let Some(decided) = machine.state.decided.iter().find(|decided| decided.n == id.n) {
        return Err(decided_before(decided, id));
    }
    let Some(at) = machine.state.items.iter().position(|open| open.item.id == id) else {
        return Err(Refusal::new(RefusalKind::NotFound, format!("there is no open work item {id}")));
    };
    if machine.state.has_ended() {
        let message = "the instance is faulted; its work items wait".to_owned();
        return Err(Refusal::new(RefusalKind::Conflict, message));
    }
    let attempt = word(&command);
    let done = match command {
        WorkItemCommand::Claim => claim(machine, at, version, by),
        WorkItemCommand::Release => release(machine, at, version, by),
        WorkItemCommand::Act { act, reason, decision } => {
            act::act(machine, at, version, by, act::Wish { act, reason, decision })
        }
        WorkItemCommand::Complete { outcome, form, decision } => {
            decide(machine, at, version, by, Decision { outcome, form, decision })
        }
    };
    done.or_else(|denied| remember(machine, at, denied, attempt, by))
}

fn word(command: &WorkItemCommand) -> &'static str {
    match command {
        WorkItemCommand::Claim => "claim",
        WorkItemCommand::Release => "release",
        WorkItemCommand::Complete { .. } => "complete",
        WorkItemCommand::Act { act, .. } => act.word(),
    }
}

/// Writes the line about a forbidden attempt, once for each person and reason, and refuses.
fn remember(
    machine: &mut Machine<'_>,
    at: usize,
    denied: Denied,
    attempt: &str,
    by: &Actor,
) -> Result<Data, Refusal> {
    let Denied { refusal, remembered } = denied;
    let code = refusal.code.clone().unwrap_or_default().into_owned();
    let open = &mut machine.state.items[at];
    let mark = (by.person.clone(), code.clone());
    if !remembered || open.attempts.contains(&mark) || open.attempts.len() >= ATTEMPTS_MAX {
        return Err(refusal);
    }
    open.attempts.push(mark);
    let (item, owner) = (open.item.id, open.owner);
    let task = machine.owner_task(Owner::Frame(owner));
    let line = What::WorkItemRefused {
        item,
        by: by.person.clone(),
        attempt: attempt.to_owned(),
        code,
        reason: refusal.message.clone(),
    };
    machine.record(task, line);
    machine.refused = Some(refusal);
    Ok(Data::null())
}

/// The answer to a decision or an act that was taken before, under the same id by the same person. Whatever
/// became of the item or its instance meanwhile: whoever did not get the answer must be able to ask for it.
fn done_before(machine: &Machine<'_>, id: WorkItemId, command: &WorkItemCommand, by: &Actor) -> Option<Data> {
    let decided = machine.state.decided.iter().find(|decided| decided.n == id.n);
    let open = machine.state.items.iter().find(|open| open.item.id == id);
    match command {
        WorkItemCommand::Complete { outcome, decision, .. } => {
            let same = |decided: &&Decided| {
                *decision == decided.decision
                    && by.person == decided.by
                    && outcome.as_ref().is_none_or(|outcome| *outcome == decided.outcome)
            };
            decided.filter(same).map(|decided| decided.reply(id))
        }
        WorkItemCommand::Act { decision: Some(decision), .. } => {
            let done = (by.person.clone(), decision.clone());
            let answer = decided.filter(|decided| decided.acts.contains(&done));
            let answer = answer.map(|decided| decided.reply(id));
            answer.or_else(|| open.filter(|open| open.acts.contains(&done)).map(|open| reply(&open.item)))
        }
        WorkItemCommand::Claim | WorkItemCommand::Release | WorkItemCommand::Act { decision: None, .. } => {
            None
        }
    }
}

/// Somebody decided it before.
fn decided_before(decided: &Decided, id: WorkItemId) -> Refusal {
    let outcome = if decided.sealed { SEALED } else { &decided.outcome };
    conflict("work-item.decided", format!("{} has decided work item {id}: {outcome}", decided.by))
}

fn claim(machine: &mut Machine<'_>, at: usize, version: Option<u32>, by: &Actor) -> Result<Data, Denied> {
    let open = &machine.state.items[at];
    let item = &open.item;
    match &item.assignee {
        // Twice is once, also for somebody who has not seen the answer to the first.
        Some(assignee) if *assignee == by.person => return Ok(reply(item)),
        // Who delegated it takes it back.
        Some(_) if item.delegated_by.as_ref() == Some(&by.person) => {}
        Some(assignee) => {
            let message = format!("{assignee} has claimed work item {}", item.id);
            return Err(conflict("work-item.claimed", message).into());
        }
        None => {}
    }
    let behalf = may::take(machine, open, by)?;
    may::same_version(item, version)?;
    Ok(change(machine, at, |item| {
        item.state = WorkItemState::Claimed;
        item.assignee = Some(by.person.clone());
        item.delegated_by = None;
        item.on_behalf_of.clone_from(&behalf);
        What::WorkItemClaimed { item: item.id, by: by.person.clone(), on_behalf_of: behalf }
    }))
}

fn release(machine: &mut Machine<'_>, at: usize, version: Option<u32>, by: &Actor) -> Result<Data, Denied> {
    let item = &machine.state.items[at].item;
    if item.assignee.is_none() {
        let message = format!("nobody has claimed work item {}", item.id);
        return Err(conflict("work-item.unclaimed", message).into());
    }
    let behalf = may::assignee(item, by)?;
    may::same_version(item, version)?;
    Ok(change(machine, at, |item| {
        give_back(item);
        What::WorkItemReleased { item: item.id, by: by.person.clone(), on_behalf_of: behalf }
    }))
}

/// To the one who delegated it, or to the candidates.
fn give_back(item: &mut WorkItem) {
    item.assignee = item.delegated_by.take();
    item.on_behalf_of = None;
    if item.assignee.is_none() {
        item.state = WorkItemState::Offered;
    }
}

/// Changes an item, writes history and its row; the answer.
fn change(machine: &mut Machine<'_>, at: usize, how: impl FnOnce(&mut WorkItem) -> What) -> Data {
    let open = &mut machine.state.items[at];
    let what = how(&mut open.item);
    open.item.version += 1;
    let (item, owner) = (open.item.clone(), open.owner);
    let task = machine.owner_task(Owner::Frame(owner));
    machine.record(task, what);
    let answer = reply(&item);
    machine.work_item_changed(&item);
    answer
}

/// What somebody decides.
struct Decision {
    outcome: Option<String>,
    form: Data,
    decision: String,
}

fn decide(
    machine: &mut Machine<'_>,
    at: usize,
    version: Option<u32>,
    by: &Actor,
    wish: Decision,
) -> Result<Data, Denied> {
    let open = &machine.state.items[at];
    if open.item.assignee.is_none() {
        may::take(machine, open, by)?;
        let message = format!("claim work item {} before completing it", open.item.id);
        return Err(conflict("work-item.unclaimed", message).into());
    }
    let behalf = may::assignee(&open.item, by)?;
    may::decide(machine, open, by, behalf.as_deref())?;
    may::same_version(&open.item, version)?;
    let outcome = form::choose(&open.item, wish.outcome)?;
    form::check(machine, open, &wish.form)?;
    let completion = Completion {
        by: by.person.clone(),
        at: machine.now,
        outcome,
        form: wish.form,
        decision: wish.decision,
        on_behalf_of: behalf,
    };
    Ok(complete(machine, at, completion))
}

fn complete(machine: &mut Machine<'_>, at: usize, completion: Completion) -> Data {
    let OpenItem { owner, mut item, seat, acts, .. } = machine.state.items.remove(at);
    item.state = WorkItemState::Completed;
    item.version += 1;
    item.completion = Some(completion.clone());
    let sealed = item.seat.as_ref().is_some_and(|seat| seat.sealed);
    let Completion { by, at: _, outcome, form, decision, on_behalf_of } = completion;
    let decided = Decided {
        n: item.id.n,
        by: by.clone(),
        at: machine.now,
        outcome: outcome.clone(),
        decision,
        version: item.version,
        task: item.task.clone(),
        on_behalf_of: on_behalf_of.clone(),
        sealed,
        acts,
    };
    let answer = decided.reply(item.id);
    let task = machine.owner_task(Owner::Frame(owner));
    machine.record(
        task,
        What::WorkItemCompleted {
            item: item.id,
            by: by.clone(),
            outcome: if sealed { SEALED.to_owned() } else { outcome.clone() },
            form: if sealed { Data::null() } else { form.clone() },
            on_behalf_of: on_behalf_of.clone(),
            sealed,
        },
    );
    machine.state.decided.push(decided);
    machine.work_item_changed(&item);
    if let Some(seat) = seat {
        group::answered(machine, owner, seat, item);
        return answer;
    }
    let mut output = vec![
        ("workItemId".to_owned(), Data::string(item.id.to_string())),
        ("outcome".to_owned(), Data::string(outcome)),
        ("form".to_owned(), form),
        ("completedBy".to_owned(), Data::string(by)),
        ("completedAt".to_owned(), Data::string(machine.now.rfc3339())),
    ];
    output.extend(on_behalf_of.map(|person| ("onBehalfOf".to_owned(), Data::string(person))));
    let next = machine.goes_on(owner, |_| Move::Return(Data::object(output)));
    machine.drive(next);
    answer
}

fn reply(item: &WorkItem) -> Data {
    serde_json::to_value(item.public()).map(Data::from).unwrap_or_default()
}
