//! The request of an operation out of the parameters of a call. What is missing or unknown is told at once.

use base64::Engine as _;
use bytes::Bytes;
use http::{HeaderMap, HeaderValue, header};
use serde_json::{Map, Value, json};
use yiwang_dsl::diagnostic::nearest;
use yiwang_dsl::{Data, Fault};

use super::operation::{Body, Operation, Parameter, Place};
use super::style::{self, Encoding, plain};
use crate::fault;
use crate::http::{Asked, Media, Shape, add_header, written};

/// The request.
pub(super) fn of(operation: &Operation, given: &Map<String, Value>) -> Result<Asked, Fault> {
    check(operation, given)?;
    let mut path = operation.path.clone();
    let mut query: Vec<(String, String)> = Vec::new();
    let mut cookies: Vec<String> = Vec::new();
    let mut headers = HeaderMap::new();
    for parameter in &operation.parameters {
        let Some(value) = given.get(&parameter.name).filter(|value| !value.is_null()) else { continue };
        let Parameter { name, place, style, explode, reserved, .. } = parameter;
        match place {
            Place::Path => {
                let text = style::one(name, value, *style, *explode, Encoding::Strict);
                path = path.replace(&format!("{{{name}}}"), &text);
            }
            Place::Query => {
                let encoding = if *reserved { Encoding::Reserved } else { Encoding::Strict };
                query.extend(style::query(name, value, *style, *explode, encoding));
            }
            Place::Header => {
                let text = style::one(name, value, *style, *explode, Encoding::Nothing);
                add_header(&mut headers, name, &text)?;
            }
            Place::Cookie => {
                let pairs = style::query(name, value, *style, *explode, Encoding::Strict);
                cookies.extend(pairs.into_iter().map(|(name, value)| format!("{name}={value}")));
            }
        }
    }
    if !cookies.is_empty() {
        add_header(&mut headers, header::COOKIE.as_str(), &cookies.join("; "))?;
    }
    if let Some(accepted) = accepted(&operation.answers) {
        headers.insert(header::ACCEPT, accepted);
    }
    let body = match &operation.body {
        Some(body) => content(operation, body, given, &mut headers)?,
        None => Bytes::new(),
    };
    let mut url = operation.server.clone();
    // A segment made of a value must not lead elsewhere.
    let whole = format!("{}/{}", url.path().trim_end_matches('/'), path.trim_start_matches('/'));
    if whole.split('/').any(|segment| matches!(segment, "." | "..")) {
        return Err(fault::validation("a parameter of the path would be `.` or `..`"));
    }
    url.set_path(&whole);
    let mut pairs: Vec<String> = url.query().map(str::to_owned).into_iter().collect();
    pairs.extend(query.iter().map(|(name, value)| format!("{name}={value}")));
    url.set_query(Some(pairs.join("&")).filter(|query| !query.is_empty()).as_deref());
    let method = operation.method.clone();
    Ok(Asked { method, url, headers, body, shape: Shape::Content, redirect: false })
}

/// All that is missing, and all that the operation does not know.
fn check(operation: &Operation, given: &Map<String, Value>) -> Result<(), Fault> {
    let there = |name: &str| given.get(name).is_some_and(|value| !value.is_null());
    let mut wrong = Vec::new();
    let body = operation.body.as_ref();
    // A parameter of the path is required whether the document says so or not.
    let needed = operation.parameters.iter().filter(|it| it.required || it.place == Place::Path);
    for parameter in needed.filter(|parameter| !there(&parameter.name)) {
        wrong.push(format!("`{}` is missing", parameter.name));
    }
    let whole = body.filter(|body| whole_of(body, given).is_some());
    if let (Some(body), None) = (body, whole) {
        let rest = given.keys().filter(|name| !operation.parameters.iter().any(|it| it.name == **name));
        let any = rest.count() > 0;
        let members = body.members.iter().flatten();
        for member in members.filter(|member| member.required && !there(&member.name)) {
            if body.required || any || body.name.is_empty() {
                wrong.push(format!("`{}` is missing", member.name));
            }
        }
        if body.required && !any && wrong.is_empty() {
            let some = body.members.as_ref().is_some_and(|members| !members.is_empty());
            let more = if some { ", or its members" } else { "" };
            wrong.push(format!("the body is missing: `{}`{more}", body.name));
        }
    }
    let mut known: Vec<&str> = operation.parameters.iter().map(|it| it.name.as_str()).collect();
    if let Some(body) = body {
        known.extend((!body.name.is_empty()).then_some(body.name.as_str()));
        known.extend(body.members.iter().flatten().map(|member| member.name.as_str()));
    }
    let open = whole.is_none() && body.is_some_and(|body| body.members.is_none());
    for name in given.keys().filter(|name| !open && !known.contains(&name.as_str())) {
        let near = nearest(name, &known).map(|near| format!("; did you mean `{near}`?")).unwrap_or_default();
        wrong.push(format!("`{name}` is no parameter of it{near}"));
    }
    if wrong.is_empty() {
        return Ok(());
    }
    Err(fault::validation(format!("the operation `{}` cannot be called: {}", operation.id, wrong.join(", "))))
}

/// The body given as one, unless a member of it has the same name.
fn whole_of<'g>(body: &Body, given: &'g Map<String, Value>) -> Option<&'g Value> {
    let member = body.members.iter().flatten().any(|member| member.name == body.name);
    given.get(&body.name).filter(|value| !member && !value.is_null() && !body.name.is_empty())
}

fn content(
    operation: &Operation,
    body: &Body,
    given: &Map<String, Value>,
    headers: &mut HeaderMap,
) -> Result<Bytes, Fault> {
    let value = match whole_of(body, given) {
        Some(whole) => whole.clone(),
        None => {
            let parameter = |name: &str| operation.parameters.iter().any(|it| it.name == name);
            let rest = given.iter().filter(|(name, value)| !parameter(name) && !value.is_null());
            let rest: Map<String, Value> =
                rest.map(|(name, value)| (name.clone(), member(body, name, value))).collect();
            if rest.is_empty() && !body.required {
                return Ok(Bytes::new());
            }
            Value::Object(rest)
        }
    };
    // A text that is to be JSON is a JSON text, not a document: here the operation says what it takes.
    let (bytes, media) = match (&value, Media::of(&body.media)) {
        (Value::String(_), Media::Json) => (Bytes::from(value.to_string()), body.media.clone()),
        _ => written(&Data::from(value), &body.media)?,
    };
    let value = HeaderValue::from_str(&media);
    headers
        .insert(header::CONTENT_TYPE, value.map_err(|_| fault::configuration("the document's media type"))?);
    Ok(bytes)
}

/// A member of a form as its operation wants it: a list joined, a text as a file.
fn member(body: &Body, name: &str, value: &Value) -> Value {
    let Some(member) = body.members.iter().flatten().find(|member| member.name == name) else {
        return value.clone();
    };
    match value {
        Value::Array(items) if member.joined.is_some() => {
            let separator = member.joined.map(String::from).unwrap_or_default();
            Value::String(items.iter().map(plain).collect::<Vec<_>>().join(&separator))
        }
        Value::String(text) if member.file && Media::of(&body.media) == Media::Multipart => {
            json!({ "filename": name, "base64": base64::prelude::BASE64_STANDARD.encode(text) })
        }
        other => other.clone(),
    }
}

/// JSON if it is among the answers, else all of them.
fn accepted(answers: &[String]) -> Option<HeaderValue> {
    let json = answers.iter().find(|media| Media::of(media) == Media::Json);
    let text = json.cloned().unwrap_or_else(|| answers.join(", "));
    (!text.is_empty()).then(|| HeaderValue::from_str(&text).ok()).flatten()
}
