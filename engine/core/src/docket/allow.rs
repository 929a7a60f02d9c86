//! What a case itself takes: in which state, within which bounds. The process is not asked here.

use yiwang_dsl::Data;

use crate::case::{CaseCommand, CaseState, Outcome};
use crate::limits::{ATTACHMENTS_MAX, EXTENSION_MILLIS_MAX, RELATED_MAX, TEXT_CHARS_MAX};
use crate::transition::{Refusal, RefusalKind};
use crate::{Case, CaseNo, Timestamp};

/// Refuses what does not fit the case.
pub(super) fn allow(
    case: &Case,
    command: &CaseCommand,
    reason: Option<&str>,
    now: Timestamp,
) -> Result<(), Refusal> {
    text("/reason", reason)?;
    needs_reason(command, reason)?;
    match command {
        CaseCommand::Note { text: note } => text("/text", Some(note)),
        CaseCommand::Attach { attachment } => {
            if !attachment.has_digest() {
                return invalid("/attachment/digest", "it is not `sha256:` with 64 hexadecimal digits");
            }
            text("/attachment/name", Some(&attachment.name))?;
            text("/attachment/mediaType", Some(&attachment.media_type))?;
            at_most("attachments", case.attachments.len(), ATTACHMENTS_MAX)
        }
        CaseCommand::Link { no } => another(case, no, "/no"),
        CaseCommand::Linked { no, .. } => another(case, no, "/no"),
        CaseCommand::Merge { into } => {
            open(case)?;
            another(case, into, "/into")
        }
        CaseCommand::Split { workflow, content, .. } => {
            open(case)?;
            text("/workflow", Some(workflow))?;
            if !is_object(content) {
                return invalid("/content", "it is not an object");
            }
            at_most("related cases", case.related.len(), RELATED_MAX)
        }
        CaseCommand::Reopen => reopen(case),
        CaseCommand::Return => {
            open(case)?;
            if case.state < CaseState::Dispatched {
                return conflict(format!("the case {} is not dispatched to anybody", case.no));
            }
            Ok(())
        }
        CaseCommand::Extend { due } => extend(case, *due, now),
        CaseCommand::Suspend => {
            open(case)?;
            match &case.suspended {
                Some(suspended) => {
                    conflict(format!("{} has suspended the case {} already", suspended.by, case.no))
                }
                None => Ok(()),
            }
        }
        CaseCommand::Resume => match &case.suspended {
            Some(_) => Ok(()),
            None => conflict(format!("the case {} is not suspended", case.no)),
        },
        CaseCommand::Contact { text: said, .. } => {
            open(case)?;
            text("/text", said.as_deref())
        }
        CaseCommand::Callback { text: said, .. } => {
            text("/text", said.as_deref())?;
            answered(case)
        }
        CaseCommand::Satisfaction { score, text: said } => {
            text("/text", said.as_deref())?;
            if !(1..=5).contains(score) {
                return invalid("/score", "it is not 1 to 5");
            }
            answered(case)?;
            match &case.satisfaction {
                Some(known) => {
                    let (no, score) = (&case.no, known.score);
                    conflict(format!(
                        "the case {no} has been rated already: {score}; only who reopens it may rate again"
                    ))
                }
                None => Ok(()),
            }
        }
        CaseCommand::Transfer { to } => {
            open(case)?;
            text("/to", Some(to))
        }
        CaseCommand::Redispatch { unit } => {
            open(case)?;
            text("/unit", unit.as_deref())
        }
        CaseCommand::Urge | CaseCommand::Supervise | CaseCommand::Withdraw => open(case),
        CaseCommand::Flag { .. } => Ok(()),
    }
}

/// The acts that nobody may do without saying why.
fn needs_reason(command: &CaseCommand, reason: Option<&str>) -> Result<(), Refusal> {
    let needs = match command {
        CaseCommand::Merge { .. }
        | CaseCommand::Reopen
        | CaseCommand::Return
        | CaseCommand::Redispatch { .. }
        | CaseCommand::Extend { .. }
        | CaseCommand::Suspend
        | CaseCommand::Supervise
        | CaseCommand::Withdraw
        | CaseCommand::Transfer { .. } => true,
        CaseCommand::Note { .. }
        | CaseCommand::Attach { .. }
        | CaseCommand::Link { .. }
        | CaseCommand::Linked { .. }
        | CaseCommand::Split { .. }
        | CaseCommand::Resume
        | CaseCommand::Urge
        | CaseCommand::Contact { .. }
        | CaseCommand::Callback { .. }
        | CaseCommand::Satisfaction { .. }
        | CaseCommand::Flag { .. } => false,
    };
    if needs && reason.is_none() {
        return invalid("/reason", &format!("`{}` needs a reason", command.word()));
    }
    Ok(())
}

fn open(case: &Case) -> Result<(), Refusal> {
    match case.state {
        CaseState::Closed => conflict(format!("the case {} is closed", case.no)),
        CaseState::Registered
        | CaseState::Triaged
        | CaseState::Dispatched
        | CaseState::Signed
        | CaseState::Handling
        | CaseState::Replied
        | CaseState::Audited => Ok(()),
    }
}

fn answered(case: &Case) -> Result<(), Refusal> {
    if case.state < CaseState::Replied {
        return conflict(format!("the case {} has not been answered yet", case.no));
    }
    Ok(())
}

fn reopen(case: &Case) -> Result<(), Refusal> {
    if case.state != CaseState::Closed {
        return conflict(format!("the case {} is not closed", case.no));
    }
    if case.outcome == Some(Outcome::Merged) {
        return conflict(format!("the case {} was merged into another one: reopen that one", case.no));
    }
    Ok(())
}

fn extend(case: &Case, due: Timestamp, now: Timestamp) -> Result<(), Refusal> {
    open(case)?;
    let Some(before) = case.due else {
        return conflict(format!("the case {} has no due time yet", case.no));
    };
    if due <= before {
        return invalid("/due", &format!("the case is due at {before}: an extension is later"));
    }
    if due <= now {
        return invalid("/due", "it has passed already");
    }
    if due.millis_since(now) > EXTENSION_MILLIS_MAX {
        return invalid("/due", "it is more than a year away");
    }
    Ok(())
}

fn another(case: &Case, no: &CaseNo, place: &str) -> Result<(), Refusal> {
    if *no == case.no {
        return invalid(place, "that is the case itself");
    }
    at_most("related cases", case.related.len(), RELATED_MAX)
}

fn at_most(what: &str, len: usize, max: usize) -> Result<(), Refusal> {
    if len >= max { conflict(format!("a case has at most {max} {what}")) } else { Ok(()) }
}

/// A text that is there says something, and is not too long.
fn text(place: &str, text: Option<&str>) -> Result<(), Refusal> {
    let Some(text) = text else { return Ok(()) };
    if text.trim().is_empty() {
        return invalid(place, "it is empty");
    }
    if text.chars().count() > TEXT_CHARS_MAX {
        return invalid(place, &format!("it has more than {TEXT_CHARS_MAX} characters"));
    }
    Ok(())
}

pub(super) fn is_object(data: &Data) -> bool {
    matches!(data.0, jaq_json::Val::Obj(_))
}

fn conflict<T>(message: String) -> Result<T, Refusal> {
    Err(Refusal::new(RefusalKind::Conflict, message))
}

fn invalid<T>(place: &str, problem: &str) -> Result<T, Refusal> {
    let mut refusal = Refusal::new(RefusalKind::Invalid, format!("{place}: {problem}"));
    refusal.problems.push((place.to_owned(), problem.to_owned()));
    Err(refusal)
}
