//! `human-task-group`: the same work for several members, who decide together.

use serde::Deserialize;
use serde_json::{Value, json};
use yiwang_dsl::Fault;

use super::human_task::{self, Offer, Work};
use super::{Called, Function, escalation, shape};
use crate::ballot::{Enough, Rule};
use crate::group;
use crate::limits::{self, SEATS_MAX, WORK_ITEMS_MAX};
use crate::machine::{Machine, Move};
use crate::state::{Group, Member, Seat, SeatState};

pub(super) const FUNCTION: Function = Function {
    name: "human-task-group",
    summary: "Asks several people and waits until they have decided together",
    input,
    output: || {
        shape::object(
            &["outcome", "closedBy", "results", "missing", "tally"],
            &[
                ("outcome", shape::optional_text()),
                ("closedBy", json!({"enum": ["all", "quorum", "weight", "veto", "due", "unreachable"]})),
                ("results", json!({"type": "array", "items": {"type": "object"}})),
                ("missing", json!({"type": "array", "items": {"type": "object"}})),
                ("tally", json!({"type": "object"})),
            ],
        )
    },
    begin,
};

fn input() -> Value {
    let weight = json!({"type": ["integer", "null"], "minimum": 1, "maximum": 1000});
    let member =
        |name: &'static str| shape::object(&[name], &[(name, shape::text()), ("weight", weight.clone())]);
    let member = json!({"anyOf": [shape::text(), member("person"), member("role"), member("unit")]});
    let mut completion = shape::object(
        &[],
        &[
            ("rule", json!({"enum": ["all", "quorum", "weighted", null]})),
            ("quorum", json!({"type": ["integer", "null"], "minimum": 1})),
            ("percent", json!({"type": ["integer", "null"], "minimum": 1, "maximum": 100})),
            ("veto", shape::texts()),
            ("enoughWhenDue", json!({"type": ["integer", "null"], "minimum": 1})),
        ],
    );
    let needs = |rule: &str, member: &str| {
        json!({
            "if": {"required": ["rule"], "properties": {"rule": {"const": rule}}},
            "then": {"required": [member]},
        })
    };
    completion["allOf"] = json!([needs("quorum", "quorum"), needs("weighted", "percent")]);
    let mut members = human_task::work(&escalation::schema_of_group_work());
    members.extend([
        ("members", json!({"type": "array", "minItems": 1, "items": member})),
        ("mode", json!({"enum": ["parallel", "serial", null]})),
        ("completion", json!({"anyOf": [{"type": "null"}, completion]})),
        ("blind", json!({"type": ["boolean", "null"]})),
        ("reserves", shape::names()),
    ]);
    shape::object(&["title", "members"], &members)
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct With {
    #[serde(flatten)]
    work: Work,
    members: Vec<MemberWith>,
    mode: Option<Mode>,
    completion: Option<Completion>,
    blind: Option<bool>,
    reserves: Option<Vec<Option<String>>>,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum MemberWith {
    Name(String),
    Person { person: String, weight: Option<u32> },
    Role { role: String, weight: Option<u32> },
    Unit { unit: String, weight: Option<u32> },
}

#[derive(Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Mode {
    Parallel,
    Serial,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Completion {
    rule: Option<RuleName>,
    quorum: Option<u32>,
    percent: Option<u32>,
    veto: Option<Vec<String>>,
    enough_when_due: Option<u32>,
}

#[derive(Clone, Copy, Deserialize)]
#[serde(rename_all = "snake_case")]
enum RuleName {
    All,
    Quorum,
    Weighted,
}

fn begin(machine: &mut Machine<'_>, called: Called<'_>) -> Result<Move, Fault> {
    let With { work, members, mode, completion, blind, reserves } = called.read()?;
    let seats = seats(&called, members)?;
    if machine.state.items.len() + seats.len() > WORK_ITEMS_MAX {
        return Err(limits::exceeded("work-items", WORK_ITEMS_MAX, &called.task.reference));
    }
    let rule = rule(&called, completion.unwrap_or_default(), &seats)?;
    let frame = machine.top().id;
    let due = work.due.clone().filter(|due| !due.is_null());
    let escalation = work.escalation.clone().unwrap_or_default();
    // What is wrong with them is told now, not when the last member is asked.
    let (at, _) = human_task::times(machine, frame, due.as_ref(), &escalation)?;
    if rule.enough_when_due.is_some() && at.is_none() {
        return Err(called.refuse("`completion.enoughWhenDue` needs a due time"));
    }
    let Offer { item, conflicts, four_eyes_tasks } = work.offer(machine, &called)?;
    for veto in &rule.veto {
        if !item.outcomes.contains(veto) {
            let detail = format!("`completion.veto` names `{veto}`, which is none of the outcomes");
            return Err(called.refuse(&detail));
        }
    }
    let group = Group {
        pattern: item,
        due,
        escalation,
        seats,
        rule,
        serial: mode == Some(Mode::Serial),
        blind: blind.unwrap_or_default(),
        reserves: shape::present(reserves),
        conflicts,
        four_eyes_tasks,
        is_due: false,
    };
    group::begin(machine, group)
}

fn seats(called: &Called<'_>, members: Vec<MemberWith>) -> Result<Vec<Seat>, Fault> {
    if members.len() > SEATS_MAX {
        return Err(limits::exceeded("seats", SEATS_MAX, &called.task.reference));
    }
    let mut seats: Vec<Seat> = Vec::new();
    for member in members {
        let (member, weight) = match member {
            // `role@unit` has an `@`; ids of people have none.
            MemberWith::Name(name) if name.contains('@') => (Member::Role(name), None),
            MemberWith::Name(name) => (Member::Person(name), None),
            MemberWith::Person { person, weight } => (Member::Person(person), weight),
            MemberWith::Role { role, weight } => (Member::Role(role), weight),
            MemberWith::Unit { unit, weight } => (Member::Role(format!("*@{unit}")), weight),
        };
        if matches!(member, Member::Person(_)) && seats.iter().any(|seat| seat.member == member) {
            return Err(called.refuse(&format!("{} is a member twice", member.name())));
        }
        seats.push(Seat { member, weight: weight.unwrap_or(1), state: SeatState::Waiting });
    }
    Ok(seats)
}

fn rule(called: &Called<'_>, with: Completion, seats: &[Seat]) -> Result<Rule, Fault> {
    let named =
        with.rule.or(with.quorum.map(|_| RuleName::Quorum)).or(with.percent.map(|_| RuleName::Weighted));
    let enough = match named.unwrap_or(RuleName::All) {
        RuleName::All => Enough::All,
        RuleName::Quorum => match with.quorum {
            Some(quorum) if quorum as usize <= seats.len() => Enough::Quorum(quorum),
            Some(quorum) => {
                let detail = format!("`completion.quorum` is {quorum} of {} members", seats.len());
                return Err(called.refuse(&detail));
            }
            None => return Err(called.refuse("the rule `quorum` needs `completion.quorum`")),
        },
        RuleName::Weighted => match with.percent {
            Some(percent) => Enough::Weight(percent),
            None => return Err(called.refuse("the rule `weighted` needs `completion.percent`")),
        },
    };
    let (veto, enough_when_due) = (with.veto.unwrap_or_default(), with.enough_when_due);
    Ok(Rule { enough, veto, enough_when_due })
}
