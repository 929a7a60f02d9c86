//! The table of routes, and how one is found.
//!
//! ```text
//! path ─split at '/'─► literal and {param} segments ─► verbs (`{id}:cancel`) ─► method ─► policy ─► handler
//! ```
//! Segments are compared as they came, before any decoding: `%2e`, `//`, `;x` and another case are other
//! addresses, and there is nothing at them. Only the value of a parameter is decoded, and only after its
//! route was found.

use std::collections::BTreeMap;
use std::future::Future;
use std::sync::Arc;

use futures::future::BoxFuture;
use http::Method;

use crate::call::{Answer, Call};
use crate::policy::Policy;

/// One address and method.
pub(crate) struct Route {
    pub(crate) method: Method,
    pub(crate) pattern: &'static str,
    pub(crate) policy: Policy,
    pub(crate) handler: Handler,
}

pub(crate) type Handler = Arc<dyn Fn(Call) -> BoxFuture<'static, Answer> + Send + Sync>;

/// All routes. There is one way to add to it, and that wants a [`Policy`].
#[derive(Default)]
pub(crate) struct Routes(Vec<Route>);

/// What a path and a method lead to.
pub(crate) enum Found<'a> {
    Route(&'a Route, BTreeMap<&'static str, String>),
    /// The address is there, but answers to other methods.
    OtherMethods(String),
    Nothing,
}

impl Routes {
    /// Adds a route. Patterns have literal segments, `{name}`, `{name}:verb`, and at the end `{*rest}`.
    pub(crate) fn add<F, R>(&mut self, policy: Policy, method: Method, pattern: &'static str, handler: F)
    where
        F: Fn(Call) -> R + Send + Sync + 'static,
        R: Future<Output = Answer> + Send + 'static,
    {
        let handler: Handler = Arc::new(move |call| Box::pin(handler(call)));
        self.0.push(Route { method, pattern, policy, handler });
    }

    /// All of them, in the order of the table.
    pub(crate) fn iter(&self) -> impl Iterator<Item = &Route> {
        self.0.iter()
    }

    /// Finds the route of a raw path. `HEAD` goes where `GET` goes.
    pub(crate) fn find(&self, method: &Method, path: &str) -> Found<'_> {
        let wanted = if method == Method::HEAD { &Method::GET } else { method };
        let mut others: Vec<&str> = Vec::new();
        for route in &self.0 {
            let Some(params) = params(route.pattern, path) else { continue };
            if route.method == *wanted {
                return Found::Route(route, params);
            }
            others.push(route.method.as_str());
        }
        if others.is_empty() { Found::Nothing } else { Found::OtherMethods(others.join(", ")) }
    }
}

/// The parameters, if the path fits the pattern.
fn params(pattern: &'static str, path: &str) -> Option<BTreeMap<&'static str, String>> {
    let mut params = BTreeMap::new();
    let mut rest = path.strip_prefix('/')?;
    let mut segments = pattern.strip_prefix('/')?.split('/').peekable();
    while let Some(wanted) = segments.next() {
        if let Some(name) = wanted.strip_prefix("{*").and_then(|w| w.strip_suffix('}')) {
            params.insert(name, rest.to_owned());
            return Some(params);
        }
        let (got, after) = rest.split_once('/').map_or((rest, None), |(got, after)| (got, Some(after)));
        if let Some((name, verb)) = parameter(wanted) {
            let value = match verb {
                Some(verb) => got.strip_suffix(verb)?.strip_suffix(':')?,
                // A verb that no route has is not part of an id.
                None if got.contains(':') => return None,
                None => got,
            };
            params.insert(name, decoded(value)?);
        } else if wanted != got {
            return None;
        }
        match (after, segments.peek()) {
            (Some(after), Some(_)) => rest = after,
            (None, None) => return Some(params),
            (Some(_), None) | (None, Some(_)) => return None,
        }
    }
    None
}

/// Name and verb of a `{name}` or `{name}:verb` segment.
fn parameter(segment: &'static str) -> Option<(&'static str, Option<&'static str>)> {
    let (name, verb) = segment.strip_prefix('{')?.split_once('}')?;
    Some((name, verb.strip_prefix(':')))
}

/// A percent-decoded value; none for what no id of ours can be: empty, broken, with a slash or a control.
fn decoded(value: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(value.len());
    let mut rest = value.bytes();
    while let Some(byte) = rest.next() {
        if byte == b'%' {
            let digit = |byte: Option<u8>| char::from(byte?).to_digit(16);
            let (high, low) = (digit(rest.next())?, digit(rest.next())?);
            bytes.push(u8::try_from(high * 16 + low).ok()?);
        } else {
            bytes.push(byte);
        }
    }
    let text = String::from_utf8(bytes).ok()?;
    let ok =
        !text.is_empty() && text != "." && text != ".." && !text.chars().any(|c| c == '/' || c.is_control());
    ok.then_some(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_matched_before_they_are_decoded() {
        for (pattern, path, expected) in [
            ("/healthz", "/healthz", Some(vec![])),
            ("/healthz", "/healthz/", None),
            ("/healthz", "//healthz", None),
            ("/healthz", "/Healthz", None),
            ("/healthz", "/health%7a", None),
            ("/a/{id}", "/a/x", Some(vec![("id", "x")])),
            ("/a/{id}", "/a/%E6%8A%95", Some(vec![("id", "投")])),
            ("/a/{id}", "/a/", None),
            ("/a/{id}", "/a/x%2fy", None),
            ("/a/{id}", "/a/%2e%2e", None),
            ("/a/{id}", "/a/..", None),
            ("/a/{id}", "/a/%zz", None),
            ("/a/{id}", "/a/%ff", None),
            ("/a/{id}", "/a/x:cancel", None),
            ("/a/{id}:cancel", "/a/x:cancel", Some(vec![("id", "x")])),
            ("/a/{id}:cancel", "/a/x:Cancel", None),
            ("/a/{id}:cancel", "/a/:cancel", None),
            ("/a/{id}:cancel", "/a/x:cancel;y", None),
            ("/c/{id}/{*path}", "/c/w/a/../b", Some(vec![("id", "w"), ("path", "a/../b")])),
            ("/c/{id}/{*path}", "/c/w", None),
            ("/c/{id}/{*path}", "/c/w/", Some(vec![("id", "w"), ("path", "")])),
        ] {
            let got = params(pattern, path);
            let expected = expected.map(|pairs: Vec<(&str, &str)>| {
                pairs.into_iter().map(|(name, value)| (name, value.to_owned())).collect::<BTreeMap<_, _>>()
            });
            assert_eq!(got, expected, "{pattern} {path}");
        }
    }
}
