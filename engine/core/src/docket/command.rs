//! An act on a case: refused, or done, written down and told to the process, all in one step.
//!
//! ```text
//! decision known? ─► may they? ─► does the case take it? ─► does the process? ─► history, case, process
//!        └─ the same answer                                    │ it must, for acts that change the flow
//!                                                              └─ no: refused, nothing changed
//! ```
//! The process hears of an act as an event, `cn.yiwang.case.<act>.v1` of the source `/cases`, which it may
//! listen for like for any other. It is given to the instance's own listeners at once and never enters the
//! inbox: an act is taken now, or not at all (ADR 0026).

use std::collections::BTreeMap;

use yiwang_dsl::Data;

use super::allow::allow;
use super::permit::permit;
use crate::case::{CaseCommand, Flag, Relation};
use crate::effect::Action;
use crate::history::What;
use crate::limits::DECISIONS_KEPT;
use crate::machine::Machine;
use crate::state::{Acted, Owner, Repeat};
use crate::task::listen;
use crate::transition::{Refusal, RefusalKind, Status};
use crate::work_item::Actor;
use crate::{Case, CaseNo, Event, Timestamp, docket, ladder, outbox, stopwatch};

/// The source of the events by which processes hear of acts.
pub const SOURCE: &str = "/cases";

/// Who does it, why, and by which decision.
pub(crate) struct Act<'a> {
    pub(crate) command: CaseCommand,
    pub(crate) by: &'a Actor,
    pub(crate) reason: Option<String>,
    pub(crate) decision: String,
    pub(crate) version: Option<u32>,
}

/// Does an act on the instance's case.
pub(crate) fn command(machine: &mut Machine<'_>, act: Act<'_>) -> Result<Data, Refusal> {
    let Some(case) = &machine.state.case else {
        let message = format!("the instance {} has no case", machine.state.instance);
        return Err(Refusal::new(RefusalKind::NotFound, message));
    };
    if let Some(acted) = machine.state.acts.iter().find(|acted| acted.decision == act.decision) {
        return same_decision(case, acted, &act);
    }
    permit(case, &act.command, act.by)?;
    same_version(case, act.version)?;
    allow(case, &act.command, act.reason.as_deref(), machine.now)?;
    let event = event(case, &act, machine.now);
    let takers = if machine.state.has_ended() { Vec::new() } else { listen::who_wants(machine, &event) };
    if changes_flow(&act.command) {
        process_takes(machine, &act.command, !takers.is_empty())?;
    }
    // From here on nothing is refused.
    let since = machine.state.case.as_ref().and_then(|case| Some(case.suspended.as_ref()?.since));
    let no = record(machine, &act);
    follow(machine, &act, &no);
    if let (CaseCommand::Resume, Some(since)) = (&act.command, since) {
        resume(machine, since);
    }
    for (frame, want) in takers {
        listen::take(machine, frame, want, &event);
    }
    let version = machine.state.case.as_ref().map_or(0, |case| case.version);
    let acted = Acted {
        decision: act.decision,
        act: act.command.word().to_owned(),
        by: act.by.person.clone(),
        at: machine.now,
        version,
    };
    let answer = acted.reply(&no);
    if machine.state.acts.len() >= DECISIONS_KEPT {
        machine.state.acts.remove(0);
    }
    machine.state.acts.push(acted);
    Ok(answer)
}

/// It was decided before. The same decision again is the same answer.
fn same_decision(case: &Case, acted: &Acted, act: &Act<'_>) -> Result<Data, Refusal> {
    if acted.act == act.command.word() && acted.by == act.by.person {
        return Ok(acted.reply(&case.no));
    }
    let (decision, by, done) = (&acted.decision, &acted.by, &acted.act);
    let message = format!("the decision `{decision}` was used by {by} to {done} the case {}", case.no);
    Err(Refusal::new(RefusalKind::Conflict, message))
}

fn same_version(case: &Case, version: Option<u32>) -> Result<(), Refusal> {
    match version {
        Some(seen) if seen != case.version => {
            let message = format!("the case {} has changed: version {}, not {seen}", case.no, case.version);
            Err(Refusal::new(RefusalKind::Conflict, message))
        }
        Some(_) | None => Ok(()),
    }
}

/// The acts that only the process can do: where nobody listens for them they are refused.
fn changes_flow(command: &CaseCommand) -> bool {
    match command {
        CaseCommand::Merge { .. }
        | CaseCommand::Reopen
        | CaseCommand::Return
        | CaseCommand::Redispatch { .. }
        | CaseCommand::Extend { .. }
        | CaseCommand::Withdraw
        | CaseCommand::Transfer { .. } => true,
        CaseCommand::Note { .. }
        | CaseCommand::Attach { .. }
        | CaseCommand::Link { .. }
        | CaseCommand::Linked { .. }
        | CaseCommand::Split { .. }
        | CaseCommand::Suspend
        | CaseCommand::Resume
        | CaseCommand::Urge
        | CaseCommand::Supervise
        | CaseCommand::Contact { .. }
        | CaseCommand::Callback { .. }
        | CaseCommand::Satisfaction { .. }
        | CaseCommand::Flag { .. } => false,
    }
}

fn process_takes(machine: &Machine<'_>, command: &CaseCommand, taken: bool) -> Result<(), Refusal> {
    let word = command.word();
    if machine.state.status == Status::Suspended {
        let message = format!("the instance is suspended: its process cannot {word} the case");
        return Err(Refusal::new(RefusalKind::Conflict, message));
    }
    if machine.state.has_ended() {
        let message = format!("the process of the case has ended: it cannot {word} it");
        return Err(Refusal::new(RefusalKind::NotExpected, message));
    }
    if !taken {
        let message = format!("the process does not take `{word}` where the case stands now");
        return Err(Refusal::new(RefusalKind::NotExpected, message));
    }
    Ok(())
}

/// The event by which the process hears of it.
fn event(case: &Case, act: &Act<'_>, now: Timestamp) -> Event {
    let word = act.command.word();
    let mut members = act.command.members();
    members.extend([
        ("caseNo".to_owned(), Data::string(case.no.to_string())),
        ("act".to_owned(), Data::string(word)),
        ("by".to_owned(), Data::string(&*act.by.person)),
        ("reason".to_owned(), act.reason.as_ref().map_or_else(Data::null, |reason| Data::string(&**reason))),
        ("decision".to_owned(), Data::string(&*act.decision)),
    ]);
    Event {
        id: act.decision.clone(),
        source: SOURCE.to_owned(),
        r#type: format!("cn.yiwang.case.{word}.v1"),
        subject: Some(case.no.to_string()),
        time: now,
        data: Data::object(members),
        extensions: BTreeMap::new(),
    }
}

/// The line and the change in the case.
fn record(machine: &mut Machine<'_>, act: &Act<'_>) -> CaseNo {
    let now = machine.now;
    let case = machine.state.case.as_mut().expect("there is a case");
    let no = case.no.clone();
    act.command.apply(case, &act.by.person, now, act.reason.as_deref());
    let (command, by) = (act.command.clone(), act.by.person.clone());
    let (reason, decision) = (act.reason.clone(), act.decision.clone());
    machine.record(None, What::CaseActed { no: no.clone(), command, by, reason, decision });
    no
}

/// What goes with an act besides the case itself: flags, timers, other cases.
fn follow(machine: &mut Machine<'_>, act: &Act<'_>, no: &CaseNo) {
    match &act.command {
        CaseCommand::Supervise => docket::flag(machine, None, vec![Flag::Supervised]),
        CaseCommand::Reopen => docket::flag(machine, None, vec![Flag::Reopened]),
        CaseCommand::Flag { flag } => docket::flag(machine, None, vec![*flag]),
        CaseCommand::Link { no: other } => tell(machine, act, other, no, Relation::Related),
        CaseCommand::Merge { into } => tell(machine, act, into, no, Relation::MergedFrom),
        CaseCommand::Split { workflow, version, content } => {
            let base = machine.state.case.as_ref().map(|case| case.content.clone()).unwrap_or_default();
            let action = Action::Split {
                from: no.clone(),
                workflow: workflow.clone(),
                version: version.clone(),
                content: part(&base, content),
                by: act.by.person.clone(),
            };
            outbox::request(machine, Owner::Nobody, Repeat::None, format!("split {workflow}"), action);
        }
        CaseCommand::Suspend => {
            stopwatch::pause_possible(machine, act.reason.as_deref().unwrap_or_default());
        }
        CaseCommand::Contact { reached: true, .. } => stopwatch::contacted(machine),
        CaseCommand::Note { .. }
        | CaseCommand::Attach { .. }
        | CaseCommand::Linked { .. }
        | CaseCommand::Return
        | CaseCommand::Redispatch { .. }
        | CaseCommand::Extend { .. }
        | CaseCommand::Resume
        | CaseCommand::Urge
        | CaseCommand::Contact { reached: false, .. }
        | CaseCommand::Callback { .. }
        | CaseCommand::Satisfaction { .. }
        | CaseCommand::Withdraw
        | CaseCommand::Transfer { .. } => {}
    }
}

/// Time runs again: what was due is due so much later, and the clocks that rested with the case count on.
fn resume(machine: &mut Machine<'_>, since: Timestamp) {
    ladder::resumed(machine, machine.now.millis_since(since));
    let rested = machine.state.clocks.iter().filter(|open| {
        let pause = open.clock.pauses.last();
        pause.is_some_and(|pause| pause.to.is_none() && pause.from == since)
    });
    for name in rested.map(|open| open.clock.clock.clone()).collect::<Vec<_>>() {
        // A clock whose calendar does not reach so far stays as it is.
        drop(stopwatch::resume(machine, None, &name));
    }
}

/// Tells another case that this one has to do with it.
fn tell(machine: &mut Machine<'_>, act: &Act<'_>, other: &CaseNo, no: &CaseNo, relation: Relation) {
    linked(machine, other, no, relation, act.by.clone(), act.reason.clone());
}

/// Asks for a line on another case: this one has to do with it.
pub(crate) fn linked(
    machine: &mut Machine<'_>,
    other: &CaseNo,
    no: &CaseNo,
    relation: Relation,
    by: Actor,
    reason: Option<String>,
) {
    let command = CaseCommand::Linked { no: no.clone(), relation };
    let action = Action::Case { no: other.clone(), command, by, reason };
    outbox::request(machine, Owner::Nobody, Repeat::Default, format!("case {other}"), action);
}

/// The content of a case that is split off: the given members over those of the old one. The source's own id
/// belongs to the old one alone.
fn part(base: &Data, given: &Data) -> Data {
    let Data(jaq_json::Val::Obj(members)) = base else { return given.clone() };
    let mut members = (**members).clone();
    members.retain(|name, _| *name != jaq_json::Val::from("externalId".to_owned()));
    docket::merge(&Data(jaq_json::Val::obj(members)), given)
}
