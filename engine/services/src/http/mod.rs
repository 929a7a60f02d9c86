//! `call: http`: a request out of `with`, an output out of the answer (DSL reference, "HTTP Call").
//!
//! OpenAPI calls end here too, once they know their request. What leaves is checked by `egress`.

mod body;
mod headers;
mod output;

use bytes::Bytes;
use http::{HeaderMap, HeaderValue, Method, header};
use serde_json::Value;
use url::Url;
use yiwang_dsl::{Data, Fault};

pub(crate) use body::{Media, written};
pub(crate) use headers::add as add_header;
pub(crate) use output::Shape;

use crate::auth::{self, Authorization, Credentials};
use crate::call::Call;
use crate::egress::{Redirects, Request};
use crate::fault;
use crate::performer::Inner;

/// A request as the workflow means it.
#[derive(Clone)]
pub(crate) struct Asked {
    /// As written, for outputs.
    pub(crate) method: String,
    pub(crate) url: Url,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
    pub(crate) shape: Shape,
    /// Are redirects followed, and not errors?
    pub(crate) redirect: bool,
}

/// Performs a `call: http`.
pub(crate) async fn perform(inner: &Inner, call: &mut Call) -> Result<Data, Fault> {
    let asked = asked(call)?;
    let authentication = call.get("endpoint").and_then(|endpoint| endpoint.get("authentication"));
    let credentials = Credentials::of(inner, call, authentication)?;
    exchange(inner, call, &credentials, asked).await
}

/// Sends a request and gives the output of the task.
pub(crate) async fn exchange(
    inner: &Inner,
    call: &mut Call,
    credentials: &Credentials,
    asked: Asked,
) -> Result<Data, Fault> {
    let mut headers = asked.headers.clone();
    let method = method(&asked.method)?;
    if !method.is_safe() && !headers.contains_key("idempotency-key") {
        let key = HeaderValue::from_str(&call.effect.to_string());
        headers.insert("idempotency-key", key.map_err(|_| fault::configuration("the effect's id"))?);
    }
    let request = Request {
        method,
        url: asked.url.clone(),
        headers,
        body: asked.body.clone(),
        redirects: match asked.redirect {
            false => Redirects::Keep,
            true if call.mask.finds(&asked.body) => Redirects::FollowWithSecret,
            true => Redirects::Follow,
        },
        time: None,
    };
    let mut sent = request.headers.clone();
    let response = auth::send(inner, call, credentials, request).await?;
    if let Some(scheme) = &call.scheme {
        // What was shown stays hidden; that something was is told.
        sent.insert(header::AUTHORIZATION, Authorization::hidden(scheme).value()?);
    }
    output::read(call, &asked, &sent, response).await
}

fn asked(call: &Call) -> Result<Asked, Fault> {
    let endpoint = call.get("endpoint").and_then(|endpoint| endpoint.get("uri"));
    let uri = endpoint.as_ref().and_then(Data::as_str);
    let uri = uri.ok_or_else(|| fault::configuration("`endpoint.uri` must be a text"))?;
    let mut url = address(uri)?;
    add_query(&mut url, call.get("query"))?;
    let mut headers = headers::of(call.get("headers"))?;
    let body = body::of(call.get("body"), &mut headers)?;
    let redirect = call.get("redirect").is_some_and(|value| value.is_true());
    let shape = Shape::of(call.get("output"))?;
    Ok(Asked { method: call.text("method")?, url, headers, body, shape, redirect })
}

/// An absolute address of HTTP.
pub(crate) fn address(uri: &str) -> Result<Url, Fault> {
    let url = Url::parse(uri.trim())
        .map_err(|error| fault::configuration(format!("`{}` is no address: {error}", without_query(uri))))?;
    if !matches!(url.scheme(), "http" | "https") {
        return Err(fault::configuration(format!("`{}` is no scheme of HTTP addresses", url.scheme())));
    }
    Ok(url)
}

/// An address for people: its query may hold a secret.
pub(crate) fn without_query(uri: &str) -> &str {
    uri.split(['?', '#']).next().unwrap_or(uri)
}

fn method(text: &str) -> Result<Method, Fault> {
    let wrong = || fault::configuration(format!("`{text}` is no HTTP method"));
    match Method::from_bytes(text.to_ascii_uppercase().as_bytes()) {
        Ok(Method::CONNECT) | Err(_) => Err(wrong()),
        Ok(method) => Ok(method),
    }
}

/// Adds `query` to what the address has: null is left out, an array is one parameter for each item.
fn add_query(url: &mut Url, query: Option<Data>) -> Result<(), Fault> {
    let Some(query) = query else { return Ok(()) };
    let Value::Object(members) = query.to_json() else {
        return Err(fault::configuration("`query` must be an object"));
    };
    let mut pairs = Vec::new();
    for (name, value) in members {
        match value {
            Value::Array(items) => {
                for item in &items {
                    pairs.extend(text(&name, item)?.map(|text| (name.clone(), text)));
                }
            }
            other => pairs.extend(text(&name, &other)?.map(|text| (name.clone(), text))),
        }
    }
    if !pairs.is_empty() {
        url.query_pairs_mut().extend_pairs(pairs);
    }
    Ok(())
}

/// A simple value as text; none for null.
pub(crate) fn text(name: &str, value: &Value) -> Result<Option<String>, Fault> {
    match value {
        Value::Null => Ok(None),
        Value::Bool(value) => Ok(Some(value.to_string())),
        Value::Number(value) => Ok(Some(value.to_string())),
        Value::String(value) => Ok(Some(value.clone())),
        Value::Array(_) | Value::Object(_) => {
            Err(fault::configuration(format!("`{name}` must be a text, a number or a boolean")))
        }
    }
}
