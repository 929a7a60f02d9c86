//! Headers between data and HTTP.

use http::{HeaderMap, HeaderName, HeaderValue, header};
use serde_json::{Map, Value};
use yiwang_dsl::{Data, Fault};

use super::text;
use crate::fault;
use crate::mask::Mask;

/// The headers that a workflow gives. None of their values is ever shown in a log.
pub(super) fn of(given: Option<Data>) -> Result<HeaderMap, Fault> {
    let mut headers = HeaderMap::new();
    let Some(given) = given else { return Ok(headers) };
    let Value::Object(members) = given.to_json() else {
        return Err(fault::configuration("`headers` must be an object"));
    };
    for (name, value) in members {
        if let Some(value) = text(&name, &value)? {
            add(&mut headers, &name, &value)?;
        }
    }
    Ok(headers)
}

/// Adds one header.
pub(crate) fn add(headers: &mut HeaderMap, name: &str, value: &str) -> Result<(), Fault> {
    let known = HeaderName::from_bytes(name.as_bytes());
    let known = known.map_err(|_| fault::configuration(format!("`{}` is no header", name.escape_debug())))?;
    let value = HeaderValue::from_str(value).or_else(|_| HeaderValue::from_bytes(value.as_bytes()));
    let mut value =
        value.map_err(|_| fault::configuration(format!("the header `{known}` holds a line break")))?;
    value.set_sensitive(true);
    headers.append(known, value);
    Ok(())
}

/// Headers as an object, named as the specification's examples name them: `Content-Type`. Several of one
/// name are joined by commas.
pub(super) fn told(headers: &HeaderMap) -> Map<String, Value> {
    let mut told = Map::new();
    for name in headers.keys() {
        let values = headers.get_all(name).iter().map(|value| String::from_utf8_lossy(value.as_bytes()));
        let value = values.collect::<Vec<_>>().join(", ");
        told.insert(written(name.as_str()), Value::String(value));
    }
    told
}

/// The same for a request: who asks is hidden.
pub(super) fn told_of_request(headers: &HeaderMap, mask: &Mask) -> Map<String, Value> {
    let mut told = told(headers);
    for (name, value) in &mut told {
        let Value::String(text) = value else { continue };
        *text = if [header::COOKIE, header::PROXY_AUTHORIZATION].iter().any(|it| it == name.as_str()) {
            "***".to_owned()
        } else if *name == "Authorization" {
            let scheme = text.split_once(' ').map(|(scheme, _)| format!("{scheme} "));
            format!("{}***", scheme.unwrap_or_default())
        } else {
            mask.masked(text)
        };
    }
    told
}

fn written(name: &str) -> String {
    let mut upper = true;
    let letter = |letter: char| {
        let written = if upper { letter.to_ascii_uppercase() } else { letter };
        upper = letter == '-';
        written
    };
    name.chars().map(letter).collect()
}
