//! The environment of a child: nothing of the server's but what is named, and what the workflow sets.
//!
//! The server's own environment may hold secrets; a child never gets it as a whole.

use serde_json::Value;
use yiwang_dsl::Fault;

use crate::fault::configuration as mistake;

/// Always handed on: where programs are, and which language they speak.
const HANDED_ON: [&str; 4] = ["PATH", "HOME", "LANG", "TZ"];

/// The variables of the server that a child gets: the usual ones, and those that the operator names.
pub(crate) fn inherited(named: &[String]) -> Vec<(String, String)> {
    let names = HANDED_ON.iter().copied().chain(named.iter().map(String::as_str));
    names.filter_map(|name| Some((name.to_owned(), std::env::var(name).ok()?))).collect()
}

/// `environment` of `with`: texts as they are, null leaves the variable out, anything else as JSON.
pub(crate) fn given(with: &Value) -> Result<Vec<(String, String)>, Fault> {
    let members = match &with["environment"] {
        Value::Null => return Ok(Vec::new()),
        Value::Object(members) => members,
        _ => return Err(mistake("`environment` must be an object")),
    };
    let mut variables = Vec::with_capacity(members.len());
    for (name, value) in members {
        if name.is_empty() || name.contains(['=', '\0', '\n']) {
            return Err(mistake(format!("`{name}` cannot name an environment variable")));
        }
        let text = match value {
            Value::Null => continue,
            Value::String(text) => text.clone(),
            other => other.to_string(),
        };
        if text.contains('\0') {
            return Err(mistake(format!("the environment variable `{name}` holds a zero byte")));
        }
        variables.push((name.clone(), text));
    }
    Ok(variables)
}
