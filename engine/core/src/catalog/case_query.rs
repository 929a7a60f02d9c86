//! `case-query`: counts, groups and short lists over all cases or work items, as they are when it is answered.

use serde_json::{Value, json};
use yiwang_dsl::catalog::Misfit;
use yiwang_dsl::{Data, Fault};

use super::{Called, Function, shape, sweep};
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
                ("sweep", shape::optional_text()),
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

/// What is wrong with both.
const BOTH: &str = "`sweep` names whose `of` and `where` are meant: they do not stand beside it";

/// What is wrong with a question that stands in a workflow.
pub(super) fn misfits(with: &Value) -> Vec<Misfit> {
    let given = |name: &str| with.get(name).is_some_and(|value| !value.is_null());
    if given("sweep") && (given("of") || given("where")) {
        return vec![Misfit { pointer: "/sweep".to_owned(), message: BOTH.to_owned(), help: None }];
    }
    told_apart("", Inquiry::parse(with).err())
}

fn begin(machine: &mut Machine<'_>, called: Called<'_>) -> Result<Move, Fault> {
    let mut question = called.json.clone();
    if let Some(name) = question.get("sweep").and_then(Value::as_str) {
        let given = |name: &str| question.get(name).is_some_and(|value| !value.is_null());
        if given("of") || given("where") {
            return Err(called.refuse(BOTH));
        }
        let written = &sweep::named(machine, &called, name)?.written;
        let (of, filter) = (written.get("of").cloned(), written.get("where").cloned());
        if let Some(members) = question.as_object_mut() {
            members.remove("sweep");
            members.insert("of".to_owned(), of.unwrap_or_default());
            members.insert("where".to_owned(), filter.unwrap_or_default());
        }
    }
    Inquiry::parse(&question).map_err(|mistakes| called.refuse(&told(&mistakes)))?;
    machine.top_mut().doing = Doing::Call { authorization: None };
    let owner = Owner::Frame(machine.top().id);
    let function = outbox::function_name(called.function);
    let action = Action::Query { with: Data::from(question), task: called.task.reference.clone() };
    outbox::request(machine, owner, Repeat::Default, function, action);
    Ok(Move::Park)
}
