//! Given: the words that set a scene.

use cucumber::gherkin::Step;
use cucumber::given;
use serde_json::Value;
use yiwang_conformance::docstring;
use yiwang_core::Timestamp;

use crate::world::Case;

/// The document that stands below a step.
pub(crate) fn document(step: &Step) -> Result<Value, String> {
    docstring::value(text(step)?)
}

/// The text that stands below a step.
pub(crate) fn text(step: &Step) -> Result<&str, String> {
    step.docstring.as_deref().ok_or_else(|| "a text must stand below this step".to_owned())
}

#[given("a workflow with definition:")]
fn a_workflow(case: &mut Case, step: &Step) -> Result<(), String> {
    case.definition = Some(docstring::dedent(text(step)?));
    Ok(())
}

#[given(regex = r"^(?:given )?a deployed workflow with definition:$")]
fn another_workflow(case: &mut Case, step: &Step) -> Result<(), String> {
    case.others.push(docstring::dedent(text(step)?));
    Ok(())
}

#[given("given the workflow input is:")]
fn the_input(case: &mut Case, step: &Step) -> Result<(), String> {
    case.input = Some(document(step)?);
    Ok(())
}

#[given(regex = r"^given the time is '([^']+)'$")]
fn the_time(case: &mut Case, text: String) -> Result<(), String> {
    case.surroundings.now = Some(Timestamp::parse(&text).ok_or_else(|| format!("`{text}` is no time"))?);
    Ok(())
}

#[given("the runtime tells of lifecycle events")]
fn lifecycle_events(case: &mut Case) {
    case.surroundings.lifecycle = true;
}

#[given(regex = r"^given the secret '([^']+)' is:$")]
fn a_secret(case: &mut Case, step: &Step, name: String) -> Result<(), String> {
    case.surroundings.secrets.insert(name, document(step)?);
    Ok(())
}

#[given(regex = r"^(?:given )?'([^']+)' answers:$")]
fn a_service(case: &mut Case, step: &Step, uri: String) -> Result<(), String> {
    let answers = match document(step)? {
        Value::Array(answers) => answers,
        answer => vec![answer],
    };
    case.answers.push((uri, answers));
    Ok(())
}
