//! From `with` of the language to what an interpreter is asked, and back. It knows no interpreter.

use serde_json::{Map, Value, json};
use yiwang_core::Timestamp;
use yiwang_dsl::Data;

use super::bindings::exports::yiwang::script::interpreter::{Invocation, Outcome};
use crate::limits;

/// What is asked.
pub(super) fn invocation(with: &Data, seed: u64, now: Timestamp) -> Result<Invocation, String> {
    let Value::Object(mut with) = with.to_json() else { return Err("a script needs an object".to_owned()) };
    let code = match with.remove("code") {
        Some(Value::String(code)) => code,
        Some(Value::Null) | None => return Err("`code` is missing".to_owned()),
        Some(_) => return Err("`code` is not a text".to_owned()),
    };
    let (arguments, variables) = arguments(with.remove("arguments"))?;
    let environment = members("environment", with.remove("environment"))?;
    let invocation = Invocation {
        code,
        arguments,
        variables,
        environment: environment.into_iter().map(|(name, value)| (name, text(value))).collect(),
        stdin: with.remove("stdin").map(text).unwrap_or_default(),
        now_ms: u64::try_from(now.0).unwrap_or(0),
        seed,
        output_bytes_max: limits::SCRIPT_OUTPUT_BYTES_MAX,
    };
    let bytes = size(&invocation);
    if bytes > limits::SCRIPT_INPUT_BYTES_MAX {
        let mib = limits::SCRIPT_INPUT_BYTES_MAX >> 20;
        return Err(format!("the script and all it is handed have {bytes} bytes, more than {mib} MiB"));
    }
    Ok(invocation)
}

type Variables = Vec<(String, String)>;

/// A list is the argument vector; of an object each member is a variable of the script.
fn arguments(value: Option<Value>) -> Result<(Vec<String>, Variables), String> {
    match value {
        None | Some(Value::Null) => Ok((Vec::new(), Vec::new())),
        Some(Value::Array(items)) => Ok((items.into_iter().map(text).collect(), Vec::new())),
        Some(Value::Object(map)) => {
            if let Some(name) = map.keys().find(|name| !is_name(name)) {
                return Err(format!("`arguments`: `{name}` cannot be the name of a variable"));
            }
            Ok((Vec::new(), map.into_iter().map(|(name, value)| (name, value.to_string())).collect()))
        }
        Some(Value::Bool(_) | Value::Number(_) | Value::String(_)) => {
            Err("`arguments` is neither a list nor an object".to_owned())
        }
    }
}

fn members(what: &str, value: Option<Value>) -> Result<Map<String, Value>, String> {
    match value {
        None | Some(Value::Null) => Ok(Map::new()),
        Some(Value::Object(map)) => Ok(map),
        Some(Value::Bool(_) | Value::Number(_) | Value::String(_) | Value::Array(_)) => {
            Err(format!("`{what}` is not an object"))
        }
    }
}

/// A text as it is, nothing as nothing, all else as JSON.
fn text(value: Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::String(text) => text,
        value @ (Value::Bool(_) | Value::Number(_) | Value::Array(_) | Value::Object(_)) => value.to_string(),
    }
}

/// What both languages take for a name.
fn is_name(name: &str) -> bool {
    let mut chars = name.chars();
    chars.next().is_some_and(|first| first.is_alphabetic() || first == '_')
        && chars.all(|c| c.is_alphanumeric() || c == '_')
}

fn size(invocation: &Invocation) -> usize {
    let pairs = invocation.variables.iter().chain(&invocation.environment);
    let pairs: usize = pairs.map(|(name, value)| name.len() + value.len()).sum();
    let arguments: usize = invocation.arguments.iter().map(String::len).sum();
    invocation.code.len() + invocation.stdin.len() + arguments + pairs
}

/// What the effect gives. The value of a script is its output: as a value, not as a text.
pub(super) fn output(outcome: Outcome) -> Result<Data, String> {
    let stdout = match outcome.returned {
        None => Value::String(outcome.stdout),
        Some(json) => {
            serde_json::from_str(&json).map_err(|error| format!("the value of the script: {error}"))?
        }
    };
    Ok(json!({ "code": outcome.code, "stdout": stdout, "stderr": outcome.stderr }).into())
}
