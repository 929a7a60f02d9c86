//! `sweep`: runs a sweep over cases or work items and waits for its end.

use serde::Deserialize;
use serde_json::{Value, json};
use yiwang_dsl::catalog::Misfit;
use yiwang_dsl::{Data, Fault};

use super::{Called, Function, shape};
use crate::effect::Action;
use crate::inquiry::told;
use crate::machine::{Machine, Move};
use crate::outbox;
use crate::selector;
use crate::state::{Doing, Owner, Repeat};
use crate::sweep::Definition;

pub(super) const FUNCTION: Function = Function {
    name: "sweep",
    summary: "Runs a sweep over cases or work items and waits for its end",
    input: || {
        shape::object(
            &[],
            &[
                ("definition", json!({"type": ["object", "null"]})),
                ("name", shape::optional_text()),
                ("reason", shape::optional_text()),
            ],
        )
    },
    output: || {
        shape::object(
            &["sweep", "name", "state", "found", "acted", "skipped", "failed"],
            &[
                ("sweep", shape::text()),
                ("name", shape::text()),
                ("state", json!({"enum": ["completed", "cancelled", "refused"]})),
                ("reason", shape::optional_text()),
                ("found", json!({"type": "integer"})),
                ("acted", json!({"type": "integer"})),
                ("skipped", json!({"type": "integer"})),
                ("failed", json!({"type": "integer"})),
            ],
        )
    },
    begin,
};

/// What is wrong with both, and with none.
const ONE_OF: &str = "give the `definition` of the sweep or its `name`: one of them";

/// The district's sweep of this name, as it is now.
pub(super) fn named<'m>(
    machine: &'m Machine<'_>,
    called: &Called<'_>,
    name: &str,
) -> Result<&'m Definition, Fault> {
    let found = machine.district.sweep(name);
    found.map(|definition| &**definition).ok_or_else(|| called.refuse(&format!("there is no sweep `{name}`")))
}

#[derive(Deserialize)]
struct With {
    definition: Option<Value>,
    name: Option<String>,
    reason: Option<String>,
}

/// What is wrong with a definition that stands in a workflow.
pub(super) fn misfits(with: &Value) -> Vec<Misfit> {
    let given = |name: &str| with.get(name).is_some_and(|value| !value.is_null());
    if given("definition") == given("name") {
        return vec![Misfit { pointer: String::new(), message: ONE_OF.to_owned(), help: None }];
    }
    let definition = with.get("definition").filter(|definition| definition.is_object());
    selector::misfits("/definition", definition.and_then(|definition| Definition::parse(definition).err()))
}

fn begin(machine: &mut Machine<'_>, called: Called<'_>) -> Result<Move, Fault> {
    let With { definition, name, reason } = called.read()?;
    let definition = match (definition, name) {
        (Some(definition), None) => definition,
        (None, Some(name)) => named(machine, &called, &name)?.written.clone(),
        (Some(_), Some(_)) | (None, None) => return Err(called.refuse(ONE_OF)),
    };
    Definition::parse(&definition).map_err(|mistakes| called.refuse(&told(&mistakes)))?;
    machine.top_mut().doing = Doing::Call { authorization: None };
    let owner = Owner::Frame(machine.top().id);
    let function = outbox::function_name(called.function);
    let id = &machine.definition().id;
    let person = format!("workflow:{}/{}", id.namespace, id.name);
    let action = Action::Sweep { definition: Data::from(definition), person, reason };
    outbox::request(machine, owner, Repeat::None, function, action);
    Ok(Move::Park)
}
