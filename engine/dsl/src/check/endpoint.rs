//! Endpoints, URI templates and resources elsewhere.
//!
//! An endpoint always becomes `{ uri, authentication? }`, however it is written.

use super::Checker;
use super::fields::Place;
use super::members::Members;
use super::template::{Position, object_template};
use crate::Data;
use crate::diagnostic::Code;
use crate::expression::{Template, Written, read};
use crate::resource;
use crate::text;

/// Signs at the start of a `{…}` that RFC 6570 gives a meaning beyond simple expansion.
const OPERATORS: [char; 13] = ['+', '#', '.', '/', ';', '?', '&', '=', ',', '!', '@', '|', '$'];

/// Is a URI without a scheme worth a remark?
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Base {
    /// There is nothing that it could be relative to.
    Absent,
    /// Whoever reads it may know.
    Unknown,
}

impl<'n> Checker<'n> {
    /// `{ name, endpoint }`.
    pub(super) fn resource(&mut self, place: &Place<'n>) -> Option<Template> {
        if place.node.as_str().is_some() {
            self.wrong_type(place, "a mapping").help("a resource is `{ endpoint: … }`");
            return None;
        }
        let mut fields = self.fields(place)?;
        let name = fields.get("name");
        let endpoint = fields.need(self, "endpoint");
        fields.finish(self);
        let mut members = Members::default();
        members.read("name", name, |name| self.outgoing_text(name));
        members.add("endpoint", endpoint.and_then(|endpoint| self.endpoint(&endpoint, Base::Unknown)));
        members.finish()
    }

    /// A URI, an expression that gives one, or `{ uri, authentication }`.
    pub(super) fn endpoint(&mut self, place: &Place<'n>, base: Base) -> Option<Template> {
        if place.node.as_str().is_some() {
            let uri = self.uri(place, base)?;
            return Some(object_template(vec![("uri".to_owned(), uri)]));
        }
        if !matches!(place.node.value, crate::yaml::Value::Map(_)) {
            self.wrong_type(place, "a URI or a mapping");
            return None;
        }
        let mut fields = self.fields(place)?;
        let uri = fields.need(self, "uri");
        let authentication = fields.get("authentication");
        fields.finish(self);
        let mut members = Members::default();
        members.add("uri", uri.and_then(|uri| self.uri(&uri, base)));
        members.read("authentication", authentication, |place| self.authentication(place, Position::Outside));
        members.finish()
    }

    /// A URI: a template or an expression.
    pub(super) fn uri(&mut self, place: &Place<'n>, base: Base) -> Option<Template> {
        let text = self.text(place)?;
        if !matches!(read(text), Ok(Written::Literal)) {
            return self.template(place, Position::Outside);
        }
        if self.loose
            && let found @ (Template::Loose(..) | Template::Deferred(_)) =
                self.loosely(place, text, Position::Outside)
        {
            return Some(found);
        }
        let parts = match parts(text) {
            Ok(parts) => parts,
            Err((range, message, help)) => {
                let span = place.node.text_span(self.source, range);
                self.report_at(Code::Uri, span, &place.pointer, message).help(help);
                return None;
            }
        };
        let (head, rest) = parts.split_first()?;
        let head = match self.base_uri() {
            Some(base) if !head.is_empty() || rest.is_empty() => resource::resolve(base, head),
            Some(_) | None => head.clone(),
        };
        let begins_with_member = head.is_empty() && !rest.is_empty();
        if base == Base::Absent && !begins_with_member && !has_scheme(&head) {
            self.report(
                Code::RelativeUri,
                place,
                "this URI has no scheme, and there is nothing to complete it",
            )
            .help(text!("for example `https://{}`", text.trim_start_matches('/')));
        }
        if rest.is_empty() {
            return Some(Template::Literal(Data::string(head)));
        }
        let parts = [head].into_iter().chain(rest.iter().cloned());
        Some(Template::Uri(parts.collect()))
    }

    /// An endpoint that is read when the workflow is checked: nothing in it may depend on data.
    pub(super) fn fixed_endpoint(
        &mut self,
        place: &Place<'n>,
    ) -> Option<(String, Option<serde_json::Value>)> {
        let (uri, authentication) = match place.node.as_str() {
            Some(_) => (place.clone(), None),
            None => {
                let mut fields = self.fields(place)?;
                let uri = fields.need(self, "uri");
                let authentication = fields.get("authentication");
                fields.finish(self);
                (uri?, authentication)
            }
        };
        let text = self.text(&uri)?;
        if !matches!(read(text), Ok(Written::Literal)) || text.contains(['{', '}']) {
            self.too_early(&uri);
            return None;
        }
        let Some(Template::Literal(fixed)) = self.uri(&uri, Base::Unknown) else { return None };
        let authentication = match authentication {
            None => None,
            Some(place) => match self.authentication(&place, Position::Deployment)? {
                Template::Literal(fixed) => Some(fixed.to_json()),
                Template::Expression(_)
                | Template::Object(_)
                | Template::Array(_)
                | Template::Uri(_)
                | Template::Loose(..)
                | Template::Deferred(_) => {
                    self.too_early(&place);
                    return None;
                }
            },
        };
        Some((fixed.as_str()?.to_owned(), authentication))
    }

    fn too_early(&mut self, place: &Place<'n>) {
        let message = "this is read when the workflow is deployed, before there is any data for expressions";
        self.report(Code::BadValue, place, message).help("write it out; credentials come from `use: secret`");
    }
}

/// Does a text begin with a URI's scheme?
fn has_scheme(text: &str) -> bool {
    text.split_once(':').is_some_and(|(scheme, _)| {
        scheme.starts_with(|first: char| first.is_ascii_alphabetic())
            && scheme.chars().all(|other| other.is_ascii_alphanumeric() || "+-.".contains(other))
    })
}

/// Where the mistake is, what it is and what to do.
type Mistake = (std::ops::Range<usize>, crate::diagnostic::Text, &'static str);

/// The parts of a URI template: text, name, text, … A text alone has no names.
fn parts(text: &str) -> Result<Vec<String>, Mistake> {
    if text.trim().is_empty() {
        return Err((0..text.len(), "a URI is missing here".into(), "for example `https://example.org/a`"));
    }
    if let Some(at) = text.find(char::is_whitespace) {
        let message = "a URI has no spaces".into();
        return Err((at..at + 1, message, "a space is written `%20`"));
    }
    let mut parts = Vec::new();
    let mut at = 0;
    while let Some(open) = text[at..].find(['{', '}']).map(|found| at + found) {
        let end = text[open..].find('}').map(|found| open + found);
        let (Some(close), true) = (end, text[open..].starts_with('{')) else {
            let message = "a `{` or `}` stands alone here".into();
            return Err((open..open + 1, message, "a member of the input is inserted by `{name}`"));
        };
        let name = &text[open + 1..close];
        let simple = !name.is_empty() && !name.starts_with(OPERATORS) && !name.contains(['{', ',', '*', ':']);
        if !simple {
            let message = text!("`{}` is no simple member of the input", &text[open..=close]);
            let help = "only `{name}` is expanded; an expression can do more: `${ \"…\\(.a.b)…\" }`";
            return Err((open..close + 1, message, help));
        }
        parts.push(text[at..open].to_owned());
        parts.push(name.to_owned());
        at = close + 1;
    }
    parts.push(text[at..].to_owned());
    Ok(parts)
}
