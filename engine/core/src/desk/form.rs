//! What a decision consists of: one of the outcomes, and a form that fits its schema.

use yiwang_dsl::Data;

use crate::limits::DATA_BYTES_MAX;
use crate::machine::Machine;
use crate::schema;
use crate::state::OpenItem;
use crate::transition::{Refusal, RefusalKind};
use crate::work_item::WorkItem;

pub(crate) fn invalid(message: String, problems: Vec<(String, String)>) -> Refusal {
    Refusal { kind: RefusalKind::Invalid, message, problems, code: None }
}

pub(crate) fn choose(item: &WorkItem, outcome: Option<String>) -> Result<String, Refusal> {
    let only = match item.outcomes.as_slice() {
        [] => Some("completed"),
        [only] => Some(only.as_str()),
        [_, _, ..] => None,
    };
    let invalid = |problem: String| {
        let message = format!("the decision does not fit work item {}", item.id);
        invalid(message, vec![("/outcome".to_owned(), problem)])
    };
    match (outcome, only) {
        (None, Some(only)) => Ok(only.to_owned()),
        (None, None) => Err(invalid(format!("one of {} must be chosen", item.outcomes.join(", ")))),
        (Some(chosen), _) if item.outcomes.contains(&chosen) || only == Some(&*chosen) => Ok(chosen),
        (Some(chosen), Some(only)) if item.outcomes.is_empty() => {
            Err(invalid(format!("`{chosen}` is not an outcome: there is only {only}")))
        }
        (Some(chosen), _) => Err(invalid(format!("`{chosen}` is not one of {}", item.outcomes.join(", ")))),
    }
}

pub(crate) fn check(machine: &Machine<'_>, open: &OpenItem, data: &Data) -> Result<(), Refusal> {
    let invalid = |problems| {
        let message = format!("the form of work item {} is not filled in as it must be", open.item.id);
        invalid(message, problems)
    };
    let json = data.to_json();
    if json.to_string().len() > DATA_BYTES_MAX {
        return Err(invalid(vec![("/form".to_owned(), format!("larger than {DATA_BYTES_MAX} bytes"))]));
    }
    let Some(form) = &open.item.form else { return Ok(()) };
    let deployed = form.reference.as_ref().and_then(|name| machine.deployment.forms.get(name));
    let problems = match deployed {
        Some(schema) => schema::problems(&schema.validator, &json, "/form"),
        None => match jsonschema::validator_for(&form.schema) {
            Ok(validator) => schema::problems(&validator, &json, "/form"),
            Err(error) => vec![("/form".to_owned(), error.to_string())],
        },
    };
    if problems.is_empty() { Ok(()) } else { Err(invalid(problems)) }
}
