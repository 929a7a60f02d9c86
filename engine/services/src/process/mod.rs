//! Processes of the operating system: `run: shell`, `run: container`, MCP servers over standard streams.
//!
//! All of them are off until an operator allows them. A child has a process group of its own, a clean
//! environment, and limits of time and output; it never outlives its call. What a workflow may write in `run`
//! is checked elsewhere; here what came out of its expressions is read once more.

pub(crate) mod child;
pub(crate) mod container;
pub(crate) mod environment;
mod policy;
pub(crate) mod shell;

pub use policy::{Containers, Processes, Shell, Stdio};

use serde_json::Value;
use yiwang_dsl::{Data, Fault};

use crate::fault::configuration as mistake;
use child::Ended;

/// What every process gives: its exit code and both outputs. A code other than 0 is no error: `return: code`
/// would have no use, and programs like `grep` answer with it.
pub(crate) fn output(ended: Ended) -> Data {
    let text = |bytes: Vec<u8>| Data::string(String::from_utf8_lossy(&bytes).into_owned());
    Data::object([
        ("code".to_owned(), Data::from(Value::from(ended.code))),
        ("stdout".to_owned(), text(ended.stdout)),
        ("stderr".to_owned(), text(ended.stderr)),
    ])
}

/// A text that `with` must have.
pub(crate) fn required<'w>(with: &'w Value, name: &str) -> Result<&'w str, Fault> {
    match &with[name] {
        Value::String(text) if !text.trim().is_empty() => Ok(text),
        Value::Null => Err(mistake(format!("`{name}` is missing"))),
        _ => Err(mistake(format!("`{name}` must be a text that is not empty"))),
    }
}

/// `arguments`: texts; numbers and truth values are written as such.
pub(crate) fn arguments(with: &Value) -> Result<Vec<String>, Fault> {
    let given = match &with["arguments"] {
        Value::Null => return Ok(Vec::new()),
        Value::Array(items) => items,
        _ => return Err(mistake("`arguments` must be an array")),
    };
    let arguments = given.iter().map(|item| match item {
        Value::Array(_) | Value::Object(_) | Value::Null => Err(mistake("an argument must be a text")),
        Value::String(text) => Ok(text.clone()),
        Value::Bool(_) | Value::Number(_) => Ok(item.to_string()),
    });
    let arguments: Vec<String> = arguments.collect::<Result<_, _>>()?;
    match arguments.iter().find(|argument| argument.contains('\0')) {
        Some(_) => Err(mistake("an argument holds a zero byte")),
        None => Ok(arguments),
    }
}

/// `stdin`: a text as it is, anything else as JSON.
pub(crate) fn stdin(with: &Value) -> Vec<u8> {
    match &with["stdin"] {
        Value::Null => Vec::new(),
        Value::String(text) => text.clone().into_bytes(),
        other => other.to_string().into_bytes(),
    }
}
