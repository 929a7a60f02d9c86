//! Acts besides claiming, giving back and deciding: who does it, what is said about it, when to look again.

use serde_json::json;
use yiwang_dsl::Data;

use super::may::{self, Denied, conflict, forbidden};
use super::{arrange, change, form};
use crate::group;
use crate::history::What;
use crate::limits::{REMARK_BYTES_MAX, REMARKS_MAX};
use crate::machine::Machine;
use crate::offering;
use crate::state::Owner;
use crate::transition::Refusal;
use crate::work_item::{Act, Actor, Attachment, Comment, File, WorkItem, WorkItemState};

/// An act with its reason and the caller's id of it.
pub(crate) struct Wish {
    pub(crate) act: Act,
    pub(crate) reason: Option<String>,
    pub(crate) decision: Option<String>,
}

pub(crate) fn act(
    machine: &mut Machine<'_>,
    at: usize,
    version: Option<u32>,
    by: &Actor,
    wish: Wish,
) -> Result<Data, Denied> {
    let Wish { act, reason, decision } = wish;
    let item = &machine.state.items[at].item;
    let done = decision.map(|id| (by.person.clone(), id));
    if machine.state.items[at].acts.len() >= 2 * REMARKS_MAX {
        return Err(
            conflict("work-item.limit", "too much has been done with this work item".to_owned()).into()
        );
    }
    may::same_version(item, version)?;
    let reason = reason.map(|reason| reason.trim().to_owned()).filter(|reason| !reason.is_empty());
    if let Some(reason) = &reason {
        short("/reason", reason)?;
    }
    // The last thing that can be refused happens in here, before anything is changed.
    let id = item.id;
    let answer = match act {
        Act::Delegate { to } => delegate(machine, at, by, to, reason),
        Act::HandOver { to } => hand_over(machine, at, by, to, reason),
        Act::Return => give_back(machine, at, by, reason),
        Act::Comment { text } => comment(machine, at, by, text),
        Act::Attach { file } => attach(machine, at, by, file),
        Act::Priority { priority } => {
            let changes = json!({"priority": priority});
            arranged(machine, at, by, changes, reason, |item| item.priority = priority)
        }
        Act::FollowUp { at: when } => {
            let changes = json!({"followUp": when.map(crate::Timestamp::rfc3339)});
            arranged(machine, at, by, changes, reason, |item| item.follow_up = when)
        }
        Act::SetDue { at: due } => arrange::set_due(machine, at, by, due, reason),
        Act::Offer { roles } => arrange::offer(machine, at, by, roles, reason),
        Act::Escalate { roles, priority } => arrange::escalate(machine, at, by, (roles, priority), reason),
        Act::Notify { channel, message } => arrange::notify(machine, at, by, channel, message),
        Act::DeclareConflict => declare(machine, at, by, reason),
        Act::Replace { with } => replace(machine, at, by, with, reason),
    }?;
    if let Some(done) = done
        && let Some(open) = machine.state.items.iter_mut().find(|open| open.item.id == id)
    {
        open.acts.push(done);
    }
    Ok(answer)
}

fn short(pointer: &str, text: &str) -> Result<(), Refusal> {
    if text.len() <= REMARK_BYTES_MAX {
        return Ok(());
    }
    let problem = format!("longer than {REMARK_BYTES_MAX} bytes");
    Err(form::invalid("a text is too long".to_owned(), vec![(pointer.to_owned(), problem)]))
}

pub(super) fn wanted(pointer: &str, problem: &str) -> Refusal {
    form::invalid("something is missing".to_owned(), vec![(pointer.to_owned(), problem.to_owned())])
}

/// The assignee, or who acts for them, or whoever arranges the work.
fn has_or_arranges(item: &WorkItem, by: &Actor) -> Result<Option<String>, Denied> {
    match may::assignee(item, by) {
        Ok(behalf) => Ok(behalf),
        Err(_) if may::arranges(by) => Ok(None),
        Err(denied) => Err(denied),
    }
}

/// Somebody who has to do with it: has it, could have it, or arranges it.
fn involved(machine: &Machine<'_>, at: usize, by: &Actor) -> Result<(), Denied> {
    let open = &machine.state.items[at];
    if has_or_arranges(&open.item, by).is_ok() || open.item.delegated_by.as_ref() == Some(&by.person) {
        return Ok(());
    }
    may::take(machine, open, by).map(drop)
}

/// Somebody who is known, is here, and need not keep away from the matter.
fn receiver(machine: &Machine<'_>, at: usize, to: &str) -> Result<(), Denied> {
    let open = &machine.state.items[at];
    let organisation = &machine.district.organisation;
    let listed = open.item.candidate_people.iter().any(|person| person == to);
    let unknown = |problem: String| {
        let message = "nobody can be given the work item under this name".to_owned();
        form::invalid(message, vec![("/to".to_owned(), problem)]).coded("work-item.person-unknown")
    };
    if organisation.active(to).is_none() && !listed {
        return Err(unknown(format!("the organisation does not know `{to}`")).into());
    }
    if organisation.active(to).is_some() && organisation.acting(to, machine.now).is_none() {
        return Err(unknown(format!("{to} is away and nobody stands in")).into());
    }
    let as_receiver = Actor::new(to, Vec::new());
    // The receiver has tried nothing: no line in history.
    may::decide(machine, open, &as_receiver, None).map_err(|denied| Denied { remembered: false, ..denied })
}

fn remark(item: &mut WorkItem, by: &Actor, at: crate::Timestamp, act: &Act, text: Option<&String>) {
    if let Some(text) = text {
        let comment = Comment { by: by.person.clone(), at, act: act.word().to_owned(), text: text.clone() };
        item.comments.push(comment);
    }
}

fn delegate(
    machine: &mut Machine<'_>,
    at: usize,
    by: &Actor,
    to: String,
    reason: Option<String>,
) -> Result<Data, Denied> {
    let item = &machine.state.items[at].item;
    let behalf = may::assignee(item, by)?;
    if item.delegated_by.is_some() {
        let message = format!("{} has it by delegation and cannot pass it on", by.person);
        return Err(forbidden("work-item.delegated", message).into());
    }
    receiver(machine, at, &to)?;
    let now = machine.now;
    let from = item.assignee.clone().or(behalf).unwrap_or_else(|| by.person.clone());
    Ok(change(machine, at, |item| {
        remark(item, by, now, &Act::Delegate { to: to.clone() }, reason.as_ref());
        item.delegated_by = Some(from.clone());
        item.assignee = Some(to.clone());
        What::WorkItemDelegated { item: item.id, by: by.person.clone(), from, to, reason }
    }))
}

fn hand_over(
    machine: &mut Machine<'_>,
    at: usize,
    by: &Actor,
    to: String,
    reason: Option<String>,
) -> Result<Data, Denied> {
    let item = &machine.state.items[at].item;
    has_or_arranges(item, by)?;
    receiver(machine, at, &to)?;
    let organisation = &machine.district.organisation;
    let may_have = item.candidate_people.contains(&to)
        || item.candidate_roles.iter().any(|role| organisation.holds(&to, role));
    if !may_have {
        let problem = format!("{to} is not a candidate; delegate it, or offer it to another role");
        let refusal = form::invalid("it cannot be handed over".to_owned(), vec![("/to".to_owned(), problem)]);
        return Err(refusal.coded("work-item.receiver").into());
    }
    let now = machine.now;
    Ok(change(machine, at, |item| {
        remark(item, by, now, &Act::HandOver { to: to.clone() }, reason.as_ref());
        let from = item.assignee.replace(to.clone());
        item.state = WorkItemState::Claimed;
        item.delegated_by = None;
        item.on_behalf_of = None;
        What::WorkItemHandedOver { item: item.id, by: by.person.clone(), from, to, reason }
    }))
}

fn give_back(
    machine: &mut Machine<'_>,
    at: usize,
    by: &Actor,
    reason: Option<String>,
) -> Result<Data, Denied> {
    let item = &machine.state.items[at].item;
    let behalf = has_or_arranges(item, by)?;
    if item.assignee.is_none() {
        let message = format!("nobody has claimed work item {}", item.id);
        return Err(conflict("work-item.unclaimed", message).into());
    }
    let Some(reason) = reason else {
        return Err(wanted("/reason", "say why it is returned").into());
    };
    let now = machine.now;
    Ok(change(machine, at, |item| {
        remark(item, by, now, &Act::Return, Some(&reason));
        item.assignee = None;
        item.delegated_by = None;
        item.on_behalf_of = None;
        item.state = WorkItemState::Offered;
        What::WorkItemReturned { item: item.id, by: by.person.clone(), reason, on_behalf_of: behalf }
    }))
}

fn comment(machine: &mut Machine<'_>, at: usize, by: &Actor, text: String) -> Result<Data, Denied> {
    involved(machine, at, by)?;
    if text.trim().is_empty() {
        return Err(wanted("/text", "say something").into());
    }
    short("/text", &text)?;
    if machine.state.items[at].item.comments.len() >= REMARKS_MAX {
        return Err(conflict("work-item.limit", format!("there are {REMARKS_MAX} comments already")).into());
    }
    let now = machine.now;
    Ok(change(machine, at, |item| {
        remark(item, by, now, &Act::Comment { text: text.clone() }, Some(&text));
        let text = Some(text).filter(|_| !is_sealed(item));
        What::WorkItemCommented { item: item.id, by: by.person.clone(), text }
    }))
}

fn is_sealed(item: &WorkItem) -> bool {
    item.seat.as_ref().is_some_and(|seat| seat.sealed)
}

fn attach(machine: &mut Machine<'_>, at: usize, by: &Actor, file: File) -> Result<Data, Denied> {
    involved(machine, at, by)?;
    check_file(&file)?;
    if machine.state.items[at].item.attachments.len() >= REMARKS_MAX {
        return Err(
            conflict("work-item.limit", format!("there are {REMARKS_MAX} attachments already")).into()
        );
    }
    let now = machine.now;
    Ok(change(machine, at, |item| {
        item.attachments.push(Attachment { file: file.clone(), by: by.person.clone(), at: now });
        let file = Some(file).filter(|_| !is_sealed(item));
        What::WorkItemAttached { item: item.id, by: by.person.clone(), file }
    }))
}

fn check_file(file: &File) -> Result<(), Refusal> {
    let mut problems = Vec::new();
    if file.name.trim().is_empty() || file.name.len() > 255 {
        problems.push(("/file/name".to_owned(), "a name has 1 to 255 bytes".to_owned()));
    }
    if file.digest.is_none() && file.reference.is_none() {
        problems.push(("/file".to_owned(), "give a `digest`, a `ref`, or both".to_owned()));
    }
    if let Some(digest) = &file.digest {
        let hex = |text: &str| {
            text.len() == 64 && text.bytes().all(|b| b.is_ascii_digit() || (b'a'..=b'f').contains(&b))
        };
        if !digest.strip_prefix("sha256:").is_some_and(hex) {
            let problem = "a digest is `sha256:` and 64 digits of 0-9a-f".to_owned();
            problems.push(("/file/digest".to_owned(), problem));
        }
    }
    if file.reference.as_ref().is_some_and(|reference| reference.is_empty() || reference.len() > 2048) {
        problems.push(("/file/ref".to_owned(), "a reference has 1 to 2048 bytes".to_owned()));
    }
    if problems.is_empty() {
        Ok(())
    } else {
        Err(form::invalid("the file cannot be attached".to_owned(), problems))
    }
}

/// Changes how or when it is to be done.
fn arranged(
    machine: &mut Machine<'_>,
    at: usize,
    by: &Actor,
    changes: serde_json::Value,
    reason: Option<String>,
    how: impl FnOnce(&mut WorkItem),
) -> Result<Data, Denied> {
    has_or_arranges(&machine.state.items[at].item, by)?;
    Ok(change(machine, at, |item| {
        how(item);
        let changes = Data::from(changes);
        What::WorkItemChanged { item: item.id, by: by.person.clone(), changes, reason }
    }))
}

/// Somebody says to have an interest in the matter: an expert's seat gets another member, other work goes
/// back to the other candidates.
fn declare(machine: &mut Machine<'_>, at: usize, by: &Actor, reason: Option<String>) -> Result<Data, Denied> {
    let open = &machine.state.items[at];
    let has = open.item.assignee.as_ref() == Some(&by.person);
    let named = open.item.candidate_people.contains(&by.person);
    let role = open.item.candidate_roles.iter().any(|role| by.holds(role));
    if !(has || named || role) {
        let message = format!("{} is not a candidate for work item {}", by.person, open.item.id);
        return Err(forbidden("work-item.not-candidate", message).into());
    }
    let Some(reason) = reason else {
        return Err(wanted("/reason", "say which interest").into());
    };
    let (id, owner, seat) = (open.item.id, open.owner, open.seat);
    let personal = open.item.candidate_roles.is_empty() && open.item.candidate_people.len() == 1;
    let task = machine.owner_task(Owner::Frame(owner));
    let line = What::WorkItemConflict { item: id, by: by.person.clone(), reason: reason.clone() };
    if let Some(seat) = seat.filter(|_| personal && named) {
        machine.record(task, line);
        group::vacate(machine, owner, seat, None, &format!("conflict of interest: {reason}"), Some(by));
        return Ok(withdrawn(id));
    }
    let has = has || open.item.delegated_by.as_ref() == Some(&by.person);
    let answer = change(machine, at, |item| {
        item.excluded_people.push(by.person.clone());
        if has {
            item.assignee = None;
            item.delegated_by = None;
            item.on_behalf_of = None;
            item.state = WorkItemState::Offered;
        }
        line
    });
    offering::look_again(machine, id);
    Ok(answer)
}

fn replace(
    machine: &mut Machine<'_>,
    at: usize,
    by: &Actor,
    with: Option<String>,
    reason: Option<String>,
) -> Result<Data, Denied> {
    let open = &machine.state.items[at];
    let (id, owner) = (open.item.id, open.owner);
    if !may::arranges(by) {
        let message = format!(
            "replacing a member needs the role supervisor or process_admin; {} has neither",
            by.person
        );
        return Err(forbidden("auth.forbidden", message).into());
    }
    let Some(seat) = open.seat else {
        return Err(conflict("work-item.no-seat", format!("work item {id} belongs to no group")).into());
    };
    let Some(reason) = reason else {
        return Err(wanted("/reason", "say why the member is replaced").into());
    };
    if let Some(person) = &with {
        receiver(machine, at, person)?;
        if group::sits_elsewhere(machine, owner, seat, person) {
            let message = format!("{person} has another seat of the same group");
            return Err(conflict("work-item.second-seat", message).into());
        }
    } else if group::next_reserve(machine, owner).is_none() {
        let message = "the group has no reserve who may take the seat; name somebody".to_owned();
        return Err(conflict("work-item.no-reserve", message).into());
    }
    group::vacate(machine, owner, seat, with, &reason, Some(by));
    Ok(withdrawn(id))
}

/// The item is gone; its seat goes on with another one.
fn withdrawn(id: crate::WorkItemId) -> Data {
    Data::object([
        ("id".to_owned(), Data::string(id.to_string())),
        ("state".to_owned(), Data::string("cancelled")),
    ])
}
