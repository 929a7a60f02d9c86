//! The rules of a case: which moves are legal, how flags are set, what a workflow sees of it, and what people
//! may do with it (`docket/command.rs`).

mod allow;
mod command;
mod permit;
mod repeats;

use serde_json::json;
use yiwang_dsl::definition::Task;
use yiwang_dsl::{Data, Fault};

use crate::Timestamp;
use crate::case::{Case, CaseState, Flag};
use crate::catalog::Called;
use crate::history::What;
use crate::machine::{Machine, settle};

pub use self::command::SOURCE;
pub(crate) use self::command::{Act, command, linked};
pub(crate) use self::repeats::{ask_for_repeats, found};

/// The instance's case.
pub(crate) fn case<'m>(machine: &'m mut Machine<'_>, called: &Called<'_>) -> Result<&'m mut Case, Fault> {
    machine
        .state
        .case
        .as_mut()
        .ok_or_else(|| called.refuse("the instance has no case yet: call case-open first"))
}

/// The instance's case, if it is not closed.
pub(crate) fn open_case<'m>(
    machine: &'m mut Machine<'_>,
    called: &Called<'_>,
) -> Result<&'m mut Case, Fault> {
    let case = case(machine, called)?;
    if case.state == CaseState::Closed {
        return Err(called.refuse(&format!("the case {} is closed", case.no)));
    }
    Ok(case)
}

/// Forward, back to be triaged (returned by a unit), or back to be handled (rework). Staying is no move.
pub(crate) fn may_move(from: CaseState, to: CaseState) -> bool {
    if from == CaseState::Closed || to == CaseState::Closed {
        return false;
    }
    to >= from || matches!(to, CaseState::Triaged | CaseState::Handling)
}

pub(crate) fn no_such_move(from: CaseState, to: CaseState) -> String {
    format!("a case cannot go from {} to {}", name(from), name(to))
}

fn name(state: CaseState) -> String {
    json!(state).as_str().unwrap_or_default().to_owned()
}

/// Sets flags that are not set yet. Without a case there is nothing to mark.
pub(crate) fn flag(machine: &mut Machine<'_>, task: Option<&Task>, flags: Vec<Flag>) {
    for flag in flags {
        let Some(case) = &mut machine.state.case else { return };
        if case.flags.insert(flag) {
            let no = case.no.clone();
            machine.record(task, What::CaseFlagged { no, flag });
        }
    }
}

/// The case's free fields with these changed. Together they stay within the limit on data.
pub(crate) fn changed_fields(case: &Case, changes: &Data, called: &Called<'_>) -> Result<Data, Fault> {
    settle(merge(&case.fields, changes), called.place)
}

/// `changes` over `fields`, member by member.
pub(crate) fn merge(fields: &Data, changes: &Data) -> Data {
    use jaq_json::Val;
    match (&fields.0, &changes.0) {
        (Val::Obj(old), Val::Obj(new)) => {
            let mut merged = (**old).clone();
            merged.extend(new.iter().map(|(name, value)| (name.clone(), value.clone())));
            Data(Val::obj(merged))
        }
        _ => changes.clone(),
    }
}

/// The case as a workflow sees it.
pub(crate) fn case_data(machine: &mut Machine<'_>, called: &Called<'_>) -> Result<Data, Fault> {
    let case = case(machine, called)?;
    let facts = json!({
        "caseNo": case.no,
        "type": case.r#type,
        "channel": case.channel,
        "sourceRef": case.source_ref,
        "title": case.title,
        "content": null,
        "state": case.state,
        "outcome": case.outcome,
        "flags": case.flags,
        "category": case.category,
        "urgency": case.urgency,
        "unit": case.unit,
        "due": case.due.map(Timestamp::rfc3339),
        "opened": case.opened.rfc3339(),
        "closed": case.closed.map(Timestamp::rfc3339),
        "reworks": case.reworks,
        "trackingCode": case.tracking,
        "kind": case.kind,
        "petitioner": case.petitioner,
        "place": case.place,
        "related": case.related,
        "contacted": case.contact.as_ref().is_some_and(|contact| contact.reached),
        "satisfaction": case.satisfaction.as_ref().map(|given| given.score),
        "suspended": case.suspended.is_some(),
    });
    // The content and the free fields can be large: they are shared, not copied.
    let shared = Data::object([
        ("content".to_owned(), case.content.clone()),
        ("fields".to_owned(), case.fields.clone()),
    ]);
    Ok(merge(&Data::from(facts), &shared))
}
