//! `case-query`: counts, groups and short lists over all cases or work items, as they are when it is answered.

use serde_json::json;
use yiwang_dsl::Fault;
use yiwang_dsl::catalog::Misfit;

use super::{Called, Function, shape};
use crate::effect::Action;
use crate::inquiry::{GROUP_FIELDS_MAX, Inquiry, LIST_LEN_MAX, told};
use crate::machine::{Machine, Move};
use crate::outbox;
use crate::selector::misfits as told_apart;
use crate::state::{Doing, Owner, Repeat};

pub(super) const FUNCTION: Function = Function {
    name: "case-query",
    summary: "Counts, groups and lists cases or work items",
    input: || {
        shape::object(
            &[],
            &[
                ("of", json!({"enum": ["cases", "workItems", null]})),
                ("where", shape::optional_object()),
                (
                    "groupBy",
                    json!({
                        "type": ["array", "null"],
                        "items": {"type": "string", "minLength": 1},
                        "maxItems": GROUP_FIELDS_MAX,
                    }),
                ),
                ("orderBy", shape::optional_text()),
                ("descending", json!({"type": ["boolean", "null"]})),
                ("limit", json!({"type": ["integer", "null"], "minimum": 0, "maximum": LIST_LEN_MAX})),
            ],
        )
    },
    output: || {
        let objects = json!({"type": "array", "items": {"type": "object"}});
        shape::object(
            &["asOf", "total", "groups", "groupsLeftOut", "items"],
            &[
                ("asOf", shape::moment()),
                ("total", json!({"type": "integer"})),
                ("groups", objects.clone()),
                ("groupsLeftOut", json!({"type": "integer"})),
                ("items", objects),
            ],
        )
    },
    begin,
};

/// What is wrong with a question that stands in a workflow.
pub(super) fn misfits(with: &serde_json::Value) -> Vec<Misfit> {
    told_apart("", Inquiry::parse(with).err())
}

fn begin(machine: &mut Machine<'_>, called: Called<'_>) -> Result<Move, Fault> {
    Inquiry::parse(&called.json).map_err(|mistakes| called.refuse(&told(&mistakes)))?;
    machine.top_mut().doing = Doing::Call { authorization: None };
    let owner = Owner::Frame(machine.top().id);
    let function = outbox::function_name(called.function);
    let action = Action::Query { with: called.with, task: called.task.reference.clone() };
    outbox::request(machine, owner, Repeat::Default, function, action);
    Ok(Move::Park)
}
